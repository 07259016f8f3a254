"""Convolutions as products of blocks: of the pixels themselves for filters of one pixel, of unfolded windows else."""

import numpy as np

from ..convolution import checked
from ..spatial import covered, padded_rows, windows
from .finish import blocks, finished

FEW = 4                         # channels: up to so many, windows are unfolded along the image, not pixel by pixel


def conv2d(x, W, b, *, bounds=None, out=None, **settings):
    """min(max(ops.conv2d(x, W, b), low), high); settings, shapes and errors as there. b may be None."""
    x, W, b, plan = checked(x, W, np.zeros(W.shape[-1:], W.dtype) if b is None else b, **settings)
    dtype = np.result_type(x, W)
    x, W, b = (a.astype(dtype, copy=False) for a in (x, W, b))
    y = np.empty((len(x), *plan.out, W.shape[3]), dtype) if out is None else out
    c, f = W.shape[2], W.shape[3] // plan.groups
    for g in range(plan.groups):
        _one_group(x[..., g * c:(g + 1) * c], W[..., g * f:(g + 1) * f], b[g * f:(g + 1) * f], plan, bounds,
                   y[..., g * f:(g + 1) * f])
    return y


def _one_group(x, W, b, plan, bounds, y):
    form = _pixels if W.shape[:2] == (1, 1) and x.shape[1:3] == plan.out else _windows
    KH, KW, C, F = W.shape
    flat = W.reshape(KH * KW * C, F)
    for images, rows in blocks(len(x), plan.out[0], plan.out[1] * max(KH * KW * C, F)):
        part = y[images, rows]
        np.matmul(form(x[images], rows, plan), flat, out=part.reshape(-1, F))           # a view, of branches too
        finished(part, b, bounds)


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
