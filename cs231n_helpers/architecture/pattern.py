"""A network from the course's pattern: INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC."""

from cs231n_helpers import checks
from cs231n_helpers.layers import (
    AvgPool,
    BatchNorm,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    Flatten,
    GlobalAvgPool,
    LeakyReLU,
    LocalResponseNorm,
    MaxPool,
    ReLU,
    Sigmoid,
    Tanh,
)
from cs231n_helpers.network import Network

from .notation import PatternError, words

PLAIN = {"RELU": ReLU, "LEAKYRELU": LeakyReLU, "TANH": Tanh, "SIGMOID": Sigmoid, "BN": BatchNorm,
         "LRN": LocalResponseNorm, "GAP": GlobalAvgPool, "FLATTEN": Flatten}
POOLS = {"POOL": MaxPool, "MAXPOOL": MaxPool, "AVGPOOL": AvgPool}
WINDOW = ("size", "width", "stride", "pad", "fit")
KNOWN = {"CONV": (*WINDOW, "filters", "dilation", "groups"), "RELU": (), "POOL": WINDOW, "FC": ("units",), "INPUT": (),
         "DW": (*WINDOW, "dilation"), "MAXPOOL": WINDOW, "AVGPOOL": WINDOW, "DROPOUT": ("keep",),
         **dict.fromkeys(PLAIN, ())}
SIZE, FILTERS, UNITS = 3, 32, 128                                   # of CONV and FC without numbers


def parse(text, input_shape, classes):
    """A Network from a pattern such as "INPUT -> [[CONV3-32 -> RELU]*2 -> POOL]*2 -> [FC128 -> RELU]*1 -> FC".

    [ ... ]*2    the same layers, twice; brackets may stand in brackets; *0 leaves them out
    CONV3-32     32 filters of 3x3, zero padding (F - 1)/2, so that stride 1 keeps the size; CONV alone means CONV3-32
    CONV11-96/4P0    a stride of 4, padding 0; also D2: dilation, G2: groups, 3x5: height and width
    DW3          a filter of 3x3 for each channel (depthwise)
    POOL         the largest of 2x2, stride 2; POOL3/2: of 3x3, stride 2; AVGPOOL: the mean; GAP: the mean of all places
    floor, ceil  after a CONV or POOL whose size does not come out whole: POOL3/2ceil
    FC128        128 units; FC alone means FC128, but for the last one: `classes` units
    RELU LEAKYRELU TANH SIGMOID BN LRN FLATTEN, DROPOUT0.5 (the probability to keep a number)

    Capitals or not is the same; between words may stand spaces, commas or arrows; INPUT may be left out. Example: for
    (32, 32, 3) and 10 classes the pattern above has 8x8x32 numbers after the second pool and 292,202 parameters.
    PatternError, a ValueError, names the column and what was expected there.
    Source: CS231n notes, Convolutional networks (layer patterns).
    """
    if not isinstance(text, str):
        raise TypeError(f"parse: text must be a pattern in quotes, got {text!r}.")
    classes = checks.whole("parse", "classes", classes, low=1)
    found = words(text, KNOWN)
    for word in found[1:]:
        if word.name == "INPUT":
            raise PatternError(text, word.column, "INPUT can only come first. Expected a layer.")
    found = found[1:] if found and found[0].name == "INPUT" else found
    if not found:
        raise PatternError(text, len(text.rstrip()) + 1, "there is no layer. Expected one, such as CONV3-32 or FC.")
    return Network(_fitted(text, found, Network((), input_shape).input_shape, classes), input_shape)


def _fitted(text, found, shape, classes):
    """The layers, each tried on the shape it gets."""
    layers = []
    for number, word in enumerate(found, 1):
        problem = f"{word.written}:"
        try:
            layer = _layer(word, classes if number == len(found) else UNITS)
            problem = f"{word.written} cannot take inputs of shape {shape}."
            shape = layer.out_shape(shape)
        except ValueError as why:
            here = f" In a pattern: {word.written}floor." if 'fit="floor"' in str(why) else ""
            raise PatternError(text, word.column, f"{problem} {why}{here}") from None
        layers.append(layer)
    if shape != (classes,):
        raise PatternError(text, found[-1].column, f"the network ends in shape {shape}. Expected {(classes,)}, one "
                           "score for each class: let it end with FC.")
    return layers


def _layer(word, units):
    """The layer that a word stands for; `units` if it is an FC without a number."""
    numbers = dict(word.numbers)
    if word.name in PLAIN:
        return PLAIN[word.name]()
    if word.name == "FC":
        return Dense(numbers.get("units", units))
    if word.name == "DROPOUT":
        return Dropout(numbers.get("keep", 0.5))
    size = numbers.pop("size", 2 if word.name in POOLS else SIZE)
    width = numbers.pop("width", size)
    size = size if width == size else (size, width)
    if word.name in POOLS:
        return POOLS[word.name](size, **numbers)
    if "pad" not in numbers:
        numbers["pad"] = _same(size, numbers.get("dilation", 1))
    if word.name == "DW":
        return DepthwiseConv(size, **numbers)
    return Conv(numbers.pop("filters", FILTERS), size, **numbers)


def _same(size, dilation):
    """The padding (F - 1)/2 that keeps the size at stride 1; with an even F there is none."""
    sides = []
    for F in size if isinstance(size, tuple) else (size, size):
        if F % 2 == 0 and dilation % 2:
            raise ValueError(f"zero padding (F - 1)/2 = ({F} - 1)/2 is not whole. Say how much: P0 for none.")
        sides.append((dilation * (F - 1) // 2,) * 2)
    return sides[0][0] if sides[0] == sides[1] else tuple(sides)
