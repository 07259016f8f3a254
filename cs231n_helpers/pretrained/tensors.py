"""The tensors in two kinds of files: a pickle of NumPy arrays, and PyTorch's format before it was a zip archive.

Both readers are told which tensors to expect, with their shapes, and accept these only: no more, no less.
"""

import math

import numpy as np

from cs231n_helpers.checks import DataError

from .pickled import Made, Name, Stored, read

NUMPY = ("numpy.core.multiarray._reconstruct", "numpy.ndarray", "numpy.dtype")
TORCH = ("collections.OrderedDict", "torch._utils._rebuild_tensor_v2", "torch.FloatStorage", "torch.LongStorage")
MAGIC, PROTOCOL = 0x1950a86a20f9469cfc6c, 1001          # how a legacy file of PyTorch begins
STORAGES = {"torch.FloatStorage": np.dtype("<f4"), "torch.LongStorage": np.dtype("<i8")}


def from_numpy_pickle(where, data, expected):
    """{name: array (float32)} of a pickled {layer: [array, array]}; `expected` is {"layer/0": shape, ...}."""
    held, _ = read(where, data, allowed=NUMPY)
    found = {}
    for layer, arrays in _typed(where, held, dict, "what it holds").items():
        for number, array in enumerate(_typed(where, arrays, list, layer)):
            found[f"{layer}/{number}"] = array
    _compare_names(where, found, expected)
    return {name: _numpy_array(where, name, found[name], shape) for name, shape in expected.items()}


def _numpy_array(where, name, made, shape):
    """The array of a note (version, shape, dtype, Fortran order, bytes); dtype must be little-endian float32."""
    state = made.state if isinstance(made, Made) and made.name == NUMPY[0] else None
    if not isinstance(state, tuple) or len(state) != 5:
        raise DataError(f"{where}: {name} is not an array.")
    _, got_shape, dtype, fortran, held = state
    _compare_shape(where, name, got_shape, shape)
    kind = dtype.args[0] if isinstance(dtype, Made) and dtype.name == NUMPY[2] and dtype.args else None
    order = dtype.state[1] if kind is not None and isinstance(dtype.state, tuple) and len(dtype.state) > 1 else None
    if not (isinstance(kind, str) and kind == "f4" and isinstance(order, str) and order == "<") or fortran is not False:
        raise DataError(f"{where}: {name} must be an array of float32 in C order, got "
                        f"{f'dtype {order}{kind}' if isinstance(kind, str) else 'something else'}.")
    if not isinstance(held, bytes) or len(held) != 4 * math.prod(shape):
        raise DataError(f"{where}: {name} of shape {shape} needs {4 * math.prod(shape):,} bytes, "
                        f"got {f'{len(held):,}' if isinstance(held, bytes) else 'Python objects'}.")
    return np.frombuffer(held, "<f4").reshape(shape)


def from_legacy_torch(where, data, expected):
    """{name: array} of a state dict that PyTorch saved before version 1.6; `expected` is {name: shape}.

    The file is four small pickles (a magic number, the format's version, the machine's sizes, the tensors), a fifth
    with the keys of the storages, and then the storages in that order: a count of 8 bytes, and the numbers.
    """
    if data[:2] == b"PK":
        raise DataError(f"{where} is in PyTorch's zip form (since 1.6); the older form was expected, which begins with "
                        "a pickled number. Is it another release of the package?")
    tensors, keys, at = _pickles(where, data)
    _compare_names(where, tensors, expected)
    places = {name: _place(where, name, tensors[name], shape) for name, shape in expected.items()}
    storages = _storages(where, data, at, keys, {key: (kind, count) for kind, key, count, *_ in places.values()})
    return {name: _laid_out(storages[key][offset:offset + math.prod(shape)], shape, strides)
            for name, (_, key, _, offset, shape, strides) in places.items()}


def _pickles(where, data):
    """(tensors, keys of the storages, where the storages begin)."""
    values, at = [], 0
    for _ in range(5):
        value, at = read(where, data, at, TORCH)
        values.append(value)
    magic, protocol, machine, tensors, keys = values
    if not (isinstance(magic, int) and magic == MAGIC and isinstance(protocol, int) and protocol == PROTOCOL):
        raise DataError(f"{where} is not a file of PyTorch's older form: it does not begin with its number.")
    if _typed(where, machine, dict, "the machine").get("little_endian") is not True:
        raise DataError(f"{where} was written by a machine with the other order of bytes.")
    keys = _typed(where, keys, list, "the list of storages")
    if not all(isinstance(key, str) for key in keys) or len(set(keys)) != len(keys):
        raise DataError(f"{where}: the list of its storages must hold each name once.")
    return _typed(where, tensors, dict, "what it holds"), keys, at


def _place(where, name, made, shape):
    """(dtype, storage key, count, offset, shape, strides) of a tensor; it must lie in one piece, axes in any order."""
    args = made.args if isinstance(made, Made) and made.name == TORCH[1] else ()
    stored = args[0].key if args and isinstance(args[0], Stored) else None
    if len(args) < 4 or not isinstance(stored, tuple) or len(stored) < 5 or not isinstance(stored[1], Name):
        raise DataError(f"{where}: {name} is not a tensor.")
    (_, kind, key, _, count, *_), (offset, got_shape, strides) = stored, args[1:4]
    _compare_shape(where, name, got_shape, shape)
    dtype = np.dtype("<i8") if shape == () else np.dtype("<f4")     # the only single numbers are counts of batches
    if STORAGES.get(kind.name) != dtype:
        raise DataError(f"{where}: {name} must hold {dtype.name}, got {kind.name}.")
    if not _whole(strides) or not _in_one_piece(shape, strides):
        raise DataError(f"{where}: {name} does not lie in one piece, strides {_shown(strides)}.")
    if not isinstance(key, str) or not _whole((count, offset)) or not 0 <= offset <= count - math.prod(shape):
        raise DataError(f"{where}: {name} does not lie within its storage: {math.prod(shape):,} numbers from "
                        f"{_shown(offset)} of {_shown(count)}.")
    return dtype, key, count, offset, shape, strides


def _order(shape, strides):
    """The axes from the one with the largest steps in memory to the one with the smallest."""
    return sorted(range(len(shape)), key=lambda axis: (-strides[axis], axis))


def _in_one_piece(shape, strides):
    """Whether each step is as long as all that lies within it: then no number is used twice, and none is skipped."""
    if len(strides) != len(shape):
        return False
    order = [axis for axis in _order(shape, strides) if shape[axis] > 1]        # of one place no step is ever made
    return all(strides[axis] == math.prod(shape[inner] for inner in order[place + 1:])
               for place, axis in enumerate(order))


def _laid_out(numbers, shape, strides):
    """The numbers as an array of `shape` whose axes lie in memory as the strides say."""
    order = _order(shape, strides)
    return numbers.reshape([shape[axis] for axis in order]).transpose(np.argsort(order).tolist())


def _storages(where, data, at, keys, wanted):
    """{key: array}, views of the bytes; every length is compared before a byte is touched."""
    if sorted(keys) != sorted(wanted):
        raise DataError(f"{where}: {len(keys)} storages are listed, and its tensors lie in {len(wanted)}.")
    found = {}
    for number, key in enumerate(keys, 1):
        dtype, count = wanted[key]
        held, at = int.from_bytes(data[at:at + 8], "little"), at + 8
        if held != count or at + count * dtype.itemsize > len(data):
            raise DataError(f"{where} is damaged or cut short: storage {number} of {len(keys)} promises {count:,} "
                            f"numbers; {held:,} are announced, and {max(len(data) - at, 0):,} bytes follow.")
        found[key] = np.frombuffer(data, dtype, count, at)
        at += count * dtype.itemsize
    if at != len(data):
        raise DataError(f"{where}: {len(data) - at:,} bytes follow after the last storage; the file is not as it was.")
    return found


def _typed(where, value, kind, what):
    if not isinstance(value, kind):
        raise DataError(f"{where}: {what} must be a {kind.__name__}, got a {type(value).__name__}.")
    return value


def _compare_names(where, found, expected):
    missing, more = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    if missing or more:
        words = [f"{what} {', '.join(names[:3])}{' ...' if len(names) > 3 else ''}"
                 for what, names in (("missing:", missing), ("not expected:", more)) if names]
        raise DataError(f"{where} holds {len(found)} tensors, expected {len(expected)}; {'; '.join(words)}.")


def _compare_shape(where, name, got, expected):
    if not _whole(got) or got != expected:
        raise DataError(f"{where}: {name} has shape {_shown(got)}, expected {expected}.")


def _whole(values):
    """Whether it is a tuple of whole numbers: what else the file says is never compared, printed or computed with."""
    return isinstance(values, tuple) and all(type(value) is int for value in values)


def _shown(value):
    return str(value) if type(value) is int or _whole(value) else f"a {type(value).__name__}"
