"""Notebook 04, third part, the search for settings: every control against values computed here, and what to notice."""

import itertools
import json
import math

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from cs231n_helpers import exercises
from support import ROOT, cells, drives, ends, heights, numbers, of, words

NAME = "04_nn_training"
RESULTS = ROOT / "data" / "results"


def kept(name):
    """What an experiment left on the disk."""
    return json.loads((RESULTS / f"{name}.json").read_text())


@pytest.fixture(scope="module")
def table():
    return np.array(kept("search_samplers")["results"]["table"])


def looked_up(table, rate, l2):
    """The score of a learning rate and a penalty between the middles of the table's cells."""
    axes = [(np.arange(n) + 0.5) / n for n in table.shape]
    place = [(math.log10(rate) + 5) / 5, (math.log10(l2) + 6) / 6]
    place = [min(max(p, axis[0]), axis[-1]) for p, axis in zip(place, axes, strict=True)]
    return float(RegularGridInterpolator(axes, table)(place)[0])


def points(line):
    return np.stack(line.get_data(), axis=1).astype(float)


# --- Where to look ----------------------------------------------------------------------------------------------------


@drives(NAME, "g1-widget", "draws", "lowest", "u", "seed")
@of("g1-widget")
def test_draws_fall_into_powers_of_ten(widget):
    for values in ends(widget, "draws", "lowest", "u", "seed"):
        us, low = np.random.default_rng(values["seed"]).random(values["draws"]).tolist(), values["lowest"]
        expected = []
        for draw in (lambda u, low: low + (1 - low) * u, lambda u, low: math.exp(math.log(low) * (1 - u))):
            powers = [math.floor(math.log10(draw(u, low))) for u in us]
            expected += [powers.count(power) / len(us) for power in range(-6, 0)]
            at = draw(values["u"], low)
            dots = [line for line in widget.axes[1].lines if len(line.get_xdata()) == 1]
            assert any(points(dot)[0] == pytest.approx([values["u"], at], rel=1e-6) for dot in dots)
        assert heights(widget.axes[0]) == pytest.approx(expected, abs=1e-9)


@of("g1-widget")
def test_where_even_and_log_uniform_draws_lie(widget):
    widget.set(draws=1000)
    even, by_factors = np.reshape(heights(widget.axes[0]), (2, 6))
    assert even[-1] == pytest.approx(0.9, abs=0.03) and by_factors == pytest.approx(np.full(6, 1 / 6), abs=0.04)
    assert by_factors[:3].sum() == pytest.approx(0.5, abs=0.05)
    widget.set(u=0.2)
    assert numbers(words(widget.axes[1])) == [0.2, 1.6e-5]
    widget.set(u=0.5, lowest=0.1)
    first, second = numbers(words(widget.axes[1]))
    assert first / second < 2


# --- A grid or random places ------------------------------------------------------------------------------------------


@drives(NAME, "g2-widget", "points", "share", "seed")
@of("g2-widget")
def test_boards_hold_what_was_tried_and_bars_the_mean(widget):
    for values in ends(widget, "points", "share", "seed"):
        n, share, rng = values["points"], values["share"], np.random.default_rng(values["seed"])
        top = rng.random(2)
        steps = [(i + 0.5) / n for i in range(n)]
        tried = {"C": np.array([(x, y) for y in steps for x in steps]), "D": rng.random((n * n, 2))}
        for board, above in (("C", "A"), ("D", "B")):
            found = points(widget.axes[board].lines[0])
            assert found[np.lexsort(found.T)] == pytest.approx(tried[board][np.lexsort(tried[board].T)])
            count, best = numbers(words(widget.axes[above]))
            scores = [share * math.exp(-(((x - top[0]) / 0.15) ** 2)) + (1 - share) *
                      math.exp(-(((y - top[1]) / 0.15) ** 2)) for x, y in found]  # fmt: skip
            assert count == len({round(x, 12) for x in found[:, 0]}) == (n if board == "C" else n * n)
            assert best == pytest.approx(max(scores), abs=6e-3)
        assert heights(widget.axes["E"]) == pytest.approx(mean_best(n, share), abs=0.03)


def mean_best(n, share, hills=4000):
    """Means over other hills than those of the notebook."""
    rng = np.random.default_rng(99)
    tops, bump = rng.random((hills, 1, 2)), lambda d: np.exp(-((d / 0.15) ** 2))
    steps = (np.arange(n) + 0.5) / n
    on_grid = [bump(steps[None, :] - tops[..., i]).max(axis=1) for i in (0, 1)]
    free = bump(rng.random((hills, n * n, 2)) - tops)
    return [np.mean(share * on_grid[0] + (1 - share) * on_grid[1]),
            np.mean((share * free[..., 0] + (1 - share) * free[..., 1]).max(axis=1))]  # fmt: skip


@of("g2-widget")
def test_random_places_try_more_values_of_what_matters(widget):
    def lead(**changed):
        widget.reset()
        widget.set(**changed)
        grid, free = heights(widget.axes["E"])
        return free - grid

    assert lead(points=5) > 0 and [numbers(words(widget.axes[ax]))[0] for ax in "AB"] == [5, 25]
    assert lead(share=1.0) > lead() > lead(share=0.5)
    assert lead(share=0.5) < lead() / 2
    firsts = []
    for seed in range(6):
        widget.set(share=0.95, seed=seed)
        firsts.append(numbers(words(widget.axes["B"]))[1] > numbers(words(widget.axes["A"]))[1])
    assert len(set(firsts)) == 2


def test_counting_says_so_too(run):
    assert run.namespace["samplers_counted"] == {"grid": 5, "random": 25}


# --- Border, coarse to fine -------------------------------------------------------------------------------------------


@drives(NAME, "g3-widget", "highest", "stages", "seed")
@of("g3-widget")
def test_rounds_lie_in_their_frames_and_frames_around_the_best(widget, table):
    for values in ends(widget, "highest", "stages", "seed"):
        lines, patches = widget.axes[0].lines, [p for p in widget.axes[0].patches if p.get_visible()]
        assert len(patches) == values["stages"]
        far = (math.log10(values["highest"]) + 5) / 5
        seen, scores = np.empty((0, 2)), []
        for number in range(values["stages"]):
            here = points(lines[number])
            left, bottom, right, top = patches[number].get_bbox().extents
            inside = (here >= [left - 1e-9, bottom - 1e-9]) & (here <= [right + 1e-9, top + 1e-9])
            assert inside.all() and len(here) == 24 / values["stages"] and right <= far + 1e-9
            if number:
                best = seen[np.argsort(scores)[::-1][: max(2, round(len(seen) / 4))]]
                assert (best.min(axis=0) >= [left - 1e-9, bottom - 1e-9]).all()
                assert (best.max(axis=0) <= [right + 1e-9, top + 1e-9]).all()
            else:
                assert [left, bottom, right, top] == pytest.approx([0, 0, far, 1])
            seen = np.concatenate([seen, here])
            scores += [looked_up(table, 10 ** (5 * x - 5), 10 ** (6 * y - 6)) for x, y in here]
        best = points(lines[3])[0]
        assert best == pytest.approx(seen[int(np.argmax(scores))])
        assert numbers(words(widget.axes[1]))[0] == pytest.approx(100 * max(scores), abs=0.06)
        assert widget.axes[1].lines[0].get_ydata() == pytest.approx(np.maximum.accumulate(scores))


def found_with(widget, **changed):
    widget.set(**changed)
    return words(widget.axes[0]), numbers(words(widget.axes[1]))[0], widget.axes[0].lines[4].get_visible()


@of("g3-widget")
def test_a_range_that_ends_too_early_is_noticed(widget):
    said, narrow, wall = found_with(widget)
    assert "at the border" in said and wall
    said, wide, wall = found_with(widget, highest=1.0)
    assert "inside" in said and not wall and wide - narrow == pytest.approx(8, abs=1)


@of("g3-widget")
def test_later_rounds_look_where_scores_are_high(widget, table):
    widget.set(highest=1.0)
    means = []
    for line in widget.axes[0].lines[:3]:
        means.append(np.mean([looked_up(table, 10 ** (5 * x - 5), 10 ** (6 * y - 6)) for x, y in points(line)]))
    assert means[0] < means[1] and means[0] < means[2]
    ahead = []
    for seed in range(10):
        widget.set(seed=seed)
        fine, free = numbers(words(widget.axes[1]))
        ahead.append(fine > free)
    assert 2 <= ahead.count(False) < 8


@of("g3-widget")
def test_what_does_not_matter_stays_wide(widget):
    for frame in widget.axes[0].patches[1:3]:
        assert frame.get_width() < 0.1 and frame.get_height() > 0.7


# --- Searches that learn ----------------------------------------------------------------------------------------------

SAMPLERS = ["grid", "random", "coarse to fine", "Bayesian"]


@drives(NAME, "g4-widget", "sampler", "trials")
@of("g4-widget")
def test_curves_are_those_of_the_experiment(widget):
    found = kept("search_samplers")["results"]["found"]
    for values in ends(widget, "sampler", "trials"):
        shown = [n for n in SAMPLERS if values["sampler"] in ("all four", n) or n == "random"]
        curves = [line for line in widget.axes.lines if len(line.get_xdata()) == 48]
        assert [list(line.get_ydata()) for line in curves] == [found[name]["mean"] for name in shown]
        dots = [points(line)[0] for line in widget.axes.lines[4:] if len(line.get_xdata()) == 1]
        at = values["trials"]
        assert dots == pytest.approx(np.array([[at, found[name]["mean"][at - 1]] for name in shown]))
        said = numbers(words(widget.axes))
        assert said == pytest.approx([at, *(100 * found[name]["mean"][at - 1] for name in shown)], abs=0.051)


def test_who_is_ahead_and_when():
    found = kept("search_samplers")["results"]["found"]
    mean = {name: np.array(each["mean"]) for name, each in found.items()}
    error = {name: np.array(each["error"]) for name, each in found.items()}
    for name in ("coarse to fine", "Bayesian"):
        assert mean[name][:8] == pytest.approx(mean["random"][:8])
    assert mean["Bayesian"][23] - mean["random"][23] > 2 * (error["Bayesian"] + error["random"])[23]
    assert mean["grid"][11] < mean["random"][11] - error["grid"][11]
    assert mean["Bayesian"][23] == pytest.approx(mean["random"][47], abs=2e-3)
    assert mean["grid"][47] < mean["random"][15] and mean["Bayesian"][23] - mean["random"][23] < 0.01


# --- Workers and a master ---------------------------------------------------------------------------------------------


@drives(NAME, "g5-board", "sampler", "workers", "trials", "stop_early")
@of("g5-board")
def test_what_is_set_waits_for_the_next_start(widget):
    names = {"sampler": "{}", "workers": "{} workers", "trials": "{} trials", "stop_early": None}
    before = [np.asarray(each.get_offsets()).tolist() for each in widget.axes["B"].collections]
    for name, form in names.items():
        for values in ends(widget, name):
            head = widget.figure._suptitle.get_text()
            changed = values[name] != widget._starts[name]
            assert head.startswith("at next Start") == changed
            if changed and form:
                assert form.format(values[name]) in head or (name, values[name]) == ("workers", 0)
            assert [np.asarray(each.get_offsets()).tolist() for each in widget.axes["B"].collections] == before


@drives(NAME, "g5-board", "across", "up", "moment")
@of("g5-board")
def test_every_trial_has_its_place(widget):
    scale = {"learning_rate": (1e-5, 1), "l2": (1e-6, 1), "hidden": (4, 201)}
    for values in ends(widget, "across", "up", "moment"):
        trials = widget.results.trials[: round(values["moment"] / 100 * 12)]
        expected = [[math.log((t.values[name] + 0.5 * (name == "hidden")) / scale[name][0])
                     / math.log(scale[name][1] / scale[name][0]) for name in (values["across"], values["up"])]
                    for t in trials if t.state == "done"]  # fmt: skip
        found = np.asarray(widget.axes["B"].collections[0].get_offsets())
        assert found == pytest.approx(np.array(expected).reshape(-1, 2))
        if trials:
            best = max(t.score for t in trials if t.ok)
            assert numbers(words(widget.axes["P"])) == pytest.approx([len(trials), 100 * best], abs=0.06)


def test_a_trial_of_the_board_is_a_plain_training(run, ready, split):
    """The first trial again, by loops over examples in float64."""
    trial = run.widgets["g5-board"].results.trials[0]
    rng = np.random.default_rng(trial.seed)
    X, y = ready_images(split, 1500)
    val, y_val = ready_images(split, 1500, 500)
    H, rate, strength = trial.values["hidden"], trial.values["learning_rate"], trial.values["l2"]
    net = run.namespace["search"].Training(hidden=H)
    params = {k: v.astype(float) for k, v in net.network(net.examples()).init(rng).items()}
    speed = {name: np.zeros_like(w) for name, w in params.items()}
    for _ in range(8):
        order = rng.permutation(len(X))
        for rows in np.array_split(order, len(X) // 50):
            h = np.maximum(0, X[rows] @ params["dense1.W"] + params["dense1.b"])
            s = h @ params["dense2.W"] + params["dense2.b"]
            p = np.exp(s - s.max(axis=1, keepdims=True))
            ds = (p / p.sum(axis=1, keepdims=True) - np.eye(10)[y[rows]]) / len(rows)
            dh = ds @ params["dense2.W"].T * (h > 0)
            grads = {"dense1.W": X[rows].T @ dh + strength * params["dense1.W"], "dense1.b": dh.sum(axis=0),
                     "dense2.W": h.T @ ds + strength * params["dense2.W"], "dense2.b": ds.sum(axis=0)}  # fmt: skip
            for name in params:
                speed[name] = 0.9 * speed[name] - rate * grads[name]
                params[name] += speed[name]
    h = np.maximum(0, val @ params["dense1.W"] + params["dense1.b"])
    right = np.mean((h @ params["dense2.W"] + params["dense2.b"]).argmax(axis=1) == y_val)
    assert trial.score == pytest.approx(right, abs=0.02)


def ready_images(split, count, val=None):
    """Images in float64, prepared with the mean and the largest value of the first `count` training images."""
    train = split.X_train[:count].reshape(count, -1).astype(float)
    mean = train.mean(axis=0)
    largest = np.abs(train - mean).max()
    if val is None:
        return (train - mean) / largest, split.y_train[:count]
    return (split.X_val[:val].reshape(val, -1).astype(float) - mean) / largest, split.y_val[:val]


def test_the_learning_rate_is_what_the_leaders_share(run):
    board = run.widgets["g5-board"]
    ranked = [t for t in board.results.ranked() if t.ok][:5]
    rates = [math.log10(t.values["learning_rate"]) for t in ranked]
    penalties = [math.log10(t.values["l2"]) for t in ranked]
    assert max(rates) - min(rates) < max(penalties) - min(penalties)
    assert run.namespace["best_of_few"] <= board.results.best.score


def test_killed_and_resumed_searches_lost_nothing(run):
    survived, plain = (run.namespace[name].trials for name in ("survived", "without_workers"))
    assert [t.score for t in survived] == [t.score for t in plain]
    assert len(run.namespace["calls"]) == len(set(run.namespace["calls"])) == 8
    assert len(run.namespace["early"].trials) == 3


# --- One fold or five -------------------------------------------------------------------------------------------------


@drives(NAME, "g6-widget", "images", "sample", "judged_by")
@of("g6-widget")
def test_judgements_and_their_scatter(widget):
    found = kept("one_fold")
    counts = found["settings"]["images"]
    scatter = {True: [], False: []}
    for draws in found["results"]["folds"]:
        one = [np.std([draw[c][f] for draw in draws], ddof=1) for c, f in itertools.product(range(6), range(5))]
        five = [np.std([np.mean(draw[c]) for draw in draws], ddof=1) for c in range(6)]
        scatter[True].append(np.mean(one))
        scatter[False].append(np.mean(five))
    for values in ends(widget, "images", "sample", "judged_by"):
        at = counts.index(values["images"])
        folds = found["results"]["folds"][at][values["sample"] - 1]
        judged = [each[0] if values["judged_by"] == "one fold" else sum(each) / 5 for each in folds]
        truth = found["results"]["truth"][at]
        _, dots, ring, star = widget.axes[0].lines
        assert dots.get_xdata() == pytest.approx(judged)
        chosen = int(ring.get_ydata()[0])
        assert judged[chosen] == max(judged) and truth[int(star.get_ydata()[0])] == max(truth)
        assert star.get_xdata()[0] == max(truth)
        assert numbers(words(widget.axes[0]))[-1] == pytest.approx(100 * (max(truth) - truth[chosen]), abs=0.051)
        one, five = numbers(words(widget.axes[1]))
        assert (one, five) == pytest.approx((100 * scatter[True][at], 100 * scatter[False][at]), abs=0.051)
        assert widget.axes[1].lines[0].get_ydata() == pytest.approx(scatter[True])


@of("g6-widget")
def test_what_counts_is_how_many_images_judge(widget):
    def scatter(images):
        widget.set(images=images)
        return numbers(words(widget.axes[1]))

    few, many = scatter(300), scatter(3000)
    assert few[1] < few[0] / 2 and many[1] < many[0] / 1.5
    assert many[0] == pytest.approx(few[1], abs=0.3) and many[0] < 2


# --- Exercise ---------------------------------------------------------------------------------------------------------


def test_the_stub_is_not_started_and_the_solution_exact(run):
    assert exercises.verdict("log_uniform", run.namespace["log_uniform"]).kind == "not_started"
    text = "".join(next(cell for cell in cells(NAME, "markdown") if cell["id"] == "g1-solution")["source"])
    scope = {"np": np}
    exec(text.split("```python")[1].split("```")[0], scope)
    assert exercises.verdict("log_uniform", scope["log_uniform"]).kind == "exact"
