"""The draw functions of the update rules: they show what they are given, and change in place."""

import inspect

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from cs231n_helpers.plots import race, steps
from cs231n_helpers.plots.style import ALARM


@pytest.fixture
def ax():
    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots(subplot_kw={"xlim": (-2, 2), "ylim": (-2, 2)})


def frozen(array):
    array = np.array(array, dtype=float)
    array.setflags(write=False)
    return array


XS = frozen(np.linspace(-2, 2, 9))
WAY = frozen([[-1, 1], [0.5, 0.2], [1, -1]])
RATES = frozen([0.01, 0.1, 1])
NAMES = ["SGD", "Adam"]
BANDS = frozen(np.linspace(0, 1, 25).reshape(5, 5))

# function, its settings, and two different states for update
FUNCTIONS = [
    (race.ground, (2,), [(BANDS, "one"), (BANDS.T, "other")]),
    (race.runners, (NAMES,), [({"SGD": WAY, "Adam": -WAY},), ({"Adam": WAY},)]),
    (race.courses, (NAMES, (0, 3, 0.1, 10), ("step", "height")), [
        ({"SGD": (XS[5:], XS[5:])}, "one"), ({"Adam": (XS[5:], 1 / XS[5:])}, "other")]),
    (race.courses, (NAMES, (0, 3, 0.1, 10), ("step", "rate"), "y", True), [
        ({"SGD": (XS[5:], XS[5:], 2 * XS[5:])}, "one"), ({"Adam": (XS[5:], XS[5:], 3 * XS[5:])}, "other")]),
    (race.sweep, (NAMES, RATES, (1e-3, 10, 0, 1), ("rate", "right")), [
        (dict.fromkeys(NAMES, RATES / 2), dict.fromkeys(NAMES, RATES / 9), 0.1, "one", NAMES),
        ({"SGD": RATES / 3, "Adam": RATES / 4}, dict.fromkeys(NAMES, RATES / 5), 1, "other", ["SGD"])]),
    (steps.hill, (XS, (-1, 5)), [(XS**2, WAY, -WAY, "one"), (2 + XS, -WAY, WAY, "other")]),
    (steps.arrows, (["a", "b", "c"],), [(WAY, "one"), (-WAY, "other")]),
    (steps.jump, (), [(WAY, -WAY, False), (WAY[:2], WAY, True)]),
    (steps.column, (), [("one line",), ("two\nlines",)]),
]  # fmt: skip
IDS = [f"{function.__module__.rsplit('.', 1)[1]}.{function.__name__}-{i}" for i, (function, *_) in enumerate(FUNCTIONS)]


def pixels(ax):
    ax.figure.canvas.draw()
    return np.asarray(ax.figure.canvas.buffer_rgba()).copy()


def test_every_function_is_tried():
    there = {function for module in (race, steps) for name, function in inspect.getmembers(module, inspect.isfunction)
             if function.__module__ == module.__name__ and not name.startswith("_")}  # fmt: skip
    assert there == {race.key, race.below, *(function for function, *_ in FUNCTIONS)}


@pytest.mark.parametrize(("function", "settings", "states"), FUNCTIONS, ids=IDS)
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


@pytest.mark.parametrize(("function", "settings", "states"), FUNCTIONS, ids=IDS)
def test_what_is_not_returned_did_not_change(ax, function, settings, states):
    """With everything returned made invisible, both states look alike: nothing was changed on the quiet."""
    update, seen = function(ax, *settings), []
    for state in states:
        for artist in update(*state):
            artist.set_visible(False)
        seen.append(pixels(ax))
    assert np.array_equal(*seen)


def test_the_rules_are_told_apart_by_colour_and_by_marker():
    colours, dashes, markers = zip(*race.LOOKS.values(), strict=True)
    assert len(set(colours)) == len(set(markers)) == len(race.LOOKS) == 7 and len(set(dashes)) > 1


def test_a_runner_that_is_not_named_is_not_shown_and_the_last_place_is_marked(ax):
    race.runners(ax, NAMES)({"Adam": WAY})
    shown = [line for line in ax.lines if line.get_visible()]
    assert len(shown) == 2 and {line.get_color() for line in shown} == {race.LOOKS["Adam"][0]}
    assert np.array(shown[1].get_data()).ravel().tolist() == [1, -1]


def test_the_same_ground_is_not_painted_again(ax):
    update = race.ground(ax, 2)
    assert len(update(BANDS, "")) == 2 and len(update(BANDS, "new")) == 1 and len(update(BANDS.T, "")) == 2


def test_the_legend_names_every_rule_and_covers_no_axis(ax):
    race.key(ax, list(race.LOOKS))
    ax.figure.canvas.draw()
    [legend] = ax.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == list(race.LOOKS)
    assert legend.get_window_extent().y1 <= ax.get_tightbbox().y0 + 1


def test_error_bars_reach_from_below_to_above(ax):
    race.sweep(ax, NAMES, RATES, (1e-3, 10, 0, 1), ("", ""))({"SGD": RATES, "Adam": RATES}, {"SGD": RATES / 10,
                                                             "Adam": RATES / 5}, 0.1, "", ["SGD"])  # fmt: skip
    assert np.array(ax.collections[0].get_segments())[1] == pytest.approx(np.array([[0.1, 0.09], [0.1, 0.11]]))
    assert ax.lines[0].get_color() == race.LOOKS["SGD"][0] != ax.lines[1].get_color()


def test_the_second_and_third_arrow_start_where_the_first_ends(ax):
    steps.arrows(ax, ["a", "b", "c"])(frozen([[2, 0], [0, 1], [0, -1]]), "")
    [arrows] = ax.collections
    offsets, moves = np.array(arrows.get_offsets()), np.stack([arrows.U, arrows.V], axis=1)
    assert offsets[0].tolist() == [0, 0] and np.allclose(offsets[1:], moves[0])
    assert moves[1] == pytest.approx(-moves[2]) and moves[0, 0] == pytest.approx(2 * moves[1, 1])


def test_a_jump_that_was_warned_of_is_red(ax):
    update = steps.jump(ax)
    for warned in (False, True):
        update(WAY, WAY, warned)
        [line] = [line for line in ax.lines if line.get_marker() == "X" and len(line.get_xdata())]
        assert (to_rgb(line.get_color()) == to_rgb(ALARM)) == warned
