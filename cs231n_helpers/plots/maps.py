"""Maps of images: a point for each, in the colour and marker of its class; near points are images that are alike."""

import numpy as np
from matplotlib.collections import LineCollection

from .quick import quick
from .style import CLASS_COLOURS, INK, MARKERS, MUTED, blank, headline, soft


def scattered(ax, classes):
    """Points by class, a chosen one with a ring around it, and lines from it to others, its neighbours.

    classes : how many there are at most. Returns update(points (N, 2), chosen, others (K,), labels (N,), title): the
    points fill the map, whatever their scale; `chosen` and `others` are indices.
    """
    blank(ax).set(xlim=(-0.04, 1.04), ylim=(-0.04, 1.04))
    for side in ax.spines.values():
        side.set(visible=True, color=soft(MUTED, 0.6))
    dots = [ax.plot([], [], MARKERS[k % 10], ms=4.2, color=CLASS_COLOURS[k % 10], mec="white", mew=0.3)[0]
            for k in range(classes)]  # fmt: skip
    lines = ax.add_collection(LineCollection([], colors=[INK], lw=1.2, zorder=4), autolim=False)
    (ring,) = ax.plot([], [], "o", ms=12, mfc="none", mec=INK, mew=2, zorder=5)
    head = quick(headline(ax))

    def update(points, chosen, others, labels, title):
        low, high = points.min(axis=0), points.max(axis=0)
        placed = (points - low) / np.where(high > low, high - low, 1)
        for k, dot in enumerate(dots):
            dot.set_data(*placed[labels == k].T)
        lines.set_segments([placed[[chosen, other]] for other in others])
        ring.set_data(*placed[[chosen]].T)
        head.set_text(title)
        return [*dots, lines, ring, head]

    return update
