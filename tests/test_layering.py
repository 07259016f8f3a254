"""The package is one total order: a module imports only from modules before it, and only what its folder may use."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "cs231n_helpers"
ORDER = """checks storage threads data preprocessing neighbors ops losses gradients graph initializers layers
           network architecture optim metrics train search ensemble pretrained saliency transfer exercises plots
           widgets""".split()
MAY_IMPORT = {"plots": {"numpy", "matplotlib"},
              "widgets": {"numpy", "matplotlib", "ipywidgets", "anywidget", "traitlets", "IPython"}}  # fmt: skip
ROOT_MAY_IMPORT = {"numpy"}
INSIDE_FUNCTIONS = {  # loaded only when the function that needs it is called, so that the module works without
    "threads": {"threadpoolctl"},
    "data": {"pooch", "requests", "urllib3", "tqdm", "PIL"},
    "search": {"optuna"},
    "plots": {"pygraphviz"},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def layer_of(path):
    """Return the name of a file in ORDER: its own, or that of the folder it is in; None for the package itself."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return None if first == "__init__" else first


def imports(tree, package):
    """Yield (dotted name, is it inside a function) of everything a module imports; relative names made absolute."""
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from ((name, id(node) in inside) for name in names)


def faults(source, path):
    """Return, in words, every import of a file that the order does not allow."""
    layer = layer_of(path)
    package = ["cs231n_helpers", *path.relative_to(PACKAGE).parts[:-1]]
    third_party = MAY_IMPORT.get(layer, ROOT_MAY_IMPORT)
    found = []
    for name, inside in imports(ast.parse(source), package):
        first, *rest = name.split(".")
        if first == "cs231n_helpers":
            target = rest[0] if rest else ""
            if target in ORDER and layer is not None and ORDER.index(target) > ORDER.index(layer):
                found.append(f"{layer} imports {target}, which comes after it")
            elif target and target not in ORDER and (PACKAGE / target).exists():
                found.append(f"{target} has no place in the order")
            elif layer is None and target in MAY_IMPORT:
                found.append(f"the package itself imports {target}")
        elif first in {"notebooks", "tests", "tools", "benchmarks"}:
            found.append(f"the package imports {first}")
        elif first not in sys.stdlib_module_names and first not in third_party:
            if first not in INSIDE_FUNCTIONS.get(layer, set()):
                found.append(f"{layer or 'the package'} may not import {first}")
            elif not inside:
                found.append(f"{layer} may import {first} inside functions only")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_imports_only_what_comes_before_it(path):
    assert not faults(path.read_text(encoding="utf-8"), path)


def test_every_module_has_its_place():
    there = {layer_of(path) for path in FILES} - {None}
    assert there <= set(ORDER), f"not in the order: {sorted(there - set(ORDER))}"
    assert {"checks", "data", "neighbors", "ops", "losses", "gradients", "pretrained", "plots", "widgets"} <= there


@pytest.mark.parametrize(("file", "source", "fault"), [
    ("ops.py", "from cs231n_helpers import losses", "ops imports losses"),
    ("ops.py", "from cs231n_helpers.network import Network", "ops imports network"),
    ("ops.py", "import cs231n_helpers.train", "ops imports train"),
    ("ops.py", "from . import plots", "ops imports plots"),
    ("data/toy.py", "from ..neighbors import nearest", "data imports neighbors"),
    ("ops.py", "import scipy.signal", "ops may not import scipy"),
    ("ops.py", "def f():\n    import matplotlib", "ops may not import matplotlib"),
    ("threads.py", "import threadpoolctl", "inside functions only"),
    ("plots/bars.py", "from ipywidgets import IntSlider", "plots may not import ipywidgets"),
    ("plots/bars.py", "from ..widgets import explore", "plots imports widgets"),
    ("widgets/still.py", "from tests import support", "the package imports tests"),
])  # fmt: skip
def test_the_wrong_imports_are_found(file, source, fault):
    assert any(fault in found for found in faults(source, PACKAGE / file))


@pytest.mark.parametrize(("file", "source"), [
    ("losses.py", "from cs231n_helpers import ops, checks\nimport numpy as np"),
    ("threads.py", "def limit():\n    import threadpoolctl"),
    ("data/toy.py", "from .split import Split"),
    ("widgets/still.py", "from cs231n_helpers.plots import bars\nimport ipywidgets"),
])  # fmt: skip
def test_the_right_imports_pass(file, source):
    assert not faults(source, PACKAGE / file)


def test_the_root_works_without_anything_that_draws():
    """With only NumPy importable, every module up to `exercises` loads."""
    blocked = sorted(set().union(*MAY_IMPORT.values(), *INSIDE_FUNCTIONS.values()) - ROOT_MAY_IMPORT)
    modules = sorted({layer_of(path) for path in FILES} - {None, *MAY_IMPORT})
    script = (f"import importlib, sys; sys.modules.update(dict.fromkeys({blocked}))\n"
              f"for name in {modules}: importlib.import_module('cs231n_helpers.' + name)")  # fmt: skip
    command = [sys.executable, "-W", "error", "-c", script]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
