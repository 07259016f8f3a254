"""Several tags for one image: every attribute is a yes-or-no question of its own.

Source: CS231n notes, Neural networks part 2, Attribute classification.
"""

import numpy as np

from cs231n_helpers import checks
from cs231n_helpers.losses.scores import _log_sigmoid


def attributes(scores, y, form="hinge"):
    """One binary classifier for each attribute: mean over examples of the sum over attributes.

    scores (N, A); y (N, A), whole numbers, +1 where the example has the attribute and -1 where it has not; any number
    of them may hold at once. A score above 0 says yes.
    form "hinge":    max(0, 1 - y s), 0 once the score is on the right side by the margin 1
    form "logistic": log(1 + exp(-y s)), the softmax loss of two classes: -log of the probability of the right answer
    back(d=1.0) -> (dscores,), (N, A). With all scores near zero the loss is close to A (hinge) or A log 2 (logistic).
    """
    scores, y = _scores_and_signs(scores, y)
    form = checks.one_of("attributes", "form", form, _FORMS)
    terms, slopes = _FORMS[form](y * scores)                        # each (N, A)
    return float(terms.sum(dtype=np.float64) / len(y)), lambda d=1.0: (y * slopes * scores.dtype.type(d / len(y)),)


def _hinge(agreement):
    """max(0, 1 - agreement) and its slope, where agreement = y s."""
    terms = np.maximum(0, 1 - agreement)
    return terms, -(terms > 0).astype(agreement.dtype)


def _logistic(agreement):
    log_p, slope = _log_sigmoid(agreement)
    return -log_p, -slope


_FORMS = {"hinge": _hinge, "logistic": _logistic}


def _scores_and_signs(scores, y):
    """The scores, and y as +1 and -1 of their dtype."""
    scores, y = checks.matrix("attributes", "scores", scores), np.asarray(y)
    if y.dtype.kind not in "iu":
        raise TypeError(f"attributes: y must hold whole numbers, +1 or -1, got dtype {y.dtype}."
                        + (" Write np.where(y, 1, -1)." if y.dtype.kind == "b" else " Write y.astype(int)."))
    if y.shape != scores.shape:
        raise ValueError(f"attributes: y must have the shape of scores, one label for each attribute of each example, "
                         f"got {y.shape} for {scores.shape}.")
    wrong = np.argwhere(np.abs(y.astype(np.int64)) != 1)
    if len(wrong):
        i, j = wrong[0].tolist()
        raise ValueError(f"attributes: y[{i}, {j}] = {y[i, j]}, need +1 (has it) or -1 (has it not)."
                         + (" From 0 and 1, write 2 * y - 1." if y[i, j] == 0 else ""))
    return scores, y.astype(scores.dtype)
