"""Where trained weights and their model cards are kept, and finding them again.

A model card (a JSON file beside the weights) has the recipe's settings, the loss of every epoch,
held-out numbers, data source, time and versions. Weights worth showing are committed under
`data/pretrained/`, all others kept under `runs/`, by the recipe's settings; `data/results/` has the card
of every recipe on real data. A card of other settings is never taken for a recipe's.
"""

import hashlib
import io
import json
import os
import platform
import shutil
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np

from cvae import runtime
from cvae.base.generative import GenerativeModel
from cvae.build import save_vae
from cvae.datasets.base import ImageDataset
from cvae.experiments.catalogue import find
from cvae.experiments.recipe import DEFAULTS, Recipe
from cvae.utils.environment import flag
from cvae.utils.files import atomic_write

# None where the package is installed without the repository.
PRETRAINED = runtime.ROOT and runtime.ROOT / "data" / "pretrained"
RESULTS = runtime.ROOT and runtime.ROOT / "data" / "results"
RUNS = runtime.RUNS
WEIGHTS = "model.weights.h5"  # inside a .keras file


def retraining() -> bool:
    return flag("CVAE_RETRAIN")


NO_REPOSITORY = (
    "results and trained weights are part of the repository, and this cvae is installed without it: "
    "clone the repository and, in its folder, run pip install --editable ."
)


def result_path(name: str) -> Path:
    """Where the result of this name is recorded.

    Raises:
        FileNotFoundError: the package is installed without the repository.
    """
    if RESULTS is None:
        raise FileNotFoundError(NO_REPOSITORY)
    return RESULTS / f"{name}.json"


def read_result(recipe: Recipe | str) -> dict | None:
    """The recorded result of a recipe; None if there is none of these settings.

    Raises:
        FileNotFoundError: the package is installed without the repository.
    """
    recipe = find(recipe) if isinstance(recipe, str) else recipe
    return read_card_of(recipe, result_path(recipe.name))


def test_scores(result: dict) -> dict[str, float]:
    """loss, reconstruction and kl of a result on the test images, in nats per image.

    Measured once, after training; where no images were set aside, in the last epoch of training.
    """
    if result["settings"].get("validation_split"):
        return result["test"]
    return {key: result["final"][f"val_{key}"] for key in ("loss", "reconstruction", "kl")}


def read_card(recipe: Recipe | str) -> dict:
    """The model card of the weights that `load_or_train` gives.

    Raises:
        FileNotFoundError: the recipe has not been trained.
    """
    recipe = find(recipe) if isinstance(recipe, str) else recipe
    return json.loads(trained_weights(recipe).with_suffix(".json").read_text())


def trained_weights(recipe: Recipe) -> Path:
    """`find_weights`, or an error that says what to do."""
    path = find_weights(recipe)
    if path is None:
        hint = "train it first" if PRETRAINED else f"train it first ({NO_REPOSITORY})"
        raise FileNotFoundError(f"{recipe.name} is not trained with these settings: {hint}")
    return path


def find_weights(recipe: Recipe) -> Path | None:
    """Weights whose card has this recipe's settings and the data that there is now (`source_of`).

    With `CVAE_RETRAIN=1` the committed ones do not count: what was trained again is in `runs/`.
    """
    source, images = recipe.settings.source()
    paths = [run_path(recipe, source, images)]
    if PRETRAINED and not source.startswith("stand-in") and not retraining():
        paths.insert(0, PRETRAINED / f"{recipe.name}.keras")
    return next((path for path in paths if is_of(recipe, path)), None)


def is_of(recipe: Recipe, path: Path) -> bool:
    return path.is_file() and read_card_of(recipe, path.with_suffix(".json")) is not None


def read_card_of(recipe: Recipe, path: Path) -> dict | None:
    """A model card, if it is whole and of this recipe's settings."""
    try:
        card = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    complete = isinstance(card, dict) and card.get("epochs") == recipe.settings.epochs
    return card if complete and recipe.settings.are(card["settings"]) else None


def run_path(recipe: Recipe, source: str, images: int) -> Path:
    """Where the weights of these settings on this data are kept, in a folder of their own."""
    # Without defaults: a setting that is added later does not orphan what was trained before.
    settings = {
        name: value
        for name, value in recipe.settings.as_json().items()
        if name not in DEFAULTS or value != DEFAULTS[name]
    }
    text = json.dumps([settings, source, images], sort_keys=True)
    return RUNS / f"{recipe.name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}" / "model.keras"


def save(recipe: Recipe, data: ImageDataset, vae: GenerativeModel, log: dict, out: Path) -> None:
    """Write weights and model card; no card ever stands beside other weights."""
    out.with_suffix(".json").unlink(missing_ok=True)
    save_vae(vae, out)
    write_json(model_card(recipe, data, log, vae), out.with_suffix(".json"))


def commit(path: Path, name: str) -> None:
    """Weights, in 16 bits, and card to `data/pretrained`."""
    kept = PRETRAINED / f"{name}.keras"
    if path == kept:
        return
    kept.with_suffix(".json").unlink(missing_ok=True)
    to_float16(path, kept)
    with atomic_write(kept.with_suffix(".json")) as temporary:
        shutil.copyfile(path.with_suffix(".json"), temporary)


def model_card(recipe: Recipe, data: ImageDataset, log: dict, vae: GenerativeModel) -> dict:
    """What a reader must know of a result."""
    return {
        "name": recipe.name,
        "about": recipe.about,
        "report": recipe.report,
        "settings": recipe.settings.as_json(),
        "data": data.source,
        "image_shape": list(data.image_shape),
        "training_images": len(data.x_train),
        "test_images": len(data.x_test),
        "epochs": len(log["loss"]),
        "parameters": vae.count_params(),
        "final": {key: values[-1] for key, values in log.items() if key != "seconds"},
        "units": "nats per image, one sample of z for each; val_ is of "
        f"{'validation' if recipe.settings.validation_split else 'test'} images",
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
    if runtime.gpus():
        return f"{len(runtime.gpus())} GPU{card_name()}"
    cores = os.cpu_count()
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    threads = min(int(os.environ.get("TF_NUM_INTRAOP_THREADS") or cores), allowed)
    return f"{threads} of {cores} CPU cores" if threads < cores else f"{cores} CPU cores"


def card_name() -> str:
    """The kind of GPU, as the backend calls it, in brackets; nothing where it does not say."""
    if keras.backend.backend() == "jax":
        import jax

        return f" ({jax.devices()[0].device_kind})"
    if keras.backend.backend() == "torch":
        import torch

        return f" ({torch.cuda.get_device_name(0)})"
    return ""


def write_json(content, path: Path) -> None:
    with atomic_write(path) as temporary:
        Path(temporary).write_text(json.dumps(content, indent=1) + "\n")


def to_float16(path: str | Path, out: str | Path) -> None:
    """Copy a `.keras` file, its kernels as 16-bit floats. It loads as before, into 32-bit weights.

    A weight is off by at most one part in 2,000. Vectors stay as they are: biases and batch
    normalisation take little space, and a running variance may be too small for 16 bits.

    Raises:
        ValueError: a kernel beyond the range of 16-bit floats.
    """
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    small = io.BytesIO()
    with h5py.File(io.BytesIO(parts[WEIGHTS])) as old, h5py.File(small, "w") as new:
        old.visititems(lambda name, item: copy_in_float16(name, item, new))
    parts[WEIGHTS] = small.getvalue()
    with atomic_write(out) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, content in parts.items():
            # A fixed date: the same weights make the same file.
            archive.writestr(zipfile.ZipInfo(name), content)


def copy_in_float16(name, item, new):
    """One group or array with its attributes."""
    if isinstance(item, h5py.Dataset):
        value = item[()]
        if item.dtype == np.float32 and item.ndim > 1:
            if np.abs(value).max() > np.finfo("float16").max:
                raise ValueError(
                    f"{name} holds a weight of {np.abs(value).max():.3g}: too large for 16 bits"
                )
            value = value.astype("float16")
        made = new.create_dataset(name, data=value)
    else:
        made = new.require_group(name)
    for key, value in item.attrs.items():
        made.attrs[key] = value
