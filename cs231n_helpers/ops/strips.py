"""The fast convolution at stride 1: blocks that stay in the cache, windows that are read where they lie, and Winograd.

*Windows without copies.* In memory the pixels of a row stand one after the other, C numbers each, so the window of KW
pixels that begins at pixel w is the KW * C numbers from w * C on. Those that begin at 0, KW, 2 KW, ... lie side by
side: as it lies, the row is a matrix of them. KW such matrices, begun at 0, 1, ... KW - 1, hold all windows. (A window
that runs over the end of a row into the next one is nonsense; its result is not looked at.) Where there are few filters
`twins` = 2 neighbouring windows make one of KW + 1 pixels with twice as many filters, which the product likes better.

*Blocks.* A few tiles of rows at a time are transformed (winograd.py), multiplied and transformed back, in buffers that
stay in the cache and are used again. Nothing of it is kept for the backward pass but x itself.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided

from . import winograd
from .blocks import LANES, lanes, sums
from .winograd import PLANES, TILE

BUDGET = 2**20                  # bytes of lines and products in a block: with what they come from, they fit in the cache
SMALL = 900_000                 # multiplications up to which OpenBLAS needs no copies of its own: products are cut so


@dataclass(frozen=True)
class Sizes:
    """The numbers of one convolution: K channels of a line, F filters, KW pixels of a window, Wp of a line."""

    KW: int
    K: int
    F: int
    OW: int
    twins: int

    @property
    def reach(self):
        """Pixels that `twins` neighbouring windows cover together."""
        return self.KW + self.twins - 1

    @property
    def Wp(self):
        """Pixels of a line with its padding, a multiple of `twins`."""
        return -(-(self.OW + self.KW - 1) // self.twins) * self.twins

    def blocks(self, N, OH, itemsize):
        """(images, tiles) slices: as many images as BUDGET holds, or parts of one."""
        tiles, fit = -(-OH // TILE), max(1, BUDGET // (self.Wp * (self.K + self.F) * PLANES * itemsize))
        images, part = max(1, min(fit // tiles, -(-N // LANES))), min(fit, tiles)
        return [(slice(i, min(i + images, N)), slice(t, min(t + part, tiles)))
                for i in range(0, N, images) for t in range(0, tiles, part)]

    def pieces(self, count):
        """Into how many pieces of how many windows the products of `count` pixels are cut."""
        R = -(-count // self.reach)
        pieces = -(-R * self.reach * self.K * self.F * self.twins // SMALL)
        return pieces, -(-R // pieces)

    def buffer(self, share, width, planes, dtype):
        """Zeros (planes, numbers): room for `width` numbers a pixel of the largest block, and the last windows' end."""
        count = max((i.stop - i.start) * (t.stop - t.start) for i, t in share) * self.Wp
        pieces, R = self.pieces(count)
        return np.zeros((planes, ((pieces * R + 1) * self.reach + self.reach) * width), dtype)

    def windows(self, buffer, count, width, length):
        """Of a buffer of `width` numbers a pixel: (planes, begins, pieces, R, length * width), for `count` pixels.

        With length = reach these are the windows, with length = twins the results that belong to them.
        """
        (pieces, R), item = self.pieces(count), buffer.itemsize * width
        return as_strided(buffer, (PLANES, self.reach // self.twins, pieces, R, length * width),
                          (buffer.strides[0], self.twins * item, R * self.reach * item, self.reach * item,
                           buffer.itemsize))


def sizes(shape, OW):
    """The Sizes for filters of `shape` and results OW pixels wide."""
    KH, KW, C, F = shape
    return Sizes(KW, winograd.groups(KH) * C, F, OW, 2 if F <= 32 and KW % 2 and KW * F > 96 else 1)


def correlate(x, W, b, pad, y):
    """Write conv2d(x, W, b) at stride 1 into y (N, OH, OW, F); pad (top, left) may be negative: cut off."""
    z, (top, left) = sizes(W.shape, y.shape[2]), pad
    U = _twice(winograd.filters(W), z)[:, None, None]               # (6, 1, 1, reach * K, twins * F)

    def work(share):
        lines = z.buffer(share, z.K, PLANES, y.dtype)
        products = z.buffer(share, z.F, PLANES + (b is not None), y.dtype)
        if b is not None:
            products[PLANES].reshape(-1, z.F)[...] = b
        for images, tiles, count, views in _each(share, z, lines, products):
            _lines(x[images], W.shape[0], tiles, top, left, lines[:, :count * z.K], z)
            np.matmul(views[0], U, out=views[1])
            found = _tiled(products[:, :count * z.F], images, tiles, z)[..., :z.OW * z.F]
            winograd.from_products(found, y[images, TILE * tiles.start:TILE * tiles.stop])

    lanes(work, z.blocks(len(y), y.shape[1], y.itemsize))


def filter_gradient(x, dy, shape, pad):
    """(dW, db) of conv2d at stride 1 from x and dy: the windows, transposed, times the gradient of the products."""
    z, (top, left) = sizes(shape, dy.shape[2]), pad

    def work(share):
        lines, dproducts = (z.buffer(share, width, PLANES, dy.dtype) for width in (z.K, z.F))
        total, db = 0, 0
        for images, tiles, count, views in _each(share, z, lines, dproducts):
            _lines(x[images], shape[0], tiles, top, left, lines[:, :count * z.K], z)
            found = _tiled(dproducts[:, :count * z.F], images, tiles, z)
            winograd.products_back(dy[images, TILE * tiles.start:TILE * tiles.stop], found[..., :z.OW * z.F])
            found[..., z.OW * z.F:] = 0                             # what windows over the end of a row would give
            dproducts[:, count * z.F:] = 0
            total = total + (views[0].swapaxes(-1, -2) @ views[1]).sum(axis=(1, 2))
            db = db + sums(dproducts[1, :count * z.F].reshape(-1, z.F))     # its factors are 1, 1, 1, 1
        return total, db

    totals, dbs = zip(*lanes(work, z.blocks(len(dy), dy.shape[1], dy.itemsize)))
    return winograd.filters_back(_once(sum(totals), z), shape), sum(dbs)


def _each(share, z, lines, products):
    """For each block: images, tiles, how many pixels its lines have, and views of the windows and of their results."""
    views = {}
    for images, tiles in share:
        count = (images.stop - images.start) * (tiles.stop - tiles.start) * z.Wp
        if count not in views:
            views[count] = z.windows(lines, count, z.K, z.reach), z.windows(products, count, z.F, z.twins)
        yield images, tiles, count, views[count]


def _tiled(buffer, images, tiles, z):
    """(planes, n * T * Wp * width) -> (planes, n, T, Wp * width)."""
    n, T = images.stop - images.start, tiles.stop - tiles.start
    return buffer.reshape(len(buffer), n, T, -1)


def _lines(x, KH, tiles, top, left, lines, z):
    """Transform the tiles of x (n, H, W, C) into lines, with zeros on the left and on the right."""
    first, count, T = TILE * tiles.start - top, winograd.groups(KH), tiles.stop - tiles.start
    skip = max(0, -left)
    x = x[:, :, skip:skip + z.Wp - max(0, left)]
    if count > 1:
        x, first = winograd.stacked(x, first, TILE * T + 2, count), 0
    out = lines.reshape(PLANES, len(x), T, z.Wp * z.K)
    begin = max(0, left) * z.K
    end = begin + x.shape[2] * z.K
    out[..., :begin], out[..., end:] = 0, 0
    winograd.to_lines(x, first, out[..., begin:end])


def _twice(U, z):
    """Filters (6, KW, K, F) as one matrix each, (6, reach * K, twins * F): the second half one pixel further on."""
    wide = np.zeros((PLANES, z.reach, z.K, z.twins, z.F), U.dtype)
    for j in range(z.twins):
        wide[:, j:j + z.KW, :, j] = U
    return wide.reshape(PLANES, z.reach * z.K, z.twins * z.F)


def _once(dU, z):
    """The gradient of U from that of _twice(U): each filter collects from both its places."""
    wide = dU.reshape(PLANES, z.reach, z.K, z.twins, z.F)
    return sum(wide[:, j:j + z.KW, :, j] for j in range(z.twins))
