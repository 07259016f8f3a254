"""Backpropagation through a circuit, every state made beforehand: a step forward or backward is then a look-up.

    history = trace(parse("f = (x + y) * z"), {"x": -2, "y": 5, "z": -4})
    history.words[-2]           # the × gate, backwards

On purpose the passes are written out here, gate by gate, so that they can be broken on purpose too.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cs231n_helpers import checks
from cs231n_helpers.graph import words
from cs231n_helpers.graph.errors import ExpressionError
from cs231n_helpers.graph.report import check_inputs

__all__ = ["MISTAKES", "Trace", "trace"]

MISTAKES = ("none", "overwrite at forks", "forget a local gradient", "wrong sign")


@dataclass(frozen=True, eq=False)       # arrays have no single answer to ==
class Trace:
    """All S = 2G + 2 states of a circuit of G gates and W wires; nothing here changes any more.

    State 0 has the inputs only, 1 .. G are forward, G + 1 sets df/df = 1, then backward, the last gate first.
    """

    values: np.ndarray          # (W,) of every wire, once it is computed
    known: np.ndarray           # (S, W) bool: is it computed?
    grads: np.ndarray           # (S, W) gradient collected so far; NaN: none yet
    flows: dict                 # (wire, gate, place) -> (S,) what the gate sends back along that input; NaN: not yet
    active: np.ndarray          # (S,) number of the gate at work, -1: none
    words: tuple                # (S,) a sentence for each state
    true_grads: np.ndarray      # (W,) of the unbroken backward pass
    wrong: np.ndarray           # (W,) bool: does the final gradient differ from the true one?
    report: tuple               # an InputCheck for each input: (input, analytic, numerical, error, ok), and .verdict


class _Sent(NamedTuple):
    """What one input of a gate gets in its backward step."""

    local: float
    flow: float
    before: float | None        # collected at that wire before; None: nothing
    after: float
    mistake: str                # made here, or ""


def trace(expression, values, mistake="none", gate=None):
    """Every state of a circuit, forward and backward, at these values of its inputs.

    expression: from parse. values: {name of an input: number}, one for each. mistake: one of MISTAKES; gate: number of
    the gate (0 is the first) that forgets its local gradient or takes the wrong sign; the last one if not given.
    Raises ExpressionError where the circuit has no value or no slope: 1/0, the log of a negative number, overflow.
    """
    start, mistake, gate = _checked(expression, values, mistake, gate)
    with np.errstate(all="ignore"):                         # what is not finite becomes an ExpressionError
        wires, backs = _forward(expression, start)
        truth = _backward(expression, wires, backs, "none", gate)
        steps = truth if mistake == "none" else _backward(expression, wires, backs, mistake, gate)
        final, true_grads = _final(expression, steps), _final(expression, truth)
        report = check_inputs(expression, wires, final[:len(start)], true_grads)
    wrong = np.abs(final - true_grads) > 1e-9 * np.maximum(np.abs(final), np.abs(true_grads))
    return _frozen(Trace(wires, _known(expression), *_history(expression, steps), _active(expression),
                         _words(expression, wires, steps), true_grads, wrong, report))


def _checked(expression, values, mistake, gate):
    checks.one_of("trace", "mistake", mistake, MISTAKES)
    missing = [name for name in expression.inputs if name not in values]
    other = [str(name) for name in values if name not in expression.inputs]
    if missing or other:
        need = ", ".join(expression.inputs) or "none"
        raise ValueError(f"trace: values must hold a number for each input ({need}), but "
                         + (f"{', '.join(missing)} is missing." if missing else f"{', '.join(other)} is no input.")
                         + f" Write {{{', '.join(f'{name!r}: 1' for name in expression.inputs)}}}.")
    last = len(expression.gates) - 1
    gate = last if gate is None else checks.whole("trace", "gate", gate, 0, last)
    return [checks.real("trace", name, values[name]) for name in expression.inputs], mistake, gate


def _forward(expression, start):
    """Values of all wires (W,), and the back of each gate."""
    wires, backs = list(start), []
    for gate in expression.gates:
        values = [wires[wire] for wire in gate.inputs]
        fault = gate.trouble(values, [" ".join(expression.text[a:b].split()) for a, b in gate.places])
        if fault:
            raise ExpressionError(fault, expression.text, *gate.places[0], where="trace")
        y, back = gate.call(*values)
        _finite(expression, gate, y, "the value here is too large: floats end at about 1.8e308")
        wires.append(float(y)); backs.append(back)
    return np.array(wires), backs


def _backward(expression, wires, backs, mistake, chosen):
    """The steps of the backward pass, last gate first: (number of the gate, upstream gradient, a _Sent per input)."""
    count, steps = len(expression.inputs), []
    grads = {len(wires) - 1: 1.0}                           # wire -> gradient collected so far
    for i in reversed(range(len(expression.gates))):
        gate, upstream, sent = expression.gates[i], grads[count + i], []
        here = mistake if mistake == "overwrite at forks" or i == chosen else "none"
        for wire, local, right in zip(gate.inputs, backs[i](1.0), backs[i](upstream)):
            flow = {"forget a local gradient": upstream, "wrong sign": -right}.get(here, right)
            before = grads.get(wire)
            grads[wire] = flow if before is None or here == "overwrite at forks" else before + flow
            _finite(expression, gate, grads[wire], "the gradient here is too large: floats end at about 1.8e308")
            shows = here != "none" and (here != "overwrite at forks" or before is not None)
            after = float(grads[wire]) + 0.0                # + 0.0: 0, not -0.0
            sent.append(_Sent(float(local), float(flow) + 0.0, before, after, here if shows else ""))
        steps.append((i, upstream, sent))
    return steps


def _finite(expression, gate, value, sentence):
    if not np.isfinite(value):
        raise ExpressionError(sentence, expression.text, gate.start, gate.end, where="trace")


def _final(expression, steps):
    """The gradient of every wire (W,) after the last step."""
    grads = np.ones(expression.wires)                       # the result's own is 1, and nothing is sent to it
    for i, _, sent in steps:
        for wire, one in zip(expression.gates[i].inputs, sent):
            grads[wire] = one.after
    return grads


def _history(expression, steps):
    """grads (S, W) and flows {edge: (S,)}: each gradient from the state in which it arrives."""
    count = len(expression.gates)
    grads = np.full((2 * count + 2, expression.wires), np.nan)
    grads[count + 1:, -1] = 1.0
    flows = {}
    for state, (i, _, sent) in enumerate(steps, count + 2):
        for place, (wire, one) in enumerate(zip(expression.gates[i].inputs, sent)):
            grads[state:, wire] = one.after
            flows[wire, i, place] = np.full(len(grads), np.nan)
            flows[wire, i, place][state:] = one.flow
    return grads, flows


def _known(expression):
    first = np.r_[np.zeros(len(expression.inputs), int), 1:len(expression.gates) + 1]       # (W,) state it comes in
    return np.arange(2 * len(expression.gates) + 2)[:, None] >= first


def _active(expression):
    gates = np.arange(len(expression.gates))
    return np.r_[-1, gates, -1, gates[::-1]]


def _words(expression, wires, steps):
    names = words.wire_names(expression)
    sentences = [words.inputs(expression.inputs, wires)]
    for gate, result in zip(expression.gates, wires[len(expression.inputs):]):
        sentences.append(words.forward(gate, [names[w] for w in gate.inputs], [wires[w] for w in gate.inputs], result))
    sentences.append(words.seed(expression.name))
    for i, upstream, sent in steps:
        gate = expression.gates[i]
        sentences.append(words.backward(gate, [names[w] for w in gate.inputs], upstream, sent))
    return tuple(sentences)


def _frozen(history):
    for value in [*vars(history).values(), *history.flows.values()]:
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return history
