"""What convolutions and pools share: a window that slides over the picture, and the arithmetic of its places."""

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from cs231n_helpers import checks
from cs231n_helpers.ops import spatial

from .layer import Layer


@dataclass(frozen=True)
class Windowed(Layer):
    """A layer with a window: `size`, `stride` and `dilation` are a number or a pair (height, width).

    pad : zeros around the picture, a number or ((top, bottom), (left, right)).
    fit : "exact" refuses a size that does not come out whole, with the arithmetic; "floor" drops what is left over at
    the end, "ceil" takes one window more.
    """

    def __post_init__(self):
        where = type(self).__name__
        for field in fields(self):
            object.__setattr__(self, field.name, _frozen(getattr(self, field.name)))
        self.geometry                                               # noqa: B018  settings are looked at now
        checks.one_of(where, "fit", self.fit, spatial.FITS)

    @cached_property
    def geometry(self):
        """(size, stride, pad, dilation), all in pairs."""
        where = type(self).__name__
        return (spatial.pair(where, "size", self.size), spatial.pair(where, "stride", self.stride),
                spatial.pads(where, self.pad), spatial.pair(where, "dilation", getattr(self, "dilation", 1)))

    @cached_property
    def settings(self):
        """What the op of the same name is told besides its arrays."""
        return {"stride": self.stride, "pad": self.pad, "fit": self.fit}

    def places(self, in_shape):
        """(OH, OW): how many places the window has."""
        size, stride, pad, dilation = self.geometry
        return spatial.out_shape(type(self).__name__, picture(self, in_shape), size, stride, pad, dilation, self.fit)

    def out_shape(self, in_shape):
        return (*self.places(in_shape), in_shape[-1])

    def window(self, in_shape):
        size, stride, _, dilation = self.geometry
        return tuple(D * (F - 1) + 1 for F, D in zip(size, dilation)), stride


def picture(layer, in_shape):
    """The shape of a picture, (H, W, C); anything else is refused."""
    if len(in_shape) != 3:
        raise ValueError(f"{type(layer).__name__}: inputs must be pictures (H, W, C), got shape {in_shape}. Put it "
                         "before Flatten and Dense.")
    return in_shape


def _frozen(value):
    """Pairs given as lists become tuples, NumPy's whole numbers Python's: a description has a hash, and plain words."""
    if isinstance(value, (list, tuple)):
        return tuple(map(_frozen, value))
    return int(value) if isinstance(value, np.integer) else value
