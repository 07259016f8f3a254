"""A typed formula becomes a circuit: f = (x + y) * z has a gate + and a gate ×, and nothing of the text is ever run."""

from dataclasses import dataclass, replace

from cs231n_helpers.graph.errors import ExpressionError
from cs231n_helpers.graph.formula import Draft, Gate, read, tree
from cs231n_helpers.graph.scan import MOST_GATES, MOST_INPUTS, lines

__all__ = ["Expression", "ExpressionError", "Gate", "parse"]


@dataclass(frozen=True)
class Expression:
    """A circuit. Wires: inputs 0 .. I-1, gates I .. I+G-1 in the order of computation; the last one is the result."""

    text: str
    name: str               # of the result
    inputs: tuple           # names, in the order of their appearance
    gates: tuple            # of Gate

    @property
    def wires(self):
        """How many wires there are."""
        return len(self.inputs) + len(self.gates)


def parse(text):
    """Read a formula, or several lines `name = formula` (split by ; or line breaks), as a circuit of gates.

    Understood: names, numbers, + - * / **, brackets, and exp log sigmoid tanh relu max(a, b, ...). Names that no line
    defines are the inputs. x / y is two gates, 1/x and ×; constants are part of their gate ("+1", "×2"); exponents are
    numbers. Raises ExpressionError, which knows and shows the place. At most 20 gates and 8 inputs.
    """
    if not isinstance(text, str):
        raise TypeError(f'parse: text must be a str, got {type(text).__name__}. Write parse("f = (x + y) * z").')
    draft, found = Draft(text), lines(text)
    for line in found:
        _read_line(draft, line, last=line is found[-1])
    _look_for_unused(draft, found)
    name = _name_of_result(draft, found[-1])
    _look_at_size(draft)
    return Expression(text, name, tuple(draft.inputs), _numbered(draft))


def _read_line(draft, line, last):
    part = read(draft, tree(draft.text, line), line.start)
    if line.name is None and not last:
        raise ExpressionError("this line has no name, so the next ones cannot use it: write a = ...", draft.text,
                              line.start, line.end)
    if last and not isinstance(part.what, int):
        what = "a number" if part.constant is not None else "an input as it is"
        raise ExpressionError(f"the result is {what}: there is no gate to go back through", draft.text, line.start,
                              line.end)
    if line.name is None:
        return
    _look_at_name(draft, line.name)
    draft.parts[line.name.text] = part
    if isinstance(part.what, int) and not draft.gates[part.what].name:
        draft.gates[part.what] = replace(draft.gates[part.what], name=line.name.text)


def _look_at_name(draft, token):
    if token.text in draft.parts:
        sentence = f"{token.text} has a value already: a wire has one name, so write another one"
    elif token.text in draft.inputs:
        sentence = f"{token.text} is used before this line, as an input: move this line up, or write another name"
    else:
        return
    raise ExpressionError(sentence, draft.text, token.start, token.end)


def _look_for_unused(draft, found):
    for line in found[:-1]:
        if line.name.text not in draft.used:
            raise ExpressionError(f"{line.name.text} is never used after this line", draft.text, line.name.start,
                                  line.name.end)


def _look_at_size(draft):
    if len(draft.gates) > MOST_GATES:
        first = draft.gates[MOST_GATES]
        raise ExpressionError(f"this makes {len(draft.gates)} gates; a circuit here has at most {MOST_GATES}",
                              draft.text, first.start, first.end)
    if len(draft.inputs) > MOST_INPUTS:
        place = list(draft.inputs.values())[MOST_INPUTS]
        raise ExpressionError(f"there are {len(draft.inputs)} inputs; a circuit here has at most {MOST_INPUTS}",
                              draft.text, *place)


def _name_of_result(draft, line):
    if line.name is not None:
        return line.name.text
    if "f" in draft.inputs or "f" in draft.parts:
        raise ExpressionError("f is taken already, so the result needs a name: write g = ...", draft.text,
                              line.start, line.end)
    return "f"


def _numbered(draft):
    """The gates with the numbers of their wires: the inputs first, then the gates."""
    wire = {name: i for i, name in enumerate(draft.inputs)}
    wire.update({i: len(wire) + i for i in range(len(draft.gates))})
    return tuple(replace(gate, inputs=tuple(wire[part.what] for part in gate.inputs)) for gate in draft.gates)
