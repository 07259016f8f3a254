"""Judges an answer: calls it in every case of its exercise and says in plain words what is wrong, first things first.

The order is that in which a learner can act: not started, stopped with an error, writes into an argument, wrong type,
wrong shape, NaN, wrong numbers, and last a loop where none is allowed. The text is the same on every machine.
"""

import numbers

import numpy as np

from .calls import call, first_loop, is_stub
from .differences import diagnose, is_mistake
from .exercise import Verdict

AXES = {"F": "n_folds"}                                 # axes whose name is longer than a letter


def judge(exercise, function):
    """Return the `Verdict` on `function` as an answer to `exercise`."""
    if not callable(function):
        return _verdict(exercise, "type", (
            f"expected a function, got {_kind_of(function)}. Hand over the function itself, without calling it: "
            f"check({exercise.name!r}, {exercise.call.split('(')[0]})."))
    calls = []
    for case in exercise.cases:
        done = call(function, dict(zip(exercise.arguments, case.args, strict=True)))
        problem = _stopped(exercise, function, case, done)
        if problem:
            return _verdict(exercise, *problem)
        calls.append(done)
    return _with_warnings(calls, _changed(exercise, calls) or _judge_values(exercise, function, calls))


def _verdict(exercise, kind, text):
    advice = exercise.advice.get(kind, "")
    return Verdict(kind, f"{exercise.name}: {text}{' ' if advice else ''}{advice}")


def _kind_of(value):
    """A value in words: "an array of shape (3,)", "a list"."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if type(value) is np.ndarray else f"a {type(value).__name__}"
    if isinstance(value, tuple):
        return f"a tuple of {len(value)}"
    if _is_nothing(value):
        return "None" if value is None else "..."
    return "a number" if isinstance(value, numbers.Number) else f"a {type(value).__name__}"


# -- the call itself ---------------------------------------------------------------------------------------------------

def _stopped(exercise, function, case, done):
    """(kind, text) if there is no value to look at, or None."""
    if done.unfinished or (not done.error and _is_nothing(done.value) and is_stub(function)):
        return "not_started", f"not started yet. {exercise.call} returns nothing so far: replace the ... by your code."
    if done.error:
        return "raised", (f"stopped with {done.error}\n    called as {exercise.call} with {case.label}: "
                          f"{exercise.describe(case)}.")
    if _is_nothing(done.value):
        wrote = f" It writes into {' and '.join(done.written)} instead; make a new array." if done.written else ""
        return "no_return", f"{exercise.call} returns {_kind_of(done.value)}. Is the `return` line missing?{wrote}"
    return None


def _is_nothing(value):
    return value is None or value is ...


def _changed(exercise, calls):
    written = [name for name in exercise.arguments if any(name in done.written for done in calls)]
    if not written:
        return None
    name = written[0]
    return _verdict(exercise, "changes_input", (
        f"your function writes into {' and '.join(written)}, and the caller's array changes with it. Make a new array "
        f"({name} -= ..., {name}[...] = ... and {name}.sort() write in place), or copy first: {name} = {name}.copy()."))


def _with_warnings(calls, verdict):
    """Add the first warning that Python or NumPy gave while the function ran."""
    heard = [text for done in calls for text in done.warnings]
    return Verdict(verdict.kind, f"{verdict.text}\n  A warning came up on the way: {heard[0]}") if heard else verdict


# -- the values --------------------------------------------------------------------------------------------------------

def _judge_values(exercise, function, calls):
    values = [_split(exercise, done.value) for done in calls]
    wrong = next((value for value in values if isinstance(value, str)), None)
    if wrong:
        return _verdict(exercise, "type", wrong)
    found = [_judge_output(exercise, output, [value[i] for value in values])
             for i, output in enumerate(exercise.outputs)]
    kinds = [kind for kind, _ in found]
    if all(kind == "exact" for kind in kinds):
        return _right(exercise, function)
    first = next(kind for kind in kinds if kind != "exact")
    if len(found) == 1:
        return _verdict(exercise, first, found[0][1])
    lines = [text if text.startswith(output.name) else f"{output.name}: {text}"
             for output, (kind, text) in zip(exercise.outputs, found, strict=True) if kind != "exact"]
    return _verdict(exercise, first, "\n  ".join([_which(exercise, kinds), *lines]))


def _split(exercise, value):
    """The outputs as a tuple, or a sentence on why they are not one."""
    wanted = ", ".join(output.name for output in exercise.outputs)
    count = len(exercise.outputs)
    if count == 1:
        if isinstance(value, tuple) and len(value) == 1:
            return f"got a tuple of 1: is there a comma after the value in `return {wanted},`? It makes a tuple."
        return (value,)
    if not isinstance(value, tuple | list):
        return f"got {_kind_of(value)}, expected {count} things: return {wanted}."
    if len(value) != count:
        return f"got a {type(value).__name__} of {len(value)}, expected {count} things: return {wanted}."
    if count == 2 and _is_number(value[1]) and np.ndim(value[0]) > 0 and not exercise.outputs[0].axes:
        return f"the two results are exchanged: return {wanted}."
    return tuple(value)


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)


def _which(exercise, kinds):
    """Which of several outputs is right and which is not: "the loss is right, the gradient is not."."""
    right = [output.words for output, kind in zip(exercise.outputs, kinds, strict=True) if kind == "exact"]
    wrong = [output.words for output, kind in zip(exercise.outputs, kinds, strict=True) if kind != "exact"]
    if not right:
        return f"{' and '.join(wrong)} {_are(wrong)} not right yet."
    later = " started yet" if "not_started" in kinds else ""
    return f"{' and '.join(right)} {_are(right)} right, {' and '.join(wrong)} {_are(wrong)} not{later}."


def _are(things):
    return "are" if len(things) > 1 else "is"


def _right(exercise, function):
    loop = "" if exercise.loops else first_loop(function)
    if loop:
        return _verdict(exercise, "loops", f"the numbers are right, but without loops was the task, and there is one:\n"
                                           f"    {loop}\n ")
    things = [output.words for output in exercise.outputs]
    labels = "; ".join(case.label for case in exercise.cases[1:])
    return _verdict(exercise, "exact", f"well done, {' and '.join(things)} {_are(things)} right. "
                                       f"Tested with {exercise.describe(exercise.cases[0])}; then {labels}.")


def _judge_output(exercise, output, values):
    """(kind, sentence) for one output over all cases."""
    for case, value in zip(exercise.cases, values, strict=True):
        problem = _wrong_type(output, value) or _wrong_shape(exercise, output, case, value)
        if problem:
            return problem
    answers = [(case, np.asarray(value)) for case, value in zip(exercise.cases, values, strict=True)]
    finite = [(case, got) for case, got in answers if np.isfinite(got).all()]
    if len(finite) == len(answers):
        return diagnose(exercise, output, answers)
    return _not_finite(exercise, output, answers, finite)


def _wrong_type(output, value):
    if _is_nothing(value):
        return "not_started", f"{output.name} is {_kind_of(value)}."
    if not output.axes and _is_number(value):
        return None
    if type(value) is not np.ndarray:
        expected = "an array" if output.axes else "one number"
        fix = " Write np.array(...) around it." if isinstance(value, list) else ""
        return "type", f"{output.name} is {_kind_of(value)}, expected {expected}.{fix}"
    if value.dtype.kind not in "iuf":
        return "type", f"{output.name} holds {value.dtype.name} values, expected numbers."
    if output.whole and value.dtype.kind == "f":
        return "type", (f"{output.name} holds fractions (dtype {value.dtype}), expected whole numbers: "
                        "create the array with dtype=int.")
    return None


def _wrong_shape(exercise, output, case, value):
    sizes = exercise.sizes(case)
    expected, got = tuple(sizes[axis] for axis in output.axes), np.shape(value)
    if got == expected:
        return None
    letters = ", ".join(AXES.get(axis, axis) for axis in output.axes) + ("," if len(output.axes) == 1 else "")
    wanted = f"{expected}, that is ({letters})" if expected else "one number, shape ()"
    guess = _guess(sizes, got, expected)
    return "shape", (f"{output.name} has shape {got}{_named(sizes, got)}, expected {wanted}, with {case.label} "
                     f"({exercise.describe(case)}).{guess}")


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
        return " Transposed? Rows and columns are exchanged (.T)."
    if tuple(n for n in got if n != 1) == tuple(n for n in expected if n != 1):
        if len(got) > len(expected):
            return " An axis of length 1 is left over: a keepdims=True or [:, None] too much?"
        return " An axis of length 1 is gone: a squeeze() or a plain index?" if len(got) < len(expected) else ""
    if len(got) < len(expected):
        return " An axis is missing: summed over one axis too many?"
    if len(got) > len(expected):
        return " One axis too many: is a sum or a mean over it missing?"
    return ""


def _not_finite(exercise, output, answers, finite):
    """NaN or infinity: known by name, or only there, or on top of wrong numbers elsewhere."""
    for mistake in output.mistakes:
        if is_mistake(exercise, output, mistake, answers):
            return mistake.kind, mistake.text
    case, bad = next((case, got) for case, got in answers if not np.isfinite(got).all())
    what = " and ".join(name for name, mask in (("NaN", np.isnan(bad)), ("infinity", np.isinf(bad))) if mask.any())
    text = f"{output.name} holds {what} with {case.label} ({exercise.describe(case)})."
    kind, other = diagnose(exercise, output, finite) if finite else ("exact", "")
    if kind != "exact":
        return kind, f"{other} Besides, {text}"
    return "not_finite", text + (" The other cases are right." if finite else "")
