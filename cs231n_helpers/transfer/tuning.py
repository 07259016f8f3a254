"""Fine-tuning: training goes on, on other images, from the top down."""

from dataclasses import replace

from cs231n_helpers import train

from .depths import plan
from .heads import warm_head
from .pictures import fitted


def fitted_split(network, split):
    """The Split with its images as the network wants them, see `fitted`. Memory: 12 * size ** 2 bytes an image."""
    return replace(split, **{f"X_{part}": fitted(network, getattr(split, f"X_{part}"))
                             for part in ("train", "val", "test")})


def fine_tune(network, params, split, rule, *, count, rng, upto=0, factor=1.0, stored=True, warm=True, batch=32,
              folder=None, **settings):
    """A generator of Log, as `train.epochs`: train a network with a new head (`replace_head`) on the images of `split`.

    upto : what stays as it is, see `freeze`: 0 nothing, -1 all but the head, -3 all but the head and two units more.
    factor : on the learning rate, once for each unit of depth below the head; or {layer: factor}; see `rates`.
    stored : batch norms keep the statistics they came with (True), or are measured on the new images.
    warm : begin with the best linear head on what the layers below say of the training images (`warm_head`).
    folder : where those features are kept, as in `features`.
    The images are fitted to the network (see `fitted`), all at once; settings are those of `train.epochs`.
    """
    split = fitted_split(network, split)
    if warm:
        params = warm_head(network, params, split.X_train, split.y_train, folder)
    how = plan(network, params, upto, factor, stored)
    return train.epochs(network, params, split, rule, count=count, rng=rng, batch=batch, **how, **settings)
