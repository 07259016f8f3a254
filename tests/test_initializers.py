"""Every way to start has the spread its docstring promises, at any shape, and depends on nothing but the generator."""

import math

import numpy as np
import pytest

from cs231n_helpers import initializers
from cs231n_helpers.initializers import calibrated, he, small, sparse, xavier, zeros

ALL = [getattr(initializers, name) for name in initializers.__all__]


@pytest.mark.parametrize(("init", "shape", "std"), [
    (small, (300, 200), 0.01),
    (calibrated, (400, 150), 1 / 20),
    (calibrated, (5, 5, 16, 100), 1 / 20),  # fan_in = 5 * 5 * 16 = 400
    (he, (200, 300), 0.1),
    (he, (5, 5, 8, 200), 0.1),
    (xavier, (300, 500), 0.05),  # sqrt(2 / 800)
    (xavier, (2, 2, 75, 125), 0.05),  # fan_in 300, fan_out 2 * 2 * 125 = 500
])  # fmt: skip
def test_the_spread(init, shape, std, rng):
    W = init(rng, shape)
    n = math.prod(shape)
    assert W.shape == shape and W.dtype == np.float64
    assert abs(W.std() / std - 1) < 5 / math.sqrt(2 * n)  # five standard errors of a standard deviation
    assert abs(W.mean()) < 5 * std / math.sqrt(n)


def test_relus_keep_the_signal_with_he_and_lose_it_with_small(rng):
    """Forty layers: the mean square stays within a factor of ten with he, and vanishes with the other two."""
    ends = {}
    for init in (he, calibrated, small):
        x = rng.standard_normal((50, 200))
        for _ in range(40):
            x = np.maximum(0, x @ init(rng, (200, 200)))
        ends[init] = np.mean(x * x)
    assert 0.1 < ends[he] < 10 and ends[calibrated] < 1e-9 and ends[small] < 1e-30


@pytest.mark.parametrize(("shape", "links", "expected"), [((50, 30), 10, 10), ((4, 30), 10, 4), ((3, 3, 5, 7), 2, 2)])
def test_sparse_links_every_unit_to_so_many_inputs(shape, links, expected, rng):
    W = sparse(rng, shape, links=links, scale=0.5)
    assert W.shape == shape
    columns = W.reshape(-1, shape[-1])
    assert (np.count_nonzero(columns, axis=0) == expected).all()
    if len(columns) > expected:
        assert len({tuple(np.flatnonzero(column)) for column in columns.T}) > 1  # not the same inputs for all


def test_sparse_weights_have_the_scale_and_are_spread_over_all_inputs(rng):
    W = sparse(rng, (40, 5000), scale=0.5)
    assert abs(W[W != 0].std() - 0.5) < 0.01
    counts = np.count_nonzero(W, axis=1)
    assert abs(counts - 1250).max() < 5 * math.sqrt(5000 * 0.25 * 0.75)


@pytest.mark.parametrize("init", ALL)
def test_the_same_generator_gives_the_same_numbers(init):
    first, again, other = (init(np.random.default_rng(seed), (6, 5)) for seed in (1, 1, 2))
    assert (first == again).all() and ((first != other).any() or init is zeros)


def test_zeros_are_zero_and_may_be_a_bias(rng):
    assert zeros(rng, (3,)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("init", ALL)
def test_mistakes_are_named(init, rng):
    name = init.__name__
    with pytest.raises(TypeError, match=f"{name}: rng must be a random generator, got 3"):
        init(3, (4, 5))
    with pytest.raises(ValueError, match=f"{name}: each length of shape must be at least 1, got 0"):
        init(rng, (0, 5))
    if init is not zeros:
        with pytest.raises(ValueError, match=rf"{name}: shape must have two axes or more.*got \(5,\)"):
            init(rng, 5)
    if init in (small, sparse):
        with pytest.raises(ValueError, match="scale must be at least 0"):
            init(rng, (2, 3), scale=-1)
