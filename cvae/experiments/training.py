"""Training recipes, and recording what comes of it; `storage` keeps it, and finds it again."""

import json
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from cvae import latent, metrics, runtime
from cvae.base.generative import GenerativeModel
from cvae.build import check_model_path, load_vae
from cvae.datasets.base import ImageDataset
from cvae.datasets.batches import FlipsAndRotations, ImageBatches
from cvae.datasets.binarize import DynamicBinarization, binarize
from cvae.datasets.tfds import load
from cvae.experiments import classifiers, storage
from cvae.experiments.catalogue import RECIPES, find
from cvae.experiments.recipe import Recipe
from cvae.experiments.resume import finish, read_log, resumable
from cvae.experiments.starting import take_weights
from cvae.hierarchical import HierarchicalVAE
from cvae.utils.environment import flag
from cvae.utils.files import only_one

SMOKE = {"epochs": 1, "limit": 256, "test_limit": 256}  # what the smoke profile trains
CODES = 20_000  # images to whose codes a mixture is fitted, as a start
SAMPLES = 10_000  # images that are scored
SCORED = ("mnist", "fashion_mnist")  # whose reference classifier is good enough; CIFAR-10's gets 62 %


def train(
    recipe: Recipe | str,
    out: str | Path | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: int | str | None = None,
) -> GenerativeModel:
    """Train a recipe, and save the weights and their model card.

    An interrupted training goes on after its last whole epoch when it is called again.

    Args:
        recipe: a `Recipe` or the name of one.
        out: the `.keras` file to write; None for a place under `runs/`. The card goes beside it.
        callbacks: more Keras callbacks.
        verbose: Keras's; None for what `runtime.verbose` says.

    Returns:
        The trained VAE.

    Raises:
        OSError, ValueError: an `out` that cannot be written, before training starts; another process
            that trains the same.
    """
    recipe = find(recipe) if isinstance(recipe, str) else recipe
    verbose = runtime.verbose() if verbose is None else verbose
    data = recipe.settings.load()
    kept = storage.run_path(recipe, data.source, len(data.x_train))
    out = check_model_path(out or kept)
    check_trainable(recipe, data, out)
    with only_one(kept.parent / "lock", recipe.name):
        vae = starting_point(recipe, data, verbose)
        compile_vae(recipe, vae, len(data.x_train))
        fit(recipe, vae, data, [*callbacks, *resumable(kept.parent)], verbose)
        log = read_log(kept.parent / "log.csv")
        storage.save(recipe, data, without_optimizer(recipe, vae), log, out)
        finish(kept.parent)
    return vae


def check_trainable(recipe: Recipe, data: ImageDataset, out: Path) -> None:
    """Raises ValueError for what would fail, or be wrong, after hours."""
    settings = recipe.settings
    if data.is_stand_in and storage.PRETRAINED in out.resolve().parents:
        raise ValueError("weights trained on a stand-in do not go into data/pretrained")
    if settings.batch_size > len(data.x_train):
        raise ValueError(
            f"{recipe.name}: a batch of {settings.batch_size} needs as many images, {data.name} has "
            f"{len(data.x_train)}; lower batch_size, or raise limit"
        )
    if settings.reinit_latent_layers and settings.start is None:
        raise ValueError(
            f"{recipe.name}: reinit_latent_layers needs a start, the recipe whose other weights stay"
        )
    if settings.reinit_latent_layers and settings.network in ("cosine", "hierarchical"):
        raise ValueError(
            f"{recipe.name}: reinit_latent_layers needs a network with layers next to one z, a "
            f"{settings.network} network has none; leave it out"
        )
    if settings.augment is not None and settings.binarize == "dynamic":
        raise ValueError(
            f"{recipe.name}: augment and dynamic binarisation cannot be had together; leave one out"
        )


def starting_point(recipe: Recipe, data: ImageDataset, verbose) -> GenerativeModel:
    """The VAE as its training finds it: drawn anew, at the mean image, or with another's weights."""
    settings = recipe.settings
    vae = settings.build(data.image_shape, len(data.class_names))
    if settings.start is not None:
        trained = load_or_train(find(settings.start), verbose)
        take_weights(vae, trained, recipe)
        new = type(getattr(trained, "prior", None)) is not type(vae.prior)
        if new and hasattr(vae.prior, "adapt"):  # a mixture starts where the codes are
            vae.prior.adapt(codes_of(recipe, vae, data))
    elif settings.bias_init:
        vae.init_output_bias(data.x_train)
    return vae


def codes_of(recipe: Recipe, vae: GenerativeModel, data: ImageDataset) -> np.ndarray:
    """z of training images, drawn from q; of several layers the top: (images, latent_dim)."""
    images, how = data.x_train[:CODES], recipe.settings.binarize
    images = images if how is None else binarize(images, how, seed=recipe.settings.seed)
    inputs = inputs_of(recipe, images, data.y_train[:CODES])
    z = vae.predict(inputs, batch_size=500, verbose=0)["z"]
    return z[0] if isinstance(z, list) else z


def compile_vae(recipe: Recipe, vae: GenerativeModel, images: int) -> GenerativeModel:
    """Compile with the recipe's optimizer for a training on this many images."""
    steps = recipe.settings.epochs * -(-images // recipe.settings.batch_size)
    vae.compile(recipe.settings.optimizer(steps), **runtime.compile_options(steps))
    return vae


def fit(recipe: Recipe, vae: GenerativeModel, data: ImageDataset, callbacks, verbose) -> None:
    """Keras's `fit` on what the settings make of the data."""
    settings, options = recipe.settings, {}
    inputs = stream_of(recipe, data)
    if inputs is None:
        inputs = inputs_of(recipe, data.x_train, data.y_train)
        options["batch_size"] = settings.batch_size
    vae.fit(
        inputs, **options, epochs=settings.epochs, verbose=verbose,
        validation_data=inputs_of(recipe, *settings.held_out(data)),
        validation_batch_size=settings.batch_size, callbacks=[*settings.callbacks(), *callbacks],
    )  # fmt: skip
    if isinstance(inputs, keras.utils.PyDataset):
        inputs.release()


def stream_of(recipe: Recipe, data: ImageDataset) -> ImageBatches | None:
    """Batches of training images that are new in every epoch, where the settings ask for them."""
    settings, labels = recipe.settings, labels_of(recipe, data.y_train)
    if settings.augment is not None:
        return FlipsAndRotations(
            data.x_train, settings.batch_size, settings.augment, settings.seed, labels
        )
    if settings.binarize == "dynamic":
        return DynamicBinarization(data.x_train, settings.batch_size, settings.seed, labels)
    return None


def inputs_of(recipe: Recipe, images: np.ndarray, labels: np.ndarray):
    """What the recipe's VAE takes: images, or the dictionary of them and their labels."""
    return {"image": images, "label": labels} if recipe.settings.conditional else images


def labels_of(recipe: Recipe, labels: np.ndarray) -> np.ndarray | None:
    """The labels, where the recipe's VAE is told them."""
    return labels if recipe.settings.conditional else None


def without_optimizer(recipe: Recipe, vae: GenerativeModel) -> GenerativeModel:
    """A copy that takes a third of the space: Adam keeps two moments of every weight."""
    copy = recipe.settings.build(vae.image_shape, vae.num_classes)
    copy.set_weights(vae.get_weights())
    return copy


def sized(recipe: Recipe | str) -> Recipe:
    """The recipe in the size in force: in the smoke profile, unless it has trained weights, one epoch
    on few images; else as it is."""
    recipe = find(recipe) if isinstance(recipe, str) else recipe
    if runtime.name() != "smoke" or (not storage.retraining() and storage.find_weights(recipe)):
        return recipe
    return recipe.replace(**SMOKE)


def load_or_train(recipe: Recipe | str, verbose: int | str | None = None) -> GenerativeModel:
    """The trained VAE of a recipe: committed or kept weights where they are, else trained now.

    Says which in one line. `CVAE_RETRAIN=1` in the environment trains again.

    Args:
        recipe: a `Recipe` or the name of one.
        verbose: Keras's, for training.
    """
    recipe = find(recipe) if isinstance(recipe, str) else recipe
    path = None if storage.retraining() else storage.find_weights(recipe)
    if path is None:
        if storage.PRETRAINED is None:
            print(storage.NO_REPOSITORY)
        print(f"{recipe.name}: training, {recipe.settings.epochs} epochs")
        return train(recipe, verbose=verbose)
    card = json.loads(path.with_suffix(".json").read_text())
    print(
        f"{recipe.name}: trained weights ({card['epochs']} epochs, {card['seconds']:.0f} s on "
        f"{card['hardware']})"
    )
    return compile_vae(recipe, load_vae(path), card["training_images"])


def reproduce(names: Sequence[str] | None = None) -> list[Path]:
    """Train the recipes that have no result yet, and record each result as it is finished.

    A bar shows the progress over all of them with the time left. Killed, it goes on where it was when
    it is called again. `CVAE_RETRAIN=1` trains also what has a result, each time it is called.

    Args:
        names: of recipes; None for all, and for an empty list none.

    Returns:
        The result files, one for each name.

    Raises:
        FileNotFoundError: the package is installed without the repository.
        ValueError: an unknown recipe, or a data set that is here only as a stand-in: nothing is
            trained then.
    """
    if isinstance(names, str):
        raise TypeError(f"names must be a list of names, got {names!r}: [{names!r}]")
    chosen = [find(name) for name in (RECIPES if names is None else names)]
    paths = [storage.result_path(recipe.name) for recipe in chosen]
    missing = [r for r in chosen if storage.retraining() or storage.read_result(r) is None]
    for recipe in {recipe.settings.dataset: recipe for recipe in missing}.values():
        recipe.settings.load().check_real(recipe.name)
    form = "{desc} {percentage:3.0f}%|{bar}| {elapsed} gone, {remaining} left"
    guess = sum(recipe.seconds * recipe.settings.epochs for recipe in missing)
    with tqdm(total=guess, bar_format=form, disable=flag("CI")) as bar:
        for recipe in missing:
            bar.set_description_str(recipe.name)
            record(recipe, bar)
    return paths


def record(recipe: Recipe, bar) -> None:
    """Train a recipe if need be, and write its result."""
    path = None if storage.retraining() else storage.find_weights(recipe)
    if path is None:
        advance = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: bar.update(recipe.seconds)
        )
        train(recipe, callbacks=[advance], verbose=0)
        path = storage.find_weights(recipe)
    card = json.loads(path.with_suffix(".json").read_text())
    card |= measure(recipe, load_vae(path))
    if recipe.keep:
        storage.commit(path, recipe.name)
    storage.write_json(card, storage.result_path(recipe.name))


def measure(recipe: Recipe, vae: GenerativeModel) -> dict:
    """What is recorded beside the losses of training: the one look at the test images."""
    settings, data = recipe.settings, recipe.settings.load()
    found = {"test": evaluate(recipe, vae, data)}
    if isinstance(vae, HierarchicalVAE):
        kls = latent.kl_per_layer(vae, data.x_test)
        found["kl_per_layer"] = [round(float(kl), 2) + 0.0 for kl in kls]  # no -0.0
    if settings.dataset in SCORED:
        found["samples"] = score_samples(recipe, vae, SAMPLES)
    if settings.binarize is not None:
        found["nll"] = estimate_nll(recipe, vae, data.x_test, data.y_test)
        if recipe.many_samples:
            found["nll_many"] = estimate_more(recipe, vae, data.x_test[:1000], data.y_test[:1000])
        if settings.validation_split:
            fewer = recipe.replace(nll_samples=min(recipe.nll_samples, 100))  # enough to choose by
            found["validation_nll"] = estimate_nll(fewer, vae, *settings.held_out(data))
    return found


def evaluate(recipe: Recipe, vae: GenerativeModel, data: ImageDataset) -> dict:
    """Loss, reconstruction and kl on the test images, in nats per image, and a standard error.

    `standard_error` is that of -ELBO for the choice of the test images.
    """
    compile_vae(recipe, vae, len(data.x_train))
    inputs = inputs_of(recipe, data.x_test, data.y_test)
    found = vae.evaluate(inputs, batch_size=500, verbose=0, return_dict=True)
    bounds = metrics.elbo(vae, data.x_test, labels_of(recipe, data.y_test))
    _, error = metrics.mean_and_error(bounds)
    numbers = {key: float(found[key]) for key in ("loss", "reconstruction", "kl")}
    return {key: round(value, 4) for key, value in (numbers | {"standard_error": error}).items()}


def score_samples(recipe: Recipe, vae: GenerativeModel, n: int) -> dict:
    """What the data set's reference classifier says of n samples from the prior."""
    data = load(recipe.settings.dataset)
    labels = np.arange(n) % len(data.class_names) if recipe.settings.conditional else None
    return classifiers.scores(data, vae.sample(n, labels=labels, seed=0))


def estimate_more(recipe: Recipe, vae: GenerativeModel, images: np.ndarray, labels: np.ndarray) -> dict:
    """The estimate with `many_samples`, and `nats_with_fewer`, that of `nll_samples` on these images."""
    fewer = estimate_nll(recipe, vae, images, labels)
    many = estimate_nll(recipe.replace(nll_samples=recipe.many_samples), vae, images, labels)
    return many | {"nats_with_fewer": fewer["nats"]}


def estimate_nll(recipe: Recipe, vae: GenerativeModel, images: np.ndarray, labels: np.ndarray) -> dict:
    """The importance-weighted estimate of -log p(x), in nats per image."""
    labels, samples = labels_of(recipe, labels), recipe.nll_samples
    nats, error = metrics.nll(vae, images, labels, samples=samples, seed=0)
    return {
        "images": len(images), "samples": samples, "nats": round(nats, 3),
        "standard_error": round(error, 3),
    }  # fmt: skip
