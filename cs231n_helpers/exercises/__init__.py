"""Checkers for the exercises of the notebooks: what is wrong with an answer, in plain words.

>>> check("distances", l2)                              # doctest: +SKIP
distances: not started yet. l2(Q, X) returns nothing so far: replace the ... by your code.
"""

from . import (
    backprop,
    bugs,
    convolving,
    distilling,
    few_images,
    knn,
    learning_check,
    looking,
    mended,
    monitoring,
    networks,
    normalising,
    patterns,
    pooling,
    regularising,
    searching,
    sgd_step,
    softmax,
    svm,
    transferring,
    updates,
)
from .exercise import Verdict
from .verdicts import judge

TOPICS = (knn, svm, softmax, sgd_step, backprop, mended, networks, normalising, regularising, learning_check,
          monitoring, updates, distilling, searching, convolving, pooling, patterns, looking, few_images,
          transferring)
EXERCISES = {exercise.name: exercise for topic in TOPICS for exercise in topic.EXERCISES}
names = tuple(EXERCISES)
__all__ = ["EXERCISES", "Verdict", "bugs", "check", "judge", "names", "verdict"]


def check(name, function):
    """Print the verdict on `function` as the answer to exercise `name`. Never raises, returns nothing.

    Parameters
    ----------
    name : str
        One of `names`: "distances", "vote", "cross_validation", "svm", "softmax", "sgd_step"; "mul", "max",
        "sigmoid", "affine", "cross_entropy"; the mended functions of `bugs`, "bug_a" to "bug_e"; "two_layer",
        "pca_whiten", "initial", "batch_norm"; "dropout", "max_norm"; "relative_error"; "update_ratio";
        "momentum_step", "adam_step", "step_decay"; "distillation"; "log_uniform"; "out_size", "conv_parameters",
        "conv_loops", "receptive_field"; "max_pool", "pattern_parameters"; "occlusion_map"; "error_bars";
        "pooled_features", "replace_head", "learning_rates", "fine_tune_step".
    function : callable
        The function you filled in, not its result: `check("distances", l2)`. From "mul" on it is an operation:
        it returns (y, back), and back(dy) returns a tuple with the gradient of each array.
    """
    try:
        print(verdict(name, function).text)
    except Exception as problem:                        # a checker that fails must not stop the notebook
        print(f"{name}: your answer could not be judged ({type(problem).__name__}: {problem}).")


def verdict(name, function):
    """Return the `Verdict` (kind, text) that `check` prints. The kinds are the keys of `exercise.KINDS`."""
    if isinstance(function, str) and callable(name):
        return Verdict("unknown", f"The name comes first: check({function!r}, your_function).")
    if not isinstance(name, str) or name not in EXERCISES:
        return Verdict("unknown", f"There is no exercise {name!r}. The exercises are: {', '.join(names)}.")
    return judge(EXERCISES[name], function)
