"""What a search has found so far."""

import math
from dataclasses import dataclass

import numpy as np

from .samplers import usable


@dataclass(frozen=True)
class Results:
    """The state of a search at one moment; nothing in it changes later.

    trials : the finished Trials, in order of number.   planned : how many there will be.
    running : (number, values, since) of those under way, `since` as time.time() tells it.
    notices : what went on besides, in words: a worker that died, half a line in the journal.
    """

    trials: tuple
    space: dict
    planned: int
    running: tuple = ()
    notices: tuple = ()

    @property
    def best(self):
        """The trial with the highest score, or None while there is none."""
        return next(iter(usable(self.trials)), None)

    def ranked(self):
        """All trials, the best first; those without a score last."""
        return usable(self.trials) + [trial for trial in self.trials if not trial.ok]

    def best_so_far(self):
        """The highest score among the first n trials, for each n, (trials,); NaN before there is one."""
        return np.fmax.accumulate([trial.score for trial in self.trials] or [np.nan])[:len(self.trials)]

    def border(self, share=0.05):
        """{name: "low" or "high"} of the ranges whose end the best trials crowd at: better values may lie beyond.

        The best tenth, at least three, is looked at: alarm if four fifths of them lie in the outermost part of the
        range. That part is `share` of the range, or one and a half times the share that they are of all trials (at
        most 0.3), if that is more: a hyperparameter that does not matter gives an alarm in one search of twenty.
        """
        ranked = usable(self.trials)
        count = max(3, len(ranked) // 10)
        if len(ranked) < 8:
            return {}
        found, zone = {}, max(share, min(1.5 * count / len(ranked), 0.3))
        for name in [name for name, distribution in self.space.items() if distribution.ordered]:
            places = np.array([self.space[name].place(trial.values[name]) for trial in ranked[:count]])
            for end, distance in (("low", places), ("high", 1 - places)):
                if (distance <= zone).sum() >= math.ceil(0.8 * count):
                    found[name] = end
        return found
