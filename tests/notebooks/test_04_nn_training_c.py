"""Notebook 04, second part, penalties to the whole: every control against values computed here, and what to notice."""

import itertools
import math
import re

import numpy as np
import pytest

from cs231n_helpers import data, exercises
from support import cells, drives, ends, heights, numbers, of, texts, words

NAME = "04_nn_training"
STRENGTHS = [1e-4 * 10 ** (i / 2) for i in range(7)]


# --- the truth, from first principles ---------------------------------------------------------------------------------


def softmax(s):
    powers = [math.exp(v - max(s)) for v in s]
    return [power / sum(powers) for power in powers]


def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def penalised_loss(w, target, tilt, penalty, strength):
    """Loss and penalty of two weights (..., 2)."""
    u = w - np.asarray(target)
    loss = 0.5 * (u[..., 0] ** 2 + u[..., 1] ** 2) + tilt * u[..., 0] * u[..., 1]
    size, square = np.abs(w).sum(axis=-1), 0.5 * (w**2).sum(axis=-1)
    return loss + strength * {"L2": square, "L1": size, "elastic net": size + square}[penalty]


def two_layer_scores(params, X):
    """Scores of a network of two layers in float64."""
    hidden = np.maximum(0, X.reshape(len(X), -1).astype(float) @ params["dense1.W"] + params["dense1.b"])
    return hidden @ params["dense2.W"].astype(float) + params["dense2.b"]


def right(scores, y):
    return np.mean([int(np.argmax(s)) == label for s, label in zip(scores, y, strict=True)])


# --- reading pictures -------------------------------------------------------------------------------------------------


def line(ax, i=0):
    return np.array(ax.lines[i].get_data(), dtype=float)


def labelled(ax, label):
    [found] = [one for one in ax.lines if one.get_label() == label]
    return np.array(found.get_data(), dtype=float)


# --- Penalties: two weights -------------------------------------------------------------------------------------------


@drives(NAME, "c1-widget", "penalty", "strength", "tilt", "target_w1", "target_w2")
@of("c1-widget")
def test_the_compromise_is_lowest_and_its_ring_touches_the_area(widget):
    steps = np.array([(a, b) for a in (-1e-3, 0, 1e-3) for b in (-1e-3, 0, 1e-3) if a or b])
    for values in ends(widget, "penalty", "strength", "tilt", "target_w1", "target_w2"):
        target, rest = (values["target_w1"], values["target_w2"]), (values["tilt"], values["penalty"])
        best = labelled(widget.axes[0], "least sum").ravel()
        lowest = penalised_loss(best, target, *rest, values["strength"])
        assert (penalised_loss(best + steps, target, *rest, values["strength"]) > lowest).all()
        assert numbers(words(widget.axes[0]))[-2:] == pytest.approx(best, abs=6e-3)
        assert numbers(words(widget.axes[1]))[0] == (best == 0).sum()
        ring, outline = labelled(widget.axes[0], "equal loss").T, widget.axes[0].patches[0].get_xy()
        on_ring, at_best = (penalised_loss(np.array(w), target, *rest, 0) for w in (ring, best))
        assert on_ring == pytest.approx(at_best, abs=1e-9)
        paid, due = (penalised_loss(w, w, 0, values["penalty"], 1) for w in (outline, best))
        assert paid == pytest.approx(due, abs=1e-6)
        for name, w in zip(("$w_1$", "$w_2$"), best, strict=True):
            place = np.abs(np.log(labelled(widget.axes[1], name)[0] / values["strength"])).argmin()
            assert labelled(widget.axes[1], name)[1, place] == pytest.approx(w, abs=1e-6)
        assert line(widget.axes[1], 2).ravel() == pytest.approx([values["strength"], best[0]])


@of("c1-widget")
def test_corners_give_zeros_and_discs_do_not(widget):
    def best(**changed):
        widget.reset()
        widget.set(**changed)
        return labelled(widget.axes[0], "least sum").ravel()

    assert best() == pytest.approx([0.6, 0]) and best()[1] == 0
    assert best(penalty="L2") == pytest.approx([0.8, 0.4])
    assert (best(strength=10.0) == 0).all()
    assert best(strength=10.0, penalty="L2") == pytest.approx([1.6 / 11, 0.8 / 11])
    assert best(penalty="elastic net") == pytest.approx([0.3, 0])

    def bend(**changed):
        best(penalty="L2", **changed)
        way = labelled(widget.axes[0], "as $\\lambda$ grows").T
        (a, b), away = way[-1] - way[0], way - way[0]
        return np.abs(a * away[:, 1] - b * away[:, 0]).max()

    assert bend(tilt=0.0) < 1e-9 < 0.01 < bend(tilt=0.8)


# --- Penalties: a real network ----------------------------------------------------------------------------------------


@drives(NAME, "c2-widget", "penalty", "strength", "biases_too", "output_layer_only")
@of("c2-widget")
def test_histogram_sizes_and_accuracies_of_each_run(widget, run, ready, split):
    names = ["dense1.W", "dense1.b", "dense2.W", "dense2.b"]
    for values in ends(widget, "penalty", "strength", "biases_too", "output_layer_only"):
        i = int(np.argmin([abs(math.log(s / values["strength"])) for s in STRENGTHS]))
        params, _ = run.namespace["runs"][values["penalty"], i, values["biases_too"], values["output_layer_only"]]
        W, axes = params["dense1.W"], widget.axes
        zeros = sum(1 for w in W.ravel().tolist() if w == 0) / W.size
        assert numbers(words(axes["B"]))[-2] == pytest.approx(100 * zeros, abs=0.51)
        column = axes["B"].patches[-1]
        assert column.get_visible() == (zeros > 0) and column.get_height() == pytest.approx(max(zeros - 1e-4, 0))
        shares, edges, _ = axes["B"].patches[0].get_data()
        inside = [((W != 0) & (W > a) & (W < b)).mean() for a, b in itertools.pairwise(edges)]
        assert shares == pytest.approx(np.maximum(inside, 1e-4), abs=2e-4)
        usual = [math.sqrt(sum(w * w for w in params[name].ravel().tolist()) / params[name].size) for name in names]
        assert [bar.get_width() for bar in axes["C"].patches] == pytest.approx(np.minimum(usual, 1), rel=1e-4)
        marks = [right(two_layer_scores(params, ready[0][:300]), split.y_train[:300]),
                 right(two_layer_scores(params, ready[1]), split.y_val)]  # fmt: skip
        for j in (0, 1):
            assert line(axes["D"], j)[0] == pytest.approx(STRENGTHS)
            assert line(axes["D"], j)[1, i] == pytest.approx(marks[j], abs=0.011)
            assert line(axes["D"], 2 + j).ravel() == pytest.approx([values["strength"], line(axes["D"], j)[1, i]])
        picture = np.asarray(axes["A"].images[0].get_array())[4:60:2, 4:60:2, 0].astype(float) / 255
        assert picture == pytest.approx(0.5 + W[:, 0].reshape(28, 28) / (2 * np.abs(W).max() + 1e-12), abs=0.01)


def learned(run, penalty, strength, biases=False, output_only=False):
    return run.namespace["runs"][penalty, STRENGTHS.index(strength), biases, output_only]


def test_a_run_is_the_training_it_says_it_is(run, ready, split):
    """The first two steps of a run with L2, by loops over the examples in float64."""
    rng, step, strength = np.random.default_rng(0), 0.3, 0.05
    params = {k: v.astype(float) for k, v in run.namespace["small_net"].init(np.random.default_rng(1)).items()}
    for _ in range(2):
        chosen = rng.integers(0, 300, 50)
        grads = {name: np.zeros_like(w) for name, w in params.items()}
        for x, label in zip(ready[0][chosen], split.y_train[chosen], strict=True):
            h = np.maximum(0, x @ params["dense1.W"] + params["dense1.b"])
            ds = np.array(softmax((h @ params["dense2.W"] + params["dense2.b"]).tolist())) - np.eye(10)[label]
            dh = (params["dense2.W"] @ ds) * (h > 0)
            for name, gradient in zip(params, (np.outer(x, dh), dh, np.outer(h, ds), ds), strict=True):
                grads[name] += gradient / 50
        params = {name: w - step * grads[name] for name, w in params.items()}
        params = {name: w * (1 - step * strength) if name.endswith("W") else w for name, w in params.items()}
    wanted, _ = run.namespace["learn_few"](
        lambda name, w: run.namespace["KINDS"]["L2"](w, np.float32(0.3 * 0.05)) if name.endswith("W") else w, steps=2)
    for name, w in params.items():
        assert wanted[name] == pytest.approx(w, abs=2e-5)


def test_what_each_penalty_does_to_the_weights(run):
    def zeros(*which):
        return (learned(run, *which)[0]["dense1.W"] == 0).mean()

    def size(which, name):
        return float(np.sqrt((learned(run, *which)[0][name] ** 2).mean()))

    assert zeros("L1", STRENGTHS[2]) > 0.1 and zeros("L2", STRENGTHS[2]) == zeros("L1 by its slope", STRENGTHS[2]) == 0
    pictures = learned(run, "L1", STRENGTHS[4])[0]["dense1.W"].reshape(28, 28, 20) == 0
    border = np.ones((28, 28), bool)
    border[3:-3, 3:-3] = False
    assert pictures[border].mean() > pictures[~border].mean() + 0.1  # the border goes first
    nothing, marks = learned(run, "L1", STRENGTHS[6])
    assert (nothing["dense1.W"] == 0).all() and marks[1] == pytest.approx(0.1, abs=0.02)
    train, val = np.transpose([learned(run, "L2", s)[1] for s in STRENGTHS])
    assert train[0] > 0.95 and train[6] < train[0] - 0.1 and val[1:6].max() > val[0]
    for which in ("L2", "L1"):
        for name in ("dense1.b", "dense2.b"):
            assert size((which, STRENGTHS[4], True), name) < 0.8 * size((which, STRENGTHS[4]), name)
        free = size((which, STRENGTHS[4], False, True), "dense1.W")
        assert free > 1.15 * size((which, STRENGTHS[4]), "dense1.W")


# --- Max norm ---------------------------------------------------------------------------------------------------------


@drives(NAME, "c3-widget", "limit", "whose", "step_size")
@of("c3-widget")
def test_lengths_and_losses_under_a_limit(widget, run):
    for values in ends(widget, "limit", "whose", "step_size"):
        whose, limit = values["whose"], values["limit"]
        key = (limit, whose, values["step_size"])
        free, limited = run.namespace["free"], run.namespace["lengths_and_losses"]
        norms, course = free[key[2]] if whose == "no limit" else limited[key]
        assert heights(widget.axes[0]) == pytest.approx(np.minimum(norms, 5))
        border = widget.axes[0].lines[0]
        assert border.get_visible() == (whose == "each neuron")
        if whose == "each neuron":
            assert border.get_ydata()[0] == limit and max(norms) <= limit * (1 + 1e-6)
            assert numbers(words(widget.axes[0]))[0] == sum(norm > 0.999 * limit for norm in norms)
        if whose == "all weights together":
            assert math.sqrt(sum(norm**2 for norm in norms)) <= limit * (1 + 1e-6)
        assert line(widget.axes[1])[1] == pytest.approx(course)
        assert any("diverged" in text for text in texts(widget.axes[1])) == (course[-1] > 1e6)


def test_a_limit_tames_a_step_size_that_is_too_large(run):
    limited, free = run.namespace["lengths_and_losses"], run.namespace["free"]
    assert len(free[2.0][1]) <= 50 and free[2.0][1][-1] > 1e6
    tamed = limited[3.0, "each neuron", 2.0][1]
    assert len(tamed) == 150 and tamed[-30:].mean() < tamed.max() / 4
    assert (limited[4.0, "each neuron", 0.3][0] < 3.9).all()
    assert (limited[0.5, "each neuron", 0.3][0] > 0.48).all()
    assert limited[0.5, "each neuron", 0.3][1][-30:].mean() > 2 * free[0.3][1][-30:].mean()
    alone, together = (limited[1.0, whose, 0.3] for whose in ("each neuron", "all weights together"))
    assert together[0].max() < 0.7 and together[1][-30:].mean() > alone[1][-30:].mean()


# --- Dropout ----------------------------------------------------------------------------------------------------------


@drives(NAME, "c4-widget", "form", "keep", "masks", "image", "draws")
@of("c4-widget")
def test_one_mask_and_the_mean_of_many(widget, run):
    for values in ends(widget, "form", "keep", "masks", "image", "draws"):
        x, keep, n = run.namespace["hidden_out"][values["image"]], values["keep"], round(values["masks"])
        draws, up = np.random.default_rng(values["draws"]), 1 / keep if values["form"] == "inverted" else 1.0
        mean = np.zeros(100)
        for i in range(n):
            stays = [draws.random() < keep for _ in range(100)]
            mean += np.where(stays, x * up, 0) / n
            if i == 0:
                crosses = {(j % 10, j // 10) for j in range(100) if not stays[j]}
        test = x * keep if values["form"] == "vanilla" else x
        drawn = line(widget.axes[0]).T
        assert {(round(a), round(b)) for a, b in drawn} == crosses
        assert numbers(words(widget.axes[0]))[0] == len(crosses)
        assert line(widget.axes[1], 1) == pytest.approx(np.array([test, mean]))
        assert line(widget.axes[1], 2).ravel() == pytest.approx([test.mean(), mean.mean()])
        assert numbers(words(widget.axes[1])) == pytest.approx([mean.mean(), test.mean()], abs=6e-3)


@of("c4-widget")
def test_scaling_once_keeps_the_mean_and_never_halves_it(widget):
    def look(**changed):
        widget.reset()
        widget.set(**changed)
        return line(widget.axes[1], 1)

    def distance(**changed):
        test, mean = look(**changed)
        return np.abs(mean - test).max()

    assert distance(masks=1000.0) < 0.2 * distance(masks=1.0)
    slopes = {form: np.divide(*(part.sum() for part in look(form=form, masks=1000.0)[::-1]))
              for form in ("inverted", "vanilla", "not scaled at all")}  # fmt: skip
    assert slopes["inverted"] == pytest.approx(1, abs=0.05) and slopes["vanilla"] == pytest.approx(1, abs=0.05)
    assert slopes["not scaled at all"] == pytest.approx(0.5, abs=0.03)
    assert look(form="vanilla")[0] == pytest.approx(look(form="inverted")[0] / 2)
    pictures = [look(form=form, keep=1.0) for form in slopes]
    assert line(widget.axes[0]).size == 0 and all((picture == pictures[0]).all() for picture in pictures)


@drives(NAME, "c5-widget", "keep", "networks")
@of("c5-widget")
def test_the_crowd_of_cut_out_networks(widget, run, ready, split):
    logs, crowd = run.namespace["logs"], [1, 2, 3, 6, 10, 18, 32, 56, 100]
    for values in ends(widget, "keep", "networks"):
        keep, n = values["keep"], round(values["networks"])
        params = {name: w.astype(float) for name, w in logs[keep][-1].params.items()}
        hidden = np.maximum(0, ready[1][:500] @ params["dense1.W"] + params["dense1.b"])
        draws, total = np.random.default_rng(0), 0.0
        for _ in range(n):
            scores = hidden * (draws.random(hidden.shape, dtype=np.float32) < keep) / keep @ params["dense2.W"]
            total = total + np.array([softmax(s) for s in (scores + params["dense2.b"]).tolist()])
        y = split.y_val[:500]
        averaged, whole = right(total, y), right(two_layer_scores(params, ready[1][:500]), y)
        axes = widget.axes
        assert line(axes[1])[0] == pytest.approx(crowd) and set(line(axes[1], 1)[1]) == {line(axes[1], 3)[1, 0]}
        assert line(axes[1], 2).ravel() == pytest.approx([n, averaged], abs=0.007)
        assert line(axes[1], 3).ravel() == pytest.approx([n, whole], abs=0.007)
        assert line(axes[0], 1)[0] == pytest.approx(np.arange(2, 21, 2))
        last = right(two_layer_scores(params, ready[1]), split.y_val)
        assert line(axes[0], 1)[1, -1] == pytest.approx(last, abs=0.005)


def test_the_whole_network_is_worth_a_crowd(run):
    crowds, whole, logs = (run.namespace[name] for name in ("crowds", "whole", "logs"))
    for keep in (0.5, 0.25):
        assert crowds[keep][0] < whole[keep] - 0.01 and abs(crowds[keep][-1] - whole[keep]) < 0.03
    assert crowds[0.25][0] < whole[0.25] - 0.04
    quick, slow = ([log.train_accuracy for log in logs[keep]] for keep in (1.0, 0.25))
    assert quick[-1] > 0.99 and all(a > b for a, b in zip(quick, slow, strict=True))


# --- Losses -----------------------------------------------------------------------------------------------------------


@drives(NAME, "c6-widget", "cat", "dog", "ship")
@of("c6-widget")
def test_three_prices_of_a_margin(widget):
    for values in ends(widget, "cat", "dog", "ship"):
        v = [values[name] - values["cat"] + 1 for name in ("dog", "ship")]
        prices = [[max(0, x) for x in v], [max(0, x) ** 2 for x in v], [x**2 for x in v]]
        assert heights(widget.axes[2]) == pytest.approx([sum(paid) for paid in prices])
        drawn = heights(widget.axes[0])
        assert [-12 + h for h in drawn[:3]] == pytest.approx([values[name] for name in ("cat", "dog", "ship")])
        assert drawn[3:] == pytest.approx([0, *prices[0]])
        for i, paid in enumerate(prices):
            dots = line(widget.axes[1], 3 + i)
            assert dots[0] == pytest.approx(np.clip(v, -8, 6)) and dots[1] == pytest.approx(np.minimum(paid, 36))


@of("c6-widget")
def test_who_pays_what(widget):
    def sums(**changed):
        widget.reset()
        widget.set(**changed)
        return heights(widget.axes[2])

    assert sums() == [0, 0, 50]
    assert sums(dog=6.0)[:2] == [4, 16] and sums(dog=3.0)[:2] == [1, 1] and sums(dog=2.5)[:2] == [0.5, 0.25]
    assert sums(ship=-6.0) == [0, 0, 65]


def test_the_square_taken_too_early_gives_50_instead_of_0(run):
    assert (run.namespace["squared"], run.namespace["misprinted"]) == (0, 50)


def test_orders_of_the_classes_are_trees_of_all_ten(run):
    for tree in run.namespace["TREES"].values():
        assert sum(2.0 ** -len(path) for path in tree.paths) == 1 and len(set(tree.paths)) == 10


@drives(NAME, "c7-widget", "image", "order")
@of("c7-widget")
def test_the_way_of_an_image_down_the_tree(widget, run, ready, split):
    for values in ends(widget, "image", "order"):
        tree, params = run.namespace["TREES"][values["order"]], run.namespace["node_params"][values["order"]]
        scores = ready[1][values["image"]] @ params["dense1.W"].astype(float) + params["dense1.b"]
        chance = {path: math.prod(sigmoid(scores[tree.nodes.index(path[:i])] * (1 if path[i] == "R" else -1))
                                  for i in range(len(path))) for path in tree.paths}  # fmt: skip
        said, true = texts(widget.axes["B"]), split.y_val[values["image"]]
        for c, path in enumerate(tree.paths):
            assert f"{split.class_names[c]}  {chance[path]:.2f}" in said
        bold = {t.get_text().split("  ")[0] for t in widget.axes["B"].texts if t.get_weight() == "bold"}
        found = max(tree.paths, key=chance.get)
        assert bold == {split.class_names[true], split.class_names[tree.paths.index(found)]}
        assert texts(widget.axes["A"]) == [split.class_names[true]]
        every = ready[1] @ params["dense1.W"].astype(float) + params["dense1.b"]
        hits = 0
        for s, label in zip(every, split.y_val, strict=True):
            each = [math.prod(sigmoid(s[tree.nodes.index(p[:i])] * (1 if p[i] == "R" else -1)) for i in range(len(p)))
                    for p in tree.paths]  # fmt: skip
            hits += each.index(max(each)) == label
        assert numbers(words(widget.axes["B"]))[0] == pytest.approx(hits / 10, abs=0.61)


def test_a_tree_is_as_good_as_its_order(run):
    tree_right, softmax_right = run.namespace["tree_right"], run.namespace["softmax_right"]
    assert tree_right["shuffled"] < tree_right["alike together"] <= softmax_right + 0.01 and softmax_right > 0.78
    sure = [np.abs(run.namespace["node_scores"]["alike together"][i]).max() for i in range(10)]
    assert np.median([sigmoid(s) for s in sure]) > 0.95


@drives(NAME, "c8-widget", "doublings", "price")
@of("c8-widget")
def test_price_and_accuracy_against_the_number_of_classes(widget, run):
    marks, prices = run.namespace["tree_marks"], run.namespace["tree_prices"]
    for values in ends(widget, "doublings", "price"):
        k = values["doublings"]
        if values["price"] == "multiplications":
            cost = np.array([(2 * 32 * 2**d, 2 * 32 * d) for d in range(2, 15)], float)
        else:
            cost = prices[:, 1]
        for j in (0, 1):
            assert line(widget.axes[0], j) == pytest.approx(np.array([2.0 ** np.arange(2, 15), cost[:, j]]))
            assert line(widget.axes[0], 2 + j).ravel() == pytest.approx([2**k, cost[k - 2, j]])
        assert numbers(words(widget.axes[0])) == pytest.approx([2**k, cost[k - 2, 0] / cost[k - 2, 1]], rel=6e-3)
        for j in range(3):
            assert line(widget.axes[1], j)[1] == pytest.approx(marks[:, j])
            dot = line(widget.axes[1], 3 + j)
            assert dot.ravel() == pytest.approx([2**k, marks[k - 2, j]] if k < 9 else [])


def test_a_tree_is_cheap_for_many_classes_and_not_for_few(run):
    marks, prices = run.namespace["tree_marks"], run.namespace["tree_prices"]
    ratio = prices[:, :, 0] / prices[:, :, 1]
    assert ratio[-1, 0] == pytest.approx(1170, abs=1) and prices[-1, 0].tolist() == [1_048_576, 896]
    assert ratio[-1, 1] > 5 * ratio[0, 1] and ratio[0, 1] < 3
    assert marks[4, 2] < marks[4, 1] - 0.1 and marks[4:, 1].min() > marks[4:, 0].min() - 0.08


@drives(NAME, "c9-widget", "image", "form")
@of("c9-widget")
def test_scores_and_prices_of_tags(widget, run, ready, split):
    for values in ends(widget, "image", "form"):
        label, params = split.y_val[values["image"]], run.namespace["tag_params"][values["form"]]
        scores = ready[1][values["image"]] @ params["dense1.W"].astype(float) + params["dense1.b"]
        signs = [1 if label in classes else -1 for classes in run.namespace["TAGS"].values()]
        assert [bar.get_width() for bar in widget.axes["B"].patches] == pytest.approx(scores.clip(-4, 4), abs=1e-4)
        said = [f"{name}: {'yes' if sign > 0 else 'no'}"
                for name, sign in zip(run.namespace["TAGS"], signs, strict=True)]
        assert set(said) <= set(texts(widget.axes["B"]))
        price = {"hinge": lambda a: max(0, 1 - a), "logistic": lambda a: math.log(1 + math.exp(-a))}[values["form"]]
        agree = [sign * s for sign, s in zip(signs, scores, strict=True)]
        dots = line(widget.axes["C"], 2 + ["hinge", "logistic"].index(values["form"]))
        assert dots[0] == pytest.approx(np.clip(agree, -4, 4), abs=1e-4)
        assert dots[1] == pytest.approx([min(price(a), 5) for a in agree], abs=1e-4)
        assert numbers(words(widget.axes["C"]))[0] == pytest.approx(sum(map(price, agree)), rel=6e-3, abs=1e-3)
        assert numbers(words(widget.axes["B"]))[0] == sum(a > 0 for a in agree)


def test_tags_are_mostly_right_and_their_number_differs(run, split):
    assert min(run.namespace["tags_right"].values()) > 0.9
    counts = {sum(label in classes for classes in run.namespace["TAGS"].values()) for label in split.y_val[:20]}
    assert {1, 2} <= counts
    scores, signs = run.namespace["tag_scores"]["hinge"], run.namespace["tag_signs"][split.y_val]
    assert (signs * scores > 1).mean() > 0.5  # pay nothing with the hinge


@drives(NAME, "c10-widget", "predicted", "outlier", "loss")
@of("c10-widget")
def test_distances_and_their_slopes(widget):
    wanted = [2.2, 2.6, 2.8, 3.0, 3.1, 3.2, 3.4, 3.7, 3.9]
    for values in ends(widget, "predicted", "outlier", "loss"):
        p, t = values["predicted"], [*wanted, values["outlier"]]
        both = [sum((p - x) ** 2 for x in t) / 10, sum(abs(p - x) for x in t) / 10]
        assert numbers(words(widget.axes[0]))[1::2] == pytest.approx(both, rel=6e-3)
        assert line(widget.axes[0], 4).ravel() == pytest.approx([p, both[0]])
        assert line(widget.axes[0], 5).ravel() == pytest.approx([p, both[1]])
        lowest = [sum(t) / 10, sum(sorted(t)[4:6]) / 2]
        assert [line(widget.axes[0], 2 + j)[0, 0] for j in (0, 1)] == pytest.approx(lowest)
        for j, curve in enumerate((lambda q, t=t: sum((q - x) ** 2 for x in t) / 10,
                                   lambda q, t=t: sum(abs(q - x) for x in t) / 10)):  # fmt: skip
            xs, ys = line(widget.axes[0], j)
            assert [ys[i] for i in (0, 30, 100)] == pytest.approx([curve(xs[i]) for i in (0, 30, 100)])
        slopes = [2 * (p - x) / 10 if values["loss"] == "L2" else ((p > x) - (p < x)) / 10 for x in t]
        assert heights(widget.axes[1]) == pytest.approx(slopes, abs=1e-9)


@of("c10-widget")
def test_the_mean_follows_an_outlier_and_the_median_does_not(widget):
    def look(**changed):
        widget.reset()
        widget.set(**changed)
        return [line(widget.axes[0], 2 + j)[0, 0] for j in (0, 1)], heights(widget.axes[1])

    (near, far) = (look(outlier=o)[0] for o in (3.0, 10.0))
    assert far[0] - near[0] == pytest.approx(0.7) and abs(far[1] - near[1]) < 0.2
    slopes = look(loss="L2")[1]
    assert abs(slopes[-1]) > np.abs(slopes[:-1]).sum() and abs(look(loss="L1")[1][-1]) == pytest.approx(0.1)


# --- Exercises --------------------------------------------------------------------------------------------------------


EXERCISES = [("x-norm", "max_norm", "max_norm"), ("x-drop", "dropout", "dropout_op")]


@pytest.mark.parametrize("cell, name, function", EXERCISES)
def test_the_folded_solution_is_accepted_and_the_stub_is_not_started(run, cell, name, function):
    [text] = ["".join(each["source"]) for each in cells(NAME, "markdown") if each["id"] == f"{cell}-solution"]
    [code] = re.findall(r"```python\n(.*?)```", text, re.S)
    scope = {"np": np}
    exec(code, scope)
    assert exercises.verdict(name, scope[function]).kind == "exact", exercises.verdict(name, scope[function]).text
    assert exercises.verdict(name, run.namespace[function]).kind == "not_started"


# --- The whole --------------------------------------------------------------------------------------------------------


def stepped(panel, **changed):
    """Set the panel, take one step of a fresh run; returns the weights before and after (float64), and the Moment."""
    panel.reset()
    panel.set(**{"hidden": 50, "rule": "SGD", "batch": 500, "keep": 1.0, "l2": 1e-6, "epochs": 1} | changed)
    panel.step()
    assert panel.wait(20) and panel.error == ""
    assert panel.history.moments[0].step == 0 and panel.result.step == 1
    start = panel.network.init(np.random.default_rng(0))  # with the panel's seed
    before, after = ([params[f"dense1.{name}"].astype(float) for name in "Wb"] for params in (start, panel.params))
    return before, after, panel.result


def change(panel, **settings):
    (W, b), (W_after, b_after), _ = stepped(panel, **settings)
    return W_after - W, b_after - b


@drives(NAME, "c11-panel", "learning_rate", "l2", "rule")
@of("c11-panel")
def test_the_first_step_of_a_run_follows_its_settings(widget):
    (W, b), after, _ = stepped(widget, learning_rate=1.0)
    dW, db = after[0] - W, after[1] - b  # the gradient, times -1
    for rate in widget.limits("learning_rate"):
        wanted = pytest.approx(rate * dW, abs=1e-3 * rate * np.abs(dW).max() + 1e-7)
        assert change(widget, learning_rate=rate)[0] == wanted
    for strength in widget.limits("l2"):
        lam = 0 if strength < 1.01e-6 else strength
        dW_l2, db_l2 = change(widget, learning_rate=1.0, l2=strength)
        assert dW_l2 - dW == pytest.approx(-lam * W, abs=1e-4 * max(lam, 1e-2)) and db_l2 == pytest.approx(db, abs=1e-6)
    large = np.abs(dW) > 1e-3 * np.abs(dW).max()
    plain = np.abs(dW)
    sizes = {"SGD": plain, "Momentum": plain, "Nesterov": 1.9 * plain, "Adagrad": 1, "RMSprop": 10, "Adam": 1}
    for rule in widget.limits("rule"):
        step = change(widget, learning_rate=0.1, rule=rule)[0]
        assert np.abs(step)[large] == pytest.approx((0.1 * sizes[rule] * np.ones_like(dW))[large], rel=0.01)


@drives(NAME, "c11-panel", "hidden", "keep", "batch", "augment")
@of("c11-panel")
def test_the_network_and_the_batches_are_those_of_the_controls(widget):
    for hidden in widget.limits("hidden"):
        stepped(widget, hidden=hidden)
        assert widget.params["dense1.W"].shape == (784, hidden) and widget.params["dense2.W"].shape == (hidden, 10)
    for keep in widget.limits("keep"):
        stepped(widget, keep=keep)
        layer = widget.network.layers[widget.network.names.index("dropout1")]
        noisy, _ = layer.forward({}, np.ones((500, 50)), np.random.default_rng(0))
        assert (noisy > 0).mean() == pytest.approx(keep, abs=0.02) and noisy.max() == pytest.approx(1 / keep)
    for batch in widget.limits("batch"):
        assert stepped(widget, batch=batch)[2].epoch == pytest.approx(1 / math.ceil(9000 / batch))
    plain, moved = change(widget)[0], change(widget, augment=True)[0]
    corner = np.zeros((28, 28), bool)
    corner[:2] = True
    assert not np.allclose(plain, moved)  # shifts carry other images' pixels to the border
    plain, moved = (np.abs(dW).reshape(28, 28, -1)[corner].sum() for dW in (plain, moved))
    assert moved != pytest.approx(plain, rel=0.05)


@drives(NAME, "c11-panel", "schedule", "epochs", "moment")
@of("c11-panel")
def test_a_run_takes_its_epochs_at_its_rates_and_can_be_rewound(widget, ready, split):
    last = {"constant": 1, "step": 0.3**2, "exponential": math.exp(-3 * 17 / 18), "1/t": 1 / (1 + 9 * 17 / 18)}
    assert widget.result.epoch == 30 and widget.limits("epochs")[-1] == 30  # the warm-up
    marks = [right(two_layer_scores(widget.params, X[:1000]), y[:1000])
             for X, y in zip(ready, (split.y_train, split.y_val), strict=True)]  # fmt: skip
    assert [widget.result.train_accuracy, widget.result.val_accuracy] == pytest.approx(marks, abs=0.012)
    pictures = []
    for place in widget.limits("moment"):
        widget.set(moment=place)
        pictures += [numbers(words(ax)) for ax in widget.figure.axes if words(ax).startswith("accuracy")]
    assert pictures[-1] == pytest.approx(np.multiply(100, marks), abs=1.2)
    assert max(pictures[0]) < 25  # guessing
    for schedule in widget.limits("schedule"):
        widget.reset()
        widget.set(schedule=schedule, epochs=widget.limits("epochs")[0], batch=500, hidden=50, learning_rate=0.1)
        widget.start()
        assert widget.wait(30) and widget.error == ""
        assert widget.result.epoch == 1 and widget.result.rate == pytest.approx(0.1 * last[schedule])


@of("c11-panel")
def test_the_whole_reaches_its_aim_and_the_panel_says_what_is_wrong(widget, run):
    assert run.namespace["test_right"] >= 0.86
    widget.set(keep=1.0, l2=1e-6, epochs=12)
    widget.start()
    assert widget.wait(60)
    assert widget.result.train_accuracy > 0.94 and widget.result.train_accuracy - widget.result.val_accuracy > 0.06
    widget.reset()
    widget.set(learning_rate=1.0, epochs=2)
    widget.start()
    assert widget.wait(60) and widget.verdict[0] in ("diverged", "too fast")


# --- The playground ---------------------------------------------------------------------------------------------------

BENT = {"relu": lambda x: np.maximum(0, x), "tanh": np.tanh, "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
        "leaky relu": lambda x: np.where(x > 0, x, 0.01 * x)}  # fmt: skip


def plane_scores(params, X, activation):
    """Scores of a network of any number of layers, in float64."""
    depth = len(params) // 2
    for i in range(1, depth + 1):
        X = X @ params[f"dense{i}.W"].astype(float) + params[f"dense{i}.b"]
        X = BENT[activation](X) if i < depth else X
    return X


def first_step(panel, **changed):
    """Set the playground, take one step; returns by how much the first weights moved, and these weights."""
    panel.reset()
    panel.set(**changed)
    panel.step()
    assert panel.wait(20) and panel.error == "" and panel.result.step == 1
    start = panel.network.init(np.random.default_rng(0))["dense1.W"].astype(float)
    return panel.params["dense1.W"].astype(float) - start, start


@drives(NAME, "c12-playground", "data_set", "noise", "layers", "units", "activation")
@of("c12-playground")
def test_the_playground_learns_the_points_it_is_set_to(widget):
    for control in ("data_set", "noise", "layers", "units", "activation"):
        for position in widget.limits(control):
            first_step(widget, **{control: position})
            values = widget.values
            shapes = [widget.params[f"dense{i}.W"].shape for i in range(1, values["layers"] + 2)]
            points = data.load(values["data_set"], noise=values["noise"], seed=0)
            sizes = [2, *[values["units"]] * values["layers"], len(points.class_names)]
            assert shapes == list(itertools.pairwise(sizes)) and len(widget.params) == 2 * len(shapes)
            scores = plane_scores(widget.params, points.X_train, values["activation"])
            assert widget.result.train_accuracy == pytest.approx(right(scores, points.y_train), abs=0.011)


@drives(NAME, "c12-playground", "learning_rate", "l2", "moment")
@of("c12-playground")
def test_the_steps_of_the_playground_and_its_rewind(widget):
    end = [number for ax in widget.figure.axes for number in numbers(words(ax)) if words(ax).startswith("epoch")]
    assert end[0] == 200 and end[2] == pytest.approx(100 * widget.result.val_accuracy, abs=0.51)
    widget.set(moment=widget.limits("moment")[0])
    begin = [number for ax in widget.figure.axes for number in numbers(words(ax)) if words(ax).startswith("epoch")]
    assert begin[0] == 0 and begin[1] < 60
    moved, W = first_step(widget)
    start = widget.values["learning_rate"]
    for rate in widget.limits("learning_rate"):
        wanted = moved * rate / start
        assert first_step(widget, learning_rate=rate)[0] == pytest.approx(wanted, abs=2e-3 * np.abs(wanted).max())
    for strength in widget.limits("l2"):
        strength = 0 if strength < 1.01e-5 else strength
        assert first_step(widget, l2=strength or 1e-5)[0] == pytest.approx(moved - start * strength * W, abs=1e-5)


@of("c12-playground")
def test_lines_rings_and_penalties_on_the_playground(widget, monkeypatch):
    monkeypatch.setattr("cs231n_helpers.widgets.playground.SLOWLY", 0)  # nobody is watching

    def trained(**changed):
        widget.reset()
        widget.set(**changed)
        widget.start()
        assert widget.wait(60)
        return widget.result.train_accuracy

    assert trained(data_set="blobs", layers=0) > 0.97
    assert trained(data_set="circles", layers=0) < 0.65
    assert trained(data_set="circles", layers=1, units=2) < 0.95
    assert trained(data_set="circles", layers=1, units=3) > 0.98
    assert trained(l2=widget.limits("l2")[-1]) < 0.4
