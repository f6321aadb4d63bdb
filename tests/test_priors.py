"""A learnt prior: its density against its own samples and against scipy, and the bound with it."""

import keras
import numpy as np
import pytest
import scipy.stats
from keras import ops

import cvae
from cvae import VAE, Gaussian, MLPDecoder, MLPEncoder, latent, metrics
from cvae.priors import AffineFlow, Mixture, Prior


def bent(latent_dim, rng, scale=0.4):
    """A flow with weights of some size, which is no Gaussian."""
    flow = AffineFlow(steps=3, hidden=8)
    flow.build((None, latent_dim))
    for weight in flow.weights:
        weight.assign(scale * rng.normal(size=weight.shape))
    return flow


def set_constant(flow, shift, log_scale):
    """Make of each step a constant: what it moves is shifted and scaled, whatever the rest is."""
    for network in flow.networks:
        last = network.layers[-1]
        last.kernel.assign(0 * last.kernel)
        last.bias.assign(np.concatenate([shift, 2 * np.arctanh(np.asarray(log_scale) / 2)]))


def test_untrained_it_is_the_standard_normal(rng):
    flow = AffineFlow()
    flow.build((None, 3))
    z = rng.normal(size=(50, 3)).astype("float32")
    expected = scipy.stats.norm.logpdf(z).sum(axis=1)
    np.testing.assert_allclose(ops.convert_to_numpy(flow.log_prob(z)), expected, rtol=1e-5)
    np.testing.assert_allclose(flow.sample(5, 3, seed=1), cvae.gaussian.prior(5, 3, seed=1), rtol=1e-6)


def test_the_density_is_that_of_the_samples(rng):
    """On a grid it sums to 1, and in each quarter of the plane to the part of the samples there."""
    flow = bent(2, rng)
    side = np.linspace(-15, 15, 601)
    grid = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2).astype("float32")
    mass = np.exp(ops.convert_to_numpy(flow.log_prob(grid)).astype("float64")) * (side[1] - side[0]) ** 2
    assert mass.sum() == pytest.approx(1, abs=0.01)
    z = flow.sample(100_000, 2, seed=0)
    assert abs(scipy.stats.skew(z)).max() > 0.05  # no Gaussian
    middle = np.median(z, axis=0)
    for right in (False, True):
        for up in (False, True):
            inside = ((z[:, 0] > middle[0]) == right) & ((z[:, 1] > middle[1]) == up)
            there = ((grid[:, 0] > middle[0]) == right) & ((grid[:, 1] > middle[1]) == up)
            assert mass[there].sum() == pytest.approx(inside.mean(), abs=0.015)


def test_what_the_steps_undo(rng):
    """log p(z) by hand: that of the noise, less the log of how much the steps stretch."""
    flow = bent(3, rng)
    e = rng.normal(size=(4, 3)).astype("float32")
    z = ops.convert_to_numpy(flow.bend(e))
    step = 1e-2
    for row in range(len(e)):
        ends = [ops.convert_to_numpy(flow.bend(e[row] + sign * step * np.eye(3, dtype="float32")))
                for sign in (1, -1)]  # fmt: skip
        stretch = np.linalg.det((ends[0] - ends[1]).astype("float64") / (2 * step))
        expected = scipy.stats.norm.logpdf(e[row]).sum() - np.log(abs(stretch))
        assert float(flow.log_prob(z[row : row + 1])[0]) == pytest.approx(expected, abs=0.02)


@pytest.fixture
def linear(rng):
    """A linear-Gaussian model whose prior is N(0.8, 0.5^2): log p(x) is known, and so is q."""
    weights, variance, mean, std = np.array([[0.4, -0.2, 0.1, 0.3]]), 0.05, 0.8, 0.5
    # Two steps, of which the first leaves the only dimension alone.
    flow = AffineFlow(steps=2, hidden=4)
    encoder, decoder = MLPEncoder(1, hidden=()), MLPDecoder((2, 2, 1), hidden=())
    vae = VAE(encoder, decoder, Gaussian(variance), seed=0, prior=flow)
    set_constant(flow, [mean], [np.log(std)])
    decoder.set_weights([weights, np.full(4, 0.5)])
    posterior = 1 / (1 / std**2 + (weights @ weights.T)[0, 0] / variance)
    head = posterior * weights.T / variance
    bias = posterior * mean / std**2 - 0.5 * head.sum(axis=0)
    encoder.set_weights([head, bias, np.zeros((4, 1)), np.array([np.log(posterior)])])
    x = rng.random((200, 4))
    cov = std**2 * weights.T @ weights + variance * np.eye(4)
    exact = scipy.stats.multivariate_normal(0.5 + mean * weights[0], cov).logpdf(x)
    return vae, x.reshape(-1, 2, 2, 1).astype("float32"), exact


def test_bound_and_likelihood_of_a_linear_model_are_exact(linear):
    """Where q is the posterior, both are log p(x), with any number of samples."""
    vae, x, exact = linear
    np.testing.assert_allclose(metrics.elbo(vae, x), exact, atol=2e-3)
    np.testing.assert_allclose(metrics.log_likelihood(vae, x, samples=3), exact, atol=2e-3)
    vae.compile("adam")
    found = vae.evaluate(x, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(-exact.mean(), abs=2e-3)
    samples = vae.prior.sample(20_000, 1, seed=0)
    assert samples.mean() == pytest.approx(0.8, abs=0.02)
    assert samples.std() == pytest.approx(0.5, abs=0.02)


def test_it_is_learnt_and_comes_back(small, images, tmp_path):
    """It goes where the codes of a trained VAE are, and is saved with it."""
    plain = small(latent_dim=2)
    plain.fit(images, epochs=20, batch_size=32, verbose=0)
    vae = VAE(plain.encoder, plain.decoder, plain.likelihood, seed=0, prior="flow")
    vae.encoder.trainable = vae.decoder.trainable = False
    vae.compile(keras.optimizers.Adam(1e-2))
    before = metrics.elbo(vae, images, samples=20).mean()
    assert before == pytest.approx(metrics.elbo(plain, images, samples=20).mean(), abs=0.3)
    vae.fit(images, epochs=40, batch_size=32, verbose=0)
    assert metrics.elbo(vae, images, samples=20).mean() > before + 0.1
    again = cvae.load_vae(cvae.save_vae(vae, tmp_path / "v.keras"))
    assert (again.prior.steps, again.prior.hidden) == (4, 64)
    np.testing.assert_array_equal(again.sample(4, seed=0), vae.sample(4, seed=0))
    found = [metrics.nll(model, images, samples=5)[0] for model in (vae, again)]
    assert found[0] == pytest.approx(found[1], rel=1e-6)
    assert vae.prior.count_params() + vae.encoder.count_params() + vae.decoder.count_params() == (
        vae.count_params()
    )


def test_with_other_options(small, images, labels):
    conditional = small(num_classes=3, prior="flow")
    conditional.fit(images, labels, verbose=0)
    assert conditional.sample(3, labels=1, seed=0).shape == (3, 8, 8, 1)
    vae = small(prior="flow", importance_samples=3)
    vae.fit(images, verbose=0)
    # Free bits are of all dimensions together.
    vae = small(prior="flow", free_bits=1000.0)
    outputs = vae(images)
    reconstruction = -ops.convert_to_numpy(vae.likelihood.log_prob(images, outputs["parameters"])).mean()
    loss = float(vae.compute_loss(images, y_pred=outputs))
    assert loss == pytest.approx(reconstruction + 1000, rel=1e-5)


class Half(Prior):
    """A prior of one's own that lacks a method."""

    def log_prob(self, z):
        return cvae.gaussian.log_normal(z)


def test_wrong_use(small, images):
    with pytest.raises(TypeError, match="Half has no method from_noise: see Prior"):
        small(prior=Half())
    for unbuilt in (AffineFlow(), Mixture()):
        with pytest.raises(ValueError, match="has no weights yet: give it to a VAE, or call build"):
            unbuilt.sample(2, 3)
    with pytest.raises(ValueError, match="has no weights yet"):
        Mixture().adapt(np.zeros((60, 2)))
    with pytest.raises(ValueError, match="built for a z of 3 dimensions, got latent_dim=5"):
        bent(3, np.random.default_rng(0)).sample(2, 5)
    with pytest.raises(ValueError, match="unknown prior 'vamp': expected one of normal, flow, mixture"):
        small(prior="vamp")
    with pytest.raises(TypeError, match="prior must be one of normal, flow, mixture, or an instance"):
        small(prior=3)
    with pytest.raises(ValueError, match="steps must be"):
        AffineFlow(steps=0)
    with pytest.raises(ValueError, match="the prior is built for a z of 3 dimensions, this one has 2"):
        small(prior=bent(3, np.random.default_rng(0)))
    vae = small(prior="flow")
    with pytest.raises(AttributeError, match="prior is built into this VAE"):
        vae.prior = AffineFlow()
    for look in (lambda: latent.grid(vae), lambda: latent.kl_per_dimension(vae, images)):
        with pytest.raises(ValueError, match="this VAE has learnt its prior"):
            look()
    assert latent.kl_per_layer(vae, images).shape == (1,)
    assert latent.active_units(vae, images) >= 0


@pytest.fixture
def clusters(rng):
    """Two clusters in the plane, three to one, and a mixture that knows them."""
    mixture = Mixture(components=2)
    mixture.build((None, 2))
    weights, means, stds = np.array([0.75, 0.25]), np.array([[-2, 0], [3, 1]]), [[0.5, 1], [1, 0.2]]
    mixture.set_weights([np.log(weights), means, 2 * np.log(stds)])

    def density(z):
        parts = [scipy.stats.norm.pdf(z, m, s).prod(axis=1) for m, s in zip(means, stds, strict=True)]
        return weights @ parts

    return mixture, density


def test_the_density_of_a_mixture(clusters, rng):
    mixture, density = clusters
    z = rng.normal(0, 2, (50, 2)).astype("float32")
    np.testing.assert_allclose(ops.convert_to_numpy(mixture.log_prob(z)), np.log(density(z)), rtol=1e-4)


def test_samples_of_a_mixture(clusters):
    """As often from each cluster as it weighs, and with that cluster's mean and spread."""
    mixture, _ = clusters
    z = mixture.sample(20_000, 2, seed=0)
    assert z.dtype == np.float32
    left = z[z[:, 0] < 0.5]
    assert len(left) / len(z) == pytest.approx(0.75, abs=0.01)
    np.testing.assert_allclose(left.mean(axis=0), [-2, 0], atol=0.04)
    np.testing.assert_allclose(left.std(axis=0), [0.5, 1], atol=0.03)
    # The cluster that is drawn says nothing about where in it z lies.
    assert abs(np.corrcoef(left.T)[0, 1]) < 0.03
    np.testing.assert_array_equal(z[:5], mixture.sample(20_000, 2, seed=0)[:5])


def test_a_mixture_adapts_to_codes(clusters):
    mixture, density = clusters
    z = mixture.sample(5000, 2, seed=1)
    found = Mixture(components=2)
    found.build((None, 2))
    found.adapt(z)
    assert float(ops.mean(found.log_prob(z))) == pytest.approx(np.log(density(z)).mean(), abs=0.02)
    with pytest.raises(ValueError, match="2 components need as many codes at least, got 1: give more"):
        found.adapt(z[:1])
    with pytest.raises(ValueError, match=r"z must be \(n, 2\)"):
        found.adapt(z[:, :1])


def test_a_mixture_is_learnt_and_comes_back(small, images, tmp_path):
    vae = small(latent_dim=2, prior=Mixture(components=3))
    before = np.copy(ops.convert_to_numpy(vae.prior.means))
    vae.fit(images, epochs=2, batch_size=32, verbose=0)
    assert abs(ops.convert_to_numpy(vae.prior.means) - before).min() > 0
    again = cvae.load_vae(cvae.save_vae(vae, tmp_path / "v.keras"))
    assert again.prior.components == 3
    np.testing.assert_array_equal(again.sample(4, seed=0), vae.sample(4, seed=0))
    found = [metrics.nll(model, images, samples=5)[0] for model in (vae, again)]
    assert found[0] == pytest.approx(found[1], rel=1e-6)
    with pytest.raises(ValueError, match="components must be"):
        Mixture(components=0)
    with pytest.raises(ValueError, match="the prior is built for a z of 2 dimensions, this one has 3"):
        small(latent_dim=3, prior=vae.prior)
