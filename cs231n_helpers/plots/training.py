"""Histories of training runs: curves on one clock, with a marker that can be moved along."""

import numpy as np

from .style import CLASS_COLOURS, MARKERS, MUTED, STILL, WRONG, headline, style

DASHES = ("-", "--", "-.", ":")


def curves(ax, labels, limits, names=("", ""), log="", colours=CLASS_COLOURS, legend="best"):
    """Several curves, a dot on each, and a thin line through the dots; what leaves the `limits` is cut off.

    `limits` = (left, right, bottom, top); `log` names the logarithmic axes: "", "x", "y" or "xy". Returns
    update(lines, at=None, title="", note="", limits=None): `lines` is {label: (xs, ys)} (NaN leaves a gap), `at` is
    {label: (x, y)} or None for no dots, and `note` a warning that is written on the axis.
    """
    style(ax, "", *names, grid="both").set(xscale="log" if "x" in log else "linear",
                                           yscale="log" if "y" in log else "linear")  # fmt: skip
    ax.set(xlim=limits[:2], ylim=limits[2:])
    ax.minorticks_off()  # the small ticks of a logarithmic axis are many, and slow to draw
    looks = list(zip(labels, colours, DASHES, MARKERS))
    drawn = {label: ax.plot([], [], dash, color=colour, lw=2, label=label)[0] for label, colour, dash, _ in looks}
    dots = {
        label: ax.plot([], [], marker, color=colour, ms=8, mec="white", mew=1, zorder=5)[0]
        for label, colour, _, marker in looks
    }
    cursor = ax.axvline(limits[0], color=MUTED, lw=1, ls=":", visible=False)
    frame = {"fc": "white", "ec": WRONG, "alpha": 0.9, "boxstyle": "round"}
    warning = ax.text(0.5, 0.55, "", transform=ax.transAxes, ha="center", va="center", fontsize=12, color=WRONG,
                      in_layout=False, zorder=6, bbox=frame)  # fmt: skip
    head = headline(ax)
    if legend and len(labels) > 1:
        key = ax.legend(frameon=False, fontsize=9, loc=legend)
        if legend != "best":  # "best" moves with the curves; at a fixed place it need not be painted again
            key.set_zorder(STILL)

    def update(lines, at=None, title="", note="", limits=None):
        for label, (xs, ys) in lines.items():
            drawn[label].set_data(xs, ys)
            dots[label].set_data([at[label][0]] if at else [], [at[label][1]] if at else [])
        cursor.set_visible(bool(at))
        if at:
            cursor.set_xdata([next(iter(at.values()))[0]] * 2)
        if limits:
            ax.set(xlim=limits[:2], ylim=limits[2:])
        warning.set(text=note, visible=bool(note))
        head.set_text(title)
        return [cursor, *drawn.values(), *dots.values(), warning, head]

    return update


def histogram(ax, xlabel="pixel value"):
    """Shares as one outline of steps, with their mean. Returns update(edges (K + 1,), shares (K,), mean, title)."""
    style(ax, "", xlabel, "share of pixels")
    (outline,) = ax.plot([], [], color=CLASS_COLOURS[0], lw=1.6, drawstyle="steps-post")
    (middle,) = ax.plot([], [], color=WRONG, lw=1.6, ls="--", label="mean")
    ax.legend(frameon=False, fontsize=9, loc="upper right")
    head = headline(ax)

    def update(edges, shares, mean, title):
        outline.set_data(edges, np.append(shares, shares[-1]))
        middle.set_data([mean, mean], [0, 1])
        ax.set(xlim=(edges[0], edges[-1]), ylim=(0, 1.15 * max(shares)))
        head.set_text(title)
        return [outline, middle, head]

    return update
