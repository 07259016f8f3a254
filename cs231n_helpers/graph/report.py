"""The gradient check of a circuit: for each input, the gradient of the backward pass beside the slope of the values."""

import math
from typing import NamedTuple

import numpy as np

from cs231n_helpers import ops

STEP = 1e-5                                         # times max(1, |x|)
PASSED = 1e-6                                       # a relative error up to here is taken as right
STEPS = np.array([1.0, -1.0, 0.5, -0.5])            # of each input, in units of its h
BENDS = (ops.maximum, ops.max, ops.relu)            # gates with a kink


class InputCheck(NamedTuple):
    """The check of one input. ok is None where nothing can be said, and `verdict` says why."""

    input: str
    analytic: float
    numerical: float            # (f(x + h) - f(x - h)) / 2h; NaN where f does not exist on both sides
    error: float                # |a - n| / max(|a|, |n|), what the difference itself cannot know left out
    ok: bool | None

    @property
    def verdict(self):
        if self.ok is None:
            return "at the edge: no step to both sides" if math.isnan(self.numerical) else "at a kink"
        return "right" if self.ok else "wrong"


def check_inputs(expression, values, analytic, true_grads):
    """Compare the gradients (I,) that a backward pass gave with centred differences of the values, in float64.

    values, true_grads (W,): of the unbroken circuit, at the point. An error that could be the rounding of the
    difference, or the curvature within its step, counts as none. All inputs are moved in one pass through the gates.
    """
    here = np.asarray(values[:len(expression.inputs)], dtype=float)                 # (I,)
    h = STEP * np.maximum(1.0, np.abs(here))                                        # (I,)
    results, bent = _moved(expression, here, h)                                     # (I, 4), (I,)
    wide, narrow = (results[:, 0] - results[:, 1]) / (2 * h), (results[:, 2] - results[:, 3]) / h
    rounding = 4 * np.finfo(float).eps * np.sum(np.abs(values * true_grads)) / h    # each wire rounds once
    unknown = 2 * np.abs(wide - narrow) + rounding                                  # the error over h is 4/3 of that
    return tuple(_compared(name, float(a), float(n), float(u), bool(bend))
                 for name, a, n, u, bend in zip(expression.inputs, analytic, wide, unknown, bent))


def _compared(name, a, n, unknown, bend):
    if not math.isfinite(n):
        return InputCheck(name, a, math.nan, math.nan, None)
    gap, size = abs(a - n), max(abs(a), abs(n))
    if gap <= unknown:
        size = max(size, unknown / PASSED)
    error = gap / size if size else 0.0
    return InputCheck(name, a, n, error, True if error <= PASSED else None if bend else False)


def _moved(expression, here, h):
    """The results (I, 4) with one input moved by each of STEPS, and (I,): does a max or relu choose otherwise there?"""
    count = len(here)
    points = np.repeat(here[:, None], 4 * count, axis=1)                            # (I, 4I)
    for i in range(count):
        points[i, 4 * i:4 * i + 4] += STEPS * h[i]
    try:
        return _run(expression, points)
    except ValueError:                                      # one of them leaves the domain: each input by itself
        parts = [_run_or_nothing(expression, points[:, 4 * i:4 * i + 4]) for i in range(count)]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _run_or_nothing(expression, points):
    try:
        return _run(expression, points)
    except ValueError:
        return np.full((1, 4), np.nan), np.zeros(1, bool)


def _run(expression, points):
    """The circuit at all points (I, P) at once: results (P / 4, 4), and whether a choice changes among the four."""
    wires, bent = list(points), np.zeros(points.shape[1] // 4, bool)
    for gate in expression.gates:
        y, back = gate.call(*(wires[wire] for wire in gate.inputs))
        wires.append(y)
        if gate.op in BENDS:
            choice = np.stack(back(np.ones_like(y))).reshape(len(gate.inputs), -1, 4)
            bent |= (choice != choice[..., :1]).any(axis=(0, 2))
    return wires[-1].reshape(-1, 4), bent
