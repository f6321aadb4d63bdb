"""Every experiment as data, and how to train one.

A recipe says all that its numbers depend on. Its weights and their card (a JSON file: the recipe, the
loss of every epoch, held-out numbers, data source, time, versions) are committed under
`data/pretrained/` where they are worth showing, else kept under `runs/`, by the recipe's settings: a
result from other settings is never taken for this recipe's.
"""

import dataclasses
import difflib
import hashlib
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras

from cvae import profile
from cvae.build import build_vae, check_model_path, load_vae, save_vae
from cvae.datasets import ImageDataset, load
from cvae.files import whole
from cvae.likelihoods import Gaussian
from cvae.resume import read_log, resumable
from cvae.vae import VAE

PRETRAINED = profile.ROOT / "data" / "pretrained"
RUNS = profile.ROOT / "runs"


@dataclass(frozen=True)
class Recipe:
    """What to train, on what and how long.

    Attributes:
        name: also the file name of its weights.
        about: one line for a reader.
        dataset, grayscale, size, limit: arguments of `load`.
        network, options: of `build_vae`.
        latent_dim, likelihood, beta: of the VAE.
        variance: of a Gaussian likelihood.
        bias_init: start the decoder at the mean image.
        learning_rate, batch_size, epochs: of training with Adam.
        seed: of the weights, the noise and the order of the images.
        report: the course report whose setting this is; None for one of our own.
    """

    name: str
    about: str
    dataset: str
    latent_dim: int
    network: str = "conv"
    options: dict = field(default_factory=dict)
    likelihood: str = "bernoulli"
    variance: float | str | None = None
    beta: float = 1.0
    bias_init: bool = False
    learning_rate: float = 1e-3
    batch_size: int = 128
    epochs: int = 10
    grayscale: bool = False
    size: int | None = None
    limit: int | None = None
    seed: int = 0
    report: str | None = None

    def but(self, **changes) -> "Recipe":
        """The same recipe with some settings changed: `recipe.but(epochs=2, limit=1000)`."""
        return dataclasses.replace(self, **changes)

    def settings(self) -> dict:
        """All that the numbers depend on, as JSON has it."""
        settings = dataclasses.asdict(self)
        for text in ("name", "about", "report"):
            settings.pop(text)
        return json.loads(json.dumps(settings))

    def load(self) -> ImageDataset:
        return load(
            self.dataset, grayscale=self.grayscale, size=self.size, limit=self.limit, seed=self.seed
        )

    def build(self, image_shape):
        """The untrained VAE, its weights drawn with the seed."""
        keras.utils.set_random_seed(self.seed)
        likelihood = self.likelihood
        if self.variance is not None:
            likelihood = Gaussian(self.variance)
        return build_vae(
            image_shape, self.latent_dim, self.network, likelihood,
            beta=self.beta, seed=self.seed, **self.options,
        )  # fmt: skip


def luther(latent_dim):
    return Recipe(
        name=f"luther-{latent_dim}",
        about=f"MNIST, MLP of 200 and 200, {latent_dim} latent dimensions",
        dataset="mnist", latent_dim=latent_dim, network="mlp", batch_size=100, epochs=25,
        report="luther",
    )  # fmt: skip


# The TensorFlow CVAE tutorial's network, which the patadia report took over.
TUTORIAL = {"encoder": {"padding": "valid"}}

RECIPES = {
    recipe.name: recipe
    for recipe in (
        luther(2),
        luther(10),
        luther(100),
        Recipe(
            name="patadia-mnist", about="MNIST, the tutorial's convolutions, 2 latent dimensions",
            dataset="mnist", latent_dim=2, options=TUTORIAL, learning_rate=1e-4, batch_size=32,
            epochs=10, report="patadia",
        ),
    )
}  # fmt: skip


def find(name: str) -> Recipe:
    """The recipe of this name.

    Raises:
        ValueError: there is none; the near ones are listed.
    """
    if name not in RECIPES:
        near = difflib.get_close_matches(str(name), RECIPES, n=3, cutoff=0.3) or list(RECIPES)
        raise ValueError(f"unknown recipe {name!r}; did you mean {' or '.join(near)}?")
    return RECIPES[name]


def train(
    recipe: Recipe | str,
    out: str | Path | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: int | str | None = None,
) -> VAE:
    """Train a recipe, and save the weights and their card.

    An interrupted training goes on after its last whole epoch when it is called again.

    Args:
        recipe: a `Recipe` or the name of one.
        out: the `.keras` file to write; None for a place under `runs/`. The card goes beside it.
        callbacks: more Keras callbacks.
        verbose: Keras's; None for what `profile.verbose` says.

    Returns:
        The trained VAE.

    Raises:
        OSError, ValueError: an `out` that cannot be written, before training starts.
    """
    recipe = find(recipe) if isinstance(recipe, str) else recipe
    data = recipe.load()
    folder = RUNS / run_key(recipe, data)
    out = check_model_path(out or folder / "model.keras")
    if data.is_stand_in and PRETRAINED in out.resolve().parents:
        raise ValueError("weights trained on a stand-in do not go into data/pretrained")
    vae = recipe.build(data.image_shape)
    if recipe.bias_init:
        vae.init_output_bias(data.x_train)
    compile_vae(recipe, vae)
    vae.fit(
        data.x_train, batch_size=recipe.batch_size, epochs=recipe.epochs,
        validation_data=data.x_test, verbose=profile.verbose() if verbose is None else verbose,
        callbacks=[*callbacks, *resumable(folder)],
    )  # fmt: skip
    out.with_suffix(".json").unlink(missing_ok=True)  # so that no card ever stands beside other weights
    save_vae(without_optimizer(recipe, vae), out)
    write_json(card(recipe, data, read_log(folder / "log.csv"), vae), out.with_suffix(".json"))
    (folder / "log.csv").unlink()
    return vae


def load_or_train(recipe: Recipe | str, verbose: int | str | None = None) -> VAE:
    """The trained VAE of a recipe: committed or kept weights where they are, else trained now.

    Says which in one line. `CVAE_RETRAIN=1` in the environment trains again.

    Args:
        recipe: a `Recipe` or the name of one.
        verbose: Keras's, for training.
    """
    recipe = find(recipe) if isinstance(recipe, str) else recipe
    path = None if os.environ.get("CVAE_RETRAIN") == "1" else find_weights(recipe)
    if path is None:
        print(f"{recipe.name}: training, {recipe.epochs} epochs")
        return train(recipe, verbose=verbose)
    known = json.loads(path.with_suffix(".json").read_text())
    print(
        f"{recipe.name}: trained weights ({known['epochs']} epochs, {known['seconds']:.0f} s on "
        f"{known['hardware']})"
    )
    return compile_vae(recipe, load_vae(path))


def compile_vae(recipe, vae):
    vae.compile(keras.optimizers.Adam(recipe.learning_rate), **profile.compile_options())
    return vae


def without_optimizer(recipe, vae):
    """A copy that takes a third of the space: Adam keeps two moments of every weight."""
    copy = recipe.build(vae.image_shape)
    copy.set_weights(vae.get_weights())
    return copy


def read_card(recipe: Recipe | str) -> dict:
    """The card of the weights that `load_or_train` gives.

    Raises:
        FileNotFoundError: the recipe has not been trained.
    """
    recipe = find(recipe) if isinstance(recipe, str) else recipe
    path = find_weights(recipe)
    if path is None:
        raise FileNotFoundError(f"{recipe.name} is not trained with these settings: train it first")
    return json.loads(path.with_suffix(".json").read_text())


def find_weights(recipe) -> Path | None:
    """Weights whose card has this recipe's settings and the data that there is now.

    With `CVAE_RETRAIN=1` the committed ones do not count: what was trained again is in `runs/`.
    """
    data = recipe.load()
    if not data.is_stand_in and os.environ.get("CVAE_RETRAIN") != "1":
        path = PRETRAINED / f"{recipe.name}.keras"
        if is_of(recipe, path):
            return path
    path = RUNS / run_key(recipe, data) / "model.keras"
    return path if is_of(recipe, path) else None


def is_of(recipe, path) -> bool:
    card_path = path.with_suffix(".json")
    if not path.is_file() or not card_path.is_file():
        return False
    return json.loads(card_path.read_text()).get("settings") == recipe.settings()


def run_key(recipe, data) -> str:
    """A folder name for these settings on this data."""
    text = json.dumps([recipe.settings(), data.source, len(data.x_train)], sort_keys=True)
    return f"{recipe.name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def card(recipe, data, log, vae) -> dict:
    """What a reader must know of a result."""
    return {
        "name": recipe.name,
        "about": recipe.about,
        "report": recipe.report,
        "settings": recipe.settings(),
        "data": data.source,
        "training_images": len(data.x_train),
        "test_images": len(data.x_test),
        "epochs": len(log["loss"]),
        "parameters": vae.encoder.count_params() + vae.decoder.count_params(),
        "final": {key: values[-1] for key, values in log.items() if key != "seconds"},
        "units": "nats per image; val_ is the test split, one sample of z for each image",
        "seconds": round(sum(log["seconds"]), 1),
        "hardware": hardware(),
        "versions": {
            "python": platform.python_version(),
            "keras": keras.__version__,
            "backend": keras.backend.backend(),
        },
        "history": {key: [round(v, 4) for v in values] for key, values in log.items()},
    }


def hardware() -> str:
    return f"{len(profile.gpus())} GPU" if profile.gpus() else f"{os.cpu_count()} CPU cores"


def write_json(content, path):
    with whole(path) as temporary:
        Path(temporary).write_text(json.dumps(content, indent=1) + "\n")
