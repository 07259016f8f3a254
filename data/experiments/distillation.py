"""A small network taught by an ensemble: validation and test accuracy with hard labels and with soft targets.

The teacher, five networks 784-50-10, learned from all images with their labels. Students, 784-20-10, see the first
few hundred or thousand of these images only: with their labels, or with the teacher's probabilities softened at a
temperature. All students of one size take equally many steps, at a rate that falls to zero; seeds are the students'.
"""

import numpy as np

from cs231n_helpers import data, ensemble, layers, losses, metrics, network, optim, preprocessing, threads, train

SETTINGS = {"seeds": [0, 1, 2, 3, 4], "images": [100, 300, 1000, 3000, 9000], "temperatures": [1, 2, 4, 8, 16],
            "steps": [600, 900, 1200, 1500, 1800], "teachers": 5, "wide": 50, "narrow": 20, "rate": 0.05,
            "batch": 50}  # fmt: skip


def run(seeds, images, temperatures, steps, teachers, wide, narrow, rate, batch):
    """Return {"hard": {"val": (images, seeds), "test": ...}, "soft": {"val": (temperatures, images, seeds), ...}}."""
    split = data.load("fashion_mnist", train=max(images), val=1000, test=2000)
    center = preprocessing.Center.fit(split.X_train)
    scale = preprocessing.Scale.fit(center(split.X_train))
    X = {part: scale(center(getattr(split, f"X_{part}"))) for part in ("train", "val", "test")}
    y = {part: getattr(split, f"y_{part}") for part in X}

    def net(hidden):
        return network.Network([layers.Dense(hidden), layers.ReLU(), layers.Dense(10)], X["train"].shape[1:])

    def learn(hidden, seed, n, targets, count, loss=losses.softmax):
        model = net(hidden)
        *_, step = train.steps(model, model.init(np.random.default_rng([seed, 0])), X["train"][:n], targets[:n],
                               optim.Momentum(rate), batch=batch, count=count, rng=np.random.default_rng([seed, 1]),
                               loss=loss, schedule=lambda lr, epoch: lr * max(1 - epoch * -(-n // batch) / count, 1e-3))
        return step.params  # fmt: skip

    def marks(members, hidden):
        return [metrics.accuracy(ensemble.average_predictions(net(hidden), members, X[part]), y[part])
                for part in ("val", "test")]  # fmt: skip

    def soft_loss(temperature):
        return lambda scores, q: losses.soft_softmax(scores, q, temperature)

    with threads.limit(1):
        crew = [learn(wide, 100 + i, max(images), y["train"], max(steps)) for i in range(teachers)]
        said = ensemble.average_predictions(net(wide), crew, X["train"])
        hard = [[marks([learn(narrow, seed, n, y["train"], count)], narrow) for seed in seeds]
                for n, count in zip(images, steps, strict=True)]  # fmt: skip
        soft = [[[marks([learn(narrow, seed, n, ensemble.distill(said, T), count, soft_loss(T))], narrow)
                  for seed in seeds] for n, count in zip(images, steps, strict=True)]
                for T in temperatures]  # fmt: skip
    teacher = marks(crew, wide)
    return {"teacher": {"val": teacher[0], "test": teacher[1]},
            "hard": {part: np.array(hard)[..., k].tolist() for k, part in enumerate(("val", "test"))},
            "soft": {part: np.array(soft)[..., k].tolist() for k, part in enumerate(("val", "test"))}}  # fmt: skip
