import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
import scipy.stats
from keras import ops

import cvae
from cvae import VAE, ConditionalVAE, Gaussian, MLPDecoder, MLPEncoder, build_vae

TENSORFLOW = keras.backend.backend() == "tensorflow"


def test_loss_is_the_negative_elbo_in_nats_summed(small, images):
    """Against scipy: neither a mean over pixels nor one over latent dimensions passes."""
    vae = small(latent_dim=3, likelihood=Gaussian(0.1), beta=2.0)
    outputs = {k: ops.convert_to_numpy(v) for k, v in vae(images).items()}
    std = np.exp(outputs["z_log_var"] / 2)
    log_p = scipy.stats.norm(outputs["parameters"], np.sqrt(0.1)).logpdf(images / 255)
    # KL as E_q[log q - log p], which for Gaussians has this closed form in scipy's terms.
    entropy = scipy.stats.norm(outputs["z_mean"], std).entropy()
    cross = 0.5 * np.log(2 * np.pi) + 0.5 * (std**2 + outputs["z_mean"] ** 2)
    kl = (cross - entropy).sum(axis=1).mean()
    reconstruction = -log_p.sum(axis=(1, 2, 3)).mean()
    vae.reset_metrics()
    loss = float(vae.compute_loss(images, y_pred=outputs))
    assert loss == pytest.approx(reconstruction + 2 * kl, rel=1e-5)
    logs = vae.get_metrics_result()
    assert float(logs["reconstruction"]) == pytest.approx(reconstruction, rel=1e-5)
    assert float(logs["kl"]) == pytest.approx(kl, rel=1e-4)


def test_elbo_and_its_gap_to_the_exact_log_likelihood(rng):
    """A linear-Gaussian model: log p(x) is known, and so is the gap below it."""
    weights = np.array([[0.4, -0.2, 0.1, 0.3]])
    variance = 0.05
    decoder = MLPDecoder((2, 2, 1), hidden=())
    encoder = MLPEncoder(1, hidden=())
    vae = VAE(encoder, decoder, Gaussian(variance), seed=0)
    vae.compile("adam")
    decoder.to_pixels.kernel.assign(weights)
    decoder.to_pixels.bias.assign(np.full(4, 0.5))
    posterior_variance = 1 / (1 + (weights @ weights.T)[0, 0] / variance)
    exact = posterior_variance * weights.T / variance
    encoder.z_log_var.kernel.assign(np.zeros((4, 1)))
    encoder.z_log_var.bias.assign([np.log(posterior_variance)])
    z = rng.normal(size=(20_000, 1))
    x = z @ weights + 0.5 + np.sqrt(variance) * rng.normal(size=(20_000, 4))
    inside = ((x >= 0) & (x <= 1)).all(axis=1)
    x = x[inside].reshape(-1, 2, 2, 1).astype("float32")
    density = scipy.stats.multivariate_normal(
        np.full(4, 0.5), weights.T @ weights + variance * np.eye(4)
    )
    log_p = density.logpdf(x.reshape(-1, 4)).mean()
    for scale in (1.0, 0.7, 0.0):
        encoder.z_mean.kernel.assign(scale * exact)
        encoder.z_mean.bias.assign([-scale * 0.5 * exact.sum()])
        elbo = -vae.evaluate(x, batch_size=1000, verbose=0, return_dict=True)["loss"]
        # The gap is KL(q(z | x) || p(z | x)), here between Gaussians that differ in their means.
        means = (x.reshape(-1, 4) - 0.5) @ exact
        gap = (((1 - scale) * means) ** 2).mean() / (2 * posterior_variance)
        assert elbo == pytest.approx(log_p - gap, abs=0.05)
    assert gap > 0.5


@pytest.mark.parametrize("network", ["mlp", "conv", "residual"])
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "discretized_logistic"])
def test_training_lowers_the_loss(small, images, network, likelihood):
    vae = small(network=network, likelihood=likelihood)
    history = vae.fit(images, epochs=6, batch_size=16, verbose=0, validation_data=images[:32]).history
    names = {"loss", "reconstruction", "kl"}
    assert set(history) == names | {f"val_{name}" for name in names}
    assert history["loss"][-1] < history["loss"][0]
    assert history["loss"][-1] == pytest.approx(
        history["reconstruction"][-1] + history["kl"][-1], rel=1e-4
    )


def test_uint8_float_and_stream_train_alike(small, images):
    floats = (images / 255).astype("float32")

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return (images[32 * index : 32 * index + 32],)

    losses = []
    for data, options in ((images, {"batch_size": 32}), (floats, {"batch_size": 32}), (Batches(), {})):
        keras.utils.set_random_seed(0)
        losses.append(small().fit(data, epochs=2, shuffle=False, verbose=0, **options).history["loss"])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    np.testing.assert_allclose(losses[2], losses[0], rtol=1e-4)


@pytest.mark.skipif(not TENSORFLOW, reason="tf.data")
def test_tf_data(small, images, labels):
    import tensorflow as tf

    pairs = tf.data.Dataset.from_tensor_slices((images, labels)).batch(32)
    only = tf.data.Dataset.from_tensor_slices(images).batch(32)
    history = small().fit(pairs.map(lambda x, y: x), validation_data=only, verbose=0).history
    assert np.isfinite(history["val_loss"][0])
    with pytest.raises(ValueError, match="the data set is empty"):
        small().fit(only.take(0), verbose=0)
    with pytest.raises(ValueError, match="shape"):
        small().fit(only.map(lambda x: x[..., 0]), verbose=0)


def test_same_seed_same_numbers(small, images):
    runs = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        vae = small()
        vae.fit(images, epochs=2, batch_size=32, verbose=0)
        runs.append(vae.sample(4, seed=1))
    np.testing.assert_allclose(*runs, atol=1e-6)
    assert not np.allclose(vae.sample(4, seed=1), vae.sample(4, seed=2))


def test_sample_weight_counts_images_more(small, images):
    vae = small()
    # Keras's array adapter drops weights that come without a y; what y is does not matter.
    ones = vae.evaluate(images, images, sample_weight=np.ones(96), verbose=0, return_dict=True)
    twos = vae.evaluate(images, images, sample_weight=np.full(96, 2.0), verbose=0, return_dict=True)
    assert twos["loss"] == pytest.approx(2 * ones["loss"], rel=0.02)


def test_beta_is_not_frozen_by_the_first_trace(small, images):
    vae = small(beta=0.0)
    vae.evaluate(images, verbose=0)
    before = vae.evaluate(images, verbose=0, return_dict=True)
    vae.beta.assign(5.0)
    after = vae.evaluate(images, verbose=0, return_dict=True)
    assert before["loss"] == pytest.approx(before["reconstruction"], rel=1e-5)
    assert after["loss"] == pytest.approx(after["reconstruction"] + 5 * after["kl"], rel=1e-4)


def test_anneal_beta(small, images):
    vae = small()
    anneal = cvae.AnnealBeta(0.0, 1.0, epochs=4)
    history = vae.fit(images, epochs=6, verbose=0, callbacks=[anneal]).history
    assert history["beta"] == [0, 0.25, 0.5, 0.75, 1, 1]
    first = history["reconstruction"][0]
    assert history["loss"][0] == pytest.approx(first, rel=1e-4)
    assert float(ops.convert_to_numpy(vae.beta)) == 1
    with pytest.raises(ValueError, match="at least 0"):
        cvae.AnnealBeta(start=-1)


def test_anneal_beta_in_cycles():
    anneal = cvae.AnnealBeta(0.0, 1.0, epochs=2, cycle=4)
    assert [anneal.beta_at(epoch) for epoch in range(9)] == [0, 0.5, 1, 1, 0, 0.5, 1, 1, 0]
    with pytest.raises(ValueError, match="cycle must be at least epochs, 5"):
        cvae.AnnealBeta(epochs=5, cycle=4)


def test_free_bits_by_hand(small, images):
    """Below this many nats a dimension costs the same; held out it costs what it costs."""
    vae = small(latent_dim=3, beta=2.0, free_bits=0.25)
    vae.encoder.z_mean.bias.assign([3.0, 0.0, 0.0])
    vae.encoder.z_mean.kernel.assign(0.1 * vae.encoder.z_mean.kernel)
    outputs = {k: ops.convert_to_numpy(v) for k, v in vae(images).items()}
    z_mean, z_log_var = outputs["z_mean"], outputs["z_log_var"]
    kl = 0.5 * (z_mean**2 + np.exp(z_log_var) - 1 - z_log_var).mean(axis=0)
    assert kl.min() < 0.25 < kl.max()
    reconstruction = -ops.convert_to_numpy(vae.likelihood.log_prob(images, outputs["parameters"])).mean()
    free = float(vae.compute_loss(images, y_pred=outputs))
    assert free == pytest.approx(reconstruction + 2 * np.maximum(kl, 0.25).sum(), rel=1e-5)
    held_out = float(vae.compute_loss(images, y_pred=outputs, training=False))
    assert held_out == pytest.approx(reconstruction + 2 * kl.sum(), rel=1e-5)


def test_free_bits_keep_a_dimension_from_collapse(small, images):
    kl = {}
    for free_bits in (0.0, 0.5):
        vae = small(beta=30.0, free_bits=free_bits)
        kl[free_bits] = vae.fit(images, epochs=60, batch_size=32, verbose=0).history["kl"][-1]
    assert kl[0.0] < 0.1
    assert 0.5 < kl[0.5] < 1.5  # about two dimensions of half a nat


def test_importance_weighted_loss_of_a_linear_model_is_exact(rng):
    """Where q is the posterior, every weight is p(x), whatever the number of samples."""
    weights, variance = np.array([[0.4, -0.2, 0.1, 0.3]]), 0.05
    vae = VAE(
        MLPEncoder(1, hidden=()), MLPDecoder((2, 2, 1), hidden=()), Gaussian(variance), seed=0,
        importance_samples=5,
    )  # fmt: skip
    vae.decoder.set_weights([weights, np.full(4, 0.5)])
    posterior = 1 / (1 + (weights @ weights.T)[0, 0] / variance)
    head = posterior * weights.T / variance
    bias, log_var = -0.5 * head.sum(axis=0), np.array([np.log(posterior)])
    vae.encoder.set_weights([head, bias, np.zeros((4, 1)), log_var])
    x = rng.random((50, 4))
    cov = weights.T @ weights + variance * np.eye(4)
    exact = -scipy.stats.multivariate_normal(np.full(4, 0.5), cov).logpdf(x).mean()
    x = x.reshape(-1, 2, 2, 1).astype("float32")
    assert float(vae.compute_loss(x, y_pred=vae(x))) == pytest.approx(exact, rel=1e-4)
    # With q too wide, the bound of 200 samples is tighter than that of one, and neither is below.
    vae.encoder.z_log_var.bias.assign([np.log(posterior) + 1.5])
    loss = {}
    for samples in (1, 200):
        bound = VAE(vae.encoder, vae.decoder, vae.likelihood, seed=0, importance_samples=samples)
        loss[samples] = np.mean([float(bound.compute_loss(x, y_pred=bound(x))) for _ in range(20)])
    assert exact - 0.05 < loss[200] < exact + 0.2 < loss[1]


@pytest.mark.parametrize("options", [{"free_bits": 0.1}, {"importance_samples": 4}])
def test_training_options(small, images, labels, tmp_path, options):
    for more, x in (({}, images), ({"num_classes": 3}, {"image": images, "label": labels})):
        vae = small(**options, **more)
        history = vae.fit(x, epochs=8, batch_size=32, verbose=0).history
        assert history["loss"][-1] < history["loss"][0]
    again = cvae.load_vae(cvae.save_vae(vae, tmp_path / "vae.keras"))
    assert {key: getattr(again, key) for key in options} == options


@pytest.mark.parametrize("options", [{"free_bits": -1}, {"free_bits": "a"}, {"importance_samples": 0}])
def test_wrong_training_options(small, options):
    with pytest.raises(ValueError, match=next(iter(options))):
        small(**options)


def test_init_output_bias(images):
    vae = build_vae((8, 8, 1), 2, "mlp", hidden=(4,), seed=0)
    vae.compile("adam")
    blank = vae.evaluate(images, verbose=0, return_dict=True)["loss"]
    vae.init_output_bias(images)
    ready = vae.evaluate(images, verbose=0, return_dict=True)["loss"]
    # The best a constant image can do: the entropy of the pixel means, up to what z adds at random.
    p = np.clip((images / 255).mean(axis=0), 1e-3, 1 - 1e-3)
    entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p)).sum()
    assert blank > 1.3 * entropy
    assert ready == pytest.approx(entropy, rel=0.1)


def test_batch_norm_is_still_in_evaluation(small, images):
    vae = small(network="conv", batch_norm=True)
    vae.fit(images, epochs=1, verbose=0)
    together, _ = vae.encode(images)
    alone, _ = vae.encode(images[:1])
    np.testing.assert_allclose(together[:1], alone, atol=1e-4)


def test_use_on_arrays(small, images):
    vae = small(latent_dim=3)
    z_mean, z_log_var = vae.encode(images, batch_size=40)
    assert z_mean.shape == z_log_var.shape == (96, 3)
    assert z_mean.dtype == np.float32
    np.testing.assert_allclose(z_mean, vae.encode(images)[0], atol=1e-5)
    decoded = vae.decode(z_mean, batch_size=40)
    assert decoded.shape == (96, 8, 8, 1)
    assert decoded.dtype == np.float32
    assert 0 <= decoded.min() <= decoded.max() <= 1
    np.testing.assert_allclose(vae.reconstruct(images), decoded, atol=1e-5)
    assert vae.sample(5, seed=0).shape == (5, 8, 8, 1)


def test_interpolate(small, images):
    vae = small()
    way = vae.interpolate(images[0], images[1], steps=7)
    assert way.shape == (7, 8, 8, 1)
    np.testing.assert_allclose(way[[0, -1]], vae.reconstruct(images[:2]), atol=1e-5)
    assert vae.interpolate(images[:3], images[3:6], steps=4).shape == (3, 4, 8, 8, 1)


FRESH = """
    import sys, numpy as np, cvae
    from keras import ops
    folder = sys.argv[1]
    images, labels = np.load(folder + "/images.npy"), np.load(folder + "/labels.npy")
    for name in sys.argv[2:]:
        vae = cvae.load_vae(f"{folder}/{name}.keras")
        given = (labels,) if isinstance(vae, cvae.ConditionalVAE) else ()
        np.savez(f"{folder}/{name}.npz", z=vae.encode(images, *given)[0],
                 beta=ops.convert_to_numpy(vae.beta), noise=ops.convert_to_numpy(vae.noise.state))
"""


def test_saved_models_work_in_a_fresh_process(small, images, labels, tmp_path):
    np.save(tmp_path / "images.npy", images)
    np.save(tmp_path / "labels.npy", labels)
    models = {}
    for network in ("mlp", "conv", "residual"):
        models[network] = (small(network=network, likelihood=Gaussian(0.1)), images, ())
        conditional = small(network=network, num_classes=3)
        models[f"{network}-c"] = (conditional, {"image": images, "label": labels}, (labels,))
    cosine = {"latent_dim": 65, "likelihood": "discretized_logistic", "filters": 4}
    models["cosine"] = (small(network="cosine", **cosine), images, ())
    for name, (vae, data, _) in models.items():
        vae.run_eagerly = True  # a few steps
        vae.fit(data, verbose=0)
        vae.beta.assign(0.25)
        cvae.save_vae(vae, tmp_path / f"{name}.keras")
    command = [sys.executable, "-c", textwrap.dedent(FRESH), str(tmp_path), *models]
    subprocess.run(command, check=True)
    for name, (vae, _, given) in models.items():
        fresh = np.load(tmp_path / f"{name}.npz")
        assert fresh["beta"] == 0.25
        assert np.array_equal(fresh["noise"], ops.convert_to_numpy(vae.noise.state))
        assert fresh["noise"].any()
        np.testing.assert_allclose(fresh["z"], vae.encode(images, *given)[0], atol=1e-5)


@keras.saving.register_keras_serializable("tests")
class ReadersEncoder(keras.Model):
    latent_dim = 2

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.flatten, self.head = keras.layers.Flatten(), keras.layers.Dense(4)

    def call(self, images):
        return ops.split(self.head(self.flatten(images)), 2, axis=-1)


@keras.saving.register_keras_serializable("tests")
class ReadersDecoder(keras.Model):
    image_shape = (8, 8, 1)

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.head, self.shape_up = keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))

    def call(self, z):
        return self.shape_up(self.head(z))


def test_a_readers_own_networks_serve(images, labels, tmp_path):
    for vae, data, given in (
        (VAE(ReadersEncoder(), ReadersDecoder()), images, ()),
        (ConditionalVAE(ReadersEncoder(), ReadersDecoder(), 3),
         {"image": images, "label": labels}, (labels,)),
    ):  # fmt: skip
        vae.compile("adam")
        vae.fit(data, verbose=0)
        cvae.save_vae(vae, tmp_path / "own.keras")
        again = cvae.load_vae(tmp_path / "own.keras")
        np.testing.assert_allclose(
            again.reconstruct(images, *given), vae.reconstruct(images, *given), atol=1e-6
        )
        with pytest.raises(TypeError, match="set_output_bias"):
            vae.init_output_bias(images)


def test_conditional_uses_the_label(small, images, labels):
    vae = small(num_classes=3)
    data = {"image": images, "label": labels}
    vae.fit(data, epochs=2, verbose=0, validation_data=data)
    assert not np.allclose(vae.sample(2, labels=0, seed=0), vae.sample(2, labels=1, seed=0))
    assert vae.sample(3, labels=[0, 1, 2], seed=0).shape == (3, 8, 8, 1)
    assert vae.reconstruct(images, labels).shape == images.shape
    assert vae.interpolate(images[0], images[3], steps=3, labels=0).shape == (3, 8, 8, 1)
    assert cvae.latent.grid(vae, n=3, labels=1).shape == (3, 3, 8, 8, 1)
    assert cvae.latent.kl_per_dimension(vae, images, labels).shape == (2,)


def test_mixed_bfloat16_keeps_loss_and_outputs_float32(images):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        vae = build_vae((8, 8, 1), 2, "conv", filters=(4, 8), seed=0)
        vae.compile("adam")
        outputs = vae(images)
        history = vae.fit(images, epochs=2, verbose=0).history
    finally:
        keras.config.set_dtype_policy("float32")
    assert vae.encoder.body.layers[0].compute_dtype == "bfloat16"
    assert {keras.backend.standardize_dtype(v.dtype) for v in outputs.values()} == {"float32"}
    assert keras.backend.standardize_dtype(vae.compute_loss(images, y_pred=outputs).dtype) == "float32"
    assert history["loss"][1] < history["loss"][0]


REPLICAS = """
    import os
    import numpy as np, tensorflow as tf
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
    import keras, cvae
    class Noiseless(cvae.MODEL):  # replicas draw different noise; without it the weights must agree
        def draw(self, encoded, inputs, noise, training=False):
            return super().draw(encoded, inputs, None, training)
    images = np.random.default_rng(0).integers(0, 256, (64, 8, 8, 1), dtype="uint8")
    weights, losses = [], []
    for devices in (["CPU:0"], ["CPU:0", "CPU:1"]):
        with tf.distribute.MirroredStrategy(devices).scope():
            keras.utils.set_random_seed(0)
            vae = Noiseless(ARGUMENTS)
            vae.compile(keras.optimizers.SGD(1e-3))
        history = vae.fit(images, batch_size=16, epochs=2, shuffle=False, verbose=0).history
        weights.append(np.concatenate([np.ravel(w) for w in vae.get_weights()]))
        losses.append(history["loss"])
    np.testing.assert_allclose(weights[1], weights[0], atol=1e-5)
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    os._exit(0)  # TensorFlow's threads may crash when a process with two devices ends: not ours to test
"""


@pytest.mark.skipif(not TENSORFLOW, reason="tf.distribute")
@pytest.mark.parametrize(
    ("model", "arguments"),
    [
        ("VAE", "cvae.MLPEncoder(2, (8,)), cvae.MLPDecoder((8, 8, 1), (8,))"),
        ("HierarchicalVAE", "(8, 8, 1), 3, ((2,), (1,)), (8, 4), hidden=16"),
    ],
)
def test_two_replicas_train_as_one_does(model, arguments):
    script = textwrap.dedent(REPLICAS).replace("MODEL", model).replace("ARGUMENTS", arguments)
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-2000:]


# Bad input: a clear error, before any training starts.


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda x: x.astype("float32"), r"must lie in \[0, 1\], got 0 to 2.*divide by 255"),
        (lambda x: x / 255.0 - 0.5, r"must lie in \[0, 1\]"),
        (lambda x: np.where(x == x.max(), np.nan, x / 255.0), "hold NaN or infinity, first in image"),
        (lambda x: x.astype("int64") - 1, r"must lie in 0\.\.255, got -1"),
        (lambda x: x[..., 0], r"shape \(n, 8, 8, 1\), got .*\[\.\.\., None\]"),
        (lambda x: x[0], "must have the shape"),
        (lambda x: np.repeat(x, 3, axis=-1), "3 channels where 1 are expected"),
        (lambda x: x[:, :7, :7], "wrong side"),
        (lambda x: x[:0], "empty"),
    ],
)
def test_bad_images(small, images, spoil, message):
    vae = small()
    for call in (vae.fit, vae.encode, vae.reconstruct):
        with pytest.raises(ValueError, match=message):
            call(spoil(images))
    with pytest.raises(ValueError, match=message):
        vae.fit(images, validation_data=spoil(images), verbose=0)
    with pytest.raises(ValueError, match=message):
        vae.fit(images, validation_data=(spoil(images), None), verbose=0)


def test_not_numbers(small):
    with pytest.raises(TypeError, match="array of numbers"):
        small().fit(np.full((2, 8, 8, 1), "a"))
    with pytest.raises(TypeError):
        small().fit(None)


def test_bad_labels(small, images, labels):
    vae = small(num_classes=3)
    for data, message in (
        (images, "needs labels: pass"),
        ({"image": images}, "needs labels: pass"),
        ({"image": images, "label": labels + 1}, r"must lie in 0\.\.2, got 1\.\.3"),
        ({"image": images, "label": labels - 1}, r"must lie in 0\.\.2, got -1\.\.1"),
        ({"image": images, "label": labels[:5]}, "one for each of 96 images"),
        ({"image": images, "label": labels / 2}, "whole numbers"),
    ):
        with pytest.raises(ValueError, match=message):
            vae.fit(data, verbose=0)
    with pytest.raises(ValueError, match="needs labels, from 0 to 2"):
        vae.sample(3)
    with pytest.raises(ValueError, match=r"must lie in 0\.\.2"):
        vae.sample(3, labels=7)
    with pytest.raises(TypeError, match="takes no labels"):
        small().encode(images, labels)


@pytest.mark.parametrize("beta", [-1, float("nan"), float("inf"), "1", None])
def test_bad_beta(beta):
    with pytest.raises(ValueError, match="beta must be a number of at least 0"):
        build_vae((8, 8, 1), 2, beta=beta)


def test_networks_that_do_not_fit():
    with pytest.raises(ValueError, match=r"DiscretizedLogistic needs 2 number.*parameters=2"):
        VAE(MLPEncoder(2), MLPDecoder((8, 8, 1)), "discretized_logistic")
    with pytest.raises(ValueError, match="encoder needs an attribute latent_dim"):
        VAE(keras.Sequential([keras.layers.Dense(2)]), MLPDecoder((8, 8, 1)))
    with pytest.raises(TypeError, match="decoder must be"):
        VAE(MLPEncoder(2), "decoder")
    with pytest.raises(ValueError, match="num_classes"):
        build_vae((8, 8, 1), 2, num_classes=0)
    with pytest.raises(ValueError, match="network must be one of mlp, conv, residual"):
        build_vae((8, 8, 1), 2, "transformer")
    with pytest.raises(ValueError, match="ConvEncoder has no argument fliters; it has"):
        build_vae((8, 8, 1), 2, "conv", fliters=(2, 2))


@pytest.mark.parametrize("z", [np.zeros((2, 3)), np.zeros(2), np.zeros((0, 2)), [[np.nan, 0]]])
def test_bad_z(small, z):
    with pytest.raises(ValueError, match="z must"):
        small().decode(z)


def test_nan_stops_training_and_says_where(small, images):
    vae = small()
    vae.fit(images, batch_size=32, epochs=1, verbose=0)

    class Spoil(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                bias = self.model.decoder.to_pixels.bias
                bias.assign(ops.full(bias.shape, np.nan))

    with pytest.raises(FloatingPointError, match="nan in epoch 3, batch 1.*learning rate"):
        vae.fit(images, batch_size=32, epochs=5, verbose=0, callbacks=[Spoil()])


def test_load_refuses_what_is_not_ours(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        cvae.load_vae(tmp_path / "none.keras")
    (tmp_path / "text.keras").write_text("not a model")
    with pytest.raises(ValueError, match="is not a VAE that this package saved"):
        cvae.load_vae(tmp_path / "text.keras")
    other = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    other.save(tmp_path / "other.keras")
    with pytest.raises(ValueError, match="holds a Sequential, not a VAE"):
        cvae.load_vae(tmp_path / "other.keras")
    vae = build_vae((8, 8, 1), 2, "mlp", hidden=(4,))
    path = cvae.save_vae(vae, tmp_path / "half.keras")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ValueError, match="damaged"):
        cvae.load_vae(path)


def test_save_refuses_before_writing(small, tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.keras"):
        cvae.save_vae(small(), tmp_path / "model.h5")
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot write"):
        cvae.save_vae(small(), tmp_path / "file" / "model.keras")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
