"""The fast convolution at stride 1: strips of images that stay in the cache, windows that are read where they lie.

Two ideas carry it. *Blocks*: some rows of some images are copied into a small padded strip, brought into the form the
product wants, multiplied and written out, all in buffers that stay in the cache and are used again. *Windows without
copies*: in memory the pixels of a row stand one after the other, C numbers each, so the window of KW pixels that begins
at pixel w is the KW * C numbers from w * C on. Those that begin at 0, KW, 2 KW, ... lie side by side: as it lies, the
row is a matrix of them. KW such matrices, begun at 0, 1 ... KW - 1, hold all windows, without copying a number.
(A window that runs over the end of a row into the next one is nonsense; its result is not looked at.)

What happens to the height is up to the form, `unfolded` below or winograd.py: it turns a strip into `planes` stacks of
lines (T, Wp, K), T for every `step` rows of the result, and the products of lines and filters back into rows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cs231n_helpers import threads

BUDGET = 2**20                  # bytes for the lines and the products of a block: with the rest, they fit in the cache
LANES = 4                       # shares of the work, however many threads there are: so their number changes no digit


@dataclass(frozen=True)
class Unfolded:
    """One line for each row of the result: the KH pixels under each other become one of KH * C channels."""

    KH: int
    planes, step = 1, 1

    def strip(self, n, rows, columns, C, dtype):
        """Laid out column by column, so that pixels under each other are neighbours."""
        return np.empty((n, columns, rows, C), dtype).swapaxes(1, 2)

    def channels(self, C):
        return self.KH * C

    def filters(self, W):
        """(KH, KW, C, F) -> (1, KW * KH * C, F)"""
        return W.swapaxes(0, 1).reshape(1, -1, W.shape[3])

    def gradient(self, dU, shape):
        """The gradient of W, from that of its filters (1, KW * KH * C, F)."""
        return np.ascontiguousarray(dU.reshape(shape[1], shape[0], *shape[2:]).swapaxes(0, 1))

    def lines(self, strip, out):
        """Strip (n, T + KH - 1, Wp, C) -> out (1, n, T, Wp * KH * C)."""
        n, rows, Wp, C = strip.shape
        s, r, w, c = strip.strides
        view = as_strided(strip, (n, rows - self.KH + 1, Wp, self.KH, C), (s, r, w, r, c))
        out.reshape(view.shape)[...] = view

    def rows(self, products, b, y):
        """Products (1, n, T, Wp * F) -> y (n, T, OW * F), with b (F,) added."""
        if b is None:
            y[...] = products[0, ..., :y.shape[2]]
        else:
            np.add(products[0, ..., :y.shape[2]], np.tile(b, y.shape[2] // len(b)), out=y)

    def spread(self, strip, out):
        """The gradient of the products, out (1, n, T, Wp * F), from a strip of dy (n, T, Wp, F)."""
        out.reshape(strip.shape)[...] = strip


def fill(strip, x, top, left):
    """Copy x (n, H, W, C) into a strip, whose first row is row `top` of x, its first column `left`; zeros outside x."""
    (a, b, row), (c, d, column) = (_overlap(size, n, first)
                                   for size, n, first in zip(strip.shape[1:], x.shape[1:], (top, left)))
    strip[:, :a], strip[:, b:], strip[:, a:b, :c], strip[:, a:b, d:] = 0, 0, 0, 0
    strip[:, a:b, c:d] = x[:, row:row + b - a, column:column + d - c]


def _overlap(size, n, first):
    """Where `n` elements lie in a buffer of `size` that begins at element `first`: (begin, end, first element)."""
    begin = min(max(0, -first), size)
    end = max(begin, min(size, n - first))
    return begin, end, first + begin


def sums(rows):
    """The column sums of rows (M, F), as a product: faster than sum, and more exact."""
    return np.ones(len(rows), rows.dtype) @ rows


def blocks(form, N, OH, numbers, itemsize):
    """(images, tiles) slices: as many images as BUDGET holds, or parts of one. `numbers`: of one tile of one image."""
    tiles = -(-OH // form.step)
    fit = max(1, BUDGET // (numbers * itemsize))
    images, part = max(1, min(fit // tiles, -(-N // LANES))), min(fit, tiles)
    return [(slice(i, min(i + images, N)), slice(t, min(t + part, tiles)))
            for i in range(0, N, images) for t in range(0, tiles, part)]


def lanes(work, found):
    """work(blocks) for each share of the blocks, on all cores; the list of results, in order."""
    step = -(-len(found) // LANES)
    return threads.share(work, [found[i:i + step] for i in range(0, len(found), step)])


def windows(lines, KW, count, K):
    """Lines (planes, numbers) as matrices (planes, KW, R, KW * K) of the windows that begin at each of count pixels."""
    R, item = -(-count // KW), lines.itemsize
    return as_strided(lines, (len(lines), KW, R, KW * K), (lines.strides[0], K * item, KW * K * item, item))


def by_window(products, KW, count, F):
    """A buffer (planes, numbers) of F numbers a pixel in the order of `windows`: (planes, KW, R, F)."""
    R, item = -(-count // KW), products.itemsize
    return as_strided(products, (len(products), KW, R, F), (products.strides[0], F * item, KW * F * item, item))


def correlate(form, x, W, b, pad, y):
    """Write conv2d(x, W, b) at stride 1 into y (N, OH, OW, F); pad ((top, .), (left, .)) may be negative: cut off."""
    N, OH, OW, F = y.shape
    KH, KW, C, _ = W.shape
    U, K, Wp = form.filters(W)[:, None], form.channels(C), OW + KW - 1
    (top, _), (left, _) = pad

    def work(share):
        room = max((i.stop - i.start) * (t.stop - t.start) for i, t in share) * Wp + 2 * KW
        lines = np.zeros((form.planes, room * K), y.dtype)
        products = np.empty((form.planes, room * F), y.dtype)
        strips = {}
        for images, tiles in share:
            n, T = images.stop - images.start, tiles.stop - tiles.start
            if (n, T) not in strips:
                strips[n, T] = form.strip(n, T * form.step + KH - 1, Wp, C, y.dtype)
            fill(strips[n, T], x[images], tiles.start * form.step - top, -left)
            count = n * T * Wp
            form.lines(strips[n, T], lines[:, :count * K].reshape(-1, n, T, Wp * K))
            np.matmul(windows(lines, KW, count, K), U, out=by_window(products, KW, count, F))
            rows = y[images, tiles.start * form.step:tiles.stop * form.step]
            form.rows(products[:, :count * F].reshape(-1, n, T, Wp * F), b, rows.reshape(n, -1, OW * F))

    lanes(work, blocks(form, N, OH, Wp * (K + F) * form.planes, y.itemsize))


def filter_gradient(form, x, dy, shape, pad):
    """(dW, db) of conv2d at stride 1, from x and dy: the windows, transposed, times dy."""
    N, OH, OW, F = dy.shape
    KH, KW, C, _ = shape
    K, Wp, dtype = form.channels(C), OW + KW - 1, dy.dtype
    (top, _), (left, _) = pad

    def work(share):
        room = max((i.stop - i.start) * (t.stop - t.start) for i, t in share) * Wp + 2 * KW
        lines = np.zeros((form.planes, room * K), dtype)
        spread = np.empty((form.planes, room * F), dtype)
        each = np.empty((form.planes, KW, KW * K, F), dtype)
        total, db, strips = np.zeros((form.planes, KW * K, F), dtype), np.zeros(F, dtype), {}
        for images, tiles in share:
            n, T = images.stop - images.start, tiles.stop - tiles.start
            if (n, T) not in strips:
                strips[n, T] = (form.strip(n, T * form.step + KH - 1, Wp, C, dtype),
                                np.empty((n, T * form.step, Wp, F), dtype))
            strip, dstrip = strips[n, T]
            fill(strip, x[images], tiles.start * form.step - top, -left)
            fill(dstrip, dy[images], tiles.start * form.step, 0)
            count = n * T * Wp
            form.lines(strip, lines[:, :count * K].reshape(-1, n, T, Wp * K))
            form.spread(dstrip, spread[:, :count * F].reshape(-1, n, T, Wp * F))
            spread[:, count * F:(count + KW) * F] = 0
            np.matmul(windows(lines, KW, count, K).swapaxes(2, 3), by_window(spread, KW, count, F), out=each)
            total += each.sum(axis=1)
            db += sums(dstrip.reshape(-1, F))
        return total, db

    totals, dbs = zip(*lanes(work, blocks(form, N, OH, Wp * (K + F) * form.planes, dy.itemsize)))
    return form.gradient(sum(totals), shape), sum(dbs)
