"""What every form of convolution does at the end of a block: offsets, and the bounds of the activation."""

import functools
import math

import numpy as np

ROOM = 2**18                    # numbers of a block, with what it is made of: they stay in the cache
LONG = 2**13                    # numbers of a row that is worked on at a time


def blocks(count, rows, numbers):
    """(images, rows) slices in order: as many whole images as ROOM holds, or rows of one; `numbers`: of one row."""
    if count * rows * numbers <= ROOM:
        return [(slice(0, count), slice(0, rows))]
    fit = max(1, ROOM // numbers)
    images, part = max(1, fit // rows), min(fit, rows)
    return [(slice(i, min(i + images, count)), slice(r, min(r + part, rows)))
            for i in range(0, count, images) for r in range(0, rows, part)]


def finished(y, b, bounds):
    """Add b (F,) to y (..., F), which is contiguous, and cut it off, in place."""
    if b is not None:
        _by_rows(np.add, y, np.repeat(b[None], max(1, LONG // len(b)), axis=0).ravel())
    if bounds is not None:
        cut(y, *bounds)


def cut(y, low, high):
    """Write min(max(y, low), high) over y, which is contiguous."""
    if high < math.inf:
        np.clip(y, low, high, out=y)
    elif low > -math.inf:
        _by_rows(np.maximum, y, _row(low, y.dtype))


def _by_rows(op, y, row):
    """op(y, row) over y in place, as long rows: twice as fast as with one number or with many short rows."""
    y, most = y.reshape(-1), y.size - y.size % len(row)             # a view
    if most:
        rows = y[:most].reshape(-1, len(row))
        op(rows, row, out=rows)
    op(y[most:], row[:y.size - most], out=y[most:])


@functools.lru_cache
def _row(number, dtype):
    row = np.full(LONG, number, dtype)
    row.flags.writeable = False
    return row
