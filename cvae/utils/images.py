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

ROUNDING = 1e-6  # how far a float may be outside [0, 1]


def to_float(images: Tensor) -> Tensor:
    """Scale a batch of images for computing: integers by 1/255, floats as they are.

    Args:
        images: tensor of any shape; integer in 0..255, bool, or float in [0, 1].

    Returns:
        float32 tensor of the same shape, in [0, 1]. In a graph, where no error can be raised, pixels
        out of range become NaN, and with them all that is computed from them.

    Raises:
        ValueError: values out of range, where there are values: not while a graph is traced.
    """
    images = ops.convert_to_tensor(images)
    integers = "int" in keras.backend.standardize_dtype(images.dtype)
    check_known_range(images, integers)
    scaled = ops.cast(images, "float32") / (255.0 if integers else 1.0)
    return ops.where(ops.abs(scaled - 0.5) <= 0.5 + ROUNDING, scaled, np.nan)


def check_known_range(images, integers):
    """`check_range` of a tensor, unless it is a symbol of a graph."""
    if isinstance(images, keras.KerasTensor):
        return
    try:
        wide = ops.cast(images, "float32")
        # No float(): within a tf.function AutoGraph would make a symbol of it, and no error.
        low, high = ops.convert_to_numpy(ops.min(wide)), ops.convert_to_numpy(ops.max(wide))
    except (TypeError, NotImplementedError):  # what every backend says of a symbol
        return
    if np.isfinite(low) and np.isfinite(high):
        # A batch of one dark photograph may hold only 0 and 1: `check_images` sees all of them.
        check_range(low, high, integers, few=True)


class BinaryIntegers(ValueError):
    """Integers of 0 and 1 only, where grey levels up to 255 are expected."""


def check_range(low, high, integers, few=False):
    """Raises ValueError for the lowest and highest of some pixels."""
    if integers and (low < 0 or high > 255):
        raise ValueError(
            f"integer images must lie in 0..255, got {low:.0f}..{high:.0f}: scale them, 16-bit "
            "images by 1/257"
        )
    if integers and high == 1 and not few:
        raise BinaryIntegers(
            "integer images must be grey levels from 0 to 255, these hold only 0 and 1 and would all "
            "be black: pass images.astype(bool), or 255 * images; photographs that are so dark, / 255"
        )
    if not integers and (low < -ROUNDING or high > 1 + ROUNDING):
        raise ValueError(
            f"float images must lie in [0, 1], got {low:.4g} to {high:.4g}: divide by 255, or pass "
            "uint8 images as they are; undo any standardisation to mean 0"
        )


def check_images(images: ArrayLike, image_shape: tuple[int, int, int] | None = None) -> np.ndarray:
    """Return `images` as an array that the models take, or say what is wrong with them.

    Args:
        images: array-like (n, height, width, channels); uint8 (or other integers) in 0..255, bool,
            or float in [0, 1].
        image_shape: the (height, width, channels) that is expected; None accepts any.

    Returns:
        The same array, not a copy; integers as uint8.

    Raises:
        ValueError: no images, wrong rank, side or channel count, NaN, or values out of range.
        TypeError: not numbers.
    """
    images = as_array(images)
    if images.dtype.kind not in "uifb":
        raise TypeError(
            f"images must be an array of numbers (n, height, width, channels), got {images.dtype}"
        )
    check_shape(images.shape, image_shape)
    if images.dtype.kind == "b":
        return images
    low, high = images.min(), images.max()
    if not np.isfinite(low) or not np.isfinite(high):
        bad = np.flatnonzero(~np.isfinite(images).all(axis=(1, 2, 3)))
        raise ValueError(
            f"images hold NaN or infinity, first in image {bad[0]} "
            f"({len(bad)} of {len(images)} images): drop or repair them"
        )
    check_range(low, high, images.dtype.kind in "ui")
    return images.astype("uint8", copy=False) if images.dtype.kind in "ui" else images


def as_array(images) -> np.ndarray:
    """Images as an array; what NumPy cannot make one of is named."""
    if isinstance(images, dict):
        raise TypeError(
            f"images must be an array, got a dict of {sorted(images)}: only a ConditionalVAE takes "
            "images with labels"
        )
    if np.ma.isMaskedArray(images):
        raise TypeError("a masked array would lose its mask: pass images.filled(0)")
    try:
        return np.asarray(images)
    except ValueError as error:
        shapes = sorted({np.shape(image) for image in images})
        raise ValueError(
            f"images must all have one shape, got {', '.join(map(str, shapes[:3]))}: resize them, or "
            "read them with load_folder(folder, size)"
        ) from error


def check_shape(shape, image_shape=None):
    """Raises ValueError for the shape of a batch; sides of None are not known."""
    shape, image_shape = tuple(shape), image_shape and tuple(image_shape)
    expected = f"(n, {', '.join(map(str, image_shape or ('height', 'width', 'channels')))})"
    if len(shape) != 4:
        raise ValueError(
            f"images must have the shape {expected}, got {shape}{_hint(shape, image_shape)}"
        )
    if shape[0] == 0:
        raise ValueError(f"images is empty: expected {expected} with n of at least 1")
    if image_shape is None or None in shape[1:] or shape[1:] == image_shape:
        return
    if (*shape[2:], shape[1]) == image_shape:
        raise ValueError(
            f"images must have the channels last, {expected}, got {shape}: np.moveaxis(images, 1, -1)"
        )
    what = "images of the wrong side"
    if shape[-1] != image_shape[-1]:
        what = f"images with {shape[-1]} channels where {image_shape[-1]} are expected"
    raise ValueError(
        f"{what}: the model takes {expected}, got {shape}; build the model for "
        f"image_shape={shape[1:]}, or load the data with size= or grayscale="
    )


def _hint(shape, image_shape):
    """What to do about images of this rank."""
    one = len(shape) == 3 and (shape[-1] in (1, 3) or shape == tuple(image_shape or ()))
    if one and tuple(shape[1:]) != tuple(image_shape or ())[:2]:
        return "; one image alone, or a stream without batches: images[None], stream.batch(128)"
    if len(shape) == 3:
        return "; add the channel axis with images[..., None]"
    if len(shape) == 2 and image_shape is not None:
        return f"; rows of pixels: images.reshape(-1, {', '.join(map(str, image_shape))})"
    return ""


def to_uint8(images: ArrayLike) -> np.ndarray:
    """Images of either kind as uint8 in 0..255; any shape.

    Raises:
        ValueError: floats outside [0, 1] or NaN, integers outside 0..255 or of 0 and 1 only.
    """
    images = np.asarray(images)
    if images.dtype.kind == "b":
        return images.astype("uint8") * np.uint8(255)
    integers = images.dtype.kind in "ui"
    if images.size:
        low, high = images.min(), images.max()
        if not (np.isfinite(low) and np.isfinite(high)):
            raise ValueError("images hold NaN or infinity, and no grey level stands for that")
        check_range(low, high, integers)
    if integers:
        return images.astype("uint8", copy=False)
    return np.round(np.clip(images, 0, 1) * 255).astype("uint8")
