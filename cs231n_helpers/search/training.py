"""An objective ready made: a small network, trained on part of a data set, measured on validation examples."""

import functools
from dataclasses import dataclass, fields, replace

import numpy as np

from cs231n_helpers import checks, data, train
from cs231n_helpers.layers import Dense, Dropout, ReLU
from cs231n_helpers.network import Network
from cs231n_helpers.train.settings import RULES, examples


@dataclass(frozen=True)
class Training:
    """Train inputs-hidden-classes and yield the validation accuracy after each epoch; a fifth of a second as it stands.

    Any of its settings can be a name in the space of a search; the trial's value then takes the place of this one.
    The seed decides the initial weights, the order of the examples and what dropout drops.

    data, train, val : the data set and how many of its training and validation images are used.
    keep : the share of hidden units that dropout keeps.   rule : "SGD", "Momentum", "Adam", ...
    fold : None, or the number of one of `folds` parts of the training images to validate on instead.
    """

    data: str = "fashion_mnist"
    train: int = 1500
    val: int = 500
    hidden: int = 50
    epochs: int = 8
    batch: int = 50
    rule: str = "Momentum"
    learning_rate: float = 0.01
    l2: float = 0.0
    keep: float = 1.0
    fold: int | None = None
    folds: int = 5

    def __post_init__(self):
        checks.one_of("Training", "data", self.data, data.NAMES)
        checks.one_of("Training", "rule", self.rule, RULES)
        for name in ("train", "val", "hidden", "epochs", "batch"):
            checks.whole("Training", name, getattr(self, name), low=1)
        checks.real("Training", "learning_rate", self.learning_rate, above=0)
        checks.real("Training", "l2", self.l2, low=0)
        checks.real("Training", "keep", self.keep, above=0, high=1)
        checks.whole("Training", "folds", self.folds, low=2)
        if self.fold is not None:
            checks.whole("Training", "fold", self.fold, low=0, high=self.folds - 1)

    @property
    def names(self):
        """What can be searched for."""
        return tuple(field.name for field in fields(self))

    def __call__(self, values, seed):
        """A generator of validation accuracies, one for each epoch; ArithmeticError if the loss becomes NaN."""
        return replace(self, **values).accuracies(seed)

    def accuracies(self, seed):
        """The same with the settings as they are."""
        rng, split = np.random.default_rng(seed), self.examples()
        network = self.network(split)
        params = network.init(rng)
        for log in train.epochs(network, params, split, RULES[self.rule](self.learning_rate), count=self.epochs,
                                batch=self.batch, rng=rng, l2=self.l2):
            if log.stopped:
                raise ArithmeticError(log.stopped)
            yield log.val_accuracy

    def network(self, split):
        """Inputs, one layer of hidden ReLUs with dropout, scores."""
        noise = [Dropout(self.keep)] if self.keep < 1 else []
        return Network([Dense(self.hidden), ReLU(), *noise, Dense(len(split.class_names))], split.X_train.shape[1:])

    def examples(self):
        """What it learns from and is measured on; prepared once in each process."""
        return _examples(self.data, self.train, self.val, self.fold, self.folds)


@functools.lru_cache(maxsize=8)
def _examples(name, count, val, fold, folds):
    """The first so many images, or all folds but one and that one (its rows are those of data.folds with seed 0)."""
    parts = examples(data.load(name, train=count, val=val, test=0))
    if fold is None:
        return parts
    kept, out = data.folds(count, folds, np.random.default_rng(0))[fold]
    return replace(parts, X_train=parts.X_train[kept], y_train=parts.y_train[kept], X_val=parts.X_train[out],
                   y_val=parts.y_train[out])
