"""Exercises of notebook 04 on regularisation: dropout, an operation that draws a mask, and max_norm, a projection."""

import copy

import numpy as np

from .exercise import Exercise, Mistake, Output, case, numbers


class Dice(np.random.Generator):
    """A generator that rolls the same numbers in every call of an answer: each call is given a fresh copy of it."""

    def __init__(self, seed):
        super().__init__(np.random.PCG64(seed))
        self.seed = seed

    def __deepcopy__(self, memo):
        return Dice(self.seed)

    def __eq__(self, other):
        return isinstance(other, Dice) and other.seed == self.seed       # that it was used is no change

    __hash__ = None

    def __str__(self):
        return f"default_rng({self.seed})"


# -- dropout(x, keep, rng) ---------------------------------------------------------------------------------------------

def _draw(x, rng, number=1):
    """What the `number`-th rng.random(x.shape) gives, (N, D)."""
    rng = copy.deepcopy(rng)
    return [rng.random(x.shape) for _ in range(number)][-1]


def _noisy(answer):
    """answer(x, keep, draw (N, D)) in training; at test time, when rng is None, what comes in is what goes out."""
    return lambda x, keep, rng, dy: answer(x, keep, _draw(x, rng)) if rng is not None else x


def _noisy_gradient(answer):
    """answer(dy, keep, draw (N, D)) in training, dy at test time."""
    return lambda x, keep, rng, dy: answer(dy, keep, _draw(x, rng)) if rng is not None else dy


def _inverted(x, keep, draw):
    return x * (draw < keep) / keep


TEST_TIME = "at test time, when rng is None, y is x: with inverted dropout nothing is to be done there."
SCALE = "x * mask / keep, so that the mean of y over many masks is x."


def _each_row(x, keep, rng, dy):
    """One number for each row: whole examples are dropped."""
    return x if rng is None else x * (copy.deepcopy(rng).random((len(x), 1)) < keep) / keep


def _each_column(x, keep, rng, dy):
    """One number for each column: all examples share a mask."""
    return x if rng is None else x * (copy.deepcopy(rng).random(x.shape[1]) < keep) / keep


OTHER_SIDE = "the mask is on the wrong side: a place stays where rng.random(x.shape) < keep; keep says how many STAY."
Y_MISTAKES = (
    Mistake(f"the scale 1 / keep is missing: this is vanilla dropout. Inverted: {SCALE}",
            _noisy(lambda x, keep, draw: x * (draw < keep)), "missing"),
    Mistake("vanilla dropout: it is scaled at test time, by keep. Inverted dropout is scaled in training, "
            f"{SCALE} And {TEST_TIME}",
            lambda x, keep, rng, dy: x * keep if rng is None else x * (_draw(x, rng) < keep)),
    Mistake(f"scaled in training and at test time too; once is enough: {TEST_TIME}",
            lambda x, keep, rng, dy: x * keep if rng is None else _inverted(x, keep, _draw(x, rng))),
    Mistake(OTHER_SIDE, _noisy(lambda x, keep, draw: x * (draw >= keep) / keep)),
    Mistake(f"{OTHER_SIDE} And the scale is 1 / keep.",
            _noisy(lambda x, keep, draw: x * (draw < 1 - keep) / max(1 - keep, 1e-9))),
    Mistake(f"multiplied by keep, divide: {SCALE}", _noisy(lambda x, keep, draw: x * (draw < keep) * keep)),
    Mistake("the scale is 1 / (1 - keep); it should be 1 / keep: what stays makes up for what is dropped.",
            _noisy(lambda x, keep, draw: x * (draw < keep) / max(1 - keep, 1e-9))),
    Mistake("one number is drawn for each row, so that whole examples are dropped. Draw rng.random(x.shape).",
            _each_row, "axis"),
    Mistake("all rows share one mask. Draw rng.random(x.shape): every number of x has its own luck.",
            _each_column, "axis"),
    Mistake("nothing is dropped: with a generator, some numbers become 0.", lambda x, keep, rng, dy: x, "missing"),
    Mistake("this is the mask alone, divided by keep: multiply x by it.",
            lambda x, keep, rng, dy: np.ones(x.shape) if rng is None else (_draw(x, rng) < keep) / keep, "missing"),
)
DX_MISTAKES = (
    Mistake("the scale 1 / keep is missing on the way back: dx = dy * mask / keep.",
            _noisy_gradient(lambda dy, keep, draw: dy * (draw < keep)), "missing"),
    Mistake("the mask is missing on the way back: what was dropped has no influence, so its gradient is 0.",
            lambda x, keep, rng, dy: dy if rng is None else dy / keep, "missing"),
    Mistake("mask and scale are missing on the way back: dx = dy * mask / keep.",
            lambda x, keep, rng, dy: dy, "missing"),
    Mistake("back draws a mask of its own. Draw once, outside of back, and use the same mask both ways.",
            lambda x, keep, rng, dy: dy if rng is None else _inverted(dy, keep, _draw(x, rng, 2))),
    Mistake("x is multiplied in; the local gradient is mask / keep, whatever x is.",
            lambda x, keep, rng, dy: dy * x if rng is None else _inverted(dy * x, keep, _draw(x, rng))),
    Mistake("the mask is on the wrong side on the way back: dx = dy * mask / keep, with the mask of the way forward.",
            _noisy_gradient(lambda dy, keep, draw: dy * (draw >= keep) / keep)),
)

DROPOUT = Exercise(
    name="dropout", call="dropout(x, keep, rng)", arguments={"x": "ND", "keep": "", "rng": "", "dy": "ND"},
    upstream="dy",
    outputs=(
        Output("y", "y", "ND", {"x * mask / keep": _noisy(_inverted)}, Y_MISTAKES),
        Output("dx", "dx", "ND", {"dy * mask / keep": _noisy_gradient(_inverted)}, DX_MISTAKES),
    ),
    cases=(
        case("6 rows of 5 numbers, half of them kept", 3 + numbers(91, 6, 5), 0.5, Dice(1), numbers(92, 6, 5)),
        case("keep = 0.8", 3 + numbers(93, 4, 7), 0.8, Dice(2), numbers(94, 4, 7)),
        case("keep = 0.2", 3 + numbers(95, 5, 4), 0.2, Dice(3), numbers(96, 5, 4)),
        case("keep = 1: all stay", numbers(97, 3, 4), 1.0, Dice(4), numbers(98, 3, 4)),
        case("test time: rng is None", numbers(99, 3, 5), 0.5, None, numbers(100, 3, 5)),
    ),
    counts="ND",
    advice={"differs": "Draw once, with rng.random(x.shape), and keep a place where its number is below keep."},
)

# -- max_norm(W, largest) ----------------------------------------------------------------------------------------------

EACH = "each neuron, a column of W, has a length of its own, the root of (W**2).sum(axis=0)."


def _cut(lengths):
    """Max norm with other lengths: lengths(W) must broadcast against W (D, C)."""
    return lambda W, largest: W * largest / np.maximum(lengths(W), largest)


def _set_to(W, largest):
    lengths = np.sqrt((W**2).sum(axis=0))
    return W * largest / np.where(lengths > 0, lengths, 1)


MAX_NORM = Exercise(
    name="max_norm", call="max_norm(W, largest)", arguments={"W": "DC", "largest": ""},
    outputs=(Output("W", "the matrix", "DC", {"W, its long columns cut": _cut(lambda W: np.sqrt((W**2).sum(axis=0)))}, (
        Mistake(f"the length is that of the whole matrix: {EACH}", _cut(lambda W: np.sqrt((W**2).sum()))),
        Mistake(f"rows are cut instead of columns: {EACH}", _cut(lambda W: np.sqrt((W**2).sum(axis=1, keepdims=True))),
                "axis"),
        Mistake("short columns are stretched to the limit. Only what is too long is cut: the factor is never above 1.",
                _set_to),
        Mistake("each weight is clipped by itself. Cut the length of the column; its direction stays.",
                lambda W, largest: np.clip(W, -largest, largest)),
        Mistake("the root is missing: a length is the root of the sum of the squares.",
                _cut(lambda W: (W**2).sum(axis=0)), "missing"),
        Mistake("this length is a sum of absolute values; it should be the root of the sum of the squares.",
                _cut(lambda W: np.abs(W).sum(axis=0))),
        Mistake("this length is the largest weight of the column; it should be the root of the sum of the squares.",
                _cut(lambda W: np.abs(W).max(axis=0))),
        Mistake("the mean of the squares is taken; a length is the root of their sum.",
                _cut(lambda W: np.sqrt((W**2).mean(axis=0)))),
        Mistake("long columns come out with length 1; their new length is `largest`.",
                lambda W, largest: W / np.where((W**2).sum(axis=0) > largest**2, np.sqrt((W**2).sum(axis=0)), 1)),
        Mistake("long columns become 0. Cut them to the length `largest`, in the same direction.",
                lambda W, largest: W * ((W**2).sum(axis=0) <= largest**2)),
        Mistake("nothing is cut: W comes back as it was.", lambda W, largest: W, "missing"),
    )),),
    cases=(
        case("5 inputs, 3 neurons", numbers(101, 5, 3) * np.array([1, 0.2, 2]), 2.0),
        case("4 neurons, one of them all 0", numbers(102, 3, 4) * np.array([1, 0, 0.1, 3]), 1.5),
        case("as many inputs as neurons", numbers(103, 4, 4) * np.array([2, 0.1, 1, 0.5]), 1.0),
        case("no neuron too long", 0.1 * numbers(104, 3, 2), 4.0),
        case("one input (D = 1)", np.array([[5.0, -0.5, -3, 0]]), 2.5),
    ),
    counts="DC",
    advice={"not_finite": "A column of zeros has length 0: divide by np.maximum(lengths, largest), never by 0."},
)

EXERCISES = (DROPOUT, MAX_NORM)
