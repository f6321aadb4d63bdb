"""Networks that start as a cosine transform: what they start with, and what is refused."""

import keras
import numpy as np
import pytest
import scipy.fft
import scipy.stats

import cvae
from cvae import metrics
from cvae.networks.cosine import CosineEncoder

SHAPE = (8, 6, 3)
DIM = 8 * 6 * 3 + 3


@pytest.fixture
def photographs(rng):
    """Smooth color images of different contrast, uint8: (600, 8, 6, 3)."""
    fall = 1 / (1 + np.add.outer(np.arange(8), np.arange(6)))[..., None]
    waves = rng.normal(size=(600, *SHAPE)) * fall * np.exp(0.6 * rng.normal(size=(600, 1, 1, 1)))
    pixels = 0.5 + 0.1 * scipy.fft.idctn(waves, norm="ortho", axes=(1, 2))
    pixels[..., 1] += 0.5 * (pixels[..., 0] - 0.5)  # colors go together
    return np.round(255 * pixels.clip(0, 1)).astype("uint8")


def cosine_vae(**options):
    keras.utils.set_random_seed(0)
    return cvae.build_vae(SHAPE, DIM, "cosine", "discretized_logistic", seed=0, filters=4, **options)


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_the_transform_is_scipys_and_the_way_back_its_inverse(rng):
    known = CosineEncoder(DIM, SHAPE).statistics
    images = rng.random((5, *SHAPE)).astype("float32")
    coefficients = numpy(known.transform(images))
    expected = scipy.fft.dctn(images, norm="ortho", axes=(1, 2))
    np.testing.assert_allclose(coefficients, expected, atol=1e-5)
    known.adapt(images)  # the colors' axes are turned
    np.testing.assert_allclose(numpy(known.back(known.transform(images))), images, atol=1e-5)


def test_statistics_are_those_of_the_images(photographs):
    encoder = CosineEncoder(DIM, SHAPE)
    encoder.adapt(photographs)
    known = encoder.statistics
    np.testing.assert_allclose(numpy(known.mean), photographs.mean(axis=0) / 255, atol=1e-5)
    coefficients = numpy(known.transform(photographs / np.float32(255) - numpy(known.mean)))
    by_color = coefficients.reshape(-1, 3)
    covariance = np.cov(by_color.T)
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-5)  # uncorrelated
    assert list(np.diag(covariance)) == sorted(np.diag(covariance), reverse=True)
    np.testing.assert_allclose(numpy(known.raw), coefficients.std(axis=0), rtol=1e-3)


def test_contrast_is_a_factor_of_an_image(photographs):
    known = CosineEncoder(DIM, SHAPE).statistics
    known.adapt(photographs)
    coefficients = numpy(known.transform(photographs / np.float32(255) - numpy(known.mean)))
    once, twice = (numpy(known.contrast(factor * coefficients)) for factor in (1, 2))
    assert np.median(twice - once) == pytest.approx(np.log(2), abs=2e-3)  # less of a dull image
    # Divided out, it leaves coefficients that are nearly normal.
    even = coefficients * np.exp(-once)[:, None, None]
    assert abs(scipy.stats.kurtosis(even)[known.high > 0]).mean() < 0.5
    assert scipy.stats.kurtosis(coefficients)[known.high > 0].mean() > 1.5


def test_the_posterior_is_the_linear_vaes(rng):
    """Spread 2 and noise 1: the posterior has variance 1/5 and mean 2/5 of the coefficient."""
    encoder = CosineEncoder(DIM, SHAPE, noise=2.55)
    known = encoder.statistics
    known.spread.assign(np.full(SHAPE, 0.02))
    known.contrast = lambda coefficients: keras.ops.zeros((4, 3))
    images = rng.random((4, *SHAPE)).astype("float32")
    z_mean, z_log_var = map(numpy, encoder(images))
    np.testing.assert_allclose(z_log_var[:, :-3], np.log(0.2), atol=1e-4)
    expected = 0.4 * scipy.fft.dctn(images, norm="ortho", axes=(1, 2)) / 0.01
    np.testing.assert_allclose(z_mean[:, :-3], expected.reshape(4, -1), atol=1e-3)
    # By Bayes' rule, with a density on a fine grid: prior N(0, 1), coefficient N(0.02 z, 0.01^2).
    z, c = np.linspace(-80, 80, 400_001), expected.reshape(4, -1)[0, 10] * 0.01 / 0.4
    log_density = -0.5 * z**2 - 0.5 * ((c - 0.02 * z) / 0.01) ** 2
    weight = np.exp(log_density - log_density.max())
    assert np.average(z, weights=weight) == pytest.approx(z_mean[0, 10], abs=1e-2)


def test_it_starts_near_the_images_and_far_below_eight_bits(photographs):
    vae = cosine_vae()
    vae.init_output_bias(photographs[:400])
    held_out = photographs[400:]
    bits = metrics.bits_per_dimension(-metrics.elbo(vae, held_out).mean(), SHAPE)
    # A Gaussian with the covariance of all pixels, whose volume is a grey level.
    pixels = photographs[:400].reshape(400, -1) / 255
    covariance = np.cov(pixels.T) + np.eye(144) / 255**2
    gaussian = 0.5 * np.linalg.slogdet(2 * np.pi * np.e * covariance)[1] + 144 * np.log(255)
    assert bits < metrics.bits_per_dimension(gaussian, SHAPE) + 0.15 < 7
    error = vae.reconstruct(held_out) - held_out / 255
    assert np.sqrt(np.square(error).mean()) < 1.5 / 255
    z_mean, _ = vae.encode(held_out)
    assert z_mean.std(axis=0).mean() == pytest.approx(1, abs=0.25)


def test_training_goes_on_from_there(photographs):
    vae = cosine_vae(blocks=0, noise=4.0)  # more than there is
    vae.init_output_bias(photographs)
    before = -metrics.elbo(vae, photographs).mean()
    vae.compile(keras.optimizers.Adam(2e-3))
    history = vae.fit(photographs, epochs=3, batch_size=50, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert -metrics.elbo(vae, photographs).mean() < before


def test_saved_and_loaded_it_is_the_same(photographs, tmp_path):
    vae = cosine_vae(noise=2.0)
    vae.init_output_bias(photographs)
    loaded = cvae.load_vae(cvae.save_vae(vae, tmp_path / "cosine.keras"))
    for ours, theirs in zip(vae.encode(photographs), loaded.encode(photographs), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    np.testing.assert_allclose(vae.sample(4, seed=1), loaded.sample(4, seed=1), atol=1e-5)


def test_half_precision_is_not_for_a_transform(photographs):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        vae = cosine_vae()
    finally:
        keras.config.set_dtype_policy("float32")
    vae.init_output_bias(photographs)
    error = vae.reconstruct(photographs) - photographs / 255
    assert np.sqrt(np.square(error).mean()) < 1.5 / 255


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"latent_dim": 144}, r"latent_dim must be 147 for images \(8, 6, 3\).*got 144"),
        ({"noise": 0}, "noise must be a spread in grey levels, above 0 and below 256; got 0"),
        ({"filters": 0}, "filters must be"),
        ({"blocks": -1}, "blocks must be"),
        ({"likelihood": "bernoulli"}, "use the likelihood 'discretized_logistic'; got parameters=1"),
        ({"num_classes": 3}, "takes no labels"),
        ({"hidden": (3,)}, "has no argument hidden"),
    ],
)
def test_what_is_refused(arguments, message):
    settings = {
        "latent_dim": DIM, "network": "cosine", "likelihood": "discretized_logistic",
    } | arguments  # fmt: skip
    with pytest.raises(ValueError, match=message):
        cvae.build_vae(SHAPE, **settings)


def test_images_that_are_refused():
    with pytest.raises(ValueError, match=r"the model takes \(n, 8, 6, 3\), got \(3, 5, 5, 1\)"):
        CosineEncoder(DIM, SHAPE).adapt(np.zeros((3, 5, 5, 1)))
    with pytest.raises(ValueError, match="images of 2 x 2 have no fine detail"):
        CosineEncoder(5, (2, 2, 1))
