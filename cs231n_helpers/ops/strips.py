"""The fast convolution at stride 1: blocks that stay in the cache, windows that are read where they lie, and Winograd.

*Windows without copies.* In memory the pixels of a row stand one after the other, C numbers each, so the window of KW
pixels that begins at pixel w is the KW * C numbers from w * C on. Those that begin at 0, KW, 2 KW, ... lie side by
side: as it lies, the row is a matrix of them. KW such matrices, begun at 0, 1, ... KW - 1, hold all windows. (A window
that runs over the end of a row into the next one is nonsense; its result is not looked at.) The zeros on the right of a
row are those on the left of the next.

*Blocks.* A few tiles of rows at a time are transformed (winograd.py), multiplied and transformed back, in buffers that
stay in the cache and are used again. Nothing of it is kept for the backward pass but x itself.
"""

import math
from dataclasses import dataclass

import numpy as np

from . import winograd
from .blocks import LANES, lanes, sums
from .winograd import PLANES, TILE

BUDGET = 2**21                  # bytes of lines and products in a block: they stay in the cache
FEW = 16                        # channels
SMALL = 900_000                 # multiplications up to which OpenBLAS needs no copies of its own: products are cut so


@dataclass(frozen=True)
class Sizes:
    """One convolution in numbers: rows and columns of a filter, K channels of a line, F filters.

    A line has `left` zeros, `width` pixels from number `skip` of the image's row on, and zeros up to `pixels`. The
    first row of the first tile is row -top of the image. N images and OH rows, OW columns of the result.
    """

    KH: int
    KW: int
    K: int
    F: int
    top: int
    left: int
    skip: int
    width: int
    pixels: int
    N: int
    OH: int
    OW: int

    def blocks(self, itemsize):
        """(images, tiles) slices: as many images as BUDGET holds, or parts of one."""
        tiles, fit = -(-self.OH // TILE), max(1, BUDGET // (self.pixels * (self.K + self.F) * PLANES * itemsize))
        images, part = max(1, min(fit // tiles, -(-self.N // LANES))), min(fit, tiles)
        return [(slice(i, min(i + images, self.N)), slice(t, min(t + part, tiles)))
                for i in range(0, self.N, images) for t in range(0, tiles, part)]

    def pieces(self, count):
        """Into how many products of how many windows each the windows of `count` pixels are cut."""
        R = -(-count // self.KW)
        pieces = -(-R * self.KW * self.K * self.F // SMALL)
        return pieces, -(-R // pieces)

    def runs(self, count):
        """Into how many products of how many pixels each `count` pixels are cut, where windows are taken apart."""
        runs = -(-count * self.K * self.F // SMALL)
        return runs, -(-count // runs)

    def buffer(self, share, width, planes, dtype):
        """Zeros (planes, numbers): room for `width` numbers a pixel of any block, and for the last windows' end."""
        counts = [self.count(*block) for block in share]
        most = max(max(self.KW * math.prod(self.pieces(n)), math.prod(self.runs(n))) for n in counts)
        return np.zeros((planes, (most + 2 * self.KW) * width), dtype)

    def count(self, images, tiles):
        """The pixels in the lines of a block."""
        return (images.stop - images.start) * (tiles.stop - tiles.start) * self.pixels

    def by_window(self, buffer, count, width, length):
        """Of `width` numbers a pixel, the `length` pixels from each pixel on: (6, KW, pieces, R, length * width).

        With length = KW these are the windows, with length = 1 the results that belong to them, in the same order.
        """
        (pieces, R), item = self.pieces(count), buffer.itemsize * width
        return _view(buffer, (PLANES, self.KW, pieces, R, length * width),
                     (buffer.strides[0], item, R * self.KW * item, self.KW * item, buffer.itemsize))

    def by_shift(self, buffer, count, width, shifts):
        """Of `width` numbers a pixel, runs of M pixels from each of the first on: (6, shifts, runs, M, width)."""
        (runs, M), item = self.runs(count), buffer.itemsize * width
        return _view(buffer, (PLANES, shifts, runs, M, width),
                     (buffer.strides[0], item, M * item, item, buffer.itemsize))


def sizes(shape, x, y, pad):
    """Sizes for filters, images and results of these shapes; pad (top, left), where less than 0 cuts off."""
    (KH, KW, C, F), (top, left), (N, OH, OW, _) = shape, pad, y
    skip, left = max(0, -left), max(0, left)
    width = min(x[2] - skip, OW + KW - 1 - left)
    right = OW + KW - 1 - left - width
    pixels = max(OW, left + width + max(0, right - left))           # the next line's left zeros are on the right, too
    return Sizes(KH, KW, winograd.groups(KH) * C, F, top, left, skip, width, pixels, N, OH, OW)


def correlate(x, W, b, pad, y):
    """Write conv2d(x, W, b) at stride 1 into y (N, OH, OW, F); pad (top, left) may be negative: cut off."""
    z = sizes(W.shape, x.shape, y.shape, pad)
    U = winograd.filters(W).reshape(PLANES, 1, 1, z.KW * z.K, z.F)

    def work(share):
        lines = z.buffer(share, z.K, PLANES, y.dtype)
        products = z.buffer(share, z.F, PLANES + (b is not None), y.dtype)
        if b is not None:
            products[PLANES].reshape(-1, z.F)[...] = b
        for images, tiles in share:
            count = z.count(images, tiles)
            _transform(x[images], tiles, lines, z)
            np.matmul(z.by_window(lines, count, z.K, z.KW), U, out=z.by_window(products, count, z.F, 1))
            winograd.from_products(_tiled(products, images, tiles, z.F, z)[..., :z.OW * z.F],
                                   y[images, TILE * tiles.start:TILE * tiles.stop])

    lanes(work, z.blocks(y.itemsize))


def filter_gradient(x, dy, shape, pad):
    """(dW, db) of conv2d at stride 1 from x and dy: the windows, transposed, times the gradient of the products.

    Few channels are multiplied as whole windows; many pixel by pixel of the window, KW products of K rows each, which
    leave less to add up.
    """
    z = sizes(shape, x.shape, dy.shape, pad)

    def work(share):
        lines, dproducts = (z.buffer(share, width, PLANES, dy.dtype) for width in (z.K, z.F))
        total, db = 0, 0
        for images, tiles in share:
            count = z.count(images, tiles)
            _transform(x[images], tiles, lines, z)
            found = _tiled(dproducts, images, tiles, z.F, z)
            winograd.products_back(dy[images, TILE * tiles.start:TILE * tiles.stop], found[..., :z.OW * z.F])
            found[..., z.OW * z.F:] = 0                             # what windows over the end of a row would give
            dproducts[:, count * z.F:] = 0
            if z.K < FEW:
                windows, dresults = z.by_window(lines, count, z.K, z.KW), z.by_window(dproducts, count, z.F, 1)
                total = total + (windows.swapaxes(-1, -2) @ dresults).sum(axis=(1, 2))
            else:
                pixels, dresults = z.by_shift(lines, count, z.K, z.KW), z.by_shift(dproducts, count, z.F, 1)
                total = total + (pixels.swapaxes(-1, -2) @ dresults).sum(axis=2)
            db = db + sums(found[1].reshape(-1, z.F))               # the factors of this line are 1, 1, 1, 1
        return total, db

    totals, dbs = zip(*lanes(work, z.blocks(dy.itemsize)))
    return winograd.filters_back(sum(totals), shape), sum(dbs)


def _view(buffer, shape, strides):
    """The buffer seen with other strides: as_strided, but faster, and refused if it left the buffer."""
    return np.ndarray(shape, buffer.dtype, buffer, 0, strides)


def _tiled(buffer, images, tiles, width, z):
    """The part of a buffer that a block uses, as (planes, n, T, pixels * width)."""
    n, T = images.stop - images.start, tiles.stop - tiles.start
    return buffer[:, :z.count(images, tiles) * width].reshape(len(buffer), n, T, z.pixels * width)


def _transform(x, tiles, lines, z):
    """The tiles of x (n, H, W, C) as lines in their buffer, with zeros before and after."""
    x, first = x[:, :, z.skip:z.skip + z.width], TILE * tiles.start - z.top
    if z.KH > 3:
        x, first = winograd.stacked(x, first, TILE * (tiles.stop - tiles.start) + 2, winograd.groups(z.KH)), 0
    out = _tiled(lines, slice(0, len(x)), tiles, z.K, z)
    begin, end = z.left * z.K, (z.left + z.width) * z.K
    out[..., :begin], out[..., end:] = 0, 0
    lines[:, out[0].size:out[0].size + z.KW * z.K] = 0
    winograd.to_lines(x, first, out[..., begin:end])
