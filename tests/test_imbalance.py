"""The study of notebook 07 and the choice of its settings, on rows small enough for seconds."""

import dataclasses
import gc
import json
import weakref

import numpy as np
import pandas as pd
import pytest
from conftest import give_studies
from imblearn.over_sampling import SMOTE

from cvae.__main__ import main
from cvae.experiments import classifiers, storage
from cvae.experiments.studies import imbalance, methods, tails, trials, tuning

SMALL = ("none", "class weights", "logit adjustment", "random copies", "augmented copies", "SMOTE")


def forget():
    for cached in (tails.tail, tails.parts_of, imbalance.chosen_settings, imbalance.arms):
        cached.cache_clear()


@pytest.fixture
def small(digits, monkeypatch, tmp_path):
    """Both studies cut down to two seeds and a few methods; the list says what is trained."""
    trained = []

    def train(build, x, y, image_shape, seed, weights=None):
        trained.append((seed, len(x), weights is not None))
        return train_classifier(build, x, y, image_shape, seed, weights, steps=30)

    train_classifier = trials.train_classifier
    monkeypatch.setattr(trials, "train_classifier", train)
    give_studies(monkeypatch, digits)
    sizes = {"mnist": (60, 10)}
    grids = {name: methods.GRIDS[name][:2] for name in SMALL}
    grids["VAE residuals, augmented"] = [{"temperature": 1.0}, {"temperature": 2.0}]
    for module, name, value in (
        (tails, "SIZES", sizes), (imbalance, "SIZES", sizes), (tuning, "SIZES", sizes),
        (trials, "DATASETS", ("mnist",)), (trials, "KINDS", {"mnist": ("mlp",)}),
        (trials, "CLASSIFIERS", {"mlp": classifiers.mlp}), (imbalance, "SEEDS", (0, 1)),
        (methods, "GRIDS", grids), (methods, "IMAGES", {"latent_dim": 2, "steps": 20}),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    for module in (imbalance, tuning):
        monkeypatch.setattr(module.STUDY, "_path", tmp_path / f"{module.STUDY.name}.json")
    forget()
    yield trained
    forget()


def test_class_sizes_fall_by_equal_factors():
    sizes = tails.class_sizes()
    assert (sizes[0], sizes[-1], len(sizes)) == (4000, 40, 10)
    np.testing.assert_allclose(sizes[1:] / sizes[:-1], 100 ** (-1 / 9), rtol=0.02)


def test_long_tail_of_a_data_set(digits):
    sizes = tails.class_sizes(100, 20, 10)
    x, y, order = tails.long_tail_of(digits, sizes, seed=3)
    assert x.shape == (sizes.sum(), 64)
    assert 0 <= x.min() < x.max() == 1
    assert [(y == label).sum() for label in order] == sizes.tolist()
    assert len(np.unique(x, axis=0)) > 0.98 * len(x)  # without replacement
    assert order.tolist() != tails.long_tail_of(digits, sizes, seed=4)[2].tolist()
    with pytest.raises(ValueError, match="4000 are asked for"):
        tails.long_tail_of(digits, tails.class_sizes())


@pytest.mark.parametrize("part", ["test", "validation"])
def test_what_is_tested_on_is_not_trained_on(small, digits, part):
    rows = tails.tail("mnist", 0, part)
    split = round(len(digits.x_train) * 5 / 6)
    before = tails.flat(digits.x_train[:split])
    assert {row.tobytes() for row in rows.x} <= {row.tobytes() for row in before}
    expected = digits.x_test if part == "test" else digits.x_train[split:]
    np.testing.assert_array_equal(rows.x_test, tails.flat(expected))
    other = tails.tail("mnist", 1, part)
    assert rows.order.tolist() != other.order.tolist()


def test_rows_that_are_no_images():
    sets = {part: tails.tail("breast_cancer", 0, part) for part in ("test", "validation")}
    for rows in sets.values():
        assert (rows.y == 1).sum() == 120
        assert (rows.y == 0).sum() == 8
        assert rows.image_shape is None
        np.testing.assert_allclose(rows.x.mean(axis=0), 0, atol=1e-4)
    both = [rows.x_test * 1 for rows in sets.values()]
    assert (len(both[0]), len(both[1])) == (228, 137)
    with_test = {row.tobytes() for row in both[0]}
    assert not with_test & {row.tobytes() for row in both[1]}


@pytest.fixture
def blobs():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [80, 40, 10])
    x = np.clip(rng.normal(0.3 + 0.2 * y[:, None], 0.15, (130, 16)), 0, 1).astype("float32")
    return tails.Tail(x, y, x, y, np.arange(3), (4, 4, 1))


@pytest.mark.parametrize("method", list(methods.RESAMPLERS))
def test_every_method_grows_the_small_classes_only(blobs, method, monkeypatch):
    monkeypatch.setattr(methods, "IMAGES", {"latent_dim": 2, "steps": 20})
    for settings in methods.GRIDS[method][:2]:
        move = {"move": (10, 1, True)} if method in methods.MOVING else {}
        for goal in (50, None):
            strategy = methods.growth(blobs.y, goal)
            x, y = methods.RESAMPLERS[method](blobs, strategy, 0, **settings, **move)
            counts = np.bincount(y)
            if method == "ADASYN":  # makes about as many as it is asked for
                np.testing.assert_allclose(counts, [80, goal or 80, goal or 80], atol=8)
            else:
                assert counts.tolist() == [80, goal or 80, goal or 80]
            np.testing.assert_array_equal(x[:130], blobs.x)
            assert x.dtype == np.float32
            assert -0.01 <= x.min() <= x.max() <= 1.01 or settings.get("shrinkage")


def test_smote_is_imbalanced_learns(blobs):
    strategy = methods.growth(blobs.y, None)
    ours = methods.RESAMPLERS["SMOTE"](blobs, strategy, 3, k_neighbors=4)[0]
    theirs = SMOTE(k_neighbors=4, random_state=3).fit_resample(blobs.x, blobs.y)[0]
    np.testing.assert_array_equal(ours, theirs)


def test_every_method_has_the_same_budget_of_settings():
    counts = {name: len(grid) for name, grid in methods.GRIDS.items() if name != "none"}
    assert set(counts.values()) <= {4, 6}
    assert [name for name, count in counts.items() if count == 4] == ["VAE borrowed styles"]


def test_weights_by_hand():
    """Shares 3/4 and 1/4: the rare class counts three times as much, or sqrt(3) times."""
    y = np.array([0, 0, 0, 1])
    weights = methods.weights_for(y, 1.0)
    assert weights[3] / weights[0] == pytest.approx(3)
    assert weights.mean() == pytest.approx(1)
    weights = methods.weights_for(y, 0.5)
    assert weights[3] / weights[0] == pytest.approx(3**0.5)


def test_logit_adjustment_by_hand():
    """(0.6, 0.4) over shares (3/4, 1/4) is (0.8, 1.6), to sum to one (1/3, 2/3)."""
    y = np.array([0, 0, 0, 1])
    found = methods.adjusted(np.array([[0.6, 0.4]]), y, 1.0)
    np.testing.assert_allclose(found, [[1 / 3, 2 / 3]])
    np.testing.assert_allclose(methods.adjusted(found, y, 0.0), found)


def test_scores_by_hand():
    y_true, y_pred = np.array([0, 0, 1, 1, 2, 2, 3, 3]), np.array([0, 0, 1, 0, 2, 2, 3, 0])
    found = trials.scores(y_true, y_pred, order=np.array([0, 1, 2, 3]))
    assert found["balanced_accuracy"] == pytest.approx(3 / 4)  # recalls 1, 1/2, 1, 1/2
    assert found["g_mean"] == pytest.approx(0.25 ** (1 / 4))
    assert found["rare_recall"] == pytest.approx(2 / 3)
    # F1: precision 1/2 and recall 1; 1 and 1/2; 1 and 1; 1 and 1/2.
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1 + 2 / 3) / 4)
    # Two recalls of 1/2 from two rows each: variances of 1/8, a mean over four classes.
    assert found["test_error"] == pytest.approx(np.sqrt(2 / 8) / 4)


def test_paired_difference_by_hand():
    """Differences 1, 2 and 3: mean 2, standard error 1 / sqrt(3), t(0.975, 2) = 4.30265; t = 3.4641."""
    a, b = np.array([2.0, 5.0, 4.0]), np.array([1.0, 3.0, 1.0])
    half = 4.30265 / np.sqrt(3)
    expected = (2, 2 - half, 2 + half, 0.0741799)
    assert imbalance.paired_difference(a, b) == pytest.approx(expected, rel=1e-5)


def test_mean_interval_by_hand():
    assert imbalance.mean_interval([1.0, 2.0, 3.0]) == pytest.approx((2, 4.30265 / np.sqrt(3)), rel=1e-5)


def test_holm_by_hand():
    """Sorted 0.01, 0.02, 0.04 times 3, 2, 1: 0.03, 0.04, 0.04; nothing above 1."""
    np.testing.assert_allclose(imbalance.holm([0.04, 0.01, 0.02]), [0.04, 0.03, 0.04])
    np.testing.assert_allclose(imbalance.holm([0.9, 0.8]), [1, 1])


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_classifiers_learn_and_a_training_knows_nothing_of_the_one_before(digits, kind):
    x, y = tails.flat(digits.x_train), digits.y_train
    build = trials.CLASSIFIERS[kind]
    model = trials.train_classifier(build, x, y, (8, 8, 1), seed=0, steps=200)
    right = model.predict(digits.x_test / 255, verbose=0).argmax(axis=1) == digits.y_test
    assert right.mean() > 0.7  # chance is 0.1; about 0.85 with each backend
    trials.train_classifier(build, x[:300], y[:300], (8, 8, 1), seed=1, steps=200)
    again = trials.train_classifier(build, x, y, (8, 8, 1), seed=0, steps=200)
    assert again is not model
    for first, second in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    other = trials.train_classifier(build, x, y, (8, 8, 1), seed=1, steps=200)
    assert not np.allclose(other.get_weights()[0], again.get_weights()[0])


def test_weights_change_what_is_learnt(digits):
    x, y = tails.flat(digits.x_train), digits.y_train
    only_ones = (y == 1).astype("float32")
    model = trials.train_classifier(
        classifiers.mlp, x, y, (8, 8, 1), seed=0, weights=only_ones, steps=100
    )
    assert (model.predict(digits.x_test / 255, verbose=0).argmax(axis=1) == 1).mean() > 0.9


def test_settings_are_chosen_then_the_study_runs_and_both_resume(small):
    trained = small
    with pytest.raises(ValueError, match="results of oversampling-settings are missing.*run python"):
        imbalance.LongTailStudy().keys()
    forget()
    tuning.STUDY.reproduce()
    # none, weights twice, adjustment once; copies, augmented, SMOTE and residuals twice, and a quarter.
    assert len(trained) == 1 + 2 + 1 + 4 * (2 + 1)
    assert {seed for seed, *_ in trained} == set(tuning.SEEDS)
    means = tuning.STUDY.means("mnist")
    known = tuning.STUDY.read()
    for candidate in (0, 1, 2):
        (score,) = (known["mnist", s, "SMOTE", candidate, "mlp"] for s in tuning.SEEDS)
        assert means["SMOTE", candidate] == pytest.approx(score["balanced_accuracy"])
    chosen, best = tuning.STUDY.chosen("mnist"), int(means["SMOTE"].idxmax())
    at_full_balance = methods.GRIDS["SMOTE"][int(means["SMOTE"][:2].idxmax())]
    assert chosen["SMOTE"] == at_full_balance | ({"part": 4} if best == 2 else {})
    assert tuning.STUDY.settings("mnist", "SMOTE", 2) == at_full_balance | {"part": 4}
    assert chosen["VAE residuals, augmented"]["move"] == chosen["augmented copies"]["move"]
    assert means.max() == means[tuning.STUDY.best("mnist")[0]].max()

    trained.clear()
    imbalance.STUDY.reproduce()
    # Untreated rows and adjusted scores share a classifier.
    assert len(trained) == 2 * (1 + 1 + 4 + 2)
    assert {seed for seed, *_ in trained} == {0, 1}
    rows = imbalance.STUDY.read()
    assert len(rows) == 2 * (3 + 4 + 2)
    quarter = np.maximum(tails.class_sizes(60, 10), 15).sum()  # what is adjusted grows to that only
    assert sum(n == quarter for _, n, _ in trained) >= 2 * 2
    imbalance.STUDY.reproduce()
    assert len(trained) == 16  # nothing was missing
    lost = json.loads(imbalance.STUDY.path.read_text())
    lost["rows"].pop()
    imbalance.STUDY.path.write_text(json.dumps(lost))
    with pytest.raises(ValueError, match="1 results of oversampling are missing"):
        imbalance.summary("mnist", "mlp")  # one whole seed is left: no interval of a mean
    imbalance.STUDY.reproduce()
    assert len(trained) == 17

    def without_times(found):
        return {key: {k: v for k, v in row.items() if k != "seconds"} for key, row in found.items()}

    assert without_times(imbalance.STUDY.read()) == without_times(rows)

    table = imbalance.summary("mnist", "mlp")
    assert table["balanced_accuracy"].is_monotonic_decreasing
    reference = table[table["p"].isna()]
    assert reference["method"].tolist() == [imbalance.best_baseline("mnist")]
    gap = table["balanced_accuracy"] - reference["balanced_accuracy"].item()
    np.testing.assert_allclose(table["difference"].fillna(0), gap, atol=1e-12)
    for name in ("logit adjustment", "none"):
        assert name in table["method"].tolist()
    assert sum(name.endswith(imbalance.ADJUSTED) for name in table["method"]) == 2
    assert imbalance.markdown(table).count("\n") >= len(table) + 1

    tau = chosen["logit adjustment"]["tau"]
    again = trials.run(tails.tail("mnist", 0), "none", {}, 0, ("mlp",), (None, tau))
    for name, used in (("none", None), ("logit adjustment", tau)):
        expected = again["mlp", used]["macro_f1"]
        assert rows["mnist", 0, name, "mlp"]["macro_f1"] == expected
    assert again["mlp", None]["macro_f1"] != again["mlp", tau]["macro_f1"]


def test_the_study_and_its_tuning_share_no_seed():
    assert not set(tuning.SEEDS) & set(imbalance.SEEDS)


def test_markdown_by_hand():
    row = dict.fromkeys(imbalance.METRICS, 0.9)
    row |= {f"{metric}_interval": 0.0123 for metric in imbalance.METRICS} | {"test_error": 0.004}
    table = pd.DataFrame([
        row | {"method": "none", "part": 0, "p": np.nan},
        row | {"method": "SMOTE", "part": 4, "p": 0.031, "difference": 0.011, "low": -0.002,
               "high": 0.024},
        row | {"method": "SMOTE", "part": 1, "p": 1.0, "difference": 0.0, "low": 0.0, "high": 0.0},
    ])  # fmt: skip
    _, _, *lines = imbalance.markdown(table).splitlines()
    five = " | ".join(["90.0 ± 1.2"] * 4 + ["0.4"])
    assert lines == [
        f"| none |  | {five} | (the reference) |  |",
        f"| SMOTE | a quarter | {five} | +1.1 (-0.2 to +2.4) | 0.031 |",
        f"| SMOTE | full balance | {five} | +0.0 (+0.0 to +0.0) | 1 |",
    ]


def test_results_of_another_protocol_do_not_count(small, monkeypatch):
    key = ("mnist", 100, "none", 0, "mlp")
    tuning.STUDY.write({key: {"balanced_accuracy": 0.5}})
    assert len(tuning.STUDY.read()) == 1
    monkeypatch.setattr(trials, "STEPS", 7)
    assert tuning.STUDY.read() == {}


def test_a_stand_in_is_refused(small, digits, monkeypatch):
    give_studies(monkeypatch, dataclasses.replace(digits, source="stand-in: digits"))
    with pytest.raises(ValueError, match="needs the real mnist"):
        tuning.STUDY.reproduce()
    assert small == []


def test_from_the_command_line(monkeypatch, capsys):
    monkeypatch.setattr(imbalance.LongTailStudy, "reproduce", lambda self: self.path)
    assert main(["reproduce", "oversampling"]) == 0
    assert f"recorded {storage.RESULTS / 'oversampling.json'}" in capsys.readouterr().out


def test_a_wrong_name_is_told_before_the_study_starts(monkeypatch, capsys):
    started = []
    monkeypatch.setattr(imbalance.LongTailStudy, "reproduce", lambda self: started.append(self))
    assert main(["reproduce", "oversampling", "nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err
    assert started == []


def test_a_training_keeps_nothing_of_its_rows(digits):
    """TensorFlow keeps what `fit` reads from: the study grew by its rows with every training."""
    x, y = tails.flat(digits.x_train), digits.y_train
    kept = weakref.ref(x)
    trials.train_classifier(classifiers.mlp, x, y, (8, 8, 1), seed=0, steps=20)
    del x
    gc.collect()
    assert kept() is None
