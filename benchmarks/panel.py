"""How much slower a training panel trains than the bare loop, with all its instruments read and drawn.

    python benchmarks/panel.py          # half a minute; --quick with fewer turns

Both in one process, one after the other, as in a notebook: 2,700 steps of 784-100-10, batch 100, SGD. The panel is not
shown on a page; what the page takes, it takes from another core. Aim: at least 0.7 of the bare loop's speed.
"""

import os
import statistics
import sys
import time
from collections import deque

import numpy as np

from cs231n_helpers import data, optim, threads, train
from cs231n_helpers.layers import Dense, ReLU
from cs231n_helpers.network import Network
from cs231n_helpers.widgets import TrainingPanel

AIM, EPOCHS, TURNS = 0.7, 30, 3 if "--quick" in sys.argv[1:] else 10
NETWORK = Network([Dense(100), ReLU(), Dense(10)], (28, 28, 1))


def bare(examples):
    """Seconds of the loop alone."""
    start, params = time.perf_counter(), NETWORK.init(np.random.default_rng(0))
    run = train.steps(NETWORK, params, examples.X_train, examples.y_train, optim.SGD(0.1), batch=100,
                      count=90 * EPOCHS, rng=np.random.default_rng(0))
    with threads.limit(1):
        [last] = deque(run, maxlen=1)
    assert np.isfinite(last.loss)
    return time.perf_counter() - start


def in_panel(panel):
    """Seconds of the same run in the panel's thread."""
    panel.start()
    panel.wait(120)
    assert panel.state == "finished" and panel.result.step == 90 * EPOCHS
    return panel.runner.seconds


def main():
    panel = TrainingPanel(lambda: NETWORK, data.load("fashion_mnist", train=9000, val=1000, test=0), epochs=EPOCHS)
    ratios, frames = [], panel.frames
    for _ in range(TURNS):
        alone = [bare(panel.data), in_panel(panel), bare(panel.data)]
        ratios.append((alone[0] + alone[2]) / 2 / alone[1])
    pictures, ratio = (panel.frames - frames) / TURNS, statistics.median(ratios)
    print(f"speed in the panel / bare loop: median {ratio:.2f}, {min(ratios):.2f} to {max(ratios):.2f}, over {TURNS} "
          f"runs of {alone[1]:.1f} s with {pictures:.0f} pictures and {len(panel.history.moments)} moments each; "
          f"aim >= {AIM}: {'passed' if ratio >= AIM else 'not met'} (load {os.getloadavg()[0]:.1f})")
    panel.close()


if __name__ == "__main__":
    main()
