"""The k nearest training rows of each query, in a documented order: by (distance, training index)."""

import numpy as np

from cs231n_helpers import checks, threads
from cs231n_helpers.neighbors.blocks import rows_within, slices
from cs231n_helpers.neighbors.distances import METRICS, pair


def nearest(Q, X, k, metric="l2", block=1024):
    """The k nearest rows of X for each row of Q: (indices, distances), both (M, k), nearest first.

    Q (M, D), X (N, D), 1 <= k <= N; metric "l1" or "l2"; `block` training rows are compared at once. The whole (M, N)
    matrix is never kept (2 GB for 10,000 x 50,000): beside Q and X this needs some tens of megabytes.
    Equal distances: the smaller training index comes first.
    """
    Q, X = pair("nearest", Q, X)
    k = checks.whole("nearest", "k", k, low=1)
    check_k("nearest", k, len(X))
    measure = METRICS[checks.one_of("nearest", "metric", metric, METRICS)](X)
    block = checks.whole("nearest", "block", block, low=1)
    some = rows_within(16, Q.shape[1], 4)
    found = [_nearest_of_some(measure(Q[rows]), len(X), k, block) for rows in slices(len(Q), some)]
    return tuple(np.concatenate(parts) for parts in zip(*found))


def _nearest_of_some(between, count, k, block):
    """Go through the training rows block by block, keeping the best k so far."""
    best = None
    for columns in slices(count, block):
        near = between(columns)                                                    # (m, block)
        order = smallest(near, min(k, near.shape[1]))
        found = order + columns.start, np.take_along_axis(near, order, axis=1)
        best = found if best is None else _merge(best, found, k)
    return best


def _merge(best, found, k):
    """The k nearest of both; `best` holds the smaller indices, so a stable sort keeps them first where tied."""
    indices, distances = (np.hstack(both) for both in zip(best, found))
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(indices, order, axis=1), np.take_along_axis(distances, order, axis=1)


def sorted_neighbors(distances, k):
    """The indices (M, k) of the k smallest distances of each row, sorted by (distance, index).

    distances (M, N). Only the k smallest are sorted: the rest is split off in linear time.
    """
    distances = checks.matrix("sorted_neighbors", "distances", distances)
    k = checks.whole("sorted_neighbors", "k", k, low=1)
    check_k("sorted_neighbors", k, distances.shape[1])
    return smallest(distances, k)


def smallest(distances, k):
    """sorted_neighbors without the checks."""
    some = rows_within(4, distances.shape[1], distances.itemsize)
    parts = slices(len(distances), some)
    return np.concatenate(threads.share(lambda rows: _smallest_of_some(distances[rows], k), parts))


def _smallest_of_some(distances, k):
    last = np.partition(distances, k - 1, axis=1)[:, k - 1:k]                      # (m, 1) the k-th smallest
    chosen = distances <= last                                                     # k in each row, more where tied
    places = np.flatnonzero(chosen)
    if places.size > k * len(distances):
        crowded = np.flatnonzero(np.count_nonzero(chosen, axis=1) > k)
        chosen[crowded] = _drop_late_ties(distances[crowded], last[crowded], k)
        places = np.flatnonzero(chosen)
    indices = places.reshape(-1, k) % distances.shape[1]                           # ascending in each row
    order = np.argsort(np.take_along_axis(distances, indices, axis=1), axis=1, kind="stable")
    return np.take_along_axis(indices, order, axis=1)


def _drop_late_ties(distances, last, k):
    """Of the entries equal to the k-th smallest, keep the first ones, as many as fit."""
    closer, tied = distances < last, distances == last
    room = k - np.count_nonzero(closer, axis=1)[:, None]
    return closer | (tied & (np.cumsum(tied, axis=1) <= room))


def check_k(where, k, count):
    """Refuse to ask for more neighbours than there are training rows."""
    if k > count:
        raise ValueError(f"{where}: k = {k} neighbours were asked for, but there are only {count} training rows. "
                         f"Choose 1 <= k <= {count}.")
