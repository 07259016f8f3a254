"""Values that remember the operation they came from, and backpropagation through all of them.

Every operation is recorded as it runs: its result, a Var, keeps the `back` of the op and the Vars that went in. So the
graph is there as soon as the result is, and `backward` only has to walk it from the result to the inputs.
"""

from collections import Counter

import numpy as np

from cs231n_helpers import checks, ops


class Var:
    """A number or an array in a computation, with its gradient.

    value: a float or a float array; whole numbers become floats.       name: for the eyes only.
    grad: d result / d value, of the shape of value, after `backward`; None where nothing leads to the result.
    op, inputs, back: the value is op(*inputs), and back sends its gradient to the inputs; None, () and None for the
    values that a computation starts from.
    Works with + - * / ** @ on Vars, numbers and arrays; `apply` records every other operation.
    """

    __array_ufunc__ = None          # array * Var: NumPy leaves it to __rmul__

    def __init__(self, value, name=""):
        self.value, self.name = _floats(value), name
        self.grad = self.op = self.back = None
        self.inputs = ()

    __add__, __radd__ = lambda x, y: _gate(ops.add, x, y), lambda y, x: _gate(ops.add, x, y)
    __sub__, __rsub__ = lambda x, y: _gate(ops.sub, x, y), lambda y, x: _gate(ops.sub, x, y)
    __mul__, __rmul__ = lambda x, y: _gate(ops.mul, x, y), lambda y, x: _gate(ops.mul, x, y)
    __matmul__, __rmatmul__ = lambda x, y: _gate(ops.matmul, x, y), lambda y, x: _gate(ops.matmul, x, y)
    __neg__ = lambda x: apply(ops.neg, x)
    __pow__ = lambda x, exponent: apply(ops.power, x, exponent=exponent)

    def __truediv__(self, other):
        return self * (1 / other)

    def __rtruediv__(self, other):
        inverse = apply(ops.reciprocal, self)
        return inverse if np.ndim(other) == 0 and other == 1 else other * inverse

    def __rpow__(self, base):
        raise TypeError(f"Var: {base!r:.40} ** x has a Var in the exponent, and an exponent has no gradient here. "
                        "For a base a > 0 write graph.apply(ops.exp, x * np.log(a)).")

    def __array__(self, *_, **__):
        raise TypeError("a Var is not an array. Record an op with graph.apply(op, x); the bare numbers are x.value.")

    def __bool__(self):
        raise TypeError("a Var is neither true nor false. Ask about its numbers: x.value.")

    def __repr__(self):
        shape = np.shape(self.value)
        return (f"Var({self.name + ' = ' if self.name else ''}{f'array {shape}' if shape else f'{self.value:.6g}'}"
                f"{f', from {_name(self.op)}' if self.op else ''})")


def apply(op, *arrays, **settings):
    """op(*arrays, **settings), recorded: a Var that knows where it came from.

    op: any function under the contract y, back = op(*arrays, **settings): an op, a loss, or your own.
    arrays: Vars, numbers and float arrays get a gradient; arrays of whole numbers are labels and get none.
    """
    arrays = [a if isinstance(a, Var) or _whole(a) else Var(a) for a in arrays]
    inputs = tuple(a for a in arrays if isinstance(a, Var))
    if not inputs:
        raise TypeError(f"apply: {_name(op)} got no float array, so there is nothing to differentiate; arrays of whole "
                        "numbers are taken as labels. Write x.astype(float).")
    y, back = op(*(a.value if isinstance(a, Var) else a for a in arrays), **settings)
    result = Var(y)
    result.op, result.inputs, result.back = op, inputs, back
    return result


def backward(result):
    """Backpropagation: sets .grad of every Var that `result` was computed from to d result / d that Var.

    result: a Var of one number, such as a loss. A Var passes its gradient on once it is complete, that is after all the
    Vars that use it; at a fork, gradients ADD. A graph is walked once: compute the result again for the next time.
    Gradients of the values it starts from are then set anew, not added to.
    """
    order = _users_first(result)
    for var in order:
        var.grad = 0.0
    result.grad = 1.0
    for var in order:
        for source, gradient in zip(var.inputs, _sent_back(var)):
            source.grad = _floats(source.grad + gradient)       # never +=: an op may send ONE array to several


def _users_first(result):
    """Every Var that leads to the result, in an order in which each comes after all that use it. No recursion."""
    _one_number(result)
    uses, seen, waiting = Counter(), {result}, [result]
    while waiting:
        inputs = waiting.pop().inputs
        uses.update(inputs)
        waiting += set(inputs) - seen
        seen.update(inputs)
    order, ready = [], [result] if not uses[result] else []
    while ready:
        order.append(ready.pop())
        for source in order[-1].inputs:
            uses[source] -= 1
            if not uses[source]:
                ready.append(source)
    _complete_and_new(order, seen)
    return order


def _one_number(result):
    if not isinstance(result, Var):
        raise TypeError(f"backward: the result must be a Var, got {type(result).__name__}. Start from Var(x).")
    if np.ndim(result.value):
        raise ValueError(f"backward: the result must be one number, got an array of shape {np.shape(result.value)}. "
                         "Make one number of it: graph.apply(ops.sum, y), or a loss.")


def _complete_and_new(order, seen):
    if len(order) < len(seen):
        raise ValueError("backward: there is a cycle, a Var that leads back to itself, so no order to go through the "
                         "graph. Were .inputs changed by hand? Compute the result again.")
    if any(var.op and var.grad is not None for var in order):
        raise ValueError("backward: this graph, or a part of it, has its gradients already, and they would be counted "
                         "twice. Compute the result again: that makes a new graph.")


def _sent_back(var):
    """The gradients that the op of `var` sends to its inputs: one for each, of its shape."""
    gradients = var.back(var.grad) if var.op else ()
    got, due = [np.shape(gradient) for gradient in gradients], [np.shape(source.value) for source in var.inputs]
    if got != due:
        raise ValueError(f"backward: {_name(var.op)} sent back gradients of shapes {got} to inputs of shapes {due}. "
                         "Either its back is wrong, or a setting came as an array: give settings by name.")
    return gradients


def _gate(op, x, y):
    """An operator of two values. A number or whole numbers beside a Var take its precision."""
    dtype = np.result_type(*(v.value for v in (x, y) if isinstance(v, Var)))
    return apply(op, *(v if isinstance(v, Var) else Var(_in_precision(v, dtype)) for v in (x, y)))


def _in_precision(value, dtype):
    return np.asarray(value).astype(dtype) if np.ndim(value) == 0 or _whole(value) else value


def _floats(value):
    """An array of floats as it is; whole numbers as floats; one number in double precision as a plain float."""
    array = np.asarray(value)
    if array.dtype.kind != "f":
        array = checks.floats("Var", "value", array).astype(float)
    return array if array.ndim else array.item() if array.dtype == np.float64 else array[()]


def _whole(value):
    return not isinstance(value, Var) and np.ndim(value) > 0 and np.asarray(value).dtype.kind in "iub"


def _name(op):
    return getattr(op, "__name__", repr(op))
