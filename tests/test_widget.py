"""The explorer's widgets, without a browser: what they show is what the model decodes."""

import imageio.v3 as iio
import ipywidgets
import numpy as np
import pytest

import cvae
from cvae.visualization import latent_axes, widget


def parts(widget):
    """The sliders, the map, the picture and the words."""
    left, right = widget.children
    plane, *controls = left.children
    picture, words, legend = right.children
    assert legend.value.startswith('<span style="color: #3f90da">')
    return controls, plane, picture, words


def picture_of(widget):
    return iio.imread(widget.value, extension=".png")


def test_the_picture_follows_the_sliders(small, images, labels):
    vae = small()
    controls, plane, picture, words = parts(cvae.explore(vae, images, labels, ("a", "b", "c")))
    assert [slider.description for slider in controls] == ["z1", "z2"]
    before = picture_of(plane)
    for slider, value in zip(controls, (1.5, -0.75), strict=True):
        slider.value = value
    image = vae.decode(np.float32([[1.5, -0.75]]))[0, ..., 0]
    factor = widget.PICTURE_SIDE // 8
    found = picture_of(picture)
    assert found.shape == (8 * factor, 8 * factor)
    np.testing.assert_array_equal(found[::factor, ::factor], np.round(image * 255))
    after = picture_of(plane)
    reach = controls[0].max
    column, row = (round((1 + at / reach) / 2 * (widget.MAP_SIDE - 1)) for at in (1.5, 0.75))
    assert (after[:, column] == 0).all()
    assert (after[row] == 0).all()
    assert not (before[row] == 0).all()
    assert words.value.startswith("the 15 nearest images: ")


def test_more_dimensions_go_along_principal_axes(small, images, labels):
    vae = small(latent_dim=5)
    controls, _, picture, _ = parts(cvae.explore(vae, images, labels, axes=3))
    assert [slider.description for slider in controls] == ["axis 1", "axis 2", "axis 3"]
    codes = vae.encode(images)[0]
    _, vectors = np.linalg.eigh(np.cov(codes, rowvar=False))
    direction = vectors[:, -1]  # of the largest variance; its sign is nobody's business
    controls[0].value = 2.0
    factor = widget.PICTURE_SIDE // 8
    found = picture_of(picture)[::factor, ::factor].astype(int)
    decoded = vae.decode(np.float32([codes.mean(axis=0) + sign * 2 * direction for sign in (1, -1)]))
    assert min(np.abs(found - np.round(image[..., 0] * 255)).max() for image in decoded) <= 1


def test_a_conditional_vae_has_its_class_chosen(images, labels):
    vae = cvae.build_vae((8, 8, 1), 1, "mlp", num_classes=3, hidden=(16,), seed=0)
    controls, _, picture, _ = parts(cvae.explore(vae, images, labels, ("a", "b", "c")))
    slider, choice = controls
    assert isinstance(choice, ipywidgets.Dropdown)
    choice.value = 2
    slider.value = 1.0
    factor = widget.PICTURE_SIDE // 8
    expected = np.round(vae.decode(np.float32([[1.0]]), [2])[0, ..., 0] * 255)
    np.testing.assert_array_equal(picture_of(picture)[::factor, ::factor], expected)


def test_the_nearest_by_hand():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 3.0], [5.0, 5.0]])
    space = latent_axes.LatentAxes(
        np.zeros(2), np.eye(2), 5.0, points, np.array([1, 0, 1, 0]), ("shirt", "<shoe>")
    )
    assert widget.nearest(space, np.zeros(2)) == "the 4 nearest images: shirt (2), &lt;shoe&gt; (2)"
    legend = widget.color_legend(space)
    assert legend.count("&#9679;") == 2
    assert '#ffa90e">&#9679;</span>&nbsp;&lt;shoe&gt;' in legend
    np.testing.assert_array_equal(space.z([[1.0, 2.0]]), [[1.0, 2.0]])


def test_the_map_shows_every_point_in_its_class_color():
    points = np.array([[-2.0, 2.0], [2.0, -2.0]])
    space = latent_axes.LatentAxes(np.zeros(2), np.eye(2), 4.0, points, np.array([0, 1]), ("a", "b"))
    picture = widget.scatter_map(space).astype(int)
    quarter, last = widget.MAP_SIDE // 4, widget.MAP_SIDE
    blue, orange = picture[quarter, quarter], picture[last - quarter, last - quarter]
    assert blue[2] > blue[0] + 50
    assert orange[0] > orange[2] + 50
    assert (picture[last // 2, last // 2] == 255).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"axes": 0}, "axes must be a whole number of at least 1, got 0"),
        ({"labels": [1, 2]}, r"one for each of 96 images: expected the shape \(96,\), got \(2,\)"),
        ({"class_names": ("a",)}, r"labels must lie in 0..0, got 0..2"),
        ({"images": np.zeros((96, 9, 9, 1), "uint8")}, "images of the wrong side"),
    ],
)
def test_bad_input(small, images, labels, change, message):
    arguments = {"images": images, "labels": labels} | change
    with pytest.raises(ValueError, match=message):
        cvae.explore(small(), **arguments)
