"""The gradient doctor's patient: a two-layer network with softmax and an L2 penalty, whose way back may have a bug.

    loss, back = patient(W1, b1, W2, b2, X=X, y=y, strength=1e-3, bug="missing 1/N")
    found = examine(params, X, y, bug="missing 1/N", h=1e-5)        # found.errors: one for each array

The way back is a table of steps, `STEPS`, and a bug is what stands in the place of one or two of them: see `BUGS`. The
loss is right in any case, so that finite differences know the truth.
Source: CS231n notes, Neural networks part 3, Gradient checks.
"""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from cs231n_helpers import checks, gradients

ARRAYS = ("W1", "b1", "W2", "b2")
ACTIVATIONS = ("ReLU", "tanh")
MASKS = ("off", "frozen mask", "new mask each call")
KEEP = 0.5                          # of the hidden units, where there is dropout


def _probabilities(scores, axis=1):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _mask(p):
    """Inverted dropout: 0 or 1 / KEEP for each hidden unit of each example, drawn with p.rng."""
    if p.rng is None:
        return np.ones_like(p.hidden)
    return ((p.rng.random(p.hidden.shape) < KEEP) / KEEP).astype(p.hidden.dtype)


STEPS = {                           # one after the other; p holds all that was computed before
    "dscores": lambda p: (_probabilities(p.scores) - p.one_hot) / len(p.X),             # (N, C)
    "dkept": lambda p: p.dscores @ p.W2.T,                                              # (N, C) @ (C, H) -> (N, H)
    "mask": lambda p: p.mask,                                                           # that of the way forward
    "slope": lambda p: p.sums > 0 if p.activation == "ReLU" else 1 - p.hidden**2,       # (N, H)
    "dsums": lambda p: p.dkept * p.mask * p.slope,                                      # (N, H)
    "dW1": lambda p: p.X.T @ p.dsums + p.strength * p.W1,                               # (D, H)
    "db1": lambda p: p.dsums.sum(axis=0),                                               # (H,)
    "dW2": lambda p: p.kept.T @ p.dscores + p.strength * p.W2,                          # (H, C)
    "db2": lambda p: p.dscores.sum(axis=0),                                             # (C,)
}
BUGS = {                            # name -> the steps that are wrong
    "none": {},
    "missing 1/N": {"dscores": lambda p: _probabilities(p.scores) - p.one_hot},
    "softmax down the columns": {"dscores": lambda p: (_probabilities(p.scores, axis=0) - p.one_hot) / len(p.X)},
    "missing transpose": {"dkept": lambda p: p.dscores @ p.W2},                         # fits, as H = C
    "forgotten slope": {"dsums": lambda p: p.dkept * p.mask},
    "mask of the wrong array": {"slope": lambda p: p.dkept > 0},
    "new dropout mask": {"mask": _mask},
    "forgotten penalty": {"dW1": lambda p: p.X.T @ p.dsums, "dW2": lambda p: p.kept.T @ p.dscores},
    "penalty doubled": {"dW1": lambda p: p.X.T @ p.dsums + 2 * p.strength * p.W1,
                        "dW2": lambda p: p.kept.T @ p.dscores + 2 * p.strength * p.W2},
    "biases penalised": {"db1": lambda p: p.dsums.sum(axis=0) + p.strength * p.b1,
                         "db2": lambda p: p.dscores.sum(axis=0) + p.strength * p.b2},
    "sign of db1": {"db1": lambda p: -p.dsums.sum(axis=0)},
    "db1 a mean": {"db1": lambda p: p.dsums.mean(axis=0)},
}


def start(rng, inputs, units):
    """He weights and biases of 0, in float64: {"W1": (inputs, units), "b1", "W2": (units, units), "b2"}.

    There are as many hidden units as classes, so that a missing transpose fits.
    """
    W1, W2 = (rng.standard_normal((n, units)) * np.sqrt(2 / n) for n in (inputs, units))
    return {"W1": W1, "b1": np.zeros(units), "W2": W2, "b2": np.zeros(units)}


def patient(W1, b1, W2, b2, *, X, y, strength=0.0, activation="ReLU", rng=None, bug="none"):
    """softmax loss of act(X @ W1 + b1) @ W2 + b2, plus 1/2 * strength * (sum of W1^2 + sum of W2^2): (loss, back).

    X (N, D), labels y (N,), W1 (D, H), b1 (H,), W2 (H, C), b2 (C,); "missing transpose" needs H = C. All is computed in
    the dtype of W1, the loss too. With `rng` half of the hidden units are dropped. back(d=1.0) -> (dW1, db1, dW2, db2),
    with the `bug`, a key of BUGS. Biases are not penalised.
    """
    checks.one_of("patient", "bug", bug, BUGS)
    checks.one_of("patient", "activation", activation, ACTIVATIONS)
    p = SimpleNamespace(X=np.asarray(X, W1.dtype), W1=W1, b1=b1, W2=W2, b2=b2, strength=W1.dtype.type(strength),
                        activation=activation, rng=rng)
    p.sums = p.X @ W1 + b1                                              # (N, D) @ (D, H) -> (N, H)
    p.hidden = np.maximum(0, p.sums) if activation == "ReLU" else np.tanh(p.sums)
    p.mask = _mask(p)
    p.kept = p.hidden * p.mask
    p.scores = p.kept @ W2 + b2                                         # (N, H) @ (H, C) -> (N, C)
    p.one_hot = np.asarray(y)[:, None] == np.arange(W2.shape[1])
    shifted = p.scores - p.scores.max(axis=1, keepdims=True)
    data = (np.log(np.exp(shifted).sum(axis=1)) - shifted[p.one_hot]).mean()
    penalty = p.strength / 2 * ((W1 * W1).sum() + (W2 * W2).sum())

    def back(d=1.0):
        q = SimpleNamespace(**vars(p))                                  # back may be called again
        for name, step in (STEPS | BUGS[bug]).items():
            setattr(q, name, step(q))
        return tuple(q.W1.dtype.type(d) * getattr(q, f"d{name}") for name in ARRAYS)

    return data + penalty, back


@dataclass(frozen=True, eq=False)
class Examination:
    """Slopes of some numbers of each array: {"W1": (K,), ...} of the way back, and as measured.

    kinks: how many of the measurements step over the kink of a ReLU; slopes: how many measurements there are.
    """

    analytic: dict
    numerical: dict
    kinks: int

    @property
    def slopes(self):
        return sum(map(len, self.analytic.values()))

    @property
    def errors(self):
        """The relative error of each array, in the order of ARRAYS."""
        return [gradients.relative_error(self.analytic[name], self.numerical[name]) for name in ARRAYS]


def examine(params, X, y, *, h=1e-5, single=False, masks="off", count=10, **settings):
    """Compare the patient's gradients with centred differences, at `count` numbers of each array: an Examination.

    Nothing is smoothed over here, other than in `gradients.check`: float32 (`single`), any step h, masks that are drawn
    anew at each call (`masks`, one of MASKS), kinks. settings: strength, activation and bug, as `patient` takes them.
    Cost: two calls of the patient for each number.
    """
    checks.one_of("examine", "masks", masks, MASKS)
    h = checks.real("examine", "h", h, above=0)
    params = {name: np.asarray(params[name], np.float32 if single else np.float64) for name in ARRAYS}
    streams = np.random.default_rng(0)

    def call(arrays):
        rng = None if masks == "off" else streams if masks == MASKS[2] else np.random.default_rng(1)
        return patient(**arrays, X=X, y=y, rng=rng, **settings)

    whole = dict(zip(ARRAYS, call(params)[1]()))
    where = {name: _chosen(params[name], count) for name in ARRAYS}
    numerical = {name: gradients.numerical_gradient(lambda t, name=name: call(_with(params, name, where[name], t))[0],
                                                    params[name].flat[where[name]], h) for name in ARRAYS}
    analytic = {name: whole[name].flat[where[name]].astype(float) for name in ARRAYS}
    kinks = _crossed(params, X, where, h) if settings.get("activation", "ReLU") == "ReLU" else 0
    return Examination(analytic, numerical, kinks)


def _chosen(array, count):
    """Places of `count` numbers in the flat array, drawn once and for all; every array has its own share of them."""
    return np.sort(np.random.default_rng(2).permutation(array.size)[:count])


def _with(params, name, places, values):
    array = params[name].copy()
    array.flat[places] = values
    return params | {name: array}


def _crossed(params, X, where, h):
    """How many of the measurements move the sum of some unit, for some example, over 0."""
    sums = np.abs(X @ params["W1"] + params["b1"])                      # (N, H)
    inputs, units = np.unravel_index(where["W1"], params["W1"].shape)
    over = (sums[:, units] < h * np.abs(X[:, inputs])).any(axis=0).sum()
    return int(over + (sums[:, where["b1"]] < h).any(axis=0).sum())
