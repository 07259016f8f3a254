"""Notebook 03: every control at its ends against values computed here, and every sentence under "What to notice"."""

import math
import re

import numpy as np
import pytest

from cs231n_helpers import exercises, graph, ops
from cs231n_helpers.plots.words import Words
from cs231n_helpers.widgets import circuit
from support import cells, curve, drives, ends, heights, numbers, of, texts, words

NAME = "03_backprop"
FIRST = "f = (x + y) * z"
NEURON = "f = 1 / (1 + exp(-(w0*x0 + w1*x1 + w2)))"
STAGED = "f = (x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"
CIRCUITS = {"s1-widget": (FIRST, {"x": -2, "y": 5, "z": -4}),
            "s6-widget": (NEURON, {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}),
            "s8-widget": (STAGED, {"x": 3, "y": -4})}  # fmt: skip
FIXED = ("expression", "example", "back", "forward", "backward", "step", "mistake")


# --- the truth, from first principles ---------------------------------------------------------------------------------


def sigmoid(t):
    return 1 / (1 + math.exp(-t))


def value_of(text, values):
    """A formula worked out by Python itself."""
    known = {"exp": math.exp, "log": math.log, "sigmoid": sigmoid, "tanh": math.tanh, "max": max,
             "relu": lambda t: max(0, t)} | values  # fmt: skip
    for stage in re.split("[;\n]", text):
        name, _, formula = stage.partition("=")
        known[name.strip()] = eval(formula, {}, known)
    return known[name.strip()]


def slopes_of(f, values, h=1e-5):
    """The centred slopes of f({name: value}) in every input."""
    return {name: (f(values | {name: v + h}) - f(values | {name: v - h})) / (2 * h) for name, v in values.items()}


def broken_value(expression, values, base, mistake, gate):
    """A formula whose exact slopes at `base` are what a broken backward pass gives.

    A wrong sign at a gate: its output mirrored at its value. A forgotten local gradient: its output rises by as much as
    its inputs. Overwriting at forks: only the use of a wire that reports last, the first that was computed, moves.
    """
    def run(inputs):
        wires = list(inputs)
        for each in expression.gates:
            wires.append(float(each.call(*(wires[w] for w in each.inputs))[0]))
        return wires

    last_use = {}
    for g, each in reversed(list(enumerate(expression.gates))):
        for place, wire in enumerate(each.inputs):
            last_use[wire] = (g, place)
    still, wires = run(base), list(values)
    for g, each in enumerate(expression.gates):
        came = [still[w] if mistake == "overwrite at forks" and last_use[w] != (g, place) else wires[w]
                for place, w in enumerate(each.inputs)]  # fmt: skip
        out, was = float(each.call(*came)[0]), still[len(base) + g]
        if g == gate and mistake == "wrong sign":
            out = 2 * was - out
        if g == gate and mistake == "forget a local gradient":
            out = was + sum(came) - sum(still[w] for w in each.inputs)
        wires.append(out)
    return wires[-1]


def softmax(s):
    powers = [math.exp(v - max(s)) for v in s]
    return [power / sum(powers) for power in powers]


# --- reading pictures -------------------------------------------------------------------------------------------------


def small_words(widget):
    """The places of a picture's many small words, by key."""
    [artist] = [one for one in widget.axes.get_children() if isinstance(one, Words)]
    return artist.places


def in_squares(widget):
    """The numbers in the coloured squares: copies, upstream gradients, sums."""
    return [numbers(word.text)[0] for word in small_words(widget).values() if word.text]


def read(widget, kind):
    """The numbers that stand above ("value") or below ("grad") every wire of a circuit; None where there is none."""
    found = [numbers(small_words(widget)[kind, wire].text) for wire in range(widget.expression.wires)]
    return [each[0] if each else None for each in found]


def verdicts(widget):
    """What the gradient check under a circuit says of every input, by the first sign: agrees or not."""
    return [small_words(widget)["check", i, "verdict"].text[:1] for i in range(len(widget.expression.inputs))]


# --- 3.1, 3.6, 3.8 The circuits ---------------------------------------------------------------------------------------


def shows_the_truth(widget, text, values):
    """Hold the result and the gradients of all inputs that a circuit shows at its end to a formula worked out here."""
    assert widget.expression.text == text and widget.error == ""
    slopes = slopes_of(lambda at: value_of(text, at), values)
    shows_these(widget, value_of(text, values), [slopes[name] for name in widget.expression.inputs])
    assert set(verdicts(widget)) == {"✓"}


def shows_these(widget, value, slopes):
    """Hold the result and the gradients of the inputs to what is wanted; narrow wires have room for one digit only."""
    assert read(widget, "value")[-1] == pytest.approx(value, rel=0.34, abs=1e-8)
    assert read(widget, "grad")[: len(slopes)] == pytest.approx(slopes, rel=0.34, abs=1e-8)
    assert widget.trace.values[-1] == pytest.approx(value)
    assert widget.trace.grads[-1][: len(slopes)] == pytest.approx(slopes, rel=1e-5, abs=1e-9)


def drive_circuit(cell):
    """Mark a test that holds the seven controls of the circuit in a cell, and those of its inputs."""
    return drives(NAME, cell, *FIXED, *CIRCUITS[cell][1])


@drive_circuit("s1-widget")
@drive_circuit("s6-widget")
@drive_circuit("s8-widget")
@pytest.mark.parametrize("widget", CIRCUITS, indirect=True)
def test_circuits_show_values_and_gradients_at_every_input(widget, request):
    text, start = CIRCUITS[request.node.callspec.params["widget"]]
    shows_the_truth(widget, text, start)
    for values in ends(widget, *start):
        shows_the_truth(widget, text, {name: values[name] for name in start})


@pytest.mark.parametrize("widget", CIRCUITS, indirect=True)
def test_circuits_of_other_formulas(widget, request):
    _, start = CIRCUITS[request.node.callspec.params["widget"]]
    widget.set(expression="f = x*x + x")
    shows_the_truth(widget, "f = x*x + x", {"x": start.get("x", 1)})
    widget.reset()
    for example in widget.limits("example"):
        widget.reset()
        widget.set(example=example)
        shows_the_truth(widget, widget.expression.text, {n: widget.values[n] for n in widget.expression.inputs})


@pytest.mark.parametrize("widget", CIRCUITS, indirect=True)
def test_circuits_go_step_by_step(widget):
    gates = len(widget.expression.gates)
    inputs = len(widget.expression.inputs)
    after = {"back": [2 * gates, 2 * gates - 1], "forward": [0, 1], "backward": [gates + 1, gates + 2]}
    for button, steps in after.items():
        widget.reset()
        assert widget.values["step"] == 2 * gates + 1
        for press, step in enumerate(steps, 1):
            widget.set(**{button: press})
            assert widget.values["step"] == step
    for step in range(2 * gates + 2):
        widget.set(step=step)
        known = [value is not None for value in read(widget, "value")]
        assert known == [wire < inputs + step for wire in range(inputs + gates)]
        back = {w for gate in widget.expression.gates[2 * gates + 1 - step :] for w in gate.inputs}
        seeded = {inputs + gates - 1} if step > gates else set()
        assert {w for w, slope in enumerate(read(widget, "grad")) if slope is not None} == back | seeded


@pytest.mark.parametrize("widget", CIRCUITS, indirect=True)
def test_broken_circuits_have_the_gradients_of_the_mistake(widget, request):
    text, start = CIRCUITS[request.node.callspec.params["widget"]]
    truth = slopes_of(lambda at: value_of(text, at), start)
    for values in ends(widget, "mistake"):
        mistake, _, at = values["mistake"].partition(" at gate ")
        gate, expression = int(at.split()[0]) - 1 if at else None, widget.expression
        base = [start[name] for name in expression.inputs]
        wrong = slopes_of(lambda at, m=mistake, g=gate, b=base: broken_value(widget.expression, at.values(), b, m, g),
                          dict(zip(expression.inputs, base, strict=True)))  # fmt: skip
        shows_these(widget, value_of(text, start), list(wrong.values()))
        agree = [math.isclose(wrong[n], truth[n], rel_tol=1e-4, abs_tol=1e-7) for n in expression.inputs]
        assert verdicts(widget) == ["✓" if same else "✗" for same in agree]


@of("s1-widget")
def test_the_gradients_on_x_and_y_are_z(widget):
    def look(**changed):
        widget.reset()
        widget.set(**changed)
        return read(widget, "value")[-1], read(widget, "grad")[:3]

    assert look() == (-12, [-4, -4, 3])
    assert look(z=4.0)[1] == [4, 4, 3]
    assert look(x=3.0) == (-32, [-4, -4, 8])


def test_the_first_circuit_by_nudging(run):
    assert run.values["s2-numeric"] == pytest.approx([-4, -4, 3])


@of("s6-widget")
def test_the_neuron_and_its_saturation(widget):
    def look(**changed):
        widget.reset()
        widget.set(**changed)
        return dict(zip(widget.expression.inputs, read(widget, "grad"), strict=False))

    slopes = look()
    assert (round(slopes["w0"], 2), round(slopes["x0"], 2)) == (-0.20, 0.39)
    assert slopes["w2"] == pytest.approx(0.1966, abs=5e-5)
    assert len(widget.expression.gates) == 8
    assert all(abs(slope) < 0.01 for slope in look(w2=-10.0).values())
    assert look(x0=0.0)["w0"] == 0


def test_eight_gates_and_one_sigmoid_gate_agree():
    values = CIRCUITS["s6-widget"][1]
    one = graph.trace(graph.parse("f = sigmoid(w0 * x0 + w1 * x1 + w2)"), values)
    eight = graph.trace(graph.parse(NEURON), values)
    assert one.true_grads[:5] == pytest.approx(eight.true_grads[:5])
    assert one.values[-1] == pytest.approx(eight.values[-1]) == pytest.approx(0.731, abs=1e-3)


@of("s8-widget")
def test_forks_add_and_overwriting_is_noticed_by_the_check_only(widget):
    assert read(widget, "grad")[:2] in ([2.06, 1.592], [1.592, 2.06])
    assert verdicts(widget) == ["✓", "✓"]
    f = read(widget, "value")[-1]
    widget.set(mistake="overwrite at forks")
    kept = dict(zip(widget.expression.inputs, read(widget, "grad"), strict=False))
    assert kept["x"] == pytest.approx(0.51, abs=0.005) and kept["y"] == pytest.approx(0.01, abs=0.005)
    assert read(widget, "value")[-1] == f and verdicts(widget) == ["✗", "✗"]


@of("s8-widget")
def test_a_forgotten_local_gradient_is_a_loss_only_where_it_is_not_one(widget):
    widget.set(mistake="forget a local gradient at gate 6 (+)")
    assert verdicts(widget) == ["✓", "✓"] and not widget.trace.wrong.any()
    widget.set(mistake="forget a local gradient at gate 5 (^2)")
    assert verdicts(widget) == ["✗", "✗"]


@of("s8-widget")
def test_a_wrong_sign_never_harms_what_lies_to_the_right(widget):
    I, gates = len(widget.expression.inputs), widget.expression.gates
    for mistake in widget.limits("mistake"):
        if mistake.startswith("wrong sign"):
            widget.set(mistake=mistake)
            gate = int(mistake.split("gate ")[1].split()[0]) - 1
            reached, waiting = set(), [gate]  # every wire that leads into the gate
            while waiting:
                for wire in gates[waiting.pop()].inputs:
                    reached.add(wire)
                    waiting += [wire - I] * (wire >= I)
            wrong = set(np.flatnonzero(widget.trace.wrong))
            assert wrong and wrong <= reached


def test_a_circuit_of_the_notebook_is_the_one_of_the_package():
    made = circuit(FIRST, **CIRCUITS["s1-widget"][1])
    assert made.png and made.expression.text == FIRST
    made.close()


# --- 3.2 The promise --------------------------------------------------------------------------------------------------


@drives(NAME, "s2-widget", "h", "moved", "z")
@of("s2-widget")
def test_what_gradients_promise(widget):
    for values in ends(widget, "h", "moved", "z"):
        h, z, moved = values["h"], values["z"], values["moved"].split(" and ")
        at = {"x": -2.0, "y": 5.0, "z": z}
        f = value_of(FIRST, at)
        truth = value_of(FIRST, {name: v + h * (name in moved) for name, v in at.items()})
        promised = f + h * sum({"x": z, "y": z, "z": 3.0}[name] for name in moved)
        assert curve(widget.axes, 2).ravel() == pytest.approx([h, truth])
        assert curve(widget.axes, 3).ravel() == pytest.approx([h, promised])
        low, high = widget.axes.get_ylim()
        for line in (0, 1):
            assert low < curve(widget.axes, line)[1].min() and curve(widget.axes, line)[1].max() < high
        assert numbers(words(widget.axes))[-2:] == pytest.approx([truth - f, promised - f], abs=0.006)


@of("s2-widget")
def test_promises_are_kept_exactly_or_up_to_the_square_of_h(widget):
    def off(**changed):
        widget.reset()
        widget.set(**changed)
        return curve(widget.axes, 2)[1][0] - curve(widget.axes, 3)[1][0]

    assert off(h=2.0) == pytest.approx(0)
    assert off(moved="x and z") == pytest.approx(0.25) and off(moved="x and z", h=2.0) == pytest.approx(4)
    off(z=0.0)
    assert np.ptp(curve(widget.axes, 0)[1]) == 0


# --- 3.3 to 3.5 The three gates ---------------------------------------------------------------------------------------


def gate_picture(ax):
    """Both inputs, the output, the gradients of both inputs, and the upstream gradient."""
    x, dx, y, dy, out, upstream = [numbers(text)[0] for text in texts(ax) if re.search(r"\d", text)]
    return [x, y, out, dx, dy, upstream]


@drives(NAME, "s3-widget", "x", "y", "upstream")
@of("s3-widget")
def test_three_gates(widget):
    for values in ends(widget, "x", "y", "upstream"):
        x, y, dz = (values[name] for name in ("x", "y", "upstream"))
        plus, largest, times = (gate_picture(ax) for ax in widget.axes)
        assert plus == [x, y, x + y, dz, dz, dz]
        assert largest == [x, y, max(x, y), dz * (x >= y), dz * (x < y), dz]
        assert times == [x, y, x * y, y * dz, x * dz, dz]


@of("s3-widget")
def test_distributes_routes_swaps(widget):
    def grads(**changed):
        widget.reset()
        widget.set(**changed)
        return np.array([gate_picture(ax)[3:5] for ax in widget.axes]).ravel()

    start = grads()
    assert (grads(upstream=4.0) == 2 * start).all()
    assert np.flatnonzero(grads(x=5.0) != start).tolist() == [5]
    assert grads(x=-5.0)[2:4].tolist() == [0, 2]
    assert grads(x=0.0)[5] == 0


@drives(NAME, "s4-widget", "x", "y", "rule")
@of("s4-widget")
def test_slopes_on_both_sides_of_a_tie(widget):
    for values in ends(widget, "x", "y", "rule"):
        x, y, tiny = values["x"], values["y"], 1e-6
        left, right = ((max(x + side * tiny, y) - max(x, y)) / (side * tiny) for side in (-1, 1))
        share = {"to the first": 1, "to the second": 0, "half each": 0.5}[values["rule"]]
        chosen = share if x == y else round(left)
        assert heights(widget.axes[1]) == pytest.approx([left, right, chosen, 1 - chosen], abs=1e-6)
        assert texts(widget.axes[1]) == [f"{v:.2f}" for v in heights(widget.axes[1])]
        dot = curve(widget.axes[0], 4).ravel()
        assert dot == pytest.approx([x, max(x, y)])
        for line, slope in zip((1, 2, 3), (left, right, chosen), strict=True):
            (x0, x1), (y0, y1) = widget.axes[0].lines[line].get_data()
            assert (y1 - y0) / (x1 - x0) == pytest.approx(slope, abs=1e-6)
        assert ("no tie" in words(widget.axes[0])) == (x != y)


@of("s4-widget")
def test_any_slope_in_between_touches_the_corner_from_below(widget):
    for rule in widget.limits("rule"):
        widget.set(rule=rule)
        xs, ys = curve(widget.axes[0], 0)
        (x0, x1), (y0, y1) = widget.axes[0].lines[3].get_data()
        assert (ys >= y0 + (xs - x0) * (y1 - y0) / (x1 - x0) - 1e-9).all()
        assert sum(heights(widget.axes[1])[2:]) == 1
    widget.set(x=2.1)
    assert heights(widget.axes[1])[:3] == [1, 1, 1]
    seen = [heights(widget.axes[1]) for rule in widget.limits("rule") if not widget.set(rule=rule)]
    assert seen[0] == seen[1] == seen[2]


def test_the_tie_rule_is_the_one_of_the_package():
    assert ops.maximum(2.0, 2.0)[1](1.0) == (1, 0)
    assert ops.max(np.array([1.0, 7, 3, 7]))[1](1.0)[0].tolist() == [0, 1, 0, 0]
    assert ops.relu(np.zeros(1))[1](np.ones(1))[0].tolist() == [0]


def course_of(points, kinds, scale, rate):
    """Losses of thirty steps of softmax regression from W = 0, and the first gradient, one point after the other."""
    W, losses, first = np.zeros((2, 3)), [], None
    for _ in range(30):
        loss, dW = 0.0, np.zeros((2, 3))
        for x, true in zip(scale * points, kinds, strict=True):
            s = x @ W
            top = s.max()
            loss += (top + math.log(np.exp(s - top).sum()) - s[true]) / len(points)
            p = np.array(softmax(list(s)))
            p[true] -= 1
            dW += np.outer(x, p) / len(points)
        losses, first, W = [*losses, loss], dW if first is None else first, W - rate * dW
    return np.array(losses), np.linalg.norm(first)


@drives(NAME, "s5-widget", "scale", "rate")
@of("s5-widget")
def test_gradients_grow_with_the_data(widget, run):
    points, kinds = run.namespace["points"], run.namespace["kinds"]
    for values in ends(widget, "scale", "rate"):
        losses, length = course_of(points, kinds, values["scale"], values["rate"])
        assert curve(widget.axes[0], 1).ravel() == pytest.approx([values["scale"], length])
        if values["scale"] == 1:  # with a scale of 1000 and long steps, rounding decides
            assert curve(widget.axes[1])[1] == pytest.approx(losses)
        assert curve(widget.axes[1])[1][:2] == pytest.approx(losses[:2])


@of("s5-widget")
def test_a_thousandfold_scale_needs_a_millionth_of_the_learning_rate(widget):
    def look(**changed):
        widget.reset()
        widget.set(**changed)
        return curve(widget.axes[0], 1)[1][0], curve(widget.axes[1])[1], words(widget.axes[1])

    length, course, verdict = look()
    long, wild, word = look(scale=1000.0)
    assert long == pytest.approx(1000 * length) and wild[1:].min() > 1000
    assert "learns" in verdict and "too long" in word
    assert look(scale=1000.0, rate=1e-6)[1] == pytest.approx(course)
    flat = look(rate=1e-6)
    assert np.ptp(flat[1]) < 1e-3 and "too short" in flat[2]


# --- 3.7 The sigmoid --------------------------------------------------------------------------------------------------


@drives(NAME, "s7-widget", "t", "upstream")
@of("s7-widget")
def test_what_a_sigmoid_lets_through(widget):
    for values in ends(widget, "t", "upstream"):
        t, s, h = values["t"], sigmoid(values["t"]), 1e-5
        slope = (sigmoid(t + h) - sigmoid(t - h)) / (2 * h)
        assert curve(widget.axes[0], 2).ravel() == pytest.approx([t, s])
        (x0, x1), (y0, y1) = widget.axes[0].lines[1].get_data()
        assert (y1 - y0) / (x1 - x0) == pytest.approx(slope, abs=1e-9)
        assert curve(widget.axes[1], 1).ravel() == pytest.approx([t, slope], abs=1e-9)
        arrives, goes_on = numbers(words(widget.axes[1]))
        assert arrives == values["upstream"] and goes_on == pytest.approx(arrives * slope, rel=1e-3, abs=1e-9)


@of("s7-widget")
def test_a_quarter_at_best_and_next_to_nothing_at_the_ends(widget):
    def through(**changed):
        widget.set(**changed)
        return numbers(words(widget.axes[1]))[1]

    assert through(t=0.0) == 0.25 == curve(widget.axes[1])[1].max()
    assert 0 < through(t=10.0) < 1 / 20_000 and 0 < through(t=-10.0) < 1 / 20_000
    assert through(t=1.0, upstream=-4.0) == pytest.approx(-4 * through(t=1.0, upstream=1.0), rel=1e-3)


# --- 3.9 The fork -----------------------------------------------------------------------------------------------------


@drives(NAME, "s9-widget", "x", "y", "collect")
@of("s9-widget")
def test_three_roads_lead_back_to_x(widget):
    for values in ends(widget, "x", "y", "collect"):
        x, y = values["x"], values["y"]
        h, f = 1e-6, lambda a, b, c, y=y: (a + sigmoid(y)) / (sigmoid(b) + (c + y) ** 2)
        parts = [(f(x, x, x + h) - f(x, x, x - h)) / (2 * h), (f(x, x + h, x) - f(x, x - h, x)) / (2 * h),
                 (f(x + h, x, x) - f(x - h, x, x)) / (2 * h)]  # fmt: skip
        whole = (f(x + h, x + h, x + h) - f(x - h, x - h, x - h)) / (2 * h)
        held = whole if values["collect"] == "add" else parts[2]
        assert heights(widget.axes) == pytest.approx([*parts, held, whole], abs=1e-6)
        assert ("right" in words(widget.axes)) == (values["collect"] == "add")
        low, high = widget.axes.get_ylim()
        assert low < min(heights(widget.axes)) and max(heights(widget.axes)) < high


@of("s9-widget")
def test_at_a_fork_gradients_add(widget):
    def look(**changed):
        widget.reset()
        widget.set(**changed)
        return [round(v, 2) for v in heights(widget.axes)]

    assert look() == [1.58, -0.04, 0.51, 2.06, 2.06]
    assert look(collect="overwrite")[3] == 0.51
    assert look(y=-3.0)[0] == 0


def test_the_bars_of_the_fork_never_leave_the_picture():
    for x in np.arange(0, 4.01, 0.1):
        for y in np.arange(-5, 5.01, 0.1):
            top, below = x + sigmoid(y), sigmoid(x) + (x + y) ** 2
            parts = [-2 * (x + y) * top / below**2, -top / below**2 * sigmoid(x) * (1 - sigmoid(x)), 1 / below]
            assert max(map(abs, [*parts, sum(parts)])) < 6.6


# --- 3.10 to 3.12 Arrays ----------------------------------------------------------------------------------------------


@drives(NAME, "s10-widget", "op")
@of("s10-widget")
def test_every_gradient_has_the_shape_of_its_array(widget):
    inputs = {"mul": ["x (5, 4)", "y (5, 4)"], "relu": ["x (5, 4)"], "affine": ["X (5, 4)", "W (4, 3)", "b (3,)"],
              "max": ["x (5, 4)"], "softmax loss": ["scores (5, 4)", "y (5,)"]}  # fmt: skip
    results = {"mul": "(5, 4)", "relu": "(5, 4)", "affine": "(5, 3)", "max": "one number", "softmax loss": "one number"}
    for values in ends(widget, "op"):
        op = values["op"]
        below = ["labels: no gradient" if text == "y (5,)" else f"d{text}" for text in inputs[op]]
        wanted = [op, f"result {results[op]}", f"upstream {results[op]}", *inputs[op], *below]
        assert sorted(filter(None, texts(widget.axes))) == sorted(wanted)


@drives(NAME, "s11-widget", "product", "N", "D", "C")
@of("s11-widget")
def test_products_fit_or_do_not(widget):
    letters = {"X": "ND", "W": "DC", "dy": "NC"}
    for values in ends(widget, "product", "N", "D", "C"):
        target, left, right = re.match(r"d(\w) = (\S+) @ (\S+)", values["product"]).groups()
        pairs = [letters[name.removesuffix(".T")][:: -1 if name.endswith(".T") else 1] for name in (left, right)]
        sizes = [[values[letter] for letter in pair] for pair in pairs]
        fits, result = sizes[0][1] == sizes[1][0], [sizes[0][0], sizes[1][1]]
        wanted = [values[letter] for letter in letters[target]]
        says = words(widget.axes)
        assert says.startswith("fits") == (fits and result == wanted)
        assert ("does not fit" in says) == (not fits)
        if says.startswith("fits"):
            right_one = values["product"] in ("dX = dy @ W.T", "dW = X.T @ dy")
            square = {"dX = dy @ W": values["C"], "dW = dy.T @ X": values["D"]}.get(values["product"])
            assert ("says right" in says) == (right_one or square == 1)
        drawn = [ground.get_xy()[:4] for ground in widget.axes.patches]
        for (rows, columns), corners in zip([*sizes, result], drawn, strict=True):
            assert np.ptp(corners, axis=0) == pytest.approx([columns, rows])
        assert [ground.get_visible() for ground in widget.axes.patches] == [True, True, fits]


@of("s11-widget")
def test_a_square_matrix_lets_a_wrong_product_through(widget):
    def says(**changed):
        widget.set(**changed)
        return words(widget.axes)

    assert says(product="dX = dy @ W") == "does not fit: 3 meets 4"
    thick = [line for line in widget.axes.lines if line.get_lw() > 3 and line.get_visible()]
    assert len(thick) == 2
    assert "WRONG" in says(D=3)
    assert "right" in says(product="dX = dy @ W.T")
    sizes = {"dX = dy @ W": True, "dX = W @ dy": True, "dW = X @ dy": True, "dW = dy.T @ X": True}
    for product in sizes:
        widget.reset()
        assert not says(product=product).startswith("fits")


@drives(NAME, "s12-widget", "small", "N", "C")
@of("s12-widget")
def test_a_small_array_collects_what_its_copies_receive(widget):
    dy_all = [[1, 2, -1, 3, 0], [0, 1, 2, -2, 1], [4, -1, 1, 1, 2], [1, 1, -3, 2, 1], [2, 0, 1, -1, 3]]
    for values in ends(widget, "small", "N", "C"):
        N, C, small = values["N"], values["C"], values["small"]
        dy = [row[:C] for row in dy_all[:N]]
        if "(C,)" in small:
            sums = [sum(column) for column in zip(*dy, strict=True)]
            copies = [10 * (c + 1) for _ in range(N) for c in range(C)]
        elif "(N, 1)" in small:
            sums = [sum(row) for row in dy]
            copies = [10 * (n + 1) for n in range(N) for _ in range(C)]
        else:
            sums, copies = [sum(map(sum, dy))], [10] * (N * C)
        shown = in_squares(widget)
        assert shown == [*copies, *(v for row in dy for v in row), *sums]
        assert numbers(words(widget.axes)) == [len(sums), N * C // len(sums)]
        strong = widget.axes.patches[0].get_facecolor()
        own = sum(patch.get_visible() and patch.get_facecolor() == strong for patch in widget.axes.patches[:25])
        assert own == len(sums)


@of("s12-widget")
def test_one_more_row_adds_to_the_gradient_and_a_square_hides_a_wrong_axis(widget):
    def sums(**changed):
        widget.reset()
        widget.set(**changed)
        return in_squares(widget)[-int(numbers(words(widget.axes))[0]) :]

    assert sums() == [6, 3, -1] and sums(N=5) == [8, 3, 0]
    assert sums(small="b of shape (N, 1)") == [2, 3, 4, -1]
    assert sums(small="one number, (1, 1)") == [8]
    right, other = sums(N=3), sums(N=3, small="b of shape (N, 1)")
    assert len(right) == len(other) and right != other


# --- 3.13 Softmax and its loss ----------------------------------------------------------------------------------------


@drives(NAME, "s13-widget", "cat", "dog", "ship", "true_class")
@of("s13-widget")
def test_the_loss_sends_back_the_probabilities_minus_one_at_the_truth(widget):
    for values in ends(widget, "cat", "dog", "ship", "true_class"):
        s, true = [values[name] for name in ("cat", "dog", "ship")], ["cat", "dog", "ship"].index(values["true_class"])

        def loss(s, true=true):
            return math.log(sum(math.exp(v) for v in s)) - s[true]

        h = 1e-5
        slopes = [(loss([*s[:j], s[j] + h, *s[j + 1 :]]) - loss([*s[:j], s[j] - h, *s[j + 1 :]])) / (2 * h)
                  for j in range(3)]  # fmt: skip
        assert heights(widget.axes[0]) == pytest.approx(softmax(s))
        assert heights(widget.axes[1]) == pytest.approx(slopes, abs=1e-8)
        assert [numbers(text)[0] for text in texts(widget.axes[1])] == pytest.approx(slopes, abs=0.006)
        assert numbers(words(widget.axes[1])) == [0]


@of("s13-widget")
def test_the_loss_is_loudest_when_it_is_most_wrong(widget):
    def back(**changed):
        widget.set(**changed)
        return heights(widget.axes[1])

    assert sum(back()) == pytest.approx(0)
    assert max(map(abs, back(cat=5.0))) < 0.01
    assert back(true_class="dog")[:2] == pytest.approx([1, -1], abs=0.01)


# --- 3.14 and 3.15 The gradient check ---------------------------------------------------------------------------------


def test_every_op_is_on_the_scale_and_right(run):
    dense = {"add", "sub", "mul", "neg", "reciprocal", "power", "exp", "log", "maximum", "max", "sum", "matmul",
             "affine", "relu", "leaky_relu", "relu6", "sigmoid", "tanh", "maxout", "dropout", "batch_norm",
             "layer_norm"}  # fmt: skip
    assert dense <= set(ops.__all__)
    assert set(run.namespace["REPORTS"]) == dense | {"svm", "softmax"}
    assert all(report["passed"] for report in run.namespace["REPORTS"].values())


@drives(NAME, "s14-widget", "op", "too_large")
@of("s14-widget")
def test_a_spoiled_gradient_moves_along_the_scale(widget, run):
    names = list(run.namespace["REPORTS"])
    for values in ends(widget, "op", "too_large"):
        row, factor = names.index(values["op"]), values["too_large"]
        ring = curve(widget.axes, 2).ravel()
        wanted = factor / (1 + factor)
        assert ring[1] == row and ring[0] == pytest.approx(wanted, rel=0.01, abs=1e-8)
        fine, bad = curve(widget.axes, 0).T, curve(widget.axes, 1).T
        assert (fine[:, 0] <= 1e-7).all() and (bad[:, 0] > 1e-7).all()
        assert sorted([*fine[:, 1], *bad[:, 1]]) == list(range(24))
        assert set(bad[:, 1]) == ({row} if wanted > 2e-7 else set())


@of("s14-widget")
def test_the_scale_shows_the_size_of_the_mistake(widget):
    def place(**changed):
        widget.set(**changed)
        return curve(widget.axes, 2)[0][0]

    assert place(too_large=1e-9) < 1e-7 and curve(widget.axes, 1).size == 0
    assert place(too_large=1e-3) == pytest.approx(1e-3, rel=0.01)
    assert place(too_large=1.0) == pytest.approx(0.5)


def nudged(f, x):
    """The slopes of f at the array x."""
    slopes = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = 1e-5
        slopes[place] = (f(x + step) - f(x - step)) / 2e-5
    return slopes


def classic(bug, X, W, b, S, dy):
    """The gradients dX, dW, db, dscores with a bug built in, and the right ones, by loops and by nudging."""
    def scores(X, W, b):
        rows = [(n, c) for n in range(3) for c in range(3)]
        return sum(dy[n, c] * (sum(X[n, d] * W[d, c] for d in range(3)) + b[c]) for n, c in rows)

    def loss(S):
        return sum(-math.log(softmax(list(row))[label]) for row, label in zip(S, (2, 0, 1), strict=True)) / 3

    right = [nudged(lambda v: scores(v, W, b), X), nudged(lambda v: scores(X, v, b), W),
             nudged(lambda v: scores(X, W, v), b), nudged(loss, S)]  # fmt: skip
    powers, hot = np.exp(S - S.max(axis=1, keepdims=True)), np.eye(3)[[2, 0, 1]]
    p, down = powers / powers.sum(axis=1, keepdims=True), powers / powers.sum(axis=0)
    spoiled = {
        "none": {}, "missing transpose": {0: dy @ W}, "missing 1/N": {3: p - hot}, "overwritten fork": {2: dy[-1]},
        "wrong axis of the sum": {2: dy.sum(axis=1), 3: (down - hot) / 3}, "forgotten term": {3: p / 3},
        "wrong sign": {2: -right[2], 3: -right[3]},
    }[bug]  # fmt: skip
    return [spoiled.get(i, gradient) for i, gradient in enumerate(right)], right


@drives(NAME, "s14-bugs-widget", "bug")
@of("s14-bugs-widget")
def test_the_classic_bugs_stand_far_out(widget, run):
    layers, names = run.namespace["LAYERS"], ["dX", "dW", "db", "dscores"]
    (X, W, b), (S, _) = layers["affine"][1], layers["cross_entropy"][1]
    dW = run.namespace["gradients"].check(ops.affine, X, W, b)["numerical"][1]
    dy = np.linalg.solve(X.T, dW)  # the upstream gradient that the check made up
    for values in ends(widget, "bug"):
        found, right = classic(values["bug"], X, W, b, S, dy)
        errors = [np.abs(a - n) / np.maximum(np.abs(a), np.abs(n)) for a, n in zip(found, right, strict=True)]
        wrong = {i: each.max() for i, each in enumerate(errors) if each.max() > 1e-4}
        fine, bad = curve(widget.axes, 0), curve(widget.axes, 1)
        assert sorted(fine[1]) == [i for i in range(4) if i not in wrong] and (fine[0] < 1e-7).all()
        assert dict(zip(bad[1], bad[0], strict=True)) == pytest.approx(wrong, rel=1e-3)
        said = words(widget.axes)
        assert all((f"{name} " in said) == (i in wrong) for i, name in enumerate(names)) and values["bug"] in said


@of("s14-bugs-widget")
def test_every_classic_bug_is_wrong_beyond_doubt(widget):
    def places(bug):
        widget.set(bug=bug)
        return curve(widget.axes, 1)[0].tolist(), curve(widget.axes, 0).T.tolist()

    bugs = widget.limits("bug")
    assert len(bugs) == 7 and places("none")[0] == []
    clean = places("none")[1]
    for bug in set(bugs) - {"none"}:
        bad, fine = places(bug)
        assert bad and min(bad) > 1e-2 and all(dot in clean for dot in fine)
    assert places("wrong sign")[0] == pytest.approx([2, 2], rel=1e-6)
    assert places("missing 1/N")[0] == pytest.approx([2 / 3], rel=1e-6)


@drives(NAME, "s15-widget", "x", "h")
@of("s15-widget")
def test_kinks_and_short_numbers(widget):
    for values in ends(widget, "x", "h"):
        x, h = values["x"], values["h"]
        slope = (max(0, x + h) - max(0, x - h)) / (2 * h)
        numerical, exact = numbers(words(widget.axes[0]))
        assert numerical == pytest.approx(slope, abs=0.006) and exact == (x > 0)
        assert curve(widget.axes[0], 2).ravel() == pytest.approx([x - h, max(0, x - h)])
        assert curve(widget.axes[0], 3).ravel() == pytest.approx([x + h, max(0, x + h)])
        assert texts(widget.axes[0]) == (["crosses the kink"] if x - h < 0 < x + h else [])
        for line, dtype in ((2, np.float64), (3, np.float32)):
            one, step = dtype(1), dtype(h)
            estimate = float((np.exp(one + step) - np.exp(one - step)) / (2 * step))
            error = abs(estimate - math.e) / max(abs(estimate), math.e)
            assert curve(widget.axes[1], line).ravel() == pytest.approx([h, error], rel=1e-3)


@of("s15-widget")
def test_a_right_gradient_can_look_wrong(widget):
    def slope(**changed):
        widget.reset()
        widget.set(**changed)
        return numbers(words(widget.axes[0]))

    assert slope() == [1, 1] and slope(h=1.0) == [0.6, 1]
    assert slope(x=0.0)[0] == slope(x=0.0, h=1e-8)[0] == 0.5
    assert slope(h=1e-8) and curve(widget.axes[1], 3)[1][0] > 0.9
    assert curve(widget.axes[1], 1)[1].min() > 1e-7  # float32, the best of all


# --- 3.16 Memory ------------------------------------------------------------------------------------------------------


def alive(layers, every):
    """Layers alive after each step, by a set of what is there."""
    there, seen = set(), [0]
    for layer in range(layers):
        there |= {layer} if layer % every == 0 else set()
        seen.append(len(there))
    for layer in reversed(range(layers)):
        start = layer - layer % every
        for again in range(start, layer + 1):
            if again not in there:
                there.add(again)
                seen.append(len(there))
        there.discard(layer)
        seen.append(len(there))
    return seen


@drives(NAME, "s16-widget", "layers", "batch", "keep_every")
@of("s16-widget")
def test_bytes_alive_forward_and_back(widget):
    for values in ends(widget, "layers", "batch", "keep_every"):
        L, k = values["layers"], values["keep_every"]
        one = values["batch"] * 256 * (4 + 1) / 1e6  # the layer's input in float32, and which units were on, as bytes
        bars = widget.axes[0].patches
        assert heights(widget.axes[0]) == pytest.approx([one] * L + [0] * (16 - L))
        filled = [bar.get_facecolor()[:3] != (1, 1, 1) for bar in bars[:L]]
        assert filled == [layer % k == 0 for layer in range(L)]
        corners = widget.axes[1].patches[0].get_xy()
        assert corners[:-1:2, 1] == pytest.approx([one * count for count in alive(L, k)])
        assert curve(widget.axes[1])[1] == pytest.approx([one * count for count in alive(L, 1)])
        peak, more = numbers(words(widget.axes[1]))
        assert peak == pytest.approx(one * max(alive(L, k)), abs=0.006)
        assert more == pytest.approx(100 * (len(alive(L, k)) - 2 * L - 1) / L, abs=0.6)
        for ax in widget.axes:
            assert ax.get_ylim()[1] > max(one, (one * L) * (ax is widget.axes[1]))
        assert widget.axes[1].get_xlim()[1] > len(alive(L, k))


@of("s16-widget")
def test_memory_is_traded_for_time(widget):
    def peak(**changed):
        widget.reset()
        widget.set(**changed)
        return numbers(words(widget.axes[1]))[0], len(widget.axes[1].patches[0].get_xy())

    assert peak(batch=256)[0] == pytest.approx(2 * peak(batch=128)[0], abs=0.02)
    (whole, short), (four, long) = peak(), peak(keep_every=4)
    assert four / whole == pytest.approx(7 / 16, abs=0.01) and long - short == 24  # two corners a step
    assert peak(keep_every=16)[0] == whole


# --- 3.17 The graph ---------------------------------------------------------------------------------------------------


@drives(NAME, "s17-widget", "operations")
@of("s17-widget")
def test_recording_and_going_back(widget, run):
    for values in ends(widget, "operations"):
        n = round(values["operations"])
        for line, dot, seconds in ((0, 2, 0), (1, 3, 1)):
            times = [1000 * run.namespace["SECONDS"][size][seconds] for size in (10, 100, 1000, 10_000)]
            assert curve(widget.axes, line).T == pytest.approx(np.transpose([(10, 100, 1000, 10_000), times]))
            assert curve(widget.axes, dot).ravel() == pytest.approx([n, 1000 * run.namespace["SECONDS"][n][seconds]])
        assert numbers(words(widget.axes))[0] == n


def test_going_back_costs_about_as_much_as_going_forward(run):
    seconds = run.namespace["SECONDS"]
    for n in (1000, 10_000):
        assert 0.05 < seconds[n][1] / seconds[n][0] < 20
    assert (seconds[10_000] > 4 * seconds[1000]).all() and (seconds[10_000] < 40 * seconds[1000]).all()


def test_the_recorded_network_has_the_slopes_of_its_loss(run):
    """By hand, by the graph, and by moving single weights of a network written out in loops."""
    X, labels, W1, b1, W2, b2 = (run.namespace[name] for name in ("X", "labels", "W1", "b1", "W2", "b2"))

    def loss(W1):
        total = 0.0
        for x, y in zip(X, labels, strict=True):
            hidden = [max(0.0, sum(x * W1[:, j]) + b1[j]) for j in range(7)]
            s = [sum(h * w for h, w in zip(hidden, W2[:, c], strict=True)) + b2[c] for c in range(3)]
            total += (math.log(sum(map(math.exp, s))) - s[y]) / len(X)
        return total

    for place in ((0, 0), (2, 3), (4, 6)):
        moved = np.zeros_like(W1)
        moved[place] = 1e-6
        slope = (loss(W1 + moved) - loss(W1 - moved)) / 2e-6
        assert run.namespace["dW1"][place] == pytest.approx(slope, abs=1e-7)
        assert run.namespace["V1"].grad[place] == pytest.approx(slope, abs=1e-7)


# --- 3.18 and 3.19 Bugs, and what a numerical gradient costs ----------------------------------------------------------


@drives(NAME, "s18-widget", "sizes")
@of("s18-widget")
def test_the_lineup_of_five_bugs(widget):
    wrong = {"a: dX", "b: dscores", "c: db", "d: dx", "e: dy"}
    rows = ["a: dX", "a: dW", "a: db", "b: dscores", "c: dX", "c: db", "d: dx", "e: dx", "e: dy"]
    for values in ends(widget, "sizes"):
        equal = "equal" in values["sizes"]
        assert [label.get_text() for label in widget.axes.get_yticklabels()] == rows
        fine, bad = ({rows[int(row)] for row in curve(widget.axes, line)[1]} for line in (0, 1))
        refused = set() if equal else {row for row in rows if row[0] in "ac"}
        assert bad == wrong - refused and fine == set(rows) - wrong - refused
        assert all(place > 0.01 for place in curve(widget.axes, 1)[0])
        said = [text for text in texts(widget.axes) if "do not fit" in text]
        assert len(said) == len(refused)


def test_a_missing_mean_is_a_factor_of_n(run):
    assert run.namespace["ratio"] == pytest.approx(5, rel=1e-5)


@drives(NAME, "s19-widget", "parameters", "forward")
@of("s19-widget")
def test_the_numerical_gradient_costs_two_passes_a_parameter(widget):
    sizes = {"years": 31557600, "days": 86400, "hours": 3600, "minutes": 60, "seconds": 1, "milliseconds": 1e-3,
             "microseconds": 1e-6}  # fmt: skip
    for values in ends(widget, "parameters", "forward"):
        wanted = [2 * values["parameters"] * values["forward"], 3 * values["forward"]]
        ends_of_bars = [bar.get_width() + 1e-7 for bar in widget.axes.patches]
        assert ends_of_bars == pytest.approx(wanted)
        spoken = [text for text in texts(widget.axes) if text.split()[-1] in sizes]
        for text, seconds in zip(spoken, wanted, strict=True):
            number, unit = text.replace(",", "").split()
            assert float(number) * sizes[unit] == pytest.approx(seconds, rel=0.01)
            assert float(number) >= 1


@of("s19-widget")
def test_the_number_of_parameters_kills_the_numerical_gradient(widget):
    def spoken(**changed):
        widget.reset()
        widget.set(**changed)
        return [text for text in texts(widget.axes) if text.split()[-1].endswith("s") and text[0].isdigit()]

    assert spoken() == ["20 seconds", "3 milliseconds"]
    assert spoken(parameters=1e8) == ["2.31 days", "3 milliseconds"]
    assert spoken(parameters=1.0) == ["2 milliseconds", "3 milliseconds"]


# --- exercises --------------------------------------------------------------------------------------------------------

EXERCISES = [("x-mul", "mul", "mul"), ("x-max", "max", "maximum"), ("x-sigmoid", "sigmoid", "sigmoid"),
             ("x-affine", "affine", "affine"), ("x-loss", "cross_entropy", "cross_entropy"),
             *((f"bug-{letter}", f"bug_{letter}", f"mended_{letter}") for letter in "abcde")]  # fmt: skip


@pytest.mark.parametrize("cell, name, function", EXERCISES)
def test_the_folded_solution_is_accepted_and_the_stub_is_not_started(run, cell, name, function):
    [text] = ["".join(each["source"]) for each in cells(NAME, "markdown") if each["id"] == f"{cell}-solution"]
    [code] = re.findall(r"```python\n(.*?)```", text, re.S)
    scope = {"np": np}
    exec(code, scope)
    assert exercises.verdict(name, scope[function]).kind == "exact", exercises.verdict(name, scope[function]).text
    stub = exercises.verdict(name, run.namespace[function])
    assert stub.kind == "not_started" and "not started" in stub.text


@pytest.mark.parametrize("letter", "abcde")
def test_the_broken_ones_are_found_out(letter):
    broken = getattr(exercises.bugs, f"broken_{letter}")
    assert exercises.verdict(f"bug_{letter}", broken).kind not in ("exact", "not_started")
