"""Streams of batches, with a look at each batch as it passes: nothing is read twice, nothing lost."""

import copy
import types
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from cvae.utils.images import BinaryIntegers


def is_stream(x) -> bool:
    """Whether `fit` takes batches from x: a `PyDataset`, a `tf.data.Dataset`, a generator or a
    `DataLoader`."""
    return isinstance(x, keras.utils.PyDataset | types.GeneratorType) or any(
        hasattr(x, name) for name in ("element_spec", "collate_fn")
    )


class Watch:
    """Streams whose batches go through two functions on their way.

    Args:
        arrange: (x, y, weights) of a batch -> the same as the model wants them. It looks at shapes only.
        check: (x, y, weights) of arrays; raises for what is wrong with them.

    Attributes:
        error: the first that `check` raised. TensorFlow makes errors of its own from those that are
            raised while it reads.
    """

    def __init__(self, arrange: Callable, check: Callable):
        self.arrange, self._check, self.error = arrange, check, None
        self.number, self.grey = 0, False  # of the batch; whether one had grey levels for certain

    def check(self, parts) -> None:
        self.number += 1
        try:
            self.look_at(parts)
        except (ValueError, TypeError) as error:
            self.error = self.error or in_batch(self.number, error)
            raise self.error from error

    def look_at(self, parts):
        try:
            self._check(*parts)
        except BinaryIntegers:
            if not self.grey:
                raise
            # A batch of dark photographs; what else is in it is still to be looked at.
            self._check(*keras.tree.map_structure(lambda a: a / 255 if np.ndim(a) == 4 else a, parts))
        if not self.grey:
            images = np.asarray(keras.tree.flatten(parts)[0])
            self.grey = images.dtype.kind in "ui" and images.max() > 1

    def __call__(self, x: Any) -> Any:
        """The stream x, watched."""
        if isinstance(x, keras.utils.PyDataset):
            if x.num_batches == 0:
                raise ValueError("the data set is empty: it has length 0, no batch")
            return WatchedDataset(x, self.pass_on)
        if hasattr(x, "element_spec"):  # one that is distributed already cannot be mapped any more
            return self.tf_dataset(x) if hasattr(x, "map") else x
        if hasattr(x, "collate_fn"):  # a torch DataLoader
            loader, collate = copy.copy(x), x.collate_fn
            loader.collate_fn = lambda rows: self.pass_on(collate(rows))
            return loader
        return (self.pass_on(batch) for batch in x)

    def pass_on(self, batch):
        parts = self.arrange(*unpack(batch))
        self.check(parts)
        return pack(parts)

    def tf_dataset(self, x):
        """A `tf.data.Dataset`; its batches are arranged in its graph, checked by NumPy."""
        import tensorflow as tf

        if int(x.cardinality()) == 0:
            raise ValueError("the data set is empty: it holds no batch")
        self.arrange(*unpack(x.element_spec))  # an error now is not in TensorFlow's words
        if any(spec.shape.rank is None for spec in tf.nest.flatten(x.element_spec)):
            raise ValueError(
                "the data set does not say how many axes its batches have: give from_generator an "
                "output_signature"
            )

        def watch(*batch):
            parts = self.arrange(*unpack(batch[0] if len(batch) == 1 else batch))
            flat = tf.nest.flatten([part for part in parts if part is not None])

            def look(*arrays):
                known = iter(arrays)
                self.check([p if p is None else tf.nest.map_structure(lambda _: next(known), p)
                            for p in parts])  # fmt: skip
                return np.True_

            with tf.control_dependencies([tf.numpy_function(look, flat, tf.bool)]):
                return pack(tf.nest.map_structure(lambda t: t if t is None else tf.identity(t), parts))

        return x.map(tf.autograph.experimental.do_not_convert(watch))


class WatchedDataset(keras.utils.PyDataset):
    """A `PyDataset` whose batches go through a function."""

    def __init__(self, batches, change):
        super().__init__(batches.workers, batches.use_multiprocessing, batches.max_queue_size)
        self.batches, self.change = batches, change

    @property
    def num_batches(self):
        return self.batches.num_batches

    def __getitem__(self, index):
        return self.change(self.batches[index])

    def on_epoch_begin(self):
        self.batches.on_epoch_begin()

    def on_epoch_end(self):
        self.batches.on_epoch_end()


def in_batch(number: int, error: Exception) -> Exception:
    """The error, with the place in the stream."""
    return type(error)(f"batch {number} of the stream: {error}")


def unpack(batch) -> tuple:
    """x, y and weights of a batch as Keras takes it; None for what it has not."""
    parts = tuple(batch) if isinstance(batch, tuple | list) else (batch,)
    if not 1 <= len(parts) <= 3:
        raise ValueError(
            f"a batch must be images, (images, target) or (images, target, weights), got {len(parts)} "
            "parts"
        )
    return (*parts, None, None)[:3]


def pack(parts) -> tuple:
    """A batch as Keras takes it, without the parts that are None."""
    x, y, weights = parts
    return (x,) if y is None else (x, y) if weights is None else (x, y, weights)
