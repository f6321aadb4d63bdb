"""What a model of images can do, whatever is inside: encode, decode, sample, interpolate."""

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from cvae import gaussian
from cvae.elbo import ElboModel
from cvae.utils.checks import check_z, in_batches


class GenerativeModel(ElboModel):
    """NumPy in, NumPy out, in batches. `VAE` says what a batch goes through.

    A subclass has, beside what `ElboModel` asks for, the attributes latent_dim and prior and the method
    `decode_batch(z, inputs)`; or, with another z, `encode`, `codes`, `decode` and `sample` of its own.
    inputs are images, or a dict of images and labels.
    """

    def encode(
        self, images: ArrayLike, labels: ArrayLike | None = None, batch_size: int = 512
    ) -> tuple[np.ndarray, np.ndarray]:
        """Images (n, height, width, channels) -> z_mean, z_log_var, each (n, latent_dim) float32."""
        inputs = self.check_arrays(self.with_labels(images, labels))
        return in_batches(self.encode_batch, inputs, batch_size)

    def codes(self, images: ArrayLike, labels: ArrayLike | None = None, batch_size: int = 512) -> Any:
        """The z that stands for each image, as `decode` takes it: z_mean."""
        return self.encode(images, labels, batch_size)[0]

    def decode(self, z: ArrayLike, labels: ArrayLike | None = None, batch_size: int = 512) -> np.ndarray:
        """z (n, latent_dim) -> the expected images (n, height, width, channels), in [0, 1]."""
        inputs = self.with_labels(check_z(z, self.latent_dim), labels)  # z in the images' place

        def decode_batch(batch):
            return self.expected_images(self.decode_batch(self.images_of(batch), batch))

        return in_batches(decode_batch, inputs, batch_size)

    def expected_images(self, parameters):
        return ops.clip(self.likelihood.mean(parameters), 0.0, 1.0)

    def reconstruct(
        self, images: ArrayLike, labels: ArrayLike | None = None, batch_size: int = 512
    ) -> np.ndarray:
        """Images -> what the decoder makes of the mean of q: same shape, float32 in [0, 1]."""
        return self.decode(self.codes(images, labels, batch_size), labels, batch_size)

    def sample(self, n: int, labels: ArrayLike | None = None, seed: int | None = None) -> np.ndarray:
        """n images decoded from the prior: (n, height, width, channels), in [0, 1]."""
        z = self.prior.sample(n, self.latent_dim, seed)
        return self.decode(z, labels if labels is None or np.ndim(labels) else np.full(n, labels))

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

        def way(z_a, z_b):
            flat = (z.reshape(len(z), -1) for z in (z_a, z_b))
            return gaussian.interpolate(*flat, steps, method).reshape(-1, *z_a.shape[1:])

        z = keras.tree.map_structure(way, self.codes(a, labels), self.codes(b, labels))
        labels = None if labels is None else np.repeat(labels, steps)
        images = self.decode(z, labels).reshape(-1, steps, *self.image_shape)
        return images[0] if single else images
