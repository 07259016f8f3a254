"""`circuit`: any formula as a circuit: the values that flow forward and the gradients that flow back, step by step."""

import contextlib
import html

import ipywidgets as ipw

from cs231n_helpers import graph
from cs231n_helpers.plots import circuit as drawn

from .circuit_panel import CircuitPanel, fixed_controls, label_of, mistake_options
from .circuit_still import broken_gate, in_words, starts
from .controls import make_control
from .explorer import Explorer, mark
from .figure import DRAWING, LiveFigure, description
from .lifetime import close_tree, replace

EXAMPLES = {
    "(x + y) z": ("f = (x + y) * z", {"x": -2, "y": 5, "z": -4}),
    "sigmoid neuron": (
        "f = 1 / (1 + exp(-(w0*x0 + w1*x1 + w2)))", {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}
    ),
    "neuron with a sigmoid gate": (
        "f = sigmoid(w0*x0 + w1*x1 + w2)", {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}
    ),
    "staged expression": (
        "num = x + sigmoid(y); den = sigmoid(x) + (x + y)**2; f = num / den", {"x": 3, "y": -4}
    ),
    "max and add": ("f = 2 * (x*y + max(z, w))", {"x": 3, "y": -4, "z": 2, "w": -1}),
    "x used twice": ("f = x*x + x", {"x": 3}),
    "two neurons": ("f = relu(a*x + b) * v + relu(c*x + d) * w", {"x": 2, "b": -1, "c": -1}),
}  # fmt: skip


def circuit(text, *, low=-10, high=10, step=0.1, mistakes=True, **values):
    """Show a formula as a circuit that can be stepped through, forward and backward.

    text: such as "f = (x + y) * z", as graph.parse reads it; the learner may type another one. **values: where the
    inputs start, x=-2; the others start at 1. low, high, step: of their sliders. mistakes: offer to break the backward
    pass. It starts at its last step, where every number stands: so a notebook that is only read shows them all.
    """
    made = Circuit(graph.parse(text), (float(low), float(high), float(step)), mistakes, values)
    replace(made)
    return made


class Circuit(Explorer):
    """A circuit under its controls: an explorer whose drawing, and whose sliders, change with the typed formula.

    `expression` is the graph.Expression shown, `trace` its graph.Trace at the present values.
    """

    _error_style = "color:#a40000;white-space:pre;font-family:monospace;overflow-x:auto;line-height:1.3"

    def __init__(self, expression, bounds, mistakes, values):
        self._bounds, self._misread, self._unworked, self.trace = bounds, "", "", None
        self._start = (expression.text, starts(expression, values))
        self._examples = _menu(expression.text, self._start[1])
        self.sliders = {name: self._slider(name, value) for name, value in self._start[1].items()}
        self._own = fixed_controls(expression, self._examples, mistakes)
        self._adopt(expression)
        self._listen()
        self.words = ipw.HTML(layout=ipw.Layout(height="0", margin="0", overflow="hidden"))
        super().__init__(self.draw, self._controls(), None, drawn.figsize(self._framed), "step")
        self._positions["expression"] = [expression.text, EXAMPLES["x used twice"][0]]
        self._tell()

    # What is shown

    def _adopt(self, expression):
        """Make an expression the one that is drawn."""
        self.expression, self._framed = expression, drawn.frame(expression)
        self._key = None
        self.draw = self._drawing(expression, self._framed)

    def _drawing(self, expression, framed):
        def draw(ax, **values):
            update = drawn.circuit(ax, expression, framed)

            def show(**values):
                mistake, gate = self._mistake(values)
                self._work_out(expression, values, mistake, gate)
                step = min(values["step"], len(self.trace.words) - 1)
                return update(self.trace, step, broken_gate(mistake, gate, expression))

            with contextlib.suppress(graph.ExpressionError):  # then it is drawn without numbers, and says why
                show(**values)
            return show

        draw.__doc__ = (f"The circuit of {' '.join(expression.text.split())}: above each wire its value, below it the "
                        "gradient of the result; the gate at work has a ring.")  # fmt: skip
        return draw

    def _mistake(self, values):
        return mistake_options(self.expression)[values.get("mistake", "none")]

    def _work_out(self, expression, values, mistake, gate):
        """Renew the trace, unless only the step has changed."""
        inputs = {name: float(values[self._key_of(name)]) for name in expression.inputs}
        key = (*inputs.values(), mistake, gate)
        if key != self._key:
            self.trace = graph.trace(expression, inputs, mistake, gate)
            self._key = key

    # The controls

    def _key_of(self, name):
        """Return the name of an input's control: its own, unless another control has it."""
        while name in self._own:
            name += "_"
        return name

    def _controls(self):
        return self._own | {self._key_of(name): slider for name, slider in self.sliders.items()}

    def _slider(self, name, value):
        try:
            slider = make_control(name, self._bounds, value)
        except ValueError as problem:
            raise ValueError(str(problem).replace("explore:", "circuit:", 1)) from None
        slider.description = name
        return slider

    def _make_panel(self, play):
        self.panel = CircuitPanel(self._own, list(self.sliders.values()), self.reset, self.live.size[0])
        return self.panel.box

    def _caption(self):
        return self.words

    def _listen(self):
        """Answer what is typed, chosen and pressed; this comes before the drawing, which Explorer adds."""
        self._own["expression"].observe(self._typed, "value")
        self._own["example"].observe(self._chosen, "value")
        for name in ("back", "forward", "backward"):
            self._own[name].observe(self._pressed, "value")

    @contextlib.contextmanager
    def _hold(self):
        """Draw nothing meanwhile."""
        before, self._paused = self._paused, True
        try:
            yield
        finally:
            self._paused = before

    def _pressed(self, change):
        """Move the step once for each press; Reset, which counts down, moves it not at all."""
        direction = next(name for name in ("back", "forward", "backward") if self._own[name] is change["owner"])
        step = self._own["step"].value
        with self._hold():
            for _ in range(change["new"] - change["old"]):
                step = next_step(direction, step, len(self.expression.gates))
            self._own["step"].value = step

    def _chosen(self, change):
        if change["new"] is None or self._examples[change["new"]][0] == self._own["expression"].value:
            return
        text, values = self._examples[change["new"]]
        with self._hold():
            self._own["expression"].value = text
            for name, value in values.items():
                self.sliders[name].value = min(max(value, self._bounds[0]), self._bounds[1])

    def _typed(self, change):
        try:
            expression = graph.parse(change["new"])
        except ValueError as problem:
            self._misread = str(problem)
            return
        self._misread = ""
        with self._hold():
            self._own["example"].value = label_of(change["new"], self._examples)
            with DRAWING:
                self._exchange(expression)

    def _exchange(self, expression):
        """Put another circuit in the place of this one: its figure, its sliders, its steps."""
        old = self.sliders
        self.sliders = {name: old.get(name) or self._new_slider(name) for name in expression.inputs}
        self._adopt(expression)
        self.controls = self._controls()
        self._positions |= {self._key_of(name): [s.min, s.value, s.max] for name, s in self.sliders.items()}
        self.panel.renew(expression, list(self.sliders.values()))
        for name in old.keys() - self.sliders.keys():
            old[name].unobserve_all()
            close_tree(old[name])
        self._redraw_from_scratch()

    def _new_slider(self, name):
        slider = self._slider(name, min(max(1.0, self._bounds[0]), self._bounds[1]))
        mark(self._key_of(name), slider)
        slider.observe(self._changed, "value")
        return slider

    def _redraw_from_scratch(self):
        self._layout_of = (None, drawn.figsize(self._framed))
        self.live.release()
        self.live = LiveFigure(self.draw, self.values, *self._layout_of)
        self.live.redraw()
        self.png = self.live.png()
        width, height = self.live.size
        with self.picture.hold_sync():
            self.picture.value, self.picture.width, self.picture.height = self.png, str(width), str(height)

    # What is said

    def _answer(self):
        with DRAWING:  # the formula may not change between the reading of the values and the drawing
            super()._answer()
            self._tell()

    def _say(self, text):
        self._unworked = text
        super()._say("\n".join(filter(None, (self._misread, text))))  # what was typed last comes first

    def _complaint(self, problem, values):
        return str(problem) if isinstance(problem, graph.ExpressionError) else super()._complaint(problem, values)

    def _tell(self):
        """Give the step's sentence, and all numbers, to those who hear the page."""
        if self.trace is None or self._unworked:
            return
        step = self._own["step"].value
        hidden = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"
        said, rest = in_words(self.expression, self.trace, step).split("\n", 1)
        rest = "".join(f"<li>{html.escape(line)}</li>" for line in rest.split("\n"))
        self.words.value = (
            f'<div class="cs231n-caption" style="{hidden}"><p>{html.escape(description(self.draw))}</p>'
            f'<p role="status" aria-live="polite">{html.escape(said)}</p><ul>{rest}</ul></div>'
        )

    def _in_words(self):
        return super()._in_words() + "\n" + in_words(self.expression, self.trace, self._own["step"].value)


def _menu(text, values):
    """Return {label: (text, values)} of the menu: the cell's own circuit first, unless it is one of the examples."""
    label = label_of(text, EXAMPLES)
    if label is not None:
        return EXAMPLES | {label: (text, values)}
    short = " ".join(text.split())
    return {short if len(short) <= 28 else short[:27] + "…": (text, values)} | EXAMPLES


def next_step(direction, step, gates):
    """Return the step after a press: back by one; forward by a gate, and from the end of that pass to the inputs again;
    backward by a gate, all forward steps being made first, and from the end to the start of that pass again.
    """
    if direction == "back":
        return max(0, step - 1)
    if direction == "forward":
        return step + 1 if step < gates else 0
    return gates + 1 if step <= gates or step == 2 * gates + 1 else step + 1
