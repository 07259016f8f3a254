"""Arrow keys that stay with the menu they are pressed on."""

import anywidget


class MenuKeys(anywidget.AnyWidget):
    """Invisible; while a menu of an explorer has the keyboard, JupyterLab's own keys rest.

    Otherwise an arrow key on a menu goes to the next cell, and a letter, meant to choose an option, changes the cell.
    Elsewhere than in JupyterLab it does nothing.
    """

    _esm = """
    function quiet(event) {
      if (event.target.matches?.(".cs231n-explorer select"))
        event.target.setAttribute("data-lm-suppress-shortcuts", "true");   // read by JupyterLab's key bindings
    }
    function initialize() {
      if (window.cs231nMenuKeys) return;
      window.cs231nMenuKeys = true;
      window.addEventListener("focusin", quiet, true);
    }
    export default { initialize, render() {} };
    """
