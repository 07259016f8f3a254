"""What every `fit` and every call of what it returns share: checks at the door, and the mean."""

import numpy as np

from cs231n_helpers import checks


def _examples(where, X):
    X = checks.floats(where, "X", X)
    if X.ndim < 2 or X.size == 0:
        raise ValueError(f"{where}: X must have shape (N, D) or (N, H, W, C) with N >= 1, got {X.shape}. "
                         "One example? Write x[None].")
    return X


def _fitting(where, X, fitted):
    """Check X against the fitted statistics `fitted`, which have the shape of one example."""
    if fitted is None:
        raise _not_fitted(where)
    X = _examples(where, X)
    if X.shape[1:] != fitted.shape:
        raise ValueError(f"{where}: X has examples of shape {X.shape[1:]}, but it was fitted with {fitted.shape}. "
                         "Flatten or reshape both alike.")
    return X


def _not_fitted(where):
    return ValueError(f"{where}: not fitted yet. Write {where}.fit(X_train), then call what it returns.")


def _mean(X):
    """The mean of each feature in float64, and which never change: their mean is exact, so that they centre to 0."""
    low = X.min(axis=0)
    constant = X.max(axis=0) == low                                 # exact, where a computed std would be 1e-17
    return np.where(constant, low, X.mean(axis=0, dtype=np.float64)), constant


def _frozen(array):
    array.setflags(write=False)
    return array
