"""What the losses on class scores share: checks at the door, and probabilities that cannot overflow."""

import numpy as np

from cs231n_helpers import checks


def _scores_and_labels(where, scores, y):
    scores = checks.matrix(where, "scores", scores)
    return scores, checks.labels(where, "y", y, count=len(scores), classes=scores.shape[1])


def _log_probabilities(scores):
    shifted = scores - scores.max(axis=1, keepdims=True)            # largest score 0: exp <= 1
    return shifted - np.log(_exp(shifted).sum(axis=1, keepdims=True))


def _exp(x):
    with np.errstate(under="ignore"):                               # exp(-1000) is 0, and that is what is meant
        return np.exp(x)


def _log_sigmoid(x):
    """log 1 / (1 + exp(-x)), and its slope 1 / (1 + exp(x)): neither overflows, however far x is from 0."""
    with np.errstate(under="ignore"):
        small = np.exp(-np.abs(x))                                  # in (0, 1]
        log_p = np.minimum(x, 0) - np.log1p(small)
        return log_p, np.where(x > 0, small, 1) / (1 + small)
