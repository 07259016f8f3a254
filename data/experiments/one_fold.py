"""Settings judged by one fold and by five: how far the judgement is from the truth, with few and with many images."""

import numpy as np

from cs231n_helpers import data, metrics, network, optim, train
from cs231n_helpers.layers import Dense, ReLU
from cs231n_helpers.train.settings import Examples, examples

SETTINGS = {"images": [300, 1000, 3000], "folds": 5, "repeats": 8, "epochs": 5, "batch": 50, "hidden": 50,
            "candidates": [[0.003, 1e-4], [0.01, 1e-4], [0.03, 1e-4], [0.1, 1e-4], [0.03, 0.03], [0.1, 0.03]]}


def run(images, folds, repeats, epochs, batch, hidden, candidates):
    """Accuracies on each left-out fold, (images, repeats, candidates, folds), and the truth, (images, candidates).

    Each repeat takes other images. The truth is the mean accuracy of all these trainings on 1,000 further images.
    """
    pool = examples(data.load("fashion_mnist", train=9000, val=1000, test=0))
    on_folds, truth = [], []
    for count in images:
        found = np.array([[[judged(pool, rows, values, fold, folds, epochs, batch, hidden)
                            for fold in range(folds)] for values in candidates]
                          for rows in (np.random.default_rng(seed).choice(9000, count, replace=False)
                                       for seed in range(repeats))])                # (repeats, candidates, folds, 2)
        on_folds.append(found[..., 0].round(4).tolist())
        truth.append(found[..., 1].mean(axis=(0, 2)).round(4).tolist())
    return {"folds": on_folds, "truth": truth}


def judged(pool, rows, values, fold, folds, epochs, batch, hidden):
    """Train on all folds of these rows but one: accuracy on that one, and on images that nobody else sees."""
    out = np.arange(len(rows)) % folds == fold
    part = Examples(pool.X_train[rows[~out]], pool.y_train[rows[~out]], pool.X_train[rows[out]],
                    pool.y_train[rows[out]], pool.class_names)
    net = network.Network([Dense(hidden), ReLU(), Dense(len(pool.class_names))], pool.X_train.shape[1:])
    (rate, l2), rng = values, np.random.default_rng(fold)
    *_, last = train.epochs(net, net.init(rng), part, optim.Momentum(rate), count=epochs, batch=batch, rng=rng, l2=l2)
    further = metrics.accuracy(net.predict(last.params, pool.X_val), pool.y_val)
    return last.val_accuracy, further
