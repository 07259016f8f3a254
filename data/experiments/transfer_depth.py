"""A network trained on ImageNet, moved to other images: how deep to fine-tune, with how many images?

SqueezeNet 1.1 at 96x96 pixels with a new head. units = 0: frozen features, a linear head on them alone; units = k: from
there on the head and the k units below it learn (9: everything), at a rate that falls by `factor` from unit to unit.
Beside it a small ConvNet of four layers at 32x32 from scratch. Moved to CIFAR-10 (things, as in ImageNet) and to grey
clothes. Accuracies on the first `test` test images. It needs the weights of SqueezeNet, which `make` fetches; without
CIFAR-10 that target is left out.
"""

from dataclasses import replace

import numpy as np

SETTINGS = {"targets": ["cifar10", "fashion_mnist"], "per_class": [2, 8, 30, 100],
            "units": [0, 1, 3, 9], "factor": 0.7, "lr": 3e-4, "size": 96, "batch": 16, "steps": [40, 80],
            "scratch": {"lr": 3e-3, "batch": 32, "steps": [80, 320]}, "test": 300, "seeds": [0, 1]}  # fmt: skip


def drawn(split, per_class, seed):
    """The Split with so many random training images of each class, in random order."""
    rng, y = np.random.default_rng([seed, per_class]), split.y_train
    chosen = np.concatenate([rng.choice(np.flatnonzero(y == label), per_class, replace=False)
                             for label in range(len(split.class_names))])  # fmt: skip
    chosen = rng.permutation(chosen)
    return replace(split, X_train=split.X_train[chosen], y_train=y[chosen])


def enough(steps, images, batch):
    """Ten epochs, but at least the first and at most the second number of steps."""
    return int(np.clip(10 * images // batch, *steps))


def learned(net, params, split, rule, count, batch, seed, **how):
    """The test accuracy after so many steps, the rate falling to 0 along a line."""
    from cs231n_helpers import data, network, threads, train

    per_epoch = -(-len(split.y_train) // batch)
    steps = train.steps(net, params, split.X_train, split.y_train, rule, count=count, batch=batch,
                        rng=np.random.default_rng(seed), augment=lambda X, rng: data.augment(X, rng, shift=2),
                        schedule=lambda lr, epoch: lr * max(1 - epoch * per_epoch / count, 0.01), **how)
    with threads.blas(1):
        for step in steps:
            params = step.params
        params = network.renew_statistics(net, params, split.X_train[:500], frozen=how.get("frozen", ()))
    return round(train.evaluate(net, params, split.X_test, split.y_test), 4)


def from_scratch(split, seed, lr, batch, steps):
    """The test accuracy of a ConvNet of four layers that knows nothing yet."""
    from cs231n_helpers import optim, transfer
    from cs231n_helpers.layers import Dense
    from cs231n_helpers.network import Network
    from cs231n_helpers.pretrained import small_convnet

    net = Network((*small_convnet.network().layers[:-1], Dense(len(split.class_names))), (32, 32, 3))
    count = enough(steps, len(split.y_train), batch)
    return learned(net, net.init(np.random.default_rng(seed)), transfer.fitted_split(net, split), optim.Adam(lr), count,
                   batch, seed)


def moved(net, params, split, seed, units, factor, lr, batch, steps):
    """{units: test accuracy}: the linear head alone, then fine-tuned from there to each depth."""
    from cs231n_helpers import optim, train, transfer

    net, params = transfer.replace_head(net, params, len(split.class_names), np.random.default_rng(seed))
    split = transfer.fitted_split(net, split)
    params = transfer.warm_head(net, params, split.X_train, split.y_train, folder=False)
    found = {"0": round(train.evaluate(net, params, split.X_test, split.y_test), 4)}
    count, depth = enough(steps, len(split.y_train), batch), len(transfer.units(net)) - 1
    for k in units[1:]:
        how = transfer.plan(net, params, depth - k, factor)
        found[str(k)] = learned(net, params, split, optim.Adam(lr), count, batch, seed, **how)
    return found


def run(targets, per_class, seeds, test, size, scratch, **how):
    from cs231n_helpers import data, pretrained

    net, params, _ = pretrained.squeezenet(size)
    rows = []
    for target in targets:
        try:
            split = data.load(target, val=0, test=test)
        except data.DataError as missing:
            print(missing)
            continue
        for count in per_class:
            for seed in seeds:
                few = drawn(split, count, seed)
                rows.append({"target": target, "per_class": count, "seed": seed,
                             "scratch": from_scratch(few, seed, **scratch),
                             "fine_tuned": moved(net, params, few, seed, **how)})  # fmt: skip
                print(rows[-1], flush=True)
    return {"rows": rows}
