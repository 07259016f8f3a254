"""Exercise of notebook 04: batch_norm(x, gamma, beta) in training, with the gradient over the mean and the variance."""

import numpy as np

from .affine import row_mistakes
from .exercise import Exercise, Mistake, Output, case, numbers

EPS = 1e-5
FORMULA = "y = gamma * (x - mean) / sqrt(var + 1e-5) + beta, with the mean and var of each column."
DX = "dx = (d - d.mean(axis=0) - x_hat * (d * x_hat).mean(axis=0)) / std with d = dy * gamma."
X_HAT, SHIFT = "gamma * x_hat", "beta"


def _x_hat(x):
    return (x - x.mean(axis=0)) / _std(x)


def _std(x):
    return np.sqrt(x.var(axis=0) + EPS)


def _row(x, gamma, beta, dy):
    return np.broadcast_to(beta, x.shape)


def _scaled(normal):
    """gamma * normal(x)."""
    return lambda x, gamma, beta, dy: gamma * normal(x)


def _dx(answer):
    """Make a function of the four arguments of one of (d, x_hat, std)."""
    return lambda x, gamma, beta, dy: answer(dy * gamma, _x_hat(x), _std(x))


def _mean(a):
    return a.mean(axis=0)


_Y_MISTAKES = (
    Mistake(f"wrong axis: the mean and variance are those of each row. {FORMULA}", _scaled(
        lambda x: (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + EPS)), "axis"),
    Mistake(f"wrong axis: one mean and one variance of all numbers. {FORMULA}",
            _scaled(lambda x: (x - x.mean()) / np.sqrt(x.var() + EPS)), "axis"),
    Mistake(f"the mean is not subtracted. {FORMULA}", _scaled(lambda x: x / _std(x)), "missing"),
    Mistake(f"divided by the variance; its root is missing. {FORMULA}",
            _scaled(lambda x: (x - x.mean(axis=0)) / (x.var(axis=0) + EPS)), "missing"),
    Mistake(f"x is only centred, not divided. {FORMULA}", _scaled(lambda x: x - x.mean(axis=0)), "missing"),
    Mistake("the variance is divided by N - 1; np.var divides by N.",
            _scaled(lambda x: (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0, ddof=1) + EPS))),
    Mistake(f"the 1e-5 is missing. {FORMULA}", _scaled(lambda x: (x - x.mean(axis=0)) / x.std(axis=0)), "missing"),
    Mistake(f"the 1e-5 is added to the root; it belongs under it. {FORMULA}",
            _scaled(lambda x: (x - x.mean(axis=0)) / (x.std(axis=0) + EPS))),
    Mistake(f"gamma is missing. {FORMULA}", lambda x, gamma, beta, dy: _x_hat(x), "missing"),
    Mistake(f"gamma and beta are exchanged. {FORMULA}", lambda x, gamma, beta, dy: beta * _x_hat(x) + gamma,
            term="all"),
    Mistake(f"gamma multiplies beta, too. {FORMULA}", lambda x, gamma, beta, dy: gamma * (_x_hat(x) + beta),
            term="all"),
)
_DX_MISTAKES = (
    Mistake(f"mean and variance are taken as constants, as at test time; in training they depend on x. {DX}",
            _dx(lambda d, x_hat, std: d / std), "missing"),
    Mistake(f"the way over the variance is missing. {DX}", _dx(lambda d, x_hat, std: (d - _mean(d)) / std), "missing"),
    Mistake(f"the way over the mean is missing. {DX}",
            _dx(lambda d, x_hat, std: (d - x_hat * _mean(d * x_hat)) / std), "missing"),
    Mistake(f"gamma is missing. {DX}", lambda x, gamma, beta, dy: (
        dy - _mean(dy) - _x_hat(x) * _mean(dy * _x_hat(x))) / _std(x), "missing"),
    Mistake(f"sums stand where means should: N times too much is taken out. {DX}",
            _dx(lambda d, x_hat, std: (d - d.sum(axis=0) - x_hat * (d * x_hat).sum(axis=0)) / std), "factor"),
    Mistake(f"the division by std is missing. {DX}",
            _dx(lambda d, x_hat, std: d - _mean(d) - x_hat * _mean(d * x_hat)), "missing"),
    Mistake(f"divided by the variance instead of std. {DX}",
            _dx(lambda d, x_hat, std: (d - _mean(d) - x_hat * _mean(d * x_hat)) / std**2)),
    Mistake(f"wrong axis of the means: they are taken over each column. {DX}", _dx(lambda d, x_hat, std: (
        d - d.mean(axis=1, keepdims=True) - x_hat * (d * x_hat).mean(axis=1, keepdims=True)) / std), "axis"),
    Mistake(f"wrong sign of the way over the variance. {DX}",
            _dx(lambda d, x_hat, std: (d - _mean(d) + x_hat * _mean(d * x_hat)) / std), "sign"),
    Mistake(f"wrong sign of the way over the mean. {DX}",
            _dx(lambda d, x_hat, std: (d + _mean(d) - x_hat * _mean(d * x_hat)) / std), "sign"),
    Mistake(f"dy is passed on as it is. {DX}", lambda x, gamma, beta, dy: dy, "missing"),
)
_DGAMMA = "dgamma = (dy * x_hat).sum(axis=0): (N, D) -> (D,)."
_DGAMMA_MISTAKES = (
    Mistake(f"x stands where x_hat should. {_DGAMMA}", lambda x, gamma, beta, dy: (dy * x).sum(axis=0)),
    Mistake(f"the factor x_hat is missing. {_DGAMMA}", lambda x, gamma, beta, dy: dy.sum(axis=0), "missing"),
    Mistake(f"y stands where x_hat should. {_DGAMMA}",
            lambda x, gamma, beta, dy: (dy * (gamma * _x_hat(x) + beta)).sum(axis=0)),
    Mistake(f"gamma is multiplied in. {_DGAMMA}", lambda x, gamma, beta, dy: (dy * gamma * _x_hat(x)).sum(axis=0)),
    Mistake(f"wrong axis of the sum. {_DGAMMA}", lambda x, gamma, beta, dy: (dy * _x_hat(x)).sum(axis=1), "axis"),
    Mistake(f"the sum is missing: gamma is used in all N rows. {_DGAMMA}", lambda x, gamma, beta, dy: dy * _x_hat(x),
            "shape"),
    Mistake(f"everything is added up. {_DGAMMA}", lambda x, gamma, beta, dy: (dy * _x_hat(x)).sum(), "axis"),
)


def _batch(label, seed, N, D, scale=1.0):
    return case(label, scale * numbers(seed, N, D) + numbers(seed + 1, D), numbers(seed + 2, D) + 0.005,
                numbers(seed + 3, D), numbers(seed + 4, N, D) + 0.005)


BATCH_NORM = Exercise(
    name="batch_norm", call="batch_norm(x, gamma, beta)", upstream="dy",
    arguments={"x": "ND", "gamma": "D", "beta": "D", "dy": "ND"},
    outputs=(
        Output("y", "y", "ND", {X_HAT: _scaled(_x_hat), SHIFT: _row}, _Y_MISTAKES),
        Output("dx", "dx", "ND", {"dx": _dx(lambda d, x_hat, std: (d - _mean(d) - x_hat * _mean(d * x_hat)) / std)},
               _DX_MISTAKES),
        Output("dgamma", "dgamma", "D", {"the sum of dy * x_hat": lambda x, gamma, beta, dy: (
            dy * _x_hat(x)).sum(axis=0)}, _DGAMMA_MISTAKES),
        Output("dbeta", "dbeta", "D", {"the sum of the rows of dy": lambda x, gamma, beta, dy: dy.sum(axis=0)},
               row_mistakes("beta", "D", lambda x, gamma, beta, dy: dy)),
    ),
    cases=(
        _batch("5 examples of 3 features", 231, 5, 3),
        _batch("4 examples of 4 features: square", 236, 4, 4),
        _batch("a batch of two (N = 2)", 241, 2, 5),
        _batch("one feature (D = 1)", 246, 6, 1),
        _batch("features that hardly vary", 251, 7, 2, scale=0.01),
    ),
    counts="ND",
)
