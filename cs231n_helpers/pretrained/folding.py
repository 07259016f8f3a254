"""Batch norms taken into the convolutions before them: the same scores in fewer steps, for networks in use."""

from dataclasses import replace

import numpy as np

from cs231n_helpers.layers import BatchNorm, Block, Conv, Dense, DepthwiseConv, Parallel, Residual
from cs231n_helpers.layers.chain import Chain, under
from cs231n_helpers.network import Network

LINEAR = (Conv, DepthwiseConv, Dense)                   # W with its outputs in the last axis, and an offset b


def folded(network, params):
    """(network, params) that give the same scores in test mode, each batch norm folded into what it follows.

    At test time batch norm is y = (x - mean) * scale + beta with scale = gamma / sqrt(var + eps), a fixed number for
    each channel. After a convolution x = conv(W) + b, so W * scale and (b - mean) * scale + beta do both at once.
    A batch norm that follows anything else stays. The network that was given stays too, for training: there the
    statistics are those of the batch, and cannot be folded. Computed in float64, rounded once.
    Source: Jacob and others 2018 (Quantization and training, section 3.2).
    """
    layers, arrays = _folded(network.chain, network._own(params))
    return Network(layers, network.input_shape), arrays


def _folded(old, params):
    """(layers, arrays by the names they have now) of a chain."""
    units, own = [], [(layer, arrays) for _, layer, arrays in old.own(params)]
    for layer, arrays in own:
        if isinstance(layer, BatchNorm) and units and isinstance(units[-1][0], LINEAR):
            units[-1] = _together(*units[-1], layer, arrays)
        else:
            units.append(_inside(layer, arrays))
    names = Chain(tuple(layer for layer, _ in units)).names
    return (tuple(layer for layer, _ in units),
            {under(name, short): array for name, (_, arrays) in zip(names, units) for short, array in arrays.items()})


def _together(layer, arrays, norm, statistics):
    """A layer with weights and the batch norm after it, as one layer with an offset."""
    dtype = arrays["W"].dtype
    W, gamma, beta, mean, var = (np.asarray(array, np.float64) for array in (
        arrays["W"], *(statistics[name] for name in ("gamma", "beta", "mean", "var"))))
    scale = gamma / np.sqrt(var + norm.eps)
    b = (arrays.get("b", 0.0) - mean) * scale + beta
    return replace(layer, bias=True), {"W": (W * scale).astype(dtype), "b": b.astype(dtype)}


def _inside(layer, arrays):
    """A layer that holds layers, each of its chains folded; any other as it is."""
    if isinstance(layer, Block):
        layers, arrays = _folded(layer, arrays)
        return replace(layer, layers=layers), arrays
    if isinstance(layer, (Residual, Parallel)):
        done = {name: _folded(branch, branch_arrays) for name, branch, branch_arrays in layer.own(arrays)}
        layers = [branch_layers for branch_layers, _ in done.values()]
        new = Residual(*layers) if isinstance(layer, Residual) else Parallel(layers)
        return new, {under(name, short): array for name, (_, own) in done.items() for short, array in own.items()}
    return layer, arrays
