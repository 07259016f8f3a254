"""From key press to painted picture: timed in the browser, beside `interact` drawing the same figure."""

import statistics
from dataclasses import dataclass

MEDIAN_AIM, P95_AIM, RATIO_AIM = 50, 80, 0.25  # milliseconds, milliseconds, ours / interact
RATIO_LIMIT = 0.4  # what CI holds; a picture that costs nothing to draw already takes 37 ms to arrive


@dataclass(frozen=True)
class Times:
    """Milliseconds of several answers to a key."""

    samples: tuple

    @property
    def median(self):
        """The middle one."""
        return statistics.median(self.samples)

    @property
    def p95(self):
        """What 95 % do not exceed."""
        return sorted(self.samples)[-(-95 * len(self.samples) // 100) - 1]

    def __str__(self):
        return f"{self.median:.0f} / {self.p95:.0f} ms"


def press(nb, key, limit=1500, calm=40):
    """Press a key and wait for the picture it makes; return milliseconds to its paint, or None if none came.

    calm : milliseconds without a new picture after which none of an earlier key is expected
    """
    before = nb.js("quiet", calm)["pictures"]
    nb.page.keyboard.press(key)
    seen = nb.js("next", before, limit)
    return seen and seen["painted"] - seen["pressed"]


def time_slider(nb, cell, handle, presses=20):
    """Press arrow keys on a slider's handle, to and fro between its first three places; return Times."""
    nb.js("arm", cell)
    handle.focus()
    press(nb, "Home", 600)
    steps = [press(nb, key) for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft") * -(-presses // 4)]
    samples = tuple(step for step in steps if step is not None)
    if len(samples) < presses // 2:
        raise AssertionError(f"{cell}: only {len(samples)} of {len(steps)} key presses gave a new picture")
    return Times(samples)


@dataclass(frozen=True)
class Comparison:
    """One slider, measured beside its twin."""

    cell: str
    control: str
    kind: str
    ours: Times
    twin: Times | None

    @property
    def ratio(self):
        """Our median as a part of what `interact` takes."""
        return self.ours.median / self.twin.median


def sliders(nb, cell, count):
    """Return (control, place, handle) of the sliders of an explorer, the ones of other parts left out."""
    parts = nb.kernel(f"_inside.parts(Out[{count}])")
    node = nb.show(cell)
    found = [(part["control"], part["place"]) for part in parts if part["kind"] == "slider"]
    handles = [node.locator(f".cs231n-name-{control} .noUi-handle").nth(place) for control, place in found]
    return [(*names, handle) for names, handle in zip(found, handles, strict=True)]


def compare(nb, cell, count, kind, slider, presses=20):
    """Time one slider, then `interact` with the same figure in a cell made for it, which is removed again."""
    control, place, handle = slider
    nb.show(cell)
    ours = time_slider(nb, cell, handle, presses)
    other = nb.add_cell(f"import inside as _inside\n_inside.twin(Out[{count}], {control!r}, {place})")
    try:
        twin = time_slider(nb, other, nb.show(other).locator(".noUi-handle").first, max(8, presses // 2))
    finally:
        nb.js("removeCell", other)
    return Comparison(cell, control, kind, ours, twin)
