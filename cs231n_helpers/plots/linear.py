"""A linear classifier on the plane: regions, one line and one arrow per class, and the loss of every point."""

import numpy as np

from . import training
from .style import CLASS_COLOURS, INK, MARKERS, MUTED, WRONG, headline, plane, region_map, soft, style

ARROW = 0.45  # length of a class's arrow on the plane for weights of length 1
LONGEST = 4.0  # weights longer than this get an arrow of this length


def workbench(axes, y, limits, steps, top=6.0):
    """The plane on axes["A"], the points' losses on "B", the course of the loss over `steps` steps on "C".

    `y` (N,) labels, `limits` of the plane. Returns update(state), with a dict of X (N, 2), W (2, C), b (C,), regions,
    wrong (N,), each (N,) losses, penalty, course (steps so far,), at (the step shown) and note (a warning or "").
    """
    show_plane = class_plane(axes["A"], y, limits)
    show_points = point_losses(axes["B"], y, top)
    show_course = training.curves(axes["C"], ["loss"], (0, steps * 1.02, 0, top), ("step", "loss"))

    def update(state):
        at, course = state["at"], state["course"]
        title = f"step {at}: {state['wrong'].sum()} of {len(y)} points wrong"
        return [
            *show_plane(*(state[name] for name in ("X", "W", "b", "regions", "wrong")), title),
            *show_points(state["each"], state["penalty"]),
            *show_course({"loss": (np.arange(len(course)), course)}, {"loss": (at, course[at])},
                         "loss over the steps", state["note"]),
        ]  # fmt: skip

    return update


def class_plane(ax, y, limits):
    """Points, decision regions, and per class the line of score 0 with an arrow to where its score grows.

    Returns update(X, W, b, regions, wrong, title): `X` (N, 2), `W` (2, C), `b` (C,), `regions` (rows, columns) of
    labels, lowest row first, `wrong` (N,) bools that are ringed.
    """
    classes = y.max() + 1
    plane(ax, limits)
    ground = ax.imshow(np.zeros((2, 2)), extent=limits, origin="lower", cmap=region_map(classes), vmin=-1.5,
                       vmax=classes - 0.5, interpolation="nearest", aspect="equal")  # fmt: skip
    lines = [ax.plot([], [], color=CLASS_COLOURS[c], lw=1.8, ls="--")[0] for c in range(classes)]
    arrows = ax.quiver(*np.zeros((4, classes)), color=CLASS_COLOURS[:classes], angles="xy", scale_units="xy", scale=1,
                       width=0.011, zorder=4)  # fmt: skip
    dots = [
        ax.plot([], [], MARKERS[c], ms=10, color=CLASS_COLOURS[c], mec="white", mew=1.2, zorder=5)[0]
        for c in range(classes)
    ]
    (rings,) = ax.plot([], [], "o", ms=17, mfc="none", mec=WRONG, mew=2.2, zorder=6)
    numbers = [ax.plot([], [], marker=f"${i}$", ms=4 + 3 * len(str(i)), mew=0.4, color=INK, zorder=7)[0]
               for i in range(len(y))]  # markers: three times as fast as text
    head = headline(ax)

    def update(X, W, b, regions, wrong, title=""):
        ground.set_data(regions)
        feet, ends = _zero_lines(W, b)
        for c, (line, dot) in enumerate(zip(lines, dots, strict=True)):
            line.set_data(ends[c].T)
            dot.set_data(X[y == c].T)
        arrows.set_offsets(feet)
        lengths = np.linalg.norm(W, axis=0)
        arrows.set_UVC(*ARROW * W * np.minimum(1, LONGEST / np.maximum(lengths, 1e-12)))
        rings.set_data(X[wrong].T)
        for number, point in zip(numbers, X, strict=True):
            number.set_data((point + 0.13)[:, None])
        head.set_text(title)
        return [ground, *lines, arrows, *dots, rings, *numbers, head]

    return update


def _zero_lines(W, b, reach=20.0):
    """Where each class has score 0: the foot nearest the origin (C, 2) and two far ends (C, 2, 2); NaN if flat."""
    squares = (W**2).sum(axis=0)
    safe = np.where(squares > 1e-12, squares, np.nan)
    feet = (-b / safe * W).T
    along = np.stack([-W[1], W[0]], axis=1) / np.sqrt(safe)[:, None]
    return feet, np.stack([feet - reach * along, feet + reach * along], axis=1)


def point_losses(ax, y, limit=6.0):
    """One bar per point in its class's colour, and hatched below them the penalty.

    Longer bars end at `limit`, with their value written behind.

    Returns update(losses (N,), penalty).
    """
    count = len(y)
    style(ax, "", "", "point", grid="x")
    ax.set(xlim=(0, limit * 1.25), ylim=(count + 0.6, -0.6), yticks=[*range(count), count])
    ax.set_yticklabels([*map(str, range(count)), "penalty"], fontsize=8)
    bars = ax.barh(range(count), np.ones(count), height=0.7, color=[CLASS_COLOURS[c] for c in y])
    extra = ax.barh([count], [1], height=0.7, color=soft(WRONG, 0.3), ec=WRONG, hatch="///")
    texts = [ax.text(0, i, "", va="center", fontsize=8, color=INK, in_layout=False) for i in range(count + 1)]
    head = headline(ax)

    def update(losses, penalty):
        for bar, text, value in zip([*bars, *extra], texts, [*losses, penalty], strict=True):
            bar.set_width(min(value, limit))
            text.set(x=min(value, limit) + limit * 0.015, text=_short(value), visible=bool(value > limit))
        texts[-1].set_visible(True)
        head.set_text(f"mean {_short(np.mean(losses))} + penalty {_short(penalty)}")
        return [*bars, *extra, *texts, head]

    return update


def _short(number):
    return f"{number:.2f}" if number < 100 else f"{number:.0f}" if number < 1e4 else f"{number:.0e}"


def agreement(ax, across, upwards):
    """Analytic gradient against numerical gradient, one dot per weight: on the diagonal where the two agree.

    The axes end at plus and minus `across` and `upwards`.

    Returns update(numeric, analytic, title, right): two arrays of one shape, and whether the title is good news.
    """
    style(ax, "", "numerical gradient", "analytic gradient", grid="both")
    ax.set(xlim=(-across, across), ylim=(-upwards, upwards))
    ax.plot([-across, across], [-across, across], color=MUTED, lw=1.2, ls="--")
    (dots,) = ax.plot([], [], "o", ms=7, color=CLASS_COLOURS[0], mec="white", mew=0.8)
    head = headline(ax)

    def update(numeric, analytic, title, right):
        dots.set_data(np.ravel(numeric), np.ravel(analytic))
        head.set(text=title, color=INK if right else WRONG)
        return [dots, head]

    return update
