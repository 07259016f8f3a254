"""Several models side by side: what each does, what they do together, what it costs; and what a teacher says."""

import numpy as np
from matplotlib.collections import LineCollection

from .quick import quick
from .style import CLASS_COLOURS, INK, MARKERS, MUTED, QUIET, STILL, headline, style

DASHES = ("-", "--", "-.", ":")


def with_spread(ax, labels, limits, names=("", ""), log=False, legend="lower right", dots=""):
    """A line for each label with error bars at its points; `log` makes the lower axis logarithmic.

    `limits` = (left, right, bottom, top); `dots` names pale points behind (nothing: none). Returns
    update(lines, at=None, title="", points=None): `lines` is {label: (xs, means, spreads)}, `at` the place of a thin
    upright line, and `points` (xs, ys) the pale points.
    """
    style(ax, "", *names).set(xscale="log" if log else "linear", xlim=limits[:2], ylim=limits[2:])
    ax.minorticks_off()
    pale = ax.plot([], [], "o", color=QUIET, ms=4.5, mew=0, label=dots, zorder=1.5)[0] if dots else None
    looks = list(zip(labels, CLASS_COLOURS, DASHES, MARKERS))
    drawn = {label: ax.plot([], [], marker, ls=dash, color=colour, lw=1.8, ms=6, mec="white", mew=0.8, label=label)[0]
             for label, colour, dash, marker in looks}  # fmt: skip
    bars = {label: ax.add_collection(LineCollection([], colors=[colour], lw=1.6)) for label, colour, _, _ in looks}
    cursor = ax.axvline(limits[0], color=MUTED, lw=1, ls=":", visible=False)
    ax.legend(frameon=False, fontsize=9, loc=legend, ncols=3 if dots else 1).set_zorder(STILL)
    head = quick(headline(ax))

    def update(lines, at=None, title="", points=None):
        for label, (xs, means, spreads) in lines.items():
            drawn[label].set_data(xs, means)
            bars[label].set_segments([[(x, m - s), (x, m + s)] for x, m, s in zip(xs, means, spreads, strict=True)])
        if pale:
            pale.set_data(*(points if points is not None else ([], [])))
        cursor.set(visible=at is not None, xdata=[at or limits[0]] * 2)
        head.set_text(title)
        return [*([pale] if pale else []), *bars.values(), *drawn.values(), cursor, head]

    return update


def levels(ax, names, title, xlabel, limits, colour=CLASS_COLOURS[0]):
    """A lying bar for each name, the first on top, with a text at its end; as `rows.bars`, for many quick changes.

    Returns update(values, texts, colours=None).
    """
    style(ax, title, xlabel, grid="x").set(xlim=limits, ylim=(len(names) - 0.4, -0.6))
    ax.spines["left"].set_visible(False)
    ax.set_yticks(range(len(names)), names, color=INK)
    ax.tick_params(axis="y", length=0)
    bars = ax.barh(range(len(names)), np.zeros(len(names)), 0.72, color=colour)
    gap = 0.015 * (limits[1] - limits[0])
    ends = [quick(ax.text(0, row, "", va="center", fontsize=9, color=INK, in_layout=False, zorder=3))
            for row in range(len(names))]  # fmt: skip

    def update(values, texts, colours=None):
        for bar, end, value, text in zip(bars, ends, values, texts, strict=True):
            bar.set_width(value)
            end.set(x=value + gap, text=text)
        for bar, shade in zip(bars, colours or (), strict=False):
            bar.set_facecolor(shade)
        return [*bars, *ends]

    return update


def standings(ax, count, limits, xlabel, room=0.0):
    """A row for each model: its name, a dot at its mean and an error bar.

    Returns update(names, means, spreads, title=""), the first row on top.
    """
    style(ax, "", xlabel, grid="x").set(xlim=limits, ylim=(count - 0.4, -0.6), yticks=[])
    ax.spines["left"].set_visible(False)
    bars = ax.add_collection(LineCollection([], colors=[INK], lw=1.6))
    (dots,) = ax.plot([], [], "o", color=CLASS_COLOURS[0], ms=7, mec="white", mew=0.8, zorder=3)
    labels = [quick(ax.text(-0.02, row + 0.14, " ", transform=ax.get_yaxis_transform(), ha="right", fontsize=9,
                            color=INK, clip_on=False, in_layout=False)) for row in range(count)]  # fmt: skip
    head = quick(headline(ax))

    def update(names, means, spreads, title=""):
        rows = range(len(names))
        dots.set_data(means, rows)
        bars.set_segments([[(m - s, row), (m + s, row)] for row, m, s in zip(rows, means, spreads, strict=True)])
        for label, name in zip(labels, names, strict=False):
            label.set_text(name)
        head.set_text(title)
        return [bars, dots, *labels, head]

    return update


def shared(ax, names):
    """A square table of shares, dark is large: how much of each class (across) is said of each class (down).

    Returns update(table (C, C) from 0 to 1, title): the diagonal, much larger than the rest, is left out.
    """
    count = len(names)
    picture = ax.imshow(np.zeros((count, count)), cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
    for side in ax.spines.values():
        side.set_visible(False)
    ax.set_xticks(range(count), names, rotation=90, fontsize=8, color=INK)
    ax.set_yticks(range(count), names, fontsize=8, color=INK)
    ax.tick_params(length=0)
    head = quick(headline(ax))

    def update(table, title):
        shown = np.where(np.eye(count, dtype=bool), np.nan, table)
        picture.set_data(shown)
        picture.set_clim(0, np.nanmax(shown))
        head.set_text(title)
        return [picture, head]

    return update
