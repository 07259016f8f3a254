"""What the tests of one notebook (its module's NAME) start from."""

from pathlib import Path

import numpy as np
import pytest

from cs231n_helpers import data
from support import run_notebook


def pytest_collection_modifyitems(items):
    """The first test of a notebook runs all of it, beside other tests: that takes longer than a unit test may."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(600))
    items.sort(key=lambda item: "04_nn_training" not in item.nodeid)  # the longest first, so that no process waits


@pytest.fixture(scope="module")
def run(request):
    return run_notebook(request.module.NAME)


@pytest.fixture(scope="module")
def split():
    return data.load("fashion_mnist", train=9000, val=1000, test=2000)


@pytest.fixture(scope="module")
def ready(split):
    """Training and validation images in float64: minus the training mean, over the largest absolute value left."""
    flat = [A.reshape(len(A), -1).astype(float) for A in (split.X_train, split.X_val)]
    mean = flat[0].mean(axis=0)
    largest = np.abs(flat[0] - mean).max()
    return [(A - mean) / largest for A in flat]


@pytest.fixture
def widget(run, request):
    """The explorer of the cell named by the test's parameter, at its start values before and after."""
    explorer = run.widgets[request.param]
    explorer.reset()
    yield explorer
    explorer.reset()
