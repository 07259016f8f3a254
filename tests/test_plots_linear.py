"""The draw functions of notebook 02: they show the arrays they are given, and change in place."""

import inspect

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cs231n_helpers.plots import bars, linear, surface, training, worked


@pytest.fixture
def ax():
    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def frozen(*arrays):
    out = [np.array(array, dtype=float) for array in arrays]
    for array in out:
        array.setflags(write=False)
    return out if len(out) > 1 else out[0]


GRID = np.linspace(-1, 1, 5)
KINDS = np.array([0, 1, 2, 0])
STATE = {"X": [[0, 0], [1, 1], [-1, 0], [0, 1]], "W": [[1, 0, -1], [0, 1, 0]], "b": [0, 0.5, 0], "wrong": [1, 0, 0, 1],
         "regions": np.zeros((4, 4)), "each": [0.1, 0.2, 9, 0], "penalty": 0.5, "course": [3, 2, 1], "at": 1,
         "note": "careful"}  # fmt: skip
LINES = {"a": (GRID, GRID), "b": (GRID, -GRID)}

# function, its settings, and two different states for update
FUNCTIONS = [
    (worked.example, (["x", "y"], 3), [([9, 200, 255], np.eye(2, 3), [1, -2], [700, -30]),
                                       ([1, 2, 3], np.ones((2, 3)), [0, 0], [5, 5], True, "a note")]),
    (bars.hinge, (["x", "y"],), [([5, 1], 0, 1.0, np.array([0.0, 0.0])), ([1, 5], 0, 2.0, np.array([0.0, 6.0]))]),
    (bars.probabilities, (["x", "y"],), [([0.5, 0.5], 0, 0.69), ([0.1, 0.9], 1, 0.11)]),
    (bars.weights, (2,), [([1, 0], "one"), ([0.5, 0.5], "both")]),
    (bars.stacked, (["x", "y"], 3), [([1, 1], [0.5, 0.2]), ([1, 1], [1, 1])]),
    (bars.named, (["x", "y"], (0, 1), "share", 0.1), [([0.2, 0.4], "now"), ([0.3, 0.9], "then")]),
    (linear.class_plane, (KINDS, (-2, 2, -2, 2)), [
        [np.array(STATE[n], dtype=bool if n == "wrong" else float) for n in ("X", "W", "b", "regions", "wrong")],
        (np.ones((4, 2)), np.zeros((2, 3)), np.zeros(3), np.ones((3, 3)), np.zeros(4, bool), "flat")]),
    (linear.point_losses, (KINDS,), [([0, 1, 2, 3], 0.1), ([9, 1e5, 0, 200], 3)]),
    (linear.agreement, (1, 2), [(GRID, GRID, "agree", True), (GRID, -GRID, "no", False)]),
    (surface.slice_line, (GRID,), [(GRID**2, 2, "bowl"), (np.abs(GRID), 3, "kink")]),
    (surface.slice_plane, (1,), [(np.outer(GRID, GRID), "saddle"), (np.add.outer(GRID**2, GRID**2), "bowl")]),
    (surface.bowl, (GRID, GRID, np.add.outer(GRID**2, GRID**2)), [(np.eye(2), "two"), (np.ones((3, 2)), "three")]),
    (surface.secants, (GRID, (-1, 1)), [(GRID, GRID, GRID, GRID, [[(0, 0), (1, 1)]] * 2, "f"),
                                        (GRID**2, GRID, -GRID, 2 * GRID, [[(0, 0), (0.5, 1)]] * 2, "g")]),
    (surface.arrows, ((1, 0), 2, 3), [(np.eye(2), "two"), (-np.eye(2), "back")]),
    (training.curves, (["a", "b"], (-1, 1, -1, 1)), [
        (LINES, {"a": (0, 0), "b": (0, 0)}, "with dots"), (LINES, None, "no dots", "a warning", (-2, 2, -2, 2))]),
    (training.histogram, (), [([0, 1, 2], [0.2, 0.8], 1.3, "a"), ([0, 2, 4], [0.5, 0.5], 2, "b")]),
]  # fmt: skip
IDS = [f"{function.__module__.rsplit('.', 1)[1]}.{function.__name__}" for function, *_ in FUNCTIONS]


def pixels(ax):
    ax.figure.canvas.draw()
    return np.asarray(ax.figure.canvas.buffer_rgba()).copy()


def arrays_frozen(arguments):
    return [frozen(a) if isinstance(a, np.ndarray) and a.dtype == float else a for a in arguments]


def test_every_function_is_tried():
    tried = {function for function, *_ in FUNCTIONS} | {linear.workbench}
    there = {function for module in (bars, linear, surface, training, worked)
             for name, function in inspect.getmembers(module, inspect.isfunction)
             if function.__module__ == module.__name__ and not name.startswith("_")}  # fmt: skip
    assert there == tried


@pytest.mark.parametrize("function, settings, states", FUNCTIONS, ids=IDS)
def test_update_returns_all_it_changed_creates_nothing_and_can_go_back(ax, function, settings, states):
    update = function(ax, *settings)
    update(*arrays_frozen(states[0]))
    first, children = pixels(ax), len(ax.get_children())
    changed = update(*arrays_frozen(states[1]))
    assert len(set(map(id, changed))) == len(changed) and all(artist.axes is ax for artist in changed)
    assert not np.array_equal(first, pixels(ax))
    update(*arrays_frozen(states[0]))
    if function is not training.curves:  # whose limits were changed, and stay
        assert np.array_equal(first, pixels(ax))
    assert len(ax.get_children()) == children


@pytest.mark.parametrize("function, settings, states", FUNCTIONS, ids=IDS)
def test_what_is_not_returned_did_not_change(ax, function, settings, states):
    """With everything returned made invisible, both states look alike: nothing was changed on the quiet."""
    update = function(ax, *settings)
    update(*states[0])
    limits = ax.get_xlim(), ax.get_ylim()
    seen = []
    for state in states:
        for artist in update(*state):
            artist.set_visible(False)
        ax.set(xlim=limits[0], ylim=limits[1])  # a change of limits is drawn whole
        seen.append(pixels(ax))
    assert np.array_equal(*seen)


def test_the_workbench_shows_the_state_on_three_axes():
    figure = Figure()
    FigureCanvasAgg(figure)
    axes = figure.subplot_mosaic("AAB;AAC")
    state = {name: np.array(value) if isinstance(value, list) else value for name, value in STATE.items()}
    state["wrong"] = state["wrong"].astype(bool)
    changed = linear.workbench(axes, KINDS, (-2, 2, -2, 2), 5)(state)
    assert {artist.axes for artist in changed} == set(axes.values())
    assert axes["A"].get_title(loc="left") == "step 1: 2 of 4 points wrong"
    assert [bar.get_width() for bar in axes["B"].patches] == [0.1, 0.2, 6, 0, 0.5]  # 9 is cut at 6, and written
    assert [text.get_text() for text in axes["B"].texts if text.get_visible()] == ["9.00", "0.50"]
    assert axes["C"].lines[0].get_ydata().tolist() == [3, 2, 1]
    assert axes["C"].texts[0].get_text() == "careful"


def test_lines_of_score_zero_are_where_the_score_is_zero():
    W, b = frozen([[1.0, 0.3, 0], [-0.4, 0.9, 0]], [0.5, -1, 2])
    feet, ends = linear._zero_lines(W, b)
    for c in (0, 1):
        for point in [feet[c], *ends[c]]:
            assert point @ W[:, c] + b[c] == pytest.approx(0, abs=1e-9)
        assert (ends[c][0] - ends[c][1]) @ W[:, c] == pytest.approx(0, abs=1e-9)
    assert np.isnan(feet[2]).all() and np.isnan(ends[2]).all()


def test_a_very_long_arrow_is_shortened_and_keeps_its_direction(ax):
    W = frozen([[3000.0, 1, 0], [4000.0, 0, 0]])
    linear.class_plane(ax, KINDS, (-2, 2, -2, 2))(np.zeros((4, 2)), W, np.zeros(3), np.zeros((2, 2)), np.zeros(4, bool))
    arrows = ax.collections[0]
    assert [arrows.U[0], arrows.V[0]] == pytest.approx(np.array([0.6, 0.8]) * linear.ARROW * linear.LONGEST)
    assert [arrows.U[1], arrows.V[1]] == pytest.approx([linear.ARROW, 0])


def test_a_rival_within_the_margin_pays_what_stands_above_the_line(ax):
    bars.hinge(ax, ["a", "b", "c"], (-30, 20))([13, -7, 11], 0, 10, np.array([0.0, 0.0, 8.0]))
    assert [bar.get_height() for bar in ax.patches] == [43, 23, 41, 0, 0, 8]
    assert ax.patches[5].get_y() == 3 and [bar.get_visible() for bar in ax.patches[3:]] == [False, False, True]
    assert ax.get_title(loc="left") == "SVM loss = 0 + 8 = 8"
