"""What a second worker process is worth in a search: finished trials in the same time, with two and with one.

    python benchmarks/search.py         # two minutes on an idle machine; --quick with fewer turns

Each trial keeps one core busy with one BLAS thread: with small matrix products, which stay in the core's own cache, or
with a training (`search.Training`), whose examples come through the memory that both cores share. A turn is a search
with one worker and one with two, in alternating order; what counts is the time from the first finished trials to the
last, so that the start of the processes (half a second, once a search) is not in it. Aim: two workers finish at least
1.7 times as many trials in the same time, which is at most 0.588 of the time for each. It takes two free cores.
"""

import os
import statistics
import sys
import time

import numpy as np
from compare import Row, print_table

from cs231n_helpers import search

QUICK = "--quick" in sys.argv[1:]
TURNS, TRIALS, AIM = 1 if QUICK else 5, 12 if QUICK else 40, round(1 / 1.7, 3)
SPACE = {"l2": search.log_uniform(1e-6, 1e-3)}
TRAINING = search.Training(train=2000, val=500, hidden=100, learning_rate=0.01)


def products(values, seed):
    """A fifth of a second of arithmetic."""
    X = turn = np.linalg.qr(np.random.default_rng(seed).standard_normal((200, 200)))[0].astype(np.float32)
    for _ in range(1500):
        X = X @ turn                                                # which neither grows nor shrinks
    return X[0, 0]


def seconds_a_trial(objective, workers):
    """From the first finished trials to the last, for each trial that was finished in that time."""
    ends = []
    for results in search.steps(objective, SPACE, trials=TRIALS, executor=search.processes(workers)):     # noqa: B007
        ends.append(time.perf_counter())
    assert {trial.state for trial in results.trials} == {"done"}
    assert len({trial.worker for trial in results.trials}) == workers
    ends = ends[workers:]                                           # the first of each worker: it also loads the data
    return (ends[-1] - ends[0]) / (len(ends) - 1)


def compared(objective, what):
    """A row of the table: the median of the ratios of all turns."""
    pairs = []
    for turn in range(TURNS):
        times = {workers: seconds_a_trial(objective, workers) for workers in ((1, 2) if turn % 2 else (2, 1))}
        pairs.append((times[2], times[1]))
    ratio = statistics.median(two / one for two, one in pairs)
    two, one = (statistics.median(times) for times in zip(*pairs, strict=True))
    enough = len(os.sched_getaffinity(0)) >= 2 if hasattr(os, "sched_getaffinity") else os.cpu_count() >= 2
    note = f"{1 / ratio:.2f} times the trials; load {os.getloadavg()[0]:.1f}" if enough else "one core only"
    return Row(f"{what}, two workers / one", two, one, ratio if enough else None, AIM, note=note)


if __name__ == "__main__":
    print_table([compared(products, "a trial of matrix products"), compared(TRAINING, "a training")])
