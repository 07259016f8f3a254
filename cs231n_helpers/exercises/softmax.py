"""Exercise of notebook 02: softmax_loss(W, X, y, strength) -> loss, dW."""

import numpy as np

from .exercise import Exercise, Mistake, Output, answering, case, numbers
from .regularised import (
    ARGUMENTS,
    PENALTY,
    PENALTY_GRADIENT,
    PENALTY_GRADIENT_MISTAKES,
    PENALTY_MISTAKES,
    batches,
    data_gradient,
    mean_loss,
    penalty,
    penalty_gradient,
)

CROSS_ENTROPY = "the cross-entropy, the mean of -log p at the true class,"
PROBABILITIES = "the part of the probabilities, X.T @ p / N,"
MINUS_ONE = "the -1 at the true class"
UNSTABLE = ("exp of 710 is already infinite, and so is log of 0: subtract from each row its own largest score before "
            "exp (all probabilities stay the same).")
WRONG_AXIS = ("wrong axis of the sum: the probabilities are normalised down the examples (axis 0); each row must add "
              "up to 1: axis=1.")
WHOLE_TABLE = ("wrong axis of the sum: the probabilities of the whole table add up to 1; each row must: "
               "sum(axis=1, keepdims=True).")


def log_p(scores, hot=None, axis=1):
    """Logarithms of the probabilities, (N, C); `hot`, which they do not need, makes all such functions alike."""
    shifted = scores - scores.max(axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))


def p(scores, hot=None, axis=1):
    return np.exp(log_p(scores, axis=axis))


def at_true(table, hot):
    return (table * hot).sum(1)


def _log_p_down(scores):
    """With the largest score of each row taken away as it should be, but the sum down the examples."""
    shifted = scores - scores.max(1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(0))


LOSS_MISTAKES = (                                       # answer(scores, hot) is the loss of each example, (N,)
    Mistake("the logarithm is missing: the loss is -log p, not -p.",
            lambda s, hot: -at_true(p(s), hot), "missing"),
    Mistake("the logarithm is missing: the loss is -log p, not 1 - p.",
            lambda s, hot: 1 - at_true(p(s), hot), "missing"),
    Mistake("minus and logarithm are missing: this is the probability of the true class; the loss is -log of it.",
            lambda s, hot: at_true(p(s), hot), "missing"),
    Mistake("the logarithm has base 2; the loss takes the natural one, np.log.",
            lambda s, hot: -at_true(log_p(s), hot) / np.log(2), "factor"),
    Mistake("the logarithm has base 10; the loss takes the natural one, np.log.",
            lambda s, hot: -at_true(log_p(s), hot) / np.log(10), "factor"),
    Mistake(WRONG_AXIS, lambda s, hot: -at_true(log_p(s, axis=0), hot), "axis"),
    Mistake(WRONG_AXIS, lambda s, hot: -at_true(_log_p_down(s), hot), "axis"),
    Mistake(WHOLE_TABLE, lambda s, hot: -at_true(log_p(s, axis=None), hot), "axis"),
    Mistake("-log p is added up over all classes; only the true class counts.",
            lambda s, hot: -log_p(s).sum(1)),
    Mistake("-log p of the most likely class is taken; the true class y counts, right or wrong.",
            lambda s, hot: -log_p(s).max(1)),
    Mistake("the score of the true class is missing: -log p = log(sum of exp(s)) - s_y.",
            lambda s, hot: at_true(s, hot) - at_true(log_p(s), hot), "missing"),
    Mistake("this is minus the score of the true class; the normalisation log(sum of exp(s)) is missing.",
            lambda s, hot: -at_true(s, hot), "missing"),
)
DSCORES_MISTAKES = (                                    # answer(scores, hot) takes the place of p, (N, C)
    Mistake("the -1 replaces the probability of the true class; subtract it there: p - 1.",
            lambda s, hot: p(s) * (1 - hot)),
    Mistake("dscores[:, y] are whole columns; dscores[np.arange(N), y] is one entry for each row, its true class.",
            lambda s, hot: p(s) - hot.max(0) + hot),
    Mistake("the scores stand where the probabilities should be.", lambda s, hot: s),
    Mistake("log p stands where the probabilities p should be.", log_p),
    Mistake(WRONG_AXIS, lambda s, hot: p(s, axis=0), "axis"),
    Mistake(WRONG_AXIS, lambda s, hot: np.exp(_log_p_down(s)), "axis"),
    Mistake(WHOLE_TABLE, lambda s, hot: p(s, axis=None), "axis"),
    Mistake("the softmax is differentiated by itself, p (1 - p); with the logarithm of the loss it becomes p - 1 "
            "at the true class and p elsewhere.", lambda s, hot: p(s) * (1 - p(s)) + hot),
)


def _large_scores():
    """The last feature is +1000 or -1000 and every class weighs it alike: scores of 1000 with ordinary differences."""
    W, X = numbers(31, 4, 3), numbers(32, 5, 4)
    W[-1], X[:, -1] = 1.0, [1000, 1000, -1000, 1000, -1000]
    return case("scores around 1000 and -1000", W, X, np.array([0, 2, 1, 2, 2]), 0.3)


SOFTMAX = Exercise(
    name="softmax", call="softmax_loss(W, X, y, strength)", arguments=ARGUMENTS,
    outputs=(
        Output("loss", "the loss", "", {CROSS_ENTROPY: mean_loss(lambda s, hot: -at_true(log_p(s), hot)),
                                        PENALTY: penalty},
               (*answering(LOSS_MISTAKES, mean_loss), *PENALTY_MISTAKES)),
        Output("dW", "the gradient", "DC", {PROBABILITIES: data_gradient(p),
                                            MINUS_ONE: data_gradient(lambda s, hot: -hot),
                                            PENALTY_GRADIENT: penalty_gradient},
               (*answering(DSCORES_MISTAKES, data_gradient), *PENALTY_GRADIENT_MISTAKES)),
    ),
    cases=batches(_large_scores()),
    counts="NCD",
    advice={"not_finite": UNSTABLE},
)

EXERCISES = (SOFTMAX,)
