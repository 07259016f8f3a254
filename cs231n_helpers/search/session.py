"""One search, taken result by result by whoever drives it, and recorded on the way."""

import threading
import time
from collections.abc import Iterator

from cs231n_helpers import checks

from .journal import describe
from .lanes import processes
from .record import Record
from .results import Results
from .running import steps
from .samplers import coarse_to_fine, grid, random
from .stopping import median_stop
from .tpe import bayesian

SAMPLERS = ("random", "grid", "coarse to fine", "Bayesian")
TICK = 0.1                                                          # seconds that an order waits at most


class Session:
    """A search that a train.runner.Runner can drive.

    sampler: one of SAMPLERS; trials: how many at most (a grid takes the largest one that is not above it);
    workers: processes that train, 0: this one; early: whether hopeless trials are stopped.

    `advance()` waits a moment for news, `close()` ends the search and its workers; not in two threads at once.
    `record` and `hurry()`, which lets a trial in this process end at its next score, are for any thread.
    """

    def __init__(self, objective, space, sampler="random", trials=20, workers=0, early=False, *, seed=0, path=None):
        chosen, count = sampler_called(sampler, space, trials)
        self.total, self.done, self._told = sum(chosen.rounds(space, count)), False, threading.Event()
        self.record = Record(Results(trials=(), space=dict(space), planned=self.total), start=time.time())
        self._steps = steps(objective if workers else Obedient(objective, self._told), space, sampler=chosen,
                            trials=count, executor=processes(workers) if workers else None, seed=seed, path=path,
                            stop=median_stop() if early else None, tick=TICK)

    @property
    def taken(self):
        """How many trials have ended."""
        return len(self.record)

    def advance(self):
        """Wait for the next news; returns whether there may be more."""
        try:
            results = next(self._steps, None)
        except KeyboardInterrupt:
            if not self._told.is_set():
                raise
            return True                                             # whoever told it so ends it
        if results is None:
            self.done = True
        else:
            self.record = self.record.heard(results, time.time() - self.record.start)
        return not self.done

    def look(self):
        """Nothing more is to be read: all that is known is in the record."""

    def hurry(self):
        """Let the trial that is under way in this process end at its next score."""
        self._told.set()

    def close(self):
        """End what is under way, and let the workers go."""
        self._steps.close()


class Obedient:
    """An objective that gives up between two scores once it is told to: this process cannot be killed for it."""

    def __init__(self, objective, told):
        self._objective, self._told = objective, told
        if hasattr(objective, "names"):
            self.names = objective.names

    def __call__(self, values, seed):
        """The same scores."""
        scores = self._objective(values, seed)
        return self._one_by_one(scores) if isinstance(scores, Iterator) else scores

    def __repr__(self):
        return describe(self._objective)                            # in a journal it is the same search

    def _one_by_one(self, scores):
        for score in scores:
            if self._told.is_set():
                raise KeyboardInterrupt
            yield score


def sampler_called(name, space, trials):
    """Return (sampler, number of trials or None) for a word of SAMPLERS."""
    checks.one_of("search", "sampler", name, SAMPLERS)
    if name == "grid":
        return grid(_points(space, trials)), None
    return {"random": random(), "coarse to fine": coarse_to_fine(), "Bayesian": bayesian()}[name], trials


def _points(space, trials):
    """The most points for every setting with which a grid has no more than so many trials, two at least."""
    return next((points for points in range(trials, 2, -1) if grid(points).size(space) <= trials), 2)
