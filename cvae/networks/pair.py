"""What an encoder and a decoder say of themselves: any two `keras.Model`s that fit make a VAE."""

import keras
import numpy as np
from keras import layers


def sizes_of(
    encoder: keras.Model, decoder: keras.Model, parameters: int, num_classes: int = 0
) -> tuple[int, tuple[int, int, int]]:
    """latent_dim and image_shape: the networks' attributes, or read off their inputs and outputs.

    Args:
        encoder: of images, with a channel for the label where there are classes.
        decoder: of z, with the label one-hot beside it where there are classes.
        parameters: of the likelihood, for each pixel and channel.
        num_classes: 0 for a plain VAE.

    Raises:
        TypeError: networks that are no `keras.Model`.
        ValueError: subclassed networks that say neither in an attribute.
    """
    for role, network in (("encoder", encoder), ("decoder", decoder)):
        if not isinstance(network, keras.Model):
            raise TypeError(f"{role} must be a keras.Model, got {network!r}")
    latent_dim, image_shape = getattr(encoder, "latent_dim", None), getattr(decoder, "image_shape", None)
    if latent_dim is None and (known := shape_of(encoder, "outputs") or shape_of(decoder, "inputs")):
        latent_dim = known[-1] - (0 if shape_of(encoder, "outputs") else num_classes)
    if image_shape is None and (known := shape_of(decoder, "outputs")):
        image_shape = (*known[:-1], known[-1] // parameters)
    if image_shape is None and (known := shape_of(encoder, "inputs")):
        image_shape = (*known[:-1], known[-1] - bool(num_classes))
    if latent_dim is None or image_shape is None:
        raise ValueError(
            "a subclassed encoder needs an attribute latent_dim, a subclassed decoder an attribute "
            "image_shape, (height, width, channels): set them in their constructors"
        )
    return int(latent_dim), tuple(int(side) for side in image_shape)


def shape_of(network, which) -> tuple | None:
    """The shape of a functional network's first input or output, without the batch."""
    known = getattr(network, which, None)
    return tuple(known[0].shape[1:]) if known else None


def check_pair(encoder, decoder, likelihood, latent_dim, image_shape, num_classes) -> None:
    """Run both networks on symbols: what does not fit shows now, not in the first epoch."""
    height, width, channels = image_shape
    images = keras.KerasTensor((None, height, width, channels + bool(num_classes)))
    if scales_itself(encoder):
        raise ValueError(
            "the encoder has a Rescaling, but a VAE gives it images in [0, 1]: leave the layer out"
        )
    shapes = output_shapes(encoder, images)
    if shapes != [(None, latent_dim)] * 2:
        raise ValueError(
            f"the encoder must give z_mean and z_log_var, both (batch, {latent_dim}), got {shapes}: "
            "the VAE itself draws z; a functional one is keras.Model(images, [z_mean, z_log_var])"
        )
    expected = (None, height, width, channels * likelihood.parameters)
    shapes = output_shapes(decoder, keras.KerasTensor((None, latent_dim + num_classes)))
    if shapes != [expected]:
        raise ValueError(
            f"{type(likelihood).__name__} needs {likelihood.parameters} number(s) for each pixel and "
            f"channel, shape {expected[1:]}, but the decoder gives {[shape[1:] for shape in shapes]}: "
            f"build it with parameters={likelihood.parameters}, or use build_vae"
        )
    if ends_in_sigmoid(decoder) and not likelihood.takes_means:
        raise ValueError(
            f"the decoder ends in a sigmoid, but {type(likelihood).__name__} takes numbers without "
            "bounds (a Bernoulli logits): leave the activation out"
        )


def output_shapes(network, inputs) -> list[tuple]:
    """The shapes of what a network gives.

    Raises:
        ValueError: a network that is built for other shapes.
    """
    try:
        return [tuple(output.shape) for output in keras.tree.flatten(network(inputs))]
    except Exception as error:  # Keras raises many, by the layer
        if not network.built:
            raise
        raise ValueError(
            f"{network.name} is built already, and does not take the shape {tuple(inputs.shape)}: give "
            "a fresh network, those of a plain VAE do not fit a ConditionalVAE"
        ) from error


def ends_in_sigmoid(decoder) -> bool:
    """Whether a decoder's last step keeps it between 0 and 1, as far as can be seen from outside."""
    if getattr(decoder, "output_activation", None) == "sigmoid":
        return True
    steps = getattr(decoder, "operations", None) or getattr(decoder, "layers", [])
    while steps and isinstance(steps[-1], layers.Reshape | layers.Flatten):
        steps = steps[:-1]
    if not steps:
        return False
    last = steps[-1]
    activation = getattr(last, "activation", None)
    named = getattr(activation, "__name__", type(last).__name__)
    return named.lower() in ("sigmoid", "hard_sigmoid", "hardsigmoid") or (
        isinstance(last, keras.Model) and ends_in_sigmoid(last)
    )


def scales_itself(encoder) -> bool:
    """Whether an encoder's own first layers divide pixels by 255, which are in [0, 1] already."""
    return any(
        isinstance(layer, layers.Rescaling) and np.max(layer.scale) < 0.1
        for layer in getattr(encoder, "layers", [])
    )
