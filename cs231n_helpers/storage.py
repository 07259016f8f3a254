"""Files that are either whole or absent: atomic writes, checked .npz files, the cache folder.

A write goes to a temporary file in the same folder, is forced to the disk and then renamed over the final name. A
reader therefore finds the old file or the new one, never half of one, and two writers need no lock: the later rename
wins, and both files were whole.
"""

import contextlib
import hashlib
import itertools
import math
import os
import shutil
import time
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np

from cs231n_helpers.checks import DataError

PROJECT = Path(__file__).resolve().parent.parent
STALE_SECONDS = 3600                                    # a temporary file older than this belongs to nobody
LIMIT = 4 << 30                                         # bytes of arrays that load_arrays reads unless told otherwise
_serial = itertools.count()
_warned = set()


# ---------------------------------------------------------------------------------------------------- atomic writes
@contextlib.contextmanager
def replacing(path):
    """Open a temporary file for writing bytes; on leaving the `with` block it becomes `path` in one step.

    If the block raises (a full disk, an interrupt) the temporary file is removed and `path` stays as it was.
    """
    path = Path(path).resolve()                         # a symbolic link is written through, not replaced
    sweep(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{next(_serial)}.tmp")
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def sweep(folder, age=STALE_SECONDS):
    """Remove what killed writers left in `folder`: temporary files older than `age` seconds."""
    for temporary in Path(folder).glob(".*.tmp"):
        with contextlib.suppress(OSError):              # another process may sweep at the same moment
            if time.time() - temporary.stat().st_mtime > age:
                temporary.unlink()


def save_arrays(path, /, version=1, level=0, **arrays):
    """Write named arrays to `path` as .npz, atomically, and the same bytes for the same arrays.

    `version` is the version of the caller's own layout; `load_arrays` demands the same one. `level` is the strength
    of the compression, 0 (none, fastest) to 9. Object arrays are refused: reading them back could run code.
    """
    arrays = {"version": np.array([version, len(arrays)], np.int64), **arrays}   # the count shows a lost one
    with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")      # its date is always 1980: equal arrays give equal files
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED if level else zipfile.ZIP_STORED
            entry._compresslevel = level                # what ZipFile.writestr sets; ZipFile.open has no argument
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array, order="C"), allow_pickle=False)


# --------------------------------------------------------------------------------------------------- checked reads
def load_arrays(path, expected=None, *, version=1, limit=LIMIT, remedy="Delete it and make it again."):
    """Read the arrays that `save_arrays` wrote, as a dict; DataError unless the file is exactly what it should be.

    `expected` maps each name to (shape, dtype), with None for a length that may vary; without it every array is
    taken as it is. Shapes and sizes are compared, and held against `limit` bytes, before memory is asked for.
    Pickled objects are never loaded. `remedy` ends every message.
    """
    path = Path(path)
    try:
        _refuse_foreign(path, remedy)
        with zipfile.ZipFile(path) as archive:
            headers = _headers(archive)
            _compare(path, headers, expected, limit, remedy)
            _compare_version(path, archive, headers, version, remedy)
            return {name: _read(archive, name) for name in headers if name != "version"}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        size = f"{path.stat().st_size:,} bytes" if path.is_file() else "gone"
        raise DataError(f"{path} is damaged or cannot be read ({size}): {error}. {remedy}") from None


def _refuse_foreign(path, remedy):
    if not path.exists():
        raise DataError(f"{path} is missing. {remedy}")
    if not path.is_file():
        raise DataError(f"{path} is not a file; an .npz file was expected. {remedy}")
    with open(path, "rb") as file:
        head = file.read(40)
    if not head:
        raise DataError(f"{path} is empty (0 bytes). {remedy}")
    if not head.startswith(b"PK"):
        raise DataError(f"{path} is not a data file: {describe_start(head)}. {remedy}")


def describe_start(head):
    """Say what a foreign file looks like, by its first bytes."""
    kind = "an HTML page, it " if head.lstrip()[:1] == b"<" else ""
    return f"{kind}starts with {head[:40]!r}"


def _headers(archive):
    """{name: (shape, dtype, bytes really held)} of all members, without reading their numbers."""
    headers = {}
    for entry in archive.infolist():
        name = entry.filename.removesuffix(".npy")
        if name in headers:
            raise zipfile.BadZipFile(f"it holds {name!r} twice")
        headers[name] = _header(archive, entry)
    return headers


def _header(archive, entry):
    with archive.open(entry) as member:
        try:
            major, _ = np.lib.format.read_magic(member)
            read = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}[major]
            shape, _, dtype = read(member)
        except (ValueError, KeyError):
            raise zipfile.BadZipFile(f"{entry.filename!r} in it is not an array") from None
        return shape, dtype, entry.file_size - member.tell()


def _compare(path, headers, expected, limit, remedy):
    for name, (shape, dtype, held) in headers.items():
        if dtype.hasobject:
            raise DataError(f"{path}: array {name!r} holds Python objects, which could run code when read; refused. "
                            f"{remedy}")
        promised = math.prod(shape) * dtype.itemsize
        if promised != held:
            raise DataError(f"{path} is damaged: array {name!r} promises {promised:,} bytes (shape {shape}, {dtype}) "
                            f"and holds {held:,}. {remedy}")
    total = sum(held for _, _, held in headers.values())
    if total > limit:
        raise DataError(f"{path} holds {total:,} bytes of arrays, more than the {limit:,} allowed. {remedy}")
    if expected is not None:
        _compare_expected(path, headers, expected, remedy)


def _compare_version(path, archive, headers, version, remedy):
    if headers.get("version", ())[:2] != ((2,), np.dtype(np.int64)):
        raise DataError(f"{path} has no version number, so it is not a file of this course. {remedy}")
    found, count = _read(archive, "version")
    if found != version:
        raise DataError(f"{path} has layout version {found}, expected {version}. {remedy}")
    if count != len(headers) - 1:
        raise DataError(f"{path} is damaged: it holds {len(headers) - 1} of its {count} arrays. {remedy}")


def _compare_expected(path, headers, expected, remedy):
    names = sorted(set(headers) - {"version"})
    if names != sorted(expected):
        raise DataError(f"{path} holds the arrays {names}, expected {sorted(expected)}. {remedy}")
    for name, (shape, dtype) in expected.items():
        got_shape, got_dtype, _ = headers[name]
        fits = len(shape) == len(got_shape) and all(want in (None, got) for want, got in zip(shape, got_shape))
        if not fits or got_dtype != np.dtype(dtype):
            raise DataError(f"{path}: array {name!r} has shape {got_shape} and dtype {got_dtype}, "
                            f"expected {shape} and {np.dtype(dtype)}. {remedy}")


def _read(archive, name):
    with archive.open(f"{name}.npy") as member:
        return np.lib.format.read_array(member, allow_pickle=False)


def sha256(path):
    """The SHA-256 of a file, as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --------------------------------------------------------------------------------------------------------- the cache
def cache_folder():
    """The folder for files that can be made again: $CS231N_CACHE, else data/cache in the project.

    None, with one warning, if it cannot be written to: everything then works, only slower. A folder shared with
    other users (such as /tmp) is never used, because a file put there by somebody else would be trusted.
    """
    folder = Path(os.environ.get("CS231N_CACHE") or PROJECT / "data" / "cache").absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK | os.X_OK):
            return folder
        reason = "no permission to write"
    except OSError as error:
        reason = error.strerror
    warn_once(f"No cache: {folder} cannot be written to ({reason}). Loading works, but is slower each time. "
              "Set CS231N_CACHE to a folder of your own.")
    return None


def keep(path, /, version=1, **arrays):
    """Save arrays in the cache if that can be done; True if it was.

    A full disk or a lost permission costs one warning, leaves no partial file, and never the result.
    """
    needed = sum(array.nbytes for array in arrays.values())
    try:
        save_arrays(path, version=version, **arrays)
        return True
    except OSError as error:
        free = shutil.disk_usage(Path(path).parent).free if Path(path).parent.is_dir() else 0
        warn_once(f"Not kept in the cache: {path} ({error.strerror}; {needed:,} bytes needed, {free:,} free). "
                  "The data is loaded all the same; the next load will be slower.")
        return False


def set_aside(path):
    """Rename a damaged cache file to .bad, so that it is never read again and can still be looked at."""
    path = Path(path)
    os.replace(path, path.with_name(path.name + ".bad"))


def warn_once(text):
    """Warn, but only the first time this text is given in this process."""
    if text not in _warned:
        _warned.add(text)
        warnings.warn(text, UserWarning, stacklevel=3)
