"""Exercises on convolutions: right answers are accepted, wrong ones are told what is wrong with them."""

import numpy as np
import pytest

from cs231n_helpers import ops
from cs231n_helpers.exercises import EXERCISES, verdict

NAMES = ["out_size", "conv_parameters", "conv_loops", "receptive_field"]

# -- right answers, as a learner writes them, and by counting ----------------------------------------------------------


def out_size(W, F, S, P):
    room = W - F + 2 * P
    return room // S + 1 if room >= 0 and room % S == 0 else 0


def counted_size(W, F, S, P):
    """Put down the window until it leaves the padded row; the last one must end where the row ends."""
    starts = [start for start in range(0, W + 2 * P, S) if start + F <= W + 2 * P]
    return len(starts) if starts and starts[-1] + F == W + 2 * P else 0


def conv_parameters(F, D, K):
    return F * F * D * K + K


def counted_parameters(F, D, K):
    return np.zeros((F, F, D, K)).size + np.zeros(K).size


def conv_loops(x, W, b, stride, pad):
    x = np.pad(x, ((pad, pad), (pad, pad), (0, 0)))
    F, G, _, K = W.shape
    y = np.zeros(((x.shape[0] - F) // stride + 1, (x.shape[1] - G) // stride + 1, K))
    for i, j, k in np.ndindex(y.shape):
        window = x[i * stride:i * stride + F, j * stride:j * stride + G]
        y[i, j, k] = (window * W[..., k]).sum() + b[k]
    return y


def seven_loops(x, W, b, stride, pad):
    (H, V, _), (F, G, _, K) = x.shape, W.shape
    y = [[[float(b[k]) for k in range(K)] for _ in range((V - G + 2 * pad) // stride + 1)]
         for _ in range((H - F + 2 * pad) // stride + 1)]  # fmt: skip
    for i, line in enumerate(y):
        for j, place in enumerate(line):
            for u, v, c, k in np.ndindex(W.shape):
                r, s = i * stride + u - pad, j * stride + v - pad
                place[k] += x[r, s, c] * W[u, v, c, k] if 0 <= r < H and 0 <= s < V else 0
    return np.array(y)


def by_the_helper(x, W, b, stride, pad):
    return ops.conv2d(x[None], W, b, stride=stride, pad=pad)[0][0]


def receptive_field(filters, strides):
    size, step = 1, 1
    for F, S in zip(filters, strides, strict=True):
        size, step = size + (F - 1) * step, step * S
    return size


def counted_field(filters, strides):
    """Go down from one neuron and count the pixels between the first and the last that it depends on."""
    first = last = 0
    for F, S in zip(filters[::-1].tolist(), strides[::-1].tolist(), strict=True):
        first, last = first * S, last * S + F - 1
    return last - first + 1


RIGHT = [("out_size", out_size), ("out_size", counted_size), ("conv_parameters", conv_parameters),
         ("conv_parameters", counted_parameters), ("conv_loops", conv_loops), ("conv_loops", seven_loops),
         ("conv_loops", by_the_helper), ("receptive_field", receptive_field), ("receptive_field", counted_field)]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_right_answers_are_accepted(name, answer):
    found = verdict(name, answer)
    assert (found.kind, "warning" in found.text) == ("exact", False), found.text


@pytest.mark.parametrize(("name", "answer"), [("out_size", counted_size), ("conv_parameters", counted_parameters),
                                              ("conv_loops", seven_loops), ("receptive_field", counted_field)])
def test_what_counts_as_right_is_what_counting_gives(name, answer):
    for case in EXERCISES[name].cases:
        np.testing.assert_allclose(EXERCISES[name].outputs[0].right(case.args), answer(*case.args), rtol=1e-12)


def stub(*arguments):
    """What the function does."""
    ...                                                 # noqa: PIE790


@pytest.mark.parametrize("name", NAMES)
def test_unfilled_stub_is_not_started(name):
    assert verdict(name, stub).kind == "not_started"


# -- wrong answers -----------------------------------------------------------------------------------------------------

def flipped(x, W, b, stride, pad):
    return conv_loops(x, W[::-1, ::-1], b, stride, pad)


def edges(x, W, b, stride, pad):
    return conv_loops(np.pad(x, ((pad, pad), (pad, pad), (0, 0)), mode="edge"), W, b, stride, 0)


def bias_of_each_channel(x, W, b, stride, pad):
    parts = [conv_loops(x[..., c:c + 1], W[:, :, c:c + 1], b, stride, pad) for c in range(x.shape[2])]
    return np.sum(parts, axis=0)


WRONG = [
    ("out_size", lambda W, F, S, P: (W - F + 2 * P) // S + 1, "mistake", "rounded down"),
    ("out_size", lambda W, F, S, P: int((W - F + 2 * P) / S) + 1 if F <= W + 2 * P else 0, "mistake", "rounded down"),
    ("out_size", lambda W, F, S, P: (W - F + 2 * P) / S + 1, "mistake", "not whole cannot be"),
    ("out_size", lambda W, F, S, P: (W - F + 2 * P) // S, "missing", "+ 1 is missing"),
    ("out_size", lambda W, F, S, P: (W - F + P) // S + 1 if out_size(W, F, S, P) else 0, "mistake", "each side"),
    ("out_size", lambda W, F, S, P: (W - F) // S + 1, "missing", "padding is missing"),
    ("out_size", lambda W, F, S, P: W - F + 2 * P + 1 if out_size(W, F, S, P) else 0, "missing", "stride is missing"),
    ("out_size", lambda W, F, S, P: print(W), "no_return", "return"),
    ("conv_parameters", lambda F, D, K: F * F * D * K, "missing", "biases, K"),
    ("conv_parameters", lambda F, D, K: F * F * D * K + 1, "mistake", "one bias only"),
    ("conv_parameters", lambda F, D, K: F * F * K + K, "missing", "full depth"),
    ("conv_parameters", lambda F, D, K: F * D * K + K, "missing", "not squared"),
    ("conv_parameters", lambda F, D, K: F * F * D + 1, "mistake", "single filter"),
    ("conv_loops", flipped, "mistake", "flipped"),
    ("conv_loops", lambda x, W, b, s, p: conv_loops(x, W, 0 * b, s, p), "missing", "bias is missing"),
    ("conv_loops", bias_of_each_channel, "factor", "once for each channel"),
    ("conv_loops", edges, "mistake", "copies of the edge"),
    ("conv_loops", lambda x, W, b, s, p: conv_loops(x, W, b, 1, p), "missing", "stride is missing"),
    ("conv_loops", lambda x, W, b, s, p: conv_loops(x, W, b, s, 0), "missing", "padding is missing"),
    ("conv_loops", lambda x, W, b, s, p: conv_loops(x[..., :1], W[:, :, :1], b, s, p), "missing", "first channel"),
    ("conv_loops", lambda x, W, b, s, p: conv_loops(x, W, b, s, p).sum(axis=2), "shape", "expected"),
    ("receptive_field", lambda f, s: f.sum(), "mistake", "overlap"),
    ("receptive_field", lambda f, s: 1 + (f - 1).sum(), "missing", "strides are missing"),
    ("receptive_field", lambda f, s: 1 + ((f - 1) * np.cumprod(s)).sum(), "mistake", "own stride"),
    ("receptive_field", lambda f, s: receptive_field(f, s) - 1, "missing", "1 is missing"),
    ("receptive_field", lambda f, s: receptive_field(f[::-1], s[::-1]), "mistake", "wrong end"),
]


@pytest.mark.parametrize(("name", "answer", "kind", "words"), WRONG, ids=[f"{w[0]}-{i}" for i, w in enumerate(WRONG)])
def test_wrong_answers_are_told_what_is_wrong(name, answer, kind, words):
    found = verdict(name, answer)
    assert found.kind == kind and words in found.text, found
