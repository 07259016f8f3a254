"""The draw functions for ensembles: they show what they are given, and change in place."""

import inspect

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from cs231n_helpers.plots import ensembles
from cs231n_helpers.plots.style import CLASS_COLOURS, RIGHT, WRONG


@pytest.fixture
def ax():
    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def frozen(array):
    array = np.array(array, float)
    array.setflags(write=False)
    return array


XS, LOW, HIGH, SPREAD = frozen([1, 2, 3]), frozen([0.2, 0.3, 0.4]), frozen([0.5, 0.7, 0.6]), frozen([0.1, 0, 0.05])
TABLE = frozen([[0.9, 0.1, 0], [0.3, 0.5, 0.2], [0, 0.4, 0.6]])

FUNCTIONS = [  # function, its settings, and two different states for update
    (ensembles.with_spread, (["a", "b"], (0, 4, 0, 1), ("x", "y"), False, "lower right", "single"), [
        ({"a": (XS, LOW, SPREAD), "b": (XS, HIGH, SPREAD)}, 2, "two", (XS, HIGH)),
        ({"a": (XS, HIGH, 2 * SPREAD), "b": (XS, LOW, SPREAD)}, None, "none")]),
    (ensembles.levels, (["a", "b", "c"], "t", "x", (0, 1)), [(LOW, ["1", "2", "3"], [RIGHT, WRONG, RIGHT]),
                                                             (HIGH, ["4", "5", "6"], [WRONG, RIGHT, RIGHT])]),
    (ensembles.standings, (3, (0, 1), "x"), [(["a", "b", "c"], LOW, SPREAD, "one"),
                                             (["c", "b", "a"], HIGH, SPREAD, "other")]),
    (ensembles.shared, (["a", "b", "c"],), [(TABLE, "one"), (TABLE.T / 2 + 0.1, "other")]),
]  # fmt: skip
IDS = [function.__name__ for function, *_ in FUNCTIONS]


def pixels(ax):
    ax.figure.canvas.draw()
    return np.asarray(ax.figure.canvas.buffer_rgba()).copy()


def test_every_function_is_tried():
    there = {function for name, function in inspect.getmembers(ensembles, inspect.isfunction)
             if function.__module__ == ensembles.__name__ and not name.startswith("_")}  # fmt: skip
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


def test_error_bars_reach_one_spread_up_and_down(ax):
    ensembles.with_spread(ax, ["a"], (0, 4, 0, 1))({"a": (XS, LOW, SPREAD)})
    ends = np.array(ax.collections[0].get_segments())
    np.testing.assert_allclose(ends[:, 0], np.transpose([XS, LOW - SPREAD]))
    np.testing.assert_allclose(ends[:, 1], np.transpose([XS, LOW + SPREAD]))


def test_bars_have_their_lengths_texts_and_colours(ax):
    update = ensembles.levels(ax, ["a", "b", "c"], "", "", (0, 1))
    update(LOW, ["x", "y", "z"])
    assert [bar.get_width() for bar in ax.patches] == pytest.approx(LOW)
    assert [text.get_text() for text in ax.texts] == ["x", "y", "z"]
    assert all(bar.get_facecolor()[:3] == to_rgb(CLASS_COLOURS[0]) for bar in ax.patches)
    update(LOW, ["x", "y", "z"], [RIGHT, WRONG, RIGHT])
    assert [bar.get_facecolor()[:3] == to_rgb(WRONG) for bar in ax.patches] == [False, True, False]


def test_rows_stand_from_the_top(ax):
    ensembles.standings(ax, 3, (0, 1), "")(["a", "b", "c"], HIGH, SPREAD)
    assert np.array(ax.lines[0].get_data()).tolist() == [[0.5, 0.7, 0.6], [0, 1, 2]]
    assert ax.get_ylim()[0] > ax.get_ylim()[1] and [text.get_text() for text in ax.texts] == ["a", "b", "c"]


def test_the_diagonal_is_left_out_and_the_largest_share_is_darkest(ax):
    ensembles.shared(ax, ["a", "b", "c"])(TABLE, "")
    shown = np.ma.filled(ax.images[0].get_array(), np.nan)
    assert np.isnan(np.diag(shown)).all() and ax.images[0].get_clim() == (0, 0.4)
    assert shown[1, 0] == 0.3 and shown[2, 1] == 0.4
