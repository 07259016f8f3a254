"""A search for good settings on one clock: where the trials stood, what they scored, who ran them, and who leads."""

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize

from .quick import quick
from .runs import small
from .style import ALARM, CLASS_COLOURS, GRID, INK, MUTED, QUIET, WRONG
from .words import Words

STATES = {"done": "o", "stopped": "v", "failed": "X"}               # how a trial ended: the shape of its dot
SCALE = "viridis"                                                   # dark is bad, bright is good, also in grey
SIDES = {("across", "low"): [[0, 0], [0, 1]], ("across", "high"): [[1, 1], [0, 1]],
         ("up", "low"): [[0, 1], [0, 0]], ("up", "high"): [[0, 1], [1, 1]]}     # of the board: xs, ys
WORKERS = 4                                                         # most strips that are shown
LINE = 124                                                          # letters of the line above all
LETTERS = 13                                                        # of a name above a column


def board(ax, limits, key=True):
    """The board: one dot per trial, its place between the ends of two settings, its colour the score.

    limits: (lowest, highest) score of the colour scale; key: whether it stands beside the board. Returns
    update(places (N, 2), scores (N,), kinds (N), best=None, running (M, 2), edges=(), title="", names, ticks):
    places from 0 to 1 across and up, `kinds` of STATES, `best` the number of the dot with a ring, `edges` those sides
    of SIDES at which the best trials crowd, `title` the line above the whole figure, `names` of the settings and
    `ticks` ((places, labels) across, and up).
    """
    small(ax, "", grid="both")
    head, shown = quick(ax.figure.suptitle(" ", x=0.012, ha="left", fontsize=9, color=INK)), [None]
    ax.set(xlim=(-0.04, 1.04), ylim=(-0.04, 1.04), xticks=[], yticks=[])
    ax.text(-0.02, 0.5, "0.00001", transform=ax.transAxes, ha="right", va="center", fontsize=8, alpha=0)   # keeps room
    colours = Normalize(*limits)
    dots = {kind: ax.scatter([], [], s=46, c=[], marker=mark, cmap=SCALE, norm=colours, ec=INK, lw=0.6, zorder=3)
            for kind, mark in STATES.items()}
    busy = ax.scatter([], [], s=60, marker="o", fc="none", ec=INK, lw=1.2, ls=":", zorder=3)
    (ring,) = ax.plot([], [], "o", ms=14, mfc="none", mec=WRONG, mew=2.2, zorder=4)
    walls = {side: ax.plot(*way, color=ALARM, lw=5, alpha=0.75, solid_capstyle="butt", zorder=2)[0]
             for side, way in SIDES.items()}
    if key:
        bar = ax.figure.colorbar(dots["done"], ax=ax, fraction=0.05, pad=0.02, aspect=28)
        bar.ax.tick_params(labelsize=8, length=2, pad=2)
        bar.ax.set_title("score", fontsize=8, color=INK)
        bar.outline.set_visible(False)

    def update(places, scores, kinds, best=None, running=(), edges=(), title="", names=("", ""), ticks=None):
        kinds, places = np.asarray(kinds, dtype=object), np.reshape(places, (-1, 2))
        for kind, each in dots.items():
            mine = kinds == kind
            each.set_offsets(places[mine])
            each.set_array(np.asarray(scores, float)[mine])
        busy.set_offsets(np.reshape(running, (-1, 2)))
        ring.set_data(*places[[best]].T if best is not None else ([], []))
        for side, wall in walls.items():
            wall.set_visible(side in edges)
        head.set_text(title if len(title) <= LINE else title[:LINE - 1] + "…")
        new = (names, repr(ticks))
        if new != shown[0]:                                         # other settings: the whole board is another
            shown[0] = new
            _name(ax, names, ticks)
            return None
        return [*walls.values(), *dots.values(), busy, ring, head]

    return update


def _name(ax, names, ticks):
    ax.set_xlabel(names[0], fontsize=9, color=INK)
    ax.set_ylabel(names[1], fontsize=9, color=INK)
    (across, labels), (up, others) = ticks or (([], []), ([], []))
    ax.set_xticks(across, labels)
    ax.set_yticks(up, others)


def key_of_states(ax):
    """A line of words and shapes on an axis of its own: what the dots of the board and the curves mean."""
    looks = {kind: ({"marker": mark, "mfc": QUIET, "mec": INK, "mew": 0.6, "ms": 6.5}) for kind, mark in STATES.items()}
    looks |= {"running": {"marker": "o", "mfc": "none", "mec": INK, "mew": 1, "ms": 7.5},
              "best": {"marker": "o", "mfc": "none", "mec": WRONG, "mew": 2, "ms": 10}}
    names = {"stopped": "stopped early", "running": "under way", "best": "best of all"}
    keys = [ax.plot([], [], ls="", label=names.get(state, state), **look)[0] for state, look in looks.items()]
    keys += [ax.plot([], [], "o", ms=4, color=MUTED, mew=0, label="score of a trial")[0],
             ax.plot([], [], color=WRONG, lw=1.8, label="best so far")[0]]
    ax.legend(keys, [key.get_label() for key in keys], loc="center left", ncols=len(keys), frameon=False, fontsize=8,
              handletextpad=0.3, handlelength=1.4, columnspacing=1.1, bbox_to_anchor=(-0.01, 0.5), borderaxespad=0)
    ax.set_axis_off()


def progress(ax, limits):
    """Every trial's score in the order in which they ended, and the best so far.

    Returns update(scores (N,), best (N,), planned, title): NaN is a trial without a score.
    """
    head = small(ax, "", "trials that have ended", grid="both")
    ax.set(xlim=(0.4, 10.6), ylim=limits)
    (dots,) = ax.plot([], [], "o", ms=4, color=MUTED, mew=0, alpha=0.8)
    (line,) = ax.plot([], [], color=WRONG, lw=1.8, drawstyle="steps-post")

    def update(scores, best, planned, title=""):
        if ax.get_xlim()[1] != planned + 0.6:
            ax.set_xlim(0.4, planned + 0.6)
        at = np.arange(1, len(scores) + 1)
        dots.set_data(at, scores)
        line.set_data(np.append(at, len(at) + 0.6 if len(at) else []), np.append(best, best[-1:]))
        head.set_text(title)
        return [dots, line, head]

    return update


def strips(ax):
    """Who ran which trial when: a strip for each worker, a block for each trial.

    Returns update(rows, begun, ended, kinds, numbers, names, width): `rows` (N,) the worker of each block, `kinds` of
    STATES or "running", `names` of the workers, `width` the seconds that the axis shows.
    """
    small(ax, "who ran which trial, and when", "seconds", grid="x")
    ax.set(ylim=(WORKERS - 0.5, -0.5), yticks=[], xlim=(0, 1))
    ax.text(-0.01, 0.5, "worker 1", transform=ax.transAxes, ha="right", fontsize=7.5, alpha=0)     # keeps room
    looks = {"done": (CLASS_COLOURS[0], ""), "stopped": (CLASS_COLOURS[5], "///"), "failed": (WRONG, "xxx"),
             "running": ("white", "")}
    blocks = {kind: ax.add_collection(PolyCollection([], fc=colour, ec=INK if kind == "running" else "white", lw=0.8,
                                                     hatch=hatch, zorder=3)) for kind, (colour, hatch) in looks.items()}
    words = Words(ax, zorder=4)
    for row in range(WORKERS):
        words.place(row, 0, 0, size=7.5, align="right", colour=INK)

    def update(rows, begun, ended, kinds, names, width):
        high = max(len(names), 1)
        if ax.get_ylim()[0] != high - 0.5:
            ax.set_ylim(high - 0.5, -0.5)
        if ax.get_xlim()[1] != width:
            ax.set_xlim(0, width)
        for kind, each in blocks.items():
            each.set_verts([_block(row, a, b) for row, a, b, k in zip(rows, begun, ended, kinds) if k == kind])
        for row in range(WORKERS):
            words.write(row, names[row] if row < len(names) else "")
            words.places[row].x, words.places[row].y = -0.01 * width, row + 0.1
        return [*blocks.values(), words]

    return update


def _block(row, begun, ended, half=0.36):
    return [(begun, row - half), (ended, row - half), (ended, row + half), (begun, row + half)]


def leaders(ax, most=5):
    """A table of the best trials in words. Returns update(head, rows): lists of words, the first of each its rank."""
    ax.set(xlim=(0, 1), ylim=(most + 0.3, -0.9))
    ax.set_axis_off()
    ax.axhline(0.35 - 0.5, color=GRID, lw=1)
    words = Words(ax)

    def update(head, rows):
        words.places.clear()
        for number, row in enumerate([head, *rows[:most]]):
            for column, text in enumerate(row):
                words.place((number, column), _column(column, len(row)), number - 0.3, _cut(text), size=8,
                            align="left" if column == 0 else "right", colour=MUTED if number == 0 else INK,
                            bold=number == 1)
        return [words]

    return update


def _column(column, count):
    """The right end of a column: a narrow one for the rank, then equal ones."""
    return 0.0 if column == 0 else 0.06 + 0.94 * column / (count - 1)


def _cut(text):
    return text if len(text) <= LETTERS else text[: LETTERS - 1] + "…"
