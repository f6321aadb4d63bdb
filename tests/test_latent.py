import numpy as np
import pytest

from cvae import gaussian, latent
from cvae.visualization.plots import tile


class Recorder:
    """A stand-in for a VAE that keeps what it is asked to decode."""

    latent_dim, image_shape = 2, (2, 2, 1)

    def __init__(self, latent_dim=2):
        self.latent_dim, self.calls = latent_dim, []

    def decode(self, z, labels=None):
        self.calls.append(z)
        return np.broadcast_to(z.sum(axis=1)[:, None, None, None], (len(z), 2, 2, 1))


def test_grid_is_one_batched_decode_with_z2_going_up():
    vae = Recorder()
    images = latent.grid(vae, n=20)
    assert images.shape == (20, 20, 2, 2, 1)
    assert len(vae.calls) == 1
    z = vae.calls[0].reshape(20, 20, 2)
    assert (np.diff(z[0, :, 0]) > 0).all()
    assert (np.diff(z[:, 0, 1]) < 0).all()
    # The 1st and 99th percentile of a standard normal, from tables.
    assert z[0, 0] == pytest.approx([-2.326348, 2.326348], abs=1e-5)


def test_grid_in_other_dimensions():
    vae = Recorder(latent_dim=1)
    assert latent.grid(vae, n=5).shape == (1, 5, 2, 2, 1)
    vae = Recorder(latent_dim=4)
    latent.grid(vae, n=3, dims=(1, 3))
    assert (vae.calls[0][:, [0, 2]] == 0).all()
    assert np.ptp(vae.calls[0][:, 3]) > 0


@pytest.mark.parametrize(
    "options", [{"n": 1}, {"quantiles": (0, 0.9)}, {"quantiles": (0.9, 0.1)}, {"dims": (0, 2)},
                {"dims": (1, 1)}],
)  # fmt: skip
def test_grid_refuses(options):
    with pytest.raises(ValueError, match="expected n|dims must"):
        latent.grid(Recorder(), **options)


def test_straight_and_spherical_ways():
    a, b = np.array([[2.0, 0.0]]), np.array([[0.0, 2.0]])
    line, arc = gaussian.interpolate(a, b, 3), gaussian.interpolate(a, b, 3, "spherical")
    np.testing.assert_allclose(line[0], [[2, 0], [1, 1], [0, 2]], atol=1e-6)
    np.testing.assert_allclose(arc[0], [[2, 0], [2**0.5, 2**0.5], [0, 2]], atol=1e-5)
    # The line cuts through the ball, the arc stays on the shell.
    a, b = np.random.default_rng(0).normal(size=(2, 5, 100))
    lengths = np.linalg.norm(gaussian.interpolate(a, b, 5, "spherical"), axis=-1)
    assert lengths.min() > 0.9 * min(np.linalg.norm(a, axis=1).min(), np.linalg.norm(b, axis=1).min())
    np.testing.assert_allclose(gaussian.interpolate(a, a, 4, "spherical")[:, 2], a, rtol=1e-4)
    for bad in ({"steps": 1}, {"method": "bent"}):
        with pytest.raises(ValueError, match="steps must|method must"):
            gaussian.interpolate(a, b, **bad)
    with pytest.raises(ValueError, match="both be"):
        gaussian.interpolate(a, b[:2])


def test_pca_keeps_the_directions_of_most_variance(rng):
    z = rng.normal(size=(500, 5)) * [1, 5, 1, 3, 1]
    projected = latent.project(z)
    assert projected.shape == (500, 2)
    assert abs(np.corrcoef(projected[:, 0], z[:, 1])[0, 1]) > 0.99
    assert abs(np.corrcoef(projected[:, 1], z[:, 3])[0, 1]) > 0.98
    assert latent.project(z[:60], "tsne").shape == (60, 2)
    for bad in ({"method": "umap"}, {"dim": 6}):
        with pytest.raises(ValueError, match="method must|PCA of"):
            latent.project(z, **bad)
    with pytest.raises(ValueError, match="latent_dim"):
        latent.project(z[0])


def test_kl_per_dimension_sums_to_the_kl(small, images):
    vae = small(latent_dim=3)
    vae.fit(images, epochs=3, verbose=0)
    kl = latent.kl_per_dimension(vae, images)
    assert kl.shape == (3,)
    logged = vae.evaluate(images, verbose=0, return_dict=True)["kl"]
    assert kl.sum() == pytest.approx(logged, rel=1e-4)


def test_active_units():
    class Encoded:
        def encode(self, images, labels=None):
            z_mean = np.zeros((100, 3))
            z_mean[:, 0] = np.linspace(-2, 2, 100)
            z_mean[:, 1] = 0.05 * np.sin(np.arange(100))  # variance 0.00125
            return z_mean, np.zeros((100, 3))

    assert latent.active_units(Encoded(), None) == 1
    assert latent.active_units(Encoded(), None, threshold=0.001) == 2
    with pytest.raises(ValueError, match="above 0"):
        latent.active_units(Encoded(), None, threshold=0)


def test_tile():
    images = np.arange(5, dtype="float32").reshape(5, 1, 1, 1) / 10
    np.testing.assert_allclose(tile(images, 3)[..., 0], [[0, 0.1, 0.2], [0.3, 0.4, 1]])
    assert tile(np.zeros((2, 3, 4, 5, 1)), gap=1).shape == (2 * 5 - 1, 3 * 6 - 1, 1)
