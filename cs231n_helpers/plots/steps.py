"""Single steps made visible: a ball on a hill, the arrows that make up a step, and a jump by curvature."""

import numpy as np

from .quick import quick
from .race import below
from .style import ALARM, CLASS_COLOURS, INK, MUTED, RIGHT, STILL, WRONG, blank, headline, soft, style

BALLS = (RIGHT, WRONG, MUTED)                               # with momentum, without, what is expected
JUMPERS = (INK, CLASS_COLOURS[0])                           # Newton, gradient descent


def hill(ax, xs, limits):
    """A hill in section over `xs` (K,), and two balls on it with the places where they were.

    `limits` = (bottom, top). Returns update(heights (K,), rolling (S, 2), sliding (S, 2), title): the points
    (x, height) of the ball with momentum and of the one without, the last one being where it is now.
    """
    style(ax, "", "w", "loss").set(xlim=(xs[0], xs[-1]), ylim=limits)
    (line,) = ax.plot(xs, xs, color=INK, lw=1.6, zorder=1)
    looks = {"Momentum": (RIGHT, "o", 13), "SGD, no momentum": (WRONG, "D", 9)}
    trails = [ax.plot([], [], marker, color=soft(colour, 0.4), ms=3.5, mew=0, zorder=2)[0]
              for colour, marker, _ in looks.values()]  # fmt: skip
    balls = [ax.plot([], [], marker, color=colour, ms=size, mec="white", mew=1.2, label=name, zorder=4 - i)[0]
             for i, (name, (colour, marker, size)) in enumerate(looks.items())]  # fmt: skip
    ax.legend(frameon=False, fontsize=9, loc="upper center").set_zorder(STILL)
    head = quick(headline(ax))

    def update(heights, rolling, sliding, title):
        line.set_ydata(heights)
        for trail, ball, places in zip(trails, balls, (rolling, sliding), strict=True):
            trail.set_data(places.T)
            ball.set_data(places[-1:].T)
        head.set_text(title)
        return [line, *trails, *balls, head]

    return update


def arrows(ax, names, shares=1.15):
    """Three arrows of one step, enlarged: the first from the middle, the others from its tip. A legend names them.

    Returns update(moves (3, 2), title): they are drawn so that the longest way of two of them fills the picture; with
    all of length 0 nothing is shown.
    """
    blank(ax).set(xlim=(-1.1, 2.9), ylim=(-1.1, 1.1), aspect="equal")
    colours = [MUTED, CLASS_COLOURS[0], CLASS_COLOURS[4]]
    drawn = ax.quiver(*np.zeros((4, 3)), color=colours, angles="xy", scale_units="xy", scale=1, width=0.012, zorder=3)
    ax.plot(0, 0, "o", color=INK, ms=6, zorder=STILL)
    for i, (name, colour) in enumerate(zip(names, colours, strict=True)):
        ax.plot([1.3, 1.6], [0.7 - 0.6 * i] * 2, color=colour, lw=4, zorder=STILL)
        ax.text(1.7, 0.7 - 0.6 * i, name, va="center", fontsize=9, color=INK, zorder=STILL)
    head = quick(headline(ax))

    def update(moves, title):
        tip = moves[0]
        size = max(np.hypot(*tip), *(np.hypot(*(tip + move)) for move in moves[1:]), 1e-300) * shares
        drawn.set_offsets(np.array([[0, 0], tip, tip]) / size)
        drawn.set_UVC(*(moves / size).T)
        head.set_text(title)
        return [drawn, head]

    return update


def jump(ax):
    """Newton's jumps, drawn on a `race.ground`, red if it was warned; and gradient descent, a line of dots.

    Returns update(jumps (K, 2), descent (S, 2), warned).
    """
    (walk,) = ax.plot([], [], "-o", color=JUMPERS[1], lw=1.2, ms=4, mec="white", mew=0.5, label="gradient descent")
    (leap,) = ax.plot([], [], "-X", color=JUMPERS[0], lw=2, ms=10, mec="white", mew=1, zorder=5, label="Newton")
    (bad,) = ax.plot([], [], "-X", color=ALARM, lw=2, ms=10, mec="white", mew=1, zorder=5, label="Newton, warned")
    below(ax, [walk, leap, bad])

    def update(jumps, descent, warned):
        walk.set_data(descent.T)
        leap.set_data(np.empty((2, 0)) if warned else jumps.T)
        bad.set_data(jumps.T if warned else np.empty((2, 0)))
        return [walk, leap, bad]

    return update


def column(ax):
    """Lines of text in the place of a picture. Returns update(words)."""
    ax.set_axis_off()
    text = ax.text(0, 0.9, "", va="top", fontsize=10, color=INK, linespacing=1.5, in_layout=False)

    def update(words):
        text.set_text(words)
        return [text]

    return update
