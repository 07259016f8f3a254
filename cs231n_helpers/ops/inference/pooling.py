"""Max pooling without remembering who won: along the height first, whose rows are long, then along the width."""

import numpy as np

from ..pooling import checked


def max_pool2d(x, size, **settings):
    """ops.max_pool2d(x, size) without its way back; settings, shapes and errors as there."""
    x, (out, sizes, strides), pad = checked("max_pool2d", x, size, **settings)
    for axis, window in enumerate(zip(out, sizes, strides, pad), 1):
        x = _largest(x, axis, *window)
    return x


def _largest(x, axis, count, size, stride, pad):
    """The largest of each of `count` windows that slide along one axis. Padding is -infinity: it is left out."""
    whole, parts = [], []
    for k in range(size):
        first = max(0, -((k - pad[0]) // stride))                   # windows [first, last) have their place k on x
        last = min(count, (x.shape[axis] - 1 - k + pad[0]) // stride + 1)
        at = first * stride + k - pad[0]
        under = _along(x, axis, slice(at, at + (last - first - 1) * stride + 1, stride))
        (whole if last - first == count else parts).append((slice(first, last), under))
    if len(whole) > 1:
        y = np.maximum(whole[0][1], whole[1][1])
    else:
        y = np.full((*x.shape[:axis], count, *x.shape[axis + 1:]), -np.inf, x.dtype)
    for windows, under in (whole[2:] if len(whole) > 1 else whole) + parts:
        part = _along(y, axis, windows)
        np.maximum(part, under, out=part)
    return y


def _along(x, axis, places):
    return x[(*(slice(None),) * axis, places)]
