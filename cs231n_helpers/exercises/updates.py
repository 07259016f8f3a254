"""Exercises of notebook 04 on update rules: momentum_step, adam_step, and step_decay, a schedule."""

import math

import numpy as np

from .exercise import Exercise, Mistake, Output, case, numbers

# -- momentum_step(w, v, dw, lr, mu) -----------------------------------------------------------------------------------

OLD, PUSH, MOVE = "mu * v", "-lr * dw", "the new velocity"


def _velocity(w, v, dw, lr, mu):
    return mu * v - lr * dw


V_MISTAKES = (
    Mistake("the gradient is multiplied by (1 - mu), as in a mean; here a velocity is v = mu * v - lr * dw.",
            lambda w, v, dw, lr, mu: -(1 - mu) * lr * dw, term=PUSH),
    Mistake("the learning rate is missing: v = mu * v - lr * dw.", lambda w, v, dw, lr, mu: -dw, "missing", PUSH),
    Mistake("the learning rate is there twice: v = mu * v - lr * dw.", lambda w, v, dw, lr, mu: -lr**2 * dw, term=PUSH),
    Mistake("mu multiplies the push of the gradient too; only the old velocity is slowed down.",
            lambda w, v, dw, lr, mu: -mu * lr * dw, term=PUSH),
    Mistake("mu is missing: without friction the velocity never forgets. v = mu * v - lr * dw.",
            lambda w, v, dw, lr, mu: v, "missing", OLD),
    Mistake("the learning rate multiplies the old velocity too: it is in there already.",
            lambda w, v, dw, lr, mu: lr * mu * v, term=OLD),
    Mistake("1 - mu of the old velocity is kept; it should be mu, and 1 - mu is what friction takes.",
            lambda w, v, dw, lr, mu: (1 - mu) * v, term=OLD),
    Mistake("the old velocity comes back: return the new one.", lambda w, v, dw, lr, mu: v, term="all"),
)
W_MISTAKES = (
    Mistake("the old v is used in the step: renew v first, then w + v.", lambda w, v, dw, lr, mu: v, term=MOVE),
    Mistake("the learning rate is applied twice: it is in v already, so the step is w + v.",
            lambda w, v, dw, lr, mu: lr * (mu * v - lr * dw), term=MOVE),
    Mistake("lr * v is added, with the learning rate missing in v: put it before dw, in v.",
            lambda w, v, dw, lr, mu: lr * (mu * v - dw), term=MOVE),
    Mistake("the step follows the gradient alone, which is SGD: add v.", lambda w, v, dw, lr, mu: -lr * dw, "missing",
            MOVE),
    Mistake("this is Nesterov's step, w + mu * v - lr * dw with the new v; momentum's is w + v.",
            lambda w, v, dw, lr, mu: mu * _velocity(w, v, dw, lr, mu) - lr * dw, term=MOVE),
    Mistake("v carries the gradient times (1 - mu), as in a mean; a velocity is v = mu * v - lr * dw.",
            lambda w, v, dw, lr, mu: mu * v - (1 - mu) * lr * dw, term=MOVE),
    Mistake("v carries the gradient without the learning rate: v = mu * v - lr * dw.",
            lambda w, v, dw, lr, mu: mu * v - dw, "missing", MOVE),
    Mistake("v is not slowed down, mu is missing: v = mu * v - lr * dw.", lambda w, v, dw, lr, mu: v - lr * dw,
            "missing", MOVE),
    Mistake("v is pushed uphill: v = mu * v - lr * dw, with a minus.", lambda w, v, dw, lr, mu: mu * v + lr * dw,
            "sign", MOVE),
)

MOMENTUM_STEP = Exercise(
    name="momentum_step", call="momentum_step(w, v, dw, lr, mu)",
    arguments={"w": "D", "v": "D", "dw": "D", "lr": "", "mu": ""},
    outputs=(Output("w", "the new w", "D", {"the old w": lambda w, v, dw, lr, mu: w, MOVE: _velocity}, W_MISTAKES),
             Output("v", "the new v", "D", {OLD: lambda w, v, dw, lr, mu: mu * v,
                                            PUSH: lambda w, v, dw, lr, mu: -lr * dw}, V_MISTAKES)),
    cases=(
        case("5 weights", numbers(301, 5), numbers(302, 5), numbers(303, 5), 0.1, 0.9),
        case("at rest, v = 0", numbers(304, 4), np.zeros(4), numbers(305, 4), 0.5, 0.9),
        case("no slope, dw = 0", numbers(306, 3), numbers(307, 3), np.zeros(3), 0.2, 0.6),
        case("mu = 0", numbers(308, 4), numbers(309, 4), numbers(310, 4), 0.25, 0.0),
        case("one weight", numbers(311, 1), numbers(312, 1), numbers(313, 1), 0.05, 0.99),
    ),
    counts="D",
)

# -- adam_step(w, m, v, t, dw, lr, beta1, beta2, eps) ------------------------------------------------------------------


def _means(m, v, dw, b1, b2):
    return b1 * m + (1 - b1) * dw, b2 * v + (1 - b2) * dw**2


def _moved(step, means=_means):
    """The step, -lr * step(m, v, t, lr, b1, b2, eps, dw) with the new means m and v."""
    def of(w, m, v, t, dw, lr, b1, b2, eps):
        return -lr * step(*means(m, v, dw, b1, b2), t, lr, b1, b2, eps, dw)
    return of


def _right(m, v, t, lr, b1, b2, eps, dw):
    return (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)


def _shifted(by):
    return _moved(lambda m, v, t, lr, b1, b2, eps, dw: _right(m, v, t + by, lr, b1, b2, eps, dw))


STEP = "the step"
FORM = "w - lr * m_hat / (sqrt(v_hat) + eps)."
HATS = "m_hat = m / (1 - beta1**t), v_hat = v / (1 - beta2**t)."
ADAM_W = (
    Mistake(f"the correction is missing: {HATS}",
            _moved(lambda m, v, t, lr, b1, b2, eps, dw: m / (np.sqrt(v) + eps)), "missing", STEP),
    Mistake(f"only m is corrected, v is not: {HATS}",
            _moved(lambda m, v, t, lr, b1, b2, eps, dw: m / (1 - b1**t) / (np.sqrt(v) + eps)), "missing", STEP),
    Mistake(f"only v is corrected, m is not: {HATS}",
            _moved(lambda m, v, t, lr, b1, b2, eps, dw: m / (np.sqrt(v / (1 - b2**t)) + eps)), "missing", STEP),
    Mistake("t is counted from 0: the first step has t = 1, otherwise 1 - beta**t is 0.", _shifted(-1), term=STEP),
    Mistake("t is raised once more inside: it comes as the number of this step, 1, 2, 3, ...", _shifted(1), term=STEP),
    Mistake(f"the power t is missing in the correction: {HATS}",
            _moved(lambda m, v, t, lr, b1, b2, eps, dw: (m / (1 - b1)) / (np.sqrt(v / (1 - b2)) + eps)), "missing",
            STEP),
    Mistake(f"the beta's of the two corrections are exchanged: {HATS}",
            _moved(lambda m, v, t, lr, b1, b2, eps, dw: _right(m, v, t, lr, b2, b1, eps, dw)), term=STEP),
    Mistake(f"the root is missing: {FORM}",
            _moved(lambda m, v, t, lr, b1, b2, eps, dw: (m / (1 - b1**t)) / (v / (1 - b2**t) + eps)), "missing", STEP),
    Mistake(f"eps stands under the root; it is added to it: {FORM}",
            _moved(lambda m, v, t, lr, b1, b2, eps, dw: (m / (1 - b1**t)) / np.sqrt(v / (1 - b2**t) + eps)), term=STEP),
    Mistake(f"eps is missing: {FORM}",
            _moved(lambda m, v, t, lr, b1, b2, eps, dw: _right(m, v, t, lr, b1, b2, 0.0, dw)), "missing", STEP),
    Mistake(f"the gradient itself is stepped along; it should be its mean: {FORM}",
            _moved(lambda m, v, t, lr, b1, b2, eps, dw: dw / (np.sqrt(v / (1 - b2**t)) + eps)), term=STEP),
    Mistake("the old m and v are used in the step: renew them first.",
            _moved(_right, lambda m, v, dw, b1, b2: (m, v)), term=STEP),
    Mistake("the learning rate is there twice.",
            _moved(lambda m, v, t, lr, b1, b2, eps, dw: lr * _right(m, v, t, lr, b1, b2, eps, dw)), term=STEP),
    Mistake("the learning rate is missing.",
            _moved(lambda m, v, t, lr, b1, b2, eps, dw: _right(m, v, t, lr, b1, b2, eps, dw) / lr), "missing", STEP),
    Mistake("beta1 and beta2 are exchanged: beta1 belongs to m, beta2 to v.",
            _moved(lambda m, v, t, lr, b1, b2, eps, dw: _right(m, v, t, lr, b2, b1, eps, dw),
                   lambda m, v, dw, b1, b2: _means(m, v, dw, b2, b1)), term=STEP),
    Mistake("the shares of old and new are exchanged: beta is the share of the old mean that is kept.",
            _moved(_right, lambda m, v, dw, b1, b2: _means(m, v, dw, 1 - b1, 1 - b2)), term=STEP),
)
ADAM_M = (
    Mistake("this is the corrected m_hat; return the running mean m, which the next step goes on with.",
            lambda w, m, v, t, dw, lr, b1, b2, eps: _means(m, v, dw, b1, b2)[0] / (1 - b1**t)),
    Mistake("beta2 is used; m goes with beta1.", lambda w, m, v, t, dw, lr, b1, b2, eps: _means(m, v, dw, b2, b2)[0]),
    Mistake("the shares are exchanged: m = beta1 * m + (1 - beta1) * dw.",
            lambda w, m, v, t, dw, lr, b1, b2, eps: _means(m, v, dw, 1 - b1, b2)[0]),
    Mistake("the gradient lacks its (1 - beta1): m = beta1 * m + (1 - beta1) * dw.",
            lambda w, m, v, t, dw, lr, b1, b2, eps: b1 * m + dw, "missing"),
    Mistake("the old m comes back: return the new one.", lambda w, m, v, t, dw, lr, b1, b2, eps: m),
)
ADAM_V = (
    Mistake("this is the corrected v_hat; return the running mean v, which the next step goes on with.",
            lambda w, m, v, t, dw, lr, b1, b2, eps: _means(m, v, dw, b1, b2)[1] / (1 - b2**t)),
    Mistake("beta1 is used; v goes with beta2.", lambda w, m, v, t, dw, lr, b1, b2, eps: _means(m, v, dw, b1, b1)[1]),
    Mistake("the square is missing: v = beta2 * v + (1 - beta2) * dw**2.",
            lambda w, m, v, t, dw, lr, b1, b2, eps: b2 * v + (1 - b2) * dw, "missing"),
    Mistake("the shares are exchanged: v = beta2 * v + (1 - beta2) * dw**2.",
            lambda w, m, v, t, dw, lr, b1, b2, eps: _means(m, v, dw, b1, 1 - b2)[1]),
    Mistake("squares are added up as in Adagrad; here they are a mean that forgets.",
            lambda w, m, v, t, dw, lr, b1, b2, eps: v + dw**2),
    Mistake("the old v comes back: return the new one.", lambda w, m, v, t, dw, lr, b1, b2, eps: v),
)


def _adam_case(label, seed, size, t, *settings):
    """w, m, v (size,), t, dw (size,) and lr, beta1, beta2, eps; before the first step both means are 0."""
    started = t > 1
    m, v = started * numbers(seed + 1, size), started * (1 + numbers(seed + 2, size)**2)
    return case(label, numbers(seed, size), m, v, t, 0.05 + numbers(seed + 3, size), *settings)


ADAM_STEP = Exercise(
    name="adam_step", call="adam_step(w, m, v, t, dw, lr, beta1, beta2, eps)",
    arguments={"w": "D", "m": "D", "v": "D", "t": "", "dw": "D", "lr": "", "beta1": "", "beta2": "", "eps": ""},
    outputs=(
        Output("w", "the new w", "D", {"the old w": lambda w, m, v, t, dw, lr, b1, b2, eps: w, STEP: _moved(_right)},
               ADAM_W),
        Output("m", "the new m", "D",
               {"m": lambda w, m, v, t, dw, lr, b1, b2, eps: _means(m, v, dw, b1, b2)[0]}, ADAM_M),
        Output("v", "the new v", "D",
               {"v": lambda w, m, v, t, dw, lr, b1, b2, eps: _means(m, v, dw, b1, b2)[1]}, ADAM_V),
    ),
    cases=(
        _adam_case("the third step", 321, 5, 3, 0.1, 0.9, 0.99, 0.05),
        _adam_case("the first step, t = 1", 331, 4, 1, 0.5, 0.9, 0.999, 0.01),
        _adam_case("the tenth step", 341, 3, 10, 0.02, 0.8, 0.95, 0.1),
        _adam_case("one weight", 351, 1, 2, 0.3, 0.5, 0.75, 0.02),
    ),
    counts="D",
    advice={"not_finite": "At t = 1, 1 - beta**t is 1 - beta. It is 0 only if t counts from 0."},
)

# -- step_decay(lr, epoch, factor, every) ------------------------------------------------------------------------------

FALLS = "lr * factor ** (epoch // every)."

STEP_DECAY = Exercise(
    name="step_decay", call="step_decay(lr, epoch, factor, every)",
    arguments={"lr": "", "epoch": "", "factor": "", "every": ""},
    outputs=(Output("rate", "the rate", "", {"rate": lambda lr, epoch, f, every: lr * f ** (epoch // every)}, (
        Mistake(f"epoch / every is not cut to a whole number, so the rate glides instead of falling in steps: {FALLS}",
                lambda lr, epoch, f, every: lr * f ** (epoch / every)),
        Mistake(f"epoch / every is rounded; whole blocks of epochs are counted, // does that: {FALLS}",
                lambda lr, epoch, f, every: lr * f ** round(epoch / every)),
        Mistake(f"epoch / every is rounded up; before the first `every` epochs are over nothing falls: {FALLS}",
                lambda lr, epoch, f, every: lr * f ** math.ceil(epoch / every)),
        Mistake(f"it falls in every epoch: count the blocks of `every` epochs. {FALLS}",
                lambda lr, epoch, f, every: lr * f**epoch),
        Mistake(f"it falls once and never again: each block multiplies by the factor anew. {FALLS}",
                lambda lr, epoch, f, every: lr * f if epoch >= every else lr),
        Mistake(f"the factor is multiplied by the number of blocks; it is a power: {FALLS}",
                lambda lr, epoch, f, every: lr * f * (epoch // every)),
        Mistake(f"the power has the remainder, epoch % every; it wants the number of blocks: {FALLS}",
                lambda lr, epoch, f, every: lr * f ** (epoch % every)),
        Mistake(f"it falls too early by one block: epochs count from 0. {FALLS}",
                lambda lr, epoch, f, every: lr * f ** (epoch // every + 1)),
        Mistake(f"the rate grows: multiply by the power of the factor. {FALLS}",
                lambda lr, epoch, f, every: lr / f ** (epoch // every)),
        Mistake(f"1 - factor is used; the factor is what is left: {FALLS}",
                lambda lr, epoch, f, every: lr * (1 - f) ** (epoch // every)),
        Mistake("the rate is always lr: nothing falls.", lambda lr, epoch, f, every: lr, "missing"),
    )),),
    cases=(
        case("epoch 12 of blocks of 5", 0.1, 12, 0.3, 5),
        case("the last epoch before a fall", 0.2, 9, 0.1, 10),
        case("the epoch of a fall", 0.4, 10, 0.7, 5),
        case("epoch 0", 1.0, 0, 0.2, 3),
        case("half an epoch more", 0.8, 7.5, 0.6, 2),
    ),
    counts="",
)

EXERCISES = (MOMENTUM_STEP, ADAM_STEP, STEP_DECAY)
