"""Fewer multiplications for filters of three rows: four rows of the result from six products instead of twelve.

Along the height, F(4, 3) of Winograd (1980): y = A^T ((G w) * (B^T d)), where d are six rows of the image, w the three
rows of a filter and y four rows of the result. The three transforms are matrix products themselves, over whole rows of
pixels, which is why they cost little. Six transformed rows are called `lines` here, four rows of the result a `tile`.
A filter of more rows is cut into groups of three, and the image's rows 3 apart become channels of one (`stacked`).
Source: Lavin and Gray 2016 (Fast algorithms for convolutional neural networks).
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

BT = np.array([[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
               [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]], float)
G = np.array([[1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
              [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1]])
AT = np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], float)
AT_AND_BIAS = np.hstack([AT, np.ones((4, 1))])      # a seventh line that holds b is added to every row
PLANES, TILE = 6, 4


def groups(KH):
    """How many groups of three rows a filter of KH rows is cut into."""
    return -(-KH // 3)


def filters(W):
    """G times the rows of W: (KH, KW, C, F) -> (6, KW, groups * C, F)."""
    KH, KW, C, F = W.shape
    whole = np.zeros((3 * groups(KH), KW, C, F), W.dtype)
    whole[:KH] = W
    whole = whole.reshape(groups(KH), 3, KW, C, F).transpose(1, 2, 0, 3, 4)                 # (3, KW, groups, C, F)
    return (G.astype(W.dtype) @ whole.reshape(3, -1)).reshape(PLANES, KW, groups(KH) * C, F)


def filters_back(dU, shape):
    """The gradient of W, `shape`, from that of filters(W)."""
    KH, KW, C, F = shape
    whole = (G.T.astype(dU.dtype) @ dU.reshape(PLANES, -1)).reshape(3, KW, groups(KH), C, F)
    return np.ascontiguousarray(whole.transpose(2, 0, 1, 3, 4).reshape(-1, KW, C, F)[:KH])


def stacked(x, first, rows, count):
    """`rows` rows of x (n, H, W, C) from row `first` on, zeros outside; `count` rows 3 apart become channels of one."""
    n, H, W, C = x.shape
    strip = np.zeros((n, rows, W, count, C), x.dtype)
    for g in range(count):
        begin, end = max(0, -first - 3 * g), min(rows, H - first - 3 * g)
        if end > begin:
            strip[:, begin:end, :, g] = x[:, first + 3 * g + begin:first + 3 * g + end]
    return strip.reshape(n, rows, W, count * C)


def to_lines(x, first, out):
    """B^T times the six rows of each tile, from row `first` of x (n, H, W, C) on: out (6, n, T, W * C).

    Tiles overlap in two rows. Rows outside x are zeros, so those columns of B^T are left out.
    """
    H, T, B = x.shape[1], out.shape[2], BT.astype(x.dtype)
    begin = min(max(0, -(first // TILE)), T)                        # the tiles [begin, end) lie in x as a whole
    end = max(begin, min(T, (H - PLANES - first) // TILE + 1))
    if end > begin:
        inside = out[:, :, begin:end].transpose(1, 2, 0, 3)
        np.matmul(B, _overlapping(x, first + TILE * begin, end - begin), out=inside)
    for t in (*range(begin), *range(end, T)):
        top = first + TILE * t
        low, high = max(0, top), min(H, top + PLANES)
        if high > low:
            np.matmul(B[:, low - top:high - top], _lengthwise(x[:, low:high]), out=out[:, :, t].swapaxes(0, 1))
        else:
            out[:, :, t] = 0


def from_products(products, y):
    """A^T times the six products of each tile, (6, n, T, W * F) -> y (n, 4 T or fewer, W, F); of seven: with bias."""
    whole, rest = divmod(y.shape[1], TILE)
    A, tiles = (AT if len(products) == PLANES else AT_AND_BIAS).astype(y.dtype), products.transpose(1, 2, 0, 3)
    if whole:
        np.matmul(A, tiles[:, :whole], out=_lengthwise(y[:, :TILE * whole], whole, TILE))
    if rest:
        np.matmul(A[:rest], tiles[:, whole], out=_lengthwise(y[:, TILE * whole:]))


def products_back(dy, out):
    """A times the rows of dy, (n, 4 T or fewer, W, F) -> out (6, n, T, W * F): the gradient of the products."""
    whole, rest = divmod(dy.shape[1], TILE)
    A, tiles = AT.T.astype(dy.dtype), out.transpose(1, 2, 0, 3)
    if whole:
        np.matmul(A, _lengthwise(dy[:, :TILE * whole], whole, TILE), out=tiles[:, :whole])
    if rest:
        np.matmul(A[:, :rest], _lengthwise(dy[:, TILE * whole:]), out=tiles[:, whole])


def _lengthwise(x, *split):
    """A view of x (n, H, W, C) with whole rows of numbers, (n, H, W * C); `split` cuts H in two: tiles, rows."""
    n, H, W, C = x.shape
    return x.reshape(n, *(split or (H,)), W * C)


def _overlapping(x, first, tiles):
    """A view (n, tiles, 6, W * C) of x (n, H, W, C): six rows for each tile, four rows further on for the next."""
    s, r, w, c = x.strides                                          # W * C numbers of a row stand next to each other
    c = c if x.shape[3] > 1 else w                                  # one channel: its stride may be anything
    return as_strided(x[:, first:], (len(x), tiles, PLANES, x.shape[2] * x.shape[3]), (s, TILE * r, r, c))
