"""Every state of a circuit, forward, backward and broken, against hand-worked numbers, Python, Var and differences."""

import math
import time

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from test_graph_expression import STAGED, formulas, python_value

from cs231n_helpers import graph, ops
from cs231n_helpers.gradients import numerical_gradient
from cs231n_helpers.graph import MISTAKES, ExpressionError, Trace, parse, trace

FIRST = ("f = (x + y) * z", {"x": -2, "y": 5, "z": -4})
NEURON = ("f = sigmoid(w0*x0 + w1*x1 + w2)", {"w0": 2, "w1": -3, "w2": -3, "x0": -1, "x1": -2})
NEURON_GATES = ("f = 1 / (1 + exp(-(w0*x0 + w1*x1 + w2)))", NEURON[1])
LARGEST = """a = x*y + z*w; b = sigmoid(a) + tanh(x); c = exp(b)*log(p) + max(a, q)
             f = c/(b + r)**2 + relu(u)*x + max(x, y, z)"""


def gradients(history, expression):
    """The final gradient of each input, by name."""
    return dict(zip(expression.inputs, history.grads[-1]))


def run(text, values, *mistake):
    expression = parse(text)
    return expression, trace(expression, values, *mistake)


# --- hand-worked circuits ---------------------------------------------------------------------------------------------

def test_every_state_of_the_first_circuit():
    nan = np.nan
    _, history = run(*FIRST)
    assert isinstance(history, Trace)
    assert_array_equal(history.values, [-2, 5, -4, 3, -12])
    assert_array_equal(history.known, [[1, 1, 1, 0, 0], [1, 1, 1, 1, 0], *[[1, 1, 1, 1, 1]] * 4])
    assert_array_equal(history.grads, [[nan] * 5, [nan] * 5, [nan] * 5, [nan, nan, nan, nan, 1], [nan, nan, 3, -4, 1],
                                       [-4, -4, 3, -4, 1]])
    assert_array_equal(history.active, [-1, 0, 1, -1, 1, 0])
    assert set(history.flows) == {(0, 0, 0), (1, 0, 1), (3, 1, 0), (2, 1, 1)}
    assert_array_equal(history.flows[3, 1, 0], [nan, nan, nan, nan, -4, -4])
    assert_array_equal(history.flows[2, 1, 1], [nan, nan, nan, nan, 3, 3])
    assert_array_equal(history.flows[0, 0, 0], [nan, nan, nan, nan, nan, -4])
    assert_array_equal(history.true_grads, [-4, -4, 3, -4, 1])
    assert not history.wrong.any() and history.known.dtype == history.wrong.dtype == bool
    assert history.words == (
        "The inputs: x = −2, y = 5, z = −4.",
        "Forward, +: x + y = −2 + 5 = 3.",
        "Forward, ×: f = (x + y) · z = 3 · (−4) = −12.",
        "Backward starts at the result: df/df = 1.",
        "Backward, ×, upstream · local: x + y gets 1 · (−4) = −4; z gets 1 · 3 = 3.",
        "Backward, +, upstream · local: x gets −4 · 1 = −4; y gets −4 · 1 = −4.")


@pytest.mark.parametrize("text", [NEURON[0], NEURON_GATES[0]])
def test_the_sigmoid_neuron(text):
    """0.73; local gradient of the sigmoid 0.1966 (0.2 in the notes); the gradients of the notes are rounded to it."""
    expression, history = run(text, NEURON[1])
    assert history.values[-1] == pytest.approx(0.731058579, abs=1e-9)
    slope = 0.19661193324148185
    want = {"w0": -slope, "x0": 2 * slope, "w1": -2 * slope, "x1": -3 * slope, "w2": slope}
    assert gradients(history, expression) == pytest.approx(want, rel=1e-12)
    assert [f"{want[name]:.1f}" for name in ("w0", "x0", "w1", "x1", "w2")] == ["-0.2", "0.4", "-0.4", "-0.6", "0.2"]


def test_the_steps_of_the_neuron_gate_by_gate():
    _, history = run(*NEURON_GATES)
    assert_allclose(history.values[-4:], [-1, 0.3678794, 1.3678794, 0.7310586], rtol=1e-6)
    assert_allclose(history.grads[-1, -4:], [-0.1966119, -0.5344466, -0.5344466, 1], rtol=1e-6)


def test_the_staged_expression():
    expression, history = run(STAGED, {"x": 3, "y": -4})
    sigmoid = lambda t: 1 / (1 + math.exp(-t))
    f = lambda x, y: (x + sigmoid(y)) / (sigmoid(x) + (x + y) ** 2)
    assert history.values[-1] == pytest.approx(f(3, -4), rel=1e-14) and f"{f(3, -4):.4f}" == "1.5456"
    h = 1e-6
    assert gradients(history, expression) == pytest.approx(
        {"x": (f(3 + h, -4) - f(3 - h, -4)) / (2 * h), "y": (f(3, -4 + h) - f(3, -4 - h)) / (2 * h)}, rel=1e-8)
    assert [f"{g:.4f}" for g in history.grads[-1, :2]] == ["2.0596", "1.5922"]
    assert "x gets −0.7916 · 0.04518 = −0.03576, added to 1.583: 1.547." in history.words[15]
    assert history.words[8] == "Forward, ×: f = num · 1/den = 3.018 · 0.5121 = 1.546."
    assert "1/den gets 1 · 3.018 = 3.018" in history.words[10]


def test_a_fork_collects_two_gradients():
    _, history = run("x * x", {"x": 3})
    assert_array_equal(history.grads[:, 0], [np.nan, np.nan, np.nan, 6])
    assert history.flows[0, 0, 0][-1] == history.flows[0, 0, 1][-1] == 3
    assert history.words[-1] == "Backward, ×, upstream · local: x gets 1 · 3 = 3; x gets 1 · 3 = 3, added to 3: 6."


# --- random circuits --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(40))
def test_random_circuits_against_complex_steps_and_differences(seed):
    [(text, expression)] = formulas(1, seed=1000 + seed)
    values = dict(zip("xyzw", np.random.default_rng(seed).uniform(0.1, 2, 4).tolist()))
    values = {name: values[name] for name in expression.inputs}
    history = trace(expression, values)
    assert history.values[-1] == pytest.approx(python_value(text[4:], **values).real, rel=1e-12, abs=1e-12)
    for name, got in gradients(history, expression).items():
        slope = python_value(text[4:], **{**values, name: complex(values[name], 1e-30)}).imag / 1e-30
        assert got == pytest.approx(slope, rel=1e-9, abs=1e-13), (name, text)
    for check in history.report:
        at = lambda v, name=check.input: python_value(text[4:], **{**values, name: float(v)}).real
        h = 1e-5 * max(1, abs(values[check.input]))
        want = float(numerical_gradient(at, values[check.input], h=h))
        assert check.numerical == pytest.approx(want, rel=1e-7, abs=1e-9)
        assert check.ok is True and check.verdict == "right", (check, text)


@pytest.mark.parametrize("text", [FIRST[0], STAGED, NEURON_GATES[0], *[text for text, _ in formulas(25, seed=5)]])
def test_what_is_known_stays_known(text):
    expression = parse(text)
    values = {name: 0.3 + 0.4 * i for i, name in enumerate(expression.inputs)}
    count, wires, first = len(expression.gates), expression.wires, len(expression.inputs)
    for mistake in MISTAKES:
        history = trace(expression, values, mistake, 0)
        states = 2 * count + 2
        assert history.grads.shape == history.known.shape == (states, wires)
        assert len(history.words) == len(history.active) == states
        assert_array_equal(history.known.sum(axis=1), [*range(first, wires + 1), *[wires] * (count + 1)])
        assert (history.known[1:] >= history.known[:-1]).all()
        there = ~np.isnan(history.grads)
        assert not there[:count + 1].any() and there[-1].all() and there[count + 1].sum() == 1
        assert (there[1:] >= there[:-1]).all()
        for state, gate in enumerate(history.active):
            if 1 <= state <= count:
                new = np.flatnonzero(history.known[state] & ~history.known[state - 1])
                assert new.tolist() == [first + gate] == [first + state - 1]
            elif gate >= 0:
                assert gate == states - 1 - state
                moved = history.grads[state] != np.where(there[state - 1], history.grads[state - 1], 12345.6789)
                assert set(np.flatnonzero(moved & there[state])) <= set(expression.gates[gate].inputs)
        edges = {(w, i, place) for i, gate in enumerate(expression.gates) for place, w in enumerate(gate.inputs)}
        assert set(history.flows) == edges
        for (_, gate, _), flow in history.flows.items():
            assert_array_equal(np.isnan(flow), np.arange(states) < states - 1 - gate)
            assert len(set(flow[~np.isnan(flow)])) == 1


@pytest.mark.parametrize("seed", range(10))
def test_gradients_are_the_sum_of_what_flows_in(seed):
    [(_, expression)] = formulas(1, seed=seed)
    history = trace(expression, {name: 0.3 + 0.4 * i for i, name in enumerate(expression.inputs)})
    for state in range(len(expression.gates) + 1, len(history.words)):
        total = np.zeros(expression.wires)
        total[-1] = 1
        for (wire, _, _), flow in history.flows.items():
            total[wire] += np.nan_to_num(flow[state])
        assert_allclose(total, np.nan_to_num(history.grads[state]), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("text", "values"), [FIRST, NEURON, NEURON_GATES, (STAGED, {"x": 3, "y": -4}),
                                              *[(text, None) for text, _ in formulas(25, seed=7)]])
def test_the_same_as_var_and_backward(text, values):
    """The graph that records itself, on the text run by Python."""
    expression = parse(text)
    values = values or {name: 0.4 + 0.3 * i for i, name in enumerate(expression.inputs)}
    history = trace(expression, values)
    known = {op.__name__: (lambda x, op=op: graph.apply(op, x) if isinstance(x, graph.Var) else float(op(float(x))[0]))
             for op in (ops.exp, ops.log, ops.sigmoid, ops.tanh, ops.relu)}
    known["max"] = largest
    inputs = {name: graph.Var(float(values[name]), name) for name in expression.inputs}
    names = {**inputs, **known}
    for line in text.split(";"):
        name, _, formula = line.strip().partition(" = ")
        names[name] = eval(formula, {"__builtins__": {}}, names)
    graph.backward(names["f"])
    assert history.values[-1] == pytest.approx(names["f"].value, rel=1e-13)
    for name, gradient in gradients(history, expression).items():
        assert gradient == pytest.approx(inputs[name].grad, rel=1e-12, abs=1e-14), text


def largest(*values):
    result = values[0]
    for value in values[1:]:
        both_numbers = not isinstance(result, graph.Var) and not isinstance(value, graph.Var)
        result = max(result, value) if both_numbers else graph.apply(ops.maximum, result, value)
    return result


# --- broken on purpose ------------------------------------------------------------------------------------------------

def test_nothing_is_broken_without_a_mistake():
    for text, expression in formulas(20, seed=3):
        history = trace(expression, dict.fromkeys(expression.inputs, 0.7))
        assert not history.wrong.any() and all(check.ok is not False for check in history.report), text
        assert_array_equal(history.grads[-1], history.true_grads)


def test_overwriting_at_forks_keeps_the_last_gradient():
    _, history = run(STAGED, {"x": 3, "y": -4}, "overwrite at forks")
    true = run(STAGED, {"x": 3, "y": -4})[1]
    last = {0: (0, 1, 0), 1: (1, 0, 0)}                     # x was last reached from num, y from σ(y)
    for wire, edge in last.items():
        assert history.grads[-1, wire] == true.flows[edge][-1] != true.grads[-1, wire]
    assert_array_equal(np.flatnonzero(history.wrong), [0, 1])
    assert_array_equal(history.grads[-1, 2:], true.grads[-1, 2:])
    assert_array_equal(history.true_grads, true.true_grads)
    assert [check.verdict for check in history.report] == ["wrong", "wrong"]
    assert "x gets −0.7916 · 0.04518 = −0.03576, overwritten: 1.583 is lost" in history.words[15]


def test_what_a_lost_gradient_spoils_behind_the_fork():
    """a is a fork: all that lies before it goes wrong, b and what lies after it stay right."""
    expression, history = run("a = x * y; f = a * b + exp(a)", {"x": 0.5, "y": 2, "b": 3}, "overwrite at forks")
    wrong = {expression.inputs[w] if w < 3 else expression.gates[w - 3].label for w in np.flatnonzero(history.wrong)}
    assert wrong == {"x", "y", "×"} and not history.wrong[2] and history.wrong[3]
    assert gradients(history, expression) == {"x": 6, "y": 1.5, "b": 1}     # exp(a), reached first, is forgotten
    assert [(check.input, check.ok) for check in history.report] == [("x", False), ("y", False), ("b", True)]


@pytest.mark.parametrize(("factor", "wrong", "ok"), [("1e3", True, False), ("1e7", True, True), ("1e12", False, True)])
def test_how_small_a_difference_is_wrong(factor, wrong, ok):
    """x gets 1 and then the factor; the 1 is lost. The numerical gradient sees six digits, the comparison nine."""
    _, history = run(f"x * {factor} + x", {"x": 1e-3}, "overwrite at forks")
    assert history.grads[-1, 0] == float(factor) and history.wrong.tolist() == [wrong, False, False]
    assert history.report[0].ok is ok


def test_overwriting_without_forks_breaks_nothing():
    _, history = run(*FIRST, "overwrite at forks")
    assert not history.wrong.any() and all(check.ok for check in history.report)


def test_overwriting_at_a_gate_that_takes_one_wire_twice():
    _, history = run("x * x", {"x": 3}, "overwrite at forks")
    assert history.grads[-1, 0] == 3 and history.true_grads[0] == 6 and history.wrong.tolist() == [True, False]
    assert history.words[-1].endswith("x gets 1 · 3 = 3, overwritten: 3 is lost.")
    [check] = history.report
    assert (check.analytic, check.ok, check.verdict) == (3, False, "wrong") and check.error == pytest.approx(0.5)
    assert check.numerical == pytest.approx(6, abs=1e-8)


@pytest.mark.parametrize(("gate", "want", "wrong"), [
    (1, {"x": 1, "y": 1, "z": 1}, [0, 1, 2, 3]), (0, {"x": -4, "y": -4, "z": 3}, []), (None, {"x": 1, "y": 1, "z": 1},
                                                                                       [0, 1, 2, 3])])
def test_a_forgotten_local_gradient(gate, want, wrong):
    """The add gate has the local gradient 1: forgetting it changes nothing."""
    expression, history = run(*FIRST, "forget a local gradient", gate)
    assert gradients(history, expression) == want
    assert np.flatnonzero(history.wrong).tolist() == wrong
    if wrong:
        assert "x + y gets 1, its local gradient −4 forgotten" in history.words[4]
        assert "z gets 1, its local gradient 3 forgotten" in history.words[4]


@pytest.mark.parametrize(("gate", "want", "wrong"), [
    (0, {"x": 4, "y": 4, "z": 3}, [0, 1]), (1, {"x": 4, "y": 4, "z": -3}, [0, 1, 2, 3])])
def test_a_wrong_sign(gate, want, wrong):
    expression, history = run(*FIRST, "wrong sign", gate)
    assert gradients(history, expression) == want
    assert np.flatnonzero(history.wrong).tolist() == wrong
    assert [check.ok for check in history.report] == [i not in wrong for i in range(3)]
    assert "the wrong sign" in history.words[4 + (gate == 0)] and "wrong" not in history.words[4 + (gate == 1)]


def test_a_mistake_does_not_touch_the_values():
    for mistake in MISTAKES:
        _, history = run(STAGED, {"x": 3, "y": -4}, mistake, 4)
        assert_array_equal(history.values, run(STAGED, {"x": 3, "y": -4})[1].values)
        assert_array_equal(history.true_grads, run(STAGED, {"x": 3, "y": -4})[1].true_grads)


# --- the report -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("text", "values", "verdicts"), [
    ("max(x, y)", {"x": 3, "y": 3}, ["at a kink"] * 2),
    ("max(x, y, 3)", {"x": 3, "y": 1}, ["at a kink", "right"]),
    ("relu(x) * y", {"x": 0, "y": 2}, ["at a kink", "right"]),
    ("max(x, x)", {"x": 3}, ["right"]),
    ("relu(x * 1e9) + y", {"x": 0, "y": 1}, ["at a kink", "right"]),
    ("relu(x - 1) + x", {"x": 1 + 1e-9}, ["at a kink"]),
    ("log(x) * y", {"x": 1e-6, "y": 1}, ["at the edge: no step to both sides", "right"]),
    ("x ** 0.5 + y * x", {"x": 1e-7, "y": 1}, ["at the edge: no step to both sides", "right"]),
    ("x ** 3", {"x": 0}, ["right"]), ("x ** 2", {"x": 0}, ["right"]), ("x * 0", {"x": 5}, ["right"]),
    ("1 / x", {"x": 0.001}, ["right"]), ("x ** 4 + sigmoid(y)", {"x": 10, "y": -10}, ["right", "right"]),
    ("exp(x ** 3)", {"x": 8.8}, ["right"]), ("sigmoid(x)", {"x": 40}, ["right"]), ("tanh(x)", {"x": -800}, ["right"]),
    ("x * 1e9 - y * 1e9", {"x": 1, "y": 1}, ["right", "right"]), ("x + 1e12", {"x": 1}, ["right"]),
    ("x * y", {"x": 1e6, "y": 1e-6}, ["right", "right"]), ("(x - y) ** 3 * 1e6", {"x": 1, "y": 1}, ["right", "right"]),
])  # fmt: skip
def test_a_right_gradient_is_never_called_wrong(text, values, verdicts):
    _, history = run(text, values)
    assert [check.verdict for check in history.report] == verdicts
    assert [check.ok for check in history.report] == [True if verdict == "right" else None for verdict in verdicts]


def test_a_tie_of_max_goes_to_the_first():
    expression, history = run("max(x, y)", {"x": 3, "y": 3})
    assert gradients(history, expression) == {"x": 1, "y": 0}
    assert [check.numerical for check in history.report] == pytest.approx([0.5, 0.5])
    assert math.isnan(run("log(x)", {"x": 1e-6})[1].report[0].numerical)


def test_the_report_in_numbers():
    _, history = run(*FIRST, "wrong sign", 0)
    x, _, z = history.report
    name, analytic, numerical, error, ok = x
    assert (name, analytic, ok) == ("x", 4.0, False) and numerical == pytest.approx(-4) and error == pytest.approx(2)
    assert z.ok and z.error < 1e-9 and (z.input, z.verdict) == ("z", "right")


@pytest.mark.parametrize("seed", range(12))
def test_every_wrong_input_is_reported(seed):
    """The check knows nothing of the true gradients, and finds exactly the inputs that went wrong."""
    [(text, expression)] = formulas(1, seed=300 + seed)
    values = {name: 0.31 + 0.4 * i for i, name in enumerate(expression.inputs)}
    for gate in range(len(expression.gates)):
        for mistake in MISTAKES[1:]:
            history = trace(expression, values, mistake, gate)
            large = np.abs(history.grads[-1] - history.true_grads) > 1e-5
            for check, wrong, clear in zip(history.report, history.wrong, large):
                assert check.ok is not wrong or (wrong and not clear), (text, mistake, gate, check)


# --- what has no value ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("marked", "values", "words"), [
    ("f = 1/(«x - y»)", {"x": 1, "y": 1}, "x - y is 0 here, and 1/0 has no value"),
    ("f = x / «y»", {"x": 1, "y": 0}, "y is 0 here, and 1/0 has no value"),
    ("a = x*y; f = 3/«a»", {"x": 1, "y": 0}, "a is 0 here, and 1/0 has no value"),
    ("f = log(«x») + y", {"x": -2.5, "y": 0}, "x is −2.5 here, and log needs a number above 0"),
    ("f = y * log(« x * y »)", {"x": 0, "y": 1}, "x * y is 0 here, and log needs a number above 0"),
    ("f = 2 * «x»**-1", {"x": 0}, "x is 0 here, and 0 ** −1 has no value"),
    ("f = («x + y»)**0.5", {"x": -1, "y": 0}, "x + y is −1 here, and a negative number has no power 0.5"),
    ("f = y + «x»**0.5", {"x": 0, "y": 1}, "x is 0 here, where x ** 0.5 has no slope"),
    ("f = 1 + «exp(x)»", {"x": 1000}, "the value here is too large"),
    ("f = «x ** 9» * y", {"x": 1e40, "y": 1}, "the value here is too large"),
    ("f = «1 / x»", {"x": 1e-310}, "the value here is too large"),
    ("f = «log(x)»", {"x": 1e-310}, "the gradient here is too large"),
    ("f = «x * y»", {"x": 1e200, "y": -1e200}, "the value here is too large"),
    ("f = exp(«1 / x»)", {"x": 1e-308 * 5}, "too large"),
])  # fmt: skip
def test_what_has_no_value_is_shown_at_its_place(marked, values, words):
    start, end = marked.index("«"), marked.index("»") - 1
    text = marked.replace("«", "").replace("»", "")
    with pytest.raises(ExpressionError) as caught:
        run(text, values)
    error = caught.value
    assert words in error.sentence
    if words != "too large":
        assert text[error.start:error.end] == text[start:end].strip()
    heading, line, marks = str(error).splitlines()
    assert heading.startswith("trace: ") and line == "    " + text
    assert marks.index("^") == 4 + error.start and marks.endswith(error.sentence)


@pytest.mark.parametrize(("values", "mistake", "words"), [
    ({"x": 1, "y": 2}, (), "z is missing"), ({"x": 1, "y": 2, "z": 3, "w": 4}, (), "w is no input"),
    ({"x": 1, "y": 2, "z": math.nan}, (), "trace: z must be finite"),
    ({"x": 1, "y": 2, "z": math.inf}, (), "trace: z must be finite"),
    (FIRST[1], ("oops",), "mistake must be one of 'none'"),
    (FIRST[1], ("wrong sign", 2), "gate must lie between 0 and 1"),
])  # fmt: skip
def test_wrong_arguments(values, mistake, words):
    with pytest.raises(ValueError, match=words):
        run(FIRST[0], values, *mistake)


def test_a_value_must_be_a_number():
    with pytest.raises(TypeError, match="trace: z must be a number, got '3'"):
        run(FIRST[0], {**FIRST[1], "z": "3"})
    for kind in (np.float32, np.int64, int, np.float64):
        assert run(FIRST[0], {name: kind(v) for name, v in FIRST[1].items()})[1].values[-1] == -12


# --- words, records, speed --------------------------------------------------------------------------------------------

def test_sentences_are_short_and_hold_the_numbers():
    _, history = run("max(x, y, z, 0) / (w - 3)**2 - -x", {"x": 1.5, "y": -2, "z": 4, "w": 2})
    assert history.words[1] == "Forward, max 0: max(x, y, z, 0) = max(1.5, −2, 4, 0) = 4."
    assert history.words[2] == "Forward, −3: w − 3 = 2 − 3 = −1."
    assert history.words[3] == "Forward, ^2: (w − 3)^2 = (−1)^2 = 1."
    assert "z gets 1 · 1 = 1; the others get 0." in history.words[-1]
    for text in (LARGEST, STAGED, NEURON_GATES[0]):
        expression = parse(text)
        lengths = [len(line) for line in trace(expression, dict.fromkeys(expression.inputs, 1.37)).words]
        assert np.mean(np.array(lengths) <= 110) > 0.9 and max(lengths) < 160
    all_lost = run("max(x, y, z, 9)", {"x": 1, "y": 2, "z": 3})[1]
    assert all_lost.words[-1].endswith("all get 0, the constant is the largest.")


@pytest.mark.parametrize(("text", "want"), [
    ("(x + y) * (x - y)", "(x + y) · (x − y) = 1 · 5"), ("x - (x + y)", "x − (x + y) = 3 − 1"),
    ("x * y - x / y", "x·y − x/y = −6 − (−1.5)"), ("(x * y) ** 2", "(x·y)^2 = (−6)^2"), ("-(x * y)", "−x·y = −(−6)"),
    ("1 / (x * y)", "1/(x·y) = 1/(−6)"), ("x / (x + y) ** 2", "x · 1/(x + y)^2 = 3 · 1"),
    ("max(x, y) ** 2", "max(x, y)^2 = 3^2"), ("exp(x) + x * y", "exp(x) + x·y = 20.09 + (−6)"),
    ("3 - x * y", "3 − x·y = 3 − (−6)"), ("x * -2", "x · (−2)"),
    ("-2 * x", "−2 · x = −2 · 3"), ("y * x", "y · x = −2 · 3"),
    ("-(x + y)", "−(x + y) = −1"), ("y ** 2", "y^2 = (−2)^2"), ("(x - 1) / 2", "(x − 1) / 2 = 2 / 2"),
    ("(x + y) * x * y * y", "(x + y)·x·y · y"), ("x - y - x", "x − y − x = 5 − 3"), ("-x ** 2", "−x^2 = −9"),
    ("sigmoid(x + y) * 2", "sigmoid(x + y) · 2 = 0.7311 · 2"), ("(x ** 2) ** 2", "(x^2)^2 = 9^2"),
])  # fmt: skip
def test_formulas_in_words(text, want):
    """Brackets where the signs need them, and only there."""
    history = run("f = " + text, dict.fromkeys(parse(text).inputs, 3) | ({"y": -2} if "y" in text else {}))[1]
    sentence = history.words[len(history.words) // 2 - 1]
    assert f"f = {want}" in sentence


def test_no_minus_zero_is_shown():
    _, history = run("-(x * y)", {"x": 0, "y": 0})
    assert not any("−0" in line for line in history.words)
    assert not np.signbit(history.grads[-1][:2]).any()
    assert not any(np.signbit(flow[-1]) for (wire, _, _), flow in history.flows.items() if wire < 2)


def test_nothing_of_a_trace_can_be_changed():
    _, history = run(*FIRST)
    for array in (history.values, history.known, history.grads, history.active, history.true_grads, history.wrong,
                  *history.flows.values()):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    with pytest.raises(AttributeError):
        history.values = None


def test_the_largest_circuit_is_traced_in_a_few_milliseconds():
    """It runs at each move of a slider. The best of many runs: other work on the machine only adds."""
    expression = parse(LARGEST)
    assert len(expression.gates) == 20 and len(expression.inputs) == 8
    values = dict.fromkeys(expression.inputs, 1.3)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        trace(expression, values, "overwrite at forks")
        times.append(time.perf_counter() - start)
    assert min(times) < 5e-3
