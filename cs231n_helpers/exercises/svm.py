"""Exercise of notebook 02: svm_loss(W, X, y, strength) -> loss, dW."""

import numpy as np

from .exercise import Exercise, Mistake, Output, case
from .regularised import (
    ARGUMENTS,
    PENALTY,
    PENALTY_GRADIENT,
    PENALTY_GRADIENT_MISTAKES,
    PENALTY_MISTAKES,
    batches,
    data_gradient,
    mean_loss,
    penalty,
    penalty_gradient,
)

MARGINS = "the mean of the margins"
OTHERS = "the part of the wrong classes (+1 where the margin is above 0)"
TRUE = "the part of the true class (minus the number of margins above 0)"


def _gap(scores, hot):
    """Each score minus the true class's score: (N, C)."""
    return scores - (scores * hot).sum(1, keepdims=True)


def _hinges(scores, hot, delta=1.0):
    return np.maximum(0, _gap(scores, hot) + delta) * (1 - hot)


def _over(scores, hot):
    """1 at each wrong class whose margin is above 0: (N, C)."""
    return (_hinges(scores, hot) > 0).astype(float)


def _count_at_true(scores, hot):
    return -_over(scores, hot).sum(1, keepdims=True) * hot


def _balanced(others):
    """The term OTHERS of someone who takes `others` at the wrong classes, and minus their sum at the true one."""
    return data_gradient(lambda s, hot: others(s, hot) - others(s, hot).sum(1, keepdims=True) * hot
                          - _count_at_true(s, hot))


_SVM_LOSS_MISTAKES = (
    Mistake("the margin of the true class is counted, so the loss is 1 too high (delta for each example). "
            "Set it to 0 before the sum.", mean_loss(lambda s, hot: _hinges(s, hot).sum(1) + 1)),
    Mistake("the 1 (delta) is missing: a margin is s_j - s_y + 1.",
            mean_loss(lambda s, hot: _hinges(s, hot, 0).sum(1)), "missing"),
    Mistake("the 1 (delta) has the wrong sign: a margin is s_j - s_y + 1.",
            mean_loss(lambda s, hot: _hinges(s, hot, -1).sum(1)), "sign"),
    Mistake("the maximum with 0 is missing: margins below 0 count as 0.",
            mean_loss(lambda s, hot: ((_gap(s, hot) + 1) * (1 - hot)).sum(1)), "missing"),
    Mistake("the maximum with 0 is missing, and the true class is counted.",
            mean_loss(lambda s, hot: (_gap(s, hot) + 1).sum(1)), "missing"),
    Mistake("s_j and s_y are exchanged: the margin is s_j - s_y + 1, large when a wrong class scores high.",
            mean_loss(lambda s, hot: (np.maximum(0, 1 - _gap(s, hot)) * (1 - hot)).sum(1)), "sign"),
    Mistake("s_j and s_y are exchanged (the margin is s_j - s_y + 1), and the true class is counted.",
            mean_loss(lambda s, hot: np.maximum(0, 1 - _gap(s, hot)).sum(1)), "sign"),
    Mistake("the margins are squared: that is the squared hinge loss. Add them as they are.",
            mean_loss(lambda s, hot: (_hinges(s, hot)**2).sum(1))),
    Mistake("only the largest margin of each example counts; add up those of all wrong classes.",
            mean_loss(lambda s, hot: _hinges(s, hot).max(1))),
    Mistake("the number of margins above 0 is counted; add up their sizes.",
            mean_loss(lambda s, hot: _over(s, hot).sum(1))),
    Mistake("margins[:, y] are whole columns, so wrong classes become 0 too; margins[np.arange(N), y] is one per row.",
            mean_loss(lambda s, hot: (_hinges(s, hot) * (1 - hot.max(0))).sum(1))),
    Mistake("the mean runs over N x C numbers (np.mean of the whole table); add over the classes, then divide by N.",
            mean_loss(lambda s, hot: _hinges(s, hot).mean(1)), "axis"),
    *PENALTY_MISTAKES,
)
_SVM_GRADIENT_MISTAKES = (
    Mistake("at the true class stands -1 for each example; it should be minus the number of margins above 0.",
            data_gradient(lambda s, hot: -hot), term=TRUE),
    Mistake("the true class counts its own margin: -(number above 0) comes out one too low. Set its margin to 0 first.",
            data_gradient(lambda s, hot: _count_at_true(s, hot) - hot), term=TRUE),
    Mistake("the true class has a +1 of its own (its margin is delta, above 0): set it to 0 first.",
            data_gradient(lambda s, hot: _over(s, hot) + hot), term=OTHERS),
    Mistake("the sizes of the margins are used; the derivative of max(0, m) is 1 where m is above 0.",
            _balanced(_hinges)),
    Mistake("margins below 0 pull too: only classes whose margin is above 0 have a gradient.",
            _balanced(lambda s, hot: 1 - hot), "missing"),
    *PENALTY_GRADIENT_MISTAKES,
)

SVM = Exercise(
    name="svm", call="svm_loss(W, X, y, strength)", arguments=ARGUMENTS,
    outputs=(
        Output("loss", "the loss", "", {MARGINS: mean_loss(lambda s, hot: _hinges(s, hot).sum(1)), PENALTY: penalty},
               _SVM_LOSS_MISTAKES),
        Output("dW", "the gradient", "DC", {OTHERS: data_gradient(_over), TRUE: data_gradient(_count_at_true),
                                            PENALTY_GRADIENT: penalty_gradient}, _SVM_GRADIENT_MISTAKES),
    ),
    cases=batches(case("every margin kept, loss 0 without the penalty", 3 * np.eye(3), 2 * np.eye(3)[[0, 2, 1, 2]],
                      np.array([0, 2, 1, 2]), 0.1)),
    counts="NCD",
)

EXERCISES = (SVM,)
