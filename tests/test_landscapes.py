"""Landscapes: gradients and Hessians against differences of the heights, and what each landscape is said to be."""

import numpy as np
import pytest

from cs231n_helpers.optim.landscapes import Dip, Quadratic, Wells

LANDSCAPES = [Quadratic(), Quadratic(1, 20, 30), Quadratic(-1, 7, 30), Wells(), Wells(5, saddle=-1.2, apart=1.6), Dip(),
              Dip((0.5, 0), (-1, 0.3), 2, 0.5)]
H = 1e-5


def differences(f, w):
    """Centred differences of f along each of the two weights, (..., 2) in front of what f gives."""
    steps = H * np.eye(2)
    return np.stack([(f(w + step) - f(w - step)) / (2 * H) for step in steps], axis=-1)


@pytest.mark.parametrize("land", LANDSCAPES, ids=repr)
def test_gradient_and_hessian_are_those_of_the_heights(land, rng):
    w = rng.uniform(-2, 2, (40, 2))
    w.setflags(write=False)
    np.testing.assert_allclose(land.gradient(w), differences(land.value, w), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(land.hessian(w), differences(land.gradient, w), rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(land.hessian(w), np.swapaxes(land.hessian(w), -1, -2))


@pytest.mark.parametrize("land", LANDSCAPES, ids=repr)
def test_one_place_is_a_row_of_many(land, rng):
    w = rng.uniform(-2, 2, (3, 4, 2))
    shapes = [f(w).shape for f in (land.value, land.gradient, land.hessian)]
    assert shapes == [(3, 4), (3, 4, 2), (3, 4, 2, 2)]
    assert land.value(w[1, 2]) == pytest.approx(land.value(w)[1, 2])
    np.testing.assert_allclose(land.gradient(w[1, 2]), land.gradient(w)[1, 2])
    np.testing.assert_allclose(land.hessian(w[1, 2]), land.hessian(w)[1, 2])


def test_a_quadratic_by_hand():
    land, w = Quadratic(2, 6), np.array([3.0, -1])
    assert land.value(w) == 0.5 * (2 * 9 + 6 * 1) and land.gradient(w).tolist() == [6, -6]
    assert land.hessian(w).tolist() == [[2, 0], [0, 6]]
    turned = Quadratic(2, 6, 90)  # along is up now
    assert turned.value(w) == pytest.approx(0.5 * (6 * 9 + 2 * 1))
    assert np.linalg.eigvalsh(Quadratic(-1, 7, 33).H) == pytest.approx([-1, 7])


def test_wells_have_a_saddle_between_them():
    land = Wells(5, saddle=-1.2, apart=1.6)
    pass_, wells = np.array([-1.2, 0]), np.array([[0.4, 0], [-2.8, 0]])
    assert land.gradient(pass_) == pytest.approx(0) and land.value(wells) == pytest.approx([0, 0])
    assert np.linalg.eigvalsh(land.hessian(pass_)) == pytest.approx([-1, 5])
    assert (np.linalg.eigvalsh(land.hessian(wells)) > 0).all() and land.gradient(wells) == pytest.approx(0)


def test_the_dip_holds_what_rests_in_it_and_is_not_the_lowest_place():
    land = Dip()
    side = np.linspace(-0.3, 0.3, 61)
    grid = np.array(land.hole) + np.stack(np.meshgrid(side, side), axis=-1)
    heights = land.value(grid)
    inside = heights[1:-1, 1:-1].min()
    rim = min(heights[0].min(), heights[-1].min(), heights[:, 0].min(), heights[:, -1].min())
    assert inside < rim and inside > 0.3 and land.value(np.array(land.centre)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("make", [lambda: Wells(0), lambda: Wells(1, apart=-1), lambda: Dip(width=0),
                                  lambda: Quadratic(np.nan)])
def test_what_is_no_landscape_is_refused(make):
    with pytest.raises(ValueError, match="must be"):
        make()
