from itertools import pairwise

import keras
import numpy as np
import pytest

import cvae
from cvae.networks import (
    ConvDecoder,
    ConvEncoder,
    MLPDecoder,
    MLPEncoder,
    ResidualDecoder,
    ResidualEncoder,
    blocks,
)

PAIRS = [
    (MLPEncoder, MLPDecoder, {"hidden": (16, 8)}),
    (ConvEncoder, ConvDecoder, {"filters": (4, 8)}),
    (ResidualEncoder, ResidualDecoder, {"filters": (4, 8)}),
]


@pytest.mark.parametrize(("encoder_class", "decoder_class", "options"), PAIRS)
@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (64, 64, 3), (96, 96, 1), (32, 64, 3)])
def test_shapes(encoder_class, decoder_class, options, shape):
    z_mean, z_log_var = encoder_class(3, **options)(np.zeros((2, *shape), "uint8"))
    assert tuple(z_mean.shape) == tuple(z_log_var.shape) == (2, 3)
    decoder = decoder_class(shape, parameters=2, **options)
    assert tuple(decoder(np.zeros((2, 3), "float32")).shape) == (2, *shape[:2], 2 * shape[2])


def test_the_tutorials_parameter_counts():
    # By hand. Encoder: 3*3*32+32, 3*3*32*64+64, 2304 features to 2 + 2. Decoder: 2*1568+1568,
    # 3*3*32*64+64, 3*3*64*32+32, 3*3*32+1.
    encoder = ConvEncoder(2, padding="valid")
    encoder(np.zeros((1, 28, 28, 1), "uint8"))
    assert encoder.count_params() == 320 + 18_496 + 2304 * 4 + 4
    decoder = ConvDecoder((28, 28, 1))
    decoder(np.zeros((1, 2), "float32"))
    assert decoder.count_params() == 4704 + 18_496 + 18_464 + 289


def dense(*widths):
    return sum(a * b + b for a, b in pairwise(widths))


def convolution(kernel, *channels):
    return sum(kernel**2 * a * b + b for a, b in pairwise(channels))


REPORTS = {
    # name: (image shape, latent_dim, network, options, parameters of encoder and decoder by hand)
    "luther": (
        (28, 28, 1), 10, "mlp", {}, dense(784, 200, 200, 20), dense(10, 200, 200, 784),
    ),
    "zhao MLP": (
        (28, 28, 1), 2, "mlp", {"hidden": (300, 100, 10), "activation": "elu"},
        dense(784, 300, 100, 10, 4), dense(2, 10, 100, 300, 784),
    ),
    # Batch normalisation: 4 numbers a channel in place of a bias of 1.
    "zhao CNN": (
        (28, 28, 1), 2, "conv",
        {"filters": (32, 64, 32), "activation": "elu", "any_side": True, "batch_norm": True,
         "decoder": {"filters": (64, 32, 32)}},
        convolution(3, 1, 32, 64, 32) + 3 * (32 + 64 + 32) + dense(512, 4),
        dense(2, 512) + 3 * 512 + convolution(3, 32, 64, 32, 32) + 3 * (64 + 32 + 32)
        + convolution(3, 32, 1),
    ),
    "aragam": (
        (28, 28, 1), 5, "conv",
        {"filters": (32, 64, 64, 64), "strides": (1, 2, 2, 1), "activation": "leaky_relu",
         "decoder": {"filters": (64, 64, 32), "strides": (1, 2, 2), "base_filters": 64}},
        convolution(3, 1, 32, 64, 64, 64) + dense(49 * 64, 10),
        dense(5, 49 * 64) + convolution(3, 64, 64, 64, 32, 1),
    ),
    "patadia": (
        (32, 32, 3), 2, "conv", {"encoder": {"padding": "valid"}},
        convolution(3, 3, 32, 64) + dense(7 * 7 * 64, 4),
        dense(2, 8 * 8 * 32) + convolution(3, 32, 64, 32, 3),
    ),
}  # fmt: skip


@pytest.mark.parametrize("report", REPORTS)
def test_the_reports_networks_are_instances(report):
    shape, latent_dim, network, options, encoder, decoder = REPORTS[report]
    vae = cvae.build_vae(shape, latent_dim, network, **options)
    assert (vae.encoder.count_params(), vae.decoder.count_params()) == (encoder, decoder)
    assert vae.sample(1, seed=0).shape == (1, *shape)


def test_ibrahims_network_on_color_photographs():
    vae = cvae.build_vae((64, 64, 3), 32, "residual", filters=(8, 16, 32, 64))
    kinds = [type(layer).__name__ for layer in vae.encoder.body.layers]
    assert kinds.count("ResidualBlock") == kinds.count("Conv2D") == 4
    assert "BatchNormalization" in kinds
    assert vae.sample(1, seed=0).shape == (1, 64, 64, 3)


def test_three_strides_of_two_from_28_and_back():
    # The zhao report's CNN: 28, 14, 7, 4 and 4, 7, 14, 28.
    options = {"filters": (8, 8, 8), "activation": "elu", "batch_norm": True, "any_side": True}
    encoder = ConvEncoder(2, **options)
    encoder(np.zeros((1, 28, 28, 1), "uint8"))
    assert encoder.body.layers[-1].output.shape[-1] == 4 * 4 * 8
    assert tuple(ConvDecoder((28, 28, 1), **options)(np.zeros((1, 2))).shape) == (1, 28, 28, 1)
    assert blocks.sizes_going_up((28, 28), (2, 2, 2)) == [(4, 4), (7, 7), (14, 14), (28, 28)]


@pytest.mark.parametrize("kernel_size", [2, 3, 4, 5])
@pytest.mark.parametrize("stride", [2, 3])
@pytest.mark.parametrize("side", [7, 11, 12, 28])
def test_any_side(kernel_size, stride, side):
    decoder = ConvDecoder(
        (side, side, 1), filters=(4, 4), kernel_size=kernel_size, strides=stride, any_side=True
    )
    assert tuple(decoder(np.zeros((1, 2))).shape) == (1, side, side, 1)


def test_a_side_that_does_not_fit_names_sides_that_do():
    with pytest.raises(ValueError, match=r"side of 30 does not fit .* multiple of 4, such as 28 or 32"):
        ConvDecoder((30, 30, 1), any_side=False)
    with pytest.raises(ValueError, match="side of 30 does not fit"):
        ConvEncoder(2, any_side=False)(np.zeros((1, 30, 30, 1), "uint8"))
    with pytest.raises(ValueError, match="multiple of 8, such as 24 or 32"):
        ResidualDecoder((28, 28, 1), any_side=False)


def test_log_variance_is_kept_finite():
    encoder = MLPEncoder(2, hidden=(4,))
    encoder(np.zeros((1, 4, 4, 1), "uint8"))
    encoder.z_log_var.bias.assign([1e6, -1e6])
    _, z_log_var = encoder(np.zeros((1, 4, 4, 1), "uint8"))
    assert np.allclose(keras.ops.convert_to_numpy(z_log_var), [[10, -20]])


def test_uint8_and_float_are_the_same_image(rng):
    pictures = rng.integers(0, 256, (3, 8, 8, 1), dtype="uint8")
    encoder = ConvEncoder(2)
    a, _ = encoder(pictures)
    b, _ = encoder((pictures / 255).astype("float32"))
    np.testing.assert_allclose(*map(keras.ops.convert_to_numpy, (a, b)), atol=1e-6)


@pytest.mark.parametrize(("encoder_class", "decoder_class", "options"), PAIRS)
def test_configs_round_trip(encoder_class, decoder_class, options):
    for network in (
        encoder_class(3, **options, activation="elu"),
        decoder_class((8, 8, 1), **options, output_activation="sigmoid"),
    ):
        config = keras.saving.serialize_keras_object(network)
        again = keras.saving.deserialize_keras_object(config)
        assert type(again) is type(network)
        assert again.get_config() == network.get_config()
        assert again.get_config()["activation"] in ("elu", "relu", "leaky_relu")


@pytest.mark.parametrize("output_activation", [None, "sigmoid"])
@pytest.mark.parametrize("decoder_class", [MLPDecoder, ConvDecoder])
def test_set_output_bias(decoder_class, output_activation):
    decoder = decoder_class((8, 8, 2), output_activation=output_activation)
    decoder(np.zeros((1, 2)))
    decoder.to_pixels.kernel.assign(np.zeros(decoder.to_pixels.kernel.shape))
    wanted = np.broadcast_to([0.2, 0.7], (8, 8, 2))
    decoder.set_output_bias(wanted)
    found = keras.ops.convert_to_numpy(decoder(np.ones((1, 2))))[0]
    np.testing.assert_allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize("latent_dim", [0, -2, 1.5, "2"])
def test_latent_dim_below_one(latent_dim):
    with pytest.raises(ValueError, match="latent_dim must be a whole number of at least 1"):
        MLPEncoder(latent_dim)


def test_wrong_arguments():
    with pytest.raises(ValueError, match="one for each of 2 filters"):
        ConvEncoder(2, strides=(2, 2, 1))
    with pytest.raises(ValueError, match="at least one convolution"):
        ConvEncoder(2, filters=())
    with pytest.raises(ValueError, match=r"\(height, width, channels\)"):
        ConvDecoder((28, 28))
    with pytest.raises(ValueError, match="output_activation must be None or 'sigmoid'"):
        MLPDecoder((8, 8, 1), output_activation="tanh")
    with pytest.raises(ValueError, match="squash the scales"):
        MLPDecoder((8, 8, 1), parameters=2, output_activation="sigmoid")


def test_blocks_for_each_convolution():
    encoder = ConvEncoder(2, filters=(4, 8), blocks=(0, 2))
    encoder(np.zeros((1, 8, 8, 1), "uint8"))
    kinds = [type(layer).__name__ for layer in encoder.body.layers]
    assert kinds == ["Conv2D", "Activation"] * 2 + ["ResidualBlock"] * 2 + ["Flatten"]
    vae = cvae.build_vae((8, 8, 1), 2, filters=(4, 8), blocks=(0, 2))  # the decoder's way up: 2, 0
    kinds = [type(layer).__name__ for layer in vae.decoder.body.layers]
    assert [n for n, kind in enumerate(kinds) if kind == "ResidualBlock"] == [5, 6]
    assert kinds[7:] == ["Conv2DTranspose", "Activation"]
    for wrong in ((1,), (1, -1)):
        with pytest.raises(ValueError, match="blocks must be"):
            ConvEncoder(2, filters=(4, 8), blocks=wrong)
