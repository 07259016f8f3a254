"""Exercises of notebook 02: SVM loss and gradient, softmax loss and gradient, one step of gradient descent."""

import numpy as np

from .exercise import Exercise, Mistake, Output, case, numbers

PENALTY = "the penalty 1/2 strength sum(W^2)"
PENALTY_GRADIENT = "the gradient of the penalty, strength W,"
ARGUMENTS = {"W": "DC", "X": "ND", "y": "N", "strength": ""}


def _penalty(W, X, y, strength):
    return 0.5 * strength * (W**2).sum()


def _penalty_gradient(W, X, y, strength):
    return strength * W


def _hot(y, C):
    """One-hot labels (N, C): 1 at the true class."""
    return (np.arange(C) == y[:, None]).astype(float)


def _data_gradient(dscores):
    """The gradient X.T @ dscores / N, where dscores(scores, hot) has shape (N, C)."""
    return lambda W, X, y, strength: X.T @ dscores(X @ W, _hot(y, W.shape[1])) / len(X)


def _mean_loss(losses):
    """The mean over examples of losses(scores, hot), shape (N,)."""
    return lambda W, X, y, strength: losses(X @ W, _hot(y, W.shape[1])).mean()


_PENALTY_MISTAKES = (
    Mistake("the penalty adds up |W|; this one adds up W^2.",
            lambda W, X, y, strength: 0.5 * strength * np.abs(W).sum(), term=PENALTY),
    Mistake("the penalty takes the root of sum(W^2); leave the root out.",
            lambda W, X, y, strength: 0.5 * strength * np.sqrt((W**2).sum()), term=PENALTY),
    Mistake("the penalty is the mean of W^2; it should be the sum.",
            lambda W, X, y, strength: 0.5 * strength * (W**2).mean(), term=PENALTY),
    Mistake("the penalty squares sum(W); square each weight first, then add.",
            lambda W, X, y, strength: 0.5 * strength * W.sum()**2, term=PENALTY),
    Mistake("the penalty is there without its strength.", lambda W, X, y, strength: 0.5 * (W**2).sum(), term=PENALTY),
)
_PENALTY_GRADIENT_MISTAKES = (
    Mistake("the gradient of the penalty is W without the strength; it is strength W.",
            lambda W, X, y, strength: W, term=PENALTY_GRADIENT),
    Mistake("the penalty itself (one number) is added to the gradient; its gradient is strength W.",
            lambda *args: np.full(args[0].shape, _penalty(*args)), term=PENALTY_GRADIENT),
    Mistake("the gradient of the penalty is strength sign(W), that of |W|; for 1/2 W^2 it is strength W.",
            lambda W, X, y, strength: strength * np.sign(W), term=PENALTY_GRADIENT),
)


def _cases(*extra):
    W, X, y = numbers(21, 4, 3), numbers(22, 5, 4), np.array([2, 0, 1, 1, 2])
    return (
        case("5 examples in 3 classes", W, X, y, 0.7),
        case("more classes than examples", numbers(23, 2, 6), numbers(24, 3, 2), np.array([5, 0, 3]), 0.25),
        case("one example (N = 1)", numbers(25, 3, 4), numbers(26, 1, 3), np.array([1]), 0.4),
        case("strength 0", numbers(27, 3, 2), numbers(28, 7, 3), np.array([1, 0, 0, 1, 1, 0, 1]), 0.0),
        case("W = 0, all scores equal", np.zeros((4, 5)), numbers(29, 6, 4), np.array([4, 2, 0, 2, 1, 3]), 0.5),
        *extra,
    )


# -- svm: svm_loss(W, X, y, strength) ----------------------------------------------------------------------------------

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
    return _data_gradient(lambda s, hot: others(s, hot) - others(s, hot).sum(1, keepdims=True) * hot
                          - _count_at_true(s, hot))


_SVM_LOSS_MISTAKES = (
    Mistake("the margin of the true class is counted, so the loss is 1 too high (delta for each example). "
            "Set it to 0 before the sum.", _mean_loss(lambda s, hot: _hinges(s, hot).sum(1) + 1)),
    Mistake("the 1 (delta) is missing: a margin is s_j - s_y + 1.",
            _mean_loss(lambda s, hot: _hinges(s, hot, 0).sum(1)), "missing"),
    Mistake("the 1 (delta) has the wrong sign: a margin is s_j - s_y + 1.",
            _mean_loss(lambda s, hot: _hinges(s, hot, -1).sum(1)), "sign"),
    Mistake("the maximum with 0 is missing: margins below 0 count as 0.",
            _mean_loss(lambda s, hot: ((_gap(s, hot) + 1) * (1 - hot)).sum(1)), "missing"),
    Mistake("the maximum with 0 is missing, and the true class is counted.",
            _mean_loss(lambda s, hot: (_gap(s, hot) + 1).sum(1)), "missing"),
    Mistake("s_j and s_y are exchanged: the margin is s_j - s_y + 1, large when a wrong class scores high.",
            _mean_loss(lambda s, hot: (np.maximum(0, 1 - _gap(s, hot)) * (1 - hot)).sum(1)), "sign"),
    Mistake("s_j and s_y are exchanged (the margin is s_j - s_y + 1), and the true class is counted.",
            _mean_loss(lambda s, hot: np.maximum(0, 1 - _gap(s, hot)).sum(1)), "sign"),
    Mistake("the margins are squared: that is the squared hinge loss. Add them as they are.",
            _mean_loss(lambda s, hot: (_hinges(s, hot)**2).sum(1))),
    Mistake("only the largest margin of each example counts; add up those of all wrong classes.",
            _mean_loss(lambda s, hot: _hinges(s, hot).max(1))),
    Mistake("the number of margins above 0 is counted; add up their sizes.",
            _mean_loss(lambda s, hot: _over(s, hot).sum(1))),
    Mistake("margins[:, y] are whole columns, so wrong classes become 0 too; margins[np.arange(N), y] is one per row.",
            _mean_loss(lambda s, hot: (_hinges(s, hot) * (1 - hot.max(0))).sum(1))),
    Mistake("the mean runs over N x C numbers (np.mean of the whole table); add over the classes, then divide by N.",
            _mean_loss(lambda s, hot: _hinges(s, hot).mean(1)), "axis"),
    *_PENALTY_MISTAKES,
)
_SVM_GRADIENT_MISTAKES = (
    Mistake("at the true class stands -1 for each example; it should be minus the number of margins above 0.",
            _data_gradient(lambda s, hot: -hot), term=TRUE),
    Mistake("the true class counts its own margin: -(number above 0) comes out one too low. Set its margin to 0 first.",
            _data_gradient(lambda s, hot: _count_at_true(s, hot) - hot), term=TRUE),
    Mistake("the true class has a +1 of its own (its margin is delta, above 0): set it to 0 first.",
            _data_gradient(lambda s, hot: _over(s, hot) + hot), term=OTHERS),
    Mistake("the sizes of the margins are used; the derivative of max(0, m) is 1 where m is above 0.",
            _balanced(_hinges)),
    Mistake("margins below 0 pull too: only classes whose margin is above 0 have a gradient.",
            _balanced(lambda s, hot: 1 - hot), "missing"),
    *_PENALTY_GRADIENT_MISTAKES,
)

SVM = Exercise(
    name="svm", call="svm_loss(W, X, y, strength)", arguments=ARGUMENTS,
    outputs=(
        Output("loss", "the loss", "", {MARGINS: _mean_loss(lambda s, hot: _hinges(s, hot).sum(1)), PENALTY: _penalty},
               _SVM_LOSS_MISTAKES),
        Output("dW", "the gradient", "DC", {OTHERS: _data_gradient(_over), TRUE: _data_gradient(_count_at_true),
                                            PENALTY_GRADIENT: _penalty_gradient}, _SVM_GRADIENT_MISTAKES),
    ),
    cases=_cases(case("every margin kept, loss 0 without the penalty", 3 * np.eye(3), 2 * np.eye(3)[[0, 2, 1, 2]],
                      np.array([0, 2, 1, 2]), 0.1)),
    counts="NCD",
)

# -- softmax: softmax_loss(W, X, y, strength) --------------------------------------------------------------------------

CROSS_ENTROPY = "the cross-entropy, the mean of -log p at the true class,"
PROBABILITIES = "the part of the probabilities, X.T @ p / N,"
MINUS_ONE = "the -1 at the true class"


def _log_p(scores, hot=None, axis=1):
    shifted = scores - scores.max(axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))


def _p(scores, hot=None, axis=1):
    return np.exp(_log_p(scores, axis=axis))


def _at_true(table, hot):
    return (table * hot).sum(1)


_SOFTMAX_LOSS_MISTAKES = (
    Mistake("the logarithm is missing: the loss is -log p, not -p.",
            _mean_loss(lambda s, hot: -_at_true(_p(s), hot)), "missing"),
    Mistake("the logarithm is missing: the loss is -log p, not 1 - p.",
            _mean_loss(lambda s, hot: 1 - _at_true(_p(s), hot)), "missing"),
    Mistake("minus and logarithm are missing: this is the probability of the true class; the loss is -log of it.",
            _mean_loss(lambda s, hot: _at_true(_p(s), hot)), "missing"),
    Mistake("the logarithm has base 2; the loss takes the natural one, np.log.",
            _mean_loss(lambda s, hot: -_at_true(_log_p(s), hot) / np.log(2)), "factor"),
    Mistake("the logarithm has base 10; the loss takes the natural one, np.log.",
            _mean_loss(lambda s, hot: -_at_true(_log_p(s), hot) / np.log(10)), "factor"),
    Mistake("the probabilities are normalised down the examples (axis 0); each row must add up to 1: axis=1.",
            _mean_loss(lambda s, hot: -_at_true(_log_p(s, axis=0), hot)), "axis"),
    Mistake("the probabilities of the whole table add up to 1; each row must: sum(axis=1, keepdims=True).",
            _mean_loss(lambda s, hot: -_at_true(_log_p(s, axis=None), hot)), "axis"),
    Mistake("-log p is added up over all classes; only the true class counts.",
            _mean_loss(lambda s, hot: -_log_p(s).sum(1))),
    Mistake("-log p of the most likely class is taken; the true class y counts, right or wrong.",
            _mean_loss(lambda s, hot: -_log_p(s).max(1))),
    Mistake("the score of the true class is missing: -log p = log(sum of exp(s)) - s_y.",
            _mean_loss(lambda s, hot: _at_true(s, hot) - _at_true(_log_p(s), hot)), "missing"),
    Mistake("this is minus the score of the true class; the normalisation log(sum of exp(s)) is missing.",
            _mean_loss(lambda s, hot: -_at_true(s, hot)), "missing"),
    *_PENALTY_MISTAKES,
)
_SOFTMAX_GRADIENT_MISTAKES = (
    Mistake("the -1 replaces the probability of the true class; subtract it there: p - 1.",
            _data_gradient(lambda s, hot: _p(s) * (1 - hot))),
    Mistake("dscores[:, y] are whole columns; dscores[np.arange(N), y] is one entry for each row, its true class.",
            _data_gradient(lambda s, hot: _p(s) - hot.max(0) + hot)),
    Mistake("the scores stand where the probabilities should be.", _data_gradient(lambda s, hot: s)),
    Mistake("log p stands where the probabilities p should be.", _data_gradient(_log_p)),
    Mistake("the probabilities are normalised down the examples (axis 0); each row must add up to 1: axis=1.",
            _data_gradient(lambda s, hot: _p(s, axis=0)), "axis"),
    Mistake("the probabilities of the whole table add up to 1; each row must: sum(axis=1, keepdims=True).",
            _data_gradient(lambda s, hot: _p(s, axis=None)), "axis"),
    Mistake("the softmax is differentiated by itself, p (1 - p); with the logarithm of the loss it becomes p - 1 "
            "at the true class and p elsewhere.", _data_gradient(lambda s, hot: _p(s) * (1 - _p(s)) + hot)),
    *_PENALTY_GRADIENT_MISTAKES,
)


def _large_scores():
    """The last feature is +1000 or -1000 and every class weighs it alike: scores of 1000 with ordinary differences."""
    W, X = numbers(31, 4, 3), numbers(32, 5, 4)
    W[-1], X[:, -1] = 1.0, [1000, 1000, -1000, 1000, -1000]
    return case("scores around 1000 and -1000", W, X, np.array([0, 2, 1, 2, 2]), 0.3)


SOFTMAX = Exercise(
    name="softmax", call="softmax_loss(W, X, y, strength)", arguments=ARGUMENTS,
    outputs=(
        Output("loss", "the loss", "", {CROSS_ENTROPY: _mean_loss(lambda s, hot: -_at_true(_log_p(s), hot)),
                                        PENALTY: _penalty}, _SOFTMAX_LOSS_MISTAKES),
        Output("dW", "the gradient", "DC", {PROBABILITIES: _data_gradient(_p),
                                            MINUS_ONE: _data_gradient(lambda s, hot: -hot),
                                            PENALTY_GRADIENT: _penalty_gradient}, _SOFTMAX_GRADIENT_MISTAKES),
    ),
    cases=_cases(_large_scores()),
    counts="NCD",
    advice={"not_finite": "exp of 710 is already infinite, and so is log of 0: subtract from each row its own largest "
                          "score before exp (all probabilities stay the same)."},
)

# -- sgd_step(W, dW, learning_rate) ------------------------------------------------------------------------------------

_STEP_MISTAKES = (
    Mistake("the learning rate is missing: the step is learning_rate dW.",
            lambda W, dW, rate: -dW, "missing", "the step"),
    Mistake("the gradient is missing: the step is learning_rate dW, not learning_rate alone.",
            lambda W, dW, rate: -rate, "missing", "the step"),
    Mistake("only the signs of the gradient are used; its size counts too.",
            lambda W, dW, rate: -rate * np.sign(dW), term="the step"),
    Mistake("the gradient is divided by its length; take it as it is.",
            lambda W, dW, rate: -rate * dW / np.sqrt((dW**2).sum()), term="the step"),
    Mistake("the gradient is divided by the learning rate; multiply.", lambda W, dW, rate: -dW / rate, term="the step"),
    Mistake("the gradient is multiplied by W as well; the step is learning_rate dW.",
            lambda W, dW, rate: -rate * dW * W, term="the step"),
    Mistake("the learning rate multiplies W too: W - learning_rate dW needs no bracket around W - dW.",
            lambda W, dW, rate: rate * W, term="the old W"),
)

SGD_STEP = Exercise(
    name="sgd_step", call="sgd_step(W, dW, learning_rate)", arguments={"W": "DC", "dW": "DC", "learning_rate": ""},
    outputs=(Output("new W", "the new W", "DC", {"the old W": lambda W, dW, rate: W,
                                                 "the step": lambda W, dW, rate: -rate * dW}, _STEP_MISTAKES),),
    cases=(
        case("W of 4 x 3", numbers(41, 4, 3), numbers(42, 4, 3), 0.1),
        case("one class (C = 1)", numbers(43, 5, 1), numbers(44, 5, 1), 0.5),
        case("a gradient of 0", numbers(45, 2, 3), np.zeros((2, 3)), 0.2),
        case("a learning rate of 2", numbers(46, 1, 6), numbers(47, 1, 6), 2.0),
        case("W = 0", np.zeros((3, 2)), numbers(48, 3, 2), 0.01),
    ),
    counts="DC",
)

EXERCISES = (SVM, SOFTMAX, SGD_STEP)
