"""A ConvNet trained from scratch on 5 to 200 images per class of CIFAR-10, with its settings chosen at each size.

The network is that of the experiment `convnet_cifar10` (for 28 x 28 pixels that of `convnet`), with batch norm,
dropout, a learning rate that falls to 0 along a line and a running average of the weights. At each size the learning
rate is chosen first, then the augmentation, then the length, each by the accuracy on the validation images with seed 0.
The other seeds train with what was chosen, each on images of its own: in every class, seed s begins a fifth of the
images further on than seed s - 1. Each seed looks at the test images once, at the end. It needs CIFAR-10
(data/README.md); an archive with fewer images will do.
"""

import time
from dataclasses import replace

import numpy as np

PATTERNS = {32: "CONV3-32 POOL BN RELU CONV3-64 POOL BN RELU CONV3-128 POOL BN RELU DROPOUT0.5 FC",
            28: "CONV3-32 POOL BN RELU CONV3-64 POOL BN RELU CONV3-128 BN RELU POOL3/2 DROPOUT0.5 FC"}  # by width
AUGMENTATIONS = {"none": None, "mirror": 0, "mirror and shift": 2}          # most pixels of a shift
SETTINGS = {"sets": ["cifar10"], "per_class": [5, 10, 20, 50, 100, 200], "seeds": [0, 1, 2, 3, 4],
            "epochs": [60, 50, 40, 30, 20, 15], "lengths": [1, 2], "lrs": [1e-3, 4e-3],
            "augmentations": ["mirror and shift", "mirror", "none"], "val": 1000, "test": 1000}  # fmt: skip


def few(y, per_class, seed, parts=5):
    """Indices of `per_class` images of each class: seed s begins s parts of the class further on, and goes around."""
    each = [np.flatnonzero(y == label) for label in np.unique(y)]
    chosen = [members[(seed * (len(members) // parts) + np.arange(per_class)) % len(members)] for members in each]
    return np.stack(chosen, axis=1).ravel()                                 # class by class in turn: a balanced order


def subset(split, per_class, seed):
    """The same split with few training images; mean 0 and variance 1 over those in each channel."""
    rows = few(split.y_train, per_class, seed)
    X = split.X_train[rows].astype(np.float32)
    mean, std = X.mean((0, 1, 2)), X.std((0, 1, 2))
    scaled = {f"X_{part}": ((images - mean) / std).astype(np.float32)
              for part, images in (("train", X), ("val", split.X_val), ("test", split.X_test))}  # fmt: skip
    return replace(split, y_train=split.y_train[rows], **scaled)


def trained(split, seed, lr, augmentation, count):
    """The network and its averaged parameters after `count` epochs."""
    from cs231n_helpers import architecture, data, ensemble, network, optim, threads, train

    shape = split.X_train.shape[1:]
    net = architecture.parse(PATTERNS[shape[1]], shape, len(split.class_names))
    rng, shift = np.random.default_rng(seed), AUGMENTATIONS[augmentation]
    batch = 32 if len(split.y_train) <= 500 else 64
    steps = count * -(-len(split.y_train) // batch)
    run = train.steps(net, net.init(rng), split.X_train, split.y_train, optim.Adam(lr), batch=batch, rng=rng,
                      count=steps, schedule=lambda lr, epoch: lr * max(1 - epoch / count, 1e-3),
                      augment=None if shift is None else lambda X, rng: data.augment(X, rng, shift=shift))  # fmt: skip
    with threads.blas(1):
        for average in ensemble.polyak(run, max(0.9, 1 - 10 / steps)):      # over about the last tenth of the steps
            last = average
    return net, network.renew_statistics(net, last.params, split.X_train)


def right(net, params, X, y):
    from cs231n_helpers import metrics

    return float(metrics.accuracy(net.predict(params, X), y))


def choose(split, seed, epochs, lengths, lrs, augmentations):
    """One setting after the other by validation accuracy: (the best, everything that was tried)."""
    tried = []

    def attempt(**wanted):
        if not any(wanted.items() <= {**each}.items() for each in tried):
            net, params = trained(split, seed, wanted["lr"], wanted["augmentation"], wanted["count"])
            tried.append({**wanted, "val": right(net, params, split.X_val, split.y_val)})
            print(f"  {len(split.y_train)} images: {tried[-1]}", flush=True)

    def best():
        found = max(tried, key=lambda each: each["val"])
        return {name: found[name] for name in ("lr", "augmentation", "count")}

    for lr in lrs:
        attempt(lr=lr, augmentation=augmentations[0], count=epochs)
    for augmentation in augmentations[1:]:
        attempt(**{**best(), "augmentation": augmentation})
    for length in lengths[1:]:
        attempt(**{**best(), "count": epochs * length})
    return best(), tried


def at_size(split, per_class, epochs, seeds, **grid):
    """What is reached with `per_class` images of each class, over the seeds."""
    start = time.process_time()
    chosen, tried = choose(subset(split, per_class, seeds[0]), seeds[0], epochs, **grid)
    runs = []
    for seed in seeds:
        own = subset(split, per_class, seed)
        net, params = trained(own, seed, **chosen)
        runs.append({"seed": seed, "val": right(net, params, own.X_val, own.y_val),
                     "test": right(net, params, own.X_test, own.y_test)})  # fmt: skip
    found = {"per_class": per_class, "images": per_class * len(split.class_names), "chosen": chosen, "tried": tried,
             "runs": runs, "core_seconds": round(time.process_time() - start, 1)}  # fmt: skip
    print(f"{split.name}: {found['images']} images, {chosen}, test {[run['test'] for run in runs]}, "
          f"{found['core_seconds']} s", flush=True)  # fmt: skip
    return found


def run(sets, per_class, epochs, val, test, **settings):
    from cs231n_helpers import data

    splits = {name: data.load(name) for name in sets}                       # first: is everything there?
    parts = {name: {"val": min(val, len(split.y_val)), "test": min(test, len(split.y_test))}
             for name, split in splits.items()}  # fmt: skip
    return {name: {"pool": len(split.y_train), **parts[name],
                   "sizes": [at_size(data.load(name, **parts[name]), n, count, **settings)
                             for n, count in zip(per_class, epochs, strict=True)]}
            for name, split in splits.items()}  # fmt: skip
