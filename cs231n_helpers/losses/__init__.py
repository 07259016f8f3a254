"""How unhappy we are with the scores: data losses, and the penalties that keep weights small.

Every loss returns (loss, back); `[dscores] = back()` is the gradient. Data losses are means over the examples, so that
the learning rate does not depend on the batch size. Penalties are sums over the weights.

The losses that pick one class out of a few stand here; those for many classes, for soft targets, for tags and for
numbers, and the penalties, in the files beside.
"""

import numpy as np

from cs231n_helpers import checks
from cs231n_helpers.losses.penalties import elastic_net, l1, l2
from cs231n_helpers.losses.penalties import max_norm as max_norm
from cs231n_helpers.losses.penalties import penalty as penalty
from cs231n_helpers.losses.regression import l1_regression, l2_regression
from cs231n_helpers.losses.scores import _exp, _log_probabilities, _scores_and_labels
from cs231n_helpers.losses.soft import soft_softmax
from cs231n_helpers.losses.tags import attributes
from cs231n_helpers.losses.tree import Tree as Tree
from cs231n_helpers.losses.tree import hierarchical_softmax
from cs231n_helpers.losses.tree import tree_probabilities as tree_probabilities

__all__ = ["svm", "squared_hinge", "softmax", "soft_softmax", "hierarchical_softmax", "attributes", "l2_regression",
           "l1_regression", "l2", "l1", "elastic_net"]
# exactly what returns (loss, back): the tests take their list from here


def svm(scores, y, delta=1.0):
    """Multiclass SVM (hinge) loss: mean over i of sum over j != y_i of max(0, s_j - s_{y_i} + delta).

    scores (N, C), labels y (N,), delta >= 0. back(d=1.0) -> (dscores,), (N, C): every violated margin pushes its own
    score down and the true one up. With all scores near zero the loss is close to (C - 1) * delta.
    Example: scores [13, -7, 11], true class 0, delta 10: max(0, -20 + 10) + max(0, -2 + 10) = 8.
    Source: CS231n notes, Linear classification.
    """
    scores, y = _scores_and_labels("svm", scores, y)
    terms = svm_terms(scores, y, delta)                             # (N, C)

    def back(d=1.0):
        dscores = (terms > 0).astype(scores.dtype)
        dscores[np.arange(len(y)), y] = -dscores.sum(axis=1)        # the true class: minus the count of violations
        return (dscores * scores.dtype.type(d / len(y)),)

    return float(terms.sum(dtype=np.float64) / len(y)), back


def svm_terms(scores, y, delta=1.0):
    """The hinge terms max(0, s_j - s_{y_i} + delta), (N, C), with 0 at the true class; row sums are the losses."""
    scores, y = _scores_and_labels("svm_terms", scores, y)
    delta = checks.real("svm_terms", "delta", delta, low=0)
    rows = np.arange(len(y))
    terms = np.maximum(0, scores - scores[rows, y][:, None] + delta)
    terms[rows, y] = 0
    return terms


def squared_hinge(scores, y, delta=1.0):
    """Squared hinge loss (L2-SVM): mean over i of sum over j != y_i of max(0, s_j - s_{y_i} + delta)^2.

    scores (N, C), labels y (N,), delta >= 0. back(d=1.0) -> (dscores,), (N, C): a violated margin pushes the harder the
    more it is violated. The square stands outside the max: a margin that is kept costs nothing, by however much.
    With all scores near zero the loss is close to (C - 1) * delta^2.
    Example: scores [3, 1, -5], true class 0: max(0, -1)^2 + max(0, -7)^2 = 0.
    Source: CS231n notes, Neural networks part 2, Loss functions.
    """
    scores, y = _scores_and_labels("squared_hinge", scores, y)
    terms = svm_terms(scores, y, delta)                             # (N, C), 0 at the true class

    def back(d=1.0):
        dscores = 2 * terms
        dscores[np.arange(len(y)), y] = -dscores.sum(axis=1)
        return (dscores * scores.dtype.type(d / len(y)),)

    return float(np.square(terms, dtype=np.float64).sum() / len(y)), back


def softmax(scores, y):
    """Cross-entropy loss: mean over i of -log p_{y_i}, where p = exp(s) / sum exp(s) along each row.

    scores (N, C), labels y (N,). back(d=1.0) -> (dscores,), (N, C): (p - 1 at the true class) / N. Logarithms are
    natural. With all scores near zero the loss is close to log C.
    Source: CS231n notes, Linear classification.
    """
    scores, y = _scores_and_labels("softmax", scores, y)
    rows = np.arange(len(y))
    log_p = _log_probabilities(scores)

    def back(d=1.0):
        dscores = _exp(log_p)
        dscores[rows, y] -= 1
        return (dscores * scores.dtype.type(d / len(y)),)

    return float(-log_p[rows, y].sum(dtype=np.float64) / len(y)), back


def probabilities(scores):
    """Softmax of each row: exp(s_j) / sum exp(s), (N, C), rows sum to 1.

    The row's maximum is subtracted first: it cancels in the fraction, and exp(789) would overflow.
    Example: [1, -2, 0] -> .71 .04 .26
    """
    return _exp(_log_probabilities(checks.matrix("probabilities", "scores", scores)))
