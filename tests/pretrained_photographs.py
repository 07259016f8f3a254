"""Which pictures, of which sizes, the pretrained networks are compared on; made without rounding: always the same."""

import numpy as np

SIZES = {"squeezenet": (128, 227), "efficientnet_lite0": (96, 224)}


def square(photo, size):
    """The middle square of a photograph, size x size x 3 uint8: of each place the nearest pixel."""
    side = min(photo.shape[:2])
    top, left = (photo.shape[0] - side) // 2, (photo.shape[1] - side) // 2
    nearest = (2 * np.arange(size) + 1) * side // (2 * size)
    return photo[top + nearest[:, None], left + nearest]


def shown(scores):
    """The classes whose scores are written down: the five highest, then every 25th."""
    return [*np.argsort(-scores)[:5].tolist(), *range(0, 1000, 25)]
