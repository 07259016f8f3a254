"""Rules that give every weight a learning rate of its own: large gradients so far, shorter steps.

Each divides by the root of a sum or mean of squared gradients. They cost three to four times as many passes over memory
as SGD; each pass writes into an array that the rule itself has just made.
"""

from dataclasses import dataclass

import numpy as np

from cs231n_helpers import checks

from . import rule


@dataclass(frozen=True)
class Adagrad:
    """cache = cache + dw^2, then w - lr * dw / (sqrt(cache) + eps). The steps only ever become shorter.

    Source: Duchi and others 2011; CS231n notes, Neural networks part 3.
    """

    lr: float
    eps: float = 1e-8

    def __post_init__(self):
        rule.learning_rate(self)
        _eps(self)

    def init(self, w):
        """The sum of squared gradients so far: 0."""
        return (np.zeros_like(w),)

    def update(self, w, dw, state):
        """One step: (w - lr * dw / (sqrt(cache) + eps), (cache,))."""
        w, dw = rule.same_shape(self, w, dw)
        cache = state[0] + dw * dw
        return w - _over_root(self.lr * dw, cache, self.eps), (cache,)


@dataclass(frozen=True)
class RMSprop:
    """cache = decay * cache + (1 - decay) * dw^2, then w - lr * dw / (sqrt(cache) + eps): a mean that forgets.

    Source: Hinton's lecture 6e, 2012; CS231n notes, Neural networks part 3.
    """

    lr: float
    decay: float = 0.99
    eps: float = 1e-8

    def __post_init__(self):
        rule.learning_rate(self)
        rule.fraction(self, "decay")
        _eps(self)

    def init(self, w):
        """The mean of squared gradients: 0."""
        return (np.zeros_like(w),)

    def update(self, w, dw, state):
        """One step: (w - lr * dw / (sqrt(cache) + eps), (cache,))."""
        w, dw = rule.same_shape(self, w, dw)
        cache = _mean(state[0], dw * dw, self.decay)
        return w - _over_root(self.lr * dw, cache, self.eps), (cache,)


@dataclass(frozen=True)
class Adam:
    """m, v = running means of dw and dw^2, both corrected for their start at 0; then w - lr * m / (sqrt(v) + eps).

    m = beta1 * m + (1 - beta1) * dw, v = beta2 * v + (1 - beta2) * dw^2. After t steps m holds only 1 - beta1^t of what
    a long run would give, and v 1 - beta2^t: dividing by that is the correction. The first step has length lr.
    correct=False leaves it out, to see what it is for: the first step is then (1 - beta1) / sqrt(1 - beta2) as long,
    3.16 times with the usual numbers, and the tenth 6.5 times.
    Source: Kingma and Ba 2014; CS231n notes, Neural networks part 3.
    """

    lr: float
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    correct: bool = True

    def __post_init__(self):
        rule.learning_rate(self)
        rule.fraction(self, "beta1", "beta2")
        _eps(self)

    def init(self, w):
        """Both means 0, after 0 steps."""
        return np.zeros_like(w), np.zeros_like(w), 0

    def update(self, w, dw, state):
        """One step: (new w, (m, v, t))."""
        w, dw = rule.same_shape(self, w, dw)
        m, v, t = state[0], state[1], state[2] + 1
        m, v = _mean(m, dw, self.beta1), _mean(v, dw * dw, self.beta2)
        short_m, short_v = (1 - self.beta1**t, 1 - self.beta2**t) if self.correct else (1.0, 1.0)
        step = _over_root((self.lr / short_m) * m, v, self.eps, short_v)
        return w - step, (m, v, t)


def _mean(old, new, share):
    """share * old + (1 - share) * new, which makes `share` the part of the past that is kept."""
    mean = share * old
    mean += (1 - share) * new
    return mean


def _over_root(step, squares, eps, correction=1.0):
    """step / (sqrt(squares / correction) + eps); 0 where step is 0, also without any eps."""
    root = np.sqrt(squares)
    root /= np.sqrt(correction)
    root += eps
    if eps == 0:
        root = np.where(root == 0, 1, root)                         # no gradient ever: step is 0 as well
    step /= root
    return step


def _eps(rule):
    checks.real(type(rule).__name__, "eps", rule.eps, low=0)
