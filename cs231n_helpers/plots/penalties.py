"""What a penalty does to weights: where it meets the loss, how it thins a histogram, and how it limits lengths."""

import numpy as np

from .quick import quick
from .style import INK, MUTED, RIGHT, STILL, WRONG, headline, plane, soft, style


def constraint(ax, reach, levels=4):
    """Two weights: the loss as rings around its lowest point, and the area of no larger penalty, which touches one.

    Returns update(rings (levels, K, 2), touching (K, 2), area (K, 2), path (P, 2), target (2,), best (2,), title):
    `path` is where the lowest point of the sum goes as the strength grows, `best` where it is now.
    """
    plane(ax, (-reach, reach, -reach, reach), " ", ("$w_1$", "$w_2$"))
    for line in (ax.axhline, ax.axvline):
        line(0, color=MUTED, lw=0.8, zorder=STILL)
    (inside,) = ax.fill([0], [0], color=soft(RIGHT, 0.4), ec=RIGHT, lw=1.4, alpha=0.7, label="no larger penalty")
    rings = [ax.plot([], [], color=MUTED, lw=0.9)[0] for _ in range(levels)]
    (meeting,) = ax.plot([], [], color=INK, lw=1.8, label="equal loss")
    (way,) = ax.plot([], [], color=WRONG, lw=1.8, ls="--", label="as $\\lambda$ grows")
    (aim,) = ax.plot([], [], "P", color=INK, ms=9, mec="white", label="least loss")
    (now,) = ax.plot([], [], "o", color=WRONG, ms=9, mec="white", zorder=5, label="least sum")
    key = ax.legend(frameon=False, fontsize=8.5, loc="lower left", ncols=2, columnspacing=1, handlelength=1.4)
    key.set_zorder(STILL)
    head = quick(headline(ax))

    def update(ring_points, touching, area, path, target, best, title):
        inside.set_xy(area)
        for ring, points in zip(rings, ring_points, strict=True):
            ring.set_data(*np.transpose(points))
        for line, points in ((meeting, touching), (way, path), (aim, [target]), (now, [best])):
            line.set_data(*np.transpose(points))
        head.set_text(title)
        return [inside, *rings, meeting, way, aim, now, head]

    return update


def histogram(ax, edges, lowest=1e-4):
    """Shares of weights on a logarithmic axis, and apart from them, as one column, those that are exactly 0.

    Returns update(shares (K,), zeros, title): both as parts of all weights.
    """
    style(ax, "", "weight", "share").set(xlim=(edges[0], edges[-1]), ylim=(lowest, 1.5), yscale="log")
    ax.minorticks_off()
    outline = ax.stairs(np.full(len(edges) - 1, lowest), edges, baseline=lowest, fill=True, color=soft(RIGHT, 0.35))
    width = 0.6 * (edges[1] - edges[0])
    (column,) = ax.bar([0], [1], width=width, bottom=lowest, color=WRONG)
    head = quick(headline(ax))

    def update(shares, zeros, title):
        outline.set_data(np.maximum(shares, lowest))
        column.set(height=max(zeros - lowest, 0), visible=bool(zeros > 0))
        head.set_text(title)
        return [outline, column, head]

    return update


def lengths(ax, count, top):
    """The length of each neuron's weights as a column, and the limit as a line.

    Returns update(lengths (count,), largest, title); columns at the limit are dark, and none if `largest` is None.
    """
    style(ax, "", "neuron", "length of its weights").set(xlim=(-0.7, count - 0.3), ylim=(0, top))
    ax.set_xticks(range(0, count, 5))
    columns = ax.bar(range(count), np.ones(count), width=0.7)
    line = ax.axhline(0, color=WRONG, ls="--", lw=1.6)
    head = quick(headline(ax))

    def update(values, largest, title):
        for column, value in zip(columns, values, strict=True):
            at_limit = largest is not None and value > 0.999 * largest
            column.set(height=min(value, top), facecolor=RIGHT if at_limit else soft(RIGHT, 0.6))
        line.set(ydata=[largest or 0] * 2, visible=largest is not None)
        head.set_text(title)
        return [*columns, line, head]

    return update
