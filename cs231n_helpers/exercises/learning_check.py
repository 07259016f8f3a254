"""Exercise of notebook 04: relative_error(a, n), the number by which a gradient check is read."""

import numpy as np

from .exercise import Exercise, Mistake, Output, case, numbers


def _size(a, n):
    return np.maximum(np.abs(a), np.abs(n))


def _safe(gap, size):
    """gap / size, element by element, and 0 where both are 0."""
    return gap / np.where(size != 0, size, 1)


def _elements(a, n):
    return _safe(np.abs(a - n), _size(a, n))


EACH = "Each element is divided by its own max(|a|, |n|), and the largest quotient counts."
SMALL = 6.0 * 10.0 ** np.arange(-13, 1)
BOTH_ZERO = "Where both are 0 they agree: divide by np.where(size > 0, size, 1), which gives 0 there."
_MISTAKES = (
    Mistake("the sum |a| + |n| is in the denominator; it should be the larger of the two, max(|a|, |n|). Some books "
            "take the sum: then a wrong sign gives 1 and not 2, and the bands of the scale mean something else.",
            lambda a, n: _safe(np.abs(a - n), np.abs(a) + np.abs(n)).max()),
    Mistake("the sum |a| + |n| is in the denominator, and it is at least 1e-8: then a wrong sign gives 1 and not 2, "
            "and small gradients pass, however wrong. It should be the larger of the two, max(|a|, |n|).",
            lambda a, n: (np.abs(a - n) / np.maximum(1e-8, np.abs(a) + np.abs(n))).max()),
    Mistake("this is an absolute error: the denominator is missing. 1e-4 is much for a slope of 1e-4, and little for "
            "one of 100.", lambda a, n: np.abs(a - n).max(), "missing"),
    Mistake("this is the mean over the elements. The worst one counts: in the mean, one wrong slope among a thousand "
            "drowns.", lambda a, n: _elements(a, n).mean()),
    Mistake("this is the sum over the elements; the worst one counts.", lambda a, n: _elements(a, n).sum()),
    Mistake("this is the smallest quotient; the largest counts.", lambda a, n: _elements(a, n).min()),
    Mistake("the absolute value above the line is missing: where a is smaller than n the quotient is negative, and the "
            "maximum passes over it.", lambda a, n: _safe(a - n, _size(a, n)).max(), "missing"),
    Mistake("the absolute values below the line are missing: max(a, n) is wrong where both are negative, or the larger "
            "number is.", lambda a, n: _safe(np.abs(a - n), np.maximum(a, n)).max(), "missing"),
    Mistake("the absolute value is taken last, of the signed maximum. Take it element by element, before the .max().",
            lambda a, n: abs(_safe(a - n, _size(a, n)).max())),
    Mistake("||a| - |n|| does not see a wrong sign: the difference comes first, then its absolute value, |a - n|.",
            lambda a, n: _safe(np.abs(np.abs(a) - np.abs(n)), _size(a, n)).max()),
    Mistake("|a + n| is above the line; it should be the difference, |a - n|.",
            lambda a, n: _safe(np.abs(a + n), _size(a, n)).max(), "sign"),
    Mistake("only |a| is below the line. If the analytic slope is 0 by mistake, that is 0 or infinity: take the larger "
            "of |a| and |n|.", lambda a, n: _safe(np.abs(a - n), np.abs(a)).max(), "missing"),
    Mistake("only |n| is below the line; take the larger of |a| and |n|.",
            lambda a, n: _safe(np.abs(a - n), np.abs(n)).max(), "missing"),
    Mistake("the smaller of |a| and |n| is below the line; it should be the larger.",
            lambda a, n: _safe(np.abs(a - n), np.minimum(np.abs(a), np.abs(n))).max()),
    Mistake(f"the largest gap is divided by the largest slope of all, so that small slopes may be quite wrong. {EACH}",
            lambda a, n: np.abs(a - n).max() / max(_size(a, n).max(), 1e-300)),
    Mistake(f"lengths of the whole arrays are compared, so that small slopes may be quite wrong. {EACH}",
            lambda a, n: np.linalg.norm(a - n) / max(np.linalg.norm(a), np.linalg.norm(n), 1e-300)),
    Mistake(f"the larger of |a - n| and the slopes is divided by itself, so that it never exceeds 1. {EACH}",
            lambda a, n: _safe(np.abs(a - n), np.maximum(_size(a, n), np.abs(a - n))).max()),
    *(Mistake(f"{eps:g} is added to the denominator, or it is at least that: small gradients then pass, however wrong. "
              f"{BOTH_ZERO}", wrong)
      for eps in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-10, 1e-12)
      for wrong in (lambda a, n, eps=eps: (np.abs(a - n) / (_size(a, n) + eps)).max(),
                    lambda a, n, eps=eps: (np.abs(a - n) / np.maximum(_size(a, n), eps)).max())),
    Mistake(f"0 / 0 is NaN, and one NaN makes the maximum NaN. {BOTH_ZERO}",
            lambda a, n: (np.abs(a - n) / _size(a, n)).max()),
    Mistake("where both are 0 this gives 1; two zeros agree, so the error there is 0.",
            lambda a, n: np.where(_size(a, n) > 0, _elements(a, n), 1).max()),
    Mistake("elements where one of the two is 0 are left out: 0 against 0.5 is an error of 1. Only where both are 0 is "
            "there nothing to compare.", lambda a, n: np.where((a != 0) & (n != 0), _elements(a, n), 0).max()),
)

RELATIVE_ERROR = Exercise(
    name="relative_error", call="relative_error(a, n)", arguments={"a": "DC", "n": "DC"},
    outputs=(Output("error", "the error", "", {"the largest |a - n| / max(|a|, |n|)":
                                               lambda a, n: _elements(a, n).max()}, _MISTAKES),),
    cases=(
        case("slopes of both signs", numbers(111, 4, 3) + 0.005,
             numbers(111, 4, 3) + 0.005 * numbers(112, 4, 3) + 0.005),
        case("slopes that are negative in both", -1.1 - np.abs(numbers(113, 3, 4)), -1 - np.abs(numbers(113, 3, 4))),
        case("a wrong sign among right slopes", np.array([[2.0, -3, 0.5], [1, 4, -0.25]]),
             np.array([[2.0, -3, -0.5], [1, 4, -0.25]])),
        case("slopes of many sizes, the smaller the wronger", SMALL[:, None] * [[1, 1]], SMALL[:, None] * [[1, 1]]
             * (1 - np.linspace(0.7, 0.01, len(SMALL)))[:, None]),
        case("a slope that is 0 on one side", np.array([[0.0, 2], [1, 3]]), np.array([[0.5, 2.002], [1.001, 3]])),
        case("slopes that are 0 on both sides", np.array([[0.0, 2], [1, 0]]), np.array([[0.0, 2.02], [1, 0]])),
        case("nothing but zeros", np.zeros((2, 3)), np.zeros((2, 3))),
    ),
    tolerance=1e-9, quiet=True, counts="",
    advice={"not_finite": BOTH_ZERO},
)

EXERCISES = (RELATIVE_ERROR,)
