"""Each notebook in JupyterLab: it runs, its pictures are sharp, and each of its controls answers to the keyboard."""

import os

import pytest
from conftest import NOTEBOOKS
from drive import Driver, Report
from tables import write_table
from timing import RATIO_LIMIT, compare, sliders

TRIES = 6  # figures of a kind that are measured before the ratio is held to be missed


@pytest.fixture(scope="module", params=NOTEBOOKS)
def nb(request, opened):
    nb = opened(request.param)
    yield nb
    nb.close()


def test_every_cell_runs_without_a_complaint(nb):
    assert nb.faults() == []
    assert nb.complaints == []


def test_every_explorer_stands_in_a_cell(nb):
    assert len(nb.explorers()) == nb.kernel("_inside.how_many()") > 0


def test_every_control_answers_to_the_keyboard(nb, artefacts):
    report = Report()
    for cell, (count, _) in nb.explorers().items():
        driver = Driver(nb, cell, count, report)
        if os.environ.get("CS231N_PICTURES"):  # to be looked at
            driver.node.locator(".jp-OutputArea").first.screenshot(path=artefacts / f"{nb.notebook}-{cell}.png")
        driver.run()
    write_table(artefacts / f"{nb.notebook}-keys.md", ("cell", "control", "part", "key", "value", "ms"), report.rows)
    assert not report.faults, "\n".join(report.faults)
    assert nb.faults() == [] and nb.complaints == []


def test_pictures_are_shown_pixel_for_pixel_on_a_wide_screen(nb):
    """At 1,280 pixels the drive holds them to it."""
    nb.page.set_viewport_size({"width": 1920, "height": 900})
    blurred = []
    for cell in nb.explorers():
        nb.show(cell)
        natural, shown = nb.js("sizes", cell)
        if natural != shown:
            blurred.append(f"{cell}: {natural} pixels shown as {shown}")
    nb.page.set_viewport_size({"width": 1280, "height": 900})
    assert blurred == []


@pytest.mark.parametrize("nb", ["01_knn"], indirect=True)
def test_pictures_come_much_sooner_than_with_interact(nb, artefacts):
    """One figure of each kind (lines, image montage, regions) is held here; benchmarks/sliders.py measures them all."""
    measured, by_kind = [], {}
    for cell, (count, kind) in nb.explorers().items():
        if kind != "training":  # `interact` has no run to show: it would train anew for every picture
            by_kind.setdefault(kind, []).extend((cell, count, slider) for slider in sliders(nb, cell, count)[-1:])
    best = {kind: _best_ratio(nb, kind, figures, measured) for kind, figures in by_kind.items() if figures}
    assert set(best) == {"line", "montage", "regions"}
    rows = [(m.kind, m.cell, m.control, str(m.ours), str(m.twin), f"{m.ratio:.2f}") for m in measured]
    write_table(artefacts / f"{nb.notebook}-ratios.md", ("kind", "cell", "control", "ours", "interact", "ratio"), rows)
    assert {kind: ratio for kind, ratio in best.items() if ratio > RATIO_LIMIT} == {}


def _best_ratio(nb, kind, figures, measured):
    """Measure one figure after another, the first ones again if there are few, until one keeps the limit."""
    best = float("inf")
    for cell, count, slider in (figures * TRIES)[:TRIES]:
        measured.append(compare(nb, cell, count, kind, slider, presses=12))
        best = min(best, measured[-1].ratio)
        if best <= RATIO_LIMIT:
            break
    return best
