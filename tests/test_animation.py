import itertools

import imageio.v3 as iio
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

import cvae
from cvae.utils.images import to_uint8
from cvae.visualization import animation, plots


def test_one_frame_before_and_one_after_each_epoch(small, images, tmp_path):
    frames = cvae.LatentFrames(tmp_path / "deep" / "training.gif", n=9, seed=1)
    vae = small()
    vae.fit(images, epochs=3, verbose=0, callbacks=[frames])
    assert frames.titles == ["untrained", "epoch 1", "epoch 2", "epoch 3"]
    movie = iio.imread(tmp_path / "deep" / "training.gif", index=None)[:, 18:, :24]  # under the title
    assert movie.shape[:3] == (4, 24, 24)
    # The last frame is what the trained model decodes at the fixed points.
    expected = to_uint8(plots.tile(vae.sample(9, seed=1)))[..., 0]
    assert abs(movie[-1].reshape(24, 24, -1)[..., 0].astype(int) - expected).max() <= 3
    assert np.any(movie[0] != movie[-1])


def test_fixed_points_and_labels(small, images, labels):
    z = np.zeros((3, 2))
    frames = cvae.LatentFrames(z=z, labels=[0, 1, 2], columns=3)
    small(num_classes=3).fit({"image": images, "label": labels}, verbose=0, callbacks=[frames])
    assert frames.frames[-1].shape == (8, 24, 1)
    with pytest.raises(ValueError, match="z must"):
        small().fit(images, verbose=0, callbacks=[cvae.LatentFrames(z=np.zeros((3, 5)))])


def test_frames_after_batches_of_the_first_epoch(small, images):
    frames = cvae.LatentFrames(n=4, batches=(1, 3))
    small().fit(images, batch_size=8, epochs=2, verbose=0, callbacks=[frames])
    assert frames.titles == ["untrained", "batch 1", "batch 3", "epoch 1", "epoch 2"]
    assert len(frames.frames) == len(frames.images) == 5
    with pytest.raises(ValueError, match="a batch must be"):
        cvae.LatentFrames(batches=(0,))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_titles_are_in_the_picture(tmp_path, rng, channels):
    frames = rng.integers(0, 9, (2, 40, 90, 1)).repeat(channels, axis=-1) / 8  # few colors
    frames[..., 3:] = 1  # opaque
    plain = iio.imread(animation.write_gif(frames, tmp_path / "a.gif"), index=None, mode="L")
    path = animation.write_gif(frames, tmp_path / "b.gif", titles=["one", "two"])
    seen = iio.imread(path, index=None, mode="L")
    above = seen.shape[1] - 40
    assert above > 10
    difference = seen[:, above:].astype(int) - plain
    assert abs(difference).max() < 3  # the picture itself is as it was
    assert (seen[0, :above] != seen[1, :above]).any()  # "one" is not "two"
    assert (seen[:, :above] < 128).any(axis=(1, 2)).all()  # both are written, and black
    with pytest.raises(ValueError, match="a title for each of the 2 frames, got 3"):
        animation.write_gif(frames, tmp_path / "a.gif", titles=["one", "two", "three"])


def test_bad_paths_are_found_before_training(tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.gif"):
        cvae.LatentFrames(tmp_path / "a.png")
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot write"):
        cvae.LatentFrames(tmp_path / "file" / "a.gif")


def test_write_gif(tmp_path):
    color = np.random.default_rng(0).uniform(size=(3, 8, 8, 3))
    path = animation.write_gif(color, tmp_path / "a.gif", fps=2, hold=1)
    assert iio.imread(path, index=None).shape == (3, 8, 8, 3)
    assert iio.immeta(path, index=0)["duration"] == 500
    assert iio.immeta(path, index=0)["loop"] == 0
    nan = np.full((2, 2, 2, 1), np.nan)
    for frames, fps, message in (
        ([], 4, "at least one frame"),
        ([np.zeros((2, 2, 1)), np.zeros((3, 3, 1))], 4, "at least one frame"),
        (color[..., :2], 4, "1, 3 or 4 channels"),
        (nan, 4, "NaN or infinity"),
        (color, 0, "fps of 0.01 to 50"),
        (color, 0.001, "fps of 0.01 to 50"),
        (color, "4", "fps must be a number"),
    ):
        with pytest.raises(ValueError, match=message):
            animation.write_gif(frames, tmp_path / "b.gif", fps=fps)
    assert not (tmp_path / "b.gif").exists()


@pytest.mark.parametrize("n", [1, 3])
def test_frames_that_are_all_the_same(tmp_path, n):
    path = animation.write_gif(np.zeros((n, 4, 4, 1)), tmp_path / "a.gif")
    assert iio.imread(path, index=0).shape[:2] == (4, 4)


def test_scale_and_colors_of_a_gif(tmp_path, rng):
    frames = rng.integers(0, 256, (3, 6, 8, 3), dtype="uint8")
    path = animation.write_gif(frames, tmp_path / "a.gif", scale=3, colors=4)
    seen = iio.imread(path, index=None, mode="RGB")
    assert seen.shape == (3, 18, 24, 3)
    for frame in seen:
        small = frame[::3, ::3]
        np.testing.assert_array_equal(frame, small.repeat(3, axis=0).repeat(3, axis=1))
        assert len(np.unique(small.reshape(-1, 3), axis=0)) <= 4
    for wrong in ({"scale": 0}, {"colors": 1}, {"colors": 257}):
        with pytest.raises(ValueError, match="scale must be|2 to 256 colors|colors must be"):
            animation.write_gif(frames, tmp_path / "a.gif", **wrong)


def test_the_colors_of_the_classes_stay_apart(tmp_path, rng):
    """Pillow's default, the median cut, made one color of two: points of a class are few pixels."""
    figures = []
    for _ in range(2):
        labels, figure = rng.permuted(np.arange(400) % 10), plt.figure(figsize=(5, 3), dpi=80)
        colors = [plots.CLASS_COLORS[label] for label in labels]
        figure.add_subplot().scatter(*rng.normal(size=(2, 400)), s=12, lw=0, color=colors)
        figure.add_subplot(3, 3, 9).imshow(rng.uniform(size=(28, 28)), cmap="gray")
        figures.append(plots.pixels(figure))
    wanted = np.array([to_rgb(color) for color in plots.CLASS_COLORS]) * 255
    seen = iio.imread(
        animation.write_gif(figures, tmp_path / "a.gif", colors=64), index=None, mode="RGB"
    )
    for before, after in zip(figures, seen, strict=True):
        near = [np.linalg.norm(before.astype(float) - color, axis=-1) < 20 for color in wanted]
        after = np.array([after[points].mean(axis=0) for points in near])
        apart = [np.linalg.norm(a - b) for a, b in itertools.combinations(after, 2)]
        assert min(apart) > 45  # of the colors themselves: 63


def test_images_are_kept_beside_the_frames(small, images):
    film = animation.LatentFrames(n=4)
    small().fit(images, epochs=2, verbose=0, callbacks=[film])
    assert len(film.images) == len(film.frames) == 3
    assert film.images[0].shape == (4, 8, 8, 1)
    np.testing.assert_array_equal(film.frames[1][:8, :8], np.round(film.images[1][0] * 255))
