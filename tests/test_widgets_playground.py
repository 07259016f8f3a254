"""The playground: points and network are those of the controls, and the picture is what the network says."""

import asyncio
import threading
import time

import numpy as np
import pytest

from cs231n_helpers import data
from cs231n_helpers.layers import Dense, ReLU, Tanh
from cs231n_helpers.network import Network
from cs231n_helpers.plots.style import CLASS_COLOURS
from cs231n_helpers.train import background
from cs231n_helpers.train.surface import COARSE, FINE, REACH, plane, surface
from cs231n_helpers.widgets import Playground, playground


@pytest.fixture
def play(monkeypatch):
    monkeypatch.setattr(playground, "SLOWLY", 0.0)
    monkeypatch.setattr(playground, "EPOCHS", 20)
    widget = Playground(warm_up=3)
    yield widget
    widget.close()
    end = time.monotonic() + 5
    while any(t.name.startswith("cs231n") for t in threading.enumerate()) and time.monotonic() < end:
        time.sleep(0.01)
    assert not [t for t in threading.enumerate() if t.name.startswith("cs231n")]


# --- what is computed -------------------------------------------------------------------------------------------------


def test_the_grid_covers_the_plane_row_by_row_from_below():
    points = plane(4)
    assert points.shape == (16, 2)
    np.testing.assert_allclose(points[0], [-REACH * 0.75, -REACH * 0.75])
    np.testing.assert_allclose(points[1], [-REACH * 0.25, -REACH * 0.75])
    np.testing.assert_allclose(points[-1], [REACH * 0.75, REACH * 0.75])


def test_the_surface_is_what_the_network_says_there():
    """Class 0 wins right of x = 0.3, and is as sure as the logistic function of twice the difference of scores."""
    network = Network([Dense(2)], (2,))
    params = {"dense1.W": np.array([[2.0, 0], [0, 0]], np.float32), "dense1.b": np.array([-0.6, 0], np.float32)}
    seen = surface(network, params)
    x = plane(FINE)[:, 0].reshape(FINE, FINE)
    np.testing.assert_array_equal(seen.labels, x < 0.3)
    chance = 1 / (1 + np.exp(-np.abs(2 * x - 0.6)))
    assert np.abs(seen.certain / 255 - (2 * chance - 1)).max() < 0.003
    assert seen.hidden == {}


def test_hidden_units_answer_where_they_do():
    network = Network([Dense(3), ReLU(), Dense(12), Tanh(), Dense(2)], (2,))
    params = network.init(np.random.default_rng(0))
    params["dense1.W"][:, :2], params["dense1.b"][:2] = [[4, 0], [0, -2]], [0, 1]
    seen = surface(network, params)
    x, y = plane(COARSE).T.reshape(2, COARSE, COARSE)
    assert {name: array.shape for name, array in seen.hidden.items()} == {
        "relu1": (3, COARSE, COARSE), "tanh1": (8, COARSE, COARSE)
    }  # fmt: skip
    np.testing.assert_allclose(seen.hidden["relu1"][0], 127 * np.maximum(0, x) / x.max(), atol=1.01)
    np.testing.assert_allclose(seen.hidden["relu1"][1], 127 * np.maximum(0, 1 - 2 * y) / (1 - 2 * y.min()), atol=1.01)


def test_a_network_that_blew_up_is_a_guess_everywhere():
    network = Network([Dense(4), ReLU(), Dense(3)], (2,))
    params = {name: np.full_like(array, np.nan) for name, array in network.init(np.random.default_rng(0)).items()}
    seen = surface(network, params)
    assert (seen.certain == 0).all() and (seen.hidden["relu1"] == 0).all()


# --- what is shown ----------------------------------------------------------------------------------------------------


def shown_points(widget):
    lines = [line for line in widget.axes["S"].lines if len(line.get_xdata())]
    return [np.stack(line.get_data(), axis=1) for line in lines]


@pytest.mark.parametrize(("name", "classes"), [("spiral", 3), ("circles", 2), ("blobs", 3), ("moons", 2)])
def test_points_are_those_of_the_set(play, name, classes):
    for noise in (0.0, 0.4):
        play.set(data_set=name, noise=noise)
        split = data.load(name, noise=noise, seed=0)
        groups = shown_points(play)
        assert len(groups) == classes
        for label, group in enumerate(groups):
            np.testing.assert_allclose(group, split.X_train[split.y_train == label])


def test_the_picture_has_the_colour_of_the_likeliest_class(play):
    pixels = np.asarray(play.axes["S"].images[0].get_array()).astype(int)
    scores = play.network.predict(play.params, plane(FINE), FINE**2)
    labels = scores.argmax(axis=1).reshape(FINE, FINE)
    wanted = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in CLASS_COLOURS])
    faded = 255 - pixels
    for label in range(3):
        mine = faded[labels == label]
        along = mine @ (255 - wanted[label]) / (np.linalg.norm(mine, axis=1) * np.linalg.norm(255 - wanted[label]))
        assert along.min() > 0.99  # white mixed with this colour, and with no other
    assert play.axes["S"].get_title(loc="left").startswith("epoch 3.0: training ")


def test_the_network_is_that_of_the_controls(play):
    play.set(layers=3, units=5, activation="relu", data_set="moons")
    play.start()
    assert play.wait() and play.state == "finished" and play.error == ""
    assert play.network.describe() == Network(
        [Dense(5), ReLU(), Dense(5), ReLU(), Dense(5), ReLU(), Dense(2)], (2,)
    ).describe()
    assert play.result.step == 20 * 10 and list(play.result.extra.hidden) == ["relu1", "relu2", "relu3"]
    play.set(layers=0)
    play.start()
    assert play.wait() and play.network.describe() == Network([Dense(2)], (2,)).describe() and play.error == ""


def test_a_spiral_is_learned_and_a_line_cannot(monkeypatch):
    monkeypatch.setattr(playground, "SLOWLY", 0.0)
    play = Playground(warm_up=100)
    assert play.result.val_accuracy > 0.95
    play.close()
    line = Playground(warm_up=100, layers=0)
    assert line.result.val_accuracy < 0.75
    line.close()


def test_every_control_changes_the_picture_and_blitting_equals_a_full_drawing(play):
    start = play.live.pixels()
    for name in play.controls:
        for position in play.limits(name):
            play.set(**{name: position})
            shown = play.live.pixels().astype(int)
            assert np.array_equal(shown, start) == (position == play._starts[name]), (name, position)
            play.live.redraw()
            assert np.abs(shown - play.live.pixels()).max() <= 8
        play.reset()


def test_a_run_can_be_paused_rewound_and_thrown_away(play):
    first = play.png
    play.step()
    assert play.wait() and play.state == "paused" and play.result.step == 1
    play.start()
    assert play.wait()
    play.set(moment=0)
    assert "epoch 0.0" in play.axes["S"].get_title(loc="left")
    play.reset()
    assert play.png == first and play.state == "ready"


def test_training_is_slowed_down_so_that_it_is_seen():
    widget = Playground(warm_up=0)
    widget.start()
    time.sleep(0.3)
    widget.pause()
    assert widget.wait() and 3 < widget.result.step < 0.5 / playground.SLOWLY
    widget.close()


def test_without_threads_it_trains_and_draws_in_slices(play, monkeypatch):
    monkeypatch.setattr(background, "THREADS", False)
    before, frames = threading.active_count(), play.frames

    async def use():
        play.start()
        while play.runner.is_training or play._watcher.is_alive():
            await asyncio.sleep(0.01)

    asyncio.run(use())
    assert play.state == "finished" and threading.active_count() == before
    assert play.frames > frames and "epoch 20.0" in play.axes["S"].get_title(loc="left")


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="data_set starts at 'ring', which is not in its list"):
        Playground("ring")
    with pytest.raises(ValueError, match="layers starts at 4"):
        Playground(layers=4)
