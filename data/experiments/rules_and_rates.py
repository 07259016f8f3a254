"""Accuracy after two epochs against the learning rate, for each update rule, on the two-layer network."""

from dataclasses import replace

import numpy as np

from cs231n_helpers import data, layers, network, optim, preprocessing, threads, train

SETTINGS = {"rates": [round(10 ** (-4 + i / 2), 10) for i in range(10)], "seeds": [0, 1, 2], "epochs": 2, "batch": 100,
            "hidden": 100, "train": 9000, "val": 1000}
RULES = {"SGD": optim.SGD, "Momentum": optim.Momentum, "Nesterov": optim.Nesterov, "Adagrad": optim.Adagrad,
         "RMSprop": optim.RMSprop, "Adam": optim.Adam, "Adam uncorrected": lambda lr: optim.Adam(lr, correct=False)}
EVERY = 10                                                  # steps to a point of the loss curves


def learned(split, rule, *, seed, hidden, batch, epochs):
    """(validation accuracy, mean loss of every ten steps) of one run; a run that diverges gets the accuracy of a guess.

    A loss that is not there any more, or above 9.99, is written as 9.99.
    """
    net = network.Network([layers.Dense(hidden), layers.ReLU(), layers.Dense(10)], split.X_train.shape[1:])
    rng = np.random.default_rng(seed)
    run = train.steps(net, net.init(rng), split.X_train, split.y_train, rule, batch=batch, rng=rng,
                      count=epochs * -(-len(split.X_train) // batch))
    taken = list(run)
    losses = np.full(epochs * -(-len(split.X_train) // batch), 9.99)
    losses[:len(taken)] = np.nan_to_num(np.clip([step.loss for step in taken], 0, 9.99), nan=9.99)
    right = 0.1 if taken[-1].stopped else train.evaluate(net, taken[-1].params, split.X_val, split.y_val)
    return right, losses.reshape(-1, EVERY).mean(axis=1)


def prepared(train, val):
    """Fashion-MNIST, centred and scaled to -1 to 1 with numbers of the training images."""
    split = data.load("fashion_mnist", train=train, val=val, test=2000)
    center = preprocessing.Center.fit(split.X_train)
    scale = preprocessing.Scale.fit(center(split.X_train))
    return replace(split, **{name: scale(center(getattr(split, name))) for name in ("X_train", "X_val", "X_test")})


def run(rates, seeds, epochs, batch, hidden, train, val):
    split, found = prepared(train, val), {}
    with threads.limit(1):
        for name, rule in RULES.items():
            runs = [[learned(split, rule(rate), seed=seed, hidden=hidden, batch=batch, epochs=epochs) for seed in seeds]
                    for rate in rates]
            found[name] = {"accuracy": [[round(float(right), 4) for right, _ in of] for of in runs],
                           "loss": [[round(float(x), 3) for x in np.mean([loss for _, loss in of], axis=0)]
                                    for of in runs]}
    return found
