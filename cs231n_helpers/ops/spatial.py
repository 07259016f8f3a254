"""What every op on images shares: sizes in whole-number arithmetic, padding, and the views that a window slides over.

Images are (N, H, W, C): image, row, column, channel (NHWC), as Matplotlib shows them. CS231n's homework and PyTorch
write (N, C, H, W); x.transpose(0, 2, 3, 1) turns one into the other.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cs231n_helpers import checks

from .arrays import floats

FITS = ("exact", "floor", "ceil")


def out_size(where, axis, W, F, S=1, P=(0, 0), D=1, fit="exact"):
    """How many places a window of F has along an axis of length W: (W - F + 2P)/S + 1.

    `axis` is "H" or "W", for the message; P = (before, after); D spreads the window to D (F - 1) + 1. What does not
    come out whole is refused ("exact"), loses what is left over at the end ("floor", as PyTorch and Keras do without a
    word), or gets a last window that hangs over the end ("ceil"; it must begin on the image or the padding before it).
    Example: W=227, F=11, S=4 -> 55. Source: CS231n notes, Convolutional networks.
    """
    before, after = P
    reach = D * (F - 1) + 1
    room = W + before + after - reach
    if room < 0:
        padding = "2P" if before == after else "P1 + P2"
        raise ValueError(f"{where}: the window is larger than the padded x: F = {_named(F, D)} > {axis} + {padding} "
                         f"= {W} + {before + after} = {W + before + after}. Use a smaller window or more padding.")
    count, left = divmod(room, S)
    if left and fit == "exact":
        padding, spread = "2P" if before == after else "P1 + P2", "" if D == 1 else f", F counted as {_named(F, D)}"
        raise ValueError(f"{where}: ({axis} - F + {padding})/S + 1 = ({W} - {reach} + {before + after})/{S} + 1 = "
                         f"{room / S + 1:.4g} is not whole{spread}; nearest that fit: "
                         f"{_nearest(axis, W, reach, S, before, after)}. PyTorch and Keras drop the rest without a "
                         'word: write fit="floor" for that, fit="ceil" for one window more.')
    if left and fit == "ceil" and (count + 1) * S < W + before:
        count += 1
    return count + 1


def _named(F, D):
    return f"{F}" if D == 1 else f"D (F - 1) + 1 = {D} ({F} - 1) + 1 = {D * (F - 1) + 1}"


def _nearest(axis, W, reach, S, before, after):
    """The nearest sizes, paddings and strides that fit, in words."""
    left = (W + before + after - reach) % S
    smaller, larger = W - left, W - left + S
    words = [f"{axis} = {f'{smaller} or ' if smaller > 0 else ''}{larger}"]
    pads = [p for p in range(before + S + 1) if (W + 2 * p - reach) >= 0 and (W + 2 * p - reach) % S == 0]
    if before == after and pads:
        words.append(f"P = {min(pads, key=lambda p: abs(p - before))}")
    strides = [s for s in range(1, S) if (W + before + after - reach) % s == 0]
    return ", ".join([*words, f"S = {max(strides)}"])


def pair(where, name, value, low=1):
    """An int for both directions or a tuple (height, width), as a tuple of two ints of at least `low`."""
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(both) != 2:
        raise ValueError(f"{where}: {name} must be a whole number or a pair (height, width), got {value!r}.")
    return tuple(checks.whole(where, name, n, low=low) for n in both)


def pads(where, pad):
    """An int for all four sides or ((top, bottom), (left, right)), as the latter."""
    if isinstance(pad, str):
        raise TypeError(f"{where}: pad must be a whole number or ((top, bottom), (left, right)), got {pad!r}. At "
                        "stride 1 an odd filter keeps the size with pad = (F - 1) / 2, so F = 3 wants pad=1; with an "
                        "even F no equal padding does, for F = 2 it would be 0.5: write pad=((0, 1), (0, 1)).")
    if not isinstance(pad, (tuple, list)):
        return ((checks.whole(where, "pad", pad, low=0),) * 2,) * 2
    sides = [tuple(side) if isinstance(side, (tuple, list)) else side for side in pad]
    if len(sides) != 2 or not all(isinstance(side, tuple) and len(side) == 2 for side in sides):
        raise ValueError(f"{where}: pad must be a whole number or ((top, bottom), (left, right)), got {pad!r}.")
    return tuple(tuple(checks.whole(where, "pad", n, low=0) for n in side) for side in sides)


def out_shape(where, shape, size, stride=(1, 1), pad=((0, 0), (0, 0)), dilation=(1, 1), fit="exact"):
    """(OH, OW) of windows of `size` over images (..., H, W, C); everything in pairs."""
    checks.one_of(where, "fit", fit, FITS)
    return tuple(out_size(where, axis, n, F, S, P, D, fit)
                 for axis, n, F, S, P, D in zip("HW", shape[-3:-1], size, stride, pad, dilation))


def images(where, x):
    """x as floats (N, H, W, C) with something in it."""
    if np.ndim(x) != 4:
        shape = np.shape(x)
        advice = {3: " One image? Write x[None].", 2: " Rows? Write x.reshape(-1, H, W, C)."}.get(len(shape), "")
        raise ValueError(f"{where}: x must be images (N, H, W, C), got shape {shape}.{advice}")
    x = floats(where, "x", x)
    if 0 in x.shape:
        empty = "no image" if x.shape[0] == 0 else "images without pixels or channels"
        raise ValueError(f"{where}: x has shape {x.shape}: {empty}. Give it at least one number of each.")
    return x


def padded(x, pad, out, size, stride, dilation=(1, 1), value=0):
    """x with `value` around it: what the OH x OW windows cover, neither more nor less than that. x itself if it is so.

    With fit="floor" the last rows may be cut off; with "ceil" there may be more padding than was asked for.
    """
    N, H, W, C = x.shape
    h, w = covered(out, size, stride, dilation)
    (top, _), (left, _) = pad
    if top == left == 0 and (h, w) == (H, W):
        return x
    y = np.full((N, h, w, C), value, x.dtype) if value else np.zeros((N, h, w, C), x.dtype)
    y[:, top:top + H, left:left + W] = x[:, :max(h - top, 0), :max(w - left, 0)]
    return y


def padded_rows(x, rows, plan, width):
    """What the windows of the `rows` of a result cover, `width` pixels of each row, with zeros around x (N, H, W, C).

    `plan` has size, stride, pad and dilation. A view of x, if there is nothing to put around it.
    """
    (N, H, W, C), ((top, _), (left, _)) = x.shape, plan.pad
    first = rows.start * plan.stride[0] - top
    h, _ = covered((rows.stop - rows.start, 1), plan.size, plan.stride, plan.dilation)
    low = min(max(0, first), first + h)                             # rows [low, high) of x are under it, or none
    high, right = max(low, min(H, first + h)), max(0, min(W, width - left))
    if left == 0 and low == first and high == first + h and right == width:
        return x[:, low:high, :width]
    strip = np.empty((N, h, width, C), x.dtype)
    strip[:, :low - first], strip[:, high - first:] = 0, 0
    inside = strip[:, low - first:high - first]
    inside[:, :, :left], inside[:, :, left + right:] = 0, 0
    inside[:, :, left:left + right] = x[:, low:high, :right]
    return strip


def covered(out, size, stride, dilation=(1, 1)):
    """Rows and columns that the windows cover: the first pixel of the first to the last one of the last."""
    return tuple((n - 1) * S + D * (F - 1) + 1 for n, F, S, D in zip(out, size, stride, dilation))


def cropped(dxp, shape, pad):
    """The gradient of x, `shape`, from that of padded(x): the padding's is dropped, rows no window saw receive 0."""
    (top, _), (left, _) = pad
    inner = dxp[:, top:top + shape[1], left:left + shape[2]]
    if inner.shape == shape:
        return inner if inner.size == dxp.size else inner.copy()
    dx = np.zeros(shape, dxp.dtype)
    dx[:, :inner.shape[1], :inner.shape[2]] = inner
    return dx


def windows(xp, out, size, stride, dilation=(1, 1)):
    """A read-only view (N, OH, OW, KH, KW, C) of padded images: every window, without copying a number."""
    n, h, w, c = xp.strides
    return as_strided(xp, (len(xp), *out, *size, xp.shape[3]),
                      (n, h * stride[0], w * stride[1], h * dilation[0], w * dilation[1], c), writeable=False)


def taps(xp, out, size, stride, dilation=(1, 1)):
    """For each pixel (i, j) of the window the view (N, OH, OW, C) of what lies under it, for all windows at once."""
    for i in range(size[0]):
        for j in range(size[1]):
            top, left = i * dilation[0], j * dilation[1]
            yield (i, j), xp[:, top:top + (out[0] - 1) * stride[0] + 1:stride[0],
                             left:left + (out[1] - 1) * stride[1] + 1:stride[1]]
