"""A drawing function's picture without controls."""

import base64

from .figure import DRAWING, LiveFigure, description, start_values


class Still:
    """A picture with its description in words."""

    def __init__(self, live, text):
        self.live = live
        self.text = text
        self.png = live.png()

    def _repr_mimebundle_(self, **kwargs):
        return bundle(self.png, self.text)


def bundle(png, text):
    """Return what a notebook stores of a picture: PNG for the eye, words for the rest."""
    return {"image/png": base64.b64encode(png).decode(), "text/plain": text}


def picture(draw, *, axes=None, figsize=(8, 4.2), **values):
    """Draw one state of `draw(ax, **values)`, as the last line of a cell.

    `axes` and `figsize` are those of `explore`; arguments that are not given keep their defaults.
    """
    values = start_values(draw, given=values) | values
    with DRAWING:
        live = LiveFigure(draw, values, axes, figsize)
        live.redraw()
        return Still(live, description(draw))
