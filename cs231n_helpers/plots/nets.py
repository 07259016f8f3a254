"""Neurons in layers: the arrays of a network drawn to scale, the network itself with its counts, and its outputs."""

from itertools import pairwise

import numpy as np
from matplotlib.collections import LineCollection

from .style import CLASS_COLOURS, INK, MUTED, STILL, blank, headline, soft, style

ROLES = {"input": soft(MUTED, 0.4), "hidden": CLASS_COLOURS[0], "output": CLASS_COLOURS[1]}


def blocks(ax, most, rows=3):
    """The arrays of a network, one row per layer: inputs @ weights + biases = outputs, as rectangles drawn to scale.

    `most` is the longest length. Returns update(layers, title): for each layer its name, four blocks (name, rows,
    columns, colour of the rows, colour of the columns), and what is done to the sum; `rows` layers at most.
    """
    high, wide = most + 1.9, 4 * most + 8.5
    blank(ax).set(xlim=(-3.4, wide), ylim=(rows * high - 0.5, -1.4), aspect="equal")
    lines = [_row(ax, i * high + most / 2, most) for i in range(rows)]
    head = headline(ax)

    def update(layers, title):
        head.set_text(title)
        changed = [head]
        for i, line in enumerate(lines):
            changed += line(layers[i] if i < len(layers) else None)
        return changed

    return update


def _row(ax, middle, most):
    """One layer; returns place(layer or None) -> artists."""
    lefts = np.arange(4) * (most + 2) + np.array([0, 0, 0, 2])
    boxes = [_block(ax, left + most / 2, middle) for left in lefts]
    signs = [ax.text(left - gap, middle, sign, ha="center", va="center", fontsize=14, color=INK, in_layout=False)
             for left, gap, sign in zip(lefts[1:], (1, 1, 2), "@+=", strict=True)]  # fmt: skip
    name = ax.text(-3.3, middle, "", ha="left", va="center", fontsize=10, color=INK, in_layout=False)
    bend = ax.text(lefts[3] - 2, middle + 1, "", ha="center", va="center", fontsize=9, color=MUTED, in_layout=False)

    def place(layer):
        there = layer is not None
        name.set_text(layer[0] if there else "")
        bend.set_text(layer[2] if there else "")
        for sign in signs:
            sign.set_visible(there)
        return [name, bend, *signs, *(artist for i, box in enumerate(boxes) for artist in box(layer and layer[1][i]))]

    return place


def _block(ax, centre, middle):
    (ground,) = ax.fill([0], [0], fc=soft(MUTED, 0.88), ec=MUTED, lw=0.8, zorder=1)
    sides = [ax.plot([], [], lw=4, solid_capstyle="butt", zorder=2)[0] for _ in range(2)]
    name = ax.text(centre, middle, "", va="center", fontsize=10, color=INK, in_layout=False, zorder=3)
    size = ax.text(centre, middle, "", ha="center", va="bottom", fontsize=9, color=INK, in_layout=False, zorder=3)

    def place(block):
        artists = [ground, *sides, name, size]
        for artist in artists:
            artist.set_visible(block is not None)
        if block is not None:
            words, rows, columns, *colours = block
            left, right, top, bottom = centre - columns / 2, centre + columns / 2, middle - rows / 2, middle + rows / 2
            ground.set_xy([(left, top), (right, top), (right, bottom), (left, bottom)])
            sides[0].set(data=([left] * 2, [top, bottom]), color=colours[0])
            sides[1].set(data=([left, right], [top] * 2), color=colours[1])
            beside, below = rows > 1 == columns, rows == 1  # too thin for its name, which stands outside
            name.set(text=words, x=right + 0.2 if beside else centre, y=bottom + 0.55 if below else middle,
                     ha="left" if beside else "center")  # fmt: skip
            size.set(text=f"({rows}, {columns})", y=top - 0.3)
        return artists

    return place


def net(ax, most, columns=4):
    """A network of fully connected layers: circles, one line per weight, and below each layer what it is.

    `most` circles per layer at most, `columns` layers at most, the input counted here. Returns update(sizes, words,
    title): `sizes` the numbers of units, input first, and `words` the text below each.
    """
    blank(ax).set(xlim=(-0.6, columns - 0.4), ylim=(-1.9, most - 0.1))
    links = LineCollection([], colors=MUTED, linewidths=0.8, zorder=1)
    ax.add_collection(links, autolim=False)
    dots = [ax.plot([], [], "o", ms=17, mec=INK, mew=1.2, zorder=3)[0] for _ in range(columns)]
    texts = [ax.text(0, -1.05, "", ha="center", va="center", fontsize=10, color=INK, in_layout=False, linespacing=1.35)
             for _ in range(columns)]  # fmt: skip
    head = headline(ax)

    def update(sizes, words, title):
        places = [_column(i * (columns - 1) / (len(sizes) - 1), size, most) for i, size in enumerate(sizes)]
        links.set_segments([(a, b) for left, right in pairwise(places)
                            for a in left for b in right])  # fmt: skip
        for i, (dot, text) in enumerate(zip(dots, texts, strict=True)):
            there = i < len(sizes)
            dot.set_data(*places[i].T) if there else dot.set_data([], [])
            role = "input" if i == 0 else "output" if i == len(sizes) - 1 else "hidden"
            dot.set(color=ROLES[role], markeredgecolor=INK)
            text.set(text=words[i] if there else "", x=places[i][0, 0] if there else 0)
        head.set_text(title)
        return [links, *dots, *texts, head]

    return update


def _column(x, size, most):
    return np.stack([np.full(size, x), (most - 1) / 2 + np.arange(size) - (size - 1) / 2], axis=1)


def outputs(ax, most, limits):
    """One bar per output of a network, for at most `most` of them. Returns update(values (C,), title)."""
    style(ax, "", "output", "value").set(xlim=(-0.6, most - 0.4), ylim=limits)
    ax.set_xticks(range(most))
    ax.axhline(0, color=MUTED, lw=1)
    ax.axhline(1, color=MUTED, lw=1, ls=":").set_zorder(STILL)
    bars = ax.bar(range(most), np.ones(most), width=0.62, color=ROLES["output"])
    texts = [ax.text(i, 0, "", ha="center", va="center", fontsize=10, color=INK, in_layout=False, zorder=4)
             for i in range(most)]  # fmt: skip
    head, gap = headline(ax), 0.05 * (limits[1] - limits[0])

    def update(values, title):
        for i, (bar, text) in enumerate(zip(bars, texts, strict=True)):
            there = i < len(values)
            value = float(values[i]) if there else 0.0
            bar.set(height=value, visible=there)
            text.set(y=value + (gap if value >= 0 else -gap), visible=there,
                     text=f"{value:.2f}".replace("-", "\N{MINUS SIGN}"))
        head.set_text(title)
        return [*bars, *texts, head]

    return update
