"""Tables, memory and receptive fields of networks, in whole numbers; and the networks that made history."""

import tracemalloc
from math import prod

import numpy as np
import pytest

from cs231n_helpers import architecture, optim, train
from cs231n_helpers.architecture import memory, table
from cs231n_helpers.layers import (
    AvgPool,
    BatchNorm,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    Flatten,
    GlobalAvgPool,
    MaxPool,
    Parallel,
    ReLU,
    Residual,
)
from cs231n_helpers.network import Network

PUBLISHED = {name: getattr(architecture, name) for name in architecture.__all__ if name.isupper() and name != "CASES"}


def columns(network, *names, **settings):
    return [tuple(getattr(row, name) for name in names) for row in table(network, **settings)]


# --- the networks of the case studies -----------------------------------------------------------------------------

VGG = """224 3 0 | 224 64 1728 | 224 64 36864 | 112 64 0 | 112 128 73728 | 112 128 147456 | 56 128 0 | 56 256 294912
         | 56 256 589824 | 56 256 589824 | 28 256 0 | 28 512 1179648 | 28 512 2359296 | 28 512 2359296 | 14 512 0
         | 14 512 2359296 | 14 512 2359296 | 14 512 2359296 | 7 512 0 | 1 4096 102760448 | 1 4096 16777216
         | 1 1000 4096000"""  # size, depth, weights: the lines of the notes


def test_vgg16_row_for_row():
    lines = [[int(word) for word in line.split()] for line in VGG.split("|")]
    rows = table(architecture.VGG16)
    assert len(rows) == len(lines) == 22
    for row, (size, depth, weights) in zip(rows, lines):
        assert row.shape == ((size, size, depth) if size > 1 else (depth,))
        assert row.activations == size * size * depth
        assert row.parameters == weights + (0 if weights == 0 else depth)  # the notes leave the offsets out
    assert sum(weights for *_, weights in lines) == 138_344_128
    assert sum(row.parameters for row in rows) == architecture.VGG16.count() == 138_357_544 == 138_344_128 + 13_416
    assert sum(row.activations for row in rows) == 15_237_608
    assert sum(row.activations for row in table(architecture.VGG16, in_place=False)) == 28_801_512  # ReLU's twice
    assert sum(row.multiply_adds for row in rows) == 15_470_264_320
    assert [row.receptive_field for row in rows[:4]] == [1, 3, 5, 6]


@pytest.mark.parametrize(("name", "count"), [
    ("LENET", 61_706), ("ALEXNET", 60_965_224), ("ZFNET", 62_357_608), ("GOOGLENET", 6_998_552), ("VGG16", 138_357_544),
    ("RESNET50", 25_557_032)])  # fmt: skip
def test_published_counts(name, count):
    network = PUBLISHED[name]
    assert network.count() == sum(row.parameters for row in table(network)) == count
    assert network.out_shapes[-1] == ((10,) if name == "LENET" else (1000,))
    assert f"{count:,}" in architecture.published.__doc__


def test_all_that_is_published_is_tested():
    assert set(PUBLISHED) == {"LENET", "ALEXNET", "ZFNET", "GOOGLENET", "VGG16", "RESNET50"}


def test_the_case_studies_by_year_and_depth():
    assert [case.network for case in architecture.CASES.values()] == list(PUBLISHED.values())
    assert {name: (case.year, architecture.depth(case.network)) for name, case in architecture.CASES.items()} == {
        "LeNet-5": (1998, 5), "AlexNet": (2012, 8), "ZF Net": (2013, 8), "GoogLeNet": (2014, 22), "VGG-16": (2014, 16),
        "ResNet-50": (2015, 50)}  # fmt: skip


@pytest.mark.parametrize(("name", "size"), [("GOOGLENET", 64), ("RESNET50", 33)])
def test_graphs_compute_with_the_shapes_they_promise(name, size, rng):
    """On smaller pictures: what follows the last convolution is a mean over all places, whatever their number."""
    network = Network(PUBLISHED[name].layers, (size, size, 3))
    assert network.count() == PUBLISHED[name].count()
    params = {key: np.full(shape, 0.01, np.float32) for key, shape in network.shapes().items()}
    outputs = network.activations(params, rng.random((1, size, size, 3)))
    assert {key: array.shape[1:] for key, array in outputs.items()} == {key: out for key, *_, out in network.walk()}


def conv(size, inputs, filters):
    return size * size * inputs * filters + filters


def test_lenet_alexnet_and_zf_net_by_hand():
    assert 25 * 6 + 6 + conv(5, 6, 16) + conv(5, 16, 120) + 121 * 84 + 85 * 10 == 61_706
    heads = 9217 * 4096 + 4097 * 4096 + 4097 * 1000
    halves = conv(11, 3, 96) + conv(5, 48, 256) + conv(3, 256, 384) + conv(3, 192, 384) + conv(3, 192, 256)
    assert halves + heads == 60_965_224
    whole = conv(7, 3, 96) + conv(5, 96, 256) + conv(3, 256, 384) + conv(3, 384, 384) + conv(3, 384, 256)
    assert whole + heads == 62_357_608
    assert [row.shape[:2] for row in table(architecture.ZFNET) if row.name[:4] in ("conv", "pool")] == [
        (n, n) for n in (110, 55, 26, 13, 13, 13, 13, 6)]  # fmt: skip  figure 3
    assert [row.shape[0] for row in table(architecture.ALEXNET) if row.name[:4] in ("conv", "pool")] == [
        55, 27, 27, 13, 13, 13, 13, 6]  # fmt: skip
    sizes = [(row.shape[0], row.parameters) for row in table(architecture.LENET)]
    assert sizes == [(32, 0), (28, 156), (14, 0), (10, 2416), (5, 0), (1, 48_120), (84, 10_164), (10, 850)]


INCEPTIONS = {(28, 192): [(64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)],
              (14, 480): [(192, 96, 208, 16, 48, 64), (160, 112, 224, 24, 64, 64), (128, 128, 256, 24, 64, 64),
                          (112, 144, 288, 32, 64, 64), (256, 160, 320, 32, 128, 128)],
              (7, 832): [(256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)]}  # fmt: skip


def test_googlenet_by_the_lines_of_its_table():
    count, shapes = conv(7, 3, 64) + conv(1, 64, 64) + conv(3, 64, 192), []
    for (size, depth), modules in INCEPTIONS.items():
        for one, three_in, three, five_in, five, pool in modules:
            count += (conv(1, depth, one) + conv(1, depth, three_in) + conv(3, three_in, three)
                      + conv(1, depth, five_in) + conv(5, five_in, five) + conv(1, depth, pool))  # fmt: skip
            depth = one + three + five + pool
            shapes.append((size, size, depth))
    assert count + 1025 * 1000 == 6_998_552 and depth == 1024
    rows = table(architecture.GOOGLENET)
    assert [row.shape for row in rows if row.name.startswith("parallel") and "." not in row.name] == shapes
    assert 1.5e9 < sum(row.multiply_adds for row in rows) < 1.6e9  # "1.5 billion" in the paper


def test_resnet50_by_the_lines_of_its_table():
    count, depth = 49 * 3 * 64 + 2 * 64, 64
    for filters, blocks in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for number in range(blocks):
            count += depth * filters + 9 * filters**2 + 4 * filters**2 + 2 * (filters + filters + 4 * filters)
            count += (depth * 4 * filters + 2 * 4 * filters) if number == 0 else 0
            depth = 4 * filters
    assert count + 2049 * 1000 == 25_557_032
    blocks = [row for row in table(architecture.RESNET50) if row.name.startswith("residual") and "." not in row.name]
    assert [row.shape[0] for row in blocks] == [56] * 3 + [28] * 4 + [14] * 6 + [7] * 3
    assert round(sum(row.multiply_adds for row in table(architecture.RESNET50)) / 1e9, 1) == 3.9  # paper: 3.8


def test_receptive_fields_are_those_of_others():
    """By another program: Araujo, Norris and Sim 2019, Computing receptive fields of convolutional neural networks."""
    fields = {name: {row.name: row.receptive_field for row in table(network)} for name, network in PUBLISHED.items()}
    alexnet = [fields["ALEXNET"][name] for name in ("conv1", "pool1", "conv2", "conv3", "conv4", "conv5", "pool3")]
    assert alexnet == [11, 19, 51, 99, 131, 163, 195]
    assert [fields["VGG16"][f"pool{n}"] for n in range(1, 6)] == [6, 16, 44, 100, 212]
    assert fields["RESNET50"]["residual16"] == 483
    assert fields["LENET"]["conv3"] == fields["LENET"]["dense1"] == 32  # the whole picture


def test_nothing_is_allocated():
    tracemalloc.start()
    for network in PUBLISHED.values():
        table(network), memory(network, batch=100, rule=optim.Adam(1e-3)), network.describe()
    assert tracemalloc.get_traced_memory()[1] < 3e6  # VGG-16 alone has 553 MB of weights
    tracemalloc.stop()


def test_lenet_trains(rng):
    X, y = rng.standard_normal((40, 32, 32, 1), dtype=np.float32), rng.integers(0, 10, 40)
    X[np.arange(40), 3 * y, 5:9] += 5
    lenet, rule = architecture.LENET, optim.Adam(3e-3)
    steps = list(train.steps(lenet, lenet.init(rng), X, y, rule, count=16, batch=20, rng=rng))
    assert steps[-1].loss < 0.5 * steps[0].loss


# --- tables -------------------------------------------------------------------------------------------------------

MIXED = Network([
    Conv(6, 5, stride=2, pad=2, fit="floor"), BatchNorm(), ReLU(), MaxPool(2),
    Residual([Conv(6, 3, pad=1), ReLU(), Conv(6, 3, pad=2, dilation=2)], [Conv(6, 1)]),
    Parallel([[Conv(2, 1)], [Conv(3, 5, pad=2), Residual([DepthwiseConv(3, pad=1)])], [AvgPool(3, 1, 1)], []]),
    Conv(4, 3, groups=1, stride=2, pad=((0, 1), (0, 1))), Dropout(0.5), Flatten(), Dense(7), ReLU(), Dense(3),
], (24, 24, 2))  # fmt: skip


@pytest.mark.parametrize("network", [MIXED, *PUBLISHED.values()], ids=["MIXED", *PUBLISHED])
@pytest.mark.parametrize("in_place", [True, False])
def test_a_table_agrees_with_the_network(network, in_place):
    rows, walked = table(network, in_place), {name: (layer, out) for name, layer, _, out in network.walk()}
    assert rows[0][:4] == ("input", network.input_shape, prod(network.input_shape), 0)
    assert sum(row.parameters for row in rows) == network.count()
    assert all(walked[row.name][1] == row.shape for row in rows[1:])
    left_out = walked.keys() - {row.name for row in rows}
    assert bool(left_out) == in_place
    assert {walked[name][0].kind for name in left_out} <= {"relu", "tanh", "dropout", "flatten"}
    assert all(type(number) is int for row in rows for number in row[2:5])
    if not in_place:
        assert all(row.activations == prod(row.shape) for row in rows)


def test_multiply_adds_are_those_of_the_loops():
    found = dict(columns(MIXED, "name", "multiply_adds"))
    assert found["conv1"] == 12 * 12 * 6 * (5 * 5 * 2) and found["residual1.conv2"] == 6 * 6 * 6 * (3 * 3 * 6)
    assert found["parallel1.branch2.residual1.depthwise1"] == 6 * 6 * 3 * 9
    assert found["dense1"] == 3 * 3 * 4 * 7 and found["dense2"] == 21
    assert found["parallel1"] == found["pool1"] == found["bn1"] == 0
    grouped = Network([Conv(8, 3, groups=4)], (5, 5, 8))
    assert columns(grouped, "multiply_adds")[1] == (3 * 3 * 8 * (3 * 3 * 2),)


def test_receptive_fields_are_what_moves_the_output(rng):
    """Each pixel of the input is moved: those that change the number in the middle span its receptive field."""
    layers = [Conv(2, 3, stride=2), AvgPool(2), Residual([Conv(2, 3, dilation=2, pad=2)]),
              Parallel([[Conv(1, 1)], [Conv(1, (3, 5), pad=((1, 1), (2, 2)))]]), Conv(1, 3)]  # fmt: skip
    network = Network(layers, (65, 65, 1))
    params = {name: 1 + rng.random(shape) for name, shape in network.shapes().items()}
    X = rng.random((1, 65, 65, 1))
    scores, back = network.forward(params, X)
    d = np.zeros_like(scores)
    middle = scores.shape[1] // 2, scores.shape[2] // 2
    d[0, middle[0], middle[1]] = 1
    dX = back(d)[1][0, :, :, 0]
    spans = tuple(np.ptp(places) + 1 for places in np.nonzero(dX > 1e-9 * dX.max()))        # above all rounding
    assert table(network)[-1].receptive_field == spans == (3 + 2 + 4 * (4 + 2 + 2), 3 + 2 + 4 * (4 + 4 + 2))


def test_receptive_fields_of_the_notes():
    three = Network([Conv(4, 3)] * 3, (9, 9, 4))
    assert [row.receptive_field for row in table(three)] == [1, 3, 5, 7]
    assert table(Network([Conv(4, 7)], (9, 9, 4)))[-1].receptive_field == 7
    assert three.count() - 12 == 27 * 4**2 and Network([Conv(4, 7)], (9, 9, 4)).count() - 4 == 49 * 4**2
    assert table(Network([Conv(4, 3, dilation=2)] * 2, (30, 30, 1)))[-1].receptive_field == 9
    assert table(Network([Conv(4, 3), GlobalAvgPool(), Dense(2)], (9, 9, 1)))[-2].receptive_field == 9
    assert table(Network([Conv(4, (1, 3))], (9, 9, 1)))[-1].receptive_field == (1, 3)
    assert [row.receptive_field for row in table(Network([Dense(5), Dense(2)], (30,)))] == [1, 30, 30]
    assert [row.receptive_field for row in table(Network([Conv(2, 2), Flatten(), Dense(2)], (3, 4, 1)), )] == [
        1, 2, (3, 4)]  # fmt: skip


# --- memory -------------------------------------------------------------------------------------------------------


def test_the_three_sources_of_memory():
    found = memory(architecture.VGG16)
    assert found.activations == found.activation_gradients == 15_237_608 * 4  # 58.1 MiB, not 93 MB
    assert found.parameters == found.parameter_gradients == 138_357_544 * 4 and found.cache == 0
    assert found.miscellaneous == 224 * 224 * 3 * 4 + 8
    assert found.total == sum(found.sources.values()) == sum(found)
    assert list(found.sources) == ["activations", "parameters", "miscellaneous"]


@pytest.mark.parametrize(("rule", "kept"), [(None, 0), (optim.SGD(0.1), 0), (optim.Momentum(0.1), 1),
                                            (optim.Nesterov(0.1), 1), (optim.Adagrad(0.1), 1), (optim.RMSprop(0.1), 1),
                                            (optim.Adam(0.1), 2)], ids=str)  # fmt: skip
def test_rules_remember(rule, kept):
    count = MIXED.count()
    found = memory(MIXED, batch=10, rule=rule, bytes=8)
    assert found.cache == kept * count * 8 and found.sources["parameters"] == (2 + kept) * count * 8
    assert found.activations == 10 * 8 * sum(row.activations for row in table(MIXED))
    assert found.miscellaneous == 10 * (24 * 24 * 2 * 8 + 8) + 12 * 8  # batch norm's means and variances
    assert memory(MIXED, in_place=False).activations == 4 * sum(row.activations for row in table(MIXED, in_place=False))


@pytest.mark.parametrize(("make", "error", "words"), [
    (lambda: memory(MIXED, batch=0), ValueError, "memory: batch must be at least 1"),
    (lambda: memory(MIXED, bytes=2.5), TypeError, "memory: bytes must be a whole number"),
    (lambda: memory(MIXED, rule=optim.Adam), TypeError, "memory: rule must be an update rule such as Momentum"),
    (lambda: memory(MIXED, rule="adam"), TypeError, "memory: rule must be an update rule"),
])  # fmt: skip
def test_mistakes_are_named(make, error, words):
    with pytest.raises(error, match=words):
        make()
