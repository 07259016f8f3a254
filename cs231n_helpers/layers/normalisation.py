"""Batch and layer normalisation as layers: they own a scale gamma and an offset beta, and batch norm its statistics."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cs231n_helpers import checks, ops
from cs231n_helpers.ops.normalisation import measured

from .layer import Layer


@dataclass(frozen=True)
class Normalisation(Layer):
    """What both share: gamma and beta, one number of each for every feature (the last axis)."""

    eps: float = 1e-5

    def __post_init__(self):
        checks.real(type(self).__name__, "eps", self.eps, above=0)

    def weights(self, in_shape):
        return {"gamma": in_shape[-1:], "beta": in_shape[-1:]}

    def start(self, rng, in_shape):
        return {"gamma": np.ones(in_shape[-1:]), "beta": np.zeros(in_shape[-1:])}


@dataclass(frozen=True)
class LayerNorm(Normalisation):
    """Each example is brought to mean 0 and variance 1 over its last axis, in training and at test time alike."""

    kind: ClassVar[str] = "ln"

    def forward(self, params, x, rng=None):
        return _with_arrays(*ops.layer_norm(x, params["gamma"], params["beta"], eps=self.eps))


@dataclass(frozen=True)
class BatchNorm(Normalisation):
    """Each feature is brought to mean 0 and variance 1: over the batch in training, and at test time by the arrays
    "mean" and "var", so that the answer for one example does not depend on the others. They are not learned:
    `network.renew_statistics` measures them on training data."""

    kind: ClassVar[str] = "bn"

    def statistics(self, in_shape):
        return {"mean": in_shape[-1:], "var": in_shape[-1:]}

    def start(self, rng, in_shape):
        measured = {"mean": np.zeros(in_shape[-1:]), "var": np.ones(in_shape[-1:])}
        return {**super().start(rng, in_shape), **measured}

    def forward(self, params, x, rng=None):
        fixed = {} if rng is not None else {"mean": params["mean"], "var": params["var"]}
        return _with_arrays(*ops.batch_norm(x, params["gamma"], params["beta"], **fixed, eps=self.eps))

    def renewed(self, params, batches, frozen=frozenset()):
        if frozen >= {"mean", "var"}:
            return params
        mean, var = measured(batches)
        dtype = params["mean"].dtype
        return {**params, "mean": mean.astype(dtype), "var": var.astype(dtype)}


def _with_arrays(y, op_back):
    def back(dy, input_gradient=True):
        dx, dgamma, dbeta = op_back(dy)
        return {"gamma": dgamma, "beta": dbeta}, dx if input_gradient else None

    return y, back
