"""An exercise of notebook 04 on watching a run: update_ratio, the length of a step against that of an array."""

import numpy as np

from .exercise import Exercise, Mistake, Output, case, numbers

ALL = "a length is the root of the sum of ALL squares, np.linalg.norm(W) or np.sqrt((W**2).sum())."


def length(array):
    """The length of an array as one long vector."""
    return np.sqrt((array**2).sum())


def _over(size):
    """The ratio with another measure of size for both, size(array) -> number."""
    return lambda W, dW, lr: size(lr * dW) / size(W)


def _mean_of_ratios(W, dW, lr):
    return np.mean(np.abs(lr * dW[W != 0]) / np.abs(W[W != 0]))


MISTAKES = (
    Mistake("it is upside down: the length of the STEP comes first, divided by the length of W.",
            lambda W, dW, lr: length(W) / length(lr * dW)),
    Mistake("the learning rate is missing: the step is -lr * dW, the gradient alone is not what is added to W.",
            lambda W, dW, lr: length(dW) / length(W), "missing"),
    Mistake("the learning rate divides; it multiplies: the step is -lr * dW.",
            lambda W, dW, lr: length(dW) / (lr * length(W))),
    Mistake(f"the root is missing above and below: this is the square of the ratio; {ALL}",
            _over(lambda a: (a**2).sum()), "missing"),
    Mistake(f"the root is missing above, in the length of the step; {ALL}",
            lambda W, dW, lr: ((lr * dW) ** 2).sum() / length(W), "missing"),
    Mistake(f"the root is missing below, in the length of W; {ALL}",
            lambda W, dW, lr: length(lr * dW) / (W**2).sum(), "missing"),
    Mistake("a minus sign came through: a length is never negative. Take the length of -lr * dW, not -lr times it.",
            lambda W, dW, lr: -length(lr * dW) / length(W), "sign"),
    Mistake("the ratio is taken element by element, and then its mean: a weight that happens to be near 0 decides "
            "everything. First the two lengths, then one division.", _mean_of_ratios),
    Mistake(f"these are the means, where plus and minus cancel; {ALL}", _over(np.mean)),
    Mistake(f"these are sums of absolute values; {ALL}", _over(lambda a: np.abs(a).sum())),
    Mistake(f"these are the largest elements; {ALL}", _over(lambda a: np.abs(a).max())),
    Mistake("np.linalg.norm(W, 2) of a matrix is the largest factor by which it stretches a vector. Without the 2 "
            "it is the length that is meant here.", _over(lambda a: np.linalg.svd(a, compute_uv=False)[0])),
    Mistake("np.linalg.norm(W, 1) of a matrix is its largest column. Without the 1 it is the length that is "
            "meant here.", _over(lambda a: np.abs(a).sum(axis=0).max())),
    Mistake("it is divided by the length of the new W; the question is how far it moves, seen from where it stands.",
            lambda W, dW, lr: length(lr * dW) / length(W - lr * dW)),
    Mistake("this is the length of the step alone: divide by the length of W.",
            lambda W, dW, lr: length(lr * dW), "missing"),
    Mistake("each column has a ratio of its own here, and their mean is taken. One length for the whole array.",
            lambda W, dW, lr: np.mean(np.sqrt(((lr * dW) ** 2).sum(axis=0) / (W**2).sum(axis=0)))),
)

UPDATE_RATIO = Exercise(
    name="update_ratio", call="update_ratio(W, dW, lr)", arguments={"W": "DC", "dW": "DC", "lr": ""},
    outputs=(Output("ratio", "the ratio", "", {"|lr dW| / |W|": lambda W, dW, lr: length(lr * dW) / length(W)},
                    MISTAKES),),
    cases=(
        case("5 inputs, 3 neurons", numbers(111, 5, 3), numbers(112, 5, 3), 0.01),
        case("a high learning rate", numbers(113, 4, 6), 3 * numbers(114, 4, 6), 0.5),
        case("small weights", numbers(115, 3, 4) / 100, numbers(116, 3, 4) / 100, 0.1),
        case("a step longer than the array", numbers(117, 2, 3), 9 * numbers(118, 2, 3), 1.0),
        case("one weight (D = C = 1)", np.array([[-2.0]]), np.array([[0.5]]), 0.04),
    ),
    counts="DC",
    advice={"shape": "One number for the whole array: the sum goes over both axes."},
)

EXERCISES = (UPDATE_RATIO,)
