"""Grey images as black and white, for likelihoods that can be compared with published ones."""

import dataclasses

import numpy as np
from numpy.typing import ArrayLike

from cvae.datasets.base import ImageDataset
from cvae.datasets.batches import ImageBatches
from cvae.utils.images import check_images, to_uint8

HOW = ("static", "dynamic", "threshold")


def binarize(images: ArrayLike, how: str, seed: int | tuple[int, ...] = 0) -> np.ndarray:
    """Images of pixels that are 0 or 255: uint8, of the same shape.

    Args:
        images: as `check_images` takes them.
        how: "threshold", white from the middle grey on; "static" or "dynamic", white with the
            probability of the grey level, drawn once here.
        seed: of the draw.

    Source: Salakhutdinov & Murray (2008) for sampled pixels; Burda et al. (2016) for new ones each time.

    Raises:
        ValueError: another `how`.
    """
    if how not in HOW:
        raise ValueError(f"binarize must be one of {', '.join(HOW)}, got {how!r}")
    grey = to_uint8(check_images(images))
    if how == "threshold":
        return np.where(grey > 127, 255, 0).astype("uint8")
    # Level 0 is never white, level 255 always.
    draw = np.random.default_rng(seed).integers(0, 255, grey.shape, dtype="uint8")
    return np.where(draw < grey, 255, 0).astype("uint8")


def binarize_dataset(data: ImageDataset, how: str) -> ImageDataset:
    """A data set with black and white test images, always the same; training images too unless `how` is
    "dynamic": then they stay grey, for `DynamicBinarization` to draw from."""
    x_test = binarize(data.x_test, how, seed=1)
    x_train = data.x_train if how == "dynamic" else binarize(data.x_train, how, seed=0)
    source = binarized_source(data.source, how)
    return dataclasses.replace(data, x_train=x_train, x_test=x_test, source=source)


def binarized_source(source: str, how: str) -> str:
    return f"{source}, {how} binarisation"


class DynamicBinarization(ImageBatches):
    """Batches of black and white images, drawn anew in every epoch, for `fit` in place of the images.

    Args:
        images: (n, height, width, channels), grey.
        batch_size: images a batch; the last batch of an epoch has what is left.
        seed: of the order and the draws.
        labels: (n,), for a `ConditionalVAE`.

    Raises:
        ValueError: fewer images than a batch holds.
    """

    def __init__(
        self, images: ArrayLike, batch_size: int = 128, seed: int = 0, labels: ArrayLike | None = None
    ):
        super().__init__(to_uint8(check_images(images)), batch_size, seed, labels)

    def change(self, images, index):
        return binarize(images, "dynamic", (self.epoch_seed, index))

    def on_epoch_end(self):
        super().on_epoch_end()
        self.epoch_seed = int(self.rng.integers(2**31))
