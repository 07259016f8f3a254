"""How unhappy we are with the scores: data losses, and the penalties that keep weights small.

Every loss returns (loss, back); `[dscores] = back()` is the gradient. Data losses are means over the examples, so that
the learning rate does not depend on the batch size. Penalties are sums over the weights.
"""

import numpy as np

from cs231n_helpers import checks

__all__ = ["svm", "softmax", "l2", "l1", "elastic_net"]


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


def _log_probabilities(scores):
    shifted = scores - scores.max(axis=1, keepdims=True)            # largest score 0: exp <= 1
    return shifted - np.log(_exp(shifted).sum(axis=1, keepdims=True))


def _exp(x):
    with np.errstate(under="ignore"):                               # exp(-1000) is 0, and that is what is meant
        return np.exp(x)


def l2(W, strength):
    """1/2 * strength * sum of W^2: prefers many small weights to few large ones. back(d=1.0) -> (dW,), strength * W."""
    W, strength = _weights("l2", W, "strength", strength)
    return 0.5 * strength * float(np.square(W, dtype=np.float64).sum()), lambda d=1.0: (W.dtype.type(d * strength) * W,)


def l1(W, strength):
    """strength * sum of |W|: pushes weights to exactly 0. back(d=1.0) -> (dW,), strength * sign(W), 0 at the kink."""
    W, strength = _weights("l1", W, "strength", strength)
    return strength * float(np.abs(W).sum(dtype=np.float64)), lambda d=1.0: (W.dtype.type(d * strength) * np.sign(W),)


def elastic_net(W, l1_strength, l2_strength):
    """l1_strength * sum of |W| + 1/2 * l2_strength * sum of W^2: both penalties together. back(d=1.0) -> (dW,)."""
    W, l1_strength = _weights("elastic_net", W, "l1_strength", l1_strength)
    W, l2_strength = _weights("elastic_net", W, "l2_strength", l2_strength)
    (lasso, lasso_back), (ridge, ridge_back) = l1(W, l1_strength), l2(W, l2_strength)
    return lasso + ridge, lambda d=1.0: (lasso_back(d)[0] + ridge_back(d)[0],)


def _scores_and_labels(where, scores, y):
    scores = checks.matrix(where, "scores", scores)
    return scores, checks.labels(where, "y", y, count=len(scores), classes=scores.shape[1])


def _weights(where, W, name, strength):
    return checks.floats(where, "W", W), checks.real(where, name, strength, low=0)
