"""`python -m grading SET FOLDER`: grades a folder, or a zip, of hand-ins. See ../README.md."""

import argparse
import hashlib
import itertools
import os
import queue
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tqdm import tqdm

from grading import jail, report
from grading.handins import HandIn, collect
from grading.questions import SOURCE, ProblemSet, read_answers, read_set
from grading.workers import HERE, Worker, environment

RUNS = HERE.parents[2] / "runs" / "grades"


def main(arguments: list[str] | None = None) -> list[report.Grades]:
    options = parse(arguments)
    problem_set = read_set(options.set, options.source)
    out = options.out or RUNS / options.set
    out.mkdir(parents=True, exist_ok=True)
    given = report.read_by_hand(out / "by_hand.csv")
    with tempfile.TemporaryDirectory(prefix="hand-ins-") as unpacked:
        hand_ins = collect(options.folder, Path(unpacked))
        started = time.monotonic()
        grades = grade_class(hand_ins, problem_set, out, options)
    for one in grades:
        for name, result in one.results.items():
            if result.status == "by hand":
                result.points = given.get((one.hand_in.student, name))
    report.write_all(grades, problem_set, out, options.assignment or options.set)
    print(closing(grades, out, time.monotonic() - started))
    return grades


def parse(arguments: list[str] | None):
    parser = argparse.ArgumentParser(prog="python -m grading", description=__doc__)
    parser.add_argument("set", help="ps1_elbo, ...")
    parser.add_argument(
        "folder", type=Path, help="a folder or a zip of hand-ins, as Canvas or Moodle gives it"
    )
    parser.add_argument("--out", type=Path, help="where results go (default: runs/grades/SET)")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="students graded at a time"
    )
    parser.add_argument(
        "--seconds", type=int, default=300, help="of CPU time for one question of one student"
    )
    parser.add_argument(
        "--again", nargs="*", metavar="STUDENT", help="grade anew: these students, or everyone"
    )
    parser.add_argument(
        "--assignment", help="the column's name in Canvas, such as 'Problem set 1 (4711)'"
    )
    parser.add_argument(
        "--weak", action="store_true", help="do without namespaces, where they make trouble"
    )
    parser.add_argument("--source", type=Path, default=SOURCE, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.workers < 1 or options.seconds < 1:
        parser.error("--workers and --seconds: expected 1 or more")
    return options


def grade_class(
    hand_ins: list[HandIn], problem_set: ProblemSet, out: Path, options
) -> list[report.Grades]:
    "Everyone's grades; those of an earlier run are taken where neither hand-in nor set has changed."
    done, todo = [], []
    for hand_in in hand_ins:
        key = key_of(hand_in, problem_set, options.seconds)
        saved = report.load(hand_in, key, results_path(out, hand_in))
        again = options.again is not None and (not options.again or hand_in.student in options.again)
        if saved and not again:
            done.append(saved)
        else:
            todo.append((hand_in, key))
    print(f"{problem_set.name}: {len(hand_ins)} hand-ins, {len(done)} of them graded before")
    return done + (grade_parallel(todo, problem_set, out, options) if todo else [])


def grade_parallel(todo: list, problem_set: ProblemSet, out: Path, options) -> list[report.Grades]:
    level = jail.WEAK if options.weak else jail.level()
    print(level)
    record_data(problem_set, out)
    count = min(options.workers, len(todo))
    workers: queue.Queue[Worker] = queue.Queue()
    for _ in range(count):
        workers.put(
            Worker(problem_set, level, options.seconds, out / "data.pickle", out / "nursery.log")
        )

    def one(hand_in: HandIn, key: str) -> report.Grades:
        worker = workers.get()
        try:
            grades = grade_student(hand_in, problem_set, worker)
            report.save(grades, key, results_path(out, hand_in))
            return grades
        finally:
            workers.put(worker)

    found = []
    pool = ThreadPoolExecutor(count)
    try:
        futures = [pool.submit(one, *item) for item in todo]
        with tqdm(total=len(todo), unit="student") as bar:
            for future in as_completed(futures):
                found.append(future.result())
                bar.write(found[-1].line(problem_set), file=sys.stderr)
                bar.update()
    finally:  # also when interrupted: who is graded by now is saved
        pool.shutdown(cancel_futures=True)
        while not workers.empty():
            workers.get().close()
    return found


def grade_student(hand_in: HandIn, problem_set: ProblemSet, worker: Worker) -> report.Grades:
    try:
        answers, note = read_answers(hand_in, problem_set)
    except ValueError as error:
        return report.Grades(hand_in, note=str(error))
    results = worker.grade(answers)
    for name, note_on_cell in answers.notes.items():
        results[name].message = "; ".join(filter(None, [note_on_cell, results[name].message]))
    for question in problem_set.questions:
        if question.by_hand:
            results[question.name].message = answers.to(question.name)[:5000]
    return report.Grades(hand_in, results, note)


def record_data(problem_set: ProblemSet, out: Path):
    "The data sets that the set loads before its first question, once for the class."
    before = itertools.takewhile(lambda name: problem_set.kinds[name] == "tool", problem_set.kinds)
    source = "\n\n".join(problem_set.cells[name] for name in before)
    if "load(" in source:
        subprocess.run(
            [sys.executable, "-m", "grading.nursery", "record", str(out / "data.pickle")], check=True, text=True,
            input=source, env=environment(os.path.expanduser("~")), cwd=HERE.parent,
        )  # fmt: skip


def results_path(out: Path, hand_in: HandIn) -> Path:
    return out / "results" / f"{hand_in.student}.json"


def key_of(hand_in: HandIn, problem_set: ProblemSet, seconds: int) -> str:
    "Changes with every byte of the hand-in and of the set's cells, with the limit and with this grader."
    digest = hashlib.sha256(f"{problem_set.cells} {problem_set.questions} {seconds}".encode())
    for path in [*hand_in.files, *sorted(HERE.glob("*.py"))]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def closing(grades: list[report.Grades], out: Path, seconds: float) -> str:
    look = {
        status: sum(len(one.which(status)) for one in grades)
        for status in ("did not run", "refused", "by hand")
    }
    unread = sum(not one.results for one in grades)
    waiting = sum(
        r.status == "by hand" and r.points is None for one in grades for r in one.results.values()
    )
    lines = [f"{len(grades)} students in {seconds:.0f} s: {out}/grades.csv"]
    if unread:
        lines.append(f"{unread} hand-ins could not be read: no grade, see grades.csv")
    lines += [
        f"{count} answers {status}: see grades.csv"
        for status, count in look.items()
        if count and status != "by hand"
    ]
    if waiting:
        lines.append(
            f"{waiting} answers wait for points in {out}/by_hand.csv: fill them in, and run this again"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    warnings.filterwarnings(
        "ignore", module="nbformat"
    )  # copied cells: `questions` says what matters of them
    main()
