"""Exercise of notebook 04 on ensembles: distillation_loss(scores, teacher_scores, temperature) -> loss, dscores."""

import numpy as np

from .exercise import Exercise, Mistake, Output, case, numbers
from .softmax import log_p, p

STUDENT = "the student's part, T p / N,"
TEACHER = "the teacher's part, -T q / N,"
BOTH = "Divide both by the temperature: softmax(scores / T) and softmax(teacher_scores / T)."
AXIS = "wrong axis of the softmax: the probabilities of each row add up to 1, so the sum runs over axis=1."


def _mean(answer, size=lambda T: T**2):
    """A loss: size(T) times the mean over the rows of the sums of answer(scores, teacher, T), (N, C)."""
    return lambda s, v, T: size(T) * answer(s, v, T).sum() / len(s)


def _cross(student, teacher):
    """-q log p of a student with log-probabilities student(s, T) and a teacher with probabilities teacher(v, T)."""
    return _mean(lambda s, v, T: -teacher(v, T) * student(s, T))


def _soft_log(s, T):
    return log_p(s / T)


def _soft(v, T):
    return p(v / T)


def _hard(v, T):
    return np.eye(v.shape[1])[v.argmax(axis=1)]


RIGHT = _cross(_soft_log, _soft)
LOSS_MISTAKES = (
    Mistake("the scores are multiplied by the temperature; divide by it. T > 1 makes probabilities softer, more alike.",
            _cross(lambda s, T: log_p(s * T), lambda v, T: p(v * T))),
    Mistake(f"the teacher is not softened. {BOTH}", _cross(_soft_log, lambda v, T: p(v)), "missing"),
    Mistake(f"the student is not softened. {BOTH}", _cross(lambda s, T: log_p(s), _soft), "missing"),
    Mistake(f"neither is softened. {BOTH}", _cross(lambda s, T: log_p(s), lambda v, T: p(v)), "missing"),
    Mistake("the factor T^2 is missing: without it the gradient shrinks as the temperature grows.",
            _mean(lambda s, v, T: -_soft(v, T) * _soft_log(s, T), lambda T: 1), "missing"),
    Mistake("the factor is T; it should be T^2.",
            _mean(lambda s, v, T: -_soft(v, T) * _soft_log(s, T), lambda T: T), "factor"),
    Mistake("the logarithm of the wrong one: it is -q log p, with the TEACHER's q in front and the student's p inside.",
            _mean(lambda s, v, T: -_soft(s, T) * _soft_log(v, T))),
    Mistake("the entropy of the teacher is taken off: this is the divergence of both. Its gradient is the same, but "
            "the loss wanted here is the cross-entropy, -q log p.",
            _mean(lambda s, v, T: _soft(v, T) * (_soft_log(v, T) - _soft_log(s, T)))),
    Mistake("the teacher's favourite class is taken as a hard label; what it says of all the others is the point.",
            _cross(_soft_log, _hard)),
    Mistake("the logarithm is missing: the loss is -q log p, not -q p.",
            _mean(lambda s, v, T: -_soft(v, T) * _soft(s, T)), "missing"),
    Mistake(AXIS, _cross(lambda s, T: log_p(s / T, axis=0), lambda v, T: p(v / T, axis=0)), "axis"),
    Mistake("the mean runs over N x C numbers (np.mean of the whole table); add over the classes, then divide by N.",
            lambda s, v, T: RIGHT(s, v, T) / s.shape[1], "axis"),
)


def _pull(student, teacher, size=lambda T: T):
    """A gradient: size(T) (student - teacher) / N."""
    return lambda s, v, T: size(T) * (student(s, T) - teacher(v, T)) / len(s)


DSCORES_MISTAKES = tuple(Mistake(text, answer, kind, "all") for text, answer, kind in (
    ("the scores are multiplied by the temperature; divide by it.",
     _pull(lambda s, T: p(s * T), lambda v, T: p(v * T)), "mistake"),
    (f"the teacher is not softened. {BOTH}", _pull(_soft, lambda v, T: p(v)), "missing"),
    (f"the student is not softened. {BOTH}", _pull(lambda s, T: p(s), _soft), "missing"),
    (f"neither is softened. {BOTH}", _pull(lambda s, T: p(s), lambda v, T: p(v)), "missing"),
    ("a factor T is missing: T^2 of the loss, times 1 / T of the chain rule through scores / T.",
     _pull(_soft, _soft, lambda T: 1), "missing"),
    ("the chain rule through scores / T gives a factor 1 / T, so that of T^2 there remains T.",
     _pull(_soft, _soft, lambda T: T**2), "factor"),
    ("the factor T^2 is missing: with it, T (p - q) / N; without it, (p - q) / (T N).",
     _pull(_soft, _soft, lambda T: 1 / T), "missing"),
    ("the teacher's favourite class is taken as a hard label; what it says of all the others is the point.",
     _pull(_soft, _hard), "mistake"),
    ("the scores stand where the probabilities should be.", _pull(lambda s, T: s, lambda v, T: v), "mistake"),
    (AXIS, _pull(lambda s, T: p(s / T, axis=0), lambda v, T: p(v / T, axis=0)), "axis"),
))


def _huge():
    return case("scores of 4000 and -4000", np.array([[4000.0, -4000, 10], [-4000, 0, 4000]]),
                np.array([[3000.0, 1, -4000], [0, 4000, 3990]]), 4.0)


DISTILLATION = Exercise(
    name="distillation", call="distillation_loss(scores, teacher_scores, temperature)",
    arguments={"scores": "NC", "teacher_scores": "NC", "temperature": ""},
    outputs=(
        Output("loss", "the loss", "", {"the cross-entropy, T^2 times the mean of -q log p,": RIGHT}, LOSS_MISTAKES),
        Output("dscores", "the gradient", "NC",
               {STUDENT: lambda s, v, T: T * _soft(s, T) / len(s),
                TEACHER: lambda s, v, T: -T * _soft(v, T) / len(s)}, DSCORES_MISTAKES),
    ),
    cases=(
        case("5 examples, 3 classes, T = 2", numbers(121, 5, 3), 2 * numbers(122, 5, 3), 2.0),
        case("3 examples, 6 classes, T = 5", numbers(123, 3, 6), 4 * numbers(124, 3, 6), 5.0),
        case("a cold one, T = 0.5", numbers(125, 4, 3), numbers(126, 4, 3), 0.5),
        case("one example (N = 1), T = 1", numbers(127, 1, 4), numbers(128, 1, 4), 1.0),
        _huge(),
    ),
    counts="NC",
    advice={"not_finite": "exp of 1000 is infinite, and log of 0 too: subtract from each row of scores / T its own "
                          "largest, and compute log p as shifted - log(sum of exp(shifted))."},
)

EXERCISES = (DISTILLATION,)
