"""What a network says of one picture, which pixels it says that because of, and how little it takes to change its mind.

A picture is x (H, W, C) with numbers from 0 to 1, as the first layer of the network takes it; a class is its index.

    scores = network.predict(params, x[None])[0]
    top(scores, class_names, 5)                         # [("espresso", 0.61), ...]
"""

from typing import NamedTuple

import numpy as np

from cs231n_helpers import checks, losses

__all__ = ["Fooled", "fool", "occlusion_map", "pixel_gradient", "top"]


def top(scores, class_names, k=5):
    """[(name, probability), ...] of the k classes with the largest scores, the largest first; softmax of scores (C,).

    Of equal scores the class with the smaller index comes first. Example: [1, -2, 0] and "abc", k = 2 -> a .71, c .26
    """
    scores = checks.floats("top", "scores", scores, ndim=1)
    if len(scores) != len(class_names):
        raise ValueError(f"top: there are {len(scores)} scores and {len(class_names)} class names; one name for each "
                         "score is needed.")
    k = checks.whole("top", "k", k, low=1, high=len(scores))
    [shares] = losses.probabilities(scores[None])
    return [(str(class_names[c]), float(shares[c])) for c in np.argsort(-scores, kind="stable")[:k]]


# ---------------------------------------------------------------------------------------------- what if it were hidden?
def occlusion_map(network, params, x, label, size=32, stride=16, fill=0.5, batch=16):
    """The probability of class `label` while a square of the picture is covered: (P, Q), a number for each place.

    For a list of K classes it is (P, Q, K): one look answers for all of them.

    P = (H - size) // stride + 1, likewise Q: at place (i, j) the square of size x size pixels from row i * stride and
    column j * stride has the value `fill` (a number, or a colour of C numbers), and the network looks once more. Where
    the probability falls, something was hidden that counts. It costs P * Q forward passes, `batch` at a time.

    Source: Zeiler and Fergus, Visualizing and understanding convolutional networks, arXiv:1311.2901, section 4.2
    """
    x = _picture("occlusion_map", network, x)
    label = [_label("occlusion_map", network, c) for c in label] if isinstance(label, (list, tuple, np.ndarray)) else \
        _label("occlusion_map", network, label)
    H, W, _ = x.shape
    size = checks.whole("occlusion_map", "size", size, low=1, high=min(H, W))
    stride, batch = (checks.whole("occlusion_map", n, v, low=1) for n, v in (("stride", stride), ("batch", batch)))
    rows, columns = (range(0, side - size + 1, stride) for side in (H, W))
    places = [(row, column) for row in rows for column in columns]
    found = [_probability(network, params, covered(x, places[i:i + batch], size, fill), label)
             for i in range(0, len(places), batch)]
    return np.concatenate(found).reshape(len(rows), len(columns), *np.shape(label))


def covered(x, places, size, fill=0.5):
    """Copies of the picture x, (N, H, W, C): in each, the square whose upper left pixel is places[n] is covered."""
    copies = np.repeat(x[None], len(places), axis=0)
    for copy, (row, column) in zip(copies, places):
        copy[row:row + size, column:column + size] = fill
    return copies


# ------------------------------------------------------------------------------------------- the gradient to the pixels
def pixel_gradient(network, params, x, label):
    """The slope of the score of class `label` with respect to every number of the picture: (H, W, C).

    A step along it raises the score the fastest; the largest |slope| over the channels shows which pixels the score
    hangs on, at this very picture.

    Source: Simonyan, Vedaldi and Zisserman, Deep inside convolutional networks, arXiv:1312.6034
    """
    x, label = _picture("pixel_gradient", network, x), _label("pixel_gradient", network, label)
    scores, back = network.forward(params, x[None])
    dscores = np.zeros_like(scores)
    dscores[0, label] = 1
    return back(dscores)[1][0]


class Fooled(NamedTuple):
    """A step of `fool`: its number, the picture as it is now (H, W, C), and the probabilities (classes,) for it."""

    step: int
    x: np.ndarray
    probabilities: np.ndarray


def fool(network, params, x, target, steps=10, rate=2 / 255, most=8 / 255):
    """Change the picture x a little, step by step, until the network takes it for class `target`; yields `Fooled`.

        x <- x + rate * sign(d log p_target / dx),  each number at most `most` from where it began, and within 0 to 1

    The first that is yielded, step 0, is the picture itself. The network is not changed. `rate` and `most` are on the
    scale of x: 2/255 is two levels of a pixel.

    Source: Szegedy and others, Intriguing properties of neural networks, arXiv:1312.6199; the steps by the sign:
    Kurakin, Goodfellow and Bengio, Adversarial examples in the physical world, arXiv:1607.02533
    """
    start, target = _picture("fool", network, x), _label("fool", network, target)
    steps = checks.whole("fool", "steps", steps, low=0)
    rate, most = (checks.real("fool", name, value, above=0) for name, value in (("rate", rate), ("most", most)))
    return _fooling(network, params, start, target, steps, rate, most)


def _fooling(network, params, start, target, steps, rate, most):
    low, high = np.maximum(start - most, 0).astype(start.dtype), np.minimum(start + most, 1).astype(start.dtype)
    x = start
    for step in range(steps + 1):
        scores, back = network.forward(params, x[None])
        yield Fooled(step, x, losses.probabilities(scores)[0])
        if step < steps:
            _, loss_back = losses.softmax(scores, np.array([target]))
            dx = back(*loss_back())[1][0]
            x = (x - rate * np.sign(dx)).clip(low, high).astype(start.dtype, copy=False)


# --------------------------------------------------------------------------------------------------------------- checks
def _probability(network, params, X, label):
    return losses.probabilities(network.predict(params, X))[:, label]


def _picture(where, network, x):
    """x as floats, if it is one picture of the network's size with numbers from 0 to 1."""
    array = np.asarray(x)
    if array.shape != network.input_shape or len(network.input_shape) != 3:
        raise ValueError(f"{where}: x must be one picture of shape {network.input_shape}, got {array.shape}."
                         + (" One of a batch? Write X[0]." if array.ndim == 4 else ""))
    array = checks.floats(where, "x", array)
    if array.min() < 0 or array.max() > 1:
        raise ValueError(f"{where}: the numbers of x must lie between 0 and 1, got {array.min():.4g} to "
                         f"{array.max():.4g}. Bytes? Divide by 255.")
    return array


def _label(where, network, label):
    return checks.whole(where, "the class", label, low=0, high=network.out_shapes[-1][0] - 1)
