"""From key press to new picture: every slider of every notebook in Chromium, beside `interact` with the same figure.

    python benchmarks/sliders.py            all notebooks; --quick takes the first slider of each figure, fewer presses
    python benchmarks/sliders.py 01_knn     the notebooks that are named

A row is "passed" if the median is at most 50 ms, 95 % at most 80 ms, and the median at most a quarter of `interact`'s.
The times hold for a machine that does nothing else; the ratio holds nearly anywhere.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "browser")]

from lab import run_browser, run_lab  # noqa: E402
from page import NotebookPage  # noqa: E402
from tables import table  # noqa: E402
from timing import MEDIAN_AIM, P95_AIM, RATIO_AIM, compare, sliders  # noqa: E402

HEAD = ("notebook", "figure", "control", "median", "95 %", "interact", "ratio", "")


def measure(nb, quick):
    """Yield a row for each slider of an open notebook that was run."""
    for cell, (count, kind) in nb.explorers().items():
        if kind == "training":  # `interact` has no run to show: it would train anew for every picture
            continue
        for slider in sliders(nb, cell, count)[: 1 if quick else None]:
            try:
                row = compare(nb, cell, count, kind, slider, presses=12 if quick else 40)
            except AssertionError as problem:  # the slider gave too few pictures
                yield nb.notebook, cell, slider[0], None, None, None, None, f"not measured: {problem}"
                continue
            yield _row(nb.notebook, row)


def _row(notebook, row):
    ours = row.ours
    passed = ours.median <= MEDIAN_AIM and ours.p95 <= P95_AIM and row.ratio <= RATIO_AIM
    times = [f"{ms:.0f} ms" for ms in (ours.median, ours.p95, row.twin.median)]
    return notebook, row.cell, row.control, *times, f"{row.ratio:.2f}", "passed" if passed else "not met"


def main(quick=False, names=()):
    """Measure and print."""
    names = names or sorted(file.stem for file in (ROOT / "notebooks").glob("*.ipynb"))
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print(table(HEAD, [(name, *[None] * 6, "not measured: playwright is not installed") for name in names]))
        return
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        notebooks, home = Path(folder, "notebooks"), Path(folder, "home")
        shutil.copytree(ROOT / "notebooks", notebooks, ignore=shutil.ignore_patterns(".*"))
        home.mkdir()
        with run_lab(notebooks, home) as lab, run_browser(playwright) as browser:
            rows = [row for name in names for row in _measure_notebook(browser, lab, name, quick)]
    print(f"Sliders; aims: median {MEDIAN_AIM} ms, 95 % {P95_AIM} ms, {RATIO_AIM} of interact; ", end="")
    print(f"load of the machine at the end {os.getloadavg()[0]:.1f}\n" if hasattr(os, "getloadavg") else "\n")
    print(table(HEAD, rows))


def _measure_notebook(browser, lab, name, quick):
    nb = NotebookPage(browser.new_page(viewport={"width": 1280, "height": 900}), lab, name)
    nb.run_all()
    yield from measure(nb, quick)
    nb.close()


if __name__ == "__main__":
    main("--quick" in sys.argv[1:], [name for name in sys.argv[1:] if not name.startswith("-")])
