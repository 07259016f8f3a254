"""Exercise of notebook 04: two_layer(X, W1, b1, W2, b2), a network with one hidden ReLU layer as one operation."""

import numpy as np

from .exercise import Exercise, Mistake, Output, answering, case, numbers

ARGUMENTS = {"X": "ND", "W1": "DH", "b1": "H", "W2": "HC", "b2": "C", "ds": "NC"}


class _Pass:
    """All that occurs on the way there and back, for one set of arguments; shapes as in the notebook."""

    def __init__(self, X, W1, b1, W2, b2, ds):
        self.X, self.W1, self.b1, self.W2, self.b2, self.ds = X, W1, b1, W2, b2, ds
        self.sums = X @ W1 + b1                                     # (N, H)
        self.hidden, self.on = np.maximum(0, self.sums), self.sums > 0

    @property
    def dhidden(self):
        """What the second layer passes back, (N, H)."""
        return self.ds @ self.W2.T

    @property
    def dsums(self):
        """What comes through the ReLU, (N, H)."""
        return self.dhidden * self.on


def _on_pass(answer):
    """Make a function of the arguments of one of the pass."""
    return lambda *args: answer(_Pass(*args))


# -- scores ------------------------------------------------------------------------------------------------------------

PRODUCT = "hidden @ W2"
RIGHT = "hidden = np.maximum(0, X @ W1 + b1)."
_SCORES_MISTAKES = (
    Mistake(f"the max is missing: without it two layers are no more than one. {RIGHT}", lambda p: p.sums @ p.W2,
            "missing", PRODUCT),
    Mistake("there is a max on the scores, too. The output layer has no activation: scores may be negative.",
            lambda p: np.maximum(0, p.hidden @ p.W2 + p.b2), term="all"),
    Mistake("the max is on the scores, not on the hidden units. It belongs between the layers; the output layer has no "
            f"activation. {RIGHT}", lambda p: np.maximum(0, p.sums @ p.W2 + p.b2), term="all"),
    Mistake(f"b1 is missing: {RIGHT}", lambda p: np.maximum(0, p.X @ p.W1) @ p.W2, "missing", PRODUCT),
    Mistake(f"b1 is added after the max; it is a part of the sum: {RIGHT}",
            lambda p: (np.maximum(0, p.X @ p.W1) + p.b1) @ p.W2, term=PRODUCT),
    Mistake(f"the units are sigmoids; ReLU is wanted: {RIGHT}", lambda p: 0.5 * (1 + np.tanh(p.sums / 2)) @ p.W2,
            term=PRODUCT),
    Mistake(f"the units are tanh; ReLU is wanted: {RIGHT}", lambda p: np.tanh(p.sums) @ p.W2, term=PRODUCT),
    Mistake(f"the max is over all units of a row; each number is compared with 0: {RIGHT}",
            lambda p: np.maximum(p.sums, p.sums.max(axis=1, keepdims=True)) @ p.W2, term=PRODUCT),
)

# -- gradients ---------------------------------------------------------------------------------------------------------

MASK = "A unit that was off passes nothing back: dsums = dhidden * (hidden > 0)."
ALL_UNITS = f"the mask of the ReLU is missing. {MASK}"
DHIDDEN = "dhidden = ds @ W2.T, (N, C) @ (C, H) -> (N, H)."


def _first_layer(name, right, finish):
    """Mistakes in a gradient of the first layer, which is finish(pass, dsums); `right` says how it should be."""
    return (
        Mistake(f"{ALL_UNITS} {right}", lambda p: finish(p, p.dhidden), "missing"),
        Mistake(f"the mask of the ReLU is on the wrong side. {MASK}", lambda p: finish(p, p.dhidden * ~p.on)),
        Mistake(f"the hidden values are multiplied in; the ReLU's slope is 1 or 0. {MASK}",
                lambda p: finish(p, p.dhidden * p.hidden)),
        Mistake(f"the mask asks for positive gradients; it must ask which units were on in the forward pass. {MASK}",
                lambda p: finish(p, p.dhidden * (p.dhidden > 0))),
        Mistake(f"missing transpose: {DHIDDEN}", lambda p: finish(p, (p.ds @ p.W2) * p.on)),
        Mistake(f"only the mask came through: the second layer passes back {DHIDDEN}", lambda p: finish(p, 1.0 * p.on),
                "missing"),
    )


def _product(right, transposed, exchanged, by_place):
    """Mistakes in a product of two matrices: three ways to get the orientation wrong."""
    return (
        Mistake(f"missing transpose: {right}", transposed),
        Mistake(f"the factors are exchanged: {right}", exchanged),
        Mistake(f"these are products place by place (*); a matrix product is due: {right}", by_place),
    )


def _row(right, rows):
    """Mistakes in the gradient of a bias, which adds up rows(pass)."""
    return (
        Mistake(f"wrong axis of the sum: {right}", lambda p: rows(p).sum(axis=1), "axis"),
        Mistake(f"wrong axis of the sum: everything is added up. {right}", lambda p: rows(p).sum(), "axis"),
        Mistake(f"the mean is taken, not the sum: {right}", lambda p: rows(p).mean(axis=0), "factor"),
        Mistake(f"overwritten fork: only the last example is left. A bias is used by all of them: {right}",
                lambda p: rows(p)[-1], "missing"),
        Mistake(f"the sum is missing: a bias is used by all examples. {right}", rows, "shape"),
    )


DX = "dX = dsums @ W1.T, (N, H) @ (H, D) -> (N, D)."
DW1 = "dW1 = X.T @ dsums, (D, N) @ (N, H) -> (D, H)."
DB1 = "db1 = dsums.sum(axis=0), (N, H) -> (H,)."
DW2 = "dW2 = hidden.T @ ds, (H, N) @ (N, C) -> (H, C)."
DB2 = "db2 = ds.sum(axis=0), (N, C) -> (C,)."

_DX_MISTAKES = (
    *_product(DX, lambda p: p.dsums @ p.W1, lambda p: p.W1.T @ p.dsums, lambda p: p.dsums * p.W1.T),
    *_first_layer("dX", DX, lambda p, d: d @ p.W1.T),
)
_DW1_MISTAKES = (
    *_product(DW1, lambda p: p.X @ p.dsums, lambda p: p.dsums @ p.X.T, lambda p: p.X.T * p.dsums),
    *_first_layer("dW1", DW1, lambda p, d: p.X.T @ d),
)
_DB1_MISTAKES = (*_row(DB1, lambda p: p.dsums), *_first_layer("db1", DB1, lambda p, d: d.sum(axis=0)))
_DW2_MISTAKES = (
    *_product(DW2, lambda p: p.hidden @ p.ds, lambda p: p.ds @ p.hidden.T, lambda p: p.hidden.T * p.ds),
    Mistake(f"the sums before the max stand where hidden, after the max, should: {DW2}", lambda p: p.sums.T @ p.ds),
    Mistake(f"X stands where hidden should; the second layer never saw X: {DW2}", lambda p: p.X.T @ p.ds),
    Mistake(f"the mask stands where the hidden values should: {DW2}", lambda p: p.on.T @ p.ds),
)


def _case(label, seed, N, D, H, C):
    shapes = (N, D), (D, H), (H,), (H, C), (C,), (N, C)
    return case(label, *(numbers(seed + i, *shape) for i, shape in enumerate(shapes)))


def _one_unit_is_off():
    """The bias of the second unit is so low that no example turns it on."""
    X, W1, b1, W2, b2, ds = (np.array(array) for array in _case("", 241, 4, 2, 3, 2).args)
    b1[1] = -50.0
    return case("a dead unit (the second)", X, W1, b1, W2, b2, ds)


def _output(name, words, axes, terms, mistakes):
    terms = {key: _on_pass(term) for key, term in terms.items()}
    return Output(name, words, axes, terms, answering(mistakes, _on_pass))


TWO_LAYER = Exercise(
    name="two_layer", call="two_layer(X, W1, b1, W2, b2)", arguments=ARGUMENTS, upstream="ds",
    outputs=(
        _output("scores", "the scores", "NC", {
            PRODUCT: lambda p: p.hidden @ p.W2,
            "b2": lambda p: np.broadcast_to(p.b2, (len(p.X), len(p.b2)))}, _SCORES_MISTAKES),
        _output("dX", "dX", "ND", {"dsums @ W1.T": lambda p: p.dsums @ p.W1.T}, _DX_MISTAKES),
        _output("dW1", "dW1", "DH", {"X.T @ dsums": lambda p: p.X.T @ p.dsums}, _DW1_MISTAKES),
        _output("db1", "db1", "H", {"the sum of the rows of dsums": lambda p: p.dsums.sum(axis=0)}, _DB1_MISTAKES),
        _output("dW2", "dW2", "HC", {"hidden.T @ ds": lambda p: p.hidden.T @ p.ds}, _DW2_MISTAKES),
        _output("db2", "db2", "C", {"the sum of the rows of ds": lambda p: p.ds.sum(axis=0)},
                _row(DB2, lambda p: p.ds)),
    ),
    cases=(
        _case("5 examples, 4 features, 6 hidden units, 3 classes", 201, 5, 4, 6, 3),
        _case("3 of each: all square", 211, 3, 3, 3, 3),
        _case("one example (N = 1)", 221, 1, 3, 5, 2),
        _case("one class (C = 1)", 231, 4, 2, 3, 1),
        _one_unit_is_off(),
    ),
    counts="NDHC",
)

EXERCISES = (TWO_LAYER,)
