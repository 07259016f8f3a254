"""Where a search looks: draws on a scale, a grid against random places, ranges made smaller, and who found the best."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from .runs import small
from .style import ALARM, CLASS_COLOURS, GRID, INK, MARKERS, MUTED, QUIET, RIGHT, STILL, WRONG, headline, soft, style

HILL = LinearSegmentedColormap.from_list("hill", ["#FFFFFF", soft(CLASS_COLOURS[2], 0.45)])     # behind dots
LEVELS = 8                                                          # steps of such a hill: few colours, a small picture


def decades(ax, lowest, names):
    """The share of draws in each power of ten, a pair of bars each.

    lowest: of the powers, which end at 0. Returns update(shares (2, K), title).
    """
    count = -lowest
    style(ax, "", "a draw between", "share of the draws").set(xlim=(-0.6, count - 0.4), ylim=(0, 1.02))
    labels = [f"1e{k}\nto 1e{k + 1}" for k in range(lowest, 0)]
    ax.set_xticks(range(count), labels, fontsize=8)
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    looks = ((WRONG, "///"), (RIGHT, ""))
    bars = [ax.bar(np.arange(count) + shift, np.ones(count), width=0.38, color=soft(colour, 0.35 if hatch else 0),
                   ec=colour, hatch=hatch, label=name)
            for shift, name, (colour, hatch) in zip((-0.2, 0.2), names, looks)]  # fmt: skip
    ax.legend(loc="upper left", frameon=False, fontsize=9).set_zorder(STILL)
    head = headline(ax)

    def update(shares, title=""):
        for series, each in zip(bars, shares):
            for bar, share in zip(series, each):
                bar.set_height(share)
        head.set_text(title)
        return [*bars[0], *bars[1], head]

    return update


def tried(above, board, colour, names):
    """Places that a search tried: on the board, and above it only what the first setting does.

    names: of the two settings. Returns update(hill (K, K), curve (xs, ys), places (N, 2), heights (N,), distinct (M,),
    title): `hill` the score of every place, `curve` what the first setting adds to it, `heights` that at the places,
    `distinct` the values of the first setting that were tried.
    """
    head = small(above, "", grid=None)
    above.set(xlim=(0, 1), ylim=(-0.08, 1.12), xticks=[], yticks=[])
    above.set_ylabel("what it adds", fontsize=8.5, color=INK)
    small(board, "", names[0], grid=None)
    board.set_ylabel(names[1], fontsize=8.5, color=INK)
    board.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
    ground = board.imshow(np.zeros((2, 2)), extent=(0, 1, 0, 1), origin="lower", cmap=HILL, vmin=0, vmax=1,
                          interpolation="nearest", aspect="auto", zorder=0.1)
    (line,) = above.plot([], [], color=CLASS_COLOURS[2], lw=2)
    lines = [ax.add_collection(LineCollection([], colors=soft(colour, 0.3), linewidths=1)) for ax in (above, board)]
    (dots,) = board.plot([], [], "o", color=colour, ms=6, mec="white", mew=0.8, clip_on=False)
    (raised,) = above.plot([], [], "o", color=colour, ms=6, mec="white", mew=0.8)

    def update(hill, curve, places, heights, distinct, title=""):
        ground.set_data(np.round(hill * LEVELS) / LEVELS)
        line.set_data(*curve)
        for each, (low, high) in zip(lines, ((-0.08, 1.12), (0, 1))):
            each.set_segments([[(x, low), (x, high)] for x in distinct])
        dots.set_data(*places.T)
        raised.set_data(places[:, 0], heights)
        head.set_text(title)
        return [ground, *lines, line, dots, raised, head]

    return update


def ranges(ax, hill, ticks, limits, names):
    """A map of scores over two settings, what was tried in each round, and where each round looked as a frame.

    hill (H, W): scores, `limits` those of the colours; ticks: ((places, labels) across, and up), places from 0 to 1.
    Returns update(rounds, frames, best (x, y), alarm, title): `rounds` a list of places (N, 2), `frames` of
    (left, right, bottom, top), `alarm` None or the place across of an end at which the best ones crowd.
    """
    style(ax, "", *names, grid=None).set(xlim=(0, 1), ylim=(0, 1))
    ax.set_xticks(*ticks[0], fontsize=8)
    ax.set_yticks(*ticks[1], fontsize=8)
    low, high = limits
    steps = np.round((np.asarray(hill) - low) / (high - low) * LEVELS) / LEVELS
    ax.imshow(steps, extent=(0, 1, 0, 1), origin="lower", cmap=HILL, vmin=0, vmax=1, interpolation="nearest",
              aspect="auto", zorder=0.1)
    looks = ((CLASS_COLOURS[0], "o", "-"), (CLASS_COLOURS[3], "s", "--"), (INK, "^", ":"))
    boxes = [ax.add_patch(Rectangle((0, 0), 0, 0, fc="none", ec=colour, lw=1.6, ls=dash)) for colour, _, dash in looks]
    dots = [ax.plot([], [], mark, color=colour, ms=6.5, mec="white", mew=0.8, label=f"round {number}", zorder=3)[0]
            for number, (colour, mark, _) in enumerate(looks, 1)]
    (ring,) = ax.plot([], [], "o", ms=14, mfc="none", mec=WRONG, mew=2.2, label="best", zorder=4)
    wall = ax.axvline(0, color=ALARM, lw=5, alpha=0.7, zorder=2)
    ax.legend(loc="upper left", framealpha=0.9, edgecolor=GRID, fontsize=8).set_zorder(STILL)
    head = headline(ax)

    def update(rounds, frames, best, alarm=None, title=""):
        for number, (dot, box) in enumerate(zip(dots, boxes)):
            dot.set_data(*(rounds[number].T if number < len(rounds) else ([], [])))
            box.set_visible(number < len(frames))
            if number < len(frames):
                left, right, bottom, top = frames[number]
                box.set_bounds(left, bottom, right - left, top - bottom)
        ring.set_data([best[0]], [best[1]])
        wall.set_visible(alarm is not None)
        wall.set_xdata([alarm or 0.0] * 2)
        head.set_text(title)
        return [*boxes, wall, *dots, ring, head]

    return update


def searches(ax, names, most, limits, ylabel):
    """Best score so far against the number of trials, a line with a band for each sampler.

    Returns update(means (S, most), errors (S, most), at, shown, title): `errors` half the height of a band, `at` the
    trial with the dots, `shown` a bool for each sampler.
    """
    style(ax, "", "trials", ylabel, grid="both").set(xlim=(1, most), ylim=limits)
    looks = list(zip(names, CLASS_COLOURS, MARKERS, ("-", "--", "-.", ":")))
    bands = [ax.fill_between([1, most], [0, 0], color=soft(colour, 0.6), lw=0, alpha=0.5) for _, colour, _, _ in looks]
    lines = [ax.plot([], [], dash, color=colour, lw=2, label=name)[0] for name, colour, _, dash in looks]
    dots = [ax.plot([], [], mark, color=colour, ms=8, mec="white", mew=1)[0] for _, colour, mark, _ in looks]
    cursor = ax.axvline(1, color=MUTED, lw=1, ls=":")
    ax.legend(loc="lower right", frameon=False, fontsize=9).set_zorder(STILL)
    head, trials = headline(ax), np.arange(1, most + 1)

    def update(means, errors, at, shown, title=""):
        for mean, error, band, line, dot, on in zip(means, errors, bands, lines, dots, shown):
            edge = np.concatenate([mean - error, (mean + error)[::-1]])
            band.set_verts([np.stack([np.concatenate([trials, trials[::-1]]), edge], 1)] if on else [])
            line.set_data(trials if on else [], mean if on else [])
            dot.set_data([at] if on else [], [mean[at - 1]] if on else [])
        cursor.set_xdata([at, at])
        head.set_text(title)
        return [*bands, cursor, *lines, *dots, head]

    return update


def judgements(ax, names, limits, xlabel):
    """What each candidate scored: small dots on single folds, a bar from lowest to highest, a large dot for their mean.

    Returns update(folds (C, K), judged (C,), chosen, truth (C,), title): `judged` what the choice goes by, `chosen` the
    number of the candidate chosen, `truth` how good they really are; the best is marked there.
    """
    count = len(names)
    style(ax, "", xlabel, grid="x").set(xlim=limits, ylim=(count - 0.4, -0.8), yticks=range(count))
    ax.set_yticklabels(names, fontsize=8)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    spans = ax.add_collection(LineCollection([], colors=QUIET, linewidths=6))
    (small_dots,) = ax.plot([], [], "|", color=MUTED, ms=10, mew=1.4, label="one fold")
    (dots,) = ax.plot([], [], "o", color=RIGHT, ms=8, mec="white", mew=0.8, label="what is judged by")
    (ring,) = ax.plot([], [], "o", ms=15, mfc="none", mec=WRONG, mew=2.2, label="chosen")
    (star,) = ax.plot([], [], "*", ms=11, color=CLASS_COLOURS[2], mec=INK, mew=0.5, ls="", label="best in truth")
    ax.legend(loc="lower left", frameon=True, framealpha=0.85, edgecolor=GRID, fontsize=8).set_zorder(STILL)
    head = headline(ax)

    def update(folds, judged, chosen, truth, title=""):
        rows = np.arange(len(folds))
        spans.set_segments([[(each.min(), row), (each.max(), row)] for row, each in zip(rows, folds)])
        small_dots.set_data(folds.ravel(), rows.repeat(folds.shape[1]))
        dots.set_data(judged, rows)
        ring.set_data([judged[chosen]], [chosen])
        star.set_data([max(truth)], [np.argmax(truth)])
        head.set_text(title)
        return [spans, small_dots, dots, ring, star, head]

    return update
