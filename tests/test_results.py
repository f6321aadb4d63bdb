"""RESULTS.md is what the recorded results say, and so is every number that a text quotes."""

import json
import re

import numpy as np
import pytest
from conftest import give

import cvae
from cvae import metrics, runtime
from cvae.__main__ import main
from cvae.experiments import catalogue, results, storage, training


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setenv("CI", "1")


def texts():
    """README and the Markdown cells of all notebooks, by name."""
    found = {"README.md": (runtime.ROOT / "README.md").read_text()}
    for path in sorted((runtime.ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text())["cells"]
        found[path.name] = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    return found


def test_results_md_is_what_is_recorded(tmp_path, capsys):
    assert main(["table", "--out", str(tmp_path / "RESULTS.md")]) == 0
    made = (tmp_path / "RESULTS.md").read_text()
    assert made == capsys.readouterr().out
    assert made == (runtime.ROOT / "RESULTS.md").read_text(), "run python -m cvae table --out RESULTS.md"


def test_every_recipe_has_its_passport():
    rows = {row[0]: row for row in results.passports()}
    assert {re.sub(r"-seed\d+$", "", name) for name in catalogue.RECIPES} == set(rows)
    for row in rows.values():
        assert len(row) == len(results.HEADER)
    assert rows["luther-2"][3] == "report"
    assert rows["better-luther-2"][3] == "test images"
    assert rows["better-luther-2"][4] == "60,000, 0, 10,000"
    assert rows["ladder-residual"][3] == "training images set aside"
    assert rows["ladder-long"][3] == rows["digits-conditional"][3] == "test images"
    assert rows["zhao-mlp20-20"][5].startswith("3, spread ")


def test_far_more_samples_stand_beside_the_usual(tiny_recipe, monkeypatch):
    monkeypatch.setattr(results, "RECIPES", {"tiny": tiny_recipe})
    nll = {"samples": 500, "nats": 81.0, "standard_error": 0.2}
    monkeypatch.setattr(storage, "read_result", lambda recipe: {"nll": nll})
    assert results.many_samples() == ""
    many = {"images": 1000, "samples": 5000, "nats": 80.5, "nats_with_fewer": 80.7}
    monkeypatch.setattr(storage, "read_result", lambda recipe: {"nll": nll, "nll_many": many})
    assert results.many_samples() == (
        "tiny on the first 1,000 test images: 80.50 nats with 5,000 samples of z, 80.70 with 500.\n"
    )


def test_numbers_in_the_texts_are_the_recorded_ones():
    count = 0
    for where, text in texts().items():
        for written, percent, name, path in results.quotes(text):
            value = results.recorded(name, path)
            assert results.agrees(written, percent, value), (
                f"{where}: {written}, {name}:{path} is {value}"
            )
            count += 1
        # None with a slip in its marker.
        assert text.count("<!--=") == len(list(results.quotes(text))), where
    assert count > 10


def test_quotes():
    text = "**81.96**<!--= a:nll.nats --> and 4,711 <!--= b:c --> and −3.5 %<!--= d-e:mnist/0/x y -->"
    text = text.replace("x y", "x-y")
    assert list(results.quotes(text)) == [
        ("81.96", "", "a", "nll.nats"), ("4,711", "", "b", "c"), ("−3.5", "%", "d-e", "mnist/0/x-y"),
    ]  # fmt: skip
    assert not list(results.quotes("81.96 <!-- a:b -->"))
    assert results.agrees("81.96", "", 81.957)
    assert not results.agrees("81.96", "", 81.949)
    assert results.agrees("4,711", "", 4711.4)
    assert results.agrees("−3.5", "%", -0.035)
    assert not results.agrees("3.5", "", 0.035)


def test_recorded(tiny_recipe):
    storage.write_json({"nll": {"nats": 2.5}}, storage.RESULTS / "tiny.json")
    assert results.recorded("tiny", "nll.nats") == 2.5
    with pytest.raises(KeyError):
        results.recorded("tiny", "nll.bits")
    rows = [{"dataset": "a", "seed": s, "accuracy": s / 10} for s in (1, 2)]
    storage.write_json({"protocol": {}, "rows": rows}, storage.RESULTS / "study.json")
    assert results.recorded("study", "a/2/accuracy") == 0.2
    assert results.recorded("study", "a/*/accuracy") == pytest.approx(0.15)
    with pytest.raises(KeyError, match="study has no row a/3/accuracy"):
        results.recorded("study", "a/3/accuracy")


@pytest.fixture
def apart(tiny_recipe, images, labels, monkeypatch):
    """A recipe that sets a quarter aside: images that are dark, where those trained on are not and test
    images are light; so whatever is measured shows what it is of."""
    kept = len(images) * 3 // 4
    images = np.concatenate([images[:kept], images[kept:] // 4])
    data = cvae.ImageDataset(
        "squares", "TFDS squares 1.0.0", ("a", "b", "c"), images, labels, 255 - images[:32] // 4,
        labels[:32],
    )  # fmt: skip
    give(monkeypatch, data)
    return tiny_recipe.replace(validation_split=0.25)


def test_images_set_aside_are_neither_trained_on_nor_tested_on(apart, tiny_recipe):
    recipe, whole = apart, tiny_recipe.settings.load()
    images, labels, kept = whole.x_train, whole.y_train, len(whole.x_train) * 3 // 4
    data = recipe.settings.load()
    held_out, classes = recipe.settings.held_out(data)
    np.testing.assert_array_equal(data.x_train, images[:kept])
    np.testing.assert_array_equal(data.y_train, labels[:kept])
    np.testing.assert_array_equal(held_out, images[kept:])
    np.testing.assert_array_equal(classes, labels[kept:])
    assert recipe.settings.source()[1] == kept
    vae = training.train(recipe, verbose=0)
    card = storage.read_card(recipe)
    bound, of_others = (-metrics.elbo(vae, some, samples=20).mean() for some in (held_out, data.x_test))
    assert card["final"]["val_loss"] == pytest.approx(bound, rel=0.01)
    assert of_others != pytest.approx(bound, rel=0.05)
    assert card["training_images"] == kept
    assert "validation" in card["units"]


def test_without_images_set_aside_the_test_images_are_logged(tiny_recipe):
    data = tiny_recipe.settings.load()
    held_out, labels = tiny_recipe.settings.held_out(data)
    assert held_out is data.x_test
    assert labels is data.y_test


def test_a_split_that_sets_nothing_aside_is_told(tiny_recipe):
    with pytest.raises(ValueError, match="a validation_split of 0.001 sets aside none of 96"):
        training.train(tiny_recipe.replace(validation_split=0.001), verbose=0)


@pytest.mark.parametrize("split", [-0.1, 1, 1.5])
def test_a_split_that_leaves_nothing(tiny_recipe, split):
    with pytest.raises(ValueError, match="validation_split must be a part of the training images"):
        tiny_recipe.replace(validation_split=split)


@pytest.mark.parametrize("binarize", [None, "static"])
def test_the_test_images_are_looked_at_after_training(apart, binarize):
    recipe = apart.replace(binarize=binarize, nll_samples=5)
    catalogue.RECIPES["tiny"] = recipe
    training.reproduce(["tiny"])
    result = storage.read_result(recipe)
    vae, data = training.load_or_train(recipe), recipe.settings.load()
    expected = -metrics.elbo(vae, data.x_test, samples=50)
    found = storage.test_scores(result)
    assert found["loss"] == pytest.approx(expected.mean(), rel=0.02)
    assert found["loss"] == pytest.approx(found["reconstruction"] + found["kl"], abs=1e-3)
    once = metrics.elbo(vae, data.x_test)
    error = once.std(ddof=1) / np.sqrt(len(once))
    assert found["standard_error"] == pytest.approx(error, abs=1e-3)
    if binarize:
        images, _ = recipe.settings.held_out(data)
        for key, some in (("nll", data.x_test), ("validation_nll", images)):
            nats, _ = metrics.nll(vae, some, samples=5)
            assert result[key]["nats"] == pytest.approx(nats, abs=1e-2)
