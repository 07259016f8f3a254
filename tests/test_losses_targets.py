"""Losses whose targets are not one class: tags of plus and minus one, and numbers."""

import math

import numpy as np
import pytest
from scipy.special import expit, log_softmax

from cs231n_helpers import losses


def test_attributes_equal_two_loops(rng):
    scores, y = rng.standard_normal((8, 5)), rng.choice([-1, 1], (8, 5))
    hinge = [max(0.0, 1 - y[i, j] * scores[i, j]) for i in range(8) for j in range(5)]
    logistic = [-math.log(expit(scores[i, j]) if y[i, j] == 1 else 1 - expit(scores[i, j]))
                for i in range(8) for j in range(5)]  # fmt: skip
    assert losses.attributes(scores, y)[0] == losses.attributes(scores, y, "hinge")[0] == pytest.approx(sum(hinge) / 8)
    assert losses.attributes(scores, y, form="logistic")[0] == pytest.approx(sum(logistic) / 8)


def test_attributes_by_hand():
    scores, y = np.array([[2.0, 0.5, -3], [0, 0, 0]]), np.array([[1, 1, 1], [1, -1, -1]])
    assert losses.attributes(scores, y)[0] == (0 + 0.5 + 4 + 3) / 2
    np.testing.assert_array_equal(losses.attributes(scores, y)[1]()[0], [[0, -0.5, -0.5], [-0.5, 0.5, 0.5]])
    loss, back = losses.attributes(np.zeros((2, 3)), y, form="logistic")
    assert loss == pytest.approx(3 * math.log(2))
    np.testing.assert_allclose(back()[0], -y / 4)                           # (1/2 - 1) y / N


@pytest.mark.parametrize(("y", "error", "words"), [
    ([[1, 0]], ValueError, r"y\[0, 1\] = 0, need \+1.*2 \* y - 1"),
    ([[1, 2]], ValueError, r"y\[0, 1\] = 2"), (np.array([[1, 255]], np.uint8), ValueError, "= 255"),
    ([[True, False]], TypeError, r"np\.where\(y, 1, -1\)"), ([[1.0, -1.0]], TypeError, r"astype\(int\)"),
    ([1], ValueError, r"got \(1,\) for \(1, 2\)"), ([[1], [-1]], ValueError, r"got \(2, 1\)"),
])  # fmt: skip
def test_attribute_labels_are_plus_and_minus_one(y, error, words):
    with pytest.raises(error, match=f"(?s)attributes: .*{words}"):
        losses.attributes(np.zeros((1, 2)), y)
    with pytest.raises(ValueError, match="form must be one of 'hinge', 'logistic', got 'svm'"):
        losses.attributes(np.zeros((1, 2)), [[1, -1]], form="svm")


def test_regression_by_hand():
    predicted, target = np.array([[1.0, 2], [5, 5]]), np.array([[0.0, 4], [5, 5]])
    assert losses.l2_regression(predicted, target)[0] == (1 + 4) / 2        # the squared length, no 1/2, mean over N
    assert losses.l1_regression(predicted, target)[0] == (1 + 2) / 2
    for loss, slopes in ((losses.l2_regression, [[1, -2], [0, 0]]), (losses.l1_regression, [[0.5, -0.5], [0, 0]])):
        dpredicted, dtarget = loss(predicted, target)[1]()
        np.testing.assert_array_equal(dpredicted, slopes)
        np.testing.assert_array_equal(dtarget, -np.array(slopes))
        [alone] = loss(predicted, target.astype(np.uint8))[1]()             # 1 - 4 does not wrap around to 253
        np.testing.assert_array_equal(alone, slopes)


@pytest.mark.parametrize("loss", [losses.l2_regression, losses.l1_regression])
@pytest.mark.parametrize("shapes", [((3, 1), (3,)), ((3, 2), (2,)), ((0, 2), (0, 2)), ((), ()), ((2, 2, 2), (2, 2, 2))])
def test_regression_never_broadcasts(loss, shapes):
    with pytest.raises(ValueError, match=rf"{loss.__name__}: predicted and target must have one shape"):
        loss(*map(np.zeros, shapes))


# --- soft targets -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("T", [0.3, 1.0, 7.0])
def test_soft_softmax_equals_two_loops(T, rng):
    scores, q = 2 * rng.standard_normal((6, 5)), rng.dirichlet(np.ones(5), 6)
    total, slopes = 0.0, np.zeros((6, 5))
    for i in range(6):
        log_p = log_softmax(scores[i] / T)
        for j in range(5):
            total -= q[i, j] * log_p[j]
            slopes[i, j] = T * (math.exp(log_p[j]) - q[i, j]) / 6
    loss, back = losses.soft_softmax(scores, q, T)
    assert loss == pytest.approx(T**2 * total / 6)
    np.testing.assert_allclose(back()[0], slopes, atol=1e-12)
    np.testing.assert_allclose(back()[1], [-(T**2) * log_softmax(s / T) / 6 for s in scores], atol=1e-12)


def test_soft_softmax_of_one_hot_targets_is_softmax(rng):
    scores, y = rng.standard_normal((6, 5)), rng.integers(0, 5, 6)
    (soft, soft_back), (hard, hard_back) = losses.soft_softmax(scores, np.eye(5)[y]), losses.softmax(scores, y)
    assert soft == pytest.approx(hard)
    np.testing.assert_allclose(soft_back()[0], hard_back()[0], atol=1e-14)


def test_soft_softmax_is_least_where_the_student_says_what_the_teacher_says(rng):
    teacher = 3 * rng.standard_normal((8, 4))
    q = np.exp(log_softmax(teacher / 4, axis=1))
    entropy = -(q * np.log(q)).sum() / 8
    loss, back = losses.soft_softmax(teacher + 5, q, 4.0)                   # a constant more for all is no difference
    assert loss == pytest.approx(16 * entropy)
    np.testing.assert_allclose(back()[0], 0, atol=1e-15)


def test_soft_gradients_keep_their_size_as_the_temperature_grows(rng):
    """For large T: T (p - q) / N goes to (s - v) / (C N), the scores and the teacher's measured from their means."""
    scores, teacher = rng.standard_normal((3, 4)), rng.standard_normal((3, 4))
    q = np.exp(log_softmax(teacher / 1e3, axis=1))
    s, v = (a - a.mean(axis=1, keepdims=True) for a in (scores, teacher))
    np.testing.assert_allclose(losses.soft_softmax(scores, q, 1e3)[1]()[0], (s - v) / (4 * 3), atol=1e-3)


def test_soft_softmax_survives_huge_scores():
    scores, q = np.array([[1e4, -1e4, 0.0]]), np.array([[0.5, 0.0, 0.5]])
    loss, back = losses.soft_softmax(scores, q, 2.0)
    assert loss == pytest.approx(4 * 0.5 * 5000)
    np.testing.assert_allclose(back()[0], [[1, 0, -1]])


@pytest.mark.parametrize(("q", "T", "words"), [
    (np.ones((2, 3)), 1, r"targets must hold probabilities.*adds up to 3"),
    (np.full((2, 2), 0.5), 1, r"got \(2, 2\) for"),
    (np.full((1, 3), 1 / 3), 1, r"got \(1, 3\) for \(2, 3\)"), (np.full((2, 3), 1 / 3), 0, "temperature"),
    (np.array([0, 1]), 1, "targets must have 2 axes")])  # fmt: skip
def test_soft_targets_are_probabilities(q, T, words):
    with pytest.raises(ValueError, match=f"soft_softmax: .*{words}"):
        losses.soft_softmax(np.zeros((2, 3)), q, T)
