"""Calls the learner's function and notes all that happens: value, error, warnings, arguments written to, loops.

KeyboardInterrupt passes through, so that Stop works.
"""

import ast
import copy
import dis
import inspect
import linecache
import re
import textwrap
import warnings
from dataclasses import dataclass

import numpy as np

LOOPS = (ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
HIDDEN_LOOPS = ("map", "vectorize", "apply_along_axis", "apply_over_axes", "fromiter", "fromfunction")

IDLE = {"RESUME", "NOP", "POP_TOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE",       # what `...` compiles to
        "MAKE_FUNCTION", "SET_FUNCTION_ATTRIBUTE", "STORE_FAST"}           # and `def back(dy): ...`


@dataclass(frozen=True)
class Call:
    """What one call did. `error` is "" or type, message and line in words; `written` names the changed arguments."""

    value: object = None
    error: str = ""
    unfinished: bool = False                            # NotImplementedError
    warnings: tuple[str, ...] = ()
    written: tuple[str, ...] = ()


def call(function, arguments):
    """Call `function` with copies of the values of the dict `arguments`."""
    copies = copy.deepcopy(arguments)
    value, error = None, None
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="warn", under="ignore"):
        warnings.simplefilter("always")
        try:
            value = function(*copies.values())
        except (Exception, SystemExit) as problem:
            error = problem
    return Call(
        value,
        _error_text(error, function) if error is not None else "",
        isinstance(error, NotImplementedError),
        tuple(dict.fromkeys(_warning_text(warning, function) for warning in caught)),
        tuple(name for name in arguments if not _same(arguments[name], copies[name])),
    )


def _same(a, b):
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and np.array_equal(a, b)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    return a == b


def _error_text(error, function):
    """Type, message, and the innermost line that stands in the learner's own cell or file."""
    frame, line = error.__traceback__, 0
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == _file(function):
            line = frame.tb_lineno
        frame = frame.tb_next
    message = re.sub(r"0x[0-9a-fA-F]+", "0x...", " ".join(str(error).split()))
    return f"{type(error).__name__}{': ' if message else ''}{message}{_place(function, line)}"


def _warning_text(warning, function):
    line = warning.lineno if warning.filename == _file(function) else 0
    return f"{warning.category.__name__}: {' '.join(str(warning.message).split())}{_place(function, line)}"


def _place(function, line):
    if not line:
        return ""
    code = linecache.getline(_file(function), line).strip()
    return f"\n    line {line}: {code}" if code else f"\n    line {line}"


def _code(function):
    try:
        return getattr(inspect.unwrap(function), "__code__", None)
    except ValueError:                                  # a function that wraps itself
        return None


def _file(function):
    code = _code(function)
    return code.co_filename if code is not None else None


def is_stub(function):
    """Whether the function has no code of its own yet: a docstring, `...`, `pass`, `return None`, or a `def` inside."""
    code = _code(function)
    return code is not None and {step.opname for step in dis.get_instructions(code)} <= IDLE


def first_loop(function):
    """The text of the first line with a loop, or "". Without the source nothing can be said: ""."""
    try:
        source = textwrap.dedent(inspect.getsource(function))
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError):
        return ""
    lines = sorted(node.lineno for node in ast.walk(tree) if isinstance(node, LOOPS) or _hides_a_loop(node))
    return source.splitlines()[lines[0] - 1].strip() if lines else ""


def _hides_a_loop(node):
    name = getattr(node, "func", None)
    return isinstance(node, ast.Call) and getattr(name, "attr", getattr(name, "id", "")) in HIDDEN_LOOPS
