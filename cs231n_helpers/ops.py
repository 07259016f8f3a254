"""Operations with their derivatives: y, back = op(*arrays); back(dy) returns one gradient per array, as a tuple.

The gradient of the loss with respect to each input is the upstream gradient `dy` (the shape of y) pushed back through
the operation: the chain rule, one step. An op keeps no state and never writes into its inputs.
"""

import numpy as np

from cs231n_helpers import checks

__all__ = ["affine"]


def affine(X, W, b):
    """The score function of every linear classifier: X @ W + b.

    X (N, D) holds one example per row, W (D, C) one template per column, b (C,) one offset per class; scores (N, C).
    Backwards: dX = dy W^T (N, D), dW = X^T dy (D, C), db = the column sums of dy (C,).
    Source: CS231n notes, Linear classification.
    """
    X, W, b = _floats("affine", "X", X, 2), _floats("affine", "W", W, 2), _floats("affine", "b", b, 1)
    _affine_shapes(X, W, b)

    def back(dy):
        return dy @ W.T, X.T @ dy, dy.sum(axis=0)           # (N, D), (D, C), (C,)

    return X @ W + b, back                                  # (N, D) @ (D, C) + (C,) -> (N, C)


def _floats(where, name, value, ndim):
    """A float array with `ndim` axes. Finite values are not asked for: that would cost a pass over X in every step."""
    if isinstance(value, np.ndarray) and value.dtype in (np.float32, np.float64) and value.ndim == ndim:
        return value
    return checks.floats(where, name, value, ndim=ndim)


def _affine_shapes(X, W, b):
    if X.shape[1] != W.shape[0]:
        raise ValueError(f"affine: X has {X.shape[1]} features per row but W expects {W.shape[0]}; shapes {X.shape} "
                         f"and {W.shape}." + (" Did you forget the bias column?" if X.shape[1] + 1 == W.shape[0] else
                                              " Did you mean W.T?" if X.shape[1] == W.shape[1] else
                                              " W must be (features, classes)."))
    if b.shape != (W.shape[1],):
        raise ValueError(f"affine: b must have shape ({W.shape[1]},), one offset for each column of W, got {b.shape}.")
