import keras
import numpy as np
import pytest
import scipy.stats
from keras import ops

from cvae import gaussian


def test_kl_of_the_prior_is_zero():
    kl = gaussian.kl_divergence(np.zeros((3, 5), "float32"), np.zeros((3, 5), "float32"))
    np.testing.assert_allclose(ops.convert_to_numpy(kl), 0, atol=1e-6)


def test_kl_by_hand():
    # One dimension, mean 1, variance e: (1 + e - 1 - 1) / 2. Two such dimensions: twice that.
    kl = gaussian.kl_divergence(np.ones((1, 2), "float32"), np.ones((1, 2), "float32"))
    np.testing.assert_allclose(ops.convert_to_numpy(kl), [np.e - 1], rtol=1e-6)


def test_kl_against_monte_carlo(rng):
    z_mean = np.array([[0.5, -1.0, 2.0]], "float32")
    z_log_var = np.array([[-1.0, 0.3, 0.0]], "float32")
    std = np.exp(0.5 * z_log_var)
    z = z_mean + std * rng.standard_normal((400_000, 3))
    log_ratio = scipy.stats.norm(z_mean, std).logpdf(z) - scipy.stats.norm.logpdf(z)
    estimates = log_ratio.sum(axis=1)
    error = estimates.std() / np.sqrt(len(estimates))
    kl = float(ops.convert_to_numpy(gaussian.kl_divergence(z_mean, z_log_var))[0])
    assert abs(kl - estimates.mean()) < 5 * error


def test_kl_is_summed_over_dimensions_not_averaged():
    one = gaussian.kl_divergence(np.ones((1, 1), "float32"), np.zeros((1, 1), "float32"))
    ten = gaussian.kl_divergence(np.ones((1, 10), "float32"), np.zeros((1, 10), "float32"))
    assert float(ten[0]) == pytest.approx(10 * float(one[0]))


def test_log_normal_against_scipy(rng):
    z, mean, log_var = rng.normal(size=(3, 4, 2)).astype("float32")
    expected = scipy.stats.norm(mean, np.exp(log_var / 2)).logpdf(z).sum(axis=-1)
    found = ops.convert_to_numpy(gaussian.log_normal(z, mean, log_var))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_reparameterize_has_the_moments_of_the_posterior():
    z_mean = np.full((100_000, 1), 3.0, "float32")
    z_log_var = np.full((100_000, 1), np.log(0.25), "float32")
    z = ops.convert_to_numpy(gaussian.reparameterize(z_mean, z_log_var, seed=0))
    assert z.mean() == pytest.approx(3, abs=0.01)
    assert z.std() == pytest.approx(0.5, abs=0.01)


def test_float32_under_mixed_precision():
    half = ops.cast(ops.ones((2, 3)), "bfloat16")
    kl = gaussian.kl_divergence(half, half)
    assert keras.backend.standardize_dtype(kl.dtype) == "float32"


def test_prior_is_seeded_and_normal():
    assert np.array_equal(gaussian.prior(5, 2, seed=1), gaussian.prior(5, 2, seed=1))
    assert not np.array_equal(gaussian.prior(5, 2, seed=1), gaussian.prior(5, 2, seed=2))
    assert gaussian.prior(50_000, 1, seed=0).std() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("n", [0, -1, 2.5, "3"])
def test_prior_refuses(n):
    with pytest.raises(ValueError, match="at least 1"):
        gaussian.prior(n, 2)
