"""Samplers, the stopping rule and what is read from results: on functions whose best values are known."""

import logging
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from objectives import SPACE, bowl, facts, smooth

from cs231n_helpers import search
from cs231n_helpers.search import Results, Trial, choice, log_uniform, uniform

ROOT = Path(__file__).resolve().parent.parent
SAMPLERS = [search.random(), search.grid(3), search.coarse_to_fine(), search.bayesian()]


def trial(number, score=0.5, state="done", curve=(), **values):
    return Trial(number, values, 0, score, curve, state=state)


# ------------------------------------------------------------------------------------------------------------ seeds
@pytest.mark.parametrize("sampler", SAMPLERS, ids=repr)
def test_a_seed_repeats_a_search_and_another_changes_it(sampler):
    first, again, other = (search.run(bowl, SPACE, sampler=sampler, seed=seed) for seed in (1, 1, 2))
    assert facts(first) == facts(again)
    assert [t.seed for t in first.trials] != [t.seed for t in other.trials]
    assert len({t.seed for t in first.trials + other.trials}) == 2 * first.planned
    assert isinstance(sampler, search.grid) or facts(first) != facts(other)


def test_random_values_depend_on_seed_and_number_alone():
    many = search.run(smooth, SPACE, trials=12, seed=3).trials
    few = search.run(bowl, SPACE, trials=5, seed=3).trials
    assert [t.values for t in many[:5]] == [t.values for t in few]
    assert search.random().propose(SPACE, [7], 3, ()) == [many[7].values]


def test_random_fills_each_range_evenly_and_independently():
    values = search.random().propose(SPACE, range(2000), 0, ())
    x, y = (np.array([v[name] for v in values]) for name in SPACE)
    assert scipy.stats.kstest(x, scipy.stats.loguniform(1e-4, 1).cdf).pvalue > 0.01
    assert scipy.stats.kstest(y, scipy.stats.uniform(-1, 2).cdf).pvalue > 0.01
    assert abs(np.corrcoef(np.log(x), y)[0, 1]) < 0.06
    assert len(set(x)) == 2000


# ------------------------------------------------------------------------------------------------------------- grid
def test_grid_is_every_combination_from_end_to_end():
    results = search.run(smooth, SPACE, sampler=search.grid({"x": 5, "y": 3}))
    assert results.planned == search.grid({"x": 5, "y": 3}).size(SPACE) == len(results.trials) == 15
    expected = {(x, y) for x in (1e-4, 1e-3, 1e-2, 1e-1, 1) for y in (-1, 0, 1)}
    assert {(float(f"{t.values['x']:.6g}"), t.values["y"]) for t in results.trials} == expected
    assert results.best.values["x"] == pytest.approx(0.01)
    space = {"rule": choice("a", "b"), "width": uniform(1, 2, integer=True)}
    assert [tuple(v.values()) for v in search.grid(9).propose(space, range(4), 0, ())] == [
        ("a", 1), ("a", 2), ("b", 1), ("b", 2)]


def test_grid_names_its_size():
    with pytest.raises(ValueError, match=r"grid: trials must be 25, the size of this grid \(5 x 5 points\), got 20"):
        search.run(smooth, SPACE, sampler=search.grid(), trials=20)
    with pytest.raises(ValueError, match="each name in points must be one of 'x', 'y', got 'z'"):
        search.run(smooth, SPACE, sampler=search.grid({"z": 3}))
    with pytest.raises(ValueError, match="points must be at least 1"):
        search.run(smooth, SPACE, sampler=search.grid(0))


# --------------------------------------------------------------------------------------------------- coarse to fine
def test_coarse_to_fine_closes_in_on_what_matters_only():
    results = search.run(bowl, SPACE, sampler=search.coarse_to_fine(stages=3), trials=48, seed=4)
    rounds = [results.trials[start:start + 16] for start in (0, 16, 32)]
    spans = [[np.ptp([SPACE[name].place(t.values[name]) for t in part]) for name in SPACE] for part in rounds]
    assert spans[0][0] > 0.8 and spans[2][0] < 0.3 and all(span[1] > 0.6 for span in spans)
    zoomed = search.coarse_to_fine().zoomed(SPACE, results.trials[:32])
    assert zoomed["x"].low < 0.01 < zoomed["x"].high
    for name in SPACE:
        inside = [zoomed[name].low <= t.values[name] <= zoomed[name].high for t in rounds[2]]
        assert all(inside) and SPACE[name].low <= zoomed[name].low < zoomed[name].high <= SPACE[name].high


def test_coarse_to_fine_by_hand():
    space = {"x": uniform(0, 8), "rule": choice("a", "b")}
    earlier = [trial(n, score=-abs(n - 5), x=float(n), rule="ab"[n % 2]) for n in range(8)]
    assert search.coarse_to_fine(keep=0.4).zoomed(space, earlier) == {"x": uniform(3.0, 7.0), "rule": choice("a", "b")}
    assert search.coarse_to_fine().zoomed(space, earlier[5:6]) == space
    failed = [replace(t, state="failed", score=np.nan) for t in earlier]
    assert search.coarse_to_fine().zoomed(space, failed) == space
    assert search.coarse_to_fine(3).rounds(space, 20) == (7, 7, 6)
    assert search.coarse_to_fine(3).rounds(space, 2) == (1, 1)


# --------------------------------------------------------------------------------------------------------- bayesian
def test_bayesian_finds_more_than_random():
    found = [[search.run(smooth, SPACE, sampler=sampler, trials=40, seed=seed).best.score for seed in range(5)]
             for sampler in (search.bayesian(), search.random())]
    assert np.median(found[0]) > np.median(found[1]) and np.median(found[0]) > -0.05


def test_bayesian_takes_options_whole_numbers_and_failures():
    space = {"x": log_uniform(1e-4, 1), "width": log_uniform(8, 512, integer=True), "rule": choice(int, float, str)}

    def objective(values, seed):
        if values["x"] > 0.1:
            raise ArithmeticError("diverged")
        return (values["rule"] is float) - abs(math.log10(values["x"]) + 3) / 10
    results = search.run(objective, space, sampler=search.bayesian(first=6, each=3), trials=30)
    late = results.trials[15:]
    assert all(type(t.values["width"]) is int and 8 <= t.values["width"] <= 512 for t in results.trials)
    assert np.mean([t.values["rule"] is float for t in late]) > 0.5
    assert np.mean([t.state == "failed" for t in late]) < 0.25          # a quarter of the range fails
    assert search.run(lambda values, seed: np.nan, space, sampler=search.bayesian(2, 2), trials=6).best is None


def test_bayesian_rounds_and_that_a_longer_search_begins_like_a_shorter_one():
    sampler = search.bayesian(first=5, each=3)
    assert [sampler.rounds(SPACE, n) for n in (3, 5, 9, 11)] == [(3,), (5,), (5, 3, 1), (5, 3, 3)]
    long, short = (search.run(smooth, SPACE, sampler=sampler, trials=n) for n in (12, 10))
    assert facts(long)[:10] == facts(short)
    assert [t.values for t in long.trials[:5]] == search.random().propose(SPACE, range(5), 0, ())


def test_optuna_stays_quiet_and_as_it_was(capfd):
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(logging.DEBUG)
    try:
        search.run(smooth, SPACE, sampler=search.bayesian(4, 2), trials=10)
        assert optuna.logging.get_verbosity() == logging.DEBUG
    finally:
        optuna.logging.set_verbosity(before)
    assert capfd.readouterr() == ("", "")


def test_without_optuna_a_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match="pip install optuna"):
        search.run(smooth, SPACE, sampler=search.bayesian())
    assert search.run(smooth, SPACE, trials=2).planned == 2


def test_optuna_is_loaded_only_when_it_is_asked():
    code = ("import sys; from cs231n_helpers import search; search.run(lambda values, seed: 1, "
            "{'x': search.uniform(0, 1)}); assert not {'optuna', 'distributed'} & set(sys.modules)")
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, check=False).returncode == 0


# --------------------------------------------------------------------------------------------------- stopping early
def test_median_stop_by_hand():
    stop = search.median_stop(after=3)
    curves = [(0.1, 0.5, 0.9), (0.3, 0.4, 0.6), (0.2, 0.6)]
    trials = [trial(n, curve=curve) for n, curve in enumerate(curves)]
    assert stop.limits(trials) == (0.2, 0.5, 0.75)                  # the last is of two curves
    assert search.median_stop(after=3, at_least=3).limits(trials) == (-np.inf, -np.inf, 0.75)
    assert stop.limits([*trials, trial(3, curve=(9, 9, 9))]) == (0.2, 0.5, 0.75)
    failed = replace(trials[0], state="failed", score=np.nan)
    assert stop.limits([failed, *trials[1:]]) == (0.25, 0.5, 0.6)
    assert stop.limits([failed]) == () and search.median_stop(after=3, at_least=9).limits(trials) == (-np.inf,) * 3


@pytest.mark.parametrize("sampler", SAMPLERS, ids=repr)
def test_hopeless_trials_end_early_and_the_best_does_not(sampler):
    plain = search.run(bowl, SPACE, sampler=sampler, seed=5)
    saved = search.run(bowl, SPACE, sampler=sampler, seed=5, stop=search.median_stop(after=6))
    limits = search.median_stop(after=6).limits(saved.trials)
    assert all(t.state == "done" for t in saved.trials[:6])
    for t in saved.trials[6:]:
        below = [step for step, score in enumerate(t.curve) if score < limits[step]]
        assert t.state == ("stopped" if below else "done")
        assert below in ([], [len(t.curve) - 1]) and t.score == t.curve[-1]
        assert ("below the median" in t.reason) == bool(below)
    assert sum(t.state == "stopped" for t in saved.trials) >= 1
    if isinstance(sampler, (search.random, search.grid)):           # others learn from what was stopped
        assert saved.best.values == plain.best.values and saved.best.score == plain.best.score


# ---------------------------------------------------------------------------------------------------------- results
def test_results_by_hand():
    nan = np.nan
    trials = (trial(0, nan, "failed", x=1), trial(1, 0.2, x=2), trial(2, 0.7, x=3), trial(3, 0.4, "stopped", x=4),
              trial(4, 0.7, x=5), trial(5, nan, "lost", x=6))
    results = Results(trials, {"x": uniform(0, 10)}, 9)
    assert results.best is trials[2] and [t.number for t in results.ranked()] == [2, 4, 3, 1, 0, 5]
    np.testing.assert_array_equal(results.best_so_far(), [nan, 0.2, 0.7, 0.7, 0.7, 0.7])
    empty = Results((), {"x": uniform(0, 10)}, 9)
    assert empty.best is None and empty.ranked() == [] and len(empty.best_so_far()) == 0 and empty.border() == {}


def scored(score, space, count=20, seed=0, sampler=search.random()):  # noqa: B008
    return search.run(lambda values, _: score(**values), space, trials=count, seed=seed, sampler=sampler)


def test_border_alarm_where_the_best_values_lie_beyond():
    high, low = {"x": log_uniform(1e-6, 1e-3)}, {"x": log_uniform(1, 1e3)}
    for sampler, count in ((search.random(), 30), (search.grid(10), None), (search.coarse_to_fine(), 30),
                           (search.bayesian(), 30)):
        assert scored(lambda x: -abs(np.log(x / 0.05)), high, count, sampler=sampler).border() == {"x": "high"}
        assert scored(lambda x: -abs(np.log(x / 0.05)), low, count, sampler=sampler).border() == {"x": "low"}
        inside = {"x": log_uniform(1e-4, 10)}
        assert scored(lambda x: -abs(np.log(x / 0.05)), inside, count, sampler=sampler).border() == {}


def test_border_alarm_is_rarely_false_and_mostly_there():
    space = {"x": log_uniform(1e-4, 1), "y": uniform(0, 1), "rule": choice("a", "b")}
    for count in (10, 20, 60):
        alarms = [scored(lambda x, y, rule: np.log(x), space, count, seed).border() for seed in range(60)]
        assert np.mean(["y" in alarm for alarm in alarms]) < 0.1    # y and rule do not matter
        assert np.mean([alarm.get("x") == "high" for alarm in alarms]) > 0.5
        assert not any("rule" in alarm for alarm in alarms)
    assert scored(lambda x, y, rule: np.log(x), space, 7).border() == {}


# --------------------------------------------------------------------------------------------------- at the door
@pytest.mark.parametrize(("settings", "error", "words"), [
    ({"sampler": search.random}, TypeError, r"sampler must be a record such as search.random\(\)"),
    ({"sampler": None}, TypeError, "sampler must be"),
    ({"stop": search.median_stop}, TypeError, r"stop must be a record such as search.median_stop\(\)"),
    ({"trials": 0}, ValueError, "trials must be at least 1"),
    ({"trials": 2.0}, TypeError, "trials must be a whole number"),
    ({"seed": -1}, ValueError, "seed must be at least 0"),
    ({"seconds": 0}, ValueError, "seconds must be greater than 0"),
    ({"retries": -1}, ValueError, "retries must be at least 0"),
    ({"tick": 0}, ValueError, "tick must be greater than 0"),
    ({"executor": 2}, TypeError, r"search.processes\(2\)"),
    ({"executor": search.processes}, TypeError, "executor must be None"),
    ({"space": {}}, TypeError, "space must be a dict such as"),
    ({"space": {"x": (0, 1)}}, TypeError, r"space\['x'\] must be log_uniform"),
    ({"space": {3: uniform(0, 1)}}, TypeError, "names in space must be text"),
    ({"objective": 3}, TypeError, "objective must be a function"),
    ({"objective": search.Training}, TypeError, "objective must be a function"),
    ({"objective": search.Training(), "space": {"lr": uniform(0, 1)}}, ValueError, "must be one of 'data', 'train'"),
])  # fmt: skip
def test_wrong_arguments_are_named_at_the_call(settings, error, words):
    with pytest.raises(error, match=words):
        search.steps(**{"objective": smooth, "space": SPACE, **settings})   # no trial is asked for


@pytest.mark.parametrize(("make", "words"), [
    (lambda: search.coarse_to_fine(stages=0), "stages must be at least 1"),
    (lambda: search.coarse_to_fine(keep=0), "keep must be greater than 0"),
    (lambda: search.bayesian(first=0), "first must be at least 1"),
    (lambda: search.median_stop(after=0), "after must be at least 1"),
    (lambda: search.processes(0), "n must be at least 1"),
])  # fmt: skip
def test_records_refuse_what_makes_no_sense(make, words):
    with pytest.raises(ValueError, match=words):
        make()
