"""Pools make the picture smaller; they have no weights. Local response normalisation lets neighbouring channels vie."""

from dataclasses import dataclass
from typing import ClassVar

from cs231n_helpers import checks, ops

from .layer import Layer, without_arrays
from .windows import Windowed, picture


@dataclass(frozen=True)
class Pool(Windowed):
    """A window of `size` that steps by `stride`, which is its size if not given; each channel for itself."""

    size: int | tuple = 2
    stride: int | tuple | None = None
    pad: int | tuple = 0
    fit: str = "exact"

    def __post_init__(self):
        if self.stride is None:
            object.__setattr__(self, "stride", self.size)
        super().__post_init__()
        size, _, pad, _ = self.geometry
        for F, sides in zip(size, pad):
            if max(sides) >= F:
                raise ValueError(f"{type(self).__name__}: pad = {max(sides)} must be smaller than the window, {F}: a "
                                 "window would see nothing but padding.")


@dataclass(frozen=True)
class MaxPool(Pool):
    """The largest number under the window; of equal ones the first counts. Padding never wins: it is -infinity.

    Example: 224x224x64, MaxPool(2) -> 112x112x64: three quarters of the numbers are discarded.
    Source: CS231n notes, Convolutional networks.
    """

    kind: ClassVar[str] = "pool"

    def forward(self, params, x, rng=None):
        return without_arrays(*ops.max_pool2d(x, self.size, **self.settings))

    def apply(self, params, x):
        return ops.inference.max_pool2d(x, self.size, **self.settings)


@dataclass(frozen=True)
class AvgPool(Pool):
    """The mean of the numbers under the window."""

    kind: ClassVar[str] = "avgpool"

    def forward(self, params, x, rng=None):
        return without_arrays(*ops.avg_pool2d(x, self.size, **self.settings))


@dataclass(frozen=True)
class GlobalAvgPool(Layer):
    """The mean of each channel over the whole picture: (H, W, C) -> (C,), whatever H and W are."""

    kind: ClassVar[str] = "gap"

    def out_shape(self, in_shape):
        return picture(self, in_shape)[-1:]

    def window(self, in_shape):
        return None

    def forward(self, params, x, rng=None):
        return without_arrays(*ops.global_avg_pool(x))


@dataclass(frozen=True)
class LocalResponseNorm(Layer):
    """Each number is divided by (k + alpha * the mean square of the `size` channels around it) ^ beta, at each pixel.

    Loud channels quieten their neighbours. "Fallen out of favour", as the notes say of this normalisation; batch
    normalisation is another thing. Source: Krizhevsky and others 2012 (whose alpha multiplies the sum, not the mean).
    """

    kind: ClassVar[str] = "lrn"
    size: int = 5
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 2

    def __post_init__(self):
        if checks.whole("LocalResponseNorm", "size", self.size, low=1) % 2 == 0:
            raise ValueError(f"LocalResponseNorm: size must be odd, as many channels before as after, got {self.size}.")
        for name in ("alpha", "beta", "k"):
            checks.real("LocalResponseNorm", name, getattr(self, name), low=0)

    def out_shape(self, in_shape):
        return picture(self, in_shape)

    def forward(self, params, x, rng=None):
        return without_arrays(*ops.local_response_norm(x, self.size, self.alpha, self.beta, self.k))
