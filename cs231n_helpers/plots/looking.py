"""A photograph, what a network says of it, and where it looks."""

import numpy as np

from .quick import quick
from .style import INK, QUIET, RIGHT, WRONG, blank, headline

LONGEST = 34  # letters of a class name that are written
FRAME = "#F2C318"  # light enough for a dark photograph, with a dark line around it


def view(ax, name="", cmap="gray", limits=(0, 1)):
    """A picture on a field of fixed size, whatever its number of pixels: (H, W, 3) or, through `cmap`, (H, W).

    Returns update(picture, title="", frame=None, limits=None): floats of colour from 0 to 1, or uint8; `frame` (top,
    left, height, width) in shares of the sides; `limits` the numbers with the first and the last colour of `cmap`.
    """
    blank(ax, xlabel=name).set(xlim=(-0.01, 1.01), ylim=(1.01, -0.01), aspect="equal")
    shown = ax.imshow(np.zeros((2, 2, 3), np.uint8), extent=(0, 1, 1, 0), interpolation="nearest", cmap=cmap)
    shown.set_clim(*limits)
    ax.set(xlim=(-0.01, 1.01), ylim=(1.01, -0.01))
    edges = [ax.plot([], [], color=colour, lw=width)[0] for colour, width in ((INK, 4.2), (FRAME, 2.2))]
    head = quick(headline(ax))

    def update(picture, title="", frame=None, limits=None):
        shown.set_data(_bytes(picture) if np.ndim(picture) == 3 else picture)
        if limits is not None:
            shown.set_clim(*limits)
        for edge in edges:
            edge.set_data(*_outline(*frame) if frame is not None else ([], []))
        head.set_text(title)
        return [shown, *edges, head]

    return update


def guesses(ax, count=5):
    """Names with their probabilities, the likeliest first, as lying bars under the words.

    Returns update(found, title="", marked=""): `found` are (name, probability), at most `count`; the first is blue, and
    the class named `marked` orange.
    """
    blank(ax).set(xlim=(0, 1), ylim=(count - 0.25, -0.75))
    drawn = ax.barh(np.arange(count) + 0.13, 1, 0.3, color=QUIET)
    tracks = [ax.plot([0, 1], [row + 0.28] * 2, color=QUIET, lw=0.8, zorder=0.4)[0] for row in range(count)]
    names, shares = ([quick(ax.text(x, row - 0.08, "", ha=side, va="baseline", fontsize=10, color=INK, in_layout=False))
                      for row in range(count)] for x, side in ((0, "left"), (1, "right")))  # fmt: skip
    head = quick(headline(ax))

    def update(found, title="", marked=""):
        for i, (bar, name, share, track) in enumerate(zip(drawn, names, shares, tracks, strict=True)):
            label, probability = found[i] if i < len(found) else ("", 0)
            bar.set(width=probability, color=WRONG if label == marked else RIGHT if i == 0 else QUIET)
            name.set_text(label if len(label) <= LONGEST else label[:LONGEST - 1] + "\N{HORIZONTAL ELLIPSIS}")
            share.set_text(percent(probability) if label else "")
            track.set_visible(i < len(found))
        head.set_text(title)
        return [*drawn, *tracks, *names, *shares, head]

    return update


def percent(probability):
    """A probability in words: 79 %, 0.4 %, under 0.1 %."""
    hundredths = 100 * float(probability)
    if hundredths >= 99.95:
        return "100 %"
    if hundredths >= 10:
        return f"{hundredths:.0f} %"
    return f"{hundredths:.1f} %" if hundredths >= 0.1 else "under 0.1 %"


def _outline(top, left, height, width):
    return [left, left + width, left + width, left, left], [top, top, top + height, top + height, top]


def _bytes(picture):
    """Colours as uint8, which are drawn without a colour map's detours."""
    return picture if picture.dtype == np.uint8 else np.round(picture.clip(0, 1) * 255).astype(np.uint8)
