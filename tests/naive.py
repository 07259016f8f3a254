"""Spatial operations with Python's own loops, one number after the other: the truth that the fast ones are held to."""

import math

import numpy as np


def pair(value):
    return value if isinstance(value, tuple) else (value, value)


def sides(pad):
    return pad if isinstance(pad, tuple) else ((pad, pad), (pad, pad))


def count(n, size, stride, pad, dilation, fit):
    """How many windows begin on the axis, found by sliding one along."""
    reach, places, at = dilation * (size - 1) + 1, 0, 0
    while at + reach <= n + sum(pad):
        places, at = places + 1, at + stride
    whole = at - stride + reach == n + sum(pad)
    if fit == "exact" and not whole:
        raise AssertionError("does not fit")
    return places + (fit == "ceil" and not whole and at < n + pad[0])


def windows(x, size, stride, pad, dilation, fit):
    """(OH, OW) and a function of (i, j): the rows, columns and taps (row, column, u, v) that lie on the image."""
    (S, T), (D, E), (P, Q) = pair(stride), pair(dilation), sides(pad)
    OH, OW = count(x.shape[1], size[0], S, P, D, fit), count(x.shape[2], size[1], T, Q, E, fit)

    def under(i, j):
        for u in range(size[0]):
            for v in range(size[1]):
                row, column = i * S + u * D - P[0], j * T + v * E - Q[0]
                if 0 <= row < x.shape[1] and 0 <= column < x.shape[2]:
                    yield row, column, u, v

    return (OH, OW), under


def conv2d(x, W, b, *, stride=1, pad=0, dilation=1, groups=1, fit="exact"):
    KH, KW, c, F = W.shape
    (OH, OW), under = windows(x, (KH, KW), stride, pad, dilation, fit)
    x64, W64 = x.astype(float), W.astype(float)
    y = np.empty((len(x), OH, OW, F))
    for n, i, j, f in np.ndindex(y.shape):
        first = f // (F // groups) * c                              # the first channel of the filter's group
        y[n, i, j, f] = math.fsum(x64[n, r, s, first + k] * W64[u, v, k, f]
                                  for r, s, u, v in under(i, j) for k in range(c)) + b[f]
    return y


def conv2d_gradients(x, W, dy, *, stride=1, pad=0, dilation=1, groups=1, fit="exact"):
    """dx, dW, db: each product of the sum above passes dy on to both of its factors."""
    KH, KW, c, F = W.shape
    _, under = windows(x, (KH, KW), stride, pad, dilation, fit)
    dx, dW, f_ = np.zeros(x.shape), np.zeros(W.shape), F // groups
    x, W, dy = x.astype(float), W.astype(float), dy.astype(float)
    for n, i, j in np.ndindex(dy.shape[:3]):
        for r, s, u, v in under(i, j):
            for g in range(groups):
                channels, filters = slice(g * c, (g + 1) * c), slice(g * f_, (g + 1) * f_)
                dx[n, r, s, channels] += W[u, v, :, filters] @ dy[n, i, j, filters]
                dW[u, v, :, filters] += np.outer(x[n, r, s, channels], dy[n, i, j, filters])
    return dx, dW, dy.sum(axis=(0, 1, 2))


def depthwise_conv2d(x, W, b, **settings):
    return conv2d(x, W[:, :, None, :], b, groups=x.shape[3], **settings)


def pool(x, size, stride, pad, fit, summed_up):
    size = pair(size)
    (OH, OW), under = windows(x, size, size if stride is None else stride, pad, 1, fit)
    y = np.empty((len(x), OH, OW, x.shape[3]))
    for n, i, j, c in np.ndindex(y.shape):
        y[n, i, j, c] = summed_up([float(x[n, r, s, c]) for r, s, _, _ in under(i, j)])
    return y


def max_pool2d(x, size, stride=None, pad=0, fit="exact"):
    return pool(x, size, stride, pad, fit, max)


def avg_pool2d(x, size, stride=None, pad=0, fit="exact"):
    return pool(x, size, stride, pad, fit, lambda numbers: math.fsum(numbers) / len(numbers))


def pool_gradient(x, dy, size, stride=None, pad=0, fit="exact", average=False):
    """Each window gives its dy to its first largest number, or to all in equal parts."""
    size = pair(size)
    _, under = windows(x, size, size if stride is None else stride, pad, 1, fit)
    dx = np.zeros(x.shape)
    for n, i, j, c in np.ndindex(dy.shape):
        places = [(n, r, s, c) for r, s, _, _ in under(i, j)]
        chosen = places if average else [max(places, key=lambda place: x[place])]       # max keeps the first of equals
        for place in chosen:
            dx[place] += dy[n, i, j, c] / len(chosen)
    return dx


def global_avg_pool(x):
    return np.array([[math.fsum(x[n, :, :, c].ravel().tolist()) / x[n, :, :, c].size for c in range(x.shape[3])]
                     for n in range(len(x))])


def local_response_norm(x, size=5, alpha=1e-4, beta=0.75, k=2):
    y = np.empty(x.shape)
    for n, i, j, c in np.ndindex(x.shape):
        near = range(max(0, c - size // 2), min(x.shape[3], c + size // 2 + 1))
        s = k + alpha / size * math.fsum(float(x[n, i, j, d]) ** 2 for d in near)
        y[n, i, j, c] = x[n, i, j, c] / s ** beta
    return y
