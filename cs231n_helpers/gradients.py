"""The slow gradient that cannot be wrong, and the comparison with the fast one that can.

    report = check(losses.softmax, scores, y)
    report["verdict"]       # "right: ..."

The scale of the notes for the relative error: over 1e-2 probably wrong; 1e-2 to 1e-4 suspicious; below 1e-4 acceptable
where there are kinks (max, |x|), too high without; 1e-7 and less is what a right gradient gives in float64.
Source: CS231n notes, Neural networks part 3, Gradient checks.
"""

import copy

import numpy as np

from cs231n_helpers import checks

STEP = 1e-5             # of the centred difference: larger steps see the curvature, smaller ones the rounding
PASSED = 1e-6           # a relative error up to here is taken as right


def numerical_gradient(f, x, h=1e-5, centred=True):
    """The gradient of f at x, one element at a time: (f(x + h) - f(x - h)) / 2h, or (f(x + h) - f(x)) / h.

    f takes an array of the shape of x and returns one number. x: an array or a number; it is never written to, f gets
    a changed float64 copy and must use that. Needs two calls of f (or one) for each element: slow, approximate, simple.
    The centred form is the better one: its error falls with h^2, not h. Returns float64 of the shape of x.
    Source: CS231n notes, Optimization.
    """
    x = _wide("numerical_gradient", "x", x)
    h = checks.real("numerical_gradient", "h", h, above=0)
    gradient = np.empty_like(x)
    here = None if centred else _value(f, x)
    for index in np.ndindex(x.shape):
        after = _value(f, _moved(x, index, h))
        before = _value(f, _moved(x, index, -h)) if centred else here
        gradient[index] = (after - before) / (2 * h if centred else h)
    return gradient


def relative_error(a, n):
    """The worst element of |a - n| / max(|a|, |n|) between two gradients of one shape; 0 where both are 0."""
    a, n = _wide("relative_error", "a", a), _wide("relative_error", "n", n)
    if a.shape != n.shape:
        raise ValueError(f"relative_error: a and n must have one shape, got {a.shape} and {n.shape}.")
    if a.size == 0:
        raise ValueError(f"relative_error: a and n are empty, shape {a.shape}; there is nothing to compare.")
    return float(_ratio(np.abs(a - n), np.maximum(np.abs(a), np.abs(n))).max())


def check(op, *arrays, **settings):
    """Compare the gradients of `y, back = op(*arrays, **settings)` with numerical ones.

    Everything runs in float64 on read-only copies. y may have any shape: a fixed random upstream gradient dy makes one
    number of it, sum(y * dy). Arrays of whole numbers are labels and are not differentiated. A random generator among
    the settings is copied for each call, so that dropout keeps its mask. Where y has a kink within the step (max(0, x)
    near 0) the slope differs from side to side; such elements are counted and left out.

    Returns a dict:
        passed       True if no error exceeds 1e-6
        verdict      what to think of it, in words
        worst        the largest relative error of all elements compared, NaN if there are none
        errors       for each float array: the worst element of |a - n| / max(|a|, |n|), rounding noise left out
        norm_errors  for each float array: |a - n| / max(|a|, |n|) with the lengths of the whole gradients
        kinks        how many elements sit at a kink;   elements: how many there are
        analytic, numerical: the gradients compared, one for each float array
    Raises ValueError if the op breaks its contract: one gradient per float array, of the same shape, in a tuple.
    Cost: four calls of op for each number in `arrays`. A few hundred numbers are enough to find a mistake.
    """
    arrays = _inputs(arrays)
    places = [i for i, array in enumerate(arrays) if array.dtype.kind == "f"]
    if not places:
        raise TypeError("check: there is no array of floats to differentiate; whole numbers are taken as labels. "
                        "Write x.astype(float).")
    dy, analytic = _analytic(op, arrays, places, settings)
    pairs = [(analytic[n], *_slopes(op, arrays, i, dy, settings)) for n, i in enumerate(places)]
    return _report(pairs)


def _inputs(arrays):
    return [_frozen(np.array(a) if np.asarray(a).dtype.kind in "iu" else _wide("check", f"array {i}", a))
            for i, a in enumerate(arrays)]


def _analytic(op, arrays, places, settings):
    """The upstream gradient dy and the op's own gradients, after a look at its contract."""
    result = _call(op, arrays, settings)
    if not (isinstance(result, tuple) and len(result) == 2 and callable(result[1])):
        raise TypeError(f"check: {_name(op)} must return (y, back) with a function back, got {type(result).__name__}.")
    y, back = result
    if not np.array_equal(y, _call(op, arrays, settings)[0]):
        raise ValueError(f"check: {_name(op)} gives two different results for the same arrays, so there is no slope. "
                         "Random? Pass its generator as rng=, it is reset before each call.")
    dy = _frozen(np.random.default_rng(0).standard_normal(np.shape(y)))
    gradients = _writing_refused(op, lambda: back(dy if dy.ndim else float(dy)))
    if not isinstance(gradients, tuple) or len(gradients) != len(places):
        got = f"{len(gradients)} in a tuple" if isinstance(gradients, tuple) else type(gradients).__name__
        raise TypeError(f"check: back of {_name(op)} must return a tuple of {len(places)} gradients, one for each "
                        f"float array, got {got}." + (" Write return (dx,)." if len(places) == 1 else ""))
    for i, gradient in zip(places, gradients):
        if np.shape(gradient) != arrays[i].shape:
            raise ValueError(f"check: the gradient of array {i} of {_name(op)} has shape {np.shape(gradient)}, the "
                             f"array itself {arrays[i].shape}. They must be equal: transposed, or summed over an axis?")
    return dy, [_wide(f"check: {_name(op)}", f"gradient {i}", g) for i, g in zip(places, gradients)]


def _slopes(op, arrays, place, dy, settings):
    """Numerical gradient of sum(y * dy) for one array, where it has kinks, and the size of its rounding noise."""
    x = arrays[place]
    slope, kink, noise = np.empty_like(x), np.zeros(x.shape, bool), np.empty_like(x)
    here = _output(op, arrays, settings)
    for index in np.ndindex(x.shape):
        steps = {h: _output(op, _replaced(arrays, place, _moved(x, index, h)), settings)
                 for h in (STEP, -STEP, STEP / 2, -STEP / 2)}
        rise = {h: float(np.sum((y - here) * dy)) for h, y in steps.items()}       # what does not move cancels exactly
        moved = np.abs(steps[STEP] - steps[-STEP]) > 0
        noise[index] = 4 * np.finfo(float).eps * float(np.sum(np.abs(here * dy) * moved)) / STEP
        slope[index], kink[index] = _centred_and_kink(rise, noise[index])
    return slope, kink, noise


def _centred_and_kink(rise, noise):
    """The centred slope, and whether the function bends sharply within the step.

    In a smooth function the slopes over h and over h/2 agree, and so do the second differences once each is divided by
    its step squared. A kink anywhere within the step changes one or the other by about the jump of the slope.
    """
    h = STEP
    wide, narrow = (rise[h] - rise[-h]) / (2 * h), (rise[h / 2] - rise[-h / 2]) / h
    bend_wide, bend_narrow = (rise[h] + rise[-h]) / h, (rise[h / 2] + rise[-h / 2]) / (h / 2)
    jump = abs(wide - narrow) + abs(bend_wide - 2 * bend_narrow)
    return wide, jump > 1e-5 * (abs(rise[h]) + abs(rise[-h])) / h + 20 * noise


def _report(pairs):
    compared = [_errors(*pair) for pair in pairs]
    errors, norm_errors = (tuple(e[i] for e in compared) for i in (0, 1))
    kinks, elements = sum(int(kink.sum()) for _, _, kink, _ in pairs), sum(a.size for a, *_ in pairs)
    known = [e for e in errors if not np.isnan(e)]
    worst = max(known) if known else np.nan
    return {"passed": bool(worst <= PASSED), "verdict": _verdict(worst, kinks, elements), "worst": worst,
            "errors": errors, "norm_errors": norm_errors, "kinks": kinks, "elements": elements,
            "analytic": tuple(p[0] for p in pairs), "numerical": tuple(p[1] for p in pairs)}


def _errors(analytic, slope, kink, noise):
    """Relative error of the worst element and of the whole gradient, without kinks.

    A tiny slope drowns in the rounding noise of the difference it is computed from. Where a and n differ by no more
    than ten times that noise, the difference is measured against 1e7 times the noise: noise alone stays within 1e-6.
    """
    a, n, noise = analytic[~kink], slope[~kink], noise[~kink]
    if a.size == 0:
        return np.nan, np.nan
    gap, size = np.abs(a - n), np.maximum(np.abs(a), np.abs(n))
    size = np.where(gap <= 10 * noise, np.maximum(size, 1e7 * noise), size)
    length, floor = max(np.linalg.norm(a), np.linalg.norm(n)), 1e7 * np.linalg.norm(noise)
    whole = np.linalg.norm(gap)
    length = max(length, floor) if whole <= 10 * np.linalg.norm(noise) else length
    return float(_ratio(gap, size).max()), float(_ratio(whole, length))


def _verdict(worst, kinks, elements):
    left_out = f" {kinks} of {elements} elements sit at a kink, where the slope jumps: left out." if kinks else ""
    if np.isnan(worst):
        return "nothing to compare:" + (left_out or " there are no elements.")
    if worst <= PASSED:
        words = "right: as close as float64 allows." if worst <= 1e-7 else "right: close enough."
    elif worst <= 1e-4:
        words = "too high for a smooth function; acceptable only if kinks are near."
    elif worst <= 1e-2:
        words = "suspicious: a small term may be missing, or the step crosses kinks."
    else:
        words = "wrong: look for a sign, a factor, a transpose or a missing term."
    return f"relative error {worst:.0e}, {words}{left_out}"


def _ratio(gap, size):
    """gap / size, and 0 where both are 0."""
    return np.divide(gap, size, out=np.zeros(np.shape(size)), where=np.asarray(size) > 0)


def _wide(where, name, value):
    """A finite float64 copy."""
    return np.array(checks.floats(where, name, value), dtype=np.float64)


def _moved(x, index, step):
    """A read-only copy of x with one element moved."""
    x = x.copy()
    x[index] += step
    return x


def _value(f, x):
    value = f(x)
    if np.ndim(value) != 0:
        raise TypeError(f"numerical_gradient: f must return one number, got an array of shape {np.shape(value)}. "
                        "A loss? Take its sum or mean.")
    return float(value)


def _call(op, arrays, settings):
    settings = {name: copy.deepcopy(value) if isinstance(value, np.random.Generator) else value
                for name, value in settings.items()}
    return _writing_refused(op, lambda: op(*arrays, **settings))


def _writing_refused(op, action):
    try:
        return action()
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        raise ValueError(f"check: {_name(op)} writes into an array it was given. "
                         "Work on a copy: x = x.copy().") from error


def _output(op, arrays, settings):
    return np.asarray(_call(op, arrays, settings)[0])


def _replaced(arrays, place, array):
    return [*arrays[:place], _frozen(array), *arrays[place + 1:]]


def _frozen(array):
    array.setflags(write=False)
    return array


def _name(op):
    return getattr(op, "__name__", repr(op))
