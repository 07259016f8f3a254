"""A circuit's plan: where its parts stand, in pixels, and what would lie on what."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sizes:
    """Sizes in points (the font) and pixels."""

    font: float
    label: int  # width of a number
    radius: int  # of a gate
    between: int  # columns
    rows: int = 14  # free pixels between rows
    stacked: bool = False  # the numbers stand above and below the gate itself: for long chains

    @property
    def row(self):
        """Height of a number."""
        return round(self.font * 100 / 72 * 0.76)

    @property
    def half(self):
        """Half the height of a box: the wire lies in its middle, a number on each side."""
        return max(self.row + self.gap + 2, self.radius + 2)

    under = 5  # pixels between a number in a box and the one below it

    @property
    def gap(self):
        """Pixels between the wire and its numbers."""
        return self.radius + 6 if self.stacked else 4


@dataclass(frozen=True)
class Plan:
    """A circuit's places in pixels, y upwards from 0.

    inputs (I, 2) and gates (G, 2) are centres, halves (W,) half their widths; labels (W, 2) the middle of each wire's
    numbers; forks {wire: place}; branches {(wire, gate, place): middle of its numbers}; wires {(wire, gate, place):
    Bezier points (3n + 1, 2)}; trunks (W, 2, 2) the straight start of each wire; result: where its name stands.
    """

    sizes: Sizes
    width: float
    height: float
    halves: np.ndarray
    inputs: np.ndarray
    gates: np.ndarray
    labels: np.ndarray
    forks: dict
    branches: dict
    wires: dict
    trunks: np.ndarray
    result: np.ndarray


def numbers_of(made):
    """Return {("value" or "grad", wire) or ("flow", end of a branch): (left, bottom, right, top)}, room for numbers."""
    half, near, far = made.sizes.label / 2, made.sizes.gap - 1, made.sizes.gap + made.sizes.row + 1
    above = {("value", w): (x - half, y + near, x + half, y + far) for w, (x, y) in enumerate(made.labels)}
    below = {("grad", w): (x - half, y - far, x + half, y - near) for w, (x, y) in enumerate(made.labels)}
    down = made.sizes.row + 5
    return above | below | {("flow", e): (x - half, y - down, x + half, y - 3) for e, (x, y) in made.branches.items()}


def room_below(made):
    """Return for each wire whether a second number fits below its gradient, (W,) bool."""
    others = np.array([*numbers_of(made).values(), *bodies_of(made).values()])  # (B, 4)
    half, top = made.sizes.label / 2, made.sizes.gap + made.sizes.row + 2
    low = made.labels - [half, top + made.sizes.under + made.sizes.row]  # (W, 2)
    high = made.labels + [half, -top]
    meet = (low[:, None] < others[:, 2:]).all(-1) & (high[:, None] > others[:, :2]).all(-1)  # (W, B)
    return ~meet.any(axis=1)


def bodies_of(made):
    """Return {wire: box} of the input or gate each wire comes from, with two pixels around it."""
    centres, tall = np.concatenate([made.inputs, made.gates]), made.sizes.radius + 2
    wide = made.halves + 2
    return {w: (x - wide[w], y - tall, x + wide[w], y + tall) for w, (x, y) in enumerate(centres)}


def sampled(points, steps=8):
    """Return points along Bezier curves (3n + 1, 2), shape (n * steps + 1, 2)."""
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
    pieces = [sum(w * p for w, p in zip(weights, points[i : i + 4], strict=True)) for i in range(0, len(points) - 1, 3)]
    return np.concatenate([*pieces, points[-1:]])


def collisions(made):
    """Count the wires over the numbers of another wire, and those that touch a gate or input not their own."""
    numbers, bodies = numbers_of(made), bodies_of(made)
    boxes, over, touching = np.array([*numbers.values(), *bodies.values()]), 0, 0  # (B, 4)
    for (wire, gate, place), points in made.wires.items():
        own = {("value", wire), ("grad", wire), ("flow", (wire, gate, place)), wire, len(made.inputs) + gate}
        x, y = sampled(points, 12).T[..., None]  # (P, 1) each
        inside = (x > boxes[:, 0]) & (x < boxes[:, 2]) & (y > boxes[:, 1]) & (y < boxes[:, 3])
        hit = {key for key, met in zip([*numbers, *bodies], inside.any(axis=0), strict=True) if met} - own
        over, touching = over + len(hit & numbers.keys()), touching + len(hit & bodies.keys())
    return over, touching


def crossings(made):
    """Count how often two wires cross; wires from one fork, or into one gate, may meet at its end."""
    lines = {end: sampled(points, 6) for end, points in made.wires.items()}
    starts = np.concatenate([line[:-1] for line in lines.values()])  # (P, 2)
    steps = np.concatenate([np.diff(line, axis=0) for line in lines.values()])
    owner = np.repeat(np.arange(len(lines)), [len(line) - 1 for line in lines.values()])
    apart = starts[None] - starts[:, None]  # (P, P, 2): from piece i to piece j
    turn = _cross(steps[:, None], steps[None])
    with np.errstate(divide="ignore", invalid="ignore"):
        along, across = _cross(apart, steps[None]) / turn, _cross(apart, steps[:, None]) / turn
    inner = (along > 0) & (along < 1) & (across > 0) & (across < 1) & (owner[:, None] < owner[None])
    return int(inner.sum())


def _cross(a, b):
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
