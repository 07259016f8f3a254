"""Losses as curves: what one score pays, and how hard it is pushed."""

from .quick import quick
from .style import CLASS_COLOURS, INK, MARKERS, MUTED, RIGHT, STILL, WRONG, headline, soft, style

DASHES = ("-", "--", ":")


def terms(ax, xs, curves, limits, names, count, legend="upper right"):
    """Curves over `xs`, drawn once, {label: heights}, with up to `count` dots on each.

    Returns update(at (K,), heights {label: (K,)}, title): dots for the labels given; a height outside the limits has
    its dot at the edge.
    """
    style(ax, "", *names, grid="both").set(xlim=limits[:2], ylim=limits[2:])
    looks = dict(zip(curves, zip(CLASS_COLOURS, DASHES, MARKERS), strict=False))
    for label, heights in curves.items():
        colour, dash, _ = looks[label]
        ax.plot(xs, heights, dash, color=colour, lw=2, label=label)
    dots = {label: ax.plot([], [], marker, color=colour, ms=8, mec="white", zorder=5, clip_on=False, in_layout=False)[0]
            for label, (colour, _, marker) in looks.items()}  # fmt: skip
    ax.legend(frameon=False, fontsize=9, loc=legend).set_zorder(STILL)
    head = quick(headline(ax))

    def update(at, heights, title):
        for label, dot in dots.items():
            shown = [(x, min(h, limits[3])) for x, h in zip(at, heights.get(label, ()), strict=False)]
            dot.set_data([min(max(x, limits[0]), limits[1]) for x, _ in shown[:count]], [h for _, h in shown[:count]])
        head.set_text(title)
        return [*dots.values(), head]

    return update


def tags(ax, names, reach):
    """A bar for the score of each tag, from 0 to the side of its answer; dashed lines at the margins -1 and 1.

    Returns update(scores (A,), signs (A,) of -1 and 1, title): blue bars are on the right side, orange ones not; the
    name says what is true, "yes" or "no".
    """
    count = len(names)
    style(ax, "", "score", grid="x").set(xlim=(-reach, reach), ylim=(count - 0.4, -0.6), yticks=range(count))
    ax.set_yticklabels([f"{name}: yes" for name in names])                          # room for the longest
    ax.axvline(0, color=MUTED, lw=1)
    for margin in (-1, 1):
        ax.axvline(margin, color=MUTED, lw=1.2, ls="--")
    bars = ax.barh(range(count), [1] * count, 0.62)
    ticks = [quick(ax.text(-0.03, i, "", transform=ax.get_yaxis_transform(), ha="right", va="center", fontsize=9,
                           color=INK, in_layout=False)) for i in range(count)]  # fmt: skip
    for label in ax.get_yticklabels():
        label.set_alpha(0)
    head = quick(headline(ax))

    def update(scores, signs, title):
        for bar, tick, name, score, sign in zip(bars, ticks, names, scores, signs, strict=True):
            bar.set(width=min(max(score, -reach), reach), facecolor=RIGHT if score * sign > 0 else WRONG)
            tick.set(text=f"{name}: {'yes' if sign > 0 else 'no'}", color=INK if sign > 0 else MUTED)
        head.set_text(title)
        return [*bars, *ticks, head]

    return update


def pulls(ax, count, reach, colours=(RIGHT, WRONG)):
    """The share of each example in the slope of the loss, as columns up or down; the last one is marked.

    Returns update(slopes (count,), title).
    """
    style(ax, "", "example", "its share of the slope").set(xlim=(-0.7, count - 0.3), ylim=(-reach, reach))
    ax.set_xticks(range(count))
    ax.axhline(0, color=MUTED, lw=0.8)
    shades = [soft(colours[0], 0.45)] * (count - 1) + [colours[1]]
    columns = ax.bar(range(count), [1] * count, width=0.7, color=shades)
    head = quick(headline(ax))

    def update(slopes, title):
        for column, slope in zip(columns, slopes, strict=True):
            column.set_height(slope)
        head.set_text(title)
        return [*columns, head]

    return update
