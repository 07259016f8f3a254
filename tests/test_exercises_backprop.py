"""Answers that are operations, y, back = op(*arrays): accepted when right, told by name what is wrong when not."""

import math
import re

import numpy as np
import pytest

from cs231n_helpers import losses, ops
from cs231n_helpers.exercises import EXERCISES, check, verdict
from cs231n_helpers.exercises.differences import with_mistake
from cs231n_helpers.exercises.exercise import KINDS

NAMES = ["mul", "max", "sigmoid", "affine", "cross_entropy"]
CONTRACT = [name for name, exercise in EXERCISES.items() if exercise.upstream]

# -- right answers, with plain loops over single numbers ---------------------------------------------------------------


def each(function, *arrays):
    """Apply `function` to the numbers of arrays of one shape, one place at a time."""
    out = np.empty(arrays[0].shape)
    for place in np.ndindex(*out.shape):
        out[place] = function(*(float(array[place]) for array in arrays))
    return out


def loop_mul(x, y):
    return each(lambda a, b: a * b, x, y), lambda dz: (each(lambda b, d: b * d, y, dz), each(lambda a, d: a * d, x, dz))


def loop_maximum(x, y):
    def back(dz):
        return (each(lambda a, b, d: d if a >= b else 0, x, y, dz), each(lambda a, b, d: 0 if a >= b else d, x, y, dz))
    return each(max, x, y), back


def loop_sigmoid(x):
    def slope(a, d):
        return d * math.exp(-abs(a)) / (1 + math.exp(-abs(a)))**2
    return each(lambda a: 0.5 + 0.5 * math.tanh(a / 2), x), lambda dy: (each(slope, x, dy),)


def loop_affine(X, W, b):
    (N, D), C = X.shape, len(b)
    y = np.array([[b[c] + sum(X[n, d] * W[d, c] for d in range(D)) for c in range(C)] for n in range(N)])

    def back(dy):
        dX, dW, db = np.zeros((N, D)), np.zeros((D, C)), np.zeros(C)
        for n in range(N):
            for c in range(C):
                db[c] += dy[n, c]
                for d in range(D):
                    dX[n, d] += dy[n, c] * W[d, c]
                    dW[d, c] += dy[n, c] * X[n, d]
        return dX, dW, db
    return y, back


def loop_cross_entropy(scores, y):
    rows, loss = [], 0.0
    for s, label in zip(scores, y, strict=True):
        total = sum(math.exp(one - max(s)) for one in s)
        rows.append([math.exp(one - max(s)) / total for one in s])
        loss -= float(s[label]) - max(s) - math.log(total)

    def back(d=1.0):
        dscores = np.array(rows)
        for n, label in enumerate(y):
            dscores[n, label] -= 1
        return (dscores * d / len(y),)
    return loss / len(y), back


LOOPS = dict(zip(NAMES, (loop_mul, loop_maximum, loop_sigmoid, loop_affine, loop_cross_entropy), strict=True))


# -- right answers, as a learner writes them ---------------------------------------------------------------------------

def mul(x, y):
    def back(dz):
        return dz * y, dz * x
    return x * y, back


def maximum(x, y):
    first = x >= y
    return np.where(first, x, y), lambda dz: (dz * first, dz * ~first)


def sigmoid(x):
    small = np.exp(-np.abs(x))
    s = np.where(x >= 0, 1, small) / (1 + small)

    def back(dy):
        dx = dy * s * (1 - s)
        return (dx,)
    return s, back


def affine(X, W, b):
    def back(dy):
        dX = dy @ W.T
        dW = X.T @ dy
        db = dy.sum(axis=0)
        return dX, dW, db
    return X @ W + b, back


def cross_entropy(scores, y):
    rows = np.arange(len(y))
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)

    def back(d=1.0):
        dscores = p.copy()
        dscores[rows, y] -= 1
        dscores *= d / len(y)
        return (dscores,)
    return -np.log(p[rows, y]).mean(), back


ANSWERS = dict(zip(NAMES, (mul, maximum, sigmoid, affine, cross_entropy), strict=True))


def test_every_exercise_with_an_upstream_gradient_is_tried():
    assert {*NAMES, "bug_a", "bug_b", "bug_c", "bug_d", "bug_e"} <= set(CONTRACT)


@pytest.mark.parametrize("answers", [LOOPS, ANSWERS], ids=["loops", "vectorised"])
@pytest.mark.parametrize("name", NAMES)
def test_right_answers_are_accepted(name, answers):
    found = verdict(name, answers[name])
    assert found.kind == "exact", found.text
    assert "warning" not in found.text
    assert found.text.startswith(f"{name}: well done, ")


@pytest.mark.parametrize("name", NAMES)
def test_the_operations_of_the_package_are_accepted(name):
    answer = {"mul": lambda: ops.mul, "max": lambda: ops.maximum, "sigmoid": lambda: ops.sigmoid,
              "affine": lambda: ops.affine, "cross_entropy": lambda: losses.softmax}[name]()
    found = verdict(name, answer)
    assert (found.kind, "warning" in found.text) == ("exact", False), found.text


@pytest.mark.parametrize("name", NAMES)
def test_what_counts_as_right_is_the_answer_of_the_loops(name):
    exercise = EXERCISES[name]
    for case in exercise.cases:
        *arrays, upstream = case.args
        y, back = LOOPS[name](*arrays)
        for output, got in zip(exercise.outputs, (y, *back(upstream)), strict=True):
            np.testing.assert_allclose(output.right(case.args), got, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_what_counts_as_right_is_the_slope_of_the_value(name):
    """Centred differences of the upstream-weighted value, at every number of the first case."""
    exercise = EXERCISES[name]
    *arrays, upstream = exercise.cases[0].args
    for i, output in enumerate(exercise.outputs[1:]):
        slopes = np.empty(arrays[i].shape)
        for place in np.ndindex(*slopes.shape):
            values = []
            for h in (1e-5, -1e-5):
                moved = [array.copy() for array in arrays]
                moved[i][place] += h
                values.append(np.sum(LOOPS[name](*moved)[0] * upstream))
            slopes[place] = (values[0] - values[1]) / 2e-5
        np.testing.assert_allclose(output.right(exercise.cases[0].args), slopes, rtol=1e-6, atol=1e-6)


# -- not started -------------------------------------------------------------------------------------------------------

def stub_dots(*arrays):
    """What the function does."""
    ...                                                 # noqa: PIE790


def stub_raises(*arrays):
    raise NotImplementedError


def stub_with_back(*arrays):
    def back(dy=1.0):
        ...
    ...                                                 # noqa: PIE790


def stub_with_names(*arrays):
    value = ...

    def back(dy=1.0):
        """The gradients."""
        ...                                             # noqa: PIE790
    return value, back


@pytest.mark.parametrize("stub", [stub_dots, stub_raises, stub_with_back, stub_with_names, lambda *arrays: (None, None),
                                  lambda *arrays: ..., lambda *arrays: (..., ...)])
@pytest.mark.parametrize("name", CONTRACT)
def test_unfilled_stub_is_not_started(name, stub):
    found = verdict(name, stub)
    assert (found.kind, found.text.split(".")[0]) == ("not_started", f"{name}: not started yet")


def forward_only(answer, back):
    return lambda *arrays: (answer(*arrays)[0], back)


def back_dots(d=1.0):
    ...


def back_raises(d=1.0):
    raise NotImplementedError


@pytest.mark.parametrize("back", [back_dots, None, ...])
@pytest.mark.parametrize("name", NAMES)
def test_value_right_and_back_not_started(name, back):
    found = verdict(name, forward_only(ANSWERS[name], back))
    exercise = EXERCISES[name]
    assert found.kind == "not_started"
    assert f"{name}: {exercise.outputs[0].words} is right, {exercise.outputs[1].words}" in found.text
    assert " not started yet." in found.text
    assert found.text.count("\n") == 1                  # one line for all gradients
    assert (exercise.gradients() if back is back_dots else exercise.result()) in found.text


def test_back_that_raises_not_implemented_has_no_return_yet():
    found = verdict("mul", forward_only(mul, back_raises))
    assert "the product z is right, dx and dy are not" in found.text
    assert "return dx, dy" in found.text


def test_wrong_value_and_back_not_started_says_both():
    found = verdict("mul", lambda x, y: (x + y, back_dots))
    assert found.kind == "mistake"
    assert "this is the sum" in found.text and "back(dz) returns nothing so far" in found.text


def test_one_gradient_at_a_time():
    found = verdict("mul", lambda x, y: (x * y, lambda dz: (dz * y, None)))
    assert found.kind == "not_started"
    assert "the product z and dx are right, dy is not started yet." in found.text


# -- the contract, broken ----------------------------------------------------------------------------------------------

def with_back(answer, change):
    """Change what `back` returns, given the tuple of gradients."""
    def changed(*arrays):
        y, back = answer(*arrays)
        return y, lambda *upstream: change(back(*upstream))
    return changed


def writes_into_dy(x):
    y, _ = sigmoid(x)

    def careless(dy):
        dy *= y * (1 - y)
        return (dy,)
    return y, careless


def writes_into_y(x):
    y = sigmoid(x)[0]

    def back(dy):
        dx = y
        dx *= dy * (1 - y)
        return (dx,)
    return y, back


def writes_into_input(X, W, b):
    y, back = affine(X, W, b)

    def careless(dy):
        gradients = back(dy)
        W[...] = 0
        return gradients
    return y, careless


CACHE = {}


def global_cache(x, y):
    CACHE["arrays"] = x, y

    def back(dz):
        x, y = CACHE["arrays"]
        return dz * y, dz * x
    return x * y, back


def used_up(x, y):
    left = [x, y]
    return x * y, lambda dz: (dz * left.pop(), dz * left.pop())


def adds_up(x):
    y, back = sigmoid(x)
    total = np.zeros(x.shape)

    def again(dy):
        nonlocal total
        total = total + back(dy)[0]
        return (total,)
    return y, again


def back_without_default(scores, y):
    loss, back = cross_entropy(scores, y)
    return loss, lambda d: back(d)


def back_without_argument(x, y):
    return x * y, lambda: (y, x)


def back_with_cache(x, y):
    return x * y, lambda dz, cache: (dz * y, dz * x)


def back_stops(x):
    def back(dy):
        return (dy * nothing,)                          # noqa: F821
    return sigmoid(x)[0], back


BROKEN = [
    ("mul", lambda x, y: x * y, "type", r"got an array of shape \(4, 3\), expected two things: return z, back\."),
    ("mul", lambda x, y: mul(x, y)[1], "type", r"got a function, expected two things"),
    ("mul", lambda x, y: (x * y, y, x), "type", r"tuple of 3, expected two things: .*come out of back\(dz\)"),
    ("mul", lambda x, y: (x * y,), "type", r"tuple of 1, expected two things"),
    ("mul", lambda x, y: mul(x, y)[::-1], "type", r"the two results are exchanged: return z, back\."),
    ("mul", lambda x, y: (x * y, (y, x)), "type", r"z is right.*back is a tuple of 2, .*without calling it"),
    ("mul", lambda x, y: (x * y, y), "type", r"back is an array of shape \(4, 3\), expected a function"),
    ("mul", lambda x, y: (x * y, "back"), "type", "back is a str, expected a function"),
    ("sigmoid", with_back(sigmoid, lambda g: g[0]), "type",
     r"y is right, dx is not\..*an array of shape \(4, 3\), expected a tuple of 1.*return \(dx,\)"),
    ("mul", with_back(mul, lambda g: g[0]), "type", r"array of shape \(4, 3\), expected a tuple of 2: return dx, dy"),
    ("mul", with_back(mul, np.array), "type", r"array of shape \(2, 4, 3\), expected a tuple of 2"),
    ("mul", with_back(mul, list), "type", "a list, expected a tuple of 2: .*not square ones"),
    ("sigmoid", with_back(sigmoid, list), "type", "a list, expected a tuple of 1: .*not square ones"),
    ("mul", with_back(mul, lambda g: {"dx": g[0], "dy": g[1]}), "type", "a dict, expected a tuple of 2"),
    ("mul", with_back(mul, lambda g: g[:1]), "type", "of 1, expected a tuple of 2, one gradient for each of x, y"),
    ("mul", with_back(mul, lambda g: (*g, g[0])), "type", "tuple of 3, expected a tuple of 2"),
    ("affine", with_back(affine, lambda g: g[:2]), "type", "one gradient for each of X, W, b: return dX, dW, db"),
    ("cross_entropy", with_back(cross_entropy, lambda g: (g[0], g[0])), "type",
     "expected a tuple of 1, the gradient of scores alone"),
    ("sigmoid", with_back(sigmoid, lambda g: None), "no_return", r"back\(dy\) returns None.*return \(dx,\)"),
    ("affine", with_back(affine, lambda g: (g[1], g[0], g[2])), "axis",
     r"wrong order: back\(dy\) returns dW, dX, db\..*of the arrays, X, W, b: return dX, dW, db"),
    ("affine", with_back(affine, lambda g: (g[2], g[0], g[1])), "axis", r"returns db, dX, dW\."),
    ("affine", with_back(affine, lambda g: (g[1], g[0], 2 * g[2])), "shape",
     r"dX has shape \(3, 5\), that is \(D, C\).*dW has that shape.*2 times too large"),
    ("affine", with_back(affine, lambda g: (g[0].T, g[1], g[2])), "shape", r"dX has shape \(3, 4\).*Transposed"),
    ("affine", with_back(affine, lambda g: (g[0], g[1].T, g[2])), "shape", "missing transpose"),
    ("affine", with_back(affine, lambda g: (*g[:2], g[2][None])), "shape", "An axis of length 1 is left over"),
    ("mul", with_back(mul, lambda g: (g[0].sum(axis=0), g[1])), "shape", "An axis is missing"),
    ("mul", with_back(mul, lambda g: (g[0].tolist(), g[1])), "type", r"dx is a list.*np\.array"),
    ("mul", lambda x, y: (np.array([x, y]), mul(x, y)[1]), "shape", "dx and dy are right, the product z is not"),
    ("sigmoid", writes_into_dy, "changes_input", "writes into dy"),
    ("sigmoid", writes_into_y, "changes_input", "back writes into y, which the caller still needs"),
    ("affine", writes_into_input, "changes_input", "writes into W"),
    ("mul", global_cache, "state", r"once mul\(x, y\) was called for other arrays.*not in global ones"),
    ("mul", used_up, "state", "called a second time"),
    ("sigmoid", adds_up, "state", "called a second time"),
    ("cross_entropy", back_without_default, "type", r"cannot be called as back\(\): write def back\(d=1.0\)"),
    ("mul", back_without_argument, "type", r"cannot be called as back\(dz\): write def back\(dz\)"),
    ("mul", back_with_cache, "type", r"cannot be called as back\(dz\)"),
    ("sigmoid", back_stops, "raised", r"NameError: .*'nothing'.*return \(dy \* nothing,\).*called as sigmoid\(x\), "
                                      r"then back\(dy\), with 4 rows of 3 numbers: x \(4, 3\), dy \(4, 3\)"),
    ("mul", with_back(mul, lambda g: (g[0].astype(np.float16), g[1])), "type", "dx: right but too coarse.*float16"),
]


@pytest.mark.parametrize(("name", "answer", "kind", "words"), BROKEN,
                         ids=[f"{name}-{kind}-{i}" for i, (name, _, kind, _) in enumerate(BROKEN)])
def test_broken_contract(name, answer, kind, words):
    found = verdict(name, answer)
    assert found.kind == kind, found.text
    assert re.search(words, found.text, re.DOTALL), found.text


def test_a_single_number_is_not_enough_to_name_a_mistake():
    """An answer that stops in all cases but the single number is told the error, whatever it gave there."""
    def stops(x):
        def back(dy):
            if dy.size > 1:
                raise ValueError("too many")
            return (0.5 * dy,)                          # at x = 0, what a forgotten factor y or (1 - y) would give
        return s(x), back

    found = verdict("sigmoid", stops)
    assert (found.kind, "too many" in found.text) == ("raised", True)


def test_code_without_return_is_told_so():
    def forgets(x, y):
        mul(x, y)

    found = verdict("mul", forgets)
    assert (found.kind, "`return`" in found.text) == ("no_return", True)


# -- wrong numbers -----------------------------------------------------------------------------------------------------

def backwards(answer, gradients):
    """Right in its value, with `gradients(*arrays, upstream)`."""
    return lambda *arrays: (answer(*arrays)[0], lambda upstream=1.0: gradients(*arrays, upstream))


def s(x):
    return 1 / (1 + np.exp(-x))


def p(scores, axis=1):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def hot(scores, y):
    return np.eye(scores.shape[1])[y]


def overflowing_sigmoid(x):
    y = 1 / (1 + np.exp(-x))
    return y, lambda dy: (dy * y * (1 - y),)


def infinite_sigmoid(x):
    y = np.exp(x) / (1 + np.exp(x))
    return y, lambda dy: (dy * y * (1 - y),)


def unstable(scores, y):
    e = np.exp(scores)
    probs = e / e.sum(axis=1, keepdims=True)
    return cross_entropy(scores, y)[0], lambda d=1.0: (d * (probs - hot(scores, y)) / len(y),)


def unstable_and_no_mean(scores, y):
    loss, back = unstable(scores, y)
    return loss, lambda d=1.0: (back(d)[0] * len(y),)


FORGOTTEN = "upstream gradient forgotten"
WRONG = [
    ("mul", lambda x, y, dz: (y, x), "missing", f"dx: {FORGOTTEN}: dz has.*dy: {FORGOTTEN}"),
    ("mul", lambda x, y, dz: (dz * x, dz * y), "mistake", "inputs are not swapped.*dx = dz [*] y.*dy = dz [*] x"),
    ("mul", lambda x, y, dz: (x, y), "missing", f"{FORGOTTEN}.*And then: the inputs are not swapped"),
    ("mul", lambda x, y, dz: (dz, dz), "missing", "local gradient is missing"),
    ("mul", lambda x, y, dz: (dz + y, dz * x), "mistake", "z and dy are right, dx is not.*chain rule multiplies"),
    ("mul", lambda x, y, dz: (dz * y, -dz * x), "sign", "dy: every number has the wrong sign"),
    ("mul", lambda x, y, dz: (dz * y / len(x), dz * x), "factor", "dx: every number is N times too small"),
    ("mul", lambda x, y, dz: (0 * x, dz * x), "missing", "every number is 0"),
    ("mul", lambda x, y, dz: (dz * y**3, dz * x), "differs",
     r"dx\[\d, \d\] is .*, should be .*0 of 12 numbers are right"),
    ("max", lambda x, y, dz: (dz * (x < y), dz * (x >= y)), "mistake", "mask is on the wrong side"),
    ("max", lambda x, y, dz: (dz * (x <= y), dz * (x > y)), "mistake", "dx gets dz where x is the larger one"),
    ("max", lambda x, y, dz: (dz * (x > y), dz * (y > x)), "mistake", "z and dy are right, dx is.*tie.*x, gets all"),
    ("max", lambda x, y, dz: (dz * (x >= y), dz * (y >= x)), "mistake", "z and dx are right.*tie is judged wrongly"),
    ("max", lambda x, y, dz: (dz * ((x > y) + (x == y) / 2), dz * (y > x)), "mistake", "halved at a tie"),
    ("max", lambda x, y, dz: (dz * (x >= y), dz * ((y > x) + (x == y) / 2)), "mistake", "dy: dz is halved at a tie"),
    ("max", lambda x, y, dz: (dz, dz), "missing", "mask is missing"),
    ("max", lambda x, y, dz: (x >= y, x < y), "missing", FORGOTTEN),
    ("max", lambda x, y, dz: ((x >= y) * 1.0, (x < y) * 1.0), "missing", FORGOTTEN),
    ("max", lambda x, y, dz: (dz * x * (x >= y), dz * y * (x < y)), "mistake", "passes dz on, or not"),
    ("sigmoid", lambda x, dy: (dy * s(x),), "missing", r"factor \(1 - y\) is missing.*dy \* y \* \(1 - y\)"),
    ("sigmoid", lambda x, dy: (dy * (1 - s(x)),), "missing", "factor y is missing"),
    ("sigmoid", lambda x, dy: (dy * s(s(x)) * (1 - s(s(x))),), "mistake", "a second time"),
    ("sigmoid", lambda x, dy: (s(x) * (1 - s(x)),), "missing", FORGOTTEN),
    ("sigmoid", lambda x, dy: (s(x),), "missing", rf"{FORGOTTEN}.*And then: the factor \(1 - y\) is missing"),
    ("sigmoid", lambda x, dy: (dy * x * (1 - x),), "mistake", "x stands where y should"),
    ("sigmoid", lambda x, dy: (dy * (1 - dy),), "mistake", "dy stands where y should"),
    ("sigmoid", lambda x, dy: (dy,), "missing", "local gradient is missing"),
    ("sigmoid", lambda x, dy: (dy * s(x) * (s(x) - 1),), "sign", "wrong sign"),
    ("sigmoid", lambda x, dy: (dy * (1 - s(x)**2),), "mistake", "that is|local gradient of tanh"),
    ("sigmoid", lambda x, dy: (2 * dy * s(x) * (1 - s(x)),), "factor", "2 times too large"),
    ("affine", lambda X, W, b, dy: (dy @ W, X.T @ dy, dy.sum(axis=0)), "mistake",
     r"y, dW and db are right, dX is not.*missing transpose: dX = dy @ W\.T.*With 4 examples.*even stops: ValueError"),
    ("affine", lambda X, W, b, dy: (dy @ W.T, X @ dy, dy.sum(axis=0)), "mistake", r"missing transpose: dW = X\.T @ dy"),
    ("affine", lambda X, W, b, dy: (dy @ W, X @ dy, dy.sum(axis=0)), "mistake",
     "dX: missing transpose.*dW: missing transpose"),
    ("affine", lambda X, W, b, dy: (-dy @ W, X.T @ dy, dy.sum(axis=0)), "mistake",
     "missing transpose.*And then: every number has the wrong sign"),
    ("affine", lambda X, W, b, dy: (W.T @ dy, X.T @ dy, dy.sum(axis=0)), "mistake", "dX: the factors are exchanged"),
    ("affine", lambda X, W, b, dy: (dy @ W.T, dy @ X.T, dy.sum(axis=0)), "mistake", "dW: the factors are exchanged"),
    ("affine", lambda X, W, b, dy: (dy @ W.T, dy.T @ X, dy.sum(axis=0)), "shape", r"dW has shape \(5, 3\).*Transposed"),
    ("affine", lambda X, W, b, dy: (dy @ W.T, X.T @ dy, dy.sum(axis=1)), "axis", "db: wrong axis of the sum"),
    ("affine", lambda X, W, b, dy: (dy @ W.T, X.T @ dy, dy.mean(axis=0)), "factor", "mean is taken, not the sum"),
    ("affine", lambda X, W, b, dy: (dy @ W.T, X.T @ dy, dy), "shape", "the sum is missing: b is used in all N rows"),
    ("affine", lambda X, W, b, dy: (dy @ W.T, X.T @ dy, dy.sum()), "axis", "wrong axis of the sum: everything"),
    ("affine", lambda X, W, b, dy: (dy @ W.T, X.T @ dy, dy[-1]), "missing", "overwritten fork"),
    ("affine", lambda X, W, b, dy: (dy @ W.T, X.T @ dy, b), "differs", "db"),
    ("affine", lambda X, W, b, dy: (dy @ W.T, X.T @ dy / len(X), dy.sum(axis=0)), "factor", "dW.*divided by N once"),
    ("affine", lambda X, W, b, dy: (np.ones_like(dy) @ W.T, X.T @ np.ones_like(dy), np.full(b.shape, len(X))),
     "missing", f"dX: {FORGOTTEN}.*dW: {FORGOTTEN}.*db: {FORGOTTEN}"),
    ("cross_entropy", lambda q, y, d: (d * (p(q) - hot(q, y)),), "factor", r"N times too large.*missing 1/N"),
    ("cross_entropy", lambda q, y, d: (d * p(q) / len(q),), "missing", "the -1 at the true class is missing"),
    ("cross_entropy", lambda q, y, d: ((p(q) - hot(q, y)) / len(q),), "missing", f"{FORGOTTEN}: d has"),
    ("cross_entropy", lambda q, y, d: (p(q) - hot(q, y),), "missing", f"{FORGOTTEN}.*And then: .*missing 1/N"),
    ("cross_entropy", lambda q, y, d: (p(q) / len(q),), "missing", f"{FORGOTTEN}.*And then: the -1 at the true class"),
    ("cross_entropy", lambda q, y, d: (d * (p(q, axis=0) - hot(q, y)) / len(q),), "axis", "wrong axis of the sum"),
    ("cross_entropy", lambda q, y, d: (d * (p(q) * (1 - hot(q, y)) - hot(q, y)) / len(q),), "mistake", "-1 replaces"),
    ("cross_entropy", lambda q, y, d: (d * (p(q) - hot(q, y).max(axis=0)) / len(q),), "mistake", "whole columns"),
    ("cross_entropy", lambda q, y, d: (d * (hot(q, y) - p(q)) / len(q),), "sign", "wrong sign"),
    ("cross_entropy", lambda q, y, d: (d * (p(q) + hot(q, y)) / len(q),), "sign", "-1 at the true class has the wrong"),
    ("cross_entropy", lambda q, y, d: (d * (p(q) - hot(q, y)) / q.shape[1],), "differs", "dscores"),
]


@pytest.mark.parametrize(("name", "gradients", "kind", "words"), WRONG,
                         ids=[f"{name}-{kind}-{i}" for i, (name, _, kind, _) in enumerate(WRONG)])
def test_wrong_gradient(name, gradients, kind, words):
    answer = backwards(ANSWERS[name], gradients)
    found = verdict(name, answer)
    assert found.kind == kind, found.text
    assert re.search(words, found.text, re.DOTALL), found.text
    assert found == verdict(name, answer)                       # the same words every time
    assert not re.search(r"0x[0-9a-f]{6}|nan%|\d\.\d{7}", found.text)


def value(answer, change):
    """Wrong in its value, right in its gradients."""
    return lambda *arrays: (change(answer(*arrays)[0], *arrays), answer(*arrays)[1])


VALUES = [
    ("mul", value(mul, lambda z, x, y: x + y), "mistake", "dx and dy are right, the product z is not.*this is the sum"),
    ("max", value(maximum, lambda z, x, y: np.minimum(x, y)), "mistake", "the smaller of the two"),
    ("max", value(maximum, lambda z, x, y: max(x.max(), y.max())), "shape", r"z has shape \(\), expected \(4, 3\)"),
    ("sigmoid", value(sigmoid, lambda y, x: 1 - y), "sign", "wrong sign in the exponent"),
    ("sigmoid", value(sigmoid, lambda y, x: np.tanh(x)), "mistake", "tanh"),
    ("sigmoid", overflowing_sigmoid, "mistake", "numbers are right, but no warning was the task.*-1000.*overflow"),
    ("sigmoid", infinite_sigmoid, "not_finite", "holds NaN with x as far out as -1000 and 1000.*divide 1 instead"),
    ("affine", value(affine, lambda y, X, W, b: X @ W), "missing", "y: b is missing"),
    ("affine", value(affine, lambda y, X, W, b: X @ W - b), "sign", "b has the wrong sign"),
    ("affine", value(affine, lambda y, X, W, b: X @ W.T + b), "mistake", "W is transposed"),
    ("cross_entropy", value(cross_entropy, lambda loss, q, y: loss * len(y)), "factor",
     r"dscores is right, the loss is not.*missing 1/N"),
    ("cross_entropy", value(cross_entropy, lambda loss, q, y: -loss), "sign", "the loss has the wrong sign"),
    ("cross_entropy", value(cross_entropy, lambda loss, q, y: np.full(len(y), loss)), "shape", "expected one number"),
    ("cross_entropy", unstable, "not_finite",
     "dscores holds NaN with scores around 1000.*The other cases are right.*its own largest score.*RuntimeWarning"),
    ("cross_entropy", unstable_and_no_mean, "factor", r"missing 1/N.*Besides, dscores holds NaN"),
]


@pytest.mark.parametrize(("name", "answer", "kind", "words"), VALUES,
                         ids=[f"{name}-{kind}-{i}" for i, (name, _, kind, _) in enumerate(VALUES)])
def test_wrong_value(name, answer, kind, words):
    found = verdict(name, answer)
    assert found.kind == kind, found.text
    assert re.search(words, found.text, re.DOTALL), found.text


# -- every mistake of the tables ---------------------------------------------------------------------------------------

KNOWN = [pytest.param(EXERCISES[name], output, mistake, id=f"{name}-{output.name}-{i}")
         for name in CONTRACT for output in EXERCISES[name].outputs for i, mistake in enumerate(output.mistakes)]


def answer_with(exercise, output, mistake):
    """An operation that makes one mistake in one output and is right in the others."""
    def part(one, args):
        return with_mistake(one, mistake, args) if one is output else one.right(args)

    def answer(*arrays):
        def back(upstream=1.0):
            return tuple(part(one, (*arrays, upstream)) for one in exercise.outputs[1:])
        return part(exercise.outputs[0], (*arrays, np.nan)), back
    return answer


@pytest.mark.parametrize(("exercise", "output", "mistake"), KNOWN)
def test_known_mistake_is_called_by_its_own_name(exercise, output, mistake):
    found = verdict(exercise.name, answer_with(exercise, output, mistake))
    assert (found.kind, mistake.text in found.text) == (mistake.kind, True), found.text
    assert f", {output.words} is not.\n" in found.text


def test_the_kinds_are_known():
    assert {mistake.kind for param in KNOWN for mistake in param.values[2:]} <= set(KINDS)


# -- nothing escapes ---------------------------------------------------------------------------------------------------

STRANGE = [0, 1.5, True, "text", b"bytes", [], (), {}, set(), object(), int, len, print, np.float32(2), np.array(3.0),
           np.array(["a"]), np.array([None, 1]), np.array([1j]), np.zeros((0, 3)), np.zeros((2, 2, 2)), np.nan, np.inf,
           np.full((4, 3), np.nan), np.ma.masked_array([1.0], [True]), range(3), iter([1, 2]), Ellipsis, NotImplemented,
           lambda: None, lambda *a: a, lambda d=1.0: 1 / 0, ValueError("no"), [[1, 2], [3]], (None, None), "back",
           np.zeros((4, 3), dtype=[("a", float)]), np.array("2020-01-01", dtype="datetime64[D]")]


@pytest.mark.parametrize("strange", STRANGE, ids=range(len(STRANGE)))
@pytest.mark.parametrize("name", CONTRACT)
def test_strange_returns_get_a_verdict(name, strange, capsys):
    exercise = EXERCISES[name]

    def back(*upstream):
        return (strange,) * (len(exercise.outputs) - 1)

    answers = [strange, lambda *arrays: strange, lambda *arrays: (strange, back), lambda *arrays: (strange, strange),
               lambda *arrays: (arrays[0], lambda *upstream: strange), lambda *arrays: [arrays[0], back],
               lambda *arrays: (arrays[0], strange)]
    for answer in answers:
        assert verdict(name, answer).kind in set(KINDS) - {"exact", "unknown"}
        assert check(name, answer) is None
        assert "could not be judged" not in capsys.readouterr().out


def test_keyboard_interrupt_in_back_passes_through():
    def waits(dz):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("mul", lambda x, y: (x * y, waits))


@pytest.mark.parametrize("problem", [RecursionError, MemoryError, SystemExit, AssertionError])
def test_no_error_of_back_escapes(problem):
    def stops(dz):
        raise problem

    found = verdict("mul", lambda x, y: (x * y, stops))
    assert (found.kind, problem.__name__ in found.text) == ("raised", True)


@pytest.mark.parametrize("name", CONTRACT)
def test_first_case_has_a_length_of_its_own_for_every_axis(name):
    exercise = EXERCISES[name]
    sizes = [size for axis, size in exercise.sizes(exercise.cases[0]).items() if axis.isupper()]
    assert len(set(sizes)) == len(sizes)
    assert len({case.label for case in exercise.cases}) == len(exercise.cases)
    assert not np.any(exercise.cases[0].args[-1] == 1)          # a 1 would hide that the upstream gradient is ignored


def test_a_loss_is_asked_with_and_without_the_upstream_gradient():
    assert {case.args[-1] == 1 for case in EXERCISES["cross_entropy"].cases} == {True, False}
