"""The same run with several seeds, one after the other: how much of a difference is luck?"""

import numpy as np


class Repeats:
    """Sessions one after the other, driven like one: begin(number) -> Session makes each when its turn comes."""

    def __init__(self, begin, count):
        self._begin, self.count, self.histories, self.pinned = begin, count, [], False
        self.current = begin(0)

    def __getattr__(self, name):
        return getattr(self.current, name)                          # params, network, look, ...: of the present run

    @property
    def rate(self):
        """The learning rate of the present run."""
        return self.current.rate

    @rate.setter
    def rate(self, value):
        self.current.rate = value

    @property
    def done(self):
        """Whether the last run is over."""
        return len(self.histories) == self.count

    @property
    def total(self):
        """Steps of all runs."""
        return self.count * self.current.total

    @property
    def taken(self):
        """Steps taken in all runs so far."""
        return min(len(self.histories), self.count - 1) * self.current.total + self.current.recorder.step

    def advance(self):
        """Take one step of the present run; when it is over, the next begins. Returns whether one is left."""
        if not self.done and not self.current.advance():
            self.histories.append(self.current.history)
            if not self.done:
                self.current = self._begin(len(self.histories))
        return not self.done


def curve_of(history):
    """The curves of one run as plain arrays, to be kept beside others: see `plots.panel.cockpit`, pins."""
    return {"loss_epochs": history.epochs, "loss": history.smooth(), "loss_low": None, "loss_high": None,
            "accuracy_epochs": np.array([m.epoch for m in history.moments]), "accuracy_low": None,
            "accuracy": np.array([m.val_accuracy for m in history.moments]), "accuracy_high": None}


def band_of(histories, points=100):
    """The mean of several runs of one length, and the lowest and highest at each of `points` epochs."""
    curves = [curve_of(history) for history in histories]
    result = {}
    for what in ("loss", "accuracy"):
        length = max(curve[f"{what}_epochs"][-1] for curve in curves)
        epochs = np.linspace(0, length, points)
        # (runs, points)
        rows = np.array([np.interp(epochs, curve[f"{what}_epochs"], curve[what]) for curve in curves])
        result |= {f"{what}_epochs": epochs, what: rows.mean(axis=0), f"{what}_low": rows.min(axis=0),
                   f"{what}_high": rows.max(axis=0)}
    return result
