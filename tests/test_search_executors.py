"""A search gives the same trials whoever carries them out, and uses its workers side by side."""

import concurrent.futures
import multiprocessing
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from objectives import SPACE, OfTheTest, bowl, busy, facts, slow, smooth
from test_search_samplers import SAMPLERS

from cs231n_helpers import data, optim, search, train
from cs231n_helpers.layers import Dense, ReLU
from cs231n_helpers.network import Network
from cs231n_helpers.train.settings import examples

SETTINGS = [{"sampler": sampler, "stop": stop, "trials": 9 if isinstance(sampler, search.grid) else 12}
            for sampler in SAMPLERS for stop in (None, search.median_stop(after=5))]
SETTINGS[6:] = [{**settings, "sampler": search.bayesian(first=5, each=3)} for settings in SETTINGS[6:]]


def processes_below(pid):
    """The processes that a process has started and that are not yet over, without Python's tracker of resources."""
    listed = subprocess.run(["ps", "-ww", "-o", "pid=,stat=,args=", "--ppid", str(pid)], capture_output=True, text=True,
                            check=False).stdout.splitlines()
    rows = [line.split(None, 2) for line in listed]
    return [row for row in rows if not row[1].startswith("Z") and not row[2].startswith("ps ")
            and "resource_tracker" not in row[2]]


@pytest.fixture(autouse=True)
def _nothing_is_left_running():
    before, threads = processes_below(os.getpid()), threading.active_count()
    yield
    end = time.time() + 10
    while time.time() < end and (len(processes_below(os.getpid())) > len(before) or threading.active_count() > threads):
        time.sleep(0.05)
    assert processes_below(os.getpid()) == before and threading.active_count() <= threads


class Shuffled(concurrent.futures.Executor):
    """The worst of executors: it ends its jobs in the reverse order."""

    def __init__(self):
        self._jobs = []

    def submit(self, function, /, *arguments, **options):
        future = concurrent.futures.Future()
        self._jobs.append((future, function, arguments))
        threading.Timer(0.05, self._run).start()
        return future

    def _run(self):
        while self._jobs:
            future, function, arguments = self._jobs.pop()
            future.set_result(function(*arguments))


# ---------------------------------------------------------------------------------------------------- the same trials
@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: f"{settings['sampler']}-{settings['stop']}")
def test_threads_and_any_order_give_the_same_trials(settings):
    alone = search.run(bowl, SPACE, seed=3, **settings)
    assert len({t.number for t in alone.trials}) == alone.planned
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        assert facts(search.run(bowl, SPACE, seed=3, executor=pool, **settings)) == facts(alone)
    assert facts(search.run(bowl, SPACE, seed=3, executor=Shuffled(), **settings)) == facts(alone)


@pytest.mark.parametrize("settings", [SETTINGS[1], SETTINGS[5], SETTINGS[7]],
                         ids=lambda settings: f"{settings['sampler']}")
def test_worker_processes_give_the_same_trials(settings):
    objective = search.Training(train=200, val=100, hidden=20, epochs=3)
    space = {"learning_rate": search.log_uniform(1e-4, 1), "hidden": search.log_uniform(4, 64, integer=True),
             "rule": search.choice("SGD", "Adam")}
    alone = search.run(objective, space, **settings)
    assert facts(search.run(objective, space, executor=search.processes(2), **settings)) == facts(alone)
    assert {t.state for t in alone.trials} == {"done", "stopped"} and {t.worker for t in alone.trials} == {os.getpid()}


def test_a_process_pool_of_the_callers_own():
    with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        for settings in (SETTINGS[1], SETTINGS[5]):
            given = search.run(bowl, SPACE, seed=3, executor=pool, **settings)
            assert facts(given) == facts(search.run(bowl, SPACE, seed=3, **settings))
        assert pool.submit(abs, -3).result() == 3                   # it is not ours to shut down


DASK = """
import logging, sys, tempfile
from distributed import Client, LocalCluster
from objectives import *

def main():
    settings = [{"sampler": search.random(), "trials": 10, "stop": search.median_stop(4)},
                {"sampler": search.bayesian(4, 3), "trials": 10}]
    with tempfile.TemporaryDirectory() as folder, \\
         LocalCluster(n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None,
                      local_directory=folder, silence_logs=logging.ERROR) as cluster, Client(cluster) as client:
        executor = client.get_executor()
        for each in settings:
            given = search.run(bowl, SPACE, seed=3, executor=executor, **each)
            assert facts(given) == facts(search.run(bowl, SPACE, seed=3, **each)), each
        workers = set()
        for count, results in enumerate(search.steps(busy, SPACE, trials=6, executor=executor), 1):
            assert len(results.trials) == count
        assert len({t.worker for t in results.trials}) == 2 and {t.curve[1] for t in results.trials} == {1}
        assert any(a.worker != b.worker and a.curve[0] < b.curve[2] and b.curve[0] < a.curve[2]
                   for a in results.trials for b in results.trials), "no two trials at the same time"
        local = search.run(lambda values, seed: values["x"], SPACE, trials=3, executor=executor)   # by value
        assert local.best.score == max(t.values["x"] for t in local.trials)
        killed = search.run(dies_once, SPACE, trials=6, executor=executor)      # Dask runs it again by itself
        assert facts(killed) == facts(search.run(smooth, SPACE, trials=6)) and len(os.listdir(os.environ["MARKS"])) == 1
    print("right")

if __name__ == "__main__":
    main()
"""


def test_a_dask_cluster_gives_the_same_trials_and_survives(tmp_path):
    pytest.importorskip("distributed")
    script, here = tmp_path / "cluster.py", os.path.dirname(__file__)
    script.write_text(DASK)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.path.dirname(here), here]),
                   "MARKS": str(tmp_path / "marks")}
    (tmp_path / "marks").mkdir()
    ended = subprocess.run([sys.executable, str(script)], env=environment, cwd=tmp_path, capture_output=True, text=True,
                           timeout=110, check=False)
    assert ended.stdout == "right\n", ended.stderr[-3000:]


# ------------------------------------------------------------------------------------------------------- side by side
def test_two_workers_work_at_the_same_time_with_one_thread_each(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")                 # what a learner's shell may say
    results = search.run(busy, SPACE, trials=6, executor=search.processes(2))
    assert {t.curve[1] for t in results.trials} == {1} and len({t.worker for t in results.trials}) == 2
    assert os.getpid() not in {t.worker for t in results.trials} and os.environ["OPENBLAS_NUM_THREADS"] == "2"
    pairs = [(a, b) for a in results.trials for b in results.trials if a.number < b.number]
    assert any(a.curve[0] < b.curve[2] and b.curve[0] < a.curve[2] for a, b in pairs)
    for a, b in pairs:                                              # one after the other in each worker
        assert a.worker != b.worker or a.curve[2] <= b.curve[0] or b.curve[2] <= a.curve[0]


def test_in_this_process_blas_has_one_thread_too():
    assert {t.curve[1] for t in search.run(busy, SPACE, trials=1).trials} == {1}


def test_running_and_tick_show_what_goes_on():
    seen, start = [], time.time()
    for results in search.steps(slow, SPACE, trials=3, executor=search.processes(2), tick=0.1, seconds=1.5):
        seen.append(results)
        for number, values, since in results.running:
            assert values == search.random().propose(SPACE, [number], 0, ())[0] and start <= since <= time.time()
    assert max(len(results.running) for results in seen) == 2 and len(seen) > 8
    assert any(not results.trials for results in seen) and len(seen[-1].trials) == 3 == seen[-1].planned
    assert seen[-1].running == () and {t.state for t in seen[-1].trials} == {"timeout"}


# -------------------------------------------------------------------------------------------------------------- ends
def test_closing_ends_the_workers_promptly_and_keeps_what_is_finished(tmp_path):
    path = tmp_path / "search.jsonl"
    running = search.steps(slow, {"x": SPACE["x"]}, trials=8, executor=search.processes(2), tick=0.05, path=path)
    for results in running:
        if len(results.running) == 2:
            break
    assert len(processes_below(os.getpid())) == 2
    start = time.time()
    running.close()
    assert time.time() - start < 5 and not multiprocessing.active_children()


def test_an_error_in_the_callers_loop_ends_the_workers():
    with pytest.raises(ZeroDivisionError):
        for _ in search.steps(smooth, SPACE, trials=50, executor=search.processes(1)):
            1 / 0
    assert not multiprocessing.active_children()


def test_closing_takes_back_what_another_executor_has_not_begun():
    ran = []

    def noted(values, seed):
        ran.append(seed)
        time.sleep(0.05)
        return 0
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = search.steps(noted, SPACE, trials=20, executor=pool)
        next(running)
        running.close()
    assert len(ran) <= 3


# ------------------------------------------------------------------------------------------------- what cannot be sent
def test_an_objective_that_cannot_be_sent_is_answered_in_words():
    with pytest.raises(search.WorkerError, match="define it in a file and import it from there"):
        search.run(lambda values, seed: 1, SPACE, executor=search.processes(1))
    with pytest.raises(search.WorkerError, match=r"cannot be pickled.*or leave out executor"):
        search.run(OfTheTest(), SPACE, executor=search.processes(1))
    assert search.run(OfTheTest(), SPACE, trials=1).best.number == 0


def test_an_objective_of_a_notebook_is_answered_in_words():
    code = ("from objectives import *\n"
            "def mine(values, seed): return 0\n"
            "try: search.run(mine, SPACE, executor=search.processes(1))\n"
            "except search.WorkerError as error: print(error)")     # with -c, as in a notebook, there is no file
    here = os.path.dirname(__file__)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60,
                           env={**os.environ, "PYTHONPATH": os.pathsep.join([os.path.dirname(here), here])})
    assert "has no attribute 'mine'" in ended.stdout or "Can't get attribute 'mine'" in ended.stdout, ended
    assert "define it in a file" in ended.stdout and ended.stderr == ""


def test_a_script_without_its_guard_is_answered_in_words(tmp_path):
    script, here = tmp_path / "unguarded.py", os.path.dirname(__file__)
    script.write_text("from objectives import *\nsearch.run(smooth, SPACE, trials=2, executor=search.processes(1))\n")
    ended = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=60,
                           env={**os.environ, "PYTHONPATH": os.pathsep.join([os.path.dirname(here), here])})
    assert ended.returncode == 1
    assert "WorkerError" in ended.stderr and "under if __name__ == '__main__'" in ended.stderr.splitlines()[-1]


# ------------------------------------------------------------------------------------------------------------ Training
def test_training_is_the_loop_of_the_notebooks():
    split = examples(data.load("fashion_mnist", train=300, val=100, test=0))
    network, rng = Network([Dense(16), ReLU(), Dense(10)], (28, 28, 1)), np.random.default_rng(5)
    run = train.epochs(network, network.init(rng), split, optim.Adam(0.003), count=3, batch=30, rng=rng, l2=0.01)
    objective = search.Training(train=300, val=100, hidden=64, epochs=3, batch=30)
    curve = list(objective({"hidden": 16, "rule": "Adam", "learning_rate": 0.003, "l2": 0.01}, 5))
    assert curve == [log.val_accuracy for log in run]
    assert objective.hidden == 64 and objective.examples() is objective.examples()


def test_training_on_folds():
    objectives = [search.Training(train=300, val=100, fold=fold, folds=3) for fold in range(3)]
    parts, whole = [objective.examples() for objective in objectives], search.Training(train=300, val=100).examples()
    assert [(len(part.X_train), len(part.X_val)) for part in parts] == [(200, 100)] * 3
    together = np.concatenate([part.X_val for part in parts])
    np.testing.assert_array_equal(np.sort(together.ravel()), np.sort(whole.X_train.ravel()))
    assert len({list(objective({}, 0))[-1] for objective in objectives}) > 1


def test_training_that_diverges_is_a_failed_trial_with_its_reason():
    results = search.run(search.Training(train=200, val=100, epochs=3), {"learning_rate": search.uniform(1e6, 1e7)},
                         trials=2)
    assert {t.state for t in results.trials} == {"failed"} and results.best is None
    assert all("loss became" in t.reason and "learning rate is probably too high" in t.reason for t in results.trials)


@pytest.mark.parametrize(("settings", "words"), [
    ({"data": "mnist"}, "data must be one of 'fashion_mnist'"), ({"rule": "LBFGS"}, "rule must be one of 'SGD'"),
    ({"hidden": 0}, "hidden must be at least 1"), ({"keep": 0}, "keep must be greater than 0"),
    ({"fold": 5}, "fold must lie between 0 and 4"), ({"learning_rate": 0}, "learning_rate must be greater than 0"),
])  # fmt: skip
def test_training_refuses_what_makes_no_sense(settings, words):
    with pytest.raises(ValueError, match=f"Training: {words}"):
        search.Training(**settings)
