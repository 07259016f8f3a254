"""A circuit's picture without controls, and its state in words."""

from cs231n_helpers import graph
from cs231n_helpers.plots import circuit as drawn
from cs231n_helpers.plots.words import number

from .figure import DRAWING, LiveFigure
from .still import Still


def circuit_picture(text, *, step=None, mistake="none", gate=None, **values):
    """Draw one state of a circuit without controls: `step` 0 .. 2G + 1 of G gates, the last one if not given.

    mistake: one of graph.MISTAKES, made at the gate number `gate` (0 is the first); inputs without a value are 1.
    """
    expression = graph.parse(text)
    history = graph.trace(expression, starts(expression, values), mistake, gate)
    framed, shown = drawn.frame(expression), len(history.words) - 1 if step is None else step
    if not 0 <= shown < len(history.words):
        raise ValueError(f"circuit_picture: step is {step}, but this circuit has steps 0 to {len(history.words) - 1}.")

    def draw(ax, step=shown):
        update = drawn.circuit(ax, expression, framed)
        update(history, step, broken_gate(mistake, gate, expression))
        return lambda step: update(history, step, broken_gate(mistake, gate, expression))

    with DRAWING:
        live = LiveFigure(draw, {"step": shown}, None, drawn.figsize(framed))
        live.redraw()
        return Still(live, in_words(expression, history, shown))


def starts(expression, values):
    """Return a start value for each input: the given one, or 1."""
    unknown = [name for name in values if name not in expression.inputs]
    if unknown:
        raise ValueError(
            f"circuit: {unknown[0]} is no input of {expression.text.strip()}; its inputs are "
            f"{', '.join(expression.inputs)}. Give values to those only, such as {expression.inputs[0]}=2."
        )
    return {name: float(values.get(name, 1.0)) for name in expression.inputs}


def broken_gate(mistake, gate, expression):
    """Return the number of the gate that a mistake is made at, or None where it is made at no gate of its own."""
    if mistake in graph.MISTAKES[:2]:
        return None
    return len(expression.gates) - 1 if gate is None else gate


def in_words(expression, history, step):
    """Say the state of a circuit for those who cannot see it: every wire with its value and its gradient."""
    names = [*expression.inputs, *(gate.name or f"gate {g + 1}" for g, gate in enumerate(expression.gates[:-1]))]
    lines = [f"Circuit of {' '.join(expression.text.split())}, step {step} of {len(history.words) - 1}. "
             f"{history.words[step]}"]  # fmt: skip
    for wire, name in enumerate([*names, expression.name]):
        gate = wire - len(expression.inputs)
        what = "input" if gate < 0 else expression.gates[gate].label
        value = number(history.values[wire], 9, 99) if history.known[step][wire] else "not computed yet"
        slope = number(history.grads[step][wire], 9, 99) or "not known yet"
        if history.wrong[wire] and step == len(history.words) - 1:
            slope += f", which is wrong: it should be {number(history.true_grads[wire], 9, 99)}"
        lines.append(f"{name} ({what}): value {value}, gradient {slope}")
    return "\n".join(lines)
