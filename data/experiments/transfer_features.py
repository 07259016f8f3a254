"""A linear classifier on the features of networks trained on ImageNet, and on raw pixels, with few images per class.

Features are the outputs of layers near the top, each channel averaged over all places, computed once for each image.
The classifier is `transfer.linear_head`; its L2 strength is chosen at each size by the accuracy on the validation
images with seed 0. Images, seeds and sizes are those of the experiments `transfer_scratch` and
`transfer_scratch_offline`, which train a ConvNet on them instead: each seed has training images of its own, and looks
at the test images once. It needs the weights of both networks, which `make` fetches, and CIFAR-10 (data/README.md).
"""

import runpy
import time
from pathlib import Path

import numpy as np

SETTINGS = {"sets": {"cifar10": [1000, 1000], "photo_patches": [600, 600], "fashion_mnist": [600, 600]},
            "per_class": [5, 10, 20, 50, 100, 200], "seeds": [0, 1, 2, 3, 4],
            "networks": {"squeezenet": [128, ["fire8"]], "efficientnet_lite0": [96, ["top1"]]},
            "l2s": [0.01, 0.03, 0.1, 0.3, 1.0, 3.0], "steps": 200}  # fmt: skip


def few(y, per_class, seed):
    return runpy.run_path(str(Path(__file__).with_name("transfer_scratch.py")))["few"](y, per_class, seed)


def features(network, size, layers, X):
    """(N, D): the layers' features side by side; "pixels" are the bytes in a row, from 0 to 1."""
    from cs231n_helpers import pretrained, transfer

    if network == "pixels":
        return X.reshape(len(X), -1) / np.float32(255)
    net, params, _ = getattr(pretrained, network)(size)
    found = transfer.features(*pretrained.folded(net, params), X, layers)
    return np.hstack([found[layer] for layer in layers])


def curve(F, y, val, test, classes, per_class, seeds, l2s, steps):
    """One entry for each size: the strength that was chosen, and the accuracies of each seed."""
    from cs231n_helpers import metrics, threads, transfer

    def right(rows, l2):
        W, b = transfer.linear_head(F[rows], y[rows], classes, l2=l2, steps=steps)
        return [float(metrics.accuracy(X @ W + b, labels)) for X, labels in (val, test)]

    found = []
    with threads.blas(1):
        for n in per_class:
            tried = {l2: right(few(y, n, seeds[0]), l2) for l2 in l2s}
            best = max(l2s, key=lambda l2, tried=tried: tried[l2][0])
            runs = [tried[best] if seed == seeds[0] else right(few(y, n, seed), best) for seed in seeds]
            found.append({"per_class": n, "images": n * classes, "l2": best,
                          "tried": {str(l2): both[0] for l2, both in tried.items()},
                          "val": [run[0] for run in runs], "test": [run[1] for run in runs]})  # fmt: skip
            print(f"  {found[-1]['images']} images, l2 {best}: {found[-1]['test']}", flush=True)
    return found


def on_set(split, networks, per_class, seeds, **how):
    """{"pixels": curve, network: curve} of one data set."""
    pool = np.unique(np.concatenate([few(split.y_train, max(per_class), seed) for seed in seeds]))
    everything, found = np.arange(len(split.y_train)), {}
    for name, (size, layers) in {"pixels": (None, ()), **networks}.items():
        start = time.process_time()
        F, *others = (features(name, size, layers, X) for X in (split.X_train[pool], split.X_val, split.X_test))
        spread = np.zeros((len(everything), F.shape[1]), np.float32)            # at the places of the whole data set
        spread[pool] = F
        parts = zip(others, (split.y_val, split.y_test))
        print(f"{split.name}, {name}: {F.shape[1]} features of {len(F)} images", flush=True)
        found[name] = {"features": F.shape[1],
                       "sizes": curve(spread, split.y_train, *parts, len(split.class_names), per_class, seeds, **how)}
        found[name]["core_seconds"] = round(time.process_time() - start, 1)
    return found


def run(sets, **settings):
    from cs231n_helpers import data

    splits = {name: data.load(name, val=val, test=test) for name, (val, test) in sets.items()}      # are they there?
    return {name: {"pool": len(split.y_train), "val": len(split.y_val), "test": len(split.y_test),
                   **on_set(split, **settings)} for name, split in splits.items()}  # fmt: skip
