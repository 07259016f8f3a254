"""Convolutional layers: filters that are shared by all places of the picture."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np

from cs231n_helpers import checks, ops
from cs231n_helpers.initializers import he, zeros

from .windows import Windowed, picture


@dataclass(frozen=True)
class Filters(Windowed):
    """What both convolutions share: weights "W", one filter for each channel of the output, and an offset "b"."""

    cuts: ClassVar[bool] = True

    def weights(self, in_shape):
        W = self.filter_shape(in_shape)
        return {"W": W, "b": self.out_shape(in_shape)[-1:]} if self.bias else {"W": W}

    def start(self, rng, in_shape):
        starts = {"W": self.init, "b": zeros}
        return {name: starts[name](rng, shape) for name, shape in self.weights(in_shape).items()}

    def multiply_adds(self, in_shape):
        return math.prod(self.filter_shape(in_shape)) * math.prod(self.places(in_shape))

    def forward(self, params, x, rng=None):
        W = params["W"]
        b = params["b"] if self.bias else np.zeros(W.shape[-1:], W.dtype)
        y, op_back = self.op(x, W, b, **self.settings)

        def back(dy, input_gradient=True):
            dx, dW, db = op_back(dy, input_gradient)
            return {"W": dW, "b": db} if self.bias else {"W": dW}, dx

        return y, back

    def apply(self, params, x, bounds=None, out=None):
        """The output, cut off at `bounds` (low, high), written to `out` if given."""
        return self.answer(x, params["W"], params.get("b"), bounds=bounds, out=out, **self.settings)


@dataclass(frozen=True)
class Conv(Filters):
    """`filters` filters slide over the picture, each through all channels: (H, W, C) -> (OH, OW, filters).

    OH = (H - F + 2P)/S + 1. W is (F, F, C // groups, filters), so there are F * F * C * filters weights and `filters`
    offsets, however large the picture is. size, stride, dilation: a number or a pair (height, width).
    groups : the channels are dealt into so many groups, and each filter sees one of them (AlexNet's two).
    dilation : neighbours under the filter are so many pixels apart: the notes count the gaps, from 0, this from 1.
    Example: 227x227x3, Conv(96, 11, stride=4) -> 55x55x96 with 34,944 parameters.
    Source: CS231n notes, Convolutional networks.
    """

    kind: ClassVar[str] = "conv"
    op: ClassVar[Callable] = staticmethod(ops.conv2d)
    answer: ClassVar[Callable] = staticmethod(ops.inference.conv2d)
    filters: int
    size: int | tuple
    stride: int | tuple = 1
    pad: int | tuple = 0
    dilation: int | tuple = 1
    groups: int = 1
    fit: str = "exact"
    init: Callable = field(default=he, repr=False)                  # f(rng, shape) -> W
    bias: bool = True

    def __post_init__(self):
        checks.whole("Conv", "filters", self.filters, low=1)
        checks.whole("Conv", "groups", self.groups, low=1)
        if self.filters % self.groups:
            raise ValueError(f"Conv: {self.filters} filters cannot be dealt into groups = {self.groups}. "
                             f"Take {self.filters + -self.filters % self.groups} filters.")
        super().__post_init__()

    @cached_property
    def settings(self):
        return {**super().settings, "dilation": self.dilation, "groups": self.groups}

    def out_shape(self, in_shape):
        return (*self.places(in_shape), self.filter_shape(in_shape)[-1])

    def filter_shape(self, in_shape):
        """(KH, KW, C // groups, filters)"""
        if in_shape[-1] % self.groups:
            raise ValueError(f"Conv: {in_shape[-1]} channels cannot be dealt into groups = {self.groups} of one size.")
        return (*self.geometry[0], in_shape[-1] // self.groups, self.filters)


@dataclass(frozen=True)
class DepthwiseConv(Filters):
    """One filter for each channel, which sees that channel alone: (H, W, C) -> (OH, OW, C), W (F, F, C).

    The cheap half of a convolution: a Conv of size 1 after it mixes the channels. Settings as in Conv.
    Source: Howard and others 2017 (MobileNets).
    """

    kind: ClassVar[str] = "depthwise"
    op: ClassVar[Callable] = staticmethod(ops.depthwise_conv2d)
    answer: ClassVar[Callable] = staticmethod(ops.inference.depthwise_conv2d)
    size: int | tuple
    stride: int | tuple = 1
    pad: int | tuple = 0
    dilation: int | tuple = 1
    fit: str = "exact"
    init: Callable = field(default=he, repr=False)
    bias: bool = True

    @cached_property
    def settings(self):
        return {**super().settings, "dilation": self.dilation}

    def filter_shape(self, in_shape):
        """(KH, KW, C)"""
        return (*self.geometry[0], picture(self, in_shape)[-1])
