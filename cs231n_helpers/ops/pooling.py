"""Pooling: a window is summed up in one number, channel by channel. It shrinks the image and learns nothing."""

import numpy as np

from .spatial import cropped, images, out_shape, padded, pads, pair, taps


def max_pool2d(x, size, stride=None, pad=0, fit="exact"):
    """The largest number of each window, channel by channel.

    x (N, H, W, C) -> y (N, OH, OW, C); `size`, `stride` an int or a pair (height, width); the stride is the size unless
    given, a smaller one lets windows overlap. Padding counts as -infinity and never wins. Routes: the largest element
    alone receives dy, of equal ones the FIRST in reading order; in windows that overlap the gradients add up.
    Source: CS231n notes, Convolutional networks.
    """
    x, window, pad = _checked("max_pool2d", x, size, stride, pad, fit)
    xp = padded(x, pad, *window, value=-np.inf)
    places = taps(xp, *window)
    y = next(places)[1].copy()
    winner = np.zeros(y.shape, np.min_scalar_type(window[1][0] * window[1][1]))         # which pixel of the window
    for number, (_, under) in enumerate(places, 1):
        above = under > y
        winner[above] = number
        np.maximum(y, under, out=y)
    shape, padded_shape, dtype = x.shape, xp.shape, x.dtype

    def back(dy):
        dxp = np.zeros(padded_shape, dtype)
        for number, (_, under) in enumerate(taps(dxp, *window)):
            under += dy * (winner == number)
        return (cropped(dxp, shape, pad),)

    return y, back


def avg_pool2d(x, size, stride=None, pad=0, fit="exact"):
    """The mean of each window, channel by channel. Padding is not counted: at the border the mean is over fewer pixels.

    x (N, H, W, C) -> y (N, OH, OW, C); `size`, `stride`, `pad`, `fit` as in max_pool2d. So the mean of a constant image
    is that constant everywhere (PyTorch: count_include_pad=False). Every pixel under a window of n receives dy / n.
    Source: CS231n notes, Convolutional networks.
    """
    x, window, pad = _checked("avg_pool2d", x, size, stride, pad, fit)
    shape, dtype = x.shape, x.dtype
    share = _share(x, pad, window)
    y = _sums(padded(x, pad, *window), window) * share

    def back(dy):
        dxp = padded(np.zeros(shape, dtype), pad, *window)
        given = dy * share
        for _, under in taps(dxp, *window):
            under += given
        return (cropped(dxp, shape, pad),)

    return y, back


def _share(x, pad, window):
    """1 / (pixels of the image under each window), (1, OH, OW, 1)."""
    return 1 / _sums(padded(np.ones((1, *x.shape[1:3], 1), x.dtype), pad, *window), window)


def _sums(xp, window):
    places = taps(xp, *window)
    y = next(places)[1].copy()
    for _, under in places:
        y += under
    return y


def global_avg_pool(x):
    """The mean of each channel over the whole image: (N, H, W, C) -> (N, C). Each pixel receives dy / (H W).

    After the last convolution it stands for the first fully connected layer, without a weight, for any size of image.
    Source: Lin, Chen and Yan 2013 (Network in network).
    """
    x = images("global_avg_pool", x)
    shape, dtype = x.shape, x.dtype
    share = dtype.type(1 / (shape[1] * shape[2]))

    def back(dy):
        dx = np.empty(shape, dtype)
        dx[...] = (dy * share)[:, None, None, :]
        return (dx,)

    return x.mean(axis=(1, 2)), back


def _checked(where, x, size, stride, pad, fit):
    """x, the window (out, size, stride) and pad ((top, bottom), (left, right))."""
    x = images(where, x)
    size = pair(where, "size", size)
    stride, pad = size if stride is None else pair(where, "stride", stride), pads(where, pad)
    for F, sides in zip(size, pad):
        if max(sides) >= F:
            raise ValueError(f"{where}: pad = {max(sides)} must be smaller than the window, {F}: a window would see "
                             "nothing but padding.")
    return x, (out_shape(where, x.shape, size, stride, pad, (1, 1), fit), size, stride), pad
