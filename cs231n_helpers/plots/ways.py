"""Several ways to one end: what each reaches against what it costs, as numbered dots that a table can name."""

from matplotlib.collections import LineCollection

from .quick import quick
from .style import CLASS_COLOURS, INK, headline, style


def against_cost(ax, count):
    """`count` dots with the numbers 1, 2, ... in them: a cost across (logarithmic), an accuracy upwards, in per cent.

    Returns update(costs, accuracies, limits, title): `costs` (N,), `accuracies` a list of (lowest, middle, highest) of
    each way's runs, from 0 to 1, `limits` = (left, right, bottom, top) of the axis.
    """
    style(ax, grid="both").set(xscale="log", xlim=(1e-2, 1e2), ylim=(0, 100))
    ax.minorticks_off()
    spread = ax.add_collection(LineCollection([], colors=[INK], lw=1.4, zorder=2))
    dots = [ax.plot([], [], "o", ms=15, mfc=colour, mec=INK, mew=0.8, zorder=3)[0] for colour in CLASS_COLOURS[:count]]
    names = [quick(ax.text(1, 0, str(i + 1), ha="center", va="center", fontsize=9.5, weight="bold",
                           color="white", in_layout=False, zorder=4)) for i in range(count)]  # fmt: skip
    head = quick(headline(ax))

    def update(costs, accuracies, limits, title):
        if (*ax.get_xlim(), *ax.get_ylim()) != limits:
            ax.set(xlim=limits[:2], ylim=limits[2:])
            ax.minorticks_off()
        percent = [[100 * accuracy for accuracy in row] for row in accuracies]
        spread.set_segments([[(cost, row[0]), (cost, row[2])] for cost, row in zip(costs, percent, strict=True)])
        for dot, name, cost, row in zip(dots, names, costs, percent, strict=True):
            dot.set_data([cost], [row[1]])
            name.set_position((cost, row[1]))
        head.set_text(title)
        return [spread, *dots, *names, head]

    return update
