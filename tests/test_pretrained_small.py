"""The small network of our own: its file is what was committed, and it knows what it was trained on."""

import os
import shutil

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cs231n_helpers import data, metrics, pretrained
from cs231n_helpers.checks import DataError
from cs231n_helpers.pretrained import small_convnet


def test_it_is_small_and_read_only():
    network, params, names = pretrained.small()
    assert network.input_shape == (32, 32, 3) and network.out_shapes[-1] == (10,) == np.shape(names)
    assert params.keys() == network.shapes().keys() and small_convnet.FILE.stat().st_size < 250_000
    assert network.count() == 110_282 and all(array.dtype == np.float32 for array in params.values())
    with pytest.raises(ValueError, match="read-only"):
        params["conv1.W"][0] = 0
    again = pretrained.small()[1]
    again["conv1.W"] = 0                                            # a dict of one's own
    assert pretrained.small()[1]["conv1.W"] is params["conv1.W"]


def test_the_first_layer_normalises_pixels():
    network, params, _ = pretrained.small()
    X = np.random.default_rng(0).random((2, 32, 32, 3))
    first = network.activations(params, X, "standardise1")["standardise1"]
    assert_allclose(first, (X - small_convnet.MEAN) / np.array(small_convnet.STD), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [32, 64, 96])
def test_it_takes_several_sizes_and_gives_finite_scores(size):
    network, params, _ = pretrained.small(size)
    X = np.random.default_rng(0).random((3, size, size, 3), dtype=np.float32)
    assert network.predict(params, X).shape == (3, 10) and np.isfinite(network.predict(params, X)).all()


@pytest.mark.skipif(not os.environ.get("CS231N_CIFAR10"), reason="CIFAR-10 is not part of the project")
@pytest.mark.filterwarnings("ignore:.*not the official:UserWarning")
def test_it_says_the_right_thing_of_cifar10():
    split = data.load("cifar10", train=0, val=0)
    network, params, names = pretrained.small()
    assert names == split.class_names
    assert metrics.accuracy(network.predict(params, split.X_test / np.float32(255)), split.y_test) > 0.68


def test_a_changed_or_missing_file_is_refused(tmp_path):
    changed = tmp_path / "changed.npz"
    shutil.copy(small_convnet.FILE, changed)
    content = bytearray(changed.read_bytes())
    content[60_000] ^= 1
    changed.write_bytes(bytes(content))
    with pytest.raises(DataError, match="git checkout"):
        small_convnet._weights.__wrapped__(changed)
    with pytest.raises(DataError, match="missing"):
        small_convnet._weights.__wrapped__(tmp_path / "none.npz")
