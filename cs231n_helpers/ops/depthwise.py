"""Depthwise convolution: every channel by itself. With a 1x1 convolution after it, the layer of networks for phones."""

import numpy as np

from .arrays import floats
from .convolution import one_offset_each, planned
from .spatial import cropped, images, padded, taps


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
    one_offset_each("depthwise_conv2d", W, b)
    plan = planned("depthwise_conv2d", x, W, stride, pad, dilation, 1, fit)
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
