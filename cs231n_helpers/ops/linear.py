"""Products of matrices. The gradients follow from the shapes alone: dX must be as X is, and only one product fits."""

import numpy as np

from .arrays import floats, unbroadcast


def matmul(x, y):
    """The matrix product x @ y. Swaps like mul, with a transpose: dx = dz y^T, dy = x^T dz.

    x (N, D) and y (D, C) give z (N, C). Find a gradient by its shape: dx (N, D) = dz (N, C) @ y^T (C, D), nothing else
    fits. A vector (D,) stands for one row on the left, for one column on the right. Stacks (..., N, D) and (..., D, C)
    are multiplied matrix by matrix; their first axes broadcast, and each gradient is summed to the shape of its array.
    Source: CS231n notes, Backpropagation (gradients for vectorized operations).
    """
    x, y = floats("matmul", "x", x), floats("matmul", "y", y)
    _matmul_shapes(x.shape, y.shape)
    X, Y = np.atleast_2d(x), y[:, None] if y.ndim == 1 else y       # a vector becomes a matrix of one row or one column
    dtype = np.result_type(x, y)

    def back(dz):
        dz = dz if y.ndim > 1 else np.expand_dims(np.asarray(dz, dtype), -1)        # the axes that vectors lack
        dz = dz if x.ndim > 1 else np.expand_dims(dz, -2)
        dX, dY = dz @ Y.swapaxes(-1, -2), X.swapaxes(-1, -2) @ dz   # (..., N, D), (..., D, C)
        return unbroadcast(dX, X.shape).reshape(x.shape), unbroadcast(dY, Y.shape).reshape(y.shape)

    return x @ y, back                                              # (..., N, D) @ (..., D, C) -> (..., N, C)


def _matmul_shapes(a, b):
    if not a or not b:
        raise ValueError(f"matmul: x and y need at least one axis each, got shapes {a} and {b}. One number? Use mul.")
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] != inner:
        fits = len(b) > 1 and a[-1] == b[-1]
        raise ValueError(f"matmul: the last axis of x has length {a[-1]}, but y expects {inner}; shapes {a} and {b}."
                         + (" Did you mean y.T?" if fits else " They must be (N, D) and (D, C)."))
    if any(m != n and 1 not in (m, n) for m, n in zip(a[-3::-1], b[-3::-1])):
        raise ValueError(f"matmul: the stacks of x and y do not broadcast; shapes {a} and {b}. "
                         "All axes but the last two must be equal, or 1.")


def affine(X, W, b):
    """The score function of every linear classifier: X @ W + b.

    X (N, D) holds one example per row, W (D, C) one template per column, b (C,) one offset per class; scores (N, C).
    Backwards: dX = dy W^T (N, D), dW = X^T dy (D, C), db = the column sums of dy (C,).
    Source: CS231n notes, Linear classification.
    """
    X, W, b = floats("affine", "X", X, 2), floats("affine", "W", W, 2), floats("affine", "b", b, 1)
    _affine_shapes(X, W, b)

    def back(dy):
        return dy @ W.T, X.T @ dy, dy.sum(axis=0)           # (N, D), (D, C), (C,)

    return X @ W + b, back                                  # (N, D) @ (D, C) + (C,) -> (N, C)


def _affine_shapes(X, W, b):
    if X.shape[1] != W.shape[0]:
        raise ValueError(f"affine: X has {X.shape[1]} features per row but W expects {W.shape[0]}; shapes {X.shape} "
                         f"and {W.shape}." + (" Did you forget the bias column?" if X.shape[1] + 1 == W.shape[0] else
                                              " Did you mean W.T?" if X.shape[1] == W.shape[1] else
                                              " W must be (features, classes)."))
    if b.shape != (W.shape[1],):
        raise ValueError(f"affine: b must have shape ({W.shape[1]},), one offset for each column of W, got {b.shape}.")
