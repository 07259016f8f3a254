"""The pictures of searches: what was handed in stands in the artists, and what changed is what is returned."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from cs231n_helpers.plots import sampling, search


def axis(count=1):
    figure = Figure(figsize=(8, 4))
    axes = [figure.add_subplot(1, count, i + 1) for i in range(count)]
    return axes[0] if count == 1 else axes


PLACES = np.array([[0.1, 0.2], [0.5, 0.6], [0.9, 0.3], [0.4, 0.8]])
TICKS = (([0, 1], ["1e-05", "1"]), ([0.25, 0.75], ["SGD", "Adam"]))
NAMES = ("learning rate", "rule")


def drawn_board(**more):
    ax = axis()
    update = search.board(ax, (0, 1))
    given = {"places": PLACES, "scores": [0.2, np.nan, 0.7, 0.5], "kinds": ["done", "failed", "done", "stopped"],
             "best": 2, "running": [[0.3, 0.3]], "names": NAMES, "ticks": TICKS}  # fmt: skip
    return ax, update, update(**given | more), given


def dots(ax):
    """The scatters: done, stopped, failed, under way."""
    return [np.asarray(each.get_offsets()) for each in ax.collections[:4]]


def test_the_board_puts_each_trial_in_its_place_by_shape_and_colour():
    ax, _, changed, _ = drawn_board()
    assert changed is None  # the sides were named: all is drawn anew
    done, stopped, failed, busy = dots(ax)
    np.testing.assert_array_equal(done, PLACES[[0, 2]])
    np.testing.assert_array_equal(stopped, PLACES[[3]])
    np.testing.assert_array_equal(failed, PLACES[[1]])
    np.testing.assert_array_equal(busy, [[0.3, 0.3]])
    assert ax.collections[0].get_array().tolist() == [0.2, 0.7]
    assert ax.collections[0].norm.vmin == 0 and ax.collections[0].norm.vmax == 1
    assert len({str(each.get_paths()[0].vertices.tolist()) for each in ax.collections[:3]}) == 3
    assert ax.lines[0].get_xdata()[0] == 0.9 and ax.lines[0].get_ydata()[0] == 0.3
    assert (ax.get_xlabel(), ax.get_ylabel()) == NAMES
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1e-05", "1"]


def test_the_board_is_drawn_whole_only_where_its_sides_change():
    ax, update, _, given = drawn_board()
    assert {*ax.collections[:4]} <= {*update(**given)}
    assert update(**given | {"names": ("l2", "rule")}) is None
    assert update(**given | {"names": ("l2", "rule")}) is not None


@pytest.mark.parametrize(("side", "end", "where"), [
    ("across", "low", ([0, 0], [0, 1])), ("across", "high", ([1, 1], [0, 1])),
    ("up", "low", ([0, 1], [0, 0])), ("up", "high", ([0, 1], [1, 1])),
])  # fmt: skip
def test_a_wall_stands_where_the_best_crowd(side, end, where):
    ax, *_ = drawn_board(edges=[(side, end)])
    [wall] = [line for line in ax.lines[1:] if line.get_visible()]
    assert (list(wall.get_xdata()), list(wall.get_ydata())) == where


def test_an_empty_board_is_empty():
    ax, *_ = drawn_board(places=[], scores=[], kinds=[], best=None, running=[])
    assert all(len(each) == 0 for each in dots(ax)) and len(ax.lines[0].get_xdata()) == 0


def test_a_long_line_above_is_cut():
    ax, *_ = drawn_board(title="x" * 300)
    assert ax.figure._suptitle.get_text() == "x" * (search.LINE - 1) + "…"


def test_progress_holds_every_score_and_the_best_so_far():
    ax = axis()
    update = search.progress(ax, (0, 1))
    update(np.array([0.3, np.nan, 0.6]), np.array([0.3, 0.3, 0.6]), 20, "best")
    points, line = ax.lines
    assert list(points.get_xdata()) == [1, 2, 3]
    assert list(line.get_ydata()) == [0.3, 0.3, 0.6, 0.6] and ax.get_xlim() == (0.4, 20.6)
    update(np.empty(0), np.empty(0), 20)
    assert len(points.get_xdata()) == len(line.get_xdata()) == 0


def test_strips_hold_a_block_for_each_trial_in_the_row_of_its_worker():
    ax = axis()
    update = search.strips(ax)
    update([0, 1, 0], [0.0, 0.5, 1.0], [1.0, 2.0, 1.5], ["done", "stopped", "running"], ["worker 1", "worker 2"], 5)
    blocks = {each: each.get_paths()[0].vertices for each in ax.collections if each.get_paths()}
    assert len(blocks) == 3 and ax.get_xlim() == (0, 5) and ax.get_ylim() == (1.5, -0.5)
    spans = sorted((v[:, 0].min(), v[:, 0].max(), round(v[:, 1].mean())) for v in blocks.values())
    assert spans == [(0.0, 1.0, 0), (0.5, 2.0, 1), (1.0, 1.5, 0)]


def test_leaders_stand_in_order_and_long_names_are_cut():
    ax = axis()
    [words] = search.leaders(ax)(["", "score", "a_very_long_name_of_it"], [["1.", "80 %", "0.1"], ["2.", "70 %", "1"]])
    texts = {key: place.text for key, place in words.places.items()}
    assert texts[1, 1] == "80 %" and texts[2, 2] == "1" and texts[0, 2] == "a_very_long_…"
    assert words.places[1, 1].bold and not words.places[2, 1].bold


def test_the_key_names_every_kind_of_dot():
    ax = axis()
    search.key_of_states(ax)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["done", "stopped early", "failed", "under way", "best of all", "score of a trial", "best so far"]


# --- where a search looks ---------------------------------------------------------------------------------------------


def test_decades_are_pairs_of_bars():
    ax = axis()
    update = sampling.decades(ax, -3, ["even", "by factors"])
    update([[0, 0.1, 0.9], [0.3, 0.4, 0.3]], "title")
    assert [bar.get_height() for bar in ax.patches] == [0, 0.1, 0.9, 0.3, 0.4, 0.3]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1e-3\nto 1e-2", "1e-2\nto 1e-1", "1e-1\nto 1e0"]


def test_tried_places_stand_on_the_board_and_above_it():
    above, board = axis(2)
    update = sampling.tried(above, board, "#0072B2", ("matters", "does not"))
    hill = np.linspace(0, 1, 16).reshape(4, 4)
    update(hill, ([0, 1], [0.2, 0.8]), PLACES, [0.1, 0.2, 0.3, 0.4], [0.1, 0.5], "3 values")
    np.testing.assert_array_equal(np.stack(board.lines[0].get_data(), 1), PLACES)
    np.testing.assert_array_equal(above.lines[1].get_ydata(), [0.1, 0.2, 0.3, 0.4])
    assert [segment[0][0] for segment in board.collections[0].get_segments()] == [0.1, 0.5]
    assert np.abs(board.images[0].get_array() - hill).max() <= 0.5 / sampling.LEVELS + 1e-9


def test_ranges_show_rounds_frames_and_the_wall():
    ax = axis()
    update = sampling.ranges(ax, np.eye(3), TICKS, (0, 1), NAMES)
    update([PLACES[:2], PLACES[2:]], [(0, 1, 0, 1), (0.2, 0.6, 0.1, 0.4)], (0.5, 0.6), 0.7, "border")
    np.testing.assert_array_equal(np.stack(ax.lines[1].get_data(), 1), PLACES[2:])
    assert len(ax.lines[2].get_xdata()) == 0 and ax.lines[4].get_visible() and ax.lines[4].get_xdata()[0] == 0.7
    assert [box.get_visible() for box in ax.patches] == [True, True, False]
    assert ax.patches[1].get_bbox().extents == pytest.approx([0.2, 0.1, 0.6, 0.4])
    update([PLACES], [(0, 1, 0, 1)], (0.5, 0.6))
    assert not ax.lines[4].get_visible() and len(ax.lines[1].get_xdata()) == 0


def test_searches_show_the_chosen_curves_with_their_bands():
    ax = axis()
    update = sampling.searches(ax, ["grid", "random"], 3, (0, 1), "best")
    means, errors = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]), np.full((2, 3), 0.05)
    update(means, errors, 2, [False, True], "after 2")
    lines = [line for line in ax.lines if len(line.get_xdata()) == 3]
    assert len(lines) == 1 and list(lines[0].get_ydata()) == [0.4, 0.5, 0.6]
    edge = ax.collections[1].get_paths()[0].vertices
    assert edge[:, 1].min() == pytest.approx(0.35) and edge[:, 1].max() == pytest.approx(0.65)
    assert [list(line.get_ydata()) for line in ax.lines if len(line.get_xdata()) == 1] == [[0.5]]


def test_judgements_mark_the_chosen_and_the_best():
    ax = axis()
    update = sampling.judgements(ax, ["a", "b"], (0, 1), "accuracy")
    update(np.array([[0.5, 0.7], [0.6, 0.9]]), np.array([0.6, 0.75]), 1, np.array([0.8, 0.7]), "one fold")
    assert [segment[:, 0].tolist() for segment in ax.collections[0].get_segments()] == [[0.5, 0.7], [0.6, 0.9]]
    folds, judged, ring, star = ax.lines
    assert list(folds.get_xdata()) == [0.5, 0.7, 0.6, 0.9] and list(folds.get_ydata()) == [0, 0, 1, 1]
    assert list(judged.get_xdata()) == [0.6, 0.75] and list(ring.get_ydata()) == [1] and list(star.get_ydata()) == [0]
    assert list(star.get_xdata()) == [0.8]
