"""The gap between training and validation accuracy, against l2, the number of training images, and the width."""

from dataclasses import replace
from itertools import product

import numpy as np

from cs231n_helpers import data, layers, network, train
from cs231n_helpers.train.settings import examples as prepare

SETTINGS = {
    "l2": [1e-5, 1e-4, 1e-3, 1e-2, 1e-1],
    "examples": [90, 285, 900, 2846, 9000],
    "width": [2, 6, 20, 63, 200],
    "seeds": [0, 1, 2, 3],
    "steps": 1260,
    "batch": 50,
    "learning_rate": 0.05,
    "rule": "Momentum",
    "schedule": "exponential",
    "looks": 9,
    "measured_on": 1000,
}


def run(l2, examples, width, seeds, **settings):
    """For each place on the grid: accuracies at ten looks or so, their mean and standard deviation over the seeds."""
    split = prepare(data.load("fashion_mnist", train=max(examples), val=settings["measured_on"], test=0))
    return [{"l2": a, "examples": b, "width": c,
             **over_seeds([measure(split, a, b, c, seed, **settings) for seed in seeds])}
            for a, b, c in product(l2, examples, width)]  # fmt: skip


def measure(split, l2, count, width, seed, *, steps, batch, looks, measured_on, **settings):
    """The History of one run: another seed means other first weights, another order, and other training images."""
    chosen = np.random.default_rng(seed).permutation(len(split.X_train))[:count]
    split = replace(split, X_train=split.X_train[chosen], y_train=split.y_train[chosen])
    per_epoch = -(-count // batch)
    epochs = round(steps / per_epoch)
    settings = train.Settings(l2=l2, batch=batch, epochs=epochs, seed=seed, **settings)
    net = network.Network([layers.Dense(width), layers.ReLU(), layers.Dense(10)], split.X_train.shape[1:])
    return train.record(net, split, settings, every=per_epoch * epochs // looks, few=measured_on)


def over_seeds(histories):
    """Steps and accuracies at each look: mean and standard deviation over the runs."""
    found = {"steps": [moment.step for moment in histories[0].moments]}
    for part in ("train_accuracy", "val_accuracy"):
        rows = np.array([[getattr(moment, part) for moment in history.moments] for history in histories])
        found[part] = rows.mean(axis=0).round(4).tolist()
        found[f"{part}_std"] = rows.std(axis=0, ddof=1).round(4).tolist()
    return found
