"""The exercise on reading a run: right answers are accepted, wrong ones are told what is wrong with them."""

import math

import numpy as np
import pytest

from cs231n_helpers import optim
from cs231n_helpers.exercises import EXERCISES, verdict

EXERCISE = EXERCISES["update_ratio"]


# -- right answers, with plain loops and as a learner writes them ------------------------------------------------------

def loops(W, dW, lr):
    step = size = 0.0
    for w, slope in zip(W.ravel().tolist(), dW.ravel().tolist(), strict=True):
        step, size = step + (lr * slope) ** 2, size + w * w
    return math.sqrt(step) / math.sqrt(size)


def as_in_the_notes(W, dW, lr):
    update = -lr * dW
    return np.linalg.norm(update.ravel()) / np.linalg.norm(W.ravel())


def helper(W, dW, lr):
    return optim.update_ratio(W, W - lr * dW)


@pytest.mark.parametrize("answer", [loops, as_in_the_notes, helper,
                                    lambda W, dW, lr: lr * np.linalg.norm(dW) / np.linalg.norm(W)])
def test_right_answers_are_accepted(answer):
    found = verdict("update_ratio", answer)
    assert (found.kind, "warning" in found.text) == ("exact", False), found.text


def test_what_counts_as_right_is_the_answer_of_the_loops():
    for case in EXERCISE.cases:
        assert EXERCISE.outputs[0].right(case.args) == pytest.approx(loops(*case.args), rel=1e-12)
    assert loops(np.array([[3.0, 0], [0, 4]]), np.array([[0.3, 0], [0.4, 0]]), 0.01) == pytest.approx(0.001)


# -- not started, and wrong --------------------------------------------------------------------------------------------

def test_unfilled_stub_is_not_started():
    def stub(W, dW, lr):
        """What the function does."""
        ...                                             # noqa: PIE790

    assert verdict("update_ratio", stub).kind == "not_started"


def writes_into_dW(W, dW, lr):
    dW *= -lr
    return np.linalg.norm(dW) / np.linalg.norm(W)


norm = np.linalg.norm
WRONG = [
    (lambda W, dW, lr: norm(W) / norm(lr * dW), "mistake", "upside down"),
    (lambda W, dW, lr: norm(dW) / norm(W), "missing", "learning rate is missing"),
    (lambda W, dW, lr: norm(dW / lr) / norm(W), "mistake", "learning rate divides"),
    (lambda W, dW, lr: ((lr * dW) ** 2).sum() / (W**2).sum(), "missing", "above and below"),
    (lambda W, dW, lr: ((lr * dW) ** 2).sum() / norm(W), "missing", "root is missing above"),
    (lambda W, dW, lr: norm(lr * dW) / (W**2).sum(), "missing", "root is missing below"),
    (lambda W, dW, lr: -lr * norm(dW) / norm(W), "sign", "never negative"),
    (lambda W, dW, lr: np.mean(np.abs(lr * dW) / np.abs(W)), "mistake", "element by element"),
    (lambda W, dW, lr: np.mean(lr * dW) / np.mean(W), "mistake", "plus and minus cancel"),
    (lambda W, dW, lr: np.abs(lr * dW).sum() / np.abs(W).sum(), "mistake", "sums of absolute values"),
    (lambda W, dW, lr: np.abs(lr * dW).max() / np.abs(W).max(), "mistake", "largest elements"),
    (lambda W, dW, lr: norm(lr * dW, 2) / norm(W, 2), "mistake", "norm(W, 2)"),
    (lambda W, dW, lr: norm(lr * dW, 1) / norm(W, 1), "mistake", "norm(W, 1)"),
    (lambda W, dW, lr: norm(lr * dW) / norm(W - lr * dW), "mistake", "length of the new W"),
    (lambda W, dW, lr: norm(lr * dW), "missing", "divide by the length of W"),
    (lambda W, dW, lr: (norm(lr * dW, axis=0) / norm(W, axis=0)).mean(), "mistake", "each column"),
    (lambda W, dW, lr: norm(lr * dW, axis=0) / norm(W, axis=0), "shape", "One number"),
    (lambda W, dW, lr: np.abs(lr * dW) / np.abs(W), "shape", "One number"),
    (writes_into_dW, "changes_input", "writes into dW"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "kind", "words"), WRONG, ids=[f"{i}-{w[2]}" for i, w in enumerate(WRONG)])
def test_wrong_answers_are_told_what_is_wrong(answer, kind, words):
    found = verdict("update_ratio", answer)
    assert found.kind == kind and words in found.text, found
