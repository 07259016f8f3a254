"""How weights start: each f(rng, shape) -> a new float64 array of that shape.

Units are columns: the last axis of `shape` counts them, and the product of all other axes is fan_in, how many numbers
one unit adds up: D for a matrix (D, H), KH * KW * C for filters (KH, KW, C, F). A sum of n products with random weights
of variance v has n * v times the variance of its inputs, so what keeps the scale is v = 1 / n.
"""

import math

import numpy as np

from cs231n_helpers import checks

__all__ = ["zeros", "small", "calibrated", "xavier", "he", "sparse"]


def zeros(rng, shape):
    """All zero. Right for biases; as weights of a hidden layer all units compute the same and stay equal for ever."""
    return np.zeros(_shape("zeros", rng, shape))


def small(rng, shape, scale=0.01):
    """scale * a standard normal number: breaks the symmetry, but shrinks the signal in every layer of a deep network.

    Source: CS231n notes, Neural networks part 2.
    """
    shape = _shape("small", rng, shape)
    return checks.real("small", "scale", scale, low=0) * rng.standard_normal(shape)


def calibrated(rng, shape):
    """Normal with standard deviation 1 / sqrt(fan_in): a unit's output varies as much as its inputs do.

    For units without a ReLU after them (tanh near 0, scores). Example: fan_in = 100 -> 0.1.
    Source: CS231n notes, Neural networks part 2.
    """
    shape = _shape("calibrated", rng, shape)
    return rng.standard_normal(shape) / math.sqrt(fan_in(shape))


def xavier(rng, shape):
    """Normal with variance 2 / (fan_in + fan_out): a compromise between the signal forwards and the gradient backwards.

    fan_out is how many numbers one input goes to: H for a matrix (D, H), KH * KW * F for filters (KH, KW, C, F).
    For tanh and sigmoid. Source: Glorot and Bengio 2010.
    """
    shape = _shape("xavier", rng, shape)
    fan_out = math.prod(shape[:-2]) * shape[-1]
    return rng.standard_normal(shape) * math.sqrt(2 / (fan_in(shape) + fan_out))


def he(rng, shape):
    """Normal with standard deviation sqrt(2 / fan_in): a ReLU throws half of the variance away, the 2 gives it back.

    Example: fan_in = 200 -> 0.1. Source: He and others 2015; CS231n notes, Neural networks part 2.
    """
    shape = _shape("he", rng, shape)
    return rng.standard_normal(shape) * math.sqrt(2 / fan_in(shape))


def sparse(rng, shape, links=10, scale=0.01):
    """Every unit is linked to `links` of its inputs, chosen at random, with weights scale * normal; the others are 0.

    A unit with fewer inputs than `links` is linked to all. Source: CS231n notes, Neural networks part 2.
    """
    shape = _shape("sparse", rng, shape)
    links = min(checks.whole("sparse", "links", links, low=1), fan_in(shape))
    scale = checks.real("sparse", "scale", scale, low=0)
    W = np.zeros((fan_in(shape), shape[-1]))                                    # one column for each unit
    chosen = rng.random(W.shape).argpartition(links - 1, axis=0)[:links]        # (links, units): rows, none twice
    np.put_along_axis(W, chosen, scale * rng.standard_normal(chosen.shape), axis=0)
    return W.reshape(shape)


def fan_in(shape):
    """How many numbers one unit adds up: the product of all axes but the last, which counts the units."""
    return math.prod(shape[:-1])


def _shape(where, rng, shape):
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"{where}: rng must be a random generator, got {rng!r}. Write np.random.default_rng(0).")
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    shape = tuple(checks.whole(where, "each length of shape", length, low=1) for length in shape)
    if len(shape) < 2 and where != "zeros":
        raise ValueError(f"{where}: shape must have two axes or more, inputs first and units last, got {shape}. "
                         "A bias starts with zeros.")
    return shape
