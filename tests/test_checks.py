"""Input checks: what is right passes unchanged, what is wrong is named with what to do about it."""

import time

import numpy as np
import pytest

from cs231n_helpers import checks


def said(error, check, *arguments, **settings):
    """The text of the error, which starts with the function's name and holds nothing of NumPy's own words."""
    with pytest.raises(error) as caught:
        check("f", "X", *arguments, **settings)
    assert type(caught.value) is error and str(caught.value).startswith("f: X")
    assert "broadcast" not in str(caught.value)
    return str(caught.value)


# ------------------------------------------------------------------------------------------------------------- floats
@pytest.mark.parametrize("given, wanted", [
    (np.uint8, np.float32), (np.int8, np.float32), (np.int16, np.float32), (np.uint16, np.float32),
    (np.float16, np.float32), (np.float32, np.float32), (np.int32, np.float64), (np.int64, np.float64),
    (np.uint64, np.float64), (np.float64, np.float64), (">f8", np.float64), (">f4", np.float32), (">i2", np.float32),
])
def test_numbers_become_floats_that_hold_them_exactly(given, wanted):
    X = np.array([[0, 3], [5, 100]], given)
    X.setflags(write=False)
    got = checks.floats("f", "X", X)
    assert got.dtype == wanted and got.dtype.isnative
    np.testing.assert_array_equal(got, [[0.0, 3.0], [5.0, 100.0]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_are_not_copied(dtype):
    X = np.ones((3, 2), dtype)
    assert checks.floats("f", "X", X) is X
    assert checks.matrix("f", "X", X[::2]).base is X    # nor are views of them


def test_every_whole_number_of_16_bits_survives():
    for dtype in (np.int16, np.uint16):
        every = np.arange(np.iinfo(dtype).min, np.iinfo(dtype).max + 1).astype(dtype)
        np.testing.assert_array_equal(checks.floats("f", "X", every).astype(np.int64), every.astype(np.int64))


def test_bytes_no_longer_wrap_around():
    a, b = (checks.floats("f", "X", np.array([value], np.uint8)) for value in (3, 5))
    assert (a - b)[0] == -2


def test_lists_are_taken_and_shapes_left_alone():
    np.testing.assert_array_equal(checks.floats("f", "X", [[1, 2], [3, 4]]), [[1.0, 2.0], [3.0, 4.0]])
    assert checks.floats("f", "X", 3.5).shape == ()
    assert checks.floats("f", "X", np.zeros((0, 4))).shape == (0, 4)
    assert checks.floats("f", "X", np.zeros((2, 3, 4)), ndim=3).shape == (2, 3, 4)


@pytest.mark.parametrize("value", [np.array(["1", "2"]), np.array([1, None], object), np.array([1j]),
                                   np.array([True]), np.array(["2020-01-01"], "M8[D]"), None, "abc"])
def test_what_is_no_number_is_a_type_error(value):
    assert "must hold real numbers, got dtype" in said(TypeError, checks.floats, value)


def test_the_wrong_number_of_axes_comes_with_advice():
    row = said(ValueError, checks.matrix, np.ones(784))
    assert "must have 2 axes, got shape (784,). One row? Write x[None, :]." in row
    images = said(ValueError, checks.matrix, np.ones((5, 28, 28)))
    assert "got shape (5, 28, 28)" in images and "X.reshape(len(X), -1)" in images
    assert said(ValueError, checks.floats, np.ones((2, 2)), ndim=1) == "f: X must have 1 axes, got shape (2, 2)."


def test_a_ragged_list_is_refused_in_our_words():
    assert "rows of different length" in said(ValueError, checks.floats, [[1, 2], [3]])


# ------------------------------------------------------------------------------------------------------------- finite
@pytest.mark.parametrize("bad, word", [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_one_bad_value_among_many_is_found(bad, word, dtype):
    X = np.zeros((300, 40), dtype)
    X[123, 7] = bad
    for check in (checks.finite, checks.floats, checks.matrix):
        text = said(ValueError, check, X)
        assert f"1 values that are not finite; the first is {word} at index (123, 7)" in text


def test_all_bad_values_are_counted():
    X = np.ones((2, 3))
    X[1] = np.nan, np.inf, -np.inf
    assert "holds 3 values" in said(ValueError, checks.finite, X) and "(1, 0)" in said(ValueError, checks.finite, X)


def test_huge_finite_values_pass():
    checks.finite("f", "X", np.full((4, 4), np.finfo(np.float32).max, np.float32))      # their sum would overflow
    checks.finite("f", "X", np.array([]))
    checks.finite("f", "X", np.array([1, 2, 3]))


def test_finite_is_quick_on_ten_thousand_images():
    X = np.random.default_rng(0).random((10_000, 784))
    times = []
    for _ in range(5):
        began = time.perf_counter()
        checks.finite("f", "X", X)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.05
    X[-1, -1] = np.nan
    began = time.perf_counter()
    assert "(9999, 783)" in said(ValueError, checks.finite, X)
    assert time.perf_counter() - began < 0.25           # a mask is made, but only now


# ------------------------------------------------------------------------------------------------ matrix, same_width
@pytest.mark.parametrize("shape", [(0, 784), (5, 0), (0, 0)])
def test_empty_matrices_are_refused(shape):
    text = said(ValueError, checks.matrix, np.zeros(shape))
    assert f"must have shape (N, D) with N >= 1 and D >= 1, got {shape}" in text


def test_matrix_converts():
    got = checks.matrix("f", "X", [[1, 2, 3]])
    assert got.shape == (1, 3) and got.dtype == np.float64


def test_same_width_names_both_shapes():
    checks.same_width("f", "Q", np.ones((2, 5)), "X", np.ones((7, 5)))
    with pytest.raises(ValueError) as caught:
        checks.same_width("f", "Q", np.ones((2, 784)), "X", np.ones((7, 3072)))
    assert str(caught.value).startswith("f: Q has 784 features per row but X has 3072; shapes (2, 784) and (7, 3072)")


# ------------------------------------------------------------------------------------------------------------- labels
@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.int8, ">i4"])
def test_right_labels_pass(dtype):
    y = np.array([0, 9, 3], dtype)
    y.setflags(write=False)
    np.testing.assert_array_equal(checks.labels("f", "X", y, count=3, classes=10), [0, 9, 3])


def test_labels_may_be_a_list_or_none_at_all():
    np.testing.assert_array_equal(checks.labels("f", "X", [0, 1]), [0, 1])
    assert checks.labels("f", "X", np.zeros(0, int), count=0).shape == (0,)


@pytest.mark.parametrize("value, classes, text", [
    ([0, 1, -1], 10, "X[2] = -1, need 0 <= X < 10."),
    ([0, 10, -1], 10, "X[1] = 10, need 0 <= X < 10."),
    ([0, -5], None, "X[1] = -5, need 0 <= X."),
])
def test_the_first_label_out_of_range_is_named(value, classes, text):
    assert text in said(ValueError, checks.labels, value, classes=classes)


@pytest.mark.parametrize("value, text", [
    (np.zeros((5, 1), int), "got (5, 1). Write X.ravel()."),
    (np.eye(4, dtype=int), "got (4, 4). One-hot? Write X.argmax(axis=1)."),
    (np.zeros((2, 3, 4), int), "got (2, 3, 4)."),
    (np.array(3), "got ()."),
    (3, "got ()."),
])
def test_labels_of_another_shape_come_with_advice(value, text):
    assert text in said(ValueError, checks.labels, value)


@pytest.mark.parametrize("value", [[0.0, 1.0], [3.5], [np.nan], ["cat"], [True, False], [None]])
def test_labels_that_are_no_whole_numbers_are_a_type_error(value):
    assert "must hold whole numbers (class labels), got dtype" in said(TypeError, checks.labels, value)


def test_both_lengths_are_named():
    assert "has 3 labels for 50 examples" in said(ValueError, checks.labels, [0, 1, 2], count=50)


# -------------------------------------------------------------------------------------------------------- whole, real
@pytest.mark.parametrize("value", [5, np.int64(5), np.uint8(5)])
def test_whole_numbers_pass_as_int(value):
    got = checks.whole("f", "X", value, low=5, high=5)
    assert got == 5 and type(got) is int


@pytest.mark.parametrize("value", [2.5, 5.0, "5", True, np.True_, None, np.array([5]), 1j])
def test_what_is_not_whole_is_a_type_error(value):
    assert "must be a whole number, got " in said(TypeError, checks.whole, value)


def test_ranges_are_named():
    assert said(ValueError, checks.whole, 0, low=1) == "f: X must be at least 1, got 0."
    assert said(ValueError, checks.whole, 26, low=1, high=25) == "f: X must lie between 1 and 25, got 26."
    assert said(ValueError, checks.whole, 26, high=25) == "f: X must be at most 25, got 26."
    assert said(ValueError, checks.whole, 3, low=2, high=2) == "f: X must be 2, got 3."
    assert said(ValueError, checks.real, -0.1, low=0) == "f: X must be at least 0, got -0.1."
    assert said(ValueError, checks.real, 1.5, low=0, high=1) == "f: X must lie between 0 and 1, got 1.5."
    assert said(ValueError, checks.real, 0, above=0) == "f: X must be greater than 0, got 0."


@pytest.mark.parametrize("value", [5, 5.0, np.float32(5), np.int8(5)])
def test_real_numbers_pass_as_float(value):
    got = checks.real("f", "X", value, low=5, high=5, above=4)
    assert got == 5.0 and type(got) is float


@pytest.mark.parametrize("value", ["5", None, True, 1j, np.array([1.0]), [1.0]])
def test_what_is_not_real_is_a_type_error(value):
    assert "must be a number, got " in said(TypeError, checks.real, value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, np.float32("nan")])
def test_real_numbers_are_finite(value):
    assert "must be finite" in said(ValueError, checks.real, value, low=0)


# ------------------------------------------------------------------------------------------------------------- one_of
def test_one_of_names_all_options():
    assert checks.one_of("f", "X", "l2", ("l1", "l2")) == "l2"
    assert said(ValueError, checks.one_of, "l3", ("l1", "l2")) == "f: X must be one of 'l1', 'l2', got 'l3'."
    assert "got ['l1']" in said(ValueError, checks.one_of, ["l1"], ("l1", "l2"))
    assert "got array" in said(ValueError, checks.one_of, np.array(["l1", "l2"]), ("l1", "l2"))
    assert "'l1', 'l2', got ['l1']" in said(ValueError, checks.one_of, ["l1"], {"l1": 1, "l2": 2})


def test_data_error_is_a_value_error():
    assert issubclass(checks.DataError, ValueError)


@pytest.mark.parametrize("value", [None, 0, np.random, "seed"])
def test_randomness_is_a_generator(value):
    generator = np.random.default_rng(0)
    assert checks.generator("f", "rng", generator) is generator
    with pytest.raises(TypeError, match=r"f: rng must be a random generator, got .*np\.random\.default_rng\(0\)"):
        checks.generator("f", "rng", value)
