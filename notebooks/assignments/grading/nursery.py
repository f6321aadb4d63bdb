"""Imports everything once, then makes a process for each question: `python -m grading.nursery FD FOLDER LEVEL SECONDS`.

A fork of this process has TensorFlow at hand in milliseconds instead of seconds. It holds no answers and no tests:
they come to the fork, over a socket of its own, when it is in its jail.
"""

import os
import pickle
import socket
import sys
import tempfile
import traceback
from pathlib import Path

import cvae.oversampling
import cvae.utils.questions
import imblearn.over_sampling  # noqa: F401  the sets' imports, so that no fork pays for them
import keras
import matplotlib.pyplot  # noqa: F401
import scipy.stats  # noqa: F401
import sklearn.ensemble  # noqa: F401
import tensorflow  # noqa: F401

from grading import guard, jail, trial
from grading.wire import Wire

MEMORY = 4 << 30  # bytes for an answer and its tests


def serve(control: socket.socket, folder: Path, level: str, seconds: int):
    "A fork for every socket that comes; its process id is the reply."
    replay(folder / "data.pickle")
    shell, before = trial.make_shell(), guard.snapshot()
    control.sendall(b"r")
    child = None
    while True:
        message, files, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            return
        if child is not None:  # ended by the grader; until now nobody else can have had its number
            os.waitpid(child, 0)
        sock = socket.socket(fileno=files[0])
        child = os.fork()
        if child == 0:
            control.close()
            answer_alone(sock, shell, before, folder / "root", level, seconds)
        sock.close()
        control.sendall(child.to_bytes(4, "big"))


def answer_alone(sock, shell, before, root: Path, level: str, seconds: int):
    "Never returns."
    try:
        os.setsid()
        jail.limit(MEMORY, seconds)
        allowed = None
        if level == jail.FULL:
            enter(root, sock)
        else:
            os.chdir(tempfile.mkdtemp(dir=root))
            allowed = guard.folders(os.getcwd(), *jail.readable(*cvae.__path__), "/dev", "/proc/cpuinfo")
        os.environ["HOME"] = tempfile.tempdir = os.getcwd()
        keras.utils.set_random_seed(0)
        trial.run(Wire(sock), shell, before, allowed)
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(0)


def enter(root: Path, sock: socket.socket):
    "Into the jail, as its first process; the one before waits, so that who kills it kills all."
    jail.enter_namespaces(root, jail.readable(*map(Path, cvae.__path__)))
    first = os.fork()
    if first:
        sock.close()
        os.waitpid(first, 0)
        os._exit(0)
    jail.die_with_parent()
    jail.drop_privileges()


def record(source: str, path: Path):
    "Runs a set's first cells once, and keeps the data sets that it loads for all the forks."
    loaded, load = [], cvae.load

    def recording(*args, **kwargs):
        data = load(*args, **kwargs)
        loaded.append(((args, sorted(kwargs.items())), data))
        return data

    cvae.load = recording
    exec(compile(source, f"{guard.TEST}imports>", "exec"), {"__name__": "__main__"})
    path.write_bytes(pickle.dumps(loaded))


def replay(path: Path):
    "`cvae.load` gives what was kept; TensorFlow must not start its threads before a fork."
    if not path.exists():
        return
    kept = {repr(key): pickle.dumps(data) for key, data in pickle.loads(path.read_bytes())}
    load = cvae.load

    def replaying(*args, **kwargs):
        key = repr((args, sorted(kwargs.items())))
        return pickle.loads(kept[key]) if key in kept else load(*args, **kwargs)

    cvae.load = replaying


if __name__ == "__main__":
    if sys.argv[1] == "record":
        record(sys.stdin.read(), Path(sys.argv[2]))
    else:
        number, where, how, most = sys.argv[1:]
        serve(socket.socket(fileno=int(number)), Path(where), how, int(most))
