"""Notebook 01: every control at its ends against values computed here, and every sentence under "What to notice"."""

import re

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from cs231n_helpers import data, exercises, neighbors
from cs231n_helpers.plots import style
from support import cells, drives, ends, of, words

NAME = "01_knn"
FRAME = 4  # pixels of a frame, and of the gap between images, in a montage of 28x28 images


# --- the truth, from first principles ---------------------------------------------------------------------------------


def flat(images):
    return images.reshape(len(images), -1).astype(float)


def squared(Q, X):
    """Squared L2 distances of whole numbers: every step is exact in float64."""
    return (Q**2).sum(1)[:, None] + (X**2).sum(1) - 2 * Q @ X.T


def apart(Q, X, metric):
    if metric == "L2":
        return np.sqrt(np.maximum(squared(Q, X), 0))
    return np.array([np.abs(q - X).sum(axis=1) for q in Q])


def predictions(distances, y, k):
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.array([np.bincount(labels).argmax() for labels in y[nearest]])


@pytest.fixture(scope="module")
def to_train(split):
    """Exact squared distances of the validation to the training images."""
    return squared(flat(split.X_val), flat(split.X_train))


# --- reading pictures -------------------------------------------------------------------------------------------------


def pixels(ax):
    return np.asarray(ax.images[0].get_array())


def places(ax, rows, columns):
    """The images of a montage with their frames: (row of pixels, column) of each upper left corner, in order."""
    height, width = pixels(ax).shape[:2]
    return [(i * height // rows, j * (width + FRAME) // columns) for i in range(rows) for j in range(columns)]


def frames(ax, rows, columns):
    return [tuple(pixels(ax)[top + 1, left + 1]) for top, left in places(ax, rows, columns)]


def corner_is_filled(ax, place):
    """Whether the pixel inside the frame's upper right corner has the colour of the frame."""
    top, left = place
    side = 56 + 2 * FRAME
    return (pixels(ax)[top + FRAME + 2, left + side - FRAME - 3] == pixels(ax)[top + 1, left + 1]).all()


def shown(ax, place, side=28):
    """The image that stands in a place, in grey levels."""
    top, left = (each + FRAME for each in place)
    return pixels(ax)[top : top + 2 * side : 2, left : left + 2 * side : 2, 0].astype(int)


def same(image, other):
    """Whether two pictures agree in every grey level, but for rounding."""
    return np.abs(image - np.squeeze(other)).max() <= 1


def colour(name):
    return tuple(np.round(np.multiply(to_rgb(name), 255)).astype(int))


def lengths(ax):
    return np.array([bar.get_width() + bar.get_x() for bar in ax.patches])


def ends_of_bars(ax):
    """The texts at the ends of bars, in the order of the bars."""
    return [text.get_text() for text in ax.texts[: len(ax.patches)]]


def numbers(text):
    return [float(found.replace(",", "")) for found in re.findall(r"-?[\d,]*\.?\d+", text)]


# --- 1.1 Classifying images -------------------------------------------------------------------------------------------


@drives(NAME, "wall-live", "k", "training_images")
@of("wall-live")
def test_the_wall_frames_fifty_predictions_and_the_curve_shows_their_accuracy(widget, split, to_train):
    for values in ends(widget, "k", "training_images"):
        k, n = values["k"], values["training_images"]
        right = predictions(to_train[:, :n], split.y_train[:n], k) == split.y_val
        wanted = [colour(style.RIGHT) if each else colour(style.WRONG) for each in right[:50]]
        assert sum(a != b for a, b in zip(frames(widget.axes["A"], 5, 10), wanted, strict=True)) <= 1
        assert abs(numbers(words(widget.axes["A"]))[0] - right[:50].sum()) <= 1
        assert numbers(widget.axes["B"].texts[1].get_text())[0] == pytest.approx(100 * right.mean(), abs=0.2)
        curve = max(widget.axes["B"].lines, key=lambda line: len(line.get_xdata()))
        assert curve.get_ydata()[list(curve.get_xdata()).index(n)] == pytest.approx(right.mean(), abs=0.002)


@of("wall-live")
def test_a_wrong_answer_has_a_filled_corner_and_a_right_one_has_not(widget):
    ax = widget.axes["A"]
    for place, frame in zip(places(ax, 5, 10), frames(ax, 5, 10), strict=True):
        assert corner_is_filled(ax, place) == (frame == colour(style.WRONG))


@of("wall-live")
def test_more_training_images_help_ever_less_and_many_voters_need_many_images(widget):
    widget.set(k=1)
    one = _accuracies(widget)
    assert 0.5 < one[0] < 0.6 and (np.diff(one) > 0).all()
    assert np.diff(one)[[0, -1]] == pytest.approx([0.11, 0.03], abs=0.005)
    widget.set(k=15)
    assert _accuracies(widget)[0] == pytest.approx(0.29, abs=0.006)


def _accuracies(widget):
    return np.array(max(widget.axes["B"].lines, key=lambda line: len(line.get_xdata())).get_ydata())


# --- 1.2 Distance between images --------------------------------------------------------------------------------------


def changed(image, right, down, brightness, cover):
    """The same change, pixel by pixel."""
    height, width = image.shape[:2]
    out = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            if 0 <= i - down < height and 0 <= j - right < width:
                out[i, j] = int(brightness * image[i - down, j - right, 0])
            top, left = (height - cover) // 2, (width - cover) // 2
            if top <= i < top + cover and left <= j < left + cover:
                out[i, j] = 128
    return out


@drives(NAME, "perception-live", "image", "right", "down", "brightness", "cover", "metric")
@of("perception-live")
def test_a_changed_picture_is_compared_with_its_original_and_the_nearest_of_each_class(widget, split):
    X, y = flat(split.X_train[:1000]), split.y_train[:1000]
    for values in ends(widget, "image", "right", "down", "brightness", "cover", "metric"):
        image, metric = values.pop("image"), values.pop("metric")
        copy = changed(split.X_val[image], **values)
        unit = 784 if metric == "L1" else 28
        own = apart(copy.reshape(1, -1), flat(split.X_val[image : image + 1]), metric)[0, 0] / unit
        all_ = apart(copy.reshape(1, -1), X, metric)[0] / unit
        best = np.array([all_[y == c].min() for c in range(10)])
        assert lengths(widget.axes["B"]) == pytest.approx([own, *best], abs=0.06)
        assert [float(text) for text in ends_of_bars(widget.axes["B"])] == pytest.approx([own, *best], abs=0.06)
        other = np.arange(10) != split.y_val[image]
        assert numbers(words(widget.axes["B"])) == [(best[other] < own).sum(), 9]
        first, second = places(widget.axes["A"], 2, 2)[:2]
        assert same(shown(widget.axes["A"], first), split.X_val[image])
        assert same(shown(widget.axes["A"], second), copy)


def _overtaken(widget, **values):
    widget.set(**values)
    return numbers(words(widget.axes["B"]))[0]


@of("perception-live")
def test_small_moves_and_less_light_defeat_the_distance_but_a_cover_does_not(widget):
    by_step = [_overtaken(widget, down=down) for down in range(7)]
    assert by_step[0] == 0 and by_step[6] == 9 and by_step == sorted(by_step)
    assert _overtaken(widget, down=0, brightness=0.3) == 9
    assert _overtaken(widget, brightness=1.0, cover=12) == 0
    assert _overtaken(widget, cover=0) == 0
    assert any(_overtaken(widget, image=image, down=1) > 0 for image in range(50))


def test_the_wrong_sum_names_no_winner(run):
    assert (run.namespace["right"] == [[1, 35], [35, 1]]).all()
    assert len(set(run.namespace["right"].sum(axis=1))) == 1


# --- 1.3 L1 and L2 ----------------------------------------------------------------------------------------------------


def turned(point, degrees):
    """Coordinates of a point in axes turned by an angle: turn the point back by as much."""
    x, y = point
    a = np.radians(degrees)
    return x * np.cos(a) + y * np.sin(a), y * np.cos(a) - x * np.sin(a)


@drives(NAME, "balls-live", "points", "angle")
@of("balls-live")
def test_unit_balls_touch_their_points_and_the_curves_are_their_distances(widget):
    for values in ends(widget, "points", "angle"):
        axes, (A, B) = widget.axes, values["points"]
        l1 = [[abs(x) + abs(y) for x, y in (turned(A, a), turned(B, a))] for a in range(91)]
        full = [line for line in axes["B"].lines if line.get_linestyle() == "-" and len(line.get_xdata()) == 91]
        assert np.transpose([line.get_ydata() for line in full]) == pytest.approx(np.array(l1))
        level = [line.get_ydata()[0] for line in axes["B"].lines if line.get_linestyle() == ":"]
        assert level == pytest.approx([np.hypot(*A), np.hypot(*B)])
        diamonds = [line for line in axes["A"].lines if len(line.get_xdata()) == 5]
        for diamond, distance in zip(diamonds, l1[values["angle"]], strict=True):
            assert np.hypot(*np.array(diamond.get_data())) == pytest.approx(distance)
            corner = np.array(diamond.get_data())[:, 0]
            assert corner == pytest.approx(distance * np.array([np.cos(a := np.radians(values["angle"])), np.sin(a)]))
        circles = [line for line in axes["A"].lines if len(line.get_xdata()) == 121]
        assert [np.hypot(*line.get_data()).max() for line in circles] == pytest.approx([np.hypot(*A), np.hypot(*B)])


@of("balls-live")
def test_turning_the_axes_changes_the_order_of_l1_but_not_of_l2(widget):
    for angle, text, values in [(0, "L1: A, by L2: B", (3, 4)), (45, "L1: B, by L2: B", (4.24, 2.83)),
                                (90, "L1: A, by L2: B", (3, 4))]:  # fmt: skip
        widget.set(angle=angle)
        assert text in words(widget.axes["B"])
        full = [line for line in widget.axes["B"].lines if len(line.get_xdata()) == 91]
        assert [line.get_ydata()[angle] for line in full] == pytest.approx(values, abs=0.005)


# --- 1.4 and 1.5 The plane --------------------------------------------------------------------------------------------


def spot_labels(points, owner, metric, k):
    """The plane's 120 x 120 predictions, -1 for a tie, one spot after another."""
    side = np.linspace(0, 1, 120)
    out = np.empty((120, 120), int)
    for i, height in enumerate(side):
        for j, across in enumerate(side):
            gaps = np.abs(points - [across, height])
            d = gaps.sum(axis=1) if metric == "L1" else np.sqrt((gaps**2).sum(axis=1))
            votes = np.bincount(owner[np.argsort(d, kind="stable")[:k]], minlength=3)
            out[i, j] = -1 if (votes == votes.max()).sum() > 1 else votes.argmax()
    return out


def regions_are_right(widget, run, controls):
    owner = run.namespace["owner"]
    for values in ends(widget, *controls):
        k = values.get("k", 1)
        wanted = spot_labels(values["points"], owner, values["metric"], k)
        assert (pixels(widget.axes) != wanted).mean() < 0.002  # rounding on a border
        assert numbers(words(widget.axes))[-1] == pytest.approx(100 * (wanted == -1).mean(), abs=0.2)
        for c, line in enumerate(widget.axes.lines[:3]):
            assert np.transpose(line.get_data()) == pytest.approx(values["points"][owner == c])


@drives(NAME, "regions-live", "points", "metric")
@of("regions-live")
def test_regions_of_the_nearest_neighbour(widget, run):
    regions_are_right(widget, run, ["points", "metric"])


@drives(NAME, "regions-vote", "points", "metric", "k")
@of("regions-vote")
def test_regions_of_the_vote(widget, run):
    regions_are_right(widget, run, ["points", "metric", "k"])


def label_at(widget, point):
    j, i = np.round(np.multiply(point, 119)).astype(int)
    return pixels(widget.axes)[i, j]


@of("regions-live")
def test_a_dragged_point_takes_its_island_along_and_every_point_lies_in_its_own_colour(widget, run):
    points, owner = run.namespace["P"].copy(), run.namespace["owner"]
    assert label_at(widget, (0.5, 0.75)) == 2 and owner[0] == 0
    points[0] = 0.5, 0.75
    widget.set(points=points)
    assert label_at(widget, (0.5, 0.75)) == 0
    for metric in ("L1", "L2"):
        distances = np.array([[np.abs(p - q).sum() if metric == "L1" else np.hypot(*(p - q)) for p in points]
                              for q in points])  # fmt: skip
        assert (predictions(distances, owner, 1) == owner).all()


@of("regions-live")
def test_borders_of_l1_are_level_upright_or_diagonal(widget, run):
    owner = run.namespace["owner"]
    widget.set(points=np.where((owner == 0)[:, None], [0.2, 0.3], [0.8, 0.6]))

    def steps():
        """How far the border moves from row to row, between the heights of the two points and above."""
        border = (pixels(widget.axes) == 0).sum(axis=1)
        return np.diff(border)

    widget.set(metric="L1")
    assert set(steps()) <= {0, -1} and np.count_nonzero(np.diff(steps())) <= 2
    widget.set(metric="L2")
    assert np.count_nonzero(np.diff(steps())) > 20  # a slanted line: steps of 0 and 1 in turn


@of("regions-vote")
def test_two_voters_tie_along_the_borders_and_nine_outvote_two_points(widget, run):
    white = []
    for k in (1, 2, 3):
        widget.set(k=k)
        white.append((pixels(widget.axes) == -1).mean())
    assert white[0] == 0 and white[1] == pytest.approx(0.26, abs=0.02) and white[2] < 0.01
    widget.set(k=9)
    P, owner = run.namespace["P"], run.namespace["owner"]
    distances = np.sqrt(((P[:, None] - P) ** 2).sum(axis=2))
    assert (predictions(distances, owner, 9) != owner).sum() == 2


# --- 1.5 The gallery --------------------------------------------------------------------------------------------------


@drives(NAME, "gallery-live", "image", "k", "metric")
@of("gallery-live")
def test_the_gallery_shows_the_nearest_images_and_counts_their_votes(widget, split):
    X = flat(split.X_train)
    for values in ends(widget, "image", "k", "metric"):
        image, k = values["image"], values["k"]
        distances = apart(flat(split.X_val[image : image + 1]), X, values["metric"])[0]
        nearest = np.argsort(distances, kind="stable")[:k]
        votes = np.bincount(split.y_train[nearest], minlength=10)
        assert lengths(widget.axes["B"]) == pytest.approx(votes)
        titles = [text.get_text() for text in widget.axes["A"].texts]
        assert titles[1 : k + 1] == [f"{d:,.0f}" for d in distances[nearest]] and not any(titles[k + 1 :])
        where = places(widget.axes["A"], 3, 7)
        for place, neighbour in zip(where[1 : k + 1], nearest, strict=True):
            assert same(shown(widget.axes["A"], place), split.X_train[neighbour])
        classes = [colour(style.CLASS_COLOURS[c]) for c in split.y_train[nearest]]
        assert frames(widget.axes["A"], 3, 7)[1 : k + 1] == classes
        winner = split.class_names[votes.argmax()]
        verdict = "right" if votes.argmax() == split.y_val[image] else "wrong"
        assert f"{winner} ({verdict}" in words(widget.axes["A"])
        assert ("tie" in words(widget.axes["A"])) == ((votes == votes.max()).sum() > 1)


@of("gallery-live")
def test_three_neighbours_of_three_classes_tie_and_the_smallest_label_wins(widget, split):
    widget.set(image=7, k=3, metric="L2")
    assert sorted(lengths(widget.axes["B"]))[-4:] == pytest.approx([0, 1, 1, 1])
    assert words(widget.axes["A"]).startswith("a tie, so Pullover (wrong")


@of("gallery-live")
def test_some_answers_change_between_one_and_five_voters(widget):
    def answer(image, k):
        widget.set(image=image, k=k)
        return words(widget.axes["A"]).removeprefix("a tie, so ").split(" (")[0]

    assert any(answer(image, 1) != answer(image, 5) for image in range(30))


# --- 1.6 Distances without loops --------------------------------------------------------------------------------------


@drives(NAME, "race-live", "test_images")
@of("race-live")
def test_the_race_shows_what_was_measured_and_no_loop_wins(widget, run):
    for values in ends(widget, "test_images"):
        m = values["test_images"]
        measured = [1000 * run.namespace["seconds"][name, m] for name in ("two loops", "one loop", "no loop")]
        assert lengths(widget.axes) == pytest.approx(measured)
        assert measured[2] == min(measured)
        written = [measured[0], measured[0] / measured[2]]
        assert numbers(ends_of_bars(widget.axes)[0]) == pytest.approx(written, abs=0.51)


def in_single(A, B):
    """Squared distances with each sum rounded to float32, by plain Python sums of whole numbers."""

    def rounded(u, v):
        return np.float32(sum(int(a) * int(b) for a, b in zip(u, v, strict=True)))

    return [float(rounded(a, a) + rounded(b, b) - np.float32(2) * rounded(a, b)) for a, b in zip(A, B, strict=True)]


def dots(ax):
    """Values by place of all dots, those above and those below zero."""
    both = [line.get_data() for line in ax.lines if line.get_marker() in ("o", "X")]
    return dict(sorted((int(x), float(y)) for xs, ys in both for x, y in zip(xs, ys, strict=True)))


@drives(NAME, "digits-live", "brighter", "dtype", "formula", "clamp")
@of("digits-live")
def test_the_multiplied_out_formula_loses_digits_in_float32(widget, split):
    for values in ends(widget, "brighter", "dtype", "formula", "clamp"):
        A = flat(split.X_train[:40]) + values["brighter"]
        B = A.copy()
        B[:, 392] += 2
        exact = values["dtype"] == "float64" or values["formula"] == "straight"
        wanted = [4.0] * 40 if exact else in_single(A, B)
        if values["clamp"]:
            wanted = [max(value, 0) for value in wanted]
        assert dots(widget.axes) == dict(enumerate(wanted))
        assert numbers(words(widget.axes)) == [sum(value < 0 for value in wanted), 40]


@of("digits-live")
def test_brightness_makes_distances_negative_and_only_two_cures_bring_them_back(widget):
    widget.set(brighter=0)
    assert set(dots(widget.axes).values()) == {4}
    widget.set(brighter=2000)
    bad = np.array([*dots(widget.axes).values()])
    assert (bad < 0).sum() == 7 and (np.abs(bad - 4) >= 4).all()
    widget.set(clamp=True)
    assert (np.array([*dots(widget.axes).values()]) == np.maximum(bad, 0)).all()
    for cure in ({"dtype": "float64"}, {"formula": "straight"}):
        widget.reset()
        widget.set(brighter=2000, **cure)
        assert set(dots(widget.axes).values()) == {4}


@drives(NAME, "memory-live", "M", "N", "D")
@of("memory-live")
def test_memory_of_each_way(widget):
    for values in ends(widget, "M", "N", "D"):
        M, N, D = values["M"], values["N"], values["D"]
        wanted = [4 * D, 4 * N * D, 4 * M * N * D, 4 * M * N]
        assert lengths(widget.axes) == pytest.approx(wanted)
        for text, size in zip(ends_of_bars(widget.axes), wanted, strict=True):
            amount, unit = text.split()
            scale = 1024 ** ["B", "KiB", "MiB", "GiB", "TiB"].index(unit)
            assert float(amount.replace(",", "")) * scale == pytest.approx(size, rel=0.06)


@of("memory-live")
def test_the_cube_grows_with_the_pixels_and_the_product_does_not(widget):
    assert ends_of_bars(widget.axes)[2] == "28.6 GiB"
    before = lengths(widget.axes)
    widget.set(D=150528)
    after = lengths(widget.axes)
    assert after[2] == pytest.approx(before[2] * 49) and after[3] == before[3]


# --- 1.7 Training, validation and test set ----------------------------------------------------------------------------


@drives(NAME, "split-live", "train_ends", "test_begins", "used")
@of("split-live")
def test_the_split_bar_counts_measures_and_warns(widget, run, split):
    X, y = flat(split.X_train[:3000]), split.y_train[:3000]
    for values in ends(widget, "train_ends", "test_begins", "used"):
        a, b, used = values["train_ends"] * 30, values["test_begins"] * 30, values["used"]
        bar, game = widget.axes["A"], widget.axes["B"]
        assert [part.get_width() for part in bar.patches] == [a, b - a, 3000 - b]
        assert [part.get_x() for part in bar.patches] == [0, a, b]
        accuracy = (predictions(squared(X[a:b], X[:a]), y[:a], 1) == y[a:b]).mean()
        error = np.sqrt(accuracy * (1 - accuracy) / (b - a))
        notes = [text.get_text() for text in bar.texts[3:]]
        assert numbers(notes[1].replace("1-NN", "")) == pytest.approx([b - a, 100 * accuracy, 100 * error], abs=0.11)
        assert notes[2] == f"{3000 - b:,} images\n{'opened' if used else 'sealed'}"
        tried = [np.mean([guess == label for guess, label in zip(g[b:], y[b:], strict=True)])
                 for g in run.namespace["guessers"][:used]]  # fmt: skip
        points = next(line for line in game.lines if line.get_marker() == "o")
        assert list(points.get_ydata()) == pytest.approx(tried)
        counter = game.texts[-1]
        assert numbers(counter.get_text())[0] == used
        assert (counter.get_color() == style.ALARM) == (used > 1)


def best(widget, **values):
    widget.set(**values)
    line = next(line for line in widget.axes["B"].lines if line.get_drawstyle() == "steps-post")
    return line.get_ydata()[-1]


@of("split-live")
def test_the_best_of_eight_guessers_looks_good_on_few_images_only(widget):
    assert best(widget, used=8, test_begins=98) == pytest.approx(0.167, abs=0.0005)
    assert best(widget, test_begins=75) == pytest.approx(0.119, abs=0.0005)


@of("split-live")
def test_fewer_training_images_are_less_accurate_but_measured_more_precisely(widget):
    found = []
    for train_ends in (70, 5):
        widget.set(train_ends=train_ends)
        found.append(numbers(widget.axes["A"].texts[4].get_text().replace("1-NN", ""))[1:])
    assert found[0][0] - found[1][0] == pytest.approx(10, abs=2) and found[1][1] < found[0][1]


# --- 1.8 Cross-validation ---------------------------------------------------------------------------------------------


def fold_accuracies(split, n, folds, ks):
    """Accuracies (len(ks), folds), with the folds of the notebook and everything else computed here."""
    X, y, out = flat(split.X_train[:n]), split.y_train[:n], []
    d = squared(X, X)
    for train, val in data.folds(n, folds, np.random.default_rng(folds)):
        out.append([(predictions(d[np.ix_(val, train)], y[train], k) == y[val]).mean() for k in ks])
    return np.transpose(out)


@drives(NAME, "cross-validation-live", "number_of_folds", "training_images")
@of("cross-validation-live")
def test_cross_validation_shows_folds_mean_spread_and_choice(widget, run, split):
    ks = run.namespace["ks"]
    for values in ends(widget, "number_of_folds", "training_images"):
        f, n = values["number_of_folds"], values["training_images"]
        wanted = fold_accuracies(split, n, f, ks)
        ax = widget.axes["B"]
        fold_dots, mean, ring = (next(line for line in ax.lines if line.get_label() == label)
                                 for label in ("one fold", "mean of the folds", "chosen k"))  # fmt: skip
        assert np.reshape(fold_dots.get_ydata(), (len(ks), f)) == pytest.approx(wanted, abs=2.1 * f / n)
        assert list(mean.get_ydata()) == pytest.approx(wanted.mean(axis=1), abs=2.1 / n)
        bars = np.array(ax.collections[0].get_segments())
        assert bars[:, 1, 1] - bars[:, 0, 1] == pytest.approx(2 * wanted.std(axis=1), abs=0.01)
        best_k = list(ks).index(int(ring.get_xdata()[0]))
        assert wanted.mean(axis=1)[best_k] == pytest.approx(wanted.mean(axis=1).max(), abs=2.1 / n)
        assert f"k = {ks[best_k]} is chosen" in words(ax)
        plan = pixels(widget.axes["A"])
        side = len(plan) // f
        green = np.array([[plan[(i * side) + side // 2, (j * side) + side // 2, 0] < 0.3 for j in range(f)]
                          for i in range(f)])  # fmt: skip
        assert (green == np.eye(f, dtype=bool)).all()


def test_more_folds_raise_the_mean_and_spread_the_dots(run):
    scores = run.namespace["scores"]
    assert scores[2000, 10].mean() - scores[2000, 2].mean() == pytest.approx(0.02, abs=0.005)
    assert scores[2000, 10].std(axis=1).mean() > scores[2000, 2].std(axis=1).mean()


def test_more_images_raise_the_curve_and_shrink_the_error_bars(run):
    few, many = run.namespace["scores"][500, 5], run.namespace["scores"][2000, 5]
    assert many.mean() > few.mean() + 0.05 and many.std(axis=1).mean() < few.std(axis=1).mean() / 2


def test_the_chosen_k_is_neither_the_first_nor_the_last_and_its_neighbours_are_within_the_bars(run):
    for n in (1000, 2000):
        a = run.namespace["scores"][n, 5]
        mean, spread = a.mean(axis=1), a.std(axis=1)
        i = mean.argmax()
        assert 0 < i < len(mean) - 1
        assert (mean[i] - mean[[i - 1, i + 1]] < spread[i]).all()


# --- The test set, once -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def verdicts(run, split):
    """Which test images the notebook predicts right, once its predictions agree with those from exact distances."""
    exact = predictions(squared(flat(split.X_test), flat(split.X_train)), split.y_train, run.namespace["k_best"])
    assert (exact != run.namespace["predicted"]).sum() <= 2  # float32 may swap neighbours that are equally far
    return run.namespace["predicted"] == split.y_test


@drives(NAME, "final-live", "page", "only_mistakes")
@of("final-live")
def test_the_last_wall_shows_test_images_and_their_verdicts(widget, split, verdicts):
    for values in ends(widget, "page", "only_mistakes"):
        chosen = np.flatnonzero(~verdicts) if values["only_mistakes"] else np.arange(len(verdicts))
        chosen = chosen[50 * (values["page"] - 1) :][:50]
        ax = widget.axes["A"]
        below_the_mark = [same(shown(ax, place)[8:], split.X_test[i, 8:])
                          for place, i in zip(places(ax, 5, 10), chosen, strict=True)]  # fmt: skip
        assert all(below_the_mark)
        assert [frame == colour(style.RIGHT) for frame in frames(ax, 5, 10)] == list(verdicts[chosen])
        assert numbers(words(ax)) == [verdicts[chosen].sum(), 50]
    per_class = [100 * verdicts[split.y_test == c].mean() for c in range(10)]
    assert lengths(widget.axes["B"]) == pytest.approx(per_class)


def test_the_test_accuracy_is_above_80_per_cent_and_above_every_cross_validated_mean(run, split, verdicts):
    assert verdicts.mean() >= 0.80
    assert verdicts.mean() > max(a.mean(axis=1).max() for a in run.namespace["scores"].values())


def test_shirts_are_half_wrong_trousers_hardly_ever_and_most_mistakes_are_tops(split, verdicts):
    tops = [split.class_names.index(name) for name in ("T-shirt/top", "Pullover", "Dress", "Coat", "Shirt")]
    assert np.isin(split.y_test[~verdicts], tops).mean() > 0.6
    shares = [verdicts[split.y_test == split.class_names.index(name)].mean() for name in ("Shirt", "Trouser")]
    assert shares == pytest.approx([0.52, 0.96], abs=0.02)


# --- The ideas, and the exercises -------------------------------------------------------------------------------------


def test_five_neighbours_of_the_jury_tie_two_to_two_to_one(split, to_train):
    near = np.argsort(to_train[20], kind="stable")[:5]
    names = [split.class_names[c] for c in split.y_train[near]]
    assert names[0] == "Shirt" and split.class_names[split.y_val[20]] == "T-shirt/top"
    assert [names.count(name) for name in ("Shirt", "T-shirt/top", "Dress")] == [2, 2, 1]


def test_images_of_one_class_are_nearer_than_images_of_others(split, to_train):
    distances, same_class = np.sqrt(to_train[:200, :400]), split.y_val[:200, None] == split.y_train[:400]
    assert distances[same_class].mean() < 0.85 * distances[~same_class].mean()


SOLUTIONS = {"vote": "vote", "distances": "l2", "cv": "cross_validation"}


@pytest.mark.parametrize("cell", SOLUTIONS)
def test_a_folded_solution_is_accepted(cell):
    text = next("".join(each["source"]) for each in cells(NAME, "markdown") if each["id"] == f"solution-{cell}")
    assert text.startswith("<details>") and text.rstrip().endswith("</details>")
    namespace = {"np": np, "neighbors": neighbors}
    exec(re.search(r"```python\n(.*?)```", text, re.S)[1], namespace)
    found = exercises.verdict("cross_validation" if cell == "cv" else cell, namespace[SOLUTIONS[cell]])
    assert found.kind == "exact", found.text


@pytest.mark.parametrize("cell", SOLUTIONS)
def test_an_unfilled_stub_is_said_to_be_not_started(run, cell):
    found = exercises.verdict("cross_validation" if cell == "cv" else cell, run.namespace[SOLUTIONS[cell]])
    assert found.kind == "not_started"
