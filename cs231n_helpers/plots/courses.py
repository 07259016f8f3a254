"""Courses of training runs, to be read: one among many, the zones of a setting, error bars, and update ratios."""

import numpy as np
from matplotlib.collections import LineCollection

from . import training
from .quick import quick
from .style import INK, MUTED, QUIET, RIGHT, STILL, WRONG, headline, soft, style

PAIR = ((RIGHT, "-", "o"), (WRONG, "--", "s"))                      # training, validation
THUMB = 1e-3                                                        # the rule of thumb that is marked


def course(ax, others, longest, scales):
    """The loss of one run, bold, before those of other runs in grey, and behind it the loss of each batch, pale.

    others: a list of (steps, losses), drawn once; longest: steps of the axis; scales: {name: (scale, bottom, top)}, as
    {"log": ("log", 0.1, 10)}. What leaves the axis is cut off there.
    Returns update(steps, losses, scale, title, each=None): `each` are the losses of the batches of the same steps.
    """
    style(ax, "", "step", "loss", grid="both").set(xlim=(0, longest))
    behind = [ax.plot(xs, np.clip(ys, 0, 1e6), color=QUIET, lw=1, zorder=1.2)[0] for xs, ys in others]
    (pale,) = ax.plot([], [], color=soft(RIGHT, 0.55), lw=0.7, zorder=1.6)
    (bold,) = ax.plot([], [], color=RIGHT, lw=2.2, label="chosen run")
    head, shown = quick(headline(ax)), {}

    def update(steps, losses, scale, title, each=None):
        _, bottom, top = scales[scale]
        if shown.get("scale") != scale:
            _set_scale(ax, *scales[scale])
            shown["scale"] = scale
        bold.set_data(steps, np.clip(losses, bottom, 1.5 * top))
        pale.set_data(*((steps, np.clip(each, bottom, 1.5 * top)) if each is not None else ([], [])))
        head.set_text(title)
        return [*behind, pale, bold, head]

    return update


def _set_scale(ax, kind, bottom, top):
    """Set the y axis, with plain numbers at its ticks."""
    ax.set(yscale=kind, ylim=(bottom, top))
    ticks = np.outer(10.0 ** np.arange(-3, 5), [1, 2, 5]).ravel() if kind == "log" else np.linspace(0, top, 5)
    ticks = ticks[(ticks >= bottom) & (ticks <= top)]
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()


def zones(ax, xs, ys, kinds, looks, limits, names):
    """Where each of many runs ended, as a dot that says what kind of run it was; a ring marks one of them.

    xs, ys (K,), both on logarithmic axes, ys cut off at the limits; kinds (K,), looks: {kind: (label, colour, marker)}.
    Returns update(x, y, title).
    """
    style(ax, "", *names, grid="both").set(xscale="log", yscale="log", xlim=limits[:2], ylim=limits[2:])
    ticks = [tick for tick in (0.2, 0.5, 1, 2, 5, 10) if limits[2] <= tick <= limits[3]]
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ys = np.clip(ys, limits[2] * 1.05, limits[3] / 1.05)
    ax.plot(xs, ys, color=QUIET, lw=1, zorder=1.2)
    for kind, (label, colour, marker) in looks.items():
        mine = [place for place, found in enumerate(kinds) if found == kind]
        ax.plot(np.take(xs, mine), np.take(ys, mine), marker, color=colour, ms=8, mec="white", mew=0.8, label=label)
    ax.legend(frameon=False, fontsize=9, loc="upper left").set_zorder(STILL)
    (ring,) = ax.plot([], [], "o", ms=17, mfc="none", mec=INK, mew=1.6, zorder=5)
    head = quick(headline(ax))

    def update(x, y, title):
        ring.set_data([x], [np.clip(y, limits[2] * 1.05, limits[3] / 1.05)])
        head.set_text(title)
        return [ring, head]

    return update


def bars_of_error(ax, labels, limits, names, log="", legend="lower right"):
    """Up to two curves with an error bar at each point, and a thin line at one place.

    Returns update(lines, at=None, title=""): {label: (xs, means, deviations)}, `at` a place on the x axis.
    """
    style(ax, "", *names, grid="both").set(xscale="log" if "x" in log else "linear", xlim=limits[:2], ylim=limits[2:])
    ax.minorticks_off()
    drawn = {}
    for label, (colour, dash, marker) in zip(labels, PAIR):
        (line,) = ax.plot([], [], dash + marker, color=colour, lw=1.8, ms=5, mec="white", mew=0.6, label=label)
        drawn[label] = line, ax.add_collection(LineCollection([], colors=colour, linewidths=1.4))
    cursor = ax.axvline(limits[0], color=MUTED, lw=1, ls=":", visible=False)
    if legend:
        ax.legend(frameon=False, fontsize=9, loc=legend).set_zorder(STILL)
    head = quick(headline(ax))

    def update(lines, at=None, title=""):
        for label, (xs, means, deviations) in lines.items():
            line, bars = drawn[label]
            line.set_data(xs, means)
            bars.set_segments([[(x, m - s), (x, m + s)] for x, m, s in zip(xs, means, deviations)])
        cursor.set_visible(at is not None)
        if at is not None:
            cursor.set_xdata([at, at])
        head.set_text(title)
        return [cursor, *(artist for pair in drawn.values() for artist in pair), head]

    return update


def ratios(ax, labels, longest, limits=(1e-6, 100)):
    """How far arrays move in a step, as a part of their length, one curve for each; the rule of thumb is a pale band.

    Returns update(lines, title): {label: (steps, ratios)}; what is not finite or leaves the limits is drawn at them.
    """
    ax.axhline(THUMB, color=soft(QUIET, 0.4), lw=8, zorder=STILL, label="rule of thumb 1e-3")
    draw = training.curves(ax, labels, (0, longest, *limits), ("step", "step taken : length of the array"), "y",
                           legend="upper right")
    inside = (limits[0] * 1.05, limits[1] / 1.05)

    def update(lines, title):
        return draw({label: (xs, np.clip(np.nan_to_num(ys, nan=inside[1], posinf=inside[1]), *inside))
                     for label, (xs, ys) in lines.items()}, title=title)

    return update
