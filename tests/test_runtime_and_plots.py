import dataclasses
import io
import itertools
import os
import subprocess
import sys

import imageio.v3 as imageio
import matplotlib.figure
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from cvae import ImageDataset, runtime
from cvae.visualization import plots
from cvae.visualization.show import png


def test_pick(monkeypatch):
    for name in runtime.PROFILES:
        monkeypatch.setenv("CVAE_PROFILE", name)
        assert runtime.pick(smoke=1, quick=2, full=3) == {"smoke": 1, "quick": 2, "full": 3}[name]
        assert f"profile {name}" in runtime.describe()
    monkeypatch.delenv("CVAE_PROFILE")
    assert runtime.name() == ("full" if runtime.gpus() else "quick")
    monkeypatch.setenv("CVAE_PROFILE", "fast")
    with pytest.raises(ValueError, match="one of smoke, quick, full, got 'fast'"):
        runtime.name()


def test_a_handful_of_steps_is_run_eagerly():
    assert runtime.compile_options(19) == {"run_eagerly": True}
    assert runtime.compile_options(20) == runtime.compile_options()
    assert "run_eagerly" not in runtime.compile_options()


def test_jax_compiles(monkeypatch):
    """Keras's JAX trainer runs eagerly where jit_compile is False."""
    monkeypatch.setattr(runtime.keras.backend, "backend", lambda: "jax")
    assert runtime.compile_options(1000) == {"jit_compile": True}


def test_quiet_under_ci(monkeypatch):
    monkeypatch.setenv("CI", "true")
    assert runtime.verbose() == 0
    monkeypatch.delenv("CI")
    assert runtime.verbose() == 2


def test_precision_for_a_whole_run():
    script = (
        "import cvae; print(cvae.runtime.describe(), cvae.build_vae((8, 8, 1), 2).encoder.compute_dtype)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | {"CVAE_PRECISION": "mixed_bfloat16"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert result.stdout.split()[-2:] == ["mixed_bfloat16", "bfloat16"]


@pytest.fixture
def data(images, labels):
    return ImageDataset("squares", "TFDS squares", ("a", "b", "c"), images, labels, images, labels)


def test_figures_are_kept_only_from_a_full_run_on_real_data(data, monkeypatch, tmp_path):
    monkeypatch.setattr(runtime, "ROOT", tmp_path)
    monkeypatch.setattr(runtime, "RUNS", tmp_path / "runs")
    stand_in = dataclasses.replace(data, source="stand-in: squares")
    for name, given, kept in (
        ("quick", data, False), ("smoke", None, False), ("full", stand_in, False), ("full", data, True),
    ):  # fmt: skip
        monkeypatch.setenv("CVAE_PROFILE", name)
        figure = plots.gallery(data.x_train[:9])
        plots.show(figure, "nine", given)
        assert (tmp_path / "figures" / "nine.png").exists() is kept
        written = tmp_path / "runs" / "figures" / "nine.png"
        assert imageio.imread(written).shape[-1] == 3  # no alpha channel
        says_so = any("stand-in data" in text.get_text() for text in figure.texts)
        assert says_so is (given is stand_in)


def test_show_displays_the_figure_wherever_it_stands_in_a_cell(data, monkeypatch, tmp_path, capsys):
    """In a real IPython, whose display hook never sees the call: it is no cell's last expression."""
    monkeypatch.setattr(runtime, "RUNS", tmp_path)
    monkeypatch.setenv("CVAE_PROFILE", "quick")
    script = """
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell = InteractiveShell.instance()
with capture_output() as captured:
    shell.run_cell(\'\'\'
import numpy as np
from cvae.visualization import plots
plots.show(plots.gallery(np.zeros((4, 8, 8, 1))), "four", None)
print("after it")
\'\'\')
print([type(output.data).__name__ for output in captured.outputs], "after it" in captured.stdout)
"""
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path,
        env=os.environ | {"CVAE_PROFILE": "quick", "MPLBACKEND": "agg"},
    )  # fmt: skip
    assert result.stdout.strip() == "['dict'] True"


def test_each_figure_draws(rng, images, labels):
    history = {"loss": [3, 2], "reconstruction": [2, 1], "kl": [1, 1], "val_loss": [3, 2]}
    points = rng.normal(size=(96, 2))
    for figure in (
        plots.gallery(images[:7], columns=3, title="seven"),
        plots.gallery(rng.uniform(size=(2, 3, 8, 8, 3))),
        plots.strips({"original": images[:5], "reconstruction": images[:5] / 255}),
        plots.losses({"vae": history}),
        plots.scatter({"z": points, "pca": points}, labels, ("a", "b", "c"), limits=3),
        plots.matrix(np.arange(9).reshape(3, 3), ("a", "b", "c"), title="confusion"),
    ):
        assert isinstance(figure, matplotlib.figure.Figure)
        figure.canvas.draw()
        plots.plt.close(figure)


def test_classes_can_be_told_apart_without_red_or_green():
    """Distances in CIELAB, with deuteranopia and protanopia (Machado et al. 2009, severity 1)."""
    seen_as = {
        "all colors": np.eye(3),
        "no green": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
        "no red": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    }
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    srgb = np.array([to_rgb(color) for color in plots.CLASS_COLORS])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    for eyes, matrix in seen_as.items():
        xyz = np.clip(linear @ np.array(matrix).T, 0, 1) @ to_xyz.T / (0.9505, 1, 1.089)
        f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
        lab = np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)
        distances = np.linalg.norm(lab[:, None] - lab, axis=-1)[np.triu_indices(len(lab), 1)]
        assert distances.min() > 15, eyes  # matplotlib's tab10: 5 without red, 7 without green


def test_a_picture_is_small_where_that_is_not_seen_and_a_photograph_keeps_its_colors(rng):
    photograph = plots.gallery(rng.uniform(size=(4, 64, 64, 3)), scale=2)
    assert Image.open(io.BytesIO(png(photograph))).mode == "RGB"
    curve = Image.open(io.BytesIO(png(plots.lines({"a": ([1, 2], [3, 4])}, "x", "y"))))
    assert curve.mode == "P"
    assert curve.width > 7.5 * 130  # sharp: twice the 72 of a notebook


def test_enlarged_images_have_squares_for_pixels(rng):
    for side, expected in ((28, "nearest"), (64, "antialiased")):
        images = rng.uniform(size=(3, side, side, 1))
        for figure in (plots.gallery(images, scale=0.6), plots.strips({"a": images}, scale=0.6)):
            assert figure.axes[0].images[0].get_interpolation() == expected


def test_a_scatter_names_classes_and_axes(rng):
    points, labels = rng.normal(size=(30, 2)), np.repeat([0, 1], 15)
    (panel,) = plots.scatter({"a": points}, labels, ["cat", "dog", "none of these"]).axes
    assert [text.get_text() for text in panel.texts] == ["cat", "dog"]
    np.testing.assert_allclose(panel.texts[1].get_position(), np.median(points[15:], axis=0))
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("z[0]", "z[1]")
    (panel,) = plots.scatter({"a": points}, labels, "ab", axes_names=("PC 1", "PC 2")).axes
    assert panel.get_xlabel() == "PC 1"


def test_names_of_classes_that_lie_at_one_place_do_not_cover_each_other():
    points, labels = np.array([[0, 0], [0.01, 0.01], [0, 0.02], [1, 1]]), np.arange(4)
    figure = plots.scatter({"a": points}, labels, ["Shirt", "Coat", "Pullover", "Bag"])
    texts = figure.axes[0].texts
    boxes = [text.get_window_extent() for text in texts]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    np.testing.assert_allclose(texts[0].get_position(), points[0], atol=1e-9)  # the lowest stays
    np.testing.assert_allclose(texts[3].get_position(), points[3], atol=1e-9)  # nothing is in its way
    assert 0 < texts[1].get_position()[1] < texts[2].get_position()[1] < 0.5
    plots.plt.close(figure)


def test_losses_draws_what_it_is_given():
    history = {"loss": [3, 2], "val_loss": [4, 3]}
    figure = plots.losses({"vae": history}, keys=("loss",))
    dashed, solid = figure.axes[0].lines
    assert list(dashed.get_ydata()) == [3, 2]
    assert list(solid.get_ydata()) == [4, 3]
    assert list(solid.get_xdata()) == [1, 2]
    plots.plt.close(figure)


def test_lines_groups_colors_and_draws_spreads():
    x = [1, 2, 3]
    figure = plots.lines(
        {"a, training": (x, x), "a, held out": (x, x), "b": (x, x, [0.1, 0.1, 0.1])},
        "x",
        "y",
        yscale="log",
    )
    (axes,) = figure.axes
    first, second, third = (bars.lines[0] for bars in axes.containers)
    assert first.get_color() == second.get_color() != third.get_color()
    assert first.get_linestyle() != second.get_linestyle()
    assert [bool(bars.has_yerr) for bars in axes.containers] == [False, False, True]
    assert axes.get_yscale() == "log"


def test_lines_over_whole_numbers_have_whole_numbers_at_the_axis():
    ticks = plots.lines({"a": (range(1, 4), [3, 2, 1])}, "latent dimension", "KL").axes[0].get_xticks()
    assert all(float(tick).is_integer() for tick in ticks)
    ticks = plots.lines({"a": ([0.5, 1, 1.5], [3, 2, 1])}, "variance", "KL").axes[0].get_xticks()
    assert not all(float(tick).is_integer() for tick in ticks)


def test_kl_by_dimension_is_sorted_and_says_how_many_are_active():
    figure = plots.kl_by_dimension({"a": [0.5, 2.0, 0.0], "b": [1.0, 1.5]}, {"a": 2, "b": 0})
    (axes,) = figure.axes
    lines = [bars.lines[0] for bars in axes.containers]
    assert [list(line.get_ydata()) for line in lines] == [[2.0, 0.5, 0.0], [1.5, 1.0]]
    assert list(lines[0].get_xdata()) == [1, 2, 3]
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["a: 2 of 3 active", "b: 0 of 2 active"]


def test_steps_go_down_the_page_with_their_gains():
    figure = plots.steps({"first": 100.0, "then": 90.5, "last": 91.0}, {"theirs": 85.25}, "nats")
    axes = figure.axes[0]
    (beside,) = axes.child_axes  # on the right, out of the way of the lines
    labels = [label.get_text() for label in beside.get_yticklabels()]
    assert labels == ["100.00", "90.50  (-9.50)", "91.00  (+0.50)"]
    assert not axes.texts
    first, last = (axes.transData.transform((0, place))[1] for place in (0, 2))
    assert first > last
    assert [label.get_text() for label in axes.get_yticklabels()] == ["first", "then", "last"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["theirs: 85.25"]


def test_a_film_strip_and_a_figure_as_pixels(rng):
    frames = {"before": rng.random((4, 6, 3)), "after": rng.random((4, 6, 3))}
    figure = plots.film_strip(frames)
    assert [axes.get_title() for axes in figure.axes] == ["before", "after"]
    np.testing.assert_array_equal(figure.axes[1].images[0].get_array(), frames["after"])
    image = plots.pixels(figure)
    height, width = figure.get_size_inches()[::-1] * figure.dpi
    np.testing.assert_allclose(image.shape, (height, width, 3), atol=1)
    assert image.dtype == np.uint8
    assert image.min() < 128 < image.max()


def test_a_logarithmic_axis_names_few_points_and_leaves_many_to_matplotlib():
    few = plots.lines({"a": ([2, 5, 30], [1, 2, 3]), "b": ([2, 10], [1, 2])}, "x", "y", xscale="log")
    assert [label.get_text() for label in few.axes[0].get_xticklabels()] == ["2", "5", "10", "30"]
    many = plots.lines({"a": (range(1, 50), range(1, 50))}, "x", "y", xscale="log")
    assert len(many.axes[0].get_xticks()) < 20
    straight = plots.lines({"a": ([2, 5, 30], [1, 2, 3])}, "x", "y")
    assert list(straight.axes[0].get_xticks()) != [2, 5, 30]
