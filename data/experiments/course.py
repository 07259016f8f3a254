"""The five ways of the course on the same test images: what each reaches, and what it costs to learn and to answer.

Two sets of images: the embedded Fashion-MNIST, and the colour patches of eight photographs. Each way has the recipe of
its notebook; what differs between the sets (k, penalties, epochs, the layer that features are taken from) was chosen on
validation images. Seconds are the work of all cores together. Learning includes the features of the training images,
answering those of the test images; what it took to train the borrowed networks on a million photographs is not in it.
"""

import runpy
import time
from pathlib import Path

import numpy as np

SETTINGS = {
    "seeds": {"linear": [0, 1, 2], "two_layers": [0, 1, 2], "convnet": [0]},
    "borrowed": {"squeezenet": {"size": 128, "layers": ["fire4", "fire6", "fire7", "fire8"]},
                 "efficientnet_lite0": {"size": 96, "layers": ["inverted8", "inverted11", "inverted16", "top1"]}},
    "strengths": [1e-3, 1e-2, 1e-1],
    "sets": {
        "fashion_mnist": {
            "neighbours": {"k": 5},
            "linear": {"count": 40, "step": 160, "decay": 0.93, "l2": 3e-4, "batch": 64},
            "two_layers": {"hidden": 300, "keep": 0.5, "count": 30, "step": 140, "l2": 3e-4, "batch": 100},
            "convnet": {}},
        "photo_patches": {
            "neighbours": {"k": 1},
            "linear": {"count": 40, "step": 160, "decay": 0.93, "l2": 3e-2, "batch": 64},
            "two_layers": {"hidden": 300, "keep": 0.5, "count": 30, "step": 140, "l2": 3e-3, "batch": 100},
            "convnet": {"pattern": "CONV3-32 POOL BN RELU CONV3-64 POOL BN RELU CONV3-128 POOL BN RELU DROPOUT0.5 FC",
                        "count": 16, "keep": 0.95}}},
}  # fmt: skip


def run(seeds, borrowed, strengths, sets):
    from cs231n_helpers import data, threads

    found, nets = {}, {name: folded(name, borrowed[name]["size"]) for name in borrowed}  # first: they may be missing
    for name, ways in sets.items():
        split = data.load(name)
        with threads.limit(1):                                          # the work of one core, not of two that wait
            figures = dict(taught(split, seeds, ways))
            for way, (net, params) in nets.items():
                figures[way] = summary([transferred(split, net, params, borrowed[way]["layers"], strengths)])
        found[name] = {"training_images": len(split.y_train), "test_images": len(split.y_test), "ways": figures}
    return found


def taught(split, seeds, ways):
    """Yield (way, its figures) for what is learned from these images alone."""
    yield "neighbours", summary([neighbours(split, **ways["neighbours"])])
    for way in (linear, two_layers, convnet):
        yield way.__name__, summary([way(split, seed, **ways[way.__name__]) for seed in seeds[way.__name__]])


def folded(name, size):
    """(network, params) of a pretrained network, for images of this side, its batch norms folded."""
    from cs231n_helpers import pretrained

    return pretrained.folded(*getattr(pretrained, name)(size)[:2])


def summary(runs):
    """Accuracies of every run, the middle of what they cost, and what is the same for all."""
    same = {name: value for name, value in runs[0].items() if name in ("numbers_kept", "chosen")}
    return {**{f"{part}_accuracies": [run[part] for run in runs] for part in ("val", "test")}, **same,
            **{cost: float(f"{np.median([run[cost] for run in runs]):.3g}")
               for cost in ("training_core_seconds", "core_ms_per_image")}}  # fmt: skip


def judged(split, answer, seconds, kept, **more):
    """The figures of one run that took `seconds` to learn: `answer` gives scores or labels of images."""
    from cs231n_helpers import metrics

    found = {"training_core_seconds": seconds, "numbers_kept": int(kept), **more}
    for part in ("val", "test"):
        X, y = getattr(split, f"X_{part}"), getattr(split, f"y_{part}")
        start = time.process_time()
        said = answer(X)
        found["core_ms_per_image"] = 1e3 * (time.process_time() - start) / len(X)
        found[part] = float(metrics.accuracy(said, y))
    return found


def prepare(X_train):
    """Images as in notebooks 02 and 04: the training mean taken away, and divided by the largest value left."""
    from cs231n_helpers import preprocessing

    center = preprocessing.Center.fit(X_train)
    scale = preprocessing.Scale.fit(center(X_train))
    return lambda X: scale(center(X)).astype(np.float32)


# ---------------------------------------------------------------------------------------------------- the five ways
def neighbours(split, k):
    """Notebook 01: the vote of the k nearest training images."""
    from cs231n_helpers import neighbors

    def answer(X):
        distances = neighbors.l2_distances(X.reshape(len(X), -1).astype(np.float32), X_train)
        return neighbors.knn_predict(distances, split.y_train, k)

    start = time.process_time()
    X_train = split.X_train.reshape(len(split.X_train), -1).astype(np.float32)
    return judged(split, answer, time.process_time() - start, X_train.size)


def linear(split, seed, count, step, decay, l2, batch):
    """Notebook 02: one row of weights per class, softmax loss, plain gradient descent."""
    from cs231n_helpers import initializers, layers, network, optim

    start, ready = time.process_time(), prepare(split.X_train)
    net = network.Network([layers.Dense(len(split.class_names), init=initializers.zeros)], split.X_train.shape[1:])
    pixels = split.X_train[0].size                                      # longer rows need shorter steps
    params = steps(net, ready(split.X_train), split.y_train, optim.SGD(step / pixels), seed, count, batch, l2=l2,
                   schedule=lambda lr, epoch: lr * decay ** int(epoch))  # fmt: skip
    return judged(split, lambda X: net.predict(params, ready(X)), time.process_time() - start, net.count())


def two_layers(split, seed, hidden, keep, count, step, l2, batch):
    """Notebook 04: a hidden layer with ReLU and dropout, momentum, a rate that falls to a twentieth."""
    from cs231n_helpers import initializers, layers, network, optim

    start, ready = time.process_time(), prepare(split.X_train)
    net = network.Network([layers.Dense(hidden, init=initializers.small), layers.ReLU(), layers.Dropout(keep),
                           layers.Dense(len(split.class_names))], split.X_train.shape[1:])  # fmt: skip
    pixels = split.X_train[0].size
    params = steps(net, ready(split.X_train), split.y_train, optim.Momentum(step / pixels), seed, count, batch, l2=l2,
                   schedule=lambda lr, epoch: optim.exponential_decay(lr, epoch / count, rate=3.0))  # fmt: skip
    return judged(split, lambda X: net.predict(params, ready(X)), time.process_time() - start, net.count())


def steps(net, X, y, rule, seed, count, batch, **settings):
    """The parameters after `count` epochs."""
    from cs231n_helpers import train

    rng = np.random.default_rng(seed)
    *_, step = train.steps(net, net.init(rng), X, y, rule, rng=rng, batch=batch, count=count * -(-len(X) // batch),
                           **settings)  # fmt: skip
    return step.params


def convnet(split, seed, **other):
    """Notebook 05 and the experiment `convnet`, with the settings it has, or `other` ones."""
    recipe = runpy.run_path(str(Path(__file__).with_name("convnet.py")))
    settings = {name: value for name, value in recipe["SETTINGS"].items() if name != "seeds"} | other
    ready = recipe["prepared"](split)
    net, params, _, (_, seconds) = recipe["trained"](ready, seed, **settings)
    return judged(ready, lambda X: net.predict(params, X), seconds, net.count())


def transferred(split, net, params, layers, strengths):
    """Notebook 06: what a layer of a borrowed network makes of the images, and a linear classifier on it.

    The layer and the penalty are those that are best on validation images; only their cost is counted.
    """
    from cs231n_helpers import metrics, transfer

    start = time.process_time()
    F = transfer.features(net, params, split.X_train, layers, folder=False)
    seconds = time.process_time() - start
    F_val, trials = transfer.features(net, params, split.X_val, layers, folder=False), []
    for layer in layers:
        for l2 in strengths:
            start = time.process_time()
            W, b = transfer.linear_head(F[layer], split.y_train, len(split.class_names), l2)
            spent = seconds + time.process_time() - start
            trials.append((metrics.accuracy(F_val[layer] @ W + b, split.y_val), layer, l2, spent, W, b))
    _, layer, l2, seconds, W, b = max(trials, key=lambda trial: trial[0])
    below = [key for key in params if net.names.index(key.partition(".")[0]) <= net.names.index(layer)]
    kept = sum(params[key].size for key in below) + W.size + b.size
    return judged(split, lambda X: transfer.features(net, params, X, layer, folder=False) @ W + b, seconds, kept,
                  chosen=[layer, l2])  # fmt: skip


# ---------------------------------------------------------------------------------------------------- in the README
ROWS = {"neighbours": "[1](notebooks/01_knn.ipynb) k nearest neighbours",
        "linear": "[2](notebooks/02_linear_classifiers.ipynb) linear classifier, softmax",
        "two_layers": "[4](notebooks/04_nn_training.ipynb) two layers, 300 hidden neurons, dropout",
        "convnet": "[5](notebooks/05_convnets.ipynb) ConvNet of three convolutions, batch norm",
        "squeezenet": "[6](notebooks/06_transfer_learning.ipynb) features of SqueezeNet, linear classifier",
        "efficientnet_lite0": "[6](notebooks/06_transfer_learning.ipynb) features of EfficientNet-Lite0, "
                              "linear classifier"}  # fmt: skip


def table(results):
    """The table of the README: accuracies on both sets, and what it costs on the first."""
    lines = ["| | clothes | photo patches | learning | answering | numbers kept |", "|---|---|---|---|---|---|"]
    clothes, patches = (results[name]["ways"] for name in ("fashion_mnist", "photo_patches"))
    for way in (way for way in ROWS if way in clothes):
        marks = [f"{100 * np.mean(of[way]['test_accuracies']):.1f} %" for of in (clothes, patches)]
        costs = [f"{rounded(clothes[way]['training_core_seconds'])} s",
                 f"{rounded(clothes[way]['core_ms_per_image'])} ms", f"{clothes[way]['numbers_kept']:,}"]  # fmt: skip
        lines.append(f"| {' | '.join([ROWS[way], *marks, *costs])} |")
    return "\n".join(lines) + "\n"


def rounded(number):
    """Two digits that count: 0.0123 -> "0.012", 123.4 -> "120"."""
    return f"{float(f'{number:.2g}'):g}"


if __name__ == "__main__":                                              # prints the table from the last results
    from cs231n_helpers.data import results

    print(table(results("course")["results"]), end="")
