"""A linear classifier on features of networks trained on ImageNet, and on raw pixels, with few images per class.

Features are the outputs of a layer, or of several side by side, each channel averaged over all places (with `mirror`,
over the image and its mirror image), computed once for each image. The classifier is that of `transfer.linear_head`:
softmax with L2. Its strength, and the layers if there is a choice, are chosen at each size by the accuracy on the
validation images with seed 0. Images, seeds and sizes are those of the experiment `transfer_scratch`, which trains a
ConvNet on them instead: each seed has training images of its own, and looks at the test images once. It needs the
weights of both networks, which `make` fetches, and CIFAR-10 (data/README.md).
"""

import runpy
import time
from pathlib import Path

import numpy as np

SETTINGS = {"sets": {"cifar10": [1000, 1000]}, "per_class": [5, 10, 20, 50, 100, 200], "seeds": [0, 1, 2, 3, 4],
            "networks": {"squeezenet": {"size": 128, "mirror": True, "choices": [["fire7", "fire8"]]},
                         "efficientnet_lite0": {"size": 96, "mirror": True,
                                                "choices": [["top1"], ["inverted14"], ["inverted14", "top1"]]}},
            "l2s": [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0], "steps": 200}  # fmt: skip


def few(y, per_class, seed):
    return runpy.run_path(str(Path(__file__).with_name("transfer_scratch.py")))["few"](y, per_class, seed)


def features(X, network, size=None, mirror=False, choices=(("pixels",),)):
    """[(N, D), ...], one for each choice of layers; "pixels" are the bytes in a row, from 0 to 1."""
    from cs231n_helpers import pretrained, transfer

    if network == "pixels":
        return [X.reshape(len(X), -1) / np.float32(255)]
    net, params, _ = getattr(pretrained, network)(size)
    net, params = pretrained.folded(net, params)
    names = sorted({layer for layers in choices for layer in layers})
    found = [transfer.features(net, params, images, names) for images in ([X, X[:, :, ::-1]] if mirror else [X])]
    return [np.hstack([np.mean([each[layer] for each in found], axis=0) for layer in layers]) for layers in choices]


class Fits:
    """The softmax classifiers of some features for several strengths of L2: as `transfer.linear_head`, which finds the
    steepest curvature anew for each strength. Here that is done once, from an eigenvalue."""

    def __init__(self, F, y, classes):
        self.mean, self.std, self.y, self.classes = F.mean(axis=0), F.std(axis=0), y, classes
        self.std = np.where(self.std > 1e-6 * self.std.max(), self.std, 1)
        self.Z = self.scaled(F)
        gram = self.Z @ self.Z.T if len(self.Z) < self.Z.shape[1] else self.Z.T @ self.Z
        self.steepest = np.linalg.eigvalsh(gram)[-1] / (2 * len(F))

    def scaled(self, F):
        return np.hstack([(F - self.mean) / self.std, np.ones((len(F), 1), F.dtype)])

    def weights(self, l2, steps):
        from cs231n_helpers import losses

        strength = np.full((self.Z.shape[1], 1), l2, self.Z.dtype)
        strength[-1] = 0                                                    # no penalty on the offsets
        W = ahead = np.zeros((self.Z.shape[1], self.classes), self.Z.dtype)
        for step in range(steps):
            _, back = losses.softmax(self.Z @ ahead, self.y)
            after = ahead - (self.Z.T @ back()[0] + strength * ahead) / (self.steepest + l2)
            ahead, W = after + step / (step + 3) * (after - W), after
        return W


def curve(parts, labels, places, choices, classes, per_class, seeds, l2s, steps):
    """One entry for each size: the layers and strength that were chosen, and the accuracies of each seed.

    parts : the features of training, validation and test images, for each choice of layers; labels : their classes.
    """
    from cs231n_helpers import metrics, threads

    def fits(n, seed, choice):
        rows = few(labels[0], n, seed)
        return Fits(parts[0][choice][places[rows]], labels[0][rows], classes)

    def right(fits, l2, choice):
        W = fits.weights(l2, steps)
        return [float(metrics.accuracy(fits.scaled(part[choice]) @ W, y)) for part, y in zip(parts[1:], labels[1:])]

    found = []
    with threads.blas(1):
        for n in per_class:
            tried = {}
            for choice in range(len(choices)):
                first = fits(n, seeds[0], choice)
                tried |= {(choice, l2): right(first, l2, choice) for l2 in l2s}
            choice, l2 = max(tried, key=lambda key, tried=tried: tried[key][0])
            runs = [tried[choice, l2], *(right(fits(n, seed, choice), l2, choice) for seed in seeds[1:])]
            found.append({"per_class": n, "images": n * classes, "layers": choices[choice], "l2": l2,
                          "tried": {f"{'+'.join(choices[c])}, {s}": both[0] for (c, s), both in tried.items()},
                          "val": [run[0] for run in runs], "test": [run[1] for run in runs]})  # fmt: skip
            print(f"  {n * classes} images, {choices[choice]}, l2 {l2}: {found[-1]['test']}", flush=True)
    return found


def on_set(split, networks, per_class, seeds, **how):
    """{"pixels": ..., network: ...} of one data set."""
    pool = np.unique(np.concatenate([few(split.y_train, max(per_class), seed) for seed in seeds]))
    places, found = np.zeros(len(split.y_train), int), {}
    places[pool] = np.arange(len(pool))                                     # where an image's features are
    labels = split.y_train, split.y_val, split.y_test
    for name, setting in {"pixels": {"choices": [["pixels"]]}, **networks}.items():
        start = time.process_time()
        parts = [features(X, name, **setting) for X in (split.X_train[pool], split.X_val, split.X_test)]
        counts = [F.shape[1] for F in parts[0]]
        print(f"{split.name}, {name}: {counts} features of {len(pool)} images", flush=True)
        sizes = curve(parts, labels, places, setting["choices"], len(split.class_names), per_class, seeds, **how)
        found[name] = {"features": counts, "sizes": sizes, "core_seconds": round(time.process_time() - start, 1)}
    return found


def run(sets, **settings):
    from cs231n_helpers import data

    splits = {name: data.load(name, val=val, test=test) for name, (val, test) in sets.items()}      # are they there?
    return {name: {"pool": len(split.y_train), "val": len(split.y_val), "test": len(split.y_test),
                   **on_set(split, **settings)} for name, split in splits.items()}  # fmt: skip
