"""The bug lab: five functions whose `back` is wrong, and the typical wrong gradients of every exercise of notebook 03.

No bug shows in a shape: with square matrices everything fits, runs, and is wrong. A gradient check finds them.
"""

import numpy as np

from cs231n_helpers import checks

NAMES = ("missing transpose", "missing 1/N", "wrong axis of the sum", "overwritten fork", "wrong sign",
         "forgotten term")

# -- five functions to mend, "bug_a" to "bug_e" ------------------------------------------------------------------------


def broken_a(X, W, b):
    """The scores X @ W + b, with X (N, D), W (D, C), b (C,)."""
    def back(dy):
        dX = dy @ W
        dW = X.T @ dy
        db = dy.sum(axis=0)
        return dX, dW, db

    return X @ W + b, back


def broken_b(scores, y):
    """The softmax loss, the mean over the N examples of -log p of the true class; scores (N, C), labels y (N,)."""
    rows = np.arange(len(y))
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))

    def back(d=1.0):
        dscores = np.exp(log_p)
        dscores[rows, y] -= 1
        return (d * dscores,)

    return -log_p[rows, y].mean(), back


def broken_c(X, b):
    """X + b: the row b (D,) is added to every row of X (N, D)."""
    def back(dy):
        return dy, dy.sum(axis=1)

    return X + b, back


def broken_d(x):
    """x * sigmoid(x), place by place."""
    s = 1 / (1 + np.exp(-x))

    def back(dy):
        ds = dy * x
        dx = dy * s
        dx = ds * s * (1 - s)
        return (dx,)

    return x * s, back


def broken_e(x, y):
    """x / y, place by place."""
    def back(dz):
        dx = dz / y
        dy = dz * x / y**2
        return dx, dy

    return x / y, back


# -- a wrong gradient for every exercise and every bug that it can have ------------------------------------------------

def _sigmoid(x):
    return 0.5 * (1 + np.tanh(x / 2))


def _probabilities(scores, axis=1):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _one_hot(scores, y):
    return np.arange(scores.shape[1]) == y[:, None]                         # (N, C)


def _loss(scores, y):
    return -np.log(_probabilities(scores)[np.arange(len(y)), y]).mean()


FORWARD = {
    "mul": lambda x, y: x * y,
    "max": np.maximum,
    "sigmoid": _sigmoid,
    "affine": lambda X, W, b: X @ W + b,
    "cross_entropy": _loss,
    "bug_a": lambda X, W, b: X @ W + b,
    "bug_b": _loss,
    "bug_c": lambda X, b: X + b,
    "bug_d": lambda x: x * _sigmoid(x),
    "bug_e": lambda x, y: x / y,
}

_AFFINE = {
    "missing transpose": lambda X, W, b, dy: (dy @ W, X.T @ dy, dy.sum(axis=0)),
    "wrong axis of the sum": lambda X, W, b, dy: (dy @ W.T, X.T @ dy, dy.sum(axis=1)),
    "overwritten fork": lambda X, W, b, dy: (dy @ W.T, X.T @ dy, dy[-1]),
    "wrong sign": lambda X, W, b, dy: (dy @ W.T, X.T @ dy, -dy.sum(axis=0)),
}
_CROSS_ENTROPY = {
    "missing 1/N": lambda scores, y, d: (d * (_probabilities(scores) - _one_hot(scores, y)),),
    "wrong axis of the sum": lambda scores, y, d: (
        d * (_probabilities(scores, axis=0) - _one_hot(scores, y)) / len(scores),),
    "wrong sign": lambda scores, y, d: (d * (_one_hot(scores, y) - _probabilities(scores)) / len(scores),),
    "forgotten term": lambda scores, y, d: (d * _probabilities(scores) / len(scores),),
}
WRONG = {                                               # exercise -> bug -> gradients (*arrays, upstream gradient)
    "mul": {"wrong sign": lambda x, y, dz: (dz * y, -dz * x)},
    "max": {"wrong sign": lambda x, y, dz: (dz * (x >= y), -dz * (x < y))},
    "sigmoid": {"wrong sign": lambda x, dy: (-dy * _sigmoid(x) * (1 - _sigmoid(x)),)},
    "affine": _AFFINE,
    "cross_entropy": _CROSS_ENTROPY,
    "bug_a": _AFFINE,
    "bug_b": _CROSS_ENTROPY,
    "bug_c": {
        "wrong axis of the sum": lambda X, b, dy: (dy, dy.sum(axis=1)),
        "overwritten fork": lambda X, b, dy: (dy, dy[-1]),
        "wrong sign": lambda X, b, dy: (dy, -dy.sum(axis=0)),
    },
    "bug_d": {
        "overwritten fork": lambda x, dy: (dy * x * _sigmoid(x) * (1 - _sigmoid(x)),),
        "wrong sign": lambda x, dy: (dy * _sigmoid(x) - dy * x * _sigmoid(x) * (1 - _sigmoid(x)),),
        "forgotten term": lambda x, dy: (dy * _sigmoid(x),),
    },
    "bug_e": {"wrong sign": lambda x, y, dz: (dz / y, dz * x / y**2)},
}
APPLY = {exercise: tuple(bug for bug in NAMES if bug in bugs) for exercise, bugs in WRONG.items()}


def wrong(exercise_name, bug_name):
    """A function that is right in its value and has the bug `bug_name` in its gradient; `APPLY` tells which there are.

    It is called as the answer to the exercise: y, back = wrong("affine", "missing transpose")(X, W, b). Without an
    upstream gradient, back() takes 1. Bugs that change a shape fit square arrays only.
    """
    checks.one_of("bugs.wrong", "exercise_name", exercise_name, WRONG)
    checks.one_of("bugs.wrong", "bug_name", bug_name, APPLY[exercise_name])
    value, gradients = FORWARD[exercise_name], WRONG[exercise_name][bug_name]

    def operation(*arrays):
        return value(*arrays), lambda upstream=1.0: gradients(*arrays, upstream)

    return operation
