"""One trial: some values, carried out, and what came of it. This part also runs in the workers."""

import contextlib
import io
import numbers
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from cs231n_helpers import threads

MOST_WORDS = 2000                                                   # of what a trial prints; the rest is dropped
STATES = {
    "done": "it ran to its end",
    "stopped": "the stopping rule ended it",
    "failed": "it raised an error, or its score was not a finite number",
    "timeout": "it took longer than it was given",
    "lost": "its worker died again and again",
}


@dataclass(frozen=True)
class Job:
    """What a worker is given. limits: the score needed at each step, or it stops; tries: which try this is."""

    number: int
    values: dict
    seed: int
    limits: tuple = ()
    tries: int = 1
    seconds: float | None = None


@dataclass(frozen=True)
class Trial:
    """What came of a job. Only "done" and "stopped" trials have a score; others are ranked after all of them."""

    number: int
    values: dict
    seed: int
    score: float = np.nan                                           # the last of its curve; higher is better
    curve: tuple = ()                                               # all scores it showed, one after the other
    seconds: float = 0.0
    state: str = "done"                                             # a key of STATES
    reason: str = ""                                                # why it is not "done", in words
    worker: int = 0                                                 # the process that carried it out
    tries: int = 1                                                  # more than 1 if a worker died on it
    printed: str = ""                                               # by it in a worker process, the first words

    @property
    def ok(self):
        """Whether it has a score."""
        return self.state in ("done", "stopped")


class Worthless(Exception):
    """What an objective gave is no score; the text says what it was."""


def carry_out(objective, job):
    """Run objective(values, seed) and return the Trial. It never raises, except for Stop (KeyboardInterrupt).

    BLAS has one thread meanwhile: the cores belong to the workers, and the last digits do not depend on how many.
    """
    start, curve, state, reason = time.perf_counter(), [], "done", ""
    try:
        with threads.limit(1):
            for score in _scores(objective, job):
                curve.append(_number(score))
                state, reason = _go_on(job, curve, time.perf_counter() - start)
                if state != "done":
                    break
        if not curve:
            raise Worthless("it ended without a score; the objective must return one or yield some.")
    except (Exception, SystemExit) as error:
        words = str(error) if isinstance(error, Worthless) else f"{type(error).__name__}: {error}"
        state, reason = "failed", words[:MOST_WORDS]
    score = curve[-1] if state in ("done", "stopped") else np.nan
    return Trial(job.number, job.values, job.seed, score, tuple(curve), time.perf_counter() - start, state, reason,
                 os.getpid(), job.tries)


def _scores(objective, job):
    """What the objective yields, or the one score it returns."""
    result = objective(dict(job.values), job.seed)
    if isinstance(result, Iterator):
        yield from result
    else:
        yield result


def _number(score):
    """A score as a finite float; Worthless if it is none."""
    if np.ndim(score) == 0 and isinstance(score, np.ndarray):
        score = score[()]
    if isinstance(score, bool) or not isinstance(score, numbers.Real):
        raise Worthless(f"the objective gave {score!r:.100} as score; a score is one number.")
    if not np.isfinite(score):
        raise Worthless(f"the score became {score}.")
    return float(score)


def _go_on(job, curve, seconds):
    """("done", "") for as long as nothing speaks against the next step."""
    if job.seconds is not None and seconds > job.seconds:
        return "timeout", f"it took more than {job.seconds:g} s."
    if len(curve) <= len(job.limits) and curve[-1] < job.limits[len(curve) - 1]:
        return "stopped", f"{curve[-1]:.4g} at step {len(curve)}, below the median of {job.limits[len(curve) - 1]:.4g}."
    return "done", ""


class FirstWords(io.TextIOBase):
    """A file that keeps the first words written to it and drops the rest, however long it gets."""

    def __init__(self):
        self.words = ""

    def writable(self):
        """Yes."""
        return True

    def write(self, text):
        """Keep what there is room for."""
        self.words += text[:MOST_WORDS - len(self.words)]
        return len(text)


def carry_out_quietly(objective, job):
    """The same in a process of its own, where what is printed would end up in nobody's cell: it is kept."""
    words = FirstWords()
    with contextlib.redirect_stdout(words), contextlib.redirect_stderr(words):
        trial = carry_out(objective, job)
    return replace(trial, printed=words.words)
