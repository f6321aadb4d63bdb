"""The grader's side of a question's process: what is sent, what comes back, how long is waited."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from grading.own_work import OWN_WORK
from grading.questions import Answers, ProblemSet, Question, defined, not_answered
from grading.wire import Lost, Pad, Wire

HERE = Path(__file__).resolve().parent
UNANSWERED = (
    "NotImplementedError",
    "NotAnswered",
)  # what a placeholder, or a set's own test of it, raises
BEFORE = "the cells before the first answer"
START = 300  # seconds that a nursery may take to import TensorFlow
PASSED_ON = (
    "PATH",
    "LANG",
    "CVAE_PROFILE",
    "KERAS_BACKEND",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "TFDS_DATA_DIR",
)


@dataclass
class Result:
    """What a question is worth. `points` is None where that is not known: what did not run, or waits for a person."""

    points: float | None
    status: (
        str  # "right", "partly right", "wrong", "refused", "not answered", "did not run" or "by hand"
    )
    message: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def to_dict(self) -> dict:
        return asdict(self)


def environment(home: str) -> dict[str, str]:
    "Little of the grader's own; one thread each, no GPU."
    quiet = {
        "HOME": home, "CI": "1", "MPLBACKEND": "agg", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONDONTWRITEBYTECODE": "1",
        "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3",
    }  # fmt: skip
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    path = os.pathsep.join([str(HERE.parent), *filter(None, [kept.get("PYTHONPATH")])])
    return kept | quiet | {"PYTHONPATH": path}


class Worker:
    """Grades question after question of one set, each in a process of its own.

    Args:
        problem_set: as `questions.read_set` gives it.
        level: `jail.FULL` or `jail.WEAK`.
        seconds: of CPU time for one question, its tests included; three times as many by the clock.
        data: what `nursery record` kept.
        log: takes what a nursery says on standard error.
    """

    def __init__(self, problem_set: ProblemSet, level: str, seconds: int, data: Path, log: Path):
        self.problem_set, self.level, self.seconds, self.log = problem_set, level, seconds, log
        self.folder = tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True)
        (Path(self.folder.name) / "root").mkdir()
        if data.exists():
            (Path(self.folder.name) / "data.pickle").symlink_to(data.resolve())
        self.nursery = None

    def start(self):
        self.control, theirs = socket.socketpair()
        arguments = [str(theirs.fileno()), self.folder.name, self.level, str(self.seconds)]
        with self.log.open("ab") as log:
            self.nursery = subprocess.Popen(
                [sys.executable, "-m", "grading.nursery", *arguments], pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
                env=environment(self.folder.name), cwd=self.folder.name,
            )  # fmt: skip
        theirs.close()
        self.control.settimeout(START)
        if self.control.recv(1) != b"r":
            raise RuntimeError(f"the process that grades did not start: see {self.log}")

    def close(self):
        if self.nursery is not None:
            self.control.close()
            self.nursery.kill()
            self.nursery.wait()
            self.nursery = None
        self.folder.cleanup()

    def grade(self, answers: Answers) -> dict[str, Result]:
        "{question: result}, in the set's order."
        results, broken = {}, set()
        for question in self.problem_set.questions:
            if not_answered(answers.to(question.name), self.problem_set.stubs[question.name]):
                results[question.name] = Result(0.0, "not answered")
            elif question.by_hand:
                results[question.name] = Result(None, "by hand")
            else:
                results[question.name] = self.grade_one(question, answers, broken)
        return results

    def grade_one(self, question: Question, answers: Answers, broken: set[str]) -> Result:
        """A question's result. An earlier answer that ends or holds up the process is left out from then on."""
        while True:
            trial = Trial(self, question, answers, broken)
            result = trial.result()
            again = trial.stuck_at not in (None, question.name, *broken)
            broken |= {trial.stuck_at} - {None}
            if not again:
                return result

    def fork(self) -> tuple[socket.socket, int]:
        "A socket to a new process, and the process's id; from a new nursery where the old one has died."
        for _ in range(2):
            if self.nursery is None or self.nursery.poll() is not None:
                self.start()
            ours, theirs = socket.socketpair()
            try:
                with theirs:
                    socket.send_fds(self.control, [b"g"], [theirs.fileno()])
                number = self.control.recv(4)
            except OSError:
                number = b""
            if len(number) == 4:
                return ours, int.from_bytes(number, "big")
            ours.close()
            self.nursery.kill()
            self.nursery.wait()
        raise RuntimeError(f"the process that grades ends again and again: see {self.log}")


class Trial:
    "One question's process, from its start to its end."

    def __init__(self, worker: Worker, question: Question, answers: Answers, broken: set[str]):
        self.worker, self.question, self.problem_set = worker, question, worker.problem_set
        self.answers, self.broken = answers, broken
        self.stuck_at: str | None = None
        self.cpu_seconds = 0.0

    def result(self) -> Result:
        sock, process = self.worker.fork()
        started = time.monotonic()
        self.patience = 3 * self.worker.seconds
        self.until = started + self.patience
        try:
            result = self.talk(Wire(sock), sock)
        except TimeoutError:
            result = self.did_not_run(f"stopped after {self.patience} seconds")
        except (Lost, OSError) as error:
            result = self.did_not_run(f"{error}: it exited, crashed or used too much memory or time")
        except (KeyError, TypeError, ValueError) as error:
            result = self.did_not_run(f"the process said what makes no sense ({type(error).__name__})")
        finally:
            sock.close()
            stop(process)
        result.seconds = round(time.monotonic() - started, 2)
        result.cpu_seconds = round(self.cpu_seconds, 2)
        return result

    def did_not_run(self, reason: str) -> Result:
        where = self.at if self.at != self.question.name else "the answer"
        return Result(None, "did not run", f"{reason} (while running {where})")

    def talk(self, wire: Wire, sock: socket.socket) -> Result:
        self.at = "its start"
        tests = {name: self.problem_set.cells[name] for name in self.question.tests}
        pad = Pad(secrets.token_bytes(10_000 + sum(6 * len(source) for source in tests.values())))
        sock.settimeout(self.patience)
        wire.send_bytes(pad.key)
        wire.send({
            "cells": self.cells(), "question": self.question.name, "asked": sorted(asked(self.problem_set)),
            "own_work": OWN_WORK.get(self.problem_set.name, {}).get(self.question.name, ()),
        })  # fmt: skip
        errors = self.run_cells(wire, sock)
        verdicts = {}
        for name, source in tests.items():
            self.at = name
            token = secrets.token_hex(16)
            wire.send({"name": name, "source": source, "token": token}, pad)
            verdict = self.receive(wire, sock)
            if verdict.get("token") != token:
                raise Lost("the answer wrote to the grader")
            verdicts[name] = verdict
            self.cpu_seconds = float(verdict["cpu"])
        return self.sum_up(verdicts, errors.get(self.question.name, ""))

    def cells(self) -> list[tuple[str, str, str]]:
        "What runs before the tests, in the set's order: its tools, this answer, and those before it."
        last = list(self.question.tests)[-1]
        cells = [
            ("answer", BEFORE, source)
            for source in self.answers.cells.get("", [])
            if BEFORE not in self.broken
        ]
        found = []
        for name, kind in self.problem_set.kinds.items():
            if name == last:
                break
            if kind == "tool":
                found.append((kind, name, self.problem_set.cells[name]))
            elif kind == "answer" and name not in self.broken:
                found += [("answer", name, source) for source in self.answers.cells.get(name, [])]
        first = next((n for n, cell in enumerate(found) if cell[0] == "answer"), len(found))
        return [*found[:first], *cells, *found[first:]]

    def run_cells(self, wire: Wire, sock: socket.socket) -> dict[str, str]:
        "The errors of cells, {name: error}. `stuck_at` is the answer that is running, should it not end."
        while True:
            message = self.receive(wire, sock)
            if "ready" in message:
                self.stuck_at = None
                return dict(message["ready"])
            self.at = str(message.get("at"))[:100]
            self.stuck_at = self.at if self.at in (*self.problem_set.answers, BEFORE) else None

    def receive(self, wire: Wire, sock: socket.socket) -> dict:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        sock.settimeout(left)
        return wire.receive()

    def sum_up(self, verdicts: dict[str, dict], error: str) -> Result:
        points, messages = 0.0, []
        for name, verdict in verdicts.items():
            most = self.question.tests[name]
            if verdict["passed"]:
                points += most if verdict["points"] is None else min(max(verdict["points"], 0), most)
            else:
                messages.append(self.why(name, verdict))
        refused = sorted({note for verdict in verdicts.values() for note in verdict["refused"]})
        tampered = any(verdict["tampered"] for verdict in verdicts.values())
        stopped = any(verdict["error"] == "NotAllowed" for verdict in verdicts.values())
        if messages and error.startswith("NotAllowed: "):
            stopped = True
            refused.append(error.removeprefix("NotAllowed: "))
        if tampered or stopped:
            return Result(0.0, "refused", "the answer " + "; ".join(refused) if refused else messages[0])
        if messages and error:
            return Result(None, "did not run", error)
        if all(verdict["error"] in UNANSWERED for verdict in verdicts.values()) and points == 0:
            return Result(0.0, "not answered", "; ".join(messages))
        status = "right" if points == self.question.points else "partly right" if points else "wrong"
        return Result(points, status, "; ".join(messages))

    def why(self, name: str, verdict: dict) -> str:
        "The test's message, or the line of it that failed."
        error, message = str(verdict["error"]), str(verdict["message"])
        if error == "NotAllowed":
            return f"the answer {message}"
        lines = self.problem_set.cells[name].splitlines()
        line = lines[verdict["line"] - 1].strip() if 0 < verdict["line"] <= len(lines) else ""
        if error == "AssertionError":
            return message or f"this must hold: {line}"
        return f"{error}: {message}"


def stop(process: int):
    "Ends a question's process and all that it started, as far as the system lets us know of them."
    for kill in (os.killpg, os.kill):
        try:
            kill(process, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def asked(problem_set: ProblemSet) -> set[str]:
    "The functions and classes that the set asks for."
    return set().union(*(defined(problem_set.cells[name]) for name in problem_set.answers))
