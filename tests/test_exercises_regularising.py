"""Exercises on regularisation: right answers are accepted, wrong ones are told what is wrong with them."""

import math

import numpy as np
import pytest

from cs231n_helpers import losses
from cs231n_helpers.exercises import EXERCISES, verdict

# -- right answers, with plain loops and as a learner writes them ------------------------------------------------------

def loop_dropout(x, keep, rng):
    scale = np.ones(x.shape)
    for place in np.ndindex(*x.shape) if rng is not None else ():
        scale[place] = 1 / keep if rng.random() < keep else 0       # one by one: the same numbers as all at once

    def back(dy):
        dx = np.empty(dy.shape)
        for place in np.ndindex(*dy.shape):
            dx[place] = dy[place] * scale[place]
        return (dx,)
    return np.array([[a * s for a, s in zip(*rows, strict=True)] for rows in zip(x, scale, strict=True)]), back


def dropout(x, keep, rng):
    if rng is None:
        return x, lambda dy: (dy,)
    kept = rng.random(x.shape) < keep
    return np.where(kept, x / keep, 0), lambda dy: (np.where(kept, dy / keep, 0),)


def loop_max_norm(W, largest):
    columns = []
    for column in W.T:
        length = math.sqrt(sum(w * w for w in column))
        columns.append([w * largest / length if length > largest else w for w in column])
    return np.array(columns).T


def max_norm(W, largest):
    lengths = np.linalg.norm(W, axis=0)
    W = W.copy()
    W[:, lengths > largest] *= largest / lengths[lengths > largest]
    return W


@pytest.mark.parametrize(("name", "answer"), [("dropout", loop_dropout), ("dropout", dropout),
                                              ("max_norm", loop_max_norm), ("max_norm", max_norm),
                                              ("max_norm", losses.max_norm)])
def test_right_answers_are_accepted(name, answer):
    found = verdict(name, answer)
    assert (found.kind, "warning" in found.text) == ("exact", False), found.text


def test_what_counts_as_right_is_the_answer_of_the_loops():
    for case in EXERCISES["dropout"].cases:
        x, keep, rng, dy = case.args
        y, back = loop_dropout(x, keep, rng and np.random.default_rng(rng.seed))
        for output, got in zip(EXERCISES["dropout"].outputs, (y, *back(dy)), strict=True):
            np.testing.assert_allclose(output.right(case.args), got, rtol=1e-12)
    for case in EXERCISES["max_norm"].cases:
        np.testing.assert_allclose(EXERCISES["max_norm"].outputs[0].right(case.args), loop_max_norm(*case.args))


def test_every_case_gives_the_same_numbers_again():
    for case in EXERCISES["dropout"].cases:
        first, again = (EXERCISES["dropout"].outputs[0].right(case.args) for _ in range(2))
        np.testing.assert_array_equal(first, again)


# -- not started -------------------------------------------------------------------------------------------------------

def stub(*arguments):
    """What the function does."""
    ...                                                 # noqa: PIE790


def stub_with_back(x, keep, rng):
    def back(dy):
        ...
    ...                                                 # noqa: PIE790


@pytest.mark.parametrize(("name", "answer"), [("dropout", stub), ("dropout", stub_with_back), ("max_norm", stub)])
def test_unfilled_stub_is_not_started(name, answer):
    assert verdict(name, answer).kind == "not_started"


# -- wrong answers -----------------------------------------------------------------------------------------------------

def drops(mask, train, test=lambda x, keep: x):
    """An answer: mask(draw, keep), then train(array, mask, keep) both ways; test(array, keep) at test time."""
    def answer(x, keep, rng):
        if rng is None:
            return test(x, keep), lambda dy: (test(dy, keep),)
        m = mask(rng.random(x.shape), keep)
        return train(x, m, keep), lambda dy: (train(dy, m, keep),)
    return answer


def own_mask_on_the_way_back(x, keep, rng):
    if rng is None:
        return x, lambda dy: (dy,)
    y = x * (rng.random(x.shape) < keep) / keep
    return y, lambda dy: (dy * (rng.random(dy.shape) < keep) / keep,)


def no_mask_on_the_way_back(x, keep, rng):
    y, _ = dropout(x, keep, rng)
    return y, lambda dy: (dy,)


def gradient_not_scaled(x, keep, rng):
    y, back = dropout(x, keep, rng)
    return y, lambda dy: (back(dy)[0] * (keep if rng is not None else 1),)


def whole_rows(x, keep, rng):
    if rng is None:
        return x, lambda dy: (dy,)
    m = (rng.random((len(x), 1)) < keep) / keep
    return x * m, lambda dy: (dy * m,)


def no_test_time(x, keep, rng):
    m = (rng.random(x.shape) < keep) / keep
    return x * m, lambda dy: (dy * m,)


def drops_in_place(x, keep, rng):
    if rng is not None:
        x *= (rng.random(x.shape) < keep) / keep
    return x, lambda dy: (dy,)


def stays(draw, keep):
    return draw < keep


WRONG = [
    ("dropout", drops(stays, lambda a, m, keep: a * m), "missing", "vanilla dropout"),
    ("dropout", drops(stays, lambda a, m, keep: a * m, lambda a, keep: a * keep), "mistake", "scaled at test time"),
    ("dropout", drops(stays, lambda a, m, keep: a * m / keep, lambda a, keep: a * keep), "mistake", "once is enough"),
    ("dropout", drops(lambda draw, keep: draw > keep, lambda a, m, keep: a * m / keep), "mistake", "the wrong side"),
    ("dropout", drops(stays, lambda a, m, keep: a * m * keep), "mistake", "divide"),
    ("dropout", whole_rows, "axis", "whole examples"),
    ("dropout", own_mask_on_the_way_back, "mistake", "a mask of its own"),
    ("dropout", no_mask_on_the_way_back, "missing", "mask and scale are missing on the way back"),
    ("dropout", gradient_not_scaled, "missing", "scale 1 / keep is missing on the way back"),
    ("dropout", no_test_time, "raised", "rng None"),
    ("dropout", drops_in_place, "changes_input", "writes into x"),
    ("dropout", lambda x, keep, rng: dropout(x, keep, rng)[0], "type", "return y, back"),
    ("dropout", lambda x, keep, rng: (dropout(x, keep, rng)[0], lambda dy: dy), "type", "The comma"),
    ("max_norm", lambda W, c: W * min(1, c / np.linalg.norm(W)), "mistake", "that of the whole matrix"),
    ("max_norm", lambda W, c: W * np.minimum(1, c / np.linalg.norm(W + 1e-9, axis=1, keepdims=True)), "axis", "rows"),
    ("max_norm", lambda W, c: W * c / np.maximum(np.linalg.norm(W, axis=0), 1e-12), "mistake", "stretched"),
    ("max_norm", lambda W, c: W.clip(-c, c), "mistake", "clipped by itself"),
    ("max_norm", lambda W, c: W * np.minimum(1, c / np.maximum((W**2).sum(axis=0), 1e-9)), "missing", "root"),
    ("max_norm", lambda W, c: W * c / np.linalg.norm(W, axis=0), "mistake", "Besides, W holds NaN"),
    ("max_norm", lambda W, c: W * np.where(np.linalg.norm(W, axis=0) > c, c / np.linalg.norm(W, axis=0), 1) ** 1.0,
     "exact", "warning"),
    ("max_norm", lambda W, c: np.linalg.norm(W, axis=0), "shape", "expected"),
    ("max_norm", lambda W, c: None, "not_started", "not started"),
]


@pytest.mark.parametrize(("name", "answer", "kind", "words"), WRONG, ids=[f"{w[0]}-{i}" for i, w in enumerate(WRONG)])
def test_wrong_answers_are_told_what_is_wrong(name, answer, kind, words):
    found = verdict(name, answer)
    assert found.kind == kind and words in found.text, found
