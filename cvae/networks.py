"""Encoders and decoders: multilayer perceptrons, convolutional and residual networks.

An encoder maps images to the parameters of q(z | x): `z_mean` and `z_log_var`, each
(batch, latent_dim). A decoder maps z to the parameters of p(x | z), one image-shaped block for each
parameter: logits for a Bernoulli, means for a Gaussian, and so on. Widths, strides, activation and
batch normalisation are arguments; every network of the five reports is an instance of one of these.
"""

from collections.abc import Sequence
from itertools import pairwise

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import ArrayLike

from cvae.blocks import (
    ResidualBlock,
    check_image_shape,
    check_sides,
    dense_layers,
    each_of,
    norm_and_activation,
    sizes_going_up,
    transposed_convolution,
)
from cvae.checks import check_count
from cvae.images import to_float

# exp(-20) is a standard deviation of 0.00005, exp(10) one of 148: no posterior worth having is
# outside, and neither the KL nor its gradient overflows inside.
LOG_VAR_RANGE = (-20.0, 10.0)


class Encoder(keras.Model):
    """images -> body -> z_mean, z_log_var. The two heads stay float32 under mixed precision."""

    def __init__(self, latent_dim, body, config, **kwargs):
        super().__init__(**kwargs)
        check_count("latent_dim", latent_dim)
        self.latent_dim = int(latent_dim)
        self._config = {"latent_dim": self.latent_dim, **config}
        self.body = keras.Sequential(body, name="body")
        self.z_mean = layers.Dense(latent_dim, dtype="float32", name="z_mean")
        self.z_log_var = layers.Dense(latent_dim, dtype="float32", name="z_log_var")

    def build(self, input_shape):
        self.body.build(input_shape)
        features = self.body.compute_output_shape(input_shape)
        self.z_mean.build(features)
        self.z_log_var.build(features)

    def call(self, images, training=False):
        features = self.body(to_float(images), training=training)
        return self.z_mean(features), ops.clip(self.z_log_var(features), *LOG_VAR_RANGE)

    def get_config(self):
        return {**super().get_config(), **self._config}


class Decoder(keras.Model):
    """z -> body -> to_pixels, reshaped to (batch, height, width, channels * parameters)."""

    def __init__(self, image_shape, body, to_pixels, parameters, output_activation, config, **kwargs):
        super().__init__(**kwargs)
        if output_activation not in (None, "linear", "sigmoid"):
            raise ValueError(f"output_activation must be None or 'sigmoid', got {output_activation!r}")
        if output_activation == "sigmoid" and parameters > 1:
            raise ValueError(
                "output_activation='sigmoid' would squash the scales too: leave it out where a pixel "
                f"has {parameters} parameters"
            )
        self.image_shape = image_shape
        self.pixel_shape = (*image_shape[:2], image_shape[2] * parameters)
        self.output_activation = keras.activations.get(output_activation)
        self._config = {
            "image_shape": image_shape,
            "parameters": parameters,
            "output_activation": output_activation,
            **config,
        }
        self.body = keras.Sequential(body, name="body")
        self.to_pixels = to_pixels

    def build(self, input_shape):
        self.body.build(input_shape)
        self.to_pixels.build(self.body.compute_output_shape(input_shape))

    def call(self, z, training=False):
        pixels = self.to_pixels(self.body(z, training=training))
        return self.output_activation(ops.reshape(pixels, (-1, *self.pixel_shape)))

    def set_output_bias(self, parameters: ArrayLike) -> None:
        """Make the untrained decoder put out about `parameters`, whatever z is.

        A dense output layer has a bias for every pixel, a convolutional one only for every channel;
        the latter takes the mean over the image.

        Args:
            parameters: array (height, width, channels * parameters), as
                `Likelihood.parameters_for(pixel_means)` gives it.
        """
        parameters = np.asarray(parameters, "float32")
        bias = self.to_pixels.bias
        if tuple(bias.shape) == parameters.shape[-1:]:
            parameters = parameters.mean(axis=(0, 1))
        if self._config["output_activation"] == "sigmoid":
            parameters = np.clip(parameters, 1e-3, 1 - 1e-3)
            parameters = np.log(parameters / (1 - parameters))
        bias.assign(parameters.reshape(bias.shape))

    def get_config(self):
        return {**super().get_config(), **self._config}


@keras.saving.register_keras_serializable("cvae")
class MLPEncoder(Encoder):
    """A multilayer perceptron on the flattened image.

    Args:
        latent_dim: dimensions of z, at least 1.
        hidden: widths of the hidden layers, in the order the data passes them.
        activation: name of a Keras activation, such as "relu", "elu" or "leaky_relu".
        batch_norm: whether each hidden layer normalises before its activation.

    Call: images (batch, height, width, channels) -> z_mean, z_log_var, each (batch, latent_dim).

    Raises:
        ValueError: latent_dim or a width below 1.
    """

    def __init__(
        self,
        latent_dim: int,
        hidden: Sequence[int] = (200, 200),
        activation: str = "relu",
        batch_norm: bool = False,
        **kwargs,
    ):
        body = [layers.Flatten(), *dense_layers(hidden, activation, batch_norm)]
        config = {"hidden": tuple(hidden), "activation": activation, "batch_norm": batch_norm}
        super().__init__(latent_dim, body, config, **kwargs)


@keras.saving.register_keras_serializable("cvae")
class MLPDecoder(Decoder):
    """A multilayer perceptron from z to the pixels.

    Args:
        image_shape: (height, width, channels).
        hidden, activation, batch_norm: as in `MLPEncoder`, again in the order the data passes them.
        parameters: how many numbers the likelihood needs for each pixel and channel.
        output_activation: "sigmoid" keeps a Gaussian's means in [0, 1]; None for logits.

    Call: z (batch, latent_dim) -> (batch, height, width, channels * parameters).
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        hidden: Sequence[int] = (200, 200),
        activation: str = "relu",
        batch_norm: bool = False,
        parameters: int = 1,
        output_activation: str | None = None,
        **kwargs,
    ):
        image_shape = check_image_shape(image_shape)
        to_pixels = layers.Dense(
            int(np.prod(image_shape)) * parameters, dtype="float32", name="to_pixels"
        )
        body = dense_layers(hidden, activation, batch_norm) or [layers.Identity()]
        config = {"hidden": tuple(hidden), "activation": activation, "batch_norm": batch_norm}
        super().__init__(image_shape, body, to_pixels, parameters, output_activation, config, **kwargs)


@keras.saving.register_keras_serializable("cvae")
class ConvEncoder(Encoder):
    """Strided convolutions, then optional dense layers. The defaults are the TensorFlow CVAE
    tutorial's, which pads nothing: give it `padding="valid"` for the very same network.

    Args:
        latent_dim: dimensions of z, at least 1.
        filters: output channels of each convolution.
        kernel_size: side of every kernel.
        strides: one stride for all convolutions, or one for each.
        padding: "same" or "valid".
        hidden: widths of dense layers between the last convolution and the heads.
        activation, batch_norm: as in `MLPEncoder`.
        blocks: residual blocks after each convolution, or one number for each (`ResidualEncoder` has
            one).
        any_side: accept image sides that the strides do not divide; each layer rounds up.

    Call: images (batch, height, width, channels) -> z_mean, z_log_var, each (batch, latent_dim).

    Raises:
        ValueError: latent_dim below 1, strides that do not match filters; on the first call, an image
            side that the strides do not divide (the message says which sides work).
    """

    def __init__(
        self,
        latent_dim: int,
        filters: Sequence[int] = (32, 64),
        kernel_size: int = 3,
        strides: int | Sequence[int] = 2,
        padding: str = "same",
        hidden: Sequence[int] = (),
        activation: str = "relu",
        batch_norm: bool = False,
        blocks: int | Sequence[int] = 0,
        any_side: bool = False,
        **kwargs,
    ):
        self_config = {
            "filters": tuple(filters), "kernel_size": kernel_size, "strides": strides,
            "padding": padding, "hidden": tuple(hidden), "activation": activation,
            "batch_norm": batch_norm, "blocks": blocks, "any_side": any_side,
        }  # fmt: skip
        strides = each_of(filters, "strides", strides)
        body = []
        blocks = each_of(filters, "blocks", blocks, least=0)
        for width, stride, count in zip(filters, strides, blocks, strict=True):
            convolution = layers.Conv2D(
                width, kernel_size, stride, padding=padding, use_bias=not batch_norm
            )
            body += [convolution, *norm_and_activation(activation, batch_norm)]
            body += [ResidualBlock(width, kernel_size, activation, batch_norm) for _ in range(count)]
        body += [layers.Flatten(), *dense_layers(hidden, activation, batch_norm)]
        super().__init__(latent_dim, body, self_config, **kwargs)
        self._strides, self._checks_side = strides, padding == "same" and not any_side

    def build(self, input_shape):
        if self._checks_side:
            check_sides(input_shape[1:3], self._strides)
        super().build(input_shape)


@keras.saving.register_keras_serializable("cvae")
class ConvDecoder(Decoder):
    """A dense layer, then transposed convolutions. The defaults are the TensorFlow CVAE tutorial's.

    Args:
        image_shape: (height, width, channels).
        filters: output channels of each transposed convolution, in the order the data passes them.
        kernel_size, hidden, activation, batch_norm, blocks: as in `ConvEncoder`.
        strides: as in `ConvEncoder`; the smallest image is image_shape divided by all of them.
        base_filters: channels of that smallest image.
        parameters, output_activation: as in `MLPDecoder`.
        any_side: accept sides that the strides do not divide: 28 goes 4, 7, 14, 28 with three
            strides of 2, a transposed convolution dropping the surplus row and column.

    Call: z (batch, latent_dim) -> (batch, height, width, channels * parameters).

    Raises:
        ValueError: an image side that the strides do not divide (the message says which work).
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        filters: Sequence[int] = (64, 32),
        kernel_size: int = 3,
        strides: int | Sequence[int] = 2,
        base_filters: int = 32,
        hidden: Sequence[int] = (),
        activation: str = "relu",
        batch_norm: bool = False,
        blocks: int | Sequence[int] = 0,
        parameters: int = 1,
        output_activation: str | None = None,
        any_side: bool = False,
        **kwargs,
    ):
        config = {
            "filters": tuple(filters), "kernel_size": kernel_size, "strides": strides,
            "base_filters": base_filters, "hidden": tuple(hidden), "activation": activation,
            "batch_norm": batch_norm, "blocks": blocks, "any_side": any_side,
        }  # fmt: skip
        image_shape = check_image_shape(image_shape)
        strides = each_of(filters, "strides", strides)
        if not any_side:
            check_sides(image_shape[:2], strides)
        sizes = sizes_going_up(image_shape[:2], strides)
        base = (*sizes[0], base_filters)
        body = dense_layers((*hidden, int(np.prod(base))), activation, batch_norm)
        body.append(layers.Reshape(base))
        blocks = each_of(filters, "blocks", blocks, least=0)
        steps = zip(filters, strides, blocks, pairwise(sizes), strict=True)
        for width, stride, count, (small, large) in steps:
            body += [
                transposed_convolution(width, kernel_size, stride, small, large, not batch_norm),
                *norm_and_activation(activation, batch_norm),
            ]
            body += [ResidualBlock(width, kernel_size, activation, batch_norm) for _ in range(count)]
        # At stride 1 the same function as a convolution; TensorFlow trains it a seventh faster on a CPU.
        to_pixels = layers.Conv2DTranspose(
            image_shape[2] * parameters, kernel_size, padding="same", dtype="float32", name="to_pixels"
        )
        super().__init__(image_shape, body, to_pixels, parameters, output_activation, config, **kwargs)


@keras.saving.register_keras_serializable("cvae")
class ResidualEncoder(ConvEncoder):
    """`ConvEncoder` with a residual block (He et al. 2016) after each strided convolution."""

    def __init__(
        self,
        latent_dim: int,
        filters: Sequence[int] = (32, 64, 128),
        activation: str = "leaky_relu",
        batch_norm: bool = True,
        blocks: int | Sequence[int] = 1,
        **kwargs,
    ):
        super().__init__(
            latent_dim, filters, activation=activation, batch_norm=batch_norm, blocks=blocks, **kwargs
        )


@keras.saving.register_keras_serializable("cvae")
class ResidualDecoder(ConvDecoder):
    """`ConvDecoder` with a residual block (He et al. 2016) after each transposed convolution."""

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        filters: Sequence[int] = (128, 64, 32),
        activation: str = "leaky_relu",
        batch_norm: bool = True,
        blocks: int | Sequence[int] = 1,
        **kwargs,
    ):
        super().__init__(
            image_shape, filters, activation=activation, batch_norm=batch_norm, blocks=blocks, **kwargs
        )
