"""The draw functions for pooling, tables and memory: they show what they are given, and change in place."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cs231n_helpers.plots import costs, images, pooling, tables


@pytest.fixture
def ax():
    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    return figure.subplots()


def frozen(array):
    array = np.array(array)
    array.setflags(write=False)
    return array


def words(ax):
    return ax.get_title(loc="left")


def written(artists):
    """The words of a Words artist by place."""
    [found] = [artist for artist in artists if hasattr(artist, "places")]
    return {key: word.text for key, word in found.places.items() if word.text}


MAP = frozen([[1.0, 5, 2], [0, 3, 4]])
LINES, SHARES = [["a", "3", "10"], ["b", "2", "40"]], {1: [0.3, 0.2], 2: [0.25, 1.0]}

# function, its settings, and two different states for update
FUNCTIONS = [
    (pooling.cells, (4, 5.0), [(MAP, "one", (0, 1, 2, 2), (0, 1), (2, 2)), (MAP[:1], "two")]),
    (pooling.rivals, (3, 9), [(MAP[0], MAP[1], (0, 1), "one"), (MAP[1], MAP[0], (1, 2), "two")]),
    (pooling.framed, (MAP,), [((0, 0, 2, 2), "one"), ((0, 1, 1, 2), "two", MAP / 9)]),
    (tables.table, (["name", "m", "n"], [3, 2, 2], (1, 2), 3), [
        (LINES, SHARES, ["all", "5", "50"], "one", 1), (LINES[:1], {1: [1.0], 2: [1.0]}, ["all", "3", "10"], "two")]),
    (tables.history, ({"A": 1998, "B": 2012},), [([10, 100], (1, 1000), 0, "one"), ([7, 8], (2, 50), 1, "two")]),
    (costs.stacked, (["A", "B"], ["p", "q"], 10, "GB", (8, "full")), [
        ({"p": frozen([1, 2]), "q": frozen([3, 4])}, ["4", "6"], "one"),
        ({"p": frozen([6, 2]), "q": frozen([7, 0])}, ["13", "2"], "two")]),
]  # fmt: skip


@pytest.mark.parametrize(("function", "settings", "states"), FUNCTIONS, ids=[f[0].__name__ for f in FUNCTIONS])
def test_update_returns_all_that_changes(function, settings, states, ax):
    """Hide what update returned: then both states must look the same."""
    update, seen = function(ax, *settings), []
    for state in states:
        changed = update(*state)
        assert words(ax) in ("one", "two")
        ax.figure.canvas.draw()
        shown = {artist: artist.get_visible() for artist in changed}
        for artist in shown:
            artist.set_visible(False)
        ax.figure.canvas.draw()
        seen.append(np.array(ax.figure.canvas.buffer_rgba()))
        for artist, visible in shown.items():
            artist.set_visible(visible)
    if function is not tables.history:                                  # its axis has other limits
        assert np.array_equal(*seen)


def test_a_map_shows_its_numbers_its_window_and_what_nobody_sees(ax):
    artists = pooling.cells(ax, 4, 5.0)(MAP, "m", (0, 1, 2, 2), (0, 1), (2, 2))
    assert written(artists) == {(i, j): f"{MAP[i, j]:g}" for i in range(2) for j in range(3)}
    frame, ring = ax.lines
    assert list(frame.get_xdata()) == [1, 3, 3, 1, 1] and list(frame.get_ydata()) == [0, 0, 2, 2, 0]
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (1.5, 0.5)
    right, below = (patch.get_xy()[:4] for patch in ax.patches)
    assert right.min(0).tolist() == [2, 0] and right.max(0).tolist() == [3, 2] and np.ptp(below[:, 1]) == 0
    blue = artists[0].get_array()[..., 0].astype(int)
    assert blue[0, 1] < blue[1, 2] < blue[1, 0] == 255


def test_a_table_writes_every_line_the_sums_and_bars_as_long_as_their_shares(ax):
    artists = tables.table(ax, ["name", "m", "n"], [3, 2, 2], (1, 2), 3)(LINES, SHARES, ["all", "5", "50"], "t", 1)
    texts = written(artists)
    assert [texts[line, 2] for line in range(3)] == ["10", "40", "50"] and (3, 0) not in texts
    for column, collection in zip(SHARES, ax.collections, strict=True):
        spans = [np.ptp(path.vertices[:, 0]) for path in collection.get_paths()]
        assert np.divide(*spans) == pytest.approx(np.divide(*SHARES[column]))
    line_height = 4 / 3                                                 # room for 3 and the sums; here are 2 and they
    assert artists[0].get_visible() and artists[0].get_y() == pytest.approx(line_height - 0.5)
    assert artists[0].get_height() == pytest.approx(line_height)


@pytest.mark.parametrize(("count", "height", "size"), [(1, 2.2, 12.0), (5, 1.5, 12.0), (8, 1.0, 10.0)])
def test_a_short_table_has_higher_lines_and_fills_its_axis(ax, count, height, size):
    names = [str(i) for i in range(count)]
    artists = tables.table(ax, ["name", "m"], [3, 2], (1,), 8, 10.0)([[n, n] for n in names], {1: [1.0] * count},
                                                                     ["all", ""], "t", 0)  # fmt: skip
    [places] = [artist.places for artist in artists if hasattr(artist, "places")]
    lows, highs = np.array([[path.vertices[:, 1].min(), path.vertices[:, 1].max()]
                            for path in ax.collections[0].get_paths()]).T  # fmt: skip
    assert highs - lows == pytest.approx(0.84 * height) and places[0, 0].size == pytest.approx(size)
    last = places[count, 0].y
    assert last < ax.get_ylim()[0] and (last > 7.5 or height == 2.2)    # the sums stand at the lower end
    for line in range(count):
        assert lows[line] < places[line, 0].y < highs[line]


def test_parts_stand_one_upon_the_other(ax):
    costs.stacked(ax, ["A", "B"], ["p", "q"], 10, "GB")({"p": [1, 2], "q": [3, 4]}, ["4", "6"], "")
    assert [(bar.get_x(), bar.get_width()) for bar in ax.patches] == [(0, 1), (0, 2), (1, 3), (2, 4)]
    assert [text.get_text() for text in ax.texts] == ["4", "6"]


def test_a_montage_takes_images_of_another_size(ax):
    update = images.montage(ax, np.zeros((2, 5, 5, 1)), 2)
    before = ax.images[0].get_array().shape
    update(images=np.array([[[0.0, 1], [1, 0]], [[1.0, 1], [0, 0]]]))
    after = ax.images[0].get_array()
    assert after.shape == before
    middle = [after[before[0] // 4, x, 0] for x in (before[1] // 8, before[1] * 3 // 8)]
    assert middle == [0, 255]
