"""A square piece of a photograph: against Pillow's own resizing, worked examples, and what is refused."""

import numpy as np
import pytest

from cs231n_helpers import data

RNG = np.random.default_rng(0)
PHOTO = RNG.integers(0, 256, (60, 90, 3), dtype=np.uint8)
PHOTO.setflags(write=False)


def test_the_whole_square_in_its_own_size_is_the_middle():
    found = data.square(PHOTO, 60)
    assert found.dtype == np.float32 and np.array_equal(found, PHOTO[:, 15:75] / np.float32(255))
    assert np.array_equal(data.square(PHOTO, 60, across=0), PHOTO[:, :60] / np.float32(255))
    assert np.array_equal(data.square(PHOTO.swapaxes(0, 1), 60, down=1), PHOTO.swapaxes(0, 1)[30:] / np.float32(255))


def test_zoom_two_at_half_the_size_is_a_piece_of_it():
    for across, left in ((0, 0), (0.5, 30), (1, 60)):
        for down, top in ((0, 0), (1, 30)):
            found = data.square(PHOTO, 30, 2.0, across, down)
            assert found == pytest.approx(PHOTO[top:top + 30, left:left + 30] / 255, abs=1e-6)


def test_halving_weighs_four_pixels_in_a_row_one_three_three_one():
    line = np.repeat(PHOTO[:, :60, :], 1, axis=0).astype(float)
    by_rows = (line[1:-3:2] + 3 * line[2:-2:2] + 3 * line[3:-1:2] + line[4::2]) / 8
    expected = (by_rows[:, 1:-3:2] + 3 * by_rows[:, 2:-2:2] + 3 * by_rows[:, 3:-1:2] + by_rows[:, 4::2]) / 8
    assert data.square(PHOTO[:, :60], 30)[1:-1, 1:-1] * 255 == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("side", [7, 30, 59, 60, 128])
@pytest.mark.parametrize(("zoom", "across", "down"), [
    (1.0, 0.5, 0.5), (1.5, 0.2, 0.9), (4.0, 1.0, 0.0), (3.0, 0.4, 0.3)])  # fmt: skip
def test_it_is_what_pillow_calls_bilinear(side, zoom, across, down):
    Image = pytest.importorskip("PIL.Image")
    width = 60 / zoom
    left, top = across * (90 - width), down * (60 - width)
    box = left, top, left + width, top + width
    expected = np.asarray(Image.fromarray(PHOTO).resize((side, side), Image.Resampling.BILINEAR, box=box), float)
    assert data.square(PHOTO, side, zoom, across, down) * 255 == pytest.approx(expected, abs=1.5)


def test_a_picture_of_one_colour_stays_so_in_every_size():
    grey = np.full((37, 53, 3), 200, np.uint8)
    for side in (1, 5, 37, 200):
        assert data.square(grey, side, 1.7, 0.3, 1.0) == pytest.approx(200 / 255)
        assert 0.999 < data.square(grey + np.uint8(55), side, 1.7, 0.3, 1.0).max() <= 1     # white is not whiter


def test_what_is_refused():
    for bad in (PHOTO / 255, PHOTO[..., 0], PHOTO[..., :2]):
        with pytest.raises(ValueError, match=r"square: photo must be uint8 of shape \(H, W, 3\)"):
            data.square(bad, 20)
    for settings, words in (({"side": 0}, "side must be at least 1"), ({"zoom": 0.5}, "zoom must be at least 1"),
                            ({"across": 1.1}, "across must lie between 0 and 1"),
                            ({"down": np.nan}, "down must be finite")):
        with pytest.raises(ValueError, match=words):
            data.square(PHOTO, **({"side": 20} | settings))
