"""The problem sets: their solutions pass their tests, the classic mistakes do not."""

import functools
import importlib.util
import json
import re
from pathlib import Path

import matplotlib as mpl
import pytest

ASSIGNMENTS = Path(__file__).resolve().parents[1] / "notebooks" / "assignments"
SETS = sorted(path.stem for path in ASSIGNMENTS.glob("source/*/*.ipynb"))


def load_mistakes():
    spec = importlib.util.spec_from_file_location("mistakes", ASSIGNMENTS / "mistakes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.MISTAKES


MISTAKES = load_mistakes()
WRONG = [
    (problem_set, question, what)
    for problem_set, questions in MISTAKES.items()
    for question, answers in questions.items()
    for what in answers
]


def cells(problem_set):
    path = ASSIGNMENTS / "source" / problem_set / f"{problem_set}.ipynb"
    return json.loads(path.read_text())["cells"]


def source(cell):
    return "".join(cell["source"])


class Submission:
    """A problem set, run in this process: nbgrader's own loop takes a kernel for each."""

    def __init__(self, problem_set):
        self.cells = {
            cell["metadata"]["nbgrader"]["grade_id"]: cell
            for cell in cells(problem_set) if "nbgrader" in cell["metadata"]
        }  # fmt: skip
        self.start = {"__name__": problem_set}
        exec(source(self.cells["imports"]), self.start)

    def points_lost(self, answers):
        """The questions whose test fails, with these answers in place of the solutions."""
        names, lost = dict(self.start), []
        for name, cell in self.cells.items():
            if cell["metadata"]["nbgrader"]["solution"]:
                exec(answers.get(name, source(cell)), names)
            elif "_tools" in name:
                exec(source(cell), names)
            elif cell["metadata"]["nbgrader"]["grade"]:
                # Training takes the time: only who answers it wrong, or everything right, is tested.
                if name == "train_test" and answers and "train" not in answers:
                    continue
                try:
                    exec(source(cell), names)
                except Exception:
                    lost.append(name.removesuffix("_test"))
        return lost


@pytest.fixture(scope="module")
def submission():
    """A problem set by its name, made ready once, on little data."""
    pytest.importorskip("tensorflow_datasets", reason="the problem sets use TensorFlow")
    with pytest.MonkeyPatch.context() as patch, mpl.rc_context({"backend": "agg"}):
        patch.setenv("CVAE_PROFILE", "smoke")
        yield functools.lru_cache(Submission)


def test_the_sets():
    assert SETS == ["ps1_elbo", "ps2_convolutional_vae", "ps3_oversampling"] == sorted(MISTAKES)
    assert len(WRONG) >= 25


@pytest.mark.parametrize("problem_set", SETS)
def test_the_solutions_lose_nothing(submission, problem_set):
    assert submission(problem_set).points_lost({}) == []


@pytest.mark.filterwarnings("ignore")  # of what a wrong answer divides by zero
@pytest.mark.parametrize(("problem_set", "question", "what"), WRONG)
def test_a_classic_mistake_costs_its_question_and_no_other(submission, problem_set, question, what):
    answer = MISTAKES[problem_set][question][what]
    assert submission(problem_set).points_lost({question: answer}) == [question]


@pytest.mark.parametrize("problem_set", SETS)
def test_every_question_is_explained_tested_and_worth_what_it_says(problem_set):
    """A text before each answer, its points in the title and in the table; the test, with what it needs,
    and a picture after it."""
    found = cells(problem_set)
    names = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in found]
    table = dict(re.findall(r"\| (\d+) \| .* \| (\d+) \|", source(found[0])))
    questions = [name.removesuffix("_test") for name in names if name and name.endswith("_test")]
    assert len(table) == len(questions)
    assert set(MISTAKES[problem_set]) == set(questions)
    for number, question in enumerate(questions, start=1):
        at = names.index(question)
        title = re.match(r"## Question (\d+): .* \((\d+) points\)", source(found[at - 1]))
        test = names.index(f"{question}_test")
        points = found[test]["metadata"]["nbgrader"]["points"]
        assert title.groups() == (str(number), str(points)) == (str(number), table[str(number)])
        assert "### BEGIN SOLUTION" in source(found[at])
        assert "### BEGIN HIDDEN TESTS" in source(found[test])
        assert all(name.startswith(f"{question}_tools") for name in names[at + 1 : test])
        assert names[test + 2] == f"{question}_picture"


@pytest.mark.parametrize("problem_set", SETS)
def test_cells_fit_a_screen(problem_set):
    code = [source(cell) for cell in cells(problem_set) if cell["cell_type"] == "code"]
    assert max(text.count("\n") + 1 for text in code) <= 24


@pytest.mark.parametrize("problem_set", SETS)
def test_committed_with_outputs_and_no_noise_in_them(problem_set):
    for cell in cells(problem_set):
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        text = json.dumps(cell.get("outputs", []))
        assert not re.search(r"stderr|Warning|Traceback|/(?:home|root|tmp|work)/\w", text), name
        if "cvae.load(" in source(cell):  # which warns where the data set is not
            assert "nbval-ignore-output" in cell["metadata"]["tags"]
        if name.endswith("_picture"):
            assert cell["outputs"], name
            assert cell["metadata"]["tags"] == ["nbval-ignore-output"]
