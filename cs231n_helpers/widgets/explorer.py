"""`explore`: a drawing function with controls that answer at once."""

import html
import threading
import traceback

import ipywidgets as ipw
import numpy as np

from .controls import Numbers, make_control, positions
from .figure import DRAWING, LiveFigure, description, start_values
from .lifetime import replace
from .panel import control_panel
from .pointer import PointerPicture
from .points import Grip, Points, PointsControl
from .still import bundle


def explore(draw, *, axes=None, figsize=(8, 4.2), play=None, **controls):
    """Put controls on the drawing function `draw(ax, **values)`.

    Parameters
    ----------
    draw : function
        Draws once on its first argument and returns `update(**values)`, which changes artists and returns those it
        changed. Its other arguments are the controls; their defaults are the start values. The first paragraph of its
        docstring describes the picture.
    axes : None, (rows, columns) or mosaic text such as "AB;AC"
        What `draw` receives first: one axis, an array of axes, or a dict of axes.
    figsize : (width, height) in units of 100 pixels; a wider figure than 8.4 is drawn to scale
    play : str, optional
        The name of a slider of whole numbers that gets a Play button.
    **controls
        (low, high) or (low, high, step) is a slider, log(low, high) a slider over powers of ten, a list a menu,
        True or False a box, and `Press`, `Points`, `Numbers` are what they say.

    Returns
    -------
    Explorer
        A widget; put it on the last line of a cell.
    """
    arrays = {name: spec.array for name, spec in controls.items() if isinstance(spec, (Points, Numbers))}
    start = start_values(draw, given=arrays) | arrays
    _check_names(draw, start, controls)
    made = {name: make_control(name, spec, start[name]) for name, spec in controls.items()}
    _check_play(play, made)
    explorer = Explorer(draw, made, axes, figsize, play)
    replace(explorer)
    return explorer


def _check_names(draw, start, controls):
    unknown = [name for name in controls if name not in start]
    if unknown:
        raise TypeError(f"explore: {draw.__name__} has no argument {unknown[0]}; it has {', '.join(start)}.")


def _check_play(play, controls):
    """Refuse to play what has no whole steps: the page's Play would round its values, or stop between two."""
    if play is not None and not isinstance(controls.get(play), ipw.IntSlider):
        raise TypeError(f"explore: play={play!r} must name a slider of whole numbers; "
                        f"{'it is another control' if play in controls else 'there is no such control'}.")


class Explorer(ipw.VBox):
    """A picture under its controls.

    `values` holds the controls' values, `png` the picture, `error` the text of the last callback's error or "".
    """

    _error_style = "color:#a40000"

    def __init__(self, draw, controls, axes, figsize, play):
        self.draw, self.controls = draw, controls
        self._layout_of = (axes, figsize)
        self._starts = dict(self.values)
        self._positions = {name: positions(control) for name, control in controls.items()}
        self._state, self._wanted, self._busy = threading.Lock(), False, False
        self._here = threading.local()  # a pause concerns the changes that its own thread makes
        self.error, self.frames = "", 0
        self._fixed = start_values(draw, given=controls)  # arguments without a control keep their defaults
        self.live = LiveFigure(draw, self._fixed | self.values, axes, figsize)
        self._grips = [Grip(c, self.live) for c in controls.values() if isinstance(c, PointsControl)]
        if self._grips:
            self.live.update = self._with_rings(self.live.update)
        with DRAWING:
            self.png = self._draw()
        self.picture = self._make_picture()
        self.message = ipw.HTML(layout=ipw.Layout(min_height="20px", margin="0"))
        self.message.add_class("cs231n-error")
        super().__init__([self._make_panel(play), self.picture, self._caption(), self.message])
        self._mark()
        for control in controls.values():
            control.observe(self._changed, "value")

    @property
    def _paused(self):
        return getattr(self._here, "paused", False)

    @_paused.setter
    def _paused(self, paused):
        self._here.paused = paused

    @property
    def values(self):
        """The controls' values by name."""
        return {name: control.value for name, control in self.controls.items()}

    @property
    def figure(self):
        """The Matplotlib figure."""
        return self.live.figure

    @property
    def axes(self):
        """What `draw` received first: an axis, an array of axes, or a dict of axes."""
        return self.live.axes

    def set(self, **values):
        """Move controls, then draw once."""
        self._paused = True
        try:
            for name, value in values.items():
                self.controls[name].value = value
        finally:
            self._paused = False
        self._redraw()

    def reset(self, _=None):
        """Move every control back to its start value, and choose the first of the points."""
        self._paused = True
        for grip in self._grips:
            grip.control.point.value = 0
        self.set(**self._starts)

    def limits(self, name):
        """Return the values the control `name` can be driven to: minimum, start, maximum, or all its options."""
        return self._positions[name]

    def _changed(self, _):
        if not self._paused:
            self._redraw()

    def _redraw(self):
        """Draw the newest values. If a picture is being drawn already, its drawer sees to them: none is drawn twice."""
        with self._state:
            self._wanted = True
            if self._busy:
                return
            self._busy = True
        try:
            while self._take_wish():
                self._answer()
        except BaseException:
            self._busy = False
            raise

    def _take_wish(self):
        with self._state:
            self._busy = self._wanted
            self._wanted = False
            return self._busy

    def _answer(self):
        values = self.values
        try:
            with DRAWING:
                self.png = self._draw(values)
                self.picture.value = self.png
            self._say("")
        except Exception as problem:  # shown to the learner under the picture, which stays as it was
            self._say(self._complaint(problem, values))
            if isinstance(self.picture, PointerPicture):
                self.picture.send({"answered": True})

    def _complaint(self, problem, values):
        return _complaint(problem, values)

    def _draw(self, values=None):
        self.live.show(self._fixed | (values or self.values))
        self.frames += 1
        return self.live.png()

    def _say(self, text):
        if text != self.error:
            self.error = text
            alert = f'<div role="alert" style="{self._error_style}">{html.escape(text)}</div>'
            self.message.value = alert if text else ""

    def _with_rings(self, update):
        def update_and_follow(**values):
            changed = update(**values)
            rings = [grip.follow() for grip in self._grips]
            return changed if changed is None else [*changed, *rings]

        return update_and_follow

    def _make_panel(self, play):
        return control_panel(self.controls, play, self.reset, self.live.size[0])

    def _make_picture(self):
        width, height = self.live.size
        if not self._grips:
            layout = ipw.Layout(max_width="100%", height="auto")
            return ipw.Image(value=self.png, format="png", width=width, height=height, layout=layout)
        picture = PointerPicture(value=self.png, width=width, height=height, description=description(self.draw))
        picture.on_msg(self._dragged)
        for control in (grip.control for grip in self._grips):
            control.point.observe(self._changed, "value")
        return picture

    def _dragged(self, picture, message, _):
        frames = self.frames
        for grip in self._grips:
            grip.drag(message)
        if frames == self.frames:
            picture.send({"answered": True})

    def _caption(self):
        text = html.escape(description(self.draw))
        style = f"color:#555;line-height:1.35;max-width:{self.live.size[0]}px"
        return ipw.HTML(f'<div class="cs231n-caption" style="{style}">{text}</div>')

    def close(self):
        """Leave the page and let the figure go: the widget itself lives on in IPython's list of outputs."""
        super().close()
        if getattr(self, "live", None) is not None:  # closed twice, or never finished
            self.live.release()
        self.live, self._grips, self.children, self.controls, self.png = None, [], (), {}, b""

    def _mark(self):
        """Give the parts names in the page, for style sheets and tests."""
        self.add_class("cs231n-explorer")
        self.picture.add_class("cs231n-picture")
        for name, control in self.controls.items():
            mark(name, control)

    def _repr_mimebundle_(self, **kwargs):
        """Add the picture and its words to the widget's view, for readers without a running kernel."""
        return {**super()._repr_mimebundle_(**kwargs), **bundle(self.png, self._in_words())}

    def _in_words(self):
        states = ", ".join(f"{name} = {_short(value)}" for name, value in self.values.items())
        return f"{description(self.draw)}\nControls: {states}"


def mark(name, control):
    """Give a control its name in the page."""
    control.add_class("cs231n-control").add_class(f"cs231n-name-{name}")


def _short(value):
    """Return a control's value as text that is the same on every machine."""
    if isinstance(value, np.ndarray):
        return f"array of shape {value.shape}"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


def _complaint(problem, values):
    """Return one line that names what was asked for, what went wrong and where."""
    last = traceback.extract_tb(problem.__traceback__)[-1]
    asked = ", ".join(f"{name} = {_short(value)}" for name, value in values.items())
    return f"With {asked}: {type(problem).__name__}: {problem} ({last.name}, line {last.lineno})"
