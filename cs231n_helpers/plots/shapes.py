"""Arrays as rectangles: which products fit, and what a small array collects when it was copied to fill a large one."""

import numpy as np

from .style import CLASS_COLOURS, INK, MUTED, RIGHT, STILL, WRONG, blank, headline, soft
from .words import Words

SIZES = {"N": CLASS_COLOURS[0], "D": CLASS_COLOURS[1], "C": CLASS_COLOURS[2]}  # one colour for each kind of length


def product(ax, most):
    """Two arrays and their product, drawn to scale; lengths of one kind have one colour, and `most` is the longest.

    Returns update(names, letters, sizes, fits, title, good): for the left, the right and the resulting array a name,
    two letters such as "ND", and its (rows, columns). Where the product does not fit, the result is hidden and the two
    lengths that should meet are drawn thick. `good` says whether the title is good news.
    """
    step = most + 3
    blank(ax).set(xlim=(-1.6, 3 * step - 2), ylim=(-most / 2 - 1.7, most / 2 + 1.7), aspect="equal")
    blocks = [_block(ax, i * step + most / 2) for i in range(3)]
    for i, sign in enumerate("@="):
        ax.text((i + 1) * step - 2.4, 0, sign, ha="center", va="center", fontsize=15, color=INK, in_layout=False)
    head = headline(ax)

    def update(names, letters, sizes, fits, title, good):
        head.set(text=title, color=RIGHT if good else WRONG)
        changed = [head]
        for i, (block, name, pair, size) in enumerate(zip(blocks, names, letters, sizes, strict=True)):
            thick = {0: {"top"}, 1: {"left"}}.get(i, set()) if not fits else set()  # its columns, its rows
            changed += block(name, pair, size, fits or i < 2, thick)
        return changed

    return update


def _block(ax, centre):
    """One rectangle with its name inside and its two lengths at its edges; returns place(...) -> the artists."""
    (ground,) = ax.fill([0], [0], fc=soft(MUTED, 0.88), lw=0, zorder=1)
    edges = {side: ax.plot([], [], lw=3, solid_capstyle="butt", zorder=2)[0]
             for side in ("left", "right", "top", "bottom")}  # fmt: skip
    name, rows, columns = (ax.text(centre, 0, "", ha="center", va="center", fontsize=size, color=INK, in_layout=False,
                                   zorder=3) for size in (12, 10, 10))  # fmt: skip

    def place(words, pair, size, visible, thick):
        high, wide = size[0] / 2, size[1] / 2
        left, right = centre - wide, centre + wide
        ground.set(xy=[(left, -high), (right, -high), (right, high), (left, high)], visible=visible)
        ends = {"left": ([left] * 2, [-high, high]), "right": ([right] * 2, [-high, high]),
                "top": ([left, right], [high] * 2), "bottom": ([left, right], [-high] * 2)}  # fmt: skip
        for side, edge in edges.items():
            colour = SIZES[pair[side in ("top", "bottom")]]
            edge.set_data(*ends[side])
            edge.set(color=colour, visible=visible, lw=7 if side in thick else 3)
        name.set(text=words, visible=visible)
        rows.set(text=f"{pair[0]} {size[0]}", x=left - 0.4, ha="right", visible=visible, color=SIZES[pair[0]])
        columns.set(text=f"{pair[1]} {size[1]}", y=high + 0.3, va="bottom", visible=visible, color=SIZES[pair[1]])
        return [ground, *edges.values(), name, rows, columns]

    return place


def copied(ax, most):
    """Left: a small array (dark) copied (pale) to a large one. Right: the gradient of the large one, and its sums.

    Returns update(copies, own, dy, sums, collapsed, title): `copies` (N, C) the values that were added, `own` (N, C)
    bools that are True where the small array itself stands, `dy` (N, C), `sums` the gradient of the small array as
    (1, C), (N, 1) or (1, 1), and `collapsed` two bools: were rows, were columns added up? N and C are at most `most`.
    """
    centre = most / 2 + 2  # of the left half; that of the right one is three times as far out
    blank(ax).set(xlim=(0, 4 * centre), ylim=(most + 1.7, -1.3), aspect="equal")
    numbers, head = Words(ax), headline(ax)
    forward, backward, total = (_cells(ax, numbers, *where) for where in
                                (("forward", most**2), ("backward", most**2), ("sums", most)))  # fmt: skip
    for x, words in ((centre, "forward: copied"), (3 * centre, "backward: added up")):
        ax.text(x, -0.45, words, ha="center", va="center", fontsize=11, color=INK, in_layout=False, zorder=STILL)

    def update(copies, own, dy, sums, collapsed, title):
        down, right = (length + 0.35 if gone else 0 for length, gone in zip(dy.shape, collapsed, strict=True))
        left = -dy.shape[1] / 2
        head.set_text(title)
        return [*forward(copies, (0, centre + left), np.where(own, 1.0, 0.25)),
                *backward(dy, (0, 3 * centre + left), np.full(dy.shape, 0.6)),
                *total(sums, (down, 3 * centre + left + right), np.ones(sums.shape)), numbers, head]

    return update


def _cells(ax, numbers, name, count):
    """Room for `count` coloured squares, whose numbers go to the `numbers`, a Words, under (name, k).

    Returns fill(values (R, K), (y, x) of the top left corner, strengths (R, K)) -> the squares.
    """
    squares = [ax.fill([0], [0], ec="white", lw=1.5, zorder=1)[0] for _ in range(count)]
    for k in range(count):
        numbers.place((name, k), 0, 0, size=10)

    def fill(values, at, strengths):
        places = [*np.ndindex(values.shape)]
        for k, square in enumerate(squares):
            square.set_visible(k < len(places))
            numbers.write((name, k), "")
        for k, place in enumerate(places):
            value, strength, (y, x) = values[place], strengths[place], np.add(place, at)
            squares[k].set(xy=[(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)],
                           facecolor=soft(RIGHT if value >= 0 else WRONG, 1 - 0.6 * strength))  # fmt: skip
            numbers.places[name, k].x, numbers.places[name, k].y = x + 0.5, y + 0.62
            numbers.write((name, k), f"{value:g}".replace("-", "\N{MINUS SIGN}"), INK if strength > 0.3 else MUTED)
        return squares

    return fill
