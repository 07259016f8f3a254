"""Every control of every explorer, driven by keyboard to where it can go."""

import math
from dataclasses import dataclass, field

SELECTORS = {
    "slider": ".noUi-handle", "menu": "select", "box": "input[type=checkbox]", "button": "button",
    "number": "input[type=number]", "text": "input[type=text]",
}  # fmt: skip
NO_PICTURE = 1500  # milliseconds without a new picture after which a change of value is held to be without effect


@dataclass
class Report:
    """What was driven, and what was wrong."""

    rows: list = field(default_factory=list)  # (cell, control, part, key, value, milliseconds)
    faults: list = field(default_factory=list)


class Driver:
    """Drives the controls of one explorer, in the cell `cell` whose execution count is `count`."""

    def __init__(self, nb, cell, count, report):
        self.nb, self.cell, self.count, self.report = nb, cell, count, report
        self.node = nb.show(cell)
        natural, shown = nb.js("sizes", cell)
        if natural != shown:
            self.fault(None, f"{natural} pixels shown as {shown}")
        nb.js("arm", cell)
        self.parts = nb.kernel(f"_inside.parts(Out[{count}])")

    def run(self):
        """Drive every part to its ends and back, and hold the page to what the kernel knows."""
        self._compare_with_page()
        before = self.state()
        for index, part in enumerate(self.parts):
            self._drive(index, part)
            self._reset(before, part)

    def state(self):
        """Values, picture and error as the kernel has them now."""
        self.last = self.nb.kernel(self._asked)
        return self.last

    @property
    def _asked(self):
        return f"_inside.state(Out[{self.count}])"

    def fault(self, part, text):
        """Note a fault."""
        name = f"{part['control']}[{part['place']}]" if part else "page"
        self.report.faults.append(f"{self.cell}: {name}: {text}")

    def _compare_with_page(self):
        """Each part the kernel knows stands in the page once, and shows its value."""
        for control in {part["control"] for part in self.parts}:
            mine = [part for part in self.parts if part["control"] == control]
            found = self.node.locator(self._selector(mine[0])).count()
            if found != len(mine):
                self.fault(mine[0], f"{len(mine)} in the kernel, {found} in the page")
        for part in self.parts:
            if not _same(part["asked"], part["start"]):
                self.fault(part, f"starts between its positions: {part['asked']} became {part['start']}")
            if part["kind"] == "slider" and not self._reads(part):
                self.fault(part, f"shows {self._readout(part)} for {part['start']}")

    def _readout(self, part):
        return self.node.locator(f".cs231n-name-{part['control']} .widget-readout").nth(part["place"]).inner_text()

    def _reads(self, part):
        text = self._readout(part).replace("\N{MINUS SIGN}", "-")
        return math.isclose(float(text), part["start"], rel_tol=0.06 if part["rounded"] else 1e-3, abs_tol=0.006)

    def _selector(self, part):
        name = f".cs231n-name-{part['control']}"
        return name if part["kind"] == "button" else f"{name} {SELECTORS[part['kind']]}"

    def _drive(self, index, part):
        self.nb.js("focus", self.cell, self._selector(part), part["place"])
        for keys, expected in _plan(part):
            self._step(index, part, keys, expected)

    def _step(self, index, part, keys, expected):
        """Press keys; the value must become what is expected, and a new value must give a new picture."""
        before = self.last  # nothing has moved since
        if part["kind"] in ("number", "text"):
            self.nb.page.keyboard.press("Control+a")
            self.nb.page.keyboard.type(keys)
            keys = "Enter"
        changes = expected is None or not _same(before["values"][index], expected)
        took, shown = self._press(keys, changes, part)
        value = self.last["values"][index]
        self.report.rows.append((self.cell, part["control"], part["place"], keys, value, took))
        if expected is not None and not _same(value, expected):
            self.fault(part, f"{keys} gave {value}, not {expected}")
        elif changes and took is None:
            self.fault(part, f"{keys} changed {before['values'][index]} to {value}, but the picture did not change")
        elif shown != self.last["picture"]:
            self.fault(part, f"{keys}: the page does not show the kernel's newest picture")

    def _press(self, key, changes, part):
        """Press a key that changes the picture, or not; return milliseconds to its paint, and what the page shows."""
        self.nb.page.keyboard.press(key)
        seen = self.nb.js("answer", self.cell, self._asked, NO_PICTURE if changes else 0)
        self.last = seen["state"]
        if seen["error"]:
            self.fault(part, f"{key}: error shown: {seen['error']}")
        return seen["took"], seen["shown"]

    def _reset(self, before, part):
        """Back to the start by the Reset button, with the keyboard; the picture must be the first one again."""
        self.nb.js("focus", self.cell, "button", 0, "Reset")
        self._press("Enter", self.last["picture"] != before["picture"], part)
        after = self.last
        buttons = {i for i, p in enumerate(self.parts) if p["kind"] == "button"}
        for i, (old, new) in enumerate(zip(before["values"], after["values"], strict=True)):
            if i not in buttons and not _same(old, new):
                self.fault(part, f"Reset left {self.parts[i]['control']} at {new}, not {old}")
        if after["picture"] != before["picture"]:
            self.fault(part, "Reset did not bring the first picture back")


def _plan(part):
    """Return (keys, expected value) pairs that take a part from its start to its ends, or through all its options."""
    goes = part["range"]
    if part["kind"] == "slider":
        return [("Home", goes[0]), ("End", goes[1])]
    if part["kind"] == "menu":
        return [("Home", goes[0]), *[("ArrowDown", option) for option in goes[1:]]]
    if part["kind"] == "box":
        return [("Space", not part["start"]), ("Space", part["start"])]
    if part["kind"] == "button":
        return [("Enter", None), ("Space", None)]
    if part["kind"] == "text":
        return [(text, text) for text in [*goes[1:], goes[0]]]
    return [(f"{end:g}", end) for end in goes]


def _same(a, b):
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    return a == b
