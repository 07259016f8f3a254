"""From general to specific: a linear classifier on the features of each unit of two networks trained on ImageNet.

As the experiment `transfer_features`, with one number of images per class, and all layers that a unit hands on.
"""

import runpy
import time
from pathlib import Path

import numpy as np

SETTINGS = {"sets": {"cifar10": [500, 600], "photo_patches": [500, 600], "fashion_mnist": [500, 600]},
            "per_class": 50, "seeds": [0, 1, 2], "networks": {"squeezenet": 128, "efficientnet_lite0": 96},
            "l2s": [0.01, 0.1, 1.0], "steps": 150}  # fmt: skip


def units(net):
    """The names of the layers to look at: a unit with weights, after the ReLU behind it; of the head, its scores."""
    kept = {name.rstrip("0123456789") for name in net.names} - {"standardise", "pool", "conv"}
    return [name for name in net.names if name.rstrip("0123456789") in kept]


def at_each(split, network, size, per_class, seeds, l2s, steps):
    """{layer: {"features": D, "l2": chosen, "test": accuracies}} from the input up."""
    from cs231n_helpers import metrics, pretrained, threads, transfer

    few = runpy.run_path(str(Path(__file__).with_name("transfer_scratch.py")))["few"]
    net, params, _ = getattr(pretrained, network)(size)
    net, params = pretrained.folded(net, params)
    chosen = [few(split.y_train, per_class, seed) for seed in seeds]
    X = np.concatenate([*(split.X_train[rows] for rows in chosen), split.X_val, split.X_test])
    found, count = {}, len(chosen[0])
    for layer, F in transfer.features(net, params, X, units(net), folder=False).items():
        train, (val, test) = F[:-len(split.y_val) - len(split.y_test)], np.split(
            F[-len(split.y_val) - len(split.y_test):], [len(split.y_val)])  # fmt: skip

        def right(number, l2, train=train, val=val, test=test):
            W, b = transfer.linear_head(train[number * count:(number + 1) * count], split.y_train[chosen[number]],
                                        len(split.class_names), l2=l2, steps=steps)
            return [float(metrics.accuracy(part @ W + b, y)) for part, y in ((val, split.y_val), (test, split.y_test))]

        with threads.blas(1):
            tried = {l2: right(0, l2) for l2 in l2s}
            best = max(l2s, key=lambda l2: tried[l2][0])
            runs = [tried[best], *(right(number, best) for number in range(1, len(seeds)))]
        found[layer] = {"features": F.shape[1], "l2": best, "test": [run[1] for run in runs]}
        print(f"{split.name}, {layer}: {found[layer]}", flush=True)
    return found


def run(sets, networks, per_class, **settings):
    from cs231n_helpers import data

    splits = {name: data.load(name, val=val, test=test) for name, (val, test) in sets.items()}
    start, found = time.process_time(), {}
    for name, split in splits.items():
        found[name] = {"images": per_class * len(split.class_names), "test": len(split.y_test),
                       **{network: at_each(split, network, size, per_class, **settings)
                          for network, size in networks.items()}}  # fmt: skip
    return {**found, "core_seconds": round(time.process_time() - start, 1)}
