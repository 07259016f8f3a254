"""Exercises "bug_a" to "bug_e" of notebook 03: the functions of `bugs`, mended."""

from dataclasses import replace

import numpy as np

from .affine import AFFINE, row_mistakes
from .backprop import CROSS_ENTROPY, PAIR, sigmoid
from .exercise import Exercise, Mistake, Output, case, numbers

BUG_A = replace(AFFINE, name="bug_a", call="mended_a(X, W, b)")
BUG_B = replace(CROSS_ENTROPY, name="bug_b", call="mended_b(scores, y)")

# -- mended_c(X, b): X + b ---------------------------------------------------------------------------------------------


def _added(label, seed, N, D):
    return case(label, numbers(seed, N, D), numbers(seed + 1, D), numbers(seed + 2, N, D))


BUG_C = Exercise(
    name="bug_c", call="mended_c(X, b)", arguments={"X": "ND", "b": "D", "dy": "ND"}, upstream="dy",
    outputs=(
        Output("y", "y", "ND", {"X": lambda X, b, dy: X, "b": lambda X, b, dy: np.broadcast_to(b, X.shape)}),
        Output("dX", "dX", "ND", {"dy": lambda X, b, dy: dy}, (
            Mistake("X is multiplied in; an addition passes dy on as it is: dX = dy.", lambda X, b, dy: dy * X),
        )),
        Output("db", "db", "D", {"the sum of the rows of dy": lambda X, b, dy: dy.sum(axis=0)},
               row_mistakes("b", "D", lambda X, b, dy: dy)),
    ),
    cases=(_added("4 rows of 3 numbers", 111, 4, 3), _added("3 rows of 3 numbers: square", 114, 3, 3),
           _added("one row (N = 1)", 117, 1, 5)),
    counts="ND",
)

# -- mended_d(x): x * sigmoid(x) ---------------------------------------------------------------------------------------

_PATHS = "x is used twice, in the product and in the sigmoid, so dx is the sum of two gradients:"
_BOTH = "dx = dy * s + dy * x * s * (1 - s)."
THROUGH = "the path through the sigmoid, dy * x * s * (1 - s),"


def _straight(x, dy):
    return dy * sigmoid(x)


def _through(x, dy):
    """Along the path through the sigmoid."""
    return dy * x * sigmoid(x) * (1 - sigmoid(x))


BUG_D = Exercise(
    name="bug_d", call="mended_d(x)", arguments={"x": "ND", "dy": "ND"}, upstream="dy",
    outputs=(
        Output("y", "y", "ND", {"x * sigmoid(x)": lambda x, dy: x * sigmoid(x)}),
        Output("dx", "dx", "ND", {"the straight path, dy * s,": _straight, THROUGH: _through}, (
            Mistake(f"overwritten fork: only the second gradient is left. {_PATHS} {_BOTH}",
                    _through, "missing", "all"),
            Mistake(f"the local gradient of the sigmoid is s * (1 - s): {_BOTH}",
                    lambda x, dy: dy * x * sigmoid(x), term=THROUGH),
            Mistake(f"the factor x is missing on the path through the sigmoid: {_BOTH}",
                    lambda x, dy: dy * sigmoid(x) * (1 - sigmoid(x)), "missing",
                    THROUGH),
            Mistake(f"the two gradients are multiplied; add them. {_PATHS} {_BOTH}",
                    lambda x, dy: _straight(x, dy) * _through(x, dy), term="all"),
        )),
    ),
    cases=(case("4 rows of 3 numbers", numbers(121, 4, 3), numbers(122, 4, 3)),
           case("a single 0 (1 x 1)", np.array([[0.0]]), np.array([[3.0]])),
           case("larger numbers", 5 * numbers(123, 2, 5), numbers(124, 2, 5))),
    counts="ND",
)

# -- mended_e(x, y): x / y ---------------------------------------------------------------------------------------------

_DY = "dy = -dz * x / y**2."


def _divided(label, seed, N, D):
    y = numbers(seed + 1, N, D)
    return case(label, numbers(seed, N, D), np.where(y < 0, y - 0.5, y + 0.5), numbers(seed + 2, N, D))


BUG_E = Exercise(
    name="bug_e", call="mended_e(x, y)", arguments=PAIR, upstream="dz",
    outputs=(
        Output("z", "the quotient z", "ND", {"x / y": lambda x, y, dz: x / y}, (
            Mistake("the fraction is upside down: x / y.", lambda x, y, dz: y / x),)),
        Output("dx", "dx", "ND", {"dz / y": lambda x, y, dz: dz / y}, (
            Mistake("dz is multiplied by y; for x / y the local gradient is 1 / y.", lambda x, y, dz: dz * y),
            Mistake("dz is passed on as it is; for x / y the local gradient is 1 / y.", lambda x, y, dz: dz, "missing"),
        )),
        Output("dy", "dy", "ND", {"-dz * x / y**2": lambda x, y, dz: -dz * x / y**2}, (
            Mistake(f"y is not squared: {_DY}", lambda x, y, dz: -dz * x / y, "mistake"),
            Mistake(f"y is not squared, and the minus is missing (wrong sign): {_DY}",
                    lambda x, y, dz: dz * x / y, "sign"),
            Mistake(f"the factor x is missing: {_DY}", lambda x, y, dz: -dz / y**2, "missing"),
            Mistake(f"dz is multiplied by x, as in a product: {_DY}", lambda x, y, dz: dz * x),
        )),
    ),
    cases=(_divided("4 rows of 3 numbers", 131, 4, 3), _divided("2 rows of 5 numbers", 134, 2, 5),
           case("a single number (1 x 1)", np.array([[6.0]]), np.array([[-3.0]]), np.array([[2.0]]))),
    counts="ND",
)

EXERCISES = (BUG_A, BUG_B, BUG_C, BUG_D, BUG_E)
