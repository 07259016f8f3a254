"""Images of another size, by linear interpolation."""

import numpy as np

from cs231n_helpers import checks
from cs231n_helpers.resampling import linear_weights

AT_ONCE = 2**24                                                     # numbers that are worked on at a time


def resize(X, size):
    """Images (N, H, W, C) or one (H, W, C) with `size` pixels on each side: a number, or (height, width). float32.

    Each new pixel is a weighted mean of the old ones around its place, along rows and then along columns:
    new = R @ image @ S.T for each channel, R (h, H), S (w, W). Weights fall off along a straight line. Enlarged, that
    is bilinear interpolation between the four nearest pixels. Reduced, the window grows with the factor, so that no
    pixel is passed over: fine stripes become grey instead of coarse stripes that were never there. Range and mean
    brightness stay. Bytes stay between 0 and 255, as float32: divide by 255 if 0 to 1 is wanted.
    """
    X = np.asarray(X)
    if X.ndim not in (3, 4) or 0 in X.shape[-3:] or X.dtype.kind not in "uif":
        raise ValueError(f"resize: X must be images (N, H, W, C) or one (H, W, C), of numbers, got shape {X.shape} and "
                         f"dtype {X.dtype}." + (" Grey images? Write X[..., None]." if X.ndim == 2 else ""))
    sides = size if isinstance(size, tuple | list) else (size, size)
    h, w = (checks.whole("resize", "size", side, low=1) for side in sides)
    if X.ndim == 3:
        return resize(X[None], (h, w))[0]
    if X.shape[1:3] == (h, w):
        return X.astype(np.float32)
    few = max(1, AT_ONCE // ((X.shape[1] * X.shape[2] + h * w) * X.shape[3]))
    return np.concatenate([_resized(X[i:i + few], h, w) for i in range(0, max(len(X), 1), few)])


def _resized(X, h, w):
    N, H, W, C = X.shape
    rows = linear_weights(H, h) @ X.reshape(N, H, W * C).astype(np.float32)                         # (N, h, W * C)
    columns = np.kron(linear_weights(W, w), np.eye(C, dtype=np.float32))                            # (w * C, W * C)
    return (rows.reshape(N * h, W * C) @ columns.T).reshape(N, h, w, C)
