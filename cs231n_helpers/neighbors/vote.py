"""The vote of the k nearest neighbours, and cross-validation to choose k."""

import warnings

import numpy as np

from cs231n_helpers import checks
from cs231n_helpers.neighbors.distances import METRICS, rows
from cs231n_helpers.neighbors.search import check_k, nearest, smallest


def knn_predict(distances, y_train, k):
    """The label that most of the k nearest training rows have, (M,), for distances (M, N) and labels y_train (N,).

    Neighbours are sorted by (distance, training index): at equal distance the smaller index is nearer. Tied votes go to
    the smallest label. k = 1 is the nearest-neighbour classifier.
    Source: CS231n notes, Image classification.
    """
    neighbors, y_train = _neighbor_labels("knn_predict", distances, y_train, k)
    return _majority(neighbors, y_train)


def votes(distances, y_train, k, classes):
    """How many of the k nearest rows voted for each class: counts (M, classes), rows sum to k.

    A tie is a row whose largest count appears more than once.
    """
    classes = checks.whole("votes", "classes", classes, low=1)
    neighbors, _ = _neighbor_labels("votes", distances, y_train, k, classes)
    return _counts(neighbors, classes)


def cross_validate(X, y, ks, folds, metric="l2"):
    """The accuracy of kNN for each k on each fold: (len(ks), folds).

    X (N, D), y (N,), ks a list of k; folds: pairs (train indices, validation indices), as from `data.folds`. Each fold
    in turn is the validation set; then average over the folds. The test set is not a fold: it is not touched here.
    All ks share the distances and the sorting. A class without training example in a fold cannot be predicted there:
    a warning names it.
    Source: CS231n notes, Image classification.
    """
    X = rows("cross_validate", "X", X)
    y = checks.labels("cross_validate", "y", y, count=len(X))
    ks = [checks.whole("cross_validate", f"ks[{i}]", k, low=1) for i, k in enumerate(_sequence(ks))]
    checks.one_of("cross_validate", "metric", metric, METRICS)
    columns = [_fold_accuracies(X, y, ks, number, fold, metric) for number, fold in enumerate(folds)]
    if not columns:
        raise ValueError("cross_validate: folds is empty. Write data.folds(len(X), 5, rng).")
    return np.stack(columns, axis=1)                                               # (len(ks), folds)


def _fold_accuracies(X, y, ks, number, fold, metric):
    train, val = _fold_indices(number, fold, len(X))
    if max(ks) > len(train):
        raise ValueError(f"cross_validate: k = {max(ks)} in ks, but fold {number} has only {len(train)} training rows. "
                         f"Use k <= {len(train)}, or fewer folds.")
    _warn_missing_classes(number, y, train)
    indices, _ = nearest(X[val], X[train], max(ks), metric)
    neighbors = y[train][indices]                                                  # (n_val, max k), nearest first
    return [float((_majority(neighbors[:, :k], y) == y[val]).mean()) for k in ks]


def _neighbor_labels(where, distances, y_train, k, classes=None):
    distances = checks.matrix(where, "distances", distances)
    y_train = checks.labels(where, "y_train", y_train, count=distances.shape[1], classes=classes)
    k = checks.whole(where, "k", k, low=1)
    check_k(where, k, distances.shape[1])
    return y_train[smallest(distances, k)], y_train                                # (M, k)


def _majority(neighbors, labels):
    """The most frequent label of each row of neighbors (M, k); the smallest of those tied."""
    names, places = np.unique(neighbors, return_inverse=True)
    return names[_counts(places.reshape(neighbors.shape), len(names)).argmax(axis=1)].astype(labels.dtype)


def _counts(neighbors, classes):
    cells = np.arange(len(neighbors))[:, None] * classes + neighbors               # one number for each (row, class)
    return np.bincount(cells.ravel(), minlength=len(neighbors) * classes).reshape(-1, classes)


def _sequence(ks):
    if np.ndim(ks) != 1 or len(ks) == 0:
        what = "is empty" if np.ndim(ks) == 1 else f"must be a list, got {ks!r}"
        raise ValueError(f"cross_validate: ks {what}; give the values of k to try, for example [1, 3, 5].")
    return ks


def _fold_indices(number, fold, count):
    """The two index arrays of a fold: whole numbers within the data, without a row on both sides."""
    where = f"cross_validate: fold {number}"
    if len(fold) != 2:
        raise ValueError(f"{where} must be a pair (train indices, validation indices), got {len(fold)} things. "
                         "Write data.folds(len(X), 5, rng).")
    if min(map(len, fold)) == 0:
        raise ValueError(f"{where} has {len(fold[0])} training and {len(fold[1])} validation rows; both need some.")
    train, val = (checks.labels(where, name, part, classes=count) for name, part in zip(("train", "val"), fold))
    both = np.intersect1d(train, val)
    if both.size:
        raise ValueError(f"{where} has {both.size} rows in both parts (the first: {both[0]}). A row that is trained "
                         "on tells nothing about new data.")
    return train, val


def _warn_missing_classes(number, y, train):
    missing = np.setdiff1d(y, y[train])
    if missing.size:
        warnings.warn(f"cross_validate: fold {number} has no training row of class {', '.join(map(str, missing))}, so "
                      "it cannot predict it there. Shuffle before folding, or use fewer folds.", stacklevel=4)
