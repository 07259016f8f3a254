"""Depthwise convolution in one pass: each number of the result is the sum over its window, taken while it is there."""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..depthwise import checked
from ..spatial import padded_rows
from .finish import blocks, finished

LONG = 1000                     # numbers that are worked on at a time


def depthwise_conv2d(x, W, b, *, bounds=None, out=None, **settings):
    """min(max(ops.depthwise_conv2d(x, W, b), low), high); settings, shapes and errors as there. b may be None."""
    x, W, b, plan = checked(x, W, b, **settings)
    dtype = np.result_type(x, W)
    x, W = np.ascontiguousarray(x, dtype), W.astype(dtype, copy=False)
    (OH, OW), C = plan.out, x.shape[3]
    y = np.empty((len(x), OH, OW, C), dtype) if out is None else out
    runs, pixels = _runs(OW, C) if plan.stride[1] == 1 else (OW, 1)
    taps = np.tile(W, pixels) if pixels > 1 else W                  # (KH, KW, pixels * C)
    direct = runs * pixels == OW and y.flags.c_contiguous           # else by way of an array of whole runs

    for images, rows in blocks(len(x), OH, 2 * plan.stride[0] * plan.stride[1] * OW * C):
        part = y[images, rows]
        shape = (*part.shape[:2], runs, pixels * C)
        sums = part.reshape(shape) if direct else np.empty(shape, dtype)
        _sum_up(x[images], rows, plan, taps, sums)
        finished(sums, b, bounds)
        if not direct:
            part[...] = sums.reshape(*part.shape[:2], -1, C)[:, :, :OW]

    return y


def _runs(OW, C):
    """Into how many runs of how many pixels a row is cut; the last one may hang over the end."""
    runs = -(-OW // max(1, min(OW, LONG // C)))
    return runs, -(-OW // runs)


def _sum_up(x, rows, plan, taps, y):
    """Into y (n, r, runs, pixels * C): runs of pixels, each the sum of the KH * KW runs under the window, times taps.

    einsum adds each product to the sum at once, with neither a copy of the windows nor an array of products.
    """
    (S, T), (D, E), (KH, KW, long) = plan.stride, plan.dilation, taps.shape
    places = y[0, 0].size // x.shape[3]
    strip = padded_rows(x, rows, plan, (places - 1) * T + E * (KW - 1) + 1)
    n, h, w, c = strip.strides
    shape, strides = (*y.shape[:3], KH, KW, long), (n, S * h, long // x.shape[3] * T * w, D * h, E * w, c)
    np.einsum("nrpijq,ijq->nrpq", as_strided(strip, shape, strides, writeable=False), taps, out=y)
