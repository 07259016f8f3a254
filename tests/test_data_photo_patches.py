"""The embedded colour patches: what they are, that no pixel is in two parts, and that the file can be made again."""

import importlib.util
import shutil
import sys

import numpy as np
import pytest

from cs231n_helpers import architecture, data, metrics, optim, storage, train
from cs231n_helpers.checks import DataError
from cs231n_helpers.data import photo_patches
from cs231n_helpers.data.split import make_split

PARTS = ("train", "val", "test")
BUILD = storage.PROJECT / "data" / "build_photo_patches.py"


@pytest.fixture(scope="module")
def patches():
    return data.load("photo_patches")


def test_counts_shapes_and_balance(patches):
    assert repr(patches) == ("Split(photo_patches: 2,400 train, 600 val, 600 test; one example (32, 32, 3); 8 classes)")
    for part, count in zip(PARTS, (2_400, 600, 600)):
        X, y = getattr(patches, f"X_{part}"), getattr(patches, f"y_{part}")
        assert X.shape == (count, 32, 32, 3) and X.dtype == np.uint8
        assert y.shape == (count,) and y.dtype == np.int64
        assert (np.bincount(y, minlength=8) == count // 8).all()


def test_any_first_examples_are_balanced_and_mixed(patches):
    small = data.load("photo_patches", train=80, val=16, test=0)
    np.testing.assert_array_equal(small.X_train, patches.X_train[:80])
    assert (np.bincount(small.y_train) == 10).all() and (np.bincount(small.y_val) == 2).all()
    assert len(small.y_test) == 0
    assert len({tuple(row) for row in patches.y_train.reshape(-1, 8)}) > 200       # the rounds differ in their order


def test_every_patch_is_the_piece_of_its_photograph(patches):
    photos = photo_patches.photographs()
    for part, corners in photo_patches.corners().items():
        for patch, label, (row, column) in zip(getattr(patches, f"X_{part}"), getattr(patches, f"y_{part}"), corners):
            piece = photos[patches.class_names[label]][row:row + 32, column:column + 32]
            assert np.array_equal(patch, piece)


def test_no_pixel_of_a_photograph_is_in_two_parts(patches):
    """By painting every patch onto a sheet of its photograph's size, one sheet for each part."""
    for label, (name, photo) in enumerate(photo_patches.photographs().items()):
        sheets = np.zeros((3, *photo.shape[:2]), int)
        for sheet, (part, corners) in zip(sheets, photo_patches.corners().items()):
            for row, column in corners[getattr(patches, f"y_{part}") == label]:
                sheet[row:row + 32, column:column + 32] = 1
        assert sheets.sum(axis=0).max() == 1 and sheets.any(axis=(1, 2)).all(), name


def test_no_patch_is_there_twice(patches):
    images = np.concatenate([patches.X_train, patches.X_val, patches.X_test])
    assert len({image.tobytes() for image in images}) == 3_600


def test_the_names_fit_what_is_seen(patches):
    """The retina and the coffee's saucer are red, the sky over the rocket is blue, between galaxies it is black."""
    means = [patches.X_train[patches.y_train == label].mean(axis=(0, 1, 2)) for label in range(8)]
    red, green, blue = np.transpose(means)
    where = patches.class_names.index
    assert np.argmax(red - blue) in (where("retina"), where("coffee"))
    assert np.argmin(red + green + blue) == where("galaxies")
    assert blue[where("rocket")] > red[where("rocket")]
    assert (patches.X_train.max(axis=-1) > patches.X_train.min(axis=-1)).mean() > 0.9       # it is colour


def test_a_learner_cannot_damage_the_shared_arrays(patches):
    for array in (patches.X_train, patches.y_test, *photo_patches.photographs().values(),
                  *photo_patches.corners().values()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    photo_patches.photographs().clear()                 # each caller has a dict of its own
    assert list(photo_patches.photographs()) == list(patches.class_names)


def test_the_committed_file_is_the_one_the_code_expects():
    assert photo_patches.FILE.stat().st_size == photo_patches.SIZE < 2_500_000
    assert storage.sha256(photo_patches.FILE) == photo_patches.SHA256


def test_every_photograph_has_its_source_and_licence_named():
    text = (storage.PROJECT / "data" / "README.md").read_text(encoding="utf-8")
    section = text[text.index("## Photo patches"):text.index("## CIFAR-10")]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == list(photo_patches.CLASS_NAMES)
    assert all("CC0" in row or "CC BY 2.0" in row or "public domain" in row for row in rows)


def test_options_and_too_many_are_refused():
    with pytest.raises(TypeError, match=r"'photo_patches' has no option 'full'; it has train, val, test\."):
        data.load("photo_patches", full=True)
    with pytest.raises(ValueError, match="test = 601, but photo_patches has 600 test images at most"):
        data.load("photo_patches", test=601)


# ------------------------------------------------------------------------------------------------------------- damage
@pytest.fixture
def copy(tmp_path):
    return shutil.copy(photo_patches.FILE, tmp_path / "photo_patches.npz")


def refused(path):
    with pytest.raises(DataError) as caught:
        photo_patches._patches(path)
    text = str(caught.value)
    assert str(path) in text and "python data/build_photo_patches.py" in text and "git checkout data/" in text
    return text


def test_a_missing_or_truncated_file_is_refused(copy):
    copy.write_bytes(copy.read_bytes()[:700_000])
    assert "damaged" in (text := refused(copy)) and "700,000 bytes" in text and f"{photo_patches.SIZE:,}" in text
    copy.unlink()
    assert "missing" in refused(copy)


def test_another_valid_file_is_refused_by_its_checksum_or_shape(copy):
    content = storage.load_arrays(copy)
    storage.save_arrays(copy, **{**content, "labels": content["labels"][::-1]})
    assert "has been changed" in (text := refused(copy)) and photo_patches.SHA256 in text
    storage.save_arrays(copy, **{**content, "labels": content["labels"][:100]})
    assert "has shape (100,)" in refused(copy)


# ------------------------------------------------------------------------------------------------------ made once more
def test_the_file_can_be_made_again(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("build_photo_patches", BUILD)
    script = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec.loader.exec_module(script)
    pytest.importorskip("PIL", reason="Pillow reads the photographs, and is not installed")
    try:
        for package, file, _ in script.SOURCES.values():
            script.source(package, file)
    except FileNotFoundError as error:
        print(f"not built again: {error}")
        pytest.skip(str(error))
    made, committed = (storage.load_arrays(path) for path in (script.build(tmp_path / "made.npz"), photo_patches.FILE))
    assert list(made) == list(committed)
    for name in photo_patches.CLASS_NAMES:              # a JPEG decoder may round in its own way
        photos = [np.cumsum(arrays[name], axis=0, dtype=np.uint8).astype(int) for arrays in (made, committed)]
        assert abs(photos[0] - photos[1]).max() <= 3, name
    if all(np.array_equal(made[name], committed[name]) for name in photo_patches.CLASS_NAMES):
        np.testing.assert_array_equal(made["corners"], committed["corners"])
        np.testing.assert_array_equal(made["labels"], committed["labels"])


# ------------------------------------------------------------------------------------------------- it is worth learning
def standardised(split):
    mean, deviation = (getattr(np, name)(split.X_train, axis=(0, 1, 2), dtype=float) for name in ("mean", "std"))
    parts = {part: (((getattr(split, f"X_{part}") - mean) / deviation).astype(np.float32), getattr(split, f"y_{part}"))
             for part in PARTS}
    return make_split(split.name, split.class_names, parts)


def accuracy(pattern, rate, split, count):
    network, rng = architecture.parse(pattern, (32, 32, 3), 8), np.random.default_rng(0)
    *_, log = train.epochs(network, network.init(rng), split, optim.Momentum(rate), count=count, batch=50, rng=rng,
                           measure=None)
    return train.evaluate(network, log.params, split.X_test, split.y_test, measure=metrics.accuracy)


def test_a_small_convnet_learns_what_a_linear_classifier_cannot(patches):
    ready = standardised(patches)
    linear = accuracy("FC", 0.0003, ready, 10)
    convnet = accuracy("[CONV3-16 RELU POOL]*2 FC", 0.01, ready, 5)
    assert 0.4 < linear < 0.68 and 0.7 < convnet < 0.95 and convnet > linear + 0.12
