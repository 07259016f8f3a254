"""Judges one of the things that an answer returns, over all cases: its type, its shape, NaN, and then its numbers."""

import numbers

import numpy as np

from .contract import Broken, kind_of
from .differences import diagnose, known, known_by_shape

AXES = {"F": "n_folds"}                                 # axes whose name is longer than a letter


def judge_output(exercise, output, cases, values):
    """(kind, sentence) for one output over all cases."""
    pairs = list(zip(cases, values, strict=True))
    problem = _first(_wrong_type(exercise, output, value) for _, value in pairs)
    if problem:
        return problem
    answers = [(case, output.settled(np.asarray(value))) for case, value in pairs]
    problem = _first(_wrong_shape(exercise, output, case, got) for case, got in answers)
    if problem:
        return known_by_shape(exercise, output, answers) or problem
    finite = [(case, got) for case, got in answers if np.isfinite(got).all()]
    if len(finite) == len(answers):
        return diagnose(exercise, output, answers)
    return known(exercise, output, answers) or _not_finite(exercise, output, answers, finite)


def _first(problems):
    return next((problem for problem in problems if problem), None)


def is_nothing(value):
    """None or `...`: not filled in."""
    return value is None or value is ...


def is_number(value):
    """One real number, a NumPy one included, but not True or False."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)


def _wrong_type(exercise, output, value):
    if isinstance(value, Broken):
        return value.kind, value.text
    if is_nothing(value):
        return "not_started", f"{output.name} is {kind_of(value)} so far."
    if is_number(value) and (exercise.upstream or not output.axes):
        return None                                     # of an operation, a number is an array of the wrong shape
    if type(value) is not np.ndarray:
        expected = "an array" if output.axes else "one number"
        fix = " Write np.array(...) around it." if isinstance(value, list) else ""
        return "type", f"{output.name} is {kind_of(value)}, expected {expected}.{fix}"
    if value.dtype.kind not in "iuf":
        return "type", f"{output.name} holds {value.dtype.name} values, expected numbers."
    if output.whole and value.dtype.kind == "f":
        return "type", (f"{output.name} holds fractions (dtype {value.dtype}), expected whole numbers: "
                        "create the array with dtype=int.")
    return None


# -- shapes ------------------------------------------------------------------------------------------------------------

def _wrong_shape(exercise, output, case, value):
    sizes = exercise.sizes(case)
    expected, got = _shape(output, sizes), np.shape(value)
    if got == expected:
        return None
    letters = ", ".join(AXES.get(axis, axis) for axis in output.axes) + ("," if len(output.axes) == 1 else "")
    wanted = f"{expected}, that is ({letters})" if expected else "one number, shape ()"
    guess = _guess(sizes, got, expected) or _another(exercise, sizes, got)
    return "shape", (f"{output.name} has shape {got}{_named(sizes, got)}, expected {wanted}, with {case.label} "
                     f"({exercise.describe(case)}).{guess}")


def _shape(output, sizes):
    return tuple(sizes[axis] for axis in output.axes)


def _named(sizes, got):
    """The lengths by their letters where there is only one letter for each: ", that is (N, M)"."""
    names = {length: name for name, length in sizes.items() if length > 1}
    if not got or len(names) < len([length for length in sizes.values() if length > 1]):
        return ""
    if not all(length in names or length == 1 for length in got):
        return ""
    return f", that is ({', '.join(names.get(length, '1') for length in got)}{',' if len(got) == 1 else ''})"


def _guess(sizes, got, expected):
    if len(got) > 1 and got == expected[::-1]:
        return " Transposed? Rows and columns are exchanged (missing transpose, .T)."
    if tuple(n for n in got if n != 1) == tuple(n for n in expected if n != 1):
        if len(got) > len(expected):
            return " An axis of length 1 is left over: a keepdims=True or [:, None] too much?"
        return " An axis of length 1 is gone: a squeeze() or a plain index?" if len(got) < len(expected) else ""
    if len(got) < len(expected):
        return " An axis is missing: summed over one axis too many?"
    if len(got) > len(expected):
        return " One axis too many: is a sum or a mean over it missing?"
    return ""


def _another(exercise, sizes, got):
    """The gradient of another array has this shape."""
    others = [output.name for output in exercise.outputs[1:] if _shape(output, sizes) == got]
    return f" {others[0]} has that shape." if exercise.upstream and others else ""


# -- NaN and infinity --------------------------------------------------------------------------------------------------

def _not_finite(exercise, output, answers, finite):
    """NaN or infinity: only there, or on top of wrong numbers elsewhere."""
    case, bad = next((case, got) for case, got in answers if not np.isfinite(got).all())
    what = " and ".join(name for name, mask in (("NaN", np.isnan(bad)), ("infinity", np.isinf(bad))) if mask.any())
    text = f"{output.name} holds {what} with {case.label} ({exercise.describe(case)})."
    kind, other = diagnose(exercise, output, finite) if finite else ("exact", "")
    if kind != "exact":
        return kind, f"{other} Besides, {text}"
    return "not_finite", text + (" The other cases are right." if finite else "")
