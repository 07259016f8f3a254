"""Exercise of notebook 02: sgd_step(W, dW, learning_rate) -> new W."""

import numpy as np

from .exercise import Exercise, Mistake, Output, case, numbers

_STEP_MISTAKES = (
    Mistake("the learning rate is missing: the step is learning_rate dW.",
            lambda W, dW, rate: -dW, "missing", "the step"),
    Mistake("the gradient is missing: the step is learning_rate dW, not learning_rate alone.",
            lambda W, dW, rate: -rate, "missing", "the step"),
    Mistake("only the signs of the gradient are used; its size counts too.",
            lambda W, dW, rate: -rate * np.sign(dW), term="the step"),
    Mistake("the gradient is divided by its length; take it as it is.",
            lambda W, dW, rate: -rate * dW / np.sqrt((dW**2).sum()), term="the step"),
    Mistake("the gradient is divided by the learning rate; multiply.", lambda W, dW, rate: -dW / rate, term="the step"),
    Mistake("the gradient is multiplied by W as well; the step is learning_rate dW.",
            lambda W, dW, rate: -rate * dW * W, term="the step"),
    Mistake("the learning rate multiplies W too: W - learning_rate dW needs no bracket around W - dW.",
            lambda W, dW, rate: rate * W, term="the old W"),
)

SGD_STEP = Exercise(
    name="sgd_step", call="sgd_step(W, dW, learning_rate)", arguments={"W": "DC", "dW": "DC", "learning_rate": ""},
    outputs=(Output("new W", "the new W", "DC", {"the old W": lambda W, dW, rate: W,
                                                 "the step": lambda W, dW, rate: -rate * dW}, _STEP_MISTAKES),),
    cases=(
        case("W of 4 x 3", numbers(41, 4, 3), numbers(42, 4, 3), 0.1),
        case("one class (C = 1)", numbers(43, 5, 1), numbers(44, 5, 1), 0.5),
        case("a gradient of 0", numbers(45, 2, 3), np.zeros((2, 3)), 0.2),
        case("a learning rate of 2", numbers(46, 1, 6), numbers(47, 1, 6), 2.0),
        case("W = 0", np.zeros((3, 2)), numbers(48, 3, 2), 0.01),
    ),
    counts="DC",
)

EXERCISES = (SGD_STEP,)
