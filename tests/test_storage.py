"""Files are whole or absent, whatever happens to the writer; readers refuse what is not theirs."""

import io
import os
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest

from cs231n_helpers import storage
from cs231n_helpers.checks import DataError

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(storage.PROJECT), "OPENBLAS_NUM_THREADS": "1"}


@pytest.fixture(autouse=True)
def no_warning_given_yet(monkeypatch):
    monkeypatch.setattr(storage, "_warned", set())


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "some numbers é.npz"
    storage.save_arrays(path, a=np.arange(6.0).reshape(2, 3), b=np.array([1, 2], np.uint8))
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def start(code, *arguments):
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], env=ENVIRONMENT,
                            stdout=subprocess.PIPE, text=True)


# ------------------------------------------------------------------------------------------------------- round trips
def test_arrays_come_back_as_they_were(saved):
    arrays = storage.load_arrays(saved)
    assert sorted(arrays) == ["a", "b"]
    np.testing.assert_array_equal(arrays["a"], [[0, 1, 2], [3, 4, 5]])
    assert arrays["a"].dtype == np.float64 and arrays["b"].dtype == np.uint8
    with np.load(saved) as plain:                       # an ordinary .npz: NumPy itself agrees
        np.testing.assert_array_equal(plain["a"], arrays["a"])
        np.testing.assert_array_equal(plain["version"], [1, 2])     # layout 1, two arrays


@pytest.mark.parametrize("level", [0, 9])
def test_any_numeric_array_survives(tmp_path, level):
    rng = np.random.default_rng(0)
    given = {"fortran": np.asfortranarray(rng.random((3, 4))), "strided": rng.random((6, 6))[::2, ::3],
             "empty": np.zeros((0, 5), np.int32), "scalar": np.float32(2.5), "big_endian": np.arange(3, dtype=">i4"),
             "bools": np.array([True, False]), "text": np.array(["cat", "dog"])}
    storage.save_arrays(tmp_path / "x.npz", level=level, **given)
    got = storage.load_arrays(tmp_path / "x.npz")
    for name, array in given.items():
        np.testing.assert_array_equal(got[name], array)
        assert got[name].dtype == np.asarray(array).dtype and got[name].shape == np.shape(array)


def test_equal_arrays_give_equal_files(tmp_path, monkeypatch):
    storage.save_arrays(tmp_path / "one", level=9, a=np.arange(1000))
    monkeypatch.setattr(time, "time", lambda: 2e9)
    monkeypatch.setattr(time, "localtime", lambda *a: time.struct_time((2033, 5, 18, 3, 33, 20, 2, 138, 0)))
    storage.save_arrays(tmp_path / "two", level=9, a=np.arange(1000))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_compression_makes_the_file_smaller(tmp_path):
    for level in (0, 9):
        storage.save_arrays(tmp_path / str(level), level=level, a=np.zeros(10_000))
    assert (tmp_path / "9").stat().st_size < (tmp_path / "0").stat().st_size / 50


def test_a_symbolic_link_is_written_through(saved):
    link = saved.with_name("link.npz")
    link.symlink_to(saved)
    storage.save_arrays(link, a=np.zeros(1))
    assert link.is_symlink() and list(storage.load_arrays(saved)) == ["a"]


def test_sha256_agrees_with_a_known_value(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")              # the example of the standard, FIPS 180-2
    assert storage.sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


# -------------------------------------------------------------------------------------------------- expected content
def test_expected_names_shapes_and_dtypes_are_held(saved):
    right = {"a": ((None, 3), np.float64), "b": ((2,), np.uint8)}
    assert set(storage.load_arrays(saved, right)) == {"a", "b"}
    for name, wrong, said in [("a", ((3, 3), np.float64), r"'a' has shape \(2, 3\).*expected \(3, 3\)"),
                              ("a", ((None,), np.float64), r"'a' has shape \(2, 3\)"),
                              ("b", ((2,), np.int64), "uint8, expected .* int64"),
                              ("c", ((2,), np.int64), r"\['a', 'b'\], expected \['a', 'b', 'c'\]")]:
        with pytest.raises(DataError, match=said):
            storage.load_arrays(saved, {**right, name: wrong})
    with pytest.raises(DataError, match=r"\['a', 'b'\], expected \['a'\]"):
        storage.load_arrays(saved, {"a": right["a"]})


def test_another_layout_version_is_refused(saved):
    with pytest.raises(DataError, match="layout version 1, expected 2"):
        storage.load_arrays(saved, version=2)


def test_a_file_without_version_is_refused(tmp_path):
    np.savez(tmp_path / "foreign.npz", a=np.zeros(3))
    with pytest.raises(DataError, match="no version number"):
        storage.load_arrays(tmp_path / "foreign.npz")
    np.savez(tmp_path / "text.npz", version=np.array("one"))
    with pytest.raises(DataError, match="no version number"):
        storage.load_arrays(tmp_path / "text.npz")


def test_more_than_the_limit_is_refused_before_reading(saved):
    with pytest.raises(DataError, match="holds 66 bytes of arrays, more than the 65 allowed"):
        storage.load_arrays(saved, limit=65)            # 6 * 8 + 2 + the version's 16


# ----------------------------------------------------------------------------------------------------- damaged files
@pytest.mark.parametrize("content, said", [
    (b"", r"empty \(0 bytes\)"),
    (b"<!DOCTYPE html><title>404</title>", "HTML page, it starts with b'<!DOCTYPE html>"),
    (b"\n <html>", "HTML page"),
    (b"\x93NUMPY plain array", "not a data file: starts with"),
    (b"PK\x03\x04 but no archive", "damaged"),
    (b"\x80\x04K\x01.", "not a data file"),
])
def test_foreign_content_is_named(tmp_path, content, said):
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said) as caught:
        storage.load_arrays(path, remedy="Ask the cook.")
    assert str(path) in str(caught.value) and str(caught.value).endswith("Ask the cook.")
    assert "pickle" not in str(caught.value)
    assert path.read_bytes() == content                 # left in its place


def test_missing_file_and_folder_are_named(tmp_path):
    with pytest.raises(DataError, match="missing"):
        storage.load_arrays(tmp_path / "none.npz")
    with pytest.raises(DataError, match="not a file"):
        storage.load_arrays(tmp_path)


def test_a_file_cut_anywhere_is_refused(saved):
    whole = saved.read_bytes()
    for length in range(1, len(whole), 7):
        saved.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"damaged|not a data file"):
            storage.load_arrays(saved)


def test_a_flipped_byte_never_gives_other_numbers(saved):
    whole, truth = saved.read_bytes(), storage.load_arrays(saved)
    refused = 0
    for place in range(len(whole)):
        saved.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1:])
        try:
            got = storage.load_arrays(saved)
        except DataError:
            refused += 1
            continue
        assert got.keys() == truth.keys()               # a byte that carries no meaning, such as the date
        for name in truth:
            np.testing.assert_array_equal(got[name], truth[name])
    assert refused > len(whole) / 2


def test_objects_are_refused_on_both_sides(tmp_path):
    marker = tmp_path / "ran"

    class Hostile:
        def __reduce__(self):
            return open, (str(marker), "w")

    with pytest.raises(ValueError, match=r"[Oo]bject"):
        storage.save_arrays(tmp_path / "mine.npz", a=np.array([Hostile()], dtype=object))
    assert names(tmp_path) == []
    np.savez(tmp_path / "x.npz", a=np.array([Hostile()], dtype=object), version=np.array([1, 1]))
    with pytest.raises(DataError, match=r"'a' holds Python objects.*refused") as caught:
        storage.load_arrays(tmp_path / "x.npz")
    assert "allow_pickle" not in str(caught.value) and not marker.exists()


def npz(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)


def npy(array, shape=None):
    file = io.BytesIO()
    header = {"descr": array.dtype.str, "fortran_order": False, "shape": shape or array.shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + array.tobytes()


@pytest.mark.parametrize("shape", [(1 << 40,), (1 << 31, 1 << 31), (2,), (4,)])
def test_a_header_that_lies_about_its_length_is_refused_without_allocating(tmp_path, shape):
    npz(tmp_path / "x.npz", a=npy(np.zeros(3), shape), version=npy(np.array([1, 1])))
    with pytest.raises(DataError, match=r"promises [\d,]+ bytes .* and holds 24"):
        storage.load_arrays(tmp_path / "x.npz")


def test_a_member_that_is_no_array_or_there_twice_is_refused(tmp_path):
    npz(tmp_path / "x.npz", a=b"hello", version=npy(np.array([1, 1])))
    with pytest.raises(DataError, match=r"'a.npy' in it is not an array"):
        storage.load_arrays(tmp_path / "x.npz")
    with zipfile.ZipFile(tmp_path / "y.npz", "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a.npy", npy(np.zeros(3)))
        archive.writestr("a.npy", npy(np.ones(3)))
    with pytest.raises(DataError, match="'a' twice"):
        storage.load_arrays(tmp_path / "y.npz")


# ------------------------------------------------------------------------------------------------- killed and crowded
WRITER = """
import sys, numpy as np
from cs231n_helpers import storage
path, values, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
for turn in range(1_000_000):
    storage.save_arrays(path, a=np.full(size, int(values[turn % len(values)])))
"""


def test_a_killed_writer_leaves_the_old_file_or_the_new_one(tmp_path):
    path = tmp_path / "x.npz"
    storage.save_arrays(path, a=np.full(200_000, 1))
    rng, seen = np.random.default_rng(0), set()
    for _ in range(6):
        writer = start(WRITER, path, "12", 200_000)
        writer.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.08))
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        a = storage.load_arrays(path)["a"]
        assert a.shape == (200_000,) and np.ptp(a) == 0
        seen.add(int(a[0]))
    assert seen <= {1, 2}
    for left in tmp_path.glob(".*.tmp"):                # killed writers may leave these: hidden, never read
        os.utime(left, (time.time() - 4000,) * 2)
    storage.save_arrays(path, a=np.zeros(3))
    assert names(tmp_path) == ["x.npz"]


def test_two_writers_and_a_reader_never_meet_half_a_file(tmp_path):
    path = tmp_path / "x.npz"
    writers = [start(WRITER, path, value, 30_000) for value in "34"]
    try:
        for writer in writers:
            writer.stdout.readline()
        while not path.exists():
            time.sleep(0.01)
        seen = set()
        for _ in range(150):
            a = storage.load_arrays(path)["a"]
            assert a.shape == (30_000,) and np.ptp(a) == 0
            seen.add(int(a[0]))
        assert seen <= {3, 4}
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()


def test_a_failing_write_keeps_the_old_file_and_nothing_else(saved):
    before = saved.read_bytes()
    with pytest.raises(KeyboardInterrupt), storage.replacing(saved) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert saved.read_bytes() == before and names(saved.parent) == [saved.name]


def test_only_old_temporary_files_are_swept(tmp_path):
    for name, age in [(".x.npz.1-0.tmp", 3700), (".y.npz.2-0.tmp", 3500), ("mine.tmp", 9999), (".hidden", 9999)]:
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    storage.sweep(tmp_path)
    assert names(tmp_path) == [".hidden", ".y.npz.2-0.tmp", "mine.tmp"]


# --------------------------------------------------------------------------------------------------------- the cache
FULL_DISK = """
import resource, sys, warnings, numpy as np
from cs231n_helpers import storage
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))       # a file may not grow beyond: like a full disk
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for _ in range(2):
        assert storage.keep(sys.argv[1], a=np.zeros(100_000)) is False
    assert storage.keep(sys.argv[1] + ".small", a=np.zeros(10)) is True
[warning] = caught
print(warning.message)
"""


def test_a_full_disk_costs_one_warning_and_leaves_nothing(tmp_path):
    said, _ = start(FULL_DISK, tmp_path / "x.npz").communicate()
    assert "Not kept in the cache" in said and "800,000 bytes needed" in said and "free)" in said
    assert names(tmp_path) == ["x.npz.small"]


def test_the_cache_is_in_the_project_unless_told_otherwise(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "PROJECT", tmp_path / "project")
    monkeypatch.delenv("CS231N_CACHE", raising=False)
    assert storage.cache_folder() == tmp_path / "project" / "data" / "cache"
    assert storage.cache_folder().is_dir()
    monkeypatch.setenv("CS231N_CACHE", str(tmp_path / "own folder"))
    assert storage.cache_folder() == tmp_path / "own folder"


def test_without_a_writable_folder_there_is_one_warning_and_no_cache(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CS231N_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.warns(UserWarning, match="No cache: .*file/cache cannot be written to .*CS231N_CACHE"):
        assert storage.cache_folder() is None
    assert storage.cache_folder() is None               # warnings are errors here: the second call gives none


def test_a_read_only_folder_is_no_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CS231N_CACHE", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.warns(UserWarning, match="no permission to write"):
        assert storage.cache_folder() is None


def test_a_damaged_file_is_set_aside_not_deleted(saved):
    content = saved.read_bytes()
    storage.set_aside(saved)
    assert not saved.exists() and saved.with_name(saved.name + ".bad").read_bytes() == content
