"""Input checks whose errors speak to the learner.

Every check takes `where` (the function that was called) and `name` (its argument), and raises before anything is
computed: the function, the argument, what it got, what it expects, and one thing to do about it.
"""

import numbers

import numpy as np


class DataError(ValueError):
    """A data file is missing, damaged, or not what its name says."""


def floats(where, name, value, ndim=None):
    """Return `value` as a float32 or float64 array; a new one only if a conversion is needed.

    uint8 and float16 become float32, wider integers float64 (unsigned bytes wrap around in arithmetic: 3 - 5 = 254).
    `ndim` is the number of axes expected. NaN and infinity are refused with their count and first place.
    """
    array = _array(where, name, value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{where}: {name} must hold real numbers, got dtype {array.dtype}. Convert it to float first.")
    if ndim is not None and array.ndim != ndim:
        raise ValueError(f"{where}: {name} must have {ndim} axes, got shape {array.shape}.{_shape_advice(array, ndim)}")
    wide = array.dtype.itemsize > 4 or (array.dtype.kind in "iu" and array.dtype.itemsize > 2)
    array = array.astype(np.float64 if wide else np.float32, copy=False)
    finite(where, name, array)
    return array


def _array(where, name, value):
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(f"{where}: {name} must be an array, got a list with rows of different length. "
                         "Make all rows equally long.") from None


def _shape_advice(array, ndim):
    if ndim == 2 and array.ndim == 1:
        return " One row? Write x[None, :]."
    if ndim == 2 and array.ndim > 2:
        return " Images? Flatten each one: X.reshape(len(X), -1)."
    return ""


def finite(where, name, array):
    """Refuse NaN and infinity; minimum and maximum carry both, so no mask is made for a clean array."""
    if array.size == 0 or (np.isfinite(array.min()) and np.isfinite(array.max())):
        return
    bad = ~np.isfinite(array)
    first = tuple(int(i) for i in np.argwhere(bad)[0])
    raise ValueError(
        f"{where}: {name} holds {bad.sum():,} values that are not finite; the first is {array[first]} at "
        f"index {first}. Look for a division by zero or an overflow in the step before."
    )


def matrix(where, name, value):
    """Return `value` as a finite float array of shape (N, D) with N >= 1 and D >= 1."""
    array = floats(where, name, value, ndim=2)
    if array.size == 0:
        raise ValueError(f"{where}: {name} must have shape (N, D) with N >= 1 and D >= 1, got {array.shape}.")
    return array


def same_width(where, name_a, a, name_b, b):
    """Refuse two matrices whose rows differ in length."""
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            f"{where}: {name_a} has {a.shape[1]} features per row but {name_b} has {b.shape[1]}; "
            f"shapes {a.shape} and {b.shape}. Were both preprocessed alike?"
        )


def labels(where, name, value, count=None, classes=None):
    """Return `value` as class labels: integers, shape (N,), 0 <= y < `classes`, as many as `count` examples."""
    y = _array(where, name, value)
    if y.ndim != 1:
        raise ValueError(f"{where}: {name} must have shape (N,), one label per example, got {y.shape}."
                         + (f" Write {name}.ravel()." if y.ndim and y.size == len(y) > 0 else "")
                         + (f" One-hot? Write {name}.argmax(axis=1)." if y.ndim == 2 and y.shape[1] > 1 else ""))
    if y.dtype.kind not in "iu":
        raise TypeError(f"{where}: {name} must hold whole numbers (class labels), got dtype {y.dtype}. "
                        f"If they are whole, write {name}.astype(int).")
    if count is not None and len(y) != count:
        raise ValueError(f"{where}: {name} has {len(y)} labels for {count} examples; there must be one for each.")
    bad = np.flatnonzero((y < 0) | (y >= (classes if classes is not None else np.inf)))
    if bad.size:
        limit = "" if classes is None else f" < {classes}"
        raise ValueError(f"{where}: {name}[{bad[0]}] = {y[bad[0]]}, need 0 <= {name}{limit}. "
                         "Labels count from 0, and there is one score per class.")
    return y


def whole(where, name, value, low=None, high=None):
    """Return `value` as an int between `low` and `high`, both included."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{where}: {name} must be a whole number, got {value!r}.")
    return int(_in_range(where, name, value, low, high))


def real(where, name, value, low=None, high=None, above=None):
    """Return `value` as a finite float, `low` <= value <= `high`, and value > `above`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{where}: {name} must be a number, got {value!r}.")
    if not np.isfinite(value):
        raise ValueError(f"{where}: {name} must be finite, got {value}.")
    if above is not None and not value > above:
        raise ValueError(f"{where}: {name} must be greater than {above}, got {value}.")
    return float(_in_range(where, name, value, low, high))


def _in_range(where, name, value, low, high):
    if (low is not None and value < low) or (high is not None and value > high):
        if high is None:
            raise ValueError(f"{where}: {name} must be at least {low}, got {value}.")
        if low == high:
            raise ValueError(f"{where}: {name} must be {low}, got {value}.")
        if low is None:
            raise ValueError(f"{where}: {name} must be at most {high}, got {value}.")
        raise ValueError(f"{where}: {name} must lie between {low} and {high}, got {value}.")
    return value


def one_of(where, name, value, options):
    """Return `value` if it is one of `options`; otherwise name them all."""
    if isinstance(value, np.ndarray) or value not in tuple(options):   # tuple: a dict cannot look up a list
        raise ValueError(f"{where}: {name} must be one of {', '.join(map(repr, options))}, got {value!r}.")
    return value


def generator(where, name, value):
    """Return `value` if it is a random generator: randomness is an argument, so that a seed repeats it."""
    if not isinstance(value, np.random.Generator):
        raise TypeError(f"{where}: {name} must be a random generator, got {value!r}. Write np.random.default_rng(0).")
    return value


def shares(where, name, value):
    """Return `value` as a float matrix (N, C) whose rows are probabilities: not below 0, and 1 together.

    What rounding leaves, or the little push of a numerical gradient, is let through.
    """
    array = matrix(where, name, value)
    sums = array.sum(axis=1, dtype=np.float64)
    bad = np.flatnonzero((array.min(axis=1) < -1e-3) | (np.abs(sums - 1) > 1e-3))
    if len(bad):
        i = int(bad[0])
        what = f"adds up to {sums[i]:.4g}" if abs(sums[i] - 1) > 1e-3 else f"holds {array[i].min():.4g}"
        raise ValueError(f"{where}: {name} must hold probabilities, each row from 0 to 1 and 1 together; row {i} "
                         f"{what}. From scores, write losses.probabilities(scores).")
    return array
