"""Accuracy and confusion against counting by hand and scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from cs231n_helpers import metrics


def test_accuracy_of_labels_and_of_scores():
    assert metrics.accuracy([0, 1, 2, 2], [0, 1, 1, 2]) == 0.75
    scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    assert metrics.accuracy(scores, [0, 1, 1]) == pytest.approx(2 / 3)
    assert metrics.accuracy(np.array([[1.0, 1.0]]), [0]) == 1  # equal scores: the smallest label


def test_confusion_equals_scikit_learn(rng):
    predicted, y = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    table = metrics.confusion(predicted, y, 5)
    np.testing.assert_array_equal(table, confusion_matrix(y, predicted, labels=range(5)))
    assert table.trace() / table.sum() == metrics.accuracy(predicted, y)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([0, 1], [0, 1, 2]), ValueError, "3 labels for 2 examples"),
        (([0, 1], [[0], [1]]), ValueError, r"y must have shape \(N,\).*ravel"),
        (([0.5, 1], [0, 1]), TypeError, "whole numbers"),
        ((np.array([[np.nan, 1.0]]), [0]), ValueError, "not finite"),
        ((np.zeros(0, int), np.zeros(0, int)), ValueError, "at least one example"),
    ],
)
def test_bad_input_is_refused_in_words(arguments, error, words):
    with pytest.raises(error, match=words):
        metrics.accuracy(*arguments)


def test_a_label_beyond_the_classes_is_named():
    with pytest.raises(ValueError, match=r"predicted\[1\] = 3, need 0 <= predicted < 3"):
        metrics.confusion([0, 3], [0, 1], 3)
