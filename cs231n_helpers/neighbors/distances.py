"""L1 and L2 distances between every row of Q and every row of X, without a Python loop over pairs.

The cube |Q[:, None] - X[None]| of shape (M, N, D) would be one line, and 28 GiB for 500 x 5,000 pictures of 3,072
numbers. Both functions go through it in blocks that the processor's cache can hold.
"""

import numpy as np

from cs231n_helpers import checks
from cs231n_helpers.neighbors import manhattan, squared


def l2_distances(Q, X):
    """Euclidean distances: the root of the sum over features of (q - x)^2.

    Q (M, D) queries, X (N, D) training rows -> (M, N), float32; float64 if Q or X is, or if both hold bytes (then the
    sums under the root are exact). Computed as |q|^2 - 2 q.x + |x|^2, one matrix product, and directly for the pairs
    that are so close that this difference would cancel: equal rows have distance exactly 0.
    Source: CS231n notes, Image classification.
    """
    Q, X = pair("l2_distances", Q, X)
    return squared.euclidean(X)(Q)(slice(0, len(X)))


def l1_distances(Q, X):
    """Manhattan distances: the sum over features of |q - x|.

    Q (M, D) queries, X (N, D) training rows -> (M, N), float32; float64 if Q or X is.
    Source: CS231n notes, Image classification.
    """
    Q, X = pair("l1_distances", Q, X)
    return manhattan.manhattan(X)(Q)(slice(0, len(X)))


METRICS = {"l1": manhattan.manhattan, "l2": squared.euclidean}


def pair(where, Q, X):
    """Check queries and training rows: two matrices of finite numbers with rows of one length."""
    Q, X = rows(where, "Q", Q), rows(where, "X", X)
    checks.same_width(where, "Q", Q, "X", X)
    return Q, X


def rows(where, name, value):
    """A matrix of finite numbers; float64 if float32 could not hold their squares.

    Bytes stay bytes, because blocks of them are converted one by one.
    """
    array = np.asarray(value)
    if array.dtype == np.uint8 and array.ndim == 2 and array.size:
        return array
    if array.dtype not in (np.float32, np.float64) or array.ndim != 2:
        array = checks.matrix(where, name, array)
    total = _sum_of_squares(array)
    if total == 0 or not 1e-25 < total < 1e35:              # empty, NaN, infinite, or far from the usual sizes
        array = checks.matrix(where, name, array)
        array = array if total == 0 and not array.any() else array.astype(np.float64)
    if not total < 1e35 and _sum_of_squares(array) > 1e300:
        raise ValueError(f"{where}: {name} holds values too large to be squared, up to {np.abs(array).max():.0e}. "
                         "Scale the data first.")
    return array


def _sum_of_squares(array):
    """One fast pass, which also carries NaN and infinity."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return float(np.vecdot(array, array).sum(dtype=np.float64))
