"""Losses on numbers instead of classes: how far the predicted values are from the true ones.

They are harder to train than softmax over bins of the value, and one outlier can outweigh the rest; the notes advise
to ask first whether the value could be cut into classes.
Source: CS231n notes, Neural networks part 2, Loss functions.
"""

import numpy as np

from cs231n_helpers import checks


def l2_regression(predicted, target):
    """Squared distance: mean over i of sum over j of (predicted_ij - target_ij)^2, without a factor 1/2.

    predicted and target (N, D), or (N,) for one number each. back(d=1.0) -> (dpredicted, dtarget): 2 (difference) / N,
    and its negative; if the target holds whole numbers, it is a label: (dpredicted,) alone. An error
    twice as large counts four times.
    Example: predicted [[1, 2]], target [[0, 4]]: 1 + 4 = 5.
    """
    gap, gradients = _gap("l2_regression", predicted, target)
    return _mean(np.square(gap, dtype=np.float64), gap), lambda d=1.0: gradients(2 * d, gap)


def l1_regression(predicted, target):
    """Absolute distance: mean over i of sum over j of |predicted_ij - target_ij|.

    predicted and target (N, D), or (N,) for one number each. back(d=1.0) -> (dpredicted, dtarget): sign(difference) / N
    (0 at the kink), and its negative; if the target holds whole numbers, it is a label: (dpredicted,) alone. An outlier
    pulls no harder than any other error.
    Example: predicted [[1, 2]], target [[0, 4]]: 1 + 2 = 3.
    """
    gap, gradients = _gap("l1_regression", predicted, target)
    return _mean(np.abs(gap), gap), lambda d=1.0: gradients(d, np.sign(gap))


def _mean(terms, gap):
    return float(terms.sum(dtype=np.float64) / len(gap))


def _gap(where, predicted, target):
    """predicted - target, and what makes the gradients of both from a slope: scale * slope / N and its negative."""
    labels = np.asarray(target).dtype.kind in "iu"
    predicted, target = checks.floats(where, "predicted", predicted), checks.floats(where, "target", target)
    if predicted.shape != target.shape or predicted.ndim not in (1, 2) or predicted.size == 0:
        raise ValueError(f"{where}: predicted and target must have one shape, (N, D) or (N,) with N >= 1, got "
                         f"{predicted.shape} and {target.shape}. Write target.reshape(predicted.shape).")

    def gradients(scale, slope):
        dpredicted = slope * predicted.dtype.type(scale / len(slope))
        return (dpredicted,) if labels else (dpredicted, (-dpredicted).astype(target.dtype, copy=False))

    return (predicted - target.astype(predicted.dtype, copy=False)), gradients
