"""A neuron: its sum and its activation, and what it does as a classifier of two classes."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from . import training
from .style import CLASS_COLOURS, INK, MARKERS, MUTED, RIGHT, WRONG, headline, plane, soft, style

GROUND = LinearSegmentedColormap.from_list("low to high", [soft(WRONG, 0.3), "white", soft(RIGHT, 0.3)])
LONGEST = 2.4  # an arrow of weights is drawn no longer than this


def neuron(axes, limits, xs):
    """One neuron of two inputs: its output over the plane on axes["A"], the sum on "B", the activation on "C".

    `limits` of the plane, `xs` (K,) the sums over which the activation is drawn.

    Returns update(weights (2,), x (2,), terms (3,), total, output, ground (rows, columns), curve (K,), reach, title):
    `terms` are the two products and the bias, `reach` the values of the ground drawn in full red and blue.
    """
    show_plane, show_sum = halves(axes["A"], limits), waterfall(axes["B"], (-9, 9))
    show_curve = training.curves(axes["C"], ["f"], (xs[0], xs[-1], -1.25, 3), ("sum", "output"))
    (point,) = axes["A"].plot([], [], "D", ms=10, color=INK, mec="white", mew=1.4, zorder=6, clip_on=False)

    def update(weights, x, terms, total, output, ground, curve, reach, title):
        point.set_data([x[0]], [x[1]])
        at = {"f": (np.clip(total, xs[0], xs[-1]), min(output, 3))}
        return [*show_plane(ground, weights, terms[2], reach, title), point, *show_sum(terms, total),
                *show_curve({"f": (xs, curve)}, at, f"output f({total:.2f}) = {output:.2f}")]

    return update


def halves(ax, limits):
    """A value over the plane (red low, blue high), the line where the sum w x + b is 0, and the arrow of the weights.

    Returns update(ground (rows, columns), weights (2,), bias, reach, title): `reach` is a pair of values.
    """
    plane(ax, limits)
    image = ax.imshow(np.zeros((2, 2)), extent=limits, origin="lower", cmap=GROUND, interpolation="bilinear",
                      aspect="equal")  # fmt: skip
    (line,) = ax.plot([], [], color=INK, lw=2, ls="--")
    arrow = ax.quiver([0], [0], [0], [0], color=INK, angles="xy", scale_units="xy", scale=1, width=0.012, zorder=4)
    head = headline(ax)

    def update(ground, weights, bias, reach, title):
        image.set_data(ground)
        image.set_clim(*reach)
        foot, ends = _zero_line(weights, bias)
        line.set_data(ends.T)
        arrow.set_offsets([foot])
        length = np.linalg.norm(weights)
        arrow.set_UVC(*(weights * min(1, LONGEST / max(length, 1e-12))))
        head.set_text(title)
        return [image, line, arrow, head]

    return update


def _zero_line(weights, bias, reach=30.0):
    """The foot nearest the origin (2,) and two far ends (2, 2) of the line w x + b = 0; NaN if the weights are 0."""
    squares = (weights**2).sum()
    if squares < 1e-12:
        return np.zeros(2), np.full((2, 2), np.nan)
    foot, along = -bias * weights / squares, np.array([-weights[1], weights[0]]) / np.sqrt(squares)
    return foot, np.stack([foot - reach * along, foot + reach * along])


def waterfall(ax, limits, names=("$w_1 x_1$", "$w_2 x_2$", "$b$")):
    """Terms laid end to end, each beginning where the one before ended; the last bar is their sum.

    Returns update(terms (K,), total).
    """
    count = len(names)
    style(ax, "", "", "", grid="x").set(xlim=limits, ylim=(count + 0.6, -0.6))
    ax.set_yticks(range(count + 1), [*names, "sum"])
    ax.axvline(0, color=MUTED, lw=1)
    bars = ax.barh(range(count + 1), np.ones(count + 1), height=0.62)
    (steps,) = ax.plot([], [], color=MUTED, lw=1, ls=":")
    head = headline(ax)

    def update(terms, total):
        begins = np.concatenate([[0], np.cumsum(terms)[:-1], [0]])
        widths = np.append(terms, total)
        for bar, left, width in zip(bars, begins, widths, strict=True):
            bar.set(x=left, width=width, facecolor=soft(RIGHT if width >= 0 else WRONG, 0.25))
        bars[-1].set_facecolor(INK)
        ends = np.cumsum(terms)
        steps.set_data(np.ravel([(e, e, np.nan) for e in ends]), np.ravel([(i, i + 1, np.nan) for i in range(count)]))
        parts = " + ".join(f"({t:.2f})" if t < 0 else f"{t:.2f}" for t in terms).replace("-", "\N{MINUS SIGN}")
        head.set_text(f"{parts} = {total:.2f}".replace("-", "\N{MINUS SIGN}"))
        return [*bars, steps, head]

    return update


def classifier(axes, X, signs, limits, agreements, steps):
    """One neuron that tells two classes apart: the plane on axes["A"], the loss on "B", the length of w on "C".

    X (N, 2), signs (N,) of +1 and -1; `agreements` (K,), the places y s at which the loss is drawn; `steps` in all.

    Returns update(ground, weights (2,), bias, each (N, 2) places and losses of the points, curve (K,), lengths (M,),
    alone (steps + 1,) lengths under the penalty alone, at, titles (3,)).
    """
    show_plane = halves(axes["A"], limits)
    for sign, colour, marker in ((1, CLASS_COLOURS[0], MARKERS[0]), (-1, WRONG, MARKERS[1])):
        axes["A"].plot(*X[signs == sign].T, marker, ms=8, color=colour, mec="white", mew=1, zorder=5)
    show_loss = _losses(axes["B"], signs, agreements)
    show_length = training.curves(axes["C"], ["|w|", "penalty alone"], (0, steps * 1.02, 0, 4.2), ("step", "|w|"),
                                  legend="upper right")  # fmt: skip

    def update(ground, weights, bias, each, curve, lengths, alone, at, titles):
        lines = {"|w|": (np.arange(len(lengths)), lengths), "penalty alone": (np.arange(len(alone)), alone)}
        dots = {"|w|": (at, lengths[at]), "penalty alone": (at, alone[at])}
        return [*show_plane(ground, weights, bias, (0, 1), titles[0]), *show_loss(each, curve, titles[1]),
                *show_length(lines, dots, titles[2])]

    return update


def _losses(ax, signs, agreements):
    """The loss against y s: a curve, and a dot for each point, cut off at the edges."""
    limits = agreements[0], agreements[-1], -0.15, 4
    style(ax, "", "y s: how far on the right side", "loss", grid="both").set(xlim=limits[:2], ylim=limits[2:])
    ax.axvline(0, color=MUTED, lw=1, ls=":")
    (line,) = ax.plot([], [], color=INK, lw=2)
    dots = [ax.plot([], [], marker, ms=7, color=colour, mec="white", mew=1, zorder=5)[0]
            for colour, marker in ((CLASS_COLOURS[0], MARKERS[0]), (WRONG, MARKERS[1]))]  # fmt: skip
    head = headline(ax)

    def update(each, curve, title):
        line.set_data(agreements, curve)
        for dot, sign in zip(dots, (1, -1), strict=True):
            dot.set_data(*np.clip(each[signs == sign], (limits[0], 0), (limits[1], limits[3])).T)
        head.set_text(title)
        return [line, *dots, head]

    return update
