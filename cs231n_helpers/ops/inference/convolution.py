"""Convolutions as products of blocks: of the pixels themselves for filters of one pixel, of unfolded windows else."""

import numpy as np

from ..convolution import checked
from ..spatial import covered, padded_rows, windows
from .finish import blocks, finished

FEW = 4                         # channels: up to so many, windows are unfolded along the image, not pixel by pixel


def conv2d(x, W, b, *, bounds=None, out=None, **settings):
    """min(max(ops.conv2d(x, W, b), low), high); settings, shapes and errors as there. b may be None."""
    x, W, b, plan = checked(x, W, b, **settings)
    dtype = np.result_type(x, W)
    x, W, b = (a if a is None or a.dtype is dtype else a.astype(dtype) for a in (x, W, b))
    y = np.empty((len(x), *plan.out, W.shape[3]), dtype) if out is None else out
    if plan.groups == 1:
        _one_group(x, W, b, plan, bounds, y)
        return y
    c, f = W.shape[2], W.shape[3] // plan.groups
    for g in range(plan.groups):
        its = slice(g * f, (g + 1) * f)
        _one_group(x[..., g * c:(g + 1) * c], W[..., its], None if b is None else b[its], plan, bounds, y[..., its])
    return y


def _one_group(x, W, b, plan, bounds, y):
    (KH, KW, C, F), (OH, OW) = W.shape, plan.out
    form = _pixels if KH == KW == 1 and x.shape[1:3] == plan.out else _windows
    W = W.reshape(KH * KW * C, F)
    beside = not y.flags.c_contiguous                               # others stand between its numbers

    for images, rows in blocks(len(x), OH, OW * max(KH * KW * C, F)):
        part = y[images, rows]
        found = np.matmul(form(x[images], rows, plan), W, out=None if beside else part.reshape(-1, F))
        finished(found, b, bounds)
        if beside:
            part[...] = found.reshape(part.shape)


def _pixels(x, rows, plan):
    """(n * r * OW, C): the pixels as they lie."""
    return x[:, rows].reshape(-1, x.shape[3])


def _windows(x, rows, plan):
    """(n * r * OW, KH * KW * C): every window of these rows of the result, copied."""
    out = (rows.stop - rows.start, plan.out[1])
    strip = padded_rows(x, rows, plan, covered(out, plan.size, plan.stride, plan.dilation)[1])
    view = windows(strip, out, plan.size, plan.stride, plan.dilation)
    n, K = len(x) * out[0] * out[1], plan.size[0] * plan.size[1] * x.shape[3]
    if x.shape[3] > FEW:
        return view.reshape(n, K)
    return view.transpose(3, 4, 5, 0, 1, 2).reshape(K, n).T         # copies long rows instead of a few numbers each
