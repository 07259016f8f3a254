"""The embedded photographs: what they show, that they are the committed files, and that they can be made again."""

import importlib.util
import shutil
import sys

import numpy as np
import pytest

from cs231n_helpers import data, storage
from cs231n_helpers.checks import DataError
from cs231n_helpers.data import photo_patches, photos

BUILD = storage.PROJECT / "data" / "build_photographs.py"
pytest.importorskip("PIL", reason="Pillow reads the photographs, and is not installed")


def test_eight_photographs_that_cannot_be_written_to():
    found = data.photographs()
    assert list(found) == ["cat", "coffee", "flower", "palace", "rocket", "astronaut", "retina", "galaxies"]
    for name, photo in found.items():
        assert photo.dtype == np.uint8 and photo.shape == (photos.FILES[name].height, photos.FILES[name].width, 3)
        assert min(photo.shape[:2]) == 288
        with pytest.raises(ValueError, match="read-only"):
            photo[0] = 0
    found.clear()                                       # each caller has a dict of its own
    assert len(data.photographs()) == 8


@pytest.mark.parametrize("name", photos.FILES)
def test_each_shows_what_the_smaller_one_of_the_patches_shows(name):
    """By the mean colours of sixteen fields: the two were reduced from one original, in different ways."""
    def fields(photo):
        H, W = (side // 4 * 4 for side in photo.shape[:2])
        return photo[:H, :W].astype(float).reshape(4, H // 4, 4, W // 4, 3).mean(axis=(1, 3))

    assert abs(fields(data.photographs()[name]) - fields(photo_patches.photographs()[name])).max() < 6


def test_the_committed_files_are_the_ones_the_code_expects():
    paths = sorted(photos.FOLDER.iterdir())
    assert [path.stem for path in paths] == sorted(photos.FILES)
    assert all(path.stat().st_size == photos.FILES[path.stem].size for path in paths)
    assert all(storage.sha256(path) == photos.FILES[path.stem].sha256 for path in paths)
    assert sum(path.stat().st_size for path in paths) < 250_000


def test_sources_and_licences_are_named():
    text = (storage.PROJECT / "data" / "README.md").read_text(encoding="utf-8")
    assert set(photos.FILES) == set(photo_patches.CLASS_NAMES)          # whose table names them one by one
    section = text[text.index("## Photographs"):text.index("## CIFAR-10")]
    assert "licences are those of the table" in section and "photographs/*.jpg" in section


def test_a_missing_or_changed_file_is_refused(tmp_path):
    path = tmp_path / "cat.jpg"
    with pytest.raises(DataError, match=r"cat\.jpg is missing\. Expected are 30,360 bytes .* `git checkout data/"):
        photos._read(path, photos.FILES["cat"])
    shutil.copy(photos.FOLDER / "rocket.jpg", path)
    with pytest.raises(DataError, match=r"has been changed: 25,251 bytes.*python data/build_photographs\.py"):
        photos._read(path, photos.FILES["cat"])


def test_the_files_can_be_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec = importlib.util.spec_from_file_location("build_photographs", BUILD)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    try:
        for package, file, _ in script.SOURCES.values():
            script.source(package, file)
    except FileNotFoundError as error:
        pytest.skip(str(error))
    for path in script.build(tmp_path):                 # another decoder or encoder may round in its own way
        made, committed = data.read_photograph(path).astype(int), data.photographs()[path.stem].astype(int)
        assert made.shape == committed.shape and abs(made - committed).mean() < 2
