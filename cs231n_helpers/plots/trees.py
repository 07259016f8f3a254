"""A tree of decisions from left to right: the more probable a branch, the thicker it is."""

from .quick import quick
from .style import INK, MUTED, QUIET, RIGHT, WRONG, blank, headline

__all__ = ["decisions", "layout"]


def layout(paths):
    """Where each node stands, {path: (depth, height)}, as paths of L and R: leaves in rows, a fork between its two."""
    places = {path: float(row) for row, path in enumerate(sorted(paths))}
    forks = {path[:i] for path in paths for i in range(len(path))}
    for fork in sorted(forks, key=len, reverse=True):
        places[fork] = (places[fork + "L"] + places[fork + "R"]) / 2
    return {path: (len(path), height) for path, height in places.items()}


def decisions(ax, classes, depth):
    """A tree of `classes` leaves, at most `depth` decisions deep.

    Returns update(paths, reach, names, true, found, title): paths and names of the classes, `reach` {path: probability
    to come there} for every node and leaf, `true` and `found` the numbers of two classes, whose names are marked.
    """
    blank(ax).set(xlim=(-0.55, depth + 2.1), ylim=(classes - 0.4, -0.7))
    branches = [ax.plot([], [], color=QUIET, solid_capstyle="round", zorder=1)[0] for _ in range(2 * classes - 2)]
    said = [_text(ax, 8.5, "center", MUTED) for _ in range(classes - 1)]
    leaves = [_text(ax, 10, "left", INK) for _ in range(classes)]
    head = quick(headline(ax))

    def update(paths, reach, names, true, found, title):
        places = layout(paths)
        ends = [path for path in places if path]
        for branch, end in zip(branches, ends, strict=True):
            (x0, y0), (x1, y1) = places[end[:-1]], places[end]
            on = paths[true].startswith(end)
            branch.set(data=([x0, x0 + 0.35, x1], [y0, y1, y1]), linewidth=0.6 + 9 * reach[end],
                       color=RIGHT if on else WRONG if paths[found].startswith(end) else QUIET)
        forks = [path for path in places if path not in paths]
        for text, fork in zip(said, forks, strict=True):
            x, y = places[fork]
            text.set(x=x - 0.27, y=y - 0.38, text=f"{reach[fork + 'R'] / max(reach[fork], 1e-300):.2f}")
        for c, (text, path) in enumerate(zip(leaves, paths, strict=True)):
            text.set(x=places[path][0] + 0.12, y=places[path][1], text=f"{names[c]}  {reach[path]:.2f}",
                     color=RIGHT if c == true else WRONG if c == found else INK,
                     weight="bold" if c in (true, found) else "normal")
        head.set_text(title)
        return [*branches, *said, *leaves, head]

    return update


def _text(ax, size, ha, colour):
    return quick(ax.text(0, 0, "", fontsize=size, ha=ha, va="center", color=colour, zorder=3, in_layout=False))
