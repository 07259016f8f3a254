"""When does transfer pay? A trained ConvNet moved to other images, against the same network from scratch.

Three moves, with few and with many images of each class: a network of ours trained on six kinds of clothes, moved to
shoes and bags (like what it knows); the small network that comes with the course, which was trained on CIFAR-10, moved
to colour patches of photographs, and to clothes (unlike what it knows). Each is trained from scratch, used as frozen
features with a linear head, and fine-tuned as a whole, with as many steps. And one more case, many images of another
kind: a linear head on frozen features of SqueezeNet for all 9,000 clothes, to be set beside the ConvNet of the
experiment `convnet`; without SqueezeNet's weights it is left out.
"""

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np

CLOTHES, SHOES_AND_BAGS = [0, 1, 2, 3, 4, 6], [5, 7, 8, 9]
SETTINGS = {"pattern": "CONV3-24 POOL BN RELU CONV3-48 POOL BN RELU CONV3-64 BN RELU POOL3/2 FC", "source_lr": 4e-3,
            "source_epochs": 4, "per_class": [5, 200], "lr": 3e-3, "tuning_lr": 1e-3, "factor": 0.7, "batch": 32,
            "steps": [80, 300], "test": 400, "seeds": [0, 1], "size": 64}  # fmt: skip


def only(split, classes):
    """The Split with these classes alone, numbered anew."""
    number = {label: new for new, label in enumerate(classes)}
    parts = {}
    for part in ("train", "val", "test"):
        X, y = getattr(split, f"X_{part}"), getattr(split, f"y_{part}")
        chosen = np.isin(y, classes)
        parts |= {f"X_{part}": X[chosen], f"y_{part}": np.array([number[label] for label in y[chosen]], np.int64)}
    return replace(split, **parts, class_names=tuple(split.class_names[label] for label in classes))


def moves(pattern, source_lr, source_epochs, test):
    """(from, to, network, params, split) of the three moves."""
    from cs231n_helpers import architecture, data, optim, pretrained, transfer

    clothes = data.load("fashion_mnist", val=0)
    known = only(clothes, CLOTHES)
    net = architecture.parse(pattern, clothes.X_train.shape[1:], len(CLOTHES))
    source = transfer.fitted_split(net, known)
    params, right = _trained(net, source, optim.Adam(source_lr), source_epochs)
    yield f"six kinds of clothes ({right:.0%} right)", "shoes and bags", net, params, only(clothes, SHOES_AND_BAGS)
    small, params, _ = pretrained.small()
    yield "CIFAR-10", "colour patches", small, params, data.load("photo_patches", val=0, test=test)
    yield "CIFAR-10", "clothes", small, params, data.load("fashion_mnist", val=0, test=test)


def _trained(net, split, rule, epochs, batch=32):
    from cs231n_helpers import network, threads, train

    steps = train.steps(net, net.init(np.random.default_rng(0)), split.X_train, split.y_train, rule, batch=batch,
                        count=epochs * len(split.y_train) // batch, rng=np.random.default_rng(0),
                        schedule=lambda lr, epoch: lr * max(1 - epoch / epochs, 0.01))  # fmt: skip
    with threads.blas(1):
        for step in steps:
            params = step.params
    params = network.renew_statistics(net, params, split.X_train[:1000])
    return params, train.evaluate(net, params, split.X_test, split.y_test)


def compared(depth, net, params, split, seed, lr, tuning_lr, factor, batch, steps):
    """{way: test accuracy}: from scratch, frozen features, fine-tuned."""
    from cs231n_helpers import optim, train, transfer

    net, params = transfer.replace_head(net, params, len(split.class_names), np.random.default_rng(seed))
    split, count = transfer.fitted_split(net, split), depth["enough"](steps, len(split.y_train), batch)
    warm = transfer.warm_head(net, params, split.X_train, split.y_train, folder=False)
    how = {"count": count, "batch": batch, "seed": seed}
    return {"scratch": depth["learned"](net, net.init(np.random.default_rng(seed)), split, optim.Adam(lr), **how),
            "frozen": round(train.evaluate(net, warm, split.X_test, split.y_test), 4),
            "fine_tuned": depth["learned"](net, warm, split, optim.Adam(tuning_lr), **how,
                                           **transfer.plan(net, warm, 0, factor, stored=False))}  # fmt: skip


def another_kind(size):
    """Test accuracy of a linear head on SqueezeNet's features of all clothes; None without its weights."""
    from cs231n_helpers import data, pretrained, transfer

    if "squeezenet" not in pretrained.available():
        return None
    split, (net, params, _) = data.load("fashion_mnist"), pretrained.squeezenet(size)
    F, T = (transfer.features(net, params, X, "fire8", folder=False) for X in (split.X_train, split.X_test))
    W, b = transfer.linear_head(F, split.y_train, 10)
    return {"images": len(F), "frozen": round(float(((T @ W + b).argmax(1) == split.y_test).mean()), 4)}


def run(pattern, source_lr, source_epochs, test, per_class, seeds, size, **how):
    depth = runpy.run_path(str(Path(__file__).with_name("transfer_depth.py")))
    rows = []
    for source, target, net, params, split in moves(pattern, source_lr, source_epochs, test):
        for count in per_class:
            for seed in seeds:
                few = depth["drawn"](split, count, seed)
                rows.append({"from": source, "to": target, "per_class": count, "seed": seed,
                             **compared(depth, net, params, few, seed, **how)})  # fmt: skip
                print(rows[-1], flush=True)
    return {"rows": rows, "another_kind": another_kind(size)}
