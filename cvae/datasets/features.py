"""What TFDS says of a data set before a row is read, and whether that is images with classes."""

import numpy as np


def check_features(name, features) -> None:
    """Raises ValueError if these features of TFDS are not images with one class each."""
    if not {"image", "label"} <= set(features or {}):
        raise ValueError(
            f"{name} has no image and label, but {sorted(features or {})}: choose an "
            "image-classification set, such as mnist, fashion_mnist, cifar10 or stanford_dogs"
        )
    image = features["image"]
    rank = len(image.shape) if isinstance(image.shape, tuple) else None
    if rank != 3 or np.dtype(image.np_dtype) not in ("uint8", "uint16"):
        raise ValueError(
            f"the image of {name} must be uint8 or uint16 of (height, width, channels), it is "
            f"{describe(image)}: read it with tfds.load and make it so yourself (floats are not scaled "
            "here, for sets differ in their range)"
        )
    if has_alpha(image) and image.shape[-1] == 2:
        raise ValueError(
            f"the images of {name} are grey with transparency, which TFDS cannot decode: choose another "
            "set, or write grey images in a builder of yours"
        )
    class_names_of(name, features["label"])


def class_names_of(name, label) -> tuple[str, ...]:
    """The names of the classes, for the feature `label` of TFDS.

    Raises:
        ValueError: it is not one class out of a known number, nor a bool.
    """
    if label.shape == () and getattr(label, "num_classes", None):
        return tuple(label.names)
    if label.shape == () and np.dtype(label.np_dtype) == bool:
        return ("False", "True")
    raise ValueError(
        f"the label of {name} must be a ClassLabel, one class out of a known number, or a bool; it is "
        f"{describe(label)}: choose another set, or declare it as tfds.features.ClassLabel in a builder "
        "of yours"
    )


def has_alpha(image) -> bool:
    """Whether the last channel is opacity, as in an encoded image of 2 or 4; a tensor does not say."""
    return hasattr(image, "encoding_format") and image.shape[-1] in (2, 4)


def shape_of(name, image, size, grayscale) -> tuple[int, int, int]:
    """(height, width, channels) of what `load` makes of the feature `image`.

    Raises:
        ValueError: they vary in size and none is given, or there is no grey of as many channels.
    """
    height, width, channels = image.shape if size is None else (size, size, image.shape[-1])
    if height is None or width is None:
        raise ValueError(
            f"the images of {name} vary in size: choose one, such as load({name!r}, size=64)"
        )
    if channels is None or has_alpha(image):
        channels = 3
    if grayscale and channels not in (1, 3):
        raise ValueError(
            f"grayscale=True needs images of 1 or 3 channels, or RGBA; those of {name} have {channels}"
        )
    return height, width, 1 if grayscale else channels


def describe(feature) -> str:
    text = " ".join(repr(feature).split())
    return text if len(text) < 100 else f"{text[:100]}..."


def check_splits(splits) -> tuple[str, str]:
    if (
        not isinstance(splits, tuple | list)
        or len(splits) != 2
        or not all(isinstance(split, str) for split in splits)
    ):
        raise ValueError(
            "splits must be two of TFDS's split strings, one to train and one to test on, such as "
            f"('train[:90%]', 'train[90%:]'); got {splits!r}"
        )
    return tuple(map(str, splits))


def count_images(name, infos, read_instruction, splits) -> tuple[int, int]:
    """The number of images of the part to train on and of that to test on.

    Args:
        infos: `builder.info.splits`.
        read_instruction: `tfds.core.ReadInstruction`.
        splits: two of TFDS's split strings.

    Raises:
        ValueError: not splits of this set, empty ones, or two that share images.
    """
    try:
        parts = [read_instruction.from_spec(split).to_absolute(infos) for split in splits]
    except (ValueError, NotImplementedError) as error:
        reason = str(error).strip().splitlines()[-1]
        raise ValueError(
            f"{name} has no splits {splits[0]!r} and {splits[1]!r}: {reason.rstrip('.')}. "
            f"{offer(name, infos)}"
        ) from error
    train, test = ([rows_of(piece, infos) for piece in part] for part in parts)
    counts = tuple(sum(end - start for _, start, end in part) for part in (train, test))
    if 0 in counts:
        raise ValueError(f"split {splits[counts.index(0)]!r} of {name} is empty. {offer(name, infos)}")
    shared = sum(
        max(0, min(end, last) - max(start, first))
        for split, start, end in train
        for other, first, last in test
        if split == other
    )
    if shared:
        raise ValueError(
            f"{splits[0]!r} and {splits[1]!r} share {shared:,} images of {name}: a model would be "
            f"tested on images that it was trained on. {offer(name, infos)}"
        )
    return counts


def rows_of(piece, infos) -> tuple[str, int, int]:
    """A piece of a split as TFDS resolves it -> the split, its first row, the row behind its last."""
    start = piece.from_ or 0
    end = infos[piece.splitname].num_examples if piece.to is None else piece.to
    return piece.splitname, start, max(start, end)


def offer(name, infos) -> str:
    """What there is to choose from."""
    there = [f"{split} ({info.num_examples:,} images)" for split, info in infos.items()]
    first, *others = sorted(infos, key=lambda split: (split != "train", split != "test", split))
    parts = (first, others[0]) if others else (f"{first}[:90%]", f"{first}[90%:]")
    return f"It has {', '.join(there)}: choose two parts, such as load({name!r}, splits={parts})"
