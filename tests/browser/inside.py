"""What runs in the notebook's own kernel: which explorers and controls there are, and what state they are in.

Every function prints JSON, which `NotebookPage.kernel` reads.
"""

import contextlib
import ctypes
import gc
import hashlib
import json
import os
import threading

import ipywidgets as ipw
import numpy as np
from matplotlib.image import AxesImage

from cs231n_helpers.widgets import Explorer
from cs231n_helpers.widgets.controls import NumbersControl, PressControl
from cs231n_helpers.widgets.live import LivePanel
from cs231n_helpers.widgets.points import PointsControl


def tell(answer):
    """Print an answer for the test."""
    print(json.dumps(answer, default=_plain))


def explorers(out):
    """Tell the execution counts of the cells that end in an explorer, with the kind of each picture."""
    tell({count: kind(value) for count, value in out.items() if isinstance(value, Explorer)})


def how_many():
    """Tell how many explorers live, wherever they are shown."""
    tell(sum(isinstance(widget, Explorer) for widget in list(ipw.widgets.widget._instances.values())))


def kind(explorer):
    """Return "training", or "montage", "regions" or "line" by what the picture holds."""
    if isinstance(explorer, LivePanel):
        return "training"
    images = explorer.figure.findobj(AxesImage)
    if any(np.ndim(image.get_array()) == 3 and image.get_array().dtype == np.uint8 for image in images):
        return "montage"
    return "regions" if any(image.get_array().size > 5000 for image in images) else "line"


def parts(explorer):
    """Tell every slider, menu, box, button and number box: its control, its place in it, and how far it goes."""
    tell([
        {"control": name, "place": place, "kind": _kind_of(leaf), "range": _range(leaf, explorer.limits(name)),
         "rounded": isinstance(leaf, ipw.FloatLogSlider), "start": leaf.value,
         "asked": explorer._starts[name] if leaf is control else leaf.value}
        for name, control in explorer.controls.items()
        for place, leaf in enumerate(leaves(control))
    ])  # fmt: skip


def leaves(control):
    """Return the ipywidgets that make up a control."""
    if isinstance(control, PointsControl):
        return [control.point, control.x, control.y]
    return control.boxes if isinstance(control, NumbersControl) else [control]


def _kind_of(leaf):
    kinds = {ipw.Dropdown: "menu", ipw.Checkbox: "box", PressControl: "button", ipw.BoundedFloatText: "number",
             ipw.Text: "text"}  # fmt: skip
    return next((kind for sort, kind in kinds.items() if isinstance(leaf, sort)), "slider")


def _range(leaf, limits):
    if isinstance(leaf, ipw.Dropdown):
        return list(leaf.options)
    if isinstance(leaf, ipw.Text):
        return limits
    if isinstance(leaf, ipw.FloatLogSlider):
        return [leaf.base**leaf.min, leaf.base**leaf.max]
    return [leaf.min, leaf.max] if hasattr(leaf, "min") else [False, True]


def state(explorer):
    """Tell every part's value, the picture's fingerprint, and the error shown."""
    values = [leaf.value for control in explorer.controls.values() for leaf in leaves(control)]
    picture = hashlib.sha256(explorer.picture.value).hexdigest()
    tell({"values": values, "picture": picture, "error": explorer.error, "frames": explorer.frames})


def footprint():
    """Tell what must not grow: memory in MB, living widgets, threads."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # what the allocator keeps for later is not a leak
    with open(f"/proc/{os.getpid()}/statm") as file:
        pages = int(file.read().split()[1])
    import matplotlib.pyplot as plt

    tell({"MB": pages * os.sysconf("SC_PAGE_SIZE") / 1e6, "widgets": len(ipw.widgets.widget._instances),
          "threads": threading.active_count(), "figures": len(plt.get_fignums())})  # fmt: skip


def twin(explorer, control, place=0):
    """Show what `interact` makes of the same figure: drawn anew with pyplot at every change of one slider."""
    import matplotlib.pyplot as plt

    leaf = leaves(explorer.controls[control])[place]
    same = {name: getattr(leaf, name) for name in ("min", "max", "step", "base", "value") if leaf.has_trait(name)}
    axes, size = explorer._layout_of

    def draw_anew(value):
        values = explorer._fixed | explorer.values | {control: _with(explorer.controls[control], place, value)}
        figure = plt.figure(figsize=size, dpi=100, layout="constrained")
        ax = figure.subplots() if axes is None else _axes(figure, axes)
        explorer.draw(ax, **values)
        plt.show()

    plain = next(sort for sort in type(leaf).__mro__ if sort.__module__.startswith("ipywidgets"))
    ipw.interact(draw_anew, value=plain(**same))


def _axes(figure, axes):
    return figure.subplot_mosaic(axes) if isinstance(axes, str) else figure.subplots(*axes)


def _with(control, place, value):
    """Return a control's value with one of its sliders at another place."""
    if not isinstance(control, PointsControl) or place == 0:
        return control.value if isinstance(control, PointsControl) else value
    points = control.value.copy()
    points[control.point.value, place - 1] = value
    return points


def _plain(value):
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else str(value)
