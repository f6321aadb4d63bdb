"""Training recipes, and keeping what comes of it.

A recipe says all that its numbers depend on. Its weights and their card (a JSON file: the recipe, the
loss of every epoch, held-out numbers, data source, time, versions) are committed under
`data/pretrained/` where they are worth showing, else kept under `runs/`, by the recipe's settings;
`data/results/` has the card of every recipe on real data. A card of other settings is never taken for
this recipe's.
"""

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from cvae import classifiers, evaluate, profile
from cvae.augment import FlipsAndRotations
from cvae.binarize import DynamicBinarization
from cvae.build import check_model_path, load_vae, save_vae
from cvae.datasets import load
from cvae.experiments import RECIPES, find
from cvae.files import whole
from cvae.halve import halve
from cvae.recipe import DEFAULTS, Recipe
from cvae.resume import read_log, resumable
from cvae.vae import VAE

PRETRAINED = profile.ROOT / "data" / "pretrained"
RESULTS = profile.ROOT / "data" / "results"
RUNS = profile.ROOT / "runs"
SAMPLES = 10_000  # images that are scored
SCORED = ("mnist", "fashion_mnist")  # data sets whose classifier is a judge; CIFAR-10's gets 62 %


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
    kept = run_path(recipe, data)
    folder = kept.parent
    out = check_model_path(out or kept)
    if data.is_stand_in and PRETRAINED in out.resolve().parents:
        raise ValueError("weights trained on a stand-in do not go into data/pretrained")
    if recipe.batch_size > len(data.x_train):
        raise ValueError(
            f"{recipe.name}: a batch of {recipe.batch_size} needs as many images, {data.name} has "
            f"{len(data.x_train)}; lower batch_size, or raise limit"
        )
    if recipe.augment is not None and recipe.binarize == "dynamic":
        raise ValueError(
            f"{recipe.name}: augment and dynamic binarisation cannot be had together; leave one out"
        )
    vae = recipe.build(data.image_shape, len(data.class_names))
    if recipe.start is not None:
        start_from(find(recipe.start), recipe, vae, verbose)
    elif recipe.bias_init:
        vae.init_output_bias(data.x_train)
    compile_vae(recipe, vae, len(data.x_train))
    inputs, held_out, options = training_data(recipe, data)
    vae.fit(
        inputs, **options, epochs=recipe.epochs, validation_data=held_out,
        validation_batch_size=recipe.batch_size,
        verbose=profile.verbose() if verbose is None else verbose,
        callbacks=[*recipe.callbacks(), *callbacks, *resumable(folder)],
    )  # fmt: skip
    out.with_suffix(".json").unlink(missing_ok=True)  # so that no card ever stands beside other weights
    save_vae(without_optimizer(recipe, vae), out)
    write_json(card(recipe, data, read_log(folder / "log.csv"), vae), out.with_suffix(".json"))
    (folder / "log.csv").unlink()
    return vae


def start_from(first, recipe, vae, verbose):
    """Give an untrained VAE the trained weights of another recipe.

    A conditional one may start from a plain one: the label's channel of the encoder's images and its
    inputs of the decoder count for nothing at first.
    """
    trained = load_or_train(first, verbose)
    classes = getattr(vae, "num_classes", 0)
    for part, more in (("encoder", min(classes, 1)), ("decoder", classes), ("label_picture", 0)):
        if not hasattr(trained, part):  # a plain VAE has no label_picture
            continue
        wanted = [w.shape for w in getattr(vae, part).weights]
        known = getattr(trained, part).get_weights()
        if len(known) == len(wanted):
            known = [with_inputs(w, more, shape) for w, shape in zip(known, wanted, strict=True)]
        if [w.shape for w in known] != wanted:
            raise ValueError(
                f"{recipe.name} cannot start with the weights of {first.name}, whose network is "
                "another: give both the same network, options and latent_dim"
            )
        getattr(vae, part).set_weights(known)
    vae.beta.assign(recipe.beta)


def with_inputs(weights, more, shape):
    """A layer's weights with zeros for more inputs, if it needs them to have that shape."""
    if weights.shape == shape or weights.ndim < 2:
        return weights
    return np.concatenate([weights, np.zeros((*weights.shape[:-2], more, weights.shape[-1]))], axis=-2)


def training_data(recipe, data) -> tuple:
    """What `fit` trains and validates on, and more of its arguments."""
    size, seed = recipe.batch_size, recipe.seed
    labels = data.y_train if recipe.conditional else None
    held_out = {"image": data.x_test, "label": data.y_test} if recipe.conditional else data.x_test
    if recipe.augment is not None:
        return FlipsAndRotations(data.x_train, size, recipe.augment, seed, labels), held_out, {}
    if recipe.binarize == "dynamic":
        return DynamicBinarization(data.x_train, size, seed, labels), held_out, {}
    inputs = {"image": data.x_train, "label": labels} if recipe.conditional else data.x_train
    return inputs, held_out, {"batch_size": size}


def load_or_train(recipe: Recipe | str, verbose: int | str | None = None) -> VAE:
    """The trained VAE of a recipe: committed or kept weights where they are, else trained now.

    Says which in one line. `CVAE_RETRAIN=1` in the environment trains again.

    Args:
        recipe: a `Recipe` or the name of one.
        verbose: Keras's, for training.
    """
    recipe = find(recipe) if isinstance(recipe, str) else recipe
    path = None if retraining() else find_weights(recipe)
    if path is None:
        print(f"{recipe.name}: training, {recipe.epochs} epochs")
        return train(recipe, verbose=verbose)
    known = json.loads(path.with_suffix(".json").read_text())
    print(
        f"{recipe.name}: trained weights ({known['epochs']} epochs, {known['seconds']:.0f} s on "
        f"{known['hardware']})"
    )
    return compile_vae(recipe, load_vae(path), known["training_images"])


def retraining() -> bool:
    return os.environ.get("CVAE_RETRAIN") == "1"


def compile_vae(recipe, vae, images):
    steps = recipe.epochs * -(-images // recipe.batch_size)
    vae.compile(recipe.optimizer(steps), **profile.compile_options())
    return vae


def without_optimizer(recipe, vae):
    """A copy that takes a third of the space: Adam keeps two moments of every weight."""
    copy = recipe.build(vae.image_shape, getattr(vae, "num_classes", None))
    copy.set_weights(vae.get_weights())
    return copy


def read_card(recipe: Recipe | str) -> dict:
    """The card of the weights that `load_or_train` gives.

    Raises:
        FileNotFoundError: the recipe has not been trained.
    """
    recipe = find(recipe) if isinstance(recipe, str) else recipe
    return json.loads(trained_weights(recipe).with_suffix(".json").read_text())


def trained_weights(recipe) -> Path:
    """`find_weights`, or an error that says what to do."""
    path = find_weights(recipe)
    if path is None:
        raise FileNotFoundError(f"{recipe.name} is not trained with these settings: train it first")
    return path


def find_weights(recipe) -> Path | None:
    """Weights whose card has this recipe's settings and the data that there is now.

    With `CVAE_RETRAIN=1` the committed ones do not count: what was trained again is in `runs/`.
    """
    data = recipe.load()
    if not data.is_stand_in and not retraining():
        path = PRETRAINED / f"{recipe.name}.keras"
        if is_of(recipe, path):
            return path
    path = run_path(recipe, data)
    return path if is_of(recipe, path) else None


def is_of(recipe, path) -> bool:
    return path.is_file() and read_json_of(recipe, path.with_suffix(".json")) is not None


def read_json_of(recipe, path) -> dict | None:
    """A card, if it is whole and of this recipe's settings."""
    try:
        known = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    whole_card = isinstance(known, dict) and known.get("epochs") == recipe.epochs
    return known if whole_card and recipe.has_settings(known["settings"]) else None


def run_path(recipe, data) -> Path:
    """Where the weights of these settings on this data are kept, in a folder of their own."""
    # Without defaults: a setting that is added later does not orphan what was trained before.
    settings = {k: v for k, v in recipe.settings().items() if k not in DEFAULTS or v != DEFAULTS[k]}
    text = json.dumps([settings, data.source, len(data.x_train)], sort_keys=True)
    return RUNS / f"{recipe.name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}" / "model.keras"


def reproduce(names: Sequence[str] | None = None) -> list[Path]:
    """Train the recipes that have no result yet, and record each result as it is finished.

    A bar shows the progress over all of them with the time left. Killed, it goes on where it was when
    it is called again. `CVAE_RETRAIN=1` trains also what has a result, each time it is called.

    Args:
        names: of recipes; None for all.

    Returns:
        The result files, one for each name.

    Raises:
        ValueError: an unknown recipe, or a data set that is here only as a stand-in: nothing is
            trained then.
    """
    chosen = [find(name) for name in names or RECIPES]
    missing = [recipe for recipe in chosen if retraining() or read_result(recipe) is None]
    for recipe in {recipe.dataset: recipe for recipe in missing}.values():
        recipe.load().check_real(recipe.name)
    form = "{desc} {percentage:3.0f}%|{bar}| {elapsed} gone, {remaining} left"
    guess = sum(recipe.seconds * recipe.epochs for recipe in missing)
    with tqdm(total=guess, bar_format=form, disable=bool(os.environ.get("CI"))) as bar:
        for recipe in missing:
            bar.set_description_str(recipe.name)
            record(recipe, bar)
    return [RESULTS / f"{recipe.name}.json" for recipe in chosen]


def record(recipe, bar):
    """Train a recipe if need be, and write its result."""
    path = None if retraining() else find_weights(recipe)
    if path is None:
        advance = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: bar.update(recipe.seconds)
        )
        train(recipe, callbacks=[advance], verbose=0)
        path = find_weights(recipe)
    known = json.loads(path.with_suffix(".json").read_text())
    if recipe.dataset in SCORED:
        known["samples"] = score_samples(recipe, load_vae(path), SAMPLES)
    if recipe.binarize is not None:
        known["nll"] = estimate_nll(recipe, load_vae(path))
    if recipe.keep:
        keep_weights(path, PRETRAINED / f"{recipe.name}.keras")
    write_json(known, RESULTS / f"{recipe.name}.json")


def score_samples(recipe, vae, n) -> dict:
    """What the classifier of the data set says of n samples from the prior."""
    data = load(recipe.dataset)
    labels = np.arange(n) % len(data.class_names) if recipe.conditional else None
    return classifiers.scores(data, vae.sample(n, labels=labels, seed=0))


def estimate_nll(recipe, vae) -> dict:
    """The importance-weighted estimate of -log p(x) on all test images, in nats per image."""
    data = recipe.load()
    labels = data.y_test if recipe.conditional else None
    nats, error = evaluate.nll(vae, data.x_test, labels, samples=recipe.nll_samples, seed=0)
    return {
        "images": len(data.x_test), "samples": recipe.nll_samples, "nats": round(nats, 3),
        "standard_error": round(error, 3),
    }  # fmt: skip


def keep_weights(path, kept):
    """Weights (halved) and card to data/pretrained; no card ever stands beside other weights."""
    if path == kept:
        return
    kept.with_suffix(".json").unlink(missing_ok=True)
    halve(path, kept)
    with whole(kept.with_suffix(".json")) as temporary:
        shutil.copyfile(path.with_suffix(".json"), temporary)


def read_result(recipe: Recipe | str) -> dict | None:
    """The recorded result of a recipe; None if there is none of these settings."""
    recipe = find(recipe) if isinstance(recipe, str) else recipe
    return read_json_of(recipe, RESULTS / f"{recipe.name}.json")


def card(recipe, data, log, vae) -> dict:
    """What a reader must know of a result."""
    return {
        "name": recipe.name,
        "about": recipe.about,
        "report": recipe.report,
        "settings": recipe.settings(),
        "data": data.source,
        "image_shape": list(data.image_shape),
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
    """What trains; a process that is told to keep to some threads leaves the other cores to others."""
    if profile.gpus():
        return f"{len(profile.gpus())} GPU"
    threads = os.environ.get("TF_NUM_INTRAOP_THREADS")
    return f"{threads} of {os.cpu_count()} CPU cores" if threads else f"{os.cpu_count()} CPU cores"


def write_json(content, path):
    with whole(path) as temporary:
        Path(temporary).write_text(json.dumps(content, indent=1) + "\n")
