"""The drawing functions: each draws on a bare figure, and its update changes the artists it returns, and no others."""

import inspect

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from cs231n_helpers.plots import images, knn, rows, style, validation


@pytest.fixture
def ax():
    return Figure(figsize=(8, 6), dpi=50).subplots()


def drawn(ax):
    """The pixels of a full drawing."""
    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba()).astype(int)[..., :3]


RNG = np.random.default_rng(0)
X, Y = RNG.random((6, 2)), np.array([0, 1, 2, 0, 1, 2])
TURN = np.array([[0.6, 0.8], [-0.8, 0.6]])
PICTURES = RNG.integers(0, 255, (4, 6, 5, 1), dtype=np.uint8)
COLOUR = [style.RIGHT, style.WRONG, None, "red"]

# a drawing function with its arguments, then two states of update
CASES = {
    "regions": (lambda ax: knn.regions(ax, X, Y, (0, 1, 0, 1), 3),
                (RNG.integers(-1, 3, (8, 8)), X), (RNG.integers(-1, 3, (8, 8)), X + 0.1)),
    "balls": (lambda ax: knn.balls(ax, "AB", (-3, 3, -3, 3)),
              (X[:2], np.eye(2), np.ones(2), np.ones(2)), (X[2:4], TURN, np.array([1, 2.0]), np.array([2, 1.0]))),
    "against_angle": (lambda ax: knn.against_angle(ax, np.arange(5), "AB", 3),
                      (RNG.random((5, 2)), [1, 2], 0, "one"), (RNG.random((5, 2)), [2, 1], 3, "two")),
    "cancellation": (lambda ax: knn.cancellation(ax, 3, 4, (-10, 10)),
                     (np.array([4.0, 4, 4]), np.zeros(3, bool), "none"),
                     (np.array([4.0, -4, 4]), np.array([0, 1, 0], bool), "one")),
    "distance_table": (lambda ax: knn.distance_table(ax, RNG.random((4, 6)), [2, 4], [3, 6], "ab"),
                       (RNG.random((4, 6)),), (RNG.random((4, 6)),)),
    "accuracy_against": (lambda ax: validation.accuracy_against(ax, [1, 10, 1000], 0.1, "x", log=True),
                         ([0.1, 0.5, 0.7], 0), ([0.2, 0.5, 0.8], 2)),
    "split_bar": (lambda ax: validation.split_bar(ax, ["a", "b", "c"], 10),
                  ([5, 3, 2], ["x", "y", "z"]), ([1, 3, 6], ["x", "u", "v"])),
    "uses_of_test_set": (lambda ax: validation.uses_of_test_set(ax, 9, 0.1),
                         ([], [], "0"), ([0.1, 0.2], [0.1, 0.2], "2")),
    "fold_plan": (lambda ax: validation.fold_plan(ax, 5), (np.eye(2, dtype=bool),), (np.eye(5, dtype=bool),)),
    "cross_validation": (lambda ax: validation.cross_validation(ax, [1, 3], 4, (0, 1)),
                         (np.full((2, 3), 0.5), np.array([0.5, 0.5]), np.zeros(2), 0),
                         (np.full((2, 4), 0.6), np.array([0.6, 0.7]), np.ones(2) / 10, 1)),
    "bars": (lambda ax: rows.bars(ax, ["a", "b"], limits=(0, 5)),
             ([1, 2], ["1", "2"]), ([3, np.nan], ["3", ""], ["red", "blue"], ["c", "d"])),
    "bars, logarithmic": (lambda ax: rows.bars(ax, ["a", "b"], limits=(1, 100), log=True),
                          ([1, 20], ["1", "20"]), ([300, 2], ["300", "2"])),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_update_returns_all_that_changes(ax, name):
    """What update returns, painted over a drawing of the rest, is the same picture as a full drawing."""
    draw, first, second = CASES[name]
    update = draw(ax)
    update(*first)
    changed = update(*second)
    after = drawn(ax)
    for artist in changed:
        artist.set_visible(False)
    still = drawn(ax)
    update(*first)
    for artist in changed:
        artist.set_visible(False)
    assert (drawn(ax) == still).all(), "something that update did not return has changed"
    assert (after != still).any()


@pytest.mark.parametrize("name", CASES)
def test_update_makes_no_new_artists(ax, name):
    draw, first, second = CASES[name]
    update = draw(ax)
    update(*first)
    before = set(ax.findobj())
    changed = update(*second)
    axis_parts = set(ax.xaxis.findobj()) | set(ax.yaxis.findobj())
    assert set(ax.findobj()) - axis_parts <= before
    assert set(changed) <= before


@pytest.mark.parametrize("name", CASES)
def test_the_two_states_look_different_and_the_first_comes_back(ax, name):
    draw, first, second = CASES[name]
    update = draw(ax)
    update(*first)
    one = drawn(ax)
    update(*second)
    assert (drawn(ax) != one).any()
    if name != "bars":  # there colours and names stay until new ones are given
        update(*first)
        assert (drawn(ax) == one).all()


@pytest.mark.parametrize("name", CASES)
def test_drawing_writes_into_none_of_its_arrays(ax, name):
    draw, *states = CASES[name]
    update = draw(ax)
    for state in states:
        for value in state:
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
        update(*state)


@pytest.mark.parametrize("module", [images, knn, rows, style, validation])
def test_every_public_function_has_a_docstring(module):
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ == module.__name__ and not name.startswith("_"):
            assert inspect.getdoc(function), f"{module.__name__}.{name}"


# --- montage ----------------------------------------------------------------------------------------------------------


def test_a_montage_is_one_image_that_holds_all_pictures(ax):
    images.montage(ax, PICTURES, 3)
    assert len(ax.images) == 1 and not ax.texts
    pixels = np.asarray(ax.images[0].get_array())
    scale = 10  # 56 pixels at least for the larger side, 6
    for i, picture in enumerate(PICTURES):
        found = _find(pixels, picture[..., 0].repeat(scale, 0).repeat(scale, 1))
        assert found == i


def _find(pixels, picture):
    """Number of the place (of two rows of three) where a picture stands in a montage."""
    height, width = picture.shape
    for top in range(pixels.shape[0] - height + 1):
        for left in range(pixels.shape[1] - width + 1):
            if pixels[top, left, 0] == picture[0, 0] and np.array_equal(
                    pixels[top : top + height : 10, left : left + width : 10, 0], picture[::10, ::10]):  # fmt: skip
                return 3 * (top > pixels.shape[0] // 3) + round(3 * left / pixels.shape[1])
    return None


def test_a_montage_frames_marks_and_empties_its_places(ax):
    update = images.montage(ax, PICTURES, 2, frame_colours=COLOUR, marked=[False, True, True, False], empty="yellow")
    pixels = np.asarray(ax.images[0].get_array())
    frame = round(60 / 16)
    assert tuple(pixels[0, 0]) == tuple(np.round(255 * np.array(to_rgb(style.RIGHT))))
    second = pixels[: 60 + 2 * frame, -(50 + 2 * frame) :]
    assert tuple(second[0, 0]) == tuple(second[frame + 2, -frame - 3]) == tuple(
        np.round(255 * np.array(to_rgb(style.WRONG))))  # fmt: skip
    update(images=PICTURES[:1])
    assert tuple(np.asarray(ax.images[0].get_array())[0, -1]) == (255, 255, 0)


def test_a_montage_returns_the_titles_that_changed_only(ax):
    update = images.montage(ax, PICTURES, 2, titles=["a", "b", "c", "d"])
    assert [text.get_text() for text in ax.texts] == ["a", "b", "c", "d"]
    changed = update(titles=["a", "x", "c"])
    assert set(changed) == {ax.images[0], ax.texts[1], ax.texts[3]}
    assert [text.get_text() for text in ax.texts] == ["a", "x", "c", ""]


@pytest.mark.parametrize("form", [
    PICTURES, PICTURES[..., 0], PICTURES.repeat(3, axis=3), PICTURES / 255, PICTURES.repeat(3, axis=3) / 255,
], ids=["one channel", "no channel", "colour", "floats", "floats in colour"])  # fmt: skip
def test_a_montage_takes_every_form_of_image(ax, form):
    images.montage(ax, PICTURES, 2)
    wanted = np.asarray(ax.images[0].get_array()).astype(int)
    ax.clear()
    images.montage(ax, form, 2)
    assert np.abs(np.asarray(ax.images[0].get_array()) - wanted).max() <= 1


# --- style ------------------------------------------------------------------------------------------------------------


def test_ten_classes_have_ten_colours_and_markers():
    assert len(set(style.CLASS_COLOURS)) == len(set(style.MARKERS)) == 10


def test_regions_are_white_at_ties_and_pale_elsewhere():
    colours = style.region_map(3)
    norm = [(label + 1.5) / 4 for label in (-1, 0, 1, 2)]
    assert tuple(colours(norm[0])[:3]) == (1, 1, 1)
    for c, value in enumerate(norm[1:]):
        assert colours(value)[:3] == pytest.approx(style.soft(style.CLASS_COLOURS[c]))


def test_soft_goes_from_the_colour_to_white():
    assert style.soft("#0072B2", 0) == pytest.approx(to_rgb("#0072B2"))
    assert style.soft("#0072B2", 1) == pytest.approx((1, 1, 1))
    assert (np.array(style.soft("#0072B2", 0.3)) < style.soft("#0072B2", 0.6)).all()


def _seen(colour, matrix):
    """A colour as somebody sees it who lacks one kind of cone (Machado, Oliveira and Fernandes 2009, severity 1)."""
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return np.clip(matrix @ linear, 0, 1)


PROTAN = np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]])
DEUTAN = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]])


@pytest.mark.parametrize("matrix", [np.eye(3), PROTAN, DEUTAN], ids=["all cones", "no red cones", "no green cones"])
def test_right_and_wrong_are_told_apart_without_red_or_green_cones(matrix):
    for other in (style.WRONG, style.ALARM):
        right, wrong = (_seen(np.array(to_rgb(c)), matrix) for c in (style.RIGHT, other))
        assert np.abs(right - wrong).max() > 0.25
