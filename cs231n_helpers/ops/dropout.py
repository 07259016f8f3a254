"""Dropout: noise in training that keeps units from relying on each other."""

import numpy as np

from cs231n_helpers import checks

from .arrays import floats


def dropout(x, keep, rng=None):
    """Each element of x is kept with probability `keep`, 0 < keep <= 1, and divided by keep; the others become 0.

    x and y of any one shape. "Inverted" dropout: the division makes the mean of y equal to x, so nothing is to be done
    at test time. The gradient takes the same way: dx = dy / keep where x was kept, 0 elsewhere.
    With `rng` (a numpy Generator, used once) the noise is on: training. Without it y = x and dx = dy: test time.
    Source: CS231n notes, Neural networks part 2.
    """
    x = floats("dropout", "x", x)
    keep = _probability(keep)
    if rng is None:
        return +x, lambda dy: (+dy,)
    kept = rng.random(x.shape, dtype=np.float32) < keep             # float32 for both dtypes: one seed, one mask
    scale = x.dtype.type(1 / keep)
    return x * kept * scale, lambda dy: (dy * kept * scale,)


def _probability(keep):
    keep = checks.real("dropout", "keep", keep)
    if not 0 < keep <= 1:
        raise ValueError(f"dropout: keep must be in 0 < keep <= 1, the probability that an element stays, got {keep}."
                         + (" To keep all, write keep=1." if keep > 1 else " Keeping none leaves nothing to learn."))
    return keep
