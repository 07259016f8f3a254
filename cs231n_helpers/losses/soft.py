"""Cross-entropy against soft targets: not one right class, but how much of each.

Source: Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015.
"""

import numpy as np

from cs231n_helpers import checks
from cs231n_helpers.losses.scores import _exp, _log_probabilities


def soft_softmax(scores, targets, temperature=1.0):
    """T^2 times the mean over i of -sum over j of q_ij log p_ij, where p = softmax(scores / T) along each row.

    scores (N, C); targets q (N, C), probabilities that were softened with the same temperature T > 0. The gradient of
    the mean alone shrinks like 1 / T^2 as T grows; the factor T^2 keeps it in size, so that the learning rate may stay.
    back(d=1.0) -> (dscores, dtargets): T (p - q) / N, and -T^2 log p / N. With one-hot targets and T = 1 it is
    `softmax`. The least possible value is T^2 times the mean entropy of the targets, not 0.
    """
    scores, q = checks.matrix("soft_softmax", "scores", scores), checks.shares("soft_softmax", "targets", targets)
    if q.shape != scores.shape:
        raise ValueError(f"soft_softmax: targets must have the shape of scores, one probability for each class of each "
                         f"example, got {q.shape} for {scores.shape}.")
    T = checks.real("soft_softmax", "temperature", temperature, above=0)
    log_p = _log_probabilities(scores / scores.dtype.type(T))

    def back(d=1.0):
        size = d / len(q)
        pull = _exp(log_p) * q.sum(axis=1, keepdims=True) - q           # p - q, as each row of q adds up to 1
        dscores, dtargets = size * T * pull, -size * T**2 * log_p
        return dscores.astype(scores.dtype, copy=False), dtargets.astype(q.dtype, copy=False)

    return float(-(T**2) * (q * log_p).sum(dtype=np.float64) / len(q)), back
