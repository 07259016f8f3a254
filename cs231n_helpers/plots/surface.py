"""The loss seen as a landscape: slices through it, ways down it, and the slope at one place."""

import numpy as np
from matplotlib import colormaps

from .style import CLASS_COLOURS, INK, MUTED, RIGHT, WRONG, headline, style

PAIR = (WRONG, RIGHT)  # forward, centred


def slice_line(ax, steps):
    """The loss along a line through the weights, at `steps` (K,). Returns update(losses (K,), limit, title)."""
    style(ax, "", "a, along one direction", "loss").set(xlim=(steps[0], steps[-1]))
    ax.set_xticks(np.linspace(steps[0], steps[-1], 5))
    ax.axvline(0, color=MUTED, lw=1, ls=":")
    (line,) = ax.plot(steps, np.zeros(len(steps)), color=RIGHT, lw=2.2)
    head = headline(ax)

    def update(losses, limit, title):
        line.set_ydata(losses)
        ax.set_ylim(0, limit)
        head.set_text(title)
        return [line, head]

    return update


def slice_plane(ax, reach):
    """The loss over two directions as bands of equal loss, dark is low; `reach` is the largest a and b.

    Returns update(losses (K, K), title).
    """
    style(ax, "", "a, along one direction", "b, along another", grid=None)
    bands = ax.imshow(np.zeros((2, 2)), extent=(-reach, reach, -reach, reach), origin="lower", aspect="equal",
                      cmap=colormaps["viridis"].resampled(18), interpolation="bilinear")  # fmt: skip
    bands.set_interpolation_stage("data")
    ax.plot(0, 0, "+", color="white", ms=13, mew=2)
    ax.set(xticks=np.linspace(-reach, reach, 5), yticks=np.linspace(-reach, reach, 5))
    head = headline(ax)

    def update(losses, title):
        bands.set_data(losses)
        bands.set_clim(losses.min(), losses.max())
        head.set_text(title)
        return [bands, head]

    return update


def bowl(ax, grid_x, grid_y, heights):
    """Contours of a bowl, drawn once, (rows, columns). Returns update(path (K, 2), title): a descent on it."""
    style(ax, "", "$w_1$", "$w_2$", grid=None)
    levels = np.linspace(0, np.sqrt(heights.max()), 16) ** 2
    ax.contourf(grid_x, grid_y, heights, levels=levels, cmap="viridis")
    ax.plot(0, 0, "+", color="white", ms=13, mew=2)
    ax.set(xlim=(grid_x[0], grid_x[-1]), ylim=(grid_y[0], grid_y[-1]), aspect="equal")
    (line,) = ax.plot([], [], "-", color="white", lw=1.4)
    (dots,) = ax.plot([], [], "o", color=CLASS_COLOURS[1], ms=6, mec="white", mew=0.8)
    head = headline(ax)

    def update(path, title):
        line.set_data(path.T)
        dots.set_data(path.T)
        head.set_text(title)
        return [line, dots, head]

    return update


def secants(ax, xs, limits):
    """A function over `xs` (K,), its tangent, and two secants whose slopes stand for the derivative.

    `limits` = (lowest, highest) of the vertical axis.

    Returns update(curve, tangent, forward, centred, ends, title): the first four are heights at `xs` (K,), and
    `ends` two arrays (2, 2), the points (x, y) through which each secant goes.
    """
    style(ax, "", "x", "f(x)").set(xlim=(xs[0], xs[-1]), ylim=limits)
    (line,) = ax.plot(xs, xs, color=INK, lw=2.4, label="f")
    (touch,) = ax.plot(xs, xs, color=MUTED, lw=1.8, ls=":", label="tangent")
    pair = [ax.plot(xs, xs, color=c, lw=1.7, ls=s, label=n)[0]
            for c, s, n in zip(PAIR, ("-", "--"), ("forward", "centred"), strict=True)]  # fmt: skip
    dots = [ax.plot([], [], m, color=c, ms=7, mec="white")[0] for c, m in zip(PAIR, "os", strict=True)]
    ax.legend(frameon=False, fontsize=9, loc="upper left")
    head = headline(ax)

    def update(curve, tangent, forward, centred, ends, title):
        for artist, heights in zip((line, touch, *pair), (curve, tangent, forward, centred), strict=True):
            artist.set_ydata(heights)
        for dot, points in zip(dots, ends, strict=True):
            dot.set_data(np.transpose(points))
        head.set_text(title)
        return [line, touch, *pair, *dots, head]

    return update


def arrows(ax, true, count, limit):
    """The true gradient (2,), a thick arrow, and `count` estimates of it, thin ones, all from one place.

    Returns update(noisy (count, 2), title).
    """
    style(ax, "", "along the true gradient", "across it", grid="both")
    ax.set(xlim=(-limit + 1, limit + 1), ylim=(-limit, limit), aspect="equal")
    settings = {"angles": "xy", "scale_units": "xy", "scale": 1}
    thin = ax.quiver(*np.zeros((4, count)), color=CLASS_COLOURS[5], width=0.006, zorder=3, **settings)
    ax.quiver([0], [0], [true[0]], [true[1]], color=INK, width=0.014, zorder=5, **settings)
    head = headline(ax)

    def update(noisy, title):
        thin.set_UVC(*noisy.T)
        head.set_text(title)
        return [thin, head]

    return update
