"""The circuit widget: what is typed, chosen, pressed and broken, and what is shown and said then."""

import base64
import io
import threading

import ipywidgets as ipw
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from cs231n_helpers import graph
from cs231n_helpers.plots.words import Words
from cs231n_helpers.widgets import Circuit, Explorer, circuit, circuit_picture, lifetime
from cs231n_helpers.widgets.circuit import EXAMPLES, next_step
from support import ends


@pytest.fixture
def widget():
    return circuit("f = (x + y) * z", x=-2, y=5, z=-4)


def shown(widget, kind):
    """Return the texts of one kind that stand in the picture, by number or name."""
    words = next(artist for artist in widget.axes.get_children() if isinstance(artist, Words))
    return {key[1]: word.text for key, word in words.places.items() if key[0] == kind and word.text}


def decoded(png):
    return np.asarray(Image.open(io.BytesIO(png)))


# What is shown


def test_it_is_an_explorer_and_starts_with_all_numbers(widget):
    assert isinstance(widget, Circuit) and isinstance(widget, Explorer)
    assert widget.values == {
        "example": "(x + y) z", "expression": "f = (x + y) * z", "back": 0, "forward": 0, "backward": 0, "step": 5,
        "mistake": "none", "x": -2.0, "y": 5.0, "z": -4.0,
    }  # fmt: skip
    assert shown(widget, "value") == {0: "−2", 1: "5", 2: "−4", 3: "3", 4: "−12"}
    assert shown(widget, "grad") == {0: "−4", 1: "−4", 2: "3", 3: "−4", 4: "1"}


def test_inputs_without_a_value_start_at_one_and_an_unknown_one_is_refused():
    assert circuit("a * b", b=3).values["a"] == 1.0
    with pytest.raises(ValueError, match=r"circuit: q is no input of a [*] b; its inputs are a, b"):
        circuit("a * b", q=3)
    with pytest.raises(ValueError, match=r"circuit: a starts at 0.25, which is not"):
        circuit("a * b", a=0.25)
    with pytest.raises(graph.ExpressionError, match="1/0 has no value"):
        circuit("1 / a", a=0)


@pytest.mark.parametrize("control", ["x", "y", "z"])
def test_sliders_move_the_numbers(widget, control):
    for values in ends(widget, control):
        x, y, z = (values[name] for name in "xyz")
        numbers = [float(text.replace("−", "-")) for text in shown(widget, "value").values()]
        slopes = [float(text.replace("−", "-")) for text in shown(widget, "grad").values()]
        assert numbers == [x, y, z, x + y, (x + y) * z]
        assert slopes == [z, z, x + y, z, 1]


def test_every_state_equals_a_full_drawing_and_differs_from_the_start(widget):
    start = widget.live.pixels()
    for control in widget.controls:
        for position in widget.limits(control):
            widget.reset()
            before = widget.values[control]
            widget.set(**{control: position})
            quick = widget.live.pixels()
            widget.live.redraw()
            assert np.abs(quick.astype(int) - widget.live.pixels()).max() <= 8, (control, position)
            same = quick.shape == start.shape and np.array_equal(quick, start)
            assert same == (position == before), (control, position)
    widget.reset()
    np.testing.assert_array_equal(widget.live.pixels(), start)


def test_the_picture_without_a_kernel_has_words_and_numbers(widget):
    bundle = widget._repr_mimebundle_()
    np.testing.assert_array_equal(decoded(base64.b64decode(bundle["image/png"])), widget.live.pixels())
    text = bundle["text/plain"]
    assert text.startswith("The circuit of f = (x + y) * z: above each wire its value, below it the gradient")
    lines = {"x (input): value −2, gradient −4", "gate 1 (+): value 3, gradient −4", "f (×): value −12, gradient 1"}
    assert lines <= set(text.splitlines())
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_the_page_is_told_each_step(widget):
    widget.set(step=4)
    assert 'aria-live="polite"' in widget.words.value
    assert "step 4 of 5" in widget.words.value and widget.trace.words[4] in widget.words.value
    assert "gate 1 (+): value 3, gradient −4" in widget.words.value
    assert "x (input): value −2, gradient not known yet" in widget.words.value


def test_a_still_shows_one_state():
    still = circuit_picture("f = (x + y) * z", x=-2, y=5, z=-4)
    live = circuit("f = (x + y) * z", x=-2, y=5, z=-4)
    np.testing.assert_array_equal(decoded(still.png), live.live.pixels())
    live.set(step=3, mistake="wrong sign at gate 1 (+)")
    still = circuit_picture("f = (x + y) * z", step=3, mistake="wrong sign", gate=0, x=-2, y=5, z=-4)
    np.testing.assert_array_equal(decoded(still.png), live.live.pixels())
    assert "step 3 of 5" in still._repr_mimebundle_()["text/plain"]
    with pytest.raises(ValueError, match="step is 6, but this circuit has steps 0 to 5"):
        circuit_picture("f = (x + y) * z", step=6)


# Steps


@pytest.mark.parametrize(
    ("direction", "path"),
    [("forward", [0, 1, 2, 0]), ("backward", [3, 4, 5, 3]), ("back", [4, 3, 2, 1, 0, 0])],
)
def test_buttons_walk_through_the_steps(widget, direction, path):
    steps = []
    for _ in path:
        widget.controls[direction].click()
        steps.append(widget.values["step"])
    assert steps == path


def test_backward_finishes_the_forward_pass_first():
    assert [next_step("backward", step, 4) for step in range(10)] == [5, 5, 5, 5, 5, 6, 7, 8, 9, 5]
    assert [next_step("forward", step, 4) for step in range(10)] == [1, 2, 3, 4, 0, 0, 0, 0, 0, 0]


def test_a_press_draws_once(widget):
    frames = widget.frames
    widget.controls["forward"].click()
    assert widget.frames == frames + 1


# What is broken


def test_the_menu_offers_every_mistake_at_every_gate(widget):
    assert widget.limits("mistake") == [
        "none", "forget a local gradient at gate 1 (+)", "forget a local gradient at gate 2 (×)",
        "wrong sign at gate 1 (+)", "wrong sign at gate 2 (×)",
    ]  # fmt: skip
    widget.set(mistake="wrong sign at gate 1 (+)")
    assert shown(widget, "grad")[0] == "✗4" and shown(widget, "right") == {0: "✓−4", 1: "✓−4"}
    assert "which is wrong: it should be −4" in widget.words.value
    widget.set(mistake="forget a local gradient at gate 2 (×)")
    assert shown(widget, "grad")[2] == "✗1" and shown(widget, "right")[2] == "✓3"


def test_overwriting_at_a_fork_loses_a_part():
    widget = circuit("f = x*x + x", x=3)
    assert widget.limits("mistake")[:2] == ["none", "overwrite at forks"]
    widget.set(mistake="overwrite at forks")
    assert shown(widget, "grad")[0] == "✗3" and shown(widget, "right") == {0: "✓7"}
    assert "mistake" not in circuit("f = x*x + x", mistakes=False).controls


# What is typed and chosen


def test_another_formula_brings_its_own_sliders_and_steps(widget):
    widget.set(x=4.0)
    old = widget.controls["z"]
    widget.set(expression="g = x * y + cost; h = g ** 2")
    assert list(widget.values)[7:] == ["x", "y", "cost"]
    assert (widget.values["x"], widget.values["y"], widget.values["cost"]) == (4.0, 5.0, 1.0)
    assert widget.values["step"] == widget.controls["step"].max == 7 and widget.values["example"] is None
    assert shown(widget, "value")[5] == "441"  # (4 * 5 + 1) squared
    assert old.comm is None
    widget.controls["cost"].value = 2.0
    assert shown(widget, "value")[5] == "484"
    width, height = decoded(widget.picture.value).shape[1::-1]
    assert (widget.picture.width, widget.picture.height) == (str(width), str(height))


def test_reset_brings_the_first_formula_back(widget):
    start, png = widget.values, widget.png
    for change in ({"expression": "exp(q)"}, {"example": "sigmoid neuron"}, {"x": 3.0, "step": 1}):
        widget.set(**change)
        widget.reset()
        assert widget.values == start and widget.png == png


@pytest.mark.parametrize("label", EXAMPLES)
def test_examples_come_with_their_values(widget, label):
    text, values = EXAMPLES[label]
    widget.set(example="x used twice")
    widget.set(example=label)
    assert widget.error == ""
    assert widget.expression.text == widget.values["expression"] == text
    wanted = dict.fromkeys(widget.expression.inputs, 1.0) | values
    assert {name: widget.values[name] for name in values} == values
    if label == "(x + y) z":
        assert wanted == {"x": -2, "y": 5, "z": -4}


def test_the_menu_of_examples_holds_the_cells_own_circuit():
    widget = circuit("f = tanh(x) * (y + 1) + tanh(x) * y", x=2)
    assert widget.values["example"] == "f = tanh(x) * (y + 1) + tan…"
    widget.set(example="x used twice")
    widget.set(example="f = tanh(x) * (y + 1) + tan…")
    assert widget.expression.text == "f = tanh(x) * (y + 1) + tanh(x) * y" and widget.values["x"] == 2


@pytest.mark.parametrize(
    "text", ["f = (x + ", "__import__('os')", "x = <b>1</b>", "", "x / 0", "y = sqrt(x)", "é = (1"]
)
def test_a_formula_that_cannot_be_read_leaves_the_old_circuit_at_work(widget, text):
    before = widget.picture.value
    widget.set(expression=text)
    assert widget.error and widget.picture.value == before
    if text.strip():
        assert "^" in widget.error  # the place is shown, below the text
    assert "<b>" not in widget.message.value and "monospace" in widget.message.value
    widget.set(x=3.0)
    assert shown(widget, "value")[4] == "−32" and widget.error  # (3 + 5) * -4; the text is still wrong
    widget.set(expression="f = x + 1")
    assert widget.error == "" and widget.message.value == ""


def test_inputs_without_a_result_are_told_with_the_place_and_the_picture_stays(widget):
    widget.set(expression="f = 1 / (x + y)")
    before = widget.picture.value
    widget.set(x=-5.0)
    assert "x + y is 0 here" in widget.error and "    f = 1 / (x + y)\n" in widget.error
    assert widget.picture.value == before
    widget.set(x=-4.0)
    assert widget.error == "" and shown(widget, "value")[2] == "1"


def test_both_an_unreadable_text_and_inputs_without_a_result_are_told(widget):
    widget.set(expression="f = log(a) * b")
    widget.set(a=-1.0)
    widget.set(expression="f = (a")
    assert "this bracket is never closed" in widget.error and "log needs a number above 0" in widget.error
    widget.set(a=2.0)
    assert "this bracket" in widget.error and "log" not in widget.error


def test_an_unreadable_text_does_not_stop_the_words_for_those_who_hear_the_page(widget):
    widget.set(expression="f = (x")
    widget.set(step=4)
    assert widget.error and "step 4 of 5" in widget.words.value and widget.trace.words[4] in widget.words.value


def test_a_formula_without_a_result_at_its_start_is_drawn_without_numbers(widget):
    widget.set(expression="log(a - b)")
    assert "^" in widget.error and shown(widget, "value") == {}
    assert shown(widget, "gate") == {0: "−", 1: "log"}
    widget.set(a=2.0)
    assert widget.error == "" and shown(widget, "value")[3] == "0"


def test_an_input_may_have_the_name_of_a_control(widget):
    widget.set(expression="step * x + mistake")
    assert list(widget.values)[7:] == ["step_", "x", "mistake_"]
    widget.set(step_=3.0)
    assert shown(widget, "value")[4] == "−5"  # 3 * -2 + 1
    assert widget.controls["step_"].description == "step"


# What must not grow or break


def test_fifty_formulas_leave_nothing_behind(widget):
    def change(k):
        widget.set(expression=f"f = a{k} * x + {k + 2}")

    change(0)
    widgets, threads, held = len(ipw.widgets.widget._instances), threading.active_count(), len(widget._examples)
    figures = sum(isinstance(part, Figure) for part in [widget.figure])
    for k in range(1, 50):
        change(k)
    assert len(ipw.widgets.widget._instances) == widgets
    assert threading.active_count() == threads and len(widget._examples) == held and figures == 1
    assert len(widget.controls) == 9


def test_a_cell_run_again_closes_the_circuit_it_made(monkeypatch):
    request = iter([("cell", 0), ("cell", 1), ("cell", 2)])
    monkeypatch.setattr(lifetime, "_running_cell", lambda: next(request))
    first = circuit("x * y")
    count = len(ipw.widgets.widget._instances)
    first.set(expression="x + y * z")
    for _ in range(2):
        last = circuit("x * y")
    assert len(ipw.widgets.widget._instances) == count
    assert first.comm is None and first.live is None and last.comm is not None


def test_events_from_many_threads_end_in_a_picture_of_the_newest_state(widget):
    formulas = ["f = (x + y) * z", "f = x * y + w", "f = sigmoid(x)"]
    changes = [{"expression": formulas[k % 3]} if k % 4 == 0 else {"x": float(k % 7), "step": k % 4} for k in range(60)]
    threads = [threading.Thread(target=widget.set, kwargs=change) for change in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    widget.set(expression="f = x * y + w", x=2.0, step=3)
    assert widget.error == ""
    quick = widget.live.pixels()
    np.testing.assert_array_equal(quick, decoded(widget.picture.value))
    widget.live.redraw()
    np.testing.assert_array_equal(quick, widget.live.pixels())
