import cvae  # noqa: I001  first: it loads the backend without its start-up messages
import os
import shutil

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

from cvae.experiments import catalogue, storage, training
from cvae.experiments.recipe import make_recipe
from cvae.experiments.studies import samples, study, synthetic, tails


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def images(rng):
    """96 uint8 images of 8x8 with structure: a bright square whose place and size vary."""
    pictures = np.zeros((96, 8, 8, 1), "uint8")
    for picture in pictures:
        top, left = rng.integers(0, 5, 2)
        picture[top : top + 3, left : left + 3] = rng.integers(150, 256)
    return pictures


@pytest.fixture(scope="session")
def digits():
    """scikit-learn's 8 x 8 digits as a data set, 1,400 for training: enough to learn from in seconds."""
    x, y = load_digits(return_X_y=True)
    x = np.round(x / 16 * 255).astype("uint8").reshape(-1, 8, 8, 1)
    names = tuple(map(str, range(10)))
    return cvae.ImageDataset("mnist", "scikit-learn", names, x[:1400], y[:1400], x[1400:], y[1400:])


@pytest.fixture
def labels():
    return np.arange(96) % 3


@pytest.fixture
def small():
    """A function that builds a small VAE for `images`, compiled."""

    def build(latent_dim=2, network="mlp", **options):
        if network == "mlp":
            options.setdefault("hidden", (16,))
        else:
            options.setdefault("filters", (4, 8))
        options.setdefault("seed", 0)
        vae = cvae.build_vae((8, 8, 1), latent_dim, network, **options)
        vae.compile(keras.optimizers.Adam(1e-2))
        return vae

    return build


def give(monkeypatch, data):
    """Recipes find this data set, whichever they ask for."""
    monkeypatch.setattr("cvae.experiments.recipe.load", lambda *args, **kwargs: data)
    monkeypatch.setattr(
        "cvae.experiments.recipe.source_of", lambda *args, **kwargs: (data.source, len(data.x_train))
    )


def give_studies(monkeypatch, data):
    """The studies find this data set, whichever they ask for."""
    for module in (study, tails, samples, synthetic, training):
        monkeypatch.setattr(module, "load", lambda name, **options: data)


@pytest.fixture
def tiny_recipe(images, labels, monkeypatch, tmp_path):
    """A recipe that trains in a second, on arrays of ours instead of a data set."""
    data = cvae.ImageDataset(
        "squares", "TFDS squares 1.0.0", ("a", "b", "c"), images, labels, images[:32], labels[:32]
    )
    give(monkeypatch, data)
    monkeypatch.setattr(storage, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(storage, "PRETRAINED", tmp_path / "pretrained")
    monkeypatch.setattr(storage, "RESULTS", tmp_path / "results")
    recipe = make_recipe(
        name="tiny", about="squares", dataset="squares", latent_dim=2, network="mlp",
        options={"hidden": (8,)}, batch_size=32, epochs=3,
    )  # fmt: skip
    monkeypatch.setitem(catalogue.RECIPES, "tiny", recipe)
    return recipe


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="an extra: requirements-test.txt")
    names = ("chromium", "chromium-browser", "google-chrome")
    chromium = next(filter(None, map(shutil.which, names)), None)
    if chromium is None:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing("no Chromium here: apt-get install chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """A function that opens a page without a network; at the end nobody may have complained."""
    complaints, contexts = [], []

    def open_page(path, query="", **options):
        context = browser.new_context(offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: request.url.startswith(("file:", "data:")) or complaints.append(request.url),
        )
        page.goto(f"{path.as_uri()}?{query}" if query else path.as_uri())
        settled(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


def settled(page):
    """Wait for the screen: what is drawn is drawn with the next frame."""
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
