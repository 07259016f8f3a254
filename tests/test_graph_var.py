"""Var and backward: equal to numerical and hand-written gradients, deep, fast, and no mistake passes in silence."""

import gc
import time
import weakref

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cs231n_helpers import gradients, losses, ops
from cs231n_helpers.graph import Var, apply, backward


def frozen(array):
    array = np.array(array)
    array.setflags(write=False)
    return array


def test_a_var_as_an_exponent_is_refused_with_the_way_out():
    for base in (2, 2.5, np.ones(300)):
        with pytest.raises(TypeError, match=r"exponent has no gradient here.*apply\(ops.exp, x \* np.log") as caught:
            base ** Var(3.0)
        assert len(str(caught.value)) < 200
    x = Var(3.0)
    y = apply(ops.exp, x * np.log(2))
    backward(y)
    assert_allclose([y.value, x.grad], [8, 8 * np.log(2)])


# Worked by hand.

def test_the_circuit_of_the_notes():
    x, y, z = Var(-2, "x"), Var(5, "y"), Var(-4, "z")
    q = x + y
    f = q * z
    backward(f)
    assert (q.value, f.value) == (3, -12)
    assert (x.grad, y.grad, z.grad, q.grad, f.grad) == (-4, -4, 3, -4, 1)
    assert f.op is ops.mul and f.inputs == (q, z) and x.op is None and x.inputs == ()
    assert type(f.value) is float and type(x.grad) is float                 # prints as -4.0


def test_the_sigmoid_neuron_of_the_notes():
    w0, x0, w1, x1, w2 = (Var(value) for value in (2, -1, -3, -2, -3))
    f = apply(ops.sigmoid, w0 * x0 + w1 * x1 + w2)
    backward(f)
    assert round(f.value, 2) == 0.73
    assert_allclose([v.grad for v in (w0, x0, w1, x1, w2)], [-0.197, 0.393, -0.393, -0.590, 0.197], atol=6e-4)


def test_gradients_add_at_forks():
    x = Var(3.0)
    backward(x * x + x)
    assert x.grad == 7
    x = Var(3.0)
    backward(x + x + x)
    assert x.grad == 3
    x = Var(2.0)
    y = x * x
    backward(y * y * y)                             # x^6: a fork of forks
    assert x.grad == 6 * 2 ** 5


def test_a_gradient_is_passed_on_only_when_it_is_complete():
    """The long way round to x must not be overtaken by the short one."""
    x = Var(2.0)
    y = x * 3
    long = y
    for _ in range(5):
        long = long * 2
    backward(long + y * 5 + x)
    assert x.grad == 3 * 32 + 15 + 1 and y.grad == 37


OPERATORS = {
    "x + y": lambda x, y: x + y, "x - y": lambda x, y: x - y, "x * y": lambda x, y: x * y, "x / y": lambda x, y: x / y,
    "-x": lambda x, y: -x + 0 * y, "x ** 3": lambda x, y: x ** 3 + 0 * y, "x ** -0.5": lambda x, y: x ** -0.5 + 0 * y,
    "2 + x": lambda x, y: 2 + x + 0 * y, "2 - x": lambda x, y: 2 - x + 0 * y, "x - 2": lambda x, y: x - 2 + 0 * y,
    "2 * x": lambda x, y: 2 * x + 0 * y, "2 / x": lambda x, y: 2 / x + 0 * y, "1 / x": lambda x, y: 1 / x + 0 * y,
    "x / 2": lambda x, y: x / 2 + 0 * y, "array + x": lambda x, y: np.array([1.0, 2.0, 3.0]) + x * y,
    "array - x": lambda x, y: np.array([1, 2, 3]) - x * y, "array * x": lambda x, y: np.array([1.0, 2.0, 3.0]) * x * y,
    "array / x": lambda x, y: np.array([1.0, 2.0, 3.0]) / x * y, "x / array": lambda x, y: x / np.array([1, 2, 4]) * y,
    "np.float64 * x": lambda x, y: np.float64(3) * x + 0 * y, "x / np.float64": lambda x, y: x / np.float64(3) + 0 * y,
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("shapes", [((), ()), ((3,), (3,)), ((2, 3), (3,)), ((3,), (4, 1))])
def test_operators_mean_what_numpy_means(name, shapes, rng):
    if "array" in name and shapes[0] == ():
        shapes = ((), (3,))
    x, y = (rng.uniform(0.5, 2, shape) for shape in shapes)
    f, a, b = OPERATORS[name], Var(frozen(x)), Var(frozen(y))
    result = f(a, b)
    assert isinstance(result, Var)
    assert_allclose(result.value, f(x, y), rtol=1e-15)
    backward(apply(ops.sum, result * result))
    assert_allclose(a.grad, gradients.numerical_gradient(lambda x: np.sum(f(x, y) ** 2), x), rtol=1e-7, atol=1e-8)
    assert_allclose(b.grad, gradients.numerical_gradient(lambda y: np.sum(f(x, y) ** 2), y), rtol=1e-7, atol=1e-8)
    assert np.shape(a.grad) == x.shape and np.shape(b.grad) == y.shape


def test_matrix_products_with_arrays_on_either_side(rng):
    X, W = rng.standard_normal((4, 3)), rng.standard_normal((3, 2))
    for f in (lambda W: Var(X) @ W, lambda W: X @ W):
        w = Var(W)
        backward(apply(ops.sum, f(w)))
        assert_allclose(w.grad, X.T @ np.ones((4, 2)))
    x = Var(X)
    backward(apply(ops.sum, x @ W))
    assert_allclose(x.grad, np.ones((4, 2)) @ W.T)


# Random graphs with forks, against the numerical gradient.

SMOOTH = [lambda a, b: a + b, lambda a, b: a - 0.5 * b, lambda a, b: _tanh(a) * b, lambda a, b: -a,
          lambda a, b: _tanh(a * b), lambda a, b: a / (1.5 + _tanh(b)), lambda a, b: _tanh(a) ** 2]


def random_graph(inputs, rng, steps=15):
    """Random smooth functions of random earlier values, so that many are used more than once; of Vars or of numbers."""
    pool = list(inputs)
    for _ in range(steps):
        a, b = (pool[i] for i in rng.integers(0, len(pool), 2))
        pool.append(SMOOTH[rng.integers(0, len(SMOOTH))](a, b))
    total = pool[0]
    for value in pool[1:]:
        total = total + _tanh(value)
    return total


def _tanh(x):
    return apply(ops.tanh, x) if isinstance(x, Var) else np.tanh(x)


@pytest.mark.parametrize("shape", [(), (3,), (2, 2)])
@pytest.mark.parametrize("seed", range(25))
def test_random_graphs_equal_numerical_gradients(seed, shape):
    values = [np.random.default_rng(seed).uniform(-1, 1, shape) for _ in range(3)]
    variables = [Var(frozen(value)) for value in values]
    result = random_graph(variables, np.random.default_rng(seed))
    backward(apply(ops.sum, result))
    for i, var in enumerate(variables):
        f = lambda x, i=i: np.sum(random_graph([*values[:i], x, *values[i + 1:]], np.random.default_rng(seed)))
        assert_allclose(var.grad, gradients.numerical_gradient(f, values[i]), rtol=1e-6, atol=1e-7)


# Ops and losses through apply.

def two_layers(rng, dtype=float):
    X, y = rng.standard_normal((6, 5)).astype(dtype), rng.integers(0, 3, 6)
    return X, y, [rng.standard_normal(shape).astype(dtype) for shape in [(5, 4), (4,), (4, 3), (3,)]]


def test_a_network_equals_the_backward_pass_written_by_hand(rng):
    X, y, weights = two_layers(rng)
    W1, b1, W2, b2 = map(frozen, weights)
    hidden = np.maximum(0, X @ W1 + b1)
    scores = hidden @ W2 + b2
    probs = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    dscores = (probs - np.eye(3)[y]) / 6
    dhidden = (dscores @ W2.T) * (hidden > 0)
    by_hand = [X.T @ dhidden, dhidden.sum(axis=0), hidden.T @ dscores, dscores.sum(axis=0)]

    w1, c1, w2, c2 = leaves = [Var(w) for w in (W1, b1, W2, b2)]
    layer = apply(ops.relu, apply(ops.affine, frozen(X), w1, c1))
    loss = apply(losses.softmax, apply(ops.affine, layer, w2, c2), frozen(y))
    backward(loss)
    assert loss.value == pytest.approx(-np.log(probs[np.arange(6), y]).mean())
    for leaf, expected in zip(leaves, by_hand):
        assert_allclose(leaf.grad, expected, atol=1e-14)


def test_single_precision_stays_single(rng):
    X, y, weights = two_layers(rng, np.float32)
    W1, b1, W2, b2 = (Var(w) for w in weights)
    layer = 0.5 * apply(ops.relu, Var(X) @ W1 + b1) / 2 - 1
    scores = layer @ W2 + b2
    backward(apply(losses.softmax, scores, y))
    assert layer.value.dtype == scores.value.dtype == np.float32
    assert all(v.grad.dtype == np.float32 for v in (W1, b1, W2, b2, layer, scores))
    assert (Var(np.float32(2)) * 3).value.dtype == np.float32


def test_settings_and_labels_have_no_gradient(rng):
    x = Var(rng.standard_normal((4, 3)))
    mask = apply(ops.dropout, x, keep=0.5, rng=np.random.default_rng(1))
    assert mask.inputs == (x,)
    loss = apply(losses.svm, mask, [0, 1, 2, 0], delta=2.0)
    assert loss.inputs == (mask,)
    backward(loss)
    assert x.grad.shape == (4, 3)


def test_your_own_function_can_be_recorded():
    def cube(x):
        return x ** 3, lambda dy: (3 * x ** 2 * dy,)
    x = Var(2.0)
    backward(apply(cube, x))
    assert x.grad == 12


# Gradients belong to their Var alone.

def test_one_array_sent_to_two_inputs_is_not_shared():
    """The classic: back of + returns (dy, dy), and adding into the one changes the other."""
    def plus(x, y):
        return x + y, lambda dy: (dy, dy)
    x, y = Var(np.zeros(2)), Var(np.zeros(2))
    s = apply(plus, x, y)
    backward(apply(ops.sum, apply(plus, s, x)))
    assert_array_equal(x.grad, [2, 2])
    assert_array_equal(y.grad, [1, 1])
    assert not any(np.shares_memory(a.grad, b.grad) for a, b in [(x, y), (x, s), (y, s)])
    y.grad += 5
    assert_array_equal(s.grad, [1, 1])


def test_an_array_that_an_op_keeps_is_not_added_into():
    kept = np.ones(2)
    op = lambda x: (1.0 * x, lambda dy: (kept,))
    x = Var(np.zeros(2))
    backward(apply(ops.sum, apply(op, x) + apply(op, x)))
    assert_array_equal(x.grad, [2, 2])
    assert_array_equal(kept, [1, 1])


def test_values_are_left_alone(rng):
    X, y, weights = two_layers(rng)
    before = [w.copy() for w in weights]
    W1, b1, W2, b2 = (Var(w) for w in weights)
    backward(apply(losses.softmax, apply(ops.relu, X @ W1 + b1) @ W2 + b2, y))
    for now, then in zip(weights, before):
        assert_array_equal(now, then)


def test_grad_is_none_where_nothing_leads_to_the_result():
    x, y = Var(1.0), Var(2.0)
    aside = y * 3
    backward(x * 2)
    assert y.grad is None and aside.grad is None and x.grad == 2
    x, y = Var(1.0), Var(2.0)
    backward(x + 0 * y)
    assert y.grad == 0


def test_a_leaf_used_again_in_a_new_graph_starts_anew():
    w = Var(3.0)
    for _ in range(3):
        backward(w * w)
        assert w.grad == 6


def test_a_leaf_is_a_result_too():
    x = Var(3.0)
    backward(x)
    assert x.grad == 1


# Deep and fast.

def chain(length):
    x = Var(1.0, "x")
    result = x
    for _ in range(length // 2):
        result = result * 1.0001 + x                # every other operation has a fork
    return x, result


def test_a_thousand_operations_backwards_in_20_ms():
    def once():
        _, result = chain(1000)
        start = time.thread_time()                  # without the time that other programs take
        backward(result)
        return time.thread_time() - start
    assert min(once() for _ in range(5)) < 0.020


def test_ten_thousand_deep_is_no_recursion_error_and_is_freed():
    x, result = chain(10_000)
    inner = weakref.ref(result.inputs[0])
    backward(result)
    assert x.grad == pytest.approx(np.sum(1.0001 ** np.arange(5001)))
    del x, result
    gc.collect()
    assert inner() is None


def test_a_very_deep_graph_is_freed_without_a_crash():
    x, result = chain(50_000)
    del result
    gc.collect()
    assert x.value == 1


def test_nothing_is_kept_alive_behind_the_learners_back():
    x = Var(np.ones(3))
    result = apply(ops.sum, x * x)
    gone = weakref.ref(result)
    backward(result)
    del result
    gc.collect()
    assert gone() is None


# Errors in words.

def test_a_start_that_is_not_one_number():
    x = Var(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"one number, got an array of shape \(2, 3\).*graph\.apply\(ops\.sum, y\)"):
        backward(x * 2)
    with pytest.raises(TypeError, match="must be a Var, got float"):
        backward(3.0)
    assert x.grad is None


def test_a_second_call():
    x = Var(2.0)
    y = x * x
    result = y + 1
    backward(result)
    with pytest.raises(ValueError, match=r"has its gradients already.*Compute the result again"):
        backward(result)
    with pytest.raises(ValueError, match="or a part of it"):
        backward(y * 3)
    assert x.grad == 4


@pytest.mark.parametrize("back_to", [0, 1, 2])
def test_a_cycle(back_to):
    x = Var(2.0)
    y = x * 3
    z = y * 4
    y.inputs = (y.inputs[0], [x, y, z][back_to])
    if back_to == 0:                                # no cycle: x is merely used twice
        backward(z)
        assert x.grad == 4 * (3 + 2)
    else:
        with pytest.raises(ValueError, match=r"cycle.*\.inputs changed by hand"):
            backward(z)


def test_no_float_array():
    with pytest.raises(TypeError, match=r"apply: relu got no float array.*astype\(float\)"):
        apply(ops.relu, np.array([1, 2]))


@pytest.mark.parametrize("op", [
    lambda x: (2 * x, lambda dy: (dy.sum(),)), lambda x: (2 * x, lambda dy: (dy, dy)), lambda x: (2 * x, lambda dy: ()),
])
def test_a_back_with_wrong_shapes(op):
    op.__name__ = "double"
    with pytest.raises(ValueError, match=r"double sent back gradients of shapes .* to inputs of shapes \[\(3,\)\]"):
        backward(apply(ops.sum, apply(op, Var(np.ones(3)))))


def test_a_var_is_not_an_array_nor_a_truth():
    x = Var(np.ones(3), "x")
    with pytest.raises(TypeError, match=r"not an array.*graph\.apply\(op, x\).*x\.value"):
        np.asarray(x)
    with pytest.raises(TypeError, match="not an array"):
        ops.relu(x)
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(x)
    with pytest.raises(TypeError):
        _ = x > 0
    with pytest.raises(TypeError):
        _ = np.exp(x)


@pytest.mark.parametrize("value", ["a", None, 1j])
def test_a_value_that_is_no_number(value):
    with pytest.raises(TypeError, match="Var: value must hold real numbers"):
        Var(value)
    with pytest.raises(TypeError, match="Var: value must hold real numbers"):
        Var(1.0) + np.array([value])


def test_how_a_var_shows_itself():
    x, W = Var(-2, "x"), Var(np.ones((3, 2)), "W")
    assert repr(x) == "Var(x = -2)" and repr(W) == "Var(W = array (3, 2))"
    assert repr(x * 3) == "Var(-6, from mul)" and repr(Var(1 / 3)) == "Var(0.333333)"
    assert repr(np.ones((1, 3)) @ W) == "Var(array (1, 2), from matmul)"
