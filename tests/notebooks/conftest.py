"""What the tests of one notebook (its module's NAME) start from."""

import pytest

from cs231n_helpers import data
from support import run_notebook


@pytest.fixture(scope="module")
def run(request):
    return run_notebook(request.module.NAME)


@pytest.fixture(scope="module")
def split():
    return data.load("fashion_mnist", train=9000, val=1000, test=2000)


@pytest.fixture
def widget(run, request):
    """The explorer of the cell named by the test's parameter, at its start values before and after."""
    explorer = run.widgets[request.param]
    explorer.reset()
    yield explorer
    explorer.reset()
