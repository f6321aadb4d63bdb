"""Networks that start where image compression ends: z is an image's cosine transform.

Thousands of directions matter in a photograph, most of them a little, and gradient descent finds the
small ones last. The cosine transform nearly uncorrelates them beforehand (Ahmed et al. 1974; JPEG
rests on it), and for uncorrelated coefficients the best linear VAE is known in closed form (Tipping &
Bishop 1999; Lucas et al. 2019). One more thing is far from linear: the coefficients of one image are
large or small together. So its contrast, a number for each color, is divided out and goes into z
beside them (Wainwright & Simoncelli 2000). Convolutions correct what is left, from nothing on.
"""

import math

import keras
import numpy as np
import scipy.fft
from keras import layers, ops
from numpy.typing import ArrayLike

from cvae.networks.base import LOG_VAR_RANGE, Network
from cvae.networks.blocks import ResidualBlock, activation_config
from cvae.utils.checks import check_count, check_image_shape
from cvae.utils.images import check_images, to_float

PART = 0.2  # of what the correction says goes into a logarithm: Adam's first steps are large there
LOW = 3  # below this frequency (row plus column) a coefficient says where light falls, not the contrast


class Statistics(layers.Layer):
    """The cosine transform, and what is known of its coefficients from the training images.

    Until `adapt` has seen images, all coefficients have spread 1.
    """

    def __init__(self, image_shape):
        super().__init__(trainable=False, dtype="float32")
        height, width, channels = image_shape
        self.rows, self.columns = (
            scipy.fft.dct(np.eye(side, dtype="float32"), norm="ortho", axis=0)
            for side in (height, width)
        )
        low = np.add.outer(np.arange(height), np.arange(width)) < LOW
        if low.all():
            raise ValueError(
                f"images of {height} x {width} have no fine detail to measure contrast by: "
                f"height + width must be at least {LOW + 2}"
            )
        self.high = np.repeat(~low[..., None], channels, axis=-1).astype("float32")
        full, each = (height, width, channels), (channels,)
        self.mean = self.add_weight(shape=full, initializer="zeros", name="mean")
        self.colors = self.add_weight(shape=(channels, channels), initializer="identity", name="colors")
        self.raw = self.add_weight(shape=full, initializer="ones", name="raw")
        self.spread = self.add_weight(shape=full, initializer="ones", name="spread")
        self.contrast_mean = self.add_weight(shape=each, initializer="zeros", name="contrast_mean")
        self.contrast_spread = self.add_weight(shape=each, initializer="ones", name="contrast_spread")

    def adapt(self, images):
        """Take the mean image, the colors' axes and the coefficients' spreads from training images."""
        pixels = ops.convert_to_numpy(to_float(images))
        self.mean.assign(pixels.mean(axis=0))
        differences = (pixels - pixels.mean(axis=0)).reshape(-1, pixels.shape[-1])
        self.colors.assign(np.linalg.eigh(np.atleast_2d(np.cov(differences.T)))[1][:, ::-1])
        coefficients = ops.convert_to_numpy(self.transform(pixels - self.mean))
        self.raw.assign(np.maximum(coefficients.std(axis=0), 1e-4))
        contrast = ops.convert_to_numpy(self.contrast(coefficients))
        self.contrast_mean.assign(contrast.mean(axis=0))
        self.contrast_spread.assign(np.maximum(contrast.std(axis=0), 1e-4))
        even = coefficients * np.exp(-self.high * contrast[:, None, None])
        self.spread.assign(np.maximum(even.std(axis=0), 1e-4))

    def transform(self, images):
        """(batch, height, width, channels) -> coefficients of the same shape, lowest frequency first."""
        return ops.einsum("ih,jw,nhwc,cd->nijd", self.rows, self.columns, images, self.colors)

    def back(self, coefficients):
        """The images of these coefficients."""
        return ops.einsum("ih,jw,nijd,cd->nhwc", self.rows, self.columns, coefficients, self.colors)

    def contrast(self, coefficients):
        """The log of how much larger an image's coefficients are than usual: (batch, channels)."""
        high = ops.convert_to_tensor(self.high)  # PyTorch mixes no arrays with tensors
        energy = ops.sum(high * ops.square(coefficients / self.raw), axis=(1, 2))
        return 0.5 * ops.log(energy / ops.sum(high, axis=(0, 1)) + 1e-3)


class Correction(layers.Layer):
    """Convolutions that start as nothing (their last kernel is 0): two numbers a pixel and channel."""

    def __init__(self, channels, filters, blocks, activation):
        super().__init__()
        self.body = keras.Sequential(
            [
                layers.Conv2D(filters, 3, padding="same"),
                layers.Activation(activation),
                *(ResidualBlock(filters, 3, activation) for _ in range(blocks)),
                layers.Conv2D(2 * channels, 3, padding="same", kernel_initializer="zeros"),
            ]
        )

    def build(self, input_shape):
        self.body.build(input_shape)

    def call(self, images, training=False):
        changes = self.body(4 * images, training=training)  # 4 makes their spread about 1
        return ops.split(ops.cast(changes, "float32"), 2, axis=-1)


class CosineNetwork(Network):
    """What encoder and decoder share: the statistics, the correction, the noise they start with."""

    arguments = ("image_shape", "noise", "filters", "blocks", "activation")

    def __init__(self, image_shape, noise, filters, blocks, activation, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)  # bfloat16 has not the digits for a transform
        self.image_shape = check_image_shape(image_shape)
        if np.ndim(noise) or not 0 < noise < 256:
            raise ValueError(
                f"noise must be a spread in grey levels, above 0 and below 256; got {noise}"
            )
        self.filters = filters = check_count("filters", filters)
        self.blocks = blocks = check_count("blocks", blocks, least=0)
        self.noise, self.activation = float(noise), activation_config(activation)
        self.spread = noise / 255  # of the pixel noise, in images from 0 to 1
        self.statistics = Statistics(self.image_shape)
        self.correction = Correction(self.image_shape[-1], filters, blocks, activation)

    def adapt(self, images: ArrayLike) -> None:
        """Start with the statistics of training images (n, height, width, channels), of some 10,000."""
        images = check_images(images, self.image_shape)
        self.statistics.adapt(images[:: max(1, len(images) // 10_000)])

    def build(self, input_shape):
        self.correction.build((None, *self.image_shape))


@keras.saving.register_keras_serializable("cvae")
class CosineEncoder(CosineNetwork):
    """Images -> the posterior of their cosine coefficients and their contrast.

    For a coefficient of spread s, seen through pixel noise of spread `noise`, the linear VAE's optimum
    is a posterior of variance noise^2 / (s^2 + noise^2), in units of the prior; s is what is usual for
    the coefficient, times the image's contrast. Training starts there.

    Args:
        latent_dim: height * width * channels + channels: all coefficients, a contrast for each color.
        image_shape: (height, width, channels).
        noise: in grey levels, of 256.
        filters, blocks, activation: of the correction: a convolution, `blocks` residual blocks, another.

    Call: images (batch, height, width, channels) -> z_mean, z_log_var, each (batch, latent_dim).

    Raises:
        ValueError: another latent_dim, noise outside (0, 256), no filters, fewer than 0 blocks, images
            of 2 x 2.
    """

    arguments = ("latent_dim", *CosineNetwork.arguments)

    def __init__(
        self, latent_dim: int, image_shape: tuple[int, int, int], noise: float = 1.0, filters: int = 24,
        blocks: int = 1, activation: str = "leaky_relu", **kwargs,
    ):  # fmt: skip
        super().__init__(image_shape, noise, filters, blocks, activation, **kwargs)
        needed = math.prod(self.image_shape) + self.image_shape[-1]
        if latent_dim != needed:
            raise ValueError(
                f"latent_dim must be {needed} for images {self.image_shape}: all cosine coefficients, "
                f"and a contrast for each color; got {latent_dim}"
            )
        self.latent_dim = int(latent_dim)
        channels = self.image_shape[-1:]
        self.log_gain = self.add_weight(shape=self.image_shape, initializer="zeros", name="log_gain")
        self.log_var = self.add_weight(shape=self.image_shape, initializer="zeros", name="log_var")
        # An image's contrast is known well: from a thousand coefficients.
        start = keras.initializers.Constant(2 * math.log(0.03))
        self.contrast_log_var = self.add_weight(
            shape=channels, initializer=start, name="contrast_log_var"
        )

    def call(self, images, training=False):
        known, noise = self.statistics, self.spread
        differences = to_float(images) - known.mean
        pixels, log_var = self.correction(differences, training=training)
        coefficients = known.transform(differences + noise * pixels)
        contrast = known.contrast(coefficients)
        spread = known.spread * ops.exp(ops.convert_to_tensor(known.high) * contrast[:, None, None])
        variance = ops.square(spread) + noise**2
        mean = coefficients * spread / variance * ops.exp(self.log_gain)
        log_var = (
            2 * math.log(noise) - ops.log(variance) + self.log_var + PART * known.transform(log_var)
        )
        contrast = (contrast - known.contrast_mean) / known.contrast_spread
        z_mean = ops.concatenate([flat(mean), contrast], axis=-1)
        z_log_var = ops.concatenate(
            [flat(log_var), self.contrast_log_var + ops.zeros_like(contrast)], axis=-1
        )
        return z_mean, ops.clip(z_log_var, *LOG_VAR_RANGE)


@keras.saving.register_keras_serializable("cvae")
class CosineDecoder(CosineNetwork):
    """z -> each pixel's mean and log-scale, for a `DiscretizedLogistic`: the inverse transform.

    Args:
        image_shape, noise, filters, blocks, activation: as in `CosineEncoder`.
        parameters: 2, mean and log-scale.
        output_activation: None.

    Call: z (batch, latent_dim) -> (batch, height, width, 2 * channels).

    Raises:
        ValueError: another number of parameters, an output activation.
    """

    arguments = (*CosineNetwork.arguments, "parameters", "output_activation")

    def __init__(
        self, image_shape: tuple[int, int, int], noise: float = 1.0, filters: int = 24, blocks: int = 1,
        activation: str = "leaky_relu", parameters: int = 2, output_activation: None = None, **kwargs,
    ):  # fmt: skip
        super().__init__(image_shape, noise, filters, blocks, activation, **kwargs)
        if parameters != 2 or output_activation is not None:
            raise ValueError(
                "a CosineDecoder gives a mean and a log-scale, without activation: use the likelihood "
                f"'discretized_logistic'; got parameters={parameters}, {output_activation=}"
            )
        self.parameters, self.output_activation = parameters, output_activation
        self.log_gain = self.add_weight(shape=self.image_shape, initializer="zeros", name="log_gain")
        self.power = self.add_weight(shape=self.image_shape, initializer="zeros", name="power")
        # A logistic's standard deviation is pi / sqrt(3) scales.
        start = keras.initializers.Constant(math.log(self.spread * math.sqrt(3) / math.pi))
        self.log_scale = self.add_weight(
            shape=self.image_shape[-1:], initializer=start, name="log_scale"
        )

    def call(self, z, training=False):
        known = self.statistics
        size = math.prod(self.image_shape)
        contrast = known.contrast_mean + known.contrast_spread * z[:, size:]
        power = (self.power + ops.convert_to_tensor(known.high)) * contrast[:, None, None]
        coefficients = ops.reshape(z[:, :size], (-1, *self.image_shape)) * known.spread
        differences = known.back(coefficients * ops.exp(self.log_gain + power))
        pixels, log_scale = self.correction(differences, training=training)
        mean = known.mean + differences + self.spread * pixels
        return ops.concatenate([mean, self.log_scale + PART * log_scale], axis=-1)


def flat(coefficients):
    return ops.reshape(coefficients, (-1, math.prod(coefficients.shape[1:])))
