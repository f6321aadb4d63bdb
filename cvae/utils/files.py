"""Files are written whole or not at all, and a path that cannot be written is found out early."""

import contextlib
import os
import tempfile
from pathlib import Path

from filelock import FileLock, Timeout


def check_writable(path) -> Path:
    """Return `path` with its folder made, or say now that nothing can be written there.

    Raises:
        OSError: the folder cannot be made or written to, or `path` is itself a folder.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise OSError(
            f"cannot write {path}: {error.strerror or error}; choose a path in a folder that you may "
            "write to"
        ) from error
    if path.is_dir():
        raise OSError(f"cannot write {path}: it is a folder; add a file name")
    return path


@contextlib.contextmanager
def atomic_write(path):
    """Give a temporary path beside `path`; it takes the place of `path` if the block succeeds.

    The temporary name keeps the suffix, from which writers tell the format.
    """
    path = check_writable(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-", suffix=path.suffix)
    os.close(handle)
    try:
        yield temporary
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)


@contextlib.contextmanager
def only_one(path, what):
    """Hold the lock file `path` for the length of the block; it is let go even if the process dies.

    Raises:
        OSError: another process holds it, at work on `what`.
    """
    lock = FileLock(check_writable(path), timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise OSError(
            f"another process is at work on {what}: wait until it is done, or stop it; it holds {path}"
        ) from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows removes no open file
            os.remove(path)
        lock.release()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
