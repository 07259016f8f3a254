"""A small ConvNet of our own that comes with the course: what all sections fall back on where nothing is installed.

It was trained on 18,000 pictures of CIFAR-10, so it knows ten kinds of things. `python data/build_pretrained_small.py`
makes its weights again. It says the right one for 71 % of 2,000 test pictures. They are kept as float16, 213 kB.
"""

import functools

import numpy as np

from cs231n_helpers import storage
from cs231n_helpers.checks import DataError
from cs231n_helpers.layers import BatchNorm, Conv, Dense, GlobalAvgPool, MaxPool, ReLU, Standardise
from cs231n_helpers.network import Network

CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIDE = 32
MEAN, STD = (0.491, 0.482, 0.446), (0.247, 0.243, 0.262)            # of each colour, over the training pictures
FILE = storage.PROJECT / "data" / "pretrained_small.npz"
SHA256 = "ecbcbd1f386677fbcd365b2aec8f8c4f7f82d44b20bb72416e1690651acca18b"
REMEDY = ("Get the file back with `git checkout data/pretrained_small.npz`, or make it again with `python "
          "data/build_pretrained_small.py`.")


def network(size=SIDE):
    """The layers, for RGB pictures in [0, 1] of any `size` that 4 divides; the first one normalises them.

    Pools stand before batch norm and ReLU, as in notebook 05: the same, in less time.
    """
    return Network((Standardise(tuple(1 / s for s in STD), tuple(-m / s for m, s in zip(MEAN, STD))),
                    Conv(32, 5, pad=2), MaxPool(2), BatchNorm(), ReLU(),
                    Conv(48, 3, pad=1), BatchNorm(), ReLU(),
                    Conv(64, 3, pad=1), MaxPool(2), BatchNorm(), ReLU(),
                    Conv(112, 3, pad=1), BatchNorm(), ReLU(),
                    GlobalAvgPool(), Dense(len(CLASS_NAMES))), (size, size, 3))


def kept_as(shape):
    """The type an array of this shape has in the file."""
    return np.float16 if len(shape) > 1 else np.float32


def small(size=SIDE):
    """(network, params, class_names) of a ConvNet of four convolutions, trained on CIFAR-10, for RGB images in [0, 1].

    Its weights are part of the course: 111,000 numbers. The arrays are float32 and read-only.
    """
    return network(size), dict(_weights(FILE)), CLASS_NAMES


@functools.lru_cache(maxsize=1)
def _weights(path):
    shapes = network().shapes()
    arrays = storage.load_arrays(path, {name: (shape, kept_as(shape)) for name, shape in shapes.items()}, remedy=REMEDY)
    found = storage.sha256(path)
    if found != SHA256:
        raise DataError(f"{path} has been changed: SHA-256 {found}, expected {SHA256}. {REMEDY}")
    params = {name: arrays[name].astype(np.float32) for name in shapes}
    for array in params.values():
        array.setflags(write=False)
    return params
