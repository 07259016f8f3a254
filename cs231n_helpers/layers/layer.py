"""What every layer can be asked; each question has an answer here that suits a layer without arrays of its own."""

import dataclasses
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Layer:
    """A frozen description. Shapes are those of one example: (D,) or (H, W, C), without the number of examples.

    kind : the word that names its arrays in a network: the first Dense is "dense1", its weights "dense1.W".
    in_place : whether its output could be written over its input, so that it need not count as memory of its own.
    """

    kind: ClassVar[str] = "layer"
    in_place: ClassVar[bool] = False
    bounds: ClassVar[tuple | None] = None                           # (low, high), if it does no more than cut off
    cuts: ClassVar[bool] = False                                    # whether `apply` can cut off its own output, too

    def out_shape(self, in_shape):
        """The shape of one example on the way out; ValueError if one of shape `in_shape` does not fit."""
        return in_shape

    def weights(self, in_shape):
        """{"W": shape, ...} of the arrays that are learned. Nothing is allocated."""
        return {}

    def statistics(self, in_shape):
        """{"mean": shape, ...} of the arrays that are measured on training data, not learned."""
        return {}

    def start(self, rng, in_shape):
        """Fresh arrays {"W": array, ...}, float64, for all names of `weights` and `statistics`."""
        return {}

    def forward(self, params, x, rng=None):
        """(y, back) for the layer's own arrays `params` and inputs x (N, *in_shape).

        back(dy, input_gradient=True) -> (grads, dx): grads has the keys of `weights`; dx is None if it is not wanted.
        With `rng` the layer is in training mode.
        """
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def partly(self, params, x, rng, frozen):
        """`forward` while the arrays named in `frozen` are to stay as they are: statistics among them are used as at
        test time, not measured on the batch."""
        measured = self.statistics(x.shape[1:])
        return self.forward(params, x, None if measured and frozen >= measured.keys() else rng)

    def apply(self, params, x):
        """The output in test mode; nothing is kept for a way back, so memory stays small."""
        return self.forward(params, x)[0]

    def renewed(self, params, batches, frozen=frozenset()):
        """The arrays with their statistics measured anew on a list of inputs, but for those named in `frozen`; the same
        dict if there are none."""
        return params

    def describe(self):
        """Its name and settings in words, the same in every process: "Dense(units=100, bias=True)"."""
        shown = [f for f in dataclasses.fields(self) if not callable(getattr(self, f.name))]
        return f"{type(self).__name__}({', '.join(f'{f.name}={_words(getattr(self, f.name))}' for f in shown)})"

    # ------------------------------------------------------------- what tables of an architecture ask (whole numbers)
    def window(self, in_shape):
        """How much one output sees: (size, stride) along height and width, each a pair; None: all of the picture."""
        return (1, 1), (1, 1)

    def multiply_adds(self, in_shape):
        """How many products with a weight one example takes."""
        return 0

    def walk(self, in_shape):
        """(name, layer, in_shape, out_shape) of each layer inside and, named "", of the layer itself."""
        yield "", self, in_shape, self.out_shape(in_shape)

    def traced(self, params, x):
        """(name, output) of each layer inside and, named "", of the layer itself; in test mode, one after the other."""
        yield "", self.apply(params, x)


def _words(value):
    """A setting in words; layers among the settings describe themselves."""
    if isinstance(value, Layer):
        return value.describe()
    if isinstance(value, tuple) and value and all(isinstance(one, Layer) or _is_path(one) for one in value):
        return f"[{', '.join(map(_words, value))}]"
    return repr(value)


def _is_path(value):
    """Whether it is a branch: a tuple of layers, or of none."""
    return isinstance(value, tuple) and all(isinstance(one, Layer) for one in value)


def without_arrays(y, op_back):
    """(y, back) of a layer from those of an op of one array: it has no weights, so the dict of gradients is empty."""
    return y, lambda dy, input_gradient=True: ({}, op_back(dy)[0] if input_gradient else None)
