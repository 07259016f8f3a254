"""The draw functions of `grids`: they show what they are given, and change in place."""

import inspect

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cs231n_helpers.plots import grids
from cs231n_helpers.plots.words import Words


@pytest.fixture
def ax():
    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def frozen(array):
    array = np.array(array, float)
    array.setflags(write=False)
    return array


ONE, TWO = frozen([[1, 2], [-3, 0]]), frozen([[5, np.nan, 1], [0, 0, -1], [1, 1, 1]])
RED, GREY = frozen(np.ones((4, 4, 3)) * [1, 0, 0]), frozen(np.ones((4, 4, 3)) * 0.5)

# function, its settings, and two different states for update
FUNCTIONS = [
    (grids.cells, ((3, 3), 4), [(ONE, [(0, 0, 1, 2, "red")], np.array([[True, False], [False, False]]), "two"),
                                (TWO, [(1, 1, 2, 2, "blue"), (0, 0, 1, 1, "red")], None, "three")]),
    (grids.text, (), [("one line",), ("two\nlines", False)]),
    (grids.sheets, (9, 4), [(5, 2, (1, 3), 1, "two"), (3, 4, (2, 0), 2.0, "four")]),
    (grids.strip, (), [(10, 0, np.arange(0, 8, 2), 3, 1, "left"), (5, 2, np.arange(3), 7, 0, "padded")]),
    (grids.stack, (3, 8), [(["in", "1"], [[1, 2, 3], [2]], [[(2, 1), (2, 2), (2, 3)]], "one"),
                           (["in", "1", "2"], [[0, 4], [0, 2], [1]], [[(0, 0), (2, 4)], [(1, 0), (1, 2)]], "two")]),
    (grids.photo, (RED,), [(RED, (1, 1, 2, 2), "red"), (GREY, None, "grey")]),
]  # fmt: skip
IDS = [function.__name__ for function, *_ in FUNCTIONS]


def pixels(ax):
    ax.figure.canvas.draw()
    return np.asarray(ax.figure.canvas.buffer_rgba()).copy()


def test_every_function_is_tried():
    there = {function for name, function in inspect.getmembers(grids, inspect.isfunction)
             if function.__module__ == grids.__name__ and not name.startswith("_")}  # fmt: skip
    assert there == {function for function, *_ in FUNCTIONS}


@pytest.mark.parametrize("function, settings, states", FUNCTIONS, ids=IDS)
def test_update_returns_all_it_changed_creates_nothing_and_can_go_back(ax, function, settings, states):
    update = function(ax, *settings)
    update(*states[0])
    first, children = pixels(ax), len(ax.get_children())
    changed = update(*states[1])
    assert len(set(map(id, changed))) == len(changed) and all(artist.axes is ax for artist in changed)
    assert not np.array_equal(first, pixels(ax))
    update(*states[0])
    assert np.array_equal(first, pixels(ax))
    assert len(ax.get_children()) == children


@pytest.mark.parametrize("function, settings, states", FUNCTIONS, ids=IDS)
def test_what_is_not_returned_did_not_change(ax, function, settings, states):
    """With everything returned made invisible, both states look alike: nothing was changed on the quiet."""
    update, seen = function(ax, *settings), []
    for state in states:
        for artist in update(*state):
            artist.set_visible(False)
        seen.append(pixels(ax))
    assert np.array_equal(*seen)


def test_cells_hold_their_numbers_and_fill_the_room(ax):
    update = grids.cells(ax, (3, 3), 4)
    update(ONE)
    [words] = [child for child in ax.get_children() if isinstance(child, Words)]
    written = {place: word.text for place, word in words.places.items() if word.text}
    assert written == {(0, 0): "1", (0, 1): "2", (1, 0): "−3", (1, 1): "0"}
    assert ax.images[0].get_extent() == [0, 3, 3, 0]  # two cells as wide as three
    update(TWO)
    assert words.places[0, 1].text == "" and words.places[2, 2].text == "1"


def test_blue_is_above_zero_and_orange_below(ax):
    grids.cells(ax, (1, 3), 1)(frozen([[1, 0, -1]]))
    [[above, zero, below]] = np.asarray(ax.images[0].get_array())
    assert above[2] > above[0] and below[0] > below[2] and np.ptp(zero) < 0.02


def test_the_depth_column_goes_through_every_sheet_at_one_place(ax):
    grids.sheets(ax, 9, 4)(5, 3, (1, 2), 1, "")
    xs, ys = ax.lines[0].get_data()
    sheets = [patch.get_xy() for patch in ax.patches[:4] if patch.get_visible()]
    offsets = [(x - sheet[:, 0].min(), y - sheet[:, 1].min()) for x, y, sheet in zip(xs, ys, sheets, strict=True)]
    assert np.array(offsets) == pytest.approx(np.array([(2.5, 1.5)] * 3))


def test_windows_stand_where_they_begin(ax):
    grids.strip(ax)(10, 0, np.array([0, 2, 4, 6]), 3, 1, "")
    bars = ax.collections[0].get_segments()
    assert [bar[:, 0].mean() for bar in bars] == pytest.approx([15, 35, 55, 75])
    left = ax.patches[3].get_xy()[:, 0]
    assert (left.min(), left.max()) == pytest.approx((90, 100))
