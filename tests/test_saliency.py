"""Looking into a network: against naive loops, finite differences in float64, and a network whose answers are known."""

import itertools

import numpy as np
import pytest

from cs231n_helpers import losses, saliency
from cs231n_helpers.layers import Conv, Dense, Flatten, GlobalAvgPool, MaxPool, Tanh
from cs231n_helpers.network import Network
from cs231n_helpers.saliency import fool, occlusion_map, pixel_gradient, top

SMALL = Network([Conv(4, 3, pad=1), Tanh(), MaxPool(2), Conv(5, 3), Tanh(), GlobalAvgPool(), Dense(3)], (10, 8, 3))


@pytest.fixture
def params():
    rng = np.random.default_rng(1)
    return {name: 0.8 * rng.normal(size=shape) for name, shape in SMALL.shapes().items()}


@pytest.fixture
def x():
    x = np.random.default_rng(2).uniform(0.1, 0.9, (10, 8, 3))
    x.setflags(write=False)
    return x


def shares(scores):
    return np.exp(scores) / np.exp(scores).sum()


# ----------------------------------------------------------------------------------------------------------------- top
def test_the_largest_first_with_its_softmax():
    assert top([1, -2, 0], "abc", 2) == [("a", pytest.approx(0.705, abs=1e-3)), ("c", pytest.approx(0.259, abs=1e-3))]
    scores = np.random.default_rng(0).normal(size=20)
    found = top(scores, [str(c) for c in range(20)], 20)
    assert [p for _, p in found] == pytest.approx(sorted(shares(scores), reverse=True))
    assert all(shares(scores)[int(name)] == pytest.approx(p) for name, p in found)


def test_equal_scores_stand_in_the_order_of_the_classes():
    assert [name for name, _ in top(np.array([1.0, 2, 1, 2, 0]), "abcde", 5)] == list("bdace")


def test_what_top_refuses():
    with pytest.raises(ValueError, match="there are 3 scores and 2 class names"):
        top([1, 2, 3], "ab")
    with pytest.raises(ValueError, match="k must lie between 1 and 3, got 4"):
        top([1, 2, 3], "abc", 4)
    with pytest.raises(ValueError, match="scores must have 1 axes"):
        top([[1, 2, 3]], "abc", 2)
    with pytest.raises(ValueError, match="not finite"):
        top([1, np.nan, 3], "abc", 2)


# ------------------------------------------------------------------------------------------------------- occlusion map
@pytest.mark.parametrize(("size", "stride", "fill", "batch"), [
    (3, 1, 0.5, 16), (4, 2, 0.0, 5), (3, 2, (0.1, 0.5, 0.9), 1), (8, 3, 1.0, 100), (1, 4, 0.5, 2)])  # fmt: skip
def test_each_place_is_one_look_at_a_covered_picture(params, x, size, stride, fill, batch):
    found = occlusion_map(SMALL, params, x, 1, size, stride, fill, batch)
    rows, columns = list(range(0, 10 - size + 1, stride)), list(range(0, 8 - size + 1, stride))
    assert found.shape == (len(rows), len(columns)) and found.dtype == np.float64
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            hidden = x.copy()
            for r in range(row, row + size):
                for c in range(column, column + size):
                    hidden[r, c] = fill
            [scores] = SMALL.forward(params, hidden[None])[0]
            assert found[i, j] == pytest.approx(shares(scores)[1])


def test_several_classes_are_asked_for_with_one_look(params, x):
    found = occlusion_map(SMALL, params, x, [2, 0], 4, 2)
    assert found.shape == (4, 3, 2)
    for k, label in enumerate((2, 0)):
        assert found[..., k] == pytest.approx(occlusion_map(SMALL, params, x, label, 4, 2))
    with pytest.raises(ValueError, match="the class must lie between 0 and 2, got 7"):
        occlusion_map(SMALL, params, x, [0, 7], 4, 2)


def test_the_map_dips_where_the_one_pixel_lies_that_counts():
    network, x = Network([Flatten(), Dense(2)], (6, 6, 1)), np.full((6, 6, 1), 0.5)
    W = np.zeros((36, 2))
    W[2 * 6 + 4, 0] = 8                                 # class 0: how bright is the pixel in row 2, column 4?
    x[2, 4] = 1.0
    found = occlusion_map(network, {"dense1.W": W, "dense1.b": np.zeros(2)}, x, 0, size=2, stride=1)
    dips = found < 0.99
    assert np.argwhere(dips).tolist() == [[1, 3], [1, 4], [2, 3], [2, 4]]
    assert found[dips] == pytest.approx(1 / (1 + np.exp(-4))) and found[~dips] == pytest.approx(1 / (1 + np.exp(-8)))


# ------------------------------------------------------------------------------------------------------ pixel gradient
@pytest.mark.parametrize("label", [0, 2])
def test_the_gradient_is_the_slope_of_the_score(params, x, label):
    found, h = pixel_gradient(SMALL, params, x, label), 1e-5
    assert found.shape == x.shape
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = h
        up, down = (SMALL.forward(params, (x + sign * step)[None])[0][0, label] for sign in (1, -1))
        assert found[place] == pytest.approx((up - down) / (2 * h), abs=1e-8)


# ---------------------------------------------------------------------------------------------------------------- fool
def test_every_step_follows_the_measured_slope(params, x):
    rate, most, h = 0.02, 0.05, 1e-6
    [first, second] = fool(SMALL, params, x, 2, 1, rate, most)

    def loss(x):
        return -np.log(shares(SMALL.forward(params, x[None])[0][0])[2])

    assert first.step == 0 and np.array_equal(first.x, x)
    assert first.probabilities == pytest.approx(shares(SMALL.forward(params, x[None])[0][0]))
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = h
        slope = (loss(x + step) - loss(x - step)) / (2 * h)
        if abs(slope) > 1e-7:
            assert second.x[place] == pytest.approx(x[place] - rate * np.sign(slope))
    assert second.probabilities == pytest.approx(shares(SMALL.forward(params, second.x[None])[0][0]))


def test_the_target_wins_and_the_change_stays_small(params, x):
    records = list(fool(SMALL, params, x, 2, 30, 0.01, 0.08))
    assert [record.step for record in records] == list(range(31))
    rising = [record.probabilities[2] for record in records]
    assert rising[-1] > rising[0] and all(b > a - 1e-3 for a, b in itertools.pairwise(rising))
    assert max(abs(record.x - x).max() for record in records) <= 0.08 + 1e-12
    assert np.isclose(abs(records[-1].x - x).max(), 0.08)


def test_pixels_stay_within_black_and_white(params):
    x = np.zeros((10, 8, 3), np.float32)
    x[5:] = 1
    *_, last = fool(SMALL, {name: array.astype(np.float32) for name, array in params.items()}, x, 1, 4, 0.1, 0.3)
    assert last.x.dtype == np.float32 and last.x.min() >= 0 and last.x.max() <= 1 and (last.x != x).any()


def test_nothing_recorded_changes_behind_its_back(params, x):
    records = list(fool(SMALL, params, x, 0, 3))
    assert len({record.x.tobytes() for record in records}) == 4
    assert np.array_equal(records[0].x, x)


# ------------------------------------------------------------------------------------------------------------- refusals
@pytest.mark.parametrize("call", [lambda *a, **k: occlusion_map(*a, **k), lambda *a, **k: pixel_gradient(*a, **k),
                                  lambda *a, **k: fool(*a, **k)])
def test_what_is_no_picture_or_no_class_is_refused_at_once(call, params, x):
    with pytest.raises(ValueError, match=r"one picture of shape \(10, 8, 3\), got \(1, 10, 8, 3\)\. One of a batch"):
        call(SMALL, params, x[None], 0)
    with pytest.raises(ValueError, match=r"between 0 and 1, got .* Bytes\? Divide by 255"):
        call(SMALL, params, (x * 255).astype(np.uint8), 0)
    with pytest.raises(ValueError, match="not finite"):
        call(SMALL, params, np.full(x.shape, np.nan), 0)
    with pytest.raises(ValueError, match="the class must lie between 0 and 2, got 3"):
        call(SMALL, params, x, 3)


def test_what_else_is_refused(params, x):
    with pytest.raises(ValueError, match="size must lie between 1 and 8, got 9"):
        occlusion_map(SMALL, params, x, 0, size=9)
    with pytest.raises(ValueError, match="stride must be at least 1"):
        occlusion_map(SMALL, params, x, 0, size=3, stride=0)
    with pytest.raises(ValueError, match="most must be greater than 0"):
        fool(SMALL, params, x, 0, most=0)
    with pytest.raises(ValueError, match="rate must be finite"):
        fool(SMALL, params, x, 0, rate=np.inf)


def test_all_public_names_are_tested_here():
    assert set(saliency.__all__) == {"Fooled", "fool", "occlusion_map", "pixel_gradient", "top"}
    assert losses.probabilities(np.zeros((1, 4))).tolist() == [[0.25] * 4]
