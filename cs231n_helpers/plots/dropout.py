"""Dropout: a layer with some of its units silenced, and what becomes of the mean."""

import numpy as np
from matplotlib import colormaps

from .quick import quick
from .style import INK, MUTED, RIGHT, STILL, WRONG, blank, headline, style


def units(ax, columns, count):
    """A layer's outputs as a grid of squares, dark is large; those dropped are crossed out.

    Returns update(outputs (count,), kept (count,) bool, largest, title).
    """
    rows = -(-count // columns)
    place = np.stack(np.divmod(np.arange(count), columns), axis=1)                  # row, column of each unit
    picture = blank(ax).imshow(np.zeros((rows, columns, 3)), extent=(-0.5, columns - 0.5, rows - 0.5, -0.5))
    ax.vlines(np.arange(0.5, columns - 1), -0.5, rows - 0.5, color="white", lw=2)
    ax.hlines(np.arange(0.5, rows - 1), -0.5, columns - 0.5, color="white", lw=2)
    (crosses,) = ax.plot([], [], "x", color=WRONG, ms=7, mew=1.6)
    head = quick(headline(ax))

    def update(outputs, kept, largest, title):
        shades = np.ones((rows * columns, 3))
        shades[:count] = colormaps["Blues"](0.08 + 0.9 * np.clip(outputs / largest, 0, 1))[:, :3]
        picture.set_data(shades.reshape(rows, columns, 3))
        crosses.set_data(place[~kept, 1], place[~kept, 0])
        head.set_text(title)
        return [picture, crosses, head]

    return update


def means(ax, largest):
    """Each unit as a dot: its output at test time (across) and its mean in training (up); on the line they agree.

    Returns update(test (U,), training (U,), title).
    """
    style(ax, "", "output at test time", "mean output in training", grid="both")
    ax.set(xlim=(-0.04 * largest, largest), ylim=(-0.04 * largest, largest), aspect="equal")
    ax.plot([0, largest], [0, largest], color=MUTED, ls="--", lw=1.4)
    (dots,) = ax.plot([], [], "o", color=RIGHT, ms=5, mec="white", mew=0.6)
    (middle,) = ax.plot([], [], "D", color=INK, ms=8, mec="white", label="mean of all units")
    ax.legend(frameon=False, fontsize=9, loc="upper left").set_zorder(STILL)
    head = quick(headline(ax))

    def update(test, training, title):
        dots.set_data(test, training)
        middle.set_data([np.mean(test)], [np.mean(training)])
        head.set_text(title)
        return [dots, middle, head]

    return update
