"""Copies that are safe to work on, and the arithmetic that relative errors need."""

import numpy as np

from cs231n_helpers import checks


def wide(where, name, value):
    """A finite float64 copy."""
    return np.array(checks.floats(where, name, value), dtype=np.float64)


def moved(x, index, step):
    """A copy of x with one element moved."""
    x = x.copy()
    x[index] += step
    return x


def frozen(array):
    """The array itself, made read-only: an op that writes into its inputs is found out."""
    array.setflags(write=False)
    return array


def length(vector):
    """The Euclidean length, also of numbers whose squares overflow."""
    largest = np.abs(vector).max(initial=0)
    return float(largest * np.linalg.norm(vector / largest)) if largest > 0 else 0.0


def ratio(gap, size):
    """gap / size, and 0 where both are 0."""
    return np.divide(gap, size, out=np.zeros(np.shape(size)), where=np.asarray(size) > 0)
