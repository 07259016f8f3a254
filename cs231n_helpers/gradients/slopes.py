"""The slope of an op, measured from both sides, and whether it has a kink there.

The step is h = 1e-5 * max(1, |x|) for a number x: larger steps see the curvature, smaller ones the rounding. There are
two centred differences, over h and over h/2. Joined as (4 * narrow - wide) / 3 they see no curvature (its share of
`wide` is four times that of `narrow`), and where they disagree sharply there is a kink.
"""

from typing import NamedTuple

import numpy as np

from cs231n_helpers.gradients.arrays import frozen, length, moved
from cs231n_helpers.gradients.contract import name, output

STEP = 1e-5
FLOOR = 1e-9                # differences between slopes up to here do not count
SHARP = 1e-5                # a jump of the slope, relative to the slope, from here on is a kink
SHARP_ALONG = 3e-7          # one kink among many thousand numbers is a small jump
SHORTER = (1, 1 / 32, 1 / 1024)


class Slope(NamedTuple):
    """A measured slope, whether it jumps within the step, and how large its rounding noise may be."""

    value: float
    kink: bool
    noise: float


def of_elements(case, place):
    """The slope of every element of one array: values, kinks and noise, three arrays of its shape."""
    shape = case.arrays[place].shape
    return _columns([_of_element(case, place, index) for index in np.ndindex(shape)], shape)


def of_directions(case, place, analytic, directions, rng):
    """Slopes along random unit directions through one array: of its analytic gradient, and as measured.

    Returns own (directions,), (values, kinks, noise), and how many directions met kinks.
    """
    found = [_along(case, place, analytic, rng) for _ in range(directions if analytic.size else 0)]
    own = np.array([a for a, _, _ in found], dtype=float)
    return own, _columns([slope for _, slope, _ in found], (len(found),)), sum(kinks for _, _, kinks in found)


def _columns(slopes, shape):
    values, kinks, noise = np.reshape(np.array(slopes, dtype=float).reshape(-1, 3).T, (3, *shape))
    return values, kinks.astype(bool), noise


def _of_element(case, place, index):
    """A second, shorter step is for what the first cannot do: x near the edge of the domain, or a large x in sin(x)."""
    x = case.arrays[place]
    size, to = abs(x[index]), lambda t: moved(x, index, t)
    slope = _measured(case, place, to, _exact(x[index], STEP * max(1, size)))
    if size > 0 and (slope is None or slope.kink):
        slope = _better(slope, _measured(case, place, to, _exact(x[index], STEP * min(1, size))), size)
    return slope or _refuse(case, f"{case.names[case.places.index(place)]}{list(index) or ''} = {x[index]:.6g}")


def _better(slope, shorter, size):
    """The Slope over the shorter step, unless that only stays clear of a kink: if there is none, both about agree."""
    if slope is None or shorter is None or size > 1:
        return shorter or slope
    agree = abs(slope.value - shorter.value) <= 1e-4 * max(abs(slope.value), abs(shorter.value))
    return shorter if agree else slope


def _along(case, place, analytic, rng):
    """(slope of the analytic gradient, measured Slope, were kinks met) along one random direction.

    A number x moves by about 1e-5 * max(1, |x|). Two calls are enough where both slopes agree. If not, two more look
    for a kink, and after a kink the step is made shorter: among many numbers it then meets fewer, perhaps none.
    """
    x = case.arrays[place]
    move = STEP * rng.standard_normal(x.shape) * np.maximum(1, np.abs(x))
    size = length(move)
    own = float(np.sum(analytic * move)) / size
    for share in SHORTER:
        slope = _measured(case, place, lambda t: x + (t / size) * move, size * share, sharp=SHARP_ALONG, expected=own)
        if slope and not slope.kink:
            break
    return own, slope or _refuse(case, case.names[case.places.index(place)]), share < 1 or slope.kink


def _refuse(case, what):
    raise ValueError(f"{case.where}: {name(case.op)} has no finite value a small step beside {what}, so there is no "
                     "slope from both sides. Choose numbers further inside its domain.")


def _measured(case, place, to, h, sharp=SHARP, expected=None):
    """The Slope over h, `to(t)` being the array moved by t; None where the op has no finite value.

    In a smooth function the slopes over h and h/2 agree, and so do the second differences once each is divided by its
    step squared. A kink anywhere within the step changes one or the other by about the jump of the slope; from `sharp`
    on, relative to the slope, it is a kink. The two calls at +h and -h are enough if they agree with the `expected`.
    """
    ahead, behind = _rise(case, place, to(h)), _rise(case, place, to(-h))
    if ahead is None or behind is None:
        return None
    wide, noise = (ahead[0] - behind[0]) / (2 * h), _noise(case, ahead[1] != behind[1], h)
    if expected is not None and abs(wide - expected) <= 1e-8 * abs(expected):
        return Slope(wide, False, noise)
    near, back = _rise(case, place, to(h / 2)), _rise(case, place, to(-h / 2))
    if near is None or back is None:
        return None
    narrow = (near[0] - back[0]) / h
    bend_wide, bend_narrow = (ahead[0] + behind[0]) / h, (near[0] + back[0]) / (h / 2)
    jump, steepness = abs(wide - narrow) + abs(bend_wide - 2 * bend_narrow), (abs(ahead[0]) + abs(behind[0])) / h
    return Slope((4 * narrow - wide) / 3, jump > sharp * steepness + 20 * noise + FLOOR, noise)


def _rise(case, place, array):
    """How much sum(y * dy) is higher at another array, and the y there; None if that is not finite."""
    try:
        with np.errstate(all="ignore"):
            y = output(case, [*case.arrays[:place], frozen(array), *case.arrays[place + 1:]])
    except ValueError:                                                  # outside the op's domain
        return None
    return (float(np.sum((y - case.here) * case.dy)), y) if np.all(np.isfinite(y)) else None    # what stays cancels


def _noise(case, moving, h):
    """Rounding noise of the slope: each number of y that moves is off by a few units in its last digit, at random."""
    moving = moving if np.any(moving) else np.ones_like(moving)        # a move below the last digit is not seen at all
    return 4 * np.finfo(float).eps * length(case.here * case.dy * moving) / h


def _exact(x, h):
    """h rounded so that x + h and x + h/2 are numbers that exist."""
    return 2 * ((x + h / 2) - x)
