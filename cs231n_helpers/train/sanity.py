"""Three checks before a long training: each takes seconds, and each finds mistakes that hours would hide.

    train.loss_at_chance(net, params, X, y).text            # "the loss is 2.31; guessing costs ln 10 = 2.30."
    train.rises_with_penalty(net, params, X, y)
    train.overfits_few(net, params, X, y, optim.Momentum(0.1), rng=rng)

Each returns a Finding. None of them sees whether the labels belong to the examples: twenty wrong labels can be learned
by heart as well. For that, look at some examples with their labels.
Source: CS231n notes, Neural networks part 3, Before learning: sanity checks.
"""

from dataclasses import dataclass

import numpy as np

from cs231n_helpers import checks, losses

from .steps import steps

NEAR = 0.15                 # the loss of an untrained network may be this share above or below that of guessing
LEARNED = 0.1               # examples are learned by heart when their loss is below this share of its start ...
SPEED = 0.02                # they are on their way, if the last quarter of the steps took this share of the loss
BOUNCE = 0.2                # it jumps, if in a step of that quarter the loss climbs by this share of its lowest there
SLOPE = 1e-4                # the penalty's gradient may differ from its slope by this share
CHANCE = {losses.softmax: (np.log, "ln {}"), losses.svm: (lambda C: C - 1.0, "{} - 1"),
          losses.squared_hinge: (lambda C: C - 1.0, "{} - 1")}      # C classes, scores of 0 -> loss


@dataclass(frozen=True)
class Finding:
    """What a check found: whether it passed, one or two sentences, and the numbers behind them by name."""

    passed: bool
    text: str
    numbers: dict

    def __str__(self):
        return f"{'passed' if self.passed else 'FAILED'}: {self.text}"


def loss_at_chance(network, params, X, y, *, loss=losses.softmax, expected=None):
    """Whether an untrained network's loss is that of guessing: ln C for softmax, C - 1 for the SVM loss.

    X (N, ...), labels y (N,); no penalty is added, and there is no dropout. expected: what guessing
    costs; without it, any loss but the two hinge losses is taken for a softmax. Finds weights that start too large, and
    a loss that is summed and not averaged. Scores must be near 0: give the last layer small weights, He's are larger.
    numbers: loss, expected, at_zero (the loss of scores that are all 0), spread (usual size of the scores).
    """
    X, y = _some("loss_at_chance", X, y)
    with np.errstate(over="ignore", invalid="ignore"):
        scores = network.predict(params, X) if np.isfinite(_largest(params)) else np.full((len(X), 1), np.nan)
    if not np.isfinite(scores).all():
        return Finding(False, "the scores are not finite: look for NaN or huge numbers in the weights.", {})
    due, words = _chance(loss, scores.shape[1]) if expected is None else (expected, "")
    due = checks.real("loss_at_chance", "expected", due, above=0)
    now, flat = (float(loss(s, y)[0]) for s in (scores, np.zeros_like(scores)))
    spread = float(np.sqrt(np.mean(np.square(scores - scores.mean(axis=1, keepdims=True), dtype=float))))
    numbers = {"loss": now, "expected": due, "at_zero": flat, "spread": spread}
    return Finding(bool(abs(now - due) <= NEAR * due), _at_chance(numbers, words, len(X)), numbers)


def _chance(loss, classes):
    value, words = CHANCE.get(loss, CHANCE[losses.softmax])
    return float(value(classes)), f"{words.format(classes)} = "


def _at_chance(numbers, words, count):
    now, due, flat = numbers["loss"], numbers["expected"], numbers["at_zero"]
    text = f"the loss is {now:.3g}; guessing costs {words}{due:.3g}."
    if abs(now - due) <= NEAR * due:
        return text
    if abs(flat - due) > NEAR * due:                                # the loss is at fault, not the scores
        times = flat / due
        if abs(times / count - 1) <= NEAR:
            return f"{text} Even scores of 0 cost {flat:.3g}, N = {count} times too much: take the mean, not the sum."
        if abs(times * count - 1) <= NEAR:
            return f"{text} Even scores of 0 cost {flat:.3g}, N = {count} times too little: the mean is taken twice."
        return f"{text} Even scores of 0 cost {flat:.3g}: the loss is wrong, or other than `expected` says."
    if now > due:
        return (f"{text} The scores should be near 0 and are about {numbers['spread']:.2g}: the weights start too "
                "large, or the inputs were not scaled.")
    return f"{text} An untrained network knows something: were these params trained, or y made from X?"


def rises_with_penalty(network, params, X, y, *, strengths=(0.0, 0.1, 1.0), loss=losses.softmax,
                       penalty=losses.penalty):
    """Whether the loss rises with the strength of the penalty, and whether the penalty's gradient is its slope.

    strengths: in rising order. penalty(params, strength) -> (value, grads by name), as `losses.penalty`. Finds a
    penalty that is not added or has the wrong sign, and a gradient that was forgotten.
    numbers: strengths, losses (one each), slope (measured, as all arrays grow together), gradient (the same by grads).
    """
    X, y = _some("rises_with_penalty", X, y)
    strengths = [checks.real("rises_with_penalty", "strengths", s, low=0) for s in strengths]
    if len(strengths) < 2 or np.any(np.diff(strengths) <= 0):
        raise ValueError(f"rises_with_penalty: strengths must be two or more numbers in rising order, got {strengths}.")
    data = float(loss(network.predict(params, X), y)[0])
    totals = [data + float(penalty(params, strength)[0]) for strength in strengths]
    wide = {name: np.asarray(array, np.float64) for name, array in params.items()}
    slope, gradient = _slopes(wide, strengths[-1], penalty)
    passed, text = _rising(strengths, totals, slope, gradient)
    return Finding(passed, text, {"strengths": strengths, "losses": totals, "slope": slope, "gradient": gradient})


def _slopes(params, strength, penalty, h=1e-5):
    """How fast the penalty grows if every array grows by the same share: measured, and by its gradients."""
    ahead, behind = (float(penalty({k: (1 + s) * a for k, a in params.items()}, strength)[0]) for s in (h, -h))
    grads = penalty(params, strength)[1]
    return (ahead - behind) / (2 * h), float(sum((params[name] * array).sum() for name, array in grads.items()))


def _rising(strengths, totals, slope, gradient):
    course = " -> ".join(f"{total:.3g}" for total in totals)
    text = f"with strengths {', '.join(f'{s:g}' for s in strengths)} the loss is {course}."
    if not np.isfinite(totals).all():
        return False, f"{text} It must be finite: look at the weights."
    rises = np.diff(totals)
    if (rises == 0).all():
        return False, f"{text} It does not move: the penalty is not added, or all weights are 0."
    if (rises <= 0).any():
        return False, f"{text} It must rise with each: look at the sign of the penalty."
    if abs(slope - gradient) > SLOPE * max(abs(slope), abs(gradient)):
        share = gradient / slope
        what = ("is missing" if gradient == 0 else f"is {share:.3g} times its slope").replace("-", "\N{MINUS SIGN}")
        return False, f"{text} But the penalty's gradient {what}: training would not follow the loss."
    return True, text


def overfits_few(network, params, X, y, rule, *, count=20, steps_taken=200, rng=None, **settings):
    """Whether the network learns the first `count` examples by heart: all right, and the loss near 0.

    All of them are in every step, `steps_taken` steps. settings: those of `train.steps`, such as loss; leave penalties
    and augmentation off. Finds a rate that is far too high or low, an array that never moves, units that are dead.
    numbers: course (the loss before each step, and at the end), accuracy, still (names of arrays that did not move).
    """
    count = checks.whole("overfits_few", "count", count, low=2)
    taken = checks.whole("overfits_few", "steps_taken", steps_taken, low=4)
    X, y = (part[:count] for part in _some("overfits_few", X, y))
    course, now, stopped = [], params, ""
    for step in steps(network, params, X, y, rule, count=taken, batch=len(X), rng=rng, **settings):
        course.append(float(step.loss))
        now, stopped = step.params, step.stopped
    with np.errstate(over="ignore", invalid="ignore"):
        scores = network.forward(now, X)[0]
        sane, loss = np.isfinite(scores).all(), settings.get("loss", losses.softmax)
        course.append(float(loss(scores, y)[0]) if sane else np.nan)
    still = [name for name in network.trainable(params) if np.array_equal(now[name], params[name])]
    numbers = {"course": course, "accuracy": float(np.mean(scores.argmax(axis=1) == y)), "still": still}
    return Finding(*_by_heart(numbers, len(X), taken, _twins(X, y), stopped), numbers)


def _by_heart(numbers, count, taken, twins, stopped):
    course, accuracy, still = numbers["course"], numbers["accuracy"], numbers["still"]
    late = course[-max(2, len(course) // 4):]                       # the last quarter of the run
    first, last, before = course[0], course[-1], late[0]
    way = f"from {first:.3g} to {last:.3g}"
    text = f"after {taken} steps {accuracy:.0%} of {count} are right, and their loss went {way}."
    if stopped or not np.isfinite(last) or last > 1.5 * first:
        return False, f"the loss runs away, {way}: the learning rate is far too high, try a tenth."
    if still:
        return False, f"{text} But {', '.join(still)} never moved: no gradient arrives there (frozen, cut off, dead?)."
    if accuracy == 1 and last <= LEARNED * first:
        return True, text
    if twins:
        return False, f"{text} No network can: examples {twins[0]} and {twins[1]} are equal, their labels are not."
    if max(np.diff(late)) > BOUNCE * min(late) and max(late) > LEARNED * first:
        return False, f"{text} It jumps about: the learning rate is too high, try a tenth."
    if before - last > SPEED * before or first - last < SPEED * first:
        return False, f"{text} It is too slow: try ten times the learning rate. If that fails, look at the gradients."
    return False, f"{text} It is stuck there: check the gradients, and whether units are dead."


def _twins(X, y):
    """The first two examples that are equal but have different labels, or ()."""
    rows = X.reshape(len(X), -1)
    return next(((i, j) for j in range(len(rows)) for i in range(j)
                 if np.ndim(y) == 1 and y[i] != y[j] and np.array_equal(rows[i], rows[j])), ())


def _some(where, X, y):
    X, y = checks.floats(where, "X", X), np.asarray(y)
    if len(X) == 0 or len(X) != len(y):
        raise ValueError(f"{where}: X has {len(X)} examples and y {len(y)} labels; there must be one for each, "
                         "and at least one.")
    return X, y


def _largest(params):
    return max((np.abs(array).max(initial=0) for array in params.values()), default=0.0)
