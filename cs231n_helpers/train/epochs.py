"""Training with a look at the accuracies now and then: a generator of Log records."""

import time
from dataclasses import dataclass, replace

import numpy as np

from cs231n_helpers import checks, losses, metrics, optim
from cs231n_helpers.network import renew_statistics

from .state import State
from .steps import steps

ROW = ("epoch", "step", "loss", "train_accuracy", "val_accuracy", "rate")       # the columns of State.rows
FEW = 1000                      # training examples on which batch norm is measured anew


@dataclass(frozen=True, eq=False)
class Log:
    """A look at a run. Nothing in it ever changes: its arrays are those of that moment."""

    epoch: float                                                    # epochs taken
    step: int                                                       # steps taken
    loss: float                                                     # mean over the steps since the Log before
    train_accuracy: float                                           # on as many training as validation examples
    val_accuracy: float
    params: dict
    ratios: dict                                                    # {"dense1.W": update ratio of the last step, ...}
    rate: float                                                     # learning rate of the last step
    seconds: float                                                  # since the run, or this part of it, began
    state: State                                                    # to resume from
    stopped: str = ""                                               # why the run ended early, in words


def epochs(network, params, split, rule, *, count, batch=100, rng=None, loss=losses.softmax, l2=0.0, penalty=None,
           schedule=None, augment=None, max_norm=None, frozen=(), rates=None, log_every=None,
           measure=metrics.accuracy, resume=None):
    """A generator of Log: train for `count` epochs on split.X_train, with a Log after each, or each `log_every` steps.

    The settings from `batch` to `rates` are those of `Recipe`. measure(scores, y) -> number is what stands in
    train_accuracy and val_accuracy; None: nothing is measured, they are NaN. With `resume`, the state of a Log or Step,
    the run goes on to `count` epochs in all, with the same parameters as if it had never been interrupted.
    count = 0 gives one Log of the initial parameters. A loss that is not finite ends the run: see `stopped`.
    A Log keeps the arrays of its moment alive; to store many, keep `log.params` or `replace(log, state=None)`.
    """
    count = checks.whole("train.epochs", "count", count, low=0)
    per_epoch = -(-len(split.X_train) // checks.whole("train.epochs", "batch", batch, low=1))
    every = per_epoch if log_every is None else checks.whole("train.epochs", "log_every", log_every, low=1)
    settings = {"batch": batch, "loss": loss, "l2": l2, "penalty": penalty, "schedule": schedule, "augment": augment,
                "max_norm": max_norm, "frozen": frozen, "rates": rates}
    run = steps(network, params, split.X_train, split.y_train, rule, rng=rng, resume=resume,
                count=max(count * per_epoch, 1), **settings)        # with count = 0: one step, of which none is kept
    if count == 0 and resume is None:
        return _untrained(network, params, split, measure, run, rule, frozen)
    before = params if resume is None else resume.params
    return _logs(network, before, split, measure, run, every, count * per_epoch, () if resume is None else resume.rows,
                 frozen)


def _logs(network, before, split, measure, run, every, final, rows, frozen):
    start, recent = time.perf_counter(), []
    for step in run:
        recent.append(step.loss)
        if step.step % every == 0 or step.step == final or step.stopped:
            log = _log(network, before, split, measure, step, np.mean(recent), time.perf_counter() - start, frozen)
            rows = (*rows, tuple(float(getattr(log, name)) for name in ROW))
            yield replace(log, state=replace(log.state, rows=rows))
            recent = []
        before = step.params


def _untrained(network, params, split, measure, run, rule, frozen):
    """The first step tells the loss of the parameters it began with; they are what is shown."""
    step = next(run)
    start = replace(step.state, step=0, params=dict(params), memory=optim.init_all(rule, params, step.state.memory))
    yield _log(network, params, split, measure, replace(step, step=0, epoch=0.0, state=start), step.loss, 0.0,
               frozen)


@np.errstate(over="ignore", invalid="ignore")
def _log(network, before, split, measure, step, loss, seconds, frozen):
    """`before`: the parameters before the last step, to which its length is compared."""
    params, train, val = renew_statistics(network, step.params, split.X_train[:FEW], frozen=frozen), np.nan, np.nan
    sane = all(np.isfinite(array).all() for array in params.values())
    if measure is not None and sane:
        few = len(split.y_val)
        train = evaluate(network, params, split.X_train[:few], split.y_train[:few], measure=measure)
        val = evaluate(network, params, split.X_val, split.y_val, measure=measure)
    trained = () if step.stopped else step.state.memory
    ratios = {name: optim.update_ratio(before[name], params[name]) for name in trained}
    return Log(step.epoch, step.step, float(loss), train, val, params, ratios, step.rate, seconds,
               replace(step.state, params=params), step.stopped)


def evaluate(network, params, X, y, batch=None, measure=metrics.accuracy):
    """Accuracy, or another measure(scores, y), in test mode; NaN if a score is not finite or there are no examples."""
    if len(X) == 0:
        return np.nan
    with np.errstate(over="ignore", invalid="ignore"):
        scores = network.predict(params, X, batch)
    return float(measure(scores, y)) if np.isfinite(scores).all() else np.nan
