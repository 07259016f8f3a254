"""remembered: every array that a back keeps alive, once."""

import numpy as np
import pytest

from cs231n_helpers import ops
from cs231n_helpers.graph import Var, remembered


def test_what_affine_and_mul_remember(rng):
    X, W, b = rng.standard_normal((5, 4)), rng.standard_normal((4, 3)), rng.standard_normal(3)
    assert sorted(remembered(ops.affine(X, W, b)[1])) == [("W", (4, 3), 96), ("X", (5, 4), 160)]
    assert sorted(remembered(ops.mul(X, 2 * X)[1])) == [("x", (5, 4), 160), ("y", (5, 4), 160)]
    assert remembered(ops.neg(X)[1]) == []


def test_relu_remembers_one_array_of_its_shape(rng):
    [(_, shape, size)] = remembered(ops.relu(rng.standard_normal((10, 4)))[1])
    assert shape == (10, 4) and size in (40, 320)              # a mask of bools, or the values


def test_an_array_is_counted_once_however_it_is_named(rng):
    X = rng.standard_normal((6, 4))

    def op(X):
        same, view, turned = X, X[:, 1:], X.T
        return X, lambda dy: (dy * same + view.sum() + turned.sum(),)
    [(_, shape, size)] = remembered(op(X)[1])
    assert shape == (6, 4) and size == 192
    assert len(remembered(ops.mul(X, X)[1])) == 1


def test_a_view_keeps_the_whole_array_alive():
    whole = np.zeros((1000, 8))

    def op(x):
        return x, lambda dy: (dy * x,)
    assert remembered(op(whole[:2])[1]) == [("x", (1000, 8), 64000)]
    assert remembered(op(np.broadcast_to(np.ones(8), (1000, 8)))[1]) == [("x", (8,), 64)]


def test_nested_functions_collections_and_defaults_are_looked_into():
    def loss(X, mask):
        def inner(d):
            return d * X
        parts = {"mask": mask, "pair": [np.ones(2), (np.ones(3),)]}
        four, five = np.ones(4), np.ones(5)
        back = lambda d, weights=four, *, bias=five: (inner(d) * parts["mask"], weights, bias)
        return 0.0, back
    found = remembered(loss(np.ones((2, 2)), np.ones((2, 2), bool))[1])
    assert sorted(size for _, _, size in found) == [4, 16, 24, 32, 32, 40]
    assert {"X", "mask", "weights", "bias"} <= {name for name, _, _ in found}


def test_functions_that_remember_themselves_and_variables_never_set():
    def op(x):
        def back(dy):
            return (dy * x, later) if dy is None else back(None)
        if x is None:
            later = 1
        return x, back
    assert remembered(op(np.ones(2))[1]) == [("x", (2,), 16)]


def test_remembered_wants_a_function():
    with pytest.raises(TypeError, match=r"back must be a function.*got tuple"):
        remembered((np.ones(2),))


def test_remembered_of_a_recorded_operation(rng):
    X, W = Var(rng.standard_normal((5, 4))), Var(rng.standard_normal((4, 3)))
    assert {shape for _, shape, _ in remembered((X @ W).back)} == {(5, 4), (4, 3)}
