"""Exercises on update rules: right answers are accepted, wrong ones are told what is wrong with them."""

import math

import numpy as np
import pytest

from cs231n_helpers import optim
from cs231n_helpers.exercises import EXERCISES, verdict

NAMES = ["momentum_step", "adam_step", "step_decay"]

# -- right answers, with plain loops and as a learner writes them ------------------------------------------------------


def loop_momentum(w, v, dw, lr, mu):
    v = [mu * a - lr * b for a, b in zip(v, dw, strict=True)]
    return np.array([a + b for a, b in zip(w, v, strict=True)]), np.array(v)


def momentum_step(w, v, dw, lr, mu):
    v = mu * v - lr * dw
    return w + v, v


def helper_momentum(w, v, dw, lr, mu):
    w, (v,) = optim.Momentum(lr, mu).update(w, dw, (v,))
    return w, v


def loop_adam(w, m, v, t, dw, lr, beta1, beta2, eps):
    new = [[], [], []]
    for a, b, c, g in zip(w, m, v, dw, strict=True):
        b, c = beta1 * b + (1 - beta1) * g, beta2 * c + (1 - beta2) * g * g
        step = lr * b / (1 - math.pow(beta1, t)) / (math.sqrt(c / (1 - math.pow(beta2, t))) + eps)
        for values, value in zip(new, (a - step, b, c), strict=True):
            values.append(value)
    return tuple(np.array(values) for values in new)


def adam_step(w, m, v, t, dw, lr, beta1, beta2, eps, *, power=lambda beta, t: beta**t, sign=-1, only="mv"):
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw**2
    m_hat = m / (1 - power(beta1, t)) if "m" in only else m
    v_hat = v / (1 - power(beta2, t)) if "v" in only else v
    return w + sign * lr * m_hat / (np.sqrt(v_hat) + eps), m, v


def helper_adam(w, m, v, t, dw, lr, beta1, beta2, eps):
    w, (m, v, _) = optim.Adam(lr, beta1, beta2, eps).update(w, dw, (m, v, t - 1))
    return w, m, v


def loop_decay(lr, epoch, factor, every):
    while epoch >= every:
        lr, epoch = lr * factor, epoch - every
    return lr


LOOPS = {"momentum_step": loop_momentum, "adam_step": loop_adam, "step_decay": loop_decay}


@pytest.mark.parametrize(("name", "answer"), [
    *LOOPS.items(), ("momentum_step", momentum_step), ("momentum_step", helper_momentum), ("adam_step", adam_step),
    ("adam_step", helper_adam), ("step_decay", optim.step_decay)])  # fmt: skip
def test_right_answers_are_accepted(name, answer):
    found = verdict(name, answer)
    assert (found.kind, "warning" in found.text) == ("exact", False), found.text


@pytest.mark.parametrize("name", NAMES)
def test_what_counts_as_right_is_the_answer_of_the_loops(name):
    for case in EXERCISES[name].cases:
        got = LOOPS[name](*case.args)
        for output, value in zip(EXERCISES[name].outputs, got if isinstance(got, tuple) else (got,), strict=True):
            np.testing.assert_allclose(output.right(case.args), value, rtol=1e-12)


# -- not started -------------------------------------------------------------------------------------------------------


def stub(*arguments):
    """What the function does."""
    ...                                                 # noqa: PIE790


@pytest.mark.parametrize("name", NAMES)
def test_unfilled_stub_is_not_started(name):
    assert verdict(name, stub).kind == "not_started"


# -- wrong answers -----------------------------------------------------------------------------------------------------


def changed_v(velocity):
    """A momentum step with another velocity, used and returned."""
    def answer(w, v, dw, lr, mu):
        v = velocity(v, dw, lr, mu)
        return w + v, v
    return answer


def old_v(w, v, dw, lr, mu):
    return w + v, mu * v - lr * dw


def rate_twice(w, v, dw, lr, mu):
    v = mu * v - lr * dw
    return w + lr * v, v


def nesterov(w, v, dw, lr, mu):
    w, (v,) = optim.Nesterov(lr, mu).update(w, dw, (v,))
    return w, v


def in_place(w, v, dw, lr, mu):
    v *= mu
    v -= lr * dw
    return w + v, v


def adam_with(**changed):
    return lambda *args: adam_step(*args, **changed)


def adam_by(step, means=None):
    """Adam with another last line: step(m, v, t, dw, b1, b2, eps)."""
    def answer(w, m, v, t, dw, lr, b1, b2, eps):
        m, v = means(m, v, dw, b1, b2) if means else (b1 * m + (1 - b1) * dw, b2 * v + (1 - b2) * dw**2)
        return w - lr * step(m, v, t, dw, b1, b2, eps), m, v
    return answer


def right_step(m, v, t, dw, b1, b2, eps):
    return m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps)


def corrected_returned(w, m, v, t, dw, lr, b1, b2, eps):
    w, m, v = adam_step(w, m, v, t, dw, lr, b1, b2, eps)
    return w, m / (1 - b1**t), v / (1 - b2**t)


WRONG = [
    ("momentum_step", old_v, "mistake", "the old v is used"),
    ("momentum_step", rate_twice, "mistake", "applied twice"),
    ("momentum_step", nesterov, "mistake", "Nesterov's step"),
    ("momentum_step", changed_v(lambda v, dw, lr, mu: mu * v - (1 - mu) * lr * dw), "mistake", "(1 - mu)"),
    ("momentum_step", changed_v(lambda v, dw, lr, mu: mu * v + lr * dw), "sign", "uphill"),
    ("momentum_step", changed_v(lambda v, dw, lr, mu: mu * v - dw), "missing", "without the learning rate"),
    ("momentum_step", changed_v(lambda v, dw, lr, mu: v - lr * dw), "missing", "mu is missing"),
    ("momentum_step", lambda w, v, dw, lr, mu: (w - (mu * v - lr * dw), mu * v - lr * dw), "sign", "sign"),
    ("momentum_step", lambda w, v, dw, lr, mu: (w - lr * dw, mu * v - lr * dw), "missing", "which is SGD"),
    ("momentum_step", lambda w, v, dw, lr, mu: w + mu * v - lr * dw, "type", "return w, v"),
    ("momentum_step", in_place, "changes_input", "writes into v"),
    ("adam_step", adam_with(only=""), "missing", "the correction is missing"),
    ("adam_step", adam_with(only="m"), "missing", "only m is corrected"),
    ("adam_step", adam_with(only="v"), "missing", "only v is corrected"),
    ("adam_step", adam_with(power=lambda beta, t: np.float64(beta) ** (t - 1)), "mistake", "t is counted from 0"),
    ("adam_step", adam_with(power=lambda beta, t: beta ** (t + 1)), "mistake", "raised once more"),
    ("adam_step", adam_with(power=lambda beta, t: beta), "missing", "the power t is missing"),
    ("adam_step", adam_with(sign=1), "sign", "sign"),
    ("adam_step", adam_by(lambda m, v, t, dw, b1, b2, eps: m / (1 - b1**t) / (v / (1 - b2**t) + eps)), "missing",
     "root is missing"),
    ("adam_step", adam_by(lambda m, v, t, dw, b1, b2, eps: m / (1 - b1**t) / np.sqrt(v / (1 - b2**t) + eps)),
     "mistake", "under the root"),
    ("adam_step", adam_by(lambda m, v, t, dw, b1, b2, eps: m / (1 - b1**t) / np.sqrt(v / (1 - b2**t))), "missing",
     "eps is missing"),
    ("adam_step", lambda w, m, v, t, dw, lr, b1, b2, eps: adam_step(w, m, v, t, dw, lr, b2, b1, eps), "mistake",
     "exchanged"),
    ("adam_step", adam_by(right_step, lambda m, v, dw, b1, b2: ((1 - b1) * m + b1 * dw, (1 - b2) * v + b2 * dw**2)),
     "mistake", "shares"),
    ("adam_step", adam_by(lambda *args: 0.1 * right_step(*args)), "factor", "1/10"),
    ("adam_step", corrected_returned, "mistake", "corrected m_hat"),
    ("adam_step", lambda *args: adam_step(*args)[0], "type", "return w, m, v"),
    ("step_decay", lambda lr, epoch, factor, every: lr * factor ** (epoch / every), "mistake", "glides"),
    ("step_decay", lambda lr, epoch, factor, every: lr * factor**epoch, "mistake", "in every epoch"),
    ("step_decay", lambda lr, epoch, factor, every: lr * factor * (epoch // every), "mistake", "it is a power"),
    ("step_decay", lambda lr, epoch, factor, every: lr * factor if epoch >= every else lr, "mistake", "falls once"),
    ("step_decay", lambda lr, epoch, factor, every: lr * factor ** (epoch // every + 1), "mistake", "too early"),
    ("step_decay", lambda lr, epoch, factor, every: lr * math.exp(-factor * epoch), "differs", "wrong with"),
]


@pytest.mark.parametrize(("name", "answer", "kind", "words"), WRONG, ids=[f"{w[0]}-{i}" for i, w in enumerate(WRONG)])
def test_wrong_answers_are_told_what_is_wrong(name, answer, kind, words):
    found = verdict(name, answer)
    assert found.kind == kind and words in found.text, found
