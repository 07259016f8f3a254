"""Operations with their derivatives: y, back = op(*arrays); back(dy) returns one gradient per array, as a tuple.

The gradient of the loss with respect to each input is the upstream gradient `dy` (the shape of y) pushed back through
the operation: the chain rule, one step. An op keeps no state and never writes into its inputs; noise comes from `rng=`.
Arrays are float32 or float64 and stay so. Whole numbers are converted once, at the door.

The derivative stands under the formula in each of: gates (add, mul, max ...), linear, activations, dropout,
normalisation, convolution, pooling, response. `max` and `sum` are ops too: call them ops.max and ops.sum, Python's own
are something else.
"""

from . import inference as inference
from . import spatial as spatial
from . import strips as strips
from .activations import leaky_relu, maxout, relu, relu6, sigmoid, tanh
from .arrays import unbroadcast as unbroadcast
from .convolution import conv2d
from .depthwise import depthwise_conv2d
from .dropout import dropout
from .gates import add, exp, log, max, maximum, mul, neg, power, reciprocal, sub, sum
from .linear import affine, matmul
from .normalisation import batch_norm, layer_norm
from .pooling import avg_pool2d, global_avg_pool, max_pool2d
from .response import local_response_norm
from .unfold import col2im as col2im
from .unfold import conv2d_as_product as conv2d_as_product
from .unfold import im2col as im2col

__all__ = ["add", "sub", "mul", "neg", "reciprocal", "power", "exp", "log", "maximum", "max", "sum", "matmul", "affine",
           "relu", "leaky_relu", "relu6", "sigmoid", "tanh", "maxout", "dropout", "batch_norm", "layer_norm", "conv2d",
           "depthwise_conv2d", "max_pool2d", "avg_pool2d", "global_avg_pool", "local_response_norm"]
