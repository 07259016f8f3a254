"""Notebook 06, freezing, rates, fine-tuning and when it pays: every control against computed values, what to notice."""

import json

import numpy as np
import pytest

from cs231n_helpers import data, exercises, pretrained, transfer
from support import ROOT, cells, curve, drives, ends, numbers, of, texts, words

NAME = "06_transfer_learning"
BELOW = {"the head alone": "0", "and one unit": "1", "and three units": "3", "everything": "9"}
TARGETS = {"CIFAR-10": "cifar10", "clothes": "fashion_mnist"}


def recorded(name):
    return json.loads((ROOT / "data" / "results" / f"{name}.json").read_text(encoding="utf-8"))["results"]


def depth_runs(target, count, way):
    """Test accuracies of one target, one number of images, one way ("scratch", or units below the head)."""
    return [row["scratch"] if way == "scratch" else row["fine_tuned"][way] for row in recorded("transfer_depth")["rows"]
            if row["target"] == TARGETS[target] and row["per_class"] == count]


def drawn_runs(ax):
    """The dots of each bar."""
    return [sorted(line.get_xdata()) for line in ax.lines]


# --- Freeze and unfreeze ----------------------------------------------------------------------------------------------


@drives(NAME, "c1-widget", "target", "learning", "per_class")
@of("c1-widget")
def test_three_curves_are_the_recorded_ones(widget):
    for values in ends(widget, "target", "learning", "per_class"):
        U, L, R = (widget.axes[place] for place in "ULR")
        counts = sorted({row["per_class"] for row in recorded("transfer_depth")["rows"]})
        k = BELOW[values["learning"]]
        for i, way in enumerate(("scratch", "0", k)):
            xs, ys = curve(L, i)
            assert list(xs) == counts
            assert ys == pytest.approx([np.mean(depth_runs(values["target"], n, way)) for n in counts])
        assert [patch.get_hatch() == "////" for patch in U.patches] == [i < 9 - int(k) for i in range(10)]
        assert words(U).startswith(f"{int(k) + 1} of 10")
        for dots, bar, way in zip(drawn_runs(R), R.patches, ("scratch", *BELOW.values()), strict=True):
            found = depth_runs(values["target"], values["per_class"], way)
            assert dots == sorted(found) and bar.get_width() == pytest.approx(np.mean(found))


def mean(target, count, way):
    return np.mean(depth_runs(target, count, way))


@of("c1-widget")
def test_features_are_worth_much_for_things_and_little_for_clothes(widget):
    assert widget.values["target"] == "CIFAR-10" and widget.values["per_class"] == 30
    assert 0.15 < mean("CIFAR-10", 30, "0") - mean("CIFAR-10", 30, "scratch") < 0.25
    assert mean("CIFAR-10", 100, "scratch") < mean("CIFAR-10", 30, "0")
    for count in (2, 8, 30, 100):
        depths = [mean("CIFAR-10", count, way) for way in BELOW.values()]
        assert max(depths) - min(depths) < 0.04
    assert abs(mean("clothes", 8, "0") - mean("clothes", 8, "scratch")) < 0.02
    ways = [mean("clothes", 100, way) for way in ("scratch", *BELOW.values())]
    assert max(ways) - min(ways) < 0.02


def test_what_is_frozen_in_the_cell_and_the_live_point(run):
    here = run.namespace
    below = transfer.units(here["clothes_net"])[:-3]
    assert {key.partition(".")[0] for key in here["frozen_keys"]} == {name for unit in below for name in unit}
    low, high = here["BANDS"][here["net_name"]]
    assert low < here["frozen_right"] < high


# --- A learning rate for each depth -----------------------------------------------------------------------------------


@drives(NAME, "c2-widget", "lr", "factor")
@of("c2-widget")
def test_rates_accuracies_and_the_way_gone(widget, run):
    here = run.namespace
    net, start, val = here["rate_net"], here["rate_start"], here["few_clothes"]
    for values in ends(widget, "lr", "factor"):
        taken, _ = here["rate_runs"][values["lr"], values["factor"]]
        factors = [values["factor"]**depth for depth in (4, 3, 2, 1, 0)]
        below = texts(widget.axes["U"])[5:]
        assert below == ["learns" if f == 1 else f"x {f:.2g}" for f in factors]
        xs, ys = curve(widget.axes["L"])
        for step, right in zip(xs[1:], ys[1:]):
            scores = net.predict(taken[int(step) - 1].params, val.X_val) if not taken[-1].stopped else None
            if scores is not None:
                assert right == pytest.approx((scores.argmax(axis=1) == val.y_val).mean())
        assert ys[0] == here["frozen_level"] == curve(widget.axes["L"], 1)[1][0]
        for bar, unit in zip(widget.axes["R"].patches, ("conv1", "conv2", "conv3", "conv4", "dense1"), strict=True):
            moved = (taken[-1].params[f"{unit}.W"] - start[f"{unit}.W"]).astype(float).ravel()
            share = np.sqrt(moved @ moved) / np.linalg.norm(start[f"{unit}.W"])
            assert bar.get_width() + 1e-4 == pytest.approx(np.clip(share, 1e-4, 1e5), rel=1e-3)


@of("c2-widget")
def test_a_high_rate_ruins_what_was_pretrained_unless_it_falls_with_depth(widget, run):
    runs, level = run.namespace["rate_runs"], run.namespace["frozen_level"]
    end = {key: marks[-1][1] for key, (_, marks) in runs.items()}
    assert 0.5 < level < 0.8 and end[0.003, 1.0] > level - 0.1
    widget.set(lr=0.03)
    assert "no longer a number" in " ".join(texts(widget.axes["L"])) or end[0.03, 1.0] < 0.3
    assert all(runs[lr, 1.0][0][-1].stopped or end[lr, 1.0] < 0.3 for lr in (0.03, 0.1, 0.3))
    assert all(end[lr, 0.3] > level - 0.1 for lr in (0.003, 0.01, 0.03, 0.1))
    assert end[0.3, 0.3] < level - 0.1
    widget.set(lr=0.01)
    gone = [bar.get_width() for bar in widget.axes["R"].patches]
    assert gone[0] == max(gone) and gone[-1] == min(gone)               # conv1 goes farthest, the head least


# --- Fine-tuning, live ------------------------------------------------------------------------------------------------


@drives(NAME, "c3-panel", "learning_rate", "batch", "rule", "epochs", "frozen", "factor", "moment")
@of("c3-panel")
def test_the_panel_fine_tunes_what_is_not_frozen(widget, run):
    start, units = run.namespace["patch_start"], run.namespace["patch_units"]
    assert widget.result.val_accuracy > 0.5 and widget.result.reading.filters.shape[-1] == 3
    widget.set(moment=0)
    assert f"{100 * widget.history.moments[0].val_accuracy:.1f}%" in words(widget.axes["A"])
    for control in ("learning_rate", "batch", "rule", "epochs", "frozen", "factor"):
        for position in widget.limits(control):
            widget.reset()
            widget.set(**{control: position})
            assert widget.error == ""
            assert widget._chosen()[control] == (position if control == "rule" else pytest.approx(position))
    try:
        for frozen in (units - 1, units - 2):
            widget.reset()
            widget.set(frozen=frozen, factor=0.5)
            widget.step()
            assert widget.wait(60) and widget.error == ""
            moved = {key.partition(".")[0] for key in start if not np.array_equal(start[key], widget.params[key])}
            names = transfer.units(widget.network)[frozen:]
            assert moved == {unit[0] for unit in names} | (moved & {name for unit in names for name in unit})
            assert set(widget.shown.params) == set(start)
    finally:
        widget.reset()


@drives(NAME, "c3-widget", "whose", "gain")
@of("c3-widget")
def test_first_filters_are_those_of_the_weights(widget, run):
    loaders = {"squeezenet": (pretrained.squeezenet, "conv1.W"), "small": (pretrained.small, "conv1.W"),
               "efficientnet_lite0": (pretrained.efficientnet_lite0, "stem1.conv1.W")}
    for values in ends(widget, "whose", "gain"):
        load, key = loaders[values["whose"]]
        W = load()[1][key]                                              # (F, F, 3, K)
        scale, (before, after) = 2 * np.quantile(np.abs(W), 0.995), run.namespace["FIRST_FILTERS"][values["whose"]]
        assert np.array_equal(before, np.moveaxis(W, -1, 0)) and before.shape == after.shape
        for ax, shown in zip(widget.axes, (before, after, values["gain"] * (after - before)), strict=True):
            pixels = np.asarray(ax.images[0].get_array())[..., :3].reshape(-1, 3).astype(int)
            for place in ((0, 0, 0), (1, 1, 2), (len(W[0, 0, 0]) - 1, 2, 2)):
                expected = 255 * np.clip(0.5 + shown[place] / scale, 0, 1)
                assert (np.abs(pixels - expected).max(axis=1) <= 1.5).any()


def test_the_head_is_warm(run):
    first = run.namespace["tuner"].history.moments[0]
    assert first.step == 0 and first.train_accuracy > 0.98


def test_filters_hardly_move(run):
    for before, after in run.namespace["FIRST_FILTERS"].values():
        colour = np.abs(before - before.mean(axis=-1, keepdims=True)).max() / np.abs(before).max()
        assert 0 < np.linalg.norm(after - before) / np.linalg.norm(before) < 0.1 and colour > 0.1
    gone = run.namespace["patch_gone"]
    assert all(0 < part < 0.3 for part in gone.values())


# --- When does transfer pay? ------------------------------------------------------------------------------------------


def pays(move, amount):
    """(images of each class, [results of each way]) as the two experiments wrote them."""
    source, target = move.split(" → ")
    if source == "ImageNet":
        n = (8, 100)[amount == "many"]
        return n, [depth_runs(target, n, way) for way in ("scratch", "0", "9")]
    rows = [row for row in recorded("transfer_pays")["rows"]
            if row["to"] == target and row["from"].split(" (")[0].endswith(source)]
    n = sorted({row["per_class"] for row in rows})[amount == "many"]
    return n, [[row[way] for row in rows if row["per_class"] == n] for way in ("scratch", "frozen", "fine_tuned")]


@drives(NAME, "c4-widget", "similar", "other")
@of("c4-widget")
def test_the_two_by_two_is_the_recorded_one(widget):
    for values in ends(widget, "similar", "other"):
        for place, side, amount in (("A", "similar", "few"), ("B", "other", "few"), ("C", "similar", "many"),
                                    ("D", "other", "many")):
            ax = widget.axes[place]
            count, ways = pays(values[side], amount)
            assert [bar.get_width() for bar in ax.patches] == pytest.approx([np.mean(way) for way in ways])
            assert drawn_runs(ax) == [sorted(way) for way in ways]
            assert words(ax) == f"{values[side]}, {count} of each class"


@of("c4-widget")
def test_where_transfer_pays(widget, run):
    def means(move, amount):
        return [np.mean(way) for way in pays(move, amount)[1]]

    assert widget.values["similar"] == "clothes → shoes and bags"
    scratch, frozen, _ = means("clothes → shoes and bags", "few")
    assert frozen == max(means("clothes → shoes and bags", "few")) and 0.06 < frozen - scratch < 0.1
    assert np.ptp(means("clothes → shoes and bags", "many")) < 0.02
    scratch, frozen, tuned = means("ImageNet → CIFAR-10", "many")
    assert min(frozen, tuned) > scratch + 0.15
    for amount in ("few", "many"):
        scratch, frozen, tuned = means("CIFAR-10 → colour patches", amount)
        assert scratch > max(frozen, tuned)
    for move in ("CIFAR-10 → clothes", "ImageNet → clothes"):
        scratch, frozen, tuned = means(move, "few")
        assert scratch > max(frozen, tuned) - 0.005
    scratch, frozen, tuned = means("CIFAR-10 → clothes", "many")
    assert 0.03 < tuned - scratch < 0.06 and abs(frozen - scratch) < 0.01
    assert 0.81 < run.namespace["borrowed"] < 0.83 and 0.88 < run.namespace["from_scratch"] < 0.9


# --- Input size -------------------------------------------------------------------------------------------------------


@drives(NAME, "c5-widget", "image", "side")
@of("c5-widget")
def test_input_sizes(widget, run):
    patches = data.load("photo_patches")
    largest = run.namespace["INPUT_SIZES"][-1]
    for values in ends(widget, "image", "side"):
        side, shown = values["side"], np.asarray(widget.axes[0].images[0].get_array())
        x = patches.X_val[values["image"]] / 255
        assert shown.shape[:2] == (largest, largest) and (shown[side:, side:] == 1).all()
        assert shown[:side, :side].mean() == pytest.approx(x.mean(), abs=0.01)
        network, _, _ = run.namespace["LOADERS"][run.namespace["net_name"]](side)
        work = sum(layer.multiply_adds(shape) for _, layer, shape, _ in network.walk())
        found = numbers(words(widget.axes[1]).replace(",", ""))
        assert found[-1] == pytest.approx(work / 1e6, abs=0.51)
        xs, ys = curve(widget.axes[1])
        assert list(xs) == run.namespace["INPUT_SIZES"] and ((ys >= 0) & (ys <= 1)).all()


def test_larger_than_they_are_is_better_up_to_a_point(run):
    if run.namespace["net_name"] == "squeezenet":
        right = {side: found[2] for side, found in run.namespace["by_size"].items()}
        assert right[96] > right[64] and right[160] < right[128] + 0.04
        assert 4.5 < run.namespace["by_size"][128][1] / run.namespace["by_size"][64][1] < 5
        assert [run.namespace["by_size"][side][0] for side in (64, 128)] == [(3, 3, 512), (7, 7, 512)]


# --- Exercises --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cell", "number", "name"), [
    ("c1", "", "pooled_features"), ("c1", "-2", "replace_head"), ("c2", "", "learning_rates"),
    ("c2", "-2", "fine_tune_step"),
])  # fmt: skip
def test_the_folded_solutions_are_right_and_the_stubs_are_not_started(run, cell, number, name):
    [text] = ["".join(each["source"]) for each in cells(NAME, "markdown") if each["id"] == f"{cell}-solution{number}"]
    here = {"np": np}
    exec(text.split("```python\n")[1].split("```")[0], here)
    assert exercises.verdict(name, here[name]).kind == "exact"
    assert exercises.verdict(name, run.namespace[name]).kind == "not_started"
