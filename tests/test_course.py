"""The table of the whole course: made by one command, shown alike in the README and in the notebooks' last words."""

import re

import numpy as np
import pytest

from cs231n_helpers import data
from support import ROOT, cells
from tools import experiments

COURSE = experiments.load("course")
FOUND = data.results("course")["results"]
CLOTHES = FOUND["fashion_mnist"]["ways"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NAMED = {"01_knn": "neighbours", "02_linear_classifiers": "linear", "04_nn_training": "two_layers",
         "05_convnets": "convnet"}  # fmt: skip


def test_the_readme_shows_the_table_of_the_last_results():
    """If not: `python data/experiments/course.py` prints it."""
    assert COURSE.table(FOUND) in README


def test_every_way_was_asked_on_the_same_images():
    sizes = {"fashion_mnist": (9000, 2000), "photo_patches": (2400, 600)}
    assert {name: (found["training_images"], found["test_images"]) for name, found in FOUND.items()} == sizes
    for name, (_, tested) in sizes.items():
        assert list(FOUND[name]["ways"]) == list(COURSE.ROWS)
        for way, figures in FOUND[name]["ways"].items():
            right = np.multiply(figures["test_accuracies"], tested)
            assert right == pytest.approx(right.round(), abs=1e-6), f"{name}, {way}: no share of {tested} images"
            assert 0.5 < min(figures["test_accuracies"]) <= 1 and figures["core_ms_per_image"] > 0


def test_what_is_kept():
    assert CLOTHES["neighbours"]["numbers_kept"] == 9000 * 784 and CLOTHES["linear"]["numbers_kept"] == 785 * 10
    assert CLOTHES["two_layers"]["numbers_kept"] == 785 * 300 + 301 * 10


@pytest.mark.parametrize(("name", "way"), NAMED.items(), ids=NAMED)
def test_the_last_words_of_a_notebook_name_what_it_reached(name, way):
    [text] = ["".join(cell["source"]) for cell in cells(name, "markdown") if cell["id"] == "summary"]
    words = " ".join(text.split())
    sentence = re.search(r"[^.]*\b(\d\d\.\d) %[^.]*\[table of the whole course\]\(\.\./README\.md#([\w-]+)\)", words)
    assert sentence, f"the summary of {name} does not lead to the table"
    assert float(sentence[1]) == pytest.approx(100 * np.mean(CLOTHES[way]["test_accuracies"]), abs=0.051)
    assert sentence[2] == "what-the-course-reaches"


def test_two_digits_that_count():
    assert [COURSE.rounded(n) for n in (0.01234, 1.26, 84.7, 123.4)] == ["0.012", "1.3", "85", "120"]


def test_costs_and_marks_are_summed_up():
    runs = [{"val": v, "test": v - 0.1, "training_core_seconds": s, "core_ms_per_image": 0.12345, "numbers_kept": 7}
            for v, s in ((0.8, 3.0), (0.9, 5.0), (0.7, 100.0))]  # fmt: skip
    found = COURSE.summary(runs)
    assert found["val_accuracies"] == [0.8, 0.9, 0.7] and found["training_core_seconds"] == 5
    assert found["core_ms_per_image"] == 0.123 and found["numbers_kept"] == 7 and "chosen" not in found


def test_a_way_is_judged_on_images_it_has_not_learned_from():
    split = data.load("fashion_mnist", train=100, val=50, test=40)
    asked = []

    def answer(X):
        asked.append(X)
        return np.eye(10)[split.y_test if len(X) == 40 else np.zeros(len(X), int)]

    found = COURSE.judged(split, answer, 1.5, 12, chosen=["a", 1])
    assert [len(X) for X in asked] == [50, 40] and found["test"] == 1 and found["val"] == (split.y_val == 0).mean()
    assert found["training_core_seconds"] == 1.5 and found["numbers_kept"] == 12 and found["chosen"] == ["a", 1]
