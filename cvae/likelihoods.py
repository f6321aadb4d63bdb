"""p(x | z): what the decoder's numbers mean, and how well they explain an image.

Each likelihood is a small object with the same methods. Every log-probability is in nats per image:
**summed** over pixels and channels, constants included.
"""

import math

import keras
import numpy as np
from keras import ops

from cvae.utils.images import Tensor, to_float
from cvae.utils.named import Named, from_name

LOG_2PI = math.log(2 * math.pi)


class Likelihood(Named):
    """What the likelihoods share.

    Attributes:
        parameters: how many numbers the decoder gives for each pixel and channel; they follow one
            another along the last axis: (batch, height, width, channels * parameters).
        takes_means: whether they are the pixels' means, which a sigmoid may keep in [0, 1]; logits,
            variances and scales have no bounds.
    """

    parameters = 1
    takes_means = False

    def log_prob(self, images: Tensor, parameters: Tensor) -> Tensor:
        """log p(images | parameters): (batch,) in nats. images: as `to_float` takes them."""
        raise NotImplementedError

    def log_mass(self, images: Tensor, parameters: Tensor) -> Tensor:
        """The log-probability of the images' grey levels, of 256 for each pixel: (batch,) in nats.

        Densities and the grey-pixel Bernoulli are put on this one footing, on which likelihoods can
        be compared, in bits per dimension say.
        """
        raise NotImplementedError

    def mean(self, parameters: Tensor) -> Tensor:
        """The expected image, (batch, height, width, channels)."""
        raise NotImplementedError

    def sample(self, parameters: Tensor, seed: int | keras.random.SeedGenerator | None = None) -> Tensor:
        """An image drawn from p(x | z), of the shape that `mean` has. seed: int or SeedGenerator."""
        raise NotImplementedError

    def parameters_for(self, pixel_means: np.ndarray) -> np.ndarray:
        """The parameters under which every image has these means, (height, width, channels)."""
        raise NotImplementedError


@keras.saving.register_keras_serializable("cvae")
class Bernoulli(Likelihood):
    """Each pixel is on with probability sigmoid(logit); the decoder gives the logits.

    For binary pixels this is an exact likelihood. Grey pixels in between give the usual binary
    cross-entropy, which then is no normalised density (Loaiza-Ganem & Cunningham 2019): compare it
    only with itself.

    Source: Kingma & Welling (2014), appendix C.1.
    """

    def log_prob(self, images: Tensor, parameters: Tensor) -> Tensor:
        # x log s(l) + (1 - x) log(1 - s(l)) = x l - softplus(l), finite for any logit.
        images, logits = to_float(images), ops.convert_to_tensor(parameters)
        return sum_over_pixels(images * logits - ops.softplus(logits))

    def log_mass(self, images: Tensor, parameters: Tensor) -> Tensor:
        # exp(x l), divided by its sum over the levels x = 0, 1/255, ..., 1: a geometric series.
        images, logits = to_float(images), ops.convert_to_tensor(parameters)
        step = ops.maximum(ops.abs(logits), 1e-4) / 255
        log_sum = ops.relu(logits) + ops.log(ops.expm1(-256 * step) / ops.expm1(-step))
        return sum_over_pixels(images * logits - log_sum)

    def mean(self, parameters: Tensor) -> Tensor:
        return ops.sigmoid(parameters)

    def sample(self, parameters: Tensor, seed: int | keras.random.SeedGenerator | None = None) -> Tensor:
        uniform = keras.random.uniform(ops.shape(parameters), seed=seed)
        return ops.cast(uniform < ops.sigmoid(parameters), "float32")

    def parameters_for(self, pixel_means: np.ndarray) -> np.ndarray:
        # Pixels that are always black would ask for a logit of minus infinity; 0.001 is dark enough.
        means = np.clip(pixel_means, 1e-3, 1 - 1e-3)
        return np.log(means / (1 - means))


@keras.saving.register_keras_serializable("cvae")
class Gaussian(Likelihood):
    """Each pixel is normal around the decoder's mean.

    Args:
        variance: a positive number, the same for every pixel; or "learned":
            the decoder gives a mean and a log-variance for every pixel and channel. A learned
            standard deviation stays above 1/256, one grey level: pixels that never change would
            otherwise push the density, and the ELBO, to infinity.

    Source: Kingma & Welling (2014), appendix C.2.

    Raises:
        ValueError: a variance that is neither positive nor "learned".
    """

    LOG_VARIANCE_RANGE = (-2 * math.log(256), 4.0)

    def __init__(self, variance: float | str = 1.0):
        if isinstance(variance, str):
            valid = variance == "learned"
        else:
            number = np.ndim(variance) == 0 and np.asarray(variance).dtype.kind in "uif"
            valid = number and 0 < variance < math.inf
        if not valid:
            raise ValueError(f"variance must be a positive number or 'learned', got {variance!r}")
        self._variance = variance if isinstance(variance, str) else float(variance)
        self.parameters = 2 if variance == "learned" else 1
        self.takes_means = self.parameters == 1

    @property
    def variance(self) -> float | str:
        """As it was given; it cannot be changed, for what is traced would not know."""
        return self._variance

    def _mean_and_log_variance(self, parameters):
        if self.variance != "learned":
            return ops.convert_to_tensor(parameters), math.log(self.variance)
        mean, log_variance = ops.split(parameters, 2, axis=-1)
        return mean, ops.clip(log_variance, *self.LOG_VARIANCE_RANGE)

    def log_prob(self, images: Tensor, parameters: Tensor) -> Tensor:
        mean, log_variance = self._mean_and_log_variance(parameters)
        squared_error = ops.square(to_float(images) - mean)
        return -0.5 * sum_over_pixels(
            squared_error * ops.exp(-ops.cast(log_variance, "float32")) + log_variance + LOG_2PI
        )

    def log_mass(self, images: Tensor, parameters: Tensor) -> Tensor:
        # Density times the distance of two levels. With a standard deviation of a level or more, that
        # sums to 1 over all whole levels (to 1e-8), and to less over the 256 that there are: to 0.975
        # for a variance of 0.05 around the middle grey, to 0.38 for a variance of 1.
        return self.log_prob(images, parameters) - math.log(255) * math.prod(images.shape[1:])

    def mean(self, parameters: Tensor) -> Tensor:
        return self._mean_and_log_variance(parameters)[0]

    def sample(self, parameters: Tensor, seed: int | keras.random.SeedGenerator | None = None) -> Tensor:
        mean, log_variance = self._mean_and_log_variance(parameters)
        noise = keras.random.normal(ops.shape(mean), seed=seed)
        return mean + ops.exp(0.5 * ops.cast(log_variance, "float32")) * noise

    def parameters_for(self, pixel_means: np.ndarray) -> np.ndarray:
        if self.variance != "learned":
            return np.asarray(pixel_means)
        # A standard deviation of about 0.3, that of MNIST's and CIFAR's pixels to begin with.
        return np.concatenate([pixel_means, np.full_like(pixel_means, -2.4)], axis=-1)

    def get_config(self):
        return {"variance": self.variance}


@keras.saving.register_keras_serializable("cvae")
class DiscretizedLogistic(Likelihood):
    """The probability of each of the 256 grey levels under a logistic distribution.

    The decoder gives a mean (in [0, 1]) and a log-scale for every pixel and channel; the level k / 255
    gets the mass between its neighbours' midpoints, levels 0 and 255 all that lies beyond. A true
    probability, so bits per dimension follow from it.

    Source: Kingma et al. (2016), "Improved variational inference with inverse autoregressive flow",
    appendix; Salimans et al. (2017), equation 2.
    """

    parameters = 2
    HALF_LEVEL = 0.5 / 255
    LOG_SCALE_RANGE = (-7.0, 2.0)

    def _mean_and_log_scale(self, parameters):
        mean, log_scale = ops.split(parameters, 2, axis=-1)
        return mean, ops.clip(log_scale, *self.LOG_SCALE_RANGE)

    def log_prob(self, images: Tensor, parameters: Tensor) -> Tensor:
        images = to_float(images)
        mean, log_scale = self._mean_and_log_scale(parameters)
        inverse_scale = ops.exp(-log_scale)
        upper = (images - mean + self.HALF_LEVEL) * inverse_scale
        lower = (images - mean - self.HALF_LEVEL) * inverse_scale
        # log(sigmoid(u) - sigmoid(l)) = log sigmoid(u) + log sigmoid(-l) + log(1 - exp(l - u)): exact,
        # and with no difference of two nearly equal numbers, however far out a pixel lies.
        width = 2 * self.HALF_LEVEL * inverse_scale
        inside = ops.log_sigmoid(upper) + ops.log_sigmoid(-lower) + ops.log(-ops.expm1(-width))
        levels = ops.where(images > 1 - self.HALF_LEVEL, ops.log_sigmoid(-lower), inside)
        levels = ops.where(images < self.HALF_LEVEL, ops.log_sigmoid(upper), levels)
        return sum_over_pixels(levels)

    def log_mass(self, images: Tensor, parameters: Tensor) -> Tensor:
        return self.log_prob(images, parameters)

    def mean(self, parameters: Tensor) -> Tensor:
        return ops.clip(self._mean_and_log_scale(parameters)[0], 0.0, 1.0)

    def sample(self, parameters: Tensor, seed: int | keras.random.SeedGenerator | None = None) -> Tensor:
        mean, log_scale = self._mean_and_log_scale(parameters)
        uniform = keras.random.uniform(ops.shape(mean), 1e-5, 1 - 1e-5, seed=seed)
        value = mean + ops.exp(log_scale) * (ops.log(uniform) - ops.log1p(-uniform))
        return ops.round(ops.clip(value, 0.0, 1.0) * 255) / 255

    def parameters_for(self, pixel_means: np.ndarray) -> np.ndarray:
        # A logistic's standard deviation is 1.8 scales: log-scale -1.8 is the 0.3 of the Gaussian.
        return np.concatenate([pixel_means, np.full_like(pixel_means, -1.8)], axis=-1)


LIKELIHOODS = {
    "bernoulli": Bernoulli,
    "gaussian": Gaussian,
    "discretized_logistic": DiscretizedLogistic,
}


def get(likelihood: str | Likelihood) -> Likelihood:
    """Return a likelihood, from one or from its name.

    Raises:
        ValueError: an unknown name.
        TypeError: neither a likelihood nor a name.
    """
    return from_name("likelihood", likelihood, Likelihood, LIKELIHOODS, "Gaussian(variance=0.05)")


def sum_over_pixels(values: Tensor) -> Tensor:
    """(batch, height, width, channels) -> (batch,), float32."""
    return ops.sum(ops.cast(values, "float32"), axis=(1, 2, 3))
