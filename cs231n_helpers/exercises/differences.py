"""Compares an answer with the right one over all cases and finds the words for the difference.

The answer is written as a sum of the output's terms, each with a coefficient: all -1 is a sign, all 2 a factor, a 0 is
a missing term, an N a mean that was not taken. Then each known mistake takes the place of its term, and the same again.
"""

from itertools import combinations

import numpy as np


def diagnose(exercise, output, answers):
    """Return (kind, sentence) for `answers`, a list of (case, array got) with finite numbers and the right shapes."""
    wanted = [(case, got, output.right(case.args)) for case, got in answers]
    if all(close(exercise, output, got, want) for _, got, want in wanted):
        return "exact", "right"
    for mistake in output.mistakes:
        if is_mistake(exercise, output, mistake, answers):
            return mistake.kind, mistake.text
    if output.whole:
        return _first_difference(exercise, output, wanted)
    return (_precision(wanted) or _by_terms(exercise, output, answers) or _offset(exercise, wanted)
            or _order(exercise, output, wanted) or _first_difference(exercise, output, wanted))


def close(exercise, output, got, want):
    """Equal up to the exercise's tolerance times the largest number wanted (labels: equal)."""
    if output.whole:
        return np.array_equal(got, want)
    got, want = np.asarray(got, float), np.asarray(want, float)
    size = np.abs(want[np.isfinite(want)]).max(initial=1.0)
    return np.allclose(got, want, rtol=0, atol=exercise.tolerance * size, equal_nan=True)


def is_mistake(exercise, output, mistake, answers):
    """Whether the answers are, in all cases, those of a known mistake made alone (NaN where it gives NaN)."""
    return all(close(exercise, output, got, with_mistake(output, mistake, case.args)) for case, got in answers)


def with_mistake(output, mistake, args):
    """The answer of someone who makes this mistake and no other."""
    terms = _replace(output, mistake)
    with np.errstate(all="ignore"):
        return sum(np.asarray(term(*args)) for term in terms.values())


def _replace(output, mistake):
    return output.terms | {mistake.term or next(iter(output.terms)): mistake.answer}


def _precision(wanted):
    """Whole numbers or single precision where double is due."""
    if any(got.dtype.kind in "iu" for _, got, _ in wanted) and all(
            np.array_equal(np.trunc(want) if got.dtype.kind in "iu" else want, got) for _, got, want in wanted):
        return "type", "the fractions are cut off: the array holds whole numbers. Create it with dtype float."
    if any(got.dtype.itemsize < 8 for _, got, _ in wanted) and all(
            np.allclose(got, want, rtol=0, atol=1e-2 * np.abs(want).max(initial=1.0)) for _, got, want in wanted):
        return "type", f"right but too coarse: the numbers are {_coarsest(wanted)}. Keep to float64, as given."
    return None


def _coarsest(wanted):
    return min((got.dtype for _, got, _ in wanted), key=lambda dtype: dtype.itemsize)


# -- the answer as a sum of terms --------------------------------------------------------------------------------------

def _by_terms(exercise, output, answers):
    factors = fit(exercise, output.terms, answers)
    if factors:
        return _say(output, output.terms, factors)
    for mistake in output.mistakes:
        terms = _replace(output, mistake)
        factors = fit(exercise, terms, answers)
        if factors and factors[list(terms).index(mistake.term or next(iter(terms)))][0]:
            return mistake.kind, f"{mistake.text} And then: {_say(output, terms, factors)[1]}"
    return None


def fit(exercise, terms, answers):
    """Coefficients [(number, power)] of the terms, power "", "N" or "1/N" (or another axis), or None if no sum fits."""
    columns = []
    with np.errstate(all="ignore"):
        for term in terms.values():
            columns.append([np.asarray(term(*case.args), float) for case, _ in answers])
    scales = [max(1.0, *(np.abs(column[i]).max(initial=0) for column in columns)) for i in range(len(answers))]
    if not np.isfinite(scales).all():
        return None
    matrix = np.stack([_stack(column, scales) for column in columns], axis=1)               # (numbers, terms)
    target = _stack([got for _, got in answers], scales)                                    # (numbers,)
    for powers in _powers(exercise, len(terms)):
        scaled = matrix * np.stack([_lengths(exercise, power, answers) for power in powers], axis=1)
        numbers, _, rank, _ = np.linalg.lstsq(scaled, target, rcond=None)
        if rank == len(terms) and np.abs(scaled @ numbers - target).max() < exercise.tolerance:
            factors = [_rounded(number, power) for number, power in zip(numbers, powers, strict=True)]
            return None if set(factors) == {(1.0, "")} else factors
    return None


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


def _say(output, terms, factors):
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
        return "missing", f"{name} {verb} missing"
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
        axis = f"{power} times too large: not divided by {power}"
    else:
        axis = ""
    if number == 1:
        return axis
    size = f"{number:.4g} times too large" if number > 1 else f"{_fraction(number)} of what is due"
    return f"{size}, and {axis}" if axis else size


def _fraction(number):
    inverse = round(1 / number)
    return f"1/{inverse}" if abs(inverse * number - 1) < 1e-3 else f"{number:.4g}"


# -- what has no term --------------------------------------------------------------------------------------------------

def _offset(exercise, wanted):
    """The same number too much everywhere."""
    gaps = np.concatenate([np.ravel(np.asarray(got, float) - want) for _, got, want in wanted])
    if np.ptp(gaps) > exercise.tolerance * max(1.0, abs(gaps[0])):
        return None
    return "mistake", f"each number is {_short(abs(gaps[0]))} too {'large' if gaps[0] > 0 else 'small'}."


def _order(exercise, output, wanted):
    if all(close(exercise, output, np.sort(got, None), np.sort(want, None)) for _, got, want in wanted):
        return "axis", ("the right numbers in the wrong places. A reshape where a transpose (.T) is meant, "
                        "or rows and columns exchanged?")
    return None


def _first_difference(exercise, output, wanted):
    """How many cases are right, and the largest difference of the first wrong one."""
    wrong = [(case, got, want) for case, got, want in wanted if not close(exercise, output, got, want)]
    case, got, want = wrong[0]
    gap = np.abs(np.asarray(got, float) - want)
    place = np.unravel_index(np.argmax(np.round(gap / max(gap.max(), 1e-300), 6)), gap.shape)
    index = f"[{', '.join(str(int(i)) for i in place)}]" if place else ""
    text = (f"wrong with {case.label} ({exercise.describe(case)}): {output.name}{index} is {_short(got[place])}, "
            f"should be {_short(want[place])}")
    if gap.size > 1:
        right = _right(exercise, output, got, want)
        text += f"; that is the largest difference, {right} of {gap.size} numbers are right"
    good = [c.label for c, g, w in wanted if close(exercise, output, g, w)]
    return "differs", text + "." + (f" Right with {'; '.join(good)}." if good else "")


def _right(exercise, output, got, want):
    if output.whole:
        return int((got == want).sum())
    return int((np.abs(got - want) <= exercise.tolerance * np.abs(want).max(initial=1.0)).sum())


def _short(number):
    return f"{float(number) + 0.0:.4g}"
