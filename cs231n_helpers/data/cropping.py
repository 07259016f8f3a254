"""A square piece of a photograph, at any size: what a network is given to see."""

import numpy as np

from cs231n_helpers import checks
from cs231n_helpers.resampling import linear_weights


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
    rows, columns = (linear_weights(n, side, place * (n - width), width) for n, place in zip(photo.shape[:2], places))
    (top, bottom), (left, right) = _ends(rows), _ends(columns)
    rows, columns = rows[:, top:bottom], columns[:, left:right]
    seen = photo[top:bottom, left:right].astype(np.float32)                         # (h, w, 3): a part of a large photo
    low = (rows @ seen.reshape(len(seen), -1)).reshape(side, -1, 3)                 # (side, h) @ (h, w * 3)
    means = columns @ low / np.float32(255)                                         # (side, w) @ (side, w, 3)
    return np.minimum(means, 1)                                                     # rounding may exceed it by 1e-7


def _ends(weights):
    """The first old pixel that counts, and the one after the last."""
    seen = np.flatnonzero(weights.any(axis=0))
    return seen[0], seen[-1] + 1
