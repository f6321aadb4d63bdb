"""What a model of images can do, whatever is inside: encode, decode, sample, interpolate, weigh
samples of z."""

from collections.abc import Callable

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from cvae import gaussian
from cvae.checked import CheckedModel
from cvae.gaussian import log_normal, reparameterize
from cvae.utils.checks import check_z, in_batches
from cvae.utils.images import Tensor


class GenerativeModel(CheckedModel):
    """NumPy in, NumPy out, in batches. `VAE` says what a batch goes through.

    A subclass has the attributes latent_dim, image_shape and likelihood, and the methods
    `encode_batch(inputs)`, `decode_batch(z, inputs)`, `images_of(inputs)`, `check_arrays(x)` and
    `with_labels(x, labels)`; inputs are images, or a dict of images and labels.
    """

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
        z = gaussian.interpolate(self.encode(a, labels)[0], self.encode(b, labels)[0], steps, method)
        labels = None if labels is None else np.repeat(labels, steps)
        images = self.decode(z.reshape(-1, self.latent_dim), labels)
        images = images.reshape(*z.shape[:2], *self.image_shape)
        return images[0] if single else images

    def log_importance_weights(
        self,
        inputs: Tensor | dict[str, Tensor],
        z_mean: Tensor,
        z_log_var: Tensor,
        samples: int,
        noise: keras.random.SeedGenerator,
        log_likelihood: Callable[[Tensor, Tensor], Tensor],
        beta: float | keras.Variable = 1.0,
        training: bool = False,
        images: Tensor | None = None,
    ) -> Tensor:
        """log p(x | z) + log p(z) - log q(z | x) for samples of z from q: (samples, batch), in nats.

        The mean over samples of their exponentials estimates p(x) without bias.

        Args:
            inputs: a batch, as the model takes it.
            z_mean, z_log_var: (batch, latent_dim), what the encoder says of it.
            samples: of z for each image.
            noise: a `keras.random.SeedGenerator`.
            log_likelihood: (images, parameters) -> (n,): a likelihood's `log_prob` or `log_mass`.
            beta: weight of log p(z) - log q(z | x); 1 for the importance weights proper.
            training: the decoder's mode.
            images: to explain; None for those of `inputs`.

        Source: Burda et al. (2016), "Importance weighted autoencoders", equation 8.
        """

        def repeat(a):
            return ops.tile(a, [samples] + [1] * (len(a.shape) - 1))

        images = repeat(self.images_of(inputs) if images is None else images)
        inputs = keras.tree.map_structure(repeat, inputs)
        z_mean, z_log_var = repeat(z_mean), repeat(z_log_var)
        z = reparameterize(z_mean, z_log_var, noise)
        reconstruction = log_likelihood(images, self.decode_batch(z, inputs, training))
        log_ratio = log_normal(z) - log_normal(z, z_mean, z_log_var)
        return ops.reshape(reconstruction + beta * log_ratio, (samples, -1))
