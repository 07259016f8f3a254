"""The words of a circuit's picture: names, numbers, the sentence of a step, and the table of the gradient check."""

import textwrap

import numpy as np

from .circuit_plan import room_below
from .style import ALARM, INK, MUTED, RIGHT
from .words import Words, number, width_of

VALUE, GRADIENT, WORK = INK, RIGHT, "#8A5A00"  # the last is the ring's orange, dark enough to be read
LINE, ROW = 16, 17  # pixels: a line of words, a row of the gradient check
SIGNS = 108  # letters in a line of words


def places(ax, expression, framed):
    """Make a place for every word of the picture, and write those that stay."""
    made, words = framed.plan, Words(ax)
    _place_names(words, expression, made, framed.shift)
    rows, free = _rows(made.sizes), room_below(made)
    for wire, (x, y) in enumerate(made.labels + framed.shift):
        for kind, (down, look) in rows.items():
            if kind != "right" or free[wire]:
                words.place((kind, wire), x, y + down, size=made.sizes.font, **look)
    for end, (x, y) in made.branches.items():
        x, y = np.array([x, y]) + framed.shift
        words.place(("flow", end), x, y - 4 - made.sizes.row, size=made.sizes.font, colour=GRADIENT)
    _place_key(words, framed, expression.name)
    for line in range(2):
        words.place(("line", line), 12, framed.words - line * LINE, size=10, align="left")
    _place_check(words, expression, framed.check)
    return words


def _rows(sizes):
    """Return for each kind of number how far above the wire its baseline lies, and its look."""
    down = -sizes.gap - sizes.row
    return {
        "value": (sizes.gap, {"colour": VALUE}), "grad": (down, {"colour": GRADIENT}),
        "right": (down - sizes.row - sizes.under, {"colour": GRADIENT}),
    }  # fmt: skip


def _place_names(words, expression, made, shift):
    size = made.sizes.font
    for name, (x, y) in zip(expression.inputs, made.inputs + shift, strict=True):
        words.place(("input", name), x, y - 0.36 * size * 100 / 72, name, size=size, bold=True)
    for g, (gate, (x, y)) in enumerate(zip(expression.gates, made.gates + shift, strict=True)):
        fit = _symbol(gate.label, made.sizes)
        words.place(("gate", g), x, y - 0.36 * fit * 100 / 72, gate.label, size=fit)
        if gate.name and g < len(expression.gates) - 1:
            above = max(made.sizes.radius + 4, made.sizes.gap + made.sizes.row + 3)
            words.place(("name", g), x - made.sizes.radius, y + above, gate.name, size=size, colour=MUTED, align="left")
    x, y = made.result + shift
    words.place("result", x, y - 0.36 * (size + 1) * 100 / 72, expression.name, size=size + 1, align="left", bold=True)


def _symbol(label, sizes):
    """Return the size at which a gate's label fits: a single sign may be larger than the numbers."""
    return sizes.font + 3 if len(label) == 1 else sizes.font


def _place_key(words, framed, name):
    """The key at the top: what stands where, in words and colours."""
    x, y = 12, framed.height - 20
    for colour, text in [
        (VALUE, "above a wire: its value"), (GRADIENT, f"below: its gradient ∂{name}/∂wire"),
        (WORK, "ring: the gate at work"), (ALARM, "✗ in a box: wrong (✓ the right one)"),
    ]:  # fmt: skip
        words.place(("key", text), x, y, text, size=9, colour=colour, align="left")
        x += width_of(text, 9) + 20


def write_numbers(words, made, expression, trace, step):
    size, width = made.sizes.font, made.sizes.label
    grads, final = trace.grads[step], _final(expression, trace, step)
    for wire in range(len(grads)):
        value = trace.values[wire] if trace.known[step][wire] else np.nan
        words.write(("value", wire), number(value, size, width))
        wrong = bool(trace.wrong[wire] and final[wire])
        text, colour = _marked("✗" * wrong, grads[wire], size, width), ALARM if wrong else GRADIENT
        words.write(("grad", wire), text, colour, wrong)
        if ("right", wire) in words.places:
            words.write(("right", wire), _marked("✓", trace.true_grads[wire], size, width) if wrong else "")
    for end in made.branches:
        words.write(("flow", end), number(trace.flows[end][step], size, width))


def _marked(sign, value, size, width):
    """Return a number after a sign; where there is no room for both, the box around it must do."""
    text = sign + number(value, size, width - 14 * len(sign))
    return text if width_of(text, size) <= width else number(value, size, width)


def write_lines(words, text):
    lines = textwrap.wrap(text, SIGNS) + ["", ""]
    if len(lines) > 4:
        lines[1] = textwrap.shorten(" ".join(lines[1:]), SIGNS, placeholder=" …")
    for line in range(2):
        words.write(("line", line), lines[line])


# The gradient check

COLUMNS = {"name": 0, "backward": 102, "wiggle": 182, "error": 264, "verdict": 340}
HEADINGS = {"name": "gradient check", "backward": "backward", "wiggle": "by nudging", "error": "rel. error"}
VERDICTS = {True: "✓ agree", False: "✗ wrong", None: "? at a kink"}


def check_rows(inputs):
    return inputs if inputs <= 4 else -(-inputs // 2)


def _place_check(words, expression, y):
    """Places of the table: one row for each input, in two columns if there are many."""
    rows = check_rows(len(expression.inputs))
    for column in range(-(-len(expression.inputs) // rows)):
        for part, text in HEADINGS.items():
            words.place(("heading", column, part), 12 + column * 410 + COLUMNS[part], y, text, size=9, align="left",
                        colour=MUTED)  # fmt: skip
    for i, name in enumerate(expression.inputs):
        left, down = 12 + i // rows * 410, y - ROW * (i % rows + 1)
        for part, x in COLUMNS.items():
            words.place(("check", i, part), left + x, down, size=9, align="left", bold=part == "name")
        words.write(("check", i, "name"), f"∂{expression.name}/∂{name}")


def write_check(words, expression, trace, step):
    """Fill in what is known: the analytic gradient once it is all there, and the numerical one beside it."""
    final = _final(expression, trace, step)
    for i, entry in enumerate(trace.report):
        numbers = {"backward": entry.analytic, "wiggle": entry.numerical, "error": float(f"{entry.error:.0e}")}
        for part, value in numbers.items():
            words.write(("check", i, part), (number(value, 9, 74) or "–") if final[i] else "·")
        verdict = "? at the edge" if np.isnan(entry.numerical) else VERDICTS[entry.ok]
        words.write(("check", i, "verdict"), verdict if final[i] else "", ALARM if entry.ok is False else INK)


def _final(expression, trace, step):
    """Return for each wire whether all of its gradient has come, (W,) bool."""
    final = ~np.isnan(trace.grads[step])
    for (wire, _, _), flow in trace.flows.items():
        final[wire] &= not np.isnan(flow[step])
    return final
