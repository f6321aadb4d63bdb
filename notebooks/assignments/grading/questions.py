"""A problem set's questions, and a student's answers to them, by nbgrader's `grade_id`.

Of a hand-in only the cells that a student writes are used. Tests, imports and tools come from the source: what a
student renamed, deleted or changed of them does not matter.
"""

import ast
import copy
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbgrader.preprocessors import ClearSolutions

from grading.handins import MOST_BYTES, HandIn, hidden

SOURCE = Path(__file__).resolve().parents[1] / "source"


@dataclass
class Question:
    "An answer's cell, the cells that test it, {grade_id: points}, and how many cells of the set come before."

    name: str
    tests: dict[str, float] = field(default_factory=dict)
    by_hand: bool = False

    @property
    def points(self) -> float:
        return sum(self.tests.values())


@dataclass
class ProblemSet:
    """The cells of a set that are run, in order: {grade_id: source}, and what each is."""

    name: str
    cells: dict[str, str]
    kinds: dict[str, str]  # "tool", "answer", "test" or "by hand"
    questions: list[Question]
    stubs: dict[str, str]  # {answer's grade_id: what students get}
    released: set[str]  # the cells that students get ready-made, without white space

    @property
    def answers(self) -> list[str]:
        return [name for name, kind in self.kinds.items() if kind in ("answer", "by hand")]


def read_set(name: str, source: Path = SOURCE) -> ProblemSet:
    """A set with its tests, from the folder of sources.

    Raises:
        FileNotFoundError: no such set; the message names those there are.
    """
    path = source / name / f"{name}.ipynb"
    if not path.exists():
        known = ", ".join(sorted(folder.name for folder in source.glob("ps*")))
        raise FileNotFoundError(f"no problem set {name!r}: expected one of {known}")
    cells, kinds, questions, stubs, ready = {}, {}, [], {}, set()
    for cell in nbformat.read(path, 4).cells:
        about = cell.metadata.get("nbgrader", {})
        kind = kind_of(about)
        if kind not in ("answer", "by hand"):
            ready.add(squeezed(as_released(cell.source)))
        else:
            stubs[about["grade_id"]] = stub(cell)
        if kind is None:
            continue
        grade_id = about["grade_id"]
        cells[grade_id], kinds[grade_id] = cell.source, kind
        if kind == "answer":
            questions.append(Question(grade_id))
        elif kind == "by hand":
            questions.append(Question(grade_id, {grade_id: float(about["points"])}, by_hand=True))
        elif kind == "test":
            tested = next(question for question in reversed(questions) if not question.by_hand)
            tested.tests[grade_id] = float(about["points"])
    return ProblemSet(name, cells, kinds, [q for q in questions if q.tests], stubs, ready)


def stub(cell) -> str:
    "An answer's cell as students get it: nbgrader's own step, with the text of `nbgrader_config.py`."
    clear = ClearSolutions(code_stub={"python": "# your answer\nraise NotImplementedError()"})
    return clear.preprocess_cell(copy.deepcopy(cell), {"language": "python"}, 0)[0].source


def kind_of(about: dict) -> str | None:
    "What a cell with this nbgrader metadata is for the grader; pictures are for the student alone."
    if not about.get("grade_id") or about["grade_id"].endswith("_picture"):
        return None
    solution, graded = about.get("solution"), about.get("grade")
    if about.get("task") or (solution and graded):
        return "by hand"
    return "answer" if solution else "test" if graded else "tool"


class NotOfThisSet(ValueError):
    "A notebook of something else."


@dataclass
class Answers:
    """What a student wrote: {answer's grade_id: sources}, in the notebook's order, and what is to be said of it.

    Cells that the student added stand with the answer they follow, those before the first answer under "".
    """

    cells: dict[str, list[str]]
    notes: dict[str, str]

    def to(self, name: str) -> str:
        return "\n\n".join(self.cells.get(name, []))

    def any(self, problem_set: ProblemSet) -> bool:
        return any(not not_answered(self.to(name), stub) for name, stub in problem_set.stubs.items())


def not_answered(answer: str, stub: str) -> bool:
    "Nothing but what was released: the placeholder, or not even that."
    return not answer.strip() or squeezed(answer) == squeezed(stub)


def read_answers(hand_in: HandIn, problem_set: ProblemSet) -> tuple[Answers, str]:
    """The answers in the newest file that holds any, and a note on the file.

    Raises:
        ValueError: no file of the hand-in is a notebook of this set; the message says what was wrong with each.
    """
    reasons: list[str] = []
    found = []
    for path, data in contents(hand_in.files, reasons):
        try:
            answers = answers_in(nbformat.reads(data.decode("utf-8-sig"), as_version=4), problem_set)
        except NotOfThisSet as error:
            reasons.append(f"{path.name}: {error}")
        except Exception as error:  # a strange file makes its readers stumble over whatever it is
            reasons.append(f"{path.name}: not a notebook that can be read ({type(error).__name__})")
        else:
            found.append((path, answers))
            if answers.any(problem_set):
                break
    if not found:
        raise ValueError("; ".join(reasons)[:500])
    path, answers = found[-1] if found[-1][1].any(problem_set) else found[0]
    count = sum(path.suffix == ".ipynb" for path in hand_in.files)
    return answers, f"{path.name} of {count} notebooks was graded" if count > 1 else ""


def contents(files: list[Path], reasons: list[str]) -> Iterator[tuple[Path, bytes]]:
    "Each notebook, out of a zip where it is in one; why a file cannot be read is added to the reasons."
    for path in files:
        try:
            if path.stat().st_size > MOST_BYTES:
                raise ValueError(f"more than {MOST_BYTES // 1_000_000} MB: expected a notebook")
            data = path.read_bytes()
            for one in notebooks_in_zip(data) if zipfile.is_zipfile(io.BytesIO(data)) else [data]:
                yield path, one
        except Exception as error:  # a zip may be damaged, or have a password
            reasons.append(f"{path.name}: no notebook could be read ({error})")


def notebooks_in_zip(data: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        found = [
            info for info in archive.infolist()
            if info.filename.endswith(".ipynb") and info.file_size <= MOST_BYTES
            and not hidden(Path(info.filename))
        ]  # fmt: skip
        if not found:
            raise ValueError("a zip without a notebook")
        for info in found[:100]:
            yield archive.read(info)


def answers_in(notebook, problem_set: ProblemSet) -> Answers:
    cells: dict[str, list[str]] = {"": []}
    count = dict.fromkeys(problem_set.answers, 0)
    at, known = "", False
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name in count:
            count[name] += 1
        elif is_released(name, cell, problem_set):
            known |= problem_set.kinds.get(name) == "test"
            continue
        elsewhere = owner_of(cell.source, problem_set)
        if name in count or (elsewhere and not count[elsewhere]):
            at = name if name in count else elsewhere
        found = cells.setdefault(at, [])
        if cell.source not in found:
            found.append(cell.source)
    for name in set(count) - set(cells):  # two answers in one cell
        both = [
            source
            for sources in cells.values()
            for source in sources
            if defines(source, name, problem_set)
        ]
        cells |= {name: both[-1:]} if both else {}
    if not known and not set(cells) & set(count):
        raise NotOfThisSet(f"a notebook, but not of {problem_set.name}: none of its cells was found")
    return Answers(cells, {name: notes_on(times, name in cells) for name, times in count.items()})


def is_released(name: str, cell, problem_set: ProblemSet) -> bool:
    "Whether a cell came with the set: by its grade_id, or by its text."
    ours = name in problem_set.kinds or name.endswith("_picture")
    return ours or cell.cell_type != "code" or squeezed(cell.source) in problem_set.released


def owner_of(source: str, problem_set: ProblemSet) -> str | None:
    "The answer that a cell without metadata is: it defines what is asked for there."
    return next((name for name in problem_set.answers if defines(source, name, problem_set)), None)


def defines(source: str, name: str, problem_set: ProblemSet) -> bool:
    "Whether a cell defines a function or a class that an answer has to define."
    tree = ast.parse(problem_set.cells[name]) if problem_set.kinds[name] == "answer" else ast.parse("")
    wanted = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    return bool(wanted & defined(source))


def notes_on(times: int, found: bool) -> str:
    if times == 0:
        return "the answer's cell is missing" + (
            ", another cell defines what is asked for" if found else ""
        )
    return f"the answer's cell is there {times} times: all were run, in their order" if times > 1 else ""


def defined(source: str) -> set[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return set()
    return set(names_in(tree.body))


def names_in(statements) -> Iterator[str]:
    "The names that statements give a value, those in an `if`, a `try` or a `with`, too."
    for node in statements:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        else:
            for part in ("body", "orelse", "finalbody", "handlers"):
                inner = getattr(node, part, [])
                yield from names_in(inner if isinstance(inner, list) else [])


def squeezed(source: str) -> str:
    "Without what an editor may change."
    return "".join(source.split())


def as_released(source: str) -> str:
    return re.sub(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", "", source, flags=re.DOTALL)
