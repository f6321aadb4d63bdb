"""The long tails of notebook 07: training rows whose classes grow rarer, and rows to test on."""

import functools
from dataclasses import dataclass, field

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from cvae.datasets.base import ImageDataset
from cvae.datasets.tfds import load

# Rows of the most common class, and how many times those of the rarest.
SIZES = {
    "mnist": (4000, 100),
    "fashion_mnist": (4000, 100),
    "cifar10": (2000, 100),  # in grey
    "breast_cancer": (120, 15),  # rows of 30 measured numbers, no images
}
VALIDATION = 1 / 6  # of the training images, the last; settings are chosen on them


@dataclass(frozen=True, eq=False)
class Tail:
    """What every method of a study gets.

    Attributes:
        x, y: to train on: (n, features) float32, pixels in [0, 1]; (n,).
        x_test, y_test: the test rows, or the validation rows.
        order: the classes from the most common to the rarest.
        image_shape: of the rows; None where they are no images.
        samplers: what methods have trained for these rows, so that the next need not.
    """

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    order: np.ndarray
    image_shape: tuple[int, int, int] | None
    samplers: dict = field(default_factory=dict)


@functools.lru_cache(maxsize=2)
def tail(dataset: str, seed: int, part: str = "test") -> Tail:
    """The tail of a data set; by the seed, which class is rare and which rows it has.

    Args:
        part: "test", or "validation" for rows that are neither trained on nor tested on.
    """
    x, y, rows, labels, image_shape = parts_of(dataset, part)
    sizes = class_sizes(*SIZES[dataset], len(np.unique(y)))
    # Malignant is rare: the other way round nobody asks.
    order = np.array([1, 0]) if dataset == "breast_cancer" else None
    chosen, order = long_tailed(y, sizes, seed, order)
    x, y = x[chosen], y[chosen]
    if image_shape is None:  # columns of any range: in standard units of the training rows
        mean, spread = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-6)
        x, rows = (x - mean) / spread, (rows - mean) / spread
    return Tail(x, y, rows, labels, order, image_shape)


@functools.lru_cache(maxsize=2)
def parts_of(dataset: str, part: str) -> tuple:
    """All rows that may be trained on and their classes, the rows to test on and theirs, image_shape."""
    if dataset == "breast_cancer":
        x, y = load_breast_cancer(return_X_y=True)
        x = x.astype("float32")
        x, x_test, y, y_test = train_test_split(x, y, test_size=0.4, stratify=y, random_state=0)
        x, x_valid, y, y_valid = train_test_split(x, y, test_size=0.4, stratify=y, random_state=0)
        return x, y, *((x_test, y_test) if part == "test" else (x_valid, y_valid)), None
    data = load(dataset, grayscale=dataset == "cifar10")
    split = round(len(data.x_train) * (1 - VALIDATION))
    rows, labels = (
        (data.x_test, data.y_test) if part == "test" else (data.x_train[split:], data.y_train[split:])
    )
    return (
        flat(data.x_train[:split]), data.y_train[:split], flat(rows), labels, data.image_shape,
    )  # fmt: skip


def class_sizes(largest: int = 4000, ratio: float = 100, classes: int = 10) -> np.ndarray:
    """Sizes that fall exponentially from `largest` to `largest` / `ratio`: (classes,)."""
    return np.round(largest * ratio ** (-np.arange(classes) / (classes - 1))).astype(int)


def long_tailed(
    y: np.ndarray, sizes: np.ndarray, seed: int = 0, order: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of rows in classes of these sizes, mixed, and the classes from common to rare.

    Args:
        order: the classes; None for one by the seed.

    Raises:
        ValueError: a class has too few rows.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(sizes)) if order is None else order
    chosen = []
    for label, size in zip(order, sizes, strict=True):
        members = np.flatnonzero(y == label)
        if size > len(members):
            raise ValueError(f"class {label} has {len(members)} rows, {size} are asked for")
        chosen.append(rng.choice(members, size, replace=False))
    return rng.permutation(np.concatenate(chosen)), order


def long_tail_of(
    data: ImageDataset, sizes: np.ndarray, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A tail of a data set's training images: x (n, features) in [0, 1], y, and the classes' order."""
    chosen, order = long_tailed(data.y_train, sizes, seed)
    return flat(data.x_train[chosen]), data.y_train[chosen], order


def flat(images):
    return images.reshape(len(images), -1).astype("float32") / 255
