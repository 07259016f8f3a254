"""IDX, the file format of MNIST and Fashion-MNIST: a header of sizes, then bytes, usually gzipped.

Header: two zero bytes, 8 (unsigned byte), the number of axes, then each axis length as 4 bytes, big end first.
"""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from cs231n_helpers.checks import DataError

LARGEST = 100 << 20                                     # bytes; the largest real file of the family has 47,040,000


def read_idx(path, axes):
    """Read one gzipped IDX file with `axes` axes as a uint8 array; DataError if it is not exactly that.

    The promised length is checked before memory is asked for, and no more than it is ever unpacked.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path} is missing or not a file; a gzipped IDX file was expected.")
    try:
        with gzip.open(path, "rb") as file:
            shape = _shape(path, file.read(4 + 4 * axes), axes)
            data = file.read(math.prod(shape) + 1)      # one more than promised: so a longer file is noticed
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is damaged ({path.stat().st_size:,} bytes): {error}.") from None
    if len(data) != math.prod(shape):
        more = "more than that" if len(data) > math.prod(shape) else f"{len(data):,}"
        raise DataError(f"{path}: the header promises {shape}, that is {math.prod(shape):,} bytes, but the file "
                        f"holds {more}.")
    return np.frombuffer(data, np.uint8).reshape(shape)


def _shape(path, header, axes):
    if len(header) != 4 + 4 * axes or header[:4] != bytes([0, 0, 8, axes]):
        raise DataError(f"{path}: an IDX header of bytes with {axes} axes starts with {bytes([0, 0, 8, axes])!r}, "
                        f"this file with {header[:4]!r}.")
    shape = tuple(int(length) for length in np.frombuffer(header, ">u4", offset=4))
    if math.prod(shape) > LARGEST:
        raise DataError(f"{path}: the header promises {shape}, that is {math.prod(shape):,} bytes; "
                        f"at most {LARGEST:,} are read.")
    return shape


def read_labelled_images(images_path, labels_path, classes=10):
    """Images (N, H, W) uint8 and labels (N,) uint8 from a pair of IDX files that must belong together."""
    images, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
    if len(images) != len(labels):
        raise DataError(f"{images_path} has {len(images):,} images, but {labels_path} has {len(labels):,} labels.")
    bad = np.flatnonzero(labels >= classes)
    if bad.size:
        raise DataError(f"{labels_path}: label {bad[0]} is {labels[bad[0]]}, need 0 to {classes - 1}.")
    return images, labels
