"""What the tests of the notebooks share: a notebook run in this process, and its controls driven."""

import ast
import json
import re
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from cs231n_helpers.widgets import Explorer

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
DRIVEN = set()  # (notebook, cell id, control) of every test marked with `drives`


@dataclass(frozen=True)
class Run:
    """A notebook that was run: its variables, each cell's last value, and the explorers among those by cell id."""

    namespace: dict
    values: dict

    @property
    def widgets(self):
        return {cell: value for cell, value in self.values.items() if isinstance(value, Explorer)}


def cells(notebook, kind="code"):
    """Return the cells of one kind of a notebook, given without its ending."""
    text = (NOTEBOOKS / f"{notebook}.ipynb").read_text(encoding="utf-8")
    return [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == kind]


@cache
def run_notebook(notebook):
    """Run every code cell of a notebook in this process, warnings being errors, once per test session."""
    namespace, values = {"__name__": "__main__"}, {}
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        for cell in cells(notebook):
            values[cell["id"]] = _run_cell("".join(cell["source"]), f"{notebook}#{cell['id']}", namespace)
    return Run(namespace, values)


def _run_cell(source, name, namespace):
    """Run a cell and return the value of its last line, if that is an expression."""
    tree = ast.parse(source, filename=name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), namespace)
    return eval(compile(ast.Expression(last.value), name, "eval"), namespace) if last else None


def drives(notebook, cell, *controls):
    """Mark a test that holds these controls, at minimum and maximum, to values computed independently."""

    def mark(test):
        DRIVEN.update((notebook, cell, control) for control in controls)
        return test

    return mark


def all_controls(notebook):
    """Return (notebook, cell id, control) of every control of a notebook."""
    widgets = run_notebook(notebook).widgets
    return {(notebook, cell, control) for cell, widget in widgets.items() for control in widget.controls}


def of(cell):
    """Give a test the explorer of one cell, as its argument `widget`."""
    return pytest.mark.parametrize("widget", [cell], indirect=True, ids=[cell])


def ends(widget, *controls):
    """Set each control in turn to each of its positions, and yield the values; the others stand at their start."""
    for control in controls:
        for position in widget.limits(control):
            widget.set(**{control: position})
            assert widget.error == "", f"{control} = {position}: {widget.error}"
            yield widget.values
        widget.reset()


# --- reading pictures -------------------------------------------------------------------------------------------------


def words(ax):
    """Return the heading of an axis."""
    return ax.get_title(loc="left")


def texts(ax):
    """Return the texts that stand in an axis."""
    return [text.get_text() for text in ax.texts if text.get_visible()]


def numbers(text):
    """Return all numbers of a text."""
    return [float(found) for found in re.findall(r"-?\d+\.?\d*(?:e[-+]?\d+)?", text.replace("\N{MINUS SIGN}", "-"))]


def heights(ax):
    """Return the heights of the bars."""
    return [bar.get_height() for bar in ax.patches]


def widths(ax):
    """Return the lengths of lying bars."""
    return [bar.get_width() for bar in ax.patches]


def curve(ax, i=0):
    """Return the points (2, N) of a line."""
    return np.array(ax.lines[i].get_data(), dtype=float)
