"""Penalties that keep weights small, and the hard limit that keeps each neuron's weights short.

A penalty is a sum over the weights, with a gradient that is added to that of the data loss. Biases are left alone: they
multiply no input, so they cannot make one input count too much.
Source: CS231n notes, Neural networks part 2, Regularization.
"""

import numpy as np

from cs231n_helpers import checks


def l2(W, strength):
    """1/2 * strength * sum of W^2: prefers many small weights to few large ones. back(d=1.0) -> (dW,), strength * W."""
    W, strength = _weights("l2", W, "strength", strength)
    return 0.5 * strength * float(np.square(W, dtype=np.float64).sum()), lambda d=1.0: (W.dtype.type(d * strength) * W,)


def l1(W, strength):
    """strength * sum of |W|: pushes weights to exactly 0. back(d=1.0) -> (dW,), strength * sign(W), 0 at the kink."""
    W, strength = _weights("l1", W, "strength", strength)
    return strength * float(np.abs(W).sum(dtype=np.float64)), lambda d=1.0: (W.dtype.type(d * strength) * np.sign(W),)


def elastic_net(W, l1_strength, l2_strength):
    """l1_strength * sum of |W| + 1/2 * l2_strength * sum of W^2: both penalties together. back(d=1.0) -> (dW,)."""
    W, l1_strength = _weights("elastic_net", W, "l1_strength", l1_strength)
    W, l2_strength = _weights("elastic_net", W, "l2_strength", l2_strength)
    (lasso, lasso_back), (ridge, ridge_back) = l1(W, l1_strength), l2(W, l2_strength)
    return lasso + ridge, lambda d=1.0: (lasso_back(d)[0] + ridge_back(d)[0],)


def penalty(params, strengths, biases=False, kind=l2):
    """One penalty over all the weights of a network: returns (value, grads).

    params: {"dense1.W": array, "dense1.b": array, ...}; those named W are penalised, and with biases=True those named b
    too. Nothing else is: no scale and shift of a normalisation, no running mean.
    strengths: a number for all layers, or {"dense1": number, ...}; a layer that is left out is not penalised.
    kind: l2, l1, or elastic_net, whose strengths are pairs (l1_strength, l2_strength).
    grads: {key: gradient} of the keys penalised, of the arrays' shapes: add them to the gradients of the data loss.
    Example: penalty(params, {"dense1": 1e-4, "dense2": 1e-2})
    """
    strengths, kinds = _by_layer(params, strengths, kind), ("W", "b") if biases else ("W",)
    value, grads = 0.0, {}
    for key, array in params.items():
        layer, _, name = key.rpartition(".")
        if name in kinds and layer in strengths:
            one, back = kind(array, *strengths[layer])
            value += one
            [grads[key]] = back()
    return value, grads


def max_norm(W, largest):
    """Shorten each neuron's weights to length `largest` where they are longer; the others stay. A new array like W.

    W: (D, C), or filters (KH, KW, C, F): the last axis counts the neurons, and the length is taken over all the others.
    It is a projection, done after each update; the usual limit is 3 or 4. Biases have no part in it.
    Example: the columns [3, 4] and [0.6, 0.8] with largest = 2.5 become [1.5, 2] and [0.6, 0.8].
    """
    W, largest = checks.floats("max_norm", "W", W), checks.real("max_norm", "largest", largest, above=0)
    if W.ndim < 2:
        raise ValueError(f"max_norm: W must have shape (D, C), one column for each neuron, got {W.shape}. "
                         "Biases are not limited.")
    columns = W.reshape(-1, W.shape[-1])                            # (inputs, neurons)
    lengths = np.sqrt(np.einsum("ij,ij->j", columns, columns, dtype=np.float64))
    return W * np.minimum(1, largest / np.maximum(lengths, largest)).astype(W.dtype)


def _by_layer(params, strengths, kind):
    """{layer: tuple of its strengths}, for the layers that are penalised."""
    many = kind is elastic_net
    layers = dict.fromkeys(key.rpartition(".")[0] for key in params)
    strengths = strengths if isinstance(strengths, dict) else dict.fromkeys(layers, strengths)
    for layer in strengths:
        if layer not in layers:
            raise ValueError(f"penalty: strengths names the layer {layer!r}, but params has {', '.join(layers)}. "
                             'A layer is named without its array: "dense1", not "dense1.W".')
        if many and np.shape(strengths[layer]) != (2,):
            raise ValueError(f"penalty: strengths must be a pair, got {strengths[layer]!r} for {layer!r}. Write "
                             "(l1_strength, l2_strength) for elastic_net.")
    return {layer: tuple(given) if many else (given,) for layer, given in strengths.items()}


def _weights(where, W, name, strength):
    return checks.floats(where, "W", W), checks.real(where, name, strength, low=0)
