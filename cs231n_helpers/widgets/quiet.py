"""The controls of ipywidgets, without the echo.

ipywidgets sends every value that comes from a page back to all pages before anything is drawn: one message more on the
way of each picture, 10 ms of 65 on a busy machine. The price: where two windows show the same figure, the picture
changes in both, but a slider moves only in the one that is used.
"""

import ipywidgets as ipw
import traitlets


class _Quiet:
    def trait_metadata(self, traitname, key, default=None):
        return False if key == "echo_update" else super().trait_metadata(traitname, key, default)


class IntSlider(_Quiet, ipw.IntSlider):
    """A slider of whole numbers."""


class Number(traitlets.CFloat):
    """One number, not two: a page adds up its steps to 19.500000000000004, and sends 0.020000000000000004 for 0.02."""

    def validate(self, obj, value):
        return float(f"{super().validate(obj, value):.12g}")


class FloatSlider(_Quiet, ipw.FloatSlider):
    """A slider."""

    value = Number(0.0).tag(sync=True)


class FloatLogSlider(_Quiet, ipw.FloatLogSlider):
    """A slider over powers."""

    value = Number(1.0).tag(sync=True)


class Dropdown(_Quiet, ipw.Dropdown):
    """A menu."""


class Checkbox(_Quiet, ipw.Checkbox):
    """A box to tick."""


class BoundedFloatText(_Quiet, ipw.BoundedFloatText):
    """A number box."""


class Text(_Quiet, ipw.Text):
    """A line of text; its value changes with Enter, or when it is left."""


class Play(_Quiet, ipw.Play):
    """Play and Stop buttons."""
