"""Where a training starts that goes on from another recipe's: with that one's weights."""

from itertools import zip_longest

import keras
import numpy as np
from keras import ops

from cvae.base.generative import GenerativeModel
from cvae.experiments.recipe import Recipe
from cvae.hierarchical import HierarchicalVAE
from cvae.vae import VAE


def take_weights(vae: GenerativeModel, trained: GenerativeModel, recipe: Recipe) -> None:
    """Give the untrained VAE of a recipe the weights of the one that it starts from.

    A conditional one may start from a plain one: the label's channel of the encoder's images and its
    inputs of the decoder count for nothing at first. With `reinit_latent_layers` what is next to z stays
    as it was drawn.
    """
    anew = next_to_z(vae) if recipe.settings.reinit_latent_layers else []
    # Copies: with PyTorch the array of a weight is the weight's own memory.
    drawn = [np.copy(ops.convert_to_numpy(weights)) for weights in anew]
    for ours, theirs, more in counterparts(vae, trained):
        wanted = [w.shape for w in ours.weights]
        known = theirs.get_weights()
        if len(known) == len(wanted):
            known = [with_inputs(w, more, shape) for w, shape in zip(known, wanted, strict=True)]
        if [w.shape for w in known] != wanted:
            raise ValueError(
                f"{recipe.name} cannot start with the weights of {recipe.settings.start}, whose "
                "network is another: give both the same network, options and latent_dim (of a plain "
                "VAE's, a conditional one can take convolutions only)"
            )
        ours.set_weights(known)
    for weights, value in zip(anew, drawn, strict=True):
        weights.assign(value)


def counterparts(vae: GenerativeModel, trained: GenerativeModel) -> list[tuple]:
    """The parts of two models that stand for each other, and how many more inputs the first may have."""
    if isinstance(vae, HierarchicalVAE) and isinstance(trained, HierarchicalVAE):
        pairs = [(*parts, 0) for parts in zip_longest(vae.parts(), trained.parts())]
    elif isinstance(vae, VAE) and isinstance(trained, VAE):
        classes = vae.num_classes or 0
        more = {"encoder": min(classes, 1), "decoder": classes, "label_picture": 0, "prior": 0}
        pairs = [(getattr(vae, p, None), getattr(trained, p, None), n) for p, n in more.items()]
    else:
        return [(vae, trained, 0)]
    # A plain VAE has no label_picture, N(0, I) no weights: those of the other stay as they were drawn.
    return [pair for pair in pairs if all(isinstance(part, keras.Layer) for part in pair[:2])]


def next_to_z(vae: GenerativeModel) -> list:
    """The weights through which everything that z says must pass."""
    return [*vae.encoder.z_mean.weights, *vae.encoder.z_log_var.weights, vae.decoder.weights[0]]


def with_inputs(weights, more, shape):
    """A layer's weights with zeros for more inputs, if it needs them to have that shape."""
    if weights.shape == shape or weights.ndim < 2:
        return weights
    return np.concatenate([weights, np.zeros((*weights.shape[:-2], more, weights.shape[-1]))], axis=-2)
