"""Fully connected layers."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from cs231n_helpers import checks
from cs231n_helpers.initializers import he, zeros

from .layer import Layer, without_arrays


@dataclass(frozen=True)
class Dense(Layer):
    """Every unit sees every input: X @ W + b, with W (D, units), b (units,). Images are flattened: D = H * W * C."""

    kind: ClassVar[str] = "dense"
    units: int
    init: Callable = field(default=he, repr=False)                  # f(rng, shape) -> W
    bias: bool = True

    def __post_init__(self):
        checks.whole("Dense", "units", self.units, low=1)

    def out_shape(self, in_shape):
        return (self.units,)

    def weights(self, in_shape):
        W = {"W": (math.prod(in_shape), self.units)}
        return {**W, "b": (self.units,)} if self.bias else W

    def start(self, rng, in_shape):
        starts = {"W": self.init, "b": zeros}
        return {name: starts[name](rng, shape) for name, shape in self.weights(in_shape).items()}

    def window(self, in_shape):
        return None

    def multiply_adds(self, in_shape):
        return math.prod(in_shape) * self.units

    def forward(self, params, x, rng=None):
        """ops.affine, written out for speed: X's gradient, a third of the work, is computed only if it is wanted."""
        W, X = params["W"], _rows(x)                                # (D, units), (N, D)
        y = X @ W                                                   # (N, D) @ (D, units) -> (N, units)
        if self.bias:
            y += params["b"]                                        # y is new: nobody else has it

        def back(dy, input_gradient=True):
            grads = {"W": X.T @ dy}                                 # (D, N) @ (N, units) -> (D, units)
            if self.bias:
                grads["b"] = dy.sum(axis=0)
            return grads, (dy @ W.T).reshape(x.shape) if input_gradient else None

        return y, back


@dataclass(frozen=True)
class Flatten(Layer):
    """(H, W, C) -> (H * W * C,): each image becomes a row."""

    kind: ClassVar[str] = "flatten"
    in_place: ClassVar[bool] = True

    def out_shape(self, in_shape):
        return (math.prod(in_shape),)

    def forward(self, params, x, rng=None):
        return without_arrays(_rows(x), lambda dy: (dy.reshape(x.shape),))


def _rows(x):
    """(N, H, W, C) -> (N, H * W * C)."""
    return x.reshape(len(x), math.prod(x.shape[1:]))                # not -1, which cannot be known for N = 0
