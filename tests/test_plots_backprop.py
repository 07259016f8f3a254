"""The draw functions of notebook 03: they show what they are given, and change in place."""

import inspect

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cs231n_helpers.plots import errors, gates, memory, shapes
from cs231n_helpers.plots.words import Words


@pytest.fixture
def ax():
    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def frozen(array):
    array = np.array(array)
    array.setflags(write=False)
    return array


XS = frozen(np.linspace(-1, 1, 5))
GRID = frozen([[1.0, -2, 3], [0, 5, 6]])
OWN = frozen([[True, True, True], [False, False, False]])
BLOCKS = ["X", "W", "y"], ["ND", "DC", "NC"]

# function, its settings, and two different states for update
FUNCTIONS = [
    (gates.gate, ("+",), [(("x", "y"), ("1", "2"), ("3", "3"), "3", "3", "add"),
                          (("x", "y"), ("1", "2"), ("", "3"), "-3", "0", "")]),
    (gates.contract, (), [("affine", ["X", "W", "b"], ["dX", "dW", "db"], "y", "dy"),
                          ("relu", ["x"], ["dx"], "y", "dy")]),
    (gates.tangents, (XS, (-1, 1), ("x", "f"), ("left", "chosen"), (-1, 0)), [
        (XS**2, (0, 0), (1, 0.5), "one"), (-(XS**2), (0.5, -0.25), (np.nan, 1), "other")]),
    (shapes.product, (5,), [(*BLOCKS, [(5, 4), (4, 3), (5, 3)], True, "fits", True),
                            (*BLOCKS, [(5, 4), (2, 3), (5, 3)], False, "4 meets 2", False)]),
    (shapes.copied, (3,), [(GRID, OWN, GRID, GRID.sum(axis=0, keepdims=True), (True, False), "rows"),
                           (GRID[:1], OWN[:1], GRID[:1], GRID[:1], (False, False), "none")]),
    (errors.scale, (["a", "b"],), [([1e-9, 0], 0, "fine"), ([0.1, np.nan], 1, "wrong", False, ["", "refused"])]),
    (memory.kept, (4, 1.0), [(np.full(4, 0.5), OWN[0].tolist() + [False], "three"), (np.full(2, 0.9), [1, 0], "one")]),
    (memory.over_time, (6, 3), [(frozen([0, 1, 2, 1, 0]), frozen([0, 1, 1, 2, 1, 0]), "a"),
                                (frozen([0, 1, 0]), frozen([0, 1, 0]), "b")]),
]  # fmt: skip
IDS = [f"{function.__module__.rsplit('.', 1)[1]}.{function.__name__}" for function, *_ in FUNCTIONS]


def pixels(ax):
    ax.figure.canvas.draw()
    return np.asarray(ax.figure.canvas.buffer_rgba()).copy()


def texts(ax):
    return [text.get_text() for text in ax.texts if text.get_visible() and text.get_text()]


def test_every_function_is_tried():
    there = {function for module in (errors, gates, memory, shapes)
             for name, function in inspect.getmembers(module, inspect.isfunction)
             if function.__module__ == module.__name__ and not name.startswith("_")}  # fmt: skip
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


@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_a_gate_has_a_wire_for_each_input(ax, inputs):
    show = gates.gate(ax, "f", inputs)
    show(["a", "b", ""][:inputs], ["1", "2", "3"][:inputs], ["4", "5", "6"][:inputs], "7", "8")
    assert sorted(texts(ax)) == sorted(["f", "7", "8", *["a = 1", "4", "b = 2", "5", "3", "6"][: 2 * inputs]])


def test_lines_stay_on_their_side_of_the_point_and_have_their_slope(ax):
    gates.tangents(ax, XS, (-1, 1), ("x", "f"), ("l", "r", "c"), (-1, 1, 0))(XS, (0.5, 2), (3, -1, 0.5))
    for line, slope, side in zip(ax.lines[1:4], (3, -1, 0.5), (-1, 1, 0), strict=True):
        (x0, x1), (y0, y1) = line.get_data()
        assert (y1 - y0) / (x1 - x0) == pytest.approx(slope)
        assert (x0 < 0.5) == (side <= 0) and (x1 > 0.5) == (side >= 0)


def test_a_product_that_does_not_fit_shows_no_result_and_where_lengths_meet(ax):
    update = shapes.product(ax, 5)
    update(*BLOCKS, [(5, 4), (2, 3), (5, 3)], False, "", False)
    assert texts(ax) == ["X", "N 5", "D 4", "W", "D 2", "C 3", "@", "="]
    assert [line.get_lw() for line in ax.lines[:8]] == [3, 3, 7, 3, 7, 3, 3, 3]  # left, right, top, bottom of two
    assert [line.get_visible() for line in ax.lines] == [True] * 8 + [False] * 4
    update(*BLOCKS, [(5, 4), (4, 3), (5, 3)], True, "", True)
    assert {line.get_lw() for line in ax.lines} == {3} and "y" in texts(ax)
    assert ax.patches[0].get_xy()[:4].T.tolist() == [[0.5, 4.5, 4.5, 0.5], [-2.5, -2.5, 2.5, 2.5]]


def test_sums_stand_below_beside_or_in_the_corner(ax):
    update = shapes.copied(ax, 3)
    for sums, collapsed, place in ((GRID.sum(axis=0, keepdims=True), (True, False), (0, 1)),
                                   (GRID.sum(axis=1, keepdims=True), (False, True), (1, 0)),
                                   (GRID.sum(keepdims=True).reshape(1, 1), (True, True), (1, 1))):  # fmt: skip
        update(GRID, OWN, GRID, sums, collapsed, "")
        x, y = ax.patches[18].get_xy()[0]  # nine cells forward, nine backward, then the sums
        cells = np.array([patch.get_xy()[0] for patch in ax.patches[9:18] if patch.get_visible()])
        assert (x > cells[:, 0].max() + 1, y > cells[:, 1].max() + 1) == (bool(place[0]), bool(place[1]))
        [numbers] = [artist for artist in ax.get_children() if isinstance(artist, Words)]
        written = [word.text for (name, _), word in numbers.places.items() if name == "sums" and word.text]
        assert written == [f"{value:g}" for value in sums.ravel()]


def test_errors_at_the_borders_of_the_scale(ax):
    update = errors.scale(ax, ["a", "b", "c", "d"])
    update([0, 1e-7, 1.1e-7, 1e9])
    fine, bad, _ = (np.transpose(line.get_data()) for line in ax.lines[:3])
    assert fine[:, 1].tolist() == [0, 1] and bad[:, 1].tolist() == [2, 3]
    left, right = ax.get_xlim()
    assert ((left < fine[:, 0]) & (fine[:, 0] < right)).all() and (bad[:, 0] < right).all()
    update([np.nan] * 4, notes=["x"] * 4)
    assert all(len(line.get_xdata()) == 0 for line in ax.lines[:2])


def test_a_layer_that_is_thrown_away_is_empty(ax):
    memory.kept(ax, 4, 1.0)(np.array([0.1, 0.2, 0.3]), [True, False, True], "")
    assert [bar.get_height() for bar in ax.patches] == [0.1, 0.2, 0.3, 0]
    assert [bar.get_facecolor()[:3] == (1, 1, 1) for bar in ax.patches[:3]] == [False, True, False]
    assert not ax.patches[3].get_visible()


def test_the_bytes_alive_are_a_staircase(ax):
    memory.over_time(ax, 4, 3)(np.array([0, 1, 0]), np.array([0, 2, 1, 0]), "")
    corners = ax.patches[0].get_xy()[:8]
    assert corners.tolist() == [[0, 0], [1, 0], [1, 2], [2, 2], [2, 1], [3, 1], [3, 0], [4, 0]]
    assert ax.lines[0].get_data()[1].tolist() == [0, 1, 0]
