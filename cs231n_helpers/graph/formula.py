"""One formula becomes gates: Python's parser says which sign binds more strongly, and a list says what may stand there.

Nothing of the text is ever run: each node of the syntax tree is translated or refused.
"""

import ast
import difflib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from cs231n_helpers.graph import kinds
from cs231n_helpers.graph.errors import ExpressionError
from cs231n_helpers.graph.scan import FUNCTIONS

INSTEAD = {"sqrt": "x ** 0.5", "abs": "max(x, -x)", "min": "-max(-x, -y)", "ln": "log(x)", "pow": "x ** 2",
           "square": "x ** 2", "softplus": "log(1 + exp(x))", "sum": "x + y", "maximum": "max(x, y)"}


@dataclass(frozen=True)
class Gate:
    """One step of a computation. Wires are numbered: the inputs of the circuit first, then the gates."""

    op: Callable            # of the package ops
    label: str              # what stands in the circle: "+", "×", "max", "σ", "1/x", "+1", "3−x", "^2" ...
    inputs: tuple           # number of the wire at each of its places; the same wire may stand at two places
    call: Callable          # values of the wires -> (y, back), constants baked in; back(dy) -> one gradient per place
    name: str               # given by the learner, or ""
    start: int              # its place in the text: text[start:end]
    end: int
    words: str              # what it does, and does to gradients, in one sentence
    formula: str            # with {0}, {1} ... for its inputs: "{0} + {1}"
    places: tuple           # (start, end) in the text of each input
    trouble: Callable       # (values, names of the inputs) -> why there is no value or slope here, or ""


class Part(NamedTuple):
    """A part of the text that has been read: a constant, the name of an input, or the number of a gate."""

    what: float | str | int
    start: int
    end: int

    @property
    def constant(self):
        return self.what if isinstance(self.what, float) else None


@dataclass
class Draft:
    """What is known while the lines are read."""

    text: str
    parts: dict = field(default_factory=dict)       # name given by a line -> its part
    inputs: dict = field(default_factory=dict)      # name -> its first place, in the order of appearance
    gates: list = field(default_factory=list)       # Gate, but with parts in place of the numbers of wires
    used: set = field(default_factory=set)


def tree(text, line):
    """The formula of a line as Python's own syntax tree: signs in the order in which they bind. Nothing is run."""
    source = "".join(" " if c in "\r\n\t" else c for c in text[line.start:line.end])
    try:
        return ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):       # all that can be expected is caught before
        raise ExpressionError("this cannot be read", text, line.start, line.end) from None


def read(draft, node, shift):
    """Turn a node of the tree into a part of the circuit; every kind of node that is not listed is refused."""
    start, end = shift + node.col_offset, shift + node.end_col_offset
    match node:
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            return Part(float(node.value), start, end)
        case ast.Name():
            return _read_name(draft, node.id, start, end)
        case ast.UnaryOp(op=ast.UAdd()):
            return read(draft, node.operand, shift)._replace(start=start)
        case ast.UnaryOp(op=ast.USub()):
            inner = read(draft, node.operand, shift)
            return (inner._replace(what=-inner.what, start=start) if inner.constant is not None else
                    _gate(draft, kinds.neg(), [inner], start, end))
        case ast.BinOp() if type(node.op) in _SIGNS:
            left, right = read(draft, node.left, shift), read(draft, node.right, shift)
            return _SIGNS[type(node.op)](draft, left, right, start, end)
        case ast.Call(func=ast.Name(), keywords=[]):
            return _read_call(draft, node, shift, start, end)
    raise ExpressionError("this is not read in a circuit", draft.text, start, end)


def _read_name(draft, name, start, end):
    if name in FUNCTIONS:
        raise ExpressionError(f"{name} is a function: write {name}(...)", draft.text, start, end)
    if name in draft.parts:
        draft.used.add(name)
        return draft.parts[name]._replace(start=start, end=end)
    draft.inputs.setdefault(name, (start, end))
    return Part(name, start, end)


def _read_call(draft, node, shift, start, end):
    name = node.func.id
    if name not in FUNCTIONS:
        raise ExpressionError(_about_unknown(draft, name), draft.text, start, start + len(name))
    parts = [read(draft, argument, shift) for argument in node.args]
    if name == "max":
        if len(parts) < 2:
            raise ExpressionError("max needs at least two inputs: max(a, b)", draft.text, start, end)
        return _gate(draft, kinds.largest, parts, start, end)
    if len(parts) != 1:
        raise ExpressionError(f"{name} takes one input, here it has {len(parts)}", draft.text, start, end)
    return _gate(draft, kinds.named(name), parts, start, end)


def _about_unknown(draft, name):
    known = f"known are {', '.join(FUNCTIONS)}"
    close = difflib.get_close_matches(name.lower(), FUNCTIONS, n=1)
    if name in draft.inputs or name in draft.parts or len(name) == 1:
        return f"{name} is not a function: a product is written {name}*(...); {known}"
    if name in INSTEAD:
        return f"there is no gate {name} here: write {INSTEAD[name]}; {known}"
    return f"there is no gate {name} here; {known}" + (f". Did you mean {close[0]}?" if close else "")


def _read_quotient(draft, left, right, start, end):
    if right.constant == 0:
        raise ExpressionError("a division by 0 has no value", draft.text, right.start, right.end)
    if right.constant is not None:
        if not np.isfinite(1 / right.constant):
            raise ExpressionError("this number is too small to divide by", draft.text, right.start, right.end)
        if left.constant is not None:
            return _folded(draft, lambda: left.what / right.what, start, end)
        return _gate(draft, kinds.divide_by(right.what), [left], start, end)
    if left.constant == 1:
        return _gate(draft, kinds.reciprocal(), [right], start, end)
    inverse = _gate(draft, kinds.reciprocal(), [right], right.start, right.end)
    return _gate(draft, kinds.mul, [left, inverse], start, end)


def _read_power(draft, base, exponent, start, end):
    if exponent.constant is None:
        raise ExpressionError("an exponent is a number here; a ** x is also exp(x * log(a))", draft.text,
                              exponent.start, exponent.end)
    return _gate(draft, kinds.power(exponent.what), [base], start, end)


def _reader(kind):
    return lambda draft, left, right, start, end: _gate(draft, kind, [left, right], start, end)


_SIGNS = {ast.Add: _reader(kinds.add), ast.Sub: _reader(kinds.sub), ast.Mult: _reader(kinds.mul),
          ast.Div: _read_quotient, ast.Pow: _read_power}


def _gate(draft, kind, parts, start, end):
    """Add a gate and return its part; a gate of nothing but constants is worked out and becomes a constant."""
    if callable(kind):                                      # a kind that looks at which operands are constants
        wires = [part for part in parts if part.constant is None]
        kind, parts = (kind([part.constant for part in parts]), wires) if wires else (kind([None] * len(parts)), parts)
    if all(part.constant is not None for part in parts):
        values = [part.constant for part in parts]
        names = [draft.text[part.start:part.end] for part in parts]
        fault = kind.trouble(values, names)
        if fault:
            raise ExpressionError(fault, draft.text, parts[0].start, parts[0].end)
        return _folded(draft, lambda: kind.call(*np.asarray(values))[0], start, end)
    draft.gates.append(Gate(kind.op, kind.label, tuple(parts), kind.call, "", start, end, kind.words, kind.formula,
                              tuple((part.start, part.end) for part in parts), kind.trouble))
    return Part(len(draft.gates) - 1, start, end)


def _folded(draft, compute, start, end):
    with np.errstate(all="ignore"):
        value = float(compute())
    if not np.isfinite(value):
        raise ExpressionError("this number is too large: floats end at about 1.8e308", draft.text, start, end)
    return Part(value, start, end)
