"""A circuit: gates and wires, the value above each wire and its gradient below, at any step of the two passes."""

from dataclasses import dataclass

import numpy as np
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgba
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path

from .circuit_layout import plan
from .circuit_words import GRADIENT, LINE, ROW, check_rows, places, write_check, write_lines, write_numbers
from .style import ALARM, FAINT, INK, MUTED, QUIET, soft

WORK = "#E69F00"
LEGEND = 30  # pixels of the key at the top
WIDTH, LEAST = 840, 110  # pixels: of every picture; least height of the circuit in it


@dataclass(frozen=True)
class Frame:
    """A plan with its place in the picture: `shift` is added to the plan's places; sizes in pixels."""

    plan: object
    shift: np.ndarray
    height: int
    words: float  # baseline of the first line of words
    check: float  # baseline of the heading of the gradient check


def frame(expression):
    """Lay a circuit out, with room for its words and the gradient check; its figsize is (8.4, frame.height / 100)."""
    made = plan(expression)
    below = 2 * LINE + 14 + ROW * (check_rows(len(expression.inputs)) + 1) + 10
    room = max(made.height + 2 * made.sizes.row, LEAST)
    width = max(WIDTH, made.width)
    shift = np.array([(width - made.width) / 2, below + (room - made.height) / 2])
    return Frame(made, shift, round(below + room + LEGEND), below - LINE, below - 3 * LINE - 12)


def figsize(framed):
    """Return the width and height of the figure that `circuit` needs, in units of 100 pixels."""
    return max(WIDTH, framed.plan.width) / 100, framed.height / 100


def circuit(ax, expression, framed=None):
    """Draw a graph.Expression and return update(trace, step, broken=None), which shows a step of a graph.Trace.

    Above a wire stands its value, below it the gradient collected so far; where a wire forks, each branch shows what it
    sends back. What is not known yet stays empty. A wrong number is boxed and crossed, the right one below it; the gate
    number `broken`, whose backward was broken on purpose, has a dashed red edge.
    `framed` is what `frame(expression)` gives, made here if it is not given.
    """
    framed = framed or frame(expression)
    width, height = figsize(framed)
    ax.set_position((0, 0, 1, 1))
    ax.set(xlim=(0, 100 * width), ylim=(0, 100 * height))
    ax.set_axis_off()
    made = framed.plan
    _draw_wires(ax, made, framed.shift)
    _draw_inputs(ax, made, framed.shift)
    gates = _gates(ax, made, framed.shift)
    work = _work(ax)
    words = places(ax, expression, framed)

    def update(trace, step, broken=None):
        _paint_gates(gates, expression, trace, step, broken)
        work.set_path(_at_work(made, framed.shift, expression, trace, step))
        write_numbers(words, made, expression, trace, step)
        write_lines(words, trace.words[step])
        write_check(words, expression, trace, step)
        return [gates, work, words]

    return update


# Shapes


def _draw_wires(ax, made, shift):
    for points in [*made.wires.values(), *made.trunks]:
        ax.add_patch(PathPatch(_bezier(points + shift), fill=False, ec=QUIET, lw=1.4, zorder=1, capstyle="butt"))
    dots = np.array(list(made.forks.values())).reshape(-1, 2) + shift
    ax.scatter(*dots.T, s=22, c=MUTED, zorder=2)


def _bezier(points):
    if len(points) == 2:
        return Path(points)
    return Path(points, [Path.MOVETO] + [Path.CURVE4] * (len(points) - 1))


def _draw_inputs(ax, made, shift):
    half = made.sizes.radius - 1
    for (x, y), wide in zip(made.inputs + shift, made.halves, strict=False):
        ax.add_patch(FancyBboxPatch((x - wide, y - half), 2 * wide, 2 * half, fc=FAINT, ec=MUTED, lw=1, zorder=3,
                                    boxstyle="round,pad=0,rounding_size=5"))  # fmt: skip


def _gates(ax, made, shift):
    pills = [_pill(made, gate, shift) for gate in range(len(made.gates))]
    gates = PathCollection(pills, lw=1.4, zorder=3.5)
    ax.add_collection(gates, autolim=False)
    return gates


def _pill(made, gate, shift, more=0.0):
    """Return the outline of a gate, `more` pixels outside of it: a circle, drawn out for a longer label."""
    radius, centre = made.sizes.radius + more, made.gates[gate] + shift
    circle, longer = Path.circle(centre, radius), made.halves[len(made.inputs) + gate] - made.sizes.radius
    points = circle.vertices.copy()
    points[:, 0] += longer * np.sign(np.round(points[:, 0] - centre[0], 6))
    return Path(points, circle.codes)


def _work(ax):
    """The mark of the gate at work: a broad ring, and its wires drawn broadly too."""
    mark = PathPatch(Path(np.zeros((1, 2))), fill=False, ec=WORK, lw=3, zorder=4, capstyle="round")
    ax.add_patch(mark)
    return mark


def _at_work(made, shift, expression, trace, step):
    gate = int(trace.active[step])
    if gate < 0:
        return Path(np.zeros((1, 2)))
    ends = [end for end in made.wires if end[1] == gate]
    trunks = {wire for wire, _, _ in ends if wire not in made.forks}
    wires = [made.wires[end] for end in ends] + [_outside(made, wire) for wire in trunks]
    return Path.make_compound_path(_pill(made, gate, shift, 2.5), *(_bezier(points + shift) for points in wires))


def _outside(made, wire):
    """Return the start of a wire, from the edge of its gate or input on."""
    start, end = made.trunks[wire]
    return np.array([start + [made.halves[wire] + 1, 0], end])


def _paint_gates(gates, expression, trace, step, broken):
    """A gate whose value is known is white, one that has sent its gradients back too is blue; the rest are grey."""
    known, back = trace.known[step][len(expression.inputs) :], _done(expression, trace, step)
    state = np.where(back, 2, np.where(known, 1, 0))  # (G,)
    fills, edges, dashes = FILLS[state], EDGES[state], ["-"] * len(state)
    if broken is not None:
        fills[broken], edges[broken], dashes[broken] = BROKEN_FILL, to_rgba(ALARM), (0, (2.2, 1.2))
    gates.set(facecolors=fills, edgecolors=edges, linestyles=dashes)


FILLS = np.array([to_rgba(FAINT), to_rgba("white"), to_rgba(soft(GRADIENT, 0.8))])
EDGES = np.array([to_rgba(QUIET), to_rgba(INK), to_rgba(GRADIENT)])
BROKEN_FILL = to_rgba(soft(ALARM, 0.85))


def _done(expression, trace, step):
    """Return for each gate whether it has sent its gradients back, (G,) bool."""
    return np.array([not np.isnan(trace.flows[gate.inputs[0], g, 0][step]) for g, gate in enumerate(expression.gates)])
