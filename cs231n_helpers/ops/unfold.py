"""A convolution as one matrix product: im2col lays every window out as a row. The readable form, shown as a lesson.

Each number of the image is copied KH * KW times, so for a whole batch this wants memory and time; the fast form, which
the course runs on, is in convolution.py and gives the same numbers.
"""

import numpy as np

from .spatial import cropped, images, out_shape, padded, pads, pair, taps, windows


def im2col(x, size, *, stride=1, pad=0, dilation=1, fit="exact"):
    """Every window of x (N, H, W, C) as a row: (N * OH * OW, KH * KW * C), row by row of windows, pixel by pixel.

    Source: CS231n notes, Convolutional networks (implementation as matrix multiplication).
    """
    x = images("im2col", x)
    size, stride, dilation = (pair("im2col", n, v) for n, v in
                              (("size", size), ("stride", stride), ("dilation", dilation)))
    pad = pads("im2col", pad)
    out = out_shape("im2col", x.shape, size, stride, pad, dilation, fit)
    view = windows(padded(x, pad, out, size, stride, dilation), out, size, stride, dilation)
    return view.reshape(len(x) * out[0] * out[1], size[0] * size[1] * x.shape[3])       # this copies


def col2im(dcols, shape, size, *, stride=1, pad=0, dilation=1, fit="exact"):
    """The way back: each number of an image of `shape` (N, H, W, C) receives the sum of all its copies' gradients."""
    size, stride, dilation = (pair("col2im", n, v) for n, v in
                              (("size", size), ("stride", stride), ("dilation", dilation)))
    pad = pads("col2im", pad)
    out = out_shape("col2im", shape, size, stride, pad, dilation, fit)
    dxp = padded(np.zeros(shape, dcols.dtype), pad, out, size, stride, dilation)
    dwindows = dcols.reshape(shape[0], *out, *size, shape[3])
    for (i, j), under in taps(dxp, out, size, stride, dilation):                        # KH * KW views of dxp
        under += dwindows[:, :, :, i, j]
    return cropped(dxp, tuple(shape), pad)


def conv2d_as_product(x, W, b, **settings):
    """conv2d in its plainest form: x (N, H, W, C), W (KH, KW, C, F), b (F,); settings: stride, pad, dilation, fit."""
    KH, KW, C, F = W.shape
    cols, shape = im2col(x, (KH, KW), **settings), _result(x, W, **settings)
    y = cols @ W.reshape(KH * KW * C, F) + b                        # (N * OH * OW, KH * KW * C) @ (..., F)

    def back(dy):
        drows = dy.reshape(-1, F)                                   # (N * OH * OW, F)
        dcols = drows @ W.reshape(KH * KW * C, F).T                 # as in affine: dy W^T, X^T dy, column sums of dy
        return col2im(dcols, x.shape, (KH, KW), **settings), (cols.T @ drows).reshape(W.shape), drows.sum(axis=0)

    return y.reshape(shape), back


def _result(x, W, *, stride=1, pad=0, dilation=1, fit="exact"):
    stride, dilation = pair("conv2d", "stride", stride), pair("conv2d", "dilation", dilation)
    out = out_shape("conv2d", x.shape, W.shape[:2], stride, pads("conv2d", pad), dilation, fit)
    return len(x), *out, W.shape[3]
