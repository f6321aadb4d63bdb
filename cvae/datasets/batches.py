"""Batches for `fit` that are new in every epoch: in another order, flipped and turned."""

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from cvae.utils.checks import check_count, check_labels
from cvae.utils.images import check_images, to_float


class ImageBatches(keras.utils.PyDataset):
    """Batches of images in an order that is new in every epoch; a subclass may change them.

    With labels, batches are what a `ConditionalVAE` takes. Without `shuffle` the order is that of the
    images.

    Raises:
        ValueError: fewer images than a batch holds, a batch size below 1, not a label for each image.
    """

    def __init__(self, images, batch_size, seed, labels=None, shuffle=True):
        super().__init__()
        self.images, self.shuffle = check_images(images), shuffle
        self.labels = None if labels is None else check_labels(labels, len(self.images))
        batch_size = check_count("batch_size", batch_size)
        if batch_size > len(self.images):
            raise ValueError(
                f"batch_size must be 1 to {len(self.images)}, the number of images; got {batch_size}"
            )
        self.batch_size, self.seed, self.rng = batch_size, seed, np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self):
        return -(-len(self.images) // self.batch_size)

    def change(self, images, index):
        """What becomes of the images of a batch."""
        return images

    def __getitem__(self, index):
        chosen = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        images = self.change(self.images[chosen], index)
        if self.labels is None:
            return (images,)
        return ({"image": images, "label": self.labels[chosen]},)

    def on_epoch_end(self):
        n = len(self.images)
        self.order = self.rng.permutation(n) if self.shuffle else np.arange(n)

    def release(self):
        """See `Batches.release`."""
        self.images = self.labels = None


class FlipsAndRotations(ImageBatches):
    """Batches of images, each turned by a random angle, half of them flipped left to right.

    Keras's `RandomFlip` and `RandomRotation`; corners that turn in from outside are filled by
    reflection. Give it to `fit` in place of the images.

    Args:
        images: (n, height, width, channels), as `check_images` takes them.
        batch_size: images a batch; the last batch of an epoch has what is left.
        degrees: the largest angle, either way.
        seed: for the order, the flips and the angles.
        labels: (n,), for a `ConditionalVAE`.

    Raises:
        ValueError: fewer images than a batch holds, a batch size below 1, degrees outside [0, 180].
    """

    def __init__(
        self,
        images: ArrayLike,
        batch_size: int = 32,
        degrees: float = 10.0,
        seed: int = 0,
        labels: ArrayLike | None = None,
    ):
        super().__init__(images, batch_size, seed, labels)
        if not 0 <= degrees <= 180:
            raise ValueError(f"degrees must be 0 to 180, got {degrees}")
        self.degrees = degrees
        # Two seeds: with one, both layers draw the same numbers, and what is flipped turns one way only.
        flip, turn = map(int, np.random.SeedSequence(seed).generate_state(2) % 2**31)
        self.layers = [
            keras.layers.RandomFlip("horizontal", seed=flip, dtype="float32"),
            keras.layers.RandomRotation(degrees / 360, "reflect", seed=turn, dtype="float32"),
        ]

    def change(self, images, index):
        images = to_float(images)
        for layer in self.layers:
            images = layer(images, training=True)
        return np.clip(ops.convert_to_numpy(images), 0, 1)


class Batches(keras.utils.PyDataset):
    """This many training steps in epochs of about a hundred, however few the images are.

    All come in random order, each once before any comes again; a batch may hold the end of one round
    and the start of the next.

    Args:
        inputs: what `fit` takes, arrays in tuples and dicts: (images,) or (images, labels) ...
        batch_size, steps, seed: how many at a time, how many batches in all (rounded up to whole
            epochs), and the order.
    """

    def __init__(self, inputs, batch_size, steps, seed=0):
        super().__init__()
        self.inputs, self.batch_size = inputs, check_count("batch_size", batch_size)
        self.epochs = -(-check_count("steps", steps) // 100)
        self.steps_per_epoch = -(-steps // self.epochs)
        self.rng = np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self):
        return self.steps_per_epoch

    def __getitem__(self, index):
        chosen = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        return keras.tree.map_structure(lambda a: a[chosen], self.inputs)

    def release(self):
        """Let go of the arrays after training: TensorFlow keeps every `PyDataset` that `fit` has read
        for as long as the process lives, and they would stay in memory with it."""
        self.inputs = None

    def on_epoch_end(self):
        wanted, n = self.steps_per_epoch * self.batch_size, len(keras.tree.flatten(self.inputs)[0])
        rounds = [self.rng.permutation(n) for _ in range(-(-wanted // n))]
        self.order = np.concatenate(rounds)[:wanted]
