"""Many images as one picture: a montage is a single array of pixels, so that it is redrawn in one go."""

import matplotlib
import numpy as np
from matplotlib.colors import to_rgb

from .style import INK, blank

CELL = 56  # least side of an image in the montage, in its pixels: leaves room for thin frames


def montage(ax, images, columns, titles=None, frame_colours=None, marked=None, cmap="gray", rows=None, room=0.3,
            empty="white", fontsize=9):
    """Draw images (N, H, W), (N, H, W, 1) or (N, H, W, 3) as ONE AxesImage, `columns` a row, titles below.

    Values are uint8 or floats from 0 to 1; one-channel images go through the colour map `cmap`. `frame_colours` holds
    one colour (or None) per image, `marked` one bool: a filled corner, for those who do not see the colour. `rows`
    reserves places for later (default: what N needs); `room` is left for each title, as a share of an image's
    height; `empty` is the colour of a place without an image.

    Returns update(images=None, titles=None, frame_colours=None, marked=None): what is given replaces what was shown,
    what is None stays; fewer images leave empty places. It returns the artists that changed.
    """
    images = np.asarray(images)
    rows = rows or max(1, -(-len(images) // columns))
    state = {"images": images, "titles": titles, "frame_colours": frame_colours, "marked": marked}
    layout = _Layout(images.shape[1:3], rows, columns, room if titles is not None else 0, cmap, empty)
    picture = ax.imshow(layout.pixels(**state), interpolation="nearest")
    texts = [ax.annotate("", place, (0, -fontsize - 3), textcoords="offset points", ha="center", va="baseline",
                         fontsize=fontsize, color=INK, linespacing=1.1, annotation_clip=False)
             for place in layout.below()] if titles is not None else []  # fmt: skip
    blank(ax)

    def write():
        wanted = list(state["titles"] or ()) + [""] * len(texts)
        changed = [(text, new) for text, new in zip(texts, wanted) if text.get_text() != new]
        for text, new in changed:
            text.set_text(new)
        return [text for text, _ in changed]

    def update(**new):
        state.update({name: value for name, value in new.items() if value is not None})
        picture.set_data(layout.pixels(**state))
        return [picture, *write()]

    write()
    return update


def named_rows(ax, images, columns, names):
    """A montage without titles, with a name at the left of each row; update as in `montage`."""
    update = montage(ax, images, columns)
    step = (ax.images[0].get_array().shape[0]) / -(-len(images) // columns)         # pixels from row to row
    ax.set_yticks([(row + 0.48) * step for row in range(len(names))], names, rotation=90, va="center", fontsize=9)
    ax.tick_params(axis="y", length=0, labelcolor=INK)
    return update


class _Layout:
    """Where each image of a montage stands, in pixels; it has no state beyond its sizes."""

    def __init__(self, shape, rows, columns, room, cmap, empty):
        self.scale = max(1, -(-CELL // max(shape)))
        self.height, self.width = (side * self.scale for side in shape)
        self.frame = max(2, round(max(self.height, self.width) / 16))
        self.gap = self.frame
        self.below_gap = self.gap + round(room * self.height)
        self.rows, self.columns, self.cmap = rows, columns, matplotlib.colormaps[cmap]
        self.empty = _bytes(empty)

    def corner(self, i):
        """Top and left pixel of place i, frame included."""
        row, column = divmod(i, self.columns)
        step = self.height + 2 * self.frame + self.below_gap, self.width + 2 * self.frame + self.gap
        return row * step[0], column * step[1]

    def below(self):
        """Middle of the lower edge of each image, (x, y)."""
        for i in range(self.rows * self.columns):
            top, left = self.corner(i)
            yield left + self.frame + self.width / 2, top + self.height + 2 * self.frame

    def pixels(self, images, titles=None, frame_colours=None, marked=None):
        """The whole montage as uint8 (rows of pixels, columns of pixels, 3)."""
        last_top, last_left = self.corner(self.rows * self.columns - 1)
        size = last_top + self.height + 2 * self.frame + self.below_gap, last_left + self.width + 2 * self.frame
        canvas = np.full((*size, 3), 255, np.uint8)
        images = self._fitting(_rgb(np.asarray(images), self.cmap))
        for i in range(self.rows * self.columns):
            top, left = self.corner(i)
            cell = canvas[top : top + self.height + 2 * self.frame, left : left + self.width + 2 * self.frame]
            if i >= len(images):
                cell[:] = self.empty
                continue
            colour = frame_colours[i] if frame_colours is not None and i < len(frame_colours) else None
            if colour is not None:
                cell[:] = _bytes(colour)
            cell[self.frame : -self.frame, self.frame : -self.frame] = images[i]
            if colour is not None and marked is not None and marked[i]:
                self._mark(cell, colour)
        return canvas

    def _fitting(self, images):
        """Each pixel repeated; images of another size than the first ones are brought to the same."""
        rows, columns = (np.arange(side) * n // side for side, n in zip((self.height, self.width), images.shape[1:3]))
        return images[:, rows][:, :, columns]

    def _mark(self, cell, colour):
        """Fill the upper right corner: a triangle a quarter of the image high."""
        side = self.frame + self.height // 4
        cell[:side, -side:][np.triu(np.ones((side, side), bool))] = _bytes(colour)


def _bytes(colour):
    return np.round(np.multiply(to_rgb(colour), 255)).astype(np.uint8)


def _rgb(images, cmap):
    """Images of any accepted form as uint8 (N, H, W, 3)."""
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim == 3 and cmap.name != "gray":
        return cmap(images, bytes=True)[..., :3]
    if images.ndim == 3:
        images = images[..., None].repeat(3, axis=-1)
    return images if images.dtype == np.uint8 else np.round(images.clip(0, 1) * 255).astype(np.uint8)
