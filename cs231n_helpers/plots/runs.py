"""Curves of a training run as it goes on, with earlier runs pale behind it."""

import numpy as np
from matplotlib.patches import Polygon

from .quick import quick
from .style import CLASS_COLOURS, MARKERS, MUTED, RIGHT, STILL, WRONG, headline, soft, style

TICKS = np.outer(10.0 ** np.arange(-6, 7), [1, 3]).ravel()          # of a loss axis
PINS = 3                            # most earlier runs behind the present one
PIN_COLOURS = (CLASS_COLOURS[3], CLASS_COLOURS[2], CLASS_COLOURS[8])
PIN_DASHES = ("--", "-.", ":")


def small(ax, title, xlabel="", grid="y"):
    """An axis with small letters, one of many; returns its heading."""
    style(ax, title, xlabel, grid=grid)
    ax.tick_params(labelsize=8, length=2, pad=2)
    ax.xaxis.label.set_size(8.5)
    ax.title.set_size(10)
    head = quick(headline(ax, title))
    head.set(size=10, zorder=STILL)                                 # one that changes is drawn with what moves anyway
    return head


def curves(ax, what, names, limits):
    """The loss or the accuracy of the run, with earlier runs behind it."""
    head = small(ax, what, "epoch", grid="both")
    ax.set(ylim=limits, xlim=(0, 10), yscale="log" if what == "loss" else "linear")
    ticks = TICKS[(limits[0] <= TICKS) & (limits[1] >= TICKS)] if what == "loss" else np.linspace(0, 1, 6)
    ax.set_yticks(ticks, [f"{tick:.3g}" for tick in ticks], minor=False)
    ax.minorticks_off()
    bands = [ax.add_patch(Polygon([[0, 1]], closed=True, fc=soft(colour, 0.7), ec="none", zorder=1.2))
             for colour in PIN_COLOURS]
    behind = [ax.plot([], [], dash, color=soft(colour, 0.25), lw=1.6, zorder=1.5)[0]
              for colour, dash in zip(PIN_COLOURS, PIN_DASHES)]
    [each] = ax.plot([], [], color=soft(RIGHT, 0.6), lw=0.8, zorder=1.8)
    [first] = ax.plot([], [], color=RIGHT, lw=2, label=names[0])
    [second] = ax.plot([], [], "--", color=WRONG, lw=2, label=names[1])
    cursor = ax.axvline(0, color=MUTED, lw=1, ls=":")
    dots = [ax.plot([], [], marker, color=line.get_color(), ms=6, mec="white", mew=0.8, zorder=5)[0]
            for line, marker in zip((first, second), MARKERS)]
    corner = {"loc": "upper right"} if what == "loss" else {"loc": "lower right"}
    ax.legend(frameon=False, fontsize=8, **corner, handlelength=1.8).set_zorder(STILL)
    lines = (each, first, second)
    read = _loss_lines if what == "loss" else _accuracy_lines

    def update(history, moment, pins, epochs, **_):
        if ax.get_xlim()[1] != epochs:
            ax.set_xlim(0, epochs)
        curves, now = read(history, moment)
        for line, curve in zip(lines, curves):
            line.set_data(*_within(curve, limits))
        for dot, value in zip(dots, now):
            dot.set_data([moment.epoch], [np.clip(value, *limits)])
        cursor.set_xdata([moment.epoch] * 2)
        _show_pins(behind, bands, pins, what, limits)
        head.set_text("{}: {}, validation {}".format(what, *(_number(value, what) for value in now)))
        return [*bands, *behind, *lines, cursor, *dots, head]

    return update


def _number(value, what):
    if not np.isfinite(value):
        return "\N{EM DASH}"                                         # not a number
    return f"{value:.1%}" if what == "accuracy" else f"{value:.3g}"


def _within(curve, limits):
    """A curve cut off at the limits, a little beyond so that it is seen to leave."""
    xs, ys = curve
    return xs, np.clip(ys, limits[0], limits[1] * 1.01)


def _loss_lines(history, moment):
    epochs = [m.epoch for m in history.moments]
    val = np.array([m.val_loss for m in history.moments])
    return [(history.epochs, history.losses), (history.epochs, history.smooth()), (epochs, val)], (moment.loss,
                                                                                                  moment.val_loss)


def _accuracy_lines(history, moment):
    epochs = [m.epoch for m in history.moments]
    train, val = np.array([(m.train_accuracy, m.val_accuracy) for m in history.moments]).T
    return [([], []), (epochs, train), (epochs, val)], (moment.train_accuracy, moment.val_accuracy)


def _show_pins(lines, bands, pins, what, limits):
    for number, (line, band) in enumerate(zip(lines, bands)):
        pin = pins[number] if number < len(pins) else None
        low, high = (pin[f"{what}_low"], pin[f"{what}_high"]) if pin else (None, None)
        line.set_visible(pin is not None)
        band.set_visible(low is not None)
        if pin is not None:
            line.set_data(*_within((pin[f"{what}_epochs"], pin[what]), limits))
        if low is not None:
            xs = np.asarray(pin[f"{what}_epochs"])
            edge = np.concatenate([np.stack([xs, low], 1), np.stack([xs, high], 1)[::-1]])
            band.set_xy(np.stack([edge[:, 0], edge[:, 1].clip(*limits)], 1))
