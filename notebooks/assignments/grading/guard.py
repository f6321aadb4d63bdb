"""What an answer may not do in the interpreter that tests it.

Answer and tests share a process: a function that is differentiated, or a `keras.Model`, cannot be tested from
another one. So an answer could look at its caller's variables for what is expected, or replace what the tests
call. Python's audit hooks (PEP 578) report such doings, and cannot be taken away once added. Libraries do most of
them rightly, so it matters who asks: the answer's own code, or a library.

It makes cheating laborious, not impossible; `jail` and `nursery` see to it that nobody else is harmed.
"""

import _signal
import _thread
import ast
import copy
import functools
import inspect
import os
import signal
import sys
import sysconfig
import threading
import types
from pathlib import Path

import cvae
import IPython
import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.util import tf_inspect

TEST = "<grading: "  # tests and the set's tools are compiled under file names that begin so
# What tests call, with all that is in it. FRONT is looked at whenever an answer returns, the rest after each test.
FRONT = (
    "builtins", "numpy", "scipy.stats", "keras.ops", "keras.src.ops", "tensorflow.python.eager.backprop",
    "cvae.utils.questions",
)  # fmt: skip
PROTECTED = (
    *FRONT, "scipy", "keras", "cvae", "sklearn", "imblearn", "tensorflow.python.eager",
    "tensorflow.python.framework", "sys", "os", "posixpath", "ast", "json", "struct", "socket", "copy", "types",
    "functools", "time", "contextlib", "warnings", "logging", "traceback", "inspect",
)  # fmt: skip

FRAMES = {
    "sys._getframe", "sys._current_frames", "sys._current_exceptions", "sys.settrace", "sys.setprofile",
    "sys.addaudithook", "gc.get_objects", "gc.get_referrers", "gc.get_referents",
}  # fmt: skip
ATTRIBUTES = {"__kwdefaults__", "tb_frame", "gi_frame", "cr_frame", "ag_frame"}
# No hook is told of these.
NAMES = ("__globals__", "__closure__", "cell_contents", "f_globals", "f_locals")
CHANGES = {"object.__setattr__", "object.__delattr__"}
MAKING = {"code.__new__", "function.__new__", "marshal.loads"}
ESCAPES = {
    "os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.kill", "os.killpg",
    "subprocess.Popen", "pty.spawn", "_thread.start_new_thread", "_thread.start_joinable_thread",
    "socket.__new__", "signal.pthread_kill",
}  # fmt: skip
FILES = {
    "open", "os.listdir", "os.scandir", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink",
    "os.chmod", "os.chown", "os.truncate", "os.utime", "sqlite3.connect",
}  # fmt: skip
# What the standard library looks up in frames for these, it does not hand on.
HARMLESS = {"namedtuple", "findCaller", "_caller", "_create_"}
LYING = {
    "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__bool__", "__class__", "__getattribute__",
    "__array__", "__array_function__", "__array_ufunc__", "__tf_tensor__",
}  # fmt: skip


class NotAllowed(Exception):
    "An answer did what only a test, or nobody, may do."


def folders(*paths) -> tuple[str, ...]:
    "Each folder with the separator at its end, as named and as resolved."
    return tuple({str(p) + os.sep for path in paths for p in (Path(path), Path(path).resolve())})


STDLIB = folders(*(sysconfig.get_path(name) for name in ("stdlib", "platstdlib")))
PACKAGES = folders(*(sysconfig.get_path(name) for name in ("purelib", "platlib")), *cvae.__path__)
HERE = folders(Path(__file__).parent)
# They hand frames to whoever asks, as the standard library does.
MEDIATORS = (*folders(Path(IPython.__file__).parent), tf_inspect.__file__)


def is_answer(code: types.CodeType) -> bool:
    return not code.co_filename.startswith((*STDLIB, *PACKAGES, *HERE, TEST, "<frozen "))


def mediates(code: types.CodeType) -> bool:
    name = code.co_filename
    return name.startswith(("<frozen ", *MEDIATORS)) or (
        name.startswith(STDLIB) and not name.startswith(PACKAGES)
    )


def asked_by_answer(frame) -> bool:
    "Whether an answer is behind what this frame does, itself or through the standard library."
    for above in (frame, frame.f_back or frame):
        if above.f_code.co_name in HARMLESS and mediates(above.f_code):
            return is_answer(frame.f_code)
    while frame.f_back is not None and mediates(frame.f_code):
        frame = frame.f_back
    return is_answer(frame.f_code)


def watch(allowed: tuple[str, ...] | None) -> list[str]:
    """From here on this process refuses what an answer may not do. Gives the list of what was refused, which grows.

    Args:
        allowed: folders whose files may be opened; None where a jail sees to that.
    """
    refused: list[str] = []
    busy = [False]
    watched = {"object.__getattr__", "compile"} | FRAMES | CHANGES | MAKING | ESCAPES | FILES

    def hook(event, args):
        if busy[0] or (event not in watched and not event.startswith("ctypes.")):
            return
        busy[0] = True
        try:
            found = doing(event, args, sys._getframe(1), allowed)
        finally:
            busy[0] = False
        if found:
            refused.append(found)
            raise NotAllowed(found)

    sys.addaudithook(hook)
    return refused


def doing(event: str, args: tuple, frame, allowed: tuple[str, ...] | None) -> str:
    "What is not allowed of an event, in words, or nothing."
    direct = is_answer(frame.f_code)
    if event == "object.__getattr__":
        handed = direct or (frame.f_back is not None and is_answer(frame.f_back.f_code))
        handed = handed or (frame.f_code.co_filename == inspect.__file__ and asked_by_answer(frame))
        return f"looks into other code ({args[1]})" if handed and args[1] in ATTRIBUTES else ""
    if event in CHANGES | MAKING:
        return f"makes or changes code ({event})" if direct else ""
    if event == "compile":
        return "compiles under a false name" if direct and not honest_name(args[1]) else ""
    if event in FRAMES:
        return f"looks at what other code does ({event})" if asked_by_answer(frame) else ""
    if event in FILES:
        own = allowed is None or may_open(args[0], allowed)
        return "" if own else f"uses files that are not its own ({event})"
    return f"starts processes, or leaves Python ({event})" if asked_by_answer(frame) else ""


def looks_inside(source: str) -> str:
    "A name in a cell, or in its strings, that leads to other code's variables."
    try:
        todo = [compile(source, "<answer>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)]
    except (SyntaxError, ValueError):
        return ""  # it will not run either
    while todo:
        code = todo.pop()
        texts = [*code.co_names, *(text for text in code.co_consts if isinstance(text, str))]
        for name in NAMES:
            if any(name in text for text in texts):
                return name
        todo += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return ""


def honest_name(name) -> bool:
    return not isinstance(name, str) or is_answer(types.SimpleNamespace(co_filename=name))


def may_open(path, allowed: tuple[str, ...]) -> bool:
    if not isinstance(path, (str, bytes, os.PathLike)):
        return True  # an open file's number
    return (os.path.realpath(os.fsdecode(path)) + os.sep).startswith(allowed)


def without_threads():
    "Answers cannot start any: audit hooks are told of threads from Python 3.12 on."
    start = _thread.start_new_thread

    def start_new_thread(*args, **kwargs):
        if asked_by_answer(sys._getframe(1)):
            raise NotAllowed("starts threads")
        return start(*args, **kwargs)

    for module in (_thread, threading):
        for name in ("start_new_thread", "start_new", "_start_new_thread"):
            if hasattr(module, name):
                setattr(module, name, start_new_thread)


def without_signals():
    "A signal's handler is given the frame that it interrupts: a test's."
    for module in (signal, _signal):
        for name in ("signal", "setitimer", "alarm", "set_wakeup_fd"):
            if hasattr(module, name):
                setattr(module, name, no_signals)


def no_signals(*args, **kwargs):
    raise NotAllowed("uses signals")


class Frozen(types.ModuleType):
    "A module whose names an answer cannot change."

    def __setattr__(self, name, value):
        if callable(getattr(self, name, None)) and touched_by_answer(sys._getframe(1)):
            raise NotAllowed(f"changes {self.__name__}.{name}")
        super().__setattr__(name, value)

    @property
    def __dict__(self):
        names = types.ModuleType.__dict__["__dict__"].__get__(self)
        return types.MappingProxyType(names) if touched_by_answer(sys._getframe(1)) else names


def touched_by_answer(frame) -> bool:
    "As `asked_by_answer`, but for an import, which sets names of its packages."
    return not frame.f_code.co_filename.startswith("<frozen importlib") and asked_by_answer(frame)


def freeze():
    for name, module in list(sys.modules.items()):
        if type(module) is types.ModuleType and within(name, PROTECTED):
            module.__class__ = Frozen


def within(name: str, modules: tuple[str, ...]) -> bool:
    return f"{name}.".startswith(tuple(f"{module}." for module in modules))


def snapshot(modules: tuple[str, ...] = PROTECTED) -> list[tuple[object, dict]]:
    "The modules and their classes, each with the functions and classes that it names."
    owners = {}
    for name, module in list(sys.modules.items()):
        if isinstance(module, types.ModuleType) and within(name, modules):
            owners[id(module)] = module
            owners |= {
                id(value): value
                for value in list(vars(module).values())
                if isinstance(value, type) and within(str(value.__module__), modules)
            }
    return [
        (owner, named | {name: value for name, value in vars(owner).items() if callable(value)})
        for owner in owners.values()
        for named in [dict.fromkeys(("__enter__", "__exit__")) if isinstance(owner, type) else {}]
    ]


def changed(before: list[tuple[object, dict]]) -> list[str]:
    "Which names have another value than they had when the snapshot was taken; each is put back."
    found = []
    for owner, names in before:
        now = owner if isinstance(owner, dict) else vars(owner)
        for name, value in names.items():
            if now.get(name) is not value:
                found.append(f"{getattr(owner, '__name__', 'the tests')}.{name}")
                if value is None:
                    delattr(owner, name)
                elif isinstance(owner, dict):
                    owner[name] = value
                else:
                    setattr(owner, name, value)
    return found


def honest(function, front=list):
    """An answer's function as the tests call it: on copies of arrays, so that it cannot change theirs; its
    results are of types that compare as they should, and it leaves alone what is in the snapshot `front()`."""

    def called(*args, **kwargs):
        result = function(*map(copied, args), **{name: copied(a) for name, a in kwargs.items()})
        check_type(result)
        if found := changed(front()):
            raise NotAllowed(f"changes {found[0]}")
        return result

    return functools.wraps(function)(called) if isinstance(function, types.FunctionType) else called


def copied(value):
    "A copy of an array, which can be written to if the array can."
    if type(value) is not np.ndarray:
        return value
    made = copy.copy(value)
    made.flags.writeable = value.flags.writeable
    return made


def check_type(result):
    "Raises NotAllowed for an object whose class, written in the answer, decides how it compares."
    if isinstance(result, (list, tuple, dict)):
        for part in result.values() if isinstance(result, dict) else result:
            check_type(part)
    for kind in type(result).__mro__:
        if is_made(kind):
            made = [name for name in LYING & set(vars(kind)) if is_written(vars(kind)[name], kind)]
            if made:
                raise NotAllowed(
                    f"returns a {kind.__name__} with a {made[0]} of its own, in place of an array"
                )


def is_written(method, kind: type) -> bool:
    "Whether a method is not one that Python or a library made."
    code = getattr(method, "__code__", None)
    return getattr(method, "__objclass__", None) is not kind if code is None else is_answer(code)


def forbid(names: tuple[str, ...], before: list[tuple[object, dict]]) -> list:
    """From here on an answer that calls these functions of `cvae` stops; their other callers go on. The snapshot
    `before` is told. While the list that comes back is empty, an answer may call functions, to compare them with
    its own, but not put them into a graph, which would go on without them."""
    tested: list = []
    for name in names:
        *path, last = name.split(".")
        owner = functools.reduce(getattr, path, cvae)
        function = vars(owner)[last]
        checked = checking(
            function, f"calls cvae's own {name.removesuffix('.__init__')}: write it yourself", tested
        )
        if isinstance(owner, type):
            setattr(owner, last, checked)
            next(found for one, found in before if one is owner)[last] = checked
        else:  # in place: other modules have the function under names of their own
            function.__kwdefaults__ = {**(function.__kwdefaults__ or {}), "_checked": checked}
            function.__code__ = by_way_of.__code__
    return tested


def by_way_of(*args, _checked=None, **kwargs):
    return _checked(*args, **kwargs)


def checking(function, reason: str, tested: list):
    original = types.FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    original.__kwdefaults__ = function.__kwdefaults__

    def checked(*args, **kwargs):
        making = function.__name__ == "__init__"
        asked = called_by_answer(sys._getframe(1)) or (making and is_made(type(args[0])))
        in_graph = not tf.executing_eagerly() or keras.src.backend.any_symbolic_tensors(args, kwargs)
        if asked and (tested or making or in_graph):
            raise NotAllowed(reason)
        return original(*args, **kwargs)

    return checked


def called_by_answer(frame) -> bool:
    "Whether an answer stands between this frame and the test: its code, or `honest`, which calls answers."
    while frame is not None and not frame.f_code.co_filename.startswith(TEST):
        if is_answer(frame.f_code) or frame.f_code is CALLS_ANSWERS:
            return True
        frame = frame.f_back
    return False


def is_made(kind: type) -> bool:
    "Whether a class is not where a library's would be: it was written in the answer."
    return kind.__module__ == "__main__" or (
        getattr(sys.modules.get(kind.__module__), kind.__name__, None) is not kind
    )


def is_package(value) -> bool:
    "Whether what should be an answer is the package's own."
    return str(getattr(value, "__module__", "")).partition(".")[0] == "cvae"


def not_own(*args, **kwargs):
    raise NotAllowed("is a function or class of cvae's: write it yourself")


CALLS_ANSWERS = honest(not_own).__code__
