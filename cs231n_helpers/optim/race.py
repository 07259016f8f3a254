"""Several rules side by side on one landscape, all in one pass.

Every rule of this folder is one formula with numbers of its own:

    v     = keep * v + take * g                              a velocity, or a mean of gradients
    cache = forget * cache + square * g^2                    1 for ever, for the rules without one
    w     = w + (use * v + push * g) / c1 / (sqrt(cache / c2) + eps)

with c1, c2 Adam's corrections. So the runners are the rows of one array, and 200 steps of seven rules take as long as
200 steps of one.
"""

from typing import NamedTuple

import numpy as np

from cs231n_helpers import checks

from .adaptive import Adagrad, Adam, RMSprop
from .velocity import SGD, Momentum, Nesterov

LEAST = 1e-300                                              # in the place of an eps of 0: 0 / 0 is no step


class Race(NamedTuple):
    """Where each of R runners was after each of S steps, and with what learning rate each weight took that step."""

    paths: np.ndarray                                       # (R, S + 1, D), NaN from where a runner left for good
    rates: np.ndarray                                       # (R, S, D): lr / (root + eps) of each weight in each step


def race(rules, gradient, start, steps, noise=None, reach=1e3):
    """Let all `rules` walk from `start` (D,) for a number of steps. Returns a `Race`.

    gradient(w (R, D)) -> (R, D); noise (steps, D) is added to it, the same for every runner. The paths are those of
    each rule's own `update`. One that gets farther than `reach` from 0 in any weight has diverged: NaN from there on.
    """
    start = checks.floats("race", "start", start, ndim=1).astype(float)
    rate, keep, take, forget, square, use, push, eps = np.array([_numbers(rule) for rule in rules]).T[..., None]
    corrections = _corrections(rules, steps)
    w, v = np.tile(start, (len(rules), 1)), np.zeros((len(rules), len(start)))
    cache = np.where((forget == 1) & (square == 0), 1.0, np.zeros_like(v))
    places, roots = [w], []
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):         # what runs away is cut off below
        for t in range(steps):
            g = gradient(w) if noise is None else gradient(w) + noise[t]
            v = keep * v + take * g
            cache = forget * cache + square * g * g
            c1, c2 = corrections[t]
            root = np.sqrt(cache / c2) + eps
            w = w + (use * v + push * g) / (c1 * root)
            places.append(w)
            roots.append(root)
        rates = rate[:, None] / np.stack(roots, axis=1)
    return Race(_cut(np.stack(places, axis=1), reach), rates)


def _numbers(rule):
    """(rate, keep, take, forget, square, use, push, eps) of a rule."""
    lr = getattr(rule, "lr", None)
    match rule:
        case SGD():
            return lr, 0, -lr, 1, 0, 1, 0, 0
        case Momentum(mu=mu):
            return lr, mu, -lr, 1, 0, 1, 0, 0
        case Nesterov(mu=mu):
            return lr, mu, -lr, 1, 0, mu, -lr, 0
        case Adagrad(eps=eps):
            return lr, 0, -lr, 1, 1, 1, 0, max(eps, LEAST)
        case RMSprop(decay=decay, eps=eps):
            return lr, 0, -lr, decay, 1 - decay, 1, 0, max(eps, LEAST)
        case Adam(beta1=beta1, beta2=beta2, eps=eps):
            return lr, beta1, -lr * (1 - beta1), beta2, 1 - beta2, 1, 0, max(eps, LEAST)
    raise TypeError(f"race: {rule!r} is none of the rules of optim. Give records such as Momentum(0.01).")


def _corrections(rules, steps):
    """(steps, 2, R, 1): what Adam divides its two means by after t = 1, 2, ... steps; 1 for the others."""
    t = np.arange(1, steps + 1)[:, None]
    betas = np.array([(r.beta1, r.beta2) if isinstance(r, Adam) and r.correct else (0, 0) for r in rules], float)
    return (1 - betas.T[:, None, :] ** t[None]).transpose(1, 0, 2)[..., None]


def _cut(paths, reach):
    """NaN from the first place that is too far away, for good."""
    with np.errstate(invalid="ignore"):
        gone = ~(np.abs(paths) <= reach).all(axis=-1)
    return np.where(np.logical_or.accumulate(gone, axis=1)[..., None], np.nan, paths)
