"""A photograph that anybody may have made: every kind of file is read upright and in RGB, or refused in a sentence."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest

from cs231n_helpers import data
from cs231n_helpers.checks import DataError
from cs231n_helpers.data import photograph

Image = pytest.importorskip("PIL.Image", reason="Pillow reads the photographs, and is not installed")

# Four fields that tell every way of turning and mirroring apart.
FIELDS = np.array([[[250, 20, 20], [20, 250, 20]], [[20, 20, 250], [240, 240, 240]], [[10, 10, 10], [250, 250, 10]]])
SMALL = FIELDS.repeat(24, axis=0).repeat(24, axis=1).astype(np.uint8)                       # (72, 48, 3)


def encoded(picture, kind="PNG", **settings):
    """The file of an array or a Pillow image, as bytes."""
    file = io.BytesIO()
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(file, kind, **settings)
    return file.getvalue()


def close(found, expected, most=6):
    return found.shape == expected.shape and abs(found.astype(int) - expected.astype(int)).max() <= most


def refused(source, *words, **settings):
    with pytest.raises(DataError) as caught:
        data.read_photograph(source, **settings)
    text = str(caught.value)
    assert all(word in text for word in words), text
    assert "Traceback" not in text and "\n" not in text and len(text) < 240
    return text


# ----------------------------------------------------------------------------------------------------------- it is read
def test_a_png_comes_back_as_it_is_from_bytes_and_from_a_path(tmp_path):
    content = encoded(SMALL)
    (tmp_path / "mine.png").write_bytes(content)
    for source in (content, bytearray(content), memoryview(content), tmp_path / "mine.png", str(tmp_path / "mine.png")):
        found = data.read_photograph(source)
        assert np.array_equal(found, SMALL) and found.dtype == np.uint8
        with pytest.raises(ValueError, match="read-only"):
            found[0] = 0


def test_a_jpeg_comes_back_nearly_as_it_is():
    assert close(data.read_photograph(encoded(SMALL, "JPEG", quality=95, subsampling=0)), SMALL)


TURNED = {  # the EXIF standard: what the first row and the first column of the stored picture are
    1: SMALL, 2: SMALL[:, ::-1], 3: SMALL[::-1, ::-1], 4: SMALL[::-1], 5: SMALL.swapaxes(0, 1),
    6: np.rot90(SMALL, -1), 7: SMALL[::-1, ::-1].swapaxes(0, 1), 8: np.rot90(SMALL)}  # fmt: skip


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_turned_photograph_is_set_upright(orientation, kind):
    exif = Image.Exif()
    exif[0x0112] = orientation
    settings = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
    assert close(data.read_photograph(encoded(SMALL, kind, exif=exif, **settings)), TURNED[orientation])


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_orientation_that_does_not_exist_leaves_it(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert close(data.read_photograph(encoded(SMALL, "JPEG", exif=exif, quality=95, subsampling=0)), SMALL)


def test_notes_that_cannot_be_read_do_not_matter():
    broken = encoded(SMALL, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + b"\x07" * 40, quality=95, subsampling=0)
    assert close(data.read_photograph(broken), SMALL)


GREY = SMALL.mean(axis=2).astype(np.uint8)


def test_grey_of_8_bits_16_bits_and_1_bit():
    as_colour = GREY[..., None].repeat(3, axis=2)
    assert np.array_equal(data.read_photograph(encoded(GREY)), as_colour)
    assert close(data.read_photograph(encoded(GREY, "JPEG", quality=95)), as_colour)
    deep = encoded(Image.fromarray((GREY.astype(np.uint16) << 8) + 7))
    assert np.array_equal(data.read_photograph(deep), as_colour)
    bits = encoded(Image.fromarray(GREY > 100))
    assert np.array_equal(data.read_photograph(bits), np.where(as_colour > 100, 255, 0))


def test_sixteen_bits_of_colour():
    """Written by hand, since Pillow does not write them: each number is the byte twice."""
    rows = b"".join(b"\0" + np.repeat(row.reshape(-1, 1), 2, axis=1).tobytes() for row in SMALL)
    parts = ((b"IHDR", struct.pack(">IIBBBBB", 48, 72, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts)
    assert np.array_equal(data.read_photograph(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)), SMALL)


def test_cmyk():
    """Cyan takes red away, and so on; black none: so the picture is its own negative."""
    inks = np.concatenate([255 - SMALL, np.zeros((72, 48, 1), np.uint8)], axis=2)
    content = encoded(Image.frombytes("CMYK", (48, 72), inks.tobytes()), "JPEG", quality=95, subsampling=0)
    assert close(data.read_photograph(content), SMALL, 10)


def test_a_palette_with_and_without_a_transparent_colour():
    picture = Image.fromarray(SMALL).quantize(6)
    assert close(data.read_photograph(encoded(picture)), SMALL)
    at = picture.getpixel((0, 0))
    found = data.read_photograph(encoded(picture, transparency=at))
    assert close(found[:24, :24], np.full((24, 24, 3), 255)) and close(found[24:], SMALL[24:])


def test_what_is_transparent_becomes_white():
    alpha = np.full((72, 48, 1), 255, np.uint8)
    alpha[:24], alpha[24:48] = 0, 128
    found = data.read_photograph(encoded(np.concatenate([SMALL, alpha], axis=2))).astype(int)
    assert (found[:24] == 255).all() and np.array_equal(found[48:], SMALL[48:])
    assert close(found[24:48], np.round(SMALL[24:48] * (128 / 255) + 255 * (127 / 255)), 1)
    grey = data.read_photograph(encoded(np.concatenate([GREY[..., None], alpha], axis=2)))
    assert (grey[:24] == 255).all() and np.array_equal(grey[48:, :, 0], GREY[48:])
    keyed = data.read_photograph(encoded(Image.fromarray(SMALL), transparency=(250, 20, 20)))
    assert (keyed[:24, :24] == 255).all() and np.array_equal(keyed[24:], SMALL[24:])


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "CMYK", "P", "I;16", "1"])
def test_every_mode_is_made_smaller_by_means(kind, mode):
    if (kind == "JPEG" and mode in ("RGBA", "P", "I;16", "1")) or (kind == "PNG" and mode == "CMYK"):
        pytest.skip("there is no such file")
    stripes = np.zeros((300, 600, 3), np.uint8)
    stripes[:, ::2] = 254                               # finer than what is left can show
    picture = Image.fromarray(stripes)
    picture = Image.fromarray(stripes[..., 0].astype(np.uint16) << 8) if mode == "I;16" else picture.convert(mode)
    found = data.read_photograph(encoded(picture, kind), longest=60)
    assert found.shape == (30, 60, 3) and abs(found[2:-2, 2:-2].astype(int) - 127).max() <= 12


# ------------------------------------------------------------------------------------------------------------- its size
def test_the_longer_side_is_kept_small_and_the_shape_stays():
    for shape, expected in (((700, 1400, 3), (256, 512, 3)), ((1400, 700, 3), (512, 256, 3)),
                            ((40, 90, 3), (40, 90, 3)), ((20, 4000, 3), (3, 512, 3))):  # fmt: skip
        assert data.read_photograph(encoded(np.zeros(shape, np.uint8))).shape == expected
    with pytest.raises(ValueError, match="longest must be at least 16"):
        data.read_photograph(encoded(SMALL), longest=8)


HUGE = """
import io, resource, sys
import numpy as np
from PIL import Image
from cs231n_helpers import data
content = open(sys.argv[1], "rb").read()
data.read_photograph(data.photos.FOLDER / "cat.jpg")    # what the decoder itself takes
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = data.read_photograph(content)
print(*found.shape, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1000)
"""


@pytest.mark.parametrize(("kind", "most"), [("JPEG", 60), ("PNG", 220)])
def test_a_huge_photograph_takes_little_memory(tmp_path, kind, most):
    """48 million pixels are 144 MB; a JPEG is decoded at an eighth of its width, a PNG cannot be."""
    path = tmp_path / "huge"
    Image.linear_gradient("L").resize((8000, 6000)).convert("RGB").save(path, kind)
    run = subprocess.run([sys.executable, "-c", HUGE, path], capture_output=True, text=True, check=True)
    *shape, megabytes = (int(word) for word in run.stdout.split())
    assert shape == [384, 512, 3] and megabytes < most


def bomb(width, height):
    """A PNG that says it is so large, and holds next to nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d))
              for k, d in ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_the_limit_of_pillow_is_kept():
    assert Image.MAX_IMAGE_PIXELS < 10**8
    for side in (9_500, 20_000, 65_000):                # where Pillow warns, where it refuses, and far beyond
        refused(bomb(side, side), "This file would have more than 89 million pixels", "smaller")


# -------------------------------------------------------------------------------------------------------- it is refused
@pytest.mark.parametrize(("content", "words"), [
    (b"", "empty (0 bytes)"), (b"GIF89a" + b"\0" * 50, "is a GIF"), (b"%PDF-1.7", "is a PDF document"),
    (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"></svg>', "is an SVG drawing, which is text"),
    (b"\xef\xbb\xbf  <svg onload='alert(1)'/>", "is an SVG drawing"), (b"<!DOCTYPE html><p>not found", "is a web page"),
    (b"PK\3\4rest", "is a zip archive"), (b"\0\0\0\x18ftypheic\0\0", "HEIC"), (b"RIFF\0\0\0\0WEBP", "WebP"),
    (b"BM\0\0", "is a BMP"), (b"II*\0", "is a TIFF"), (b"\x1f\x8b\x08", "is a gzip archive"),
    (b"hello, I am a text", "is neither a JPEG nor a PNG"), (b"\xff\xd8", "is neither a JPEG nor a PNG"),
    (b"\x93NUMPY", "is neither"), (b"\0" * 100, "is neither")])  # fmt: skip
def test_what_is_no_photograph_is_named(content, words):
    refused(content, words)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.97])
def test_a_truncated_photograph_is_refused(kind, share):
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    content = encoded(noise, kind)
    refused(content[:int(share * len(content))], "This file starts like a photograph, but it is damaged or breaks off")


def test_damaged_bytes_are_refused_or_read_but_never_raise_anything_else():
    rng, whole = np.random.default_rng(0), {kind: encoded(SMALL, kind) for kind in ("JPEG", "PNG")}
    for content in whole.values():
        for _ in range(150):
            bad = bytearray(content)
            for place in rng.integers(3, len(bad), 3):
                bad[place] = rng.integers(256)
            try:
                found = data.read_photograph(bytes(bad))
                assert found.ndim == 3 and found.shape[2] == 3 and found.dtype == np.uint8
            except DataError as error:
                assert "This file" in str(error)


def test_a_picture_of_one_pixel_is_refused():
    refused(encoded(np.zeros((1, 1, 3), np.uint8)), "has only 1 x 1 pixels", "16 on the shorter side")
    refused(encoded(np.zeros((3, 400, 3), np.uint8)), "has only 400 x 3 pixels")


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(photograph, "LARGEST", 2_000_000)
    (tmp_path / "film.jpg").write_bytes(b"\xff\xd8\xff" + b"\0" * 3_000_000)
    refused(tmp_path / "film.jpg", "film.jpg has 3 million bytes", "2 million here")
    refused(b"\xff\xd8\xff" + b"\0" * 3_000_000, "This file has 3 million bytes")


def test_paths_that_lead_nowhere(tmp_path):
    refused(tmp_path / "none.jpg", "none.jpg cannot be read: No such file", "path right?")
    refused(tmp_path, "cannot be read")
    refused("a\0b.jpg", "cannot be read")
    with pytest.raises(TypeError, match="source must be a path or bytes, got ndarray"):
        data.read_photograph(SMALL)


def test_only_the_content_decides_and_other_decoders_stay_closed(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(SMALL))                    # a PNG that calls itself JPEG is read
    assert np.array_equal(data.read_photograph(path), SMALL)
    path.write_bytes(encoded(SMALL, "GIF"))
    refused(path, "photo.jpg is a GIF")


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>.png", "../../etc/passwd", "a\nb\r\x1b[31m.png",
                                  "x" * 500, "\u202egnp.exe", ""])  # fmt: skip
def test_a_hostile_name_is_one_short_harmless_line(name):
    text = refused(b"GIF89a", "is a GIF", name=name)
    assert all(sign.isprintable() for sign in text) and len(text) < 150


def test_without_pillow_the_way_to_get_it_is_named(monkeypatch):
    content = encoded(SMALL)
    monkeypatch.setitem(sys.modules, "PIL", None)
    refused(content, "pip install pillow")
