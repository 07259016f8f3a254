"""A network computes what its formula says, its gradients are right, names and counts follow from its description."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cs231n_helpers import gradients, losses
from cs231n_helpers.layers import BatchNorm, Dense, Dropout, Flatten, LayerNorm, Maxout, ReLU, Sigmoid, Tanh
from cs231n_helpers.network import Network, renew_statistics

TWO = Network([Dense(5), ReLU(), Dense(3)], (2, 2, 1))
DEEP = Network([Flatten(), Dense(6), BatchNorm(), Tanh(), Dropout(0.7), Dense(6), LayerNorm(), Maxout(2), Dense(3),
                Sigmoid(), Dense(2, bias=False)], (2, 2, 1))  # fmt: skip


def frozen(*arrays):
    for array in arrays:
        array.setflags(write=False)
    return arrays


def test_names_shapes_and_counts():
    assert TWO.names == ("dense1", "relu1", "dense2")
    assert TWO.shapes() == {"dense1.W": (4, 5), "dense1.b": (5,), "dense2.W": (5, 3), "dense2.b": (3,)}
    assert TWO.out_shapes == ((5,), (5,), (3,)) and TWO.in_shapes == ((2, 2, 1), (5,), (5,))
    assert TWO.count() == 4 * 5 + 5 + 5 * 3 + 3 == 43
    assert Network([Dense(100), ReLU(), Dense(10)], 3072).count() == 308_310
    assert [key for key in DEEP.shapes() if key not in DEEP.trainable()] == ["bn1.mean", "bn1.var"]
    assert DEEP.count() == (4 * 6 + 6) + 12 + (6 * 6 + 6) + 12 + (3 * 3 + 3) + 3 * 2


def test_a_network_is_a_frozen_description():
    assert TWO == Network((Dense(5), ReLU(), Dense(3)), [2, 2, 1]) and hash(TWO) == hash(Network(*_parts(TWO)))
    assert Network([Dense(10**6), Dense(10**6)], (10**4, 10**4, 3)).count() > 3e14  # nothing is allocated
    assert TWO.describe()[0] == "dense1: Dense(units=5, bias=True) -> (5,)"


def _parts(network):
    return network.layers, network.input_shape


def test_two_layers_by_hand(rng):
    params, X = TWO.init(rng, np.float64), rng.standard_normal((7, 2, 2, 1))
    frozen(X, *params.values())
    scores, back = TWO.forward(params, X)
    W1, b1, W2, b2 = params.values()
    hidden = np.maximum(0, X.reshape(7, 4) @ W1 + b1)
    assert_allclose(scores, hidden @ W2 + b2, rtol=1e-12)
    dscores = rng.standard_normal((7, 3))
    grads, dX = back(dscores)
    dhidden = (dscores @ W2.T) * (hidden > 0)
    expected = {"dense1.W": X.reshape(7, 4).T @ dhidden, "dense1.b": dhidden.sum(0), "dense2.W": hidden.T @ dscores,
                "dense2.b": dscores.sum(0)}  # fmt: skip
    assert list(grads) == list(expected)
    for key, value in expected.items():
        assert_allclose(grads[key], value, rtol=1e-12)
    assert_allclose(dX, (dhidden @ W1.T).reshape(X.shape), rtol=1e-12)


@pytest.mark.parametrize("training", [False, True], ids=["test", "training"])
@pytest.mark.parametrize("network", [TWO, DEEP], ids=["two", "deep"])
def test_gradients_of_everything(network, training, rng):
    params, y = network.init(rng, np.float64), rng.integers(0, 2, 5)
    names = network.trainable(params)
    values = [0.5 * rng.standard_normal(params[name].shape) for name in names]

    def op(X, *arrays, rng=None):
        scores, back = network.forward({**params, **dict(zip(names, arrays))}, X, rng)
        loss, loss_back = losses.softmax(scores, y)

        def whole_back(d=1.0):
            grads, dX = back(*loss_back(d))
            return dX, *(grads[name] for name in names)

        return loss, whole_back

    settings = {"rng": np.random.default_rng(2)} if training else {}
    report = gradients.check(op, rng.standard_normal((5, 2, 2, 1)), *values, **settings)
    assert report["passed"], report["verdict"]


@pytest.mark.parametrize("network", [TWO, DEEP, Network([BatchNorm(), Dense(2)], (4,)), Network([ReLU()], (4,))],
                         ids=["two", "deep", "bn first", "no weights"])  # fmt: skip
def test_the_input_gradient_can_be_left_out(network, rng):
    params, X = network.init(rng), rng.standard_normal((6, *network.input_shape))
    scores, back = network.forward(params, X, np.random.default_rng(0))
    dscores = rng.standard_normal(scores.shape, dtype=scores.dtype)
    grads, dX = back(dscores)
    same, nothing = back(dscores, input_gradient=False)
    assert nothing is None and dX.shape == X.shape and list(same) == list(grads) == list(network.trainable())
    for key in grads:
        assert_array_equal(same[key], grads[key])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_inputs_of_any_type_are_computed_in_the_type_of_the_params(dtype, rng):
    params, pixels = TWO.init(rng, dtype), rng.integers(0, 256, (6, 2, 2, 1), dtype=np.uint8)
    expected = TWO.forward(params, pixels.astype(dtype))[0]
    assert expected.dtype == dtype and {array.dtype for array in params.values()} == {np.dtype(dtype)}
    for kind in (np.uint8, np.int64, np.float64, ">f4"):
        scores = TWO.predict(params, pixels.astype(kind))
        assert scores.dtype == dtype
        assert_array_equal(scores, expected)


def test_predictions_do_not_depend_on_the_batch(rng):
    params, X = DEEP.init(rng, np.float64), rng.standard_normal((23, 2, 2, 1))
    params = renew_statistics(DEEP, params, X)
    together = DEEP.predict(params, X)
    assert together.shape == (23, 2)
    assert_allclose(DEEP.predict(params, X, batch=1), together, rtol=1e-12)
    assert_allclose(DEEP.predict(params, X, batch=7), together, rtol=1e-12)
    assert DEEP.predict(params, X[:0]).shape == (0, 2)


def test_activations_are_those_of_every_layer(rng):
    params, X = TWO.init(rng), rng.standard_normal((4, 2, 2, 1))
    outputs = TWO.activations(params, X)
    assert list(outputs) == ["dense1", "relu1", "dense2"]
    assert_array_equal(outputs["dense2"], TWO.predict(params, X))
    assert_array_equal(outputs["relu1"], np.maximum(0, outputs["dense1"]))
    assert list(TWO.activations(params, X, upto="relu1")) == ["dense1", "relu1"]


def test_renewed_statistics_are_exact_layer_by_layer(rng):
    network = Network([Dense(4), BatchNorm(), ReLU(), Dense(3), BatchNorm(), Dense(2)], 5)
    params, X = network.init(rng, np.float64), rng.standard_normal((40, 5))
    frozen(X, *params.values())
    renewed = renew_statistics(network, params, X, batch=16)
    first = X @ params["dense1.W"] + params["dense1.b"]
    assert_allclose(renewed["bn1.mean"], first.mean(axis=0), rtol=1e-12)
    assert_allclose(renewed["bn1.var"], first.var(axis=0), rtol=1e-12)
    normal = (first - first.mean(axis=0)) / np.sqrt(first.var(axis=0) + 1e-5)
    second = np.maximum(0, normal) @ params["dense2.W"] + params["dense2.b"]
    assert_allclose(renewed["bn2.var"], second.var(axis=0), rtol=1e-11)
    assert set(renewed) == set(params) and renewed["dense1.W"] is params["dense1.W"]
    assert not params["bn1.mean"].any()
    # in test mode with these statistics the network gives what training mode gives on all of X at once
    assert_allclose(network.predict(renewed, X), network.forward(params, X, rng)[0], rtol=1e-9)


def test_the_answer_for_one_example_does_not_depend_on_the_others(rng):
    params, X = DEEP.init(rng, np.float64), rng.standard_normal((9, 2, 2, 1))
    alone = DEEP.forward(params, X[:1])[0]
    X[1:] = 1000 * rng.standard_normal(X[1:].shape)
    assert_allclose(DEEP.forward(params, X)[0][:1], alone, rtol=1e-10)


def test_training_noise_follows_the_generator_alone(rng):
    params, X = DEEP.init(rng), rng.standard_normal((9, 2, 2, 1))
    one, same, other = (DEEP.forward(params, X, np.random.default_rng(seed))[0] for seed in (1, 1, 2))
    assert_array_equal(one, same)
    assert (one != other).any()


@pytest.mark.parametrize(("make", "error", "words"), [
    (lambda: Network([Dense(3), ReLU], 4), TypeError, r"layer 2 must be a layer.*Write the brackets: ReLU\(\)"),
    (lambda: Network([Dense(3), "relu"], 4), TypeError, "layer 2 must be a layer such as Dense"),
    (lambda: Network([Dense(3), Maxout(2)], 4), ValueError, r"maxout1 cannot take inputs of shape \(3,\)"),
    (lambda: Network([Dense(3)], (4, 0)), ValueError, "input_shape must be at least 1, got 0"),
    (lambda: TWO.init(np.random.default_rng(0), np.float16), TypeError, "must be float32 or float64, got float16"),
])  # fmt: skip
def test_wrong_descriptions_are_named(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_wrong_inputs_are_named(rng):
    params, X = TWO.init(rng), rng.standard_normal((4, 2, 2, 1))
    with pytest.raises(ValueError, match=r"forward: X must have shape \(N, 2, 2, 1\), got \(2, 2, 1\). One example"):
        TWO.forward(params, X[0])
    with pytest.raises(ValueError, match=r"got \(4, 4\). Images and rows"):
        TWO.forward(params, X.reshape(4, 4))
    with pytest.raises(TypeError, match="real numbers, got dtype complex"):
        TWO.forward(params, X.astype(complex))
    with pytest.raises(ValueError, match=r"dense2 needs an array 'dense2.W' of shape \(5, 3\) in params, got \(5, 4\)"):
        TWO.forward({**params, "dense2.W": np.zeros((5, 4))}, X)
    with pytest.raises(ValueError, match=r"needs an array 'dense1.b' .* got none"):
        TWO.forward({key: value for key, value in params.items() if key != "dense1.b"}, X)
    with pytest.raises(ValueError, match="upto must be one of 'dense1', 'relu1', 'dense2'"):
        TWO.activations(params, X, upto="conv1")
    X[2, 0, 1, 0] = np.nan
    with pytest.raises(ValueError, match="predict: X holds 1 values that are not finite"):
        TWO.predict(params, X)
