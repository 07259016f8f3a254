"""Exercises of notebook 04: pca_whiten(X, k, eps) and initial(noise, relu); `batch_norm` is in a file of its own."""

import numpy as np

from .batch_norm import BATCH_NORM
from .exercise import Exercise, Mistake, Output, case, numbers

# -- pca_whiten(X, k, eps) ---------------------------------------------------------------------------------------------


def free_signs(A):
    """The sign of a direction is free: each column times -1 if its number of largest size is below 0."""
    if A.ndim != 2 or not A.size:
        return A
    largest = np.take_along_axis(A, np.abs(A).argmax(axis=0)[None], axis=0)             # (1, k)
    return A * np.where(largest < 0, -1, 1).astype(A.dtype)


def _axes(X):
    """Directions (D, D) in columns and variances (D,), largest first, of X (N, D) as it is, without centring."""
    variances, U = np.linalg.eigh(X.T @ X / len(X))
    return U[:, ::-1], variances[::-1].clip(0)


def _turned(answer):
    """Make a function of (X, k, eps), signs settled, of one of (centred X, U, S, k, eps)."""
    def of(X, k, eps):
        centred = X - X.mean(axis=0)
        return free_signs(answer(centred, *_axes(centred), k, eps))
    return of


def _divided(divisor):
    """Z divided by divisor(S (k,), eps, N)."""
    return _turned(lambda X, U, S, k, eps: X @ U[:, :k] / divisor(S[:k], eps, len(X)))


def _with_centre(centre, white=False):
    """Everything done with X - centre(X) in the place of the centred X."""
    def of(X, k, eps):
        moved = X - centre(X)
        U, S = _axes(moved)
        return free_signs(moved @ U[:, :k] / (np.sqrt(S[:k] + eps) if white else 1))
    return of


def _not_centred_when_turned(X, k, eps):
    return free_signs(X @ _axes(X - X.mean(axis=0))[0][:, :k])


def _rows_of_u(X, k, eps):
    centred = X - X.mean(axis=0)
    return free_signs(centred @ np.linalg.svd(centred.T @ centred / len(X))[2][:, :k])


CENTRE = "subtract the mean of each feature, X - X.mean(axis=0), before anything else."


def _of_both(white):
    """Mistakes on the way to Z, which are seen in both results."""
    root = (lambda S, eps: np.sqrt(S + eps)) if white else (lambda S, eps: 1)
    return (
        Mistake(f"X is not centred, so the first direction points at the mean: {CENTRE}",
                _with_centre(lambda X: 0, white), "missing"),
        Mistake(f"one mean of all numbers is subtracted: {CENTRE}", _with_centre(np.mean, white), "axis"),
        Mistake(f"each example's own mean is subtracted: {CENTRE}",
                _with_centre(lambda X: X.mean(axis=1, keepdims=True), white), "axis"),
        Mistake("these are the directions of smallest variance: np.linalg.eigh gives the smallest first.",
                _turned(lambda X, U, S, k, eps: X @ U[:, ::-1][:, :k] / root(S[::-1][:k], eps))),
    )


PCA_WHITEN = Exercise(
    name="pca_whiten", call="pca_whiten(X, k, eps)", arguments={"X": "ND", "k": "", "eps": ""},
    outputs=(
        Output("Z", "the turned cloud Z", "Nk", {"Z": _turned(lambda X, U, S, k, eps: X @ U[:, :k])}, (
            *_of_both(white=False),
            Mistake("U comes from the centred X, but X itself is turned: turn the centred X.", _not_centred_when_turned,
                    "missing"),
            Mistake("the rows of U are taken (missing transpose?); directions stand in its columns, U[:, :k].",
                    _rows_of_u),
            Mistake("X is centred but not turned: X @ U[:, :k].", _turned(lambda X, U, S, k, eps: X[:, :k]), "missing"),
            Mistake("all D directions are there; keep the first k columns, U[:, :k].",
                    _turned(lambda X, U, S, k, eps: X @ U), "shape"),
            Mistake("Z is whitened already; Z is only turned, X @ U[:, :k].",
                    _divided(lambda S, eps, N: np.sqrt(S + eps))),
        ), settled=free_signs),
        Output("white", "the whitened cloud", "Nk", {"white": _divided(lambda S, eps, N: np.sqrt(S + eps))}, (
            *_of_both(white=True),
            Mistake("Z is divided by the variances S; a width is the root of a variance: Z / np.sqrt(S[:k] + eps).",
                    _divided(lambda S, eps, N: S + eps)),
            Mistake("Z is divided by the variances S, and eps is missing: Z / np.sqrt(S[:k] + eps).",
                    _divided(lambda S, eps, N: S)),
            Mistake("eps is missing: Z / np.sqrt(S[:k] + eps).", _divided(lambda S, eps, N: np.sqrt(S)), "missing"),
            Mistake("eps is added to the root; it belongs under it: Z / np.sqrt(S[:k] + eps).",
                    _divided(lambda S, eps, N: np.sqrt(S) + eps)),
            Mistake("the variances are divided by N - 1; here the covariance is X.T @ X / N.",
                    _divided(lambda S, eps, N: np.sqrt(S * N / (N - 1) + eps))),
            Mistake("the covariance is not divided by N: X.T @ X / N.",
                    _divided(lambda S, eps, N: np.sqrt(S * N + eps)), "missing"),
            Mistake("this is Z, nothing was divided: Z / np.sqrt(S[:k] + eps).", _divided(lambda S, eps, N: 1),
                    "missing"),
            Mistake("Z is multiplied by the widths; divide: Z / np.sqrt(S[:k] + eps).",
                    _divided(lambda S, eps, N: 1 / np.sqrt(S + eps))),
        ), settled=free_signs),
    ),
    cases=(
        case("6 examples, 4 features, k = 2", numbers(211, 6, 4) + [3, -1, 2, 0], 2, 0.1),
        case("all directions kept, k = D", numbers(212, 8, 3) + 1.5, 3, 0.25),
        case("fewer examples than features", 2 * numbers(213, 3, 5) - 1, 2, 0.05),
        case("a feature that hardly varies", numbers(214, 7, 3) * [1, 0.01, 1] + [1, 2, 3], 3, 0.02),
        case("pixels from 0 to 255, k = 1", np.round(60 * (numbers(215, 5, 3) + 2)), 1, 1e-5),
    ),
)

# -- initial(noise, relu) ----------------------------------------------------------------------------------------------

RULE = "noise * sqrt(1 / n) with tanh, noise * sqrt(2 / n) with a ReLU, n the number of inputs (rows)."


def _weights(factor):
    """noise times factor(variance wanted times n (1 or 2), n, H)."""
    return lambda noise, relu: noise * factor(2 if relu else 1, *noise.shape)


def _biases(value):
    return lambda noise, relu: np.full(noise.shape[1], value)


INITIAL = Exercise(
    name="initial", call="initial(noise, relu)", arguments={"noise": "DH", "relu": ""},
    outputs=(
        Output("W", "the start of W", "DH", {"W": _weights(lambda gain, n, H: np.sqrt(gain / n))}, (
            Mistake(f"the units are counted (columns), not the inputs. {RULE}",
                    _weights(lambda gain, n, H: np.sqrt(gain / H)), "axis"),
            Mistake(f"the 2 for the ReLU is missing, which throws half of the squares away. {RULE}",
                    _weights(lambda gain, n, H: np.sqrt(1 / n)), "missing"),
            Mistake(f"the 2 is there with tanh, too. {RULE}", _weights(lambda gain, n, H: np.sqrt(2 / n))),
            Mistake(f"the two cases are exchanged. {RULE}", _weights(lambda gain, n, H: np.sqrt((3 - gain) / n))),
            Mistake(f"the root is missing: the variance is to be 1 / n or 2 / n, noise times its root. {RULE}",
                    _weights(lambda gain, n, H: gain / n), "missing"),
            Mistake(f"the 2 stands outside the root. {RULE}", _weights(lambda gain, n, H: gain / np.sqrt(n))),
            Mistake(f"the 2 is below the line: sqrt(1 / (2 n)). {RULE}",
                    _weights(lambda gain, n, H: np.sqrt(1 / (gain * n)))),
            Mistake(f"multiplied by the root of n; divide. {RULE}", _weights(lambda gain, n, H: np.sqrt(gain * n))),
            Mistake(f"this is 0.01 * noise, whatever the number of inputs. {RULE}", _weights(lambda gain, n, H: 0.01)),
            Mistake(f"this is the noise itself. {RULE}", _weights(lambda gain, n, H: 1.0), "missing"),
            Mistake(f"this is Xavier's sqrt(2 / (inputs + units)). {RULE}",
                    _weights(lambda gain, n, H: np.sqrt(2 / (n + H)))),
            Mistake(f"all numbers of the matrix are counted. {RULE}",
                    _weights(lambda gain, n, H: np.sqrt(gain / (n * H)))),
        )),
        Output("b", "b", "H", {"b": _biases(0.0)}, (
            Mistake("the biases start at 1; 0 is enough, the weights differ already.", _biases(1.0)),
            Mistake("the biases start at 0.01, a habit of some with ReLUs; here they start at 0.", _biases(0.01)),
        )),
    ),
    cases=(
        case("6 inputs, 4 units, tanh", numbers(221, 6, 4), False),
        case("5 inputs, 3 units, ReLU", numbers(222, 5, 3), True),
        case("more units than inputs, ReLU", numbers(223, 3, 8), True),
        case("as many units as inputs, tanh", numbers(224, 4, 4), False),
        case("one input, ReLU", numbers(225, 1, 2), True),
    ),
    counts="DH",
)

EXERCISES = (PCA_WHITEN, INITIAL, BATCH_NORM)
