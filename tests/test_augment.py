"""Augmented images against a crop of each padded image; statistics, reproducibility, memory and time."""

import time
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cs231n_helpers.data import augment

SHAPES = [(1, 1, 1, 1), (5, 7, 4, 3), (40, 28, 28, 1), (3, 4, 9, 5)]


def images(shape, dtype=np.float64, seed=0):
    """Images that are 0 nowhere, read-only."""
    X = np.random.default_rng(seed).integers(1, 256, shape).astype(dtype)
    X.setflags(write=False)
    return X


def candidates(image, shift):
    """Every picture that one image may become: {(down, right, mirrored): picture}, each cut out of the padded image."""
    height, width = image.shape[:2]
    found = {}
    for mirrored in (False, True):
        source = image[:, ::-1] if mirrored else image
        padded = np.pad(source, ((shift, shift), (shift, shift), (0, 0)))
        for down in range(-shift, shift + 1):
            for right in range(-shift, shift + 1):
                top, left = shift - down, shift - right
                found[down, right, mirrored] = padded[top:top + height, left:left + width]
    return found


def moves(X, result, shift):
    """What was done to each image; more than one answer, or none, is a failure."""
    for image, picture in zip(X, result):
        fitting = [move for move, there in candidates(image, shift).items() if np.array_equal(there, picture)]
        assert len(fitting) == 1, f"{len(fitting)} moves explain the picture"
        yield fitting[0]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float16, np.float32, np.float64])
@pytest.mark.parametrize(("shape", "shift"), [((5, 7, 4, 3), 2), ((40, 28, 28, 1), 3), ((3, 4, 9, 5), 3),
                                              ((9, 5, 5, 1), 0)])  # fmt: skip
def test_every_image_is_a_mirrored_or_shifted_crop_of_itself(shape, shift, dtype, rng):
    X = images(shape, dtype)
    result = augment(X, rng, shift=shift)
    assert result.dtype == dtype and result.shape == shape and not np.shares_memory(result, X)
    assert len(list(moves(X, result, shift))) == len(X)


def test_a_shift_by_hand():
    X = np.arange(1, 10).reshape(1, 3, 3, 1)
    seen = {augment(X, np.random.default_rng(seed), flip=False, shift=1).ravel().tobytes() for seed in range(200)}
    down_and_right = np.array([0, 0, 0, 0, 1, 2, 0, 4, 5])
    assert len(seen) == 9 and X.tobytes() in seen and down_and_right.tobytes() in seen


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_half_are_mirrored_and_shifts_are_uniform_and_independent(dtype, rng):
    n, shift = 6000, 2
    X = np.broadcast_to(images((1, 5, 5, 1), dtype), (n, 5, 5, 1))
    done = np.array(list(moves(X, augment(X, rng, shift=shift), shift)))                # (n, 3)
    assert abs(done[:, 2].mean() - 0.5) < 4 * 0.5 / np.sqrt(n)
    for column in (0, 1):
        counts = np.bincount(done[:, column] + shift, minlength=5)
        assert len(counts) == 5 and np.abs(counts - n / 5).max() < 4 * np.sqrt(n * 0.2 * 0.8)
    assert np.abs(np.corrcoef(done.T) - np.eye(3)).max() < 4 / np.sqrt(n)


def test_switches(rng):
    X = images((30, 6, 6, 2))
    assert_array_equal(augment(X, rng, flip=False, shift=0), X)
    assert {move[2] for move in moves(X, augment(X, rng, flip=False), 2)} == {False}
    assert {move[:2] for move in moves(X, augment(X, rng, shift=0), 0)} == {(0, 0)}
    with_flip, without = (augment(X, np.random.default_rng(5), flip=flip) for flip in (True, False))
    pairs = zip(moves(X, with_flip, 2), moves(X, without, 2))
    assert all(one[:2] == other[:2] for one, other in pairs)                            # the same shifts either way


@pytest.mark.parametrize("shape", SHAPES)
def test_a_seed_repeats_it_and_nothing_else_is_touched(shape):
    X, shift = images(shape), min(2, min(shape[1:3]) - 1)
    before, state = X.copy(), np.random.get_state()[1].copy()  # noqa: NPY002
    first, again = (augment(X, np.random.default_rng(7), shift=shift) for _ in range(2))
    assert_array_equal(first, again)
    assert_array_equal(X, before)
    assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    generator = np.random.default_rng(7)
    assert_array_equal(augment(X, generator, shift=shift), first)
    if len(X) > 3:
        assert (augment(X, generator, shift=shift) != first).any()                      # the generator has moved on


@pytest.mark.parametrize("view", [lambda X: X[::2], lambda X: X[:, ::-1], lambda X: X.transpose(0, 2, 1, 3),
                                  lambda X: X.astype(">f4")])  # fmt: skip
def test_views_and_foreign_byte_orders(view):
    X = view(images((10, 6, 6, 3), np.float32))
    plain = np.ascontiguousarray(X, np.float32)
    assert_array_equal(augment(X, np.random.default_rng(1)), augment(plain, np.random.default_rng(1)))


def test_memory_stays_within_twice_the_batch(rng):
    X = images((500, 32, 32, 3), np.float32)
    augment(X, rng)
    tracemalloc.start()
    result = augment(X, rng)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * result.nbytes                                                   # the result is 1 of these


def test_time_of_a_batch(rng):
    """About 1 ms for 200 images of 32x32x3 on a quiet machine; ten copies of the batch are the yardstick."""
    X = images((200, 32, 32, 3), np.float32)

    def fastest(action, times=15):
        marks = []
        for _ in range(times):
            start = time.perf_counter()
            action()
            marks.append(time.perf_counter() - start)
        return min(marks)

    assert fastest(lambda: augment(X, rng)) < max(0.004, 10 * fastest(X.copy))


@pytest.mark.parametrize(("X", "error", "words"), [
    (np.ones((3, 4, 4)), ValueError, r"\(N, H, W, C\).*\(3, 4, 4\).*X\[\.\.\., None\]"),
    (np.ones((3, 48)), ValueError, r"X\.reshape\(len\(X\), H, W, C\)"),
    (np.ones((0, 4, 4, 1)), ValueError, r"N >= 1, got shape \(0, 4, 4, 1\)"),
    (np.ones((2, 4, 4, 1), bool), TypeError, "dtype bool"),
    (np.array([[[["a"]]]]), TypeError, "as numbers"),
])  # fmt: skip
def test_bad_images_are_refused_in_words(X, error, words, rng):
    with pytest.raises(error, match=f"data.augment: X .*{words}"):
        augment(X, rng)


@pytest.mark.parametrize(("settings", "error", "words"), [
    ({"shift": -1}, ValueError, "shift must lie between 0 and 3, got -1"),
    ({"shift": 4}, ValueError, "shift must lie between 0 and 3, got 4"),
    ({"shift": 1.5}, TypeError, "whole number"),
    ({"rng": 0}, TypeError, r"rng must be a random generator, got 0\. Write np\.random\.default_rng\(0\)"),
])  # fmt: skip
def test_bad_settings_are_refused_in_words(settings, error, words, rng):
    with pytest.raises(error, match=f"data.augment: .*{words}"):
        augment(np.ones((2, 4, 5, 1)), **{"rng": rng, **settings})
