"""Convolutions: small filters slid over the whole image. What goes by that name here, in CS231n and in every framework
is cross-correlation: the filters are not flipped.
"""

from dataclasses import dataclass

import numpy as np

from cs231n_helpers import checks

from .arrays import floats
from .spatial import cropped, images, out_shape, padded, pads, pair, taps, windows

BLOCK = 2**18                   # numbers in the unfolded block of images: 1 MB of float32, which stays in the cache


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
    x, W, b, plan = _checked("conv2d", x, W, b, stride, pad, dilation, groups, fit)
    if groups == 1:
        return unfolded(x, W, b, plan)
    return _grouped(x, W, b, plan)


def unfolded(x, W, b, plan):
    """The general form: blocks of images are unfolded in the cache, multiplied and forgotten."""
    KH, KW, C, F = W.shape
    flat, y = W.reshape(KH * KW * C, F), np.empty((len(x), *plan.out, F), np.result_type(x, W))

    def rows(block):
        """(images in the block * OH * OW, KH * KW * C)"""
        xp = padded(x[block], plan.pad, plan.out, plan.size, plan.stride, plan.dilation)
        view = windows(xp, plan.out, plan.size, plan.stride, plan.dilation)
        return view.reshape(len(xp) * plan.out[0] * plan.out[1], KH * KW * C)

    blocks = _blocks(len(x), plan.out[0] * plan.out[1] * KH * KW * C)
    for block in blocks:
        np.matmul(rows(block), flat, out=y[block].reshape(-1, F))
    y += b

    def back(dy, input_gradient=True):
        dx = np.empty(x.shape, y.dtype) if input_gradient else None
        dW = np.zeros(flat.shape, y.dtype)
        for block in blocks:
            drows = dy[block].reshape(-1, F)
            dW += rows(block).T @ drows
            if input_gradient:
                dx[block] = _folded(drows @ flat.T, x[block].shape, plan)
        return dx, dW.reshape(W.shape), dy.sum(axis=(0, 1, 2))

    return y, back


def _folded(dcols, shape, plan):
    """The sum of what each number of the images collects from all windows it is in."""
    dxp = np.zeros_like(padded(np.empty(shape, dcols.dtype), plan.pad, plan.out, plan.size, plan.stride, plan.dilation))
    dwindows = dcols.reshape(shape[0], *plan.out, *plan.size, shape[3])
    for (i, j), under in taps(dxp, plan.out, plan.size, plan.stride, plan.dilation):
        under += dwindows[:, :, :, i, j]
    return cropped(dxp, shape, plan.pad)


def _blocks(count, numbers):
    """Slices of images that unfold to BLOCK numbers or to one image's."""
    step = max(1, BLOCK // max(numbers, 1))
    return [slice(i, min(i + step, count)) for i in range(0, count, step)]


def _grouped(x, W, b, plan):
    """A convolution of its own for each group of channels, side by side."""
    c, f = W.shape[2], W.shape[3] // plan.groups
    parts = [unfolded(x[..., g * c:(g + 1) * c], W[..., g * f:(g + 1) * f], b[g * f:(g + 1) * f], plan)
             for g in range(plan.groups)]

    def back(dy, input_gradient=True):
        given = [part[1](dy[..., g * f:(g + 1) * f], input_gradient) for g, part in enumerate(parts)]
        dxs, dWs, dbs = zip(*given)
        dx = np.concatenate(dxs, axis=-1) if input_gradient else None
        return dx, np.concatenate(dWs, axis=-1), np.concatenate(dbs)

    return np.concatenate([part[0] for part in parts], axis=-1), back


def depthwise_conv2d(x, W, b, *, stride=1, pad=0, dilation=1, fit="exact"):
    """Every channel with a filter of its own: y[n, i, j, c] = sum of W[:, :, c] * (the window of x[n, ..., c]) + b[c].

    x (N, H, W, C), W (KH, KW, C), b (C,): y (N, OH, OW, C). The same as conv2d with groups=C and W[:, :, None, :]:
    KH * KW * C multiplications a place instead of KH * KW * C * C. A 1x1 convolution after it mixes the channels.
    Settings, and `input_gradient` of back, as in conv2d. Source: Howard et al. 2017 (MobileNets).
    """
    x = images("depthwise_conv2d", x)
    W, b = floats("depthwise_conv2d", "W", W), floats("depthwise_conv2d", "b", b)
    if W.ndim != 3 or W.shape[2] != x.shape[3]:
        raise ValueError("depthwise_conv2d: W must be (KH, KW, C), one filter for each of the "
                         f"{x.shape[3]} channels of x; shapes {x.shape} and {W.shape}.")
    _one_offset_each("depthwise_conv2d", W, b)
    plan = _plan("depthwise_conv2d", x, W, stride, pad, dilation, 1, fit)
    window = (plan.out, plan.size, plan.stride, plan.dilation)
    xp = padded(x, plan.pad, *window)
    y = np.empty((len(x), *plan.out, len(b)), np.result_type(x, W))
    y[...] = b
    for tap, under in taps(xp, *window):                            # loop over the few pixels of the filter
        y += under * W[tap]                                         # (N, OH, OW, C) * (C,)

    def back(dy, input_gradient=True):
        dW = np.empty(W.shape, y.dtype)
        for tap, under in taps(xp, *window):
            dW[tap] = np.einsum("nijc,nijc->c", under, dy)
        if not input_gradient:
            return None, dW, dy.sum(axis=(0, 1, 2))
        dxp = np.zeros(xp.shape, y.dtype)
        for tap, under in taps(dxp, *window):
            under += dy * W[tap]
        return cropped(dxp, x.shape, plan.pad), dW, dy.sum(axis=(0, 1, 2))

    return y, back


# -------------------------------------------------------------------------------------------------- checks at the door
def _checked(where, x, W, b, stride, pad, dilation, groups, fit):
    x = images(where, x)
    W, b = floats(where, "W", W), floats(where, "b", b)
    if W.ndim != 4 or 0 in W.shape:
        raise ValueError(f"{where}: W must be filters (KH, KW, C, F) with at least one number of each, got {W.shape}.")
    groups = checks.whole(where, "groups", groups, low=1)
    _channels(where, x.shape, W.shape, groups)
    _one_offset_each(where, W, b)
    return x, W, b, _plan(where, x, W, stride, pad, dilation, groups, fit)


def _plan(where, x, W, stride, pad, dilation, groups, fit):
    stride, dilation, pad = pair(where, "stride", stride), pair(where, "dilation", dilation), pads(where, pad)
    out = out_shape(where, x.shape, W.shape[:2], stride, pad, dilation, fit)
    return Plan(W.shape[:2], stride, pad, dilation, groups, out)


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


def _one_offset_each(where, W, b):
    if b.shape != W.shape[-1:]:
        raise ValueError(f"{where}: b must have shape ({W.shape[-1]},), one offset for each filter, got {b.shape}.")
