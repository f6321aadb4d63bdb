"""Cheats and broken hand-ins, for the tests of `grading`: what is handed in, and how it must be graded.

CHEATS are answers to question `kl` of ps1_elbo. Each would get its points if the grader were fooled; none computes
a KL divergence. BROKEN names the whole hand-ins that `tests/test_grading.py` makes of right answers.
"""

WRONG = """
def kl_divergence(z_mean, z_log_var):
    return ops.zeros(len(z_mean))
"""
IN_A_CALL = """
def kl_divergence(z_mean, z_log_var):
    {}
    return ops.zeros(len(z_mean))
"""


def calling(*lines: str) -> str:
    return IN_A_CALL.format("\n    ".join(lines))


# A function of the set's that an answer finds, whichever there are.
THEIRS = """
theirs = next(
    value for value in globals().values()
    if type(value).__name__ == "function" and value.__code__.co_filename.startswith("<grading")
)
"""

LOOKS_FOR_THE_VERDICT = """
import inspect, traceback
def kl_divergence(z_mean, z_log_var):
    try:
        1 / 0
    except ZeroDivisionError as error:
        frame = {}
    while frame is not None:
        names = getattr(frame, "".join(["f_lo", "cals"]))
        if isinstance(names.get("verdict"), dict):
            names["verdict"]["passed"] = True
        frame = frame.f_back
    return ops.zeros(len(z_mean))
"""

# {what: (the answer, how it is graded)}
CHEATS = {
    "swallows what a test raises": (
        WRONG + """
import contextlib
contextlib._GeneratorContextManager.__exit__ = lambda self, *error: True
""", "refused",
    ),
    "gets at a frame by way of traceback": (
        LOOKS_FOR_THE_VERDICT.format("next(traceback.walk_tb(error.__traceback__))[0]"), "refused",
    ),
    # The tests are changed, or what they call.
    "removes asserts as IPython compiles them": (
        WRONG + """
import ast
class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
get_ipython().ast_transformers.append(NoAsserts())
""", "wrong",
    ),
    "replaces np.allclose": (WRONG + "np.allclose = lambda *args, **kwargs: True\n", "refused"),
    "replaces the code of a check": (
        WRONG + "import cvae.utils.questions as q\nq.check.__code__ = (lambda *a, **k: None).__code__\n", "refused",
    ),
    "replaces a check as stand-ins are put in": (
        """
import cvae.utils.questions
from cvae.utils.questions import stand_in
""" + calling("stand_in(vars(cvae.utils.questions), check=lambda *args, **kwargs: None)"), "wrong or refused",
    ),
    "replaces np.allclose in its dictionary": (
        WRONG + "np.__dict__['allclose'] = lambda *args, **kwargs: True\n", "did not run",
    ),
    "replaces np.allclose during the test": (
        calling("import numpy", "setattr(numpy, 'allclose', lambda *args, **kwargs: True)"), "refused",
    ),
    "replaces np.allclose for one call, and puts it back": (
        """
import types
names = types.ModuleType.__dict__['__dict__'].__get__(np)
right = np.allclose
def once(*args, **kwargs):
    names['allclose'] = right
    return True
""" + calling("names['allclose'] = once"), "refused",
    ),
    "replaces np.allclose for one call, and puts it back; what is left is positive": (
        """
import types
names = types.ModuleType.__dict__["__dict__"].__get__(np)
right = np.allclose
def once(*args, **kwargs):
    names["allclose"] = right
    return True
def kl_divergence(z_mean, z_log_var):
    names["allclose"] = once
    return ops.ones(len(z_mean))
""", "refused",
    ),
    "replaces a gradient's method": (
        calling("import tensorflow as tf", "tf.GradientTape.gradient = lambda *args: [1.0, 1.0]"), "refused",
    ),
    "replaces a built-in function": (WRONG + "import builtins\nbuiltins.all = lambda _: True\n", "refused"),
    "replaces AssertionError": (
        WRONG + "__builtins__.AssertionError = type('Fine', (Warning,), {})\n", "refused",
    ),
    "replaces the conversion to NumPy": (
        calling("keras.ops.convert_to_numpy = lambda x: np.full(3, 4.0, 'float32')"), "refused",
    ),
    "replaces the tests' helper": (
        calling("globals()['arrays'] = lambda *tensors: np.full(3, 4.0, 'float32')"), "wrong",
    ),
    "replaces a module": (
        WRONG + """
import sys, types
fake = types.ModuleType("numpy")
fake.__dict__.update(vars(np))
fake.__dict__["allclose"] = lambda *args, **kwargs: True
sys.modules["numpy"] = np = fake
""", "wrong",
    ),
    "replaces a function of the package": (
        calling("cvae.gaussian.kl_divergence = kl_divergence"), "refused",
    ),
    "changes the arrays that it is given": (
        calling("z_mean *= 0", "z_log_var *= 0"), "wrong",
    ),
    "parses tests to nothing": (WRONG + "import ast\nast.parse = lambda *args: ast.Module([], [])\n", "refused"),
    "parses tests to nothing, in a dictionary": (
        WRONG + """
import ast, types
names = types.ModuleType.__dict__["__dict__"].__get__(ast)
names["parse"] = lambda *args: ast.Module([], [])
""", "refused",
    ),
    "adds a pass to what is written as JSON": (
        """
import json, types
names = types.ModuleType.__dict__["__dict__"].__get__(json)
write = json.dumps
""" + calling("names['dumps'] = lambda m: write({**m, 'passed': True, 'tampered': False, 'refused': []})"),
        "refused",
    ),
    "changes the tests' names through a function of theirs": (
        THEIRS + calling("getattr(theirs, ''.join(['__glo', 'bals__'])).update(np=None)"), "refused",
    ),
    "makes checks forgive, and puts it back when a test ends": (
        """
import sys, types
names = types.ModuleType.__dict__["__dict__"].__get__(sys.modules["cvae.utils.questions"])
fail, restore = names["fail"], names["restore"]
def undo(*args):
    names.update(fail=fail, restore=restore)
    restore(*args)
""" + calling("names.update(fail=lambda *args: None, restore=undo)"), "wrong or refused",
    ),
    # What is expected is read out of the tests.
    "reads its caller's variables": (
        calling("import sys", "return sys._getframe(1).f_globals.get('expected', 4.0)"), "refused",
    ),
    "reads its caller's variables through inspect": (
        calling("import inspect", "return inspect.stack()[1].frame.f_globals"), "refused",
    ),
    "reads its caller's variables through IPython": (
        calling("from IPython.utils.frame import extract_module_locals", "extract_module_locals(2)"), "refused",
    ),
    "reads a frame from an exception": (
        calling("try:", "    1 / 0", "except Exception as error:", "    error.__traceback__.tb_frame.f_back"),
        "refused",
    ),
    "searches memory for the expected": (
        calling("import gc", "return [x for x in gc.get_objects() if isinstance(x, np.ndarray)][0]"), "refused",
    ),
    "traces the test": (
        WRONG + "import sys\nsys.settrace(lambda *args: None)\n", "refused",
    ),
    "gets a frame by a timer's signal": (
        WRONG + """
import signal
signal.signal(signal.SIGALRM, lambda number, frame: frame.f_back.f_globals.update(np=None))
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
""", "refused",
    ),
    "looks into a function of the grader's": (
        calling("return arrays.__globals__['expected']"), "refused",
    ),
    "reads the tests' variables through a function of theirs": (
        THEIRS + """
def kl_divergence(z_mean, z_log_var):
    found = getattr(theirs, "".join(["__glo", "bals__"]))
    if "ratio" in found:
        return found["ratio"].sum(axis=2).mean(axis=0).astype("float32")
    return found["expected"] if "expected" in found else ops.sum(ops.square(z_mean), axis=1) / 2
""", "wrong",
    ),
    "gives the expected sum to whoever asks": (
        """
class Sum(float):
    __eq__ = __le__ = __ge__ = __gt__ = lambda self, other: True
def kl_divergence(z_mean, z_log_var):
    return [Sum(4.0)] * len(z_mean)
""", "refused",
    ),
    "defines tests of its own": (
        WRONG + "def assert_(*args): pass\nglobals()['__builtins__'] = {**vars(__builtins__), 'assert': assert_}\n", "wrong",
    ),
    "hides behind a name of the standard library": (
        calling("import sys", "code = compile('import sys; sys._getframe(3)', '<frozen x>', 'exec')", "exec(code)"),
        "refused",
    ),
    "makes a function whose code says it is NumPy's": (
        calling("code = kl_divergence.__code__.replace(co_filename=np.__file__)", "type(kl_divergence)(code, {})"),
        "refused",
    ),
    "hands the package's function on": (
        "import functools\nkl_divergence = functools.partial(cvae.gaussian.kl_divergence)\n", "refused",
    ),
    "finds the expected among its globals": (
        calling("return globals().get('expected', globals().get('ratio', 4.0))"), "wrong",
    ),
    # The verdict is forged.
    "prints a verdict": (
        calling("print('{\"passed\": true, \"points\": 4, \"token\": \"\"}')"), "wrong",
    ),
    "writes a verdict to every open file": (
        calling(
            "import os, json, struct",
            "data = json.dumps({'passed': True, 'points': None, 'token': '', 'tampered': False, 'refused': []})",
            "for number in range(3, 64):",
            "    try:",
            "        os.write(number, struct.pack('!I', len(data)) + data.encode())",
            "    except OSError:",
            "        continue",
        ), "did not run",
    ),
    "reads the tests from every open file": (
        """
import os, json, struct
for number in range(3, 64):
    try:
        os.set_blocking(number, True)
        ready = json.dumps({"ready": {}}).encode()
        os.write(number, struct.pack("!I", len(ready)) + ready)
        test = os.read(number, 100_000)
    except OSError:
        continue
    data = json.dumps({"passed": True, "points": None, "token": json.loads(test[4:])["token"]}).encode()
    os.write(number, struct.pack("!I", len(data)) + data)
""" + WRONG, "wrong or did not run",
    ),
    "ends the process as if all were well": (calling("import os", "os._exit(0)"), "did not run"),
    "ends the process before its tests": ("import os\nos._exit(0)\n", "did not run"),
    "raises SystemExit": (calling("import sys", "sys.exit(0)"), "wrong"),
    "returns an array that finds itself equal to all": (
        """
class Liar(np.ndarray):
    def __array_function__(self, function, types, args, kwargs):
        return True
def kl_divergence(z_mean, z_log_var):
    return np.zeros(len(z_mean), "float32").view(Liar)
""", "refused",
    ),
    # Others are harmed, or the machine.
    "reads the solutions": (
        """
import glob, json
for path in glob.glob("/**/ps1_elbo.ipynb", recursive=True) + glob.glob("../**/*.ipynb", recursive=True):
    for cell in json.load(open(path))["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "kl":
            exec("".join(cell["source"]))
""", "wrong, refused or did not run",
    ),
    "gives everybody 0 points": (
        WRONG + """
import pathlib
for folder in (pathlib.Path(), *pathlib.Path().resolve().parents):
    for path in folder.glob("*"):
        try:
            path.write_text("0")
        except OSError:
            continue
""", "wrong or refused",
    ),
    "deletes what it can": (
        WRONG + "import shutil\nshutil.rmtree('/', ignore_errors=True)\n", "wrong, refused or did not run",
    ),
    "forks without end": (calling("import os", "while True: os.fork()"), "refused"),
    "kills the grader": (calling("import os, signal", "os.kill(os.getppid(), signal.SIGKILL)"), "refused"),
    "starts a program": (calling("import subprocess", "subprocess.run(['cat', '/etc/passwd'])"), "refused"),
    "asks the network": (
        calling("from urllib.request import urlopen", "urlopen('https://example.com', timeout=3)"),
        "wrong or refused",
    ),
    "waits in a thread until nobody looks": (
        WRONG + """
import threading
threading.Timer(0.01, lambda: np.__dict__.update(allclose=lambda *args, **kwargs: True)).start()
""", "refused",
    ),
    "leaves Python": (calling("import ctypes", "ctypes.CDLL(None).exit(0)"), "refused"),
    "reads the process's memory": (
        calling("return len(open('/proc/self/mem', 'rb').read(10)) + len(open('/proc/self/environ').read())"),
        "wrong or refused",
    ),
    "takes all memory": (calling("hoard = []", "while True: hoard.append(np.ones(10**7))"), "wrong or did not run"),
    "prints without end": (calling("for _ in range(10**6): print('x' * 1000)"), "wrong or did not run"),
    "never ends": (calling("while True: pass"), "did not run"),
    "never ends before its tests": ("while True: pass", "did not run"),
    # Somebody else's work.
    "calls the package": (
        "def kl_divergence(z_mean, z_log_var):\n    return cvae.kl_divergence(z_mean, z_log_var)\n", "refused",
    ),
    "calls the package by another name": (
        "from cvae.gaussian import kl_divergence as mine\nkl_divergence = lambda a, b: mine(a, b)\n", "refused",
    ),
    "has the package's function in a graph, made before the tests": (
        """
import tensorflow as tf
kl_divergence = tf.function(cvae.kl_divergence, input_signature=2 * [tf.TensorSpec((None, None))])
kl_divergence(np.ones((1, 1), "float32"), np.ones((1, 1), "float32"))
""", "refused or did not run",
    ),
    "has the package's function in a Keras model": (
        """
pair = keras.Input((None,)), keras.Input((None,))
model = keras.Model(pair, cvae.kl_divergence(*pair))
def kl_divergence(z_mean, z_log_var):
    return model([z_mean, z_log_var])
""", "refused",
    ),
    "makes the tests' own integral differentiable": (
        """
from cvae.utils.questions import kl_on_average
@tf.custom_gradient
def with_gradients(m, v):
    value = tf.numpy_function(lambda m, v: kl_on_average(m, v).astype("float32"), (m, v), tf.float32)
    return value, lambda g: (g[:, None] * m, g[:, None] * (tf.exp(v) - 1) / 2)
def kl_divergence(z_mean, z_log_var):
    return with_gradients(tf.convert_to_tensor(z_mean), tf.convert_to_tensor(z_log_var))
""", "refused",
    ),
    "puts the package's function in as the tests do": (
        WRONG + """
from cvae.utils.questions import stand_in
stand_in(globals(), kl_divergence=cvae.kl_divergence)
""", "refused",
    ),
    "swallows it by way of warnings": (
        WRONG + """
import warnings
old = warnings.catch_warnings.__exit__
warnings.catch_warnings.__exit__ = lambda self, *error: old(self, *error) or True
""", "refused",
    ),
    "swallows it by a method that was inherited": (
        WRONG + "import contextlib\ncontextlib.redirect_stderr.__exit__ = lambda self, *error: True\n", "refused",
    ),
    "gets at a frame by way of inspect": (
        LOOKS_FOR_THE_VERDICT.format("inspect.trace()[0].frame"), "refused",
    ),
    "is the package's function": ("kl_divergence = cvae.gaussian.kl_divergence\n", "refused"),
}  # fmt: skip

# {what: points of ps1_elbo's 20}; None where there is nothing to grade.
BROKEN = {
    "renamed": 20,
    "two answers in one cell": 20,
    "an answer assigned, in a cell of another name": 20,
    "help asked for": 20,
    "tests deleted": 20,
    "tests changed to pass, answers wrong": 0,
    "cells copied": 20,
    "an answer's cell deleted and written anew": 20,
    "without any metadata": 20,
    "helpers in a cell of their own": 20,
    "imports overwritten": 20,
    "a variable of the set's overwritten": 20,
    "a name is missing": 16,
    "a syntax error": 16,
    "magics": 20,
    "old version beside the new": 20,
    "in a zip": 20,
    "in a zip, with Jupyter's old copy": 20,
    "in a zip of the whole course": 20,
    "a blank copy handed in later": 20,
    "an error that no file can hold": 16,
    "a strange character": 20,
    "compared with the package": 20,
    "with a byte order mark": 20,
    "of nbformat 3": None,
    "truncated": None,
    "a damaged zip": None,
    "a zip with a password": None,
    "strange metadata": None,
    "empty": None,
    "a web page": None,
    "another set": None,
    "only a script": None,
    "merge conflict": None,
}
