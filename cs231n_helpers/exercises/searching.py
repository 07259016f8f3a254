"""Exercise of notebook 04 on the search for hyperparameters: log_uniform, values spread evenly in the exponent."""

import numpy as np

from .exercise import Exercise, Mistake, Output, case


def _exponents(log, u, low, high):
    """Evenly between the logarithms of both ends, (N,)."""
    return log(low) + u * (log(high) - log(low))


def _rounded(whole):
    return lambda u, low, high: 10.0 ** whole(_exponents(np.log10, u, low, high))


def _right(u, low, high):
    return low * (high / low)**u


EVENLY = "low * (high / low)**u, or 10 to the power of what lies evenly between log10(low) and log10(high)."
BASES = "logarithm and power must have the same base: 10**... undoes np.log10, np.exp undoes np.log."
VALUES = "low and high are values, not exponents: take the logarithm of both before u goes from one to the other."
EXPONENT = "this is the exponent; the value is 10 (or e, for np.log) to the power of it."
NO_LOW = "low is missing: at u = 0 the value is low. " + EVENLY
WHOLE = "the exponents are rounded to whole numbers; only powers of 10 come out. Leave the exponent as it is."

LOG_UNIFORM = Exercise(
    name="log_uniform", call="log_uniform(u, low, high)", arguments={"u": "N", "low": "", "high": ""},
    outputs=(Output("values", "the values", "N", {"low * (high / low)**u": _right}, (
        Mistake(f"this is uniform, evenly on the line: most values are as large as high. In the exponent: {EVENLY}",
                lambda u, low, high: low + u * (high - low)),
        Mistake(f"log10 is undone by exp: {BASES}", lambda *args: np.exp(_exponents(np.log10, *args))),
        Mistake(f"the natural logarithm is undone by 10**: {BASES}", lambda *args: 10 ** _exponents(np.log, *args)),
        Mistake(VALUES, lambda u, low, high: 10 ** (low + u * (high - low)), "missing"),
        Mistake(VALUES, lambda u, low, high: np.exp(low + u * (high - low)), "missing"),
        Mistake(EXPONENT, lambda *args: _exponents(np.log10, *args), "missing"),
        Mistake(EXPONENT, lambda *args: _exponents(np.log, *args), "missing"),
        Mistake(WHOLE, _rounded(np.round)),
        Mistake(WHOLE, _rounded(np.floor)),
        Mistake(WHOLE, _rounded(np.ceil)),
        Mistake(NO_LOW, lambda u, low, high: (high / low)**u, "missing"),
        Mistake(NO_LOW, lambda u, low, high: high**u, "missing"),
        Mistake("the power is taken of high; it should be of high / low, so that u = 1 gives high.",
                lambda u, low, high: low * high**u, "missing"),
        Mistake("the power is taken of the difference; it should be of the ratio, high / low.",
                lambda u, low, high: low * (high - low)**u),
        Mistake("low and high are exchanged: u = 0 gives low, u = 1 gives high.",
                lambda u, low, high: high * (low / high)**u),
        Mistake("the ratio is multiplied by u; it should be taken to the power of u.",
                lambda u, low, high: low * (high / low) * u),
    )),),
    cases=(
        case("learning rates from 0.0001 to 1", np.array([0, 0.3, 0.5, 0.77, 1]), 1e-4, 1.0),
        case("penalties from 0.002 to 30", np.array([0.9, 0.12, 0.45, 0.6]), 2e-3, 30.0),
        case("factors from 2 to 50", np.array([0.35, 0.85, 0.1]), 2.0, 50.0),
        case("one value (N = 1)", np.array([0.64]), 5e-6, 0.3),
    ),
    advice={"differs": f"u goes from 0 to 1 and says how far the exponent has come: {EVENLY}"},
)

EXERCISES = (LOG_UNIFORM,)
