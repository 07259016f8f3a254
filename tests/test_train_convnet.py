"""A small ConvNet, written as a pattern or built of branches, learns from real pictures through train.epochs."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from cs231n_helpers import architecture, data, optim, train
from cs231n_helpers.layers import BatchNorm, Conv, Dense, Dropout, GlobalAvgPool, MaxPool, Parallel, ReLU, Residual
from cs231n_helpers.network import Network
from cs231n_helpers.train import watch

PATTERN = architecture.parse("[CONV3-8 -> RELU -> POOL]*2 -> FC32 -> RELU -> FC", (28, 28, 1), 10)
BRANCHES = Network([
    Conv(8, 5, stride=2, pad=2, fit="floor", bias=False), BatchNorm(), ReLU(), MaxPool(2),
    Residual([Conv(8, 3, pad=1, bias=False), BatchNorm(), ReLU(), Dropout(0.9)]),
    Parallel([[Conv(12, 1), ReLU()], [Conv(12, 3, pad=1), BatchNorm(), ReLU()]]), GlobalAvgPool(), Dense(10),
], (28, 28, 1))  # fmt: skip


@pytest.fixture(scope="module")
def split():
    few = data.load("fashion_mnist", train=600, val=200, test=200)
    parts = {f"X_{part}": (getattr(few, f"X_{part}").astype(np.float32) - 73) / 90 for part in ("train", "val", "test")}
    return replace(few, **parts)


@pytest.mark.parametrize(("network", "lr", "least"), [(PATTERN, 5e-3, 0.65), (BRANCHES, 2e-2, 0.5)],
                         ids=["pattern", "branches"])  # fmt: skip
def test_a_convnet_learns(network, lr, least, split):
    rng = np.random.default_rng(0)
    params = network.init(rng)
    *_, first, last = train.epochs(network, params, split, optim.Adam(lr), count=3, batch=30, rng=rng, l2=1e-4)
    assert last.loss < first.loss < 2.3 and last.val_accuracy > least
    assert set(last.ratios) == set(network.trainable()) and all(0 < ratio < 1 for ratio in last.ratios.values())
    measured = [key for key in network.shapes() if key not in network.trainable()]
    assert all((last.params[key] != params[key]).any() for key in measured)
    assert train.evaluate(network, last.params, split.X_test, split.y_test) > least - 0.1


def test_instruments_look_into_branches(split):
    params = BRANCHES.init(np.random.default_rng(0))
    reading = watch.read(BRANCHES, params, split.X_train[:50])
    assert list(reading.activations) == ["relu1", "residual1.relu1", "parallel1.branch1.relu1",
                                         "parallel1.branch2.relu1"]  # fmt: skip
    assert reading.dead.keys() == reading.activations.keys() and reading.filters.shape == (8, 5, 5, 1)


def test_a_step_takes_about_the_memory_of_its_activations(split):
    """And the next one takes no more."""
    network, X, y = architecture.parse("[CONV3-16 RELU]*2 POOL FC", (28, 28, 1), 10), split.X_train[:128], split.y_train
    run = train.steps(network, network.init(np.random.default_rng(0)), X, y[:128], optim.SGD(1e-3), batch=64,
                      rng=np.random.default_rng(0))  # fmt: skip
    next(run)
    tracemalloc.start()
    peaks = []
    for _ in range(4):
        tracemalloc.reset_peak()
        next(run)
        peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    kept = architecture.memory(network, batch=64, in_place=False)
    assert max(peaks) < 3 * kept.activations
    assert peaks[-1] < 1.05 * peaks[0] + 1e5
