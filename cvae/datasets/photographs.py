"""One photograph: a file in any of a dozen formats -> uint8 pixels."""

from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

SUFFIXES = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm",
    ".pbm", ".pnm", ".jp2", ".tga", ".avif", ".heic", ".heif",
)  # fmt: skip

# What `read_photograph` counts, in the words of the warning: "3 of 40 photographs ..."
SMALL = "are less than half as large as `size`, and blurred where they are enlarged"
DARK = "are nearly black: of 16 bits, they use a sixteenth at most (12 bits?), so rescale them"
FRAMES = "have several frames or pages, of which only the first is read"


def readable() -> tuple[str, ...]:
    """The suffixes of SUFFIXES that Pillow can read here: .heic only with the package pillow-heif, after
    its `register_heif_opener()`."""
    known = Image.registered_extensions()
    return tuple(suffix for suffix in SUFFIXES if suffix in known)


def read_photograph(
    path: Path, size: int, grayscale: bool, notes: Counter[str] | None = None
) -> np.ndarray:
    """One file -> (size, size, channels) uint8.

    Turned upright by its EXIF tag, its short side resized to `size`, its centre cut out. What is
    transparent lies on white; pixels of 16 bits are scaled by 1/257, floats in [0, 1] by 255.

    Args:
        notes: counts what was lost: SMALL, DARK, FRAMES.

    Raises:
        ValueError: it cannot be decoded, or its pixels have no known range.
    """
    notes = Counter() if notes is None else notes
    try:
        with Image.open(path) as image:
            # Nikon's and Samsung's cameras put a preview behind the photograph itself: MPO.
            if getattr(image, "is_animated", False) and image.format != "MPO":
                notes[FRAMES] += 1
            # JPEGs are read at 1/2, 1/4 or 1/8 where that is still large enough: several times as fast.
            image.draft(None, (2 * size, 2 * size))
            upright = on_white(eight_bits(ImageOps.exif_transpose(image), notes))
            upright = upright.convert("L" if grayscale else "RGB")
            # Pillow takes the upper 8 of a colour's 16 bits by itself.
            if image.format == "PNG" and image.mode in ("RGB", "RGBA") and png_depth(path) == 16:
                notes[DARK] += 0 < np.asarray(upright).max() < 16
    # For a file that it cannot read Pillow raises many exceptions, from OSError to SyntaxError.
    except Exception as error:
        raise ValueError(
            f"{path} cannot be decoded as a photograph ({type(error).__name__}: {error}): repair it, or "
            "move it out of the folder"
        ) from error
    if 2 * min(upright.size) < size:
        notes[SMALL] += 1
    small = ImageOps.fit(upright, (size, size), Image.Resampling.LANCZOS)
    return np.asarray(small).reshape(size, size, -1)


def eight_bits(image, notes):
    """Grey of 16 bits, of 32 that hold 16, or of floats in [0, 1] -> 8 bits; others as they are.

    Pillow would clip all of them to white.
    """
    if image.mode not in ("I", "F") and not image.mode.startswith("I;16"):
        return image
    pixels = np.asarray(image)
    low, high = pixels.min(), pixels.max()
    if image.mode == "F":
        if not 0 <= low <= high <= 1:
            raise ValueError(f"floats must lie in [0, 1], these go from {low:.4g} to {high:.4g}")
        return Image.fromarray(np.round(255 * pixels).astype("uint8"))
    if not 0 <= low <= high < 2**16:
        raise ValueError(f"whole numbers must lie in 0..65535, these go from {low} to {high}")
    if 0 < high < 2**12:
        notes[DARK] += 1
    return Image.fromarray(np.round(pixels / 257).astype("uint8"))


def png_depth(path) -> int:
    """Bits of each number in a PNG, as its header has them."""
    with path.open("rb") as file:
        return file.read(25)[24]


def on_white(image):
    """An image without transparency."""
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
