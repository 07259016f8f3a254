"""The widget core: what is drawn, what a control does, and what happens when something goes wrong."""

import base64
import io
import threading
import time

import ipywidgets as ipw
import numpy as np
import pytest
from PIL import Image

from cs231n_helpers.widgets import Numbers, Points, Press, explore, lifetime, log, peek, picture

X = np.linspace(0.0, 6.0, 50)


def wave(ax, height=1.0, waves=3, kind="sin", dashed=False):
    """A wave; its height is a control.

    This second paragraph is not part of the description.
    """
    (line,) = ax.plot(X, height * np.sin(waves * X))
    ax.set_ylim(-3, 3)
    title = ax.set_title(f"height {height}")

    def update(height, waves, kind, dashed):
        line.set_ydata(height * getattr(np, kind)(waves * X))
        line.set_linestyle("--" if dashed else "-")
        title.set_text(f"height {height:.1f}")
        return [line, title]

    return update


def make_wave(**changes):
    controls = {"height": (0.0, 2.0, 0.1), "waves": (1, 9), "kind": ["sin", "cos"], "dashed": False} | changes
    return explore(wave, **controls)


def decoded(png):
    return np.asarray(Image.open(io.BytesIO(png)))


# What is drawn


def test_the_picture_follows_the_controls():
    widget = make_wave()
    widget.set(height=2.0, kind="cos")
    np.testing.assert_allclose(widget.axes.lines[0].get_ydata(), 2 * np.cos(3 * X))
    np.testing.assert_array_equal(decoded(widget.picture.value), widget.live.pixels())


def test_blitting_equals_a_full_drawing():
    widget = make_wave()
    widget.set(height=0.3, waves=7, dashed=True)
    blitted = widget.live.pixels()
    widget.live.redraw()
    np.testing.assert_array_equal(blitted, widget.live.pixels())


def test_what_lies_above_a_moving_artist_stays_above():
    def draw(ax, grey=0.5):
        """A grey image below a red line."""
        image = ax.imshow(np.full((2, 2), grey), vmin=0, vmax=1, cmap="gray", extent=(0, 1, 0, 1))
        ax.plot([0, 1], [0.5, 0.5], "r", lw=20)

        def update(grey):
            image.set_data(np.full((2, 2), grey))
            return [image]

        return update

    widget = explore(draw, grey=(0.0, 1.0, 0.1))
    red = (widget.live.pixels() == [255, 0, 0]).all(axis=2).sum()
    widget.set(grey=0.0)
    assert red > 1000
    assert (widget.live.pixels() == [255, 0, 0]).all(axis=2).sum() == red


def test_changed_limits_and_a_silent_update_draw_the_whole_figure():
    def draw(ax, top=1.0):
        """An empty plot."""

        def update(top):
            ax.set_ylim(0, top)
            return [] if top < 5 else None

        return update

    widget = explore(draw, top=(1.0, 9.0, 1.0))
    for top in (2.0, 8.0):
        widget.set(top=top)
        shown = widget.live.pixels()
        widget.live.redraw()
        np.testing.assert_array_equal(shown, widget.live.pixels())


@pytest.mark.parametrize(("axes", "kind"), [(None, "Axes"), ((1, 2), "ndarray"), ("AB", "dict")])
def test_axes_come_as_asked_for(axes, kind):
    def draw(ax, k=1):
        """Nothing."""
        assert type(ax).__name__ == kind
        return lambda k: []

    explore(draw, axes=axes, k=(1, 3))


def test_a_still_picture_is_the_figure_without_controls():
    still, widget = picture(wave, height=2.0), make_wave()
    widget.set(height=2.0)
    np.testing.assert_array_equal(decoded(still.png), widget.live.pixels())
    assert still._repr_mimebundle_()["text/plain"] == "A wave; its height is a control."


# What the learner is told


@pytest.mark.parametrize(
    ("controls", "words"),
    [
        ({"height": 3}, "no control.*slider"),
        ({"height": "x"}, "no control"),
        ({"height": (2.0, 3.0)}, "starts at 1.0, outside 2.0 to 3.0"),
        ({"height": (3.0, 2.0)}, "low < high"),
        ({"height": (0.0, 3.0, 0.0)}, "step above 0"),
        ({"height": log(0, 1)}, "0 < low"),
        ({"height": log(0.3, 30)}, r"starts at 1.0, which is not a position: 0.3 times a power of 10\^\(1/4\)"),
        ({"height": (0.0, 3.0, 0.3)}, "starts at 1.0, which is not 0.0 [+] a number of steps of 0.3"),
        ({"kind": ["cos", "tan"]}, "not in its list"),
        ({"size": (1, 3)}, "no argument size; it has height"),
    ],
)
def test_a_spec_that_is_no_control_is_refused_with_a_sentence(controls, words):
    with pytest.raises((TypeError, ValueError), match=words):
        explore(wave, **controls)


def test_a_drawing_function_is_checked():
    def no_default(ax, k):
        """Words."""

    def no_words(ax, k=1):
        return lambda k: []

    def no_update(ax, k=1):
        """Words."""

    for draw, words in [(no_default, "default value"), (no_words, "docstring"), (no_update, "must return a function")]:
        with pytest.raises((TypeError, ValueError), match=words):
            explore(draw, k=(1, 3))


def failing(ax, k=1):
    """A picture that fails at 3."""
    text = ax.text(0.5, 0.5, "1")

    def update(k):
        if k == 3:
            raise ValueError("k = 3 is <b>bad</b>")
        text.set_text(str(k))
        return [text]

    return update


def test_an_error_in_a_callback_is_shown_escaped_and_the_control_stays_usable():
    widget = explore(failing, k=(1, 9))
    before = widget.picture.value
    widget.set(k=3)
    assert "k = 3 is <b>bad</b>" in widget.error
    assert "update, line" in widget.error
    assert "&lt;b&gt;bad" in widget.message.value and "<b>" not in widget.message.value
    assert widget.picture.value == before
    widget.set(k=4)
    assert widget.error == "" and widget.message.value == ""
    assert widget.picture.value != before


def test_an_interrupt_is_not_swallowed_and_does_not_block_the_widget():
    def draw(ax, k=1):
        """Interrupted at 3."""
        text = ax.text(0.5, 0.5, "1")

        def update(k):
            if k == 3:
                raise KeyboardInterrupt
            text.set_text(str(k))
            return [text]

        return update

    widget = explore(draw, k=(1, 9))
    with pytest.raises(KeyboardInterrupt):
        widget.set(k=3)
    before = widget.picture.value
    widget.set(k=5)
    assert widget.picture.value != before


def test_without_a_kernel_the_picture_and_its_words_remain():
    widget = make_wave()
    bundle = widget._repr_mimebundle_()
    np.testing.assert_array_equal(decoded(base64.b64decode(bundle["image/png"])), widget.live.pixels())
    assert bundle["text/plain"] == (
        "A wave; its height is a control.\nControls: height = 1, waves = 3, kind = 'sin', dashed = False"
    )
    assert "application/vnd.jupyter.widget-view+json" in bundle


# Events


def test_events_from_many_threads_are_drawn_one_at_a_time_and_the_newest_wins():
    drawing, overlaps = threading.Lock(), []

    def draw(ax, k=0):
        """A slow picture."""
        text = ax.text(0.5, 0.5, "0")

        def update(k):
            overlaps.append(not drawing.acquire(blocking=False))
            time.sleep(0.005)
            text.set_text(str(k))
            drawing.release()
            return [text]

        return update

    widget = explore(draw, k=(0, 500))
    threads = [threading.Thread(target=widget.set, kwargs={"k": k}) for k in range(1, 201)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not any(overlaps)
    assert widget.frames < 150  # most of the 200 states were passed over
    assert widget.axes.texts[0].get_text() == str(widget.values["k"])


def test_two_controls_set_together_draw_once():
    widget = make_wave()
    frames = widget.frames
    widget.set(height=2.0, waves=5, dashed=True)
    assert widget.frames == frames + 1
    widget.reset()
    assert widget.values == {"height": 1.0, "waves": 3, "kind": "sin", "dashed": False}
    assert widget.frames == frames + 2


def test_a_cell_run_again_closes_what_it_made_before(monkeypatch):
    request = iter([("cell-a", run) for run in range(50)] + [("cell-b", 0), ("cell-b", 0)])
    monkeypatch.setattr(lifetime, "_running_cell", lambda: next(request))
    first = make_wave()
    open_after_one = len(ipw.widgets.widget._instances)
    for _ in range(49):
        last = make_wave()
    assert len(ipw.widgets.widget._instances) == open_after_one
    assert first.comm is None and last.comm is not None
    both = [make_wave(), make_wave()]  # two in one cell live side by side
    assert all(widget.comm is not None for widget in both)


# Controls


def test_sliders_take_their_form_from_the_numbers():
    widget = make_wave()
    assert isinstance(widget.controls["waves"], ipw.IntSlider)
    assert isinstance(widget.controls["height"], ipw.FloatSlider)
    assert isinstance(widget.controls["kind"], ipw.Dropdown)
    assert isinstance(widget.controls["dashed"], ipw.Checkbox)
    assert widget.limits("height") == [0.0, 1.0, 2.0]
    assert widget.limits("kind") == ["sin", "cos"]


def test_a_slider_means_the_number_that_it_shows():
    seen = []

    def draw(ax, height=1.0):
        """A text."""
        return lambda height: seen.append(height)

    widget = explore(draw, height=(0.0, 20.0, 0.5))
    widget.controls["height"].set_state({"value": 19.500000000000004})  # as a page sends it, having added up steps
    assert seen[-1] == 19.5 and widget.values == {"height": 19.5}
    widget = explore(draw, height=log(1e-2, 1e2))
    before = len(seen)
    widget.controls["height"].set_state({"value": 1.0000000000000002})
    assert len(seen) == before and widget.values == {"height": 1.0}


def test_a_log_slider_moves_by_factors():
    widget = make_wave(height=log(1e-3, 1e1, steps=2))
    slider = widget.controls["height"]
    assert (slider.min, slider.max, slider.step) == (-3, 1, 0.5)
    np.testing.assert_allclose(widget.limits("height"), [1e-3, 1.0, 1e1])


def test_labels_are_wide_enough_for_their_words():
    def draw(ax, learning_rate_of_the_first_layer=1):
        """Nothing."""
        return lambda learning_rate_of_the_first_layer: []

    widget = explore(draw, learning_rate_of_the_first_layer=(1, 2))
    slider = widget.controls["learning_rate_of_the_first_layer"]
    assert slider.description == "learning rate of the first layer"
    assert int(slider.style.description_width.removesuffix("px")) >= 6.5 * len(slider.description)

    def narrow(ax, moment=1):
        """Nothing."""
        return lambda moment: []

    wide = explore(narrow, moment=(1, 2)).controls["moment"]  # 55 pixels in the page, and some beside it
    assert int(wide.style.description_width.removesuffix("px")) >= 62


def test_a_menu_is_wide_enough_for_its_longest_entry():
    def draw(ax, way="short"):
        """Nothing."""
        return lambda way: []

    def beside_its_label(*entries):
        menu = explore(draw, way=["short", *entries]).controls["way"]
        return int(menu.layout.width.removesuffix("px")) - int(menu.style.description_width.removesuffix("px"))

    assert beside_its_label() == beside_its_label("nineteen characters") == 180
    assert beside_its_label("clothes to shoes and bags", "other") >= 210


def test_a_button_counts_its_presses():
    def draw(ax, seed=0):
        """A number."""
        text = ax.text(0, 0, "0")

        def update(seed):
            text.set_text(str(seed))
            return [text]

        return update

    widget = explore(draw, seed=Press("New directions"))
    for _ in range(3):
        widget.controls["seed"].click()
    assert widget.axes.texts[0].get_text() == "3"


def test_number_boxes_give_an_array_and_take_one():
    def draw(ax, W=None):
        """An image of W."""
        image = ax.imshow(W, vmin=-5, vmax=5)

        def update(W):
            image.set_data(W)
            return [image]

        return update

    widget = explore(draw, W=Numbers(np.eye(2, 3), low=-5, high=5))
    widget.controls["W"].boxes[5].value = 4.0
    np.testing.assert_array_equal(widget.axes.images[0].get_array(), [[1, 0, 0], [0, 1, 4]])
    frames = widget.frames
    widget.set(W=np.zeros((2, 3)))
    assert widget.frames == frames + 1
    assert [box.value for box in widget.controls["W"].boxes] == [0] * 6


@pytest.mark.parametrize(("step", "shown"), [(0.25, ".2f"), (0.1, ".1f"), (0.5, ".1f"), (0.02, ".2f"), (1 / 3, ".4f")])
def test_a_slider_shows_its_places_and_not_their_neighbours(step, shown):
    widget = explore(wave_of_three, height=(0.0, 1.0, step))
    assert widget.controls["height"].readout_format == shown


@pytest.mark.parametrize(("low", "high", "shown"), [(1e-3, 1.0, ".2r"), (1, 1000, ".2r"), (1e-5, 10, ".1e"),
                                                    (1, 1e9, ".1e")])  # fmt: skip
def test_a_logarithmic_slider_shows_plain_numbers_where_they_are_short(low, high, shown):
    def draw(ax, scale=1.0):
        """A heading."""
        return lambda scale: [ax.set_title(f"{scale:g}")]

    assert explore(draw, scale=log(low, high, 1)).controls["scale"].readout_format == shown


@pytest.mark.parametrize(("play", "words"), [("height", "another control"), ("steep", "another control"),
                                             ("nothing", "no such control")])  # fmt: skip
def test_what_has_no_whole_steps_is_not_played(play, words):
    with pytest.raises(TypeError, match=f"play='{play}' must name a slider of whole numbers; .*{words}"):
        explore(wave_of_three, waves=(1, 9), height=(0.0, 1.0), steep=log(1e-2, 1e0), play=play)


def wave_of_three(ax, waves=1, height=0.0, steep=1e-1):
    """Nothing is drawn."""
    return lambda **values: []


def test_play_moves_the_slider_in_the_browser():
    widget = explore(wave, waves=(1, 9, 2), play="waves")
    beside = widget.controls["waves"]
    (pair,) = [box for box in widget.children[0].children if beside in getattr(box, "children", ())]
    (player,) = [child for child in pair.children if isinstance(child, ipw.Play)]
    assert (player.min, player.max, player.step, player.value) == (1, 9, 2, 3)


# Points


def dots(ax, places=None, size=40):
    """Dots at places."""
    scatter = ax.scatter(*places.T, s=size)
    ax.set(xlim=(0, 1), ylim=(0, 1))

    def update(places, size):
        scatter.set_offsets(places)
        scatter.set_sizes([size])
        return [scatter]

    return update


PLACES = np.array([[0.2, 0.2], [0.5, 0.8], [0.8, 0.3]])


@pytest.fixture
def points():
    return explore(dots, places=Points(PLACES), size=(10, 90))


def drag(widget, start, *steps):
    ax = widget.axes
    for down, place in [(True, start), *((False, step) for step in steps)]:
        x, y = widget.live.pixels_at(ax, np.array([place]))[0]
        widget._dragged(widget.picture, {"down": down, "x": x, "y": y}, None)


def test_a_point_is_dragged_with_the_mouse(points):
    drag(points, (0.51, 0.79), (0.6, 0.6), (0.9, 0.1))
    np.testing.assert_allclose(points.values["places"], [PLACES[0], [0.9, 0.1], PLACES[2]], atol=1e-9)
    np.testing.assert_allclose(points.axes.collections[0].get_offsets(), points.values["places"])
    assert points.controls["places"].point.value == 1
    np.testing.assert_allclose(points.controls["places"].x.value, 0.9)


def test_a_drag_that_starts_beside_the_points_moves_nothing_and_one_beyond_the_bounds_stops_there(points):
    drag(points, (0.05, 0.95), (0.5, 0.5))
    np.testing.assert_array_equal(points.values["places"], PLACES)
    drag(points, PLACES[0], (7.0, -3.0))
    np.testing.assert_array_equal(points.values["places"][0], [1.0, 0.0])


def test_a_point_is_moved_with_sliders_and_choosing_one_moves_none(points):
    control = points.controls["places"]
    control.point.value = 2
    np.testing.assert_array_equal(points.values["places"], PLACES)
    assert (control.x.value, control.y.value) == (0.8, 0.3)
    ring = points.axes.lines[-1]
    np.testing.assert_allclose(np.ravel(ring.get_data()), PLACES[2])
    control.y.value = 0.9
    np.testing.assert_array_equal(points.values["places"], [PLACES[0], PLACES[1], [0.8, 0.9]])
    np.testing.assert_allclose(np.ravel(ring.get_data()), [0.8, 0.9])
    blitted = points.live.pixels()
    points.live.redraw()
    np.testing.assert_array_equal(blitted, points.live.pixels())


def test_peek_shows_the_source_folded():
    markdown = peek(log)._repr_markdown_()
    assert markdown.startswith("<details><summary>Source of <code>cs231n_helpers.widgets.controls.log</code>")
    assert "\n\n```python\n@dataclass(frozen=True)\nclass log" in markdown and markdown.endswith("```\n\n</details>")
    assert repr(peek(log)) == "source of cs231n_helpers.widgets.controls.log"
    with pytest.raises(TypeError, match="peek: give a function"):
        peek(3)
