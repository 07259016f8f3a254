"""The draw functions for data, starts and batch normalisation: they show what they are given, and change in place."""

import inspect

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cs231n_helpers.plots import clouds, images, initialisation, normalisation


@pytest.fixture
def ax():
    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def frozen(array):
    array = np.array(array, dtype=float)
    array.setflags(write=False)
    return array


XS = frozen(np.linspace(-1, 1, 5))
POINTS = frozen([[0, 1], [1, 1], [-1, 0.5], [0.5, -2]])
GROUPS = np.array([0, 1, 2, 1])
FLAT = frozen([0.25] * 4)
PEAK = frozen([0, 0.9, 0.1, 0])

# function, its settings, and two different states for update
FUNCTIONS = [
    (clouds.cloud, (GROUPS, 3), [(POINTS, frozen([0, 0]), frozen(np.eye(2)), "round"),
                                 (-POINTS, frozen([1, 1]), frozen([[2, 0], [0, 0.5]]), "other")]),
    (clouds.valley, (1,), [(np.add.outer(XS**2, XS**2), POINTS / 2, "a"),
                           (np.add.outer(9 * XS**2, XS**2), -POINTS, "b")]),
    (clouds.covariance, (), [(frozen([[1, 0.5], [0.5, 2]]), "one"), (frozen([[1e6, -1e-9], [-0.3, 3]]), "other")]),
    (clouds.spectrum, (4, (1e-3, 10)), [(FLAT, 4 * FLAT, "a"), (PEAK, FLAT, "b")]),
    (initialisation.layers, (3, (-1, 1)), [(frozen([FLAT, PEAK]), "two"), (frozen([PEAK, PEAK, FLAT]), "three")]),
    (initialisation.spreads, (5,), [({"activations": (XS[2:] + 1, XS[2:] + 1), "gradient": (XS[2:] + 1, XS[2:] + 2)},),
                                    ({"activations": (XS[2:] + 1, XS[2:] + 9), "gradient": ([1], [1])}, None, "b")]),
    (initialisation.matrix, ((2, 3), 1), [(frozen([[0, 1, -1], [0.5, 0, 0]]), "a"), (frozen(np.ones((2, 3))), "b")]),
    (initialisation.outlines, (["x", "y"], (-1, 1)), [({"x": FLAT, "y": PEAK}, 1, "a"),
                                                      ({"x": PEAK, "y": FLAT}, 2, "b")]),
    (normalisation.batches, (5, (-2, 2)), [(XS, 0.5, "a"), (-2 * XS, -0.5, "b")]),
]  # fmt: skip
IDS = [f"{function.__module__.rsplit('.', 1)[1]}.{function.__name__}" for function, *_ in FUNCTIONS]


def pixels(ax):
    ax.figure.canvas.draw()
    return np.asarray(ax.figure.canvas.buffer_rgba()).copy()


def texts(ax):
    return [text.get_text() for text in ax.texts if text.get_visible() and text.get_text()]


def test_every_function_is_tried():
    there = {function for module in (clouds, initialisation, normalisation)
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


@pytest.mark.parametrize("function, settings, states",
                         [entry for entry in FUNCTIONS if entry[0] is not initialisation.outlines],
                         ids=[name for name in IDS if "outlines" not in name])  # fmt: skip
def test_what_is_not_returned_did_not_change(ax, function, settings, states):
    """With everything returned made invisible, both states look alike (outlines changes the height of its axis)."""
    update, seen = function(ax, *settings), []
    for state in states:
        for artist in update(*state):
            artist.set_visible(False)
        seen.append(pixels(ax))
    assert np.array_equal(*seen)


def test_a_cloud_keeps_each_group_in_its_colour(ax):
    clouds.cloud(ax, GROUPS, 3)(POINTS, np.zeros(2), np.eye(2), "")
    for group in range(3):
        np.testing.assert_array_equal(np.transpose(ax.lines[2 + group].get_data()), POINTS[GROUPS == group])
    arrows = ax.collections[0]
    assert np.stack([arrows.U, arrows.V], axis=1).tolist() == np.eye(2).tolist()


def test_numbers_of_a_covariance_are_short(ax):
    clouds.covariance(ax)(np.array([[1e6, -1e-9], [-0.3, 3]]), "")
    assert texts(ax) == ["1.0e+06", "0.00", "\N{MINUS SIGN}0.30", "3.00"]


def test_directions_without_variance_leave_a_gap(ax):
    clouds.spectrum(ax, 4, (1e-3, 10))(PEAK, FLAT, "")
    assert np.isnan(ax.lines[0].get_ydata()).tolist() == [True, False, False, True]
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), FLAT)


def widths(ax, layer):
    """Widths of the bins of one standing histogram."""
    corners = ax.collections[0].get_paths()[layer].vertices
    half = corners[: (len(corners) - 1) // 2, 0] - (layer + 1)
    return 2 * half[::2]


def test_standing_histograms_have_the_widths_of_their_shares(ax):
    initialisation.layers(ax, 3, (-1, 1))(np.array([FLAT, [0, 0.3, 0.5, 0.2], [0, 1, 0, 0]]), "")
    assert widths(ax, 0) == pytest.approx([0.84] * 4)
    assert widths(ax, 1) == pytest.approx([0, 0.504, 0.84, 0.336])
    assert widths(ax, 2) == pytest.approx([0, 0.84, 0, 0])
    heights = ax.collections[0].get_paths()[0].vertices[:8, 1]
    assert heights.tolist() == [-1, -0.5, -0.5, 0, 0, 0.5, 0.5, 1]


def test_a_spike_is_cut_at_twice_the_next(ax):
    initialisation.layers(ax, 1, (-1, 1))(np.array([[0.02, 0.9, 0.05, 0.03]]), "")
    assert widths(ax, 0) == pytest.approx(0.84 * np.array([0.2, 1, 0.5, 0.3]))


def test_weights_that_are_not_there_stay_blank(ax):
    initialisation.matrix(ax, (2, 2), 1)(np.array([[1, -1], [np.nan, np.nan]]), "")
    shown = ax.images[0].get_array()
    assert np.ma.getmaskarray(shown).tolist() == [[False, False], [True, True]]


def test_outlines_close_with_the_last_share(ax):
    initialisation.outlines(ax, ["x"], (-1, 1))({"x": PEAK}, 0.7, "")
    xs, ys = ax.lines[0].get_data()
    assert xs.tolist() == [-1, -0.5, 0, 0.5, 1] and ys.tolist() == [0, 0.9, 0.1, 0, 0]
    assert ax.get_ylim() == (0, 0.7) and ax.get_legend() is None


def test_one_example_in_its_batches(ax):
    normalisation.batches(ax, 5, (-2, 2))(XS, 0.25, "")
    assert ax.lines[0].get_ydata() == [0.25, 0.25]
    np.testing.assert_array_equal(ax.lines[1].get_data(), [np.arange(5), XS])


def test_names_stand_at_the_middle_of_their_rows(ax):
    update = images.named_rows(ax, np.zeros((6, 4, 4)), 2, ["a", "b", "c"])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["a", "b", "c"]
    update(images=np.ones((6, 4, 4)))
    light = (np.asarray(ax.images[0].get_array())[:, 20, 0] == 255).nonzero()[0]
    update(images=np.zeros((6, 4, 4)))
    dark = (np.asarray(ax.images[0].get_array())[:, 20, 0] == 0).nonzero()[0]
    assert set(dark) < set(light)
    thirds = np.split(dark, np.flatnonzero(np.diff(dark) > 1) + 1)
    assert ax.get_yticks() == pytest.approx([third.mean() for third in thirds], abs=2)
