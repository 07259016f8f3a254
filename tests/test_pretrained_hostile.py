"""Files of weights from strangers: nothing in them runs, whatever they name, and what is wrong is said."""

import collections
import io
import os
import pickle
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cs231n_helpers.checks import DataError
from cs231n_helpers.pretrained import efficientnet, pickled, sources, squeezenet_1_1, tensors

WHERE = "weights.pkl"


# --- files as the packages have them ------------------------------------------------------------------------------


def array_of(shape, dtype="<f4", start=0):
    return (np.arange(np.prod(shape, dtype=int)) + start).astype(dtype).reshape(shape)


def numpy_pickle(held):
    return old_name(pickle.dumps(held, protocol=3))


def old_name(data):
    """As ndf's file was written, in 2019: the module of arrays had its old name."""
    return data.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")


EXPECTED = {"conv1/0": (3, 3, 2, 4), "conv1/1": (4,)}
GOOD = {"conv1": [array_of((3, 3, 2, 4)), array_of((4,))]}


class Storage:
    """What PyTorch puts down for numbers that follow later in the file."""

    def __init__(self, key, count, kind="FloatStorage", location="cpu"):
        self.fields = ("storage", kind, key, location, count, None)


def legacy(held, storages, keys=None, magic=tensors.MAGIC, protocol=tensors.PROTOCOL, machine=None, counts=None):
    """The bytes of a file in PyTorch's older form, written opcode by opcode, without PyTorch.

    held : {name: (Storage, offset, shape, strides)} ; storages : {key: array}, in the order of the file.
    """
    head = [magic, protocol, machine or {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}]
    out = b"".join(pickle.dumps(value, protocol=2) for value in head)
    out += b"\x80\x02" + b"ccollections\nOrderedDict\n)R("
    for name, (storage, offset, shape, strides) in held.items():
        out += text(name) + b"ctorch._utils\n_rebuild_tensor_v2\n(" + persistent(storage)
        out += plain(offset) + plain(shape) + plain(strides) + b"\x89ccollections\nOrderedDict\n)RtR"
    out += b"u}" + text("_metadata") + b"}sb."
    out += pickle.dumps(list(storages) if keys is None else keys, protocol=2)
    for key, array in storages.items():
        out += struct.pack("<q", (counts or {}).get(key, array.size)) + array.tobytes()
    return out


def text(word):
    return b"X" + struct.pack("<I", len(word.encode())) + word.encode()


def plain(value):
    return pickle.dumps(value, protocol=2)[2:-1]


def persistent(storage):
    word, kind, key, location, count, view = storage.fields
    return (b"(" + text(word) + f"ctorch\n{kind}\n".encode() + plain(key) + text(location) + plain(count)
            + plain(view) + b"tQ")  # fmt: skip


SHAPES = {"fc.weight": (2, 3), "bn.num_batches_tracked": ()}
HELD = {"fc.weight": (Storage("7", 6), 0, (2, 3), (3, 1)),
        "bn.num_batches_tracked": (Storage("8", 1, "LongStorage"), 0, (), ())}  # fmt: skip
STORED = {"7": array_of((6,)), "8": array_of((1,), "<i8", 42)}


def torch(held=None, storages=None, **changes):
    return legacy({**HELD, **(held or {})}, STORED if storages is None else storages, **changes)


# --- what is right is read ----------------------------------------------------------------------------------------


def test_arrays_of_a_pickle_are_read_without_unpickling(monkeypatch):
    data = numpy_pickle(GOOD)
    monkeypatch.setattr(pickle, "loads", lambda *a: pytest.fail("it was unpickled"))
    monkeypatch.setattr(pickle, "Unpickler", lambda *a: pytest.fail("it was unpickled"))
    found = tensors.from_numpy_pickle(WHERE, data, EXPECTED)
    assert_array_equal(found["conv1/0"], GOOD["conv1"][0])
    assert_array_equal(found["conv1/1"], GOOD["conv1"][1])


def test_tensors_of_the_older_form_are_read():
    found = tensors.from_legacy_torch(WHERE, torch(), SHAPES)
    assert_array_equal(found["fc.weight"], [[0, 1, 2], [3, 4, 5]])
    assert found["bn.num_batches_tracked"] == 42 and found["bn.num_batches_tracked"].dtype == np.int64


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 3, 1, 0), (3, 0, 2, 1)])
def test_tensors_whose_axes_lie_in_another_order(order):
    memory = array_of((5, 1, 4, 3))  # as it lies there
    tensor = memory.transpose(order)
    strides = tuple(step // 4 for step in tensor.strides)
    held = {"t": (Storage("1", 70), 10, tensor.shape, strides)}
    data = legacy(held, {"1": np.concatenate([np.full(10, -1, "<f4"), memory.ravel()])})
    assert_array_equal(tensors.from_legacy_torch(WHERE, data, {"t": tensor.shape})["t"], tensor)


def test_real_files_agree_with_python_s_own_reader():
    """With Python's machine and the three names it needs; only where the package is on this machine."""
    try:
        data = sources.fetched("squeezenet", sources.SQUEEZENET)
    except sources.MissingWeights as missing:
        pytest.skip(str(missing))

    class Theirs(pickle.Unpickler):
        def find_class(self, module, name):
            assert f"{module}.{name}" in tensors.NUMPY
            return {"_reconstruct": np._core.multiarray._reconstruct, "ndarray": np.ndarray, "dtype": np.dtype}[name]

    expected = Theirs(io.BytesIO(data)).load()
    params = squeezenet_1_1.converted(WHERE, data)
    assert_array_equal(params["conv1.W"], expected["conv1"][0][:, :, ::-1])
    assert_array_equal(params["fire8.parallel1.branch2.conv1.W"], expected["fire9/expand3x3"][0])
    assert_array_equal(params["head1.conv1.b"], expected["conv10"][1])


# --- row 20: code in the file -------------------------------------------------------------------------------------


class Runs:
    """An object whose pickle calls a function when it is loaded."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.fixture
def marker(tmp_path):
    yield tmp_path / "it-ran"
    assert not (tmp_path / "it-ran").exists(), "code of a stranger's file was run"


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("place", ["alone", "in a layer", "as a layer"])
def test_a_pickle_that_calls_a_function_is_refused(marker, protocol, place):
    bad = Runs(os.system, f"touch {marker}")
    held = {"alone": bad, "in a layer": {"conv1": [bad, array_of((4,))]}, "as a layer": {**GOOD, "x": bad}}[place]
    data = old_name(pickle.dumps(held, protocol))
    with pytest.raises(DataError, match=r"refused") as refused:
        tensors.from_numpy_pickle(WHERE, data, EXPECTED)
    if protocol == 3:
        assert "refused posix.system in weights.pkl" in str(refused.value)


@pytest.mark.parametrize("call", [(eval, "1"), (exec, ""), (getattr, 1, "real"), (__import__, "os"), (np.load, "x"),
                                  (np.fromfile, "x"), (np.memmap, "x"), (bytearray, 1 << 40), (list, ())])  # fmt: skip
def test_no_other_name_is_allowed(call):
    data = pickle.dumps({"conv1": [Runs(*call)]}, protocol=3)
    with pytest.raises(DataError, match=r"refused \S+\.\S+ in weights\.pkl: a file of weights has no use for it"):
        tensors.from_numpy_pickle(WHERE, data, EXPECTED)


@pytest.mark.parametrize("place", range(5))
def test_a_file_of_pytorch_that_calls_a_function_is_refused(marker, place):
    good, bad = torch(), pickle.dumps(Runs(os.system, f"touch {marker}"), protocol=2)
    ends, at = [0], 0
    for _ in range(5):
        _, at = pickled.read(WHERE, good, at, tensors.TORCH)
        ends.append(at)
    data = good[:ends[place]] + bad + good[ends[place + 1]:]
    with pytest.raises(DataError, match=r"refused posix\.system in weights\.pkl"):
        tensors.from_legacy_torch(WHERE, data, SHAPES)


def test_an_allowed_name_is_only_a_name(marker):
    """A call of something that was put together, and arguments that fit nothing, run nothing either."""
    for program in (b"(S'touch'\nios\nsystem\n.", b"\x80\x03cnumpy\nndarray\n)\x81.",
                    b"\x80\x03X\x01\x00\x00\x00a)R.", b"\x80\x03cnumpy\nndarray\ncnumpy\ndtype\n)R)R.",
                    b"\x80\x04\x8c\x05posix\x8c\x06system\x93."):  # fmt: skip
        with pytest.raises(DataError, match=r"refused|does not make sense"):
            pickled.read(WHERE, program, allowed=tensors.NUMPY)


def test_the_real_readers_refuse_all_the_same(marker):
    data = pickle.dumps(Runs(os.system, f"touch {marker}"), protocol=2)
    for converted in (squeezenet_1_1.converted, efficientnet.converted):
        with pytest.raises(DataError, match=r"refused posix\.system"):
            converted(WHERE, data)


# --- row 21: allowed names, wrong content -------------------------------------------------------------------------


@pytest.mark.parametrize(("held", "said"), [
    ([1, 2], "what it holds must be a dict, got a list"), ("text", "must be a dict, got a str"),
    ({"conv1": array_of((4,))}, "conv1 must be a list, got a Made"),
    ({}, "holds 0 tensors, expected 2; missing: conv1/0"),
    ({"conv1": GOOD["conv1"][:1]}, "missing: conv1/1"), ({**GOOD, "conv2": [1]}, "not expected: conv2/0"),
    ({"conv1": ["text", array_of((4,))]}, "conv1/0 is not an array"),
    ({"conv1": [array_of((3, 3, 4, 2)), array_of((4,))]}, r"shape \(3, 3, 4, 2\), expected \(3, 3, 2, 4\)"),
    ({"conv1": [array_of((72,)), array_of((4,))]}, r"shape \(72,\), expected"),
    ({"conv1": [array_of((3, 3, 2, 4), "<f8"), array_of((4,))]}, "must be an array of float32 in C order, got .* <f8"),
    ({"conv1": [array_of((3, 3, 2, 4), ">f4"), array_of((4,))]}, "got dtype >f4"),
    ({"conv1": [array_of((3, 3, 2, 4), "<i4"), array_of((4,))]}, "got dtype <i4"),
    ({"conv1": [np.asfortranarray(GOOD["conv1"][0]), array_of((4,))]}, "in C order"),
    ({"conv1": [GOOD["conv1"][0], np.array([None, 1, "x", {}], object)]}, r"got dtype \|O8"),
])  # fmt: skip
def test_wrong_content_is_named(held, said):
    with pytest.raises(DataError, match=said):
        tensors.from_numpy_pickle(WHERE, numpy_pickle(held), EXPECTED)


def test_an_array_whose_bytes_do_not_fill_its_shape():
    data = numpy_pickle({"conv1": [GOOD["conv1"][0], array_of((4,))]})
    at = data.rindex(b"C\x10")  # the 16 bytes of the second array
    with pytest.raises(DataError, match=r"conv1/1 of shape \(4,\) needs 16 bytes, got 12"):
        tensors.from_numpy_pickle(WHERE, data[:at] + b"C\x0c" + data[at + 2:at + 14] + data[at + 18:], EXPECTED)


@pytest.mark.parametrize(("held", "said"), [
    ({"fc.weight": (Storage("7", 6), 0, (3, 2), (2, 1))}, r"fc\.weight has shape \(3, 2\), expected \(2, 3\)"),
    ({"fc.weight": (Storage("7", 6), 0, "ab", (3, 1))}, "has shape a str"),
    ({"fc.weight": (Storage("7", 6), 0, ("2", 3), (3, 1))}, "has shape a tuple"),
    ({"fc.weight": (Storage("7", 6), 0, (True, 3), (3, 1))}, "has shape a tuple"),
    ({"fc.weight": (Storage("7", 6, "DoubleStorage"), 0, (2, 3), (3, 1))}, r"refused torch\.DoubleStorage"),
    ({"fc.weight": (Storage("7", 6, "LongStorage"), 0, (2, 3), (3, 1))}, r"must hold float32, got torch\.LongStorage"),
    ({"fc.weight": (Storage("7", 6), 0, (2, 3), (0, 1))}, "does not lie in one piece"),
    ({"fc.weight": (Storage("7", 6), 0, (2, 3), (-3, 1))}, "does not lie in one piece"),
    ({"fc.weight": (Storage("7", 6), 0, (2, 3), (3, 2))}, "does not lie in one piece"),
    ({"fc.weight": (Storage("7", 6), 0, (2, 3), (3,))}, "does not lie in one piece"),
    ({"fc.weight": (Storage("7", 6), 1, (2, 3), (3, 1))}, "does not lie within its storage: 6 numbers from 1 of 6"),
    ({"fc.weight": (Storage("7", 6), -1, (2, 3), (3, 1))}, "does not lie within its storage"),
    ({"fc.weight": (Storage("7", 5), 0, (2, 3), (3, 1))}, "does not lie within its storage"),
    ({"fc.weight": (Storage("7", "6"), 0, (2, 3), (3, 1))}, "does not lie within its storage"),
    ({"fc.weight": (Storage("9", 6), 0, (2, 3), (3, 1))}, "2 storages are listed, and its tensors lie in 2"),
    ({"fc.weight": (Storage(7, 6), 0, (2, 3), (3, 1))}, "does not lie within its storage"),
    ({"more": (Storage("7", 6), 0, (6,), (1,))}, "not expected: more"),
])  # fmt: skip
def test_wrong_tensors_are_named(held, said):
    with pytest.raises(DataError, match=said):
        tensors.from_legacy_torch(WHERE, torch(held), SHAPES)


@pytest.mark.parametrize(("changes", "said"), [
    ({"magic": 1}, "does not begin with its number"), ({"protocol": 1000}, "does not begin with its number"),
    ({"machine": {"little_endian": False}}, "the other order of bytes"),
    ({"machine": [1]}, "must be a dict, got a list"),
    ({"keys": ["8", "7"]}, "promises 1 numbers; 6 are announced"), ({"keys": ["7"]}, "1 storages are listed"),
    ({"keys": ["7", "7", "8"]}, "each name once"), ({"keys": {"7": 1}}, "must be a list, got a dict"),
    ({"keys": [7, 8]}, "each name once"), ({"counts": {"7": 5}}, "5 are announced"),
    ({"counts": {"7": -1}}, "18,446,744,073,709,551,615 are announced"), ({"counts": {"8": 1 << 60}}, "are announced"),
])  # fmt: skip
def test_a_wrong_frame_is_named(changes, said):
    with pytest.raises(DataError, match=said):
        tensors.from_legacy_torch(WHERE, torch(**changes), SHAPES)


# --- row 22: bombs ------------------------------------------------------------------------------------------------

BOMBS = {
    "a huge announced text": b"\x80\x03X\xff\xff\xff\xff.",
    "a huge announced array": b"\x80\x03B\xff\xff\xff\xff.",
    "a huge announced text of 8 bytes": b"\x80\x04\x8d" + struct.pack("<Q", 1 << 62) + b".",
    "a huge frame": b"\x80\x04\x95" + struct.pack("<Q", 1 << 62) + b".",
    "a huge number": b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b"1.",
    "a huge number in digits": b"L" + b"9" * 100_000 + b"L\n.",
    "a place far away in the memory": b"\x80\x02}r\xff\xff\xff\xff.",
    "lists in lists in lists": b"\x80\x02" + b"](" * 40_000 + b"e" * 40_000 + b".",
    "tuples in tuples in tuples": b"\x80\x02)" + b"\x85" * 90_000 + b".",
    "a tuple of a hundred thousand layers as a key": b"\x80\x02}(" + b")" + b"\x85" * 90_000 + b"Nu.",
    "doubling": b"\x80\x02]q\x00" + b"".join(b"(h%ch%cl2" % (0, 0) for _ in range(10)) + b".",
    "doubling by tuples": b"\x80\x02)q\x00" + b"h\x00h\x00\x86q\x00" * 20_000 + b".",
    "more steps than tensors need": b"\x80\x02" + b"N" * 200_000 + b".",
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS)
def test_bombs_do_not_go_off(data):
    tracemalloc.start()
    try:
        for reader, expected in ((tensors.from_numpy_pickle, EXPECTED), (tensors.from_legacy_torch, SHAPES)):
            with pytest.raises(DataError):
                reader(WHERE, data, expected)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 60e6


def test_a_huge_shape_is_not_allocated():
    held = {"fc.weight": (Storage("7", 1 << 60), 0, (1 << 30, 1 << 30), (1 << 30, 1))}
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=r"has shape \(1073741824, 1073741824\), expected \(2, 3\)"):
            tensors.from_legacy_torch(WHERE, torch(held), SHAPES)
        held = {"fc.weight": (Storage("7", 1 << 60), 0, (2, 3), (3, 1))}  # the right shape, in a huge storage
        with pytest.raises(DataError, match="1,152,921,504,606,846,976 numbers; 6 are announced"):
            tensors.from_legacy_torch(WHERE, torch(held), SHAPES)
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()


# --- row 23: another form, or cut short ---------------------------------------------------------------------------


def test_the_zip_form_is_named():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", torch())
    with pytest.raises(DataError, match=r"weights\.pkl is in PyTorch's zip form \(since 1\.6\); the older form"):
        tensors.from_legacy_torch(WHERE, file.getvalue(), SHAPES)


def test_every_truncation_is_noticed():
    for reader, data, expected in ((tensors.from_legacy_torch, torch(), SHAPES),
                                   (tensors.from_numpy_pickle, numpy_pickle(GOOD), EXPECTED)):  # fmt: skip
        for length in [*range(0, len(data), 7), len(data) - 1]:
            with pytest.raises(DataError):
                reader(WHERE, data[:length], expected)


def test_a_storage_that_is_cut_short_is_compared_with_the_table():
    with pytest.raises(DataError, match=r"cut short: storage 2 of 2 promises 1 numbers; 1 are announced, and 3 bytes"):
        tensors.from_legacy_torch(WHERE, torch()[:-5], SHAPES)
    with pytest.raises(DataError, match="5 bytes follow after the last storage"):
        tensors.from_legacy_torch(WHERE, torch() + b"extra", SHAPES)


def test_any_changed_byte_gives_an_error_or_other_numbers_but_never_another_error():
    rng = np.random.default_rng(0)
    for reader, data, expected in ((tensors.from_legacy_torch, torch(), SHAPES),
                                   (tensors.from_numpy_pickle, numpy_pickle(GOOD), EXPECTED)):  # fmt: skip
        for _ in range(1500):
            changed = bytearray(data)
            for place in rng.integers(0, len(data), int(rng.integers(1, 4))):
                changed[place] = rng.integers(0, 256)
            try:
                found = reader(WHERE, bytes(changed), expected)
            except DataError:
                continue
            assert {name: array.shape for name, array in found.items()} == expected


@pytest.mark.parametrize("data", [b"", b".", b"\x80", b"<html>proxy</html>", b"\x93NUMPY", b"PK\x03\x04", b"\0" * 100,
                                  collections.Counter.__doc__.encode()])  # fmt: skip
def test_what_is_no_pickle_at_all_is_refused(data):
    for reader in (squeezenet_1_1.converted, efficientnet.converted):
        with pytest.raises(DataError, match=r"weights\.pkl"):
            reader(WHERE, data)
