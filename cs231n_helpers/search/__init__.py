"""The search for hyperparameters: which values to try, who trains them, and what is kept.

    space = {"learning_rate": log_uniform(1e-5, 1), "l2": log_uniform(1e-6, 1)}
    results = search.run(search.Training(), space, sampler=search.random(), trials=20, executor=search.processes(2))
    results.best.values, results.best.score, results.border()

Read in this order: distributions (a range and its scale), samplers and tpe (which values come next), stopping (who may
give up early), trial (one of them, carried out), results, journal (what is on disk), workers (who carries them out),
running (the loop that joins all of it), training (an objective ready made).
"""

from .distributions import choice, log_uniform, uniform
from .lanes import WorkerError, processes
from .results import Results
from .running import run, steps
from .samplers import coarse_to_fine, grid, random
from .stopping import median_stop
from .tpe import bayesian
from .training import Training
from .trial import Trial

__all__ = ["Results", "Training", "Trial", "WorkerError", "bayesian", "choice", "coarse_to_fine", "grid", "log_uniform",
           "median_stop", "processes", "random", "run", "steps", "uniform"]
