"""A fixed change of scale as a layer: how a network that was trained elsewhere wants its pixels."""

from dataclasses import dataclass
from numbers import Real
from typing import ClassVar

import numpy as np

from cs231n_helpers import checks

from .layer import Layer


@dataclass(frozen=True)
class Standardise(Layer):
    """x * scale + offset; nothing is learned. scale, offset: a number, or one for each channel (the last axis).

    As the first layer of a network it brings pixels from [0, 1] to what the weights were trained on. The zeros that a
    convolution puts around its picture come after it, so they are zeros of the new scale, as in training.
    Example: (pixel - 0.5) / 0.25 is Standardise(scale=4, offset=-2).
    """

    kind: ClassVar[str] = "standardise"
    in_place: ClassVar[bool] = True
    scale: float | tuple = 1.0
    offset: float | tuple = 0.0

    def __post_init__(self):
        for name in ("scale", "offset"):
            object.__setattr__(self, name, _numbers(name, getattr(self, name)))

    def out_shape(self, in_shape):
        for name in ("scale", "offset"):
            value = getattr(self, name)
            if isinstance(value, tuple) and in_shape[-1:] != (len(value),):
                raise ValueError(f"Standardise: {name} has {len(value)} numbers for inputs of shape {in_shape}; give "
                                 "one number, or one for each channel, which is the last axis.")
        return in_shape

    def forward(self, params, x, rng=None):
        scale, offset = (_for_rows(value, x) for value in (self.scale, self.offset))

        def back(dy, input_gradient=True):
            return {}, dy * scale if input_gradient else None

        return x * scale + offset, back


def _for_rows(value, x):
    """One number for each of a row of pixels: three for each pixel by itself would take ten times as long."""
    value = np.asarray(value, x.dtype)
    return value if value.ndim == 0 else np.array(np.broadcast_to(value, x.shape[-2:]))


def _numbers(name, value):
    """A float, or a tuple of floats."""
    if isinstance(value, Real):
        return checks.real("Standardise", name, value)
    return tuple(checks.real("Standardise", f"{name}[{i}]", each) for i, each in enumerate(value))
