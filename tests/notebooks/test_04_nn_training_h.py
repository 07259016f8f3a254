"""Notebook 04, third part, ensembles and distillation: each control against values computed here; what to notice."""

import itertools
import json
import math
import re

import numpy as np
import pytest
from scipy.special import softmax

from cs231n_helpers import exercises
from support import ROOT, cells, curve, drives, ends, numbers, of, texts, widths, words

NAME = "04_nn_training"
WAYS = {"other initialisations": "initialisations", "top of a search": "search", "checkpoints": "checkpoints",
        "averaged weights": "weights"}  # fmt: skip


# --- the truth, from first principles ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recorded():
    """What the experiments wrote, read from their files."""
    return {name: json.loads((ROOT / "data" / "results" / f"{name}.json").read_text())
            for name in ("ensembles", "distillation")}  # fmt: skip


def mean_and_spread(values):
    mean = sum(values) / len(values)
    return mean, math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))


def scores_of(params, X):
    """Scores of a network of two layers in float64."""
    W1, b1, W2, b2 = (params[f"dense{k}.{a}"].astype(float) for k in (1, 2) for a in "Wb")
    return np.maximum(0, X @ W1 + b1) @ W2 + b2


def right(scores, y):
    return np.mean([int(np.argmax(s)) == label for s, label in zip(scores, y, strict=True)])


def said_by(crew, X):
    return sum(softmax(scores_of(params, X), axis=1) for params in crew) / len(crew)


def softened(P, T):
    return softmax(np.log(np.maximum(P, 1e-300)) / T, axis=1)


def drawn(ax, label):
    [found] = [one for one in ax.lines if one.get_label() == label]
    return np.array(found.get_data(), dtype=float)


def bar_of(ax, i):
    """Half the lengths of the error bars of line i."""
    return [(b - a) / 2 for (_, a), (_, b) in ax.collections[i].get_segments()]


# --- several heads ----------------------------------------------------------------------------------------------------


@drives(NAME, "h1-widget", "models", "way")
@of("h1-widget")
def test_accuracies_and_prices_of_each_way(widget, recorded):
    for values in ends(widget, "models", "way"):
        n, found = values["models"], recorded["ensembles"]["results"][WAYS[values["way"]]]
        alone, whole = found["members_val"], found["together_val"]
        ax, price = widget.axes["A"], widths(widget.axes["B"])
        rows = {"together": whole, "mean of the members": [[sum(row[:k]) / k for k in range(1, 9)] for row in alone]}
        for i, (label, seeds) in enumerate(rows.items()):
            wanted = [mean_and_spread([row[k] for row in seeds]) for k in range(8)]
            assert drawn(ax, label)[1] == pytest.approx([mean for mean, _ in wanted])
            assert bar_of(ax, i) == pytest.approx([spread for _, spread in wanted])
            assert numbers(words(ax))[1 + i] == pytest.approx(100 * wanted[n - 1][0], abs=0.051)
        assert sorted(drawn(ax, "one model")[1]) == sorted(itertools.chain(*alone))
        assert numbers(words(ax))[0] == n and ax.lines[-1].get_xdata()[0] == n
        training = {"other initialisations": n, "top of a search": 12}.get(values["way"], 1)
        assert price == [training, 1 if values["way"] == "averaged weights" else n]
        assert texts(widget.axes["B"]) == [f"{p} x" for p in price]


def test_five_together_beat_the_mean_of_the_five_for_every_seed_and_way(recorded):
    gains = {}
    for way, key in WAYS.items():
        for part in ("val", "test"):
            found = recorded["ensembles"]["results"][key]
            gains[way, part] = [whole[4] - sum(alone[:5]) / 5 for alone, whole in
                                zip(found[f"members_{part}"], found[f"together_{part}"], strict=True)]  # fmt: skip
            assert min(gains[way, part]) > 0
    mean = {which: sum(gain) / 5 for which, gain in gains.items()}
    assert mean["checkpoints", "val"] > 0.7 * mean["other initialisations", "val"]
    assert mean["averaged weights", "val"] == pytest.approx(mean["checkpoints", "val"], abs=0.003)


def test_the_first_heads_help_most_and_a_choice_on_validation_images_flatters(recorded):
    results = recorded["ensembles"]["results"]

    def together(key, part, n):
        return np.mean([row[n - 1] for row in results[key][f"together_{part}"]])

    def alone(key, part, n):
        return np.mean([row[:n] for row in results[key][f"members_{part}"]])

    one, three, eight = (together("initialisations", "val", n) for n in (1, 3, 8))
    first, rest = three - one, eight - three
    assert first > 0.01 > 5 * rest
    better = [alone("search", part, 5) - alone("initialisations", part, 5) for part in ("val", "test")]
    assert better[0] > 0.005 and together("search", "test", 5) < together("initialisations", "test", 5)


def test_the_crew_of_the_notebook_says_what_it_should(run, ready, split):
    names = run.namespace
    each = [right(scores_of(params, ready[1]), split.y_val) for params in names["crew"]]
    assert names["each_right"] == pytest.approx(each, abs=0.003)
    assert names["crew_says"] == pytest.approx(said_by(names["crew"], ready[1]), abs=1e-3)
    assert right(said_by(names["crew"], ready[1]), split.y_val) > sum(each) / 5
    for key, array in names["one_model"].items():
        mean = sum(params[key].astype(float) for params in names["crew_runs"][0][5:]) / 5
        assert array == pytest.approx(mean, abs=1e-6)


def test_what_each_way_costs():
    [printed] = ["".join(out["text"]) for cell in cells(NAME) if cell["id"] == "h1-cost" for out in cell["outputs"]]
    rows = [numbers(line) for line in printed.splitlines()]
    assert rows[:4] == [[5 * 1800, 5], [12 * 1800, 5], [1800, 5], [1800, 1]]
    assert rows[4] == [5, 1800, 9000, 1800] and 10 * 9000 / 50 == 1800


def test_the_loud_member_wins_with_scores_only():
    [printed] = ["".join(out["text"]) for cell in cells(NAME) if cell["id"] == "h1-loud" for out in cell["outputs"]]
    [first, second] = [numbers(line) for line in printed.splitlines()]
    assert first == pytest.approx([10 / 3, 2], abs=0.005)
    quiet, loud = 1 / (1 + math.exp(3)), 1 / (1 + math.exp(-10))
    assert second == pytest.approx([(loud + 2 * quiet) / 3, (1 - loud + 2 * (1 - quiet)) / 3], abs=0.005)


# --- running average --------------------------------------------------------------------------------------------------


@drives(NAME, "h2-widget", "memory")
@of("h2-widget")
def test_the_run_and_its_running_average(widget, run, ready, split):
    looks, steps = run.namespace["looks"], run.namespace["look_steps"]
    assert steps == list(range(45, 1801, 45))
    for values in ends(widget, "memory"):
        j = round(2 * math.log10(values["memory"])) - 2                 # 10, 32, 100, 316, 1000
        plain, middle = drawn(widget.axes, "weights as they are"), drawn(widget.axes, "running average")
        for i in (0, 20, 39):
            marks = [right(scores_of(params, ready[1]), split.y_val)
                     for params in (looks[i][j].step.params, looks[i][j].params)]  # fmt: skip
            assert [plain[1, i], middle[1, i]] == pytest.approx(marks, abs=0.003)
        keep, *means = numbers(words(widget.axes))
        assert keep == pytest.approx(1 - 1 / values["memory"], abs=6e-4)
        assert means == pytest.approx([100 * line[1, 20:].mean() for line in (plain, middle)], abs=0.051)


def test_the_running_average_is_the_weighted_mean_of_the_weights(run, split):
    every = [step.params for step in run.namespace["crew_steps"](0, 45, split.y_train)]
    for j, memory in enumerate(run.namespace["MEMORIES"]):
        shares = [(1 - 1 / memory) ** (45 - t) for t in range(1, 46)]
        got = run.namespace["looks"][0][j].params
        for key in got:
            wanted = sum(share * params[key].astype(float) for share, params in zip(shares, every, strict=True))
            assert got[key] == pytest.approx(wanted / sum(shares), abs=2e-4)


def test_the_middle_is_better_than_the_way(run):
    marks = run.namespace["look_marks"]
    plain, ten, hundred, thousand = (marks[:, j] for j in (0, 1, 3, 5))
    assert hundred[20:].mean() > plain[20:].mean() + 0.008 and hundred[20:].std() < 0.85 * plain[20:].std()
    assert (hundred[8:] > plain[8:]).mean() > 0.8
    assert thousand[1:8].mean() < ten[1:8].mean() - 0.005  # it lags behind
    assert thousand[20:].mean() > max(plain[20:].mean(), ten[20:].mean())


@drives(NAME, "h2-line-widget", "place")
@of("h2-line-widget")
def test_networks_on_the_line_between_two(widget, run, ready, split):
    names = run.namespace
    pairs = {"two checkpoints of a run": (names["crew_runs"][0][5], names["crew_runs"][0][9]),
             "two runs": (names["crew_runs"][1][9], names["crew_runs"][0][9]),
             "a network and its twin": (names["twin"], names["crew_runs"][0][9])}  # fmt: skip
    for values in ends(widget, "place"):
        a, said = values["place"], numbers(words(widget.axes))
        for k, (name, (A, B)) in enumerate(pairs.items()):
            mixed = {key: (1 - a) * A[key].astype(float) + a * B[key].astype(float) for key in A}
            mark = right(scores_of(mixed, ready[1]), split.y_val)
            assert drawn(widget.axes, name)[1, round(20 * a)] == pytest.approx(mark, abs=0.003)
            assert said[k] == pytest.approx(100 * mark, abs=0.81)
    checkpoints, runs, twins = (drawn(widget.axes, name)[1] for name in pairs)
    assert checkpoints[10] > checkpoints[[0, 20]].min() - 0.003
    assert runs[10] < runs[[0, 20]].min() - 0.015 and twins[10] < twins[[0, 20]].min() - 0.02


def test_the_twin_is_another_order_of_the_same(run, ready):
    twin, first = run.namespace["twin"], run.namespace["crew"][0]
    assert scores_of(twin, ready[1][:50]) == pytest.approx(scores_of(first, ready[1][:50]), abs=1e-9)
    assert not np.array_equal(twin["dense1.W"], first["dense1.W"])


# --- distillation -----------------------------------------------------------------------------------------------------


@drives(NAME, "h3-widget", "image", "temperature")
@of("h3-widget")
def test_what_the_teacher_says_at_a_temperature(widget, run, ready, split):
    P = said_by(run.namespace["crew"], ready[1])
    for values in ends(widget, "image", "temperature"):
        q, true = softened(P, values["temperature"]), split.y_val[values["image"]]
        assert widths(widget.axes["B"]) == pytest.approx(q[values["image"]], abs=2e-3)
        shares = [numbers(text)[0] for text in texts(widget.axes["B"])]
        assert shares == pytest.approx(100 * q[values["image"]], abs=0.2)
        colours = {bar.get_facecolor() for i, bar in enumerate(widget.axes["B"].patches) if i != true}
        assert len(colours) == 1 and widget.axes["B"].patches[true].get_facecolor() not in colours
        assert texts(widget.axes["A"]) == [split.class_names[true]]
        shown = np.ma.filled(widget.axes["C"].images[0].get_array().astype(float), np.nan)
        table = np.stack([q[split.y_val == c].mean(axis=0) for c in range(10)])
        off = ~np.eye(10, dtype=bool)
        assert shown[off] == pytest.approx(table[off], abs=1e-3) and np.isnan(np.diag(shown)).all()
        said = numbers(words(widget.axes["C"]))
        assert said == pytest.approx([values["temperature"], 100 * table[off].max()], abs=0.6)


def test_related_classes_share_and_heat_drowns_them(run, ready, split):
    P, names = said_by(run.namespace["crew"], ready[1]), list(split.class_names)
    table = np.stack([softened(P, 5)[split.y_val == c].mean(axis=0) for c in range(10)])
    np.fill_diagonal(table, 0)
    tops = [names.index(n) for n in ("T-shirt/top", "Pullover", "Coat", "Shirt")]
    for c in tops[:3]:
        assert table[c].argmax() in tops
    assert table[names.index("Shirt")].argmax() in tops
    assert table[names.index("Sandal")].argmax() in (names.index("Sneaker"), names.index("Ankle boot"))
    assert table[names.index("Ankle boot")].argmax() == names.index("Sneaker")
    hot, cold = (np.stack([softened(P, T)[split.y_val == c].mean(axis=0) for c in range(10)]) for T in (20, 1))
    assert np.diag(hot).max() < 0.35 and np.diag(cold).mean() > 0.7
    sure = [np.mean(cold[names.index(n), names.index(n)]) for n in ("Trouser", "Shirt")]
    assert sure[0] > sure[1] + 0.2


@drives(NAME, "h3-students-widget", "images_seen", "temperature")
@of("h3-students-widget")
def test_students_with_labels_and_with_soft_targets(widget, recorded):
    found = recorded["distillation"]
    sizes, temperatures = found["settings"]["images"], found["settings"]["temperatures"]
    for values in ends(widget, "images_seen", "temperature"):
        soft = found["results"]["soft"]["val"][temperatures.index(values["temperature"])]
        lines = {"soft targets": soft, "hard labels": found["results"]["hard"]["val"]}
        for i, (label, rows) in enumerate(lines.items()):
            wanted = [mean_and_spread(row) for row in rows]
            assert drawn(widget.axes["A"], label)[0].tolist() == sizes
            assert drawn(widget.axes["A"], label)[1] == pytest.approx([mean for mean, _ in wanted])
            assert bar_of(widget.axes["A"], i) == pytest.approx([spread for _, spread in wanted])
            at = sizes.index(values["images_seen"])
            assert numbers(words(widget.axes["A"]))[1 + i] == pytest.approx(100 * wanted[at][0], abs=0.051)
        assert numbers(words(widget.axes["A"]))[0] == values["images_seen"] == widget.axes["A"].lines[-1].get_xdata()[0]
        assert drawn(widget.axes["A"], "teacher")[1] == pytest.approx([found["results"]["teacher"]["val"]] * 5)
    assert widths(widget.axes["B"]) == pytest.approx([5 * (784 * 50 + 50 * 10) / 1e3, (784 * 20 + 20 * 10) / 1e3])


def test_soft_targets_help_where_images_are_few(recorded):
    found = recorded["distillation"]["results"]
    hard, soft = np.mean(found["hard"]["val"], axis=-1), np.mean(found["soft"]["val"], axis=-1)  # (images), (T, images)
    spread = np.std(found["hard"]["val"], axis=-1)
    assert (soft[:, :3] > hard[:3] + 2 * spread[:3]).all()                      # at every temperature
    assert soft[2, 1] > hard[2]                                                 # 300 against 1000 with labels
    assert abs(soft[:, 4] - hard[4]).max() < 0.01 and soft[:, 4].max() < hard[4] + 0.005
    test = np.mean(found["soft"]["test"], axis=-1), np.mean(found["hard"]["test"], axis=-1)
    assert (test[0][:, :3] > test[1][:3] + 0.02).all()                          # and on images that chose nothing


def test_the_live_student_is_helped_too(run):
    assert run.namespace["student_right"][1] > run.namespace["student_right"][0] + 0.01


def test_stub_and_solution_of_the_exercise(run):
    assert exercises.verdict("distillation", run.namespace["distillation_loss"]).kind == "not_started"
    [text] = ["".join(c["source"]) for c in cells(NAME, "markdown") if c["id"] == "h3-exercise-solution"]
    names = {"np": np}
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], names)
    assert exercises.verdict("distillation", names["distillation_loss"]).kind == "exact"


# --- in the end -------------------------------------------------------------------------------------------------------


@pytest.fixture
def rows(recorded):
    """{name: (test accuracies, training, predicting)} from the files."""
    found, taught = recorded["ensembles"]["results"], recorded["distillation"]["results"]

    def alone(key):
        return list(itertools.chain(*found[key]["members_test"]))

    def five(key):
        return [row[4] for row in found[key]["together_test"]]

    best = max(range(5), key=lambda t: sum(taught["soft"]["val"][t][4]))
    return {"one network": (alone("initialisations"), 1, 1), "one, rate lowered": (alone("lowered"), 1, 1),
            "running average": (alone("running"), 1, 1), "averaged weights, 5": (five("weights"), 1, 1),
            "checkpoints, 5": (five("checkpoints"), 1, 5), "initialisations, 5": (five("initialisations"), 5, 5),
            "rate lowered, 5": (five("lowered"), 5, 5), "top of a search, 5": (five("search"), 12, 5),
            "student, hard labels": (taught["hard"]["test"][4], 0.4, 0.4),
            "student, soft targets": (taught["soft"]["test"][best][4], 5.4, 0.4)}  # fmt: skip


@drives(NAME, "h4-widget", "sort_by")
@of("h4-widget")
def test_the_rows_and_their_order(widget, rows):
    for values in ends(widget, "sort_by"):
        names = texts(widget.axes["B"])
        assert sorted(names) == sorted(rows)
        wanted = [mean_and_spread(rows[name][0]) for name in names]
        assert curve(widget.axes["B"])[0] == pytest.approx([mean for mean, _ in wanted])
        bars = [(b - a) / 2 for (a, _), (b, _) in widget.axes["B"].collections[0].get_segments()]
        assert bars == pytest.approx([spread for _, spread in wanted])
        low, high = widget.axes["B"].get_xlim()
        assert all(low < mean - spread and mean + spread < high for mean, spread in wanted)
        for axis, k in (("C", 1), ("D", 2)):
            prices = [rows[name][k] for name in names]
            assert widths(widget.axes[axis]) == pytest.approx(prices)
            assert [float(text) for text in texts(widget.axes[axis])] == pytest.approx(prices)
        key = {"test accuracy": [-mean for mean, _ in wanted], "training": widths(widget.axes["C"]),
               "predicting": widths(widget.axes["D"])}[values["sort_by"]]  # fmt: skip
        assert list(key) == sorted(key)


def test_what_is_worth_its_price(rows):
    worth = {name: mean_and_spread(marks)[0] for name, (marks, _, _) in rows.items()}
    cheap = {name: worth[name] for name, (_, training, predicting) in rows.items() if training == predicting == 1}
    assert max(cheap, key=cheap.get) == "running average"
    assert abs(worth["running average"] - worth["initialisations, 5"]) < 0.003
    assert worth["one, rate lowered"] > worth["one network"] + 0.008
    assert (worth["rate lowered, 5"] - worth["one, rate lowered"]
            < 0.5 * (worth["initialisations, 5"] - worth["one network"]))  # fmt: skip
    dearest = max(rows, key=lambda name: rows[name][1])
    assert dearest == "top of a search, 5" and worth[dearest] < max(worth.values())
    assert {name for name, row in rows.items() if row[2] < 1} == {"student, hard labels", "student, soft targets"}
    assert worth["student, soft targets"] < worth["student, hard labels"] + 0.003
