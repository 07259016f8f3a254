"""Several layers under one name: the unit that a network is described in, such as a Fire module."""

from dataclasses import dataclass, field

from .chain import Chain, chain


@dataclass(frozen=True)
class Block(Chain):
    """Layers one after the other that count as one layer of the network around them.

    kind : the word that names it: the second Block of kind "fire" is "fire2", and what it holds is "fire2.conv1.W".
    So a network of dozens of layers has a list of names that can be read, cut and frozen at sensible places.
    """

    layers: tuple = ()
    kind: str = field(default="block", kw_only=True)

    def __post_init__(self):
        object.__setattr__(self, "layers", chain("Block", self.layers).layers)
        if not (isinstance(self.kind, str) and self.kind.isidentifier()):
            raise ValueError(f'Block: kind must be a word such as "fire", without dots or spaces, got {self.kind!r}.')

    def traced(self, params, x):
        for name, x in super().traced(params, x):                   # noqa: B020  the last one is the block's own
            yield name, x
        yield "", x

    def walk(self, in_shape):
        yield from super().walk(in_shape)
        yield "", self, in_shape, self.out_shape(in_shape)
