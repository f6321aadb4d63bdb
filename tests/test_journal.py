"""Results of a study in one file."""

import json

import pytest

from cvae.experiments.studies import journal

PROTOCOL = {"steps": 5, "sizes": (1, 2)}
FIELDS = ("seed", "method")
KNOWN = {(0, "none"): {"accuracy": 0.5}, (1, "smote"): {"accuracy": 0.25}}


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "folder" / "study.json"
    assert journal.read(path, PROTOCOL, FIELDS) == {}
    journal.write(path, PROTOCOL, FIELDS, KNOWN)
    assert journal.read(path, PROTOCOL, FIELDS) == KNOWN
    content = json.loads(path.read_text())
    assert content["protocol"] == {"steps": 5, "sizes": [1, 2]}
    assert content["rows"][1] == {"seed": 1, "method": "smote", "accuracy": 0.25}
    assert list(path.parent.iterdir()) == [path]
    journal.write(path, PROTOCOL, FIELDS, {})
    assert journal.read(path, PROTOCOL, FIELDS) == {}


def test_another_protocol_does_not_count(tmp_path):
    journal.write(tmp_path / "study.json", PROTOCOL, FIELDS, KNOWN)
    assert journal.read(tmp_path / "study.json", PROTOCOL | {"steps": 6}, FIELDS) == {}


@pytest.mark.parametrize(
    "content",
    ["", '{"protocol": {"st', "[]", "{}", '{"protocol": {"steps": 5, "sizes": [1, 2]}, "rows": [1]}'],
)
def test_a_file_that_is_no_journal_is_not_overwritten_in_silence(tmp_path, content):
    path = tmp_path / "study.json"
    path.write_text(content)
    with pytest.raises(ValueError, match="study.json does not hold a study's results: move it away"):
        journal.read(path, PROTOCOL, FIELDS)
