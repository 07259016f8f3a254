"""The gradient checker finds every kind of mistake, passes what is right, and sees kinks, noise and bad contracts."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cs231n_helpers import losses
from cs231n_helpers.gradients import check, numerical_gradient, relative_error


def relu(x):
    on = x > 0
    return x * on, lambda dy: (dy * on,)


# A linear classifier with the SVM or softmax loss and a penalty, and five ways to get its gradient wrong.

def classifier(mistake="", loss=losses.softmax, strength=0.1):
    def op(W, X, y):
        data_loss, loss_back = loss(X @ W, y)
        penalty, _ = losses.l2(W, strength)

        def back(d=1.0):
            [dscores] = loss_back(d)
            if mistake == "missing /N":
                dscores = dscores * len(X)
            dW = X.T @ dscores
            if mistake == "transposed":
                dW = dW.T.reshape(W.shape)
            dW = dW + (0 if mistake == "missing penalty" else d * strength * W)
            dW = dW * {"sign": -1, "factor 2": 2}.get(mistake, 1)
            return dW, dscores @ W.T
        return data_loss + penalty, back
    return op


def inputs(rng, dtype=float):
    return rng.standard_normal((6, 4)).astype(dtype), rng.standard_normal((5, 6)).astype(dtype), rng.integers(0, 4, 5)


@pytest.mark.parametrize("loss", [losses.svm, losses.softmax])
@pytest.mark.parametrize("mistake", ["sign", "factor 2", "transposed", "missing /N", "missing penalty"])
def test_five_wrong_gradients_are_found(mistake, loss, rng):
    report = check(classifier(mistake, loss), *inputs(rng))
    assert not report["passed"] and report["worst"] > 1e-2 and "wrong: look for" in report["verdict"]
    assert report["errors"][0] > 1e-2 and report["norm_errors"][0] > 1e-2


@pytest.mark.parametrize("loss", [losses.svm, losses.softmax])
def test_the_right_one_passes(loss, rng):
    report = check(classifier(loss=loss), *inputs(rng))
    assert report["passed"] and report["worst"] < 1e-6 and max(report["norm_errors"]) < 1e-6
    assert len(report["errors"]) == 2 and report["elements"] == 24 + 30 and "right" in report["verdict"]
    assert [a.shape for a in report["analytic"]] == [(6, 4), (5, 6)]


def test_float32_inputs_are_checked_in_float64(rng):
    seen = []

    def op(W, X, y):
        seen.append(W.dtype)
        return classifier()(W, X, y)
    assert check(op, *inputs(rng, np.float32))["worst"] < 1e-6 and set(seen) == {np.dtype(np.float64)}


def test_a_mistake_in_a_single_element_is_found(rng):
    def op(x):
        wrong = np.ones_like(x)
        wrong[3] = 1.001
        return np.sin(x), lambda dy: (dy * np.cos(x) * wrong,)
    report = check(op, rng.uniform(-1, 1, 50))
    assert not report["passed"] and "suspicious" in report["verdict"]
    assert report["worst"] == pytest.approx(1e-3, rel=0.01)


@pytest.mark.parametrize(("error", "word"), [(0, "right"), (3e-7, "close enough"), (3e-5, "too high"),
                                             (3e-3, "suspicious"), (0.3, "wrong")])
def test_verdicts_follow_the_scale(error, word, rng):
    def op(x):
        return np.exp(x), lambda dy: (dy * np.exp(x) * (1 + error),)
    report = check(op, rng.uniform(0, 1, 5))
    assert word in report["verdict"] and report["passed"] == (error <= 1e-6)


def test_tiny_gradients_do_not_drown_in_rounding_noise():
    def op(x):
        return (1000 + 1e-7 * x).sum() + x[0], lambda d: (d * np.r_[1 + 1e-7, [1e-7] * (len(x) - 1)],)
    assert check(op, np.ones(4))["passed"]


@pytest.mark.parametrize("distance", [0, 1e-7, 3.333e-6, 5e-6, 9.9e-6, -1e-7, -3.333e-6, -5e-6, -9.9e-6])
def test_a_kink_within_the_step_is_counted_and_left_out(distance):
    report = check(relu, np.array([1.0, distance, -2.0]))
    assert report["kinks"] == 1 and report["passed"] and "1 of 3 elements sit at a kink" in report["verdict"]
    assert report["elements"] == 3


def test_no_kinks_are_seen_where_there_are_none(rng):
    steep = lambda x: (np.tanh(50 * x), lambda dy: (dy * 50 * (1 - np.tanh(50 * x) ** 2),))
    assert check(steep, rng.uniform(-0.1, 0.1, 30))["kinks"] == 0
    assert check(relu, np.array([2e-5, -2e-5]))["kinks"] == 0


def test_nothing_but_kinks_is_no_success():
    report = check(relu, np.zeros(3))
    assert not report["passed"] and np.isnan(report["worst"]) and "nothing to compare" in report["verdict"]


def test_labels_by_name_or_place_and_settings(rng):
    scores, y = rng.standard_normal((4, 3)), rng.integers(0, 3, 4)
    assert check(losses.svm, scores, y, delta=2.0)["passed"] and check(losses.svm, scores, y=y, delta=2.0)["passed"]
    assert len(check(losses.svm, scores, y)["errors"]) == 1


def test_a_random_op_keeps_its_mask_when_given_a_generator(rng):
    def dropout(x, rng):
        mask = rng.random(x.shape) < 0.5
        return x * mask, lambda dy: (dy * mask,)
    generator = np.random.default_rng(3)
    before = generator.bit_generator.state
    assert check(dropout, rng.standard_normal(20), rng=generator)["passed"]
    assert generator.bit_generator.state == before
    loose = np.random.default_rng(3)
    with pytest.raises(ValueError, match="two different results"):
        check(lambda x: dropout(x, loose), rng.standard_normal(20))


BROKEN = [
    (lambda x: x, TypeError, r"must return \(y, back\)"),
    (lambda x: (x, lambda dy: dy), TypeError, r"tuple of 1 gradients.*got ndarray.*return \(dx,\)"),
    (lambda x: (x, lambda dy: (dy, dy)), TypeError, "tuple of 1 gradients.*got 2"),
    (lambda x: (x, lambda dy: (dy.T,)), ValueError, r"shape \(2, 3\), the array itself \(3, 2\)"),
    (lambda x: (x, lambda dy: (dy * np.nan,)), ValueError, "not finite"),
    (lambda x: (np.add(x, 1, out=x), lambda dy: (dy,)), ValueError, r"writes into an array.*x\.copy\(\)"),
    (lambda x: (2 * x, lambda dy: (np.multiply(dy, 2, out=dy),)), ValueError, "writes into an array"),
]


@pytest.mark.parametrize(("op", "error", "words"), BROKEN)
def test_a_broken_contract_is_named(op, error, words):
    with pytest.raises(error, match=f"check: .*{words}"):
        check(op, np.ones((3, 2)))


def test_whole_numbers_alone_cannot_be_differentiated():
    with pytest.raises(TypeError, match=r"no array of floats.*astype\(float\)"):
        check(relu, np.array([1, 2]))


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("shape", [(), (1,), (3, 4), (2, 3, 4)])
def test_numerical_gradient_of_known_functions(shape, centred, rng):
    x = rng.uniform(0.5, 1.5, shape)
    given = numerical_gradient(lambda x: float((np.sin(x) * x).sum()), x, centred=centred)
    assert given.shape == shape and given.dtype == np.float64
    assert_allclose(given, np.cos(x) * x + np.sin(x), rtol=1e-8 if centred else 1e-3, atol=1e-9 if centred else 1e-4)


def test_the_errors_of_both_forms_at_exp_of_one():
    forward, centred = (abs(numerical_gradient(np.exp, 1.0, 1e-5, c) - np.e) for c in (False, True))
    assert forward == pytest.approx(1.4e-5, rel=0.05) and centred < 1e-9
    assert abs(numerical_gradient(np.exp, 1.0, 1e-14) - np.e) > 1e-4        # rounding takes over below 1e-8


@pytest.mark.parametrize("dtype", [int, np.uint8, np.float32, ">f8"])
def test_whole_numbers_and_float32_are_promoted(dtype):
    x = np.array([1, 2, 3], dtype)
    assert_allclose(numerical_gradient(lambda x: float((x ** 2).sum()), x), [2, 4, 6], rtol=1e-9)


@pytest.mark.parametrize("after", range(4))
def test_x_is_exactly_as_before_even_if_f_raises(after, rng):
    x, calls = rng.standard_normal(5), []
    before = x.tobytes()

    def f(x):
        calls.append(1)
        if len(calls) > after:
            raise KeyError("stop")
        return x.sum()
    with pytest.raises(KeyError):
        numerical_gradient(f, x)
    assert x.tobytes() == before
    x.setflags(write=False)
    numerical_gradient(np.sum, x)


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: numerical_gradient(lambda x: x, np.ones(2)), TypeError, r"f must return one number, got .* \(2,\)"),
    (lambda: numerical_gradient(np.sum, np.array([np.nan])), ValueError, "x holds 1 values that are not finite"),
    (lambda: numerical_gradient(np.sum, np.array(["a"])), TypeError, "real numbers"),
    (lambda: numerical_gradient(np.sum, np.ones(2), h=0), ValueError, "h must be greater than 0"),
    (lambda: numerical_gradient(np.sum, np.ones(2), h=-1), ValueError, "h must be greater than 0"),
    (lambda: relative_error(np.ones(2), np.ones(3)), ValueError, r"one shape, got \(2,\) and \(3,\)"),
    (lambda: relative_error(np.ones(0), np.ones(0)), ValueError, "nothing to compare"),
    (lambda: relative_error(np.array([np.inf]), np.ones(1)), ValueError, "not finite"),
])
def test_bad_input_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_relative_error_by_hand():
    assert relative_error([1.0, 0.0], [1.0, 0.0]) == 0                      # both zero is no error
    assert relative_error([1.0, 0.0], [1.0, 1e-9]) == 1
    assert relative_error([2.0, -4.0], [1.0, -4.0]) == 0.5
    assert relative_error([-1.0], [1.0]) == 2 and relative_error(3, 3) == 0


def test_inputs_are_left_alone(rng):
    arrays = inputs(rng)
    copies = [a.copy() for a in arrays]
    check(classifier(), *arrays)
    for array, copy in zip(arrays, copies):
        assert_array_equal(array, copy)
        assert array.flags.writeable
