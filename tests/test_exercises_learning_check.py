"""The exercise relative_error: right answers are accepted, wrong ones are told what is wrong with them."""

import numpy as np
import pytest

from cs231n_helpers import gradients
from cs231n_helpers.exercises import EXERCISES, verdict

EXERCISE = EXERCISES["relative_error"]


def loops(a, n):
    worst = 0.0
    for one, other in zip(a.ravel().tolist(), n.ravel().tolist(), strict=True):
        size = max(abs(one), abs(other))
        worst = max(worst, abs(one - other) / size if size > 0 else 0.0)
    return worst


def solution(a, n):
    size = np.maximum(np.abs(a), np.abs(n))
    return (np.abs(a - n) / np.where(size > 0, size, 1)).max()


def masked(a, n):
    size = np.maximum(np.abs(a), np.abs(n))
    return float(np.divide(np.abs(a - n), size, out=np.zeros(size.shape), where=size > 0).max())


@pytest.mark.parametrize("answer", [loops, solution, masked, gradients.relative_error])
def test_right_answers_are_accepted(answer):
    found = verdict("relative_error", answer)
    assert (found.kind, "warning" in found.text) == ("exact", False), found.text


def test_what_counts_as_right_is_the_answer_of_the_loops():
    for case in EXERCISE.cases:
        assert EXERCISE.outputs[0].right(case.args) == pytest.approx(loops(*case.args), rel=1e-12)
    assert loops(np.array([1.0, 0]), np.array([-1.0, 0])) == 2


def stub(a, n):
    """What the function does."""
    ...                                                 # noqa: PIE790


def size(a, n):
    return np.maximum(np.abs(a), np.abs(n))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("answer", "kind", "words"), [
    (stub, "not_started", "not started"),
    (lambda a, n: (np.abs(a - n) / size(a, n)).max(), "mistake", "0 / 0 is NaN"),
    (lambda a, n: np.nanmax(np.append(np.abs(a - n) / size(a, n), 0)), "mistake", "no warning was the task"),
    (lambda a, n: (np.abs(a - n) / (size(a, n) + 1e-8)).max(), "mistake", "1e-08 is added"),
    (lambda a, n: (np.abs(a - n) / np.maximum(size(a, n), 1e-6)).max(), "mistake", "small gradients then pass"),
    (lambda a, n: (np.abs(a - n) / np.maximum(1e-8, np.abs(a) + np.abs(n))).max(), "mistake", "sum |a| + |n|"),
    (lambda a, n: np.abs(a - n).max(), "missing", "absolute error"),
    (lambda a, n: (np.abs(a - n) / np.where(size(a, n) > 0, size(a, n), 1)).mean(), "mistake", "mean"),
    (lambda a, n: ((a - n) / np.where(size(a, n) > 0, size(a, n), 1)).max(), "missing", "above the line"),
    (lambda a, n: abs(((a - n) / np.where(size(a, n) > 0, size(a, n), 1)).max()), "mistake", "taken last"),
    (lambda a, n: (np.abs(a - n) / np.where(np.maximum(a, n) != 0, np.maximum(a, n), 1)).max(), "missing",
     "below the line"),
    (lambda a, n: (np.abs(a - n) / np.where(a != 0, np.abs(a), 1)).max(), "missing", "only |a|"),
    (lambda a, n: (np.abs(a - n) / np.where(n != 0, np.abs(n), 1)).max(), "missing", "only |n|"),
    (lambda a, n: np.abs(np.abs(a) - np.abs(n)).max(), "differs", "should be 0.1935"),
    (lambda a, n: (np.abs(np.abs(a) - np.abs(n)) / np.where(size(a, n) > 0, size(a, n), 1)).max(), "mistake",
     "wrong sign"),
    (lambda a, n: np.abs(a - n).max() / max(size(a, n).max(), 1e-300), "mistake", "largest slope of all"),
    (lambda a, n: np.linalg.norm(a - n) / max(np.linalg.norm(a), np.linalg.norm(n), 1e-300), "mistake", "lengths"),
    (lambda a, n: np.abs(a - n) / np.where(size(a, n) > 0, size(a, n), 1), "shape", "one number"),
])
def test_wrong_answers_are_told_what_is_wrong(answer, kind, words):
    found = verdict("relative_error", answer)
    assert found.kind == kind and words in found.text, found
