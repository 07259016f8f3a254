"""Workers that die, hang or talk, trials that fail, and Stop: what is lost is one trial's time, and nothing is left."""

import concurrent.futures
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from objectives import SPACE, bowl, dies, dies_once, facts, hangs, misbehaves, smooth
from test_search_executors import _nothing_is_left_running, processes_below  # noqa: F401  a fixture for all tests here

from cs231n_helpers import search
from cs231n_helpers.search import lanes, workers

HERE = os.path.dirname(__file__)
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([os.path.dirname(HERE), HERE])}


@pytest.fixture
def marks(tmp_path, monkeypatch):
    monkeypatch.setenv("MARKS", str(tmp_path))
    return tmp_path


def alive(pid):
    """Whether a process is there and not merely waiting to be buried."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state) and not state.startswith("Z")


# ------------------------------------------------------------------------------------------------------- dead workers
def test_a_killed_worker_costs_its_own_trial_only(marks):
    settings = {"trials": 10, "seed": 2, "path": marks / "search.jsonl"}
    results = search.run(dies, SPACE, executor=search.processes(2), retries=1, **settings)
    expected = search.run(smooth, SPACE, trials=10, seed=2)
    always = {t.number for t in expected.trials if t.values["y"] > 0.5}
    first = {t.number for t in expected.trials if t.values["y"] < -0.5}
    assert always and first and len(always | first) < 10
    for t, right in zip(results.trials, expected.trials, strict=True):
        assert t.state == ("lost" if t.number in always else "done")
        assert t.tries == (2 if t.number in always | first else 1)
        assert t.values == right.values and (t.state == "lost" or t.score == right.score)
    lost = next(t for t in results.trials if t.state == "lost")
    assert lost.reason == "its worker died in each of 2 tries: killed, or out of memory?"
    assert sum("it is run again" in words for words in results.notices) == len(always) + len(first)
    assert sum("given up" in words for words in results.notices) == len(always)
    assert facts(search.run(dies, SPACE, **settings)) == facts(results)     # of which none is done again, here


def test_a_worker_killed_from_outside_while_it_works_or_waits():
    killed, expected = [], search.run(bowl, SPACE, trials=8, seed=2)
    for results in search.steps(bowl, SPACE, trials=8, seed=2, executor=search.processes(1)):
        if len(killed) < 2:
            worker = results.trials[-1].worker                      # it has nothing to do now
            assert worker not in killed and alive(worker)
            os.kill(worker, signal.SIGKILL)
            killed.append(worker)
            while len(killed) == 1 and alive(worker):               # once dead for long, once perhaps not yet
                time.sleep(0.01)
    assert facts(results) == facts(expected) and len({t.worker for t in results.trials}) == 3


def test_a_broken_pool_of_the_callers_own_is_answered_in_words(marks):
    spawn = lanes.multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, spawn) as pool, \
         pytest.raises(search.WorkerError, match=r"executor is broken.*search.processes\(n\) survives"):
        search.run(dies_once, SPACE, trials=3, executor=pool, path=marks.with_suffix(".jsonl"))
    assert len(search.run(dies_once, SPACE, trials=3, path=marks.with_suffix(".jsonl")).trials) == 3


def test_what_ended_beside_a_broken_executor_is_kept(marks):
    path, broken = marks / "search.jsonl", concurrent.futures.BrokenExecutor("gone")
    executor = Planned(lambda job: broken if job.number == 1 else None)
    with pytest.raises(search.WorkerError, match="executor is broken"):
        search.run(smooth, SPACE, trials=4, path=path, executor=executor)
    assert path.read_text().count('"number"') == 3
    assert len(search.run(smooth, SPACE, trials=4, path=path).trials) == 4


def test_what_ended_at_the_moment_of_the_stop_is_kept(marks):
    path = marks / "search.jsonl"
    results = next(search.steps(smooth, SPACE, trials=4, path=path, executor=Planned(lambda job: None)))
    assert len(results.trials) == 1 and path.read_text().count('"number"') == 4


class Planned(concurrent.futures.Executor):
    """An executor whose futures end as planned, by the number of the job and the try."""

    def __init__(self, plan):
        self.plan, self.cancelled = plan, []

    def submit(self, function, /, objective, job):
        future = concurrent.futures.Future()
        outcome = self.plan(job)
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        elif outcome == "cancelled":
            future.cancel()
            future.set_running_or_notify_cancel()
        elif outcome != "nothing":
            future.set_result(function(objective, job))
        else:
            self.cancelled.append(future)
        return future


def test_trials_that_an_executor_loses_are_run_again():
    trouble = {0: OSError("connection lost"), 1: "cancelled", 2: None}
    once = Planned(lambda job: trouble.get(job.number) if job.tries == 1 else None)
    results = search.run(smooth, SPACE, trials=4, executor=once)
    assert [t.tries for t in results.trials] == [2, 2, 1, 1] and {t.state for t in results.trials} == {"done"}
    always = Planned(lambda job: trouble.get(job.number))
    results = search.run(smooth, SPACE, trials=4, executor=always, retries=0)
    assert [t.state for t in results.trials] == ["lost", "lost", "done", "done"]
    assert [t.number for t in results.ranked()][2:] == [0, 1]


def test_an_executor_that_falls_silent_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(workers, "SILENCE", 0.2)
    silent = Planned(lambda job: "nothing" if job.number == 1 else None)
    results = search.run(smooth, SPACE, trials=3, executor=silent, seconds=0.3)
    assert [t.state for t in results.trials] == ["done", "timeout", "done"]
    assert all(future.cancelled() for future in silent.cancelled) and "nothing came back" in results.notices[0]


# ------------------------------------------------------------------------------------------------------------- hanging
def test_a_worker_that_hangs_is_ended_and_the_search_goes_on():
    seen = []
    for results in search.steps(hangs, SPACE, trials=6, seed=2, executor=search.processes(2), seconds=1, tick=0.1):
        seen.append(results)
    hung = [t for t in results.trials if t.values["y"] > 0.5]
    assert hung and {t.state for t in hung} == {"timeout"} and hung[0].reason == "it took more than 1 s."
    assert {t.state for t in results.trials if t not in hung} == {"done"} and all(1 < t.seconds < 20 for t in hung)
    assert not any(alive(t.worker) for t in hung)
    assert sum("hung and was ended" in words for words in results.notices) == len(hung)


def test_a_trial_that_yields_ends_by_itself_when_its_time_is_over():
    def endless(values, seed):
        while True:
            time.sleep(0.01)
            yield 0.5
    results = search.run(endless, SPACE, trials=2, seconds=0.1)
    assert {t.state for t in results.trials} == {"timeout"} and results.best is None
    assert all(t.curve and 0.1 < t.seconds < 5 for t in results.trials)


# ----------------------------------------------------------------------------------------------------- failing, talking
FAULTS = {"raises": "ZeroDivisionError: no data", "exits": "SystemExit: 3", "nan": "the score became nan",
          "infinite": "the score became inf", "nothing": "gave None as score", "text": "gave '0.9' as score",
          "yes": "gave True as score", "array": "a score is one number", "empty": "ended without a score",
          "prints": "", "well": ""}  # fmt: skip


@pytest.mark.parametrize("executor", [None, search.processes(1)], ids=["here", "processes"])
def test_a_trial_that_fails_is_ranked_last_with_its_reason(executor, capfd):
    space = {"fault": search.choice(*FAULTS)}
    results = search.run(misbehaves, space, sampler=search.grid(), executor=executor)
    assert len(results.trials) == len(FAULTS)
    for t, words in zip(results.trials, FAULTS.values(), strict=True):
        assert (t.state == "failed") == bool(words) and words in t.reason, t
    assert [t.values["fault"] for t in results.ranked()[:2]] == ["prints", "well"] and results.best.score == 0.5
    assert {t.state for t in results.ranked()[2:]} == {"failed"}
    talker = results.trials[list(FAULTS).index("prints")]
    out, err = capfd.readouterr()
    if executor is None:
        assert out.count("\n") == 100_000 and talker.printed == ""  # it is the learner's own cell
    else:
        assert (out, err) == ("", "") and talker.printed.startswith("line 0\nline 1\n") and len(talker.printed) == 2000


def test_reasons_are_cut():
    def raises(values, seed):
        raise ValueError("x" * 1_000_000)
    assert len(search.run(raises, SPACE, trials=1).trials[0].reason) <= 2000


# ---------------------------------------------------------------------------------------------------------------- Stop
def written(path):
    """Lines in the file of results; the first is its heading."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def stopped(path, executor, wait, how=signal.SIGINT, trials=1):
    """A search that is sent a signal a while after so many trials: what it wrote, said, and which processes it had."""
    script = path.with_name("stopped.py")
    script.write_text(f"""
from objectives import *
if __name__ == "__main__":
    print("go", flush=True)
    try:
        search.run(slow, SPACE, trials=400, executor={executor}, path={str(path)!r}, seconds=0.05)
    except KeyboardInterrupt as stop:
        finished = stop.results.trials if stop.results else ()
        print([t.number for t in finished], flush=True)
    print("after", flush=True)
""")
    process = subprocess.Popen([sys.executable, str(script)], env=ENVIRONMENT, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout.readline() == "go\n"
    end = time.time() + 30
    while time.time() < end and not (written(path) > trials if trials else processes_below(process.pid)):
        time.sleep(0.02)
    time.sleep(wait)
    children = [int(row[0]) for row in processes_below(process.pid)]
    if how == signal.SIGINT:
        os.killpg(process.pid, how)                                 # a terminal and Jupyter tell the whole group
    else:
        process.send_signal(how)
    out, err = process.communicate(timeout=30)
    return out, err, children


@pytest.mark.parametrize(("executor", "times"), [("None", 4), ("search.processes(2)", 3)])
def test_stop_at_any_moment_keeps_what_is_finished_and_leaves_nothing_behind(tmp_path, executor, times):
    dice = random.Random(1)
    for number in range(times):
        path = tmp_path / f"{number}.jsonl"
        out, err, children = stopped(path, executor, dice.random() * 0.4)
        said, after = out.splitlines()
        on_disk = path.read_text().splitlines()
        assert after == "after" and err == "" and path.read_text().endswith("\n"), err
        assert len(on_disk) - 1 - len(said.split(",")) in (0, 1)    # the last may be on its way to the caller
        assert len(children) == (0 if executor == "None" else 2) and not any(map(alive, children))


@pytest.mark.parametrize("wait", [0.2, 0.4, 0.7])
def test_stop_while_workers_start_is_met_without_a_word_from_them(tmp_path, wait):
    """The terminal tells every process of Ctrl-C, those too that are still importing."""
    out, err, children = stopped(tmp_path / "search.jsonl", "search.processes(2)", wait, trials=0)
    assert out.splitlines()[-1] == "after" and err == "" and not any(map(alive, children))


def test_workers_end_with_a_master_that_was_killed(tmp_path):
    _, _, children = stopped(tmp_path / "search.jsonl", "search.processes(2)", 0.1, signal.SIGKILL)
    end = time.time() + 10
    while time.time() < end and any(map(alive, children)):
        time.sleep(0.05)
    assert len(children) == 2 and not any(map(alive, children))
