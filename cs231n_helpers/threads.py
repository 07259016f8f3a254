"""How many threads NumPy's matrix product may use, and work shared among threads of our own.

Alone on an idle machine, all cores halve the time of a large product. Around small training steps, and when two
processes share two cores, one thread is faster by far: threads that wait for each other burn the other's time.
"""

import contextlib
import contextvars
import functools
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

from cs231n_helpers import checks

_SETTINGS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")  # what users set to tame their BLAS
_lock = threading.Lock()
_in_force = []              # the limits of all `with` blocks that are open now, in whichever thread
_for_blas = []              # the limits that are for BLAS alone
_undo = []                  # at most one: what gives BLAS its own number back
_pool = []                  # at most one: the threads that help in `share`


@contextlib.contextmanager
def limit(n):
    """Inside the `with` block, BLAS (the library behind `@`) and this package use at most `n` threads.

    The number belongs to the whole process: where blocks of several threads overlap, the smallest limit holds until it
    ends. Without the package threadpoolctl BLAS cannot be told: one warning is given, and the block runs as it is.
    """
    with _held(_in_force, checks.whole("threads.limit", "n", n, low=1)):
        yield


@contextlib.contextmanager
def blas(n):
    """Inside the `with` block, BLAS uses at most `n` threads, while `share` keeps all cores.

    For steps that do both: after each product the threads of BLAS wait busily for the next one, for many milliseconds,
    and take the cores from ours (a training step of a ConvNet on two cores: half the time with blas(1)).
    """
    with _held(_for_blas, checks.whole("threads.blas", "n", n, low=1)):
        yield


@contextlib.contextmanager
def _held(limits, n):
    if _controller() is None:
        _warn_once()
    with _lock:
        limits.append(n)
        _apply()
    try:
        yield
    finally:
        with _lock:
            limits.remove(n)
            _apply()


@functools.cache
def _controller():
    """What tells BLAS its number of threads, or None. Kept: looking for the libraries takes a millisecond."""
    try:
        import threadpoolctl
    except ImportError:
        return None
    return threadpoolctl.ThreadpoolController()


def workers():
    """How many threads to start: the cores given to this process, or fewer where a limit or a setting says so."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    settings = [int(os.environ[name]) for name in _SETTINGS if os.environ.get(name, "").isdigit()]
    return min([cores, *_in_force, *(n for n in settings if n > 0)])


def share(function, items):
    """The list of function(item) for every item, from one thread on each core, with one BLAS thread in each.

    NumPy lets go of the interpreter's lock while it computes, so array work runs side by side. The calling thread works
    too; the others wait between calls, since starting a thread takes longer. In turn, where there is one core or one
    item, or BLAS cannot be told to leave the other cores alone.
    """
    items = list(items)
    count = min(workers(), len(items)) if len(items) > 1 else 1     # to ask for the cores takes some microseconds
    if count <= 1 or _controller() is None:
        return [function(item) for item in items]
    results, left, failed = [None] * len(items), iter(range(len(items))), []

    def work():
        try:
            for i in left:                          # each number goes to one thread
                results[i] = function(items[i])
        except BaseException as error:              # raised below, where the caller is
            failed.append(error)

    with limit(1):
        others = [_helpers().submit(contextvars.copy_context().run, work) for _ in range(count - 1)]
        work()
        for other in others:
            if not other.cancel():                  # one that has not begun has nothing left to do
                other.result()
    if failed:
        raise failed[0]
    return results


def _helpers():
    with _lock:
        if not _pool:
            _pool.append(ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="share"))
        return _pool[0]


if hasattr(os, "register_at_fork"):                 # a forked process has none of its parent's threads
    os.register_at_fork(after_in_child=_pool.clear)


def _apply():
    """Tell BLAS the smallest limit in force, or give it its own number back."""
    if (_in_force or _for_blas) and _controller() is not None:
        libraries = _controller().lib_controllers
        _undo[:] = _undo or [[(library, library.get_num_threads()) for library in libraries]]       # before all limits
        for library in libraries:
            _tell(library, min(_in_force + _for_blas))
    elif _undo:
        for library, number in _undo.pop():
            _tell(library, number)


def _tell(library, number):
    """Set a library's number of threads, whichever thread asks: we know about all limits and hold a lock.

    threadpoolctl 3.8 obeys only the Python thread that asked first, for as long as it lives: a run that is trained in
    the background was left with all BLAS threads, and took 30 times as long as with one.
    """
    getattr(library, "_real_set_num_threads", library.set_num_threads)(number)


_warned = []


def _warn_once():
    if not _warned:
        _warned.append(True)
        warnings.warn("threads.limit: threadpoolctl is not installed, so the number of BLAS threads stays as it is. "
                      "Install it with: pip install threadpoolctl", stacklevel=6)
