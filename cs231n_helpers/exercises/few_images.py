"""Exercise of notebook 06 on few images: error_bars(accuracies) -> mean, error, of runs with several seeds."""

import numpy as np

from .exercise import Exercise, Mistake, Output, case, numbers

AXIS = "wrong axis: one row is one seed, one column one size; average over the seeds, axis=0."


def _spread(A, ddof=1, axis=0):
    """The standard deviation over the seeds."""
    return A.std(axis=axis, ddof=ddof)


MEAN_MISTAKES = (
    Mistake(AXIS, lambda A: A.mean(axis=1)[:A.shape[1]], "axis"),
    Mistake("this is the mean of the whole table. Each size has a mean of its own, over the seeds (axis=0).",
            lambda A: np.full(A.shape[1], A.mean()), "axis"),
    Mistake("this is the median; the error bar below is that of the mean.", lambda A: np.median(A, axis=0)),
    Mistake("this is the best seed. Whoever reports the best of several reports luck.", lambda A: A.max(axis=0)),
)
ERROR_MISTAKES = (
    Mistake("the root of S is missing: this is how far ONE run is from the mean. The mean of S runs lies closer, by "
            "sqrt(S).", _spread, "missing"),
    Mistake("divided by S; it should be its root, sqrt(S).", lambda A: _spread(A) / len(A), "factor"),
    Mistake("np.std divides by S unless told otherwise. The mean was fitted to the same S numbers, so divide by S - 1: "
            "ddof=1.", lambda A: _spread(A, 0) / np.sqrt(len(A))),
    Mistake("two things: np.std divides by S unless told otherwise (ddof=1 makes it S - 1), and the root of S is "
            "missing.", lambda A: _spread(A, 0), "missing"),
    Mistake("this is a variance; take the root.", lambda A: A.var(axis=0, ddof=1) / len(A), "missing"),
    Mistake("divided by the root of the number of sizes, K; it should be that of the seeds, S.",
            lambda A: _spread(A) / np.sqrt(A.shape[1]), "axis"),
    Mistake("half of the range from the worst seed to the best: it grows with the number of seeds. The error of a "
            "mean shrinks.", lambda A: (A.max(axis=0) - A.min(axis=0)) / 2),
)


def _few(seed, *shape):
    """Accuracies from 0.3 to 0.7."""
    return 0.5 + numbers(seed, *shape) / 10


ERROR_BARS = Exercise(
    name="error_bars", call="error_bars(accuracies)", arguments={"accuracies": "SK"},
    outputs=(
        Output("mean", "the mean over the seeds", "K", {"the mean over the seeds": lambda A: A.mean(axis=0)},
               MEAN_MISTAKES),
        Output("error", "the standard error of the mean", "K",
               {"the standard deviation over the root of S": lambda A: _spread(A) / np.sqrt(len(A))}, ERROR_MISTAKES),
    ),
    cases=(case("5 seeds, 4 sizes", _few(141, 5, 4)), case("3 seeds, 2 sizes", _few(142, 3, 2)),
           case("8 seeds, one size (K = 1)", _few(143, 8, 1)), case("2 seeds, 6 sizes", _few(144, 2, 6))),
    counts="S",
)

EXERCISES = (ERROR_BARS,)
