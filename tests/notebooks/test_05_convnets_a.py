"""Notebook 05, the convolution and its sizes: every control against values computed here, and what to notice."""

import numpy as np
import pytest

from cs231n_helpers import exercises
from cs231n_helpers.plots.words import Words
from support import cells, drives, ends, numbers, of, texts, words

NAME = "05_convnets"
EDGE = np.array([[-1.0, 0, 1]] * 3)
FILTERS = {"vertical edge": EDGE, "horizontal edge": EDGE.T, "blur": np.full((3, 3), 1 / 9),
           "sharpen": np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]])}  # fmt: skip


# --- the truth, from first principles ---------------------------------------------------------------------------------


def slid(x, W, stride=1):
    """Sums of products of W over every window of x (both two-dimensional), one by one."""
    places = [range(0, n - f + 1, stride) for n, f in zip(x.shape, W.shape, strict=True)]
    return np.array([[sum(x[i + u, j + v] * W[u, v] for u in range(W.shape[0]) for v in range(W.shape[1]))
                      for j in places[1]] for i in places[0]])  # fmt: skip


def loss(x, W, dy, stride):
    return (slid(x, W, stride) * dy).sum()


def measured(f, a):
    """The slope of f with respect to every number of a."""
    slopes = np.empty(a.shape)
    for place in np.ndindex(a.shape):
        step = np.zeros(a.shape)
        step[place] = 0.5
        slopes[place] = f(a + step) - f(a - step)  # f is linear in a: any step will do
    return slopes


def reached(neuron, distances, size, width=32):
    """The pixels that a neuron at the top depends on; `distances` from the first layer up."""
    seen = {neuron}
    for distance in reversed(distances):
        seen = {p + distance * step for p in seen for step in range(-(size // 2), size // 2 + 1)}
        seen = {p for p in seen if 0 <= p < width}
    return sorted(seen)


# --- reading pictures -------------------------------------------------------------------------------------------------


def grid(ax):
    """The numbers written in the cells of an axis, as {(row, column): text}."""
    [found] = [child for child in ax.get_children() if isinstance(child, Words)]
    return {place: word.text for place, word in found.places.items() if word.text}


def table(ax):
    """The numbers of the cells as an array, the largest rectangle that is filled."""
    texts = {place: numbers(text)[0] for place, text in grid(ax).items()}
    rows, columns = (1 + max(place[i] for place in texts) for i in (0, 1))
    return np.array([[texts.get((i, j), np.nan) for j in range(columns)] for i in range(rows)])


def frame(ax, count):
    """Row, column, height and width of the frame on a grid whose longer side has `count` cells."""
    [outline] = ax.collections[1].get_segments()
    unit = max(ax.images[0].get_extent()[1] - ax.images[0].get_extent()[0],
               ax.images[0].get_extent()[2] - ax.images[0].get_extent()[3]) / count  # fmt: skip
    left, top = ax.images[0].get_extent()[0], ax.images[0].get_extent()[3]
    (x0, y0), (x1, y1) = outline.min(axis=0), outline.max(axis=0)
    return [round(v, 6) for v in ((y0 - top) / unit, (x0 - left) / unit, (y1 - y0) / unit, (x1 - x0) / unit)]


def lit(ax, layer=0):
    """The columns of a row of cells that count: those that are not grey."""
    pixels = np.asarray(ax.images[layer].get_array())[0]
    return [i for i, (r, g, b) in enumerate(pixels) if max(r, g, b) - min(r, g, b) > 0.3]


# --- a filter slides --------------------------------------------------------------------------------------------------


def seven():
    x = np.zeros((7, 7))
    x[1, 1:6] = 2
    x[2:6, 4] = 2
    return x


@drives(NAME, "a1-widget", "row", "column", "filter", "yours", "flipped", "pixels")
@of("a1-widget")
def test_each_sum_is_that_of_nine_products(widget):
    for values in ends(widget, "row", "column", "filter", "yours", "flipped", "pixels"):
        axes, i, j = widget.axes, values["row"], values["column"]
        x = table(axes["A"])
        if values["pixels"] == 0:
            assert x == pytest.approx(seven())
        else:
            assert x.shape == (7, 7) and x.min() >= -1 and x.max() <= 3 and (x != seven()).any()
        W = FILTERS.get(values["filter"], values["yours"])
        W = W[::-1, ::-1] if values["flipped"] else W
        assert table(axes["B"]) == pytest.approx(W, abs=0.01)
        assert table(axes["C"]) == pytest.approx(x[i:i + 3, j:j + 3] * W, abs=0.01)
        assert table(axes["D"]) == pytest.approx(slid(x, W), abs=0.006)
        assert frame(axes["A"], 7) == [i, j, 3, 3] and frame(axes["D"], 5) == [i, j, 1, 1]
        [said] = texts(axes["E"])
        assert numbers(said)[-1] == pytest.approx(slid(x, W)[i, j], abs=1e-3)
        assert sum(a * b for a, b in _pairs(said)) == pytest.approx(slid(x, W)[i, j], abs=0.01)


def _pairs(said):
    left = said.split("=")[0].replace("\N{MINUS SIGN}", "-")
    return [tuple(float(part.strip("() ")) for part in product.split("·")) for product in left.split(" + ")]


@of("a1-widget")
def test_what_to_notice_about_the_sums(widget):
    def total(**changed):
        widget.reset()
        widget.set(**changed)
        return numbers(texts(widget.axes["E"])[0])[-1]

    assert (total(), total(column=4), total(column=3)) == (6, -6, 0)
    total(filter="horizontal edge")
    y = table(widget.axes["D"])
    assert np.abs(y[:2]).max() == 6 and (y[2, :2] == 0).all() and y[2, 3] == 0  # on the post itself: nothing
    assert total(filter="blur") == pytest.approx(seven()[2:5, 2:5].mean(), abs=1e-3)
    assert total(flipped=True) == -6


# --- filters on a photograph ------------------------------------------------------------------------------------------


def maps(run, split, values):
    x = run.namespace["hopper"] if values["image"] == 0 else split.X_train[values["image"]] / 255
    plane = np.pad(x.mean(axis=2, dtype=float), 1)
    return slid(plane, FILTERS[values["filter"]]) + values["bias"]


@drives(NAME, "a2-widget", "filter", "bias", "image")
@of("a2-widget")
def test_maps_are_sliding_sums_of_the_mean_channel(widget, run, split):
    for values in ends(widget, "filter", "bias", "image"):
        y = maps(run, split, values)
        assert numbers(words(widget.axes[1])) == pytest.approx([y.min(), y.max()], abs=0.006)
        assert numbers(words(widget.axes[2]))[0] == pytest.approx(100 * (y > 1e-6).mean(), abs=0.6 + 100 * (
            np.abs(y) < 1e-6).mean())
        shown = np.asarray(widget.axes[2].images[0].get_array())
        k = np.arange(128) * len(y) // 128
        assert shown == pytest.approx(np.maximum(0, y)[k][:, k], abs=1e-5)


@of("a2-widget")
def test_what_to_notice_on_the_photograph(widget, run, split):
    widget.reset()
    y = maps(run, split, widget.values)
    assert (np.abs(y) < 0.25).mean() > 0.6 and FILTERS["vertical edge"].sum() == FILTERS["horizontal edge"].sum() == 0
    assert FILTERS["blur"].sum() == pytest.approx(1) and FILTERS["sharpen"].sum() == 1
    active = numbers(words(widget.axes[2]))[0]
    widget.set(bias=-0.3)
    assert numbers(words(widget.axes[2]))[0] < active / 2


# --- depth, stride, padding -------------------------------------------------------------------------------------------


def seen_by(width, size, stride, padding):
    full = width + 2 * padding
    starts = [s for s in range(0, full, stride) if s + size <= full]
    once = [sum(s <= p < s + size for s in starts) for p in range(full)]
    return np.outer(once, once), len(starts), full - starts[-1] - size


@drives(NAME, "a3-widget", "width", "size", "stride", "padding", "filters", "window")
@of("a3-widget")
def test_every_pixel_counts_its_windows(widget):
    for values in ends(widget, "width", "size", "stride", "padding", "filters", "window"):
        counts, n, left = seen_by(*(values[name] for name in ("width", "size", "stride", "padding")))
        assert table(widget.axes["A"]) == pytest.approx(counts)
        i, j = divmod(min(values["window"], n * n - 1), n)
        S, F = values["stride"], values["size"]
        assert frame(widget.axes["A"], len(counts)) == [i * S, j * S, F, F]
        assert numbers(words(widget.axes["B"])) == [n, n, values["filters"]]
        sheets = [patch for patch in widget.axes["B"].patches if patch.get_visible()]
        assert len(sheets) == 2 * values["filters"]
        assert len(widget.axes["B"].lines[0].get_xdata()) == values["filters"]
        [said] = texts(widget.axes["C"])
        assert ("not whole" in said) == (left > 0)
        assert numbers(said.split("=")[1])[0] == pytest.approx((len(counts) - F) / S + 1, abs=1e-3)


@of("a3-widget")
def test_what_to_notice_about_layouts(widget):
    def shown(**changed):
        widget.reset()
        widget.set(**changed)
        return table(widget.axes["A"]), numbers(words(widget.axes["B"]))[0]

    counts, n = shown(padding=0)
    assert counts[0, 0] == 1 and counts[3, 3] == 9 and n == 5
    assert shown()[1] == 7 and shown(stride=2)[1] == 4
    counts, n = shown(width=8, stride=2)
    assert (counts[-1] == 0).all() and "not whole" in texts(widget.axes["C"])[0]
    assert shown(filters=6)[1] == 7
    for F in (1, 3, 5):
        assert shown(size=F, padding=(F - 1) // 2)[1] == 7


# --- the border -------------------------------------------------------------------------------------------------------


def ways(layers, size, padded):
    """How many ways lead from each of 32 pixels to the top, as a share of the most there could be."""
    n = 32 if padded else 32 - layers * (size - 1)
    found = [1.0] * max(n, 0)
    for _ in range(layers):
        length = 32 if padded else len(found) + size - 1
        below = [0.0] * (length if found else 0)
        for k, value in enumerate(found):
            for step in range(size):
                at = k + step - (size // 2 if padded else 0)
                if 0 <= at < len(below):
                    below[at] += value / size
        found = below
    return np.array(found) if found else np.zeros(32)


@drives(NAME, "a4-widget", "size", "layers")
@of("a4-widget")
def test_widths_and_ways_at_the_border(widget):
    for values in ends(widget, "size", "layers"):
        F, L = values["size"], values["layers"]
        left = max(0, 32 - L * (F - 1))
        assert numbers(words(widget.axes[0]))[:2] == [L, left]
        xs, ys = widget.axes[0].lines[1].get_data()
        assert list(ys) == [max(0, 32 - k * (F - 1)) for k in xs]
        kept, lost = (ways(L, F, padded) for padded in (True, False))
        assert widget.axes[1].lines[0].get_ydata() == pytest.approx(kept)
        assert widget.axes[1].lines[1].get_ydata() == pytest.approx(lost / max(lost.max(), 1e-9))


@of("a4-widget")
def test_what_to_notice_at_the_border(widget):
    def first(**changed):
        widget.reset()
        widget.set(**changed)
        return numbers(words(widget.axes[0]))[1], numbers(words(widget.axes[1]))

    assert first(layers=16)[0] == 0 and first(size=7)[0] == 2 and first(size=5, layers=8)[0] == 0
    with_zeros, without = first(layers=10)[1]
    assert with_zeros > 0.25 and without < 0.001


# --- the size formula -------------------------------------------------------------------------------------------------


@drives(NAME, "a5-widget", "width", "size", "stride", "padding", "channels", "filters")
@of("a5-widget")
def test_the_calculator_refuses_what_does_not_fit(widget):
    for values in ends(widget, "width", "size", "stride", "padding", "channels", "filters"):
        W, F, S, P, D, K = values.values()
        room = W - F + 2 * P
        fits = room >= 0 and room % S == 0
        [said] = texts(widget.axes["B"])
        assert f"= {F * F * D * K + K:,}" in said
        assert (f"output {room // S + 1} x {room // S + 1} x {K}" in said) == fits
        assert ("not whole" in said) == (room >= 0 and room % S > 0)
        assert ("larger than the padded" in said) == (room < 0)
        assert numbers(words(widget.axes["A"]))[-1] == pytest.approx(room / S + 1, rel=1e-3, abs=1e-3)
        bars = widget.axes["A"].collections[0].get_segments()
        assert len(bars) == len(range(0, max(room, 0) + 1, S))
        ends_at = max(bar[1, 0] for bar in bars) * max(W + 2 * P, F) / 100
        assert ends_at == pytest.approx((len(bars) - 1) * S + F, abs=0.02 * max(W + 2 * P, F))
        crossed = widget.axes["A"].patches[3]
        assert crossed.get_visible() == (room > 0 and room % S > 0)


@of("a5-widget")
def test_what_to_notice_about_sizes(widget):
    def said(**changed):
        widget.reset()
        widget.set(**changed)
        return texts(widget.axes["B"])[0]

    assert "4.5 is not whole" in said() and "output 5" in said(width=11) and "output 8" in said(stride=1)
    assert "output" in said(size=2) or "output" in said(size=4)
    big = said(width=227, size=11, stride=4)
    assert "output 55 x 55 x 96" in big and "34,944" in big and 11 * 11 * 3 * 96 + 96 == 34944
    assert all("not whole" in said(padding=P) for P in range(6))


# --- from loops to one product ----------------------------------------------------------------------------------------


@drives(NAME, "a6-widget", "window", "stride", "pixels")
@of("a6-widget")
def test_every_row_is_a_window_and_every_sum_its_product(widget):
    seen = set()
    for values in ends(widget, "window", "stride", "pixels"):
        x, S = table(widget.axes["A"]), values["stride"]
        seen.add(x.tobytes())
        places = [(i, j) for i in range(0, 3, S) for j in range(0, 3, S)]
        rows = np.array([x[i:i + 3, j:j + 3].ravel() for i, j in places])
        assert table(widget.axes["B"]) == pytest.approx(rows)
        assert table(widget.axes["C"]).ravel() == pytest.approx(EDGE.ravel())
        assert table(widget.axes["D"]).ravel() == pytest.approx(slid(x, EDGE, S).ravel())
        k = min(values["window"], len(places) - 1)
        assert frame(widget.axes["A"], 5) == [*places[k], 3, 3]
        assert frame(widget.axes["B"], 9) == [k, 0, 1, 9] and frame(widget.axes["D"], 9)[0] == k
        assert numbers(words(widget.axes["B"]))[-1] == rows.size
    assert len(seen) == 3


@of("a6-widget")
def test_what_to_notice_about_windows_as_rows(widget):
    widget.reset()
    assert numbers(words(widget.axes["B"]))[-1] == 81
    in_windows = np.array([[sum(i <= r < i + 3 and j <= c < j + 3 for i in range(3) for j in range(3))
                            for c in range(5)] for r in range(5)])  # fmt: skip
    assert in_windows[2, 2] == 9 and (in_windows == 1).sum() == 4 and in_windows.sum() == 81
    widget.set(stride=2)
    assert numbers(words(widget.axes["B"]))[-1] == 36


def test_three_ways_were_timed(run):
    taken = run.namespace["taken"]
    assert list(taken) == ["four loops", "one product", "ops.conv2d"] and min(taken.values()) > 0


# --- receptive fields -------------------------------------------------------------------------------------------------


@drives(NAME, "a7-widget", "size", "layers_deep", "neuron")
@of("a7-widget")
def test_the_patch_is_what_the_neuron_depends_on(widget):
    for values in ends(widget, "size", "layers_deep", "neuron"):
        F, L, k = values["size"], values["layers_deep"], values["neuron"]
        for layer in range(L + 1):
            assert lit(widget.axes["A"], layer) == reached(k, [1] * (L - layer), F)
        pixels = reached(k, [1] * L, F)
        assert numbers(words(widget.axes["A"]))[-1] == L * (F - 1) + 1
        assert numbers(words(widget.axes["B"]))[1] == len(pixels)
        xs = widget.axes["B"].lines[0].get_xdata()
        assert [min(xs) + 0.5, max(xs) + 0.5] == [pixels[0], pixels[-1] + 1]
        stack, single = (bar.get_width() for bar in widget.axes["C"].patches)
        assert (stack, single) == (L * F * F, (L * (F - 1) + 1) ** 2)


@of("a7-widget")
def test_what_to_notice_about_stacks(widget):
    def counts(**changed):
        widget.reset()
        widget.set(**changed)
        return numbers(words(widget.axes["A"]))[-1], [text for text in texts(widget.axes["C"]) if "C²" in text]

    assert counts() == (7, ["27 C²", "49 C²"]) and counts(layers_deep=4)[0] == 9
    assert [counts(size=7, layers_deep=n)[0] for n in (1, 2, 3)] == [7, 13, 19]
    assert counts(size=7, layers_deep=2)[1][0] == "98 C²"
    counts(neuron=0)
    assert lit(widget.axes["A"]) == [0, 1, 2, 3]


# --- the way back -----------------------------------------------------------------------------------------------------


@drives(NAME, "a8-widget", "gradient", "row", "column", "stride", "flipped")
@of("a8-widget")
def test_gradients_are_sliding_sums_or_said_to_be_wrong(widget, run):
    x, W, dys = (run.namespace[name] for name in ("x_small", "W_small", "dy_of"))
    boxes = [{"gradient": g, "stride": s, "flipped": f} for g in ("dx", "dW") for s in (1, 2) for f in (False, True)]

    def check(values):
        dy, S = dys[values["stride"]], values["stride"]
        slopes = {"dx": measured(lambda a: loss(a, W, dy, S), x), "dW": measured(lambda a: loss(x, a, dy, S), W)}
        right, shown = slopes[values["gradient"]], table(widget.axes["D"])
        over, small = table(widget.axes["A"]), table(widget.axes["B"])
        assert shown == pytest.approx(slid(over, small), abs=1e-6)
        agrees = np.allclose(shown, right)
        said = texts(widget.axes["E"])[0].split("\n")
        assert agrees == (values["flipped"] == (values["gradient"] == "dx")) == (said[1] == "right")
        if not agrees:
            assert numbers(said[1])[0] == pytest.approx(np.abs(shown - right).max(), rel=1e-2)
        i, j = (min(values[name], len(right) - 1) for name in ("row", "column"))
        assert frame(widget.axes["D"], len(right)) == [i, j, 1, 1]
        assert numbers(said[0])[-1] == pytest.approx(shown[i, j], abs=1e-3)
        zeros = int((over == 0).sum()) if values["gradient"] == "dx" else 0
        assert zeros >= (24 + 16 if values["gradient"] == "dx" else 0)

    for values in ends(widget, "gradient", "row", "column", "stride", "flipped"):
        check(values)
    for box in boxes:
        widget.set(**box)
        check(widget.values)


@of("a8-widget")
def test_what_to_notice_on_the_way_back(widget):
    def said(**changed):
        widget.reset()
        widget.set(**changed)
        return texts(widget.axes["E"])[0].split("\n")[1]

    assert said() == "right" and said(flipped=False).startswith("wrong")
    assert said(gradient="dW").startswith("wrong") and said(gradient="dW", flipped=False) == "right"
    assert said(stride=2) == "right" and (table(widget.axes["A"])[3] == 0).all()
    said(row=0, column=0)
    assert np.count_nonzero(table(widget.axes["A"])[:3, :3][:2]) == 0  # one number of dy in the window's corner


# --- filters of one pixel ---------------------------------------------------------------------------------------------

RECIPES = {"grey": [[0.3] * 3, [0.59] * 3, [0.11] * 3], "only red": [[1, 0, 0], [0, 0, 0], [0, 0, 0]],
           "negative": [[-1, 0, 0], [0, -1, 0], [0, 0, -1]],
           "sepia": [[0.39, 0.35, 0.27], [0.77, 0.69, 0.53], [0.19, 0.17, 0.13]]}  # fmt: skip


@drives(NAME, "a9-widget", "recipe", "yours", "bias", "row", "column")
@of("a9-widget")
def test_every_pixel_is_mixed_by_itself(widget, run):
    hopper = run.namespace["hopper"].astype(float)
    for values in ends(widget, "recipe", "yours", "bias", "row", "column"):
        M, at = np.array(RECIPES.get(values["recipe"], values["yours"])), (values["row"], values["column"])
        due = np.array([sum(hopper[at][c] * M[c, k] for c in range(3)) + values["bias"] for k in range(3)])
        assert table(widget.axes["C"])[0] == pytest.approx(hopper[at], abs=0.006)
        assert table(widget.axes["D"]) == pytest.approx(M, abs=0.006)
        assert table(widget.axes["E"])[0] == pytest.approx(due, abs=0.006)
        shown = np.asarray(widget.axes["B"].images[0].get_array())
        everywhere = np.stack([sum(hopper[..., c] * M[c, k] for c in range(3)) for k in range(3)], axis=-1)
        assert shown == pytest.approx((everywhere + values["bias"]).clip(0, 1), abs=1e-5)
        xs, ys = widget.axes["A"].lines[0].get_data()
        assert (np.mean([min(ys), max(ys)]), np.mean([min(xs), max(xs)])) == pytest.approx(at)


@of("a9-widget")
def test_what_to_notice_about_mixing(widget):
    def picture(**changed):
        widget.reset()
        widget.set(**changed)
        return np.asarray(widget.axes["B"].images[0].get_array())

    first, original = picture(), np.asarray(widget.axes["A"].images[0].get_array())
    assert np.array_equal(first, original[..., ::-1])
    sky = first[60, 120]
    assert sky[0] > sky[1] > sky[2]  # brown
    grey = picture(recipe="grey")
    assert np.ptp(grey, axis=2).max() < 1e-6
    assert (picture(recipe="negative") == 0).all()
    assert picture(recipe="negative", bias=1.0) == pytest.approx(1 - original, abs=1e-6)


# --- dilation ---------------------------------------------------------------------------------------------------------


@drives(NAME, "a10-widget", "size", "gap", "layers_deep", "growing")
@of("a10-widget")
def test_gaps_leave_pixels_out(widget):
    for values in ends(widget, "size", "gap", "layers_deep", "growing"):
        F, D, L = values["size"], values["gap"] + 1, values["layers_deep"]
        at = [6 + D * step for step in range(-(F // 2), F // 2 + 1)]
        assert sorted(grid(widget.axes["A"])) == [(i, j) for i in at for j in at]
        reach = at[-1] - at[0] + 1
        assert numbers(words(widget.axes["A"])) == [F * F, reach, reach]
        assert frame(widget.axes["A"], 13) == [at[0], at[0], reach, reach]
        distances = [D**k if values["growing"] else D for k in range(L)]
        pixels = reached(16, distances, F)
        assert lit(widget.axes["B"]) == pixels
        assert numbers(words(widget.axes["B"])) == [L, pixels[-1] - pixels[0] + 1, len(pixels)]
        assert [numbers(text)[0] for text in texts(widget.axes["B"])[1:L + 1]] == distances


@of("a10-widget")
def test_what_to_notice_about_gaps(widget):
    def spans(**changed):
        widget.reset()
        widget.set(**changed)
        return numbers(words(widget.axes["B"]))[1:]

    assert spans() == [15, 15] and spans(gap=0) == [7, 7] and spans(growing=False) == [13, 7]
    spans(size=5)
    assert len(grid(widget.axes["A"])) == 25


# --- the exercises ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cell", "name"), [("a5-solution", "out_size"), ("a5-solution-2", "conv_parameters"),
                                            ("a6-solution", "conv_loops"), ("a7-solution", "receptive_field")])
def test_the_folded_solutions_are_right_and_the_stubs_are_not_started(run, cell, name):
    [text] = ["".join(one["source"]) for one in cells(NAME, "markdown") if one["id"] == cell]
    space = {"np": np}
    exec(text.split("```python\n")[1].split("```")[0], space)
    assert exercises.verdict(name, space[name]).kind == "exact"
    assert exercises.verdict(name, run.namespace[name]).kind == "not_started"


def test_the_bottleneck_was_counted_right(run):
    assert run.namespace["plain_block"] == 9 * 256 * 256 + 256
    assert run.namespace["bottleneck"] == 256 * 64 + 64 + 9 * 64 * 64 + 64 + 64 * 256 + 256
