"""More training images than there are: each is shown mirrored or shifted a little, and still means the same."""

import numpy as np

from cs231n_helpers import checks


def augment(X, rng, flip=True, shift=2):
    """Mirror each image left to right with probability 1/2, and shift it by up to `shift` pixels each way.

    X: images (N, H, W, C), of bytes or floats. Returns a new array of the same shape and dtype; X stays as it is. Every
    image draws its own shifts, down and right, each uniform in -shift ... shift. What enters at the border is 0: on
    centred data that is the mean. The picture is the same as a random crop of the image padded by `shift` zeros.
    flip=False for things that have a left and a right, such as digits. The shifts do not depend on `flip`.
    Memory: the result, and a copy of the few images that move alike. Time: that of a few copies of X.
    Source: CS231n lectures, Training neural networks: data augmentation.
    """
    X = _images("data.augment", X)
    shift = checks.whole("data.augment", "shift", shift, low=0, high=min(X.shape[1:3]) - 1)
    down, right = checks.generator("data.augment", "rng", rng).integers(-shift, shift + 1, (2, len(X)))      # each (N,)
    mirrored = rng.random(len(X)) < 0.5 if flip else np.zeros(len(X), bool)
    views = {False: X, True: X[:, :, ::-1]}
    result = np.zeros(X.shape, X.dtype)
    for dy, dx, mirror in {*zip(down.tolist(), right.tolist(), mirrored.tolist())}:             # few moves, many images
        alike = np.flatnonzero((down == dy) & (right == dx) & (mirrored == mirror))
        (to_y, from_y), (to_x, from_x) = _overlap(dy), _overlap(dx)
        result[alike, to_y, to_x] = views[mirror][alike, from_y, from_x]
    return result


def _overlap(move):
    """Where the rows (or columns) that stay in the picture go, and where they come from."""
    if move == 0:
        return slice(None), slice(None)
    return (slice(move, None), slice(None, -move)) if move > 0 else (slice(None, move), slice(-move, None))


def _images(where, X):
    X = np.asarray(X)
    if X.dtype.kind not in "iuf":
        raise TypeError(f"{where}: X must hold pixels as numbers, got dtype {X.dtype}. Convert it to float first.")
    if X.ndim != 4 or X.size == 0:
        raise ValueError(f"{where}: X must be images (N, H, W, C) with N >= 1, got shape {X.shape}."
                         + (" Grey images? Write X[..., None]." if X.ndim == 3 else "")
                         + (" Rows of pixels? Write X.reshape(len(X), H, W, C)." if X.ndim == 2 else ""))
    return X
