"""Update rules seen from above: a landscape with runners on it, and what each of them does step by step."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D

from .quick import quick
from .style import CLASS_COLOURS, INK, MUTED, headline, soft, style

LOOKS = {  # colour, dash, marker
    "SGD": (INK, "-", "o"),
    "Momentum": (CLASS_COLOURS[0], "-", "s"),
    "Nesterov": (CLASS_COLOURS[5], "--", "^"),
    "Adagrad": (CLASS_COLOURS[2], "-.", "D"),
    "RMSprop": (CLASS_COLOURS[1], "-", "v"),
    "Adam": (CLASS_COLOURS[4], "-", "P"),
    "Adam uncorrected": (CLASS_COLOURS[3], "--", "X"),
}
GREYS = LinearSegmentedColormap.from_list("height", ["#AEB6C2", "#FBFBFC"]).resampled(8)


def ground(ax, reach, names=("$w_1$", "$w_2$")):
    """Bands of equal height over -reach to reach, dark is low.

    Returns update(bands (K, K), title): rows from below, 0 is the lowest band and 1 the highest.
    """
    style(ax, "", *names, grid=None)
    bands = ax.imshow(np.zeros((2, 2)), extent=(-reach, reach, -reach, reach), origin="lower", aspect="equal",
                      cmap=GREYS, vmin=0, vmax=1, interpolation="bilinear", zorder=0)  # fmt: skip
    bands.set_interpolation_stage("data")
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=np.linspace(-reach, reach, 5),
           yticks=np.linspace(-reach, reach, 5))  # fmt: skip
    head, last = quick(headline(ax)), []

    def update(heights, title):
        head.set_text(title)
        if last and last[0] is heights:                     # painting the bands is what takes the time
            return [head]
        last[:] = [heights]
        bands.set_data(heights)
        return [bands, head]

    return update


def runners(ax, names):
    """Ways and present places, in the colour, dash and marker of each name in LOOKS. Draw it on a `ground`.

    Returns update(paths {name: (K, 2)}): a name that is not there is not shown, NaN leaves a gap.
    """
    ways = {name: ax.plot([], [], LOOKS[name][1], color=LOOKS[name][0], lw=1.7)[0] for name in names}
    heads = {name: ax.plot([], [], LOOKS[name][2], color=LOOKS[name][0], ms=8, mec="white", mew=1)[0] for name in names}

    def update(paths):
        for name in names:
            path = paths.get(name, np.empty((0, 2)))
            ways[name].set(data=path.T, visible=name in paths)
            heads[name].set(data=path[-1:].T, visible=name in paths)
        return [*ways.values(), *heads.values()]

    return update


def courses(ax, names, limits, labels, log="y", pairs=False):
    """What changes from step to step, one line per name of LOOKS; with `pairs` two, thick for w1 and thin for w2.

    `limits` = (left, right, bottom, top). Returns update(lines {name: (xs, ys) or (xs, ys, ys)}, title): a name that
    is not there is not shown.
    """
    style(ax, "", *labels).set(xscale="log" if "x" in log else "linear",
                                            yscale="log" if "y" in log else "linear")  # fmt: skip
    ax.set(xlim=limits[:2], ylim=limits[2:])
    ax.minorticks_off()
    widths = (2.6, 1.1) if pairs else (1.8,)
    lines = {name: [ax.plot([], [], LOOKS[name][1], color=LOOKS[name][0], lw=width)[0] for width in widths]
             for name in names}  # fmt: skip
    dots = {name: ax.plot([], [], LOOKS[name][2], color=LOOKS[name][0], ms=6, mec="white", mew=0.8)[0]
            for name in names}  # fmt: skip
    head = quick(headline(ax))

    def update(shown, title):
        for name in names:
            xs, *ys = shown.get(name, ((), *((),) * len(widths)))
            for line, values in zip(lines[name], ys, strict=True):
                line.set(data=(xs, values), visible=name in shown)
            dots[name].set(data=([xs[-1:]] * len(ys), [values[-1:] for values in ys]), visible=name in shown)
        head.set_text(title)
        return [*(line for pair in lines.values() for line in pair), *dots.values(), head]

    return update


def key(ax, names):
    """A legend of LOOKS below the whole figure, where it covers nothing. It never changes."""
    below(ax, [Line2D([], [], ls=dash, marker=marker, color=colour, lw=1.8, ms=6, mec="white", label=name)
               for name, (colour, dash, marker) in ((name, LOOKS[name]) for name in names)])  # fmt: skip


def below(ax, handles):
    """A legend of labelled lines below the whole figure."""
    ax.figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, fontsize=9,
                     columnspacing=1.2, handlelength=2.2)  # fmt: skip


def sweep(ax, names, rates, limits, labels):
    """A number with its spread against the learning rate, a line per name of LOOKS, and a dotted line at one rate.

    Returns update(middles {name: (K,)}, spreads {name: (K,)}, rate, title, chosen): a name not among `chosen` is pale.
    """
    style(ax, "", *labels).set(xscale="log", xlim=limits[:2], ylim=limits[2:])
    ax.minorticks_off()
    lines = {name: ax.plot([], [], LOOKS[name][1], color=LOOKS[name][0])[0] for name in names}
    bars = {name: ax.add_collection(LineCollection([], lw=1.3, colors=[LOOKS[name][0]]), autolim=False)
            for name in names}  # fmt: skip
    cursor = ax.axvline(rates[0], color=MUTED, lw=1, ls=":")
    head = quick(headline(ax))

    def update(middles, spreads, rate, title, chosen):
        for name in names:
            y, s = middles[name], spreads[name]
            colour = LOOKS[name][0] if name in chosen else soft(LOOKS[name][0], 0.75)
            lines[name].set(data=(rates, y), color=colour, lw=1.8 if name in chosen else 1)
            bars[name].set_segments([[(r, a - b), (r, a + b)] for r, a, b in zip(rates, y, s, strict=True)])
            bars[name].set_color(colour)
        cursor.set_xdata([rate] * 2)
        head.set_text(title)
        return [cursor, *lines.values(), *bars.values(), head]

    return update
