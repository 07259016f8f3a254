"""Photographs with what is said of them: the artists show what they are given, and change in place."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from cs231n_helpers.plots import looking
from cs231n_helpers.plots.style import QUIET, RIGHT, WRONG


@pytest.fixture
def ax():
    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def test_a_view_takes_pictures_of_any_size_and_frames_a_part(ax):
    show = looking.view(ax)
    picture = np.random.default_rng(0).random((5, 5, 3))
    artists = show(picture, "one", (0.2, 0.4, 0.5, 0.25))
    assert np.abs(np.asarray(ax.images[0].get_array()) / 255 - picture).max() <= 0.5 / 255 + 1e-9
    assert ax.images[0].get_extent() == [0, 1, 1, 0] and ax.get_title(loc="left") == "one"
    x, y = ax.lines[0].get_data()
    assert (min(x), max(x), min(y), max(y)) == pytest.approx((0.4, 0.65, 0.2, 0.7))
    again = show(np.zeros((9, 7, 3), np.uint8))
    assert again == artists and ax.images[0].get_array().shape == (9, 7, 3) and len(ax.lines[0].get_xdata()) == 0
    show(np.full((3, 4), 7.0), "map", limits=(2, 9))
    assert ax.images[0].get_clim() == (2, 9) and np.array_equal(ax.images[0].get_array(), np.full((3, 4), 7.0))


def test_guesses_stand_in_order_with_bars_and_words(ax):
    show = looking.guesses(ax)
    long = "a class with a name that is much too long"
    show([("cat", 0.7), ("dog", 0.2), (long, 0.04), ("x", 0.0004), ("y", 0)], "one", "dog")
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([0.7, 0.2, 0.04, 0.0004, 0])
    assert [bar.get_facecolor()[:3] for bar in ax.patches[:3]] == [to_rgb(c) for c in (RIGHT, WRONG, QUIET)]
    words = [text.get_text() for text in ax.texts]
    assert words[:2] == ["cat", "dog"] and words[2].endswith("…") and len(words[2]) == looking.LONGEST
    assert words[5:] == ["70 %", "20 %", "4.0 %", "under 0.1 %", "under 0.1 %"]
    show([("a", 1.0)], "two")
    assert [text.get_text() for text in ax.texts] == ["a"] + [""] * 4 + ["100 %"] + [""] * 4
    assert [bar.get_width() for bar in ax.patches] == [1, 0, 0, 0, 0] and ax.get_title(loc="left") == "two"


@pytest.mark.parametrize(("share", "words"), [
    (0, "under 0.1 %"), (0.00099, "under 0.1 %"), (0.001, "0.1 %"), (0.0996, "10.0 %"), (0.1, "10 %"), (0.994, "99 %"),
    (0.9996, "100 %"), (1, "100 %")])  # fmt: skip
def test_probabilities_in_words(share, words):
    assert looking.percent(share) == words


def test_every_public_function_has_a_docstring():
    assert all(getattr(looking, name).__doc__ for name in ("view", "guesses", "percent"))
