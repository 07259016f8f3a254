"""The map of images shows what it is given, fills its axis, and changes in place."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import same_color
from matplotlib.figure import Figure

from cs231n_helpers.plots import maps
from cs231n_helpers.plots.style import CLASS_COLOURS

POINTS = np.array([[0.0, 10], [4, 10], [2, 30], [1, 20], [3, 15]])
LABELS = np.array([0, 1, 2, 1, 0])
for array in (POINTS, LABELS):
    array.setflags(write=False)


@pytest.fixture
def ax():
    figure = Figure(figsize=(4, 4), dpi=60)
    FigureCanvasAgg(figure)
    return figure.subplots()


def pixels(ax):
    ax.figure.canvas.draw()
    return np.asarray(ax.figure.canvas.buffer_rgba()).copy()


def test_points_fill_the_map_in_the_colours_of_their_classes(ax):
    maps.scattered(ax, 3)(POINTS, 0, [3], LABELS, "title")
    *dots, ring = ax.lines
    unit = np.array([[0, 0], [1, 0], [0.5, 1], [0.25, 0.5], [0.75, 0.25]])
    for k, dot in enumerate(dots):
        assert np.allclose(np.transpose(dot.get_data()), unit[LABELS == k])
        assert same_color(dot.get_color(), CLASS_COLOURS[k])
    assert len({dot.get_marker() for dot in dots}) == 3 and np.ravel(ring.get_data()).tolist() == [0, 0]
    assert np.allclose(ax.collections[0].get_segments(), [unit[[0, 3]]]) and ax.get_title(loc="left") == "title"


def test_update_returns_what_it_changed_makes_nothing_new_and_can_go_back(ax):
    update = maps.scattered(ax, 3)
    states = (POINTS, 0, [3, 4], LABELS, "one"), (POINTS[::-1] * [1, -2], 2, [1], LABELS[::-1], "two")
    changed = update(*states[0])
    first, there = pixels(ax), len(ax.get_children())
    assert set(changed) == {*ax.lines, *ax.collections, *[child for child in ax.get_children()
                                                          if getattr(child, "get_text", str)() == "one"]}
    update(*states[1])
    assert (pixels(ax) != first).any() and len(ax.get_children()) == there
    update(*states[0])
    assert np.array_equal(pixels(ax), first)


def test_points_on_one_line_stay_on_the_map(ax):
    maps.scattered(ax, 1)(np.array([[1.0, 5], [2, 5]]), 0, [1], np.zeros(2, int), "")
    assert np.isfinite(ax.lines[0].get_data()).all()
