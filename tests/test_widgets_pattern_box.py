"""PatternBox: what is typed is priced, and a slip leaves the table and names its column."""

import numpy as np
import pytest

from cs231n_helpers.widgets import PatternBox
from cs231n_helpers.widgets.pattern_box import MOST


@pytest.fixture
def box():
    made = PatternBox("[CONV3-16 RELU POOL]*2 FC64 RELU FC", others=["FC"])
    yield made
    made.close()


def table_of(box):
    [words] = [artist for artist in box.axes.artists if hasattr(artist, "places")]
    lines = {}
    for (line, _), word in words.places.items():
        lines.setdefault(line, []).append(word.text)
    return [line for line in lines.values() if line[0]]


def test_each_layer_has_its_line(box):
    lines = table_of(box)
    assert [line[0] for line in lines] == ["input", "conv1", "pool1", "conv2", "pool2", "dense1", "dense2", "all"]
    assert lines[1] == ["conv1", "28x28x16", "12,544", "50.2 kB", "160", "112,896", "3"]
    assert lines[3][4:] == ["2,320", "451,584", "8"]
    assert lines[5][4:6] == ["50,240", "50,176"] and lines[-1][4] == f"{160 + 2320 + 50240 + 650:,}"
    assert box.network.count() == 53_370 and "53,370 parameters" in box.axes.get_title(loc="left")


def test_another_pattern_and_another_input(box):
    box.set(pattern="FC")
    assert table_of(box)[-1][4] == "7,850" and box.limits("pattern")[1] == "FC"
    box.set(input="224 x 224 x 3")
    assert table_of(box)[-1][4] == f"{224 * 224 * 3 * 10 + 10:,}" and box.network.input_shape == (224, 224, 3)
    box.reset()
    assert table_of(box)[-1][4] == "53,370"


@pytest.mark.parametrize(("pattern", "words"), [("CONV3-16 RELU POL FC", "column 15"), ("[CONV FC", "column 1"),
                                                ("[CONV3-16 POOL]*3 FC", "3.5 is not whole"), ("", "no layer")])
def test_a_slip_is_answered_with_its_column_and_the_table_stays(box, pattern, words):
    before, network = table_of(box), box.network
    box.set(pattern=pattern)
    assert words in box.error and "\n" in box.error and 'role="alert"' in box.message.value
    assert table_of(box) == before and box.network is network
    box.reset()
    assert box.error == "" and box.message.value == ""


def test_a_long_pattern_is_cut_and_its_sums_are_not(box):
    box.set(pattern="[CONV3-4 RELU]*30 FC")
    lines = table_of(box)
    assert len(lines) == MOST + 1 and ["..." in line for line in lines].count(True) == 1
    assert lines[-1][4] == f"{9 * 4 + 4 + 29 * (9 * 16 + 4) + 784 * 4 * 10 + 10:,}"


def test_the_picture_alone_is_a_table(box):
    assert "multiply-adds" in box._repr_mimebundle_()["text/plain"] and len(box.png) > 1000
    assert np.ptp(box.live.pixels()) > 0
