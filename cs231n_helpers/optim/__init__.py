"""Update rules: from a gradient to a step. Each is a frozen record of its settings that works on one array.

    state = rule.init(w)                        # what the rule remembers about w: a tuple
    w, state = rule.update(w, dw, state)        # new arrays; w, dw and the old state are left as they were

`init_all` and `update_all` do it for all arrays of a network; the decays lower the learning rate as training goes on.
"""

from .adaptive import Adagrad, Adam, RMSprop
from .schedules import exponential_decay, inverse_decay, step_decay
from .together import init_all, update_all, update_ratio
from .velocity import SGD, Momentum, Nesterov

__all__ = ["SGD", "Momentum", "Nesterov", "Adagrad", "RMSprop", "Adam", "init_all", "update_all", "update_ratio",
           "step_decay", "exponential_decay", "inverse_decay"]
