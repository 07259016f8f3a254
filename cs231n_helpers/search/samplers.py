"""Which values to try next. A sampler is a frozen record; it remembers nothing and draws from seeds.

rounds(space, trials)                       how many trials there are in each round, (n1, n2, ...); None: its own number
propose(space, numbers, seed, earlier)      the values of the trials with these numbers, one round, given all trials of
                                            the rounds before, in order of number

What is proposed depends on nothing else: not on who carries the trials out, nor on which of them ends first.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np

from cs231n_helpers import checks

TRIALS = 20                                                         # if nothing else is said


def draw(space, number, seed):
    """The values of trial `number`: each evenly from its range; the same for the same seed and number."""
    rng = np.random.default_rng([seed, number])
    return {name: distribution.at(rng.random()) for name, distribution in space.items()}


def usable(trials):
    """The trials that have a score, the best first; of equal ones the earlier."""
    return sorted((trial for trial in trials if trial.ok), key=lambda trial: -trial.score)


@dataclass(frozen=True)
class random:
    """Every value drawn anew for every trial, independently of all others.

    With n trials every hyperparameter takes n different values; a grid of n points repeats a few. Where only some
    of them matter, that is the better use of n trainings. Source: Bergstra and Bengio 2012; CS231n notes, part 3.
    """

    extends = True                                                  # more trials begin with the same ones

    def rounds(self, space, trials=None):
        """One round."""
        return (TRIALS if trials is None else trials,)

    def propose(self, space, numbers, seed, earlier):
        """Each from (seed, number) alone."""
        return [draw(space, number, seed) for number in numbers]


@dataclass(frozen=True)
class grid:
    """`points` values of every hyperparameter, from end to end of its range, and all their combinations.

    points : a number, or {"learning_rate": 7, "l2": 3}. A choice always has all of its options.
    Two hyperparameters with 5 points are 25 trainings, three are 125.
    """

    points: int | dict = 5
    extends = False

    def size(self, space):
        """How many trials there are: the product of the numbers of points."""
        return math.prod(len(axis) for axis in self.axes(space).values())

    def axes(self, space):
        """{name: its values}."""
        counts = self.points if isinstance(self.points, dict) else dict.fromkeys(space, self.points)
        for name in counts:
            checks.one_of("grid", "each name in points", name, space)
        return {name: distribution.points(checks.whole("grid", "points", counts.get(name, 5), low=1))
                for name, distribution in space.items()}

    def rounds(self, space, trials=None):
        """One round, as long as the grid is large."""
        size = self.size(space)
        if trials not in (None, size):
            parts = " x ".join(str(len(axis)) for axis in self.axes(space).values())
            raise ValueError(f"grid: trials must be {size}, the size of this grid ({parts} points), got {trials}. "
                             "Leave trials out, or change points.")
        return (size,)

    def propose(self, space, numbers, seed, earlier):
        """The combinations in order; the last hyperparameter changes fastest."""
        axes = self.axes(space)
        combinations = list(itertools.product(*axes.values()))
        return [dict(zip(axes, combinations[number])) for number in numbers]


@dataclass(frozen=True)
class coarse_to_fine:
    """Random search in rounds: each later one draws from the part of the space where the best trials so far lie.

    stages : how many rounds of equal length.   keep : the share of all earlier trials that counts as best.
    A hyperparameter that matters is narrowed round by round; one that does not has good trials everywhere and stays
    wide. Source: CS231n notes, Neural networks part 3 ("from coarse to fine").
    """

    stages: int = 3
    keep: float = 0.25
    extends = False

    def __post_init__(self):
        checks.whole("coarse_to_fine", "stages", self.stages, low=1)
        checks.real("coarse_to_fine", "keep", self.keep, above=0, high=1)

    def rounds(self, space, trials=None):
        """Equally long, the first ones by one longer where the number does not divide."""
        trials = TRIALS if trials is None else trials
        return tuple(len(part) for part in np.array_split(np.empty(trials), self.stages) if len(part))

    def propose(self, space, numbers, seed, earlier):
        """Random ones from the part of the space that is looked at in this round."""
        narrowed = self.zoomed(space, earlier)
        return [draw(narrowed, number, seed) for number in numbers]

    def zoomed(self, space, earlier):
        """The space around the best of the earlier trials; all of it while fewer than two have a score."""
        ranked = usable(earlier)
        best = ranked[:max(2, round(self.keep * len(ranked)))]
        if len(best) < 2:
            return dict(space)
        return {name: distribution.around([trial.values[name] for trial in best])
                for name, distribution in space.items()}
