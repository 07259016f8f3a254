"""What of a network is frozen, and how ways to use it compare."""

import numpy as np

from .quick import quick
from .style import CLASS_COLOURS, FAINT, INK, MUTED, blank, headline, soft, style


def ladder(ax, names):
    """The units of a network in a row, the input at the left and the head at the right.

    Returns update(strengths, title): for each unit a number from 0 (frozen: grey and hatched) to 1 (full colour).
    """
    blank(ax).set(xlim=(-0.6, len(names) - 0.4), ylim=(-0.75, 0.6))
    boxes = [ax.fill(i + np.array([-0.45, 0.45, 0.45, -0.45]), [-0.4, -0.4, 0.4, 0.4], fc=FAINT, ec=INK, lw=0.8)[0]
             for i in range(len(names))]  # fmt: skip
    for i, name in enumerate(names):
        quick(ax.text(i, 0, name, ha="center", va="center", fontsize=8.5, color=INK, in_layout=False))
    below = [quick(ax.text(i, -0.62, "", ha="center", va="center", fontsize=8, color=MUTED, in_layout=False))
             for i in range(len(names))]  # fmt: skip
    head = quick(headline(ax))

    def update(strengths, title):
        for box, words, strength in zip(boxes, below, strengths, strict=True):
            box.set_facecolor(soft(CLASS_COLOURS[0], 1 - 0.6 * strength**0.3) if strength else FAINT)
            box.set_hatch("" if strength else "////")
            box.set_edgecolor(INK if strength else MUTED)
            words.set_text("frozen" if strength == 0 else "learns" if strength == 1 else f"x {strength:.2g}")
        head.set_text(title)
        return [*boxes, *below, head]

    return update


def ways(ax, labels, limits=(0, 1)):
    """A lying bar for each way, as long as the mean of its runs, with a dot for each run, and the mean in words.

    Returns update(runs, title): `runs` holds the results of each way, (R,) from 0 to 1; none: no bar.
    """
    style(ax, "", grid="x").set(xlim=limits, ylim=(len(labels) - 0.45, -0.6), yticks=range(len(labels)))
    ax.set_yticklabels(labels, fontsize=9)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    bars = ax.barh(range(len(labels)), 0, 0.6, color=[soft(colour, 0.45) for colour in CLASS_COLOURS[:len(labels)]])
    dots = [ax.plot([], [], "o", ms=4, color=CLASS_COLOURS[i])[0] for i in range(len(labels))]
    ends = [quick(ax.text(0, i, "", va="center", fontsize=9, color=INK, in_layout=False)) for i in range(len(labels))]
    head = quick(headline(ax))

    def update(runs, title):
        for i, (bar, dot, end, found) in enumerate(zip(bars, dots, ends, runs, strict=True)):
            mean = float(np.mean(found)) if len(found) else limits[0]
            bar.set_width(mean)
            dot.set_data(found, np.full(len(found), i))
            end.set(x=max([mean, *found]) + 0.02 * (limits[1] - limits[0]), text=f"{mean:.1%}" if len(found) else "")
        head.set_text(title)
        return [*bars, *dots, *ends, head]

    return update
