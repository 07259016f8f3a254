"""From the symptoms of a wrong gradient to its cause: what a suspect would show, and which symptom speaks against it.

Every suspect of `SUSPECTS` is examined under the conditions of the case, and its signs are compared with those of the
case, the plainest first: which arrays are wrong; whether analytic and measured slopes are proportional, and by which
factor; slopes that are 0 on one side only; how large the errors are. No sentence names the true cause.
"""

from dataclasses import dataclass

import numpy as np

from cs231n_helpers import checks

from .doctor import ARRAYS, BUGS, MASKS, examine

CONDITIONS = {"h": 3e-5, "strength": 0.05, "masks": MASKS[1], "count": 20}     # dropout on, one mask for all calls
SUSPECTS = {                        # name -> what it changes in the examination
    "right code, a sound check": {},
    **{bug: {"bug": bug} for bug in BUGS if bug != "none"},
    "right code, in float32": {"single": True},
    "right code, a new mask each call": {"masks": MASKS[2]},
    "right code, h = 0.03 crosses kinks": {"h": 0.03},
}
AGREES = 1e-4                       # relative errors up to here are taken for right
STRAIGHT = 0.999                    # correlation from which on slopes are called proportional
NOTHING = 1e-9                      # a slope below this share of the largest is called 0


@dataclass(frozen=True)
class Signs:
    """What the slopes of one array show: analytic a against measured n, (K,) each.

    error: the relative error. factor: of the line through 0 that fits best, a = factor * n. straight: whether all
    slopes lie on it. extra, missing: shares of slopes with n = 0 but not a, and with a = 0 but not n.
    """

    error: float
    factor: float
    straight: bool
    extra: float
    missing: float


@dataclass(frozen=True)
class Answer:
    """Whether a diagnosis fits a case, and why, in words."""

    fits: bool
    text: str


def examined(suspect, params, X, y):
    """The `doctor.Examination` of a suspect under the conditions of all cases."""
    checks.one_of("examined", "suspect", suspect, SUSPECTS)
    return examine(params, X, y, **{**CONDITIONS, **SUSPECTS[suspect]})


def signs(found):
    """{"W1": Signs, ...} of an Examination."""
    return {name: _signs(found.analytic[name], found.numerical[name], error)
            for name, error in zip(ARRAYS, found.errors)}


def _signs(a, n, error):
    size = max(np.abs(a).max(), np.abs(n).max())
    flat_a, flat_n = np.abs(a) <= NOTHING * size, np.abs(n) <= NOTHING * size
    product, lengths = a @ n, np.linalg.norm(a) * np.linalg.norm(n)
    straight = lengths > 0 and abs(product) >= STRAIGHT * lengths
    return Signs(error, float(product / (n @ n)) if n.any() else np.inf, bool(straight),
                 float((flat_n & ~flat_a).mean()), float((flat_a & ~flat_n).mean()))


def judge(case, guess):
    """Whether the Examination `guess` of a suspect shows the same signs as that of the `case`: an Answer."""
    seen, due = signs(case), signs(guess)
    for test in (_wrong_arrays, _lines, _zeros, _sizes):
        for name in ARRAYS:
            against = test(f"d{name}", seen[name], due[name])
            if against:
                return Answer(False, against)
    wrong = [f"d{name}" for name in ARRAYS if seen[name].error > AGREES]
    return Answer(True, f"It fits: {_are_wrong(wrong)}, and analytic and measured slopes differ by just as much.")


def _are_wrong(names):
    if not names:
        return "all four arrays are right"
    if len(names) == len(ARRAYS):
        return "all four arrays are wrong"
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return f"{listed} {'are' if len(names) > 1 else 'is'} wrong, the rest is right"


def _wrong_arrays(name, seen, due):
    if (seen.error > AGREES) == (due.error > AGREES):
        return ""
    if due.error > AGREES:
        return f"It would make {name} wrong, with an error of {due.error:.0e}. Here it is right: {seen.error:.0e}."
    return f"It would leave {name} right, at {due.error:.0e}. Here it is wrong: {seen.error:.0e}."


def _lines(name, seen, due):
    if seen.error <= AGREES:
        return ""
    if seen.straight != due.straight:
        words = {True: "lie on one straight line through 0", False: "scatter"}
        return f"The dots of {name} would {words[due.straight]}. Here they {words[seen.straight]}."
    if seen.straight and abs(seen.factor - due.factor) > 0.02 * abs(due.factor):
        return f"{name} would be {_times(due.factor)} the measured slope. Here it is {_times(seen.factor)}."
    return ""


def _times(factor):
    return f"{factor:.3g} times".replace("-", "\N{MINUS SIGN}")


def _zeros(name, seen, due):
    for share, where in (("missing", "horizontal axis (analytic 0, measured not)"),
                         ("extra", "vertical axis (measured 0, analytic not)")):
        ours, theirs = getattr(seen, share), getattr(due, share)
        if abs(ours - theirs) > 1e-9:
            return f"{theirs:.0%} of the dots of {name} would stand on the {where}. Here it is {ours:.0%}."
    return ""


def _sizes(name, seen, due):
    """The last resort: the same kind of error, but not the same numbers."""
    if seen.error <= AGREES:
        return ""
    if abs(seen.factor - due.factor) > 0.02 * max(abs(due.factor), abs(seen.factor)):
        return f"{name} would be about {_times(due.factor)} the measured slope. Here it is about {_times(seen.factor)}."
    if abs(seen.error - due.error) > 0.02 * due.error:
        return f"The error of {name} would be {due.error:.2g}. Here it is {seen.error:.2g}."
    return ""
