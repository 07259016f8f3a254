"""From slopes to a verdict in words."""

from dataclasses import dataclass

import numpy as np

from cs231n_helpers.gradients.arrays import length, ratio
from cs231n_helpers.gradients.slopes import FLOOR

RIGHT, ACCEPTABLE, SUSPICIOUS = 1e-7, 1e-4, 1e-2        # upper ends of the bands, each belonging to its own band
PASSED = 1e-6                                           # a single number may be this far off if the whole is right
WORDS = {
    "right": "as close as float64 allows.",
    "acceptable": "kinks are near.",
    "too high": "a smooth function gives less than 1e-7.",
    "suspicious": "a small term may be missing, or the step crosses kinks.",
    "wrong": "look for a sign, a factor, a transpose or a missing term.",
    "nothing to compare": "kinks only.",
    "empty": "there are no numbers in it.",
}
WORSE = ("empty", "right", "acceptable", "nothing to compare", "too high", "suspicious", "wrong")


def band(error, kinks=0):
    """The place of a relative error on the scale: "right", "acceptable", "too high", "suspicious" or "wrong".

    Up to 1e-7 right; up to 1e-4 acceptable if there are kinks, too high if not; up to 1e-2 suspicious; above, wrong.
    """
    if error <= RIGHT:
        return "right"
    if error <= ACCEPTABLE:
        return "acceptable" if kinks else "too high"
    return "suspicious" if error <= SUSPICIOUS else "wrong"


@dataclass(frozen=True)
class Comparison:
    """The analytic and the numerical slopes of one array, and what came of it."""

    name: str
    analytic: np.ndarray
    numerical: np.ndarray
    kink: np.ndarray            # bool: left out
    error: float
    norm_error: float
    drowned: int                # slopes that are smaller than the rounding noise of their measurement

    @property
    def band(self):
        """Up to 1e-6 in the worst element, the error of the whole gradient decides."""
        if np.isnan(self.error):
            return "nothing to compare" if self.kink.size else "empty"
        return band(self.norm_error if self.error <= PASSED else self.error, self.kink.sum())

    @property
    def words(self):
        error = "" if np.isnan(self.error) else f"relative error {self.error:.0e}, "
        return f"{error}{self.band}: {WORDS[self.band]}"


def compared(name, analytic, measured):
    """Compare the slopes of one array. measured: values, kinks and noise as `slopes` gives them.

    Kinks are left out. Differences up to 1e-9 do not count (1e-9 of the largest slope, where that is below 1), nor do
    differences up to ten times the rounding noise of the measurement, in which tiny slopes drown. Such a difference is
    measured against 1e7 times what does not count, so that it never gives more than 1e-7.
    """
    numerical, kink, noise = measured
    a, n, noise = analytic[~kink], numerical[~kink], noise[~kink]
    size, gap = np.maximum(np.abs(a), np.abs(n)), np.abs(a - n)
    floor = FLOOR * min(1.0, size.max(initial=0))
    unseen = np.maximum(floor, 10 * noise)
    errors = (_relative(gap, size, unseen).max(initial=0),
              _relative(length(gap), max(length(a), length(n)), length(unseen)))
    drowned = int(np.sum((size <= 10 * noise) & (np.abs(a) > floor)))
    return Comparison(name, analytic, numerical, kink, *(map(float, errors) if a.size else (np.nan, np.nan)), drowned)


def _relative(gap, size, unseen):
    return ratio(gap, np.where(gap <= unseen, np.maximum(size, 1e7 * unseen), size))


def reported(case, found, notes):
    """The dict that `check` and `check_along` return, from one Comparison for each float array."""
    errors = [one.error for one in found if not np.isnan(one.error)]
    worst = max(errors, default=np.nan)
    enough = all(one.band in ("right", "acceptable", "empty") for one in found)
    return {
        "passed": bool(errors) and enough and "the result" not in case.single,
        "verdict": "".join([_verdict(case, found, worst), notes, _drowned(found), _precision(case)]), "worst": worst,
        "errors": tuple(one.error for one in found), "norm_errors": tuple(one.norm_error for one in found),
        "verdicts": tuple(f"{one.name}: {one.words}" for one in found), "names": case.names,
        "kinks": sum(int(one.kink.sum()) for one in found), "kinks_at": tuple(one.kink for one in found),
        "elements": sum(one.kink.size for one in found), "promoted": case.promoted, "single": case.single,
        "analytic": tuple(one.analytic for one in found), "numerical": tuple(one.numerical for one in found),
    }


def _verdict(case, found, worst):
    """The words for the array that is worst; which one that is, and how the others are."""
    if np.isnan(worst):
        return "nothing to compare: there is no number without a kink."
    if "the result" in case.single:
        return (f"relative error {worst:.0e}, but the result is float32: rounding alone gives 1e-2. Let the op keep "
                "the dtype of its arrays.")
    if all(one.band == "right" for one in found):
        return f"relative error {worst:.0e}, right: {WORDS['right']}"
    first = max(found, key=lambda one: (WORSE.index(one.band), np.nan_to_num(one.error)))
    rest = "; ".join(f"{one.name} {one.band}" for one in found if one is not first)
    return f"{first.name}: {first.words} The rest: {rest}." if rest else first.words


def _drowned(found):
    count, of = sum(one.drowned for one in found), sum(one.kink.size for one in found)
    return f" {count} of {of} slopes are smaller than the rounding noise of y: that proves little." if count else ""


def _precision(case):
    """What is to be said about float32 where the verdict does not say it."""
    gradients = ", ".join(what for what in case.single if what != "the result")
    return ((f" float32 was promoted to float64: {', '.join(case.promoted)}." if case.promoted else "")
            + (f" Computed in float32, seven digits: {gradients}." if gradients else ""))
