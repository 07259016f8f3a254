"""A small network at work on points in the plane: its decision, its hidden units, its loss."""

import numpy as np
from matplotlib.colors import to_rgb

from .images import montage
from .panel import LINE
from .quick import quick
from .runs import curves
from .style import CLASS_COLOURS, INK, MARKERS, RIGHT, STILL, WRONG, blank, headline, plane, soft

COLOURS = np.array([to_rgb(colour) for colour in CLASS_COLOURS], np.float32)


def playground(axes, reach, grid, layers, units):
    """Axes named S (the plane from -reach to reach), H (responses of hidden units, `grid` pixels wide), L (loss).

    Returns update(history, at, words, X, y, epochs): the points X (N, 2) with labels y, and the moment number `at`,
    whose `extra` is a train.surface.Surface.
    """
    head = quick(axes["S"].figure.suptitle(" ", x=0.012, ha="left", fontsize=9, color=INK))
    parts = [_decision(axes["S"], reach), _units(axes["H"], grid, layers, units)]
    loss = curves(axes["L"], "loss", ("each batch", "validation"), (0.003, 5))

    def update(history, at, words, X, y, epochs):
        head.set_text(words if len(words) <= LINE else words[:LINE - 1] + "…")
        moment = history.moments[at]
        return [head, *parts[0](moment, X, y), *parts[1](moment.extra),
                *loss(history=history, moment=moment, pins=(), epochs=epochs)]

    return update


def _decision(ax, reach):
    """The plane in the colours of the classes, the paler the less certain, and the points to be told apart."""
    plane(ax, (-reach, reach, -reach, reach))
    picture = ax.imshow(np.full((2, 2, 3), 255, np.uint8), extent=(-reach, reach, -reach, reach), origin="lower",
                        interpolation="nearest", zorder=0.1)
    groups = [ax.plot([], [], marker, color=colour, ms=4.5, mec="white", mew=0.5, ls="")[0]
              for colour, marker in zip(CLASS_COLOURS, MARKERS)]
    head = quick(headline(ax))

    def update(moment, X, y):
        picture.set_data(_colours(moment.extra))
        for label, group in enumerate(groups):
            group.set_data(*X[y == label].T)
        train, val = (f"{value:.0%}" if np.isfinite(value) else "\N{EM DASH}"
                      for value in (moment.train_accuracy, moment.val_accuracy))
        head.set_text(f"epoch {moment.epoch:.1f}: training {train}, validation {val}")
        return [picture, *groups, head]

    return update


def _colours(surface):
    """(H, W, 3) uint8: the colour of the likeliest class, from nearly white (a guess) to strong (certain)."""
    strength = (0.1 + 0.6 / 255 * surface.certain.astype(np.float32))[..., None]
    return np.round(255 * (1 - strength * (1 - COLOURS[surface.labels]))).astype(np.uint8)


def _units(ax, grid, layers, units):
    """Where in the plane each hidden unit answers: one row a layer, the first on top. Blue is above 0, orange below."""
    nothing = np.full((layers * units, grid, grid, 3), 255, np.uint8)
    show = montage(ax, nothing, units, frame_colours=[soft(INK, 0.85)] * len(nothing))
    blank(ax)
    headline(ax, "where each hidden unit answers: first layer on top").set(size=10, zorder=STILL)

    def update(surface):
        pictures, frames = nothing.copy(), [None] * len(nothing)
        for row, answers in enumerate(list(surface.hidden.values())[:layers]):
            places = slice(row * units, row * units + len(answers))
            pictures[places] = _two_colours(answers[:, ::-1])       # rows of a picture go downwards
            frames[places] = [soft(INK, 0.6)] * len(answers)
        return show(images=pictures, frame_colours=frames)

    return update


def _two_colours(answers):
    """int8 -> uint8 with three colours at the end: white at 0, blue at 127, orange at -127."""
    part = np.abs(answers.astype(np.float32))[..., None] / 127
    colours = np.where(answers[..., None] >= 0, to_rgb(RIGHT), to_rgb(WRONG))
    return np.round(255 * (1 - part + part * colours)).astype(np.uint8)
