"""The parts that `networks` is put together from: blocks of layers, and the arithmetic of sizes."""

import keras
import numpy as np
from keras import layers


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
    padding = None
    if large != tuple(stride * side for side in small):
        # Keras: large = (small - 1) * stride + kernel % 2 + output_padding, padded "same".
        padding = tuple(
            big - (side - 1) * stride - kernel_size % 2 for side, big in zip(small, large, strict=True)
        )
    return layers.Conv2DTranspose(
        width, kernel_size, stride, padding="same", output_padding=padding, use_bias=use_bias
    )


def each_of(filters, name, values, least=1):
    """One of `values` for each of the filters, from one for all or one for each."""
    if len(filters) == 0:
        raise ValueError("filters must name at least one convolution, got none")
    values = (values,) * len(filters) if isinstance(values, int) else tuple(values)
    if len(values) != len(filters) or min(values) < least:
        raise ValueError(
            f"{name} must be one whole number, or one for each of the {len(filters)} filters, each "
            f"at least {least}; got {values}"
        )
    return values


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
                "strides, or pass any_side=True, which rounds up in each layer"
            )
