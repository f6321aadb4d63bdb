"""From a few words to a VAE, from a VAE to a file and back."""

import inspect
import re
from pathlib import Path

import keras
import numpy as np

from cvae import likelihoods, networks, priors
from cvae.base.generative import GenerativeModel
from cvae.hierarchical import HierarchicalVAE
from cvae.utils.files import atomic_write, check_writable
from cvae.vae import VAE, ConditionalVAE

NETWORKS = {
    "mlp": (networks.MLPEncoder, networks.MLPDecoder),
    "conv": (networks.ConvEncoder, networks.ConvDecoder),
    "residual": (networks.ResidualEncoder, networks.ResidualDecoder),
    "cosine": (networks.CosineEncoder, networks.CosineDecoder),
}
MIRRORED = ("hidden", "filters", "strides", "blocks")


def build_vae(
    image_shape: tuple[int, int, int],
    latent_dim: int,
    network: str = "conv",
    likelihood: str | likelihoods.Likelihood = "bernoulli",
    num_classes: int | None = None,
    *,
    beta: float = 1.0,
    seed: int | None = None,
    free_bits: float = 0.0,
    importance_samples: int = 1,
    prior: str | priors.Prior = "normal",
    encoder: dict | None = None,
    decoder: dict | None = None,
    **options,
) -> GenerativeModel:
    """Build a VAE, or a `ConditionalVAE` where num_classes is given.

    Args:
        image_shape: (height, width, channels), of any size.
        latent_dim: dimensions of z; of the top one where there are several.
        network: "mlp", "conv", "residual", or for photographs "cosine", which has a latent_dim and a
            likelihood of its own; "hierarchical" for a `HierarchicalVAE`, whose options are its
            arguments.
        likelihood: a name or an instance. A Gaussian of fixed variance gets means in [0, 1], through
            a sigmoid.
        num_classes: number of labels of a conditional VAE.
        beta, seed, free_bits, importance_samples, prior: see `VAE`.
        encoder, decoder: dicts of arguments for the one network alone.
        **options: arguments for both, in the encoder's order: hidden, filters, strides and blocks
            are reversed for the decoder.

    Raises:
        ValueError: an unknown network, likelihood or argument.
    """
    training = {
        "beta": beta, "seed": seed, "free_bits": free_bits, "importance_samples": importance_samples,
        "prior": prior,
    }  # fmt: skip
    if network == "hierarchical":
        check_hierarchical(num_classes, encoder, decoder, options)
        return HierarchicalVAE(image_shape, latent_dim, likelihood=likelihood, **training, **options)
    if network not in NETWORKS:
        names = ", ".join((*NETWORKS, "hierarchical"))
        raise ValueError(f"network must be one of {names}, got {network!r}")
    if num_classes is not None and network == "cosine":
        raise ValueError("a 'cosine' network takes no labels: leave out num_classes")
    likelihood = likelihoods.get(likelihood)
    mirrored = {
        key: value if key not in MIRRORED or np.ndim(value) == 0 else list(value)[::-1]
        for key, value in options.items()
    }
    fixed_gaussian = isinstance(likelihood, likelihoods.Gaussian) and likelihood.parameters == 1
    outputs = {
        "parameters": likelihood.parameters,
        "output_activation": "sigmoid" if fixed_gaussian else None,
    }
    encoder_class, decoder_class = NETWORKS[network]
    first = (latent_dim, image_shape) if network == "cosine" else (latent_dim,)
    encoder = checked(encoder_class, options | (encoder or {}))(*first)
    decoder = checked(decoder_class, outputs | mirrored | (decoder or {}))(image_shape)
    if num_classes is None:
        return VAE(encoder, decoder, likelihood, **training)
    return ConditionalVAE(encoder, decoder, num_classes, likelihood, **training)


def check_hierarchical(num_classes, encoder, decoder, options):
    """Raises ValueError for what a `HierarchicalVAE` has not."""
    if num_classes is not None:
        raise ValueError("a 'hierarchical' network takes no labels: leave out num_classes")
    known = set(HierarchicalVAE.ARGUMENTS) - {"image_shape", "latent_dim"}
    unknown = sorted(set(options) - known)
    unknown += [name for name, value in (("encoder", encoder), ("decoder", decoder)) if value]
    if unknown:
        raise ValueError(
            f"HierarchicalVAE has no argument {', '.join(unknown)}; it has {', '.join(sorted(known))}"
        )


def checked(network_class, options):
    """`network_class` with its options filled in, if it has them all."""
    known = set()
    for parent in network_class.__mro__[: network_class.__mro__.index(keras.Model)]:
        named = inspect.signature(parent.__init__).parameters.values()
        known |= {
            p.name for p in named if p.kind is not p.VAR_KEYWORD and p.kind is not p.VAR_POSITIONAL
        }
    known -= {"self", "body", "to_pixels", "latent_dim", "image_shape"}
    unknown = sorted(set(options) - known)
    if unknown:
        raise ValueError(
            f"{network_class.__name__} has no argument {', '.join(unknown)}; it has "
            f"{', '.join(sorted(known))}"
        )
    return lambda *first: network_class(*first, **options)


def save_vae(vae: VAE, path: str | Path) -> Path:
    """Save a VAE to a `.keras` file, whole or not at all.

    Raises:
        ValueError: a name that does not end in .keras.
        OSError: a path that cannot be written.
    """
    path = check_model_path(path)
    with atomic_write(path) as temporary:
        vae.save(temporary)
    return path


def check_model_path(path) -> Path:
    if Path(path).suffix != ".keras":
        raise ValueError(f"a model's file name must end in .keras, got {str(path)!r}")
    return check_writable(path)


def load_vae(path: str | Path, custom_objects: dict | None = None) -> VAE:
    """Load a VAE that `save_vae` or `vae.save` wrote.

    Args:
        path: of the `.keras` file.
        custom_objects: {name: class} for networks of your own that are not registered with
            `keras.saving.register_keras_serializable`.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a file that is not one of ours, or only part of one; networks whose class is not
            known here.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}; python -m cvae train makes one")
    try:
        vae = keras.saving.load_model(path, custom_objects)
    # For a file that it cannot read Keras raises many exceptions, from zipfile's to TypeError.
    except Exception as error:
        words = " ".join(str(error).split()) or "no message"
        if "unsafe_deserialization" in words or "safe_mode" in words:
            raise ValueError(
                f"{path} holds Python code, a Lambda layer, that runs when it is loaded: if you trust "
                "the file, call keras.config.enable_unsafe_deserialization() first"
            ) from error
        if found := re.search(r"Could not locate class '(\w+)'", words):
            raise ValueError(
                f"{path} holds a class that is not known here, {found[1]}: import the module that "
                "defines it, with keras.saving.register_keras_serializable, or give custom_objects"
            ) from error
        raise ValueError(
            f"{path} is not a VAE that this package saved, or is damaged ({type(error).__name__}: "
            f"{words[:400]})"
        ) from error
    if not isinstance(vae, GenerativeModel):
        raise ValueError(f"{path} holds a {type(vae).__name__}, not a VAE of this package")
    return vae
