"""Fewer multiplications for filters three rows high: four rows of the result from six products instead of twelve.

Along the height, F(4, 3) of Winograd (1980): y = A^T ((G w) * (B^T d)), where d are six rows of the image, w the three
rows of the filter and y four rows of the result. All three transforms are matrix products themselves, with long rows,
which is why they cost little. Source: Lavin and Gray 2016 (Fast algorithms for convolutional neural networks).
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

BT = np.array([[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
               [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]], float)
G = np.array([[1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
              [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1]])
AT = np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], float)


class Winograd:
    """The form of strips.py for KH = 3: six lines for every four rows of the result."""

    planes, step = 6, 4

    def strip(self, n, rows, columns, C, dtype):
        return np.empty((n, rows, columns, C), dtype)

    def channels(self, C):
        return C

    def filters(self, W):
        """(3, KW, C, F) -> (6, KW * C, F)"""
        return (G.astype(W.dtype) @ W.reshape(3, -1)).reshape(6, -1, W.shape[3])

    def gradient(self, dU, shape):
        return (G.T.astype(dU.dtype) @ dU.reshape(6, -1)).reshape(shape)

    def lines(self, strip, out):
        """Strip (n, 4 T + 2, Wp, C) -> out (6, n, T, Wp * C): B^T times the six rows of each tile; tiles overlap."""
        n, rows, Wp, C = strip.shape
        s, r, _, c = strip.strides
        tiles = as_strided(strip, (n, (rows - 2) // 4, 6, Wp * C), (s, 4 * r, r, c))
        np.matmul(BT.astype(strip.dtype), tiles, out=out.transpose(1, 2, 0, 3))

    def rows(self, products, b, y):
        """Products (6, n, T, Wp * F) -> y (n, 4 T or fewer, OW * F): A^T times the six of each tile, and b added."""
        A, tiles, whole = AT.astype(y.dtype), products.transpose(1, 2, 0, 3)[..., :y.shape[2]], y.shape[1] // 4
        np.matmul(A, tiles[:, :whole], out=y[:, :4 * whole].reshape(len(y), whole, 4, y.shape[2]))
        if y.shape[1] % 4:
            np.matmul(A[:y.shape[1] % 4], tiles[:, whole], out=y[:, 4 * whole:])
        if b is not None:
            y += np.tile(b, y.shape[2] // len(b))

    def spread(self, strip, out):
        """A times the four rows of dy: (n, 4 T, Wp, F) -> (6, n, T, Wp * F)."""
        n, rows, Wp, F = strip.shape
        np.matmul(AT.T.astype(strip.dtype), strip.reshape(n, rows // 4, 4, Wp * F), out=out.transpose(1, 2, 0, 3))
