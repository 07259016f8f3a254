"""Update rules: from a gradient to a step. Each is a frozen record of its settings that works on one array.

    state = rule.init(w)                        # what the rule remembers about w: a tuple
    w, state = rule.update(w, dw, state)        # new arrays; w, dw and the old state are left as they were

`init_all` and `update_all` do it for all arrays of a network; the decays lower the learning rate as training goes on.
`race` lets several rules walk side by side on one of the `landscapes`; `newton_step` jumps by curvature.
"""

from . import landscapes
from .adaptive import Adagrad, Adam, RMSprop
from .newton import hessian_bytes, newton_step
from .race import Race, race
from .schedules import exponential_decay, inverse_decay, step_decay
from .together import init_all, update_all, update_ratio
from .velocity import SGD, Momentum, Nesterov, look_ahead_step

__all__ = ["SGD", "Momentum", "Nesterov", "Adagrad", "RMSprop", "Adam", "init_all", "update_all", "update_ratio",
           "step_decay", "exponential_decay", "inverse_decay", "look_ahead_step", "newton_step", "hessian_bytes",
           "Race", "race", "landscapes"]
