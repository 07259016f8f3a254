"""The instruments of a training run draw the numbers they are given, and quick words stand where slow ones do."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cs231n_helpers.plots import panel, quick
from cs231n_helpers.train.history import History, Moment
from cs231n_helpers.train.watch import Reading, Spread


def spread(high, zero=0.0):
    shares = np.arange(1.0, 41)
    return Spread(np.linspace(0, high, 41), shares / shares.sum() * (1 - zero), zero)


def history(layers=2, moments=4):
    names = [f"relu{i + 1}" for i in range(layers)]
    weights = [f"dense{i + 1}.W" for i in range(layers + 1)]
    made = []
    for n in range(moments):
        reading = Reading({name: spread(1 + n, 0.25) for name in names}, {name: spread(-3) for name in weights},
                          dict.fromkeys(names, 0.1 * n), {name: 10.0 ** -(i + 2) for i, name in enumerate(weights)},
                          np.full((4, 6, 6, 1), 40 * n, np.uint8))  # fmt: skip
        made.append(Moment(10 * n, n, 2.0 / (n + 1), 0.2 * n, 0.15 * n, 2.0 / (n + 1), 2.5 / (n + 1), 0.1, reading))
    losses = 2.0 / np.linspace(1, 4, 30)
    return History(np.arange(1.0, 31), losses, losses, tuple(made), 10, 30, 10)


@pytest.fixture
def drawn():
    figure = Figure(figsize=(8.4, 6.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplot_mosaic("LLLAAA;FFHHGG;FFRRDD")
    return axes, panel.cockpit(axes, 8, 4, None, (6, 6, 1), (0.02, 8))


def curves_of(ax):
    return [np.array(line.get_data(), float) for line in ax.lines if line.get_visible() and len(line.get_xdata()) > 2]


def has(ax, xs, ys):
    """Whether a visible line of the axis goes through exactly these points."""
    return any(curve.shape == (2, len(ys)) and np.allclose(curve, [xs, ys]) for curve in curves_of(ax))


def test_curves_are_those_of_the_history(drawn):
    axes, update = drawn
    run = history()
    update(run, 2, "words", epochs=5)
    mean = [run.losses[max(0, i - 4) : i + 1].mean() for i in range(30)]
    assert has(axes["L"], run.steps / 10, run.losses)
    assert has(axes["L"], run.steps / 10, mean)
    assert has(axes["L"], range(4), [2.5, 1.25, 2.5 / 3, 0.625])
    assert has(axes["A"], range(4), [0, 0.2, 0.4, 0.6])
    assert has(axes["R"], range(4), [1e-3] * 4)
    assert has(axes["D"], range(4), [0, 0.1, 0.2, 0.3])
    for name in "LARD":
        assert axes[name].get_xlim() == (0, 5)
        assert [2, 2] in [list(line.get_xdata()) for line in axes[name].lines]  # the dotted line


def test_what_is_seen_of_a_moment_is_that_of_the_moment(drawn):
    axes, update = drawn
    for at in (1, 3):
        update(history(), at, "words", reach=(0.0, 5.0))
        hill = axes["H"].patches[0].get_xy()
        assert (hill[:, 0].min(), hill[:, 0].max()) == (0, 1 + at)
        heights = hill[:, 1] - hill[:, 1].min()
        np.testing.assert_allclose(np.unique(heights.round(9))[1:] / heights.max(), np.arange(1, 41) / 40, rtol=1e-6)
        assert axes["D"].get_title(loc="left") == f"dead units: {10 * at}% at most"
        pixels = np.asarray(axes["F"].images[0].get_array())
        assert (pixels[20, 20] == 40 * at).all()
        assert axes["L"].get_title(loc="left") == f"loss: {2 / (at + 1):.3g}, validation {2.5 / (at + 1):.3g}"


def test_more_layers_than_there_is_room_for_are_thinned_out(drawn):
    names = [f"dense{i}.W" for i in range(1, 14)]
    assert panel.some(names) == [names[i] for i in (0, 2, 5, 7, 10, 12)] and panel.some(names[:6]) == names[:6]
    axes, update = drawn
    update(history(layers=12), 1, "words")
    assert sum(patch.get_visible() for patch in axes["H"].patches) == panel.ROWS


def test_fewer_layers_than_before_leave_nothing_behind(drawn):
    axes, update = drawn
    update(history(layers=5), 1, "words")
    update(history(layers=1), 1, "words")
    assert sum(patch.get_visible() for patch in axes["H"].patches) == 1
    assert sum(patch.get_visible() for patch in axes["G"].patches) == 2
    assert len(curves_of(axes["D"])) == 1


def test_numbers_that_are_not_finite_are_a_dash_and_huge_ones_leave_the_picture(drawn):
    axes, update = drawn
    run = history()
    last = run.moments[-1]
    moment = Moment(40, 4, 1e37, np.nan, np.nan, np.nan, np.nan, 0.1, last.reading)
    blown = History(run.steps, run.losses * 1e30, run.recent, (*run.moments, moment), 10, 30, 10)
    update(blown, 4, "words")
    assert axes["L"].get_title(loc="left") == "loss: 1e+37, validation \N{EM DASH}"
    assert axes["A"].get_title(loc="left") == "accuracy: \N{EM DASH}, validation \N{EM DASH}"
    assert max(curve[1].max() for curve in curves_of(axes["L"]) if np.isfinite(curve).all()) <= 8 * 1.01


def test_pinned_runs_and_their_bands(drawn):
    axes, update = drawn
    xs = np.linspace(0, 3, 7)
    pin = {"name": "a", "loss_epochs": xs, "loss": 2 - xs / 3, "loss_low": 1.5 - xs / 3, "loss_high": 2.5 - xs / 3,
           "accuracy_epochs": xs, "accuracy": xs / 4, "accuracy_low": None, "accuracy_high": None}  # fmt: skip
    update(history(), 1, "words", pins=[pin])
    assert has(axes["L"], xs, 2 - xs / 3)
    assert has(axes["A"], xs, xs / 4)
    [band] = [patch.get_xy() for patch in axes["L"].patches if patch.get_visible()]
    assert {(x, round(y, 6)) for x, y in band if x == 3} == {(3, 0.5), (3, 1.5)}
    assert not [patch for patch in axes["A"].patches if patch.get_visible()]
    update(history(), 1, "words")
    assert not has(axes["A"], xs, xs / 4)


def ink_of(words, place, make):
    """Draw a text on an empty figure; return how dark each pixel is."""
    figure = Figure(figsize=(6, 2))
    canvas, ax = FigureCanvasAgg(figure), figure.subplots()
    ax.set_axis_off()
    if place == "suptitle":
        make(figure.suptitle(words, x=0.01, ha="left", fontsize=9))
    elif place == "title":
        make(ax.set_title(words, loc="left", fontsize=10))
    else:
        make(ax.text(0.5, 0.5, words, ha="center", va="center", fontsize=12))
    canvas.draw()
    return 255 - np.asarray(canvas.buffer_rgba())[..., :3].min(axis=2).astype(int)


@pytest.mark.parametrize("words", ["loss: 0.395, validation 0.417", "jumpy gap, 100% → 3"])
@pytest.mark.parametrize("place", ["title", "suptitle", "middle"])
def test_quick_words_stand_where_the_slow_ones_stand(words, place):
    inks = [ink_of(words, place, make) for make in (lambda text: text, quick.quick)]
    slow, fast = ([np.flatnonzero(ink.sum(axis=axis))[[0, -1]] for axis in (0, 1)] for ink in inks)
    assert np.abs(np.subtract(slow, fast)).max() <= 7  # pixels: letters are fitted to the pixels a little differently
    assert abs(slow[0][0] - fast[0][0]) <= (4 if place == "middle" else 1) and np.abs(slow[1] - fast[1]).max() <= 2
    assert inks[1].sum() == pytest.approx(inks[0].sum(), rel=0.1)


def test_quick_words_leave_formulas_to_matplotlib():
    figure = Figure()
    canvas = FigureCanvasAgg(figure)
    pixels = []
    for make in (lambda text: text, quick.quick):
        figure.clear()
        make(figure.text(0.5, 0.5, r"$\alpha^2$ and more"))
        canvas.draw()
        pixels.append(np.array(canvas.buffer_rgba()))
    np.testing.assert_array_equal(*pixels)


@pytest.mark.parametrize(("name", "words", "word"), [
    ("dense1.W", "dense1", "dense1"), ("residual1.conv2.W", "residual1.conv2", "residual1"),
    ("fire7.parallel1.branch2.conv1.W", "fire7.p1b2.conv1", "fire7"),
    ("residual1.shortcut.conv1", "residual1.s.conv1", "residual1"),
])  # fmt: skip
def test_names_of_layers_within_blocks_are_short(name, words, word):
    assert panel.brief(name) == words and panel.brief(name, most=1) == word
