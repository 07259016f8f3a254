"""The size of picture that a pretrained network is asked for."""

from cs231n_helpers import checks

SMALLEST = 64                                           # both networks make pictures 32 times smaller


def picture_shape(where, size):
    """(H, W, 3) of a number or of a pair (height, width)."""
    pair = tuple(size) if isinstance(size, (tuple, list)) else (size, size)
    if len(pair) != 2:
        raise ValueError(f"{where}: size must be a whole number or a pair (height, width), got {size!r}.")
    return *(checks.whole(where, "size", n, low=SMALLEST) for n in pair), 3
