"""What a VAE asks of its arguments, and how it takes arrays batch by batch."""

import keras
import numpy as np
from keras import ops


def in_batches(function, inputs, batch_size):
    """Apply `function` to slices of NumPy inputs, an array or a dict of them; join what it gives."""
    n = len(keras.tree.flatten(inputs)[0])
    batches = []
    for start in range(0, n, batch_size):
        piece = slice(start, start + batch_size)
        outputs = function(keras.tree.map_structure(lambda a: a[piece], inputs))  # noqa: B023
        batches.append(keras.tree.map_structure(ops.convert_to_numpy, outputs))
    return keras.tree.map_structure(lambda *parts: np.concatenate(parts), *batches)


def check_count(name, value):
    if not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}")


def check_network(network, role, attribute):
    if not isinstance(network, keras.Model) or not hasattr(network, attribute):
        raise TypeError(f"{role} must be a keras.Model with an attribute {attribute!r}, got {network!r}")


def check_not_negative(name, value) -> float:
    if not np.isscalar(value) or isinstance(value, str) or not 0 <= value < np.inf:
        raise ValueError(f"{name} must be a number of at least 0, got {value!r}")
    return float(value)


def check_labels(labels, n, num_classes=None) -> np.ndarray:
    """Return labels as int32 (n,), or say what is wrong with them; None for any number of classes."""
    labels = np.asarray(labels)
    if labels.shape != (n,) or labels.dtype.kind not in "ui":
        raise ValueError(
            f"labels must be whole numbers, one for each of {n} images: expected the shape ({n},), "
            f"got {labels.shape} of {labels.dtype}"
        )
    top = np.inf if num_classes is None else num_classes - 1
    if labels.min() < 0 or labels.max() > top:
        raise ValueError(f"labels must lie in 0..{top}, got {labels.min()}..{labels.max()}")
    return labels.astype("int32")
