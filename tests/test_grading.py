"""The grader of hand-ins: whose file is whose, what a class gets, and that no answer harms anybody."""

import csv
import functools
import io
import json
import re
import subprocess
import sys
import zipfile

import nbformat
import pytest
from test_assignments import ASSIGNMENTS

import cvae.utils.questions

pytest.importorskip("tensorflow_datasets", reason="the problem sets use TensorFlow")
pytest.importorskip("nbgrader", reason="teachers' extra: requirements-course.txt")
sys.path.insert(0, str(ASSIGNMENTS))
from cheats import BROKEN, CHEATS, WRONG
from grading import __main__ as command
from grading import handins, report
from grading.own_work import OWN_WORK
from grading.questions import SOURCE, kind_of, read_answers, read_set, stub
from grading.student import export
from grading.workers import Result, not_answered

SET = "ps1_elbo"
HELPERS = """
def summed(terms):
    return ops.sum(terms, axis=1)
"""
WITH_HELPERS = """
def kl_divergence(z_mean, z_log_var):
    return 0.5 * summed(ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var)
"""


def released(answers=None, name=SET):
    "The students' version of a set with answers in it, {question: code}; None for all the right ones."
    notebook = nbformat.read(SOURCE / name / f"{name}.ipynb", 4)
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        if kind_of(about) in ("answer", "by hand") and answers is not None:
            cell.source = answers.get(about["grade_id"], stub(cell))
        if cell.cell_type == "code":
            cell.outputs = []
    return notebook


def cell_of(notebook, grade_id):
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def right():
    "{question: the solution}"
    return {name: read_set(SET).cells[name] for name in read_set(SET).answers}


def write_broken(what, path):
    "A hand-in of right answers with this wrong with it, under a path without its ending."
    notebook, ending, before, after = released(), ".ipynb", b"", b""
    if what == "tests deleted":
        notebook.cells = [
            c for c in notebook.cells if kind_of(c.metadata.get("nbgrader", {})) in (None, "answer")
        ]
    elif what == "tests changed to pass, answers wrong":
        notebook = released(dict.fromkeys(right(), "kl_divergence = None"))
        for cell in notebook.cells:
            if kind_of(cell.metadata.get("nbgrader", {})) == "test":
                cell.source = "assert True"
    elif what == "cells copied":
        notebook.cells += [c for c in released().cells if c.cell_type == "code"]
    elif what == "an answer's cell deleted and written anew":
        cell_of(notebook, "kl").metadata.clear()
    elif what == "without any metadata":
        for cell in notebook.cells:
            cell.metadata.clear()
    elif what == "helpers in a cell of their own":
        at = notebook.cells.index(cell_of(notebook, "kl"))
        notebook.cells[at].source = WITH_HELPERS
        notebook.cells.insert(at, nbformat.v4.new_code_cell(HELPERS))
    elif what == "imports overwritten":
        cell_of(notebook, "imports").source = "np = ops = None"
    elif what == "a variable of the set's overwritten":
        cell_of(notebook, "kl").source += "\narrays = np = scipy = zeros = None\n"
    elif what == "a name is missing":
        cell_of(notebook, "kl").source = right()["kl"].replace("kl_divergence", "kl")
    elif what == "a syntax error":
        cell_of(notebook, "kl").source += "\nreturn return\n"
    elif what == "magics":
        cell_of(notebook, "kl").source = (
            "%matplotlib inline\n" + right()["kl"] + "\n!true\n%time 1 + 1\n"
        )
    elif what == "two answers in one cell":
        cell_of(notebook, "kl").source += "\n\n\n" + right()["bernoulli"]
        notebook.cells.remove(cell_of(notebook, "bernoulli"))
    elif what == "an answer assigned, in a cell of another name":
        cell_of(notebook, "kl").metadata["nbgrader"]["grade_id"] = "cell-0123456789abcdef"
        of_another_name = (
            "kl_divergence = lambda m, v: 0.5 * ops.sum(ops.square(m) + ops.exp(v) - 1 - v, axis=1)"
        )
        next(c for c in notebook.cells if c.source == right()["kl"]).source = of_another_name
    elif what == "help asked for":
        cell_of(notebook, "kl").source = "ops.sum?\n?np.exp\n" + right()["kl"]
    elif what == "an error that no file can hold":
        cell_of(notebook, "kl").source = "raise ValueError('\\udc80')"
    elif what == "compared with the package":
        cell_of(notebook, "kl").source = (
            "x = np.ones((1, 1), 'float32')\nprint(cvae.kl_divergence(x, x))\n" + right()["kl"]
        )
    elif what == "strange metadata":
        cell_of(notebook, "kl").metadata["nbgrader"] = None
    elif what in ("old version beside the new", "a blank copy handed in later"):
        old, notebook = released({}), released()
        if what == "a blank copy handed in later":
            old, notebook = notebook, old
        nbformat.write(old, f"{path}.ipynb")
        name, user, _ = path.name.split("_", 2)
        path = path.with_name(f"{name}_{user}_999999_{SET}-1")
    elif what == "another set":
        notebook = released(name="ps3_oversampling")
    text = nbformat.writes(notebook)
    if what == "a strange character":
        text = text.replace("BEGIN SOLUTION", "BEGIN SOLUTION \\udc80", 1)
    if "zip" in what:
        blank, other = (nbformat.writes(released({}, name)) for name in (SET, "ps3_oversampling"))
        before_it = {
            "in a zip, with Jupyter's old copy": (f"folder/.ipynb_checkpoints/{SET}.ipynb", blank),
            "in a zip of the whole course": ("course/ps3_oversampling.ipynb", other),
        }
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            if what in before_it:
                archive.writestr(*before_it[what])
            archive.writestr(f"folder/{SET}.ipynb", text)
        data = packed.getvalue()
        if what == "a damaged zip":
            data = data.replace(b"kl_divergence", b"kl_divergencX", 1)
        elif what == "a zip with a password":
            at = data.rfind(b"PK\x01\x02") + 8  # the flags of its entry
            data = data[:at] + b"\x01" + data[at + 1 :]
        path.with_name(path.name + ".zip").write_bytes(data)
        return
    if what == "with a byte order mark":
        before = b"\xef\xbb\xbf"
    elif what == "of nbformat 3":
        text = '{"nbformat": 3, "worksheets": [], "metadata": {}}'
    elif what == "truncated":
        text = text[: len(text) // 2]
    elif what == "empty":
        text = ""
    elif what == "a web page":
        text = "<html><body>" + "Please log in. " * 50
    elif what == "only a script":
        ending, text = ".py", "\n\n".join(right().values())
    elif what == "merge conflict":
        after = b"\n<<<<<<< HEAD\n=======\n>>>>>>> mine\n"
    elif what == "renamed":
        path = path.with_name(path.name.replace(SET, "homework (final)-Copy1"))
    path.with_name(path.name + ending).write_bytes(before + text.encode() + after)


def canvas_name(number, late=""):
    return f"student{number:03}_{late}{1000 + number}_{5000 + number}_{SET}"


def grade(folder, out, *more):
    "{student: grades}"
    found = command.main([SET, str(folder), "--out", str(out), "--seconds", "20", *more])
    return {one.hand_in.student: one for one in found}


def student(number):
    return f"student{number:03}_{1000 + number}"


def hand_in_cheats(folder, cheats):
    for number, what in enumerate(cheats):
        nbformat.write(released({"kl": CHEATS[what][0]}), folder / f"{canvas_name(number)}.ipynb")


def check_cheats(grades, cheats):
    for number, what in enumerate(cheats):
        result = grades[student(number)].results["kl"]
        assert result.status in re.split(", | or ", CHEATS[what][1]), (what, result)
        assert not result.points, (what, result)


def hand_in_broken(folder, broken, first=500):
    for number, what in enumerate(broken, start=first):
        write_broken(what, folder / canvas_name(number))


def check_broken(grades, broken, first=500):
    for number, what in enumerate(broken, start=first):
        assert grades[student(number)].total == BROKEN[what], (what, grades[student(number)])


# Those that take seconds of waiting by their nature, and those of which the fast class has a like.
SLOW = {
    "never ends", "never ends before its tests", "takes all memory", "prints without end",
    "deletes what it can", "reads the solutions", "asks the network", "starts a program",
    "replaces a module", "traces the test", "reads the process's memory", "replaces AssertionError",
    "prints a verdict", "searches memory for the expected",
}  # fmt: skip


def test_a_class_of_cheats_and_broken_hand_ins(tmp_path, capsys):
    """Everyone gets what they should, who is right all points, and a second run has nothing to do."""
    folder, out = tmp_path / "hand-ins", tmp_path / "out"
    folder.mkdir()
    cheats = [what for what in CHEATS if what not in SLOW][:12]
    broken = [
        *list(BROKEN)[:10],
        "magics",
        "an error that no file can hold",
        "in a zip of the whole course",
    ]
    hand_in_cheats(folder, cheats)
    hand_in_broken(folder, broken)
    nbformat.write(released(), folder / f"{canvas_name(900, 'LATE_')}.ipynb")
    grades = grade(folder, out)
    check_cheats(grades, cheats)
    check_broken(grades, broken)
    assert grades[student(900)].total == 20
    assert grades[student(900)].hand_in.late
    before = (out / "grades.csv").read_bytes()
    capsys.readouterr()
    grade(folder, out)
    assert f"{len(grades)} of them graded before" in capsys.readouterr().out
    assert (out / "grades.csv").read_bytes() == before
    rows = list(csv.DictReader((out / "canvas.csv").open()))
    assert float(rows[0][SET]) == sum(question.points for question in read_set(SET).questions)
    assert {row["ID"]: row[SET] for row in rows}["1900"] == "20"


@pytest.mark.slow
def test_all_cheats_and_all_broken_hand_ins(tmp_path):
    folder = tmp_path / "hand-ins"
    folder.mkdir()
    hand_in_cheats(folder, CHEATS)
    hand_in_broken(folder, BROKEN)
    grades = grade(folder, tmp_path / "out")
    check_cheats(grades, CHEATS)
    check_broken(grades, BROKEN)


@pytest.mark.parametrize("what", [what for what, points in BROKEN.items() if points is None])
def test_what_cannot_be_read_says_why(tmp_path, what):
    write_broken(what, tmp_path / canvas_name(1))
    (hand_in,) = handins.collect(tmp_path, tmp_path)
    with pytest.raises(ValueError, match="notebook"):
        read_answers(hand_in, read_set(SET))


@pytest.mark.parametrize(
    ("path", "student", "platform", "late"),
    [
        ("doejane_12345_67890_ps1_elbo.ipynb", "doejane_12345", "canvas", False),
        ("doejane_LATE_12345_67890_ps1_elbo-1.ipynb", "doejane_12345", "canvas", True),
        ("anon_AbC12_98765_ps1_elbo.ipynb", "anon_AbC12", "canvas", False),
        ("Jane Doe_123456_assignsubmission_file_/ps1_elbo.ipynb", "Jane Doe_123456", "moodle", False),
        ("Jane Doe_123456_assignsubmission_file_ps1_elbo.ipynb", "Jane Doe_123456", "moodle", False),
        ("Åsa Ünal_9_assignsubmission_file/sub/x.ipynb", "Åsa Ünal_9", "moodle", False),
        ("Participant_9_assignsubmission_file_/ps1_elbo.ipynb", "Participant_9", "moodle", False),
        ("jane/ps1_elbo/ps1_elbo.ipynb", "jane", "folder", False),
        ("jane.ipynb", "jane", "folder", False),
    ],
)
def test_whose_file_it_is(tmp_path, path, student, platform, late):
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text("{}")
    (found,) = handins.collect(tmp_path, tmp_path)
    assert (found.student, found.platform, found.late) == (student, platform, late)


def test_the_newest_file_is_graded(tmp_path):
    for name in ("a_1_20_x.ipynb", "a_1_100_x.ipynb", "a_1_30_x-1.ipynb", "a_1_200_notes.pdf"):
        (tmp_path / name).write_text("{}")
    (found,) = handins.collect(tmp_path, tmp_path)
    assert [path.name for path in found.files][:2] == ["a_1_100_x.ipynb", "a_1_30_x-1.ipynb"]


def test_a_folder_without_hand_ins(tmp_path):
    with pytest.raises(FileNotFoundError, match="expected a folder or a zip"):
        handins.collect(tmp_path, tmp_path)


def test_no_such_set():
    with pytest.raises(FileNotFoundError, match="expected one of ps1_elbo"):
        read_set("ps9")


@pytest.mark.parametrize("name", ["ps1_elbo", "ps2_convolutional_vae", "ps3_oversampling"])
def test_a_stub_is_no_answer_and_a_solution_is_one(name):
    problem_set = read_set(name)
    for question in problem_set.questions:
        assert question.points > 0
        if not question.by_hand:
            solution, placeholder = problem_set.cells[question.name], problem_set.stubs[question.name]
            assert "raise NotImplementedError()" in placeholder
            assert not_answered(placeholder, placeholder)
            assert not not_answered(solution, placeholder)


def test_tables_hold_no_formulas_and_points_by_hand_come_back(tmp_path):
    hand_in = handins.HandIn("eve", "moodle", "=HYPERLINK(1)", "7")
    problem_set = read_set(SET)
    results = {question.name: Result(None, "did not run", "@x") for question in problem_set.questions}
    problem_set.questions[0].by_hand = True
    results["kl"] = Result(None, "by hand", "an essay")
    report.write_all([report.Grades(hand_in, results)], problem_set, tmp_path, SET)
    for name in ("grades.csv", "moodle.csv", "by_hand.csv"):
        for row in csv.reader((tmp_path / name).open()):
            assert not any(value.startswith(("=", "@", "+", "-")) for value in row)
    (tmp_path / "by_hand.csv").write_text("student,question,of,points,answer\neve,kl,4,3.5,an essay\n")
    assert report.read_by_hand(tmp_path / "by_hand.csv") == {("eve", "kl"): 3.5}
    (tmp_path / "by_hand.csv").write_text("student,question,of,points,answer\neve,kl,4,many,an essay\n")
    with pytest.raises(ValueError, match="eve, kl: expected 0 to 4 points, got 'many'"):
        report.read_by_hand(tmp_path / "by_hand.csv")


def test_the_catalogue():
    assert len(CHEATS) + len(BROKEN) >= 25
    assert WRONG in CHEATS["replaces np.allclose"][0]
    assert set(SLOW) < set(CHEATS)
    json.dumps(CHEATS)


def test_students_get_no_answers(tmp_path):
    """Every file of the course but what would give something away; no release is an error."""
    for name in (
        "README.md", "cvae/vae.py", "notebooks/01_theory.ipynb", "notebooks/solutions/01.ipynb",
        "notebooks/assignments/mistakes.py", "notebooks/assignments/edits.py", "tests/test_vae.py",
        "notebooks/assignments/source/ps1_elbo/ps1_elbo.ipynb",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    with pytest.raises(FileNotFoundError, match="run make assignments"):
        export(tmp_path / "student.zip", tmp_path)
    released_to = tmp_path / "notebooks/assignments/release/ps1_elbo/ps1_elbo.ipynb"
    released_to.parent.mkdir(parents=True)
    released_to.write_text("x")
    export(tmp_path / "student.zip", tmp_path)
    assert sorted(zipfile.ZipFile(tmp_path / "student.zip").namelist()) == [
        "course/README.md", "course/cvae/vae.py", "course/notebooks/01_theory.ipynb",
        "course/notebooks/assignments/ps1_elbo/ps1_elbo.ipynb",
    ]  # fmt: skip


def test_what_is_asked_for_is_in_the_package():
    """Every name whose use makes an answer not count exists, in a set and a question that exist."""
    for name, questions in OWN_WORK.items():
        assert set(questions) <= {question.name for question in read_set(name).questions}
        for path in {path for paths in questions.values() for path in paths}:
            *owners, last = path.split(".")
            assert last in vars(functools.reduce(getattr, owners, cvae)), path
