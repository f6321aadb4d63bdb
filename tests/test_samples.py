"""Scores of samples: one reference classifier for every committed model and for real images."""

import dataclasses
import functools

import numpy as np
import pytest
from conftest import give_studies

from cvae.__main__ import main
from cvae.experiments import catalogue, classifiers, training
from cvae.experiments.studies import samples
from cvae.experiments.studies.trials import train_classifier


def test_scores_by_hand(digits, monkeypatch):
    """Of four images the classifier is sure of three; a feature, uniform over [0, 6] and over [0, 2]."""
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


@pytest.fixture(scope="module")
def reference(digits):
    """A small reference classifier of 8 x 8 digits."""
    x = digits.x_train.reshape(-1, 64) / np.float32(255)
    network = functools.partial(classifiers.mlp, hidden=(32,))
    return train_classifier(network, x, digits.y_train, (8, 8, 1), 0, steps=300)


@pytest.fixture
def scored(digits, reference, monkeypatch, tmp_path, tiny_recipe):
    """One recipe of 8 x 8 digits with weights."""
    found = reference, {"test_accuracy": 0.9}
    monkeypatch.setattr(classifiers, "load_or_train", lambda data: found)
    recipe = tiny_recipe.replace(dataset="mnist", keep=True, epochs=1)
    training.train(recipe, verbose=0)
    everything = {"tiny": recipe, "dropped": recipe.replace(name="dropped", keep=False)}
    monkeypatch.setattr(training, "RECIPES", everything)
    monkeypatch.setattr(catalogue, "RECIPES", everything)
    monkeypatch.setattr(training, "SCORED", ("mnist",))
    monkeypatch.setattr(training, "SAMPLES", 300)
    real = dataclasses.replace(digits, source="TFDS mnist 3.0.1")
    give_studies(monkeypatch, real)
    monkeypatch.setenv("CI", "1")
    return tmp_path / "samples.json"


def test_real_images_are_the_best_samples(scored):
    samples.SamplesStudy(scored).reproduce()
    known = samples.SamplesStudy(scored).read()
    assert list(known) == [("mnist", samples.REAL), ("mnist", "tiny")]
    real, squares = known.values()
    assert real["images"] == squares["images"] == 300
    assert real["frechet_distance"] < squares["frechet_distance"]
    assert real["inception_score"] > squares["inception_score"]
    lines = samples.markdown(known).splitlines()
    assert lines[2].startswith(f"| real test images | mnist | {real['frechet_distance']:.2f} | ")
    assert lines[3].startswith("| tiny | mnist | ")


def test_what_is_scored_is_not_scored_again(scored, monkeypatch):
    samples.SamplesStudy(scored).reproduce()
    known = samples.SamplesStudy(scored).read()
    monkeypatch.setattr(classifiers, "scores", lambda *args: pytest.fail("scored"))
    samples.SamplesStudy(scored).reproduce()
    assert samples.SamplesStudy(scored).read() == known
    monkeypatch.setattr(training, "SAMPLES", 200)  # another protocol
    assert samples.SamplesStudy(scored).read() == {}


def test_samples_of_a_model_that_is_not_trained(scored, monkeypatch):
    other = catalogue.find("tiny").replace(name="other", seed=1)
    monkeypatch.setattr(catalogue, "RECIPES", {"other": other})
    with pytest.raises(FileNotFoundError, match="other is not trained with these settings"):
        samples.SamplesStudy(scored).reproduce()
    assert list(samples.SamplesStudy(scored).read()) == [
        ("mnist", samples.REAL)
    ]  # what was done is kept


def test_a_stand_in_is_not_scored(scored, digits, monkeypatch, capsys):
    stand_in = dataclasses.replace(digits, source="stand-in: scikit-learn")
    give_studies(monkeypatch, stand_in)
    monkeypatch.setattr(samples, "STUDY", samples.SamplesStudy(scored))
    assert main(["reproduce", "samples"]) == 2
    assert "the study 'samples' needs the real mnist" in capsys.readouterr().err
    assert not scored.exists()


def test_a_table_of_nothing():
    with pytest.raises(ValueError, match="run python -m cvae reproduce samples"):
        samples.markdown({})
