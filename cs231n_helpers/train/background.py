"""Work that goes on beside the cells: in a thread, or where there are none, in slices between other events.

The work is a generator: it yields how many seconds it wants to rest (0: none), and ends when it is done.
"""

import asyncio
import sys
import threading
import time

SLICE = 0.05                        # seconds of work between two events, where there are no threads
THREADS = sys.platform != "emscripten"          # a kernel inside the browser has none


def go(work, name):
    """Begin to work; returns a Thread, or a Slices, with `is_alive()` and `join(seconds)`.

    The thread is a daemon: it ends with the kernel. An exception in `work` is the work's own affair: let it catch it.
    """
    task = threading.Thread(target=_all_of, args=(work,), name=name, daemon=True) if THREADS else Slices(work)
    task.start()
    return task


def _all_of(work):
    for rest in work:
        if rest:
            time.sleep(rest)


class Slices:
    """What a thread would do, done in short slices by the event loop of the caller's thread."""

    def __init__(self, work):
        self._work, self._alive = work, False

    def start(self):
        """Begin as soon as the loop comes to it."""
        self._alive, self._loop = True, asyncio.get_event_loop()
        self._loop.call_soon(self._slice)

    def is_alive(self):
        """Whether there is work left."""
        return self._alive

    def join(self, seconds=None):
        """Do what is left here and now, for `seconds` at most."""
        end = None if seconds is None else time.perf_counter() + seconds
        while self._alive and (end is None or time.perf_counter() < end):
            self._work_until(time.perf_counter() + SLICE)

    def _slice(self):
        rest = self._work_until(time.perf_counter() + SLICE)
        if self._alive:
            self._loop.call_later(max(rest, 0.001), self._slice)

    def _work_until(self, end):
        while time.perf_counter() < end:
            rest = next(self._work, None) if self._alive else None
            if rest is None:
                self._alive = False
                return 0
            if rest:
                return rest
        return 0
