"""Update rules against values worked by hand."""

import numpy as np
import pytest

from cs231n_helpers.optim import SGD


def test_sgd_takes_three_steps_by_hand():
    w, state = np.array([1.0, -2.0]), SGD(0.1).init(np.zeros(2))
    for dw, expected in [([1, 0], [0.9, -2]), ([-2, 10], [1.1, -3]), ([0.5, -1], [1.05, -2.9])]:
        w, state = SGD(0.1).update(w, np.array(dw, float), state)
        np.testing.assert_allclose(w, expected, rtol=1e-12)


def test_an_update_makes_a_new_array_and_keeps_its_type():
    w, dw = np.ones((2, 3), np.float32), np.ones((2, 3), np.float32)
    for array in (w, dw):
        array.setflags(write=False)
    new, _ = SGD(0.5).update(w, dw)
    assert new.dtype == np.float32 and (new == 0.5).all() and (w == 1).all()


@pytest.mark.parametrize("lr", [0, -1, np.nan, np.inf])
def test_a_learning_rate_out_of_range_is_refused(lr):
    with pytest.raises(ValueError, match="SGD: lr must be"):
        SGD(lr)


def test_other_mistakes_are_named():
    with pytest.raises(TypeError, match="lr must be a number"):
        SGD("fast")
    with pytest.raises(ValueError, match=r"dw must have the shape of w, \(2, 3\), got \(3, 2\)"):
        SGD(1.0).update(np.zeros((2, 3)), np.zeros((3, 2)))
    with pytest.raises(AttributeError):
        SGD(0.1).lr = 1
