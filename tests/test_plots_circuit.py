"""The drawing of a circuit: its numbers stand where they belong, and nothing lies on anything else."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.transforms import Bbox

from cs231n_helpers import graph
from cs231n_helpers.plots import circuit as drawn
from cs231n_helpers.plots.circuit_layout import TALLEST, WIDEST, plan
from cs231n_helpers.plots.circuit_plan import collisions, crossings
from cs231n_helpers.plots.words import Words, number, width_of

NAMED = {
    "product": ("f = (x + y) * z", {"x": -2, "y": 5, "z": -4}),
    "neuron": ("f = 1 / (1 + exp(-(w0*x0 + w1*x1 + w2)))", {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}),
    "quotient": ("f = (x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)", {"x": 3, "y": -4}),
    "staged": ("num = x + sigmoid(y); den = sigmoid(x) + (x + y)**2; f = num / den", {"x": 3, "y": -4}),
    "twice": ("f = x*x + x", {"x": 3}),
    "max": ("f = max(x, y) * z", {"x": 3, "y": -1, "z": 2}),
    "two neurons": ("f = relu(w0*x0 + w1*x1 + b)*v + relu(w2*x0 + w3*x1)", {"w0": 2}),
    "powers": ("1 + x*(1 + x*(1 + x*(1 + x*(1 + x))))", {"x": -0.7}),
    "large": ("a*b + c*d + tanh(e*g) + exp(a*c) + b*d*e + log(b) + sigmoid(c*d) + x*b", {"b": 2, "d": -2}),
}  # fmt: skip


def opened(text, values=(), **mistake):
    """Return the figure's axis, its Words, the update, the expression and the trace of a circuit."""
    expression = graph.parse(text)
    framed = drawn.frame(expression)
    figure = Figure(figsize=drawn.figsize(framed), dpi=100)
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    update = drawn.circuit(ax, expression, framed)
    history = graph.trace(expression, dict.fromkeys(expression.inputs, 1.0) | dict(values), **mistake)
    words = next(artist for artist in ax.get_children() if isinstance(artist, Words))
    return ax, words, update, expression, history


def texts(words, kind):
    """Return {what: text} of the words of one kind that are there."""
    return {key[1]: word.text for key, word in words.places.items() if key[0] == kind and word.text}


# What it shows


def test_the_worked_circuit_has_its_numbers():
    """CS231n notes, Backpropagation: f = (x + y) z at -2, 5, -4."""
    _, words, update, *_, history = opened(*NAMED["product"])
    update(history, 5)
    assert texts(words, "value") == {0: "−2", 1: "5", 2: "−4", 3: "3", 4: "−12"}
    assert texts(words, "grad") == {0: "−4", 1: "−4", 2: "3", 3: "−4", 4: "1"}
    assert texts(words, "gate") == {0: "+", 1: "×"}
    assert texts(words, "input") == {"x": "x", "y": "y", "z": "z"}


def test_what_is_not_known_yet_is_not_shown():
    _, words, update, *_, history = opened(*NAMED["product"])
    shown = []
    for step in range(6):
        update(history, step)
        shown.append((sorted(texts(words, "value")), sorted(texts(words, "grad"))))
    inputs = [0, 1, 2]
    assert shown == [(inputs, []), ([*inputs, 3], []), ([*inputs, 3, 4], []), ([*inputs, 3, 4], [4]),
                     ([*inputs, 3, 4], [2, 3, 4]), ([*inputs, 3, 4], [0, 1, 2, 3, 4])]  # fmt: skip


def test_a_fork_shows_the_sum_and_each_branch_its_part():
    _, words, update, *_, history = opened(*NAMED["twice"])
    update(history, 5)
    assert texts(words, "grad")[0] == "7"  # 2 x + 1
    assert sorted(texts(words, "flow").values()) == ["1", "3", "3"]
    update(history, 4)
    assert texts(words, "grad")[0] == "1" and list(texts(words, "flow").values()) == ["1"]


@pytest.mark.parametrize(
    ("mistake", "found", "right"),
    [({"mistake": "overwrite at forks"}, "✗3", "✓7"), ({"mistake": "wrong sign", "gate": 0}, "✗−5", "✓7")],
)
def test_a_wrong_number_is_boxed_and_crossed_and_the_right_one_stands_below(mistake, found, right):
    _, words, update, *_, history = opened(*NAMED["twice"], **mistake)
    update(history, 5)
    place = words.places["grad", 0]
    assert place.text == found and place.boxed
    below = words.places["right", 0]
    assert below.text == right and below.y < place.y and below.x == place.x
    update(history, 4)  # only one of its parts has come: not wrong, but not done
    assert not place.boxed and below.text == ""
    assert [word.text for key, word in words.places.items() if word.boxed] == []


def test_the_gate_check_of_each_input_stands_below_once_it_is_known():
    _, words, update, *_, history = opened(*NAMED["twice"], mistake="overwrite at forks")
    update(history, 4)
    assert words.places["check", 0, "backward"].text == "·" and words.places["check", 0, "verdict"].text == ""
    update(history, 5)
    row = [words.places["check", 0, part].text for part in ("name", "backward", "wiggle", "verdict")]
    assert row == ["∂f/∂x", "3", "7", "✗ wrong"]
    assert float(words.places["check", 0, "error"].text) == pytest.approx(0.6)  # 4/7 as one digit


def test_gates_tell_their_state_by_more_than_colour():
    *_, update, _, history = opened(*NAMED["product"])
    gates, work, _ = update(history, 3, broken=0)
    dashes = [style[1] for style in gates.get_linestyles()]
    assert dashes[0] is not None and dashes[1] is None
    ring = work.get_path()
    update(history, 1)
    box = work.get_path().get_extents()
    assert ring.get_extents().width < 1 < box.width
    assert box.contains(*gates.get_paths()[0].get_extents().get_points().mean(0))  # around the + gate
    assert not box.contains(*gates.get_paths()[1].get_extents().get_points().mean(0))


@pytest.mark.parametrize("name", NAMED)
def test_an_update_changes_only_what_it_returns(name):
    """Each step painted over a stored background equals the whole figure drawn anew."""
    ax, _, update, _, history = opened(*NAMED[name])
    canvas = ax.figure.canvas
    moving = sorted(update(history, 0), key=lambda artist: artist.get_zorder())
    for artist in moving:
        artist.set_animated(True)
    canvas.draw()
    background = canvas.copy_from_bbox(ax.figure.bbox)
    for step in range(0, len(history.words), 3):
        update(history, step)
        canvas.restore_region(background)
        for artist in moving:
            artist.draw(canvas.get_renderer())
        quick = np.asarray(canvas.buffer_rgba()).copy()
        for artist in moving:
            artist.set_animated(False)
        canvas.draw()
        np.testing.assert_array_equal(quick, np.asarray(canvas.buffer_rgba()))
        for artist in moving:
            artist.set_animated(True)


# Numbers and words


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.0, "0"), (1.0, "1"), (-4.0, "−4"), (0.25, "0.25"), (1 / 3, "0.3333"), (-0.196612, "−0.1966"),
     (1234.4, "1234"), (123456.0, "1.235e5"), (-1.5e-7, "−1.5e−7"), (9999.7, "1e4"), (0.00012346, "0.0001235"),
     (np.nan, ""), (np.inf, "∞"), (-1e-300, "−1e−300"), (100.0, "100"), (2000.0, "2000")],
)  # fmt: skip
def test_numbers_have_at_most_four_digits_and_a_true_minus(value, text):
    assert number(value, 9, 200) == text


def test_a_number_takes_the_room_it_has():
    for value in [-0.12345678, 123.456, 3.14159e-5, -7.7e9, 0.000999, -1234.5]:
        for width in (36, 42, 50, 66):
            text = number(value, 8, width)
            assert width_of(text, 8) <= width + 2, (value, width, text)
            read = float(text.replace("−", "-"))
            assert read == pytest.approx(value, rel=0.3)
    assert number(-0.12345678, 8, 36) == "−0.12"


def test_words_look_as_texts_do():
    """Held to Matplotlib's own text: the same pixels, at most one off."""
    pixels = []
    for ours in (True, False):
        figure = Figure(figsize=(2, 1), dpi=100)
        canvas = FigureCanvasAgg(figure)
        ax = figure.add_axes((0, 0, 1, 1))
        ax.set_axis_off()
        ax.set(xlim=(0, 200), ylim=(0, 100))
        if ours:
            Words(ax).place("a", 20, 40, "−12.5 goes", size=12, align="left", colour="black")
        else:
            ax.text(20, 40, "−12.5 goes", size=12, color="black", va="baseline", ha="left")
        canvas.draw()
        pixels.append(np.asarray(canvas.buffer_rgba())[..., 0] < 128)
    rows, columns = (np.argwhere(page.any(axis=axis)).ravel() for page in pixels[:1] for axis in (1, 0))
    others = [np.argwhere(pixels[1].any(axis=axis)).ravel() for axis in (1, 0)]
    for mine, other in zip((rows, columns), others, strict=True):
        assert abs(mine[0] - other[0]) <= 1 and abs(mine[-1] - other[-1]) <= 1
    assert pixels[0].sum() == pytest.approx(pixels[1].sum(), rel=0.1)


# Nothing lies on anything else


def random_text(rng):
    """A formula of at most 20 gates and 8 inputs."""
    names = list("abcdxyzw")[: rng.integers(1, 9)]

    def part(gates):
        if gates <= 0:
            return str(rng.choice(names))
        kind, first = rng.integers(0, 9), rng.integers(0, gates)
        if kind < 5:
            pair = part(first), part(gates - 1 - first)
            return "max({}, {})".format(*pair) if kind == 4 else "({} {} {})".format(pair[0], "+*-*"[kind], pair[1])
        inner = part(gates - 1)
        return [f"tanh({inner})", f"({inner} + 1)", f"({inner})**2", f"sigmoid({inner})"][kind - 5]

    return part(int(rng.integers(1, 21)))


RANDOM = [random_text(np.random.default_rng(seed)) for seed in range(80)]


def full(history):
    """The last state of a circuit with the longest numbers there can be, every gradient wrong."""

    def long(array):
        return np.full(np.shape(array), -1.2345678e-5)

    return replace(
        history, values=long(history.values), grads=long(history.grads), true_grads=long(history.true_grads),
        flows={end: long(flow) for end, flow in history.flows.items()}, wrong=np.ones_like(history.wrong),
    )  # fmt: skip


def word_boxes(words):
    """Return {key: box in pixels} of all words that are there, their transparent margins taken off."""
    return {key: Bbox.from_extents(*(box.extents + [1, 1, -1, -1])) for key, box in words.boxes().items()}


def overlapping(boxes):
    """Return the pairs of words of which one lies on the other."""
    keys, extents = list(boxes), np.array([box.extents for box in boxes.values()])  # (N, 4)
    low = np.maximum(extents[:, None, :2], extents[None, :, :2])  # (N, N, 2)
    high = np.minimum(extents[:, None, 2:], extents[None, :, 2:])
    found = np.argwhere(np.triu((high - low > 0.5).all(axis=-1), 1))
    return [(keys[i], keys[j]) for i, j in found]


def on_gates(ax, boxes, gates):
    """Return the words that touch a gate or an input's box, other than its own name."""
    shapes = [("gate", path.get_extents()) for path in gates.get_paths()]
    shapes += [("input", patch.get_extents().transformed(ax.transData.inverted())) for patch in ax.patches
               if not isinstance(patch, PathPatch)]  # fmt: skip
    return [(key, sort) for key, box in boxes.items() for sort, shape in shapes
            if key[0] != sort and min(box.x1, shape.x1) - max(box.x0, shape.x0) > 0
            and min(box.y1, shape.y1) - max(box.y0, shape.y0) > 0]  # fmt: skip


def under_wires(ax, boxes):
    """Return the words that a drawn wire runs through."""
    wires = [patch.get_path() for patch in ax.patches if isinstance(patch, PathPatch) and patch.get_zorder() == 1]
    points = np.concatenate([line for wire in wires for line in map(_dense, wire.to_polygons(closed_only=False))])
    own = ("input", "gate")  # which lie on a shape that lies on the wire
    return [key for key, box in boxes.items() if key[0] not in own and box.count_contains(points)]


def _dense(line):
    t = np.linspace(0, 1, 12)[:, None, None]
    return (line[None, :-1] * (1 - t) + line[None, 1:] * t).reshape(-1, 2)


def look(text, values=(), fill=True):
    """Return the faults of a circuit's picture, as far as words are concerned."""
    ax, words, update, _, history = opened(text, values)
    gates, *_ = update(full(history) if fill else history, len(history.words) - 1)
    boxes = word_boxes(words)
    width, height = ax.figure.canvas.get_width_height()
    outside = [key for key, box in boxes.items() if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height]
    return overlapping(boxes), on_gates(ax, boxes, gates), outside, under_wires(ax, boxes)


@pytest.mark.parametrize("name", NAMED)
def test_nothing_lies_on_anything_else(name):
    for fill in (False, True):
        faults = look(*NAMED[name], fill=fill)
        right = [key for key in faults[3] if key[0] != "right"]  # the right numbers below wrong ones may meet a wire
        assert (*faults[:3], right) == ([], [], [], [])


@pytest.mark.parametrize("start", range(0, 80, 40))
def test_in_random_circuits_no_word_lies_on_another_or_on_a_gate(start):
    faults, wires = {}, 0
    for text in RANDOM[start : start + 40]:
        try:
            *bad, under = look(text)
        except graph.ExpressionError:  # no circuit, or no value at these inputs
            continue
        wires += len([key for key in under if key[0] != "right"])
        if any(bad):
            faults[text] = bad
    assert faults == {}
    assert wires <= 2  # of some thousand labels


@pytest.mark.parametrize("name", NAMED)
def test_circuits_are_readable_and_not_too_large(name):
    made = plan(graph.parse(NAMED[name][0]))
    assert made.sizes.font >= 8 and made.width <= WIDEST
    assert made.height <= (TALLEST if name != "large" else 1.25 * TALLEST)


def test_a_chain_of_twenty_gates_is_drawn_to_scale():
    made = plan(graph.parse("tanh(" * 20 + "x" + ")" * 20))
    assert made.width < 1.25 * WIDEST and collisions(made) == (0, 0)


def test_crossings_and_collisions_are_counted():
    straight = plan(graph.parse("f = (x + y) * z"))
    assert crossings(straight) == 0 and collisions(straight) == (0, 0)
    ends = list(straight.wires)
    first, second = (straight.wires[end] for end in ends[:2])  # x and y into +: swap where they start
    crossed = replace(straight, wires=straight.wires | {ends[0]: np.vstack([second[:1], first[1:]]),
                                                        ends[1]: np.vstack([first[:1], second[1:]])})  # fmt: skip
    assert crossings(crossed) == 1
    start, end = straight.labels[0] + [0, 10], straight.gates[0]  # a wire from the number of x into the gate +
    over = replace(straight, wires=straight.wires | {ends[-1]: np.linspace(start, end, 4)})
    assert collisions(over) == (2, 1)  # both numbers of x, and the gate


def test_inputs_stand_in_their_own_order_where_that_crosses_no_wires():
    for name in ("product", "neuron", "max"):
        made = plan(graph.parse(NAMED[name][0]))
        assert (np.diff(made.inputs[:, 1]) < 0).all() and np.ptp(made.inputs[:, 0]) < 1


def test_the_layout_says_nothing_and_is_the_same_each_time(capfd):
    one, two = (plan(graph.parse(NAMED["staged"][0])) for _ in range(2))
    np.testing.assert_array_equal(one.labels, two.labels)
    assert capfd.readouterr() == ("", "")
