"""An image data set in memory."""

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True, eq=False)
class ImageDataset:
    """A data set in memory. Two are equal if all their fields are, every pixel included.

    Attributes:
        name: as given to `load`.
        source: where the images are from, such as "TFDS mnist 3.0.1"; "stand-in: ..." if they are
            not the real ones.
        class_names: a name for each label; a list or an array of them becomes a tuple.
        x_train, x_test: (n, height, width, channels) uint8.
        y_train, y_test: (n,) int64.
    """

    name: str
    source: str
    class_names: tuple[str, ...]
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray

    def __post_init__(self):
        object.__setattr__(self, "class_names", tuple(map(str, self.class_names)))

    def __eq__(self, other):
        if not isinstance(other, ImageDataset):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, field.name), getattr(other, field.name))
            for field in fields(self)
        )

    def __hash__(self):
        # Not of the pixels: it only must be the same for equal ones, and quick.
        return hash((self.name, self.source, self.class_names, self.x_train.shape, self.x_test.shape))

    @property
    def is_stand_in(self) -> bool:
        return self.source.startswith("stand-in")

    def check_real(self, purpose: str) -> None:
        """Raises ValueError for a stand-in: what is recorded or committed comes from real images."""
        if self.is_stand_in:
            raise ValueError(
                f"{purpose} needs the real {self.name}, here is only a {self.source}: results of a "
                "stand-in are not recorded. Connect to the network, or set TFDS_DATA_DIR"
            )

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return self.x_train.shape[1:]

    def __repr__(self):
        return (
            f"ImageDataset({self.name}: {len(self.x_train):,} training and {len(self.x_test):,} test "
            f"images of {'x'.join(map(str, self.image_shape))}, {len(self.class_names)} classes; "
            f"{self.source})"
        )


def balanced_choice(labels, limit, seed) -> np.ndarray:
    """Indices of `limit` images in their order, drawn in turns from the classes."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(labels))
    turn = np.empty(len(labels), "int64")
    for label in np.unique(labels):
        members = order[labels[order] == label]
        turn[members] = np.arange(len(members))
    # First every class's first image, then every class's second, and so on.
    return np.sort(order[np.argsort(turn[order], kind="stable")][:limit])
