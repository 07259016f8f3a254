"""Who carries the trials out: this process, processes of our own, or any executor of concurrent.futures.

A team takes jobs and gives back finished trials. The loop of a search sees only that, so the trials are the same
whoever does the work.
"""

import contextlib
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, CancelledError, wait
from dataclasses import dataclass, replace

from .lanes import IN_A_FILE, WorkerError, lanes_of
from .trial import Job, Trial, carry_out

GRACE = 0.5                                                         # past its time, before a trial's process is killed
POLL = 0.5                                                          # seconds between two looks at the clock, at most


@contextlib.contextmanager
def team(executor, objective, seconds=None, retries=2):
    """A `with` block with the team for an executor; on leaving it, what waits is cancelled and workers end."""
    if executor is None:
        yield Here(objective)
        return
    with contextlib.ExitStack() as stack:
        lanes = lanes_of(executor)
        for lane in lanes:
            stack.callback(lane.close)
        crew = Team(lanes, objective, seconds, retries)
        stack.callback(crew.cancel)
        yield crew


class Here:
    """The team that is this process itself: one job after the other."""

    running, notices = (), ()

    def __init__(self, objective):
        self._objective = objective

    def work(self, jobs, tick=None):
        """Yield each job's Trial when it is finished."""
        for job in jobs:
            yield carry_out(self._objective, job)


@dataclass(frozen=True)
class Task:
    """A job under way, on a lane, since a moment."""

    job: Job
    lane: object
    since: float


class Team:
    """Lanes, each of which takes one job or any number, and a future for each job that is under way."""

    def __init__(self, lanes, objective, seconds, retries):
        self._lanes, self._objective, self._seconds, self._retries = lanes, objective, seconds, retries
        self._under_way, self._waiting, self.notices = {}, deque(), []

    @property
    def running(self):
        """(number, values, since) of the jobs under way."""
        return tuple((task.job.number, task.job.values, task.since) for task in self._under_way.values())

    def work(self, jobs, tick=None):
        """Yield each job's Trial when it is finished, in order of finishing; None when nothing was for `tick` seconds.
        """
        self._waiting.extend(jobs)
        while self._waiting or self._under_way:
            self._hand_out()
            done, _ = wait(self._under_way, POLL if tick is None else min(tick, POLL), FIRST_COMPLETED)
            trials = [*map(self._outcome, done), *self._overdue()]
            yield from (trial for trial in trials if trial is not None)
            if tick is not None and not done:
                yield None

    def cancel(self):
        """Take back what has not begun."""
        self._waiting.clear()
        for future in self._under_way:
            future.cancel()

    def _hand_out(self):
        free = [lane for lane in self._lanes if lane.room][:len(self._waiting)]
        for lane in free:                                           # all of them first: they start side by side
            lane.open()
        for lane in free:
            for _ in range(min(lane.room, len(self._waiting))):
                job = self._waiting[0]
                self._under_way[lane.submit(self._objective, job)] = Task(job, lane, time.time())
                self._waiting.popleft()

    def _outcome(self, future):
        """The Trial; None if its worker died and the job is to be done again."""
        task = self._under_way.pop(future)
        try:
            trial = future.result()
        except (Exception, CancelledError) as error:                # the objective's own errors are in the Trial
            task.lane.mend(error)
            return self._lost(task.job, error)
        task.lane.room = max(task.lane.room, 1)
        if not isinstance(trial, Trial):
            raise WorkerError(f"search: a worker process cannot use the objective or its values ({trial}). {IN_A_FILE}")
        return replace(trial, values=task.job.values)

    def _lost(self, job, error):
        died = f"trial {job.number}: its worker died in try {job.tries} ({type(error).__name__})"
        if job.tries <= self._retries:
            self.notices.append(f"{died}; it is run again.")
            self._waiting.appendleft(replace(job, tries=job.tries + 1))
            return None
        self.notices.append(f"{died}; given up.")
        return Trial(job.number, job.values, job.seed, state="lost", tries=job.tries,
                     reason=f"its worker died in each of {job.tries} tries: killed, or out of memory?")

    def _overdue(self):
        """Yield the trials whose time is over, having ended their processes. A cooperative one ends by itself before.
        """
        if self._seconds is not None:
            for future, task in list(self._under_way.items()):
                seconds = time.time() - task.since
                if task.lane.can_be_killed and seconds > self._seconds + GRACE and not future.done():
                    del self._under_way[future]
                    yield self._killed(task.job, task.lane.kill(), seconds)

    def _killed(self, job, worker, seconds):
        self.notices.append(f"trial {job.number}: its worker, process {worker}, hung and was ended.")
        return Trial(job.number, job.values, job.seed, seconds=seconds, state="timeout", worker=worker, tries=job.tries,
                     reason=f"it took more than {self._seconds:g} s.")
