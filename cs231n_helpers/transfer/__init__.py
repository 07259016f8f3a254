"""Putting a trained network to another use: keep what it knows, give it a new head, train from the top down.

    network, params = transfer.replace_head(network, params, classes=8, rng=rng)    # all but the last layer as it was
    F = transfer.features(network, params, X, "fire8")              # (N, D): what a layer makes of images, kept on disk
    for log in transfer.fine_tune(network, params, split, Momentum(0.01), count=3, rng=rng, upto=-3, factor=0.3): ...

`freeze` and `rates` are settings of `train.epochs`; `plan` gives both, for a TrainingPanel. The layers of a network are
counted by its `units`: a layer with weights, and the normalisation that follows it, or a block as a whole.
"""

from .depths import freeze, plan, rates, units
from .heads import linear_head, replace_head, warm_head
from .pictures import fitted
from .pooled import features
from .tuning import fine_tune, fitted_split

__all__ = ["features", "fine_tune", "fitted", "fitted_split", "freeze", "linear_head", "plan", "rates", "replace_head",
           "units", "warm_head"]
