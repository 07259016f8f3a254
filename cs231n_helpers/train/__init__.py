"""Training, as a generator: the caller's loop body plots, stops early, saves.

    for log in train.epochs(network, params, split, Momentum(0.01), count=10, rng=np.random.default_rng(0)):
        print(log.epoch, log.loss, log.val_accuracy)

`epochs` yields a Log with accuracies now and then; `steps`, of which it is made, yields after every mini-batch. Either
can be left at any moment, and taken up again from the `state` of what it yielded, in this process or another.
"""

from .checkpoints import keeping, load, save
from .epochs import Log, epochs, evaluate
from .sanity import Finding, loss_at_chance, overfits_few, rises_with_penalty
from .state import State
from .steps import Step, steps

__all__ = ["Finding", "Log", "State", "Step", "epochs", "evaluate", "keeping", "load", "loss_at_chance", "overfits_few",
           "rises_with_penalty", "save", "steps"]
