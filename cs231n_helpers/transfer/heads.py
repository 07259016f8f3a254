"""The head: the last layer with weights, which says the classes. A new task needs a new one."""

import numpy as np

from cs231n_helpers import checks, losses
from cs231n_helpers.initializers import small
from cs231n_helpers.layers import Conv, Dense, GlobalAvgPool
from cs231n_helpers.network import Network

from .depths import units
from .pictures import fitted
from .pooled import features

STEPS = 300


def replace_head(network, params, classes, rng):
    """(network, params) with a new head of small random weights for so many classes; all below is as it was.

    A Dense head becomes Dense(classes). A head of convolutions, and the mean over places that follows it, becomes the
    mean first, then Dense(classes): the same for a linear head, at less cost. No array is copied.
    """
    checks.whole("replace_head", "classes", classes, low=1)
    checks.generator("replace_head", "rng", rng)
    number = head(network)
    pool = (GlobalAvgPool(),) if isinstance(network.layers[number], Conv) else ()
    new = Network((*network.layers[:number], *pool, Dense(classes, init=small)), network.input_shape)
    kept = {name: array for name, array in params.items() if name.partition(".")[0] in network.names[:number]}
    own, dtype = new.names[-1], next(iter(params.values())).dtype
    fresh = new.layers[-1].start(rng, new.in_shapes[-1])
    return new, kept | {f"{own}.{short}": array.astype(dtype) for short, array in fresh.items()}


def head(network):
    """The number of the layer that is the head."""
    found = units(network)
    if not found or not isinstance(network.layers[network.names.index(found[-1][0])], Dense | Conv):
        raise ValueError("transfer: the last layer with weights must be a Dense or a Conv, which says the classes; "
                         f"this network ends in {network.names[-1] if network.names else 'nothing'}.")
    return network.names.index(found[-1][0])


def linear_head(F, y, classes, l2=1e-3, steps=STEPS):
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
    steepest = np.linalg.norm(Z @ Z.T if len(Z) < Z.shape[1] else Z.T @ Z, 2) / (2 * len(Z)) + l2
    W = ahead = np.zeros((Z.shape[1], classes), Z.dtype)
    for step in range(steps):
        _, back = losses.softmax(Z @ ahead, y)
        after = ahead - (Z.T @ back()[0] + strength * ahead) / steepest
        ahead, W = after + step / (step + 3) * (after - W), after
    return W


def warm_head(network, params, X, y, folder=None, l2=1e-3):
    """params whose head is the `linear_head` of what the layers below make of images X, which are computed once.

    So fine-tuning begins with a head that fits: a random one would send large, meaningless gradients down into layers
    that are good as they are.
    """
    name, below = _below(network)
    F = features(network, params, fitted(network, X), below, folder=folder, pool=False)
    W, b = linear_head(F, np.asarray(y), network.out_shapes[-1][-1], l2)
    dtype = params[f"{name}.W"].dtype
    return {**params, f"{name}.W": W.astype(dtype), f"{name}.b": b.astype(dtype)}


def _below(network):
    number = head(network)
    if not isinstance(network.layers[number], Dense) or number != len(network.layers) - 1 or number == 0:
        raise ValueError("warm_head: the network must end in a Dense layer; replace_head gives it one.")
    return network.names[number], network.names[number - 1]
