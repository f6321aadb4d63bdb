"""Multilayer perceptrons."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from cvae.networks.base import Decoder, Encoder
from cvae.networks.blocks import activation_config, dense_layers
from cvae.utils.checks import check_count, check_counts, check_image_shape


@keras.saving.register_keras_serializable("cvae")
class MLPEncoder(Encoder):
    """A multilayer perceptron on the flattened image.

    Args:
        latent_dim: dimensions of z, at least 1.
        hidden: widths of the hidden layers, in the order the data passes them; one number for one layer.
        activation: name of a Keras activation, such as "relu", "elu" or "leaky_relu", or a function.
        batch_norm: whether each hidden layer normalises before its activation.

    Call: images (batch, height, width, channels) -> z_mean, z_log_var, each (batch, latent_dim).

    Raises:
        ValueError: latent_dim or a width below 1.
    """

    arguments = (*Encoder.arguments, "hidden", "activation", "batch_norm")

    def __init__(
        self,
        latent_dim: int,
        hidden: int | Sequence[int] = (200, 200),
        activation: str = "relu",
        batch_norm: bool = False,
        **kwargs,
    ):
        hidden = check_counts("hidden", hidden)
        body = [layers.Flatten(), *dense_layers(hidden, activation, batch_norm)]
        super().__init__(latent_dim, body, **kwargs)
        self.hidden, self.batch_norm = hidden, batch_norm
        self.activation = activation_config(activation)


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

    arguments = (*Decoder.arguments, "hidden", "activation", "batch_norm")

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        hidden: int | Sequence[int] = (200, 200),
        activation: str = "relu",
        batch_norm: bool = False,
        parameters: int = 1,
        output_activation: str | None = None,
        **kwargs,
    ):
        image_shape, hidden = check_image_shape(image_shape), check_counts("hidden", hidden)
        parameters = check_count("parameters", parameters)
        to_pixels = layers.Dense(
            int(np.prod(image_shape)) * parameters, dtype="float32", name="to_pixels"
        )
        body = dense_layers(hidden, activation, batch_norm) or [layers.Identity()]
        super().__init__(image_shape, body, to_pixels, parameters, output_activation, **kwargs)
        self.hidden, self.batch_norm = hidden, batch_norm
        self.activation = activation_config(activation)
