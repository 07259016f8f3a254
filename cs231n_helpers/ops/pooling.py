"""Pooling: a window is summed up in one number, channel by channel. It shrinks the image and learns nothing."""

import numpy as np

from .blocks import lanes, of_images
from .spatial import covered, cropped, images, out_shape, padded, pads, pair, taps


def max_pool2d(x, size, stride=None, pad=0, fit="exact"):
    """The largest number of each window, channel by channel.

    x (N, H, W, C) -> y (N, OH, OW, C); `size`, `stride` an int or a pair (height, width); the stride is the size unless
    given, a smaller one lets windows overlap. Padding counts as -infinity and never wins. Routes: the largest element
    alone receives dy, of equal ones the FIRST in reading order; in windows that overlap the gradients add up.
    Source: CS231n notes, Convolutional networks.
    """
    x, window, pad = checked("max_pool2d", x, size, stride, pad, fit)
    (OH, OW), (KH, KW), (S, T) = window
    (N, _, _, C), shape, dtype, (h, w) = x.shape, x.shape, x.dtype, covered(*window)
    y = np.empty((N, OH, OW, C), dtype)
    across, down = np.empty((N, h, OW, C), np.uint8), np.empty((N, OH, OW, C), np.uint8)    # which of KW, of KH won

    def forward(blocks):
        """The largest of each row of a window first, then the largest of those: the order of reading."""
        for i in blocks:
            rows = np.empty((i.stop - i.start, h, OW, C), dtype)
            _largest(_along(padded(x[i], pad, *window, value=-np.inf), 2, OW, KW, T), rows, across[i])
            _largest(_along(rows, 1, OH, KH, S), y[i], down[i])

    def back(dy):
        dx = np.empty(shape, dtype)
        new = np.empty if (S, T) == (KH, KW) else np.zeros          # side by side, windows write to every place

        def backward(blocks):
            for i in blocks:
                drows = new((i.stop - i.start, h, OW, C), dtype)
                _route(dy[i], down[i], _along(drows, 1, OH, KH, S), S < KH)
                dxp = dx[i] if new is np.empty and shape[1:3] == (h, w) else new((len(drows), h, w, C), dtype)
                _route(drows, across[i], _along(dxp, 2, OW, KW, T), T < KW)
                if dxp.base is not dx:
                    dx[i] = cropped(dxp, (len(drows), *shape[1:]), pad)

        lanes(backward, blocks)
        return (dx,)

    blocks = of_images(N, x[0].size)
    lanes(forward, blocks)
    return y, back


def _along(x, axis, count, size, stride):
    """`size` views of x, one for each place of a window that slides along an axis in `count` steps."""
    before = (slice(None),) * axis
    return [x[(*before, slice(k, k + (count - 1) * stride + 1, stride))] for k in range(size)]


def _largest(competing, y, winner):
    """The largest of equally shaped arrays, into y, and the number of the first that has it, into winner."""
    if len(competing) == 1:
        y[...], winner[...] = competing[0], 0
        return
    np.greater(competing[1], competing[0], out=winner.view(bool))
    np.maximum(competing[0], competing[1], out=y)
    for number, each in enumerate(competing[2:], 2):
        np.maximum(winner, np.multiply(each > y, number, dtype=np.uint8), out=winner)   # the later number is the larger
        np.maximum(y, each, out=y)


def _route(dy, winner, receiving, overlap):
    """Each number of dy to the array whose number stands in winner; added, where windows overlap."""
    if overlap:
        for number, dx in enumerate(receiving):
            dx += dy * (winner == number)
    elif len(receiving) == 2:
        np.multiply(dy, winner.view(bool), out=receiving[1])
        np.subtract(dy, receiving[1], out=receiving[0])             # of two, the first has what the other has not
    else:
        for number, dx in enumerate(receiving):
            np.multiply(dy, winner == number, out=dx)


def avg_pool2d(x, size, stride=None, pad=0, fit="exact"):
    """The mean of each window, channel by channel. Padding is not counted: at the border the mean is over fewer pixels.

    x (N, H, W, C) -> y (N, OH, OW, C); `size`, `stride`, `pad`, `fit` as in max_pool2d. So the mean of a constant image
    is that constant everywhere (PyTorch: count_include_pad=False). Every pixel under a window of n receives dy / n.
    Source: CS231n notes, Convolutional networks.
    """
    x, window, pad = checked("avg_pool2d", x, size, stride, pad, fit)
    shape, dtype = x.shape, x.dtype
    share = 1 / _sums(padded(np.ones((1, *shape[1:3], 1), dtype), pad, *window), window)     # 1 / n, (1, OH, OW, 1)
    y = _sums(padded(x, pad, *window), window) * share

    def back(dy):
        dxp, given = padded(np.zeros(shape, dtype), pad, *window), dy * share
        for _, under in taps(dxp, *window):
            under += given
        return (cropped(dxp, shape, pad),)

    return y, back


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


def checked(where, x, size, stride=None, pad=0, fit="exact"):
    """x, the window (out, size, stride) and pad ((top, bottom), (left, right))."""
    x = images(where, x)
    size = pair(where, "size", size)
    stride, pad = size if stride is None else pair(where, "stride", stride), pads(where, pad)
    for F, sides in zip(size, pad):
        if max(sides) >= F:
            raise ValueError(f"{where}: pad = {max(sides)} must be smaller than the window, {F}: a window would see "
                             "nothing but padding.")
    return x, (out_shape(where, x.shape, size, stride, pad, (1, 1), fit), size, stride), pad
