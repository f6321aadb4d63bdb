"""Every door through which images, labels, weights and settings go in or out."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers, ops

import cvae
from cvae import VAE, Gaussian, MLPDecoder, MLPEncoder, build_vae

TENSORFLOW = keras.backend.backend() == "tensorflow"
tf_only = pytest.mark.skipif(not TENSORFLOW, reason="tf.data")


def functional_encoder(latent_dim=2, outputs=2, **options):
    inputs = keras.Input((8, 8, 1))
    features = layers.Dense(8, activation="relu", **options)(layers.Flatten()(inputs))
    heads = [layers.Dense(latent_dim)(features) for _ in range(outputs)]
    return keras.Model(inputs, heads)


def functional_decoder(latent_dim=2, activation=None):
    z = keras.Input((latent_dim,))
    pixels = layers.Reshape((8, 8, 1))(layers.Dense(64, activation=activation)(z))
    return keras.Model(z, pixels)


class Batches(keras.utils.PyDataset):
    def __init__(self, *batches):
        super().__init__()
        self.batches, self.read = batches, []

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        self.read.append(index)
        return self.batches[index]


def tf_data(x, batch_size=32):
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(x).batch(batch_size)


# Loading what was saved


def test_functional_networks_save_and_load(images, tmp_path):
    vae = VAE(functional_encoder(), functional_decoder(), seed=0)
    assert vae.latent_dim == 2
    assert vae.image_shape == (8, 8, 1)
    vae.compile("adam")
    vae.fit(images, verbose=0)
    vae.save(tmp_path / "v.keras")
    again = cvae.load_vae(tmp_path / "v.keras")
    assert np.array_equal(again.sample(3, seed=0), vae.sample(3, seed=0))
    again.fit(images, verbose=0)


def test_an_attribute_is_not_needed_where_shapes_tell(images):
    encoder = MLPEncoder(3, hidden=8)
    vae = VAE(encoder, functional_decoder(3))
    assert (vae.latent_dim, vae.image_shape) == (3, (8, 8, 1))

    class Plain(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(64)

        def call(self, z):
            return ops.reshape(self.dense(z), (-1, 8, 8, 1))

    assert VAE(functional_encoder(), Plain()).image_shape == (8, 8, 1)
    with pytest.raises(ValueError, match="attribute latent_dim"):
        VAE(Plain(), Plain())


def test_three_outputs_or_a_sigmoid_are_refused():
    with pytest.raises(ValueError, match=r"z_mean and z_log_var.*\(None, 2\), \(None, 2\), \(None, 2\)"):
        VAE(functional_encoder(outputs=3), functional_decoder())
    with pytest.raises(ValueError, match="leave the activation out"):
        VAE(functional_encoder(), functional_decoder(activation="sigmoid"))
    with pytest.raises(ValueError, match="leave the activation out"):
        VAE(MLPEncoder(2), MLPDecoder((8, 8, 1), output_activation="sigmoid"))
    VAE(functional_encoder(), functional_decoder(activation="sigmoid"), Gaussian(0.1))


@keras.saving.register_keras_serializable("test_doors")
class WithItsOwn(VAE):
    def add_parts(self):
        self.own = self.add_weight(shape=(3,), initializer="zeros", name="own")


def test_a_subclass_keeps_its_own_weight(tmp_path):
    vae = WithItsOwn(MLPEncoder(2, hidden=4), MLPDecoder((8, 8, 1), hidden=4), beta=3.0, free_bits=0.25)
    vae.own.assign([1.0, 2.0, 3.0])
    vae.beta = 5
    cvae.save_vae(vae, tmp_path / "v.keras")
    again = cvae.load_vae(tmp_path / "v.keras")
    assert ops.convert_to_numpy(again.own).tolist() == [1, 2, 3]
    assert float(again.beta) == 5
    assert float(again.free_bits) == 0.25
    fresh = WithItsOwn(MLPEncoder(2, hidden=4), MLPDecoder((8, 8, 1), hidden=4))
    vae.save_weights(tmp_path / "v.weights.h5")
    fresh.load_weights(tmp_path / "v.weights.h5")
    assert ops.convert_to_numpy(fresh.own).tolist() == [1, 2, 3]
    assert float(fresh.beta) == 1  # a setting, no weight


@pytest.mark.parametrize("network", ["mlp", "conv", "residual"])
def test_what_is_frozen_stays_frozen(small, images, tmp_path, network):
    vae = small(network=network)
    vae.decoder.trainable = False
    vae.encoder.body.layers[-1].trainable = False
    vae.encoder.z_mean.trainable = False
    names = [variable.path.split("/")[-2:] for variable in vae.trainable_variables]
    vae.compile("adam")
    vae.save(tmp_path / "v.keras")
    again = cvae.load_vae(tmp_path / "v.keras")
    assert len(again.trainable_variables) == len(names) > 0
    assert not again.decoder.trainable_variables
    assert not again.encoder.z_mean.trainable
    before = again.decoder.get_weights()
    again.fit(images, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, again.decoder.get_weights(), strict=True))
    # The network alone
    vae.encoder.save(tmp_path / "e.keras")
    alone = keras.saving.load_model(tmp_path / "e.keras")
    assert len(alone.trainable_variables) == len(vae.encoder.trainable_variables)


def test_from_config_leaves_its_argument_alone(small):
    vae = small(likelihood=Gaussian(0.5))
    for thing in (vae, vae.encoder, vae.decoder, vae.likelihood):
        config = thing.get_config()
        copy = json.loads(json.dumps(config, default=str))
        type(thing).from_config(config)
        assert json.loads(json.dumps(config, default=str)) == copy


@pytest.mark.parametrize("name", ["v.h5", "v.hdf5"])
def test_hdf5_is_refused_before_it_is_written(small, tmp_path, name):
    with pytest.raises(ValueError, match=r"ends in \.keras"):
        small().save(tmp_path / name)
    with pytest.raises(ValueError, match=r"ends in \.keras"):
        small().encoder.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_class_that_is_not_known_is_named(small, tmp_path):
    class Own(MLPEncoder):
        pass

    vae = VAE(Own(2, hidden=4), MLPDecoder((8, 8, 1), hidden=4))
    vae.save(tmp_path / "v.keras")
    with pytest.raises(ValueError, match="custom_objects"):
        cvae.load_vae(tmp_path / "v.keras")
    again = cvae.load_vae(tmp_path / "v.keras", custom_objects={"Own": Own})
    assert np.array_equal(again.sample(2, seed=0), vae.sample(2, seed=0))


def test_an_activation_given_as_a_function(images, tmp_path):
    vae = build_vae((8, 8, 1), 2, "mlp", activation=keras.activations.tanh)
    vae.save(tmp_path / "v.keras")
    again = cvae.load_vae(tmp_path / "v.keras")
    assert again.encoder.activation == "tanh"
    assert np.array_equal(again.encode(images)[0], vae.encode(images)[0])


# Attributes behind a traced constant


@pytest.mark.parametrize("name", ["beta", "free_bits"])
def test_a_setting_is_heard_in_the_midst_of_training(small, images, name):
    losses = {}
    for value in (0.0, 100.0):
        keras.utils.set_random_seed(0)
        vae = small(beta=0.0 if name == "beta" else 1.0)
        change = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: setattr(vae, name, value if epoch else 0.0)  # noqa: B023
        )
        losses[value] = vae.fit(images, epochs=2, shuffle=False, callbacks=[change], verbose=0).history
    assert losses[0.0]["loss"][0] == pytest.approx(losses[100.0]["loss"][0])
    assert losses[100.0]["loss"][1] > losses[0.0]["loss"][1] + 10
    with pytest.raises(ValueError, match="at least 0"):
        setattr(vae, name, -1)


@pytest.mark.parametrize(
    "name", ["likelihood", "importance_samples", "latent_dim", "image_shape", "encoder", "seed"]
)
def test_what_is_built_in_cannot_be_changed(small, name):
    vae = small()
    with pytest.raises(AttributeError, match=name):
        setattr(vae, name, getattr(vae, name))


def test_a_likelihood_does_not_change():
    with pytest.raises(AttributeError, match="variance"):
        Gaussian(0.1).variance = 0.2


# Arguments dropped


def test_weights_of_zero_train_nothing(small, images):
    vae = small()
    before = vae.get_weights()
    zeros = np.zeros(len(images))
    vae.fit(images, sample_weight=zeros, verbose=0)
    after = vae.get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert vae.evaluate(images, sample_weight=zeros, verbose=0, return_dict=True)["loss"] == 0
    assert vae.test_on_batch(images, sample_weight=zeros, return_dict=True)["loss"] == 0
    vae.train_on_batch(images, sample_weight=zeros)
    assert all(np.array_equal(a, b) for a, b in zip(before, vae.get_weights(), strict=True))


@pytest.mark.parametrize("options", [{}, {"free_bits": 0.5}, {"importance_samples": 3}])
def test_weights_leave_an_image_out(small, images, options):
    """A weight of 2 and of 0 against images twice and not at all, with the noise switched off."""
    keep = np.arange(len(images)) % 2 == 0
    losses = []
    for x, weight in ((images, 2.0 * keep), (np.repeat(images[keep], 2, axis=0), np.ones(len(images)))):
        keras.utils.set_random_seed(0)
        vae = small(**options)
        vae.encoder.z_log_var.kernel.assign(0 * vae.encoder.z_log_var.kernel)
        vae.encoder.z_log_var.bias.assign(0 * vae.encoder.z_log_var.bias - 20)
        vae.compile(keras.optimizers.SGD(0.0))
        losses.append(vae.fit(x, sample_weight=weight, batch_size=96, verbose=0).history["loss"][0])
    assert losses[0] == pytest.approx(losses[1], rel=5e-3)


def test_weights_of_classes_of_a_conditional_model(small, images, labels):
    vae = small(num_classes=3)
    inputs = {"image": images, "label": labels}
    before = vae.get_weights()
    vae.fit(inputs, class_weight={0: 0.0, 1: 0.0, 2: 0.0}, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, vae.get_weights(), strict=True))
    vae.fit(images, labels, class_weight={0: 2.0}, verbose=0)
    with pytest.raises(ValueError, match=r"labels 0 to 2, got \[7\]"):
        vae.fit(inputs, class_weight={7: 1.0}, verbose=0)
    with pytest.raises(TypeError, match="class_weight needs labels"):
        small().fit(images, class_weight={0: 1.0}, verbose=0)


def test_a_clean_target_is_what_is_rebuilt(small, images):
    noisy = np.zeros_like(images)
    vae = small()
    vae.compile(keras.optimizers.SGD(0.0))
    plain = vae.evaluate(noisy, verbose=0, return_dict=True)["reconstruction"]
    clean = vae.evaluate(noisy, images, verbose=0, return_dict=True)["reconstruction"]
    assert clean == pytest.approx(plain, rel=0.2)
    assert clean != plain
    z = vae.encode(noisy)[0]
    logits = vae.decoder(z)
    exact = -float(ops.mean(vae.likelihood.log_prob(images, logits)))
    assert clean == pytest.approx(exact, rel=0.05)
    vae.fit(noisy, images, validation_data=(noisy, images), verbose=0)
    vae.fit(Batches((noisy, images)), validation_data=Batches((noisy, images)), verbose=0)
    conditional = small(num_classes=3, importance_samples=2)
    inputs = {"image": noisy, "label": np.zeros(len(images), int)}
    conditional.fit(inputs, images, verbose=0)
    with pytest.raises(ValueError, match="an image for each of x"):
        vae.fit(noisy, images[:5], verbose=0)


@pytest.mark.parametrize("name", ["loss", "metrics", "loss_weights", "weighted_metrics"])
def test_compile_refuses_what_would_play_no_part(small, name):
    with pytest.raises(TypeError, match=name):
        small().compile("adam", **{name: ["mse"]})


def test_a_loaded_model_is_compiled_as_it_was(small, images, tmp_path):
    vae = small()
    vae.fit(images, verbose=0)
    vae.save(tmp_path / "v.keras")
    again = cvae.load_vae(tmp_path / "v.keras")
    assert int(again.optimizer.iterations) == 3
    again.fit(images, verbose=0)


def test_keras_order_of_positional_arguments(small, images):
    seen = []
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    small().fit(images, None, 32, 2, 0, [note])
    assert seen == [0, 1]


def test_labels_as_y(small, images, labels):
    vae = small(num_classes=3)
    history = vae.fit(images, labels, validation_data=(images, labels), verbose=0).history
    assert "val_loss" in history
    vae.fit(images, labels, validation_data=[images, labels], verbose=0)
    assert vae.evaluate(images, labels, verbose=0, return_dict=True)["loss"] > 0
    vae.fit(Batches((images, labels)), validation_data=Batches((images, labels)), verbose=0)
    vae.train_on_batch(images, labels)
    with pytest.raises(TypeError, match="y must be images"):
        small().fit(images, labels, verbose=0)
    with pytest.raises(TypeError, match="y must be images"):
        small().fit(Batches((images, labels)), verbose=0)


def test_a_stream_takes_nothing_beside_it(small, images, labels):
    for name, value in (("y", images), ("sample_weight", labels), ("class_weight", {0: 1.0})):
        with pytest.raises(TypeError, match=name):
            small(num_classes=3).fit(Batches(({"image": images, "label": labels},)), **{name: value})


def test_weights_in_a_stream(small, images):
    vae = small()
    before = vae.get_weights()
    vae.fit(Batches((images, images, np.zeros(len(images)))), verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, vae.get_weights(), strict=True))


# self.losses


def test_regularisers_and_add_loss_count(small, images):
    class Costly(MLPEncoder):
        def call(self, images, training=False):
            self.add_loss(ops.convert_to_tensor(1000.0))
            return super().call(images, training)

    plain = small()
    plain.compile(keras.optimizers.SGD(0.0))
    costs = VAE(Costly(2, hidden=(16,)), MLPDecoder((8, 8, 1), hidden=(16,)), seed=0)
    costs.compile(keras.optimizers.SGD(0.0))
    before = costs.evaluate(images, verbose=0, return_dict=True)
    assert before["loss"] == pytest.approx(before["reconstruction"] + before["kl"] + 1000, rel=1e-3)
    encoder = functional_encoder(kernel_regularizer=keras.regularizers.L2(1e6))
    vae = VAE(encoder, functional_decoder())
    vae.compile(keras.optimizers.SGD(0.0))
    logs = vae.fit(images, verbose=0, validation_data=images).history
    kernel = ops.convert_to_numpy(encoder.layers[2].kernel)
    expected = 1e6 * np.square(kernel).sum()
    for prefix in ("", "val_"):
        without = logs[f"{prefix}reconstruction"][0] + logs[f"{prefix}kl"][0]
        assert logs[f"{prefix}loss"][0] == pytest.approx(expected + without, rel=1e-3)


# Ranges and labels, at every door

BAD = {
    "0..255 as floats": (lambda x: x.astype("float32"), r"must lie in \[0, 1\]"),
    "0 and 1 as integers": (lambda x: (x > 0).astype("int32"), "only 0 and 1"),
    "beyond 255": (lambda x: x.astype("int32") * 2, r"0\.\.255"),
    "NaN": (lambda x: np.where(x > 0, np.nan, 0.0), "NaN"),
}
DOORS = {
    "fit": lambda vae, x: vae.fit(x, verbose=0),
    "validation": lambda vae, x: vae.fit(np.zeros((4, 8, 8, 1)), validation_data=x, verbose=0),
    "validation pair": lambda vae, x: vae.fit(
        np.zeros((4, 8, 8, 1)), validation_data=(x, None), verbose=0
    ),
    "target": lambda vae, x: vae.fit(np.zeros((96, 8, 8, 1)), x, verbose=0),
    "evaluate": lambda vae, x: vae.evaluate(x, verbose=0),
    "predict": lambda vae, x: vae.predict(x, verbose=0),
    "train_on_batch": lambda vae, x: vae.train_on_batch(x),
    "test_on_batch": lambda vae, x: vae.test_on_batch(x),
    "predict_on_batch": lambda vae, x: vae.predict_on_batch(x),
    "encode": lambda vae, x: vae.encode(x),
    "reconstruct": lambda vae, x: vae.reconstruct(x),
    "interpolate": lambda vae, x: vae.interpolate(x[:2], x[:2]),
    "elbo": lambda vae, x: cvae.metrics.elbo(vae, x),
    "nll": lambda vae, x: cvae.metrics.nll(vae, x, samples=2),
    "active_units": lambda vae, x: cvae.latent.active_units(vae, x),
    "init_output_bias": lambda vae, x: vae.init_output_bias(x),
    "PyDataset": lambda vae, x: vae.fit(Batches((x,)), verbose=0),
    "second batch": lambda vae, x: vae.fit(Batches((np.zeros((4, 8, 8, 1)),), (x,)), verbose=0),
    "generator": lambda vae, x: vae.fit((b for b in [(np.zeros((4, 8, 8, 1)),), (x,)]), verbose=0),
    "evaluate a stream": lambda vae, x: vae.evaluate(Batches((x,)), verbose=0),
    "predict a stream": lambda vae, x: vae.predict(Batches((x,)), verbose=0),
    "validation stream": lambda vae, x: vae.fit(
        np.zeros((4, 8, 8, 1)), validation_data=Batches((x,)), verbose=0
    ),
    "augmentation": lambda vae, x: cvae.datasets.batches.FlipsAndRotations(x),
}  # fmt: skip
if TENSORFLOW:
    DOORS |= {
        "tf.data": lambda vae, x: vae.fit(tf_data(x), verbose=0),
        "tf.data, evaluate": lambda vae, x: vae.evaluate(tf_data(x), verbose=0),
        "tf.data, predict": lambda vae, x: vae.predict(tf_data(x), verbose=0),
    }


@pytest.mark.parametrize("door", DOORS)
def test_range_at_every_door(small, images, door):
    for spoil, message in BAD.values():
        vae = small()  # on JAX, Keras loses the weights where reading the first batch fails
        with pytest.raises(ValueError, match=message):
            DOORS[door](vae, spoil(images))


@pytest.mark.parametrize("door", ["fit", "evaluate", "predict", "train_on_batch", "test_on_batch"])
@pytest.mark.parametrize("bad", [3, -1])
def test_labels_outside_the_classes(small, images, labels, door, bad):
    vae = small(num_classes=3)
    wrong = np.where(labels == 2, bad, labels)
    with pytest.raises(ValueError, match=r"labels must lie in 0\.\.2"):
        getattr(vae, door)({"image": images, "label": wrong})
    if door in ("fit", "evaluate", "predict"):
        good = {"image": images, "label": labels}
        with pytest.raises(ValueError, match=r"labels must lie in 0\.\.2"):
            getattr(vae, door)(Batches((good,), ({"image": images, "label": wrong},)), verbose=0)


def test_a_raw_call_says_it_or_gives_nan(small, images):
    vae = small()
    wrong = images.astype("float32")
    for network in (vae, vae.encoder):
        with pytest.raises(ValueError, match=r"\[0, 1\]"):
            network(wrong)
    inputs = keras.Input((8, 8, 1))
    inside = keras.Model(inputs, vae.encoder(inputs))
    right = vae.encode(images)[0]
    assert np.allclose(inside.predict(images / 255, verbose=0)[0], right, atol=1e-5)
    if keras.backend.backend() == "torch":  # which has no graph
        with pytest.raises(ValueError, match=r"\[0, 1\]"):
            inside.predict(images, verbose=0)
    else:  # Keras makes floats of 0 to 255 of the bytes before the encoder sees them
        assert np.isnan(inside.predict(images, verbose=0)[0]).all()


def test_a_label_outside_is_no_label(small):
    vae = small(num_classes=3)
    z = ops.zeros((2, 2))
    inputs = {"image": None, "label": ops.convert_to_tensor([1, 3])}
    logits = ops.convert_to_numpy(vae.decode_batch(z, inputs))
    assert np.isfinite(logits[0]).all()
    assert np.isnan(logits[1]).all()


# Looking costs nothing


def test_a_stream_is_read_once(small, images):
    batches = Batches((images[:48],), (images[48:],))
    small().fit(batches, epochs=2, verbose=0)
    assert sorted(batches.read).count(0) <= 3  # Keras looks at the first batches for their shapes
    seen = []

    def one_shot():
        for start in range(0, 96, 32):
            seen.append(start)
            yield (images[start : start + 32],)

    vae = small()
    vae.compile(keras.optimizers.SGD(0.0))
    vae.fit(one_shot(), verbose=0)
    assert seen == [0, 32, 64]  # none again, and none before Keras


@tf_only
def test_a_shuffled_tf_stream_is_read_once(small, images):
    import tensorflow as tf

    count = tf.Variable(0)

    def note(image):
        count.assign_add(1)
        return image

    stream = tf.data.Dataset.from_tensor_slices(images).map(note).shuffle(96).batch(32)
    vae = small()
    vae.fit(stream, verbose=0)
    assert int(count) == 96


@tf_only
def test_a_float_memmap_is_not_copied_by_looking(tmp_path):
    import tracemalloc

    path = tmp_path / "x.dat"
    big = np.memmap(path, "float32", "w+", shape=(2000, 28, 28, 1))
    tracemalloc.start()
    checked = cvae.utils.images.check_images(big, (28, 28, 1))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.shares_memory(checked, big)
    assert peak < 1e6


@tf_only
def test_streams_of_tf_with_labels_and_weights(small, images, labels):
    import tensorflow as tf

    pairs = tf.data.Dataset.from_tensor_slices((images, labels)).batch(32)
    conditional = small(num_classes=3)
    conditional.fit(pairs, validation_data=pairs, verbose=0)
    conditional.evaluate(pairs, verbose=0)
    conditional.predict(pairs, verbose=0)
    with pytest.raises(ValueError, match=r"labels must lie in 0\.\.2"):
        conditional.fit(pairs.map(lambda x, y: (x, y + 1)), verbose=0)
    with pytest.raises(TypeError, match="y must be images"):
        small().fit(pairs, verbose=0)
    rows = tf.data.Dataset.from_tensor_slices({"image": images, "label": labels}).batch(32)
    conditional.fit(rows, verbose=0)
    with pytest.raises(TypeError, match="images alone"):
        small().fit(rows, verbose=0)
    vae = small()
    before = vae.get_weights()
    vae.fit(pairs.map(lambda x, y: (x, x, tf.zeros(tf.shape(y)))), verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, vae.get_weights(), strict=True))


# Export


@tf_only
def test_export_gives_the_same_numbers(small, images, labels, tmp_path):
    vae, conditional = small(), small(num_classes=3)
    vae.fit(images, verbose=0)
    vae.export(tmp_path / "whole", verbose=False)
    vae.encoder.export(tmp_path / "encoder", verbose=False)
    vae.decoder.export(tmp_path / "decoder", verbose=False)
    conditional.export(tmp_path / "conditional", verbose=False)
    x = (images / 255).astype("float32")
    np.savez(tmp_path / "x.npz", x=x, label=labels.astype("int32"), z=vae.encode(images)[0])
    script = f"""
import numpy as np, tensorflow as tf
given = np.load("{tmp_path}/x.npz")
names = ("whole", "encoder", "decoder", "conditional")
kept = {{name: tf.saved_model.load("{tmp_path}/" + name) for name in names}}
load = lambda name: kept[name].serve
out = {{name: np.asarray(value) for name, value in load("whole")(given["x"]).items()}}
out["encoded"] = np.asarray(load("encoder")(given["x"])[0])
out["decoded"] = np.asarray(load("decoder")(given["z"]))
out["given"] = load("conditional")({{"image": given["x"], "label": given["label"]}})["parameters"]
np.savez("{tmp_path}/out.npz", **out)
"""
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    out = np.load(tmp_path / "out.npz")
    z_mean, z_log_var = vae.encode(images)
    parameters = ops.convert_to_numpy(vae.decoder(z_mean))
    for name, expected in (
        ("z_mean", z_mean), ("z_log_var", z_log_var), ("parameters", parameters),
        ("encoded", z_mean), ("decoded", parameters),
    ):  # fmt: skip
        assert np.allclose(out[name], expected, atol=1e-4), name
    rebuilt = conditional.reconstruct(images, labels)
    assert np.allclose(1 / (1 + np.exp(-out["given"])), rebuilt, atol=1e-4)


def test_summary_shows_shapes(small, capsys):
    small(num_classes=3).summary()
    shown = capsys.readouterr().out
    assert "(None, 8, 8, 1)" in shown
    assert "?" not in shown


def test_channels_first_is_refused(monkeypatch):
    keras.config.set_image_data_format("channels_first")
    try:
        for build in (lambda: build_vae((8, 8, 1), 2), lambda: cvae.ConvEncoder(2)):
            with pytest.raises(ValueError, match="channels_last"):
                build()
    finally:
        keras.config.set_image_data_format("channels_last")


# NumPy as arguments, and networks as they come


def test_numpy_as_arguments(images, tmp_path):
    vae = build_vae(
        np.array([8, 8, 1]), np.int64(2), "conv", filters=np.array([4, 8]), strides=np.int64(2),
        kernel_size=np.int32(3), hidden=np.int64(16), seed=np.int64(1), beta=np.float32(0.5),
        importance_samples=np.int64(1), likelihood=Gaussian(np.float32(0.5)),
    )  # fmt: skip
    vae.save(tmp_path / "v.keras")
    again = cvae.load_vae(tmp_path / "v.keras")
    assert np.array_equal(again.encode(images)[0], vae.encode(images)[0])
    again.sample(np.int64(2), seed=np.int64(0))
    cvae.metrics.nll(vae, images, samples=np.int64(2), seed=np.int64(0), batch_size=np.int64(64))
    build_vae((8, 8, 1), 2, "mlp", hidden=64)
    build_vae([8, 8, 1], 2, "conv", filters=8)
    cvae.latent.grid(vae, n=np.int64(3), dims=np.array([0, 1]))


@pytest.mark.parametrize("network", ["mlp", "conv", "residual"])
@pytest.mark.parametrize("shape", [(28, 28, 1), (5, 7, 3), (1, 1, 1), (33, 20, 2)])
def test_every_network_on_every_shape(network, shape, rng):
    vae = build_vae(shape, 2, network)
    vae.compile("adam", run_eagerly=True)  # one step
    vae.fit(rng.uniform(0, 1, (4, *shape)), verbose=0)
    assert vae.sample(2).shape == (2, *shape)


@pytest.mark.parametrize("kernel_size", [2, 4])
def test_even_kernels_on_sides_that_the_strides_do_not_divide(kernel_size):
    vae = build_vae((7, 9, 1), 2, "conv", filters=(4, 8), kernel_size=kernel_size)
    assert vae.sample(2).shape == (2, 7, 9, 1)


# Messages

MESSAGES = {
    "one image": (lambda x: x[0], r"images\[None\]"),
    "no channel": (lambda x: x[..., 0], r"images\[\.\.\., None\]"),
    "rows": (lambda x: x.reshape(96, -1), r"reshape\(-1, 8, 8, 1\)"),
    "channels first": (lambda x: np.moveaxis(x, -1, 1), "moveaxis"),
    "two sizes": (lambda x: [x[0], x[1][:4]], r"one shape, got \(4, 8, 1\), \(8, 8, 1\)"),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_messages_lead(small, images, case):
    spoil, message = MESSAGES[case]
    for door in ("fit", "evaluate", "encode"):
        with pytest.raises(ValueError, match=message):
            getattr(small(), door)(spoil(images))
    with pytest.raises(TypeError, match="dict of"):
        small().fit({"image": images, "label": np.zeros(96, int)})


@tf_only
def test_a_stream_without_batches(small, images):
    import tensorflow as tf

    with pytest.raises(ValueError, match=r"stream\.batch"):
        small().fit(tf.data.Dataset.from_tensor_slices(images), verbose=0)


def test_an_empty_stream(small):
    with pytest.raises(ValueError, match="length 0"):
        small().fit(Batches(), verbose=0)


def test_options_that_are_not_known():
    with pytest.raises(ValueError, match="has no argument widths; it has activation"):
        build_vae((8, 8, 1), 2, "mlp", widths=(3,))
    with pytest.raises(ValueError, match="has no argument latent_dim"):
        build_vae((8, 8, 1), 2, "mlp", encoder={"latent_dim": 3})
    with pytest.raises(ValueError, match="^((?!args).)*$"):
        build_vae((8, 8, 1), 2, "mlp", widths=(3,))


@tf_only
def test_no_graph_outlives_its_model():
    """TensorFlow would keep every training step that was ever traced, some 10 MB each."""
    script = """
import gc, numpy as np, cvae
from tensorflow.python.framework.func_graph import FuncGraph
x = np.random.default_rng(0).integers(0, 256, (64, 8, 8, 1)).astype("uint8")
for _ in range(2):
    vae = cvae.build_vae((8, 8, 1), 2, "mlp", hidden=8)
    vae.compile("adam")
    for _ in range(2):  # a model whose step is traced already trains on
        vae.fit(x, batch_size=8, epochs=1, verbose=0)
del vae
gc.collect()
print(sum(isinstance(thing, FuncGraph) for thing in gc.get_objects()))
"""
    result = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert int(result.stdout.split()[-1]) == 0
