"""Convolution and pooling against plain loops over hundreds of random shapes, and against each other."""

import tracemalloc
import weakref

import naive
import numpy as np
import pytest

from cs231n_helpers import ops, threads

TOLERANCE = {np.float32: 1e-5, np.float64: 1e-10}


def frozen(array, dtype=None):
    array = np.array(array, dtype)
    array.setflags(write=False)
    return array


def drawn(rng, shape, dtype):
    return frozen(rng.standard_normal(shape), dtype)


def close(got, truth, dtype):
    """Off by at most the tolerance, as part of the largest number."""
    assert got.dtype == dtype and got.shape == truth.shape
    scale = max(1.0, float(np.abs(truth).max(initial=0)))
    assert np.abs(got - truth).max(initial=0) <= TOLERANCE[dtype] * scale


def shapes(rng, largest=9):
    """One random convolution: x and W shapes and settings, such that at least one window fits."""
    while True:
        (H, W), (KH, KW) = rng.integers(1, largest + 1, 2), rng.integers(1, 6, 2)
        pad = tuple(map(tuple, rng.integers(0, 3, (2, 2)).tolist())) if rng.random() < 0.5 else int(rng.integers(0, 3))
        stride, dilation = tuple(rng.integers(1, 4, 2).tolist()), tuple(rng.choice([1, 1, 1, 2, 3], 2).tolist())
        if rng.random() < 0.5:
            stride = 1
        reach = [d * (k - 1) + 1 for d, k in zip(dilation, (KH, KW))]
        if all(n + sum(p) >= r for n, p, r in zip((H, W), naive.sides(pad), reach)):
            return (int(H), int(W)), (int(KH), int(KW)), stride, pad, dilation


def convolution(seed):
    rng = np.random.default_rng(seed)
    (H, W), size, stride, pad, dilation = shapes(rng)
    groups = int(rng.choice([1, 1, 1, 2, 3]))
    c, f, n = (int(v) for v in rng.integers(1, 5, 3))
    settings = {"stride": stride, "pad": pad, "dilation": dilation, "groups": groups,
                "fit": str(rng.choice(["floor", "ceil"]))}
    return rng, (min(n, 3), H, W, c * groups), (*size, c, f * groups), settings


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(220))
def test_convolutions_equal_loops(seed, dtype):
    rng, x_shape, W_shape, settings = convolution(seed)
    x, W, b = drawn(rng, x_shape, dtype), drawn(rng, W_shape, dtype), drawn(rng, W_shape[3], dtype)
    y, back = ops.conv2d(x, W, b, **settings)
    close(y, naive.conv2d(x, W, b, **settings), dtype)
    dy = drawn(rng, y.shape, dtype)
    for got, truth in zip(back(dy), naive.conv2d_gradients(x, W, dy, **settings), strict=True):
        close(got, truth, dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(100))
def test_pools_equal_loops(seed, dtype):
    rng = np.random.default_rng(1000 + seed)
    (H, W), size, stride, pad, _ = shapes(rng)
    size = tuple(min(n, k) for n, k in zip((H, W), size))
    pad = tuple(tuple(min(p, k - 1) for p in side) for side, k in zip(naive.sides(pad), size))
    x = rng.integers(-2, 3, (2, H, W, 3)) if seed % 3 == 0 else rng.standard_normal((2, H, W, 3))       # ties
    x, settings = frozen(x, dtype), {"stride": stride, "pad": pad, "fit": str(rng.choice(["floor", "ceil"]))}
    for op, truth in ((ops.max_pool2d, naive.max_pool2d), (ops.avg_pool2d, naive.avg_pool2d)):
        y, back = op(x, size, **settings)
        close(y, truth(x, size, **settings), dtype)
        dy = drawn(rng, y.shape, dtype)
        close(back(dy)[0], naive.pool_gradient(x, dy, size, average=op is ops.avg_pool2d, **settings), dtype)


# the fast forms against the readable one, at sizes for which loops would take too long

LARGER = [((5, 33, 30, 16), 3, 24, 1), ((3, 16, 16, 64), 3, 64, 1), ((2, 32, 32, 3), 7, 32, 3),
          ((1, 70, 41, 8), 5, 9, 2), ((9, 7, 8, 12), 3, 20, 0), ((2, 21, 19, 4), 6, 5, ((5, 2), (0, 3))),
          ((2, 9, 40, 3), 11, 4, ((3, 7), (5, 9))),
          ((4, 14, 14, 32), 1, 48, 0), ((2, 13, 12, 6), 2, 7, 4), ((1, 2, 2, 3), 3, 5, 6)]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("shape", "size", "filters", "pad"), LARGER)
@pytest.mark.parametrize("budget", [2**20, 2**14])
def test_the_fast_form_equals_the_readable_one(shape, size, filters, pad, dtype, budget, monkeypatch, rng):
    monkeypatch.setattr(ops.strips, "BUDGET", budget)               # a small one cuts images into parts
    arrays = [drawn(rng, s, dtype) for s in (shape, (size, size, shape[3], filters), (filters,))]
    y, back = ops.conv2d(*arrays, pad=pad)
    truth, truth_back = ops.conv2d_as_product(*(a.astype(float) for a in arrays), pad=pad)
    close(y, truth, dtype)
    dy = drawn(rng, y.shape, dtype)
    for got, exact in zip(back(dy), truth_back(dy.astype(float)), strict=True):
        close(got, exact, dtype)


@pytest.mark.parametrize("settings", [{"pad": 1}, {"stride": 2}, {"pad": 2, "groups": 2}, {"dilation": 2}])
def test_two_threads_give_the_same_digits_as_one(settings, monkeypatch, rng):
    x, W, b = (drawn(rng, s, np.float32) for s in ((11, 19, 19, 8), (3, 3, 8 // settings.get("groups", 1), 12), (12,)))
    found = []
    for cores in (1, 2):
        monkeypatch.setattr(threads, "workers", lambda cores=cores: cores)
        y, back = ops.conv2d(x, W, b, **settings)
        p, pool_back = ops.max_pool2d(y, 3, 2, fit="floor")
        found.append([y, *back(y), p, *pool_back(p)])
    assert all(np.array_equal(one, two) for one, two in zip(*found))


def test_errors_in_another_thread_reach_the_caller(monkeypatch, rng):
    monkeypatch.setattr(threads, "workers", lambda: 2)
    _, back = ops.max_pool2d(drawn(rng, (8, 4, 4, 2), np.float32), 2)
    with pytest.raises(ValueError, match="broadcast"):
        back(np.ones((8, 3, 3, 2), np.float32))


def test_an_image_in_another_layout_or_dtype(rng):
    x, W, b = drawn(rng, (2, 3, 9, 8), np.float32), drawn(rng, (4, 3, 3, 3), float), np.zeros(4)
    seen, filters = x.transpose(0, 2, 3, 1), W.transpose(2, 3, 1, 0)                    # NCHW, not copied
    y, back = ops.conv2d(seen, filters, b, pad=1)
    np.testing.assert_allclose(y, naive.conv2d(seen, filters, b, pad=1), rtol=1e-12, atol=1e-12)
    dy = drawn(rng, (2, 4, 9, 8), np.float32).transpose(0, 2, 3, 1)
    for got, truth in zip(back(dy), naive.conv2d_gradients(seen, filters, dy, pad=1)):
        np.testing.assert_allclose(got, truth, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("settings", [{"pad": 1}, {"stride": 2, "fit": "floor"}, {"groups": 2, "pad": 1}])
def test_the_input_gradient_can_be_left_out(settings, rng):
    x, W, b = (drawn(rng, s, float) for s in ((2, 6, 6, 4), (3, 3, 4 // settings.get("groups", 1), 6), (6,)))
    y, back = ops.conv2d(x, W, b, **settings)
    none, dW, db = back(y, input_gradient=False)
    assert none is None and np.array_equal(dW, back(y)[1]) and np.array_equal(db, back(y)[2])
    y, back = ops.depthwise_conv2d(x, W[:, :, :, 0].repeat(4 // W.shape[2], 2), np.zeros(4), pad=1)
    assert back(y, input_gradient=False)[0] is None


# what the notebook shows

def test_im2col_lays_out_every_window(rng):
    x = drawn(rng, (2, 5, 4, 3), float)
    cols = ops.im2col(x, (3, 2), stride=(2, 1), pad=((1, 1), (0, 0)))
    padded = np.pad(x, ((0, 0), (1, 1), (0, 0), (0, 0)))
    expected = [padded[n, i:i + 3, j:j + 2].ravel() for n in range(2) for i in (0, 2, 4) for j in range(3)]
    np.testing.assert_array_equal(cols, expected)
    d = drawn(rng, cols.shape, float)
    folded = ops.col2im(d, x.shape, (3, 2), stride=(2, 1), pad=((1, 1), (0, 0)))
    assert np.sum(folded * x) == pytest.approx(np.sum(d * cols))    # one is the transpose of the other


def test_the_arithmetic_of_sizes():
    size = ops.spatial.out_size
    assert size("conv", "W", 227, 11, 4) == 55 and size("conv", "W", 32, 5, 1, (2, 2)) == 32
    assert size("conv", "W", 224, 7, 2, (3, 3), fit="floor") == 112 and size("pool", "W", 112, 3, 2, fit="ceil") == 56
    assert size("pool", "W", 112, 3, 2, (1, 1), fit="floor") == 56 and size("conv", "W", 7, 3, 1, (2, 2), 2) == 7
    assert size("pool", "W", 3, 2, 2, (1, 0), fit="ceil") == 2 and size("pool", "W", 4, 1, 3, fit="ceil") == 2
    assert size("pool", "W", 3, 1, 3, fit="ceil") == 1              # a second window would begin beyond the image


def test_a_one_by_one_convolution_mixes_channels(rng):
    x, W, b = drawn(rng, (2, 3, 4, 5), float), drawn(rng, (1, 1, 5, 6), float), drawn(rng, (6,), float)
    np.testing.assert_allclose(ops.conv2d(x, W, b)[0], x @ W[0, 0] + b)


def test_the_input_gradient_is_a_convolution_with_flipped_filters(rng):
    x, W, b = drawn(rng, (1, 6, 5, 2), float), drawn(rng, (3, 3, 2, 4), float), np.zeros(4)
    y, back = ops.conv2d(x, W, b)
    flipped = W[::-1, ::-1].transpose(0, 1, 3, 2)
    np.testing.assert_allclose(back(y)[0], ops.conv2d(y, flipped, np.zeros(2), pad=2)[0])


def test_local_response_norm_is_alexnets(rng):
    """Its alpha of 1e-4 is not divided by the size: 5e-4 here. One channel alone: x / (k + alpha x^2)^beta."""
    x = frozen([[[[0.0, 0, 10, 0, 0, 0, 0]]]])
    assert ops.local_response_norm(x, alpha=5e-4)[0][0, 0, 0, 2] == pytest.approx(10 / (2 + 1e-4 * 100) ** 0.75)


# ties, edges, padding

def test_ties_go_to_the_first_in_reading_order():
    one = frozen(np.ones((1, 4, 4, 1)))
    y, back = ops.max_pool2d(one, 2)
    assert back(5 * y)[0][0, :, :, 0].tolist() == [[5, 0, 5, 0], [0] * 4, [5, 0, 5, 0], [0] * 4]
    _, back = ops.max_pool2d(frozen([[[[1.0], [2.0]], [[2.0], [1.0]]]]), 2)
    assert back(np.ones((1, 1, 1, 1)))[0][0, :, :, 0].tolist() == [[0, 1], [0, 0]]
    y, back = ops.max_pool2d(one, 3, 1)                             # windows that overlap, each its own first
    assert back(y)[0][0, :, :, 0].tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0] * 4, [0] * 4]


def test_padding_never_wins_and_is_never_counted():
    low = frozen(np.full((1, 3, 3, 2), -7.0))
    for op in (ops.max_pool2d, ops.avg_pool2d):
        y, back = op(low, 3, 2, pad=1)
        assert (y == -7).all() and back(np.ones_like(y))[0].sum() == y.size             # nothing leaks into the padding


def test_rows_that_are_dropped_receive_nothing(rng):
    x = drawn(rng, (1, 5, 5, 2), float)
    for op in (ops.max_pool2d, ops.avg_pool2d):
        y, back = op(x, 2, fit="floor")
        dx = back(np.ones_like(y))[0]
        assert y.shape == (1, 2, 2, 2) and not dx[:, 4].any() and not dx[:, :, 4].any() and dx.sum() == y.size


@pytest.mark.parametrize(("op", "settings"), [(ops.max_pool2d, {"size": 2}), (ops.avg_pool2d, {"size": 2}),
                                              (ops.global_avg_pool, {})])
def test_pools_keep_no_image_alive(op, settings):
    x = np.ones((2, 4, 4, 3))
    watched = weakref.ref(x)
    _, back = op(x, **settings)
    del x
    assert watched() is None, back


# memory

def _step(params, X, activations):
    """[CONV-RELU]*2-POOL, forward and backward; the sizes of all outputs go into `activations`."""
    x, backs = X, []
    for op, arrays, settings in ((ops.conv2d, params[0], {"pad": 1}), (ops.relu, (), {}),
                                 (ops.conv2d, params[1], {"pad": 1}), (ops.relu, (), {}), (ops.max_pool2d, (2,), {})):
        x, back = op(x, *arrays, **settings)
        activations.append(x.nbytes)
        backs.append(back)
    for back in reversed(backs[1:]):
        x = back(x)[0]
    return backs[0](x, input_gradient=False)[1:]


def test_a_step_needs_three_times_its_activations_at_most_and_keeps_nothing(rng):
    params = [(drawn(rng, (3, 3, c, 16), np.float32), drawn(rng, (16,), np.float32)) for c in (3, 16)]
    X, activations = drawn(rng, (64, 32, 32, 3), np.float32), []
    _step(params, X, [])
    tracemalloc.start()
    try:
        _step(params, X, activations)
        after, peak = tracemalloc.get_traced_memory()
        for _ in range(3):
            _step(params, X, [])
        assert tracemalloc.get_traced_memory()[0] - after < 20_000
    finally:
        tracemalloc.stop()
    assert peak < 3 * sum(activations)
    assert peak < 2 * sum(activations) and after < 50_000           # measured: 1.4 times


@pytest.mark.parametrize("newaxis", [False, True])
def test_an_image_made_four_dimensional_by_new_axes_is_an_image(newaxis):
    """x[None, :, :, None] has channels at a distance of 0: that must not be taken for a distance between pixels."""
    plane, W = frozen(np.arange(49.0).reshape(7, 7)), frozen(np.arange(9.0).reshape(3, 3, 1, 1))
    x = plane[None, :, :, None] if newaxis else plane.reshape(1, 7, 7, 1)
    y, back = ops.conv2d(x, W, np.zeros(1))
    truth = [[(plane[i:i + 3, j:j + 3] * W[..., 0, 0]).sum() for j in range(5)] for i in range(5)]
    np.testing.assert_allclose(y[0, :, :, 0], truth)
    dy = np.ones((5, 5))[None, :, :, None] if newaxis else np.ones((1, 5, 5, 1))
    dx, dW, _ = back(dy)
    seen = [[plane[u:u + 5, v:v + 5].sum() for v in range(3)] for u in range(3)]
    np.testing.assert_allclose(dW[..., 0, 0], seen)
    assert dx.sum() == pytest.approx(25 * W.sum())
