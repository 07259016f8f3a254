"""Features: what a layer of a trained network makes of images. Computed once, a few at a time, and kept on disk."""

import contextlib
import hashlib
import math
from pathlib import Path

import numpy as np

from cs231n_helpers import checks, storage
from cs231n_helpers.checks import DataError
from cs231n_helpers.network import Network

from .pictures import fitted

LAYOUT = 1                                                          # raise it when the same key means other numbers
MOST, OUTPUTS = 64, 2**22                                           # images, and outputs of a layer, at a time


def features(network, params, X, layer, size=None, folder=None, pool=True):
    """(N, D) float32, read-only: the outputs of `layer` for images X, each channel averaged over all places.

    layer : its name ("fire8", "fire8.conv1"), or several: then {name: (N, D)}, from one pass.
    size : the images' side on the way in; default: the network's own. Layers whose weights fit any size take any.
    pool : False: no average, all numbers of a layer in a row.
    X (N, H, W, C) is fitted to the network as by `fitted`, some images at a time, so memory stays small.

    The result is kept in `folder` (default: the cache of the course; False: not at all), under a name that is a hash of
    everything it depends on: the layers and their weights, the images, size, layer. Another kernel that computes the
    same writes the same file, whole; a damaged file is put aside and made again.
    """
    if size is not None:
        network = Network(network.layers, (checks.whole("features", "size", size, low=1), size, network.input_shape[2]))
    names = [layer] if isinstance(layer, str) else list(layer)
    for name in names:
        checks.one_of("features", "layer", name, [name for name, *_ in network.walk()])
    X = np.asarray(X)
    found = _kept(network, params, X, names, folder, pool)
    return found[layer] if isinstance(layer, str) else {name: found[name] for name in names}


def _kept(network, params, X, names, folder, pool):
    """{name: features} from the folder; those that are not there are computed, and kept."""
    folder = storage.cache_folder() if folder is None else folder
    if not folder:
        return _frozen(computed(network, params, X, names, pool))
    start = _digest(network, params, X)
    paths = {name: Path(folder) / "features" / f"{_named(start, name, pool)}.npz" for name in names}
    found = {name: _read(path, len(X)) for name, path in paths.items()}
    missing = [name for name in names if found[name] is None]
    if missing:
        found |= computed(network, params, X, missing, pool)
        with contextlib.suppress(OSError):                          # then `keep` says what is wrong
            (Path(folder) / "features").mkdir(parents=True, exist_ok=True)
        for name in missing:
            storage.keep(paths[name], LAYOUT, features=found[name])
    return _frozen(found)


def computed(network, params, X, names, pool=True):
    """{name: (N, D)} without any file."""
    shapes = {name: shape for name, *_, shape in network.walk()}
    few = max(1, min(MOST, OUTPUTS // max(map(math.prod, shapes.values()))))
    parts = {name: [np.zeros((0, shapes[name][-1] if pool else math.prod(shapes[name])), np.float32)] for name in names}
    for i in range(0, len(X), few):
        for name, output in _outputs(network, params, fitted(network, X[i:i + few]), set(names)):
            flat = output.mean(axis=(1, 2)) if pool and output.ndim == 4 else output.reshape(len(output), -1)
            parts[name].append(flat.astype(np.float32, copy=False))
    return {name: np.concatenate(blocks) for name, blocks in parts.items()}


def _outputs(network, params, x, wanted):
    """(name, output) of the wanted layers, and no further than the last of them."""
    left = set(wanted)
    for name, layer, arrays in network.chain.own(network._own(params)):
        inner = {one for one in left if one.startswith(f"{name}.")}
        for short, output in layer.traced(arrays, x) if inner else [("", layer.apply(arrays, x))]:
            one = f"{name}.{short}" if short else name
            if one in left:
                yield one, output
        x, left = output, left - inner - {name}                     # the last one is the layer's own
        if not left:
            return


def _digest(network, params, X):
    """A hash of the layers, weights and images."""
    digest = hashlib.sha256("\n".join([*network.describe(), str(network.input_shape)]).encode())
    for name, array in [*((name, params[name]) for name in network.shapes() if name in params), ("X", X)]:
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest


def _named(digest, name, pool):
    digest = digest.copy()
    digest.update(f"layout {LAYOUT}, layer {name}, pool {bool(pool)}".encode())
    return digest.hexdigest()[:40]


def _read(path, count):
    """The features in a file; None if there are none, or if the file is damaged: then it is put aside."""
    if not path.exists():
        return None
    try:
        return storage.load_arrays(path, {"features": ((count, None), np.float32)}, version=LAYOUT)["features"]
    except DataError:
        with contextlib.suppress(OSError):                          # another kernel has just done it
            storage.set_aside(path)
        return None


def _frozen(found):
    for array in found.values():
        array.setflags(write=False)
    return found
