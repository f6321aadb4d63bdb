"""What teachers, students and learning platforms read: grades, feedback, what to look at.

Canvas's gradebook import asks for the columns Student, ID and Section, a column for each assignment and a row of
points possible (`lib/gradebook_importer.rb`); Moodle's grading worksheet for Identifier, Grade and Last modified
(grade) (`mod/assign/feedback/offline/importgradeslib.php`). `Last modified (grade)` is left empty.
"""

import csv
import html
import io
import json
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from grading.handins import HandIn
from grading.questions import ProblemSet
from grading.workers import Result


@dataclass
class Grades:
    "One student's results; without any where the hand-in could not be read."

    hand_in: HandIn
    results: dict[str, Result] = field(default_factory=dict)
    note: str = ""

    @property
    def total(self) -> float | None:
        "What did not run counts nothing; None where nothing could be read."
        return sum(result.points or 0.0 for result in self.results.values()) if self.results else None

    def which(self, status: str) -> list[str]:
        return [name for name, result in self.results.items() if result.status == status]

    def line(self, problem_set: ProblemSet) -> str:
        "One line for the screen."
        if not self.results:
            return f"{self.hand_in.student}: not graded: {self.note}"
        parts = [
            f"{status}: {', '.join(self.which(status))}"
            for status in ("did not run", "refused", "not answered", "by hand") if self.which(status)
        ]  # fmt: skip
        return "; ".join(
            [f"{self.hand_in.student}: {number(self.total)} of {number(most(problem_set))}", *parts]
        )


def most(problem_set: ProblemSet) -> float:
    return sum(question.points for question in problem_set.questions)


def number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def plain(value) -> str:
    "A cell that no spreadsheet takes for a formula: an answer's error or a student's name is anyone's text."
    text = " ".join(str(value).split())
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def write_all(grades: list[Grades], problem_set: ProblemSet, folder: Path, assignment: str):
    "All files of a run; each is written whole or not at all."
    grades = sorted(grades, key=lambda one: one.hand_in.student)
    write_csv(folder / "grades.csv", table(grades, problem_set))
    by_platform = {
        name: [g for g in grades if g.hand_in.platform == name] for name in ("canvas", "moodle")
    }
    if by_platform["canvas"]:
        write_csv(folder / "canvas.csv", canvas(by_platform["canvas"], problem_set, assignment))
    if by_platform["moodle"]:
        write_csv(folder / "moodle.csv", moodle(by_platform["moodle"], problem_set))
    if any(question.by_hand for question in problem_set.questions):
        write_csv(folder / "by_hand.csv", by_hand(grades, problem_set))
    write(folder / "feedback.zip", feedback(grades, problem_set))


def table(grades: list[Grades], problem_set: ProblemSet) -> list[list]:
    names = [question.name for question in problem_set.questions]
    rows = [
        [
            "student",
            "name",
            "id",
            "late",
            "total",
            "of",
            *names,
            "did not run",
            "refused",
            "what is to be said",
        ]
    ]
    for one in grades:
        h = one.hand_in
        points = [number(one.results[name].points) if one.results else "" for name in names]
        said = [
            f"{q}: {r.message}" for q, r in one.results.items() if r.message and r.status != "by hand"
        ]
        rows.append([
            h.student, h.name, h.platform_id, "late" if h.late else "", number(one.total), number(most(problem_set)),
            *points, " ".join(one.which("did not run")), " ".join(one.which("refused")),
            " | ".join(filter(None, [one.note, *said])),
        ])  # fmt: skip
    return rows


def canvas(grades: list[Grades], problem_set: ProblemSet, assignment: str) -> list[list]:
    rows = [
        ["Student", "ID", "Section", assignment],
        ["    Points Possible", "", "", number(most(problem_set))],
    ]
    return rows + [[g.hand_in.name, g.hand_in.platform_id, "", number(g.total)] for g in grades]


def moodle(grades: list[Grades], problem_set: ProblemSet) -> list[list]:
    rows = [
        [
            "Identifier",
            "Full name",
            "Grade",
            "Maximum Grade",
            "Last modified (grade)",
            "Feedback comments",
        ]
    ]
    for one in grades:
        identifier = f"Participant {one.hand_in.platform_id}"
        total, of = number(one.total), number(most(problem_set))
        rows.append([identifier, one.hand_in.name, total, of, "", in_short(one)])
    return rows


def in_short(one: Grades) -> str:
    parts = [f"{name} {number(r.points) or '-'} ({r.status})" for name, r in one.results.items()]
    return ", ".join(parts) or one.note


def by_hand(grades: list[Grades], problem_set: ProblemSet) -> list[list]:
    "The answers that a person reads, with room for points, which the next run takes."
    rows = [["student", "question", "of", "points", "answer"]]
    for one in grades:
        for question in problem_set.questions:
            if question.by_hand and one.results:
                result = one.results[question.name]
                rows.append([
                    one.hand_in.student, question.name, number(question.points), number(result.points),
                    result.message,
                ])  # fmt: skip
    return rows


def read_by_hand(path: Path) -> dict[tuple[str, str], float]:
    """The points that a person has given, {(student, question): points}.

    Raises:
        ValueError: points that are no number, or out of range; the message names the row.
    """
    if not path.exists():
        return {}
    found = {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            if row["points"].strip():
                try:
                    points = float(row["points"].replace(",", "."))
                except ValueError:
                    points = -1.0
                if not 0 <= points <= float(row["of"]):
                    where = f"{path}, {row['student']}, {row['question']}"
                    raise ValueError(f"{where}: expected 0 to {row['of']} points, got {row['points']!r}")
                found[row["student"], row["question"]] = points
    return found


def feedback(grades: list[Grades], problem_set: ProblemSet) -> bytes:
    "A page for each student, in a zip whose names Canvas and Moodle know as those they gave."
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in grades:
            archive.writestr(feedback_name(one.hand_in), as_bytes(page(one, problem_set)))
    return made.getvalue()


def feedback_name(hand_in: HandIn) -> str:
    if hand_in.platform == "moodle":
        return f"{hand_in.name}_{hand_in.platform_id}_assignsubmission_file_/feedback.html"
    if hand_in.platform == "canvas":
        return f"{hand_in.files[0].stem}.html"
    return f"{hand_in.student}.html"


def page(one: Grades, problem_set: ProblemSet) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{number(r.points) or '-'}</td><td>{number(question.points)}</td>"
        f"<td>{html.escape(r.status)}</td><td>{html.escape(r.message if r.status != 'by hand' else '')}</td></tr>"
        for question in problem_set.questions
        for name, r in one.results.items() if name == question.name
    )  # fmt: skip
    total = f"{number(one.total)} of {number(most(problem_set))} points" if one.results else "not graded"
    return (
        f"<!doctype html><meta charset='utf-8'><title>{problem_set.name}</title>"
        f"<h1>{problem_set.name}: {total}</h1><p>{html.escape(one.note)}</p><table border='1' cellpadding='4'>"
        f"<tr><th>question</th><th>points</th><th>of</th><th></th><th>why</th></tr>{rows}</table>"
    )


def write_csv(path: Path, rows: list[list]):
    text = io.StringIO()
    csv.writer(text).writerows(
        [[plain(value) if value != "    Points Possible" else value for value in row] for row in rows]
    )
    write(path, as_bytes(text.getvalue()))


def as_bytes(text: str) -> bytes:
    "In UTF-8; what an answer says may hold what is no character."
    return text.encode("utf-8", "replace")


def write(path: Path, data: bytes):
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f"{path.name}.part")
    made.write_bytes(data)
    os.replace(made, path)


def save(one: Grades, key: str, path: Path):
    "A student's results, for the next run."
    results = {name: result.to_dict() for name, result in one.results.items()}
    write(path, json.dumps({"key": key, "note": one.note, "results": results}, indent=1).encode())


def load(hand_in: HandIn, key: str, path: Path) -> Grades | None:
    "Results saved for the same hand-in and the same set, if any."
    if not path.exists():
        return None
    found = json.loads(path.read_text())
    if found["key"] != key:
        return None
    return Grades(hand_in, {name: Result(**r) for name, r in found["results"].items()}, found["note"])
