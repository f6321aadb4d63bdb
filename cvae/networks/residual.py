"""Residual networks: a residual block (He et al. 2016) after each change of size."""

from collections.abc import Sequence

import keras

from cvae.networks.conv import ConvDecoder, ConvEncoder


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
