"""A small ConvNet on the embedded Fashion-MNIST: its test accuracy over several seeds, and how long it trains.

Mirrored at random, the learning rate falling to 0 along a line, and a running average of the weights. POOL stands
before BN and RELU: through ReLU and a rising line (gamma > 0) the largest of four stays the largest, so the order
matters only to the statistics of BN, while BN and RELU see a quarter of the numbers. The settings were chosen on
validation pictures, over the three seeds: more epochs or wider layers gained less there than seeds differ. The test set
is looked at once for each seed, at the end: as it is, and with the scores of each picture and of its mirror image
added. Seconds are those of training alone, by the clock and of all cores together.
"""

import time
from dataclasses import replace

import numpy as np

SETTINGS = {"pattern": "CONV3-24 POOL BN RELU CONV3-64 POOL BN RELU CONV3-128 POOL3/2 BN RELU DROPOUT0.5 FC",
            "lr": 4e-3, "count": 8, "batch": 64, "shift": 0, "keep": 0.99, "seeds": [0, 1, 2]}  # fmt: skip
FEW = 2000                                                          # pictures that batch norm is measured on at the end


def prepared(split):
    """The pictures with mean 0 and variance 1 in each channel, over all pixels of the training set."""
    mean, std = split.X_train.mean((0, 1, 2)), split.X_train.std((0, 1, 2))
    return replace(split, **{f"X_{part}": ((getattr(split, f"X_{part}") - mean) / std).astype(np.float32)
                             for part in ("train", "val", "test")})  # fmt: skip


def trained(split, seed, pattern, lr, count, batch, shift, keep):
    """One run of `count` epochs: the network, its averaged weights, the loss of every step, and the seconds it took."""
    from cs231n_helpers import architecture, data, ensemble, network, optim, threads, train

    net = architecture.parse(pattern, split.X_train.shape[1:], len(split.class_names))
    rng = np.random.default_rng(seed)
    run = train.steps(net, net.init(rng), split.X_train, split.y_train, optim.Adam(lr), batch=batch, rng=rng,
                      count=count * -(-len(split.y_train) // batch),
                      schedule=lambda lr, epoch: lr * max(1 - epoch / count, 1e-3),
                      augment=lambda X, rng: data.augment(X, rng, shift=shift))  # fmt: skip
    clock, cores, losses = time.perf_counter(), time.process_time(), []
    with threads.blas(1):
        for average in ensemble.polyak(run, keep):
            losses.append(average.step.loss)
        params = network.renew_statistics(net, average.params, split.X_train[:FEW])
    return net, params, losses, (time.perf_counter() - clock, time.process_time() - cores)


def train_once(split, seed, count, **settings):
    """One run, and what its averaged weights say about the pictures of each part."""
    net, params, losses, seconds = trained(split, seed, count=count, **settings)
    return {**accuracies(net, params, split, "val"), **accuracies(net, params, split, "test"), "seed": seed,
            "seconds": round(seconds[0], 1), "core_seconds": round(seconds[1], 1), "parameters": net.count(),
            "loss": [round(float(np.mean(part)), 4) for part in np.array_split(losses, count)]}  # fmt: skip


def accuracies(net, params, split, part):
    from cs231n_helpers import metrics

    X, y = getattr(split, f"X_{part}"), getattr(split, f"y_{part}")
    scores, mirrored = net.predict(params, X), net.predict(params, X[:, :, ::-1])
    return {f"{part}_accuracy": float(metrics.accuracy(scores, y)),
            f"{part}_with_mirror_images": float(metrics.accuracy(scores + mirrored, y))}  # fmt: skip


def run(seeds, **settings):
    from cs231n_helpers import data

    split = prepared(data.load("fashion_mnist"))
    return {"images": len(split.y_train), "runs": [train_once(split, seed, **settings) for seed in seeds]}
