"""Import Keras without the start-up messages of its backend, and with all the speed it has.

TensorFlow's C++ side writes a dozen lines to standard error when it is loaded, past every logging
setting; in a notebook they would stand above the first output. What goes wrong is a Python exception
and still shows. To see why a GPU is not found, set TF_CPP_MIN_LOG_LEVEL=0.
"""

import contextlib
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# On CPUs without AVX-512 TensorFlow leaves oneDNN off unless asked. With it convolutions train 1.4 to
# 2.4 times as fast there (`benchmarks/onednn.py`), an MLP as fast as without.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


@contextlib.contextmanager
def no_stderr():
    """Send file descriptor 2, which C++ writes to, to nowhere for the length of the block."""
    try:
        sys.stderr.flush()
        saved = os.dup(2)
    except OSError:  # no standard error to silence
        yield
        return
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


with no_stderr():
    import keras  # noqa: F401
