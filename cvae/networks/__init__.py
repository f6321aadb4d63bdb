"""Encoders and decoders: multilayer perceptrons, convolutional, residual and cosine networks.

Widths, strides, activation and batch normalisation are arguments; every network of the five reports is
an instance of one of these.
"""

from cvae.networks.conv import ConvDecoder, ConvEncoder
from cvae.networks.cosine import CosineDecoder, CosineEncoder
from cvae.networks.mlp import MLPDecoder, MLPEncoder
from cvae.networks.residual import ResidualDecoder, ResidualEncoder

__all__ = [
    "ConvDecoder", "ConvEncoder", "CosineDecoder", "CosineEncoder", "MLPDecoder", "MLPEncoder",
    "ResidualDecoder", "ResidualEncoder",
]  # fmt: skip
