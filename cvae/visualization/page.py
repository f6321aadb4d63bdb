"""A latent space to play with in a browser: one page, which holds the decoder and runs it itself.

No network, no server: the weights are in the page, in 16 bits, and `page.html` has the few operations
that decoders are made of.
"""

import base64
import json
from pathlib import Path

import keras
import numpy as np
from keras import layers
from numpy.typing import ArrayLike

from cvae.likelihoods import Bernoulli
from cvae.networks.base import Decoder
from cvae.networks.blocks import ResidualBlock
from cvae.utils.files import atomic_write, check_writable
from cvae.vae import VAE, ConditionalVAE
from cvae.visualization.latent_axes import principal_axes

TEMPLATE = Path(__file__).with_name("page.html")
LARGEST = 3_000_000  # bytes of a page
ACTIVATIONS = ("linear", "relu", "leaky_relu", "elu", "tanh", "sigmoid", "softplus", "silu")


def write_page(
    path: str | Path,
    vae: VAE,
    images: ArrayLike,
    labels: ArrayLike,
    class_names: tuple[str, ...] | None = None,
    title: str = "A latent space",
    axes: int = 6,
) -> Path:
    """Write a web page in which a reader drags a point over the latent space and sees it decoded.

    Args:
        path: the `.html` file, written whole or not at all.
        vae: trained, with a decoder of this package.
        images, labels, class_names, axes: as for `explore`.
        title: of the page.

    Raises:
        ValueError: a name that does not end in .html; a decoder of other layers than this package's; a
            page of 3 MB or more; images or labels that do not fit.
        OSError: a path that cannot be written.
    """
    if Path(path).suffix != ".html":
        raise ValueError(f"a page's file name must end in .html, got {str(path)!r}")
    path = check_writable(path)
    space = principal_axes(vae, images, labels, class_names, axes)
    if len(space.class_names) > 256:
        raise ValueError(f"a page shows at most 256 classes, got {len(space.class_names)}")
    steps, weights = steps_of(vae)
    content = {
        "title": title,
        "image_shape": vae.image_shape,
        "steps": steps,
        "sigmoid": isinstance(vae.likelihood, Bernoulli),
        "conditional": isinstance(vae, ConditionalVAE),
        "origin": space.origin.tolist(),
        "directions": space.directions.tolist(),
        "reach": space.reach,
        "points": in_base64(np.round(space.points / space.reach * 8192).clip(-32768, 32767), "<i2"),
        "labels": in_base64(space.labels, "u1"),
        "class_names": space.class_names,
        "colors": space.colors,
        "weights": in_base64(np.concatenate([w.ravel() for w in weights]), "<f2"),
    }
    # "</" would end the script that holds it.
    text = TEMPLATE.read_text().replace("/*CONTENT*/null", json.dumps(content).replace("</", "<\\/"))
    if len(text) >= LARGEST:
        raise ValueError(
            f"the page would be {len(text) / 1e6:.1f} MB, a page is below {LARGEST / 1e6:.0f} MB: take "
            f"fewer points, or a smaller decoder (this one has {vae.decoder.count_params():,} weights)"
        )
    with atomic_write(path) as temporary:
        Path(temporary).write_text(text, encoding="utf-8")
    return path


def in_base64(values, dtype) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype)).decode()


def steps_of(vae: VAE) -> tuple[list[dict], list[np.ndarray]]:
    """What the decoder does to z, in the words of `page.html`, and the weights in their order.

    Raises:
        ValueError: another decoder than these of `networks`, or layers that the page does not know.
    """
    decoder = vae.decoder
    if not isinstance(decoder, Decoder):
        raise ValueError(
            "a page can run an MLPDecoder, a ConvDecoder or a ResidualDecoder; got a "
            f"{type(decoder).__name__}"
        )
    weights = []
    width = vae.latent_dim + (vae.num_classes or 0)
    steps, _ = in_words([*decoder.body.layers, decoder.to_pixels], (width,), weights)
    steps.append(activation(keras.activations.get(decoder.output_activation), None))
    return steps, weights


def in_words(some_layers, shape, weights) -> tuple[list[dict], tuple]:
    """Layers as steps, and the shape of what comes out; their weights are added to `weights`."""
    steps = []
    for layer in some_layers:
        after = tuple(layer.compute_output_shape((1, *shape))[1:])
        steps += step(layer, shape, after, weights)
        shape = after
    return steps, shape


def step(layer, before, after, weights) -> list[dict]:
    """One layer as steps: none for those that change no number."""
    if isinstance(layer, layers.Dropout | layers.Identity | layers.Reshape | layers.Flatten):
        return []
    if isinstance(layer, layers.Activation):
        return [activation(layer.activation, layer.name)]
    if isinstance(layer, ResidualBlock):
        branch, _ = in_words(layer.branch.layers, before, weights)
        return [{"op": "residual", "steps": branch}, activation(layer.activation, layer.name)]
    if isinstance(layer, layers.BatchNormalization):
        gamma, beta, mean, variance = layer.get_weights()
        scale = gamma / np.sqrt(variance + layer.epsilon)
        weights += [scale, beta - scale * mean]
        return [{"op": "scale", "shape": after}]
    if isinstance(layer, layers.Dense):
        weights += with_bias(layer, layer.units)
        return [{"op": "dense", "shape": after}, activation(layer.activation, layer.name)]
    if isinstance(layer, layers.Conv2DTranspose | layers.Conv2D):
        return [convolution(layer, before, after, weights), activation(layer.activation, layer.name)]
    raise ValueError(f"a page cannot run the layer {layer.name}, a {type(layer).__name__}")


def convolution(layer, before, after, weights) -> dict:
    """A convolution, or its transpose, padded "same": row i of the small image meets the rows from
    stride * i - top of the large one."""
    if layer.padding != "same" or layer.dilation_rate != (1, 1) or layer.data_format != "channels_last":
        raise ValueError(
            f"a page cannot run the layer {layer.name}: it needs padding='same' and no dilation"
        )
    transposed = isinstance(layer, layers.Conv2DTranspose)
    small, large = (before, after) if transposed else (after, before)
    gaps = [
        max((s - 1) * stride + kernel - l, 0) // 2
        for s, l, stride, kernel in zip(small, large, layer.strides, layer.kernel_size, strict=False)
    ]
    weights += with_bias(layer, layer.filters)
    return {
        "op": "transposed" if transposed else "convolution", "shape": after, "before": before,
        "kernel": layer.kernel_size, "stride": layer.strides, "top": gaps[0], "left": gaps[1],
    }  # fmt: skip


def activation(function, name) -> dict:
    known = keras.activations.serialize(function)
    if known not in ACTIVATIONS:
        raise ValueError(
            f"a page cannot run the activation of {name}, {known}: use one of {', '.join(ACTIVATIONS)}"
        )
    return {"op": "activation", "function": known}


def with_bias(layer, width) -> list[np.ndarray]:
    kernel, *bias = layer.get_weights()
    return [kernel, bias[0] if bias else np.zeros(width)]
