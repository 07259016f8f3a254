"""An answer as a sum of terms, each with a coefficient: all -1 is a sign, all 2 a factor, 0 is a missing term, N a mean
that was not taken. Finds the coefficients, and the words for them.
"""

from itertools import combinations

import numpy as np


def fit(exercise, terms, answers):
    """Coefficients [(number, power)] of the terms, power "", "N" or "1/N" (or another axis), or None if no sum fits."""
    columns = _columns(terms, answers)
    if columns is None:
        return None
    scales = [max(1.0, *(np.abs(column[i]).max(initial=0) for column in columns)) for i in range(len(answers))]
    matrix = np.stack([_stack(column, scales) for column in columns], axis=1)               # (numbers, terms)
    target = _stack([got for _, got in answers], scales)                                    # (numbers,)
    for powers in _powers(exercise, len(terms)):
        scaled = matrix * np.stack([_lengths(exercise, power, answers) for power in powers], axis=1)
        numbers, _, rank, _ = np.linalg.lstsq(scaled, target, rcond=None)
        if rank == len(terms) and np.abs(scaled @ numbers - target).max() < exercise.tolerance:
            factors = [_rounded(number, power) for number, power in zip(numbers, powers, strict=True)]
            return None if set(factors) == {(1.0, "")} else factors
    return None


def _columns(terms, answers):
    """Each term in each case, in the shape of the answer there; None if one has no finite value in that shape."""
    try:
        with np.errstate(all="ignore"):
            columns = [[np.broadcast_to(np.asarray(term(*case.args), float), np.shape(got)) for case, got in answers]
                       for term in terms.values()]
    except ValueError:
        return None
    return columns if all(np.isfinite(array).all() for column in columns for array in column) else None


def _rounded(number, power):
    number = round(float(f"{number:.4g}"), 4)
    return (number, power) if number else (0.0, "")


def _stack(arrays, scales):
    return np.concatenate([np.ravel(array) / scale for array, scale in zip(arrays, scales, strict=True)])


def _powers(exercise, count):
    """No axis at all first, then one axis, multiplied or divided by, on each group of terms."""
    yield ("",) * count
    for axis in exercise.counts:
        for power in (axis, f"1/{axis}"):
            for size in range(count, 0, -1):
                for group in combinations(range(count), size):
                    yield tuple(power if i in group else "" for i in range(count))


def _lengths(exercise, power, answers):
    lengths = [exercise.sizes(case)[power[-1]] if power else 1 for case, _ in answers]
    lengths = [1 / length if power.startswith("1/") else length for length in lengths]
    return np.repeat(np.array(lengths, float), [np.size(got) for _, got in answers])


def say(output, terms, factors):
    """(kind, sentence) for the coefficients: one for all, or term by term."""
    groups = {}
    for name, factor in zip(terms, factors, strict=True):
        groups.setdefault(factor, []).append(name)
    everything = "every number" if output.axes else output.words
    if len(groups) == 1 and factors[0][0] == 0:
        return "missing", f"{everything} is 0."
    wrong = {factor: names for factor, names in groups.items() if factor != (1, "")}
    parts = [_say_one([everything] if len(groups) == 1 else names, *factor) for factor, names in wrong.items()]
    first = min((kind for kind, _ in parts), key=["missing", "sign", "factor"].index)
    return first, "; ".join(sentence for _, sentence in parts) + "."


def _say_one(names, number, power):
    name = " and ".join(names)
    verb, has = ("are", "have") if len(names) > 1 else ("is", "has")
    if number == 0:
        return "missing", f"{name} {verb} missing (forgotten term)"
    sign = f"{name} {has} the wrong sign (plus and minus are exchanged)"
    if (number, power) == (-1, ""):
        return "sign", sign
    size = _times(abs(number), power)
    return ("factor", f"{name} {verb} {size}") if number > 0 else ("sign", f"{sign} and {verb} {size}")


def _times(number, power):
    """The factor (number, power) in words."""
    if power.startswith("1/"):
        axis = f"{power[-1]} times too small: divided by {power[-1]} once too often"
    elif power:
        axis = f"{power} times too large: not divided by {power} (missing 1/{power})"
    else:
        axis = ""
    if number == 1:
        return axis
    size = f"{number:.4g} times too large" if number > 1 else f"{_fraction(number)} of what is due"
    return f"{size}, and {axis}" if axis else size


def _fraction(number):
    inverse = round(1 / number)
    return f"1/{inverse}" if abs(inverse * number - 1) < 1e-3 else f"{number:.4g}"
