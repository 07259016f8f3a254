"""The controls of a training panel and their places."""

import inspect
import math

import ipywidgets as ipw

from cs231n_helpers.train.settings import RULES, SCHEDULES

from . import quiet
from .controls import log, make_control
from .keys import MenuKeys

USUAL = {
    "learning_rate": log(1e-4, 1e1), "l2": log(1e-6, 1e0), "batch": [1, 10, 32, 64, 100, 200, 500],
    "rule": list(RULES), "schedule": list(SCHEDULES), "augment": False, "epochs": (1, 30),
}  # fmt: skip
LABELS = {"rule": "update rule", "l2": "l2 (left: 0)"}
NONE = 1.001  # an l2 slider within this factor of its left end means no penalty
BUTTONS = {  # name: (words, icon of Font Awesome, tooltip)
    "start": ("Start", "play", "Train with the settings below, in the background"),
    "pause": ("Pause", "pause", "Wait after this step; Start goes on"),
    "step": ("Step", "step-forward", "Take a single step"),
    "stop": ("Stop", "stop", "End this run; what was recorded stays"),
    "reset": ("Reset", "undo", "Back to the first picture and to the start values"),
    "pin": ("Pin", "thumb-tack", "Keep the curves of this run behind the next ones"),
    "repeat": ("3 seeds", "clone", "Train three times with other random numbers; the band shows how far they differ"),
    "unpin": ("Unpin", "eraser", "Take the pinned curves away"),
}  # fmt: skip


def own_controls(given, fixed, images):
    """Return (controls, values without a control) of the settings every run has.

    given: {name: start value, spec of `explore`, or None}; fixed: {name: value}; images: whether `augment` makes sense.
    """
    unknown = [name for name in (*given, *fixed) if name not in USUAL]
    if unknown:
        raise TypeError(f"TrainingPanel: there is no setting {unknown[0]!r}; there are {', '.join(USUAL)}.")
    controls, values = {}, {}
    for name, (start, wanted) in given.items():
        hidden = name in fixed or wanted is None or (name == "augment" and not images)
        if hidden:
            values[name] = fixed.get(name, start)
            continue
        chosen = isinstance(wanted, (log, tuple, list))
        spec = wanted if chosen else _around(name, wanted)
        begin = _nearest(spec, start if chosen else wanted)
        try:
            controls[name] = make_control(name, spec, begin)
        except (TypeError, ValueError) as problem:
            raise type(problem)(str(problem).replace("explore:", "TrainingPanel:", 1)) from None
        controls[name].description = LABELS.get(name, controls[name].description)
    return controls, values


def _around(name, start):
    """Return the usual spec, with the start value among its positions."""
    spec = USUAL[name]
    if name == "batch" and start not in spec:
        return sorted([*spec, start])
    return (1, max(spec[1], start)) if name == "epochs" else spec


def _nearest(spec, start):
    """Return the position of a spec nearest to a start value: the left end of a log slider stands for 0."""
    if isinstance(spec, log):
        places = round(math.log10(start / spec.low) * spec.steps) if start > 0 else 0
        return spec.low * 10 ** (places / spec.steps)
    if isinstance(spec, list):
        return start if start in spec or len(spec) == 0 else spec[0]
    return min(max(start, spec[0]), spec[1]) if isinstance(spec, tuple) else start


def build_controls(build, specs):
    """Return (controls, defaults of all arguments) of the learner's function that makes the network."""
    parameters = inspect.signature(build).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    if missing := [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]:
        raise TypeError(f"TrainingPanel: give {', '.join(missing)} of {build.__name__} a default value in its first "
                        "line; the control starts there.")  # fmt: skip
    if unknown := [name for name in specs if name not in defaults]:
        raise TypeError(f"TrainingPanel: {build.__name__} has no argument {unknown[0]}, and there is no such setting; "
                        f"it has {', '.join(defaults) or 'none'}.")  # fmt: skip
    if taken := [name for name in defaults if name in (*USUAL, "moment")]:
        raise TypeError(f"TrainingPanel: call the argument {taken[0]} of {build.__name__} something else: the panel "
                        "has a setting of this name.")  # fmt: skip
    return {name: make_control(name, spec, defaults[name]) for name, spec in specs.items()}, defaults


def strength(slider, value):
    """Return what an l2 slider means: its left end is 0."""
    return 0.0 if slider is not None and value <= 10**slider.min * NONE else value


def ends(control):
    """Return the values of an argument at which a network may have other layers than at the start."""
    if isinstance(control, ipw.Dropdown):
        return list(control.options)
    if isinstance(control, ipw.Checkbox):
        return [False, True]
    return [control.min, control.max] if isinstance(control, (ipw.IntSlider, ipw.FloatSlider)) else []


class Buttons(ipw.HBox):
    """Start, Pause and so on; `handlers` is {name: function()}, `tips` has other tooltips than the usual ones."""

    def __init__(self, handlers, tips=None):
        self.by_name = {}
        for name, handler in handlers.items():
            words, icon, tip = BUTTONS[name]
            tip = (tips or {}).get(name, tip)
            button = ipw.Button(description=words, icon=icon, tooltip=tip, layout=ipw.Layout(width="98px"))
            button.on_click(lambda _, handler=handler: handler())
            self.by_name[name] = button.add_class(f"cs231n-button-{name}")
        super().__init__(list(self.by_name.values()), layout=ipw.Layout(flex_flow="row wrap"))

    def show(self, state, pinned=False):
        """Let only those be pressed that make sense in a state of the Runner."""
        running, paused = state == "running", state == "paused"
        on = {"start": not running, "pause": running, "step": not running, "stop": running or paused, "reset": True,
              "pin": True, "repeat": not running and not paused, "unpin": pinned}  # fmt: skip
        for name, button in self.by_name.items():
            if button.disabled == on[name]:
                button.disabled = not on[name]
        words = "Go on" if paused else "Start"
        if self.by_name["start"].description != words:
            self.by_name["start"].description = words


class Progress(ipw.HBox):
    """A bar and a line of words beside it."""

    def __init__(self):
        self.bar = ipw.FloatProgress(0, min=0, max=1, layout=ipw.Layout(width="180px", flex="0 0 auto"))
        self.words = ipw.Label("", layout=ipw.Layout(flex="1 1 auto", min_width="0"))
        super().__init__([self.bar, self.words], layout=ipw.Layout(align_items="center"))

    def show(self, part, words):
        """Fill the bar to a part from 0 to 1."""
        part = round(part, 3)
        if self.bar.value != part:
            self.bar.value = part
        if self.words.value != words:
            self.words.value = words


def control_rows(controls):
    """Return all controls in rows, three sliders side by side in a cell of JupyterLab at 1,280 pixels."""
    boxes = [c for c in controls if isinstance(c, ipw.Checkbox)]
    labelled = [c for c in controls if c not in boxes]
    words = 7 * max((len(c.description) for c in labelled), default=0) + 10
    for control in labelled:
        control.style.description_width = f"{words}px"
        control.layout.width = f"{words + 172}px"
        control.layout.flex = "0 0 auto"
    guard = MenuKeys(layout=ipw.Layout(display="none"))
    layout = ipw.Layout(display="flex", flex_flow="row wrap", align_items="center")
    return ipw.Box([*labelled, *boxes, guard], layout=layout)


def rewinder():
    """Return the slider that rewinds the recorded run, 0 to 100 % of it; its row, with Play and Stop; their link."""
    slider = quiet.IntSlider(100, 0, 100, 1, description="rewind", readout_format="d")
    slider.style.description_width, slider.layout.width, slider.layout.flex = "52px", "560px", "0 1 auto"
    player = quiet.Play(value=100, min=0, max=100, step=1, interval=100, repeat=True, show_repeat=False)
    link = ipw.jslink((player, "value"), (slider, "value"))
    ends = ipw.Label("% of what is recorded", layout=ipw.Layout(flex="0 0 auto"))
    return slider, ipw.HBox([player, slider, ends], layout=ipw.Layout(align_items="center")), link
