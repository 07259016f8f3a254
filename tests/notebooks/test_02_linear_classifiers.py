"""Notebook 02: every control at its ends against values computed here, and every sentence under "What to notice"."""

import math
import re
from collections import deque

import numpy as np
import pytest

from cs231n_helpers import exercises
from cs231n_helpers.plots import linear
from support import cells, curve, drives, ends, heights, numbers, of, texts, widths, words

NAME = "02_linear_classifiers"
ANIMALS = ["cat", "dog", "ship"]
PIXELS = [56.0, 231.0, 24.0, 2.0]
ROWS = [[0.2, -0.5, 0.1, 2.0], [1.5, 1.3, 2.1, 0.0], [0.0, 0.25, 0.2, -0.3]]
BIAS = [1.1, 3.2, -1.2]
FRAME = 4  # pixels of a frame, and of the gap between images, in a montage of 28x28 images


# --- the truth, from first principles ---------------------------------------------------------------------------------


def score(row, x, b):
    return sum(w * v for w, v in zip(row, x, strict=True)) + b


def hinge_terms(s, true, delta=1.0):
    return [0.0 if j == true else max(0.0, s[j] - s[true] + delta) for j in range(len(s))]


def softmax(s):
    top = max(s)
    powers = [math.exp(v - top) for v in s]
    return [power / sum(powers) for power in powers]


def one_loss(kind, s, true):
    if kind == "SVM":
        return sum(hinge_terms(s, true))
    top = max(s)
    return top + math.log(sum(math.exp(v - top) for v in s)) - s[true]


def factors(kind, s, true):
    """The slopes of one example's loss by its scores."""
    if kind == "SVM":
        out = [float(term > 0) for term in hinge_terms(s, true)]
        return [-sum(out) if j == true else v for j, v in enumerate(out)]
    return [p - (j == true) for j, p in enumerate(softmax(s))]


def full_gradient(kind, X, y, W, b, strength):
    """Loss, dW and db in float64, one example after the other."""
    N, dW, db, loss = len(X), strength * W, np.zeros(len(b)), 0.5 * strength * (W**2).sum()
    for x, true in zip(X, y, strict=True):
        s = x @ W + b
        f = np.array(factors(kind, list(s), true))
        loss, dW, db = loss + one_loss(kind, list(s), true) / N, dW + np.outer(x, f) / N, db + f / N
    return loss, dW, db


# --- reading pictures -------------------------------------------------------------------------------------------------


def image_at(ax, place, rows, columns):
    """Grey levels (28, 28) of one image of a montage."""
    pixels = np.asarray(ax.images[0].get_array())
    row, column = divmod(place, columns)
    top, left = row * pixels.shape[0] // rows + FRAME, column * (pixels.shape[1] + FRAME) // columns + FRAME
    return pixels[top : top + 56 : 2, left : left + 56 : 2, 0].astype(int)


def same(image, other):
    """Whether two pictures, grey levels and values from 0 to 1, agree in every pixel but for rounding."""
    return np.abs(image - 255 * np.reshape(other, (28, 28))).max() <= 1.01


# --- 2.1 and 2.2 Scores and the bias trick ----------------------------------------------------------------------------


def shown_scores(ax, wanted):
    """Hold the three scores, as numbers and as bars that end at -250 and 600, to what is wanted."""
    assert [number for number in texts(ax) if number in {f"{s:.5g}" for s in wanted}]
    assert all(f"{s:.5g}" in texts(ax) for s in wanted)
    assert widths(ax) == pytest.approx([3.6 * min(max(s, -250), 600) / 850 for s in wanted])


@drives(NAME, "s1-widget", "weights", "pixels", "bias")
@of("s1-widget")
def test_scores_of_four_pixels_are_sums_of_products(widget):
    for values in ends(widget, "weights", "pixels", "bias"):
        wanted = [score(values["weights"][c], values["pixels"], values["bias"][c]) for c in range(3)]
        shown_scores(widget.axes, wanted)
        blocks = [np.ravel(np.asarray(mesh.get_array())) for mesh in widget.axes.collections]
        assert blocks[1] == pytest.approx(np.ravel(values["weights"]))
        assert blocks[0] == pytest.approx(values["pixels"]) and blocks[3] == pytest.approx(values["pixels"])
        assert blocks[5] == pytest.approx(values["bias"])


def test_the_worked_example_and_its_misprint(run):
    assert run.values["s1-product"].ravel() == pytest.approx([-96.8, 437.9, 60.75])
    assert score(ROWS[2], PIXELS, 0) == pytest.approx(61.95)


@of("s1-widget")
def test_one_box_moves_one_score(widget):
    def read(**changed):
        widget.reset()
        widget.set(**changed)
        return [number / 3.6 * 850 for number in widths(widget.axes)], texts(widget.axes)

    bias = np.array([10.0, 3.2, -1.2])
    assert "-87.9" in read(bias=bias)[1] and {"437.9", "60.75"} <= set(read(bias=bias)[1])  # -96.8 + 8.9
    bright = read(pixels=np.array([56.0, 231, 24, 255]))
    assert "409.2" in bright[1] and "437.9" in bright[1]  # -96.8 + 506
    weights = np.array(ROWS)
    weights[1, 1] = -1.3
    assert "-162.7" in read(weights=weights)[1]  # 437.9 - 600.6


@drives(NAME, "s2-widget", "trick", "bias")
@of("s2-widget")
def test_the_bias_trick_changes_places_but_no_score(widget):
    for values in ends(widget, "trick", "bias"):
        longer = [*PIXELS, 1.0]
        wanted = [score([*ROWS[c], values["bias"][c]], longer, 0) for c in range(3)]
        shown_scores(widget.axes, wanted)
        assert "largest difference between the two ways: 0" in texts(widget.axes)
        visible = [mesh.get_visible() for mesh in widget.axes.collections]
        assert visible == [True, True, values["trick"], not values["trick"], values["trick"], not values["trick"]]
    ship = np.array([1.1, 3.2, 10.0])
    widget.set(trick=True, bias=ship)
    assert "71.95" in texts(widget.axes)  # 60.75 + 11.2


# --- 2.3 Centring and scaling -----------------------------------------------------------------------------------------


@drives(NAME, "s3-widget", "stage", "part", "image")
@of("s3-widget")
def test_pixels_before_and_after(widget, split):
    mean = split.X_train.astype(float).mean(axis=0)
    largest = np.abs(split.X_train - mean).max()
    for values in ends(widget, "stage", "part", "image"):
        stage, part = values["stage"], {"train": split.X_train, "val": split.X_val}[values["part"]]
        after = {"raw": lambda A: A.astype(float), "centred": lambda A: A - mean,
                 "centred and scaled": lambda A: (A - mean) / largest}[stage]  # fmt: skip
        one, top = after(part[values["image"]]), 1 if stage == "centred and scaled" else 255
        axes = widget.axes
        assert same(image_at(axes["A"], 0, 1, 3), part[values["image"]] / 255)
        assert same(image_at(axes["A"], 1, 1, 3), mean / 255)
        assert same(image_at(axes["A"], 2, 1, 3), one / 255 if stage == "raw" else one / top / 2 + 0.5)
        assert curve(axes["B"], 1)[0] == pytest.approx(after(part).mean(), abs=2e-3 * top)
        edges, shares = curve(axes["B"])
        all_values, middle = after(part[:500]), 27  # the middle one of 55 steps holds the zeros
        inside = ((all_values >= edges[middle]) & (all_values < edges[middle + 1])).mean()
        assert shares[middle] == pytest.approx(inside, abs=1e-3) and shares[:-1].sum() == pytest.approx(1)


@of("s3-widget")
def test_centring_moves_the_mean_and_scaling_keeps_the_shape(widget):
    def look(stage, part):
        widget.set(stage=stage, part=part)
        return curve(widget.axes["B"], 1)[0][0], curve(widget.axes["B"])[1]

    (raw, _), (mean, shares) = look("raw", "train"), look("centred", "train")
    _, scaled = look("centred and scaled", "train")
    assert raw == pytest.approx(73, abs=0.1) and abs(mean) < 1e-3
    assert np.abs(shares - scaled).max() < 0.02
    assert abs(look("centred", "val")[0]) > 0.1


# --- 2.4 to 2.6 The two losses and the penalty ------------------------------------------------------------------------


def hinge_picture(ax, s, true, delta, lowest):
    terms = hinge_terms(s, true, delta)
    drawn = heights(ax)
    assert [lowest + h for h in drawn[:3]] == pytest.approx(s)
    assert drawn[3:] == pytest.approx(terms)
    assert [bar.get_visible() for bar in ax.patches[3:]] == [term > 0 for term in terms]
    assert curve(ax, 1)[1] == pytest.approx([s[true] - delta] * 2)
    assert numbers(words(ax))[-1] == pytest.approx(sum(terms), rel=1e-3)


@drives(NAME, "s4-widget", "cat", "dog", "ship", "delta", "true_class")
@of("s4-widget")
def test_hinge_terms_stand_above_the_margin_line(widget):
    for values in ends(widget, "cat", "dog", "ship", "delta", "true_class"):
        true = ANIMALS.index(values["true_class"])
        hinge_picture(widget.axes, [values[name] for name in ANIMALS], true, values["delta"], -30)


@of("s4-widget")
def test_what_the_svm_wants(widget):
    def loss(**changed):
        widget.reset()
        widget.set(**changed)
        return numbers(words(widget.axes))[-1]

    assert loss() == 8
    assert [loss(ship=s) for s in (7.0, 3.0, 0.0, -15.0)] == [4, 0, 0, 0]
    assert loss(delta=0.0) == 0
    assert loss(true_class="dog") == 58
    assert loss(cat=15.0, dog=-5.0, ship=13.0) == 8


def test_the_misplaced_bracket_gives_5_instead_of_8(run):
    assert (run.namespace["right"], run.namespace["wrong"]) == (8, 5)


@drives(NAME, "s5-widget", "strength", "spread", "convention")
@of("s5-widget")
def test_penalties_of_three_weight_vectors(widget):
    for values in ends(widget, "strength", "spread", "convention"):
        t, factor = values["spread"], 0.5 if "½" in values["convention"] else 1.0
        yours = [1 - 0.75 * t, *[0.25 * t] * 3]
        sums = [1.0, sum(w * w for w in yours), 0.25]
        assert heights(widget.axes[0]) == pytest.approx(yours)
        assert "score 1.00" in words(widget.axes[0])
        penalties = [factor * values["strength"] * each for each in sums]
        assert heights(widget.axes[1]) == pytest.approx([0.5] * 3 + penalties)
        assert [float(text) for text in texts(widget.axes[1])] == pytest.approx(np.add(penalties, 0.5), abs=6e-4)


@of("s5-widget")
def test_spreading_quarters_the_penalty_and_the_data_loss_cannot_choose(widget):
    def penalties(**changed):
        widget.set(**changed)
        return np.array(heights(widget.axes[1])[3:])

    assert penalties(spread=0.0)[1] == 4 * penalties(spread=1.0)[1]
    assert (penalties(strength=0.0) == 0).all()
    half = penalties(strength=0.5, convention="½ λ Σ w²")
    assert penalties(convention="λ Σ w²") == pytest.approx(2 * half)


@drives(NAME, "s6-widget", "cat", "dog", "ship", "temperature", "true_class")
@of("s6-widget")
def test_both_losses_see_the_same_scores(widget):
    for values in ends(widget, "cat", "dog", "ship", "temperature", "true_class"):
        s = [values[name] / values["temperature"] for name in ANIMALS]
        true, p = ANIMALS.index(values["true_class"]), softmax(s)
        hinge_picture(widget.axes[0], s, true, 1.0, -12)
        assert heights(widget.axes[1]) == pytest.approx(p)
        assert texts(widget.axes[1]) == [f"{each:.2f}" for each in p]
        assert numbers(words(widget.axes[1]))[-1] == pytest.approx(-math.log(p[true]), rel=5e-3)


@of("s6-widget")
def test_temperature_softens_and_softmax_is_never_content(widget):
    def look(**changed):
        widget.reset()
        widget.set(**changed)
        return texts(widget.axes[1]), numbers(words(widget.axes[0]))[-1], numbers(words(widget.axes[1]))[-1]

    assert look()[0] == ["0.71", "0.04", "0.26"]
    assert look(temperature=2.0)[0] == ["0.55", "0.12", "0.33"]
    assert look(temperature=8.0)[2] == pytest.approx(math.log(3), abs=0.2)
    _, svm, soft = look(cat=5.0)
    assert svm == 0 and 0 < soft < 0.01


# --- 2.7 Three classes on the plane -----------------------------------------------------------------------------------


def walked(values, kinds):
    """Weights after the wanted number of steps and the losses on the way, by plain loops."""
    W, b, path = np.array(values["W"]), np.array(values["b"]), []
    for _ in range(61):
        loss, dW, db = full_gradient(values["loss"], values["points"], kinds, W, b, values["strength"])
        path.append((W, b, loss))
        if loss > 1000:
            break
        W, b = W - values["step_size"] * dW, b - values["step_size"] * db
    return path


@drives(NAME, "s7-widget", "step", "step_size", "loss", "strength", "points", "W", "b")
@of("s7-widget")
def test_the_plane_its_losses_and_the_way_down(widget, run):
    kinds, side = run.namespace["kinds"], np.linspace(-2, 2, 241)
    for values in ends(widget, "step", "step_size", "loss", "strength", "points", "W", "b"):
        path = walked(values, kinds)
        at = min(values["step"], len(path) - 1)
        W, b, _ = path[at]
        axes, S = widget.axes, values["points"] @ W + b
        wrong = [int(np.argmax(s)) != true for s, true in zip(S, kinds, strict=True)]
        assert numbers(words(axes["A"])) == [at, sum(wrong), 12]
        each = [one_loss(values["loss"], list(s), true) for s, true in zip(S, kinds, strict=True)]
        penalty = 0.5 * values["strength"] * sum(w * w for w in W.ravel())
        assert widths(axes["B"]) == pytest.approx([min(v, 6) for v in [*each, penalty]], abs=1e-9)
        assert numbers(words(axes["B"])) == pytest.approx([np.mean(each), penalty], rel=0.06, abs=0.006)
        assert curve(axes["C"])[1] == pytest.approx([loss for _, _, loss in path])
        assert curve(axes["C"], 1).ravel() == pytest.approx([at, path[at][2]])
        assert texts(axes["C"]) == ([f"diverged at step {len(path) - 1}"] if len(path) < 61 else [])
        regions = np.asarray(axes["A"].images[0].get_array())
        for i, j in [(0, 0), (0, 240), (240, 0), (240, 240), (120, 130), (60, 200), (180, 100)]:
            assert regions[i, j] == np.argmax([score(W[:, c], (side[j], side[i]), b[c]) for c in range(3)])
        arrows = axes["A"].collections[0]
        size = np.maximum(1, np.hypot(*W) / linear.LONGEST)
        assert np.array([arrows.U, arrows.V]) == pytest.approx(linear.ARROW * W / size)
        rings = axes["A"].lines[6]
        assert np.transpose(rings.get_data()) == pytest.approx(values["points"][np.array(wrong)].reshape(-1, 2))


@of("s7-widget")
def test_what_happens_on_the_plane(widget):
    def wrong(**changed):
        widget.reset()
        widget.set(**changed)
        return numbers(words(widget.axes["A"]))[1]

    assert wrong(step=0) > 6 and wrong(step=60) == 0
    assert (np.array(widths(widget.axes["B"])[:12]) == 0).sum() > 6
    wrong(step=60, loss="softmax")
    assert (np.array(widths(widget.axes["B"])[:12]) > 0).all()
    wrong(step=60, strength=10.0, step_size=0.03)
    assert np.hypot(widget.axes["A"].collections[0].U, widget.axes["A"].collections[0].V).max() < 0.1
    wrong(step=60, strength=1.0, step_size=3.0)
    assert texts(widget.axes["C"])[0].startswith("diverged at step")


# --- 2.8 The landscape ------------------------------------------------------------------------------------------------


@drives(NAME, "s8-widget", "directions", "examples", "loss")
@of("s8-widget")
def test_slices_hold_the_loss_at_every_place(widget, ready, split):
    a = np.linspace(-1, 1, 31)
    here = 0.01 * np.random.default_rng(0).standard_normal((784, 10))
    for values in ends(widget, "directions", "examples", "loss"):
        n = values["examples"]
        W1, W2 = np.random.default_rng(values["directions"]).standard_normal((2, 784, 10))
        size = 3 / (ready[0][:n] @ W1).std()
        picture = np.asarray(widget.axes[1].images[0].get_array())
        for i, j in [(0, 0), (15, 15), (30, 4), (7, 30)]:
            S = ready[0][:n] @ (here + size * a[j] * W1 + size * a[i] * W2)
            wanted = np.mean([one_loss(values["loss"], list(s), y) for s, y in zip(S, split.y_train, strict=False)])
            assert picture[i, j] == pytest.approx(wanted, rel=1e-3)
        assert curve(widget.axes[0], 1)[1] == pytest.approx(picture[15])
        assert numbers(words(widget.axes[1])) == pytest.approx([picture.min(), picture.max()], rel=0.06)


@of("s8-widget")
def test_one_example_is_all_straight_pieces_a_hundred_are_a_bowl_and_none_has_a_second_valley(widget):
    def bends(**changed):
        widget.set(**changed)
        line = curve(widget.axes[0], 1)[1]
        return np.abs(np.diff(line, 2)) > 1e-4 * line.max()

    assert bends(examples=1, loss="SVM").mean() < 0.5
    assert bends(examples=100).mean() > 0.8
    assert bends(examples=1, loss="softmax").mean() > 0.8
    for directions in range(5):
        for examples in (1, 10, 100):
            for loss in ("SVM", "softmax"):
                widget.set(directions=directions, examples=examples, loss=loss)
                assert np.diff(np.asarray(widget.axes[1].images[0].get_array()), 2).min() > -1e-4  # convex


# --- 2.9 The race -----------------------------------------------------------------------------------------------------


@drives(NAME, "s9-widget", "evaluations")
@of("s9-widget")
def test_the_race_shows_the_loss_and_the_accuracy_of_the_weights_kept(widget, run, ready, split):
    for values in ends(widget, "evaluations"):
        e = values["evaluations"]
        for i, (name, (course, trail)) in enumerate(run.namespace["runs"].items()):
            W = trail[e].astype(float)
            S = ready[0][:300] @ W
            loss = np.mean([one_loss("SVM", list(s), y) for s, y in zip(S, split.y_train, strict=False)])
            assert curve(widget.axes[0], 3 + i).ravel() == pytest.approx([e, loss], rel=1e-3), name
            right = ((ready[1] @ W).argmax(axis=1) == split.y_val).mean()
            assert heights(widget.axes[1])[i] == pytest.approx(right, abs=0.003)
            assert len(course) == len(trail) == 601 and (np.diff(course) <= 0).all() and course[0] == 9


def test_the_gradient_wins_the_race_although_each_step_costs_three(run):
    course = {name: course for name, (course, _) in run.namespace["runs"].items()}
    random, local, gradient = (accuracies[-1] for accuracies in run.namespace["reached"].values())
    assert course["gradient"][60] < 0.3 * course["random local"][60]
    assert random < 0.25 and 2 * random < local < gradient
    assert course["random local"][600] < course["random local"][300] < course["random local"][60]
    assert len({id(W) for W in run.namespace["runs"]["gradient"][1]}) <= 201  # one new W for every third evaluation


# --- 2.10 The numerical gradient --------------------------------------------------------------------------------------


@drives(NAME, "s10-widget", "h", "function")
@of("s10-widget")
def test_secants_and_their_errors(widget):
    known = {"exp at 1": (np.exp, math.e), "10 sin at 1": (lambda x: 10 * np.sin(x), 10 * math.cos(1)),
             "x³ at 1": (lambda x: x**3, 3.0)}  # fmt: skip
    for values in ends(widget, "h", "function"):
        (f, exact), h = known[values["function"]], values["h"]
        estimates = (f(1 + h) - f(1)) / h, (f(1 + h) - f(1 - h)) / (2 * h)
        axes = widget.axes
        for line, slope in zip((2, 3), estimates, strict=True):
            xs, ys = curve(axes[0], line)
            assert (ys[-1] - ys[0]) / (xs[-1] - xs[0]) == pytest.approx(slope, rel=1e-9)
        xs, ys = curve(axes[0], 1)
        assert (ys[-1] - ys[0]) / (xs[-1] - xs[0]) == pytest.approx(exact)
        assert curve(axes[0], 0)[1] == pytest.approx(f(curve(axes[0], 0)[0]))
        wanted = [max(abs(e - exact), 1e-16) for e in estimates]
        for dot, error in zip((2, 3), wanted, strict=True):
            assert curve(axes[1], dot).ravel() == pytest.approx([h, error], rel=1e-3, abs=1e-15)
        assert curve(axes[1], 0)[1][-1] == pytest.approx(abs(f(2.0) - f(1.0) - exact))


@of("s10-widget")
def test_errors_fall_with_h_and_its_square_and_then_rise_again(widget):
    def errors(h):
        widget.set(h=h)
        return np.array([curve(widget.axes[1], 2)[1][0], curve(widget.axes[1], 3)[1][0]])

    ratio = errors(1e-2) / errors(1e-3)
    assert ratio == pytest.approx([10, 100], rel=0.05)
    assert errors(1e-5) == pytest.approx([1.36e-5, 0], rel=0.01, abs=2e-10)
    assert (errors(1e-13) > 1e-6).all()


# --- 2.11 and 2.12 The analytic gradient and its check ----------------------------------------------------------------


@drives(NAME, "s11-widget", "image", "evaluations", "loss")
@of("s11-widget")
def test_each_class_is_pushed_by_a_multiple_of_the_image(widget, run, ready, split):
    for values in ends(widget, "image", "evaluations", "loss"):
        x, true = ready[0][values["image"]], int(split.y_train[values["image"]])
        W = run.namespace["runs"]["gradient"][1][values["evaluations"]].astype(float)
        wanted = factors(values["loss"], list(x @ W), true)
        titles = texts(widget.axes)
        assert titles[0] == f"the image x\n{split.class_names[true]}"
        for c in range(10):
            name, factor = titles[c + 1].split("\n")
            assert name == split.class_names[c]
            assert float(factor.removesuffix(" x")) == pytest.approx(wanted[c], rel=0.06, abs=1e-12)
            assert same(image_at(widget.axes, c + 1, 2, 6), 0.5 + np.tanh(wanted[c] * x) / 2)
        assert same(image_at(widget.axes, 0, 2, 6), split.X_train[values["image"]] / 255)


@of("s11-widget")
def test_all_margins_are_violated_at_first_and_many_images_teach_nothing_later(widget):
    def pushes(**changed):
        widget.set(**changed)
        return [float(title.split("\n")[1].removesuffix(" x")) for title in texts(widget.axes)[1:11]]

    assert sorted(pushes(evaluations=0)) == [-9] + [1] * 9
    idle = [not any(pushes(evaluations=600, image=i)) for i in range(0, 300, 5)]
    assert sum(idle) > len(idle) / 2
    assert all(pushes(loss="softmax"))


def test_the_gradient_without_its_image_is_found_out(run):
    numeric, misprint = run.namespace["numeric"], run.namespace["misprint"]
    wanted = np.outer(PIXELS, [-2.0, 1.0, 1.0])  # both rivals of the cat are above the margin
    assert numeric == pytest.approx(wanted, rel=1e-5)
    assert (misprint[:, 0] == -2).all() and (misprint[:, 1:] == wanted[:, 1:]).all()


@drives(NAME, "s12-widget", "mistake", "loss")
@of("s12-widget")
def test_the_check_sees_every_mistake(widget, run):
    X, y, W = (run.namespace[name] for name in ("X_small", "y_small", "W_small"))
    for values in ends(widget, "mistake", "loss"):
        _, right, _ = full_gradient(values["loss"], X, y, W, np.zeros(4), 0.05)
        part = right - 0.05 * W
        hot = np.zeros((5, 4))
        for i, (x, true) in enumerate(zip(X, y, strict=True)):
            hot[i, true] = factors(values["loss"], list(x @ W), true)[true] / 5
        wrong = {"none": right, "not divided by N": 5 * part + 0.05 * W, "wrong sign": -part + 0.05 * W,
                 "penalty forgotten": part,
                 "x missing at the true class": right - X.T @ hot + hot.sum(axis=0)}[values["mistake"]]  # fmt: skip
        assert curve(widget.axes, 1) == pytest.approx(np.array([right.ravel(), wrong.ravel()]), abs=1e-8)
        error = np.max(np.abs(wrong - right) / np.maximum(np.abs(wrong), np.abs(right)))
        assert ("agree" in words(widget.axes)) == (values["mistake"] == "none")
        if values["mistake"] != "none":
            assert numbers(words(widget.axes))[0] == pytest.approx(error, rel=0.5) and error > 0.1


@of("s12-widget")
def test_what_the_dots_do(widget):
    def likeness(mistake):
        widget.set(mistake=mistake, loss="SVM")
        return np.corrcoef(*curve(widget.axes, 1))[0, 1]

    assert likeness("none") == pytest.approx(1)
    assert likeness("wrong sign") < -0.9
    assert likeness("penalty forgotten") > 0.98
    assert likeness("x missing at the true class") < 0.8


# --- 2.13 Gradient descent --------------------------------------------------------------------------------------------


@drives(NAME, "s13-widget", "step_size", "steps", "start")
@of("s13-widget")
def test_the_path_in_the_valley(widget):
    for values in ends(widget, "step_size", "steps", "start"):
        (x, y), eta = values["start"][0], values["step_size"]
        path = [(x * (1 - eta) ** k, y * (1 - 10 * eta) ** k) for k in range(values["steps"] + 1)]
        gone = [k for k, place in enumerate(path) if max(map(abs, place)) >= 20]
        path = path[: gone[0] + 1] if gone else path
        assert np.transpose(curve(widget.axes[0], 1)) == pytest.approx(np.array(path))
        height = [0.5 * (u**2 + 10 * v**2) for u, v in path]
        assert curve(widget.axes[1])[1] == pytest.approx(np.maximum(height, 1e-9))
        assert texts(widget.axes[1]) == ([f"diverged at step {gone[0]}"] if gone and gone[0] < values["steps"] else [])


@of("s13-widget")
def test_too_short_just_right_zigzag_and_too_long(widget):
    def path(step_size):
        widget.set(step_size=step_size)
        return curve(widget.axes[0], 1).T

    assert abs(path(0.01)[-1, 0]) > 1
    assert path(0.1)[1, 1] == pytest.approx(0, abs=1e-12)
    zigzag = path(0.19)
    assert (np.sign(zigzag[:-1, 1]) == -np.sign(zigzag[1:, 1])).all()
    assert np.abs(zigzag[1:, 1] / zigzag[:-1, 1]) == pytest.approx([0.9] * 30)
    assert np.abs(path(0.25)[1:, 1] / path(0.25)[:-1, 1]) == pytest.approx([1.5] * 7)
    assert texts(widget.axes[1]) == ["diverged at step 7"]


# --- 2.14 Mini-batches ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def noise(run, ready, split):
    """The gradients of single images in the plane of the picture (N, 2), and how they are made, in float64."""
    X, y, W = ready[0], split.y_train, run.namespace["W_then"].astype(float)
    S = X @ W
    P = np.exp(S - S.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    P[np.arange(len(y)), y] -= 1
    true = X.T @ P / len(X)
    length = np.linalg.norm(true)
    half = X[::2].T @ P[::2] / len(X[::2]) - true
    half -= (half * true).sum() / length**2 * true
    units = true / length, half / np.linalg.norm(half)
    return lambda chosen: [(X[chosen].T @ P[chosen] / len(chosen) * unit).sum() / length for unit in units]


@drives(NAME, "s14-widget", "batch_size", "draws")
@of("s14-widget")
def test_arrows_are_gradients_of_mini_batches(widget, run, noise):
    for values in ends(widget, "batch_size", "draws"):
        size = round(values["batch_size"])
        batches = np.random.default_rng(values["draws"]).integers(0, 9000, (40, size))
        drawn = widget.axes[0].collections[0]
        for i in (0, 17, 39):
            assert [drawn.U[i], drawn.V[i]] == pytest.approx(noise(batches[i]), abs=2e-3)
        spread = np.sqrt(np.mean((drawn.U - 1) ** 2 + drawn.V**2))
        assert curve(widget.axes[1], 2).ravel() == pytest.approx([size, spread])
        assert numbers(words(widget.axes[0])) == [size]
        assert [widget.axes[0].collections[1].U[0], widget.axes[0].collections[1].V[0]] == [1, 0]


@of("s14-widget")
def test_the_spread_falls_with_the_root_of_the_batch(widget):
    def spread(**changed):
        widget.set(**changed)
        return curve(widget.axes[1], 2)[1][0]

    one, hundred = spread(batch_size=1.0), spread(batch_size=100.0)
    assert one / hundred == pytest.approx(10, rel=0.35)
    again = [spread(draws=k) for k in range(4)]
    assert len(set(again)) == 4 and max(again) < 1.5 * min(again)


@drives(NAME, "s14-race", "clock")
@of("s14-race")
def test_the_same_runs_on_three_clocks(widget, run):
    for values in ends(widget, "clock"):
        for i, batch in enumerate((1, 16, 64, 9000)):
            seconds, steps, seen, accuracy = run.namespace["timed"][f"batch {batch}"]
            assert (seen == steps * batch).all() and seconds[-1] > 0.3 and (np.diff(seconds) > 0).all()
            x = {"microseconds": 1e6 * seconds, "steps": steps, "images seen": seen}[values["clock"]]
            assert curve(widget.axes, i) == pytest.approx(np.array([x, accuracy]))
        assert values["clock"] in words(widget.axes)


def test_full_batches_win_by_steps_and_lose_by_seconds(run):
    def at(batch, row, place):
        run_of = run.namespace["timed"][f"batch {batch}"]
        return np.interp(place, run_of[row], run_of[3])

    steps = run.namespace["timed"]["batch 9000"][1, -1]
    assert at(9000, 1, steps) > at(1, 1, steps)
    assert at(9000, 0, 0.3) < at(64, 0, 0.3) - 0.03


# --- 2.15 Training ----------------------------------------------------------------------------------------------------


def softmax_gradient(X, y, W, b, strength):
    """dW and db as full_gradient has them, of all examples at once."""
    p = np.exp(X @ W + b)
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return X.T @ p / len(y) + strength * W, p.mean(axis=0)


def retrained(ready, y, values):
    """Softmax by mini-batches in float64, in the order of the panel (an order of all images, anew for each epoch);
    yields the weights after every step."""
    W, b, strength = np.zeros((784, 10)), np.zeros(10), values["l2"] if values["l2"] > 1.01e-6 else 0
    seed = int(np.random.default_rng(0).integers(2**63))
    for epoch in range(values["epochs"]):
        order = np.random.default_rng([seed, 0, epoch]).permutation(len(y))
        for start in range(0, len(y), values["batch"]):
            chosen = order[start : start + values["batch"]]
            dW, db = softmax_gradient(ready[0][chosen], y[chosen], W, b, strength)
            if epoch == start == 0:
                _, *slowly = full_gradient("softmax", ready[0][chosen], y[chosen], W, b, strength)
                assert all(np.allclose(*pair, rtol=1e-9, atol=1e-12) for pair in zip((dW, db), slowly, strict=True))
            W, b = W - values["learning_rate"] * dW, b - values["learning_rate"] * db
            yield W, b


def trained(panel, **changed):
    """Set the panel, press Start, wait for the end; returns the last Moment."""
    panel.reset()
    panel.set(**changed)
    panel.start()
    assert panel.wait(60) and panel.error == ""
    return panel.result


def right(images, W, b, labels):
    return ((images[:500] @ W + b).argmax(axis=1) == labels[:500]).mean()


@drives(NAME, "s15-widget", "learning_rate", "l2", "batch", "epochs", "moment")
@of("s15-widget")
def test_the_panel_trains_what_its_controls_say(widget, ready, split):
    low, high = ({name: widget.limits(name)[i] for name in ("learning_rate", "l2", "batch", "epochs")} for i in (0, -1))
    one = {"epochs": low["epochs"]}
    stable = [{}, {"epochs": high["epochs"], "batch": 500}, one | {"batch": high["batch"]},
              one | {"learning_rate": low["learning_rate"]}, one | {"l2": high["l2"]},
              one | {"batch": low["batch"], "learning_rate": 0.01}]  # fmt: skip
    for changes in stable:
        result = trained(widget, **changes)
        [(W, b)] = deque(retrained(ready, split.y_train, widget.values), maxlen=1)
        assert result.step == math.ceil(9000 / widget.values["batch"]) * widget.values["epochs"]
        assert widget.params["dense1.W"] == pytest.approx(W, abs=2e-3 * np.abs(W).max())
        assert widget.params["dense1.b"] == pytest.approx(b, abs=2e-3 * np.abs(W).max())
        marks = [right(ready[0], W, b, split.y_train), right(ready[1], W, b, split.y_val)]
        assert [result.train_accuracy, result.val_accuracy] == pytest.approx(marks, abs=0.005)
    widget.reset()
    widget.set(learning_rate=high["learning_rate"])
    widget.step()  # one step only: what overshoots so far soon loses its likeness to float64
    assert widget.wait(20) and widget.error == "" and widget.result.step == 1
    W, b = next(retrained(ready, split.y_train, widget.values))
    assert widget.params["dense1.W"] == pytest.approx(W, abs=1e-3 * np.abs(W).max())
    marks = {}
    trained(widget)
    for place in widget.limits("moment"):
        widget.set(moment=place)
        marks[place] = next(numbers(words(ax)) for ax in widget.axes.values() if words(ax).startswith("accuracy"))
    [(W, b)] = deque(retrained(ready, split.y_train, widget.values), maxlen=1)
    wanted = [right(ready[0], W, b, split.y_train), right(ready[1], W, b, split.y_val)]
    assert marks[0] == pytest.approx([10, 10], abs=1.5)  # guessing
    assert marks[100] == pytest.approx(np.multiply(100, wanted), abs=1.2)


@of("s15-widget")
def test_what_training_shows(widget, split):
    assert not widget.history.moments[0].reading.filters.std()  # all grey
    assert trained(widget).val_accuracy > 0.8 and widget.verdict[0] == "good"
    trousers = split.X_train[split.y_train == 1].mean(axis=0)
    template = widget.result.reading.filters[1].astype(float)
    assert np.corrcoef(template.ravel(), trousers.ravel())[0, 1] > 0.3
    smooth = np.diff(widget.history.losses[-300:]).std()
    trained(widget, learning_rate=1e-3)
    assert widget.verdict[0] == "too slow"
    assert trained(widget, learning_rate=100.0).val_accuracy > 0.5 and widget.verdict[0] == "diverged"
    trained(widget, batch=1, epochs=1)
    assert np.diff(widget.history.losses[-300:]).std() > 2 * smooth


@of("s15-widget")
def test_the_best_learning_rate_grows_with_the_batch(widget):
    """Measured by the validation accuracy after one epoch."""
    rates = (0.1, 0.3, 1.0)
    best = {n: max(rates, key=lambda rate: trained(widget, batch=n, learning_rate=rate, epochs=1).val_accuracy)
            for n in (10, 500)}  # fmt: skip
    assert best[500] > best[10]


def test_ten_steps_by_hand_bring_the_loss_down(run):
    course = run.namespace["course"]
    assert len(course) == 10 and course[0] == pytest.approx(math.log(10)) and course[-1] < 0.9 * course[0]


def test_the_classifier_reaches_82_per_cent_in_ten_seconds(run, split, ready):
    W, b = (run.namespace[name].astype(float) for name in ("W", "b"))
    mean = split.X_train.reshape(9000, -1).mean(axis=0)
    largest = np.abs(split.X_train.reshape(9000, -1) - mean).max()
    test = (split.X_test.reshape(2000, -1) - mean) / largest
    right = ((test @ W + b).argmax(axis=1) == split.y_test).mean()
    assert right >= 0.82 and run.namespace["test_accuracy"] == pytest.approx(right, abs=0.001)
    assert run.namespace["seconds"] < 10


# --- exercises --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell, name, function",
                         [("x-svm", "svm", "svm_loss"), ("x-softmax", "softmax", "softmax_loss"),
                          ("x-step", "sgd_step", "sgd_step")])  # fmt: skip
def test_the_folded_solution_is_accepted_and_the_stub_is_not_started(run, cell, name, function):
    [text] = ["".join(each["source"]) for each in cells(NAME, "markdown") if each["id"] == f"{cell}-solution"]
    [code] = re.findall(r"```python\n(.*?)```", text, re.S)
    scope = {"np": np}
    exec(code, scope)
    assert exercises.verdict(name, scope[function]).kind == exercises.verdict(name, _reference[name]).kind
    assert "not started" in exercises.verdict(name, run.namespace[function]).text


def _batch(kind, W, X, y, strength):
    X, W = np.asarray(X, float), np.asarray(W, float)
    loss, dW, _ = full_gradient(kind, X, y, W, np.zeros(W.shape[1]), strength)
    return loss, dW


_reference = {"svm": lambda W, X, y, strength: _batch("SVM", W, X, y, strength),
              "softmax": lambda W, X, y, strength: _batch("softmax", W, X, y, strength),
              "sgd_step": lambda W, dW, learning_rate: W + -learning_rate * dW}  # fmt: skip
