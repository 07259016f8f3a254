"""Exercises of notebook 06 on transfer: pooled features, a new head, learning rates by depth, a step of fine-tuning."""

import copy
from dataclasses import dataclass

import numpy as np

from .exercise import Exercise, Mistake, Output, case, numbers
from .regularising import Dice

# -- pooled_features(maps) ---------------------------------------------------------------------------------------------

MEAN = "the mean of each map over its rows and columns: maps.mean(axis=(1, 2)), (N, H, W, C) -> (N, C)."

POOLED_FEATURES = Exercise(
    name="pooled_features", call="pooled_features(maps)", arguments={"maps": "NHWC"},
    outputs=(Output("F", "F", "NC", {"the mean over the places": lambda m: m.mean(axis=(1, 2))}, (
        Mistake(f"the numbers of each map are added up, so that F grows with the size of the pictures. Take {MEAN}",
                lambda m: m.sum(axis=(1, 2)), "factor"),
        Mistake(f"this is the largest number of each map; take {MEAN}", lambda m: m.max(axis=(1, 2))),
        Mistake(f"this is the number in the middle of each map; take {MEAN}",
                lambda m: m[:, m.shape[1] // 2, m.shape[2] // 2]),
        Mistake(f"this is the number in the corner of each map; take {MEAN}", lambda m: m[:, 0, 0]),
        Mistake("the mean of the channels is taken, and a map is left. Channels stand in the LAST axis and are the "
                f"features: take {MEAN}", lambda m: m.mean(axis=3), "axis"),
        Mistake("channels and rows are averaged away, and the columns are left, as if channels came first. Here they "
                f"are the last axis: take {MEAN}", lambda m: m.mean(axis=(1, 3)), "axis"),
        Mistake("channels and columns are averaged away, and the rows are left, as if channels came first. Here they "
                f"are the last axis: take {MEAN}", lambda m: m.mean(axis=(2, 3)), "axis"),
        Mistake(f"all numbers stand in a row; they are not pooled. Take {MEAN}", lambda m: m.reshape(len(m), -1),
                "missing"),
        Mistake(f"only the rows are averaged away, the columns are left: take {MEAN}", lambda m: m.mean(axis=1),
                "missing"),
        Mistake(f"only the columns are averaged away, the rows are left: take {MEAN}", lambda m: m.mean(axis=2),
                "missing"),
        Mistake(f"the images are averaged too. Each keeps its own row: take {MEAN}", lambda m: m.mean(axis=(0, 1, 2)),
                "axis"),
    )),),
    cases=(
        case("2 images, maps of 3 x 4, 5 channels", numbers(601, 2, 3, 4, 5)),
        case("maps that are square, as many channels as rows", numbers(602, 3, 4, 4, 4)),
        case("one image", numbers(603, 1, 5, 2, 3)), case("maps of a single place", numbers(604, 4, 1, 1, 3)),
    ),
    counts="HW", advice={"differs": f"That is {MEAN}"},
)

# -- replace_head(W, classes, rng) -------------------------------------------------------------------------------------

SMALL = 0.01


@dataclass(frozen=True)
class Renewing(Exercise):
    """An exercise with a new number of classes, K."""

    def sizes(self, case):
        """As in `Exercise`, with K."""
        return super().sizes(case) | {"K": case.args[1]}


def _drawn(shape_of, scale=SMALL):
    return lambda W, classes, rng: scale * copy.deepcopy(rng).standard_normal(shape_of(W, classes))


def _new(W, classes):
    return W.shape[0], classes


START = "0.01 * rng.standard_normal((D, classes)), D being the number of rows of W"

REPLACE_HEAD = Renewing(
    name="replace_head", call="replace_head(W, classes, rng)", arguments={"W": "DC", "classes": "", "rng": ""},
    outputs=(
        Output("W_new", "W_new", "DK", {"0.01 * standard normal": _drawn(_new)}, (
            Mistake(f"the factor 0.01 is missing; scores would be far from 0 before anything is learned. Draw {START}.",
                    _drawn(_new, 1.0), "factor"),
            Mistake(f"all weights are 0. For one layer that would do; here draw {START}.",
                    lambda W, k, rng: np.zeros((len(W), k)), "missing"),
            Mistake(f"it has as many classes as the old head; the new task has its own number. Draw {START}.",
                    _drawn(lambda W, k: W.shape), "shape"),
            Mistake("it is the wrong way round: features are rows, classes are columns, as in scores = F @ W. Draw "
                    f"{START}.", _drawn(lambda W, k: (k, W.shape[0])), "shape"),
            Mistake(f"it has a row for each OLD class; it gets the features, as the old head did. Draw {START}.",
                    _drawn(lambda W, k: (W.shape[1], k)), "shape"),
            Mistake("these are the first columns of the old head, which know other classes. Begin anew: draw "
                    f"{START}.", lambda W, k, rng: np.resize(W.T, (k, len(W))).T),
            Mistake(f"the numbers are uniform, and none is below 0. Draw {START}.",
                    lambda W, k, rng: SMALL * copy.deepcopy(rng).random((len(W), k))),
            Mistake(f"divided by the root of D, as for a hidden layer; here draw {START}.",
                    lambda W, k, rng: copy.deepcopy(rng).standard_normal((len(W), k)) / np.sqrt(len(W)), "factor"),
        )),
        Output("b_new", "b_new", "K", {"zeros": lambda W, k, rng: np.zeros(k)}, (
            Mistake("the biases should begin at 0: no class is likelier before anything is learned.",
                    lambda W, k, rng: np.ones(k)),
            Mistake("there is one bias for each NEW class: np.zeros(classes).", lambda W, k, rng: np.zeros(W.shape[1]),
                    "shape"),
            Mistake("there is one bias for each class, not for each feature: np.zeros(classes).",
                    lambda W, k, rng: np.zeros(len(W)), "shape"),
        )),
    ),
    cases=(
        case("12 features, 10 classes before, 8 now", numbers(611, 12, 10), 8, Dice(3)),
        case("fewer features than classes", numbers(612, 3, 4), 5, Dice(4)),
        case("two classes", numbers(613, 6, 3), 2, Dice(5)),
        case("as many classes as before", numbers(614, 5, 3), 3, Dice(6)),
    ),
    counts="", advice={"differs": f"W_new is {START}; b_new is np.zeros(classes). Draw once, and W_new only."},
)

# -- learning_rates(lr, factor, depth) ---------------------------------------------------------------------------------


def _powers(exponents):
    return lambda lr, factor, depth: lr * float(factor) ** exponents(depth)


RATES = "the head, the last one, has lr; each layer below has factor times the rate of the layer above it"


@dataclass(frozen=True)
class ByDepth(Exercise):
    """An exercise whose output has a number for each layer, L."""

    def sizes(self, case):
        """As in `Exercise`, with L."""
        return super().sizes(case) | {"L": case.args[2]}


LEARNING_RATES = ByDepth(
    name="learning_rates", call="learning_rates(lr, factor, depth)", arguments={"lr": "", "factor": "", "depth": ""},
    outputs=(Output("rates", "rates", "L", {"lr * factor ** (layers above)": _powers(lambda n: np.arange(n)[::-1])}, (
        Mistake(f"it is the wrong way round: the lowest layer has the largest rate. {RATES}.", _powers(np.arange),
                "axis"),
        Mistake(f"the head gets factor * lr already, all exponents are 1 too large: {RATES}.",
                _powers(lambda n: np.arange(1, n + 1)[::-1]), "factor"),
        Mistake(f"all layers have the same rate, lr: {RATES}.", _powers(lambda n: np.zeros(n)), "missing"),
        Mistake(f"all layers below the head have the same rate: {RATES}.",
                _powers(lambda n: np.minimum(1, np.arange(n)[::-1]))),
        Mistake(f"lr is missing, these are the factors alone: {RATES}.",
                lambda lr, factor, depth: float(factor) ** np.arange(depth)[::-1], "missing"),
        Mistake(f"the rates grow on the way down: divided by factor where it is to be multiplied. {RATES}.",
                _powers(lambda n: -np.arange(n)[::-1])),
        Mistake(f"the rates fall along a line; each is a constant times the one above it: {RATES}.",
                lambda lr, factor, depth: lr * (1 - (1 - factor) * np.arange(depth)[::-1])),
        Mistake(f"factor * number of layers above: it should be factor TO THE POWER of that number. {RATES}.",
                lambda lr, factor, depth: lr * factor * np.arange(depth)[::-1]),
    )),),
    cases=(
        case("lr = 0.1, factor = 0.5, 4 layers", 0.1, 0.5, 4), case("lr = 0.02, factor = 0.1, 3 layers", 0.02, 0.1, 3),
        case("factor = 0.9, 6 layers", 0.3, 0.9, 6), case("a head alone", 0.3, 0.2, 1),
    ),
    tolerance=1e-9, counts="", advice={"differs": f"From the lowest layer up: {RATES}."},
)

# -- fine_tune_step(W, dW, rates, frozen) ------------------------------------------------------------------------------


def _stepped(scale_of):
    """W - (what scale_of(rates, frozen) gives for each layer) * dW."""
    return lambda W, dW, rates, frozen: W - np.asarray(scale_of(rates, frozen))[:, None] * dW


def _on(rates, frozen):
    return np.arange(len(rates)) >= frozen


STEP = "W[l] - rates[l] * dW[l] for the layers from number `frozen` on, and W[l] as it is below"

FINE_TUNE_STEP = Exercise(
    name="fine_tune_step", call="fine_tune_step(W, dW, rates, frozen)",
    arguments={"W": "LD", "dW": "LD", "rates": "L", "frozen": ""},
    outputs=(Output("W", "W", "LD", {STEP: _stepped(lambda r, f: r * _on(r, f))}, (
        Mistake(f"nothing is frozen: {STEP}.", _stepped(lambda r, f: r), "missing"),
        Mistake(f"the upper layers are frozen and the lower ones learn: {STEP}.",
                _stepped(lambda r, f: r * ~_on(r, f))),
        Mistake(f"so many layers are frozen from above; count from the input: {STEP}.",
                _stepped(lambda r, f: r * (np.arange(len(r)) < len(r) - f))),
        Mistake(f"one layer too many is frozen; numbers begin at 0: {STEP}.", _stepped(lambda r, f: r * _on(r, f + 1))),
        Mistake(f"one layer too few is frozen: {STEP}.", _stepped(lambda r, f: r * _on(r, f - 1))),
        Mistake(f"the step goes uphill; the gradient is subtracted: {STEP}.", _stepped(lambda r, f: -r * _on(r, f)),
                "sign"),
        Mistake(f"the rates are missing: {STEP}.", _stepped(lambda r, f: _on(r, f) * 1.0), "missing"),
        Mistake(f"all layers have the head's rate, rates[-1]: {STEP}.", _stepped(lambda r, f: r[-1] * _on(r, f))),
        Mistake(f"the rates are in the wrong order: rates[0] is for the lowest layer. {STEP}.",
                _stepped(lambda r, f: r[::-1] * _on(r, f))),
        Mistake("the frozen layers are set to 0, and so forget all they know. They stay as they are: "
                f"{STEP}.",
                lambda W, dW, r, f: (W - r[:, None] * dW) * _on(r, f)[:, None]),
        Mistake(f"this is the step alone, without W: {STEP}.", lambda W, dW, r, f: -(r * _on(r, f))[:, None] * dW,
                "missing"),
        Mistake(f"nothing has moved: {STEP}.", lambda W, dW, r, f: W, "missing"),
    )),),
    cases=(
        case("4 layers, 2 of them frozen", numbers(621, 4, 3), numbers(622, 4, 3), np.array([0.1, 0.2, 0.4, 0.8]), 2),
        case("5 layers, 1 frozen", numbers(623, 5, 2), numbers(624, 5, 2), np.array([0.3, 0.1, 0.2, 0.5, 0.4]), 1),
        case("nothing frozen", numbers(625, 3, 4), numbers(626, 3, 4), np.array([0.1, 0.3, 0.9]), 0),
        case("all but the head frozen", numbers(627, 3, 2), numbers(628, 3, 2), np.array([0.2, 0.5, 0.7]), 2),
    ),
    counts="", advice={"differs": f"That is {STEP}."},
)

EXERCISES = (POOLED_FEATURES, REPLACE_HEAD, LEARNING_RATES, FINE_TUNE_STEP)
