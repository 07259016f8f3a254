"""Receptive fields: how much of the picture one number at some depth of a network depends on."""

from typing import NamedTuple

from cs231n_helpers.layers.branches import Branches
from cs231n_helpers.layers.chain import Chain, under


class Field(NamedTuple):
    """What one output sees of the input, along each axis of the picture.

    size : pixels from the first to the last it depends on. Padding counts as pixels, so size may exceed the picture.
    jump : pixels between what two neighbouring outputs see: the product of all strides so far.
    places : how many outputs there are.
    """

    size: tuple
    jump: tuple
    places: tuple

    @classmethod
    def of_input(cls, shape):
        """One pixel sees itself. A row of D numbers counts as a picture with one axis."""
        places = shape[:-1] or shape
        return cls((1,) * len(places), (1,) * len(places), places)

    def through(self, layer, in_shape, out_shape):
        """The Field after a layer: with a window of F and a stride S, size + (F - 1) * jump and jump * S.

        A fully connected layer is a window as large as the picture. Source: CS231n notes, Convolutional networks.
        """
        windows, strides = layer.window(in_shape) or (self.places, self.places)
        places = out_shape[:-1] if len(out_shape) > 1 else self.places
        return Field(tuple(n + (F - 1) * j for n, F, j in zip(self.size, windows, self.jump)),
                     tuple(j * S for j, S in zip(self.jump, strides)),
                     (1,) * len(places) if layer.window(in_shape) is None else places)


def fields(chain, in_shape, start=None, prefix=""):
    """Yield (name, Field) of every layer of a chain, those inside of branches too; at a join the largest branch counts.

    All branches of a join have outputs of one size, so their strides agree.
    """
    field = Field.of_input(in_shape) if start is None else start
    shapes = chain.shapes(in_shape)
    for name, layer, shape, out in zip(chain.names, chain.layers, shapes, shapes[1:]):
        name = under(prefix, name)
        if isinstance(layer, Branches):
            ends = []
            for inner, branch in layer.branches.items():
                found = list(fields(branch, shape, field, under(name, inner)))
                ends.append(found[-1][1] if found else field)
                yield from found
            field = max(ends)
        elif isinstance(layer, Chain):
            found = list(fields(layer, shape, field, name))
            field = found[-1][1] if found else field
            yield from found
        else:
            field = field.through(layer, shape, out)
        yield name, field
