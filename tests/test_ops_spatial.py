"""Convolution and pooling against plain loops over hundreds of random shapes, and against each other."""

import naive
import numpy as np
import pytest

from cs231n_helpers import ops

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
@pytest.mark.parametrize("seed", range(120))
def test_convolutions_equal_loops(seed, dtype):
    rng, x_shape, W_shape, settings = convolution(seed)
    x, W, b = drawn(rng, x_shape, dtype), drawn(rng, W_shape, dtype), drawn(rng, W_shape[3], dtype)
    y, back = ops.conv2d(x, W, b, **settings)
    close(y, naive.conv2d(x, W, b, **settings), dtype)
    dy = drawn(rng, y.shape, dtype)
    for got, truth in zip(back(dy), naive.conv2d_gradients(x, W, dy, **settings), strict=True):
        close(got, truth, dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(60))
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
