"""Centre, scale, standardise: fit on the training images, then apply the same numbers to every split.

    center = Center.fit(X_train)            # the mean image of the TRAINING set
    scale = Scale.fit(center(X_train))
    X_val = scale(center(X_val))            # roughly in [-1, 1]

Statistics of the validation or test set must not leak in: the classifier may know only what training data tells.
Every `fit` takes data (N, D) or images (N, H, W, C) and returns a frozen object; calling it gives new float data of the
same shape (float64 stays float64, pixels as bytes become float32).
"""

from dataclasses import dataclass

import numpy as np

from cs231n_helpers import checks


@dataclass(frozen=True, eq=False)
class Center:
    """Subtract the mean image: X - mean, so that every feature has mean 0 over the training set."""

    mean: np.ndarray = None                                         # (D,) or (H, W, C), float64

    @classmethod
    def fit(cls, X):
        """The mean of each feature over the examples of X."""
        X = _examples("Center.fit", X)
        return cls(_frozen(X.mean(axis=0, dtype=np.float64)))

    def __call__(self, X):
        X = _fitting("Center", X, self.mean)
        return X - self.mean.astype(X.dtype)                        # (N, ...) - (...)


@dataclass(frozen=True, eq=False)
class Scale:
    """Divide by one number, the largest absolute value of the training set: X / largest, within [-1, 1] there."""

    largest: float = None

    @classmethod
    def fit(cls, X):
        """The largest absolute value in X (1 if X is zero everywhere, so that nothing is divided by 0)."""
        X = _examples("Scale.fit", X)
        return cls(max(float(X.max()), -float(X.min())) or 1.0)

    def __call__(self, X):
        if self.largest is None:
            raise _not_fitted("Scale")
        X = _examples("Scale", X)
        return X / X.dtype.type(self.largest)


@dataclass(frozen=True, eq=False)
class Standardize:
    """Subtract the mean and divide by the standard deviation, feature by feature: (X - mean) / std.

    A feature that never changes in the training set (a corner pixel, say) has std 0. It is divided by 1 instead, so it
    stays at 0.
    """

    mean: np.ndarray = None                                         # (D,) or (H, W, C), float64
    std: np.ndarray = None                                          # the same shape, never 0

    @classmethod
    def fit(cls, X):
        """Mean and standard deviation of each feature over the examples of X."""
        X = _examples("Standardize.fit", X)
        low = X.min(axis=0)
        constant = X.max(axis=0) == low                             # exact, where a computed std would be 1e-17
        mean = np.where(constant, low, X.mean(axis=0, dtype=np.float64))
        std = np.where(constant, 1.0, _std(X, mean))
        return cls(_frozen(mean), _frozen(std))

    def __call__(self, X):
        X = _fitting("Standardize", X, self.mean)
        centred = X - self.mean.astype(X.dtype)
        return centred / self.std.astype(X.dtype)


def _std(X, mean, block=256):
    """Standard deviation in float64, some rows at a time: a float64 copy of 50,000 images would take 1.2 GB."""
    squares = sum(np.square(X[i:i + block] - mean).sum(axis=0) for i in range(0, len(X), block))
    return np.sqrt(squares / len(X))


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


def _frozen(array):
    array.setflags(write=False)
    return array
