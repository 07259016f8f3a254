"""Freezing, rates by depth, new heads, fine-tuning: against plain training, and by counting what is computed."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cs231n_helpers import data, losses, ops, optim, train, transfer
from cs231n_helpers.layers import (
    BatchNorm,
    Block,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool,
    MaxPool,
    Parallel,
    ReLU,
    Residual,
)
from cs231n_helpers.network import Network, renew_statistics

NET = Network([Conv(4, 3, pad=1), BatchNorm(), ReLU(), MaxPool(2), Dropout(0.8), Conv(6, 3, pad=1), BatchNorm(), ReLU(),
               GlobalAvgPool(), Dense(3)], (8, 8, 3))  # fmt: skip
DEEP = Network([Conv(4, 3, stride=2, pad=1, fit="floor"), ReLU(),
                Block([Conv(2, 1), ReLU(), Parallel([[Conv(3, 1), ReLU()], [Conv(3, 3, pad=1), BatchNorm(), ReLU()]])],
                      kind="fire"),
                Block(Residual([Conv(6, 1, bias=False), BatchNorm()]), kind="inverted"),
                Block([Dropout(0.9), Conv(5, 1), ReLU(), GlobalAvgPool()], kind="head")], (8, 8, 3))  # fmt: skip


@pytest.fixture
def images(rng):
    X, y = rng.random((24, 8, 8, 3)).astype(np.float32), np.arange(24) % 3
    X[np.arange(24), y] += 1                                        # a bright row says the class
    return X / 2, y


def split_of(X, y):
    return data.split.make_split("made up", ("a", "b", "c"), dict.fromkeys(("train", "val", "test"), (X, y)))


def moved(network, params, X, y, **settings):
    """The names of the arrays that three steps change, and the last step."""
    rng = np.random.default_rng(1)
    *_, step = train.steps(network, params, X, y, optim.Momentum(0.1), count=3, rng=rng, batch=8, **settings)
    return {name for name in params if not np.array_equal(params[name], step.params[name])}, step


# --- units and names --------------------------------------------------------------------------------------------------


def test_units_are_layers_with_weights_and_their_normalisation_or_blocks():
    assert transfer.units(NET) == [("conv1", "bn1"), ("conv2", "bn2"), ("dense1",)]
    assert transfer.units(DEEP) == [("conv1",), ("fire1",), ("inverted1",), ("head1",)]
    assert transfer.units(Network([BatchNorm(), Dense(2)], (3,))) == [("bn1",), ("dense1",)]


@pytest.mark.parametrize(("upto", "names"), [
    ("conv1", {"conv1.W", "conv1.b"}),
    ("pool1", {"conv1.W", "conv1.b", "bn1.gamma", "bn1.beta", "bn1.mean", "bn1.var"}),
    (1, {"conv1.W", "conv1.b", "bn1.gamma", "bn1.beta", "bn1.mean", "bn1.var"}),
    (-2, {"conv1.W", "conv1.b", "bn1.gamma", "bn1.beta", "bn1.mean", "bn1.var"}),
    (0, set()), (3, set(NET.shapes())), (-1, {n for n in NET.shapes() if not n.startswith("dense")}),
])  # fmt: skip
def test_what_is_frozen(rng, upto, names):
    params = NET.init(rng)
    assert set(transfer.freeze(NET, params, upto)) == names
    statistics = {"bn1.mean", "bn1.var", "bn2.mean", "bn2.var"}
    assert set(transfer.freeze(NET, params, upto, stored=True)) == names | statistics


@pytest.mark.parametrize("upto", ["conv7", 4, -4, 1.5])
def test_a_layer_or_depth_that_is_not_there_is_refused(rng, upto):
    with pytest.raises((ValueError, TypeError), match="upto"):
        transfer.freeze(NET, NET.init(rng), upto)


def test_rates_by_depth_and_by_name():
    by_depth = transfer.rates(NET, 0.5)
    assert by_depth == {"conv1.W": 0.25, "conv1.b": 0.25, "bn1.gamma": 0.25, "bn1.beta": 0.25, "conv2.W": 0.5,
                        "conv2.b": 0.5, "bn2.gamma": 0.5, "bn2.beta": 0.5, "dense1.W": 1, "dense1.b": 1}  # fmt: skip
    by_name = transfer.rates(DEEP, {"fire1": 0.1, "conv1.b": 3, "head1.conv1": 2})
    assert {name for name, factor in by_name.items() if factor == 0.1} == {n for n in by_name if n.startswith("fire1.")}
    assert (by_name["conv1.b"], by_name["conv1.W"], by_name["head1.conv1.W"]) == (3, 1, 2)
    with pytest.raises(ValueError, match="no layer or array 'fire'"):
        transfer.rates(DEEP, {"fire": 0.1})
    with pytest.raises(ValueError, match="factor"):
        transfer.rates(DEEP, 0)


# --- what freezing does -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("net", [NET, DEEP], ids=["plain", "blocks"])
def test_frozen_arrays_stay_and_all_others_move(rng, images, net):
    X, y = images
    params = net.init(rng)
    for upto in range(len(transfer.units(net))):
        frozen = transfer.freeze(net, params, upto)
        changed, step = moved(net, params, X, y, frozen=frozen)
        assert not changed & set(frozen)
        assert step.state.memory.keys() == set(net.trainable()) - set(frozen) == step.grads.keys()
        assert {name for name in step.state.memory if name.endswith(".W")} <= changed


@pytest.mark.parametrize("names", [(), ("conv2.W",), ("conv1.W", "bn2.gamma"), ("bn1.mean", "bn1.var"),
                                   ("conv1.W", "conv1.b", "bn1.gamma", "bn1.beta", "bn1.mean", "bn1.var"),
                                   ("conv1.W", "conv1.b", "bn1.gamma", "bn1.beta", "bn2.mean", "bn2.var")])
def test_gradients_of_what_learns_are_those_of_finite_differences(rng, images, names):
    """With dropout's noise drawn alike each time; whatever is frozen, at whichever place."""
    X, y = images
    params = {name: array + 0.1 * rng.random(array.shape) for name, array in NET.init(rng, np.float64).items()}

    def loss(changed):
        scores, back = NET.forward({**params, **changed}, X.astype(float), np.random.default_rng(5), frozen=names)
        value, loss_back = losses.softmax(scores, y)
        return value, lambda: back(loss_back()[0])[0]

    grads = loss({})[1]()
    assert set(grads) == set(NET.trainable()) - set(names)
    for name, grad in grads.items():
        at = tuple(rng.integers(0, n) for n in grad.shape)
        nudge = np.zeros(grad.shape)
        nudge[at] = 1e-6
        slope = (loss({name: params[name] + nudge})[0] - loss({name: params[name] - nudge})[0]) / 2e-6
        assert_allclose(grad[at], slope, rtol=1e-4, atol=1e-8, err_msg=name)


def test_frozen_batch_norms_use_their_stored_statistics(rng, images):
    X, _ = images
    params = NET.init(rng) | {"bn1.mean": np.full(4, 0.3, np.float32), "bn1.var": np.full(4, 2, np.float32)}
    below = transfer.freeze(NET, params, 1)
    head_only = transfer.freeze(NET, params, -1)                    # then all is as in test mode
    assert_allclose(NET.forward(params, X, np.random.default_rng(0), frozen=head_only)[0], NET.predict(params, X),
                    rtol=1e-4, atol=1e-5)
    net = Network([layer for layer in NET.layers if not isinstance(layer, Dropout)], NET.input_shape)
    stored = transfer.freeze(net, params, 0, stored=True)           # all learns, but no image depends on the others
    assert_allclose(net.forward(params, X, np.random.default_rng(0), frozen=stored)[0], net.predict(params, X),
                    rtol=1e-4, atol=1e-5)
    renewed = renew_statistics(NET, params, X, frozen=below)
    assert_array_equal(renewed["bn1.mean"], params["bn1.mean"])
    expected = renew_statistics(Network(NET.layers[5:], (4, 4, 4)), {
        name.replace("conv2", "conv1").replace("bn2", "bn1"): array for name, array in params.items()
        if name.partition(".")[0] in ("conv2", "bn2", "dense1")}, NET.activations(params, X, "pool1")["pool1"])
    assert_allclose(renewed["bn2.var"], expected["bn1.var"], rtol=1e-5)
    all_of_it = renew_statistics(NET, params, X, frozen=transfer.freeze(NET, params, 3))
    assert all(all_of_it[name] is params[name] for name in params)


def test_below_the_lowest_layer_that_learns_no_gradient_is_computed(rng, images, monkeypatch):
    X, y = images
    backs, plain = Counter(), ops.conv2d

    def counted(x, W, b, **settings):
        out, back = plain(x, W, b, **settings)

        def again(dy, input_gradient=True):
            backs[W.shape[-1], input_gradient] += 1
            return back(dy, input_gradient)

        return out, again

    monkeypatch.setattr(Conv, "op", staticmethod(counted))
    params = NET.init(rng)
    for upto, expected in ((0, {(4, False): 3, (6, True): 3}), (1, {(6, False): 3}), ("pool1", {(6, False): 3}),
                           (2, {})):
        backs.clear()
        moved(NET, params, X, y, frozen=transfer.freeze(NET, params, upto))
        assert backs == expected, upto


def test_freezing_what_is_not_there_or_everything_is_refused(rng, images):
    params = NET.init(rng)
    with pytest.raises(ValueError, match="each name in frozen"):
        moved(NET, params, *images, frozen=["conv9.W"])
    with pytest.raises(ValueError, match="nothing to learn"):
        moved(NET, params, *images, frozen=transfer.freeze(NET, params, 3))
    with pytest.raises(ValueError, match="each name in rates"):
        moved(NET, params, *images, rates={"conv9.W": 0.1})
    with pytest.raises(ValueError, match="each factor of rates"):
        moved(NET, params, *images, rates={"conv1.W": 0})


def test_a_run_resumes_with_the_same_frozen_arrays_only(rng, images):
    X, y = images
    params, frozen = NET.init(rng), ("conv1.W",)
    _, step = moved(NET, params, X, y, frozen=frozen)
    whole = [s.loss for s in train.steps(NET, params, X, y, optim.Momentum(0.1), count=6, batch=8, frozen=frozen,
                                         rng=np.random.default_rng(1))]  # fmt: skip
    rest = [s.loss for s in train.steps(NET, {}, X, y, optim.Momentum(0.1), count=6, batch=8, frozen=frozen,
                                        resume=step.state)]  # fmt: skip
    assert rest == whole[3:]
    with pytest.raises(ValueError, match=r"conv1\.W was frozen"):
        next(train.steps(NET, {}, X, y, optim.Momentum(0.1), count=6, batch=8, resume=step.state))


def test_rates_are_factors_on_every_step(rng, images):
    X, y = images
    params, factors = NET.init(rng), {"conv1.W": 0.5, "dense1.b": 3.0}
    runs = [next(train.steps(NET, params, X, y, optim.SGD(0.1), batch=24, rng=np.random.default_rng(2), **how))
            for how in ({}, {"rates": factors})]  # fmt: skip
    for name in NET.trainable():
        step, with_rates = (run.params[name] - params[name] for run in runs)
        assert_allclose(with_rates, factors.get(name, 1) * step, rtol=2e-3, atol=1e-7)


# --- a new head -------------------------------------------------------------------------------------------------------


def test_a_new_head_keeps_all_below(rng):
    params = NET.init(rng)
    net, new = transfer.replace_head(NET, params, 7, rng)
    assert net.layers[:-1] == NET.layers[:-1] and net.out_shapes[-1] == (7,) and new.keys() == net.shapes().keys()
    assert all(new[name] is params[name] for name in new if not name.startswith("dense"))
    assert new["dense1.W"].shape == (6, 7) and new["dense1.W"].dtype == np.float32 and 0 < new["dense1.W"].std() < 0.02
    assert "dense1.W" in params and params["dense1.W"].shape == (6, 3)


def test_a_head_of_convolutions_becomes_mean_and_dense(rng):
    params = DEEP.init(rng)
    net, new = transfer.replace_head(DEEP, params, 2, rng)
    assert net.names == DEEP.names and new["head1.dense1.W"].shape == (6, 2) and "head1.conv1.W" not in new
    flat = Network([Conv(4, 3), ReLU(), Conv(9, 1), GlobalAvgPool()], (8, 8, 3))
    net, new = transfer.replace_head(flat, flat.init(rng), 5, rng)
    assert net.names == ("conv1", "relu1", "gap1", "dense1") and net.out_shapes[-1] == (5,)
    again, _ = transfer.replace_head(net, new, 4, rng)
    assert again.names == net.names and again.out_shapes[-1] == (4,)


def test_a_network_without_a_head_is_refused(rng):
    for layers in ([ReLU()], [Flatten(), BatchNorm()]):
        with pytest.raises(ValueError, match="classes"):
            transfer.replace_head(Network(layers, (4, 4, 3)), {"a": np.zeros(1)}, 2, rng)
    with pytest.raises(ValueError, match="classes must be at least 1"):
        transfer.replace_head(NET, NET.init(rng), 0, rng)


def test_the_linear_head_is_the_minimum(rng):
    """No slope is left, in the space where the penalty holds; and SciPy finds nothing lower."""
    from scipy.optimize import minimize

    y = rng.integers(0, 3, 60)
    F = rng.normal(size=(60, 5)) * [1, 5, 0.1, 1, 1] + y[:, None] * [1, 0, 0.1, 0, 0] + 3
    F[:, 4] = 2                                                     # a feature that never changes
    W, b = transfer.linear_head(F, y, 3, l2=0.01, steps=3000)
    std = np.where(F.std(0) > 0, F.std(0), 1)

    def cost(w):
        V, c = w[:15].reshape(5, 3), w[15:]
        scores = (F - F.mean(0)) / std @ V + c
        return np.log(np.exp(scores).sum(1)).mean() - scores[np.arange(60), y].mean() + 0.005 * (V**2).sum()

    mine = cost(np.concatenate([(W * std[:, None]).ravel(), b + F.mean(0) @ W]))
    assert mine <= minimize(cost, np.zeros(18)).fun + 1e-7
    wide = transfer.linear_head(np.hstack([F, F @ rng.normal(size=(5, 90))]), y, 3)
    assert wide[0].shape == (95, 3) and all(np.isfinite(part).all() for part in wide)


@pytest.mark.parametrize("net", [NET, DEEP], ids=["plain", "blocks"])
def test_a_warm_head_is_the_linear_head_of_the_features(rng, images, net):
    X, y = images
    net, params = transfer.replace_head(net, net.init(rng), 3, rng)
    warm = transfer.warm_head(net, params, X, y, folder=False)
    below = net.names[-2]
    F = transfer.features(net, params, X, below, folder=False)
    W, b = transfer.linear_head(F, y, 3)
    assert_allclose(net.predict(warm, X), F @ W + b, rtol=1e-3, atol=1e-4)
    assert all(warm[name] is params[name] for name in params if "dense" not in name)
    with pytest.raises(ValueError, match="replace_head"):
        transfer.warm_head(DEEP, DEEP.init(rng), X, y, folder=False)


# --- fine-tuning ------------------------------------------------------------------------------------------------------


def test_fine_tuning_is_training_with_a_plan_from_a_warm_head(rng, images):
    X, y = images
    split = split_of(X, y)
    net, params = transfer.replace_head(NET, NET.init(rng), 3, rng)
    how = {"count": 2, "batch": 8}
    tuned = list(transfer.fine_tune(net, params, split, optim.SGD(0.05), rng=np.random.default_rng(3), upto=1,
                                    factor=0.5, folder=False, **how))
    warm = transfer.warm_head(net, params, X, y, folder=False)
    frozen = transfer.freeze(net, params, 1, stored=True)
    plain = list(train.epochs(net, warm, split, optim.SGD(0.05), rng=np.random.default_rng(3), frozen=frozen,
                              rates=transfer.rates(net, 0.5), **how))
    assert [log.loss for log in tuned] == [log.loss for log in plain] and len(tuned) == 2
    assert tuned[0].ratios.keys() == set(net.trainable()) - set(frozen)
    assert all(tuned[-1].params[name] is params[name] for name in frozen)


def test_images_are_fitted_to_the_network(rng):
    grey = rng.integers(0, 256, (3, 4, 4, 1), dtype=np.uint8)
    found = transfer.fitted(NET, grey)
    assert found.shape == (3, 8, 8, 3) and found.dtype == np.float32 and found.max() <= 1
    assert (found[..., 0] == found[..., 2]).all()
    assert transfer.fitted(NET, rng.random((2, 8, 8, 3)), size=6).shape == (2, 6, 6, 3)
    colour = rng.random((2, 8, 8, 3)).astype(np.float32)
    assert_array_equal(transfer.fitted(NET, colour), colour)
    with pytest.raises(ValueError, match="One image"):
        transfer.fitted(NET, colour[0])
    split = transfer.fitted_split(NET, replace(split_of(colour, np.arange(2)), X_train=grey[:2]))
    assert split.X_train.shape == (2, 8, 8, 3) == split.X_val.shape


def test_a_plan_trains_in_a_session(rng, images):
    X, y = images
    net, params = transfer.replace_head(DEEP, DEEP.init(rng), 3, rng)
    plan = transfer.plan(net, params, -2, 0.5)
    session = train.Session(net, split_of(X, y), train.Settings(0.1, epochs=2, batch=8), params=params, **plan)
    while session.advance():
        pass
    assert all(session.params[name] is params[name] for name in plan["frozen"])
    assert session.history.last.ratios.keys() == {"inverted1.residual1.conv1.W", "head1.dense1.W"}
