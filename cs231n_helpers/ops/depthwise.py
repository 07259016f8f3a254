"""Depthwise convolution: every channel by itself. With a 1x1 convolution after it, the layer of networks for phones."""

import numpy as np

from .arrays import floats
from .blocks import lanes, of_images, sums
from .convolution import one_offset_each, planned
from .spatial import cropped, images, padded, taps


def depthwise_conv2d(x, W, b, *, stride=1, pad=0, dilation=1, fit="exact"):
    """Every channel with a filter of its own: y[n, i, j, c] = sum of W[:, :, c] * (the window of x[n, ..., c]) + b[c].

    x (N, H, W, C), W (KH, KW, C), b (C,): y (N, OH, OW, C). The same as conv2d with groups=C and W[:, :, None, :]:
    KH * KW * C multiplications a place instead of KH * KW * C * C. A 1x1 convolution after it mixes the channels.
    Settings, and `input_gradient` of back, as in conv2d. Source: Howard et al. 2017 (MobileNets).
    """
    x, W, b, plan = checked(x, W, b, stride, pad, dilation, fit)
    window = (plan.out, plan.size, plan.stride, plan.dilation)
    y = np.empty((len(x), *plan.out, len(b)), np.result_type(x, W))

    def forward(share):
        for i in share:
            y[i] = b
            for tap, under in taps(padded(x[i], plan.pad, *window), *window):           # loop over the few pixels
                y[i] += under * W[tap]                              # (n, OH, OW, C) * (C,)

    def back(dy, input_gradient=True):
        dx = np.empty(x.shape, y.dtype) if input_gradient else None

        def backward(share):
            dW = np.zeros(W.shape, y.dtype)
            for i in share:
                xp = padded(x[i], plan.pad, *window)
                for tap, under in taps(xp, *window):
                    dW[tap] += sums((under * dy[i]).reshape(-1, len(b)))
                if input_gradient:
                    dx[i] = cropped(_spread(dy[i], W, xp.shape, window), x[i].shape, plan.pad)
            return dW

        return dx, sum(lanes(backward, blocks)), sums(np.reshape(dy, (-1, len(b))))

    blocks = of_images(len(x), max(x[0].size, y[0].size))
    lanes(forward, blocks)
    return y, back


def _spread(dy, W, shape, window):
    """What each number of padded images collects from all windows it is in."""
    dxp = np.zeros(shape, np.result_type(dy, W))
    for tap, under in taps(dxp, *window):
        under += dy * W[tap]
    return dxp


def checked(x, W, b, stride=1, pad=0, dilation=1, fit="exact"):
    """The arrays as floats (b may be None) and the Plan of depthwise_conv2d, or an error that says what is wrong."""
    x = images("depthwise_conv2d", x)
    W, b = floats("depthwise_conv2d", "W", W), None if b is None else floats("depthwise_conv2d", "b", b)
    if W.ndim != 3 or W.shape[2] != x.shape[3]:
        raise ValueError("depthwise_conv2d: W must be (KH, KW, C), one filter for each of the "
                         f"{x.shape[3]} channels of x; shapes {x.shape} and {W.shape}.")
    one_offset_each("depthwise_conv2d", W, b)
    plan = planned("depthwise_conv2d", x, W, stride, pad, dilation, 1, fit)
    return x, W, b, plan
