"""What a network can represent: a curve put together from pieces, and regions on the plane by depth and by width."""

import numpy as np

from . import training
from .style import CLASS_COLOURS, INK, MARKERS, MUTED, RIGHT, STILL, headline, plane, soft, style

SPREAD = 0.12  # dots of repeated runs stand side by side


def fit(axes, xs, inside, ways, most):
    """A target and a network's answer over `xs` (K,) on axes[0]; the largest error against the pieces on axes[1].

    `inside` = (left, right) is where the answer is meant to be right, `ways` the names of the ways to make it, `most`
    the largest number of pieces.

    Returns update(target (K,), answer (K,), newest (K,), errors {way: (pieces, errors)}, way, at, titles (2,)):
    `newest` is the piece put on last.
    """
    ax = axes[0]
    style(ax, "", "x", "f(x)", grid="both").set(xlim=(xs[0], xs[-1]), ylim=(-2.9, 2.1))
    ax.axvspan(*inside, color=soft(CLASS_COLOURS[2], 0.88), lw=0, zorder=0)
    (wanted,) = ax.plot([], [], color=MUTED, lw=4, alpha=0.5, label="target")
    (last,) = ax.plot([], [], color=CLASS_COLOURS[1], lw=1.8, ls="--", label="the newest piece")
    (made,) = ax.plot([], [], color=RIGHT, lw=2.2, label="sum of the pieces")
    ax.legend(frameon=False, fontsize=9, loc="lower left").set_zorder(STILL)
    head = headline(ax)
    show_errors = training.curves(axes[1], ways, (1.7, most * 1.2, 2e-3, 4), ("pieces", "largest error inside"), "xy",
                                  legend="lower left")  # fmt: skip
    axes[1].set_xticks([2, 4, 8, 16], ["2", "4", "8", "16"])
    (ring,) = axes[1].plot([], [], "o", ms=16, mfc="none", mec=INK, mew=1.6, zorder=6)

    def update(target, answer, newest, errors, way, at, titles):
        for artist, heights in ((wanted, target), (last, newest), (made, answer)):
            artist.set_data(xs, heights)
        head.set_text(titles[0])
        ring.set_data([at], [errors[way][1][list(errors[way][0]).index(at)]])
        return [wanted, last, made, head, *show_errors(errors, None, titles[1]), ring]

    return update


def regions(ax, X, y, limits):
    """Points X (N, 2) of classes y (N,) on the probabilities of a classifier.

    Returns update(shares (rows, columns, C), title): probabilities, lowest row first; the colours mix by them.
    """
    classes = y.max() + 1
    plane(ax, limits)
    colours = np.array([soft(CLASS_COLOURS[c], 0.5) for c in range(classes)], dtype=np.float32)
    image = ax.imshow(np.zeros((2, 2, 3), np.uint8), extent=limits, origin="lower", interpolation="bilinear",
                      aspect="equal")  # fmt: skip
    for c in range(classes):
        ax.plot(*X[y == c].T, MARKERS[c], ms=6, color=CLASS_COLOURS[c], mec="white", mew=0.8, zorder=3)
    head = headline(ax)

    def update(shares, title):
        image.set_data(np.round(255 * (shares @ colours)).clip(0, 255).astype(np.uint8))
        head.set_text(title)
        return [image, head]

    return update


def by_depth(ax, depths, limits):
    """Accuracy against the number of layers: a line through the means, a dot per run, a ring at the depth shown.

    Returns update(accuracies (len(depths), runs), at, title).
    """
    style(ax, "", "layers", "validation accuracy", grid="y").set(xlim=(depths[0] - 0.5, depths[-1] + 0.5), ylim=limits)
    ax.set_xticks(depths)
    (line,) = ax.plot([], [], color=RIGHT, lw=2)
    (dots,) = ax.plot([], [], "o", ms=7, color=CLASS_COLOURS[1], mec="white", mew=0.8, zorder=4)
    (ring,) = ax.plot([], [], "o", ms=15, mfc="none", mec=INK, mew=1.6, zorder=5)
    head = headline(ax)

    def update(accuracies, at, title):
        accuracies = np.asarray(accuracies)
        beside = np.linspace(-SPREAD, SPREAD, accuracies.shape[1])
        line.set_data(depths, accuracies.mean(axis=1))
        dots.set_data(np.add.outer(depths, beside).ravel(), accuracies.ravel())
        ring.set_data([at], [accuracies[list(depths).index(at)].mean()])
        head.set_text(title)
        return [line, dots, ring, head]

    return update


def records(ax, names, layers, errors):
    """Error in per cent against the number of layers on a logarithmic axis, each dot with its name. Drawn once."""
    style(ax, "", "layers (with weights)", "top-5 error in %", grid="both")
    ax.set(xscale="log", xlim=(6, 600), ylim=(0, 20))
    ax.set_xticks([8, 16, 32, 64, 128, 256], ["8", "16", "32", "64", "128", "256"])
    ax.minorticks_off()
    ax.plot(layers, errors, "o", color=RIGHT, ms=10, mec="white")
    for i, (name, x, y) in enumerate(zip(names, layers, errors, strict=True)):
        place = (8, -14) if i % 2 == 0 else (8, 6)  # by turns below and above: neighbours keep apart
        ax.annotate(f"{name}: {y:g} %", (x, y), place, textcoords="offset points", fontsize=9, color=INK)
    return list
