"""CIFAR-10: 60,000 colour pictures of ten kinds of things (Krizhevsky 2009; not ours to give away, so it is fetched).

    python -m cs231n_helpers.data.cifar10 [URL or path] [--sha256 HASH]

fetches the archive now and keeps its arrays in the cache; `make cifar10` does the same. Where the archive comes from:
the argument, else $CS231N_CIFAR10 (a path or a URL; its checksum in $CS231N_CIFAR10_SHA256), else what the command
above installed, else the official address.
"""

import argparse
import contextlib
import os
import sys
from pathlib import Path

import numpy as np

from cs231n_helpers import storage
from cs231n_helpers.checks import DataError
from cs231n_helpers.data.archive import read_archive
from cs231n_helpers.data.download import LIMITS, fetch
from cs231n_helpers.data.split import balanced_order, hold_out, make_split

CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
SIZE = 170_052_171                                      # bytes of the official archive
LAYOUT = 1                                              # version of the cached arrays; raise it when they change
ARRAYS = {f"{axis}_{part}": ((None, 32, 32, 3), np.uint8) if axis == "X" else ((None,), np.int64)
          for part in ("train", "val", "test") for axis in "Xy"}
WAYS_ON = ("Ways on: run `make cifar10` when there is a network; or set CS231N_CIFAR10 to an archive you have (a path "
           "or a URL); or work with data.load(\"fashion_mnist\"), which needs neither.")


def load():
    """CIFAR-10 as a Split; of each class the last tenth of the training images is for validation."""
    source = os.environ.get("CS231N_CIFAR10")
    if source:
        return _split(obtain(source, os.environ.get("CS231N_CIFAR10_SHA256")))
    folder = storage.cache_folder()
    sha256 = _installed(folder)
    arrays = _cached(folder, sha256)
    if arrays is None and sha256 != SHA256:
        raise DataError(f"CIFAR-10: the arrays that `make cifar10` made of archive {sha256[:16]}... are no longer in "
                        f"{folder}. Run it again with the same URL= and SHA256=. {WAYS_ON}")
    return _split(obtain(URL, SHA256) if arrays is None else arrays)


def obtain(source, checksum=None, limits=LIMITS):
    """The six arrays of a Split from a path or a URL, by way of the cache.

    `checksum` is the SHA-256 of the archive. For a URL it is the official one unless told otherwise; a file of yours
    may go without, then its structure is checked all the same, and one line says that it is not the official archive.
    """
    if "://" in str(source):
        return _from_url(str(source), _checksum(checksum) or SHA256, limits)
    return _from_file(Path(source).expanduser().absolute(), _checksum(checksum))


def _checksum(text):
    text = (text or "").strip().lower()
    if text and (len(text) != 64 or set(text) - set("0123456789abcdef")):
        raise DataError(f"the checksum must be a SHA-256, 64 hexadecimal digits, got {text!r}.")
    return text


def _from_url(url, sha256, limits):
    if not url.startswith(("https://", "http://")):
        raise DataError(f"CIFAR-10: {url} is not an http or https address.")
    folder = storage.cache_folder()
    if folder is None:
        raise DataError("CIFAR-10: there is no folder that the archive could be kept in. Set CS231N_CACHE to a folder "
                        f"you may write to. {WAYS_ON}")
    arrays = _cached(folder, sha256)
    if arrays is not None:
        return arrays
    archive = folder / f"cifar10-{sha256[:16]}.tar.gz"
    if archive.exists() and storage.sha256(archive) != sha256:
        storage.set_aside(archive)
    try:
        fetch(url, sha256, archive, magic=b"\x1f\x8b", limits=limits)
    except DataError as error:
        raise DataError(f"CIFAR-10 was not loaded. {error} {WAYS_ON}") from None
    arrays = _arrays(archive)
    if storage.keep(_cache_path(folder, sha256), LAYOUT, **arrays):
        archive.unlink(missing_ok=True)                 # the arrays say it all
    return arrays


def _from_file(path, wanted):
    if not path.is_file():
        raise DataError(f"CIFAR-10: {path} is {'a folder' if path.is_dir() else 'missing'}; the archive "
                        f"cifar-10-binary.tar.gz was expected. {WAYS_ON}")
    sha256 = storage.sha256(path)
    if wanted and sha256 != wanted:
        raise DataError(f"CIFAR-10: {path} ({path.stat().st_size:,} bytes) has SHA-256 {sha256}, expected {wanted}.")
    if sha256 != SHA256 and not wanted:
        print(f"{path.name} is not the official CIFAR-10 archive: {path.stat().st_size:,} bytes, SHA-256 {sha256}.")
    folder = storage.cache_folder()
    arrays = _cached(folder, sha256)
    if arrays is None:
        arrays = _arrays(path)
        if folder:
            storage.keep(_cache_path(folder, sha256), LAYOUT, **arrays)
    return arrays


def _arrays(archive):
    """The six arrays of a Split, in balanced order, from an archive."""
    X, y, X_test, y_test = read_archive(archive)
    train, val = hold_out(y)
    order = balanced_order(y_test)
    return {"X_train": X[train], "y_train": y[train], "X_val": X[val], "y_val": y[val],
            "X_test": X_test[order], "y_test": y_test[order]}


def _split(arrays):
    return make_split("cifar10", CLASS_NAMES, {part: (arrays[f"X_{part}"], arrays[f"y_{part}"])
                                               for part in ("train", "val", "test")})


# --------------------------------------------------------------------------------------------------------- the cache
def _cache_path(folder, sha256):
    return folder / f"cifar10-{sha256[:16]}-v{LAYOUT}.npz"


def _cached(folder, sha256):
    """The arrays made earlier from the archive with this checksum; None if there are none that can be trusted."""
    if folder is None or not _cache_path(folder, sha256).exists():
        return None
    try:
        return storage.load_arrays(_cache_path(folder, sha256), ARRAYS, version=LAYOUT, remedy="It is made again.")
    except DataError as error:
        storage.warn_once(f"{error} The damaged file is kept as .bad.")
        storage.set_aside(_cache_path(folder, sha256))
        return None


def _installed(folder):
    """The checksum of the archive that `make cifar10` fetched last; the official one if none was."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        return _checksum((folder / "cifar10.installed").read_text()) or SHA256
    return SHA256


# ------------------------------------------------------------------------------------------------------- the command
def main(arguments=None):
    """Fetch or take over the archive, keep its arrays, and make them the ones that `data.load("cifar10")` gives."""
    parser = argparse.ArgumentParser(prog="python -m cs231n_helpers.data.cifar10", description="Fetch CIFAR-10.")
    parser.add_argument("source", nargs="?", help=f"path or URL of cifar-10-binary.tar.gz (default: {URL})")
    parser.add_argument("--sha256", help="its SHA-256 (default for a URL: that of the official archive)")
    options = parser.parse_args(arguments)
    source = options.source or os.environ.get("CS231N_CIFAR10") or URL
    checksum = options.sha256 or (None if options.source else os.environ.get("CS231N_CIFAR10_SHA256"))
    try:
        print(f"ready: {_install(source, checksum)}; load it with data.load(\"cifar10\")")
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. What has arrived is kept; the next call goes on from there.", file=sys.stderr)
        return 130
    return 0


def _install(source, checksum):
    arrays = obtain(source, checksum)
    sha256 = _checksum(checksum) or (SHA256 if "://" in source else storage.sha256(Path(source).expanduser()))
    folder = storage.cache_folder()
    if folder is None or not _cache_path(folder, sha256).exists():
        raise DataError("CIFAR-10 was read, but it could not be kept in the cache.")
    with storage.replacing(folder / "cifar10.installed") as file:
        file.write(f"{sha256}\n".encode())
    return _split(arrays)


if __name__ == "__main__":
    sys.exit(main())
