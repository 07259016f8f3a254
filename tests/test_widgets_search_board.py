"""The search board: buttons that obey, a picture that tells what happened, and nothing left when it ends."""

import multiprocessing
import os
import signal
import sys
import threading
import time

import ipywidgets as ipw
import numpy as np
import pytest

from cs231n_helpers import search
from cs231n_helpers.widgets import SearchBoard, lifetime

SPACE = {"learning_rate": search.log_uniform(1e-5, 1), "l2": search.log_uniform(1e-6, 1),
         "rule": search.choice("SGD", "Adam")}  # fmt: skip


def hill(values, seed):
    """Best in the middle of the learning rates; a part of the space fails."""
    if values["l2"] > 0.3:
        raise ValueError("l2 is <b>too large</b>")
    return max(0.0, 0.9 - 0.2 * abs(np.log10(values["learning_rate"]) + 2.5))


def rising(values, seed):
    """The higher, the larger the learning rate."""
    return (np.log10(values["learning_rate"]) + 5) / 6


def slow(values, seed):
    """A second of scores, for searches that are ended in the midst."""
    for step in range(100):
        time.sleep(0.01)
        yield 0.5 + step / 1000


@pytest.fixture
def make():
    """Make boards that are closed after the test; neither threads nor processes may live on."""
    made = []

    def make(objective=hill, space=SPACE, **settings):
        made.append(SearchBoard(objective, space, **{"trials": 16, "warm_up": 12} | settings))
        return made[-1]

    yield make
    for board in made:
        board.close()
    end = time.monotonic() + 20
    while (threads() or multiprocessing.active_children()) and time.monotonic() < end:
        time.sleep(0.02)
    assert not threads() and not multiprocessing.active_children()


def threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("cs231n")]


@pytest.fixture
def board(make):
    return make()


def until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def workers_of(board):
    """The processes that finished a trial of the run; the warm-up, shown until it begins, was computed in this one."""
    return [trial.worker for trial in board.results.trials if trial.worker != os.getpid()]


def disabled(board):
    return {name for name, button in board.buttons.by_name.items() if button.disabled}


def dots(board):
    """Places of the trials on the board: done, stopped, failed."""
    return [np.asarray(each.get_offsets()) for each in board.axes["B"].collections[:3]]


def table(board):
    [words] = [artist for artist in board.axes["L"].get_children() if type(artist).__name__ == "Words"]
    return {key: place.text for key, place in words.places.items()}


# --- what is shown when the cell has run ------------------------------------------------------------------------------


def test_the_warm_up_is_the_beginning_of_the_search(board):
    plain = search.run(hill, SPACE, trials=16)
    assert [t.values for t in board.results.trials] == [t.values for t in plain.trials[:12]]
    assert [t.worker for t in board.results.trials] == [os.getpid()] * 12
    assert board.state == "ready" and board.progress.words.value == "warm-up: 12 of 16 trials"
    board.start()
    assert board.wait() and board.state == "finished" and board.error == ""
    assert [t.values for t in board.results.trials] == [t.values for t in plain.trials]
    assert [t.score for t in board.results.ranked()[:5]] == [t.score for t in plain.ranked()[:5]]


def test_every_trial_stands_at_its_place(board):
    done, stopped, failed = dots(board)
    trials = {state: [t for t in board.results.trials if t.state == state] for state in ("done", "failed")}
    for found, state in ((done, "done"), (failed, "failed")):
        expected = [[(np.log10(t.values["learning_rate"]) + 5) / 5, (np.log10(t.values["l2"]) + 6) / 6]
                    for t in trials[state]]  # fmt: skip
        assert found == pytest.approx(np.array(expected).reshape(-1, 2)) and len(stopped) == 0
    board.set(across="rule")
    options = {"SGD": 0.25, "Adam": 0.75}
    assert list(dots(board)[0][:, 0]) == [options[t.values["rule"]] for t in trials["done"]]
    assert board.axes["B"].get_xlabel() == "rule" and len(trials["failed"]) > 0


def test_leaders_and_words_tell_the_best(board):
    ranked = [t for t in board.results.ranked() if t.ok][:5]
    found = table(board)
    for row, trial in enumerate(ranked, 1):
        assert found[row, 1] == f"{trial.score:.1%}" and found[row, 4] == trial.values["rule"]
    assert f"{ranked[0].score:.1%}" in board.verdict[1] and f"best of 12: {ranked[0].score:.1%}" == _title(board, "P")
    assert "&lt;b&gt;too large" in board.said.value and "<b>too large" not in board.said.value


def _title(board, axis):
    return board.axes[axis].get_title(loc="left")


def test_the_rewind_goes_back_to_any_number_of_trials(board):
    scores = [t.score for t in board.results.trials]
    for moment, count in ((0, 0), (50, 6), (100, 12)):
        board.set(moment=moment)
        assert sum(map(len, dots(board))) == count
        best = board.axes["P"].lines[1].get_ydata()
        assert len(best) == (count + 1 if count else 0)
        if count:
            assert best[-1] == np.nanmax(scores[:count])


def test_a_border_that_the_best_crowd_at_is_named_in_words(make):
    board = make(rising, warm_up=16)
    kind, sentence = board.verdict
    assert kind == "at the border" and "upper end of learning_rate" in sentence and "widen" in sentence
    walls = [line for line in board.axes["B"].lines if line.get_visible() and list(line.get_xdata()) == [1, 1]]
    assert len(walls) == 1


def test_without_a_kernel_the_picture_and_its_words_remain(board):
    bundle = board._repr_mimebundle_()
    assert bundle["image/png"] and "a dot for each trial" in bundle["text/plain"]
    assert bundle["text/plain"].endswith("Controls: sampler = 'random', workers = 0, trials = 16, stop_early = False, "
                                         "across = 'learning_rate', up = 'l2', moment = 100")  # fmt: skip


def test_every_setting_at_its_ends_changes_the_picture_and_says_so(board):
    start = board.live.pixels()
    for name in board.controls:
        for position in board.limits(name):
            board.set(**{name: position})
            assert board.error == ""
            changed = position != board._starts[name]
            assert np.array_equal(board.live.pixels(), start) != changed, (name, position)
            waits = changed and name not in ("moment", "across", "up")
            assert board.figure._suptitle.get_text().startswith("at next Start") == waits
            shown = board.live.pixels().astype(int)
            board.live.redraw()
            assert np.abs(shown - board.live.pixels()).max() <= 8, (name, position)
            board.reset()


def test_a_board_needs_two_sides():
    with pytest.raises(ValueError, match="two settings"):
        SearchBoard(hill, {"l2": SPACE["l2"]})


def test_two_settings_need_no_menus(make):
    board = make(rising, {name: SPACE[name] for name in ("learning_rate", "l2")})
    assert list(board.controls) == ["sampler", "workers", "trials", "stop_early", "moment"]


# --- searching --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "count"), [("grid", 8), ("coarse to fine", 16)])
def test_samplers_can_be_chosen(board, name, count):
    board.set(sampler=name)
    board.start()
    assert board.wait() and board.state == "finished"
    sampler = search.grid(2) if name == "grid" else search.coarse_to_fine()
    plain = search.run(hill, SPACE, sampler=sampler, trials=None if name == "grid" else 16)
    assert [t.values for t in board.results.trials] == [t.values for t in plain.trials] and len(plain.trials) == count


def test_hopeless_trials_are_triangles(make):
    board = make(slow_or_not, stop_early=True, warm_up=4)
    board.start()
    assert board.wait() and board.state == "finished"
    stopped = [t for t in board.results.trials if t.state == "stopped"]
    assert len(stopped) == len(dots(board)[1]) > 0


def slow_or_not(values, seed):
    """Three scores."""
    yield from [rising(values, seed) * part for part in (0.5, 0.8, 1)]


def test_two_workers_side_by_side_find_the_same(make):
    board = make(workers=2, warm_up=4)
    board.start()
    assert disabled(board) == {"start"}
    assert board.wait(100) and board.state == "finished" and board.error == ""
    plain = search.run(hill, SPACE, trials=16)
    assert [t.values for t in board.results.trials] == [t.values for t in plain.trials]
    assert os.getpid() not in {t.worker for t in board.results.trials}
    assert disabled(board) == {"stop"}


def test_a_killed_worker_costs_nothing_but_its_time(make):
    board = make(slow, trials=5, workers=2, warm_up=1)
    board.start()
    until(lambda: workers_of(board), 60)
    os.kill(workers_of(board)[0], signal.SIGTERM)
    assert board.wait(100) and board.state == "finished" and board.error == ""
    assert [t.score for t in board.results.trials] == [pytest.approx(0.599)] * 5


def test_stop_answers_at_once_and_leaves_nothing(make):
    board = make(slow, trials=40, warm_up=1)
    board.start()
    until(lambda: board.runner.session is not None and board.state == "running")
    time.sleep(0.3)
    start = time.monotonic()
    board.stop()
    assert time.monotonic() - start < 1 and board.state == "stopped" and disabled(board) == {"stop"}
    assert board.wait(10) and time.monotonic() - start < 3 and board.error == ""
    board.start()
    until(lambda: len(board.results.trials) >= 1)
    board.reset()
    assert board.wait(10) and board.state == "ready" and len(board.results.trials) == 1


def test_stop_ends_workers_in_mid_trial(make):
    board = make(slow, trials=40, workers=2, warm_up=1)
    board.start()
    until(lambda: workers_of(board), 60)
    board.stop()
    assert board.wait(20) and board.state == "stopped"
    assert not multiprocessing.active_children()


def test_ten_starts_are_one_search(make):
    board = make(slow, trials=4, warm_up=1)
    for _ in range(10):
        board.start()
    assert sum(thread.name == "cs231n-training" for thread in threads()) <= 1
    assert board.wait() and len(board.results.trials) == 4


def test_reset_brings_the_first_picture_back(board):
    first = board.png
    board.set(sampler="grid", trials=30)
    board.start()
    board.wait()
    board.reset()
    assert board.png == first == board.picture.value and board.values["sampler"] == "random"


def test_without_optuna_a_sentence_says_so_and_the_board_goes_on(board, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    board.set(sampler="Bayesian")
    assert board.error == ""
    board.start()
    assert board.wait() and board.state == "failed"
    assert "Optuna" in board.error and "pip install optuna" in board.message.value
    board.set(sampler="random")
    board.start()
    assert board.wait() and board.state == "finished" and board.error == ""


def test_an_objective_that_workers_cannot_have_is_said(make):
    board = make(lambda values, seed: rising(values, seed), workers=1, warm_up=2)
    board.start()
    assert board.wait(60) and board.state == "failed" and "worker" in board.error
    board.set(workers=0)
    board.start()
    assert board.wait() and board.state == "finished" and board.error == ""


def test_a_journal_is_gone_on_with(make, tmp_path):
    board = make(path=tmp_path / "search.jsonl")
    for _ in range(2):
        board.start()
        assert board.wait() and board.state == "finished"
    assert len((tmp_path / "search.jsonl").read_text().splitlines()) == 1 + 16 + 1


def test_a_cell_run_again_ends_the_old_search(monkeypatch):
    request = iter([("cell", run) for run in range(3)])
    monkeypatch.setattr(lifetime, "_running_cell", lambda: next(request))
    board = SearchBoard(slow, SPACE, trials=8, warm_up=1)
    count = len(ipw.widgets.widget._instances)
    for _ in range(2):
        board.start()
        board = SearchBoard(slow, SPACE, trials=8, warm_up=1)
        assert len(ipw.widgets.widget._instances) == count
        until(lambda: not threads(), 10)
    board.close()
    assert (board.results, board.live, board.objective) == (None, None, None)
