import keras
import numpy as np
import pytest
import scipy.special
import scipy.stats
from keras import ops

from cvae import likelihoods
from cvae.likelihoods import Bernoulli, DiscretizedLogistic, Gaussian

SHAPE = (4, 5, 3, 2)


@pytest.fixture
def floats(rng):
    return rng.uniform(size=SHAPE).astype("float32")


def log_prob(likelihood, images, parameters):
    return ops.convert_to_numpy(likelihood.log_prob(images, parameters.astype("float32")))


def test_bernoulli_against_scipy(rng):
    images = rng.integers(0, 2, SHAPE).astype("float32")
    logits = rng.normal(size=SHAPE) * 3
    expected = scipy.stats.bernoulli(1 / (1 + np.exp(-logits))).logpmf(images).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(log_prob(Bernoulli(), images, logits), expected, rtol=1e-5)


def test_bernoulli_on_grey_is_the_cross_entropy(rng, floats):
    p = rng.uniform(0.05, 0.95, SHAPE)
    expected = (floats * np.log(p) + (1 - floats) * np.log(1 - p)).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(log_prob(Bernoulli(), floats, np.log(p / (1 - p))), expected, rtol=1e-5)


@pytest.mark.parametrize("variance", [0.0001, 0.05, 1.0, 392.0])
def test_gaussian_against_scipy(rng, floats, variance):
    means = rng.uniform(size=SHAPE)
    expected = scipy.stats.norm(means, np.sqrt(variance)).logpdf(floats).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(log_prob(Gaussian(variance), floats, means), expected, rtol=1e-4)


def test_learned_gaussian_against_scipy(rng, floats):
    means, log_variances = rng.uniform(size=SHAPE), rng.uniform(-4, 1, SHAPE)
    expected = scipy.stats.norm(means, np.exp(log_variances / 2)).logpdf(floats)
    both = np.concatenate([means, log_variances], axis=-1)
    found = log_prob(Gaussian("learned"), floats, both)
    np.testing.assert_allclose(found, expected.sum(axis=(1, 2, 3)), rtol=1e-4)


def test_learned_variance_cannot_make_the_density_infinite():
    black = np.zeros((1, 28, 28, 1), "float32")
    certain = np.concatenate([black, np.full_like(black, -1e4)], axis=-1)
    # The floor is one grey level: log N(0; 0, 1/256^2) a pixel.
    floor = scipy.stats.norm(0, 1 / 256).logpdf(0) * 784
    np.testing.assert_allclose(log_prob(Gaussian("learned"), black, certain), floor, rtol=1e-5)


@pytest.mark.parametrize(("mean", "log_scale"), [(0.5, -3.0), (0.02, -1.0), (1.3, -2.0), (0.4, -7)])
def test_logistic_levels_sum_to_one(mean, log_scale):
    levels = (np.arange(256) / 255).astype("float32").reshape(256, 1, 1, 1)
    parameters = np.broadcast_to([mean, log_scale], (256, 1, 1, 2)).astype("float32")
    total = np.exp(log_prob(DiscretizedLogistic(), levels, parameters).astype("float64")).sum()
    assert total == pytest.approx(1, abs=2e-4)


def test_logistic_against_scipy(rng):
    images = (rng.integers(0, 256, SHAPE) / 255).astype("float32")
    means, log_scales = rng.uniform(size=SHAPE), rng.uniform(-4, 0, SHAPE)
    logistic = scipy.stats.logistic(means, np.exp(log_scales))
    upper = np.where(images == 1, 1, logistic.cdf(images + 0.5 / 255))
    lower = np.where(images == 0, 0, logistic.cdf(images - 0.5 / 255))
    expected = np.log(upper - lower).sum(axis=(1, 2, 3))
    both = np.concatenate([means, log_scales], axis=-1)
    np.testing.assert_allclose(log_prob(DiscretizedLogistic(), images, both), expected, rtol=1e-3)


LEVELS = np.arange(256) / 255


def log_mass(likelihood, images, parameters):
    return ops.convert_to_numpy(likelihood.log_mass(images, parameters.astype("float32")))


def mass_of_each_level(likelihood, *parameters):
    """One pixel with each of its 256 grey levels: their probabilities."""
    levels = np.arange(256, dtype="uint8").reshape(256, 1, 1, 1)
    parameters = np.broadcast_to(parameters, (256, 1, 1, len(parameters)))
    return np.exp(log_mass(likelihood, levels, parameters).astype("float64"))


@pytest.mark.parametrize("logit", [-1000, -30, -2, -1e-3, 0, 1e-5, 0.5, 30, 1000])
def test_bernoulli_mass_against_its_definition(logit):
    """sigmoid(l)^x sigmoid(-l)^(1 - x) over the levels x, divided by its sum."""
    exponents = LEVELS * logit - max(logit, 0)
    expected = np.exp(exponents) / np.exp(exponents).sum()
    found = mass_of_each_level(Bernoulli(), logit)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-30)
    assert found.sum() == pytest.approx(1, abs=1e-4)


def test_bernoulli_mass_sums_over_pixels(rng):
    images, logits = rng.integers(0, 256, SHAPE, "uint8"), rng.normal(size=SHAPE) * 3
    log_sum = scipy.special.logsumexp(logits[..., None] * LEVELS, axis=-1)
    expected = (logits * (images / 255) - log_sum).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(log_mass(Bernoulli(), images, logits), expected, rtol=1e-5)


@pytest.mark.parametrize(("mean", "sd"), [(0.5, 1 / 255), (0.3, 0.02), (0.5, 0.1)])
def test_gaussian_mass_inside(mean, sd):
    """Density times the distance of two levels: it sums to 1 where next to nothing lies outside."""
    expected = scipy.stats.norm(mean, sd).pdf(LEVELS) / 255
    for likelihood, parameters in (
        (Gaussian(sd**2), [mean]),
        (Gaussian("learned"), [mean, 2 * np.log(sd)]),
    ):
        found = mass_of_each_level(likelihood, *parameters)
        np.testing.assert_allclose(found, expected, rtol=2e-3, atol=1e-30)
        assert found.sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(("mean", "sd"), [(0, 0.02), (1, 0.1), (0.5, 0.5), (0.9, 1), (-0.2, 0.1)])
def test_gaussian_mass_outside_is_lost(mean, sd):
    normal = scipy.stats.norm(mean, sd)
    inside = normal.cdf(1 + 0.5 / 255) - normal.cdf(-0.5 / 255)
    found = mass_of_each_level(Gaussian(sd**2), mean).sum()
    assert found < 1
    assert found == pytest.approx(inside, rel=1e-3)


def test_gaussian_mass_sums_over_pixels(rng):
    images, means = rng.integers(0, 256, SHAPE), rng.uniform(size=SHAPE)
    density = scipy.stats.norm(means, 0.2).logpdf(images / 255).sum(axis=(1, 2, 3))
    expected = density - 5 * 3 * 2 * np.log(255)
    found = log_mass(Gaussian(0.04), images.astype("uint8"), means)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(("mean", "log_scale"), [(0.5, -3.0), (0.02, -1.0), (1.3, -2.0), (0.4, -5)])
def test_logistic_mass_against_scipy(mean, log_scale):
    logistic = scipy.stats.logistic(mean, np.exp(log_scale))
    edges = np.concatenate([[-np.inf], LEVELS[:-1] + 0.5 / 255, [np.inf]])
    found = mass_of_each_level(DiscretizedLogistic(), mean, log_scale)
    np.testing.assert_allclose(found, np.diff(logistic.cdf(edges)), rtol=2e-3, atol=1e-7)
    assert found.sum() == pytest.approx(1, abs=2e-4)


@pytest.mark.parametrize("likelihood", [Bernoulli(), Gaussian("learned"), DiscretizedLogistic()])
@pytest.mark.parametrize("value", [-1e4, 1e4])
def test_extreme_parameters_stay_finite(likelihood, value, floats):
    parameters = np.full((*SHAPE[:3], SHAPE[3] * likelihood.parameters), value)
    assert np.isfinite(log_prob(likelihood, floats, parameters)).all()
    assert np.isfinite(log_mass(likelihood, floats, parameters)).all()


@pytest.mark.parametrize(
    "likelihood", [Bernoulli(), Gaussian(0.04), Gaussian("learned"), DiscretizedLogistic()]
)
def test_samples_have_the_mean_that_was_asked_for(likelihood):
    pixel_means = np.array([[[0.3, 0.6]]])
    parameters = np.tile(likelihood.parameters_for(pixel_means)[None], (20_000, 1, 1, 1))
    parameters = parameters.astype("float32")
    mean = ops.convert_to_numpy(likelihood.mean(parameters))
    np.testing.assert_allclose(mean[0, 0, 0], [0.3, 0.6], atol=1e-5)
    samples = ops.convert_to_numpy(likelihood.sample(parameters, seed=0))
    again = ops.convert_to_numpy(likelihood.sample(parameters, seed=0))
    assert np.array_equal(samples, again)
    np.testing.assert_allclose(samples.mean(axis=(0, 1, 2)), [0.3, 0.6], atol=0.03)


@pytest.mark.parametrize("likelihood", [Gaussian(0.05), Gaussian("learned"), Bernoulli()])
def test_serialisable(likelihood):
    config = keras.saving.serialize_keras_object(likelihood)
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(likelihood)
    assert again.get_config() == likelihood.get_config()


@pytest.mark.parametrize("variance", [0, -1.0, "learnt", float("nan"), float("inf"), None, [1.0]])
def test_gaussian_refuses(variance):
    with pytest.raises(ValueError, match="positive number or 'learned'"):
        Gaussian(variance)


def test_get():
    assert isinstance(likelihoods.get("discretized_logistic"), DiscretizedLogistic)
    with pytest.raises(ValueError, match="expected one of bernoulli, gaussian"):
        likelihoods.get("poisson")
    with pytest.raises(TypeError, match="instance such as"):
        likelihoods.get(3)
