"""Relative errors on the scale by which a gradient check is read."""

import numpy as np

from .style import ALARM, CLASS_COLOURS, INK, MUTED, headline, soft, style

BANDS = ((1e-7, "right", CLASS_COLOURS[0]), (1e-4, "kinks?", CLASS_COLOURS[5]),
         (1e-2, "suspicious", CLASS_COLOURS[1]), (1e2, "wrong", CLASS_COLOURS[4]))  # fmt: skip
LOWEST = 1e-16  # what is smaller, zero as well, stands here, if no other place is given


def scale(ax, names, fontsize=9, lowest=LOWEST):
    """One dot per name at its relative error, over the bands right, kinks?, suspicious, wrong; the first on top.

    What is smaller than `lowest` stands there; a larger one leaves a narrow axis more room for the words.
    Returns update(errors, chosen=None, title="", good=True, notes=None): `errors` (K,), where NaN shows no dot,
    `chosen` the number of a row that is ringed, `good` whether the title is good news, `notes` K texts that stand in
    place of a dot or "".
    """
    rows, left = np.arange(len(names)), lowest / 3
    style(ax, "", "relative error", grid="x").set(xscale="log", xlim=(left, BANDS[-1][0]), yticks=rows,
                                                  ylim=(len(names) - 0.4, -1.5))  # fmt: skip
    ax.set_yticklabels(names, fontsize=fontsize)
    ax.minorticks_off()
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    for right, words, colour in BANDS:
        ax.axvspan(left, right, color=soft(colour, 0.82), lw=0, zorder=0)
        ax.text(np.sqrt(left * right), -1, words, ha="center", va="center", fontsize=9, color=INK, in_layout=False)
        left = right
    (dots,) = ax.plot([], [], "o", color=CLASS_COLOURS[0], ms=6, mec="white", mew=0.6, zorder=4)
    (bad,) = ax.plot([], [], "X", color=ALARM, ms=9, mec="white", mew=0.6, zorder=5)
    (ring,) = ax.plot([], [], "o", mfc="none", mec=INK, ms=13, mew=1.4, zorder=6)
    texts = [ax.text(lowest, row, "", va="center", fontsize=fontsize, color=MUTED, in_layout=False) for row in rows]
    head = headline(ax)

    def update(errors, chosen=None, title="", good=True, notes=None):
        places = np.clip(np.asarray(errors, float), lowest, BANDS[-1][0] / 2)
        for marks, mine in ((dots, places <= BANDS[0][0]), (bad, places > BANDS[0][0])):
            marks.set_data(places[mine], rows[mine])
        ring.set_data([] if chosen is None else [places[chosen]], [] if chosen is None else [chosen])
        for text, note in zip(texts, notes or [""] * len(texts), strict=True):
            text.set_text(note)
        head.set(text=title, color=INK if good else ALARM)
        return [dots, bad, ring, *texts, head]

    return update
