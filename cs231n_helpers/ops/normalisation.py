"""Normalisation: every feature (batch) or every example (layer) is brought to mean 0 and variance 1, then set anew.

Both let gamma and beta choose another scale and offset, so nothing is lost; both are layers, with a gradient through
the mean and the variance. Means are added up in float64: in float32 a long column of 1000s would not average to 1000.
"""

import numpy as np

from cs231n_helpers import checks, threads

from .arrays import floats

FEW = 64                        # examples whose numbers are added up in their own dtype
BLOCK = 2**16                   # numbers that are worked on at a time: with what is made of them they stay in the cache
LARGE = 2**19                   # numbers from which on it pays to wake the other cores


def batch_norm(x, gamma, beta, mean=None, var=None, eps=1e-5):
    """gamma * (x - mean) / sqrt(var + eps) + beta, each feature with its own mean and variance.

    x (N, ..., C): features in the last axis; gamma, beta (C,); y the shape of x. Training (no mean and var given): the
    statistics are those of the batch, over all axes but the last, so every example moves every other, and the gradient
    passes through both: dx loses its own mean and its part along the normalised x. Test time: `mean` and `var` (C,) are
    constants, and the result for one example does not depend on the others. The variance divides by the count.
    dgamma = sum of dy * normalised x, dbeta = sum of dy, over all axes but the last, (C,).
    Source: Ioffe and Szegedy 2015; CS231n notes, Neural networks part 2.
    """
    x = floats("batch_norm", "x", x)
    gamma, beta = _per_feature("batch_norm", x, gamma=gamma, beta=beta)
    eps, training = _positive("batch_norm", eps), mean is None and var is None
    if training:
        _enough_examples(x)
    mean, var = measured([x]) if training else _statistics(x, mean, var)
    return _normalised(x, gamma, beta, mean, np.sqrt(var + x.dtype.type(eps)), training)


def _normalised(x, gamma, beta, mean, std, training):
    """(y, back) of batch norm, in blocks; the gradient passes through mean and std only in training."""
    (rows, long), count, dtype = _rows(x), x.size // x.shape[-1], np.result_type(x, gamma, beta)
    y, middle, spread = np.empty(x.shape, dtype), long(mean), long(std)

    def normal(block):
        """The normalised x: made anew when it is needed, so that it takes no memory in between."""
        return (rows(x[block]) - middle) / spread

    def sums(block, dy):
        d = rows(dy[block])
        return column_sums(d, x.shape[-1]), column_sums(d * normal(block), x.shape[-1])

    def back(dy):
        dbeta, dgamma = (sum(parts).astype(dtype) for parts in zip(*in_blocks(lambda block: sums(block, dy), x)))
        dx, scale = np.empty(x.shape, dtype), long(gamma / std)
        along, mean_dy = long(dgamma / count), long(dbeta / count)

        def backward(block):        # one number more for all x, or all x scaled, change nothing: dx has no such part
            d = rows(dy[block])
            if training:
                d = d - normal(block) * along - mean_dy
            np.multiply(d, scale, out=rows(dx[block]))

        in_blocks(backward, x)
        return dx, dgamma, dbeta

    in_blocks(lambda block: np.add(normal(block) * long(gamma), long(beta), out=rows(y[block])), x)
    return y, back


def measured(batches):
    """Mean and variance of each feature over all batches, (C,) in the dtype of the batches.

    Counted from the first example, so that no digits cancel: a feature that is 1000 everywhere has variance 0.
    """
    x, features = batches[0], batches[0].shape[-1]
    count = sum(batch.size for batch in batches) // features

    def mean_of(change, origin):
        """The mean of change(x - origin)."""
        (rows, long), total = _rows(x), 0
        for batch in batches:
            def sums(block, batch=batch):
                return column_sums(change(rows(batch[block]) - long(origin)), features)

            total = total + sum(in_blocks(sums, batch))
        return total / count

    first = x[(0,) * (x.ndim - 1)]
    mean = (first + mean_of(np.positive, first)).astype(x.dtype)
    return mean, mean_of(np.square, mean).astype(x.dtype)


def _rows(x):
    """(rows, long): whole lines of pixels side by side, (n, ..., W * C), and (C,) numbers repeated for each pixel.

    NumPy works along the last axis: a few channels at a time would be slow.
    """
    if x.ndim == 2:
        return (lambda part: part), (lambda numbers: numbers)
    width = x.shape[-2]
    return (lambda part: part.reshape(len(part), -1, width * x.shape[-1])), lambda numbers: np.tile(numbers, width)


def layer_norm(x, gamma, beta, eps=1e-5):
    """gamma * (x - mean) / sqrt(var + eps) + beta, each example with the mean and variance of its own features.

    x (..., D); gamma, beta (D,); y the shape of x. The statistics are over the last axis alone, so training and test
    time are the same, and a batch of one will do. The gradient passes through mean and variance: dx loses its own mean
    and its part along the normalised x. dgamma, dbeta (D,): summed over all examples.
    Source: Ba, Kiros and Hinton 2016.
    """
    x = floats("layer_norm", "x", x)
    gamma, beta = _per_feature("layer_norm", x, gamma=gamma, beta=beta)
    centred, axes = x - _mean(x), tuple(range(x.ndim - 1))
    std = np.sqrt(_mean(centred * centred) + _positive("layer_norm", eps))
    normal = centred / std

    def back(dy):
        dnormal = dy * gamma
        dx = (dnormal - _mean(dnormal) - normal * _mean(dnormal * normal)) / std
        return dx, (dy * normal).sum(axis=axes), dy.sum(axis=axes)

    return gamma * normal + beta, back


def _mean(x):
    """The mean over the last axis, which stays as an axis of length 1; added up in float64, in the dtype of x."""
    return x.mean(axis=-1, keepdims=True, dtype=np.float64).astype(x.dtype)


def in_blocks(work, x):
    """[work(slice), ...] over blocks of examples small enough to stay in the cache, on all cores if x is large."""
    if x.size <= BLOCK:
        return [work(slice(None))]
    step = max(1, min(FEW, BLOCK * len(x) // max(x.size, 1)))
    blocks = [slice(i, i + step) for i in range(0, len(x), step)]
    return threads.share(work, blocks) if x.size > LARGE else [work(block) for block in blocks]


def column_sums(x, features):
    """The sum of each of the features over all else, (C,) float64; only over FEW examples in the dtype of x: the rows
    that are added are long then, and that is fast."""
    over_examples = x.reshape(len(x), -1).sum(axis=0, dtype=x.dtype if len(x) <= FEW else np.float64)
    return over_examples.reshape(-1, features).sum(axis=0, dtype=np.float64)


def _positive(where, eps):
    return checks.real(where, "eps", eps, above=0)


def _per_feature(where, x, **arrays):
    """Float arrays of shape (C,), one number for each feature of x."""
    least, shape = (2, "(N, ..., C)") if where == "batch_norm" else (1, "(..., D)")
    if x.ndim < least:
        raise ValueError(f"{where}: x must have shape {shape}, features in the last axis, got {x.shape}."
                         + (" One example? Write x[None, :]." if x.ndim else " A single number has no features."))
    found = []
    for name, value in arrays.items():
        array = floats(where, name, value)
        if array.shape != x.shape[-1:]:
            raise ValueError(f"{where}: {name} must have shape {x.shape[-1:]}, one number for each feature of x, shape "
                             f"{x.shape}, got {array.shape}. Features stand in the last axis.")
        found.append(array)
    return found


def _statistics(x, mean, var):
    """The constants of test time, in the dtype of x."""
    if mean is None or var is None:
        missing = "mean" if mean is None else "var"
        raise ValueError(f"batch_norm: give mean and var together, or neither; {missing} is missing. Given, they are "
                         "constants (test time); not given, the batch has its own (training).")
    mean, var = _per_feature("batch_norm", x, mean=mean, var=var)
    if not (var >= 0).all():
        place = int(np.argmin(var >= 0))
        raise ValueError(f"batch_norm: var[{place}] = {var[place]}, need var >= 0. A standard deviation? Square it.")
    return mean.astype(x.dtype, copy=False), var.astype(x.dtype, copy=False)


def _enough_examples(x):
    count = x.size // x.shape[-1] if x.shape[-1] else 0
    if count < 2:
        raise ValueError(f"batch_norm: x has shape {x.shape}, so each feature has {'one' if count else 'no'} value; "
                         "training needs two. The mean of one value is the value itself: every result would be beta, "
                         "whatever x is. Use a larger batch, or give mean and var (test time).")
