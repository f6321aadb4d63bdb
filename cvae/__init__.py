"""Variational autoencoders in Keras 3: the package behind the tutorial notebooks.

>>> import cvae
>>> data = cvae.load("mnist")
>>> vae = cvae.build_vae((28, 28, 1), latent_dim=2)
>>> vae.compile("adam")
>>> vae.fit(data.x_train, validation_data=data.x_test, epochs=10, batch_size=128)
>>> vae.sample(16, seed=0)
"""

from cvae import quiet  # noqa: I001  first: it imports Keras without the backend's start-up messages
import importlib

from cvae import (
    animate,
    augment,
    binarize,
    callbacks,
    classifiers,
    conventions,
    evaluate,
    experiments,
    gaussian,
    images,
    latent,
    likelihoods,
    networks,
    plots,
    profile,
    recipes,
    results,
)
from cvae.animate import LatentFrames, write_gif
from cvae.build import build_vae, load_vae, save_vae
from cvae.callbacks import AnnealBeta
from cvae.datasets import ImageDataset, load
from cvae.experiments import RECIPES
from cvae.gaussian import kl_divergence
from cvae.likelihoods import Bernoulli, DiscretizedLogistic, Gaussian
from cvae.networks import (
    ConvDecoder,
    ConvEncoder,
    MLPDecoder,
    MLPEncoder,
    ResidualDecoder,
    ResidualEncoder,
)
from cvae.photographs import load_folder
from cvae.recipes import load_or_train, reproduce, train
from cvae.vae import VAE, ConditionalVAE

__version__ = "0.1.0"


# Imported by who uses them: imbalanced-learn takes a second, ipywidgets half of one.
LATER = {"VAEOverSampler": "cvae.oversampling", "explore": "cvae.explorer"}


def __getattr__(name):
    if name in LATER:
        return getattr(importlib.import_module(LATER[name]), name)
    raise AttributeError(f"module 'cvae' has no attribute {name!r}")


__all__ = [
    "RECIPES", "VAE", "AnnealBeta", "Bernoulli", "ConditionalVAE", "ConvDecoder", "ConvEncoder",
    "DiscretizedLogistic", "Gaussian", "ImageDataset", "LatentFrames", "MLPDecoder", "MLPEncoder",
    "ResidualDecoder", "ResidualEncoder", "VAEOverSampler", "animate", "augment", "binarize",
    "build_vae", "callbacks", "classifiers", "conventions", "evaluate", "experiments", "explore",
    "gaussian",
    "images", "kl_divergence", "latent", "likelihoods", "load", "load_folder", "load_or_train",
    "load_vae", "networks", "plots", "profile", "quiet", "recipes", "reproduce", "results",
    "save_vae", "train", "write_gif",
]  # fmt: skip
