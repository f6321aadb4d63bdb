"""What a VAE asks of its arguments, and how it takes arrays batch by batch."""

import keras
import numpy as np
from keras import ops


def in_batches(function, inputs, batch_size):
    """Apply `function` to slices of NumPy inputs, an array or a dict of them; join what it gives."""
    batch_size = check_count("batch_size", batch_size)
    n = len(keras.tree.flatten(inputs)[0])
    batches = []
    for start in range(0, n, batch_size):
        piece = slice(start, start + batch_size)
        outputs = function(keras.tree.map_structure(lambda a: a[piece], inputs))  # noqa: B023
        batches.append(keras.tree.map_structure(ops.convert_to_numpy, outputs))
    return keras.tree.map_structure(lambda *parts: np.concatenate(parts), *batches)


def in_turn(n: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` indices below n: all once, in random order, then all once more, ..."""
    return np.concatenate([rng.permutation(n) for _ in range(-(-count // n))])[:count]


def check_count(name, value, least=1) -> int:
    """Return a whole number, NumPy's too, as Python's; or say what is wrong with it."""
    whole = isinstance(value, int | np.integer) or (
        isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "ui"
    )
    if not whole or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")
    return int(value)


def check_counts(name, values, least=1) -> tuple[int, ...]:
    """Return one whole number or several as a tuple of Python's; or say what is wrong."""
    if isinstance(values, str | dict) or not (np.ndim(values) == 0 or np.iterable(values)):
        raise ValueError(f"{name} must be whole numbers of at least {least}, got {values!r}")
    values = [values] if np.ndim(values) == 0 else values
    return tuple(check_count(f"each of {name}", value, least) for value in values)


def check_flag(name, value) -> bool:
    """Return True or False, NumPy's too, as Python's; or say what is wrong: "no" would be true."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def check_seed(seed) -> int | None:
    """Return a seed as Keras takes it: Python's int, 0 or more; or None."""
    return None if seed is None else check_count("seed", seed, least=0)


def check_not_negative(name, value) -> float:
    number = np.ndim(value) == 0 and np.asarray(value).dtype.kind in "uif"
    if not number or not 0 <= value < np.inf:
        raise ValueError(f"{name} must be a number of at least 0, got {value!r}")
    return float(value)


def check_each_not_negative(name, value) -> float | np.ndarray:
    """Return a number of at least 0, or an array of them, or say what is wrong."""
    if np.ndim(value) == 0:
        return check_not_negative(name, value)
    return np.array([check_not_negative(f"each of {name}", number) for number in value])


def check_labels(labels, n, num_classes=None) -> np.ndarray:
    """Return labels as int32 (n,), or say what is wrong with them; None for any number of classes."""
    labels = np.asarray(labels)
    if labels.shape != (n,) or labels.dtype.kind not in "ui":
        hint = "; one-hot labels: labels.argmax(axis=-1)" if labels.ndim == 2 else ""
        raise ValueError(
            f"labels must be whole numbers, one for each of {n} images: expected the shape ({n},), "
            f"got {labels.shape} of {labels.dtype}{hint}"
        )
    if n == 0:
        return labels.astype("int32")
    top = np.inf if num_classes is None else num_classes - 1
    if labels.min() < 0 or labels.max() > top:
        raise ValueError(f"labels must lie in 0..{top}, got {labels.min()}..{labels.max()}")
    return labels.astype("int32")


def check_weights(weights, n, name="sample_weight") -> np.ndarray:
    """Return weights as float32 (n,), or say what is wrong with them."""
    weights = np.asarray(weights)
    if weights.shape != (n,) or weights.dtype.kind not in "uifb":
        raise ValueError(
            f"{name} must be numbers, one for each of {n}: expected the shape ({n},), "
            f"got {weights.shape} of {weights.dtype}"
        )
    if not np.isfinite(weights).all() or weights.min() < 0:
        raise ValueError(f"{name} must be 0 or more, got NaN, infinity or a negative weight")
    return weights.astype("float32")


def check_image_shape(image_shape) -> tuple[int, int, int]:
    shape = np.atleast_1d(image_shape)
    if shape.shape != (3,) or shape.dtype.kind not in "ui" or shape.min() < 1:
        raise ValueError(
            "image_shape must be (height, width, channels), whole numbers of at least 1; got "
            f"{image_shape!r}"
        )
    return tuple(int(side) for side in shape)


def check_channels_last():
    if keras.config.image_data_format() != "channels_last":
        raise ValueError(
            "images here are (height, width, channels), but Keras is set to 'channels_first': call "
            "keras.config.set_image_data_format('channels_last') before you build a model"
        )


def check_z(z, latent_dim) -> np.ndarray:
    """Return z as float32 (n, latent_dim), or say what is wrong with it."""
    z = np.asarray(z)
    if z.ndim != 2 or z.shape[1] != latent_dim or len(z) == 0:
        hint = "; one point alone: z[None]" if z.shape == (latent_dim,) else ""
        raise ValueError(f"z must be (n, {latent_dim}) with n of at least 1, got {z.shape}{hint}")
    if z.dtype.kind not in "uif" or not np.isfinite(z).all():
        raise ValueError(f"z must hold finite numbers, got {z.dtype} with NaN, infinity or no numbers")
    return z.astype("float32")
