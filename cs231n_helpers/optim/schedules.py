"""Lower the learning rate as training goes on: long steps to get near, short ones to settle.

`step` counts whatever the rates are meant for: steps or epochs, also parts of one (2.5 epochs).
Source: CS231n notes, Neural networks part 3, Annealing the learning rate.
"""

import math

from cs231n_helpers import checks


def step_decay(lr, step, factor=0.5, every=5):
    """lr * factor^(step // every): constant for a while, then a fall. Example: 0.1, 12, 0.5, 5 -> 0.025."""
    lr, step = _checked("step_decay", lr, step)
    factor = checks.real("step_decay", "factor", factor, above=0, high=1)
    return lr * factor ** (step // checks.real("step_decay", "every", every, above=0))


def exponential_decay(lr, step, rate):
    """lr * exp(-rate * step): the same fraction less in every step."""
    lr, step = _checked("exponential_decay", lr, step)
    return lr * math.exp(-checks.real("exponential_decay", "rate", rate, low=0) * step)


def inverse_decay(lr, step, rate):
    """lr / (1 + rate * step): quick at first, then ever slower. Example: 0.1, 10, 0.1 -> 0.05."""
    lr, step = _checked("inverse_decay", lr, step)
    return lr / (1 + checks.real("inverse_decay", "rate", rate, low=0) * step)


def _checked(where, lr, step):
    return checks.real(where, "lr", lr, above=0), checks.real(where, "step", step, low=0)
