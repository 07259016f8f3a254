"""Pooling on numbers: a map as a square of cells, the window that stands on it, and what wins there."""

import numpy as np

from .style import CLASS_COLOURS, INK, QUIET, RIGHT, blank, headline, soft, style
from .words import Words


def cells(ax, most, top, form="g"):
    """A map of numbers as coloured cells, at most `most` a side, white at 0 and darkest at `top`, written
    in the format `form`.

    Returns update(values (H, W), title, window=None, winner=None, seen=None): `window` is (top, left, height, width) of
    a frame, `winner` the (row, column) that gets a ring, `seen` (h, w) how far the windows reach: what lies beyond is
    hatched.
    """
    blank(ax).set(xlim=(-0.15, most + 0.15), ylim=(most + 0.15, -0.15), aspect="equal")
    picture = ax.imshow(np.zeros((1, 1, 3), np.uint8), interpolation="nearest", extent=(0, 1, 1, 0), zorder=1)
    ax.set(xlim=(-0.15, most + 0.15), ylim=(most + 0.15, -0.15))
    lost = [ax.fill([0], [0], fc="none", ec=QUIET, hatch="////", lw=0, zorder=2)[0] for _ in range(2)]
    (frame,) = ax.plot([], [], color=INK, lw=2.6, solid_joinstyle="miter", zorder=4)
    (ring,) = ax.plot([], [], "o", mfc="none", mec=CLASS_COLOURS[4], mew=2.2, ms=19 if most <= 8 else 14, zorder=4)
    words, head = Words(ax), headline(ax)
    for place in np.ndindex(most, most):
        words.place(place, place[1] + 0.5, place[0] + 0.62, size=10 if most <= 8 else 8)

    def update(values, title, window=None, winner=None, seen=None):
        H, W = values.shape
        shade = np.clip(np.abs(values) / top, 0, 1)[..., None] * 0.75
        picture.set_data(np.uint8(255 * (1 - shade * (1 - np.array(soft(RIGHT, 0))))))
        picture.set_extent((0, W, H, 0))
        for place in words.places:
            there = place[0] < H and place[1] < W
            dark = there and shade[place][0] > 0.5
            words.write(place, f"{values[place]:{form}}" if there else "", "#FFFFFF" if dark else INK)
        frame.set_data(*(_outline(*window) if window else ([], [])))
        ring.set_data(*([winner[1] + 0.5], [winner[0] + 0.5]) if winner else ([], []))
        h, w = seen or (H, W)
        lost[0].set_xy(_corners(0, w, H, W - w))
        lost[1].set_xy(_corners(h, 0, H - h, w))
        head.set_text(title)
        return [picture, *lost, frame, ring, words, head]

    return update


def _corners(top, left, height, width):
    return [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]


def _outline(top, left, height, width):
    corners = _corners(top, left, height, width)
    return zip(*corners, corners[0])


def rivals(ax, count, top):
    """Two bars for each channel: what comes in (pale, wide) and what goes out (dark, narrow).

    Returns update(before (C,), after (C,), around, title): `around` (first, last) channel of the span that is shaded.
    """
    style(ax, "", "channel", "number at this pixel").set(xlim=(-0.7, count - 0.3), ylim=(0, top))
    ax.set_xticks(range(0, count, 5))
    span = ax.axvspan(0, 1, color=soft(CLASS_COLOURS[1], 0.75), lw=0, zorder=0.2)
    wide = ax.bar(range(count), np.zeros(count), width=0.8, color=QUIET, label="before")
    narrow = ax.bar(range(count), np.zeros(count), width=0.42, color=RIGHT, label="after")
    ax.legend(frameon=False, fontsize=9, loc="upper right")
    head = headline(ax)

    def update(before, after, around, title):
        span.set(x=around[0] - 0.5, width=around[1] - around[0] + 1)
        for bars, heights in ((wide, before), (narrow, after)):
            for bar, height in zip(bars, heights, strict=True):
                bar.set_height(height)
        head.set_text(title)
        return [span, *wide, *narrow, head]

    return update


def framed(ax, picture):
    """A picture (H, W), (H, W, 1) or (H, W, 3), brightest at its largest number, with a frame that can be moved.

    Returns update(window, title, picture=None): `window` (top, left, height, width); another picture from 0 to 1.
    """
    drawn = ax.imshow(_grey(picture / picture.max()), interpolation="nearest", cmap="gray", vmin=0, vmax=1)
    blank(ax)
    (frame,) = ax.plot([], [], color=CLASS_COLOURS[1], lw=2.4, solid_joinstyle="miter")
    head = headline(ax)

    def update(window, title, picture=None):
        if picture is not None:
            drawn.set_data(_grey(np.clip(picture, 0, 1)))
        top, left, height, width = window
        frame.set_data(*_outline(top - 0.5, left - 0.5, height, width))
        head.set_text(title)
        return [drawn, frame, head]

    return update


def _grey(picture):
    return picture[..., 0] if picture.shape[2:] == (1,) else picture
