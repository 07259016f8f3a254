"""Every control of every notebook: its ends change the picture, nothing fails, and a test holds it to a true value."""

import importlib
from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from support import DRIVEN, NOTEBOOKS, all_controls, run_notebook

HERE = Path(__file__).parent
TESTED = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))


@pytest.mark.parametrize("notebook", TESTED)
def test_every_control_is_held_to_an_independent_value(notebook):
    for file in sorted(HERE.glob(f"test_{notebook}*.py")):  # a long notebook has a file of tests for each of its parts
        importlib.import_module(file.stem)
    missing = sorted(all_controls(notebook) - DRIVEN)
    assert not missing, f"no test marked with drives(...) for {missing}"
    gone = sorted(entry for entry in DRIVEN - all_controls(notebook) if entry[0] == notebook)
    assert not gone, f"tests marked for controls that do not exist: {gone}"


@cache
def faults(notebook):
    """{what is wrong: where}: every control set to each of its positions in turn, the others at their start.

    What is left of an older state is looked for once for each control: after the last position that is not its start.
    """
    found = defaultdict(list)
    for cell, widget in run_notebook(notebook).widgets.items():
        widget.reset()
        values, start = widget.values, widget.live.pixels()
        found["cut off"] += [(cell, text) for text in _texts_outside(widget.figure)]
        for control in widget.controls:
            others = [position for position in widget.limits(control) if not np.array_equal(position, values[control])]
            for position in others:
                place = (cell, control, position)
                widget.set(**{control: position})
                if widget.error:
                    found["error"].append((*place, widget.error))
                if np.array_equal(start, widget.live.pixels()):
                    found["changes nothing"].append(place)
                found["cut off"] += [(*place, text) for text in _texts_outside(widget.figure)]
            shown = widget.live.pixels().astype(int)
            widget.live.redraw()
            if np.abs(shown - widget.live.pixels()).max() > 8:
                found["stale"].append((cell, control, others[-1]))
            widget.reset()
    return found


@pytest.mark.parametrize("notebook", TESTED)
def test_every_control_changes_the_picture_at_its_ends(notebook):
    assert not faults(notebook)["error"]
    assert not faults(notebook)["changes nothing"]


@pytest.mark.parametrize("notebook", TESTED)
def test_what_is_shown_equals_a_full_drawing(notebook):
    """A changed artist that `update` does not return stays as it was on the screen; a full drawing tells."""
    assert not faults(notebook)["stale"], "pictures that keep something of an older state"


@pytest.mark.parametrize("notebook", TESTED)
def test_nothing_is_cut_off(notebook):
    """Titles, labels and ticks lie inside the picture at every end of every control."""
    assert not faults(notebook)["cut off"], "texts that leave the picture"


def _texts_outside(figure):
    width, height = figure.canvas.get_width_height()
    renderer = figure.canvas.get_renderer()
    for ax in figure.axes:
        labels = [*ax.texts, ax.title, *([ax.xaxis.label, ax.yaxis.label] if ax.axison else [])]
        for text in labels:
            if text.get_visible() and text.get_text().strip():
                box = text.get_window_extent(renderer)
                if box.x0 < -2 or box.y0 < -2 or box.x1 > width + 2 or box.y1 > height + 2:
                    yield text.get_text()
