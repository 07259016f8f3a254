"""How networks start: the numbers of each layer as a standing histogram, and weights as coloured squares."""

import numpy as np
from matplotlib.collections import PolyCollection

from .style import CLASS_COLOURS, INK, MUTED, RIGHT, STILL, blank, headline, soft, style
from .training import curves


def layers(ax, most, reach, ylabel="activation", colour=RIGHT):
    """One standing histogram per layer, side by side, as wide as the layer has numbers of that size.

    `most` layers have room; values run from reach[0] to reach[1]. Returns update(shares (L, K), title): the share of
    each layer's numbers in K equal bins of the reach. Each histogram has its own scale; a spike (zeros of a ReLU) is
    cut at twice the next largest share, so that the rest can be seen.
    """
    style(ax, "", "layer", ylabel).set(xlim=(0.4, most + 0.6), ylim=reach)
    ax.set_xticks(range(1, most + 1) if most <= 10 else [1, *range(5, most + 1, 5)])
    ax.axhline(0, color=MUTED, lw=0.8)
    shapes = ax.add_collection(PolyCollection([], facecolors=soft(colour, 0.2), edgecolors="none"))
    shapes.set_zorder(3)
    head = headline(ax)

    def update(shares, title):
        shapes.set_verts([_standing(place, row, reach) for place, row in enumerate(shares, 1)])
        head.set_text(title)
        return [shapes, head]

    return update


def _standing(place, shares, reach):
    """Corners of a histogram that stands at x = place, mirrored, at most 0.84 wide."""
    edges = np.linspace(*reach, len(shares) + 1).repeat(2)[1:-1]
    second, largest = np.sort(shares)[-2:]
    full = min(largest, 2 * second) if second > 0.02 * largest else largest
    half = 0.42 * np.minimum(shares / max(full, 1e-12), 1).repeat(2)
    return np.concatenate([np.stack([place + half, edges], 1), np.stack([place - half, edges], 1)[::-1]])


def spreads(ax, most, labels=("activations", "gradient"), limits=(1e-10, 1e10)):
    """Standard deviations from layer to layer on a logarithmic axis; update as in `training.curves`."""
    update = curves(ax, labels, (0.4, most + 0.6, *limits), ("layer", "standard deviation"), "y", legend="upper left")
    ax.set_xticks([1, *range(5, most + 1, 5)])
    return update


def matrix(ax, shape, reach, names=("unit", "input")):
    """A weight matrix as coloured squares: blue above 0, red below, white at 0. Returns update(W `shape`, title)."""
    blank(ax, "", *names)
    squares = ax.imshow(np.zeros(shape), cmap="RdBu", vmin=-reach, vmax=reach, aspect="auto", interpolation="nearest")
    for spine in ax.spines.values():
        spine.set(visible=True, color=MUTED, linewidth=0.8)
    head = headline(ax)

    def update(W, title):
        squares.set_data(W)
        head.set_text(title)
        return [squares, head]

    return update


def outlines(ax, labels, limits, names=("value", "share"), line=None):
    """Histograms as outlines, one per label, on one axis. `limits` are those of the values.

    Returns update(shares, top, title): {label: (K,) shares} in K equal bins of the limits, and the height of the axis.
    """
    style(ax, "", *names).set(xlim=limits)
    looks = list(zip(labels, ("-", "--", "-."), (*CLASS_COLOURS[:1], CLASS_COLOURS[4], CLASS_COLOURS[2])))
    drawn = {label: ax.plot([], [], dash, color=colour, lw=2, drawstyle="steps-post", label=label)[0]
             for label, dash, colour in looks}  # fmt: skip
    if line is not None:
        ax.axvline(line, color=INK, lw=1, ls=":")
    if len(labels) > 1:
        ax.legend(frameon=False, fontsize=9, loc="upper right").set_zorder(STILL)
    head = headline(ax)

    def update(shares, top, title):
        for label, row in shares.items():
            drawn[label].set_data(np.linspace(*limits, len(row) + 1), np.append(row, row[-1]))
        ax.set_ylim(0, top)
        head.set_text(title)
        return [*drawn.values(), head]

    return update
