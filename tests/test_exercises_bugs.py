"""The bug lab: what is broken is wrong and looks right; every checker calls every bug by its name, and by no other."""

import inspect
import itertools
import re

import numpy as np
import pytest

from cs231n_helpers import losses, ops
from cs231n_helpers.exercises import EXERCISES, bugs, verdict

BROKEN = {"bug_a": (bugs.broken_a, "missing transpose"), "bug_b": (bugs.broken_b, "missing 1/N"),
          "bug_c": (bugs.broken_c, "wrong axis of the sum"), "bug_d": (bugs.broken_d, "overwritten fork"),
          "bug_e": (bugs.broken_e, "wrong sign")}
APPLY = [(exercise, bug) for exercise, names in bugs.APPLY.items() for bug in names]


def named(text):
    """The bugs of NAMES that a verdict speaks of."""
    return {name for name in bugs.NAMES if name in text}


def square(exercise_name):
    """Arrays of shape 4 x 4 (and 4) and labels 0 to 3, for the arrays that the exercise takes."""
    rng = np.random.default_rng(3)
    arrays = []
    for name, axes in list(EXERCISES[exercise_name].arguments.items())[:-1]:
        labels = exercise_name in ("cross_entropy", "bug_b") and name == "y"
        arrays.append(np.arange(4) if labels else rng.uniform(0.5, 2, (4,) * len(axes)))
    for array in arrays:
        array.setflags(write=False)
    return arrays


def slopes(function, arrays):
    """The gradients of the sum of (value times upstream), by centred differences; and the upstream gradient."""
    upstream = np.random.default_rng(4).uniform(0.5, 2, np.shape(function(*arrays)[0]))
    found = []
    for i, array in enumerate(arrays):
        if array.dtype.kind != "f":
            continue
        slope = np.empty(array.shape)
        for place in np.ndindex(*array.shape):
            values = []
            for h in (1e-5, -1e-5):
                moved = [one.copy() for one in arrays]
                moved[i][place] += h
                values.append(np.sum(function(*moved)[0] * upstream))
            slope[place] = (values[0] - values[1]) / 2e-5
        found.append(slope)
    return found, upstream if upstream.ndim else float(upstream)


def wrong_places(function, arrays):
    """For each gradient, whether it differs from the slope, after a look at its shape."""
    wanted, upstream = slopes(function, arrays)
    got = function(*arrays)[1](upstream)
    assert type(got) is tuple and [one.shape for one in got] == [one.shape for one in wanted]
    return [not np.allclose(a, b, rtol=1e-6, atol=1e-6) for a, b in zip(got, wanted, strict=True)]


# -- the five broken functions -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", BROKEN)
def test_broken_function_is_wrong_in_one_gradient_and_in_no_shape(name):
    function, _ = BROKEN[name]
    assert sum(wrong_places(function, square(name))) == 1


@pytest.mark.parametrize("name", BROKEN)
def test_broken_function_is_called_by_the_name_of_its_bug_and_no_other(name):
    function, bug = BROKEN[name]
    found = verdict(name, function)
    assert found.kind not in ("exact", "differs", "raised", "shape")
    assert named(found.text) == {bug}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_function_is_short_and_does_not_tell(name):
    source = inspect.getsource(BROKEN[name][0])
    assert len(source.splitlines()) <= 14
    assert not named(source)
    assert not re.search("bug|wrong|forg[eo]t|overwr|#", source.replace("broken_", ""))


def test_the_warning_free_range_of_the_broken_functions():
    """A learner who checks them with ordinary numbers sees a wrong gradient, not a warning."""
    for name, (function, _) in BROKEN.items():
        _, back = function(*square(name))
        back(*([] if name == "bug_b" else [np.ones((4, 4))]))


# -- mended ------------------------------------------------------------------------------------------------------------

def mended_a(X, W, b):
    def back(dy):
        return np.einsum("nc,dc->nd", dy, W), np.einsum("nd,nc->dc", X, dy), dy.sum(axis=0)
    return X @ W + b, back


def mended_b(scores, y):
    loss, back = bugs.broken_b(scores, y)
    return loss, lambda d=1.0: (back(d)[0] / len(y),)


def mended_c(X, b):
    return X + b, lambda dy: (dy, dy.sum(axis=0))


def mended_d(x):
    s = 1 / (1 + np.exp(-x))

    def back(dy):
        dx = dy * s
        dx = dx + dy * x * s * (1 - s)
        return (dx,)
    return x * s, back


def mended_e(x, y):
    return x / y, lambda dz: (dz / y, -dz * x / y**2)


MENDED = {"bug_a": mended_a, "bug_b": mended_b, "bug_c": mended_c, "bug_d": mended_d, "bug_e": mended_e}


def loop_c(X, b):
    def back(dy):
        db = np.zeros_like(b)
        for row in dy:
            db += row
        return dy.copy(), db
    return np.array([row + b for row in X]), back


def composed_d(x):
    """From the parts of the package: a product whose two inputs come from x."""
    s, sigmoid_back = ops.sigmoid(x)
    y, mul_back = ops.mul(x, s)

    def back(dy):
        straight, ds = mul_back(dy)
        return (straight + sigmoid_back(ds)[0],)
    return y, back


def composed_e(x, y):
    inverse, inverse_back = ops.reciprocal(y)
    z, mul_back = ops.mul(x, inverse)

    def back(dz):
        dx, dinverse = mul_back(dz)
        return dx, inverse_back(dinverse)[0]
    return z, back


OTHERS = {"bug_a": ops.affine, "bug_b": losses.softmax, "bug_c": loop_c, "bug_d": composed_d, "bug_e": composed_e}


@pytest.mark.parametrize("answers", [MENDED, OTHERS], ids=["mended", "written otherwise"])
@pytest.mark.parametrize("name", BROKEN)
def test_mended_functions_are_accepted(name, answers):
    found = verdict(name, answers[name])
    assert (found.kind, "warning" in found.text) == ("exact", False), found.text
    assert not any(wrong_places(answers[name], square(name)))


def p(scores, axis=1):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def hot(scores, y):
    return np.eye(scores.shape[1])[y]


def s(x):
    return 1 / (1 + np.exp(-x))


ALMOST = [
    ("bug_a", lambda X, W, b, dy: (dy @ W.T, X.T @ dy, dy[0]), "only the first row of dy"),
    ("bug_b", lambda q, y, d: (d * (p(q) - hot(q, y)) / q.size,), "dscores"),
    ("bug_c", lambda X, b, dy: (dy * X, dy.sum(axis=0)), "dX: X is multiplied in"),
    ("bug_c", lambda X, b, dy: (dy, dy), "the sum is missing"),
    ("bug_d", lambda x, dy: (dy * s(x) + dy * x * s(x),), r"the local gradient of the sigmoid is s \* \(1 - s\)"),
    ("bug_d", lambda x, dy: (dy * s(x) + dy * s(x) * (1 - s(x)),), "the factor x is missing"),
    ("bug_d", lambda x, dy: (dy**2 * s(x)**2 * x * (1 - s(x)),), "multiplied; add them"),
    ("bug_d", lambda x, dy: (s(x) + x * s(x) * (1 - s(x)),), "upstream gradient forgotten"),
    ("bug_e", lambda x, y, dz: (dz / y, -dz * x / y), "dy: y is not squared: dy = -dz"),
    ("bug_e", lambda x, y, dz: (dz / y, dz * x / y), "y is not squared, and the minus is missing"),
    ("bug_e", lambda x, y, dz: (dz * y, -dz * x / y**2), "dx: dz is multiplied by y"),
    ("bug_e", lambda x, y, dz: (dz / y, -dz / y**2), "the factor x is missing"),
    ("bug_e", lambda x, y, dz: (-dz * x / y**2, dz / y), "wrong order: .*returns dy, dx"),
]


@pytest.mark.parametrize(("name", "gradients", "words"), ALMOST, ids=range(len(ALMOST)))
def test_badly_mended_functions_are_told_what_is_wrong(name, gradients, words):
    value = MENDED[name]
    found = verdict(name, lambda *arrays: (value(*arrays)[0], lambda upstream=1.0: gradients(*arrays, upstream)))
    assert found.kind != "exact" and re.search(words, found.text), found.text


# -- every bug of every exercise ---------------------------------------------------------------------------------------

def test_every_bug_is_had_by_an_exercise_and_every_exercise_has_a_bug():
    assert {bug for _, bug in APPLY} == set(bugs.NAMES)
    assert list(bugs.APPLY) == [name for name, exercise in EXERCISES.items() if exercise.upstream][:10]  # notebook 03
    assert all(names == tuple(bug for bug in bugs.NAMES if bug in names) for names in bugs.APPLY.values())
    assert all(bug in bugs.APPLY[name] for name, (_, bug) in BROKEN.items())


@pytest.mark.parametrize(("exercise", "bug"), APPLY)
def test_a_wrong_gradient_is_wrong_in_one_place_and_in_no_shape(exercise, bug):
    assert sum(wrong_places(bugs.wrong(exercise, bug), square(exercise))) == 1


@pytest.mark.parametrize(("exercise", "bug"), APPLY)
def test_every_checker_calls_every_bug_by_its_name_and_by_no_other(exercise, bug):
    found = verdict(exercise, bugs.wrong(exercise, bug))
    assert found.kind in ("sign", "factor", "axis", "missing", "mistake")
    assert named(found.text) == {bug}, found.text
    assert "A warning" not in found.text


def test_the_gradient_of_a_loss_needs_no_upstream_gradient():
    scores, y = square("cross_entropy")
    [dscores] = bugs.wrong("cross_entropy", "missing 1/N")(scores, y)[1]()
    np.testing.assert_allclose(dscores, 4 * losses.softmax(scores, y)[1]()[0], rtol=1e-12)


def test_wrong_lists_what_there_is():
    with pytest.raises(ValueError, match=r"exercise_name must be one of 'mul', .* got 'relu'"):
        bugs.wrong("relu", "wrong sign")
    with pytest.raises(ValueError, match="bug_name must be one of 'wrong sign', got 'missing 1/N'"):
        bugs.wrong("mul", "missing 1/N")


# -- two bugs at once --------------------------------------------------------------------------------------------------

def both(exercise, first, second):
    """Each gradient from the bug that spoils it; None if both spoil the same one."""
    spoilt = [wrong_places(bugs.wrong(exercise, bug), square(exercise)) for bug in (first, second)]
    if any(a and b for a, b in zip(*spoilt, strict=True)):
        return None

    def operation(*arrays):
        y, back = bugs.wrong(exercise, first)(*arrays)
        other = bugs.wrong(exercise, second)(*arrays)[1]

        def joined(upstream):
            pairs = zip(back(upstream), other(upstream), spoilt[1], strict=True)
            return tuple(b if spoils else a for a, b, spoils in pairs)
        return y, joined
    return operation


PAIRS = [(exercise, *pair) for exercise in bugs.APPLY for pair in itertools.combinations(bugs.APPLY[exercise], 2)
         if both(exercise, *pair)]


@pytest.mark.parametrize(("exercise", "first", "second"), PAIRS)
def test_two_bugs_in_two_gradients_are_both_named(exercise, first, second):
    found = verdict(exercise, both(exercise, first, second))
    assert named(found.text) == {first, second}, found.text


SAME = [
    ("cross_entropy", lambda q, y, d: (d * (hot(q, y) - p(q)),), {"missing 1/N", "wrong sign"}),
    ("cross_entropy", lambda q, y, d: (d * p(q),), {"missing 1/N", "forgotten term"}),
    ("cross_entropy", lambda q, y, d: (d * (p(q, axis=0) - hot(q, y)),), {"missing 1/N", "wrong axis of the sum"}),
    ("cross_entropy", lambda q, y, d: (-d * p(q) / len(q),), {"forgotten term", "wrong sign"}),
    ("cross_entropy", lambda q, y, d: (d * p(q, axis=0) / len(q),), {"forgotten term", "wrong axis of the sum"}),
    ("cross_entropy", lambda q, y, d: (d * (hot(q, y) - p(q, axis=0)) / len(q),),
     {"wrong axis of the sum", "wrong sign"}),
    ("cross_entropy", lambda q, y, d: (-d * p(q),), {"missing 1/N", "forgotten term", "wrong sign"}),
    ("affine", lambda X, W, b, dy: (-dy @ W, X.T @ dy, dy.sum(axis=0)), {"missing transpose", "wrong sign"}),
    ("affine", lambda X, W, b, dy: (dy @ W.T, X.T @ dy, -dy[-1]), {"overwritten fork", "wrong sign"}),
    ("affine", lambda X, W, b, dy: (dy @ W, X.T @ dy, -dy.sum(axis=1)),
     {"missing transpose", "wrong axis of the sum", "wrong sign"}),
    ("bug_c", lambda X, b, dy: (dy, -dy.sum(axis=1)), {"wrong axis of the sum", "wrong sign"}),
    ("bug_d", lambda x, dy: (-dy * x * s(x) * (1 - s(x)),), {"overwritten fork", "wrong sign"}),
    ("bug_d", lambda x, dy: (-dy * s(x),), {"forgotten term", "wrong sign"}),
]


@pytest.mark.parametrize(("exercise", "gradients", "names"), SAME, ids=range(len(SAME)))
def test_two_bugs_in_one_gradient_are_both_named(exercise, gradients, names):
    def operation(*arrays):
        return EXERCISES[exercise].outputs[0].right((*arrays, 1.0)), lambda upstream=1.0: gradients(*arrays, upstream)

    found = verdict(exercise, operation)
    assert named(found.text) == names, found.text


# -- the losses of notebook 02 name them too ---------------------------------------------------------------------------

def softmax(W, X, y, strength, *, data=1.0, penalty=1.0, mean=True, axis=1):
    count = len(y) if mean else 1
    loss = -np.log(p(X @ W)[np.arange(len(y)), y]).mean() + 0.5 * strength * (W**2).sum()
    return loss, data * X.T @ (p(X @ W, axis=axis) - hot(X @ W, y)) / count + penalty * strength * W


def svm(W, X, y, strength, *, data=1.0, penalty=1.0, mean=True):
    count = len(y) if mean else 1
    scores = X @ W
    margins = np.maximum(0, scores - scores[np.arange(len(y)), y][:, None] + 1) * (1 - hot(scores, y))
    over = (margins > 0) * 1.0
    dscores = over - over.sum(axis=1, keepdims=True) * hot(scores, y)
    loss = margins.sum() / len(y) + 0.5 * strength * (W**2).sum()
    return loss, data * X.T @ dscores / count + penalty * strength * W


LOSS_BUGS = [({"mean": False}, "missing 1/N"), ({"data": -1}, "wrong sign"), ({"penalty": 0}, "forgotten term"),
             ({"data": 0}, "overwritten fork")]


@pytest.mark.parametrize(("name", "answer", "settings", "bug"), [
    *(("svm", svm, *row) for row in LOSS_BUGS), *(("softmax", softmax, *row) for row in LOSS_BUGS),
    ("softmax", softmax, {"axis": 0}, "wrong axis of the sum")])  # fmt: skip
def test_the_losses_of_notebook_02_name_the_bugs(name, answer, settings, bug):
    assert verdict(name, answer).kind == "exact"
    found = verdict(name, lambda *args: answer(*args, **settings))
    assert named(found.text) == {bug}, found.text


@pytest.mark.parametrize(("name", "answer"), [("svm", svm), ("softmax", softmax)])
def test_a_transposed_gradient_is_a_missing_transpose(name, answer):
    found = verdict(name, lambda *args: (answer(*args)[0], answer(*args)[1].T))
    assert named(found.text) == {"missing transpose"}
