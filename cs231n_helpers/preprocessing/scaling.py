"""Centre, scale, standardise: every feature keeps its meaning, and gets a common size."""

from dataclasses import dataclass

import numpy as np

from cs231n_helpers.preprocessing.fitted import _examples, _fitting, _frozen, _mean, _not_fitted


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
        mean, constant = _mean(X)
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
