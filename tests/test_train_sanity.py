"""The checks before learning: healthy networks pass, broken ones are told what is broken."""

import math

import numpy as np
import pytest

from cs231n_helpers import initializers, layers, losses, network, optim, train

X, Y = np.random.default_rng(7).standard_normal((60, 10)), np.arange(60) % 4


def net(first=layers.Dense, init=initializers.small, last=None):
    return network.Network([first(40, init=init), layers.ReLU(), layers.Dense(4, init=last or init)], (10,))


def he_below():
    """Small weights in the last layer only."""
    return net(init=initializers.he, last=initializers.small)


@pytest.fixture
def params():
    return he_below().init(np.random.default_rng(0), np.float64)


def fit(rate=0.1, network_=None, params=None, X=X, y=Y, **settings):
    network_ = network_ or he_below()
    params = params or network_.init(np.random.default_rng(0), np.float64)
    return train.overfits_few(network_, params, X, y, optim.Momentum(rate), rng=np.random.default_rng(0), **settings)


# --- loss at chance ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("loss", "due"), [(losses.softmax, math.log(4)), (losses.svm, 3), (losses.squared_hinge, 3)])
def test_small_weights_cost_what_guessing_costs(params, loss, due):
    found = train.loss_at_chance(he_below(), params, X, Y, loss=loss)
    assert found.passed and found.numbers["expected"] == pytest.approx(due)
    assert found.numbers["loss"] == pytest.approx(due, rel=0.15) and "guessing costs" in found.text
    assert str(found) == f"passed: {found.text}"


def summed(scores, y):
    loss, back = losses.softmax(scores, y)
    return len(y) * loss, lambda d=1.0: back(d * len(y))


def twice_averaged(scores, y):
    loss, back = losses.softmax(scores, y)
    return loss / len(y), lambda d=1.0: back(d / len(y))


@pytest.mark.parametrize(("loss", "words"), [(summed, "mean, not the sum"), (twice_averaged, "mean is taken twice"),
                                             (lambda s, y: (7.0, None), "the loss is wrong")])
def test_a_wrong_loss_is_told_from_wrong_weights(params, loss, words):
    found = train.loss_at_chance(he_below(), params, X, Y, loss=loss)
    assert not found.passed and words in found.text and "start too large" not in found.text
    assert str(found).startswith("FAILED")


def test_large_weights_are_named(params):
    found = train.loss_at_chance(he_below(), {name: 30 * w for name, w in params.items()}, X, Y)
    assert not found.passed and "start too large" in found.text


def test_a_trained_network_is_not_untrained(params):
    rule, rng = optim.Momentum(0.1), np.random.default_rng(0)
    *_, step = train.steps(he_below(), params, X, Y, rule, count=200, rng=rng)
    found = train.loss_at_chance(he_below(), step.params, X, Y)
    assert not found.passed and "knows something" in found.text


def test_what_is_not_finite_is_found(params):
    found = train.loss_at_chance(he_below(), params | {"dense1.W": params["dense1.W"] * np.nan}, X, Y)
    assert not found.passed and "not finite" in found.text


def test_another_loss_says_what_it_expects(params):
    def regression(scores, y):
        return losses.l2_regression(scores[:, 0], np.ones(len(y)))

    assert train.loss_at_chance(he_below(), params, X, Y, loss=regression, expected=1.0).passed
    assert not train.loss_at_chance(he_below(), params, X, Y, loss=regression, expected=5.0).passed


# --- the penalty ------------------------------------------------------------------------------------------------------


def test_the_loss_rises_by_half_the_strength_times_the_squares(params):
    found = train.rises_with_penalty(he_below(), params, X, Y, strengths=(0.0, 0.5, 2.0))
    squares = sum((w**2).sum() for name, w in params.items() if name.endswith("W"))
    assert found.passed
    assert np.diff(found.numbers["losses"]) == pytest.approx([0.25 * squares, 0.75 * squares])
    assert found.numbers["slope"] == pytest.approx(2 * squares) == found.numbers["gradient"]


def changed(value, gradient):
    def penalty(params, strength):
        right, grads = losses.penalty(params, strength)
        return value * right, {name: gradient * dw for name, dw in grads.items()}
    return penalty


@pytest.mark.parametrize(("penalty", "words"), [
    (lambda params, strength: (0.0, {}), "does not move"), (changed(-1, -1), "sign of the penalty"),
    (changed(1, 0), "gradient is missing"), (changed(1, 2), "is 2 times its slope"),
    (changed(1, -1), "is \u22121 times its slope"), (lambda params, strength: (math.inf, {}), "must be finite")])
def test_broken_penalties_are_told_what_is_wrong(params, penalty, words):
    with np.errstate(invalid="ignore"):
        found = train.rises_with_penalty(he_below(), params, X, Y, penalty=penalty)
    assert not found.passed and words in found.text


def test_strengths_must_rise(params):
    with pytest.raises(ValueError, match="rising order"):
        train.rises_with_penalty(he_below(), params, X, Y, strengths=(1.0, 0.5))


# --- twenty examples --------------------------------------------------------------------------------------------------


def test_a_healthy_network_learns_twenty_by_heart(params):
    kept = {name: w.copy() for name, w in params.items()}
    found = fit(params=params)
    assert found.passed and found.numbers["accuracy"] == 1 and found.numbers["still"] == []
    assert found.numbers["course"][0] == pytest.approx(math.log(4), rel=0.01)
    assert len(found.numbers["course"]) == 201 and found.numbers["course"][-1] < 0.14
    assert all(np.array_equal(kept[name], w) for name, w in params.items())


class Frozen(layers.Dense):
    def forward(self, params, x, rng=None):
        y, back = super().forward(params, x, rng)

        def stuck(dy, more=True):
            grads, dx = back(dy, more)
            return {name: 0 * dw for name, dw in grads.items()}, dx
        return y, stuck


def test_rates_that_are_too_high_or_low_are_told_apart():
    assert "runs away" in fit(1e4).text and "too slow" in fit(1e-3).text and "too slow" in fit(1e-7).text
    assert not any(fit(rate).passed for rate in (1e4, 1e-3, 1e-7))


def test_a_frozen_layer_and_dead_units_are_named(params):
    frozen = net(first=Frozen, init=initializers.he, last=initializers.small)
    found = fit(network_=frozen)
    assert not found.passed and "dense1.W, dense1.b never moved" in found.text
    dead = fit(params=params | {"dense1.b": params["dense1.b"] - 100})
    assert not dead.passed and "dense1.W, dense1.b, dense2.W never moved" in dead.text


def test_equal_examples_with_different_labels_cannot_be_learned():
    twins = X[:20].copy()
    twins[7] = twins[2]
    found = fit(X=twins, y=Y[:20])
    assert Y[7] != Y[2] and not found.passed and "examples 2 and 7 are equal" in found.text


def test_labels_shuffled_against_the_examples_are_found_by_none(params):
    """It says so in the module: nonsense can be learned by heart."""
    wrong = np.random.default_rng(1).permutation(Y)
    assert fit(y=wrong, steps_taken=300).passed
    assert train.loss_at_chance(he_below(), params, X, wrong).passed


def test_a_run_that_stops_at_once_is_judged():
    found = fit(1e200)
    assert not found.passed and "runs away" in found.text


def test_mistaken_calls_are_told(params):
    with pytest.raises(ValueError, match="60 examples and y 59"):
        train.loss_at_chance(he_below(), params, X, Y[:-1])
    with pytest.raises(ValueError, match="count must be at least 2"):
        fit(count=1)
