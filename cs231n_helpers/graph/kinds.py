"""The kinds of gates a typed circuit is made of: the op, what stands in the circle, and what a learner is told.

Each function takes the operands of a gate: a number where the text has a constant, None where a wire comes in. The
constants are baked into the gate, so that the gate has one input, and one gradient, for each wire.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from cs231n_helpers import ops
from cs231n_helpers.graph.words import number

NAMED = {"exp": (ops.exp, "exp", "backwards it multiplies the gradient with its own output, exp(x)"),
         "log": (ops.log, "log", "backwards it divides the gradient by its input"),
         "sigmoid": (ops.sigmoid, "σ", "backwards it multiplies the gradient with (1 − σ) · σ, at most 1/4"),
         "tanh": (ops.tanh, "tanh", "backwards it multiplies the gradient with 1 − tanh²"),
         "relu": (ops.relu, "relu", "a positive input lets the whole gradient through, any other none")}  # fmt: skip


class Kind(NamedTuple):
    op: Callable            # of the package ops
    label: str              # what stands in the circle
    call: Callable          # values of the wires -> (y, back), constants baked in; back(dy) -> one gradient per wire
    formula: str            # with {0}, {1} ... for the wires: "{0} + {1}"
    words: str              # one plain sentence
    trouble: Callable       # (values of the wires, their names) -> why there is no value or slope, or ""


def no_trouble(values, names):
    return ""


def add(operands):
    constant = _constant(operands)
    if constant is None:
        return Kind(ops.add, "+", ops.add, "{0} + {1}", "adds; backwards every input gets the gradient as it is",
                    no_trouble)
    sign, size = ("+", constant) if constant >= 0 else ("−", -constant)
    formula = f"{{0}} {sign} {number(size)}" if operands[0] is None else f"{_bracketed(constant)} + {{0}}"
    return Kind(ops.add, f"{sign}{number(size)}", _baked(ops.add, operands), formula,
                "adds a constant; backwards the gradient passes as it is", no_trouble)


def sub(operands):
    constant = _constant(operands)
    if constant is None:
        return Kind(ops.sub, "−", ops.sub, "{0} − {1}",
                    "subtracts; backwards the first input gets the gradient as it is, the second its negative",
                    no_trouble)
    if operands[0] is None:
        label = f"−{number(constant)}" if constant >= 0 else f"+{number(-constant)}"
        return Kind(ops.sub, label, _baked(ops.sub, operands), f"{{0}} − {_bracketed(constant)}",
                    "subtracts a constant; backwards the gradient passes as it is", no_trouble)
    return Kind(ops.sub, f"{number(constant)}−x", _baked(ops.sub, operands), f"{number(constant)} − {{0}}",
                "subtracts from a constant; backwards the gradient changes its sign", no_trouble)


def mul(operands):
    constant = _constant(operands)
    if constant is None:
        return Kind(ops.mul, "×", ops.mul, "{0} · {1}",
                    "multiplies; backwards each input gets the gradient times the OTHER input", no_trouble)
    formula = f"{{0}} · {_bracketed(constant)}" if operands[0] is None else f"{number(constant)} · {{0}}"
    return Kind(ops.mul, f"×{number(constant)}", _baked(ops.mul, operands), formula,
                "multiplies by a constant; backwards the gradient is multiplied by it too", no_trouble)


def divide_by(constant):
    return mul((None, 1 / constant))._replace(
        label=f"÷{number(constant)}", formula=f"{{0}} / {_bracketed(constant)}",
        words="divides by a constant; backwards the gradient is divided by it too")


def neg():
    return Kind(ops.neg, "−x", ops.neg, "−{0}", "turns the sign, of the value and backwards of the gradient",
                no_trouble)


def reciprocal():
    return Kind(ops.reciprocal, "1/x", ops.reciprocal, "1/{0}",
                "divides 1 by its input; backwards it multiplies the gradient with −1/x²",
                lambda values, names: f"{names[0]} is 0 here, and 1/0 has no value" if values[0] == 0 else "")


def power(exponent):
    def trouble(values, names):
        x, c = values[0], number(exponent)
        if x < 0 and exponent != int(exponent):
            return f"{names[0]} is {number(x)} here, and a negative number has no power {c} (of real numbers)"
        if x == 0 and exponent < 0:
            return f"{names[0]} is 0 here, and 0 ** {c} has no value"
        return f"{names[0]} is 0 here, where x ** {c} has no slope: it is infinite" if x == 0 < exponent < 1 else ""

    return Kind(ops.power, f"^{number(exponent)}", lambda x: ops.power(x, exponent), f"{{0}}^{number(exponent)}",
                f"takes the power {number(exponent)}; backwards it multiplies the gradient with "
                f"{number(exponent)} · x^{number(exponent - 1)}", trouble)


def named(name):
    op, label, words = NAMED[name]
    trouble = _log_trouble if name == "log" else no_trouble
    return Kind(op, label, op, f"{label}({{0}})", words, trouble)


def _log_trouble(values, names):
    return f"{names[0]} is {number(values[0])} here, and log needs a number above 0" if values[0] <= 0 else ""


def largest(operands):
    """max of two or more; at a tie the first of the largest takes the whole gradient."""
    constants = [c for c in operands if c is not None]
    wires = iter(range(len(operands)))
    formula = ", ".join(f"{{{next(wires)}}}" if c is None else number(c) for c in operands)
    op, call = (ops.maximum, ops.maximum) if len(operands) == 2 else (ops.max, _max_of_many)
    return Kind(op, "max" + (f" {number(max(constants))}" if constants else ""), _baked(call, operands),
                f"max({formula})", "lets the largest input through; backwards that one gets the whole gradient, "
                "the others 0 (at a tie the first)", no_trouble)


def _max_of_many(*values):
    """max over any number of values: the op over the first axis of their stack."""
    y, back = ops.max(np.stack(np.broadcast_arrays(*values)), axis=0)
    return y, lambda dy: tuple(back(dy)[0])


def _baked(op, operands):
    """The op as a function of its wires alone: constants stay in their places and get no gradient."""
    wires = [i for i, operand in enumerate(operands) if operand is None]
    if len(wires) == len(operands):
        return op

    def call(*values):
        full = list(operands)
        for i, value in zip(wires, values):
            full[i] = value
        y, back = op(*full)
        return y, lambda dy: _picked(back(dy), wires)

    return call


def _picked(gradients, places):
    return tuple(gradients[i] for i in places)


def _constant(operands):
    return next((operand for operand in operands if operand is not None), None)


def _bracketed(constant):
    return number(constant) if constant >= 0 else f"({number(constant)})"
