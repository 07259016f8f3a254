"""Notebook 04, part 1: every control at its ends against values computed here, and what is said to be noticed."""

import math
import re
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from cs231n_helpers import exercises
from cs231n_helpers.plots.neurons import LONGEST
from cs231n_helpers.plots.style import CLASS_COLOURS
from support import cells, curve, drives, ends, numbers, of, words

NAME = "04_nn_training"


# --- the truth, from first principles ---------------------------------------------------------------------------------


def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


BEND = {"sigmoid": sigmoid, "tanh": math.tanh, "ReLU": lambda x: max(0.0, x)}
SLOPE = {"sigmoid": lambda x: sigmoid(x) * (1 - sigmoid(x)), "tanh": lambda x: 1 - math.tanh(x) ** 2}


def each(f, values):
    return np.array([f(float(v)) for v in np.ravel(values)]).reshape(np.shape(values))


def scores(params, X, bend=lambda h: np.maximum(0, h)):
    """The scores of a network of dense layers with a bend between them."""
    count = sum(name.endswith(".W") for name in params)
    for i in range(1, count + 1):
        X = X @ params[f"dense{i}.W"] + params[f"dense{i}.b"]
        X = bend(X) if i < count else X
    return X


def probabilities(S):
    powers = np.exp(S - S.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def gradients(params, X, y):
    """Of the softmax loss of a network with ReLUs, in plain steps from the last layer to the first."""
    count, inputs = sum(name.endswith(".W") for name in params), [X]
    for i in range(1, count):
        inputs.append(np.maximum(0, inputs[-1] @ params[f"dense{i}.W"] + params[f"dense{i}.b"]))
    d = probabilities(inputs[-1] @ params[f"dense{count}.W"] + params[f"dense{count}.b"])
    d[np.arange(len(y)), y] -= 1
    d, grads = d / len(y), {}
    for i in range(count, 0, -1):
        grads[f"dense{i}.W"], grads[f"dense{i}.b"] = inputs[i - 1].T @ d, d.sum(axis=0)
        d = d @ params[f"dense{i}.W"].T * (inputs[i - 1] > 0)
    return grads


def adam(params, X, y, rate, steps, strength=0.0):
    """Adam by its formula; returns the parameters after so many steps."""
    params = {name: array.copy() for name, array in params.items()}
    m, v = ({name: np.zeros(array.shape) for name, array in params.items()} for _ in range(2))
    for t in range(1, steps + 1):
        grads = gradients(params, X, y)
        for name, g in grads.items():
            g = g + (strength * params[name] if name.endswith(".W") else 0)
            m[name], v[name] = 0.9 * m[name] + 0.1 * g, 0.999 * v[name] + 0.001 * g**2
            params[name] -= rate * m[name] / (1 - 0.9**t) / (np.sqrt(v[name] / (1 - 0.999**t)) + 1e-8)
    return params


# --- reading pictures -------------------------------------------------------------------------------------------------


def texts(ax):
    return [text.get_text() for text in ax.texts if text.get_visible() and text.get_text()]


def ground(ax):
    return np.asarray(ax.images[0].get_array())


def mixed(shares):
    """The colour of a place with these probabilities, 0 to 255."""
    soft = np.array([[0.5 + 0.5 * part for part in to_rgb(CLASS_COLOURS[c])] for c in range(len(shares))])
    return 255 * shares @ soft


def coloured_by(ax, params, reach, count=71):
    """Hold some places of a ground to the probabilities of a network."""
    side = np.linspace(-reach, reach, count)
    for i, j in [(0, 0), (0, 70), (70, 0), (70, 70), (35, 35), (20, 50), (44, 31)]:
        wanted = probabilities(scores(params, np.array([[side[j], side[i]]])))[0]
        assert ground(ax)[i, j] == pytest.approx(mixed(wanted), abs=1.01)


# --- 4.1 and 4.2 One neuron -------------------------------------------------------------------------------------------


def border(ax, line, w, b):
    """The dashed line: every place on it has sum 0."""
    if np.abs(w).max() < 1e-6:
        return np.isnan(curve(ax, line)).all()
    return np.abs(curve(ax, line).T @ w + b).max() < 1e-9 and not np.isnan(curve(ax, line)).any()


@drives(NAME, "a1-widget", "w1", "w2", "b", "x1", "x2", "activation")
@of("a1-widget")
def test_products_and_bias_make_the_sum_and_the_bend_makes_the_output(widget):
    side = np.linspace(-3, 3, 61)
    for values in ends(widget, "w1", "w2", "b", "x1", "x2", "activation"):
        w, b, f, axes = np.array([values["w1"], values["w2"]]), values["b"], BEND[values["activation"]], widget.axes
        for i, j in [(0, 0), (0, 60), (60, 0), (30, 30), (12, 47)]:
            assert ground(axes["A"])[i, j] == pytest.approx(f(w[0] * side[j] + w[1] * side[i] + b), abs=1e-12)
        assert border(axes["A"], 0, w, b)
        assert curve(axes["A"], 1).ravel() == pytest.approx([values["x1"], values["x2"]])
        arrow = axes["A"].collections[0]
        assert np.array([arrow.U[0], arrow.V[0]]) == pytest.approx(w * min(1, LONGEST / max(np.hypot(*w), 1e-9)))
        terms = [w[0] * values["x1"], w[1] * values["x2"], b]
        assert [bar.get_width() for bar in axes["B"].patches] == pytest.approx([*terms, sum(terms)])
        assert [bar.get_x() for bar in axes["B"].patches] == pytest.approx([0, terms[0], terms[0] + terms[1], 0])
        assert numbers(words(axes["B"])) == pytest.approx([*terms, sum(terms)], abs=6e-3)
        assert curve(axes["C"])[1] == pytest.approx(each(f, np.linspace(-9, 9, 181)))
        assert numbers(words(axes["C"])) == pytest.approx([sum(terms), f(sum(terms))], abs=6e-3)
        assert curve(axes["C"], 1).ravel() == pytest.approx([sum(terms), min(f(sum(terms)), 3)])


@of("a1-widget")
def test_weights_turn_the_line_and_the_bias_shifts_it(widget):
    def direction(**changed):
        widget.set(**changed)
        (x0, x1), (y0, y1) = curve(widget.axes["A"])
        return math.degrees(math.atan2(y1 - y0, x1 - x0)) % 180, (x0, y0)

    assert direction(w1=0.0)[0] == pytest.approx(0, abs=1e-9)
    widget.reset()
    angles, places = zip(*(direction(b=b) for b in (-3.0, 0.0, 3.0)), strict=True)
    assert np.ptp(angles) < 1e-9 and len(set(places)) == 3
    before = direction()[0]
    assert direction(w1=3.0, w2=-2.0)[0] == pytest.approx(before)  # both doubled
    widget.reset()
    output = numbers(words(widget.axes["C"]))[1]
    widget.set(x1=2.0, x2=0.5)  # 1 to the right, 1.5 up: along the line of 1.5 x1 - x2
    assert numbers(words(widget.axes["C"]))[1] == output
    zeros = {name: (widget.set(activation=name), (ground(widget.axes["A"]) == 0).mean())[1] for name in BEND}
    assert zeros["ReLU"] > 0.3 and zeros["sigmoid"] == 0 and zeros["tanh"] < 0.02


def test_the_worked_neuron(run):
    assert run.namespace["signs"].tolist() == [1] * 12 + [-1] * 12
    assert sigmoid(3.0) == pytest.approx(0.953, abs=5e-4)


def agreement_loss(kind, a):
    return max(0.0, 1 - a) if kind == "binary SVM" else math.log1p(math.exp(-abs(a))) - min(a, 0)


def agreement_slope(kind, a):
    return -float(a < 1) if kind == "binary SVM" else -sigmoid(-a)


def walked(points, signs, values):
    """Weights and bias after every step, one point after the other."""
    w, b, path = np.array([-1.5, 2.0]), 0.0, []
    for _ in range(61):
        path.append((w, b))
        dw, db = values["strength"] * w, 0.0
        for x, y in zip(points, signs, strict=True):
            if values["data"]:
                slope = y * agreement_slope(values["loss"], y * (x @ w + b)) / len(points)
                dw, db = dw + slope * x, db + slope
        w, b = w - 0.3 * dw, b - 0.3 * db
    return path


@drives(NAME, "a2-widget", "step", "loss", "strength", "data")
@of("a2-widget")
def test_a_neuron_that_classifies_and_forgets(widget, run):
    points, signs, side = run.namespace["places"], run.namespace["signs"], np.linspace(-3, 3, 61)
    for values in ends(widget, "step", "loss", "strength", "data"):
        path = walked(points, signs, values)
        w, b = path[values["step"]]
        axes, agree = widget.axes, signs * (points @ w + b)
        assert border(axes["A"], 0, w, b)
        for i, j in [(0, 0), (60, 0), (30, 30), (12, 47)]:
            assert ground(axes["A"])[i, j] == pytest.approx(sigmoid(w[0] * side[j] + w[1] * side[i] + b))
        assert numbers(words(axes["A"])) == [values["step"], (agree <= 0).sum(), 24]
        wanted = [agreement_loss(values["loss"], a) for a in np.linspace(-4, 6, 101)]
        assert curve(axes["B"], 1)[1] == pytest.approx(wanted)
        shown = np.concatenate([curve(axes["B"], 2), curve(axes["B"], 3)], axis=1)
        assert shown[0] == pytest.approx(agree.clip(-4, 6))
        exact = [agreement_loss(values["loss"], a) for a in agree.clip(-4, 6)]
        assert shown[1] == pytest.approx(np.minimum(exact, 4), abs=2e-3)
        lengths = [np.hypot(*w) for w, _ in path]
        assert curve(axes["C"])[1] == pytest.approx(lengths)
        assert curve(axes["C"], 1)[1] == pytest.approx([2.5 * (1 - 0.3 * values["strength"]) ** k for k in range(61)])
        assert numbers(words(axes["C"])) == pytest.approx([lengths[values["step"]]], abs=6e-3)


@of("a2-widget")
def test_what_a_neuron_learns_and_what_it_forgets(widget):
    def look(**changed):
        widget.reset()
        widget.set(**changed)
        dots = np.concatenate([curve(widget.axes["B"], 2), curve(widget.axes["B"], 3)], axis=1)[1]
        return numbers(words(widget.axes["A"]))[1], dots, curve(widget.axes["C"])[1]

    assert look(step=0)[0] > 6 > look(step=60)[0]
    assert (look(loss="binary SVM")[1] == 0).sum() > 10 and (look()[1] > 0).all()
    faded = look(strength=1.0, data=False)[2]
    assert faded[1:] / faded[:-1] == pytest.approx(0.7) and faded[-1] < 1e-8
    settled = look(strength=1.0)[2]
    assert 0.1 < settled[-1] < 0.8 and abs(settled[-1] - settled[-10]) < 1e-3


# --- 4.3 and 4.4 Sigmoid and tanh -------------------------------------------------------------------------------------


@drives(NAME, "a3-widget", "scale", "layers", "activation")
@of("a3-widget")
def test_what_is_saturated_and_what_is_left_of_a_gradient(widget):
    wide, z = np.linspace(-10, 10, 201), np.random.default_rng(0).standard_normal((10, 2000))
    for values in ends(widget, "scale", "layers", "activation"):
        kind, top = values["activation"], 0.25 if values["activation"] == "sigmoid" else 1.0
        axes, slope = widget.axes, SLOPE[values["activation"]]
        assert curve(axes[0], 1)[1] == pytest.approx(each(BEND[kind], wide))
        assert curve(axes[0], 2)[1] == pytest.approx(each(slope, wide), abs=1e-12)
        assert curve(axes[0], 0)[1] == pytest.approx(np.exp(-((wide / values["scale"]) ** 2) / 2))
        assert (ground(axes[0])[0] == (each(slope, wide) < top / 10)).all()
        local = each(slope, values["scale"] * z)
        assert numbers(words(axes[0])) == [pytest.approx(100 * (local < top / 10).mean(), abs=0.51)]
        left = [np.mean([math.prod(chain) for chain in local[:n].T]) for n in range(1, 11)]
        assert curve(axes[1])[1] == pytest.approx(left, rel=1e-6)
        assert curve(axes[1], 1)[1] == pytest.approx([top**n for n in range(1, 11)])
        assert curve(axes[1], 2).ravel() == pytest.approx([values["layers"], left[values["layers"] - 1]], rel=1e-6)
        assert numbers(words(axes[1])) == pytest.approx([values["layers"], left[values["layers"] - 1]], rel=0.06)


@of("a3-widget")
def test_gradients_die_in_flat_ends_and_in_many_layers(widget):
    def look(**changed):
        widget.reset()
        widget.set(**changed)
        return numbers(words(widget.axes[0]))[0], curve(widget.axes[1])[1]

    (few, gentle), (many, steep) = look(scale=1.0), look(scale=8.0)
    assert few < 1 and many > 50 and (steep < gentle).all()
    assert look(scale=0.5)[1][9] < 1e-6 < 0.1 < look(scale=0.5, activation="tanh")[1][9]
    assert look(scale=8.0, activation="tanh")[1][9] < 1e-6


def between(x, morph):
    steeper, taller = 1 + min(2 * morph, 1), max(0, 2 * morph - 1)
    return each(lambda v: (1 + taller) * sigmoid(steeper * v) - taller, x)


def way(run, morph, batch):
    """One weight at a time: the slope by w_i is the mean over the batch of the gap times x_i."""
    inputs, w, path = between(run.namespace["before"], morph), [-1.2, 1.2], [[-1.2, 1.2]]
    for chosen in run.namespace["forty"]:
        slopes = [0.0, 0.0]
        for n in chosen[:batch]:
            gap = sum(inputs[n, i] * (w[i] - (1.6, -1.6)[i]) for i in range(2))
            slopes = [slopes[i] + gap * inputs[n, i] / batch for i in range(2)]
        w = [w[i] - slopes[i] for i in range(2)]
        path.append(w)
    return np.array(path)


@drives(NAME, "a4-widget", "step", "morph", "batch")
@of("a4-widget")
def test_sigmoid_becomes_tanh_and_the_zig_zag_goes(widget, run):
    xs = np.linspace(-4, 4, 161)
    for values in ends(widget, "step", "morph", "batch"):
        left, right = widget.axes
        yours = between(xs, values["morph"])
        assert curve(left, 0)[1] == pytest.approx(each(sigmoid, xs))
        assert curve(left, 1)[1] == pytest.approx(np.tanh(xs))
        assert curve(left, 2)[1] == pytest.approx(yours)
        assert numbers(words(left)) == [pytest.approx(np.abs(yours - np.tanh(xs)).max(), abs=6e-3)]
        path = way(run, values["morph"], values["batch"])[: values["step"] + 1]
        moved = np.diff(path, axis=0)
        same = (moved[:, 0] * moved[:, 1] >= 0).sum()
        assert numbers(words(right)) == [same, values["step"]]
        assert curve(right, 3).ravel() == pytest.approx(path[-1])
        assert [len(curve(right, i)[0]) for i in (1, 2)] == [3 * same, 3 * (len(moved) - same)]
        drawn = np.concatenate([curve(right, i).T.reshape(-1, 3, 2)[:, :2] for i in (1, 2)])
        pieces = np.stack([path[:-1], path[1:]], axis=1)
        assert sorted(drawn.round(6).tolist()) == sorted(pieces.round(6).tolist())


@of("a4-widget")
def test_inputs_around_zero_make_a_straighter_way(widget, run):
    def same(**changed):
        widget.reset()
        widget.set(**changed)
        return numbers(words(widget.axes[1]))[0]

    assert same() == 40 and same(batch=20) < 20
    assert 12 < same(morph=1.0) < 28
    lengths = [np.linalg.norm(np.diff(way(run, morph, 1), axis=0), axis=1).sum() for morph in (0, 1)]
    assert lengths[1] < 0.6 * lengths[0]
    widget.set(morph=0.5)
    assert numbers(words(widget.axes[0]))[0] > 0.5
    assert curve(widget.axes[0], 2)[1] == pytest.approx(each(lambda x: sigmoid(2 * x), np.linspace(-4, 4, 161)))
    widget.set(morph=1.0)
    assert numbers(words(widget.axes[0])) == [0]


# --- 4.5 and 4.6 ReLU and its relatives -------------------------------------------------------------------------------


def on_and_dead(params, X, hidden):
    """For each unit: where its output is above 0, and whether it has a gradient for nobody."""
    sums = X @ params["dense1.W"] + params["dense1.b"]
    if hidden == "maxout":
        return (np.maximum(sums[:, ::2], sums[:, 1::2]) > 0).T, np.zeros(20, bool)
    return (sums > 0).T, (sums <= 0).all(axis=0) if hidden == "ReLU" else np.zeros(20, bool)


@drives(NAME, "a5-widget", "step", "learning_rate", "hidden")
@of("a5-widget")
def test_which_units_are_on_and_which_are_dead(widget, run):
    lives, X = run.namespace["lives"], run.namespace["moons"].X_train
    for values in ends(widget, "step", "learning_rate", "hidden"):
        chosen = round(4 * math.log10(values["learning_rate"]) + 8)
        on, dead = on_and_dead(lives[values["hidden"], chosen][values["step"] // 5], X, values["hidden"])
        assert (ground(widget.axes[0]) == np.where(dead[:, None], 2, on)).all()
        assert numbers(words(widget.axes[0])) == [values["step"], dead.sum(), 20]
        for k, hidden in enumerate(("ReLU", "leaky ReLU", "maxout")):
            counts = [on_and_dead(lives[hidden, i][values["step"] // 5], X, hidden)[1].sum() for i in range(17)]
            assert curve(widget.axes[1], k)[1] == pytest.approx(counts)
            assert curve(widget.axes[1], 3 + k).ravel() == pytest.approx([values["learning_rate"], counts[chosen]])


def test_the_steps_are_those_of_the_gradient(run):
    """Ten steps with learning rate 1 and with 10, taken again."""
    moons = run.namespace["moons"]
    for i, rate in ((8, 1.0), (12, 10.0)):
        recorded = run.namespace["lives"]["ReLU", i]
        params = dict(recorded[0])
        for _ in range(10):
            grads = gradients(params, moons.X_train, moons.y_train)
            params = {name: params[name] - rate * grads[name] for name in params}
        for name in params:
            assert recorded[2][name] == pytest.approx(params[name], rel=1e-6, abs=1e-9)


@of("a5-widget")
def test_violent_steps_kill_relus_and_nothing_else(widget, run):
    def dead(**changed):
        widget.reset()
        widget.set(**changed)
        return numbers(words(widget.axes[0]))[1]

    assert max(dead(learning_rate=rate) for rate in (0.01, 0.1, 1.0)) <= 2
    assert dead(learning_rate=100.0) == dead(learning_rate=100.0, step=5) == 20
    assert dead(learning_rate=100.0, step=0) == 0
    for hidden in ("leaky ReLU", "maxout"):
        assert all(dead(learning_rate=rate, hidden=hidden) == 0 for rate in (0.01, 1.0, 100.0))
    moons, lives = run.namespace["moons"], run.namespace["lives"]
    leaky = [(scores(lives["leaky ReLU", i][-1], moons.X_val, lambda h: np.where(h > 0, h, 0.01 * h)).argmax(axis=1)
              == moons.y_val).mean() for i in (8, 16)]  # fmt: skip
    assert leaky[1] < leaky[0]  # such a violent training does not learn well


@drives(NAME, "a6-widget", "alpha", "pieces")
@of("a6-widget")
def test_leaky_relu_and_maxout_are_straight_pieces(widget):
    xs = np.linspace(-3, 3, 121)
    for values in ends(widget, "alpha", "pieces"):
        left, right = widget.axes
        alpha, lines = values["alpha"], [[w * x + b for x in xs] for w, b in values["pieces"]]
        assert curve(left, 0)[1] == pytest.approx([x if x > 0 else alpha * x for x in xs])
        assert curve(left, 1)[1] == pytest.approx([1 if x > 0 else alpha for x in xs])
        assert numbers(words(left)) == pytest.approx([alpha])
        for k in range(2):
            assert curve(right, 1 + k)[1] == pytest.approx(lines[k])
            own = np.greater_equal(*lines) if k == 0 else np.less(*lines)
            assert (np.isnan(curve(right, 3 + k)[1]) == ~own).all()
            assert curve(right, 3 + k)[1][own] == pytest.approx(np.max(lines, axis=0)[own])


@of("a6-widget")
def test_maxout_holds_relu_and_the_absolute_value_and_bends_upwards_only(widget):
    def bend(pieces):
        widget.set(pieces=np.array(pieces))
        return np.fmax(curve(widget.axes[1], 3)[1], curve(widget.axes[1], 4)[1])

    xs, rng = np.linspace(-3, 3, 121), np.random.default_rng(0)
    assert bend([[1.0, 0.0], [0.0, 0.0]]) == pytest.approx(np.maximum(0, xs))
    assert bend([[1.0, 0.0], [-1.0, 0.0]]) == pytest.approx(np.abs(xs))
    assert all(np.diff(bend(rng.uniform(-2, 2, (2, 2)).round(1)), 2).min() > -1e-9 for _ in range(20))
    widget.set(alpha=1.0)
    assert curve(widget.axes[0], 0)[1] == pytest.approx(xs)


def test_maxout_has_twice_the_parameters(run):
    assert (run.namespace["single"], run.namespace["double"]) == (20 * 2 + 20, 2 * (20 * 2 + 20))


# --- 4.7 and 4.8 Layers, names, counts --------------------------------------------------------------------------------


@drives(NAME, "a7-widget", "examples", "inputs", "first", "second", "classes", "depth")
@of("a7-widget")
def test_shapes_of_all_arrays(widget):
    for values in ends(widget, "examples", "inputs", "first", "second", "classes", "depth"):
        sizes = [values["inputs"], values["first"], *[values["second"]] * (values["depth"] == 3), values["classes"]]
        wanted, count, N = [], 0, values["examples"]
        for a, b in pairwise(sizes):
            wanted += [(N, a), (a, b), (1, b), (N, b)]
            count += a * b + b
        shown = [tuple(map(int, numbers(text))) for text in texts(widget.axes) if re.fullmatch(r"\(\d+, \d+\)", text)]
        assert shown == wanted
        blocks = [patch.get_extents().transformed(widget.axes.transData.inverted()) for patch in widget.axes.patches
                  if patch.get_visible()]  # fmt: skip
        assert [(abs(block.height), block.width) for block in blocks] == [pytest.approx(shape) for shape in wanted]
        assert numbers(words(widget.axes)) == [values["depth"], count]
        names = [name for i in range(1, len(sizes)) for name in (f"W{i}", f"b{i}")]
        assert set(names) | {"X", "S"} <= set(texts(widget.axes))


@of("a7-widget")
def test_which_arrays_a_length_belongs_to(widget):
    def shapes(**changed):
        widget.reset()
        widget.set(**changed)
        found = [numbers(text) for text in texts(widget.axes) if re.fullmatch(r"\(\d+, \d+\)", text)]
        names = ["X", "W1", "b1", "H1", "H1", "W2", "b2", "H2", "H2", "W3", "b3", "S"]
        return dict(zip(names, found, strict=False))

    start = shapes()
    other = {name: {n for n in start if shapes(**{name: 6}).get(n) != start[n]}
             for name in ("inputs", "examples", "first")}  # fmt: skip
    assert other == {"inputs": {"X", "W1"}, "examples": {"X", "H1", "H2", "S"}, "first": {"W1", "b1", "H1", "W2"}}
    assert set(start) - set(shapes(depth=2)) == {"W3", "b3", "S"}  # a whole row goes


def test_without_the_max_two_layers_are_one(run):
    rng = np.random.default_rng(0)
    X, W1, b1, W2, b2 = (rng.standard_normal(shape) for shape in ((3, 4), (4, 5), 5, (5, 3), 3))
    assert np.abs(np.maximum(0, X @ W1 + b1) @ W2 + b2 - (X @ (W1 @ W2) + b1 @ W2 + b2)).max() > 0.1
    assert run.values["a7-network"] == {"dense1.W": (4, 5), "dense1.b": (5,), "dense2.W": (5, 3), "dense2.b": (3,)}


LAST = {"none": lambda s: s, "sigmoid": lambda s: each(sigmoid, s), "ReLU": lambda s: np.maximum(0, s),
        "softmax": lambda s: probabilities(s[None])[0]}  # fmt: skip


@drives(NAME, "a8-widget", "inputs", "first", "second", "outputs", "last")
@of("a8-widget")
def test_layers_neurons_and_parameters_are_counted(widget):
    for values in ends(widget, "inputs", "first", "second", "outputs", "last"):
        sizes = [values["inputs"], *filter(None, (values["first"], values["second"])), values["outputs"]]
        pairs = list(pairwise(sizes))
        picture, bars = widget.axes["A"], widget.axes["B"]
        assert numbers(words(picture)) == [len(sizes) - 1, sum(sizes[1:]), sum(a * b + b for a, b in pairs)]
        assert [len(line.get_xdata()) for line in picture.lines] == [*sizes, *[0] * (4 - len(sizes))]
        assert len(picture.collections[0].get_segments()) == sum(a * b for a, b in pairs)
        assert texts(picture)[0].startswith("input") and len(texts(picture)) == len(sizes)
        rng, x = np.random.default_rng(6), np.ones(values["inputs"])
        for i, (a, b) in enumerate(pairs):
            x = x @ (rng.standard_normal((a, b)) * math.sqrt(2 / a))
            x = np.tanh(x) if i < len(pairs) - 1 else x
        heights = [bar.get_height() for bar in bars.patches if bar.get_visible()]
        assert heights == pytest.approx(LAST[values["last"]](x), rel=1e-5, abs=1e-6)


@of("a8-widget")
def test_how_nets_are_called(widget):
    def name(**changed):
        widget.reset()
        widget.set(**changed)
        return numbers(words(widget.axes["A"]))

    def bars(**changed):
        widget.reset()
        widget.set(**changed)
        return [bar.get_height() for bar in widget.axes["B"].patches if bar.get_visible()]

    assert name() == [3, 11, 51] and name(outputs=1) == [3, 9, 41]
    assert name(second=0, outputs=2) == [2, 6, 26]
    assert name(first=0, second=0)[0] == 1
    assert name(inputs=8) == [3, 11, 51 + 20]
    plain = bars()
    assert min(plain) < 0 == min(bars(last="ReLU"))
    for last in ("sigmoid", "softmax"):
        squeezed = bars(last=last)
        assert np.argsort(squeezed).tolist() == np.argsort(plain).tolist() and 0 < min(squeezed) < max(squeezed) < 1


# --- 4.9 What a network can represent ---------------------------------------------------------------------------------


TARGETS = {"wave": lambda x: math.sin(4 * x), "bell": lambda x: 1.5 * math.exp(-8 * x * x) - 0.5,
           "jump": lambda x: float(x > 0.1) - float(x < 0.1)}  # fmt: skip


def by_hinges(f, K, k, x):
    """Straight pieces between the knots up to the k-th, and the last of them prolonged."""
    knots = [-1 + 2 * i / K for i in range(K + 1)]
    y = [f(knot) for knot in knots]
    slopes = [(y[i + 1] - y[i]) * K / 2 for i in range(K)]
    if k == 0 or x <= -1:
        return y[0]
    i = min(int((x + 1) * K / 2 + 1e-9), k - 1)
    return y[i] + slopes[i] * (x - knots[i])


def by_bumps(f, K, k, x):
    total = 0.0
    for i in range(k):
        left, right = -1 + 2 * i / K, -1 + 2 * (i + 1) / K
        middle = (left + right) / 2
        left, right = -1.5 if i == 0 else left, 1.5 if i == K - 1 else right
        total += f(middle) * (sigmoid(15 * K * (x - left)) - sigmoid(15 * K * (x - right)))
    return total


@drives(NAME, "a9-widget", "placed", "pieces", "way", "target")
@of("a9-widget")
def test_a_curve_is_put_together_from_pieces(widget, run):
    xs = np.linspace(-2, 2, 401)
    inside = np.abs(xs) <= 1
    for values in ends(widget, "placed", "pieces", "way", "target"):
        left, right = widget.axes
        f, K, k = TARGETS[values["target"]], values["pieces"], min(values["placed"], values["pieces"])
        wanted, answer = each(f, xs), curve(left, 2)[1]
        assert curve(left, 0)[1] == pytest.approx(wanted)
        make = {"hinges by hand": by_hinges, "bumps by hand": by_bumps}.get(values["way"])
        assert numbers(words(left)) == [k, K]
        if make:
            assert answer == pytest.approx([make(f, K, k, x) for x in xs], abs=1e-9)
            error = max(abs(make(f, K, K, x) - f(x)) for x in xs[inside])
        else:
            error = np.abs(answer - wanted)[inside].max()  # of all the units, in order of their kinks
            assert k == K
        assert curve(right, 7).ravel() == pytest.approx([K, error])
        assert numbers(words(right)) == [pytest.approx(error, abs=6e-3)]
        assert np.isnan(curve(left, 1)[1]).all() == (k == 0)


def test_learned_pieces_are_those_of_a_trained_network(run):
    """The kinks stand in order, each piece is a hinge, and their sum is a network of that many units."""
    base, pieces = run.namespace["built"]["hinges learned", "wave", 6]
    xs = np.linspace(-2, 2, 401)
    bends = [np.abs(np.diff(piece, 2)) > 1e-9 for piece in pieces]
    assert all(bend.sum() <= 2 for bend in bends)
    kinks = [xs[1 + bend.argmax()] for bend in bends if bend.any()]
    assert kinks == sorted(kinks) and len(kinks) >= 3
    assert np.abs(base + pieces.sum(axis=0) - np.sin(4 * xs))[np.abs(xs) <= 1].max() < 0.5


@of("a9-widget")
def test_what_the_theorem_says_and_what_it_does_not(widget, run):
    off = {way: dict(zip(*both, strict=True)) for way, both in run.namespace["off"]["wave"].items()}
    hand, trained = off["hinges by hand"], off["hinges learned"]
    assert hand[16] < hand[4] / 10
    assert all(3 < hand[K] / hand[2 * K] < 5 for K in (4, 8))
    assert min(K for K in hand if hand[K] < 0.1) == 10
    widget.set(pieces=16)
    answer = curve(widget.axes[0], 2)[1]
    assert abs(answer[-1] - math.sin(8)) > 1 and abs(answer[0] - math.sin(-8)) > 0.2  # outside the shade
    jump = dict(zip(*run.namespace["off"]["jump"]["hinges by hand"], strict=True))
    assert min(jump.values()) >= 0.9
    assert trained[4] < hand[4] and trained[16] > hand[16]


# --- 4.10 and 4.11 Depth, and the penalty -----------------------------------------------------------------------------


def right_share(params, X, y):
    return (scores(params, X).argmax(axis=1) == y).mean()


@drives(NAME, "a10-widget", "step", "layers", "width", "start")
@of("a10-widget")
def test_regions_and_accuracy_by_depth(widget, run):
    spiral, grown = run.namespace["spiral"], run.namespace["grown"]
    for values in ends(widget, "step", "layers", "width", "start"):
        def of_depth(depth, seed, now=values["step"] // 20, width=values["width"]):
            return grown[depth, 4 if depth == 1 else width, seed][now]

        params = of_depth(values["layers"], values["start"] % 3)
        coloured_by(widget.axes[0], params, 1.3)
        table = [[right_share(of_depth(d, seed), spiral.X_val, spiral.y_val) for seed in range(3)] for d in range(1, 5)]
        assert curve(widget.axes[1])[1] == pytest.approx(np.mean(table, axis=1))
        assert curve(widget.axes[1], 1)[1] == pytest.approx(np.ravel(table))
        shown = table[values["layers"] - 1]
        assert curve(widget.axes[1], 2).ravel() == pytest.approx([values["layers"], np.mean(shown)])
        share = shown[values["start"] % 3]
        assert numbers(words(widget.axes[0])) == [values["step"], pytest.approx(100 * share, abs=0.51)]
        assert numbers(words(widget.axes[1])) == [values["width"]]


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_the_networks_are_trained_by_adam(run, depth):
    spiral, recorded = run.namespace["spiral"], run.namespace["grown"][depth, 4, 1]
    again = adam(recorded[0], spiral.X_train, spiral.y_train, 0.02, 20)
    assert sorted(again) == sorted(recorded[1])
    for name, array in again.items():
        assert recorded[1][name] == pytest.approx(array, rel=1e-5, abs=1e-7)


def test_depth_and_width(run):
    def mean(depth, width):
        return np.mean([run.namespace["reached"][depth, width, seed][-1] for seed in range(3)])

    def spread(width):
        return np.ptp([run.namespace["reached"][3, width, seed][-1] for seed in range(3)])

    assert 0.45 < mean(1, 4) < 0.62
    assert mean(2, 4) > mean(1, 4) + 0.08 and mean(3, 4) > mean(2, 4) + 0.08
    assert abs(mean(4, 4) - mean(3, 4)) < 0.08 and abs(mean(4, 20) - mean(3, 20)) < 0.05
    assert mean(2, 20) > mean(2, 4) + 0.1
    assert spread(20) < 0.04 and spread(4) > spread(20)


@drives(NAME, "a11-widget", "units", "strength")
@of("a11-widget")
def test_regions_accuracy_and_loss_under_a_penalty(widget, run):
    noisy, held = run.namespace["fuzzy"], run.namespace["held"]
    parts = (noisy.X_train, noisy.y_train), (noisy.X_val, noisy.y_val)
    for values in ends(widget, "units", "strength"):
        chosen = round(2 * math.log10(values["strength"]) + 8)
        coloured_by(widget.axes["A"], held[values["units"], chosen][0], 1.5)
        for j, (X, y) in enumerate(parts):
            marks = []
            for i in range(9):
                S = scores(held[values["units"], i][0], X)
                p = probabilities(S)[np.arange(len(y)), y]
                marks.append(((S.argmax(axis=1) == y).mean(), -np.log(p).mean()))
            for k, at in enumerate("BC"):
                assert curve(widget.axes[at], j)[1] == pytest.approx(np.array(marks)[:, k], abs=1e-6)
                assert curve(widget.axes[at], 2 + j).ravel() == pytest.approx([values["strength"], marks[chosen][k]])
        assert numbers(words(widget.axes["C"])) == [pytest.approx(marks[chosen][1], abs=6e-3)]


def test_the_penalty_is_in_the_training(run):
    """One unit size, two strengths, trained again by the formula of Adam from the same start."""
    noisy = run.namespace["fuzzy"]
    net = run.namespace["layered"](2, 3, classes=2)
    begin = net.init(np.random.default_rng(1), np.float64)
    for i, strength in ((6, 0.1), (8, 1.0)):
        again = adam(begin, noisy.X_train, noisy.y_train, 0.1, 300, strength)
        S, again_S = (scores(params, noisy.X_val) for params in (run.namespace["held"][3, i][0], again))
        assert probabilities(S) == pytest.approx(probabilities(again_S), abs=0.02)


def test_regularise_rather_than_shrink(run):
    held = run.namespace["held"]  # (units, place of the strength) -> params, [[accuracy, loss] of training, validation]
    loose, best = held[20, 0][1], held[20, 3][1]
    assert loose[0, 0] > 0.9 and loose[1, 1] > 2 * min(held[20, i][1][1, 1] for i in range(9))
    assert best[0, 1] > loose[0, 1] and best[1, 1] < 0.5 * loose[1, 1]
    assert min(held[3, i][1][1, 1] for i in range(9)) > best[1, 1] + 0.03
    for units in (3, 6, 20):
        assert held[units, 8][1][1] == pytest.approx([0.5, math.log(2)], abs=0.02)


# --- the exercise -----------------------------------------------------------------------------------------------------


def test_the_folded_solution_is_accepted_and_the_stub_is_not_started(run):
    [text] = ["".join(each["source"]) for each in cells(NAME, "markdown") if each["id"] == "x-two-solution"]
    [code] = re.findall(r"```python\n(.*?)```", text, re.S)
    scope = {"np": np}
    exec(code, scope)
    assert exercises.verdict("two_layer", scope["two_layer"]).kind == "exact"
    assert exercises.verdict("two_layer", run.namespace["two_layer"]).kind == "not_started"
