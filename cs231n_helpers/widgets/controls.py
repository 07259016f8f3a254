"""Controls: what stands in a call of `explore` becomes a slider, a menu, a box, a button, a grid or movable points."""

from dataclasses import dataclass

import ipywidgets as ipw
import numpy as np
import traitlets

from . import quiet
from .points import Points, PointsControl

SMALL, LARGE = 1e-3, 1e5  # numbers between these are short enough to be shown without powers of ten


@dataclass(frozen=True)
class log:
    """A slider whose positions are powers of ten: `low` to `high`, `steps` positions to each factor of ten."""

    low: float
    high: float
    steps: int = 4


@dataclass(frozen=True)
class Press:
    """A button; its value is the number of times it was pressed, which serves as a seed or a counter."""

    label: str


@dataclass(frozen=True, eq=False)
class Numbers:
    """A grid of small number boxes for an array of one or two axes, each between `low` and `high`."""

    array: np.ndarray
    low: float = -10.0
    high: float = 10.0
    step: float = 0.1


def make_control(name, spec, start):
    """Return the control that `spec` stands for, named `name`, at `start` (the default of the drawing function)."""
    label = name.strip("_").replace("_", " ")
    if isinstance(spec, Points):
        return PointsControl(spec, label)
    if isinstance(spec, Numbers):
        return NumbersControl(spec, label)
    if isinstance(spec, Press):
        return PressControl(description=spec.label, button_style="info", layout=ipw.Layout(width="auto"))
    if isinstance(spec, log):
        return _log_slider(name, spec, start, label)
    if isinstance(spec, (bool, np.bool_)):
        layout = ipw.Layout(width="auto", margin="2px 16px")
        return quiet.Checkbox(value=bool(start), description=label, indent=False, layout=layout)
    if isinstance(spec, list):
        _need(start in spec, name, f"starts at {start!r}, which is not in its list {spec}")
        return quiet.Dropdown(options=spec, value=start, description=label)
    if isinstance(spec, tuple) and len(spec) in (2, 3):
        return _slider(name, spec, start, label)
    raise TypeError(
        f"explore: {name}={spec!r} is no control. Give (low, high) or (low, high, step) for a slider, log(low, high) "
        "for powers of ten, a list for a menu, True or False for a box; a fixed number belongs in the drawing function."
    )


def _need(condition, name, complaint):
    if not condition:
        raise ValueError(f"explore: {name} {complaint}.")


def _need_position(steps, name, complaint):
    """Refuse a start between two positions: the browser would move it, and Reset could not come back."""
    _need(abs(steps - round(steps)) < 1e-6, name, complaint)


def _slider(name, spec, start, label):
    low, high = spec[:2]
    whole = all(isinstance(number, (int, np.integer)) for number in spec)
    _need(low < high and min(spec[2:], default=1) > 0, name, f"needs low < high and a step above 0, got {spec}")
    step = spec[2] if len(spec) == 3 else (1 if whole else _round_step(high - low))
    _need(low <= start <= high, name, f"starts at {start}, outside {low} to {high}")
    _need_position((start - low) / step, name, f"starts at {start}, which is not {low} + a number of steps of {step}")
    if whole:
        return quiet.IntSlider(start, low, high, step, description=label)
    digits = next(d for d in range(5) if d == 4 or max(abs(round(n, d) - n) for n in (low, step)) < 1e-9 * step)
    return quiet.FloatSlider(start, min=low, max=high, step=step, description=label, readout_format=f".{digits}f")


def _round_step(span):
    """Return a step of 1, 2 or 5 times a power of ten that gives at least 100 positions: round numbers are met."""
    power = 10.0 ** np.floor(np.log10(span / 100) + 1e-9)
    return next(float(f"{factor * power:.0e}") for factor in (5, 2, 1) if factor * power <= span / 100 * (1 + 1e-9))


def _log_slider(name, spec, start, label):
    _need(0 < spec.low < spec.high, name, f"needs 0 < low < high, got {spec.low} and {spec.high}")
    _need(spec.low <= start <= spec.high, name, f"starts at {start}, outside {spec.low} to {spec.high}")
    _need_position(np.log10(start / spec.low) * spec.steps, name, f"starts at {start}, which is not a position: "
                   f"{spec.low} times a power of 10^(1/{spec.steps})")  # fmt: skip
    plain = spec.low >= SMALL and spec.high <= LARGE
    low, high = np.log10([spec.low, spec.high])
    return quiet.FloatLogSlider(
        start, min=low, max=high, step=1 / spec.steps, description=label, readout_format=".2r" if plain else ".1e"
    )


class PressControl(ipw.Button):
    """A button that counts."""

    value = traitlets.Int(0)

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.on_click(self._count)

    def _count(self, _):
        self.value += 1


class NumbersControl(ipw.VBox):
    """Number boxes in the shape of an array; `value` is a new array after every change."""

    value = traitlets.Any()

    def __init__(self, spec, label):
        start = np.array(spec.array, dtype=float)
        self.boxes = [self._box(spec, number) for number in start.ravel()]
        width = start.shape[-1]
        rows = [ipw.HBox(self.boxes[i : i + width]) for i in range(0, len(self.boxes), width)]
        super().__init__([ipw.Label(label), *rows], value=start, layout=ipw.Layout(margin="0 20px 4px 2px"))
        for box in self.boxes:
            box.observe(self._collect, "value")
        self.observe(self._spread, "value")

    @staticmethod
    def _box(spec, number):
        return quiet.BoundedFloatText(
            number, min=spec.low, max=spec.high, step=spec.step, layout=ipw.Layout(width="84px", margin="1px")
        )

    def _collect(self, _):
        self.value = np.array([box.value for box in self.boxes]).reshape(self.value.shape)

    def _spread(self, change):
        """Show a value that was set as a whole; the boxes must not answer one by one."""
        for box, number in zip(self.boxes, np.ravel(change["new"]), strict=True):
            if box.value != number:
                box.unobserve(self._collect, "value")
                box.value = float(number)
                box.observe(self._collect, "value")


def positions(control):
    """Return the values a control can be driven to: minimum, start and maximum, or all its options."""
    if isinstance(control, ipw.Dropdown):
        return list(control.options)
    if isinstance(control, ipw.Checkbox):
        return [False, True]
    if isinstance(control, ipw.Text):
        return [control.value]
    if isinstance(control, PressControl):
        return [0, 1, 2]
    if isinstance(control, ipw.FloatLogSlider):
        return [control.base**control.min, control.value, control.base**control.max]
    if isinstance(control, (ipw.IntSlider, ipw.FloatSlider)):
        return [control.min, control.value, control.max]
    if isinstance(control, NumbersControl):
        return [np.full_like(control.value, number) for number in (control.boxes[0].min, control.boxes[0].max)]
    corners = [np.full(2, control.low), control.chosen, np.full(2, control.high)]
    return [np.concatenate([[corner], control.value[1:]]) for corner in corners]
