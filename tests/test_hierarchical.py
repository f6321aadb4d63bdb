"""Several layers of z: the bound by hand, each layer's say, and all that holds for a VAE."""

import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
import scipy.stats
from keras import ops
from test_doors import BAD, DOORS

import cvae
from cvae import Gaussian, HierarchicalVAE, latent, metrics
from cvae.networks.topdown import SpatialLatent

TENSORFLOW = keras.backend.backend() == "tensorflow"
tf_only = pytest.mark.skipif(not TENSORFLOW, reason="TensorFlow's own")
SMALL = {"latent_dim": 3, "groups": ((2,), (1,)), "filters": (8, 4), "hidden": 16, "seed": 0}


def make(image_shape=(8, 8, 1), **options):
    vae = HierarchicalVAE(image_shape, **SMALL | options)
    vae.compile(keras.optimizers.Adam(1e-2))
    return vae


@pytest.fixture
def trained(rng):
    """As after some training, without its seconds: no weight is where it started, no prior N(0, I)."""
    vae = make()
    for weight in vae.trainable_weights:
        weight.assign(weight + 0.1 * rng.normal(size=weight.shape))
    return vae


def walk(vae, images):
    """Each layer's prior and posterior, of z itself, at z drawn from q: by hand, in NumPy."""
    outputs = vae(images)
    priors = []

    def pick(n, latent, state):
        priors.append(latent.prior(state))
        return outputs["z"][n]

    vae.descend(pick)
    found = []
    for n, (p_mean, p_log_var) in enumerate(priors):
        z, u_mean, u_log_var = (
            ops.convert_to_numpy(outputs[name][n]).astype("float64")
            for name in ("z", "u_mean", "u_log_var")
        )
        p_mean, p_log_var = (np.float64(ops.convert_to_numpy(part)) for part in (p_mean, p_log_var))
        p_std = np.exp(p_log_var / 2)
        p = scipy.stats.norm(p_mean * np.ones_like(z), p_std * np.ones_like(z))
        q = scipy.stats.norm(p_mean + p_std * u_mean, p_std * np.exp(u_log_var / 2))
        found.append((z, p, q))
    return outputs, found


def over_all(values):
    return values.reshape(len(values), -1).sum(axis=1)


def test_the_loss_is_the_negative_elbo_by_hand(trained, images):
    """Against scipy, in units of z: the KL of each layer, its prior's mean and deviation included."""
    outputs, layers = walk(trained, images)
    kl, ratio = [], []
    for z, p, q in layers:
        cross = np.log(p.std() * np.sqrt(2 * np.pi)) + (q.std() ** 2 + (q.mean() - p.mean()) ** 2) / (
            2 * p.std() ** 2
        )
        kl.append(over_all(cross - q.entropy()))
        ratio.append(over_all(p.logpdf(z) - q.logpdf(z)))
    assert abs(layers[1][1].mean()).max() > 0.01  # a prior that has learnt
    found, ratios = map(ops.convert_to_numpy, (trained.kl_terms(outputs), trained.log_ratios(outputs)))
    np.testing.assert_allclose(found, np.stack(kl, axis=-1), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(ratios, np.stack(ratio, axis=-1), rtol=1e-3, atol=1e-3)
    logits = ops.convert_to_numpy(outputs["parameters"]).astype("float64")
    x = images / 255
    log_p = over_all(x * logits - np.logaddexp(0, logits))
    loss = float(trained.compute_loss(images, y_pred=outputs))
    assert loss == pytest.approx((np.sum(kl, axis=0) - log_p).mean(), rel=1e-5)


def test_beta_and_free_bits_of_each_layer_by_hand(images):
    vae = make(beta=(1.0, 2.0, 0.5), free_bits=(0.0, 50.0, 0.0))
    outputs = vae(images)
    terms = ops.convert_to_numpy(vae.kl_terms(outputs)).mean(axis=0)
    assert terms[1] < 50
    reconstruction = -ops.convert_to_numpy(vae.likelihood.log_prob(images, outputs["parameters"])).mean()
    loss = float(vae.compute_loss(images, y_pred=outputs))
    assert loss == pytest.approx(reconstruction + terms[0] + 2 * 50 + 0.5 * terms[2], rel=1e-5)
    held_out = float(vae.compute_loss(images, y_pred=outputs, training=False))
    assert held_out == pytest.approx(reconstruction + terms @ [1, 2, 0.5], rel=1e-5)
    vae.beta, vae.free_bits = 0.5, 0
    loss = float(vae.compute_loss(images, y_pred=outputs))
    assert loss == pytest.approx(reconstruction + 0.5 * terms.sum(), rel=1e-5)
    for wrong in ((1.0, 2.0), -1, (1.0, -2.0, 1.0), "1"):
        with pytest.raises(ValueError, match="beta must be a number|each of beta must be"):
            vae.beta = wrong


def test_settings_are_copied_from_another_model():
    one, other = make(beta=(1.0, 2.0, 3.0), free_bits=(0.0, 1.0, 0.0)), make()
    other.beta, other.free_bits = one.beta, one.free_bits
    assert ops.convert_to_numpy(other.beta).tolist() == [1, 2, 3]
    assert ops.convert_to_numpy(other.free_bits).tolist() == [0, 1, 0]


def test_betas_of_layers_are_annealed_each_to_its_own_end(images):
    vae = make(beta=(0.5, 1.0, 2.0))
    with pytest.raises(ValueError, match="would make equal: give it one end for each layer"):
        vae.fit(images, verbose=0, callbacks=[cvae.AnnealBeta(epochs=2)])
    anneal = cvae.AnnealBeta(end=(0.5, 1.0, 2.0), epochs=2)
    assert anneal.beta_at(1).tolist() == [0.25, 0.5, 1]
    history = vae.fit(images, epochs=3, verbose=0, callbacks=[anneal]).history
    assert ops.convert_to_numpy(vae.beta).tolist() == [0.5, 1, 2]
    np.testing.assert_allclose(history["beta"], np.array([0, 0.5, 1]) * 3.5 / 3)
    with pytest.raises(ValueError, match="each of end must be"):
        cvae.AnnealBeta(end=(1.0, -1.0))


def test_a_top_as_nested_lists():
    vae, top = make(), np.ones((2, 3))
    np.testing.assert_array_equal(vae.decode(top.tolist(), seed=0), vae.decode(top, seed=0))


def test_the_likelihood_is_that_of_its_own_samples(rng):
    """p(x) by weighted samples of q, and as the mean of p(x | z) over z of the prior: two ways that
    share the way down alone."""
    vae = HierarchicalVAE(
        (2, 2, 1), latent_dim=1, groups=((1,),), filters=(4,), hidden=4, blocks=0, seed=0
    )
    for weight in vae.weights:
        weight.assign(0.7 * rng.normal(size=weight.shape))
    for head in (vae.latents[0].to_posterior, vae.latents[1].posterior_head):
        for weight in head.weights:  # q near p: no sample of q with a weight far above the others'
            weight.assign(0.1 * weight)
    x = rng.integers(0, 2, (4, 2, 2, 1)).astype("float32")
    means = vae.sample(200_000, seed=0, batch_size=20_000)[:, None]
    likelihoods = np.where(x[None] == 1, means, 1 - means).prod(axis=(2, 3, 4))
    exact, spread = likelihoods.mean(axis=0), likelihoods.std(axis=0) / np.sqrt(len(means))
    assert (spread / exact < 0.01).all()
    found = metrics.log_likelihood(vae, x, samples=20_000, batch_size=20_000)
    np.testing.assert_allclose(found, np.log(exact), atol=0.05)
    elbo = metrics.elbo(vae, np.repeat(x, 1000, axis=0), samples=5).reshape(4, 1000).mean(axis=1)
    assert (elbo < found).all()


@pytest.mark.parametrize("likelihood", ["bernoulli", Gaussian(0.1)])
def test_training_lowers_the_loss(images, likelihood):
    vae = make(likelihood=likelihood)
    vae.init_output_bias(images)
    history = vae.fit(
        images, epochs=6, batch_size=16, verbose=0, validation_data=images[:32],
        callbacks=[cvae.AnnealBeta(epochs=2)],
    ).history  # fmt: skip
    assert history["beta"] == [0, 0.5, 1, 1, 1, 1]
    assert history["reconstruction"][-1] < history["reconstruction"][0]
    assert history["loss"][-1] == pytest.approx(
        history["reconstruction"][-1] + history["kl"][-1], rel=1e-4
    )
    found = metrics.elbo(vae, images[:32], samples=20)
    assert -found.mean() == pytest.approx(history["val_loss"][-1], rel=0.1, abs=3)
    nats, _ = metrics.nll(vae, images[:32], samples=50)
    assert nats < -found.mean()


def test_the_importance_weighted_bound_of_one_sample_is_the_elbo_and_of_more_tighter(trained, images):
    loss = {}
    for samples in (1, 30):
        vae = make(importance_samples=samples)
        vae.set_weights(trained.get_weights())
        losses = [float(vae.compute_loss(images, y_pred=vae(images))) for _ in range(5)]
        loss[samples] = np.mean(losses)
    assert loss[30] < loss[1]
    assert loss[30] == pytest.approx(metrics.nll(trained, images, samples=30)[0], rel=0.01)
    vae.fit(images, verbose=0)


def test_each_layers_say(trained, images):
    z = trained.encode(images[:4])
    assert [part.shape for part in z] == [(4, 3), (4, 2, 2, 2), (4, 4, 4, 1)]
    assert [part.shape[1:] for part in z] == trained.latent_shapes
    np.testing.assert_allclose(trained.decode(z), trained.reconstruct(images[:4]), atol=1e-5)
    np.testing.assert_array_equal(trained.decode(z, seed=1), trained.decode(z, seed=2))
    np.testing.assert_array_equal(trained.decode(z[0], seed=1), trained.decode(z[:1], seed=1))
    for given in (z[:1], z[:2]):
        one, two = trained.decode(given, seed=1), trained.decode(given, seed=2)
        np.testing.assert_array_equal(one, trained.decode(given, seed=1))
        assert abs(one - two).max() > 1e-4
        calm = [trained.decode(given, seed=seed, temperature=0.0) for seed in (1, 2)]
        np.testing.assert_array_equal(*calm)
    images = trained.sample(5, seed=3)
    np.testing.assert_allclose(images, trained.sample(5, seed=3, batch_size=2), atol=1e-5)
    assert images.shape == (5, 8, 8, 1)
    assert 0 <= images.min() < images.max() <= 1
    assert np.ptp(trained.sample(5, seed=3, temperature=0.0), axis=0).max() < 1e-5


def test_a_layer_that_is_drawn_is_drawn_from_its_prior(trained, images, monkeypatch):
    """The second layer of what decode draws, against its prior's mean and deviation."""
    top = trained.encode(images[:1])[0]
    seen, n, to_z = [], 4000, SpatialLatent.to_z

    def note(self, state, u):
        seen.append((state, to_z(self, state, u)))
        return seen[-1][1]

    monkeypatch.setattr(SpatialLatent, "to_z", note)
    trained.decode([np.repeat(top, n, axis=0)], seed=0, batch_size=n)
    state, z = seen[0]
    mean, log_var = (ops.convert_to_numpy(part)[0] for part in trained.latents[1].prior(state[:1]))
    z = ops.convert_to_numpy(z)
    np.testing.assert_allclose((z.mean(axis=0) - mean) / np.exp(log_var / 2), 0, atol=5 / np.sqrt(n))
    np.testing.assert_allclose(z.std(axis=0) / np.exp(log_var / 2), 1, atol=5 / np.sqrt(2 * n))


@pytest.mark.parametrize("prior", ["flow", "mixture"])
def test_a_learnt_prior_of_the_top(prior, images, rng, tmp_path):
    """Its density in the bound and the importance weights, its draws in samples, saved with the rest."""
    vae = make(prior=prior)
    for weight in vae.trainable_weights:
        weight.assign(weight + 0.1 * rng.normal(size=weight.shape))
    plain = make()
    for ours, theirs in zip(plain.parts()[:-1], vae.parts()[:-1], strict=True):
        ours.set_weights(theirs.get_weights())
    outputs = vae(images)
    terms, ratios = (ops.convert_to_numpy(f(outputs)) for f in (vae.kl_terms, vae.log_ratios))
    z, mean, log_var = (
        np.float64(ops.convert_to_numpy(outputs[name][0])) for name in ("z", "u_mean", "u_log_var")
    )
    log_q = scipy.stats.norm.logpdf(z, mean, np.exp(log_var / 2)).sum(axis=1)
    log_p = ops.convert_to_numpy(vae.prior.log_prob(z.astype("float32")))
    np.testing.assert_allclose(ratios[:, 0], log_p - log_q, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(terms[:, 0], log_q - log_p, rtol=1e-3, atol=1e-3)
    # The layers below are as with N(0, I) on top.
    below = ops.convert_to_numpy(plain.kl_terms(outputs))[:, 1:]
    np.testing.assert_allclose(terms[:, 1:], below, rtol=1e-4, atol=1e-5)
    # A sample by hand: noise for each layer, which the prior bends at the top.
    generator = np.random.default_rng(4)
    noise = [generator.standard_normal((5, *s), dtype="float32") for s in vae.latent_shapes]
    top = vae.prior.from_noise(noise[0], generator)
    assert abs(top - noise[0]).max() > 0.01
    parameters = plain.descend(lambda n, below, state: below.to_z(state, noise[n]) if n else top)
    expected = ops.convert_to_numpy(plain.expected_images(parameters))
    np.testing.assert_allclose(vae.sample(5, seed=4), expected, atol=1e-5)
    vae.fit(images, epochs=1, verbose=0)
    again = cvae.load_vae(cvae.save_vae(vae, tmp_path / "v.keras"))
    np.testing.assert_array_equal(again.sample(4, seed=0), vae.sample(4, seed=0))
    assert metrics.nll(again, images, samples=5) == metrics.nll(vae, images, samples=5)
    assert vae.own_layers() == []


def test_interpolate(trained, images):
    way = trained.interpolate(images[:2], images[2:4], steps=5)
    assert way.shape == (2, 5, 8, 8, 1)
    np.testing.assert_allclose(way[:, 0], trained.reconstruct(images[:2]), atol=1e-5)
    np.testing.assert_allclose(way[:, -1], trained.reconstruct(images[2:4]), atol=1e-5)
    assert trained.interpolate(images[0], images[1], 3, method="spherical").shape == (3, 8, 8, 1)


def test_kl_per_layer_is_the_kl(trained, images):
    terms = latent.kl_per_layer(trained, images, batch_size=40)
    assert terms.shape == (3,)
    logged = trained.evaluate(images, verbose=0, return_dict=True)["kl"]
    assert terms.sum() == pytest.approx(logged, rel=0.1)
    plain = cvae.build_vae((8, 8, 1), 2, "mlp", hidden=(4,))
    expected = latent.kl_per_dimension(plain, images).sum()
    assert latent.kl_per_layer(plain, images) == pytest.approx([expected], rel=1e-5)


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (5, 7, 3), (1, 1, 1), (33, 20, 2)])
def test_any_shape(shape, rng):
    filters = (8, 6, 4) if shape[0] == 33 else (8, 4)
    groups = ((2,), (), (1, 1)) if shape[0] == 33 else ((2, 2), (1,))
    vae = make(shape, filters=filters, groups=groups)
    vae.compile("adam", run_eagerly=True)
    vae.fit(rng.uniform(0, 1, (4, *shape)), verbose=0)
    assert vae.sample(2, seed=0).shape == (2, *shape)
    assert vae.reconstruct(rng.uniform(0, 1, (2, *shape))).shape == (2, *shape)


def test_the_sizes_of_the_digits_model():
    vae = HierarchicalVAE((28, 28, 1))
    assert vae.latent_shapes == [(16,), (7, 7, 4), (7, 7, 4), (14, 14, 2)]


FRESH = """
    import sys, numpy as np, cvae
    from keras import ops
    folder = sys.argv[1]
    images = np.load(folder + "/images.npy")
    vae = cvae.load_vae(folder + "/v.keras")
    vae.fit(images, verbose=0)  # compiled as it was
    vae = cvae.load_vae(folder + "/v.keras")
    np.savez(folder + "/out.npz", *vae.encode(images), rebuilt=vae.reconstruct(images),
             beta=ops.convert_to_numpy(vae.beta), noise=ops.convert_to_numpy(vae.noise.state),
             sample=vae.sample(3, seed=0), frozen=len(vae.trainable_variables))
"""


def test_a_saved_model_works_in_a_fresh_process(trained, images, tmp_path):
    trained.beta = (0.25, 0.5, 1.0)
    trained.bottom_up.trainable = False
    trained.compile("adam")
    np.save(tmp_path / "images.npy", images)
    cvae.save_vae(trained, tmp_path / "v.keras")
    command = [sys.executable, "-c", textwrap.dedent(FRESH), str(tmp_path)]
    subprocess.run(command, check=True)
    out = np.load(tmp_path / "out.npz")
    for n, part in enumerate(trained.encode(images)):
        np.testing.assert_allclose(out[f"arr_{n}"], part, atol=1e-5)
    np.testing.assert_allclose(out["rebuilt"], trained.reconstruct(images), atol=1e-5)
    np.testing.assert_allclose(out["sample"], trained.sample(3, seed=0), atol=1e-5)
    np.testing.assert_array_equal(out["beta"], [0.25, 0.5, 1.0])
    np.testing.assert_array_equal(out["noise"], ops.convert_to_numpy(trained.noise.state))
    assert 0 < out["frozen"] == len(trained.trainable_variables)


def test_a_policy_outlives_the_file(images, tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        vae = make()
        history = vae.fit(images, epochs=3, verbose=0).history
        cvae.save_vae(vae, tmp_path / "v.keras")
    finally:
        keras.config.set_dtype_policy("float32")
    assert history["loss"][-1] < history["loss"][0]
    again = cvae.load_vae(tmp_path / "v.keras")
    for model in (vae, again):
        assert model.latents[1].from_z.compute_dtype == "bfloat16"
        assert model.to_pixels.compute_dtype == "float32"
        outputs = keras.tree.flatten(model(images))
        assert {keras.backend.standardize_dtype(part.dtype) for part in outputs} == {"float32"}
    np.testing.assert_allclose(again.reconstruct(images), vae.reconstruct(images), atol=1e-2)


@tf_only
def test_export_gives_the_same_numbers(trained, images, tmp_path):
    trained.export(tmp_path / "whole", verbose=False)
    np.save(tmp_path / "x.npy", (images / 255).astype("float32"))
    script = f"""
import numpy as np, tensorflow as tf
loaded = tf.saved_model.load("{tmp_path}/whole")
out = loaded.serve(np.load("{tmp_path}/x.npy"))
np.savez("{tmp_path}/out.npz", **out)
"""
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    out = np.load(tmp_path / "out.npz")
    for n, part in enumerate(trained.encode(images), 1):
        np.testing.assert_allclose(out[f"z_{n}"], part, atol=1e-4)
    rebuilt = 1 / (1 + np.exp(-out["parameters"]))
    np.testing.assert_allclose(rebuilt, trained.reconstruct(images), atol=1e-4)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="one step an execution")
def test_several_steps_an_execution_are_the_same_steps(images):
    losses = []
    for steps in (1, 3):
        keras.utils.set_random_seed(0)
        vae = HierarchicalVAE((8, 8, 1), **SMALL)
        vae.compile(keras.optimizers.SGD(1e-4), steps_per_execution=steps)
        losses.append(vae.fit(images, batch_size=16, epochs=2, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)


def test_nan_stops_training_and_says_where(images):
    vae = make()

    class Spoil(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                bias = self.model.to_pixels.bias
                bias.assign(ops.full(bias.shape, np.nan))

    with pytest.raises(FloatingPointError, match="nan in epoch 2, batch 1.*learning rate"):
        vae.fit(images, batch_size=32, epochs=3, verbose=0, callbacks=[Spoil()])


# Those that refuse before anything is traced; `active_units` looks into one z.
LATE = {"active_units", "second batch", "generator", "validation stream", "augmentation"}


@pytest.mark.parametrize("door", sorted(set(DOORS) - LATE))
def test_range_at_every_door(images, door):
    vae = make()
    for spoil, message in BAD.values():
        vae = vae if TENSORFLOW else make()
        with pytest.raises(ValueError, match=message):
            DOORS[door](vae, spoil(images))


def test_images_out_of_range_in_a_graph_are_nan(images):
    vae = make(activation="relu")
    inputs = keras.Input((8, 8, 1))
    inside = keras.Model(inputs, vae(inputs)["u_mean"])
    if keras.backend.backend() == "torch":  # which has no graph
        with pytest.raises(ValueError, match=r"\[0, 1\]"):
            inside.predict(images, verbose=0)
    else:
        top, *_ = inside.predict(images, verbose=0)
        assert np.isnan(top).all()


def test_predict_gives_each_layer(trained, images):
    found = trained.predict(images, verbose=0)
    assert [part.shape for part in found["z"]] == [(96, 3), (96, 2, 2, 2), (96, 4, 4, 1)]


Z = [np.zeros((2, 3)), np.zeros((2, 2, 2, 2)), np.zeros((2, 4, 4, 1))]


@pytest.mark.parametrize(
    ("z", "message"),
    [
        ([], "a list of 1 to 3 arrays"),
        ([*Z, Z[0]], "a list of 1 to 3 arrays"),
        ([Z[1]], r"layer 0 must be \(2, 3\), got \(2, 2, 2, 2\)"),
        ([Z[0], Z[1][:1]], r"layer 1 must be \(2, 2, 2, 2\), got \(1, 2, 2, 2\)"),
        ([Z[0], Z[1] + np.nan], "finite numbers, in layer 1"),
        (np.zeros(3), r"got one point alone, \(3,\): give z\[None\]"),
        (np.zeros(4), "layer 0 must be"),
        ([], r"with nothing given, use sample\(n\)"),
    ],
)
def test_bad_z(z, message):
    with pytest.raises(ValueError, match=message):
        make().decode(z)


def test_bad_arguments(images, labels):
    for wrong, message in (
        ({"groups": ((2,),)}, "groups must name the channels of z at each of 2 sizes"),
        ({"groups": None}, "groups must name the channels of z at each of 2 sizes"),
        ({"groups": ((2,), (0,))}, "each of groups must be a whole number"),
        ({"filters": ()}, "filters must name at least one"),
        ({"filters": (8, 0)}, "each of filters must be a whole number"),
        ({"latent_dim": 0}, "latent_dim must be a whole number"),
        ({"hidden": 0}, "hidden must be a whole number"),
        ({"blocks": -1}, "blocks must be a whole number"),
        ({"beta": (1.0, 1.0)}, "beta must be a number of at least 0, or one for each of 3 layers"),
        ({"free_bits": -1.0}, "free_bits must be"),
        ({"likelihood": "poisson"}, "unknown likelihood"),
        ({"importance_samples": 0}, "importance_samples must be"),
    ):
        with pytest.raises(ValueError, match=message):
            make(**wrong)
    vae = make()
    with pytest.raises(AttributeError, match="filters is built into this HierarchicalVAE"):
        vae.filters = (8, 8)
    with pytest.raises(AttributeError, match="to_pixels is built into this HierarchicalVAE"):
        vae.to_pixels = keras.layers.Conv2D(1, 3)
    for call in (vae.encode, vae.reconstruct, lambda x, y: vae.sample(2, y)):
        with pytest.raises(TypeError, match="a HierarchicalVAE takes no labels"):
            call(images, labels)
    with pytest.raises(TypeError, match="a HierarchicalVAE takes images alone"):
        vae.fit({"image": images, "label": labels})
    for wrong in ({"temperature": -1}, {"seed": -1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            vae.sample(2, **wrong)
    with pytest.raises(ValueError, match="n must be"):
        vae.sample(0)


def test_what_looks_into_one_z_says_so(images, labels):
    vae = make()
    for look in (
        lambda: latent.grid(vae),
        lambda: latent.kl_per_dimension(vae, images),
        lambda: latent.active_units(vae, images),
        lambda: vae.fit(images, verbose=0, callbacks=[cvae.LatentFrames()]),
        lambda: cvae.explore(vae, images, labels),
    ):
        with pytest.raises(TypeError, match="looks into the one z of a VAE, a HierarchicalVAE has sev"):
            look()


def test_build_vae_by_name(images):
    vae = cvae.build_vae(
        (8, 8, 1), 5, "hierarchical", "gaussian", filters=(8,), groups=((2,),), beta=2.0
    )
    assert isinstance(vae, HierarchicalVAE)
    assert vae.latent_shapes == [(5,), (4, 4, 2)]
    assert ops.convert_to_numpy(vae.beta).tolist() == [2, 2]
    for wrong, message in (
        ({"num_classes": 3}, "takes no labels"),
        ({"prior": "bent"}, "unknown prior 'bent': expected one of normal, flow, mixture"),
        ({"strides": 2}, "HierarchicalVAE has no argument strides; it has activation, blocks, filters"),
        ({"encoder": {"hidden": 3}}, "has no argument encoder"),
    ):
        with pytest.raises(ValueError, match=message):
            cvae.build_vae((8, 8, 1), 5, "hierarchical", **wrong)
