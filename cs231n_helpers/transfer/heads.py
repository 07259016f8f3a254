"""The head: the last layer with weights, which says the classes. A new task needs a new one."""

import numpy as np

from cs231n_helpers import checks, losses
from cs231n_helpers.initializers import small
from cs231n_helpers.layers import Block, Conv, Dense, GlobalAvgPool
from cs231n_helpers.network import Network

from .depths import units
from .pooled import features

STEPS = 300


def replace_head(network, params, classes, rng):
    """(network, params) with a new head of small random weights for so many classes; all below is as it was.

    Of a picture, the new head takes the mean over all places, then Dense(classes). So a head of convolutions, whose
    mean was taken last, does it first: the same where nothing bends in between, at less cost. A Dense head that saw
    every place still does. A head that was a block stays one. No array is copied.
    """
    checks.whole("replace_head", "classes", classes, low=1)
    checks.generator("replace_head", "rng", rng)
    number = head(network)
    old, in_shape = network.layers[number], network.in_shapes[number]
    dense = Dense(classes, init=small)
    layers = (dense,) if isinstance(old, Dense) or len(in_shape) == 1 else (GlobalAvgPool(), dense)
    layers = (Block(layers, kind=old.kind),) if isinstance(old, Block) else layers
    new = Network((*network.layers[:number], *layers), network.input_shape)
    kept = {name: array for name, array in params.items() if name.partition(".")[0] in network.names[:number]}
    dtype = next(iter(params.values())).dtype
    return new, kept | {name: array.astype(dtype) for name, array in _fresh(new, number, rng).items()}


def _fresh(network, number, rng):
    """Arrays of all layers from that number on."""
    each = list(zip(network.names, network.layers, network.in_shapes))[number:]
    return {f"{name}.{short}": array for name, layer, shape in each for short, array in layer.start(rng, shape).items()}


def head(network):
    """The number of the layer that is the head: the last one with weights."""
    found = units(network)
    number = network.names.index(found[-1][0]) if found else -1
    if not found or not isinstance(network.layers[number], Dense | Conv | Block):
        raise ValueError("transfer: the last layer with weights must be a Dense, a Conv or a block with one of them, "
                         f"which says the classes; this network ends in {(network.names or ('nothing',))[-1]}.")
    return number


def linear_head(F, y, classes, l2=1e-2, steps=STEPS):
    """(W, b) of the softmax classifier of features F (N, D) with labels y (N,): W (D, classes), b (classes,).

    It minimises the mean loss + 1/2 * l2 * sum of W^2 on features brought to mean 0 and standard deviation 1; what W
    and b say holds for F as it is. The loss is a bowl, so there is one answer, and no learning rate to choose: steps of
    1 / (steepest curvature) with momentum (Nesterov 1983) reach it. Nothing is random.
    """
    F, y = checks.matrix("linear_head", "F", F), checks.labels("linear_head", "y", y, len(F), classes)
    mean, std = F.mean(axis=0), F.std(axis=0)
    std = np.where(std > 1e-6 * max(float(std.max()), 1e-12), std, 1).astype(F.dtype)
    Z = (F - mean) / std                                                                            # (N, D)
    W = _bowl(np.hstack([Z, np.ones((len(Z), 1), Z.dtype)]), y, classes, l2, steps)                 # (D + 1, classes)
    V = W[:-1] / std[:, None]
    return V, W[-1] - mean @ V


def _bowl(Z, y, classes, l2, steps):
    """The weights at the bottom; the last row of weights, the biases, carries no penalty."""
    strength = np.full((Z.shape[1], 1), l2, Z.dtype)
    strength[-1] = 0
    squares = Z @ Z.T if len(Z) < Z.shape[1] else Z.T @ Z                                           # same eigenvalues
    steepest = np.linalg.eigvalsh(squares)[-1] / (2 * len(Z)) + l2
    W = ahead = np.zeros((Z.shape[1], classes), Z.dtype)
    for step in range(steps):
        _, back = losses.softmax(Z @ ahead, y)
        after = ahead - (Z.T @ back()[0] + strength * ahead) / steepest
        ahead, W = after + step / (step + 3) * (after - W), after
    return W


def warm_head(network, params, X, y, folder=None, l2=1e-2):
    """params whose head is the `linear_head` of what the layers below make of images X, which are computed once.

    So fine-tuning begins with a head that fits: a random one would send large, meaningless gradients down into layers
    that are good as they are.
    """
    number = head(network)
    below, weights = _below(network, number)
    F = features(network, params, X, below, folder=folder, pool=isinstance(network.layers[number], Block))
    W, b = linear_head(F, np.asarray(y), network.out_shapes[-1][-1], l2)
    dtype = params[weights].dtype
    return {**params, weights: W.astype(dtype), weights.removesuffix("W") + "b": b.astype(dtype)}


def _below(network, number):
    """(the layer below the head, the name of the head's weights)."""
    keys = network.layers[number].weights(network.in_shapes[number])
    last = network.layers[number].layers[-1] if isinstance(network.layers[number], Block) else network.layers[number]
    if not isinstance(last, Dense) or number != len(network.layers) - 1 or number == 0 or len(keys) != 2:
        raise ValueError("warm_head: the network must end in one Dense layer; replace_head gives it one.")
    [weights] = (f"{network.names[number]}.{key}" for key in keys if key.rpartition(".")[2] == "W")
    return network.names[number - 1], weights
