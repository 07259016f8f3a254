"""The draw functions of the second half of notebook 04: they show what they are given, and change in place."""

import inspect

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from cs231n_helpers.plots import dropout, hinges, penalties, trees
from cs231n_helpers.plots.style import RIGHT, WRONG


@pytest.fixture
def ax():
    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def frozen(array):
    array = np.array(array)
    array.setflags(write=False)
    return array


SQUARE = frozen([[0, 0], [1, 0], [1, 1], [0, 1.0]])
EDGES = frozen(np.linspace(-1, 1, 5))
XS = frozen(np.linspace(-2, 2, 9))
CURVES = {"one": XS, "two": XS**2}
PATHS = ("L", "RL", "RR")
REACH = {"": 1, "L": 0.5, "R": 0.5, "RL": 0.2, "RR": 0.3}
FLAT = {"": 1, "L": 0.2, "R": 0.8, "RL": 0.6, "RR": 0.2}

# function, its settings, and two different states for update
FUNCTIONS = [
    (penalties.constraint, (2, 2), [
        ([SQUARE, -SQUARE], 2 * SQUARE, SQUARE / 2, SQUARE[:2], SQUARE[2], SQUARE[1], "one"),
        ([-SQUARE, SQUARE], -SQUARE, -SQUARE, SQUARE[2:], SQUARE[1], SQUARE[2], "other")]),
    (penalties.histogram, (EDGES,), [(frozen([0.1, 0.2, 0.3, 0.1]), 0.3, "zeros"),
                                     (frozen([0, 0.5, 0.5, 0]), 0, "none")]),
    (penalties.lengths, (3, 4), [(frozen([1, 2, 3]), 3, "limit"), (frozen([1.0, 9, 2]), None, "no limit")]),
    (dropout.units, (2, 3), [(frozen([0.1, 0.9, 0.5]), frozen([True, False, True]), 1, "one out"),
                             (frozen([0.1, 0.2, 2.5]), frozen([True, True, True]), 1, "all in")]),
    (dropout.means, (2,), [(XS[4:] / 2, XS[4:] / 2, "same"), (XS[4:] / 2, XS[4:] / 4, "half")]),
    (hinges.terms, (XS, CURVES, (-2, 2, 0, 3), ("x", "y"), 2), [
        ([0, 1], {"one": [0, 1], "two": [0, 1]}, "both"), ([1, 5], {"two": [1, 25]}, "one")]),
    (hinges.tags, (["a", "b"], 3), [([1, -2], [1, 1], "one"), ([2, -9], [1, -1], "two")]),
    (hinges.pulls, (3, 1), [([0.1, -0.2, 0.5], "up"), ([0.1, 0.2, -0.5], "down")]),
    (trees.decisions, (3, 2), [(PATHS, REACH, ["x", "y", "z"], 0, 0, "right"),
                               (("RR", "L", "RL"), FLAT, ["x", "y", "z"], 1, 2, "wrong")]),
]  # fmt: skip
IDS = [f"{function.__module__.rsplit('.', 1)[1]}.{function.__name__}" for function, *_ in FUNCTIONS]


def pixels(ax):
    ax.figure.canvas.draw()
    return np.asarray(ax.figure.canvas.buffer_rgba()).copy()


def test_every_function_is_tried():
    there = {function for module in (dropout, hinges, penalties, trees)
             for name, function in inspect.getmembers(module, inspect.isfunction)
             if function.__module__ == module.__name__ and not name.startswith("_")}  # fmt: skip
    assert there == {trees.layout, *(function for function, *_ in FUNCTIONS)}


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


def test_leaves_stand_in_rows_and_a_fork_between_its_two():
    assert trees.layout(PATHS) == {"L": (1, 0), "RL": (2, 1), "RR": (2, 2), "R": (1, 1.5), "": (0, 0.75)}
    assert trees.layout(("RR", "L", "RL")) == trees.layout(PATHS)  # the order of the classes is no matter


def test_a_tree_marks_the_right_path_and_the_wrong_one(ax):
    trees.decisions(ax, 3, 2)(PATHS, REACH, ["x", "y", "z"], 1, 2, "")
    ends = {(line.get_xdata()[2], line.get_ydata()[2]): (line.get_color(), line.get_lw()) for line in ax.lines}
    assert ends[2, 1][0] == ends[1, 1.5][0] == RIGHT and ends[2, 2][0] == WRONG
    assert ends[2, 2][1] - ends[2, 1][1] == pytest.approx(9 * 0.1)  # thickness goes with probability
    said = {text.get_text(): text for text in ax.texts}
    assert {"x  0.50", "y  0.20", "z  0.30", "0.50", "0.60"} == set(said)  # at a fork: the lower branch
    assert said["y  0.20"].get_color() == RIGHT and said["z  0.30"].get_color() == WRONG


def test_zeros_stand_apart_from_small_weights(ax):
    penalties.histogram(ax, EDGES)(frozen([0.1, 0.2, 0.3, 0.1]), 0.3, "")
    assert ax.patches[0].get_data()[0] == pytest.approx([0.1, 0.2, 0.3, 0.1])
    assert ax.patches[1].get_y() + ax.patches[1].get_height() == pytest.approx(0.3)


def test_columns_at_the_limit_are_dark(ax):
    penalties.lengths(ax, 3, 4)(frozen([1.0, 2, 3]), 2, "")
    assert [bar.get_facecolor()[:3] == to_rgb(RIGHT) for bar in ax.patches] == [False, True, True]


def test_dropped_units_are_crossed_out_where_they_stand(ax):
    dropout.units(ax, 3, 5)(frozen(np.ones(5)), frozen([True, False, True, True, False]), 1, "")
    assert np.transpose(ax.lines[0].get_data()).tolist() == [[1, 0], [1, 1]]  # column, row


def test_dots_outside_the_picture_stand_at_its_edge(ax):
    hinges.terms(ax, XS, CURVES, (-2, 2, 0, 3), ("x", "y"), 2)([1, -5], {"two": [1, 25]}, "")
    assert np.array(ax.lines[3].get_data()).tolist() == [[1, -2], [1, 3]]
    assert len(ax.lines[2].get_xdata()) == 0


def test_a_tag_is_on_the_right_side_if_score_and_answer_agree(ax):
    hinges.tags(ax, ["a", "b", "c"], 3)([1, -2, -1], [1, -1, 1], "")
    assert [bar.get_facecolor()[:3] == to_rgb(RIGHT) for bar in ax.patches] == [True, True, False]
    assert [text.get_text() for text in ax.texts] == ["a: yes", "b: no", "c: yes"]
