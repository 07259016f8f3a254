"""What a job can be put on: a process of our own, or an executor that was handed in."""

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from dataclasses import dataclass

from cs231n_helpers import checks

from .trial import carry_out, carry_out_quietly

READY = 120.0                                                       # seconds a process may take to start
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
IN_A_FILE = ("A worker process finds the objective by its name: define it in a file and import it from there (what is "
             "defined in a notebook cannot be found), or leave out executor.")
UNDER_MAIN = "In a script, the search must stand under if __name__ == '__main__': each worker reads the script once."


class WorkerError(RuntimeError):
    """The workers cannot go on; the text says why. Trials that are finished are not touched by it."""


@dataclass(frozen=True)
class processes:
    """`n` worker processes on this machine, one for each core if n is None, each with one BLAS thread.

    Each is a pool of its own, so that one that dies takes no other's trial along; a new one takes its place. They are
    started afresh ("spawn"), never forked: a fork copies the locks of threads that it does not copy.
    """

    n: int | None = None

    def __post_init__(self):
        if self.n is not None:
            checks.whole("processes", "n", self.n, low=1)

    def lanes(self):
        """As many as there are to be processes; none is started yet."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return [OwnProcess() for _ in range(self.n or cores)]


def lanes_of(executor):
    """The lanes that an executor stands for, or a sentence that says what an executor can be."""
    if isinstance(executor, processes):
        return executor.lanes()
    if isinstance(executor, Executor):
        return [Given(executor)]
    raise TypeError("search: executor must be None (in this process), search.processes(2), or an executor of "
                    f"concurrent.futures such as Dask's Client.get_executor(), got {executor!r}.")


class OwnProcess:
    """One process, one job at a time. It is started when it is first needed, and anew when it has died."""

    can_be_killed = True

    def __init__(self):
        self._pool, self.arrival, self._job = None, None, None      # arrival: the future of its number

    @property
    def idle(self):
        """Whether it has no job."""
        return self._job is None or self._job.done()

    def open(self):
        """Begin to start the process, if it is not there; this does not wait until it is."""
        if self._pool is None:
            self.arrival, self._opened = None, time.monotonic()
            self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=settle_in)
            with _environment(ONE_THREAD), _interrupts_held():      # before BLAS is loaded there
                self.arrival = self._pool.submit(os.getpid)

    @property
    def room(self):
        """How many jobs it takes now: none before it has arrived. WorkerError if it never will."""
        late = not self.arrival.done() and time.monotonic() > self._opened + READY
        if late or (self.arrival.done() and self.arrival.exception() is not None):
            raise WorkerError("search: a worker process could not be started; what it said stands above or in the "
                              f"terminal. {UNDER_MAIN}")
        return int(self.idle and self.arrival.done())

    def submit(self, objective, job):
        """Give it a job; returns the future of the Trial, or None if it has died while it had nothing to do."""
        packed = pack(objective, job)
        try:
            self._job = self._pool.submit(unpack, packed)
        except BrokenExecutor:
            self.mend()
            return None
        return self._job

    def mend(self, error=None):
        """After a death: let go of what is left, so that the next job starts a new process."""
        self._end(kill=True)
        self._job = None

    def kill(self, future):
        """End the process, whatever it does; returns its number."""
        pid = self.arrival.result()
        self.mend()
        return pid

    def close(self):
        """End the process: at once if it is busy or not yet there, by a word if it has nothing to do."""
        self._end(kill=not self.idle or self.arrival is None or not self.arrival.done())

    def _end(self, kill):
        pool, self._pool = self._pool, None
        if pool is not None:
            for process in list((pool._processes or {}).values()) if kill else ():
                process.kill()                                      # which leaves alone what has ended already
            pool.shutdown(wait=True, cancel_futures=True)


class Given:
    """An executor from outside: it takes all jobs at once and hands them to its workers itself. It is not shut down."""

    can_be_killed, idle, arrival = False, True, None
    room = sys.maxsize

    def __init__(self, executor):
        self._executor = executor

    def open(self):
        """It is there already."""

    def submit(self, objective, job):
        """Give it a job; returns the future of the Trial."""
        if isinstance(self._executor, ProcessPoolExecutor):
            return self._executor.submit(unpack, pack(objective, job))
        return self._executor.submit(carry_out, objective, job)

    def mend(self, error=None):
        """A pool that lost a process takes no more jobs."""
        if isinstance(error, BrokenExecutor):
            raise WorkerError(f"search: the executor is broken ({error}). Finished trials are kept: with path=, the "
                              "same call goes on from them. search.processes(n) survives the death of a worker.")

    def kill(self, future):
        """Its workers are not ours to end: take the job back, if it can be, and expect nothing more of it."""
        future.cancel()
        return 0

    def close(self):
        """Whoever made it ends it."""


# ---------------------------------------------------------------------------------------------- inside the workers
def pack(objective, job):
    """Both as bytes, so that what cannot be packed or unpacked is met where it can be answered in words."""
    try:
        return pickle.dumps((objective, job))
    except Exception as error:                                      # pickle raises whatever the object's class does
        raise WorkerError(f"search: the objective or its values cannot be sent to a worker process "
                          f"({type(error).__name__}: {error}). {IN_A_FILE}") from None


def unpack(packed):
    """Carry out what was packed; returns the Trial, or in words why it cannot be unpacked here."""
    try:
        objective, job = pickle.loads(packed)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return carry_out_quietly(objective, job)


def settle_in():
    """First thing in a process of ours: Stop is the master's affair, and without a master there is nothing to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})             # held since it was started
    threading.Thread(target=_end_with_the_master, daemon=True).start()


def _end_with_the_master():
    multiprocessing.parent_process().join()                         # a killed master tells nobody
    os._exit(1)


@contextlib.contextmanager
def _environment(settings):
    """Environment variables that a process started inside gets; afterwards they are as they were."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@contextlib.contextmanager
def _interrupts_held():
    """A process started inside leaves Ctrl-C, which the terminal sends to all, waiting until it has settled in."""
    if not hasattr(signal, "pthread_sigmask"):                      # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
