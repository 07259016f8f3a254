"""Rules that step along the gradient, or along a velocity that the gradient changes.

They write each formula into as few new arrays as it needs: on large weights a rule is limited by memory, not by sums.
"""

from dataclasses import dataclass

import numpy as np

from . import rule


@dataclass(frozen=True)
class SGD:
    """Gradient descent, one step downhill: w - lr * dw. Stochastic when dw comes from a mini-batch."""

    lr: float                                               # learning rate, > 0

    def __post_init__(self):
        rule.learning_rate(self)

    def init(self, w):
        """SGD remembers nothing: the state is empty."""
        return ()

    def update(self, w, dw, state=()):
        """One step: (w - lr * dw, state). w and dw have the same shape."""
        w, dw = rule.same_shape(self, w, dw)
        step = self.lr * dw
        return np.subtract(w, step, out=_own(step)), state


@dataclass(frozen=True)
class Momentum:
    """A ball that rolls: v = mu * v - lr * dw, then w + v. mu is the share of its velocity it keeps in each step.

    Where gradients agree, steps grow up to 1 / (1 - mu) times as long; where they change sign, they cancel.
    Source: CS231n notes, Neural networks part 3.
    """

    lr: float
    mu: float = 0.9

    def __post_init__(self):
        rule.learning_rate(self)
        rule.fraction(self, "mu")

    def init(self, w):
        """The velocity, at rest."""
        return (np.zeros_like(w),)

    def update(self, w, dw, state):
        """One step: (w + v, (v,))."""
        w, dw = rule.same_shape(self, w, dw)
        v = _velocity(self, dw, state)
        return w + v, (v,)


@dataclass(frozen=True)
class Nesterov:
    """Momentum whose gradient counts as taken one step ahead, where the velocity is about to carry w anyway.

    With w standing for the point ahead: v' = mu * v - lr * dw, then w - mu * v + (1 + mu) * v' = w + mu * v' - lr * dw.
    Source: CS231n notes, Neural networks part 3; Bengio and others 2012.
    """

    lr: float
    mu: float = 0.9

    def __post_init__(self):
        rule.learning_rate(self)
        rule.fraction(self, "mu")

    def init(self, w):
        """The velocity, at rest."""
        return (np.zeros_like(w),)

    def update(self, w, dw, state):
        """One step: (w + mu * v' - lr * dw, (v',))."""
        w, dw = rule.same_shape(self, w, dw)
        v = _velocity(self, dw, state)
        return w + (self.mu * v - self.lr * dw), (v,)


def look_ahead_step(w, v, gradient, lr, mu=0.9):
    """Nesterov's step as it is explained: (w + v', v') with v' = mu * v - lr * gradient(w_ahead), w_ahead = w + mu * v.

    `Nesterov` does the same with w_ahead in the place of w, so that the gradient is wanted where the weights are.
    Source: CS231n notes, Neural networks part 3.
    """
    w, v = np.asarray(w), np.asarray(v)
    w_ahead = w + mu * v
    v = mu * v - lr * gradient(w_ahead)
    return w + v, v


def _velocity(rule, dw, state):
    """mu * v - lr * dw."""
    v = rule.mu * state[0]
    v -= rule.lr * dw
    return v


def _own(array):
    """A place to write the result to; None for a single number, which is no array."""
    return array if isinstance(array, np.ndarray) else None
