"""Layers that hold layers: branches which take the same input, and whose outputs are joined.

The arrays of what they hold have plain names in one flat dict: "residual1.conv1.W", "parallel1.branch2.conv1.W".
"""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from .chain import chain, under
from .layer import Layer


@dataclass(frozen=True)
class Branches(Layer):
    """What Residual and Parallel share. `branches` is {name: Chain}; they differ in how the outputs are joined."""

    in_place: ClassVar[bool] = True                                 # the joined numbers can stand where they were made

    def weights(self, in_shape):
        return self._keys(lambda branch: branch.weights(in_shape))

    def statistics(self, in_shape):
        return self._keys(lambda branch: branch.statistics(in_shape))

    def start(self, rng, in_shape):
        return self._keys(lambda branch: branch.start(rng, in_shape))

    def _keys(self, dict_of):
        return {under(name, short): value for name, branch in self.branches.items()
                for short, value in dict_of(branch).items()}

    def own(self, params):
        """[(name, branch, its arrays)]; what is under no branch's name belongs to the branch named ""."""
        found = {name: {} for name in self.branches}
        for key, array in params.items():
            name, _, short = key.partition(".")
            known = name in found
            found[name if known else ""][short if known else key] = array
        return [(name, branch, found[name]) for name, branch in self.branches.items()]

    def forward(self, params, x, rng=None):
        return self.partly(params, x, rng, frozenset())

    def partly(self, params, x, rng, frozen):
        still = self.own(dict.fromkeys(frozen))
        outputs, backs = zip(*(branch.partly(arrays, x, rng, frozenset(names))
                               for (_, branch, arrays), (*_, names) in zip(self.own(params), still)))
        y, widths = self.join(outputs), [output.shape[-1] for output in outputs]
        del outputs                                                 # they need not live on until the way back

        def back(dy, input_gradient=True):
            """The input went into every branch, so its gradient is the sum of theirs."""
            grads, dx = {}, None
            for name, branch_back, part in zip(self.branches, backs, self.parted(dy, widths)):
                own, d = branch_back(part, input_gradient)
                grads.update({under(name, short): array for short, array in own.items()})
                dx = d if dx is None else dx + d
            return grads, dx

        return y, back

    def apply(self, params, x):
        return self.join([branch.apply(arrays, x) for _, branch, arrays in self.own(params)])

    def traced(self, params, x):
        outputs = []
        for name, branch, arrays in self.own(params):
            output = x
            for inner, output in branch.traced(arrays, x):
                yield under(name, inner), output
            outputs.append(output)
        yield "", self.join(outputs)

    def walk(self, in_shape):
        for name, branch in self.branches.items():
            for inner, *rest in branch.walk(in_shape):
                yield under(name, inner), *rest
        yield "", self, in_shape, self.out_shape(in_shape)

    def renewed(self, params, batches, frozen=frozenset()):
        still = self.own(dict.fromkeys(frozen))
        return {under(name, short): array
                for (name, branch, arrays), (*_, names) in zip(self.own(params), still)
                for short, array in branch.renewed(arrays, batches, frozenset(names)).items()}

    def shapes(self, in_shape):
        """{name: output shape} of each branch."""
        found = {}
        for name, branch in self.branches.items():
            try:
                found[name] = branch.out_shape(in_shape)
            except ValueError as problem:
                raise ValueError(f"{type(self).__name__}: {f'in {name}, ' if name else ''}{problem}") from None
        return found


@dataclass(frozen=True)
class Residual(Branches):
    """body(x) + shortcut(x), the shortcut being x itself if it has no layers: the body learns what is to be added.

    layers, shortcut : a layer, or several in order. Both must end in the same shape: where the body halves the picture
    or changes the channels, the shortcut needs a convolution of size 1 that does the same.
    The gradient reaches x undiminished through the shortcut. A ReLU after the sum is a layer of its own.
    Source: He and others 2015.
    """

    kind: ClassVar[str] = "residual"
    layers: tuple
    shortcut: tuple = ()

    def __post_init__(self):
        for name in ("layers", "shortcut"):
            object.__setattr__(self, name, chain("Residual", getattr(self, name)).layers)

    @cached_property
    def branches(self):
        """{"": body, "shortcut": shortcut}: the names of the body's arrays need no further word."""
        return {"": chain("Residual", self.layers), "shortcut": chain("Residual", self.shortcut)}

    def out_shape(self, in_shape):
        body, shortcut = self.shapes(in_shape).values()
        if body != shortcut:
            raise ValueError(f"Residual: the layers end in shape {body} but the shortcut in {shortcut}, and only equal "
                             "shapes add up. Give the shortcut a Conv of size 1 with the same filters and stride.")
        return body

    def apply(self, params, x):
        (_, body, arrays), (_, shortcut, others) = self.own(params)
        y, beside = body.apply(arrays, x), shortcut.apply(others, x)
        return np.add(y, beside, out=None if np.may_share_memory(y, x) else y)

    def join(self, outputs):
        return outputs[0] + outputs[1]

    def parted(self, dy, widths):
        return dy, dy


@dataclass(frozen=True)
class Parallel(Branches):
    """Several branches side by side; their outputs are joined along the channels, in order.

    paths : a sequence of branches, each a layer or several in order; one without layers passes its input on.
    All must end in pictures of the same height and width; their channels add up.
    Source: Szegedy and others 2014 (the inception modules of GoogLeNet).
    """

    kind: ClassVar[str] = "parallel"
    paths: tuple

    def __post_init__(self):
        paths = (self.paths,) if isinstance(self.paths, Layer) else tuple(self.paths)
        if not paths:
            raise ValueError("Parallel: there are no branches. Give at least one: Parallel([[Conv(8, 1)], [Conv(8, 3, "
                             "pad=1)]]).")
        object.__setattr__(self, "paths", tuple(chain("Parallel", path).layers for path in paths))

    @cached_property
    def branches(self):
        """{"branch1": Chain, "branch2": ...}"""
        return {f"branch{number}": chain("Parallel", path) for number, path in enumerate(self.paths, 1)}

    def out_shape(self, in_shape):
        shapes = self.shapes(in_shape)
        if len({shape[:-1] for shape in shapes.values()}) > 1:
            listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
            raise ValueError(f"Parallel: the outputs are joined along the channels, so all else must be equal, got "
                             f"{listed}. Give each branch the same stride, and padding that keeps the size.")
        first, *_ = shapes.values()
        return (*first[:-1], sum(shape[-1] for shape in shapes.values()))

    def apply(self, params, x):
        """Each branch writes its output to the place where it belongs."""
        out, widths = self._joined(x.shape[1:])
        y, end = np.empty((len(x), *out), np.result_type(x, *params.values())), 0
        for (_, branch, arrays), width in zip(self.own(params), widths):
            end += width
            branch.apply(arrays, x, out=y[..., end - width:end])
        return y

    def _joined(self, in_shape):
        """(shape of the output, channels of each branch), kept: to ask all layers takes as long as a product."""
        if in_shape not in self._known:
            self._known[in_shape] = self.out_shape(in_shape), [shape[-1] for shape in self.shapes(in_shape).values()]
        return self._known[in_shape]

    @cached_property
    def _known(self):
        return {}

    def join(self, outputs):
        return np.concatenate(outputs, axis=-1)

    def parted(self, dy, widths):
        return np.split(dy, np.cumsum(widths)[:-1], axis=-1)
