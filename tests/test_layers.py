"""Every layer: its shapes are those it promises, its gradients are right, and it keeps nothing to itself."""

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cs231n_helpers import gradients, initializers, layers
from cs231n_helpers.layers import BatchNorm, Dense, Dropout, Flatten, LayerNorm, LeakyReLU, Maxout, ReLU, Residual

SETTINGS = {"Dense": {"units": 3}, "Dropout": {"keep": 0.6}, "Conv": {"filters": 3, "size": 2, "pad": ((1, 0), (0, 0))},
            "DepthwiseConv": {"size": (1, 2)}, "MaxPool": {"size": (2, 3)}, "AvgPool": {"size": 2, "stride": 1},
            "Residual": {"layers": [BatchNorm(), ReLU(), Dropout(0.8)]},
            "Parallel": {"paths": [[LayerNorm(), Maxout(2)], [], [Residual([BatchNorm()], LeakyReLU())]]},
            "Block": {"layers": [BatchNorm(), ReLU(), Residual(LayerNorm()), Maxout(2)]},
            "Standardise": {"scale": 3, "offset": -0.5}}  # fmt: skip
ALL = [getattr(layers, name)(**SETTINGS.get(name, {})) for name in layers.__all__]
SHAPES = [(6,), (2, 3, 4)]
PICTURES = {"conv", "depthwise", "pool", "avgpool", "gap", "lrn"}  # need (H, W, C)
CASES = [(layer, shape) for layer in ALL for shape in SHAPES if len(shape) == 3 or layer.kind not in PICTURES]
NAMES = [f"{layer.kind}-{shape}" for layer, shape in CASES]


def whole(layer, in_shape, rng):
    """The layer as an op of x and all of its learned arrays, for the gradient checker; statistics are fixed."""
    arrays = layer.start(rng, in_shape)
    names = list(layer.weights(in_shape))
    fixed = {name: rng.uniform(0.5, 2, arrays[name].shape) for name in layer.statistics(in_shape)}

    def op(x, *learned, rng=None):
        y, layer_back = layer.forward({**dict(zip(names, learned)), **fixed}, x, rng)

        def back(dy):
            grads, dx = layer_back(dy)
            assert list(grads) == names
            return dx, *grads.values()

        return y, back

    return op, [rng.standard_normal(arrays[name].shape) for name in names]


@pytest.mark.parametrize("training", [False, True], ids=["test", "training"])
@pytest.mark.parametrize(("layer", "in_shape"), CASES, ids=NAMES)
def test_gradients(layer, in_shape, training, rng):
    op, learned = whole(layer, in_shape, rng)
    x = 2 * rng.standard_normal((4, *in_shape))
    report = gradients.check(op, x, *learned, **({"rng": np.random.default_rng(5)} if training else {}))
    assert report["passed"], report["verdict"]


@pytest.mark.parametrize(("layer", "in_shape"), CASES, ids=NAMES)
def test_shapes_dtypes_and_frozen_inputs(layer, in_shape, rng):
    params = {name: array.astype(np.float32) for name, array in layer.start(rng, in_shape).items()}
    promised = {**layer.weights(in_shape), **layer.statistics(in_shape)}
    assert {name: array.shape for name, array in params.items()} == promised
    x = rng.standard_normal((5, *in_shape), dtype=np.float32)
    for array in (x, *params.values()):
        array.setflags(write=False)
    y, back = layer.forward(params, x, np.random.default_rng(1))
    dy = rng.standard_normal(y.shape, dtype=np.float32)
    dy.setflags(write=False)
    grads, dx = back(dy)
    assert y.shape == (5, *layer.out_shape(in_shape)) and y.dtype == np.float32
    assert dx.shape == x.shape and dx.dtype == np.float32
    assert {name: grad.shape for name, grad in grads.items()} == layer.weights(in_shape)
    assert {grad.dtype for grad in grads.values()} <= {np.dtype(np.float32)}
    assert layer.apply(params, x).shape == y.shape
    assert [name for name, *_ in layer.walk(in_shape)] == [name for name, _ in layer.traced(params, x)]
    assert list(layer.walk(in_shape))[-1] == ("", layer, in_shape, layer.out_shape(in_shape))
    fewer, nothing = back(dy, input_gradient=False)
    assert nothing is None and all((fewer[name] == grads[name]).all() for name in grads)


@pytest.mark.parametrize("layer", ALL, ids=lambda layer: layer.kind)
def test_a_layer_is_a_frozen_description(layer):
    assert layer == dataclasses.replace(layer) and hash(layer) == hash(dataclasses.replace(layer))
    with pytest.raises(dataclasses.FrozenInstanceError):
        layer.kind = "other"
    assert repr(layer).startswith(f"{type(layer).__name__}(") and "0x" not in repr(layer)
    assert layer.describe().startswith(f"{type(layer).__name__}(") and "0x" not in layer.describe()
    assert len({other.kind for other in ALL}) == len(ALL)


def test_descriptions_show_the_settings():
    assert Dense(7, bias=False).describe() == "Dense(units=7, bias=False)"
    assert LeakyReLU(0.2).describe() == "LeakyReLU(alpha=0.2)" and ReLU().describe() == "ReLU()"


def test_shapes_are_arithmetic_and_allocate_nothing():
    huge = (1000, 1000, 1000)
    assert Dense(10**6).weights(huge) == {"W": (10**9, 10**6), "b": (10**6,)}
    assert Dense(3, bias=False).weights((2, 5)) == {"W": (10, 3)}
    assert Flatten().out_shape(huge) == (10**9,) and Maxout(4).out_shape((3, 8)) == (3, 2)
    assert BatchNorm().statistics(huge) == {"mean": (1000,), "var": (1000,)}


def test_dense_flattens_images_and_adds_up(rng):
    X, W, b = rng.standard_normal((4, 2, 3, 5)), rng.standard_normal((30, 6)), rng.standard_normal(6)
    y, _ = Dense(6).forward({"W": W, "b": b}, X)
    by_hand = [[sum(X[n].ravel()[d] * W[d, c] for d in range(30)) + b[c] for c in range(6)] for n in range(4)]
    assert_allclose(y, by_hand, rtol=1e-12)
    assert_allclose(Dense(6, bias=False).forward({"W": W}, X)[0], np.array(by_hand) - b, rtol=1e-10)


def test_dense_starts_with_its_initializer_and_no_bias(rng):
    arrays = Dense(300, init=initializers.small).start(rng, (200,))
    assert abs(arrays["W"].std() - 0.01) < 1e-3 and not arrays["b"].any()
    assert abs(Dense(300).start(rng, (200,))["W"].std() - 0.1) < 3e-3  # he


def test_dropout_means_agree_and_test_mode_is_quiet(rng):
    x = np.full((200_000,), 3.0)
    noisy, _ = Dropout(0.3).forward({}, x, rng)
    assert_allclose(Dropout(0.3).forward({}, x)[0], x)
    assert set(np.unique(noisy)) == {0, 10} and abs(noisy.mean() - 3) < 5 * np.sqrt(9 * 0.7 / 0.3 / len(x))


def test_batch_norm_has_two_modes(rng):
    layer, x = BatchNorm(), 3 + 2 * rng.standard_normal((50, 4, 4, 3))
    params = {**layer.start(rng, (4, 4, 3)), "mean": np.array([1.0, 2, 3]), "var": np.array([4.0, 1, 9])}
    training, _ = layer.forward(params, x, rng)
    assert_allclose(training.mean(axis=(0, 1, 2)), 0, atol=1e-12)
    assert_allclose(training.var(axis=(0, 1, 2)), 1, rtol=1e-4)
    test, _ = layer.forward(params, x)
    assert_allclose(test, (x - [1, 2, 3]) / np.sqrt(np.array([4, 1, 9]) + 1e-5), rtol=1e-12)
    alone = np.concatenate([layer.forward(params, x[i:i + 1])[0] for i in range(50)])
    assert_array_equal(alone, test)


def test_renewed_statistics_are_those_of_all_batches_together(rng):
    x = 1000 + rng.standard_normal((90, 2, 3))
    params = BatchNorm().start(rng, (2, 3))
    renewed = BatchNorm().renewed(params, [x[:50], x[50:90]])
    assert_allclose(renewed["mean"], x.reshape(-1, 3).mean(axis=0), rtol=1e-12)
    assert_allclose(renewed["var"], x.reshape(-1, 3).var(axis=0), rtol=1e-9)
    assert renewed["gamma"] is params["gamma"] and params["mean"].tolist() == [0, 0, 0]
    assert ReLU().renewed(params, [x]) is params


def test_layer_norm_does_not_care_for_the_mode_or_the_batch(rng):
    layer, x = LayerNorm(), rng.standard_normal((8, 6))
    params = layer.start(rng, (6,))
    assert_array_equal(layer.forward(params, x, rng)[0], layer.forward(params, x)[0])
    assert_allclose(layer.forward(params, x[:1])[0], layer.forward(params, x)[0][:1], rtol=1e-12)


@pytest.mark.parametrize(("make", "error", "words"), [
    (lambda: Dense(0), ValueError, "Dense: units must be at least 1"),
    (lambda: Dense(2.5), TypeError, "Dense: units must be a whole number, got 2.5"),
    (lambda: Dropout(0), ValueError, "Dropout: keep must be greater than 0"),
    (lambda: Dropout(1.5), ValueError, "Dropout: keep must"),
    (lambda: Maxout(0), ValueError, "Maxout: pieces must be at least 1"),
    (lambda: BatchNorm(eps=0), ValueError, "BatchNorm: eps must be greater than 0"),
    (lambda: LayerNorm(eps=-1), ValueError, "LayerNorm: eps must be greater than 0"),
    (lambda: LeakyReLU(np.nan), ValueError, "LeakyReLU: alpha must be finite"),
    (lambda: Maxout(2).out_shape((7,)), ValueError, "Maxout: 7 columns .* pieces = 2. Let the layer before have 6"),
])  # fmt: skip
def test_mistakes_are_named(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_batch_norm_of_a_batch_of_one_says_why_not(rng):
    with pytest.raises(ValueError, match=r"batch_norm: .* training needs two"):
        BatchNorm().forward(BatchNorm().start(rng, (3,)), np.ones((1, 3)), rng)
