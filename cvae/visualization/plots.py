"""Figures. Arrays in, a matplotlib figure out; none of these knows a model."""

from collections.abc import Sequence
from itertools import cycle

import matplotlib.patheffects as effects
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from cvae.utils.images import check_range, to_uint8
from cvae.visualization.show import DPI, pixels, save, show  # noqa: F401 (notebooks: plots.show)

# Ten that remain ten for those who see no red or no green: Petroff (2021), "Accessible color sequences
# for data visualization".
CLASS_COLORS = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip


def gallery(
    images: ArrayLike, columns: int | None = None, title: str = "", scale: float = 0.5
) -> Figure:
    """Images side by side: (n, h, w, c) or (rows, columns, h, w, c), in [0, 1] or uint8."""
    images = np.asarray(images)
    if images.ndim == 5:
        columns = images.shape[1]
        images = images.reshape(-1, *images.shape[2:])
    columns = min(columns or int(np.ceil(np.sqrt(len(images)))), len(images))
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(figsize=(columns * scale, rows * scale + 0.3 * bool(title)))
    draw(axes, tile(images, columns, gap=1), interpolation_of(images, scale))
    axes.set_title(title)
    figure.tight_layout(pad=0.3)
    return figure


def strips(named: dict[str, np.ndarray], scale: float = 0.6) -> Figure:
    """One row of images for each name: {"original": (n, h, w, c), "reconstruction": ...}."""
    columns = max(len(images) for images in named.values())
    figure, axes = plt.subplots(
        len(named), 1, figsize=(columns * scale + 1.6, len(named) * scale), squeeze=False
    )
    for row, (name, images) in zip(axes[:, 0], named.items(), strict=True):
        draw(row, tile(images, columns, gap=1), interpolation_of(images, scale))
        row.text(-0.01, 0.5, name, transform=row.transAxes, ha="right", va="center")
    figure.tight_layout(pad=0.2)
    return figure


def film_strip(frames: dict[str, ArrayLike], scale: float = 2.4) -> Figure:
    """Frames of a film side by side, for viewers that do not animate.

    Args:
        frames: {title: (height, width, channels)}, in [0, 1] or uint8.
        scale: height of a frame in inches.
    """
    shapes = [np.shape(frame) for frame in frames.values()]
    widths = [scale * width / height for height, width, _ in shapes]
    figure, axes = plt.subplots(
        1, len(frames), figsize=(sum(widths), scale + 0.3), squeeze=False, width_ratios=widths
    )
    for panel, (title, frame) in zip(axes[0], frames.items(), strict=True):
        draw(panel, frame)
        panel.set_title(title, fontsize=10)
    figure.tight_layout(pad=0.3)
    return figure


def tile(images: ArrayLike, columns: int | None = None, gap: int = 0) -> np.ndarray:
    """Put images side by side, row after row, into one.

    Args:
        images: (n, height, width, channels), or (rows, columns, height, width, channels).
        columns: images in a row; None makes about a square. Places left over stay white.
        gap: white pixels between images.

    Returns:
        (height, width, channels) of the whole, uint8 or float as the images.
    """
    images = as_picture(images)
    if images.ndim == 5:
        columns = images.shape[1]
        images = images.reshape(-1, *images.shape[2:])
    n, height, width, channels = images.shape
    columns = columns or int(np.ceil(np.sqrt(n)))
    rows = -(-n // columns)
    white = 255 if images.dtype == np.uint8 else 1
    shape = (rows, columns, height + gap, width + gap, channels)
    canvas = np.full((rows * columns, *shape[2:]), white, images.dtype)
    canvas[:n, :height, :width] = images
    canvas = canvas.reshape(shape).swapaxes(1, 2)
    canvas = canvas.reshape(rows * (height + gap), columns * (width + gap), channels)
    return canvas[: canvas.shape[0] - gap, : canvas.shape[1] - gap]


def as_picture(images: ArrayLike) -> np.ndarray:
    """Integers as uint8, floats as they are.

    Raises:
        ValueError: values out of range, which a picture would show as white or black.
    """
    images = np.asarray(images)
    if images.dtype.kind in "uib":
        return to_uint8(images)
    check_range(images.min(initial=0), images.max(initial=0), integers=False)
    return images


def losses(histories: dict[str, dict], keys: Sequence[str] = ("loss", "reconstruction", "kl")) -> Figure:
    """Loss curves by epoch, one panel for each key; training dashed, held-out solid.

    Args:
        histories: {name: {"loss": [...], "val_loss": [...], ...}}, as `fit(...).history` has it.
        keys: what to draw, in nats per image.
    """
    width, names = 4 * len(keys), len(histories)
    figure, axes = plt.subplots(
        1, len(keys), figsize=(width, 3.2 + 0.2 * names), squeeze=False, layout="constrained"
    )
    for panel, key in zip(axes[0], keys, strict=True):
        for color, (name, history) in zip(cycle(CLASS_COLORS), histories.items(), strict=False):
            epochs = np.arange(1, len(history[key]) + 1)
            panel.plot(epochs, history[key], "--", color=color, label=f"{name}, training")
            if f"val_{key}" in history:
                panel.plot(epochs, history[f"val_{key}"], color=color, label=f"{name}, held out")
        panel.set(xlabel="epoch", ylabel="nats per image", title=key)
        panel.xaxis.get_major_locator().set_params(integer=True)
        panel.grid(alpha=0.3)
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(), fontsize=9, ncols=2 if width > 4 else 1, frameon=False,
        loc="outside lower center",
    )  # fmt: skip
    return figure


def lines(
    series: dict[str, tuple[ArrayLike, ...]],
    xlabel: str,
    ylabel: str,
    title: str = "",
    xscale: str = "linear",
    yscale: str = "linear",
    marker: str | None = "o",
) -> Figure:
    """Curves in one panel.

    Args:
        series: {name: (x, y)} or {name: (x, y, spread)}; a spread is drawn as error bars. Names that
            start alike up to a comma share a color and differ in their dashes.
        xscale, yscale: "linear" or "log".
        marker: of the points; None for bare lines.
    """
    figure, axes = plt.subplots(figsize=(7.5, 3.8))
    groups = [name.split(",")[0] for name in series]
    kinds = list(dict.fromkeys(groups))
    for index, (name, (x, y, *spread)) in enumerate(series.items()):
        color = CLASS_COLORS[kinds.index(groups[index]) % len(CLASS_COLORS)]
        dash = ("-", "--", ":", "-.")[groups[:index].count(groups[index]) % 4]
        axes.errorbar(x, y, *spread, marker=marker, ms=4, ls=dash, color=color, capsize=3, label=name)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title, xscale=xscale, yscale=yscale)
    places = sorted({float(place) for x, *_ in series.values() for place in x})
    if xscale == "linear" and all(place.is_integer() for place in places):
        axes.xaxis.get_major_locator().set_params(integer=True)
    if xscale == "log" and len(places) <= 10:  # name the points themselves, not powers of ten
        axes.set_xticks(places, [f"{place:g}" for place in places])
        axes.set_xticks([], minor=True)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    figure.tight_layout()
    return figure


def kl_by_dimension(kl: dict[str, ArrayLike], active: dict[str, int]) -> Figure:
    """How much each latent dimension is used: its KL, the largest first, and how many are active.

    Args:
        kl: {model: (latent_dim,)}, as `latent.kl_per_dimension` gives it, in nats.
        active: {model: dimensions in use}, as `latent.active_units` counts them.
    """
    curves = {
        f"{name}: {active[name]} of {len(values)} active": (
            np.arange(1, len(values) + 1), np.sort(values)[::-1],
        )
        for name, values in kl.items()
    }  # fmt: skip
    return lines(curves, "latent dimension, by its KL", "KL in nats", marker=None)


def steps(values: dict[str, float], landmarks: dict[str, float], xlabel: str) -> Figure:
    """A number that changes step by step, from top to bottom, and others' numbers as landmarks.

    Args:
        values: {what was changed: the number after it}; on the right the number and the difference.
        landmarks: {whose: number}, dotted lines.
        xlabel: what is measured, and its unit.
    """
    height = 0.42 * len(values) + 0.1 * len(landmarks) + 1
    figure, axes = plt.subplots(figsize=(9, height), layout="constrained")
    places, numbers = np.arange(len(values)), np.array(list(values.values()))
    axes.step(numbers, places, where="post", color="grey", lw=1)
    axes.plot(numbers, places, "o", color=CLASS_COLORS[0])
    for color, (name, number) in zip(cycle(CLASS_COLORS[1:]), landmarks.items(), strict=False):
        axes.axvline(number, ls=":", color=color, label=f"{name}: {number:.2f}")
    axes.set(xlabel=xlabel)
    axes.set_yticks(places, list(values))
    axes.invert_yaxis()
    axes.grid(alpha=0.3, axis="x")
    changes = ["", *(f"  ({change:+.2f})" for change in np.diff(numbers))]
    beside = axes.secondary_yaxis("right")  # where no line runs through the numbers
    beside.set_yticks(places, [f"{a:.2f}{b}" for a, b in zip(numbers, changes, strict=True)], fontsize=9)
    beside.tick_params(length=0)
    figure.legend(fontsize=8, loc="outside lower center", ncols=2)
    return figure


def scatter(
    views: dict[str, np.ndarray],
    labels: ArrayLike,
    class_names: Sequence[str],
    size: float = 4.5,
    limits: float | None = None,
    axes_names: tuple[str, str] = ("z[0]", "z[1]"),
) -> Figure:
    """Latent points colored by class, one panel for each view, on equal scales within a panel.

    The name of each class stands where the median of its points is, or above another name that is there.

    Args:
        views: {title: (n, 2)}.
        labels: (n,).
        class_names: a name for each label.
        size: of a panel in inches.
        limits: both axes run from -limits to limits; None lets each panel fit its points.
        axes_names: what the two numbers are, written along the axes.
    """
    outline = [effects.withStroke(linewidth=2.5, foreground="white")]
    figure, axes = plt.subplots(1, len(views), figsize=(size * len(views) + 1, size), squeeze=False)
    names = {panel: [] for panel in axes[0]}
    for panel, (title, points) in zip(axes[0], views.items(), strict=True):
        for label, name in enumerate(class_names):
            members = points[np.asarray(labels) == label]
            color = CLASS_COLORS[label % len(CLASS_COLORS)]
            panel.scatter(*members.T, s=4, alpha=0.5, lw=0, color=color, label=name)
            if len(members):
                text = panel.text(
                    *np.median(members, axis=0), name, ha="center", va="center", weight="bold",
                    fontsize=9, path_effects=outline, clip_on=True,
                )  # fmt: skip
                names[panel].append(text)
        panel.set(title=title, aspect="equal", xlabel=axes_names[0], ylabel=axes_names[1])
        if limits:
            panel.set(xlim=(-limits, limits), ylim=(-limits, limits))
        panel.grid(alpha=0.2)
    legend = axes[0, -1].legend(
        loc="center left", bbox_to_anchor=(1.01, 0.5), markerscale=4, frameon=False
    )
    for handle in legend.legend_handles:
        handle.set_alpha(1)
    figure.tight_layout()
    figure.draw_without_rendering()  # now the names have places on the page
    for panel, texts in names.items():
        keep_apart(panel, texts)
    return figure


def keep_apart(panel, texts: Sequence) -> None:
    """Move texts of a panel up as far as they cover one another."""
    taken = []
    for text in sorted(texts, key=lambda text: text.get_position()[1]):
        box = text.get_window_extent()
        while below := [other for other in taken if box.overlaps(other)]:
            box = box.translated(0, max(other.y1 for other in below) + 1 - box.y0)
        taken.append(box)
        center = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        text.set_position(panel.transData.inverted().transform(center))


def matrix(
    values: ArrayLike,
    names: Sequence[str],
    title: str = "",
    labels: tuple[str, str] = ("true", "predicted"),
    decimals: int = 0,
) -> Figure:
    """A square table as a heat map with its numbers, such as a confusion matrix."""
    values = np.asarray(values, dtype=float)
    figure, axes = plt.subplots(figsize=(0.55 * len(names) + 1.2, 0.55 * len(names) + 0.8))
    shown = np.where(np.eye(len(names), dtype=bool), np.nan, values)
    axes.imshow(shown, cmap="Blues", vmin=0)
    for (row, column), value in np.ndenumerate(values):
        dark = row != column and value > 0.6 * np.nanmax(shown)
        axes.text(
            column, row, f"{value:.{decimals}f}", ha="center", va="center", fontsize=8,
            color="white" if dark else "black",
        )  # fmt: skip
    axes.set(title=title, xlabel=labels[1], ylabel=labels[0])
    slant = {"rotation": 45, "ha": "right"} if max(map(len, map(str, names))) > 3 else {}
    axes.set_xticks(range(len(names)), names, **slant)
    axes.set_yticks(range(len(names)), names)
    figure.tight_layout()
    return figure


def interpolation_of(images: ArrayLike, inches: float) -> str:
    """Squares for pixels where an image of so many inches enlarges them: sharp, and half of the file."""
    return "nearest" if inches * DPI >= 1.5 * np.shape(images)[-2] else "antialiased"


def draw(axes, image: ArrayLike, interpolation: str = "antialiased") -> None:
    """One image without ticks; grey where it has one channel. interpolation: of `axes.imshow`."""
    image = as_picture(image)
    top = 255 if image.dtype == np.uint8 else 1
    shown = image.squeeze(-1) if image.shape[-1] == 1 else image
    axes.imshow(shown, cmap="gray", vmin=0, vmax=top, interpolation=interpolation)
    axes.axis("off")
