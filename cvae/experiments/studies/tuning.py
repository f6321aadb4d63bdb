"""How the study's VAE settings were chosen: on images that are neither trained on nor tested on.

The last 10,000 training images stand in for the test set, and the long tails are drawn from the others,
with seeds that the study does not use. The test images are never looked at. `reproduce` records the
balanced accuracy of every candidate.
"""

import dataclasses
import itertools
import os
from pathlib import Path

import numpy as np
from tqdm import tqdm

from cvae import runtime
from cvae.datasets.base import ImageDataset
from cvae.datasets.tfds import load
from cvae.experiments.studies import imbalance, journal

RESULT = runtime.ROOT / "data" / "results" / "oversampling-settings.json"
VALIDATION = 10_000
SEEDS = (10, 11)
START = {"latent_dim": 20, "options": {"hidden": (512, 256)}, "steps": 4000}
EDITS = {"source": "posterior", "pixels": None, "spread": 3.0}
# How the VAE is trained and what it draws. Each differs from another in one thing; candidates that
# share their training stand together, for it is done once.
CANDIDATES = {
    "means, spread 3": (START, EDITS | {"pixels": "mean"}),
    "edits, spread 1": (START, EDITS | {"spread": 1.0}),
    "edits, spread 2": (START, EDITS | {"spread": 2.0}),
    "edits, spread 3": (START, EDITS),
    "edits, spread 4": (START, EDITS | {"spread": 4.0}),
    "edits, spread 3, 10 dimensions": (START | {"latent_dim": 10}, EDITS),
    "edits, spread 3, 50 dimensions": (START | {"latent_dim": 50}, EDITS),
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
    arms = itertools.product(imbalance.DATASETS, SEEDS, CANDIDATES)
    wanted = [arm for arm in arms if any((*arm, kind) not in known for kind in imbalance.CLASSIFIERS)]
    for dataset in {dataset for dataset, *_ in wanted}:
        load(dataset).check_real("tuning")
    trained = None, None  # a VAE's data set, seed and settings, and its sampler
    for dataset, seed, arm in tqdm(wanted, unit="arm", disable=bool(os.environ.get("CI"))):
        data = validation_part(load(dataset), VALIDATION)
        x, y, order = imbalance.long_tailed(data, imbalance.class_sizes(), seed)
        training, draws = CANDIDATES[arm]
        if trained[0] != (dataset, seed, training):
            sampler = imbalance.vae_sampler(data.image_shape, seed, training)
            trained = (dataset, seed, training), sampler
        x, y = trained[1].set_params(**draws).fit_resample(x, y)
        known |= {
            (dataset, seed, arm, kind): result
            for kind, result in imbalance.judge(data, x, y, order, seed).items()
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
        for arm in CANDIDATES:
            keys = [(dataset, seed, arm, kind) for seed in SEEDS]
            if any(key not in known for key in keys):
                raise ValueError(f"{arm} is lacking: run python -m cvae reproduce oversampling-settings")
            means[arm] = float(np.mean([known[key]["balanced_accuracy"] for key in keys]))
        found[dataset, kind] = dict(sorted(means.items(), key=lambda item: -item[1]))
    return found
