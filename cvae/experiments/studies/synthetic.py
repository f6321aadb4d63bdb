"""The luther report's experiment: can generated images take the place of real ones?

Its ten VAEs, one for each digit, generate 10,000 images each; its classifier is trained on real
images, on generated ones and on both, and tested on the real test images. Then what makes generated
images better training data, one change at a time. `STUDY.reproduce()` runs it and can be interrupted.
"""

import functools
import re
import time
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
from sklearn.metrics import confusion_matrix

from cvae.datasets.base import ImageDataset
from cvae.datasets.tfds import load
from cvae.experiments import classifiers
from cvae.experiments.studies.study import Study
from cvae.experiments.studies.tails import flat
from cvae.experiments.studies.trials import train_classifier
from cvae.oversampling import VAEOverSampler
from cvae.utils.files import atomic_write
from cvae.utils.images import to_uint8
from cvae.visualization.plots import tile

PER_CLASS = 10_000
# The report's MLP; it does not say how long it was trained: here 5,000 steps of 128 whatever the images
# are, about ten times through the 60,000 real ones.
CLASSIFIER = functools.partial(classifiers.mlp, hidden=(200, 200), dropout=0.0)
STEPS = 5000
SEEDS = (0, 1, 2)  # of the classifier; the VAEs and their images are of seed 0
# How the report's VAEs are trained and what they draw. 3,000 steps of 100 are 50 epochs of a digit's
# 6,000 images.
REPORT = {
    "conditional": False, "latent_dim": 10, "options": {"hidden": (200, 200)}, "steps": 3000,
    "batch_size": 100,
}  # fmt: skip
DRAWS = {"source": "prior", "pixels": "mean"}
CONDITIONAL = {"conditional": True, "steps": 30_000}  # as many as the ten VAEs have together
# What each changes in the training and in the draws. Ways that share their training stand together,
# for it is done once.
WAYS = {
    "the report's ten VAEs": ({}, {}),
    "pixels drawn": ({}, {"pixels": "sample"}),
    "posterior": ({}, {"source": "posterior"}),
    "2 dimensions": ({"latent_dim": 2}, {}),
    "30 dimensions": ({"latent_dim": 30}, {}),
    "one conditional VAE": (CONDITIONAL, {}),
    "conditional, posterior": (CONDITIONAL, {"source": "posterior"}),
    "conditional, posterior, 30 dimensions": (
        CONDITIONAL | {"latent_dim": 30}, {"source": "posterior"},
    ),
    "conditional, residuals, 30 dimensions": (
        CONDITIONAL | {"latent_dim": 30}, {"source": "posterior", "pixels": "residual"},
    ),
}  # fmt: skip
# (what trains the classifier, which way the generated images were made)
ARMS = (("real", None), *((train, way) for way in WAYS for train in ("synthetic", "both")))
REPORTED = {("real", None): 98.05, ("synthetic", "the report's ten VAEs"): 89.60}  # percent


def generate(
    way: str,
    data: ImageDataset,
    per_class: int = PER_CLASS,
    seed: int = 0,
    before: VAEOverSampler | None = None,
) -> tuple[np.ndarray, np.ndarray, VAEOverSampler]:
    """Images of every class in one of `WAYS`.

    Args:
        before: the sampler of an earlier call for the same images and seed, whose VAEs are taken where
            they were trained in this way.

    Returns:
        x (n, features) float32 in [0, 1], y (n,), and the sampler with its `vaes_`.

    Raises:
        ValueError: an unknown way.
    """
    if way not in WAYS:
        raise ValueError(f"way must be one of {', '.join(WAYS)}; got {way!r}")
    training, draws = REPORT | WAYS[way][0], DRAWS | WAYS[way][1]
    x, y = flat(data.x_train), data.y_train
    if before is None or any(before.get_params()[name] != value for name, value in training.items()):
        wanted = {label: count + per_class for label, count in enumerate(np.bincount(y))}
        before = VAEOverSampler(
            wanted, image_shape=data.image_shape, random_state=seed, reuse_vaes=True, **training
        )
    x_new, y_new = before.set_params(**draws).fit_resample(x, y)
    return x_new[len(y) :], y_new[len(y) :], before


class SyntheticStudy(Study):
    """The classifier on real images, on those of each way, and on both; beside the results a picture of
    what each way generates, ten images of each class."""

    name = "synthetic"
    fields = ("train", "way")
    sampler = None  # of the way before

    def protocol(self) -> dict:
        return {
            "images_per_class": PER_CLASS, "steps": STEPS, "seeds": SEEDS, "report": REPORT,
            "draws": DRAWS, "ways": WAYS,
        }  # fmt: skip

    def keys(self) -> list[tuple]:
        return list(ARMS)

    def dataset(self, key):
        return "mnist"

    def work(self, key):
        """The way: its images are generated once."""
        return key[1:]

    def run(self, work, keys):
        (way,) = work
        data, started = load("mnist"), time.perf_counter()
        real, made = (flat(data.x_train), data.y_train), ()
        if way:
            *made, self.sampler = generate(way, data, PER_CLASS, before=self.sampler)
            save_sheet(*made, data.image_shape, self.sheet(way))
        seconds = round(time.perf_counter() - started, 1)
        rows = {}
        for train, _ in keys:
            chosen = {"real": [real], "synthetic": [made], "both": [real, made]}[train]
            images, labels = map(np.concatenate, zip(*chosen, strict=True))
            rows[train, way] = score(images, labels, data) | {"seconds": seconds}
        return rows

    def sheet(self, way: str) -> Path:
        """Where the picture of what a way generates is."""
        return self.path.parent / f"{self.path.stem}-{re.sub('[^a-z0-9]+', '-', way.lower())}.png"


STUDY = SyntheticStudy()


def save_sheet(x, y, image_shape, path: Path) -> None:
    """Ten grey images of each class, a class in a row."""
    chosen = np.concatenate([np.flatnonzero(y == label)[:10] for label in np.unique(y)])
    images = to_uint8(x[chosen].reshape(-1, *image_shape))
    with atomic_write(path) as temporary:
        imageio.imwrite(temporary, tile(images, 10, gap=1)[..., 0])


def score(x, y, data: ImageDataset) -> dict:
    """Test accuracy of the report's classifier with every seed; of the first one the confusion matrix
    and its first mistakes: [index of the test image, predicted class]."""
    verdicts = []
    for seed in SEEDS:
        model = train_classifier(CLASSIFIER, x, y, data.image_shape, seed, steps=STEPS)
        verdicts.append(classifiers.probabilities(model, data.x_test).argmax(axis=1))
    return {
        "images": len(y),
        "accuracy": [float((says == data.y_test).mean()) for says in verdicts],
        "confusion": confusion_matrix(data.y_test, verdicts[0]).tolist(),
        "mistakes": [
            [int(n), int(verdicts[0][n])] for n in np.flatnonzero(verdicts[0] != data.y_test)[:40]
        ],
    }
