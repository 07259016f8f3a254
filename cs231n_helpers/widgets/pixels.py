"""Faster ways from an image to pixels on the screen, for figures that are drawn again with every move of a slider."""

import struct
import zlib

import numpy as np
from matplotlib.transforms import Affine2D


def png_bytes(rgb):
    """Return pixels (H, W, 3) uint8 as a PNG file.

    Each row is stored as its difference from the row above, which leaves mostly zeros in a plot. Image libraries try
    five such filters on every row, which takes longer than all the rest.
    """
    height, width = rgb.shape[:2]
    flat = rgb.reshape(height, 3 * width)
    rows = np.empty((height, 1 + 3 * width), np.uint8)
    rows[:, 0] = 2  # PNG's filter "up"
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits each of red, green and blue
    parts = (b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def quicken(image):
    """Let an `imshow` image of sharp-edged pixels be enlarged by plain indexing: same pixels, a fifth of the time.

    Smoothed images, curved axes and alpha by pixel are left to Matplotlib.
    """
    slowly = image.make_image

    def make_image(renderer, magnification=1.0, unsampled=False):
        if magnification != 1 or unsampled or not _is_plain(image):
            return slowly(renderer, magnification, unsampled)
        return _nearest(image)

    image.make_image = make_image


def _is_plain(image):
    ax = image.axes
    straight = ax.get_xscale() == ax.get_yscale() == "linear" and image.get_transform() is ax.transData
    return straight and np.ndim(image.get_alpha()) == 0 and image.get_array() is not None and _is_sharp(image)


def _is_sharp(image):
    """Matplotlib's own rule for when enlarging shows each pixel as a block."""
    if image.get_interpolation() in ("nearest", "none"):
        return True
    (x0, y0), (x1, y1) = _corners(image)
    rows, columns = image.get_array().shape[:2]
    zooms = abs(x1 - x0) / columns, abs(y1 - y0) / rows
    return image.get_interpolation() in ("auto", "antialiased") and all(z > 3 or z in (1, 2) for z in zooms)


def _nearest(image):
    """Return what `make_image` returns: pixels from the lower left corner upwards, and where they stand."""
    (x0, y0), (x1, y1) = _corners(image)
    box = image.axes.bbox
    columns, left = _indices(x0, x1, box.x0, box.x1, image.get_array().shape[1])
    rows, bottom = _indices(y0, y1, box.y0, box.y1, image.get_array().shape[0])
    if len(rows) == 0 or len(columns) == 0:
        return None, 0, 0, None
    pixels = _rgba(image)
    if image.origin == "upper":
        pixels = pixels[::-1]
    enlarged = pixels.take(columns, axis=1).take(rows, axis=0)  # (rows on screen, columns on screen), 32 bits each
    return enlarged.view(np.uint8).reshape(*enlarged.shape, 4), left, bottom, Affine2D()


def _corners(image):
    left, right, bottom, top = image.get_extent()
    return image.axes.transData.transform([(left, bottom), (right, top)])


def _indices(start, end, low, high, count):
    """Return which of `count` source pixels, spread from start to end, each screen pixel in low..high shows."""
    first, last = (round(min(max(side, low), high)) for side in sorted((start, end)))
    screen = np.arange(first, last) + 0.5
    return ((screen - start) * (count / (end - start))).astype(int).clip(0, count - 1), first


def _rgba(image):
    """Return the image's own pixels in colour, each packed into 32 bits, shape (rows, columns)."""
    data, alpha = image.get_array(), image.get_alpha()
    if data.ndim == 3 and data.shape[2] == 3 and data.dtype == np.uint8:
        colours = np.full((*data.shape[:2], 4), 255, np.uint8)
        colours[..., :3] = data
    else:
        colours = np.ascontiguousarray(image.to_rgba(data, bytes=True))
    if alpha is not None:
        colours[..., 3] = (colours[..., 3] * alpha).astype(np.uint8)
    return colours.view(np.uint32)[..., 0]
