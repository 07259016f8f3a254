"""A checkpoint resumes bit for bit from any step, is never half written, and is refused where it does not belong."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cs231n_helpers import data, storage, train
from cs231n_helpers.checks import DataError
from cs231n_helpers.layers import BatchNorm, Dense, Dropout, ReLU, Tanh
from cs231n_helpers.network import Network
from cs231n_helpers.optim import SGD, Adagrad, Adam, Momentum, Nesterov, RMSprop

ROOT = Path(__file__).resolve().parent.parent
SPLIT = data.load("moons", train=50, val=20, test=20)
NET = Network([Dense(6), BatchNorm(), ReLU(), Dropout(0.8), Dense(2)], 2)


def shake(X, rng):
    return X + 0.01 * rng.standard_normal(X.shape)


def steps(rule=Momentum(0.1), network=NET, count=14, **settings):  # noqa: B008  rules are frozen
    params = network.init(np.random.default_rng(1))
    return train.steps(network, params, SPLIT.X_train, SPLIT.y_train, rule, batch=12, count=count,
                       **{"rng": np.random.default_rng(2), "augment": shake, **settings})  # fmt: skip


def same(one, other):
    """Whether two states agree to the last bit, in the numbers and in the place."""
    assert (one.step, one.seed, one.rule, one.network) == (other.step, other.seed, other.rule, other.network)
    assert list(one.params) == list(other.params) and list(one.memory) == list(other.memory)
    for key in one.params:
        assert_array_equal(one.params[key], other.params[key], strict=True)
    for key in one.memory:
        assert len(one.memory[key]) == len(other.memory[key])
        for a, b in zip(one.memory[key], other.memory[key]):
            assert_array_equal(a, b, strict=True)
            assert type(a) is type(b)


@pytest.mark.parametrize("rule", [SGD(0.1), Momentum(0.1), Nesterov(0.1), Adagrad(0.1), RMSprop(0.1), Adam(0.1)],
                         ids=lambda rule: type(rule).__name__)  # fmt: skip
def test_resumed_from_any_step_the_run_is_the_same_to_the_last_bit(rule, tmp_path):
    whole = [step.state for step in steps(rule)]  # 5 batches an epoch: steps 4, 5, 6 are around its end
    for at in (1, 4, 5, 6, 13):
        train.save(tmp_path / "run.npz", whole[at - 1])
        state = train.load(tmp_path / "run.npz", NET)
        same(state, whole[at - 1])
        resumed = [step.state for step in steps(rule, resume=state, rng=None)]
        assert len(resumed) == 14 - at
        same(resumed[-1], whole[-1])


def test_epochs_resume_with_their_history(tmp_path):
    def logs(**settings):
        return train.epochs(NET, NET.init(np.random.default_rng(1)), SPLIT, Adam(0.05), count=4, batch=12, **settings)

    whole = []
    for log in logs(rng=np.random.default_rng(2)):
        whole.append(log)
        if log.epoch == 2:
            train.save(tmp_path / "run.npz", log)
    resumed = [*logs(resume=train.load(tmp_path / "run.npz"))]
    assert [log.epoch for log in resumed] == [3, 4]
    same(resumed[-1].state, whole[-1].state)
    assert resumed[-1].state.rows == whole[-1].state.rows and len(resumed[-1].state.rows) == 4
    assert resumed[-1].ratios == whole[-1].ratios
    assert not [*logs(resume=whole[-1].state)]  # all epochs are done


# ------------------------------------------------------------------------------------------------------------ kills
# Each child says "ready" when it is at work; then it is killed after a random time.

WRITER = """
import sys, numpy as np
from dataclasses import replace
from cs231n_helpers import train
from cs231n_helpers.train.state import State
for step in range(1, 10**9):
    full = lambda: np.full((400, 500), step, np.float32)
    train.save(sys.argv[1], State(step, {"dense1.W": full()}, {"dense1.W": (full(), step)}, 0, 1, 1, (), "Adam"))
    if step == 2: print("ready", flush=True)
"""

TRAINER = """
import sys, numpy as np
sys.path.insert(0, "tests")
from cs231n_helpers import train
from test_checkpoints import steps
with_block = sys.argv[2] == "with"
if with_block:
    with train.keeping(sys.argv[1]) as keep:
        for step in steps(count=None):
            keep(step)
            if step.step == 20: print("ready", flush=True)
else:
    try:
        for step in steps(count=None):
            if step.step == 20: print("ready", flush=True)
    finally:
        train.save(sys.argv[1], step)
"""


def child(script, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)], cwd=ROOT, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)  # fmt: skip
    assert process.stdout.readline() == "ready\n", process.communicate()[1]
    return process


def test_killed_at_any_moment_the_file_is_the_old_one_or_the_new_one(tmp_path):
    chance = random.Random(4)
    for number in range(10):
        path = tmp_path / f"{number}.npz"
        process = child(WRITER, path)
        time.sleep(chance.uniform(0, 0.03))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        state = train.load(path)
        assert state.step >= 2 and state.memory["dense1.W"][1] == state.step
        for array in (state.params["dense1.W"], state.memory["dense1.W"][0]):
            assert (array == state.step).all()


@pytest.mark.parametrize("form", ["with", "finally"])
def test_stop_leaves_a_checkpoint_of_the_last_full_step(form, tmp_path):
    chance = random.Random(7)
    for number in range(4):
        path = tmp_path / f"{number}.npz"
        process = child(TRAINER, path, form)
        time.sleep(chance.uniform(0, 0.05))
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        _, error = process.communicate(timeout=20)
        assert time.monotonic() - start < 5 and process.returncode != 0 and error.rstrip().endswith("KeyboardInterrupt")
        state = train.load(path, NET)
        assert state.step >= 20
        *_, there = steps(count=state.step)
        same(state, there.state)


# --------------------------------------------------------------------------------------------------- what is refused

@pytest.fixture
def path(tmp_path):
    *_, last = steps(count=3)
    train.save(tmp_path / "run.npz", last)
    return tmp_path / "run.npz"


@pytest.mark.parametrize(("network", "words"), [
    (Network([Dense(7), BatchNorm(), ReLU(), Dropout(0.8), Dense(2)], 2),
     r"it has dense1: Dense\(units=6.*\(6,\), expected dense1: Dense\(units=7.*\(7,\)"),
    (Network([Dense(6), BatchNorm(), Tanh(), Dropout(0.8), Dense(2)], 2), "it has relu1: .* expected tanh1"),
    (Network([Dense(6), BatchNorm(), ReLU(), Dropout(0.5), Dense(2)], 2), "it has dropout1: .*keep=0.8"),
    (Network([Dense(6), BatchNorm(), ReLU(), Dropout(0.8), Dense(2)], 3), r"dense1.W has shape \(2, 6\), expected \(3"),
    (Network([Dense(6)], 2), "expected no further layer"),
])  # fmt: skip
def test_another_network_is_refused_by_layer_and_shape(network, words, path):
    before = path.read_bytes()
    with pytest.raises(ValueError, match=words):
        train.load(path, network)
    with pytest.raises(ValueError, match="another network"):
        train.steps(network, None, np.zeros((50, *network.input_shape)), SPLIT.y_train, Momentum(0.1), batch=12,
                    resume=train.load(path))  # fmt: skip
    assert path.read_bytes() == before


@pytest.mark.parametrize(("settings", "words"), [
    ({"rule": Adam(0.1)}, "rule Momentum, not Adam"), ({"batch": 10}, "batch 12, not 10"),
    ({"X": SPLIT.X_train[:40], "y": SPLIT.y_train[:40]}, "number of training examples 50, not 40"),
])  # fmt: skip
def test_another_run_is_refused(settings, words, path):
    arguments = {"X": SPLIT.X_train, "y": SPLIT.y_train, "rule": Momentum(0.2), "batch": 12, **settings}
    with pytest.raises(ValueError, match=words):
        train.steps(NET, None, resume=train.load(path), **arguments)


def test_damaged_and_foreign_files_are_refused(path):
    whole = path.read_bytes()
    path.write_bytes(whole[:len(whole) // 2])
    with pytest.raises(DataError, match=r"is damaged.* Start anew without resume"):
        train.load(path)
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1:])
    with pytest.raises(DataError, match="is damaged"):
        train.load(path)
    with pytest.raises(DataError, match="is missing"):
        train.load(path.with_name("none.npz"))
    storage.save_arrays(path, X=np.zeros(3))
    with pytest.raises(DataError, match="is no checkpoint: it holds X"):
        train.load(path)
    storage.save_arrays(path, 99, X=np.zeros(3))
    with pytest.raises(DataError, match="has layout version 99, expected 1"):
        train.load(path)
    np.savez(path, kind=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DataError, match="Python objects"):
        train.load(path)


def test_a_failed_write_leaves_the_old_file(path):
    state = train.load(path)
    with pytest.raises(ValueError, match="Object arrays"):
        train.save(path, train.State(**{**vars(state), "params": {"dense1.W": np.array([None])}}))
    same(train.load(path), state)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_stored_weight_cannot_be_pickled_code_and_equal_states_give_equal_files(path, tmp_path):
    train.save(tmp_path / "again.npz", train.load(path))
    assert (tmp_path / "again.npz").read_bytes() == path.read_bytes()


def test_keeping_saves_nothing_before_the_first_step_and_passes_errors_on(tmp_path):
    with pytest.raises(RuntimeError, match="early"), train.keeping(tmp_path / "run.npz"):
        raise RuntimeError("early")
    assert not [*tmp_path.iterdir()]
    with pytest.raises(RuntimeError, match="late"), train.keeping(tmp_path / "run.npz") as keep:
        for step in steps():
            keep(step)
            if step.step == 6:
                raise RuntimeError("late")
    assert train.load(tmp_path / "run.npz").step == 6
