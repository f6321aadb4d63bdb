"""The luther report's experiment, on a data set small enough for seconds."""

import dataclasses

import imageio.v3 as imageio
import numpy as np
import pytest
from conftest import give_studies

from cvae.__main__ import main
from cvae.experiments import storage
from cvae.experiments.studies import synthetic


@pytest.fixture(scope="module")
def digits(digits):
    """Four digits of the ten, and so four VAEs."""
    train, test = digits.y_train < 4, digits.y_test < 4
    return dataclasses.replace(
        digits, class_names=digits.class_names[:4], x_train=digits.x_train[train],
        y_train=digits.y_train[train], x_test=digits.x_test[test], y_test=digits.y_test[test],
    )  # fmt: skip


@pytest.fixture
def small(digits, monkeypatch, tmp_path):
    """The experiment cut down to seconds; counts what is generated."""
    ways = {
        "the report's ten VAEs": ({}, {}), "drawn": ({}, {"pixels": "sample"}),
        "posterior": ({"conditional": True}, {"source": "posterior"}),
    }  # fmt: skip
    report = {"conditional": False, "latent_dim": 2, "options": {"hidden": (16,)}}
    for name, value in {
        "WAYS": ways, "PER_CLASS": 20, "STEPS": 150, "SEEDS": (0, 1),
        "REPORT": report | {"steps": 16, "batch_size": 50},
        "ARMS": (("real", None), *(("synthetic", way) for way in ways), ("both", "posterior")),
    }.items():  # fmt: skip
        monkeypatch.setattr(synthetic, name, value)
    give_studies(monkeypatch, digits)
    generated, generate = [], synthetic.generate

    def counting(way, data, per_class=20, before=None):
        generated.append(way)
        return generate(way, data, per_class, before=before)

    monkeypatch.setattr(synthetic, "generate", counting)
    return tmp_path / "synthetic.json", generated


def test_generate_makes_this_many_of_each_class(small, digits):
    x, y, sampler = synthetic.generate("the report's ten VAEs", digits)
    assert x.shape == (80, 64)
    assert 0 <= x.min() <= x.max() <= 1
    assert np.bincount(y).tolist() == [20] * 4
    assert len({id(vae) for vae in sampler.vaes_.values()}) == 4
    shared = synthetic.generate("posterior", digits)[2]
    assert len({id(vae) for vae in shared.vaes_.values()}) == 1
    with pytest.raises(
        ValueError, match="way must be one of the report's ten VAEs, drawn, posterior; got 'x'"
    ):
        synthetic.generate("x", digits)


def test_ways_that_share_a_training_share_the_vaes(small, digits):
    *_, first = synthetic.generate("the report's ten VAEs", digits)
    vaes = first.vaes_
    x, _, second = synthetic.generate("drawn", digits, before=first)
    assert second.vaes_ == vaes
    assert set(np.unique(x)) == {0, 1}  # drawn, not means
    *_, third = synthetic.generate("posterior", digits, before=second)
    assert third is not second
    alone = synthetic.generate("posterior", digits)[0]
    np.testing.assert_array_equal(synthetic.generate("posterior", digits, before=third)[0], alone)


def test_reproduce_resumes(small, digits, monkeypatch):
    path, generated = small
    synthetic.SyntheticStudy(path).reproduce()
    known = synthetic.SyntheticStudy(path).read()
    assert set(known) == set(synthetic.ARMS)
    assert generated == ["the report's ten VAEs", "drawn", "posterior"]
    real = known["real", None]
    assert real["images"] == len(digits.y_train)
    assert len(real["accuracy"]) == 2
    assert min(real["accuracy"]) > 0.75
    confusion = np.array(real["confusion"])
    assert confusion.sum() == len(digits.y_test)
    assert confusion.trace() / confusion.sum() == pytest.approx(real["accuracy"][0])
    assert known["both", "posterior"]["images"] == len(digits.y_train) + 80
    for n, says in real["mistakes"]:
        assert digits.y_test[n] != says
    wrong = len(digits.y_test) - confusion.trace()
    assert len(real["mistakes"]) == min(wrong, 40) > 0
    for way in synthetic.WAYS:  # rows of ten images of 8 pixels, and gaps
        assert imageio.imread(synthetic.SyntheticStudy(path).sheet(way)).shape == (35, 89)
    synthetic.SyntheticStudy(path).reproduce()
    assert len(generated) == 3  # nothing was missing
    kept = {arm: result for arm, result in known.items() if arm != ("both", "posterior")}
    synthetic.SyntheticStudy(path).write(kept)
    trained, train = [], synthetic.train_classifier
    monkeypatch.setattr(
        synthetic, "train_classifier", lambda *a, **k: trained.append(len(a[2])) or train(*a, **k)
    )
    synthetic.SyntheticStudy(path).reproduce()
    assert generated[3:] == ["posterior"]
    assert trained == [len(digits.y_train) + 80] * 2  # the missing arm's two seeds, and no other
    again = synthetic.SyntheticStudy(path).read()["both", "posterior"]
    assert again["accuracy"] == known["both", "posterior"]["accuracy"]  # the same seeds, the same result
    monkeypatch.setattr(synthetic, "STEPS", 7)
    assert synthetic.SyntheticStudy(path).read() == {}


def test_a_stand_in_is_refused(small, digits, monkeypatch):
    path, generated = small
    stand_in = dataclasses.replace(digits, source="stand-in: digits")
    give_studies(monkeypatch, stand_in)
    with pytest.raises(ValueError, match="needs the real mnist"):
        synthetic.SyntheticStudy(path).reproduce()
    assert generated == []
    assert not path.exists()


def test_from_the_command_line(monkeypatch, capsys):
    monkeypatch.setattr(synthetic.SyntheticStudy, "reproduce", lambda self: self.path)
    assert main(["reproduce", "synthetic"]) == 0
    assert f"recorded {storage.RESULTS / 'synthetic.json'}" in capsys.readouterr().out
