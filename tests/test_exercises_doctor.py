"""The gradient doctor: every bug is what it says, by slopes measured here; every diagnosis fits its own case only."""

import math

import numpy as np
import pytest

from cs231n_helpers import gradients
from cs231n_helpers.exercises import diagnosis, doctor

D, C, N = 6, 4, 7
BUGS = [bug for bug in doctor.BUGS if bug != "none"]
WRONG = {  # which arrays a bug spoils, by hand from the formulas; the rest must stay right
    "missing 1/N": "W1 b1 W2 b2", "softmax down the columns": "W1 b1 W2 b2", "missing transpose": "W1 b1",
    "forgotten slope": "W1 b1", "mask of the wrong array": "W1 b1", "new dropout mask": "W1 b1",
    "forgotten penalty": "W1 W2", "penalty doubled": "W1 W2", "biases penalised": "b1 b2", "sign of db1": "b1",
    "db1 a mean": "b1"}  # fmt: skip


@pytest.fixture
def params(rng):
    weights = doctor.start(rng, D, C)
    return {name: array + (0.3 * rng.standard_normal(array.shape) if name[0] == "b" else 0)
            for name, array in weights.items()}  # fmt: skip


@pytest.fixture
def batch(rng):
    X = rng.standard_normal((N, D))
    X.setflags(write=False)
    return {"X": X, "y": np.arange(N) % C, "strength": 0.3}


def loss_by_loops(params, X, y, strength, activation):
    """The loss, number by number."""
    total = 0.0
    for x, label in zip(X, y, strict=True):
        sums = [params["b1"][u] + sum(x[d] * params["W1"][d, u] for d in range(D)) for u in range(C)]
        hidden = [max(s, 0.0) if activation == "ReLU" else math.tanh(s) for s in sums]
        scores = [params["b2"][c] + sum(hidden[u] * params["W2"][u, c] for u in range(C)) for c in range(C)]
        total += math.log(sum(map(math.exp, scores))) - scores[label]
    return total / len(X) + strength / 2 * sum(w * w for name in ("W1", "W2") for w in params[name].ravel())


def slopes_by_loops(f, array, h=1e-5):
    """Centred differences, written out."""
    slopes = np.zeros(array.shape)
    for place in np.ndindex(array.shape):
        ahead, behind = array.copy(), array.copy()
        ahead[place] += h
        behind[place] -= h
        slopes[place] = (f(ahead) - f(behind)) / (2 * h)
    return slopes


@pytest.mark.parametrize("activation", doctor.ACTIVATIONS)
def test_loss_and_right_gradients_are_those_of_plain_loops(params, batch, activation):
    loss, back = doctor.patient(**params, **batch, activation=activation)
    assert loss == pytest.approx(loss_by_loops(params, **batch, activation=activation), rel=1e-12)
    for name, gradient in zip(doctor.ARRAYS, back(), strict=True):
        def f(a, name=name):
            return loss_by_loops(params | {name: a}, **batch, activation=activation)

        measured = slopes_by_loops(f, params[name])
        np.testing.assert_allclose(gradient, measured, rtol=1e-6, atol=1e-9)


def test_with_a_generator_half_of_the_units_are_dropped_and_the_gradient_is_that_of_the_same_mask(params, batch):
    for activation in doctor.ACTIVATIONS:
        report = gradients.check(doctor.patient, *params.values(), **batch, activation=activation,
                                 rng=np.random.default_rng(3))  # fmt: skip
        assert report["passed"], report["verdict"]
    many = [float(doctor.patient(**params, **batch, rng=np.random.default_rng(i))[0]) for i in range(3)]
    assert len(set(many)) == 3


@pytest.mark.parametrize("bug", BUGS)
@pytest.mark.parametrize("activation", doctor.ACTIVATIONS)
def test_a_bug_spoils_just_the_arrays_it_should(params, batch, bug, activation):
    rng = np.random.default_rng(3)
    report = gradients.check(doctor.patient, *params.values(), **batch, activation=activation, bug=bug, rng=rng)
    wrong = [name for name, error in zip(doctor.ARRAYS, report["errors"], strict=True) if error > 1e-3]
    assert wrong == WRONG[bug].split()
    right, spoiled = (doctor.patient(**params, **batch, bug=b)[0] for b in ("none", bug))
    assert right == spoiled


def test_factors_and_signs_are_those_worked_out_by_hand(params, batch):
    right = dict(zip(doctor.ARRAYS, doctor.patient(**params, **batch)[1](), strict=True))

    def with_bug(bug):
        return dict(zip(doctor.ARRAYS, doctor.patient(**params, **batch, bug=bug)[1](), strict=True))

    np.testing.assert_allclose(with_bug("missing 1/N")["b2"], N * right["b2"])
    np.testing.assert_allclose(with_bug("sign of db1")["b1"], -right["b1"])
    np.testing.assert_allclose(with_bug("db1 a mean")["b1"], right["b1"] / N)
    np.testing.assert_allclose(with_bug("forgotten penalty")["W1"], right["W1"] - 0.3 * params["W1"])
    np.testing.assert_allclose(with_bug("penalty doubled")["W2"], right["W2"] + 0.3 * params["W2"])
    np.testing.assert_allclose(with_bug("biases penalised")["b1"], right["b1"] + 0.3 * params["b1"])


def test_nothing_is_written_into_and_the_dtype_is_kept(params, batch):
    single = {name: array.astype(np.float32) for name, array in params.items()}
    for array in single.values():
        array.setflags(write=False)
    loss, back = doctor.patient(**single, **batch)
    assert loss.dtype == np.float32 and {g.dtype for g in back()} == {np.dtype(np.float32)}
    for first, again in zip(back(2.0), back(2.0), strict=True):
        np.testing.assert_array_equal(first, again)


def test_an_examination_measures_what_loops_measure(params, batch):
    found = doctor.examine(params, **batch, h=1e-4, count=100)
    assert found.slopes == D * C + C + C * C + C
    for name in doctor.ARRAYS:
        f = lambda a, name=name: loss_by_loops(params | {name: a}, **batch, activation="ReLU")
        np.testing.assert_allclose(found.numerical[name], slopes_by_loops(f, params[name], 1e-4).ravel(), atol=1e-9)
    assert max(found.errors) < 1e-6


def test_conditions_make_right_code_look_wrong(params, batch):
    def worst(**how):
        return max(doctor.examine(params, **batch, **how).errors)

    assert worst() < 1e-7 < 1e-2 < worst(single=True)
    assert worst(masks="frozen mask") < 1e-7 < 1e-2 < worst(masks="new mask each call")
    assert worst(h=1e-12) > 1e-4 and worst(h=0.5, activation="tanh") > 1e-2


def test_kinks_are_counted_where_a_sum_changes_its_sign(params, batch):
    X, h = batch["X"], 0.05
    sums = X @ params["W1"] + params["b1"]
    expected = 0
    for name in ("W1", "b1"):
        for place in np.ndindex(params[name].shape):
            signs = []
            for step in (-h, h):
                array = params[name].copy()
                array[place] += step
                moved = params | {name: array}
                signs.append(X @ moved["W1"] + moved["b1"] > 0)
            expected += (signs[0] != signs[1]).any()
    assert (np.abs(sums) > 0).all() and expected > 0
    assert doctor.examine(params, **batch, h=h, count=100).kinks == expected
    assert doctor.examine(params, **batch, h=h, count=100, activation="tanh").kinks == 0


def test_mistaken_calls_are_told_what_there_is(params, batch):
    with pytest.raises(ValueError, match="bug must be one of 'none'"):
        doctor.patient(**params, **batch, bug="typo")
    with pytest.raises(ValueError, match="masks must be one of"):
        doctor.examine(params, **batch, masks="on")
    with pytest.raises(ValueError, match="suspect must be one of"):
        diagnosis.examined("typo", params, batch["X"], batch["y"])


@pytest.fixture(scope="module")
def ward():
    """An Examination of every suspect, all of the same patient."""
    rng = np.random.default_rng(5)
    params = doctor.start(rng, 12, 6)
    params = {name: array + (0.3 * rng.standard_normal(array.shape) if name[0] == "b" else 0)
              for name, array in params.items()}  # fmt: skip
    X, y = rng.standard_normal((40, 12)), np.arange(40) % 6
    return {name: diagnosis.examined(name, params, X, y) for name in diagnosis.SUSPECTS}


def test_a_diagnosis_fits_its_own_case_and_no_other(ward):
    for truth, case in ward.items():
        assert [name for name, guess in ward.items() if diagnosis.judge(case, guess).fits] == [truth]


def test_what_speaks_against_a_diagnosis_is_told_in_numbers(ward):
    def against(truth, guess):
        return diagnosis.judge(ward[truth], ward[guess]).text

    assert "would leave dW2 right" in against("missing 1/N", "missing transpose")
    assert "would make dW1 wrong" in against("sign of db1", "missing 1/N")
    factor = against("sign of db1", "db1 a mean")
    assert factor == "db1 would be 0.025 times the measured slope. Here it is \u22121 times."
    assert "straight line" in against("softmax down the columns", "missing 1/N")
    assert "db1 is wrong, the rest is right" in against("sign of db1", "sign of db1")
    assert "all four arrays are right" in diagnosis.judge(*[ward["right code, a sound check"]] * 2).text


def test_no_sentence_names_the_true_cause(ward):
    for truth, case in ward.items():
        for name, guess in ward.items():
            assert name == truth or truth not in diagnosis.judge(case, guess).text


def test_signs_of_hand_made_slopes():
    def sign(a, n):
        a, n = np.array(a, float), np.array(n, float)
        return diagnosis._signs(a, n, gradients.relative_error(a, n))

    twice = sign([2, -4, 6], [1, -2, 3])
    assert (twice.error, twice.factor, twice.straight) == (0.5, 2, True)
    cloud = sign([1, 0, 2, 0], [0, 1, 2, 0])
    assert (cloud.straight, cloud.extra, cloud.missing) == (False, 0.25, 0.25)
