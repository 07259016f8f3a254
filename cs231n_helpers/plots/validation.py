"""Pictures of measuring honestly: accuracy curves, the three parts of the data, folds."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

from .style import ALARM, CHANCE, CLASS_COLOURS, INK, RIGHT, STILL, WRONG, blank, headline, soft, style


def accuracy_against(ax, x, chance, xlabel, log=False, ylim=(0, 1)):
    """Draw accuracy against `x` with the chance line, and mark one of its points.

    Returns update(accuracies (len(x),), at, text=None): the curve, the index of the marked point, and its label
    (default: the accuracy in per cent). It returns the artists that changed.
    """
    style(ax, "Accuracy", xlabel)
    names = [f"{value // 1000}k" if value % 1000 == 0 else f"{value}" for value in x]
    ends = (x[0] / 3, x[-1] * 3) if log else (x[0], x[-1])
    ax.set(xscale="log" if log else "linear", xlim=ends, ylim=ylim, xticks=x, xticklabels=names)
    ax.minorticks_off()
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    chance_line(ax, chance)
    (line,) = ax.plot(x, np.full(len(x), np.nan), "o-", color=RIGHT, ms=5)
    (mark,) = ax.plot([], [], "o", ms=13, mfc="none", mec=INK, mew=1.8)
    label = ax.annotate("", (x[0], 0), (0, 13), textcoords="offset points", ha="center", fontsize=11, weight="bold")

    def update(accuracies, at, text=None):
        line.set_ydata(accuracies)
        mark.set_data([x[at]], [accuracies[at]])
        label.xy = x[at], accuracies[at]
        label.set_text(text or f"{100 * accuracies[at]:.1f} %")
        return [line, mark, label]

    return update


def chance_line(ax, chance):
    """Draw the accuracy of a guess as a dashed line with its name."""
    line = ax.axhline(chance, color=CHANCE, ls="--", lw=1.2, zorder=STILL)
    ax.annotate(
        f"chance, {100 * chance:.0f} %", (0.99, chance), (0, 3), xycoords=("axes fraction", "data"),
        textcoords="offset points", ha="right", fontsize=9, color=CHANCE, zorder=STILL,
    )  # fmt: skip
    return line


def split_bar(ax, names, total):
    """Draw one bar cut into parts, and below it a column of words for each part, in the colour of the part.

    Returns update(counts, notes): how many each part holds, and the text under its name. It returns the artists that
    changed.
    """
    blank(ax)
    ax.set(xlim=(0, total), ylim=(0, 1))
    colours = [CLASS_COLOURS[0], CLASS_COLOURS[2], CLASS_COLOURS[6], *CLASS_COLOURS[3:]][: len(names)]
    places = [(total * i / (len(names) - 1), side) for i, side in zip(range(3), ("left", "center", "right"))]
    parts = [ax.add_patch(Rectangle((0, 0.6), 0, 0.4, fc=colour, ec="white", lw=3)) for colour in colours]
    for (x, side), name, colour in zip(places, names, colours, strict=True):
        ax.text(x, 0.44, name, ha=side, va="center", fontsize=12, weight="bold", color=colour, zorder=STILL)
    below = [ax.text(x, 0.3, "", ha=side, va="top", fontsize=10, color=INK, linespacing=1.3) for x, side in places]

    def update(counts, notes):
        start = 0
        for part, note, count, text in zip(parts, below, counts, notes, strict=True):
            part.set(x=start, width=count)
            note.set_text(text)
            start += count
        return [*parts, *below]

    return update


def uses_of_test_set(ax, most, chance, ylim=(0, 0.3)):
    """Draw the accuracy found at each use of the test set, and the best so far.

    Returns update(accuracies (uses,), best (uses,), text): the counter's text stands above, and all turns red at the
    second use. It returns the artists that changed.
    """
    style(ax, "", "use of the test set", "accuracy found")
    ax.set(xlim=(0.3, most + 0.7), ylim=ylim, xticks=[1, *range(5, most + 1, 5)])
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    chance_line(ax, chance)
    (dots,) = ax.plot([], [], "o", color=RIGHT, ms=7)
    (line,) = ax.plot([], [], drawstyle="steps-post", color=ALARM, lw=2, label="best so far")
    counter = ax.text(0.02, 0.93, "", transform=ax.transAxes, fontsize=12, weight="bold", va="top")

    def update(accuracies, best, text):
        twice = len(accuracies) > 1
        dots.set_data(np.arange(1, len(accuracies) + 1), accuracies)
        dots.set_color(ALARM if twice else RIGHT)
        line.set_data(np.arange(1, len(best) + 1), best)
        line.set_visible(twice)
        counter.set(text=text, color=ALARM if twice else RIGHT)
        return [line, dots, counter]

    return update


def fold_plan(ax, most):
    """Draw which images each round trains on and validates on: one row of squares per round.

    Returns update(validation): a square array of bools, rounds by folds. It returns the artists that changed.
    """
    blank(ax, "dark: validation, pale: training", "fold of the training images", "round")
    picture = ax.imshow(np.ones((1, 1, 3)), extent=(0, 1, 0, 1), interpolation="nearest", aspect="auto")
    columns = [ax.text(0, -0.02, "", ha="center", va="top", fontsize=9, color=INK) for _ in range(most)]
    rows = [ax.text(-0.02, 0, "", ha="right", va="center", fontsize=9, color=INK) for _ in range(most)]
    ax.xaxis.labelpad = ax.yaxis.labelpad = 18

    def update(validation):
        n = len(validation)
        picture.set_data(_squares(validation))
        for i in range(most):
            place, text = (i + 0.5) / n, str(i + 1) if i < n else ""
            columns[i].set(x=place, text=text)
            rows[i].set(y=1 - place, text=text)
        return [picture, *columns, *rows]

    return update


def _squares(validation, whole=400, gap=3):
    """Pixels of a board of squares with white gaps: the validation folds strong, the others pale."""
    side = whole // len(validation)
    colours = np.array([soft(CLASS_COLOURS[0], 0.7), soft(CLASS_COLOURS[2], 0)])[validation.astype(int)]
    pixels = colours.repeat(side, 0).repeat(side, 1)
    edge = np.arange(len(pixels)) % side < gap
    pixels[edge] = pixels[:, edge] = 1
    return pixels


def cross_validation(ax, ks, most, ylim):
    """Draw accuracy against k: a dot for each fold, mean and spread over the folds, and the k that is chosen.

    Returns update(accuracies (len(ks), folds), mean (len(ks),), spread (len(ks),), best): `best` is the index of the
    chosen k. It returns the artists that changed.
    """
    style(ax, "", "k", "validation accuracy")
    title = headline(ax)
    ax.set(xlim=(min(ks) - 1, max(ks) + 1), ylim=ylim, xticks=ks)
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    ks = np.asarray(ks)
    (dots,) = ax.plot([], [], "o", color=CLASS_COLOURS[2], ms=5, alpha=0.55, mew=0, label="one fold")
    bars = ax.add_collection(LineCollection([], colors=INK, linewidths=1.6))
    (line,) = ax.plot(ks, np.full(len(ks), np.nan), "s-", color=RIGHT, ms=5, lw=2, label="mean of the folds")
    (chosen,) = ax.plot([], [], "o", ms=16, mfc="none", mec=WRONG, mew=2.2, label="chosen k")
    ax.plot([], [], color=INK, lw=1.6, label="± one standard deviation")
    ax.legend(loc="lower left", fontsize=9, frameon=False, ncols=2).set_zorder(STILL)

    def update(accuracies, mean, spread, best):
        dots.set_data(ks.repeat(accuracies.shape[1]), accuracies.ravel())
        bars.set_segments([[(k, m - s), (k, m + s)] for k, m, s in zip(ks, mean, spread)])
        line.set_ydata(mean)
        chosen.set_data([ks[best]], [mean[best]])
        title.set_text(f"k = {ks[best]} is chosen: {100 * mean[best]:.1f} ± {100 * spread[best]:.1f} %")
        return [dots, bars, line, chosen, title]

    return update
