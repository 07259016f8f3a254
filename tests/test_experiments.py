"""Long experiments: results are written whole, belong to the settings in the script, and are read with care."""

import json
import re

import pytest

from cs231n_helpers import data
from cs231n_helpers.data.experiments import FOLDER, KEYS
from tools import experiments

NAMES = experiments.names()
SCRIPT = '''"""Twice a number."""
SETTINGS = {"number": 3}
def run(number):
    return {"twice": 2 * number}
'''


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """A folder of experiments with one in it, and one for results."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "twice.py").write_text(SCRIPT)
    monkeypatch.setattr(experiments, "SCRIPTS", tmp_path / "scripts")
    monkeypatch.setattr(experiments, "RESULTS", tmp_path / "results")
    monkeypatch.setattr("cs231n_helpers.data.experiments.FOLDER", tmp_path / "results")
    return tmp_path


def test_every_experiment_has_its_result_and_every_result_its_experiment():
    assert NAMES == sorted(path.stem for path in FOLDER.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_a_result_is_of_the_settings_in_the_script(name):
    module, found = experiments.load(name), data.results(name)
    assert found["settings"] == json.loads(json.dumps(module.SETTINGS))
    assert found["about"] == module.__doc__.strip().split("\n")[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", found["date"]) and found["versions"]["numpy"] and found["seconds"] > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_result_is_small(name):
    assert (FOLDER / f"{name}.json").stat().st_size < 200_000


def test_an_experiment_is_run_and_written_and_read(folders, capsys):
    experiments.main("twice")
    found = data.results("twice")
    assert found["results"] == {"twice": 6} and found["settings"] == {"number": 3} and set(found) == set(KEYS)
    assert "Twice a number." in capsys.readouterr().out


def test_a_failed_run_leaves_the_old_result(folders):
    experiments.main("twice")
    before = (folders / "results" / "twice.json").read_bytes()
    (folders / "scripts" / "twice.py").write_text(SCRIPT.replace("2 * number", "float('nan')"))
    with pytest.raises(ValueError):
        experiments.main("twice")
    assert (folders / "results" / "twice.json").read_bytes() == before
    assert [path.name for path in (folders / "results").iterdir()] == ["twice.json"]


@pytest.fixture
def without_data(folders):
    """An experiment, before `twice` in the alphabet, whose data is not there."""
    (folders / "scripts" / "cifar.py").write_text(
        '"""Needs more."""\nfrom cs231n_helpers.data import DataError\nSETTINGS = {}\n'
        'def run():\n    raise DataError("no pictures. Ways on: fetch them.")\n')  # fmt: skip
    return folders


def test_without_its_data_an_experiment_is_skipped_and_the_others_are_run(without_data, capsys):
    (without_data / "results").mkdir()
    (without_data / "results" / "cifar.json").write_text("the result of a day with pictures")
    experiments.main()
    assert "cifar: skipped. no pictures. Ways on: fetch them.\n" in capsys.readouterr().out
    assert (without_data / "results" / "cifar.json").read_text() == "the result of a day with pictures"
    assert data.results("twice")["results"] == {"twice": 6}


def test_an_experiment_that_was_asked_for_and_has_no_data_fails(without_data):
    with pytest.raises(SystemExit, match=r"cifar: no pictures\. Ways on: fetch them\."):
        experiments.main("cifar", "twice")


def test_the_experiment_on_cifar10_says_what_to_do_without_it(tmp_path, monkeypatch):
    monkeypatch.setenv("CS231N_CIFAR10", str(tmp_path / "cifar-10-binary.tar.gz"))
    with pytest.raises(SystemExit, match=r"is missing; the archive .* was expected\. Ways on: run `make cifar10`"):
        experiments.main("convnet_cifar10")


def test_an_unknown_experiment_is_named():
    with pytest.raises(SystemExit, match=r"No such experiment: nothing\. There are: "):
        experiments.main("nothing")


def test_a_missing_result_says_how_to_make_it(folders):
    with pytest.raises(data.DataError, match=r"no result 'thrice'; there are: none\. .*make experiments NAME=thrice"):
        data.results("thrice")


@pytest.mark.parametrize("text", ["", "{", "<html>", '{"about": 1}', "[1]", "\x00\x01"])
def test_a_damaged_result_is_refused(folders, text):
    (folders / "results").mkdir()
    (folders / "results" / "twice.json").write_text(text)
    with pytest.raises(data.DataError, match="make experiments NAME=twice"):
        data.results("twice")
