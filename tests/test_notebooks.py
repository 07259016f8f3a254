"""The committed notebooks keep the form that `make notebooks` writes, and the form itself is held here."""

import base64
import io
import json
import re

import nbformat
import numpy as np
import pytest
from matplotlib.figure import Figure
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from tools import notebooks

THERE = [name for name in notebooks.NAMES if (notebooks.NOTEBOOKS / f"{name}.ipynb").is_file()]
TOPICS = {"01_knn": range(1, 8), "02_linear_classifiers": range(8, 20), "03_backprop": range(20, 23),
          "04_nn_training": range(23, 63),
          "05_convnets": range(63, 81),
          "06_transfer_learning": range(81, 83)}  # fmt: skip


def test_there_are_notebooks():
    assert THERE, f"none of {', '.join(notebooks.NAMES)} is in {notebooks.NOTEBOOKS.name}/"


def test_no_other_notebooks_are_there():
    assert {path.stem for path in notebooks.NOTEBOOKS.glob("*.ipynb")} <= set(notebooks.NAMES)


@pytest.mark.parametrize("name", THERE)
def test_a_committed_notebook_has_the_committed_form(name):
    assert notebooks.problems((notebooks.NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", THERE)
def test_a_notebook_shows_each_of_its_topics(name):
    tags = {tag for cell in nbformat.read(notebooks.NOTEBOOKS / f"{name}.ipynb", as_version=4).cells
            for tag in cell.metadata.get("tags", [])}  # fmt: skip
    assert {f"topic:S{number}" for number in TOPICS[name]} <= tags


def png(size=(40, 30), mode="RGB"):
    file = io.BytesIO()
    Image.effect_noise(size, 90).convert(mode).save(file, "PNG", compress_level=0)
    return base64.b64encode(file.getvalue()).decode()


def notebook(*outputs, source="x + 1", tags=(), text="Words."):
    """Make a notebook of one text and one code cell, in the committed form unless the arguments break it."""
    metadata = {"tags": [*tags]} if tags else {}
    code = new_code_cell(source, id="code", execution_count=1, outputs=list(outputs), metadata=metadata)
    made = new_notebook(cells=[new_markdown_cell(text, id="text"), code], metadata=notebooks.KEPT_METADATA)
    made.nbformat_minor = 5
    return made


def committed(made):
    return nbformat.writes(made).rstrip("\n") + "\n"


PICTURE = {"image/png": png(), "text/plain": "a picture"}
WIDGET = {notebooks.WIDGET_VIEW: {"model_id": "5f", "version_major": 2, "version_minor": 0}}


def result(data, **metadata):
    return new_output("execute_result", data, execution_count=1, metadata=metadata)


@pytest.mark.parametrize("made", [
    notebook(),
    notebook(result(PICTURE), tags=["topic:S1", "errata:E2"]),
    notebook(new_output("stream", name="stdout", text="accuracy above 0.8, read from data/fashion.npz and a/home/b\n")),
    notebook(text="See [the notes](https://example.org/home/x) and 1/2."),
])  # fmt: skip
def test_a_sound_notebook_passes(made):
    assert notebooks.problems(committed(made)) == []


def break_metadata(made):
    made.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}


def break_ids(made):
    made.cells[1].id = "text"


def break_order(made):
    made.cells[1].execution_count = 7


def never_run(made):
    made.cells[1].execution_count = None


BROKEN = [
    (notebook(result({**PICTURE, **WIDGET})), "view of a widget"),
    (notebook(new_output("stream", name="stderr", text="UserWarning")), "warning to stderr"),
    (notebook(new_output("error", ename="ValueError", evalue="no", traceback=[])), "raised ValueError"),
    (notebook(new_output("stream", name="stdout", text="saved in /home/ann/notes\n")), "a path"),
    (notebook(new_output("stream", name="stdout", text="/Users/ann\n")), "a path"),
    (notebook(result({"text/html": "<a href='file:///x'>"})), "a path"),
    (notebook(result({"text/plain": "C:\\Users\\ann"})), "a path"),
    (notebook(new_output("stream", name="stdout", text="http://127.0.0.1:8888/?token=abc\n")), "a token"),
    (notebook(result({"text/plain": "<object at 0x7f3a5c0d1e20>"})), "an address in memory"),
    (notebook(source="\n".join("a = 1" for _ in range(21))), "21 lines"),
    (notebook(source="\n".join("a = 1" for _ in range(5))), "at most 4"),
    (notebook(source="\n".join("a = 1" for _ in range(7))), "sets things up"),
    (notebook(source="ax.plot(x);"), "semicolon"),
    (notebook(source="x  # NBVAL_SKIP"), "excepts itself"),
    (notebook(tags=["topic:S1"]), "no picture"),
    (notebook(result(PICTURE), tags=["topic:S1", "nbval-skip"]), "neither"),
    (notebook(text="word " * 150), "150 words"),
    (notebook(result({"image/png": "A" * 2_100_000, "text/plain": "p"})), "more than 2,000,000"),
]


@pytest.mark.parametrize(("made", "problem"), BROKEN, ids=[problem for _, problem in BROKEN])
def test_what_may_not_be_committed_is_named(made, problem):
    assert any(problem in found for found in notebooks.problems(committed(made)))


@pytest.mark.parametrize(("harm", "problem"), [
    (break_metadata, "state of widgets"), (break_ids, "two cells are called text"),
    (break_order, "not run from top to bottom"), (never_run, "not run from top to bottom"),
])  # fmt: skip
def test_what_breaks_a_notebook_is_named(harm, problem):
    made = notebook()
    harm(made)
    text = json.dumps(made, indent=1)
    assert any(problem in found for found in notebooks.problems(text))


@pytest.mark.parametrize("text", ["", "{", "[]", "<html>"])
def test_what_is_no_notebook_is_said_to_be_none(text):
    assert notebooks.problems(text)[0].startswith("not a notebook")


def test_tidying_leaves_nothing_of_the_run_and_does_so_once():
    made = notebook(
        new_output("stream", name="stdout", text="one\n"), new_output("stream", name="stdout", text="two\n"),
        result({**PICTURE, **WIDGET}, isolated=True, **{"image/png": {"width": 40}}), tags=["topic:S1"])  # fmt: skip
    made.metadata["language_info"] = {"name": "python", "version": "3.11.7"}
    made.metadata["widgets"] = {}
    made.cells[1].metadata.update({"execution": {"iopub.status.busy": "2026-01-01"}, "collapsed": False})
    made.cells[1].execution_count = made.cells[1].outputs[2].execution_count = 12
    once = notebooks.text_of(notebooks.normalise(made))
    assert notebooks.problems(once) == []
    printed, shown = nbformat.reads(once, as_version=4).cells[1].outputs
    assert printed.text == "one\ntwo\n"
    assert set(shown.data) == {"image/png", "text/plain"}
    assert shown.metadata == {"image/png": {"width": 40}}
    assert notebooks.text_of(notebooks.normalise(nbformat.reads(once, as_version=4))) == once


def test_pictures_are_made_smaller_and_keep_their_pixels():
    before = png((200, 150))
    after = notebooks.smaller(before)
    assert len(after) < len(before)
    pixels = [pixels_of(each).convert("RGB").tobytes() for each in (before, after)]
    assert pixels[0] == pixels[1]


@pytest.mark.parametrize("colours", notebooks.FEWER_COLOURS)
def test_a_notebook_that_is_too_large_gets_pictures_of_fewer_colours(monkeypatch, colours):
    made = notebooks.normalise(notebook(result({"image/png": colourful(), "text/plain": "p"})))
    size = len(notebooks.text_of(made))
    monkeypatch.setattr(notebooks, "LIMIT", size - 1)
    monkeypatch.setattr(notebooks, "FEWER_COLOURS", (colours,))
    assert len(notebooks.text_of(made)) < size
    assert len(pixels_of(made.cells[1].outputs[0].data["image/png"]).convert("RGB").getcolors()) <= colours


def test_a_chart_in_few_colours_looks_the_same():
    figure = Figure(figsize=(8, 4), dpi=100)
    ax = figure.subplots()
    for number in range(8):
        ax.plot(np.sin(np.linspace(0, 6 + number, 100)), label=f"line {number}")
    ax.legend()
    file = io.BytesIO()
    figure.savefig(file)
    before = base64.b64encode(file.getvalue()).decode()
    after = notebooks.smaller(before, colours=64)
    gap = np.abs(np.subtract(*[np.asarray(pixels_of(each).convert("RGB"), int) for each in (before, after)]))
    assert len(after) < 0.8 * len(before) and gap.mean() < 0.5 and gap.max() < 40


def pixels_of(picture):
    return Image.open(io.BytesIO(base64.b64decode(picture)))


def colourful():
    """Return a picture with more than 256 colours."""
    red, green, blue = (Image.effect_noise((120, 90), 60) for _ in range(3))
    file = io.BytesIO()
    Image.merge("RGB", (red, green, blue)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(("live", "stored"), [
    ("  0%|          | 0/5 [00:00<?, ?it/s]", "100%|██████████| 5/5"),
    ("folds:   0%|          | 0/27 [00:00<?, ?it/s]", "folds: 100%|██████████| 27/27"),
    (" 40%|████      | 4.00k/10.0k [00:01<00:02, 2.00kB/s]", "100%|██████████| 10.0k/10.0k"),
    ("P(y = 0 | x) = 50 %", "P(y = 0 | x) = 50 %"),
])  # fmt: skip
def test_a_progress_bar_is_stored_full_and_compares_equal_to_the_live_one(live, stored):
    assert notebooks.finished(live) == stored
    assert notebooks.finished(stored) == stored
    assert sanitised(live) == sanitised(stored)


def test_bars_of_other_lengths_do_not_compare_equal():
    assert sanitised("100%|██████████| 5/5") != sanitised("100%|██████████| 6/6")


def sanitised(text):
    """Apply the one rule of tests/nbval.cfg, as nbval does."""
    rule = (notebooks.ROOT / "tests" / "nbval.cfg").read_text(encoding="utf-8")
    [pattern], [instead] = (re.findall(rf"(?m)^{key}: (.*)$", rule) for key in ("regex", "replace"))
    return re.sub(pattern, instead, text)
