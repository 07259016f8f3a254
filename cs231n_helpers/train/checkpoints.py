"""Checkpoints: the state of a run in one .npz file, which is whole at any moment, whatever happens to its writer."""

import contextlib

import numpy as np

from cs231n_helpers import storage
from cs231n_helpers.checks import DataError

from .state import State, refuse_other

LAYOUT = 1
REMEDY = "Start anew without resume, or name another checkpoint."
KIND = "training state"
NUMBERS = ("step", "seed", "batch", "examples")


def save(path, state):
    """Write a State, or the state of a Log or Step, to `path`: the old file stays until the new one is complete.

    It holds the parameters, what the update rule remembers, the place in the run, the seed of its randomness, the
    numbers of all Logs so far and a description of the network. Nothing in it can run code when it is read.
    """
    state = getattr(state, "state", state)
    memory = {f"memory/{name}/{number}": value for name, values in state.memory.items()
              for number, value in enumerate(values)}
    storage.save_arrays(path, LAYOUT, kind=np.array(KIND), rule=np.array(state.rule), network=np.array(state.network),
                        numbers=np.array([getattr(state, name) for name in NUMBERS], np.int64),
                        rows=np.array(state.rows, np.float64), learned=np.array(list(state.memory)),
                        **{f"params/{name}": array for name, array in state.params.items()}, **memory)


def load(path, network=None):
    """Read the State that `save` wrote. DataError if the file is missing, damaged or something else.

    With `network`, ValueError unless it is the one that was trained: the layer and both shapes are named. Nothing is
    done to the file in any case. Then: train.epochs(..., resume=state).
    """
    arrays = storage.load_arrays(path, version=LAYOUT, remedy=REMEDY)
    if str(arrays.get("kind")) != KIND:
        raise DataError(f"{path} is no checkpoint: it holds {', '.join(arrays) or 'nothing'}. {REMEDY}")
    params = {key.removeprefix("params/"): array for key, array in arrays.items() if key.startswith("params/")}
    state = State(**dict(zip(NUMBERS, map(int, arrays["numbers"]))), params=params, memory=_memory(arrays),
                  network=tuple(map(str, arrays["network"])), rule=str(arrays["rule"]),
                  rows=tuple(map(tuple, arrays["rows"].tolist())))
    if network is not None:
        refuse_other(state, network)
    return state


def _memory(arrays):
    """{name: tuple}: whole numbers, such as Adam's count of steps, come back as such."""
    memory = {str(name): () for name in arrays["learned"]}
    for key, value in arrays.items():                               # in the order they were written
        if key.startswith("memory/"):
            name = key.split("/")[1]
            memory[name] += (int(value) if value.dtype.kind == "i" and value.ndim == 0 else value,)
    return memory


@contextlib.contextmanager
def keeping(path):
    """A `with` block that saves the latest state when it is left: at the end, by Stop (Ctrl-C), or by an error.

        with train.keeping("run.npz") as keep:
            for step in train.steps(...):
                keep(step)

    `keep` only notes the state, so it may be called after every step.
    """
    kept = {}
    try:
        yield lambda state: kept.update(latest=state)
    finally:
        if kept:
            save(path, kept["latest"])
