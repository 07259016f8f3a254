"""Verdicts on runs that were made to be too slow, too fast, overfitting, underfitting, dead, and good."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from cs231n_helpers import data, threads, train
from cs231n_helpers.layers import Dense, LeakyReLU, ReLU, Tanh
from cs231n_helpers.network import Network
from cs231n_helpers.train import watch
from cs231n_helpers.train.history import Moment, Recorder
from cs231n_helpers.train.session import Session
from cs231n_helpers.train.settings import Settings, examples
from cs231n_helpers.train.verdict import KINDS, SENTENCES, bounce, signs, verdict

two_layer = Network([Dense(100), ReLU(), Dense(10)], (28, 28, 1))
one_unit = Network([Dense(1), ReLU(), Dense(10)], (28, 28, 1))
linear = Network([Dense(10)], (28, 28, 1))


@cache
def images(count):
    return examples(data.load("fashion_mnist", train=count, val=500, test=0))


def run(network, train=3000, params=None, **settings):
    """The history of a whole run, looked at 30 times."""
    settings = Settings(**settings)
    session = Session(network, images(train), settings, params=params,
                      every=max(1, settings.epochs * -(-train // settings.batch) // 30))  # fmt: skip
    with threads.limit(1):
        while session.advance():
            pass
    return session.history


@pytest.mark.parametrize(("kind", "words", "network", "settings"), [
    ("too slow", "0.0003 is too low", two_layer, {"learning_rate": 3e-4, "epochs": 5}),
    ("too slow", "too low", linear, {"learning_rate": 1e-4, "epochs": 5}),
    ("too slow", "too low", two_layer, {"learning_rate": 1e-5, "rule": "Adam", "epochs": 3}),
    ("good", "learns well", two_layer, {"learning_rate": 0.1, "epochs": 8}),
    ("good", "learns well", two_layer, {"learning_rate": 1e-3, "rule": "Adam", "epochs": 5}),
    ("good", "learns well", linear, {"learning_rate": 0.1, "epochs": 8}),
    ("too fast", "too high", two_layer, {"learning_rate": 0.03, "rule": "Adam", "epochs": 5}),
    ("too fast", "bounces", linear, {"learning_rate": 3.0, "epochs": 5}),
    ("diverged", "far too high", linear, {"learning_rate": 30.0, "epochs": 3}),
    ("diverged", "(lr = 10)", two_layer, {"learning_rate": 10.0, "epochs": 3}),
    ("overfitting", "by heart", two_layer, {"learning_rate": 0.1, "batch": 20, "epochs": 60, "train": 200}),
    ("underfitting", "cannot do more", one_unit, {"learning_rate": 0.1, "epochs": 40}),
    ("underfitting", "less l2", two_layer, {"learning_rate": 0.03, "l2": 0.3, "epochs": 10}),
    ("too early", "too early", two_layer, {"learning_rate": 0.1, "epochs": 1, "train": 500}),
])  # fmt: skip
def test_a_run_made_to_be_so_is_called_so(kind, words, network, settings):
    found = run(network, **settings)
    assert verdict(found)[0] == kind, signs(found)
    assert words in verdict(found)[1] and kind in KINDS


def test_a_rate_that_was_moved_by_hand_is_not_called_a_schedule():
    session = Session(linear, images(3000), Settings(learning_rate=0.01, epochs=3), every=10)
    while session.advance():
        session.rate = 30.0 if session.taken >= 20 else session.rate
    assert "0.01 (raised to 30 on the way) is far too high" in verdict(session.history)[1]


def test_record_is_the_whole_run_of_a_session():
    found, by_hand = (make(linear, images(3000), Settings(epochs=2), every=20) for make in (train.record, Session))
    while by_hand.advance():
        pass
    assert [m.step for m in found.moments] == [0, 20, 40, 60] and found.last.step == found.total == 60
    np.testing.assert_array_equal(found.losses, by_hand.history.losses)


def test_units_that_are_off_are_found():
    """A bias of -30 switches 60 of 100 units off for good; leaky units still learn, and are not called dead."""
    params = two_layer.init(np.random.default_rng(0))
    params["dense1.b"] = params["dense1.b"] - np.where(np.arange(100) < 60, 30, 0).astype(np.float32)
    found = run(two_layer, params=params, learning_rate=0.1, epochs=3)
    assert verdict(found)[0] == "dead units" and "60% of the units" in verdict(found)[1]
    assert found.last.dead == {"relu1": 0.6}
    leaky = Network([Dense(100), LeakyReLU(), Dense(10)], (28, 28, 1))
    assert run(leaky, params=params, learning_rate=0.1, epochs=3).last.dead == {}


def test_every_kind_has_its_own_words():
    assert {"too early", "diverged", *SENTENCES} == set(KINDS)


def made(train_loss, every=50, **changes):
    """A history whose moments have these losses, so many steps apart, with 50 steps an epoch."""
    recorder = Recorder(50, 10**4, 10)
    for number, loss in enumerate(train_loss):
        for _ in range(every):
            recorder.loss(loss)
        reading = watch.Reading({}, {}, changes.get("dead", {}), {"dense1.W": changes.get("ratio", 1e-3)}, None)
        accuracy = np.broadcast_to(changes.get("accuracy", 0.9), len(train_loss))[number]
        val = np.broadcast_to(changes.get("val", accuracy), len(train_loss))[number]
        at = every * number
        kept = recorder.moment(Moment(at, at / 50, loss, accuracy, val, loss, loss, 0.1, reading))
    return kept


FALLING = [2.3, 1.5, 1.0, 0.8, 0.7, 0.65, 0.6, 0.58, 0.56, 0.55]


@pytest.mark.parametrize(("history", "kind"), [
    (made(FALLING), "good"),
    (made(FALLING, dead={"relu1": 0.39}), "good"), (made(FALLING, dead={"relu1": 0.0, "relu2": 0.4}), "dead units"),
    (made(FALLING, val=0.83), "good"), (made(FALLING, val=0.81), "overfitting"),
    (made(np.linspace(2.3, 1.2, 10), accuracy=np.linspace(0.1, 0.4, 10)), "too slow"),
    (made(np.linspace(2.3, 1.1, 10), accuracy=np.linspace(0.1, 0.5, 10)), "too slow"),
    (made([2.3, 2, 1.8, 1.6, 1.5, 1.4, 1.41, 1.3, 1.2, 1.1], accuracy=np.linspace(0.1, 0.5, 10)), "good"),
    (made([2.3, 1.6, 1.3, 1.1], accuracy=np.linspace(0.1, 0.5, 4), every=30), "good"),
    (made([2.3, 0.8, *[0.7] * 8], accuracy=0.79), "underfitting"),
    (made([2.3, 0.8, *[0.7] * 8], accuracy=0.81), "good"),
    (made([2.3, 1, 0.6, 0.7, 0.6, 0.7, 0.6, 0.7, 0.6, 0.7]), "too fast"),
    (made([2.3, 2.0, 3.5]), "diverged"), (made([2.3, 2.0, 1.9]), "too early"), (made([2.3, np.nan]), "diverged"),
    (made([0.02, 0.02, 0.04]), "too early"), (made([0.02, 0.02, 1.2]), "diverged"),
])  # fmt: skip
def test_thresholds(history, kind):
    assert verdict(history)[0] == kind, signs(history)


def scheduled(history, **settings):
    """The history with the learning rates that these settings give at each of its moments."""
    settings = Settings(**settings)
    rates = [settings.rate(settings.learning_rate, max(m.step - 1, 0) / history.per_epoch) for m in history.moments]
    moments = [replace(moment, rate=rate) for moment, rate in zip(history.moments, rates, strict=True)]
    return replace(history, moments=tuple(moments), settings=settings)


@pytest.mark.parametrize(("losses", "kind"), [
    ([2.3, 2.0, 3.0, 9.0], "diverged"), ([2.3, 1, 0.6, 0.7, 0.6, 0.7, 0.6, 0.7, 0.6, 0.7], "too fast"),
    (np.linspace(2.3, 1.2, 10), "too slow"),
])  # fmt: skip
def test_a_verdict_names_the_rate_the_run_was_set_to_and_what_the_schedule_made_of_it(losses, kind):
    """Had it named the decayed rate, "try a tenth" would be a tenth of the wrong number."""
    history = made(losses, accuracy=0.5)
    found = scheduled(history, learning_rate=0.2, schedule="step", epochs=len(losses) - 1)
    assert found.last.rate == pytest.approx(0.2 * 0.3**2) and verdict(found)[0] == kind
    assert "the learning rate 0.2 (lowered to 0.018 by the schedule) is" in verdict(found)[1]
    constant = verdict(scheduled(history, learning_rate=0.2, epochs=len(losses) - 1))
    assert constant[0] == kind and "the learning rate 0.2 is" in constant[1]


def test_a_run_that_ends_with_nan_under_a_schedule_says_both_rates():
    found = scheduled(made([2.3, 2.0, 3.0, 4.0]), learning_rate=0.2, schedule="step", epochs=3)
    last = replace(found.last, stopped="loss became nan at step 150 (lr = 0.018).")
    sentence = verdict(replace(found, moments=(*found.moments[:-1], last)))[1]
    assert sentence == ("Loss became nan at step 150 (lr = 0.018). The learning rate was set to 0.2 (lowered to 0.018 "
                        "by the schedule).")


def test_bounce_is_the_mean_climb():
    assert bounce(np.array([9.0, 1.0, 1.0, 1.2, 1.0, 1.2])) == pytest.approx((0 + 0.2) / 2 / 1.2)  # of the later half
    assert bounce(np.linspace(2, 1, 9)) == 0


# --- instruments ------------------------------------------------------------------------------------------------------


def test_histograms_count_every_number_once():
    values = np.array([0, 0, 1, 2, 2, 3, np.nan, -1.0])
    found = watch.spread(values)
    assert found.zero == pytest.approx(2 / 7) and found.shares.sum() == pytest.approx(5 / 7)
    assert (found.edges[0], found.edges[-1], len(found.edges)) == (-1, 3, watch.BINS + 1)
    assert found.shares[-1] == pytest.approx(1 / 7) and found.shares[0] == pytest.approx(1 / 7)


def test_sizes_of_gradients_are_powers_of_ten():
    found = watch.sizes(np.array([1e-3, -1e-3, 1.0, 0.0]))
    middles = (found.edges[1:] + found.edges[:-1]) / 2
    assert found.zero == 0.25
    assert sorted(found.shares[found.shares > 0]) == [0.25, 0.5]
    assert abs(middles[found.shares.argmax()] + 3) < 0.13


def test_activations_are_those_of_the_layers():
    network = Network([Dense(6), ReLU(), Dense(5), Tanh(), Dense(3)], (4,))
    params, X = network.init(np.random.default_rng(0)), np.random.default_rng(1).standard_normal((50, 4))
    hidden = np.maximum(0, X @ params["dense1.W"] + params["dense1.b"])
    outputs = watch.outputs_of(network, params, X)
    assert list(outputs) == ["relu1", "tanh1"]
    np.testing.assert_allclose(outputs["relu1"], hidden, rtol=1e-4, atol=1e-5)
    assert watch.dead_units({"relu1": np.array([[0.0, 1, 0, 0], [0.0, 0, 2, 0]]), "tanh1": np.zeros((2, 2))}) == {
        "relu1": 0.5
    }


def test_columns_of_the_first_layer_become_pictures():
    W = np.random.default_rng(0).uniform(-1, 1, (12, 50)).astype(np.float32)
    network = Network([Dense(50)], (2, 2, 3))
    pictures = watch.filters(network, {"dense1.W": W}, most=40)
    assert pictures.shape == (40, 2, 2, 3) and pictures.dtype == np.uint8
    np.testing.assert_allclose(pictures[7].ravel() / 255, 0.5 + W[:, 7] / 2, atol=0.01)
    assert (watch.filters(network, {"dense1.W": 0 * W}) == 127).all()
    assert watch.filters(Network([Dense(3)], (12,)), {"dense1.W": W}) is None


def test_the_axis_of_activations_only_grows():
    def moment(low, high):
        spread = watch.Spread(np.linspace(low, high, 41), np.ones(40) / 40, 0.0)
        return Moment(0, 0, 0, 0, 0, 0, 0, 0, watch.Reading({"relu1": spread}, {}, {}, {}, None))

    assert watch.reach([moment(0, 1.3)]) == (0, 2)
    assert watch.reach([moment(0, 1.3), moment(0, 2.2), moment(0, 0.1)]) == (0, 5)
    assert watch.reach([moment(-0.4, 0.3)]) == (-0.5, 0.5)
