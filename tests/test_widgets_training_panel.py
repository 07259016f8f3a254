"""The training panel: its buttons obey, whatever is pressed in whatever order, and its picture tells what happened."""

import threading
import time

import ipywidgets as ipw
import numpy as np
import pytest

from cs231n_helpers import data, losses, metrics, optim, threads, train, transfer
from cs231n_helpers.initializers import zeros
from cs231n_helpers.layers import Dense, ReLU, Tanh
from cs231n_helpers.network import Network
from cs231n_helpers.train.session import Session
from cs231n_helpers.train.settings import Settings, examples
from cs231n_helpers.widgets import TrainingPanel, lifetime, log
from cs231n_helpers.widgets.training_words import verdict_html

SPLIT = data.load("fashion_mnist", train=600, val=200, test=0)
READY = examples(SPLIT)


def two_layer(hidden=20, activation="relu"):
    """One hidden layer."""
    return Network([Dense(hidden), Tanh() if activation == "tanh" else ReLU(), Dense(10)], (28, 28, 1))


def linear():
    """No hidden layer."""
    return Network([Dense(10, init=zeros)], (28, 28, 1))


def deep(depth=0):
    """As many hidden layers as one likes."""
    return Network([layer for _ in range(depth) for layer in (Dense(12), ReLU())] + [Dense(10)], (28, 28, 1))


@pytest.fixture
def make():
    """Make panels that are closed after the test; nothing of them may live on."""
    made = []

    def make(build=two_layer, **settings):
        made.append(TrainingPanel(build, READY, **{"epochs": 5, "warm_up": 1} | settings))
        return made[-1]

    yield make
    for panel in made:
        panel.close()
    end = time.monotonic() + 5
    while _alive() and time.monotonic() < end:
        time.sleep(0.01)
    assert not _alive()


def _alive():
    return [thread for thread in threading.enumerate() if thread.name.startswith("cs231n")]


@pytest.fixture
def panel(make):
    return make(hidden=(10, 30, 10), activation=["relu", "tanh"])


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.002)
    assert condition()


def disabled(panel):
    return {name for name, button in panel.buttons.by_name.items() if button.disabled}


def slow_down(monkeypatch, seconds=0.05):
    """Let every step take a while, so that a run is still going on when it is asked for something."""
    advance = Session.advance

    def slowly(session):
        time.sleep(seconds)
        return advance(session)

    monkeypatch.setattr(Session, "advance", slowly)


# --- what is shown when the cell has run ------------------------------------------------------------------------------


def test_the_warm_up_is_a_plain_run_of_the_first_epochs(panel):
    network = two_layer()
    session = Session(network, SPLIT, Settings(epochs=5))
    with threads.limit(1):
        for _ in range(6):
            session.advance()
    for name, array in session.params.items():
        np.testing.assert_array_equal(panel.params[name], array)
    scores = network.predict(session.params, READY.X_val)
    assert panel.result.val_accuracy == metrics.accuracy(scores, READY.y_val)
    assert (panel.result.step, panel.result.epoch, panel.state) == (6, 1.0, "ready")
    assert [m.step for m in panel.history.moments] == list(range(7))


def test_without_a_kernel_the_picture_and_its_words_remain(panel):
    bundle = panel._repr_mimebundle_()
    assert bundle["text/plain"].endswith(
        "Controls: hidden = 20, activation = 'relu', learning_rate = 0.1, l2 = 1e-06, batch = 100, rule = 'SGD', "
        "schedule = 'constant', augment = False, epochs = 5, moment = 100"
    )
    assert bundle["image/png"] and "training and validation images" in bundle["text/plain"]


@pytest.mark.parametrize(("build", "axes"), [(two_layer, "LAFHGRD"), (linear, "LAFR"), (deep, "LAFR")])
def test_instruments_fit_the_network(make, build, axes):
    assert set(make(build).axes) == set(axes)


def test_a_layer_that_a_slider_can_add_has_its_instruments(make):
    panel = make(deep, depth=(0, 3))
    assert set(panel.axes) == set("LAFHGRD")
    panel.set(depth=3)
    panel.start()
    assert panel.wait() and panel.error == "" and set(panel.result.dead) == {"relu1", "relu2", "relu3"}


def test_points_have_no_pictures(make):
    split = data.load("moons")
    panel = TrainingPanel(lambda hidden=8: Network([Dense(hidden), ReLU(), Dense(2)], (2,)), split, epochs=5, batch=20)
    assert set(panel.axes) == set("LAHGRD") and "augment" not in panel.controls
    panel.close()


def test_the_templates_of_a_linear_classifier_have_their_names(make):
    panel = make(linear)
    assert set(SPLIT.class_names) <= {text.get_text() for text in panel.axes["F"].texts}


# --- what is drawn ----------------------------------------------------------------------------------------------------


def test_curves_and_titles_tell_the_moment(panel):
    for moment in (0, 50, 100):
        panel.set(moment=moment)
        at = panel.history.moments[round(moment / 100 * 6)]
        loss, accuracy = panel.axes["L"], panel.axes["A"]
        assert loss.get_title(loc="left") == f"loss: {at.loss:.3g}, validation {at.val_loss:.3g}"
        assert accuracy.get_title(loc="left") == f"accuracy: {at.train_accuracy:.1%}, validation {at.val_accuracy:.1%}"
    series = {tuple(line.get_ydata()) for line in panel.axes["A"].lines}
    assert tuple(m.train_accuracy for m in panel.history.moments) in series
    assert tuple(m.val_accuracy for m in panel.history.moments) in series


def test_the_rewind_moves_all_instruments_together(panel):
    pictures = []
    for moment in (0, 100):
        panel.set(moment=moment)
        at = panel.history.moments[round(moment / 100 * 6)]
        dots = [line for line in panel.axes["L"].lines if line.get_marker() in ("o", "s")]
        assert [dot.get_xdata()[0] for dot in dots] == [at.epoch] * 2
        hill = panel.axes["H"].patches[0].get_xy()
        assert hill[:, 0].max() == pytest.approx(at.reading.activations["relu1"].edges[-1])
        pictures.append(panel.live.pixels())
    boxes = {name: ax.bbox for name, ax in panel.axes.items()}
    height = panel.live.size[1]
    for name in "LAFHGRD":
        box = boxes[name]
        rows, columns = slice(int(height - box.y1), int(height - box.y0)), slice(int(box.x0), int(box.x1))
        assert (pictures[0][rows, columns] != pictures[1][rows, columns]).any(), name


@pytest.mark.parametrize("changes", [{}, {"moment": 0}, {"moment": 40, "learning_rate": 1.0, "hidden": 30}])
def test_what_is_shown_equals_a_full_drawing(panel, changes):
    panel.pin()
    panel.set(**changes)
    shown = panel.live.pixels().astype(int)
    panel.live.redraw()
    assert np.abs(shown - panel.live.pixels()).max() <= 8


def test_every_setting_at_its_ends_changes_the_picture_and_says_so(panel):
    start = panel.live.pixels()
    words = {"learning_rate": "lr", "moment": "", "augment": "augment True"}
    for name in panel.controls:
        for position in panel.limits(name):
            panel.set(**{name: position})
            changed = position != panel._starts[name]
            assert np.array_equal(panel.live.pixels(), start) != changed, (name, position)
            line = panel.figure._suptitle.get_text()
            if changed and name != "moment":
                assert f"at next Start: {words.get(name, name.replace('_', ' '))}" in line
        panel.reset()
    assert "next Start" not in panel.figure._suptitle.get_text()


def test_the_last_digit_of_a_power_of_ten_waits_for_no_start(panel):
    """The browser computes 10 ** -0.75 a little differently and sends it back."""
    start = panel.values["learning_rate"]
    panel.set(learning_rate=start * (1 + 2e-16))
    assert "next Start" not in panel.figure._suptitle.get_text()
    panel.set(learning_rate=start * 10**0.25)
    assert panel.figure._suptitle.get_text().startswith("at next Start: lr")
    panel.reset()


# --- running ----------------------------------------------------------------------------------------------------------


def test_a_run_in_the_panel_is_the_run_of_train_epochs(panel):
    panel.set(rule="Momentum", learning_rate=0.1, hidden=10, batch=200, l2=1e-2)
    panel.start()
    assert panel.wait() and panel.state == "finished"
    network = two_layer(hidden=10)
    params = network.init(np.random.default_rng(0))
    rng = np.random.default_rng(0)
    *_, last = train.epochs(network, params, READY, optim.Momentum(0.1), count=5, batch=200, rng=rng, l2=1e-2)
    for name, array in last.params.items():
        np.testing.assert_array_equal(panel.params[name], array)
    assert panel.result.val_accuracy == last.val_accuracy and panel.progress.bar.value == 1
    assert panel.figure._suptitle.get_text() == "hidden 10, activation relu, Momentum, lr 0.1, l2 0.01, batch 200"


def test_the_left_end_of_l2_is_no_penalty(make):
    panel = make(linear, learning_rate=0.1)
    assert panel._chosen()["l2"] == 0.0 and ", l2 0," in panel.figure._suptitle.get_text()
    panel.set(l2=panel.controls["l2"].base ** panel.controls["l2"].max)
    assert panel._chosen()["l2"] == pytest.approx(1.0)


def test_buttons_can_be_pressed_when_they_make_sense(panel, monkeypatch):
    slow_down(monkeypatch)
    assert disabled(panel) == {"pause", "stop", "unpin"}
    panel.buttons.by_name["start"].click()
    assert disabled(panel) == {"start", "step", "repeat", "unpin"}
    panel.buttons.by_name["pause"].click()
    assert disabled(panel) == {"pause", "repeat", "unpin"}
    assert panel.buttons.by_name["start"].description == "Go on"
    panel.buttons.by_name["stop"].click()
    assert disabled(panel) == {"pause", "stop", "unpin"}
    panel.buttons.by_name["pin"].click()
    assert disabled(panel) == {"pause", "stop"}
    panel.buttons.by_name["unpin"].click()
    panel.buttons.by_name["reset"].click()
    assert disabled(panel) == {"pause", "stop", "unpin"} and panel.state == "ready"


def test_steps_are_shown_one_by_one(panel):
    for number in (1, 2, 3):
        panel.step()
        assert panel.wait() and panel.state == "paused"
        assert panel.result.step == number and f"step {number} of 30" in panel.progress.words.value
        dots = [line for line in panel.axes["L"].lines if line.get_marker() == "o"]
        assert dots[0].get_xdata()[0] == pytest.approx(number / 6)


def test_a_start_shows_the_newest_moment_again(panel):
    panel.set(moment=0)
    panel.start()
    assert panel.wait() and panel.values["moment"] == 100
    dots = [line for line in panel.axes["L"].lines if line.get_marker() == "o"]
    assert dots[0].get_xdata()[0] == panel.result.epoch == 5


def test_a_long_warm_up_has_more_moments(make):
    assert len(make(linear, warm_up=5, batch=10).history.moments) == 1 + 300 // (300 // 15)


def test_ten_starts_are_one_run(panel, monkeypatch):
    slow_down(monkeypatch, 0.01)
    for _ in range(10):
        panel.start()
    assert sum(thread.name == "cs231n-training" for thread in threading.enumerate()) <= 1
    assert panel.wait() and panel.state == "finished" and panel.result.step == 30


def test_reset_in_mid_step_brings_the_first_picture_back(panel, monkeypatch):
    first = panel.png
    slow_down(monkeypatch)
    panel.set(learning_rate=1.0, hidden=30)
    panel.start()
    until(lambda: panel.runner.session is not None and panel.runner.session.taken >= 2)
    panel.reset()
    until(lambda: panel.png == first)  # a picture that was being drawn is drawn to its end, then anew
    time.sleep(0.2)
    assert panel.png == first == panel.picture.value and panel.state == "ready" and panel.result.step == 6
    assert panel.values["hidden"] == 20
    panel.start()
    assert panel.wait() and panel.result.step == 30


def test_sliders_dragged_while_it_trains_lose_nothing(panel, monkeypatch):
    slow_down(monkeypatch, 0.01)
    panel.set(epochs=30)
    panel.start()
    until(lambda: panel.runner.session is not None)
    for number in range(200):
        panel.controls["hidden"].value = (10, 20, 30)[number % 3]
        panel.controls["moment"].value = number % 101
    assert panel.state == "running" and panel.error == ""
    panel.pause()
    assert panel.wait()
    at = round(panel.values["moment"] / 100 * (len(panel.history.moments) - 1))
    dots = [line for line in panel.axes["L"].lines if line.get_marker() == "o"]
    assert dots[0].get_xdata()[0] == panel.history.moments[at].epoch
    assert panel.network.count() == two_layer(20).count()  # the run that goes on is the one that was started
    assert "hidden 20, activation" in panel.figure._suptitle.get_text()
    assert "at next Start: hidden 20" not in panel.figure._suptitle.get_text()
    assert "at next Start: hidden 10" in _with(panel, hidden=10)


def _with(panel, **values):
    panel.set(**values)
    return panel.figure._suptitle.get_text()


def test_the_learning_rate_acts_at_once(panel, monkeypatch):
    slow_down(monkeypatch, 0.02)
    panel.start()
    until(lambda: panel.runner.session is not None and panel.runner.session.taken > 2)
    panel.controls["learning_rate"].value = 0.01
    assert panel.wait()
    rates = [m.rate for m in panel.history.moments]
    assert (rates[0], rates[-1]) == (0.1, pytest.approx(0.01))
    assert "lr 0.1 → 0.01, l2" in panel.figure._suptitle.get_text()


def test_closing_in_mid_run_leaves_no_thread(make, monkeypatch):
    slow_down(monkeypatch)
    panel = make()
    panel.start()
    until(lambda: panel.runner.is_training)
    panel.close()
    until(lambda: not _alive(), 2)
    panel.close()
    assert (panel.data, panel._warmed, panel.live, panel.history) == (None,) * 4  # IPython's list keeps the rest


def test_a_cell_run_again_ends_the_old_run(monkeypatch):
    request = iter([("cell", run) for run in range(4)])
    monkeypatch.setattr(lifetime, "_running_cell", lambda: next(request))
    slow_down(monkeypatch, 0.01)
    first = TrainingPanel(linear, READY, epochs=30)
    count = len(ipw.widgets.widget._instances)
    for _ in range(3):
        first.start()
        first = TrainingPanel(linear, READY, epochs=30)
        assert len(ipw.widgets.widget._instances) == count
        until(lambda: not _alive(), 3)
    first.close()


def test_a_network_that_cannot_be_built_is_said_and_the_panel_goes_on(make):
    def fragile(hidden=10):
        if hidden == 30:
            raise ValueError("thirty is <b>too many</b>")
        return two_layer(hidden)

    panel = make(fragile, hidden=(10, 30, 10))
    panel.set(hidden=30)
    panel.start()
    assert panel.wait() and panel.state == "failed"
    assert "thirty is <b>too many</b>" in panel.error and "&lt;b&gt;" in panel.message.value
    panel.set(hidden=20)
    panel.start()
    assert panel.wait() and panel.state == "finished" and panel.error == ""


def test_a_run_that_blows_up_is_drawn_and_said(panel):
    panel.set(learning_rate=10.0)
    panel.start()
    assert panel.wait() and panel.state == "finished" and panel.error == ""
    kind, _ = panel.verdict
    assert kind == "diverged" and "diverged" in panel.said.value
    for moment in (0, 50, 100):
        panel.set(moment=moment)
        assert panel.error == ""


def test_memory_of_a_long_run_is_bounded(make):
    panel = make(linear, epochs=30, batch=10)
    panel.start()
    assert panel.wait() and panel.result.step == 1800
    assert len(panel.history.moments) <= 200 and len(panel.history.losses) < 1000


# --- comparing --------------------------------------------------------------------------------------------------------


def test_pinned_runs_stay_behind_the_next(panel):
    panel.start()
    panel.wait()
    kept = [m.val_accuracy for m in panel.history.moments]
    panel.pin()
    panel.set(learning_rate=1e-3)
    panel.start()
    panel.wait()
    behind = [line for line in panel.axes["A"].lines if line.get_visible() and list(line.get_ydata()) == kept]
    assert len(behind) == 1 and "lr 0.1" in panel.pinned.value and f"{max(kept):.1%}" in panel.pinned.value
    for _ in range(4):
        panel.pin()
    assert panel.pinned.value.count("pinned:") == 3
    panel.unpin()
    assert panel.pinned.value == "" and not [
        line for line in panel.axes["A"].lines if line.get_visible() and list(line.get_ydata()) == kept
    ]


def test_three_seeds_make_a_band(panel):
    panel.repeat()
    assert panel.wait() and panel.state == "finished" and panel.error == ""
    histories = panel.runner.session.histories
    assert len(histories) == 3 and [h.settings.seed for h in histories] == [0, 1, 2]
    assert len({tuple(m.step for m in h.moments) for h in histories}) == 1
    assert "3 seeds of hidden 20" in panel.pinned.value
    [band] = [patch for patch in panel.axes["A"].patches if patch.get_visible()]
    ends = [h.last.val_accuracy for h in histories]
    at_end = band.get_xy()[np.isclose(band.get_xy()[:, 0], 5.0)][:, 1]
    assert (at_end.min(), at_end.max()) == (pytest.approx(min(ends)), pytest.approx(max(ends)))


def test_what_is_said_is_text_and_no_markup():
    assert "&lt;b&gt; of &amp;" in verdict_html("good", "<b> of &", "off")


def test_augmentation_says_what_it_costs(panel):
    panel.set(augment=True)
    panel.start()
    assert panel.wait()
    assert "augmenting a batch takes 0.31 MB and" in panel.progress.words.value  # 100 * 28 * 28 * 4 bytes
    assert "augmented" in panel.figure._suptitle.get_text()


# --- what the learner is told -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("settings", "words"), [
    ({"size": (1, 3)}, "two_layer has no argument size"), ({"hidden": 3}, "hidden=3 is no control"),
    ({"fixed": {"momentum": 0.9}}, "no setting 'momentum'"), ({"rule": ["sgd"]}, "rule must be one of 'SGD'"),
    ({"learning_rate": 100.0}, "TrainingPanel: learning_rate starts at 100.0, outside 0.0001 to 10"),
    ({"batch": 0}, "batch must be at least 1"), ({"fixed": {"epochs": 0}}, "epochs must be at least 1"),
])  # fmt: skip
def test_settings_that_make_no_sense_are_refused(make, settings, words):
    with pytest.raises((TypeError, ValueError), match=words):
        make(**settings)


def test_controls_can_be_changed_and_left_out(make):
    panel = make(learning_rate=log(1e-3, 1e0, 2), batch=[20, 60], rule=None, schedule=None, augment=None,
                 fixed={"epochs": 3, "rule": "Adam"})  # fmt: skip
    assert list(panel.controls) == ["learning_rate", "l2", "batch", "moment"]
    assert panel.values["learning_rate"] == pytest.approx(0.1) and panel.values["batch"] == 20
    panel.start()
    panel.wait()
    assert panel.result.step == 90 and panel.figure._suptitle.get_text().startswith("Adam, lr 0.1")


def test_a_start_value_goes_to_the_nearest_place(make):
    assert make(learning_rate=0.03).values["learning_rate"] == pytest.approx(10**-1.5)
    assert make(batch=50).limits("batch") == [1, 10, 32, 50, 64, 100, 200, 500]
    assert make(epochs=40).limits("epochs") == [1, 40, 40]


def test_a_build_function_may_bring_its_own_params(make):
    params = linear().init(np.random.default_rng(0))
    params["dense1.b"] = np.full(10, 7, np.float32)
    panel = make(lambda: (linear(), params), warm_up=0)
    np.testing.assert_array_equal(panel.params["dense1.b"], 7)
    assert panel.result.step == 0
    panel.step()
    panel.wait()
    assert np.abs(panel.params["dense1.b"] - 7).max() < 0.2 and (params["dense1.b"] == 7).all()


def test_other_losses_may_be_trained(make):
    panel = make(linear, loss=losses.svm)
    assert panel.history.moments[0].train_loss == pytest.approx(9.0)
    low, high = panel.axes["L"].get_ylim()
    assert low < 0.5 and high > 20


def test_a_plan_freezes_arrays_and_slows_others(make):
    def tuned(upto=1, factor=0.5):
        return network, params, transfer.plan(network, params, upto, factor)

    network = two_layer()
    params = network.init(np.random.default_rng(0))
    panel = make(tuned, upto=(0, 1), factor=(0.1, 1.0, 0.1), learning_rate=0.1)
    assert panel.params["dense1.W"] is params["dense1.W"] and panel.params["dense2.W"] is not params["dense2.W"]
    assert list(panel.result.ratios) == ["dense2.W"]
    panel.set(upto=0, factor=0.1)
    panel.start()
    assert panel.wait() and panel.error == "" and panel.params["dense1.W"] is not params["dense1.W"]
    assert set(panel.result.ratios) == {"dense1.W", "dense2.W"}
