"""A latent space to play with in a notebook: sliders, the image that is decoded there, and a map."""

from html import escape

import imageio.v3 as iio
import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import ArrayLike

from cvae.utils.images import to_uint8
from cvae.vae import VAE, ConditionalVAE
from cvae.visualization import plots
from cvae.visualization.latent_axes import LatentAxes, principal_axes

MAP_SIDE, PICTURE_SIDE = 360, 280  # pixels on the screen
NEIGHBOURS = 15


def explore(
    vae: VAE,
    images: ArrayLike,
    labels: ArrayLike,
    class_names: tuple[str, ...] | None = None,
    axes: int = 6,
) -> ipywidgets.Widget:
    """Sliders over the latent space; the decoded image follows, and a map shows where you are.

    With one or two latent dimensions a slider for each; with more, one for each principal axis of the
    codes. Of a `ConditionalVAE` the class to decode can be chosen.

    Args:
        vae: trained.
        images: (n, height, width, channels), whose codes are the points of the map; 2,000 are plenty.
        labels: (n,), their classes.
        class_names: a name for each class; None numbers them.
        axes: sliders at most.

    Returns:
        A widget: as the last line of a notebook's cell it shows itself.

    Raises:
        ValueError: images or labels that do not fit the model or each other, axes below 1.
    """
    space = principal_axes(vae, images, labels, class_names, axes)
    background = scatter_map(space)
    names = [
        f"z{n}" if vae.latent_dim <= 2 else f"axis {n}" for n in range(1, len(space.directions) + 1)
    ]
    sliders = [
        ipywidgets.FloatSlider(0.0, min=-space.reach, max=space.reach, step=0.05, description=name)
        for name in names
    ]
    choice = ipywidgets.Dropdown(
        options=[(name, label) for label, name in enumerate(space.class_names)], description="class"
    )
    conditional = isinstance(vae, ConditionalVAE)
    controls = [*sliders, choice] if conditional else sliders
    plane = ipywidgets.Image(width=MAP_SIDE, height=MAP_SIDE)
    picture = ipywidgets.Image(width=PICTURE_SIDE, height=PICTURE_SIDE)
    words, legend = ipywidgets.HTML(), ipywidgets.HTML(color_legend(space))

    def update(change=None):
        place = np.array([slider.value for slider in sliders])
        decoded = vae.decode(space.z(place[None]), [choice.value] if conditional else None)[0]
        plane.value = as_png(with_cross(background, place / space.reach))
        picture.value = as_png(enlarged(to_uint8(decoded)))
        words.value = nearest(space, place)

    for control in controls:
        control.observe(update, "value")
    update()
    return ipywidgets.HBox(
        [ipywidgets.VBox([plane, *controls]), ipywidgets.VBox([picture, words, legend])]
    )


def color_legend(space: LatentAxes) -> str:
    """The colors of the map's points, as HTML."""
    names = map(escape, space.class_names)
    return " ".join(
        f'<span style="color: {color}">&#9679;</span>&nbsp;{name}'
        for color, name in zip(space.colors, names, strict=True)
    )


def nearest(space: LatentAxes, place: np.ndarray) -> str:
    """As HTML: the classes of the images whose codes are nearest to a place, (axes,)."""
    closest = np.argsort(np.square(space.points - place).sum(axis=1))[:NEIGHBOURS]
    classes, counts = np.unique(space.labels[closest], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    listed = ", ".join(f"{escape(space.class_names[classes[n]])} ({counts[n]})" for n in order)
    return f"the {len(closest)} nearest images: {listed}"


def scatter_map(space: LatentAxes) -> np.ndarray:
    """The points on the first two axes as a picture, uint8 (side, side, 3): -reach to reach each way."""
    points = space.points[:, :2]
    if points.shape[1] == 1:  # spread over the height, so that they can be told apart
        height = np.random.default_rng(0).uniform(-space.reach, space.reach, len(points))
        points = np.column_stack([points, height])
    figure = plt.figure(figsize=(MAP_SIDE / 100, MAP_SIDE / 100), dpi=100)
    panel = figure.add_axes((0, 0, 1, 1))
    panel.scatter(*points.T, s=5, lw=0, alpha=0.6, color=np.array(space.colors)[space.labels])
    limits = (-space.reach, space.reach)
    panel.set(xlim=limits, ylim=limits, xticks=[], yticks=[])
    return plots.pixels(figure)


def with_cross(background: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The map with a cross at a place whose coordinates run from -1 to 1."""
    picture = background.copy()
    last = len(picture) - 1
    picture[:, round((1 + place[0]) / 2 * last)] = 0
    if len(place) > 1:
        picture[round((1 - place[1]) / 2 * last)] = 0
    return picture


def enlarged(image: np.ndarray) -> np.ndarray:
    """Each pixel as a square, so that the browser has nothing to smooth."""
    factor = max(1, PICTURE_SIDE // len(image))
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def as_png(image) -> bytes:
    return iio.imwrite("<bytes>", image.squeeze(), extension=".png")
