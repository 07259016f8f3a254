"""The nonlinearities between the layers: without them a deep network would be one matrix. Elementwise, except maxout.

Each takes x of any shape and returns y of that shape (maxout: fewer units), and so does its gradient.
"""

import numpy as np

from cs231n_helpers import checks

from .arrays import floats, times


def relu(x):
    """max(0, x). The gradient passes where x > 0 and stops elsewhere; at the kink, x = 0, it is 0.

    A unit whose x is never above 0 gets no gradient any more: it is dead.
    Source: CS231n notes, Neural networks part 1.
    """
    x = floats("relu", "x", x)
    on = x > 0
    return np.maximum(x, 0), lambda dy: (dy * on,)


def leaky_relu(x, alpha=0.01):
    """x where x > 0, alpha * x elsewhere. The gradient passes where x > 0 and is scaled by alpha elsewhere, also at 0.

    So no unit is ever quite dead. Source: CS231n notes, Neural networks part 1.
    """
    x = floats("leaky_relu", "x", x)
    alpha = x.dtype.type(checks.real("leaky_relu", "alpha", alpha))
    on = x > 0                                                      # on + alpha * ~on: the slope, 1 or alpha
    return x * (on + alpha * ~on), lambda dy: (times(dy, on + alpha * ~on),)


def relu6(x):
    """min(max(0, x), 6). The gradient passes where 0 < x < 6 and stops elsewhere; it is 0 at both kinks.

    The bound keeps numbers small enough for coarse arithmetic: the activation of networks for phones.
    """
    x = floats("relu6", "x", x)
    on = (x > 0) & (x < 6)
    return np.minimum(np.maximum(x, 0), 6), lambda dy: (dy * on,)


def sigmoid(x):
    """1 / (1 + exp(-x)): squashes x to a number between 0 and 1. The local gradient is y (1 - y).

    At most 1/4, and 0 in both flat ends: a saturated unit passes nothing back. exp is only taken of -|x|, so nothing
    overflows. Example: x = 1 -> y = 0.731, local gradient 0.197.
    Source: CS231n notes, Backpropagation; Neural networks part 1.
    """
    x = floats("sigmoid", "x", x)
    with np.errstate(under="ignore"):                               # exp(-1000) is 0, and that is what is meant
        z = np.exp(-np.abs(x))                                      # at most 1
    y = np.maximum(z, x >= 0) / (1 + z)                             # 1 / (1 + z) or, for x < 0, z / (1 + z): the same
    return y, lambda dy: (times(dy, y * (1 - y)),)


def tanh(x):
    """(e^x - e^-x) / (e^x + e^-x) = 2 sigmoid(2x) - 1: squashes x to between -1 and 1. The local gradient is 1 - y^2.

    It is 1 at x = 0 and 0 in both flat ends. Source: CS231n notes, Neural networks part 1.
    """
    y = np.tanh(floats("tanh", "x", x))
    return y, lambda dy: (times(dy, (1 - y) * (1 + y)),)


def maxout(x, pieces=2):
    """The largest of `pieces` neighbours in the last axis: (..., units * pieces) -> (..., units).

    Unit u takes the maximum of x[..., u * pieces : (u + 1) * pieces]: its linear pieces stand next to each other, so a
    layer before it has `pieces` columns of weights for each unit. The gradient goes to the largest piece alone, the
    FIRST of equal ones; the others receive 0. With one piece fixed at 0 and two pieces it is a ReLU.
    Source: CS231n notes, Neural networks part 1.
    """
    x, pieces = floats("maxout", "x", x), checks.whole("maxout", "pieces", pieces, low=1)
    if x.ndim == 0 or x.shape[-1] % pieces:
        raise ValueError(f"maxout: the last axis of x must hold units * pieces numbers, pieces = {pieces}, got shape "
                         f"{x.shape}. Choose pieces so that it divides the length of that axis.")
    competing = [x[..., p::pieces] for p in range(pieces)]          # loop over the few pieces, not the many units
    y = +competing[0]                                               # (..., units), a copy
    for piece in competing[1:]:
        y = np.maximum(y, piece)
    return y, _to_the_first_winner(x.shape, x.dtype, [piece == y for piece in competing])


def _to_the_first_winner(shape, dtype, largest):
    """The back of maxout. largest: for each piece, where it is (one of) the largest, (..., units)."""
    for p in range(1, len(largest)):
        largest[p] &= ~np.logical_or.reduce(largest[:p])            # an earlier piece goes first

    def back(dy):
        dx = np.empty(shape, dtype)
        for p, on in enumerate(largest):
            dx[..., p::len(largest)] = dy * on
        return (dx,)

    return back
