"""Notebook 04, third part, update rules: every control against values computed here, and what to notice."""

import math

import numpy as np
import pytest

from cs231n_helpers import data, exercises
from support import cells, curve, drives, ends, numbers, of, texts, words

NAME = "04_nn_training"
RUNNERS = ["SGD", "Momentum", "Nesterov", "Adagrad", "RMSprop", "Adam", "Adam uncorrected"]


# --- the truth: one number after the other ----------------------------------------------------------------------------


def walk(rule, gradient, start, lr, count, *, mu=0.9, memory=0.99, noise=None):
    """Places (count + 1, 2) and learning rates (count, 2) of a rule, written out for single numbers."""
    w, v, c = [float(x) for x in start], [0.0, 0.0], [0.0, 0.0]
    places, rates = [list(w)], []
    for t in range(1, count + 1):
        wrong = [0, 0] if noise is None else noise[t - 1]
        g = [float(a) + float(b) for a, b in zip(gradient(w), wrong, strict=True)]
        rates.append([lr, lr])
        for i in (0, 1):
            if rule == "SGD":
                w[i] -= lr * g[i]
            elif rule in ("Momentum", "Nesterov"):
                v[i] = mu * v[i] - lr * g[i]
                w[i] += v[i] if rule == "Momentum" else mu * v[i] - lr * g[i]
            elif rule in ("Adagrad", "RMSprop"):
                c[i] = c[i] + g[i] ** 2 if rule == "Adagrad" else memory * c[i] + (1 - memory) * g[i] ** 2
                rates[-1][i] = lr / (math.sqrt(c[i]) + 1e-8)
                w[i] -= rates[-1][i] * g[i]
            else:
                v[i], c[i] = 0.9 * v[i] + 0.1 * g[i], memory * c[i] + (1 - memory) * g[i] ** 2
                m, s = (v[i], c[i]) if "un" in rule else (v[i] / (1 - 0.9**t), c[i] / (1 - memory**t))
                rates[-1][i] = lr / (math.sqrt(s) + 1e-8)
                w[i] -= rates[-1][i] * m
        places.append(list(w))
        if max(map(abs, w)) > 1e3:
            break
    return np.array(places), np.array(rates).reshape(-1, 2)


def quadratic(a, b, degrees=0):
    """Height and gradient of a quadratic with curvatures a and b."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

    def height(w):
        u, v = cos * w[0] + sin * w[1], -sin * w[0] + cos * w[1]
        return 0.5 * (a * u * u + b * v * v)

    def gradient(w):
        u, v = cos * w[0] + sin * w[1], -sin * w[0] + cos * w[1]
        return [a * u * cos - b * v * sin, a * u * sin + b * v * cos]

    return height, gradient


def dip(w):
    bump = math.exp(-((w[0] + 0.19) ** 2 + (w[1] - 0.41) ** 2) / 0.125)
    return [w[0] - 1 + bump * (w[0] + 0.19) / 0.0625, w[1] + 0.8 + bump * (w[1] - 0.41) / 0.0625]


COURSES = {"valley": quadratic(1, 20)[1], "turned valley": quadratic(1, 20, 30)[1], "dip": dip,
           "saddle": lambda w: [(w[0] + 1.2) * ((w[0] + 1.2) ** 2 / 2.56 - 1), 5 * w[1]],
           "valley with noise": quadratic(1, 20)[1]}  # fmt: skip


# --- reading pictures -------------------------------------------------------------------------------------------------


def way(ax, place):
    """The points (K, 2) of the line at a place of the axis."""
    return np.array(ax.lines[place].get_data(), dtype=float).T


def shown(ax, place):
    return ax.lines[place].get_visible()


# --- Momentum ---------------------------------------------------------------------------------------------------------


def ball(hill, lr, mu, count):
    """Places and velocities of a ball, from first principles."""
    w, v, places, velocities = -2.0, 0.0, [-2.0], []
    for _ in range(count):
        bump = 0.5 * math.exp(-((w + 0.5) ** 2) / 0.045)
        slope = {"slope": -1.0, "valley": 4 * w, "dip": w - 1.2 + bump * (w + 0.5) / 0.0225}[hill]
        v = mu * v - lr * slope
        w += v
        places.append(w)
        velocities.append(v)
    return places, velocities


@drives(NAME, "f1-widget", "hill", "mu", "learning_rate", "step")
@of("f1-widget")
def test_two_balls_roll_as_they_must(widget):
    for values in ends(widget, "hill", "mu", "learning_rate", "step"):
        left, right = widget.axes
        step, lr = values["step"], values["learning_rate"]
        for i, mu in enumerate((values["mu"], 0.0)):
            places, velocities = ball(values["hill"], lr, mu, step)
            assert way(left, 1 + i)[:, 0] == pytest.approx(places)
            assert way(left, 3 + i)[0, 0] == pytest.approx(places[-1])
            lengths = way(right, i)
            assert lengths[:, 0] == pytest.approx(np.arange(1, step + 1))
            assert lengths[:, 1] == pytest.approx(np.abs(velocities) / lr)
            assert numbers(words(left))[1 + i] == pytest.approx(places[-1], abs=6e-3)
        assert way(right, 2)[:, 1] == pytest.approx(1 / (1 - values["mu"]))
        assert numbers(words(left))[0] == step and numbers(words(right))[0] == round(100 * (1 - values["mu"]))


def test_the_slopes_of_the_hills_are_those_of_their_heights(run):
    xs = np.linspace(-2, 2, 81)
    for height, slope in run.namespace["HILLS"].values():
        measured = (height(xs + 1e-6) - height(xs - 1e-6)) / 2e-6
        assert measured == pytest.approx(np.array([slope(x) for x in xs]), abs=1e-6)


@of("f1-widget")
def test_what_friction_does(widget):
    def look(**changed):
        widget.reset()
        widget.set(step=80, **changed)
        return way(widget.axes[0], 1)[:, 0], way(widget.axes[0], 2)[:, 0], way(widget.axes[1], 0)[:, 1]

    rolling, sliding, _ = look()
    assert -0.5 < sliding[-1] < -0.3 and abs(sliding[-1] - sliding[-10]) < 1e-6 and rolling[-1] > 0.8
    assert -0.5 < look(mu=0.5)[0][-1] < -0.3
    assert look(hill="slope")[2][-1] == pytest.approx(10, rel=1e-3)
    assert 50 < look(hill="slope", mu=0.99)[2][-1] < 60
    assert look(hill="valley")[0].max() > 1 and look(hill="valley", mu=0.6)[0].max() < 0.05
    assert abs(look(hill="valley", mu=0.6)[0][-1]) < 1e-3
    widget.reset()
    widget.set(mu=0.0)
    assert way(widget.axes[0], 1) == pytest.approx(way(widget.axes[0], 2))


# --- Nesterov ---------------------------------------------------------------------------------------------------------


@drives(NAME, "f2-widget", "mu", "learning_rate", "step")
@of("f2-widget")
def test_nesterovs_way_and_its_arrows(widget):
    height, gradient = quadratic(1, 10)
    for values in ends(widget, "mu", "learning_rate", "step"):
        lr, mu, step = values["learning_rate"], values["mu"], values["step"]
        axes, w, v, aheads = widget.axes, np.array([-1.7, 1.5]), np.zeros(2), []
        for _ in range(step + 1):
            w_ahead, old_w, old_v = w + mu * v, w, v
            aheads.append(w_ahead)
            v = mu * v - lr * np.array(gradient(w_ahead))
            w = w + v
        theirs = way(axes["A"], 1)
        there = np.isfinite(theirs).all(axis=1)
        assert theirs[there] == pytest.approx(np.array(aheads)[there], rel=1e-9, abs=1e-12)
        assert there.all() or np.abs(aheads).max() > 1e3
        momentum, _ = walk("Momentum", gradient, [-1.7, 1.5], lr, step, mu=mu)
        mine = way(axes["A"], 0)[:len(momentum)]
        here = np.isfinite(mine).all(axis=1)
        assert mine[here] == pytest.approx(momentum[here], rel=1e-9, abs=1e-9)
        heights = [height(m) for m in momentum[here]]
        assert way(axes["B"], 0)[:len(momentum), 1][here] == pytest.approx(heights, rel=1e-6)
        assert words(axes["A"]) == "both forms: the same way" and numbers(words(axes["B"])) == [step]
        [arrows] = [artist for artist in axes["C"].collections if hasattr(artist, "U")]
        moves = np.array([mu * old_v, -lr * np.array(gradient(old_w)), -lr * np.array(gradient(old_w + mu * old_v))])
        drawn = np.stack([arrows.U, arrows.V], axis=1)
        assert drawn * np.abs(moves).max() == pytest.approx(moves * np.abs(drawn).max(), rel=1e-6,
                                                            abs=1e-9 * np.abs(moves).max())
        assert numbers(words(axes["C"])) == [step + 1]


@of("f2-widget")
def test_looking_ahead_brakes_earlier_and_may_overshoot(widget):
    def look(**changed):
        widget.reset()
        widget.set(**changed)
        return [way(widget.axes["A"], i) for i in (0, 1)], [way(widget.axes["B"], i)[:, 1] for i in (0, 1)]

    ways, heights = look(step=60)
    assert heights[1][-1] < heights[0][-1] / 10
    swings = [np.abs(np.diff(one[:, 1])).sum() for one in ways]
    assert swings[1] < 0.6 * swings[0]
    look(step=2)
    [arrows] = [artist for artist in widget.axes["C"].collections if hasattr(artist, "U")]
    assert arrows.V[0] < 0 and arrows.V[1] < 0 < arrows.V[2]
    ways, _ = look(mu=0.0, step=60)
    assert ways[0] == pytest.approx(ways[1])
    ways, heights = look(learning_rate=0.004 * 10**1.75, step=60)
    assert heights[0][-1] < 1 and not np.isfinite(heights[1][-1])


# --- A rate for each weight -------------------------------------------------------------------------------------------


@drives(NAME, "f3-widget", "rule", "learning_rate", "memory", "condition", "step")
@of("f3-widget")
def test_ways_and_rates_of_the_adaptive_rules(widget):
    names = ["SGD", *RUNNERS[3:]]
    for values in ends(widget, "rule", "learning_rate", "memory", "condition", "step"):
        step, axes = values["step"], widget.axes
        height, gradient = quadratic(1, values["condition"])
        for rule in ("SGD", values["rule"]):
            places, rates = walk(rule, gradient, [-1.7, 1.5], values["learning_rate"], step, memory=values["memory"])
            i = names.index(rule)
            if len(places) > step:
                assert way(axes["A"], i) == pytest.approx(places, rel=1e-6, abs=1e-9)
            for j in (0, 1):
                line = way(axes["B"], 2 * i + j)[:len(rates)]
                assert line[:, 1] == pytest.approx(rates[:, j], rel=1e-6)
        assert [shown(axes["A"], i) for i in range(5)] == [name in ("SGD", values["rule"]) for name in names]
        assert numbers(words(axes["A"]))[0] == pytest.approx(height(places[-1]), rel=0.06, abs=1e-300)
        assert numbers(words(axes["B"]))[1] == pytest.approx(rates[-1, 0] / rates[-1, 1], abs=0.06)
        ratio = [(1 - 0.9**t) / math.sqrt(1 - values["memory"] ** t) for t in range(1, 1001)]
        assert curve(axes["C"])[1] == pytest.approx(ratio)
        assert numbers(words(axes["C"])) == pytest.approx([step, ratio[step - 1]], abs=6e-3)


@of("f3-widget")
def test_what_the_records_do(widget):
    names = ["SGD", *RUNNERS[3:]]

    def look(rule="Adam", **changed):
        widget.reset()
        widget.set(rule=rule, **changed)
        i = names.index(rule)
        return way(widget.axes["A"], i), [way(widget.axes["B"], 2 * i + j)[:, 1] for j in (0, 1)]

    path, (gentle, steep) = look(step=1)
    assert 8.5 < gentle[0] / steep[0] < 9 and np.abs(path[1] - path[0]) == pytest.approx([0.05, 0.05], rel=1e-6)
    for rates in look("Adagrad", step=200)[1]:
        assert (np.diff(rates) <= 0).all()
    path, rates = look("RMSprop", memory=0.9, step=200)
    assert np.abs(path[-10:]).max() > 0.01 and all(r[-1] > 3 * 0.05 for r in rates)
    short = [np.abs(np.diff(path[-20:], axis=0)).min(), np.abs(np.diff(path[-20:], axis=0)).max()]
    assert 0.02 < short[0] and short[1] < 0.1
    assert look("Adam uncorrected", step=10)[0][-1, 0] > 0.3 and look("Adam", step=10)[0][-1, 0] < -1
    look(condition=100.0)
    assert np.nanmax(np.abs(way(widget.axes["A"], 0))) > 2 and np.abs(way(widget.axes["A"], 3)).max() < 2


def test_steps_without_correction_are_too_long(run):
    optim = run.namespace["optim"]
    lengths = run.namespace["lengths"](optim.Adam(0.1, correct=False))
    assert lengths[[0, 9]] == pytest.approx([0.1 / math.sqrt(0.001), 0.6513215599 / math.sqrt(1 - 0.999**10)], rel=1e-5)
    assert run.namespace["lengths"](optim.Adam(0.1)) == pytest.approx(1)


# --- The race ---------------------------------------------------------------------------------------------------------


@drives(NAME, "f4-widget", "course", "learning_rate", "show", "step", "start")
@of("f4-widget")
def test_every_runner_goes_the_way_of_its_rule(widget):
    noise = 3 * np.random.default_rng(0).standard_normal((200, 2))
    for values in ends(widget, "course", "learning_rate", "show", "step", "start"):
        axes, step = widget.axes, values["step"]
        seen = [values["show"] in ("all", name) for name in RUNNERS]
        assert [shown(axes["A"], i) for i in range(7)] == [shown(axes["B"], i) for i in range(7)] == seen
        for i, name in enumerate(RUNNERS):
            if not seen[i]:
                continue
            places, rates = walk(name, COURSES[values["course"]], values["start"][0], values["learning_rate"], step,
                                 memory=0.999 if "Adam" in name else 0.99,
                                 noise=noise if "noise" in values["course"] else None)  # fmt: skip
            inside = np.logical_and.accumulate(np.abs(places).max(axis=1) <= 10)
            theirs = way(axes["A"], i)[:len(places)]
            assert theirs[inside] == pytest.approx(places[inside], rel=1e-6, abs=1e-7)
            assert np.isnan(theirs[~inside]).all()
            if i > 2:
                assert way(axes["C"], 2 * i)[:len(rates), 1] == pytest.approx(rates[:, 0], rel=1e-5)
                assert way(axes["C"], 2 * i + 1)[:len(rates), 1] == pytest.approx(rates[:, 1], rel=1e-5)
        assert numbers(words(axes["B"]))[0] == step


@of("f4-widget")
def test_the_arrivals(widget, run):
    for values in ends(widget, "course", "learning_rate", "start"):
        _, _, heights, arrivals = run.namespace["run_race"](values["course"], values["learning_rate"],
                                                            *values["start"][0].tolist())  # fmt: skip
        for row, arrival in zip(heights, arrivals, strict=True):
            late = [t for t, h in enumerate(row) if not h < 0.01]
            assert arrival == (None if late and late[-1] == 200 else late[-1] + 1 if late else 0)
        there = [(a, name) for a, name in zip(arrivals, RUNNERS, strict=True) if a is not None]
        assert words(widget.axes["A"]) == ("first: {1}, step {0}".format(*min(there)) if there else "nobody arrives")
        assert numbers(words(widget.axes["B"]))[1] == sum(a <= values["step"] for a, _ in there)


@of("f4-widget")
def test_what_each_course_shows(widget, run):
    def look(course="valley", learning_rate=0.02, step=200):
        widget.reset()
        widget.set(course=course, learning_rate=learning_rate, step=step)
        arrivals = dict(zip(RUNNERS, run.namespace["run_race"](course, learning_rate, -1.16, 1.4)[3], strict=True))
        return {name: way(widget.axes["A"], i)[-1] for i, name in enumerate(RUNNERS)}, arrivals

    ends_at, _ = look("saddle", step=40)
    assert abs(ends_at["SGD"][0] + 1.2) < 0.15 and abs(ends_at["RMSprop"][0] - 0.4) < 0.1
    ends_at, arrivals = look("dip")
    for name in ("SGD", "RMSprop", "Adam"):
        assert np.hypot(*(ends_at[name] - [-0.11, 0.33])) < 0.1 and arrivals[name] is None
    assert arrivals["Momentum"] < 80 and arrivals["Nesterov"] < 80
    straight, turned = look("valley")[1], look("turned valley")[1]
    assert all(turned[name] > straight[name] + 10 for name in ("RMSprop", "Adam"))
    _, arrivals = look("valley with noise")
    heights = dict(zip(RUNNERS, run.namespace["run_race"]("valley with noise", 0.02, -1.16, 1.4)[2], strict=True))
    assert arrivals["SGD"] is arrivals["Momentum"] is None
    assert 0.03 < heights["SGD"][100:].mean() < heights["Momentum"][100:].mean() / 3
    ends_at, _ = look("valley", 0.2)
    assert [name for name in RUNNERS if np.isnan(ends_at[name]).any()] == ["SGD", "Momentum", "Nesterov"]
    _, arrivals = look("valley", 0.002)
    assert [name for name in RUNNERS if arrivals[name] is not None] == ["Momentum", "Nesterov"]


# --- On the real network ----------------------------------------------------------------------------------------------


@drives(NAME, "f5-widget", "rule", "learning_rate")
@of("f5-widget")
def test_the_sweep_is_that_of_the_record(widget):
    record = data.results("rules_and_rates")
    rates = record["settings"]["rates"]
    for values in ends(widget, "rule", "learning_rate"):
        i = min(range(10), key=lambda k: abs(math.log(rates[k] / values["learning_rate"])))
        axes, chosen = widget.axes, [name for name in RUNNERS if values["rule"] in ("all", name)]
        means = {}
        for j, name in enumerate(RUNNERS):
            found = record["results"][name]
            means[name] = [sum(of_rate) / 3 for of_rate in found["accuracy"]]
            assert way(axes["A"], j) == pytest.approx(np.stack([rates, means[name]], axis=1))
            bars = axes["A"].collections[j].get_segments()
            for bar, mean, of_rate in zip(bars, means[name], found["accuracy"], strict=True):
                spread = math.sqrt(sum((a - mean) ** 2 for a in of_rate) / 2)
                assert bar[:, 1] == pytest.approx([mean - spread, mean + spread])
            assert shown(axes["B"], j) == (name in chosen)
            if name in chosen:
                assert way(axes["B"], j)[:, 1] == pytest.approx(found["loss"][i])
        best = max(chosen, key=lambda name: means[name][i])
        assert best in words(axes["A"])
        assert numbers(words(axes["A"]))[-1] == pytest.approx(100 * means[best][i], abs=0.06)
        assert numbers(words(axes["B"]))[0] == pytest.approx(rates[i], rel=0.06)


def test_which_rate_matters_more_than_which_rule():
    record = data.results("rules_and_rates")
    rates = np.array(record["settings"]["rates"])
    means = {name: np.mean(found["accuracy"], axis=1) for name, found in record["results"].items()}
    assert all(0.84 < means[name].max() < 0.87 for name in RUNNERS)
    assert rates[means["SGD"].argmax()] == 1 and rates[means["RMSprop"].argmax()] == pytest.approx(0.001)
    assert means["Momentum"][:6] == pytest.approx(means["SGD"][2:8], abs=0.02)  # ten times further left
    for name in RUNNERS:
        assert (means[name][-1] < 0.15) if name in RUNNERS[:3] else (means[name][-1] > 0.7)
    above = rates[means["Adagrad"] > 0.8]
    assert above.max() / above.min() >= 999
    assert all((rates[m > 0.8].max() / rates[m > 0.8].min()) < 500 for m in (means["SGD"], means["Momentum"]))


# --- Schedules --------------------------------------------------------------------------------------------------------


@drives(NAME, "f6-widget", "learning_rate", "factor", "every", "k", "noise")
@of("f6-widget")
def test_rates_fall_as_their_formulas_say_and_the_loss_follows(widget):
    luck = np.random.default_rng(0).standard_normal((400, 1, 100, 2))[:, 0]
    for values in ends(widget, "learning_rate", "factor", "every", "k", "noise"):
        lr, k = values["learning_rate"], values["k"]
        final, factor, every = [], values["factor"], values["every"]
        all_rates = [(lr, lr * factor ** math.floor(t / 20 / every + 1e-12), lr * math.exp(-k * t / 20),
                      lr / (1 + k * t / 20)) for t in range(400)]  # fmt: skip
        for i, rates in enumerate(zip(*all_rates, strict=True)):
            assert way(widget.axes[0], i)[:, 1] == pytest.approx(rates, rel=1e-9)
            x, y, losses = np.full(100, -1.7), np.full(100, 1.5), []
            for t, rate in enumerate(rates):
                losses.append(np.mean(0.25 * x * x + 2 * y * y))
                x = x - rate * (0.5 * x + values["noise"] * luck[t, :, 0])
                y = y - rate * (4 * y + values["noise"] * luck[t, :, 1])
            means = np.array(losses).reshape(20, 20).mean(axis=1)
            assert way(widget.axes[1], i)[:, 1] == pytest.approx(means, rel=1e-6, abs=1e-15)
            final.append(means[-5:].mean())
        best = ["constant", "step", "exponential", "1/t"][int(np.argmin(final))]
        assert f" {best} is lowest" in words(widget.axes[1])
        assert float(words(widget.axes[1]).split(", ")[1]) == pytest.approx(min(final), rel=0.06)


@of("f6-widget")
def test_when_a_falling_rate_is_worth_having(widget):
    def last(**changed):
        widget.reset()
        widget.set(**changed)
        return [way(widget.axes[1], i)[-5:, 1].mean() for i in range(4)]

    start = last()
    assert all(falling < start[0] / 3 for falling in start[1:])
    early = last(k=0.2 * 10)
    assert early[2] > 4 * early[3] and early[2] > 10 * start[2]
    slow = last(learning_rate=1e-3)
    assert slow[0] == min(slow) and slow[0] > 3 * start[0]
    calm = last(noise=0.0)
    assert calm[0] == min(calm)


# --- Newton -----------------------------------------------------------------------------------------------------------


def land(name, condition):
    """Gradient and Hessian of a landscape."""
    if name in ("valley", "saddle"):
        a, cos, sin = (1 if name == "valley" else -1), math.sqrt(3) / 2, 0.5
        H = np.array([[a * cos**2 + condition * sin**2, (a - condition) * sin * cos],
                      [(a - condition) * sin * cos, a * sin**2 + condition * cos**2]])  # fmt: skip
        return (lambda w: H @ w), (lambda w: H)
    if name == "two wells":
        return (lambda w: np.array([w[0] ** 3 - w[0], condition * w[1]]),
                lambda w: np.diag([3 * w[0] ** 2 - 1, condition]))  # fmt: skip
    step = 1e-5 * np.eye(2)
    return (lambda w: np.array(dip(w))), (lambda w: np.array(
        [(np.array(dip(w + s)) - np.array(dip(w - s))) / 2e-5 for s in step]))  # fmt: skip


@drives(NAME, "f7-widget", "landscape", "condition", "jumps", "start")
@of("f7-widget")
def test_newtons_jumps_and_gradient_descent(widget):
    for values in ends(widget, "landscape", "condition", "jumps", "start"):
        axes = widget.axes
        gradient, hessian = land(values["landscape"], values["condition"])
        w, places = values["start"][0], [values["start"][0]]
        for _ in range(values["jumps"]):
            before = hessian(w)
            w = w - np.linalg.inv(before) @ gradient(w)
            places.append(w)
        definite = np.linalg.eigvalsh(before).min() > 0
        crosses = way(axes["A"], 1 if definite else 2)
        assert crosses == pytest.approx(np.array(places), abs=2e-4) and len(way(axes["A"], 2 if definite else 1)) == 0
        assert numbers(words(axes["A"]))[1:] == pytest.approx(places[-1], abs=6e-3)
        [said] = texts(axes["C"])
        assert numbers(said)[:4] == pytest.approx(before.ravel(), rel=6e-3, abs=1e-3)
        assert ("H is positive definite" in said) == definite and ("not positive definite" in said) == (not definite)
        rate = 1 / np.abs(np.linalg.eigvalsh(hessian(values["start"][0]))).max()
        descent, _ = walk("SGD", gradient, values["start"][0], rate, 60)
        inside = np.logical_and.accumulate(np.abs(descent).max(axis=1) <= 10)
        assert way(axes["A"], 0)[:len(descent)][inside] == pytest.approx(descent[inside], abs=1e-4)
        slopes = way(axes["B"], 0)[:, 1]
        assert slopes == pytest.approx([max(np.hypot(*gradient(p)), 1e-9) for p in places], rel=1e-3, abs=1e-4)


@of("f7-widget")
def test_what_newton_can_and_cannot(widget):
    def look(start=(-1.4, 1.2), **changed):
        widget.reset()
        widget.set(start=np.array([start]), **changed)
        warned = "not positive" in texts(widget.axes["C"])[0]
        return way(widget.axes["A"], 2 if warned else 1), way(widget.axes["A"], 0), warned

    crosses, descent, warned = look(condition=1000.0)
    assert np.abs(crosses[-1]).max() < 1e-9 and np.abs(descent[-1]).max() > 0.4 and not warned
    crosses, descent, warned = look(landscape="saddle")
    left = descent[~np.isnan(descent).any(axis=1)]
    assert np.abs(crosses[-1]).max() < 1e-9 and warned and np.abs(left[-1]).max() > 2
    crosses, _, warned = look((-0.2, 1.2), landscape="two wells")
    assert warned and np.abs(crosses[-1]).max() < 0.05
    crosses, _, warned = look(landscape="two wells", jumps=6)
    assert not warned and crosses[-1] == pytest.approx([-1, 0], abs=1e-3)
    assert look((-0.6, 1.2), landscape="two wells")[0][-1, 0] < -2
    crosses, _, warned = look((-0.2, 0.4), landscape="dip", jumps=6)
    assert not warned and np.hypot(*(crosses[-1] - [-0.11, 0.33])) < 0.02 and np.hypot(*dip(crosses[-1])) < 1e-9


# --- exercises --------------------------------------------------------------------------------------------------------

EXERCISES = {"f1": ("momentum_step", "momentum_step"), "f3": ("adam_step", "adam_step"),
             "f6": ("step_decay", "decayed")}  # fmt: skip


@pytest.mark.parametrize("section", EXERCISES)
def test_stub_and_solution(section):
    name, function = EXERCISES[section]
    sources = {cell["id"]: "".join(cell["source"]) for kind in ("code", "markdown") for cell in cells(NAME, kind)}
    stub, solution = {"np": np, "exercises": exercises}, {"np": np}
    exec(sources[f"{section}-todo"], stub)
    assert exercises.verdict(name, stub[function]).kind == "not_started"
    exec(sources[f"{section}-solution"].split("```python")[1].split("```")[0], solution)
    assert exercises.verdict(name, solution[function]).kind == "exact"
