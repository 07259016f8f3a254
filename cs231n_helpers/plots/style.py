"""Colours, markers and the look of an axis: the shared basis of every picture in the notebooks.

The colours are told apart with each of the common forms of colour blindness (after Okabe and Ito), and a marker goes
with every colour, so that no picture speaks by colour alone.
"""

from matplotlib.colors import ListedColormap, to_rgb

CLASS_COLOURS = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#7A3E9D", "#B8A900", "#8C5A2B", "#6B7280",
)  # fmt: skip
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p")
INK = "#1F2937"  # text and lines that carry the message
MUTED = "#6B7280"  # axes, notes, what stands behind
QUIET = "#B4BAC4"  # bars and points that are only there to compare with
GRID = "#E5E7EB"
FAINT = "#F3F4F6"  # places that are empty for now
RIGHT = "#0072B2"  # a correct answer: blue, never green against red
WRONG = "#D55E00"  # a wrong answer, a warning
ALARM = "#C1121F"  # red: something that must not be done was done
CHANCE = "#6B7280"  # the line a guess reaches
TIE = "#FFFFFF"
STILL = 0.5  # zorder of words that never change: what lies above a moving artist is painted again with it


def soft(colour, amount=0.65):
    """`colour` mixed with white, as (r, g, b): amount 0 leaves it, 1 is white."""
    return tuple(amount + (1 - amount) * part for part in to_rgb(colour))


def region_map(classes):
    """Colour map of decision regions: -1 (a tie) is white, label c is a soft CLASS_COLOURS[c].

    Use it with `imshow(regions, cmap=region_map(C), vmin=-1.5, vmax=C - 0.5)`: C + 1 colours, one per whole number.
    """
    return ListedColormap([to_rgb(TIE)] + [soft(CLASS_COLOURS[c % len(CLASS_COLOURS)]) for c in range(classes)])


def style(ax, title="", xlabel="", ylabel="", grid="y"):
    """Quiet axes: no box, a light grid behind ("x", "y", "both" or None), title on the left. Returns `ax`."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(MUTED)
    ax.tick_params(colors=MUTED, labelsize=9, labelcolor=INK)
    ax.set_axisbelow(True)
    if grid:
        ax.grid(axis=grid, color=GRID, linewidth=0.8)
    _name(ax, title, xlabel, ylabel)
    return ax


def blank(ax, title="", xlabel="", ylabel=""):
    """An axis for a picture: no ticks, no box. Returns `ax`."""
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_visible(False)
    _name(ax, title, xlabel, ylabel)
    return ax


def headline(ax, text=" "):
    """Set the title on the left and return its Text, so that an update can write it anew (" " keeps its room)."""
    return ax.set_title(text, loc="left", fontsize=11, color=INK)


def _name(ax, title, xlabel, ylabel):
    headline(ax, title)
    ax.set_xlabel(xlabel, fontsize=10, color=INK)
    ax.set_ylabel(ylabel, fontsize=10, color=INK)


def plane(ax, limits, title="", names=("$x_1$", "$x_2$")):
    """A square plane of two features with equal scales; `limits` is (left, right, bottom, top). Returns `ax`."""
    style(ax, title, *names, grid=None)
    ax.set(xlim=limits[:2], ylim=limits[2:], aspect="equal")
    return ax
