"""Clouds of points: moved, turned and scaled, with their covariance, and the valley a linear model finds on them."""

import numpy as np
from matplotlib import colormaps

from .style import CLASS_COLOURS, INK, MARKERS, MUTED, STILL, WRONG, blank, headline, plane, style


def cloud(ax, groups, reach, names=("$x_1$", "$x_2$")):
    """Points of a plane from -reach to reach, in a colour and marker for each of the `groups` (N,), and two arrows.

    Returns update(points (N, 2), centre (2,), arrows (2, 2), title): the arrows start at `centre`, one to a row.
    """
    plane(ax, (-reach, reach, -reach, reach), names=names)
    ax.set(xticks=np.linspace(-reach, reach, 5), yticks=np.linspace(-reach, reach, 5))
    ax.axhline(0, color=MUTED, lw=0.8)
    ax.axvline(0, color=MUTED, lw=0.8)
    dots = [ax.plot([], [], MARKERS[g], ms=4.5, color=CLASS_COLOURS[g], mec="white", mew=0.4)[0]
            for g in range(groups.max() + 1)]  # fmt: skip
    spread = ax.quiver(*np.zeros((4, 2)), color=[INK, INK], angles="xy", scale_units="xy", scale=1, width=0.013,
                       zorder=5)  # fmt: skip
    head = headline(ax)

    def update(points, centre, arrows, title):
        for g, dot in enumerate(dots):
            dot.set_data(points[groups == g].T)
        spread.set_offsets([centre, centre])
        spread.set_UVC(*np.transpose(arrows))
        head.set_text(title)
        return [*dots, spread, head]

    return update


def valley(ax, reach, names=("$w_1$", "$w_2$")):
    """A bowl of two weights as bands of equal height, its lowest point in the middle, and a descent into it.

    Returns update(heights (K, K), path (S, 2), title): heights over -reach to reach, rows from below.
    """
    style(ax, "", *names, grid=None)
    bands = ax.imshow(np.zeros((2, 2)), extent=(-reach, reach, -reach, reach), origin="lower", aspect="equal",
                      cmap=colormaps["viridis"].resampled(14), interpolation="bilinear")  # fmt: skip
    bands.set_interpolation_stage("data")
    ax.plot(0, 0, "+", color="white", ms=13, mew=2)
    ax.set(xticks=[-reach, 0, reach], yticks=[-reach, 0, reach])
    (line,) = ax.plot([], [], "-o", color="white", lw=1.4, ms=5, mfc=CLASS_COLOURS[1], mec="white", mew=0.7)
    head = headline(ax)

    def update(heights, path, title):
        bands.set_data(heights)
        bands.set_clim(0, heights.max())
        line.set_data(path.T)
        head.set_text(title)
        return [bands, line, head]

    return update


def covariance(ax, names=("feature 1", "feature 2")):
    """A covariance matrix as coloured cells with its numbers. Returns update(matrix (D, D), title)."""
    size = len(names)
    blank(ax)
    cells = ax.imshow(np.zeros((size, size)), cmap="RdBu", vmin=-4, vmax=4, aspect="equal")
    ax.set_xticks(range(size), names, fontsize=9)
    ax.set_yticks(range(size), names, fontsize=9, rotation=90, va="center")
    ax.tick_params(length=0)
    ground = {"fc": "white", "ec": "none", "alpha": 0.8, "pad": 2}
    numbers = [[ax.text(j, i, "", ha="center", va="center", fontsize=12, color=INK, bbox=ground)
                for j in range(size)] for i in range(size)]  # fmt: skip
    head = headline(ax)

    def update(matrix, title):
        cells.set_data(matrix)
        for row, values in zip(numbers, matrix, strict=True):
            for text, value in zip(row, values, strict=True):
                text.set_text(_short(value))
        head.set_text(title)
        return [cells, *(text for row in numbers for text in row), head]

    return update


def _short(value):
    """A number in a cell, without a minus before zero."""
    text = f"{value:.2f}" if abs(value) < 1000 else f"{value:.1e}"
    return text.replace("-0.00", "0.00").replace("-", "\N{MINUS SIGN}")


def spectrum(ax, count, limits):
    """The variance along each of `count` directions, largest first, and the factor each is multiplied by.

    Returns update(variances (count,), factors (count,), title); variances of 0 leave a gap.
    """
    style(ax, "", "direction, largest variance first", "", grid="both")
    ax.set(yscale="log", xlim=(1, count), ylim=limits)
    ax.minorticks_off()
    places = np.arange(1, count + 1)
    (variance,) = ax.plot([], [], color=CLASS_COLOURS[0], lw=2, label="variance")
    (factor,) = ax.plot([], [], color=WRONG, lw=2, ls="--", label="multiplied by")
    ax.legend(frameon=False, fontsize=9, loc="lower left").set_zorder(STILL)
    head = headline(ax)

    def update(variances, factors, title):
        for line, values in ((variance, variances), (factor, factors)):
            line.set_data(places, np.where(values > 0, values, np.nan))
        head.set_text(title)
        return [variance, factor, head]

    return update
