"""Layers one after the other. A chain is itself a layer: networks and the branches of a layer are made of it."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from cs231n_helpers import ops

from .layer import Layer


@dataclass(frozen=True)
class Chain(Layer):
    """Each layer takes the output of the one before; without layers, what comes in goes out.

    Layers are named after their kind and numbered from 1: conv1, relu1, conv2; their arrays conv1.W, conv1.b, conv2.W.
    """

    kind: ClassVar[str] = "chain"
    layers: tuple = ()

    @cached_property
    def names(self):
        """("conv1", "relu1", "conv2"): one name for each layer."""
        seen = Counter()
        return tuple(f"{layer.kind}{_next(seen, layer.kind)}" for layer in self.layers)

    def shapes(self, in_shape):
        """The shape of one example on the way in and after each layer; ValueError names the layer it does not fit."""
        shapes = [in_shape]
        for name, layer in zip(self.names, self.layers):
            try:
                shapes.append(layer.out_shape(shapes[-1]))
            except ValueError as problem:
                raise ValueError(f"{name} cannot take inputs of shape {shapes[-1]}. {problem}") from None
        return shapes

    def out_shape(self, in_shape):
        return self.shapes(in_shape)[-1]

    def weights(self, in_shape):
        return self._keys(in_shape, lambda layer, shape: layer.weights(shape))

    def statistics(self, in_shape):
        return self._keys(in_shape, lambda layer, shape: layer.statistics(shape))

    def start(self, rng, in_shape):
        return self._keys(in_shape, lambda layer, shape: layer.start(rng, shape))

    def _keys(self, in_shape, dict_of):
        return {under(name, short): value for name, layer, shape in zip(self.names, self.layers, self.shapes(in_shape))
                for short, value in dict_of(layer, shape).items()}

    def own(self, params):
        """[(name, layer, its arrays by short name)]: "conv1.W" of `params` is the "W" of conv1."""
        found = {name: {} for name in self.names}
        for key, array in params.items():
            name, _, short = key.partition(".")
            if name in found:
                found[name][short] = array
        return [(name, layer, found[name]) for name, layer in zip(self.names, self.layers)]

    def forward(self, params, x, rng=None):
        own, backs = self.own(params), []
        for _, layer, arrays in own:
            x, back = layer.forward(arrays, x, rng)
            backs.append(back)
        lowest = next((number for number, (_, _, arrays) in enumerate(own) if arrays), len(own))    # that learns
        return x, self._back(backs, lowest)

    def partly(self, params, x, rng, frozen, below=0):
        """As in Layer. With `below`, so many layers are computed as in test mode and keep nothing: back ends there."""
        own, still = self.own(params), self.dealt(frozen)
        for _, layer, arrays in own[:below]:
            x = layer.apply(arrays, x)
        backs = [None] * below
        for (_, layer, arrays), names in zip(own[below:], still[below:]):
            x, back = layer.partly(arrays, x, rng, names) if names else layer.forward(arrays, x, rng)
            backs.append(back)
        return x, self._back(backs, below)

    def dealt(self, names):
        """[the short names of its arrays], layer by layer."""
        return [frozenset(short) for *_, short in self.own(dict.fromkeys(names))]

    def lowest(self, in_shape, frozen):
        """The number of the lowest layer of which something is learned; as many as there are layers if nothing is."""
        each = zip(self.layers, self.shapes(in_shape), self.dealt(frozen))
        learn = [number for number, (layer, shape, names) in enumerate(each) if layer.weights(shape).keys() - names]
        return learn[0] if learn else len(self.layers)

    def _back(self, backs, lowest):
        def back(dy, input_gradient=True):
            """Without the input gradient it ends at the lowest layer that learns: below, gradients are of no use."""
            found = {}
            for number in range(len(backs) - 1, -1 if input_gradient else lowest - 1, -1):
                found[number], dy = backs[number](dy, input_gradient or number > lowest)
            grads = {under(self.names[number], short): array for number in sorted(found)
                     for short, array in found[number].items()}
            return grads, dy if input_gradient else None

        return back

    @cached_property
    def steps(self):
        """(number of a layer, its bounds): what `apply` does, in order.

        An activation that only cuts off is left to the layer before it, if that can do it while its output is in the
        cache.
        """
        found, follows = [], (*self.layers[1:], None)
        for number, (layer, after) in enumerate(zip(self.layers, follows)):
            if found and found[-1][0] == number - 1 and found[-1][1]:
                continue
            found.append((number, after.bounds if layer.cuts and after is not None else None))
        return tuple(found)

    def apply(self, params, x, out=None):
        """The output in test mode, written to `out` if given. Inputs stay as they are; what was made here may not."""
        own, given, last = self.own(params), x, self.steps[-1][0] if self.steps else -1
        for number, bounds in self.steps:
            _, layer, arrays = own[number]
            if layer.cuts:
                x = layer.apply(arrays, x, bounds, out if number == last else None)
            elif layer.bounds and x.flags.c_contiguous and not np.may_share_memory(x, given):
                ops.inference.cut(x, *layer.bounds)
            else:
                x = layer.apply(arrays, x)
        if out is not None and x is not out:
            out[...] = x
        return x

    def traced(self, params, x):
        """(name, output) of every layer, those inside of branches too, in the order they are computed."""
        for name, layer, arrays in self.own(params):
            for inner, output in layer.traced(arrays, x):
                yield under(name, inner), output
            x = output                                              # the last one is the layer's own

    def walk(self, in_shape):
        for name, layer, shape in zip(self.names, self.layers, self.shapes(in_shape)):
            for inner, *rest in layer.walk(shape):
                yield under(name, inner), *rest

    def renewed(self, params, batches, frozen=frozenset()):
        """Layer by layer from below, on the inputs each really gets; no further than the last that is measured."""
        still = self.dealt(frozen)
        each = zip(self.layers, self.shapes(batches[0].shape[1:]), still)
        last = max((number for number, (layer, shape, names) in enumerate(each)
                    if layer.statistics(shape).keys() - names), default=-1)
        renewed = dict(params)
        for number, (name, layer, arrays) in enumerate(self.own(params)[:last + 1]):
            arrays = layer.renewed(arrays, batches, still[number])
            renewed.update({under(name, short): array for short, array in arrays.items()})
            if number < last:
                batches = [layer.apply(arrays, x) for x in batches]
        return renewed


def chain(where, layers):
    """A Chain of the layers that were given: one, or several in order. TypeError if one is something else."""
    layers = (layers,) if isinstance(layers, Layer) else tuple(layers)
    for number, layer in enumerate(layers, 1):
        if not isinstance(layer, Layer):
            raise TypeError(f"{where}: layer {number} must be a layer such as Dense(10), got {layer!r}."
                            + (" Write the brackets: ReLU()." if isinstance(layer, type) else ""))
    return Chain(layers)


def under(name, short):
    """The name of what belongs to a layer: "conv1" and "W" make "conv1.W"; the layer itself is ""."""
    return f"{name}.{short}" if name and short else name or short


def _next(seen, kind):
    seen[kind] += 1
    return seen[kind]
