"""What the tests of the problem sets share: a question by itself, failures that explain themselves."""

import builtins
import contextlib
import io
import itertools
import logging
import os
import sys
import warnings
import zlib
from collections.abc import Iterable, Iterator
from types import MappingProxyType

import keras
import numpy as np
import scipy.stats
from numpy.typing import ArrayLike

KEPT, SAID = "_kept_names", "_said_unanswered"
NOWHERE = os.open(
    os.devnull, os.O_WRONLY
)  # at once: a grader may forbid to open files while answers run


class NotAnswered(Exception):
    """A question whose answer is still the placeholder; Jupyter shows one line of it, once."""

    def _render_traceback_(self):
        return [str(self)] if str(self) else []


def number_of(student: object) -> int:
    """The number that a student's name stands for, from which their data are drawn.

    >>> number_of("Ada") == number_of(" ada ")
    True
    """
    return zlib.crc32(str(student or "").strip().lower().encode())


def keep(names: dict) -> None:
    """Remember a notebook's names (`globals()`): `question` puts back what an answer replaces."""
    names[KEPT] = MappingProxyType(dict(names))


@contextlib.contextmanager
def question(number: int, names: dict, uses: Iterable[str] = ()) -> Iterator[None]:
    """Run the tests of one question, so that nothing but its own answer counts.

    What the tests define is gone afterwards, and so is what the answer replaced (`np = 3`, `sum = 0`).
    Warnings and progress bars are not shown: nbgrader takes a question's points for anything on stderr.
    Random numbers start alike in every run, and numbers are float32 again, whatever an answer has set.

    Args:
        number: of the question.
        names: `globals()` of the notebook.
        uses: functions of other questions, or other parts of this one, that its answer calls. Tests that
            are not shown put right ones in their place, see `stand_in`; else a failure says that they
            may be the cause.

    Raises:
        NotAnswered: an answer is still `raise NotImplementedError()`; the message says which.

    Example:
        >>> with question(5, globals(), uses=["kl_divergence"]):
        ...     check("the bound", elbo(...), expected, "the KL is added, not subtracted")
    """
    before = dict(names)
    keras.utils.set_random_seed(number)
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    try:
        with silence():
            yield
    except NotImplementedError as error:
        if not is_placeholder(error):
            raise
        said = before.setdefault(SAID, set())
        text = "" if number in said else missing(number, innermost(error).f_code.co_qualname, uses)
        said.add(number)
        raise NotAnswered(text) from None
    except AssertionError as error:
        own = [name for name in uses if name in before and names.get(name) is before[name]]
        if own and isinstance(error.args[0], str):
            error.args = (f"{error}\n  or else:     your own {', '.join(own)}, used here",)
        raise
    finally:
        restore(names, before)


def stand_in(names: dict, **right) -> None:
    """Put right functions in place of other questions' answers, until the `question` around it ends."""
    names.update(right)


def missing(number: int, function: str, uses: Iterable[str]) -> str:
    if function in uses:
        return f"Question {number} is not tested yet: it uses {function}, which is not answered."
    return f"Question {number} is not answered yet: {function} is missing."


def innermost(error: Exception):
    """The frame that an error was raised in."""
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame


def is_placeholder(error: NotImplementedError) -> bool:
    """Whether the error was raised in a notebook, and not in Keras, which may have added to its text."""
    if "symbolic" in str(error):  # TensorFlow's, of NumPy in a graph: its own frames are filtered away
        return False
    return innermost(error).f_globals.get("__name__", "").partition(".")[0] != "keras"


def restore(names: dict, before: dict) -> None:
    """The names of before; those of the notebook's start as they were there, and Python's own bare."""
    kept = before.get(KEPT, {})
    for name in [name for name in names if name not in before]:
        del names[name]
    names.update(before)
    names.update(kept)
    for name in [name for name in names if name not in kept and hasattr(builtins, name)]:
        if not name.startswith("__"):
            del names[name]


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Nothing reaches stderr: not Python's warnings and logs, nor what libraries write in C."""
    sys.stderr.flush()
    logs, there = logging.root.manager.disable, os.dup(2)
    calm = warnings.catch_warnings(), np.errstate(all="ignore")
    with contextlib.redirect_stderr(io.StringIO()), calm[0], calm[1]:
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        os.dup2(NOWHERE, 2)
        try:
            yield
        finally:
            os.dup2(there, 2)
            os.close(there)
            logging.disable(logs)


def fixed(array: ArrayLike) -> np.ndarray:
    """A copy that cannot be written to: an answer that changes what it is given fails."""
    array = np.array(array)
    array.setflags(write=False)
    return array


def check(
    what: str, got: ArrayLike, expected: ArrayLike, cause: str, rtol: float = 1e-4, atol: float = 1e-5
) -> None:
    """Raise an AssertionError that says what was expected, what came and why, unless they are close.

    Args:
        what: is compared.
        got, expected: arrays of the same shape; a mean and the expected one, with atol for its noise.
        cause: what usually causes the difference.
        rtol, atol: as `numpy.allclose` has them.
    """
    got, expected = as_array(what, got), np.asarray(expected)
    if got.shape != expected.shape:
        fail(what, f"the shape {expected.shape}", f"the shape {got.shape}", cause)
    if got.dtype.kind == "f" and not np.isfinite(got).all():
        fail(what, in_short(expected), f"{in_short(got)}, which holds NaN or infinity", cause)
    if not np.allclose(got, expected, rtol=rtol, atol=atol):
        worst = np.unravel_index(np.argmax(np.abs(got - expected)), got.shape)
        where = f" (at {list(map(int, worst))}: {got[worst]:.5g})" if got.size > 6 else ""
        there = f" (at {list(map(int, worst))}: {expected[worst]:.5g})" if got.size > 6 else ""
        fail(what, in_short(expected) + there, in_short(got) + where, cause)


def require(what: str, holds: bool, expected: str, got: object, cause: str) -> None:
    """As `check`, for what is no comparison of arrays: `holds` must be true."""
    if not holds:
        fail(what, expected, str(got), cause)


def check_shape(what: str, found: object, shape: Iterable[int], cause: str) -> None:
    """As `check`, for the shape of an array or tensor, also of one in a graph."""
    got = tuple(found.shape if hasattr(found, "shape") else np.shape(found))
    shape = tuple(shape)
    require(f"the shape of {what}", got == shape, str(shape), got, cause)


def fail(what, expected, got, cause):
    raise AssertionError(f"{what}\n  expected: {expected}\n  got:      {got}\n  usual cause: {cause}")


def as_array(what, value) -> np.ndarray:
    """A tensor, list or number as a NumPy array of numbers."""
    if value is None:
        fail(what, "numbers", "None", "nothing is returned, or no gradient arrives")
    try:
        array = keras.ops.convert_to_numpy(value) if keras.ops.is_tensor(value) else np.asarray(value)
    except (TypeError, ValueError) as error:
        fail(what, "numbers", f"{type(value).__name__} ({error})", "parts of unequal shape")
    if array.dtype.kind not in "fiub":
        fail(what, "numbers", f"{type(value).__name__} of {array.dtype}", "something else is returned")
    return array


def in_short(array) -> str:
    """Up to six numbers of an array, in one line."""
    array = np.asarray(array)
    numbers = ", ".join(f"{number:.5g}" for number in array.ravel()[:6])
    if not array.ndim:
        return numbers
    return f"[{numbers}{', ...' if array.size > 6 else ''}]" + (
        f" {array.shape}" if array.ndim > 1 else ""
    )


# What right answers give on average, for tests of answers that draw.

SIGMAS, FURTHER = 5.5, 2e-8  # a right answer is further out, on either side, once in 25 million


@contextlib.contextmanager
def picture(names: dict) -> Iterator[None]:
    """Draw what an answer makes, where there is one; names that the drawing defines are gone then."""
    before = dict(names)
    try:
        yield
    except NotImplementedError as error:
        if not is_placeholder(error):
            raise
        print("The picture of your answer comes here.")
    finally:
        restore(names, before)


def check_mean(
    what: str, draws: ArrayLike, expected: ArrayLike, cause: str, slack: float = 1e-3
) -> None:
    """As `check`, for the mean over the first axis of independent draws, as exactly as they tell it."""
    draws = as_array(what, draws).astype("float64")
    sigmas = scipy.stats.t.isf(FURTHER, len(draws) - 1)
    noise = sigmas * draws.std(axis=0, ddof=1) / np.sqrt(len(draws))
    check(f"{what}, on average", draws.mean(axis=0), expected, cause, rtol=1e-3, atol=noise + slack)


def check_noise(what: str, noise: ArrayLike, cause: str) -> None:
    """Raise an AssertionError unless (n, dimensions), some thousands, look like draws of N(0, 1).

    What is standardised by the right mean and deviation must be normal, and independent of all other
    dimensions and draws.
    """
    noise = as_array(what, noise).astype("float64")
    n, dimensions = noise.shape
    few = SIGMAS / np.sqrt(n)
    zeros, ones = np.zeros(dimensions), np.ones(dimensions)
    check(f"{what}: mean of the standardised noise", noise.mean(axis=0), zeros, cause, atol=few)
    check(f"{what}: its variance", noise.var(axis=0), ones, cause, atol=few * 2**0.5)
    waves = np.fft.rfft(noise, axis=0)
    for a, b in itertools.combinations_with_replacement(range(dimensions), 2):
        after = np.fft.irfft(waves[:, a] * waves[:, b].conj(), n) / n  # 0, 1, ... draws
        products = after[int(a == b) :]
        where = f"{what}: products with other draws, or other dimensions (of {a} with {b})"
        check(where, np.abs(products).max(), 0, cause, atol=8 / np.sqrt(n))
    p = min(scipy.stats.kstest(column, "norm").pvalue for column in noise.T)
    require(f"{what}: its distribution", p > 1e-7, "normal", f"p = {p:.0e} for that", cause)
    far = np.abs(noise).max()  # of 20,000 the largest is below 3.3 once in 250 million
    require(f"{what}: the largest noise", n < 20_000 or far > 3.3, "above 3.3", f"{far:.2f}", cause)
    distinct = len(np.unique(noise)) / noise.size
    require(f"{what}: numbers", distinct > 0.9, "nearly all distinct", f"{distinct:.0%} are", cause)


def log_prob_on_average(x: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """E[log p(x | logits)] of a Bernoulli with normal logits: three (n, pixels) -> (n,), in nats."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(64)
    logits = mean[..., None] + np.sqrt(variance)[..., None] * nodes
    log_prob = x[..., None] * logits - np.logaddexp(0, logits)
    return (log_prob @ (weights / weights.sum())).sum(axis=-1)


def kl_on_average(mean: np.ndarray, log_var: np.ndarray) -> np.ndarray:
    """The integral over z of q(z) log q(z) / p(z), for p = N(0, I): two (n, d) -> (n,), in nats."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(8)
    deviation = np.exp(log_var / 2)[..., None]
    z = mean[..., None] + deviation * nodes
    q = scipy.stats.norm(mean[..., None], deviation)
    terms = q.logpdf(z) - scipy.stats.norm.logpdf(z)
    return (terms @ (weights / weights.sum())).sum(axis=-1)


def elbo_on_average(
    x: np.ndarray, mean: np.ndarray, log_var: np.ndarray, kernel: np.ndarray, base: ArrayLike = 0.0
) -> np.ndarray:
    """The ELBO on average over z, of a decoder with logits z @ kernel + base: (n,), in nats."""
    log_prob = log_prob_on_average(x, mean @ kernel + base, np.exp(log_var) @ kernel**2)
    return log_prob - kl_on_average(mean, log_var)


def slopes(function, array: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """Each row's derivative by each of its columns: a function (n, d) -> (n,) gives (n, d)."""
    steps = step * np.eye(array.shape[1])
    return np.stack([(function(array + by) - function(array - by)) / (2 * step) for by in steps], axis=1)
