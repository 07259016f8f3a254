"""Ranges of a search: the values they give, held against SciPy's distributions."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from cs231n_helpers.search import choice, log_uniform, uniform

U = np.linspace(0, 1, 101)


def test_quantiles_are_those_of_scipy():
    np.testing.assert_allclose(log_uniform(1e-5, 2).at(U), scipy.stats.loguniform(1e-5, 2).ppf(U), rtol=1e-12)
    np.testing.assert_allclose(uniform(-3, 5).at(U), scipy.stats.uniform(-3, 8).ppf(U), rtol=1e-12, atol=1e-12)


def test_places_are_scipys_distribution_functions():
    for value in (1e-5, 3e-4, 0.5, 2):
        assert log_uniform(1e-5, 2).place(value) == pytest.approx(scipy.stats.loguniform(1e-5, 2).cdf(value))
    assert [uniform(-3, 5).place(value) for value in (-3, -1, 5)] == [0, 0.25, 1]


def test_a_quarter_of_the_values_in_each_power_of_ten():
    counts, _ = np.histogram(log_uniform(1e-4, 1).at((np.arange(4000) + 0.5) / 4000), [1e-4, 1e-3, 1e-2, 1e-1, 1])
    assert list(counts) == [1000] * 4
    counts, _ = np.histogram(uniform(1e-4, 1).at((np.arange(4000) + 0.5) / 4000), [0, 0.1, 1])
    assert abs(counts[1] / 4000 - 0.9) < 1e-3


def test_the_formula_of_the_notes():
    for u in (0.1, 0.77):
        assert log_uniform(1e-6, 10).at(u) == pytest.approx(10 ** (-6 + 7 * u), rel=1e-12)


@given(st.floats(0, 1), st.sampled_from([log_uniform(1e-7, 3e4), uniform(-2.5, 1e6), uniform(0, 1)]))
def test_a_place_comes_back_and_no_value_lies_outside(u, distribution):
    value = distribution.at(u)
    assert type(value) is float and distribution.low <= value <= distribution.high
    assert distribution.place(value) == pytest.approx(u, abs=1e-9)


@given(st.floats(0, 1), st.sampled_from([log_uniform(1, 300, integer=True), uniform(-3, 40, integer=True),
                                         uniform(5, 5, integer=True), choice("a", None, 3), choice([1, 2])]))
def test_what_has_steps_returns_from_its_place(u, distribution):
    value = distribution.at(u)
    assert distribution.at(distribution.place(value)) == value and 0 < distribution.place(value) < 1
    assert type(value) in (int, str, type(None))


def test_whole_numbers_have_the_share_they_should():
    places = (np.arange(12000) + 0.5) / 12000
    values, counts = np.unique(uniform(2, 7, integer=True).at(places), return_counts=True)
    assert list(values) == [2, 3, 4, 5, 6, 7] and list(counts) == [2000] * 6
    values, counts = np.unique(log_uniform(1, 8, integer=True).at(places), return_counts=True)
    expected = np.log((np.arange(1, 9) + 1) / np.arange(1, 9)) / np.log(9)      # P(k) is the log-width of [k, k + 1)
    assert list(values) == list(range(1, 9))
    np.testing.assert_allclose(counts / 12000, expected, atol=1e-3)


def test_points_go_from_end_to_end():
    np.testing.assert_allclose(log_uniform(1e-4, 1).points(5), [1e-4, 1e-3, 1e-2, 1e-1, 1], rtol=1e-12)
    assert uniform(0, 8).points(3) == [0, 4, 8] and uniform(0, 8).points(1) == [4]
    assert uniform(1, 3, integer=True).points(10) == [1, 2, 3]
    assert choice("a", "b", "c").points(1) == ["a", "b", "c"]


def test_around_keeps_the_values_and_a_margin_in_its_own_scale():
    near = log_uniform(1e-4, 1).around([1e-3, 1e-2])                # one gap of a quarter: a quarter more on each side
    assert (near.low, near.high) == (pytest.approx(1e-4), pytest.approx(1e-1))
    near = uniform(0, 10).around([4, 5, 6])
    assert (near.low, near.high) == (pytest.approx(3), pytest.approx(7))
    near = uniform(0, 10).around([9.5, 8])
    assert (near.low, near.high) == (pytest.approx(6.5), 10)        # not beyond the end
    near = uniform(0, 10).around([4.0])
    assert (near.low, near.high) == (pytest.approx(3.9), pytest.approx(4.1))
    assert uniform(1, 9, integer=True).around([4, 4]).points(9) == [4]
    assert choice("a", "b", "c").around(["c", "a", "c"]) == choice("a", "c")


@pytest.mark.parametrize(("make", "error", "words"), [
    (lambda: log_uniform(0, 1), ValueError, "low must be greater than 0"),
    (lambda: log_uniform(-5, 1), ValueError, "log_uniform: low"),
    (lambda: log_uniform(1, 1e-3), ValueError, "low must be below high, got low = 1 and high = 0.001"),
    (lambda: uniform(2, 2), ValueError, "low must be below high"),
    (lambda: uniform("0", 2), TypeError, "low must be a number, got '0'"),
    (lambda: uniform(0, float("inf")), ValueError, "high must be finite"),
    (lambda: uniform(0.5, 3, integer=True), TypeError, "low must be a whole number"),
    (lambda: choice(), ValueError, "at least one"),
    (lambda: choice("a", "b").place("c"), ValueError, "must be one of 'a', 'b', got 'c'"),
])  # fmt: skip
def test_errors_speak_to_the_learner(make, error, words):
    with pytest.raises(error, match=words.replace("(", r"\(")):
        make()


def test_records_show_how_they_are_written():
    assert repr(log_uniform(1e-5, 1)) == "log_uniform(low=1e-05, high=1, integer=False)"
    assert choice(["SGD", "Adam"]) == choice("SGD", "Adam")
