"""Compares an answer with the right one over all cases and finds the words for the difference.

The answer is written as a sum of the output's terms, each with a coefficient: all -1 is a sign, all 2 a factor, a 0 is
a missing term, an N a mean that was not taken. Then each known mistake takes the place of its term, and the same again.
"""

from dataclasses import replace

import numpy as np

from .terms import fit, say


def diagnose(exercise, output, answers):
    """Return (kind, sentence) for `answers`, a list of (case, array got) with finite numbers and the right shapes."""
    wanted = [(case, got, output.right(case.args)) for case, got in answers]
    if all(close(exercise, output, got, want) for _, got, want in wanted):
        return "exact", "right"
    named = known(exercise, output, answers)
    if named or output.whole:
        return named or _first_difference(exercise, output, wanted)
    return (_precision(wanted) or _by_terms(exercise, output, answers) or _blind(exercise, output, answers)
            or _offset(exercise, wanted) or _order(exercise, output, wanted)
            or _first_difference(exercise, output, wanted))


def known(exercise, output, answers):
    """(kind, sentence) of the known mistake that the answers show in all cases, whatever their shape, or None."""
    for mistake in output.mistakes:
        if is_mistake(exercise, output, mistake, answers):
            return mistake.kind, mistake.text
    return None


def known_by_shape(exercise, output, answers):
    """As `known`, also with a sign or a factor, for answers that have the mistake's own shapes, not the right ones."""
    found = known(exercise, output, answers)
    if found:
        return found
    mistakes = [mistake for mistake in output.mistakes
                if all(_shape_with(output, mistake, case.args) == np.shape(got) for case, got in answers)]
    return _with_one_of(mistakes, exercise, output, answers)


def _shape_with(output, mistake, args):
    try:
        return np.shape(with_mistake(output, mistake, args))
    except ValueError:
        return None


def close(exercise, output, got, want):
    """Equal up to the exercise's tolerance times the largest number wanted (labels: equal)."""
    if output.whole:
        return np.array_equal(got, want)
    got, want = np.asarray(got, float), np.asarray(want, float)
    size = np.abs(want[np.isfinite(want)]).max(initial=1.0)
    return np.allclose(got, want, rtol=0, atol=exercise.tolerance * size, equal_nan=True)


def is_mistake(exercise, output, mistake, answers):
    """Whether the answers are, in all cases, those of a known mistake made alone (NaN where it gives NaN)."""
    return all(_is_made(exercise, output, mistake, case, got) for case, got in answers)


def _is_made(exercise, output, mistake, case, got):
    try:
        want = with_mistake(output, mistake, case.args)
    except ValueError:                                  # some mistakes fit square arrays only
        return False
    return np.shape(got) == np.shape(want) and close(exercise, output, got, want)


def with_mistake(output, mistake, args):
    """The answer of someone who makes this mistake and no other."""
    terms, _ = _replace(output, mistake)
    with np.errstate(all="ignore"):
        return sum(np.asarray(term(*args)) for term in terms.values())


def _replace(output, mistake):
    """The terms with the mistake in the place of its own, and the key of that."""
    if mistake.term == "all":
        return {mistake.text: mistake.answer}, mistake.text
    term = mistake.term or next(iter(output.terms))
    return output.terms | {term: mistake.answer}, term


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
    """The answers as a sum of the terms: the right ones, or with one known mistake (those that replace all, first)."""
    whole = [mistake for mistake in output.mistakes if mistake.term == "all"]
    parts = [mistake for mistake in output.mistakes if mistake.term != "all"]
    return (_with_one_of(whole, exercise, output, answers) or _right_terms(exercise, output, answers)
            or _with_one_of(parts, exercise, output, answers))


def _right_terms(exercise, output, answers):
    factors = fit(exercise, output.terms, answers)
    return say(output, output.terms, factors) if factors else None


def _with_one_of(mistakes, exercise, output, answers):
    for mistake in mistakes:
        terms, term = _replace(output, mistake)
        factors = fit(exercise, terms, answers)
        if factors and factors[list(terms).index(term)][0]:
            return mistake.kind, f"{mistake.text} And then: {say(output, terms, factors)[1]}"
    return None


def _blind(exercise, output, answers):
    """The answers of someone who makes no use of the upstream gradient: right, or with one mistake, where it is 1."""
    if not exercise.upstream or output is exercise.outputs[0]:
        return None
    blind = [(replace(case, args=(*case.args[:-1], np.ones_like(case.args[-1]))), got) for case, got in answers]
    text = (f"upstream gradient forgotten: {exercise.upstream} has no influence. The chain rule multiplies the local "
            f"gradient by it.")
    if all(close(exercise, output, got, output.right(case.args)) for case, got in blind):
        return "missing", text
    more = known(exercise, output, blind) or _by_terms(exercise, output, blind)
    return ("missing", f"{text} And then: {more[1]}") if more else None


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
