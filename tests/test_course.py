"""nbgrader's whole loop: generate, hand in, grade, give feedback."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from test_assignments import ASSIGNMENTS, MISTAKES, SETS, cells, source

pytest.importorskip("tensorflow_datasets", reason="the problem sets use TensorFlow")
nbgrader = pytest.importorskip("nbgrader", reason="teachers' extra: requirements-course.txt")
from nbgrader.api import Gradebook  # noqa: E402


def start_course(root, name):
    """A course with the students' version of one set."""
    (root / "source").mkdir()
    shutil.copytree(ASSIGNMENTS / "source" / name, root / "source" / name)
    shutil.copy(ASSIGNMENTS / "nbgrader_config.py", root)
    run(root, "generate_assignment", name)


def run(root, *arguments):
    # nbgrader calls alembic, which stands beside the interpreter.
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments], cwd=root, capture_output=True, text=True,
        env={**os.environ, "PATH": path, "CVAE_PROFILE": "smoke", "CI": "1", "CVAE_OFFLINE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


def hand_in(root, name, student, answers):
    """The students' version with these answers in it, {question: code}."""
    notebook = json.loads((root / "release" / name / f"{name}.ipynb").read_text())
    for cell in notebook["cells"]:
        meta = cell["metadata"].get("nbgrader", {})
        if meta.get("solution") and meta["grade_id"] in answers:
            cell["source"] = answers[meta["grade_id"]]
    folder = root / "submitted" / student / name
    folder.mkdir(parents=True)
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook))


def points(root, name, student):
    """{question: (points, of this many)} after grading."""
    with Gradebook(f"sqlite:///{root}/gradebook.db", "cvae") as book:
        notebook = book.find_submission_notebook(name, name, student)
        return {g.name.removesuffix("_test"): (g.score, g.max_score) for g in notebook.grades}


def solutions(name):
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: source(cell)
        for cell in cells(name) if cell["metadata"].get("nbgrader", {}).get("solution")
    }  # fmt: skip


def grade(root, name, students, wrong):
    """Hand in, grade and give feedback; every student loses the questions in `wrong`, and no others."""
    for student, answers in students.items():
        hand_in(root, name, student, answers)
    run(root, "autograde", name)
    run(root, "generate_feedback", name)
    for student, missed in wrong.items():
        found = points(root, name, student)
        assert set(found) == set(MISTAKES[name])
        for question, (score, most) in found.items():
            assert most > 0
            assert score == (0 if question in missed else most), (student, question)
        page = root / "feedback" / student / name / f"{name}.html"
        assert page.stat().st_size > 10_000


def mistaken(name, k):
    """{question: the wrong answer number k}, in every question that has as many."""
    return {q: list(found.values())[k] for q, found in MISTAKES[name].items() if k < len(found)}


@pytest.mark.parametrize("name", SETS)
def test_the_loop(tmp_path, name):
    """The students' version shows no answer; one who is right gets all points, one who hands in nothing
    or makes a mistake in every question none. `test_assignments` grades all mistakes in process."""
    start_course(tmp_path, name)
    text = (tmp_path / "release" / name / f"{name}.ipynb").read_text()
    assert text.count("raise NotImplementedError()") >= len(MISTAKES[name])
    for hidden in ("BEGIN SOLUTION", "HIDDEN TESTS", "kstest"):
        assert hidden not in text
    assert not any(cell.get("outputs") for cell in json.loads(text)["cells"])
    every = list(MISTAKES[name])
    students = {"right": solutions(name), "blank": {}, "wrong": mistaken(name, 0)}
    grade(tmp_path, name, students, {"right": [], "blank": every, "wrong": every})


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_every_mistake_in_nbgrader(tmp_path, name):
    """A student for each place in the lists of wrong answers, who is right where a list is shorter."""
    start_course(tmp_path, name)
    students, wrong = {}, {}
    for k in range(max(map(len, MISTAKES[name].values()))):
        made = mistaken(name, k)
        students[f"mistaken-{k}"], wrong[f"mistaken-{k}"] = solutions(name) | made, list(made)
    grade(tmp_path, name, students, wrong)
