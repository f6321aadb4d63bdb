"""What people who know Keras do by habit: each works, or is refused in words that say what to do."""

import subprocess
import sys

import keras
import numpy as np
import pytest

import cvae

tf_only = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf.data, tf.function")


def test_class_weights_leave_the_held_out_part_alone(small, images, labels):
    """validation_split with class_weight: as Keras has it, the held-out loss knows no weights."""
    weights = {0: 10.0, 1: 1.0, 2: 1.0}
    losses = []
    for how in ("split", "by hand"):
        keras.utils.set_random_seed(1)
        vae = small(num_classes=3)
        vae.compile(keras.optimizers.SGD(0.0))
        if how == "split":
            history = vae.fit(
                images, labels, validation_split=0.25, class_weight=weights, shuffle=False, verbose=0
            )
        else:
            history = vae.fit(
                images[:72], labels[:72], validation_data=(images[72:], labels[72:]),
                class_weight=weights, shuffle=False, verbose=0,
            )  # fmt: skip
        losses.append((history.history["loss"][0], history.history["val_loss"][0]))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


@pytest.mark.parametrize("network", ["mlp", "conv", "residual"])
def test_a_loaded_network_computes_as_it_did_whatever_the_global_policy(
    images, labels, network, tmp_path
):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        vae = cvae.build_vae((8, 8, 1), 2, network, num_classes=3, seed=0)
        vae.save(tmp_path / "vae.keras")
    finally:
        keras.config.set_dtype_policy("float32")
    again = cvae.load_vae(tmp_path / "vae.keras")
    np.testing.assert_array_equal(vae.encode(images, labels)[0], again.encode(images, labels)[0])
    assert {layer.compute_dtype for layer in again.encoder.body.layers} == {"bfloat16"}
    assert again.decoder.to_pixels.compute_dtype == "float32"
    assert {layer.compute_dtype for layer in again.label_picture.layers} == {"bfloat16"}
    alone = cvae.MLPEncoder(2, (8,), dtype="mixed_bfloat16")
    assert alone.body.layers[1].compute_dtype == "bfloat16"


@keras.saving.register_keras_serializable("test")
class WithHead(cvae.VAE):
    """A subclass that makes a layer after the model is built."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.head = keras.layers.Dense(1)

    def regress(self, x):
        return keras.ops.convert_to_numpy(self.head(self.encode_batch(x)[0]))


def test_a_subclasss_own_layer_comes_back(images, tmp_path):
    vae = WithHead(cvae.MLPEncoder(2, (8,)), cvae.MLPDecoder((8, 8, 1), (8,)))
    before = vae.regress(images[:4])
    vae.save(tmp_path / "vae.keras")
    np.testing.assert_array_equal(before, cvae.load_vae(tmp_path / "vae.keras").regress(images[:4]))


def test_beta_is_no_weight(small, images, tmp_path):
    vae = small()
    vae.compile("adam")
    best = keras.callbacks.EarlyStopping("val_loss", patience=10, restore_best_weights=True)
    vae.fit(
        images, validation_data=images, epochs=4, verbose=0, callbacks=[cvae.AnnealBeta(0, 1, 2), best]
    )
    assert float(vae.beta) == 1.0
    other = small(beta=4.0)
    other.free_bits = 0.25
    vae.set_weights(other.get_weights())
    other.save_weights(tmp_path / "other.weights.h5")
    vae.load_weights(tmp_path / "other.weights.h5")
    assert (float(vae.beta), float(vae.free_bits)) == (1.0, 0.0)
    other.save(tmp_path / "other.keras")
    again = cvae.load_vae(tmp_path / "other.keras")
    assert (float(again.beta), float(again.free_bits)) == (4.0, 0.25)
    assert vae.count_params() == vae.encoder.count_params() + vae.decoder.count_params()


def test_a_conditional_vae_that_fails_leaves_the_plain_encoder_alone(small, images):
    vae = small()
    before = vae.encode(images)[0]
    with pytest.raises(ValueError, match="built already.*fresh network.*ConditionalVAE"):
        cvae.ConditionalVAE(vae.encoder, vae.decoder, 3)
    assert not vae.encoder.takes_label
    np.testing.assert_array_equal(before, vae.encode(images)[0])


def test_an_encoder_saved_alone_still_takes_its_label(small, images, labels, tmp_path):
    vae = small(num_classes=3)
    vae.encoder.save(tmp_path / "encoder.keras")
    alone = keras.saving.load_model(tmp_path / "encoder.keras")
    inputs = np.concatenate([images / 255, np.full_like(images, 7) * 1.0], axis=-1).astype("float32")
    expected, found = (keras.ops.convert_to_numpy(part(inputs)[0]) for part in (vae.encoder, alone))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_annealing_needs_a_beta_that_training_sees(small, images):
    vae = small()
    inputs = keras.Input((8, 8, 1))
    around = keras.Model(inputs, vae(inputs)["parameters"])
    around.compile("adam", "mse")
    with pytest.raises(TypeError, match="call fit of the VAE itself"):
        around.fit(images / 255, images / 255, callbacks=[cvae.AnnealBeta(0, 1, 2)], verbose=0)


def test_lora_and_quantized_layers_are_refused_by_save(small, tmp_path):
    vae = small()
    vae.encoder.body.layers[1].enable_lora(2)
    with pytest.raises(ValueError, match="has LoRA.*save_weights"):
        vae.save(tmp_path / "lora.keras")
    quantized = small()
    quantized.quantize("int8")
    with pytest.raises(ValueError, match="has quantization.*save_weights"):
        quantized.save(tmp_path / "int8.keras")
    assert list(tmp_path.iterdir()) == []


def test_the_probability_of_grey_levels_needs_grey_levels(small, images, rng):
    vae = small()
    vae_of_levels = small(likelihood="discretized_logistic")
    between = rng.random((8, 8, 8, 1)).astype("float32")
    for metric in (cvae.metrics.elbo, cvae.metrics.nll):
        with pytest.raises(ValueError, match="images that are grey levels"):
            metric(vae, between, samples=1, discrete=True)
        with pytest.raises(ValueError, match="images that are grey levels"):
            metric(vae_of_levels, between, samples=1)
        metric(vae, between, samples=1)
        metric(vae_of_levels, images[:8].astype("float32") / 255, samples=1)


SQUASHED = {
    "nested": lambda z: keras.Sequential([keras.layers.Dense(64, "sigmoid")])(z),
    "operation": lambda z: keras.ops.sigmoid(keras.layers.Dense(64)(z)),
    "hard": lambda z: keras.layers.Dense(64, "hard_sigmoid")(z),
    "layer": lambda z: keras.layers.Activation("sigmoid")(keras.layers.Dense(64)(z)),
}


@pytest.mark.parametrize("how", SQUASHED)
def test_a_decoder_is_not_squashed_twice(how):
    z = keras.Input((2,))
    decoder = keras.Model(z, keras.layers.Reshape((8, 8, 1))(SQUASHED[how](z)))
    with pytest.raises(ValueError, match="ends in a sigmoid"):
        cvae.VAE(cvae.MLPEncoder(2, (8,)), decoder)


def test_an_encoder_that_divides_by_255_itself_is_refused():
    x = keras.Input((8, 8, 1))
    flat = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(x))
    encoder = keras.Model(x, [keras.layers.Dense(2)(flat), keras.layers.Dense(2)(flat)])
    with pytest.raises(ValueError, match="has a Rescaling"):
        cvae.VAE(encoder, cvae.MLPDecoder((8, 8, 1), (8,)))


@tf_only
def test_a_training_loop_of_ones_own_within_a_graph(small, images):
    import tensorflow as tf

    vae, optimizer = small(), keras.optimizers.SGD(1e-3)
    before = vae.get_weights()

    @tf.function
    def step(x):
        with tf.GradientTape() as tape:
            loss = vae.compute_loss(x, None, vae(x, training=True))
        gradients = tape.gradient(loss, vae.trainable_variables)
        optimizer.apply_gradients(zip(gradients, vae.trainable_variables, strict=True))
        return loss

    assert np.isfinite(float(step(tf.constant(images[:16]))))
    assert not np.array_equal(before[0], vae.get_weights()[0])


@tf_only
def test_streams_say_what_is_wrong_with_labels_and_where(small, images, labels):
    import tensorflow as tf

    vae = small(num_classes=3)
    rows = tf.data.Dataset.from_tensor_slices
    for wrong in (np.eye(3, dtype="float32")[labels], labels[:, None], labels.astype(str)):
        with pytest.raises(ValueError, match=r"labels must be whole numbers.*\(n,\)"):
            vae.fit(rows((images, wrong)).batch(32), verbose=0)
    late = images.astype("float32") / 255
    late[80] = np.nan
    with pytest.raises(ValueError, match="batch 3 of the stream.*NaN"):
        small().fit(rows(late).batch(32), verbose=0)
    unknown = tf.data.Dataset.from_generator(lambda: iter([images]), output_types=tf.uint8)
    with pytest.raises(ValueError, match="output_signature"):
        small().fit(unknown, verbose=0)


@tf_only
def test_a_dark_batch_after_others_passes(small, images, labels):
    import tensorflow as tf

    dark = images.copy()
    dark[32:64] = images[32:64] > 128
    rows = tf.data.Dataset.from_tensor_slices
    small().evaluate(rows(dark).batch(32), verbose=0)
    conditional, wrong = small(num_classes=3), labels.copy()
    conditional.evaluate(rows((dark, labels)).batch(32), verbose=0)
    wrong[40] = 7
    with pytest.raises(ValueError, match=r"batch 2 of the stream: labels must lie in 0\.\.2"):
        conditional.evaluate(rows((dark, wrong)).batch(32), verbose=0)
    with pytest.raises(ValueError, match="these hold only 0 and 1"):
        small().evaluate(rows((images > 128).astype("uint8")).batch(32), verbose=0)


def test_smaller_things(small, images, labels):
    conditional = small(num_classes=3)
    with pytest.raises(TypeError, match="class_weight must be a dict"):
        conditional.fit(images, labels, class_weight=np.ones(3), verbose=0)
    with pytest.raises(ValueError, match="class_weight must be 0 or more"):
        conditional.fit(images, labels, class_weight={0: -1.0}, verbose=0)
    with pytest.raises(ValueError, match=r"labels.*expected the shape \(4,\), got \(2,\)"):
        conditional.sample(4, labels=[0, 1])
    with pytest.raises(TypeError, match="take the first"):
        cvae.metrics.bits_per_dimension((90.0, 0.2), (8, 8, 1))
    with pytest.raises(TypeError, match="masked array"):
        small().encode(np.ma.masked_array(images, images > 5))
    with pytest.raises(TypeError, match="labels"):  # the third by position is labels, everywhere
        cvae.latent.active_units(small(), images, 0.01)


@tf_only
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_small_trainings_leave_nothing_behind():
    """500 trainings are to grow a process by less than 200 MB, 0.4 MB each; it was 1.1 MB and more."""
    script = """
import ctypes, gc, os, numpy as np, cvae
x = np.random.default_rng(0).integers(0, 256, (64, 8, 8, 1)).astype("uint8")
def memory():  # what is held, not what waits to be given back
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
for n in range(35):
    if n == 10:
        before = memory()
    vae = cvae.build_vae((8, 8, 1), 2, "mlp", hidden=(16,))
    vae.compile("adam")
    vae.fit(x, batch_size=16, verbose=0)
    gc.collect()
print(memory() - before)
"""
    result = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert float(result.stdout.split()[-1]) < 25 * 0.4


def test_a_file_with_python_code_says_how_to_trust_it(tmp_path):
    x = keras.Input((8, 8, 1))
    flat = keras.layers.Flatten()(keras.layers.Lambda(lambda a: 2 * a)(x))
    encoder = keras.Model(x, [keras.layers.Dense(2)(flat), keras.layers.Dense(2)(flat)])
    cvae.VAE(encoder, cvae.MLPDecoder((8, 8, 1), (8,))).save(tmp_path / "v.keras")
    with pytest.raises(ValueError, match="call keras.config.enable_unsafe_deserialization"):
        cvae.load_vae(tmp_path / "v.keras")
