"""What a model of images can do, whatever is inside: train on checked data, encode, decode, sample."""

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from cvae import gaussian
from cvae.callbacks import StopOnNaN
from cvae.utils.checks import check_stream, check_z, in_batches


class GenerativeModel(keras.Model):
    """NumPy in, NumPy out, in batches. `VAE` says what a batch goes through.

    A subclass has the attributes latent_dim, image_shape and likelihood, and the methods
    `encode_batch(inputs)`, `decode_batch(z, inputs)`, `images_of(inputs)`, `check_arrays(x)` and
    `with_labels(x, labels)`; inputs are images, or a dict of images and labels.
    """

    def fit(
        self, x: Any = None, *args, callbacks: Any = None, validation_data: Any = None, **kwargs
    ) -> keras.callbacks.History:
        """Train as `keras.Model.fit` does, after a look at the data.

        Args:
            x: images (n, height, width, channels), uint8 or float in [0, 1]; or a `tf.data.Dataset`
                or `PyDataset` of such batches. `ConditionalVAE`: {"image": ..., "label": ...}.
            validation_data: the same, held out.

        Raises:
            ValueError, TypeError: data that the model cannot be trained on, before training starts.
            FloatingPointError: the loss became NaN, with epoch, batch and what to try.
        """
        x = self.check_inputs(x)
        if isinstance(validation_data, tuple):  # (x, y) or (x, y, sample_weight), as Keras takes it
            validation_data = (self.check_inputs(validation_data[0]), *validation_data[1:])
        elif validation_data is not None:
            validation_data = self.check_inputs(validation_data)
        callbacks = [*keras.tree.flatten(callbacks or []), StopOnNaN()]
        return super().fit(x, *args, callbacks=callbacks, validation_data=validation_data, **kwargs)

    def check_inputs(self, x):
        """Return x as `fit` takes it, or say what is wrong. Of a stream, look at the first batch."""
        return x if check_stream(x, self.check_arrays) else self.check_arrays(x)

    def encode(
        self, images: ArrayLike, labels: ArrayLike | None = None, batch_size: int = 512
    ) -> tuple[np.ndarray, np.ndarray]:
        """Images (n, height, width, channels) -> z_mean, z_log_var, each (n, latent_dim) float32."""
        inputs = self.check_arrays(self.with_labels(images, labels))
        return in_batches(self.encode_batch, inputs, batch_size)

    def decode(self, z: ArrayLike, labels: ArrayLike | None = None, batch_size: int = 512) -> np.ndarray:
        """z (n, latent_dim) -> the expected images (n, height, width, channels), in [0, 1]."""
        inputs = self.with_labels(check_z(z, self.latent_dim), labels)  # z in the images' place

        def decode_batch(batch):
            parameters = self.decode_batch(self.images_of(batch), batch)
            return ops.clip(self.likelihood.mean(parameters), 0.0, 1.0)

        return in_batches(decode_batch, inputs, batch_size)

    def reconstruct(
        self, images: ArrayLike, labels: ArrayLike | None = None, batch_size: int = 512
    ) -> np.ndarray:
        """Images -> what the decoder makes of z_mean: same shape, float32 in [0, 1]."""
        return self.decode(self.encode(images, labels, batch_size)[0], labels, batch_size)

    def sample(self, n: int, labels: ArrayLike | None = None, seed: int | None = None) -> np.ndarray:
        """n images decoded from the prior: (n, height, width, channels), in [0, 1]."""
        z = gaussian.prior(n, self.latent_dim, seed)
        return self.decode(z, None if labels is None else np.broadcast_to(labels, n))

    def interpolate(
        self,
        a: ArrayLike,
        b: ArrayLike,
        steps: int = 10,
        labels: ArrayLike | None = None,
        method: str = "linear",
    ) -> np.ndarray:
        """Images on the way from a to b.

        Args:
            a, b: an image each (height, width, channels), or n of each.
            steps: images on the way, both ends included, at least 2.
            labels: for a `ConditionalVAE`, the class of each pair.
            method: "linear" or "spherical", see `gaussian.interpolate`.

        Returns:
            (steps, height, width, channels), or (n, steps, ...) for n pairs.
        """
        single = np.ndim(a) == 3
        a, b = (np.asarray(x)[None] if np.ndim(x) == 3 else x for x in (a, b))
        labels = None if labels is None else np.broadcast_to(labels, len(a))
        z = gaussian.interpolate(self.encode(a, labels)[0], self.encode(b, labels)[0], steps, method)
        labels = None if labels is None else np.repeat(labels, steps)
        images = self.decode(z.reshape(-1, self.latent_dim), labels)
        images = images.reshape(*z.shape[:2], *self.image_shape)
        return images[0] if single else images
