"""An op under examination: its arrays made safe, its contract looked at, its own gradients asked for."""

import copy
import inspect
from dataclasses import dataclass, replace

import numpy as np

from cs231n_helpers.gradients.arrays import frozen, wide


@dataclass(frozen=True)
class Case:
    """An op at one place: y, back = op(*arrays, **settings), and the number sum(y * dy) that is differentiated.

    arrays: read-only, floats in float64; places: which of them are differentiated, names: what the op calls those.
    promoted: the names of those that came with fewer digits; single: what the op gave back in float32, in words.
    """

    where: str
    op: object
    arrays: tuple
    settings: dict
    places: tuple
    names: tuple
    promoted: tuple
    here: np.ndarray = None
    dy: np.ndarray = None
    analytic: tuple = ()
    single: tuple = ()


def opened(where, op, arrays, settings):
    """A Case with everything but the gradients."""
    kinds = [np.asarray(array).dtype for array in arrays]
    places = tuple(i for i, kind in enumerate(kinds) if kind.kind not in "iu")
    names = _names(op, len(arrays))
    safe = tuple(frozen(np.array(a) if i not in places else wide(where, names[i], a)) for i, a in enumerate(arrays))
    if not places:
        raise TypeError(f"{where}: there is no array of floats to differentiate; whole numbers are taken as labels. "
                        "Write x.astype(float).")
    return Case(where, op, safe, settings, places, tuple(names[i] for i in places),
                tuple(names[i] for i in places if kinds[i].itemsize < 8))


def asked(case):
    """The same Case with the result, an upstream gradient dy, and the op's own gradients; its contract is looked at."""
    result = call(case, case.arrays)
    if not (isinstance(result, tuple) and len(result) == 2 and callable(result[1])):
        raise TypeError(f"{case.where}: {name(case.op)} must return (y, back) with a function back, got "
                        f"{type(result).__name__}.")
    y, back = result
    here = wide(f"{case.where}: {name(case.op)}", "the result y", y)
    if not np.array_equal(here, output(case, case.arrays)):
        raise ValueError(f"{case.where}: {name(case.op)} gives two different results for the same arrays, so there is "
                         "no slope. Random? Pass its generator as rng=, it is reset before each call.")
    dy = frozen(np.random.default_rng(0).standard_normal(here.shape))
    gradients = _writing_refused(case, lambda: back(dy if dy.ndim else float(dy)))
    _one_for_each(case, gradients)
    analytic = tuple(wide(f"{case.where}: {name(case.op)}", f"the gradient of {n}", g)
                     for n, g in zip(case.names, gradients))
    single = (["the result"] if _is_single(_moved_a_little(case)) else []) + [
        f"the gradient of {n}" for n, g in zip(case.names, gradients) if _is_single(g)]
    return replace(case, here=frozen(here), dy=dy, analytic=analytic, single=tuple(single))


def output(case, arrays):
    """The result of the op for other values of its arrays."""
    return np.asarray(call(case, arrays)[0])


def call(case, arrays):
    """The op's (y, back); a random generator among the settings is copied, so that each call draws the same numbers."""
    settings = {key: copy.deepcopy(value) if isinstance(value, np.random.Generator) else value
                for key, value in case.settings.items()}
    return _writing_refused(case, lambda: case.op(*arrays, **settings))


def name(op):
    return getattr(op, "__name__", repr(op))


def _names(op, count):
    """What the op calls its arrays: the names of its parameters, or "array 0" where it takes *arrays."""
    known = [p.name for p in parameters(op).values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [known[i] if i < len(known) else f"array {i}" for i in range(count)]


def parameters(op):
    """The parameters of an op by name; none for a compiled function that does not tell."""
    try:
        return inspect.signature(op).parameters
    except (TypeError, ValueError):
        return {}


def _one_for_each(case, gradients):
    """Refuse what is not a tuple of one gradient for each float array, of its shape."""
    places = case.places
    if not isinstance(gradients, tuple) or len(gradients) != len(places):
        got = f"{len(gradients)} in a tuple" if isinstance(gradients, tuple) else type(gradients).__name__
        raise TypeError(f"{case.where}: back of {name(case.op)} must return a tuple of {len(places)} gradients, one "
                        f"for each float array, got {got}." + (" Write return (dx,)." if len(places) == 1 else ""))
    for place, called, gradient in zip(places, case.names, gradients):
        shape = case.arrays[place].shape
        if np.shape(gradient) != shape:
            raise ValueError(f"{case.where}: the gradient of {called} of {name(case.op)} has shape "
                             f"{np.shape(gradient)}, the array itself {shape}. They must be equal: transposed, or "
                             "summed over an axis?")


def _writing_refused(case, action):
    try:
        return action()
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        raise ValueError(f"{case.where}: {name(case.op)} writes into an array it was given. "
                         "Work on a copy: x = x.copy().") from error


def _moved_a_little(case):
    """The result for arrays with all digits in use, or as it is where the op refuses the move."""
    rng = np.random.default_rng(1)
    arrays = [frozen(a * (1 + 1e-6 * rng.random(a.shape))) if a.dtype.kind == "f" else a for a in case.arrays]
    try:
        with np.errstate(all="ignore"):
            return call(case, arrays)[0]
    except ValueError:
        return call(case, case.arrays)[0]


def _is_single(value):
    """Whether numbers went through float32 on their way, even if they are float64 again: they need no more digits."""
    value = np.asarray(value)
    with np.errstate(all="ignore"):
        single, half = (np.array_equal(value.astype(kind), value) for kind in (np.float32, np.float16))
    return value.dtype.kind == "f" and single and not half          # half: 0, 1, -0.5 are exact in any format
