"""Preprocessing against float64 arithmetic written out."""

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cs231n_helpers.preprocessing import PCA, Center, Scale, Standardize, Whiten

SAME_SHAPE = [Center, Scale, Standardize]
ALL = [*SAME_SHAPE, PCA, Whiten]
SHAPES = [(7, 5), (7, 4, 3, 2), (1, 3)]


def images(shape, dtype, seed=0):
    X = np.random.default_rng(seed).integers(0, 256, shape).astype(dtype)
    X.setflags(write=False)
    return X


def truth(kind, train, X):
    train, X = train.astype(np.longdouble), X.astype(np.longdouble)
    if kind is Center:
        return X - train.mean(axis=0)
    if kind is Scale:
        return X / np.abs(train).max()
    std = train.std(axis=0)
    return (X - train.mean(axis=0)) / np.where(std == 0, 1, std)


@pytest.mark.parametrize("kind", SAME_SHAPE)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype, tolerance", [(np.uint8, 1e-5), (np.float32, 1e-5), (">f4", 1e-5), (np.float16, 1e-5),
                                              (np.float64, 1e-13), (np.int64, 1e-13)])
def test_equals_the_formula_on_new_data(kind, shape, dtype, tolerance):
    train, new = images(shape, dtype), images(shape, dtype, seed=1)
    result = kind.fit(train)(new)
    assert result.dtype == (np.float64 if np.dtype(dtype).itemsize == 8 else np.float32) and result.shape == shape
    assert_allclose(result, truth(kind, train, new).astype(float), rtol=tolerance, atol=tolerance * 256)


def test_center_subtracts_the_mean_image_of_the_training_set():
    center = Center.fit([[0, 10], [4, 30]])
    assert_array_equal(center.mean, [2, 20])
    assert_array_equal(center([[2, 21]]), [[0, 1]])


def test_the_lecture_centre_then_scale_lies_within_one():
    train = images((50, 6, 6, 1), np.uint8)
    center = Center.fit(train)
    result = Scale.fit(center(train))(center(train))
    assert np.abs(result).max() == pytest.approx(1) and abs(result.mean()) < 1e-6


@pytest.mark.parametrize("value", [0.1, 255, 1e6 + 0.1, 0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_constant_feature_stays_at_zero(value, dtype):
    X = np.random.default_rng(0).standard_normal((101, 3)).astype(dtype)
    X[:, 1] = value
    assert_array_equal(Standardize.fit(X)(X)[:, 1], 0)
    assert_array_equal(Scale.fit(np.zeros((3, 2)))(np.zeros((3, 2))), 0)


def test_standardize_survives_a_huge_offset():
    X = (np.random.default_rng(0).standard_normal((1000, 4)) + 1e4).astype(np.float32)
    result = Standardize.fit(X)(X).astype(float)
    assert_allclose(result.mean(axis=0), 0, atol=1e-3)
    assert_allclose(result.std(axis=0), 1, atol=1e-3)


@pytest.mark.parametrize("kind", ALL)
def test_frozen_and_the_inputs_unchanged(kind):
    train = np.random.default_rng(0).random((5, 3))
    before, fitted = train.copy(), kind.fit(train)
    assert_array_equal(train, before)
    for field in dataclasses.fields(fitted):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(fitted, field.name, 0)
        if isinstance(getattr(fitted, field.name), np.ndarray):
            with pytest.raises(ValueError):
                getattr(fitted, field.name)[0] = 1
    train[:] = 0                                    # what was fitted does not change behind its back
    assert_array_equal(fitted(before), kind.fit(before)(before))


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("X, error, text", [
    (np.zeros((0, 3)), ValueError, r"fit: X must have shape .* got \(0, 3\)"),
    (np.zeros(3), ValueError, r"x\[None\]"),
    (np.array([[1, np.nan]]), ValueError, "1 values that are not finite"),
    (np.array([["a"]]), TypeError, "real numbers"),
    (np.array([[True]]), TypeError, "real numbers"),
    (np.array([[1j]]), TypeError, "real numbers"),
])
def test_bad_input_is_refused_in_words(kind, X, error, text):
    with pytest.raises(error, match=text):
        kind.fit(X)


@pytest.mark.parametrize("kind", ALL)
def test_calling_before_fit_names_the_call(kind):
    with pytest.raises(ValueError, match=rf"{kind.__name__}\.fit\(X_train\)"):
        kind()(np.zeros((2, 2)))


@pytest.mark.parametrize("kind", [Center, Standardize, PCA, Whiten])
def test_another_width_names_both(kind):
    with pytest.raises(ValueError, match=r"\(784,\), but it was fitted with \(3072,\)"):
        kind.fit(np.eye(2, 3072))(np.zeros((2, 784)))
