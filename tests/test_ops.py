"""Operations under the one contract; the list of ops is taken from the module, so each of them has to stand here."""

import copy
import math
import statistics
import weakref

import naive
import numpy as np
import pytest
from scipy.special import expit

from cs231n_helpers import gradients, ops


def example(*shapes, low=-3.0, high=3.0, **settings):
    """Shapes of the arrays of one call, the range their values come from, and the settings."""
    return shapes, low, high, settings


def two_arrays(**values):
    """Equal shapes, numbers, and every way to broadcast: x, y, or both of them, new axes or axes of length 1."""
    return [example(x, y, **values) for x, y in [((2, 3), (2, 3)), ((), ()), ((2, 3), (3,)), ((), (2, 2)), ((5,), (1,)),
                                                 ((4, 1), (1, 3)), ((3,), (2, 1, 3)), ((1, 2, 1), (3, 1, 4))]]


def one_array(**values):
    return [example(shape, **values) for shape in [(), (5,), (2, 3), (2, 1, 4)]]


def along_axes():
    return [*one_array(), example((3, 4), axis=0), example((3, 4), axis=-1), example((2, 3, 4), axis=(0, 2)),
            example((2, 3, 4), axis=(2, 1)), example((2, 3), axis=())]


MEAN, VAR = np.array([0.5, -1.0, 2.0]), np.array([0.3, 1.5, 4.0])
EXAMPLES = {
    "add": two_arrays(), "sub": two_arrays(), "mul": two_arrays(), "maximum": two_arrays(),
    "neg": one_array(), "exp": one_array(), "log": one_array(low=0.3),
    "reciprocal": [*one_array(low=0.3), example((4,), low=-3, high=-0.3)],
    "power": [*one_array(exponent=3), *one_array(low=0.3, exponent=0.5), example((4,), exponent=0),
              example((4,), exponent=1), example((3, 2), low=-3, high=-0.3, exponent=-2)],
    "max": along_axes(), "sum": along_axes(),
    "matmul": [example(*shapes) for shapes in [
        ((3, 4), (4, 2)), ((1, 1), (1, 1)), ((3, 4), (4,)), ((4,), (4, 2)), ((4,), (4,)), ((2, 3, 4), (4, 2)),
        ((2, 3, 4), (2, 4, 2)), ((5, 1, 2, 3), (4, 3, 2)), ((2, 3, 4), (4,)), ((3,), (2, 3, 2))]],
    "affine": [example((5, 4), (4, 3), (3,)), example((1, 1), (1, 1), (1,)), example((7, 2), (2, 6), (6,))],
    "relu": one_array(), "sigmoid": one_array(), "tanh": one_array(), "relu6": one_array(low=-4, high=11),
    "leaky_relu": [*one_array(), example((3, 4), alpha=0.2), example((6,), alpha=0), example((6,), alpha=-1)],
    "maxout": [example((4,)), example((3, 6), pieces=3), example((2, 3, 4)), example((2, 3), pieces=1)],
    "dropout": [*one_array(keep=0.5), example((4, 5), keep=0.8, rng=np.random.default_rng(1)),
                example((20,), keep=0.3, rng=np.random.default_rng(2)),
                example((), keep=1, rng=np.random.default_rng(3))],
    "batch_norm": [example((5, 3), (3,), (3,)), example((2, 1), (1,), (1,)), example((2, 3, 2, 4), (4,), (4,), eps=0.1),
                   example((1, 2, 2, 3), (3,), (3,)), example((4, 3), (3,), (3,), mean=MEAN, var=VAR),
                   example((1, 3), (3,), (3,), mean=MEAN, var=VAR), example((1, 2, 3), (3,), (3,), mean=MEAN, var=VAR)],
    "layer_norm": [example((4, 5), (5,), (5,)), example((6,), (6,), (6,)), example((2, 3, 4), (4,), (4,), eps=0.1),
                   example((1, 2), (2,), (2,))],
    "conv2d": [example((2, 4, 5, 2), (3, 3, 2, 3), (3,), pad=1), example((1, 1, 1, 1), (1, 1, 1, 1), (1,)),
               example((1, 5, 4, 3), (1, 1, 3, 2), (2,)), example((1, 7, 6, 1), (3, 2, 1, 2), (2,), stride=2),
               example((1, 5, 7, 2), (2, 3, 2, 1), (1,), stride=(3, 2), pad=((0, 2), (1, 0)), fit="floor"),
               example((1, 6, 6, 1), (3, 3, 1, 2), (2,), stride=2, fit="ceil"),
               example((2, 6, 5, 4), (3, 1, 2, 6), (6,), groups=2, dilation=(2, 1))],
    "depthwise_conv2d": [example((2, 4, 5, 3), (3, 3, 3), (3,), pad=1), example((1, 1, 1, 1), (1, 1, 1), (1,)),
                         example((1, 5, 6, 2), (3, 2, 2), (2,), stride=2),
                         example((1, 6, 6, 2), (2, 3, 2), (2,), stride=(1, 2), dilation=2, fit="floor")],
    "max_pool2d": [example((2, 4, 6, 2), size=2), example((1, 5, 5, 2), size=3, stride=2),
                   example((1, 6, 5, 1), size=3, stride=2, pad=1, fit="ceil"), example((1, 4, 3, 2), size=(2, 1)),
                   example((1, 5, 5, 1), size=2, fit="floor"), example((1, 4, 4, 2), size=1, stride=3)],
    "avg_pool2d": [example((2, 4, 6, 2), size=2), example((1, 5, 5, 2), size=3, stride=2),
                   example((1, 6, 5, 1), size=3, stride=2, pad=1, fit="ceil"), example((1, 4, 3, 2), size=(2, 1)),
                   example((1, 5, 5, 1), size=2, fit="floor")],
    "global_avg_pool": [example((2, 3, 4, 2)), example((1, 1, 1, 1)), example((3, 2, 5, 1))],
    "local_response_norm": [example((2, 2, 3, 6)), example((1, 2, 1, 4), size=3, alpha=0.3, k=1),
                            example((1, 1, 1, 1)), example((1, 2, 2, 3), size=9, alpha=0.1, beta=0.5, k=0.7)],
}  # fmt: skip
CASES = [pytest.param(name, *one, id=f"{name}-{'-'.join(map(str, one[0]))}-{list(one[3])}")
         for name, examples in EXAMPLES.items() for one in examples]
each = pytest.mark.parametrize(("name", "shapes", "low", "high", "settings"), CASES)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def frozen(array, dtype=None):
    array = np.array(array, dtype)
    array.setflags(write=False)
    return array


def arrays(shapes, rng, dtype=float, low=-3.0, high=3.0):
    """Read-only arrays whose values all differ, and lie off the round numbers: no two near a tie, none near a kink."""
    count = sum(math.prod(shape) for shape in shapes)
    values = iter(rng.permutation(np.linspace(low + 0.0123, high - 0.0171, count + 2)))
    return [frozen(np.reshape([next(values) for _ in range(math.prod(shape))], shape), dtype) for shape in shapes]


def call(name, inputs, settings):
    """The op on a copy of its random generator."""
    return getattr(ops, name)(*inputs, **copy.deepcopy(settings))


def like(y, rng):
    return frozen(rng.standard_normal(np.shape(y)), y.dtype)


def differences(name, inputs, settings, dy):
    """d sum(y * dy) / dx for each number, by a plain centred difference: the judge that is nobody's helper."""
    found = [np.zeros(x.shape) for x in inputs]
    for i, x in enumerate(inputs):
        for index in np.ndindex(x.shape):
            h, moved = 1e-5 * max(1.0, abs(x[index])), [x.copy(), x.copy()]
            moved[0][index] += h
            moved[1][index] -= h
            up, down = (call(name, [*inputs[:i], m, *inputs[i + 1:]], settings)[0] for m in moved)
            found[i][index] = np.sum((up - down) * dy) / (moved[0][index] - moved[1][index])
    return found


def test_every_op_of_the_module_is_tested_here():
    assert len(set(ops.__all__)) == len(ops.__all__)
    assert set(ops.__all__) == EXAMPLES.keys() == TRUTH.keys()
    assert all(len(examples) >= 3 for examples in EXAMPLES.values())
    assert all(callable(getattr(ops, name)) and getattr(ops, name).__name__ == name for name in ops.__all__)
    assert "unbroadcast" not in ops.__all__ and callable(ops.unbroadcast)


@each
def test_gradients_against_the_checker(name, shapes, low, high, settings, rng):
    report = gradients.check(getattr(ops, name), *arrays(shapes, rng, low=low, high=high), **settings)
    assert report["passed"] and report["kinks"] == 0, report["verdict"]
    assert report["worst"] < 1e-6 and max(report["norm_errors"]) < 1e-7, report["verdict"]


@each
def test_gradients_against_plain_differences(name, shapes, low, high, settings, rng):
    inputs = arrays(shapes, rng, low=low, high=high)
    y, back = call(name, inputs, settings)
    dy = like(y, rng)
    for a, n in zip(back(dy), differences(name, inputs, settings, dy), strict=True):
        assert np.linalg.norm(a - n) <= 1e-7 * max(np.linalg.norm(a), np.linalg.norm(n), 1e-2)
        assert (np.abs(a - n) <= 1e-9 + 1e-6 * np.maximum(np.abs(a), np.abs(n))).all()


@both_dtypes
@each
def test_the_contract(name, shapes, low, high, settings, dtype, rng):
    inputs = arrays(shapes, rng, dtype, low, high)
    y, back = call(name, inputs, settings)
    dy = like(y, rng)
    given = back(dy)
    assert y.dtype == dtype
    assert isinstance(given, tuple) and [g.shape for g in given] == [a.shape for a in inputs]
    assert all(g.dtype == dtype for g in given)
    assert all(np.array_equal(g, again) for g, again in zip(given, back(dy)))
    everything = [*given, y, dy, *inputs]
    assert not any(np.shares_memory(a, b) for i, a in enumerate(given) for b in everything[i + 1:])
    assert not any(np.shares_memory(y, a) for a in inputs)
    assert all(np.asarray(g).flags.writeable for g in given)


@each
def test_float32_and_float64_agree(name, shapes, low, high, settings, rng):
    exact = arrays(shapes, rng, np.float32, low, high)
    narrow, wide = call(name, exact, settings), call(name, [a.astype(float) for a in exact], settings)
    dy = like(narrow[0], rng)
    for a, b in zip([narrow[0], *narrow[1](dy)], [wide[0], *wide[1](dy.astype(float))]):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)


SATURATED = [-1000.0, -745.5, -740.0, -104.0, -88.0, -6.0, -1e-3, 0.0, 1e-3, 6.0, 88.0, 104.0, 709.0, 745.5, 1000.0]


@both_dtypes
@each
def test_saturated_inputs_stay_numbers(name, shapes, low, high, settings, dtype, rng):
    legal = [x for x in SATURATED if (low < 0 or x > 0) and (high > 0 or x < 0)]
    for flow in (0.0, 1.0, -0.3):
        inputs = [frozen(rng.choice(legal, shape), dtype) for shape in shapes]
        with np.errstate(all="raise"):                              # overflow, underflow, division, invalid: all errors
            y, back = call(name, inputs, settings)
            given = back(frozen(np.full(np.shape(y), flow), dtype))
        assert not any(np.isnan(a).any() for a in (y, *given))
        assert name == "exp" or all(np.isfinite(a).all() for a in (y, *given))


@both_dtypes
def test_saturated_values_are_the_limits(dtype):
    x, ones = frozen(SATURATED, dtype), np.ones(len(SATURATED), dtype)
    np.testing.assert_allclose(ops.sigmoid(x)[0], expit(x), rtol=1e-5 if dtype is np.float32 else 1e-14, atol=1e-37)
    with np.errstate(all="raise"):
        y, back = ops.sigmoid(x)
        assert y[0] == 0 and y[-1] == 1 and (np.diff(y) >= 0).all()
        assert back(ones)[0][[0, -1]].tolist() == [0, 0]
        assert ops.tanh(x)[1](ones)[0][[0, -1]].tolist() == [0, 0]
        y, back = ops.exp(x)
        assert y[0] == 0 and y[-1] == np.inf
        assert back(0 * ones)[0].tolist() == [0] * len(x)           # 0 * inf would be NaN
        assert back(-ones)[0][-1] == -np.inf


def test_a_sigmoid_of_gates_survives_the_overflow_of_exp(rng):
    x, backs = frozen([-1000.0, 1000.0, 1.0]), []
    for step in (ops.neg, ops.exp, lambda z: ops.add(z, 1), ops.reciprocal):
        x, back = step(x)
        backs.append(back)
    np.testing.assert_allclose(x, [0, 1, 0.7310585786300049])
    dx = np.ones(3)
    for back in reversed(backs):
        dx = back(dx)[0]
    np.testing.assert_allclose(dx, [0, 0, 0.19661193324148185])


def test_powers_of_extreme_numbers_are_quiet():
    with np.errstate(all="raise"):
        for exponent, expected in [(400, [np.inf, 0, 1]), (-400, [0, np.inf, 1]), (0, [1, 1, 1])]:
            y, back = ops.power(frozen([1000.0, 1e-3, 1.0]), exponent)
            assert y.tolist() == expected
            assert back(np.zeros(3))[0].tolist() == [0, 0, 0]
            assert back(np.ones(3))[0][2] == exponent
        y, back = ops.power(frozen([0.0, 0.0, 4.0]), 0.5)
        assert y.tolist() == [0, 0, 2] and back(np.array([0.0, 1.0, 1.0]))[0].tolist() == [0, np.inf, 0.25]
        assert ops.power(np.zeros(2), 0)[1](np.ones(2))[0].tolist() == [0, 0]
        assert ops.power(np.zeros(2), 1)[1](np.ones(2))[0].tolist() == [1, 1]
        y, back = ops.reciprocal(frozen([1e-200, 1e200]))
        assert back(np.zeros(2))[0].tolist() == [0, 0] and not np.isnan(back(np.ones(2))[0]).any()
        assert ops.log(np.array([5e-324]))[1](np.ones(1))[0].tolist() == [np.inf]


def loops(function):
    """Elementwise, by Python's own arithmetic."""
    return lambda *inputs, **settings: np.vectorize(lambda *numbers: float(function(*numbers, **settings)))(*inputs)


def reduced(function):
    """Over all elements, or along axes, with a loop over what is kept."""

    def truth(x, axis=None):
        axes = range(x.ndim) if axis is None else [a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))]
        kept = [n for a, n in enumerate(x.shape) if a not in axes]
        groups = {index: [] for index in np.ndindex(*kept)}
        for index in np.ndindex(x.shape):
            groups[tuple(i for a, i in enumerate(index) if a not in axes)].append(float(x[index]))
        return np.reshape([function(group) for group in groups.values()], kept)

    return truth


def matrix_product(x, y):
    letters = {1: "d", 2: "nd"}.get(x.ndim, "...nd"), {1: "d", 2: "dc"}.get(y.ndim, "...dc")
    out = ("..." if max(x.ndim, y.ndim) > 2 else "") + ("n" if x.ndim > 1 else "") + ("c" if y.ndim > 1 else "")
    return np.einsum(f"{letters[0]},{letters[1]}->{out}", x, y)


def affine_loops(X, W, b):
    return [[sum(X[i, d] * W[d, c] for d in range(len(W))) + b[c] for c in range(len(b))] for i in range(len(X))]


def maxout_loops(x, pieces=2):
    rows = x.reshape(-1, x.shape[-1])
    y = [[max(row[u * pieces:(u + 1) * pieces]) for u in range(len(row) // pieces)] for row in rows]
    return np.reshape(y, (*x.shape[:-1], -1))


def dropout_loops(x, keep, rng=None):
    drawn = None if rng is None else rng.random(x.shape, dtype=np.float32)
    return x if drawn is None else loops(lambda x, u: x / keep if u < keep else 0)(x, drawn)


def batch_norm_loops(x, gamma, beta, mean=None, var=None, eps=1e-5):
    y = np.empty(x.shape)
    for c in range(x.shape[-1]):
        column = x[..., c].ravel().tolist()
        m = statistics.fmean(column) if mean is None else mean[c]
        v = statistics.pvariance(column) if var is None else var[c]
        new = [gamma[c] * (value - m) / math.sqrt(v + eps) + beta[c] for value in column]
        y[..., c] = np.reshape(new, x.shape[:-1])
    return y


def layer_norm_loops(x, gamma, beta, eps=1e-5):
    y = np.empty(x.shape)
    for index in np.ndindex(x.shape[:-1]):
        row = x[index].tolist()
        m, s = statistics.fmean(row), math.sqrt(statistics.pvariance(row) + eps)
        y[index] = [g * (value - m) / s + b for value, g, b in zip(row, gamma, beta)]
    return y


TRUTH = {
    "add": loops(lambda x, y: x + y), "sub": loops(lambda x, y: x - y), "mul": loops(lambda x, y: x * y),
    "neg": loops(lambda x: -x), "reciprocal": loops(lambda x: 1 / x), "exp": loops(math.exp), "log": loops(math.log),
    "power": loops(lambda x, exponent: x ** exponent), "maximum": loops(lambda x, y: x if x > y else y),
    "max": reduced(max), "sum": reduced(math.fsum), "matmul": matrix_product, "affine": affine_loops,
    "relu": loops(lambda x: x if x > 0 else 0), "relu6": loops(lambda x: min(max(x, 0), 6)),
    "leaky_relu": loops(lambda x, alpha=0.01: x if x > 0 else alpha * x), "sigmoid": expit, "tanh": loops(math.tanh),
    "maxout": maxout_loops, "dropout": dropout_loops, "batch_norm": batch_norm_loops, "layer_norm": layer_norm_loops,
    "conv2d": naive.conv2d, "depthwise_conv2d": naive.depthwise_conv2d, "max_pool2d": naive.max_pool2d,
    "avg_pool2d": naive.avg_pool2d, "global_avg_pool": naive.global_avg_pool,
    "local_response_norm": naive.local_response_norm,
}  # fmt: skip


@each
def test_values_against_an_independent_truth(name, shapes, low, high, settings, rng):
    inputs = arrays(shapes, rng, low=low, high=high)
    y, truth = call(name, inputs, settings)[0], TRUTH[name](*inputs, **copy.deepcopy(settings))
    assert y.shape == np.shape(truth)
    np.testing.assert_allclose(y, truth, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("name", "inputs", "upstream", "y", "given"), [
    ("add", (-2.0, 5.0), -4.0, 3, (-4, -4)),                        # the circuit of the notes: f = (x + y) * z
    ("mul", (3.0, -4.0), 1.0, -12, (-4, 3)),
    ("mul", (3, -4), 2.0, -12, (-8, 6)),                            # whole numbers are numbers
    ("sub", (1.0, 4.0), 2.0, -3, (2, -2)),
    ("neg", (1.5,), 2.0, -1.5, (-2,)),
    ("maximum", (3.0, 2.0), 2.0, 3, (2, 0)),
    ("maximum", (2.0, 3.0), -2.0, 3, (0, -2)),
    ("reciprocal", (1.37,), 1.0, 0.7299270072992701, (-0.5327934359848696,)),
    ("exp", (-1.0,), -0.5327934359848696, 0.36787944117144233, (-0.19600375140221166,)),
    ("log", (4.0,), 2.0, 1.3862943611198906, (0.5,)),
    ("sigmoid", (1.0,), 1.0, 0.7310585786300049, (0.19661193324148185,)),
    ("sigmoid", (0.0,), 1.0, 0.5, (0.25,)),
    ("tanh", (0.0,), 3.0, 0, (3,)),
    ("relu", (-1.0,), 3.0, 0, (0,)),
    ("relu6", (7.0,), 3.0, 6, (0,)),
    ("leaky_relu", (-2.0,), 3.0, -0.02, (0.03,)),
    ("matmul", ([[1.0, 2.0]], [[3.0], [4.0]]), [[2.0]], [[11]], ([[6, 8]], [[2], [4]])),
    ("sum", ([[1.0, 2.0], [3.0, 4.0]],), 2.0, 10, ([[2, 2], [2, 2]],)),
    ("max", ([[1.0, 2.0], [9.0, 4.0]],), 2.0, 9, ([[0, 0], [2, 0]],)),
    ("maxout", ([1.0, 2.0, 4.0, 3.0],), [5.0, 7.0], [2, 4], ([0, 5, 7, 0],)),
])  # fmt: skip
def test_hand_worked_values(name, inputs, upstream, y, given):
    got, back = getattr(ops, name)(*inputs)
    np.testing.assert_allclose(got, y)
    for a, b in zip(back(upstream if np.ndim(upstream) == 0 else np.array(upstream)), given, strict=True):
        np.testing.assert_allclose(a, b)


def test_local_gradients_of_the_saturating_units_equal_the_formula(rng):
    x = np.linspace(-6, 6, 25)
    np.testing.assert_allclose(ops.sigmoid(x)[1](np.ones(25))[0], np.exp(-x) / (1 + np.exp(-x)) ** 2)
    np.testing.assert_allclose(ops.tanh(x)[1](np.ones(25))[0], 1 / np.cosh(x) ** 2)
    np.testing.assert_allclose(ops.tanh(x)[0], 2 * ops.sigmoid(2 * x)[0] - 1, atol=1e-15)


def test_ties_and_kinks():
    """At a tie the first of the largest receives all; at the kink a ReLU has the lesser of its two slopes."""
    kink, one = np.array([0.0, 0.0, 6.0]), np.array([5.0, 5.0, 5.0])
    dx, dy = ops.maximum(kink, kink)[1](one)
    assert (dx.tolist(), dy.tolist()) == ([5, 5, 5], [0, 0, 0])
    assert ops.maximum(0, kink[:2])[1](one[:2])[1].tolist() == [0, 0] == ops.relu(kink[:2])[1](one[:2])[0].tolist()
    assert ops.relu6(kink)[1](one)[0].tolist() == [0, 0, 0]
    assert ops.leaky_relu(kink, alpha=0.5)[1](one)[0].tolist() == [2.5, 2.5, 5]
    x = np.array([[1.0, 3.0, 3.0], [3.0, 2.0, 2.0]])
    assert ops.max(x)[1](1.0)[0].tolist() == [[0, 1, 0], [0, 0, 0]]
    assert ops.max(x, axis=1)[1](np.array([1.0, 2.0]))[0].tolist() == [[0, 1, 0], [2, 0, 0]]
    assert ops.max(x, axis=(1, 0))[1](1.0)[0].tolist() == [[0, 1, 0], [0, 0, 0]]        # the order of axes is no matter
    assert ops.maxout(np.array([7.0, 7.0, 1.0, 1.0, 1.0, 2.0]), 3)[1](np.ones(2))[0].tolist() == [1, 0, 0, 0, 0, 1]
    assert ops.maxout(np.full(4, 4.0), 4)[1](np.ones(1))[0].tolist() == [1, 0, 0, 0]
    assert ops.max(np.zeros((2, 2, 2)), axis=(0, 2))[1](np.ones(2))[0].sum(axis=(0, 2)).tolist() == [1, 1]


def test_no_gradient_of_a_gate_is_minus_zero():
    """-0.0 is right and reads wrong."""
    zeros = [ops.maximum(3.0, 2.0)[1](-1.0)[1], ops.maximum(2.0, 3.0)[1](-1.0)[0], ops.max([3.0, 2.0])[1](-1.0)[0][1]]
    assert not np.signbit(zeros).any()


@pytest.mark.parametrize(("name", "shapes", "settings"), [
    ("add", [(50,), (50,)], {}), ("sub", [(50,), (50,)], {}), ("neg", [(50,)], {}), ("maximum", [(50,), (50,)], {}),
    ("sum", [(50,)], {}), ("max", [(50,)], {}), ("relu", [(50,)], {}), ("relu6", [(50,)], {}), ("maxout", [(50,)], {}),
    ("sigmoid", [(50,)], {}), ("exp", [(50,)], {}),
    ("dropout", [(50,)], {"keep": 0.5, "rng": np.random.default_rng(0)}),
])  # fmt: skip
def test_back_keeps_no_input_alive_that_it_does_not_need(name, shapes, settings, rng):
    inputs = arrays(shapes, rng)
    watched = [weakref.ref(array) for array in inputs]
    _, back = getattr(ops, name)(*inputs, **settings)
    inputs.clear()
    assert [ref() for ref in watched] == [None] * len(watched), back


# dtype

@pytest.mark.parametrize("name", ["add", "sub", "mul", "maximum"])
@pytest.mark.parametrize("number", [2, 2.0, np.float64(2), np.array(2.0), np.int64(2)])
@pytest.mark.parametrize("first", [True, False])
def test_a_number_takes_the_dtype_of_the_array_it_meets(name, number, first):
    x = np.array([1.0, 3.0], np.float32)
    y, back = getattr(ops, name)(*((number, x) if first else (x, number)))
    assert y.dtype == np.float32 and [g.dtype for g in back(np.ones_like(y))] == [np.float32] * 2
    y, back = ops.mul(np.float32(3), 2)
    assert y.dtype == np.float32 and [g.dtype for g in back(np.float32(1))] == [np.float32] * 2
    assert ops.mul(np.float32(3), np.float64(2))[0].dtype == np.float64      # two single numbers: as in NumPy


@pytest.mark.parametrize("number", [np.float32(0.1), np.float64(0.1)])
def test_settings_do_not_change_the_dtype(number):
    x = np.ones((4, 2), np.float32)
    c = np.ones(2, np.float32)
    for y, back in (ops.leaky_relu(-x, alpha=number), ops.power(x, number), ops.layer_norm(x, c, c, eps=number),
                    ops.dropout(x, number, np.random.default_rng(0)), ops.batch_norm(x, c, c, eps=number),
                    ops.batch_norm(x, c, c, mean=[0, 1], var=np.ones(2), eps=number)):
        assert y.dtype == np.float32 and {g.dtype for g in back(y)} == {np.dtype(np.float32)}


def test_an_upstream_number_does_not_change_the_dtype():
    x = np.ones(3, np.float32)
    for op in (ops.sum, ops.max, lambda x: ops.matmul(x, x)):
        assert {g.dtype for g in op(x)[1](1.0)} == {np.dtype(np.float32)}


def test_whole_numbers_do_not_wrap_around():
    X = np.array([[200, 100]], np.uint8)
    np.testing.assert_array_equal(ops.affine(X, np.array([[1, 1], [1, -3]], np.int8), np.zeros(2))[0], [[300, -100]])
    assert ops.sub(np.uint8([3]), np.uint8([5]))[0].tolist() == [-2] and ops.neg(np.uint8([3]))[0].tolist() == [-3]
    assert ops.sum(X)[0] == 300 and ops.sum(X)[0].dtype == np.float32
    assert ops.mul(X, X)[1](np.ones((1, 2), np.float32))[0].tolist() == [[200, 100]]
    assert ops.reciprocal([2, 4])[0].tolist() == [0.5, 0.25] and ops.exp(0)[0] == 1
    assert ops.matmul(X, X.T)[0].tolist() == [[50000]]


@pytest.mark.parametrize("x", ["text", [1 + 2j], [None], [True]])
def test_what_is_no_number_is_refused(x):
    for op in (ops.exp, ops.relu, ops.sum, lambda x: ops.mul(x, 2.0), lambda x: ops.add(2.0, x)):
        with pytest.raises(TypeError, match=r"\w+: [xy] must hold real numbers"):
            op(x)


# the sum that undoes a broadcast

def test_unbroadcast_equals_loops(rng):
    dy = rng.standard_normal((2, 3, 4))
    np.testing.assert_allclose(ops.unbroadcast(dy, ()), dy.sum())
    np.testing.assert_allclose(ops.unbroadcast(dy, (4,)), [sum(dy[:, :, k].ravel()) for k in range(4)])
    np.testing.assert_allclose(ops.unbroadcast(dy, (3, 1)), [[sum(sum(plane[j]) for plane in dy)] for j in range(3)])
    np.testing.assert_allclose(ops.unbroadcast(dy, (2, 1, 4)), [[sum(plane)] for plane in dy])
    assert ops.unbroadcast(dy, (2, 3, 4)) is dy and ops.unbroadcast(2.0, ()) == 2
    assert [ops.unbroadcast(np.ones((1, 2)), shape).shape for shape in [(2,), (1, 2), (1, 1)]] == [(2,), (1, 2), (1, 1)]


@pytest.mark.parametrize(("dy", "shape"), [(np.ones(3), (2,)), (np.ones(3), (2, 3)), (1.0, (3,)),
                                           (np.ones((2, 3)), (2,)), (np.ones((1, 3)), (2, 3))])
def test_unbroadcast_refuses_what_no_broadcast_makes(dy, shape):
    with pytest.raises(ValueError, match=r"unbroadcast: dy has shape .* must have the shape of the op's result"):
        ops.unbroadcast(dy, shape)


# errors

@pytest.mark.parametrize("name", ["add", "sub", "mul", "maximum"])
def test_shapes_that_do_not_broadcast_are_named(name):
    words = rf"^{name}: x has shape \(2, 3\) and y has shape \(2,\), .*but 3 meets 2.*y\[:, None\]"
    with pytest.raises(ValueError, match=words):
        getattr(ops, name)(np.ones((2, 3)), np.ones(2))


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


@pytest.mark.parametrize(("shapes", "words"), [
    ([(2, 4), (5, 3)], r"last axis of x has length 4, but y expects 5; shapes \(2, 4\) and \(5, 3\).*\(N, D\) and \("),
    ([(2, 4), (3, 4)], r"y\.T"),
    ([(2, 4), (3,)], r"length 4, but y expects 3"),
    ([(), (2, 3)], "Use mul"),
    ([(2, 3), ()], "Use mul"),
    ([(2, 1, 3), (3, 3, 1)], r"stacks of x and y do not broadcast; shapes \(2, 1, 3\) and \(3, 3, 1\)"),
    ([(2, 1, 1, 3), (3, 2, 3, 1)], "stacks of x and y do not broadcast"),
])  # fmt: skip
def test_matrices_that_do_not_fit_are_named(shapes, words, rng):
    with pytest.raises(ValueError, match=f"^matmul: .*{words}"):
        ops.matmul(*arrays(shapes, rng))


C = np.ones(3)


@pytest.mark.parametrize(("attempt", "error", "words"), [
    (lambda: ops.log([[1.0, 2.0], [-3.0, 0.0]]), ValueError, r"^log: x\[1, 0\] = -3.0, need x > 0"),
    (lambda: ops.log(0.0), ValueError, r"^log: x = 0.0, need x > 0"),
    (lambda: ops.log(np.array([1.0, np.nan])), ValueError, r"^log: x\[1\] = nan"),
    (lambda: ops.reciprocal([1.0, 0.0, 0.0]), ValueError, r"^reciprocal: x\[1\] = 0.0, need x different from 0"),
    (lambda: ops.reciprocal(-0.0), ValueError, r"^reciprocal: x = -0.0"),
    (lambda: ops.power([4.0, -1.0], 0.5), ValueError, r"^power: x\[1\] = -1.0, need x >= 0 for the exponent 0.5"),
    (lambda: ops.power([4.0, 0.0], -1), ValueError, r"^power: x\[1\] = 0.0, need .* 0 for the exponent -1"),
    (lambda: ops.power([0.0], -0.5), ValueError, r"^power: x\[0\] = 0.0"),
    (lambda: ops.power([1.0], "2"), TypeError, "^power: exponent must be a number, got '2'"),
    (lambda: ops.power([1.0], np.ones(1)), TypeError, "^power: exponent must be a number"),
    (lambda: ops.max(C, axis=1), ValueError, "^max: axis must lie between -1 and 0, got 1"),
    (lambda: ops.sum(np.ones((2, 2)), axis=(0, -2)), ValueError, r"^sum: axis \(0, -2\) names one axis of x.*twice"),
    (lambda: ops.sum(C, axis=0.5), TypeError, "^sum: axis must be a whole number, got 0.5"),
    (lambda: ops.max(1.0, axis=0), ValueError, "^max: x is a single number and has no axis 0"),
    (lambda: ops.max(np.ones((2, 0)), axis=1), ValueError, r"^max: x has shape \(2, 0\), so there is nothing"),
    (lambda: ops.leaky_relu(C, alpha=None), TypeError, "^leaky_relu: alpha must be a number"),
    (lambda: ops.maxout(np.ones((2, 5))), ValueError, r"^maxout: .*units \* pieces.*pieces = 2, got shape \(2, 5\)"),
    (lambda: ops.maxout(1.0), ValueError, r"^maxout: .*got shape \(\)"),
    (lambda: ops.maxout(C, pieces=0), ValueError, "^maxout: pieces must be at least 1"),
    (lambda: ops.dropout(C, 0), ValueError, "^dropout: keep must be in 0 < keep <= 1.*got 0.0. Keeping none"),
    (lambda: ops.dropout(C, -0.1), ValueError, "^dropout: keep must be in 0 < keep <= 1.*got -0.1"),
    (lambda: ops.dropout(C, 1.5), ValueError, "^dropout: keep must be in 0 < keep <= 1.*got 1.5.*keep=1"),
    (lambda: ops.dropout(C, np.nan), ValueError, "^dropout: keep must be finite"),
    (lambda: ops.batch_norm(np.ones((1, 3)), C, C), ValueError, r"^batch_norm: x has shape \(1, 3\), .* one value"),
    (lambda: ops.batch_norm(np.ones((0, 3)), C, C), ValueError, r"^batch_norm: x has shape \(0, 3\), .* no value"),
    (lambda: ops.batch_norm(C, C, C), ValueError, r"^batch_norm: x must have shape \(N, ...*x\[None, :\]"),
    (lambda: ops.batch_norm(np.ones((2, 4)), C, C), ValueError, r"^batch_norm: gamma must .*\(4,\).*got \(3,\)"),
    (lambda: ops.batch_norm(np.ones((2, 3)), C, 1.0), ValueError, r"^batch_norm: beta must .*\(3,\).*got \(\)"),
    (lambda: ops.batch_norm(np.ones((2, 3)), C, C, mean=C), ValueError, "^batch_norm: give .*; var is missing"),
    (lambda: ops.batch_norm(np.ones((2, 3)), C, C, var=C), ValueError, "^batch_norm: give .*; mean is missing"),
    (lambda: ops.batch_norm(np.ones((2, 3)), C, C, mean=C[:2], var=C), ValueError, r"mean must have shape \(3,\)"),
    (lambda: ops.batch_norm(np.ones((2, 3)), C, C, C, -C), ValueError, r"^batch_norm: var\[0\] = -1.0, need var >= 0"),
    (lambda: ops.batch_norm(np.ones((2, 3)), C, C, eps=0), ValueError, "^batch_norm: eps must be greater than 0"),
    (lambda: ops.layer_norm(np.ones((2, 3)), C, C, eps=-1), ValueError, "^layer_norm: eps must be greater than 0"),
    (lambda: ops.layer_norm(np.ones((2, 4)), C, C), ValueError, r"^layer_norm: gamma must have shape \(4,\)"),
    (lambda: ops.layer_norm(1.0, C, C), ValueError, r"^layer_norm: x must have shape \(..., D\)"),
])  # fmt: skip
def test_errors_name_the_op_the_argument_and_the_first_bad_value(attempt, error, words):
    with pytest.raises(error, match=words):
        attempt()


# dropout

def test_dropout_keeps_the_mean_and_the_way_back(rng):
    x = frozen(np.full(200_000, 2.0))
    y, back = ops.dropout(x, 0.7, rng)
    assert y.mean() == pytest.approx(2, abs=0.02) and (y != 0).mean() == pytest.approx(0.7, abs=0.005)
    np.testing.assert_allclose(np.unique(y), [0, 2 / 0.7])
    np.testing.assert_array_equal(back(x)[0], y)                    # the same mask, the same factor
    np.testing.assert_array_equal(back(x)[0], y)


def test_dropout_uses_its_generator_once_and_only_in_training():
    class Counted:
        calls = 0

        def random(self, *given, **settings):
            self.calls += 1
            return np.random.default_rng(5).random(*given, **settings)

    x, rng = frozen(np.linspace(-1, 1, 40)), Counted()
    y, back = ops.dropout(x, 0.5, rng)
    back(y), back(y)
    assert rng.calls == 1
    assert np.array_equal(y, ops.dropout(x, 0.5, np.random.default_rng(5))[0])
    assert not np.array_equal(y, ops.dropout(x, 0.5, np.random.default_rng(6))[0])
    assert np.array_equal(y != 0, ops.dropout(x.astype(np.float32), 0.5, np.random.default_rng(5))[0] != 0)
    assert np.array_equal(ops.dropout(x, 0.5)[0], x) and np.array_equal(ops.dropout(x, 1, Counted())[0], x)


# normalisation

@both_dtypes
def test_batch_norm_gives_mean_0_and_variance_1(dtype, rng):
    x = frozen(rng.normal([100, -3, 0], [50, 1, 7], (64, 5, 5, 3)), dtype)
    y = ops.batch_norm(x, np.ones(3, dtype), np.zeros(3, dtype))[0].reshape(-1, 3).astype(float)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(y.var(axis=0), 1, atol=1e-4)


def test_batch_norm_at_test_time_does_not_look_at_the_other_examples(rng):
    x, dy = rng.standard_normal((2, 6, 4))
    gamma, beta, mean, var = np.arange(1.0, 5), np.ones(4), rng.standard_normal(4), rng.uniform(0.5, 2, 4)
    together, back = ops.batch_norm(x, gamma, beta, mean, var)
    for i in range(6):
        alone, back_alone = ops.batch_norm(x[i:i + 1], gamma, beta, mean, var)
        np.testing.assert_array_equal(alone[0], together[i])
        np.testing.assert_array_equal(back_alone(dy[i:i + 1])[0][0], back(dy)[0][i])
    np.testing.assert_allclose(back(dy)[0], dy * gamma / np.sqrt(var + 1e-5))
    trained = ops.batch_norm(x, gamma, beta)[0]                     # in training it does
    assert not np.allclose(ops.batch_norm(x[:2], gamma, beta)[0], trained[:2])


def test_batch_norm_in_training_equals_its_own_statistics_given(rng):
    x, gamma, beta = rng.standard_normal((7, 3)), np.array([1.0, 2.0, -1.0]), np.array([0.0, 1.0, 5.0])
    given, _ = ops.batch_norm(x, gamma, beta, mean=x.mean(axis=0), var=x.var(axis=0))
    np.testing.assert_allclose(ops.batch_norm(x, gamma, beta)[0], given)


@both_dtypes
@pytest.mark.parametrize("value", [0.0, 0.1, 1000.0, -987.6])
def test_a_constant_feature_becomes_beta(value, dtype, rng):
    """In float32 a plain column mean of ten thousand 987.6 is off by more than the root of eps."""
    x, gamma, beta = np.full((10_000, 2), value, dtype), np.ones(2, dtype), np.array([3.0, -1.0], dtype)
    y, back = ops.batch_norm(x, gamma, beta)
    np.testing.assert_allclose(y, np.broadcast_to(beta, y.shape), atol=1e-6)
    assert all(np.isfinite(g).all() for g in back(like(y, rng)))
    y, back = ops.layer_norm(np.full((3, 2), value, dtype), gamma, beta)
    np.testing.assert_allclose(y, np.broadcast_to(beta, y.shape), atol=1e-6)


def test_gradients_of_normalisation_ignore_shift_and_scale(rng):
    """The result does not change when x is shifted or (eps apart) scaled, so the gradient is orthogonal to both."""
    x, dy = rng.standard_normal((2, 8, 3))
    dx = ops.batch_norm(x, C, C, eps=1e-12)[1](dy)[0]
    np.testing.assert_allclose(dx.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose((dx * x).sum(axis=0), 0, atol=1e-10)
    dx = ops.layer_norm(x, C, C, eps=1e-12)[1](dy)[0]
    np.testing.assert_allclose(dx.sum(axis=1), 0, atol=1e-9)
