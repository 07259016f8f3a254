"""Small colour patches of eight photographs: which one is a patch from? (Sources and licences: data/README.md.)

The file in data/ holds the photographs themselves and the corner of every patch, so that patches which overlap cost
nothing. Each photograph is divided into tiles, and every tile belongs to one part: a patch lies within one tile, hence
no pixel is in two parts. The photographs are stored as differences of neighbouring pixel rows, as in `fashion_mnist`.
"""

import functools

import numpy as np

from cs231n_helpers import storage
from cs231n_helpers.checks import DataError
from cs231n_helpers.data.split import make_split

SHAPES = {"astronaut": (256, 256), "cat": (300, 451), "coffee": (200, 300), "flower": (213, 320),
          "galaxies": (436, 500), "palace": (213, 320), "retina": (470, 470), "rocket": (213, 320)}
CLASS_NAMES = tuple(SHAPES)
SIDE = 32                                               # of a patch
TILE = 40                                               # side of a tile, the unit that belongs to one part
COUNTS = {"train": 2_400, "val": 600, "test": 600}
FILE = storage.PROJECT / "data" / "photo_patches.npz"
SHA256 = "4f45447ed0933aff96e70af1a235f2b939fa2af566c7ead2ea0ff0fa50984445"
SIZE = 1_500_114                                                # bytes
REMEDY = (f"Expected are {SIZE:,} bytes with SHA-256 {SHA256}. Get the file back with `git checkout "
          "data/photo_patches.npz`, or make it again with `python data/build_photo_patches.py`.")


def load():
    """The patches as a Split: images (N, 32, 32, 3) uint8, and for each the photograph it was cut from."""
    return _patches(FILE)


def photographs():
    """{class name: the whole photograph (H, W, 3) uint8, read-only}, reduced as it was before patches were cut."""
    return dict(_read(FILE)[0])


def corners():
    """{part: (N, 2) int64}: the row and column of each patch's upper left pixel in its photograph, read-only.

    `photographs()[split.class_names[y]][row:row + 32, column:column + 32]` is the patch.
    """
    return dict(zip(COUNTS, _by_part(_read(FILE)[1])))


@functools.lru_cache(maxsize=1)                                     # safe to share: a Split cannot be written to
def _patches(path):
    photos, places, labels = _read(path)
    pictures = list(photos.values())
    X = np.stack([pictures[label][row:row + SIDE, column:column + SIDE]
                  for label, (row, column) in zip(labels, places)])
    return make_split("photo_patches", CLASS_NAMES, dict(zip(COUNTS, zip(_by_part(X), _by_part(labels)))))


@functools.lru_cache(maxsize=1)
def _read(path):
    """(photographs by name, corners (N, 2), labels (N,)), all read-only."""
    total = sum(COUNTS.values())
    expected = {name: ((*shape, 3), np.uint8) for name, shape in SHAPES.items()}
    expected |= {"corners": ((total, 2), np.int16), "labels": ((total,), np.uint8)}
    arrays = storage.load_arrays(path, expected, remedy=REMEDY)     # before the checksum: it says best what is wrong
    found = storage.sha256(path)
    if found != SHA256:
        raise DataError(f"{path} has been changed: {path.stat().st_size:,} bytes, SHA-256 {found}. {REMEDY}")
    photos = {name: np.cumsum(arrays[name], axis=0, dtype=np.uint8) for name in CLASS_NAMES}
    places, labels = arrays["corners"].astype(np.int64), arrays["labels"].astype(np.int64)
    for array in (*photos.values(), places, labels):
        array.setflags(write=False)
    return photos, places, labels


def _by_part(array):
    return np.split(array, np.cumsum(list(COUNTS.values()))[:-1])
