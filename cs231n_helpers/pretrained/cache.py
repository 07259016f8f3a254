"""The parameters of a pretrained network: read from its package once, then from a checked .npz file in the cache.

The file is keyed by the checksum of the weights, written atomically, and holds plain arrays only; one that is damaged
is set aside and made again. Without a folder to keep it in, the package's file is read each time.
"""

import numpy as np

from cs231n_helpers import storage
from cs231n_helpers.checks import DataError

from .sources import fetched, find

LAYOUT = 1                                              # version of the cached arrays; raise it when they change


def parameters(name, source, shapes, convert):
    """{key: array (float32)} with the shapes of `shapes`; `convert(where, bytes)` makes them of the package's file."""
    path = _path(name, source)
    params = _kept(path, shapes)
    if params is None:
        params = convert(source.member.rpartition("/")[2], fetched(name, source))
        if path is not None:
            storage.keep(path, LAYOUT, **params)
    return params


def is_there(name, source):
    """Whether the weights can be loaded without a network: from the cache, or from where packages leave them."""
    path = _path(name, source)
    return (path is not None and path.is_file()) or find(source) is not None


def _path(name, source):
    folder = storage.cache_folder()
    return None if folder is None else folder / f"{name}-{source.sha256[:16]}-v{LAYOUT}.npz"


def _kept(path, shapes):
    """The cached arrays; None if there are none that can be trusted."""
    if path is None or not path.exists():
        return None
    expected = {key: (shape, np.float32) for key, shape in shapes.items()}
    try:
        return storage.load_arrays(path, expected, version=LAYOUT, remedy="It is made again.")
    except DataError as error:
        storage.warn_once(f"{error} The damaged file is kept as .bad.")
        storage.set_aside(path)
        return None
