"""The way forward alone gives what the ops with a way back give, for every shape and setting; inputs stay."""

import math

import naive
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cs231n_helpers import ops, threads
from cs231n_helpers.ops import inference
from cs231n_helpers.ops.inference import finish

TOLERANCE = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-12}
SHAPES = [(1, 9, 9, 1), (1, 9, 7, 3), (16, 5, 7, 4), (3, 11, 13, 6), (2, 1, 1, 8), (1, 23, 5, 34)]


def frozen(*arrays):
    for array in arrays:
        array.flags.writeable = False
    return arrays


def drawn(rng, *shape, dtype=np.float32):
    return rng.standard_normal(shape).astype(dtype)


def close(got, truth):
    assert got.shape == truth.shape and got.dtype == truth.dtype
    assert_allclose(got, truth, rtol=0, atol=TOLERANCE[got.dtype] * max(1, np.abs(truth).max()))


def settings(rng, shape, size):
    """Strides, padding, dilation and fit that the shape allows."""
    pad = tuple(tuple(int(n) for n in rng.integers(0, 3, 2)) for _ in range(2))
    dilation = tuple(int(n) for n in rng.integers(1, 3, 2))
    reach = [D * (F - 1) + 1 for F, D in zip(size, dilation)]
    if any(F > n + sum(sides) for F, n, sides in zip(reach, shape[1:3], pad)):
        pad, dilation = ((size[0], size[0]), (size[1], size[1])), (1, 1)
    return {"stride": tuple(int(n) for n in rng.integers(1, 4, 2)), "pad": pad, "dilation": dilation,
            "fit": str(rng.choice(["floor", "ceil"]))}


@pytest.mark.parametrize("room", [2**18, 200])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("seed", range(6))
def test_convolutions_equal_those_with_a_way_back(shape, seed, dtype, room, monkeypatch):
    monkeypatch.setattr(finish, "ROOM", room)
    rng = np.random.default_rng([seed, *shape])
    size = tuple(int(n) for n in rng.integers(1, 6, 2)) if seed else (1, 1)
    groups = 2 if shape[3] % 2 == 0 and seed % 3 == 2 else 1
    x, W, b = drawn(rng, *shape, dtype=dtype), drawn(rng, *size, shape[3] // groups, 6, dtype=dtype), drawn(rng, 6)
    frozen(x, W, b)
    how = {"groups": groups, **(settings(rng, shape, size) if seed > 1 else {"pad": 2 * seed})}
    truth, _ = ops.conv2d(x, W, b, **how)
    close(inference.conv2d(x, W, b, **how), truth)
    close(inference.conv2d(x, W, b, bounds=(0, math.inf), **how), np.maximum(truth, 0))
    close(inference.conv2d(x, W, None, bounds=(0, 6), **how), np.clip(truth - b.astype(dtype), 0, 6))
    wide = np.full((*truth.shape[:3], 9), 7, truth.dtype)
    inference.conv2d(x, W, b, out=wide[..., 2:8], **how)
    close(wide[..., 2:8], truth)
    assert (wide[..., :2] == 7).all() and (wide[..., 8:] == 7).all()


@pytest.mark.parametrize("room", [2**18, 200])
@pytest.mark.parametrize("long", [1000, 20])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_depthwise_equals_the_one_with_a_way_back(shape, seed, dtype, long, room, monkeypatch):
    monkeypatch.setattr(finish, "ROOM", room)
    monkeypatch.setattr("cs231n_helpers.ops.inference.depthwise.LONG", long)
    rng = np.random.default_rng([seed, *shape])
    size = tuple(int(n) for n in rng.integers(1, 6, 2))
    x, W, b = drawn(rng, *shape, dtype=dtype), drawn(rng, *size, shape[3], dtype=dtype), drawn(rng, shape[3])
    frozen(x, W, b)
    how = settings(rng, shape, size) if seed > 1 else {"pad": 2, "stride": 1}
    truth, _ = ops.depthwise_conv2d(x, W, b, **how)
    close(inference.depthwise_conv2d(x, W, b, **how), truth)
    close(inference.depthwise_conv2d(x, W, b, bounds=(0, 6), **how), np.clip(truth, 0, 6))
    close(inference.depthwise_conv2d(x, W, None, **how), truth - b.astype(dtype))
    wide = np.full((*truth.shape[:3], shape[3] + 2), 7, truth.dtype)
    inference.depthwise_conv2d(x, W, b, out=wide[..., 1:-1], **how)
    close(wide[..., 1:-1], truth)
    assert (wide[..., 0] == 7).all() and (wide[..., -1] == 7).all()


def test_both_equal_loops(rng):
    x, W, b = drawn(rng, 2, 7, 6, 3), drawn(rng, 3, 3, 3, 4), drawn(rng, 4)
    how = {"stride": 2, "pad": ((0, 1), (1, 0)), "fit": "floor"}
    close(inference.conv2d(x, W, b, **how), naive.conv2d(x, W, b, **how).astype(np.float32))
    each, offsets = drawn(rng, 3, 3, 3), drawn(rng, 3)
    truth = naive.conv2d(x, each[:, :, None, :], offsets, groups=3, **how).astype(np.float32)
    close(inference.depthwise_conv2d(x, each, offsets, **how), truth)


@pytest.mark.parametrize("size", [1, 2, 3, (3, 2), (1, 4)])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("shape", [(1, 9, 9, 1), (16, 7, 6, 5), (2, 4, 4, 3), (1, 13, 11, 70)], ids=str)
def test_max_pools_have_the_same_digits(size, stride, shape, rng):
    [x] = frozen(drawn(rng, *shape) - 3)                            # mostly below 0: padding must not win
    for pad in (0, ((0, 1), (0, 1))) if size in (2, 3) else (0,):
        for fit in ("floor", "ceil"):
            how = {"stride": stride, "pad": pad, "fit": fit}
            assert_array_equal(inference.max_pool2d(x, size, **how), ops.max_pool2d(x, size, **how)[0])


def test_a_pool_of_one_pixel_is_no_view_of_the_image(rng):
    x = drawn(rng, 1, 4, 4, 2)
    assert not np.may_share_memory(inference.max_pool2d(x, 1), x)


@pytest.mark.parametrize("size", [1, 3, 2**13, 2**13 + 1, 3 * 2**13 + 5])
def test_offsets_and_bounds_at_every_length(size, rng):
    for F in (1, 3) if size % 3 == 0 else (1,):
        y, b = drawn(rng, size // F, F), drawn(rng, F)
        for bounds in (None, (0, math.inf), (0, 6), (-math.inf, 1), (-math.inf, math.inf)):
            found = y.copy()
            finish.finished(found, b, bounds)
            assert_array_equal(found, y + b if bounds is None else np.clip(y + b, *bounds).astype(np.float32))


def test_not_a_number_is_not_hidden(rng):
    x, W, b = drawn(rng, 1, 5, 5, 2), drawn(rng, 1, 1, 2, 3), drawn(rng, 3)
    x[0, 2, 2, 0] = np.nan
    for bounds in ((0, 6), (0, math.inf)):
        assert np.isnan(inference.conv2d(x, W, b, bounds=bounds)[0, 2, 2]).all()
    assert np.isnan(inference.max_pool2d(x, 2, stride=1)[0, 1:3, 1:3, 0]).all()


def test_two_threads_give_the_same_digits_as_one(monkeypatch, rng):
    monkeypatch.setattr(finish, "ROOM", 500)
    x, W, b, each = drawn(rng, 5, 9, 9, 4), drawn(rng, 3, 3, 4, 6), drawn(rng, 6), drawn(rng, 3, 3, 4)
    found = []
    for count in (1, 2):
        monkeypatch.setattr(threads, "workers", lambda count=count: count)
        found.append([inference.conv2d(x, W, b, pad=1), inference.depthwise_conv2d(x, each, None, stride=2, pad=1)])
    for one, two in zip(*found):
        assert_array_equal(one, two)


@pytest.mark.parametrize(("change", "said"), [
    ({"x": np.zeros((1, 5, 5, 3), np.float32)}, "3 channels"), ({"b": np.zeros(9, np.float32)}, "one offset"),
    ({"stride": 2}, "not whole"), ({"stride": True}, "whole number"), ({"pad": "same"}, "pad must be"),
    ({"groups": 3}, "groups"),
])  # fmt: skip
def test_errors_are_those_of_conv2d(change, said, rng):
    given = {"x": drawn(rng, 1, 6, 6, 4), "W": drawn(rng, 3, 3, 4, 2), "b": drawn(rng, 2), **change}
    for _ in range(2):                                              # plans are kept; errors come every time
        with pytest.raises((ValueError, TypeError)) as expected:
            ops.conv2d(**given)
        with pytest.raises(type(expected.value), match=said) as found:
            inference.conv2d(**given)
        assert str(found.value) == str(expected.value)
