"""What the exercises on SVM and softmax share: the penalty and its gradient, the batches, and how scores enter."""

import numpy as np

from .exercise import Mistake, case, numbers

PENALTY = "the penalty 1/2 strength sum(W^2)"
PENALTY_GRADIENT = "the gradient of the penalty, strength W,"
ARGUMENTS = {"W": "DC", "X": "ND", "y": "N", "strength": ""}


def penalty(W, X, y, strength):
    return 0.5 * strength * (W**2).sum()


def penalty_gradient(W, X, y, strength):
    return strength * W


def hot_rows(y, C):
    """One-hot labels (N, C): 1 at the true class."""
    return (np.arange(C) == y[:, None]).astype(float)


def data_gradient(dscores):
    """The gradient X.T @ dscores / N, where dscores(scores, hot) has shape (N, C)."""
    return lambda W, X, y, strength: X.T @ dscores(X @ W, hot_rows(y, W.shape[1])) / len(X)


def mean_loss(losses):
    """The mean over examples of losses(scores, hot), shape (N,)."""
    return lambda W, X, y, strength: losses(X @ W, hot_rows(y, W.shape[1])).mean()


PENALTY_MISTAKES = (
    Mistake("the penalty adds up |W|; this one adds up W^2.",
            lambda W, X, y, strength: 0.5 * strength * np.abs(W).sum(), term=PENALTY),
    Mistake("the penalty takes the root of sum(W^2); leave the root out.",
            lambda W, X, y, strength: 0.5 * strength * np.sqrt((W**2).sum()), term=PENALTY),
    Mistake("the penalty is the mean of W^2; it should be the sum.",
            lambda W, X, y, strength: 0.5 * strength * (W**2).mean(), term=PENALTY),
    Mistake("the penalty squares sum(W); square each weight first, then add.",
            lambda W, X, y, strength: 0.5 * strength * W.sum()**2, term=PENALTY),
    Mistake("the penalty is there without its strength.", lambda W, X, y, strength: 0.5 * (W**2).sum(), term=PENALTY),
)
PENALTY_GRADIENT_MISTAKES = (
    Mistake("overwritten fork: only the gradient of the penalty is left. W is used twice, in the scores and in the "
            "penalty, so dW is the sum of two gradients.", penalty_gradient, "missing", "all"),
    Mistake("the gradient of the penalty is W without the strength; it is strength W.",
            lambda W, X, y, strength: W, term=PENALTY_GRADIENT),
    Mistake("the penalty itself (one number) is added to the gradient; its gradient is strength W.",
            lambda *args: np.full(args[0].shape, penalty(*args)), term=PENALTY_GRADIENT),
    Mistake("the gradient of the penalty is strength sign(W), that of |W|; for 1/2 W^2 it is strength W.",
            lambda W, X, y, strength: strength * np.sign(W), term=PENALTY_GRADIENT),
)


def batches(*extra):
    W, X, y = numbers(21, 4, 3), numbers(22, 5, 4), np.array([2, 0, 1, 1, 2])
    return (
        case("5 examples in 3 classes", W, X, y, 0.7),
        case("more classes than examples", numbers(23, 2, 6), numbers(24, 3, 2), np.array([5, 0, 3]), 0.25),
        case("one example (N = 1)", numbers(25, 3, 4), numbers(26, 1, 3), np.array([1]), 0.4),
        case("strength 0", numbers(27, 3, 2), numbers(28, 7, 3), np.array([1, 0, 0, 1, 1, 0, 1]), 0.0),
        case("W = 0, all scores equal", np.zeros((4, 5)), numbers(29, 6, 4), np.array([4, 2, 0, 2, 1, 3]), 0.5),
        *extra,
    )
