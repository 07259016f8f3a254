"""CIFAR-10: archives of the official layout made here, hostile ones, the cache, and the command."""

import gzip
import io
import os
import subprocess
import sys
import tarfile
import time

import numpy as np
import pytest
from loopback import serve, server

from cs231n_helpers import data, storage
from cs231n_helpers.checks import DataError
from cs231n_helpers.data import archive, cifar10
from cs231n_helpers.data.download import Limits

FOLDER = "cifar-10-batches-bin"
BATCHES = [f"{FOLDER}/data_batch_{i}.bin" for i in range(1, 6)] + [f"{FOLDER}/test_batch.bin"]


def batch(seed, n=40):
    """n records: a label, then 3,072 bytes; labels are balanced and mixed."""
    rng = np.random.default_rng(seed)
    records = rng.integers(0, 256, (n, 3073), dtype=np.uint8)
    records[:, 0] = rng.permutation(np.arange(n) % 10)
    return records.tobytes()


CONTENT = {name: batch(number) for number, name in enumerate(BATCHES)}


def plain(name, content=b""):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    return member, content


def special(name, kind, target=""):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


def pack(path, members, mode="w:gz"):
    with tarfile.open(path, mode) as packed:
        for member, content in members:
            packed.addfile(member, io.BytesIO(content))
    return path


def official_layout(**changes):
    """The members of the official archive, in its order: the folder, the texts and the batches."""
    texts = [plain(f"{FOLDER}/batches.meta.txt", b"airplane\n"), plain(f"{FOLDER}/readme.html", b"<html>")]
    batches = [plain(name, changes.get(name.split("/")[1].split(".")[0], CONTENT[name])) for name in BATCHES]
    return [special(FOLDER, tarfile.DIRTYPE), batches[0], texts[0], *batches[1:5], texts[1], batches[5]]


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    """A cache of its own for each test, and no wishes from outside."""
    monkeypatch.setenv("CS231N_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("CS231N_CIFAR10", raising=False)
    monkeypatch.delenv("CS231N_CIFAR10_SHA256", raising=False)
    monkeypatch.setattr(storage, "_warned", set())


@pytest.fixture
def small(tmp_path):
    return pack(tmp_path / "small archive é.tar.gz", official_layout())


@pytest.fixture
def official(small, monkeypatch):
    """The small archive, taken for the official one."""
    monkeypatch.setattr(cifar10, "SHA256", storage.sha256(small))
    return small


def cached(tmp_path):
    return sorted(path.name for path in (tmp_path / "cache").glob("*")) if (tmp_path / "cache").exists() else []


def the_same(one, other):
    for part in ("train", "val", "test"):
        np.testing.assert_array_equal(getattr(one, f"X_{part}"), getattr(other, f"X_{part}"))
        np.testing.assert_array_equal(getattr(one, f"y_{part}"), getattr(other, f"y_{part}"))


# -------------------------------------------------------------------------------------------------------- the format
def test_pixels_and_labels_are_where_the_format_says(small):
    """Byte by byte: after the label come 1,024 red, green and blue values, row by row."""
    X, y, X_test, y_test = archive.read_archive(small)
    assert X.shape == (200, 32, 32, 3) and X_test.shape == (40, 32, 32, 3) and X.dtype == np.uint8
    assert X.flags.c_contiguous and y.dtype == np.int64
    for image, name, place in [(0, 0, 0), (41, 1, 1), (199, 4, 39)]:
        record = CONTENT[BATCHES[name]][place * 3073:(place + 1) * 3073]
        assert y[image] == record[0]
        for row, column, colour in [(0, 0, 0), (0, 1, 0), (1, 0, 0), (31, 31, 2), (5, 7, 1)]:
            assert X[image, row, column, colour] == record[1 + colour * 1024 + row * 32 + column]
    assert y_test[3] == CONTENT[BATCHES[5]][3 * 3073]


def test_load_splits_every_class_alike(small, monkeypatch, capsys):
    monkeypatch.setenv("CS231N_CIFAR10", str(small))
    loaded = data.load("cifar10")
    assert loaded.name == "cifar10" and loaded.class_names[3] == "cat" and len(loaded.class_names) == 10
    assert (np.bincount(loaded.y_train) == 18).all() and (np.bincount(loaded.y_val) == 2).all()
    assert (np.bincount(loaded.y_test) == 4).all()
    assert (np.bincount(data.load("cifar10", train=50).y_train) == 5).all()
    X, y, *_ = archive.read_archive(small)
    cats = X[y == 3]                                    # in the order of the archive: the last tenth validates
    np.testing.assert_array_equal(loaded.X_train[loaded.y_train == 3], cats[:18])
    np.testing.assert_array_equal(loaded.X_val[loaded.y_val == 3], cats[18:])
    with pytest.raises(ValueError, match="read-only"):
        loaded.X_train[0] = 0
    with pytest.raises(ValueError, match="train = 181, but cifar10 has 180"):
        data.load("cifar10", train=181)


def test_an_archive_of_your_own_is_announced_in_one_line(small, monkeypatch, capsys):
    monkeypatch.setenv("CS231N_CIFAR10", str(small))
    data.load("cifar10")
    said = capsys.readouterr().out
    assert said == (f"{small.name} is not the official CIFAR-10 archive: {small.stat().st_size:,} bytes, "
                    f"SHA-256 {storage.sha256(small)}.\n")
    monkeypatch.setenv("CS231N_CIFAR10_SHA256", storage.sha256(small).upper())
    data.load("cifar10")
    assert capsys.readouterr().out == ""                # its checksum was told: nothing to announce


def test_a_relative_path_and_a_link_will_do(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(small)
    for path in (small.name, "link"):
        monkeypatch.setenv("CS231N_CIFAR10", path)
        assert len(data.load("cifar10").y_train) == 180


# ------------------------------------------------------------------------------------------------------ damaged files
@pytest.mark.parametrize("share", [0.0001, 0.05, 0.5, 0.9, 0.9999])
def test_a_truncated_archive_is_refused(small, tmp_path, share):
    content = small.read_bytes()
    small.write_bytes(content[:int(share * len(content))])
    with pytest.raises(DataError, match=r"damaged or not a .tar.gz archive"):
        archive.read_archive(small)
    assert cached(tmp_path) == []


def test_a_flipped_byte_anywhere_never_gives_other_images(small):
    content, truth, refused = small.read_bytes(), archive.read_archive(small), 0
    for place in np.linspace(0, len(content) - 1, 40).astype(int):
        small.write_bytes(content[:place] + bytes([content[place] ^ 16]) + content[place + 1:])
        try:
            got = archive.read_archive(small)
        except DataError:
            refused += 1
            continue
        for one, other in zip(got, truth):              # a byte without meaning, such as the file's name in the header
            np.testing.assert_array_equal(one, other)
    assert refused >= 38


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"PK\x03\x04", gzip.compress(b""),
                                     gzip.compress(b"no tar" * 1000), gzip.compress(bytes(10240))])
def test_foreign_files_are_refused(small, content):
    small.write_bytes(content)
    with pytest.raises(DataError, match=r"damaged or not a .tar.gz archive|does not hold .*data_batch_1.bin"):
        archive.read_archive(small)


@pytest.mark.parametrize("changes, said", [
    ({"data_batch_3": b""}, "data_batch_3.bin' has 0 bytes, expected a multiple of 3,073"),
    ({"data_batch_3": bytes(3072)}, "data_batch_3.bin' has 3,072 bytes"),
    ({"test_batch": bytes(3073 * 10_001)}, "test_batch.bin' has 30,733,073 bytes, expected .* to 30,730,000"),
    ({"data_batch_2": bytes(3073) + b"\n" + bytes(3072)}, "data_batch_2.bin' the label of image 1 is 10, need 0 to 9"),
])
def test_batches_of_the_wrong_content_are_refused(tmp_path, changes, said):
    path = pack(tmp_path / "x.tar.gz", official_layout(**changes))
    with pytest.raises(DataError, match=said):
        archive.read_archive(path)


@pytest.mark.parametrize("absent", range(6))
def test_a_missing_batch_is_named(tmp_path, absent):
    path = pack(tmp_path / "x.tar.gz", [plain(name, CONTENT[name]) for name in BATCHES if name != BATCHES[absent]])
    with pytest.raises(DataError, match=f"does not hold {BATCHES[absent]}; is it"):
        archive.read_archive(path)


# --------------------------------------------------------------------------------------------------- hostile archives
def setuid():
    member, content = plain("su", b"#!/bin/sh")
    member.mode = 0o4755
    return member, content


def sparse():
    member, _content = plain("./PaxHeaders/x", b"")
    member.name = BATCHES[5]
    member.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": BATCHES[5],
                          "GNU.sparse.realsize": "30730000"}
    member.size = 512
    return member, b"1\n0\n30730000\n".ljust(512, b"\0")


@pytest.mark.parametrize("hostile, said", [
    (plain("../escaped", b"x"), r"'../escaped' \(file, 1 bytes\) does not belong"),
    (plain("/tmp/escaped-absolute", b"x"), "'/tmp/escaped-absolute'"),
    (plain(f"{FOLDER}/../../escaped", b"x"), "escaped"),
    (plain(f"{FOLDER}/data_batch_6.bin", bytes(3073)), "data_batch_6.bin"),
    (plain(f"./{BATCHES[5]}", CONTENT[BATCHES[5]]), r"'./cifar"),
    (special(BATCHES[5], tarfile.SYMTYPE, "/etc/passwd"), r"test_batch.bin' \(symbolic link"),
    (special(BATCHES[5], tarfile.LNKTYPE, BATCHES[0]), r"test_batch.bin' \(hard link"),
    (special(BATCHES[5], tarfile.FIFOTYPE), r"test_batch.bin' \(FIFO"),
    (special(BATCHES[5], tarfile.CHRTYPE), r"test_batch.bin' \(device"),
    (special(BATCHES[5], tarfile.BLKTYPE), r"test_batch.bin' \(device"),
    (special(BATCHES[5], tarfile.DIRTYPE), r"test_batch.bin' \(folder"),
    (special("elsewhere", tarfile.DIRTYPE), r"'elsewhere' \(folder"),
    (special(FOLDER, tarfile.SYMTYPE, "/tmp"), r"'cifar-10-batches-bin' \(symbolic link"),
    (plain(BATCHES[0], CONTENT[BATCHES[0]]), "data_batch_1.bin' .* is there twice"),
    (special(FOLDER, tarfile.DIRTYPE), "'cifar-10-batches-bin' .* is there twice"),
    (setuid(), "'su'"),
    (sparse(), r"test_batch.bin' \(sparse file"),
])
def test_hostile_members_are_refused_by_name(tmp_path, hostile, said):
    members = official_layout()[:-1] + [hostile]
    (tmp_path / "inside").mkdir()
    path = pack(tmp_path / "inside" / "x.tar.gz", members)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match=said) as caught:
        archive.read_archive(path)
    assert str(path) in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before and not os.path.exists("/tmp/escaped-absolute")


def test_a_million_members_end_at_the_second(tmp_path):
    header = special(FOLDER, tarfile.DIRTYPE)[0].tobuf()
    with gzip.open(tmp_path / "x.tar.gz", "wb", 1) as file:
        for _ in range(1000):
            file.write(header * 1000)
    began = time.perf_counter()
    with pytest.raises(DataError, match="is there twice"):
        archive.read_archive(tmp_path / "x.tar.gz")
    assert time.perf_counter() - began < 1


def test_bombs_stop_at_the_size_of_the_official_archive(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "UNPACKED", 2_000_000)
    readme = pack(tmp_path / "readme.tar.gz", [plain(f"{FOLDER}/readme.html", bytes(3_000_000)), *official_layout()])
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 10 << 30            # an extended header of 10 GB
    longname = tmp_path / "header.tar.gz"
    longname.write_bytes(gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(3_000_000), 1))
    tail = tmp_path / "tail.tar.gz"
    tail.write_bytes(pack(tmp_path / "y.tar.gz", official_layout()).read_bytes() + gzip.compress(bytes(3_000_000)))
    for path in (readme, longname, tail):
        with pytest.raises(DataError, match="unpacks to more than 2,000,000 bytes"):
            archive.read_archive(path)


# ---------------------------------------------------------------------------------------------------------- the cache
def test_the_second_load_reads_the_cache(small, tmp_path, monkeypatch):
    monkeypatch.setenv("CS231N_CIFAR10", str(small))
    loaded = data.load("cifar10")
    assert cached(tmp_path) == [f"cifar10-{storage.sha256(small)[:16]}-v1.npz"]
    monkeypatch.setattr(cifar10, "read_archive", None)
    the_same(loaded, data.load("cifar10"))


def test_another_archive_is_another_entry(small, tmp_path, monkeypatch):
    monkeypatch.setenv("CS231N_CIFAR10", str(small))
    first = data.load("cifar10")
    pack(small, official_layout(data_batch_1=batch(99)))
    assert not np.array_equal(first.X_train, data.load("cifar10").X_train) and len(cached(tmp_path)) == 2


def test_another_layout_is_another_entry(small, tmp_path, monkeypatch):
    monkeypatch.setenv("CS231N_CIFAR10", str(small))
    first = data.load("cifar10")
    monkeypatch.setattr(cifar10, "LAYOUT", 2)
    the_same(first, data.load("cifar10"))
    assert [name[-7:] for name in cached(tmp_path)] == ["-v1.npz", "-v2.npz"]


@pytest.mark.parametrize("damage", [lambda c: c[:len(c) // 2], lambda c: b"", lambda c: b"<html>",
                                    lambda c: c[:5000] + bytes([c[5000] ^ 1]) + c[5001:]])
def test_a_damaged_entry_is_set_aside_and_made_again(small, tmp_path, monkeypatch, damage):
    monkeypatch.setenv("CS231N_CIFAR10", str(small))
    first = data.load("cifar10")
    [name] = cached(tmp_path)
    entry = tmp_path / "cache" / name
    entry.write_bytes(damage(entry.read_bytes()))
    with pytest.warns(UserWarning, match="kept as .bad"):
        the_same(first, data.load("cifar10"))
    assert cached(tmp_path) == [name, name + ".bad"]
    the_same(first, data.load("cifar10"))


def test_without_a_cache_a_file_still_loads(small, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CS231N_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setenv("CS231N_CIFAR10", str(small))
    with pytest.warns(UserWarning, match="No cache"):
        assert len(data.load("cifar10").y_train) == 180
    with pytest.raises(DataError, match=r"no folder that the archive could be kept in. Set CS231N_CACHE"):
        cifar10.obtain("http://127.0.0.1:9/x")


def test_a_full_disk_does_not_cost_the_result(small, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("CS231N_CIFAR10", str(small))
    monkeypatch.setattr(os, "fsync", full)
    with pytest.warns(UserWarning, match="No space left on device; .* bytes needed"):
        assert len(data.load("cifar10").y_train) == 180


# ------------------------------------------------------------------------------------------------ addresses and files
def test_a_url_is_fetched_verified_and_cached(official, tmp_path):
    with server(serve(official.read_bytes())) as web:
        first = cifar10.obtain(web.url)                 # a mirror of the official archive needs no checksum
        again = cifar10.obtain(web.url)
    assert len(web.requests) == 1 and cached(tmp_path) == [f"cifar10-{cifar10.SHA256[:16]}-v1.npz"]
    np.testing.assert_array_equal(first["X_train"], again["X_train"])
    assert len(data.load("cifar10").y_train) == 180     # no variable, no network: what was fetched


def test_a_mirror_of_another_archive_needs_its_checksum(small, monkeypatch):
    with server(serve(small.read_bytes())) as web:
        monkeypatch.setenv("CS231N_CIFAR10", web.url)
        with pytest.raises(DataError, match=f"SHA-256 {storage.sha256(small)}, expected {cifar10.SHA256}"):
            data.load("cifar10")
        monkeypatch.setenv("CS231N_CIFAR10_SHA256", storage.sha256(small))
        assert len(data.load("cifar10").y_train) == 180


def test_a_damaged_archive_in_the_cache_is_set_aside(official, tmp_path):
    left = tmp_path / "cache" / f"cifar10-{cifar10.SHA256[:16]}.tar.gz"
    left.parent.mkdir()
    left.write_bytes(b"half")
    with server(serve(official.read_bytes())) as web:
        cifar10.obtain(web.url)
    assert left.with_name(left.name + ".bad").read_bytes() == b"half" and not left.exists()


def test_offline_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(cifar10, "URL", "http://127.0.0.1:9/cifar-10-binary.tar.gz")
    with pytest.raises(DataError) as caught:
        data.load("cifar10")
    said = str(caught.value)
    assert "127.0.0.1:9/cifar-10-binary.tar.gz cannot be reached" in said and said.count("\n") == 0
    assert "make cifar10" in said and "CS231N_CIFAR10" in said and 'data.load("fashion_mnist")' in said
    assert cached(tmp_path) == []


@pytest.mark.parametrize("source, checksum, said", [
    ("/none/cifar.tar.gz", None, "cifar.tar.gz is missing; the archive cifar-10-binary.tar.gz was expected. Ways on"),
    ("/", None, "/ is a folder"),
    ("ftp://example.org/x", None, "not an http or https address"),
    ("file:///etc/passwd", None, "not an http or https address"),
    ("small", "12ab", "64 hexadecimal digits, got '12ab'"),
    ("small", "z" * 64, "64 hexadecimal digits"),
    ("small", "0" * 64, "expected 0000"),
])
def test_wrong_sources_are_named(small, source, checksum, said):
    with pytest.raises(DataError) as caught:
        cifar10.obtain(small if source == "small" else source, checksum)
    assert said in str(caught.value)


def test_the_official_address_is_pinned():
    assert cifar10.URL == "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
    readme = (storage.PROJECT / "data" / "README.md").read_text()
    assert cifar10.SHA256 in readme and f"{cifar10.SIZE:,}" in readme and cifar10.SIZE < Limits().size


# -------------------------------------------------------------------------------------------------------- the command
def test_the_command_makes_an_archive_the_one_that_is_loaded(small, tmp_path, capsys):
    assert cifar10.main([str(small)]) == 0
    assert "ready: Split(cifar10: 180 train, 20 val, 40 test" in capsys.readouterr().out
    first = data.load("cifar10")                        # no variable is set
    small.unlink()
    the_same(first, data.load("cifar10"))
    for entry in (tmp_path / "cache").glob("*.npz"):
        entry.unlink()
    with pytest.raises(DataError, match=r"no longer in .* Run it again with the same URL= and SHA256="):
        data.load("cifar10")


def test_the_official_archive_takes_over_again(small, tmp_path, monkeypatch, capsys):
    cifar10.main([str(small)])
    official = pack(tmp_path / "official.tar.gz", official_layout(data_batch_1=batch(7)))
    monkeypatch.setattr(cifar10, "SHA256", storage.sha256(official))
    with server(serve(official.read_bytes())) as web:
        monkeypatch.setattr(cifar10, "URL", web.url)
        assert cifar10.main([]) == 0
    the_same(data.load("cifar10"), cifar10._split(cifar10._arrays(official)))


def test_the_command_reports_errors_without_a_traceback(small, capsys):
    assert cifar10.main([str(small), "--sha256", "0" * 64]) == 1
    said = capsys.readouterr()
    assert "expected 0000" in said.err and said.out == ""
    with server(serve(b"<html>", status=404)) as web:
        assert cifar10.main([web.url]) == 1
    assert "status 404" in capsys.readouterr().err


def test_the_command_runs_as_a_module_without_warnings(small, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(storage.PROJECT), "CS231N_CIFAR10": str(small)}
    done = subprocess.run([sys.executable, "-W", "error", "-m", "cs231n_helpers.data.cifar10"], env=environment,
                          capture_output=True, text=True)
    assert done.returncode == 0 and "ready" in done.stdout and done.stderr == ""
    assert len(cached(tmp_path)) == 2


def test_two_processes_fill_one_cache(small, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(storage.PROJECT), "CS231N_CIFAR10": str(small),
                   "OPENBLAS_NUM_THREADS": "1"}
    code = "from cs231n_helpers import data; print(data.load('cifar10').X_train.sum())"
    both = [subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
            for _ in range(2)]
    sums = {process.communicate()[0].split()[-1] for process in both}
    assert sums == {str(cifar10._arrays(small)["X_train"].sum())} and len(cached(tmp_path)) == 1
