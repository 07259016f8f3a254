"""Single steps made visible: a ball on a hill, the arrows that make up a step, and a jump by curvature."""

import numpy as np

from .quick import quick
from .style import ALARM, CLASS_COLOURS, INK, MUTED, QUIET, RIGHT, STILL, WRONG, headline, style


def hill(ax, xs, limits):
    """A hill in section over `xs` (K,), and two balls on it with the places where they were.

    `limits` = (bottom, top). Returns update(heights (K,), rolling (S, 2), sliding (S, 2), title): the points (x, height)
    of the ball with momentum and of the one without, the last one being where it is now.
    """
    style(ax, "", "w", "loss").set(xlim=(xs[0], xs[-1]), ylim=limits)
    (line,) = ax.plot(xs, xs, color=INK, lw=1.6, zorder=1)
    looks = {"Momentum": (RIGHT, "o", 13), "SGD, no momentum": (WRONG, "D", 9)}
    trails = [ax.plot([], [], marker, color=colour, ms=4, alpha=0.55, mew=0, zorder=2)[0]
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


def arrows(ax, names):
    """Arrows of a step, drawn on a `race.ground`, one per name, with their names in a legend above them.

    Returns update(starts (N, 2), moves (N, 2)).
    """
    colours = [MUTED, CLASS_COLOURS[0], CLASS_COLOURS[4], CLASS_COLOURS[2]][: len(names)]
    drawn = ax.quiver(*np.zeros((4, len(names))), color=colours, angles="xy", scale_units="xy", scale=1, width=0.011,
                      zorder=6)  # fmt: skip
    handles = [ax.plot([], [], color=colour, lw=3, label=name)[0] for colour, name in zip(colours, names, strict=True)]
    ax.figure.legend(handles=handles, loc="outside lower left", ncols=len(names), frameon=False, fontsize=9)

    def update(starts, moves):
        drawn.set_offsets(starts)
        drawn.set_UVC(*np.transpose(moves))
        return [drawn]

    return update


def jump(ax):
    """Newton's jumps, drawn on a `race.ground`: where from and where to, red where it was warned of; gradient descent.

    Returns update(jumps (K, 2), descent (S, 2), warned): the descent as a line of dots.
    """
    (walk,) = ax.plot([], [], "-o", color=CLASS_COLOURS[0], lw=1.2, ms=4, mec="white", mew=0.5, label="gradient descent")
    (leap,) = ax.plot([], [], "-X", color=INK, lw=2, ms=10, mec="white", mew=1, zorder=5, label="Newton")
    (bad,) = ax.plot([], [], "-X", color=ALARM, lw=2, ms=10, mec="white", mew=1, zorder=5, label="Newton, warned")
    ax.figure.legend(handles=[walk, leap, bad], loc="outside lower left", ncols=3, frameon=False, fontsize=9)

    def update(jumps, descent, warned):
        walk.set_data(descent.T)
        leap.set_data(np.empty((2, 0)) if warned else jumps.T)
        bad.set_data(jumps.T if warned else np.empty((2, 0)))
        return [walk, leap, bad]

    return update


def column(ax, title, words):
    """Lines of text beside a picture. Returns update(words)."""
    ax.set_axis_off()
    headline(ax, title)
    text = ax.text(0, 0.97, words, va="top", fontsize=10, color=INK, linespacing=1.5, in_layout=False)

    def update(words):
        text.set_text(words)
        return [text]

    return update


__all__ = ["QUIET", "arrows", "column", "hill", "jump"]
