"""Training recipes, and recording what comes of it; `storage` keeps it, and finds it again."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from cvae import metrics, runtime
from cvae.build import check_model_path, load_vae, save_vae
from cvae.datasets.batches import FlipsAndRotations
from cvae.datasets.binarize import DynamicBinarization
from cvae.datasets.tfds import load
from cvae.experiments import classifiers, storage
from cvae.experiments.catalogue import RECIPES, find
from cvae.experiments.recipe import Recipe
from cvae.experiments.resume import read_log, resumable
from cvae.experiments.storage import read_result
from cvae.vae import VAE

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
        verbose: Keras's; None for what `runtime.verbose` says.

    Returns:
        The trained VAE.

    Raises:
        OSError, ValueError: an `out` that cannot be written, before training starts.
    """
    recipe = find(recipe) if isinstance(recipe, str) else recipe
    data = recipe.load()
    kept = storage.run_path(recipe, data)
    folder = kept.parent
    out = check_model_path(out or kept)
    if data.is_stand_in and storage.PRETRAINED in out.resolve().parents:
        raise ValueError("weights trained on a stand-in do not go into data/pretrained")
    if recipe.batch_size > len(data.x_train):
        raise ValueError(
            f"{recipe.name}: a batch of {recipe.batch_size} needs as many images, {data.name} has "
            f"{len(data.x_train)}; lower batch_size, or raise limit"
        )
    if recipe.new_z and recipe.start is None:
        raise ValueError(f"{recipe.name}: new_z needs a start, the recipe whose other weights stay")
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
        verbose=runtime.verbose() if verbose is None else verbose,
        callbacks=[*recipe.callbacks(), *callbacks, *resumable(folder)],
    )  # fmt: skip
    out.with_suffix(".json").unlink(missing_ok=True)  # so that no card ever stands beside other weights
    save_vae(without_optimizer(recipe, vae), out)
    storage.write_json(
        storage.card(recipe, data, read_log(folder / "log.csv"), vae), out.with_suffix(".json")
    )
    (folder / "log.csv").unlink()
    return vae


def start_from(first, recipe, vae, verbose):
    """Give an untrained VAE the trained weights of another recipe.

    A conditional one may start from a plain one: the label's channel of the encoder's images and its
    inputs of the decoder count for nothing at first. With `new_z` what is next to z stays as it was
    drawn.
    """
    trained = load_or_train(first, verbose)
    anew = next_to_z(vae) if recipe.new_z else []
    # Copies: with PyTorch the array of a weight is the weight's own memory.
    drawn = [np.copy(ops.convert_to_numpy(weights)) for weights in anew]
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
    for weights, value in zip(anew, drawn, strict=True):
        weights.assign(value)
    vae.beta.assign(recipe.beta)


def next_to_z(vae):
    """The weights through which everything that z says must pass."""
    return [*vae.encoder.z_mean.weights, *vae.encoder.z_log_var.weights, vae.decoder.weights[0]]


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
    path = None if storage.retraining() else storage.find_weights(recipe)
    if path is None:
        print(f"{recipe.name}: training, {recipe.epochs} epochs")
        return train(recipe, verbose=verbose)
    known = json.loads(path.with_suffix(".json").read_text())
    print(
        f"{recipe.name}: trained weights ({known['epochs']} epochs, {known['seconds']:.0f} s on "
        f"{known['hardware']})"
    )
    return compile_vae(recipe, load_vae(path), known["training_images"])


def compile_vae(recipe, vae, images):
    steps = recipe.epochs * -(-images // recipe.batch_size)
    vae.compile(recipe.optimizer(steps), **runtime.compile_options())
    return vae


def without_optimizer(recipe, vae):
    """A copy that takes a third of the space: Adam keeps two moments of every weight."""
    copy = recipe.build(vae.image_shape, getattr(vae, "num_classes", None))
    copy.set_weights(vae.get_weights())
    return copy


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
    missing = [recipe for recipe in chosen if storage.retraining() or read_result(recipe) is None]
    for recipe in {recipe.dataset: recipe for recipe in missing}.values():
        recipe.load().check_real(recipe.name)
    form = "{desc} {percentage:3.0f}%|{bar}| {elapsed} gone, {remaining} left"
    guess = sum(recipe.seconds * recipe.epochs for recipe in missing)
    with tqdm(total=guess, bar_format=form, disable=bool(os.environ.get("CI"))) as bar:
        for recipe in missing:
            bar.set_description_str(recipe.name)
            record(recipe, bar)
    return [storage.RESULTS / f"{recipe.name}.json" for recipe in chosen]


def record(recipe, bar):
    """Train a recipe if need be, and write its result."""
    path = None if storage.retraining() else storage.find_weights(recipe)
    if path is None:
        advance = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: bar.update(recipe.seconds)
        )
        train(recipe, callbacks=[advance], verbose=0)
        path = storage.find_weights(recipe)
    known = json.loads(path.with_suffix(".json").read_text())
    if recipe.dataset in SCORED:
        known["samples"] = score_samples(recipe, load_vae(path), SAMPLES)
    if recipe.binarize is not None:
        known["nll"] = estimate_nll(recipe, load_vae(path))
    if recipe.keep:
        storage.keep_weights(path, storage.PRETRAINED / f"{recipe.name}.keras")
    storage.write_json(known, storage.RESULTS / f"{recipe.name}.json")


def score_samples(recipe, vae, n) -> dict:
    """What the classifier of the data set says of n samples from the prior."""
    data = load(recipe.dataset)
    labels = np.arange(n) % len(data.class_names) if recipe.conditional else None
    return classifiers.scores(data, vae.sample(n, labels=labels, seed=0))


def estimate_nll(recipe, vae) -> dict:
    """The importance-weighted estimate of -log p(x) on all test images, in nats per image."""
    data = recipe.load()
    labels = data.y_test if recipe.conditional else None
    nats, error = metrics.nll(vae, data.x_test, labels, samples=recipe.nll_samples, seed=0)
    return {
        "images": len(data.x_test), "samples": recipe.nll_samples, "nats": round(nats, 3),
        "standard_error": round(error, 3),
    }  # fmt: skip
