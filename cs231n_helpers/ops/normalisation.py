"""Normalisation: every feature (batch) or every example (layer) is brought to mean 0 and variance 1, then set anew.

Both let gamma and beta choose another scale and offset, so nothing is lost; both are layers, with a gradient through
the mean and the variance. Means are added up in float64: in float32 a long column of 1000s would not average to 1000.
"""

import numpy as np

from cs231n_helpers import checks

from .arrays import floats


def batch_norm(x, gamma, beta, mean=None, var=None, eps=1e-5):
    """gamma * (x - mean) / sqrt(var + eps) + beta, each feature with its own mean and variance.

    x (N, ..., C): features in the last axis; gamma, beta (C,); y the shape of x. Training (no mean and var given): the
    statistics are those of the batch, over all axes but the last, so every example moves every other, and the gradient
    passes through both: dx loses its own mean and its part along the normalised x. Test time: `mean` and `var` (C,) are
    constants, and the result for one example does not depend on the others. The variance divides by the count.
    dgamma = sum of dy * normalised x, dbeta = sum of dy, over all axes but the last, (C,).
    Source: Ioffe and Szegedy 2015; CS231n notes, Neural networks part 2.
    """
    x = floats("batch_norm", "x", x)
    gamma, beta = _per_feature("batch_norm", x, gamma=gamma, beta=beta)
    eps, axes = _positive("batch_norm", eps), tuple(range(x.ndim - 1))
    if mean is None and var is None:
        _enough_examples(x)
        normal, to_x = _normalised(x, axes, eps)
    else:
        normal, to_x = _with_constants(x, *_statistics(x, mean, var), eps)
    return _scaled(normal, to_x, gamma, beta, axes)


def layer_norm(x, gamma, beta, eps=1e-5):
    """gamma * (x - mean) / sqrt(var + eps) + beta, each example with the mean and variance of its own features.

    x (..., D); gamma, beta (D,); y the shape of x. The statistics are over the last axis alone, so training and test
    time are the same, and a batch of one will do. The gradient passes through mean and variance: dx loses its own mean
    and its part along the normalised x. dgamma, dbeta (D,): summed over all examples.
    Source: Ba, Kiros and Hinton 2016.
    """
    x = floats("layer_norm", "x", x)
    gamma, beta = _per_feature("layer_norm", x, gamma=gamma, beta=beta)
    normal, to_x = _normalised(x, (-1,), _positive("layer_norm", eps))
    return _scaled(normal, to_x, gamma, beta, tuple(range(x.ndim - 1)))


def _normalised(x, axes, eps):
    """(x - mean) / sqrt(var + eps) with the statistics of x itself over `axes`, and its gradient."""
    centred = x - _mean(x, axes)
    std = np.sqrt(_mean(centred * centred, axes) + eps)
    normal = centred / std

    def back(dnormal):      # to add one number to all x, or to scale them, changes nothing: those parts are taken out
        return (dnormal - _mean(dnormal, axes) - normal * _mean(dnormal * normal, axes)) / std

    return normal, back


def _with_constants(x, mean, var, eps):
    std = np.sqrt(var + eps)
    return (x - mean) / std, lambda dnormal: dnormal / std


def _scaled(normal, to_x, gamma, beta, axes):
    """gamma * normal + beta, and the gradients of x, gamma and beta; `axes` are those of the examples."""

    def back(dy):
        return to_x(dy * gamma), (dy * normal).sum(axis=axes), dy.sum(axis=axes)

    return gamma * normal + beta, back


def _mean(x, axes):
    """The mean over `axes`, which stay as axes of length 1; added up in float64, returned in the dtype of x."""
    return x.mean(axis=axes, keepdims=True, dtype=np.float64).astype(x.dtype)


def _positive(where, eps):
    return checks.real(where, "eps", eps, above=0)


def _per_feature(where, x, **arrays):
    """Float arrays of shape (C,), one number for each feature of x."""
    least, shape = (2, "(N, ..., C)") if where == "batch_norm" else (1, "(..., D)")
    if x.ndim < least:
        raise ValueError(f"{where}: x must have shape {shape}, features in the last axis, got {x.shape}."
                         + (" One example? Write x[None, :]." if x.ndim else " A single number has no features."))
    found = []
    for name, value in arrays.items():
        array = floats(where, name, value)
        if array.shape != x.shape[-1:]:
            raise ValueError(f"{where}: {name} must have shape {x.shape[-1:]}, one number for each feature of x, shape "
                             f"{x.shape}, got {array.shape}. Features stand in the last axis.")
        found.append(array)
    return found


def _statistics(x, mean, var):
    """The constants of test time, in the dtype of x."""
    if mean is None or var is None:
        missing = "mean" if mean is None else "var"
        raise ValueError(f"batch_norm: give mean and var together, or neither; {missing} is missing. Given, they are "
                         "constants (test time); not given, the batch has its own (training).")
    mean, var = _per_feature("batch_norm", x, mean=mean, var=var)
    if not (var >= 0).all():
        place = int(np.argmin(var >= 0))
        raise ValueError(f"batch_norm: var[{place}] = {var[place]}, need var >= 0. A standard deviation? Square it.")
    return mean.astype(x.dtype, copy=False), var.astype(x.dtype, copy=False)


def _enough_examples(x):
    count = x.size // x.shape[-1] if x.shape[-1] else 0
    if count < 2:
        raise ValueError(f"batch_norm: x has shape {x.shape}, so each feature has {'one' if count else 'no'} value; "
                         "training needs two. The mean of one value is the value itself: every result would be beta, "
                         "whatever x is. Use a larger batch, or give mean and var (test time).")
