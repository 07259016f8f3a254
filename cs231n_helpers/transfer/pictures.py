"""Any images, as a network wants them."""

import numpy as np

from cs231n_helpers.preprocessing import resize


def fitted(network, X, size=None):
    """Images X (N, H, W, C) as float32 of the network's input shape.

    Bytes become 0 to 1, the size that of its input (or `size`), and grey images three equal channels if it wants
    colour. Floats keep their values.

    Memory: the whole result; `features` does it a few images at a time.
    """
    X = np.asarray(X)
    height, width, channels = network.input_shape
    height, width = (height, width) if size is None else (size, size)
    if X.ndim != 4 or X.shape[3] not in (1, channels):
        raise ValueError(f"transfer: X must be images (N, H, W, {channels}), or grey ones (N, H, W, 1), got {X.shape}."
                         + (" One image? Write x[None]." if X.ndim == 3 else ""))
    X = resize(X, (height, width)) / np.float32(255 if X.dtype == np.uint8 else 1)
    return np.repeat(X, channels, axis=3) if X.shape[3] != channels else X
