"""Where the parts of a circuit stand: laid out by Graphviz, in pixels, so that no label lies on a gate or a wire.

Each wire's numbers have a fixed place: the value above the wire and its gradient below, right after the gate or input
the wire comes from. To Graphviz that gate and the place are one box, which it keeps clear of all others.
"""

from collections import Counter
from dataclasses import replace

import numpy as np

from .circuit_plan import Plan, Sizes, collisions, crossings
from .words import width_of

WIDEST = 840  # pixels
TALLEST = 400  # pixels of the circuit alone; a larger one is drawn smaller, as far as it stays readable
OPEN = 10  # pixels left free at the sides


ROOMY = (
    Sizes(11, 66, 17, 74, 20), Sizes(11, 66, 17, 54, 20), Sizes(10.5, 64, 16, 36, 18), Sizes(10, 60, 15, 28, 16),
    Sizes(9.5, 58, 14, 22), Sizes(9, 54, 13, 18), Sizes(8.5, 50, 12, 16, 12), Sizes(8, 44, 11, 13, 12),
    Sizes(8, 40, 11, 12, 9), Sizes(8, 40, 11, 9, 8), Sizes(8, 40, 10, 10, 5), Sizes(8, 44, 11, 10, 10, True),
    Sizes(8, 40, 11, 4, 8, True),
)  # fmt: skip


def plan(expression):
    """Lay a graph.Expression out, as large as fits and with every wire clear of every label; Plan."""
    best, least = None, np.inf
    for sizes in _not_too_large(expression):
        tries = [_lay_out(expression, sizes, inputs) for inputs in ("ordered", "left", "free")]
        faults = [_faults(made) for made in tries]
        chosen = int(np.argmin(faults))  # the first of the best
        if faults[chosen] < least:
            best, least = tries[chosen], faults[chosen]
        if best.width <= WIDEST and best.height <= TALLEST and not any(collisions(best)):
            return best
    return best


def _not_too_large(expression):
    """Return the sizes with which the longest way through the circuit fits; the last one in any case."""
    columns = np.ones(expression.wires, int)  # of each wire: how many gates and inputs lie on the longest way to it
    for wire, gate in enumerate(expression.gates, start=len(expression.inputs)):
        columns[wire] = 1 + max(columns[source] for source in gate.inputs)
    pitches = [max(s.label, 2 * s.radius) if s.stacked else 2 * s.radius + s.label + 8 for s in ROOMY]
    least = [columns[-1] * (pitch + s.between) for pitch, s in zip(pitches, ROOMY, strict=True)]
    return [s for s, width in zip(ROOMY, least, strict=True) if width <= WIDEST] or ROOMY[-1:]


def _faults(made):
    """Return how bad a layout is: too wide; then wires over labels, too tall; then wires that cross."""
    if made.width > WIDEST:
        return 1000 + made.width
    over, touching = collisions(made)
    too_tall = max(0.0, made.height - TALLEST)
    return over + 0.4 * touching + 0.005 * too_tall + 0.03 * crossings(made) + 1.5 * made.sizes.stacked


def wires_of(expression):
    """Return (wire, gate, place) of every wire that runs into a gate."""
    return [(wire, g, place) for g, gate in enumerate(expression.gates) for place, wire in enumerate(gate.inputs)]


def _lay_out(expression, sizes, inputs):
    """Lay out with these sizes; `inputs` is "ordered", "left" or "free" (see _arrangements)."""
    names = expression.inputs
    halves = _halves(expression, sizes)
    ends = wires_of(expression)
    forked = {wire for wire, count in Counter(wire for wire, _, _ in ends).items() if count > 1}
    graph = _graph(sizes)
    for wire in range(len(names) + len(expression.gates)):
        graph.add_node(f"n{wire}", width=_inches(_width(expression, sizes, halves, wire)), **_height(expression, sizes))
    if inputs != "free":
        graph.add_subgraph([f"n{wire}" for wire in range(len(names))], rank="same")
    for wire in range(len(names) - 1 if inputs == "ordered" else 0):
        graph.add_edge(f"n{wire}", f"n{wire + 1}", style="invis", tailport="s", headport="n")
    for wire, gate, place in ends:
        _join(graph, sizes, wire, (wire, gate, place), len(names) + gate, wire in forked)
    graph.layout(prog="dot")
    return _read(graph, expression, sizes, halves, ends, forked)


def _graph(sizes):
    try:
        import pygraphviz
    except ImportError as problem:
        raise ImportError("circuit: a circuit is laid out by pygraphviz, which is missing. Run make lab, or "
                          "pip install pygraphviz.") from problem  # fmt: skip

    graph = pygraphviz.AGraph(directed=True, strict=False, rankdir="LR", splines="true", nodesep=_inches(sizes.rows),
                              ranksep=_inches(sizes.between))  # fmt: skip
    graph.node_attr.update(shape="box", fixedsize="true", label="", fontname="")
    graph.edge_attr.update(arrowhead="none", arrowtail="none", dir="none", headport="w", tailport="e")
    return graph


def _inches(pixels):
    return f"{pixels / 72:.4f}"  # Graphviz has 72 points to an inch; a point of its stands for a pixel here


def _height(expression, sizes):
    named = any(gate.name for gate in expression.gates[:-1])
    return {"height": _inches(2 * (sizes.half + (sizes.row + 2 if named else 0)))}


def _halves(expression, sizes):
    """Return half the width of each input's box, all alike, and of each gate: a circle, or longer for its label."""
    names = [width_of(name, sizes.font, bold=True) / 2 + 6 for name in expression.inputs]
    labels = [width_of(gate.label, sizes.font) / 2 + 5 for gate in expression.gates]
    box = max(sizes.radius, *names) if names else 0
    return np.array([box] * len(names) + [max(sizes.radius, label) for label in labels])


def _width(expression, sizes, halves, wire):
    start = 2 * halves[wire]
    last = wire == len(expression.inputs) + len(expression.gates) - 1
    numbers = max(0, sizes.label - start) if sizes.stacked else sizes.label + 8
    return start + numbers + (width_of(expression.name, sizes.font + 1, bold=True) + 8 if last else 0)


def _join(graph, sizes, wire, end, target, forked):
    """Join a wire to a gate; after a fork a place for the branch's own number stands between."""
    if not forked:
        graph.add_edge(f"n{wire}", f"n{target}", key=f"{end}")
        return
    middle = "b{}_{}_{}".format(*end)
    graph.add_node(middle, width=_inches(sizes.label), height=_inches(2 * sizes.row + 8))
    graph.add_edge(f"n{wire}", middle, key="in")
    graph.add_edge(middle, f"n{target}", key="out")


def _read(graph, expression, sizes, halves, ends, forked):
    """Turn what Graphviz found into a Plan."""
    count = len(expression.inputs)
    total = count + len(expression.gates)
    bounds = [float(part) for part in graph.graph_attr["bb"].split(",")]
    boxes = np.array([_centre(graph, f"n{wire}") for wire in range(total)])  # (W, 2)
    widths = np.array([_width(expression, sizes, halves, wire) for wire in range(total)])
    heads, middles, tails = _along(sizes, boxes[:, 0] - widths / 2, halves)
    heads, middles, tails = (np.stack([x, boxes[:, 1]], 1) for x in (heads, middles, tails))
    branches = {end: _centre(graph, "b{}_{}_{}".format(*end)) for end in ends if end[0] in forked}
    fronts = heads - np.stack([halves, 0 * halves], 1)
    wires = {end: _wire(graph, sizes, end, count, branches, fronts, tails) for end in ends}
    made = Plan(sizes, bounds[2] + 2 * OPEN, bounds[3], halves, heads[:count], heads[count:], middles,
                {wire: tails[wire] for wire in forked}, branches, wires, np.stack([heads, tails], 1),
                tails[-1] + [4, 0])  # fmt: skip
    return _spread_ends(made)


def _along(sizes, starts, half):
    """Return how far to the right the gate, the wire's numbers and the end of its trunk stand, each (W,)."""
    if sizes.stacked:
        heads = starts + np.maximum(half, sizes.label / 2)
        return heads, heads, starts + np.maximum(2 * half, sizes.label)
    return starts + half, starts + 2 * half + 5 + sizes.label / 2, starts + 2 * half + sizes.label + 8


def _centre(graph, node):
    return np.array([float(part) for part in graph.get_node(node).attr["pos"].split(",")])


def _wire(graph, sizes, end, count, branches, fronts, tails):
    """Return the Bezier points of a wire from the end of its trunk (`tails`) to the left end of its gate (`fronts`)."""
    wire, gate, _ = end
    gate_side = fronts[count + gate]
    if end not in branches:
        return _joined(tails[wire], _spline(graph, f"n{wire}", f"n{count + gate}", f"{end}"), gate_side)
    middle, reach = branches[end], np.array([sizes.label / 2, 0])
    name = "b{}_{}_{}".format(*end)
    before = _joined(tails[wire], _spline(graph, f"n{wire}", name, "in"), middle - reach)
    after = _joined(middle + reach, _spline(graph, name, f"n{count + gate}", "out"), gate_side)
    return np.concatenate([before, _straight(before[-1], after[0]), after[1:]])


def _spline(graph, tail, head, key):
    text = graph.get_edge(tail, head, key).attr["pos"]
    return np.array([[float(part) for part in pair.split(",")] for pair in text.replace("\\\n", "").split()])


def _joined(start, points, end):
    """Let a spline begin and end where it should: Graphviz rounds, and stops at the box."""
    points = points.copy()
    points[0], points[-1] = start, end
    return points


def _straight(start, end):
    """The inner points of a straight Bezier line, and its end."""
    return np.array([start + (end - start) / 3, start + (end - start) * 2 / 3, end])


def _spread_ends(made):
    """Let the wires of a gate arrive at different points of its circle, in the order in which they come."""
    wires = dict(made.wires)
    for gate, centre in enumerate(made.gates):
        mine = [end for end in wires if end[1] == gate]
        if len(mine) < 2:
            continue
        mine.sort(key=lambda end: (-_height_before(wires[end]), end[2]))
        for end, angle in zip(mine, np.linspace(35, -35, len(mine)), strict=True):
            turned = np.deg2rad(180 - angle)
            points = wires[end].copy()
            cap = centre - [made.halves[len(made.inputs) + gate] - made.sizes.radius, 0]
            target = cap + made.sizes.radius * np.array([np.cos(turned), np.sin(turned)])
            points[-2] += target - points[-1]
            points[-1] = target
            wires[end] = points
    shifted = replace(made, wires=wires)
    return _moved(shifted, OPEN)


def _height_before(points):
    """Return how high a wire runs before it turns into its gate."""
    return points[-4, 1] + (points[-2, 1] - points[-1, 1])


def _moved(made, right):
    by = np.array([right, 0.0])
    return replace(
        made, inputs=made.inputs + by, gates=made.gates + by, labels=made.labels + by,
        forks={wire: place + by for wire, place in made.forks.items()},
        branches={end: place + by for end, place in made.branches.items()},
        wires={end: points + by for end, points in made.wires.items()},
        trunks=made.trunks + by, result=made.result + by,
    )  # fmt: skip
