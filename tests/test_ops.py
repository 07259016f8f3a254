"""Operations under the one contract; the list of ops is taken from the module."""

import numpy as np
import pytest

from cs231n_helpers import gradients, ops

EXAMPLES = {"affine": [[(5, 4), (4, 3), (3,)], [(1, 1), (1, 1), (1,)], [(7, 2), (2, 6), (6,)]]}


def arrays(shapes, rng, dtype=float):
    made = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    for array in made:
        array.setflags(write=False)
    return made


def test_every_op_of_the_module_is_tested_here():
    assert set(ops.__all__) == EXAMPLES.keys()


@pytest.mark.parametrize(("name", "shapes"), [(name, shapes) for name, sets in EXAMPLES.items() for shapes in sets])
def test_gradients(name, shapes, rng):
    report = gradients.check(getattr(ops, name), *arrays(shapes, rng))
    assert report["worst"] < 1e-7, report["verdict"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_contract(name, rng):
    inputs = arrays(EXAMPLES[name][0], rng, np.float32)
    y, back = getattr(ops, name)(*inputs)
    given = back(np.ones_like(y))
    assert isinstance(given, tuple) and y.dtype == np.float32
    assert [g.shape for g in given] == [a.shape for a in inputs]
    assert all(g.dtype == np.float32 for g in given)


def test_affine_equals_loops(rng):
    X, W, b = arrays([(3, 4), (4, 2), (2,)], rng)
    y, back = ops.affine(X, W, b)
    expected = [[sum(X[i, d] * W[d, c] for d in range(4)) + b[c] for c in range(2)] for i in range(3)]
    np.testing.assert_allclose(y, expected)
    dy = rng.standard_normal((3, 2))
    dX, dW, db = back(dy)
    np.testing.assert_allclose(dX[1, 2], sum(dy[1, c] * W[2, c] for c in range(2)))
    np.testing.assert_allclose(dW[3, 1], sum(dy[i, 1] * X[i, 3] for i in range(3)))
    np.testing.assert_allclose(db, [sum(dy[:, 0]), sum(dy[:, 1])])


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ([(2, 4), (5, 3), (3,)], r"X has 4 features per row but W expects 5; shapes \(2, 4\) and \(5, 3\).*forget"),
        ([(2, 4), (3, 4), (3,)], r"W\.T"),
        ([(2, 4), (4, 3), (4,)], r"b must have shape \(3,\)"),
        ([(4,), (4, 3), (3,)], "X must have 2 axes"),
        ([(2, 4), (4, 3), (1, 3)], "b must have 1 axes"),
    ],
)
def test_shapes_that_do_not_fit_are_named(shapes, words, rng):
    with pytest.raises(ValueError, match=f"affine: .*{words}"):
        ops.affine(*arrays(shapes, rng))


def test_images_as_bytes_do_not_wrap_around():
    X = np.array([[200, 100]], np.uint8)
    np.testing.assert_array_equal(ops.affine(X, np.array([[1, 1], [1, -3]], np.int8), np.zeros(2))[0], [[300, -100]])
