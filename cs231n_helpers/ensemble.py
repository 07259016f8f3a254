"""Several models that answer together, several that are made into one, and one that learns from several.

    average_predictions   asks every member and averages what they SAY: n models, n forward passes
    average_weights       averages what they ARE: one model, one forward pass, and only of near relatives
    polyak                the same as training goes on: a running average of the weights
    distill               what a teacher says, softened, for a student to learn from

Source: CS231n notes, Neural networks part 3, Model ensembles; Hinton, Vinyals and Dean 2015.
"""

import math
from dataclasses import dataclass

import numpy as np

from cs231n_helpers import checks, losses
from cs231n_helpers.network import Network

__all__ = ["Average", "average_predictions", "average_weights", "distill", "polyak", "top"]


def average_predictions(networks, members, X, batch=1000):
    """Probabilities (N, C) of an ensemble: the mean over its members of softmax(scores).

    networks: one Network for all members, or a list with one for each. members: a list of params. X (N, *input_shape).
    Probabilities have a common scale; scores have none: whoever is trained longer, or with larger weights, would be
    louder than the rest. The mean of log-probabilities would let one member's "never" veto all others.
    """
    members = _members("average_predictions", members)
    networks = [networks] * len(members) if isinstance(networks, Network) else list(networks)
    if len(networks) != len(members):
        raise ValueError(f"average_predictions: {len(networks)} networks for {len(members)} members; give one for "
                         "each, or a single one for all.")
    total = 0
    for network, params in zip(networks, members):                  # one after the other: one set of scores at a time
        total = total + losses.probabilities(network.predict(params, X, batch))
    return total / len(members)


def top(trials, count):
    """The best `count` of a list of pairs (anything, score), the best first; equal scores keep their order.

    "Anything" may be params, or (network, params), or settings. A score of NaN, a run that diverged, comes last.
    Scores on validation data: the test set is for the ensemble that has been chosen.
    """
    trials = list(trials)
    count = checks.whole("top", "count", count, low=1, high=len(trials))
    return sorted(trials, key=lambda trial: -math.inf if math.isnan(trial[1]) else trial[1], reverse=True)[:count]


def average_weights(members):
    """New params, the mean of every array over the members: ONE model, as quick as any of them.

    Good for neighbours, such as checkpoints of one run; bad for strangers, whose units do not correspond.
    Batch norm's statistics are those of no network then: renew them with `network.renew_statistics`.
    """
    members = _members("average_weights", members)
    shapes = [{key: array.shape for key, array in params.items()} for params in members]
    for number, other in enumerate(shapes):
        if other != shapes[0]:
            raise ValueError(f"average_weights: member {number} has other arrays than member 0. Only the weights of "
                             "one network's models can be averaged; average_predictions takes any.")
    return {key: np.mean([params[key] for params in members], axis=0, dtype=np.float64).astype(array.dtype)
            for key, array in members[0].items()}


@dataclass(frozen=True, eq=False)
class Average:
    """A moment of a run, and the running average of its weights so far."""

    step: object                                                    # the Step or Log that training gave
    params: dict                                                    # the average: use it, do not train it


def polyak(run, keep):
    """A generator of Average over a run: for average in polyak(train.steps(...), keep=0.99).

    average_t = the mean of the weights up to t, each `keep` times as heavy as the one after it, 0 <= keep < 1; it
    remembers about 1 / (1 - keep) steps. As average += share * (weights - average), the share of the newest is
    (1 - keep) / (1 - keep^t): all of it at first, so that nothing pulls towards a start at 0.
    The run itself is left alone: it goes on from its own weights, not from the average.
    After batch norm, `network.renew_statistics` makes the statistics fit the average.
    Source: Polyak and Juditsky 1992; CS231n notes, Neural networks part 3.
    """
    keep = checks.real("polyak", "keep", keep, low=0)
    if keep >= 1:
        raise ValueError(f"polyak: keep must lie in 0 <= keep < 1, got {keep}. 0.99 remembers about 100 steps.")
    return _averages(run, keep)


def _averages(run, keep):
    average = None
    for t, step in enumerate(run, 1):
        share = (1 - keep) / (1 - keep**t)
        average = dict(step.params) if average is None else {
            key: old + old.dtype.type(share) * (step.params[key] - old) for key, old in average.items()}
        yield Average(step, average)


def distill(probabilities, temperature):
    """Soft targets (N, C) for a student: probabilities^(1 / T), each row divided by its sum.

    For a single teacher that is softmax(scores / T); for an ensemble, whose mean probabilities have no scores, the
    logarithms take their place. T = 1 leaves them as they are, T > 1 lifts the small ones, T < 1 sinks them.
    A student learns from them with losses.soft_softmax and the same temperature.
    Source: Hinton, Vinyals and Dean 2015.
    """
    p = checks.shares("distill", "probabilities", probabilities)
    T = checks.real("distill", "temperature", temperature, above=0)
    with np.errstate(under="ignore"):                               # the largest becomes 1, whatever T is
        softened = (np.maximum(p, 0) / p.max(axis=1, keepdims=True)) ** p.dtype.type(1 / T)
    return softened / softened.sum(axis=1, keepdims=True)


def _members(where, members):
    members = [members] if isinstance(members, dict) else list(members)
    if not members:
        raise ValueError(f"{where}: members is empty; give a list of params.")
    return members
