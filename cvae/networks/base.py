"""What all encoders and decoders share.

An encoder maps images to the parameters of q(z | x): `z_mean` and `z_log_var`, each
(batch, latent_dim). A decoder maps z to the parameters of p(x | z), one image-shaped block for each
parameter: logits for a Bernoulli, means for a Gaussian, and so on.
"""

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import ArrayLike

from cvae.utils.checks import check_count
from cvae.utils.images import to_float

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
