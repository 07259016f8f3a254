"""A small ConvNet on the embedded Fashion-MNIST: its test accuracy, and how long it trains.

Once as it is, and once with the scores of each picture and of its mirror image added up. Seconds are those of training
alone, by the clock and of all cores together; the test set is looked at once, at the end.
"""

import time
from dataclasses import replace

import numpy as np

SETTINGS = {"pattern": "CONV5-16 BN RELU POOL CONV3-48 BN RELU POOL CONV3-96 BN RELU DROPOUT0.5 FC", "lr": 4e-3,
            "count": 8, "batch": 64, "l2": 3e-4, "seeds": [0]}  # fmt: skip


def prepared(split):
    """The pictures with mean 0 and variance 1 over all pixels of the training set."""
    mean, std = split.X_train.mean(), split.X_train.std()
    return replace(split, **{f"X_{part}": ((getattr(split, f"X_{part}") - mean) / std).astype(np.float32)
                             for part in ("train", "val", "test")})  # fmt: skip


def train_once(split, seed, pattern, lr, count, batch, l2):
    """One run of `count` epochs: mirrored at random, the learning rate falling to 0 along a cosine."""
    from cs231n_helpers import architecture, data, metrics, optim, train

    network = architecture.parse(pattern, split.X_train.shape[1:], len(split.class_names))
    rng = np.random.default_rng(seed)
    run = train.epochs(network, network.init(rng), split, optim.Adam(lr), count=count, batch=batch, rng=rng, l2=l2,
                       schedule=lambda lr, epoch: lr * (1 + 1e-3 + np.cos(np.pi * min(epoch / count, 1))) / 2,
                       augment=lambda X, rng: data.augment(X, rng, shift=0), measure=None)  # fmt: skip
    clock, cores = time.perf_counter(), time.process_time()
    *_, last = run
    seconds = time.perf_counter() - clock, time.process_time() - cores
    scores, mirrored = (network.predict(last.params, X) for X in (split.X_test, split.X_test[:, :, ::-1]))
    return {"test_accuracy": float(metrics.accuracy(scores, split.y_test)),
            "with_mirror_images": float(metrics.accuracy(scores + mirrored, split.y_test)),
            "seconds": round(seconds[0], 1), "core_seconds": round(seconds[1], 1), "parameters": network.count(),
            "loss": [round(row[2], 4) for row in last.state.rows]}  # fmt: skip


def run(seeds, **settings):
    from cs231n_helpers import data

    split = prepared(data.load("fashion_mnist"))
    return {"runs": [train_once(split, seed, **settings) for seed in seeds]}
