"""`PatternBox`: a network is typed as a pattern, and the table of what it costs answers."""

from cs231n_helpers import architecture
from cs231n_helpers.plots.tables import table

from . import quiet
from .explorer import Explorer
from .lifetime import replace

HEADINGS = ("layer", "shape", "numbers", "memory", "parameters", "multiply-adds", "sees")
WIDTHS, BARS, MOST = (18, 15, 14, 12, 16, 18, 9), (2, 4, 5), 20
SIZES = ("28 x 28 x 1", "32 x 32 x 3", "64 x 64 x 3", "224 x 224 x 3")


class PatternBox(Explorer):
    """A box for a pattern, as architecture.parse reads it, and under it its table, one line for each layer.

    `text` is where it starts, `input` one of SIZES, `classes` the number of scores. A pattern that cannot be read
    leaves the table as it was, and a sentence says which column is wrong. `network` is the one that is shown.
    """

    _error_style = "color:#a40000;white-space:pre-wrap;font-family:monospace;overflow-x:auto;line-height:1.3"

    def __init__(self, text, input=SIZES[0], classes=10, others=()):
        self._classes, self.network = classes, None
        controls = {
            "pattern": quiet.Text(text, description="pattern", continuous_update=False),
            "input": quiet.Dropdown(options=SIZES, value=input, description="input"),
        }
        super().__init__(self._drawing(), controls, None, (9, 4.8), None)
        controls["pattern"].layout.width = "620px"
        self._positions["pattern"] = [text, *others]
        replace(self)

    def _drawing(self):
        def draw(ax, **values):
            show = table(ax, HEADINGS, WIDTHS, BARS, MOST)

            def update(pattern, input):
                network = architecture.parse(pattern, tuple(int(n) for n in input.split(" x ")), self._classes)
                changed = show(*lines_of(architecture.table(network)))
                self.network = network
                return changed

            update(**values)
            return update

        draw.__doc__ = ("A table with one line for each layer of the pattern: the shape of its output, how many "
                        "numbers that is, the memory they take, parameters, multiply-adds, and how many pixels one "
                        "output sees. The bars compare layers; the last line adds up.")  # fmt: skip
        return draw

    def _complaint(self, problem, values):
        return str(problem)


def lines_of(rows, most=MOST):
    """The texts of a table, its bars, its sums and its title, from the rows of architecture.table."""
    shown = rows if len(rows) <= most else [*rows[:most - 2], None, rows[-1]]
    lines = [["..."] + [""] * (len(HEADINGS) - 1) if row is None else
             [row.name, size_of(row.shape), f"{row.activations:,}", memory_of(row.activations), f"{row.parameters:,}",
              f"{row.multiply_adds:,}", size_of(row.receptive_field)] for row in shown]  # fmt: skip
    columns = {2: "activations", 4: "parameters", 5: "multiply_adds"}
    sums = {column: sum(getattr(row, name) for row in rows) for column, name in columns.items()}
    largest = {column: max(getattr(row, name) for row in rows) or 1 for column, name in columns.items()}
    shares = {column: [getattr(row, name) / largest[column] if row else 0 for row in shown]
              for column, name in columns.items()}  # fmt: skip
    last = ["all", "", f"{sums[2]:,}", memory_of(sums[2]), f"{sums[4]:,}", f"{sums[5]:,}", ""]
    return lines, shares, last, f"{sums[4]:,} parameters, {memory_of(sums[2])} of numbers forward, for one picture"


def size_of(shape):
    """(28, 28, 8) as "28x28x8"."""
    return "x".join(str(n) for n in shape) if isinstance(shape, tuple) else str(shape)


def memory_of(count):
    """Bytes of so many float32 numbers, in words."""
    return f"{4 * count / 1e6:,.1f} MB" if 4 * count >= 1e6 else f"{4 * count / 1e3:,.1f} kB"
