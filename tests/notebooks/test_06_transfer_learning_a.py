"""Notebook 06, looking into the pretrained networks: every control against values computed here, and what to notice."""

import numpy as np
import pytest

from cs231n_helpers import data, exercises, pretrained
from support import cells, drives, ends, numbers, of, words

NAME = "06_transfer_learning"
PHOTOS = data.photographs()
LOADERS = {"squeezenet": pretrained.squeezenet, "efficientnet_lite0": pretrained.efficientnet_lite0}
pytestmark = pytest.mark.skipif("squeezenet" not in pretrained.available(), reason="the weights are not installed")

# --- the truth --------------------------------------------------------------------------------------------------------


def shares(scores):
    e = np.exp(scores.astype(float) - scores.max())
    return e / e.sum()


def likeliest(x, network="squeezenet"):
    """[(name, probability)] of a picture (side, side, 3), the likeliest first."""
    net, params, names = LOADERS[network](len(x))
    p = shares(net.forward(params, x[None])[0][0])
    return [(names[c], p[c]) for c in np.argsort(-p)[:5]]


def probability(x, label):
    net, params, names = pretrained.squeezenet(len(x))
    return shares(net.forward(params, x[None])[0][0])[names.index(label)]


# --- reading pictures -------------------------------------------------------------------------------------------------


def said(ax):
    """[(name, width of its bar)] from the top."""
    names = [text.get_text() for text in ax.texts[:5]]
    return [(name, bar.get_width()) for name, bar in zip(names, ax.patches, strict=True) if name]


def same(found, expected, most=0.003):
    assert [p for _, p in found] == pytest.approx([p for _, p in expected], abs=most)
    for (name, p), (other, _) in zip(found, expected, strict=True):
        assert name == other or p == pytest.approx(dict(expected).get(name, 0), abs=most)   # two equally likely


def shown(ax):
    """The picture of an axis, from 0 to 1 if it is in colour."""
    pixels = np.asarray(ax.images[0].get_array())
    return pixels / 255 if pixels.dtype == np.uint8 and pixels.ndim == 3 else pixels.astype(float)


def frame(ax):
    """Top, left and height of the frame, in shares of the picture."""
    x, y = ax.lines[0].get_data()
    return min(y), min(x), max(y) - min(y)


def start(widget, **changed):
    widget.reset()
    widget.set(**changed)
    assert widget.error == ""
    return widget.axes


# --- what it says -----------------------------------------------------------------------------------------------------


@drives(NAME, "a1-widget", "photo", "network_", "size", "zoom")
@of("a1-widget")
def test_names_and_bars_are_the_softmax_of_the_scores(widget):
    for values in ends(widget, "photo", "network_", "size", "zoom"):
        x = data.square(PHOTOS[values["photo"]], values["size"], values["zoom"])
        assert shown(widget.axes[0]) == pytest.approx(x, abs=0.003)
        same(said(widget.axes[1]), likeliest(x, values["network_"]))
        assert numbers(words(widget.axes[0])) == [values["size"]] * 2


@of("a1-widget")
def test_what_to_notice_about_names(widget):
    def first(**changed):
        return said(start(widget, **changed)[1])[0]

    cats = said(start(widget)[1])
    assert [name for name, _ in cats[:3]] == ["Egyptian cat", "tabby", "tiger cat"]
    assert sum(p for _, p in cats[:3]) > 0.97
    name, p = first(size=64)
    assert name == "fox squirrel" and p > 0.99
    name, p = first(photo="coffee")
    assert name == "espresso" and p > cats[0][1]
    assert first(photo="retina")[0] == "jellyfish" and first(photo="astronaut")[0] == "bobsled"
    name, p = first(photo="flower", size=224, zoom=2.5)
    assert name == "honeycomb" and p > 0.9
    _, _, names = pretrained.squeezenet()
    assert not {"retina", "galaxy", "dahlia", "space suit"} & set(names)


def test_the_networks_have_a_thousand_names_and_any_size(run):
    assert len(run.namespace["class_names"]) == 1000 and run.namespace["net"].count() == 1_235_496
    assert run.namespace["wider"].shapes() == run.namespace["net"].shapes()


# --- your own photograph ----------------------------------------------------------------------------------------------


@drives(NAME, "a2-widget", "photo", "zoom", "across", "down")
@of("a2-widget")
def test_the_square_in_the_frame_is_named(widget):
    for values in ends(widget, "photo", "zoom", "across", "down"):
        photo = PHOTOS[values["photo"]]
        x = data.square(photo, 128, values["zoom"], values["across"], values["down"])
        assert shown(widget.axes[1]) == pytest.approx(x, abs=0.003)
        same(said(widget.axes[2]), likeliest(x))
        (H, W), side = photo.shape[:2], max(photo.shape)
        width = min(H, W) / values["zoom"]
        top, left = (side - H) // 2 + values["down"] * (H - width), (side - W) // 2 + values["across"] * (W - width)
        assert frame(widget.axes[0]) == pytest.approx((top / side, left / side, width / side))


@of("a2-widget")
def test_what_to_notice_about_pieces(widget):
    def first(**changed):
        return said(start(widget, **changed)[2])[0]

    assert first(photo="palace", zoom=1.0)[0] == "palace" and first(photo="palace", zoom=1.5)[0] == "container ship"
    assert first(photo="astronaut", zoom=2.0)[0] == "stethoscope"
    assert abs(first(photo="palace", across=0.55)[1] - first(photo="palace")[1]) > 0.005


@of("a2-widget")
def test_an_upload_is_named_in_the_notebook_too(widget):
    widget.take("mine.jpg", (data.photos.FOLDER / "coffee.jpg").read_bytes())
    assert widget.error == "" and widget.values["photo"] == "yours" and said(widget.axes[2])[0][0] == "espresso"
    widget.take("<b>.svg", b"<svg/>")
    assert "is an SVG drawing" in widget.error and "<b>" not in widget.message.value
    widget.reset()


# --- filters ----------------------------------------------------------------------------------------------------------


def filters(network):
    _, params, _ = LOADERS[network]()
    return params["conv1.W" if network == "squeezenet" else "stem1.conv1.W"].astype(float)


@drives(NAME, "a3-widget", "network_", "filter", "photo")
@of("a3-widget")
def test_filters_and_their_answers(widget):
    for values in ends(widget, "network_", "filter", "photo"):
        W = filters(values["network_"])
        k = values["filter"] % W.shape[3]
        assert numbers(words(widget.axes["B"])) == [k, W.shape[3]]
        assert shown(widget.axes["B"]) == pytest.approx(0.5 + 0.5 * W[..., k] / abs(W[..., k]).max(), abs=0.003)
        x = data.square(PHOTOS[values["photo"]], 128).astype(float)
        x -= x.mean(axis=(0, 1))
        answer = shown(widget.axes["C"])
        assert answer.shape == (126, 126)
        for i, j in ((0, 0), (17, 90), (64, 64), (125, 125)):
            assert answer[i, j] == pytest.approx((x[i:i + 3, j:j + 3] * W[..., k]).sum(), abs=1e-3 * abs(W).max())
        low, high = widget.axes["C"].images[0].get_clim()
        assert -low == high == pytest.approx(abs(answer).max())


@of("a3-widget")
def test_what_to_notice_about_filters(widget):
    W = filters("squeezenet")
    balance = abs(W.sum(axis=(0, 1, 2))) / abs(W).sum(axis=(0, 1, 2))
    assert np.median(balance) < 0.2                     # edges and pairs of colours: their weights nearly cancel
    quiet = abs(shown(start(widget, filter=0)["C"])) / abs(shown(widget.axes["C"])).max()
    assert np.median(quiet) < 0.1 and balance[0] < 0.2  # grey between its lines
    galaxies = shown(start(widget, filter=0, photo="galaxies")["C"])
    assert abs(galaxies).max() > 5 * abs(galaxies).mean() > 0


def inside(unit):
    net, params, _ = pretrained.squeezenet()
    X = np.stack([data.square(photo, 128) for photo in PHOTOS.values()])
    return net.activations(params, X, upto=unit)[unit]


@drives(NAME, "a3-widget-2", "photo", "layer", "channel")
@of("a3-widget-2")
def test_maps_are_what_the_layers_hand_on(widget, run):
    for values in ends(widget, "photo", "layer", "channel"):
        unit = run.namespace["traced"][values["layer"]]
        y, which = inside(unit), list(PHOTOS).index(values["photo"])
        found = numbers(words(widget.axes["A"]).replace(unit, ""))[0]
        assert found == pytest.approx(100 * (y[which] > 0).mean(), abs=0.6) and unit in words(widget.axes["A"])
        channel = values["channel"] * y.shape[3] // 24
        assert numbers(words(widget.axes["C"]))[0] == channel
        small = 255 * np.maximum(0, y[which, :, :, channel]) / max(np.maximum(0, y[..., channel]).max(), 1e-9)
        at = np.arange(64) * y.shape[1] // 64
        assert abs(shown(widget.axes["C"]) - small[at][:, at]).max() <= 1


@of("a3-widget-2")
def test_what_to_notice_about_maps(widget, run):
    traced = run.namespace["traced"]

    def active(**changed):
        return numbers(words(start(widget, **changed)["A"]).split("%")[0])[0]

    assert traced[0] == "relu1" and traced[-1] == "fire8" and inside("fire8").shape[1:] == (7, 7, 512)
    assert all(35 < active(photo=photo, layer=0) < 65 for photo in PHOTOS)
    assert all(active(photo=photo, layer=len(traced) - 1) < 10 for photo in PHOTOS)
    for pool in (i for i, unit in enumerate(traced) if unit.startswith("pool")):
        assert active(layer=pool) > active(layer=pool - 1)
    means = inside("fire8").mean(axis=(1, 2))
    others = np.corrcoef(means) - np.eye(8)
    assert abs(others).max() < 0.6                      # each photograph lights up channels of its own


# --- where it looks ---------------------------------------------------------------------------------------------------


def covered(photo, i, j, patch):
    x = data.square(PHOTOS[photo], 128).copy()
    x[i:i + patch, j:j + patch] = 0.5
    return x


@drives(NAME, "a4-widget", "photo", "rank", "patch", "stride")
@of("a4-widget")
def test_the_frame_stands_where_hiding_costs_most(widget):
    for values in ends(widget, "photo", "rank", "patch", "stride"):
        label, p = likeliest(data.square(PHOTOS[values["photo"]], 128))[values["rank"] - 1]
        map_, patch, stride = shown(widget.axes[1]), values["patch"], values["stride"]
        side = -(-((128 - patch) // 8 + 1) * 8 // stride)
        assert map_.shape == (side, side) and words(widget.axes[0]).startswith(label)
        i, j = np.unravel_index(map_.argmin(), map_.shape)
        assert frame(widget.axes[0]) == pytest.approx((i * stride / 128, j * stride / 128, patch / 128))
        for a, b in ((i, j), (0, 0), (side - 1, side // 2)):
            x = covered(values["photo"], a * stride, b * stride, patch)
            assert map_[a, b] == pytest.approx(probability(x, label), abs=0.003)
        assert widget.axes[1].images[0].get_clim()[1] == pytest.approx(max(p, map_.max()), abs=1e-3)


@of("a4-widget")
def test_the_slope_is_that_of_the_score(widget):
    """Against differences in float64, at the steepest pixel and at two others."""
    net, params, names = pretrained.squeezenet()
    exact = {key: array.astype(float) for key, array in params.items()}
    slopes, x = shown(start(widget)[2]), data.square(PHOTOS["coffee"], 128).astype(float)
    for i, j in (np.unravel_index(slopes.argmax(), slopes.shape), (40, 60), (100, 30)):
        found = []
        for channel in range(3):
            step = np.zeros(x.shape)
            step[i, j, channel] = 1e-5
            up, down = (net.forward(exact, (x + sign * step)[None])[0][0, names.index("espresso")] for sign in (1, -1))
            found.append(abs(up - down) / 2e-5)
        assert slopes[i, j] == pytest.approx(max(found), rel=0.02, abs=1e-3)


@of("a4-widget")
def test_what_to_notice_about_hiding(widget):
    map_ = shown(start(widget)[1])
    assert np.median(map_) > 0.99 and map_.min() > 0.4
    large, coarse = shown(start(widget, patch=48)[1]), shown(start(widget, stride=16)[1])
    assert large.min() < 0.01 and coarse.min() > map_.min() + 0.05 and coarse.size * 4 == map_.size
    start(widget, patch=48, rank=4)
    assert words(widget.axes[0]).startswith("coffee mug") and 0.9 < shown(widget.axes[1]).max() < 0.99
    first, second = (shown(start(widget, photo="cat", rank=rank)[1]) for rank in (1, 2))
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] < -0.5
    slopes = shown(start(widget)[2])
    assert abs(slopes[1:] - slopes[:-1]).mean() > 0.5 * slopes.mean()


# --- fooling ----------------------------------------------------------------------------------------------------------


@drives(NAME, "a5-widget", "step", "photo", "aim", "enlarged")
@of("a5-widget")
def test_each_step_is_shown_with_what_the_network_says_of_it(widget, run):
    for values in ends(widget, "step", "photo", "aim", "enlarged"):
        x = run.namespace["fooled"][values["photo"], values["aim"]][values["step"]].x
        change = x - data.square(PHOTOS[values["photo"]], 128)
        assert shown(widget.axes[0]) == pytest.approx(x, abs=0.003)
        expected = (0.5 + values["enlarged"] * change).clip(0, 1)
        assert shown(widget.axes[1]) == pytest.approx(expected, abs=0.003)
        assert numbers(words(widget.axes[1]))[:2] == [values["enlarged"], round(255 * abs(change).max())]
        same(said(widget.axes[2]), likeliest(x), 0.01)
        assert abs(change).max() <= min(values["step"], 4) / 255 + 1e-6 and x.min() >= 0 and x.max() <= 1


@of("a5-widget")
def test_what_to_notice_about_fooling(widget):
    def first(**changed):
        return said(start(widget, **changed)[2])[0]

    assert first(step=0)[0] == "Egyptian cat"
    name, p = first(step=3)
    assert name == "electric guitar" and p > 0.9
    for photo in ("cat", "coffee", "palace"):
        for aim in ("electric guitar", "teddy"):
            name, p = first(photo=photo, aim=aim, step=10)
            assert name == aim and p > 0.6
    assert not {"volcano", "espresso"} & {first(photo="coffee", aim="volcano", step=10)[0]}
    plain = shown(start(widget, enlarged=1)[1])
    assert abs(plain - 0.5).max() < 0.02
    assert [numbers(words(start(widget, step=step)[1]))[1] for step in (1, 3, 4, 10)] == [1, 3, 4, 4]


# --- the exercise -----------------------------------------------------------------------------------------------------


def test_the_folded_solution_is_right_and_the_stub_is_not_started(run):
    source = next("".join(cell["source"]) for cell in cells(NAME, "markdown") if cell["id"] == "a4-solution")
    space = {"np": np}
    exec(source.split("```python")[1].split("```")[0], space)
    assert exercises.verdict("occlusion_map", space["occlusion_map"]).kind == "exact"
    assert exercises.verdict("occlusion_map", run.namespace["occlusion_map"]).kind == "not_started"
