"""A square piece of a photograph, at any size: what a network is given to see."""

from functools import lru_cache

import numpy as np

from cs231n_helpers import checks


def square(photo, side, zoom=1.0, across=0.5, down=0.5):
    """A square piece of photo (H, W, 3) uint8, brought to side x side: float32 from 0 to 1, (side, side, 3).

    At zoom 1 it is as large as fits, min(H, W); at zoom 2 half as wide. `across` and `down` say where it lies: 0 at the
    left or at the top, 1 at the right or at the bottom. Every new pixel is a weighted mean of the old ones around it
    (weights that fall off linearly, as wide as the new pixel where there are fewer than before).
    """
    photo = np.asarray(photo)
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3:
        raise ValueError(f"square: photo must be uint8 of shape (H, W, 3), got {photo.dtype} of shape {photo.shape}.")
    side, zoom = checks.whole("square", "side", side, low=1), checks.real("square", "zoom", zoom, low=1)
    places = [checks.real("square", n, v, low=0, high=1) for n, v in (("down", down), ("across", across))]
    width = min(photo.shape[:2]) / zoom
    (top, rows), (left, columns) = (_means(n, side, place * (n - width), width)
                                    for n, place in zip(photo.shape[:2], places))
    seen = photo[top:top + rows.shape[1], left:left + columns.shape[1]].astype(np.float32)      # (h, w, 3)
    low = (rows @ seen.reshape(len(seen), -1)).reshape(side, -1, 3)                 # (side, h) @ (h, w * 3)
    means = columns @ low / np.float32(255)                                         # (side, w) @ (side, w, 3)
    return np.minimum(means, 1)                                                     # rounding may exceed it by 1e-7


@lru_cache(maxsize=64)
def _means(count, side, start, width):
    """The first of `count` old pixels that is seen, and weights (side, n): row i makes new pixel i of the n from there.

    The new ones begin at `start` and are `width` old ones wide together.
    """
    scale = width / side
    middles = start + (np.arange(side) + 0.5) * scale
    distances = np.abs(np.arange(count) + 0.5 - middles[:, None]) / max(scale, 1.0)
    weights = np.maximum(0, 1 - distances)
    seen = np.flatnonzero(weights.any(axis=0))
    weights = weights[:, seen[0]:seen[-1] + 1]
    weights = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    weights.setflags(write=False)
    return int(seen[0]), weights
