"""Image data sets: TensorFlow Datasets -> arrays, or a stand-in where there is no network.

TensorFlow is imported when a data set is read; elsewhere only `streams` does so.
"""

import difflib
import math
import os
import warnings
from functools import lru_cache

import numpy as np

from cvae.datasets import features, stand_ins
from cvae.datasets.base import ImageDataset, balanced_choice
from cvae.datasets.connection import reachable
from cvae.utils.checks import check_count, check_flag, check_seed
from cvae.utils.environment import flag
from cvae.utils.quiet import no_stderr

OURS = ("mnist", "fashion_mnist", "cifar10", "stanford_dogs")
SPLITS = ("train", "test")
KEPT = 2**28  # bytes: the largest part of a set that is kept in memory for the next `load`


def load(
    name: str,
    *,
    grayscale: bool = False,
    size: int | None = None,
    limit: int | None = None,
    seed: int = 0,
    splits: tuple[str, str] = SPLITS,
) -> ImageDataset:
    """Load an image-classification data set of TensorFlow Datasets into memory.

    TFDS finds a prepared set in `TFDS_DATA_DIR` (or ~/tensorflow_datasets), or downloads it there. If
    it can do neither, this gives a stand-in that needs no network, and says so in one warning; with
    `CVAE_OFFLINE=error` in the environment that is an error, with `CVAE_OFFLINE=1` nothing is
    downloaded. Pixels of 16 bits are scaled to 8; what is transparent lies on white.

    Args:
        name: "mnist", "fashion_mnist", "cifar10", "stanford_dogs", or any TFDS set with the features
            image and label; with configuration and version as TFDS writes them, "name/config:1.0.0".
        grayscale: one channel, ITU-R 601 luma.
        size: resize the short side to this and cut out the centre; needed where images vary in size.
        limit: at most this many training images, as equally from the classes as they allow, drawn
            with `seed` and left in their order. Where a set is large no others are decoded.
        seed: for `limit`.
        splits: the parts to train and to test on, as TFDS writes them: ("train", "validation"), or
            ("train[:90%]", "train[90%:]") for a set without test images.

    Returns:
        A data set whose arrays are the caller's own.

    Raises:
        ValueError: an unknown name (the near ones are listed), a size or limit below 1, images that
            vary in size where no size is given, features that are not uint8 or uint16 images with one
            class each, splits that the set does not have, that are empty, or that share images.
        RuntimeError: no data and `CVAE_OFFLINE=error`.
    """
    size, limit = (
        value if value is None else check_count(argument, value)
        for argument, value in (("size", size), ("limit", limit))
    )
    splits = features.check_splits(splits)
    grayscale, seed = check_flag("grayscale", grayscale), check_seed(seed)
    builder = find_builder(name)
    shape = features.shape_of(name, builder.info.features["image"], size, grayscale)
    problem = make_ready(builder)
    if problem is None:
        source, counts = source_name(builder, splits), images_of(builder, name, splits)
        class_names = features.class_names_of(name, builder.info.features["label"])
        where = name, str(builder.data_dir), size, grayscale, shape
        train = read_part(where, splits[0], counts[0], limit, seed)
        test = read_part(where, splits[1], counts[1])
        warn_of_darkness(name, builder.info.features["image"], train[0])
        warn_of_unlabelled(name, len(class_names), dict(zip(splits, (train, test), strict=True)))
    else:
        source, class_names, train, test = stand_in(builder, shape, problem)
        if limit is not None and limit < len(train[1]):
            chosen = balanced_choice(train[1], limit, seed)
            train = train[0][chosen], train[1][chosen]
    return ImageDataset(name, source, class_names, *train, *test)


def warn_of_darkness(name, image, pixels):
    """Of 16 bits some use 12."""
    if np.dtype(image.np_dtype) == "uint16" and pixels.size and 0 < pixels.max() <= 16:
        warnings.warn(
            f"the images of {name} are nearly black: of 16 bits, they use a sixteenth at most (12 "
            "bits?), and most grey levels are lost; read the set with TFDS itself, and scale it",
            stacklevel=3,
        )


def source_of(
    name: str, *, limit: int | None = None, splits: tuple[str, str] = SPLITS
) -> tuple[str, int]:
    """`ImageDataset.source` of what `load` gives, and its number of training images.

    It reads no image; but it prepares the set, as `load` would, where TFDS has not yet done so.
    """
    limit = limit if limit is None else check_count("limit", limit)
    splits = features.check_splits(splits)
    builder = find_builder(name)
    if make_ready(builder) is None:
        source, images = source_name(builder, splits), images_of(builder, name, splits)[0]
    elif builder.name == "mnist":
        source, images = f"stand-in: {stand_ins.DIGITS}", stand_ins.DIGITS_FOR_TRAINING
    else:
        source, images = f"stand-in: {stand_ins.PICTURES}", stand_ins.PICTURES_FOR_TRAINING
    return source, images if limit is None else min(limit, images)


def find_builder(name):
    """The TFDS builder of this name, with the features that we need."""
    with no_stderr():
        import tensorflow_datasets as tfds
    try:
        builder = tfds.builder(str(name))
    # TFDS raises many exceptions, for a wrong version, a wrong configuration, a namespace that needs
    # another package or a network.
    except Exception as error:
        if not isinstance(error, tfds.core.DatasetNotFoundError) or ":" in str(name):
            reason = " ".join(str(error).split())[:300]
            raise ValueError(
                f"TFDS cannot make the data set {name!r}, which is read as name/config:version: {reason}"
            ) from error
        known = [*OURS, *tfds.list_builders(with_community_datasets=False)]
        near = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5) or OURS
        raise ValueError(
            f"unknown data set {name!r}; did you mean {' or '.join(dict.fromkeys(near))}?"
        ) from error
    features.check_features(name, builder.info.features)
    return builder


def source_name(builder, splits) -> str:
    config = f"/{builder.builder_config.name}" if builder.builder_config else ""
    parts = "" if splits == SPLITS else f", splits {splits[0]} and {splits[1]}"
    return f"TFDS {builder.name}{config} {builder.version}{parts}"


def images_of(builder, name, splits) -> tuple[int, int]:
    import tensorflow_datasets as tfds

    return features.count_images(name, builder.info.splits, tfds.core.ReadInstruction, splits)


def make_ready(builder) -> str | None:
    """Prepare the set if need be; None if it is ready, else why it cannot be had."""
    offline = flag("CVAE_OFFLINE", also=("error",))
    if builder.is_prepared():
        return None
    problem = "downloads are switched off (CVAE_OFFLINE=1)" if offline is True else download(builder)
    if problem and offline == "error":
        raise RuntimeError(
            f"{builder.name} is not in {builder.data_dir} and cannot be had: {problem}. Set "
            "TFDS_DATA_DIR to a folder that has it, or unset CVAE_OFFLINE to work on a stand-in"
        )
    return problem


def download(builder) -> str | None:
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError

    if not reachable(builder.url_infos):
        return "its download host cannot be reached"
    try:
        builder.download_and_prepare()
    # What TFDS raises for a broken connection, a refused or changed file, and a set whose files must
    # be fetched by hand.
    except (OSError, tfds.download.DownloadError, NonMatchingChecksumError, AssertionError) as error:
        return f"{type(error).__name__}: {str(error)[:200]}".splitlines()[0]
    return None


def read_part(where, split, n, limit=None, seed=0) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of a part of a prepared set, at most `limit`: arrays of the caller's own."""
    fewer = limit is not None and limit < n
    if n * math.prod(where[-1]) > KEPT:
        chosen = balanced_choice(read_labels(where[0], split), limit, seed) if fewer else None
        return read(*where, split, n, chosen)
    images, labels = read_and_keep(*where, split, n)
    chosen = balanced_choice(labels, limit, seed) if fewer else slice(None)
    return tuple(np.array(part[chosen]) for part in (images, labels))


def rows_of(builder, split, encoded):
    """The rows of a part of a prepared set in their order. Images of other names stay encoded; so does
    `image` if asked for."""
    import tensorflow_datasets as tfds

    left = {
        key: tfds.decode.SkipDecoding()
        for key, feature in builder.info.features.items()
        if isinstance(feature, tfds.features.Image) and (encoded or key != "image")
    }
    return builder.as_dataset(split=split, shuffle_files=False, decoders=left)


def read_labels(name, split) -> np.ndarray:
    import tensorflow_datasets as tfds

    rows = rows_of(tfds.builder(name), split, encoded=True).map(lambda row: row["label"])
    return np.concatenate(list(rows.batch(1024).as_numpy_iterator()))


def read(name, data_dir, size, grayscale, shape, split, n, chosen=None):
    """Read a part of a prepared set: images (n, *shape) uint8, labels (n,) int64.

    data_dir only tells sets of one name apart, should TFDS_DATA_DIR change between two calls.

    Args:
        n: the number of images in it.
        chosen: the indices of those to read, in order; None for all.
    """
    import tensorflow as tf
    import tensorflow_datasets as tfds

    builder = tfds.builder(name)
    feature = builder.info.features["image"]
    ready = chosen is None and (feature.shape, np.dtype(feature.np_dtype)) == (shape, np.uint8)
    rows = rows_of(builder, split, encoded=not ready)
    if chosen is not None:
        wanted, n = tf.constant(np.isin(np.arange(n), chosen)), len(chosen)
        rows = rows.enumerate().filter(lambda index, row: wanted[index])
        rows = rows.map(lambda index, row: row)
    specs = tf.nest.flatten(rows.element_spec)  # what varies in size cannot be batched
    if not ready or not all(spec.shape.is_fully_defined() for spec in specs):
        rows = rows.map(
            lambda row: {
                "image": prepare(decode(row["image"], feature), size, grayscale), "label": row["label"],
            },
            num_parallel_calls=os.cpu_count(),
        )  # fmt: skip
    # Into arrays made before: one batch of all would lie in memory twice.
    images, labels, end = np.empty((n, *shape), "uint8"), np.empty(n, "int64"), 0
    for some in rows.batch(64).as_numpy_iterator():
        start, end = end, end + len(some["label"])
        images[start:end], labels[start:end] = some["image"], some["label"]
    return images, labels


read_and_keep = lru_cache(maxsize=4)(read)


def decode(image, feature):
    """One image, encoded or not -> uint8 pixels, without transparency."""
    import tensorflow as tf

    if image.dtype == tf.string:
        image = feature.decode_example(image)
    if image.dtype == tf.uint16:
        image = tf.cast(tf.round(tf.cast(image, "float32") / 257), "uint8")
    return to_rgb(image) if features.has_alpha(feature) or feature.shape[-1] is None else image


def to_rgb(image):
    """One uint8 image, grey or RGB, transparent or not -> RGB, on white."""
    import tensorflow as tf

    channels = tf.shape(image)[-1]
    colors = channels - 1 + channels % 2
    pixels = tf.cast(image, "float32")
    opacity = tf.where(channels % 2 == 0, pixels[..., -1:] / 255, 1.0)
    pixels = pixels[..., :colors] * opacity + 255 * (1 - opacity)
    pixels = tf.repeat(pixels, 3 // colors, axis=-1)
    return tf.ensure_shape(tf.cast(tf.round(pixels), "uint8"), (None, None, 3))


def prepare(image, size, grayscale):
    """One uint8 image -> resized, cropped and grey as asked for, uint8."""
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


def warn_of_unlabelled(name, classes, parts):
    """TFDS gives the label -1 to the images of a split that has none."""
    for split, (_, labels) in parts.items():
        without = np.sum((labels < 0) | (labels >= classes))
        if without:
            warnings.warn(
                f"{without:,} of the {len(labels):,} images of {name}, split {split!r}, are of none "
                f"of its {classes} classes (label {labels.min()}): leave their labels alone, or choose "
                "other splits",
                stacklevel=3,
            )


def stand_in(builder, shape, problem):
    """Source, class names and arrays like those of the real set, made up, and one loud warning."""
    classes = len(features.class_names_of(builder.name, builder.info.features["label"]))
    if builder.name == "mnist":
        what, (train, test) = stand_ins.DIGITS, stand_ins.digits(shape[0])
    else:
        what, (train, test) = stand_ins.PICTURES, stand_ins.pictures(shape[:2], shape[2], classes)
    missing = classes - len(np.unique(train[1]))
    some = f"; {missing:,} of its {classes:,} classes have no training image in it" if missing else ""
    warnings.warn(
        f"{builder.name.upper()} IS NOT HERE: {problem}. You get a stand-in, {what}: good for trying "
        f"the code, not for results{some}. Connect to the network once, or set TFDS_DATA_DIR to a "
        "folder that TFDS has prepared",
        stacklevel=3,
    )
    return f"stand-in: {what}", tuple(map(str, range(classes))), train, test
