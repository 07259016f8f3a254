"""Losses against loops, worked values and numerical gradients; the list of losses is taken from the module."""

import math

import numpy as np
import pytest
from scipy.special import log_softmax
from scipy.special import softmax as scipy_softmax

from cs231n_helpers import gradients, losses

DATA_LOSSES = {"svm": losses.svm, "softmax": losses.softmax}
PENALTIES = {"l2": (0.7,), "l1": (0.3,), "elastic_net": (0.3, 0.7)}


def naive_svm(scores, y, delta):
    total = 0.0
    for i in range(len(y)):
        for j in range(scores.shape[1]):
            if j != y[i]:
                total += max(0.0, float(scores[i, j]) - float(scores[i, y[i]]) + delta)
    return total / len(y)


def examples(rng, n=7, classes=4, scale=1.0, dtype=float):
    scores, y = (scale * rng.standard_normal((n, classes))).astype(dtype), rng.integers(0, classes, n)
    scores.setflags(write=False)
    y.setflags(write=False)
    return scores, y


def test_every_loss_of_the_module_is_tested_here():
    assert set(losses.__all__) == DATA_LOSSES.keys() | PENALTIES.keys()


@pytest.mark.parametrize("delta", [0.0, 1.0, 2.5])
@pytest.mark.parametrize("shape", [(1, 2), (7, 4), (50, 10), (3, 1)])
def test_svm_equals_two_loops(shape, delta, rng):
    scores, y = examples(rng, *shape)
    assert losses.svm(scores, y, delta)[0] == pytest.approx(naive_svm(scores, y, delta), rel=1e-12, abs=1e-12)


def test_svm_by_hand():
    assert losses.svm(np.array([[13.0, -7, 11]]), [0], delta=10)[0] == 8
    np.testing.assert_array_equal(losses.svm_terms(np.array([[13.0, -7, 11]]), [0], 10), [[0, 0, 8]])
    assert losses.svm(np.zeros((5, 10)), [0, 1, 2, 3, 4])[0] == 9  # C - 1 with all scores equal
    [dscores] = losses.svm(np.zeros((2, 3)), [0, 2])[1]()
    np.testing.assert_allclose(dscores, [[-1, 0.5, 0.5], [0.5, 0.5, -1]])


@pytest.mark.parametrize("shape", [(1, 2), (7, 4), (50, 10), (3, 1)])
@pytest.mark.parametrize("scale", [1, 30, 1000])
def test_softmax_equals_scipy(shape, scale, rng):
    scores, y = examples(rng, *shape, scale=scale)
    expected = -log_softmax(scores, axis=1)[np.arange(len(y)), y].mean()
    assert losses.softmax(scores, y)[0] == pytest.approx(expected, rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(losses.probabilities(scores), scipy_softmax(scores, axis=1), rtol=1e-9, atol=1e-300)


def test_softmax_by_hand():
    np.testing.assert_allclose(losses.probabilities(np.array([[1.0, -2, 0]])).round(2), [[0.71, 0.04, 0.26]])
    np.testing.assert_allclose(losses.probabilities(np.array([[0.5, -1, 0]])).round(2), [[0.55, 0.12, 0.33]])
    assert losses.softmax(np.zeros((4, 10)), [1, 2, 3, 4])[0] == pytest.approx(math.log(10), rel=1e-12)
    assert losses.softmax(np.array([[123.0, 456, 789]]), [0])[0] == pytest.approx(666, rel=1e-12)


@pytest.mark.parametrize("extreme", [1e4, -1e4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_scores_give_finite_losses_and_gradients(extreme, dtype):
    scores = np.array([[extreme, 0, 1], [0, extreme, 1]], dtype)
    for loss in DATA_LOSSES.values():
        value, back = loss(scores, [1, 1])
        [dscores] = back()
        assert np.isfinite(value) and np.isfinite(dscores).all() and dscores.dtype == dtype
        np.testing.assert_allclose(dscores.sum(axis=1), 0, atol=1e-6)  # what rivals lose the true class gains


@pytest.mark.parametrize("name", DATA_LOSSES)
@pytest.mark.parametrize("shape", [(1, 2), (5, 4), (12, 10)])
def test_gradients_of_data_losses(name, shape, rng):
    report = gradients.check(DATA_LOSSES[name], *examples(rng, *shape))
    assert report["passed"] and report["kinks"] == 0, report["verdict"]


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("shape", [(4, 3), (6,), (2, 3, 4)])
def test_gradients_of_penalties(name, shape, rng):
    W = rng.uniform(0.2, 1, shape) * rng.choice([-1, 1], shape)
    report = gradients.check(lambda W: getattr(losses, name)(W, *PENALTIES[name]), W)
    assert report["passed"] and report["kinks"] == 0, report["verdict"]


def test_penalties_by_hand():
    W = np.array([[3.0, -4.0], [0.0, 1.0]])
    assert losses.l2(W, 0.5)[0] == 0.5 * 0.5 * 26
    assert losses.l1(W, 0.5)[0] == 0.5 * 8
    assert losses.elastic_net(W, 0.5, 0.1)[0] == pytest.approx(0.5 * 8 + 0.5 * 0.1 * 26)
    np.testing.assert_array_equal(losses.l2(W, 0.5)[1]()[0], 0.5 * W)  # lambda W, without a factor 2
    np.testing.assert_array_equal(losses.l1(W, 0.5)[1]()[0], [[0.5, -0.5], [0, 0.5]])


@pytest.mark.parametrize("name", DATA_LOSSES)
def test_an_upstream_gradient_scales_the_gradient_and_back_can_be_called_twice(name, rng):
    _, back = DATA_LOSSES[name](*examples(rng))
    np.testing.assert_allclose(back(3.0)[0], 3 * back()[0])
    np.testing.assert_array_equal(back()[0], back()[0])


@pytest.mark.parametrize("name", DATA_LOSSES)
def test_the_mean_does_not_depend_on_how_often_the_batch_is_repeated(name, rng):
    scores, y = examples(rng)
    twice = DATA_LOSSES[name](np.tile(scores, (2, 1)), np.tile(y, 2))[0]
    assert twice == pytest.approx(DATA_LOSSES[name](scores, y)[0])


BAD = [
    ((np.zeros((2, 3)), [0, 3]), ValueError, r"y\[1\] = 3, need 0 <= y < 3"),
    ((np.zeros((2, 3)), [0, -1]), ValueError, r"y\[1\] = -1"),
    ((np.zeros((2, 3)), [[0], [1]]), ValueError, r"\(2, 1\).*ravel"),
    ((np.zeros((2, 3)), [0.0, 1.0]), TypeError, "whole numbers"),
    ((np.zeros((2, 3)), [0]), ValueError, "1 labels for 2 examples"),
    ((np.zeros(3), [0]), ValueError, r"shape \(3,\)"),
    ((np.zeros((0, 3)), np.zeros(0, int)), ValueError, "N >= 1"),
    ((np.array([[np.inf, 0]]), [0]), ValueError, "not finite"),
]


@pytest.mark.parametrize("name", DATA_LOSSES)
@pytest.mark.parametrize(("arguments", "error", "words"), BAD)
def test_bad_input_is_refused_in_words(name, arguments, error, words):
    with pytest.raises(error, match=f"(?s){name}.*{words}"):
        DATA_LOSSES[name](*arguments)


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match="delta must be at least 0"):
        losses.svm(np.zeros((1, 2)), [0], delta=-1)
    for name, settings in PENALTIES.items():
        with pytest.raises(ValueError, match="strength must be at least 0"):
            getattr(losses, name)(np.ones(2), *(-value for value in settings))
