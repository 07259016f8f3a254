"""Points that are moved with the mouse on the picture, or with sliders."""

from dataclasses import dataclass

import ipywidgets as ipw
import numpy as np
import traitlets

from . import quiet

REACH = 30  # pixels within which a press of the mouse picks a point


@dataclass(frozen=True, eq=False)
class Points:
    """Points, shape (N, 2), moved with the mouse on the picture or with three sliders.

    `low` and `high` bound both coordinates. `axis` is the index, among the figure's axes, of the one they lie on.
    """

    array: np.ndarray
    low: float = 0.0
    high: float = 1.0
    axis: int = 0


class PointsControl(ipw.HBox):
    """Choose a point, then move it; `value` is a new array (N, 2) after every change."""

    value = traitlets.Any()

    def __init__(self, spec, label):
        start = np.array(spec.array, dtype=float)
        self.low, self.high, self.axis = spec.low, spec.high, spec.axis
        self.step = (spec.high - spec.low) / 100
        self.point = quiet.IntSlider(0, 0, len(start) - 1, description=f"{label.rstrip('s')} number")
        self.x, self.y = (
            quiet.FloatSlider(shown, min=spec.low, max=spec.high, step=self.step, description=f"its {letter}")
            for shown, letter in zip(self._positions(start[0]), "xy", strict=True)
        )
        self._following = False
        layout = ipw.Layout(flex_flow="row wrap", max_width="100%")
        super().__init__([self.point, self.x, self.y], value=start, layout=layout)
        self.point.observe(self._follow, "value")
        self.observe(self._follow, "value")
        for slider in (self.x, self.y):
            slider.observe(self._move, "value")

    @property
    def chosen(self):
        """Coordinates of the chosen point."""
        return self.value[self.point.value]

    def move_to(self, position):
        """Move the chosen point, no further than the bounds."""
        points = self.value.copy()
        points[self.point.value] = np.clip(position, self.low, self.high)
        self.value = points

    def _positions(self, point):
        """Return where the sliders stand for a point.

        The page rounds a slider to its steps and may send that back, though nobody moved it; so it is given rounded
        places, and told one of them it changes nothing: a point between two steps stays there.
        """
        steps = np.floor((np.clip(point, self.low, self.high) - self.low) / self.step + 0.5)
        return np.round(self.low + steps * self.step, 7)

    def _move(self, change):
        axis = int(change["owner"] is self.y)
        moved = abs(change["new"] - self._positions(self.chosen)[axis]) > self.step / 100
        if moved and not self._following:
            position = self.chosen.copy()
            position[axis] = change["new"]
            self.move_to(position)

    def _follow(self, _):
        """Let the sliders stand where the chosen point is, without moving it."""
        self._following = True
        try:
            self.x.value, self.y.value = self._positions(self.chosen)
        finally:
            self._following = False


class Grip:
    """Joins a points control to the figure its points lie on: a ring around the chosen one, and drags."""

    def __init__(self, control, live):
        self.control, self.live = control, live
        self.ax = live.figure.axes[control.axis]
        (self.ring,) = self.ax.plot(
            *control.chosen[:, None], "o", ms=17, mfc="none", mec="black", mew=1.2, zorder=10, clip_on=False
        )
        self._dragging = False

    def follow(self):
        """Put the ring around the chosen point; return it, as a changed artist."""
        self.ring.set_data(*self.control.chosen[:, None])
        return self.ring

    def drag(self, message):
        """Answer the mouse: a press near a point chooses it, and moving takes it along; return whether it moved."""
        x, y = float(message["x"]), float(message["y"])
        if message["down"]:
            self._dragging = self._choose(x, y)
        elif self._dragging:
            self.control.move_to(self.live.data_at(self.ax, x, y))
        return self._dragging

    def _choose(self, x, y):
        away = np.hypot(*(self.live.pixels_at(self.ax, self.control.value) - [x, y]).T)
        if away.min() > REACH:
            return False
        self.control.point.value = int(away.argmin())
        return True
