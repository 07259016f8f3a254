"""Exercise of notebook 06: the occlusion map of any function of pictures."""

from dataclasses import dataclass

import numpy as np

from .exercise import Exercise, Mistake, Output, case, numbers

GREY = 0.5
PLACE = "At place (i, j) the square begins at row i * stride and column j * stride."
COUNT = "(H - size) // stride + 1 rows of places, and as many columns as W gives."


class Judge:
    """A network with one class: the probabilities (N,) of pictures (N, H, W, C), from one weight for each number."""

    def __init__(self, weights):
        self.weights = weights
        self.weights.setflags(write=False)

    def __call__(self, X):
        X = np.asarray(X)
        if X.shape[1:] != self.weights.shape:
            shape = ", ".join(map(str, self.weights.shape))
            raise ValueError(f"predict takes a batch of pictures, (N, {shape}), got {X.shape}. "
                             "For one picture: x[None].")
        return 1 / (1 + np.exp(-(X * self.weights).sum(axis=(1, 2, 3))))

    def __deepcopy__(self, memo):
        return self

    def __str__(self):
        return "a network with one class"


@dataclass(frozen=True)
class Covering(Exercise):
    """An exercise whose output has a row P and a column Q for each place of the square."""

    def sizes(self, case):
        """As in `Exercise`, with the lengths of the output."""
        _, x, size, stride = case.args
        P, Q = ((side - size) // stride + 1 for side in x.shape[:2])
        return super().sizes(case) | {"P": P, "Q": Q}


def _map(hide, step=None, fewer=0):
    """The map by `hide(x, row, column, size)`, which gives a picture; `step` is the way from one place to the next."""
    def answer(predict, x, size, stride):
        P, Q = ((side - size - fewer) // stride + 1 for side in x.shape[:2])
        by = stride if step is None else step
        return np.array([[predict(hide(x, i * by, j * by, size)[None])[0] for j in range(Q)] for i in range(P)])
    return answer


def _hidden(x, row, column, size, fill=GREY):
    x = x.copy()
    x[row:row + size, column:column + size] = fill
    return x


def _first_channel(x, row, column, size):
    x = x.copy()
    x[row:row + size, column:column + size, 0] = GREY
    return x


def _all_but(x, row, column, size):
    rest = np.full(x.shape, GREY)
    rest[row:row + size, column:column + size] = x[row:row + size, column:column + size]
    return rest


def _cross(x, row, column, size):
    """Whole rows and whole columns, as x[rows] = x[:, columns] = fill hides them."""
    x = x.copy()
    x[row:row + size] = x[:, column:column + size] = GREY
    return x


def _middle(x, row, column, size):
    half = size // 2
    return _hidden(x, max(0, row - half), max(0, column - half), size) if half else _hidden(x, row, column, size)


def _piling_up(predict, x, size, stride):
    """All squares stay where they were laid."""
    x, (P, Q) = x.copy(), ((side - size) // stride + 1 for side in x.shape[:2])
    found = np.empty((P, Q))
    for i, j in np.ndindex(P, Q):
        x[i * stride:i * stride + size, j * stride:j * stride + size] = GREY
        found[i, j] = predict(x[None])[0]
    return found


RIGHT = _map(_hidden)
MISTAKES = (
    Mistake("the squares pile up: each place needs a fresh copy of x, with one square on it.", _piling_up),
    Mistake("the square is black, 0; it should be grey, 0.5.", _map(lambda x, *at: _hidden(x, *at, fill=0))),
    Mistake("the square is white, 1; it should be grey, 0.5.", _map(lambda x, *at: _hidden(x, *at, fill=1))),
    Mistake("the square has the mean of the picture; it should be 0.5.",
            _map(lambda x, *at: _hidden(x, *at, fill=x.mean()))),
    Mistake("only the first channel is covered; the square covers all of them.", _map(_first_channel), "missing"),
    Mistake("whole rows and columns are covered; the square is x[rows, columns], with both slices at once.",
            _map(_cross)),
    Mistake("everything is covered but the square. Cover the square, and leave the rest.", _map(_all_but)),
    Mistake("this is by how much the probability falls, p(x) minus p(covered); the map holds the probability itself.",
            lambda predict, x, size, stride: predict(x[None])[0] - RIGHT(predict, x, size, stride)),
    Mistake("this is by how much the probability rises, p(covered) minus p(x); the map holds the probability itself.",
            lambda predict, x, size, stride: RIGHT(predict, x, size, stride) - predict(x[None])[0]),
    Mistake(f"the squares move by one pixel, whatever the stride. {PLACE}", _map(_hidden, step=1), "missing"),
    Mistake(f"the stride is missing, there are too many places: {COUNT}",
            lambda predict, x, size, stride: RIGHT(predict, x, size, 1), "missing"),
    Mistake(f"the square has its middle at the place. {PLACE}", _map(_middle)),
    Mistake(f"the last row and column of places are missing: {COUNT}", _map(_hidden, fewer=1)),
    Mistake("the picture is looked at as it is: nothing is covered.", _map(lambda x, *at: x), "missing"),
    Mistake("rows and columns are exchanged: map[i, j] belongs to row i and column j.",
            lambda *args: RIGHT(*args).T, "axis"),
)


def _case(label, seed, shape, size, stride):
    pixels = (numbers(seed, *shape) + 2) / 4            # from 0 to 1
    return case(label, Judge(numbers(seed + 1, *shape) / 8), pixels, size, stride)


OCCLUSION_MAP = Covering(
    name="occlusion_map", call="occlusion_map(predict, x, size, stride)",
    arguments={"predict": "", "x": "HVC", "size": "", "stride": ""},
    outputs=(Output("p", "p", "PQ", {"predict of x with a grey square": RIGHT}, MISTAKES),),
    cases=(
        _case("8 x 8 pixels in colour, squares of 3, stride 1", 401, (8, 8, 3), 3, 1),
        _case("9 x 7 pixels, squares of 3, stride 2", 403, (9, 7, 3), 3, 2),
        _case("6 x 11 grey pixels, squares of 4, stride 3", 405, (6, 11, 1), 4, 3),
        _case("a square as large as the picture", 407, (5, 5, 3), 5, 2),
    ),
    advice={"differs": f"{PLACE} predict takes a batch (N, H, W, C) and gives N probabilities.",
            "shape": f"There are {COUNT}"},
)

EXERCISES = (OCCLUSION_MAP,)
