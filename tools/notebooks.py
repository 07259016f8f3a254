"""notebooks.py [NOTEBOOK ...]: run notebooks from top to bottom and write them back as they are committed.

notebooks.py --check [NOTEBOOK ...] runs nothing and names what keeps a notebook from being committed. The committed
form holds text and pictures and nothing that differs from run to run or from machine to machine: no timings, paths,
tokens or state of widgets. A notebook that raises, or that writes a warning, is not written back.
"""

import base64
import io
import json
import os
import re
import statistics
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
NAMES = ["01_knn", "02_linear_classifiers", "03_backprop", "04_nn_training", "05_convnets", "06_transfer_learning"]
LIMIT = 2_000_000                       # bytes of a notebook: GitHub shows it, a clone stays small
FEWER_COLOURS = (64, 32)                # of the pictures in a notebook that would be larger
CELL_SECONDS = 120
KEPT_METADATA = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
                 "language_info": {"name": "python"}}  # fmt: skip
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
BAR = re.compile(r"(?P<name>(?:[^|\r\n]*: )?) *\d+%\|[^|\r\n]*\| *[\d.]+\w?/(?P<all>[\d.]+\w?)(?: \[[^\]\r\n]*\])?")
NOT_FOR_OTHERS = {
    "a path of this machine": re.compile(
        r"(?<![\w.:/~-])/(?:home|Users|root|tmp|work|private|var/folders|mnt|opt)/\w|\b[A-Z]:\\\w|file:///"),
    "a token": re.compile(r"token=\w"),
    "an address in memory": re.compile(r"\bat 0x[0-9a-f]{6,}"),
}  # fmt: skip


# --- run ----------------------------------------------------------------------------------------------------------


def run(path):
    """Run a notebook in a kernel of this environment and return it."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=CELL_SECONDS, kernel_name="python3", store_widget_state=False,
                            resources={"metadata": {"path": str(path.parent)}})  # fmt: skip
    client.execute()
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                raise RuntimeError(f"cell {cell.id} wrote to stderr; mend the cause:\n{output.text}")
    return notebook


# --- tidy ---------------------------------------------------------------------------------------------------------


def normalise(notebook, recompress=True):
    """Bring a notebook into the committed form, in place, and return it. Doing so twice changes nothing more."""
    notebook.metadata.clear()
    notebook.metadata.update(KEPT_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    count = 0
    for cell in notebook.cells:
        tags = cell.metadata.get("tags")
        cell.metadata.clear()
        cell.metadata.update({"tags": tags} if tags else {})
        cell.pop("attachments", None)
        cell.source = "\n".join(line.rstrip() for line in cell.source.strip("\n").split("\n"))
        if cell.cell_type == "code":
            count += cell.execution_count is not None
            cell.execution_count = count if cell.execution_count is not None else None
            cell.outputs = joined([tidy_output(output, cell.execution_count, recompress) for output in cell.outputs])
    return notebook


def tidy_output(output, count, recompress):
    if output.output_type == "execute_result":
        output.execution_count = count
    if output.output_type == "stream":
        output.text = finished(output.text)
    if "data" in output:
        output.metadata = {kind: about for kind, about in output.metadata.items() if kind == "image/png"}
        output.data.pop(WIDGET_VIEW, None)  # without the state of a kernel it shows an error, or nothing
        if "text/plain" in output.data:
            output.data["text/plain"] = finished(output.data["text/plain"])
        if "image/png" in output.data:
            png = output.data["image/png"].replace("\n", "")
            output.data["image/png"] = smaller(png) if recompress else png
    return output


def finished(text):
    """Write a progress bar as the reader last saw it, full and without its clock; nbval sees both forms alike."""
    return BAR.sub(lambda bar: f"{bar['name']}100%|██████████| {bar['all']}/{bar['all']}", text)


def joined(outputs):
    """Join what was printed in pieces: where it was cut differs from run to run."""
    result = []
    for output in outputs:
        last = result[-1] if result else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            result.append(output)
    return result


def smaller(png, colours=None):
    """Return a picture (base64) encoded as small as PNG allows, the pixels kept, or `colours` of them if given.

    The colours are spread over all that occur and then moved to their middles: thin lines and small words keep theirs.
    Of 64, charts and grey images are off by less than one level of 255 on average, photographs excepted.
    """
    from PIL import Image

    image = Image.open(io.BytesIO(base64.b64decode(png)))
    if image.mode == "RGBA" and image.getextrema()[3][0] == 255:
        image = image.convert("RGB")
    if colours or (image.mode == "RGB" and image.getcolors(256)):
        spread = {"method": Image.Quantize.MAXCOVERAGE, "kmeans": 3} if colours else {}
        image = image.convert("RGB").quantize(colours or 256, dither=Image.Dither.NONE, **spread)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return min(base64.b64encode(file.getvalue()).decode(), png, key=len)


def text_of(notebook):
    """Return the notebook as text; if it is too large, its largest pictures are drawn with fewer colours first."""
    import nbformat

    results = [output.get("data", {}) for cell in code_cells(notebook) for output in cell.outputs]
    pictures = sorted((data for data in results if "image/png" in data), key=lambda data: -len(data["image/png"]))
    todo = [(data, colours) for colours in FEWER_COLOURS for data in pictures]
    text = nbformat.writes(notebook).rstrip("\n") + "\n"
    while len(text.encode()) > LIMIT and todo:
        data, colours = todo.pop(0)
        data["image/png"] = smaller(data["image/png"], colours)
        text = nbformat.writes(notebook).rstrip("\n") + "\n"
    return text


# --- check --------------------------------------------------------------------------------------------------------


def problems(text):
    """Return, in words, all that keeps the text of a notebook from being committed."""
    import nbformat

    try:
        with warnings.catch_warnings(action="ignore"):
            notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:
        return [f"not a notebook: {error}"]
    found = [*problems_of_form(text, notebook), *problems_of_reading(notebook)]
    for cell in notebook.cells:
        found += [f"cell {cell.get('id')}: {problem}" for problem in problems_of_cell(cell)]
    return found


def problems_of_form(text, notebook):
    import nbformat

    if len(text.encode()) > LIMIT:
        yield f"{len(text.encode()):,} bytes, more than {LIMIT:,}"
    if "widgets" in notebook.metadata:
        yield "the state of widgets is stored"
    names = [cell.get("id") for cell in json.loads(text)["cells"]]  # nbformat renames a second one as it reads
    yield from (f"two cells are called {name}" for name in sorted({n for n in names if names.count(n) > 1}, key=str))
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"not run from top to bottom: execution counts {counts}"
    if nbformat.writes(normalise(nbformat.from_dict(notebook), recompress=False)).rstrip("\n") + "\n" != text:
        yield "not in the committed form; run `make notebooks`"


def problems_of_reading(notebook):
    code = code_cells(notebook)
    texts = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    if not code:
        yield "no code"
        return
    middle = statistics.median(len(lines(cell)) for cell in code)
    if middle > 4:
        yield f"half of its code cells have more than {middle} lines; at most 4"
    if len(lines(code[0])) > 6:
        yield f"the first code cell, which sets things up, has {len(lines(code[0]))} lines; at most 6"
    if len(texts) < len(code):
        yield f"{len(texts)} text cells for {len(code)} code cells; at least as many"


def problems_of_cell(cell):
    if cell.cell_type == "markdown":
        words = len(prose(cell.source).split())
        if words >= 150:
            yield f"{words} words; fewer than 150"
    yield from (f"holds {what}" for what, sign in NOT_FOR_OTHERS.items() if any(map(sign.search, readable(cell))))
    tags = cell.metadata.get("tags", [])
    strange = [tag for tag in tags if not re.fullmatch(r"topic:S\d+|errata:E\d+", tag)]
    yield from (f"tag {tag!r} is neither topic:S.. nor errata:E.." for tag in strange)
    topics = [tag for tag in tags if tag.startswith("topic:")]
    if cell.cell_type != "code":
        yield from (f"{tag} is on a text cell" for tag in topics)
        return
    if topics and not any("image/png" in output.get("data", {}) for output in cell.outputs):
        yield f"{', '.join(topics)}, but no picture"
    if (length := cell.source.count("\n") + 1) > 20:
        yield f"{length} lines of code, empty ones included; at most 20"
    if "NBVAL" in cell.source:
        yield "excepts itself from the comparison of outputs"
    if cell.source.rstrip().endswith(";"):
        yield "ends in a semicolon, which hides its output"
    for output in cell.outputs:
        if output.output_type == "error":
            yield f"raised {output.ename}"
        if output.get("name") == "stderr":
            yield "wrote a warning to stderr"
        if WIDGET_VIEW in output.get("data", {}):
            yield "stores the view of a widget, which shows nothing without its kernel"


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def lines(cell):
    return [line for line in cell.source.split("\n") if line.strip()]


def prose(source):
    """Return what is read as prose: no code, no tags of HTML, and a formula counts as one word."""
    for pattern, instead in {r"(?s)```.*?```": " ", r"(?s)\$\$.*?\$\$": " formula ", r"\$[^$\n]*\$": "formula",
                             r"<[^>]*>": " "}.items():  # fmt: skip
        source = re.sub(pattern, instead, source)
    return source


def readable(cell):
    """Yield the texts of a cell: source, printed text and the text of results, but not the code of pictures."""
    yield cell.source
    for output in cell.get("outputs", []):
        yield str(output.get("text", ""))
        yield from (str(value) for kind, value in output.get("data", {}).items() if not kind.startswith("image/"))


# --- the command --------------------------------------------------------------------------------------------------


def main(*arguments):
    check_only = "--check" in arguments
    names = [Path(name).name.removesuffix(".ipynb") for name in arguments if name != "--check"]
    paths = [NOTEBOOKS / f"{name}.ipynb" for name in names] or sorted(NOTEBOOKS.glob("*.ipynb"))
    missing = [str(path.name) for path in paths if not path.is_file()]
    if missing or not paths:
        raise SystemExit(f"No such notebook: {', '.join(missing) or 'notebooks/*.ipynb'}")
    failed = [path.name for path in paths if not (check(path) if check_only else renew(path))]
    if failed:
        raise SystemExit(f"Failed: {', '.join(failed)}")


def renew(path):
    """Run, tidy and write one notebook; what still keeps it from being committed is printed."""
    print(f"{path.name}: running", flush=True)
    try:
        text = text_of(normalise(run(path)))
    except Exception as error:  # whatever a cell raised: told to the author, and the file left as it was
        print(f"{path.name}: not written back\n{error}")
        return False
    part = path.with_suffix(f".{os.getpid()}.tmp")
    part.write_text(text, encoding="utf-8", newline="\n")
    os.replace(part, path)
    return check(path)


def check(path):
    found = problems(path.read_text(encoding="utf-8"))
    print("\n".join([f"{path.name}: {len(found)} problems, {path.stat().st_size:,} bytes", *(f"  {p}" for p in found)]))
    return not found


def one_thread():
    """Kernels started here multiply matrices on one core each, so that numbers do not depend on the cores there are."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"


if __name__ == "__main__":
    one_thread()
    main(*sys.argv[1:])
