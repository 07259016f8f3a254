"""How good the predictions are."""

import numpy as np

from cs231n_helpers import checks


def accuracy(predicted, y):
    """The fraction of examples whose predicted label is the true one, between 0 and 1.

    predicted: labels (N,), or scores (N, C), of which the largest of each row counts. y: true labels (N,), or soft
    targets (N, C), rows of probabilities, of which the largest counts too.
    Guessing among C balanced classes gives about 1 / C.
    """
    predicted, y = _labels_of("accuracy", predicted, y)
    return float((predicted == y).mean())


def confusion(predicted, y, classes):
    """Counts (classes, classes): entry [t, p] is how many examples of true class t were predicted as p.

    The diagonal holds what is right: its sum over the total is the accuracy; row t sums to the examples of class t.
    predicted: labels (N,) or scores (N, C). classes: how many classes there are.
    """
    classes = checks.whole("confusion", "classes", classes, low=1)
    predicted, y = _labels_of("confusion", predicted, y, classes)
    cells = y.astype(np.intp) * classes + predicted                         # one number for each (true, predicted)
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def _labels_of(where, predicted, y, classes=None):
    predicted = np.asarray(predicted)
    if predicted.ndim == 2 and predicted.shape[1] > 1:
        predicted = checks.matrix(where, "predicted", predicted).argmax(axis=1)
    predicted = checks.labels(where, "predicted", predicted, classes=classes)
    if len(predicted) == 0:
        raise ValueError(f"{where}: predicted is empty; there must be at least one example.")
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] > 1 and y.dtype.kind == "f":              # soft targets; other rows are a mistake
        y = checks.shares(where, "y", y).argmax(axis=1)
    return predicted, checks.labels(where, "y", y, count=len(predicted), classes=classes)
