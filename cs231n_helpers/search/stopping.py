"""When a trial may give up: what the others had reached at the same point says whether it is hopeless."""

from dataclasses import dataclass

import numpy as np

from cs231n_helpers import checks


@dataclass(frozen=True)
class median_stop:
    """The first `after` trials run to their end; a later one stops as soon as it is below their median at that step.

    at_least : how many scores each trial may show before it is compared.
    The yardstick is set once and then stays, so that the same trials stop wherever and in whatever order they run.
    About half of the later trials are cut short. Beware: what learns slowly at first, such as a small learning rate, is
    stopped although it might have won in the end. Source: Golovin and others 2017 (their rule takes running averages).
    """

    after: int = 8
    at_least: int = 1

    def __post_init__(self):
        checks.whole("median_stop", "after", self.after, low=1)
        checks.whole("median_stop", "at_least", self.at_least, low=1)

    def limits(self, trials):
        """The score that is needed at each step, (steps,): the median of the first `after` trials; no demand before."""
        curves = [trial.curve for trial in trials if trial.number < self.after and trial.state == "done"]
        steps = max(map(len, curves), default=0)
        medians = [float(np.median([curve[step] for curve in curves if step < len(curve)])) for step in range(steps)]
        return tuple([-np.inf] * min(self.at_least - 1, steps) + medians[self.at_least - 1:])
