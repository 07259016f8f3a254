"""A picture that tells where the mouse drags on it."""

import anywidget
import traitlets


class PointerPicture(anywidget.AnyWidget):
    """An image whose drags arrive as messages {"down": bool, "x": pixels, "y": pixels}.

    While one drag is being answered with a new picture, only the newest further one is kept.
    """

    value = traitlets.Bytes().tag(sync=True)
    width = traitlets.Int().tag(sync=True)
    height = traitlets.Int().tag(sync=True)
    description = traitlets.Unicode().tag(sync=True)

    _css = ".cs231n-pointer { max-width: 100%; height: auto; touch-action: none; cursor: crosshair; display: block; }"
    _esm = """
    function render({ model, el }) {
      const image = document.createElement("img");
      image.className = "cs231n-pointer";
      image.draggable = false;
      image.width = model.get("width");
      image.height = model.get("height");
      image.alt = model.get("description");
      let address = "", waiting = false, newest = null, dragging = false;
      const show = () => {
        const old = address;
        address = URL.createObjectURL(new Blob([model.get("value")], { type: "image/png" }));
        image.src = address;
        if (old) URL.revokeObjectURL(old);
      };
      const place = (event, down) => {
        const box = image.getBoundingClientRect();
        return { down, x: (event.clientX - box.left) * image.width / box.width,
                       y: (event.clientY - box.top) * image.height / box.height };
      };
      const tell = (message) => {
        if (waiting && !message.down) { newest = message; return; }
        waiting = true;
        model.send(message);
      };
      const answered = () => {
        waiting = false;
        if (newest) { const message = newest; newest = null; tell(message); }
      };
      const redraw = () => { show(); answered(); };
      model.on("change:value", redraw);
      model.on("msg:custom", answered);   // the kernel answered, but the picture did not change
      image.addEventListener("pointerdown", (event) => {
        image.setPointerCapture(event.pointerId);
        dragging = true;
        tell(place(event, true));
      });
      image.addEventListener("pointermove", (event) => { if (dragging) tell(place(event, false)); });
      for (const end of ["pointerup", "pointercancel"])
        image.addEventListener(end, () => { dragging = false; });
      show();
      el.appendChild(image);
      return () => { model.off("change:value", redraw); model.off("msg:custom", answered);
                     URL.revokeObjectURL(address); };
    }
    export default { render };
    """
