"""The gradient check: the whole of it for small arrays, along random directions for large ones."""

import copy

import numpy as np

from cs231n_helpers import checks
from cs231n_helpers.gradients import slopes
from cs231n_helpers.gradients.contract import asked, opened, parameters
from cs231n_helpers.gradients.report import compared, reported


def check(op, *arrays, **settings):
    """Compare the gradients of `y, back = op(*arrays, **settings)` with numerical ones.

    Everything runs in float64 on read-only copies. y may have any shape: a fixed random upstream gradient dy makes one
    number of it, sum(y * dy). Arrays of whole numbers are labels and are not differentiated. A random generator among
    the settings is copied for each call, so that dropout keeps its mask. The step is 1e-5 * max(1, |x|) for each number
    x. Where y has a kink within the step (max(0, x) near 0) the slope differs from side to side; such elements are
    counted and left out.

    Returns a dict:
        passed       True if every array is right, or acceptable near kinks (see the scale of `band`)
        verdict      what to think of it, in words: which array is wrong, and how
        verdicts     the same for each float array, names: what the op calls them
        worst        the largest relative error of all elements compared, NaN if there are none
        errors       for each float array: the worst element of |a - n| / max(|a|, |n|); differences up to 1e-9 and
                     rounding noise do not count
        norm_errors  for each float array: |a - n| / max(|a|, |n|) with the lengths of the whole gradients
        kinks        how many elements sit at a kink, kinks_at: where;   elements: how many there are
        promoted     names of the arrays that came as float32;   single: what the op itself gave back in float32
        analytic, numerical: the gradients compared, one for each float array
    Raises ValueError if the op breaks its contract: one gradient per float array, of the same shape, in a tuple.
    Cost: four calls of op for each number in `arrays`. A few hundred numbers are enough to find a mistake.
    """
    case = asked(opened("check", op, arrays, settings))
    measured = [slopes.of_elements(case, place) for place in case.places]
    found = [compared(*parts) for parts in zip(case.names, case.analytic, _without_kinks_of_float32(case, measured))]
    kinks, elements = (sum(int(count(one.kink)) for one in found) for count in (np.sum, np.size))
    notes = f" {kinks} of {elements} elements sit at a kink, where the slope jumps: left out." if kinks else ""
    return reported(case, found, notes)


def check_along(op, *arrays, directions=3, rng=None, **settings):
    """The gradient check for large arrays: compare slopes along random directions, not along every axis.

    Along a unit vector u the slope of sum(y * dy) is the inner product <gradient, u>; it is compared with the centred
    difference (f(x + h u) - f(x - h u)) / 2h. Each float array has `directions` directions of its own, so that the
    verdict can name the one that is wrong. A mistake in the whole of a gradient shows in every direction; one in a few
    of many thousand numbers shows only as far as they make up the gradient.

    rng draws the directions (default: the same ones each time); an op that takes rng= gets a copy, as in `check`.
    Returns the dict of `check`, where analytic and numerical are (directions,) for each array and elements counts
    directions. kinks: how many of them met a kink, so that a shorter step was taken (a very strong curvature is taken
    for one too); kinks_at: those that had to be left out even so.
    Cost: two calls of op for each direction where all is well, up to twelve where not.
    """
    directions = checks.whole("check_along", "directions", directions, low=1)
    rng = np.random.default_rng(0) if rng is None else rng
    if "rng" in parameters(op) and "rng" not in settings:
        settings = {**settings, "rng": copy.deepcopy(rng)}
    case = asked(opened("check_along", op, arrays, settings))
    own, measured, bends = zip(*(slopes.of_directions(case, place, gradient, directions, rng)
                                   for place, gradient in zip(case.places, case.analytic)))
    found = [compared(*parts) for parts in zip(case.names, own, _without_kinks_of_float32(case, measured))]
    kinks = 0 if "the result" in case.single else sum(bends)
    return reported(case, found, _shorter_steps(kinks, found)) | {"kinks": kinks}


def _shorter_steps(kinks, found):
    if not kinks:
        return ""
    left_out, directions = (sum(int(count(one.kink)) for one in found) for count in (np.sum, np.size))
    words = f"; {left_out} left out, where that did not help. Add a little noise to numbers that sit on a kink"
    return (f" Kinks were crossed along {kinks} of {directions} directions: a shorter step was taken"
            f"{words if left_out else ''}.")


def _without_kinks_of_float32(case, measured):
    """Rounding to float32 looks like kinks everywhere."""
    single = "the result" in case.single
    return [(value, kink & (not single), noise) for value, kink, noise in measured]
