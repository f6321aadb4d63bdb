"""What the tests of the problem sets share."""

import logging
import os
import sys
import warnings

import keras
import numpy as np
import pytest

import cvae
from cvae.utils import questions
from cvae.utils.questions import (
    check,
    check_mean,
    check_noise,
    check_shape,
    keep,
    question,
    require,
    stand_in,
)  # fmt: skip


def test_a_check_says_what_was_expected_what_came_and_why():
    check("sums", [1.0, 2.0], np.array([1, 2]), "a mean")
    with pytest.raises(
        AssertionError, match=r"sums\n  expected: \[1, 2\]\n  got:      \[1, 3\]\n  usual cause: a mean"
    ):
        check("sums", [1.0, 3.0], [1, 2], "a mean")


@pytest.mark.parametrize("got", [[[1.0, 2.0]], [1.0], [np.nan, 2.0], None, "text", [[1], [1, 2]], 1.5])
def test_a_check_fails_for_another_shape_for_nan_and_for_no_numbers(got):
    with pytest.raises(AssertionError, match="usual cause"):
        check("sums", got, [1.0, 2.0], "a mean")


def test_require():
    require("calls", True, "1", 1, "a loop")
    with pytest.raises(AssertionError, match="got:      3"):
        require("calls", False, "1", 3, "a loop")


def test_a_question_puts_names_back():
    names = {"np": np, "x": 1}
    keep(names)
    names |= {"np": 3, "sum": 0, "answer": min, "other": max}  # what answers have done
    with question(2, names, uses=["other"]):
        stand_in(names, other=abs)
        assert names["other"] is abs
        names["made_by_the_test"] = 4
        names["answer"] = None
    assert names["np"] is np
    assert names["x"] == 1
    assert names["answer"] is min
    assert names["other"] is max
    assert not {"sum", "made_by_the_test"} & set(names)


def unanswered():
    raise NotImplementedError()


def test_an_unanswered_question_says_so_once():
    names = {}
    keep(names)
    shown = []
    for number in (3, 3, 4):
        with pytest.raises(questions.NotAnswered) as raised, question(number, names):
            unanswered()
        shown.append(raised.value._render_traceback_())
    said = "Question {} is not answered yet: unanswered is missing."
    assert shown == [[said.format(3)], [], [said.format(4)]]
    waits = pytest.raises(questions.NotAnswered, match="5 is not tested yet: it uses unanswered")
    with waits, question(5, names, uses=["unanswered"]):
        unanswered()
    of_keras = compile("raise NotImplementedError('of Keras')", "layer.py", "exec")
    with pytest.raises(NotImplementedError, match="of Keras"), question(5, names):
        exec(of_keras, {"__name__": "keras.layers"})


def test_a_failure_names_the_answers_that_were_used_and_not_replaced():
    def wrong(names, uses, replaced):
        with question(1, names, uses):
            stand_in(names, **replaced)
            require("a", False, "b", 1, "c")

    for uses, replaced, said in (
        (["mine", "theirs"], {}, "cause: c\n  or else:     your own mine, theirs, used here"),
        (["mine", "theirs"], {"theirs": abs}, "cause: c\n  or else:     your own mine, used here"),
        ([], {}, "cause: c$"),
    ):
        with pytest.raises(AssertionError, match=said):
            wrong({"mine": min, "theirs": max}, uses, replaced)


def test_the_shape_of_an_array_a_list_and_a_tensor_of_a_graph():
    for found in (
        np.zeros((2, 3)),
        [[1, 2, 3], [4, 5, 6]],
        keras.ops.zeros((2, 3)),
        keras.Input((3,), 2),
    ):
        check_shape("z", found, (2, 3), "one row an image")
        with pytest.raises(AssertionError, match="the shape of z\n  expected: \\(3, 2\\)"):
            check_shape("z", found, (3, 2), "one row an image")
    check_shape("the loss", keras.ops.zeros(()), (), "one number")


def test_what_the_elbo_is_on_average(rng):
    mean, log_var = rng.normal(size=(2, 4, 3))
    kl = cvae.kl_divergence(np.float32(mean), np.float32(log_var))
    np.testing.assert_allclose(questions.kl_on_average(mean, log_var), kl, rtol=1e-5)
    x, base = rng.integers(0, 2, (4, 5)), rng.normal(size=(4, 5))
    found = questions.elbo_on_average(x, mean, log_var, np.zeros((3, 5)), base)
    log_prob = (x * base - np.logaddexp(0, base)).sum(axis=1)
    np.testing.assert_allclose(found, log_prob - kl, rtol=1e-5)


def test_nothing_reaches_stderr(capfd):
    with question(1, {}):
        warnings.warn("a warning", stacklevel=1)
        logging.getLogger("tensorflow").error("a log")
        print("a bar", file=sys.stderr)
        os.write(2, b"of C")
    print("after", file=sys.stderr)
    assert capfd.readouterr().err == "after\n"


def test_noise(rng):
    good = rng.normal(size=(20_000, 3))
    check_noise("z", good, "none")
    check_noise("z", good.astype("float32"), "none")
    shared = np.repeat(good[:, :1], 3, axis=1)
    mirrored = np.concatenate([good[:10_000], -good[:10_000]])
    for bad in (1.1 * good, good + 0.1, shared, np.repeat(good[:5000], 4, axis=0), np.abs(good),
                rng.uniform(-(3**0.5), 3**0.5, good.shape), mirrored, good[:, [0, 1, 0]]):  # fmt: skip
        with pytest.raises(AssertionError, match="usual cause: shared"):
            check_noise("z", bad, "shared")


def test_what_is_fixed_cannot_be_written_to():
    array = np.zeros(3)
    with pytest.raises(ValueError, match="read-only"):
        questions.fixed(array)[0] = 1
    array[0] = 1


def test_a_mean_of_draws(rng):
    draws = rng.normal(2, 5, size=(400, 2))
    check_mean("loss", draws, [2, 2], "none")
    with pytest.raises(AssertionError, match="loss, on average"):
        check_mean("loss", draws, [2, 6], "half")


def test_what_is_right_on_average(rng):
    x, mean, variance = rng.integers(0, 2, (2, 3)), rng.normal(size=(2, 3)), rng.uniform(0.5, 2, (2, 3))
    logits = mean + variance**0.5 * rng.normal(size=(200_000, 2, 3))
    drawn = (x * logits - np.logaddexp(0, logits)).sum(axis=-1)
    check_mean("log p", drawn, questions.log_prob_on_average(x, mean, variance), "none")
    check("slopes", questions.slopes(lambda a: (a**2).sum(axis=1), mean), 2 * mean, "none")


def test_a_number_for_each_student():
    assert questions.number_of(" Ada") == questions.number_of("ada") != questions.number_of("Bob")
    assert questions.number_of(None) == questions.number_of("") == 0
