"""Pictures of distances and neighbours: decision regions, unit balls, what rounding does to a distance."""

import numpy as np
from matplotlib.patheffects import withStroke

from .style import (
    CLASS_COLOURS,
    GRID,
    INK,
    MARKERS,
    MUTED,
    RIGHT,
    STILL,
    WRONG,
    blank,
    headline,
    plane,
    region_map,
    soft,
    style,
)


def regions(ax, X, y, limits, classes, title=""):
    """Draw the plane coloured by the predicted class, white where votes tie, and the points X (N, 2) of labels y (N,).

    `limits` is (left, right, bottom, top). Returns update(labels, X): labels (rows, columns), -1 for a tie, the first
    row at the bottom, and the points' new places. It returns the artists that changed.
    """
    plane(ax, limits, title)
    picture = ax.imshow(
        np.full((1, 1), -1), extent=limits, origin="lower", cmap=region_map(classes), vmin=-1.5, vmax=classes - 0.5
    )
    groups = [
        (y == c, ax.plot(*X[y == c].T, MARKERS[c], color=CLASS_COLOURS[c], mec="white", mew=1, ms=9)[0])
        for c in range(classes)
    ]

    def update(labels, X):
        picture.set_data(labels)
        for members, line in groups:
            line.set_data(*X[members].T)
        return [picture, *(line for _, line in groups)]

    return update


def balls(ax, names, limits):
    """Draw what is as far from the origin as each point: a diamond by L1, a circle by L2, on axes that turn.

    Returns update(points (N, 2), directions (2, 2), l1 (N,), l2 (N,)): the points, the unit vectors of the axes as
    rows, and the points' distances by either metric. It returns the artists that changed.
    """
    plane(ax, limits, "As far away as each point")
    reach = 2 * max(map(abs, limits))
    axes = [ax.plot([], [], color=MUTED, lw=1, dashes=(4, 3))[0] for _ in range(2)]
    diamonds = [ax.plot([], [], color=CLASS_COLOURS[i], lw=2)[0] for i in range(len(names))]
    circles = [ax.plot([], [], color=CLASS_COLOURS[i], lw=1.5, ls=":")[0] for i in range(len(names))]
    dots = [ax.plot([], [], MARKERS[i], color=CLASS_COLOURS[i], ms=10, mec="white")[0] for i in range(len(names))]
    labels = [ax.annotate(name, (0, 0), (9, 7), textcoords="offset points", fontsize=12, color=CLASS_COLOURS[i],
                          weight="bold", path_effects=[withStroke(linewidth=4, foreground="white")])
              for i, name in enumerate(names)]  # fmt: skip
    ax.plot(0, 0, "+", color=INK, ms=11, mew=2, zorder=STILL)
    turn = np.linspace(0, 2 * np.pi, 121)
    circle = np.stack([np.cos(turn), np.sin(turn)])

    def update(points, directions, l1, l2):
        for line, direction in zip(axes, directions):
            line.set_data(*np.outer(direction, [-reach, reach]))
        corners = np.stack([*directions, *-directions, directions[0]], axis=1)
        for i, point in enumerate(points):
            diamonds[i].set_data(*l1[i] * corners)
            circles[i].set_data(*l2[i] * circle)
            dots[i].set_data([point[0]], [point[1]])
            labels[i].xy = point
        return [*axes, *diamonds, *circles, *dots, *labels]

    return update


def against_angle(ax, angles, names, top):
    """Draw distance against the angle of the axes: full lines for L1, dotted for L2, and a line at the present angle.

    Returns update(l1 (A, N), l2 (N,), angle, text): L1 distances at each of the angles, L2 distances, which do not
    depend on it, and what to write above. It returns the artists that changed.
    """
    style(ax, "", "axes turned by (degrees)", "distance from +", grid="both")
    title = headline(ax)
    ax.set(xlim=(angles[0], angles[-1]), ylim=(0, top), xticks=np.linspace(angles[0], angles[-1], 7))
    full = [ax.plot([], [], color=c, lw=2, label=f"L1 to {name}")[0] for c, name in zip(CLASS_COLOURS, names)]
    dotted = [ax.plot([], [], color=c, ls=":", label=f"L2 to {name}")[0] for c, name in zip(CLASS_COLOURS, names)]
    now = ax.axvline(angles[0], color=INK, lw=1)
    ax.legend(loc="lower right", fontsize=9, ncols=2, frameon=False).set_zorder(STILL)

    def update(l1, l2, angle, text):
        for i in range(len(names)):
            full[i].set_data(angles, l1[:, i])
            dotted[i].set_data(angles[[0, -1]], [l2[i], l2[i]])
        now.set_xdata([angle, angle])
        title.set_text(text)
        return [*full, *dotted, now, title]

    return update


def cancellation(ax, count, truth, limits):
    """Draw squared distances as computed, below zero on a warning ground, beside the true value.

    Returns update(values (count,), negative (count,) bool, text). It returns the artists that changed.
    """
    style(ax, "", "pair of images", "squared distance, as computed")
    title = headline(ax)
    ax.set(xlim=(-1, count), yscale="symlog", ylim=limits)
    ax.set_yscale("symlog", linthresh=1)
    ax.axhspan(limits[0], 0, color=soft(WRONG, 0.8), lw=0)
    ax.axhline(truth, color=INK, lw=1.2, zorder=1)
    ax.annotate(f"true: {truth}", (count, truth), (-4, -11), textcoords="offset points", ha="right", fontsize=9,
                color=INK, zorder=STILL)  # fmt: skip
    ax.axhline(0, color=GRID, lw=1, zorder=1)
    fine = ax.plot([], [], "o", color=RIGHT, ms=6)[0]
    wrong = ax.plot([], [], "X", color=WRONG, ms=8)[0]
    places = np.arange(count)

    def update(values, negative, text):
        fine.set_data(places[~negative], values[~negative])
        wrong.set_data(places[negative], values[negative])
        title.set_text(text)
        return [fine, wrong, title]

    return update


def distance_table(ax, distances, test_ends, training_ends, names, title=""):
    """Draw distances (M, N) as a table of greys, dark where near, with lines where the classes (`names`) end.

    `test_ends` and `training_ends` (C,) say after how many rows and columns. Returns update(distances), which returns
    the artists that changed.
    """
    blank(ax, title, "training images, by class", "test images")
    picture = ax.imshow(distances, cmap="gray", aspect="auto", interpolation="nearest")
    for rows, columns in zip(test_ends[:-1], training_ends[:-1]):
        ax.axhline(rows - 0.5, color=CLASS_COLOURS[1], lw=0.8)
        ax.axvline(columns - 0.5, color=CLASS_COLOURS[1], lw=0.8)
    middles = (np.concatenate([[0], test_ends[:-1]]) + test_ends) / 2 - 0.5
    ax.set(yticks=middles, yticklabels=names)
    ax.tick_params(length=0, labelsize=9, labelcolor=INK)

    def update(distances):
        picture.set_data(distances)
        return [picture]

    return update
