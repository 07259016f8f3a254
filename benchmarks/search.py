"""What a second worker process is worth in a search: finished trials in the same time, with two and with one.

    python benchmarks/search.py         # about a minute on an idle machine; --quick with fewer turns

The trials are small trainings (`search.Training`), each of which keeps one core busy with one BLAS thread. A turn is a
search with one worker and one with two, in alternating order; what counts is the time from the first finished trial to
the last, so that the start of the processes (half a second, once a search) is not in it. Aim: two workers finish at
least 1.7 times as many trials in the same time, which is at most 0.588 of the time for each. It takes two free cores.
"""

import os
import statistics
import sys
import time

from compare import Row, print_table

from cs231n_helpers import search

QUICK = "--quick" in sys.argv[1:]
TURNS, TRIALS, AIM = (1, 12, 1 / 1.7) if QUICK else (5, 40, 1 / 1.7)
OBJECTIVE = search.Training(train=2000, val=500, hidden=100, epochs=8, learning_rate=0.01)
SPACE = {"l2": search.log_uniform(1e-6, 1e-3)}


def seconds_a_trial(workers):
    """From the first finished trial to the last, for each trial that was finished in that time."""
    ends = []
    for results in search.steps(OBJECTIVE, SPACE, trials=TRIALS, executor=search.processes(workers)):      # noqa: B007
        ends.append(time.perf_counter())
    assert {trial.state for trial in results.trials} == {"done"}
    assert len({trial.worker for trial in results.trials}) == workers
    ends = ends[workers:]                                           # the first of each worker: it also loads the data
    return (ends[-1] - ends[0]) / (len(ends) - 1)


def main():
    pairs = []
    for turn in range(TURNS):
        order = (1, 2) if turn % 2 else (2, 1)
        times = {workers: seconds_a_trial(workers) for workers in order}
        pairs.append((times[2], times[1]))
    ratio = statistics.median(two / one for two, one in pairs)
    two, one = (statistics.median(times) for times in zip(*pairs, strict=True))
    enough = len(os.sched_getaffinity(0)) >= 2 if hasattr(os, "sched_getaffinity") else True
    note = f"{1 / ratio:.2f} times the trials; load {os.getloadavg()[0]:.1f}" if enough else "one core only"
    print_table([Row("a trial, two workers / one", two, one, ratio if enough else None, round(AIM, 3), note=note)])


if __name__ == "__main__":
    main()
