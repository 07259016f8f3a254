"""Exercises of notebook 01: distances without loops, the vote of the neighbours, cross-validation."""

import numpy as np

from .exercise import Exercise, Mistake, Output, case, numbers

# -- distances: l2(Q, X) -----------------------------------------------------------------------------------------------


def _pieces(Q, X):
    """|q|^2 as a column, q.x, |x|^2 as a row: (M, 1), (M, N), (N,)."""
    return (Q**2).sum(1)[:, None], Q @ X.T, (X**2).sum(1)


def _gaps(Q, X):
    return Q[:, None] - X                                                           # (M, 1, D) - (N, D) -> (M, N, D)


def _l2(Q, X):
    return np.sqrt((_gaps(Q, X)**2).sum(2))


def _crossed(factor):
    """The root of |q|^2 + factor q.x + |x|^2; the right factor is -2."""
    def answer(Q, X):
        q, qx, x = _pieces(Q, X)
        return np.sqrt(q + factor * qx + x)
    return answer


_DISTANCE_MISTAKES = (
    Mistake("the square root is missing: these are squared distances. Finish with np.sqrt.",
            lambda Q, X: _l2(Q, X)**2, "missing"),
    Mistake("this is the L1 distance, the sum of |q - x|. L2 squares the differences, adds them and takes the root.",
            lambda Q, X: np.abs(_gaps(Q, X)).sum(2)),
    Mistake("this is the square of the L1 distance: square each difference before the sum, not the sum.",
            lambda Q, X: np.abs(_gaps(Q, X)).sum(2)**2),
    Mistake("this is the largest difference, max |q - x|. L2 adds the squares of all of them.",
            lambda Q, X: np.abs(_gaps(Q, X)).max(2)),
    Mistake("the differences are added without squaring them first, so plus and minus cancel.",
            lambda Q, X: np.abs(_gaps(Q, X).sum(2)), "missing"),
    Mistake("the mean over the D numbers is taken, not the sum: the distances are sqrt(D) times too small.",
            lambda Q, X: np.sqrt((_gaps(Q, X)**2).mean(2)), "factor"),
    Mistake("the product q.x has the wrong sign: |q - x|^2 = |q|^2 - 2 q.x + |x|^2.", _crossed(2), "sign"),
    Mistake("the 2 before the product q.x is missing: |q - x|^2 = |q|^2 - 2 q.x + |x|^2.", _crossed(-1), "factor"),
    Mistake("the product q.x is missing: |q - x|^2 = |q|^2 - 2 q.x + |x|^2.", _crossed(0), "missing"),
    Mistake("this is the product Q @ X.T alone, a similarity. |q - x|^2 = |q|^2 - 2 q.x + |x|^2.",
            lambda Q, X: Q @ X.T, "missing"),
)

def _shifted():
    """Rows far from 0 and no round numbers, so that the expanded square is rounded, to below 0 in some places."""
    return 20 + np.pi * numbers(11, 30, 5)


DISTANCES = Exercise(
    name="distances", call="l2(Q, X)", arguments={"Q": "MD", "X": "ND"},
    outputs=(Output("distances", "every distance", "MN", {"the distance": _l2}, _DISTANCE_MISTAKES),),
    cases=(
        case("4 queries and 6 training rows", numbers(1, 4, 3), numbers(2, 6, 3)),
        case("more queries than training rows", numbers(3, 5, 4), numbers(4, 2, 4)),
        case("one query (M = 1)", numbers(5, 1, 3), numbers(6, 5, 3)),
        case("one training row (N = 1)", numbers(7, 4, 5), numbers(8, 1, 5)),
        case("one number per row (D = 1)", numbers(9, 3, 1), numbers(10, 4, 1)),
        case("queries that are training rows (distance 0)", _shifted(), _shifted()),
    ),
    tolerance=1e-5,                                     # near 0 the expanded square keeps half of the digits
    loops=False, counts="NMD",
    advice={"loops": "One matrix product, Q @ X.T, makes all M x N pairs at once.",
            "not_finite": "Where q = x, rounding can leave a number just below 0, and its root is NaN: "
                          "np.maximum(squared, 0) before np.sqrt."},
)

# -- vote: vote(distances, y_train, k) ---------------------------------------------------------------------------------


def _nearest(distances, k):
    return np.argsort(distances, axis=1, kind="stable")[:, :k]                      # (M, k)


def _count(votes):
    """For each row of labels (M, k), the most frequent one; the smallest of those that tie."""
    return np.array([np.bincount(labels).argmax() for labels in votes])


def _vote(distances, y_train, k):
    return _count(y_train[_nearest(distances, k)])


def _largest_tied(distances, y_train, k):
    return y_train.max() - _count(y_train.max() - y_train[_nearest(distances, k)])


def _nearest_tied(distances, y_train, k):
    """Like Counter(labels).most_common(1): of the labels that tie, the one met first."""
    return np.array([max(labels, key=list(labels).count) for labels in y_train[_nearest(distances, k)].tolist()])


_VOTE_MISTAKES = (
    Mistake("ties go to the largest of the tied labels; they should go to the smallest.", _largest_tied),
    Mistake("ties go to the label of the nearest neighbour; they should go to the smallest label. "
            "np.bincount(labels).argmax() does that.", _nearest_tied),
    Mistake("only the nearest row decides: k is not used. The k nearest rows vote.",
            lambda distances, y, k: _vote(distances, y, 1), "missing"),
    Mistake("the farthest rows vote: the sort runs the wrong way round.",
            lambda distances, y, k: _vote(-distances, y, k)),
    Mistake("the vote is among row numbers, not labels: y_train[nearest] turns the one into the other.",
            lambda distances, y, k: _count(_nearest(distances, k)), "missing"),
    Mistake("this is the number of the nearest training row, not its label: look it up in y_train.",
            lambda distances, y, k: _nearest(distances, 1)[:, 0], "missing"),
    Mistake("this is the number of votes the winner got, not the winner: argmax, not max.",
            lambda distances, y, k: np.array([np.bincount(v).max() for v in y[_nearest(distances, k)]])),
    Mistake("the labels are averaged. Labels are names, not amounts: between 0 and 2 does not lie 1. Count them.",
            lambda distances, y, k: np.rint(y[_nearest(distances, k)].mean(1)).astype(int)),
    Mistake("the labels are averaged (and the fraction cut off). Labels are names, not amounts: count them.",
            lambda distances, y, k: y[_nearest(distances, k)].mean(1).astype(int)),
    Mistake("this is the smallest label among the k nearest, however few votes it has. Count the votes.",
            lambda distances, y, k: y[_nearest(distances, k)].min(1), "missing"),
    Mistake("the sort runs down the queries, not along the training rows: argsort(distances, axis=1).",
            lambda distances, y, k: _count(y[np.argsort(distances, axis=0, kind="stable")[:, :k]]), "axis"),
    Mistake("the nearest row is left out of the vote. That is right only where the query itself is a training row.",
            lambda distances, y, k: _count(y[np.argsort(distances, axis=1, kind="stable")[:, 1:k + 1]])),
    Mistake("one neighbour too many votes: [:k] takes k of them, [:k + 1] takes k + 1.",
            lambda distances, y, k: _vote(distances, y, k + 1)),
    Mistake("the first k rows in training order vote, without a sort: np.argsort lists the nearest first.",
            lambda distances, y, k: _count(np.broadcast_to(y[:k], (len(distances), min(k, len(y))))), "missing"),
)


def _ranks(seed, M, N):
    """Distances (M, N) without ties: in each row 0.5, 1.5, 2.5 ... shuffled."""
    return np.random.default_rng(seed).permuted(np.tile(np.arange(N) + 0.5, (M, 1)), axis=1)


VOTE = Exercise(
    name="vote", call="vote(distances, y_train, k)", arguments={"distances": "MN", "y_train": "N", "k": ""},
    outputs=(Output("labels", "every label", "M", {"the label": _vote}, _VOTE_MISTAKES, whole=True),),
    cases=(
        case("3 votes for each of 5 queries", _ranks(1, 5, 8), np.array([2, 0, 3, 0, 2, 3, 1, 2]), 3),
        case("tied votes", np.array([[1., 2, 3, 4, 9, 8, 7], [4, 3, 2, 1, 9, 8, 7], [9, 8, 1, 2, 3, 4, 7]]),
             np.array([2, 1, 1, 2, 5, 4, 0]), 4),
        case("a tie of two below a nearer loner", np.array([[1., 2, 3, 4, 5, 6]]), np.array([0, 3, 2, 3, 2, 1]), 5),
        case("k = 1", _ranks(2, 4, 6), np.array([1, 2, 0, 4, 3, 1]), 1),
        case("one query (M = 1)", _ranks(3, 1, 9), np.array([3, 1, 1, 0, 3, 2, 3, 0, 1]), 5),
        case("every training row voting (k = N)", _ranks(4, 3, 5), np.array([4, 1, 4, 0, 1]), 5),
        case("labels with gaps (1, 4 and 7)", _ranks(5, 6, 10), np.array([7, 1, 4, 4, 7, 1, 7, 4, 1, 7]), 4),
    ),
    advice=dict.fromkeys(["shape", "type"], "One label for each query is asked for, as an array."),
)

# -- cross_validation(X, y, k, folds) ----------------------------------------------------------------------------------


def _accuracies(accuracy):
    """The answer that applies accuracy(X, y, k, train, val) to each fold."""
    return lambda X, y, k, folds: np.array([accuracy(X, y, k, train, val) for train, val in folds])


def _hits(X, y, k, train, val, distance=_l2):
    return _vote(distance(X[val], X[train]), y[train], k) == y[val]


def _fold(X, y, k, train, val):
    return _hits(X, y, k, train, val).mean()


def _l1(Q, X):
    return np.abs(_gaps(Q, X)).sum(2)


_CROSS_VALIDATION = _accuracies(_fold)

_CROSS_VALIDATION_MISTAKES = (
    Mistake("the accuracy is measured on the training rows, which know their own labels. The validation rows are the "
            "queries: X[val], y[val].", _accuracies(lambda X, y, k, train, val: _fold(X, y, k, train, train))),
    Mistake("the validation rows are among the neighbours, so each one finds itself: search in X[train] only.",
            _accuracies(lambda X, y, k, train, val: _fold(X, y, k, np.arange(len(X)), val))),
    Mistake("train and val are exchanged: each pair is (train, val), and the neighbours are searched in X[train].",
            _accuracies(lambda X, y, k, train, val: _fold(X, y, k, val, train))),
    Mistake("this is the share of wrong answers; the accuracy is the share of right ones: predicted == y[val].",
            _accuracies(lambda *args: 1 - _fold(*args))),
    Mistake("this is the number of right answers; divide by the size of the fold (or take the mean).",
            _accuracies(lambda *args: _hits(*args).sum()), "factor"),
    Mistake("the right answers are divided by the number of all rows; divide each fold by its own size, len(val).",
            _accuracies(lambda X, y, *rest: _hits(X, y, *rest).sum() / len(X)), "factor"),
    Mistake("k is not used: only the nearest row decides.",
            _accuracies(lambda X, y, k, train, val: _fold(X, y, 1, train, val)), "missing"),
    Mistake("the neighbours are those of the L1 distance; this exercise asks for L2.",
            _accuracies(lambda *args: _hits(*args, distance=_l1).mean())),
    Mistake("each fold shows the accuracy of the last fold: compute it inside the loop, for each pair.",
            lambda *args: np.full(len(args[3]), _CROSS_VALIDATION(*args)[-1])),
    Mistake("each fold shows the accuracy of the first fold: use the pair of the loop, not folds[0].",
            lambda *args: np.full(len(args[3]), _CROSS_VALIDATION(*args)[0])),
    Mistake("each fold shows the mean of all folds: one number for each fold is asked for; their spread is the point.",
            lambda *args: np.full(len(args[3]), _CROSS_VALIDATION(*args).mean())),
)


def _folds(n, order, cuts):
    """Pairs (train, val) from the rows in `order`, cut before each of `cuts`."""
    parts = np.split(np.array(order), cuts)
    return [(np.setdiff1d(np.arange(n), part), part) for part in parts]


def _two_clouds(seed, n, D, classes):
    """n rows in overlapping clouds, one per class: neighbours are right often, not always."""
    y = np.arange(n) * 7 % classes
    return numbers(seed, n, D) + 0.9 * y[:, None], y


CROSS_VALIDATION = Exercise(
    name="cross_validation", call="cross_validation(X, y, k, folds)",
    arguments={"X": "ND", "y": "N", "k": "", "folds": "F"},
    outputs=(Output("accuracies", "every accuracy", "F", {"the accuracy": _CROSS_VALIDATION},
                    _CROSS_VALIDATION_MISTAKES),),
    cases=(
        case("14 rows in 3 folds", *_two_clouds(1, 14, 4, 2), 3, _folds(14, range(14), [5, 10])),
        case("shuffled folds of unequal size", *_two_clouds(2, 17, 2, 3), 5,
             _folds(17, np.random.default_rng(1).permutation(17), [2, 7, 11])),
        case("k = 1", *_two_clouds(3, 12, 3, 2), 1, _folds(12, range(11, -1, -1), [5])),
        case("folds of one row each", *_two_clouds(4, 6, 2, 2), 3, _folds(6, [3, 0, 5, 1, 4, 2], [1, 2, 3, 4, 5])),
    ),
    counts="NF",
    advice=dict.fromkeys(["shape", "type"], "One accuracy for each fold is asked for, as an array."),
)

EXERCISES = (DISTANCES, VOTE, CROSS_VALIDATION)
