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
    y = np.full((*x.shape[:axis], count, *x.shape[axis + 1:]), -np.inf, x.dtype)
    before = (slice(None),) * axis
    for k in range(size):
        first = max(0, -((k - pad[0]) // stride))                   # windows [first, last) have their place k on x
        last = min(count, (x.shape[axis] - 1 - k + pad[0]) // stride + 1)
        at = first * stride + k - pad[0]
        under = x[(*before, slice(at, at + (last - first - 1) * stride + 1, stride))]
        part = y[(*before, slice(first, last))]
        np.maximum(part, under, out=part)
    return y
