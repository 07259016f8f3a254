"""SqueezeNet 1.1: 1,235,496 weights that know a thousand classes (Iandola and others 2016).

Its weights come in the package ndf 0.1.4: MIT licence, copyright (c) 2019 Primoz Godec. They were trained in Caffe, on
pictures in the order blue, green, red, of 0 to 255, minus the mean colour of ImageNet.
"""

import numpy as np

from cs231n_helpers.layers import Block, Conv, Dropout, GlobalAvgPool, MaxPool, Parallel, ReLU, Standardise
from cs231n_helpers.network import Network

from .cache import parameters
from .classes import class_names
from .sizes import picture_shape
from .sources import SQUEEZENET
from .tensors import from_numpy_pickle

MEANS = (123.68, 116.779, 103.939)                      # red, green, blue, of pixels from 0 to 255
FIRES = {"fire2": (16, 64), "fire3": (16, 64), "fire4": (32, 128), "fire5": (32, 128), "fire6": (48, 192),
         "fire7": (48, 192), "fire8": (64, 256), "fire9": (64, 256)}        # squeeze, expand; names of the paper
POOLED = ("fire3", "fire5")                             # a pool after these


def squeezenet(size=128):
    """(network, params, class_names) of SqueezeNet 1.1 for RGB pictures in [0, 1], (N, H, W, 3).

    size : height and width, or a pair; from 64 up. It was trained on 227, and 128 has a third as many pixels.
    The network names its units: conv1, relu1, pool1, fire1 to fire8 (the paper counts them from fire2), and head1,
    which ends in a thousand class scores and can be replaced. Published as convolution of size 1, ReLU and the mean
    over all places, the head gives scores that are never below 0. Top-1 accuracy on ImageNet: 57.5 % (published for
    version 1.0; 1.1 was made to keep it at less than half the work).
    MissingWeights, if the package is not there, says how to get it.
    """
    network = architecture(picture_shape("squeezenet", size))
    params = parameters("squeezenet", SQUEEZENET, network.shapes(), converted)
    return network, params, class_names()


def architecture(input_shape):
    """The Network alone. Pools round up ("ceil"), as Caffe does; at 64, 96, 128 and 224 pixels nothing is left over."""
    layers = [Standardise(255.0, tuple(-mean for mean in MEANS)), Conv(64, 3, stride=2, fit="floor"), ReLU(), _pool()]
    for name, filters in FIRES.items():
        layers += [fire(*filters), _pool()] if name in POOLED else [fire(*filters)]
    return Network([*layers, Block([Dropout(0.5), Conv(1000, 1), ReLU(), GlobalAvgPool()], kind="head")], input_shape)


def fire(squeeze, expand):
    """A Fire module: few filters of size 1 squeeze the channels, then filters of size 1 and of size 3 expand them.

    Source: Iandola and others 2016.
    """
    paths = [[Conv(expand, 1), ReLU()], [Conv(expand, 3, pad=1), ReLU()]]
    return Block([Conv(squeeze, 1), ReLU(), Parallel(paths)], kind="fire")


def _pool():
    return MaxPool(3, stride=2, fit="ceil")


def converted(where, data):
    """Our params, from the bytes of the package's file: {layer: [weights (KH, KW, C, F), offsets (F,)]}.

    Only the first filters change: their channels are put into the order red, green, blue.
    """
    shapes = architecture((64, 64, 3)).shapes()
    theirs = {key: _their_name(key) for key in shapes}
    tensors = from_numpy_pickle(where, data, {theirs[key]: shape for key, shape in shapes.items()})
    params = {key: tensors[theirs[key]].astype(np.float32) for key in shapes}
    params["conv1.W"] = np.ascontiguousarray(params["conv1.W"][:, :, ::-1])
    return params


def _their_name(key):
    """fire1.parallel1.branch2.conv1.W is fire2/expand3x3/0 in the file."""
    unit, _, inner = key.partition(".")
    number = "01"[inner.endswith("b")]
    if not unit.startswith("fire"):
        return f"{'conv10' if unit == 'head1' else unit}/{number}"
    part = {"conv1": "squeeze1x1", "parallel1.branch1.conv1": "expand1x1", "parallel1.branch2.conv1": "expand3x3"}
    return f"fire{int(unit[4:]) + 1}/{part[inner[:-2]]}/{number}"
