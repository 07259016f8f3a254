"""The exercises on data, starts and batch normalisation: right answers accepted, mistakes called by their names."""

import math
import re

import numpy as np
import pytest

from cs231n_helpers import initializers, ops, preprocessing
from cs231n_helpers.exercises import EXERCISES, normalising, verdict
from cs231n_helpers.exercises.differences import with_mistake
from cs231n_helpers.exercises.exercise import KINDS

NAMES = ["pca_whiten", "initial", "batch_norm"]
EPS = 1e-5

# -- right answers, from other routes than the checker's ---------------------------------------------------------------


def svd_of_data(X, k, eps):
    """Directions from the singular values of the centred data: no covariance at all."""
    centred = X - np.array([sum(column) / len(column) for column in X.T])
    left, spread, _ = np.linalg.svd(centred, full_matrices=False)
    Z = left[:, :k] * spread[:k]
    return Z, Z / np.sqrt(spread[:k] ** 2 / len(X) + eps)


def by_power(X, k, eps):
    """Directions one after the other, by repeated multiplication and taking out what was found."""
    X = X - X.mean(axis=0)
    C, Z, white = X.T @ X / len(X), [], []
    for _ in range(k):
        v = np.arange(1.0, len(C) + 1)
        for _ in range(3000):
            v = C @ v / np.linalg.norm(C @ v)
        S = v @ C @ v
        C = C - S * np.outer(v, v)
        Z.append(X @ v)
        white.append(X @ v / math.sqrt(S + eps))
    return np.stack(Z, axis=1), np.stack(white, axis=1)


def loop_initial(noise, relu):
    inputs, units = noise.shape
    W = np.empty((inputs, units))
    for i in range(inputs):
        for j in range(units):
            W[i, j] = noise[i, j] * math.sqrt((2.0 if relu else 1.0) / inputs)
    return W, np.array([0.0] * units)


def loop_batch_norm(x, gamma, beta):
    """Column by column, with the whole Jacobian of each column by the chain rule, three paths apart."""
    (N, D), y, kept = x.shape, np.empty(x.shape), []
    for j in range(D):
        mean = sum(x[:, j]) / N
        var = sum((value - mean) ** 2 for value in x[:, j]) / N
        kept.append((mean, math.sqrt(var + EPS)))
        y[:, j] = [gamma[j] * (value - mean) / kept[j][1] + beta[j] for value in x[:, j]]

    def back(dy):
        dx, dgamma, dbeta = np.zeros((N, D)), np.zeros(D), np.zeros(D)
        for j, (mean, std) in enumerate(kept):
            for i in range(N):
                dgamma[j] += dy[i, j] * (x[i, j] - mean) / std
                dbeta[j] += dy[i, j]
                for n in range(N):
                    slope = ((i == n) - 1 / N) / std - (x[i, j] - mean) * (x[n, j] - mean) / (N * std**3)
                    dx[n, j] += dy[i, j] * gamma[j] * slope
        return dx, dgamma, dbeta

    return y, back


# -- right answers, as a learner writes them ---------------------------------------------------------------------------


def pca_whiten(X, k, eps):
    X = X - X.mean(axis=0)
    U, S, _ = np.linalg.svd(X.T @ X / len(X))
    Z = X @ U[:, :k]
    return Z, Z / np.sqrt(S[:k] + eps)


def initial(noise, relu):
    return noise * np.sqrt((2 if relu else 1) / len(noise)), np.zeros(noise.shape[1])


def batch_norm(x, gamma, beta):
    std = np.sqrt(x.var(axis=0) + EPS)
    x_hat = (x - x.mean(axis=0)) / std

    def back(dy):
        d = dy * gamma
        dx = (d - d.mean(axis=0) - x_hat * (d * x_hat).mean(axis=0)) / std
        return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)

    return gamma * x_hat + beta, back


def three_paths(x, gamma, beta):
    """The backward pass over every intermediate value, as the paper has it."""
    N, mean, var = len(x), x.mean(axis=0), x.var(axis=0)
    std = np.sqrt(var + EPS)

    def back(dy):
        d = dy * gamma
        dvar = (d * (x - mean)).sum(axis=0) * -0.5 / std**3
        dmean = -d.sum(axis=0) / std - 2 * dvar * (x - mean).mean(axis=0)
        return d / std + 2 * dvar * (x - mean) / N + dmean / N, (dy * (x - mean) / std).sum(axis=0), dy.sum(axis=0)

    return gamma * (x - mean) / std + beta, back


def of_the_package(X, k, eps):
    return preprocessing.PCA.fit(X, k)(X), preprocessing.Whiten.fit(X, k, eps)(X)


RIGHT = [("pca_whiten", svd_of_data), ("pca_whiten", by_power), ("pca_whiten", pca_whiten),
         ("pca_whiten", of_the_package), ("initial", loop_initial), ("initial", initial),
         ("batch_norm", loop_batch_norm), ("batch_norm", batch_norm), ("batch_norm", three_paths),
         ("batch_norm", ops.batch_norm)]  # fmt: skip


@pytest.mark.parametrize(("name", "answer"), RIGHT, ids=[f"{name}-{answer.__name__}" for name, answer in RIGHT])
def test_right_answers_are_accepted(name, answer):
    found = verdict(name, answer)
    assert (found.kind, "warning" in found.text) == ("exact", False), found.text
    assert found.text.startswith(f"{name}: well done, ")


def test_the_initializers_of_the_package_are_what_is_asked_for():
    noise = np.random.default_rng(7).standard_normal((6, 4))
    for relu, init in ((False, initializers.calibrated), (True, initializers.he)):
        right = EXERCISES["initial"].outputs[0].right((noise, relu))
        np.testing.assert_allclose(right, init(np.random.default_rng(7), (6, 4)))


@pytest.mark.parametrize("flip", [(-1, 1), (1, -1), (-1, -1)])
def test_the_sign_of_a_direction_is_free_and_nothing_else(flip):
    def flipped(X, k, eps):
        Z, white = pca_whiten(X, k, eps)
        signs = np.resize(flip, k)
        return Z * signs, white * signs[::-1]

    assert verdict("pca_whiten", flipped).kind == "exact"

    def row_flipped(X, k, eps):
        Z, white = pca_whiten(X, k, eps)
        return Z * np.resize((1, *flip), len(Z))[:, None], white

    assert verdict("pca_whiten", row_flipped).kind != "exact"


def test_free_signs_leave_sizes_types_and_strange_arrays_alone():
    A = np.array([[1, -3], [-2, 3]])
    np.testing.assert_array_equal(normalising.free_signs(A), [[-1, 3], [2, -3]])
    assert normalising.free_signs(A.astype(np.float32)).dtype == np.float32
    for strange in (np.zeros(3), np.zeros((0, 3)), np.zeros((2, 2, 2)), np.array(1.0)):
        assert normalising.free_signs(strange) is strange


@pytest.mark.parametrize("i", [1, 2, 3])
def test_what_counts_as_right_of_batch_norm_is_the_slope_of_the_value(i):
    output = EXERCISES["batch_norm"].outputs[i]
    for case in EXERCISES["batch_norm"].cases:
        *arrays, upstream = case.args
        slopes = np.empty(arrays[i - 1].shape)
        for place in np.ndindex(*slopes.shape):
            values = []
            for h in (1e-6, -1e-6):
                moved = [array.copy() for array in arrays]
                moved[i - 1][place] += h
                values.append(np.sum(loop_batch_norm(*moved)[0] * upstream))
            slopes[place] = (values[0] - values[1]) / 2e-6
        np.testing.assert_allclose(output.right(case.args), slopes, rtol=1e-4, atol=1e-4)


# -- not started, half done --------------------------------------------------------------------------------------------


def stub(*arrays):
    """What the function does."""
    ...                                                 # noqa: PIE790


def stub_with_back(x, gamma, beta):
    def back(dy):
        ...
    return ..., back


@pytest.mark.parametrize(("name", "answer"), [*((name, stub) for name in NAMES), ("batch_norm", stub_with_back)])
def test_stubs_are_not_started(name, answer):
    found = verdict(name, answer)
    assert (found.kind, "not started" in found.text) == ("not_started", True)


def test_half_an_answer_is_judged_by_halves():
    found = verdict("pca_whiten", lambda X, k, eps: (pca_whiten(X, k, eps)[0], None))
    assert "the turned cloud Z is right, the whitened cloud is not started yet" in found.text
    found = verdict("batch_norm", lambda x, gamma, beta: (batch_norm(x, gamma, beta)[0], lambda dy: None))
    assert found.kind != "exact" and "y is right" in found.text


# -- wrong answers, as a learner writes them ---------------------------------------------------------------------------


def misprinted(X, k, eps):
    Z, _ = pca_whiten(X, k, eps)
    return Z, Z / (Z.var(axis=0) + eps)


def smallest_first(X, k, eps):
    X = X - X.mean(axis=0)
    S, U = np.linalg.eigh(X.T @ X / len(X))
    return X @ U[:, :k], X @ U[:, :k] / np.sqrt(S[:k] + eps)


def not_centred(X, k, eps):
    U, S, _ = np.linalg.svd(X.T @ X / len(X))
    return X @ U[:, :k], X @ U[:, :k] / np.sqrt(S[:k] + eps)


def with_np_cov(X, k, eps):
    X = X - X.mean(axis=0)
    U, S, _ = np.linalg.svd(np.cov(X.T))
    return X @ U[:, :k], X @ U[:, :k] / np.sqrt(S[:k] + eps)


def rows_for_columns(X, k, eps):
    X = X - X.mean(axis=0)
    _, S, V = np.linalg.svd(X.T @ X / len(X))
    return X @ V[:, :k], X @ V.T[:, :k] / np.sqrt(S[:k] + eps)


def all_kept(X, k, eps):
    U, *_ = np.linalg.svd((X - X.mean(axis=0)).T @ (X - X.mean(axis=0)) / len(X))
    return (X - X.mean(axis=0)) @ U, pca_whiten(X, k, eps)[1]


def writes_into_x(X, k, eps):
    X -= X.mean(axis=0)
    return pca_whiten(X, k, eps)


def initial_with(change):
    return lambda noise, relu: (change(noise, relu), np.zeros(noise.shape[1]))


def norm_with(dx=None, y=None):
    def answer(x, gamma, beta):
        out, back = batch_norm(x, gamma, beta)
        std = np.sqrt(x.var(axis=0) + EPS)
        x_hat = (x - x.mean(axis=0)) / std
        first = (lambda dy: dx(dy * gamma, x_hat, std)) if dx else (lambda dy: back(dy)[0])
        return y(x, gamma, beta) if y else out, lambda dy: (first(dy), *back(dy)[1:])
    return answer


WRONG = [
    ("pca_whiten", misprinted, "mistake", "Z is right, the whitened cloud is not.*divided by the variances S; a width"),
    ("pca_whiten", smallest_first, "mistake", "Z: these are the directions of smallest variance.*white: these are"),
    ("pca_whiten", not_centred, "missing", "Z: X is not centred.*white: X is not centred"),
    ("pca_whiten", with_np_cov, "mistake", "divided by N - 1"),
    ("pca_whiten", rows_for_columns, "mistake", "rows of U are taken"),
    ("pca_whiten", all_kept, "shape", "all D directions are there"),
    ("pca_whiten", writes_into_x, "changes_input", "writes into X"),
    ("pca_whiten", lambda X, k, eps: (2 * pca_whiten(X, k, eps)[0], pca_whiten(X, k, eps)[1]), "factor", "2 times"),
    ("pca_whiten", lambda X, k, eps: tuple(A.T for A in pca_whiten(X, k, eps)), "shape", "Transposed"),
    ("pca_whiten", lambda X, k, eps: pca_whiten(X, k, eps)[1], "type", "expected 2 things: return Z, white"),
    ("initial", initial_with(lambda noise, relu: noise / np.sqrt(len(noise))), "missing", "2 for the ReLU is missing"),
    ("initial", initial_with(lambda noise, relu: noise * np.sqrt(2 / len(noise))), "mistake", "2 is there with tanh"),
    ("initial", initial_with(lambda noise, relu: noise / np.sqrt(noise.shape[1]) * (2 if relu else 1) ** 0.5), "axis",
     "columns"),
    ("initial", initial_with(lambda noise, relu: 0.01 * noise), "mistake", "0.01"),
    ("initial", initial_with(lambda noise, relu: -initial(noise, relu)[0]), "sign", "wrong sign"),
    ("initial", lambda noise, relu: (initial(noise, relu)[0], np.zeros(len(noise))), "shape", "b has shape"),
    ("initial", lambda noise, relu: (initial(noise, relu)[0], 0), "type", "b is a number, expected an array"),
    ("initial", lambda noise, relu: initial(noise, relu)[0], "type", "return W, b"),
    ("batch_norm", norm_with(dx=lambda d, x_hat, std: d / std), "missing", "taken as constants"),
    ("batch_norm", norm_with(dx=lambda d, x_hat, std: (d - d.mean(axis=0)) / std), "missing", "way over the variance"),
    ("batch_norm", norm_with(dx=lambda d, x_hat, std: d), "differs", "dx"),
    ("batch_norm", norm_with(y=lambda x, gamma, beta: gamma * (x - x.mean()) / np.sqrt(x.var() + EPS) + beta), "axis",
     "one mean and one variance"),
    ("batch_norm", norm_with(y=lambda x, gamma, beta: batch_norm(x, gamma, 0 * beta)[0]), "missing", "beta is missing"),
    ("batch_norm", norm_with(y=lambda x, gamma, beta: gamma * (x - x.mean(axis=0)) / x.std(axis=0) + beta), "missing",
     "1e-5 is missing"),
    ("batch_norm", lambda x, gamma, beta: (batch_norm(x, gamma, beta)[0],
                                           lambda dy: batch_norm(x, gamma, beta)[1](np.ones_like(dy))), "missing",
     "upstream gradient forgotten"),
    ("batch_norm", lambda x, gamma, beta: (batch_norm(x, gamma, beta)[0],
                                           lambda dy: batch_norm(x, gamma, beta)[1](dy)[:1]), "type", "a tuple of 3"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer", "kind", "words"), WRONG,
                         ids=[f"{name}-{kind}-{i}" for i, (name, _, kind, _) in enumerate(WRONG)])
def test_wrong_answers_are_told_what_is_wrong(name, answer, kind, words):
    found = verdict(name, answer)
    assert found.kind == kind, found.text
    assert re.search(words, found.text, re.DOTALL), found.text
    assert found == verdict(name, answer)


# -- every mistake of the tables ---------------------------------------------------------------------------------------

KNOWN = [pytest.param(EXERCISES[name], output, mistake, id=f"{name}-{output.name}-{i}")
         for name in NAMES for output in EXERCISES[name].outputs for i, mistake in enumerate(output.mistakes)]


@pytest.mark.parametrize(("exercise", "output", "mistake"), KNOWN)
def test_known_mistake_is_called_by_its_own_name(exercise, output, mistake):
    def part(one, args):
        return with_mistake(one, mistake, args) if one is output else one.right(args)

    def operation(*arrays):
        return part(exercise.outputs[0], (*arrays, np.nan)), lambda dy: tuple(
            part(one, (*arrays, dy)) for one in exercise.outputs[1:])

    def plain(*args):
        return tuple(part(one, args) for one in exercise.outputs)

    found = verdict(exercise.name, operation if exercise.upstream else plain)
    assert (found.kind, mistake.text in found.text) == (mistake.kind, True), found.text
    assert mistake.kind in KINDS and output.name in found.text


@pytest.mark.parametrize("name", NAMES)
def test_cases_are_frozen_named_and_telling(name):
    exercise = EXERCISES[name]
    assert len({case.label for case in exercise.cases}) == len(exercise.cases)
    sizes = [size for axis, size in exercise.sizes(exercise.cases[0]).items() if axis.isupper()]
    assert len(set(sizes)) == len(sizes)
    arrays = [arg for case in exercise.cases for arg in case.args if isinstance(arg, np.ndarray)]
    assert arrays and not any(array.flags.writeable for array in arrays)


STRANGE = [0, True, "text", [], (), {}, object(), np.float32(2), np.array(["a"]), np.array([None, 1]), np.zeros((0, 3)),
           np.zeros((2, 2, 2)), np.nan, np.full((6, 4), np.nan), np.zeros((6, 2), complex), np.zeros(0), lambda: None]


@pytest.mark.parametrize("strange", STRANGE, ids=range(len(STRANGE)))
@pytest.mark.parametrize("name", ["pca_whiten", "initial"])
def test_strange_returns_get_a_verdict(name, strange):
    for answer in (lambda *args: strange, lambda *args: (strange, strange), lambda *args: [args[0], strange]):
        assert verdict(name, answer).kind in set(KINDS) - {"exact", "unknown"}
