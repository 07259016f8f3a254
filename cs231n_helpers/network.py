"""A network: layers one after the other. The description is frozen; the numbers live in one flat dict beside it.

    net = Network([Dense(100), ReLU(), Dense(10)], input_shape=(28, 28, 1))
    params = net.init(rng)                              # {"dense1.W": (784, 100), "dense1.b": (100,), "dense2.W": ...}
    scores, back = net.forward(params, X)               # (N, 28, 28, 1) -> (N, 10)
    grads, dX = back(dscores)                           # grads has the keys of params that are learned
"""

from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from cs231n_helpers import checks, threads
from cs231n_helpers.layers.chain import Chain, chain

__all__ = ["Network", "renew_statistics"]

MOST, OUTPUTS = 1000, 2**22     # examples, and outputs of a layer, that are computed at a time in test mode
SHARES, TOGETHER = 4, 8         # of pictures, however many cores there are: so their number changes no digit


@dataclass(frozen=True)
class Network:
    """Layers in order and the shape of one example: (D,), or (H, W, C) for images. No array is made before `init`.

    Layers are named after their kind and numbered from 1: dense1, relu1, dense2. ValueError if two do not fit together.
    """

    layers: tuple
    input_shape: tuple

    def __post_init__(self):
        shape = self.input_shape if isinstance(self.input_shape, (tuple, list)) else (self.input_shape,)
        object.__setattr__(self, "layers", chain("Network", self.layers).layers)
        object.__setattr__(self, "input_shape", tuple(checks.whole("Network", "input_shape", n, low=1) for n in shape))
        self.out_shapes                                             # noqa: B018  layers that do not fit are named now

    # ---------------------------------------------------------------------------------------- names, shapes, counts
    @cached_property
    def chain(self):
        """The layers as one layer: what knows their names and computes with them."""
        return Chain(self.layers)

    @cached_property
    def names(self):
        """("dense1", "relu1", "dense2"): one name for each layer."""
        return self.chain.names

    @cached_property
    def out_shapes(self):
        """The shape of one example after each layer."""
        try:
            return tuple(self.chain.shapes(self.input_shape)[1:])
        except ValueError as problem:
            raise ValueError(f"Network: {problem}") from None

    @cached_property
    def in_shapes(self):
        """The shape of one example before each layer."""
        return (self.input_shape, *self.out_shapes)[:len(self.layers)]

    def walk(self):
        """(name, layer, in_shape, out_shape) of every layer, those inside of branches too: "residual1.conv1"."""
        return self.chain.walk(self.input_shape)

    def shapes(self):
        """{"dense1.W": shape, ...} of all arrays of params, in order; nothing is allocated."""
        return dict(self._shapes)

    def trainable(self, params=None):
        """The names of the arrays that are learned (in `params`, if given): all but the statistics of batch norm."""
        return tuple(name for name in self._learned if params is None or name in params)

    def count(self):
        """How many numbers are learned. Example: 3072-100-10 has 3072 * 100 + 100 + 100 * 10 + 10 = 308,310."""
        return sum(prod(shape) for shape in self._learned.values())

    @cached_property
    def _learned(self):
        return self.chain.weights(self.input_shape)

    @cached_property
    def _shapes(self):
        return {**self._learned, **self.chain.statistics(self.input_shape)}

    def describe(self):
        """One line for each layer, the same in every process: its name, settings and output shape."""
        return [f"{name}: {layer.describe()} -> {shape}"
                for name, layer, shape in zip(self.names, self.layers, self.out_shapes)]

    # ------------------------------------------------------------------------------------------------- computing
    def init(self, rng, dtype=np.float32):
        """Fresh params: {"dense1.W": array, ...} of `dtype`. Train in float32; check gradients in float64."""
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise TypeError(f"Network.init: dtype must be float32 or float64, got {np.dtype(dtype)}.")
        return {key: array.astype(dtype) for key, array in self.chain.start(rng, self.input_shape).items()}

    def forward(self, params, X, rng=None, frozen=()):
        """(scores, back) for examples X (N, *input_shape) of any real type; computed in the dtype of the params.

        With `rng`, in training mode: dropout makes noise, batch norm uses the statistics of the batch.
        back(dscores, input_gradient=True) -> (grads, dX): grads has the keys `trainable()`. Without the input gradient
        dX is None, and the largest product of a step is saved: no weight is below the first layer with weights.
        frozen : names of arrays that stay as they are. They are not in grads; batch norm uses its statistics, if those
        are among them. Below the lowest layer that learns everything is as in test mode, nothing is kept and no
        gradient computed, so dX is None.
        """
        x, frozen = self._input("Network.forward", params, X), frozenset(frozen)
        if not frozen:
            return self.chain.forward(self._own(params), x, rng)
        scores, back = self.chain.partly(self._own(params), x, rng, frozen, self.chain.lowest(self.input_shape, frozen))

        def learned(dscores, input_gradient=False):
            grads, _ = back(dscores, input_gradient=False)
            return {name: array for name, array in grads.items() if name not in frozen}, None

        return scores, learned

    def predict(self, params, X, batch=None):
        """Scores (N, classes) of all of X in test mode, `batch` examples at a time, so that memory stays small.

        Unless given: 1000, or fewer where the largest layer would have more than 4 million outputs for them. Every core
        takes batches of pictures, a quarter of them each or, where they are few, half; these are computed side by side.
        """
        X = np.asarray(X)
        checks.finite("Network.predict", "X", X)
        own, nothing = self._own(params), self._input("Network.predict", params, X[:0])
        batch = self._fitting(len(X)) if batch is None else checks.whole("Network.predict", "batch", batch, low=1)

        def scores(start):
            return self.chain.apply(own, X[start:start + batch].astype(nothing.dtype, copy=False))

        blocks = self._all(scores, range(0, len(X), batch))
        if not blocks:
            return np.zeros((0, *(self.input_shape, *self.out_shapes)[-1]), nothing.dtype)
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

    def _fitting(self, count):
        """How many of `count` examples at a time."""
        batch = max(1, min(MOST, OUTPUTS // self._largest))
        halves, shares = -(-count // 2), -(-count // SHARES)        # a few pictures together spare the last layers time
        return max(1, min(batch, max(shares, min(TOGETHER, halves)))) if self._pictures else batch

    def _all(self, scores, starts):
        """[scores(start), ...]: pictures on all cores, else in turn. A single batch is shared by its large layers."""
        if not self._pictures:
            return [scores(start) for start in starts]
        with threads.blas(1):
            return threads.share(scores, starts)

    @cached_property
    def _largest(self):
        """Outputs of the largest layer for one example."""
        return max((prod(out) for *_, out in self.walk()), default=1)

    @cached_property
    def _pictures(self):
        """Whether it has convolutions: their steps are small, and a core does better with some pictures of its own."""
        return any(layer.cuts for _, layer, *_ in self.walk())

    def activations(self, params, X, upto=None):
        """{"dense1": output, "relu1": output, ...} in test mode, up to and including the layer named `upto`.

        Layers inside of branches stand before the layer that holds them: "residual1.conv1", ..., "residual1".
        """
        if upto is not None:
            checks.one_of("Network.activations", "upto", upto, [name for name, *_ in self.walk()])
        x, outputs = self._input("Network.activations", params, X), {}
        for name, output in self.chain.traced(self._own(params), x):
            outputs[name] = output
            if name == upto:
                break
        return outputs

    def _own(self, params):
        """The arrays of params that belong to the network; those that are missing or have another shape are named."""
        own = {}
        for key, shape in self._shapes.items():
            array = params.get(key)
            if array is None or array.shape != shape:
                raise ValueError(f"Network: {key.rpartition('.')[0]} needs an array {key!r} of shape {shape} in "
                                 f"params, got {'none' if array is None else array.shape}. Were they made by another "
                                 "network?")
            own[key] = array
        return own

    def _input(self, where, params, X):
        X = np.asarray(X)
        if X.shape[1:] != self.input_shape or X.ndim == 0:
            raise ValueError(f"{where}: X must have shape (N, {', '.join(map(str, self.input_shape))}), got {X.shape}."
                             + (" One example? Write x[None]." if X.shape == self.input_shape else
                                " Images and rows? X.reshape(-1, *input_shape) turns one into the other."
                                if X.ndim and prod(X.shape[1:]) == prod(self.input_shape) else ""))
        if X.dtype.kind not in "iuf":
            raise TypeError(f"{where}: X must hold real numbers, got dtype {X.dtype}.")
        dtype = next((params[key].dtype for key in self._learned if key in params), None)
        return checks.floats(where, "X", X) if dtype is None else X.astype(dtype, copy=False)


def renew_statistics(network, params, X, batch=1000, frozen=()):
    """New params in which batch norm's "mean" and "var" are those of training examples X, layer by layer from below.

    They are exact: of the inputs each layer really gets in test mode, over all of X. Memory: the output of one layer
    for all of X, so give a large network some hundreds of examples. The params that were given stay as they are.
    frozen : names of arrays that are not measured.
    """
    batch = checks.whole("renew_statistics", "batch", batch, low=1)
    if not network.chain.statistics(network.input_shape).keys() - frozenset(frozen):
        return dict(params)
    X = network._input("renew_statistics", params, X)
    if len(X) == 0:
        raise ValueError("renew_statistics: X has no examples, so there is nothing to measure.")
    batches = [X[i:i + batch] for i in range(0, len(X), batch)]
    return {**params, **network.chain.renewed(network._own(params), batches, frozenset(frozen))}
