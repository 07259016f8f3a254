"""One training run, taken step by step by whoever drives it, and recorded on the way."""

import time

import numpy as np

from cs231n_helpers import data, losses, optim, threads
from cs231n_helpers.network import renew_statistics

from . import watch
from .history import Moment, Recorder
from .settings import examples
from .steps import steps

LOOKING = 0.12                      # the part of the time that may go into reading the instruments
SOON = 0.02                         # seconds after the first look until the second one
PROBE = 300                         # training examples on which activations are read


class Session:
    """A run of `network` on `split` (a Split, or what `examples` made of one), with the given Settings.

    params: where it starts; default: fresh ones from the seed. few: how many examples accuracies are measured on.
    every: read the instruments every so many steps; None: as often as costs no more than an eighth of the time.
    extra(network, params) -> anything: what else to keep of each moment. frozen, rates: as in Recipe.

    `advance()` takes one step and `look()` reads the instruments; they must not run in two threads at once.
    `history`, `params` and `rate`, the learning rate, which may be changed at any time, are for any thread.
    """

    def __init__(self, network, split, settings, *, loss=losses.softmax, params=None, few=500, every=None, extra=None,
                 most_filters=40, frozen=(), rates=None):
        self.network, self.settings, self.loss, self.rate = network, settings, loss, settings.learning_rate
        self.data = split if not hasattr(split, "X_test") else examples(split)
        self._few, self.every, self._extra, self._most = few, every, extra, most_filters
        self._frozen = frozenset(frozen)
        self.params = network.init(np.random.default_rng(settings.seed)) if params is None else params
        X, y = self.data.X_train, self.data.y_train
        per_epoch = -(-len(X) // settings.batch)
        self.total, self.cost_of_augment = per_epoch * settings.epochs, (0.0, 0)
        self._run = steps(network, self.params, X, y, settings.update_rule(), count=self.total, loss=loss,
                          rng=np.random.default_rng(settings.seed), batch=settings.batch, l2=settings.l2,
                          schedule=self._rate_at, augment=self._augment if settings.augment else None,
                          frozen=self._frozen, rates=rates)
        self.recorder = Recorder(per_epoch, self.total, network.out_shapes[-1][-1], settings)
        self._before, self._step, self._next_look, self._cheapest = self.params, None, 0.0, float("inf")
        self.look()

    @property
    def history(self):
        """The History up to the newest moment."""
        return self.recorder.history

    @property
    def taken(self):
        """Steps taken."""
        return self.recorder.step

    @property
    def done(self):
        """Whether there is no further step: all are taken, or the loss is not finite."""
        return self.recorder.step >= self.total or bool(self._step is not None and self._step.stopped)

    def advance(self):
        """Take one step; read the instruments where it is time, and after the last one. Returns whether one is left."""
        if self.done:
            return False
        self._before = self.params
        self._step = next(self._run)
        self.recorder.loss(self._step.loss)
        self.params = self._step.params
        if self.done or self._is_time():
            self.look()
        return not self.done

    @np.errstate(all="ignore")                                      # a run that blows up is seen in its loss
    def look(self):
        """Read all instruments now; returns the History with this moment in it."""
        start = time.perf_counter()
        history = self.recorder.moment(self._moment())
        now = time.perf_counter()
        self._next_look = now + self._rest_after(now - start)
        return history

    def _rest_after(self, seconds):
        """How long not to look after a look that took so many seconds. The first, which wakes everything up, and one
        that was held up by other work, tell little of what a look costs."""
        self._cheapest = min(self._cheapest, seconds)
        rest = min(seconds, 2 * self._cheapest) * (1 / LOOKING - 1)
        return min(rest, SOON) if self.recorder.step == 0 else rest

    def _is_time(self):
        if self.every is not None:
            return self.recorder.step % self.every == 0
        return time.perf_counter() >= self._next_look

    def _moment(self):
        data, few, step = self.data, self._few, self._step
        params = renew_statistics(self.network, self.params, data.X_train[:few], frozen=self._frozen)
        train = watch.measure(self.network, params, data.X_train[:few], data.y_train[:few], self.loss)
        val = watch.measure(self.network, params, data.X_val[:few], data.y_val[:few], self.loss)
        reading = watch.read(self.network, params, data.X_train[:min(PROBE, few)], step and step.grads, self._ratios(),
                             self._most)
        extra = self._extra(self.network, params) if self._extra else None
        return Moment(self.recorder.step, self.recorder.step / self.recorder.per_epoch, train[1], train[0], val[0],
                      train[1], val[1], step.rate if step else self._rate_at(0, 0), reading, extra,
                      step.stopped if step else "")

    def _ratios(self):
        """Update ratios of the weights in the last step; none before the first, or from all zeros."""
        if self._before is self.params:
            return {}
        names = [name for name in self._step.state.memory if watch.is_weight(name)]
        ratios = {name: optim.update_ratio(self._before[name], self.params[name]) for name in names}
        return {name: ratio for name, ratio in ratios.items() if np.isfinite(ratio)}

    def _rate_at(self, _, epoch):
        """The learning rate of this moment: `rate` may have been moved while the run goes on."""
        return self.settings.rate(self.rate, epoch)

    def _augment(self, X, rng):
        """Augmented images; notes what that costs: (seconds, bytes) of the cheapest batch so far."""
        start = time.perf_counter()
        result = data.augment(X, rng)
        seconds = time.perf_counter() - start
        known = self.cost_of_augment[0] or seconds
        self.cost_of_augment = (min(known, seconds), result.nbytes)
        return result


def record(network, split, settings, **how):
    """Train a whole run on one BLAS thread, and return its History; `how` as in Session: every, few, params, loss."""
    session = Session(network, split, settings, **how)
    with threads.blas(1):
        while session.advance():
            pass
    return session.history
