"""The words of an exercise: its cases, its outputs, the mistakes it knows by name, and the verdict.

To add an exercise, fill in one `Exercise` record; the engine (`calls`, `differences`, `verdicts`) stays as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

KINDS = {
    "exact": "the answer is right in every case",
    "not_started": "None or ... came back from an unfilled function, or NotImplementedError was raised",
    "no_return": "there is code, but nothing comes back",
    "raised": "the function stopped with an error",
    "type": "not an array, not a number, not a tuple of two, or whole numbers where fractions are due",
    "shape": "right kind of thing, wrong shape",
    "not_finite": "NaN or infinity",
    "changes_input": "an argument is overwritten",
    "sign": "plus and minus are exchanged",
    "factor": "a constant times the right answer: 2, 1/2, N, 1/N ...",
    "axis": "summed, sorted or normalised along the wrong axis, or the right numbers in the wrong order",
    "missing": "a term or a step is not there",
    "mistake": "another mistake known by name",
    "loops": "right, but with a loop where none is allowed",
    "state": "right, but `back` depends on what was called in between",
    "differs": "wrong in a way that has no name here",
    "unknown": "there is no such exercise",
}


@dataclass(frozen=True)
class Verdict:
    """What is to be said about an answer: `kind`, a key of `KINDS`, and `text`, one or more plain sentences."""

    kind: str
    text: str


@dataclass(frozen=True)
class Case:
    """One call of the learner's function; `label` completes the phrase "with ..."."""

    label: str
    args: tuple


@dataclass(frozen=True)
class Mistake:
    """A wrong way to compute one term of an output: `answer(*args)` is what it gives, `text` what is said of it.

    `term` is the key of the term it stands for; without it, the first one. "all" stands for the sum of all terms.
    """

    text: str
    answer: Callable
    kind: str = "mistake"
    term: str = ""


def answering(mistakes, wrap):
    """The same mistakes with `wrap(answer)` for each answer: another way to call them."""
    return tuple(replace(mistake, answer=wrap(mistake.answer)) for mistake in mistakes)


@dataclass(frozen=True)
class Output:
    """One of the things returned: its name in code, its name in words, and its axes ("MN"; "" for a number).

    `terms` maps the name of each term to a function of the arguments; the sum of the terms is the right answer. One
    term is enough; with several, the verdict can say which one is missing, has the wrong sign, or is N times too large.
    """

    name: str
    words: str
    axes: str
    terms: dict[str, Callable]
    mistakes: tuple[Mistake, ...] = ()
    whole: bool = False                                 # class labels: whole numbers, compared exactly
    settled: Callable = np.asarray                      # brings what is free (signs) to one form before it is compared

    def right(self, args):
        """The right answer."""
        return sum(np.asarray(term(*args)) for term in self.terms.values())


@dataclass(frozen=True)
class Exercise:
    """A function to fill in.

    `call` is how it is called; `arguments` maps each argument to its axes ("ND"; "" if it has none).
    With `upstream`, the name of the last argument, the learner writes an operation, `y, back = op(*the others)`, and
    the last argument goes to `back` (if it is the number 1.0, nothing does). The outputs are then y and the gradients,
    in the order of the arrays.
    """

    name: str
    call: str
    arguments: dict[str, str]
    outputs: tuple[Output, ...]
    cases: tuple[Case, ...]
    tolerance: float = 1e-6                             # of the largest number of the right answer, or of 1
    loops: bool = True                                  # are loops allowed?
    upstream: str = ""                                  # "dy": a function that returns (y, back), see `contract`
    counts: str = "N"                                   # axes by which an answer may be divided too often or too seldom
    advice: dict[str, str] = field(default_factory=dict)    # verdict kind -> one more sentence
    quiet: bool = False                                 # is a warning on the way a mistake?

    def sizes(self, case):
        """Axis letter -> length, and name -> value for whole-number arguments such as k."""
        sizes = {}
        for (name, axes), value in zip(self.arguments.items(), case.args, strict=True):
            sizes |= zip(axes, np.shape(value) if isinstance(value, np.ndarray) else (len(value),)) if axes else {}
            sizes |= {name: value} if isinstance(value, int) else {}
        return sizes

    def result(self):
        """What the function returns: "loss, dW", "z, back"."""
        return f"{self.outputs[0].name}, back" if self.upstream else ", ".join(output.name for output in self.outputs)

    def gradients(self):
        """What `back` returns, as it is written: "dx, dy", "(dx,)"."""
        names = [output.name for output in self.outputs[1:]]
        return ", ".join(names) if len(names) > 1 else f"({names[0]},)"

    def describe(self, case):
        """The arguments in words: "W (4, 3), X (5, 4), y (5,), strength 0.1"."""
        return ", ".join(f"{name} {_brief(value)}" for name, value in zip(self.arguments, case.args, strict=True))


def _brief(value):
    if isinstance(value, np.ndarray):
        return str(value.shape)
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return f"({len(value)} pairs)"
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def case(label, *args):
    """A `Case` whose arrays cannot be written to."""
    for array in _arrays(args):
        array.setflags(write=False)
    return Case(label, args)


def _arrays(value):
    if isinstance(value, np.ndarray):
        return [value]
    return [array for part in value for array in _arrays(part)] if isinstance(value, list | tuple) else []


def numbers(seed, *shape):
    """Reproducible numbers from -2 to 2 in steps of 0.01, the same on every machine."""
    return np.random.default_rng(seed).integers(-200, 201, shape) / 100
