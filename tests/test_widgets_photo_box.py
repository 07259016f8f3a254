"""PhotoBox: what is uploaded is shown and named, or refused in a sentence; and nothing of it stays behind."""

import datetime
import io

import numpy as np
import pytest

from cs231n_helpers import data
from cs231n_helpers.checks import DataError
from cs231n_helpers.widgets import PhotoBox
from cs231n_helpers.widgets.photo_box import on_a_square

Image = pytest.importorskip("PIL.Image", reason="Pillow reads the photographs, and is not installed")


def look(x):
    """How red, green and blue a picture is: a network whose answers are known."""
    shares = x.mean(axis=(0, 1)) / x.mean(axis=(0, 1)).sum()
    return sorted(zip(("red", "green", "blue"), map(float, shares), strict=True), key=lambda found: -found[1])


@pytest.fixture
def box():
    made = PhotoBox(look, side=32)
    yield made
    made.close()


def encoded(picture, kind="PNG"):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind)
    return file.getvalue()


def choose(box, name, content):
    """What the page sends when a file is chosen."""
    box.upload.button.value = ({"name": name, "type": "image/png", "size": len(content), "content": memoryview(content),
                                "last_modified": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)},)


def said(box):
    return [text.get_text() for text in box.axes[2].texts if text.get_text()]


BLUE = np.full((40, 60, 3), (10, 20, 200), np.uint8)


def test_the_photographs_that_are_there_work_without_any_upload(box):
    for name, photo in data.photographs().items():
        box.set(photo=name, zoom=1.0)
        x = data.square(photo, 32)
        assert np.array_equal(box.picture_given, x) and box.error == ""
        assert said(box)[:3] == [label for label, _ in look(x)]
        assert [bar.get_width() for bar in box.axes[2].patches][:3] == pytest.approx([p for _, p in look(x)])


def test_the_square_is_the_one_in_the_frame(box):
    box.set(photo="cat", zoom=2.0, across=1.0, down=0.0)
    assert np.array_equal(box.picture_given, data.square(data.photographs()["cat"], 32, 2.0, 1.0, 0.0))
    x, y = box.axes[0].lines[0].get_data()              # 433 x 288, in the middle of a square of 433
    assert (min(x), max(x)) == pytest.approx((1 - 144 / 433, 1))
    assert (min(y), max(y)) == pytest.approx((72 / 433, (72 + 144) / 433))


def test_an_upload_is_shown_and_named(box):
    box.set(zoom=3.0)
    choose(box, "sea.png", encoded(BLUE))
    assert box.error == "" and box.values == {"photo": "yours", "zoom": 1.0, "across": 0.5, "down": 0.5}
    assert box.picture_given == pytest.approx(np.full((32, 32, 3), np.array([10, 20, 200]) / 255), abs=1e-6)
    assert said(box)[0] == "blue" and box.controls["photo"].options[-1] == "yours"
    choose(box, "fire.jpg", encoded(BLUE[..., ::-1].copy(), "JPEG"))
    assert said(box)[0] == "red" and list(box.controls["photo"].options).count("yours") == 1
    box.reset()
    assert box.values["photo"] == "cat"


def test_the_button_forgets_the_file_at_once(box):
    choose(box, "sea.png", encoded(BLUE))
    assert box.upload.button.value == ()
    state = box.upload.button.get_state()
    assert not any(isinstance(value, (bytes, memoryview)) for value in state.values()) and not state["value"]
    choose(box, "sea.png", encoded(BLUE))               # and takes the same one again
    assert box.error == "" and box.values["photo"] == "yours"


@pytest.mark.parametrize(("name", "content", "words"), [
    ("a.svg", b"<svg onload='alert(1)'/>", "is an SVG drawing"), ("a.png", b"", "is empty"),
    ("a.png", encoded(BLUE)[:60], "damaged or breaks off"), ("a.png", encoded(BLUE[:1, :1]), "only 1 x 1 pixels"),
    ("a.gif", encoded(BLUE, "GIF"), "is a GIF"), ("a.txt", b"hello", "neither a JPEG nor a PNG"),
    ("a.jpg", b"\xff\xd8\xff" + b"\0" * 40_100_000, "a photograph may have 40 million")])  # fmt: skip
def test_what_is_refused_leaves_the_picture_as_it_was(box, name, content, words):
    before = box.png
    choose(box, name, content)
    assert words in box.error and name in box.error and 'role="alert"' in box.message.value
    assert box.png == before and box.values["photo"] == "cat" and "yours" not in box.photographs
    box.set(photo="coffee")
    assert box.error == "" and box.message.value == ""


def test_a_hostile_name_is_escaped(box):
    choose(box, "<img src=x onerror=alert(1)>.png", b"GIF89a")
    assert "<img" not in box.message.value and "&lt;img src=x onerror=alert(1)&gt;" in box.message.value


def test_a_network_that_fails_is_said_under_the_picture():
    calls = []

    def fails(x):
        calls.append(x)
        if len(calls) > 2:                              # a picture is drawn twice before it is shown
            raise DataError("The weights are gone.")
        return look(x)

    box = PhotoBox(fails, side=16)
    box.set(zoom=2.0)
    assert box.error == "The weights are gone."
    box.close()


def test_tall_and_wide_photographs_on_a_square():
    for shape in ((30, 60, 3), (60, 30, 3)):
        photo = np.random.default_rng(0).integers(0, 250, shape, dtype=np.uint8)
        ground, (top, left, height, width) = on_a_square(photo, 1.5, 0.25, 1.0)
        assert ground.shape == (60, 60, 3) and (ground == 255).all(axis=2).sum() == 1800
        rows, columns = np.argwhere((ground < 255).any(axis=2)).min(axis=0)
        assert np.array_equal(ground[rows:rows + shape[0], columns:columns + shape[1]], photo)
        assert height == width == pytest.approx(20 / 60)
        assert (top, left) == pytest.approx(((rows + shape[0] - 20) / 60, (columns + 0.25 * (shape[1] - 20)) / 60))


def test_a_large_photograph_is_drawn_by_means_of_blocks():
    photo = np.random.default_rng(0).integers(0, 256, (440, 440, 3), dtype=np.uint8)
    ground, frame = on_a_square(photo, 1.0, 0.5, 0.5)
    assert ground.shape == (220, 220, 3) and frame == (0, 0, 1, 1)
    assert np.array_equal(ground[3, 5], photo[6:8, 10:12].astype(float).mean(axis=(0, 1)).astype(np.uint8))


def test_it_begins_with_the_photograph_that_is_named():
    box = PhotoBox(look, side=16, start="rocket")
    assert box.values["photo"] == "rocket"
    assert np.array_equal(box.picture_given, data.square(data.photographs()["rocket"], 16, 1.25))
    box.close()


def test_the_picture_alone_speaks(box):
    bundle = box._repr_mimebundle_()
    assert "likeliest classes" in bundle["text/plain"] and "photo = 'cat'" in bundle["text/plain"]
    assert len(box.png) > 1000
