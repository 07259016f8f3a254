"""Every control of every notebook: its ends change the picture, nothing fails, and a test holds it to a true value."""

import importlib
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


def every_position(notebook):
    """Set every control to each of its positions, the others at their start; yield (widget, where this is)."""
    for cell, widget in run_notebook(notebook).widgets.items():
        for control in widget.controls:
            for position in widget.limits(control):
                widget.reset()
                widget.set(**{control: position})
                yield widget, (cell, control, position)
        widget.reset()


@pytest.mark.parametrize("notebook", TESTED)
def test_every_control_changes_the_picture_at_its_ends(notebook):
    faults, starts = [], {}
    for widget, (cell, control, position) in every_position(notebook):
        if widget.error:
            faults.append((cell, control, position, widget.error))
        if cell not in starts:
            widget.reset()
            starts[cell] = widget.values, widget.live.pixels()
            widget.set(**{control: position})
        values, start = starts[cell]
        if not np.array_equal(position, values[control]) and np.array_equal(start, widget.live.pixels()):
            faults.append((cell, control, position, "changes nothing"))
    assert not faults


@pytest.mark.parametrize("notebook", TESTED)
def test_what_is_shown_equals_a_full_drawing(notebook):
    """A changed artist that `update` does not return stays as it was on the screen; a full drawing tells."""
    stale = []
    for widget, place in every_position(notebook):
        shown = widget.live.pixels().astype(int)
        widget.live.redraw()
        if np.abs(shown - widget.live.pixels()).max() > 8:
            stale.append(place)
    assert not stale, f"pictures that keep something of an older state: {stale}"


@pytest.mark.parametrize("notebook", TESTED)
def test_nothing_is_cut_off(notebook):
    """Titles, labels and ticks lie inside the picture at every end of every control."""
    cut = [(*place, text) for widget, place in every_position(notebook) for text in _texts_outside(widget.figure)]
    assert not cut, f"texts that leave the picture: {cut}"


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
