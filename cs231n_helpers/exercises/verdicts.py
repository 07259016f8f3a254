"""Judges an answer: calls it in every case of its exercise and says in plain words what is wrong, first things first.

The order is that in which a learner can act: not started, stopped with an error, writes into an argument, wrong type,
wrong shape, NaN, wrong numbers, and last a loop or a global variable where none is allowed. The text is the same on
every machine.
"""

from itertools import permutations

import numpy as np

from .calls import call, first_loop, is_stub
from .contract import Broken, depends_on_other_calls, kind_of, whole
from .differences import close
from .exercise import Verdict
from .outputs import is_nothing, is_number, judge_output


def judge(exercise, function):
    """Return the `Verdict` on `function` as an answer to `exercise`."""
    if not callable(function):
        return _verdict(exercise, "type", (
            f"expected a function, got {kind_of(function)}. Hand over the function itself, without calling it: "
            f"check({exercise.name!r}, {exercise.call.split('(')[0]})."))
    run = whole(exercise, function) if exercise.upstream else function
    done = [(case, call(run, dict(zip(exercise.arguments, case.args, strict=True)))) for case in exercise.cases]
    stops = [(case, *_stopped(exercise, function, case, one)) for case, one in done if _has_no_value(one)]
    ran = [(case, one) for case, one in done if not _has_no_value(one)]
    if stops:
        return _only_sometimes(exercise, function, stops[0], ran) or _verdict(exercise, *stops[0][1:])
    return _with_warnings(exercise, ran, _changed(exercise, ran) or _judge_values(exercise, function, ran))


def _verdict(exercise, kind, text):
    advice = exercise.advice.get(kind, "")
    return Verdict(kind, f"{exercise.name}: {text}{' ' if advice else ''}{advice}")


# -- the call itself ---------------------------------------------------------------------------------------------------

def _has_no_value(done):
    return bool(done.error) or is_nothing(done.value)


def _stopped(exercise, function, case, done):
    """(kind, text) of a call without a value to look at."""
    if done.unfinished or (not done.error and is_stub(function)):
        return "not_started", _not_started(exercise)
    if done.error:
        then = f", then back({exercise.upstream})," if exercise.upstream else ""
        return "raised", (f"stopped with {done.error}\n    called as {exercise.call}{then} with {case.label}: "
                          f"{exercise.describe(case)}.")
    wrote = f" It writes into {' and '.join(done.written)} instead; make a new array." if done.written else ""
    return "no_return", f"{exercise.call} returns {kind_of(done.value)}. Is the `return` line missing?{wrote}"


def _not_started(exercise):
    return f"not started yet. {exercise.call} returns nothing so far: replace the ... by your code."


def _only_sometimes(exercise, function, stop, ran):
    """The verdict on the cases that did not stop, if it knows the mistake by name: that is why the others stop."""
    case, kind, text = stop
    telling = any(np.size(one.args[0]) > 1 for one, _ in ran)       # a single number can be explained in many ways
    found = _judge_values(exercise, function, ran) if telling and kind == "raised" else None
    if found is None or not any(mistake.text in found.text for one in exercise.outputs for mistake in one.mistakes):
        return None
    error = text.removeprefix("stopped with ").split("\n")[0].split(":")[0]                 # "ValueError"
    return Verdict(found.kind, f"{found.text}\n  With {case.label} ({exercise.describe(case)}) it even stops: {error}.")


def _changed(exercise, ran):
    written = [name for name in exercise.arguments if any(name in one.written for _, one in ran)]
    if not written:
        return None
    name = written[0]
    return _verdict(exercise, "changes_input", (
        f"your function writes into {' and '.join(written)}, and the caller's array changes with it. Make a new array "
        f"({name} -= ..., {name}[...] = ... and {name}.sort() write in place), or copy first: {name} = {name}.copy()."))


def _with_warnings(exercise, ran, verdict):
    """Add the first warning that Python or NumPy gave while the function ran."""
    heard = [(case, text) for case, one in ran for text in one.warnings]
    if heard and exercise.quiet and verdict.kind == "exact":
        case, text = heard[0]
        return _verdict(exercise, "mistake", f"the numbers are right, but no warning was the task; with {case.label}:\n"
                                           f"    {text}")
    heard = [text for _, text in heard]
    return Verdict(verdict.kind, f"{verdict.text}\n  A warning came up on the way: {heard[0]}") if heard else verdict


# -- the values --------------------------------------------------------------------------------------------------------

def _judge_values(exercise, function, ran):
    cases = [case for case, _ in ran]
    values = [_split(exercise, one.value) for _, one in ran]
    broken = next((value for value in values if isinstance(value, Broken)), None)
    if broken:
        return _verdict(exercise, broken.kind, broken.text)
    found = [judge_output(exercise, output, cases, [value[i] for value in values])
             for i, output in enumerate(exercise.outputs)]
    kinds = [kind for kind, _ in found]
    if all(kind == "exact" for kind in kinds):
        return _right(exercise, function)
    if all(kind == "not_started" for kind in kinds):
        return _verdict(exercise, "not_started", _not_started(exercise))
    first = next(kind for kind in kinds if kind != "exact")
    if len(found) == 1:
        return _verdict(exercise, first, found[0][1])
    order = _other_order(exercise, cases, values, kinds) if exercise.upstream else ""
    if order:
        return _verdict(exercise, "axis", order)
    return _verdict(exercise, first, "\n  ".join([_which(exercise, kinds), *_lines(exercise, found)]))


def _split(exercise, value):
    """The outputs as a tuple, or what is `Broken`."""
    if isinstance(value, Broken):
        return value
    wanted = exercise.result()
    count = len(exercise.outputs)
    if count == 1:
        if isinstance(value, tuple) and len(value) == 1:
            return Broken("type", f"got a tuple of 1: is there a comma after the value in `return {wanted},`? "
                                  "It makes a tuple.")
        return (value,)
    if not isinstance(value, tuple | list):
        return Broken("type", f"got {kind_of(value)}, expected {count} things: return {wanted}.")
    if len(value) != count:
        return Broken("type", f"got a {type(value).__name__} of {len(value)}, expected {count} things: "
                              f"return {wanted}.")
    if count == 2 and is_number(value[1]) and np.ndim(value[0]) > 0 and not exercise.outputs[0].axes:
        return Broken("type", f"the two results are exchanged: return {wanted}.")
    return tuple(value)


def _lines(exercise, found):
    """One line for each output that is not right; a line that stands for several outputs only once."""
    alone = ("back", "there is no back")
    return dict.fromkeys(text if text.startswith((output.name, *alone)) else f"{output.name}: {text}"
                         for output, (kind, text) in zip(exercise.outputs, found, strict=True) if kind != "exact")


def _which(exercise, kinds):
    """Which of several outputs is right and which is not: "the loss is right, the gradient is not."."""
    right = [output.words for output, kind in zip(exercise.outputs, kinds, strict=True) if kind == "exact"]
    wrong = [output.words for output, kind in zip(exercise.outputs, kinds, strict=True) if kind != "exact"]
    if not right:
        return f"{_listed(wrong)} {_are(wrong)} not right yet."
    later = " started yet" if "not_started" in kinds else ""
    return f"{_listed(right)} {_are(right)} right, {_listed(wrong)} {_are(wrong)} not{later}."


def _are(things):
    return "are" if len(things) > 1 else "is"


def _listed(things):
    """"a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(things[:-1]), things[-1]] if len(things) > 1 else things)


def _other_order(exercise, cases, values, kinds):
    """A sentence if the gradients are right but stand in another order, and no mistake is known by name."""
    outputs = exercise.outputs[1:]
    if all(kind in ("exact", "mistake") for kind in kinds[1:]):
        return ""
    for order in permutations(range(len(outputs))):
        if all(_fits(exercise, output, case, value[1 + i])
               for output, i in zip(outputs, order, strict=True) for case, value in zip(cases, values, strict=True)):
            got = ", ".join(outputs[order.index(i)].name for i in range(len(outputs)))
            return (f"the right gradients in the wrong order: back({exercise.upstream}) returns {got}. In the order of "
                    f"the arrays, {', '.join(list(exercise.arguments)[:len(outputs)])}: return {exercise.gradients()}.")
    return ""


def _fits(exercise, output, case, got):
    want = output.right(case.args)
    return isinstance(got, np.ndarray) and got.shape == np.shape(want) and close(exercise, output, got, want)


def _right(exercise, function):
    loop = "" if exercise.loops else first_loop(function)
    if loop:
        return _verdict(exercise, "loops", f"the numbers are right, but without loops was the task, and there is one:\n"
                                           f"    {loop}\n ")
    state = depends_on_other_calls(exercise, function) if exercise.upstream else ""
    if state:
        return _verdict(exercise, "state", state)
    things = [output.words for output in exercise.outputs]
    labels = "; ".join(case.label for case in exercise.cases[1:])
    return _verdict(exercise, "exact", f"well done, {_listed(things)} {_are(things)} right. "
                                       f"Tested with {exercise.describe(exercise.cases[0])}; then {labels}.")
