"""Update rules: from a gradient to a step. Each is a frozen record of its settings that works on one array.

    state = rule.init(w)
    w, state = rule.update(w, dw, state)        # new arrays; w and dw are left as they were
"""

from dataclasses import dataclass

import numpy as np

from cs231n_helpers import checks


@dataclass(frozen=True)
class SGD:
    """Gradient descent, one step downhill: w - lr * dw. Stochastic when dw comes from a mini-batch."""

    lr: float                                               # learning rate, > 0

    def __post_init__(self):
        checks.real("SGD", "lr", self.lr, above=0)

    def init(self, w):
        """SGD remembers nothing: the state is empty."""
        return ()

    def update(self, w, dw, state=()):
        """One step: (w - lr * dw, state). w and dw have the same shape."""
        w, dw = _same_shape("SGD.update", w, dw)
        return w - self.lr * dw, state


def _same_shape(where, w, dw):
    w, dw = np.asarray(w), np.asarray(dw)
    if w.shape != dw.shape:
        raise ValueError(f"{where}: dw must have the shape of w, {w.shape}, got {dw.shape}. "
                         "A gradient has one number for each weight.")
    return w, dw
