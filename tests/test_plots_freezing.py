"""What is drawn of frozen units and of ways to use a network is what was given."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from cs231n_helpers.plots import freezing


def test_frozen_units_are_hatched_and_named():
    ax = Figure().add_subplot()
    update = freezing.ladder(ax, ["conv1", "fire1", "head1"])
    artists = update([0, 0.25, 1], "title")
    assert [patch.get_hatch() for patch in ax.patches] == ["////", "", ""]
    assert [text.get_text() for text in ax.texts] == ["conv1", "fire1", "head1", "frozen", "x 0.25", "learns"]
    blue = [patch.get_facecolor()[0] for patch in ax.patches]
    assert blue[2] < blue[1] and ax.get_title(loc="left") == "title" and len(artists) == 7
    with pytest.raises(ValueError, match="zip"):
        update([1], "")


def test_bars_are_means_and_dots_are_runs():
    ax = Figure().add_subplot()
    update = freezing.ways(ax, ["a", "b", "c"])
    update([[0.2, 0.4], [0.5], []], "title")
    assert np.allclose([bar.get_width() for bar in ax.patches], [0.3, 0.5, 0])
    assert [list(line.get_xdata()) for line in ax.lines] == [[0.2, 0.4], [0.5], []]
    assert [text.get_text() for text in ax.texts] == ["30.0%", "50.0%", ""]
