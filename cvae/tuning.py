"""How the study's VAE settings were chosen: on images that are neither trained on nor tested on.

The last 10,000 training images stand in for the test set, and the long tails are drawn from the others,
with seeds that the study does not use. The test images are never looked at. `reproduce` records the
balanced accuracy of every candidate and of the baselines.
"""

import dataclasses
import itertools
import os
from pathlib import Path

import numpy as np
from tqdm import tqdm

from cvae import imbalance, journal, profile
from cvae.datasets import ImageDataset, load

RESULT = profile.ROOT / "data" / "results" / "oversampling-settings.json"
VALIDATION = 10_000
SEEDS = (10, 11)
START = {"latent_dim": 10, "options": {"hidden": (512, 256)}, "steps": 4000, "source": "posterior"}
# Each differs from another in one thing.
CANDIDATES = {
    "prior": START | {"source": "prior"},
    "means": START | {"pixels": "mean"},
    "means, spread 3": START | {"pixels": "mean", "spread": 3.0},
    "edits": START,
    "edits, spread 2": START | {"spread": 2.0},
    "edits, spread 3": START | {"spread": 3.0},
    "edits, spread 4": START | {"spread": 4.0},
    "edits, spread 3, 5 dimensions": START | {"spread": 3.0, "latent_dim": 5},
    "edits, spread 3, 20 dimensions": START | {"spread": 3.0, "latent_dim": 20},
    "edits, spread 3, 2000 steps": START | {"spread": 3.0, "steps": 2000},
    "edits, spread 3, one VAE a class": START | {"spread": 3.0, "conditional": False},
}
FIELDS = ("dataset", "seed", "arm", "classifier")


def validation_part(data: ImageDataset, n: int = VALIDATION) -> ImageDataset:
    """The data set with its last n training images in the place of the test images.

    Raises:
        ValueError: no training images would be left.
    """
    if not 0 < n < len(data.x_train):
        raise ValueError(f"n must be 1 to {len(data.x_train) - 1}, got {n}")
    return dataclasses.replace(
        data, x_train=data.x_train[:-n], y_train=data.y_train[:-n],
        x_test=data.x_train[-n:], y_test=data.y_train[-n:],
    )  # fmt: skip


def reproduce(path: Path = RESULT) -> Path:
    """Score the candidates that have no result yet, at full balance; each is written as it is finished.

    Raises:
        ValueError: a data set that is here only as a stand-in.
    """
    known = journal.read(path, protocol(), FIELDS)
    arms = itertools.product(imbalance.DATASETS, SEEDS, (*imbalance.BASELINES, *CANDIDATES))
    wanted = [arm for arm in arms if any((*arm, kind) not in known for kind in imbalance.CLASSIFIERS)]
    for dataset in {dataset for dataset, *_ in wanted}:
        if load(dataset).is_stand_in:
            raise ValueError(f"tuning needs the real {dataset}: connect, or set TFDS_DATA_DIR")
    for dataset, seed, arm in tqdm(wanted, unit="arm", disable=bool(os.environ.get("CI"))):
        data = validation_part(load(dataset), VALIDATION)
        x, y, order = imbalance.long_tailed(data, imbalance.class_sizes(), seed)
        weights = imbalance.balanced_weights(y) if arm == "weights" else None
        if arm not in ("none", "weights"):
            method = "vae" if arm in CANDIDATES else arm
            settings = CANDIDATES.get(arm, {})
            x, y = imbalance.sampler(method, None, data.image_shape, seed, settings).fit_resample(x, y)
        known |= {
            (dataset, seed, arm, kind): result
            for kind, result in imbalance.judge(data, x, y, order, seed, weights).items()
        }
        journal.write(path, protocol(), FIELDS, known)
    return path


def protocol() -> dict:
    """What all results have in common."""
    return {
        "class_sizes": imbalance.class_sizes().tolist(), "validation_images": VALIDATION,
        "steps": imbalance.STEPS, "batch_size": imbalance.BATCH, "candidates": CANDIDATES,
    }  # fmt: skip


def table(path: Path = RESULT) -> dict[tuple[str, str], dict[str, float]]:
    """{(dataset, classifier): {arm: mean balanced accuracy over the seeds}}, best first.

    Raises:
        ValueError: an arm that has not been scored with every seed.
    """
    known = journal.read(path, protocol(), FIELDS)
    found = {}
    for dataset, kind in itertools.product(imbalance.DATASETS, imbalance.CLASSIFIERS):
        means = {}
        for arm in (*imbalance.BASELINES, *CANDIDATES):
            keys = [(dataset, seed, arm, kind) for seed in SEEDS]
            if any(key not in known for key in keys):
                raise ValueError(f"{arm} is lacking: run python -m cvae reproduce oversampling-settings")
            means[arm] = float(np.mean([known[key]["balanced_accuracy"] for key in keys]))
        found[dataset, kind] = dict(sorted(means.items(), key=lambda item: -item[1]))
    return found
