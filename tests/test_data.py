"""Splits, folds, batches, toy sets, and the embedded Fashion-MNIST."""

import os
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from cs231n_helpers import data, storage
from cs231n_helpers.checks import DataError
from cs231n_helpers.data import fashion_mnist, split, toy

PARTS = ("train", "val", "test")


def arrays(loaded):
    return {f"{axis}_{part}": getattr(loaded, f"{axis}_{part}") for part in PARTS for axis in "Xy"}


# ------------------------------------------------------------------------------------------- the embedded default set
def test_the_default_set_has_its_counts_shapes_and_balance():
    loaded = data.load()
    assert loaded.name == "fashion_mnist" and len(loaded.class_names) == 10
    for part, count in zip(PARTS, (9_000, 1_000, 2_000)):
        X, y = getattr(loaded, f"X_{part}"), getattr(loaded, f"y_{part}")
        assert X.shape == (count, 28, 28, 1) and X.dtype == np.uint8
        assert y.shape == (count,) and y.dtype == np.int64
        assert [(y == label).sum() for label in range(10)] == [count // 10] * 10
    assert loaded.X_train.max() == 255 and loaded.X_train.min() == 0


def test_no_image_is_in_two_places():
    loaded = data.load()
    images = np.concatenate([loaded.X_train, loaded.X_val, loaded.X_test])
    assert len({image.tobytes() for image in images}) == 12_000


def test_labels_belong_to_their_images():
    """By what can be seen: trousers are narrow, bags wide, ankle boots heavier at the bottom right than sandals."""
    loaded = data.load()
    ink = {label: loaded.X_train[loaded.y_train == label][..., 0].mean(0) for label in range(10)}
    sides = {label: picture[:, :6].mean() + picture[:, 22:].mean() for label, picture in ink.items()}
    assert loaded.class_names[1] == "Trouser" and min(sides, key=sides.get) == 1
    assert loaded.class_names[5] == "Sandal" and min(ink, key=lambda label: ink[label][:14].mean()) in (5, 7)
    rows = loaded.X_train.reshape(9000, -1).astype(float)
    means = np.stack([rows[loaded.y_train == label].mean(0) for label in range(10)])
    test = loaded.X_test.reshape(2000, -1).astype(float)
    nearest = ((test[:, None] - means) ** 2).sum(2).argmin(1)
    assert 0.64 < (nearest == loaded.y_test).mean() < 0.72         # 0.1 if labels were shifted or shuffled


def test_counts_take_the_first_examples_balanced_and_always_the_same():
    whole, small = data.load(), data.load("fashion_mnist", train=500, val=30, test=0)
    for part, count in zip(PARTS, (500, 30, 0)):
        np.testing.assert_array_equal(getattr(small, f"X_{part}"), getattr(whole, f"X_{part}")[:count])
        np.testing.assert_array_equal(getattr(small, f"y_{part}"), getattr(whole, f"y_{part}")[:count])
    assert (np.bincount(small.y_train) == 50).all() and (np.bincount(small.y_val) == 3).all()
    ragged = np.bincount(data.load(train=1234).y_train, minlength=10)
    assert ragged.sum() == 1234 and set(ragged) == {123, 124}


def test_the_order_is_mixed():
    y = data.load().y_train
    assert len({tuple(y[i:i + 10]) for i in range(0, 9000, 10)}) > 850      # not 0..9 over and over


def test_a_learner_cannot_damage_the_shared_arrays():
    for array in arrays(data.load()).values():
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(AttributeError):
        data.load().name = "mine"
    copy = data.load().X_train.astype(np.float32)
    copy[0] = 7                                         # a conversion is a copy, and may be written to


def test_loading_is_quick():
    times = []
    for _ in range(3):
        fashion_mnist._subset.cache_clear()
        began = time.perf_counter()
        data.load()
        times.append(time.perf_counter() - began)
    assert min(times) < 0.3


def test_the_committed_file_is_the_one_the_code_expects():
    assert fashion_mnist.SUBSET.stat().st_size == fashion_mnist.SIZE < 5_200_000
    assert storage.sha256(fashion_mnist.SUBSET) == fashion_mnist.SHA256


def test_repr_says_what_it_is():
    assert repr(data.load(train=20)) == (
        "Split(fashion_mnist: 20 train, 1,000 val, 2,000 test; one example (28, 28, 1); 10 classes)")


# ------------------------------------------------------------------------------------------- damage to the default set
@pytest.fixture
def copy(tmp_path):
    path = tmp_path / "fashion_mnist.npz"
    shutil.copy(fashion_mnist.SUBSET, path)
    return path


def refused(path):
    """The error that loading `path` gives; the file stays where it is."""
    before = path.read_bytes()
    with pytest.raises(DataError) as caught:
        fashion_mnist._subset(path)
    assert path.read_bytes() == before
    text = str(caught.value)
    assert str(path) in text and "python data/build_fashion_mnist.py" in text and "git checkout data/" in text
    assert "pickle" not in text
    return text


def test_a_truncated_set_is_refused_with_both_sizes(copy):
    copy.write_bytes(copy.read_bytes()[:2_651_022])
    text = refused(copy)
    assert "damaged" in text and "2,651,022 bytes" in text and f"{fashion_mnist.SIZE:,} bytes" in text


@pytest.mark.parametrize("place", [0, 10, 1_000, 2_500_000, -3])
def test_one_flipped_byte_is_refused(copy, place):
    content = bytearray(copy.read_bytes())
    content[place] ^= 1
    copy.write_bytes(content)
    refused(copy)


def test_another_valid_set_is_refused_by_its_checksum(copy):
    content = storage.load_arrays(copy)
    content["labels"][:2] = content["labels"][1::-1]
    storage.save_arrays(copy, level=1, **content)
    text = refused(copy)
    assert "has been changed" in text and storage.sha256(copy) in text and fashion_mnist.SHA256 in text


def test_empty_and_html_files_are_refused(copy):
    copy.write_bytes(b"")
    assert "empty" in refused(copy)
    copy.write_bytes(b"<html>Please log in</html>")
    assert "HTML page" in refused(copy)


def test_a_set_of_other_size_is_refused(copy):
    content = storage.load_arrays(copy)
    storage.save_arrays(copy, **{name: array[:100] for name, array in content.items()})
    assert "has shape (100" in refused(copy)


# ----------------------------------------------------------------------------------------------------- asking wrongly
@pytest.mark.parametrize("call, error, said", [
    ({"name": "mnist"}, ValueError,
     "'fashion_mnist', 'photo_patches', 'cifar10', 'blobs', 'spiral', 'circles', 'moons', got 'mnist'"),
    ({"name": ["blobs"]}, ValueError, "must be one of"),
    ({"train": 9_001}, ValueError, "train = 9,001, but fashion_mnist has 9,000 train images at most"),
    ({"test": -1}, ValueError, "test must be at least 0, got -1"),
    ({"val": 2.5}, TypeError, "val must be a whole number, got 2.5"),
    ({"train": "10"}, TypeError, "train must be a whole number, got '10'"),
    ({"noise": 0.1}, TypeError, "'fashion_mnist' has no option 'noise'; it has train, val, test, full"),
    ({"name": "cifar10", "full": True}, TypeError, "'cifar10' has no option 'full'; it has train, val, test."),
    ({"name": "moons", "full": True}, TypeError, "it has train, val, test, classes, noise, seed"),
    ({"name": "moons", "classes": 3}, ValueError, "classes must be 2, got 3"),
    ({"name": "blobs", "classes": 1}, ValueError, "classes must lie between 2 and 10"),
    ({"name": "blobs", "noise": -1}, ValueError, "noise must be at least 0"),
    ({"name": "blobs", "noise": float("nan")}, ValueError, "noise must be finite"),
    ({"name": "blobs", "seed": -1}, ValueError, "seed must be at least 0"),
    ({"name": "blobs", "train": 10**9}, ValueError, "train must lie between 0 and 1000000"),
])
def test_wrong_calls_say_what_is_right(call, error, said):
    with pytest.raises(error) as caught:
        data.load(**call)
    assert said in str(caught.value) and str(caught.value).startswith("data.load")


# --------------------------------------------------------------------------------------------------------- toy sets
@pytest.mark.parametrize("name", toy.NAMES)
def test_toy_sets_are_balanced_reproducible_points_near_the_origin(name):
    loaded, again, other = data.load(name), data.load(name), data.load(name, seed=1)
    for part, count in zip(PARTS, (300, 100, 100)):
        X, y = getattr(loaded, f"X_{part}"), getattr(loaded, f"y_{part}")
        assert X.shape == (count, 2) and X.dtype == np.float64 and y.dtype == np.int64
        assert np.ptp(np.bincount(y, minlength=toy.CLASSES[name])) <= 1
        np.testing.assert_array_equal(X, getattr(again, f"X_{part}"))
        assert not np.array_equal(X, getattr(other, f"X_{part}"))
        assert np.abs(X).max() < 2 and np.abs(X.mean(0)).max() < 0.2
    assert loaded.name == name and len(loaded.class_names) == toy.CLASSES[name]
    clean = data.load(name, noise=0)                    # the parts are other points, not the same with other noise
    assert name == "blobs" or not np.allclose(clean.X_train[:100], clean.X_test)


@pytest.mark.parametrize("name", toy.NAMES)
def test_the_first_points_do_not_depend_on_how_many_are_asked_for(name):
    few, many = data.load(name, train=50, test=7), data.load(name, train=500, test=70)
    np.testing.assert_array_equal(few.X_train, many.X_train[:50])
    np.testing.assert_array_equal(few.X_test, many.X_test[:7])
    np.testing.assert_array_equal(few.X_val, many.X_val)


def test_shapes_without_noise_are_the_curves_they_claim_to_be():
    circles = data.load("circles", classes=4, noise=0)
    np.testing.assert_allclose(np.hypot(*circles.X_train.T), (circles.y_train + 1) / 4)
    blobs = data.load("blobs", classes=5, noise=0)
    assert len(np.unique(blobs.X_train.round(9), axis=0)) == 5
    spiral = data.load("spiral", classes=3, noise=0)
    radius, angle = np.hypot(*spiral.X_train.T), np.arctan2(spiral.X_train[:, 1], spiral.X_train[:, 0])
    turned = np.exp(1j * (angle - 4 * radius)) - np.exp(2j * np.pi * spiral.y_train / 3)
    assert np.abs(turned).max() < 1e-9
    moons = data.load("moons", noise=0)
    centres = np.where(moons.y_train[:, None] == 0, [-1 / 3, -1 / 6], [1 / 3, 1 / 6])
    np.testing.assert_allclose(np.hypot(*(moons.X_train - centres).T), 1 / 1.5)


def test_noise_is_the_standard_deviation_of_a_coordinate():
    clean, noisy = (data.load("moons", train=20_000, noise=noise).X_train for noise in (0, 0.3))
    assert np.std(noisy - clean, axis=0) == pytest.approx([0.3, 0.3], rel=0.02)


def test_toy_sets_leave_the_global_random_state_alone():
    np.random.seed(0)                                                       # noqa: NPY002
    before = np.random.get_state()[1].copy()                                # noqa: NPY002
    data.load("spiral")
    data.load()
    np.testing.assert_array_equal(np.random.get_state()[1], before)         # noqa: NPY002


# ------------------------------------------------------------------------------------------------- folds and batches
@pytest.mark.parametrize("n, k", [(10, 5), (11, 5), (7, 7), (100, 3), (2, 2)])
def test_folds_cover_everything_once(n, k):
    dealt = data.folds(n, k, np.random.default_rng(0))
    assert isinstance(dealt, list) and len(dealt) == k
    for train, val in dealt:
        assert sorted([*train, *val]) == list(range(n))
        assert set(train).isdisjoint(val)
    assert sorted(np.concatenate([val for _, val in dealt])) == list(range(n))
    sizes = [len(val) for _, val in dealt]
    assert max(sizes) - min(sizes) <= 1


def test_folds_are_random_and_follow_the_seed():
    first, again, other = (data.folds(50, 5, np.random.default_rng(seed)) for seed in (3, 3, 4))
    for (_, a), (_, b) in zip(first, again):
        np.testing.assert_array_equal(a, b)
    assert any(set(a) != set(c) for (_, a), (_, c) in zip(first, other))
    assert set(first[0][1]) != set(range(10))


@pytest.mark.parametrize("n, size, sizes", [(10, 4, [4, 4, 2]), (8, 4, [4, 4]), (3, 10, [3]), (5, 1, [1] * 5)])
def test_batches_are_one_shuffled_pass(n, size, sizes):
    got = list(data.batches(n, size, np.random.default_rng(0)))
    assert [len(batch) for batch in got] == sizes
    assert sorted(np.concatenate(got)) == list(range(n))


def test_batches_differ_from_epoch_to_epoch_and_follow_the_seed():
    rng = np.random.default_rng(5)
    one, two = (np.concatenate(list(data.batches(100, 7, rng))) for _ in range(2))
    rng = np.random.default_rng(5)
    assert not np.array_equal(one, two) and not np.array_equal(one, np.arange(100))
    np.testing.assert_array_equal(one, np.concatenate(list(data.batches(100, 7, rng))))


@pytest.mark.parametrize("call, error, said", [
    (lambda rng: data.folds(10, 1, rng), ValueError, "data.folds: k must lie between 2 and 10, got 1"),
    (lambda rng: data.folds(10, 11, rng), ValueError, "between 2 and 10, got 11"),
    (lambda rng: data.folds(10, 2.5, rng), TypeError, "k must be a whole number"),
    (lambda rng: data.folds(1, 2, rng), ValueError, "n must be at least 2"),
    (lambda rng: data.folds(10, 5, 0), TypeError, "rng must be a random generator, got 0. Write np.random.default_rng"),
    (lambda rng: data.batches(10, 0, rng), ValueError, "data.batches: size must be at least 1, got 0"),
    (lambda rng: data.batches(0, 5, rng), ValueError, "n must be at least 1"),
    (lambda rng: data.batches(10, 5, None), TypeError, "rng must be a random generator"),
])
def test_wrong_folds_and_batches_are_refused_when_called(call, error, said):
    with pytest.raises(error) as caught:
        call(np.random.default_rng(0))
    assert said in str(caught.value)


# ------------------------------------------------------------------------------------------------------ the orderings
def test_balanced_order_by_hand():
    y = np.array([2, 2, 0, 1, 1, 2, 0])
    np.testing.assert_array_equal(split.balanced_order(y), [0, 2, 3, 1, 4, 6, 5])
    assert split.balanced_order(np.array([], int)).shape == (0,)


def test_hold_out_takes_the_last_tenth_of_each_class():
    y = np.repeat([1, 0], [20, 30])
    train, val = split.hold_out(y)
    assert sorted(val) == [18, 19, 47, 48, 49] and sorted([*train, *val]) == list(range(50))
    np.testing.assert_array_equal(y[train][:10], [1, 0] * 5)


def test_importing_data_needs_numpy_alone():
    """pooch, requests and tqdm are imported when something is fetched, and only then."""
    code = ("import sys; from cs231n_helpers import data; data.load(train=10); data.load('moons');"
            "print(sorted({'pooch', 'requests', 'urllib3', 'tqdm', 'matplotlib'} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(storage.PROJECT)},
                          capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
