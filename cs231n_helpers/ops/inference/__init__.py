"""The way forward alone: the same numbers as the ops of these names, for a network that only answers.

Nothing is kept for a way back, so what is free again is used again. Work goes on in blocks that stay in the cache (some
images, or some rows of one): each is computed, gets its offsets and is cut off while it is there. `bounds` (low, high)
cut off the result as ReLU (0, inf) and ReLU6 (0, 6) do; `out` says where it goes, for instance beside the result of
another branch. Inputs are never written to.
"""

from .convolution import conv2d
from .depthwise import depthwise_conv2d
from .finish import cut
from .pooling import max_pool2d

__all__ = ["conv2d", "cut", "depthwise_conv2d", "max_pool2d"]
