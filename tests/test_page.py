"""The explorer's page in a real browser: what it shows is what the model decodes."""

import base64

import imageio.v3 as iio
import keras
import numpy as np
import pytest
from conftest import settled

import cvae
from cvae import likelihoods, runtime
from cvae.__main__ import main
from cvae.experiments import storage, training
from cvae.visualization.page import TEMPLATE, steps_of, write_page


def shown(page):
    """The decoded image as the reader has it on the screen: uint8 (height, width, 3)."""
    url = page.evaluate("document.getElementById('picture').toDataURL()")
    return iio.imread(base64.b64decode(url.split(",")[1]), extension=".png")[..., :3]


def decoded(vae, z, label=None):
    image = vae.decode(np.float32([z]), None if label is None else [label])[0]
    return np.broadcast_to(np.round(image * 255), (*image.shape[:2], 3))


def assert_same_picture(page, vae, z, label=None):
    difference = np.abs(shown(page) - decoded(vae, z, label))
    assert difference.max() <= 2  # of 255: the weights are in 16 bits


@pytest.fixture
def page_of(images, labels, tmp_path):
    """A function that builds a VAE with weights far from zero, and the page of it."""

    def build(latent_dim=2, network="mlp", image_shape=(8, 8, 1), **options):
        options = ({"hidden": (16,)} if network == "mlp" else {}) | options
        vae = cvae.build_vae(image_shape, latent_dim, network, seed=0, **options)
        rng = np.random.default_rng(1)
        # Also biases, scales and running statistics, which an untrained network has at 0 and 1.
        vae.set_weights([np.abs(w + rng.normal(0, 0.3, w.shape)) if "variance" in v.path else
                         w + rng.normal(0, 0.3, w.shape)
                         for v, w in zip(vae.weights, vae.get_weights(), strict=True)])  # fmt: skip
        given = np.repeat(images, image_shape[2], axis=-1)
        return vae, write_page(tmp_path / "page.html", vae, given, labels, ("a", "b", "c"), "Squares")

    return build


def test_a_drag_shows_what_the_model_decodes_there(visit, page_of):
    vae, path = page_of()
    page = visit(path)
    assert page.title() == page.locator("h1").inner_text() == "Squares"
    assert_same_picture(page, vae, [0, 0])
    before = shown(page)
    box, reach = page.locator("#plane").bounding_box(), page.evaluate("content.reach")
    at = box["x"] + 0.8 * box["width"], box["y"] + 0.3 * box["height"]
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(*at, steps=5)
    settled(page)
    z = page.evaluate("place")
    np.testing.assert_allclose(z, [0.6 * reach, 0.4 * reach], atol=0.02)
    assert_same_picture(page, vae, z)
    assert np.abs(shown(page).astype(int) - before).max() > 20
    page.mouse.up()
    page.mouse.move(box["x"], box["y"])  # let go, it stays
    settled(page)
    assert page.evaluate("place") == z
    assert f"{z[0]:.2f}" in page.locator("#place").inner_text()


def test_keys_and_a_finger_move_the_point(visit, page_of):
    vae, path = page_of()
    page = visit(path, has_touch=True)
    step = 0.02 * page.evaluate("content.reach")
    page.locator("#plane").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowLeft", "Shift+ArrowDown"):
        page.keyboard.press(key)
    settled(page)
    z = page.evaluate("place")
    np.testing.assert_allclose(z, [-3 * step, -4 * step], atol=1e-9)
    assert_same_picture(page, vae, z)
    page.keyboard.press("Home")
    assert page.evaluate("place") == [0, 0]
    for _ in range(30):
        page.keyboard.press("Shift+ArrowLeft")
    assert page.evaluate("place") == [-page.evaluate("content.reach"), 0]  # not beyond the border
    box = page.locator("#plane").bounding_box()
    page.touchscreen.tap(box["x"] + 0.75 * box["width"], box["y"] + 0.5 * box["height"])
    settled(page)
    z = page.evaluate("place")
    np.testing.assert_allclose(z, [0.5 * page.evaluate("content.reach"), 0], atol=0.05)
    assert_same_picture(page, vae, z)


def test_a_path_drawn_by_hand_is_replayed(visit, page_of):
    vae, path = page_of()
    page = visit(path)
    replay = page.get_by_role("button", name="Replay")
    assert replay.is_disabled()
    page.get_by_role("button", name="Draw a path").click()
    box = page.locator("#plane").bounding_box()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"], steps=4)
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.4 * box["height"], steps=4)
    end = page.evaluate("place")
    page.mouse.up()
    page.wait_for_function("replaying === 0 && place[1] > 0")  # it plays at once
    assert page.evaluate("place") == end
    page.locator("#plane").focus()
    page.keyboard.press("Home")
    replay.click()
    page.wait_for_function(
        "replaying !== 0 && place[0] > -0.1 * content.reach && place[0] < 0.1 * content.reach"
    )
    z = page.evaluate("place")
    assert abs(z[1]) < 0.02 * page.evaluate("content.reach")  # on the first leg of the way
    page.wait_for_function("replaying === 0")
    settled(page)
    assert page.evaluate("place") == end
    assert_same_picture(page, vae, end)
    assert page.get_by_role("button", name="Draw a path").get_attribute("aria-pressed") == "false"


def test_the_nearest_classes(visit, page_of, images, labels):
    vae, path = page_of()
    page = visit(path)
    codes = vae.encode(images)[0]
    page.evaluate("z => moveTo(...z)", codes[5].tolist())
    settled(page)
    z = np.array(page.evaluate("place"))
    closest = np.argsort(np.square(codes - z).sum(axis=1))[:15]
    words = page.locator("#nearest").inner_text()
    for label, name in enumerate("abc"):
        count = int((labels[closest] == label).sum())
        assert (f"{name} ({count})" in words) == (count > 0)
    assert page.locator("#classes li").all_inner_texts() == ["a", "b", "c"]


def test_a_narrow_screen(visit, page_of):
    page = visit(page_of()[1], viewport={"width": 360, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    picture, plane = (page.locator(f"#{name}").bounding_box() for name in ("picture", "plane"))
    assert plane["width"] > 300
    assert picture["y"] + picture["height"] <= plane["y"]  # where no finger hides it
    assert plane["y"] + plane["height"] <= 640
    sizes = page.locator("p, li, button").evaluate_all(
        "all => all.map(each => parseFloat(getComputedStyle(each).fontSize))"
    )
    assert min(sizes) >= 13


NETWORKS = {
    "mlp": {"hidden": (16, 8), "batch_norm": True, "activation": "elu"},
    "a strided map": {"network": "conv", "filters": (4, 6), "hidden": (5,), "activation": "leaky_relu"},
    "odd sides": {
        "network": "conv", "filters": (4, 6, 5), "strides": (2, 2, 3), "kernel_size": 4,
        "any_side": True,
    },
    "residual": {"network": "residual", "filters": (4, 6), "blocks": (1, 2)},
    "squared error": {"likelihood": likelihoods.Gaussian(0.1)},
    "in color": {"likelihood": "discretized_logistic", "image_shape": (8, 8, 3), "latent_dim": 3},
    "softplus": {"activation": "softplus"},
    "silu": {"activation": "silu"},
    "tanh": {"activation": "tanh"},
}  # fmt: skip


@pytest.mark.parametrize("options", NETWORKS.values(), ids=NETWORKS)
def test_every_network_of_ours(visit, page_of, options):
    vae, path = page_of(**options)
    page = visit(path)
    axes = page.evaluate("content.directions.length")
    assert axes == min(6, vae.latent_dim)
    place = np.random.default_rng(0).normal(size=axes)
    space = page.evaluate("[content.origin, content.directions]")
    z = np.array(space[0]) + place @ np.array(space[1])
    found = np.array(page.evaluate("place => Array.from(decode(place, 0))", place.tolist()))
    expected = vae.decode(np.float32([z]))[0]
    assert expected.std() > 0.01
    np.testing.assert_allclose(found.reshape(expected.shape), expected, atol=0.01)


def test_more_than_two_dimensions_and_a_class(visit, page_of, tmp_path, images, labels):
    vae = cvae.build_vae((8, 8, 1), 4, "mlp", num_classes=3, hidden=(16,), seed=0)
    path = write_page(tmp_path / "page.html", vae, images, labels)
    page = visit(path)
    sliders = page.locator("input[type=range]")
    assert sliders.count() == 2  # beyond the plane
    sliders.nth(1).fill("1.5")
    page.get_by_role("combobox").select_option("2")
    settled(page)
    assert page.evaluate("place") == [0, 0, 0, 1.5]
    origin, directions = page.evaluate("[content.origin, content.directions]")
    assert_same_picture(page, vae, np.array(origin) + 1.5 * np.array(directions[3]), label=2)


def test_one_dimension(visit, page_of):
    vae, path = page_of(latent_dim=1)
    page = visit(path)
    page.evaluate("moveTo(1.5, 2)")
    settled(page)
    assert page.evaluate("place") == [1.5]
    assert_same_picture(page, vae, [1.5])


def test_a_title_is_text(visit, small, images, labels, tmp_path):
    path = tmp_path / "page.html"
    title, names = "</script><b>bold", ("<i>a</i>", "b & b", "c")
    write_page(path, small(), images, labels, names, title)
    page = visit(path)
    assert page.title() == page.locator("h1").inner_text() == title
    assert page.locator("#classes li").all_inner_texts() == list(names)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"path": "page.txt"}, ValueError, "a page's file name must end in .html, got"),
        ({"labels": [0, 1]}, ValueError, "one for each of 96 images"),
        ({"class_names": ("a", "b")}, ValueError, "labels must lie in 0..1, got 0..2"),
        ({"axes": 0}, ValueError, "axes must be a whole number of at least 1, got 0"),
        (
            {"images": np.zeros((96, 9, 9, 1), "uint8")},
            ValueError,
            r"the model takes \(n, 8, 8, 1\), got \(96, 9, 9, 1\)",
        ),
        ({"hidden": (1500, 1500)}, ValueError, r"the page would be 6.\d MB, a page is below 3 MB"),
        ({"activation": "gelu"}, ValueError, "a page cannot run the activation of .*, gelu: use one of"),
    ],
)
def test_bad_input(small, images, labels, tmp_path, change, error, message):
    options = {key: change.pop(key) for key in ("hidden", "activation") if key in change}
    arguments = {"path": "page.html", "images": images, "labels": labels} | change
    arguments["path"] = tmp_path / arguments["path"]
    with pytest.raises(error, match=message):
        write_page(vae=small(**options), **arguments)
    assert not list(tmp_path.iterdir())


def test_the_command(tiny_recipe, small, images, labels, tmp_path, monkeypatch, capsys):
    model, page = tmp_path / "tiny.keras", tmp_path / "tiny.html"
    assert main(["explore", str(model), "--out", str(page)]) == 2
    assert "there is no file" in capsys.readouterr().err
    training.train(tiny_recipe, model, verbose=0)
    assert main(["explore", str(model), "--out", str(page)]) == 0
    assert capsys.readouterr().out == f"saved {page}\n"
    assert "The latent space of tiny" in page.read_text()
    model.with_suffix(".json").unlink()
    assert main(["explore", str(model), "--out", str(page)]) == 2
    assert "names its data set: add --data, such as --data mnist" in capsys.readouterr().err
    asked = []

    def load(name, limit, size, grayscale):
        assert (size, grayscale) == (8, True)
        asked.append((name, limit))
        return tiny_recipe.settings.load()

    monkeypatch.setattr("cvae.__main__.load", load)
    command = ["explore", str(model), "--out", str(page), "--data", "squares", "--points", "50"]
    assert main([*command, "--title", "Mine"]) == 0
    assert asked == [("squares", 50)]
    assert "Mine" in page.read_text()
    assert main(["explore", str(model), "--out", str(page), "--points", "0"]) == 2
    assert "--points must be at least 1, got 0" in capsys.readouterr().err


def test_decoders_that_a_page_cannot_run(small):
    class Own(keras.Model):
        image_shape = (8, 8, 1)

        def __init__(self):
            super().__init__()
            self.pixels = keras.Sequential([keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))])

        def call(self, z):
            return self.pixels(z)

    with pytest.raises(ValueError, match="can run an MLPDecoder, .*; got a Own"):
        steps_of(cvae.VAE(small().encoder, Own()))
    vae = small(network="conv", filters=(4,), strides=1, encoder={"padding": "valid"})
    steps_of(vae)  # the encoder's padding plays no part
    vae.decoder.body.layers[-2].padding = "valid"
    with pytest.raises(ValueError, match="needs padding='same' and no dilation"):
        steps_of(vae)


@pytest.mark.parametrize(("page", "model"), [("mnist", "luther-2"), ("fashion", "patadia-fashion")])
def test_the_committed_pages_are_of_the_committed_models(visit, page, model):
    path = runtime.ROOT / "figures" / f"explore_{page}.html"
    vae = cvae.load_vae(storage.PRETRAINED / f"{model}.keras")
    start, end = TEMPLATE.read_text().split("/*CONTENT*/null")
    text = path.read_text()
    assert text.startswith(start)
    assert text.endswith(end)
    page = visit(path)
    page.evaluate("moveTo(-1.25, 0.5)")
    settled(page)
    assert_same_picture(page, vae, [-1.25, 0.5])
