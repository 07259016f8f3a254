"""The draw functions for neurons and networks: they show the arrays they are given, and change in place."""

import inspect

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cs231n_helpers.plots import activations, depth, nets, neurons
from cs231n_helpers.plots.style import CLASS_COLOURS, soft


@pytest.fixture
def figure():
    figure = Figure(figsize=(8, 5), dpi=60)
    FigureCanvasAgg(figure)
    return figure


def frozen(array):
    array = np.array(array, dtype=float)
    array.setflags(write=False)
    return array


XS = frozen(np.linspace(-1, 1, 5))
SIGNS = np.array([1, -1, 1])
POINTS = frozen([[0, 1], [1, 1], [-1, 0.5]])
GROUND = frozen(np.outer(XS, XS))
SHARES = frozen(np.stack([np.eye(4), 1 - np.eye(4)], axis=-1))
LINES = {"a": ([2, 4], [1, 0.5]), "b": ([2, 4], [2, 1])}
BLOCKS = [("X", 3, 2, "C0", "C1"), ("W1", 2, 4, "C1", "C2"), ("b1", 1, 4, "C3", "C2"), ("S", 3, 4, "C0", "C2")]
THIN = [("X", 1, 1, "C0", "C1"), ("W1", 1, 4, "C1", "C2"), ("b1", 1, 4, "C3", "C2"), ("S", 1, 4, "C0", "C2")]

# function, the axes it takes, its settings, and two different states for update
FUNCTIONS = [
    (neurons.neuron, "AB;AC", ((-1, 1, -1, 1), XS), [
        (frozen([1, 2]), frozen([0.5, 0]), frozen([0.5, 0, 1]), 1.5, 0.8, GROUND, XS, (0, 1), "one"),
        (frozen([0, 0]), frozen([-1, 1]), frozen([0, 0, -9]), -9.0, 7.0, -GROUND, -XS, (-1, 1), "two")]),
    (neurons.halves, None, ((-1, 1, -1, 1),), [(GROUND, frozen([1, 2]), 0.5, (0, 1), "one"),
                                               (-GROUND, frozen([-9, 0]), 0.0, (-1, 1), "two")]),
    (neurons.waterfall, None, ((-5, 5),), [(frozen([1, 2, -1]), 2.0), (frozen([-1, 0, 4]), 3.0)]),
    (neurons.classifier, "AB;AC", (POINTS, SIGNS, (-1, 1, -1, 1), XS, 2), [
        (GROUND, frozen([1, 2]), 0.5, POINTS, XS**2, frozen([1, 2, 3]), frozen([1, 1, 1]), 0, "abc"),
        (-GROUND, frozen([2, 2]), 0.0, POINTS - 9, XS, frozen([3, 2, 1]), frozen([1, 0, 0]), 2, "xyz")]),
    (nets.blocks, None, (4,), [([("layer 1", BLOCKS, "max"), ("layer 2", THIN, "")], "two"),
                               ([("layer 1", THIN, "")], "one")]),
    (nets.net, None, (4,), [([2, 3, 1], ["a", "b", "c"], "three"), ([4, 2], ["x", "y"], "two")]),
    (nets.outputs, None, (3, (-2, 2)), [([1, -1, 0.5], "three"), ([0.25], "one")]),
    (activations.saturation, (1, 2), (XS, 3), [
        (XS, XS**2, XS**2, XS > 0, frozen([0.1, 0.01, 0.001]), frozen([0.5, 0.25, 0.125]), 1, ("a", "b")),
        (-XS, XS**4, XS**2, XS < 0, frozen([0.2, 0.02, 0.002]), frozen([1, 1, 1]), 3, ("c", "d"))]),
    (activations.zigzag, None, ((-2, 2, -2, 2), (1, -1)), [(POINTS, 2, "all"), (-POINTS, 0, "none")]),
    (activations.switches, None, (2, 3), [(np.eye(2, 3) > 0, np.array([False, True]), "one dead"),
                                          (np.eye(2, 3) < 1, np.array([False, False]), "none")]),
    (activations.leaky, None, (XS,), [(XS, XS**2, "a"), (-XS, XS, "b")]),
    (activations.maxout, None, (XS,), [(frozen([XS, -XS]), np.abs(XS), (XS < 0) * 1, "valley"),
                                       (frozen([XS, XS - 1]), XS, XS * 0, "one line")]),
    (depth.fit, (1, 2), (XS, (-0.5, 0.5), ["a", "b"], 4), [
        (XS, XS**2, XS**3, LINES, "a", 2, ("one", "two")),
        (-XS, XS**4, np.full(5, np.nan), LINES, "b", 4, ("three", "four"))]),
    (depth.regions, None, (POINTS, np.array([0, 1, 1]), (-2, 2, -2, 2)), [(SHARES, "a"), (1 - SHARES, "b")]),
    (depth.by_depth, None, ((1, 2), (0, 1)), [(frozen([[0.2, 0.4], [0.6, 0.8]]), 1, "a"),
                                              (frozen([[0.1, 0.1], [0.9, 0.7]]), 2, "b")]),
]  # fmt: skip
IDS = [f"{function.__module__.rsplit('.', 1)[1]}.{function.__name__}" for function, *_ in FUNCTIONS]
tried = pytest.mark.parametrize(("function", "axes", "settings", "states"), FUNCTIONS, ids=IDS)


def made(figure, axes):
    if axes is None:
        return figure.subplots()
    return figure.subplot_mosaic(axes) if isinstance(axes, str) else figure.subplots(*axes)


def pixels(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba()).copy()


def texts(ax):
    return [text.get_text() for text in ax.texts if text.get_visible() and text.get_text()]


def test_every_function_is_tried():
    there = {function for module in (activations, depth, nets, neurons)
             for name, function in inspect.getmembers(module, inspect.isfunction)
             if function.__module__ == module.__name__ and not name.startswith("_")}  # fmt: skip
    assert there == {function for function, *_ in FUNCTIONS} | {depth.records}


@tried
def test_update_returns_all_it_changed_creates_nothing_and_can_go_back(figure, function, axes, settings, states):
    update = function(made(figure, axes), *settings)
    update(*states[0])
    first, count = pixels(figure), len(figure.findobj())
    changed = update(*states[1])
    assert len(set(map(id, changed))) == len(changed) and all(artist.axes in figure.axes for artist in changed)
    assert not np.array_equal(first, pixels(figure))
    update(*states[0])
    assert np.array_equal(first, pixels(figure))
    assert len(figure.findobj()) == count


@tried
def test_what_is_not_returned_did_not_change(figure, function, axes, settings, states):
    """With everything returned made invisible, both states look alike: nothing was changed on the quiet."""
    update = function(made(figure, axes), *settings)
    seen = []
    for state in (states[0], *states):
        for artist in update(*state):
            artist.set_visible(False)
        seen.append(pixels(figure))
    assert np.array_equal(seen[1], seen[2])


def test_the_border_of_a_neuron_is_where_its_sum_is_0(figure):
    ax, weights = figure.subplots(), frozen([3.0, -1.5])
    update = neurons.halves(ax, (-1, 1, -1, 1))
    update(GROUND, weights, 0.7, (0, 1), "")
    assert np.transpose(ax.lines[0].get_data()) @ weights + 0.7 == pytest.approx([0, 0], abs=1e-9)
    arrow = ax.collections[0]
    assert [arrow.U[0], arrow.V[0]] == pytest.approx(weights * neurons.LONGEST / np.hypot(3, 1.5))
    update(GROUND, frozen([0, 0]), 0.7, (0, 1), "")
    assert np.isnan(ax.lines[0].get_xdata()).all() and (arrow.U[0], arrow.V[0]) == (0, 0)


def test_bars_of_a_sum_begin_where_the_one_before_ends(figure):
    ax = figure.subplots()
    neurons.waterfall(ax, (-5, 5))(frozen([1.5, -2, 0.25]), -0.25)
    assert [(bar.get_x(), bar.get_width()) for bar in ax.patches] == [(0, 1.5), (1.5, -2), (-0.5, 0.25), (0, -0.25)]
    assert ax.get_title(loc="left") == "1.50 + (\N{MINUS SIGN}2.00) + 0.25 = \N{MINUS SIGN}0.25"


def test_points_beyond_the_edge_of_the_loss_stay_at_the_edge(figure):
    axes, each = figure.subplot_mosaic("AB;AC"), frozen([[0.5, 1], [-7, 9], [7, 0]])
    update = neurons.classifier(axes, POINTS, SIGNS, (-1, 1, -1, 1), XS, 2)
    update(GROUND, frozen([1, 1]), 0, each, XS, frozen([1, 1, 1]), frozen([1, 1, 1]), 0, "abc")
    assert np.transpose(axes["B"].lines[2].get_data()).tolist() == [[0.5, 1], [1, 0]]
    assert np.transpose(axes["B"].lines[3].get_data()).tolist() == [[-1, 4]]


def test_arrays_are_drawn_to_scale_with_their_shapes_above(figure):
    ax = figure.subplots()
    nets.blocks(ax, most=4)([("layer 1", BLOCKS, "max")], "title")
    shown = [patch for patch in ax.patches if patch.get_visible()]
    assert [np.ptp(patch.get_xy(), axis=0).tolist() for patch in shown] == [[2, 3], [4, 2], [4, 1], [4, 3]]
    assert {"(3, 2)", "(2, 4)", "(1, 4)", "(3, 4)", "X", "W1", "b1", "S", "layer 1", "max"} <= set(texts(ax))


def test_a_net_has_a_line_for_every_weight(figure):
    ax = figure.subplots()
    update = nets.net(ax, most=4)
    update([2, 3, 1], ["a", "b", "c"], "")
    assert len(ax.collections[0].get_segments()) == 2 * 3 + 3 * 1 and texts(ax) == ["a", "b", "c"]
    update([4, 2], ["x", "y"], "")
    assert [len(line.get_xdata()) for line in ax.lines] == [4, 2, 0, 0] and texts(ax) == ["x", "y"]


def test_steps_that_move_both_weights_the_same_way_have_their_own_line(figure):
    ax = figure.subplots()
    path = [[0, 0], [1, 2], [2, 1], [1, 0]]
    activations.zigzag(ax, (-2, 2, -2, 2), (1, -1))(path, 3, "")
    both, mixed = (np.transpose(ax.lines[i].get_data()).reshape(-1, 3, 2)[:, :2].tolist() for i in (1, 2))
    assert both == [[[0, 0], [1, 2]], [[2, 1], [1, 0]]] and mixed == [[[1, 2], [2, 1]]]


def test_the_larger_piece_is_drawn_thick_in_its_own_colour(figure):
    ax = figure.subplots()
    activations.maxout(ax, XS)(frozen([XS, -XS]), np.abs(XS), [1, 1, 0, 0, 0], "")
    first, second = (ax.lines[i].get_ydata() for i in (3, 4))
    assert np.isnan(first).tolist() == [True, True, False, False, False]
    assert second[:2].tolist() == [1, 0.5] and np.isnan(second[2:]).all()


def test_regions_mix_the_colours_of_the_classes(figure):
    ax = figure.subplots()
    shares = frozen([[[1, 0], [0.25, 0.75]]])
    depth.regions(ax, POINTS, np.array([0, 1, 1]), (-2, 2, -2, 2))(shares, "")
    one, two = (np.array(soft(CLASS_COLOURS[c], 0.5)) for c in (0, 1))
    shown = np.asarray(ax.images[0].get_array())[0] / 255
    assert shown == pytest.approx(np.array([one, 0.25 * one + 0.75 * two]), abs=0.5 / 255 + 1e-6)


def test_records_are_named_and_keep_apart(figure):
    ax = figure.subplots()
    assert depth.records(ax, ["one", "two"], [8, 152], [16.4, 3.57])() == []
    assert texts(ax) == ["one: 16.4 %", "two: 3.57 %"] and ax.lines[0].get_ydata().tolist() == [16.4, 3.57]
