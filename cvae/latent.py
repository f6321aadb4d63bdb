"""Looking into a latent space: planes, ways between points, projections, what each dimension does."""

from statistics import NormalDist

import keras
import numpy as np
from numpy.typing import ArrayLike

from cvae import gaussian
from cvae.base.generative import GenerativeModel
from cvae.hierarchical import HierarchicalVAE
from cvae.priors import StandardNormal
from cvae.utils.checks import check_count, check_seed, in_batches
from cvae.vae import VAE


def grid(
    vae: VAE,
    n: int = 20,
    quantiles: tuple[float, float] = (0.01, 0.99),
    dims: tuple[int, int] = (0, 1),
    labels: int | None = None,
) -> np.ndarray:
    """Decode an n x n grid over a plane of the latent space, in one batch.

    The points are equally spaced in probability under the prior, between the two quantiles, so that
    the picture shows what sampling would give, evenly.

    Args:
        vae: a VAE. With one latent dimension the grid is a single row.
        n: points along each side.
        quantiles: of N(0, 1), lowest and highest.
        dims: the two latent dimensions that span the plane; all others are 0.
        labels: for a `ConditionalVAE`, the class to show (one number).

    Returns:
        (rows, n, height, width, channels) in [0, 1]; columns go right along dims[0], rows **up**
        along dims[1], as in a scatter plot.

    Raises:
        ValueError: n below 2, quantiles that do not rise within (0, 1), dims that do not exist; a learnt
            prior.
        TypeError: a model of several layers of z.
    """
    check_one_z(vae, "latent.grid")
    low, high = quantiles
    if check_count("n", n) < 2 or not 0 < low < high < 1:
        raise ValueError(
            f"expected n of at least 2 and quantiles that rise within (0, 1); got {n}, {quantiles}"
        )
    if vae.latent_dim > 1 and not (
        len(dims) == len(set(dims)) == 2 and all(d in range(vae.latent_dim) for d in dims)
    ):
        raise ValueError(
            f"dims must be two different dimensions, 0 to {vae.latent_dim - 1}, got {tuple(dims)}"
        )
    values = np.array([NormalDist().inv_cdf(p) for p in np.linspace(low, high, n)])
    if vae.latent_dim == 1:
        z, rows = values[:, None], 1
    else:
        z, rows = np.zeros((n, n, vae.latent_dim)), n
        z[..., dims[0]], z[..., dims[1]] = values[None, :], values[::-1, None]
    z = z.reshape(-1, vae.latent_dim).astype("float32")
    images = vae.decode(z, None if labels is None else np.full(len(z), labels))
    return images.reshape(rows, n, *images.shape[1:])


def check_one_z(vae, what: str, normal: bool = True) -> None:
    """Raises TypeError for a model of several layers of z, ValueError for another prior than N(0, I)."""
    if isinstance(vae, HierarchicalVAE):
        raise TypeError(
            f"{what} looks into the one z of a VAE, a HierarchicalVAE has several: encode gives them, "
            "decode takes them, latent.kl_per_layer says what each is worth"
        )
    if normal and not isinstance(getattr(vae, "prior", StandardNormal()), StandardNormal):
        raise ValueError(
            f"{what} takes p(z) = N(0, I), this VAE has learnt its prior: look at vae.prior.sample and "
            "vae.encode"
        )


def project(z: ArrayLike, method: str = "pca", dim: int = 2, seed: int = 0) -> np.ndarray:
    """Latent points (n, latent_dim) in fewer dimensions: (n, dim).

    Args:
        z: (n, latent_dim).
        method: "pca" (scikit-learn's PCA), or "tsne" (scikit-learn's t-SNE: minutes beyond some
            5,000 points).
        dim: dimensions to keep, at most latent_dim for PCA.
        seed: for t-SNE.

    Raises:
        ValueError: z of the wrong rank, an unknown method, or more dimensions than there are.
    """
    z = np.asarray(z)
    if z.ndim != 2:
        raise ValueError(f"z must be (n, latent_dim), got {z.shape}")
    if method == "pca":
        if not 1 <= dim <= min(z.shape):
            raise ValueError(f"PCA of {z.shape} keeps 1 to {min(z.shape)} dimensions, got {dim}")
        from sklearn.decomposition import PCA

        return PCA(dim, random_state=seed).fit_transform(z)
    if method == "tsne":
        from sklearn.manifold import TSNE

        perplexity = min(30, (len(z) - 1) / 3)
        return TSNE(dim, perplexity=perplexity, random_state=seed).fit_transform(z)
    raise ValueError(f"method must be 'pca' or 'tsne', got {method!r}")


def kl_per_dimension(vae: VAE, images: ArrayLike, labels: ArrayLike | None = None) -> np.ndarray:
    """The KL term of each latent dimension, averaged over the images: (latent_dim,) in nats.

    The sum is the `kl` that training logs. A dimension near 0 carries nothing about the image.

    Raises:
        ValueError: a learnt prior, whose KL does not fall into dimensions.
        TypeError: a model of several layers of z.
    """
    check_one_z(vae, "latent.kl_per_dimension")
    z_mean, z_log_var = vae.encode(images, labels)
    terms = keras.ops.convert_to_numpy(gaussian.kl_terms(z_mean, z_log_var))
    return terms.mean(axis=0)


def kl_per_layer(
    vae: GenerativeModel,
    images: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    seed: int = 0,
    batch_size: int = 512,
) -> np.ndarray:
    """The KL term of each layer of z, averaged over the images: (layers,) in nats, top first.

    The sum is the `kl` that training logs. A layer near 0 says nothing about the image: it is drawn from
    its prior. seed: of the z above, at which a layer's KL is taken.
    """
    noise = keras.random.SeedGenerator(check_seed(seed))
    inputs = vae.check_arrays(vae.with_labels(images, labels))

    def terms(batch):
        terms = vae.kl_terms(vae.draw(vae.encode_batch(batch), batch, noise))
        one_z = isinstance(vae, VAE)
        return keras.ops.sum(terms, axis=-1, keepdims=True) if one_z else terms

    return in_batches(terms, inputs, batch_size).mean(axis=0)


def active_units(
    vae: VAE, images: ArrayLike, labels: ArrayLike | None = None, *, threshold: float = 0.01
) -> int:
    """How many latent dimensions are in use: those whose z_mean varies over the images.

    Source: Burda et al. (2016), section 5.3: the variance of E[z | x] over x is above 0.01.
    """
    if not threshold > 0:
        raise ValueError(f"threshold must be above 0, got {threshold}")
    check_one_z(vae, "latent.active_units", normal=False)
    z_mean, _ = vae.encode(images, labels)
    return int((z_mean.var(axis=0) > threshold).sum())
