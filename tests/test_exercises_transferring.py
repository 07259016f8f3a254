"""Exercises on transfer: right answers are accepted, wrong ones are told what is wrong with them."""

import copy

import numpy as np
import pytest

from cs231n_helpers import ops
from cs231n_helpers.exercises import EXERCISES, verdict
from cs231n_helpers.exercises.differences import with_mistake

NAMES = ["pooled_features", "replace_head", "learning_rates", "fine_tune_step"]

# -- right answers, with plain loops and as a learner writes them ------------------------------------------------------


def loop_pooled(maps):
    N, H, W, C = maps.shape
    return np.array([[sum(maps[n, i, j, c] for i in range(H) for j in range(W)) / (H * W) for c in range(C)]
                     for n in range(N)])  # fmt: skip


def loop_head(W, classes, rng):
    new = np.empty((W.shape[0], classes))
    for place in np.ndindex(*new.shape):
        new[place] = rng.standard_normal() / 100
    return new, np.array([0.0] * classes)


def loop_rates(lr, factor, depth):
    rates = [lr]
    while len(rates) < depth:
        rates.insert(0, rates[0] * factor)
    return np.array(rates)


def loop_step(W, dW, rates, frozen):
    return np.array([[w if layer < frozen else w - rates[layer] * d for w, d in zip(W[layer], dW[layer], strict=True)]
                     for layer in range(len(W))])  # fmt: skip


def step(W, dW, rates, frozen):
    new = W.copy()
    new[frozen:] -= rates[frozen:, None] * dW[frozen:]
    return new


RIGHT = [("pooled_features", loop_pooled), ("pooled_features", lambda maps: ops.global_avg_pool(maps)[0]),
         ("replace_head", loop_head),
         ("replace_head", lambda W, k, rng: (0.01 * rng.standard_normal((len(W), k)), np.zeros(k))),
         ("learning_rates", loop_rates), ("learning_rates", lambda lr, f, n: lr * f ** np.arange(n)[::-1]),
         ("fine_tune_step", loop_step), ("fine_tune_step", step)]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_right_answers_are_accepted(name, answer):
    found = verdict(name, answer)
    assert found.kind == "exact", found.text


@pytest.mark.parametrize(("name", "answer"), [RIGHT[0], RIGHT[2], RIGHT[4], RIGHT[6]])
def test_what_counts_as_right_is_the_answer_of_the_loops(name, answer):
    for case in EXERCISES[name].cases:
        got = answer(*copy.deepcopy(case.args))
        for output, part in zip(EXERCISES[name].outputs, got if isinstance(got, tuple) else (got,), strict=True):
            np.testing.assert_allclose(output.right(case.args), part, rtol=1e-12)


def stub(*arguments):
    """What the function does."""
    ...                                                 # noqa: PIE790


@pytest.mark.parametrize("name", NAMES)
def test_unfilled_stub_is_not_started(name):
    assert verdict(name, stub).kind == "not_started"


# -- wrong answers -----------------------------------------------------------------------------------------------------


def head(shape, scale=0.01, bias=np.zeros):
    return lambda W, k, rng: (scale * rng.standard_normal(shape(W, k)), bias(k))


def uphill(W, dW, rates, frozen):
    return 2 * W - step(W, dW, rates, frozen)


def in_place(W, dW, rates, frozen):
    W[frozen:] -= rates[frozen:, None] * dW[frozen:]
    return W


WRONG = [
    ("pooled_features", lambda m: m.sum(axis=(1, 2)), "factor", "added up"),
    ("pooled_features", lambda m: m.max(axis=(1, 2)), "mistake", "largest"),
    ("pooled_features", lambda m: m.mean(axis=3), "axis", "LAST axis"),
    ("pooled_features", lambda m: m.mean(axis=(2, 3)), "axis", "channels came first"),
    ("pooled_features", lambda m: m.reshape(len(m), -1), "missing", "in a row"),
    ("pooled_features", lambda m: m.mean(axis=(0, 1, 2)), "axis", "own row"),
    ("pooled_features", lambda m: m.mean(axis=1), "missing", "columns are left"),
    ("replace_head", head(lambda W, k: (len(W), k), 1.0), "factor", "0.01"),
    ("replace_head", head(lambda W, k: W.shape), "shape", "old head"),
    ("replace_head", head(lambda W, k: (k, len(W))), "shape", "wrong way round"),
    ("replace_head", head(lambda W, k: (len(W), k), bias=np.ones), "mistake", "begin at 0"),
    ("replace_head", lambda W, k, rng: (np.zeros((len(W), k)), np.zeros(k)), "missing", "all weights are 0"),
    ("replace_head", lambda W, k, rng: (np.resize(W.T, (k, len(W))).T, np.zeros(k)), "mistake", "other classes"),
    ("learning_rates", lambda lr, f, n: lr * f ** np.arange(n), "axis", "wrong way round"),
    ("learning_rates", lambda lr, f, n: lr * f ** np.arange(n, 0, -1), "factor", "1 too large"),
    ("learning_rates", lambda lr, f, n: np.full(n, lr), "missing", "same rate"),
    ("learning_rates", lambda lr, f, n: f ** np.arange(n)[::-1], "missing", "lr is missing"),
    ("learning_rates", lambda lr, f, n: lr * (1 - (1 - f) * np.arange(n)[::-1]), "mistake", "along a line"),
    ("fine_tune_step", lambda W, dW, r, f: W - r[:, None] * dW, "missing", "nothing is frozen"),
    ("fine_tune_step", lambda W, dW, r, f: W - (r * (np.arange(len(r)) < f))[:, None] * dW, "mistake", "upper layers"),
    ("fine_tune_step", lambda W, dW, r, f: W - (r * (np.arange(len(r)) > f))[:, None] * dW, "mistake", "too many"),
    ("fine_tune_step", uphill, "sign", "uphill"),
    ("fine_tune_step", lambda W, dW, r, f: step(W, dW, r[::-1], f), "mistake", "wrong order"),
    ("fine_tune_step", lambda W, dW, r, f: step(W, dW, r, f) * (np.arange(len(r)) >= f)[:, None], "mistake", "forget"),
    ("fine_tune_step", in_place, "changes_input", "writes into W"),
]


@pytest.mark.parametrize(("name", "answer", "kind", "words"), WRONG, ids=[f"{w[0]}-{i}" for i, w in enumerate(WRONG)])
def test_wrong_answers_are_told_what_is_wrong(name, answer, kind, words):
    found = verdict(name, answer)
    assert found.kind == kind and words in found.text, found


@pytest.mark.parametrize("name", NAMES)
def test_every_known_mistake_is_wrong_and_unlike_the_others(name):
    """No mistake gives the right answer, and no two the same, in all cases."""
    exercise = EXERCISES[name]
    for output in exercise.outputs:
        answers = [[output.right(case.args) for case in exercise.cases]]
        answers += [[with_mistake(output, mistake, case.args) for case in exercise.cases]
                    for mistake in output.mistakes]
        for i, one in enumerate(answers):
            for other in answers[:i]:
                assert not all(np.shape(a) == np.shape(b) and np.allclose(a, b, equal_nan=True)
                               for a, b in zip(one, other, strict=True))
