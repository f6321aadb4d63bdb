import keras
import numpy as np
import pytest
import scipy.linalg
import scipy.stats
from keras import ops

import cvae
from cvae import metrics

SAMPLES, OURS = 80, 200


@pytest.fixture
def trained(small, images):
    """A function that builds a small VAE and trains it, with a small beta so that its z says much."""

    def build(**options):
        vae = small(beta=0.1, **options)
        inputs = {"image": images, "label": np.arange(96) % 3} if "num_classes" in options else images
        vae.fit(inputs, epochs=20, batch_size=32, verbose=0)
        vae.beta.assign(1.0)
        return vae

    return build


def kl(z_mean, z_log_var):
    variance = np.exp(z_log_var.astype("float64"))
    return 0.5 * (z_mean**2 + variance - 1 - np.log(variance)).sum(axis=1)


def check_elbo(vae, images, log_likelihood, labels=None, **options):
    """`elbo` of 16 images against many samples of our own, in NumPy but for the networks."""
    images, labels = images[:16], None if labels is None else labels[:16]
    z_mean, z_log_var = vae.encode(images, labels)
    epsilon = np.random.default_rng(1).normal(size=(OURS, *z_mean.shape))
    z = (z_mean + np.exp(z_log_var / 2) * epsilon).reshape(-1, z_mean.shape[1])
    if labels is not None:
        z = np.concatenate([z, np.tile(np.eye(vae.num_classes)[labels], (OURS, 1))], axis=1)
    parameters = ops.convert_to_numpy(vae.decoder(z.astype("float32"), training=False))
    draws = log_likelihood(np.tile(images, (OURS, 1, 1, 1)) / 255, parameters.astype("float64"))
    draws = draws.reshape(OURS, 16)
    expected = draws.mean(axis=0) - kl(z_mean, z_log_var)
    found = metrics.elbo(vae, images, labels, samples=SAMPLES, **options)
    assert found.shape == (16,)
    # Both are means over samples: five standard errors of their difference, for each and for all.
    error = 5 * draws.std(axis=0) * np.sqrt(1 / SAMPLES + 1 / OURS) + 1e-3
    assert (abs(found - expected) < error).all()
    assert abs(found.mean() - expected.mean()) < np.sqrt((error**2).mean() / 16)
    assert kl(z_mean, z_log_var).mean() > 2
    return found


def bernoulli(x, logits):
    return (x * logits - np.logaddexp(0, logits)).sum(axis=(1, 2, 3))


def bernoulli_levels(x, logits):
    top = np.maximum(logits, 0)
    total = sum(np.exp(logits * level - top) for level in np.arange(256) / 255)
    log_sum = top + np.log(total)
    return (x * logits - log_sum).sum(axis=(1, 2, 3))


def test_elbo_against_numpy(trained, images):
    vae = trained()
    found = check_elbo(vae, images, bernoulli)
    # Training's own estimate, one z for each image, averaged over many evaluations.
    losses = [vae.evaluate(images[:16], verbose=0, return_dict=True)["loss"] for _ in range(30)]
    error = 5 * np.std(losses) / np.sqrt(30)
    assert error < 0.3 * abs(found.mean())
    assert abs(-found.mean() - np.mean(losses)) < error + 0.05


def test_discrete_elbo_against_numpy(trained, images):
    vae = trained()
    found = check_elbo(vae, images, bernoulli_levels, discrete=True)
    # An image that says nothing costs 8 bits for each pixel; these squares are less of a surprise.
    assert 0 < metrics.bits_per_dimension(-found.mean(), vae.image_shape) < 8


def test_elbo_of_a_gaussian(trained, images):
    vae = trained(likelihood=cvae.Gaussian(0.05))
    normal = scipy.stats.norm(scale=np.sqrt(0.05))
    density = check_elbo(vae, images, lambda x, mean: normal.logpdf(x - mean).sum(axis=(1, 2, 3)))
    mass = metrics.elbo(vae, images[:16], samples=SAMPLES, discrete=True)
    np.testing.assert_allclose(mass, density - 64 * np.log(255), rtol=1e-4)


def test_elbo_of_a_discretized_logistic_is_discrete_already(small, images):
    vae = small(likelihood="discretized_logistic")
    found = metrics.elbo(vae, images)
    assert np.array_equal(found, metrics.elbo(vae, images, discrete=True))


def test_elbo_of_a_conditional_vae(trained, images, labels):
    vae = trained(num_classes=3)
    check_elbo(vae, images, bernoulli, labels)
    others = metrics.elbo(vae, images, (labels + 1) % 3)
    assert not np.allclose(others, metrics.elbo(vae, images, labels))


def test_elbo_is_repeatable_and_knows_no_beta(small, images):
    vae = small()
    first = metrics.elbo(vae, images)
    assert first.dtype == np.float32
    assert np.array_equal(first, metrics.elbo(vae, images))
    assert not np.array_equal(first, metrics.elbo(vae, images, seed=1))
    vae.beta.assign(7.0)
    assert np.array_equal(first, metrics.elbo(vae, images))
    np.testing.assert_allclose(first, metrics.elbo(vae, images / 255), rtol=1e-5)
    assert metrics.elbo(vae, images, batch_size=40).shape == (96,)


def test_wrong_arguments_of_elbo(small, images, labels):
    vae = small()
    for samples in (0, 1.5, None):
        with pytest.raises(ValueError, match="samples must be a whole number of at least 1"):
            metrics.elbo(vae, images, samples=samples)
    with pytest.raises(ValueError, match="images of the wrong side"):
        metrics.elbo(vae, images[:, :4])
    with pytest.raises(TypeError, match="plain VAE takes no labels"):
        metrics.elbo(vae, images, labels)
    conditional = small(num_classes=3)
    with pytest.raises(ValueError, match="needs labels, from 0 to 2"):
        metrics.elbo(conditional, images)
    with pytest.raises(ValueError, match=r"labels must lie in 0\.\.2, got 1\.\.3"):
        metrics.elbo(conditional, images, labels + 1)


@pytest.fixture
def linear():
    """x = z K + b + noise of variance 0.05: a VAE whose log p(x) is a normal density. `widen` moves
    q(z | x) away from the true posterior."""
    rng = np.random.default_rng(0)
    variance, latent_dim = 0.05, 2
    vae = cvae.build_vae(
        (4, 4, 1), latent_dim, "mlp", cvae.Gaussian(variance), hidden=(), seed=0,
        decoder={"output_activation": None},
    )  # fmt: skip
    directions = np.linalg.qr(rng.normal(size=(16, latent_dim)))[0].T  # orthogonal: so is the posterior
    kernel, bias = directions * np.array([[0.3], [0.15]]), np.full(16, 0.5)
    images = np.clip(
        rng.normal(size=(300, latent_dim)) @ kernel + 0.1 * rng.normal(size=(300, 16)) + bias, 0, 1
    )
    log_p = scipy.stats.multivariate_normal(bias, kernel.T @ kernel + variance * np.eye(16)).logpdf(
        images
    )

    def build(widen=0.0):
        posterior = 1 / (1 + np.square(kernel).sum(axis=1) / variance)
        weights = (kernel / variance).T * posterior
        vae.encoder.set_weights([weights, -bias @ weights, np.zeros((16, 2)), np.log(posterior) + widen])
        vae.decoder.set_weights([kernel, bias])
        return vae

    return build, images.reshape(-1, 4, 4, 1).astype("float32"), log_p


@pytest.mark.parametrize("samples", [1, 7])
def test_nll_is_exact_where_q_is_the_posterior(linear, samples):
    build, images, log_p = linear
    mean, error = metrics.nll(build(), images, samples=samples)
    assert mean == pytest.approx(-log_p.mean(), abs=1e-3)
    assert error == pytest.approx(log_p.std(ddof=1) / np.sqrt(300), rel=1e-3)


def test_log_likelihood_of_each_image(linear):
    build, images, log_p = linear
    found = metrics.log_likelihood(build(), images, samples=3, batch_size=20)
    np.testing.assert_allclose(found, log_p, atol=1e-2)  # each its own, in their order


def test_mean_and_error_by_hand():
    """1, 2, 6: mean 3, variance 7, standard error sqrt(7 / 3)."""
    assert metrics.mean_and_error([1, 2, 6]) == pytest.approx((3, (7 / 3) ** 0.5))
    assert np.isnan(metrics.mean_and_error([1.0])[1])


def test_nll_falls_to_the_exact_value_and_not_below(linear):
    build, images, log_p = linear
    vae, exact = build(widen=1.5), -log_p.mean()
    by_samples = [metrics.nll(vae, images, samples=samples)[0] for samples in (1, 5, 50, 500)]
    assert by_samples[0] == pytest.approx(-metrics.elbo(vae, images, samples=50).mean(), abs=0.2)
    assert by_samples[0] > exact + 1  # q is far off
    assert by_samples == sorted(by_samples, reverse=True)
    assert by_samples[-1] == pytest.approx(exact, abs=0.1)
    # Below the exact value only by the chance of 300 images: never on average over seeds.
    few = [metrics.nll(vae, images[:50], samples=3, seed=seed)[0] for seed in range(20)]
    assert np.mean(few) > -log_p[:50].mean()


def test_nll_is_one_number_whatever_the_batch(linear):
    build, images, log_p = linear
    vae, images, log_p = build(widen=1.0), images[:60], log_p[:60]
    sizes = [metrics.nll(vae, images, samples=400, batch_size=size)[0] for size in (64, 1000, 10**6)]
    np.testing.assert_allclose(sizes, -log_p.mean(), atol=0.1)
    assert metrics.nll(vae, images[:8]) == metrics.nll(vae, images[:8])


def test_nll_is_the_same_compiled_and_not(linear):
    """Twenty batches and more are compiled; the noise is the same."""
    build, images, _ = linear
    vae, images = build(widen=1.0), images[:40]
    few, many = (metrics.log_likelihood(vae, images, samples=10, batch_size=size) for size in (40, 10))
    np.testing.assert_allclose(few.mean(), many.mean(), atol=0.2)
    eager = metrics.LogWeights(vae, 3, keras.random.SeedGenerator(1), vae.likelihood.log_prob)
    graph = metrics.LogWeights(vae, 3, keras.random.SeedGenerator(1), vae.likelihood.log_prob)
    np.testing.assert_allclose(
        ops.convert_to_numpy(eager(images)), graph.predict_on_batch(images), rtol=1e-4, atol=1e-4
    )


def test_grey_levels_in_sixteen_bits(trained, images):
    vae, sixteen = trained(), (images[:16] / 255).astype("float16")
    found, exact = (metrics.elbo(vae, x, discrete=True).mean() for x in (sixteen, images[:16]))
    assert found == pytest.approx(exact, rel=1e-2)
    with pytest.raises(ValueError, match="needs images that are grey levels"):
        metrics.elbo(vae, sixteen / 3, discrete=True)


def test_nll_of_a_conditional_vae(trained, images, labels):
    vae = trained(num_classes=3)
    ours = metrics.nll(vae, images[:16], labels[:16], samples=300)[0]
    assert ours < -metrics.elbo(vae, images[:16], labels[:16], samples=50).mean()
    wrong = (labels[:16] + 1) % 3
    assert metrics.nll(vae, images[:16], wrong, samples=300)[0] != pytest.approx(ours, abs=1e-3)


def test_discrete_nll(trained, images):
    vae = trained()
    nats = metrics.nll(vae, images[:16], samples=300, discrete=True)[0]
    assert nats < -metrics.elbo(vae, images[:16], samples=50, discrete=True).mean()
    assert 0 < metrics.bits_per_dimension(nats, images.shape[1:]) < 9


def test_wrong_arguments_of_nll(small, images):
    with pytest.raises(ValueError, match="samples must be a whole number of at least 1, got 0"):
        metrics.nll(small(), images, samples=0)
    with pytest.raises(ValueError, match="batch_size"):
        metrics.nll(small(), images, batch_size=0)
    with pytest.raises(TypeError, match="takes no labels"):
        metrics.nll(small(), images, np.zeros(len(images), int))
    with pytest.raises(ValueError, match="wrong side"):
        metrics.nll(small(), np.zeros((2, 5, 5, 1)))


def test_bits_per_dimension_by_hand():
    """Any of 256 grey levels, equally likely: log 256 nats, 8 bits, for each pixel and channel."""
    for shape in ((28, 28, 1), (32, 32, 3), (1, 1, 1)):
        assert metrics.bits_per_dimension(np.prod(shape) * np.log(256), shape) == pytest.approx(8)
    assert metrics.bits_per_dimension(0.0, (2, 2, 1)) == 0
    bits = metrics.bits_per_dimension(np.array([0, 4, 8]) * np.log(2), (2, 2, 1))
    np.testing.assert_allclose(bits, [0, 1, 2])


@pytest.mark.parametrize("shape", [(28, 28), (0, 28, 1), (-2, -2, 1), (2, 2, 1, 1), 784, None])
def test_wrong_image_shapes(shape):
    with pytest.raises(ValueError, match=r"image_shape must be \(height, width, channels\)"):
        metrics.bits_per_dimension(1.0, shape)


@pytest.mark.parametrize("classes", [2, 10])
def test_inception_score_at_its_ends(classes):
    same = np.tile(np.arange(1, classes + 1) / np.arange(1, classes + 1).sum(), (50, 1))
    assert metrics.inception_score(same) == pytest.approx((1, 0))
    sure = np.eye(classes)[np.arange(10 * classes) % classes]
    assert metrics.inception_score(sure, splits=10) == pytest.approx((classes, 0))


def test_inception_score_by_hand():
    """Two images, 0.9 sure of one class each: KL = 0.9 log(0.9 / 0.5) + 0.1 log(0.1 / 0.5)."""
    verdicts = [[0.9, 0.1], [0.1, 0.9]]
    expected = 1.8**0.9 * 0.2**0.1
    assert metrics.inception_score(verdicts, splits=1) == pytest.approx((expected, 0))
    assert metrics.inception_score(verdicts, splits=2) == pytest.approx((1, 0))


def test_inception_score_against_scipy(rng):
    verdicts = rng.dirichlet(np.full(5, 0.3), 40)
    mean, spread = metrics.inception_score(verdicts, splits=4)
    scores = []
    for part in verdicts.reshape(4, 10, 5):
        divergences = [scipy.stats.entropy(row, part.mean(axis=0)) for row in part]
        scores.append(np.exp(np.mean(divergences)))
    assert (mean, spread) == pytest.approx((np.mean(scores), np.std(scores)))


def test_inception_score_of_parts():
    """Ten times the same verdict scores 1, then two classes in turns score 2."""
    verdicts = np.concatenate([np.tile([0.5, 0.5], (10, 1)), np.eye(2)[np.arange(10) % 2]])
    assert metrics.inception_score(verdicts, splits=2) == pytest.approx((1.5, 0.5))


@pytest.mark.parametrize(
    ("probabilities", "splits", "message"),
    [
        (np.ones(10), 1, r"probabilities must be \(n, classes\), got \(10,\)"),
        (np.ones((0, 10)), 1, r"must be \(n, classes\)"),
        ([[2.0, -1.0]], 1, "0 or more and sum to 1"),
        ([[3.0, 4.0]], 1, "rows that sum to 7 to 7: apply a softmax to logits"),
        ([[np.nan, 1.0]], 1, "0 or more and sum to 1"),
        ([[0.5, 0.5]], 2, "splits must be 1 to 1, the number of images; got 2"),
        ([[0.5, 0.5]], 0, "splits must be 1 to 1"),
        ([[0.5, 0.5]], 1.0, "splits must be 1 to 1"),
    ],
)
def test_wrong_arguments_of_inception_score(probabilities, splits, message):
    with pytest.raises(ValueError, match=message):
        metrics.inception_score(probabilities, splits)


def test_frechet_distance_by_hand():
    # Variances 1 and 4, means 0 and 3, in one dimension: 9 + 1 + 4 - 2 * 2.
    a, b = np.array([[-1.0], [1.0]]), np.array([[1.0], [5.0]])
    a, b = a / a.std(ddof=1), 3 + 2 * (b - 3) / b.std(ddof=1)
    assert metrics.frechet_distance(a, b) == pytest.approx(10)
    assert metrics.frechet_distance(a, a) == pytest.approx(0, abs=1e-9)


def test_frechet_distance_against_scipy(rng):
    a = rng.normal(size=(200, 6)) @ rng.normal(size=(6, 6))
    b = rng.normal(size=(300, 6)) @ rng.normal(size=(6, 6)) + 1
    cov_a, cov_b = np.cov(a.T), np.cov(b.T)
    root = scipy.linalg.sqrtm(cov_a @ cov_b).real
    expected = np.square(a.mean(0) - b.mean(0)).sum() + np.trace(cov_a + cov_b - 2 * root)
    assert metrics.frechet_distance(a, b) == pytest.approx(expected)
    assert metrics.frechet_distance(b, a) == pytest.approx(expected)


def test_frechet_distance_of_features_that_say_nothing(rng):
    # A feature that is always 0 makes the covariances singular.
    a = np.column_stack([rng.normal(size=50), np.zeros(50)])
    assert metrics.frechet_distance(a, a + np.array([1, 0])) == pytest.approx(1)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (np.zeros((4, 4)), np.zeros((9, 4)), "4 rows are too few"),
        (np.zeros((9, 4)), np.zeros((9, 3)), r"\(9, 4\) and \(9, 3\)"),
        (np.zeros(9), np.zeros((9, 1)), "must be"),
        (np.full((9, 2), np.nan), np.zeros((9, 2)), "NaN"),
    ],
)
def test_wrong_arguments_of_frechet_distance(a, b, message):
    with pytest.raises(ValueError, match=message):
        metrics.frechet_distance(a, b)
