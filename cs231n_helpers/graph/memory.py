"""What backpropagation costs in memory: the arrays that a `back` keeps until it is called."""

import contextlib
import functools

import numpy as np


def remembered(back):
    """The arrays that a `back` keeps alive: a list of (name, shape, bytes).

    A back is a function that remembers the variables of its op that it uses; functions, tuples, lists and dicts among
    them are looked into. Each array is listed once, under the first name met. A view keeps the whole array alive that
    it is a part of, so that array is listed: its shape, its bytes.
    """
    if not callable(back):
        raise TypeError(f"remembered: back must be a function, as in y, back = op(x), got {type(back).__name__}. "
                        "Give remembered(back), not what back returns.")
    owners, looked_at = {}, set()
    waiting = [("back", back)]
    while waiting:
        name, thing = waiting.pop(0)
        if isinstance(thing, np.ndarray):
            owner = _owner(thing)
            owners.setdefault(id(owner), (name, owner))
        elif id(thing) not in looked_at:
            looked_at.add(id(thing))
            waiting += _inside(name, thing)
    return [(name, owner.shape, owner.nbytes) for name, owner in owners.values()]


def _owner(array):
    """The array that holds the memory of a view."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _inside(name, thing):
    """Yield (name, value) of everything that a function or a collection holds."""
    if isinstance(thing, functools.partial):
        yield from [(name, thing.func), (name, thing.args), (name, thing.keywords)]
    elif isinstance(thing, (tuple, list)):
        yield from [(f"{name}[{i}]", item) for i, item in enumerate(thing)]
    elif isinstance(thing, dict):
        yield from [(str(key), item) for key, item in thing.items()]
    else:
        yield from _variables(getattr(thing, "__func__", thing))
        yield from _inside(name, getattr(thing, "__self__", ()))


def _variables(function):
    """Yield (name, value) of the variables of its surroundings, and of the defaults, that a function remembers."""
    code = getattr(function, "__code__", None)
    if code is None:
        return
    for variable, cell in zip(code.co_freevars, function.__closure__ or ()):
        with contextlib.suppress(ValueError):       # an empty cell: a variable that was never set
            yield variable, cell.cell_contents
    defaults = function.__defaults__ or ()
    named = code.co_varnames[code.co_argcount - len(defaults):code.co_argcount]
    yield from zip(named, defaults)
    yield from (function.__kwdefaults__ or {}).items()
