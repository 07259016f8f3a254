// What the browser tests need inside JupyterLab's page: its notebook, its kernel, and a stop-watch for pictures.
window.cs231n = (() => {
  const lab = () => window.jupyterapp || window.jupyterlab;
  const panel = () => lab().shell.currentWidget;
  const kernel = () => panel().sessionContext.session.kernel;
  const cells = () => panel().content.widgets;
  const frame = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();           // a message posted in a frame arrives after that frame is painted
    channel.port1.onmessage = done;
    channel.port2.postMessage(0);
  }));

  function ready() {
    const app = lab();
    return !!(app && panel() && panel().content && panel().content.widgets && panel().context?.isReady
      && panel().sessionContext.isReady && kernel());
  }

  function attachOnlyWhatIsSeen() {                  // JupyterLab's windowing mode "full"
    panel().content.notebookConfig = { ...panel().content.notebookConfig, windowingMode: "full" };
  }

  async function execute(code) {
    const future = kernel().requestExecute({ code, store_history: false, allow_stdin: false });
    let text = "", error = "";
    future.onIOPub = ({ header, content }) => {
      if (header.msg_type === "stream" && content.name === "stdout") text += content.text;
      if (header.msg_type === "error") error = content.traceback.join("\n");
    };
    await future.done;
    return { text, error };
  }

  function faults() {
    const found = [];
    for (const cell of cells()) {
      if (cell.model.type !== "code") continue;
      for (const output of cell.model.sharedModel.getOutputs()) {
        const text = [].concat(output.text || "").join("");
        if (output.output_type === "error") found.push([cell.model.id, output.traceback.join("\n")]);
        else if (output.name === "stderr" && !/\d+%\|/.test(text)) found.push([cell.model.id, text]);
        else if (/Traceback \(most recent call last\)/.test(text)) found.push([cell.model.id, text]);
      }
      if (cell.model.executionCount === null && cell.model.sharedModel.getSource().trim())
        found.push([cell.model.id, "this cell was not run"]);
    }
    for (const node of document.querySelectorAll(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']"))
      if (!/\d+%\|/.test(node.innerText)) found.push(["page", node.innerText]);
    return found;
  }

  const indexOf = (id) => cells().findIndex((cell) => cell.model.id === id);

  const counts = () => Object.fromEntries(cells().filter((cell) => cell.model.type === "code")
    .map((cell) => [cell.model.id, cell.model.executionCount]));

  async function picture(id) {                        // the fingerprint of the picture that stands in a cell's output
    const bytes = await (await fetch(image(id).src)).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  const tell = async (code) => {                      // the JSON that code in the kernel prints
    const { text, error } = await execute("import inside as _inside\n" + code);
    if (error) throw new Error(error);
    return JSON.parse(text);
  };

  function focus(id, selector, place, text = "") {    // the control at a place among those that hold a text
    const found = [...cells()[indexOf(id)].node.querySelectorAll(selector)];
    found.filter((node) => node.textContent.includes(text))[place].focus();
  }

  // After a key: the kernel's state, which `code` tells, and what the page shows once it is the same or two seconds are
  // over; `took` is the time from the key to the paint of its picture, or null if none came within `limit`.
  async function answer(id, code, limit) {
    const before = watch.before, pressed = watch.pressed;
    let [seen, state] = await Promise.all([limit ? next(before, limit) : null, tell(code)]);
    let shown = await picture(id);
    for (const end = performance.now() + 2000; state.picture !== shown && performance.now() < end;) {
      state = await tell(code);                       // the kernel may have been asked too soon, or the page be late
      shown = await picture(id);
    }
    while (watch.loaded !== watch.pictures) await frame();
    const error = cells()[indexOf(id)].node.querySelector(".cs231n-error").innerText.trim();
    return { took: seen && seen.painted - pressed, state, shown, error };
  }

  async function show(id) {
    const notebook = panel().content, index = indexOf(id);
    notebook.activeCellIndex = index;
    await notebook.scrollToItem(index, "start");
    notebook.widgets[index].node.dataset.cs231nCell = id;
  }

  function addCell(source) {
    const model = panel().content.model.sharedModel;
    model.insertCell(cells().length, { cell_type: "code", source, metadata: {} });
    return cells().at(-1).model.id;
  }

  const removeCell = (id) => panel().content.model.sharedModel.deleteCell(indexOf(id));

  async function run(id) {
    await show(id);
    panel().content.deselectAll();
    await lab().commands.execute("notebook:run-cell");
  }

  const image = (id) =>
    cells()[indexOf(id)].node.querySelector("img.cs231n-picture, .cs231n-picture img, .jp-RenderedImage img");

  function sizes(id) {                                // the picture's own size, and the size at which it is shown
    const picture = image(id), box = picture.getBoundingClientRect();
    return [[picture.naturalWidth, picture.naturalHeight], [Math.round(box.width), Math.round(box.height)]];
  }

  // The stop-watch: from the newest key press to the moment the newest picture under `root` is painted.
  const watch = { root: null, pressed: 0, before: 0, loaded: 0, painted: 0, pictures: 0, tell: null };
  const note = (event) => { watch.pressed = event.timeStamp; watch.before = watch.pictures; };
  for (const kind of ["keydown", "pointerdown", "pointermove"]) window.addEventListener(kind, note, true);
  document.addEventListener("load", async (event) => {
    const image = event.target;
    if (image.tagName !== "IMG" || !watch.root?.contains(image)) return;
    watch.loaded += 1;
    await frame();                                    // the picture is in the next frame; an <img> is decoded for it
    watch.painted = performance.now();
    watch.pictures += 1;
    watch.tell?.();
  }, true);

  // Looks at every frame of the page: a picture must never change its size or its place.
  let looking = null;
  function look(id) {
    const picture = image(id), box = () => picture.getBoundingClientRect(), first = box();
    const seen = { frames: 0, jumps: 0 };
    const one = () => {
      if (looking !== seen) return;
      seen.frames += 1;
      const now = box();
      if (["x", "y", "width", "height"].some((side) => Math.abs(now[side] - first[side]) > 0.5)) seen.jumps += 1;
      requestAnimationFrame(one);
    };
    looking = seen;
    requestAnimationFrame(one);
  }
  function looked() { const seen = looking; looking = null; return seen; }

  function arm(id) {
    const index = indexOf(id);
    watch.root = cells()[index].outputArea.node;
    Object.assign(watch, { pressed: 0, before: 0, loaded: 0, painted: 0, pictures: 0, tell: null });
  }

  async function quiet(wait) {                       // resolves once no new picture has come for `wait` milliseconds
    let seen = -1;
    while (seen !== watch.pictures) {
      seen = watch.pictures;
      await new Promise((done) => setTimeout(done, wait));
    }
    return { ...watch, root: null, tell: null };
  }

  function next(count, limit) {                      // resolves when more than `count` pictures were painted, or null
    return new Promise((done) => {
      const late = setTimeout(() => { watch.tell = null; done(null); }, limit);
      watch.tell = () => {
        if (watch.pictures <= count) return;
        clearTimeout(late);
        watch.tell = null;
        done({ ...watch, root: null, tell: null });
      };
      watch.tell();
    });
  }

  return {
    ready, attachOnlyWhatIsSeen, panel, cells, counts, execute, faults, show, run, addCell, removeCell,
    image, picture, answer, focus, sizes, arm, quiet, next, look, looked,
    status: () => kernel().status, command: (name, args) => lab().commands.execute(name, args),
  };
})();
