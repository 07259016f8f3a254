"""A data set cut into training, validation and test part; folds and batches of indices."""

from dataclasses import dataclass

import numpy as np

from cs231n_helpers import checks


@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """A data set in three parts. Learn on train, choose settings on val, and touch test once, at the very end.

    X_train, X_val, X_test: images (N, H, W, C) uint8, or points (N, 2) float64.
    y_train, y_val, y_test: class labels (N,) int64, 0 <= y < C; `class_names[y]` is the word for it.

    All six arrays are read-only: to change one, work on a copy (`X_train.astype(np.float32)` already is one).
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple
    name: str

    def __repr__(self):
        counts = f"{len(self.y_train):,} train, {len(self.y_val):,} val, {len(self.y_test):,} test"
        return f"Split({self.name}: {counts}; one example {self.X_train.shape[1:]}; {len(self.class_names)} classes)"


def make_split(name, class_names, parts):
    """Build a Split from {"train": (X, y), "val": (X, y), "test": (X, y)} and freeze its arrays."""
    arrays = {}
    for part, (X, y) in parts.items():
        arrays[f"X_{part}"], arrays[f"y_{part}"] = _frozen(X), _frozen(y)
    return Split(**arrays, class_names=tuple(class_names), name=name)


def _frozen(array):
    array = array.view()
    array.setflags(write=False)
    return array


def first(split, **counts):
    """The first n examples of each part, for counts such as train=500; None keeps the whole part.

    The examples of a data set are stored so that any first n are balanced, as far as n divides by the classes.
    """
    parts = {}
    for part in ("train", "val", "test"):
        X, y = getattr(split, f"X_{part}"), getattr(split, f"y_{part}")
        n = len(y) if counts[part] is None else checks.whole("data.load", part, counts[part], low=0)
        if n > len(y):
            raise ValueError(f"data.load: {part} = {n:,}, but {split.name} has {len(y):,} {part} images at most.")
        parts[part] = X[:n], y[:n]
    return make_split(split.name, split.class_names, parts)


def balanced_order(y):
    """Indices that put the first example of every class first, then every second one, and so on: any first n
    examples of `y[order]` are balanced. Within one round the examples keep their order."""
    y = np.asarray(y)
    by_class = np.argsort(y, kind="stable")
    starts = np.searchsorted(y[by_class], y[by_class])              # where each example's class begins
    turn = np.empty(len(y), int)
    turn[by_class] = np.arange(len(y)) - starts                     # how many of its class came before it
    return np.argsort(turn, kind="stable")


def hold_out(y, fraction=0.1):
    """Indices (train, val): of every class the last `fraction` is for validation; both in balanced order."""
    y = np.asarray(y)
    val = np.zeros(len(y), bool)
    for label in np.unique(y):
        members = np.flatnonzero(y == label)
        val[members[len(members) - round(fraction * len(members)):]] = True
    parts = np.flatnonzero(~val), np.flatnonzero(val)
    return tuple(part[balanced_order(y[part])] for part in parts)


def folds(n, k, rng):
    """Deal `n` examples into `k` folds; return k pairs (train_indices, val_indices).

    Each example is in exactly one val_indices and in all other train_indices; fold sizes differ by at most one.
    `rng` is a generator from `np.random.default_rng(seed)`: the deal is random, and the same for the same seed.
    """
    n = checks.whole("data.folds", "n", n, low=2)
    k = checks.whole("data.folds", "k", k, low=2, high=n)
    parts = np.array_split(checks.generator("data.folds", "rng", rng).permutation(n), k)
    return [(np.sort(np.concatenate(parts[:i] + parts[i + 1:])), np.sort(parts[i])) for i in range(k)]


def batches(n, size, rng):
    """Yield index arrays of `size` examples that cover `n` examples once, in random order.

    The last batch is shorter if `size` does not divide `n`. One call is one epoch; for the next, call again with
    the same generator.
    """
    n = checks.whole("data.batches", "n", n, low=1)
    size = checks.whole("data.batches", "size", size, low=1)
    order = checks.generator("data.batches", "rng", rng).permutation(n)     # checked here, drawn at once
    return (order[i:i + size] for i in range(0, n, size))
