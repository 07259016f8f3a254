"""The slow gradient that cannot be wrong, and the comparison with the fast one that can.

    report = check(losses.softmax, scores, y)           # every number: four calls of the op for each
    report = check_along(losses.softmax, scores, y)     # large arrays: two calls for each of three random directions
    report["verdict"]                                   # "right: ..."

The scale of the notes for the relative error e, made one without gaps: e > 1e-2 wrong; 1e-4 < e <= 1e-2 suspicious;
1e-7 < e <= 1e-4 acceptable where there are kinks (max, |x|), too high without; e <= 1e-7 right; two zeros are equal.
Source: CS231n notes, Neural networks part 3, Gradient checks.
"""

import numpy as np

from cs231n_helpers import checks
from cs231n_helpers.gradients.arrays import moved as _moved
from cs231n_helpers.gradients.arrays import ratio as _ratio
from cs231n_helpers.gradients.arrays import wide as _wide
from cs231n_helpers.gradients.checking import check, check_along
from cs231n_helpers.gradients.report import band

__all__ = ["numerical_gradient", "relative_error", "check", "check_along", "band"]


def numerical_gradient(f, x, h=1e-5, centred=True):
    """The gradient of f at x, one element at a time: (f(x + h) - f(x - h)) / 2h, or (f(x + h) - f(x)) / h.

    f takes an array of the shape of x and returns one number. x: an array or a number; it is never written to, f gets
    a changed float64 copy and must use that. Needs two calls of f (or one) for each element: slow, approximate, simple.
    The centred form is the better one: its error falls with h^2, not h. Returns float64 of the shape of x.
    Source: CS231n notes, Optimization.
    """
    x = _wide("numerical_gradient", "x", x)
    h = checks.real("numerical_gradient", "h", h, above=0)
    gradient = np.empty_like(x)
    here = None if centred else _value(f, x)
    for index in np.ndindex(x.shape):
        after = _value(f, _moved(x, index, h))
        before = _value(f, _moved(x, index, -h)) if centred else here
        gradient[index] = (after - before) / (2 * h if centred else h)
    return gradient


def _value(f, x):
    value = f(x)
    if np.ndim(value) != 0:
        raise TypeError(f"numerical_gradient: f must return one number, got an array of shape {np.shape(value)}. "
                        "A loss? Take its sum or mean.")
    return float(value)


def relative_error(a, n):
    """The worst element of |a - n| / max(|a|, |n|) between two gradients of one shape; 0 where both are 0."""
    a, n = _wide("relative_error", "a", a), _wide("relative_error", "n", n)
    if a.shape != n.shape:
        raise ValueError(f"relative_error: a and n must have one shape, got {a.shape} and {n.shape}.")
    if a.size == 0:
        raise ValueError(f"relative_error: a and n are empty, shape {a.shape}; there is nothing to compare.")
    return float(_ratio(np.abs(a - n), np.maximum(np.abs(a), np.abs(n))).max())
