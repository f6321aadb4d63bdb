"""The problem sets: solutions and right answers of unusual form pass their tests, wrong ones do not."""

import ast
import contextlib
import functools
import gc
import inspect
import io
import json
import re
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

ASSIGNMENTS = Path(__file__).resolve().parents[1] / "notebooks" / "assignments"
SETS = sorted(path.stem for path in ASSIGNMENTS.glob("source/*/*.ipynb"))
sys.path.insert(0, str(ASSIGNMENTS))
from mistakes import MISTAKES, UNUSUAL, solutions  # noqa: E402

# Some seconds each: `make test` grades a few of each question, `make test-slow` all.
HEAVY = {"encoder", "decoder", "vae", "train", "conditional"}


def catalogue(answers):
    """A test's parameters: (set, question, what); the slow ones marked."""
    for problem_set, questions in answers.items():
        for question, found in questions.items():
            quick = 1 if question == "train" else 2 if question in HEAVY else 4
            for n, what in enumerate(found):
                marks = [] if n < quick else [pytest.mark.slow]
                yield pytest.param(problem_set, question, what, marks=marks)


def cells(problem_set):
    path = ASSIGNMENTS / "source" / problem_set / f"{problem_set}.ipynb"
    return json.loads(path.read_text())["cells"]


def source(cell):
    return "".join(cell["source"])


def about(cell):
    return cell["metadata"].get("nbgrader", {})


def shown(cell):
    """What students get of a cell."""
    text = re.sub(r" *### BEGIN HIDDEN.*?### END HIDDEN TESTS\n?", "", source(cell), flags=re.DOTALL)
    return re.sub(
        r"### BEGIN SOLUTION.*?### END SOLUTION", "raise NotImplementedError()", text, flags=re.DOTALL
    )


class Graded:
    """A problem set whose questions are graded in this process, each in a namespace of its own that has
    the answer to it and to no other."""

    def __init__(self, problem_set):
        self.cells, self.start, question = [], {"__name__": problem_set}, None
        for cell in cells(problem_set):
            meta = about(cell)
            name = meta.get("grade_id")
            if cell["cell_type"] != "code" or name.endswith("_picture"):
                continue
            question = name if meta["solution"] else question
            code = compile(source(cell), name, "exec")
            if name in ("student", "imports"):
                exec(code, self.start)
            else:
                self.cells.append((name, meta, code, question))
        self.points = {name: meta["points"] for name, meta, *_ in self.cells if meta["grade"]}
        self.tests = {}
        for name, meta, _, of in self.cells:
            if meta["grade"]:
                self.tests.setdefault(of, []).append(name)

    def grade(self, question, answer, **more):
        """{test: what it says}, of the tests of a question that fail; `more` names are there, too."""
        return dict(self.failing(question, answer, **more))

    def failing(self, question, answer, **more):
        names = {**self.start, **more}
        for name, meta, code, of in self.cells:
            if name == question:
                with contextlib.suppress(Exception):
                    exec(answer, names)
            elif not meta["solution"] and not meta["grade"]:
                exec(code, names)
            elif meta["grade"] and of == question:
                error = self.error_of(code, names)
                if error is not None:
                    yield name, error
        gc.collect()

    def whole(self, answers):
        """The tests that fail when a notebook with these answers, solutions else, runs as a whole."""
        names, failed = dict(self.start), {}
        for name, meta, code, _ in self.cells:
            if meta["solution"]:
                with contextlib.suppress(Exception):
                    exec(answers.get(name, code), names)
            elif not meta["grade"]:
                exec(code, names)
            elif name != "train_test":
                error = self.error_of(code, names)
                if error is not None:
                    failed[name] = error
        return failed

    @staticmethod
    def error_of(code, names):
        """What a test raises; and it must not write to stderr, for which nbgrader takes all points."""
        written = io.StringIO()
        error = None
        with contextlib.redirect_stderr(written):
            try:
                exec(code, names)
            except Exception as raised:
                error = raised
        assert written.getvalue() == ""
        return error


@pytest.fixture(scope="module")
def graded():
    """A problem set by its name, made ready once, on little data."""
    pytest.importorskip("tensorflow_datasets", reason="the problem sets use TensorFlow")
    with pytest.MonkeyPatch.context() as patch, mpl.rc_context({"backend": "agg"}):
        patch.setenv("CVAE_PROFILE", "smoke")
        yield functools.lru_cache(Graded)


def count(answers):
    return sum(len(found) for questions in answers.values() for found in questions.values())


def test_the_sets():
    assert SETS == ["ps1_elbo", "ps2_convolutional_vae", "ps3_oversampling"] == sorted(MISTAKES)
    assert count(MISTAKES) >= 200
    assert count(UNUSUAL) >= 60
    for problem_set in SETS:
        assert set(MISTAKES[problem_set]) == set(UNUSUAL[problem_set]) == set(solutions(problem_set))


@pytest.mark.parametrize("problem_set", SETS)
def test_the_solutions_lose_nothing(graded, problem_set):
    for question, answer in solutions(problem_set).items():
        assert graded(problem_set).grade(question, answer) == {}


@pytest.mark.parametrize(("problem_set", "question", "what"), list(catalogue(UNUSUAL)))
def test_a_right_answer_of_unusual_form_loses_nothing(graded, problem_set, question, what):
    assert graded(problem_set).grade(question, UNUSUAL[problem_set][question][what]) == {}


@pytest.mark.filterwarnings("ignore")  # of what a wrong answer divides by zero
@pytest.mark.parametrize(("problem_set", "question", "what"), list(catalogue(MISTAKES)))
def test_a_wrong_answer_loses_points(graded, problem_set, question, what):
    failed = graded(problem_set).grade(question, MISTAKES[problem_set][question][what])
    assert failed
    for error in failed.values():
        if isinstance(error, AssertionError):  # others come from the answer itself
            assert re.search(r"expected: .+\n  got:      .+\n  usual cause: .+", str(error))


PARTS = {
    ("ps3_oversampling", "metrics"): {
        "in order of frequency": ["metrics_test"], "the worst class": ["metrics_balanced_test"],
        "the harmonic mean": ["metrics_g_mean_test"],
    },
    ("ps2_convolutional_vae", "vae"): {
        "half a KL": ["vae_loss_test"], "one fixed noise": ["vae_test"], "a tuple": ["vae_test"],
    },
    ("ps2_convolutional_vae", "conditional"): {
        "the label's channel first": ["conditional_test"], "the label before z": ["conditional_z_test"],
        "no KL": ["conditional_loss_test"],
    },
}  # fmt: skip


@pytest.mark.parametrize(("problem_set", "question"), PARTS)
def test_a_question_with_parts_gives_points_for_each(graded, problem_set, question):
    for what, lost in PARTS[problem_set, question].items():
        answer = MISTAKES[problem_set][question][what]
        assert sorted(graded(problem_set).grade(question, answer)) == lost, what


HARMFUL = {
    "a syntax error": "def broken(:\n",
    "nothing": "pass",
    "names overwritten": "np = ops = keras = layers = cvae = tf = scipy = X = y = x = sum = len = 3\n",
    "number formats overwritten": "import keras\nkeras.config.set_floatx('float64')\n"
    "keras.config.set_dtype_policy('mixed_float16')\n",
    "helpers overwritten": "question = check = require = picture = keep = gradients = numbered = 3\n",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("what", HARMFUL)
@pytest.mark.parametrize("problem_set", ["ps1_elbo", "ps3_oversampling"])
def test_a_broken_answer_costs_its_own_question_only(graded, problem_set, what):
    """All cells in one process, as nbgrader runs them."""
    one = graded(problem_set)
    question = next(iter(one.tests))
    answer = (
        HARMFUL[what] if "overwritten" not in what else solutions(problem_set)[question] + HARMFUL[what]
    )
    assert set(one.whole({question: answer})) <= set(one.tests[question])


@pytest.mark.parametrize("problem_set", SETS)
def test_an_unanswered_question_says_so_once(graded, problem_set):
    """In one line, as Jupyter shows it, and the tests go on."""
    one, found = graded(problem_set), cells(problem_set)
    failed = one.whole({about(cell).get("grade_id"): shown(cell) for cell in found})
    assert set(failed) == set(one.points) - {"train_test"}
    said = [line for error in failed.values() for line in error._render_traceback_()]
    unanswered = re.compile(r"Question (\d) is not answered yet: (\S+) is missing\.")
    found = [unanswered.fullmatch(line).groups() for line in said]
    assert len(found) == len({number for number, _ in found}) >= 6
    asked = {name for text in solutions(problem_set).values() for name, _ in asked_for(text)}
    assert {name.removesuffix(".__init__") for _, name in found} <= asked


@pytest.mark.parametrize(
    ("problem_set", "test", "function", "wrong"),
    [
        ("ps1_elbo", "elbo_test", "kl_divergence", "2 * right"),
        ("ps3_oversampling", "metrics_balanced_test", "recalls", "right / 2"),
        ("ps3_oversampling", "compare_test", "split_and_resample", "(*right[:3], right[3][::-1])"),
    ],
)
def test_at_home_a_question_names_what_it_uses(graded, problem_set, test, function, wrong):
    """There it uses the student's own functions; a wrong one may be the cause, and is named."""
    one = graded(problem_set)
    code = next(shown(cell) for cell in cells(problem_set) if about(cell).get("grade_id") == test)
    names = dict(one.start)
    for _, meta, cell, _ in one.cells:
        if not meta["grade"]:
            exec(cell, names)
    names["RIGHT"] = names[function]
    assert one.error_of(code, names) is None
    for body, said in (
        ("raise NotImplementedError()", f"it uses {function}, which is not answered"),
        (f"right = RIGHT(*args); return {wrong}", f"or else:     your own .*{function}"),
    ):
        exec(f"def {function}(*args):\n    {body}\n", names)
        assert re.search(said, str(one.error_of(code, names)))


def callables(names, new):
    """What code defines that could be called: functions, methods, classes, values of dicts."""
    for name in new:
        value = names[name]
        inside = value if isinstance(value, dict) else vars(value) if isinstance(value, type) else {}
        for key, one in [(name, value), *((f"{name}.{key}", one) for key, one in inside.items())]:
            if callable(one) and not key.endswith("__"):
                yield key, one


def seen_callables(one, problem_set):
    """{name: what students find ready-made}; of pictures, which train, only the definitions."""
    names, found = dict(one.start), {}
    for cell in cells(problem_set):
        name, before = about(cell).get("grade_id", ""), dict(names)
        if cell["cell_type"] != "code" or name == "student" or about(cell)["grade"]:
            continue
        tree = ast.parse(shown(cell))
        if name.endswith("_picture"):
            tree.body = [n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
        exec(compile(tree, name, "exec"), names)
        if not about(cell)["solution"] and name != "imports":
            new = [key for key in names if key not in before and not key.startswith("_")]
            found |= dict(callables(names, new))
    return found


def asked_for(answer):
    """The functions, classes and methods that an answer defines, and their numbers of arguments."""
    for node in ast.parse(answer).body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, len(node.args.args)
        elif isinstance(node, ast.ClassDef):
            for inside in node.body:
                if isinstance(inside, ast.FunctionDef) and inside.name == "__init__":
                    yield node.name, len(inside.args.args) - 1
                elif isinstance(inside, ast.FunctionDef):
                    yield f"{node.name}.{inside.name}", len(inside.args.args)


def takes(function, count, asked):
    """Whether it can be called so; a method, that it is one: what calls a model cannot be its `call`."""
    try:
        signature = inspect.signature(function)
        signature.bind(*range(count))
    except (TypeError, ValueError):
        return False
    return "." not in asked or next(iter(signature.parameters)) == "self"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("problem_set", SETS)
def test_what_students_see_holds_no_answer(graded, problem_set):
    """Everything that is ready-made in their notebook, handed in as the answer to everything asked."""
    one, given = graded(problem_set), []
    ready = seen_callables(one, problem_set)
    assert len(ready) > 10
    for question, answer in solutions(problem_set).items():
        for asked, count in asked_for(answer):
            for name, function in ready.items():
                if takes(function, count, asked):
                    tried = f"{answer}\n{asked} = ready_made\n"
                    if next(one.failing(question, tried, ready_made=function), None) is None:
                        given.append(f"{name} answers {asked}")
    assert not given


# The heart of what is asked for, in any library's words.
HEARTS = {
    "ps1_elbo": (
        r"exp\(.*log_var.*\) - 1 - ", "logsumexp", "crossentropy|softplus|log_sigmoid|logaddexp",
        "random.normal", "cvae.kl_divergence|cvae.Bernoulli|cvae.gaussian",
    ),
    "ps2_convolutional_vae": (
        r"exp\(.*log_var.*\) - 1 - ", "one_hot", r"eye\(num_classes", "reparameterize", r"along\[::-1",
        "1 - share", "Conv2D(Transpose)?\\(",
    ),
    "ps3_oversampling": ("recall_score", "stratify", "np.prod|gmean", "ppf|ttest", "standard_normal"),
}  # fmt: skip


@pytest.mark.parametrize("problem_set", SETS)
def test_no_line_that_students_see_is_the_heart_of_an_answer(problem_set):
    text = "\n".join(
        shown(cell) for cell in cells(problem_set)
        if cell["cell_type"] == "code" and not about(cell).get("solution")
    )  # fmt: skip
    for heart in HEARTS[problem_set]:
        assert not re.findall(f".*(?:{heart}).*", text), heart


@pytest.mark.parametrize("problem_set", SETS)
def test_every_question_is_explained_tested_and_worth_what_it_says(problem_set):
    """A text before each answer, its points in title and table; the tests, with what they need,
    and a picture after them."""
    found = cells(problem_set)
    table = dict(re.findall(r"\| (\d+) \| .* \| (\d+) \|", source(found[0])))
    questions = [about(cell)["grade_id"] for cell in found if about(cell).get("solution")]
    assert len(table) == len(questions)
    assert list(MISTAKES[problem_set]) == questions[:-1]  # the last is read by a person
    names = [about(cell).get("grade_id") for cell in found]
    for number, question in enumerate(questions, start=1):
        at = names.index(question)
        title = re.match(r"## Question (\d+): .* \((\d+) points\)", source(found[at - 1]))
        after = [*questions, None][number]
        until = names.index(after) if after else len(found)
        parts = [cell for cell in found[at:until] if about(cell).get("grade")]
        points = sum(about(cell)["points"] for cell in parts)
        assert title.groups() == (str(number), str(points)) == (str(number), table[str(number)])
        assert "### BEGIN SOLUTION" in source(found[at])
        if question is not questions[-1]:
            assert all(
                name.startswith(question) for name in names[at + 1 : names.index(f"{question}_test")]
            )
            assert f"{question}_picture" in names[at:until]
            assert all("### BEGIN HIDDEN TESTS" in source(cell) for cell in parts)
            assert all(cell["metadata"]["tags"][0] == "raises-exception" for cell in parts)


@pytest.mark.parametrize("problem_set", SETS)
def test_cells_fit_a_screen(problem_set):
    """What students see of them; the hidden tests come after."""
    for cell in cells(problem_set):
        if cell["cell_type"] == "code":
            assert shown(cell).count("\n") + 1 <= 40, about(cell)["grade_id"]


@pytest.mark.parametrize("problem_set", SETS)
def test_committed_with_outputs_and_no_noise_in_them(problem_set):
    for cell in cells(problem_set):
        name = about(cell).get("grade_id", "")
        text = json.dumps(cell.get("outputs", []))
        assert not re.search(r"stderr|Warning|Traceback|/(?:home|root|tmp|work)/\w", text), name
        if "cvae.load(" in source(cell):  # which warns where the data set is not
            assert "nbval-ignore-output" in cell["metadata"]["tags"]
        if name.endswith("_picture") and "plt." in source(cell):
            assert cell["outputs"], name
            assert "nbval-ignore-output" in cell["metadata"]["tags"]
