"""Held-out numbers: ELBO, NLL, bits per dimension, inception score, Frechet distance."""

import math

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike
from scipy.special import logsumexp
from tqdm import tqdm

from cvae.base.generative import GenerativeModel
from cvae.likelihoods import DiscretizedLogistic
from cvae.utils.checks import check_count, check_image_shape, check_seed, in_batches
from cvae.utils.environment import flag
from cvae.utils.images import check_images


def elbo(
    vae: GenerativeModel,
    images: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    samples: int = 1,
    discrete: bool = False,
    seed: int = 0,
    batch_size: int = 512,
) -> np.ndarray:
    """The evidence lower bound of each image, log p(x | z) - KL(q(z | x) || p(z)): (n,) in nats.

    Args:
        vae: trained; beta plays no part.
        images: (n, height, width, channels).
        labels: for a `ConditionalVAE`.
        samples: of z for each image; the mean over them is taken.
        discrete: take the probability of the 256 grey levels (`Likelihood.log_mass`), which can be
            compared between likelihoods, instead of what the VAE was trained with.
        seed: of z.
        batch_size: images at a time.

    Raises:
        ValueError: fewer samples than one, images that do not fit the model, labels that are missing,
            a probability of grey levels for floats that are none.
        TypeError: labels for a plain VAE.
    """
    check_count("samples", samples)
    inputs, density, noise = prepared(vae, images, labels, discrete, seed)

    def elbo_batch(batch):
        encoded, total = vae.encode_batch(batch), 0.0
        for _ in range(samples):
            outputs = vae.draw(encoded, batch, noise)
            reconstruction = density(vae.images_of(batch), outputs["parameters"])
            total = total + reconstruction - ops.sum(vae.kl_terms(outputs), axis=-1)
        return total / samples

    return in_batches(elbo_batch, inputs, batch_size)


def nll(
    vae: GenerativeModel,
    images: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    samples: int = 500,
    discrete: bool = False,
    seed: int = 0,
    batch_size: int = 2000,
) -> tuple[float, float]:
    """-log p(x), the mean of `log_likelihood` over images, with the sign of a loss.

    In expectation an upper bound, which falls towards -log p(x) as the samples grow; with one sample it
    is -ELBO.

    Args:
        vae, images, labels, samples, discrete, seed, batch_size: as for `log_likelihood`.

    Returns:
        The mean over the images, in nats per image, and its standard error (of the choice of images;
        that of the samples is far smaller).

    Raises:
        ValueError, TypeError: as `elbo`.
    """
    values = -log_likelihood(
        vae, images, labels, samples=samples, discrete=discrete, seed=seed, batch_size=batch_size
    )
    return mean_and_error(values)


def mean_and_error(values: ArrayLike) -> tuple[float, float]:
    """The mean of numbers, one for each image, and its standard error; NaN for that of a single one."""
    values = np.asarray(values, "float64")
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else math.nan
    return float(values.mean()), float(error)


def log_likelihood(
    vae: GenerativeModel,
    images: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    samples: int = 500,
    discrete: bool = False,
    seed: int = 0,
    batch_size: int = 2000,
) -> np.ndarray:
    """log p(x) of each image by importance sampling: (n,) in nats.

    The log of the mean of p(x | z) p(z) / q(z | x) over samples z of q. A progress bar shows after a
    second; memory is that of `batch_size` decoded images.

    Args:
        vae, images, labels, discrete, seed: as for `elbo`.
        samples: of z for each image.
        batch_size: images decoded at a time.

    Source: Burda et al. (2016), "Importance weighted autoencoders", equation 8.

    Raises:
        ValueError, TypeError: as `elbo`.
    """
    check_count("samples", samples)
    check_count("batch_size", batch_size)
    inputs, density, noise = prepared(vae, images, labels, discrete, seed)
    n = len(vae.images_of(inputs))
    at_once = min(n, max(1, batch_size // samples))  # images
    draws = [min(batch_size // at_once, samples - k) for k in range(0, samples, batch_size // at_once)]
    weights = {count: LogWeights(vae, count, noise, density) for count in set(draws)}
    compiled = n * samples >= 20 * batch_size  # to compile takes seconds
    per_image = []
    for start in tqdm(range(0, n, at_once), desc="NLL", delay=1, disable=flag("CI")):
        piece = slice(start, start + at_once)
        batch = keras.tree.map_structure(lambda a: a[piece], inputs)  # noqa: B023
        runs = [weights[count].predict_on_batch if compiled else weights[count] for count in draws]
        drawn = np.concatenate([ops.convert_to_numpy(run(batch)) for run in runs], axis=1)
        per_image.append(logsumexp(np.float64(drawn), axis=1) - np.log(samples))
    return np.concatenate(per_image)


class LogWeights(keras.Model):
    """A batch -> log p(x, z) / q(z | x) for z drawn from q: (batch, samples), in nats.

    A model of its own, so that Keras compiles it: for several layers of z, `predict_on_batch` takes some
    three quarters of the time of the same operations one by one.
    """

    def __init__(self, vae, samples, noise, density):
        super().__init__(dtype="float32")
        self.vae, self.samples, self.noise, self.density = vae, samples, noise, density

    def call(self, inputs):
        encoded = self.vae.encode_batch(inputs)
        return ops.transpose(
            self.vae.log_importance_weights(inputs, encoded, self.samples, self.noise, self.density)
        )


def prepared(vae, images, labels, discrete, seed):
    """Checked inputs, the logarithm of p(x | z) to take, and the noise of z."""
    inputs = vae.check_arrays(vae.with_labels(images, labels))
    check_grey_levels(vae, inputs, discrete)
    density = vae.likelihood.log_mass if discrete else vae.likelihood.log_prob
    return inputs, density, keras.random.SeedGenerator(check_seed(seed))


def check_grey_levels(vae, inputs, discrete):
    """Raises ValueError where a probability of grey levels is asked for and pixels are none."""
    images = vae.images_of(inputs)
    if images.dtype.kind != "f" or not (discrete or isinstance(vae.likelihood, DiscretizedLogistic)):
        return
    for start in range(0, len(images), 1000):
        levels = 255 * np.float64(images[start : start + 1000])
        # In 16 bits a number between a half and 1 is off by up to 1/4096, a sixteenth of a grey level.
        near = 0.01 if images.dtype.itemsize > 2 else 0.1
        if np.abs(levels - np.round(levels)).max() > near:
            raise ValueError(
                "the probability of the 256 grey levels needs images that are grey levels: uint8, or "
                "uint8 images divided by 255; got floats in between"
            )


def bits_per_dimension(
    nats: float | np.ndarray, image_shape: tuple[int, int, int]
) -> float | np.ndarray:
    """-log p(x) in nats per image -> bits for each pixel and channel; of an array, of each number in it.

    It means something only for the probability of discrete grey levels: for `DiscretizedLogistic`, or
    `elbo(..., discrete=True)`. An image that says nothing costs 8 bits per dimension.

    Raises:
        ValueError: an image shape without pixels.
        TypeError: nats that are neither a number nor an array, as the pair that `nll` gives.
    """
    if isinstance(nats, tuple | list):
        raise TypeError(f"nats must be a number or an array, got {nats!r}: of nll's pair take the first")
    return nats / (math.prod(check_image_shape(image_shape)) * math.log(2))


def inception_score(probabilities: ArrayLike, splits: int = 10) -> tuple[float, float]:
    """exp(E[KL(p(y | x) || p(y))]) of a classifier's verdicts on generated images.

    1 where the classifier says the same of every image; the number of classes where it is sure of each
    image and every class comes equally often. Compare scores of one classifier and one number of
    images only.

    Args:
        probabilities: (n, classes), rows sum to 1.
        splits: parts of n / splits images that are scored apart.

    Returns:
        mean and standard deviation over the parts.

    Source: Salimans et al. (2016), "Improved techniques for training GANs", section 4.

    Raises:
        ValueError: rows that are no probabilities, more splits than rows.
    """
    p = np.asarray(probabilities, "float64")
    if p.ndim != 2 or len(p) == 0:
        raise ValueError(f"probabilities must be (n, classes), got {p.shape}")
    if not np.isfinite(p).all() or p.min() < 0 or not np.allclose(p.sum(axis=1), 1, atol=1e-3):
        raise ValueError(
            "each row of probabilities must be 0 or more and sum to 1; got rows that sum to "
            f"{p.sum(axis=1).min():.4g} to {p.sum(axis=1).max():.4g}: apply a softmax to logits"
        )
    if not isinstance(splits, int | np.integer) or not 1 <= splits <= len(p):
        raise ValueError(f"splits must be 1 to {len(p)}, the number of images; got {splits!r}")
    scores = []
    for part in np.array_split(p, splits):
        marginal = part.mean(axis=0)
        log_ratio = np.log(np.maximum(part, 1e-12)) - np.log(np.maximum(marginal, 1e-12))
        scores.append(np.exp((part * log_ratio).sum(axis=1).mean()))
    return float(np.mean(scores)), float(np.std(scores))


def frechet_distance(features_a: ArrayLike, features_b: ArrayLike) -> float:
    """How far apart two sets of features are, each taken for a Gaussian; 0 where those are the same.

    `|mean_a - mean_b|^2 + trace(C_a + C_b - 2 (C_a C_b)^(1/2))`. In the features of
    `classifiers.features` it compares generated images with real ones. Compare distances in features of
    one network and for one number of images only: fewer images give larger ones.

    Args:
        features_a, features_b: (n, d) and (m, d), more rows than columns in each.

    Source: Dowson & Landau (1982); Heusel et al. (2017), section 1, for images.

    Raises:
        ValueError: too few rows for a covariance, other columns, NaN.
    """
    both = [np.asarray(features, "float64") for features in (features_a, features_b)]
    for features in both:
        if features.ndim != 2 or features.shape[1] != both[0].shape[-1]:
            raise ValueError(
                f"features must be (n, d) and (m, d), got {both[0].shape} and {both[1].shape}"
            )
        if len(features) <= features.shape[1]:
            raise ValueError(
                f"{len(features)} rows are too few for the covariance of {features.shape[1]} features: "
                "give more images than features"
            )
        if not np.isfinite(features).all():
            raise ValueError("features hold NaN or infinity: look at the images that they come from")
    (mean_a, cov_a), (mean_b, cov_b) = ((f.mean(axis=0), np.cov(f, rowvar=False, ddof=1)) for f in both)
    cov_a, cov_b = np.atleast_2d(cov_a), np.atleast_2d(cov_b)
    # C_a C_b has the eigenvalues of the symmetric root_a C_b root_a, whose root is safe to take.
    values, vectors = np.linalg.eigh(cov_a)
    root_a = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    product = np.linalg.eigvalsh(root_a @ cov_b @ root_a)
    distance = np.square(mean_a - mean_b).sum() + np.trace(cov_a) + np.trace(cov_b)
    return float(max(distance - 2 * np.sqrt(np.maximum(product, 0)).sum(), 0.0))


def power_spectrum(images: ArrayLike) -> np.ndarray:
    """How much of the images lies at which fineness: power by spatial frequency.

    Args:
        images: (n, side, side, channels).

    Returns:
        (side // 2 + 1,): entry f is the power, averaged over images and channels, of the waves that go
        through f periods (to the nearest whole number) across the image; their sum, corners left out,
        is the variance of the pixels about the image's mean plus, at f = 0, the squared mean.
    """
    images = check_images(images)
    images = images / (255 if images.dtype == np.uint8 else 1)
    side = images.shape[1]
    if images.shape[2] != side:
        raise ValueError(f"the images must be square, got {images.shape[1:3]}")
    power = np.abs(np.fft.fft2(images, axes=(1, 2)) / side**2) ** 2
    power = power.mean(axis=(0, 3))
    frequency = np.fft.fftfreq(side, 1 / side)
    radius = np.round(np.hypot(frequency[:, None], frequency[None, :])).astype(int)
    return np.bincount(radius.ravel(), power.ravel())[: side // 2 + 1]
