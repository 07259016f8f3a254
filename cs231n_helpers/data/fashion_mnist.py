"""Fashion-MNIST: small grey pictures of ten kinds of clothing (Zalando, MIT licence; see data/README.md).

The subset that lies in data/ needs no network and nothing installed. Its 12,000 images are stored as differences of
neighbouring pixel rows, which compress better; `np.cumsum` in wrapping bytes undoes that exactly.
"""

import functools
import os
from pathlib import Path

import numpy as np

from cs231n_helpers import storage
from cs231n_helpers.checks import DataError
from cs231n_helpers.data.idx import read_labelled_images
from cs231n_helpers.data.split import balanced_order, hold_out, make_split

CLASS_NAMES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
SUBSET = storage.PROJECT / "data" / "fashion_mnist.npz"
SHA256 = "1827a4e5c8c8096779734deb7b7d25b2ffd6edbc6e922ccda3c32341972672d8"
SIZE = 5_116_465                                        # bytes
COUNTS = {"train": 9_000, "val": 1_000, "test": 2_000}
REMEDY = (f"Expected are {SIZE:,} bytes with SHA-256 {SHA256}. Get the file back with `git checkout "
          "data/fashion_mnist.npz`, or make it again with `python data/build_fashion_mnist.py`.")
ORIGINALS = Path("/usr/share/datasets/fashion-mnist")               # where Debian's dataset-fashion-mnist puts them


def load(full=False):
    """The embedded subset as a Split; with full=True all 70,000 images, where the original files are installed."""
    return _full() if full else _subset(SUBSET)


@functools.lru_cache(maxsize=1)                                     # safe to share: a Split cannot be written to
def _subset(path):
    total = sum(COUNTS.values())
    expected = {"row_differences": ((total, 28, 28), np.uint8), "labels": ((total,), np.uint8)}
    arrays = storage.load_arrays(path, expected, remedy=REMEDY)     # before the checksum: it says best what is wrong
    found = storage.sha256(path)
    if found != SHA256:
        raise DataError(f"{path} has been changed: {path.stat().st_size:,} bytes, SHA-256 {found}. {REMEDY}")
    images = np.cumsum(arrays["row_differences"], axis=1, dtype=np.uint8)[..., None]    # (12000, 28, 28, 1)
    labels = arrays["labels"].astype(np.int64)
    ends = np.cumsum(list(COUNTS.values()))[:-1]
    return make_split("fashion_mnist", CLASS_NAMES,
                      dict(zip(COUNTS, zip(np.split(images, ends), np.split(labels, ends)))))


def originals():
    """The folder of the four original files: $CS231N_FASHION_MNIST, else where Debian's package puts them."""
    return Path(os.environ.get("CS231N_FASHION_MNIST") or ORIGINALS)


def read_originals(folder):
    """(images, labels) of the original training file and of the original test file."""
    folder = Path(folder)
    return [read_labelled_images(folder / f"{part}-images-idx3-ubyte.gz", folder / f"{part}-labels-idx1-ubyte.gz")
            for part in ("train", "t10k")]


def _full():
    folder = originals()
    if not folder.is_dir():
        raise DataError(f"data.load: the full Fashion-MNIST is not installed: {folder} is not a folder. Install "
                        "Debian's package dataset-fashion-mnist, or set CS231N_FASHION_MNIST to the folder with the "
                        "four original .gz files, or leave out full=True for the embedded subset.")
    (X, y), (X_test, y_test) = read_originals(folder)
    train, val = hold_out(y)
    order = balanced_order(y_test)
    parts = {"train": (X, y, train), "val": (X, y, val), "test": (X_test, y_test, order)}
    return make_split("fashion_mnist", CLASS_NAMES,
                      {name: (X[rows][..., None], y[rows].astype(np.int64)) for name, (X, y, rows) in parts.items()})
