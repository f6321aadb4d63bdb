"""A folder of your own photographs as a data set."""

import unicodedata
import warnings
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from tqdm import tqdm

from cvae.datasets.base import ImageDataset, balanced_choice
from cvae.datasets.photographs import read_photograph, readable
from cvae.datasets.tree import Found, count, look_through
from cvae.utils.checks import check_count, check_flag, check_seed
from cvae.utils.environment import flag

# Folders of these names hold a split, not a class.
SPLITS = {
    **dict.fromkeys(("train", "training", "train_set", "training_set", "seg_train"), "train"),
    **dict.fromkeys(("test", "testing", "test_set", "testing_set", "holdout", "seg_test"), "test"),
    **dict.fromkeys(
        ("validation", "valid", "val", "dev", "eval", "evaluation", "validation_set", "seg_val"),
        "validation",
    ),
}


def load_folder(
    folder: str | Path,
    size: int,
    *,
    grayscale: bool = False,
    test_fraction: float = 0.1,
    limit: int | None = None,
    seed: int = 0,
) -> ImageDataset:
    """Read the photographs of a folder and all folders in it, of any size, into memory.

    The folders directly in it are the classes, in alphabetical order; without any, there is one class
    of all photographs. A folder around them all, as an unpacked archive has, is stepped into. Folders
    named train and test (or training, testing, validation, val, dev and the like) hold a split, with
    the classes in each; validation images are the test images where there are no others, else they are
    left out.

    Each photograph is turned upright by its EXIF tag, its short side resized to `size`, its centre cut
    out. What is transparent lies on white; of an animation or a file of several pages the first is
    read; 16 bits are scaled to 8. One warning tells of all that is left out: files of other kinds
    (texts, hidden and system files aside), links that lead nowhere, folders without photographs.

    Args:
        folder: with files that end in .jpg, .png, .webp, .tif, .gif, .bmp and the like, in any case.
            Links in it are followed, and no file is read twice.
        size: height and width of the images.
        grayscale: one channel, ITU-R 601 luma; else RGB.
        test_fraction: this part of all photographs, at least one, is held out as the test images. It is
            drawn with `seed` from all classes together: a small class may have no test image. Not used
            where the folder has its own split.
        limit: at most this many training images, chosen as `load` does.
        seed: for the test images and for `limit`.

    Returns:
        x_train, x_test: (n, size, size, 3) or (n, size, size, 1) uint8, in the order of their paths.

    Raises:
        FileNotFoundError, NotADirectoryError: there is no such folder.
        ValueError: fewer than two photographs, photographs both beside and in the folders of classes,
            folders of which only some are splits, a file that cannot be decoded, a size or limit below
            1, test_fraction outside (0, 1).
    """
    size = check_count("size", size)
    limit = limit if limit is None else check_count("limit", limit)
    if not isinstance(test_fraction, float | np.floating) or not 0 < test_fraction < 1:
        raise ValueError(
            f"test_fraction must lie between 0 and 1, such as 0.1 for a tenth; got {test_fraction!r}"
        )
    if not isinstance(folder, str | Path) or not str(folder):
        raise ValueError(f"folder must be the path of a folder of photographs, got {folder!r}")
    grayscale, seed = check_flag("grayscale", grayscale), check_seed(seed)
    folder = Path(folder).expanduser()
    found = find_photographs(folder)
    paths, class_names, labels, train, test, splits = arrange(folder, found.paths, test_fraction, seed)
    notes = found.left_out(folder) + class_notes(class_names, labels[train], labels[test])
    if unused := len(found.paths) - len(paths):
        notes.append(f"left out {count(unused, 'photograph')} for validation; used{splits}")
    tell(folder, notes)
    if limit is not None and limit < len(train):
        train = train[balanced_choice(labels[train], limit, seed)]
    chosen = np.concatenate([train, test])
    images = read_all(folder, [paths[index] for index in chosen], size, grayscale)
    name, n = folder.resolve().name, len(train)
    return ImageDataset(
        name, f"folder {name}{splits and ','}{splits}", class_names,
        images[:n], labels[train], images[n:], labels[test],
    )  # fmt: skip


def find_photographs(folder) -> Found:
    """All photographs of the folder, at least two."""
    if not folder.exists():
        raise FileNotFoundError(
            f"there is no folder {folder}: give the path of a folder of photographs, as seen from "
            f"{Path.cwd()}"
        )
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file: give the folder that it lies in")
    found = look_through(folder)
    if len(found.paths) < 2:
        n = count(len(found.paths), "photograph") if found.paths else "no photographs"
        raise ValueError(
            f"{folder} holds {n}, at least 2 are needed, one of them to test on: looked in all its "
            f"folders for {', '.join(readable())}; convert other formats first. "
            f"{'; '.join(found.left_out(folder))}"
        )
    return found


def arrange(folder, paths, test_fraction, seed):
    """Which photographs are of which class, and to train or to test on.

    Returns:
        paths: those that are used; class_names; labels: one for each path; train, test: indices;
        splits: where the folder has its own, " splits train and test" as they are called.
    """
    inside = unwrap([path.relative_to(folder).parts for path in paths])
    own = own_splits(folder, inside)
    if not own:
        return paths, *classes_of(folder, paths, inside), *split(len(paths), test_fraction, seed), ""
    used = [index for index, parts in enumerate(inside) if own[parts[0]] in ("train", "test")]
    paths, inside = [paths[index] for index in used], [inside[index] for index in used]
    parts_of = np.array([own[parts[0]] for parts in inside])
    train, test = np.flatnonzero(parts_of == "train"), np.flatnonzero(parts_of == "test")
    splits = f" splits {inside[train[0]][0]} and {inside[test[0]][0]}"
    class_names, labels = classes_of(folder, paths, [parts[1:] for parts in inside])
    return paths, class_names, labels, train, test, splits


def unwrap(inside) -> list[tuple[str, ...]]:
    """Places without the folders that are around all of them, if what remains lies in folders."""
    inner = inside
    while len({parts[0] for parts in inner}) == 1 and all(len(parts) > 1 for parts in inner):
        inner = [parts[1:] for parts in inner]
    return inner if all(len(parts) > 1 for parts in inner) else inside


def own_splits(folder, inside) -> dict[str, str]:
    """What each folder at the top is for, "train", "test" or "validation"; {} if they are classes.

    Raises:
        ValueError: some of them are splits, or the classes have splits in them: which images must not
            be trained on is not clear.
    """
    if any(len(parts) == 1 for parts in inside):
        return {}
    check_no_split_in_a_class(folder, inside)
    kinds = {name: SPLITS.get(name.lower()) for name in sorted({parts[0] for parts in inside})}
    found = set(kinds.values()) - {None}
    if len(found) < 2 and (None in kinds.values() or len(kinds) == 1):
        check_no_class_in_two_folders(folder, inside)
        return {}  # classes, though one of them may be called train
    if len(found) < len(kinds) or "train" not in found:
        raise ValueError(
            f"{folder} holds {', '.join(kinds)}: photographs to test on would be trained on. Leave one "
            "folder train and one folder test or validation, with the classes in each, and nothing else"
        )
    if "test" not in found:
        return {name: "train" if kind == "train" else "test" for name, kind in kinds.items()}
    return kinds


def check_no_split_in_a_class(folder, inside):
    splits = defaultdict(set)
    for name, inner, *_ in inside:
        if inner.lower() in SPLITS:
            splits[name].add(inner)
    for name, inner in splits.items():
        if len({SPLITS[split.lower()] for split in inner}) > 1:
            raise ValueError(
                f"{folder} holds a {name} with {' and '.join(sorted(inner))} in it: photographs to test "
                f"on would be trained on. Put the classes into the splits, such as train/{name}, not "
                "the splits into the classes"
            )


def check_no_class_in_two_folders(folder, inside):
    """Raises ValueError where folders at the top hold folders of the same names: splits, it seems."""
    inner = defaultdict(set)
    for parts in inside:
        if len(parts) > 2:
            inner[parts[0]].add(parts[1])
    if (
        len(inner) > 1
        and set.intersection(*inner.values())
        and any(name.lower() in SPLITS for name in inner)
    ):
        raise ValueError(
            f"{folder} holds {', '.join(sorted(inner))}, with the same folders in each: photographs to "
            "test on would be trained on. Call them train, test and validation if they are splits"
        )


def classes_of(folder, paths, inside) -> tuple[tuple[str, ...], np.ndarray]:
    """Class names, and the label of each path; `inside` has where it lies, from the class on."""
    loose = [path for path, parts in zip(paths, inside, strict=True) if len(parts) == 1]
    if len(loose) == len(inside):
        around = {path.parent for path in paths}
        name = around.pop().resolve().name if len(around) == 1 else folder.resolve().name
        return (name,), np.zeros(len(inside), "int64")
    if loose:
        raise ValueError(
            f"{folder} has {len(loose)} photographs beside its folders (such as "
            f"{loose[0].relative_to(folder)}) and {len(inside) - len(loose)} in them: the folders are "
            "the classes, so move all into folders, or none"
        )
    class_names, labels = np.unique([parts[0] for parts in inside], return_inverse=True)
    return tuple(map(str, class_names)), labels.astype("int64")


def class_notes(class_names, y_train, y_test) -> list[str]:
    """What is odd about the classes."""
    alike = Counter(unicodedata.normalize("NFC", name).casefold() for name in class_names)
    alike = [name for name in class_names if alike[unicodedata.normalize("NFC", name).casefold()] > 1]
    notes = [f"{' and '.join(alike)} are different classes, alike but for case or accents"] * bool(alike)
    splits = [name for name in class_names if name.lower() in SPLITS and len(class_names) > 1]
    if splits:
        notes.append(f"{' and '.join(splits)} is taken for a class, not for a split")
    only = [class_names[label] for label in np.setdiff1d(y_test, y_train)]
    if only:
        notes.append(f"no photograph of {', '.join(only)} is to train on, only to test on")
    return notes


def tell(folder, notes):
    if notes:
        warnings.warn(f"{folder.resolve().name}: {'; '.join(notes)}", stacklevel=3)


def split(n, test_fraction, seed) -> tuple[np.ndarray, np.ndarray]:
    """Indices of training and test images, each in order; at least one of either."""
    held_out = min(max(1, round(test_fraction * n)), n - 1)
    order = np.random.default_rng(seed).permutation(n)
    return np.sort(order[held_out:]), np.sort(order[:held_out])


def read_all(folder, paths, size, grayscale) -> np.ndarray:
    """The photographs, (n, size, size, channels) uint8; a warning tells of what they lost."""
    images = np.empty((len(paths), size, size, 1 if grayscale else 3), "uint8")
    lost = Counter()
    bar = tqdm(paths, desc="photographs", delay=1, disable=flag("CI"))
    for image, path in zip(images, bar, strict=True):
        image[...] = read_photograph(path, size, grayscale, lost)
    notes = [f"{n:,} of {len(paths):,} photographs {what}" for what, n in lost.items() if n]
    if notes:
        warnings.warn(f"{folder.resolve().name}: {'; '.join(notes)}", stacklevel=3)
    return images
