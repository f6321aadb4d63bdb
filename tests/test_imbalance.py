"""The study of notebook 07, on a data set small enough for seconds."""

import dataclasses
import gc
import json
import weakref

import numpy as np
import pytest
from conftest import give_studies

from cvae.__main__ import main
from cvae.experiments import classifiers, storage
from cvae.experiments.studies import imbalance
from cvae.oversampling import class_vaes


@pytest.fixture
def study(digits, monkeypatch, tmp_path):
    """The study cut down to two seeds and three arms; counts what is trained."""
    trained = []

    def train(build, x, y, image_shape, seed, weights=None):
        trained.append((build, seed, len(x), weights is not None))
        return train_classifier(build, x, y, image_shape, seed, weights, steps=30)

    train_classifier = imbalance.train_classifier
    monkeypatch.setattr(imbalance, "train_classifier", train)
    give_studies(monkeypatch, digits)
    monkeypatch.setattr(imbalance, "class_sizes", lambda classes=10: np.r_[80, np.full(classes - 1, 8)])
    imbalance.balanced_by_vae.cache_clear()
    imbalance.trained_sampler.cache_clear()
    for name, value in {
        "DATASETS": ("mnist",), "CLASSIFIERS": {"mlp": classifiers.mlp}, "SEEDS": (0, 1),
        "ARMS": (("none", None), ("weights", None), ("random", 20)),
    }.items():  # fmt: skip
        monkeypatch.setattr(imbalance, name, value)
    return tmp_path / "oversampling.json", trained


def test_class_sizes_fall_by_equal_factors():
    sizes = imbalance.class_sizes()
    assert (sizes[0], sizes[-1], len(sizes)) == (4000, 40, 10)
    np.testing.assert_allclose(sizes[1:] / sizes[:-1], 100 ** (-1 / 9), rtol=0.02)


def test_long_tailed(digits):
    sizes = imbalance.class_sizes(100, 20, 10)
    x, y, order = imbalance.long_tailed(digits, sizes, seed=3)
    assert x.shape == (sizes.sum(), 64)
    assert 0 <= x.min() < x.max() == 1
    assert [(y == label).sum() for label in order] == sizes.tolist()
    assert len(np.unique(x, axis=0)) > 0.98 * len(x)  # without replacement
    other = imbalance.long_tailed(digits, sizes, seed=4)[2]
    assert order.tolist() != other.tolist()
    with pytest.raises(ValueError, match="4000 are asked for"):
        imbalance.long_tailed(digits, imbalance.class_sizes())


def test_samplers_grow_the_small_classes_only():
    x, y = np.random.default_rng(0).random((130, 4)), np.repeat([0, 1, 2], [80, 40, 10])
    for method in ("random", "smote", "borderline"):
        _, y_new = imbalance.sampler(method, 50, 0).fit_resample(x, y)
        assert np.bincount(y_new).tolist() == [80, 50, 50]
        _, y_new = imbalance.sampler(method, None, 0).fit_resample(x, y)
        assert np.bincount(y_new).tolist() == [80, 80, 80]


def test_scores_by_hand():
    y_true, y_pred = [0, 0, 1, 1, 2, 2, 3, 3], [0, 0, 1, 0, 2, 2, 3, 0]
    found = imbalance.scores(y_true, y_pred, order=np.array([0, 1, 2, 3]))
    assert found["balanced_accuracy"] == pytest.approx(3 / 4)  # recalls 1, 1/2, 1, 1/2
    assert found["g_mean"] == pytest.approx(0.25 ** (1 / 4))
    assert found["rare_recall"] == pytest.approx(2 / 3)
    # F1: precision 1/2 and recall 1; 1 and 1/2; 1 and 1; 1 and 1/2.
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1 + 2 / 3) / 4)


def test_paired_difference_by_hand():
    """Differences 1, 2 and 3: mean 2, standard error 1 / sqrt(3), t(0.975, 2) = 4.30265."""
    a, b = np.array([2.0, 5.0, 4.0]), np.array([1.0, 3.0, 1.0])
    half = 4.30265 / np.sqrt(3)
    assert imbalance.paired_difference(a, b) == pytest.approx((2, 2 - half, 2 + half), rel=1e-5)


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_classifiers_learn_in_the_same_number_of_steps(digits, kind):
    x, y = imbalance.flat(digits.x_train), digits.y_train
    build = imbalance.CLASSIFIERS[kind]
    model = imbalance.train_classifier(build, x, y, (8, 8, 1), seed=0, steps=200)
    assert model.optimizer.iterations == 200
    right = model.predict(digits.x_test / 255, verbose=0).argmax(axis=1) == digits.y_test
    assert right.mean() > 0.7  # chance is 0.1; about 0.85 with each backend
    half = imbalance.train_classifier(build, x[:300], y[:300], (8, 8, 1), seed=0, steps=200)
    assert half.optimizer.iterations == 200


def test_reproduce_resumes_and_summarises(study):
    path, trained = study
    imbalance.LongTailStudy(path).reproduce()
    assert len(trained) == 6
    assert [n for *_, n, weighted in trained if not weighted][:2] == [152, 80 + 9 * 20]
    assert sum(weighted for *_, weighted in trained) == 2
    known = imbalance.LongTailStudy(path).read()
    imbalance.LongTailStudy(path).reproduce()
    assert len(trained) == 6  # nothing was missing
    lost = json.loads(path.read_text())
    lost["rows"].pop()
    path.write_text(json.dumps(lost))
    imbalance.LongTailStudy(path).reproduce()
    assert len(trained) == 7
    assert imbalance.LongTailStudy(path).read() == known  # the same seed gives the same result
    table = imbalance.summary(known, "mnist", "mlp")
    assert [row["method"] for row in table] == ["none", "weights", "random"]
    best = max(table, key=lambda row: row["balanced_accuracy"][0])
    assert best["best_baseline"]
    assert best["against_best"][0] == 0
    worst = min(table, key=lambda row: row["balanced_accuracy"][0])
    gap = worst["balanced_accuracy"][0] - best["balanced_accuracy"][0]
    assert worst["against_best"][0] == pytest.approx(gap)


def test_markdown_by_hand():
    row = dict.fromkeys(imbalance.METRICS, (0.9, 0.0123)) | {"against_best": (0.011, -0.002, 0.024)}
    rows = [
        row | {"method": "none", "target": None, "best_baseline": True},
        row | {"method": "smote", "target": 200, "best_baseline": False},
        row | {"method": "smote", "target": None, "best_baseline": False},
    ]
    _, _, *lines = imbalance.markdown(rows).splitlines()
    four, bold = " | ".join(["90.0 ± 1.2"] * 4), " | ".join(["**90.0 ± 1.2**"] * 4)
    assert lines == [
        f"| none |  | {bold} |  |",
        f"| smote | 200 | {four} | +1.1 (-0.2 to +2.4) |",
        f"| smote | all equal | {four} | +1.1 (-0.2 to +2.4) |",
    ]


def test_smaller_targets_are_part_of_full_balance(study, monkeypatch):
    monkeypatch.setattr(imbalance, "TRAINING", {"latent_dim": 2, "steps": 20})
    trained, train = [], class_vaes.train
    monkeypatch.setattr(class_vaes, "train", lambda *a, **k: trained.append(a) or train(*a, **k))
    full_x, full_y, *_ = imbalance.training_set("mnist", 0, "vae-posterior", None)
    x, y, order, _ = imbalance.training_set("mnist", 0, "vae-posterior", 20)
    originals = imbalance.training_set("mnist", 0, "none", None)[0]
    prior_x = imbalance.training_set("mnist", 0, "vae-prior", None)[0]
    assert not np.allclose(prior_x, full_x)
    assert len(trained) == 1
    assert np.bincount(full_y).tolist() == [80] * 10
    assert np.bincount(y)[order].tolist() == [80] + [20] * 9
    np.testing.assert_array_equal(x[:152], originals)
    for label in range(10):
        first = full_x[full_y == label][: (y == label).sum()]
        np.testing.assert_array_equal(x[y == label], first)


def test_results_of_another_protocol_do_not_count(study, monkeypatch):
    path, _ = study
    imbalance.LongTailStudy(path).write(
        {("mnist", 0, "none", None, "mlp"): dict.fromkeys(imbalance.METRICS, 0.5)}
    )
    assert len(imbalance.LongTailStudy(path).read()) == 1
    monkeypatch.setattr(imbalance, "STEPS", 7)
    assert imbalance.LongTailStudy(path).read() == {}


def test_incomplete_and_stand_in(study, digits, monkeypatch):
    path, trained = study
    with pytest.raises(
        ValueError, match="6 results of oversampling are missing.*reproduce oversampling"
    ):
        imbalance.summary({}, "mnist", "mlp")
    stand_in = dataclasses.replace(digits, source="stand-in: digits")
    give_studies(monkeypatch, stand_in)
    with pytest.raises(ValueError, match="needs the real mnist"):
        imbalance.LongTailStudy(path).reproduce()
    assert trained == []


def test_from_the_command_line(monkeypatch, capsys):
    monkeypatch.setattr(imbalance.LongTailStudy, "reproduce", lambda self: self.path)
    assert main(["reproduce", "oversampling"]) == 0
    assert f"recorded {storage.RESULTS / 'oversampling.json'}" in capsys.readouterr().out


def test_a_wrong_name_is_told_before_the_study_starts(monkeypatch, capsys):
    started = []
    monkeypatch.setattr(imbalance.LongTailStudy, "reproduce", lambda self: started.append(True))
    assert main(["reproduce", "oversampling", "luther-3"]) == 2
    assert "did you mean" in capsys.readouterr().err
    assert started == []


def test_a_training_keeps_nothing_of_its_rows(digits):
    """TensorFlow keeps what `fit` reads from: the study grew by its rows with every training."""
    x, y = imbalance.flat(digits.x_train), digits.y_train
    kept = weakref.ref(x)
    imbalance.train_classifier(classifiers.mlp, x, y, (8, 8, 1), seed=0, steps=20)
    del x
    gc.collect()
    assert kept() is None
