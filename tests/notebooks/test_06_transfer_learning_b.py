"""Notebook 06, what features are worth: every control against values computed here, and what to notice."""

import math
import statistics

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from cs231n_helpers import data, exercises, pretrained
from support import cells, curve, drives, ends, numbers, of, words

NAME = "06_transfer_learning"
pytestmark = pytest.mark.skipif("squeezenet" not in pretrained.available(), reason="the weights are not installed")
SETS = {"CIFAR-10": "cifar10", "colour patches": "photo_patches", "clothes": "fashion_mnist"}
CLASSES = {"CIFAR-10": 10, "colour patches": 8, "clothes": 10}
PER_CLASS = [5, 10, 20, 50, 100, 200]


@pytest.fixture(scope="module")
def patches():
    return data.load("photo_patches")


@pytest.fixture(scope="module")
def pooled(patches):
    """Features of 400 training and 320 test patches, in the plainest way: forward, then the mean over all places."""
    from PIL import Image

    net, params, _ = pretrained.squeezenet(128)

    def of_images(X):
        large = np.stack([np.stack([np.asarray(Image.fromarray(x[..., c].astype(np.float32)).resize((128, 128), 2))
                                    for c in range(3)], axis=-1) for x in X]) / np.float32(255)
        return np.concatenate([net.activations(params, large[i:i + 40], "fire8")["fire8"].mean(axis=(1, 2))
                               for i in range(0, len(X), 40)])

    return of_images(patches.X_train[:400]), of_images(patches.X_test[:320])


def raw(X):
    return X.reshape(len(X), -1) / 255.0


def scaled(F):
    """What brings features to mean 0 and standard deviation 1, those of F."""
    mean, std = F.mean(axis=0), F.std(axis=0)
    return lambda X: (X - mean) / np.where(std > 1e-6 * std.max(), std, 1)


def at_the_bottom(F, y, l2):
    """scikit-learn's softmax classifier of the same bowl: its C is 1 / (N * l2)."""
    scale = scaled(F)
    model = LogisticRegression(C=1 / (len(F) * l2), max_iter=10_000).fit(scale(F), y)
    return lambda X: model.predict(scale(X))


def on_the_way(F, y, l2, steps=80):
    """Accelerated descent (Nesterov 1983) in float64, weights and offsets apart, by SciPy's softmax."""
    scale, N = scaled(F), len(F)
    Z, targets = scale(F), np.eye(8)[y]
    rate = 1 / (np.linalg.eigvalsh(Z @ Z.T + 1)[-1] / (2 * N) + l2)      # + 1: the offsets' column of ones
    W, b = np.zeros((Z.shape[1], 8)), np.zeros(8)
    ahead = W, b
    for step in range(steps):
        slope = (softmax(Z @ ahead[0] + ahead[1], axis=1) - targets) / N
        after = ahead[0] - rate * (Z.T @ slope + l2 * ahead[0]), ahead[1] - rate * slope.sum(axis=0)
        ahead = tuple(new + step / (step + 3) * (new - old) for new, old in zip(after, (W, b), strict=True))
        W, b = after
    return lambda X: (scale(X) @ W + b).argmax(axis=1)


def drawn(ax):
    """{label: (2, N)} of the lines of an axis that have a name."""
    return {line.get_label(): np.array(line.get_data(), float) for line in ax.lines if line.get_label()[0] != "_"}


def shown(ax):
    """The names below the images of a montage."""
    return [text.get_text() for text in ax.texts]


# --- a fixed feature extractor ----------------------------------------------------------------------------------------


def test_features_are_means_over_all_places_of_enlarged_images(run, pooled):
    for name, expected in zip(("F_train", "F_test"), pooled, strict=True):
        found = run.namespace[name]
        assert np.abs(found - expected).mean() < 0.02 * expected.mean() and found.shape == expected.shape


@drives(NAME, "b1-widget", "images_per_class", "l2", "columns")
@of("b1-widget")
def test_answers_and_accuracies_are_those_of_plain_descent(widget, run, patches):
    columns = {"features": (run.namespace["F_train"], run.namespace["F_test"]),
               "raw pixels": (raw(patches.X_train[:400]), raw(patches.X_test[:320]))}
    for values in ends(widget, "images_per_class", "l2", "columns"):
        n = 8 * values["images_per_class"]
        lines, y = drawn(widget.axes["C"]), patches.y_train[:n]
        assert np.bincount(y).tolist() == [values["images_per_class"]] * 8
        assert numbers(words(widget.axes["C"]))[0] == n
        for kind, (train, test) in columns.items():
            say = on_the_way(train[:n].astype(float), y, values["l2"])
            at = np.flatnonzero(lines[f"{kind}, test"][0] == values["l2"])[0]
            found = [lines[f"{kind}, {part}"][1, at] for part in ("test", "training")]
            expected = (say(test) == patches.y_test[:320]).mean(), (say(train[:n]) == y).mean()
            assert found == pytest.approx(expected, abs=0.013), (kind, values)
            if kind == values["columns"]:
                labels = [patches.class_names[c] for c in say(test[:8])]
                assert shown(widget.axes["P"]) == labels


@pytest.mark.parametrize("l2", [0.1, 10.0])
def test_on_features_80_steps_lead_where_another_library_arrives(run, patches, l2):
    train, test = run.namespace["F_train"].astype(float), run.namespace["F_test"]
    for per_class in (5, 50):
        n = 8 * per_class
        say = at_the_bottom(train[:n], patches.y_train[:n], l2)
        expected = (say(test) == patches.y_test[:320]).mean(), (say(train[:n]) == patches.y_train[:n]).mean()
        assert run.namespace["few_right"]["features", per_class, l2] == pytest.approx(expected, abs=0.03)


@of("b1-widget")
def test_what_to_notice_about_features(widget, patches):
    def right(**changed):
        widget.reset()
        widget.set(**changed)
        return [found / 100 for found in numbers(words(widget.axes["C"]))[1:]]

    features, pixels = right()
    assert features == pytest.approx(2 / 3, abs=0.05) and pixels == pytest.approx(1 / 2, abs=0.05)
    assert all(drawn(widget.axes["C"])[f"{kind}, training"][1][1] == 1 for kind in ("features", "raw pixels"))
    more, hardly = right(images_per_class=50)
    assert more == pytest.approx(0.9, abs=0.03) and hardly < pixels + 0.1
    kept, lost = right(l2=1000.0)
    assert kept > features - 0.03 and lost < pixels - 0.1
    lines = drawn(widget.axes["C"])
    assert lines["raw pixels, training"][1][-1] < 0.6 and lines["features, training"][1][-1] > 0.95
    widget.set(l2=0.1, columns="raw pixels")
    truth = [patches.class_names[c] for c in patches.y_test[:8]]
    assert sum(said != true for said, true in zip(shown(widget.axes["P"]), truth, strict=True)) >= 2


# --- how few images ---------------------------------------------------------------------------------------------------


def recorded(shown, way):
    """(6, 5) accuracies as they stand in the files."""
    ending = "" if shown == "CIFAR-10" else "_offline"
    if way == "ConvNet from scratch":
        sizes = data.results(f"transfer_scratch{ending}")["results"][SETS[shown]]["sizes"]
        return [[run["test"] for run in size["runs"]] for size in sizes]
    key = {"EfficientNet-Lite0": "efficientnet_lite0", "SqueezeNet": "squeezenet", "raw pixels": "pixels"}[way]
    return [size["test"] for size in data.results(f"transfer_features{ending}")["results"][SETS[shown]][key]["sizes"]]


@drives(NAME, "b2-widget", "data_set", "images_per_class")
@of("b2-widget")
def test_curves_bars_and_heading_are_the_record(widget):
    for values in ends(widget, "data_set", "images_per_class"):
        [ax] = widget.figure.axes
        counts, lines = [CLASSES[values["data_set"]] * n for n in PER_CLASS], drawn(ax)
        bars = [collection.get_segments() for collection in ax.collections]
        k, marks = PER_CLASS.index(values["images_per_class"]), []
        for (way, (xs, ys)), segments in zip(lines.items(), bars, strict=True):
            runs = recorded(values["data_set"], way)
            assert xs.tolist() == counts and ys == pytest.approx([statistics.mean(row) for row in runs])
            spread = [statistics.stdev(row) / math.sqrt(5) for row in runs]
            assert [(top - low) / 2 for (_, low), (_, top) in segments] == pytest.approx(spread)
            marks.append(100 * ys[k])
        heading = words(ax).removeprefix(values["data_set"])
        found = numbers(heading.replace(",", "").replace("Lite0", ""))
        assert found[0] == counts[k] and found[1:] == pytest.approx(marks, abs=0.051) and len(marks) == 4
        assert ax.lines[-1].get_xdata()[0] == counts[k]


def test_what_was_promised_of_few_images():
    def mean(way, per_class, shown="CIFAR-10"):
        return statistics.mean(recorded(shown, way)[PER_CLASS.index(per_class)])

    assert mean("SqueezeNet", 200) >= 0.69 and mean("EfficientNet-Lite0", 200) >= 0.73              # 2,000 images
    assert mean("EfficientNet-Lite0", 20) - mean("ConvNet from scratch", 20) >= 0.20                # 200 images
    assert 0.57 < mean("ConvNet from scratch", 200) < 0.66 and 0.31 < mean("raw pixels", 200) < 0.38
    for ending in ("", "_offline"):
        for name, found in data.results(f"transfer_scratch{ending}")["results"].items():
            assert [len(size["runs"]) for size in found["sizes"]] == [5] * 6, name
            for size in found["sizes"]:
                best = max(size["tried"], key=lambda tried: tried["val"])
                assert {key: best[key] for key in size["chosen"]} == size["chosen"]


def test_what_to_notice_about_few_images():
    def mean(shown, way, images):
        return statistics.mean(recorded(shown, way)[PER_CLASS.index(images // CLASSES[shown])])

    ways = ("EfficientNet-Lite0", "SqueezeNet", "ConvNet from scratch", "raw pixels")
    assert [mean("CIFAR-10", way, 200) for way in ways] == pytest.approx([0.64, 0.57, 0.40, 0.28], abs=0.006)
    assert mean("CIFAR-10", ways[2], 2000) == pytest.approx(0.61, abs=0.006)
    assert mean("CIFAR-10", ways[0], 100) == pytest.approx(mean("CIFAR-10", ways[2], 2000), abs=0.02)
    tried = data.results("transfer_scratch")["results"]["cifar10"]["sizes"][-1]["tried"]
    assert max(one["count"] for one in tried) == 30
    assert all(mean("colour patches", "SqueezeNet", 8 * n) > 0.99 for n in PER_CLASS[3:])
    assert all(mean("colour patches", ways[2], 8 * n) < min(mean("colour patches", way, 8 * n) for way in ways[:2])
               for n in PER_CLASS)
    clothes = [[mean("clothes", way, images) for way in ways[:3]] for images in (50, 2000)]
    assert clothes[0] == pytest.approx([0.72, 0.70, 0.67], abs=0.006)
    assert clothes[1][2] == pytest.approx(clothes[1][1], abs=0.01)


def test_every_seed_had_images_of_its_own_as_many_of_each_class():
    import runpy

    few = runpy.run_path(str(data.experiments.FOLDER.parent / "experiments" / "transfer_scratch.py"))["few"]
    y = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 1800))
    for per_class in PER_CLASS:
        drawn_rows = [few(y, per_class, seed) for seed in range(5)]
        assert all((np.bincount(y[rows]) == per_class).all() for rows in drawn_rows)
        assert len(np.unique(np.concatenate(drawn_rows))) == 5 * 10 * per_class
    assert set(few(y, 5, 3)) < set(few(y, 50, 3))


def test_the_exercise_on_error_bars(run):
    todo = next("".join(cell["source"]) for cell in cells(NAME) if cell["id"] == "b2-todo")
    text = next("".join(cell["source"]) for cell in cells(NAME, "markdown") if cell["id"] == "b2-solution")
    assert exercises.verdict("error_bars", run.namespace["error_bars"]).kind == "not_started" and "..." in todo
    namespace = {"np": np}
    exec(text.split("```python\n")[1].split("```")[0], namespace)
    assert exercises.verdict("error_bars", namespace["error_bars"]).kind == "exact"


# --- from general to specific -----------------------------------------------------------------------------------------


NETWORKS = {"SqueezeNet": "squeezenet", "EfficientNet-Lite0": "efficientnet_lite0"}


def by_layer(shown, network):
    """{layer: (number of features, mean accuracy)} as it stands in the file."""
    found = data.results("transfer_layers")["results"][SETS[shown]][NETWORKS[network]]
    return {layer: (entry["features"], statistics.mean(entry["test"])) for layer, entry in found.items()}


@drives(NAME, "b3-widget", "network", "unit")
@of("b3-widget")
def test_accuracies_by_depth_are_the_record(widget):
    for values in ends(widget, "network", "unit"):
        [ax] = widget.figure.axes
        for label, (xs, ys) in drawn(ax).items():
            name, count = label.split(", ")
            layers = by_layer(name, values["network"])
            assert numbers(count) == [50 * CLASSES[name]]
            assert ys == pytest.approx([mean for _, mean in layers.values()])
            assert xs == pytest.approx([(i + 1) / len(layers) for i in range(len(layers))])
        layers = list(by_layer("CIFAR-10", values["network"]).items())
        layer, (features, mean) = layers[min(values["unit"], len(layers) - 1)]
        assert words(ax).startswith(f"{layer}, {features} features: CIFAR-10 {mean:.1%}")


def test_what_to_notice_about_depth():
    def at(shown, layer, network="SqueezeNet"):
        return by_layer(shown, network)[layer][1]

    assert at("colour patches", "relu1") == pytest.approx(0.85, abs=0.01)
    assert at("CIFAR-10", "relu1") == pytest.approx(0.37, abs=0.01)
    assert all(at(shown, "fire6") > at(shown, "relu1") + 0.1 for shown in SETS)
    assert at("colour patches", "fire6") == pytest.approx(0.996, abs=5e-4)
    assert at("colour patches", "fire8") == pytest.approx(0.90, abs=5e-3)
    assert at("clothes", "fire6") - at("clothes", "fire8") == pytest.approx(0.03, abs=5e-3)
    assert abs(at("CIFAR-10", "fire6") - at("CIFAR-10", "fire8")) < 0.01
    lite = by_layer("CIFAR-10", "EfficientNet-Lite0")
    assert max(lite, key=lambda layer: lite[layer][1]) == "inverted14" and len(lite) == 19
    assert lite["inverted14"][1] - lite["head1"][1] == pytest.approx(0.03, abs=5e-3)
    assert list(by_layer("CIFAR-10", "SqueezeNet")).index("fire6") == 6


def test_an_early_layer_measured_again(run):
    assert run.namespace["early_right"] == pytest.approx(by_layer("colour patches", "SqueezeNet")["relu1"][1], abs=0.1)


# --- a map of images --------------------------------------------------------------------------------------------------


def on_map(run, values):
    """Training and test images in rows, in both spaces, and their classes, by the plainest means."""
    loaded = data.load({"colour patches": "photo_patches"}.get(values["data_set"], "fashion_mnist"))
    n, m = {"colour patches": (320, 64), "clothes": (300, 60)}[values["data_set"]]
    if values["data_set"] == "clothes":
        loaded = data.load("fashion_mnist", train=9000, val=1000, test=2000)
    features = run.namespace["spaces"][values["data_set"], "features"]
    pixels = np.concatenate([raw(loaded.X_train[:n]), raw(loaded.X_test[:m])])
    return {"pixels": pixels, "features": features}, loaded.y_train[:n], loaded.y_test[:m], loaded


@drives(NAME, "b4-widget", "data_set", "method", "image")
@of("b4-widget")
def test_neighbours_and_places_on_the_map(widget, run):
    for values in ends(widget, "data_set", "method", "image"):
        found, y, y_test, loaded = on_map(run, values)
        for (kind, X), top, low in zip(found.items(), "AB", "CD", strict=True):
            ax, row, n = widget.axes[top], widget.axes[low], len(y)
            d = [math.dist(X[n + values["image"]], x) for x in X[:n]]
            near = sorted(range(n), key=lambda i: d[i])[:5]
            same = sum(y[i] == y_test[values["image"]] for i in near)
            assert numbers(words(ax))[0] == same and loaded.class_names[y_test[values["image"]]] in words(ax)
            if values["method"] == "PCA":
                centred = (X - X.mean(axis=0)).astype(float)
                places = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
            else:
                places = np.array(data.results("transfer_map")["results"][loaded.name][kind]["places"])
            unit = (places - places.min(axis=0)) / np.ptp(places, axis=0)
            ring, lines = np.ravel(curve(ax, -1)), np.array(ax.collections[0].get_segments())      # (5, 2, 2)
            for axis in (0, 1):                                         # the sign of a direction is free
                sides = [unit[:, axis], 1 - unit[:, axis]]
                expected = [[side[i] for i in near] for side in sides]
                assert any(np.allclose(sorted(lines[:, 1, axis]), sorted(each), atol=0.01) for each in expected)
                assert any(abs(side[n + values["image"]] - ring[axis]) < 0.01 for side in sides)
            pixels = np.asarray(row.images[0].get_array())
            assert pixels.shape[1] > 5 * pixels.shape[0]                # six images in a row


@of("b4-widget")
def test_what_to_notice_about_neighbours(widget):
    def said(**changed):
        widget.reset()
        widget.set(**changed)
        return [numbers(words(widget.axes[top]).replace(" of 5", "")) for top in "AB"]

    def spread():
        """The mean length of the lines, both maps together."""
        return np.mean([np.linalg.norm(np.diff(widget.axes[top].collections[0].get_segments(), axis=1), axis=2).mean()
                        for top in "AB"])

    pixels, features = said()
    assert (pixels[0], features[0]) == (0, 5) and pixels[-1] == pytest.approx(59, abs=1)
    assert features[-1] == pytest.approx(87, abs=1)
    pixels, features = said(data_set="clothes")
    assert pixels[-1] == pytest.approx(65, abs=1) and features[-1] == pytest.approx(70, abs=1)
    lengths = {}
    for method in ("t-SNE", "PCA"):
        measured = []
        for image in range(0, 60, 5):
            widget.set(data_set="colour patches", method=method, image=image)
            measured.append(spread())
        lengths[method] = np.mean(measured)
    assert lengths["PCA"] > lengths["t-SNE"]
