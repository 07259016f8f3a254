"""The files around the code: nothing unsafe is switched on, nothing of one machine is written down, links resolve."""

import re
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent
SELF = Path(__file__).resolve()
LEFT_OUT = {".git", ".venv", ".local", "__pycache__", ".pytest_cache", ".ruff_cache", ".hypothesis", "cache",
            ".ipynb_checkpoints", "artefacts", "cifar10", "build", "dist", "results"}  # fmt: skip
TEXT = {".py", ".md", ".sh", ".toml", ".txt", ".cfg", ".yml", ".yaml", ".json", ".js", ".css", ".ipynb", ""}
SWITCHES = {  # what would open a server of Jupyter to others
    "listens everywhere": r"(?i)\bip\W{1,4}(?:0\.0\.0\.0|\*|::)",
    "asks for no token": r"""(?i)token['"]?\s*[=:]\s*(?:''|""|None\b)""",
    "asks for no password either": r"""(?i)password['"]?\s*[=:]\s*(?:''|"")""",
    "takes requests of other pages": r"(?i)disable_check_xsrf['\"]?\s*[=:,]\s*[\"']?(?:True|1)",
    "takes requests from any address": r"(?i)allow_(?:remote_access|unauthenticated_access|origin)\W{1,4}(?:True|1|\*)",
    "runs pickles": r"(?i)allow_pickle\s*=\s*True",
}
MACHINE = re.compile(r"(?<![\w.:/~@-])/(?:home|Users|root|work|private|mnt)/\w")
HOSTS = {  # every host that the project names, and why
    "127.0.0.1", "localhost",
    "github.com", "docs.github.com",
    "cs231n.github.io", "cs231n.stanford.edu",                      # the notes
    "www.cs.toronto.edu",                                           # CIFAR-10
    "flic.kr", "www.flickr.com",                                    # photographs
    "distributed.dask.org",                                         # how a search runs on a cluster
    "wordnet.princeton.edu",                                        # names of classes
    "www.python.org", "docs.python.org", "numpy.org", "matplotlib.org", "jupyter.org", "nbval.readthedocs.io",
    "opensource.org", "creativecommons.org", "spdx.org", "arxiv.org", "doi.org",
    "www.w3.org",                                                   # names of XML
    "json.schemastore.org", "json-schema.org",
}  # fmt: skip
RESERVED = re.compile(r"(?:^|\.)(?:example|invalid|test)(?:\.\w+)?$")     # names kept free for examples and tests


def text_files():
    """Return the files of the repository that are text, without what is made or downloaded."""
    paths = (path for path in ROOT.rglob("*") if not LEFT_OUT & set(path.relative_to(ROOT).parts))
    return [path for path in paths if path.suffix in TEXT and path.is_file() and path.resolve() != SELF]


def lines_with(pattern):
    """Return (file:line) of every line of the repository that a pattern finds."""
    return [f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}" for path in text_files()
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="ignore").splitlines(), 1)
            if len(line) < 5000 and re.search(pattern, line)]  # fmt: skip


@pytest.mark.parametrize("what", SWITCHES)
def test_nothing_unsafe_is_switched_on(what):
    found = lines_with(SWITCHES[what])
    assert [line for line in found if not line.startswith("tests/test_setup.py")] == []  # which shows they are refused


@pytest.mark.parametrize(("what", "text"), [
    ("listens everywhere", "jupyter lab --ip=0.0.0.0"), ("listens everywhere", "c.ServerApp.ip = '*'"),
    ("asks for no token", "--IdentityProvider.token=''"), ("asks for no token", 'c.ServerApp.token = ""'),
    ("takes requests of other pages", "--ServerApp.disable_check_xsrf=True"),
    ("takes requests from any address", "c.ServerApp.allow_origin = '*'"),
    ("runs pickles", "np.load(path, allow_pickle=True)"),
])  # fmt: skip
def test_the_switches_would_be_found(what, text):
    assert re.search(SWITCHES[what], text)


def test_no_path_of_a_machine_is_written_down():
    examples = ("test_notebooks.py", "tools/notebooks.py")     # which look for them
    assert [line for line in lines_with(MACHINE) if not line.startswith(("tests/" + examples[0], examples[1]))] == []


def test_no_token_is_written_down():
    assert lines_with(r"token=[0-9a-f]{8,}") == []


def test_every_host_is_known():
    unknown = {}
    for path in text_files():
        text = path.read_text(encoding="utf-8", errors="ignore")
        for address in re.findall(r"(?:https?|ftp)://[^\s\"'<>)\]}`\\]+", text):
            host = urlsplit(address.rstrip(".,;")).hostname or ""
            if "." in host and "{" not in address and host not in HOSTS and not RESERVED.search(host):
                unknown.setdefault(host, set()).add(str(path.relative_to(ROOT)))
    assert not unknown, f"hosts that are not in HOSTS: {unknown}"


# --- Makefile, requirements ---------------------------------------------------------------------------------------


def targets():
    return re.findall(r"(?m)^([a-z0-9-]+):", (ROOT / "Makefile").read_text())


def test_every_target_is_in_the_help():
    shown = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"help", "lab", "test", "test-browser", "notebooks", "cifar10", "bench", "clean"} <= set(targets())
    for target in targets():
        assert re.search(rf"(?m)^  {re.escape(target)} +\S", shown), f"make help does not explain {target}"


def test_every_target_is_phony():
    [phony] = re.findall(r"(?m)^\.PHONY: (.*)$", (ROOT / "Makefile").read_text())
    assert set(phony.split()) == set(targets())


def requirements():
    """Return (name, the whole line) of every requirement of requirements.txt."""
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and not line.startswith("#")]
    return [(re.match(r"[\w.-]+", line)[0], line) for line in lines]


def pins():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


@pytest.mark.parametrize(("name", "line"), requirements(), ids=[name for name, _ in requirements()])
def test_a_requirement_has_a_range_and_a_reason(name, line):
    assert ">=" in line and "==" not in line
    assert len(line.partition("#")[2].split()) >= 3, f"why is {name} needed?"


def test_everything_asked_for_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for extra in project["optional-dependencies"].values() for line in extra]
    wanted = {re.match(r"[\w.-]+", line)[0] for line in extras} | {name for name, _ in requirements()}
    assert {name.lower() for name in wanted} <= {name.lower().replace("_", "-") for name in pins()}


def test_what_is_installed_keeps_to_the_pins_of_nbval():
    """Its rules on what is compared are relied on: a new version must be looked at first."""
    assert pins()["nbval"].startswith("0.11")


# --- links --------------------------------------------------------------------------------------------------------


def pages():
    return [path for path in text_files() if path.suffix == ".md"]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"(?s)```.*?```", "", page.read_text(encoding="utf-8"))
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"""(?:src|href)=["']([^"']+)""", text)
    for link in links:
        if urlsplit(link).scheme:
            continue
        target, _, heading = unquote(link).partition("#")
        there = (page.parent / target) if target else page
        assert there.exists(), f"{page.name} links to {link}, which is not there"
        if heading and there.suffix == ".md":
            assert heading in anchors(there), f"{page.name} links to {link}: {there.name} has no such heading"


def anchors(page):
    """Return the names that GitHub gives to the headings of a page."""
    headings = re.findall(r"(?m)^#+ +(.*)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_the_licence_names_its_holder():
    licence = (ROOT / "LICENSE").read_text()
    assert licence.startswith("MIT License") and "2026 The CS231n notebooks authors" in licence
