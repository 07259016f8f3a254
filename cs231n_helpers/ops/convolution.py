"""Convolutions: small filters slid over the whole image. What goes by that name here, in CS231n and in every framework
is cross-correlation: the filters are not flipped.

The readable form is `conv2d_as_product` in unfold.py; what the course runs on is chosen here by shape: the form
of strips.py at stride 1, blocks that are unfolded in the cache (below) for strides, dilation and low filters.
"""

import functools
from dataclasses import dataclass

import numpy as np

from cs231n_helpers import checks

from .arrays import floats
from .blocks import lanes, of_images, sums
from .spatial import cropped, images, out_shape, padded, pads, pair, taps, windows
from .strips import correlate, filter_gradient


@dataclass(frozen=True)
class Plan:
    """The settings of one convolution, checked: pairs (height, width), pad ((top, bottom), (left, right)), sizes."""

    size: tuple
    stride: tuple
    pad: tuple
    dilation: tuple
    groups: int
    out: tuple


def conv2d(x, W, b, *, stride=1, pad=0, dilation=1, groups=1, fit="exact"):
    """y[n, i, j, f] = sum of W[:, :, :, f] * (the window of x[n] at row S i, column S j) + b[f].

    x (N, H, W, C), filters W (KH, KW, C, F), b (F,): y (N, OH, OW, F) with OH = (H - KH + 2P)/S + 1. `stride` and
    `dilation` are an int or a pair (height, width); dilation 2 leaves every second pixel out (the notes count from 0);
    `pad` is zeros around the image, an int or ((top, bottom), (left, right)); `fit` says what happens when OH is not
    whole. With `groups` G filters see C / G channels each: W (KH, KW, C / G, F), the first F / G filters the first.
    Backwards: dW sums window * dy, db sums dy, and dx, at stride 1, is a convolution of the padded dy with the
    filters flipped. `back(dy, input_gradient=False)` leaves dx out (None): the first layer's is needed by nobody.
    Source: CS231n notes, Convolutional networks.
    """
    x, W, b, plan = checked(x, W, b, stride, pad, dilation, groups, fit)
    dtype = np.result_type(x, W)
    x, W, b = (a.astype(dtype, copy=False) for a in (x, W, b))
    return _grouped(x, W, b, plan) if plan.groups > 1 else _whole(x, W, b, plan)


def _whole(x, W, b, plan):
    by = by_strips if suits_strips(W.shape, plan) else by_blocks
    return by(x, W, b, plan)


def suits_strips(shape, plan):
    """Whether the form of strips.py was measured to be the faster one (benchmarks/README.md)."""
    return plan.stride == plan.dilation == (1, 1) and shape[0] >= 3 and plan.out[0] > 1


def by_strips(x, W, b, plan):
    """conv2d at stride 1, as strips.py does it."""
    x, y = np.ascontiguousarray(x), np.empty((len(x), *plan.out, W.shape[3]), x.dtype)
    before = [side[0] for side in plan.pad]
    correlate(x, W, b, before, y)

    def back(dy, input_gradient=True):
        dy = np.ascontiguousarray(dy, y.dtype)
        dW, db = filter_gradient(x, dy, W.shape, before)
        if not input_gradient:
            return None, dW, db
        dx, flipped = np.empty(x.shape, x.dtype), W[::-1, ::-1].swapaxes(2, 3)          # (KH, KW, F, C)
        correlate(dy, flipped, None, [n - 1 - p for n, p in zip(W.shape, before)], dx)
        return dx, dW, db

    return y, back


def by_blocks(x, W, b, plan):
    """conv2d in general: blocks of images are unfolded in the cache, multiplied and forgotten."""
    KH, KW, C, F = W.shape
    flat, y = W.reshape(KH * KW * C, F), np.empty((len(x), *plan.out, F), x.dtype)
    window = (plan.out, plan.size, plan.stride, plan.dilation)

    def rows(block):
        """(images in the block * OH * OW, KH * KW * C)"""
        xp = padded(x[block], plan.pad, *window)
        return windows(xp, *window).reshape(len(xp) * plan.out[0] * plan.out[1], KH * KW * C)

    def forward(share):
        for block in share:
            np.add(rows(block) @ flat, b, out=y[block].reshape(-1, F))

    def backward(share, dy, dx):
        dW, db = np.zeros(flat.shape, y.dtype), np.zeros(F, y.dtype)
        for block in share:
            drows = dy[block].reshape(-1, F)
            dW += rows(block).T @ drows
            db += sums(drows)
            if dx is not None:
                dx[block] = _folded(drows @ flat.T, x[block].shape, plan.pad, window)
        return dW, db

    def back(dy, input_gradient=True):
        dx = np.empty(x.shape, y.dtype) if input_gradient else None
        dWs, dbs = zip(*lanes(lambda share: backward(share, dy, dx), blocks))
        return dx, sum(dWs).reshape(W.shape), sum(dbs)

    blocks = of_images(len(x), plan.out[0] * plan.out[1] * KH * KW * C)
    lanes(forward, blocks)
    return y, back


def _folded(dcols, shape, pad, window):
    """The sum of what each number of the images collects from all windows it is in."""
    dxp = padded(np.zeros(shape, dcols.dtype), pad, *window)
    dwindows = dcols.reshape(shape[0], *window[0], *window[1], shape[3])
    for (i, j), under in taps(dxp, *window):
        under += dwindows[:, :, :, i, j]
    return cropped(dxp, shape, pad)


def _grouped(x, W, b, plan):
    """A convolution of its own for each group of channels, side by side."""
    c, f = W.shape[2], W.shape[3] // plan.groups
    parts = [_whole(x[..., g * c:(g + 1) * c], W[..., g * f:(g + 1) * f], b[g * f:(g + 1) * f], plan)
             for g in range(plan.groups)]

    def back(dy, input_gradient=True):
        given = [part[1](dy[..., g * f:(g + 1) * f], input_gradient) for g, part in enumerate(parts)]
        dxs, dWs, dbs = zip(*given)
        dx = np.concatenate(dxs, axis=-1) if input_gradient else None
        return dx, np.concatenate(dWs, axis=-1), np.concatenate(dbs)

    return np.concatenate([part[0] for part in parts], axis=-1), back


# -------------------------------------------------------------------------------------------------- checks at the door
def checked(x, W, b, stride=1, pad=0, dilation=1, groups=1, fit="exact"):
    """The arrays as floats (b may be None) and the Plan of conv2d, or an error that says what does not fit."""
    where = "conv2d"
    x = images(where, x)
    W, b = floats(where, "W", W), None if b is None else floats(where, "b", b)
    if W.ndim != 4 or 0 in W.shape:
        raise ValueError(f"{where}: W must be filters (KH, KW, C, F) with at least one number of each, got {W.shape}.")
    groups = checks.whole(where, "groups", groups, low=1)
    _channels(where, x.shape, W.shape, groups)
    one_offset_each(where, W, b)
    return x, W, b, planned(where, x, W, stride, pad, dilation, groups, fit)


def planned(where, x, W, stride, pad, dilation, groups, fit):
    """The Plan of a convolution of x and W, which depends on their shapes alone."""
    return _planned(where, x.shape, W.shape[:2], *map(_frozen, (stride, pad, dilation)), groups, fit)


@functools.lru_cache(maxsize=1024, typed=True)
def _planned(where, shape, size, stride, pad, dilation, groups, fit):
    """Kept: for small images the arithmetic with its checks would take as long as the products."""
    stride, dilation, pad = pair(where, "stride", stride), pair(where, "dilation", dilation), pads(where, pad)
    return Plan(size, stride, pad, dilation, groups, out_shape(where, shape, size, stride, pad, dilation, fit))


def _frozen(value):
    """Lists as tuples, which can be looked up."""
    return tuple(map(_frozen, value)) if isinstance(value, (list, tuple)) else value


def _channels(where, x, W, groups):
    """Shapes of images and filters that fit together; if not, whether one of them is laid out the other way."""
    if groups > 1 and (x[3] % groups or W[3] % groups):
        raise ValueError(f"{where}: groups = {groups} must divide the {x[3]} channels of x and the {W[3]} filters.")
    if W[2] * groups == x[3]:
        return
    each = "" if groups == 1 else f" / groups = {x[3]} / {groups} = {x[3] // groups}"
    advice = f" W must be (KH, KW, {x[3] // groups}, F)."
    if x[1] == W[2] * groups:
        advice = " Did you mean x.transpose(0, 2, 3, 1)? Images are (N, H, W, C) here."
    elif W[1] * groups == x[3]:
        advice = " Did you mean W.transpose(2, 3, 1, 0)? Filters are (KH, KW, C, F) here."
    raise ValueError(f"{where}: x has {x[3]} channels{each} but the filters of W expect {W[2]}; shapes {x} and {W}."
                     + advice)


def one_offset_each(where, W, b):
    if b is not None and b.shape != W.shape[-1:]:
        raise ValueError(f"{where}: b must have shape ({W.shape[-1]},), one offset for each filter, got {b.shape}.")
