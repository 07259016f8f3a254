"""L1 in blocks: subtract, absolute value, sum, each on a block that stays in the cache."""

import numpy as np

from cs231n_helpers import threads
from cs231n_helpers.neighbors.blocks import aligned, rows_within, slices

FEW_FEATURES = 8            # up to here a loop over the features is faster than a loop over the queries
BLOCK = 0.6                 # megabytes of a block of differences; measured: a third or double of it is slower
LONGEST = 4096              # features summed at once: longer sums in float32 lose digits


def manhattan(X):
    """measure(Q)(columns): the L1 distances (M, n) of the queries Q to the training rows X[columns]."""
    fill = _by_feature if X.shape[1] <= FEW_FEATURES else _by_query

    def measure(Q):
        def between(columns):
            out = np.zeros((len(Q), columns.stop - columns.start), np.result_type(Q, X, np.float32))
            fill(Q, X[columns], out)
            return out
        return between
    return measure


def _by_feature(Q, X, out):
    for q, x in zip(Q.T, X.T):
        out += np.abs(np.subtract.outer(q, x, dtype=out.dtype))                    # (M, N)


def _by_query(Q, X, out):
    """One thread for each part of the queries."""
    parts = slices(len(Q), -(-len(Q) // threads.workers()))
    threads.share(lambda part: _fill(Q[part], X, out[part]), parts)


def _fill(Q, X, out):
    """Row after row, so that equal training rows have bit-equal sums and ties stay ties."""
    size = rows_within(BLOCK, X.shape[1], out.itemsize)
    features = slices(X.shape[1], LONGEST)
    buffer = aligned((min(size, len(X)), X.shape[1]), out.dtype)
    Q = Q.astype(out.dtype, copy=False)
    for columns in slices(len(X), size):
        x = X[columns].astype(out.dtype, copy=False)                               # (n, D)
        gap = buffer[:len(x)]
        for q, sums in zip(Q, out[:, columns]):
            np.subtract(x, q, out=gap)
            np.abs(gap, out=gap)
            for part in features:
                sums += np.einsum("nd->n", gap[:, part])
