"""Exercise of notebook 03: affine(X, W, b), and what is known of the gradients of a product and of an added row."""

import numpy as np

from .exercise import Exercise, Mistake, Output, case, numbers


def row_mistakes(name, columns, upstream):
    """Mistakes in the gradient of a row `name`, (`columns`,), added to each of N rows; `upstream(*args)` is dy."""
    right = f"d{name} adds up the rows of dy, dy.sum(axis=0): (N, {columns}) -> ({columns},)."

    def of(change):
        return lambda *args: change(upstream(*args))

    return (
        Mistake(f"wrong axis of the sum: {right}", of(lambda dy: dy.sum(axis=1)), "axis"),
        Mistake(f"the mean is taken, not the sum: {right}", of(lambda dy: dy.mean(axis=0)), "factor"),
        Mistake(f"wrong axis of the sum, and a mean in its place: {right}", of(lambda dy: dy.mean(axis=1)), "axis"),
        Mistake(f"wrong axis of the sum: everything is added up. {right}", of(lambda dy: dy.sum()), "axis"),
        Mistake(f"wrong axis of the sum: everything is added up. {right}",
                of(lambda dy: np.full(dy.shape[1], dy.sum())), "axis"),
        Mistake(f"overwritten fork: only the last row of dy is left. {name} is used in all N rows: {right}",
                of(lambda dy: dy[-1]), "missing"),
        Mistake(f"only the first row of dy is used. {name} is used in all N rows: {right}", of(lambda dy: dy[0]),
                "missing"),
        Mistake(f"the sum is missing: {name} is used in all N rows. {right}", of(lambda dy: dy), "shape"),
    )


DX = "dX = dy @ W.T, (N, C) @ (C, D) -> (N, D)."
DW = "dW = X.T @ dy, (D, N) @ (N, C) -> (D, C)."

_DX_MISTAKES = (
    Mistake(f"missing transpose: {DX}", lambda X, W, b, dy: dy @ W),
    Mistake(f"the factors are exchanged: {DX}", lambda X, W, b, dy: W.T @ dy),
    Mistake(f"missing transpose, and the factors are exchanged: {DX}", lambda X, W, b, dy: W @ dy),
    Mistake(f"these are products place by place (*); a matrix product is due: {DX}", lambda X, W, b, dy: dy * W.T),
    Mistake(f"missing transpose, and products place by place (*); a matrix product is due: {DX}",
            lambda X, W, b, dy: dy * W),
    Mistake(f"X stands where W should: {DX}", lambda X, W, b, dy: dy @ X.T),
    Mistake(f"the local gradient is missing, dy is passed on as it is: {DX}", lambda X, W, b, dy: dy, "missing"),
)
_DW_MISTAKES = (
    Mistake(f"missing transpose: {DW}", lambda X, W, b, dy: X @ dy),
    Mistake(f"the factors are exchanged: {DW}", lambda X, W, b, dy: dy @ X.T),
    Mistake(f"missing transpose, and the factors are exchanged: {DW}", lambda X, W, b, dy: dy @ X),
    Mistake(f"these are products place by place (*); a matrix product is due: {DW}", lambda X, W, b, dy: X.T * dy),
    Mistake(f"missing transpose, and products place by place (*); a matrix product is due: {DW}",
            lambda X, W, b, dy: X * dy),
    Mistake(f"W stands where X should: {DW}", lambda X, W, b, dy: W.T @ dy),
    Mistake(f"overwritten fork: only the last example is left. All N examples use W: {DW}",
            lambda X, W, b, dy: np.outer(X[-1], dy[-1]), "missing"),
    Mistake(f"the local gradient is missing, dy is passed on as it is: {DW}", lambda X, W, b, dy: dy, "missing"),
)


def _product(X, W, b, dy):
    return X @ W


def _row(X, W, b, dy):
    return np.broadcast_to(b, (len(X), len(b)))


def _case(label, seed, N, D, C):
    return case(label, numbers(seed, N, D), numbers(seed + 1, D, C), numbers(seed + 2, C), numbers(seed + 3, N, C))


AFFINE = Exercise(
    name="affine", call="affine(X, W, b)", arguments={"X": "ND", "W": "DC", "b": "C", "dy": "NC"}, upstream="dy",
    outputs=(
        Output("y", "y", "NC", {"X @ W": _product, "b": _row}, (
            Mistake("W is transposed; it fits as it is: y = X @ W + b.", lambda X, W, b, dy: X @ W.T),
            Mistake("the factors are exchanged: y = X @ W + b.", lambda X, W, b, dy: W @ X),
            Mistake("these are products place by place (*); a matrix product is due: X @ W + b.",
                    lambda X, W, b, dy: X * W),
            Mistake("b is added down the columns; it is a row, added to each row of X @ W.",
                    lambda X, W, b, dy: np.broadcast_to(b[:, None], (len(X), len(b))), term="b"),
        )),
        Output("dX", "dX", "ND", {"dy @ W.T": lambda X, W, b, dy: dy @ W.T}, _DX_MISTAKES),
        Output("dW", "dW", "DC", {"X.T @ dy": lambda X, W, b, dy: X.T @ dy}, _DW_MISTAKES),
        Output("db", "db", "C", {"the sum of the rows of dy": lambda X, W, b, dy: dy.sum(axis=0)},
               row_mistakes("b", "C", lambda X, W, b, dy: dy)),
    ),
    cases=(
        _case("4 examples, 3 features, 5 classes", 91, 4, 3, 5),
        _case("3 examples, 3 features, 3 classes: all square", 95, 3, 3, 3),
        _case("2 examples, 2 features, 2 classes", 109, 2, 2, 2),
        _case("one example (N = 1)", 101, 1, 2, 4),
        _case("one class (C = 1)", 105, 5, 3, 1),
    ),
    counts="NDC",
)
