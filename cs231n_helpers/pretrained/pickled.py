"""Read the skeleton of a pickle without unpickling it: nothing is imported and nothing is called.

A pickle is a little program for a machine with a stack. Python's own machine calls whatever the program names, so a
stranger's file can do anything. This machine knows only the steps that plain containers, numbers and the mention of a
tensor need. Where Python would call a function, it puts down a note of the call (`Made`), for the caller to look at.
"""

import io
import pickletools

from cs231n_helpers.checks import DataError

MARK = object()                                         # lies on the stack under the parts of a container
MOST = 100_000                                          # steps; the longest program that is read here has 11,000


class Name:
    """The name of a class or function that the file mentions: "torch.FloatStorage"."""

    def __init__(self, name):
        self.name = name


class Made:
    """A note of a call: what was to be called, with which arguments, and the state that was to be set."""

    def __init__(self, name, args):
        self.name, self.args, self.state = name, args, None


class Stored:
    """A mention of something that lies outside of the pickle."""

    def __init__(self, key):
        self.key = key


def read(where, data, at=0, allowed=()):
    """(value, end): what the pickle at `data[at:]` holds, as plain values and notes, and where it ends.

    allowed : the names that may be mentioned, "module.name"; any other is refused by name, and so is any step that
    plain data do not need. DataError in all such cases; `where` names the file.
    """
    stream, machine = io.BytesIO(data), _Machine(where, frozenset(allowed))
    stream.seek(at)
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
            if opcode.name not in STEPS or count > MOST:
                raise DataError(f"{where}: refused, it is more than tensors need: step {count:,} of the pickle in it "
                                f"is {opcode.name}.")
            STEPS[opcode.name](machine, argument)
        value, = machine.stack
    except DataError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise DataError(f"{where} is damaged: the pickle in it does not make sense ({error}).") from None
    return value, stream.tell()


class _Machine:
    """The stack and the memory of one pickle."""

    def __init__(self, where, allowed):
        self.where, self.allowed, self.stack, self.memory = where, allowed, [], {}

    def push(self, value):
        self.stack.append(value)

    def taken(self, count):
        """The last `count` values, which leave the stack."""
        if count > len(self.stack):
            raise ValueError("a value is missing")
        values = self.stack[len(self.stack) - count:]
        del self.stack[len(self.stack) - count:]
        return values

    def since_mark(self):
        """The values since the last mark, which leave the stack, and the mark with them."""
        count = next((count for count, value in enumerate(reversed(self.stack)) if value is MARK), None)
        if count is None:
            raise ValueError("a container that was never begun")
        values = self.taken(count)
        self.taken(1)
        return values

    def name(self, argument):
        name = argument.replace(" ", ".", 1)
        if name not in self.allowed:
            raise DataError(f"refused {name[:200]} in {self.where}: a file of weights has no use for it.")
        self.push(Name(name))

    def call(self, _):
        function, args = self.taken(2)
        if not isinstance(function, Name) or not isinstance(args, tuple):
            raise ValueError("a call of something that has no name")
        self.push({} if function.name == "collections.OrderedDict" else Made(function.name, args))

    def set_state(self, _):
        state, = self.taken(1)
        if isinstance(self.stack[-1], Made):
            self.stack[-1].state = state
        elif not isinstance(self.stack[-1], dict):                  # the versions PyTorch hangs on its dict: left out
            raise ValueError("a state for something that has none")

    def append(self, values):
        if not isinstance(self.stack[-1], list):
            raise ValueError("an entry for something that is no list")
        self.stack[-1].extend(values)

    def set_items(self, values):
        if not isinstance(self.stack[-1], dict) or len(values) % 2:
            raise ValueError("an entry for something that is no dict")
        if not all(isinstance(key, str) for key in values[::2]):    # others are never hashed: their depth is not known
            raise ValueError("a key that is no text")
        self.stack[-1].update(zip(values[::2], values[1::2]))

    def remember(self, place):
        self.memory[place] = self.stack[-1]


def _tuple_of(count):
    return lambda machine, _: machine.push(tuple(machine.taken(count)))


def _constant(make):
    return lambda machine, _: machine.push(make())


_AS_IT_IS = ("BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "SHORT_BINBYTES", "BINBYTES")
STEPS = {
    **dict.fromkeys(("PROTO", "STOP"), lambda machine, _: None),
    **dict.fromkeys(_AS_IT_IS, _Machine.push),
    **dict.fromkeys(("BINPUT", "LONG_BINPUT"), _Machine.remember),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), lambda machine, place: machine.push(machine.memory[place])),
    "MARK": _constant(lambda: MARK), "NONE": _constant(lambda: None),
    "NEWTRUE": _constant(lambda: True), "NEWFALSE": _constant(lambda: False),
    "EMPTY_LIST": _constant(list), "EMPTY_DICT": _constant(dict), "EMPTY_TUPLE": _constant(tuple),
    "TUPLE1": _tuple_of(1), "TUPLE2": _tuple_of(2), "TUPLE3": _tuple_of(3),
    "TUPLE": lambda machine, _: machine.push(tuple(machine.since_mark())),
    "APPEND": lambda machine, _: machine.append(machine.taken(1)),
    "APPENDS": lambda machine, _: machine.append(machine.since_mark()),
    "SETITEM": lambda machine, _: machine.set_items(machine.taken(2)),
    "SETITEMS": lambda machine, _: machine.set_items(machine.since_mark()),
    "GLOBAL": _Machine.name, "REDUCE": _Machine.call, "BUILD": _Machine.set_state,
    "BINPERSID": lambda machine, _: machine.push(Stored(*machine.taken(1))),
}
