"""Courses of runs draw the numbers they are given, and stay inside their axes."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cs231n_helpers.plots import courses


@pytest.fixture
def ax():
    figure = Figure(figsize=(5, 4), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def line(ax, label):
    [found] = [one for one in ax.lines if one.get_label() == label]
    return np.array(found.get_data(), float)


def test_one_run_among_others_on_either_scale(ax):
    others = [(np.arange(3), np.array([2.0, 1, np.inf])), (np.arange(2), np.ones(2))]
    update = courses.course(ax, others, 10, {"log": ("log", 0.1, 10), "linear": ("linear", 0, 4)})
    changed = update([0, 5, 10], np.array([2.0, 1e300, 0.01]), "log", "words", each=np.array([2.0, 3, 4]))
    assert ax.get_yscale() == "log" and ax.get_ylim() == (0.1, 10) and ax.get_title(loc="left") == "words"
    assert line(ax, "chosen run").tolist() == [[0, 5, 10], [2, 15, 0.1]]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["0.1", "0.2", "0.5", "1", "2", "5", "10"]
    pale = [one for one in ax.lines if np.array_equal(one.get_ydata(), [2, 3, 4])]
    assert len(pale) == 1 and pale[0] in changed
    update([0], np.ones(1), "linear", "")
    assert ax.get_yscale() == "linear" and ax.get_ylim() == (0, 4) and pale[0].get_xdata() == []
    ax.figure.canvas.draw()


def test_a_dot_for_each_run_in_its_zone_and_a_ring_on_one(ax):
    looks = {"good": ("fine", "blue", "o"), "bad": ("not", "red", "s"), "none": ("absent", "green", "^")}
    update = courses.zones(ax, [1e-2, 1e-1, 1], np.array([0.5, 2, 1e9]), ["good", "bad", "bad"], looks,
                           (1e-3, 10, 0.3, 20), ("rate", "loss"))  # fmt: skip
    ring, head = update(1, 1e9, "words")
    assert line(ax, "fine").tolist() == [[1e-2], [0.5]] and line(ax, "absent").size == 0
    assert line(ax, "not")[0].tolist() == [1e-1, 1] and line(ax, "not")[1] == pytest.approx([2, 20 / 1.05])
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (1, 20 / 1.05) and head.get_text() == "words"


def test_bars_reach_one_deviation_up_and_down(ax):
    update = courses.bars_of_error(ax, ["training", "validation"], (0, 10, 0, 1), ("step", "right"))
    changed = update({"training": ([1, 2], [0.5, 0.6], [0.1, 0.2]), "validation": ([3], [0.4], [0.0])}, at=2, title="t")
    assert line(ax, "training").tolist() == [[1, 2], [0.5, 0.6]]
    ends = [bars.get_segments() for bars in ax.collections]
    assert np.array(ends[0]) == pytest.approx(np.array([[[1, 0.4], [1, 0.6]], [[2, 0.4], [2, 0.8]]]))
    assert np.array(ends[1]) == pytest.approx(np.array([[[3, 0.4], [3, 0.4]]]))
    cursor = changed[0]
    assert cursor.get_visible() and cursor.get_xdata() == [2, 2]
    update({"training": ([1], [0.5], [0.1])})
    assert not cursor.get_visible()


def test_ratios_are_drawn_inside_the_axis_whatever_they_are(ax):
    update = courses.ratios(ax, ["a", "b"], 100)
    update({"a": ([1, 2, 3], np.array([np.inf, 1e-3, np.nan])), "b": ([1, 2, 3], np.array([0, 1e-9, 1.0]))}, "words")
    top, bottom = 100 / 1.05, 1.05e-6
    assert line(ax, "a")[1] == pytest.approx([top, 1e-3, top])
    assert line(ax, "b")[1] == pytest.approx([bottom, bottom, 1])
    assert line(ax, "rule of thumb 1e-3")[1].tolist() == [1e-3, 1e-3]
    assert "rule of thumb 1e-3" in [text.get_text() for text in ax.get_legend().get_texts()]
