"""Images of another size: against plain loops, and what must stay."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cs231n_helpers import preprocessing


def slow(image, h, w):
    """Every new pixel by itself, in float64: the mean of old ones, by their distance from its place."""
    H, W, C = image.shape
    new = np.zeros((h, w, C))

    def shares(old, new, i):
        place, reach = (i + 0.5) * old / new - 0.5, max(1, old / new)
        found = {k: 1 - abs(k - place) / reach for k in range(old) if abs(k - place) < reach}
        return {k: share / sum(found.values()) for k, share in found.items()}

    for i, j in np.ndindex(h, w):
        for r, a in shares(H, h, i).items():
            for c, b in shares(W, w, j).items():
                new[i, j] += a * b * image[r, c]
    return new


@pytest.mark.parametrize(("old", "new"), [((4, 5), (8, 11)), ((9, 7), (3, 2)), ((6, 6), (6, 6)), ((5, 8), (10, 3)),
                                          ((1, 1), (3, 2)), ((7, 3), (1, 1))])  # fmt: skip
@pytest.mark.parametrize("channels", [1, 3])
def test_every_pixel_is_that_of_the_plain_loops(rng, old, new, channels):
    X = rng.integers(0, 256, (2, *old, channels), dtype=np.uint8)
    X.setflags(write=False)
    found = preprocessing.resize(X, new)
    assert found.dtype == np.float32 and found.shape == (2, *new, channels)
    for got, image in zip(found, X):
        assert_allclose(got, slow(image.astype(float), *new), rtol=1e-5, atol=1e-3)


def test_one_image_a_number_as_size_and_no_images(rng):
    x = rng.random((6, 5, 3))
    assert_array_equal(preprocessing.resize(x, 4), preprocessing.resize(x[None], (4, 4))[0])
    assert preprocessing.resize(x[None][:0], 4).shape == (0, 4, 4, 3)


def test_it_agrees_with_pillow(rng):
    from PIL import Image

    x = rng.random((40, 50)).astype(np.float32)
    for h, w in ((64, 96), (16, 20), (7, 80)):
        theirs = np.asarray(Image.fromarray(x).resize((w, h), Image.Resampling.BILINEAR))
        assert_allclose(preprocessing.resize(x[..., None], (h, w))[..., 0], theirs, atol=1e-5)


def test_a_flat_image_stays_flat_and_fine_stripes_become_grey():
    assert_allclose(preprocessing.resize(np.full((3, 9, 7, 2), 5.0), (4, 15)), 5, rtol=1e-6)
    stripes = np.tile([0.0, 1.0], 32)[None, :, None] * np.ones((64, 1, 1))
    assert np.abs(preprocessing.resize(stripes, 8)[:, 1:-1] - 0.5).max() < 0.02


@pytest.mark.parametrize(("X", "words"), [(np.zeros((4, 4)), "Write X"), (np.zeros((1, 0, 4, 3)), "shape"),
                                          (np.zeros((2, 4, 4, 3), complex), "dtype")])
def test_what_is_no_image_is_refused(X, words):
    with pytest.raises(ValueError, match=words):
        preprocessing.resize(X, 8)
