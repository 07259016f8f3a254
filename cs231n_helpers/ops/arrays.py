"""What the ops share: arrays at the door, the sum that undoes a broadcast, and a product that knows 0 * inf."""

import numpy as np

from cs231n_helpers import checks

READY = (np.dtype(np.float32), np.dtype(np.float64))
ARRAYS = frozenset({np.ndarray, np.float32, np.float64})
NUMBERS = frozenset({float, int})


def floats(where, name, value, ndim=None):
    """A float32 or float64 array, `value` itself if it is one, with `ndim` axes if given.

    Finite values are not asked for: that would cost a pass over the array in every op of every step.
    """
    if type(value) in ARRAYS and value.dtype in READY and (ndim is None or value.ndim == ndim):
        return value
    if type(value) in NUMBERS and ndim is None:
        return np.float64(value)
    return checks.floats(where, name, value, ndim=ndim)


def pair(where, x, y):
    """Two float arrays of shapes that broadcast. A single number takes the dtype of the array it meets."""
    a, b = floats(where, "x", x), floats(where, "y", y)
    if a.dtype is not b.dtype:
        if type(y) in NUMBERS or b.ndim == 0 < a.ndim:
            b = b.astype(a.dtype)
        elif type(x) in NUMBERS or a.ndim == 0 < b.ndim:
            a = a.astype(b.dtype)
    if a.shape != b.shape:
        _broadcast_or_refuse(where, a.shape, b.shape)
    return a, b


def _broadcast_or_refuse(where, a, b):
    """Lined up at the last axis, the lengths must be equal, or one of them 1."""
    for m, n in zip(reversed(a), reversed(b)):
        if m != n and m != 1 and n != 1:
            raise ValueError(f"{where}: x has shape {a} and y has shape {b}, which do not broadcast: lined up at the "
                             f"last axis, lengths must be equal or one of them 1, but {m} meets {n}. "
                             "To line y up with the rows of x, write y[:, None].")


def unbroadcast(dy, shape):
    """The gradient of an array that was broadcast: `dy` summed over every axis the array was repeated along.

    A number that is used n times collects n gradients, and gradients add up. dy has the shape of the result; `shape` is
    the shape of the array. Returns dy itself if nothing was repeated.
    Example: a bias (C,) added to scores (N, C) receives dy (N, C) summed over the N rows.
    Source: CS231n notes, Backpropagation.
    """
    if getattr(dy, "shape", ()) == shape:                           # also a Python number, for shape ()
        return dy
    dy = np.asarray(dy)
    new = dy.ndim - len(shape)                                      # axes that the array did not have
    if new < 0 or any(n not in (1, m) for n, m in zip(shape, dy.shape[new:])):
        raise ValueError(f"unbroadcast: dy has shape {dy.shape}, which an array of shape {shape} cannot have been "
                         "broadcast to. The upstream gradient must have the shape of the op's result.")
    repeated = tuple(new + axis for axis, n in enumerate(shape) if n == 1)
    return dy.sum(axis=(*range(new), *repeated)).reshape(shape)


def times(dy, slope):
    """dy * slope without a warning, and 0 where dy is 0, however steep the slope: 0 * inf would be NaN."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        dx = dy * slope
    return dx if np.isfinite(dx).all() else np.where(np.equal(dy, 0), 0, dx)


def refuse(where, x, bad, need, fix):
    """Raise a ValueError that names the first element of x marked in `bad`, if there is one."""
    if bad.any():
        index = tuple(int(i) for i in np.argwhere(bad)[0])
        place = f"x[{', '.join(map(str, index))}]" if index else "x"
        raise ValueError(f"{where}: {place} = {x[index]}, need {need}. {fix}")
