"""Tables of architectures: one line for each layer, with a bar behind each number that shows its share."""

import numpy as np
from matplotlib.collections import PolyCollection

from .style import CLASS_COLOURS, FAINT, INK, MUTED, STILL, blank, headline, soft, style
from .words import Words

GROWTH, LARGER = 2.2, 1.2           # how much higher lines, and larger words, become where there are few lines


def table(ax, headings, widths, bars, most, size=8.5):
    """A table of at most `most` lines and a last one for the sums; columns as wide as `widths` (parts of 1).

    headings: one for each column, the first one's words stand at the left, all others at the right of their column;
    bars: the numbers of the columns that get bars. Fewer lines are drawn higher, so that they use the axis.
    Returns update(lines, shares, sums, title, chosen=None): `lines` are lists of texts, `shares` {column: one number
    from 0 to 1 for each line}, `sums` the texts of the last line, `chosen` the number of the line that is shaded.
    """
    blank(ax).set(xlim=(0, 1), ylim=(most + 0.6, -1.4))
    rights = np.cumsum(widths) / np.sum(widths)
    lefts, ends = np.append(0, rights[:-1]), [0.0, *(rights[1:] - 0.008)]
    for words, x in zip(headings, ends, strict=True):
        ax.text(x, -0.95, words, ha="left" if x == 0 else "right", va="center", fontsize=size, color=MUTED,
                in_layout=False, zorder=STILL)  # fmt: skip
    drawn = {column: ax.add_collection(PolyCollection([], fc=soft(CLASS_COLOURS[i], 0.6), lw=0, zorder=0.4))
             for i, column in enumerate(bars)}  # fmt: skip
    (rule,) = ax.plot([0, 1], [0, 0], color=MUTED, lw=0.8)
    band = ax.axhspan(0, 1, color=FAINT, lw=0, zorder=0.3, visible=False)
    words, head = Words(ax), headline(ax)
    for line in range(most + 1):
        for column, x in enumerate(ends):
            words.place((line, column), x, line, align="left" if column == 0 else "right")

    def update(lines, shares, sums, title, chosen=None):
        height = min((most + 1) / (len(lines) + 1), GROWTH)             # of a line: 1 where all are there
        for (line, column), word in words.places.items():
            texts = lines[line] if line < len(lines) else sums if line == len(lines) else [""] * len(ends)
            word.text, word.bold, word.size = texts[column], line == len(lines), size * min(height, LARGER)
            word.y = (line + 0.5) * height - 0.5 + 0.32 * word.size / size
        for column, collection in drawn.items():
            sides = lefts[column] + 0.012, rights[column]
            collection.set_verts([_bar(*sides, (line + 0.5) * height - 0.5, share, height)
                                  for line, share in enumerate(shares[column])])  # fmt: skip
        rule.set_ydata([len(lines) * height - 0.5] * 2)
        band.set(y=(chosen or 0) * height - 0.5, height=height, visible=chosen is not None)
        head.set_text(title)
        return [band, *drawn.values(), rule, words, head]

    return update


def _bar(left, right, middle, share, height):
    start, half = right - share * (right - left), 0.42 * height
    return [(start, middle - half), (right, middle - half), (right, middle + half), (start, middle + half)]


def history(ax, years):
    """Networks in the order of their years (across) and a size (up, logarithmic), each with its name.

    `years` is {name: year}. Returns update(sizes, limits, chosen, title): `sizes` (N,), `limits` (low, high) of the
    axis, `chosen` the number of the network that is filled.
    """
    across = range(len(years))
    style(ax, "", "year").set(xlim=(-0.8, len(years) - 0.2), yscale="log")
    ax.set_xticks(across, years.values())
    dots = [ax.plot([i], [1], "o", ms=10, mec=INK, mew=1.2)[0] for i in across]
    labels = [ax.annotate(name, (i, 1), (0, 11 if i % 2 else -16), textcoords="offset points", ha="center", va="center",
                          fontsize=8.5, color=INK, in_layout=False) for i, name in enumerate(years)]  # fmt: skip
    head = headline(ax)

    def update(sizes, limits, chosen, title):
        if ax.get_ylim() != limits:
            ax.set_ylim(limits)
            ax.minorticks_off()
        for i, (dot, label, size) in enumerate(zip(dots, labels, sizes, strict=True)):
            dot.set_ydata([size])
            dot.set_markerfacecolor(CLASS_COLOURS[4] if i == chosen else "white")
            label.xy = i, size
        head.set_text(title)
        return [*dots, *labels, head]

    return update
