"""One step: what is minimised on a mini-batch, its gradients, and the new parameters."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cs231n_helpers import checks, losses, optim


@dataclass(frozen=True)
class Recipe:
    """The settings of a run.

    rule : SGD, Momentum, ... of `optim`.
    batch : the most examples in a mini-batch; all batches of an epoch are equally large, give or take one.
    loss : f(scores, y) -> (loss, back), of `losses`.
    l2 : strength of 1/2 * l2 * sum of W^2, a number for all weights or {"dense1": number}; biases are left alone.
    penalty : any other penalty, f(params) -> (value, grads), such as `losses.penalty` makes.
    schedule : f(lr, epochs so far) -> learning rate, such as lambda lr, epoch: optim.step_decay(lr, epoch).
    augment : f(X, rng) -> X, applied to each mini-batch, such as `data.augment`.
    max_norm : the largest length of a unit's weights; longer ones are cut down after each step.
    frozen : names of arrays that are not learned, such as `transfer.freeze` gives.
    rates : {name of an array: factor} on its learning rate, such as `transfer.rates` gives.
    """

    rule: object
    batch: int = 100
    loss: Callable = losses.softmax
    l2: float | dict = 0.0
    penalty: Callable | None = None
    schedule: Callable | None = None
    augment: Callable | None = None
    max_norm: float | None = None
    frozen: tuple = ()
    rates: dict | None = None

    def __post_init__(self):
        if isinstance(self.rule, type) or not hasattr(self.rule, "update"):
            raise TypeError(f"train: rule must be an update rule such as Momentum(0.01), got {self.rule!r}.")
        checks.whole("train", "batch", self.batch, low=1)
        for strength in self.l2.values() if isinstance(self.l2, dict) else [self.l2]:
            checks.real("train", "l2", strength, low=0)
        if self.max_norm is not None:
            checks.real("train", "max_norm", self.max_norm, above=0)
        object.__setattr__(self, "frozen", frozenset(self.frozen))
        for factor in (self.rates or {}).values():
            checks.real("train", "each factor of rates", factor, above=0)

    def rule_at(self, epoch):
        """The rule with the learning rate of this moment."""
        return self.rule if self.schedule is None else replace(self.rule, lr=self.schedule(self.rule.lr, epoch))

    def learned(self, network, params):
        """The names of the arrays that are learned; ValueError if a name of `frozen` or `rates` is no array's, or if
        nothing is left to learn."""
        for setting in ("frozen", "rates"):
            for name in getattr(self, setting) or ():
                checks.one_of("train", f"each name in {setting}", name, list(network.shapes()))
        learned = tuple(name for name in network.trainable(params) if name not in self.frozen)
        if self.frozen and not learned:
            raise ValueError("train: every array is frozen, so there is nothing to learn. Leave the head out of it.")
        return learned

    def strengths(self, params):
        """{"dense1.W": strength, ...} of the weights that l2 applies to."""
        weights = [key for key in params if key.endswith(".W")]
        if not isinstance(self.l2, dict):
            return dict.fromkeys(weights, self.l2) if self.l2 else {}
        for layer in self.l2:
            checks.one_of("train", "each layer of l2", f"{layer}.W", weights)
        return {f"{layer}.W": strength for layer, strength in self.l2.items()}

    def objective(self, network, params, X, y, rng=None):
        """(loss, grads) on one mini-batch: data loss and penalties; NaN and None if a score is not finite."""
        scores, back = network.forward(params, X, rng, self.frozen)
        if not np.isfinite(scores).all():
            return np.nan, None
        value, loss_back = self.loss(scores, y)
        grads, _ = back(loss_back()[0], input_gradient=False)          # the target has a gradient too, of no use here
        value += _add_l2(params, grads, self.strengths(params))
        if self.penalty is not None:
            more, penalty_grads = self.penalty(params)
            value += more
            grads.update({key: grads[key] + array for key, array in penalty_grads.items() if key in grads})
        return float(value), grads

    def step(self, network, state, X, y):
        """(loss, grads, next state): the loss is that of the weights before the step; None, None if it is not finite.

        Overflow is not warned about here: what comes of it is seen in the loss.
        """
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            rng = state.noise()
            X = X if self.augment is None else self.augment(X, rng)
            value, grads = self.objective(network, state.params, X, y, rng)
            if not np.isfinite(value):
                return value, None, None
            params, memory = optim.update_all(self.rule_at(state.epoch), state.params, grads, state.memory,
                                              self.rates)
            for key in state.memory if self.max_norm is not None else ():
                if key.endswith(".W"):
                    params[key] = losses.max_norm(params[key], self.max_norm)
        return value, grads, replace(state, step=state.step + 1, params=params, memory=memory)


def _add_l2(params, grads, strengths):
    """Add each strength * W to its gradient, an array that `back` has just made; returns the value of the penalty."""
    value = 0.0
    for key, strength in strengths.items():
        if key in grads:
            W = params[key]
            grads[key] += strength * W
            value += 0.5 * strength * float(np.vdot(W, W))          # the sum of the squares, in one pass
    return value
