"""Ensembles of up to eight networks, four ways, on the embedded data set: accuracies of members and of the whole.

Every run has the same recipe: 784-50-10, momentum, a constant rate, ten epochs. A group is a seed: eight runs from
different weights, and twelve trials of a random search; the first of the eight gives the checkpoints (after each of its
last eight epochs) and the running average. Five more runs of a group lower the rate to zero. The best trials are chosen
by their accuracy on validation images; test accuracies are written down beside and play no part in any choice.
"""

import numpy as np

from cs231n_helpers import data, ensemble, layers, losses, metrics, network, optim, preprocessing, threads, train

SETTINGS = {"seeds": [0, 1, 2, 3, 4], "members": 8, "trials": 12, "lowered": 5, "hidden": 50, "rate": 0.05,
            "batch": 50, "epochs": 10, "keep": 0.99, "images": 9000}  # fmt: skip


def prepared(images):
    """The images of each part minus the training mean, over the largest absolute value left."""
    split = data.load("fashion_mnist", train=images, val=1000, test=2000)
    center = preprocessing.Center.fit(split.X_train)
    scale = preprocessing.Scale.fit(center(split.X_train))
    X = {part: scale(center(getattr(split, f"X_{part}"))) for part in ("train", "val", "test")}
    return X, {part: getattr(split, f"y_{part}") for part in X}


def run(seeds, members, trials, lowered, hidden, rate, batch, epochs, keep, images):
    """Return {way: {"members_val": (seeds, members), "together_val": ..., and the same for test}}."""
    X, y = prepared(images)
    net = network.Network([layers.Dense(hidden), layers.ReLU(), layers.Dense(10)], X["train"].shape[1:])
    per_epoch = -(-images // batch)

    def steps(seed, rule, **more):
        return train.steps(net, net.init(np.random.default_rng([seed, 0])), X["train"], y["train"], rule, batch=batch,
                           count=epochs * per_epoch, rng=np.random.default_rng([seed, 1]), **more)  # fmt: skip

    def last(seed, rule, **more):
        *_, step = steps(seed, rule, **more)
        return step.params

    def with_checkpoints(seed):
        """The weights after each epoch, and the running average of all."""
        moments = [average for average in ensemble.polyak(steps(seed, optim.Momentum(rate)), keep)
                   if average.step.step % per_epoch == 0]  # fmt: skip
        return [moment.step.params for moment in moments], moments[-1].params

    def trial(seed):
        """One trial of a random search: (params, validation accuracy)."""
        rng = np.random.default_rng([seed, 2])
        rule = optim.Momentum(10 ** rng.uniform(-2.5, -1), mu=1 - 10 ** rng.uniform(-1.5, -0.5))
        params = last(seed, rule, l2=10 ** rng.uniform(-5, -3))
        return params, train.evaluate(net, params, X["val"], y["val"])

    def falling(lr, epoch):
        return lr * max(1 - epoch / epochs, 1e-3)

    def alone(params, part):
        return metrics.accuracy(net.predict(params, X[part]), y[part])

    def ask(models, part):
        """Accuracy of the ensemble of the first 1, 2, ... models."""
        said = [losses.probabilities(net.predict(params, X[part])) for params in models]
        return [metrics.accuracy(np.mean(said[:n], axis=0), y[part]) for n in range(1, len(said) + 1)]

    def melt(models, part):
        """Accuracy of the one model whose weights are the mean of those of the first 1, 2, ... models."""
        return [alone(ensemble.average_weights(models[:n]), part) for n in range(1, len(models) + 1)]

    found = {}

    def note(way, models, together=ask):
        marks = found.setdefault(way, {})
        for part in ("val", "test"):
            marks.setdefault(f"members_{part}", []).append([alone(params, part) for params in models])
            marks.setdefault(f"together_{part}", []).append(together(models, part))

    with threads.limit(1):
        for seed in seeds:
            first = 100 * seed
            every_epoch, average = with_checkpoints(first)
            checkpoints = every_epoch[:-members - 1:-1]                         # the newest first
            note("initialisations", [every_epoch[-1], *(last(first + i, optim.Momentum(rate))
                                                        for i in range(1, members))])  # fmt: skip
            note("search", [params for params, _ in ensemble.top([trial(first + 20 + i) for i in range(trials)],
                                                                 members)])  # fmt: skip
            note("checkpoints", checkpoints)
            note("weights", checkpoints, melt)
            note("running", [average])
            note("lowered", [last(first + 40 + i, optim.Momentum(rate), schedule=falling) for i in range(lowered)])
    return found
