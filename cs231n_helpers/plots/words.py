"""Many short texts that change often: one artist that paints stored pictures of words.

Matplotlib lays a text out anew each time it is drawn, 0.3 ms each; a circuit has fifty to a hundred of them. Here each
word is turned into pixels once and painted from then on: the numbers of a whole circuit cost less than one text.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Bbox

from .style import INK

BOX = 1  # pixels between a word and the box around it


@dataclass
class Word:
    """A place for a text: (x, y) in data coordinates is its middle, or its left or right end, on the baseline."""

    x: float
    y: float
    text: str = ""
    colour: str = INK
    size: float = 9.0  # points
    align: str = "center"
    bold: bool = False
    boxed: bool = False


class Words(Artist):
    """All the words of an axis, by key; change them with `write`, and let an update return the artist itself."""

    def __init__(self, ax, zorder=5):
        super().__init__()
        self.places = {}
        self.set_zorder(zorder)
        self.set_in_layout(False)
        ax.add_artist(self)
        self.set_clip_on(False)

    def place(self, key, x, y, text="", **look):
        """Make the place `key` for a word; `look` as in Word."""
        self.places[key] = Word(x, y, text, **look)

    def write(self, key, text, colour=None, boxed=False):
        """Put another text in a place; "" leaves it empty."""
        word = self.places[key]
        word.text, word.boxed, word.colour = text, boxed, colour or word.colour

    def draw(self, renderer):
        """Paint every word that is there."""
        if not self.get_visible():
            return
        gc = renderer.new_gc()
        for word, (left, bottom, image) in self._painted():
            renderer.draw_image(gc, left, bottom, image)
            if word.boxed:
                _frame(renderer, gc, word.colour, left, bottom, image.shape)
        gc.restore()
        self.stale = False

    def boxes(self):
        """Return {key: box in pixels of the screen} of the words that are there, with the boxes around them."""
        keys = {id(word): key for key, word in self.places.items()}
        found = {}
        for word, (left, bottom, image) in self._painted():
            more = BOX if word.boxed else 0
            height, width = image.shape[:2]
            found[keys[id(word)]] = Bbox.from_bounds(left - more, bottom - more, width + 2 * more, height + 2 * more)
        return found

    def get_window_extent(self, renderer=None):
        """Return the box, in pixels, around all words."""
        return Bbox.union(list(self.boxes().values())) if self.boxes() else Bbox.null()

    def _painted(self):
        """Yield each word with the place of its lower left corner in pixels, and its picture."""
        there = [word for word in self.places.values() if word.text]
        if not there:
            return
        dpi = self.axes.figure.dpi
        pixels = self.axes.transData.transform([(word.x, word.y) for word in there])
        for word, (x, y) in zip(there, pixels, strict=True):
            image, descent = _picture(word.text, word.size, word.bold, word.colour, dpi)
            left = x - {"left": 0.0, "center": 0.5, "right": 1.0}[word.align] * image.shape[1]
            yield word, (round(left), round(y - descent) - 1, image)


def _frame(renderer, gc, colour, left, bottom, shape):
    gc.set_foreground(colour)
    gc.set_linewidth(1.2)
    height, width = shape[:2]
    corner = Affine2D().scale(width + 2 * BOX, height + 2 * BOX).translate(left - BOX, bottom - BOX)
    renderer.draw_path(gc, Path.unit_rectangle(), corner)


@lru_cache(8192)
def _picture(text, size, bold, colour, dpi):
    """Return a word as pixels (H, W, 4) uint8, from the bottom row up, and by how much it goes below its baseline."""
    font = get_font(findfont(FontProperties(weight="bold" if bold else "normal")))
    font.set_size(size, dpi)
    font.set_text(text, 0.0)
    font.draw_glyphs_to_bitmap(antialiased=True)
    ink = np.array(font)[::-1]
    image = np.empty((*ink.shape, 4), np.uint8)
    image[..., :3] = np.round(np.array(to_rgb(colour)) * 255)
    image[..., 3] = ink
    return image, font.get_descent() / 64


def width_of(text, size, bold=False, dpi=100):
    """Return the width of a text in pixels."""
    return _picture(text, size, bold, INK, dpi)[0].shape[1]


@lru_cache(8192)
def number(value, size, width):
    """Write a number with at most 4 significant digits, and fewer where `width` pixels do not hold them.

    1.0 -> "1", -0.25 -> "−0.25", 12345.678 -> "1.235e4", NaN (not known yet) -> "".
    """
    if np.isnan(value):
        return ""
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    texts = [text for digits in (4, 3, 2, 1) for text in _forms(float(value), digits)]
    return next((text for text in texts if _rough_width(text, size) <= width), min(texts, key=len))


def _forms(value, digits):
    """Yield the number in plain digits, if that is no nuisance, and with a power of ten."""
    mantissa, power = f"{abs(value):.{digits - 1}e}".split("e")
    sign, power = "−" if value < 0 else "", int(power)
    if value == 0 or -5 < power < 4:
        yield sign + _short(f"{abs(value):.{max(0, digits - 1 - power)}f}")
    if value != 0:
        yield f"{sign}{_short(mantissa)}e{power}".replace("e-", "e−")


def _short(text):
    return text.rstrip("0").rstrip(".") if "." in text else text


def _rough_width(text, size):
    """Width in pixels of a number at 100 dots to the inch, from the widths of the digits in DejaVu Sans."""
    em = size * 100 / 72
    return sum({"−": 0.84, ".": 0.33}.get(letter, 0.645) for letter in text) * em
