"""What a learner does to a figure with controls, on figures made for it: drags, storms, errors, cells run again."""

import time

import pytest
from drive import Driver, Report
from film import Film
from timing import press

EXECUTION = {"line": 2, "montage": 3, "points": 4, "numbers": 5, "faulty": 6, "circuit": 7}
PARTS = {"line": 5, "montage": 3, "points": 4, "numbers": 7, "faulty": 1, "circuit": 10}


@pytest.fixture(scope="module")
def nb(opened):
    nb = opened("scratch")
    yield nb
    nb.close()


def state(nb, cell):
    return nb.kernel(f"_inside.state(Out[{EXECUTION[cell]}])")


def until(what, seconds=5):
    """Wait until something holds: two browsers on two cores are not always quick."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


def slider(nb, cell, control, place=0):
    return nb.show(cell).locator(f".cs231n-name-{control} .noUi-handle").nth(place)


def newest_is_shown(nb, cell):
    return nb.shows_the_newest(cell, f"Out[{EXECUTION[cell]}]")


def mouse_to(nb, cell, pixel):
    """Where a pixel of the picture lies in the window."""
    box = nb.page.locator(f'[data-cs231n-cell="{cell}"] .cs231n-pointer').bounding_box()
    return box["x"] + pixel[0], box["y"] + pixel[1]


def place_of(nb, point):
    return nb.kernel(f"w = Out[4]; _inside.tell(w.live.pixels_at(w.axes, w.values['points'])[{point}])")


@pytest.mark.parametrize("cell", EXECUTION)
def test_every_sort_of_control_answers_to_the_keyboard(nb, cell):
    report = Report()
    Driver(nb, cell, EXECUTION[cell], report).run()
    assert report.faults == []
    assert len({row[1:3] for row in report.rows}) == PARTS[cell]


def test_arrow_keys_on_a_menu_stay_in_the_cell(nb):
    menu = nb.show("line").locator("select")
    menu.focus()
    for key in ("ArrowDown", "ArrowUp", "m", "x"):  # JupyterLab would go to another cell, change its kind, cut it
        nb.page.keyboard.press(key)
    assert menu.evaluate("(menu) => menu === document.activeElement")
    assert nb.page.evaluate("() => cs231n.cells().map((cell) => cell.model.id + cell.model.type)") == [
        f"{cell}code" for cell in ("setup", *EXECUTION)
    ]


def test_focus_is_seen(nb):
    """A focused control looks different from one that is not."""
    node = nb.show("line")
    for selector in (".noUi-handle", "select", "input[type=checkbox]", "button >> nth=-1"):
        control = node.locator(selector).first
        control.scroll_into_view_if_needed()
        nb.page.evaluate("() => document.activeElement.blur()")
        box = control.bounding_box()
        around = {"x": box["x"] - 6, "y": box["y"] - 6, "width": box["width"] + 12, "height": box["height"] + 12}
        before = nb.page.screenshot(clip=around)
        control.focus()
        nb.page.keyboard.press("Shift")  # tells the browser that the keyboard is in use
        assert nb.page.screenshot(clip=around) != before, selector


def test_a_point_follows_the_mouse(nb):
    nb.show("points").locator(".cs231n-pointer").scroll_into_view_if_needed()
    nb.js("arm", "points")
    start, target = place_of(nb, 2), (200, 250)
    nb.page.mouse.move(*mouse_to(nb, "points", start))
    nb.page.mouse.down()
    nb.page.mouse.move(*mouse_to(nb, "points", target), steps=12)
    nb.page.mouse.up()
    nb.js("quiet", 200)
    assert place_of(nb, 2) == pytest.approx(target, abs=1.5)
    assert state(nb, "points")["values"][0] == 2  # the point that was pressed is the chosen one
    assert newest_is_shown(nb, "points")
    nb.page.mouse.move(*mouse_to(nb, "points", (300, 300)))  # without a button nothing moves
    nb.js("quiet", 200)
    assert place_of(nb, 2) == pytest.approx(target, abs=1.5)


def test_a_storm_of_drags_does_not_lag(nb):
    """Half a second after the last of many events the last state is drawn, and no frame on the way is bad."""
    handle = slider(nb, "montage", "step")
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    nb.js("arm", "montage")
    film = Film(nb.page, nb.page.locator('[data-cs231n-cell="montage"] .cs231n-picture').bounding_box())
    nb.js("look", "montage")
    nb.page.mouse.move(x, y)
    nb.page.mouse.down()
    end = time.monotonic() + 3
    while time.monotonic() < end:
        nb.page.mouse.move(x + 80, y, steps=10)
        nb.page.mouse.move(x - 80, y, steps=10)
    nb.page.mouse.move(x + 60, y, steps=3)
    nb.page.mouse.up()
    seen, frames = nb.js("quiet", 400), nb.js("looked")
    film.stop()
    assert seen["painted"] - seen["pressed"] < 500
    assert newest_is_shown(nb, "montage")
    assert seen["pictures"] > 10  # it moved all the while
    assert frames["frames"] > 20 and frames["jumps"] == 0
    assert len(film.contrasts) > 10 and min(film.contrasts) > 20  # as the page was painted, never without a picture


def test_play_moves_the_slider_until_it_is_stopped(nb):
    play, stop = (nb.show("line").locator(".widget-play button").nth(i) for i in (0, 1))
    nb.js("arm", "line")
    play.click()
    nb.js("next", 4, 5000)
    playing = state(nb, "line")["values"][0]
    stop.click()
    nb.js("quiet", 300)
    assert playing >= 4
    assert newest_is_shown(nb, "line")


def test_an_error_is_shown_as_text_and_goes_away(nb):
    handle, line = slider(nb, "faulty", "k"), nb.show("faulty").locator(".cs231n-error")
    nb.js("arm", "faulty")
    handle.focus()
    press(nb, "Home", 600)
    for _ in range(4):
        press(nb, "ArrowRight")
    height = nb.js("sizes", "faulty")
    nb.page.keyboard.press("ArrowRight")
    line.get_by_text("ValueError").wait_for()
    assert "k = 5" in line.inner_text() and "<b>five</b> & nothing else" in line.inner_text()
    assert line.locator("b").count() == 0
    assert nb.js("sizes", "faulty") == height
    assert press(nb, "ArrowRight") is not None
    assert line.inner_text().strip() == ""
    assert newest_is_shown(nb, "faulty")


def test_a_formula_is_typed_wrongly_then_rightly_in_a_circuit(nb):
    node = nb.show("circuit")
    box, line = node.locator(".cs231n-name-expression input"), node.locator(".cs231n-error")
    nb.js("arm", "circuit")
    before = nb.js("picture", "circuit")
    box.fill("f = (x + <b>y</b> * z")
    nb.page.keyboard.press("Enter")
    line.get_by_text("^").wait_for()
    assert "<b>y</b>" in line.inner_text() and line.locator("b").count() == 0
    assert nb.js("picture", "circuit") == before
    assert press(nb, "Home") is None  # a key in the box moves no slider
    box.fill("f = x * y + cost")
    assert press(nb, "Enter") is not None
    line.get_by_text("^").wait_for(state="detached")
    assert node.locator(".cs231n-name-cost .noUi-handle").count() == 1
    assert node.locator(".cs231n-name-z").count() == 0
    assert newest_is_shown(nb, "circuit") and nb.js("sizes", "circuit")[0] == nb.js("sizes", "circuit")[1]
    node.get_by_role("button", name="Reset").click()
    until(lambda: nb.js("picture", "circuit") == before)
    assert box.input_value() == "f = (x + y) * z"


def test_a_circuit_tells_its_steps_to_those_who_hear_the_page(nb):
    node = nb.show("circuit")
    node.get_by_role("button", name="Forward").focus()
    nb.js("arm", "circuit")
    press(nb, "Enter")
    press(nb, "Enter")
    node.get_by_role("status").get_by_text("3").wait_for(state="attached")
    assert "step 1 of 5" in node.get_by_role("status").inner_text()
    node.get_by_role("button", name="Reset").click()
    nb.js("quiet", 300)


def test_a_circuit_plays_from_its_inputs_to_its_last_step_and_stops(nb):
    node = nb.show("circuit")
    play = node.get_by_role("button", name="Play")
    nb.js("arm", "circuit")
    play.click()
    node.get_by_role("button", name="Pause").wait_for()
    nb.js("next", 0, 3000)
    assert state(nb, "circuit")["values"][5] == 0  # it stood at its end
    nb.js("next", 5, 9000)
    play.wait_for()
    nb.js("quiet", 1500)
    assert state(nb, "circuit")["values"][5] == 5 and newest_is_shown(nb, "circuit")


def test_a_cell_that_runs_fifty_times_leaves_nothing_behind(nb):
    for _ in range(20):  # the heap finds its size
        nb.run_cell("numbers")
    before = nb.kernel("_inside.footprint()")
    for _ in range(50):
        nb.run_cell("numbers")
    after = nb.kernel("_inside.footprint()")
    assert after["widgets"] == before["widgets"]
    assert after["threads"] <= before["threads"]
    assert after["figures"] == before["figures"]
    assert after["MB"] < before["MB"] + 20


def test_the_stored_picture_is_shown_before_anything_runs(lab, opened):
    """A notebook as it is committed, opened and not run: the picture stands where the controls will be."""
    import nbformat
    from nbclient import NotebookClient

    from tools.notebooks import normalise

    file = lab.folder / "scratch.ipynb"
    book = nbformat.read(file, 4)
    NotebookClient(book, store_widget_state=False).execute()
    nbformat.write(normalise(book), lab.folder / "stored.ipynb")
    nb = opened("stored", run=False)
    for cell in EXECUTION:
        nb.show(cell)
        nb.page.wait_for_function("(cell) => cs231n.image(cell)?.naturalWidth > 0", arg=cell)
        assert nb.js("sizes", cell)[0][0] >= 600
    assert nb.faults() == []
    nb.close()
