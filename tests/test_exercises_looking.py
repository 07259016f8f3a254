"""The exercise of notebook 06 on the occlusion map: right answers are accepted, wrong ones told what is wrong."""

import numpy as np
import pytest

from cs231n_helpers.exercises import EXERCISES, verdict
from cs231n_helpers.exercises.differences import with_mistake


def places(x, size, stride):
    return [[(r, c) for c in range(0, x.shape[1] - size + 1, stride)] for r in range(0, x.shape[0] - size + 1, stride)]


def by_loops(predict, x, size, stride, fill=0.5):
    found = np.zeros(np.shape(places(x, size, stride))[:2])
    for i, line in enumerate(places(x, size, stride)):
        for j, (r, c) in enumerate(line):
            hidden = x.copy()
            hidden[r:r + size, c:c + size] = fill
            found[i, j] = predict(hidden[None])[0]
    return found


def in_one_batch(predict, x, size, stride):
    at = places(x, size, stride)
    X = np.repeat(x[None], np.size(at) // 2, axis=0)
    for picture, (r, c) in zip(X, (place for line in at for place in line), strict=True):
        picture[r:r + size, c:c + size] = 0.5
    return predict(X).reshape(len(at), -1)


@pytest.mark.parametrize("answer", [by_loops, in_one_batch])
def test_right_answers_are_accepted(answer):
    found = verdict("occlusion_map", answer)
    assert found.kind == "exact", found.text
    assert "0x" not in found.text


def into_x(predict, x, size, stride):
    x = x.copy()
    found = np.zeros(np.shape(places(x, size, stride))[:2])
    for i, line in enumerate(places(x, size, stride)):
        for j, (r, c) in enumerate(line):
            x[r:r + size, c:c + size] = 0.5
            found[i, j] = predict(x[None])[0]
    return found


def into_the_argument(predict, x, size, stride):
    x[:size, :size] = 0.5
    return by_loops(predict, x, size, stride)


WRONG = [
    (into_x, "mistake", "the squares pile up"),
    (into_the_argument, "changes_input", "x"),
    (lambda *a: by_loops(*a, fill=0), "mistake", "the square is black"),
    (lambda *a: by_loops(*a, fill=1.0), "mistake", "the square is white"),
    (lambda p, x, *a: p(x[None])[0] - by_loops(p, x, *a), "mistake", "by how much the probability falls"),
    (lambda p, x, *a: by_loops(p, x, *a) - p(x[None])[0], "mistake", "by how much the probability rises"),
    (lambda p, x, size, stride: by_loops(p, x, size, 1), "missing", "the stride is missing"),
    (lambda p, x, *a: np.full_like(by_loops(p, x, *a), p(x[None])[0]), "missing", "nothing is covered"),
    (lambda *a: by_loops(*a).T, "axis", "exchanged"),
    (lambda p, x, size, stride: p(x), "raised", "For one picture: x[None]"),
    (lambda *a: by_loops(*a).ravel(), "shape", "rows of places"),
    (lambda *a: None, "not_started", "not started"),
]


@pytest.mark.parametrize(("answer", "kind", "words"), WRONG, ids=range(len(WRONG)))
def test_wrong_answers_are_told_what_is_wrong(answer, kind, words):
    found = verdict("occlusion_map", answer)
    assert found.kind == kind and words in found.text, found
    assert "object at" not in found.text


def test_every_known_mistake_is_wrong_and_unlike_the_others():
    exercise = EXERCISES["occlusion_map"]
    [output] = exercise.outputs
    answers = [[output.right(case.args) for case in exercise.cases]]
    answers += [[with_mistake(output, mistake, case.args) for case in exercise.cases] for mistake in output.mistakes]
    for i, one in enumerate(answers):
        for other in answers[:i]:
            assert not all(np.shape(a) == np.shape(b) and np.allclose(a, b) for a, b in zip(one, other, strict=True))
