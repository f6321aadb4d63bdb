"""Variational autoencoders in Keras 3: the package behind the tutorial notebooks.

>>> import cvae
>>> data = cvae.load("mnist")
>>> vae = cvae.build_vae((28, 28, 1), latent_dim=2)
>>> vae.compile("adam")
>>> vae.fit(data.x_train, validation_data=data.x_test, epochs=10, batch_size=128)
>>> vae.sample(16, seed=0)

What teaches stands at the top: `gaussian` (q and p of z), `likelihoods` (p of x), `networks`
(encoders and decoders), `elbo` (the loss), `vae`, `priors` and `hierarchical` (the next step up: a
learnt p(z), several layers of z), `callbacks`, `latent` (looking in), `metrics` (held-out numbers),
`loss_conventions`, `oversampling`. Beside them `build` (a VAE from a few words, files) and `runtime`
(sizes, speed). Rooms for the rest: `base` (what all models can do: encode, decode, sample, check,
save), `datasets` (where images come from), `visualization`, `experiments` (what was trained, and what
came of it) and `utils`.
"""

from cvae.utils import quiet  # noqa: F401, I001  first: it imports Keras without the backend's messages
import importlib

from cvae import latent, metrics, runtime
from cvae.build import build_vae, load_vae, save_vae
from cvae.callbacks import AnnealBeta
from cvae.datasets import ImageDataset, load, load_folder
from cvae.gaussian import kl_divergence
from cvae.hierarchical import HierarchicalVAE
from cvae.likelihoods import Bernoulli, DiscretizedLogistic, Gaussian
from cvae.networks import (
    ConvDecoder,
    ConvEncoder,
    MLPDecoder,
    MLPEncoder,
    ResidualDecoder,
    ResidualEncoder,
)
from cvae.vae import VAE, ConditionalVAE
from cvae.visualization.animation import LatentFrames

__version__ = "0.1.0"

# Imported by who uses them: imbalanced-learn takes a second, ipywidgets half of one.
LATER = {
    "VAEOverSampler": "cvae.oversampling", "ImageAugmentOverSampler": "cvae.oversampling",
    "explore": "cvae.visualization.widget",
}  # fmt: skip

__all__ = [
    "VAE", "AnnealBeta", "Bernoulli", "ConditionalVAE", "ConvDecoder", "ConvEncoder",
    "DiscretizedLogistic", "Gaussian", "HierarchicalVAE", "ImageAugmentOverSampler", "ImageDataset",
    "LatentFrames", "MLPDecoder", "MLPEncoder", "ResidualDecoder", "ResidualEncoder",
    "VAEOverSampler", "build_vae", "explore", "kl_divergence", "latent", "load", "load_folder",
    "load_vae", "metrics", "runtime", "save_vae",
]  # fmt: skip


def __getattr__(name):
    if name in LATER:
        return getattr(importlib.import_module(LATER[name]), name)
    raise AttributeError(f"module 'cvae' has no attribute {name!r}")


def __dir__():
    return __all__
