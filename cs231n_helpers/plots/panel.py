"""The instruments of a training run on one clock: its curves, and what the network looked like at one moment."""

import string

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Polygon

from .images import montage
from .quick import quick
from .runs import curves, small
from .style import CLASS_COLOURS, INK, MUTED, QUIET, STILL, headline, soft
from .words import Words

ROWS = 6                            # most layers that are shown at once
LINE = 124                          # letters of the line above all that the figure has room for
TALL = 0.075                        # of the words above a hill, as a part of the axis


def cockpit(axes, places, columns, titles, shape, limits):
    """All instruments on axes named L (loss), A (accuracy), F (filters), H (activations), G (gradients), R (update
    ratios), D (dead units), of which only L must be there.

    places, columns, titles: of the pictures of filters, whose `shape` is (H, W, C); limits: (lowest, highest) of the
    loss axis. Returns update(history, at, words, pins=(), reach=(-1, 1), epochs=10): `at` is the number of the moment,
    `words` the line above all, `pins` earlier runs as `train.repeat.curve_of` and `band_of` return them, `reach` the
    limits of the activations, `epochs` the length of the axis.
    """
    head = quick(next(iter(axes.values())).figure.suptitle(" ", x=0.012, ha="left", fontsize=9, color=INK))
    parts = [curves(axes["L"], "loss", ("each batch", "validation"), limits)]
    makers = {"A": lambda ax: curves(ax, "accuracy", ("training", "validation"), (0, 1)),
              "F": lambda ax: _filters(ax, places, columns, titles, shape), "H": _activations, "G": _gradients,
              "R": _ratios, "D": _dead}
    parts += [make(axes[name]) for name, make in makers.items() if name in axes]

    def update(history, at, words, pins=(), reach=(-1.0, 1.0), epochs=10):
        head.set_text(words if len(words) <= LINE else words[:LINE - 1] + "…")
        moment = history.moments[at]
        state = {"history": history, "moment": moment, "pins": pins, "reach": reach, "epochs": epochs}
        return [head, *(artist for part in parts for artist in part(**state))]

    return update


# ---------------------------------------------------------------------------------------------------- one moment
def _filters(ax, places, columns, titles, shape):
    """The first layer's weights as pictures."""
    small(ax, "first layer's weights", grid=None)
    show = montage(ax, np.full((1, *shape), 255, np.uint8), columns, titles, rows=-(-places // columns), fontsize=7.5)
    headline(ax, "first layer's weights").set(size=10, zorder=STILL)

    def update(moment, **_):
        pictures = moment.reading.filters
        return show(images=pictures[:places]) if pictures is not None else []

    return update


def _activations(ax):
    """What each hidden layer puts out, as one hill each."""
    small(ax, "activations", grid="x")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")     # no power of ten beside the axis
    show = _hills(ax)

    def update(moment, reach, **_):
        if ax.get_xlim() != reach:
            ax.set_xlim(reach)
        hills = moment.reading.activations
        notes = [f"{spread.zero:.0%} are 0" if spread.zero > 0.005 else "" for spread in hills.values()]
        return show(hills, notes)

    return update


def _gradients(ax):
    """How large the gradients of each layer's weights are, in powers of ten."""
    small(ax, "|gradient| of the weights", grid="x")
    ax.set(xlim=(-9, 1), xticks=range(-8, 2, 2), xticklabels=[f"1e{n}" for n in range(-8, 2, 2)])
    show = _hills(ax)
    return lambda moment, **_: show(moment.reading.gradients, [])


def _hills(ax):
    """Up to ROWS histograms, one above the other. Returns show({name: Spread}, notes)."""
    ax.set(ylim=(0, 1), yticks=[])
    ax.spines["left"].set_visible(False)
    shapes = [ax.add_patch(Polygon([[0, 0]], closed=True, fc=soft(colour, 0.45), ec=colour, lw=1))
              for colour in CLASS_COLOURS[:ROWS]]
    words = Words(ax)
    for row in range(ROWS):
        words.place(("name", row), 0, 0, size=7.5, align="left")
        words.place(("note", row), 0, 0, size=7.5, align="right")

    def show(spreads, notes):
        chosen, notes, sides = some(list(spreads)), dict(zip(spreads, notes)), ax.get_xlim()
        for row, shape in enumerate(shapes):
            there = row < len(chosen)
            name = chosen[row] if there else ""
            shape.set_visible(there)
            words.write(("name", row), brief(name))
            words.write(("note", row), notes.get(name, ""))
            base, height = 1 - (row + 1) / max(len(chosen), 1), 1 / max(len(chosen), 1)
            for kind, x in zip(("name", "note"), sides):
                words.places[kind, row].x, words.places[kind, row].y = x, base + height - TALL
            if there:
                shape.set_xy(_outline(spreads[name], base, max(0.55 * height, height - TALL - 0.02)))
        return [*shapes, words]

    return show


def _outline(spread, base, height):
    """A histogram as a closed outline of steps, its highest bin of the given height, (2 * bins + 2, 2)."""
    tall = spread.shares / max(spread.shares.max(), 1e-12) * height + base
    xs = np.repeat(spread.edges, 2)
    return np.stack([xs, np.concatenate([[base], np.repeat(tall, 2), [base]])], 1)


def brief(name, most=2):
    """The name of a layer, or of its weights; of layers within blocks, what stands between the first word and the last
    in letters: "fire7.parallel1.branch2.conv1.W" is "fire7.p1b2.conv1", and with most=1, where there is no room, fire7.
    """
    first, *inner = name.removesuffix(".W").split(".")
    if most == 1 or len(inner) < 2:
        return first if most == 1 else ".".join([first, *inner])
    between = "".join(word[0] + word.lstrip(string.ascii_lowercase + "_") for word in inner[:-1])
    return f"{first}.{between}.{inner[-1]}"


def some(names):
    """All names, or ROWS of them evenly spread, the first and the last among them."""
    if len(names) <= ROWS:
        return names
    return [names[round(i * (len(names) - 1) / (ROWS - 1))] for i in range(ROWS)]


# ---------------------------------------------------------------------------------------------------- layers over time
def _ratios(ax):
    """How far each layer's weights move in a step, as a part of their length."""
    small(ax, "update : weights, each step", "epoch", grid="both")
    ax.set(yscale="log", ylim=(1e-6, 1), yticks=[1e-6, 1e-4, 1e-2, 1])
    ax.minorticks_off()
    ax.axhline(1e-3, color=QUIET, lw=5, zorder=0.6)
    ax.text(0.99, 1.3e-3, "rule of thumb 1e-3", transform=ax.get_yaxis_transform(), ha="right", va="bottom",
            fontsize=7, color=MUTED, zorder=STILL, in_layout=False)
    show = _by_layer(ax, (1e-6, 1))
    return lambda history, moment, epochs, **_: show([m.ratios for m in history.moments], history, moment, epochs)


def _dead(ax):
    """The share of each ReLU layer's units that are off for every example."""
    head = small(ax, "dead units", "epoch", grid="both")
    ax.set(ylim=(-0.03, 1), yticks=[0, 0.5, 1], yticklabels=["0 %", "50 %", "100 %"])
    show = _by_layer(ax, (0, 1))

    def update(history, moment, epochs, **_):
        worst = max(moment.dead.values(), default=None)
        head.set_text("dead units: no ReLU here" if worst is None else f"dead units: {worst:.0%} at most")
        return [head, *show([m.dead for m in history.moments], history, moment, epochs)]

    return update


def _by_layer(ax, limits):
    """One line a layer, in the colours of the hills, with their names beside. Returns show(dicts, history, ...)."""
    looks = list(zip(CLASS_COLOURS[:ROWS], ("-", "--", "-.", ":", "-", "--")))
    lines = [ax.plot([], [], dash, color=colour, lw=1.5)[0] for colour, dash in looks]
    names, top = Words(ax), ax.transData.inverted().transform(ax.transAxes.transform((0, 0.93)))[1]
    for row, (colour, _) in enumerate(looks):
        names.place(row, 0, top, size=7, align="left", colour=tuple(0.8 * part for part in to_rgb(colour)))
    cursor = ax.axvline(0, color=MUTED, lw=1, ls=":")

    def show(readings, history, moment, epochs):
        if ax.get_xlim()[1] != epochs:
            ax.set_xlim(0, epochs)
        all_names = list(dict.fromkeys(name for reading in readings for name in reading))
        chosen, xs = some(all_names), [m.epoch for m in history.moments]
        for row, line in enumerate(lines):
            key = chosen[row] if row < len(chosen) else None
            ys = [reading.get(key, np.nan) for reading in readings] if key else []
            line.set_data(xs if key else [], np.clip(ys, *limits))
            names.write(row, brief(key, most=1) if key else "")
            names.places[row].x = (0.02 + 0.97 / max(len(chosen), 4) * row) * epochs
        cursor.set_xdata([moment.epoch] * 2)
        return [*lines, names, cursor]

    return show
