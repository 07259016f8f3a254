"""Layers on pictures, and layers that hold layers: shapes, sums by hand, gradients, names, statistics, errors."""

import os
import subprocess
import sys
from pathlib import Path

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cs231n_helpers import gradients, layers, losses, ops, optim, train
from cs231n_helpers.layers import (
    AvgPool,
    BatchNorm,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    Flatten,
    GlobalAvgPool,
    LayerNorm,
    LocalResponseNorm,
    MaxPool,
    Parallel,
    ReLU,
    Residual,
    Tanh,
)
from cs231n_helpers.network import Network, renew_statistics

EVERYTHING = Network([
    Conv(4, 3, pad=1), BatchNorm(), ReLU(), Residual([Conv(4, 3, pad=1, groups=2), BatchNorm(), ReLU(), Dropout(0.8)]),
    Parallel([[Conv(2, 1)], [DepthwiseConv(3, pad=1), Tanh()], [], [MaxPool(3, stride=1, pad=1), Conv(3, 1)]]),
    MaxPool(2), LocalResponseNorm(3), Residual([Conv(6, 2, stride=2), LayerNorm()], Conv(6, 1, stride=2, fit="floor")),
    Parallel([[AvgPool(2, stride=1)], [Residual(BatchNorm()), MaxPool(2, stride=1)]]), GlobalAvgPool(), Dense(3),
], (8, 8, 2))  # fmt: skip


def drawn(seed):
    """A random layer with a window and an input shape that it may or may not fit."""
    rng = np.random.default_rng(seed)
    H, W, C = (int(n) for n in rng.integers(1, (14, 14, 4)))
    settings = {"stride": tuple(rng.integers(1, 4, 2).tolist()) if rng.random() < 0.4 else int(rng.integers(1, 4)),
                "pad": tuple(map(tuple, rng.integers(0, 2, (2, 2)).tolist())) if rng.random() < 0.4 else
                int(rng.integers(0, 2)), "fit": str(rng.choice(["exact", "floor", "ceil"]))}
    size = tuple(rng.integers(2, 4, 2).tolist()) if rng.random() < 0.4 else int(rng.integers(2, 5))
    if rng.random() < 0.4:
        return rng.choice([MaxPool, AvgPool])(size, **settings), (H, W, C)
    settings |= {"dilation": int(rng.choice([1, 1, 2])), "bias": bool(rng.random() < 0.7)}
    if rng.random() < 0.3:
        return DepthwiseConv(size, **settings), (H, W, C)
    groups = int(rng.choice([1, 1, 2]))
    return Conv(2 * int(rng.integers(1, 3)), size, groups=groups, **settings), (H, W, C * groups)


@pytest.mark.parametrize("seed", range(150))
def test_shapes_are_those_of_the_arrays_or_refused_alike(seed):
    layer, in_shape = drawn(seed)
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2, *in_shape))
    try:
        promised = layer.out_shape(in_shape)
    except ValueError as refused:
        assert any(word in str(refused) for word in ("is not whole", "larger than the padded"))
        with pytest.raises(ValueError, match=r"is not whole|larger than the padded"):
            W = np.zeros(layer.filter_shape(in_shape)) if hasattr(layer, "bias") else np.zeros((1, 1))
            layer.forward({"W": W, "b": np.zeros(W.shape[-1])}, x)
        return
    params = layer.start(rng, in_shape)
    assert {name: array.shape for name, array in params.items()} == layer.weights(in_shape)
    y, back = layer.forward(params, x)
    grads, dx = back(np.ones_like(y))
    assert y.shape == (2, *promised) and dx.shape == x.shape
    assert {name: array.shape for name, array in grads.items()} == layer.weights(in_shape)


def test_layers_compute_what_the_ops_of_their_names_do(rng):
    x, settings = rng.standard_normal((2, 7, 6, 4)), {"stride": (2, 1), "pad": ((1, 0), (0, 1)), "fit": "floor"}
    W, b = rng.standard_normal((3, 2, 2, 6)), rng.standard_normal(6)
    conv = Conv(6, (3, 2), groups=2, **settings)
    assert_allclose(conv.forward({"W": W, "b": b}, x)[0], naive.conv2d(x, W, b, groups=2, **settings), rtol=1e-10)
    bare = Conv(6, (3, 2), groups=2, bias=False, **settings)
    assert_allclose(bare.forward({"W": W}, x)[0], conv.forward({"W": W, "b": b}, x)[0] - b, rtol=1e-9, atol=1e-12)
    W, b = rng.standard_normal((3, 3, 4)), rng.standard_normal(4)
    assert_array_equal(DepthwiseConv(3, dilation=2).forward({"W": W, "b": b}, x)[0],
                       ops.depthwise_conv2d(x, W, b, dilation=2)[0])  # fmt: skip
    assert_array_equal(MaxPool(3, **settings).forward({}, x)[0], ops.max_pool2d(x, 3, **settings)[0])
    assert_array_equal(AvgPool((1, 3)).forward({}, x)[0], ops.avg_pool2d(x, (1, 3))[0])
    assert_array_equal(GlobalAvgPool().forward({}, x)[0], x.mean(axis=(1, 2)))
    assert_array_equal(LocalResponseNorm(3, 0.2, 0.5, 1).forward({}, x)[0],
                       ops.local_response_norm(x, 3, alpha=0.2, beta=0.5, k=1)[0])  # fmt: skip


def test_filters_start_with_the_right_scale(rng):
    for layer, fan_in in ((Conv(200, 3), 9 * 32), (Conv(200, 3, groups=4), 9 * 8), (DepthwiseConv(7), 49)):
        arrays = layer.start(rng, (9, 9, 32))
        assert abs(arrays["W"].std() * np.sqrt(fan_in / 2) - 1) < 0.1 and not arrays["b"].any()


def test_the_sizes_of_the_notes():
    assert Conv(96, 11, stride=4).out_shape((227, 227, 3)) == (55, 55, 96)
    assert Conv(96, 11, stride=4).weights((227, 227, 3)) == {"W": (11, 11, 3, 96), "b": (96,)}
    assert MaxPool(2).out_shape((224, 224, 64)) == (112, 112, 64)
    assert Conv(10**6, 3, pad=1).out_shape((10**6, 10**6, 10**6)) == (10**6,) * 3  # nothing is allocated
    assert Conv(64, 7, stride=2, pad=3, fit="floor").out_shape((224, 224, 3)) == (112, 112, 64)
    assert MaxPool(3, stride=2, fit="ceil").out_shape((112, 112, 64)) == (56, 56, 64)


def test_normalisation_and_dropout_on_pictures(rng):
    x = 5 + 3 * rng.standard_normal((6, 4, 4, 3)) * [1, 2, 3]
    y, _ = BatchNorm().forward(BatchNorm().start(rng, (4, 4, 3)), x, rng)
    by_hand = np.stack([(x[..., c] - x[..., c].mean()) / np.sqrt(x[..., c].var() + 1e-5) for c in range(3)], axis=-1)
    assert_allclose(y, by_hand, rtol=1e-10)
    y, _ = LayerNorm().forward(LayerNorm().start(rng, (4, 4, 3)), x, rng)
    assert_allclose(y.mean(axis=-1), 0, atol=1e-12)  # at each pixel, over the channels
    noisy, back = Dropout(0.5).forward({}, x, rng)
    assert ((noisy == 0) | np.isclose(noisy, 2 * x)).all() and 0.3 < (noisy == 0).mean() < 0.7
    assert_allclose(back(np.ones_like(x))[1], noisy / x)


# --- branches -----------------------------------------------------------------------------------------------------


def test_a_residual_adds_what_it_learned(rng):
    x, dy = rng.standard_normal((3, 6, 6, 2)), rng.standard_normal((3, 3, 3, 4))
    layer = Residual([Conv(4, 2, stride=2), ReLU()], Conv(4, 1, stride=2, fit="floor", bias=False))
    params = layer.start(rng, (6, 6, 2))
    assert list(params) == ["conv1.W", "conv1.b", "shortcut.conv1.W"]
    a, a_back = ops.conv2d(x, params["conv1.W"], params["conv1.b"], stride=2)
    s, s_back = ops.conv2d(x, params["shortcut.conv1.W"], np.zeros(4), stride=2, fit="floor")
    y, back = layer.forward(params, x)
    assert_allclose(y, np.maximum(a, 0) + s, rtol=1e-12)
    grads, dx = back(dy)
    (da, dW, db), (ds, dV, _) = a_back(dy * (a > 0)), s_back(dy)
    for got, truth in ((dx, da + ds), *zip(grads.values(), (dW, db, dV), strict=True)):
        assert_allclose(got, truth, rtol=1e-11, atol=1e-13)
    assert_array_equal(Residual(ReLU()).forward({}, x)[0], np.maximum(x, 0) + x)
    assert_array_equal(Residual(()).forward({}, x)[1](x)[1], 2 * x)


def test_parallel_branches_stand_side_by_side(rng):
    x, layer = rng.standard_normal((3, 5, 5, 2)), Parallel([Conv(3, 1), [], [Conv(2, 3, pad=1), Tanh()]])
    params = layer.start(rng, (5, 5, 2))
    assert list(params) == ["branch1.conv1.W", "branch1.conv1.b", "branch3.conv1.W", "branch3.conv1.b"]
    y, back = layer.forward(params, x)
    first, _ = ops.conv2d(x, params["branch1.conv1.W"], params["branch1.conv1.b"])
    third, _ = ops.conv2d(x, params["branch3.conv1.W"], params["branch3.conv1.b"], pad=1)
    assert_allclose(y, np.concatenate([first, x, np.tanh(third)], axis=-1), rtol=1e-12)
    grads, dx = back(np.concatenate([np.zeros((3, 5, 5, 3)), x, np.zeros((3, 5, 5, 2))], axis=-1))
    assert_allclose(dx, x) and not any(array.any() for array in grads.values())


@pytest.mark.parametrize("training", [False, True], ids=["test", "training"])
def test_gradients_of_everything_at_once(training, rng):
    params, y = EVERYTHING.init(rng, np.float64), rng.integers(0, 3, 4)
    params = renew_statistics(EVERYTHING, params, rng.standard_normal((50, 8, 8, 2)))
    names = EVERYTHING.trainable()

    def op(X, *arrays, rng=None):
        scores, back = EVERYTHING.forward({**params, **dict(zip(names, arrays))}, X, rng)
        loss, loss_back = losses.softmax(scores, y)

        def whole_back(d=1.0):
            grads, dX = back(*loss_back(d))
            assert tuple(grads) == names
            return dX, *grads.values()

        return loss, whole_back

    values = [params[name] + 0.1 * rng.standard_normal(params[name].shape) for name in names]
    settings = {"rng": np.random.default_rng(2) if training else None}
    report = gradients.check_along(op, rng.standard_normal((4, 8, 8, 2)), *values, **settings)
    assert report["passed"], (report["verdict"], report["verdicts"])


def test_names_and_counts_go_through_branches(rng):
    shapes, params = EVERYTHING.shapes(), EVERYTHING.init(rng)
    assert {name: array.shape for name, array in params.items()} == shapes
    assert {array.dtype for array in params.values()} == {np.dtype(np.float32)}
    measured = [name for name in shapes if name not in EVERYTHING.trainable()]
    assert measured == ["bn1.mean", "bn1.var", "residual1.bn1.mean", "residual1.bn1.var",
                        "parallel2.branch2.residual1.bn1.mean", "parallel2.branch2.residual1.bn1.var"]  # fmt: skip
    assert EVERYTHING.count() == sum(params[name].size for name in EVERYTHING.trainable())
    assert {"residual1.conv1.W", "parallel1.branch4.conv1.b", "residual2.shortcut.conv1.W"} <= shapes.keys()
    outputs = EVERYTHING.activations(params, rng.standard_normal((2, 8, 8, 2)))
    assert list(outputs) == [name for name, *_ in EVERYTHING.walk()]
    assert [array.shape[1:] for array in outputs.values()] == [out for *_, out in EVERYTHING.walk()]
    assert list(outputs)[3:8] == ["residual1.conv1", "residual1.bn1", "residual1.relu1", "residual1.dropout1",
                                  "residual1"]  # fmt: skip
    few = EVERYTHING.activations(params, rng.standard_normal((2, 8, 8, 2)), upto="residual1.bn1")
    assert list(few)[-1] == "residual1.bn1"


def test_the_input_gradient_can_be_left_out_of_branches(rng):
    for network in (EVERYTHING, Network([Residual(Conv(2, 1)), Flatten(), Dense(2)], (3, 3, 2)),
                    Network([Residual(ReLU()), Parallel([[], Conv(2, 1)]), GlobalAvgPool()], (3, 3, 2))):  # fmt: skip
        params, X = network.init(rng), rng.standard_normal((4, *network.input_shape))
        scores, back = network.forward(params, X, np.random.default_rng(0))
        grads, dX = back(np.ones_like(scores))
        same, nothing = back(np.ones_like(scores), input_gradient=False)
        assert nothing is None and dX.shape == X.shape and list(same) == list(grads) == list(network.trainable())
        for key in grads:
            assert_array_equal(same[key], grads[key])


def test_statistics_inside_of_branches_are_those_of_training_data(rng):
    network = Network([Conv(3, 3), Residual([Conv(3, 1), BatchNorm()], BatchNorm()), GlobalAvgPool()], (6, 6, 2))
    params, X = network.init(rng, np.float64), rng.standard_normal((30, 6, 6, 2))
    renewed = renew_statistics(network, params, X, batch=7)
    inside, _ = ops.conv2d(X, params["conv1.W"], params["conv1.b"])
    body, _ = ops.conv2d(inside, params["residual1.conv1.W"], params["residual1.conv1.b"])
    assert_allclose(renewed["residual1.bn1.mean"], body.mean(axis=(0, 1, 2)), rtol=1e-10)
    assert_allclose(renewed["residual1.bn1.var"], body.var(axis=(0, 1, 2)), rtol=1e-10)
    assert_allclose(renewed["residual1.shortcut.bn1.mean"], inside.mean(axis=(0, 1, 2)), rtol=1e-10)
    assert set(renewed) == set(params) and renewed["conv1.W"] is params["conv1.W"]
    assert_allclose(network.predict(renewed, X), network.forward(params, X, rng)[0], rtol=1e-9)




def test_predictions_inside_of_branches_do_not_depend_on_the_others(rng):
    X = rng.standard_normal((9, 8, 8, 2))
    params = renew_statistics(EVERYTHING, EVERYTHING.init(rng, np.float64), X)
    together = EVERYTHING.predict(params, X)
    assert_allclose(EVERYTHING.predict(params, X, batch=2), together, rtol=1e-10)
    assert EVERYTHING.predict(params, X[:0]).shape == (0, 3)
    large = Network([Conv(64, 1), GlobalAvgPool(), Dense(2)], (256, 256, 1))  # 4 million outputs an example
    weights, pictures = large.init(rng), rng.random((3, 256, 256, 1), dtype=np.float32)
    one_at_a_time = [large.predict(weights, pictures[i:i + 1])[0] for i in range(3)]
    assert_array_equal(large.predict(weights, pictures), one_at_a_time)
    one, same, other = (EVERYTHING.forward(params, X, np.random.default_rng(seed))[0] for seed in (1, 1, 2))
    assert_array_equal(one, same)
    assert (one != other).any()  # the dropout inside


def test_descriptions_are_the_same_in_every_process():
    script = "import test_layers_spatial as t; print('\\n'.join(t.EVERYTHING.describe()))"
    told = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parent, capture_output=True, text=True,
                          check=True, env={**os.environ, "PYTHONHASHSEED": "1"}).stdout  # fmt: skip
    assert told == "\n".join(EVERYTHING.describe()) + "\n" and "0x" not in told
    assert "Residual(layers=[Conv(filters=4, size=3, stride=1, pad=1, dilation=1, groups=2" in told
    assert hash(EVERYTHING) == hash(Network(EVERYTHING.layers, (8, 8, 2)))


def test_checkpoints_hold_branches(tmp_path, rng):
    X, y = rng.standard_normal((20, 8, 8, 2)), rng.integers(0, 3, 20)
    settings = {"batch": 5, "rng": np.random.default_rng(3)}
    steps = list(train.steps(EVERYTHING, EVERYTHING.init(rng), X, y, optim.Adam(1e-2), count=6, **settings))
    train.save(tmp_path / "run.npz", steps[2])
    state = train.load(tmp_path / "run.npz", EVERYTHING)
    *_, last = train.steps(EVERYTHING, None, X, y, optim.Adam(1e-2), count=6, batch=5, resume=state)
    for key, array in steps[-1].params.items():
        assert_array_equal(last.params[key], array)
    other = Network([*EVERYTHING.layers[:3], Residual([Conv(4, 1)]), *EVERYTHING.layers[4:]], (8, 8, 2))
    with pytest.raises(ValueError, match="another network"):
        train.load(tmp_path / "run.npz", other)


# --- mistakes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "error", "words"), [
    (lambda: Conv(0, 3), ValueError, "Conv: filters must be at least 1"),
    (lambda: Conv(4, 0), ValueError, "Conv: size must be at least 1"),
    (lambda: Conv(4, 3, stride=0), ValueError, "Conv: stride must be at least 1"),
    (lambda: Conv(4, 3, pad=-1), ValueError, "Conv: pad must be at least 0"),
    (lambda: Conv(4, 3, pad="same"), TypeError, "Conv: pad must be a whole number"),
    (lambda: Conv(4, 3, fit="same"), ValueError, "Conv: fit must be one of 'exact', 'floor', 'ceil'"),
    (lambda: Conv(4, 3, groups=3), ValueError, r"4 filters cannot be dealt into groups = 3. Take 6"),
    (lambda: Conv(4, 3, groups=2).out_shape((5, 5, 3)), ValueError, "3 channels cannot be dealt into groups = 2"),
    (lambda: Conv(4, 3, stride=2).out_shape((10, 10, 1)), ValueError,
     r"Conv: \(H - F \+ 2P\)/S \+ 1 = \(10 - 3 \+ 0\)/2 \+ 1 = 4.5 is not whole"),
    (lambda: Conv(4, 7).out_shape((5, 5, 1)), ValueError, "Conv: the window is larger than the padded"),
    (lambda: Conv(4, 3).out_shape((75,)), ValueError, r"Conv: inputs must be pictures \(H, W, C\), got shape \(75,\)"),
    (lambda: MaxPool(2, pad=2), ValueError, "MaxPool: pad = 2 must be smaller than the window, 2"),
    (lambda: MaxPool(2).out_shape((5, 5, 1)), ValueError, "MaxPool: .* = 2.5 is not whole"),
    (lambda: DepthwiseConv(2.5), TypeError, "DepthwiseConv: size must be a whole number, got 2.5"),
    (lambda: GlobalAvgPool().out_shape((4,)), ValueError, "GlobalAvgPool: inputs must be pictures"),
    (lambda: LocalResponseNorm(0), ValueError, "LocalResponseNorm: size must be at least 1"),
    (lambda: LocalResponseNorm(4), ValueError, "LocalResponseNorm: size must be odd"),
    (lambda: Residual([ReLU]), TypeError, r"Residual: layer 1 must be a layer.*Write the brackets: ReLU\(\)"),
    (lambda: Residual(Conv(4, 1)).out_shape((5, 5, 3)), ValueError,
     r"the layers end in shape \(5, 5, 4\) but the shortcut in \(5, 5, 3\)"),
    (lambda: Residual(Conv(4, 9)).out_shape((5, 5, 4)), ValueError, "Residual: conv1 cannot take inputs of shape"),
    (lambda: Parallel([]), ValueError, "Parallel: there are no branches"),
    (lambda: Parallel([Conv(1, 1), Conv(1, 3)]).out_shape((5, 5, 3)), ValueError,
     r"joined along the channels, so all else must be equal, got branch1 \(5, 5, 1\), branch2 \(3, 3, 1\)"),
    (lambda: Parallel([Conv(1, 1), Conv(1, 9)]).out_shape((5, 5, 3)), ValueError, "in branch2, conv1 cannot take"),
    (lambda: Network([Conv(4, 3), Flatten(), Conv(4, 3)], (5, 5, 1)), ValueError,
     r"Network: conv2 cannot take inputs of shape \(36,\). Conv: inputs must be pictures"),
    (lambda: Network([Residual([Conv(4, 1)])], (5, 5, 1)), ValueError, "Network: residual1 cannot take inputs"),
])  # fmt: skip
def test_mistakes_are_named(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_params_of_another_network_are_named(rng):
    params, X = EVERYTHING.init(rng), rng.standard_normal((2, 8, 8, 2))
    del params["residual1.conv1.W"]
    with pytest.raises(ValueError, match=r"residual1.conv1 needs an array 'residual1.conv1.W' of shape \(3, 3, 2, 4\)"):
        EVERYTHING.forward(params, X)


def test_settings_are_plain_numbers():
    odd = Conv(np.int64(4), [3, np.int64(2)], pad=[[1, 0], [0, 1]])
    assert odd == Conv(4, (3, 2), pad=((1, 0), (0, 1))) and hash(odd) == hash(Conv(4, (3, 2), pad=((1, 0), (0, 1))))
    assert odd.describe() == ("Conv(filters=4, size=(3, 2), stride=1, pad=((1, 0), (0, 1)), dilation=1, groups=1, "
                              "fit='exact', bias=True)")  # fmt: skip
    assert {"Conv", "DepthwiseConv", "MaxPool", "AvgPool", "Residual", "Parallel"} <= set(layers.__all__)
