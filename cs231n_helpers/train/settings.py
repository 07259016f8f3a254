"""What a training run is set to: the words and numbers that stand on the controls of a panel."""

from dataclasses import dataclass

import numpy as np

from cs231n_helpers import checks, optim, preprocessing

RULES = {"SGD": optim.SGD, "Momentum": optim.Momentum, "Nesterov": optim.Nesterov, "Adagrad": optim.Adagrad,
         "RMSprop": optim.RMSprop, "Adam": optim.Adam}
SCHEDULES = {                                                       # f(lr, part of the run that is over) -> lr
    "constant": lambda lr, part: lr,
    "step": lambda lr, part: optim.step_decay(lr, part, factor=0.3, every=1 / 3),
    "exponential": lambda lr, part: optim.exponential_decay(lr, part, rate=3.0),
    "1/t": lambda lr, part: optim.inverse_decay(lr, part, rate=9.0),
}


@dataclass(frozen=True)
class Settings:
    """A schedule is stretched over the whole run: "step" takes 0.3 of the rate after each third, "exponential" ends at
    e^-3 (a twentieth) of it, "1/t" at a tenth."""

    learning_rate: float = 0.1
    l2: float = 0.0
    batch: int = 100
    rule: str = "SGD"
    schedule: str = "constant"
    augment: bool = False
    epochs: int = 10
    seed: int = 0

    def __post_init__(self):
        checks.real("training", "learning_rate", self.learning_rate, above=0)
        checks.real("training", "l2", self.l2, low=0)
        checks.whole("training", "batch", self.batch, low=1)
        checks.one_of("training", "rule", self.rule, RULES)
        checks.one_of("training", "schedule", self.schedule, SCHEDULES)
        checks.whole("training", "epochs", self.epochs, low=1)
        checks.whole("training", "seed", self.seed, low=0)

    def update_rule(self):
        """The record of `optim` that the words stand for."""
        return RULES[self.rule](self.learning_rate)

    def rate(self, learning_rate, epoch):
        """The learning rate after `epoch` epochs, if it began as `learning_rate`."""
        return SCHEDULES[self.schedule](learning_rate, epoch / self.epochs)

    def words(self):
        """What distinguishes this run, in one line: "SGD, lr 0.1, l2 0, batch 100"."""
        parts = [self.rule, f"lr {self.learning_rate:.3g}", f"l2 {self.l2:.2g}", f"batch {self.batch}"]
        parts += [f"{self.schedule} decay"] if self.schedule != "constant" else []
        return ", ".join(parts + (["augmented"] if self.augment else []))


@dataclass(frozen=True, eq=False)
class Examples:
    """What a run learns from and is measured on, as float arrays."""

    X_train: np.ndarray
    y_train: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray
    class_names: tuple


def examples(split):
    """The training and validation part of a Split, ready to train on, in float32.

    Images of bytes are centred on the training set's mean image and divided by the largest value left, so that they lie
    between -1 and 1; what is not bytes was prepared by the caller and only changes its type.
    """
    parts = [split.X_train, split.X_val]
    if parts[0].dtype == np.uint8:
        for kind in (preprocessing.Center, preprocessing.Scale):
            fitted = kind.fit(parts[0])
            parts = [fitted(X) for X in parts]
    X_train, X_val = (np.asarray(X, np.float32) for X in parts)
    return Examples(X_train, split.y_train, X_val, split.y_val, tuple(getattr(split, "class_names", ())))
