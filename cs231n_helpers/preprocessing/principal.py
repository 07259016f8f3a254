"""Principal components and whitening: new features, along the directions in which the images differ most."""

from dataclasses import dataclass

import numpy as np

from cs231n_helpers import checks
from cs231n_helpers.preprocessing.fitted import _examples, _fitting, _frozen, _mean, _not_fitted


@dataclass(frozen=True, eq=False)
class PCA:
    """Turn the centred cloud onto its directions of largest spread: (X - mean) @ components.T -> (N, K).

    The new features are not correlated. Images are flattened to rows. `inverse` turns back; from fewer directions,
    `inverse(Z[:, :k])`, it gives the best approximation with k numbers for each example.
    Source: CS231n notes, Neural networks part 2, Data preprocessing.
    """

    mean: np.ndarray = None                                         # (D,) or (H, W, C), float64
    components: np.ndarray = None                                   # (K, D): directions, rows of length 1
    variances: np.ndarray = None                                    # (K,): variance along each, largest first
    total: float = None                                             # variance along all directions, kept or not

    @classmethod
    def fit(cls, X, components=None):
        """The `components` directions of largest variance; None: all min(N, D) of them.

        They are the eigenvectors of the covariance (X - mean).T @ (X - mean) / N, their variances its eigenvalues. The
        largest entry of each is made positive: the sign is free. Variances within rounding of 0 are set to 0.
        Memory: two matrices (D, D) in float64; if N < D, three (N, D). Time grows with D^3: about 0.3 s for D = 784,
        5 to 10 s for D = 3072.
        """
        return cls(*_principal("PCA.fit", X, components))

    def __call__(self, X):
        return _turned("PCA", X, self)

    def inverse(self, Z):
        """Examples (N, D) or (N, H, W, C) from their first k coordinates: Z (N, k) @ components[:k] + mean."""
        if self.components is None:
            raise _not_fitted("PCA")
        Z = checks.matrix("PCA.inverse", "Z", Z)
        if Z.shape[1] > len(self.components):
            raise ValueError(f"PCA.inverse: Z has {Z.shape[1]} coordinates per row, but only {len(self.components)} "
                             f"components were kept, shape {Z.shape}. Give what the fitted PCA returned.")
        X = Z @ self.components[:Z.shape[1]].astype(Z.dtype) + self.mean.ravel().astype(Z.dtype)
        return X.reshape(len(Z), *self.mean.shape)


@dataclass(frozen=True, eq=False)
class Whiten:
    """Turn as PCA does, then divide each coordinate by its standard deviation: a round cloud of covariance 1.

    (X - mean) @ components.T / sqrt(variances + eps) -> (N, K). The variances are the eigenvalues of the covariance;
    what divides is their ROOT. Directions that hardly vary hold mostly noise, and it is blown up until it is as wide as
    the rest. eps stops that where the variance is well below it; which eps is large depends on the scale of the pixels.
    A direction of variance 0 stays at 0.
    Source: CS231n notes, Neural networks part 2, Data preprocessing.
    """

    mean: np.ndarray = None                                         # (D,) or (H, W, C), float64
    components: np.ndarray = None                                   # (K, D): directions, rows of length 1
    variances: np.ndarray = None                                    # (K,): variance along each, largest first
    eps: float = 1e-5

    @classmethod
    def fit(cls, X, components=None, eps=1e-5):
        """The directions and variances of PCA.fit(X, components); time and memory as there. eps >= 0."""
        eps = checks.real("Whiten.fit", "eps", eps, low=0)
        return cls(*_principal("Whiten.fit", X, components)[:3], eps)

    def __call__(self, X):
        Z = _turned("Whiten", X, self)
        spread = np.sqrt(self.variances + self.eps)
        return Z / np.where(spread > 0, spread, 1).astype(Z.dtype)  # (N, K) / (K,)


def _principal(where, X, components):
    """Mean, directions (K, D), variances (K,) and the sum of all variances of the examples X."""
    X = _examples(where, X)
    shape, X = X.shape[1:], X.reshape(len(X), -1)
    n, d = X.shape
    kept = min(n, d) if components is None else checks.whole(where, "components", components, low=1, high=min(n, d))
    mean, _ = _mean(X)
    if n < d:                                                       # few examples: they span no more than N directions
        _, spread, directions = np.linalg.svd(X - mean, full_matrices=False)
        variances = np.square(spread) / n
    else:
        variances, columns = np.linalg.eigh(_covariance(X, mean))   # smallest first
        variances, directions = variances[::-1], columns.T[::-1]
    variances = np.where(variances > d * np.finfo(np.float64).eps * variances[0], variances, 0.0)
    directions = directions[:kept]
    largest = directions[np.arange(kept), np.abs(directions).argmax(axis=1)]
    directions = directions * np.sign(largest)[:, None]
    return _frozen(mean.reshape(shape)), _frozen(directions), _frozen(variances[:kept]), float(variances.sum())


def _covariance(X, mean, block=1024):
    """(X - mean).T @ (X - mean) / N in float64, some rows at a time: no float64 copy of all images."""
    total = np.zeros((X.shape[1], X.shape[1]))                      # (D, D)
    for i in range(0, len(X), block):
        rows = X[i:i + block] - mean
        total += rows.T @ rows
    return total / len(X)


def _turned(where, X, fitted):
    """Coordinates of X along the fitted directions: (N, ...) -> (N, K)."""
    X = _fitting(where, X, fitted.mean)
    centred = (X - fitted.mean.astype(X.dtype)).reshape(len(X), -1)
    return centred @ fitted.components.T.astype(X.dtype)
