"""Landscapes of two weights to walk on: each knows its height, its gradient and its Hessian at w (..., 2).

Two numbers stand for the millions of a network, so that the whole way of a rule can be seen from above.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cs231n_helpers import checks


@dataclass(frozen=True)
class Quadratic:
    """1/2 w.H w, with curvature `along` one direction and `across` it, turned by `angle` degrees.

    Both positive: a valley, across / along its condition number. One negative: a saddle. At 0 it is flat in any case.
    """

    along: float = 1.0
    across: float = 10.0
    angle: float = 0.0

    def __post_init__(self):
        for name in ("along", "across", "angle"):
            checks.real("Quadratic", name, getattr(self, name))

    @cached_property
    def H(self):
        """The matrix of curvatures, (2, 2)."""
        a = np.deg2rad(self.angle)
        turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        return turn * [self.along, self.across] @ turn.T

    def value(self, w):
        """Heights (...,)."""
        return 0.5 * ((w @ self.H) * w).sum(axis=-1)

    def gradient(self, w):
        """Gradients (..., 2)."""
        return w @ self.H

    def hessian(self, w):
        """The same everywhere, (..., 2, 2)."""
        return np.broadcast_to(self.H, (*np.shape(w), 2)).copy()


@dataclass(frozen=True)
class Wells:
    """Two wells with a saddle between them: 1/2 across w2^2 + 1/4 (u^2 - apart^2)^2 / apart^2, u = w1 - saddle.

    The saddle lies at (saddle, 0), with curvatures -1 and `across`; the wells, of height 0, `apart` to its sides.
    """

    across: float = 5.0
    saddle: float = 0.0
    apart: float = 1.0

    def __post_init__(self):
        for name in ("across", "apart"):
            checks.real("Wells", name, getattr(self, name), above=0)
        checks.real("Wells", "saddle", self.saddle)

    def value(self, w):
        """Heights (...,)."""
        u2 = (w[..., 0] - self.saddle) ** 2 / self.apart**2
        return 0.5 * self.across * w[..., 1] ** 2 + 0.25 * self.apart**2 * (u2 - 1) ** 2

    @cached_property
    def _constants(self):
        return np.array([[self.saddle, 0], [self.apart**-2.0, 0], [-1, self.across]])

    def gradient(self, w):
        """Gradients (..., 2)."""
        centre, cubic, linear = self._constants
        u = w - centre
        return u * (u * u * cubic + linear)

    def hessian(self, w):
        """Curvatures (..., 2, 2): they depend on w1."""
        H = np.zeros((*np.shape(w), 2))
        H[..., 0, 0] = 3 * (w[..., 0] - self.saddle) ** 2 / self.apart**2 - 1
        H[..., 1, 1] = self.across
        return H


@dataclass(frozen=True)
class Dip:
    """A round bowl, 1/2 |w - centre|^2, with a hole in its side: minus depth * exp(-|w - hole|^2 / (2 width^2))."""

    centre: tuple = (1.0, -0.8)
    hole: tuple = (-0.19, 0.41)
    depth: float = 1.0
    width: float = 0.25

    def __post_init__(self):
        for name in ("depth", "width"):
            checks.real("Dip", name, getattr(self, name), above=0)

    def value(self, w):
        """Heights (...,)."""
        return 0.5 * ((w - self.centre) ** 2).sum(axis=-1) - self._bump(w - self.hole)

    def gradient(self, w):
        """Gradients (..., 2)."""
        away = w - self.hole
        return w - self.centre + self._bump(away)[..., None] * (away / self.width**2)

    def hessian(self, w):
        """Curvatures (..., 2, 2): negative around the hole's rim."""
        away = (w - self.hole) / self.width
        bump = self._bump(w - self.hole)[..., None, None] / self.width**2
        return np.eye(2) + bump * (np.eye(2) - away[..., :, None] * away[..., None, :])

    def _bump(self, away):
        return self.depth * np.exp((away * away).sum(axis=-1) / (-2 * self.width**2))
