"""Notebook 04, third part, curves and monitors: every control against values computed here, and what to notice."""

import itertools
import math
import re

import numpy as np
import pytest

from cs231n_helpers import exercises
from cs231n_helpers.data.experiments import results
from support import cells, curve, drives, ends, numbers, of, words

NAME = "04_nn_training"
RATES = [0.002 * 10 ** (i / 3) for i in range(10)]
RATIO_RATES = [10 ** (-4 + i / 2) for i in range(9)]
HOW_MANY, BATCHES = [100, 900, 9000], [1, 3, 10, 32, 100]


# --- the truth: networks of any depth in float64, their gradients and their steps -------------------------------------

BENDS = {"relu": (lambda x: np.maximum(0, x), lambda h: h > 0), "tanh": (np.tanh, lambda h: 1 - h**2)}


def layered(params, X, bend="relu"):
    """Outputs of every hidden layer, then the scores."""
    outputs, depth = [X], len(params) // 2
    for i in range(1, depth + 1):
        z = outputs[-1] @ params[f"dense{i}.W"] + params[f"dense{i}.b"]
        outputs.append(BENDS[bend][0](z) if i < depth else z)
    return outputs[1:]


def softmax_loss(scores, y):
    shifted = scores - scores.max(axis=1, keepdims=True)
    return float(np.mean([math.log(np.exp(s).sum()) - s[label] for s, label in zip(shifted, y, strict=True)]))


def slopes(params, X, y, bend="relu"):
    """The loss of a batch and its gradients."""
    *hidden, scores = layered(params, X, bend)
    ds = np.exp(scores - scores.max(axis=1, keepdims=True))
    ds = (ds / ds.sum(axis=1, keepdims=True) - np.eye(10)[y]) / len(y)
    grads = {}
    for i in range(len(params) // 2, 0, -1):
        below = hidden[i - 2] if i > 1 else X
        grads[f"dense{i}.W"], grads[f"dense{i}.b"] = below.T @ ds, ds.sum(axis=0)
        if i > 1:
            ds = (ds @ params[f"dense{i}.W"].T) * BENDS[bend][1](below)
    return softmax_loss(scores, y), grads


def batches(count, batch, steps, rng):
    """The examples of each step: every epoch in a random order of its own, in equal parts."""
    seed, per_epoch = int(rng.integers(2**63)), -(-count // batch)
    for number in range(steps):
        epoch, place = divmod(number, per_epoch)
        order = np.random.default_rng([seed, 0, epoch]).permutation(count)
        yield order[place * count // per_epoch:(place + 1) * count // per_epoch]


def course(start, X, y, batch, steps, rate, rng, *, l2=0.0, mu=0.0, rule="SGD", bend="relu"):
    """Losses of the steps, and the parameters before and after each of them."""
    params = {name: w.astype(float) for name, w in start.items()}
    speed, squares = ({name: np.zeros(w.shape) for name, w in params.items()} for _ in range(2))
    losses, states = [], [params]
    for t, chosen in enumerate(batches(len(X), batch, steps, rng), 1):
        loss, grads = slopes(params, X[chosen], y[chosen], bend)
        losses.append(loss)
        new = {}
        for name, w in params.items():
            g = grads[name] + (l2 * w if name.endswith("W") else 0)
            if rule == "Adam":
                speed[name] = 0.9 * speed[name] + 0.1 * g
                squares[name] = 0.999 * squares[name] + 0.001 * g**2
                step = -rate * speed[name] / (1 - 0.9**t) / (np.sqrt(squares[name] / (1 - 0.999**t)) + 1e-8)
            else:
                step = speed[name] = mu * speed[name] - rate * g
            new[name] = w + step
        params = new
        states.append(params)
    return losses, states


def nearest(values, wanted):
    return int(np.argmin([abs(math.log(value / wanted)) for value in values]))


def chosen_run(ax):
    return labelled(ax, "chosen run")


def labelled(ax, label):
    [found] = [one for one in ax.lines if one.get_label() == label]
    return np.array(found.get_data(), dtype=float)


# --- The shape of the loss curve --------------------------------------------------------------------------------------


def zone_by_hand(losses):
    """The table of the notebook, for losses at every look."""
    if not losses[-1] <= 1.5 * losses[0]:
        return "too high"
    later = losses[len(losses) // 2:]
    if np.mean([max(b - a, 0) for a, b in itertools.pairwise(later)]) >= 0.05 * np.median(later):
        return "high"
    lost, late = losses[0] - losses[-1], losses[2 * (len(losses) - 1) // 3] - losses[-1]
    return "too low" if lost < 0.5 * losses[0] and late >= 0.15 * lost else "good"


@drives(NAME, "e1-widget", "learning_rate", "axis")
@of("e1-widget")
def test_the_course_of_a_run_and_its_zone(widget, run, ready, split):
    start = run.namespace["watched_net"]().init(np.random.default_rng(0))
    X, y = ready[0][:2000], split.y_train[:2000]
    for values in ends(widget, "learning_rate", "axis"):
        rate, axes = values["learning_rate"], widget.axes
        bottom, top = {"log": (0.3, 20), "linear": (0, 4)}[values["axis"]]
        assert axes[0].get_yscale() == values["axis"] and axes[0].get_ylim() == (bottom, top)
        xs, ys = chosen_run(axes[0])
        _, states = course(start, X, y, 10, 20, rate, np.random.default_rng(0))
        by_hand = [softmax_loss(layered(states[i], X[:300])[-1], y[:300]) for i in (0, 20)]
        assert xs[:2].tolist() == [0, 20]
        assert ys[:2] == pytest.approx(np.clip(by_hand, bottom, 1.5 * top), rel=2e-3)
        ring = curve(axes[1], -1).ravel()
        full = run.namespace["zone_curves"][nearest(RATES, rate)][1]
        assert ring == pytest.approx([rate, np.clip(np.mean(full[-5:]), 0.315, 20 / 1.05)])
        assert numbers(words(axes[1]))[0] == pytest.approx(rate, rel=0.01)
        assert words(axes[0]).split(":")[0] == zone_by_hand(full.tolist())


@of("e1-widget")
def test_four_zones_from_left_to_right(widget, run):
    names = [zone_by_hand(losses.tolist()) for _, losses in run.namespace["zone_curves"]]
    assert names[0] == "too low" and names[7] == "high" and names[-1] == "too high" and "good" in names
    assert names == sorted(names, key=["too low", "good", "high", "too high"].index)
    curves, last = ([losses for _, losses in run.namespace["zone_curves"]], run.namespace["last_losses"])
    assert curves[0][-1] > 0.6 * curves[0][0]
    assert curves[7][3] < curves[3][3] and last[7] > last[5] + 0.03  # 0.43 is fast, 0.093 ends lower
    assert curves[7][3] == pytest.approx(curves[3][8], abs=0.25)
    assert curves[9][1] > 20
    widget.set(axis="linear")
    _, ys = chosen_run(widget.axes[0])
    late, early = ys[10] - ys[20], ys[0] - ys[10]
    assert late < 0.1 * early and math.log(ys[10] / ys[20]) > 0.08


# --- The wiggle -------------------------------------------------------------------------------------------------------


def wiggle_by_hand(losses):
    late = losses[len(losses) // 2:]
    steps = [b - a for a, b in itertools.pairwise(late)]
    mean = sum(steps) / len(steps)
    return math.sqrt(sum((s - mean) ** 2 for s in steps) / len(steps)) / math.sqrt(2) / (sum(late) / len(late))


@drives(NAME, "e2-widget", "images_in_all", "batch")
@of("e2-widget")
def test_losses_of_batches_and_how_much_they_wiggle(widget, run, ready, split):
    for values in ends(widget, "images_in_all", "batch"):
        count, batch = values["images_in_all"], BATCHES[nearest(BATCHES, values["batch"])]
        rng = np.random.default_rng(0)
        start = run.namespace["watched_net"]().init(rng)
        by_hand, _ = course(start, ready[0][:count], split.y_train[:count], batch, 12, 0.01, rng)
        drawn = curve(widget.axes[0])[1]  # behind, each batch
        assert len(drawn) == 250 and drawn[:12] == pytest.approx(np.minimum(by_hand, 6), rel=2e-3)
        assert words(widget.axes[0]) == f"{count} images, batches of {batch}"
        losses = run.namespace["wiggly"][count, batch]
        assert drawn == pytest.approx(np.minimum(losses, 6))
        assert chosen_run(widget.axes[0])[1, -1] == pytest.approx(losses[-20:].mean())
        dot = curve(widget.axes[1], 4 + HOW_MANY.index(count)).ravel()
        assert dot == pytest.approx([batch, max(wiggle_by_hand(losses.tolist()), 0.021)])
        assert numbers(words(widget.axes[1]))[0] == pytest.approx(wiggle_by_hand(losses.tolist()), abs=6e-3)


def test_the_batch_matters_and_the_data_do_not(run):
    wiggles = {key: wiggle_by_hand(losses.tolist()) for key, losses in run.namespace["wiggly"].items()}
    for batch in (3, 10, 32):
        found = [wiggles[count, batch] for count in HOW_MANY]
        assert max(found) < 1.6 * min(found)
        assert found == pytest.approx([0.6 / math.sqrt(batch)] * 3, rel=0.35)
    assert 6 < wiggles[9000, 1] / wiggles[9000, 100] < 15
    assert wiggles[100, 100] < 0.01 < 0.03 < min(wiggles[count, 100] for count in (900, 9000))


# --- The gap ----------------------------------------------------------------------------------------------------------


@drives(NAME, "e3-widget", "l2", "examples", "width")
@of("e3-widget")
def test_accuracies_are_those_that_were_measured(widget):
    record = results("gap")
    tried = {name: record["settings"][name] for name in ("l2", "examples", "width")}
    for values in ends(widget, "l2", "examples", "width"):
        at = {name: tried[name][nearest(tried[name], values[name])] for name in tried}
        [found] = [one for one in record["results"] if all(one[name] == at[name] for name in at)]
        for label, part in (("training", "train_accuracy"), ("validation", "val_accuracy")):
            assert labelled(widget.axes["A"], label) == pytest.approx(np.array([found["steps"], found[part]]))
            bars = widget.axes["A"].collections[label == "validation"].get_segments()
            lengths = [(high - low) / 2 for (_, low), (_, high) in bars]
            assert lengths == pytest.approx(found[f"{part}_std"])
            for name, place in zip(tried, "BCD", strict=True):
                drawn = labelled(widget.axes[place], label)
                assert drawn[0] == pytest.approx(tried[name])
                assert drawn[1, tried[name].index(at[name])] == pytest.approx(found[part][-1])
        train, val = found["train_accuracy"][-1], found["val_accuracy"][-1]
        wanted = "overfitting" if train - val >= 0.08 else "underfitting" if train < 0.8 else "fine"
        assert words(widget.axes["A"]).split(":")[0] == wanted
        assert numbers(words(widget.axes["A"])) == pytest.approx([100 * train, 100 * val], abs=0.51)


def test_what_closes_the_gap():
    runs = {(r["l2"], r["examples"], r["width"]): r for r in results("gap")["results"]}

    def marks(l2=1e-4, examples=900, width=20):
        found = runs[l2, examples, width]
        return found["train_accuracy"][-1], found["val_accuracy"][-1]

    few, many = marks(examples=90), marks(examples=9000)
    assert [100 * (few[0] - few[1]), 100 * few[1]] == pytest.approx([29, 71], abs=0.6)
    assert [100 * (many[0] - many[1]), 100 * many[1]] == pytest.approx([4, 86], abs=0.6)
    assert [100 * marks()[1], 100 * marks(l2=0.1)[1]] == pytest.approx([81, 74], abs=0.6) and marks(l2=0.1)[0] < 0.8
    better, luck = marks(l2=0.01)[1] - marks()[1], runs[0.01, 900, 20]["val_accuracy_std"][-1]
    assert 0 < better < luck
    assert marks(width=2, examples=9000) == pytest.approx((0.6, 0.6), abs=0.015)
    assert marks(width=200)[1] >= marks()[1]


# --- Updates against weights ------------------------------------------------------------------------------------------


@drives(NAME, "e4-widget", "learning_rate", "rule", "arrays")
@of("e4-widget")
def test_ratios_of_the_first_steps(widget, run, ready, split):
    start = run.namespace["three_layers"].init(np.random.default_rng(0))
    for values in ends(widget, "learning_rate", "rule", "arrays"):
        rate, letter = values["learning_rate"], {"weights": "W", "biases": "b"}[values["arrays"]]
        losses, states = course(start, ready[0], split.y_train, 50, 2, rate, np.random.default_rng(0),
                                rule=values["rule"])  # fmt: skip
        for i in (1, 2, 3):
            name, by_hand = f"dense{i}.{letter}", []
            for old, new in itertools.pairwise(states):
                length = math.sqrt((old[name] ** 2).sum())
                by_hand.append(math.sqrt(((new[name] - old[name]) ** 2).sum()) / length if length else math.inf)
            drawn = labelled(widget.axes[0], f"layer {i}")
            assert drawn[0, :2].tolist() == [1, 2]
            assert drawn[1, :2] == pytest.approx(np.clip(by_hand, 1.05e-6, 100 / 1.05), rel=0.02)
        assert curve(widget.axes[1])[1, :2] == pytest.approx(np.clip(losses, 0.3, 30), rel=0.02)
        shown = run.namespace["ratio_runs"][values["rule"], nearest(RATIO_RATES, rate)][0]
        tenth = max(sorted(shown[f"dense{i}.{letter}"])[-len(shown["dense1.W"]) // 10] for i in (1, 2, 3))
        word = "too small" if tenth < 1e-4 else "healthy" if tenth <= 1e-2 else "too large"
        assert words(widget.axes[0]).endswith(word) and words(widget.axes[0]).startswith(values["arrays"])
        assert numbers(words(widget.axes[0]))[0] == pytest.approx(tenth, rel=0.3)


def test_ratios_follow_the_rate_and_biases_do_not(run):
    runs = run.namespace["ratio_runs"]

    def usual(rule, rate, name="dense1.W"):
        return np.median(runs[rule, nearest(RATIO_RATES, rate)][0][name])

    def end(rule, rate):
        return runs[rule, nearest(RATIO_RATES, rate)][1][-10:].mean()

    assert usual("SGD", 1e-2) == pytest.approx(100 * usual("SGD", 1e-4), rel=0.3) and 3e-4 < usual("SGD", 1e-2) < 3e-3
    assert end("SGD", 1e-4) > 2.2 > 2 > end("SGD", 1e-2)
    assert usual("SGD", 1.0) > 0.03 and end("SGD", 1.0) > end("SGD", 0.316)
    assert usual("Adam", 3.16e-4) == pytest.approx(usual("SGD", 3.16e-2), rel=0.6)
    assert end("Adam", 3.16e-4) == pytest.approx(end("SGD", 3.16e-2), rel=0.15)
    for rate in (1e-4, 1e-3, 3.16e-2):
        biases = runs["SGD", nearest(RATIO_RATES, rate)][0]["dense1.b"]
        assert np.isinf(biases[0]) and biases[1] == pytest.approx(1, abs=0.4)
        assert biases[49:99].mean() == pytest.approx(usual("SGD", 1e-4, "dense1.b"), rel=0.4)


def test_the_folded_solution_is_accepted_and_the_stub_is_not_started(run):
    [text] = ["".join(each["source"]) for each in cells(NAME, "markdown") if each["id"] == "e4-solution"]
    [code] = re.findall(r"```python\n(.*?)```", text, re.S)
    scope = {"np": np}
    exec(code, scope)
    assert exercises.verdict("update_ratio", scope["update_ratio"]).kind == "exact"
    assert exercises.verdict("update_ratio", run.namespace["update_ratio"]).kind == "not_started"
    [source] = ["".join(each["source"]) for each in cells(NAME) if each["id"] == "e4-code"]
    assert "print(" in source and "print f" not in source  # Python 3


# --- Inside the layers ------------------------------------------------------------------------------------------------


@drives(NAME, "e5-widget", "moment", "start", "activation")
@of("e5-widget")
def test_hills_are_those_of_the_layers(widget, run, ready, split):
    X, y = ready[0][:2000], split.y_train[:2000]
    begun = [{"moment": 0, "start": s, "activation": a} for s in ("too small", "calibrated", "too large")
             for a in ("tanh", "relu")]  # fmt: skip
    for values in [*begun, {"moment": 1, "start": "calibrated", "activation": "tanh"}]:
        widget.set(**values)
        assert widget.error == ""
        net = run.namespace["deep_net"](values["activation"], values["start"])
        start = net.init(np.random.default_rng(0))
        _, states = course(start, X, y, 40, 10 * values["moment"], 0.1, np.random.default_rng(0),
                           bend=values["activation"])  # fmt: skip
        hidden = layered(states[-1], X[:300], values["activation"])[:-1]
        for hill, h in zip(widget.axes["H"].patches, hidden, strict=False):
            some = h.ravel()[:: -(-h.size // 4000) | 1]
            low, high = (f(some[some != 0]) for f in (np.min, np.max))
            xs = hill.get_xy()[:, 0]
            assert [xs.min(), xs.max()] == pytest.approx([low, high], rel=0.02, abs=1e-3 * high)
        train = softmax_loss(layered(states[-1], X[:300], values["activation"])[-1], y[:300])
        assert run.namespace["deep_runs"][values["activation"], values["start"]].moments[
            values["moment"]].train_loss == pytest.approx(train, rel=0.01)  # fmt: skip
    for values in ends(widget, "moment", "start", "activation"):
        history = run.namespace["deep_runs"][values["activation"], values["start"]]
        moment = history.moments[min(values["moment"], len(history.moments) - 1)]
        assert f"step {moment.step}" in widget.figure.get_suptitle()
        assert widget.figure.get_suptitle().startswith(f"{values['activation']}, first weights {values['start']}")
        assert numbers(words(widget.axes["L"]))[1] == pytest.approx(moment.val_loss, rel=0.02)
        for hill, spread in zip(widget.axes["G"].patches, moment.reading.gradients.values(), strict=False):
            assert hill.get_visible()
            heights = hill.get_xy()[1:81:2, 1] - hill.get_xy()[0, 1]
            assert heights == pytest.approx(spread.shares / spread.shares.max() * heights.max(), abs=1e-9)


def test_good_and_bad_starts_from_inside(run):
    runs = run.namespace["deep_runs"]

    def widths(start, activation="tanh", at=0):
        spreads = runs[activation, start].moments[at].reading.activations.values()
        return [spread.edges[-1] - spread.edges[0] for spread in spreads]

    def sizes(start, at=1):
        found = runs["tanh", start].moments[at].reading.gradients.values()
        return [np.average((s.edges[1:] + s.edges[:-1]) / 2, weights=s.shares + 1e-12) for s in found]

    assert min(widths("calibrated")) > 1 and min(widths("calibrated", at=20)) > 1.8
    assert np.ptp(sizes("calibrated")) < 1.5 and np.ptp(sizes("calibrated", 20)) < 1.5
    small = widths("too small")
    assert all(a > 5 * b for a, b in itertools.pairwise(small))
    assert np.mean(sizes("too small")) < np.mean(sizes("calibrated")) - 2.5
    losses = [moment.train_loss for moment in runs["tanh", "too small"].moments]
    assert losses == pytest.approx([math.log(10)] * 21, abs=0.05)
    for spread in list(runs["tanh", "too large"].moments[0].reading.activations.values())[1:]:
        assert spread.shares[0] + spread.shares[-1] > 0.4
    large, good = runs["tanh", "too large"], runs["tanh", "calibrated"]
    assert large.moments[0].train_loss > 4 and large.last.train_loss > good.last.train_loss + 0.05
    burst = runs["relu", "too large"]
    assert burst.last.stopped and burst.last.step < 20 and burst.moments[0].train_loss > 50
    wide = widths("too large", "relu")
    assert all(b > 2 * a for a, b in itertools.pairwise(wide))


# --- The first layer --------------------------------------------------------------------------------------------------


def noise_by_hand(pictures):
    """Of bytes (K, H, W)."""
    V = pictures.astype(float) - 127.5
    steps = V[:, :, 1:] - V[:, :, :-1]
    return (steps**2).mean() / (2 * (V**2).mean())


@drives(NAME, "e6-widget", "moment", "lesson")
@of("e6-widget")
def test_pictures_of_weights_and_their_noise(widget, run, ready, split):
    how = {"smooth": (0.02, 0.01), "no penalty": (0.02, 0), "rate too high": (0.2, 0), "rate too low": (5e-4, 0.01)}
    start = run.namespace["watched_net"](8).init(np.random.default_rng(0))
    for lesson, (rate, l2) in how.items():
        for moment in (0, 1) if lesson != "rate too high" else (0,):
            widget.set(lesson=lesson, moment=moment)
            _, states = course(start, ready[0], split.y_train, 30, 40 * moment, rate, np.random.default_rng(0), l2=l2,
                               mu=0.9)  # fmt: skip
            one = states[-1]["dense1.W"][:, 0].reshape(28, 28)
            pixels = np.asarray(widget.axes["A"].images[0].get_array())[4:60:2, 4:60:2, 0].astype(float)
            assert np.corrcoef(pixels.ravel(), one.ravel())[0, 1] > 0.99
    widget.reset()
    for values in ends(widget, "moment", "lesson"):
        history = run.namespace["lessons"][values["lesson"]]
        moment = history.moments[values["moment"]]
        pictures = moment.reading.filters[..., 0]
        pixels = np.asarray(widget.axes["A"].images[0].get_array())[4:60:2, 4:60:2, 0]
        assert (pixels == pictures[0]).all()
        noise, percent = numbers(words(widget.axes["B"]))
        assert noise == pytest.approx(noise_by_hand(pictures), abs=6e-3)
        assert percent == pytest.approx(100 * moment.val_accuracy, abs=0.51)
        dot = curve(widget.axes["B"], 4 + list(how).index(values["lesson"])).ravel()
        assert dot == pytest.approx([moment.step, noise_by_hand(pictures)])


def test_what_the_pictures_tell_and_what_they_do_not(run):
    lessons = run.namespace["lessons"]
    noise = {name: [noise_by_hand(m.reading.filters[..., 0]) for m in run.moments] for name, run in lessons.items()}
    right = {name: run.last.val_accuracy for name, run in lessons.items()}
    assert all(values[0] == pytest.approx(1, abs=0.1) for values in noise.values())
    assert noise["smooth"][-1] < 0.45
    assert min(noise["no penalty"][-1], noise["rate too high"][-1]) > 1.2 * noise["smooth"][-1]
    assert right["no penalty"] > right["smooth"] - 0.03
    assert right["rate too high"] < right["no penalty"] - 0.08
    assert noise["rate too low"][-1] > 0.8
