"""The two-layer network as one operation: accepted when right, told by name what is wrong when not."""

import numpy as np
import pytest

from cs231n_helpers import graph, layers, network, ops
from cs231n_helpers.exercises import EXERCISES, verdict
from cs231n_helpers.exercises.differences import with_mistake

CASES = EXERCISES["two_layer"].cases


def loops(X, W1, b1, W2, b2):
    """Plain loops over single numbers, forward and backward."""
    (N, D), H, C = X.shape, len(b1), len(b2)
    sums = [[b1[h] + sum(X[n, d] * W1[d, h] for d in range(D)) for h in range(H)] for n in range(N)]
    hidden = [[max(0.0, s) for s in row] for row in sums]
    scores = [[b2[c] + sum(hidden[n][h] * W2[h, c] for h in range(H)) for c in range(C)] for n in range(N)]

    def back(ds):
        grads = [np.zeros(array.shape) for array in (X, W1, b1, W2, b2)]
        dX, dW1, db1, dW2, db2 = grads
        for n in range(N):
            for c in range(C):
                db2[c] += ds[n, c]
                for h in range(H):
                    dW2[h, c] += hidden[n][h] * ds[n, c]
                    if sums[n][h] > 0:
                        through = ds[n, c] * W2[h, c]
                        db1[h] += through
                        for d in range(D):
                            dW1[d, h] += X[n, d] * through
                            dX[n, d] += W1[d, h] * through
        return tuple(grads)
    return np.array(scores), back


def two_layer(X, W1, b1, W2, b2):
    hidden = np.maximum(0, X @ W1 + b1)
    scores = hidden @ W2 + b2

    def back(ds):
        dhidden = ds @ W2.T
        dsum = dhidden * (hidden > 0)
        return dsum @ W1.T, X.T @ dsum, dsum.sum(axis=0), hidden.T @ ds, ds.sum(axis=0)
    return scores, back


def of_ops(X, W1, b1, W2, b2):
    first, back1 = ops.affine(X, W1, b1)
    hidden, back2 = ops.relu(first)
    scores, back3 = ops.affine(hidden, W2, b2)

    def back(ds):
        dhidden, dW2, db2 = back3(ds)
        return (*back1(*back2(dhidden)), dW2, db2)
    return scores, back


def of_graph(*arrays):
    variables = [graph.Var(array) for array in arrays]
    X, W1, b1, W2, b2 = variables
    scores = graph.apply(ops.relu, X @ W1 + b1) @ W2 + b2

    def back(ds):
        for variable in variables:
            variable.grad = None
        graph.backward((scores * ds).sum() if hasattr(scores, "sum") else graph.apply(ops.sum, scores * ds))
        return tuple(np.array(variable.grad) for variable in variables)
    return scores.value, back


def of_network(X, W1, b1, W2, b2):
    net = network.Network([layers.Dense(len(b1)), layers.ReLU(), layers.Dense(len(b2))], X.shape[1:])
    params = dict(zip(("dense1.W", "dense1.b", "dense2.W", "dense2.b"), (W1, b1, W2, b2), strict=True))
    scores, net_back = net.forward(params, X)

    def back(ds):
        grads, dX = net_back(ds)
        return (dX, *(grads[name] for name in params))
    return scores, back


@pytest.mark.parametrize("answer", [loops, two_layer, of_ops, of_network])
def test_right_answers_are_accepted(answer):
    found = verdict("two_layer", answer)
    assert found.kind == "exact", found.text
    assert "warning" not in found.text


def test_the_graph_finds_the_same_gradients():
    for case in CASES:
        *arrays, ds = case.args
        for a, b in zip(of_graph(*arrays)[1](ds), two_layer(*arrays)[1](ds), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-12)


@pytest.mark.parametrize("case", CASES, ids=[case.label for case in CASES])
def test_what_counts_as_right_is_the_answer_of_the_loops(case):
    *arrays, ds = case.args
    scores, back = loops(*arrays)
    for output, got in zip(EXERCISES["two_layer"].outputs, (scores, *back(ds)), strict=True):
        np.testing.assert_allclose(output.right(case.args), got, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("case", CASES, ids=[case.label for case in CASES])
def test_no_sum_stands_on_the_kink(case):
    X, W1, b1, *_ = case.args
    assert np.abs(X @ W1 + b1).min() > 1e-6


def changed(number, change):
    """The right answer with one output, scores first, replaced: change(hidden, sums, ds, arrays)."""
    def answer(*arrays):
        X, W1, b1, _, _ = arrays
        sums = X @ W1 + b1
        hidden = np.maximum(0, sums)
        scores, right = two_layer(*arrays)
        if number == 0:
            return change(hidden, sums, None, *arrays), right

        def back(ds):
            gradients = list(right(ds))
            gradients[number - 1] = change(hidden, sums, ds, *arrays)
            return tuple(gradients)
        return scores, back
    return answer


# number of the output, what is returned in its place, kind of the verdict, words in its text
WRONG = [
    (0, lambda h, s, ds, X, W1, b1, W2, b2: s @ W2 + b2, "missing", "the max is missing"),
    (0, lambda h, s, ds, X, W1, b1, W2, b2: h @ W2, "missing", "b2"),
    (0, lambda h, s, ds, X, W1, b1, W2, b2: np.maximum(0, X @ W1) @ W2 + b2, "missing", "b1 is missing"),
    (0, lambda h, s, ds, X, W1, b1, W2, b2: (np.maximum(0, X @ W1) + b1) @ W2 + b2, "mistake", "after the max"),
    (0, lambda h, s, ds, X, W1, b1, W2, b2: np.maximum(0, h @ W2 + b2), "mistake", "output layer has no activation"),
    (0, lambda h, s, ds, X, W1, b1, W2, b2: np.maximum(0, s @ W2 + b2), "mistake", "not on the hidden units"),
    (0, lambda h, s, ds, X, W1, b1, W2, b2: np.tanh(s) @ W2 + b2, "mistake", "tanh"),
    (0, lambda h, s, ds, X, W1, b1, W2, b2: -(h @ W2 + b2), "sign", "sign"),
    (1, lambda h, s, ds, X, W1, b1, W2, b2: ds @ W2.T @ W1.T, "missing", "mask of the ReLU is missing"),
    (2, lambda h, s, ds, X, W1, b1, W2, b2: X.T @ (ds @ W2.T), "missing", "mask of the ReLU is missing"),
    (3, lambda h, s, ds, X, W1, b1, W2, b2: (ds @ W2.T).sum(axis=0), "missing", "mask of the ReLU is missing"),
    (2, lambda h, s, ds, X, W1, b1, W2, b2: X.T @ (ds @ W2.T * (s <= 0)), "mistake", "wrong side"),
    (2, lambda h, s, ds, X, W1, b1, W2, b2: X.T @ (ds @ W2.T * h), "mistake", "slope is 1 or 0"),
    (2, lambda h, s, ds, X, W1, b1, W2, b2: X.T @ np.maximum(0, ds @ W2.T), "mistake", "asks for positive gradients"),
    (2, lambda h, s, ds, X, W1, b1, W2, b2: X.T @ (ds @ W2.T * (s > 0)) / len(X), "factor", "N"),
    (2, lambda h, s, ds, X, W1, b1, W2, b2: (X.T @ (ds @ W2.T * (s > 0))).T, "shape", "ransposed"),
    (3, lambda h, s, ds, X, W1, b1, W2, b2: (ds @ W2.T * (s > 0)).mean(axis=0), "factor", "the mean is taken"),
    (3, lambda h, s, ds, X, W1, b1, W2, b2: (ds @ W2.T * (s > 0)).sum(axis=1), "axis", "wrong axis"),
    (4, lambda h, s, ds, X, W1, b1, W2, b2: s.T @ ds, "mistake", "before the max"),
    (4, lambda h, s, ds, X, W1, b1, W2, b2: (h > 0).T @ ds, "mistake", "mask stands where the hidden values"),
    (4, lambda h, s, ds, X, W1, b1, W2, b2: -(h.T @ ds), "sign", "sign"),
    (5, lambda h, s, ds, X, W1, b1, W2, b2: ds.sum(axis=1), "axis", "wrong axis"),
    (5, lambda h, s, ds, X, W1, b1, W2, b2: ds[-1], "missing", "overwritten fork"),
    (5, lambda h, s, ds, X, W1, b1, W2, b2: np.ones_like(b2), "missing", ""),
]


@pytest.mark.parametrize(("number", "change", "kind", "words"), WRONG,
                         ids=[f"{number}-{words or 'ones'}" for number, _, _, words in WRONG])  # fmt: skip
def test_wrong_answers_are_told_what_is_wrong(number, change, kind, words):
    found = verdict("two_layer", changed(number, change))
    name = EXERCISES["two_layer"].outputs[number].words
    assert (found.kind, words in found.text, name in found.text) == (kind, True, True), found.text


def test_a_back_that_writes_into_its_argument_is_found():
    def careless(*arrays):
        scores, right = two_layer(*arrays)

        def back(ds):
            gradients = right(ds)
            ds *= 0
            return gradients
        return scores, back
    assert verdict("two_layer", careless).kind == "changes_input"


def test_every_named_mistake_is_told_from_the_right_answer_and_the_others():
    for output in EXERCISES["two_layer"].outputs:
        seen = {}
        for mistake in output.mistakes:
            answers = []
            for case in CASES:
                try:
                    answers.append(np.asarray(with_mistake(output, mistake, case.args)))
                except ValueError:                      # fits square arrays only
                    continue
            right = [output.right(case.args) for case in CASES]
            assert len(answers) < len(CASES) or any(a.shape != r.shape or not np.allclose(a, r)
                                                    for a, r in zip(answers, right, strict=True)), mistake.text
            print_of = tuple(a.round(6).tobytes() for a in answers)
            assert print_of not in seen, (mistake.text, seen[print_of])
            seen[print_of] = mistake.text
