"""Ensembles, running averages and soft targets against loops, SciPy and worked numbers."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from cs231n_helpers import data, ensemble, gradients, layers, losses, metrics, network, optim, train

NET = network.Network([layers.Dense(6), layers.ReLU(), layers.Dense(3)], (4,))
NORMED = network.Network([layers.Dense(6), layers.BatchNorm(), layers.ReLU(), layers.Dense(3)], (4,))


def params_of(seed, net=NET):
    params = net.init(np.random.default_rng(seed), np.float64)
    for array in params.values():
        array.setflags(write=False)
    return params


@pytest.fixture
def X(rng):
    X = rng.standard_normal((40, 4))
    X.setflags(write=False)
    return X


def y_of(X):
    return (X[:, 0] > 0) + (X[:, 1] > 0).astype(int)


def run_of(X, count=30, net=NET, **settings):
    return train.steps(net, params_of(0, net), X, y_of(X), optim.Momentum(0.05), batch=8, count=count,
                       rng=np.random.default_rng(1), **settings)  # fmt: skip


# --- averaging predictions --------------------------------------------------------------------------------------------


def test_predictions_are_averaged_as_probabilities(X):
    members = [params_of(seed) for seed in range(3)]
    got = ensemble.average_predictions(NET, members, X, batch=7)
    for i in range(len(X)):
        each = [softmax(NET.forward(params, X[i:i + 1])[0][0]) for params in members]
        for j in range(3):
            assert got[i, j] == pytest.approx(sum(p[j] for p in each) / 3, abs=1e-12)
    np.testing.assert_allclose(got.sum(axis=1), 1)


def test_networks_of_different_sizes_and_a_single_member(X):
    wide = network.Network([layers.Dense(9), layers.Tanh(), layers.Dense(3)], (4,))
    pair = ensemble.average_predictions([NET, wide], [params_of(0), params_of(1, wide)], X)
    alone = [softmax(net.predict(params, X), axis=1)
             for net, params in ((NET, params_of(0)), (wide, params_of(1, wide)))]  # fmt: skip
    np.testing.assert_allclose(pair, np.mean(alone, axis=0))
    np.testing.assert_allclose(ensemble.average_predictions(NET, params_of(0), X), alone[0])


def test_a_loud_member_does_not_outvote_the_others():
    """One member with scores of 10, two with scores of 3 against it: the mean of scores goes with the loud one."""
    one = network.Network([layers.Dense(2)], (1,))
    members = [{"dense1.W": np.zeros((1, 2)), "dense1.b": np.array(b)} for b in ([10.0, 0.0], [0.0, 3.0], [0.0, 3.0])]
    X = np.zeros((1, 1))
    assert np.mean([one.predict(params, X) for params in members], axis=0).argmax() == 0
    mean = ensemble.average_predictions(one, members, X)
    assert mean.argmax() == 1
    assert mean[0, 0] == pytest.approx((1 / (1 + math.exp(-10)) + 2 / (1 + math.exp(3))) / 3)


@pytest.mark.parametrize(("networks", "members", "words"), [
    (NET, [], "members is empty"), ([NET], [params_of(0)] * 2, "1 networks for 2 members")])  # fmt: skip
def test_no_members_or_too_few_networks(networks, members, words, X):
    with pytest.raises(ValueError, match=f"average_predictions: .*{words}"):
        ensemble.average_predictions(networks, members, X)


def test_the_best_trials():
    trials = [("a", 0.3), ("b", math.nan), ("c", 0.9), ("d", 0.3), ("e", -math.inf)]
    assert [name for name, _ in ensemble.top(trials, 5)] == ["c", "a", "d", "b", "e"]
    assert ensemble.top(iter(trials), 1) == [("c", 0.9)]
    for count in (0, 6):
        with pytest.raises(ValueError, match="top: count must"):
            ensemble.top(trials, count)


# --- averaging weights ------------------------------------------------------------------------------------------------


def test_averaged_weights_are_one_model():
    members = [params_of(seed) for seed in range(4)]
    average = ensemble.average_weights(members)
    assert average.keys() == members[0].keys()
    for key, array in average.items():
        for place in np.ndindex(array.shape):
            assert array[place] == pytest.approx(sum(params[key][place] for params in members) / 4, abs=1e-14)
    narrow = ensemble.average_weights([{k: w.astype(np.float32) for k, w in params.items()} for params in members])
    assert all(array.dtype == np.float32 for array in narrow.values())


def test_averaged_weights_do_not_say_what_the_averaged_members_say(X):
    members = [params_of(seed) for seed in range(2)]
    melted = softmax(NET.predict(ensemble.average_weights(members), X), axis=1)
    assert np.abs(melted - ensemble.average_predictions(NET, members, X)).max() > 0.05


def test_weights_of_other_networks_are_refused():
    other = network.Network([layers.Dense(5), layers.ReLU(), layers.Dense(3)], (4,))
    with pytest.raises(ValueError, match="average_weights: member 1 has other arrays"):
        ensemble.average_weights([params_of(0), params_of(0, other)])
    with pytest.raises(ValueError, match="average_weights: members is empty"):
        ensemble.average_weights([])


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.9, 0.999])
def test_a_running_average_is_the_weighted_mean_of_all_moments(keep, X):
    every = [step.params for step in run_of(X)]
    averages = list(ensemble.polyak(run_of(X), keep))
    assert [average.step.step for average in averages] == list(range(1, 31))
    for t in (1, 2, 7, 30):
        shares = np.array([keep ** (t - i) for i in range(1, t + 1)])
        for key, got in averages[t - 1].params.items():
            wanted = sum(share * params[key] for share, params in zip(shares / shares.sum(), every, strict=False))
            np.testing.assert_allclose(got, wanted, atol=1e-12)
    for average, params in zip(averages, every, strict=True):       # the run itself is left alone
        assert all(np.array_equal(average.step.params[key], params[key]) for key in params)


def test_what_was_averaged_before_does_not_change(X):
    run = ensemble.polyak(run_of(X), 0.9)
    first = next(run)
    before = {key: array.copy() for key, array in first.params.items()}
    for _ in run:
        pass
    assert all(np.array_equal(first.params[key], before[key]) for key in before)


def test_a_running_average_of_logs_in_float32(X):
    split = data.load("blobs")
    net = network.Network([layers.Dense(5), layers.ReLU(), layers.Dense(int(split.y_train.max()) + 1)], (2,))
    logs = train.epochs(net, net.init(np.random.default_rng(0)), split, optim.SGD(0.1), count=3,
                        rng=np.random.default_rng(0))  # fmt: skip
    averages = list(ensemble.polyak(logs, 0.5))
    assert len(averages) == 3 and averages[-1].step.epoch == 3
    assert all(array.dtype == np.float32 for array in averages[-1].params.values())


@pytest.mark.parametrize(("keep", "words"), [(1.0, "0 <= keep < 1, got 1.0"), (1, "remembers about 100 steps"),
                                             (-0.1, "keep"), (math.nan, "finite")])  # fmt: skip
def test_a_keep_out_of_range_is_refused_at_once(keep, words):
    with pytest.raises(ValueError, match=words):
        ensemble.polyak(iter(()), keep)


def test_batch_norm_needs_new_statistics_after_averaging(X):
    *_, last = ensemble.polyak(run_of(X, net=NORMED), 0.9)
    renewed = network.renew_statistics(NORMED, last.params, X)
    hidden = X @ last.params["dense1.W"] + last.params["dense1.b"]
    np.testing.assert_allclose(renewed["bn1.mean"], hidden.mean(axis=0))
    np.testing.assert_allclose(renewed["bn1.var"], hidden.var(axis=0))
    assert np.abs(renewed["bn1.var"] / last.params["bn1.var"] - 1).max() > 0.05


# --- soft targets -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("T", [0.05, 0.5, 1, 2.5, 20, 1000])
def test_soft_targets_of_one_teacher_are_its_softened_scores(T, rng):
    scores = 3 * rng.standard_normal((50, 7))
    got = ensemble.distill(softmax(scores, axis=1), T)
    np.testing.assert_allclose(got, softmax(scores / T, axis=1), rtol=1e-9, atol=1e-12)


def test_soft_targets_by_hand_and_at_the_ends():
    p = np.array([[0.64, 0.36, 0.0]])
    np.testing.assert_allclose(ensemble.distill(p, 2), [[0.8 / 1.4, 0.6 / 1.4, 0]])     # roots
    np.testing.assert_allclose(ensemble.distill(p, 1), p)
    np.testing.assert_allclose(ensemble.distill(p, 1e-3), [[1, 0, 0]], atol=1e-12)
    narrow = ensemble.distill(p.astype(np.float32), 0.01)
    assert narrow.dtype == np.float32 and narrow[0, 0] == 1


@pytest.mark.parametrize(("p", "T", "words"), [
    ([[2.0, -1.0]], 1, "row 0 holds -1"), ([[0.5, 0.5], [0.5, 0.4]], 1, "row 1 adds up to 0.9.*losses.probabilities"),
    ([[0.5, 0.5]], 0, "temperature must be greater than 0"), ([[0.5, 0.5]], -1, "temperature")])  # fmt: skip
def test_what_cannot_be_softened(p, T, words):
    with pytest.raises(ValueError, match=f"distill: .*{words}"):
        ensemble.distill(p, T)


def test_accuracy_takes_soft_targets(rng):
    scores, q = rng.standard_normal((30, 4)), rng.dirichlet(np.ones(4), 30)
    right = sum(int(list(s).index(max(s)) == list(t).index(max(t))) for s, t in zip(scores, q, strict=True)) / 30
    assert metrics.accuracy(scores, q) == pytest.approx(right)
    with pytest.raises(ValueError, match="accuracy: y must hold probabilities"):
        metrics.accuracy(scores, 3 * q)


@pytest.mark.parametrize("T", [1.0, 4.0])
def test_a_student_learns_from_soft_targets_in_steps_and_epochs(T, X):
    """Without any label, the student comes to agree with its teacher."""
    teacher = softmax(4 * X @ np.random.default_rng(3).standard_normal((4, 3)), axis=1)
    q = ensemble.distill(teacher, T)

    def loss(scores, q):
        return losses.soft_softmax(scores, q, T)

    *_, step = train.steps(NET, params_of(1), X, q, optim.Momentum(0.2), batch=20, count=300, loss=loss,
                           rng=np.random.default_rng(0))  # fmt: skip
    agreement = metrics.accuracy(NET.predict(step.params, X), teacher.argmax(axis=1))
    assert agreement > 0.9
    split = data.load("blobs")
    split = replace(split, X_train=X, y_train=q, X_val=X[:10], y_val=teacher[:10].argmax(axis=1))
    *_, log = train.epochs(NET, params_of(1), split, optim.Momentum(0.2), batch=20, count=150, loss=loss,
                           rng=np.random.default_rng(0))  # fmt: skip
    assert log.val_accuracy >= 0.8 and all(np.allclose(log.params[key], step.params[key]) for key in step.params)


def test_the_gradient_of_a_student_is_that_of_finite_differences(X):
    q = ensemble.distill(softmax(3 * X[:, :3], axis=1), 2.0)
    for T in (1.0, 2.0, 5.0):
        report = gradients.check(losses.soft_softmax, NET.predict(params_of(2), X), q, temperature=T)
        assert report["passed"], report["verdict"]
