"""Thread limits hold inside the block, nest, overlap, and do without threadpoolctl."""

import sys
import threading
import warnings

import numpy as np
import pytest
import threadpoolctl

from cs231n_helpers import threads


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    """As on a machine with two cores and no settings; BLAS itself starts at 2."""
    for name in threads._SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda pid: {0, 1}, raising=False)
    with threadpoolctl.threadpool_limits(limits=2):
        yield


@pytest.fixture
def without_threadpoolctl(monkeypatch):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    monkeypatch.setattr(threads, "_warned", [])
    threads._controller.cache_clear()
    yield
    threads._controller.cache_clear()


def blas():
    return {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}


def test_limit_holds_in_the_block_and_is_undone_after():
    before = blas()
    with threads.limit(1):
        assert blas() == {1} and threads.workers() == 1
        with threads.limit(2):
            assert blas() == {1}                    # the smallest limit holds
    assert blas() == before and threads.workers() == 2


def test_limit_is_undone_when_the_block_fails():
    before = blas()
    with pytest.raises(KeyError), threads.limit(1):
        raise KeyError
    assert blas() == before and threads.workers() == 2


def test_limits_of_two_threads_may_overlap():
    before, first_in, second_in, first_out = blas(), threading.Event(), threading.Event(), threading.Event()

    def first():
        with threads.limit(1):
            first_in.set()
            second_in.wait(10)
        first_out.set()

    thread = threading.Thread(target=first)
    thread.start()
    first_in.wait(10)
    with threads.limit(1):
        second_in.set()
        first_out.wait(10)
        assert blas() == {1}                        # the first has left, the second still holds
    thread.join()
    assert blas() == before


def test_a_limit_holds_whichever_thread_sets_it():
    """Also where another thread has used threadpoolctl before, as `two_cores` did here."""
    before, seen = blas(), []

    def beside():
        with threads.limit(1):
            seen.append(blas())

    thread = threading.Thread(target=beside)
    thread.start()
    thread.join()
    assert seen == [{1}] and blas() == before


@pytest.mark.parametrize("setting", threads._SETTINGS)
def test_workers_obey_the_settings_of_the_environment(monkeypatch, setting):
    monkeypatch.setenv(setting, "1")
    assert threads.workers() == 1
    monkeypatch.setenv(setting, "many")
    assert threads.workers() == 2


def test_a_limit_for_blas_leaves_the_cores_to_share():
    before = blas()
    with threads.blas(1):
        assert blas() == {1} and threads.workers() == 2
        assert threads.share(lambda i: threads.workers(), [0, 1]) == [1, 1]     # in a share there is no other
        with threads.limit(1):
            assert threads.workers() == 1
        assert blas() == {1}
    assert blas() == before
    with pytest.raises(ValueError, match=r"threads\.blas: n must be"), threads.blas(0):
        pass


def test_share_returns_in_order_and_uses_both_cores():
    together = threading.Barrier(2, timeout=10)

    def square(i):
        together.wait()                             # fails unless two run at the same time
        assert blas() == {1}
        return i * i

    assert threads.share(square, range(8)) == [i * i for i in range(8)]


def test_share_passes_errors_on():
    with pytest.raises(ZeroDivisionError):
        threads.share(lambda i: 1 // i, [1, 0])
    assert threads.workers() == 2


def test_without_threadpoolctl_one_warning_and_the_block_runs(without_threadpoolctl):
    with pytest.warns(UserWarning, match="pip install threadpoolctl"), threads.limit(1):
        assert threads.workers() == 1
    with warnings.catch_warnings(), threads.limit(1):
        warnings.simplefilter("error")
    me = threading.get_ident()
    assert threads.share(lambda i: threading.get_ident(), [1, 2]) == [me, me]


@pytest.mark.parametrize("n, error", [(0, ValueError), (-1, ValueError), (1.5, TypeError), ("1", TypeError)])
def test_bad_limits_are_refused_in_words(n, error):
    with pytest.raises(error, match=r"threads\.limit: n must be"), threads.limit(n):
        pass
    assert np.isfinite(threads.workers())
