"""One rule for all arrays of a network: params, grads and state are flat dicts with the same keys."""

from dataclasses import replace

import numpy as np


def init_all(rule, params, names=None):
    """{name: state} for the arrays to be learned: `names`, or all of params."""
    return {name: rule.init(params[name]) for name in (params if names is None else names)}


def update_all(rule, params, grads, state, rates=None):
    """One step for every array with a state: new (params, state). The others stay: leave a key out to freeze it.

    rates : {name: factor} of arrays whose learning rate is the rule's times a factor; the others have the rule's.
    """
    new_params, new_state = dict(params), {}
    for name, memory in state.items():
        if name not in grads or name not in params:
            raise ValueError(f"update_all: {name!r} has a state but no {'gradient' if name in params else 'array'}. "
                             "Make the state with init_all(rule, params, names) for the names in grads.")
        own = replace(rule, lr=rule.lr * rates[name]) if rates and name in rates else rule
        new_params[name], new_state[name] = own.update(params[name], grads[name], memory)
    return new_params, new_state


def update_ratio(old, new):
    """|new - old| / |old|, lengths of the arrays as vectors: about 1e-3 is a healthy step.

    From all zeros it is inf, or 0 without a step.
    Source: CS231n notes, Neural networks part 3, Ratio of weights:updates.
    """
    step, size = np.linalg.norm(np.subtract(new, old)), np.linalg.norm(old)
    return float(step / size) if size > 0 else (float("inf") if step > 0 else 0.0)
