"""Objectives for the tests of the search: worker processes import them from here."""

import math
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from cs231n_helpers import search

SPACE = {"x": search.log_uniform(1e-4, 1), "y": search.uniform(-1, 1)}


def facts(results):
    """What must be the same whoever carries out a search."""
    return [(t.number, t.values, t.seed, repr(t.score), t.curve, t.state, t.reason) for t in results.trials]


def bowl(values, seed):
    """Best at x = 0.01, whatever y is; some noise from the seed; four scores that rise towards the last."""
    height = -(math.log10(values["x"]) + 2) ** 2 + np.random.default_rng(seed).normal(0, 0.1)
    for step in range(1, 5):
        yield height - 1 / step


def smooth(values, seed):
    """Best at x = 0.01 and y = 0.5, without noise."""
    return -(math.log10(values["x"]) + 2) ** 2 - 4 * (values["y"] - 0.5) ** 2


def once(values, seed):
    """Each call leaves a line in the file $CALLS, so that calls can be counted over processes."""
    with open(os.environ["CALLS"], "a") as file:
        file.write(f"{values['x']!r}\n")
    time.sleep(float(os.environ.get("NAP", "0")))
    return smooth(values, seed)


def busy(values, seed):
    """Work on one core for a while; yields when it began and ended, and how many threads BLAS has."""
    import threadpoolctl

    yield time.time()
    np.ones((500, 500)) @ np.ones((500, 500))
    end = time.process_time() + 0.3
    while time.process_time() < end:
        sum(range(1000))
    yield max(info["num_threads"] for info in threadpoolctl.threadpool_info())
    yield time.time()


def dies(values, seed):
    """Kill the own process in mid-trial: in the first try of some trials, in every try of trials with y > 0.5."""
    first = Path(os.environ["MARKS"]) / f"{seed}"
    if values["y"] > 0.5 or (values["y"] < -0.5 and not first.exists()):
        first.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return smooth(values, seed)


def dies_once(values, seed):
    """The first trial of all to come by kills its process."""
    if not os.listdir(os.environ["MARKS"]):
        (Path(os.environ["MARKS"]) / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return smooth(values, seed)


def hangs(values, seed):
    """Hang where y > 0.5, deaf to everything but SIGKILL."""
    if values["y"] > 0.5:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    return smooth(values, seed)


def slow(values, seed):
    """A long trial that shows its score often."""
    for _ in range(1000):
        time.sleep(0.02)
        yield 0.0


def misbehaves(values, seed):
    """One fault for each option of the choice `fault`."""
    fault = values["fault"]
    if fault == "raises":
        raise ZeroDivisionError("no data")
    if fault == "exits":
        sys.exit(3)
    if fault == "prints":
        for number in range(100_000):
            print("line", number)
    return {"nan": math.nan, "infinite": np.float32("inf"), "nothing": None, "text": "0.9", "yes": True,
            "array": np.zeros(3), "empty": iter(())}.get(fault, np.float32(0.5))


class OfTheTest:
    """An objective that worker processes cannot be sent."""

    def __call__(self, values, seed):
        return smooth(values, seed)

    def __reduce__(self):
        raise TypeError("cannot be pickled")
