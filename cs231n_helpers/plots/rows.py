"""Bars in rows, with a name before and a text behind each: votes, distances, times, bytes."""

import numpy as np

from .style import CLASS_COLOURS, INK, STILL, style


def bars(ax, names, title="", xlabel="", limits=(0, 1), log=False, colours=CLASS_COLOURS[0], height=0.72, fontsize=9):
    """Draw one bar per name, the first on top; `limits` bound the value axis, `log` makes it logarithmic.

    Returns update(values, texts=None, colours=None, names=None): the lengths (NaN shows no bar, what lies outside the
    limits is cut at them), the text at each bar's end, and, where they change, colours and names. It returns the
    artists that changed.
    """
    style(ax, title, xlabel, grid="x")
    rows = np.arange(len(names))
    ax.set(xscale="log" if log else "linear", xlim=limits, ylim=(len(names) - 0.4, -0.6), yticks=[])
    ax.spines["left"].set_visible(False)
    drawn = ax.barh(rows, 0, height, left=limits[0], color=colours, linewidth=0)
    ends = [ax.annotate("", (limits[0], row), (4, 0), textcoords="offset points", va="center", fontsize=fontsize,
                        color=INK, annotation_clip=False) for row in rows]  # fmt: skip
    labels = [ax.annotate(name, (0, row), (-6, 0), xycoords=ax.get_yaxis_transform(), textcoords="offset points",
                          ha="right", va="center", fontsize=fontsize, color=INK, annotation_clip=False, zorder=STILL)
              for row, name in zip(rows, names, strict=True)]  # fmt: skip

    def update(values, texts=None, colours=None, names=None):
        shown = np.nan_to_num(np.asarray(values, float), nan=limits[0]).clip(*limits)
        for i, value in enumerate(shown):
            drawn[i].set_width(value - limits[0])
            ends[i].xy = value, i
            ends[i].set_text("" if texts is None else texts[i])
        for i, colour in enumerate(() if colours is None else colours):
            drawn[i].set_color(colour)
        for label, name in zip(labels, names or (), strict=False):
            label.set_text(name)
        return [*drawn, *ends, *(labels if names else ())]

    return update
