"""Features: what a layer makes of images, kept on disk whole, by everything they depend on."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cs231n_helpers import transfer
from cs231n_helpers.layers import Block, Conv, Dense, GlobalAvgPool, Parallel, ReLU
from cs231n_helpers.network import Network

NET = Network([Conv(4, 3, pad=1), ReLU(), Block([Conv(2, 1), Parallel([[Conv(3, 1)], [ReLU()]])], kind="fire"),
               GlobalAvgPool(), Dense(3)], (8, 8, 3))  # fmt: skip
ALL = ["conv1", "relu1", "fire1.conv1", "fire1.parallel1.branch1.conv1", "fire1.parallel1", "fire1", "gap1", "dense1"]


@pytest.fixture
def params(rng):
    return NET.init(rng)


@pytest.fixture
def X(rng):
    X = rng.integers(0, 256, (150, 8, 8, 3), dtype=np.uint8)        # more than are computed at a time
    X.setflags(write=False)
    return X


def files(folder):
    return sorted(Path(folder, "features").glob("*.npz"))


def test_features_of_every_layer_are_means_of_its_outputs(params, X, tmp_path):
    outputs = NET.activations(params, X / np.float32(255))
    found = transfer.features(NET, params, X, ALL, folder=tmp_path)
    assert list(found) == ALL and len(files(tmp_path)) == len(ALL)
    for name in ALL:
        output = outputs[name]
        mean = output.mean(axis=(1, 2)) if output.ndim == 4 else output
        assert_allclose(found[name], mean, rtol=1e-4, atol=1e-5, err_msg=name)
        assert_array_equal(transfer.features(NET, params, X, name, folder=tmp_path), found[name])
        flat = transfer.features(NET, params, X[:3], name, folder=False, pool=False)
        assert_allclose(flat, output[:3].reshape(3, -1), rtol=1e-4, atol=1e-5)


def test_the_result_is_read_only_and_comes_from_the_file(params, X, tmp_path, monkeypatch):
    first = transfer.features(NET, params, X, "fire1", folder=tmp_path)
    monkeypatch.setattr("cs231n_helpers.transfer.pooled.computed", None)     # it would be an error to call it
    again = transfer.features(NET, params, X, "fire1", folder=tmp_path)
    assert_array_equal(first, again)
    for array in (first, again):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1


def test_the_key_holds_weights_images_size_layer_and_pooling(params, X, tmp_path):
    def kept(network=NET, params=params, X=X, layer="relu1", **how):
        transfer.features(network, params, X, layer, folder=tmp_path, **how)
        return len(files(tmp_path))

    changed = X.copy()
    changed[7, 3, 3, 1] ^= 1
    more = {**params, "conv1.b": params["conv1.b"] + np.float32(1e-6)}
    other = Network([Conv(4, 3, pad=1, stride=1, fit="floor"), *NET.layers[1:]], NET.input_shape)
    counts = [kept(), kept(), kept(layer="fire1"), kept(size=12), kept(pool=False), kept(X=changed), kept(params=more),
              kept(network=other), kept(X=X[:100]), kept()]
    assert counts == [1, 1, 2, 3, 4, 5, 6, 7, 8, 8]


@pytest.mark.parametrize("harm", [lambda b: b"", lambda b: b[:len(b) // 2], lambda b: b"PK" + b[2:100] + bytes(99),
                                  lambda b: b"<html>", lambda b: b.replace(b"features", b"futures!")])
def test_a_damaged_file_is_put_aside_and_made_again(params, X, tmp_path, harm):
    first = transfer.features(NET, params, X, "fire1", folder=tmp_path)
    [path] = files(tmp_path)
    good = path.read_bytes()
    path.write_bytes(harm(good))
    assert_array_equal(transfer.features(NET, params, X, "fire1", folder=tmp_path), first)
    assert path.read_bytes() == good and path.with_name(path.name + ".bad").exists()


def test_a_folder_that_cannot_be_written_costs_a_warning_only(params, X, tmp_path):
    (tmp_path / "features").write_text("in the way")
    with pytest.warns(UserWarning, match="Not kept"):
        found = transfer.features(NET, params, X[:5], "fire1", folder=tmp_path)
    assert found.shape == (5, 5)


SCRIPT = """
import sys, numpy as np
from cs231n_helpers import transfer
from test_transfer_features import NET
rng = np.random.default_rng(0)
params, X = NET.init(rng), rng.integers(0, 256, (150, 8, 8, 3), dtype=np.uint8)
for round in range(12):
    F = transfer.features(NET, params, X[round % 3:], ["fire1", "relu1"], folder=sys.argv[1])
    print(float(F["fire1"].sum()), float(F["relu1"].sum()))
"""


def test_two_kernels_at_once(tmp_path):
    """Both begin with nothing, write the same files, and read each other's."""
    here = Path(__file__).parent
    settings = {"text": True, "cwd": here, "env": {**os.environ, "PYTHONPATH": str(here.parent)},
                "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}  # fmt: skip
    command = [sys.executable, "-W", "error", "-c", SCRIPT, str(tmp_path)]
    both = [subprocess.Popen(command, **settings) for _ in range(2)]
    (one, problem), (other, problems) = (process.communicate(timeout=120) for process in both)
    assert not problem + problems
    assert one == other and one.count("\n") == 12
    assert len(files(tmp_path)) == 6 and not list((tmp_path / "features").glob("*.tmp"))


def test_any_size_and_grey_images(params, tmp_path, rng):
    grey = rng.integers(0, 256, (4, 28, 28, 1), dtype=np.uint8)
    small, large = (transfer.features(NET, params, grey, "fire1", size=size, folder=False) for size in (8, 28))
    assert small.shape == large.shape == (4, 5) and not np.allclose(small, large)
    assert_allclose(transfer.features(NET, params, transfer.fitted(NET, grey), "fire1", folder=False), small, rtol=1e-5)
    assert transfer.features(NET, params, grey[:0], "fire1", folder=tmp_path).shape == (0, 5)


def test_a_layer_that_is_not_there_is_named(params, X):
    with pytest.raises(ValueError, match="layer must be one of"):
        transfer.features(NET, params, X, "fire2", folder=False)
