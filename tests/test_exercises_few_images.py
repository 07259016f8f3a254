"""The exercise on error bars: right answers are accepted, wrong ones are told what is wrong with them."""

import math
import statistics

import numpy as np
import pytest

from cs231n_helpers.exercises import EXERCISES, verdict


def loops(accuracies):
    columns = list(zip(*accuracies.tolist(), strict=True))
    return (np.array([statistics.mean(column) for column in columns]),
            np.array([statistics.stdev(column) / math.sqrt(len(column)) for column in columns]))


def answer(mean=lambda A: A.mean(axis=0), error=lambda A: A.std(axis=0, ddof=1) / np.sqrt(len(A))):
    return lambda A: (mean(A), error(A))


def overwritten(accuracies):
    mean = accuracies.mean(axis=0)
    accuracies -= mean
    return mean, np.sqrt((accuracies**2).sum(axis=0) / (len(accuracies) - 1) / len(accuracies))


@pytest.mark.parametrize("right", [loops, answer()])
def test_right_answers_are_accepted(right):
    found = verdict("error_bars", right)
    assert found.kind == "exact", found.text


def test_what_counts_as_right_is_what_the_standard_library_says():
    exercise = EXERCISES["error_bars"]
    for case in exercise.cases:
        for output, expected in zip(exercise.outputs, loops(*case.args), strict=True):
            np.testing.assert_allclose(output.right(case.args), expected, rtol=1e-12)


WRONG = [
    (lambda A: None, "not_started", "not started"),
    (lambda A: A.mean(axis=0), "type", ""),
    (answer(mean=lambda A: A.mean(axis=1)), "shape", ""),
    (answer(mean=lambda A: np.full(A.shape[1], A.mean())), "axis", "whole table"),
    (answer(mean=lambda A: np.median(A, axis=0)), "mistake", "median"),
    (answer(mean=lambda A: A.max(axis=0)), "mistake", "best"),
    (answer(error=lambda A: A.std(axis=0, ddof=1)), "missing", "root of S is missing"),
    (answer(error=lambda A: A.std(axis=0)), "missing", "two things"),
    (answer(error=lambda A: A.std(axis=0) / np.sqrt(len(A))), "mistake", "ddof=1"),
    (answer(error=lambda A: A.std(axis=0, ddof=1) / len(A)), "factor", "root"),
    (answer(error=lambda A: A.var(axis=0, ddof=1) / len(A)), "missing", "variance"),
    (answer(error=lambda A: A.std(axis=0, ddof=1) / np.sqrt(A.shape[1])), "axis", "sizes"),
    (answer(error=lambda A: np.ptp(A, axis=0) / 2), "mistake", "range"),
    (overwritten, "changes_input", "accuracies"),
]


@pytest.mark.parametrize(("wrong", "kind", "words"), WRONG, ids=range(len(WRONG)))
def test_wrong_answers_are_told_what_is_wrong(wrong, kind, words):
    found = verdict("error_bars", wrong)
    assert (found.kind, words in found.text) == (kind, True), found
