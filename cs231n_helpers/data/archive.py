"""Read CIFAR-10's binary archive without unpacking it to the disk.

The file is a stranger's: only the members named below are read, each of them must be a plain file of a possible size,
and anything else in it is refused by name. So a path such as ../x, a link or a device never meets the file system.
"""

import gzip
import tarfile
import zlib

import numpy as np

from cs231n_helpers.checks import DataError

FOLDER = "cifar-10-batches-bin"
TRAIN = tuple(f"{FOLDER}/data_batch_{i}.bin" for i in range(1, 6))
TEST = (f"{FOLDER}/test_batch.bin",)
TEXTS = (f"{FOLDER}/batches.meta.txt", f"{FOLDER}/readme.html")     # may be there; not read
RECORD = 1 + 3 * 32 * 32                                # one label, then red, green and blue, each 32 rows of 32
LARGEST = 10_000 * RECORD                               # bytes of an official batch
UNPACKED = 6 * LARGEST + (1 << 20)                      # bytes of the whole official archive, and a little more


class _Limited:
    """A stream that refuses to yield more than `UNPACKED` bytes: a few kB of gzip can hold gigabytes."""

    def __init__(self, stream, path):
        self.stream, self.path, self.total = stream, path, 0

    def read(self, size):
        data = self.stream.read(size)
        self.total += len(data)
        if self.total > UNPACKED:
            raise DataError(f"{self.path} unpacks to more than {UNPACKED:,} bytes, more than CIFAR-10 holds; refused.")
        return data


def read_archive(path):
    """(X_train, y_train, X_test, y_test) of an archive laid out like cifar-10-binary.tar.gz; X (N, 32, 32, 3) uint8.

    DataError names the member that is missing, foreign or damaged; then nothing is returned.
    """
    batches = {}
    try:
        with gzip.open(path, "rb") as unpacked:
            stream = _Limited(unpacked, path)
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                for member in archive:
                    _take(path, archive, member, batches)
            while stream.read(1 << 20):                 # to the end, where gzip keeps its checksum
                pass
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} is damaged or not a .tar.gz archive: {error}.") from None
    missing = [name for name in TRAIN + TEST if name not in batches]
    if missing:
        raise DataError(f"{path} does not hold {', '.join(missing)}; is it CIFAR-10's binary version?")
    return *_images(batches, TRAIN), *_images(batches, TEST)


def _take(path, archive, member, batches):
    """Read one member into `batches` if it is expected; refuse it by name if it is not."""
    name = member.name.rstrip("/")
    plain = member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.sparse and name in TRAIN + TEST + TEXTS
    if not (plain or (member.isdir() and name == FOLDER)) or name in batches:
        what = "is there twice" if name in batches else "does not belong to CIFAR-10"
        raise DataError(f"{path}: {member.name!r} ({_kind(member)}, {member.size:,} bytes) {what}; archive refused.")
    batches[name] = _records(path, archive, member) if name in TRAIN + TEST else None


def _kind(member):
    kinds = {tarfile.SYMTYPE: "symbolic link", tarfile.LNKTYPE: "hard link", tarfile.DIRTYPE: "folder",
             tarfile.FIFOTYPE: "FIFO", tarfile.CHRTYPE: "device", tarfile.BLKTYPE: "device"}
    return kinds.get(member.type, "sparse file" if member.sparse else "file")


def _records(path, archive, member):
    """The records of one batch, (N, 3073) uint8; its size and its labels are checked."""
    if not 0 < member.size <= LARGEST or member.size % RECORD:
        raise DataError(f"{path}: {member.name!r} has {member.size:,} bytes, expected a multiple of {RECORD:,} "
                        f"from {RECORD:,} to {LARGEST:,}.")
    data = archive.extractfile(member).read()
    if len(data) != member.size:
        raise DataError(f"{path}: {member.name!r} ends after {len(data):,} of {member.size:,} bytes.")
    records = np.frombuffer(data, np.uint8).reshape(-1, RECORD)
    bad = np.flatnonzero(records[:, 0] > 9)
    if bad.size:
        raise DataError(f"{path}: in {member.name!r} the label of image {bad[0]} is {records[bad[0], 0]}, need 0 to 9.")
    return records


def _images(batches, names):
    records = np.concatenate([batches[name] for name in names])
    images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)        # (N, C, H, W) -> (N, H, W, C)
    return np.ascontiguousarray(images), records[:, 0].astype(np.int64)
