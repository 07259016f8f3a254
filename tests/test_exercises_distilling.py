"""The exercise on distillation: right answers are accepted, wrong ones are told what is wrong with them."""

import math

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from cs231n_helpers import losses
from cs231n_helpers.exercises import EXERCISES, verdict

DISTILLATION = EXERCISES["distillation"]


# -- right answers -----------------------------------------------------------------------------------------------------


def with_loops(scores, teacher_scores, temperature):
    loss, dscores = 0.0, np.zeros(scores.shape)
    for i, (s, v) in enumerate(zip(scores / temperature, teacher_scores / temperature, strict=True)):
        log_p = [a - max(s) - math.log(sum(math.exp(b - max(s)) for b in s)) for a in s]
        q = [math.exp(a - max(v)) / sum(math.exp(b - max(v)) for b in v) for a in v]
        for j in range(len(s)):
            loss -= temperature**2 * q[j] * log_p[j] / len(scores)
            dscores[i, j] = temperature * (math.exp(log_p[j]) - q[j]) / len(scores)
    return loss, dscores


def with_scipy(scores, teacher_scores, T):
    q = softmax(teacher_scores / T, axis=1)
    log_p = log_softmax(scores / T, axis=1)
    return -(T**2) * np.mean(np.sum(q * log_p, axis=1)), T * (np.exp(log_p) - q) / len(scores)


def with_helpers(scores, teacher_scores, T):
    loss, back = losses.soft_softmax(scores, losses.probabilities(teacher_scores / T), T)
    return loss, back()[0]


@pytest.mark.parametrize("answer", [with_loops, with_scipy, with_helpers])
def test_right_answers_are_accepted(answer):
    found = verdict("distillation", answer)
    assert (found.kind, "warning" in found.text) == ("exact", False), found.text


def test_what_counts_as_right_is_the_answer_of_the_loops_and_its_slope():
    for case in DISTILLATION.cases:
        scores, teacher, T = case.args
        loss, dscores = with_loops(*case.args)
        for output, got in zip(DISTILLATION.outputs, (loss, dscores), strict=True):
            np.testing.assert_allclose(output.right(case.args), got, rtol=1e-10, atol=1e-12)
        for place in np.ndindex(*scores.shape):
            step = np.zeros(scores.shape)
            step[place] = 1e-5 * max(1, np.abs(scores).max())
            rise = with_scipy(scores + step, teacher, T)[0] - with_scipy(scores - step, teacher, T)[0]
            assert rise / (2 * step[place]) == pytest.approx(dscores[place], abs=1e-5)


# -- not started -------------------------------------------------------------------------------------------------------


def stub(scores, teacher_scores, temperature):
    """What the function does."""
    ...                                                 # noqa: PIE790


def test_unfilled_stub_is_not_started():
    assert verdict("distillation", stub).kind == "not_started"


# -- wrong answers -----------------------------------------------------------------------------------------------------


def taking(student, teacher, size=lambda T: T**2, slope=lambda T: T, axis=1):
    """An answer with softmax(student(scores, T)) and softmax(teacher(scores, T)), and the factors size and slope."""
    def answer(scores, teacher_scores, T):
        log_p = log_softmax(student(scores, T), axis=axis)
        q = softmax(teacher(teacher_scores, T), axis=axis)
        return -size(T) * (q * log_p).sum() / len(scores), slope(T) * (np.exp(log_p) - q) / len(scores)
    return answer


def cold(s, T):
    return s


def warm(s, T):
    return s / T


def times(s, T):
    return s * T


def reversed_kl(s, v, T):
    q, log_p = softmax(s / T, axis=1), log_softmax(v / T, axis=1)
    return -(T**2) * (q * log_p).sum() / len(s), with_scipy(s, v, T)[1]


def divergence(s, v, T):
    q = softmax(v / T, axis=1)
    return with_scipy(s, v, T)[0] + T**2 * (q * log_softmax(v / T, axis=1)).sum() / len(s), with_scipy(s, v, T)[1]


def hard(s, v, T):
    q, log_p = np.eye(v.shape[1])[v.argmax(axis=1)], log_softmax(s / T, axis=1)
    return -(T**2) * (q * log_p).sum() / len(s), T * (np.exp(log_p) - q) / len(s)


def overflowing(s, v, T):
    with np.errstate(all="ignore"):
        p, q = (np.exp(a / T) / np.exp(a / T).sum(axis=1, keepdims=True) for a in (s, v))
        return -(T**2) * (q * np.log(p)).sum() / len(s), T * (p - q) / len(s)


def scaled(loss, slope):
    def answer(*args):
        a, b = with_scipy(*args)
        return a * loss(args[0]), b * slope(args[0])
    return answer


WRONG = [
    (taking(times, times), "mistake", "multiplied by the temperature"),
    (taking(warm, cold), "missing", "the teacher is not softened"),
    (taking(cold, warm), "missing", "the student is not softened"),
    (taking(cold, cold), "missing", "neither is softened"),
    (taking(warm, warm, lambda T: 1, lambda T: 1 / T), "missing", "factor T^2 is missing"),
    (taking(warm, warm, lambda T: T), "factor", "the factor is T; it should be T^2"),
    (taking(warm, warm, slope=lambda T: 1), "missing", "a factor T is missing"),
    (taking(warm, warm, slope=lambda T: T**2), "factor", "chain rule"),
    (reversed_kl, "mistake", "logarithm of the wrong one"),
    (divergence, "mistake", "divergence"),
    (hard, "mistake", "hard label"),
    (overflowing, "not_finite", "subtract from each row"),
    (taking(warm, warm, axis=0), "axis", "wrong axis"),
    (scaled(len, len), "factor", "N times too large"),
    (scaled(lambda s: 1 / s.shape[1], lambda s: 1), "axis", "N x C numbers"),
    (scaled(lambda s: -1, lambda s: 1), "sign", "wrong sign"),
    (scaled(lambda s: 1, lambda s: -1), "sign", "wrong sign"),
    (lambda s, v, T: with_scipy(s, v, T)[0], "type", ""),
    (lambda s, v, T: (with_scipy(s, v, T)[0], with_scipy(s, v, T)[1].T), "shape", "Transposed"),
]


@pytest.mark.parametrize(("answer", "kind", "words"), WRONG, ids=range(len(WRONG)))
def test_wrong_answers_are_told_what_is_wrong(answer, kind, words):
    found = verdict("distillation", answer)
    assert found.kind == kind and words in found.text, found
