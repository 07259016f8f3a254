"""L2 from one matrix product: |q - x|^2 = |q|^2 - 2 q.x + |x|^2, made safe against cancellation.

Three things keep the short formula honest. (1) Both sides are centred first: distances do not change, and the numbers
that cancel become small. (2) Pairs whose distance is still small beside their lengths are computed again: a block with
many of them in float64, a few of them directly from the difference. (3) Equal training rows get equal distances, so
ties do not depend on rounding (twins.py). Pixels as bytes need none of it: float32 holds the sums of their products
exactly. In float32 the product is the sum of products over 256 features each: measured on pictures, one long sum is
wrong by up to 14 roundings of |q|^2 + |x|^2, short ones by 9.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from cs231n_helpers import threads
from cs231n_helpers.neighbors.blocks import aligned, even_slices, rows_within, slices
from cs231n_helpers.neighbors.twins import find_twins, share

FEW_FEATURES = 8            # up to here the plain difference is as fast as a matrix product, and exact
SOME_FEATURES = 256         # up to here a product in float64 costs little, and float32 rounds relatively more
EXACT_FEATURES = 1024       # 1024 * 128 * 128 = 2^24: sums of products of bytes minus 128 are exact in float32
BLOCK = 8                   # megabytes of a block of rows
LENGTH = 256                # features multiplied at once in float32: costs 9 % of the time and saves a digit
TRUSTED = {"f": 0.27, "d": 1e-8}    # float32, float64: |q - x|^2 over that part of |q|^2 + |x|^2 is right to 1e-6
OFF_CENTRE = 0.9            # data are centred where the spread makes up less than that part of the sum of squares
MANY = 1 / 32               # from this fraction of pairs too close for float32 on, a product in float64 is cheaper


class Rows(NamedTuple):
    """Some rows: as they are, centred (queries also times -2, ready for the product), and their squared lengths."""

    raw: np.ndarray         # (n, D)
    factor: np.ndarray      # (n, D)
    squares: np.ndarray     # (n,)


class Method(NamedTuple):
    """How blocks are prepared and compared, and the dtypes: of prepared rows, of squared distances, of the result."""

    prepare: Callable
    compare: Callable
    rows: np.dtype
    squared: np.dtype
    result: np.dtype


def euclidean(X):
    """measure(Q)(columns): the L2 distances (M, n) of the queries Q to the training rows X[columns]."""
    if X.shape[1] <= FEW_FEATURES:
        return lambda Q: lambda columns: np.sqrt(_by_feature(Q, X[columns]))
    centre, twins, size = _centre(X), find_twins(X), rows_within(BLOCK, X.shape[1], 4)

    def measure(Q):
        method = _method(Q, X, centre)
        queries = [(rows, method.prepare(Q[rows], -2)) for rows in slices(len(Q), size)]
        kept = np.empty((len(Q), len(twins.heads)), method.squared)
        spare = []

        def between(columns):
            out = np.empty((len(Q), columns.stop - columns.start), method.squared)

            def fill(part):
                buffer = _take(spare, (min(size, len(X)), X.shape[1]), method.rows)
                x = method.prepare(X[columns][part], 1, buffer)
                for rows, q in queries:
                    method.compare(q, x, out[rows, part])
                    np.sqrt(out[rows, part], out=out[rows, part])
                spare.append(buffer)
            threads.share(fill, even_slices(out.shape[1], size, threads.workers()))
            share(out, columns, twins, kept)
            return out.astype(method.result, copy=False)
        return between
    return measure


def _take(spare, shape, dtype):
    """A buffer that a thread has done with, or a new one, whose memory has to be cleared by the system first."""
    try:
        return spare.pop()
    except IndexError:
        return aligned(shape, dtype)


def _method(Q, X, centre):
    if Q.dtype == X.dtype == np.uint8:
        return Method(_bytes, _compare_bytes, np.float32, np.float64, np.float64)
    result = np.result_type(Q, X, np.float32)
    dtype = result if X.shape[1] > SOME_FEATURES else np.dtype(np.float64)
    prepare, compare = partial(_floats, centre=centre.astype(dtype)), partial(_compare_floats, centre=centre)
    return Method(prepare, compare, dtype, dtype, result)


def _by_feature(Q, X):
    out = np.zeros((len(Q), len(X)), np.result_type(Q, X, np.float32))
    for q, x in zip(Q.T, X.T):
        out += np.square(np.subtract.outer(q, x, dtype=out.dtype))                 # (M, N)
    return out


def _centre(X):
    """About the mean of X, or zeros if X lies around 0 already. Any point nearby serves, so some rows will do.

    It is rounded to a grid of a power of two, so that whole numbers stay whole.
    """
    some = X[::-(-len(X) // 64)].astype(np.float64)
    mean = some.mean(axis=0)
    spread = np.abs(some - mean).max()
    if np.square(some - mean).sum() >= OFF_CENTRE * np.square(some).sum():
        return np.zeros(X.shape[1])
    grid = 2.0 ** np.floor(np.log2(spread) - 4) if spread > 0 else 1.0
    return np.round(mean / grid) * grid


def _bytes(raw, times, buffer=None):
    """Each byte minus 128, exact in float32; doubled and squared in the comparison."""
    return Rows(raw, np.subtract(raw, np.float32(128), out=None if buffer is None else buffer[:len(raw)]), None)


def _compare_bytes(q, x, out):
    """Exact squared distances: every sum is a whole number, below 2^24 in float32, then below 2^53."""
    out[:] = 0
    for part in slices(q.factor.shape[1], EXACT_FEATURES):
        qp, xp = q.factor[:, part], x.factor[:, part]
        out -= 2.0 * (qp @ xp.T).astype(float)                                     # (m, D) @ (D, n) -> (m, n)
        out += np.add.outer(_squares(qp, float), _squares(xp, float))


def _floats(raw, times, buffer=None, *, centre):
    raw = raw.astype(centre.dtype, copy=False)
    factor = np.subtract(raw, centre, out=None if buffer is None else buffer[:len(raw)]) if centre.any() else raw
    squares = _squares(factor, centre.dtype)
    if times != 1:
        factor = np.multiply(factor, times, out=None if factor is raw else factor)
    return Rows(raw, factor, squares)


def _squares(x, dtype):
    """The squared lengths of rows, from sums over 512 features: a longer sum of squares in float32 loses digits."""
    parts = [x[:, part] for part in slices(x.shape[1], 512)]
    return sum(np.vecdot(part, part).astype(float) for part in parts).astype(dtype)


def _compare_floats(q, x, out, centre):
    """Squared distances (m, n) of two blocks of rows into `out`."""
    close = _expand(q, x, out)
    if out.dtype == np.float32 and len(close) > MANY * out.size:
        q, x = (_floats(rows.raw, times, centre=centre) for rows, times in ((q, -2), (x, 1)))
        wide = np.empty(out.shape)
        close = _expand(q, x, wide)
        out[:] = wide
    _directly(q.raw, x.raw, out, close)


def _expand(q, x, out):
    """|q|^2 - 2 q.x + |x|^2 into `out`; the flat places of the pairs that are too close to be computed so."""
    _product(q.factor, x.factor, out)
    out += q.squares[:, None]
    out += x.squares
    part = TRUSTED[out.dtype.char]
    maybe = np.flatnonzero(out <= part * (q.squares.max() + x.squares.max()))      # one bound, not a matrix of them
    i, j = np.divmod(maybe, out.shape[1])
    return maybe[out[i, j] <= part * (q.squares[i] + x.squares[j])]


def _product(Q, X, out):
    """Q @ X.T into `out`, in float32 as a sum of products over few features."""
    first, *others = slices(Q.shape[1], LENGTH if out.dtype == np.float32 else Q.shape[1])
    np.matmul(Q[:, first], X[:, first].T, out=out)                                 # (m, d) @ (d, n) -> (m, n)
    term = np.empty(out.shape, out.dtype) if others else None
    for part in others:
        np.matmul(Q[:, part], X[:, part].T, out=term)
        out += term


def _directly(Q, X, out, places):
    """The sum of (q - x)^2 for some pairs, given by their flat places in `out`."""
    for part in slices(len(places), rows_within(1, Q.shape[1], Q.itemsize)):
        i, j = np.divmod(places[part], out.shape[1])
        gap = Q[i] - X[j]                                                          # (pairs, D)
        out[i, j] = _squares(gap, float)
