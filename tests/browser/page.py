"""A notebook in JupyterLab, as the tests use it: opened, run, asked about its cells and its kernel."""

import json
import re
import time
from pathlib import Path

PROBE = (Path(__file__).parent / "probe.js").read_text(encoding="utf-8")
LONG = 500  # cells; with more of them in the page Chromium takes longer for a picture than the kernel
CELL_LIMIT = 150_000  # milliseconds a whole notebook may take to run


class NotebookPage:
    """One notebook, open in a page of the browser."""

    def __init__(self, page, lab, notebook):
        self.page, self.notebook = page, notebook
        self.complaints = []  # what the browser's console called an error
        page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda problem: self.complaints.append(str(problem)))
        page.add_init_script(PROBE)
        page.goto(lab.link(f"{notebook}.ipynb"))
        page.wait_for_function("() => window.cs231n && cs231n.ready()", timeout=60_000)
        if page.evaluate("() => cs231n.cells().length") > LONG:
            self.js("attachOnlyWhatIsSeen")

    def js(self, call, *arguments):
        """Call a function of probe.js."""
        return self.page.evaluate(f"(a) => cs231n.{call}(...a)", list(arguments))

    def run_all(self):
        """Run all cells and wait until the kernel is idle again and every widget stands in the page."""
        self.page.wait_for_function("() => cs231n.status() === 'idle'", timeout=60_000)
        self.page.set_default_timeout(CELL_LIMIT)
        self.page.evaluate("() => cs231n.command('notebook:run-all-cells')")
        self.settle()
        self.page.set_default_timeout(15_000)

    def close(self):
        """Stop the kernel and leave the page."""
        self.page.evaluate("() => cs231n.panel().sessionContext.shutdown()")
        self.page.close()

    def settle(self):
        """Wait until the kernel has nothing to do."""
        self.page.wait_for_function("() => cs231n.status() === 'idle'", timeout=CELL_LIMIT)

    def kernel(self, code):
        """Run code, with `inside` at hand, in the notebook's kernel; return the JSON it prints, or raise."""
        answer = self.js("execute", f"import inside as _inside\n{code}")
        if answer["error"]:
            raise AssertionError(_plain(answer["error"]))
        return json.loads(answer["text"]) if answer["text"].strip() else None

    def explorers(self):
        """Return {cell id: (execution count, kind of picture)} of the cells that end in an explorer."""
        kinds = self.kernel("_inside.explorers(Out)")
        counts = self.js("counts")
        return {cell: (count, kinds[str(count)]) for cell, count in counts.items() if str(count) in kinds}

    def faults(self):
        """Everything in the cells' outputs that a learner would take for a fault: (cell id, text)."""
        return [(cell, _plain(text)) for cell, text in self.js("faults")]

    def show(self, cell):
        """Scroll to a cell, so that it is drawn, and return its node in the page."""
        self.js("show", cell)
        return self.page.locator(f'[data-cs231n-cell="{cell}"]')

    def shows_the_newest(self, cell, explorer, seconds=5):
        """Return whether a cell shows the newest picture of `explorer`, an expression for the kernel, now or soon."""
        end = time.monotonic() + seconds  # a picture on its way through a busy page is late, not wrong
        while self.js("picture", cell) != self.kernel(f"_inside.state({explorer})")["picture"]:
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def run_cell(self, cell):
        """Run one cell and wait until it is done."""
        self.js("run", cell)
        self.settle()

    def add_cell(self, code):
        """Append a code cell, run it, and return its id."""
        cell = self.js("addCell", code)
        self.run_cell(cell)
        return cell


def _plain(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
