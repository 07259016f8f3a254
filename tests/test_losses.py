"""Losses against loops, worked values and numerical gradients; the list of losses is taken from the module."""

import math

import numpy as np
import pytest
from scipy.special import log_softmax
from scipy.special import softmax as scipy_softmax

from cs231n_helpers import gradients, losses

CLASS_LOSSES = {"svm": losses.svm, "squared_hinge": losses.squared_hinge, "softmax": losses.softmax}
PENALTIES = {"l2": (0.7,), "l1": (0.3,), "elastic_net": (0.3, 0.7)}
TREE = losses.Tree(("L", "RRL", "RL", "RRR"))


def naive_hinge(scores, y, delta, power=1):
    total = 0.0
    for i in range(len(y)):
        for j in range(scores.shape[1]):
            if j != y[i]:
                total += max(0.0, float(scores[i, j]) - float(scores[i, y[i]]) + delta) ** power
    return total / len(y)


def examples(rng, n=7, classes=4, scale=1.0, dtype=float):
    scores, y = (scale * rng.standard_normal((n, classes))).astype(dtype), rng.integers(0, classes, n)
    scores.setflags(write=False)
    y.setflags(write=False)
    return scores, y


def frozen(*arrays):
    for array in arrays:
        array.setflags(write=False)
    return arrays


def signs(rng, n, attributes=3):
    return frozen(rng.standard_normal((n, attributes)), rng.choice([-1, 1], (n, attributes)))


def numbers(rng, n, *shape):
    return frozen(rng.standard_normal((n, *shape)), rng.standard_normal((n, *shape)))


def shares(rng, n, classes):
    return frozen(rng.standard_normal((n, classes)), rng.dirichlet(np.ones(classes), n))


def off_zero(rng, *shape):
    return frozen(rng.uniform(0.2, 1, shape) * rng.choice([-1, 1], shape))


EXAMPLES = {  # of every loss: pairs (arrays of n examples, settings); a loss without a row here fails the suite
    "svm": lambda rng, n: [(examples(rng, n), {}), (examples(rng, n, 10), {"delta": 2.5})],
    "squared_hinge": lambda rng, n: [(examples(rng, n), {}), (examples(rng, n, 10), {"delta": 2.5})],
    "softmax": lambda rng, n: [(examples(rng, n, 2), {}), (examples(rng, n, 10, scale=3), {})],
    "soft_softmax": lambda rng, n: [(shares(rng, n, 4), {}), (shares(rng, n, 3), {"temperature": 4.0}),
                                    (shares(rng, n, 2), {"temperature": 0.5})],
    "hierarchical_softmax": lambda rng, n: [
        ((examples(rng, n, 3)[0], rng.integers(0, 4, n)), {"tree": TREE}),
        ((examples(rng, n, 1)[0], rng.integers(0, 2, n)), {"tree": losses.Tree.balanced(2)}),
        ((examples(rng, n, 12)[0], rng.integers(0, 13, n)), {"tree": losses.Tree.balanced(13)})],
    "attributes": lambda rng, n: [(signs(rng, n), {}), (signs(rng, n, 1), {"form": "logistic"}),
                                  (signs(rng, n), {"form": "logistic"})],
    "l2_regression": lambda rng, n: [(numbers(rng, n, 3), {}), (numbers(rng, n), {}),
                                     ((numbers(rng, n, 3)[0], rng.integers(-3, 4, (n, 3))), {})],
    "l1_regression": lambda rng, n: [(numbers(rng, n, 3), {}), (numbers(rng, n), {}),
                                     ((numbers(rng, n, 3)[0], rng.integers(-3, 4, (n, 3))), {})],
    "l2": lambda rng, n: [(off_zero(rng, n, 3), {"strength": 0.7}), (off_zero(rng, n), {"strength": 0.0})],
    "l1": lambda rng, n: [(off_zero(rng, n, 3), {"strength": 0.3}), (off_zero(rng, 2, n, 2), {"strength": 0.3})],
    "elastic_net": lambda rng, n: [(off_zero(rng, n, 3), {"l1_strength": 0.3, "l2_strength": 0.7})],
}  # fmt: skip
PER_EXAMPLE = sorted(EXAMPLES.keys() - PENALTIES.keys())


def cases(rng, name, n=5):
    return [(getattr(losses, name), *case) for case in EXAMPLES[name](rng, n)]


def test_every_loss_of_the_module_is_tested_here():
    assert set(losses.__all__) == EXAMPLES.keys() and len(losses.__all__) == len(EXAMPLES)


@pytest.mark.parametrize("n", [1, 5, 12])
@pytest.mark.parametrize("name", EXAMPLES)
def test_gradients(name, n, rng):
    for loss, arrays, settings in cases(rng, name, n):
        report = gradients.check(loss, *arrays, **settings)
        assert report["passed"] and report["kinks"] == 0, report["verdict"]
        floats = [array for array in arrays if array.dtype.kind == "f"]
        assert len(report["analytic"]) == len(floats)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_upstream_gradient_scales_the_gradient_and_back_can_be_called_twice(name, rng):
    for loss, arrays, settings in cases(rng, name):
        _, back = loss(*arrays, **settings)
        first = [gradient.copy() for gradient in back()]
        for once, again, thrice in zip(first, back(), back(3.0)):
            np.testing.assert_array_equal(once, again)
            np.testing.assert_allclose(thrice, 3 * once)


@pytest.mark.parametrize("name", EXAMPLES)
def test_float32_stays_float32_and_the_loss_is_a_python_float(name, rng):
    for loss, arrays, settings in cases(rng, name):
        narrow = [a.astype(np.float32) if a.dtype.kind == "f" else a.astype(np.int8) for a in arrays]
        (value, back), (exact, exact_back) = loss(*narrow, **settings), loss(*arrays, **settings)
        assert type(value) is float and value == pytest.approx(exact, rel=1e-4, abs=1e-6)
        for gradient, wide in zip(back(), exact_back(), strict=True):
            assert gradient.dtype == np.float32 and wide.dtype == np.float64
            np.testing.assert_allclose(gradient, wide, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", PER_EXAMPLE)
def test_the_mean_does_not_depend_on_how_often_the_batch_is_repeated(name, rng):
    for loss, arrays, settings in cases(rng, name):
        (value, back), (twice, twice_back) = (loss(*a, **settings) for a in (arrays, [np.concatenate([x, x])
                                                                                      for x in arrays]))
        assert twice == pytest.approx(value)
        np.testing.assert_allclose(twice_back()[0], np.concatenate([back()[0], back()[0]]) / 2)


@pytest.mark.parametrize("name", PER_EXAMPLE)
def test_the_loss_is_the_mean_of_the_losses_of_single_examples(name, rng):
    for loss, arrays, settings in cases(rng, name):
        each = [loss(*(a[i:i + 1] for a in arrays), **settings)[0] for i in range(len(arrays[0]))]
        assert loss(*arrays, **settings)[0] == pytest.approx(np.mean(each))


@pytest.mark.parametrize("delta", [0.0, 1.0, 2.5])
@pytest.mark.parametrize("shape", [(1, 2), (7, 4), (50, 10), (3, 1)])
def test_hinge_losses_equal_two_loops(shape, delta, rng):
    scores, y = examples(rng, *shape)
    assert losses.svm(scores, y, delta)[0] == pytest.approx(naive_hinge(scores, y, delta), rel=1e-12, abs=1e-12)
    squared = losses.squared_hinge(scores, y, delta)[0]
    assert squared == pytest.approx(naive_hinge(scores, y, delta, power=2), rel=1e-12, abs=1e-12)


def test_svm_by_hand():
    assert losses.svm(np.array([[13.0, -7, 11]]), [0], delta=10)[0] == 8
    np.testing.assert_array_equal(losses.svm_terms(np.array([[13.0, -7, 11]]), [0], 10), [[0, 0, 8]])
    assert losses.svm(np.zeros((5, 10)), [0, 1, 2, 3, 4])[0] == 9  # C - 1 with all scores equal
    [dscores] = losses.svm(np.zeros((2, 3)), [0, 2])[1]()
    np.testing.assert_allclose(dscores, [[-1, 0.5, 0.5], [0.5, 0.5, -1]])


def test_squared_hinge_by_hand():
    s = np.array([[3.0, 1, -5]])
    assert losses.squared_hinge(s, [0])[0] == 0                             # max(0, .)^2: both margins are kept
    misplaced = np.maximum(0, (s - s[:, [0]] + 1) ** 2)[0, 1:].sum()
    assert misplaced == 50                                                  # max(0, (.)^2) punishes what is right
    assert losses.squared_hinge(s, [1])[0] == 9                             # (3 - 1 + 1)^2, and max(0, -5)^2
    np.testing.assert_array_equal(losses.squared_hinge(s, [1])[1]()[0], [[6, -6, 0]])
    assert losses.squared_hinge(np.zeros((5, 10)), [0, 1, 2, 3, 4], delta=2)[0] == 9 * 4


@pytest.mark.parametrize("shape", [(1, 2), (7, 4), (50, 10), (3, 1)])
@pytest.mark.parametrize("scale", [1, 30, 1000])
def test_softmax_equals_scipy(shape, scale, rng):
    scores, y = examples(rng, *shape, scale=scale)
    expected = -log_softmax(scores, axis=1)[np.arange(len(y)), y].mean()
    assert losses.softmax(scores, y)[0] == pytest.approx(expected, rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(losses.probabilities(scores), scipy_softmax(scores, axis=1), rtol=1e-9, atol=1e-300)


def test_softmax_by_hand():
    np.testing.assert_allclose(losses.probabilities(np.array([[1.0, -2, 0]])).round(2), [[0.71, 0.04, 0.26]])
    np.testing.assert_allclose(losses.probabilities(np.array([[0.5, -1, 0]])).round(2), [[0.55, 0.12, 0.33]])
    assert losses.softmax(np.zeros((4, 10)), [1, 2, 3, 4])[0] == pytest.approx(math.log(10), rel=1e-12)
    assert losses.softmax(np.array([[123.0, 456, 789]]), [0])[0] == pytest.approx(666, rel=1e-12)


@pytest.mark.parametrize("extreme", [1e4, -1e4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_scores_give_finite_losses_and_gradients(extreme, dtype):
    scores = np.array([[extreme, 0, 1], [0, extreme, 1]], dtype)
    for loss in CLASS_LOSSES.values():
        value, back = loss(scores, [1, 1])
        [dscores] = back()
        assert np.isfinite(value) and np.isfinite(dscores).all() and dscores.dtype == dtype
        np.testing.assert_allclose(dscores.sum(axis=1), 0, atol=1e-6)  # what rivals lose the true class gains


BAD = [
    ((np.zeros((2, 3)), [0, 3]), ValueError, r"y\[1\] = 3, need 0 <= y < 3"),
    ((np.zeros((2, 3)), [0, -1]), ValueError, r"y\[1\] = -1"),
    ((np.zeros((2, 3)), [[0], [1]]), ValueError, r"\(2, 1\).*ravel"),
    ((np.zeros((2, 3)), [0.0, 1.0]), TypeError, "whole numbers"),
    ((np.zeros((2, 3)), [0]), ValueError, "1 labels for 2 examples"),
    ((np.zeros(3), [0]), ValueError, r"shape \(3,\)"),
    ((np.zeros((0, 3)), np.zeros(0, int)), ValueError, "N >= 1"),
    ((np.array([[np.inf, 0]]), [0]), ValueError, "not finite"),
]


@pytest.mark.parametrize("name", CLASS_LOSSES)
@pytest.mark.parametrize(("arguments", "error", "words"), BAD)
def test_bad_input_is_refused_in_words(name, arguments, error, words):
    with pytest.raises(error, match=f"(?s){name}.*{words}"):
        CLASS_LOSSES[name](*arguments)


def test_settings_out_of_range_are_refused():
    for loss in (losses.svm, losses.squared_hinge):
        with pytest.raises(ValueError, match="delta must be at least 0"):
            loss(np.zeros((1, 2)), [0], delta=-1)


@pytest.mark.parametrize("extreme", [1e4, -1e4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_scores_of_the_other_losses_are_finite_without_a_warning(extreme, dtype):
    scores = np.full((2, 3), extreme, dtype)
    cases = [(losses.hierarchical_softmax, [0, 3], {"tree": TREE}), (losses.attributes, np.ones((2, 3), int), {}),
             (losses.attributes, -np.ones((2, 3), int), {"form": "logistic"}),
             (losses.l2_regression, np.zeros((2, 3), dtype), {}), (losses.l1_regression, np.zeros((2, 3), dtype), {})]
    with np.errstate(all="raise"):
        for loss, y, settings in cases:
            value, back = loss(scores, y, **settings)
            assert np.isfinite(value) and all(np.isfinite(gradient).all() for gradient in back())
        np.testing.assert_allclose(losses.tree_probabilities(scores, TREE).sum(axis=1), 1)
    assert losses.attributes(scores, np.sign(scores).astype(int), form="logistic")[0] == 0
