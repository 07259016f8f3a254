"""Cells with numbers and windows that slide over them: convolutions small enough to be worked by hand."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb

from .style import CLASS_COLOURS, FAINT, INK, MUTED, RIGHT, WRONG, blank, headline
from .words import Words, number

WINDOW, TARGET = CLASS_COLOURS[4], CLASS_COLOURS[0]  # what a neuron looks at, and the neuron
UNSEEN, PADDING = "#DDE1E7", "#D9DCE2"  # cells that do not count, and zeros around an image


def cells(ax, most, scale=4.0, size=10.0, width=34, name=""):
    """A grid of at most `most` = (rows, columns) cells with their numbers, blue above 0 and orange below.

    `scale` is the number with the full colour, `size` the points of the digits, and a number gets `width` pixels at
    most; `name` is written below. Returns update(values (R, C), frames=(), faint=None, title=""): `frames` are
    (row, column, height, width, colour) of rectangles, `faint` (R, C) marks cells that are not really there (zeros
    around an image); NaN is a cell without a number.
    """
    blank(ax, xlabel=name).set(xlim=(-0.2, most[1] + 0.2), ylim=(most[0] + 0.2, -0.2), aspect="equal")
    ground = ax.imshow(np.ones((*most, 3)), extent=(0, most[1], most[0], 0), interpolation="nearest", zorder=1)
    ax.set(xlim=(-0.2, most[1] + 0.2), ylim=(most[0] + 0.2, -0.2))
    lines, edges = (LineCollection([], linewidths=w, colors="white", zorder=z) for w, z in ((1.2, 2), (2.6, 3)))
    for collection in (lines, edges):
        ax.add_collection(collection, autolim=False)
    words, head = Words(ax), headline(ax)
    for place in np.ndindex(*most):
        words.place(place, 0, 0, size=size)

    def update(values, frames=(), faint=None, title=""):
        R, C = values.shape
        unit = min(most[0] / R, most[1] / C)  # a smaller grid has larger cells
        top, left = (most[0] - unit * R) / 2, (most[1] - unit * C) / 2
        faint = np.zeros((R, C), bool) if faint is None else faint
        ground.set_data(_colours(values, scale, faint))
        ground.set_extent((left, left + unit * C, top + unit * R, top))
        lines.set_segments(np.add(unit * np.array(_net(R, C)), (left, top)))
        outlines = [unit * np.array(_outline(*frame[:4])) for frame in frames]
        edges.set_segments([np.add(outline, (left, top)) for outline in outlines])
        edges.set_color([colour for *_, colour in frames])
        for place, word in words.places.items():
            there = place[0] < R and place[1] < C
            word.text = number(float(values[place]), size, width) if there else ""
            word.x, word.y = left + unit * (place[1] + 0.5), top + unit * (place[0] + 0.5) + 0.014 * most[0]
            word.colour = MUTED if there and faint[place] else INK
        head.set_text(title)
        return [ground, lines, edges, words, head]

    return update


def _colours(values, scale, faint):
    """Blue above 0, orange below, white at 0 and where nothing is known; pale enough for digits; (R, C, 3)."""
    strength = 0.6 * np.clip(np.nan_to_num(np.abs(values)) / scale, 0, 1)[..., None]
    colour = np.where(np.nan_to_num(values)[..., None] >= 0, to_rgb(RIGHT), to_rgb(WRONG))
    pale = 0.97 * (1 - strength) + strength * colour
    return np.where(faint[..., None] & (strength == 0), to_rgb(PADDING), pale)


def _outline(top, left, height, width):
    return [(left, top), (left + width, top), (left + width, top + height), (left, top + height), (left, top)]


def _net(R, C):
    return [[(0, r), (C, r)] for r in range(R + 1)] + [[(c, 0), (c, R)] for c in range(C + 1)]


def text(ax, size=10.0, align="left"):
    """A place for lines of words. Returns update(words, good=True): what is not good is written in orange."""
    blank(ax).set(xlim=(0, 1), ylim=(0, 1))
    x = {"left": 0.0, "center": 0.5}[align]
    lines = ax.text(x, 0.5, "", ha=align, va="center", fontsize=size, color=INK, in_layout=False, linespacing=1.5)

    def update(words, good=True):
        lines.set(text=words, color=INK if good else WRONG)
        return [lines]

    return update


def sheets(ax, side, most):
    """An output as sheets of `side` x `side` places at most, one behind the other, `most` at most.

    Returns update(size, count, place, unit, title): each sheet has size x size places, `unit` wide; `place` (row,
    column) is marked on all of them, with a line through them: the depth column.
    """
    step = 0.55 * side / most
    blank(ax).set(xlim=(-0.5, side + step * most + 0.5), ylim=(side + 0.5, -step * most - 0.5), aspect="equal")
    grounds = [ax.fill([0], [0], fc=FAINT, ec=MUTED, lw=1, zorder=1 + k / most)[0] for k in range(most)]
    marks = [ax.fill([0], [0], fc=CLASS_COLOURS[k % 10], ec=INK, lw=0.8, zorder=2.1 + k / most)[0]
             for k in range(most)]  # fmt: skip
    (column,) = ax.plot([], [], color=INK, lw=1.6, ls=":", marker=".", ms=4, zorder=4)
    head = headline(ax)

    def update(size, count, place, unit, title):
        low, centres, span, (row, col) = (side - unit * size) / 2, [], unit * size, np.multiply(place, unit)
        for k, (ground, mark) in enumerate(zip(grounds, marks, strict=True)):  # the first is painted first, at the back
            there, back = k < count, step * (count - 1 - k)
            ground.set(xy=_outline(low - back, low + back, span, span), visible=there)
            mark.set(xy=_outline(low - back + row, low + back + col, unit, unit), visible=there)
            centres += [(low + back + col + unit / 2, low - back + row + unit / 2)] if there else []
        column.set_data(*np.transpose(centres))
        head.set_text(title)
        return [*grounds, *marks, column, head]

    return update


def strip(ax, colours=(WINDOW, TARGET)):
    """One row of an image from the side, and the windows that slide along it, drawn to scale.

    Returns update(length, pad, windows (K,), reach, left, title): the row has
    `length` pixels and `pad` zeros on each side, each window begins at one of `windows` (counted with the padding) and
    spans `reach`, and the last `left` pixels are seen by none.
    """
    blank(ax).set(xlim=(-3, 103), ylim=(-6.6, 1.6))
    parts = {name: ax.fill([0], [0], fc=colour, ec=INK, lw=0.8, hatch=hatch, zorder=1)[0] for name, colour, hatch in
             (("image", "#BFD9EA", ""), ("before", FAINT, "///"), ("after", FAINT, "///"),
              ("left over", WRONG, "xxx"))}  # fmt: skip
    bars = LineCollection([], linewidths=4, zorder=2, capstyle="butt")
    ax.add_collection(bars, autolim=False)
    head = headline(ax)

    def update(length, pad, windows, reach, left, title):
        total = length + 2 * pad
        unit = 100 / max(total, reach)
        spans = {"image": (pad, length), "before": (0, pad), "after": (pad + length, pad), "left over":
                 (total - left, left)}  # fmt: skip
        for name, (start, span) in spans.items():
            parts[name].set(xy=_outline(0, unit * start, 1, unit * span), visible=span > 0)
        levels = -0.6 - np.arange(len(windows)) % 8 * 0.75
        starts, gap = unit * np.asarray(windows), min(0.4, 0.1 * unit * reach)
        bars.set_segments([[(start + gap, level), (start + unit * reach - gap, level)]
                           for start, level in zip(starts, levels, strict=True)])  # fmt: skip
        bars.set_color([colours[i % 2] for i in range(len(windows))])
        head.set_text(title)
        return [*parts.values(), bars, head]

    return update


def stack(ax, layers, width):
    """Layers from the side, the input at the bottom, each a row of cells; what one neuron at the top depends on.

    `layers` rows at most above the input, `width` cells each. Returns update(names, spans, links, title): for each
    layer from the input up its name and the cells (a list of columns) that count, and for each layer above the input
    the links [(column above, column below)].
    """
    blank(ax).set(xlim=(-0.16 * width, width + 0.5), ylim=(-0.3, 1.9 * layers + 1.3))
    rows = [ax.imshow(np.ones((1, width, 3)), extent=(0, width, 1.9 * i, 1.9 * i + 0.9), aspect="auto", zorder=2,
                      interpolation="nearest") for i in range(layers + 1)]  # fmt: skip
    nets = LineCollection([], linewidths=1, colors="white", zorder=3)
    lines = LineCollection([], linewidths=1, colors=MUTED, zorder=1)
    for collection in (nets, lines):
        ax.add_collection(collection, autolim=False)
    ax.set(xlim=(-0.16 * width, width + 0.5), ylim=(-0.3, 1.9 * layers + 1.3))
    labels = [ax.text(-0.02 * width, 0, "", ha="right", va="center", fontsize=9, color=INK, in_layout=False)
              for _ in rows]  # fmt: skip
    head = headline(ax)

    def update(names, lit, links, title):
        for i, (row, label) in enumerate(zip(rows, labels, strict=True)):
            there = i < len(names)
            row.set_visible(there)
            label.set(text=names[i] if there else "", y=1.9 * i + 0.45)
            if there:
                pixels = np.tile(to_rgb(UNSEEN), (1, width, 1))
                pixels[0, lit[i]] = to_rgb(TARGET if i == len(names) - 1 else WINDOW)
                row.set_data(pixels)
        nets.set_segments([[(c, 1.9 * i), (c, 1.9 * i + 0.9)] for i in range(len(names)) for c in range(width + 1)])
        lines.set_segments([[(a + 0.5, 1.9 * i + 1.9), (b + 0.5, 1.9 * i + 0.9)]
                            for i, pairs in enumerate(links) for a, b in pairs])  # fmt: skip
        head.set_text(title)
        return [*rows, nets, lines, *labels, head]

    return update


def photo(ax, image, name=""):
    """An image (H, W, 3) or (H, W), and a frame on it. Returns update(image, frame=None, title=""), frame (row,
    column, height, width) in pixels."""
    blank(ax, xlabel=name)
    picture = ax.imshow(image, interpolation="nearest", cmap="gray", vmin=0, vmax=1)
    (frame_line,) = ax.plot([], [], color=WINDOW, lw=2.4)
    limits = (-1.5, image.shape[1] + 0.5, image.shape[0] + 0.5, -1.5)
    ax.set(xlim=limits[:2], ylim=limits[2:])
    head = headline(ax)

    def update(image, frame=None, title=""):
        picture.set_data(image)
        line = np.transpose(_outline(frame[0] - 0.5, frame[1] - 0.5, *frame[2:])) if frame else ([], [])
        frame_line.set_data(*line)
        head.set_text(title)
        return [picture, frame_line, head]

    return update
