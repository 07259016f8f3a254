"""Read a photograph that anybody may have made: JPEG or PNG, upright, in RGB, not too large; or say why not.

The content decides, never the name of the file. Only two of Pillow's decoders are ever called, and its limit for
pictures that grow in memory (89 million pixels) stays on.
"""

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np

from cs231n_helpers import checks
from cs231n_helpers.checks import DataError

LONGEST = 512                   # pixels of the longer side that are kept
SHORTEST = 16                   # pixels of the shorter side that it takes to show something
LARGEST = 40 * 10**6            # bytes of a file
KINDS = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
OTHERS = {  # what people try, by its first bytes
    b"GIF8": "a GIF", b"BM": "a BMP", b"II*\0": "a TIFF", b"MM\0*": "a TIFF", b"%PDF": "a PDF document",
    b"PK": "a zip archive", b"\x1f\x8b": "a gzip archive", b"RIFF": "a WebP or another RIFF file"}  # fmt: skip
UPRIGHT = {  # EXIF orientation: what turns the picture upright
    2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_270", 7: "TRANSVERSE",
    8: "ROTATE_90"}  # fmt: skip
ORIENTATION = 0x0112            # the EXIF tag
BROKEN = (OSError, SyntaxError, ValueError, EOFError, TypeError, IndexError, KeyError, OverflowError, struct.error,
          zlib.error)           # what Pillow raises over damaged content  # fmt: skip


def read_photograph(source, name=None, longest=LONGEST):
    """The photograph in a JPEG or PNG file as pixels (H, W, 3), uint8, read-only.

    It is turned upright as its EXIF note says, its colours become RGB (transparent parts white, 16 bits 8), and it is
    reduced until its longer side has at most `longest` pixels; a large JPEG is decoded small from the start.

    Parameters
    ----------
    source : path of a file, or its content as bytes.
    name : what messages call it; unless given, the name of the file.
    longest : the most pixels of a side, at least 16.

    Raises
    ------
    DataError (a ValueError), with a sentence that says what the file is, if it cannot be used.
    """
    longest = checks.whole("read_photograph", "longest", longest, low=SHORTEST)
    content, name = _content(source, name)
    _refuse_foreign(content, name)
    pixels = _decoded(content, name, longest)
    pixels.setflags(write=False)
    return pixels


def printable(name, most=60):
    """A file's name as one short line without control characters: names come from strangers."""
    line = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in str(name))
    return line if len(line) <= most else line[:most - 1] + "\N{HORIZONTAL ELLIPSIS}"


# ------------------------------------------------------------------------------------------------- before it is decoded
def _content(source, name):
    """(bytes, name) of a path or of bytes; a file that is too large is not read."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        content, name = bytes(source), printable(name or "This file")
        _refuse_large(len(content), name)
        return content, name
    if not isinstance(source, (str, Path)):
        raise TypeError(f"read_photograph: source must be a path or bytes, got {type(source).__name__}.")
    path = Path(source)
    name = printable(name or path.name)
    try:
        _refuse_large(path.stat().st_size, name)
        return path.read_bytes(), name
    except (OSError, ValueError) as error:              # ValueError: a zero byte within the path
        if isinstance(error, DataError):
            raise
        reason = getattr(error, "strerror", None) or "not a path"
        raise DataError(f"{name} cannot be read: {reason}. Is the path right?") from None


def _refuse_large(size, name):
    if size > LARGEST:
        raise DataError(f"{name} has {size / 1e6:,.0f} million bytes; a photograph may have {LARGEST / 1e6:.0f} million"
                        " here. Export it smaller.")


def _refuse_foreign(content, name):
    """Everything but JPEG and PNG, named by what it looks like."""
    if not content:
        raise DataError(f"{name} is empty (0 bytes). Was it copied or downloaded to the end?")
    if any(content.startswith(start) for start in KINDS):
        return
    what = next((kind for start, kind in OTHERS.items() if content.startswith(start)), None)
    if what is None and content[4:8] == b"ftyp":
        what = "a film, or a HEIC or AVIF picture of a telephone"
    if what is None and content[:1000].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        what = "an SVG drawing, which is text" if b"<svg" in content[:1000] else "a web page or another text with tags"
    raise DataError(f"{name} is {what or 'neither a JPEG nor a PNG'}. Save the picture as JPEG or PNG and try again.")


# ------------------------------------------------------------------------------------------------------------ decoding
def _decoded(content, name, longest):
    try:
        from PIL import Image
    except ImportError:
        raise DataError("Pillow reads photographs, and it is not installed. Install it: pip install pillow") from None
    try:
        with _opened(content) as picture:
            _refuse_small(picture.size, name)
            turn = _orientation(picture)                # before the reduction, which drops the note
            small = _reduced(picture, longest)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DataError(f"{name} would have more than {Image.MAX_IMAGE_PIXELS / 1e6:.0f} million pixels. "
                        "Export it smaller.") from None
    except DataError:
        raise
    except BROKEN:
        raise DataError(f"{name} starts like a photograph, but it is damaged or breaks off. Copy it again, or open "
                        "it in a picture viewer and save it anew.") from None
    if turn in UPRIGHT:
        small = small.transpose(getattr(Image.Transpose, UPRIGHT[turn]))
    return np.array(small, np.uint8)


def _opened(content):
    """Only the header is read here. Pillow warns of a large picture, and refuses one twice as large: both refuse."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")                 # of notes that are not as they should be
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(content), formats=tuple(KINDS.values()))


def _refuse_small(size, name):
    if min(size) < SHORTEST:
        width, height = size
        raise DataError(f"{name} has only {width} x {height} pixels: too few to show anything. It takes {SHORTEST} on "
                        "the shorter side.")


def _orientation(picture):
    """The EXIF orientation, 1 to 8; 1 where there is none, or where the notes cannot be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")                 # which Pillow gives of a note that is cut off
        try:
            return picture.getexif().get(ORIENTATION, 1)
        except BROKEN:
            return 1


def _reduced(picture, longest):
    """The picture in RGB, its longer side at most `longest`."""
    from PIL import Image

    picture = _flat(picture)
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=3.0)
    if picture.mode in ("LA", "RGBA"):
        picture = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return picture.convert("RGB")


def _flat(picture):
    """The picture in a mode whose numbers can be averaged: no palette, no 16 bits. A JPEG stays undecoded."""
    from PIL import Image

    if "transparency" in picture.info or picture.mode in ("P", "PA"):
        return picture.convert("RGBA")
    if picture.mode.startswith("I"):                    # 16 bits of grey: the upper 8
        return Image.fromarray((np.asarray(picture).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
    return picture.convert("L") if picture.mode == "1" else picture
