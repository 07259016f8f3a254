"""Four samplers on the scores of a small network, measured on a fine grid of learning rates and penalties."""

import numpy as np

from cs231n_helpers import search
from cs231n_helpers.search.table import Table

SETTINGS = {"rates": [1e-5, 1.0], "penalties": [1e-6, 1.0], "shape": [26, 9], "seeds": [0, 1], "searches": 60,
            "trials": 48, "training": {"data": "fashion_mnist", "train": 1000, "val": 500, "hidden": 50, "epochs": 4}}


def run(rates, penalties, shape, seeds, searches, trials, training):
    """The table of scores, (rates, penalties), mean over seeds, and what each sampler found in it.

    Each of `searches` searches with its own seed: the mean over them of the best score after 1, 2, ... trials, and the
    standard error of that mean.
    """
    space = {"learning_rate": search.log_uniform(*rates), "l2": search.log_uniform(*penalties)}
    table = measured(search.Training(**training), space, shape, seeds)
    objective, found = Table(space, table), {}
    samplers = {"grid": None, "random": search.random(), "coarse to fine": search.coarse_to_fine(),
                "Bayesian": search.bayesian()}
    for name, sampler in samplers.items():
        curves = np.array([np.fmax.accumulate(scores(objective, space, sampler, trials, seed))
                           for seed in range(searches)])
        error = curves.std(axis=0, ddof=1) / np.sqrt(searches)
        found[name] = {"mean": curves.mean(axis=0).round(5).tolist(), "error": error.round(5).tolist()}
    import optuna

    return {"table": table.tolist(), "found": found, "optuna": optuna.__version__}


def measured(training, space, shape, seeds):
    """Validation accuracy at the middles of equal parts of both ranges; 0.1, a guess, where the loss blew up."""
    places = [(np.arange(count) + 0.5) / count for count in shape]
    columns = [space[name].at(at) for name, at in zip(space, places)]
    return np.array([[np.mean([accuracy(training, {"learning_rate": rate, "l2": l2}, seed) for seed in seeds])
                      for l2 in columns[1]] for rate in columns[0]]).round(4)


def accuracy(training, values, seed):
    """The last accuracy of a training."""
    with np.errstate(all="ignore"):
        try:
            return list(training(values, seed))[-1]
        except ArithmeticError:
            return 0.1


def scores(objective, space, sampler, trials, seed):
    """The scores of a search, in order of its trials. A grid has no seed: its points are gone through in random order.
    """
    if sampler is not None:
        return [t.score for t in search.run(objective, space, sampler=sampler, trials=trials, seed=seed).trials]
    points = {"learning_rate": 7, "l2": -(-trials // 7)}
    found = [t.score for t in search.run(objective, space, sampler=search.grid(points)).trials]
    return np.random.default_rng(seed).permutation(found)[:trials]
