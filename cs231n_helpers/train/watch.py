"""Instruments that are read while a network trains: what flows through it, what its weights look like, what is dead."""

import math
from dataclasses import dataclass

import numpy as np

BINS = 40
SOME = 4000                         # numbers of which a histogram is made: every n-th of more
DECADES = (-9.0, 1.0)               # powers of ten over which gradients are counted
ACTIVE = ("relu", "leaky_relu", "relu6", "sigmoid", "tanh", "maxout")           # kinds of layers that are activations
CAN_DIE = ("relu", "relu6")         # ... and those that can be off for every input


@dataclass(frozen=True, eq=False)
class Spread:
    """A histogram of the numbers that are not exactly 0, and the share of those that are."""

    edges: np.ndarray                                               # (BINS + 1,)
    shares: np.ndarray                                              # (BINS,), parts of all numbers
    zero: float


@dataclass(frozen=True, eq=False)
class Reading:
    """All instruments at one moment."""

    activations: dict                                               # {"relu1": Spread} of the outputs
    gradients: dict                                                 # {"dense1.W": Spread} of log10 |gradient|
    dead: dict                                                      # {"relu1": share of units that are never on}
    ratios: dict                                                    # {"dense1.W": |step| / |weights|}
    filters: np.ndarray | None                                      # (K, H, W, C) uint8, or None: no pictures


def read(network, params, probe, grads=None, ratios=None, most=40):
    """Read all instruments on the examples `probe` (N, *input_shape), of which a few hundred are enough.

    grads: the gradients of the last step, ratios: its update ratios; `most`: how many filters are kept.
    """
    outputs = outputs_of(network, params, probe)
    return Reading(activations={name: spread(array) for name, array in outputs.items()},
                   gradients={name: sizes(array) for name, array in (grads or {}).items() if is_weight(name)},
                   dead=dead_units(outputs), ratios=ratios or {}, filters=filters(network, params, most))


def is_weight(key):
    """Whether a name such as "dense1.W" belongs to weights."""
    return key.endswith(".W")


@np.errstate(over="ignore", invalid="ignore")
def outputs_of(network, params, probe):
    """{"relu1": outputs (N, ...)} of the layers that are activations; nothing if there are none."""
    hidden = [name for name, layer, *_ in network.walk() if layer.kind in ACTIVE]
    if not hidden:
        return {}
    outputs = network.activations(params, probe, upto=hidden[-1])
    return {name: outputs[name] for name in hidden}


def spread(values, low=None, high=None):
    """The Spread of an array, of at most SOME of its numbers, between `low` and `high` (default: its own ends).

    Numbers that are not finite are left out; what lies outside is counted in the first and last bin.
    """
    values = _some(values)
    values = values[np.isfinite(values)]
    on = values[values != 0]
    low = on.min() if low is None and on.size else low
    high = on.max() if high is None and on.size else high
    low, high = (float(low or 0), float(high or 0))
    if not high > low:
        low, high = low - 0.5, low + 0.5
    counts, edges = np.histogram(on.clip(low, high), BINS, (low, high))
    total = max(values.size, 1)
    return Spread(edges, counts / total, float((values.size - on.size) / total))


def reach(moments):
    """Limits (low, high) of an axis on which the activations of all moments fit: high is 1, 2 or 5 times a power of
    ten, low is -high, or 0 if nothing is negative. It only ever grows with more moments of a run."""
    edges = [spread.edges for moment in moments for spread in moment.reading.activations.values() if spread.zero < 1]
    low, high = min((e[0] for e in edges), default=0.0), max((e[-1] for e in edges), default=1.0)
    farthest = max(abs(low), abs(high), 1e-12)
    power = 10.0 ** math.floor(math.log10(farthest))
    nice = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= farthest * (1 - 1e-9))
    return (-nice if low < 0 else 0.0), nice


def sizes(gradient):
    """The Spread of log10 |gradient|, over DECADES; what is exactly 0 is its share `zero`."""
    size = np.abs(_some(gradient)).astype(np.float64)
    exponents = np.log10(size, out=np.zeros_like(size), where=size > 0)         # 0 stays 0, which counts as `zero`
    exponents[(size > 0) & (exponents == 0)] = 1e-9                 # a gradient of 1 is not a gradient of 0
    return spread(exponents, *DECADES)


def _some(values):
    """Every n-th number of an array, SOME at most. n is odd, or it might meet the same few units in each row."""
    flat = np.ravel(values)
    return flat[:: max(1, -(-flat.size // SOME)) | 1]


def dead_units(outputs):
    """{"relu1": share of its units (channels) that are 0 for every one of the examples}."""
    return {name: float((array <= 0).reshape(-1, array.shape[-1]).all(axis=0).mean())
            for name, array in outputs.items() if name.rpartition(".")[2].rstrip("0123456789") in CAN_DIE}


def filters(network, params, most=40):
    """The first layer's weights as pictures, (K, H, W, C) uint8 with at most `most` of them, or None.

    They are pictures where the layer sees images: the columns of a matrix over all pixels, or convolution filters.
    Grey (128) is no weight; one scale for all, which cuts off the largest thousandth.
    """
    W = next((array for name, array in params.items() if is_weight(name)), None)
    shape = network.input_shape
    if W is None or len(shape) != 3 or shape[-1] not in (1, 3):
        return None
    if W.ndim == 2 and W.shape[0] == math.prod(shape):
        pictures = W[:, :most].T.reshape(-1, *shape)                # (D, K) -> (K, H, W, C)
    elif W.ndim == 4 and W.shape[2] == shape[-1]:
        pictures = np.moveaxis(W[..., :most], -1, 0)                # (KH, KW, C, K) -> (K, KH, KW, C)
    else:
        return None
    largest = float(np.quantile(np.abs(_some(pictures)), 0.999)) or 1.0
    with np.errstate(invalid="ignore", over="ignore"):
        return np.nan_to_num(127.5 + 127.5 * (pictures / largest).clip(-1, 1), nan=127.5).astype(np.uint8)


@np.errstate(over="ignore", invalid="ignore")
def measure(network, params, X, y, loss):
    """(accuracy, loss) on examples, in test mode; NaN where a score is not finite or there are no examples."""
    if len(X) == 0:
        return math.nan, math.nan
    scores = network.predict(params, X)
    if not np.isfinite(scores).all():
        return math.nan, math.nan
    labels = np.ndim(y) == 1 and np.asarray(y).dtype.kind in "iu"
    right = float((scores.argmax(axis=1) == y).mean()) if labels else math.nan
    return right, float(loss(scores, y)[0])
