"""Dropout as a layer."""

from dataclasses import dataclass
from typing import ClassVar

from cs231n_helpers import checks, ops

from .layer import Layer, without_arrays


@dataclass(frozen=True)
class Dropout(Layer):
    """In training each number is kept with probability `keep` and divided by it; at test time nothing happens."""

    kind: ClassVar[str] = "dropout"
    in_place: ClassVar[bool] = True
    keep: float = 0.5

    def __post_init__(self):
        checks.real("Dropout", "keep", self.keep, above=0, high=1)

    def forward(self, params, x, rng=None):
        return without_arrays(*ops.dropout(x, self.keep, rng=rng))
