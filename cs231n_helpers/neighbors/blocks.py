"""Cutting long arrays into blocks."""

import numpy as np


def slices(count, size):
    """slice(0, size), slice(size, 2 * size) ... up to `count`; the last one may be shorter."""
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def even_slices(count, size, times):
    """Slices of nearly one length, at most `size`; as many as `times` or a multiple: equal work for so many threads."""
    parts = -(-count // (size * times)) * times
    return slices(count, -(-count // parts))


def rows_within(megabytes, width, itemsize):
    """How many rows of `width` numbers take about that many megabytes; between 16 and 1,024."""
    return int(min(1024, max(16, megabytes * 1e6 // (width * itemsize))))


def aligned(shape, dtype):
    """An empty array that starts at a cache line of 64 bytes: writing across lines costs a third of the time."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.empty(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start:start + size].view(dtype).reshape(shape)
