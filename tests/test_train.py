"""Training takes the steps its formula says, tells what happened, and never changes what it has handed out."""

import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cs231n_helpers import data, losses, train
from cs231n_helpers.initializers import zeros
from cs231n_helpers.layers import BatchNorm, Dense, Dropout, ReLU
from cs231n_helpers.network import Network
from cs231n_helpers.optim import SGD, Adam, Momentum, exponential_decay, step_decay, update_ratio
from cs231n_helpers.preprocessing import Center, Scale

SPLIT = data.load("spiral", train=90, val=30, test=30)
NET = Network([Dense(20), ReLU(), Dense(3)], 2)


@pytest.fixture
def params():
    return NET.init(np.random.default_rng(3), np.float64)


def run(params, *, network=NET, rule=None, **settings):
    """Run train.steps on the spiral with a generator of its own."""
    return train.steps(network, params, SPLIT.X_train, SPLIT.y_train, rule or SGD(0.5),
                       **{"rng": np.random.default_rng(0), "batch": 30, **settings})  # fmt: skip


def logs(params, *, network=NET, rule=None, **settings):
    """Run train.epochs on the spiral with a generator of its own."""
    return train.epochs(network, params, SPLIT, rule or SGD(0.5),
                        **{"rng": np.random.default_rng(0), "batch": 30, "count": 3, **settings})  # fmt: skip


# ------------------------------------------------------------------------------------------------------- the steps

def test_steps_are_those_of_a_loop_written_out(params):
    """Gather, forward, softmax, backward, penalty, update, in plain NumPy, on the batches that State tells."""
    W1, b1, W2, b2 = (array.copy() for array in params.values())
    state = None
    for step in run(params, count=7, l2=0.01):
        state = state or step.state
        epoch, place = divmod(step.step - 1, 3)
        chosen = state.order(epoch)[30 * place:30 * place + 30]
        X, y = SPLIT.X_train[chosen], SPLIT.y_train[chosen]
        hidden = np.maximum(0, X @ W1 + b1)
        p = np.exp(hidden @ W2 + b2)
        p /= p.sum(axis=1, keepdims=True)
        assert_allclose(step.loss, -np.log(p[np.arange(30), y]).mean() + 0.005 * ((W1**2).sum() + (W2**2).sum()))
        d = p.copy()
        d[np.arange(30), y] -= 1
        dh = (d / 30 @ W2.T) * (hidden > 0)
        assert_allclose(step.grads["dense1.W"], X.T @ dh + 0.01 * W1, rtol=1e-9)
        W1, b1, W2, b2 = (W1 - 0.5 * (X.T @ dh + 0.01 * W1), b1 - 0.5 * dh.sum(0),
                          W2 - 0.5 * (hidden.T @ d / 30 + 0.01 * W2), b2 - 0.5 * d.sum(0) / 30)
        for array, mine in zip(step.params.values(), (W1, b1, W2, b2)):
            assert_allclose(array, mine, rtol=1e-9)
    assert step.step == 7 and step.epoch == pytest.approx(7 / 3) and step.rate == 0.5


@pytest.mark.parametrize("batch", [1, 7, 40, 89, 90, 500])
def test_every_epoch_shows_every_example_once_in_nearly_equal_batches(batch, params):
    seen = []
    per_epoch = -(-90 // batch)

    def look(X, rng):
        seen.append(X.copy())
        return X

    for _ in run(params, batch=batch, count=2 * per_epoch, augment=look):
        pass
    sizes = [len(X) for X in seen]
    assert max(sizes) <= batch and max(sizes) - min(sizes) <= 1
    for part in (seen[:per_epoch], seen[per_epoch:]):
        rows = np.concatenate(part)
        assert_array_equal(rows[np.lexsort(rows.T)], SPLIT.X_train[np.lexsort(SPLIT.X_train.T)])
    assert (np.concatenate(seen[:per_epoch]) != np.concatenate(seen[per_epoch:])).any()


def test_the_same_generator_gives_the_same_run_and_inputs_stay_as_they_are():
    network = Network([Dense(8), BatchNorm(), ReLU(), Dropout(0.7), Dense(3)], 2)
    start = network.init(np.random.default_rng(1))
    for array in start.values():
        array.setflags(write=False)
    ends = [[*run(start, network=network, rule=Momentum(0.1), count=8, rng=np.random.default_rng(seed))][-1]
            for seed in (5, 5, 6)]
    for key in start:
        assert_array_equal(ends[0].params[key], ends[1].params[key])
    assert (ends[0].params["dense1.W"] != ends[2].params["dense1.W"]).any()
    assert ends[0].params["dense1.W"].dtype == np.float32


def test_nothing_handed_out_ever_changes(params):
    history = []
    for step in run(params, rule=Adam(0.01), count=12, l2=0.01, max_norm=3.0):
        arrays = [*step.params.values(), *step.grads.values(), *(a for m in step.state.memory.values() for a in m[:2])]
        history.append((arrays, [array.copy() for array in arrays]))
    for arrays, copies in history:
        for array, copy in zip(arrays, copies):
            assert_array_equal(array, copy)


def test_ten_thousand_steps_take_no_more_memory_than_a_hundred(params):
    """Counted in blocks that are in use; one array or one record kept per step would make 10,000 more."""
    for step in run(params, rule=Momentum(1e-3), count=10_000, batch=9):
        if step.step == 100:
            early = sys.getallocatedblocks()
    assert sys.getallocatedblocks() < early + 200


def test_a_penalty_of_ones_own_and_strengths_by_layer(params):
    def same(params):
        return losses.penalty(params, {"dense1": 0.1, "dense2": 0.02})

    own = [*run(params, count=5, penalty=same)][-1]
    built_in = [*run(params, count=5, l2={"dense1": 0.1, "dense2": 0.02})][-1]
    none = [*run(params, count=5)][-1]
    assert own.loss == pytest.approx(built_in.loss)
    for key in params:
        assert_allclose(own.params[key], built_in.params[key], rtol=1e-9)
    one = [*run(params, count=5, l2={"dense2": 0.02})][-1]
    assert 0 < np.abs(one.params["dense1.W"] - none.params["dense1.W"]).max() < 0.05
    assert np.linalg.norm(own.params["dense1.W"]) < np.linalg.norm(none.params["dense1.W"])


def test_max_norm_holds_after_every_step(params):
    for step in run(params, rule=SGD(2.0), count=9, max_norm=0.7):
        for key in ("dense1.W", "dense2.W"):
            assert np.linalg.norm(step.params[key], axis=0).max() <= 0.7 * (1 + 1e-9)


def test_the_schedule_is_asked_with_the_epochs_so_far(params):
    rates = [step.rate for step in run(params, count=7, schedule=lambda lr, epoch: step_decay(lr, epoch, 0.1, every=1))]
    assert_allclose(rates, [0.5] * 3 + [0.05] * 3 + [0.005])


def test_from_all_zeros_a_run_goes_on_and_all_units_stay_equal():
    network = Network([Dense(6, init=zeros), ReLU(), Dense(3, init=zeros)], 2)
    *_, log = logs(network.init(np.random.default_rng(0)), network=network)
    assert np.ptp(log.params["dense1.W"], axis=1).max() == 0 == log.ratios["dense1.W"] and log.loss < 1.2


def test_other_losses_and_targets(params):
    """Regression onto the two coordinates: the loss falls, and there is no accuracy to speak of."""
    network, target = Network([Dense(10), ReLU(), Dense(2)], 2), SPLIT.X_train[:, ::-1]
    start = network.init(np.random.default_rng(0))
    course = [step.loss for step in train.steps(network, start, SPLIT.X_train, target, Adam(0.01), batch=30, count=200,
                                                loss=losses.l2_regression, rng=np.random.default_rng(0))]  # fmt: skip
    assert np.mean(course[-5:]) < 0.1 * course[0]


# ------------------------------------------------------------------------------------------------ what goes wrong

def test_a_learning_rate_far_too_high_is_told_and_the_weights_are_kept(params):
    params = {key: array.astype(np.float32) for key, array in params.items()}
    history = [*run(params, rule=SGD(1e6), count=50, l2=1.0)]
    last = history[-1]
    assert len(history) < 20 and not any(step.stopped for step in history[:-1])
    assert f"loss became {last.loss} at step {last.step} (lr = 1e+06); last finite" in last.stopped
    assert f"weights of step {last.step - 1} kept" in last.stopped and not np.isfinite(last.loss)
    kept = history[-3].params if len(history) > 2 else params
    for key in params:
        assert_array_equal(last.params[key], kept[key])
        assert np.isfinite(last.params[key]).all()


def test_nan_in_the_first_step_is_not_blamed_on_the_learning_rate(params):
    [only] = run({**params, "dense1.b": np.full(20, np.nan)}, count=5)
    assert "loss is nan at step 1" in only.stopped and "huge weights" in only.stopped and only.state.step == 0


@pytest.mark.parametrize("network", [NET, Network([Dense(20), BatchNorm(), ReLU(), Dense(3)], 2)], ids=["plain", "bn"])
@pytest.mark.parametrize("rule", [SGD(1e30), Momentum(1e30), Adam(1e30)], ids=lambda rule: type(rule).__name__)
def test_a_run_that_breaks_down_still_ends_with_a_log(rule, network):
    start = network.init(np.random.default_rng(0))
    history = [*logs(start, network=network, rule=rule, log_every=1)]
    assert history[-1].stopped and [log.step for log in history] == list(range(1, len(history) + 1))
    assert all(np.isfinite(array).all() for array in history[-1].params.values())


@pytest.mark.parametrize(("settings", "error", "words"), [
    ({"batch": 0}, ValueError, "batch must be at least 1, got 0"),
    ({"batch": 2.5}, TypeError, "batch must be a whole number"),
    ({"count": -1}, ValueError, "count must be at least 0, got -1"),
    ({"l2": -0.1}, ValueError, "l2 must be at least 0, got -0.1"),
    ({"l2": {"conv1": 0.1}}, ValueError, "each layer of l2 must be one of 'dense1.W', 'dense2.W', got 'conv1.W'"),
    ({"max_norm": 0}, ValueError, "max_norm must be greater than 0"),
    ({"rule": SGD}, TypeError, r"rule must be an update rule such as Momentum\(0.01\)"),
    ({"rng": 3}, TypeError, "rng must be a random generator, got 3"),
    ({"rng": None}, TypeError, r"Write rng=np.random.default_rng\(0\)"),
])  # fmt: skip
@pytest.mark.parametrize("start", [run, logs])
def test_settings_out_of_range_are_refused_before_anything_is_done(start, settings, error, words, params):
    with pytest.raises(error, match=words):
        start(params, **settings)


def test_data_that_do_not_fit_are_refused(params):
    X, y = SPLIT.X_train, SPLIT.y_train
    bad = X.copy()
    bad[3, 1] = np.inf
    for images, labels, words in [(X[:, :1], y, r"X must have shape \(N, 2\) with N >= 1, got \(90, 1\)"),
                                  (X[:0], y[:0], "N >= 1"), (X, y[:5], "X has 90 examples, but y has shape"),
                                  (bad, y, "X holds 1 values that are not finite")]:  # fmt: skip
        with pytest.raises(ValueError, match=words):
            train.steps(NET, params, images, labels, SGD(0.1), rng=np.random.default_rng(0))


def test_a_rate_of_zero_from_a_schedule_is_refused_by_name(params):
    with pytest.raises(ValueError, match="SGD: lr must be greater than 0"):
        next(run(params, schedule=lambda lr, epoch: 0.0))


# --------------------------------------------------------------------------------------------------------- epochs

def test_a_spiral_is_learned():
    start = NET.init(np.random.default_rng(0))
    *_, log = logs(start, rule=Adam(0.02), count=80)
    assert log.train_accuracy > 0.9 and log.val_accuracy > 0.85 and log.loss < 0.35
    assert train.evaluate(NET, log.params, SPLIT.X_test, SPLIT.y_test) > 0.8


def test_two_layers_reach_86_percent_on_the_embedded_images():
    """A hundred hidden units, 40 epochs, half of the images mirrored: about 3 s on one core."""
    split = data.load("fashion_mnist")
    center = Center.fit(split.X_train)
    scale = Scale.fit(center(split.X_train))
    parts = {part: scale(center(getattr(split, part))) for part in ("X_train", "X_val", "X_test")}
    split = replace(split, **parts)
    network, rng = Network([Dense(100), ReLU(), Dense(10)], (28, 28, 1)), np.random.default_rng(0)
    *_, log = train.epochs(network, network.init(rng), split, Momentum(0.1), count=40, l2=1e-3, rng=rng,
                           schedule=lambda lr, epoch: exponential_decay(lr, epoch, 0.08), log_every=3600,
                           augment=partial(data.augment, shift=0))  # fmt: skip
    assert log.step == 3600 and log.val_accuracy > 0.87
    assert train.evaluate(network, log.params, split.X_test, split.y_test) >= 0.86


def test_a_log_tells_the_numbers_of_its_moment(params):
    stepwise = [*run(params, count=9, rule=Momentum(0.1))]
    history = [*logs(params, rule=Momentum(0.1))]
    assert [(log.epoch, log.step) for log in history] == [(1, 3), (2, 6), (3, 9)]
    for log in history:
        last = stepwise[log.step - 1]
        before = stepwise[log.step - 2].params
        assert log.loss == pytest.approx(np.mean([step.loss for step in stepwise[log.step - 3:log.step]]))
        scores = np.maximum(0, SPLIT.X_val @ last.params["dense1.W"] + last.params["dense1.b"])
        scores = scores @ last.params["dense2.W"] + last.params["dense2.b"]
        assert log.val_accuracy == (scores.argmax(axis=1) == SPLIT.y_val).mean()
        assert log.train_accuracy == train.evaluate(NET, log.params, SPLIT.X_train[:30], SPLIT.y_train[:30])
        assert log.ratios == {key: update_ratio(before[key], last.params[key]) for key in params}
        assert log.rate == 0.1 and log.stopped == "" and log.seconds > 0
    assert [row[:2] for row in history[-1].state.rows] == [(1, 3), (2, 6), (3, 9)]
    assert history[-1].state.rows[1][3:] == (history[1].train_accuracy, history[1].val_accuracy, 0.1)
    with pytest.raises(AttributeError):
        log.loss = 0


def test_logs_every_so_many_steps_and_at_the_end(params):
    assert [log.step for log in logs(params, log_every=4)] == [4, 8, 9]


def test_no_epochs_give_the_initial_model(params):
    [log] = logs(params, count=0)
    assert (log.step, log.epoch, log.state.step) == (0, 0, 0) and log.loss == pytest.approx(next(run(params)).loss)
    for key in params:
        assert_array_equal(log.params[key], params[key])
    *_, resumed = logs(None, resume=log.state, rng=None)
    *_, direct = logs(params)
    assert_array_equal(resumed.params["dense1.W"], direct.params["dense1.W"])


def test_batch_norm_is_measured_anew_before_each_look():
    network = Network([BatchNorm(), Dense(8), BatchNorm(), ReLU(), Dense(3)], 2)
    split = replace(SPLIT, X_train=SPLIT.X_train + 5, X_val=SPLIT.X_val + 5)
    start = network.init(np.random.default_rng(0), np.float64)
    for log in train.epochs(network, start, split, Adam(0.03), count=40, batch=30, rng=np.random.default_rng(0)):
        assert_allclose(log.params["bn1.mean"], split.X_train.mean(axis=0))
        one_by_one = train.evaluate(network, log.params, split.X_val, split.y_val, batch=1)
        assert one_by_one == log.val_accuracy
    assert log.val_accuracy > 0.5 and not start["bn1.mean"].any()


def test_evaluate_takes_other_measures_and_empty_parts(params):
    assert np.isnan(train.evaluate(NET, params, SPLIT.X_val[:0], SPLIT.y_val[:0]))
    assert train.evaluate(NET, params, SPLIT.X_val, SPLIT.y_val, measure=lambda scores, y: len(scores)) == 30
    assert np.isnan(next(logs(params, count=1, measure=None)).val_accuracy)
    assert np.isnan(train.evaluate(NET, {**params, "dense2.b": np.full(3, np.inf)}, SPLIT.X_val, SPLIT.y_val))


def test_images_of_bytes_train_as_floats_do():
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (40, 3, 3, 1), dtype=np.uint8), rng.integers(0, 3, 40)
    network = Network([Dense(3)], (3, 3, 1))
    start = network.init(rng)
    ends = [[*train.steps(network, start, images, y, SGD(1e-5), count=4, batch=20, rng=np.random.default_rng(1))][-1]
            for images in (X, X.astype(np.float32))]
    assert_array_equal(ends[0].params["dense1.W"], ends[1].params["dense1.W"])
