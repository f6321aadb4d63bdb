"""Scores of samples: one judge for every committed model and for real images."""

import dataclasses
import functools

import numpy as np
import pytest

from cvae.__main__ import main
from cvae.experiments import catalogue, classifiers, training
from cvae.experiments.studies import samples
from cvae.experiments.studies.imbalance import train_classifier


def test_scores_by_hand(digits, monkeypatch):
    """Of four images the judge is sure of three; one feature, uniform over [0, 6] and over [0, 2]."""
    verdicts = np.array([[0.95, 0.05], [0.9, 0.1], [0.05, 0.95], [0.6, 0.4]])
    monkeypatch.setattr(classifiers, "load_or_train", lambda data: (None, {"test_accuracy": 0.9}))
    monkeypatch.setattr(
        classifiers, "probabilities", lambda model, images: np.tile(verdicts, (len(images) // 4, 1))
    )
    monkeypatch.setattr(classifiers, "REFERENCE", 300)
    spread = {40: 6, 300: 2}
    monkeypatch.setattr(
        classifiers, "features", lambda model, x: np.linspace(0, spread[len(x)], len(x))[:, None]
    )
    found = classifiers.scores(digits, digits.x_test[:40])
    marginal = verdicts.mean(axis=0)
    divergence = (verdicts * np.log(verdicts / marginal)).sum(axis=1).mean()
    # n points in equal steps from 0 to s have the variance s^2 n (n + 1) / (12 (n - 1)^2).
    deviations = 6 * np.sqrt(40 * 41 / 12) / 39, 2 * np.sqrt(300 * 301 / 12) / 299
    assert found == {
        "images": 40,
        "inception_score": round(np.exp(divergence), 3),
        "inception_score_std": 0,
        "frechet_distance": round((3 - 1) ** 2 + (deviations[0] - deviations[1]) ** 2, 3),
        "sure_of_64": 48,
        "classifier_accuracy": 0.9,
    }


@pytest.fixture
def judged(digits, monkeypatch, tmp_path, tiny_recipe):
    """One recipe of 8 x 8 digits with weights, and a judge that takes a second to train."""
    x = digits.x_train.reshape(-1, 64) / np.float32(255)
    network = functools.partial(classifiers.mlp, hidden=(32,))
    model = train_classifier(network, x, digits.y_train, (8, 8, 1), 0, steps=300)
    monkeypatch.setattr(classifiers, "load_or_train", lambda data: (model, {"test_accuracy": 0.9}))
    recipe = tiny_recipe.but(dataset="mnist", keep=True, epochs=1)
    training.train(recipe, verbose=0)
    everything = {"tiny": recipe, "dropped": recipe.but(name="dropped", keep=False)}
    monkeypatch.setattr(training, "RECIPES", everything)
    monkeypatch.setattr(catalogue, "RECIPES", everything)
    monkeypatch.setattr(training, "SCORED", ("mnist",))
    monkeypatch.setattr(training, "SAMPLES", 300)
    real = dataclasses.replace(digits, source="TFDS mnist 3.0.1")
    for module in (samples, training):
        monkeypatch.setattr(module, "load", lambda name: real)
    monkeypatch.setenv("CI", "1")
    return tmp_path / "samples.json"


def test_real_images_are_the_best_samples(judged):
    samples.reproduce(judged)
    known = samples.read(judged)
    assert list(known) == [("mnist", samples.REAL), ("mnist", "tiny")]
    real, squares = known.values()
    assert real["images"] == squares["images"] == 300
    assert real["frechet_distance"] < squares["frechet_distance"]
    assert real["inception_score"] > squares["inception_score"]
    lines = samples.markdown(known).splitlines()
    assert lines[2].startswith(f"| real test images | mnist | {real['frechet_distance']:.2f} | ")
    assert lines[3].startswith("| tiny | mnist | ")


def test_what_is_scored_is_not_scored_again(judged, monkeypatch):
    samples.reproduce(judged)
    known = samples.read(judged)
    monkeypatch.setattr(classifiers, "scores", lambda *args: pytest.fail("scored"))
    samples.reproduce(judged)
    assert samples.read(judged) == known
    monkeypatch.setattr(training, "SAMPLES", 200)  # another protocol
    assert samples.read(judged) == {}


def test_samples_of_a_model_that_is_not_trained(judged, monkeypatch):
    other = catalogue.find("tiny").but(name="other", seed=1)
    monkeypatch.setattr(catalogue, "RECIPES", {"other": other})
    with pytest.raises(FileNotFoundError, match="other is not trained with these settings"):
        samples.reproduce(judged)
    assert list(samples.read(judged)) == [("mnist", samples.REAL)]  # what was done is kept


def test_a_stand_in_is_not_scored(judged, digits, monkeypatch, capsys):
    stand_in = dataclasses.replace(digits, source="stand-in: scikit-learn")
    monkeypatch.setattr(samples, "load", lambda name: stand_in)
    monkeypatch.setattr(samples, "RESULT", judged)
    assert main(["reproduce", "samples"]) == 2
    assert "the scores of samples" in capsys.readouterr().err
    assert not judged.exists()


def test_a_table_of_nothing():
    with pytest.raises(ValueError, match="run python -m cvae reproduce samples"):
        samples.markdown({})
