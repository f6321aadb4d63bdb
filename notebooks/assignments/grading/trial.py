"""One question in a process of its own: the answer first, then its tests, which come when it has run.

Answers run in IPython, as at home, and in a namespace of their own; tests in another, which answers cannot name.
"""

import ast
import copy
import dataclasses
import os
import re
import sys
import time
import types

import numpy as np
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from grading import guard
from grading.wire import Pad, Wire

SCORE = "_score_of_the_test"
KEPT = (np.ndarray, np.random.Generator, list, dict, set)


def make_shell() -> InteractiveShell:
    "IPython, without files and history, whose cells are the process's `__main__`."
    main = types.ModuleType("__main__")
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config, user_module=main, user_ns=vars(main))
    shell.colors = "nocolor"
    return shell


class Names(dict):
    """The tests' namespace. Where tests put right versions in place of earlier answers (`globals().update`), the
    answer's functions must find them, too."""

    def __init__(self, theirs: dict, asked: set[str]):
        super().__init__(__name__="problem_set", __builtins__=dict(vars(sys.modules["builtins"])))
        self.theirs, self.asked = theirs, asked
        self.shared: dict[str, object] = {}
        self.front = guard.snapshot(guard.FRONT)
        self.front_size = len(self.front)
        self.wrapped: list[tuple] = []
        self.carried: dict[str, object] = {}

    def __missing__(self, name):
        "An answer that is not there costs its own question: others that look it up go on."
        if name not in self.asked:
            raise KeyError(name)

        def missing(*args, **kwargs):
            raise NameError(f"name {name!r} is not defined")

        return missing

    def __setitem__(self, name, value):
        super().__setitem__(name, value)
        if name in self.asked:
            self.theirs[name] = next((one for one, wrapper in self.wrapped if wrapper is value), value)

    def update(self, *args, **kwargs):
        for name, value in dict(*args, **kwargs).items():
            self[name] = value

    def tool(self, name: str, source: str):
        "Runs a cell of the set, and shares what it defines."
        before = dict(self)
        exec(compile(source, f"{guard.TEST}{name}>", "exec"), self)
        for key, value in self.items():
            if key != "__builtins__" and before.get(key) is not value:
                share = isinstance(value, KEPT) or (
                    dataclasses.is_dataclass(value) and not isinstance(value, type)
                )
                self.shared[key] = copy.deepcopy(value) if share else value
        self.lend()

    def lend(self):
        "Gives answers the set's names, whatever an earlier answer has done to them."
        self.theirs.update(self.shared)

    def take_answers(self):
        "What the answers have defined, but for names of the set's."
        for name, value in list(self.theirs.items()):
            if not name.startswith("_") and name not in self.shared:
                dict.__setitem__(self, name, self.wrap(value) if name in self.asked else value)

    def wrap(self, function):
        "What was asked for, as tests may call it; wrapped once."
        if callable(function) and guard.is_package(function):
            return guard.not_own
        if isinstance(function, type) or not callable(function):
            return function
        for one, wrapper in self.wrapped:
            if function is one or function is wrapper:
                return wrapper
        self.wrapped.append((function, guard.honest(function, lambda: self.front)))
        return self.wrapped[-1][1]


def run(wire: Wire, shell: InteractiveShell, before: list, allowed: tuple[str, ...] | None):
    "The whole conversation with the grader; see `workers.Trial`."
    pad = Pad(wire.receive_bytes())
    job = wire.receive()
    hide()
    guard.without_threads()
    guard.without_signals()
    names = Names(shell.user_ns, set(job["asked"]))
    guard.freeze()
    os.dup2(
        os.open(os.devnull, os.O_WRONLY), 2
    )  # what answers say there is nobody's to read, or to store
    refused = guard.watch(allowed)
    tested = guard.forbid(tuple(job["own_work"]), before)
    errors = {}
    for kind, name, source in job["cells"]:
        wire.send({"at": name})
        if name == job["question"]:
            names.lend()
        error = run_cell(kind, name, source, names, shell)
        if error:
            errors[name] = error
    tampered = guard.changed(before)
    tested.append(True)
    wire.send({"ready": errors})
    while True:
        test = wire.receive(pad)
        verdict = run_test(test, names)
        tampered += guard.changed(before)
        notes = [f"changes {name}" for name in tampered[:3]] + refused[:3]
        wire.send({**verdict, "token": test["token"], "tampered": bool(tampered), "refused": notes})


def run_cell(kind: str, name: str, source: str, names: Names, shell: InteractiveShell) -> str:
    "The error of a cell, in words, or nothing."
    if kind == "tool":
        try:
            names.tool(name, source)
        except Exception as error:
            return describe(error)
        return ""
    source = without_magics(source.encode("utf-8", "replace").decode())  # half a character becomes "?"
    inside = guard.looks_inside(shell.transform_cell(source))
    if inside:
        return f"NotAllowed: looks into other code ({inside})"
    result = shell.run_cell(source, store_history=False, silent=True)
    names.take_answers()
    error = result.error_before_exec or result.error_in_exec
    return describe(error) if error else ""


def without_magics(source: str) -> str:
    "IPython's own lines (`%matplotlib inline`, `!pip install ...`) are for a screen, or for another machine."
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return re.sub(
            r"^([ \t]*)(?:[%!?].*|[\w.]+\?{1,2}[ \t]*)$", r"\1pass", source, flags=re.MULTILINE
        )
    return source


def run_test(test: dict, names: Names) -> dict:
    """What nbgrader would say: an error is 0 points, a number at the end that many, all else is all of them."""
    verdict = {"passed": False, "points": None, "error": "", "message": "", "line": 0}
    try:
        function = as_function(test["source"], f"{guard.TEST}{test['name']}>", names)
        given = function.__code__.co_varnames[: function.__code__.co_argcount]
        settled = {name: value for name, value in names.items() if name not in names.asked}
        names.front = [*names.front[: names.front_size], (names, settled)]
        found = function(*(names.carried.get(name, names.get(name)) for name in given))
        value = found.pop(SCORE, None)
        names.carried.update(found)
        verdict["passed"] = True
        if type(value) in (int, float):
            verdict["points"] = float(value)
    except BaseException as error:  # an answer may raise SystemExit, or worse
        verdict |= {"error": type(error).__name__, "message": str(error)[:2000], "line": line_of(error)}
    return verdict | {"cpu": time.process_time()}


def as_function(source: str, file: str, names: Names) -> types.FunctionType:
    """A test as a function that gives its variables: an answer that gets hold of a function of the set finds its
    global names there, but not what a test expects. Its arguments are the variables that it has from before."""
    tree = ast.parse(source)
    imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    exec(
        compile(ast.Module(imports, []), file, "exec"), names
    )  # the set's tools use what a test imports
    tree.body = [node for node in tree.body if node not in imports]
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    given = sorted(used & (names.carried.keys() | (stored & names.keys())))
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        tree.body[-1] = ast.Assign([ast.Name(SCORE, ast.Store())], tree.body[-1].value)
    whole = ast.parse(f"def {SCORE}({', '.join(given)}):\n    return locals()")
    whole.body[0].body[:0] = tree.body
    exec(compile(ast.fix_missing_locations(whole), file, "exec"), names)
    return names.pop(SCORE)


def line_of(error: BaseException) -> int:
    "The test's line that failed."
    found, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith(guard.TEST):
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def hide():
    "The grader's modules: only its running functions have them."
    for name in [name for name in sys.modules if name.partition(".")[0] == "grading"]:
        del sys.modules[name]
