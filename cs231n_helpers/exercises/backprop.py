"""Exercises of notebook 03: mul, max, sigmoid, cross_entropy, each written whole, y, back = op(*arrays).

`affine` is in a file of its own, and so are the functions to mend (`bugs`, `mended`).
"""

import numpy as np

from .affine import AFFINE
from .exercise import Exercise, Mistake, Output, answering, case, numbers
from .regularised import hot_rows
from .softmax import DSCORES_MISTAKES, LOSS_MISTAKES, UNSTABLE, at_true, log_p, p

PAIR = {"x": "ND", "y": "ND", "dz": "ND"}


def _pairs(seed):
    """Cases of two arrays and an upstream gradient, all of one shape, with numbers of both signs and zeros."""
    return (
        case("4 rows of 3 numbers", *(numbers(seed + i, 4, 3) for i in range(3))),
        case("a single number (1 x 1)", np.array([[-2.0]]), np.array([[5.0]]), np.array([[-4.0]])),
        case("zeros among the inputs", numbers(seed + 3, 2, 5) * np.eye(2, 5), numbers(seed + 4, 2, 5),
             numbers(seed + 5, 2, 5)),
    )


# -- mul(x, y) ---------------------------------------------------------------------------------------------------------

def _product_mistakes(name, own, other):
    """Of one input of z = x y: `own(x, y)` and `other(x, y)` pick that input and its partner."""
    right = f"d{name} = dz * {'y' if name == 'x' else 'x'}"
    return (
        Mistake(f"the inputs are not swapped: dz is multiplied by {name} itself. Each gets the other: {right}.",
                lambda x, y, dz: dz * own(x, y)),
        Mistake(f"the local gradient is missing: dz is passed on as it is. {right}.", lambda x, y, dz: dz, "missing"),
        Mistake(f"dz is multiplied by the product z. {right}.", lambda x, y, dz: dz * x * y),
        Mistake(f"dz and the local gradient are added; the chain rule multiplies: {right}.",
                lambda x, y, dz: dz + other(x, y)),
        Mistake(f"dz is divided by the other input; multiply: {right}.", lambda x, y, dz: dz / other(x, y)),
    )


MUL = Exercise(
    name="mul", call="mul(x, y)", arguments=PAIR, upstream="dz",
    outputs=(
        Output("z", "the product z", "ND", {"x * y": lambda x, y, dz: x * y},
               (Mistake("this is the sum; multiply: x * y.", lambda x, y, dz: x + y),)),
        Output("dx", "dx", "ND", {"dz * y": lambda x, y, dz: dz * y},
               _product_mistakes("x", lambda x, y: x, lambda x, y: y)),
        Output("dy", "dy", "ND", {"dz * x": lambda x, y, dz: dz * x},
               _product_mistakes("y", lambda x, y: y, lambda x, y: x)),
    ),
    cases=_pairs(51), counts="ND",
)

# -- max: maximum(x, y), elementwise -----------------------------------------------------------------------------------

TIE = "where x and y are equal, the first of them, x, gets all of the gradient, and y gets 0."


def _maximum_mistakes(name, wrong_sides, tie):
    """Of one input of z = max(x, y): masks (x, y) -> bool on the wrong side, and the right one but for ties."""
    side = f"the mask is on the wrong side: d{name} gets dz where {name} is the larger one, and 0 elsewhere."
    own = 0 if name == "x" else 1
    return (
        *(Mistake(side, lambda x, y, dz, mask=mask: dz * mask(x, y)) for mask in wrong_sides),
        Mistake(f"the tie is judged wrongly: {TIE}", lambda x, y, dz: dz * tie(x, y)),
        Mistake(f"dz is halved at a tie; {TIE}",
                lambda x, y, dz: dz * (((x, y)[own] == np.maximum(x, y)) - 0.5 * (x == y))),
        Mistake("the mask is missing: dz goes to both inputs. Only the larger one has an influence.",
                lambda x, y, dz: dz, "missing"),
        Mistake("the value is multiplied in; the local gradient of a maximum is 1 or 0: it passes dz on, or not.",
                lambda x, y, dz: dz * np.maximum(x, y) * ((x < y) if own else (x >= y))),
    )


MAX = Exercise(
    name="max", call="maximum(x, y)", arguments=PAIR, upstream="dz",
    outputs=(
        Output("z", "the maximum z", "ND", {"max(x, y)": lambda x, y, dz: np.maximum(x, y)}, (
            Mistake("this is the smaller of the two: np.maximum.", lambda x, y, dz: np.minimum(x, y)),
            Mistake("this is the largest number of each array: compare x and y place by place, np.maximum(x, y).",
                    lambda x, y, dz: np.full(x.shape, max(x.max(), y.max()))),
        )),
        Output("dx", "dx", "ND", {"dz where x >= y": lambda x, y, dz: dz * (x >= y)},
               _maximum_mistakes("x", (lambda x, y: x < y, lambda x, y: x <= y), lambda x, y: x > y)),
        Output("dy", "dy", "ND", {"dz where x < y": lambda x, y, dz: dz * (x < y)},
               _maximum_mistakes("y", (lambda x, y: x > y, lambda x, y: x >= y), lambda x, y: x <= y)),
    ),
    cases=(*_pairs(61), case("ties, x = y in half of the places", np.array([[1.0, -2, 3, 0], [0, 5, -1, 2]]),
                             np.array([[1.0, -2, -3, 1], [0, 5, 2, -2]]), numbers(67, 2, 4))),
    counts="ND",
)

# -- sigmoid(x) --------------------------------------------------------------------------------------------------------


def sigmoid(x, dy=None):
    """1 / (1 + exp(-x)), in the form that never overflows; the upstream gradient makes no difference to it."""
    return 0.5 * (1 + np.tanh(x / 2))


_SLOPE = "the local gradient is y * (1 - y), where y is what the function returns: dx = dy * y * (1 - y)."


def _with_y(answer):
    """Make a function of (x, dy) of one of (x, y, dy)."""
    return lambda x, dy: answer(x, sigmoid(x), dy)


SIGMOID = Exercise(
    name="sigmoid", call="sigmoid(x)", arguments={"x": "ND", "dy": "ND"}, upstream="dy",
    outputs=(
        Output("y", "the sigmoid y", "ND", {"1 / (1 + exp(-x))": sigmoid}, (
            Mistake("wrong sign in the exponent: this is 1 / (1 + exp(x)); it should be 1 / (1 + exp(-x)).",
                    lambda x, dy: sigmoid(-x), "sign"),
            Mistake("the 1 is missing: 1 / (1 + exp(-x)).", lambda x, dy: np.exp(x), "missing"),
            Mistake("the fraction is missing: 1 / (1 + exp(-x)).", lambda x, dy: 1 + np.exp(-x), "missing"),
            Mistake("this is tanh(x), from -1 to 1; the sigmoid goes from 0 to 1.", lambda x, dy: np.tanh(x)),
        )),
        Output("dx", "dx", "ND", {"dy * y * (1 - y)": _with_y(lambda x, y, dy: dy * y * (1 - y))}, answering((
            Mistake(f"the factor (1 - y) is missing: {_SLOPE}", lambda x, y, dy: dy * y, "missing"),
            Mistake(f"the factor y is missing: {_SLOPE}", lambda x, y, dy: dy * (1 - y), "missing"),
            Mistake(f"the local gradient is missing, dy is passed on as it is: {_SLOPE}",
                    lambda x, y, dy: dy, "missing"),
            Mistake(f"the sigmoid is taken a second time, of y; y is sigmoid(x) already: {_SLOPE}",
                    lambda x, y, dy: dy * sigmoid(y) * (1 - sigmoid(y))),
            Mistake(f"x stands where y should: {_SLOPE}", lambda x, y, dy: dy * x * (1 - x)),
            Mistake(f"dy stands where y should: {_SLOPE}", lambda x, y, dy: dy * (1 - dy)),
            Mistake(f"the bracket is plus, y * (1 + y): {_SLOPE}", lambda x, y, dy: dy * y * (1 + y), "sign"),
            Mistake("this is 1 - y^2, the local gradient of tanh; that of the sigmoid is y * (1 - y).",
                    lambda x, y, dy: dy * (1 - y**2)),
            Mistake(f"dy and the local gradient are added; the chain rule multiplies: {_SLOPE}",
                    lambda x, y, dy: dy + y * (1 - y)),
        ), _with_y)),
    ),
    cases=(
        case("4 rows of 3 numbers", numbers(71, 4, 3), numbers(72, 4, 3)),
        case("a single 0 (1 x 1)", np.array([[0.0]]), np.array([[3.0]])),
        case("x up to 40 and down to -40", 20.0 * numbers(73, 2, 5), numbers(74, 2, 5)),
        case("x as far out as -1000 and 1000", np.array([[-1000.0, -1, 0.5, 1000]]), numbers(75, 1, 4)),
    ),
    counts="ND", quiet=True,
    advice={"not_finite": "exp(x) / (1 + exp(x)) is infinity by infinity for large x: divide 1 instead."},
)

# -- cross_entropy(scores, y) ------------------------------------------------------------------------------------------

P_PART = "the part of the probabilities, d p / N,"
TRUE_PART = "the -1 at the true class"


def _mean(losses):
    return lambda scores, y, d: losses(scores, hot_rows(y, scores.shape[1])).mean()


def _dscores(part):
    """d / N times part(scores, hot)."""
    return lambda scores, y, d: d * part(scores, hot_rows(y, scores.shape[1])) / len(scores)


CROSS_ENTROPY = Exercise(
    name="cross_entropy", call="cross_entropy(scores, y)", arguments={"scores": "NC", "y": "N", "d": ""}, upstream="d",
    outputs=(
        Output("loss", "the loss", "", {"the mean of -log p at the true class": _mean(
            lambda s, hot: -at_true(log_p(s), hot))}, answering(LOSS_MISTAKES, _mean)),
        Output("dscores", "dscores", "NC", {P_PART: _dscores(p), TRUE_PART: _dscores(lambda s, hot: -hot)},
               answering(DSCORES_MISTAKES, _dscores)),
    ),
    cases=(
        case("5 examples in 3 classes", 2 * numbers(81, 5, 3), np.array([2, 0, 1, 1, 2]), 2.5),
        case("d left out: back() takes 1", numbers(82, 3, 6), np.array([5, 0, 3]), 1.0),
        case("one example (N = 1)", numbers(83, 1, 4), np.array([1]), -0.5),
        case("4 examples in 4 classes", numbers(84, 4, 4), np.array([3, 1, 0, 1]), 0.75),
        case("all scores equal", np.zeros((3, 5)), np.array([4, 0, 2]), 1.5),
        case("scores around 1000 and -1000", numbers(85, 4, 3) + np.array([[1000], [-1000], [1000], [-1000]]),
             np.array([0, 2, 1, 1]), 0.4),
    ),
    counts="NC", advice={"not_finite": UNSTABLE},
)

EXERCISES = (MUL, MAX, SIGMOID, AFFINE, CROSS_ENTROPY)
