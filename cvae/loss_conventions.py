"""What public VAE code calls "the loss", and the VAE that it really trains.

Losses differ in what they sum and what they average. Each choice only rescales the two terms against
each other, so each is this package's loss for another beta, or for another variance of the Gaussian,
times a factor, plus a constant. `TABLE` has the common ones; the tests check every row against the
formula as public code writes it.
"""

import math
from dataclasses import dataclass

from cvae.likelihoods import Bernoulli, Gaussian, Likelihood


@dataclass(frozen=True)
class Convention:
    """loss = scale * error + kl_scale * kl, averaged over the batch.

    Attributes:
        name: what is summed and what averaged.
        where: where it is met.
        error: "cross-entropy" or "squared error", each summed over pixels before scaling.
        pixel_mean: error is averaged over pixels and channels instead.
        latent_mean: kl is averaged over latent dimensions instead of summed.
        c: the squared error is divided by 2c; 0.5 leaves it as it is.
    """

    name: str
    where: str
    error: str = "cross-entropy"
    pixel_mean: bool = False
    latent_mean: bool = False
    c: float = 0.5

    def scales(self, pixels: int, latent_dim: int) -> tuple[float, float]:
        """The factors of (error summed over pixels, kl summed over latent dimensions)."""
        scale = 1 / pixels if self.pixel_mean else 1.0
        if self.error == "squared error":
            scale /= 2 * self.c
        return scale, 1 / latent_dim if self.latent_mean else 1.0

    def beta(self, pixels: int, latent_dim: int) -> float:
        """The beta of the VAE that it trains, for the cross-entropy."""
        scale, kl_scale = self.scales(pixels, latent_dim)
        return kl_scale / scale

    def variance(self, pixels: int, latent_dim: int) -> float:
        """The variance of the Gaussian VAE (beta 1) that it trains, for the squared error."""
        scale, kl_scale = self.scales(pixels, latent_dim)
        return kl_scale / (2 * scale)

    def model(self, pixels: int, latent_dim: int) -> tuple[Likelihood, float]:
        """(likelihood, beta) of the VAE that it trains."""
        if self.error == "squared error":
            return Gaussian(self.variance(pixels, latent_dim)), 1.0
        return Bernoulli(), self.beta(pixels, latent_dim)

    def from_nats(self, loss: float, pixels: int, latent_dim: int) -> float:
        """Our loss of that VAE, in nats per image -> the number that this convention prints."""
        _, kl_scale = self.scales(pixels, latent_dim)
        if self.error == "squared error":
            variance = self.variance(pixels, latent_dim)
            return kl_scale * (loss - pixels / 2 * math.log(2 * math.pi * variance))
        return loss * kl_scale / self.beta(pixels, latent_dim)


TABLE = (
    Convention("sum, sum", "Kingma & Welling (2014); this series"),
    Convention("pixel mean, sum", "blogs: a mean cross-entropy plus a KL", pixel_mean=True),
    Convention("pixel mean, latent mean", "blogs: means of both", pixel_mean=True, latent_mean=True),
    Convention("sum, latent mean", "Deep Learning with Python, 3rd ed.", latent_mean=True),
    Convention(
        "sum / 2c, sum", "a Gaussian of fixed variance, here c = 0.05", error="squared error", c=0.05
    ),
    Convention("sum, sum", "code that adds up squared errors and KL", error="squared error"),
    Convention(
        "pixel mean, sum",
        "blogs: a mean squared error plus a KL",
        error="squared error",
        pixel_mean=True,
    ),
)
