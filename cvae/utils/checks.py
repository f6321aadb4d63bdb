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


def check_image_shape(image_shape):
    shape = tuple(int(side) for side in np.atleast_1d(image_shape))
    if len(shape) != 3 or min(shape) < 1:
        raise ValueError(
            f"image_shape must be (height, width, channels), each at least 1; got {image_shape!r}"
        )
    return shape


def check_z(z, latent_dim) -> np.ndarray:
    """Return z as float32 (n, latent_dim), or say what is wrong with it."""
    z = np.asarray(z)
    if z.ndim != 2 or z.shape[1] != latent_dim or len(z) == 0:
        raise ValueError(f"z must be (n, {latent_dim}) with n of at least 1, got {z.shape}")
    if z.dtype.kind not in "uif" or not np.isfinite(z).all():
        raise ValueError(f"z must hold finite numbers, got {z.dtype} with NaN, infinity or no numbers")
    return z.astype("float32")


def check_stream(x, check_arrays) -> bool:
    """Whether x is a stream of batches; where its first batch can be looked at, it is checked."""
    if isinstance(x, keras.utils.PyDataset) or hasattr(x, "element_spec"):  # or a tf.data.Dataset
        batch = next(iter([x[0]] if isinstance(x, keras.utils.PyDataset) else x), None)
        if batch is None:
            raise ValueError("the data set is empty: it holds no batch to train on")
        inputs = batch[0] if isinstance(batch, tuple | list) else batch
        check_arrays(keras.tree.map_structure(np.asarray, inputs))
        return True
    return hasattr(x, "__next__") or hasattr(x, "dataset")  # a generator or a torch DataLoader
