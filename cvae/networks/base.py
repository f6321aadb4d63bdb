"""What all encoders and decoders share.

An encoder maps images to the parameters of q(z | x): `z_mean` and `z_log_var`, each
(batch, latent_dim). A decoder maps z to the parameters of p(x | z), one image-shaped block for each
parameter: logits for a Bernoulli, means for a Gaussian, and so on.
"""

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import ArrayLike

from cvae.utils.checks import check_channels_last, check_count
from cvae.utils.images import to_float

# exp(-20) is a standard deviation of 0.00005, exp(10) one of 148: no posterior worth having is
# outside, and neither the KL nor its gradient overflows inside.
LOG_VAR_RANGE = (-20.0, 10.0)


class Portable(keras.Model):
    """A model that comes back from its file as it was, frozen parts too."""

    def save(self, filepath: str | Path, *args, **options) -> None:
        """As `keras.Model.save`, to a `.keras` file.

        Raises:
            ValueError: HDF5, from which Keras loads no subclassed model; LoRA, quantized layers.
        """
        if Path(filepath).suffix in (".h5", ".hdf5"):
            raise ValueError(
                f"{filepath} could not be loaded again, Keras cannot keep this model in HDF5: give a "
                "name that ends in .keras"
            )
        check_saveable(self)
        super().save(filepath, *args, **options)

    def get_config(self) -> dict:
        frozen = [n for n, part in enumerate(parts_of(self)) if not part.trainable]
        return super().get_config() | ({"frozen": frozen} if frozen else {})

    @classmethod
    def from_config(cls, config: dict) -> "Portable":
        config = dict(config)
        frozen = config.pop("frozen", None)
        model = cls(**config)
        if frozen is not None:
            for n, part in enumerate(parts_of(model)):
                part.trainable = n not in frozen
        return model


def check_saveable(model: keras.Model) -> None:
    """Raises ValueError for parts that Keras changed after they were made: they would not come back."""
    for part in parts_of(model):
        for change, done in (
            ("LoRA", getattr(part, "lora_enabled", False)),
            ("quantization", getattr(part, "quantization_mode", None)),
        ):
            if done:
                raise ValueError(
                    f"{part.name} has {change}, which a model's file cannot keep: use save_weights, and "
                    "load_weights into a new model that is changed in the same way"
                )


def parts_of(model: keras.Model) -> list[layers.Layer]:
    """A model and all layers in it, each before its own parts; the same built or not."""
    return [p for p in model._flatten_layers() if not isinstance(p, layers.InputLayer)]


def with_policy(layer: layers.Layer, policy: Any) -> layers.Layer:
    """A layer whose parts all compute as the policy has it."""
    for part in parts_of(layer):
        part.dtype_policy = policy
    return layer


class Network(Portable):
    """A model that is saved by the arguments of its constructor, which are its attributes.

    A subclass names them in `arguments`.
    """

    arguments: tuple[str, ...] = ()

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        check_channels_last()

    def with_own_policy(self, layer: layers.Layer) -> layers.Layer:
        """A layer whose parts compute as this network does: else they would as the global policy of
        the process has it in which they are made, or loaded."""
        return with_policy(layer, self.dtype_policy)

    def get_config(self) -> dict:
        return {**super().get_config(), **{name: getattr(self, name) for name in self.arguments}}


class Encoder(Network):
    """images -> body -> z_mean, z_log_var. The two heads stay float32 under mixed precision.

    A subclass makes the layers of the body. Images are uint8 or float in [0, 1]; within another
    `keras.Model` uint8 needs `keras.Input(shape, dtype="uint8")`, for Keras casts it to float32
    otherwise, and what is above 1 then gives NaN.
    """

    arguments = ("latent_dim",)

    def __init__(self, latent_dim: int, body: list[layers.Layer], takes_label=False, **kwargs):
        super().__init__(**kwargs)
        # A `ConditionalVAE` sets it: the last channel is the label's, of any range.
        self.takes_label = takes_label
        self.latent_dim = latent_dim = check_count("latent_dim", latent_dim)
        self.body = self.with_own_policy(keras.Sequential(body, name="body"))
        self.z_mean = layers.Dense(latent_dim, dtype="float32", name="z_mean")
        self.z_log_var = layers.Dense(latent_dim, dtype="float32", name="z_log_var")

    def get_config(self) -> dict:
        return super().get_config() | ({"takes_label": True} if self.takes_label else {})

    def build(self, input_shape):
        self.body.build(input_shape)
        features = self.body.compute_output_shape(input_shape)
        self.z_mean.build(features)
        self.z_log_var.build(features)

    def call(self, images, training=False):
        images = ops.cast(images, "float32") if self.takes_label else to_float(images)
        features = self.body(images, training=training)
        z_mean, z_log_var = self.z_mean(features), self.z_log_var(features)
        # Pixels out of range are NaN, which a ReLU makes 0 of: not so in what comes out.
        spoilt = ops.any(ops.isnan(images), axis=(1, 2, 3))[:, None]
        return ops.where(spoilt, np.nan, z_mean), ops.clip(z_log_var, *LOG_VAR_RANGE)


class Decoder(Network):
    """z -> body -> to_pixels, reshaped to (batch, height, width, channels * parameters).

    A subclass makes the layers.
    """

    arguments = ("image_shape", "parameters", "output_activation")

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        body: list[layers.Layer],
        to_pixels: layers.Layer,
        parameters: int,
        output_activation: str | None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if output_activation not in (None, "linear", "sigmoid"):
            raise ValueError(f"output_activation must be None or 'sigmoid', got {output_activation!r}")
        if output_activation == "sigmoid" and parameters > 1:
            raise ValueError(
                "output_activation='sigmoid' would squash the scales too: leave it out where a pixel "
                f"has {parameters} parameters"
            )
        self.image_shape, parameters = image_shape, check_count("parameters", parameters)
        self.pixel_shape = (*image_shape[:2], image_shape[2] * parameters)
        self.parameters, self.output_activation = parameters, output_activation
        self.body = self.with_own_policy(keras.Sequential(body, name="body"))
        self.to_pixels = to_pixels

    def build(self, input_shape):
        self.body.build(input_shape)
        self.to_pixels.build(self.body.compute_output_shape(input_shape))

    def call(self, z, training=False):
        pixels = self.to_pixels(self.body(z, training=training))
        activation = keras.activations.get(self.output_activation)
        return activation(ops.reshape(pixels, (-1, *self.pixel_shape)))

    def set_output_bias(self, parameters: ArrayLike) -> None:
        """Make the untrained decoder put out about `parameters`, whatever z is.

        A dense output layer has a bias for every pixel, a convolutional one only for every channel;
        the latter takes the mean over the image.

        Args:
            parameters: array (height, width, channels * parameters), as
                `Likelihood.parameters_for(pixel_means)` gives it.
        """
        set_bias(self.to_pixels.bias, parameters, self.output_activation)


def set_bias(bias: keras.Variable, parameters: ArrayLike, activation: str | None) -> None:
    """Set the bias of a last layer, dense or convolutional, to the parameters that are to come out."""
    parameters = np.asarray(parameters, "float32")
    if tuple(bias.shape) == parameters.shape[-1:]:
        parameters = parameters.mean(axis=(0, 1))
    if activation == "sigmoid":
        parameters = np.clip(parameters, 1e-3, 1 - 1e-3)
        parameters = np.log(parameters / (1 - parameters))
    bias.assign(parameters.reshape(bias.shape))
