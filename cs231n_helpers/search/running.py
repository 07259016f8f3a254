"""The search itself: ask a sampler for values, hand them out, write down what comes back."""

import contextlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cs231n_helpers import checks

from . import journal
from .distributions import check_space
from .lanes import lanes_of
from .results import Results
from .samplers import random
from .trial import Job
from .workers import team


def run(objective, space, **settings):
    """Carry out a whole search and return its Results. Parameters as in `steps`.

    Stop (Ctrl-C) ends it at once; the KeyboardInterrupt has the Results so far as its attribute `results`.
    """
    results = None
    with contextlib.closing(steps(objective, space, **settings)) as search:
        try:
            for results in search:                                  # noqa: B007  the last one is what counts
                pass
        except KeyboardInterrupt as stop:
            stop.results = results
            raise
    return results


def steps(objective, space, *, sampler=random(), trials=None, executor=None, seed=0, path=None, stop=None,  # noqa: B008
          seconds=None, retries=2, tick=None):
    """A generator of Results: one for each finished trial, in the order in which they end.

    Close it (or leave the loop that runs it) to stop: what waits is cancelled, workers end, what is finished is kept.

    Parameters
    ----------
    objective : objective(values, seed) -> score, higher is better; values is a dict. Or a generator function that
        yields scores: the last one counts, and in between a hopeless trial can be stopped. The same seed must give the
        same score.
    space : {name: log_uniform(low, high) or uniform(low, high) or choice(options)}.
    sampler : random(), grid(points), coarse_to_fine(stages), bayesian().
    trials : how many in all; None: 20, or the size of the grid.
    executor : None, in this process; processes(n), worker processes; any executor of concurrent.futures. The trials
        are the same, whichever carries them out.
    seed : of all randomness. The values of a trial come from (seed, number), its own seed too.
    path : a file that takes every finished trial at once. If it is there, the search goes on from what is in it.
    stop : median_stop(), to end hopeless trials early.
    seconds : how long a trial may take. One that yields ends by itself; a worker that hangs is killed by processes().
    retries : how often a trial is run again whose worker died.
    tick : also yield Results when nothing has finished for so many seconds (with workers).
    """
    seed = checks.whole("search", "seed", seed, low=0)
    trials = trials if trials is None else checks.whole("search", "trials", trials, low=1)
    plan = Plan(objective, check_space("search", space), sampler, trials, seed, stop, seconds)
    if executor is not None:
        lanes_of(executor)                                          # what is no executor is named now
    retries = checks.whole("search", "retries", retries, low=0)
    if tick is not None:
        checks.real("search", "tick", tick, above=0)
    return _steps(plan, executor, path, retries, tick)


def _steps(plan, executor, path, retries, tick):
    with journal.opened(path, plan.header(), plan.sampler.extends) as log, \
         team(executor, plan.objective, plan.seconds, retries) as crew:
        finished, news = {}, 0
        for jobs in plan.batches(finished):
            known = [log.finished(job.number, job.values, job.seed) for job in jobs]
            finished.update({trial.number: trial for trial in known if trial is not None})
            for trials in crew.work([job for job in jobs if job.number not in finished], tick):
                for trial in trials:
                    log.add(trial)                                  # all of them, before the caller may stop
                for trial in trials or [None]:
                    finished.update({} if trial is None else {trial.number: trial})
                    news += 1
                    yield plan.results(finished, crew, log)
        if not news:                                                # all of it was in the file
            yield plan.results(finished, crew, log)


@dataclass(frozen=True)
class Plan:
    """What a search is to do. Its trials come in batches: each is known before one of its trials begins."""

    objective: object
    space: dict
    sampler: object
    trials: int | None
    seed: int
    stop: object
    seconds: float | None

    def __post_init__(self):
        if not callable(self.objective) or isinstance(self.objective, type):
            raise TypeError(f"search: objective must be a function objective(values, seed), got {self.objective!r}.")
        for name in self.space if hasattr(self.objective, "names") else ():
            checks.one_of("search", "each name in space", name, self.objective.names)
        for name, method in (("sampler", "propose"), ("stop", "limits")):
            record = getattr(self, name)
            if isinstance(record, type) or not (hasattr(record, method) or (name == "stop" and record is None)):
                raise TypeError(f"search: {name} must be a record such as search.{EXAMPLES[name]}, got {record!r}.")
        if self.seconds is not None:
            checks.real("search", "seconds", self.seconds, above=0)
        self.rounds                                                 # noqa: B018  a sampler that cannot says so now

    @cached_property
    def rounds(self):
        """How many trials there are in each round of the sampler."""
        return self.sampler.rounds(self.space, self.trials)

    def header(self):
        """The first line of the journal."""
        return journal.header(self.objective, self.space, self.sampler, self.seed, sum(self.rounds), self.stop)

    def batches(self, finished):
        """Yield lists of jobs; `finished` {number: Trial} must hold all of one list before the next is asked for.

        A round of the sampler is a batch; where a stopping rule sets its yardstick within a round, it is two.
        """
        start = 0
        for count in self.rounds:
            earlier = [finished[number] for number in range(start)]
            values = self.sampler.propose(self.space, range(start, start + count), self.seed, earlier)
            jobs = [Job(number, each, self._seed(number), seconds=self.seconds) for number, each in
                    enumerate(values, start)]
            after = len(jobs) if self.stop is None else min(max(self.stop.after - start, 0), count)
            if jobs[:after]:
                yield jobs[:after]
            if jobs[after:]:
                limits = self.stop.limits([finished[number] for number in range(self.stop.after)])
                yield [replace(job, limits=limits) for job in jobs[after:]]
            start += count

    def _seed(self, number):
        """The seed of a trial: from the search's seed and its number, and unlike what its values are drawn with."""
        return int(np.random.SeedSequence([self.seed, number, 1]).generate_state(1)[0])

    def results(self, finished, crew, log):
        """What is known now."""
        return Results(tuple(finished[number] for number in sorted(finished)), self.space, sum(self.rounds),
                       crew.running, (*log.notices, *crew.notices))


EXAMPLES = {"sampler": "random()", "stop": "median_stop()"}
