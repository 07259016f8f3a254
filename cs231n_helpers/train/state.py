"""Where a training run stands: all it takes to go on from here as if nothing had happened."""

from dataclasses import dataclass

import numpy as np

from cs231n_helpers import optim


@dataclass(frozen=True, eq=False)
class State:
    """A moment between two steps. Its arrays are never written to again: later steps make new ones.

    All randomness follows from `seed` and the number of the step, so no generator has to be saved: the order of epoch e
    is drawn by default_rng([seed, 0, e]), the noise of step s by default_rng([seed, 1, s]).
    """

    step: int                                                       # steps taken
    params: dict                                                    # {"dense1.W": array, ...}
    memory: dict                                                    # {"dense1.W": what the rule remembers, ...}
    seed: int
    batch: int
    examples: int                                                   # in the training set
    network: tuple                                                  # its description, line by line
    rule: str                                                       # "Momentum"
    rows: tuple = ()                                                # the numbers of the Logs so far, see epochs.ROW

    @property
    def steps_per_epoch(self):
        """How many batches cover the training set: as few as can be of at most `batch` examples."""
        return -(-self.examples // self.batch)

    @property
    def epoch(self):
        """Epochs taken, with a fraction."""
        return self.step / self.steps_per_epoch

    def order(self, epoch):
        """A random order of the training examples, the same whenever it is asked for."""
        return np.random.default_rng([self.seed, 0, epoch]).permutation(self.examples)

    def noise(self):
        """The generator of the next step: for dropout and augmentation."""
        return np.random.default_rng([self.seed, 1, self.step])


def begin(network, params, rule, rng, batch, examples, learned):
    """The state before the first step. One number is taken from `rng`."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"train: rng must be a random generator, got {rng!r}. Write rng=np.random.default_rng(0).")
    memory = optim.init_all(rule, params, learned)
    return State(0, dict(params), memory, int(rng.integers(2**63)), batch, examples, tuple(network.describe()),
                 type(rule).__name__)


def refuse_other(state, network, rule=None, batch=None, examples=None, learned=None):
    """ValueError, in words, unless `state` belongs to this network (rule, batch size, number of examples, arrays
    that are learned)."""
    expected, got = network.describe(), list(state.network)
    for line, other in zip(expected + [None] * len(got), got + [None] * len(expected)):
        if line != other:
            raise ValueError(f"train: this state is of another network: it has {other or 'no further layer'}, "
                             f"expected {line or 'no further layer'}. Build the network it was trained with.")
    for key, shape in network.shapes().items():
        found = state.params[key].shape if key in state.params else "none"
        if found != shape:
            raise ValueError(f"train: this state is of another network: {key} has shape {found}, expected {shape}. "
                             "Build the network it was trained with, for inputs of the same shape.")
    if learned is not None and set(learned) != state.memory.keys():
        other = min(set(learned) ^ state.memory.keys())
        raise ValueError(f"train: this state is of a run in which other arrays were frozen: {other} was "
                         f"{'learned' if other in state.memory else 'frozen'}. Use the same, or start anew with "
                         "params=state.params.")
    pairs = {"rule": (type(rule).__name__ if rule else None, state.rule), "batch": (batch, state.batch),
             "number of training examples": (examples, state.examples)}
    for name, (wanted, found) in pairs.items():
        if wanted is not None and wanted != found:
            raise ValueError(f"train: this state is of a run with {name} {found}, not {wanted}: it cannot go on as if "
                             "nothing had happened. Use the same, or start anew with params=state.params.")
