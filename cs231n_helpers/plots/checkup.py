"""Pictures of a check-up: slopes against slopes, and verdicts in words."""

from textwrap import wrap

import numpy as np

from .quick import quick
from .style import ALARM, CLASS_COLOURS, INK, MUTED, RIGHT, STILL, blank, headline, style


def agreement(ax):
    """Analytic slopes against measured ones, as shares of the largest; on the dashed line they agree.

    Returns update(analytic, measured, title): two arrays (K,) from -1 to 1.
    """
    style(ax, " ", "measured", "analytic", grid="both").set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15))
    ax.plot([-2, 2], [-2, 2], "--", color=MUTED, lw=1.2, zorder=STILL)
    (dots,) = ax.plot([], [], "o", color=CLASS_COLOURS[0], ms=5.5, mec="white", mew=0.6)
    head = quick(headline(ax))

    def update(analytic, measured, title):
        dots.set_data(measured, analytic)
        head.set_text(title)
        return [dots, head]

    return update


def verdicts(ax, count, width=108):
    """So many sentences below each other, of two lines at most, each with a tick, a cross, or nothing before it.

    Returns update(passed, sentences): `passed` holds True, False or None for each sentence.
    """
    blank(ax).set(xlim=(0, 1), ylim=(count - 0.5, -0.5))
    marks = [ax.text(0, row + 0.04, "", va="bottom", fontsize=12, weight="bold", in_layout=False)
             for row in range(count)]
    words = [[quick(ax.text(0.03, row, "", va=va, fontsize=9.5, color=INK, in_layout=False))
              for va in ("bottom", "top")] for row in range(count)]

    def update(passed, sentences):
        for mark, lines, good, sentence in zip(marks, words, passed, sentences, strict=True):
            mark.set(text={True: "\N{CHECK MARK}", False: "\N{BALLOT X}", None: ""}[good],
                     color=RIGHT if good else ALARM)
            for line, text in zip(lines, [*wrap(sentence, width), "", ""], strict=False):
                line.set_text(text)
        return [*marks, *(line for lines in words for line in lines)]

    return update


def course(ax, steps, top):
    """The loss of a few examples, step by step, on a logarithmic axis. Returns update(losses, title)."""
    style(ax, " ", "step", "loss", grid="both").set(xlim=(0, steps), ylim=(1e-4, top), yscale="log")
    ax.minorticks_off()
    (line,) = ax.plot([], [], color=CLASS_COLOURS[0], lw=2)
    head = quick(headline(ax))

    def update(losses, title):
        line.set_data(range(len(losses)), np.clip(losses, 1e-4, top))
        head.set_text(title)
        return [line, head]

    return update
