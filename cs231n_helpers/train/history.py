"""What is kept of a run: every loss as a curve, and moments at which all instruments were read. Its memory is bounded.
"""

import math
from collections import deque
from dataclasses import dataclass, field, replace

import numpy as np

MOST_MOMENTS = 200                  # when there are as many, half of them are let go
MOST_POINTS = 1000                  # of the loss curve: when there are as many, neighbours become their mean
RECENT = 200                        # losses of the last steps that are kept one by one


@dataclass(frozen=True, eq=False)
class Moment:
    """One look at a run; nothing in it changes later."""

    step: int                                                       # steps taken
    epoch: float
    loss: float                                                     # mean over the steps since the moment before
    train_accuracy: float                                           # on the first few training examples, test mode
    val_accuracy: float
    train_loss: float                                               # on the same examples, without penalties
    val_loss: float
    rate: float                                                     # learning rate of the last step
    reading: object                                                 # watch.Reading
    extra: object = None                                            # what else the caller has looked at
    stopped: str = ""                                               # why the run ended early, in words

    @property
    def ratios(self):
        """{"dense1.W": update ratio of the last step}."""
        return self.reading.ratios

    @property
    def dead(self):
        """{"relu1": share of units that are 0 for every example}."""
        return self.reading.dead


@dataclass(frozen=True, eq=False)
class History:
    """A run so far, as it was at one instant.

    steps, losses: the curve of the mini-batch losses, (n,) each, n < MOST_POINTS; of a long run each point is the mean
    of several steps. recent: the last RECENT losses one by one. moments: at most MOST_MOMENTS, evenly spread,
    the newest ones closer together.
    """

    steps: np.ndarray
    losses: np.ndarray
    recent: np.ndarray
    moments: tuple
    per_epoch: int                                                  # steps of an epoch
    total: int                                                      # steps of the whole run
    classes: int
    settings: object = None                                         # settings.Settings

    @property
    def epochs(self):
        """Where on the axis of epochs the points of the curve lie, (n,)."""
        return self.steps / self.per_epoch

    @property
    def last(self):
        """The newest moment."""
        return self.moments[-1]

    @property
    def loss_limits(self):
        """(lowest, highest) of a logarithmic axis for the losses: around that of the first moment. Where a network is
        already good at its training examples then, it is the loss on the validation examples that tells the size."""
        first, val = self.moments[0].train_loss, self.moments[0].val_loss
        first = val if math.isfinite(val) and val > 3.5 * first else first
        return (first / 70, first * 3.5) if math.isfinite(first) and first > 0 else (0.01, 10.0)

    def smooth(self, part=0.04):
        """The curve as a running mean over a part of its points, at least 5, (n,)."""
        return running_mean(self.losses, max(5, round(part * len(self.losses))))


def running_mean(values, width):
    """The mean over the last `width` values up to each one; over fewer at the start. (n,) -> (n,)"""
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    last = np.arange(1, len(values) + 1)
    first = np.maximum(last - width, 0)
    return (sums[last] - sums[first]) / (last - first)


@dataclass(eq=False)
class Recorder:
    """Takes down a run as it goes on. Only the thread that trains writes; `history` may be asked from any."""

    per_epoch: int
    total: int
    classes: int
    settings: object = None
    stride: int = 1                                                 # steps to each point of the curve
    step: int = 0
    _points: list = field(default_factory=list)
    _open: list = field(default_factory=list)                       # losses of the point that is not complete yet
    _since: list = field(default_factory=lambda: [0.0, 0])          # sum and number of losses since the last moment
    _recent: deque = field(default_factory=lambda: deque(maxlen=RECENT))
    _history: History = None

    def loss(self, value):
        """Note the loss of one more step."""
        self.step += 1
        self._recent.append(value)
        if not math.isfinite(value):
            return
        self._since = [self._since[0] + value, self._since[1] + 1]
        self._open.append(value)
        if len(self._open) == self.stride:
            self._points.append(sum(self._open) / self.stride)
            self._open = []
        if len(self._points) >= MOST_POINTS:
            self._points = [(a + b) / 2 for a, b in zip(self._points[::2], self._points[1::2])]
            self.stride *= 2

    def moment(self, moment):
        """Keep a moment, its loss being the mean since the last one (if any step was taken); returns the History."""
        before, (total, count) = self._history.moments if self._history else (), self._since
        if before and before[-1].step == moment.step:               # a newer look at the same step
            before, moment = before[:-1], replace(moment, loss=before[-1].loss)
        else:
            moment = replace(moment, loss=total / count) if count else moment
            self._since = [0.0, 0]
        self._history = self._freeze((*_thinned(before), moment))
        return self._history

    @property
    def history(self):
        """The History up to the last moment."""
        return self._history

    def _freeze(self, moments):
        points = np.array(self._points, np.float64)
        steps = (np.arange(len(points)) + 0.5) * self.stride + 0.5  # the middle of the steps of each point
        return History(steps, points, np.array(self._recent), moments, self.per_epoch, self.total, self.classes,
                       self.settings)


def _thinned(moments):
    """All moments, or if there are MOST_MOMENTS - 1, half as many: the first, and others evenly far apart in steps."""
    if len(moments) < MOST_MOMENTS - 1:
        return moments
    gap = (moments[-1].step - moments[0].step) / (MOST_MOMENTS // 2)
    kept = [moments[0]]
    for moment in moments[1:]:
        if moment.step - kept[-1].step >= gap:
            kept.append(moment)
    return tuple(kept)
