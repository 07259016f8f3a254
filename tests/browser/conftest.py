"""Fixtures: one JupyterLab and one Chromium for all tests of this folder."""

import os
import shutil
from pathlib import Path

import pytest
import scratch
from lab import ROOT, run_browser, run_lab
from page import NotebookPage

NOTEBOOKS = sorted(file.stem for file in (ROOT / "notebooks").glob("*.ipynb"))
ARTEFACTS = Path(__file__).parent / "artefacts"  # tables and screenshots of the last run; ignored by git


def pytest_collection_modifyitems(items):
    """Driving a whole notebook takes longer than a unit test may; the largest comes first, so that no process waits."""
    here = Path(__file__).parent
    mine = [item for item in items if here in item.path.parents]
    for item in mine:
        item.add_marker(pytest.mark.browser)
        item.add_marker(pytest.mark.timeout(900))
    items[:] = [item for item in items if item not in mine] + sorted(mine, key=_size, reverse=True)


def _size(item):
    """Return the size of the notebook that a test is about; tests of nothing committed come last."""
    name = item.callspec.params.get("nb") if hasattr(item, "callspec") else None
    path = ROOT / "notebooks" / f"{name}.ipynb"
    return path.stat().st_size if path.is_file() else 0


@pytest.fixture(scope="session")
def artefacts():
    ARTEFACTS.mkdir(exist_ok=True)
    return ARTEFACTS


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """JupyterLab on a copy of the notebooks."""
    folder, home = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("home")
    for name in NOTEBOOKS:
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", folder)
    scratch.write(folder / "scratch.ipynb")
    with run_lab(folder, home) as lab:
        yield lab


@pytest.fixture(scope="session")
def browser():
    """Chromium; CS231N_VISIBLE=1 shows it."""
    from playwright.sync_api import sync_playwright  # here, so that the rest of the tests can be collected without it

    visible = bool(os.environ.get("CS231N_VISIBLE"))
    with sync_playwright() as playwright, run_browser(playwright, visible) as browser:
        yield browser


@pytest.fixture(scope="session")
def opened(lab, browser):
    """Return a function that opens a notebook in a page of its own; `run=True` runs all its cells."""

    def open_notebook(name, run=True):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        nb = NotebookPage(page, lab, name)
        if run:
            nb.run_all()
        return nb

    return open_notebook
