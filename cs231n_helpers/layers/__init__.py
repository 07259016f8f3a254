"""Layers: descriptions of what a network does, without a single number in them.

A layer is a frozen record of its settings. It knows the shape of its output and of its arrays by whole-number
arithmetic, makes the arrays when asked to (`start`), and computes with arrays it is given (`forward`).
"""

from .activations import LeakyReLU, Maxout, ReLU, ReLU6, Sigmoid, Tanh
from .block import Block
from .branches import Parallel, Residual
from .conv import Conv, DepthwiseConv
from .dense import Dense, Flatten
from .layer import Layer as Layer
from .noise import Dropout
from .normalisation import BatchNorm, LayerNorm
from .pools import AvgPool, GlobalAvgPool, LocalResponseNorm, MaxPool
from .scaling import Standardise

__all__ = ["Dense", "Flatten", "ReLU", "LeakyReLU", "ReLU6", "Sigmoid", "Tanh", "Maxout", "Dropout", "BatchNorm",
           "LayerNorm", "Conv", "DepthwiseConv", "MaxPool", "AvgPool", "GlobalAvgPool", "LocalResponseNorm", "Residual",
           "Parallel", "Block", "Standardise"]
