"""Convolutional networks: strided convolutions down to z, transposed convolutions up from it."""

from collections.abc import Sequence
from itertools import pairwise

import keras
import numpy as np
from keras import layers

from cvae.networks.base import Decoder, Encoder
from cvae.networks.blocks import (
    ResidualBlock,
    activation_config,
    check_sides,
    dense_layers,
    each_of,
    norm_and_activation,
    sizes_going_up,
    transposed_convolution,
)
from cvae.utils.checks import check_count, check_counts, check_image_shape

# Arguments of the constructors of both.
SHARED = (
    "filters", "kernel_size", "strides", "hidden", "activation", "batch_norm", "blocks", "any_side",
)  # fmt: skip


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
        any_side: whether image sides that the strides do not divide will do; each layer rounds up.

    Call: images (batch, height, width, channels) -> z_mean, z_log_var, each (batch, latent_dim).

    Raises:
        ValueError: latent_dim below 1, strides that do not match filters; with any_side=False, on the
            first call, an image side that the strides do not divide (the message says which work).
    """

    arguments = (*Encoder.arguments, *SHARED, "padding")

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
        any_side: bool = True,
        **kwargs,
    ):
        filters, hidden = check_counts("filters", filters), check_counts("hidden", hidden)
        kernel_size = check_count("kernel_size", kernel_size)
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
        super().__init__(latent_dim, body, **kwargs)
        self.filters, self.strides, self.blocks = filters, strides, blocks
        self.kernel_size, self.hidden, self.any_side = kernel_size, hidden, any_side
        self.activation, self.batch_norm = activation_config(activation), batch_norm
        self.padding = padding

    def build(self, input_shape):
        if self.padding == "same" and not self.any_side:
            check_sides(input_shape[1:3], self.strides)
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
        any_side: whether sides that the strides do not divide will do: 28 goes 4, 7, 14, 28 with
            three strides of 2, a transposed convolution dropping the surplus row and column.

    Call: z (batch, latent_dim) -> (batch, height, width, channels * parameters).

    Raises:
        ValueError: with any_side=False, an image side that the strides do not divide (the message says
            which work).
    """

    arguments = (*Decoder.arguments, *SHARED, "base_filters")

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
        any_side: bool = True,
        **kwargs,
    ):
        image_shape = check_image_shape(image_shape)
        filters, hidden = check_counts("filters", filters), check_counts("hidden", hidden)
        kernel_size = check_count("kernel_size", kernel_size)
        base_filters = check_count("base_filters", base_filters)
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
                *transposed_convolution(width, kernel_size, stride, small, large, not batch_norm),
                *norm_and_activation(activation, batch_norm),
            ]
            body += [ResidualBlock(width, kernel_size, activation, batch_norm) for _ in range(count)]
        # At stride 1 the same function as a convolution; TensorFlow trains it a seventh faster on a CPU.
        to_pixels = layers.Conv2DTranspose(
            image_shape[2] * parameters, kernel_size, padding="same", dtype="float32", name="to_pixels"
        )
        super().__init__(image_shape, body, to_pixels, parameters, output_activation, **kwargs)
        self.filters, self.strides, self.blocks = filters, strides, blocks
        self.kernel_size, self.hidden, self.any_side = kernel_size, hidden, any_side
        self.activation, self.batch_norm = activation_config(activation), batch_norm
        self.base_filters = base_filters
