"""Oversampling of rare classes with data augmentation, as one of imbalanced-learn's samplers."""

from typing import ClassVar

import keras
import numpy as np
from sklearn.utils import check_random_state

from cvae.networks.base import parts_of
from cvae.oversampling import columns
from cvae.utils.checks import in_turn
from cvae.utils.images import to_float


class ImageAugmentOverSampler(columns.TableOverSampler):
    """Copies of the images of rare classes, each changed at random by Keras's preprocessing layers.

    A drop-in for imbalanced-learn's samplers, as `VAEOverSampler` is: the originals, untouched and in
    their order, followed by the copies. It is the method to beat where you know a change that leaves the
    class what it is.

    Parameters
    ----------
    sampling_strategy : str, dict, callable or float, default="auto"
        As for every over-sampler of imbalanced-learn.

    image_shape : array-like of int
        (height, width, channels) of the images whose pixels are the columns of X, uint8 or in [0, 1].

    augment : keras.layers.Layer, or a list of them
        What changes the copies, called with training=True on float32 images in [0, 1], those of one
        class at a time: for example
        `[keras.layers.RandomRotation(10 / 360), keras.layers.RandomTranslation(0.1, 0.1)]`. Layers that
        ask for a `value_range` need (0, 1). They compute in their own precision.

    random_state : int, RandomState instance or None, default=None
        Seed of the order and of what the layers draw; their own seeds and states play no part and come
        to no harm.

    Attributes
    ----------
    sampling_strategy_ : dict
        {class: rows to generate}.

    Raises
    ------
    ValueError
        From `fit_resample`: an image_shape that does not fit the columns, pixels that are neither uint8
        nor in [0, 1], layers that change the shape, leave [0, 1] or expect another range.
    TypeError
        augment that is no layer.

    Notes
    -----
    Each image of a class is copied about equally often.

    References
    ----------
    .. [1] C. Shorten, T. M. Khoshgoftaar, "A survey on image data augmentation for deep learning",
       Journal of Big Data, 2019.

    Examples
    --------
    >>> import keras
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from cvae import ImageAugmentOverSampler
    >>> X, y = load_digits(n_class=2, return_X_y=True)
    >>> keep = (y == 0) | (np.arange(len(y)) < 40)  # ones are rare
    >>> turn = keras.layers.RandomRotation(10 / 360, "constant")
    >>> sampler = ImageAugmentOverSampler(image_shape=(8, 8, 1), augment=turn, random_state=0)
    >>> _, y_new = sampler.fit_resample(X[keep] / 16, y[keep])
    >>> np.bincount(y[keep]), np.bincount(y_new)
    (array([178,  19]), array([178, 178]))
    """

    _parameter_constraints: ClassVar[dict] = {
        **columns.TableOverSampler._parameter_constraints,
        "image_shape": ["array-like"],
        "augment": [keras.layers.Layer, list, tuple],
    }

    def __init__(self, sampling_strategy="auto", *, image_shape, augment, random_state=None):
        super().__init__(sampling_strategy=sampling_strategy)
        self.image_shape = image_shape
        self.augment = augment
        self.random_state = random_state

    def _fit_resample(self, X, y):
        images, _, back = columns.as_images(columns.split(X), self.image_shape)
        classes, labels = np.unique(y, return_inverse=True)
        wanted = columns.rows_wanted(self.sampling_strategy_, classes)
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        rng = np.random.default_rng(seed)
        made = [np.empty((0, *images.shape[1:]), "float32")]
        for n, count in wanted.items():  # class by class, for layers that mix the images of a batch
            members = np.flatnonzero(labels == n)
            chosen = members[in_turn(len(members), count, rng)]
            made.append(augmented(images[chosen], self.augment, seed + n))
        return columns.append(X, back(np.concatenate(made))), columns.labels_with(y, classes, wanted)


def augmented(images: np.ndarray, augment, seed: int, batch_size: int = 512) -> np.ndarray:
    """Images that layers have changed, each in its own way: float32 in [0, 1].

    Args:
        images: (n, height, width, channels), uint8 or in [0, 1].
        augment: a Keras layer, or a list of them.
        seed: of all that they draw; afterwards their own random states are what they were.

    Raises:
        TypeError, ValueError: as `ImageAugmentOverSampler`.
    """
    layers = list(augment) if isinstance(augment, list | tuple) else [augment]
    if not layers or not all(isinstance(layer, keras.layers.Layer) for layer in layers):
        raise TypeError(
            f"augment must be a Keras layer or a list of them, such as keras.layers.RandomFlip(); got "
            f"{augment!r}"
        )
    for layer in layers:
        check_value_range(layer)
    states = [state for layer in layers for state in layer.variables]
    before = [np.copy(keras.ops.convert_to_numpy(state)) for state in states]
    try:
        for index, state in enumerate(s for layer in layers for s in random_states(layer)):
            state.assign(np.random.SeedSequence([seed, index]).generate_state(2) % 2**31)
        made = [np.empty((0, *images.shape[1:]), "float32")]
        for start in range(0, len(images), batch_size):
            batch = to_float(images[start : start + batch_size])
            for layer in layers:
                batch = layer(batch, training=True)
            made.append(check_augmented(keras.ops.convert_to_numpy(batch), images))
    finally:
        for state, value in zip(states, before, strict=True):
            state.assign(value)
    return np.concatenate(made)


def check_value_range(layer) -> None:
    """Raises ValueError for a layer, or one within it, that expects images of another range."""
    for part in parts_of(layer):
        known = getattr(part, "value_range", (0, 1))
        if tuple(known) != (0, 1):
            raise ValueError(
                f"{type(part).__name__} has value_range={tuple(known)}, but it gets images in [0, 1]: "
                "make it with value_range=(0, 1)"
            )


def random_states(layer) -> list:
    """The states of a layer's random numbers: Keras counts them among its variables, not its weights."""
    weights = {id(weight) for weight in layer.weights}
    return [v for v in layer.variables if id(v) not in weights and tuple(v.shape) == (2,)]


def check_augmented(batch, images):
    """A batch that came out of layers as float32 in [0, 1], or an error that says what they did."""
    if batch.shape[1:] != images.shape[1:]:
        raise ValueError(
            f"augment must leave the shape of images, {images.shape[1:]}, as it is, got "
            f"{batch.shape[1:]}"
        )
    batch = batch.astype("float32")
    if not (batch.min() > -0.1 and batch.max() < 1.1):  # an interpolation may overshoot a little
        raise ValueError(
            f"augment must give images in [0, 1], got {batch.min():.4g} to {batch.max():.4g}: layers "
            "that take a value_range need (0, 1), noise must be small"
        )
    return batch.clip(0, 1)
