"""Penalties of one array and of a whole network, and the limit on the length of each neuron's weights."""

import numpy as np
import pytest

from cs231n_helpers import gradients, losses

PENALTIES = {"l2": (0.7,), "l1": (0.3,), "elastic_net": (0.3, 0.7)}
PARAMS = {
    "conv1.W": np.arange(-8.0, 8).reshape(2, 2, 2, 2), "conv1.b": np.array([1.0, 2]), "bn1.gamma": np.array([3.0, 3]),
    "bn1.beta": np.array([1.0, 1]), "bn1.mean": np.array([5.0, 5]), "bn1.var": np.array([9.0, 9]),
    "dense1.W": np.array([[3.0, -4], [0, 1]]), "dense1.b": np.array([0.5, -2]),
}  # fmt: skip
for array in PARAMS.values():
    array.setflags(write=False)


def test_penalties_by_hand():
    W = np.array([[3.0, -4.0], [0.0, 1.0]])
    assert losses.l2(W, 0.5)[0] == 0.5 * 0.5 * 26
    assert losses.l1(W, 0.5)[0] == 0.5 * 8
    assert losses.elastic_net(W, 0.5, 0.1)[0] == pytest.approx(0.5 * 8 + 0.5 * 0.1 * 26)
    np.testing.assert_array_equal(losses.l2(W, 0.5)[1]()[0], 0.5 * W)  # lambda W, without a factor 2
    np.testing.assert_array_equal(losses.l1(W, 0.5)[1]()[0], [[0.5, -0.5], [0, 0.5]])


@pytest.mark.parametrize("name", PENALTIES)
def test_a_negative_strength_is_refused(name):
    with pytest.raises(ValueError, match="strength must be at least 0"):
        getattr(losses, name)(np.ones(2), *(-value for value in PENALTIES[name]))


# ---------------------------------------------------------------------------------------------------- a whole network
def test_only_the_weights_are_penalised():
    value, grads = losses.penalty(PARAMS, 0.5)
    assert value == 0.25 * (np.square(np.arange(-8.0, 8)).sum() + 26)
    assert list(grads) == ["conv1.W", "dense1.W"]
    for key, gradient in grads.items():
        np.testing.assert_array_equal(gradient, 0.5 * PARAMS[key])


def test_biases_on_request_and_never_what_belongs_to_a_normalisation():
    value, grads = losses.penalty(PARAMS, 0.5, biases=True)
    assert value == losses.penalty(PARAMS, 0.5)[0] + 0.25 * (5 + 4.25)
    assert list(grads) == ["conv1.W", "conv1.b", "dense1.W", "dense1.b"]
    np.testing.assert_array_equal(grads["dense1.b"], [0.25, -1])


def test_a_strength_for_each_layer():
    value, grads = losses.penalty(PARAMS, {"dense1": 2.0}, biases=True)
    assert value == 26 + 4.25 and list(grads) == ["dense1.W", "dense1.b"]
    both = losses.penalty(PARAMS, {"conv1": 0.1, "dense1": 2})
    assert both[0] == pytest.approx(0.05 * np.square(PARAMS["conv1.W"]).sum() + 26)
    np.testing.assert_allclose(both[1]["conv1.W"], 0.1 * PARAMS["conv1.W"])
    assert losses.penalty(PARAMS, {}) == (0.0, {})


def test_a_layer_inside_a_layer_is_named_with_both():
    params = {"residual1.dense1.W": np.ones((2, 2)), "dense1.W": np.ones((2, 2))}
    assert list(losses.penalty(params, {"residual1.dense1": 1.0})[1]) == ["residual1.dense1.W"]


@pytest.mark.parametrize(("kind", "strength", "expected"), [
    (losses.l1, 0.5, [[0.5, -0.5], [0, 0.5]]), (losses.elastic_net, (0.5, 1.0), [[3.5, -4.5], [0, 1.5]]),
])  # fmt: skip
def test_the_other_kinds(kind, strength, expected):
    value, grads = losses.penalty({"dense1.W": PARAMS["dense1.W"]}, strength, kind=kind)
    assert value == kind(PARAMS["dense1.W"], *np.atleast_1d(strength).tolist())[0]
    np.testing.assert_array_equal(grads["dense1.W"], expected)


def test_the_gradient_of_the_whole_penalty():
    value = {"dense1.W": np.array([[0.3, -0.7], [1.1, 0.4]]), "dense1.b": np.array([0.2, -0.9])}
    for key in value:
        slope = gradients.numerical_gradient(
            lambda array, key=key: losses.penalty({**value, key: array}, 0.6, biases=True)[0], value[key])
        found = losses.penalty(value, 0.6, biases=True)[1][key]
        assert gradients.relative_error(found, slope) < 1e-7


def test_a_layer_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"'dense1\.W', but params has conv1, bn1, dense1"):
        losses.penalty(PARAMS, {"dense1.W": 1.0})
    with pytest.raises(ValueError, match="strength must be at least 0"):
        losses.penalty(PARAMS, -1.0)
    for strength in ("much", (0.1, 0.2)):
        with pytest.raises(TypeError, match="strength must be a number"):
            losses.penalty(PARAMS, {"dense1": strength})
    for strength in (0.1, (0.1, 0.2, 0.3)):
        with pytest.raises(ValueError, match=r"must be a pair.*for 'dense1'.*\(l1_strength, l2_strength\)"):
            losses.penalty(PARAMS, {"dense1": strength}, kind=losses.elastic_net)


# ------------------------------------------------------------------------------------------------------------ max norm
def test_max_norm_by_hand():
    W = np.array([[3.0, 0.6], [4.0, 0.8]])
    np.testing.assert_allclose(losses.max_norm(W, 2.5), [[1.5, 0.6], [2, 0.8]], rtol=1e-15)
    np.testing.assert_array_equal(losses.max_norm(W, 5), W)  # a column, not the row: [3, 0.6] and [4, 0.8] are shorter
    np.testing.assert_array_equal(losses.max_norm(np.zeros((3, 2)), 1), np.zeros((3, 2)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(20, 5), (3, 3, 4, 6)])
def test_max_norm_projects_each_neuron(shape, dtype, rng):
    W = (rng.standard_normal(shape) * rng.uniform(0, 2, shape[-1])).astype(dtype)
    W.setflags(write=False)
    limit = float(np.median([np.linalg.norm(W[..., j]) for j in range(shape[-1])]))
    result = losses.max_norm(W, limit)
    assert result.dtype == dtype and result.shape == shape and not np.shares_memory(result, W)
    for j in range(shape[-1]):
        before, after = W[..., j], result[..., j]
        if np.linalg.norm(before) <= limit:
            np.testing.assert_array_equal(after, before)
        else:
            np.testing.assert_allclose(after, before * (limit / np.linalg.norm(before)), rtol=1e-5)
    np.testing.assert_allclose(losses.max_norm(result, limit), result, rtol=1e-6)  # a projection: twice is once


def test_max_norm_refuses_what_has_no_neurons():
    with pytest.raises(ValueError, match=r"max_norm: W must have shape \(D, C\).*\(3,\)"):
        losses.max_norm(np.ones(3), 1)
    with pytest.raises(ValueError, match="largest must be greater than 0"):
        losses.max_norm(np.ones((3, 2)), 0)
