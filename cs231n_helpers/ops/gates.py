"""The gates of a circuit: add distributes the gradient, mul swaps the inputs, max routes; any circuit is made of these.

Every gate works elementwise on arrays of any shape, a single number included. Two arrays broadcast as in NumPy, and
each gradient is then summed back to the shape of its array. Upstream gradient: dz for z = x + y, dy for y = exp(x).
Inside this file `max` and `sum` are the gates, not Python's functions.
"""

import math

import numpy as np

from cs231n_helpers import checks

from .arrays import floats, pair, refuse, times, unbroadcast


def add(x, y):
    """x + y. The gate that distributes: both inputs receive the upstream gradient, whatever their values.

    x and y broadcast to z. Backwards: dx = dz, dy = dz, each summed to the shape of its array.
    Source: CS231n notes, Backpropagation.
    """
    x, y = pair("add", x, y)
    a, b = x.shape, y.shape
    return x + y, lambda dz: (unbroadcast(+dz, a), unbroadcast(+dz, b))     # +dz is a copy: no memory is shared


def sub(x, y):
    """x - y. Distributes like add, but y receives the upstream gradient with its sign turned: dx = dz, dy = -dz.

    x and y broadcast to z; each gradient is summed to the shape of its array.
    """
    x, y = pair("sub", x, y)
    a, b = x.shape, y.shape
    return x - y, lambda dz: (unbroadcast(+dz, a), unbroadcast(-dz, b))


def mul(x, y):
    """x * y, elementwise. The gate that swaps: each input receives the upstream gradient times the OTHER input.

    x and y broadcast to z. Backwards: dx = dz * y, dy = dz * x, each summed to the shape of its array. So a small input
    gives its partner a small gradient: scaling the data scales the gradients of the weights.
    Example: x = 3, y = -4, dz = 1 -> z = -12, dx = -4, dy = 3.
    Source: CS231n notes, Backpropagation.
    """
    x, y = pair("mul", x, y)
    return x * y, lambda dz: (unbroadcast(dz * y, x.shape), unbroadcast(dz * x, y.shape))


def neg(x):
    """-x. The gradient passes with its sign turned: dx = -dy, the shape of x."""
    return -floats("neg", "x", x), lambda dy: (-dy,)


def reciprocal(x):
    """1 / x, elementwise. The local gradient is -1 / x^2 = -y^2: dx = -dy * y * y, the shape of x. x must not be 0.

    Example: x = 1.37, dy = 1 -> y = 0.73, dx = -0.53.
    Source: CS231n notes, Backpropagation (the sigmoid neuron, gate by gate).
    """
    x = floats("reciprocal", "x", x)
    refuse("reciprocal", x, x == 0, "x different from 0", "Nothing can be divided by zero: add a small number to x.")
    with np.errstate(over="ignore", under="ignore"):
        y = 1 / x
    return y, lambda dy: (times(times(dy, y), -y),)


def power(x, exponent):
    """x ^ exponent, elementwise; the exponent is a setting: one number, without a gradient.

    The local gradient is exponent * x^(exponent - 1): dx = dy * that, the shape of x. x < 0 needs a whole exponent, and
    x = 0 one that is not negative (0^0 is 1). The slope of 0^0.5 is infinite.
    """
    x, exponent = floats("power", "x", x), checks.real("power", "exponent", exponent)
    _power_exists(x, exponent)
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        y = x ** exponent

    def back(dy):
        with np.errstate(over="ignore", under="ignore", divide="ignore"):
            slope = exponent * x ** (exponent - 1) if exponent else 0 * x       # x^0 is flat everywhere
        return (times(dy, slope),)

    return y, back


def _power_exists(x, exponent):
    if not exponent.is_integer():
        refuse("power", x, x < 0, f"x >= 0 for the exponent {exponent}",
               "A negative number has whole powers only: round the exponent, or take |x|.")
    if exponent < 0:
        refuse("power", x, x == 0, f"x different from 0 for the exponent {exponent}",
               "Nothing can be divided by zero: add a small number to x.")


def exp(x):
    """e^x, elementwise. The local gradient is the value itself: dx = dy * y, the shape of x.

    Above x = 709 (float32: 88) the value is inf, without a warning; where dy is 0 the gradient is 0 even then.
    Source: CS231n notes, Backpropagation.
    """
    x = floats("exp", "x", x)
    with np.errstate(over="ignore", under="ignore"):                # exp(1000) is inf, exp(-1000) is 0: meant so
        y = np.exp(x)
    return y, lambda dy: (times(dy, y),)


def log(x):
    """The natural logarithm of x > 0, elementwise. The local gradient is 1 / x: dx = dy / x, the shape of x."""
    x = floats("log", "x", x)
    refuse("log", x, ~(x > 0), "x > 0", "The logarithm exists for positive numbers only: add a small number to x.")

    def back(dy):
        with np.errstate(over="ignore", under="ignore"):            # 1 / 1e-310 is inf: steeper than floats can say
            return (dy / x,)

    return np.log(x), back


def maximum(x, y):
    """The larger of x and y, elementwise. The gate that routes: the larger input receives all of dz, the other 0.

    x and y broadcast to z; each gradient is summed to the shape of its array. At a tie the slope is any number between
    the two sides; here the FIRST input, x, receives all. So maximum(0, x) is a ReLU that passes nothing back at x = 0.
    Example: x = 3, y = 2, dz = 2 -> z = 3, dx = 2, dy = 0.
    Source: CS231n notes, Backpropagation.
    """
    x, y = pair("maximum", x, y)
    first, a, b = x >= y, x.shape, y.shape                          # first: where x is the one that is passed on
    return np.maximum(x, y), lambda dz: (unbroadcast(dz * first + 0, a), unbroadcast(dz * ~first + 0, b))  # 0, not -0.0


def max(x, axis=None):
    """The largest element of x: of all, or along `axis` (an int or a tuple). Routes: it alone receives the gradient.

    y has the shape of x without the axes. Backwards: dx (the shape of x) is dy at each largest element and 0 elsewhere;
    of equal ones the FIRST in reading order receives all.
    Source: CS231n notes, Backpropagation.
    """
    x = floats("max", "x", x)
    axes = _axes("max", axis, x)
    rows, restored = _in_rows(x, axes)                              # (..., M): what competes stands in the last axis
    if rows.shape[-1] == 0:
        raise ValueError(f"max: x has shape {x.shape}, so there is nothing to take the largest of. Give it elements.")
    winner = rows.argmax(axis=-1)[..., None]                        # (..., 1): argmax names the first of equals
    shape, dtype = rows.shape, x.dtype

    def back(dy):
        drows = np.zeros(shape, dtype)
        np.put_along_axis(drows, winner, np.reshape(dy, winner.shape), axis=-1)
        return (restored(drows),)

    return x.max(axis=axes), back


def sum(x, axis=None):
    """All elements of x added up, or those along `axis` (an int or a tuple). An add gate with many inputs: distributes.

    y has the shape of x without the axes. Backwards: every element receives the gradient of the sum it went into, so dx
    is dy repeated to the shape of x. Broadcasting and sum are each other's backward pass.
    Source: CS231n notes, Backpropagation.
    """
    x = floats("sum", "x", x)
    axes, shape, dtype = _axes("sum", axis, x), x.shape, x.dtype
    return x.sum(axis=axes), lambda dy: (np.full(shape, np.expand_dims(dy, axes), dtype),)


def _axes(where, axis, x):
    """`axis` as a sorted tuple of different axes, 0 <= axis < ndim; None means all of them."""
    if axis is None:
        return tuple(range(x.ndim))
    given = axis if isinstance(axis, tuple) else (axis,)
    if x.ndim == 0 and given:
        raise ValueError(f"{where}: x is a single number and has no axis {given[0]}. Leave axis out.")
    axes = {checks.whole(where, "axis", a, -x.ndim, x.ndim - 1) % x.ndim for a in given}
    if len(axes) < len(given):
        raise ValueError(f"{where}: axis {axis} names one axis of x, shape {x.shape}, twice. Name each once.")
    return tuple(sorted(axes))


def _in_rows(x, axes):
    """x with `axes` flattened into one last axis, (..., M), and the function that brings such an array back."""
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(x, axes, last)
    shape, kept = moved.shape, x.ndim - len(axes)
    rows = moved.reshape(*shape[:kept], math.prod(shape[kept:]))
    return rows, lambda drows: np.moveaxis(drows.reshape(shape), last, axes)
