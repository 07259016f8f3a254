"""One persistent figure: its still parts are drawn once and kept, and only what moved is drawn again."""

import inspect
import threading

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from .pixels import png_bytes, quicken

DPI = 100  # dots per inch of a figure ...
WIDEST = 840  # ... unless it would be wider than a cell of JupyterLab on a screen of 1,280 pixels: shrunk, it blurs
DRAWING = threading.RLock()  # widget messages may come in any thread, and Matplotlib's caches are shared by all figures


class LiveFigure:
    """A drawing function's figure, redrawn by its own `update`.

    `draw(ax, **values)` draws once and returns `update(**values)`, which changes artists and returns those it changed.
    They are painted over a stored picture of everything else (blitting). A change of an axis' limits, or an `update`
    that returns None, draws the whole figure again.
    """

    def __init__(self, draw, values, axes=None, figsize=(8, 4.2)):
        self.figure = Figure(figsize=figsize, dpi=min(DPI, WIDEST / figsize[0]), layout="constrained")
        self.canvas = FigureCanvasAgg(self.figure)
        self.axes = _make_axes(self.figure, axes)
        self._moving = []
        self._background = None
        with DRAWING:
            self.update = _checked_update(draw, draw(self.axes, **values))
            for image in self.figure.findobj(AxesImage):
                quicken(image)
            self.figure.get_layout_engine().execute(self.figure)  # settles once; afterwards nothing may jump
            self.figure.set_layout_engine("none")

    def show(self, values):
        """Bring the figure to the state `values`, drawing as little as possible."""
        limits = self._limits()
        changed = self.update(**values)
        if changed is None:
            self._background = None
        elif not self._keep_moving(changed) or limits != self._limits():
            self._background = None
        self._paint()

    def png(self):
        """Return the picture as PNG bytes."""
        return png_bytes(self.pixels())

    def pixels(self):
        """Return the picture, shape (H, W, 3), uint8."""
        return np.ascontiguousarray(np.asarray(self.canvas.buffer_rgba())[..., :3])

    def redraw(self):
        """Draw every part afresh: what blitting must equal."""
        self._background = None
        self._paint()

    def release(self):
        """Let go of the pixels at once; the figure's parts refer to each other and wait for Python's collector."""
        self._background = self.canvas.renderer = None

    def data_at(self, ax, x, y):
        """Return the data coordinates on `ax` of a pixel counted from the picture's upper left corner."""
        return ax.transData.inverted().transform((x, self.size[1] - y))

    def pixels_at(self, ax, points):
        """Return the pixels, counted from the upper left corner, of data coordinates `points`, shape (N, 2)."""
        return np.array([0, self.size[1]]) + ax.transData.transform(points) * [1, -1]

    @property
    def size(self):
        """Width and height in pixels."""
        return self.canvas.get_width_height()

    def _limits(self):
        return [tuple(ax.viewLim.extents) for ax in self.figure.axes]

    def _keep_moving(self, changed):
        """Mark what moves, with whatever lies above it; return whether all of it was known before."""
        new = [artist for artist in _with_those_above(changed) if artist not in self._moving]
        for artist in new:
            artist.set_animated(True)
        self._moving = sorted(self._moving + new, key=lambda artist: artist.get_zorder())
        return not new

    def _paint(self):
        if self._background is None:
            self.canvas.draw()
            self._background = self.canvas.copy_from_bbox(self.figure.bbox)
        else:
            self.canvas.restore_region(self._background)
        renderer = self.canvas.get_renderer()
        for artist in self._moving:
            artist.draw(renderer)


def _make_axes(figure, axes):
    if axes is None:
        return figure.subplots()
    if isinstance(axes, str):
        return figure.subplot_mosaic(axes)
    return figure.subplots(*axes)


def _checked_update(draw, update):
    if not callable(update):
        raise TypeError(
            f"{draw.__name__} must return a function update(**values) that changes its artists, got {update!r}."
        )
    return update


def _with_those_above(changed):
    """Add to the changed artists those of the same axes that are drawn later: they must be painted over them again."""
    moving = list(changed)
    for ax in {artist.axes for artist in changed if artist.axes is not None}:
        lowest = min(artist.get_zorder() for artist in changed if artist.axes is ax)
        fixed = {ax.xaxis, ax.yaxis, ax.patch, *moving}
        moving += [other for other in ax.get_children() if other.get_zorder() > lowest and other not in fixed]
    return moving


def start_values(draw, given=()):
    """Return the defaults of the arguments of `draw` after the first, which are the controls' start values."""
    parameters = [p for p in list(inspect.signature(draw).parameters.values())[1:] if p.kind is not p.VAR_KEYWORD]
    missing = [p.name for p in parameters if p.default is p.empty and p.name not in given]
    if missing:
        raise TypeError(
            f"{draw.__name__}: give {', '.join(missing)} a default value in its first line; the controls start there."
        )
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def description(draw):
    """Return the first paragraph of a drawing function's docstring as one line: the picture in words."""
    text = inspect.getdoc(draw)
    if not text:
        raise ValueError(f"{draw.__name__}: describe the picture in a docstring, for those who cannot see it.")
    return " ".join(text.split("\n\n")[0].split())
