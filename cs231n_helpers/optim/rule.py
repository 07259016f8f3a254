"""What the update rules share: the check of their arguments."""

import numpy as np

from cs231n_helpers import checks


def learning_rate(rule):
    """Refuse a learning rate that is not a positive number."""
    checks.real(type(rule).__name__, "lr", rule.lr, above=0)


def fraction(rule, *names):
    """Refuse settings that are not in 0 <= value < 1: a memory of 1 would never forget."""
    for name in names:
        value = checks.real(type(rule).__name__, name, getattr(rule, name), low=0)
        if value >= 1:
            raise ValueError(f"{type(rule).__name__}: {name} must lie in 0 <= {name} < 1, got {value}. "
                             "It is the share of the past that is kept in each step.")


def same_shape(rule, w, dw):
    """w and dw as arrays of one shape."""
    w, dw = np.asarray(w), np.asarray(dw)
    if w.shape != dw.shape:
        raise ValueError(f"{type(rule).__name__}.update: dw must have the shape of w, {w.shape}, got {dw.shape}. "
                         "A gradient has one number for each weight.")
    return w, dw
