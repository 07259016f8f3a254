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
SILENCE = 10.0                                                      # past it, before another executor is given up
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
        """Yield a list with each job's Trial when it is finished."""
        for job in jobs:
            yield [carry_out(self._objective, job)]


@dataclass(frozen=True)
class Task:
    """A job under way, on a lane, since a moment."""

    job: Job
    lane: object
    since: float                                                    # by the clock on the wall, for people
    start: float                                                    # by one that nobody sets or stops


class Team:
    """Lanes, each of which takes one job or any number, and a future for each job that is under way."""

    def __init__(self, lanes, objective, seconds, retries):
        self._lanes, self._objective, self._seconds, self._retries = lanes, objective, seconds, retries
        self._under_way, self._waiting, self.notices, self._news = {}, deque(), [], time.monotonic()

    @property
    def running(self):
        """(number, values, since) of the jobs under way."""
        return tuple((task.job.number, task.job.values, task.since) for task in self._under_way.values())

    def work(self, jobs, tick=None):
        """Yield lists of Trials that have just ended, until each job has; an empty list after `tick` idle seconds."""
        self._waiting.extend(jobs)
        while self._waiting or self._under_way:
            self._hand_out()
            finished, broken = self._wait(POLL if tick is None else min(tick, POLL))
            trials = [*map(self._trial, finished), *self._overdue()]
            if trials or tick is not None:
                yield trials                                        # before a broken executor ends everything
            trials = [trial for trial in map(self._lost, broken) if trial is not None]
            if trials:
                yield trials

    def cancel(self):
        """Take back what has not begun."""
        self._waiting.clear()
        for future in self._under_way:
            future.cancel()

    def _hand_out(self):
        """A job for each lane that has room; those that are needed and not there yet are started, side by side."""
        for lane in [lane for lane in self._lanes if lane.idle][:len(self._waiting)]:
            lane.open()
            for _ in range(min(lane.room, len(self._waiting))):
                future = lane.submit(self._objective, self._waiting[0])
                if future is not None:
                    self._under_way[future] = Task(self._waiting.popleft(), lane, time.time(), time.monotonic())

    def _wait(self, seconds):
        """Until a job has ended or a process has arrived, for so long at most; the futures with a result, and without.
        """
        arriving = {lane.arrival for lane in self._lanes if lane.arrival is not None and not lane.arrival.done()}
        done, _ = wait({*self._under_way, *arriving}, seconds, FIRST_COMPLETED)
        self._news = time.monotonic() if done else self._news
        ended = sorted(done - arriving, key=lambda future: self._under_way[future].job.number)
        broken = [future for future in ended if future.cancelled() or future.exception() is not None]
        return [future for future in ended if future not in broken], broken

    def _trial(self, future):
        """What came back."""
        task, trial = self._under_way.pop(future), future.result()
        if not isinstance(trial, Trial):
            raise WorkerError(f"search: a worker process cannot use the objective or its values ({trial}). {IN_A_FILE}")
        return replace(trial, values=task.job.values)

    def _lost(self, future):
        """None if the job is to be done again. The objective's own errors are not met here, they are in the Trial."""
        task = self._under_way.pop(future)
        job, error = task.job, CancelledError() if future.cancelled() else future.exception()
        task.lane.mend(error)
        died = f"trial {job.number}: its worker died in try {job.tries} ({type(error).__name__})"
        if job.tries <= self._retries:
            self.notices.append(f"{died}; it is run again.")
            self._waiting.appendleft(replace(job, tries=job.tries + 1))
            return None
        self.notices.append(f"{died}; given up.")
        return Trial(job.number, job.values, job.seed, state="lost", tries=job.tries,
                     reason=f"its worker died in each of {job.tries} tries: killed, or out of memory?")

    def _overdue(self):
        """Yield the trials whose time is over, having ended what can be ended. One that yields ends by itself before.
        """
        if self._seconds is not None:
            for future, task in list(self._under_way.items()):
                seconds = time.monotonic() - task.start
                if not future.done() and self._is_over(task, seconds):
                    del self._under_way[future]
                    worker = task.lane.kill(future)
                    self.notices.append(f"trial {task.job.number}: its worker, process {worker}, hung and was ended."
                                        if worker else f"trial {task.job.number}: nothing came back from the executor.")
                    yield Trial(task.job.number, task.job.values, task.job.seed, seconds=seconds, state="timeout",
                                reason=f"it took more than {self._seconds:g} s.", worker=worker, tries=task.job.tries)

    def _is_over(self, task, seconds):
        """An executor from outside does not say when a trial begins; but while it works, something ends now and then.
        """
        if task.lane.can_be_killed:
            return seconds > self._seconds + GRACE
        return min(seconds, time.monotonic() - self._news) > self._seconds + SILENCE
