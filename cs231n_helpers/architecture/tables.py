"""What a network costs, layer by layer and in all, in whole numbers: nothing is allocated."""

from math import prod
from typing import NamedTuple

import numpy as np

from cs231n_helpers import checks
from cs231n_helpers.layers.branches import Branches
from cs231n_helpers.layers.chain import Chain

from .fields import Field, fields


class Row(NamedTuple):
    """One layer of a table. All numbers are for one example."""

    name: str                                                       # "conv1"
    shape: tuple                                                    # of the output
    activations: int                                                # numbers it makes that must be kept
    parameters: int                                                 # that are learned
    multiply_adds: int                                              # products with a weight
    receptive_field: int | tuple                                    # pixels of the input, (height, width) if unequal


def table(network, in_place=True):
    """[Row, ...]: the input, then each layer in order, those inside of branches too.

    Layers that can write their output over their input (ReLU, dropout, flatten; sums and joins of branches) make no
    numbers of their own, and the notes give them no line: neither does this, but for joins, with 0 activations. With
    in_place=False every output counts, and every layer has its row. A block has a row after those of its layers, in
    which nothing is counted a second time.
    Activations include the input. Parameters are what is learned: gamma and beta of batch norm, not its statistics.
    Receptive fields follow from sizes and strides; at a join the largest branch counts.
    Example: VGG-16 has 138,357,544 parameters and 15,237,608 activations in 22 rows.
    Source: CS231n notes, Convolutional networks.
    """
    start = Field.of_input(network.input_shape)
    rows = [Row("input", network.input_shape, prod(network.input_shape), 0, 0, _plain(start))]
    seen = fields(network.chain, network.input_shape)
    for (name, layer, in_shape, out_shape), (_, field) in zip(network.walk(), seen):
        block, joins = isinstance(layer, Chain), isinstance(layer, Branches)
        free = block or (in_place and layer.in_place)               # what a block gives is what its last layer made
        if free and not (block or joins):
            continue
        own = 0 if block or joins else sum(map(prod, layer.weights(in_shape).values()))     # the inner have their rows
        rows.append(Row(name, out_shape, 0 if free else prod(out_shape), own, layer.multiply_adds(in_shape),
                        _plain(field)))
    return rows


def _plain(field):
    return field.size[0] if len(set(field.size)) == 1 else field.size


def depth(network):
    """How many layers with weights (convolutions, fully connected) lie on the longest way through a network.

    Example: VGG-16 has 16, GoogLeNet 22, ResNet-50 has 50.
    """
    return _deepest(network.chain, network.input_shape)


def _deepest(chain, in_shape):
    count = 0
    for layer, shape in zip(chain.layers, chain.shapes(in_shape)):
        if isinstance(layer, Chain):
            count += _deepest(layer, shape)
        elif isinstance(layer, Branches):
            count += max(_deepest(branch, shape) for branch in layer.branches.values())
        else:
            count += "W" in layer.weights(shape)
    return count


class Memory(NamedTuple):
    """Bytes that training takes, by what they are for."""

    activations: int                                                # of a batch, input included
    activation_gradients: int                                       # as many, on the way back
    parameters: int
    parameter_gradients: int
    cache: int                                                      # what the update rule remembers
    miscellaneous: int                                              # see `memory`

    @property
    def total(self):
        return sum(self)

    @property
    def sources(self):
        """{"activations": ..., "parameters": ..., "miscellaneous": ...}: the three sources of the notes."""
        return {"activations": self.activations + self.activation_gradients,
                "parameters": self.parameters + self.parameter_gradients + self.cache,
                "miscellaneous": self.miscellaneous}


def memory(network, batch=1, rule=None, bytes=4, in_place=True):
    """The Memory of training on mini-batches of `batch` examples, `bytes` for each number (4: float32, 8: float64).

    1 the activations of the batch, and as many gradients; 2 the parameters, their gradients and what `rule` of `optim`
    keeps for each (Momentum one number, Adam two; None or SGD nothing); 3 miscellaneous: a second copy of the batch,
    which is being read or augmented meanwhile, its labels of 8 bytes, and the statistics of batch norm.
    It is what must be there: workspace of a convolution, and all that a library keeps besides, comes on top.
    Source: CS231n notes, Convolutional networks (computational considerations).
    """
    batch, each = checks.whole("memory", "batch", batch, low=1), checks.whole("memory", "bytes", bytes, low=1)
    numbers = sum(row.activations for row in table(network, in_place)) * batch * each
    learned = network.count() * each
    measured = sum(prod(shape) for shape in network.chain.statistics(network.input_shape).values())
    waiting = batch * (prod(network.input_shape) * each + 8)
    return Memory(numbers, numbers, learned, learned, learned * _remembered(rule), waiting + measured * each)


def _remembered(rule):
    """How many numbers an update rule keeps for each weight: of the arrays in its state for an array of one weight."""
    if rule is None:
        return 0
    if isinstance(rule, type) or not hasattr(rule, "init"):
        raise TypeError(f"memory: rule must be an update rule such as Momentum(0.01), or None, got {rule!r}.")
    return sum(np.size(kept) for kept in rule.init(np.zeros(1)) if isinstance(kept, np.ndarray))
