"""nbgrader's whole loop: generate, hand in, grade, give feedback. All answers: `test_assignments`."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from test_assignments import ASSIGNMENTS, MISTAKES, SETS, about, cells, solutions

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
        if about(cell).get("solution") and about(cell)["grade_id"] in answers:
            cell["source"] = answers[about(cell)["grade_id"]]
        if about(cell).get("grade_id") == "student":
            cell["source"] = f"STUDENT = {student!r}"
    folder = root / "submitted" / student / name
    folder.mkdir(parents=True)
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook))


def questions_of(name):
    """{test: its question}, of those that nbgrader grades by itself."""
    found, question = {}, None
    for cell in cells(name):
        question = about(cell)["grade_id"] if about(cell).get("solution") else question
        if about(cell).get("grade") and not about(cell)["solution"]:
            found[about(cell)["grade_id"]] = question
    return found


def grade(root, name, students, wrong):
    """Hand in, grade, give feedback; a student loses points in the questions in `wrong` alone."""
    for student, answers in students.items():
        hand_in(root, name, student, answers)
    run(root, "autograde", name)
    run(root, "generate_feedback", name)
    for student, missed in wrong.items():
        with Gradebook(f"sqlite:///{root}/gradebook.db", "cvae") as book:
            grades = book.find_submission_notebook(name, name, student).grades
            short = [g for g in grades if g.score < g.max_score and not g.needs_manual_grade]
            lost = {questions_of(name).get(g.name) for g in short}
        assert lost - {None} == set(missed), student
        page = root / "feedback" / student / name / f"{name}.html"
        assert page.stat().st_size > 10_000
        if missed and student != "blank":
            assert "usual cause" in page.read_text()


def mistaken(name, k, questions=None):
    """{question: the wrong answer number k}, in every question that has as many."""
    return {
        q: list(found.values())[k] for q, found in MISTAKES[name].items()
        if k < len(found) and (questions is None or q in questions)
    }  # fmt: skip


# Each notebook that nbgrader runs takes a kernel and TensorFlow's start: two of one set in `make test`.
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name == "ps1_elbo" else [pytest.mark.slow]) for name in SETS]
)
def test_the_loop(tmp_path, name):
    """The students' version shows no answer. One who is right in every other question gets the points of
    these; one who hands in nothing gets none."""
    start_course(tmp_path, name)
    text = (tmp_path / "release" / name / f"{name}.ipynb").read_text()
    assert text.count("raise NotImplementedError()") >= len(MISTAKES[name])
    for hidden in ("BEGIN SOLUTION", "HIDDEN TESTS", "Rubric"):
        assert hidden not in text
    assert not any(cell.get("outputs") for cell in json.loads(text)["cells"])
    every = list(MISTAKES[name])
    half = mistaken(name, 0, every[::2])
    students = {"half": solutions(name) | half, "blank": {}}
    grade(tmp_path, name, students, {"half": every[::2], "blank": every})


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_mistakes_in_nbgrader(tmp_path, name):
    """A student for each of the first places in the lists of wrong answers."""
    start_course(tmp_path, name)
    students, wrong = {}, {}
    for k in range(6):
        made = mistaken(name, k)
        students[f"mistaken-{k}"], wrong[f"mistaken-{k}"] = solutions(name) | made, list(made)
    grade(tmp_path, name, students, wrong)
