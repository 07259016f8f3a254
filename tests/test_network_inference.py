"""A network that only answers goes another way than one that learns: the same numbers, nobody's arrays changed."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cs231n_helpers import threads
from cs231n_helpers.layers import (
    AvgPool,
    BatchNorm,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    Flatten,
    GlobalAvgPool,
    MaxPool,
    Parallel,
    ReLU,
    ReLU6,
    Residual,
    Sigmoid,
)
from cs231n_helpers.network import Network

FIRE = [Conv(4, 1), ReLU(), Parallel([[Conv(6, 1), ReLU()], [Conv(5, 3, pad=1), ReLU()]])]
POOL = MaxPool(3, 2, fit="ceil")
SQUEEZE = [Conv(8, 3, stride=2, fit="floor"), ReLU(), POOL, *FIRE, *FIRE, POOL, *FIRE, Conv(7, 1), ReLU(),
           GlobalAvgPool()]
BLOCK = [Conv(12, 1), ReLU6(), DepthwiseConv(5, pad=2), ReLU6(), Conv(8, 1)]
LITE = [Conv(8, 3, stride=2, pad=((0, 1), (0, 1)), fit="floor"), ReLU6(), DepthwiseConv(3, pad=1), ReLU6(), Conv(8, 1),
        Residual(BLOCK), Conv(16, 1, bias=False), BatchNorm(), ReLU6(),
        DepthwiseConv(3, stride=2, pad=((0, 1), (0, 1)), fit="floor"), ReLU6(), GlobalAvgPool(), Dense(5)]
ODD = {
    "activation first": [ReLU(), Conv(3, 3, pad=1)],
    "nothing but activations": [ReLU(), ReLU6()],
    "dropout before": [Dropout(0.5), ReLU(), Conv(2, 1)],
    "a branch without layers": [Parallel([[], [ReLU()], [Conv(2, 1), Sigmoid()], [MaxPool(3, 1, pad=1)]]), ReLU6()],
    "branches in branches": [Parallel([[Parallel([[Conv(2, 1)], [ReLU()]]), ReLU()], [AvgPool(3, 1, pad=1)]])],
    "one branch": [Parallel([[Conv(4, 3, pad=1), ReLU()]])],
    "a residual of an activation": [Residual([ReLU()]), ReLU()],
    "a residual of nothing": [Residual([]), ReLU()],
    "a shortcut": [Residual([Conv(5, 3, pad=1), ReLU(), Conv(4, 1)], [Conv(4, 1), ReLU()]), ReLU6()],
    "flat": [Flatten(), ReLU(), Dense(4), ReLU(), Dense(3), ReLU6()],
    "groups": [Conv(6, 3, pad=1, groups=3), ReLU(), DepthwiseConv(3, pad=1, bias=False)],
}


def made(layers, shape, dtype, rng):
    network = Network(layers, shape)
    params = network.init(rng, dtype)
    for name, array in params.items():
        if name.endswith((".b", ".beta", ".mean")):
            array[...] = rng.standard_normal(array.shape)
        array.flags.writeable = False
    return network, params


def check(network, params, X, dtype):
    X.flags.writeable = False
    truth = network.forward(params, X)[0]
    for batch in (None, 1, 3):
        found = network.predict(params, X, batch)
        assert found.dtype == truth.dtype == dtype and found.shape == truth.shape
        assert_allclose(found, truth, rtol=0, atol=(1e-5 if dtype == np.float32 else 1e-12) * np.abs(truth).max())
    last = network.names[-1]
    assert_allclose(network.activations(params, X)[last], truth, rtol=0, atol=1e-5 * np.abs(truth).max())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", [1, 2, 16])
@pytest.mark.parametrize("size", [(33, 33, 3), (40, 31, 1)], ids=str)
@pytest.mark.parametrize("layers", [SQUEEZE, LITE], ids=["squeeze", "lite"])
def test_predictions_are_those_of_forward(layers, size, count, dtype, rng):
    network, params = made(layers, size, dtype, rng)
    check(network, params, rng.random((count, *size)).astype(dtype), dtype)


@pytest.mark.parametrize("layers", ODD.values(), ids=ODD.keys())
def test_what_others_hold_is_left_as_it_is(layers, rng):
    """X and the params are read-only here: a step in place on either of them would raise."""
    network, params = made(layers, (6, 5, 4) if isinstance(layers[0], Residual) else (6, 5, 3), np.float32, rng)
    check(network, params, rng.standard_normal((5, *network.input_shape), dtype=np.float32), np.float32)


def test_outputs_of_layers_that_are_shown_are_not_written_over(rng):
    network, params = made(SQUEEZE, (33, 33, 3), np.float32, rng)
    outputs = network.activations(params, rng.standard_normal((2, 33, 33, 3), dtype=np.float32))
    assert (outputs["conv1"] < 0).any() and (outputs["relu1"] == np.maximum(outputs["conv1"], 0)).all()


def test_two_cores_give_the_same_digits_as_one(monkeypatch, rng):
    network, params = made(LITE, (33, 33, 3), np.float32, rng)
    X, found = rng.random((9, 33, 33, 3), dtype=np.float32), []
    for count in (1, 2):
        monkeypatch.setattr(threads, "workers", lambda count=count: count)
        found.append(network.predict(params, X))
    assert_allclose(found[0], found[1], rtol=0, atol=1e-6 * np.abs(found[0]).max())


def test_params_that_were_changed_in_place_count(rng):
    """Nothing that was made of the weights is kept from one call to the next."""
    network = Network(LITE, (33, 33, 3))
    params, X = network.init(rng), rng.random((2, 33, 33, 3), dtype=np.float32)
    network.predict(params, X)
    for array in params.values():
        array *= np.float32(0.9)
    assert_allclose(network.predict(params, X), network.forward(params, X)[0], atol=1e-5)


def test_memory_does_not_grow_with_the_number_of_layers(rng):
    """No more than the largest input and output of a layer, and blocks: what was used is free again."""
    layers = [Conv(16, 1), ReLU()] * 12
    network, params = made(layers, (64, 64, 16), np.float32, rng)
    X = rng.random((4, 64, 64, 16), dtype=np.float32)
    network.predict(params, X, batch=4)
    tracemalloc.start()
    network.predict(params, X, batch=4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 3.2 * X.nbytes
