"""The controls of a circuit and their places."""

import ipywidgets as ipw

from cs231n_helpers import graph

from . import quiet
from .controls import PressControl
from .keys import MenuKeys
from .player import Player

LABEL = 62  # pixels of the words before a menu or a box


def mistake_options(expression):
    """Return {entry of the menu: (mistake, gate)}: once for each gate what concerns one; forks if there are any."""
    none, forks, *at_gates = graph.MISTAKES
    used = [wire for gate in expression.gates for wire in gate.inputs]
    options = {none: (none, None)} | ({forks: (forks, None)} if len(set(used)) < len(used) else {})
    for mistake in at_gates:
        for g, gate in enumerate(expression.gates):
            options[f"{mistake} at gate {g + 1} ({gate.label})"] = (mistake, g)
    return options


def fixed_controls(expression, examples, mistakes):
    """Return the controls that every circuit has, by name; `examples` is {entry of the menu: (text, values)}."""
    last = 2 * len(expression.gates) + 1
    controls = {
        "example": quiet.Dropdown(options=list(examples), value=label_of(expression.text, examples),
                                  description="example"),
        "expression": quiet.Text(expression.text, description="formula", continuous_update=False,
                                 placeholder="f = (x + y) * z"),
        "back": _button("Step back"), "forward": _button("Forward: next gate"),
        "backward": _button("Backward: next gate"),
        "step": quiet.IntSlider(last, 0, last, 1, description="step"),
    }  # fmt: skip
    if mistakes:
        controls["mistake"] = quiet.Dropdown(options=list(mistake_options(expression)), description="break it")
    return controls


def _button(text):
    return PressControl(description=text, button_style="info", layout=ipw.Layout(width="auto"))


def label_of(text, examples):
    """Return the menu's entry for a text, or None."""
    return next((label for label, (example, _) in examples.items() if example == text), None)


class CircuitPanel:
    """Rows of controls `width` pixels wide: the formula, its inputs, the steps, what can be broken. Shown by `box`."""

    def __init__(self, own, sliders, reset, width):
        self.own = own
        self.inputs = _row(_sized(sliders))
        button = ipw.Button(description="Reset", tooltip="Back to the start values", layout=ipw.Layout(width="auto"))
        button.on_click(reset)
        _set_widths(own)
        buttons = [own[name] for name in ("back", "forward", "backward")]
        steps = _row([*buttons, Player(slider=own["step"]), own["step"]])
        last = [own["mistake"]] if "mistake" in own else []
        guard = MenuKeys(layout=ipw.Layout(display="none"))
        rows = [_row([own["example"], own["expression"]]), self.inputs, steps, _row([*last, button, guard])]
        self.box = ipw.VBox(rows, layout=ipw.Layout(width=f"{width}px", max_width="100%"))

    def renew(self, expression, sliders):
        """Show the inputs, the steps and the gates of another expression."""
        last = 2 * len(expression.gates) + 1
        self.inputs.children = _sized(sliders)
        self.own["step"].max = last
        self.own["step"].value = last
        if "mistake" in self.own:
            self.own["mistake"].options = list(mistake_options(expression))  # which chooses the first, "none"


def _row(parts):
    return ipw.Box(parts, layout=ipw.Layout(display="flex", flex_flow="row wrap", align_items="center"))


def _sized(sliders):
    """Let all sliders have one width, so that they stand in columns."""
    words = 8 * max((len(slider.description) for slider in sliders), default=0) + 12
    for slider in sliders:
        slider.style.description_width, slider.layout.width = f"{words}px", f"{words + 240}px"
        slider.layout.flex = "0 0 auto"
    return sliders


def _set_widths(own):
    for name, width in {"example": "290px", "expression": "520px", "step": "300px", "mistake": "420px"}.items():
        if name in own:
            own[name].layout.width = width
            own[name].style.description_width = f"{LABEL}px" if name != "step" else "36px"
            own[name].layout.flex = "0 1 auto"
