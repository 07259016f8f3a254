"""Notebook 05, from pooling to a network looked into: every control against computed values, and what to notice."""

import itertools
import math

import numpy as np
import pytest

from cs231n_helpers import architecture, exercises
from support import cells, drives, ends, numbers, of, widths, words

NAME = "05_convnets"
MAPS = np.random.default_rng(3).permutation(64).reshape(8, 8) % 29


# --- the truth, from first principles ---------------------------------------------------------------------------------


def places(side, F, S):
    """Where windows begin along one axis."""
    return [start for start in range(0, side, S) if start + F <= side]


def pool(x, F, S, kind):
    """Windows of one map, one by one: outputs (H', W'), and the gradient of x for a gradient of 1 everywhere."""
    starts, dx = places(len(x), F, S), np.zeros(x.shape)
    y = np.zeros((len(starts), len(starts)))
    for (r, top), (c, left) in itertools.product(enumerate(starts), enumerate(starts)):
        patch = x[top:top + F, left:left + F]
        if kind == "max":
            best = max(((v, -i, -j) for (i, j), v in np.ndenumerate(patch)))
            y[r, c] = best[0]
            dx[top - best[1], left - best[2]] += 1
        else:
            y[r, c] = sum(patch.ravel().tolist()) / F**2
            dx[top:top + F, left:left + F] += 1 / F**2
    return y, dx


def conv(x, W, b, pad):
    """One picture (H, W, C) through filters (F, F, C, K), place by place."""
    F = len(W)
    x = np.pad(x.astype(float), ((pad, pad), (pad, pad), (0, 0)))
    side = len(x) - F + 1
    return np.array([[np.tensordot(x[r:r + F, c:c + F], W.astype(float), 3) for c in range(x.shape[1] - F + 1)]
                     for r in range(side)]) + b


def halved(x):
    return x.reshape(len(x) // 2, 2, x.shape[1] // 2, 2, -1).max(axis=(1, 3))


def vgg():
    """[(name, shape, numbers, parameters, multiply-adds)] of VGG-16 by the rules of the paper."""
    rows, side, depth, conv_number, pool_number = [("input", (224, 224, 3), 224 * 224 * 3, 0, 0)], 224, 3, 0, 0
    for filters, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            conv_number += 1
            weights = 9 * depth * filters
            rows.append((f"conv{conv_number}", (side, side, filters), side**2 * filters, weights + filters,
                         side**2 * weights))
            depth = filters
        side, pool_number = side // 2, pool_number + 1
        rows.append((f"pool{pool_number}", (side, side, depth), side**2 * depth, 0, 0))
    n = side**2 * depth
    for number, units in enumerate((4096, 4096, 1000), 1):
        rows.append((f"dense{number}", (units,), units, n * units + units, n * units))
        n = units
    return rows


# --- reading pictures -------------------------------------------------------------------------------------------------


def written(ax):
    """The texts of the places of a Words artist: {(row, column): text}."""
    [found] = [artist for artist in ax.artists if hasattr(artist, "places")]
    return {key: word.text for key, word in found.places.items() if word.text}


def grid(ax):
    """The numbers written in the cells of a map."""
    texts = written(ax)
    shape = [1 + max(place[axis] for place in texts) for axis in (0, 1)]
    return np.array([[float(texts[r, c]) for c in range(shape[1])] for r in range(shape[0])])


def lines(ax):
    """The lines of a table, as lists of texts."""
    texts = written(ax)
    return [[text for (line, _), text in texts.items() if line == number]
            for number in range(1 + max(line for line, _ in texts))]


def whole(text):
    return int(text.replace(",", ""))


# --- Pooling ----------------------------------------------------------------------------------------------------------


@drives(NAME, "b1-widget", "kind", "F", "S", "window")
@of("b1-widget")
def test_pooled_numbers_gradients_and_the_window(widget):
    for values in ends(widget, "kind", "F", "S", "window"):
        F, S = values["F"], values["S"]
        y, dx = pool(MAPS, F, S, values["kind"])
        A, B, C = widget.axes
        assert np.array_equal(grid(A), MAPS) and grid(B) == pytest.approx(y, rel=6e-3)
        assert grid(C) == pytest.approx(dx, rel=0.06)
        assert numbers(words(B))[0] == pytest.approx(100 * (1 - y.size / 64), abs=0.51)
        r, c = divmod(min(values["window"], y.size - 1), len(y))
        frame, ring = A.lines
        assert min(frame.get_xdata()) == c * S and min(frame.get_ydata()) == r * S
        assert max(frame.get_xdata()) - min(frame.get_xdata()) == F
        if values["kind"] == "max":
            assert MAPS[int(ring.get_ydata()[0]), int(ring.get_xdata()[0])] == y[r, c]
        else:
            assert len(ring.get_xdata()) == 0


@of("b1-widget")
def test_what_is_discarded_and_who_gets_the_gradient(widget):
    dx = grid(widget.axes[2])
    assert "75%" in words(widget.axes[1]) and (dx != 0).sum() == 16 and dx.max() == 1
    widget.set(S=1)
    assert grid(widget.axes[1]).shape == (7, 7) and grid(widget.axes[2]).max() == 4
    widget.set(S=2, kind="average")
    assert (grid(widget.axes[2]) == 0.25).all()
    widget.set(F=3)
    lost = [patch.get_xy() for patch in widget.axes[0].patches]
    assert [np.ptp(xy, axis=0).min() for xy in lost] == [1, 1]          # the last column, and the last row
    widget.set(kind="max")
    assert grid(widget.axes[2]).max() >= 2                              # one number won twice


@drives(NAME, "b1-shift-widget", "kind", "F", "S", "shift", "image")
@of("b1-shift-widget")
def test_how_much_a_shift_changes(widget, split):
    x = split.X_val[:100, ..., 0] / 255
    for values in ends(widget, "kind", "F", "S", "shift", "image"):
        starts = places(28, values["F"], values["S"])

        def reduced(x, values=values, starts=starts):
            F = values["F"] if values["kind"] != "every S-th pixel" else 1
            windows = np.array([[x[:, r:r + F, c:c + F] for c in starts] for r in starts])
            return windows.max(axis=(3, 4)) if values["kind"] == "max" else windows.mean(axis=(3, 4))

        moved = np.concatenate([x[:, :, 28 - values["shift"]:], x[:, :, :28 - values["shift"]]], axis=2)
        due = [np.abs(b - a).mean() / a.mean() for a, b in ((x, moved), (reduced(x), reduced(moved)))]
        assert widths(widget.axes[2]) == pytest.approx([min(d, 1.15) for d in due], abs=1e-4)
        assert [text.get_text() for ax in widget.axes[:2] for text in ax.texts] == [
            "28 x 28", f"{len(starts)} x {len(starts)}"]
        shown = widget.axes[0].images[0].get_array()
        assert shown.max() == pytest.approx(255 * moved[values["image"]].max(), abs=1) or shown.max() == 255


@of("b1-shift-widget")
def test_pooling_forgives_small_shifts(widget):
    def changed(**values):
        widget.reset()
        widget.set(**values)
        return widths(widget.axes[2])[1]

    assert changed() == pytest.approx(0.2, abs=0.01)
    assert changed(kind="every S-th pixel") == pytest.approx(0.3, abs=0.01)
    assert changed(F=7, S=7) < 0.1
    assert changed(shift=4) > 0.5


# --- Local response normalisation -------------------------------------------------------------------------------------


@drives(NAME, "b2-widget", "loud", "size", "alpha", "beta")
@of("b2-widget")
def test_channels_are_quietened_by_their_neighbours(widget):
    for values in ends(widget, "loud", "size", "alpha", "beta"):
        x = np.random.default_rng(5).uniform(0.5, 2.5, 20).tolist()
        x[10] = values["loud"]
        n, due = values["size"] // 2, []
        for c in range(20):
            around = sum(v * v for v in x[max(0, c - n):c + n + 1]) * values["alpha"] / values["size"]
            due.append(x[c] / (1 + around) ** values["beta"])
        heights = [bar.get_height() for bar in widget.axes.patches if bar.get_width() < 1]
        assert heights == pytest.approx([*x, *due])
        assert [number for number in numbers(words(widget.axes)) if number not in (9, 3)] == pytest.approx(
            [x[9], due[9], x[3], due[3]], abs=6e-3)


@of("b2-widget")
def test_who_hears_the_loud_channel(widget):
    def after(**values):
        widget.reset()
        widget.set(**values)
        return np.array([bar.get_height() for bar in widget.axes.patches if bar.get_width() < 0.5])

    low, high = after(loud=0.0), after(loud=12.0)
    assert high[9] < low[9] / 2 and high[3] == low[3]
    alone = after(size=1, loud=0.0), after(size=1, loud=12.0)
    assert np.array_equal(np.delete(alone[0], 10), np.delete(alone[1], 10))
    x = np.random.default_rng(5).uniform(0.5, 2.5, 20)
    assert np.delete(after(alpha=1e-4), 10) == pytest.approx(np.delete(x, 10), rel=2e-3)
    assert np.delete(after(beta=0.0), 10) == pytest.approx(np.delete(x, 10))


# --- Fully connected as a convolution ---------------------------------------------------------------------------------


def crop_scores(params, crop):
    """Scores of the small network for one piece (28, 28, 1), layer by layer."""
    x = crop
    for name in ("conv1", "conv2"):
        x = halved(np.maximum(0, conv(x, params[f"{name}.W"], params[f"{name}.b"], 0)))
    hidden = np.maximum(0, x.ravel() @ params["dense1.W"].astype(float) + params["dense1.b"])
    return hidden @ params["dense2.W"].astype(float) + params["dense2.b"]


@drives(NAME, "b3-widget", "row", "column", "class_name")
@of("b3-widget")
def test_the_one_pass_says_what_each_piece_says(widget, run, split):
    canvas, params = run.namespace["canvas"], run.namespace["learned"].params
    for values in ends(widget, "row", "column", "class_name"):
        r, c = values["row"], values["column"]
        due = crop_scores(params, canvas[4 * r:4 * r + 28, 4 * c:4 * c + 28])
        axes = widget.axes
        assert np.array(widths(axes["C"])) - 14 == pytest.approx(np.clip(due, -14, 14), abs=2e-3)
        said = [[float(number) for number in text.get_text().split(" = ")] for text in axes["C"].texts
                if " = " in text.get_text()]
        assert np.array(said) == pytest.approx(np.stack([due, due], 1), abs=0.011)
        assert split.class_names[int(due.argmax())] in words(axes["A"])
        assert values["class_name"] in words(axes["B"])
        drawn = axes["B"].images[0].get_array()[r, c]
        shade = (due[split.class_names.index(values["class_name"])] + 8) / 16
        assert drawn == pytest.approx(np.clip(shade, 0, 1), abs=1e-3)
        assert min(axes["A"].lines[0].get_xdata()) == 4 * c - 0.5


@of("b3-widget")
def test_trousers_and_the_work_saved(widget, run):
    assert "Trouser" in words(widget.axes["A"])
    one_pass, crops, one_crop = (run.namespace[name] for name in ("one_pass", "crops", "one_crop"))
    assert len(crops) == 240 and 7 < len(crops) * one_crop / one_pass < 9
    assert 384 // 32 - 7 + 1 == 6 and 224 // 32 == 7


# --- The pattern ------------------------------------------------------------------------------------------------------


@drives(NAME, "b4-box", "pattern", "input")
@of("b4-box")
def test_the_table_of_a_pattern(widget):
    def due(pattern, side, depth):
        """(numbers, parameters, multiply-adds) of the three patterns, by hand."""
        convs = {"INPUT": 1, "[[CON": 2, "FC": 0}[pattern[:5]]
        kept, learned, work, channels = side * side * depth, 0, 0, depth
        for _ in range(2 if convs else 0):
            for _ in range(convs):
                kept, learned = kept + side * side * 16, learned + 9 * channels * 16 + 16
                work, channels = work + side * side * 9 * channels * 16, 16
            side //= 2
            kept += side * side * 16
        n = side * side * channels
        for units in ((64, 10) if convs == 1 else (10,)):
            kept, learned, work, n = kept + units, learned + n * units + units, work + n * units, units
        return kept, learned, work

    for values in ends(widget, "pattern", "input"):
        side, _, depth = (int(n) for n in values["input"].split(" x "))
        last = lines(widget.axes)[-1]
        assert last[0] == "all" and [whole(last[i]) for i in (1, 3, 4)] == [*due(values["pattern"], side, depth)]


@of("b4-box")
def test_where_parameters_and_work_are(widget):
    def of_layer(name, pattern=None, **values):
        widget.reset()
        widget.set(**({"pattern": pattern} if pattern else {}), **values)
        [line] = [line for line in lines(widget.axes) if line[0] == name]
        return tuple(whole(line[i]) for i in ((-2, -1) if name == "all" else (-3, -2)))

    start = widget.values["pattern"]
    learned, work = (of_layer("all")[i] for i in (0, 1))
    assert learned == 53_370 and of_layer("dense1")[0] / learned == pytest.approx(0.94, abs=0.005)
    assert of_layer("conv2")[1] / work > 0.7
    without = start.replace("[FC64 -> RELU]*1 -> ", "")
    assert of_layer("all", without)[0] == 10_330
    assert 1 - of_layer("all", without)[1] / work == pytest.approx(0.075, abs=0.01)
    double = of_layer("conv2", start.replace("16", "32"))
    assert double[0] / of_layer("conv2")[0] == pytest.approx(4, abs=0.05) and double[1] == 4 * of_layer("conv2")[1]
    large = of_layer("conv2", input="224 x 224 x 3")
    assert large == (of_layer("conv2")[0], 64 * of_layer("conv2")[1])
    assert of_layer("dense1", input="224 x 224 x 3")[0] == 56 * 56 * 16 * 64 + 64
    widget.reset()
    widget.set(pattern="[CONV3-16 -> RELU -> POOL]*3 -> FC")
    assert "column 22" in widget.error and "3.5 is not whole" in widget.error


@drives(NAME, "b4-panel", "learning_rate", "l2", "batch", "rule", "epochs", "moment")
@of("b4-panel")
def test_the_panel_trains_what_stands_in_the_box(widget, run):
    assert widget.result.val_accuracy > 0.78 and widget.result.reading.filters.shape[1:] == (3, 3, 1)
    end = widget.result
    widget.set(moment=0)
    first = widget.history.moments[0]
    assert first.val_accuracy < 0.3 and first is not end
    assert f"{100 * first.val_accuracy:.1f}%" in words(widget.axes["A"])
    for control in ("learning_rate", "l2", "batch", "rule", "epochs"):
        for position in widget.limits(control):
            widget.reset()
            widget.set(**{control: position})
            assert widget.error == "" and widget._chosen()[control] == pytest.approx(0 if (
                control == "l2" and position < 1.01e-6) else position) if control != "rule" else True
    box = run.widgets["b4-box"]
    try:
        for pattern, shape in (("[CONV5-16 RELU POOL]*2 FC64 RELU FC", (16, 5, 5, 1)), ("FC", (10, 28, 28, 1))):
            widget.reset()
            box.set(pattern=pattern)
            widget.set(epochs=1, batch=200)
            widget.step()
            assert widget.wait(60) and widget.error == "" and widget.network.count() == box.network.count()
            assert widget.result.reading.filters.shape == shape
    finally:
        box.reset()
        widget.reset()


# --- Filters in colour ------------------------------------------------------------------------------------------------


def tint(filters):
    """How much of the weights is one colour over the whole window: about 1/25 for noise in 5x5, 1 for a plain tint."""
    W = np.asarray(filters, float) - 127.5
    return (W.mean(axis=(1, 2)) ** 2).sum() * W[0, ..., 0].size / (W**2).sum()


@drives(NAME, "b4-colour-panel", "size", "filters", "learning_rate", "l2", "batch", "rule", "epochs", "moment")
@of("b4-colour-panel")
def test_the_panel_trains_filters_in_colour(widget):
    assert widget.result.val_accuracy > 0.6 and widget.result.reading.filters.shape == (16, 5, 5, 3)
    assert widget.result.train_accuracy > widget.result.val_accuracy + 0.05
    widget.set(moment=0)
    first = widget.history.moments[0]
    assert f"{100 * first.val_accuracy:.1f}%" in words(widget.axes["A"]) and first.val_accuracy < 0.3
    for control in ("learning_rate", "l2", "batch", "rule", "epochs"):
        for position in widget.limits(control):
            widget.reset()
            widget.set(**{control: position})
            assert widget.error == "" and widget._chosen()[control] == pytest.approx(0 if (
                control == "l2" and position < 1.01e-6) else position) if control != "rule" else True
    try:
        for size, filters in ((3, 16), (7, 16), (5, 8), (5, 32)):
            widget.reset()
            widget.set(size=size, filters=filters, epochs=1, batch=200)
            widget.step()
            assert widget.wait(120) and widget.error == ""
            n = size * size * 3 * filters + filters + 9 * filters * 32 + 32 + 8 * 8 * 32 * 8 + 8
            assert widget.network.count() == n and widget.result.reading.filters.shape == (filters, size, size, 3)
    finally:
        widget.reset()


@drives(NAME, "b4-colour-widget", "moment")
@of("b4-colour-widget")
def test_filters_take_one_tint_each(widget, run):
    seen, grey = run.namespace["filters_seen"], run.namespace["recorded"][-1].params["conv1.W"]
    for values in ends(widget, "moment"):
        for ax, due in ((widget.axes[1], seen[0]), (widget.axes[2], seen[values["moment"]])):
            shown = np.asarray(ax.images[0].get_array())
            side, frame = 12 * 5, 4                                     # pixels of a filter, and of its frame
            step = side + 3 * frame
            for k in (0, 15):
                top, left = (step * n + frame for n in divmod(k, 4))
                assert np.array_equal(shown[top + 6:top + side:12, left + 6:left + side:12], due[k])
    assert len(seen) == 13 and tint(seen[0]) == pytest.approx(1 / 25, abs=0.03) and tint(seen[-1]) > 0.6
    clothes = np.moveaxis(grey, -1, 0)
    assert tint(127.5 + clothes) < tint(seen[-1]) - 0.2
    hues = np.asarray(seen[-1], float).mean(axis=(1, 2)).argmax(axis=1)
    assert set(hues) == {0, 1, 2}                                       # there are filters for red, green and blue


# --- The first layer --------------------------------------------------------------------------------------------------


@drives(NAME, "b5-widget", "F", "S", "filters", "batch")
@of("b5-widget")
def test_memory_of_first_layers(widget):
    for values in ends(widget, "F", "S", "filters", "batch"):
        K, plans = values["filters"], [[(3, 1)] * 3, [(7, 2)], [(11, 4)], [(values["F"], values["S"])]]
        memory, work, sees = [], [], []
        for plan in plans:
            side, depth, kept, adds, field, jump = 224, 3, 0, 0, 1, 1
            for F, S in plan:
                side = (side - F + 2 * (F // 2)) // S + 1
                kept, adds = kept + side**2 * K, adds + side**2 * F * F * depth * K
                field, jump, depth = field + (F - 1) * jump, jump * S, K
            memory.append(kept * values["batch"] * 4 / 1e9)
            work.append(adds / 1e9)
            sees.append(field)
        bars = widget.axes[0].patches
        assert [bar.get_width() for bar in bars] == pytest.approx([*memory, *memory])
        assert [bar.get_x() for bar in bars] == pytest.approx([0] * 4 + memory)
        ends_said = [numbers(text.get_text()) for text in widget.axes[1].texts if "sees" in text.get_text()]
        assert np.array(ends_said) == pytest.approx(np.stack([work, sees], 1), abs=6e-3)
        assert numbers(words(widget.axes[0]))[-1] == side


@of("b5-widget")
def test_memory_falls_with_the_square_of_the_stride(widget):
    def mine(**values):
        widget.reset()
        widget.set(**values)
        return widget.axes[0].patches[3].get_width(), widget.axes[0].patches[0].get_width()

    assert mine(S=1)[0] == pytest.approx(4 * mine(S=2)[0]) and mine(F=11)[0] == mine(F=7)[0]
    assert mine()[1] == pytest.approx(12 * mine()[0]) and 2 * mine(batch=64)[1] == pytest.approx(4.93, abs=0.01)


# --- Networks of the past ---------------------------------------------------------------------------------------------

PUBLISHED = {"LeNet-5": 61_706, "AlexNet": 60_965_224, "ZF Net": 62_357_608, "GoogLeNet": 6_998_552,
             "VGG-16": 138_357_544, "ResNet-50": 25_557_032}
DEPTH = [5, 8, 8, 22, 16, 50]


@drives(NAME, "b6-widget", "name", "size")
@of("b6-widget")
def test_case_studies(widget):
    for values in ends(widget, "name", "size"):
        found, title = lines(widget.axes["T"]), words(widget.axes["H"])
        last, chosen = found[-1], list(PUBLISHED).index(values["name"])
        assert whole(last[2]) == PUBLISHED[values["name"]] == sum(whole(line[-3]) for line in found[:-1])
        assert whole(last[1]) == sum(whole(line[2]) for line in found[:-1])
        assert whole(last[3]) == sum(whole(line[-2]) for line in found[:-1])
        due = {"parameters": PUBLISHED[values["name"]], "depth": DEPTH[chosen], "multiply-adds": whole(last[3]),
               "numbers kept": whole(last[1])}[values["size"]]
        heights = [line.get_ydata()[0] for line in widget.axes["H"].lines]
        assert whole(title.split(": ")[1]) == due == heights[chosen]
        if values["size"] in ("parameters", "depth"):
            assert heights == (DEPTH if values["size"] == "depth" else [*PUBLISHED.values()])


@of("b6-widget")
def test_what_history_tells(widget):
    totals = {}
    for name in PUBLISHED:
        widget.set(name=name)
        totals[name] = whole(lines(widget.axes["T"])[-1][3])
    assert totals["VGG-16"] / totals["ResNet-50"] == pytest.approx(4, abs=0.1)
    widget.set(name="VGG-16")
    [first] = [line for line in lines(widget.axes["T"]) if line[0] == "dense1"]
    assert whole(first[-3]) == 7 * 7 * 512 * 4096 + 4096
    assert PUBLISHED["AlexNet"] / PUBLISHED["GoogLeNet"] == pytest.approx(9, abs=0.5)
    widget.set(name="GoogLeNet")
    assert "gap1" in [line[0] for line in lines(widget.axes["T"])]


# --- VGG --------------------------------------------------------------------------------------------------------------


@drives(NAME, "b7-widget", "row", "keep_relu_outputs")
@of("b7-widget")
def test_vgg_row_for_row(widget):
    due = vgg()
    for values in ends(widget, "row", "keep_relu_outputs"):
        found = lines(widget.axes)
        if values["keep_relu_outputs"]:
            assert whole(found[-1][1]) == 28_801_512 and len(found) > 36
            continue
        assert [(line[0], whole(line[2]), whole(line[4]), whole(line[5])) for line in found[:-1]] == [
            (name, kept, learned, adds) for name, _, kept, learned, adds in due]
        assert [whole(found[-1][i]) for i in (1, 3)] == [15_237_608, 138_357_544]
        name, _, kept, learned, _ = due[values["row"]]
        title = words(widget.axes)
        left, right = title.split(":  ")[1].split(" numbers")[0].split(" = ")
        assert title.startswith(f"{name}:") and whole(right) == kept
        assert math.prod(int(n) for n in left.split(" · ")) == kept
        assert f"{learned:,} learned" in title if learned else "learned" not in title
        band, line = widget.axes.patches[0], values["row"]
        [places] = [artist.places for artist in widget.axes.artists if hasattr(artist, "places")]
        inside = [band.get_y() < places[row, 0].y < band.get_y() + band.get_height() for row in range(len(due))]
        assert inside == [row == line for row in range(len(due))]


def test_the_slip_of_the_notes_is_one():
    kept = [row[2] for row in vgg()]
    assert sum(kept) == 15_237_608 and (kept[1] + kept[2]) / sum(kept) == pytest.approx(0.42, abs=0.01)
    assert vgg()[19][3] / 138_357_544 == pytest.approx(0.74, abs=0.005) and vgg()[19][0] == "dense1"
    assert vgg()[2][3] / vgg()[1][3] == pytest.approx(20.6, abs=0.1)
    assert 4 * sum(kept) / 1e6 == pytest.approx(60.95, abs=0.005)
    assert 4 * sum(kept) / 2**20 == pytest.approx(58.1, abs=0.05)


# --- The three sources of memory --------------------------------------------------------------------------------------


@drives(NAME, "b8-widget", "batch", "rule", "number")
@of("b8-widget")
def test_six_parts_of_the_memory(widget):
    nets = [name for name in PUBLISHED if name != "LeNet-5"]
    kept = [sum(row.activations for row in architecture.table(architecture.CASES[name].network)) for name in nets]
    assert kept[nets.index("VGG-16")] == 15_237_608
    for values in ends(widget, "batch", "rule", "number"):
        each = {"float32": 4, "float64": 8}[values["number"]] / 1e9
        parts = np.array([bar.get_width() for bar in widget.axes.patches]).reshape(6, 5)
        numbers_due = np.array(kept) * values["batch"] * each
        learned = np.array([PUBLISHED[name] for name in nets]) * each
        extra = {"SGD": 0, "Momentum": 1, "Adam": 2}[values["rule"]] * learned
        assert parts[:5] == pytest.approx(np.stack([numbers_due, numbers_due, learned, learned, extra]))
        assert (parts[5] >= 224 * 224 * 3 * values["batch"] * each).all() and (parts[5] < 0.2 * numbers_due).all()
        said = [numbers(text.get_text())[0] for text in widget.axes.texts if text.get_text().endswith("GB")
                and "card" not in text.get_text()]
        assert said == pytest.approx(parts.sum(axis=0), abs=0.051)


@of("b8-widget")
def test_what_grows_with_what(widget):
    def parts(**values):
        widget.reset()
        widget.set(**values)
        return np.array([bar.get_width() for bar in widget.axes.patches]).reshape(6, 5)

    one = parts(batch=1)
    assert (one[2:5].sum(axis=0) / one.sum(axis=0))[[0, 3]].min() > 0.9              # AlexNet, VGG-16
    assert parts(batch=64)[:2] == pytest.approx(4 * parts(batch=16)[:2])
    assert parts(batch=64)[2:5] == pytest.approx(parts(batch=16)[2:5])
    more = (parts(rule="Adam") - parts(rule="SGD")).sum(axis=0)
    assert more[3] == pytest.approx(1.1, abs=0.05) and more[2] == pytest.approx(0.06, abs=0.005)
    large = parts(batch=64).sum(axis=0)
    assert large[4] > large[3]
    assert parts(number="float64")[:5] == pytest.approx(2 * parts()[:5])


# --- A look inside ----------------------------------------------------------------------------------------------------


@drives(NAME, "b9-widget", "image", "layer", "moment")
@of("b9-widget")
def test_maps_of_every_layer_at_every_moment(widget, run, split):
    recorded, X = run.namespace["recorded"], run.namespace["clothes"].X_val
    for values in ends(widget, "image", "layer", "moment"):
        params, x = recorded[values["moment"]].params, X[values["image"]]
        maps = {"conv1": conv(x, params["conv1.W"], params["conv1.b"], 2)}
        maps["relu1"] = np.maximum(0, maps["conv1"])
        maps["pool1"] = halved(maps["relu1"])
        maps["conv2"] = conv(maps["pool1"], params["conv2.W"], params["conv2.b"], 1)
        maps["relu2"] = np.maximum(0, maps["conv2"])
        maps["pool2"] = halved(maps["relu2"])
        due = maps[values["layer"]]
        shown = np.asarray(widget.axes["M"].images[0].get_array())[..., 0].astype(float)
        cell, step = 56, 56 + 2 * 4 + 4
        for k in (0, due.shape[-1] - 1):
            top, left = (step * n + 4 for n in divmod(k, 8))
            picture = shown[top:top + cell, left:left + cell]
            pixels = picture[cell // (2 * len(due))::cell // len(due), cell // (2 * len(due))::cell // len(due)]
            signed = 0.5 + due[..., k] / (2 * np.abs(due).max())
            bright = signed if values["layer"].startswith("conv") else due[..., k] / due.max()
            assert pixels / 255 == pytest.approx(bright, abs=0.004)
        hidden = np.maximum(0, maps["pool2"].ravel() @ params["dense1.W"].astype(float) + params["dense1.b"])
        s = hidden @ params["dense2.W"].astype(float) + params["dense2.b"]
        p = np.exp(s - s.max()) / np.exp(s - s.max()).sum()
        said = widget.axes["I"].texts[0].get_text()
        assert said.startswith(split.class_names[int(s.argmax())])
        assert numbers(said)[-1] == pytest.approx(100 * p.max(), abs=0.51)
        right = [line.get_ydata() for line in widget.axes["C"].lines if len(line.get_xdata()) == 1]
        log = recorded[values["moment"]]
        assert [float(y[0]) for y in right] == pytest.approx([log.train_accuracy, log.val_accuracy])


def test_filters_take_sides(run):
    """After training a filter has a bright and a dark side: neighbouring weights agree far more than at the start."""
    def agreement(W):
        W = W[..., 0, :] - W[..., 0, :].mean(axis=(0, 1))
        return (W[:, 1:] * W[:, :-1]).sum() / (W**2).sum()

    first, last = (run.namespace["recorded"][i].params["conv1.W"].astype(float) for i in (0, -1))
    assert agreement(first) < 0.1 and agreement(last) > 0.3
    assert run.namespace["recorded"][0].val_accuracy < 0.3 and run.namespace["test_right"] > 0.81


# --- Exercises --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cell", "name", "function"), [("x-pool", "max_pool", "max_pool"),
                                                        ("x-params", "pattern_parameters", "pattern_parameters")])
def test_the_folded_solution_is_accepted_and_the_stub_is_not_started(run, cell, name, function):
    [text] = ["".join(each["source"]) for each in cells(NAME, "markdown") if each["id"] == f"{cell}-solution"]
    scope = {"np": np}
    exec(text.split("```python\n")[1].split("```")[0], scope)
    assert exercises.verdict(name, scope[function]).kind == "exact", exercises.verdict(name, scope[function]).text
    assert exercises.verdict(name, run.namespace[function]).kind == "not_started"
