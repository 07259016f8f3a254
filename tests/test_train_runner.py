"""Runs in the background: they obey, they are recorded, and nothing of them is left behind."""

import asyncio
import itertools
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from cs231n_helpers import losses, optim, train
from cs231n_helpers.layers import Dense, Dropout, ReLU
from cs231n_helpers.network import Network
from cs231n_helpers.train import background, history, repeat
from cs231n_helpers.train.runner import Runner
from cs231n_helpers.train.session import Session
from cs231n_helpers.train.settings import SCHEDULES, Settings, examples


def points(n=120, seed=0):
    """Three clouds in the plane, as a split."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n + 60, 2)).astype(np.float32)
    y = rng.integers(0, 3, n + 60)
    X += np.array([[0, 3], [3, 0], [-3, -3]], np.float32)[y]
    for array in (X, y):
        array.setflags(write=False)
    return SimpleNamespace(X_train=X[:n], y_train=y[:n], X_val=X[n:], y_val=y[n:], X_test=X[:0], y_test=y[:0],
                           class_names=("a", "b", "c"))  # fmt: skip


NET = Network([Dense(8), ReLU(), Dropout(0.8), Dense(3)], (2,))


def session(**changes):
    return Session(NET, points(), Settings(**{"learning_rate": 0.1, "batch": 20, "epochs": 50} | changes), every=10)


class Slow:
    """A stand-in for a session whose steps take 0.05 s; it counts how many threads are in it at once."""

    inside, overlap = itertools.count(), False

    def __init__(self, steps=10**6, fails_at=None):
        self.taken, self.steps, self.fails_at, self.busy, self.looks = 0, steps, fails_at, False, 0
        self.history = SimpleNamespace(moments=())

    @property
    def done(self):
        return self.taken >= self.steps

    def advance(self):
        Slow.overlap |= self.busy
        self.busy = True
        time.sleep(0.05)
        self.taken += 1
        self.busy = False
        if self.taken == self.fails_at:
            raise ValueError("step refused")
        return not self.done

    def look(self):
        self.looks += 1


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    end = time.monotonic() + 5
    while any(t.name.startswith("cs231n") for t in threading.enumerate()) and time.monotonic() < end:
        time.sleep(0.01)
    assert not [t for t in threading.enumerate() if t.name.startswith("cs231n")]


def until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.002)
    assert condition()


# --- the run itself ---------------------------------------------------------------------------------------------------


def test_a_run_in_the_background_is_the_run_of_train_steps():
    runner = Runner(session)
    runner.start()
    assert runner.wait(30) and runner.state == "finished"
    split, settings = points(), Settings()
    params = NET.init(np.random.default_rng(settings.seed))
    plain = train.steps(NET, params, split.X_train, split.y_train, optim.SGD(0.1), count=300, batch=20,
                        rng=np.random.default_rng(settings.seed))  # fmt: skip
    last = list(plain)[-1]
    for name, array in last.params.items():
        np.testing.assert_array_equal(runner.session.params[name], array)
    assert runner.history.last.step == 300 and runner.history.last.epoch == 50


def test_pausing_and_stepping_change_nothing_but_the_time_it_takes():
    whole, runner = session(), Runner(session)
    while whole.advance():
        pass
    for _ in range(3):
        assert runner.step()
        runner.wait()
    assert (runner.state, runner.session.taken, runner.history.last.step) == ("paused", 3, 3)
    runner.start()
    until(lambda: runner.session.taken > 5)
    runner.pause()
    runner.wait()
    at = runner.session.taken
    assert runner.state == "paused" and runner.history.last.step == at  # a pause has a look of its own
    runner.start()
    runner.wait()
    assert runner.state == "finished"
    for name, array in whole.params.items():
        np.testing.assert_array_equal(runner.session.params[name], array)


def test_orders_are_obeyed_within_one_step_and_shown_at_once():
    slow = Slow()
    runner = Runner(lambda: slow)
    runner.start()
    until(lambda: slow.taken >= 1)
    start = time.perf_counter()
    assert runner.pause()
    assert time.perf_counter() - start < 0.02 and runner.state == "paused"
    at = slow.taken
    assert runner.wait(1)
    assert time.perf_counter() - start < 0.25
    assert slow.taken <= at + 1
    runner.stop()
    assert runner.state == "stopped" and not runner.pause() and not runner.stop()


def test_ten_starts_are_one_run():
    made, runner = [], None

    def begin():
        made.append(Slow(4))
        return made[-1]

    runner = Runner(begin)
    answers = [runner.start() for _ in range(10)]
    runner.wait()
    assert answers == [True] + [False] * 9
    assert len(made) == 1 and made[0].taken == 4 and not Slow.overlap


def test_pause_and_start_in_a_hurry_never_train_twice_at_once():
    slow = Slow()
    runner = Runner(lambda: slow)
    for _ in range(20):
        runner.start()
        runner.pause()
        runner.step()
        runner.pause()
    runner.start()
    until(lambda: slow.taken > 2)
    runner.close()
    assert not Slow.overlap


def test_reset_in_mid_step_forgets_the_run_and_a_new_one_can_begin():
    made = []

    def begin():
        made.append(Slow())
        return made[-1]

    runner = Runner(begin)
    runner.start()
    until(lambda: made and made[0].busy)
    runner.reset()
    assert (runner.state, runner.session, runner.history) == ("ready", None, None)
    runner.start()
    until(lambda: len(made) == 2 and made[1].taken > 1)
    taken = made[0].taken
    assert runner.session is made[1] and taken <= 2
    runner.close()
    assert made[0].taken == taken and not runner.is_training


def test_an_error_in_a_step_is_kept_and_the_next_run_works():
    sessions = [Slow(fails_at=2), Slow(2)]
    runner = Runner(lambda: sessions.pop(0))
    runner.start()
    runner.wait()
    assert (runner.state, runner.error) == ("failed", "ValueError: step refused")
    assert runner.start()
    runner.wait()
    assert (runner.state, runner.error) == ("finished", "")


def test_an_error_while_the_session_is_made_is_kept_too():
    def begin():
        raise ValueError("no such network")

    runner = Runner(begin)
    runner.start()
    runner.wait()
    assert runner.state == "failed" and "no such network" in runner.error and runner.history is None


def test_blas_has_one_thread_around_the_steps(monkeypatch):
    import threadpoolctl

    seen = []

    class Looks(Slow):
        def advance(self):
            seen.extend(pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas")
            return super().advance()

    with threadpoolctl.threadpool_limits(2):
        runner = Runner(lambda: Looks(2))
        runner.start()
        runner.wait()
    assert set(seen) == {1}


def test_where_there_are_no_threads_it_trains_in_slices(monkeypatch):
    monkeypatch.setattr(background, "THREADS", False)
    before = threading.active_count()

    async def use():
        runner, ticks = Runner(lambda: session(epochs=1000)), 0  # longer than a slice
        runner.start()
        while runner.state == "running":
            await asyncio.sleep(0)
            ticks += 1
            if ticks == 1:
                assert runner.pause() and runner.state == "paused"
                await asyncio.sleep(0.05)
                assert not runner.is_training
                runner.start()
        return runner

    runner = asyncio.run(use())
    assert runner.state == "finished" and runner.history.last.step == 6000
    assert threading.active_count() == before


# --- what is recorded -------------------------------------------------------------------------------------------------


def test_a_loss_that_is_not_finite_ends_the_run_in_words():
    run = session(learning_rate=1e30, epochs=5)
    while run.advance():
        pass
    last = run.history.last
    assert run.done and "loss became" in last.stopped and "1e+30" in last.stopped
    assert all(np.isfinite(array).all() for array in run.params.values())


def test_the_learning_rate_acts_at_once_and_keeps_its_schedule():
    run = session(schedule="1/t", learning_rate=0.2)
    run.advance()
    run.rate = 0.02
    for _ in range(9):
        run.advance()
    assert run.history.last.rate == pytest.approx(0.02 / (1 + 9 * (9 / 6) / 50))  # after 9 steps of 6 an epoch, of 50


@pytest.mark.parametrize(
    ("name", "end"), [("constant", 1), ("step", 0.3**3), ("exponential", np.exp(-3)), ("1/t", 0.1)]
)
def test_schedules_are_stretched_over_the_run(name, end):
    assert SCHEDULES[name](0.5, 0.0) == 0.5
    assert SCHEDULES[name](0.5, 1.0) == pytest.approx(0.5 * end)


def test_moments_hold_what_a_plain_computation_gives():
    run = session()
    for _ in range(20):
        run.advance()
    split, moment = points(), run.history.last
    scores = NET.predict(run.params, split.X_val)
    assert moment.step == 20 and moment.epoch == 20 / 6
    assert moment.val_accuracy == pytest.approx((scores.argmax(axis=1) == split.y_val).mean())
    assert moment.val_loss == pytest.approx(losses.softmax(scores, split.y_val)[0])
    assert set(moment.ratios) == {"dense1.W", "dense2.W"}
    steps = [step for step, _ in zip(train.steps(NET, NET.init(np.random.default_rng(0)), split.X_train, split.y_train,
             optim.SGD(0.1), batch=20, rng=np.random.default_rng(0)), range(20))]  # fmt: skip
    assert moment.loss == pytest.approx(np.mean([step.loss for step in steps[10:]]))
    before, after = steps[18].params["dense1.W"], steps[19].params["dense1.W"]
    assert moment.ratios["dense1.W"] == pytest.approx(
        np.sqrt(((after - before) ** 2).sum() / (before**2).sum()), rel=1e-5
    )
    np.testing.assert_allclose(run.history.losses, [step.loss for step in steps], rtol=1e-6)


def test_a_long_history_stays_small_and_keeps_its_ends():
    recorder = history.Recorder(10, 10**6, 3)
    for step in range(5000):
        recorder.loss(float(step))
        kept = recorder.moment(history.Moment(step + 1, 0, 0, 0, 0, 0, 0, 0, None))
    assert len(kept.losses) < history.MOST_POINTS and len(kept.moments) <= history.MOST_MOMENTS
    assert (kept.moments[0].step, kept.last.step) == (1, 5000)
    gaps = np.diff([moment.step for moment in kept.moments[:-1]])
    assert gaps.max() <= 3 * 5000 / (history.MOST_MOMENTS / 2) and kept.recent.tolist() == list(range(4800, 5000))
    np.testing.assert_allclose(kept.losses, kept.steps - 1)  # means of a straight line lie on the line
    assert 0 < 5000 - kept.steps[-1] < 2 * recorder.stride


def test_a_slow_look_does_not_blind_the_run():
    """The first look, or one that had to wait, may take long; the next ones come as if it had not."""
    run = Session(NET, points(), Settings(batch=20, epochs=5))
    run._cheapest = float("inf")
    assert run._rest_after(9.0) == 0.02  # before the first step
    run.advance()
    run._cheapest = 0.01
    assert run._rest_after(9.0) == pytest.approx(0.02 * (1 / 0.12 - 1))
    assert run._rest_after(0.012) == pytest.approx(0.012 * (1 / 0.12 - 1))


def test_a_second_look_at_the_same_step_replaces_the_first():
    run = session()
    run.advance()
    run.look()
    first = run.look()
    second = run.look()
    assert [m.step for m in second.moments] == [m.step for m in first.moments] == [0, 1]
    assert second.last.loss == pytest.approx(run.recorder._recent[-1])


def test_the_running_mean():
    values = np.array([3.0, 1.0, 4.0, 1.0, 5.0])
    np.testing.assert_allclose(history.running_mean(values, 2), [3, 2, 2.5, 2.5, 3])


def test_bytes_become_centred_numbers_and_others_stay():
    X = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 1), dtype=np.uint8)
    split = SimpleNamespace(X_train=X, y_train=np.zeros(20, int), X_val=X[:5], y_val=np.zeros(5, int), class_names=())
    ready = examples(split)
    centred = X - X.mean(axis=0)
    np.testing.assert_allclose(ready.X_train, centred / np.abs(centred).max(), atol=1e-6)
    np.testing.assert_allclose(ready.X_val, ready.X_train[:5], atol=1e-7)
    np.testing.assert_array_equal(examples(points()).X_train, points().X_train)


def test_several_seeds_give_a_band():
    runs = repeat.Repeats(lambda number: session(seed=number, epochs=4), 3)
    while runs.advance():
        pass
    assert [len(h.losses) for h in runs.histories] == [24] * 3 and (runs.taken, runs.total) == (72, 72)
    singles = [session(seed=seed, epochs=4) for seed in range(3)]
    for single in singles:
        while single.advance():
            pass
    final = [single.history.last.val_accuracy for single in singles]
    band = repeat.band_of(runs.histories)
    assert band["accuracy"][-1] == pytest.approx(np.mean(final))
    assert (band["accuracy_low"][-1], band["accuracy_high"][-1]) == (min(final), max(final))
    assert (band["loss_low"] <= band["loss"] + 1e-12).all() and (band["loss"] <= band["loss_high"] + 1e-12).all()


@pytest.mark.parametrize(("wrong", "words"), [
    ({"learning_rate": 0.0}, "learning_rate must be greater than 0"), ({"learning_rate": -1.0}, "learning_rate"),
    ({"learning_rate": np.nan}, "learning_rate must be finite"), ({"l2": -0.1}, "l2 must be at least 0"),
    ({"batch": 0}, "batch must be at least 1"), ({"epochs": 0}, "epochs must be at least 1"),
    ({"rule": "adam"}, "rule must be one of 'SGD'"), ({"schedule": "cosine"}, "schedule must be one of"),
])  # fmt: skip
def test_settings_that_make_no_sense_are_refused_by_name(wrong, words):
    with pytest.raises(ValueError, match=words):
        Settings(**wrong)
