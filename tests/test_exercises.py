"""Each right answer is accepted, each wrong one is told what is wrong with it: by kind, and in words."""

import re

import numpy as np
import pytest

from cs231n_helpers import exercises
from cs231n_helpers.exercises import check, verdict
from cs231n_helpers.exercises.differences import with_mistake
from cs231n_helpers.exercises.exercise import KINDS

# Those with an upstream gradient have tests of their own: test_exercises_backprop, test_exercises_bugs.
EXERCISES = {name: exercises.EXERCISES[name] for name in exercises.names[:6]}  # those of notebooks 01 and 02

# -- right answers, written with loops and without the package ---------------------------------------------------------


def loop_l2(Q, X):
    distances = np.empty((len(Q), len(X)))
    for i, q in enumerate(Q):
        for j, x in enumerate(X):
            distances[i, j] = sum((a - b)**2 for a, b in zip(q, x, strict=True))**0.5
    return distances


def loop_vote(distances, y_train, k):
    labels = []
    for row in distances:
        nearest = sorted(range(len(row)), key=lambda j: (row[j], j))[:k]
        counts = {}
        for j in nearest:
            counts[int(y_train[j])] = counts.get(int(y_train[j]), 0) + 1
        labels.append(min(counts, key=lambda label: (-counts[label], label)))
    return np.array(labels)


def loop_cross_validation(X, y, k, folds):
    accuracies = []
    for train, val in folds:
        right = 0
        for i in val:
            right += loop_vote(loop_l2(X[[i]], X[train]), y[train], k)[0] == y[i]
        accuracies.append(right / len(val))
    return np.array(accuracies)


def loop_svm(W, X, y, strength):
    loss, dW = 0.0, np.zeros_like(W)
    for i in range(len(X)):
        scores = X[i] @ W
        for j in range(W.shape[1]):
            margin = scores[j] - scores[y[i]] + 1
            if j != y[i] and margin > 0:
                loss += margin
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    return loss / len(X) + 0.5 * strength * np.sum(W * W), dW / len(X) + strength * W


def loop_softmax(W, X, y, strength):
    loss, dW = 0.0, np.zeros_like(W)
    for i in range(len(X)):
        scores = X[i] @ W
        scores = scores - max(scores)
        p = np.exp(scores) / np.exp(scores).sum()
        loss -= np.log(p[y[i]])
        for j in range(W.shape[1]):
            dW[:, j] += (p[j] - (j == y[i])) * X[i]
    return loss / len(X) + 0.5 * strength * np.sum(W * W), dW / len(X) + strength * W


def loop_sgd_step(W, dW, learning_rate):
    new = W.copy()
    for place in np.ndindex(*W.shape):
        new[place] = W[place] - learning_rate * dW[place]
    return new


LOOPS = {"distances": loop_l2, "vote": loop_vote, "cross_validation": loop_cross_validation, "svm": loop_svm,
         "softmax": loop_softmax, "sgd_step": loop_sgd_step}


# -- right answers, vectorised, as a learner writes them ---------------------------------------------------------------

def l2(Q, X):
    squared = (Q**2).sum(axis=1)[:, None] - 2 * Q @ X.T + (X**2).sum(axis=1)
    return np.sqrt(np.maximum(squared, 0))


def vote(distances, y_train, k):
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.array([np.bincount(labels).argmax() for labels in y_train[nearest]])


def cross_validation(X, y, k, folds):
    return np.array([np.mean(vote(l2(X[val], X[train]), y[train], k) == y[val]) for train, val in folds])


def svm(W, X, y, strength, *, delta=1.0, true=0.0, half=0.5, mean=True):
    rows, scores = np.arange(len(y)), X @ W
    margins = np.maximum(0, scores - scores[rows, y][:, None] + delta)
    margins[rows, y] = true
    dscores = (margins > 0).astype(float)
    dscores[rows, y] = 0
    dscores[rows, y] = -dscores.sum(axis=1)
    count = len(y) if mean else 1
    return margins.sum() / count + half * strength * (W**2).sum(), X.T @ dscores / count + 2 * half * strength * W


def softmax(W, X, y, strength):
    rows, scores = np.arange(len(y)), X @ W
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dscores = np.exp(log_probs)
    dscores[rows, y] -= 1
    loss = -log_probs[rows, y].mean() + 0.5 * strength * (W**2).sum()
    return loss, X.T @ dscores / len(y) + strength * W


def sgd_step(W, dW, learning_rate):
    return W - learning_rate * dW


ANSWERS = {"distances": l2, "vote": vote, "cross_validation": cross_validation, "svm": svm, "softmax": softmax,
           "sgd_step": sgd_step}
NAMES = list(EXERCISES)


def test_every_exercise_is_tried():
    assert NAMES == list(LOOPS) == list(ANSWERS) == list(exercises.names)[:6]


@pytest.mark.parametrize("name", NAMES)
def test_right_answers_are_accepted(name):
    found = verdict(name, ANSWERS[name])
    assert found.kind == "exact", found.text
    assert str(EXERCISES[name].cases[0].args[0].shape) in found.text


@pytest.mark.parametrize("name", NAMES)
def test_loop_answers_are_accepted_or_told_that_they_loop(name):
    found = verdict(name, LOOPS[name])
    assert found.kind == ("exact" if EXERCISES[name].loops else "loops"), found.text
    if not EXERCISES[name].loops:
        assert "for i, q in enumerate(Q):" in found.text


@pytest.mark.parametrize("name", NAMES)
def test_the_right_answer_is_that_of_the_loops(name):
    exercise = EXERCISES[name]
    for case in exercise.cases:
        naive = LOOPS[name](*case.args)
        for output, got in zip(exercise.outputs, naive if len(exercise.outputs) > 1 else (naive,), strict=True):
            np.testing.assert_allclose(output.right(case.args), got, rtol=1e-9, atol=1e-9)


def test_the_helpers_of_the_package_are_accepted():
    from cs231n_helpers import losses, neighbors, ops, optim

    def loss_with(kind):
        def answer(W, X, y, strength):
            scores, affine_back = ops.affine(X, W, np.zeros(W.shape[1]))
            data, data_back = kind(scores, y)
            penalty, penalty_back = losses.l2(W, strength)
            return data + penalty, affine_back(data_back()[0])[1] + penalty_back()[0]
        return answer

    def step(W, dW, learning_rate):
        rule = optim.SGD(learning_rate)
        return rule.update(W, dW, rule.init(W))[0]

    def folds_of(X, y, k, folds):
        return neighbors.cross_validate(X, y, [k], folds)[0]

    answers = {"distances": neighbors.l2_distances, "vote": neighbors.knn_predict, "cross_validation": folds_of,
               "svm": loss_with(losses.svm), "softmax": loss_with(losses.softmax), "sgd_step": step}
    assert {name: verdict(name, answer).kind for name, answer in answers.items()} == dict.fromkeys(NAMES, "exact")


# -- not started, not there, not a function ----------------------------------------------------------------------------

def stub_dots(*arguments):
    """What the function does."""
    ...                                                 # noqa: PIE790


def stub_pass(*arguments):
    pass


def stub_raises(*arguments):
    raise NotImplementedError("your turn")


def stub_returns_dots(*arguments):
    return ...


@pytest.mark.parametrize("stub", [stub_dots, stub_pass, stub_raises, stub_returns_dots])
@pytest.mark.parametrize("name", NAMES)
def test_unfilled_stub_is_not_started(name, stub):
    found = verdict(name, stub)
    assert found.kind == "not_started"
    assert found.text.startswith(f"{name}: not started yet")


@pytest.mark.parametrize("name", NAMES)
def test_code_without_return_is_told_so(name):
    def forgets(*arguments):
        result = ANSWERS[name](*arguments)
        result

    found = verdict(name, forgets)
    assert found.kind == "no_return"
    assert "`return`" in found.text


def test_unknown_names_list_the_known_ones(capsys):
    assert verdict("distance", l2).kind == "unknown"
    assert check("distance", l2) is None
    printed = capsys.readouterr().out
    assert all(name in printed for name in NAMES)
    assert verdict(["distances"], l2).kind == "unknown"
    assert "comes first" in verdict(l2, "distances").text


def test_the_result_instead_of_the_function():
    found = verdict("distances", np.zeros((4, 6)))
    assert found.kind == "type"
    assert "without calling it: check('distances', l2)" in found.text


def test_check_prints_the_verdict_and_returns_nothing(capsys):
    assert check("sgd_step", sgd_step) is None
    assert capsys.readouterr().out == verdict("sgd_step", sgd_step).text + "\n"


# -- every mistake of the tables ---------------------------------------------------------------------------------------

KNOWN = [pytest.param(exercise, output, mistake, id=f"{exercise.name}-{output.name}-{i}".replace(" ", "-"))
         for exercise in EXERCISES.values() for output in exercise.outputs for i, mistake in enumerate(output.mistakes)]


def answer_with(exercise, output, mistake):
    """A function that makes one mistake in one output and is right in the others."""
    def answer(*args):
        parts = [with_mistake(one, mistake, args) if one is output else one.right(args) for one in exercise.outputs]
        return tuple(parts) if len(parts) > 1 else parts[0]
    return answer


@pytest.mark.parametrize(("exercise", "output", "mistake"), KNOWN)
def test_known_mistake_is_called_by_its_own_name(exercise, output, mistake):
    found = verdict(exercise.name, answer_with(exercise, output, mistake))
    assert (found.kind, mistake.text in found.text) == (mistake.kind, True), found.text
    if len(exercise.outputs) > 1:
        other = next(one for one in exercise.outputs if one is not output)
        assert f"{other.words} is right, {output.words} is not." in found.text


def test_there_are_enough_known_mistakes():
    assert all(len(output.mistakes) >= 5 for exercise in EXERCISES.values() for output in exercise.outputs)
    assert {mistake.kind for param in KNOWN for mistake in param.values[2:]} <= set(KINDS)


# -- wrong answers as learners write them ------------------------------------------------------------------------------

def part(answer, index, change):
    """Change one of the two results of `answer`."""
    def changed(*args):
        results = list(answer(*args))
        results[index] = change(results[index], *args)
        return tuple(results)
    return changed


def squared(Q, X):
    return (Q**2).sum(axis=1)[:, None] - 2 * Q @ X.T + (X**2).sum(axis=1)


def l2_unclipped(Q, X):
    return np.sqrt(squared(Q, X))


def l2_keeps_differences(Q, X):
    return np.sqrt((Q[:, None] - X)**2)


def l2_sums_all(Q, X):
    return np.sqrt(((Q[:, None] - X)**2).sum(axis=(1, 2)))


def l2_reshaped(Q, X):
    return l2(X, Q).reshape(len(Q), len(X))


def l2_first_query_only(Q, X):
    return np.tile(l2(Q[:1], X), (len(Q), 1))


def l2_whole_numbers(Q, X):
    return l2(Q, X).astype(int)


def l2_single(Q, X):
    return l2(Q.astype(np.float32), X.astype(np.float32))


def l2_without_column(Q, X):
    return np.sqrt((Q**2).sum(axis=1) - 2 * Q @ X.T + (X**2).sum(axis=1))


def l2_centred_in_place(Q, X):
    X -= X.mean(axis=0)
    return l2(Q, X)


def vote_unsorted_labels(distances, y_train, k):
    return y_train[np.argsort(distances, axis=1)[:, :k]]


def vote_by_first_met(distances, y_train, k):
    winners = []
    for row in distances:
        labels = [int(label) for label in y_train[np.argsort(row)[:k]]]
        winners.append(max(labels, key=labels.count))
    return np.array(winners)


def vote_last_of_ties(distances, y_train, k):
    winners = []
    for row in distances:
        counts = np.bincount(y_train[np.argsort(row)[:k]])
        winners.append(len(counts) - 1 - counts[::-1].argmax())
    return np.array(winners)


def vote_ignores_k(distances, y_train, k):
    return y_train[distances.argmin(axis=1)]


def vote_farthest(distances, y_train, k):
    return vote(distances, y_train, len(y_train)) if k >= len(y_train) else np.array(
        [np.bincount(y_train[np.argsort(row)[::-1][:k]]).argmax() for row in distances])


def vote_row_numbers(distances, y_train, k):
    return np.array([np.bincount(row).argmax() for row in np.argsort(distances, axis=1)[:, :k]])


def vote_mean(distances, y_train, k):
    return y_train[np.argsort(distances, axis=1)[:, :k]].mean(axis=1).astype(int)


def vote_in_place(distances, y_train, k):
    distances.sort(axis=1)
    return vote(distances, y_train, k)


def vote_scalar(distances, y_train, k):
    return vote(distances, y_train, k)[0]


def cross_validation_with(pick):
    def answer(X, y, k, folds):
        accuracies = []
        for train, val in folds:
            queries, rows = pick(X, train, val)
            accuracies.append(np.mean(vote(l2(X[queries], X[rows]), y[rows], k) == y[queries]))
        return np.array(accuracies)
    return answer


def cross_validation_list(X, y, k, folds):
    return list(cross_validation(X, y, k, folds))


def cross_validation_stops_early(X, y, k, folds):
    return cross_validation(X, y, k, folds[:-1])


def svm_without_true_class(W, X, y, strength):
    rows, scores = np.arange(len(y)), X @ W
    over = (scores - scores[rows, y][:, None] + 1 > 0).astype(float)
    over[rows, y] = 0
    return svm(W, X, y, strength)[0], X.T @ over / len(y) + strength * W


def softmax_unshifted(W, X, y, strength):
    probs = np.exp(X @ W) / np.exp(X @ W).sum(axis=1, keepdims=True)
    return -np.log(probs[np.arange(len(y)), y]).mean() + 0.5 * strength * (W**2).sum(), softmax(W, X, y, strength)[1]


def softmax_global_shift(W, X, y, strength):
    scores = X @ W
    probs = np.exp(scores - scores.max())
    probs = probs / probs.sum(axis=1, keepdims=True)
    return -np.log(probs[np.arange(len(y)), y]).mean() + 0.5 * strength * (W**2).sum(), softmax(W, X, y, strength)[1]


def softmax_whole_columns(W, X, y, strength):
    scores = X @ W
    probs = np.exp(scores - scores.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    probs[:, y] -= 1
    return softmax(W, X, y, strength)[0], X.T @ probs / len(y) + strength * W


def softmax_wrong_axis(W, X, y, strength):
    scores = X @ W
    probs = np.exp(scores - scores.max(axis=0))
    probs /= probs.sum(axis=0)
    return softmax(W, X, y, strength)[0], X.T @ (probs - (np.arange(W.shape[1]) == y[:, None])) / len(y) + strength * W


def svm_whole_columns(W, X, y, strength):
    scores = X @ W
    margins = np.maximum(0, scores - scores[np.arange(len(y)), y][:, None] + 1)
    margins[:, y] = 0
    return margins.sum() / len(y) + 0.5 * strength * (W**2).sum(), svm(W, X, y, strength)[1]


def softmax_writes_labels(W, X, y, strength):
    result = softmax(W, X, y, strength)
    y[:] = 0
    return result


def step_in_place(W, dW, learning_rate):
    W -= learning_rate * dW
    return W


def step_in_place_without_return(W, dW, learning_rate):
    W -= learning_rate * dW


WRONG = [
    ("distances", squared, "missing", "square root"),
    ("distances", lambda Q, X: np.abs(Q[:, None] - X).sum(2), "mistake", "L1"),
    ("distances", lambda Q, X: l2(X, Q), "shape", "Transposed"),
    ("distances", l2_keeps_differences, "shape", r"shape \(4, 6, 3\), that is \(M, N, D\)"),
    ("distances", l2_sums_all, "shape", "An axis is missing"),
    ("distances", l2_reshaped, "axis", "wrong places"),
    ("distances", l2_unclipped, "not_finite", "NaN.*maximum"),
    ("distances", l2_whole_numbers, "type", "fractions"),
    ("distances", l2_single, "type", "float32"),
    ("distances", l2_without_column, "raised", r"ValueError.*broadcast.*Q \(4, 3\)"),
    ("distances", l2_centred_in_place, "changes_input", "writes into X"),
    ("distances", l2_first_query_only, "differs", r"distances\[\d, \d\] is .*Right with one query"),
    ("distances", lambda Q, X: -l2(Q, X), "sign", "wrong sign"),
    ("distances", lambda Q, X: l2(Q, X) / 2, "factor", "1/2"),
    ("distances", lambda Q, X: l2(Q, X) / len(X), "factor", "N times too small"),
    ("distances", lambda Q, X: l2(Q, X) + 3, "mistake", "3 too large"),
    ("distances", lambda Q, X: l2(Q, X).tolist(), "type", "a list, expected an array"),
    ("distances", lambda Q, X: (l2(Q, X),), "type", "comma"),
    ("distances", lambda Q, X: l2(Q, X).astype(complex), "type", "complex128"),
    ("distances", lambda Q, X: np.zeros((len(Q), len(X))), "missing", "every number is 0"),
    ("distances", lambda Q: Q, "raised", "TypeError"),
    ("vote", vote_unsorted_labels, "shape", r"\(5, 3\), that is \(M, k\)"),
    ("vote", vote_by_first_met, "mistake", "nearest neighbour; they should go to the smallest"),
    ("vote", vote_last_of_ties, "mistake", "largest of the tied"),
    ("vote", vote_ignores_k, "missing", "k is not used"),
    ("vote", vote_farthest, "mistake", "farthest"),
    ("vote", vote_row_numbers, "missing", "row numbers, not labels"),
    ("vote", vote_mean, "mistake", "averaged"),
    ("vote", vote_in_place, "changes_input", "writes into distances"),
    ("vote", vote_scalar, "type", "expected an array"),
    ("vote", lambda *args: vote(*args).astype(float), "type", "dtype=int"),
    ("vote", lambda d, y, k: vote(d.T, y, k), "shape", r"\(8,\), that is \(N,\), expected \(5,\)"),
    ("cross_validation", cross_validation_with(lambda X, train, val: (train, train)), "mistake",
     "on the training rows"),
    ("cross_validation", cross_validation_with(lambda X, train, val: (train, val)), "mistake", "exchanged"),
    ("cross_validation", cross_validation_with(lambda X, train, val: (val, np.arange(len(X)))), "mistake",
     "finds itself"),
    ("cross_validation", lambda *args: 1 - cross_validation(*args), "mistake", "share of wrong answers"),
    ("cross_validation", lambda *args: cross_validation(*args) * [len(val) for _, val in args[3]], "factor",
     "number of right answers"),
    ("cross_validation", lambda *args: 100 * cross_validation(*args), "factor", "100 times too large"),
    ("cross_validation", lambda *args: cross_validation(*args).mean(), "type", "One accuracy for each fold"),
    ("cross_validation", cross_validation_list, "type", "np.array"),
    ("cross_validation", cross_validation_stops_early, "shape", r"\(2,\).*\(3,\)"),
    ("svm", lambda *args: svm(*args)[0], "type", "return loss, dW"),
    ("svm", lambda *args: svm(*args)[::-1], "type", "exchanged"),
    ("svm", lambda *args: (*svm(*args), 1), "type", "tuple of 3"),
    ("svm", lambda *args: (svm(*args)[0], None), "not_started", "the loss is right, the gradient is not started"),
    ("svm", lambda *args: (svm(*args, true=1.0)[0], svm(*args)[1]), "mistake", "the true class is counted"),
    ("svm", lambda *args: (svm(*args, delta=0.0)[0], svm(*args)[1]), "missing", "delta"),
    ("svm", lambda *args: (svm(*args, half=1.0)[0], svm(*args)[1]), "factor", r"penalty .* is 2 times too large"),
    ("svm", lambda *args: (svm(*args, half=0.0)[0], svm(*args)[1]), "missing",
     "the gradient is right, .*penalty .* missing"),
    ("svm", lambda *args: (svm(*args)[0], svm(*args, half=0.0)[1]), "missing",
     "the loss is right, .*strength W, is missing"),
    ("svm", lambda *args: (svm(*args)[0], svm(*args, half=1.0)[1]), "factor", "strength W, is 2 times"),
    ("svm", svm_without_true_class, "missing", r"the part of the true class \(.*\) is missing"),
    ("svm", lambda *args: (np.array([svm(*args)[0]]), svm(*args)[1]), "shape", "An axis of length 1 is left over"),
    ("svm", lambda *args: (svm(*args, mean=False)[0], svm(*args)[1]), "factor", "margins is N times too large"),
    ("svm", lambda *args: svm(*args, mean=False), "factor", "the loss and the gradient are not right yet"),
    ("svm", lambda *args: (svm(*args)[0], svm(*args, mean=False)[1]), "factor", "true class .* are N times too large"),
    ("svm", lambda *args: (svm(*args, true=1.0, half=0.0)[0], svm(*args)[1]), "mistake",
     "the true class is counted.*And then: the penalty .* is missing"),
    ("svm", part(svm, 1, lambda dW, *args: -dW), "sign", "every number has the wrong sign"),
    ("svm", part(svm, 1, lambda dW, *args: dW.T), "shape", "Transposed"),
    ("svm", part(svm, 1, lambda dW, *args: dW.sum(axis=0)), "shape", "An axis is missing"),
    ("svm", part(svm, 1, lambda dW, *args: dW / len(args[1])), "factor", "N times too small"),
    ("svm", part(svm, 0, lambda loss, *args: np.full(len(args[1]), loss)), "shape",
     r"\(N,\), expected one number.*mean over"),
    ("svm", part(svm, 0, lambda loss, *args: loss * np.nan), "not_finite", "NaN"),
    ("softmax", softmax_unshifted, "not_finite", "the gradient is right.*scores around 1000.*largest score"),
    ("softmax", softmax_global_shift, "not_finite", "scores around 1000.*its own largest score"),
    ("softmax", softmax_whole_columns, "mistake", r"dscores\[:, y\] are whole columns"),
    ("softmax", softmax_wrong_axis, "axis", r"the loss is right.*axis 0.*axis=1"),
    ("svm", svm_whole_columns, "mistake", r"margins\[:, y\] are whole columns"),
    ("softmax", softmax_writes_labels, "changes_input", "writes into y"),
    ("softmax", part(softmax, 0, lambda loss, *args: -loss), "sign", "the loss has the wrong sign"),
    ("softmax", part(softmax, 0, lambda loss, W, X, y, s: loss - 0.5 * s * (W**2).sum()), "missing", "penalty"),
    ("softmax", part(softmax, 0, lambda loss, W, X, y, s: loss + 0.5 * s * (W**2).sum()), "factor",
     "penalty .* 2 times"),
    ("softmax", part(softmax, 1, lambda dW, W, X, y, s: dW + X.T @ (np.arange(W.shape[1]) == y[:, None]) / len(y)),
     "missing", "the loss is right.*-1 at the true class is missing"),
    ("softmax", part(softmax, 1, lambda dW, W, X, y, s: dW - s * W), "missing", "the gradient of the penalty"),
    ("softmax", part(softmax, 1, lambda dW, W, X, y, s: dW - 2 * s * W), "sign",
     "penalty, strength W, has the wrong sign"),
    ("softmax", part(softmax, 1, lambda dW, W, X, y, s: (dW - s * W) * len(y) + s * W), "factor", "N times too large"),
    ("softmax", part(softmax, 1, lambda dW, W, X, y, s: -(dW - s * W) + s * W), "sign", "wrong sign"),
    ("sgd_step", lambda W, dW, rate: W + rate * dW, "sign", "the step has the wrong sign"),
    ("sgd_step", lambda W, dW, rate: W - dW, "missing", "learning rate is missing"),
    ("sgd_step", lambda W, dW, rate: W - rate, "missing", "gradient is missing"),
    ("sgd_step", lambda W, dW, rate: -rate * dW, "missing", "the old W is missing"),
    ("sgd_step", lambda W, dW, rate: rate * dW, "missing", r"the old W is missing .*; the step has the wrong sign"),
    ("sgd_step", lambda W, dW, rate: W, "missing", "the step is missing"),
    ("sgd_step", lambda W, dW, rate: rate * (W - dW), "mistake", "multiplies W too"),
    ("sgd_step", lambda W, dW, rate: W - 2 * rate * dW, "factor", "the step is 2 times too large"),
    ("sgd_step", lambda W, dW, rate: W - 3 * rate * dW + 0.1 * W**3, "differs", "largest difference"),
    ("sgd_step", lambda W, dW, rate: (W - rate * dW).T, "shape", "Transposed"),
    ("sgd_step", step_in_place, "changes_input", "writes into W"),
    ("sgd_step", step_in_place_without_return, "no_return", "writes into W instead"),
]


@pytest.mark.parametrize(("name", "answer", "kind", "words"), WRONG,
                         ids=[f"{name}-{kind}-{i}" for i, (name, _, kind, _) in enumerate(WRONG)])
def test_wrong_answer(name, answer, kind, words):
    found = verdict(name, answer)
    assert found.kind == kind, found.text
    assert re.search(words, found.text, re.DOTALL), found.text
    assert found == verdict(name, answer)                       # the same words every time
    assert not re.search(r"0x[0-9a-f]{6}|nan%|\d\.\d{7}", found.text)


def test_at_least_five_wrong_answers_each():
    assert all(sum(name == one for one, *_ in WRONG) >= 5 for name in NAMES)
    assert set(KINDS) - {kind for _, _, kind, _ in WRONG} == {"exact", "loops", "state", "unknown"}


# -- errors, warnings, loops -------------------------------------------------------------------------------------------

def helper(x):
    return x.no_such_thing


def l2_calls_helper(Q, X):
    first = Q + 0
    return helper(first)


def l2_stops_for_one_row(Q, X):
    if len(Q) == 1:
        raise ValueError(f"bad {object()}")
    return l2(Q, X)


def test_error_names_type_message_line_and_arguments():
    found = verdict("distances", l2_calls_helper)
    line = helper.__code__.co_firstlineno + 1
    assert found.kind == "raised"
    assert "AttributeError: 'numpy.ndarray' object has no attribute 'no_such_thing'" in found.text
    assert f"line {line}: return x.no_such_thing" in found.text
    assert "l2(Q, X) with 4 queries and 6 training rows: Q (4, 3), X (6, 3)" in found.text


def test_error_inside_numpy_points_to_the_learners_line():
    found = verdict("distances", l2_without_column)
    assert f"line {l2_without_column.__code__.co_firstlineno + 1}: return np.sqrt(" in found.text


def test_error_in_one_case_names_the_case_and_hides_addresses():
    found = verdict("distances", l2_stops_for_one_row)
    assert "one query (M = 1)" in found.text
    assert "object at 0x...>" in found.text


def test_function_without_source_still_gets_its_line_number():
    namespace = {}
    exec(compile("def l2(Q, X):\n    a = 1\n    return 1 / 0\n", "<cell>", "exec"), namespace)
    assert "ZeroDivisionError: division by zero\n    line 3" in verdict("distances", namespace["l2"]).text


@pytest.mark.parametrize("problem", [RecursionError, MemoryError, SystemExit, AssertionError])
def test_no_error_escapes(problem, capsys):
    def stops(*args):
        raise problem

    assert check("vote", stops) is None
    assert problem.__name__ in capsys.readouterr().out


def test_keyboard_interrupt_passes_through():
    def waits(*args):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("svm", waits)


def test_a_checker_that_fails_does_not_stop_the_notebook(capsys):
    class Odd(np.ndarray):
        @property
        def dtype(self):
            raise OSError("odd")

    class Liar(tuple):
        def __len__(self):
            raise OSError("odd")

    check("distances", lambda Q, X: l2(Q, X).view(Odd))
    check("svm", lambda *args: Liar((1, 2)))
    printed = capsys.readouterr().out
    assert "Odd, expected an array" in printed
    assert "svm: your answer could not be judged (OSError: odd)" in printed


def test_warnings_are_reported_not_shown(recwarn):
    found = verdict("softmax", softmax_unshifted)
    line = softmax_unshifted.__code__.co_firstlineno + 1
    assert f"RuntimeWarning: overflow encountered in exp\n    line {line}: probs = np.exp(X @ W)" in found.text
    assert not recwarn.list


def test_underflow_is_no_warning():
    with np.errstate(all="raise"):
        assert "warning" not in verdict("softmax", softmax).text


def l2_comprehension(Q, X):
    return np.array([np.sqrt(((q - X)**2).sum(axis=1)) for q in Q])


def l2_while(Q, X):
    distances, i = np.empty((len(Q), len(X))), 0
    while i < len(Q):
        distances[i] = np.sqrt(((Q[i] - X)**2).sum(axis=1))
        i += 1
    return distances


def l2_hidden(Q, X):
    return np.apply_along_axis(lambda q: np.sqrt(((q - X)**2).sum(axis=1)), 1, Q)


@pytest.mark.parametrize(("answer", "line"), [(l2_comprehension, "for q in Q"), (l2_while, "while i < len(Q):"),
                                              (l2_hidden, "np.apply_along_axis(")])
def test_loops_are_found_where_none_is_allowed(answer, line):
    found = verdict("distances", answer)
    assert found.kind == "loops"
    assert line in found.text and "numbers are right" in found.text


def test_a_wrong_answer_with_a_loop_is_told_what_is_wrong():
    def answer(Q, X):
        return np.array([((q - X)**2).sum(axis=1) for q in Q])

    assert verdict("distances", answer).kind == "missing"


# -- the cases ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=NAMES)
def test_first_case_has_a_length_of_its_own_for_every_axis(exercise):
    sizes = [size for name, size in exercise.sizes(exercise.cases[0]).items() if name.isupper()]
    assert len(set(sizes)) == len(sizes)


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=NAMES)
def test_every_case_has_a_label_of_its_own(exercise):
    assert len({case.label for case in exercise.cases}) == len(exercise.cases)


def test_no_case_depends_on_how_equal_distances_are_sorted():
    for case in EXERCISES["vote"].cases:
        assert all(len(set(row)) == len(row) for row in case.args[0])
    for case in EXERCISES["cross_validation"].cases:
        X, _, k, folds = case.args
        for train, val in folds:
            distances = np.sort(loop_l2(X[val], X[train]), axis=1)
            assert k >= len(train) or (np.diff(distances[:, k - 1:k + 1], axis=1) > 1e-6).all()


def test_no_svm_margin_lies_on_the_kink():
    for case in EXERCISES["svm"].cases:
        W, X, y, _ = case.args
        margins = X @ W - (X @ W)[np.arange(len(y)), y][:, None] + 1
        assert np.abs(margins).min() > 1e-3


def test_probabilities_of_large_scores_need_the_rows_own_maximum():
    W, X = EXERCISES["softmax"].cases[-1].args[:2]
    scores = X @ W
    assert (scores.max(axis=1) > 900).any()
    assert (scores.max(axis=1) < -900).any()
    assert np.ptp(scores, axis=1).max() < 20                # so small that log(p) and log(p + 1e-12) are as good
