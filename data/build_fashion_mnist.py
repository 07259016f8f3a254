"""Make data/fashion_mnist.npz from the four original Fashion-MNIST files, the same bytes every time.

    python data/build_fashion_mnist.py [FOLDER] [OUTPUT]

FOLDER holds the original *-ubyte.gz files (default: $CS231N_FASHION_MNIST, else where Debian's package
dataset-fashion-mnist puts them). Of each class, 1,000 images are drawn from the original training file (900 to train,
100 to validate) and 200 from the original test file; no image is in two parts.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))     # the script also runs without an installation

from cs231n_helpers import storage
from cs231n_helpers.data import fashion_mnist

SEED = 231


def draw(rng, y, counts):
    """For each count a list of indices into y: that many of every class, mixed, each round of ten holding all ten."""
    members = [rng.permutation(np.flatnonzero(y == label)) for label in range(10)]
    parts, start = [], 0
    for count in counts:
        rounds = np.stack([indices[start:start + count] for indices in members], axis=1)        # (count, 10)
        parts.append(np.concatenate([rng.permutation(one) for one in rounds]))
        start += count
    return parts


def build(folder, output, train=900, val=100, test=200):
    """Write the subset with so many images of each class; return the path."""
    rng = np.random.RandomState(SEED)       # not default_rng: only this generator never changes between NumPy versions
    (X, y), (X_test, y_test) = fashion_mnist.read_originals(folder)
    rows = np.concatenate(draw(rng, y, [train, val]))
    [test_rows] = draw(rng, y_test, [test])
    images = np.concatenate([X[rows], X_test[test_rows]])
    differences = np.diff(images, axis=1, prepend=np.uint8(0))      # wrapping bytes, undone by cumsum
    labels = np.concatenate([y[rows], y_test[test_rows]])
    storage.save_arrays(output, level=9, row_differences=differences, labels=labels)
    return Path(output)


def main(folder=None, output=fashion_mnist.SUBSET):
    """Build the file and say whether it is the committed one."""
    path = build(folder or fashion_mnist.originals(), output)
    found = storage.sha256(path)
    print(f"{path}: {path.stat().st_size:,} bytes, SHA-256 {found}")
    print("the committed file, byte for byte" if found == fashion_mnist.SHA256 else
          f"NOT the committed file ({fashion_mnist.SHA256}): other originals, or another zlib")


if __name__ == "__main__":
    main(*sys.argv[1:])
