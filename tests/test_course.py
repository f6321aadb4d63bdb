"""nbgrader's whole loop: generate, hand in, grade, give feedback."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from test_assignments import ASSIGNMENTS, MISTAKES, SETS, cells, source

nbgrader = pytest.importorskip("nbgrader", reason="teachers' extra: requirements-course.txt")
from nbgrader.api import Gradebook  # noqa: E402


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with the students' versions of all sets."""
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(ASSIGNMENTS / "source", root / "source")
    shutil.copy(ASSIGNMENTS / "nbgrader_config.py", root)
    for name in SETS:
        run(root, "generate_assignment", name)
    return root


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
    """{question: (points, of so many)} after grading."""
    with Gradebook(f"sqlite:///{root}/gradebook.db", "cvae") as book:
        notebook = book.find_submission_notebook(name, name, student)
        return {g.name.removesuffix("_test"): (g.score, g.max_score) for g in notebook.grades}


def solutions(name):
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: source(cell)
        for cell in cells(name) if cell["metadata"].get("nbgrader", {}).get("solution")
    }  # fmt: skip


def test_the_students_version_has_questions_but_no_answers(course):
    for name in SETS:
        text = (course / "release" / name / f"{name}.ipynb").read_text()
        assert text.count("raise NotImplementedError()") >= len(MISTAKES[name])
        for hidden in ("BEGIN SOLUTION", "HIDDEN TESTS", "kstest"):
            assert hidden not in text
        notebook = json.loads(text)
        assert not any(cell.get("outputs") for cell in notebook["cells"])


@pytest.mark.parametrize("name", SETS)
def test_the_loop(course, name):
    """One is right, one hands in nothing, and one for each place in the lists of wrong answers makes the
    mistake that stands there, in every question that has as many."""
    right = solutions(name)
    students = {"right": right, "blank": {}}
    wrong = {"right": [], "blank": list(MISTAKES[name])}
    for k in range(max(map(len, MISTAKES[name].values()))):
        made = {q: list(found.values())[k] for q, found in MISTAKES[name].items() if k < len(found)}
        students[f"mistaken-{k}"], wrong[f"mistaken-{k}"] = right | made, list(made)
    for student, answers in students.items():
        hand_in(course, name, student, answers)
    run(course, "autograde", name)
    run(course, "generate_feedback", name)
    for student, missed in wrong.items():
        found = points(course, name, student)
        assert set(found) == set(MISTAKES[name])
        for question, (score, most) in found.items():
            assert most > 0
            assert score == (0 if question in missed else most), (student, question)
    page = course / "feedback" / "mistaken-0" / name / f"{name}.html"
    assert page.stat().st_size > 10_000
