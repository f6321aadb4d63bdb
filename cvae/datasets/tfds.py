"""Image data sets: TensorFlow Datasets -> arrays, or a stand-in where there is no network.

The only module that imports TensorFlow, and only when a data set is read.
"""

import difflib
import os
import socket
import warnings
from functools import lru_cache
from urllib.parse import urlsplit

import numpy as np

from cvae.datasets import stand_ins
from cvae.datasets.base import ImageDataset, balanced_choice
from cvae.utils.checks import check_count
from cvae.utils.quiet import no_stderr

OURS = ("mnist", "fashion_mnist", "cifar10", "stanford_dogs")


def load(
    name: str,
    *,
    grayscale: bool = False,
    size: int | None = None,
    limit: int | None = None,
    seed: int = 0,
) -> ImageDataset:
    """Load an image-classification data set of TensorFlow Datasets into memory.

    TFDS finds a prepared set in `TFDS_DATA_DIR` (or ~/tensorflow_datasets), or downloads it there. If
    it can do neither, this gives a stand-in that needs no network, and says so in one warning; with
    `CVAE_OFFLINE=error` in the environment that is an error, with `CVAE_OFFLINE=1` nothing is
    downloaded.

    Args:
        name: "mnist", "fashion_mnist", "cifar10", "stanford_dogs", or any TFDS set with the features
            image and label and the splits train and test.
        grayscale: one channel, ITU-R 601 luma.
        size: resize the short side to this and cut out the centre; needed where images vary in size.
        limit: at most this many training images, as equally from the classes as they allow, drawn
            with `seed` and left in their order.
        seed: for `limit`.

    Raises:
        ValueError: an unknown name (the near ones are listed), a size or limit below 1, images that
            vary in size where no size is given, a set without image and label.
        RuntimeError: no data and `CVAE_OFFLINE=error`.
    """
    for argument, value in (("size", size), ("limit", limit)):
        if value is not None:
            check_count(argument, value)
    builder = find_builder(name)
    problem = make_ready(builder)
    if problem is None:
        source, class_names, train, test = read(name, str(builder.data_dir), size, grayscale)
    else:
        source, class_names, train, test = stand_in(builder, size, grayscale, problem)
    x_train, y_train = (np.array(part) for part in train)
    if limit is not None and limit < len(x_train):
        chosen = balanced_choice(y_train, limit, seed)
        x_train, y_train = x_train[chosen], y_train[chosen]
    return ImageDataset(name, source, class_names, x_train, y_train, *map(np.array, test))


def source_of(name: str, *, limit: int | None = None) -> tuple[str, int]:
    """`ImageDataset.source` of what `load` gives, and its number of training images.

    It reads no image; but it prepares the set, as `load` would, where TFDS has not yet done so.
    """
    builder = find_builder(name)
    if make_ready(builder) is None:
        source, images = f"TFDS {name} {builder.version}", builder.info.splits["train"].num_examples
    elif name == "mnist":
        source, images = f"stand-in: {stand_ins.DIGITS}", stand_ins.DIGITS_FOR_TRAINING
    else:
        source, images = f"stand-in: {stand_ins.PICTURES}", stand_ins.PICTURES_FOR_TRAINING
    return source, images if limit is None else min(limit, images)


def find_builder(name):
    """The TFDS builder of this name, with the features that we need."""
    with no_stderr():
        import tensorflow_datasets as tfds
    try:
        builder = tfds.builder(name)
    except (tfds.core.DatasetNotFoundError, TypeError, AttributeError) as error:
        known = [*OURS, *tfds.list_builders(with_community_datasets=False)]
        near = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5) or OURS
        raise ValueError(
            f"unknown data set {name!r}; did you mean {' or '.join(dict.fromkeys(near))}?"
        ) from error
    features = builder.info.features or {}
    if not {"image", "label"} <= set(features):
        raise ValueError(
            f"{name} has no image and label, but {sorted(features)}: choose an image-classification "
            f"set, such as {', '.join(OURS)}"
        )
    return builder


def make_ready(builder) -> str | None:
    """Prepare the set if need be; None if it is ready, else why it cannot be had."""
    if builder.is_prepared():
        return None
    offline = os.environ.get("CVAE_OFFLINE", "")
    problem = "downloads are switched off (CVAE_OFFLINE=1)" if offline == "1" else download(builder)
    if problem and offline == "error":
        raise RuntimeError(
            f"{builder.name} is not in {builder.data_dir} and cannot be had: {problem}. Set "
            "TFDS_DATA_DIR to a folder that has it, or unset CVAE_OFFLINE to work on a stand-in"
        )
    return problem


def download(builder) -> str | None:
    import tensorflow_datasets as tfds

    if not reachable(builder):
        return "its download host cannot be reached"
    try:
        builder.download_and_prepare()
    # What TFDS raises for a broken connection, a refused or changed file, and a set whose files must
    # be fetched by hand.
    except (OSError, tfds.download.DownloadError, AssertionError) as error:
        return f"{type(error).__name__}: {str(error)[:200]}".splitlines()[0]
    return None


def reachable(builder, timeout=5.0) -> bool:
    """Whether a host that TFDS would download from answers. TFDS alone retries for over three
    minutes before it gives up."""
    if os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy"):
        return True  # a proxy resolves the names; only trying can tell
    for url in list(builder.url_infos)[:1]:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            socket.create_connection((parts.hostname, port), timeout).close()
        except OSError:
            return False
    return True


@lru_cache(maxsize=2)
def read(name, data_dir, size, grayscale):
    """Read a prepared set: source, class names, (x_train, y_train), (x_test, y_test).

    data_dir only tells sets of one name apart, should TFDS_DATA_DIR change between two calls.
    """
    import tensorflow_datasets as tfds

    builder = tfds.builder(name)
    features, splits = builder.info.features, builder.info.splits
    if size is None and None in features["image"].shape:
        raise ValueError(
            f"the images of {name} vary in size: choose one, such as load({name!r}, size=64)"
        )
    if not {"train", "test"} <= set(splits):
        raise ValueError(f"{name} must have the splits train and test, it has {sorted(splits)}")
    parts = []
    for split in ("train", "test"):
        rows = builder.as_dataset(split=split, shuffle_files=False)
        if size is not None or grayscale:
            rows = rows.map(
                lambda row: row | {"image": prepare(row["image"], size, grayscale)},
                num_parallel_calls=os.cpu_count(),
            )
        whole = rows.batch(splits[split].num_examples).get_single_element()
        parts.append((whole["image"].numpy(), whole["label"].numpy()))
    return f"TFDS {name} {builder.version}", tuple(features["label"].names), *parts


def prepare(image, size, grayscale):
    """One uint8 image as TFDS gives it -> resized, cropped and grey as asked for, uint8."""
    import tensorflow as tf

    if grayscale and image.shape[-1] == 3:
        image = tf.image.rgb_to_grayscale(image)
    if size is None:
        return image
    short = tf.cast(tf.reduce_min(tf.shape(image)[:2]), "float32")
    sides = tf.cast(tf.shape(image)[:2], "float32") * (size / short)
    image = tf.image.resize(image, tf.cast(tf.round(sides), "int32"), antialias=True)
    image = tf.image.resize_with_crop_or_pad(image, size, size)
    return tf.cast(tf.clip_by_value(tf.round(image), 0, 255), "uint8")


def stand_in(builder, size, grayscale, problem):
    """The same as `read` gives, without the real images, and one loud warning."""
    height, _, channels = builder.info.features["image"].shape
    classes = builder.info.features["label"].num_classes
    side, channels = size or height or 64, 1 if grayscale else channels
    if builder.name == "mnist":
        what, (train, test) = stand_ins.DIGITS, stand_ins.digits(side)
    else:
        what, (train, test) = stand_ins.PICTURES, stand_ins.pictures(side, channels, classes)
    warnings.warn(
        f"{builder.name.upper()} IS NOT HERE: {problem}. You get a stand-in, {what}: good for trying "
        "the code, not for results. Connect to the network once, or set TFDS_DATA_DIR to a folder "
        "that TFDS has prepared",
        stacklevel=3,
    )
    return f"stand-in: {what}", tuple(map(str, range(classes))), train, test
