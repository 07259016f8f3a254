"""Newton's step: one jump to a quadratic's minimum, a warning where a curvature is negative, and its price."""

import numpy as np
import pytest

from cs231n_helpers.optim import hessian_bytes, newton_step


def test_one_jump_lands_on_the_minimum_of_a_quadratic_by_hand():
    # f = 1/2 (3 w1^2 + 2 w1 w2 + 2 w2^2) - 5 w1 - 5 w2: slope 0 where 3 w1 + w2 = 5 and w1 + 2 w2 = 5, at (1, 2)
    H, w = np.array([[3.0, 1], [1, 2]]), np.array([4.0, -1])
    new, verdict = newton_step(w, H @ w - 5, H)
    np.testing.assert_allclose(new, [1, 2], rtol=0, atol=1e-12)
    assert verdict == "" and w.tolist() == [4, -1]


def test_one_jump_in_many_dimensions_from_anywhere(rng):
    A = rng.standard_normal((20, 20))
    H, lowest = A @ A.T + np.eye(20), rng.standard_normal(20)
    for size in (1e-3, 1, 1e3):
        w = lowest + size * rng.standard_normal(20)
        new, verdict = newton_step(w, H @ (w - lowest), H)
        assert verdict == "" and np.abs(new - lowest).max() < 1e-8 * max(1, size)


@pytest.mark.parametrize(("curvatures", "count", "lowest", "goal"), [
    ([1.0, -2.0], 1, "-2", "a saddle"), ([-1.0, -3.0], 2, "-3", "a maximum"),
    ([4.0, -0.5, 2.0], 1, "-0.5", "a saddle")])
def test_a_negative_curvature_is_said_and_the_step_goes_to_the_flat_place(curvatures, count, lowest, goal):
    w = np.arange(1.0, len(curvatures) + 1)
    new, verdict = newton_step(w, np.array(curvatures) * w, np.diag(curvatures))
    np.testing.assert_allclose(new, 0, atol=1e-12)
    assert verdict.startswith(f"H is not positive definite: {count} of {len(w)} curvatures are negative")
    assert f"the lowest is {lowest} along" in verdict and f"heads for {goal}, not for a minimum" in verdict


def test_the_direction_of_the_lowest_curvature_is_named():
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    _, verdict = newton_step(np.ones(2), np.ones(2), turn @ np.diag([1.0, -2.0]) @ turn.T)
    assert "along (0.80, -0.60)" in verdict


def test_a_step_uphill_is_a_step_uphill():
    w, H = np.array([1.0, 0.5]), np.diag([1.0, -2.0])
    new, _ = newton_step(w, H @ w, H)
    direction = np.array([0.0, 1.0])
    assert 0.5 * (new * direction) @ H @ (new * direction) > 0.5 * (w * direction) @ H @ (w * direction)


def test_single_precision_is_kept():
    new, _ = newton_step(np.ones(2, np.float32), np.ones(2, np.float32), np.eye(2, dtype=np.float32))
    assert new.dtype == np.float32 and new.tolist() == [0, 0]


@pytest.mark.parametrize("H", [np.diag([1.0, 0.0]), np.zeros((2, 2)), np.ones((2, 2))])
def test_no_curvature_means_no_step(H):
    with pytest.raises(ValueError, match="curvature of 0, so there is no step"):
        newton_step(np.ones(2), np.ones(2), H)


@pytest.mark.parametrize(("w", "dw", "H", "words"), [
    (np.ones(2), np.ones(3), np.eye(2), r"for w of shape \(2,\), dw must have the same shape"),
    (np.ones(2), np.ones(2), np.eye(3), r"and H \(2, 2\), got \(2,\) and \(3, 3\)"),
    (np.ones(2), np.ones(2), np.array([[1.0, 2], [0, 1]]), "H must be symmetric"),
    (np.ones((2, 1)), np.ones(2), np.eye(2), "w must have 1 axes"),
    (np.ones(2), np.array([1, np.nan]), np.eye(2), "not finite"),
])
def test_mistakes_are_named(w, dw, H, words):
    with pytest.raises(ValueError, match=words):
        newton_step(w, dw, H)


def test_the_memory_of_the_hessian():
    assert hessian_bytes(1_000_000) == 4 * 10**12 and hessian_bytes(1_000_000, np.float64) == 8 * 10**12
    assert hessian_bytes(3, np.float64) == np.zeros((3, 3)).nbytes and hessian_bytes(0) == 0
    with pytest.raises(ValueError, match="hessian_bytes: weights must be at least 0"):
        hessian_bytes(-1)
