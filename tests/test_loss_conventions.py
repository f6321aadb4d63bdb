"""Each row of the table against the formula as public code writes it."""

import keras
import numpy as np
import pytest
from keras import ops

import cvae
from cvae.loss_conventions import TABLE

PIXELS, LATENT = 64, 3


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(5, 8, 8, 1))
    logits = rng.normal(size=x.shape)
    z_mean, z_log_var = rng.normal(size=(2, 5, LATENT))
    return x, logits, z_mean, z_log_var


def as_written(convention, x, decoded, z_mean, z_log_var):
    """The loss the way the sources print it, with means and sums where they have them."""
    if convention.error == "cross-entropy":
        p = 1 / (1 + np.exp(-decoded))
        error = -(x * np.log(p) + (1 - x) * np.log(1 - p))
    else:
        error = (x - decoded) ** 2 / (2 * convention.c)
    kl = -0.5 * (1 + z_log_var - z_mean**2 - np.exp(z_log_var))
    per_image = error.mean(axis=(1, 2, 3)) if convention.pixel_mean else error.sum(axis=(1, 2, 3))
    return np.mean(per_image + (kl.mean(axis=1) if convention.latent_mean else kl.sum(axis=1)))


@pytest.mark.parametrize("convention", TABLE, ids=lambda c: f"{c.error}: {c.name}")
def test_conversion(convention, case):
    x, decoded, z_mean, z_log_var = (part.astype("float32") for part in case)
    likelihood, beta = convention.model(PIXELS, LATENT)
    kl = cvae.kl_divergence(z_mean, z_log_var)
    ours = float(ops.mean(-likelihood.log_prob(x, decoded) + beta * kl))
    expected = as_written(convention, *case)
    assert convention.from_nats(ours, PIXELS, LATENT) == pytest.approx(expected, rel=1e-4)


def test_the_numbers_of_the_pitfalls():
    """Pixel means are beta 784 on MNIST; a KL averaged over latent dimensions is divided by them."""
    betas = [round(c.beta(784, 2), 6) for c in TABLE if c.error == "cross-entropy"]
    assert betas == [1, 784, 392, 0.5]
    variances = [round(c.variance(784, 2), 6) for c in TABLE if c.error == "squared error"]
    assert variances == [0.05, 0.5, 392]


def test_keras_bce_is_a_pixel_mean():
    """What makes the second row common: Keras's binary cross-entropy averages the last axis."""
    x = np.zeros((2, 784), "float32")
    loss = keras.losses.binary_crossentropy(x, np.full_like(x, 0.5))
    np.testing.assert_allclose(ops.convert_to_numpy(loss), np.log(2), rtol=1e-5)
