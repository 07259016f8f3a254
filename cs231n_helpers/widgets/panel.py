"""The controls' places above the picture."""

import ipywidgets as ipw

from . import quiet
from .controls import NumbersControl, PressControl
from .keys import MenuKeys
from .points import PointsControl


def control_panel(controls, play, reset, width):
    """Return a box `width` pixels wide with all controls (a dict by name) and a Reset button.

    `play` is the name of the slider that gets a Play button, or None.
    """
    _align(controls.values())
    parts = {name: _with_player(c) if name == play else c for name, c in controls.items()}
    button = ipw.Button(description="Reset", tooltip="Back to the start values", layout=ipw.Layout(width="auto"))
    button.on_click(reset)
    menus = any(isinstance(control, ipw.Dropdown) for control in controls.values())
    guard = [MenuKeys(layout=ipw.Layout(display="none"))] if menus else []
    layout = ipw.Layout(display="flex", flex_flow="row wrap", align_items="flex-end", width=f"{width}px",
                        max_width="100%")  # fmt: skip
    return ipw.Box([*parts.values(), button, *guard], layout=layout)


def _align(controls):
    """Give all sliders and menus labels of one width, so that none is cut and all line up."""
    unlabelled = (PressControl, NumbersControl, PointsControl, ipw.Checkbox)
    labelled = [control for control in controls if not isinstance(control, unlabelled)]
    labelled += [slider for control in controls if isinstance(control, PointsControl) for slider in control.children]
    words = max((_label_width(control.description) for control in labelled), default=0) + 12
    for control in labelled:
        control.style.description_width = f"{words}px"
        control.layout.width = f"{words + (_menu_width(control) if isinstance(control, ipw.Dropdown) else 270)}px"
        control.layout.flex = "0 0 auto"  # in a narrow row they wrap; squeezed, a slider would lose its track


def _label_width(text):
    """Pixels of a label, about: m and w are wide."""
    return 7 * len(text) + 5 * sum(letter in "mwMW" for letter in text)


def _menu_width(menu):
    """Pixels for its longest entry and the arrow beside it."""
    return max(180, 7 * max(len(str(entry)) for entry in menu.options) + 46)


def _with_player(slider):
    """Put Play and Stop buttons before `slider`, which they move in the browser itself."""
    ends = {"min": slider.min, "max": slider.max, "step": slider.step}
    player = quiet.Play(value=slider.value, **ends, interval=100, show_repeat=False)
    player.link = ipw.jslink((player, "value"), (slider, "value"))  # closed with the player
    return ipw.HBox([player, slider], layout=ipw.Layout(flex="0 0 auto"))
