"""The journal of a search: nothing that is finished is lost or done twice, and nothing foreign is touched."""

import json
import math
import os
import random
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from objectives import SPACE, bowl, facts, once, smooth

from cs231n_helpers import search
from cs231n_helpers.checks import DataError
from cs231n_helpers.search import journal

TRIALS = 6


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """How often `once` was called so far, in whichever process."""
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    (tmp_path / "calls").touch()
    return lambda: len((tmp_path / "calls").read_text().splitlines())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "search.jsonl"


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


# ------------------------------------------------------------------------------------------------------ what is in it
def test_a_line_for_each_trial_the_moment_it_is_finished(path):
    for number, _ in enumerate(search.steps(bowl, SPACE, trials=TRIALS, path=path)):
        assert [line["number"] for line in lines(path)[1:]] == list(range(number + 1))
    first, *rest = lines(path)
    assert first["kind"] == "cs231n search" and first["format"] == 1 and first["trials"] == TRIALS
    assert first["objective"] == "objectives.bowl" and first["seed"] == 0 and first["process"] == os.getpid()
    assert first["space"] == [["x", "log_uniform(low=0.0001, high=1, integer=False)"],
                              ["y", "uniform(low=-1, high=1, integer=False)"]]
    assert set(rest[0]) == set(search.Trial.__dataclass_fields__)


def test_a_search_goes_on_and_repeats_nothing(path, calls):
    whole = search.run(once, SPACE, trials=TRIALS)
    for results in search.steps(once, SPACE, trials=TRIALS, path=path):
        if len(results.trials) == 4:
            break
    assert calls() == TRIALS + 4
    more = list(search.steps(once, SPACE, trials=TRIALS, path=path))
    assert calls() == 2 * TRIALS and [len(results.trials) for results in more] == [5, 6]
    again = list(search.steps(once, SPACE, trials=TRIALS, path=path))
    assert calls() == 2 * TRIALS and len(again) == 1
    assert facts(more[-1]) == facts(again[-1]) == facts(whole) and again[-1].notices == ()


def test_all_a_trial_has_comes_back(path):
    def objective(values, seed):
        yield 0.1 + 0.2
        if values["x"] > 0.01:
            yield math.nan
        yield values["y"]
    first = search.run(objective, SPACE, trials=12, path=path, stop=search.median_stop(4))
    again = search.run(objective, SPACE, trials=12, path=path, stop=search.median_stop(4))
    assert repr(first.trials) == repr(again.trials) and len({t.state for t in first.trials}) == 3


@pytest.mark.parametrize("sampler", [search.coarse_to_fine(), search.bayesian(4, 3)], ids=repr)
def test_what_learns_from_results_goes_on_as_if_nothing_had_happened(path, sampler):
    settings = {"sampler": sampler, "trials": 16, "stop": search.median_stop(5)}
    whole = search.run(bowl, SPACE, **settings)
    for cut in (1, 6, 11):
        for results in search.steps(bowl, SPACE, path=path, **settings):
            if len(results.trials) >= cut:
                break
    assert facts(search.run(bowl, SPACE, path=path, **settings)) == facts(whole)


def test_options_that_json_does_not_know(path):
    space = {"rule": search.choice(int, (1, 2), None, np.float64(0.5), "a")}
    first, again = (search.run(lambda values, seed: 0, space, trials=12, path=path) for _ in range(2))
    assert repr(first.trials) == repr(again.trials)


def test_a_search_can_be_made_longer_where_it_would_have_begun_alike(path, calls):
    for sampler in (search.random(), search.bayesian(4, 4)):
        path.unlink(missing_ok=True)
        before = calls()
        search.run(once, SPACE, sampler=sampler, trials=6, path=path)
        longer = search.run(once, SPACE, sampler=sampler, trials=10, path=path)
        assert calls() - before == 10
        assert facts(longer) == facts(search.run(smooth, SPACE, sampler=sampler, trials=10))
    path.unlink()
    search.run(smooth, SPACE, sampler=search.coarse_to_fine(), trials=6, path=path)
    with pytest.raises(ValueError, match="its trials is 6, this one's is 9"):
        search.run(smooth, SPACE, sampler=search.coarse_to_fine(), trials=9, path=path)


# -------------------------------------------------------------------------------------------------------- half a file
def test_a_file_cut_at_any_byte_loses_at_most_the_line_it_cuts(path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda number: None)           # a thousand files are opened
    whole = search.run(smooth, SPACE, trials=2, path=path)
    content = path.read_bytes()
    ends = [place + 1 for place, byte in enumerate(content) if byte == ord("\n")]
    plan = search.running.Plan(smooth, SPACE, search.random(), 2, 0, None, None)
    for cut in range(len(content) + 1):
        path.write_bytes(content[:cut])
        with journal.opened(path, plan.header()) as log:
            kept = [log.finished(t.number, t.values, t.seed) for t in whole.trials]
        complete = sum(end <= cut for end in ends)                  # the first of them is the header
        assert [t is not None for t in kept] == [number < complete - 1 for number in range(2)]
        assert all(repr(t) == repr(expected) for t, expected in zip(kept, whole.trials, strict=True) if t is not None)
        assert bool(log.notices) == (cut not in (0, *ends))
        path.read_text().encode().rindex(b"\n", len(path.read_bytes()) - 1)   # it ends with a whole line again


def test_half_a_line_is_dropped_with_a_notice_and_run_again(path, calls):
    search.run(once, SPACE, trials=3, path=path)
    path.write_bytes(path.read_bytes()[:-40])
    results = search.run(once, SPACE, trials=3, path=path)
    assert calls() == 4 and "half a line at its end" in results.notices[0]
    assert facts(results) == facts(search.run(smooth, SPACE, trials=3))
    assert search.run(once, SPACE, trials=3, path=path).notices == ()


# ------------------------------------------------------------------------------------------------- refused, untouched
@pytest.mark.parametrize(("change", "words"), [
    ({"objective": bowl}, "its objective is objectives.smooth, this one's is objectives.bowl"),
    ({"space": {"x": search.log_uniform(1e-3, 1), "y": SPACE["y"]}}, "its space is"),
    ({"space": dict(reversed(SPACE.items()))}, "its space is"),
    ({"sampler": search.coarse_to_fine()}, r"its sampler is random\(\), this one's is coarse_to_fine"),
    ({"seed": 7}, "its seed is 0, this one's is 7"),
    ({"stop": search.median_stop()}, "its stop is None"),
])  # fmt: skip
def test_the_file_of_another_search_is_refused(path, change, words):
    settings = {"objective": smooth, "space": SPACE, "trials": 3, "path": path}
    search.run(**settings)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=f"belongs to another search: {words}"):
        search.run(**{**settings, **change})
    assert path.read_bytes() == before and len(search.run(**settings).trials) == 3


@pytest.mark.parametrize("content", [b"some notes", b"some notes\n", b"\n", b"PK\x03\x04\x00", b'{"kind": "other"}\n'])
def test_a_file_that_is_no_journal_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(DataError, match="is not the journal of a search"):
        search.run(smooth, SPACE, trials=2, path=path)
    assert path.read_bytes() == content


def test_damage_in_the_middle_is_named(path):
    search.run(smooth, SPACE, trials=3, path=path)
    all_lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*all_lines[:2], all_lines[2][:30], *all_lines[3:]]))
    with pytest.raises(DataError, match=r"line 3 of .* is damaged"):
        search.run(smooth, SPACE, trials=3, path=path)


def test_values_that_do_not_fit_are_refused(path):
    search.run(smooth, SPACE, trials=2, path=path)
    first, *rest = lines(path)
    rest[0]["values"]["x"] *= 1 + 1e-12                             # another processor's last digit
    path.write_text("".join(json.dumps(line) + "\n" for line in [first, *rest]))
    assert len(search.run(smooth, SPACE, trials=2, path=path).trials) == 2
    rest[0]["values"]["x"] *= 1.001
    path.write_text("".join(json.dumps(line) + "\n" for line in [first, *rest]))
    with pytest.raises(ValueError, match="trial 0 of the file had the values"):
        search.run(smooth, SPACE, trials=2, path=path)


def test_folders(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere" / "search.jsonl"):
        with pytest.raises(ValueError, match="path must be a file in a folder that exists"):
            search.run(smooth, SPACE, trials=2, path=path)
    odd = tmp_path / "ein Ordner für Läufe" / "such e.jsonl"
    odd.parent.mkdir()
    assert len(search.run(smooth, SPACE, trials=2, path=str(odd)).trials) == 2


def test_a_full_disk_ends_the_search_in_the_open_and_loses_nothing(path):
    code = ("import resource, sys; from objectives import *\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500)); import signal\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            f"search.run(smooth, SPACE, trials=20, path={str(path)!r})")
    ended = subprocess.run([sys.executable, "-c", code], cwd=os.path.dirname(__file__), env=environment(),
                           capture_output=True, text=True, check=False)
    assert "OSError" in ended.stderr and 0 < path.stat().st_size <= 1500
    assert facts(search.run(smooth, SPACE, trials=20, path=path)) == facts(search.run(smooth, SPACE, trials=20))


# ------------------------------------------------------------------------------------------------ two, and sudden ends
def environment(**more):
    here = os.path.dirname(__file__)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([os.path.dirname(here), here]), **more}


def master(path, calls_file, executor="None", nap="0.02"):
    """A process that searches; it says "ready" after its first trial."""
    code = ("from objectives import *\n"
            "if __name__ == '__main__':\n"
            f"    for results in search.steps(once, SPACE, trials=40, path={str(path)!r}, executor={executor}):\n"
            "        print(len(results.trials), flush=True)\n")
    script = path.with_name("master.py")
    script.write_text(code)
    return subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            env=environment(CALLS=str(calls_file), NAP=nap))


def test_two_searches_cannot_write_one_file(path, calls, tmp_path):
    other = master(path, tmp_path / "calls", nap="0.2")
    try:
        other.stdout.readline()
        with pytest.raises(RuntimeError, match=f"process {other.pid} is writing to .*search.jsonl right now"):
            search.run(once, SPACE, trials=40, path=path)
    finally:
        other.kill()
        other.communicate()
    assert len(search.run(smooth, SPACE, trials=3, path=path.with_name("new")).trials) == 3


def test_the_name_is_that_of_the_process_that_holds_it_now(path, calls):
    search.run(once, SPACE, trials=2, path=path)
    running = search.steps(once, SPACE, trials=3, path=path)
    next(running)
    with pytest.raises(RuntimeError, match=f"process {os.getpid()} is writing"):
        search.run(once, SPACE, trials=3, path=path)
    running.close()
    assert len(search.run(once, SPACE, trials=3, path=path).trials) == 3


@pytest.mark.parametrize(("executor", "kills"), [("None", 4), ("search.processes(2)", 2)])
def test_a_master_killed_at_any_moment_loses_nothing_that_was_finished(path, calls, tmp_path, executor, kills):
    dice, told = random.Random(executor), 0
    for _ in range(kills):
        process = master(path, tmp_path / "calls", executor, nap="0.03")
        process.stdout.readline()
        time.sleep(dice.random() * 0.3)
        process.kill()
        said = process.communicate()[0].split()
        finished = [line["number"] for line in lines_that_are_whole(path) if "number" in line]
        assert len(set(finished)) == len(finished) >= max([told, *map(int, said)])
        told = len(finished)
    results = search.run(once, SPACE, trials=40, path=path)
    assert facts(results) == facts(search.run(smooth, SPACE, trials=40))
    assert 40 <= calls() <= 40 + 3 * kills                              # only what was under way was done again


def lines_that_are_whole(path):
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


def test_a_forked_child_does_not_keep_the_file_locked(path):
    """Executors that fork leave such children behind when their master is killed."""
    running, (told, tell) = search.steps(smooth, SPACE, trials=3, path=path), os.pipe()
    next(running)
    child = os.fork()
    if child == 0:
        os.write(tell, b"closed" if all(file.closed for file in journal._held) else b"open")
        os._exit(0)
    os.waitpid(child, 0)
    assert len(journal._held) and os.read(told, 10) == b"closed"
    assert len(list(running)) == 2


def test_a_record_is_described_the_same_in_every_process():
    described = journal.describe(search.Training(hidden=30))
    assert described.startswith("Training(data='fashion_mnist'") and "0x" not in journal.describe(object())
    assert journal.describe(replace) == "dataclasses.replace"
