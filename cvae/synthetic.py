"""The luther report's experiment: can generated images take the place of real ones?

Its ten VAEs, one for each digit, generate 10,000 images each; its classifier is trained on real
images, on generated ones and on both, and tested on the real test images. Then what makes generated
images better training data, one change at a time. `reproduce` runs it and can be interrupted.
"""

import functools
import os
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import confusion_matrix
from tqdm import tqdm

from cvae import classifiers, journal, profile
from cvae.datasets import ImageDataset, load
from cvae.imbalance import flat, train_classifier
from cvae.oversampling import VAEOverSampler

RESULT = profile.ROOT / "data" / "results" / "synthetic.json"
PER_CLASS = 10_000
# The report's MLP; it does not say how long it was trained: here 5,000 steps of 128 whatever the images
# are, about ten times through the 60,000 real ones.
CLASSIFIER = functools.partial(classifiers.mlp, hidden=(200, 200), dropout=0.0)
STEPS = 5000
SEEDS = (0, 1, 2)  # of the classifier; the VAEs and their images are of seed 0
# 3,000 steps of 100 are 50 epochs of a digit's 6,000 images.
REPORT = {
    "conditional": False, "source": "prior", "latent_dim": 10, "options": {"hidden": (200, 200)},
    "steps": 3000, "batch_size": 100, "pixels": "mean",
}  # fmt: skip
CONDITIONAL = {"conditional": True, "steps": 30_000}  # as many as the ten VAEs have together
WAYS = {
    "the report's ten VAEs": {},
    "pixels drawn": {"pixels": "sample"},
    "2 dimensions": {"latent_dim": 2},
    "30 dimensions": {"latent_dim": 30},
    "posterior": {"source": "posterior"},
    "one conditional VAE": CONDITIONAL,
    "conditional, posterior": CONDITIONAL | {"source": "posterior"},
    "conditional, posterior, 30 dimensions": CONDITIONAL | {"source": "posterior", "latent_dim": 30},
}  # fmt: skip
# (what trains the classifier, which way the generated images were made)
ARMS = (("real", None), *((train, way) for way in WAYS for train in ("synthetic", "both")))
REPORTED = {("real", None): 98.05, ("synthetic", "the report's ten VAEs"): 89.60}  # percent


def generate(way: str, data: ImageDataset, per_class: int = PER_CLASS, seed: int = 0) -> tuple:
    """Images of every class in one of `WAYS`.

    Returns:
        x (n, features) float32 in [0, 1], y (n,), and the sampler with its `vaes_`.

    Raises:
        ValueError: an unknown way.
    """
    if way not in WAYS:
        raise ValueError(f"way must be one of {', '.join(WAYS)}; got {way!r}")
    x, y = flat(data.x_train), data.y_train
    wanted = {label: count + per_class for label, count in enumerate(np.bincount(y))}
    sampler = VAEOverSampler(
        wanted, image_shape=data.image_shape, random_state=seed, **REPORT | WAYS[way]
    )
    x_new, y_new = sampler.fit_resample(x, y)
    return x_new[len(y) :], y_new[len(y) :], sampler


def reproduce(path: Path = RESULT) -> Path:
    """Run what the experiment lacks; each result is written as it is finished.

    Raises:
        ValueError: MNIST is here only as a stand-in.
    """
    data = load("mnist")
    if data.is_stand_in:
        raise ValueError("the experiment needs the real mnist: connect, or set TFDS_DATA_DIR")
    known = read(path)
    # Arms of one way together: its images are generated once.
    ways = dict.fromkeys(way for arm in ARMS if arm not in known for way in arm[1:])
    for way in tqdm(ways, unit="way", disable=bool(os.environ.get("CI"))):
        started = time.perf_counter()
        real = flat(data.x_train), data.y_train
        made = generate(way, data)[:2] if way else ()
        seconds = time.perf_counter() - started
        for train in [train for train, of in ARMS if of == way and (train, of) not in known]:
            chosen = {"real": [real], "synthetic": [made], "both": [real, made]}[train]
            images, labels = map(np.concatenate, zip(*chosen, strict=True))
            known[train, way] = score(images, labels, data) | {"seconds": round(seconds, 1)}
            journal.write(path, protocol(), FIELDS, known)
    return path


def score(x, y, data: ImageDataset) -> dict:
    """Test accuracy of the report's classifier with every seed, and the first one's confusion matrix."""
    verdicts = []
    for seed in SEEDS:
        model = train_classifier(CLASSIFIER, x, y, data.image_shape, seed, steps=STEPS)
        verdicts.append(classifiers.probabilities(model, data.x_test).argmax(axis=1))
    return {
        "images": len(y),
        "accuracy": [float((says == data.y_test).mean()) for says in verdicts],
        "confusion": confusion_matrix(data.y_test, verdicts[0]).tolist(),
    }


FIELDS = ("train", "way")


def protocol() -> dict:
    """What all results have in common."""
    return {
        "images_per_class": PER_CLASS, "steps": STEPS, "seeds": SEEDS, "report": REPORT, "ways": WAYS,
    }  # fmt: skip


def read(path: Path = RESULT) -> dict[tuple, dict]:
    """{(what trained the classifier, way): accuracies and confusion} of what has been run like this."""
    return journal.read(path, protocol(), FIELDS)
