"""Calls an answer that is an operation, `y, back = op(*arrays)`, and takes apart what comes back.

`whole(exercise, function)` makes one plain function of it, (*arrays, upstream) -> (y, *gradients), which is then judged
like any other answer. What breaks the contract stands as a `Broken` in the place of the value it leaves unknown.
"""

import copy
import inspect
import numbers
from dataclasses import dataclass

import numpy as np

from .calls import call, is_stub

WITHOUT = 1.0                                           # the upstream gradient that `back()` takes by default


@dataclass(frozen=True)
class Broken:
    """A value that is not there: the kind of verdict and the sentence."""

    kind: str
    text: str


def whole(exercise, function):
    """The answer as one function of all arguments, the upstream gradient last."""
    def run(*args):
        *arrays, upstream = args
        pair = function(*arrays)
        if pair is None or pair is ...:
            return pair
        problem = _not_a_pair(exercise, pair)
        if problem:
            return problem
        y, back = pair
        kept = np.array(y) if isinstance(y, np.ndarray) else y
        gradients = _gradients(exercise, back, upstream)
        if kept is not y and not np.array_equal(kept, y, equal_nan=kept.dtype.kind in "fc"):
            return _writes_into(exercise.outputs[0].name)
        return (kept, *gradients)

    run.__wrapped__ = function                          # errors are placed in the learner's own lines
    return run


def _writes_into(name):
    return Broken("changes_input", f"back writes into {name}, which the caller still needs. Make a new array: "
                                   f"{name} *= ... writes in place, {name} * ... does not.")


def _not_a_pair(exercise, pair):
    wanted = f"two things: return {exercise.result()}."
    if not isinstance(pair, tuple | list):
        return Broken("type", f"got {kind_of(pair)}, expected {wanted}")
    if len(pair) != 2:
        more = f" The gradients come out of back({exercise.upstream})." if len(pair) > 2 else ""
        return Broken("type", f"got a {type(pair).__name__} of {len(pair)}, expected {wanted}{more}")
    if callable(pair[0]) and not callable(pair[1]):
        return Broken("type", f"the two results are exchanged: return {exercise.result()}.")
    return None


def _gradients(exercise, back, upstream):
    """The gradients as a list, or in the place of each of them what is wrong with all."""
    found = _not_callable(exercise, back, upstream) or _run(exercise, back, upstream)
    if isinstance(found, Broken):
        return [found] * (len(exercise.outputs) - 1)
    return [gradient.astype(float) if _is_mask(gradient) else gradient for gradient in found]


def _is_mask(value):
    """True and False count as 1 and 0: the upstream gradient is what is missing, not a type."""
    return type(value) is np.ndarray and value.dtype.kind == "b"


def _not_callable(exercise, back, upstream):
    if back is None or back is ...:
        return Broken("not_started", f"there is no back yet: return {exercise.result()}.")
    if callable(back):
        return _wrong_signature(exercise, back, upstream)
    brackets = " Hand back the function itself, without calling it." if isinstance(back, tuple | np.ndarray) else ""
    return Broken("type", f"back is {kind_of(back)}, expected a function: return {exercise.result()}.{brackets}")


def _wrong_signature(exercise, back, upstream):
    """Whether `back` can be called with the upstream gradient alone, or (of a loss) with nothing."""
    arguments = () if _is_default(upstream) else (upstream,)
    try:
        inspect.signature(back).bind(*arguments)
    except TypeError:
        default = f"{exercise.upstream}=1.0" if _is_default(upstream) else exercise.upstream
        return Broken("type", f"back cannot be called as back({'' if not arguments else exercise.upstream}): "
                              f"write def back({default}).")
    except ValueError:                                  # a function that does not tell its arguments
        pass
    return None


def _is_default(upstream):
    return isinstance(upstream, float) and upstream == WITHOUT


def _run(exercise, back, upstream):
    """Call `back`; return its tuple, or what is wrong with it."""
    named, wanted = f"back({exercise.upstream})", exercise.gradients()
    try:
        found = back() if _is_default(upstream) else back(upstream)
    except NotImplementedError:
        found = None
    if found is None or found is ...:
        if is_stub(back):
            return Broken("not_started", f"{named} returns nothing so far: replace its ... by your code, "
                                         f"the last line being return {wanted}.")
        return Broken("no_return", f"{named} returns {kind_of(found)}. Is its `return` line missing? return {wanted}.")
    return _not_a_tuple(exercise, found, f"{named} returns {kind_of(found)}, expected") or found


def _not_a_tuple(exercise, found, got):
    count, wanted = len(exercise.outputs) - 1, exercise.gradients()
    if not isinstance(found, tuple):
        if count == 1 and not isinstance(found, list):
            return Broken("type", f"{got} a tuple of 1. The comma makes the tuple: return {wanted}.")
        brackets = " Round brackets or none, not square ones." if isinstance(found, list) else ""
        return Broken("type", f"{got} a tuple of {count}: return {wanted}.{brackets}")
    if len(found) != count:
        arrays = ", ".join(list(exercise.arguments)[:count])
        each = f"one gradient for each of {arrays}" if count > 1 else f"the gradient of {arrays} alone"
        return Broken("type", f"{got} a tuple of {count}, {each}: return {wanted}.")
    return None


def kind_of(value):
    """A value in words: "an array of shape (3,)", "a list"."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if type(value) is np.ndarray else f"a {type(value).__name__}"
    if isinstance(value, tuple):
        return f"a tuple of {len(value)}"
    if value is None or value is ...:
        return "None" if value is None else "..."
    return "a number" if isinstance(value, numbers.Number) else f"a {type(value).__name__}"


# -- what a call leaves behind -----------------------------------------------------------------------------------------

def depends_on_other_calls(exercise, function):
    """A sentence if `back` gives something else the second time, or after another call of a right `function`; or ""."""
    first, other = exercise.cases[:2]
    named = f"back({exercise.upstream})"
    if _differs(exercise, function, first, lambda back, upstream: _call(back, upstream)):
        return (f"the numbers are right, but {named} gives others when it is called a second time. "
                "Let it compute its gradients anew in each call.")
    if _differs(exercise, function, first, lambda back, upstream: function(*_copies(other.args[:-1]))):
        return (f"the numbers are right, but {named} gives others once {exercise.call} was called for other arrays: "
                "it looks at what that call left behind. Keep what back needs in variables inside your function, "
                "not in global ones.")
    return ""


def _differs(exercise, function, case, meanwhile):
    def run(*args):
        *arrays, upstream = args
        before = [np.array(gradient) for gradient in _call(function(*_copies(arrays))[1], upstream)]
        _, back = function(*_copies(arrays))            # a generator among them starts anew
        meanwhile(back, upstream)
        return all(np.array_equal(a, b) for a, b in zip(before, _call(back, upstream), strict=True))

    return call(run, dict(zip(exercise.arguments, case.args, strict=True))).value is not True


def _call(back, upstream):
    return back() if _is_default(upstream) else back(upstream)


def _copies(arrays):
    return copy.deepcopy(list(arrays))
