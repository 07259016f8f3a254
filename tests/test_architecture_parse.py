"""The course's pattern becomes a network, or an error that names the column."""

import numpy as np
import pytest

from cs231n_helpers import architecture
from cs231n_helpers.architecture import PatternError, parse, table
from cs231n_helpers.layers import (
    AvgPool,
    BatchNorm,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    Flatten,
    GlobalAvgPool,
    LeakyReLU,
    LocalResponseNorm,
    MaxPool,
    ReLU,
    Sigmoid,
    Tanh,
)

C, F = Conv(32, 3, pad=1), [Dense(128), ReLU()]


def layers_of(text, shape=(32, 32, 3), classes=10):
    return list(parse(text, shape, classes).layers)


def test_the_pattern_of_the_course():
    network = parse("INPUT -> [[CONV3-32 -> RELU]*2 -> POOL]*2 -> [FC128 -> RELU]*1 -> FC", (32, 32, 3), 10)
    assert list(network.layers) == [C, ReLU(), C, ReLU(), MaxPool(2)] * 2 + [*F, Dense(10)]
    assert network.count() == 28 * 32 + 3 * 289 * 32 + 2049 * 128 + 129 * 10 == 292_202
    assert network.out_shapes[9] == (8, 8, 32) and "292,202" in parse.__doc__
    scores, _ = network.forward(network.init(np.random.default_rng(0)), np.zeros((2, 32, 32, 3)))
    assert scores.shape == (2, 10)


@pytest.mark.parametrize("text", [
    "input->[[conv->relu]*2->pool]*2->[fc->relu]*1->fc", "INPUT → [[CONV → RELU]*2 → POOL]*2 → [FC → RELU] → FC",
    "  [ [ CONV 3 - 32 , RELU ] * 2 POOL2 ] × 2   FC 128 ReLU\n\tFC10  ", "[[CONV-RELU]*2-POOL]*2-FC128-RELU-FC",
    "[[Conv3-32 --> ReLU]*2 => MaxPool2/2]*2 => [FC128, RELU]*1 ; FC",
    "[[CONV3x3-32S1P1 RELU]*2 POOL]*2 FC RELU FC",
    "[[CONV3-32 RELU]*2 POOL]*2 [FC RELU]*1 [CONV TANH]*0 FC",
])  # fmt: skip
def test_spaces_arrows_and_capitals_do_not_matter(text):
    assert layers_of(text) == [C, ReLU(), C, ReLU(), MaxPool(2)] * 2 + [*F, Dense(10)]


@pytest.mark.parametrize(("word", "layer"), [
    ("CONV", C), ("CONV5", Conv(32, 5, pad=2)), ("CONV-8", Conv(8, 3, pad=1)), ("CONV1-8", Conv(8, 1)),
    ("CONV11-96/4P0", Conv(96, 11, 4, 0)), ("CONV5-8/3 P0", Conv(8, 5, 3, 0)), ("CONV5-8s3p0", Conv(8, 5, 3, 0)),
    ("CONV3-8D2", Conv(8, 3, pad=2, dilation=2)), ("CONV2-8P0", Conv(8, 2)),
    ("CONV2-8D2", Conv(8, 2, pad=1, dilation=2)),
    ("CONV3x5-8", Conv(8, (3, 5), pad=((1, 1), (2, 2)))), ("CONV7-64/2floor", Conv(64, 7, 2, 3, fit="floor")),
    ("CONV3-6G3", Conv(6, 3, pad=1, groups=3)), ("DW3", DepthwiseConv(3, pad=1)), ("DW", DepthwiseConv(3, pad=1)),
    ("DW5/3P0", DepthwiseConv(5, 3)), ("POOL", MaxPool(2)), ("POOL3/1", MaxPool(3, 1)), ("POOL4", MaxPool(4)),
    ("POOL3/2 ceil", MaxPool(3, 2, fit="ceil")), ("POOL3/1P1", MaxPool(3, 1, 1)), ("MAXPOOL2", MaxPool(2)),
    ("AVGPOOL2/1", AvgPool(2, 1)), ("RELU", ReLU()), ("LEAKYRELU", LeakyReLU()), ("TANH", Tanh()),
    ("SIGMOID", Sigmoid()),
    ("BN", BatchNorm()), ("LRN", LocalResponseNorm()), ("GAP", GlobalAvgPool()), ("FLATTEN", Flatten()),
    ("DROPOUT", Dropout(0.5)), ("DROPOUT0.8", Dropout(0.8)), ("DROPOUT .25", Dropout(0.25)), ("FC7", Dense(7)),
    ("FC", Dense(128))])  # fmt: skip
def test_every_word(word, layer):
    shape = (227, 227, 3) if word.startswith("CONV11") else (32, 32, 3)
    assert layers_of(f"{word} FC", shape) == [layer, Dense(10)]


def test_every_word_is_in_the_docstring():
    for name in architecture.pattern.KNOWN:
        assert name in parse.__doc__ or name == "MAXPOOL"


def test_counts_in_counts():
    assert layers_of("[[FC5]*2 [RELU TANH]*0 [SIGMOID]*3]*2 FC") == [
        *([Dense(5)] * 2 + [Sigmoid()] * 3) * 2, Dense(10)]  # fmt: skip
    assert layers_of("FC5*3 FC") == [Dense(5)] * 3 + [Dense(10)]
    assert layers_of("FC") == [Dense(10)] == layers_of("INPUT FC10")
    assert layers_of("CONV1-10 GAP") == [Conv(10, 1), GlobalAvgPool()]


def test_a_pattern_of_the_vgg_kind_fills_the_table():
    text = """[CONV3-64 RELU]*2 POOL [CONV3-128 RELU]*2 POOL [CONV3-256 RELU]*3 POOL [[CONV3-512 RELU]*3 POOL]*2
              [FC4096 RELU DROPOUT]*2 FC"""
    network = parse(text, (224, 224, 3), 1000)
    assert network == architecture.VGG16 and table(network) == table(architecture.VGG16)


@pytest.mark.parametrize(("text", "column", "words"), [
    ("", 1, "there is no layer. Expected one, such as CONV3-32 or FC"),
    ("   ", 1, "there is no layer"),
    ("INPUT ->", 9, "there is no layer"),
    ("[FC]*0", 7, "there is no layer"),
    ("[[CONV RELU]*2 POOL -> FC", 1, "this [ is never closed. Expected a ]"),
    ("CONV [RELU FC", 6, "this [ is never closed"),
    ("CONV RELU] FC", 10, "this ] closes nothing. Expected a layer, or ["),
    ("[CONV RELU]*N FC", 13, "* must be followed by a number, got 'N'. Expected a count such as *2"),
    ("[CONV RELU]* FC", 14, "got 'FC'"),
    ("CONV RELU POOL? FC", 15, "POOL? means that it may be left out. Expected a decision"),
    ("CONF3-32 FC", 1, "there is no layer 'CONF'. Did you mean CONV? Expected one of CONV, RELU"),
    ("CONV RLEU FC", 6, "Did you mean RELU?"),
    ("CONV3-32 & FC", 10, "'&' is no layer. Expected a layer"),
    ("CONV3-32 32 FC", 10, "a second size, but CONV takes"),
    ("[] FC", 1, "there is nothing between the brackets. Expected a layer"),
    ("CONV3.5 FC", 5, "the size must be a whole number, got 3.5"),
    ("RELU3 FC", 5, "'3' says the size, but RELU takes no number"),
    ("FC128/2 FC", 6, "'/2' says the stride, but FC takes units"),
    ("POOL2-3 FC", 6, "'-3' says the filters, but POOL takes"),
    ("FC128 INPUT FC", 7, "INPUT can only come first"),
    ("CONV3-32 POOL", 10, "the network ends in shape (16, 16, 32). Expected (10,), one score for each class"),
    ("FC12", 1, "the network ends in shape (12,). Expected (10,)"),
    ("CONV RELU POOL3 FC", 11, "POOL3 cannot take inputs of shape (32, 32, 32). MaxPool: (H - F + 2P)/S + 1 = (32 - 3"),
    ("CONV3-8/2 FC", 1, "+ 1 = 16.5 is not whole"),
    ("CONV3-8/2 FC", 1, "In a pattern: CONV3-8/2floor."),
    ("[CONV3P0]*16 FC", 2, "larger than the padded"),
    ("FC CONV FC", 4, "CONV cannot take inputs of shape (128,). Conv: inputs must be pictures"),
    ("CONV4-8 FC", 1, "zero padding (F - 1)/2 = (4 - 1)/2 is not whole. Say how much: P0"),
    ("CONV0 FC", 1, "CONV0"), ("FC0 FC", 1, "units must be at least 1"),
    ("CONV3-32G2 FC", 1, "3 channels cannot be dealt into groups = 2"),
    ("DROPOUT3 FC", 1, "keep must be at most 1, got 3"),
    ("[[FC]*999]*99 FC", 1, "that makes more than 1000 layers"),
    ("[[[[[FC]*9999]*9999]*9999]*9999]*9999 FC", 5, "more than 1000 layers"),
    ("[FC]*123456 FC", 5, "the count 123456 is too large"),
    ("CONV RELU\nPOOL\nFOO FC", 16, "there is no layer 'FOO'"),
    ("CONV\\2 FC", 5, "is no layer"), ("CONV3-32/ FC", 9, "'/' is no layer"), ("(CONV) FC", 1, "'(CONV)' is no layer"),
])  # fmt: skip
def test_errors_name_the_column(text, column, words):
    with pytest.raises(PatternError) as caught:
        parse(text, (32, 32, 3), 10)
    assert caught.value.column == column and str(caught.value).startswith(f"parse: column {column}: ")
    assert words in str(caught.value)
    _, shown, arrow = str(caught.value).split("\n")
    assert arrow.index("^") == column + 1 and shown[2:] == text.replace("\n", " ").replace("\t", " ")
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(("make", "error", "words"), [
    (lambda: parse(["CONV"], (8, 8, 1), 10), TypeError, "text must be a pattern in quotes"),
    (lambda: parse("FC", (8, 8, 1), 0), ValueError, "parse: classes must be at least 1"),
    (lambda: parse("FC", (8, 0, 1), 2), ValueError, "input_shape must be at least 1"),
])  # fmt: skip
def test_mistakes_besides_the_text_are_named(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_no_text_breaks_the_reader():
    """Whatever is typed: a network or a PatternError, at once."""
    pieces = ["CONV", "3", "-32", "[", "]", "*2", "RELU", " ", "->", "POOL", "FC", "/2", "x", "?", "*", "P0", "0.5",
              "DROPOUT", "floor", "-", "é", "G2", "\n"]  # fmt: skip
    rng = np.random.default_rng(0)
    made = 0
    for _ in range(600):
        text = "".join(rng.choice(pieces, rng.integers(1, 9))) + rng.choice([" FC", ""])
        try:
            made += parse(text, (8, 8, 2), 3).out_shapes[-1] == (3,)
        except PatternError as problem:
            assert 1 <= problem.column <= len(text) + 1
    assert 20 < made < 300
