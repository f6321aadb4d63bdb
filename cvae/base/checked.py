"""Keras's own methods, with a look at what they are given: nothing is ignored in silence."""

from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import ops

from cvae.base.portable import PortableModel
from cvae.callbacks import StopOnNaN
from cvae.datasets.streams import Watch, is_stream
from cvae.utils.checks import check_channels_last, check_weights
from cvae.utils.images import check_images, check_shape
from cvae.utils.memory import forget_traces


class BatchMean(keras.losses.Loss):
    """The mean of per-image losses, by Keras's own reduction: it weighs by `sample_weight`, and it
    divides by the number of replicas, so that two replicas train as one does."""

    def call(self, y_true, y_pred):
        return y_pred


class CheckedModel(PortableModel):
    """A model of images whose doors all check what comes in: arrays at once, of a stream each
    batch as it passes.

    A subclass has the attribute image_shape and the methods `arrange(x, y)`, `check_arrays(x)` and
    `images_of(x)`.
    """

    FIXED: tuple[str, ...] = ()  # attributes that are built into the model

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        check_channels_last()
        self.batch_mean = BatchMean()

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.FIXED and getattr(self, "built", False):
            raise AttributeError(
                f"{name} is built into this {type(self).__name__}, a change would do nothing: make a "
                "new one, with build_vae or from get_config()"
            )
        super().__setattr__(name, value)

    def compile(
        self, optimizer: Any = "rmsprop", loss: Any = None, loss_weights: Any = None,
        metrics: Any = None, weighted_metrics: Any = None, **options,
    ) -> None:  # fmt: skip
        """As `keras.Model.compile`, but the loss is the model's own.

        Raises:
            TypeError: a loss or metrics, which would play no part.
        """
        given = {
            "loss": loss, "loss_weights": loss_weights, "metrics": metrics,
            "weighted_metrics": weighted_metrics,
        }  # fmt: skip
        for name, value in given.items():
            if value is not None:
                raise TypeError(
                    f"compile takes no {name}: the loss of a {type(self).__name__} is -ELBO, by its "
                    f"likelihood, and it logs loss, reconstruction and kl; got {name}={value!r}"
                )
        super().compile(optimizer, **options)

    def fit(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, epochs: int = 1,
        verbose: int | str = "auto", callbacks: Any = None, validation_split: float = 0.0,
        validation_data: Any = None, shuffle: bool = True, class_weight: dict | None = None,
        sample_weight: Any = None, **options,
    ) -> keras.callbacks.History:  # fmt: skip
        """Train as `keras.Model.fit` does, after a look at the data.

        Args:
            x: images (n, height, width, channels), uint8 or float in [0, 1]; or a `tf.data.Dataset`,
                `PyDataset`, generator or `DataLoader` of such batches, each checked as it passes.
                `ConditionalVAE`: {"image": images, "label": labels}, or images here and labels as y.
            y: images of the same shape, to be rebuilt in place of x: x is a noisy version of y.
            sample_weight: (n,), how much each image counts.
            class_weight: {label: weight}, for a `ConditionalVAE`.
            validation_data: like x; or (x, y), (x, y, sample_weight).
            batch_size, epochs, verbose, callbacks, validation_split, shuffle, and more: Keras's.

        Source: Im et al. (2017), "Denoising criterion for variational auto-encoding framework", for y.

        Raises:
            ValueError, TypeError: data that the model cannot be trained on, arguments that do not
                go together; of arrays before training starts.
            FloatingPointError: the loss became NaN, with epoch, batch and what to try.
        """
        watches = []
        weighted = class_weight is not None and not is_stream(x)
        if weighted and validation_split and validation_data is None:
            # Weights of classes are for training alone: Keras would split what has them already.
            data = self.prepare(watches, x, y, sample_weight)
            (x, y, sample_weight), validation_data = split(data, validation_split)
            validation_split = 0.0
        x, y, weights = self.prepare(watches, x, y, sample_weight, class_weight)
        if validation_data is not None:
            parts = validation_data if isinstance(validation_data, tuple | list) else (validation_data,)
            validation_data = self.prepare(watches, *parts)
        try:
            with own_words(watches):
                return super().fit(
                    x, y, batch_size, epochs, verbose,
                    # The first, so that no callback makes a backup of spoilt weights.
                    [StopOnNaN(), *keras.tree.flatten(callbacks or [])], validation_split,
                    validation_data, shuffle, None, weights, **options,
                )  # fmt: skip
        finally:
            forget_traces()

    def evaluate(
        self, x: Any = None, y: Any = None, batch_size: int | None = None,
        verbose: int | str = "auto", sample_weight: Any = None, **options,
    ) -> float | list[float] | dict[str, float]:  # fmt: skip
        """loss, reconstruction and kl as `keras.Model.evaluate` gives them; x and y as for `fit`."""
        watches = []
        if not options.get("_use_cached_eval_dataset"):  # else `fit` calls, which has checked them
            x, y, sample_weight = self.prepare(watches, x, y, sample_weight)
        with own_words(watches):
            return super().evaluate(x, y, batch_size, verbose, sample_weight, **options)

    def predict(self, x: Any, *args, **options) -> dict[str, np.ndarray]:
        """What `call` gives, of NumPy arrays, as `keras.Model.predict` does; x as for `fit`."""
        watches = []
        x, _, _ = self.prepare(watches, x)
        with own_words(watches):
            return super().predict(x, *args, **options)

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: dict | None = None,
        return_dict: bool = False,
    ):  # fmt: skip
        """As `keras.Model.train_on_batch`; x and y as for `fit`."""
        batch = self.prepare([], x, y, sample_weight, class_weight)
        return super().train_on_batch(*batch, return_dict=return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False):
        """As `keras.Model.test_on_batch`; x and y as for `fit`."""
        return super().test_on_batch(*self.prepare([], x, y, sample_weight), return_dict=return_dict)

    def predict_on_batch(self, x: Any) -> dict[str, np.ndarray]:
        """As `keras.Model.predict_on_batch`; x as for `fit`."""
        return super().predict_on_batch(self.prepare([], x)[0])

    def prepare(self, watches, x, y=None, sample_weight=None, class_weight=None) -> tuple:
        """x, y and weights as Keras is to have them; a stream's watch is added to `watches`."""
        if is_stream(x):
            given = {"y": y, "sample_weight": sample_weight, "class_weight": class_weight}
            for name, value in given.items():
                if value is not None:
                    raise TypeError(
                        f"{name} does not go with a stream, whose batches are (x, y, sample_weight)"
                    )
            watches.append(Watch(self.arrange_batch, self.check_batch))
            return watches[-1](x), None, None
        x, y, weights = self.check_batch(*self.arrange_batch(x, y, sample_weight))
        if class_weight is not None:
            by_class = self.weights_by_class(x, class_weight)
            weights = by_class if weights is None else weights * by_class
        return self.with_target(x, y, weights)

    def arrange_batch(self, x, y=None, weights=None) -> tuple:
        """x, y and weights as the model wants them; by their shapes, for they may be symbols."""
        return self.with_target(*self.arrange(x, y), weights)

    def with_target(self, x, y, weights) -> tuple:
        """Keras drops weights where there is no y."""
        return x, self.images_of(x) if y is None and weights is not None else y, weights

    def check_batch(self, x, y=None, weights=None) -> tuple:
        """Arrays as the model takes them, or an error that says what is wrong with them."""
        x = self.check_arrays(x)
        n = len(self.images_of(x))
        if y is not None:
            y = check_images(y, self.image_shape)
            if len(y) != n:
                raise ValueError(f"y must hold an image for each of x, got {len(y)} for {n}")
        return x, y, None if weights is None else check_weights(weights, n)

    def weights_by_class(self, x, class_weight) -> np.ndarray:
        """The weight of each image by its class."""
        raise TypeError(
            f"class_weight needs labels, and a {type(self).__name__} has none: give sample_weight, one "
            "weight for each image"
        )

    def own_losses(self, losses: list, per_image: Any) -> Any:
        """The sum of what the networks add to the loss, by regularisers and `add_loss`; as a mean over
        the batch, which replicas share as they share the rest."""
        if not losses:
            return 0.0
        total = sum(ops.sum(ops.cast(loss, "float32")) for loss in losses)
        return self.batch_mean(per_image, total * ops.ones_like(per_image))


def split(data, fraction: float) -> tuple:
    """Arrays without their last rows, and those, as Keras's validation_split has it."""
    n = len(keras.tree.flatten(data)[0])
    first = int(np.floor(n * (1 - fraction)))
    if not 0 < first < n:
        raise ValueError(
            f"validation_split must leave images on both sides, got {fraction} of {n} images"
        )
    parts = [
        keras.tree.map_structure(lambda a: None if a is None else a[rows], data)  # noqa: B023
        for rows in (slice(0, first), slice(first, n))
    ]
    return parts[0], parts[1]


def known_shape(array) -> tuple | None:
    """The shape of an array, of nested lists, or of a symbol; None where that is not known."""
    shape = np.shape(array) if isinstance(array, list | tuple) else getattr(array, "shape", None)
    return None if shape is None or getattr(shape, "rank", 0) is None else tuple(shape)


def check_known_shape(images, image_shape) -> None:
    """`check_shape` of an array or a symbol, as far as it is known."""
    if not isinstance(images, list | tuple) and (shape := known_shape(images)) is not None:
        check_shape(shape, image_shape)


def check_known_labels(labels) -> None:
    """Raises ValueError for labels that cannot be class numbers, as far as a symbol says."""
    shape = known_shape(labels)
    if isinstance(labels, list | tuple | np.ndarray) or shape is None:
        return  # arrays are looked at
    kind = keras.backend.standardize_dtype(labels.dtype)
    if len(shape) != 1 or "int" not in kind:
        hint = ": tf.argmax(label, axis=-1) makes numbers of one-hot labels" if len(shape) == 2 else ""
        raise ValueError(
            f"labels must be whole numbers, one for each image: expected batches of shape (n,), got "
            f"{shape} of {kind}{hint}"
        )


def check_target(y) -> None:
    """Raises TypeError for a y that cannot be images; by its shape, for it may be a symbol."""
    shape = known_shape(y)
    if shape is not None and len(shape) != 4:
        raise TypeError(
            "y must be images, (n, height, width, channels), to rebuild in place of x; got the shape "
            f"{shape}. Labels are for a ConditionalVAE; leave them out here, of a stream with "
            "stream.map(lambda image, label: image)"
        )


@contextmanager
def own_words(watches):
    """The error that a watch raised, in place of what TensorFlow makes of it."""
    try:
        yield
    except Exception:
        for watch in watches:
            if watch.error is not None:
                raise watch.error from None
        raise
