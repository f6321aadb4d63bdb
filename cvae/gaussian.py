"""q(z | x) and p(z): the Gaussians of the latent space, in `keras.ops`."""

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from cvae.utils.checks import check_count, check_seed
from cvae.utils.images import Tensor


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
    return np.random.default_rng(check_seed(seed)).standard_normal((n, latent_dim), dtype="float32")


def interpolate(z_a: ArrayLike, z_b: ArrayLike, steps: int = 10, method: str = "linear") -> np.ndarray:
    """Points on the way from z_a to z_b.

    Args:
        z_a, z_b: (n, latent_dim).
        steps: points on the way, both ends included, at least 2.
        method: "linear", the straight line; or "spherical", the great circle (the lengths go from one
            to the other in a straight line), which keeps to the shell where a Gaussian of many
            dimensions has its mass.

    Returns:
        (n, steps, latent_dim).

    Source: White (2016), "Sampling generative networks", section 2.1, for the spherical way.
    """
    z_a, z_b = np.asarray(z_a, "float32"), np.asarray(z_b, "float32")
    if z_a.shape != z_b.shape or z_a.ndim != 2:
        raise ValueError(f"z_a and z_b must both be (n, latent_dim), got {z_a.shape} and {z_b.shape}")
    if steps < 2:
        raise ValueError(f"steps must be at least 2, got {steps}")
    t = np.linspace(0, 1, steps, dtype="float32")[None, :, None]
    a, b = z_a[:, None], z_b[:, None]
    if method == "linear":
        return (1 - t) * a + t * b
    if method != "spherical":
        raise ValueError(f"method must be 'linear' or 'spherical', got {method!r}")
    length_a, length_b = (np.linalg.norm(v, axis=-1, keepdims=True) for v in (a, b))
    a, b = a / np.maximum(length_a, 1e-12), b / np.maximum(length_b, 1e-12)
    angle = np.arccos(np.clip((a * b).sum(-1, keepdims=True), -1 + 1e-7, 1 - 1e-7))
    direction = (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)
    return ((1 - t) * length_a + t * length_b) * direction
