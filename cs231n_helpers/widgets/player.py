"""A Play button that moves a slider step by step, in the browser."""

import anywidget
import ipywidgets as ipw
import traitlets


class Player(anywidget.AnyWidget):
    """Plays `slider` from where it stands to its end, or from its start if it stands there, then stops.

    The Play of ipywidgets has a value of its own, which must follow the slider: one message more for every move of the
    slider, and 10 ms. This one has none, and asks the slider.
    """

    slider = traitlets.Instance(ipw.Widget).tag(sync=True, **ipw.widget_serialization)
    interval = traitlets.Int(1200).tag(sync=True)  # milliseconds

    _esm = """
    async function render({ model, el }) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "lm-Widget jupyter-widgets jupyter-button widget-button cs231n-player";
      el.appendChild(button);
      const slider = await model.widget_manager.get_model(model.get("slider").slice("IPY_MODEL_".length));
      let timer = null;
      const name = () => { button.textContent = timer === null ? "▶ Play" : "❚❚ Pause"; };
      const stop = () => { clearInterval(timer); timer = null; name(); };
      const atEnd = () => slider.get("value") >= slider.get("max");
      const step = () => {
        slider.set("value", atEnd() ? slider.get("min") : slider.get("value") + slider.get("step"));
        slider.save_changes();
        if (timer !== null && atEnd()) stop();
      };
      button.addEventListener("click", () => {
        if (timer !== null) { stop(); return; }
        timer = setInterval(step, model.get("interval"));
        name();
        step();
      });
      name();
      return () => clearInterval(timer);
    }
    export default { render };
    """
    _css = ".cs231n-player { width: auto; min-width: 84px; }"
