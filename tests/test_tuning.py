"""Choosing the study's settings, on a data set small enough for seconds."""

import dataclasses

import numpy as np
import pytest
from conftest import give_studies

from cvae.experiments import classifiers
from cvae.experiments.studies import imbalance, tuning
from cvae.oversampling import class_vaes


@pytest.fixture
def small(digits, monkeypatch, tmp_path):
    give_studies(monkeypatch, digits)
    monkeypatch.setattr(imbalance, "DATASETS", ("mnist",))
    monkeypatch.setattr(imbalance, "CLASSIFIERS", {"mlp": classifiers.mlp})
    monkeypatch.setattr(imbalance, "class_sizes", lambda: np.r_[80, np.full(9, 8)])
    monkeypatch.setattr(tuning, "VALIDATION", 400)
    few = {"latent_dim": 2, "options": {"hidden": (8,)}, "steps": 8}
    candidates = {"edits": (few, {"source": "posterior"}), "prior": (few, {"source": "prior"})}
    monkeypatch.setattr(tuning, "CANDIDATES", candidates)
    trained, train = [], imbalance.train_classifier

    def short(build, x, y, image_shape, seed, weights=None):
        trained.append(len(y))
        return train(build, x, y, image_shape, seed, weights, steps=30)

    monkeypatch.setattr(imbalance, "train_classifier", short)
    return tmp_path / "settings.json", trained


def test_the_validation_part_is_not_trained_on(digits):
    part = tuning.validation_part(digits, 400)
    assert len(part.x_train) == 1000
    np.testing.assert_array_equal(part.x_test, digits.x_train[1000:])
    np.testing.assert_array_equal(part.y_test, digits.y_train[1000:])
    np.testing.assert_array_equal(np.concatenate([part.y_train, part.y_test]), digits.y_train)
    for n in (0, 1400):
        with pytest.raises(ValueError, match="n must be 1 to 1399"):
            tuning.validation_part(digits, n)


def test_reproduce_resumes_and_averages(small, monkeypatch):
    path, trained = small
    with pytest.raises(ValueError, match="4 results of oversampling-settings are missing.*run python"):
        tuning.SettingsStudy(path).table()
    vaes, train = [], class_vaes.train
    monkeypatch.setattr(class_vaes, "train", lambda *a, **k: vaes.append(a) or train(*a, **k))
    tuning.SettingsStudy(path).reproduce()
    assert trained == [800] * 4
    assert len(vaes) == 2  # a VAE for each seed
    known = tuning.SettingsStudy(path).read()
    table = tuning.SettingsStudy(path).table()["mnist", "mlp"]
    assert sorted(table.index) == ["edits", "prior"]
    assert table.is_monotonic_decreasing  # best first
    both = [known["mnist", seed, "prior", "mlp"]["balanced_accuracy"] for seed in tuning.SEEDS]
    assert table["prior"] == pytest.approx(np.mean(both))
    known.pop(("mnist", 11, "edits", "mlp"))
    tuning.SettingsStudy(path).write(known)
    tuning.SettingsStudy(path).reproduce()
    assert len(trained) == 5


def test_a_stand_in_is_refused(small, digits, monkeypatch):
    path, trained = small
    give_studies(monkeypatch, dataclasses.replace(digits, source="stand-in: x"))
    with pytest.raises(ValueError, match="needs the real mnist"):
        tuning.SettingsStudy(path).reproduce()
    assert trained == []


def test_the_study_and_its_tuning_share_no_seed():
    assert not set(tuning.SEEDS) & set(imbalance.SEEDS)
