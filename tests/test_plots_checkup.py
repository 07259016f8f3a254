"""The pictures of a check-up: they show what they are given, and change in place."""

import inspect

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cs231n_helpers.plots import checkup, errors
from cs231n_helpers.plots.style import ALARM, RIGHT

LONG = "a sentence that is so long that it needs a second line, " * 3
FUNCTIONS = [
    (checkup.agreement, (), [(np.array([0.5, 1]), np.array([0.4, 1]), "one"),
                             (np.array([-0.5, 1]), np.array([0.4, -1]), "two")]),
    (checkup.verdicts, (2,), [([True, None], ["good", ""]), ([False, True], ["bad", LONG])]),
    (checkup.course, (3, 10), [([2, 1, 0.5, 0.1], "falls"), ([2, 50, np.nan], "leaves")]),
]  # fmt: skip


@pytest.fixture
def ax():
    figure = Figure(figsize=(9, 3), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def pixels(ax):
    ax.figure.canvas.draw()
    return np.asarray(ax.figure.canvas.buffer_rgba()).copy()


def test_every_function_is_tried():
    there = {function for name, function in inspect.getmembers(checkup, inspect.isfunction)
             if function.__module__ == checkup.__name__ and not name.startswith("_")}  # fmt: skip
    assert there == {function for function, *_ in FUNCTIONS}


@pytest.mark.parametrize("function, settings, states", FUNCTIONS, ids=[f.__name__ for f, *_ in FUNCTIONS])
def test_update_returns_all_it_changed_creates_nothing_and_can_go_back(ax, function, settings, states):
    update = function(ax, *settings)
    update(*states[0])
    first, children = pixels(ax), len(ax.get_children())
    changed = update(*states[1])
    assert len(set(map(id, changed))) == len(changed) and all(artist.axes is ax for artist in changed)
    assert not np.array_equal(first, pixels(ax))
    update(*states[0])
    assert np.array_equal(first, pixels(ax)) and len(ax.get_children()) == children


@pytest.mark.parametrize("function, settings, states", FUNCTIONS, ids=[f.__name__ for f, *_ in FUNCTIONS])
def test_what_is_not_returned_did_not_change(ax, function, settings, states):
    update, seen = function(ax, *settings), []
    for state in states:
        for artist in update(*state):
            artist.set_visible(False)
        seen.append(pixels(ax))
    assert np.array_equal(*seen)


def test_a_verdict_has_a_mark_and_its_words_in_two_lines_at_most(ax):
    checkup.verdicts(ax, 3)([True, False, None], ["good", LONG, "open"])
    marks, lines = ax.texts[:3], [text.get_text() for text in ax.texts[3:]]
    assert [mark.get_text() for mark in marks] == ["\N{CHECK MARK}", "\N{BALLOT X}", ""]
    assert marks[0].get_color() == RIGHT and marks[1].get_color() == ALARM
    assert lines[0] == "good" and lines[4] == "open" and f"{lines[2]} {lines[3]}" == LONG.strip()


def test_slopes_stand_at_measured_and_analytic(ax):
    checkup.agreement(ax)(np.array([0.5]), np.array([-1.0]), "")
    assert np.array(ax.lines[1].get_data()).ravel().tolist() == [-1, 0.5]


def test_the_scale_of_errors_can_begin_later(ax):
    errors.scale(ax, ["a", "b"], lowest=1e-10)([0, 1e-3])
    assert ax.get_xlim()[0] == pytest.approx(1e-10 / 3) and ax.lines[0].get_xdata()[0] == 1e-10
