"""The core of training: a generator that takes one mini-batch step at a time and can be left between any two."""

import contextlib
import ctypes
import functools
import itertools
from dataclasses import dataclass

import numpy as np

from cs231n_helpers import checks

from .recipe import Recipe
from .state import State, begin, refuse_other

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3                         # numbers that glibc's malloc.h gives its settings
KEPT = 2**29                    # bytes that may be free before any are given back to the system


@dataclass(frozen=True, eq=False)
class Step:
    """What one step did. Cheap: it only points at arrays that exist anyway."""

    step: int                                                       # its number, counted from 1
    epoch: float                                                    # epochs taken, with a fraction
    loss: float                                                     # of this batch, before the step, with penalties
    rate: float                                                     # learning rate of this step
    grads: dict | None                                              # None if the loss was not finite
    state: State                                                    # after the step
    stopped: str = ""                                               # why there will be no further step, in words

    @property
    def params(self):
        """The parameters after the step."""
        return self.state.params


def steps(network, params, X, y, rule, *, count=None, rng=None, resume=None, **settings):
    """A generator of Step: one mini-batch step each, for as long as it is asked, or until `count` steps are taken.

    X (N, *input_shape), y (N,) labels or whatever the loss wants; settings as in `Recipe`: batch, loss, l2, penalty,
    schedule, augment, max_norm, frozen, rates. The run is the same for the same `rng`. With
    `resume` (a State) it goes on from there, and params and rng are not looked at; `count` still counts from the very
    beginning.
    If the loss is not finite, the last Step says so in `stopped`, and its state is that of the last finite loss.
    """
    recipe = Recipe(rule, **settings)
    X, y = _examples(network, X, y)
    count = None if count is None else checks.whole("train", "count", count, low=0)
    if resume is None:
        state = begin(network, params, rule, rng, recipe.batch, len(X), recipe.learned(network, params))
    else:
        refuse_other(resume, network, rule, recipe.batch, len(X), recipe.learned(network, resume.params))
        state = resume
    recipe.strengths(state.params)                                  # a layer that is not there is named now
    return _steps(network, recipe, state, X, y, count)


def _steps(network, recipe, state, X, y, count):
    keep_freed_memory()
    room = np.empty((min(state.batch, len(X)), *X.shape[1:]), X.dtype)          # for the batches, one after the other
    per_epoch, order, good, last = state.steps_per_epoch, None, state, None
    for number in itertools.count(state.step) if count is None else range(state.step, count):
        epoch, place = divmod(number, per_epoch)
        if place == 0 or order is None:
            order = state.order(epoch)
        chosen = order[place * len(X) // per_epoch:(place + 1) * len(X) // per_epoch]
        batch = np.take(X, chosen, axis=0, out=room[:len(chosen)], mode="clip")
        rate = recipe.rule_at(state.epoch).lr
        loss, grads, after = recipe.step(network, state, batch, y[chosen])
        if after is None:
            yield Step(number + 1, (number + 1) / per_epoch, loss, rate, None, good,
                       _what_happened(loss, number + 1, rate, last))
            return
        good, state, last = state, after, loss
        yield Step(state.step, state.epoch, loss, rate, grads, state)


def _what_happened(loss, number, rate, last):
    if last is None:
        return (f"loss is {loss} at step {number} (lr = {rate:g}), the first one taken here: it is not the learning "
                "rate. Look for NaN in the data and for huge weights; the weights are as they were given.")
    finite = f"{last:.2f}" if abs(last) < 1e4 else f"{last:.2g}"
    return (f"loss became {loss} at step {number} (lr = {rate:g}); last finite {finite}; weights of step {number - 1} "
            "kept, those which gave that loss. The learning rate is probably too high: try a tenth.")


def _examples(network, X, y):
    X, y = np.asarray(X), np.asarray(y)
    if X.shape[1:] != network.input_shape or len(X) == 0:
        raise ValueError(f"train: X must have shape (N, {', '.join(map(str, network.input_shape))}) with N >= 1, got "
                         f"{X.shape}. The network was built for input_shape = {network.input_shape}.")
    if y.ndim == 0 or len(X) != len(y):
        raise ValueError(f"train: X has {len(X)} examples, but y has shape {y.shape}; there must be one for each.")
    checks.finite("train", "X", X)
    return X, y


@functools.cache
def keep_freed_memory():
    """Make the C library keep the memory of freed arrays for the next step's, instead of giving it back each time.

    A step makes and frees arrays of some MB. Given back to the system, each comes anew page by page, and the cores wait
    for each other there (measured on a ConvNet's step with two threads: 110 instead of 75 ms). The GNU C library can be
    told (mallopt) to give nothing back of blocks up to 32 MB until KEPT bytes are free; others are left as they are.
    """
    with contextlib.suppress(OSError, TypeError, AttributeError):   # no such library here, or it has no mallopt
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, 32 << 20)
        mallopt(M_TRIM_THRESHOLD, KEPT)
