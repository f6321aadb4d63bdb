"""Figures on the screen and in files: sharp, small, and marked where they show a stand-in."""

import io
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from cvae import runtime
from cvae.datasets.base import ImageDataset
from cvae.utils.files import atomic_write

DPI = 144  # twice what a notebook shows an inch with: sharp on a screen of twice the pixels


def show(figure: Figure, name: str, data: ImageDataset | None) -> None:
    """Show a figure in a notebook, wherever in a cell, and write it to `runtime.figure_path`.

    A figure made from a stand-in says so.

    Args:
        figure: from a function of this module, or any matplotlib figure.
        name: file name without suffix, such as "02_latent_grid".
        data: the `ImageDataset` that it was made from; None for a figure without data.
    """
    if data is not None and data.is_stand_in:
        figure.text(0.5, 0, f"stand-in data: {data.source}", ha="center", va="top", color="firebrick")
    picture = png(figure)
    with atomic_write(runtime.figure_path(f"{name}.png", data)) as temporary:
        Path(temporary).write_bytes(picture)
    if in_notebook():
        from IPython import display

        display.display(display.Image(picture, retina=True))
    plt.close(figure)  # else the inline backend shows it a second time


def in_notebook() -> bool:
    """Whether there is an IPython that displays what it is given."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure to a file, whole or not at all; the suffix tells the format."""
    with atomic_write(path) as temporary:
        if Path(path).suffix.lower() == ".png":
            Path(temporary).write_bytes(png(figure))
        else:
            figure.savefig(temporary, bbox_inches="tight")


def png(figure: Figure) -> bytes:
    """A figure as a small PNG file: without its opaque alpha channel, in 256 colors where that is
    hardly seen (not for photographs)."""
    drawn, file = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, dpi=DPI, bbox_inches="tight")
    picture = Image.open(drawn).convert("RGB")
    reduced = in_colors(picture, 256)
    error = np.abs(np.asarray(reduced.convert("RGB"), "int16") - np.asarray(picture)).mean()
    (reduced if error < 1 else picture).save(file, "PNG", optimize=True)
    return file.getvalue()


def in_colors(picture: Image.Image, colors: int) -> Image.Image:
    """An RGB picture with a palette of at most this many colors.

    Pillow's default, the median cut, gives most colors to what covers most of the picture. That is right
    for a photograph. In a figure it merges the colors of classes that are a few points each: there the
    palette covers the range of the colors, and is then moved to the means of what it stands for.
    """
    if picture.getcolors(2**14) is None:  # more colors than a figure has
        return picture.quantize(colors, dither=Image.Dither.NONE)
    return picture.quantize(colors, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)


def pixels(figure: Figure) -> np.ndarray:
    """A figure as an image, uint8 (height, width, 3): a frame for `animation.write_gif`. Closes it."""
    figure.canvas.draw()
    image = np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()
    plt.close(figure)
    return image
