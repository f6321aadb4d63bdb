"""q(z | x) and p(z): the Gaussians of the latent space, in `keras.ops`."""

import keras
import numpy as np
from keras import ops

from cvae.checks import check_count
from cvae.images import Tensor


def kl_terms(z_mean: Tensor, z_log_var: Tensor) -> Tensor:
    """What each latent dimension adds to the KL divergence: (batch, latent_dim), in nats."""
    z_mean, z_log_var = ops.cast(z_mean, "float32"), ops.cast(z_log_var, "float32")
    return 0.5 * (ops.square(z_mean) + ops.exp(z_log_var) - 1.0 - z_log_var)


def kl_divergence(z_mean: Tensor, z_log_var: Tensor) -> Tensor:
    """KL(N(z_mean, exp(z_log_var)) || N(0, I)): (batch, latent_dim) -> (batch,), in nats.

    **Summed** over latent dimensions. Source: Kingma & Welling (2014), appendix B.
    """
    return ops.sum(kl_terms(z_mean, z_log_var), axis=-1)


def log_normal(z: Tensor, mean: Tensor = 0.0, log_var: Tensor = 0.0) -> Tensor:
    """log N(z; mean, exp(log_var)): (..., latent_dim) -> (...), in nats."""
    z, mean, log_var = (ops.convert_to_tensor(part, dtype="float32") for part in (z, mean, log_var))
    squared = ops.square(z - mean) * ops.exp(-log_var)
    return -0.5 * ops.sum(squared + log_var + float(np.log(2 * np.pi)), axis=-1)


def reparameterize(
    z_mean: Tensor, z_log_var: Tensor, seed: int | keras.random.SeedGenerator | None = None
) -> Tensor:
    """z = z_mean + sigma * epsilon: a sample of q(z | x) through which gradients flow.

    Args:
        z_mean, z_log_var: (batch, latent_dim).
        seed: int or `keras.random.SeedGenerator`.

    Source: Kingma & Welling (2014), section 2.4.
    """
    z_mean, z_log_var = ops.convert_to_tensor(z_mean), ops.convert_to_tensor(z_log_var)
    epsilon = keras.random.normal(ops.shape(z_mean), dtype="float32", seed=seed)
    return z_mean + ops.exp(0.5 * z_log_var) * epsilon


def prior(n: int, latent_dim: int, seed: int | None = None) -> np.ndarray:
    """n samples of p(z) = N(0, I): (n, latent_dim) float32, the same on every backend."""
    check_count("n", n)
    return np.random.default_rng(seed).standard_normal((n, latent_dim), dtype="float32")
