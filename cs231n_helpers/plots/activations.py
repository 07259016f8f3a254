"""Activations: how much gradient they let through, which units are on, and what their pieces are."""

import numpy as np
from matplotlib.colors import ListedColormap

from . import training
from .style import CLASS_COLOURS, GRID, INK, MUTED, RIGHT, STILL, WRONG, headline, soft, style


def saturation(axes, xs, layers):
    """A squashing function, its slope and where its inputs lie on axes[0]; the gradient after 1 to `layers` on axes[1].

    `xs` (K,) are the inputs at which all is drawn.

    Returns update(curve (K,), slope (K,), shares (K,), flat (K,), left (layers,), best (layers,), at, titles (2,)):
    `shares` the relative frequency of inputs, `flat` where the function counts as saturated, `left` and `best` the
    share of a gradient that is left after 1, 2, ... layers, on the average and at best.
    """
    ax = axes[0]
    style(ax, "", "input", "", grid="both").set(xlim=(xs[0], xs[-1]), ylim=(-1.15, 1.3))
    band = ax.imshow(np.zeros((1, 2)), extent=(xs[0], xs[-1], -1.15, 1.3), aspect="auto", vmin=0, vmax=1,
                     cmap=ListedColormap(["white", soft(WRONG, 0.75)]), interpolation="nearest", zorder=0)  # fmt: skip
    (hill,) = ax.plot([], [], color=MUTED, lw=1.4, ls=":", label="where the inputs lie")
    (line,) = ax.plot([], [], color=INK, lw=2.4, label="output")
    (slopes,) = ax.plot([], [], color=RIGHT, lw=2, ls="--", label="local slope")
    ax.legend(frameon=False, fontsize=9, loc="lower right").set_zorder(STILL)
    head = headline(ax)
    show_left = training.curves(axes[1], ["average of 2,000 chains", "at best"], (0.5, layers + 0.5, 1e-16, 5),
                                ("layers passed", "gradient left"), "y", legend="lower left")  # fmt: skip

    def update(curve, slope, shares, flat, left, best, at, titles):
        band.set_data(np.asarray(flat, float)[None])
        for artist, heights in ((hill, shares), (line, curve), (slopes, slope)):
            artist.set_data(xs, heights)
        head.set_text(titles[0])
        passed = np.arange(1, layers + 1)
        lines = {"average of 2,000 chains": (passed, left), "at best": (passed, best)}
        dots = {name: (at, heights[at - 1]) for name, (_, heights) in lines.items()}
        return [band, hill, line, slopes, head, *show_left(lines, dots, titles[1])]

    return update


def zigzag(ax, limits, goal):
    """The way of two weights to their goal (2,). Returns update(path (K, 2), at, title): the way up to step `at`.

    Steps that change both weights in the same direction are drawn in orange, the others in blue.
    """
    style(ax, "", "$w_1$", "$w_2$", grid="both").set(xlim=limits[:2], ylim=limits[2:], aspect="equal")
    ax.plot(*goal, "*", ms=24, color=CLASS_COLOURS[2], mec="white", mew=1, zorder=6)
    both, mixed = (ax.plot([], [], color=colour, lw=2, ls=dash, label=label)[0] for colour, dash, label in
                   ((WRONG, "-", "both up or both down"), (RIGHT, "--", "one up, one down")))  # fmt: skip
    (dot,) = ax.plot([], [], "o", ms=7, color=INK, mec="white", mew=1, zorder=7)
    ax.legend(frameon=False, fontsize=9, loc="upper right").set_zorder(STILL)
    head = headline(ax)

    def update(path, at, title):
        path = np.asarray(path)[: at + 1]
        moved = np.diff(path, axis=0)
        same = moved[:, 0] * moved[:, 1] >= 0
        for line, chosen in ((both, same), (mixed, ~same)):
            line.set_data(*_pieces(path, chosen))
        dot.set_data(*path[-1:].T)
        head.set_text(title)
        return [both, mixed, dot, head]

    return update


def _pieces(path, chosen):
    """The chosen steps of a path as one line with gaps: two arrays."""
    gaps = np.full((chosen.sum(), 2), np.nan)
    return np.stack([path[:-1][chosen], path[1:][chosen], gaps], axis=1).reshape(-1, 2).T


def switches(ax, units, examples):
    """Which unit is on for which example: a row per unit, a column per example; units without gradient are orange rows.

    Returns update(on (units, examples) bools, dead (units,) bools, title).
    """
    style(ax, "", "training example", "hidden unit", grid=None)
    colours = ListedColormap(["white", RIGHT, soft(WRONG, 0.55)])
    image = ax.imshow(np.zeros((units, examples)), cmap=colours, vmin=-0.5, vmax=2.5, aspect="auto",
                      interpolation="nearest")  # fmt: skip
    ax.set_yticks(range(0, units, 5))
    head = headline(ax)

    def update(on, dead, title):
        image.set_data(np.where(np.asarray(dead)[:, None], 2, np.asarray(on, int)))
        head.set_text(title)
        return [image, head]

    return update


def leaky(ax, xs):
    """A leaky ReLU and its slope over `xs` (K,). Returns update(curve (K,), slope (K,), title)."""
    style(ax, "", "x", "", grid="both").set(xlim=(xs[0], xs[-1]), ylim=(-2.2, 3.2))
    (line,) = ax.plot([], [], color=INK, lw=2.4, label="output")
    (slopes,) = ax.plot([], [], color=RIGHT, lw=2, ls="--", label="local slope")
    ax.legend(frameon=False, fontsize=9, loc="upper left").set_zorder(STILL)
    head = headline(ax)

    def update(curve, slope, title):
        line.set_data(xs, curve)
        slopes.set_data(xs, slope)
        head.set_text(title)
        return [line, slopes, head]

    return update


def maxout(ax, xs, names=("first piece", "second piece")):
    """Two lines over `xs` (K,), and thick, in the colour of its owner, whichever is the larger.

    Returns update(lines (2, K), largest (K,), owner (K,) of 0 and 1, title).
    """
    style(ax, "", "x", "", grid="both").set(xlim=(xs[0], xs[-1]), ylim=(-3.2, 4.2))
    ax.axhline(0, color=GRID, lw=1.5)
    looks = list(zip((CLASS_COLOURS[0], CLASS_COLOURS[4]), ("--", ":"), names, strict=True))
    thin = [ax.plot([], [], color=colour, lw=1.6, ls=dash, label=name)[0] for colour, dash, name in looks]
    thick = [ax.plot([], [], color=colour, lw=4)[0] for colour, _, _ in looks]
    ax.legend(frameon=False, fontsize=9, loc="upper left").set_zorder(STILL)
    head = headline(ax)

    def update(lines, largest, owner, title):
        for k in range(2):
            thin[k].set_data(xs, lines[k])
            thick[k].set_data(xs, np.where(np.asarray(owner) == k, largest, np.nan))
        head.set_text(title)
        return [*thin, *thick, head]

    return update
