"""One small example with every number in sight: pixels, weights, bias and scores."""

import numpy as np

from .style import CLASS_COLOURS, INK, MUTED, blank


def example(ax, names, width, limits=(-250, 600)):
    """Write W x + b = scores with all its numbers, for `width` pixels and the classes `names`.

    Returns update(pixels, rows, bias, scores, trick=False, note=""): `pixels` (D,) from 0 to 255, `rows` (C, D), one
    row of weights per class, `bias` and `scores` (C,). With `trick`, b stands glued to W and a 1 under x. `note` is a
    line of text below. The bars of the scores end at `limits`.
    """
    classes, side = len(names), int(np.ceil(width**0.5))
    first, second, third = side + 1.6, side + width + 3.1, side + width + 4.8  # left edges of W, x and b
    last = third + 1.6
    half = max(classes, width + 1) / 2
    blank(ax).set(xlim=(0, last + 6.4), ylim=(-half - 0.7, half + 0.8))
    image = _block(ax, 0.2, (-(-width // side), side), "gray", (0, 255))
    weights, glued = (_block(ax, left, shape, "RdBu", (-4, 4)) for left, shape in
                      ((first, (classes, width)), (first + width, (classes, 1))))  # fmt: skip
    column, longer = (_block(ax, second, (count, 1), "gray", (0, 255)) for count in (width, width + 1))
    apart = _block(ax, third, (classes, 1), "RdBu", (-4, 4))
    zero = last + 2.4 - 3.6 * limits[0] / (limits[1] - limits[0])
    bars = ax.barh(_centres(classes), np.ones(classes), left=zero, height=0.6, color=CLASS_COLOURS[:classes])
    ax.plot([zero, zero], [-classes / 2, classes / 2], color=MUTED, lw=0.8)
    numbers = [_text(ax, last + 0.1, y, ha="left", fontsize=12) for y in _centres(classes)]
    for name, y in zip(names, _centres(classes), strict=True):
        _text(ax, first - 0.15, y, name, ha="right", fontsize=10)
    plus, _ = _text(ax, second + 1.3, 0, "+", fontsize=14), _text(ax, last - 0.3, 0, "=", fontsize=14)
    over = classes / 2 + 0.4
    heads = [_text(ax, x, over, fontsize=11) for x in (first + width / 2, second + 0.5, third + 0.5)]
    for x, y, head in ((0.2 + side / 2, side / 2 + 0.4, "the image"), (last + 0.1, over, "scores")):
        _text(ax, x, y, head, ha="left" if head == "scores" else "center", fontsize=11)
    below = _text(ax, (last + 6.2) / 2, -half - 0.4, fontsize=10, color=MUTED)

    def update(pixels, rows, bias, scores, trick=False, note=""):
        changed = image(np.resize(np.append(pixels, np.zeros(side)), (-(-width // side), side))) + weights(rows)
        changed += glued(bias, trick) + apart(bias, not trick)
        changed += column(pixels, not trick) + longer(np.append(pixels, 1), trick)
        plus.set_visible(not trick)
        for head, words in zip(heads, ("W and b", "x and 1", "") if trick else ("W", "x", "b"), strict=True):
            head.set_text(words)
        heads[1].set_y((width + trick) / 2 + 0.4)
        for bar, number, score in zip(bars, numbers, scores, strict=True):
            bar.set_width(3.6 * np.clip(score, *limits) / (limits[1] - limits[0]))
            number.set_text(f"{score:.5g}")
        below.set_text(note)
        return [*changed, plus, *heads, *bars, *numbers, below]

    return update


def _centres(count):
    """Heights of `count` rows, the first on top, centred about 0."""
    return (count - 1) / 2 - np.arange(count)


def _text(ax, x, y, words="", ha="center", fontsize=9, color=INK):
    return ax.text(x, y, words, ha=ha, va="center", fontsize=fontsize, color=color, in_layout=False, zorder=4)


def _block(ax, left, shape, cmap, limits):
    """A block of coloured cells with their numbers; returns fill(values, visible=True) -> the artists."""
    rows, columns = shape
    edges = left + np.arange(columns + 1), np.append(_centres(rows) + 0.5, _centres(rows)[-1] - 0.5)
    mesh = ax.pcolormesh(*edges, np.zeros(shape), cmap=cmap, vmin=limits[0], vmax=limits[1], ec=MUTED, lw=0.8)
    mesh.set_alpha(0.75)
    texts = [_text(ax, left + c + 0.5, y) for y in _centres(rows) for c in range(columns)]

    def fill(values, visible=True):
        mesh.set_array(np.reshape(values, shape))
        mesh.set_visible(visible)
        for text, number in zip(texts, np.ravel(values), strict=True):
            dark = number < 110 if cmap == "gray" else abs(number) > 2.6
            text.set(text=f"{number:.4g}", color="white" if dark else INK, visible=visible)
        return [mesh, *texts]

    return fill
