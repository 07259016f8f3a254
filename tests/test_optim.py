"""Update rules against values worked by hand, against PyTorch's, and against their formulas number by number."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cs231n_helpers import optim
from cs231n_helpers.optim import (
    SGD,
    Adagrad,
    Adam,
    Momentum,
    Nesterov,
    RMSprop,
    exponential_decay,
    init_all,
    inverse_decay,
    landscapes,
    look_ahead_step,
    step_decay,
    update_all,
    update_ratio,
)

RULES = [SGD(0.05), Momentum(0.05), Nesterov(0.05), Adagrad(0.05), RMSprop(0.05), Adam(0.05)]


def test_sgd_takes_three_steps_by_hand():
    w, state = np.array([1.0, -2.0]), SGD(0.1).init(np.zeros(2))
    for dw, expected in [([1, 0], [0.9, -2]), ([-2, 10], [1.1, -3]), ([0.5, -1], [1.05, -2.9])]:
        w, state = SGD(0.1).update(w, np.array(dw, float), state)
        assert_allclose(w, expected, rtol=1e-12)


@pytest.mark.parametrize(("rule", "expected"), [
    # w = 1; gradients 1, 2, -1; lr = 0.1
    (SGD(0.1), [0.9, 0.7, 0.8]),
    (Momentum(0.1, mu=0.5), [0.9, 0.65, 0.625]),  # v: -0.1, -0.25, -0.025
    (Nesterov(0.1, mu=0.5), [0.85, 0.525, 0.6125]),  # w + mu v - lr dw: -0.05 - 0.1, -0.125 - 0.2, -0.0125 + 0.1
    (Adagrad(0.1, eps=0), [0.9, 0.9 - 0.2 / math.sqrt(5), 0.9 - 0.2 / math.sqrt(5) + 0.1 / math.sqrt(6)]),
    (RMSprop(0.1, decay=0.5, eps=0), [1 - 0.1 / math.sqrt(0.5), 1 - 0.1 / math.sqrt(0.5) - 0.2 / 1.5,
                                      1 - 0.1 / math.sqrt(0.5) - 0.2 / 1.5 + 0.1 / math.sqrt(1.625)]),
    # m: 0.5, 1.25, 0.125, corrected by 0.5, 0.75, 0.875; v: 0.5, 2.25, 1.625, corrected likewise
    (Adam(0.1, beta1=0.5, beta2=0.5, eps=0), [0.9, 0.9 - 0.1 * (1.25 / 0.75) / math.sqrt(3),
     0.9 - 0.1 * (1.25 / 0.75) / math.sqrt(3) - 0.1 * (0.125 / 0.875) / math.sqrt(1.625 / 0.875)]),
], ids=lambda value: type(value).__name__)  # fmt: skip
def test_three_steps_by_hand(rule, expected):
    w = np.array([1.0])
    state = rule.init(w)
    for dw, wanted in zip([1.0, 2.0, -1.0], expected):
        w, state = rule.update(w, np.array([dw]), state)
        assert_allclose(w, [wanted], rtol=1e-13)


@pytest.mark.parametrize(("rule", "expected"), [  # computed with torch.optim 2.13, float64
    (SGD(0.05), [0.3263196672028931, 0.3085580795418912, 0.32335940259272616]),
    (Momentum(0.05), [0.324221982830784, 0.33917585216218005, 0.3267142943860167]),
    (Nesterov(0.05), [0.34881069329267184, 0.3499979119824939, 0.3490085630743088]),
    (Adagrad(0.05), [0.46564753059248476, -1.1444314319965951, 0.32420378112704534]),
    (RMSprop(0.05), [0.36832423549684845, 0.357534484370618, 0.369243348916403]),
    (Adam(0.05), [0.30343120504181487, 0.3249731259024946, 0.3074565686392887]),
], ids=lambda value: type(value).__name__)  # fmt: skip
def test_a_hundred_steps_as_in_pytorch(rule, expected):
    w = np.array([1.0, -2.0, 0.5])
    state = rule.init(w)
    for t in range(100):
        w, state = rule.update(w, w - 0.3 + 0.5 * math.cos(t), state)
    assert_allclose(w, expected, rtol=1e-12)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_an_update_makes_new_arrays_and_keeps_their_type(rule, rng):
    w, dw = rng.standard_normal((2, 30, 20)).astype(np.float32)
    state = rule.init(w)
    for _ in range(3):
        copies = [w.copy(), dw.copy(), *(np.copy(part) for part in state)]
        for array in (w, dw, *(part for part in state if isinstance(part, np.ndarray))):
            array.setflags(write=False)
        new, new_state = rule.update(w, dw, state)
        assert new.dtype == np.float32 and new.shape == w.shape and type(new_state) is tuple
        arrays = [part for part in new_state if isinstance(part, np.ndarray)]
        assert all(part.dtype == np.float32 for part in arrays)
        assert not any(np.shares_memory(a, b) for a in (new, *arrays) for b in (w, dw, *(np.asarray(s) for s in state)))
        for before, after in zip(copies, (w, dw, *state)):
            assert (before == after).all()
        w, state = new, new_state


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_every_rule_rolls_into_a_valley(rule):
    w, start = np.array([3.0, -2.0]), 3.0
    state = rule.init(w)
    for _ in range(400):
        w, state = rule.update(w, np.array([1.0, 4.0]) * w, state)
    assert abs(w).max() < (1.5 if isinstance(rule, Adagrad) else 0.1) < start


@pytest.mark.parametrize("rule", [Adagrad(0.1, eps=0), RMSprop(0.1, eps=0), Adam(0.1, eps=0)],
                         ids=lambda rule: type(rule).__name__)  # fmt: skip
def test_no_gradient_means_no_step_even_without_eps(rule):
    w = np.array([1.0, 2.0])
    new, _ = rule.update(w, np.array([0.0, 5.0]), rule.init(w))
    assert new[0] == 1 and new[1] < 2 and np.isfinite(new).all()


def test_adams_first_step_has_the_length_lr_whatever_the_gradient():
    w = np.zeros(4)
    new, state = Adam(0.01).update(w, np.array([1e-3, 1.0, -50.0, 1e4]), Adam(0.01).init(w))
    assert_allclose(new, [-0.01, -0.01, 0.01, -0.01], rtol=1e-4)
    assert state[2] == 1


def test_adam_without_its_correction_by_hand():
    # one weight, gradients 1, 2, -1; beta 0.5 and 0.5; m: 0.5, 1.25, 0.125; v: 0.5, 2.25, 1.625, none of them corrected
    rule, w = Adam(0.1, beta1=0.5, beta2=0.5, eps=0, correct=False), np.array([1.0])
    state, expected = rule.init(w), 1.0
    for dw, m, v in [(1.0, 0.5, 0.5), (2.0, 1.25, 2.25), (-1.0, 0.125, 1.625)]:
        w, state = rule.update(w, np.array([dw]), state)
        expected -= 0.1 * m / math.sqrt(v)
        assert_allclose(w, [expected], rtol=1e-13)


@pytest.mark.parametrize("slope", [1e-3, 3.0, -50.0])
def test_without_correction_the_first_steps_are_up_to_six_and_a_half_times_too_long(slope):
    def lengths(rule):
        w, state, places = np.zeros(1), rule.init(np.zeros(1)), [0.0]
        for _ in range(10):
            w, state = rule.update(w, np.array([slope]), state)
            places.append(w[0])
        return np.abs(np.diff(places)) / rule.lr

    assert_allclose(lengths(Adam(0.01, eps=0)), 1, rtol=1e-12)
    short = lengths(Adam(0.01, eps=0, correct=False))
    assert_allclose(short[[0, 9]], [0.1 / math.sqrt(0.001), (1 - 0.9**10) / math.sqrt(1 - 0.999**10)], rtol=1e-9)
    assert_allclose(short[[0, 9]], [3.16, 6.53], atol=5e-3)


@pytest.mark.parametrize("land", [landscapes.Quadratic(1, 10), landscapes.Wells(), landscapes.Dip()], ids=repr)
@pytest.mark.parametrize(("lr", "mu"), [(0.02, 0.9), (0.1, 0.5), (0.05, 0.0)])
def test_the_two_forms_of_nesterov_are_the_same(land, lr, mu):
    w, v, rule = np.array([-1.7, 1.5]), np.zeros(2), Nesterov(lr, mu)
    renamed, state = w, rule.init(w)
    for _ in range(100):
        assert_allclose(renamed, w + mu * v, rtol=0, atol=1e-12)
        w, v = look_ahead_step(w, v, land.gradient, lr, mu)
        renamed, state = rule.update(renamed, land.gradient(renamed), state)
        assert_allclose(state[0], v, rtol=0, atol=1e-12)


def test_looking_ahead_by_hand():
    # f = w^2, slope 2 w; lr 0.1, mu 0.5, from 1 at rest: ahead 1, v -0.2; ahead 0.7, v -0.24; ahead 0.44, v -0.208
    w, v = np.array([1.0]), np.zeros(1)
    for expected, velocity in [(0.8, -0.2), (0.56, -0.24), (0.352, -0.208)]:
        w, v = look_ahead_step(w, v, lambda w: 2 * w, lr=0.1, mu=0.5)
        assert_allclose([w[0], v[0]], [expected, velocity], rtol=1e-12)


def test_all_arrays_of_a_network_and_frozen_ones():
    params = {"dense1.W": np.ones((2, 2)), "dense1.b": np.zeros(2), "bn1.mean": np.ones(2)}
    state = init_all(Momentum(0.1), params, ["dense1.W"])
    grads = {name: np.full_like(array, 2) for name, array in params.items()}
    new, new_state = update_all(Momentum(0.1), params, grads, state)
    assert_allclose(new["dense1.W"], 0.8)
    assert new["dense1.b"] is params["dense1.b"] and new["bn1.mean"] is params["bn1.mean"]
    assert list(new) == list(params) and list(new_state) == ["dense1.W"] and (params["dense1.W"] == 1).all()
    assert list(init_all(SGD(1.0), params)) == list(params)
    with pytest.raises(ValueError, match=r"update_all: 'dense1.W' has a state but no gradient"):
        update_all(Momentum(0.1), params, {}, state)


def test_the_three_decays():
    assert [step_decay(0.1, step, factor=0.5, every=5) for step in (0, 4.9, 5, 12)] == [0.1, 0.1, 0.05, 0.025]
    assert_allclose([exponential_decay(0.1, step, rate=0.1) for step in (0, 10)], [0.1, 0.1 / math.e])
    assert_allclose([inverse_decay(0.1, step, rate=0.1) for step in (0, 10, 30)], [0.1, 0.05, 0.025])


def test_update_ratio():
    assert update_ratio(np.array([3.0, 4.0]), np.array([3.0, 4.005])) == pytest.approx(1e-3)
    assert update_ratio(np.zeros(2), np.ones(2)) == math.inf and update_ratio(np.zeros(2), np.zeros(2)) == 0
    assert update_ratio(np.full((2, 2), 1.0), np.full((2, 2), 1.0)) == 0


@pytest.mark.parametrize("rule", [type(rule) for rule in RULES], ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("lr", [0, -1, np.nan, np.inf])
def test_a_learning_rate_out_of_range_is_refused(rule, lr):
    with pytest.raises(ValueError, match=f"{rule.__name__}: lr must be"):
        rule(lr)


@pytest.mark.parametrize(("make", "error", "words"), [
    (lambda: SGD("fast"), TypeError, "SGD: lr must be a number"),
    (lambda: Momentum(0.1, mu=1), ValueError, "Momentum: mu must lie in 0 <= mu < 1, got 1"),
    (lambda: Nesterov(0.1, mu=-0.1), ValueError, "Nesterov: mu must be at least 0"),
    (lambda: RMSprop(0.1, decay=1.5), ValueError, "RMSprop: decay must lie"),
    (lambda: Adam(0.1, beta2=1), ValueError, "Adam: beta2 must lie"),
    (lambda: Adagrad(0.1, eps=-1), ValueError, "Adagrad: eps must be at least 0"),
    (lambda: step_decay(0.1, -1), ValueError, "step_decay: step must be at least 0"),
    (lambda: step_decay(0.1, 1, every=0), ValueError, "step_decay: every must be greater than 0"),
    (lambda: inverse_decay(0, 1, rate=1), ValueError, "inverse_decay: lr must be greater than 0"),
    (lambda: exponential_decay(0.1, 1, rate=np.nan), ValueError, "exponential_decay: rate must be finite"),
])  # fmt: skip
def test_other_settings_out_of_range_are_refused(make, error, words):
    with pytest.raises(error, match=words):
        make()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_other_mistakes_are_named(rule):
    w = np.zeros((2, 3))
    with pytest.raises(ValueError, match=r"update: dw must have the shape of w, \(2, 3\), got \(3, 2\)"):
        rule.update(w, np.zeros((3, 2)), rule.init(w))
    with pytest.raises(AttributeError):
        rule.lr = 1


def test_everything_public_is_tested_here():
    assert {type(rule).__name__ for rule in RULES} <= set(optim.__all__) and len(optim.__all__) == 18
