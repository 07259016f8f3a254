"""What holds for every test: no windows, one BLAS thread, no network beyond this machine."""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # before NumPy is loaded
os.environ["MPLBACKEND"] = "Agg"

import re  # noqa: E402
import sys  # noqa: E402

import numpy as np  # noqa: E402
import pytest  # noqa: E402

NOTEBOOK = re.compile(r"0\d_[a-z_]+")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Let one process do all tests of a notebook, which it runs once, and whole files of the others."""
    from xdist.scheduler import LoadScopeScheduling

    class ByNotebook(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            found = NOTEBOOK.search(nodeid.removeprefix("tests/notebooks/test_"))
            return "_".join(found[0].split("_")[:2]) if found else nodeid.split("::", 1)[0]

    return ByNotebook(config, log)


def pytest_make_parametrize_id(val, argname):
    """Name binary arguments by their length: gzip writes the time of day, and two processes must agree on names."""
    return f"{argname}-{len(val)}-bytes" if isinstance(val, bytes) and len(val) > 8 else None


ATTEMPTS = []  # addresses beyond this machine that a test tried to reach
HERE = {"localhost", "127.0.0.1", "::1", "", "0.0.0.0", "::", None}


class NetworkUsed(RuntimeError):
    """A test tried to reach another machine. Not an OSError, so that no fallback for "offline" can swallow it."""


def _guard(event, arguments):
    """Audit hook of the interpreter: it sees every connection, whichever library makes it."""
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a string is a socket in the file system
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host not in HERE and not str(host).startswith("127."):
        ATTEMPTS.append(host)
        raise NetworkUsed(f"tests do not use the network, but one asked for {host}")


sys.addaudithook(_guard)


@pytest.fixture(autouse=True)
def _no_network():
    """Fail a test that tried to reach another machine even if it went on as if nothing had happened."""
    ATTEMPTS.clear()
    yield
    assert not ATTEMPTS, f"tests do not use the network, but this one asked for {ATTEMPTS}"


@pytest.fixture(autouse=True)
def _figures_are_closed():
    """Fail a test that leaves figures open in pyplot: code under widgets may not use it at all."""
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None and pyplot.get_fignums():
        pyplot.close("all")
        pytest.fail("figures were left open in pyplot")


@pytest.fixture
def rng():
    return np.random.default_rng(231)
