"""What an image is in this package: NHWC; uint8 in 0..255, or float in [0, 1].

Everything that takes images checks them here, before any work is done, and everything that computes
with them scales them here.
"""

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

Tensor = Any  # of whichever backend Keras runs on


def to_float(images: Tensor) -> Tensor:
    """Scale a batch of images for computing: integers by 1/255, floats as they are.

    Args:
        images: tensor of any shape; integer in 0..255, bool, or float in [0, 1].

    Returns:
        float32 tensor of the same shape, in [0, 1].
    """
    images = ops.convert_to_tensor(images)
    dtype = keras.backend.standardize_dtype(images.dtype)
    scale = 255.0 if "int" in dtype else 1.0
    return ops.cast(images, "float32") / scale


def check_images(images: ArrayLike, image_shape: tuple[int, int, int] | None = None) -> np.ndarray:
    """Return `images` as an array that the models take, or say what is wrong with them.

    Args:
        images: array-like (n, height, width, channels); uint8 (or other integers) in 0..255, bool,
            or float in [0, 1].
        image_shape: the (height, width, channels) that is expected; None accepts any.

    Returns:
        uint8 or float32 array of the same shape.

    Raises:
        ValueError: no images, wrong rank, side or channel count, NaN, or values out of range.
        TypeError: not numbers.
    """
    images = np.asarray(images)
    if images.dtype.kind not in "uifb":
        raise TypeError(
            f"images must be an array of numbers (n, height, width, channels), got {images.dtype}"
        )
    _check_shape(images.shape, image_shape)
    if images.dtype.kind == "f":
        return _check_floats(images)
    if images.dtype.kind == "b":
        return images.astype("float32")
    if images.dtype != np.uint8 and (images.min() < 0 or images.max() > 255):
        raise ValueError(f"integer images must lie in 0..255, got {images.min()}..{images.max()}")
    return images.astype("uint8", copy=False)


def _check_shape(shape, image_shape):
    expected = f"(n, {', '.join(map(str, image_shape or ('height', 'width', 'channels')))})"
    if len(shape) != 4:
        hint = "; add the channel axis with images[..., None]" if len(shape) == 3 else ""
        raise ValueError(f"images must have the shape {expected}, got {tuple(shape)}{hint}")
    if shape[0] == 0:
        raise ValueError(f"images is empty: expected {expected} with n of at least 1")
    if image_shape is None or tuple(shape[1:]) == tuple(image_shape):
        return
    what = "images of the wrong side"
    if shape[-1] != image_shape[-1]:
        what = f"images with {shape[-1]} channels where {image_shape[-1]} are expected"
    raise ValueError(
        f"{what}: the model takes {expected}, got {tuple(shape)}; build the model for "
        f"image_shape={tuple(shape[1:])}, or load the data with size= or grayscale="
    )


def _check_floats(images):
    low, high = images.min(), images.max()
    if not np.isfinite(low) or not np.isfinite(high):
        bad = np.flatnonzero(~np.isfinite(images).all(axis=(1, 2, 3)))
        raise ValueError(
            f"images hold NaN or infinity, first in image {bad[0]} "
            f"({len(bad)} of {len(images)} images): drop or repair them"
        )
    if low < -1e-6 or high > 1 + 1e-6:
        raise ValueError(
            f"float images must lie in [0, 1], got {low:.4g} to {high:.4g}: divide by 255, or pass "
            "uint8 images as they are; undo any standardisation to mean 0"
        )
    return np.clip(images, 0, 1).astype("float32", copy=False)


def to_uint8(images: ArrayLike) -> np.ndarray:
    """Images of either kind as uint8 in 0..255."""
    images = np.asarray(images)
    if images.dtype == np.uint8:
        return images
    return np.round(np.clip(images, 0, 1) * 255).astype("uint8")
