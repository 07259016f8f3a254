"""Notebook 06, the whole course in one table: both controls against the results file, and what to notice."""

import numpy as np
import pytest

from cs231n_helpers import data
from support import drives, ends, numbers, of, texts, words

NAME = "06_transfer_learning"
FOUND = data.results("course")["results"]
SETS = {"clothes": "fashion_mnist", "photo patches": "photo_patches"}
COSTS = {"learning": "training_core_seconds", "answering": "core_ms_per_image", "keeping": "numbers_kept"}
ORDER = ["neighbours", "linear", "two_layers", "convnet", "squeezenet", "efficientnet_lite0"]


def lines(ax):
    """The lines of the table, as lists of texts."""
    [found] = [artist for artist in ax.artists if hasattr(artist, "places")]
    shown = {key: word.text for key, word in found.places.items() if word.text}
    return [[text for (line, _), text in shown.items() if line == number]
            for number in range(1 + max(line for line, _ in shown))]


@drives(NAME, "d1-widget", "pictures", "cost")
@of("d1-widget")
def test_table_and_dots_are_those_of_the_results(widget):
    for values in ends(widget, "pictures", "cost"):
        found = FOUND[SETS[values["pictures"]]]
        ways = [found["ways"][way] for way in ORDER]
        *rows, guessing = lines(widget.axes["T"])
        for number, (row, way) in enumerate(zip(rows, ways, strict=True), 1):
            assert row[0].startswith(f"{number}  ") and numbers(row[2]) == [
                pytest.approx(100 * np.mean(way["test_accuracies"]), abs=0.051)]
            assert [float(text.split()[0].replace(",", "")) for text in row[3:]] == pytest.approx(
                [way["training_core_seconds"], way["core_ms_per_image"], way["numbers_kept"]], rel=0.051)
            assert row[5] == f"{way['numbers_kept']:,}" and row[3].endswith(" s") and row[4].endswith(" ms")
        assert guessing[0] == "guessing" and numbers(guessing[1]) == [10.0 if values["pictures"] == "clothes" else 12.5]
        dots = widget.axes["D"].lines
        assert [dot.get_xdata()[0] for dot in dots] == [way[COSTS[values["cost"]]] for way in ways]
        assert [dot.get_ydata()[0] for dot in dots] == pytest.approx(
            [100 * np.mean(way["test_accuracies"]) for way in ways])
        assert texts(widget.axes["D"]) == ["1", "2", "3", "4", "5", "6"]
        (left, right), (bottom, top) = widget.axes["D"].get_xlim(), widget.axes["D"].get_ylim()
        assert all(left < dot.get_xdata()[0] < right and bottom < dot.get_ydata()[0] < top for dot in dots)
        assert values["cost"] in words(widget.axes["D"])
        assert words(widget.axes["T"]) == (f"{found['training_images']:,} pictures to learn from, "
                                           f"{found['test_images']:,} to ask")


@of("d1-widget")
def test_what_is_better_and_what_it_costs(widget):
    def shown(**values):
        """(cost, per cent right) of the six ways."""
        widget.reset()
        widget.set(**values)
        return np.array([(dot.get_xdata()[0], dot.get_ydata()[0]) for dot in widget.axes["D"].lines]).T

    work, right = shown()
    assert (np.diff(right[:4]) > 1.5).all() and (np.diff(work[:4]) > 0).all()
    assert right[3] > max(right[4:])                                    # borrowing does not pay on the clothes
    answer, _ = shown(cost="answering")
    assert min(answer[4:]) > answer[3] and answer[0] > 50 * answer[1]
    _, right = shown(pictures="photo patches")
    assert min(right[4:]) > 97 and 100 - max(right[:4]) > 2 * (100 - min(right[4:]))
    kept, right = shown(cost="keeping")
    assert kept[0] == 7_056_000 and kept[3] < kept[0] / 50 and right[3] > right[0]


def test_the_first_two_lines_are_measured_again(run):
    clothes = FOUND["fashion_mnist"]["ways"]
    again = np.mean(run.namespace["voted"] == run.namespace["split"].y_test)
    assert again == clothes["neighbours"]["test_accuracies"][0]
    assert run.namespace["linear_again"] == pytest.approx(np.mean(clothes["linear"]["test_accuracies"]), abs=0.01)
