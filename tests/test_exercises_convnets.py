"""The exercises of notebook 05 on pooling and patterns: right answers are accepted, wrong ones told what is wrong."""

import numpy as np
import pytest

from cs231n_helpers import architecture, ops
from cs231n_helpers.exercises import verdict

# -- right answers, with plain loops and as a learner writes them ------------------------------------------------------


def windows(x):
    """((n, r, c, channel), [(row, column), ...]) of every window of 2x2, its places in reading order."""
    N, H, W, C = x.shape
    for n, r, c, k in np.ndindex(N, H // 2, W // 2, C):
        yield (n, r, c, k), [(2 * r + i, 2 * c + j) for i in (0, 1) for j in (0, 1)]


def loop_max_pool(x):
    N, H, W, C = x.shape
    y, won = np.zeros((N, H // 2, W // 2, C)), {}
    for (n, r, c, k), places in windows(x):
        best = places[0]
        for place in places[1:]:
            if x[n, place[0], place[1], k] > x[n, best[0], best[1], k]:
                best = place
        y[n, r, c, k], won[n, r, c, k] = x[n, best[0], best[1], k], best

    def back(dy):
        dx = np.zeros(x.shape)
        for (n, r, c, k), (i, j) in won.items():
            dx[n, i, j, k] = dy[n, r, c, k]
        return (dx,)

    return y, back


def reshaped(x):
    N, H, W, C = x.shape
    return x.reshape(N, H // 2, 2, W // 2, 2, C).transpose(0, 1, 3, 5, 2, 4).reshape(N, H // 2, W // 2, C, 4)


def unshaped(parts, shape):
    N, H, W, C = shape
    return parts.reshape(N, H // 2, W // 2, C, 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(shape)


def max_pool(x, dx_of=lambda dy, w: dy[..., None] * (w.argmax(-1)[..., None] == np.arange(4)), y_of=np.max):
    w = reshaped(x)
    return y_of(w, -1), lambda dy: (unshaped(dx_of(dy, w), x.shape),)


def from_the_table(side, depth, F, K, N, M, classes):
    return architecture.parse(f"[[CONV{F}-{K} RELU]*{N} POOL]*{M} FC", (side, side, depth), classes).count()


def layer_by_layer(side, depth, F, K, N, M, classes):
    count = 0
    for _ in range(M):
        for _ in range(N):
            count, depth = count + (F * F * depth + 1) * K, K
        side //= 2
    return count + (side * side * depth + 1) * classes


@pytest.mark.parametrize(("name", "answer"), [("max_pool", loop_max_pool), ("max_pool", max_pool),
                                              ("max_pool", lambda x: ops.max_pool2d(x, 2)),
                                              ("pattern_parameters", from_the_table),
                                              ("pattern_parameters", layer_by_layer)])
def test_right_answers_are_accepted(name, answer):
    assert verdict(name, answer).kind == "exact", verdict(name, answer).text


# -- wrong answers -----------------------------------------------------------------------------------------------------

SPREAD = np.ones(4)
WRONG = [
    ("max_pool", lambda x: max_pool(x, y_of=np.mean), "mistake", "the mean of each window"),
    ("max_pool", lambda x: max_pool(x, y_of=np.min), "mistake", "the smallest number"),
    ("max_pool", lambda x: (x[:, ::2, ::2], max_pool(x)[1]), "missing", "every other pixel"),
    ("max_pool", lambda x: (np.maximum(max_pool(x)[0], 0), max_pool(x)[1]), "mistake", "as if there were a ReLU"),
    ("max_pool", lambda x: max_pool(x, lambda dy, w: dy[..., None] * SPREAD / 4), "mistake",
     "the way back of the mean"),
    ("max_pool", lambda x: max_pool(x, lambda dy, w: dy[..., None] * SPREAD), "mistake", "all four numbers"),
    ("max_pool", lambda x: max_pool(x, lambda dy, w: dy[..., None] * (w == w.max(-1, keepdims=True))), "mistake",
     "counted twice"),
    ("max_pool", lambda x: max_pool(x, lambda dy, w: (w.argmax(-1)[..., None] == np.arange(4)) * 1.0), "missing",
     "upstream is missing"),
    ("max_pool", lambda x: max_pool(x, lambda dy, w: dy[..., None] * (w.argmin(-1)[..., None] == np.arange(4))),
     "mistake", "to the smallest number"),
    ("max_pool", lambda x: max_pool(x)[0], "type", "return y, back"),
    ("max_pool", lambda x: ops.max_pool2d(x, 2, 1, fit="floor"), "raised", "ValueError"),
    ("max_pool", lambda x: None, "not_started", "not started"),
    ("pattern_parameters", lambda s, d, F, K, N, M, c: from_the_table(s, d, F, K, N, M, c) - N * M * K - c, "missing",
     "the biases are missing"),
    ("pattern_parameters", lambda s, d, F, K, N, M, c: N * M * (F * F * d + 1) * K + ((s // 2**M) ** 2 * K + 1) * c,
     "mistake", "Only the first one sees the picture"),
    ("pattern_parameters", lambda s, d, F, K, N, M, c: from_the_table(s, d, F, K, N, M, c)
     + (s * s - (s // 2**M) ** 2) * K * c, "mistake", "as if no pool"),
    ("pattern_parameters", lambda s, d, F, K, N, M, c: from_the_table(s, d, F, K, N, M, c)
     - ((s // 2**M) ** 2 * K + 1) * c, "missing", "the FC is missing"),
    ("pattern_parameters", lambda s, d, F, K, N, M, c: (F * d + 1) * K + (N * M - 1) * (F * K + 1) * K
     + ((s // 2**M) ** 2 * K + 1) * c, "mistake", "F * F places"),
    ("pattern_parameters", lambda s, d, F, K, N, M, c: None, "not_started", "not started"),
]


@pytest.mark.parametrize(("name", "answer", "kind", "words"), WRONG, ids=[f"{w[0]}-{i}" for i, w in enumerate(WRONG)])
def test_wrong_answers_are_told_what_is_wrong(name, answer, kind, words):
    found = verdict(name, answer)
    assert found.kind == kind and words in found.text, found
