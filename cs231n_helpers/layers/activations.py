"""Activations as layers: the ops of the same names."""

import math
from dataclasses import dataclass
from typing import ClassVar

from cs231n_helpers import checks, ops

from .layer import Layer, without_arrays


@dataclass(frozen=True)
class ReLU(Layer):
    """max(0, x)."""

    kind: ClassVar[str] = "relu"
    in_place: ClassVar[bool] = True
    bounds: ClassVar[tuple] = (0, math.inf)

    def forward(self, params, x, rng=None):
        return without_arrays(*ops.relu(x))


@dataclass(frozen=True)
class LeakyReLU(Layer):
    """x where x > 0, alpha * x elsewhere."""

    kind: ClassVar[str] = "leaky_relu"
    in_place: ClassVar[bool] = True
    alpha: float = 0.01

    def __post_init__(self):
        checks.real("LeakyReLU", "alpha", self.alpha)

    def forward(self, params, x, rng=None):
        return without_arrays(*ops.leaky_relu(x, alpha=self.alpha))


@dataclass(frozen=True)
class ReLU6(Layer):
    """min(max(0, x), 6)."""

    kind: ClassVar[str] = "relu6"
    in_place: ClassVar[bool] = True
    bounds: ClassVar[tuple] = (0, 6)

    def forward(self, params, x, rng=None):
        return without_arrays(*ops.relu6(x))


@dataclass(frozen=True)
class Sigmoid(Layer):
    """1 / (1 + exp(-x))."""

    kind: ClassVar[str] = "sigmoid"
    in_place: ClassVar[bool] = True

    def forward(self, params, x, rng=None):
        return without_arrays(*ops.sigmoid(x))


@dataclass(frozen=True)
class Tanh(Layer):
    """2 sigmoid(2x) - 1."""

    kind: ClassVar[str] = "tanh"
    in_place: ClassVar[bool] = True

    def forward(self, params, x, rng=None):
        return without_arrays(*ops.tanh(x))


@dataclass(frozen=True)
class Maxout(Layer):
    """The largest of `pieces` neighbours in the last axis, so the layer before it needs `pieces` columns a unit."""

    kind: ClassVar[str] = "maxout"
    pieces: int = 2

    def __post_init__(self):
        checks.whole("Maxout", "pieces", self.pieces, low=1)

    def out_shape(self, in_shape):
        *rest, columns = in_shape
        if columns % self.pieces:
            raise ValueError(f"Maxout: {columns} columns cannot be dealt into groups of pieces = {self.pieces}. "
                             f"Let the layer before have {columns - columns % self.pieces or self.pieces} units.")
        return (*rest, columns // self.pieces)

    def forward(self, params, x, rng=None):
        return without_arrays(*ops.maxout(x, pieces=self.pieces))
