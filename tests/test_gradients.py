"""The gradient checker finds every kind of mistake, passes what is right, and sees kinks, noise and bad contracts."""

import time

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cs231n_helpers import losses
from cs231n_helpers.gradients import band, check, check_along, numerical_gradient, relative_error


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
    assert not report["passed"] and report["worst"] > 1e-2 and "W: " in report["verdict"]
    assert "wrong: look for" in report["verdict"]
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


@pytest.mark.parametrize(("error", "word"), [(0, "right"), (9e-8, "right"), (3e-7, "too high"), (3e-5, "too high"),
                                             (3e-3, "suspicious"), (0.3, "wrong")])
@pytest.mark.parametrize("way", [check, check_along])
def test_verdicts_follow_the_scale(error, word, way, rng):
    def op(x):
        return np.exp(x), lambda dy: (dy * np.exp(x) * (1 + error),)
    report = way(op, rng.uniform(0, 1, 5))
    assert f", {word}:" in report["verdict"] and report["passed"] == (error <= 1e-7)


def test_the_scale_has_no_holes_and_no_overlaps():
    ends = [(0, "right"), (1e-7, "right"), (1e-4, "too high"), (1e-2, "suspicious"), (2, "wrong")]
    assert all(band(error) == word for error, word in ends)
    assert [band(np.nextafter(end, 1)) for end in (1e-7, 1e-4, 1e-2)] == ["too high", "suspicious", "wrong"]
    assert [band(error, kinks=1) for error in (1e-7, 1e-6, 1e-4, 1e-3, 1)] == [
        "right", "acceptable", "acceptable", "suspicious", "wrong"]
    assert band(np.inf) == band(np.nan) == "wrong"


def test_one_element_may_be_off_by_1e_6_if_the_whole_gradient_is_right(rng):
    def op(x, error):
        wrong = 1 + error * (np.arange(len(x)) == 3)
        return np.sin(x), lambda dy: (dy * np.cos(x) * wrong,)
    x = np.full(400, 0.5)
    assert check(op, x, error=8e-7)["passed"] and not check(op, x, error=2e-6)["passed"]
    assert check(op, x, error=8e-7)["worst"] == pytest.approx(8e-7, rel=0.01)


def test_an_error_beside_kinks_is_acceptable_up_to_1e_4():
    off = lambda x, error: (np.maximum(x, 0), lambda dy: (dy * (x > 0) * (1 + error),))
    report = check(off, np.array([1.0, 0.0]), error=5e-5)
    assert report["passed"] and "acceptable" in report["verdict"]
    assert "1 of 2 elements sit at a kink" in report["verdict"]
    assert not check(off, np.array([1.0, 0.5]), error=5e-5)["passed"]
    assert not check(off, np.array([1.0, 0.0]), error=5e-4)["passed"]


def test_two_zeros_are_equal():
    report = check(lambda x: (0.0 * x, lambda dy: (0.0 * dy,)), np.ones(3))
    assert report["passed"] and report["worst"] == 0


@pytest.mark.parametrize("way", [check, check_along])
def test_the_wrong_array_is_named(way, rng):
    def layer(X, W, b):
        return X @ W + b, lambda dy: (dy @ W.T, -(X.T @ dy), dy.sum(axis=0))
    report = way(layer, *(rng.standard_normal(shape) for shape in [(5, 4), (4, 3), (3,)]))
    assert report["verdict"].startswith("W: relative error 2e+00, wrong") and "X right; b right" in report["verdict"]
    assert report["names"] == ("X", "W", "b") and len(report["verdicts"]) == 3
    assert [words.split(":")[0] for words in report["verdicts"]] == ["X", "W", "b"]
    assert ["wrong" in words for words in report["verdicts"]] == [False, True, False]
    unnamed = way(lambda *arrays: layer(*arrays), rng.standard_normal((5, 4)), rng.standard_normal((4, 3)), np.ones(3))
    assert unnamed["verdict"].startswith("array 1: ")


def test_an_array_of_kinks_beside_a_right_one_is_no_success(rng):
    op = lambda x, y: (np.abs(x) + y, lambda dy: (dy * np.sign(x), dy))
    report = check(op, np.zeros(2), np.ones(2))
    assert not report["passed"] and "x: nothing to compare" in report["verdict"] and "y right" in report["verdict"]
    assert [at.tolist() for at in report["kinks_at"]] == [[True, True], [False, False]]


def test_differences_below_the_floor_do_not_count_but_small_gradients_do():
    def op(x, scale, error):
        return scale * x, lambda dy: (dy * (scale + error),)
    x = np.full(4, 1e-3)                                # small, so that there is no noise; dy is about 0.1 at the last
    assert check(op, x, scale=np.r_[1, 1, 1, 0], error=np.r_[0, 0, 0, 5e-9])["passed"]
    assert not check(op, x, scale=np.r_[1, 1, 1, 0], error=np.r_[0, 0, 0, 2e-8])["passed"]
    assert check(op, x, scale=1e-12, error=0)["passed"]             # the floor is 1e-9 of a small largest slope
    assert not check(op, x, scale=1e-12, error=1e-12)["passed"]


def test_what_drowns_in_rounding_noise_is_said():
    op = lambda x: (1e6 + 1e-9 * x.sum(), lambda d: (1e-9 * d * np.ones_like(x),))
    assert "3 of 3 slopes are smaller than the rounding noise" in check(op, np.ones(3))["verdict"]


# The step follows the size of x.

SIN = lambda x: (np.sin(x), lambda dy: (dy * np.cos(x),))
SQUARE = lambda x: (x * x, lambda dy: (2 * dy * x,))
LOG = lambda x: (np.log(x), lambda dy: (dy / x,))
INVERSE = lambda x: (1 / x, lambda dy: (-dy / (x * x),))
EXP = lambda x: (np.exp(x), lambda dy: (dy * np.exp(x),))


@pytest.mark.parametrize(("op", "x"), [
    (SQUARE, [1e8, 1e-8, 1e150, 3.0, -1e-200]), (SIN, [1e3, 1e6, -1e5, 1e-9, 0.0]), (EXP, [300.0, -300.0, 1.0]),
    (LOG, [1e-8, 1e8, 1e-3, 1.0]), (INVERSE, [1e-3, -1e-2, 1e6, 0.1]),
    (lambda x: (x ** 3, lambda d: (3 * d * x * x,)), [0.0]),
])
def test_huge_and_tiny_numbers(op, x):
    report = check(op, np.array(x))
    assert report["passed"] and report["kinks"] == 0 and report["worst"] < 1e-8


def test_the_step_is_scaled_by_the_size_of_x():
    steps = []

    def op(x):
        steps.extend(np.abs(x - start))
        return 2 * x, lambda dy: (2 * dy,)
    for size, step in [(1e4, 0.1), (50.0, 5e-4), (0.5, 1e-5), (0.0, 1e-5)]:
        start = np.array([-size])
        steps.clear()
        check(op, start)
        assert max(steps) == pytest.approx(step, rel=1e-6)


def test_a_place_where_the_op_ends_is_named():
    def op(x):
        if np.any(x > 2):
            raise ValueError("outside")
        return 3 * x, lambda dy: (3 * dy,)
    with pytest.raises(ValueError, match=r"check: op has no finite value.* beside x\[1\] = 2, .*inside its domain"):
        check(op, np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match=r"check_along: op has no finite value.* beside x, .*inside its domain"):
        check_along(op, np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="the result y holds 1 values that are not finite"):
        check(lambda x: (np.full(1, np.inf), lambda dy: (dy,)), np.ones(1))


# Precision.

@pytest.mark.parametrize("way", [check, check_along])
def test_float32_is_promoted_and_the_report_says_so(way, rng):
    report = way(classifier(), *inputs(rng, np.float32))
    assert report["passed"] and report["promoted"] == ("W", "X")
    assert "float32 was promoted to float64: W, X" in report["verdict"]
    report = way(classifier(), *inputs(rng))
    assert report["promoted"] == report["single"] == () and "float32" not in report["verdict"]


@pytest.mark.parametrize("way", [check, check_along])
@pytest.mark.parametrize("op", [
    lambda x: (np.tanh(x).astype(np.float32), lambda dy: (dy * (1 - np.tanh(x) ** 2),)),
    lambda x: (np.tanh(x.astype(np.float32)).astype(float), lambda dy: (dy * (1 - np.tanh(x) ** 2),)),
    lambda x: (float(np.tanh(x.astype(np.float32)).sum()), lambda dy: (dy * (1 - np.tanh(x) ** 2),)),
])
def test_an_op_that_computes_in_float32_is_found_out(op, way, rng):
    report = way(op, rng.standard_normal(6))
    assert not report["passed"] and "the result is float32: rounding alone gives 1e-2" in report["verdict"]
    assert report["single"] == ("the result",) and report["kinks"] == 0


def test_a_gradient_in_float32_is_said_but_passes(rng):
    op = lambda x: (np.sin(x), lambda dy: ((dy * np.cos(x)).astype(np.float32).astype(float),))
    report = check(op, rng.standard_normal(6))
    assert report["passed"] and report["single"] == ("the gradient of x",)
    assert "Computed in float32, seven digits: the gradient of x" in report["verdict"]


def test_round_results_are_no_sign_of_float32():
    report = check(relu, np.array([0.5, 2.0, -1.0]))
    assert report["single"] == () and report["passed"]
    assert check(lambda x: (np.array([123_456]), lambda dy: (0.0 * x,)), np.ones(2))["single"] == ()


# Large arrays: random directions.

def large(rng):
    return 0.1 * rng.standard_normal((200, 300)), rng.standard_normal((50, 200)), rng.integers(0, 300, 50)


@pytest.mark.parametrize("loss", [losses.svm, losses.softmax])
@pytest.mark.parametrize("mistake", ["sign", "factor 2", "transposed", "missing /N", "missing penalty"])
def test_five_wrong_gradients_of_a_large_matrix_are_found(mistake, loss, rng):
    start = time.perf_counter()
    report = check_along(classifier(mistake, loss), *large(rng))
    assert time.perf_counter() - start < 1
    assert not report["passed"] and report["errors"][0] > 1e-2 and report["verdict"].startswith("W: ")
    assert report["verdicts"][1].startswith("X: ") and ("right" in report["verdicts"][1]) == (mistake != "missing /N")


@pytest.mark.parametrize("seed", range(10))
def test_noise_stays_low_on_large_smooth_ops(seed, rng):
    report = check_along(classifier(), *large(rng), rng=np.random.default_rng(seed))
    assert report["passed"] and report["worst"] < 1e-7 and report["kinks"] == 0


def test_the_cost_is_two_calls_for_each_direction(rng):
    calls = []

    def op(x):
        calls.append(1)
        return SIN(x)
    spent = []
    for directions in (2, 7):
        calls.clear()
        report = check_along(op, rng.standard_normal((20, 30)), directions=directions)
        spent.append(len(calls))
        assert report["elements"] == directions
        assert report["analytic"][0].shape == report["numerical"][0].shape == (directions,)
    assert spent[1] - spent[0] == 2 * 5 and spent[0] <= 2 * 2 + 4


def test_the_analytic_numbers_are_inner_products_with_unit_directions(rng):
    X = rng.standard_normal((30, 40))
    report = check_along(lambda X: (3.0 * X.sum(), lambda d: (3 * d * np.ones_like(X),)), X, directions=200)
    dy = report["analytic"][0] / 3                          # sum of a unit vector: spread 1, whatever its length
    assert np.std(dy) / abs(np.random.default_rng(0).standard_normal()) == pytest.approx(1, rel=0.3)
    assert_allclose(report["numerical"][0], report["analytic"][0], atol=1e-9)


@pytest.mark.parametrize("size", [200, 500])
def test_kinks_on_the_way_are_reported_and_avoided(size, rng):
    report = check_along(relu, rng.standard_normal((size, 1000)), directions=4)
    assert report["passed"] and report["worst"] < 1e-7
    assert report["kinks"] > 0 and f"Kinks were crossed along {report['kinks']} of 4 directions" in report["verdict"]
    wrong = check_along(lambda x: (relu(x)[0], lambda dy: (dy * (x > -0.1),)), rng.standard_normal((size, 1000)))
    assert not wrong["passed"] and wrong["worst"] > 1e-4


def test_numbers_that_sit_on_a_kink_cannot_be_compared_along_a_direction():
    report = check_along(relu, np.array([0.0, 1.0]))
    assert not report["passed"] and report["kinks"] == 3 and "3 left out" in report["verdict"]
    assert "nothing to compare" in report["verdict"] and "noise" in report["verdict"]


def test_directions_come_from_the_generator_which_random_ops_get_too(rng):
    def dropout(x, keep, rng):
        mask = rng.random(x.shape) < keep
        return x * mask, lambda dy: (dy * mask,)
    x = rng.standard_normal((50, 60))
    assert check_along(dropout, x, keep=0.5, rng=np.random.default_rng(1))["passed"]
    one, same, other = (check_along(SIN, x, rng=np.random.default_rng(seed))["analytic"][0] for seed in (1, 1, 2))
    assert_array_equal(one, same)
    assert not np.any(one == other)
    assert_array_equal(check_along(SIN, x)["analytic"][0], check_along(SIN, x)["analytic"][0])


@pytest.mark.parametrize(("op", "error", "words"), [
    (lambda x: x, TypeError, r"must return \(y, back\)"), (lambda x: (x, lambda dy: (dy.T,)), ValueError, "transposed"),
    (lambda x: (np.add(x, 1, out=x), lambda dy: (dy,)), ValueError, "writes into an array"),
])
def test_broken_contracts_are_named_along_directions_too(op, error, words):
    with pytest.raises(error, match=f"check_along: .*{words}"):
        check_along(op, np.ones((3, 2)))
    with pytest.raises(ValueError, match="directions must be at least 1"):
        check_along(SIN, np.ones(2), directions=0)


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
