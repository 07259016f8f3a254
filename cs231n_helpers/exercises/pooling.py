"""Exercise of notebook 05: max pooling in windows of 2x2, with its way back."""

import numpy as np

from .exercise import Exercise, Mistake, Output, case, numbers

CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))              # of a window, in reading order
FIRST = "dx is dy at the place of the largest number of each window (of equal ones, the first as you read), else 0."


def _corners(x):
    """The four numbers of each window, in reading order: (4, N, H/2, W/2, C)."""
    return np.stack([x[:, i::2, j::2] for i, j in CORNERS])


def _spread(x, parts):
    """An array like x from the four corners of its windows (4, N, H/2, W/2, C)."""
    dx = np.zeros(x.shape)
    for (i, j), part in zip(CORNERS, parts, strict=True):
        dx[:, i::2, j::2] = part
    return dx


def _routed(choose):
    """dy to the corner whose number in reading order is choose(the four numbers), (N, H/2, W/2, C)."""
    return lambda x, dy: _spread(x, dy * (np.arange(4).reshape(4, 1, 1, 1, 1) == choose(_corners(x))))


def _last(corners):
    return 3 - corners[::-1].argmax(axis=0)


Y_MISTAKES = (
    Mistake("this is the mean of each window; it should be the largest number.",
            lambda x, dy: _corners(x).mean(axis=0)),
    Mistake("this is the smallest number of each window; it should be the largest.",
            lambda x, dy: _corners(x).min(axis=0)),
    Mistake("this is the upper left number of each window: every other pixel, whatever its size. Take the largest.",
            lambda x, dy: _corners(x)[0], "missing"),
    Mistake("the largest absolute value is taken; -5 is smaller than 1.",
            lambda x, dy: np.abs(_corners(x)).max(axis=0)),
    Mistake("negative numbers come out as 0, as if there were a ReLU, or zeros around: a window of negative numbers "
            "has a negative maximum.", lambda x, dy: np.maximum(_corners(x).max(axis=0), 0)),
    Mistake("the numbers of each window are added up; it should be the largest.",
            lambda x, dy: _corners(x).sum(axis=0)),
)
DX_MISTAKES = (
    Mistake(f"each number of a window gets a quarter: that is the way back of the mean. {FIRST}",
            lambda x, dy: _spread(x, [dy / 4] * 4)),
    Mistake(f"all four numbers of a window get the whole gradient. {FIRST}", lambda x, dy: _spread(x, [dy] * 4)),
    Mistake(f"where several numbers of a window are the largest, all of them get the gradient: it is counted twice or "
            f"more. {FIRST}", lambda x, dy: _spread(x, dy * (_corners(x) == _corners(x).max(axis=0)))),
    Mistake(f"where several numbers are the largest, they share the gradient. {FIRST}",
            lambda x, dy: _spread(x, dy * (_corners(x) == _corners(x).max(axis=0))
                                  / (_corners(x) == _corners(x).max(axis=0)).sum(axis=0))),
    Mistake(f"of equal numbers, the last one gets the gradient. {FIRST}", _routed(_last)),
    Mistake(f"the gradient goes to the smallest number. {FIRST}", _routed(lambda corners: corners.argmin(axis=0))),
    Mistake(f"the gradient goes to the upper left number of each window. {FIRST}",
            _routed(lambda corners: np.zeros(corners.shape[1:]))),
    Mistake("the largest number is multiplied in; the local gradient of a maximum is 1 or 0, whatever x is.",
            lambda x, dy: _routed(lambda corners: corners.argmax(axis=0))(x, dy * _corners(x).max(axis=0))),
    Mistake("upstream is missing: dy is the gradient of y, so dx holds numbers of dy.",
            lambda x, dy: _routed(lambda corners: corners.argmax(axis=0))(x, np.ones(dy.shape)), "missing"),
)


def _after_relu(seed, *shape):
    return np.maximum(numbers(seed, *shape), 0)


MAX_POOL = Exercise(
    name="max_pool", call="max_pool(x)", arguments={"x": "NHWC", "dy": "NPQC"}, upstream="dy",
    outputs=(
        Output("y", "y", "NPQC", {"max": lambda x, dy: _corners(x).max(axis=0)}, Y_MISTAKES),
        Output("dx", "dx", "NHWC", {"dy where x is the largest": _routed(lambda corners: corners.argmax(axis=0))},
               DX_MISTAKES),
    ),
    cases=(
        case("5 maps of 8x12, 3 channels", numbers(301, 5, 8, 12, 3), numbers(309, 5, 4, 6, 3)),
        case("1 map of 8x2, 1 channel", numbers(303, 1, 8, 2, 1), numbers(304, 1, 4, 1, 1)),
        case("3 maps after a ReLU, with windows full of zeros", _after_relu(305, 3, 6, 6, 2), numbers(306, 3, 3, 3, 2)),
        case("negative numbers only", -1 - np.abs(numbers(307, 2, 4, 4, 2)), numbers(308, 2, 2, 2, 2)),
    ),
    advice={"differs": "Look at one window of 2x2: which of its four numbers is largest, and what does dx hold there?"},
)

EXERCISES = (MAX_POOL,)
