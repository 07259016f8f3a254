"""The race: each runner goes the way of its rule's own `update`, and who runs away is cut off."""

import numpy as np
import pytest

from cs231n_helpers.optim import SGD, Adagrad, Adam, Momentum, Nesterov, RMSprop, race
from cs231n_helpers.optim.landscapes import Dip, Quadratic, Wells

RULES = [SGD(0.05), Momentum(0.03, 0.8), Nesterov(0.02), Adagrad(0.1), RMSprop(0.02, 0.9), Adam(0.05),
         Adam(0.05, 0.8, 0.95, 1e-3, correct=False), Adam(0.1, eps=0), Adagrad(0.2, eps=0)]
START = np.array([-1.2, 1.4])


@pytest.mark.parametrize("land", [Quadratic(1, 10, 30), Wells(), Dip()], ids=repr)
@pytest.mark.parametrize("noisy", [False, True])
def test_all_runners_go_the_ways_of_their_rules(land, noisy, rng):
    noise = rng.standard_normal((100, 2)) if noisy else None
    found = race(RULES, land.gradient, START, 100, noise)
    assert found.paths.shape == (len(RULES), 101, 2) and found.rates.shape == (len(RULES), 100, 2)
    for rule, path in zip(RULES, found.paths, strict=True):
        w, state = START, rule.init(START)
        for t in range(100):
            dw = land.gradient(w) + (noise[t] if noisy else 0)
            w, state = rule.update(w, dw, state)
            np.testing.assert_allclose(path[t + 1], w, rtol=0, atol=1e-12)


def test_the_rates_are_what_multiplies_the_gradient():
    paths, rates = race(RULES, Quadratic(1, 10).gradient, START, 60)
    for i, rule in enumerate(RULES):
        g = paths[i, :-1] * [1, 10]
        if isinstance(rule, Adagrad):
            expected = rule.lr / (np.sqrt(np.cumsum(g * g, axis=0)) + rule.eps)
        elif isinstance(rule, (RMSprop, Adam)):
            keep, cache, expected = rule.decay if isinstance(rule, RMSprop) else rule.beta2, 0, []
            for t, one in enumerate(g, start=1):
                cache = keep * cache + (1 - keep) * one * one
                short = 1 - keep**t if isinstance(rule, Adam) and rule.correct else 1
                expected.append(rule.lr / (np.sqrt(cache / short) + rule.eps))
        else:
            expected = np.full((60, 2), rule.lr)
        np.testing.assert_allclose(rates[i], expected, rtol=1e-9)


def test_who_runs_away_is_cut_off_for_good_and_disturbs_nobody():
    together = race([SGD(10.0), SGD(0.05)], Quadratic(1, 10).gradient, START, 400, reach=5)
    gone = np.isnan(together.paths[0]).any(axis=1)
    assert gone[1:].all() and not gone[0]
    alone = race([SGD(0.05)], Quadratic(1, 10).gradient, START, 400)
    np.testing.assert_array_equal(together.paths[1], alone.paths[0])


def test_a_rule_that_it_does_not_know_is_refused():
    with pytest.raises(TypeError, match="none of the rules of optim"):
        race(["SGD"], Dip().gradient, START, 3)
