"""A cell that runs again replaces its widgets; the old ones are closed, or each run would keep a figure for ever."""

import ipywidgets as ipw
from IPython import get_ipython

_of_cell = {}  # cell id -> (execution, widgets made by it)


def replace(widget):
    """Close the widgets that an earlier run of the running cell made, and remember `widget` in their place.

    The cell is known by the id that JupyterLab and Notebook send with it; elsewhere nothing is closed.
    """
    cell, execution = _running_cell()
    if cell is None:
        return
    last, widgets = _of_cell.get(cell, (execution, []))
    if last != execution:
        for old in widgets:
            close_tree(old)
        widgets = []
    _of_cell[cell] = (execution, [*widgets, widget])


def _running_cell():
    """Return the id of the running cell and of its execution, or (None, None)."""
    shell = get_ipython()
    request = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return request.get("metadata", {}).get("cellId"), request.get("header", {}).get("msg_id")


def close_tree(widget):
    """Close a widget and all it is made of."""
    for child in getattr(widget, "children", ()):
        close_tree(child)
    if isinstance(getattr(widget, "link", None), ipw.Widget):
        widget.link.close()
    for part in ("layout", "style"):
        if widget.has_trait(part) and getattr(widget, part) is not None:
            getattr(widget, part).close()
    widget.close()
