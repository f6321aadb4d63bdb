"""The parts that `networks` is put together from: blocks of layers, and the arithmetic of sizes."""

import keras
import numpy as np
from keras import layers

from cvae.utils.checks import check_counts


@keras.saving.register_keras_serializable("cvae")
class ResidualBlock(layers.Layer):
    """x + f(x), then the activation, where f is two convolutions that keep the shape of x."""

    def __init__(self, filters, kernel_size=3, activation="relu", batch_norm=False, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.batch_norm = filters, kernel_size, batch_norm
        convolution = {"padding": "same", "use_bias": not batch_norm}
        last_norm = [layers.BatchNormalization()] if batch_norm else []
        self.branch = keras.Sequential(
            [
                layers.Conv2D(filters, kernel_size, **convolution),
                *norm_and_activation(activation, batch_norm),
                layers.Conv2D(filters, kernel_size, **convolution),
                *last_norm,
            ]
        )
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.branch.build(input_shape)

    def call(self, x, training=False):
        return self.activation(x + self.branch(x, training=training))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(), "filters": self.filters, "kernel_size": self.kernel_size,
            "activation": keras.activations.serialize(self.activation), "batch_norm": self.batch_norm,
        }  # fmt: skip


@keras.saving.register_keras_serializable("cvae")
class PreActivationBlock(layers.Layer):
    """x + f(x), where f is activation and convolution, twice: x itself goes through unchanged, however
    many blocks follow one another.

    Source: He et al. (2016), "Identity mappings in deep residual networks".
    """

    def __init__(self, filters, kernel_size=3, activation="silu", **kwargs):
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.activation = filters, kernel_size, activation
        steps = [
            [layers.Activation(activation), layers.Conv2D(filters, kernel_size, padding="same")]
            for _ in range(2)
        ]
        self.branch = keras.Sequential([*steps[0], *steps[1]])

    def build(self, input_shape):
        self.branch.build(input_shape)

    def call(self, x):
        return x + self.branch(x)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(), "filters": self.filters, "kernel_size": self.kernel_size,
            "activation": activation_config(self.activation),
        }  # fmt: skip


def norm_and_activation(activation, batch_norm):
    norm = [layers.BatchNormalization()] if batch_norm else []
    return [*norm, layers.Activation(activation)]


def dense_layers(widths, activation, batch_norm):
    """Dense layers of these widths, each with its normalisation and activation."""
    body = []
    for width in widths:
        body += [
            layers.Dense(width, use_bias=not batch_norm),
            *norm_and_activation(activation, batch_norm),
        ]
    return body


def transposed_convolution(width, kernel_size, stride, small, large, use_bias):
    """Upsample (height, width) `small` to `large`: stride times as large, or a little less."""
    padding, crop = None, []
    surplus = [stride * side - big for side, big in zip(small, large, strict=True)]
    if any(surplus):
        # Keras: large = (small - 1) * stride + kernel % 2 + output_padding, padded "same".
        padding = tuple(stride - kernel_size % 2 - more for more in surplus)
    if padding and max(padding) >= stride:  # which Keras refuses: an even kernel, one side that fits
        padding, crop = None, [layers.Cropping2D(tuple((0, more) for more in surplus))]
    up = layers.Conv2DTranspose(
        width, kernel_size, stride, padding="same", output_padding=padding, use_bias=use_bias
    )
    return [up, *crop]


def each_of(filters, name, values, least=1):
    """One of `values` for each of the filters, from one for all or one for each."""
    if len(filters) == 0:
        raise ValueError("filters must name at least one convolution, got none")
    known = check_counts(name, values, least)
    known = known * len(filters) if np.ndim(values) == 0 else known
    if len(known) != len(filters):
        raise ValueError(
            f"{name} must be one whole number, or one for each of {len(filters)} filters; got {known}"
        )
    return known


def activation_config(activation):
    """An activation as JSON has it: its name, or the config of a function of your own."""
    return keras.activations.serialize(keras.activations.get(activation))


def sizes_going_up(image_size, strides):
    """(height, width) before and after each transposed convolution, smallest first.

    >>> sizes_going_up((28, 28), (2, 2, 2))
    [(4, 4), (7, 7), (14, 14), (28, 28)]
    """
    sizes = [tuple(image_size)]
    for stride in reversed(strides):
        sizes.append(tuple(-(-side // stride) for side in sizes[-1]))
    return sizes[::-1]


def check_sides(image_size, strides):
    total = int(np.prod(strides))
    for side in image_size:
        if side is not None and side % total:
            below = side // total * total
            fits = " or ".join(str(s) for s in (below, below + total) if s)
            raise ValueError(
                f"an image side of {side} does not fit strides {strides}: it must be a multiple of "
                f"{total}, such as {fits}. Resize the images (load(..., size=...)), change the "
                "strides, or leave out any_side=False: each layer rounds up then"
            )
