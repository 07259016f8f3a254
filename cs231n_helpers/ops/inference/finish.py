"""What every form of convolution does at the end of a block: offsets, and the bounds of the activation."""

import math

import numpy as np

ROOM = 2**18                    # numbers of a block, with what it is made of: they stay in the cache


def blocks(count, rows, numbers):
    """(images, rows) slices in order: as many whole images as ROOM holds, or rows of one; `numbers`: of one row."""
    fit = max(1, ROOM // numbers)
    images, part = max(1, fit // rows), min(fit, rows)
    return [(slice(i, min(i + images, count)), slice(r, min(r + part, rows)))
            for i in range(0, count, images) for r in range(0, rows, part)]


def cut(y, low, high):
    """Write min(max(y, low), high) over y."""
    if low > -math.inf:
        np.maximum(y, low, out=y)
    if high < math.inf:
        np.minimum(y, high, out=y)


def finished(y, b, bounds):
    """Add b (F,) to y (n, r, OW, F) and cut it off, in place.

    Rows of pixels are taken as one long row, where they lie so: short ones would cost more than the arithmetic.
    """
    n, r, OW, F = y.shape
    if y.strides[2] == F * y.itemsize:
        y = y.reshape(n, r, OW * F)                                 # a view
        b = b if b is None else np.tile(b, OW)
    if b is not None:
        np.add(y, b, out=y)
    if bounds is not None:
        cut(y, *bounds)
