"""Numbered dots: they stand where accuracy and cost say, and change in place."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cs231n_helpers.plots import ways

STATES = [([1.0, 20.0], [(0.7, 0.75, 0.8), (0.9, 0.9, 0.9)], (0.1, 100, 50, 100), "one"),
          ([5.0, 2.0], [(0.6, 0.65, 0.7), (0.85, 0.9, 0.92)], (0.1, 100, 50, 100), "two")]  # fmt: skip


@pytest.fixture
def ax():
    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def drawn(ax):
    ax.figure.canvas.draw()
    return np.array(ax.figure.canvas.buffer_rgba())


def test_dots_their_numbers_and_their_spread_stand_at_cost_and_per_cent(ax):
    update = ways.against_cost(ax, 2)
    for costs, accuracies, limits, title in STATES:
        spread, *artists = update(costs, accuracies, limits, title)
        assert [line.get_xdata()[0] for line in ax.lines] == costs
        assert [line.get_ydata()[0] for line in ax.lines] == pytest.approx([100 * row[1] for row in accuracies])
        assert [text.get_text() for text in ax.texts] == ["1", "2"]
        assert [text.get_position() for text in ax.texts] == [(line.get_xdata()[0], line.get_ydata()[0])
                                                              for line in ax.lines]  # fmt: skip
        ends = [path.vertices[:, 1] for path in spread.get_paths()]
        assert np.array(ends) == pytest.approx(np.array([[100 * row[0], 100 * row[2]] for row in accuracies]))
        assert ax.get_title(loc="left") == title and artists[-1].get_text() == title


def test_update_returns_all_that_changes(ax):
    """Hide what update returned: then both states must look the same."""
    update, seen = ways.against_cost(ax, 2), []
    for state in STATES:
        changed = update(*state)
        drawn(ax)                                                       # settles the layout
        for artist in changed:
            artist.set_visible(False)
        seen.append(drawn(ax))
        for artist in changed:
            artist.set_visible(True)
    assert np.array_equal(*seen)


def test_another_axis_is_taken_only_where_it_changes(ax):
    update = ways.against_cost(ax, 2)
    update(*STATES[0])
    assert (*ax.get_xlim(), *ax.get_ylim()) == STATES[0][2]
    costs, accuracies, _, title = STATES[1]
    update(costs, accuracies, (1, 10, 0, 100), title)
    assert (*ax.get_xlim(), *ax.get_ylim()) == (1, 10, 0, 100)
