"""Exercises of notebook 05 on convolutions: sizes, counts, a convolution with plain loops, and what a neuron sees."""

from dataclasses import dataclass

import numpy as np

from .exercise import Exercise, Mistake, Output, case, numbers

# -- out_size(W, F, S, P) ----------------------------------------------------------------------------------------------

SIZE = "(W - F + 2P)/S + 1"
REFUSED = "If that is not a whole number, or the filter is larger than the padded input, the answer is 0."


def _size(W, F, S, P):
    room = W - F + 2 * P
    return room // S + 1 if room >= 0 and room % S == 0 else 0


def _checked(answer):
    """answer(W, F, S, P) where the sizes fit, 0 elsewhere."""
    return lambda W, F, S, P: answer(W, F, S, P) if _size(W, F, S, P) else 0


def _either(answer):
    """The mistake with and without the check whether the sizes fit, as functions of (W, F, S, P)."""
    return _checked(answer), answer


_SIZE_MISTAKES = (
    Mistake(f"what does not come out whole is rounded down, as frameworks do without a word. {REFUSED}",
            lambda W, F, S, P: (W - F + 2 * P) // S + 1),
    Mistake(f"it is rounded down, and only a filter that is too large is refused. {REFUSED}",
            lambda W, F, S, P: (W - F + 2 * P) // S + 1 if W - F + 2 * P >= 0 else 0),
    Mistake(f"a size that is not whole cannot be. {REFUSED}", lambda W, F, S, P: (W - F + 2 * P) / S + 1),
    Mistake(f"it is rounded up: the last window would hang over the edge. {REFUSED}",
            lambda W, F, S, P: -(-(W - F + 2 * P) // S) + 1),
    Mistake(f"a filter larger than the padded input gives a size of 0 or less. {REFUSED}",
            lambda W, F, S, P: (W - F + 2 * P) // S + 1 if (W - F + 2 * P) % S == 0 else 0),
    *(Mistake(text, answer, kind) for text, kind, made in (
        (f"the + 1 is missing: the first window stands there before the first step. {SIZE}", "missing",
         lambda W, F, S, P: (W - F + 2 * P) // S),
        (f"the padding counts once only, but there is one on each side: {SIZE}", "mistake",
         lambda W, F, S, P: (W - F + P) // S + 1),
        (f"the padding is missing: {SIZE}", "missing", lambda W, F, S, P: (W - F) // S + 1),
        (f"the stride is missing: {SIZE}", "missing", lambda W, F, S, P: W - F + 2 * P + 1),
        (f"the + 1 is divided by the stride too. It comes last: {SIZE}", "mistake",
         lambda W, F, S, P: (W - F + 2 * P + 1) // S),
        (f"the padding is subtracted; it makes the input larger: {SIZE}", "sign",
         lambda W, F, S, P: (W - F - 2 * P) // S + 1),
    ) for answer in _either(made)),
)

OUT_SIZE = Exercise(
    name="out_size", call="out_size(W, F, S, P)", arguments={"W": "", "F": "", "S": "", "P": ""},
    outputs=(Output("size", "the size", "", {SIZE: _size}, _SIZE_MISTAKES),),
    cases=tuple(case(label, *sizes) for label, sizes in (
        ("the first layer of 2012: W = 227, F = 11, S = 4", (227, 11, 4, 0)),
        ("zeros around: W = 7, F = 3, P = 1", (7, 3, 1, 1)),
        ("W = 5, F = 3, S = 2, P = 1", (5, 3, 2, 1)),
        ("W = 32, F = 5, P = 2", (32, 5, 1, 2)),
        ("a large stride: W = 12, F = 3, S = 5, P = 3", (12, 3, 5, 3)),
        ("a size that does not fit: W = 10, F = 3, S = 2", (10, 3, 2, 0)),
        ("a filter that is too large: W = 3, F = 5", (3, 5, 1, 0)),
    )),
    tolerance=1e-9, counts="", advice={"differs": f"{SIZE}. {REFUSED}"},
)

# -- conv_parameters(F, D, K) ------------------------------------------------------------------------------------------

COUNT = "K filters of F * F * D weights, and K biases."

CONV_PARAMETERS = Exercise(
    name="conv_parameters", call="conv_parameters(F, D, K)", arguments={"F": "", "D": "", "K": ""},
    outputs=(Output("count", "the count", "", {"F * F * D * K": lambda F, D, K: F * F * D * K,
                                               "the biases, K": lambda F, D, K: K}, (
        Mistake(f"there is one bias only; each filter has its own: {COUNT}", lambda F, D, K: 1,
                term="the biases, K"),
        Mistake(f"each filter looks at one channel only; it goes through the full depth D: {COUNT}",
                lambda F, D, K: F * F * K, "missing", "F * F * D * K"),
        Mistake(f"F is not squared; a filter is F high and F wide: {COUNT}", lambda F, D, K: F * D * K, "missing",
                "F * F * D * K"),
        Mistake(f"this is a single filter: {COUNT}", lambda F, D, K: F * F * D + 1, term="all"),
        Mistake(f"a bias for every input channel; there is one for each filter: {COUNT}", lambda F, D, K: D,
                term="the biases, K"),
        Mistake(f"a bias for every weight of a channel; there is one for each filter: {COUNT}",
                lambda F, D, K: D * K, term="the biases, K"),
        Mistake(f"the filter is counted as F + F, it has F * F places: {COUNT}", lambda F, D, K: 2 * F * D * K,
                term="F * F * D * K"),
    )),),
    cases=(
        case("F = 11, D = 3, K = 96", 11, 3, 96), case("F = 3, D = 64, K = 128", 3, 64, 128),
        case("F = 1, D = 256, K = 64", 1, 256, 64), case("one filter on a grey image, F = 5", 5, 1, 1),
    ),
    tolerance=1e-9, counts="", advice={"differs": f"That is {COUNT}"},
)

# -- conv_loops(x, W, b, stride, pad) ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sliding(Exercise):
    """An exercise whose output has as many rows P and columns Q as there are places for the windows."""

    def sizes(self, case):
        """As in `Exercise`, with the lengths of the output."""
        rows, columns = _convolved(*case.args).shape[:2]
        return super().sizes(case) | {"P": rows, "Q": columns}


def _convolved(x, W, b, stride, pad):
    """The sums of products (P, Q, K) over windows of x (H, V, C), one place of the filter after the other."""
    x = np.pad(x, ((pad, pad), (pad, pad), (0, 0)))
    P, Q = ((n - f) // stride + 1 for n, f in zip(x.shape[:2], W.shape[:2], strict=True))
    y = np.zeros((P, Q, W.shape[3])) + b
    for u, v in np.ndindex(*W.shape[:2]):
        y += x[u:u + stride * P:stride, v:v + stride * Q:stride][:P, :Q] @ W[u, v]
    return y


FIT = "The window at (i, j) begins at row i * stride and column j * stride of the padded x."
_CONV_MISTAKES = (
    Mistake("the filter is flipped in both directions: that is the convolution of the mathematicians. Here the filter "
            "is laid on the window as it is.", lambda x, W, b, s, p: _convolved(x, W[::-1, ::-1], b, s, p)),
    Mistake("the filter is transposed: rows and columns are exchanged.",
            lambda x, W, b, s, p: _convolved(x, W.transpose(1, 0, 2, 3), b, s, p)),
    Mistake("the bias is missing: add b[k] to each sum.", lambda x, W, b, s, p: _convolved(x, W, 0 * b, s, p),
            "missing"),
    Mistake("the bias is added once for each product; once for each sum is due.",
            lambda x, W, b, s, p: _convolved(x, W, b * W[..., 0].size, s, p), "factor"),
    Mistake("the bias is added once for each channel; once for each sum is due.",
            lambda x, W, b, s, p: _convolved(x, W, b * W.shape[2], s, p), "factor"),
    Mistake("only the first channel is looked at; the window has all C channels, and so has the filter.",
            lambda x, W, b, s, p: _convolved(x[..., :1], W[:, :, :1], b, s, p), "missing"),
    Mistake(f"the stride is missing: {FIT}", lambda x, W, b, s, p: _convolved(x, W, b, 1, p), "missing"),
    Mistake(f"the windows move by one pixel, though there are as many as the stride wants: {FIT}",
            lambda x, W, b, s, p: _convolved(x, W, b, 1, p)[:_convolved(x, W, b, s, p).shape[0],
                                                             :_convolved(x, W, b, s, p).shape[1]], "missing"),
    Mistake("the padding is missing: put `pad` rows and columns of zeros on each side first, with np.pad.",
            lambda x, W, b, s, p: _convolved(x, W, b, s, 0), "missing"),
    Mistake("the border is padded with copies of the edge; zeros are due: np.pad without a mode.",
            lambda x, W, b, s, p: _convolved(np.pad(x, ((p, p), (p, p), (0, 0)), mode="edge"), W, b, s, 0)),
    Mistake("the channels are padded too. Pad rows and columns only: ((pad, pad), (pad, pad), (0, 0)).",
            lambda x, W, b, s, p: _convolved(np.pad(x, p)[..., :x.shape[2]], W, b, s, 0)),
    Mistake("there is a max(0, ...) on the sums; a convolution has no activation of its own.",
            lambda x, W, b, s, p: np.maximum(0, _convolved(x, W, b, s, p))),
    Mistake("the mean of the products is taken, not their sum.",
            lambda x, W, b, s, p: _convolved(x, W / W[..., 0].size, b, s, p), "factor"),
)


def _image(label, seed, shape, filters, stride, pad):
    return case(label, numbers(seed, *shape), numbers(seed + 1, *filters), numbers(seed + 2, filters[3]), stride, pad)


CONV_LOOPS = Sliding(
    name="conv_loops", call="conv_loops(x, W, b, stride, pad)",
    arguments={"x": "HVC", "W": "FGCK", "b": "K", "stride": "", "pad": ""},
    outputs=(Output("y", "y", "PQK", {"the sum of the products + b": _convolved}, _CONV_MISTAKES),),
    cases=(
        _image("5 x 5 pixels, 2 channels, 3 filters", 301, (5, 5, 2), (3, 3, 2, 3), 1, 0),
        _image("zeros around, pad = 1", 305, (4, 6, 3), (3, 3, 3, 2), 1, 1),
        _image("stride 2", 309, (7, 5, 2), (3, 3, 2, 2), 2, 0),
        _image("stride 2 and pad = 1", 313, (5, 7, 1), (3, 3, 1, 2), 2, 1),
        _image("filters that are not square", 317, (6, 7, 2), (2, 4, 2, 2), 1, 0),
        _image("1 x 1 filters", 321, (3, 3, 4), (1, 1, 4, 2), 1, 0),
    ),
    counts="C", advice={"differs": f"{FIT} All F * F * C products of a window are added up, and b[k] once."},
)

# -- receptive_field(filters, strides) ---------------------------------------------------------------------------------


def _seen(filters, strides):
    steps = np.concatenate([[1], np.cumprod(strides)[:-1]])
    return 1 + int(((filters - 1) * steps).sum())


GROW = "each layer adds F - 1 steps, and a step is as many pixels as the product of the strides BELOW it"

RECEPTIVE_FIELD = Exercise(
    name="receptive_field", call="receptive_field(filters, strides)", arguments={"filters": "L", "strides": "L"},
    outputs=(Output("size", "the size", "", {"1 + the sum of (F - 1) * strides below": _seen}, (
        Mistake("the sizes are simply added up: two 3x3 filters see 5 pixels, not 6, since neighbours overlap. Each "
                "layer adds F - 1.", lambda f, s: f.sum()),
        Mistake("the 1 is missing: before the first layer a neuron is one pixel wide.", lambda f, s: _seen(f, s) - 1,
                "missing"),
        Mistake(f"the strides are missing: {GROW}.", lambda f, s: 1 + (f - 1).sum(), "missing"),
        Mistake(f"a layer's own stride is counted in: {GROW}.", lambda f, s: 1 + ((f - 1) * np.cumprod(s)).sum()),
        Mistake(f"the strides above are taken, the layers are walked from the wrong end: {GROW}.",
                lambda f, s: _seen(f[::-1], s[::-1])),
        Mistake(f"only the stride of the layer below is counted: {GROW}, all of them.",
                lambda f, s: 1 + ((f - 1) * np.concatenate([[1], s[:-1]])).sum()),
        Mistake(f"each layer adds F; it should be F - 1: {GROW}.",
                lambda f, s: 1 + (f * np.concatenate([[1], np.cumprod(s)[:-1]])).sum()),
        Mistake("the sizes are multiplied; a layer adds pixels, it does not multiply them.", lambda f, s: f.prod()),
        Mistake("this is the last layer's filter alone; it looks at neurons that look at pixels.", lambda f, s: f[-1]),
        Mistake("this is the largest filter; the layers below add to it.", lambda f, s: f.max()),
    )),),
    cases=tuple(case(label, np.array(filters), np.array(strides)) for label, filters, strides in (
        ("three 3x3 filters", [3, 3, 3], [1, 1, 1]), ("filters of three sizes", [5, 1, 7, 3], [1, 1, 1, 1]),
        ("a stride of 2 in the first layer", [7, 3, 3], [2, 1, 1]), ("strides on the way", [11, 3, 5, 2], [4, 2, 1, 2]),
        ("one layer", [5], [2]))),
    tolerance=1e-9, counts="", advice={"differs": f"Walk from the input up: {GROW}."},
)

EXERCISES = (OUT_SIZE, CONV_PARAMETERS, CONV_LOOPS, RECEPTIVE_FIELD)
