"""A folder of your own photographs as a data set."""

import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from cvae.datasets.base import ImageDataset, balanced_choice
from cvae.utils.checks import check_count

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")


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
    of all photographs. Hidden files and folders are left out. Each photograph is turned upright by its
    EXIF tag, its short side resized to `size`, its centre cut out.

    Args:
        folder: with files that end in .jpg, .jpeg, .png, .webp or .bmp, in any case.
        size: height and width of the images.
        grayscale: one channel, ITU-R 601 luma; else RGB, without transparency.
        test_fraction: this part of all photographs, at least one, is held out as the test images. It is
            drawn with `seed` from all classes together: a small class may have no test image.
        limit: at most this many training images, chosen as `load` does.
        seed: for the test images and for `limit`.

    Returns:
        x_train, x_test: (n, size, size, 3) or (n, size, size, 1) uint8, in the order of their paths.

    Raises:
        FileNotFoundError, NotADirectoryError: there is no such folder.
        ValueError: fewer than two photographs, photographs both beside and in the folders of classes,
            a file that cannot be decoded, a size or limit below 1, test_fraction outside (0, 1).
    """
    check_count("size", size)
    if limit is not None:
        check_count("limit", limit)
    if not isinstance(test_fraction, float | np.floating) or not 0 < test_fraction < 1:
        raise ValueError(
            f"test_fraction must lie between 0 and 1, such as 0.1 for a tenth; got {test_fraction!r}"
        )
    folder = Path(folder)
    paths = find_photographs(folder)
    class_names, labels = classes_of(folder, paths)
    train, test = split(len(paths), test_fraction, seed)
    if limit is not None and limit < len(train):
        train = train[balanced_choice(labels[train], limit, seed)]
    images, quiet = {}, bool(os.environ.get("CI"))
    for index in tqdm(np.union1d(train, test), desc="photographs", delay=1, disable=quiet):
        images[index] = read_photograph(paths[index], size, grayscale)
    x_train, x_test = (np.stack([images[index] for index in part]) for part in (train, test))
    name = folder.resolve().name
    return ImageDataset(
        name, f"folder {name}", class_names, x_train, labels[train], x_test, labels[test]
    )


def find_photographs(folder) -> list[Path]:
    """The paths of all photographs, in order."""
    if not folder.exists():
        raise FileNotFoundError(
            f"there is no folder {folder}: give the path of a folder of photographs, as seen from "
            f"{Path.cwd()}"
        )
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file: give the folder that it lies in")
    paths = sorted(
        path for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )  # fmt: skip
    if len(paths) < 2:
        raise ValueError(
            f"{folder} holds {len(paths) or 'no'} photograph{'s' * (len(paths) != 1)}, at least 2 are "
            f"needed, one of them to test on: looked in all its folders for {', '.join(SUFFIXES)}; "
            "convert other formats, such as .heic, first"
        )
    return paths


def classes_of(folder, paths) -> tuple[tuple[str, ...], np.ndarray]:
    """Class names, and the label of each path."""
    inside = [path.relative_to(folder).parts for path in paths]
    loose = [parts[0] for parts in inside if len(parts) == 1]
    if len(loose) == len(paths):
        return (folder.resolve().name,), np.zeros(len(paths), "int64")
    if loose:
        raise ValueError(
            f"{folder} has {len(loose)} photographs beside its folders (such as {loose[0]}) and "
            f"{len(paths) - len(loose)} in them: the folders are the classes, so move all into folders, "
            "or none"
        )
    class_names, labels = np.unique([parts[0] for parts in inside], return_inverse=True)
    return tuple(map(str, class_names)), labels.astype("int64")


def split(n, test_fraction, seed) -> tuple[np.ndarray, np.ndarray]:
    """Indices of training and test images, each in order; at least one of either."""
    held_out = min(max(1, round(test_fraction * n)), n - 1)
    order = np.random.default_rng(seed).permutation(n)
    return np.sort(order[held_out:]), np.sort(order[:held_out])


def read_photograph(path: Path, size: int, grayscale: bool) -> np.ndarray:
    """One file -> (size, size, channels) uint8."""
    try:
        with Image.open(path) as image:
            # JPEGs are read at 1/2, 1/4 or 1/8 where that is still large enough: several times as fast.
            image.draft(None, (2 * size, 2 * size))
            upright = ImageOps.exif_transpose(image).convert("L" if grayscale else "RGB")
    # For a file that it cannot read Pillow raises many exceptions, from OSError to SyntaxError.
    except Exception as error:
        raise ValueError(
            f"{path} cannot be decoded as a photograph ({type(error).__name__}: {error}): repair it, or "
            "move it out of the folder"
        ) from error
    small = ImageOps.fit(upright, (size, size), Image.Resampling.LANCZOS)
    return np.asarray(small).reshape(size, size, -1)
