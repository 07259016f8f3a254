"""Training, as a generator: the caller's loop body plots, stops early, saves.

    for log in train.epochs(network, params, split, Momentum(0.01), count=10, rng=np.random.default_rng(0)):
        print(log.epoch, log.loss, log.val_accuracy)

`epochs` yields a Log with accuracies now and then; `steps`, of which it is made, yields after every mini-batch. Either
can be left at any moment, and taken up again from the `state` of what it yielded, in this process or another.

`record` trains a whole run and reads all instruments on the way (`watch`), `verdict` says in words what they show:

    history = train.record(network, split, train.Settings(learning_rate=0.1, epochs=5))
    kind, sentence = train.verdict(history)
"""

from . import watch
from .checkpoints import keeping, load, save
from .epochs import Log, epochs, evaluate
from .history import History, Moment
from .sanity import Finding, loss_at_chance, overfits_few, rises_with_penalty
from .session import Session, record
from .settings import Settings
from .state import State
from .steps import Step, steps
from .verdict import signs, verdict

__all__ = ["Finding", "History", "Log", "Moment", "Session", "Settings", "State", "Step", "epochs", "evaluate",
           "keeping", "load", "loss_at_chance", "overfits_few", "record", "rises_with_penalty", "save", "signs",
           "steps", "verdict", "watch"]
