"""New pixels from old ones, along one side of an image: for `data.square` and `preprocessing.resize`."""

import functools

import numpy as np


@functools.lru_cache(maxsize=64)
def linear_weights(old, new, start=0.0, width=None):
    """(new, old) float32: row i says of which of the old pixels the new pixel i is the mean. Each row adds up to 1.

    The new pixels begin at `start` and are `width` old ones wide together; by default they cover them all. Pixel j of a
    side is the interval from j to j + 1, its place the middle. Weights fall off along a straight line, over one old
    pixel where there are more new ones, else over one new one, so that none is passed over. At the border the window is
    cut off.
    """
    scale = (old if width is None else width) / new                 # old pixels in a new one
    places = start + (np.arange(new)[:, None] + 0.5) * scale        # (new, 1)
    table = np.maximum(0, 1 - np.abs(np.arange(old) + 0.5 - places) / max(1.0, scale))              # (new, old)
    table = (table / table.sum(axis=1, keepdims=True)).astype(np.float32)
    table.setflags(write=False)
    return table
