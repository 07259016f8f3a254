"""Batch normalisation: what one example gets in many different batches."""

import numpy as np

from .style import CLASS_COLOURS, INK, STILL, headline, style


def batches(ax, count, limits, ylabel="output for the one example"):
    """The output for one and the same example in `count` batches, a dot for each, and the output at test time, a line.

    Returns update(training (count,), test, title).
    """
    style(ax, "", "batch, each with other neighbours", ylabel).set(xlim=(-1, count), ylim=limits)
    (line,) = ax.plot([-1, count], [0, 0], color=INK, lw=2, ls="--", label="test time")
    (dots,) = ax.plot([], [], "o", ms=6, color=CLASS_COLOURS[0], mec="white", mew=0.6, label="training")
    ax.legend(frameon=False, fontsize=9, loc="upper right", ncols=2).set_zorder(STILL)
    head = headline(ax)

    def update(training, test, title):
        dots.set_data(np.arange(len(training)), training)
        line.set_ydata([test, test])
        head.set_text(title)
        return [line, dots, head]

    return update
