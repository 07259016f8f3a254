"""Bayesian search: what was learned from the trials so far says where the next ones are worth most.

The method is TPE (tree-structured Parzen estimator; Bergstra and others 2011), and the library is Optuna: it asks
"which values were more common among the good trials than among the rest?" and draws from there.
"""

import contextlib
import threading
from dataclasses import dataclass

import numpy as np

from cs231n_helpers import checks

from .samplers import TRIALS, random

_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class bayesian:
    """Optuna's TPE: `first` random trials, then rounds of `each` trials that learn from all rounds before.

    Within a round no result is waited for, so up to `each` workers are busy at a time, and one worker or many find the
    same. Trials that failed or took too long count as the worst score, so that their neighbourhood is avoided.
    """

    first: int = 8
    each: int = 4
    extends = True

    def __post_init__(self):
        checks.whole("bayesian", "first", self.first, low=1)
        checks.whole("bayesian", "each", self.each, low=1)

    def rounds(self, space, trials=None):
        """The random ones, then as many rounds as it takes; the last one may be shorter."""
        load_optuna()                                               # missing? said before anything is trained
        left = (TRIALS if trials is None else trials) - self.first
        full, rest = divmod(max(left, 0), self.each)
        return (self.first + min(left, 0), *[self.each] * full, *[rest] * bool(rest))

    def propose(self, space, numbers, seed, earlier):
        """Ask for one after the other, and note each at once as if it had the worst score: so they keep apart."""
        if numbers[0] < self.first:
            return random().propose(space, numbers, seed, earlier)
        optuna, proposed = load_optuna(), []
        with quiet(optuna):
            study = _study(optuna, space, numbers[0], seed, earlier)
            for _ in numbers:
                asked = study.ask(_places(optuna, space))
                proposed.append({name: _value(space[name], place) for name, place in asked.params.items()})
                study.tell(asked, _worst(earlier))
        return proposed


def _study(optuna, space, number, seed, earlier):
    """What Optuna is told: places between 0 and 1 instead of values, since the scale is ours to know."""
    sampler = optuna.samplers.TPESampler(seed=int(np.random.SeedSequence([seed, number]).generate_state(1)[0]),
                                         n_startup_trials=0, constant_liar=False)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for trial in earlier:
        if trial.state != "lost":                                   # a lost worker says nothing about the values
            params = {name: _place(space[name], value) for name, value in trial.values.items()}
            study.add_trial(optuna.trial.create_trial(params=params, distributions=_places(optuna, space),
                                                      value=trial.score if trial.ok else _worst(earlier)))
    return study


def _worst(earlier):
    return min((trial.score for trial in earlier if trial.ok), default=0.0)


def _places(optuna, space):
    return {name: optuna.distributions.FloatDistribution(0, 1) if distribution.ordered else
            optuna.distributions.CategoricalDistribution(range(len(distribution.options)))
            for name, distribution in space.items()}


def _place(distribution, value):
    return min(max(distribution.place(value), 0.0), 1.0) if distribution.ordered else distribution.index(value)


def _value(distribution, place):
    return distribution.at(place) if distribution.ordered else distribution.options[place]


def load_optuna():
    """The library, or a sentence that says how to get it."""
    try:
        import optuna
    except ImportError:
        raise ImportError("bayesian: this sampler needs the library Optuna, which is not installed. Install it with: "
                          "pip install optuna, or take search.random() or search.coarse_to_fine().") from None
    return optuna


@contextlib.contextmanager
def quiet(optuna):
    """Optuna's log is off inside, and afterwards as it was: its level belongs to the whole process."""
    with _one_at_a_time:
        level = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        try:
            yield
        finally:
            optuna.logging.set_verbosity(level)
