"""A gate with its wires: what flows forward stands above a wire, what flows back below it; and curves with slopes."""

import numpy as np

from .style import CLASS_COLOURS, INK, MUTED, RIGHT, STILL, blank, headline, soft, style

FORWARD, BACKWARD = INK, RIGHT  # values with the wires, gradients against them: as in a circuit
LINES = ("-", "--", ":")


def gate(ax, symbol, inputs=2):
    """One gate with `inputs` wires from the left and one to the right.

    Returns update(names, values, gradients, output, upstream, title): three texts per input wire, and the texts above
    and below the output wire. A gradient that is "" leaves its place empty.
    """
    blank(ax).set(xlim=(0, 10), ylim=(0, 8))
    heights = {1: [4], 2: [6.2, 1.8], 3: [6.6, 4, 1.4]}[inputs]
    wires = [_wire(ax, [(0.1, y), (3.4, y), (5, 4)], 0.2) for y in heights]
    out = _wire(ax, [(5, 4), (9.9, 4)], 6.3)
    ax.plot(5, 4, "o", ms=36, mfc=soft(MUTED, 0.85), mec=INK, mew=1.4, zorder=3)
    ax.text(5, 3.93, symbol, ha="center", va="center", fontsize=13, color=INK, zorder=4, in_layout=False)
    head = headline(ax)

    def update(names, values, gradients, output, upstream, title=""):
        head.set_text(title)
        changed = [head, *out(output, upstream)]
        for wire, name, value, gradient in zip(wires, names, values, gradients, strict=True):
            changed += wire(f"{name} = {value}" if name else value, gradient)
        return changed

    return update


def contract(ax, most=3):
    """An operation as a box with up to `most` arrays going in, one going out, and the way back below each wire.

    Returns update(name, inputs, gradients, output, upstream): the words in the box, one text per array above and below
    its wire, and the two texts of the output wire.
    """
    blank(ax).set(xlim=(0, 10), ylim=(0, 8))
    heights = np.linspace(6.6, 1.4, most)
    wires = [_wire(ax, [(0.1, y), (4.2, y)], 0.2) for y in heights]
    out = _wire(ax, [(5.8, 4), (9.9, 4)], 6.0)
    ax.fill_between([4.2, 5.8], 0.4, 7.4, fc=soft(MUTED, 0.85), ec=INK, lw=1.4, zorder=3)
    label = ax.text(5, 4, "", ha="center", va="center", fontsize=12, color=INK, zorder=4, in_layout=False)

    def update(name, inputs, gradients, output, upstream):
        label.set_text(name)
        changed = [label, *out(output, upstream)]
        for i, wire in enumerate(wires):
            there = i < len(inputs)
            changed += wire(inputs[i] if there else "", gradients[i] if there else "", there)
        return changed

    return update


def _wire(ax, corners, left):
    """A wire through `corners`; returns show(above, below, visible=True) -> artists. Texts begin at `left`."""
    (line,) = ax.plot(*zip(*corners, strict=True), color=MUTED, lw=1.6, zorder=1)
    level = corners[0][1]
    above = ax.text(left, level + 0.22, "", va="bottom", fontsize=11, color=FORWARD, zorder=4, in_layout=False)
    below = ax.text(left, level - 0.28, "", va="top", fontsize=11, color=BACKWARD, zorder=4, in_layout=False)

    def show(upper, lower, visible=True):
        line.set_visible(visible)
        above.set_text(upper)
        below.set_text(lower)
        return [line, above, below]

    return show


def tangents(ax, xs, limits, names, labels, sides=(0,)):
    """A curve over `xs` (K,) with one straight line per label through a point on it.

    `limits` = (lowest, highest); a side of -1 draws a line only to the left of the point, 1 only to the right, 0 to
    both. Returns update(curve (K,), point, slopes, title): a slope that is NaN draws no line.
    """
    style(ax, "", *names, grid="both").set(xlim=(xs[0], xs[-1]), ylim=limits)
    (curve,) = ax.plot(xs, xs, color=INK, lw=2.4)
    lines = [ax.plot([], [], dash, color=colour, lw=2, label=label)[0]
             for label, dash, colour in zip(labels, LINES, CLASS_COLOURS, strict=False)]  # fmt: skip
    (dot,) = ax.plot([], [], "o", color=INK, ms=9, mec="white", mew=1, zorder=5)
    reach = xs[-1] - xs[0]
    if len(labels) > 1:
        ax.legend(frameon=False, fontsize=9, loc="upper left").set_zorder(STILL)
    head = headline(ax)

    def update(heights, point, slopes, title=""):
        curve.set_ydata(heights)
        dot.set_data([point[0]], [point[1]])
        for line, slope, side in zip(lines, slopes, sides, strict=True):
            run = np.array([-reach if side <= 0 else 0, reach if side >= 0 else 0])
            line.set_data(point[0] + run, point[1] + slope * run)
        head.set_text(title)
        return [curve, *lines, dot, head]

    return update
