"""A latent space as an explorer shows it: principal axes, and where the images of a data set lie."""

from dataclasses import dataclass

import numpy as np
from matplotlib.colors import to_hex
from numpy.typing import ArrayLike
from sklearn.decomposition import PCA

from cvae.latent import check_one_z
from cvae.utils.checks import check_count, check_labels
from cvae.vae import VAE, ConditionalVAE
from cvae.visualization.plots import CLASS_COLORS


@dataclass(frozen=True)
class LatentAxes:
    """Coordinates of a latent space, z = origin + coordinates @ directions, and points in it.

    Attributes:
        origin: (latent_dim,).
        directions: (axes, latent_dim), orthonormal; with one or two latent dimensions those themselves.
        reach: coordinates from -reach to reach are worth a look.
        points: (n, axes), the coordinates of the images' codes.
        labels: (n,), their classes.
        class_names: a name for each class.
    """

    origin: np.ndarray
    directions: np.ndarray
    reach: float
    points: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]

    @property
    def colors(self) -> list[str]:
        """One for each class, such as "#1f77b4"."""
        return [to_hex(CLASS_COLORS[n % len(CLASS_COLORS)]) for n in range(len(self.class_names))]

    def z(self, places: ArrayLike) -> np.ndarray:
        """Coordinates (n, axes) -> z (n, latent_dim)."""
        return (self.origin + np.asarray(places) @ self.directions).astype("float32")


def principal_axes(
    vae: VAE,
    images: ArrayLike,
    labels: ArrayLike,
    class_names: tuple[str, ...] | None = None,
    count: int = 6,
) -> LatentAxes:
    """The axes along which the codes of images vary most (all of them, up to two latent dimensions).

    Args:
        vae: trained.
        images: (n, height, width, channels).
        labels: (n,), their classes.
        class_names: a name for each class; None numbers them.
        count: axes at most.

    Raises:
        ValueError: images or labels that do not fit the model or each other, count below 1.
        TypeError: a model of several layers of z.
    """
    check_one_z(vae, "this picture", normal=False)
    check_count("axes", count)
    labels = check_labels(labels, len(images), None if class_names is None else len(class_names))
    names = range(labels.max() + 1) if class_names is None else class_names
    class_names = tuple(map(str, names))
    codes = vae.encode(images, labels)[0] if isinstance(vae, ConditionalVAE) else vae.encode(images)[0]
    latent_dim = codes.shape[1]
    if latent_dim <= 2:
        origin, directions = np.zeros(latent_dim), np.eye(latent_dim)
    else:
        pca = PCA(min(count, latent_dim, len(codes)), svd_solver="full").fit(codes)
        origin, directions = pca.mean_, pca.components_
    points = (codes - origin) @ directions.T
    reach = max(3.0, float(np.quantile(np.abs(points), 0.995)))
    return LatentAxes(origin, directions, reach, points, labels, class_names)
