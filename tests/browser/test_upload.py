"""Photographs chosen in a browser's file dialogue: a small one, one larger than Jupyter lets through, and none."""

import io

import numpy as np
import pytest
import scratch
from page import NotebookPage

Image = pytest.importorskip("PIL.Image", reason="Pillow reads the photographs, and is not installed")
BOX = """
import numpy as np
from cs231n_helpers.widgets import PhotoBox

def look(x):
    return sorted(zip(("red", "green", "blue"), x.mean(axis=(0, 1))), key=lambda found: -found[1])

box = PhotoBox(look, {"grey": np.full((60, 80, 3), 128, np.uint8)}, side=32)
box
"""


@pytest.fixture(scope="module")
def nb(lab, browser):
    scratch.write(lab.folder / "upload.ipynb", {"box": BOX})
    nb = NotebookPage(browser.new_page(viewport={"width": 1280, "height": 900}), lab, "upload")
    nb.run_all()
    yield nb
    nb.close()


def choose(nb, path):
    """Press the button, and choose a file in the dialogue that it opens."""
    nb.js("arm", "box")
    with nb.page.expect_file_chooser() as dialogue:
        nb.show("box").locator(".cs231n-upload").click()
    dialogue.value.set_files(path)


def given(nb):
    """What the network was given at last: its mean colour, from 0 to 1."""
    return nb.kernel("_inside.tell(box.picture_given.mean(axis=(0, 1)).astype(float).tolist())")


def test_a_photograph_is_shown_upright_in_its_colours(nb, tmp_path):
    pixels = np.zeros((300, 400, 3), np.uint8)
    pixels[:] = 10, 20, 200
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned by a quarter
    Image.fromarray(pixels).save(tmp_path / "blue.jpg", quality=95, exif=turned)
    choose(nb, tmp_path / "blue.jpg")
    assert nb.js("next", 0, 5000) is not None
    assert nb.shows_the_newest("box", "box")
    assert given(nb) == pytest.approx([10 / 255, 20 / 255, 200 / 255], abs=0.02)
    assert nb.kernel("_inside.tell([box.values['photo'], box.photographs['yours'].shape])") == ["yours", [400, 300, 3]]


def test_one_of_sixteen_million_bytes_comes_through(nb, tmp_path):
    """Of itself, Jupyter's server drops the connection over a message of ten million."""
    noise = np.random.default_rng(0).integers(0, 256, (2000, 2700, 3), dtype=np.uint8)
    noise[..., 0] |= 128  # redder than grey
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG", compress_level=1)
    (tmp_path / "noise.png").write_bytes(file.getvalue())
    assert len(file.getvalue()) > 15_000_000
    choose(nb, tmp_path / "noise.png")
    assert nb.js("next", 0, 20_000) is not None
    assert nb.shows_the_newest("box", "box")
    assert given(nb) == pytest.approx(noise.mean(axis=(0, 1)) / 255, abs=0.02)


def test_what_is_no_photograph_is_refused_in_a_sentence(nb, tmp_path):
    (tmp_path / "notes.png").write_text("Milk, bread, coffee.", encoding="utf-8")
    before = nb.js("picture", "box")
    choose(nb, tmp_path / "notes.png")
    line = nb.show("box").locator(".cs231n-error")
    line.get_by_text("notes.png").wait_for()
    assert "neither a JPEG nor a PNG" in line.inner_text()
    assert nb.js("picture", "box") == before and nb.complaints == []
