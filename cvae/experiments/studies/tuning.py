"""How the study's VAE settings were chosen: on images that are neither trained on nor tested on.

The last 10,000 training images stand in for the test set, and the long tails are drawn from the others,
with seeds that the study does not use. The test images are never looked at. `STUDY.reproduce()` records
the scores of every candidate.
"""

import dataclasses
import itertools

import pandas as pd

from cvae.datasets.base import ImageDataset
from cvae.datasets.tfds import load
from cvae.experiments.studies import imbalance
from cvae.experiments.studies.study import Study

VALIDATION = 10_000
SEEDS = (10, 11)
START = imbalance.TRAINING
RESIDUALS = {"source": "posterior", "pixels": None, "temperature": 3.0}
# How the VAE is trained and what it draws. Each differs from another in one thing; candidates that
# share their training stand together, for it is done once.
CANDIDATES = {
    "means, temperature 3": (START, RESIDUALS | {"pixels": "mean"}),
    "residuals, temperature 1": (START, RESIDUALS | {"temperature": 1.0}),
    "residuals, temperature 2": (START, RESIDUALS | {"temperature": 2.0}),
    "residuals, temperature 3": (START, RESIDUALS),
    "residuals, temperature 4": (START, RESIDUALS | {"temperature": 4.0}),
    "residuals, temperature 3, 10 dimensions": (START | {"latent_dim": 10}, RESIDUALS),
    "residuals, temperature 3, 50 dimensions": (START | {"latent_dim": 50}, RESIDUALS),
}


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


class SettingsStudy(Study):
    """Every candidate at full balance, on images that the study does not test on."""

    name = "oversampling-settings"
    fields = ("dataset", "seed", "arm", "classifier")
    trained = None, None  # a VAE's data set, seed and settings, and its sampler

    def protocol(self) -> dict:
        return {
            "class_sizes": imbalance.class_sizes().tolist(), "validation_images": VALIDATION,
            "steps": imbalance.STEPS, "batch_size": imbalance.BATCH, "candidates": CANDIDATES,
        }  # fmt: skip

    def keys(self) -> list[tuple]:
        return list(itertools.product(imbalance.DATASETS, SEEDS, CANDIDATES, imbalance.CLASSIFIERS))

    def work(self, key):
        """The training set, which all classifiers share."""
        return key[:3]

    def run(self, work, keys):
        dataset, seed, arm = work
        data = validation_part(load(dataset), VALIDATION)
        x, y, order = imbalance.long_tailed(data, imbalance.class_sizes(), seed)
        training, draws = CANDIDATES[arm]
        if self.trained[0] != (dataset, seed, training):
            sampler = imbalance.vae_sampler(data.image_shape, seed, training)
            self.trained = (dataset, seed, training), sampler
        x, y = self.trained[1].set_params(**draws).fit_resample(x, y)
        return {key: imbalance.score(key[-1], data, x, y, order, seed) for key in keys}

    def table(self) -> pd.DataFrame:
        """Mean balanced accuracy over the seeds: a row for each arm, the best on average first, and a
        column for each data set and classifier.

        Raises:
            ValueError: an arm that has not been scored with every seed.
        """
        self.check_complete(self.read())
        means = self.frame().pivot_table(
            "balanced_accuracy", index="arm", columns=["dataset", "classifier"]
        )
        return means.loc[means.mean(axis=1).sort_values(ascending=False).index]


STUDY = SettingsStudy()
