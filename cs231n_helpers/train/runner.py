"""A training run in the background that can be started, paused, stepped, stopped and thrown away at any moment."""

import threading
import time

from cs231n_helpers import threads

from . import background

STATES = ("ready", "running", "paused", "stopped", "finished", "failed")


class _Order:
    """What one background thread is told. A thread that is told to leave touches nothing of the Runner any more."""

    def __init__(self, most=None):
        self.most, self.then = most, None                           # steps to take; the state to leave for


class Runner:
    """Drives sessions: `begin()` returns a fresh one: an object with advance() -> bool, look(), done and history, and
    perhaps `rest`, seconds to wait after each step, `close()`, called in the thread
    when the run has ended, and `hurry()`, called from another when it is to end in the midst of a long step.

    All methods return at once and may be called from any thread, as often as one likes: what makes no sense in a state
    is ignored, and returns False. At most one thread trains at a time for the Runner; it lives only while it trains,
    looks at its orders between any two steps, and is a daemon, so it ends with the kernel.
    An exception in a step ends the run: state "failed", `error` its text; the history stays.
    """

    def __init__(self, begin):
        self._begin, self._lock = begin, threading.RLock()
        self._order, self._task, self._fresh = None, None, True
        self.session, self.state, self.error = None, "ready", ""
        self.seconds, self.taken = 0.0, 0                           # of this run: time in steps, and how many

    # ------------------------------------------------------------------------------------------------ orders
    def start(self):
        """Begin a new run, or go on with a paused one. False if one is running already."""
        return self._launch(None)

    def step(self, count=1):
        """Take `count` steps of a paused run, or the first ones of a new run, then pause. False if one is running."""
        return self._launch(count)

    def pause(self):
        """Stop after the step that is being taken; `start` goes on from there."""
        return self._leave("paused", ("running",))

    def stop(self):
        """End the run after the step that is being taken; its history stays."""
        return self._leave("stopped", ("running", "paused"))

    def reset(self, session=None):
        """Forget the run, in mid-step too, and show `session` instead, as if nothing had been started."""
        with self._lock:
            self._dismiss()
            self.session, self.state, self.error = session, "ready", ""
            self.seconds, self.taken = 0.0, 0
        return True

    def close(self):
        """End everything and keep nothing; waits a moment for the step that is being taken."""
        task = self._task
        self.reset()
        if task is not None and task is not threading.current_thread():
            task.join(2)

    def wait(self, seconds=60.0):
        """Wait until nothing runs, for `seconds` at most; returns whether nothing does."""
        end = time.monotonic() + seconds
        while (task := self._task) is not None and task.is_alive() and time.monotonic() < end:
            task.join(max(0.0, end - time.monotonic()))
            if task is self._task:
                break
        return not self.is_training

    # ------------------------------------------------------------------------------------------------ what is
    @property
    def history(self):
        """The History of the session, or None."""
        return self.session and self.session.history

    @property
    def is_training(self):
        """Whether a thread is at work: a short moment longer than the state "running"."""
        return self._task is not None and self._task.is_alive()

    # ------------------------------------------------------------------------------------------------ the thread
    def _launch(self, most):
        with self._lock:
            if self.state == "running":
                return False
            fresh = self.state != "paused"
            self._fresh |= fresh                                    # until the new session is made
            self._dismiss()
            before, order = self._task, _Order(most)
            self._order, self.state, self.error = order, "running", ""
            if fresh:
                self.seconds, self.taken = 0.0, 0
            self._task = background.go(self._work(order, before), "cs231n-training")
        return True

    def _leave(self, state, from_states):
        """Take the new state at once; the thread follows after its step."""
        with self._lock:
            if self.state not in from_states:
                return False
            self.state = state
            if self._order is not None:
                self._order.then = state
            if state != "paused":
                self._hurry()
        return True

    def _dismiss(self):
        if self._order is not None:
            self._order.then = "dismissed"
            self._hurry()
        self._order = None

    def _hurry(self):
        if hasattr(self.session, "hurry"):
            self.session.hurry()

    def _work(self, order, before):
        """Train until the order says otherwise. A generator for `background`; all errors end here."""
        session = None
        try:
            if before is not None:
                before.join()                                       # left a moment ago, and still in its last step
            with threads.blas(1):
                session = self._session_for(order)
                yield from self._train(order, session)
        except Exception as problem:                                # shown by whoever shows the state
            self._arrive(order, "failed", f"{type(problem).__name__}: {problem}")
        finally:
            if order.then != "paused" and hasattr(session, "close"):
                session.close()

    def _session_for(self, order):
        """The session to train: a new one where the run is new. Making it may take a while: nothing is locked."""
        session = self._begin() if self._fresh else self.session
        with self._lock:
            if self._order is order:
                self.session, self._fresh = session, False
        return session

    def _train(self, order, session):
        more, taken = not session.done, 0
        while more and order.then is None and taken != order.most:
            start = time.perf_counter()
            more, taken = session.advance(), taken + 1
            self.seconds, self.taken = self.seconds + time.perf_counter() - start, self.taken + 1
            yield getattr(session, "rest", 0)
        if more and order.then != "dismissed":
            session.look()                                          # so that what is shown is where it stands
        self._arrive(order, "finished" if not more else order.then or "paused")

    def _arrive(self, order, state, error=""):
        with self._lock:
            if self._order is order:
                self.state, self.error, self._order = state, error, None
