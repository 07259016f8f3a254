"""Depthwise convolution in one pass: each number of the result is the sum over its window, taken while it is there."""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..depthwise import checked
from ..spatial import padded_rows
from .finish import blocks, finished

LONG = 1000                     # numbers that are worked on at a time


def depthwise_conv2d(x, W, b, *, bounds=None, out=None, **settings):
    """min(max(ops.depthwise_conv2d(x, W, b), low), high); settings, shapes and errors as there. b may be None."""
    x, W, b, plan = checked(x, W, np.zeros(W.shape[-1:], W.dtype) if b is None else b, **settings)
    dtype = np.result_type(x, W)
    x, W, b = (np.ascontiguousarray(a, dtype) for a in (x, W, b))
    (OH, OW), C = plan.out, x.shape[3]
    y = np.empty((len(x), OH, OW, C), dtype) if out is None else out
    runs, pixels = _runs(OW, C) if plan.stride[1] == 1 else (OW, 1)
    taps = np.tile(W, pixels)                                       # (KH, KW, pixels * C)
    for images, rows in blocks(len(x), OH, 2 * plan.stride[0] * plan.stride[1] * OW * C):
        sums = _summed(x[images], rows, plan, taps, runs).reshape(-1, rows.stop - rows.start, runs * pixels, C)
        finished(sums, b, bounds)
        y[images, rows] = sums[:, :, :OW]
    return y


def _runs(OW, C):
    """Into how many runs of how many pixels a row is cut; the last one may hang over the end."""
    runs = -(-OW // max(1, min(OW, LONG // C)))
    return runs, -(-OW // runs)


def _summed(x, rows, plan, taps, runs):
    """(n, r, runs, pixels * C): runs of pixels, each the sum of the KH * KW runs under the window, times its taps.

    einsum adds each product to the sum at once, with neither a copy of the windows nor an array of products.
    """
    (S, T), (D, E), (KH, KW, long) = plan.stride, plan.dilation, taps.shape
    pixels = long // x.shape[3]
    strip = padded_rows(x, rows, plan, (runs * pixels - 1) * T + E * (KW - 1) + 1)
    n, h, w, c = strip.strides
    view = as_strided(strip, (len(x), rows.stop - rows.start, runs, KH, KW, long),
                      (n, S * h, pixels * T * w, D * h, E * w, c), writeable=False)
    return np.einsum("nrpijq,ijq->nrpq", view, taps)
