"""IDX files, the full Fashion-MNIST, and the script that rebuilds the embedded subset."""

import gzip
import importlib.util
import struct
import zlib

import numpy as np
import pytest

from cs231n_helpers import data, storage
from cs231n_helpers.checks import DataError
from cs231n_helpers.data import fashion_mnist, idx

NAMES = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
         "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")
ORIGINALS = fashion_mnist.originals()
needs_originals = pytest.mark.skipif(
    not all((ORIGINALS / name).is_file() for name in NAMES),
    reason=f"the original Fashion-MNIST files are not in {ORIGINALS} (Debian's dataset-fashion-mnist has them)")


def write(path, array, shape=None, kind=8):
    shape = shape or array.shape
    header = bytes([0, 0, kind, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
    path.write_bytes(gzip.compress(header + array.tobytes(), 1))


@pytest.fixture
def folder(tmp_path):
    """A small data set of the same layout: 30 training and 12 test images of each class, in random order."""
    rng = np.random.default_rng(0)
    for part, each in (("train", 30), ("t10k", 12)):
        y = rng.permutation(np.repeat(np.arange(10, dtype=np.uint8), each))
        write(tmp_path / f"{part}-images-idx3-ubyte.gz", rng.integers(0, 256, (len(y), 28, 28), dtype=np.uint8))
        write(tmp_path / f"{part}-labels-idx1-ubyte.gz", y)
    return tmp_path


def read(folder, part):
    """Without the reader under test: header of 16 or 8 bytes, then the numbers."""
    images = gzip.decompress((folder / f"{part}-images-idx3-ubyte.gz").read_bytes())[16:]
    labels = gzip.decompress((folder / f"{part}-labels-idx1-ubyte.gz").read_bytes())[8:]
    return np.frombuffer(images, np.uint8).reshape(-1, 28, 28), np.frombuffer(labels, np.uint8)


# ---------------------------------------------------------------------------------------------------------- IDX files
@pytest.mark.parametrize("shape", [(5,), (2, 3), (2, 3, 4), (0, 28, 28)])
def test_idx_round_trip(tmp_path, shape):
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    write(tmp_path / "x.gz", array)
    np.testing.assert_array_equal(idx.read_idx(tmp_path / "x.gz", len(shape)), array)


ARRAY = np.zeros((3, 4, 4), np.uint8)


@pytest.mark.parametrize("damage, said", [
    (lambda path: write(path, ARRAY, (4, 4, 4)), "promises (4, 4, 4), that is 64 bytes, but the file holds 48"),
    (lambda path: write(path, ARRAY, (2, 4, 4)), "that is 32 bytes, but the file holds more than that"),
    (lambda path: write(path, ARRAY, (2**31, 2**31, 2)), "at most 104,857,600 are read"),
    (lambda path: write(path, ARRAY, (2**32 - 1, 28, 28)), "at most 104,857,600 are read"),
    (lambda path: write(path, ARRAY, kind=13), r"starts with b'\x00\x00\x08\x03', this file with b'\x00\x00\r\x03'"),
    (lambda path: write(path, ARRAY[0]), "3 axes"),
    (lambda path: path.write_bytes(gzip.compress(b"")), "3 axes"),
    (lambda path: path.write_bytes(b""), "3 axes"),
    (lambda path: path.write_bytes(b"<html>404</html>"), "damaged (16 bytes): Not a gzipped file (b'<h')"),
    (lambda path: path.write_bytes(path.read_bytes()[:-9]), "damaged"),
    (lambda path: path.write_bytes(path.read_bytes()[:-6] + b"......"), "damaged"),
    (lambda path: path.unlink(), "missing"),
    (lambda path: (path.unlink(), path.mkdir()), "not a file"),
])
def test_damaged_idx_files_are_refused(tmp_path, damage, said):
    path = tmp_path / "x.gz"
    write(path, ARRAY)
    damage(path)
    with pytest.raises(DataError) as caught:
        idx.read_idx(path, 3)
    assert said in str(caught.value) and str(path) in str(caught.value)


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    taken = []
    read = gzip.GzipFile.read
    monkeypatch.setattr(gzip.GzipFile, "read", lambda self, n: taken.append(n) or read(self, n))
    write(tmp_path / "x.gz", np.zeros(20_000_000, np.uint8), (3, 4, 4))
    with pytest.raises(DataError, match="more than that"):
        idx.read_idx(tmp_path / "x.gz", 3)
    assert taken == [16, 49]


def test_images_and_labels_must_belong_together(tmp_path):
    write(tmp_path / "images.gz", ARRAY)
    write(tmp_path / "labels.gz", np.zeros(5, np.uint8))
    with pytest.raises(DataError, match=r"images.gz has 3 images, but .*labels.gz has 5 labels"):
        idx.read_labelled_images(tmp_path / "images.gz", tmp_path / "labels.gz")
    write(tmp_path / "labels.gz", np.array([1, 10, 2], np.uint8))
    with pytest.raises(DataError, match=r"label 1 is 10, need 0 to 9"):
        idx.read_labelled_images(tmp_path / "images.gz", tmp_path / "labels.gz")


# ------------------------------------------------------------------------------------------------------- the full set
def test_full_reads_the_folder_named_by_the_variable(folder, monkeypatch):
    monkeypatch.setenv("CS231N_FASHION_MNIST", str(folder))
    loaded = data.load("fashion_mnist", full=True)
    assert [len(y) for y in (loaded.y_train, loaded.y_val, loaded.y_test)] == [270, 30, 120]
    assert (np.bincount(loaded.y_val) == 3).all() and (np.bincount(loaded.y_train[:50]) == 5).all()
    images, labels = read(folder, "train")
    truth = {image.tobytes(): label for image, label in zip(images, labels)}
    found = [*zip(loaded.X_train, loaded.y_train), *zip(loaded.X_val, loaded.y_val)]
    assert len(found) == len(truth) == 300 and all(truth[image.tobytes()] == label for image, label in found)
    with pytest.raises(ValueError, match="read-only"):
        loaded.X_train[0] = 0


def test_full_without_the_files_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("CS231N_FASHION_MNIST", str(tmp_path / "none"))
    with pytest.raises(DataError, match=r"none is not a folder.*dataset-fashion-mnist.*CS231N_FASHION_MNIST.*full="):
        data.load(full=True)
    monkeypatch.setenv("CS231N_FASHION_MNIST", str(tmp_path))
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte.gz is missing"):
        data.load(full=True)


@needs_originals
def test_the_full_set_as_installed():
    loaded = data.load("fashion_mnist", full=True)
    assert (np.bincount(loaded.y_train) == 5_400).all() and (np.bincount(loaded.y_val) == 600).all()
    assert (np.bincount(loaded.y_test) == 1_000).all() and loaded.X_train.shape == (54_000, 28, 28, 1)


# ------------------------------------------------------------------------------------------------- the rebuild script
@pytest.fixture(scope="module")
def script():
    path = storage.PROJECT / "data" / "build_fashion_mnist.py"
    spec = importlib.util.spec_from_file_location("build_fashion_mnist", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_draws_a_balanced_subset_of_the_originals(script, folder):
    paths = [script.build(folder, folder / name, train=20, val=5, test=6) for name in ("one.npz", "two.npz")]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    content = storage.load_arrays(paths[0])
    labels = content["labels"]
    images = np.zeros((310, 28, 28), np.uint8)
    for row in range(28):                               # undo the differences, one row after the other
        images[:, row] = content["row_differences"][:, row] + (images[:, row - 1] if row else 0)
    for rows, part, each in ((slice(0, 200), "train", 20), (slice(200, 250), "train", 5), (slice(250, 310), "t10k", 6)):
        assert (np.bincount(labels[rows]) == each).all()
        assert all(sorted(labels[rows][i:i + 10]) == list(range(10)) for i in range(0, 10 * each, 10))
        truth = {image.tobytes(): label for image, label in zip(*read(folder, part))}
        assert all(truth[image.tobytes()] == label for image, label in zip(images[rows], labels[rows]))
    assert len({image.tobytes() for image in images}) == 310


def test_the_script_says_when_it_made_another_file(script, folder, capsys, monkeypatch):
    monkeypatch.setattr(script.build, "__defaults__", (20, 5, 6))
    script.main(folder, folder / "out.npz")
    assert "NOT the committed file" in capsys.readouterr().out


@needs_originals
@pytest.mark.skipif("ng" in zlib.ZLIB_RUNTIME_VERSION, reason="zlib-ng packs the same arrays into other bytes")
def test_the_script_rebuilds_the_committed_file_byte_for_byte(script, tmp_path, capsys):
    script.main(output=tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == fashion_mnist.SUBSET.read_bytes()
    assert "the committed file, byte for byte" in capsys.readouterr().out
