"""A study: what has been run is read back, and only the rest is run."""

import json

import pytest
from conftest import give_studies

from cvae.experiments import storage
from cvae.experiments.studies.study import Study


class Small(Study):
    """Two seeds of which each gives a row for every kind."""

    name, fields = "small", ("dataset", "seed", "kind")
    steps, ran = 5, ()

    def protocol(self):
        return {"steps": self.steps, "sizes": (1, 2)}

    def keys(self):
        return [("mnist", seed, kind) for seed in (0, 1) for kind in "ab"]

    def work(self, key):
        return key[:2]

    def run(self, work, keys):
        self.ran = (*self.ran, (work, [kind for *_, kind in keys]))
        if work[1] == 1 and self.steps == 6:
            raise KeyboardInterrupt
        return {key: {"accuracy": 0.5 + key[1]} for key in keys}


@pytest.fixture
def small(tmp_path, digits, monkeypatch):
    give_studies(monkeypatch, digits)
    monkeypatch.setenv("CI", "1")
    return Small(tmp_path / "folder" / "study.json")


def test_rows_of_one_work_are_made_together_and_only_what_is_missing(small):
    assert small.read() == {}
    assert small.reproduce() == small.path
    assert small.ran == ((("mnist", 0), ["a", "b"]), (("mnist", 1), ["a", "b"]))
    known = small.read()
    assert list(known) == small.keys()
    del known["mnist", 1, "a"]
    small.write(known)
    small.reproduce()
    assert small.ran[2:] == ((("mnist", 1), ["a"]),)
    assert set(small.read()) == set(small.keys())


def test_each_row_is_written_as_it_is_finished(small):
    small.steps = 6
    with pytest.raises(KeyboardInterrupt):
        small.reproduce()
    assert list(small.read()) == [("mnist", 0, "a"), ("mnist", 0, "b")]
    with pytest.raises(ValueError, match=r"2 results of small are missing, such as \('mnist', 1, 'a'\)"):
        small.check_complete(small.read())
    small.check_complete(small.read(), [("mnist", 0, "a")])


def test_the_file_has_the_protocol_and_a_row_a_line(small):
    small.reproduce()
    content = json.loads(small.path.read_text())
    assert content["protocol"] == {"steps": 5, "sizes": [1, 2]}
    assert content["rows"][0] == {"dataset": "mnist", "seed": 0, "kind": "a", "accuracy": 0.5}
    small.check_complete(small.read())
    frame = small.frame()
    assert list(frame.columns) == ["dataset", "seed", "kind", "accuracy"]
    assert frame.groupby("seed").accuracy.mean().to_dict() == {0: 0.5, 1: 1.5}


def test_another_protocol_does_not_count(small):
    small.reproduce()
    small.steps = 7
    assert small.read() == {}


@pytest.mark.parametrize(
    "content",
    ["", '{"protocol": {"st', "[]", "{}", '{"protocol": {"steps": 5, "sizes": [1, 2]}, "rows": [1]}'],
)
def test_a_file_of_something_else_is_not_overwritten_in_silence(small, content):
    small.path.parent.mkdir()
    small.path.write_text(content)
    with pytest.raises(ValueError, match="does not hold a study's results"):
        small.reproduce()
    assert small.path.read_text() == content


def test_without_the_repository_nothing_is_run(monkeypatch):
    monkeypatch.setattr(storage, "RESULTS", None)
    study = Small()
    with pytest.raises(FileNotFoundError, match="clone the repository"):
        study.reproduce()
    assert study.ran == ()
